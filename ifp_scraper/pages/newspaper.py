"""Canonical pages of tagDiv's Newspaper theme: the classic and the Cloud Library templates (MARKUP.md 7, 8)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import ClassVar

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_iso, read_theme_time
from ifp_scraper.items import Author, Image
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.bylines import without_by
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.images import first_caption, url_in_style
from ifp_scraper.pages.inline import inline_text, label_text
from ifp_scraper.pages.misnested import escaped_from, is_theme_block, release_swallowed, with_escaped
from ifp_scraper.pages.source_line import closing_source
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import words

_BACKGROUND_RULE = re.compile(rb"\.tdb-featured-image-bg\s*\{[^{}]{0,200}?url\([^()]{1,8192}\)")


class NewspaperPage(ArticlePage):
    """The classic template: ``.td-post-header`` and ``.td-post-content``."""

    layout = "newspaper"
    marks = words("td-post-content")
    lead_frames = (
        ".td-post-featured-image, .td-post-featured-video, .td-post-header-holder.td-image-gradient,"
        " .td-full-screen-header-image-wrap .td-backstretch"  # templates 6 to 8: behind the headline
    )
    source_boxes: ClassVar[str] = ".td-post-small-box"
    """Selects what may hold the source, next to its label."""

    below_body: ClassVar[tuple[str, ...]] = ".td-post-source-tags", ".td-post-next-prev", ".author-box-wrap"
    """Selects what the theme prints below the body."""

    @field
    def headline(self) -> str | None:
        # Modules print h3.entry-title; the article's own is the only h1. Without tagDiv's plugin, it is an h3 too.
        return self.line("h1.entry-title") or self.line(".td-post-title .entry-title, h1.tdb-title-text")

    @field
    def lead(self) -> str | None:
        return self.line("p.td-post-sub-title, .td-post-header .td-post-sub-title")

    @field
    def byline(self) -> str | None:
        header = ".td-post-header"  # modules have a byline, too
        return self._printed_names(f"{header} .td-post-author-name", name="a", label=".td-author-by")

    def _printed_names(self, box: str, *, name: str, label: str) -> str | None:
        """Return the names in a byline: what it says after the theme's "By" if one box has several ("A and B")."""
        if len(self.lines(f"{box} {name}")) > 1 and len(self.lines(box)) == 1:
            return self._byline_without_label(box, label)
        # A handle may be glued to the name, outside its link.
        return self.names(f"{box} {name}") or self._byline_without_label(box, label)

    def _byline_without_label(self, box: str, label: str) -> str | None:
        """Return what bylines say after the theme's "By", in whatever language."""
        by = self.line(f"{box} {label}") or ""
        names = (without_by(printed.removeprefix(by)) for printed in self.lines(box))
        return ", ".join(dict.fromkeys(filter(None, names))) or None

    @field
    def authors(self) -> list[Author]:
        authors = self.people(".td-post-header .td-post-author-name a")
        if not authors and self.byline:
            authors = [Author(self.byline)]
        return self._with_bios(authors, ".author-box-wrap", ".td-author-name", ".td-author-description")

    def _with_bios(self, authors: list[Author], box: str, name: str, bio: str) -> list[Author]:
        """Add bios from the author boxes below the body to the authors of the same name."""
        names = self.first_inside(box, name)
        by_name: dict[str | None, Author] = {author.name: author for author in authors}
        for author_box, text in self.first_inside(box, bio).items():
            if author_box in names and (author := by_name.get(without_by(label_text(names[author_box])))):
                author.bio = author.bio or label_text(text) or None
        return authors

    @field
    def sections(self) -> list[str]:
        # .td-post-category is a module's label; breadcrumbs end with the headline, unlinked.
        return (
            self.lines("ul.td-category li.entry-category")
            or self.lines(".td-post-header .td-category a")
            or self.seo_labels("articleSection")
            or self._last_crumb(".entry-crumbs a.entry-crumb")
        )

    def _last_crumb(self, crumbs: str) -> list[str]:
        """Return the last breadcrumb that is not the link home, which a site may omit."""
        return self.labels([crumb for crumb in self.css(crumbs)[-1:] if urls.slug(crumb.get("href") or "")])

    @field
    def tags(self) -> list[str]:
        return self.lines("ul.td-tags li a") or self.seo_labels("keywords")

    @cached_property
    def container(self) -> Element | None:
        bodies = self.css("article .td-post-content") or self.css(".td-post-content")
        return self._repaired(bodies[0], escaped_from(bodies[0])) if bodies else None

    def _repaired(self, body: Element, escaped: list[Element]) -> Element:
        """Return the body with what has escaped from it, or without what it has swallowed (``misnested.py``)."""
        if any(body in part.iterancestors() for query in self.below_body for part in self.css(query)):
            in_page_order = self.css(", ".join(self.below_body))
            if release_swallowed(body, in_page_order):
                return body
        return with_escaped(body, escaped)

    @field
    def source(self) -> str | None:
        for item in self.css(self.source_boxes):
            label = next((span.text for span in item.iter("span") if span.text), "").strip().lower()
            if label in ("source", "sources") and (link := next(item.iter("a"), None)) is not None:
                return inline_text(link) or None
        return closing_source(self.content.blocks)

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        # The first time element of a page may be a module's, and the site's header shows today's date.
        times = self.css(".td-post-header .td-post-date time")
        edited = self.css(".td-post-header .td-post-modified-date time")  # Newsmag may print that alone
        if times[:1] != edited[:1]:
            yield self._theme_time(".td-post-header .td-post-date time", "datetime")
        yield self._theme_time('meta[itemprop="datePublished"]', "content")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield self._theme_time('meta[itemprop="dateModified"]', "content")
        yield self._theme_time(".td-post-header .td-post-modified-date time", "datetime")

    def _theme_time(self, query: str, attribute: str) -> Evidence | None:
        elements = self.css(query)
        if len(elements) > 1:  # in 2015, modules had meta elements, too
            elements = [element for element in elements if not _is_of_module(element)]
        printed = next(filter(None, (element.get(attribute) for element in elements)), None)
        return Evidence.of("time", printed, read_theme_time(printed, self._offset))

    @cached_property
    def _offset(self) -> timedelta | None:
        """The site's UTC offset, which older versions of the theme print only with the last edit."""
        edited = read_iso(self.attribute('meta[itemprop="dateModified"]', "content"))
        return edited.utcoffset() if edited else None


def _is_of_module(element: Element) -> bool:
    """Whether an element is part of a module, that is, of another article's teaser."""
    return any("td_module" in (box.get("class") or "") for box in element.iterancestors())


class Newspaper4Page(NewspaperPage):
    """The theme's 2014 versions: the header has no class, and the body a different one."""

    layout = "newspaper-4"
    marks = words("td-post-text-content")
    source_boxes = ".post-source-via .post-via"

    @field
    def lead(self) -> str | None:
        return self.line("p.td-sub-title")

    @field
    def byline(self) -> str | None:
        return self.names("article .td-block-author a") or without_by(
            self.attribute('meta[itemprop="author"]', "content")
        )

    @field
    def authors(self) -> list[Author]:
        # An author box that is switched off is only hidden: the link is still there.
        authors = self.people("article .td-block-author a") or self.people("article .td-author-name")
        if not authors and self.byline:
            authors = [Author(self.byline)]
        for box in self.css(".author-box-wrap .desc"):
            bio = next((part for part in box.iterchildren("div") if part.get("class") is None), None)
            if len(authors) == 1 and bio is not None:
                authors[0].bio = label_text(bio) or None
        return authors

    @field
    def sections(self) -> list[str]:
        return self.lines("article ul.td-category li.entry-category") or self.seo_labels("articleSection")

    @cached_property
    def container(self) -> Element | None:
        return next(iter(self.css("article .td-post-text-content")), None)

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield self._theme_time("article .meta-info time.entry-date", "datetime")


class NewspaperCloudPage(NewspaperPage):
    """A tagDiv Cloud Library template: every part is a ``tdb_single_*`` block, in any order."""

    layout = "newspaper-cloud"
    marks = words("tdb_single_content")
    bodies: ClassVar[str] = ".tdb_single_content, .tdb_single_smartlist"
    """Selects the block with the text; in posts with a smart list, the second one has what precedes the list, too."""

    lead_frames = ".tdb_single_featured_image, .tdb_single_bg_featured_image"
    below_body = ".tdb_single_tags", ".tdb_single_next_prev", ".tdb-author-box"

    @classmethod
    def matches(cls, document: Document) -> bool:
        """Whether the page has such a block."""
        return bool(document.tree.find(cls.bodies))

    @field
    def headline(self) -> str | None:
        return self.line("h1.tdb-title-text") or self.line(
            ".tdb-single-title .tdb-title-text, .tdb_title h1, h1.entry-title"
        )

    @field
    def lead(self) -> str | None:
        return " ".join(self.lines(".tdb_single_subtitle p")) or self.line(".tdb_single_subtitle")

    @field
    def byline(self) -> str | None:
        return self._printed_names(".tdb_single_author", name=".tdb-author-name", label=".tdb-author-by")

    @field
    def authors(self) -> list[Author]:
        authors = self.people(".tdb_single_author .tdb-author-name")
        authors = authors or self.people(".tdb_single_author .tdb-author-name-wrap a")  # of Co-Authors Plus
        if not authors and self.byline:
            authors = [Author(self.byline)]
        return self._with_bios(authors, ".tdb-author-box", ".tdb-author-name", ".tdb-author-descr")

    @field
    def sections(self) -> list[str]:
        return (
            self.lines(".tdb_single_categories a.tdb-entry-category")
            or self.lines("a.tdb-entry-category")
            or self.seo_labels("articleSection")
            or self._last_crumb("a.tdb-entry-crumb")
        )

    @field
    def tags(self) -> list[str]:
        return self.lines("ul.tdb-tags li a") or self.seo_labels("keywords")

    @cached_property
    def container(self) -> Element | None:
        # The container itself is a .td_block_wrap like any widget; what is inside counts.
        bodies = [
            *self.css(".tdb_single_content .tdb-block-inner")[:1],
            *self.css(".tdb_single_smartlist .tdb-block-inner")[:1],
        ]
        if len(bodies) > 1 and not "".join(map(str, bodies[0].itertext())).strip():
            del bodies[0]
        if bodies:
            escaped = itertools.takewhile(lambda part: not is_theme_block(part), bodies[0].itersiblings())
            return self._repaired(bodies[0], list(escaped))
        return next(iter(self.css(self.bodies)), None)

    @field
    def source(self) -> str | None:
        return self.line(".tdb_single_source a") or closing_source(self.content.blocks)

    @cached_property
    def lead_image(self) -> Image | None:
        return super().lead_image or self._background

    @property
    def _background(self) -> Image | None:
        """Return the featured image from a background, in the element's own style or in a rule of its block."""
        boxes = self.css(".tdb_single_bg_featured_image .tdb-featured-image-bg")
        rules = map(_BACKGROUND_RULE.search, self.document.style_sheets if boxes else ())
        rule = next((rule[0].decode("utf-8", "replace") for rule in rules if rule), "")
        for box in boxes:
            url = urls.absolute(self.capture.url, url_in_style(box.get("style") or rule))
            if url is not None and url.startswith("http"):
                frame = box.getparent()
                caption = first_caption(frame) if frame is not None else None
                return Image(url, urls.original_image(url), "", caption, "lead")
        return None

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield self._theme_time(".tdb_single_date time", "datetime")
        yield self._theme_time('meta[itemprop="datePublished"]', "content")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield self._theme_time('meta[itemprop="dateModified"]', "content")
        # Older versions print the publication time there, labelled as the edit's.
        edited = ".tdb_single_modified_date time"
        if self.attribute(edited, "datetime") != self.attribute(".tdb_single_date time", "datetime"):
            yield self._theme_time(edited, "datetime")
