"""Tells when a response was captured (CONTRACT.md section 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ifp_scraper.dates import read_http_date

if TYPE_CHECKING:
    from scrapy.http import Response


def capture_time(response: Response) -> tuple[datetime, timedelta]:
    """Return the capture time in UTC, and how long a cache had held the response, see ``cache_age``.

    The capture time is that of the record in a recording, see ``warc_reader.record_time``; live, the Date header minus
    Age, else the clock.
    """
    # If there are several, the first counts, as for other readers of the header (RFC 9111, section 5.1).
    age, date = (b"".join(response.headers.getlist(name)[:1]).decode("latin-1") for name in ("Age", "Date"))
    meta = response.meta if response.request is not None else {}
    captured_at = meta.get("captured_at")
    if captured_at is None:
        captured_at = time_answered(age, date) or datetime.now(UTC).replace(microsecond=0)
    return captured_at, cache_age(captured_at, age, date) - meta.get("body_age", timedelta(0))


def time_answered(age: str, date: str) -> datetime | None:
    """Return the Date header less the Age header; None if there is no such date."""
    answered = read_http_date(date)
    return answered - read_age(age) if answered is not None else None


def cache_age(captured_at: datetime, age: str, date: str) -> timedelta:
    """Return how long a cache had held a response; zero if it had not.

    Negative if the cache got it before ``captured_at``, as in a recording by another program, whose WARC-Date is the
    time of the fetch. Positive if ``captured_at`` is Date minus Age: that may be too early by as much, since some
    caches set Date themselves and others do not.

    Args:
        captured_at: the capture time.
        age: the Age header, in seconds; may be empty.
        date: the Date header; may be empty.
    """
    kept = read_age(age)
    answered = read_http_date(date) if kept else None
    return kept if answered is not None and answered - kept == captured_at.replace(microsecond=0) else -kept


def read_age(text: str) -> timedelta:
    """Return the duration in an Age header; zero if it makes no sense."""
    text = text.strip().lstrip("0")
    seconds = int(text) if text.isdecimal() and len(text) < 10 else 0
    # No cache keeps a page for a year.
    return timedelta(seconds=seconds if seconds < 366 * 86400 else 0)
