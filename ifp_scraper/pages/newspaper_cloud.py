"""Canonical pages of tagDiv's Newspaper theme: the Cloud Library's templates (MARKUP.md 8)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import ClassVar

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.items import Author, Image
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.images import first_caption, url_in_style
from ifp_scraper.pages.misnested import is_theme_block
from ifp_scraper.pages.newspaper import EDITED, NewspaperPage, article_around
from ifp_scraper.pages.source_line import closing_source
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import words

_BACKGROUND_RULE = re.compile(
    rb"""\.tdb-featured-image-bg\s*\{[^{}]{0,200}?url\(\s*+"""
    rb"""(?:"[^"{}]{1,8192}+"|'[^'{}]{1,8192}+'|[^"'(){}]{1,8192}+)\s*+\)"""
)
"""The rule by which a block's own style sheet shows the featured image."""


class NewspaperCloudPage(NewspaperPage):
    """A tagDiv Cloud Library template: every part is a ``tdb_single_*`` block, in any order."""

    layout = "newspaper-cloud"
    marks = words("tdb_single_content")
    bodies: ClassVar[str] = ".tdb_single_content, .tdb_single_smartlist"
    """Selects the block with the text; in posts with a smart list, the second one has what precedes the list, too."""

    featured_boxes = ".tdb_single_featured_image, .tdb_single_bg_featured_image"
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
        return self.line(".tdb_single_subtitle")

    @field
    def byline(self) -> str | None:
        byline = self._printed_names(".tdb_single_author", name=".tdb-author-name", label=".tdb-author-by")
        return byline or self.byline_from(".tdb-author-box .tdb-author-name")

    @field
    def authors(self) -> list[Author]:
        authors = (
            self.people(".tdb_single_author .tdb-author-name")
            or self.people(".tdb_single_author .tdb-author-name-wrap a")  # of Co-Authors Plus
            or self._authors_of(".tdb-author-box .tdb-author-name")
        )
        return self._with_bios(authors, ".tdb-author-box", ".tdb-author-name", ".tdb-author-descr")

    @field
    def sections(self) -> list[str]:
        return (
            self.labels([link for link in self._terms if not _is_to_tag(link)])
            or self.seo_labels("articleSection")
            or self._last_crumb("a.tdb-entry-crumb")
        )

    @field
    def tags(self) -> list[str]:
        return (
            self.labels(self.outside_body("ul.tdb-tags li a"))
            or self.labels([link for link in self._terms if _is_to_tag(link)])
            or self.seo_labels("keywords")
        )

    @cached_property
    def _terms(self) -> list[Element]:
        """The links to the article's categories; a block may print them, or its tags, as terms of any taxonomy."""
        return self.own(".tdb_single_categories a.tdb-entry-category") or self.outside_body("a.tdb-entry-category")

    @cached_property
    def container(self) -> Element | None:
        # The container itself is a .td_block_wrap like any widget; what is inside counts.
        blocks = ".tdb_single_content .tdb-block-inner", ".tdb_single_smartlist .tdb-block-inner"
        bodies = [body for block in blocks if (body := self.body_among(self.css(block))) is not None]
        if len(bodies) > 1 and (first := self.body_among(self.css(", ".join(blocks)))) is not None:
            # The next post's may be the only one of its kind.
            article = article_around(first)
            bodies = [body for body in bodies if article_around(body) is article]
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
    def featured_image(self) -> Image | None:
        return super().featured_image or self._background_image

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield from self._published_by_theme(".tdb_single_date time")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield self._theme_time(*EDITED)
        # Older versions print the publication time there, labelled as the edit's.
        edited = ".tdb_single_modified_date time"
        if self.attribute(edited, "datetime") != self.attribute(".tdb_single_date time", "datetime"):
            yield self._theme_time(edited, "datetime")

    @property
    def _background_image(self) -> Image | None:
        """The featured image as a background, in the element's own style or in a rule of its block."""
        boxes = self.own(".tdb_single_bg_featured_image .tdb-featured-image-bg")
        rules = map(_BACKGROUND_RULE.search, self.document.style_sheets if boxes else ())
        rule = next((rule[0].decode("utf-8", "replace") for rule in rules if rule), "")
        for box in boxes:
            url = urls.absolute_http(self.base, url_in_style(box.get("style") or rule))
            if url is not None:
                frame = box.getparent()
                caption = first_caption(frame) if frame is not None else None
                return Image(url, urls.original_image(url), "", caption, "lead")
        return None


def _is_to_tag(link: Element) -> bool:
    return "/tag/" in (link.get("href") or "")
