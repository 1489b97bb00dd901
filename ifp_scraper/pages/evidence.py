"""Printed times as evidence of when an article was published and edited, and whether they agree (CONTRACT.md 4).

A page may print one time in five places, some with a known fault of its theme or plugin, which ``dates.py`` undoes.
Which elements a layout reads, and in which order, is in the layout's own file; this is what they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from ifp_scraper.dates import (
    is_to_the_minute,
    read_instant,
    read_iso,
    read_utc_clock,
    read_zoned,
    same_but_for_clock_fault,
)
from ifp_scraper.items import TimeSource
from ifp_scraper.pages.json_ld import Item

Event = Literal["published", "modified"]

_JSON_LD_KEYS: dict[Event, str] = {"published": "datePublished", "modified": "dateModified"}


class Evidence(NamedTuple):
    """A printed time, and the instant it means once known faults are undone."""

    source: TimeSource
    raw: str
    """As printed."""

    instant: datetime
    """With its time zone."""

    @classmethod
    def of(cls, source: TimeSource, raw: str | None, instant: datetime | None) -> Evidence | None:
        """Make evidence from a printed time; None if there is none, or it could not be read."""
        return cls(source, raw, instant) if raw and instant else None

    def ignoring_offset(self) -> Evidence:
        """Return the time with its clock read as UTC (docs/dates.md, trap 1) if a meta element or graph prints it."""
        in_utc = read_utc_clock(self.raw) if self.source == "meta" else None
        return self._replace(instant=in_utc) if in_utc else self


def json_ld_time(item: Item, event: Event) -> str | None:
    """Return the time in a JSON-LD object; None if it has none."""
    printed = item.get(_JSON_LD_KEYS[event])
    return printed if isinstance(printed, str) else None


def seo_evidence(metas: Iterable[str], articles: Iterable[Item], event: Event) -> Iterator[Evidence | None]:
    """Yield what an SEO plugin prints in meta elements and in its graph: correct as printed (MARKUP.md 2.3)."""
    for printed in metas:
        yield Evidence.of("meta", printed, read_instant(printed))
    for article in articles:
        if (in_graph := json_ld_time(article, event)) is not None:
            yield Evidence.of("meta", in_graph, read_instant(in_graph))


def json_ld_evidence(article: Item, event: Event) -> Evidence | None:
    """Return the time in a JSON-LD article outside a graph, which is correct if it states its UTC offset."""
    printed = json_ld_time(article, event)
    return Evidence.of("jsonld", printed, read_zoned(printed))


def have_false_offsets(published: list[Evidence]) -> bool:
    """Whether meta elements or a graph have trap 1: only if its offset is ignored, one is what another source says."""
    others = [time for time in published if time.source != "meta"]
    said = {other.instant for other in others}
    return any(time.instant not in said and any(_bears_out(other, time) for other in others) for time in published)


def _bears_out(other: Evidence, time: Evidence) -> bool:
    """Whether another source says that a time's clock is UTC; not if that may print the local clock as UTC itself."""
    printed, printed_there = read_iso(time.raw), read_iso(other.raw)
    if other.instant != time.ignoring_offset().instant or printed is None or printed_there is None:
        return False
    is_same_clock = printed.replace(tzinfo=None) == printed_there.replace(tzinfo=None)
    return not is_same_clock or printed.utcoffset() == printed_there.utcoffset()


def time_warnings(published: Sequence[Evidence], modified: Evidence | None, captured_at: datetime | None) -> list[str]:
    """Return warnings about a page's publication times, if it has any.

    Args:
        published: the times, best first.
        modified: the best modification time, which an option of the theme shows in place of the publication time.
        captured_at: when the page was captured.
    """
    if not published:
        return []
    best, *others = published
    edited = modified.instant if modified else None
    warnings = []
    if not all(agrees(other, best, edited) for other in others):
        warnings.append("dates-disagree")
    if captured_at and best.instant > captured_at + timedelta(days=1):
        warnings.append("future-date")
    return warnings


def agrees(shown: Evidence, published: Evidence, edited: datetime | None) -> bool:
    """Whether a time is that of publication or, as a theme may show that, of a later edit."""
    published_at, shown_at = published.instant, shown.instant
    if is_to_the_minute(published.raw) or is_to_the_minute(shown.raw):
        published_at, shown_at = published_at.replace(second=0), shown_at.replace(second=0)
        edited = edited.replace(second=0) if edited else None
    if same_but_for_clock_fault(published_at, shown_at):
        return True
    if shown.source != "time" or edited is None or edited <= published_at:
        return False
    return same_but_for_clock_fault(edited, shown_at)
