"""JSON-LD: what SEO plugins, schema plugins and themes tell search engines about a page."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ifp_scraper.pages.cached import cached_property

Item = dict[str, Any]

_OPENED = re.compile(rb"\s*+(?:(?:(?:/\*|//)\s*+)?<!\[CDATA\[\s*+(?:\*/)?|<!--)")
"""What some plugins print before a script, to hide it from XHTML or from the oldest browsers; its end follows it."""


class JsonLd:
    """The objects in a page's JSON-LD, in page order; a script that is not JSON is ignored."""

    def __init__(self, scripts: list[bytes]) -> None:
        self.graph: list[Item] = []
        """Objects in an ``@graph``, as SEO plugins print it."""
        self.plain: list[Item] = []
        """Objects outside any graph."""
        for script in scripts:
            try:
                data = _decode(script)
            except (ValueError, RecursionError):
                continue
            for item in data if isinstance(data, list) else [data]:
                if isinstance(item, dict):
                    graph = item.get("@graph")
                    if isinstance(graph, list):
                        self.graph.extend(piece for piece in graph if isinstance(piece, dict))
                    else:
                        self.plain.append(item)

    @cached_property
    def graph_articles(self) -> list[Item]:
        """The graph's articles; if it has none, its web pages."""
        articles = [item for item in self.graph if is_article(item)]
        return articles or [item for item in self.graph if "WebPage" in _types(item)]

    @cached_property
    def plain_article(self) -> Item:
        """The first article outside a graph; empty if there is none."""
        return next(filter(is_article, self.plain), {})

    @property
    def has_article(self) -> bool:
        """Whether anything here describes an article."""
        return any(map(is_article, (*self.graph, *self.plain)))


def strings(item: Item, key: str) -> list[str]:
    """Return a list of strings in an object, which may be printed as one comma-separated string."""
    value = item.get(key)
    if isinstance(value, str):
        return value.split(",")
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def is_article(item: Item) -> bool:
    """Whether an object describes an article of any kind."""
    return any(name.endswith(("Article", "BlogPosting")) for name in _types(item))


def _types(item: Item) -> list[str]:
    types = item.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]


def _decode(script: bytes) -> Any:
    try:
        return msgspec.json.decode(script)
    except (ValueError, RecursionError):  # wrapped in a comment; line breaks in strings, NaN, broken characters
        return json.loads(_unwrapped(script).decode("utf-8", "replace").strip(), strict=False)


def _unwrapped(script: bytes) -> bytes:
    opened = _OPENED.match(script)
    if opened is None:
        return script
    closed = script.rfind(b"]]>" if b"CDATA" in opened[0] else b"-->")
    return script[opened.end() : closed if closed >= 0 else None].rstrip(b" \t\r\n/*")
