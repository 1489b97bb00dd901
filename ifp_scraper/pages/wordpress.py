"""Any other WordPress theme, by what core and most themes print: the last resort."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from web_poet import field

from ifp_scraper.dates import read_instant
from ifp_scraper.items import Author
from ifp_scraper.pages.article import ArticlePage, Evidence, without_by
from ifp_scraper.pages.tree import Element

_CONTAINERS = (
    ".wp-block-post-content",
    "article .entry-content",
    ".entry-content",
    "article .post-content",
    ".post-content",
    '[itemprop="articleBody"]',
    ".elementor-widget-theme-post-content .elementor-widget-container",
    ".elementor-widget-theme-post-content",
)
"""Names for the body alone: an ``article`` element holds far more than it."""


class WordPressPage(ArticlePage):
    """Core's classes, a block theme's blocks, hAtom's and schema.org's names."""

    layout = "wordpress"
    lead_frames = (
        ".wp-block-post-featured-image, .post-thumbnail, .entry-thumbnail, .featured-image, .featured-media,"
        " .single-featured-image-header, .entry-header .wp-post-image"
    )

    def css(self, query: str) -> list[Element]:
        """As ``ArticlePage.css``, without what other articles print on this page."""
        found = super().css(query)
        others = self._of_others
        return [one for one in found if others.isdisjoint(one.iterancestors())] if others and found else found

    @cached_property
    def _around_body(self) -> set[Element]:
        body = next((found[0] for query in _CONTAINERS if (found := super(WordPressPage, self).css(query))), None)
        return set(body.iterancestors()) if body is not None else set()

    @cached_property
    def _of_others(self) -> set[Element]:
        """Lists of other articles, and their article elements."""
        return set(super().css(".wp-block-query, .wp-block-latest-posts, article")) - self._around_body

    @field
    def headline(self) -> str | None:
        return (
            self.line("h1.wp-block-post-title, h1.entry-title, h1.post-title, article h1")
            or self.line("h2.wp-block-post-title, article .entry-title, .elementor-widget-theme-post-title")
            or self.line("main h1")
        )

    @field
    def lead(self) -> str | None:
        return self.line(".td-post-sub-title, .entry-subtitle, .post-subtitle")

    @field
    def byline(self) -> str | None:
        names = [author.name for author in self._named]
        return ", ".join(names) if names else without_by(self.value('meta[name="author"]', "content"))

    @cached_property
    def _named(self) -> list[Author]:
        for query in (
            ".wp-block-post-author-name",
            ".wp-block-post-author__name",
            ".entry-meta .author a, .entry-header .author a, .byline a, .posted-by a, .post-author a",
            ".author-bio .author-title",
            "a[rel='author']",
            ".entry-meta .author, .entry-header .author, .byline .author, .byline,"
            " [itemprop='author'] [itemprop='name']",
        ):
            if found := self.people(query):
                return found
        return []

    @field
    def authors(self) -> list[Author]:
        authors = self._named or ([Author(self.byline)] if self.byline else [])
        bio = self.line(".wp-block-post-author__bio, .wp-block-post-author-biography, p.author-description")
        return [Author(authors[0].name, authors[0].url, bio)] if len(authors) == 1 else authors

    @field
    def sections(self) -> list[str]:
        return self.lines(
            ".taxonomy-category a, .cat-links a, .entry-categories a, article a[rel~='category']"
        ) or self.graph_words("articleSection")

    @field
    def tags(self) -> list[str]:
        return self.lines(
            ".taxonomy-post_tag a, .tags-links a, .tag-links a, article a[rel='tag']:not([rel~='category'])"
        ) or self.graph_words("keywords")

    @cached_property
    def container(self) -> Element | None:
        for query in _CONTAINERS:
            if found := self.css(query):
                return found[0]
        return None

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        for query in (
            ".wp-block-post-date:not(.wp-block-post-date__modified-date) time",
            "time.entry-date.published, time.published",
            "article time.entry-date, .entry-meta time",
        ):
            if printed := self.value(query, "datetime"):
                yield self.evidence("time", printed, read_instant(printed))
                break

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        printed = self.value(
            "article time.updated:not(.published), .wp-block-post-date__modified-date time", "datetime"
        )
        yield self.evidence("time", printed, read_instant(printed))
