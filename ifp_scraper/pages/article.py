"""From a page to its record: what a layout must say, the fields that all layouts share, helpers to select with.

A layout's own file says which selector reads what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from inspect import getattr_static
from operator import attrgetter
from typing import Any, ClassVar, Literal, NamedTuple

from web_poet import ItemPage, field
from web_poet.fields import get_fields_dict

from ifp_scraper import urls
from ifp_scraper.dates import format_utc
from ifp_scraper.items import (
    Article,
    Author,
    Block,
    Embed,
    Image,
    Link,
    RecentPost,
    TimeSource,
    body_of,
    content_hash,
    gap_warnings,
)
from ifp_scraper.pages.body import Body, read_body
from ifp_scraper.pages.bylines import joined_names, read_authors
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.css import StyleSheet
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.embeds import EMBED_TAGS, read_embed
from ifp_scraper.pages.evidence import (
    Event,
    Evidence,
    have_false_offsets,
    json_ld_evidence,
    seo_evidence,
    time_warnings,
)
from ifp_scraper.pages.images import first_caption, is_stand_in, pictures_in, read_image
from ifp_scraper.pages.inline import label_text, resolved
from ifp_scraper.pages.json_ld import Item, strings
from ifp_scraper.pages.license import read_license
from ifp_scraper.pages.source_line import closing_source
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import count_words, squeeze
from ifp_scraper.version import EXTRACTOR_VERSION

_POST_ID = re.compile(r"(?<!\S)post-?id-(\d{1,12})(?!\S)")
"""Core's class of the body element, and AMPforWP's."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
"""A tag of BCP 47; some themes print a language's name."""

_LINK_TAG = re.compile(rb"<a\s[^<>]*>")


class UnreadablePage(ValueError):
    """A page that should be an article but cannot be read."""

    def __init__(self, reason: str, layout: str | None = None) -> None:
        super().__init__(reason)
        self.layout = layout


class CutOff(UnreadablePage):
    """A page that is cut off before it shows what it is."""


class Capture(NamedTuple):
    """Where and when a page was captured; everything relative in a page is resolved against it."""

    url: str
    captured_at: datetime | None = None
    """With its time zone. Without it, ages such as "2 days ago" are no instants."""

    age: timedelta = timedelta(0)
    """How long a cache had held the page, by its Age header; negative if the cache got it before ``captured_at``."""

    html_sha256: str = ""
    """Of the response's body, in hexadecimal."""


class ArticlePage(ItemPage[Article]):
    """One page of one article. A subclass is a layout: it names the elements, field by field."""

    layout: ClassVar[str]
    """The value of the record's ``layout``."""

    is_amp: ClassVar[bool] = False
    """Whether it is the AMP view of an article, which may lose what the canonical page has."""

    featured_boxes: ClassVar[str] = ""
    """Selects the elements that hold the featured image, or a video in its place."""

    marks: ClassVar[frozenset[str]] = frozenset()
    """Class names that identify this layout; all of them must be present."""

    @classmethod
    def matches(cls, document: Document) -> bool:
        """Whether the page has all of the layout's class names."""
        return document.tree.has_classes(cls.marks)

    @classmethod
    def resembles(cls, document: Document) -> bool:
        """Whether the names occur in the page at all, even as parts of others, as after a theme change."""
        return all(mark.encode() in document.html for mark in cls.marks)

    def __init__(self, document: Document, capture: Capture) -> None:
        self.document = document
        self.capture = capture

    def _validate_input(self) -> None:
        """Do nothing: web-poet's own caches each page in a reference cycle that keeps the whole tree in memory."""

    # -- what a layout says, field by field ----------------------------------------------------------------------

    # What each field means is said once, in items.Article.

    @field
    def headline(self) -> str | None:
        raise NotImplementedError

    @field
    def lead(self) -> str | None:
        raise NotImplementedError

    @field
    def byline(self) -> str | None:
        raise NotImplementedError

    @field
    def authors(self) -> list[Author]:
        raise NotImplementedError

    @field
    def sections(self) -> list[str]:
        raise NotImplementedError

    @field
    def tags(self) -> list[str]:
        raise NotImplementedError

    @property
    def container(self) -> Element | None:
        """The element that holds the body; None if the page has none."""
        raise NotImplementedError

    def published_evidence(self) -> Iterator[Evidence | None]:
        """Yield every printed publication time, best first; None for one that is missing or unreadable."""
        yield from self.seo_evidence("published")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        """Yield every printed modification time, best first; None as above."""
        yield from self.seo_evidence("modified")

    # -- the record ----------------------------------------------------------------------------------------------

    def to_article(self) -> Article:
        """Read every field.

        Raises:
            UnreadablePage: if there is neither a headline nor a body, or no body element at all.
        """
        if self.container is None:
            raise UnreadablePage("no body element", self.layout)
        article = Article(**{name: read(self) for name, read in _readers(type(self))})
        if article.headline is None and not article.blocks and not article.images:
            raise UnreadablePage("neither headline nor body", self.layout)
        article.layout = self.layout
        article.content_hash = content_hash(article, just_read=True)
        article.warnings = self._warnings(article)
        return article

    def _warnings(self, article: Article) -> list[str]:
        """Return the record's warnings, each once; ``items.WARNINGS`` explains them."""
        warnings = [*self.document.warnings, *self.content.warnings, *gap_warnings(article)]
        warnings += time_warnings(self._published, self._modified, self.capture.captured_at)
        if self.other_pages or self.page_number > 1:
            warnings.append("one-page-of-many")
        if self.document.truncated:
            warnings.append("truncated")
        return list(dict.fromkeys(warnings))

    # -- fields that all layouts share ---------------------------------------------------------------------------

    @field
    def id(self) -> int | None:
        """From body_class(), the shortlink or a share link, which all print the post's id."""
        if match := _POST_ID.search(self.document.body_class):
            return int(match[1])
        for link in self.css('link[rel="shortlink"]'):  # a layout may need the id to find the body
            if number := urls.post_id(link.get("href") or ""):
                return number
        for tag in _LINK_TAG.findall(self.document.source):  # share bars are not in the tree
            is_share = b"s_tw" in tag or b"a-so-twitter" in tag
            if is_share and (number := urls.post_id(tag.decode("latin-1"))):
                return number
        return None

    @cached_property
    def base(self) -> str:
        """The URL against which links, pictures and embeds are resolved."""
        return self.document.base(self.capture.url)

    @property
    def _own_base(self) -> str:
        """The same for the links that say which article this is: never on another site."""
        return self.base if urls.host(self.base) == urls.host(self.capture.url) else self.capture.url

    @field
    def url(self) -> str:
        return self._url

    @cached_property
    def _url(self) -> str:
        url = urls.absolute_http(self._own_base, self.attribute('link[rel="canonical"]', "href"))
        # A canonical link to the home page is a fault of the page: all articles would become one.
        if url is None or urls.slug(url) == "":
            return urls.canonical(self.capture.url)
        return urls.permalink(url)

    @field
    def amp_url(self) -> str | None:
        return urls.absolute_http(self._own_base, self.attribute('link[rel="amphtml"]', "href"))

    @field
    def aliases(self) -> list[str]:
        address = self.capture.url
        return [] if address == self._url or address == self.amp_url else [address]

    @cached_property
    def content(self) -> Body:
        """Blocks, images, embeds and links of the body."""
        if self.container is None:
            return Body([], [], [], [], [])
        return read_body(self.container, self.base, StyleSheet(self.document.style_sheets), self.capture.url)

    @field
    def blocks(self) -> list[Block]:
        return self.content.blocks

    @field
    def body(self) -> str:
        return self._body

    @cached_property
    def _body(self) -> str:
        return body_of(self.content.blocks)

    @field
    def word_count(self) -> int:
        return count_words(self._body)

    @cached_property
    def featured_elements(self) -> list[Element]:
        """The elements that ``featured_boxes`` selects, which hold the featured image or a video in its place."""
        return self.own(self.featured_boxes) if self.featured_boxes else []

    @cached_property
    def featured_image(self) -> Image | None:
        """The featured image; None if the page shows none."""
        return self.picture_in(self.featured_elements)

    @field
    def images(self) -> list[Image]:
        lead = self.featured_image
        if lead is None:
            return self.content.images
        others = []
        for image in self.content.images:
            if image.original_url != lead.original_url:
                others.append(image)
            elif lead.caption is None:
                lead.caption = image.caption
        return [lead, *others]

    @field
    def embeds(self) -> list[Embed]:
        base = self.base
        parts = (part for box in self.featured_elements for part in box.iter("*"))
        players = dict.fromkeys(part for part in parts if part.tag in EMBED_TAGS)  # iter() is slow with many tags
        # A tweet or a Facebook video, in place of the featured image, has no player of its own.
        boxes = self.featured_elements[:1] if self.featured_image is None else []
        posts = [post for box in boxes for post in read_body(box, base, StyleSheet([])).embeds]
        embeds = (*(read_embed(player, base) for player in players), *posts, *self.content.embeds)
        return [*{(embed.kind, embed.url): embed for embed in embeds if embed}.values()]

    @field
    def links(self) -> list[Link]:
        return self.content.links

    @field
    def source(self) -> str | None:
        return closing_source(self.content.blocks)

    @cached_property
    def _published(self) -> list[Evidence]:
        """Every readable publication time, best first."""
        times = self._published_as_printed
        return [time.ignoring_offset() for time in times] if self._has_false_offsets else times

    @cached_property
    def _published_as_printed(self) -> list[Evidence]:
        return list(filter(None, (*self.published_evidence(), self.plain_evidence("published"))))

    @cached_property
    def _has_false_offsets(self) -> bool:
        """Whether what SEO plugins print has the fault of AMPforWP's JSON-LD."""
        return have_false_offsets(self._published_as_printed)

    @field
    def published_at(self) -> str | None:
        return format_utc(self._published[0].instant) if self._published else None

    @field
    def published_raw(self) -> str | None:
        return self._published[0].raw if self._published else None

    @field
    def published_source(self) -> TimeSource | None:
        return self._published[0].source if self._published else None

    @cached_property
    def _modified(self) -> Evidence | None:
        """The best readable modification time."""
        best = next(filter(None, self.modified_evidence()), None) or self.plain_evidence("modified")
        return best.ignoring_offset() if best and self._has_false_offsets else best

    @field
    def modified_at(self) -> str | None:
        return format_utc(self._modified.instant) if self._modified else None

    @field
    def recent_posts(self) -> list[RecentPost]:
        return []

    @field
    def language(self) -> str:
        stated = self.document.root.get("lang"), self.attribute('meta[property="og:locale"]', "content")
        tags = ((lang or "").strip().replace("_", "-") for lang in stated)
        return next(filter(_LANGUAGE.fullmatch, tags), "en-US")

    @field
    def license(self) -> str | None:
        return read_license(self.document, self.container)

    @field
    def fetched_at(self) -> str | None:
        return format_utc(self.capture.captured_at)

    @field
    def fetched_url(self) -> str:
        return self.capture.url

    @field
    def html_sha256(self) -> str:
        return self.capture.html_sha256

    @field
    def extractor_version(self) -> str:
        return EXTRACTOR_VERSION

    # -- multi-page posts ----------------------------------------------------------------------------------------

    @cached_property
    def other_pages(self) -> dict[int, str]:
        """The URL of every other page of this post, by page number; a smart list's page links only its neighbours."""
        pages: dict[int, str] = {}
        links = self.attributes(
            ".page-links a, .page-link a, .post-nav-links a, .page-nav-post a, .ampforwp_post_pagination a,"
            " a.post-page-numbers, .td-smart-list-pagination a, .td-smart-list-dropdown-wrap a",
            "href",
        )
        for link in links:
            url = urls.absolute(self._own_base, link)
            if url is None or not urls.same_article(url, self._url):
                continue
            if (number := urls.page_number(url)) != self.page_number:
                pages.setdefault(number, url)
        return dict(sorted(pages.items()))

    @property
    def is_of_smart_list(self) -> bool:
        """Whether this is one page of a tagDiv smart list: the text around the list is repeated on every page."""
        return bool(self.other_pages and self.own(".td-smart-list-pagination, .td-smart-list-dropdown-wrap"))

    @cached_property
    def page_number(self) -> int:
        """Which page of the post this is, from its own URL; 1 for a single-page post."""
        number = urls.page_number(self.capture.url)
        return number if number > 1 and urls.slug(self.capture.url) == urls.slug(self._url) else 1

    @property
    def lost_text(self) -> bool:
        """Whether the page breaks off before its text, as after a PHP fatal error.

        A page that only lacks its last tag does not count: there, something follows where the text belongs.
        """
        if not self.document.truncated or self.content.blocks:
            return False
        return self.container is None or not self.container.xpath("boolean(following::*)")

    # -- helpers for layouts -------------------------------------------------------------------------------------

    def css(self, query: str) -> list[Element]:
        """Return the elements that a CSS selector matches in the whole page, in page order."""
        return self.document.tree.find(query)

    def own(self, query: str) -> list[Element]:
        """Return the matching elements that belong to this article: all of them, unless a layout knows better."""
        return self.css(query)

    def first_inside(self, boxes: str, query: str) -> dict[Element, Element]:
        """Return, for each matching box, the first match of ``query`` inside it; boxes without one are left out."""
        selected = self.own(boxes)
        candidates = set(selected)
        firsts: dict[Element, Element] = {}
        for element in self.own(query) if candidates else ():
            for box in candidates.intersection(element.iterancestors()):
                firsts.setdefault(box, element)
        return {box: firsts[box] for box in selected if box in firsts}

    def attributes(self, query: str, name: str) -> list[str]:
        """Return an attribute of the matching elements that have it."""
        values = (element.get(name) for element in self.own(query))
        return [value for value in values if value is not None]

    def attribute(self, query: str, name: str) -> str | None:
        """Return the first of ``attributes``; None if there is none."""
        return next(iter(self.attributes(query, name)), None)

    @cached_property
    def label_of(self) -> Callable[[Element], str]:
        """``label_text`` that remembers what it has read; of labels in each other, read the inner one first."""
        return partial(label_text, known={})

    def line(self, query: str) -> str | None:
        """Return the text of the first matching element, on one line; None if there is none or it is empty."""
        elements = self.own(query)
        return (self.label_of(elements[0]) or None) if elements else None

    def lines(self, query: str) -> list[str]:
        """Return the text of each matching element, without repeats."""
        return self.labels(self.own(query))

    def labels(self, elements: list[Element]) -> list[str]:
        """Return the text of each of these elements, without repeats."""
        once: dict[str, str] = {}  # on a hostile page, all may have the same long text
        from_the_last = [once.setdefault(text, text) for text in map(self.label_of, reversed(elements))]
        return list(dict.fromkeys(filter(None, reversed(from_the_last))))

    def byline_from(self, query: str) -> str | None:
        """Return people's names as a byline: joined if each has an element of its own, else as printed."""
        return joined_names(self.lines(query))

    def people(self, query: str) -> list[Author]:
        """Return the authors named by the matching elements, links or not, each name once."""
        return self.people_of(self.own(query))

    def people_of(self, elements: list[Element]) -> list[Author]:
        """Return the authors named by these elements, as ``read_authors`` does."""
        return read_authors(elements, self.base, self.label_of)

    @property
    def byline_as_author(self) -> list[Author]:
        """The byline as the only author, for where no element names one; empty without a byline."""
        return [Author(self.byline)] if self.byline else []

    def picture_in(self, boxes: list[Element]) -> Image | None:
        """Return the featured image in the first of these elements that has one, with its caption."""
        for box in boxes:
            caption = first_caption(box)
            for picture in pictures_in(box):
                if not is_stand_in(picture) and (image := read_image(picture, self.base, caption, "lead")):
                    return image
        return None

    # -- what SEO plugins print ----------------------------------------------------------------------------------

    def seo_evidence(self, event: Event) -> Iterator[Evidence | None]:
        """Yield the times in meta elements and in an SEO plugin's JSON-LD graph; they are right as printed."""
        metas = self._article_metas(f"{event}_time")
        return seo_evidence(metas, self.document.json_ld.graph_articles, event)

    @cached_property
    def plain_article(self) -> Item:
        """The JSON-LD article outside a graph; not AMPforWP's, whose times are wrong as printed."""
        article = self.document.json_ld.plain_article
        return {} if article and b"AMP for WP" in self.document.html else article

    def plain_evidence(self, event: Event) -> Evidence | None:
        """Return a time of ``plain_article``: the weakest evidence, as any theme or plugin may have printed it."""
        return json_ld_evidence(self.plain_article, event)

    def seo_labels(self, key: Literal["articleSection", "keywords"]) -> list[str]:
        """Return sections or tags printed for search engines: in JSON-LD, else in meta elements."""
        for article in (*self.document.json_ld.graph_articles[:1], self.plain_article):
            if labels := _labels(strings(article, key)):
                return labels
        name = "section" if key == "articleSection" else "tag"
        return _labels(self._article_metas(name))

    def _article_metas(self, name: str) -> list[str]:
        """Return what meta elements say; some themes call their property a name."""
        found = self.attributes(f'meta[property="article:{name}"]', "content")
        return found or self.attributes(f'meta[name="article:{name}"]', "content")


@cache
def _readers(layout: type[ArticlePage]) -> list[tuple[str, Callable[[ArticlePage], Any]]]:
    """Name and method of each field: calling thirty through web-poet's descriptors costs more than reading ten."""
    return [
        (name, attrgetter(name) if info.out else getattr_static(layout, name).original_method)
        for name, info in get_fields_dict(layout).items()
    ]


def _labels(printed: list[str]) -> list[str]:
    """Return labels as an element would show them, each once."""
    return list(dict.fromkeys(filter(None, (resolved(squeeze(label)) for label in printed))))
