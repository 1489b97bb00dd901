"""What the REST responses, feeds and sitemaps in a recording say about its articles."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.discovery.feed import FEEDS, read_feed
from ifp_scraper.discovery.rest import read_json, read_posts
from ifp_scraper.discovery.sitemap_file import read_entries
from ifp_scraper.discovery.xml import local_name, read_xml
from ifp_scraper.recordings.codings import MAX_UNPACKED
from ifp_scraper.responses import OF_PAGES

_LISTS = re.compile(r"/wp/v2/posts(?:$|[/?&])|/feed/?(?:$|\?)|\.xml(?:\.gz)?$")

_ONE_RUN = timedelta(hours=1)
"""How long after the first list of a run that tells of edits its others may be captured."""


class ListEvidence(NamedTuple):
    """What a recorded source says about an article."""

    captured_at: datetime
    """When the source was captured."""

    rank: int
    """0 for a REST response, 1 for a feed, 2 for a sitemap: the lowest is best."""

    ref: ArticleRef


def evidence_at(evidence: list[ListEvidence], moment: datetime) -> ArticleRef | None:
    """Combine the evidence about one article; None if there is none.

    - Its publication time is from the best source that states one, as captured last before this moment, else first
      after it: a time may be corrected, and an address given to another article.
    - Its ID is from that source, or from the next best that knows it.
    - Its edit is the latest that any source states up to this moment; or, if all lists were captured later because a
      cache had held the page, the latest that the first run of them states (see ``_ONE_RUN``).
    """
    if not evidence:
        return None
    by_rank = sorted(evidence, key=lambda item: (item.rank, item.captured_at > moment, abs(item.captured_at - moment)))
    best = next((item.ref for item in by_rank if item.ref.published_at is not None), by_rank[0].ref)
    ids = (item.ref.id for item in by_rank if item.ref.id is not None)
    told = [(item.captured_at, item.ref.modified_at) for item in evidence if item.ref.modified_at]  # a feed tells none
    all_later = all(item.captured_at > moment for item in evidence)
    until = min(told)[0] + _ONE_RUN if told and all_later else moment
    edits = (modified_at for captured_at, modified_at in told if captured_at <= until)
    return replace(best, id=next(ids, None) if best.id is None else best.id, modified_at=max(edits, default=None))


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
