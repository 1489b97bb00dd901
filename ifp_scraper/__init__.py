"""Iran Front Page (ifpnews.com) as data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ifp_scraper.analysis.load import load
from ifp_scraper.analysis.recent_posts import recent_posts
from ifp_scraper.items import to_dict
from ifp_scraper.pages import Capture, UnreadablePage, read_article
from ifp_scraper.recordings.wayback import is_wrapped, unwrap_address, unwrap_page

__all__ = ["UnreadablePage", "extract", "load", "recent_posts"]


def extract(html: bytes | str, url: str, *, captured_at: datetime | str | None = None) -> dict[str, Any] | None:
    """Return the record of one saved page, a dict equal to a line of the output; None if it is not an article.

    Args:
        html: the page, as bytes (best) or text; also as a browser saves it, but not in MHTML.
        url: its URL; a Wayback Machine URL also gives the page's own URL and the capture time.
        captured_at: when it was captured: a datetime or ISO 8601, UTC if it has no zone. Without it, the times that
            depend on it are None: ``fetched_at`` and what the ages of recent posts tell.

    Raises:
        UnreadablePage: if it should be an article but cannot be read.
        ValueError: if ``captured_at`` is not an ISO 8601 time.
        TypeError: if ``html`` is a path, or another argument has the wrong type.
    """
    if not isinstance(html, bytes | str):
        raise TypeError(f"html is the page itself, bytes or str, not {type(html).__name__}")
    if isinstance(html, str) and "<" not in html and html[-5:].lower().endswith((".html", ".htm")):
        raise TypeError("html is the page itself, bytes or str, not the name of its file")
    if not isinstance(url, str):
        raise TypeError(f"url is a str, not {type(url).__name__}")
    captured_at = _instant(captured_at)
    url, kept_at = unwrap_address(url)
    captured_at = captured_at or kept_at
    if kept_at is not None or is_wrapped(html):
        html = unwrap_page(html if isinstance(html, bytes) else html.encode("utf-8", "replace"))
    article = read_article(html, Capture(url, captured_at))
    return to_dict(article) if article is not None else None


def _instant(captured_at: datetime | str | None) -> datetime | None:
    if not isinstance(captured_at, datetime | str | None):
        raise TypeError(f"captured_at is a datetime or a str, not {type(captured_at).__name__}")
    try:
        if isinstance(captured_at, str):
            captured_at = datetime.fromisoformat(captured_at)
        if captured_at is None:
            return None
        return (captured_at if captured_at.tzinfo else captured_at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"captured_at is no ISO 8601 time: {captured_at!r}") from error
