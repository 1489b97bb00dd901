"""Any other WordPress theme, read by what core and most themes print: the last resort."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import NamedTuple

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_zoned
from ifp_scraper.items import Author, Image
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.bylines import MAX_PEOPLE, without_by
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.images import first_caption
from ifp_scraper.pages.inline import inline_text, label_text
from ifp_scraper.pages.misnested import release_swallowed
from ifp_scraper.pages.places import Place, Places
from ifp_scraper.pages.post_bodies import PostBodies
from ifp_scraper.pages.tree import Element, class_names, has_rel
from ifp_scraper.text import squeeze, words

_SITE_NAME = re.compile(r"site-?(?:title|name|logo|branding)|logo\b|\bbrand")
"""Classes and ids of the site's name and its containers."""

_SITE_IN_TITLE = re.compile(r"(?:\s*[|–—•·»›«‹:~*⋆<>-]\s.*)?")
"""What may follow the headline in a page's title: Yoast's separators, and others."""

_TITLES = ".wp-block-post-title, .entry-title, .post-title, .elementor-widget-theme-post-title"

_MAX_TITLES = _MAX_BIOS = _MAX_BOXES = 20
"""Maximum number of headline candidates, of bio candidates, and of featured-image candidates."""

_LONGEST_BOX = 20_000
"""Maximum number of characters in a box around a bio and its author's name."""

_HEADINGS = "h1", "h2", "h3", "h4", "h5", "h6"

_EDIT = re.compile("updat|modif|edit", re.IGNORECASE)
"""In the words beside the time of an edit."""

_CONJUNCTIONS = words("and & , ; with")
"""What may separate the names in a byline."""


class _Named(NamedTuple):
    """The elements that name the authors, and whom they name."""

    elements: list[Element]
    authors: list[Author]


class WordPressPage(ArticlePage):
    """Core's classes, a block theme's blocks, hAtom's and schema.org's names.

    Other articles on the page bear the same names, so where an element stands decides whose it is (``places.py``).
    """

    layout = "wordpress"
    featured_boxes = (
        ".wp-block-post-featured-image, .post-thumbnail, .entry-thumbnail, .featured-image, .featured-media,"
        " .single-featured-image-header, .entry-header .wp-post-image, .elementor-widget-theme-post-featured-image,"
        " .et_pb_title_featured_container, .et_post_meta_wrapper, .jeg_featured, .single-featured"
    )

    # -- headline and standfirst ---------------------------------------------------------------------------------

    @field
    def headline(self) -> str | None:
        return (
            self.line("h1.wp-block-post-title, h1.entry-title, h1.post-title")
            or self._title("h1", Place.IN_POST)
            or self._title(_TITLES, Place.IN_POST)
            or self._title("h1", Place.BEFORE)
            or self._title("h2", Place.IN_POST)
            or self.line(_TITLES)
            or self._title_of_page()
            or self._title("h1", Place.IN_BODY)
        )

    def _title(self, query: str, place: Place) -> str | None:
        """Return the text of the heading nearest to the start of the body that is not the site's name."""
        headings = self._at(self.css(query), place)
        for heading in islice(headings if place is Place.IN_BODY else reversed(headings), _MAX_TITLES):
            if text := self._text_of_title(heading):
                return text
        return None

    def _title_of_page(self) -> str | None:
        """Return the text of the heading, before the text or in it, that has the page's own title.

        What is shorter than the rest of the title, or than another such heading, is a label: "Iran: Talks Resume".
        """
        printed = self.attributes('meta[property="og:title"]', "content")
        titles = list(map(squeeze, (*printed, *self.labels(self.css("title")[:1]))))
        headings = self._at(self.css("h1, h2, h3"), Place.BEFORE, Place.IN_BODY) if titles else []
        found = []
        for heading in headings[:_MAX_TITLES]:
            text = self._text_of_title(heading)
            rests = [title.removeprefix(text) for title in titles if text and title.startswith(text)]
            if any(len(rest) <= len(text) and _SITE_IN_TITLE.fullmatch(rest) for rest in rests):
                found.append(text)
        return max(found, key=len, default=None)

    def _text_of_title(self, heading: Element) -> str:
        """Return a heading's text; empty if it links to the front page, is in a logo, or is the site's name."""
        links = (urls.absolute(self.base, link.get("href")) for link in heading.iter("a"))
        if any(link is not None and urls.slug(link) == "" for link in links):
            return ""
        boxes = (heading, *islice(heading.iterancestors(), 2))
        names = " ".join(f"{box.get('class')} {box.get('id')}" for box in boxes)
        if _SITE_NAME.search(names) is not None:
            return ""
        text = label_text(heading)
        return text if text != self._site_name else ""

    @cached_property
    def _site_name(self) -> str:
        return squeeze(self.attribute('meta[property="og:site_name"]', "content") or "")

    @field
    def lead(self) -> str | None:
        lead = self.line(
            ".td-post-sub-title, .entry-subtitle, .entry-sub-title, .post-subtitle, .jeg_post_subtitle,"
            " .penci-psub-title, .s-tagline, .mvp-post-excerpt, .entry-headline, .the-post-header .sub-title,"
            " .entry-header .intro-text, .entry-summary, .elementor-widget-theme-post-excerpt,"
            " .wp-block-post-excerpt__excerpt"
        )
        return lead if lead != self.headline else None  # a theme may call its headline by such a name

    # -- authors -------------------------------------------------------------------------------------------------

    @field
    def byline(self) -> str | None:
        joined = ", ".join(author.name for author in self._named.authors)
        return self._names_as_printed or joined or without_by(self.attribute('meta[name="author"]', "content"))

    @cached_property
    def _names_as_printed(self) -> str | None:
        """Several names as printed, if nothing else is printed with them."""
        names = [author.name for author in self._named.authors]
        if len(names) < 2:
            return None
        boxes = {link.getparent() for link in self._named.elements if label_text(link)}
        box = boxes.pop() if len(boxes) == 1 else None
        if box is None:
            return None
        text = rest = without_by(label_text(box)) or ""
        for name in names:
            rest = rest.replace(name, " ", 1)
        return text if _CONJUNCTIONS.issuperset(rest.split()) else None

    @cached_property
    def _named(self) -> _Named:
        for candidates in self._may_name_authors():
            elements = candidates[:MAX_PEOPLE]
            if authors := self.people_of(elements):
                return _Named(elements, authors)
        return _Named([], [])

    def _may_name_authors(self) -> Iterator[list[Element]]:
        """Yield the elements in which themes print the authors' names, the surest first."""
        yield self._in_blocks(".wp-block-co-authors-plus-name")
        yield self._in_blocks(".wp-block-post-author-name")
        yield self._in_blocks(".wp-block-post-author__name")
        yield self.own(".author.vcard a, .entry-meta .author a, .entry-header .author a, .byline .author a")
        in_byline = self.own(".byline a, .posted-by a, .post-author a, .author .fn, .jeg_meta_author a")
        yield [link for link in in_byline if "/author/" in (link.get("href") or "")]
        yield in_byline
        by_core = self.css("a[rel~='author']")  # below the body it may be a link to all posts
        yield self._at(by_core, Place.IN_POST) or self._at(by_core, Place.BEFORE)
        yield self.own(".author-bio .author-title")
        unlinked = self.own(
            ".entry-meta .author, .entry-header .author, .byline .author, .byline,"
            " [itemprop='author'] [itemprop='name'], .elementor-widget-post-info [itemprop='author']"
        )
        yield _innermost(unlinked)
        yield self._links_under("/author/", Place.IN_POST)
        yield self._own_of(by_core)

    @field
    def authors(self) -> list[Author]:
        authors = self._named.authors or self.byline_as_author
        for bio in self._bios if authors else ():
            author = authors[0] if len(authors) == 1 else _named_beside(bio, authors)
            if author is not None:
                author.bio = author.bio or _bio(bio)
        return authors

    @property
    def _bios(self) -> list[Element]:
        """Elements that hold only a bio; those for the whole author box contain a heading or another of these."""
        selected = self.css(
            ".wp-block-post-author__bio, .wp-block-post-author-biography, .wp-block-co-authors-plus-biography,"
            " .author-description, .author-bio, .author-bio-description, .author-box-content, .author-box-bio,"
            " .post-author-desc, .elementor-author-box__bio, .jeg_author_desc, .mh-author-box-bio, .saboxplugin-desc,"
            " .m-a-box-bio, .wp-post-author-meta-bio, .pp-author-boxes-description, .author-desc"
        )
        boxes = {box for bio in selected for box in bio.iterancestors()}
        bios = (bio for bio in selected if bio not in boxes and next(bio.iter(*_HEADINGS), None) is None)
        places = self._places
        own = (bio for bio in bios if places is None or not places.is_of_others(bio))
        return list(islice(own, _MAX_BIOS))

    # -- sections and tags ---------------------------------------------------------------------------------------

    @field
    def sections(self) -> list[str]:
        return _link_labels(self._categories) or self.seo_labels("articleSection")

    @cached_property
    def _categories(self) -> list[Element]:
        """The links to the article's sections."""
        return (
            self.own(".taxonomy-category a, .cat-links a, .entry-categories a, .meta-categories a, a[rel~='category']")
            or self._links_under("/category/", Place.IN_POST, Place.IN_POST_AFTER)
            or self._in_blocks(".taxonomy-category.wp-block-post-terms a")
        )

    @field
    def tags(self) -> list[str]:
        # A block gives rel="tag" to categories too, also where the theme prints them again; WordPress, "category tag".
        links = self.css(".taxonomy-post_tag a, .tags-links a, .tag-links a, a[rel~='tag']")
        categories = {*self._categories, *self.css(".taxonomy-category a")}
        own = self._own_of([link for link in links if link not in categories and not has_rel(link, "category")])
        own = own or self._links_under("/tag/", Place.IN_POST, Place.IN_POST_AFTER)
        own = own or self._in_blocks(".taxonomy-post_tag.wp-block-post-terms a")
        return _link_labels(own) or self.seo_labels("keywords")

    # -- body and featured image ---------------------------------------------------------------------------------

    @cached_property
    def container(self) -> Element | None:
        body = PostBodies(self.document.tree, self.id).own()
        if body is not None and next(body.iter("footer"), None) is not None:
            release_swallowed(body, [part for footer in self.css("footer.entry-footer") for part in islice(footer, 1)])
        return body

    @cached_property
    def featured_elements(self) -> list[Element]:
        """As in ``ArticlePage``; if the theme marks the post, only the post's own, as its menu may have some too."""
        marks_post = self._places is not None and self._places.marks_post
        return self._at(super().featured_elements, Place.IN_POST) if marks_post else super().featured_elements

    @cached_property
    def featured_image(self) -> Image | None:
        """An image above the text, or the first one in it; core's class for it is ``wp-post-image``."""
        boxes = self.css(self.featured_boxes)
        boxes_or_pictures = self.css(f"{self.featured_boxes}, .wp-post-image")
        above = (*self._at(boxes_or_pictures, Place.IN_POST), *self._at(boxes, Place.BEFORE))
        for box in above[:_MAX_BOXES]:
            if image := self._picture_with_caption(box):
                return image
        first = self.content.images[0].url if self.content.images else None
        for box in self._at(boxes_or_pictures, Place.IN_BODY)[:_MAX_BOXES]:
            if (image := self._picture_with_caption(box)) and image.url == first:
                return image
        return None

    def _picture_with_caption(self, box: Element) -> Image | None:
        """Return the image in a box; its caption may be beside the box."""
        image = self.picture_in([box])
        if image is None or image.caption or self._places is None:
            return image
        places = self._places
        beside = takewhile(lambda outer: not places.holds_body(outer), box.iterancestors())
        image.caption = next(filter(None, map(first_caption, beside)), None)
        return image

    # -- times ---------------------------------------------------------------------------------------------------

    def published_evidence(self) -> Iterator[Evidence | None]:
        of_seo = list(self.seo_evidence("published"))
        yield from of_seo
        for find, query in (
            (self._in_blocks, ".wp-block-post-date time"),
            (self.own, "time.published"),
            (self.own, "time[itemprop='datePublished'], [itemprop='datePublished'] time"),
            (self.own, "article time.entry-date"),
            (self.own, ".entry-meta time, .post-meta time, .posted-on time, .post-date time"),
        ):
            if times := [time for time in find(query) if not _is_of_edit(time)]:
                printed = times[0].get("datetime")
                yield Evidence.of("time", printed, read_zoned(printed))
                return
        if not any(of_seo):
            yield self._lone_time()

    def _lone_time(self) -> Evidence | None:
        """The only time that the post has above its text, under whatever name, unless it is called that of an edit."""
        times = [time for time in self._at(self.css("time"), Place.IN_POST) if time.get("datetime")]
        if len({time.get("datetime") for time in times}) != 1 or any(map(_is_of_edit, times)):
            return None
        boxes = (box for time in times for box in islice(time.iterancestors(), 1))
        if any(_EDIT.search(label_text(box)) for box in boxes):
            return None
        printed = times[0].get("datetime")
        return Evidence.of("time", printed, read_zoned(printed))

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        edits = self.own(
            ".wp-block-post-date__modified-date time, time[itemprop='dateModified'], [itemprop='dateModified'] time,"
            " .entry-modified-time"
        )
        if not edits:  # then a name that themes give the publication time, too
            times = self.own("time")
            edits = [time for time in times if _is_of_edit(time)]
            if len(edits) == len(times):  # a lone "updated" may be the publication: hAtom requires that name
                edits = []
        printed = edits[0].get("datetime") if edits else None
        yield Evidence.of("time", printed, read_zoned(printed))

    # -- which elements belong to the article --------------------------------------------------------------------

    def own(self, query: str) -> list[Element]:
        """As in ``ArticlePage``: the elements at the best place, see ``Places.own``."""
        return self._own_of(self.css(query))

    def _in_blocks(self, query: str) -> list[Element]:
        """Return the elements of core's blocks for a post at the best place, else anywhere outside a list of posts.

        There, they are this article's even in a column beside it.
        """
        elements = self.css(query)
        places = self._places
        own = self._own_of(elements)
        return own or [element for element in elements if places is None or not places.is_of_others(element)]

    def _own_of(self, elements: list[Element]) -> list[Element]:
        """Return those of the elements that belong to this article, not to others on the page."""
        return self._places.own(elements) if elements and self._places is not None else elements

    @cached_property
    def _places(self) -> Places | None:
        """Where things are; None on a page without a body."""
        return Places(self.document.tree, self.container) if self.container is not None else None

    def _at(self, elements: list[Element], *places: Place) -> list[Element]:
        """Return those of the elements that are at one of these places."""
        return self._places.at(elements, *places) if elements and self._places is not None else []

    def _links_under(self, base: str, *places: Place) -> list[Element]:
        """Return links to URLs under one of core's default bases, for themes with class names of their own."""
        links = self._at([link for link in self.css("a") if base in (link.get("href") or "")], *places)
        boxes = {box for link in links for box in link.iterancestors()}
        breadcrumbs = {box for box in boxes if "breadcrumb" in f"{box.get('class')} {box.get('id')}"}
        own = [link for link in links if breadcrumbs.isdisjoint(link.iterancestors())]
        return next(filter(None, (self._at(own, place) for place in places)), [])


def _bio(box: Element) -> str | None:
    """Return an author box's text without the link to all posts."""
    text = inline_text(box)
    for link in box.iter("a"):
        if has_rel(link, "author") or "author-link" in class_names(link):
            text = text.removesuffix(inline_text(link)).strip()
    return text or None


def _named_beside(bio: Element, authors: list[Author]) -> Author | None:
    """Return the author named in the smallest box around a bio that names any; None if it names several."""
    bio_text = inline_text(bio)
    for box in islice(bio.iterancestors(), 5):
        text = inline_text(box)
        if len(text) > _LONGEST_BOX:
            return None
        beside = text.replace(bio_text, "")
        if named := [author for author in authors if author.name in beside]:
            return named[0] if len(named) == 1 else None
    return None


def _innermost(bylines: list[Element]) -> list[Element]:
    """Return bylines without those around others, or inside them if the outer ones say more than "By" and "and"."""
    selected = set(bylines)
    around = {box for one in bylines for box in one.iterancestors()}
    inner = [one for one in bylines if one not in around]
    outer = [one for one in bylines if selected.isdisjoint(one.iterancestors())]
    rest = " ".join(map(label_text, outer))
    for one in inner:
        rest = rest.replace(label_text(one), "", 1)
    return inner if len(re.findall(r"\w+", rest)) <= len(inner) else outer


def _link_labels(links: list[Element]) -> list[str]:
    """Return the texts of links, each once; a "#" in an element of its own is decoration."""
    labels = []
    for link in links:
        label = label_text(link)
        if len(link) and (link[0].text or "").strip() == "#":
            label = label.removeprefix("#").strip()
        labels.append(label)
    return list(dict.fromkeys(filter(None, labels)))


def _is_of_edit(time: Element) -> bool:
    """Whether a ``time`` is that of the last edit; themes call the publication time ``updated`` too."""
    boxes = [time, *islice(time.iterancestors(), 2)]
    if itemprop := next(filter(None, (box.get("itemprop") for box in boxes)), None):
        return itemprop == "dateModified"
    classes = [box.get("class") or "" for box in boxes]
    if "publish" in classes[0] or "entry-date" in classes[0]:
        return False
    return any("updated" in names or "modified" in names for names in classes)
