"""Canonical pages of the Newspaper theme's 2014 versions."""

from __future__ import annotations

from collections.abc import Iterator

from web_poet import field

from ifp_scraper.items import Author
from ifp_scraper.pages.bylines import without_by
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.inline import label_text
from ifp_scraper.pages.newspaper import NewspaperPage
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import words


class Newspaper4Page(NewspaperPage):
    """The theme's 2014 versions: the header has no class, and the body a different one."""

    layout = "newspaper-4"
    marks = words("td-post-text-content")
    bodies = ".td-post-text-content"
    source_boxes = ".post-source-via .post-via"

    @field
    def lead(self) -> str | None:
        return self.line("p.td-sub-title")

    @field
    def byline(self) -> str | None:
        return self.byline_from("article .td-block-author a") or without_by(
            self.attribute('meta[itemprop="author"]', "content")
        )

    @field
    def authors(self) -> list[Author]:
        # An author box that is switched off is only hidden: the link is still there.
        authors = (
            self.people("article .td-block-author a")
            or self.people("article .td-author-name")
            or self.byline_as_author
        )
        for box in self.own(".author-box-wrap .desc"):
            bio = next((part for part in box.iterchildren("div") if part.get("class") is None), None)
            if len(authors) == 1 and bio is not None:
                authors[0].bio = label_text(bio) or None
        return authors

    @field
    def sections(self) -> list[str]:
        return self.lines("article ul.td-category li.entry-category") or self.seo_labels("articleSection")

    @cached_property
    def container(self) -> Element | None:
        return self.body_among(self.css("article .td-post-text-content"))

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield self._theme_time("article .meta-info time.entry-date", "datetime")
