"""What articles say about other articles' times, in their blocks of recent posts, as a DataFrame."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from ifp_scraper import urls
from ifp_scraper.analysis.arrow import Engine, instants, require_engine, to_frame
from ifp_scraper.analysis.output_reader import Files, select


def recent_posts(source: Files, *, engine: Engine = "pandas") -> Any:
    """Read what the Recent Posts blocks of all pages, in every revision, say about other articles' times.

    Returns:
        A DataFrame with a row for each observation; times are UTC date-times.

        - observed_at, observed_on: when the page was captured, and its URL
        - url, headline, excerpt, section: those of the article seen there
        - published_raw: its age as printed, such as "12 hours ago"
        - published_earliest, published_latest: the interval that this observation allows
        - earliest, latest: the interval that all observations of that url allow together; the exact time, twice,
          if the article itself is in the file
        - exact: whether it is
        - consistent: false if observations contradict each other; earliest and latest then span them all

    Raises:
        MissingExtra, FileNotFoundError, ValueError: as for ``load``.
    """
    pa = require_engine(engine)
    seen, exact = _observations(source)
    intervals: dict[str, list[_Entry]] = {}
    for (_, _, url), post in seen.items():
        if post.published_earliest and post.published_latest:
            intervals.setdefault(url, []).append(post)
    narrowed = {url: _narrow(posts) for url, posts in intervals.items()}
    rows = []
    for (observed_at, observed_on, url), post in seen.items():
        earliest, latest, consistent = narrowed.get(url, (None, None, True))
        known = exact.get(urls.article_key(url))
        rows.append(
            _Row(
                observed_at=observed_at,
                headline=post.headline,
                url=url,
                excerpt=post.excerpt,
                published_raw=post.published_raw,
                published_earliest=post.published_earliest,
                published_latest=post.published_latest,
                earliest=known or earliest,
                latest=known or latest,
                section=post.section,
                observed_on=observed_on,
                exact=bool(known),
                consistent=consistent,
            )
        )
    return to_frame(_to_table(pa, rows), engine)


def _to_table(pa: Any, rows: list[_Row]) -> Any:
    """Return the rows as an Arrow table, with times as instants."""
    columns = list(zip(*rows, strict=True)) or [()] * len(_Row._fields)
    table: dict[str, Any] = {}
    for name, values in zip(_Row._fields, columns, strict=True):
        kind = pa.bool_() if name in ("exact", "consistent") else pa.string()
        column = pa.chunked_array([pa.array(values, kind)])
        table[name] = instants(column) if name.endswith(("_at", "earliest", "latest")) else column
    return pa.table(table)


def _observations(source: Files) -> tuple[dict[tuple[str | None, str, str], _Entry], dict[str, str]]:
    """Return every Recent Posts entry by (capture time, page, url), and the exact times of articles by URL."""
    decoder = msgspec.json.Decoder(_Page)
    seen: dict[tuple[str | None, str, str], _Entry] = {}
    exact: dict[str, str] = {}
    for _, line in select(source, revisions="all").lines():
        try:
            page = decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        for address in (page.url, page.amp_url, *page.aliases):
            if address and page.published_at:
                exact[urls.article_key(address)] = page.published_at
        for post in page.recent_posts:
            seen[page.fetched_at, page.url, post.url] = post  # if reread, the later reading counts
    return seen, exact


class _Row(NamedTuple):
    """A row of what ``recent_posts`` returns."""

    observed_at: str | None
    headline: str
    url: str
    excerpt: str | None
    published_raw: str | None
    published_earliest: str | None
    published_latest: str | None
    earliest: str | None
    latest: str | None
    section: str | None
    observed_on: str
    exact: bool
    consistent: bool


class _Entry(msgspec.Struct):
    """A Recent Posts entry: an observation of another article."""

    headline: str
    url: str
    excerpt: str | None = None
    section: str | None = None
    published_raw: str | None = None
    published_earliest: str | None = None
    published_latest: str | None = None


class _Page(msgspec.Struct):
    """The part of an output line that ``recent_posts`` reads."""

    url: str
    amp_url: str | None = None
    aliases: list[str] = []
    published_at: str | None = None
    fetched_at: str | None = None
    recent_posts: list[_Entry] = []


def _narrow(posts: list[_Entry]) -> tuple[str, str, bool]:
    """Return the intersection of all observed intervals and True; if it is empty, their span and False."""
    # RFC 3339 with Z and whole seconds: string order is time order.
    starts = [post.published_earliest or "" for post in posts]
    ends = [post.published_latest or "" for post in posts]
    if max(starts) <= min(ends):
        return max(starts), min(ends), True
    return min(starts), max(ends), False
