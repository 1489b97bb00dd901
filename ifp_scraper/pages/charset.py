"""Finds a page's character encoding: one that decodes it without errors wins over the declared one."""

from __future__ import annotations

import codecs
from contextlib import suppress

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from ifp_scraper.text import words

_UTF_16_STARTS = b"<\0", b"\0<"
_BOM_STARTS = (b"\xef", b"\xfe", b"\xff", b"\x00")

_NO_CHARSETS = words(
    "utf-8 undefined idna punycode unicode_escape unicode-escape raw_unicode_escape raw-unicode-escape utf-7"
)
"""Python codecs that no page uses: slow, or unable to decode anything."""


def may_have_mark(html: bytes) -> bool:
    """Whether the first bytes may reveal the encoding: by a byte order mark, or by UTF-16's NULs."""
    return html[:1] in _BOM_STARTS or b"\0" in html[:64]


def to_utf8(html: bytes, content_type: str | None) -> tuple[bytes, bool]:
    """Return a page in UTF-8, and whether its encoding was guessed, as no declared one could decode it."""
    encoding, bom = read_bom(html)
    if encoding:
        return html[len(bom or b"") :].decode(encoding, "replace").encode("utf-8", "replace"), False
    try:
        html.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(html) - 3:  # cut inside a character
            return html[: error.start], False
    else:
        if b"\0" not in html[:64]:  # UTF-16 without a mark is valid UTF-8, except for its NULs
            return html, False
    named = (http_content_type_encoding(content_type), html_body_declared_encoding(html))
    declared = [codecs.lookup(name).name for name in named if name]  # they may contradict each other
    is_utf_16 = html.startswith(_UTF_16_STARTS)
    text = html.decode("utf-8", "replace")
    damaged = text.count("\ufffd") - html.count("\ufffd".encode())
    whole = len(text) - len(text.encode("ascii", "ignore")) - damaged
    # A few broken bytes in a UTF-8 page, or a Windows page declared as UTF-8? The latter has no valid sequences.
    if "utf-8" in declared and 3 * whole >= damaged and not is_utf_16:
        return text.encode(), True
    for codec in declared:
        if codec not in _NO_CHARSETS:
            with suppress(UnicodeError, LookupError):
                return html.decode(codec).encode("utf-8", "replace"), False
    if is_utf_16:
        return html.decode("utf-16-le" if html[0] else "utf-16-be", "replace").encode("utf-8", "replace"), False
    if whole >= 2 * damaged:
        return text.encode(), True
    return html.decode("cp1252", "replace").encode(), True
