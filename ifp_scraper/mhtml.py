"""Takes the page out of an MHTML file, as which Chromium saves a "webpage, single file"."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from html import escape

_START = re.compile(rb"(?:From|MIME-Version|Content-Type|Snapshot-Content-Location|Subject): ", re.IGNORECASE)
_STYLE_LINK = re.compile(rb'<link [^<>]*href="(cid:[^"<>]+)"[^<>]*>')
_FRAME = re.compile(rb'"(cid:[^"<>]+)"')


def unwrap_mhtml(file: bytes) -> bytes:
    """Return the page in an MHTML file, with its own style sheets and the URLs of its frames; else the file."""
    if not _START.match(file) or b"multipart/related" not in file[:4096]:
        return file
    try:
        parts = [part for part in message_from_bytes(file).walk() if not part.is_multipart()]
    except RecursionError:  # parts within parts within parts
        return file
    page = next((_content(part) for part in parts if part.get_content_type() == "text/html"), file)
    styles = {part["Content-Location"]: part for part in parts if part.get_content_type() == "text/css"}
    frames = {f"cid:{str(part['Content-ID']).strip('<>')}": part["Content-Location"] for part in parts}

    def style_of(link: re.Match[bytes]) -> bytes:
        style = styles.pop(link[1].decode("ascii", "replace"), None)  # each once, or a file could grow without bounds
        return b"<style>%b</style>" % _content(style) if style else link[0]

    def address_of(frame: re.Match[bytes]) -> bytes:
        address = frames.pop(frame[1].decode("ascii", "replace"), None)
        return f'"{escape(str(address))}"'.encode("utf-8", "replace") if address else frame[0]

    return _FRAME.sub(address_of, _STYLE_LINK.sub(style_of, page))


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
