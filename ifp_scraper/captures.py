"""When a response was captured (CONTRACT.md section 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ifp_scraper.dates import read_http_date

if TYPE_CHECKING:
    from scrapy.http import Response


def capture_time(response: Response) -> tuple[datetime, timedelta]:
    """Return the capture time in UTC, and how long a cache had kept the response (Age header, else zero).

    The capture time is WARC-Date in a recording; live, the Date header less Age, else the clock.
    """
    age = read_age((response.headers.get("Age") or b"").decode("latin-1"))
    recorded = response.meta.get("captured_at") if response.request is not None else None
    if recorded is not None:
        return recorded, age
    date = read_http_date((response.headers.get("Date") or b"").decode("latin-1"))
    return (date - age if date else datetime.now(UTC).replace(microsecond=0)), age


def read_age(text: str) -> timedelta:
    """Return the duration in an Age header; zero when it makes no sense."""
    text = text.strip()
    # A year is longer than any cache keeps a page.
    return timedelta(seconds=int(text)) if text.isdecimal() and int(text[:12]) < 366 * 86400 else timedelta(0)
