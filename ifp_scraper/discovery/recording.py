"""Inside a recording: every page that it holds, with the times that its REST answers, feeds and sitemaps say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from ifp_scraper import urls
from ifp_scraper.archive import Archive, Recorded, RecordingError
from ifp_scraper.discovery.feed import read_feed
from ifp_scraper.discovery.listing import may_be_article
from ifp_scraper.discovery.rest import read_posts
from ifp_scraper.discovery.sitemap import read_entries
from ifp_scraper.discovery.xml import name, read_xml
from ifp_scraper.merge import ArticleRef

_MAX_UNPACKED = 64 * 1024 * 1024
_AMP = re.compile(r"/amp(?:/\d{1,3})?/?(?:$|\?)|[?&]amp(?:=1)?(?:&|$)")
_PAGE = re.compile(r"(?:/amp)?/\d{1,3}/?(?:\?.*)?$")


@dataclass(slots=True, frozen=True)
class RecordedArticle:
    """One reading of an article: its pages were captured in this span of time."""

    ref: ArticleRef
    address: str
    """The captured address to begin with: the canonical page, else the AMP page."""

    amp_address: str | None
    window: tuple[datetime, datetime]


def find_recorded(archive: Archive, site: str) -> Iterator[RecordedArticle]:
    """Yield every article page of a recording, in the order of capture; recaptures are readings of their own.

    Args:
        archive: the recording.
        site: pages of other hosts are passed over.
    """
    evidence = _evidence(archive, site)
    groups: dict[str, list[Recorded]] = {}
    for record in sorted(archive.records, key=lambda record: record.captured_at):
        if record.status != 200 or not ("html" in record.content_type or not record.content_type):
            continue
        if may_be_article(record.url, site) and not _PAGE.search(urlsplit(record.url).path):
            groups.setdefault(_group(record.url), []).append(record)
    for key, captures in groups.items():
        known = evidence.get(key)
        for reading in _readings(captures):
            canonical = next((record for record in reading if not _AMP.search(record.url)), None)
            amp = next((record for record in reading if _AMP.search(record.url)), None)
            first = canonical or amp
            assert first is not None
            ref = replace(known, url=first.url) if known else ArticleRef(first.url)
            end = _end(archive, captures, reading)
            yield RecordedArticle(
                ref, first.url, amp.url if amp and amp is not first else None, (reading[0].captured_at, end)
            )


def _group(url: str) -> str:
    """What the pages of one article share: host and path, whatever scheme, query or view."""
    return urls.canonical(url).split("://", 1)[-1].removeprefix("www.")


def _readings(captures: list[Recorded]) -> Iterator[list[Recorded]]:
    """Split the captures of an article where a view comes for the second time."""
    reading: list[Recorded] = []
    for record in captures:
        if any(_is_amp(record) == _is_amp(other) for other in reading):
            yield reading
            reading = []
        reading.append(record)
    if reading:
        yield reading


def _is_amp(record: Recorded) -> bool:
    return _AMP.search(record.url) is not None


def _end(archive: Archive, captures: list[Recorded], reading: list[Recorded]) -> datetime:
    """When the next reading begins; what was captured before then belongs to this one."""
    later = [record.captured_at for record in captures if record.captured_at > reading[-1].captured_at]
    following = min(later, default=None)
    return following if following is not None else datetime.max.replace(tzinfo=reading[0].captured_at.tzinfo)


def _evidence(archive: Archive, site: str) -> dict[str, ArticleRef]:
    """What the recording's REST answers, feeds and sitemaps say of each article, REST before feed before sitemap."""
    found: dict[str, ArticleRef] = {}
    ranked: list[tuple[int, ArticleRef]] = []
    for record in archive.records:
        if record.status != 200 or urls.host(record.url) != urls.host(site):
            continue
        path = urlsplit(record.url).path
        try:
            if "json" in record.content_type and "/wp/v2/posts" in path:
                data = json.loads(archive.read(record)[1])
                ranked += [(0, ref) for ref in read_posts(data if isinstance(data, list) else [data], site)]
            elif (
                "xml" in record.content_type and (root := read_xml(archive.read(record)[1], _MAX_UNPACKED)) is not None
            ):
                if name(root) in ("rss", "feed", "RDF"):
                    ranked += [(1, ref) for ref in read_feed(root, record.url)]
                elif name(root) == "urlset":
                    ranked += [(2, ArticleRef(entry.url, modified_at=entry.lastmod)) for entry in read_entries(root)]
        except (ValueError, RecursionError, RecordingError):
            continue
    for _, ref in sorted(ranked, key=lambda pair: pair[0]):
        key = _group(ref.url)
        known = found.get(key)
        if known is None:
            found[key] = ref
        elif ref.modified_at and (known.modified_at is None or ref.modified_at > known.modified_at):
            found[key] = replace(known, modified_at=ref.modified_at)
    return found
