"""Takes the page out of an MHTML file, as which Chromium saves a "webpage, single file"."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from html import escape

_START = re.compile(rb"(?:From|MIME-Version|Content-Type|Snapshot-Content-Location|Subject): ", re.IGNORECASE)
_STYLE_LINK = re.compile(rb'<link [^<>]*href="(cid:[^"<>]+)"[^<>]*>')


def unwrap_mhtml(file: bytes) -> bytes:
    """Return the page in an MHTML file, with its own style sheets and the URLs of its frames; else the file."""
    if not _START.match(file) or b"multipart/related" not in file[:4096]:
        return file
    parts = [part for part in message_from_bytes(file).walk() if not part.is_multipart()]
    page = next((_content(part) for part in parts if part.get_content_type() == "text/html"), file)
    styles = {part["Content-Location"]: part for part in parts if part.get_content_type() == "text/css"}

    def style_of(link: re.Match[bytes]) -> bytes:
        style = styles.get(link[1].decode("ascii", "replace"))
        return b"<style>%b</style>" % _content(style) if style else link[0]

    page = _STYLE_LINK.sub(style_of, page)
    for part in parts:
        name, location = (part["Content-ID"] or "").strip("<>"), part["Content-Location"] or ""
        if name and location.startswith("http"):
            page = page.replace(f'"cid:{name}"'.encode(), f'"{escape(location)}"'.encode())
    return page


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
