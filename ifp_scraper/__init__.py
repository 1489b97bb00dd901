"""Iran Front Page (ifpnews.com) as data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ifp_scraper.items import to_dict
from ifp_scraper.load import load, recent_posts
from ifp_scraper.pages import Capture, UnreadablePage, read_article
from ifp_scraper.wayback import unwrap_address, unwrap_page

__all__ = ["UnreadablePage", "extract", "load", "recent_posts"]


def extract(html: bytes | str, url: str, *, captured_at: datetime | str | None = None) -> dict[str, Any] | None:
    """Return the record of one saved page, a dict equal to a line of the output; None when it is no article.

    Args:
        html: the page, as bytes (best) or text.
        url: its address; from a Wayback Machine address, the page's own address and the capture time are read.
        captured_at: when it was captured; a datetime or ISO 8601, UTC if it has no zone. Without it, the times that
            depend on it are None: ``fetched_at``, and those of recent posts.

    Raises:
        UnreadablePage: when it should be an article and cannot be read.
        ValueError: when ``captured_at`` is no ISO 8601 time.
    """
    if isinstance(captured_at, str):
        captured_at = datetime.fromisoformat(captured_at)
    if captured_at is not None:
        captured_at = (captured_at if captured_at.tzinfo else captured_at.replace(tzinfo=UTC)).astimezone(UTC)
    url, kept_at = unwrap_address(url)
    if kept_at is not None:
        captured_at = captured_at or kept_at
        html = unwrap_page(html if isinstance(html, bytes) else html.encode("utf-8", "replace"))
    article = read_article(html, Capture(url, captured_at))
    return to_dict(article) if article is not None else None
