"""Any other WordPress theme, by what core and most themes print: the last resort."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_zoned
from ifp_scraper.items import Author, Image
from ifp_scraper.pages.article import ArticlePage, Evidence, without_by
from ifp_scraper.pages.body import first_caption, inline_text, label_text
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import words

_CONTAINERS = (
    ".wp-block-post-content",
    "article .entry-content",
    ".entry-content",
    "article .post-content",
    ".post-content",
    '[itemprop="articleBody"]',
    ".elementor-widget-theme-post-content",
    ".et_pb_post_content",
    ".brxe-post-content",
    ".dynamic-entry-content",
    ".ct-inner-content",
    ".fl-module-fl-post-content",
    ".cm-entry-summary",
    "article.page-content-single",
    "main.type-post .page-content",
    "div.single-post-content",
    "div.article-content",
    "div.post-entry",
    "div.post_content",
    ".the_content_wrapper",
    ".jupiterx-post-content",
    '[id="mvp-content-main"]',
    "div.entry",
)
"""Names for the body alone: an ``article`` element holds far more than it."""

_POST = words("hentry type-post")
"""What post_class() gives to the element of a post."""

_OF_SITE = re.compile(r"site-?(?:title|name|logo|branding)|logo\b|\bbrand")
"""Classes and ids of the site's name and what it stands in."""

_NUMBERED = re.compile(r"post-\d+")

_LISTS = (
    "article, .hentry, .type-post, .wp-block-query, .wp-block-latest-posts, .related-posts, .post-related, .widget,"
    " .comment-list, .commentlist"
)
"""Other articles on the page, lists of them, and comments."""

_TITLES = ".wp-block-post-title, .entry-title, .post-title, .elementor-widget-theme-post-title"

_BIOS = (
    ".wp-block-post-author__bio, .wp-block-post-author-biography,"
    " .wp-block-co-authors-plus-biography, .author-description, .author-bio,"
    " .author-bio-description, .author-box-content, .author-box-bio, .post-author-desc, .elementor-author-box__bio,"
    " .jeg_author_desc, .mh-author-box-bio, .saboxplugin-desc, .m-a-box-bio, .wp-post-author-meta-bio,"
    " .pp-author-boxes-description, .author-desc"
)
_MAX_NAMES = _MAX_BIOS = 50
"""Most authors of one article, and most places where their bios may be."""

_HEADINGS = "h1", "h2", "h3", "h4", "h5", "h6"

_EDITS = (
    ".wp-block-post-date__modified-date time, time[itemprop='dateModified'], [itemprop='dateModified'] time,"
    " .entry-modified-time"
)
"""What certainly is the time of the last edit."""

_AND = words("and & , ; with")
"""What may stand between the names of a byline."""

# Where an element stands: in the post's own element or outside of it, before or after the body, or in the body.
_IN_POST, _IN_POST_AFTER, _BEFORE, _AFTER, _IN_BODY = range(5)


class WordPressPage(ArticlePage):
    """Core's classes, a block theme's blocks, hAtom's and schema.org's names."""

    layout = "wordpress"
    lead_frames = (
        ".wp-block-post-featured-image, .post-thumbnail, .entry-thumbnail, .featured-image, .featured-media,"
        " .single-featured-image-header, .entry-header .wp-post-image, .elementor-widget-theme-post-featured-image,"
        " .et_pb_title_featured_container, .et_post_meta_wrapper, .jeg_featured, .single-featured"
    )

    # -- where things stand ------------------------------------------------------------------------------------

    @cached_property
    def container(self) -> Element | None:
        for query in _CONTAINERS:
            if len(found := super().css(query)) > 1:
                return next(filter(self._is_of_this, found), found[0])
            if found:
                return found[0]
        return None

    def _is_of_this(self, body: Element) -> bool:
        """Whether a body is this post's, by post_class(); where that says nothing, whether it is in no list."""
        classes = [(box.get("class") or "").split() for box in body.iterancestors()]
        numbers = [name for names in classes for name in names if _NUMBERED.fullmatch(name)]
        if numbers and self.id is not None:
            return f"post-{self.id}" in numbers
        return not any("wp-block-query" in names or "wp-block-latest-posts" in names for names in classes)

    _seeks_text = False

    @cached_property
    def _text(self) -> Element | None:
        """The container, where a subclass, too, may look for it with ``css``."""
        self._seeks_text = True
        try:
            return self.container
        finally:
            self._seeks_text = False

    @cached_property
    def _path(self) -> dict[Element, Element]:
        """Each element around the body, from the inside out, with the one in it that leads to the body."""
        path: dict[Element, Element] = {}
        inner = self._text
        while inner is not None and (outer := inner.getparent()) is not None:
            path[outer] = inner
            inner = outer
        return path

    @cached_property
    def _post(self) -> set[Element]:
        """The post's own element and what is around the body in it; empty where a theme has none."""
        return self._within(_is_post)

    @cached_property
    def _main(self) -> set[Element]:
        """Where a theme marks no post, the same for ``main``: below the body, other articles may be in it."""
        return set() if self._post else self._within(_is_main)

    def _within(self, is_outermost: Callable[[Element], bool]) -> set[Element]:
        boxes: set[Element] = set()
        for box in self._path:
            boxes.add(box)
            if is_outermost(box):
                return boxes
        return set()

    @cached_property
    def _above(self) -> set[Element]:
        """What stands before the body, beside it or beside what is around it."""
        steps = self._path.values()
        return {above for step in steps for above in step.itersiblings(preceding=True)}

    @cached_property
    def _of_others(self) -> set[Element]:
        return set(super().css(_LISTS)) - self._path.keys() - {self._text}

    @cached_property
    def _headed(self) -> Counter[Element]:
        """How many headings that are links stand in what is beside the body: one in the card of another article."""
        found: Counter[Element] = Counter()
        for heading in super().css("h2, h3, h4, h5, h6"):
            if any("/author/" not in (link.get("href") or "/author/") for link in heading.iter("a")):
                for box in heading.iterancestors():
                    if box is self._text or box in self._path:
                        break
                    found[box] += 1
        return found

    def _place(self, element: Element) -> int | None:
        """Where an element stands; None for what is not this article's."""
        path, inner, headings = self._path, element, 0
        for box in (element, *element.iterancestors()):
            if box is self._text:
                return _IN_BODY
            if box in self._of_others:
                return None
            if box in path:
                if box is element or inner in self._above:
                    return _IN_POST if box in self._post or box in self._main else _BEFORE
                if headings == 1:
                    return None
                if self._post:
                    return _IN_POST_AFTER if box in self._post else None
                return None if self._main and box not in self._main else _AFTER
            headings = headings or self._headed[box]
            inner = box
        return None

    def _is_of_others(self, element: Element) -> bool:
        return not self._of_others.isdisjoint(element.iterancestors())

    def _placed(self, found: list[Element], *places: int) -> list[Element]:
        return [one for one in found if self._place(one) in places]

    def _own(self, found: list[Element]) -> list[Element]:
        """Of the elements found those of the article: of the post's own element, else before it, else in the body."""
        if not found or self._seeks_text or self._text is None:
            return found
        placed = [(self._place(one), one) for one in found]
        for places in ((_IN_POST, _IN_POST_AFTER), (_BEFORE,), (_AFTER,), (_IN_BODY,)):
            if own := [one for place, one in placed if place in places]:
                return own
        return []

    def css(self, query: str) -> list[Element]:
        """As ``ArticlePage.css``, without what other articles print on this page."""
        return self._own(super().css(query))

    def _links_under(self, base: str, *places: int) -> list[Element]:
        """Links to addresses under one of core's default bases, where a theme has names of its own for them."""
        found = [link for link in super().css("a") if base in (link.get("href") or "")]
        own = [link for link in found if not _is_in_breadcrumbs(link)]
        return next(filter(None, (self._placed(own, place) for place in places)), [])

    # -- fields ------------------------------------------------------------------------------------------------

    @field
    def headline(self) -> str | None:
        return (
            self.line("h1.wp-block-post-title, h1.entry-title, h1.post-title")
            or self._title("h1", _IN_POST)
            or self._title(_TITLES, _IN_POST)
            or self._title("h1", _BEFORE)
            or self._title("h2", _IN_POST)
            or self.line(_TITLES)
            or self._title("h1", _IN_BODY)
        )

    def _title(self, query: str, place: int) -> str | None:
        """Text of the heading nearest to where the body begins, unless it is the site's name."""
        found = self._placed(super().css(query), place)
        for heading in found if place == _IN_BODY else reversed(found):
            if (text := label_text(heading)) and not self._is_site_name(heading, text):
                return text
        return None

    def _is_site_name(self, heading: Element, text: str) -> bool:
        links = (urls.absolute(self.capture.url, link.get("href")) for link in heading.iter("a"))
        if any(link is not None and urls.slug(link) == "" for link in links):
            return True
        boxes = (heading, *islice(heading.iterancestors(), 2))
        names = " ".join(f"{box.get('class')} {box.get('id')}" for box in boxes)
        return _OF_SITE.search(names) is not None or text == self.value('meta[property="og:site_name"]', "content")

    @field
    def lead(self) -> str | None:
        return self.line(
            ".td-post-sub-title, .entry-subtitle, .entry-sub-title, .post-subtitle, .jeg_post_subtitle,"
            " .penci-psub-title, .s-tagline, .mvp-post-excerpt, .entry-headline, .the-post-header .sub-title,"
            " .entry-header .intro-text, .entry-summary, .elementor-widget-theme-post-excerpt,"
            " .wp-block-post-excerpt__excerpt"
        )

    @field
    def byline(self) -> str | None:
        names = [author.name for author in self._named]
        return self._byline or ", ".join(names) or without_by(self.value('meta[name="author"]', "content"))

    @cached_property
    def _byline(self) -> str | None:
        """Several names as printed, where nothing else stands with them."""
        names = [author.name for author in self._named]
        if not 1 < len(names) <= _MAX_NAMES:
            return None
        boxes = {link.getparent() for link in self._bylines[0] if label_text(link)}
        if len(boxes) > 1 or (box := boxes.pop()) is None:
            return None
        text = rest = without_by(label_text(box)) or ""
        for name in names:
            rest = rest.replace(name, " ", 1)
        return text if _AND.issuperset(rest.split()) else None

    @property
    def _named(self) -> list[Author]:
        return self._bylines[1]

    @cached_property
    def _bylines(self) -> tuple[list[Element], list[Author]]:
        """The elements that name the authors, and whom they name."""
        named = ((found, self.people_of(found)) for found in self._may_name_authors())
        return next((pair for pair in named if pair[1]), ([], []))

    def _may_name_authors(self) -> Iterator[list[Element]]:
        yield self.css(".wp-block-co-authors-plus-name")
        yield self.css(".wp-block-post-author-name")
        yield self.css(".wp-block-post-author__name")
        yield self.css(".author.vcard a, .entry-meta .author a, .entry-header .author a, .byline .author a")
        found = self.css(".byline a, .posted-by a, .post-author a, .author .fn, .jeg_meta_author a")
        yield [one for one in found if "/author/" in (one.get("href") or "")]
        yield found
        by_core = super().css("a[rel='author']")  # below the body it may be a link to all posts
        yield self._placed(by_core, _IN_POST) or self._placed(by_core, _BEFORE)
        yield self.css(".author-bio .author-title")
        yield self.css(
            ".entry-meta .author, .entry-header .author, .byline .author, .byline,"
            " [itemprop='author'] [itemprop='name'], .elementor-widget-post-info [itemprop='author']"
        )
        yield self._links_under("/author/", _IN_POST)
        yield self._own(by_core)

    @field
    def authors(self) -> list[Author]:
        authors = self._named or ([Author(self.byline)] if self.byline else [])
        for found in super().css(_BIOS)[:_MAX_BIOS] if authors else ():
            # What names the whole box has a heading; the bio itself has none.
            if self._is_of_others(found) or next(found.iter(*_HEADINGS), None) is not None:
                continue
            author = authors[0] if len(authors) == 1 else _named_beside(found, authors)
            if author is not None:
                author.bio = author.bio or _bio(found)
        return authors

    @field
    def sections(self) -> list[str]:
        return _labels(self._categories) or self.graph_words("articleSection")

    @cached_property
    def _categories(self) -> list[Element]:
        return self.css(
            ".taxonomy-category a, .cat-links a, .entry-categories a, .meta-categories a, a[rel^='category']"
        ) or self._links_under("/category/", _IN_POST, _IN_POST_AFTER)

    @field
    def tags(self) -> list[str]:
        # A block theme gives rel="tag" to categories, too.
        found = super().css(".taxonomy-post_tag a, .tags-links a, .tag-links a, a[rel='tag']")
        categories = set(self._categories)
        own = self._own([link for link in found if link not in categories])
        return _labels(own or self._links_under("/tag/", _IN_POST, _IN_POST_AFTER)) or self.graph_words("keywords")

    @cached_property
    def frames(self) -> list[Element]:
        """As of ``ArticlePage``; the menu of a theme that marks the post has such frames, too."""
        return self._placed(super().frames, _IN_POST) if self._post else super().frames

    @cached_property
    def lead_image(self) -> Image | None:
        """What stands above the text, or is the first picture in it; core's name for it is ``wp-post-image``."""
        named = super().css(self.lead_frames)
        found = super().css(f"{self.lead_frames}, .wp-post-image")
        for frame in (*self._placed(found, _IN_POST), *self._placed(named, _BEFORE), *self._placed(found, _IN_BODY)):
            image = self.picture_in([frame])
            if image and (self._place(frame) != _IN_BODY or image.url in (one.url for one in self.content.images[:1])):
                image.caption = image.caption or self._caption_of(frame)
                return image
        return None

    def _caption_of(self, picture: Element) -> str | None:
        for frame in picture.iterancestors():
            if frame is self._text or frame in self._path:
                break
            if caption := first_caption(frame):
                return caption
        return None

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        for query in (
            ".wp-block-post-date time",
            "time.entry-date.published, time.published",
            "time[itemprop='datePublished'], [itemprop='datePublished'] time",
            "article time.entry-date",
            ".entry-meta time, .post-meta time, .posted-on time, .post-date time",
        ):
            if found := [time for time in self.css(query) if not _is_of_edit(time)]:
                printed = found[0].get("datetime")
                yield self.evidence("time", printed, read_zoned(printed))
                break

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        found = self.css(_EDITS)
        if not found:  # a lone "updated" may be the publication: hAtom wants that name
            times = self.css("time")
            edits = [time for time in times if _is_of_edit(time)]
            found = edits if len(edits) < len(times) else []
        printed = found[0].get("datetime") if found else None
        yield self.evidence("time", printed, read_zoned(printed))


def _is_post(element: Element) -> bool:
    if element.tag in ("html", "body"):
        return False
    said = element.get("itemtype") or ""
    classes = (element.get("class") or "").split()
    return element.tag == "article" or not _POST.isdisjoint(classes) or said.endswith(("Article", "BlogPosting"))


def _is_main(element: Element) -> bool:
    return element.tag == "main" or element.get("role") == "main"


def _is_in_breadcrumbs(link: Element) -> bool:
    return any("breadcrumb" in f"{box.get('class')} {box.get('id')}" for box in link.iterancestors())


def _is_of_edit(time: Element) -> bool:
    """Whether a ``time`` is that of the last edit; themes also call that of publication ``updated``."""
    boxes = [time, *islice(time.iterancestors(), 2)]
    if said := next(filter(None, (box.get("itemprop") for box in boxes)), None):
        return said == "dateModified"
    classes = [box.get("class") or "" for box in boxes]
    if "publish" in classes[0] or "entry-date" in classes[0]:
        return False
    return any("updated" in names or "modified" in names for names in classes)


def _bio(box: Element) -> str | None:
    """What an author box says, without the link to all posts."""
    text = inline_text(box)
    for link in box.iter("a"):
        if link.get("rel") == "author":
            text = text.removesuffix(inline_text(link)).strip()
    return text or None


def _named_beside(bio: Element, authors: list[Author]) -> Author | None:
    """The one author who is named in the smallest box around a bio that names any."""
    said = inline_text(bio)
    for box in islice(bio.iterancestors(), 5):
        beside = inline_text(box).replace(said, "")
        if named := [author for author in authors if author.name in beside]:
            return named[0] if len(named) == 1 else None
    return None


def _labels(links: list[Element]) -> list[str]:
    """Texts of links, each once; a "#" in an element of its own is an ornament."""
    labels = []
    for link in links:
        label = label_text(link)
        if len(link) and (link[0].text or "").strip() == "#":
            label = label.removeprefix("#").strip()
        labels.append(label)
    return list(dict.fromkeys(filter(None, labels)))
