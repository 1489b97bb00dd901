"""A page as bytes made into a tree: the character set decided, what is no content taken out before parsing.

Two thirds of a real page is script and style (docs/performance.md). They are cut out of the bytes first, which
costs less than building a tree of them; the style sheets and JSON-LD are kept beside.
"""

from __future__ import annotations

import codecs
import json
import re
from functools import cached_property
from typing import Any

import lxml.html
from lxml import etree
from parsel import Selector
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
)

MAX_BYTES = 20 * 1024 * 1024
"""A page's bytes beyond this are not read (a 50,000-word report has 0.4 MB)."""

MAX_WORK = 1_000_000
"""Elements times depth of a page that is read: 5,000 elements 200 deep; real pages have 5,000, 40 deep."""

_NO_CHARSETS = frozenset(
    "utf-8 undefined idna punycode unicode_escape unicode-escape raw_unicode_escape raw-unicode-escape utf-7".split()
)
"""Codecs of Python that no page is written in: slow, or never able to read anything."""

_CUT_OUT = (b"script", b"style", b"noscript", b"svg", b"template")
_OPENING = re.compile(rb"<(?:!--|(" + b"|".join(_CUT_OUT) + rb")(?=[\s/>]))", re.IGNORECASE)
_CLOSING = {name: re.compile(b"</" + name + rb"\s*>", re.IGNORECASE) for name in _CUT_OUT}
_LD_JSON = re.compile(rb"""type\s*=\s*["']?application/ld\+json""", re.IGNORECASE)


class Document:
    """One HTML page.

    Args:
        body: the page, as bytes or as text.
        content_type: the response's Content-Type header.
    """

    def __init__(self, body: bytes | str, content_type: str | None = None) -> None:
        self.warnings: list[str] = []
        self.styles: list[bytes] = []
        self._json_ld: list[bytes] = []
        if isinstance(body, str):
            html = body.encode("utf-8", "replace")
        else:
            html = self._as_utf8(body[:MAX_BYTES], content_type)
        if len(body) > MAX_BYTES:
            self.warnings.append("too-long")
        if b"\0" in html:
            html = html.replace(b"\0", b"")
        self.truncated = b"</html" not in html[-4096:].lower()
        self.html = self._cut_out(html)

    @cached_property
    def root(self) -> lxml.html.HtmlElement:
        """The tree, without script, style, noscript, svg, template and comments."""
        # A parser each: a shared one is not safe between threads, and making one costs 10 microseconds.
        parser = lxml.html.HTMLParser(
            encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True, no_network=True
        )
        html = self.html.strip() or b"<html></html>"
        try:
            root: lxml.html.HtmlElement = lxml.html.document_fromstring(html, parser=parser)
        except (etree.ParserError, ValueError):  # a document of nothing but comments
            root = lxml.html.document_fromstring(b"<html></html>", parser=parser)
        if any(error.type_name == "ERR_INTERNAL_ERROR" and "depth" in error.message for error in parser.error_log):
            self.warnings.append("too-deep")
        return root

    @cached_property
    def too_large(self) -> bool:
        """Whether reading would take minutes: a selector's work grows with elements times depth."""
        if self.html.count(b"<") <= 5000:
            return False
        depth = deepest = count = 0
        for event, _ in etree.iterwalk(self.root, events=("start", "end")):
            if event == "end":
                depth -= 1
                continue
            depth += 1
            count += 1
            deepest = max(deepest, depth)
        return count * deepest > MAX_WORK

    @cached_property
    def selector(self) -> Selector:
        """The tree as a parsel selector."""
        return Selector(root=self.root, type="html")

    @cached_property
    def body_classes(self) -> frozenset[str]:
        """Classes of the body element: WordPress's body_class() says what kind of page it is."""
        return frozenset((self.root.xpath("string(//body/@class)") or "").split())

    @cached_property
    def json_ld(self) -> list[tuple[dict[str, Any], bool]]:
        """Every JSON-LD object of the page in page order, and whether it stands in an ``@graph``."""
        found: list[tuple[dict[str, Any], bool]] = []
        for source in self._json_ld:
            try:
                data = json.loads(source.decode("utf-8", "replace").strip(), strict=False)
            except (ValueError, RecursionError):
                continue
            for item in data if isinstance(data, list) else [data]:
                if isinstance(item, dict):
                    graph = item.get("@graph")
                    pieces = graph if isinstance(graph, list) else [item]
                    found.extend((piece, piece is not item) for piece in pieces if isinstance(piece, dict))
        return found

    def _as_utf8(self, body: bytes, content_type: str | None) -> bytes:
        """Return the body in UTF-8: what reads it without a fault wins over what is declared."""
        encoding, bom = read_bom(body)
        if encoding:
            return body[len(bom or b"") :].decode(encoding, "replace").encode("utf-8", "replace")
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start >= len(body) - 3:  # cut inside a character
                return body[: error.start]
        else:
            if b"\0" not in body[:64]:  # UTF-16 without a mark is valid UTF-8, but for its NULs
                return body
        declared = http_content_type_encoding(content_type) or html_body_declared_encoding(body)
        if declared and codecs.lookup(declared).name not in _NO_CHARSETS:
            try:
                return body.decode(declared).encode("utf-8", "replace")
            except (UnicodeError, LookupError):
                pass
        self.warnings.append("charset")
        text = body.decode("utf-8", "replace")
        damaged = text.count("\ufffd")
        # A few broken bytes in a UTF-8 page, or a Windows page that says it is UTF-8?
        if sum(character > "\x7f" for character in text) >= 3 * damaged:
            return text.encode()
        return body.decode("cp1252", "replace").encode()

    def _cut_out(self, html: bytes) -> bytes:
        """Take script, style and the like out, as a browser would delimit them; keep what was inside."""
        kept: list[bytes] = []
        unclosed: set[bytes] = set()
        done = start = 0
        while (opening := _OPENING.search(html, start)) is not None:
            start = opening.end()
            name = opening[1].lower() if opening[1] else b""
            if not name:
                end = html.find(b"-->", opening.start())
                end = len(html) if end < 0 else end + 3
            else:
                inner = html.find(b">", start) + 1
                closing = _CLOSING[name].search(html, inner) if inner and name not in unclosed else None
                if closing is None:
                    unclosed.add(name)  # nor is any later one
                if closing is None or html[inner - 2 : inner] == b"/>":
                    continue  # never closed: left to the parser
                end = closing.end()
                if name == b"style":
                    self.styles.append(html[inner : closing.start()])
                elif name == b"script" and _LD_JSON.search(html, start, inner):
                    self._json_ld.append(html[inner : closing.start()])
            kept.append(html[done : opening.start()])
            done = start = end
        kept.append(html[done:])
        return b"".join(kept)
