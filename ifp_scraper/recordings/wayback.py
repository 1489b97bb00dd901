"""Turns pages from the Wayback Machine back into the originals: URL, capture time and links."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_ADDRESS = re.compile(r"https?://web\.archive\.org/web/(\d{4,14})(?:[a-z]{2}_)?/(?=https?:)", re.IGNORECASE)
_LINK = re.compile(
    rb"(?:https?:)?(?://web\.archive\.org)?/web/\d{14}(?:[a-z]{2}_)?/(?=(?:https?:)?//|mailto:)", re.IGNORECASE
)
_MAX_HEAD = 2048
"""Where in a page its scripts are, at the latest."""

_SCRIPTS = re.compile(r"archive\.org/|archive_analytics\.")
"""What its scripts in a page's head name; the second one until 2016."""

_TOOLBAR = b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->", b"<!-- END WAYBACK TOOLBAR INSERT -->"


def unwrap_address(url: str) -> tuple[str, datetime | None]:
    """Return the original page's URL and its capture time; any other URL is returned as it is, with None.

    >>> unwrap_address("https://web.archive.org/web/20240506060000id_/https://ifpnews.com/a/")[0]
    'https://ifpnews.com/a/'
    """
    match = _ADDRESS.match(url)
    if match is None:
        return url, None
    return url[match.end() :], read_stamp(match[1])


def read_stamp(digits: str) -> datetime | None:
    """Read a time in digits alone, from the year to any further part; None for anything else.

    >>> read_stamp("20240506")
    datetime.datetime(2024, 5, 6, 0, 0, tzinfo=datetime.timezone.utc)
    """
    stamp = (digits + "0101000000"[max(0, len(digits) - 4) :])[:14]
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_wrapped(page: bytes | str) -> bool:
    """Whether a page begins as the Wayback Machine's do: with its scripts, and links to it."""
    head = page[:_MAX_HEAD]
    return _SCRIPTS.search(head if isinstance(head, str) else head.decode("latin-1")) is not None


def unwrap_page(body: bytes) -> bytes:
    """Return the page with its original links and without the toolbar; a raw capture (``id_``) is unchanged."""
    if b"/web/" not in body:
        return body
    before, _, rest = body.partition(_TOOLBAR[0])
    _, end, after = rest.partition(_TOOLBAR[1])
    return _LINK.sub(b"", before + after if end else body)
