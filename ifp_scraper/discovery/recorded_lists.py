"""What the REST responses, feeds and sitemaps in a recording say about its articles."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote

from ifp_scraper import urls
from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.discovery import ArticleRef
from ifp_scraper.discovery.feed import FEEDS, read_feed
from ifp_scraper.discovery.rest import read_json, read_posts
from ifp_scraper.discovery.sitemap_file import read_entries
from ifp_scraper.discovery.xml import local_name, read_xml
from ifp_scraper.recordings.codings import MAX_UNPACKED
from ifp_scraper.responses import OF_PAGES

_LISTS = re.compile(r"/wp/v2/posts(?:$|[/?&])|/feed/?(?:$|\?)|\.xml(?:\.gz)?$")

_ONE_RUN = timedelta(hours=1)
"""How long after the first list of a run its others may be captured, and its pages be expected to agree with it."""


class ListEvidence(NamedTuple):
    """What a recorded source says about an article."""

    captured_at: datetime
    """When the source was captured."""

    rank: int
    """0 for a REST response, 1 for a feed, 2 for a sitemap: the lowest is best."""

    ref: ArticleRef


def evidence_at(evidence: list[ListEvidence], moment: datetime) -> ArticleRef | None:
    """Combine the evidence about one article; None if there is none.

    - Its publication time is from the best source that states one, or from a feed of a later run that states another
      (see ``_stating_time``).
    - Its ID is from that source, or from the next best that knows it.
    - Its edit is the latest that any source states up to this moment; or, if all lists were captured later because a
      cache had held the page, the latest that the first run of them states (see ``_ONE_RUN``).
    - What a later list says was published later is left out: it is another article, or has a new date since.
    """
    evidence = [item for item in evidence if not _is_of_one_to_come(item, moment)]
    if not evidence:
        return None
    # Of one source, as it was last: a time may be corrected, and an address given to another article.
    by_rank = sorted(evidence, key=lambda item: (item.rank, item.captured_at > moment, abs(item.captured_at - moment)))
    source = _stating_time(by_rank, moment)
    ids = (item.ref.id for item in by_rank if item.ref.id is not None)
    told = [(item.captured_at, item.ref.modified_at) for item in evidence if item.ref.modified_at]  # a feed tells none
    all_later = all(item.captured_at > moment for item in evidence)
    until = min(told)[0] + _ONE_RUN if told and all_later else moment
    edits = (modified_at for captured_at, modified_at in told if captured_at <= until)
    best, is_old = source.ref, moment - source.captured_at > _ONE_RUN
    return replace(
        best,
        id=next(ids, None) if best.id is None else best.id,
        modified_at=max(edits, default=None),
        listed_at=best.listed_at or (format_utc(source.captured_at) if is_old else None),
    )


def _is_of_one_to_come(item: ListEvidence, moment: datetime) -> bool:
    """Whether it is of an article that was not there at this moment, or not with that date; clocks may differ."""
    published_at, latest = parse_utc(item.ref.published_at), moment + _ONE_RUN
    return published_at is not None and item.captured_at > latest and published_at > latest


def _stating_time(by_rank: list[ListEvidence], moment: datetime) -> ListEvidence:
    """Return the best evidence that states a publication time; if none does, the best.

    A feed of a later run is better if it states another time: the time was corrected, or the address is another
    article's now.
    """
    best = next((item for item in by_rank if item.ref.published_at is not None), by_rank[0])
    feed = next((item for item in by_rank if item.rank == 1 and item.captured_at <= moment), None)
    if feed is None or feed.ref.published_at in (None, best.ref.published_at):
        return best
    return feed if feed.captured_at - best.captured_at > _ONE_RUN else best


def may_list(url: str, status: int, content_type: str, site: str) -> bool:
    """Whether a recorded response may be a REST response, feed or sitemap of the site."""
    if status not in OF_PAGES or urls.host(url) != urls.host(site):
        return False
    # By its URL too: what PHP prints before a response turns it into text/html.
    return ("xml" in content_type and "html" not in content_type) or _LISTS.search(unquote(url)) is not None


def read_listed(url: str, body: bytes, site: str, captured_at: datetime) -> list[ListEvidence]:
    """Return what a REST response, feed or sitemap says about articles."""
    rank, refs = _read_source(url, body, site, captured_at)
    return [ListEvidence(captured_at, rank, ref) for ref in refs]


def _read_source(url: str, body: bytes, site: str, captured_at: datetime) -> tuple[int, list[ArticleRef]]:
    """Return the rank of a source (see ``ListEvidence``) and what it lists."""
    if "/wp/v2/posts" in unquote(url):
        try:
            data = read_json(body)
        except (ValueError, RecursionError):
            return 0, []
        return 0, read_posts(data if isinstance(data, list) else [data], site)
    root = read_xml(body, MAX_UNPACKED)
    if root is None:
        return 2, []
    if local_name(root) in FEEDS:
        return 1, read_feed(root, url)
    if local_name(root) == "urlset":
        return 2, [entry.to_ref() for entry in read_entries(root, url, captured_at)]
    return 2, []
