"""Reads lines of an output leniently: also those of other versions, and those that a kill left unfinished."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_type_hints

import msgspec

from ifp_scraper.dates import parse_utc
from ifp_scraper.items import TIMES, Article, decode

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What ``decode_line`` raises for a line that is not JSON."""

_HINTS = get_type_hints(Article)


def decode_line(line: bytes) -> Article | None:
    """Read a line, dropping fields that do not fit; None if it is JSON but not an object.

    Raises:
        NOT_JSON: one of them, if it is not JSON.
    """
    try:
        article = decode(line)
    except msgspec.ValidationError:
        values: Any = msgspec.json.decode(line)
        if not isinstance(values, dict):
            return None
        article = _convert(values)
    for name in TIMES:  # times are compared as strings, so any other format would mislead
        if (text := getattr(article, name)) is not None and not is_time(text):
            setattr(article, name, None)
    return article


def _convert(values: dict[str, Any]) -> Article:
    """Return an article with the values that fit the schema."""
    if "schema_version" in values:
        values["schema_version"] = str(values["schema_version"])
    article = Article()
    for name, hint in _HINTS.items():
        with suppress(KeyError, msgspec.ValidationError):
            setattr(article, name, msgspec.convert(values[name], hint))
    return article


def is_time(text: str) -> bool:
    """Whether a text is a time in the format of ``dates.format_utc``."""
    try:
        parse_utc(text)
    except ValueError:
        return False
    return True


def is_interrupted(line: bytes) -> bool:
    """Whether this line, which is not JSON, may have been left by a crawl that a kill or power loss interrupted."""
    text = line.strip(b"\0")
    return not text or (text.startswith(b"{") and (b"\0" in text or not text.endswith(b"\n")))
