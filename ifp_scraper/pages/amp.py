"""AMP pages by the plugin AMPforWP, 1.0.94 and 1.1.13 (MARKUP.md sections 1, 2, 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

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
)
from ifp_scraper.items import Author, RecentPost
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.bylines import without_by
from ifp_scraper.pages.document import parse
from ifp_scraper.pages.evidence import Event, Evidence, json_ld_evidence, json_ld_time
from ifp_scraper.pages.inline import inline_text, label_text
from ifp_scraper.pages.json_ld import Item, is_article
from ifp_scraper.pages.tree import Element, Tree
from ifp_scraper.text import LargeBytes, squeeze, words

_AMP_ADDRESS = re.compile(r"/amp(/\d{1,3})?/?$")
_AMP_QUERY = re.compile("amp(=.*)?")
_AGE = re.compile(
    r"(?:(?!in\b|updated|modified|edited)[^\d\s]{1,20} ){0,3}"
    r"(\d{1,4} (?:second|min|minute|hour|day|week|month|year)s?)(?! (?:later|from)\b)(?: [^\d\s]{1,20}){0,2}",
    re.IGNORECASE,
)
"""Options of the plugin change the word "ago" and what stands around it ("Published % days ago"); the units are
WordPress's. What is "from now" is no age, and the age of an edit not that of the article."""

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
        yield from self._json_ld_evidence("published")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield from self._json_ld_evidence("modified")

    def _json_ld_evidence(self, event: Event) -> Iterator[Evidence | None]:
        plugins_own, others = self._json_ld
        for article in others:
            yield json_ld_evidence(article, event)
        printed = json_ld_time(plugins_own, event)
        yield Evidence.of("jsonld", printed, read_amp_json_ld(printed, self.plugin_version))

    def plain_evidence(self, event: Event) -> Evidence | None:
        """None: JSON-LD is read above, and the faults of the plugin's own are undone."""
        return None

    @cached_property
    def _json_ld(self) -> tuple[Item, list[Item]]:
        """The plugin's own object, and articles of schema plugins, right as printed: these have an ``@id``.

        All outside of an SEO plugin's graph. The plugin's own says which page it is of, a review in the text does not.
        """
        plugins_own: Item = {}
        others = []
        for item in self.document.json_ld.plain:
            if "@id" in item:
                if is_article(item):
                    others.append(item)
            elif "datePublished" in item and (
                not plugins_own or "mainEntityOfPage" in item.keys() - plugins_own.keys()
            ):
                plugins_own = item
        return plugins_own, others

    @cached_property
    def plugin_version(self) -> tuple[int, ...] | None:
        """Version of AMPforWP, from its generator element; an option hides that, but not the class of the body."""
        generators = self.attributes('meta[name="generator"]', "content")
        in_generator = next(filter(None, map(_PLUGIN.search, generators)), None)
        if match := in_generator or _PLUGIN_IN_BODY.search(self.document.body_class):
            return tuple(int(part) for part in match[1].split("."))
        return None

    def read_recent_posts(self, entries: str, title: str) -> list[RecentPost]:
        """Read the entries of Recent Posts that have a headline with a link.

        Args:
            entries: selects the elements of the entries.
            title: class of the element that holds an entry's headline; the designs call it differently.
        """
        box = self.document.recent_posts
        if box is not None:
            printed = _entries_of_box(LargeBytes(box), entries, title)
        else:
            printed = _entries_in(self.document.tree, entries, title)
        return [post for entry in printed if (post := self._recent_post(entry))]

    def _recent_post(self, entry: _Entry) -> RecentPost | None:
        """Make a record of an entry, its age counted back from the capture; None when its link leads nowhere."""
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
def _entries_of_box(box: LargeBytes, entries: str, title: str) -> list[_Entry]:
    """Read a box that was set aside; all pages of one day have the same one."""
    return _entries_in(Tree(parse(box)), entries, title)


def _entries_in(tree: Tree, entries: str, title: str) -> list[_Entry]:
    """Read the entries that have a headline with a link, as of ``AmpPage.read_recent_posts``."""
    printed = []
    for element in tree.find(entries):
        entry = Tree(element)
        links = entry.find(f".{title} a")
        if links and (address := links[0].get("href")):
            excerpt = _excerpt(entry.find(".loop-excerpt") or entry.find("p"))  # old versions have no class
            labels = (_first_line(entry.find(query)) for query in (".loop-category li", ".loop-date"))
            printed.append(_Entry(label_text(links[0]), address, excerpt, *labels))
    return printed


@lru_cache(maxsize=256)
def _read_ago(words: str, captured_at: datetime, age: timedelta) -> tuple[str | None, str | None, str | None]:
    """Read a printed age or date: the likeliest instant, the earliest and the latest one."""
    if age_printed := _AGE.fullmatch(words):
        words = f"{age_printed[1]} ago"
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
    return squeeze(" ".join(pieces)) or None


def _excerpt(elements: list[Element]) -> str | None:
    """The text of an excerpt without the link "Read More" of an option; WordPress has left out any other."""
    text = _first_line(elements)
    link = next(elements[0].iter("a"), None) if text else None
    return text.removesuffix(label_text(link)).rstrip() or None if text and link is not None else text


def _first_line(elements: list[Element]) -> str | None:
    return (label_text(elements[0]) or None) if elements else None


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
        names = self.first_inside(".amp-author .author-details", ".author-name")
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
            or self.seo_labels("articleSection")
            or self.lines(".bread-cat")[-1:]
        )

    @field
    def tags(self) -> list[str]:
        return self.lines(".amp-tags .amp-tag") or self.lines(".amp-tags a") or self.seo_labels("keywords")

    @cached_property
    def container(self) -> Element | None:
        # Layouts sold beside the plugin leave the second class out.
        bodies = self.css(".cntn-wrp.artl-cnt") or self.css(".cntn-wrp")
        return bodies[0] if bodies else None

    @field
    def recent_posts(self) -> list[RecentPost]:
        return self.read_recent_posts(".r-pf .fsp", "loop-title")
