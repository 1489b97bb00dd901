"""Canonical pages of tagDiv's Newspaper theme: the classic template (MARKUP.md 7, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_iso, read_theme_time
from ifp_scraper.items import Author
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.body import read_body
from ifp_scraper.pages.bylines import joined_names, without_by
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.css import StyleSheet
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.inline import inline_text, label_text
from ifp_scraper.pages.misnested import escaped_from, release_swallowed, with_escaped
from ifp_scraper.pages.source_line import closing_source
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import words

PUBLISHED = 'meta[itemprop="datePublished"]', "content"
EDITED = 'meta[itemprop="dateModified"]', "content"
"""Where the theme prints the times of publication and of the last edit, in any template: an element and attribute."""

_MAX_BODIES = 10
"""Maximum number of elements that may hold the article's text."""


class NewspaperPage(ArticlePage):
    """The classic template: ``.td-post-header`` and ``.td-post-content``.

    The theme calls a teaser of another article a module. It may have the same parts as the article.
    """

    layout = "newspaper"
    marks = words("td-post-content")
    bodies: ClassVar[str] = ".td-post-content"
    """Selects the elements that hold a text: the article's, and those of other articles on the page."""

    featured_boxes = (
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
        return self.line(f"p.td-post-sub-title, {self.header} .td-post-sub-title")

    @field
    def byline(self) -> str | None:
        # Not any .td-post-author-name: modules have a byline, too.
        byline = self._printed_names(f"{self.header} .td-post-author-name", name="a", label=".td-author-by")
        return byline or self.byline_from(".author-box-wrap .td-author-name")

    @field
    def authors(self) -> list[Author]:
        in_byline = self.people(f"{self.header} .td-post-author-name a")
        authors = in_byline or self._authors_of(".author-box-wrap .td-author-name")
        return self._with_bios(authors, ".author-box-wrap", ".td-author-name", ".td-author-description")

    @field
    def sections(self) -> list[str]:
        # .td-post-category is a module's label; breadcrumbs end with the headline, unlinked.
        return (
            self.labels(self.outside_body("ul.td-category li.entry-category"))
            or self.lines(f"{self.header} .td-category a")
            or self.seo_labels("articleSection")
            or self._last_crumb(".entry-crumbs a.entry-crumb")
        )

    @field
    def tags(self) -> list[str]:
        return self.labels(self.outside_body("ul.td-tags li a")) or self.seo_labels("keywords")

    @cached_property
    def container(self) -> Element | None:
        body = self.body_among(self.css("article .td-post-content") or self.css(self.bodies))
        return self._repaired(body, escaped_from(body)) if body is not None else None

    @field
    def source(self) -> str | None:
        for item in self.own(self.source_boxes):
            label = next((span.text for span in item.iter("span") if span.text), "").strip().lower()
            if label in ("source", "sources") and (link := next(item.iter("a"), None)) is not None:
                return inline_text(link) or None
        return closing_source(self.content.blocks)

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        # The first time element of a page may be a module's, and the site's header shows today's date.
        shown = f"{self.header} .td-post-date time"
        times = self.own(shown)
        edited = self.own(f"{self.header} .td-post-modified-date time")  # Newsmag may print that alone
        yield from self._published_by_theme(shown if times[:1] != edited[:1] else None)

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield self._theme_time(*EDITED)
        yield self._theme_time(f"{self.header} .td-post-modified-date time", "datetime")

    @cached_property
    def header(self) -> str:
        """Selects what is printed above the text; child themes may leave out its outer element."""
        only_inner = not self.css(".td-post-header") and self.css(".td-post-title")
        return ".td-post-title" if only_inner else ".td-post-header"

    # -- which elements belong to the article --------------------------------------------------------------------

    def own(self, query: str) -> list[Element]:
        """As in ``ArticlePage``: all but those of other articles."""
        elements = self.document.tree.find(query)
        others = self._other_articles if elements else None
        return [one for one in elements if others.isdisjoint(one.iterancestors())] if others else elements

    def outside_body(self, query: str) -> list[Element]:
        """Return the article's own elements, all with one tag, without those in its text, where one may be pasted.

        If all are there, it is the template that prints them there.
        """
        own = self.own(query)
        inside = set(self.container.iter(own[0].tag)) if own and self.container is not None else ()
        return [one for one in own if one not in inside] or own

    @cached_property
    def _other_articles(self) -> set[Element]:
        """Other articles with a text of their own, such as the next post, which a script adds at the end."""
        bodies = self.css(self.bodies)
        if len(bodies) < 2 or self.container is None:
            return set()
        articles = {article for body in bodies for article in body.iterancestors("article")}
        return articles.difference(self.container.iterancestors())

    def body_among(self, bodies: list[Element]) -> Element | None:
        """Return this post's text: in its own element, by post_class(), the first that shows something."""
        if len(bodies) < 2:
            return bodies[0] if bodies else None
        name = f"post-{self.id}"
        own = [one for one in bodies if any(name in class_names(box) for box in one.iterancestors())]
        candidates = (own or bodies)[:_MAX_BODIES]
        article = article_around(candidates[0])
        in_article = (one for one in candidates if article_around(one) is article)
        outermost = (one for one in in_article if not set(candidates).intersection(one.iterancestors()))
        return next(filter(self._shows_something, outermost), candidates[0])

    def _shows_something(self, body: Element) -> bool:
        """Whether a body has text or, as in a photo essay, at least pictures or players."""
        content = read_body(body, self.base, StyleSheet([]))
        return bool(content.blocks or content.images or content.embeds)

    # -- what the theme's other templates use, too ---------------------------------------------------------------

    def _printed_names(self, box: str, *, name: str, label: str) -> str | None:
        """Return the names in a byline: what it says after the theme's "By" if one box has several ("A and B").

        If only a style sheet separates the names, or each follows a "By", they are joined.

        Args:
            box: selects the byline.
            name: selects a name in it.
            label: selects the "By" in it.
        """
        names = self.lines(f"{box} {name}")
        if len(names) > 1 and len(self.lines(box)) == 1 and len(self.own(f"{box} {label}")) < 2:
            printed = self._byline_without_label(box, label)
            if printed is None or names[0] + names[1] not in printed:
                return printed
        # A handle may be glued to the name, outside its link.
        return self.byline_from(f"{box} {name}") or self._byline_without_label(box, label)

    def _byline_without_label(self, box: str, label: str) -> str | None:
        """Return what bylines say after the theme's "By", in whatever language."""
        by = self.line(f"{box} {label}") or ""
        return joined_names(printed.removeprefix(by) for printed in self.lines(box))

    def _authors_of(self, boxes: str) -> list[Author]:
        """Return the authors where the byline links none: those of the author boxes if it names the same ones."""
        in_boxes = self.people(boxes)
        return in_boxes if self.byline == ", ".join(author.name for author in in_boxes) else self.byline_as_author

    def _with_bios(self, authors: list[Author], box: str, name: str, bio: str) -> list[Author]:
        """Add bios from the author boxes below the body to the authors of the same name."""
        names = self.first_inside(box, name)
        by_name: dict[str | None, Author] = {author.name: author for author in authors}
        for author_box, text in self.first_inside(box, bio).items():
            if author_box in names and (author := by_name.get(without_by(label_text(names[author_box])))):
                author.bio = author.bio or label_text(text) or None
        return authors

    def _last_crumb(self, crumbs: str) -> list[str]:
        """Return the last breadcrumb that is not the link home, which a site may omit."""
        last = self.own(crumbs)[-1:]
        url = urls.absolute(self.base, last[0].get("href")) if last else None
        return self.labels(last) if url is not None and urls.slug(url) else []

    def _repaired(self, body: Element, escaped: list[Element]) -> Element:
        """Return the body with what has escaped from it, or without what it has swallowed (``misnested.py``)."""
        # Usually none is inside, and to find that out takes less time than to put all of them in page order.
        if any(body in part.iterancestors() for query in self.below_body for part in self.css(query)):
            in_page_order = self.css(", ".join(self.below_body))
            if release_swallowed(body, in_page_order):
                return body
        return with_escaped(body, escaped)

    def _published_by_theme(self, shown: str | None) -> Iterator[Evidence | None]:
        """Yield the theme's times of publication; an option of the theme shows the last edit in place of it.

        Args:
            shown: selects the shown time; None if it is known to be that of the last edit.
        """
        printed = self._theme_time(shown, "datetime") if shown else None
        in_meta = self._theme_time(*PUBLISHED)
        edited = self._theme_time(*EDITED)
        if printed and in_meta and edited and printed.instant == edited.instant != in_meta.instant:
            printed, in_meta = in_meta, printed
        yield printed
        yield in_meta

    def _theme_time(self, query: str, attribute: str) -> Evidence | None:
        """Return the first time printed by the theme, whose offset may be wrong (docs/dates.md, trap 2)."""
        printed = next(filter(None, (element.get(attribute) for element in self._of_article(query))), None)
        return Evidence.of("time", printed, read_theme_time(printed, self._offset))

    @cached_property
    def _offset(self) -> timedelta | None:
        """The site's UTC offset, which older versions of the theme print only with the last edit."""
        query, attribute = EDITED
        edited = next((read_iso(element.get(attribute)) for element in self._of_article(query)), None)
        return edited.utcoffset() if edited else None

    def _of_article(self, query: str) -> list[Element]:
        """Return elements with the article's times: not those of modules, which had meta elements in 2015, too."""
        return [one for one in self.own(query) if not _is_of_module(one) and not self._is_of_another_item(one)]

    def _is_of_another_item(self, element: Element) -> bool:
        """Whether an element is part of microdata in the text about something else, such as a review."""
        item = next((box for box in element.iterancestors() if box.get("itemscope") is not None), None)
        if item is None or self.container is None or self.container not in item.iterancestors():
            return False
        return not (item.get("itemtype") or "").endswith(("Article", "BlogPosting"))


def _is_of_module(element: Element) -> bool:
    """Whether an element is part of a module."""
    return any("td_module" in (box.get("class") or "") for box in element.iterancestors())


def article_around(element: Element) -> Element | None:
    """Return the innermost article element that holds an element."""
    return next(element.iterancestors("article"), None)
