"""Undoes the transfer and content codings of recorded bodies: chunked, gzip, deflate, brotli, zstd."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Collection

import brotli
from fastwarc import ZstdReader

MAX_UNPACKED = 64 * 1024 * 1024
"""Maximum number of bytes decompressed from a body; the rest is dropped."""

_MAX_CODINGS = 10
"""Maximum number of codings that are undone, of any that headers name."""

GZIP = b"\x1f\x8b\x08"
"""What a gzip member begins with."""

GZIP_WBITS = zlib.MAX_WBITS | 16
"""For ``zlib.decompressobj``: what it reads is a gzip member, with its header and checksum."""

_PIECE = 4096
"""Size of the pieces in which gzip is decompressed, in bytes."""

_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r\n")


def plain_body(body: bytes, headers: Collection[tuple[str, str]]) -> bytes:
    """Return a recorded body with its transfer and content codings undone.

    What cannot be decoded is left as it is: some tools record a decoded body with the encoded one's headers. What is
    gzipped then is decoded too: some sites compress twice, or without a word.

    Args:
        body: as recorded.
        headers: names and values of the response's headers.
    """
    transfer, content = (_codings(headers, name) for name in ("transfer-encoding", "content-encoding"))
    if "chunked" in transfer:
        body = _join_chunks(body)
        transfer.remove("chunked")
    for coding in reversed((content + transfer)[-_MAX_CODINGS:]):
        body = _decode(body, coding)
    return _decode(body, "gzip") if body.startswith(GZIP) else body


def _codings(headers: Collection[tuple[str, str]], wanted: str) -> list[str]:
    """Return the codings named in a header, which may be on several lines."""
    values = ",".join(value for name, value in headers if name.lower() == wanted)
    return [coding.strip() for coding in values.lower().split(",")]


def _join_chunks(body: bytes) -> bytes:
    """Undo ``Transfer-Encoding: chunked``; a body that is not in chunks is left as it is."""
    pieces: list[bytes] = []
    position = 0
    while (head := _CHUNK.match(body, position)) is not None:
        length = int(head[1], 16)
        if not length:
            return b"".join(pieces)
        pieces.append(body[head.end() : head.end() + length])
        position = head.end() + length + 2
    return b"".join(pieces) if pieces and position >= len(body) else body


def _decode(body: bytes, coding: str) -> bytes:
    """Undo one coding; a body that is not so encoded is left as it is."""
    try:
        if coding in ("gzip", "x-gzip"):
            return gunzip(body, MAX_UNPACKED)
        if coding == "zstd":
            return ZstdReader(io.BytesIO(body)).read(MAX_UNPACKED) or body
        if coding == "deflate":
            bits = 15 if body[:1] == b"\x78" else -15
            return zlib.decompressobj(bits).decompress(body, MAX_UNPACKED)
        if coding == "br":
            return bytes(brotli.Decompressor().process(body, output_buffer_limit=MAX_UNPACKED))
    except (OSError, ValueError, zlib.error, brotli.error):
        pass
    return body


def gunzip(body: bytes, max_size: int, max_members: int | None = None) -> bytes:
    """Decompress all gzip members, and drop what follows them, or a damaged one with what follows it.

    Args:
        body: what begins with a member; the last one may be cut off.
        max_size: maximum number of bytes decompressed; the rest is dropped.
        max_members: maximum number of members decompressed, if any; the rest is dropped.

    Raises:
        zlib.error: if the first member that is not empty is damaged.
    """
    pieces: list[bytes] = []
    whole = 0  # how many of the pieces belong to complete members
    left = max_size
    members = 1
    inflate = zlib.decompressobj(GZIP_WBITS)
    for start in range(0, len(body), _PIECE):  # small, since zlib copies the rest of a piece after each member
        packed = body[start : start + _PIECE]
        while packed and left > 0:
            if inflate.eof:
                if members == max_members:
                    return b"".join(pieces)
                inflate = zlib.decompressobj(GZIP_WBITS)
                members += 1
            try:
                pieces.append(inflate.decompress(packed, left))
            except zlib.error:
                if not any(pieces[:whole]):
                    raise
                return b"".join(pieces[:whole])
            left -= len(pieces[-1])
            packed = inflate.unused_data
            if inflate.eof:
                whole = len(pieces)
    return b"".join(pieces)
