"""AMP pages by the plugin AMPforWP, 1.0.94 and 1.1.13 (MARKUP.md sections 1, 2, 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import (
    CLOCK_READING,
    ago_interval,
    format_utc,
    read_ago,
    read_amp_json_ld,
    read_printed_date,
)
from ifp_scraper.items import Author, Image, RecentPost
from ifp_scraper.pages.article import ArticlePage, Evidence, without_by
from ifp_scraper.pages.body import inline_text
from ifp_scraper.pages.tree import Element, Tree

_AMP_ADDRESS = re.compile(r"/amp(/\d{1,3})?/?$")
_PLUGIN = re.compile(r"AMP for WP (\d{1,6}(?:\.\d{1,6})*)")


class AmpPage(ArticlePage):
    """What the plugin's designs have in common."""

    is_amp = True

    @field
    def amp_url(self) -> str:
        address = self.capture.url.partition("?")[0]
        if _AMP_ADDRESS.search(address):
            return self._url + "amp/"
        return self.capture.url

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield self._json_ld_evidence("datePublished")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield self._json_ld_evidence("dateModified")

    def _json_ld_evidence(self, key: Literal["datePublished", "dateModified"]) -> Evidence | None:
        printed = self._json_ld.get(key)
        if not isinstance(printed, str):
            return None
        return self.evidence("jsonld", printed, read_amp_json_ld(printed, self.plugin_version))

    @cached_property
    def _json_ld(self) -> dict[str, Any]:
        """The plugin's own object: the one outside of an SEO plugin's graph."""
        for item, in_graph in self.document.json_ld:
            if not in_graph and ("datePublished" in item or "headline" in item):
                return item
        return {}

    @cached_property
    def plugin_version(self) -> tuple[int, ...] | None:
        """Version of AMPforWP, from its generator element."""
        for generator in self.values('meta[name="generator"]', "content"):
            if match := _PLUGIN.search(generator):
                return tuple(int(part) for part in match[1].split(".") if part)
        return None

    def recent_post(self, entry: Element, title: str) -> RecentPost | None:
        """Read one entry of Recent Posts; null when it has no headline with a link.

        Args:
            entry: the element of the entry.
            title: class of the element that holds its headline; the designs call it differently.
        """
        parts = Tree(entry).classes
        link = next(parts[title][0].iter("a"), None) if title in parts else None
        url = urls.absolute(self.capture.url, link.get("href")) if link is not None else None
        if link is None or url is None or not url.startswith("http"):
            return None
        post = RecentPost(inline_text(link), urls.canonical(url))
        post.excerpt = _first_line(parts.get("loop-excerpt"))
        if "loop-category" in parts:
            post.section = _first_line([*parts["loop-category"][0].iter("li", "a")])
        post.published_raw = _first_line(parts.get("loop-date"))
        if post.published_raw and self.capture.captured_at:
            self._read_ago(post, post.published_raw)
        return post

    def _read_ago(self, post: RecentPost, words: str) -> None:
        captured_at = self.capture.captured_at
        assert captured_at is not None
        if interval := ago_interval(words, captured_at, self.capture.age):
            post.published_at = format_utc(read_ago(words, captured_at))
        elif printed := read_printed_date(words):  # the option "traditional": site-local, to the minute
            first, last = printed
            post.published_at = format_utc(first)
            interval = first - CLOCK_READING, last + CLOCK_READING
        if interval:
            post.published_earliest = format_utc(interval[0])
            post.published_latest = format_utc(interval[1])


def _bio(box: Element) -> str | None:
    """The paragraphs of an author box; 1.0.94 prints its own around those of the profile."""
    return " ".join(filter(None, map(inline_text, box.iterchildren("p")))) or None


def _first_line(found: list[Element] | None) -> str | None:
    return (inline_text(found[0]) or None) if found else None


class AmpSwiftPage(AmpPage):
    """The design Swift, the sidebar variant (``.sp-left``) included."""

    layout = "amp-swift"
    marks = ("artl-cnt", "cntn-wrp")

    @field
    def headline(self) -> str | None:
        return self.line("h1.amp-post-title")

    @field
    def lead(self) -> str | None:
        return self.line(".tl-exc")

    @field
    def byline(self) -> str | None:
        return without_by(self.line(".sp-athr .author-name") or self.line(".amp-author .author-name"))

    @field
    def authors(self) -> list[Author]:
        # The byline (no bio) and the box below the body share the class amp-author.
        authors = self.people(".sp-athr .author-name") or self.people(".amp-author .author-name")
        for box in self.css(".amp-author .author-details"):
            names = self.within(box, ".author-name")
            name = inline_text(names[0]) if names else ""
            for author in authors:
                if author.name == name:
                    author.bio = author.bio or _bio(box)
                    author.url = author.url or next((same.url for same in self._linked if same.name == name), None)
        return authors

    @cached_property
    def _linked(self) -> list[Author]:
        return [author for author in self.people(".amp-author .author-name") if author.url]

    @field
    def sections(self) -> list[str]:
        return self.lines(".amp-cat") or self.graph_words("articleSection") or self.lines(".bread-cat")[-1:]

    @field
    def tags(self) -> list[str]:
        return self.lines(".amp-tags .amp-tag") or self.graph_words("keywords")

    @cached_property
    def container(self) -> Element | None:
        return next(iter(self.css(".cntn-wrp.artl-cnt")), None)

    @cached_property
    def lead_image(self) -> Image | None:
        return self.picture(".sf-img")

    @field
    def recent_posts(self) -> list[RecentPost]:
        entries = (self.recent_post(entry, "loop-title") for entry in self.css(".r-pf .fsp"))
        return [post for post in entries if post]
