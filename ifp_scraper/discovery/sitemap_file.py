"""What is in one file: a sitemap, an index of sitemaps, or a feed in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple

from lxml import etree

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc, parse_utc, read_instant, read_zoned
from ifp_scraper.discovery import Notes
from ifp_scraper.discovery.feed import FEEDS
from ifp_scraper.discovery.xml import child_text, local_name, read_cut_xml

_MAX_ENTRIES = 50_000
"""Maximum number of entries in one file, by the protocol."""

_MAX_NEWS = 1000
"""Maximum number of entries in a sitemap of news, by Google's rules."""

_MAX_UNPACKED = 64 * 1024 * 1024

_MADE_AT_ONCE = timedelta(seconds=2)
"""Maximum time that a plugin takes to print the current time as every post's lastmod."""

_MADE_NOW = timedelta(seconds=10)
"""Maximum time from then to the capture, clock differences included."""

_TOO_MANY_TO_EDIT = 10
"""Minimum number of entries that no publisher edits within ``_MADE_AT_ONCE``."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True, frozen=True)
class Entry:
    """A ``url`` or ``sitemap`` element."""

    url: str
    lastmod: str | None
    """RFC 3339 in UTC."""

    published_at: str | None = None
    """From a news sitemap; RFC 3339 in UTC."""

    published_raw: str | None = None
    latest: str = ""
    """Sort key: the last edit, or its day if that is too recent for ``lastmod``."""

    is_day: bool = False
    """Whether only the day of the last edit is printed."""

    def to_ref(self) -> ArticleRef:
        """Return what it says about the article."""
        return ArticleRef(
            self.url,
            modified_at=self.lastmod,
            published_at=self.published_at,
            published_raw=self.published_raw,
            published_source="sitemap" if self.published_at else None,
        )


class SitemapFile(NamedTuple):
    """A sitemap, or an index of sitemaps, as read."""

    kind: Literal["feed", "index", "news", "list"]
    root: etree._Element
    is_cut: bool
    """Whether it breaks off in the middle."""


def parse_sitemap(body: bytes) -> SitemapFile | None:
    """Parse a sitemap, an index, or a feed, which may be a sitemap too; None if it is none of them."""
    root, is_cut = read_cut_xml(body, _MAX_UNPACKED)
    if root is None:
        return None
    name = local_name(root)
    if name in FEEDS:
        return SitemapFile("feed", root, is_cut)
    if name == "sitemapindex":
        return SitemapFile("index", root, is_cut)
    if name == "urlset":
        return SitemapFile("news" if _lists_news(root) else "list", root, is_cut)
    return None


def take_entries(file: SitemapFile, url: str, notes: Notes) -> list[Entry]:
    """Take the entries out of a sitemap or index at ``url``, which is then empty; note what it does not show."""
    root = file.root
    count = len(root)
    entries = read_entries(root, url, notes.asked_at)
    root.clear()  # a malicious one may take hundreds of megabytes
    if count and not entries:
        notes.broken.append(f"{url}: lists no address on this site")
    if count > _MAX_ENTRIES:
        notes.broken.append(f"{url}: lists {count} addresses, of which {_MAX_ENTRIES} were taken")
    if file.is_cut:
        notes.broken.append(f"{url}: breaks off in the middle")
    return entries


def _lists_news(root: etree._Element) -> bool:
    """Whether a sitemap lists news alone: only two days' articles, but it says when they were published."""
    return 0 < len(root) <= _MAX_NEWS and all(
        any(local_name(child) == "news" for child in element) for element in root
    )


def read_entries(root: etree._Element, base: str, captured_at: datetime | None) -> list[Entry]:
    """Read the entries of a sitemap or index at ``base`` that are on its site.

    A lastmod later than the capture is meaningless and left out; so are all of them if all equal the capture time, or
    in a sitemap of news alone, where it is often that of publication. Without capture time, any may be believed.
    """
    entries = []
    listed = [element for element in islice(root, _MAX_ENTRIES) if local_name(element) in ("url", "sitemap")]
    addresses = urls.of_list(base, (child_text(element, "loc") for element in listed))
    for element, url in zip(listed, addresses, strict=True):
        if url is None:
            continue
        news = next((child for child in element if local_name(child) == "news"), None)
        raw = child_text(news, "publication_date") if news is not None else None
        published_at = read_zoned(raw)
        lastmod = child_text(element, "lastmod")
        edited_at = read_instant(lastmod)
        day = _read_day(lastmod) if edited_at is None else None
        if day is not None and local_name(element) == "url" and _is_over(day, captured_at):
            edited_at = day
        entries.append(
            Entry(
                url,
                lastmod=format_utc(edited_at),
                published_at=format_utc(published_at),
                published_raw=raw if published_at else None,
                latest=format_utc(edited_at or day) or "",
                is_day=day is not None,
            )
        )
    meaningless = _are_made_now(entries, captured_at) or _lists_news(root)
    limit = format_utc(captured_at + _MADE_NOW) if captured_at else "9999"
    return [
        replace(entry, lastmod=None, latest="") if meaningless or (entry.lastmod or "") > limit else entry
        for entry in entries
    ]


def _read_day(text: str | None) -> datetime | None:
    """Return the start, in Tehran, of a date without a time, so that no edit of that day comes before it."""
    return read_instant(f"{text}T00:00:00+03:30") if text and _DAY.fullmatch(text) else None


def _is_over(day: datetime, captured_at: datetime | None) -> bool:
    """Whether a day was over everywhere; until then, it may be the capture's own, or see further edits."""
    return captured_at is not None and captured_at - day > timedelta(days=2)


def _are_made_now(entries: list[Entry], captured_at: datetime | None) -> bool:
    """Whether the plugin prints the time at which it made the file as the last edit of every post."""
    times = [entry.lastmod for entry in entries if entry.lastmod]
    if captured_at is None or len(times) < max(_TOO_MANY_TO_EDIT, len(entries)):
        return False
    first, last = parse_utc(min(times)), parse_utc(max(times))
    return last - first <= _MADE_AT_ONCE and last >= captured_at - _MADE_NOW
