"""Finds where WARC records begin and end in the bytes of a file, compressed or not, damaged or cut off."""

from __future__ import annotations

import re
import zlib
from mmap import mmap
from typing import IO

_MEMBER = b"\x1f\x8b\x08"
"""How a gzip member begins."""

_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,18})", re.IGNORECASE)
_PIECE = 4096
_UNPACKED_PIECE = 1 << 20
_MAX_TAIL = 64 * 2**20
"""Maximum number of bytes after a file's last response that are searched for the place where it breaks off."""


def next_record(stream: IO[bytes], start: int, end: int) -> int | None:
    """Return the offset of the first record that starts in this range; None if there is none."""
    stream.seek(start)
    position = start
    tail = b""
    while position < end + 64:
        chunk = stream.read(1 << 16)
        if not chunk:
            return None
        window = tail + chunk
        base = position - len(tail)
        for found in re.finditer(rb"\x1f\x8b\x08|WARC/[01]\.\d{1,2}\r\n", window):
            at = base + found.start()
            if at >= end:
                return None
            if found[0] != _MEMBER or _is_record(stream, at):
                stream.seek(at)
                return at
        tail = window[-16:]
        position += len(chunk)
        stream.seek(position)
    return None


def is_blank(stream: IO[bytes], end: int) -> bool:
    """Whether there is nothing before this offset, as far as one can see from the first bytes."""
    stream.seek(0)
    return not stream.read(min(end, _PIECE)).strip(b"\r\n\0")


def _is_record(stream: IO[bytes], at: int) -> bool:
    """Whether a gzip member with a WARC record starts here; its three magic bytes may occur by chance."""
    stream.seek(at)
    try:
        return zlib.decompressobj(31).decompress(stream.read(512), 8).startswith(b"WARC/")
    except zlib.error:
        return False


def broken_off_at(stream: IO[bytes], at: int) -> int | None:
    """Return the offset of the record in which a file breaks off; None if its last one is whole.

    The iterator passes over records of other kinds, and over one whose headers are cut off, without a word.

    Args:
        stream: WARC data, compressed or not; must be seekable.
        at: offset of the last record that was read; those after it are looked at.
    """
    stream.seek(at)
    tail = stream.read(_MAX_TAIL + 1)
    if len(tail) > _MAX_TAIL:
        return None
    begin = 0
    while tail.startswith((_MEMBER, b"WARC/"), begin):
        end = _begin_after_member(tail, begin) if tail.startswith(_MEMBER, begin) else _begin_after_record(tail, begin)
        if end is None:
            return at + begin
        begin = end
    return None


def _begin_after_record(tail: bytes, begin: int) -> int | None:
    """Return where the record after the one that begins here begins; None if that breaks off."""
    head_end = tail.find(b"\r\n\r\n", begin)
    if head_end < 0:
        return None
    length = _LENGTH.search(tail, begin, head_end)
    end = head_end + 4 + (int(length[1]) if length else 0)
    if end > len(tail):
        return None
    while tail.startswith((b"\r", b"\n"), end):
        end += 1
    return end


def _begin_after_member(tail: bytes, begin: int) -> int | None:
    """Return where what follows a gzip member begins; None if it breaks off, the end of the tail if it is damaged."""
    try:
        return end_of_member(tail, begin)
    except zlib.error:
        return len(tail)


def end_of_member(content: bytes | mmap, begin: int) -> int | None:
    """Return where the gzip member that begins here ends; None if it breaks off. Both are offsets in bytes.

    Raises:
        zlib.error: if it is damaged.
    """
    member = zlib.decompressobj(31)
    while begin < len(content):
        piece = content[begin : begin + _PIECE]
        begin += len(piece)
        while piece:
            member.decompress(piece, _UNPACKED_PIECE)
            if member.eof:
                return begin - len(member.unused_data)
            piece = member.unconsumed_tail
    return None
