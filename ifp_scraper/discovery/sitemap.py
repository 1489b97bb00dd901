"""Sitemaps: core's, Yoast's, Rank Math's; complete, and with lastmod they say what was edited (MARKUP.md 6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from lxml import etree

from ifp_scraper import urls
from ifp_scraper.dates import format_utc, parse_utc, read_instant
from ifp_scraper.discovery import ArticleRef, FetchFailed, Notes, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import read_newest
from ifp_scraper.discovery.xml import child_text, local_name, read_cut_xml

_USUAL = ("/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap.xml")
_NOT_THERE = (404, 410)
_MAX_DEPTH = 3
_MAX_ENTRIES = 50_000
"""Most entries of one file, by the protocol."""

_MAX_UNPACKED = 64 * 1024 * 1024

_MADE_AT_ONCE = timedelta(seconds=2)
"""Longest time that a plugin takes to print the clock behind every post."""

_MADE_NOW = timedelta(seconds=10)
"""Longest time from then to the capture, and most that the clocks differ."""

_TOO_MANY_TO_EDIT = 10
"""Entries, at least, that no publisher edits within ``_MADE_AT_ONCE``."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_SCHEDULED_AHEAD = timedelta(days=30)
"""Longest time by which a lastmod may precede the publication: of a post edited, then scheduled."""

_NO_POSTS = re.compile(
    r"(?:page|category|categories|tag|post_tag|author|users?|taxonom(?:y|ies)[\w-]*|product|local|video|image|misc"
    r"|attachment|tdb_templates|archives?)[\w-]*?-?(?:sitemap)?[-_]?\d*\.xml(?:\.gz)?$",
    re.IGNORECASE,
)
"""Children of an index that list no posts."""

_POSTS = re.compile(r"posts?[-_]?sitemap|sitemap-posts-post|post-\d", re.IGNORECASE)
_NEWS = re.compile(r"news[-_]?sitemap|sitemap[-_]?news|/news\d*\.xml", re.IGNORECASE)
"""Lists the articles of two days only, by Google's rules, but says when they were published."""


@dataclass(slots=True, frozen=True)
class Entry:
    """A ``url`` or ``sitemap`` element."""

    url: str
    lastmod: str | None
    """RFC 3339 in UTC."""

    published_at: str | None = None
    """Of a news sitemap."""

    published_raw: str | None = None
    latest: str = ""
    """By which entries are put in order: the last edit, or its day where that is too new for ``lastmod``."""


class Document(NamedTuple):
    """A sitemap, or an index of sitemaps, as it was read."""

    root: etree._Element
    is_cut: bool
    """Whether it breaks off in the middle."""


class Place(NamedTuple):
    """Where a sitemap is."""

    url: str
    depth: int = 0
    """How many indexes lead to it, one inside the other."""

    document: Document | None = None
    """What is there, if it was fetched already."""


class _Queue:
    """The sitemaps to read: what an index names comes before what stands behind that index.

    Indexes may come once more, at the end: a file may have been added to them meanwhile.
    """

    def __init__(self, places: list[Place]) -> None:
        self._waiting = places
        self._visited: set[str] = set()
        self._to_read_again: list[Place] = []
        self._is_second_round = False

    def __len__(self) -> int:
        return len(self._waiting)

    def pop(self) -> Place | None:
        """Return the next one, each address once in a round; None at the end."""
        while self._waiting or self._to_read_again:
            if not self._waiting:
                self._waiting, self._to_read_again = self._to_read_again, []
                self._visited.difference_update(place.url for place in self._waiting)
                self._is_second_round = True
            place = self._waiting.pop(0)
            if place.url not in self._visited:
                self._visited.add(place.url)
                return place
        return None

    def add_children(self, index: Place, entries: list[Entry]) -> None:
        """Have the sitemaps read that an index names."""
        self._waiting = [Place(entry.url, index.depth + 1) for entry in entries] + self._waiting

    def read_again(self, index: Place) -> None:
        """Have an index read once more, if this is not that time."""
        if not self._is_second_round:
            self._to_read_again.append(Place(index.url, index.depth))


class SitemapSource:
    """Every sitemap that robots.txt names or that is usual, newest posts first."""

    name = "sitemap"
    complete = True

    def __init__(self) -> None:
        self._feed_is_of_use = False
        """Whether what the feed says is worth a request."""

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """See ``Source``."""
        if walk.options.section:
            raise SourceUnavailable("a sitemap does not say which section an article is in")
        queue = _Queue(await self._roots(walk))
        listed: set[str] = set()
        held: list[Entry] = []  # of the first two files: the second one shows how many a full one lists
        in_feed: dict[str, ArticleRef] = {}  # by address: the feed knows when articles were published
        files = longest = 0
        while (place := queue.pop()) is not None:
            if files >= walk.max_sitemaps:
                walk.notes.broken.append(f"more than {walk.max_sitemaps} sitemaps")
                return
            files += 1
            document = place.document or await self._read(walk, place)
            if document is None:
                continue
            is_index = local_name(document.root) == "sitemapindex"
            entries = take_entries(document, place.url, walk.notes)
            if is_index:
                self._enqueue(queue, place, entries, walk)
                if self._feed_is_of_use and not in_feed and "feed" in walk.options.sources:
                    in_feed = {ref.url: ref for ref in await read_newest(walk)}
                continue
            longest = max(longest, len(entries))
            held += [entry for entry in entries if entry.url not in listed]
            listed.update(entry.url for entry in entries)
            walk.notes.total = len(listed) + len(queue) * longest
            if walk.caught_up or files > 2 or not queue:
                for ref in _refs(held, walk, in_feed):
                    yield ref
                held = []
        if not listed and walk.options.since is None:
            raise SourceUnavailable("; ".join(walk.notes.broken) or "the sitemaps list no posts")
        for ref in _refs(held, walk, in_feed):
            yield ref
        # What was scheduled is listed among the articles of the day it was written: the feed names it.
        for ref in in_feed.values():
            if ref.url not in listed:
                yield ref

    async def _roots(self, walk: Walk) -> list[Place]:
        """The sitemaps to begin with; the first usual name that answers, when robots.txt names none but of news."""
        named = (urls.of_site(walk.options.site, url) for url in walk.sitemaps)
        own = list(dict.fromkeys(url for url in named if url is not None))
        whole = [url for url in own if not _NEWS.search(url)]
        reasons = []
        for url in dict.fromkeys([*whole, *(walk.options.site + path for path in _USUAL)]):
            try:
                response = await walk.fetch(url, probe=True)
            except FetchFailed as error:
                reasons.append(str(error))
                own = [other for other in own if other != url or error.status not in _NOT_THERE]
                continue
            if (document := _parse(response.body)) is not None:
                return [Place(response.url, document=document), *(Place(other) for other in own if other != url)]
            reasons.append("no XML")
        raise SourceUnavailable(f"no sitemap ({', '.join(dict.fromkeys(reasons))})")

    async def _read(self, walk: Walk, place: Place) -> Document | None:
        """Fetch a sitemap; None, with a note of it, when that fails."""
        try:
            response = await walk.fetch(place.url)
        except FetchFailed as error:
            if place.depth > 0 or error.status not in _NOT_THERE:  # robots.txt may be older than the sitemaps
                walk.notes.broken.append(f"{place.url}: {error}")
            return None
        document = _parse(response.body)
        if document is None:
            walk.notes.broken.append(f"{place.url}: no sitemap")
        return document

    def _enqueue(self, queue: _Queue, index: Place, entries: list[Entry], walk: Walk) -> None:
        """Have the children of an index read that may list posts of interest."""
        if index.depth >= _MAX_DEPTH:
            return
        children = self._children(walk, entries)
        queue.add_children(index, children)
        if len(children) > 1 and not walk.caught_up:
            queue.read_again(index)

    def _children(self, walk: Walk, entries: list[Entry]) -> list[Entry]:
        """The children of an index that may list posts of interest, the latest first."""
        if any(_POSTS.search(entry.url) for entry in entries):
            posts = [entry for entry in entries if _POSTS.search(entry.url) or _NEWS.search(entry.url)]
        else:
            posts = [entry for entry in entries if not _NO_POSTS.search(entry.url)]
        self._feed_is_of_use = len(posts) > 1
        if walk.caught_up and walk.newest_modified:
            newest = walk.newest_modified
            # The latest is read in any case: an index may be older than its children.
            posts = _newest_first(posts)
            fresh = posts[:1] + [entry for entry in posts[1:] if entry.lastmod is None or entry.lastmod >= newest]
            self._feed_is_of_use = len(fresh) == 1 < len(posts)  # else the requests would be too many
            posts = fresh
        return _since(_newest_first(posts), walk)


def _parse(body: bytes) -> Document | None:
    """Parse a sitemap or an index; None when it is neither."""
    root, is_cut = read_cut_xml(body, _MAX_UNPACKED)
    return Document(root, is_cut) if root is not None and local_name(root) in ("sitemapindex", "urlset") else None


def take_entries(document: Document, url: str, notes: Notes) -> list[Entry]:
    """Take the entries out of a sitemap or index at ``url``, and note what it does not show."""
    root = document.root
    count = len(root)
    entries = read_entries(root, url, notes.asked_at)
    root.clear()  # a made-up one may take hundreds of megabytes
    if count and not entries:
        notes.broken.append(f"{url}: lists no address on this site")
    if count > _MAX_ENTRIES:
        notes.broken.append(f"{url}: lists {count} addresses, of which {_MAX_ENTRIES} were taken")
    if document.is_cut:
        notes.broken.append(f"{url}: breaks off in the middle")
        entries = entries[:-1]
    return entries


def _refs(entries: list[Entry], walk: Walk, in_feed: dict[str, ArticleRef]) -> Iterator[ArticleRef]:
    for entry in _since(_newest_first(entries), walk):
        if (dated := in_feed.get(urls.canonical(entry.url))) is not None:
            yield replace(dated, url=entry.url, modified_at=entry.lastmod)
            continue
        yield ArticleRef(
            entry.url,
            modified_at=entry.lastmod,
            published_at=entry.published_at,
            published_raw=entry.published_raw,
            source="sitemap" if entry.published_at else None,
        )


def _since(entries: list[Entry], walk: Walk) -> list[Entry]:
    """Leave out entries last edited so long before ``since`` that they must have been published before it."""
    if walk.options.since is None:
        return entries
    earliest = format_utc(walk.options.since - _SCHEDULED_AHEAD) or ""
    return [entry for entry in entries if entry.lastmod is None or entry.lastmod >= earliest]


def _newest_first(entries: list[Entry]) -> list[Entry]:
    """Order by lastmod; where there is none the last one listed is the newest."""
    newest_first = list(reversed(entries))
    newest_first.sort(key=lambda entry: entry.latest, reverse=True)
    return newest_first


def read_entries(root: etree._Element, base: str, captured_at: datetime | None = None) -> list[Entry]:
    """Read the entries of a sitemap or of an index at ``base`` that are on its site.

    A lastmod says nothing, and is left out, where that of all is the time of the capture, and where it is later.
    """
    entries = []
    listed = [element for element in islice(root, _MAX_ENTRIES) if local_name(element) in ("url", "sitemap")]
    addresses = urls.of_list(base, (child_text(element, "loc") for element in listed))
    for element, url in zip(listed, addresses, strict=True):
        if url is None:
            continue
        news = next((child for child in element if local_name(child) == "news"), None)
        raw = child_text(news, "publication_date") if news is not None else None
        lastmod = child_text(element, "lastmod")
        edited_at = read_instant(lastmod)
        day = _read_day(lastmod) if edited_at is None else None
        if day is not None and local_name(element) == "url" and _is_over(day, captured_at):
            edited_at = day
        entries.append(
            Entry(
                url,
                format_utc(edited_at),
                format_utc(read_instant(raw)),
                raw if read_instant(raw) else None,
                format_utc(edited_at or day) or "",
            )
        )
    made_now = _are_made_now(entries, captured_at)
    limit = (format_utc(captured_at + _MADE_NOW) if captured_at else None) or "9999"
    return [
        replace(entry, lastmod=None, latest="") if made_now or (entry.lastmod or "") > limit else entry
        for entry in entries
    ]


def _read_day(text: str | None) -> datetime | None:
    """Return the beginning of a day that stands alone, in Tehran, so that no edit of it comes before."""
    return read_instant(f"{text}T00:00:00+03:30") if text and _DAY.fullmatch(text) else None


def _is_over(day: datetime, captured_at: datetime | None) -> bool:
    """Whether a day was over everywhere: before, what it names may be edited again, or be that of the capture."""
    return captured_at is not None and captured_at - day > timedelta(days=2)


def _are_made_now(entries: list[Entry], captured_at: datetime | None) -> bool:
    """Whether the plugin prints the time when it made the file as the last edit of every post."""
    times = [entry.lastmod for entry in entries if entry.lastmod]
    if captured_at is None or len(times) < max(_TOO_MANY_TO_EDIT, len(entries)):
        return False
    first, last = parse_utc(min(times)), parse_utc(max(times))
    return last - first <= _MADE_AT_ONCE and last >= captured_at - _MADE_NOW
