"""Any other WordPress theme, by what core and most themes print: the last resort."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import dropwhile, takewhile

from web_poet import field

from ifp_scraper.dates import read_instant
from ifp_scraper.items import Author, Image
from ifp_scraper.pages.article import ArticlePage, Evidence, without_by
from ifp_scraper.pages.body import first_caption, read_image
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
    ".article-content",
    ".post_content",
    ".thecontent",
    "article .entry",
    ".hentry .entry",
)
"""Names for the body alone: an ``article`` element holds far more than it."""

_HEADLINES = (
    "h1.wp-block-post-title, h1.entry-title, h1.post-title, article h1, .entry-header h1",
    "h2.wp-block-post-title, article .entry-title, .elementor-widget-theme-post-title",
    "main h1",
    "h1:not(.site-title)",
)


class WordPressPage(ArticlePage):
    """Core's classes, a block theme's blocks, hAtom's and schema.org's names."""

    layout = "wordpress"
    lead_frames = (
        ".wp-block-post-featured-image, .post-thumbnail, .entry-thumbnail, .featured-image, .featured-media,"
        " .single-featured-image-header, .entry-header .wp-post-image, .elementor-widget-theme-post-featured-image"
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

    @cached_property
    def _title(self) -> Element | None:
        return next((found[0] for query in _HEADLINES if (found := self.css(query))), None)

    @cached_property
    def _part(self) -> Element | None:
        """The part of the page that is the article: its element, else the smallest with both headline and body."""
        if self.container is None or self._title is None:
            return None
        around = {*self._title.iterancestors()}
        parts = [box for box in self.container.iterancestors() if box in around]
        return next((box for box in parts if box.tag == "article"), parts[0] if parts else None)

    @cached_property
    def _above(self) -> list[Element]:
        """What stands above the body in the article's part of the page: there a theme says the rest."""
        if self._part is None:
            return []
        above = [*takewhile(lambda one: one is not self.container, self._part.iter("*"))]
        if self._part.tag == "body":  # menus are no part of it
            above = [*dropwhile(lambda one: one is not self._title, above)]
        return [one for one in above if self._of_others.isdisjoint(one.iterancestors())]

    def own(self, query: str) -> list[Element]:
        """As ``css``, but of the article's part of the page alone, if anything is there: others look alike."""
        found = self.css(query)
        return [one for one in found if self._part in [*one.iterancestors()]] or found

    @field
    def headline(self) -> str | None:
        return next(filter(None, map(self.line, _HEADLINES)), None)

    @field
    def lead(self) -> str | None:
        return self.line(".td-post-sub-title, .entry-subtitle, .post-subtitle, .jeg_post_subtitle")

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
            if found := self.named_by(self.own(query)):
                return found
        return self._named_by_elementor() or self.named_by(self._links_above("href", "/author/"))

    def _named_by_elementor(self) -> list[Author]:
        """Authors that Elementor's post info names, without the words that the site has put before them."""
        info = ".elementor-post-info__item--type-author"
        authors = self.named_by([next(found.iterancestors("a"), found) for found in self.css(info)])
        prefix = self.line(f"{info} .elementor-post-info__item-prefix") or ""
        for author in authors:
            author.name = author.name.removeprefix(prefix).strip() or author.name
        return authors

    def _links_above(self, attribute: str, word: str) -> list[Element]:
        """The links above the body that have a word in an attribute."""
        return [one for one in self._above if one.tag == "a" and word in (one.get(attribute) or "")]

    @field
    def authors(self) -> list[Author]:
        authors = self._named or ([Author(self.byline)] if self.byline else [])
        bio = self.line(".wp-block-post-author__bio, .wp-block-post-author-biography, p.author-description")
        return [Author(authors[0].name, authors[0].url, bio)] if len(authors) == 1 else authors

    @field
    def sections(self) -> list[str]:
        return (
            self.labels(
                self.own(".taxonomy-category a, .cat-links a, .entry-categories a, article a[rel~='category']")
            )
            or self.labels(self._links_above("rel", "category"))
            or self.graph_words("articleSection")
            or self.labels(self._links_above("href", "/category/"))
        )

    @field
    def tags(self) -> list[str]:
        links = self.own(
            ".taxonomy-post_tag a, .tags-links a, .tag-links a, .jeg_post_tags a,"
            " article a[rel='tag']:not([rel~='category'])"
        )
        return self.labels(links) or self.graph_words("keywords")

    @cached_property
    def frames(self) -> list[Element]:
        """Frames above the body, else what is called by no common name: menus and lists of others have those."""
        above = set(self._above)
        return [frame for frame in super().frames if frame in above] or self.css(
            ".single-featured-image-header, .wp-block-post-featured-image, .elementor-widget-theme-post-featured-image"
        )

    @cached_property
    def lead_image(self) -> Image | None:
        """The featured picture: in a frame of its own, else as WordPress marks it above the body."""
        if image := super().lead_image:
            return image
        for found in self._above:
            if "wp-post-image" in (found.get("class") or "").split():
                frames = takewhile(lambda box: box not in self._around_body, found.iterancestors())
                caption = next(filter(None, map(first_caption, frames)), None)
                if image := read_image(found, self.capture.url, caption, "lead"):
                    return image
        return None

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
        else:
            times = (one for one in self._above if one.tag == "time" or one.get("itemprop") == "datePublished")
            printed = next(filter(None, (one.get("datetime") or one.get("content") for one in times)), None)
            yield self.evidence("time", printed, read_instant(printed))

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        printed = self.value(
            "article time.updated:not(.published), .wp-block-post-date__modified-date time", "datetime"
        )
        yield self.evidence("time", printed, read_instant(printed))
