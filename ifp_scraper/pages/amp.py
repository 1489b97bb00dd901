"""AMP pages by the plugin AMPforWP, 1.0.94 and 1.1.13 (MARKUP.md sections 1, 2, 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import (
    CLOCK_READING,
    MAX_TIME_LENGTH,
    ago_interval,
    format_utc,
    read_ago,
    read_amp_json_ld,
    read_printed_date,
    read_zoned,
)
from ifp_scraper.items import Author, RecentPost
from ifp_scraper.pages.article import ArticlePage, Evidence, is_article, without_by
from ifp_scraper.pages.document import parse
from ifp_scraper.pages.inline import inline_text, label_text, resolved
from ifp_scraper.pages.tree import Element, Tree
from ifp_scraper.text import LargeBytes, squeeze, words

_AMP_ADDRESS = re.compile(r"/amp(/\d{1,3})?/?$")
_AMP_QUERY = re.compile("amp(=.*)?")
_AGE = re.compile(
    r"(?:(?!in\b|half\b|updated|modified|edited)[^\d\s]{1,20} ){0,3}"
    r"(?:an?|(\d{1,4})) ((?:second|min|minute|hour|day|week|month|year)s?)"
    r"(?! (?:later|from)\b)(?: [^\d\s]{1,20}){0,2}",
    re.IGNORECASE,
)
"""Options of the plugin change the word "ago" and what stands around it ("Published % days ago"); the units are
WordPress's, whose translations may have "an hour". What is "from now" is no age, and the age of an edit not that of
the article."""

_PLUGIN = re.compile(r"AMP for WP (\d{1,6}(?:\.\d{1,6})*)")
_PLUGIN_IN_BODY = re.compile(r"(?<!\S)post (\d{1,6}(?:\.\d{1,6})+)\s*$")
"""The plugin's body_class() ends with the post's type and the version."""


class AmpPage(ArticlePage):
    """What the plugin's designs have in common."""

    is_amp = True

    @field
    def amp_url(self) -> str:
        address, _, query = self.capture.url.partition("?")
        if _AMP_ADDRESS.search(address):
            return urls.amp_address(self._url, "amp/")
        endpoint = next(filter(_AMP_QUERY.fullmatch, query.partition("#")[0].split("&")), None)
        return urls.amp_address(self._url, f"?{endpoint}") if endpoint else self.capture.url

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield from self._json_ld_evidence("datePublished")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield from self._json_ld_evidence("dateModified")

    def _json_ld_evidence(self, key: Literal["datePublished", "dateModified"]) -> Iterator[Evidence | None]:
        own, others = self._json_ld
        for item in others:
            if isinstance(printed := item.get(key), str):
                yield self.evidence("jsonld", printed, read_zoned(printed))
        if isinstance(printed := own.get(key), str):
            yield self.evidence("jsonld", printed, read_amp_json_ld(printed, self.plugin_version))

    def plain_evidence(self, key: Literal["datePublished", "dateModified"]) -> Evidence | None:
        """None: JSON-LD is read above, and the faults of the plugin's own are undone."""
        return None

    @cached_property
    def _json_ld(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The plugin's own object, and articles of schema plugins, right as printed: these have an ``@id``.

        All outside of an SEO plugin's graph. The plugin's own says which page it is of, a review in the text does not.
        """
        own: dict[str, Any] = {}
        others = []
        for item, in_graph in self.document.json_ld:
            if in_graph:
                continue
            if "@id" in item:
                if is_article(item):
                    others.append(item)
            elif "datePublished" in item and (not own or "mainEntityOfPage" in item.keys() - own.keys()):
                own = item
        return own, others

    @cached_property
    def plugin_version(self) -> tuple[int, ...] | None:
        """Version of AMPforWP, from its generator element; an option hides that, but not the class of the body."""
        generators = self.values('meta[name="generator"]', "content")
        found = next(filter(None, map(_PLUGIN.search, generators)), None)
        if match := found or _PLUGIN_IN_BODY.search(self.document.body_class):
            return tuple(int(part) for part in match[1].split("."))
        return None

    def recent(self, entries: str, title: str) -> list[RecentPost]:
        """Read the entries of Recent Posts that have a headline with a link.

        Args:
            entries: selects the elements of the entries.
            title: class of the element that holds an entry's headline; the designs call it differently.
        """
        box = self.document.recent_posts
        read = (
            _read_box(LargeBytes(box), entries, title)
            if box is not None
            else _read_entries(self.document.tree, entries, title)
        )
        return [post for entry in read if (post := self._recent_post(entry))]

    def _recent_post(self, entry: _Entry) -> RecentPost | None:
        url = urls.absolute(self.capture.url, entry.link)
        if url is None or not url.startswith("http"):
            return None
        post = RecentPost(entry.headline, urls.canonical(url), entry.excerpt, entry.section, entry.published_raw)
        captured_at = self.capture.captured_at
        if entry.published_raw and len(entry.published_raw) <= MAX_TIME_LENGTH and captured_at:
            times = _read_ago(entry.published_raw, captured_at, self.capture.age)
            post.published_at, post.published_earliest, post.published_latest = times
        return post


class _Entry(NamedTuple):
    """What an entry of Recent Posts prints."""

    headline: str
    link: str
    excerpt: str | None
    section: str | None
    published_raw: str | None


@lru_cache(maxsize=256)
def _read_box(box: LargeBytes, entries: str, title: str) -> list[_Entry]:
    return _read_entries(Tree(parse(box)), entries, title)


def _read_entries(tree: Tree, entries: str, title: str) -> list[_Entry]:
    found = []
    for element in tree.find(entries):
        entry = Tree(element)
        links = entry.find(f".{title} a")
        if links and (address := links[0].get("href")):
            excerpt = _excerpt(entry.find(".loop-excerpt") or entry.find("p"))  # old versions have no class
            labels = (_first_line(entry.find(query)) for query in (".loop-category li", ".loop-date"))
            found.append(_Entry(label_text(links[0]), address, excerpt, *labels))
    return found


@lru_cache(maxsize=256)
def _read_ago(words: str, captured_at: datetime, age: timedelta) -> tuple[str | None, str | None, str | None]:
    """Read a printed age or date: the likeliest instant, the earliest and the latest one."""
    if age_printed := _AGE.fullmatch(words):
        words = f"{age_printed[1] or 1} {age_printed[2]} ago"
    if interval := ago_interval(words, captured_at, age):
        likeliest = read_ago(words, captured_at)
    elif printed := read_printed_date(words):  # the option "traditional": site-local, to the minute
        likeliest, last = printed
        interval = likeliest - CLOCK_READING, last + CLOCK_READING
    else:
        return None, None, None
    return format_utc(likeliest), format_utc(interval[0]), format_utc(interval[1])


def _bio(box: Element) -> str | None:
    """The text of an author box below the name; 1.0.94 keeps the profile's paragraphs and lists."""
    pieces = (f"{inline_text(child)} {child.tail or ''}" for child in box if child.tag not in ("span", "a"))
    return resolved(squeeze(" ".join(pieces))) or None


def _excerpt(found: list[Element]) -> str | None:
    """The text of an excerpt without the link "Read More" of an option; WordPress has left out any other."""
    text = _first_line(found)
    link = next(found[0].iter("a"), None) if text else None
    return text.removesuffix(label_text(link)).rstrip() or None if text and link is not None else text


def _first_line(found: list[Element]) -> str | None:
    return (label_text(found[0]) or None) if found else None


class AmpSwiftPage(AmpPage):
    """The design Swift, the sidebar variant (``.sp-left``) included."""

    layout = "amp-swift"
    lead_frames = ".sf-img"
    marks = words("cntn-wrp")

    @field
    def headline(self) -> str | None:
        return self.line(".amp-post-title")  # an h2 where the site has no logo of its own

    @field
    def lead(self) -> str | None:
        return self.line(".tl-exc")

    @field
    def byline(self) -> str | None:
        return (
            self.names(".sp-athr .author-name")
            or self.names(".sp-athr .author-details")  # co-authors are bare links at times
            or self.names(".amp-author .author-name")
        )

    @field
    def authors(self) -> list[Author]:
        # The byline (no bio) and the box below the body share the class amp-author.
        in_boxes = self.people(".amp-author .author-name")
        in_byline = self.people(".sp-athr .author-name") or self.people(".sp-athr .author-details a")
        authors: dict[str | None, Author] = {author.name: author for author in in_byline or in_boxes}
        only = next(iter(authors.values())) if len(authors) == 1 else None
        names = self.firsts(".amp-author .author-details", ".author-name")
        for box in self.css(".amp-author .author-details"):
            # Without the option "amp-author-bio-name" the box names nobody.
            if author := authors.get(without_by(label_text(names[box]))) if box in names else only:
                author.bio = author.bio or _bio(box)
                author.url = author.url or next((same.url for same in in_boxes if same.name == author.name), None)
        return [*authors.values()]

    @field
    def sections(self) -> list[str]:
        return (
            self.lines(".amp-cat")
            or self.lines(".amp-category a")  # old versions have no .amp-cat
            or self.graph_words("articleSection")
            or self.lines(".bread-cat")[-1:]
        )

    @field
    def tags(self) -> list[str]:
        return self.lines(".amp-tags .amp-tag") or self.lines(".amp-tags a") or self.graph_words("keywords")

    @cached_property
    def container(self) -> Element | None:
        # Layouts sold beside the plugin leave the second class out.
        found = self.css(".cntn-wrp.artl-cnt") or self.css(".cntn-wrp")
        return found[0] if found else None

    @field
    def recent_posts(self) -> list[RecentPost]:
        return self.recent(".r-pf .fsp", "loop-title")
