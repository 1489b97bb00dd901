"""Finds where WARC records begin and end in the bytes of a file, compressed or not, damaged or cut off."""

from __future__ import annotations

import gzip
import re
import zlib
from mmap import mmap
from typing import IO, cast

from ifp_scraper.recordings.codings import GZIP, GZIP_WBITS

_BEGIN = re.compile(rb"%b|WARC/[01]\.\d{1,2}[ \t]{0,3}\r\n" % re.escape(GZIP))
"""What a record may begin with: the first bytes of its gzip member, or its own."""

_NO_RECORD = gzip.compress(b"WARC/1.0\r\nContent-Length: 0\r\n\r\n", mtime=0)
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,18})", re.IGNORECASE)
_PIECE = 4096
_UNPACKED_PIECE = 1 << 20
_MAX_HEAD = 1 << 15
"""How long the headers of a record may be for FastWARC, in bytes."""


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
        for found in _BEGIN.finditer(window):
            at = base + found.start()
            if at >= end:
                return None
            if found[0] != GZIP or _is_record(stream, at):
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
    return _unpacked(stream, at).lstrip(b"\r\n").startswith(b"WARC/")


def _unpacked(stream: IO[bytes], at: int) -> bytes:
    """Return the first bytes in the gzip member that starts here; none if none does."""
    stream.seek(at)
    try:
        return zlib.decompressobj(GZIP_WBITS).decompress(stream.read(512), 64)
    except zlib.error:
        return b""


def from_record(stream: IO[bytes], at: int) -> IO[bytes]:
    """Return a stream from which FastWARC reads the record at this offset, and those after it, with their offsets.

    It would give a first one that has blank lines before it in its gzip member the offset of the second.
    """
    is_led = _unpacked(stream, at).startswith((b"\r", b"\n"))
    stream.seek(at)
    return cast("IO[bytes]", _Preceded(stream)) if is_led and at >= len(_NO_RECORD) else stream


class _Preceded:
    """See ``from_record``: a stream that has one more record first, of no kind, in place of what is there."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._first = _NO_RECORD

    def tell(self) -> int:
        """Return the offset."""
        return self._stream.tell() - len(self._first)

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes, which must be more than the additional record has."""
        first, self._first = self._first, b""
        return first or self._stream.read(size)


def stopped_at(stream: IO[bytes], at: int, end: int) -> tuple[int, bool] | None:
    """Return where FastWARC stopped before the end of a file, and whether that breaks off there; None if it did not.

    It passes over records of other kinds, and over one whose headers are cut off, without a word. An empty gzip
    member, as joined files may have, is the end for it: the offset is then that of what follows.

    Args:
        stream: WARC data, compressed or not; must be seekable.
        at: offset of the last record that was read; those after it are looked at.
        end: look at none from this offset on.
    """
    while at < end:
        stream.seek(at)
        start = stream.read(5)
        is_packed = start.startswith(GZIP)
        if not is_packed and start != b"WARC/":
            return None
        try:
            after = end_of_member(stream, at) if is_packed else _begin_after_record(stream, at)
        except zlib.error:
            return None
        if after is None:
            return at, True
        if is_packed and _is_empty(stream, after):
            return after, False
        at = after
    return None


def _begin_after_record(stream: IO[bytes], begin: int) -> int | None:
    """Return where the record after the one that begins here begins; None if that breaks off."""
    stream.seek(begin)
    head, separator, _ = stream.read(_MAX_HEAD).partition(b"\r\n\r\n")
    lengths = _LENGTH.findall(head)
    end = begin + len(head) + 4 + int(lengths[-1] if lengths else 0)  # for FastWARC, too, the last one counts
    stream.seek(end - 1)
    tail = stream.read(_PIECE)
    if not separator or not tail:
        return None
    following = tail[1:]
    return end + len(following) - len(following.lstrip(b"\r\n"))


def end_of_member(stream: IO[bytes] | mmap, begin: int) -> int | None:
    """Return where the gzip member that begins here ends; None if it breaks off. Both are offsets in bytes.

    Raises:
        zlib.error: if it is damaged.
    """
    stream.seek(begin)
    member = zlib.decompressobj(GZIP_WBITS)
    while piece := stream.read(_PIECE):
        begin += len(piece)
        while piece:
            member.decompress(piece, _UNPACKED_PIECE)
            if member.eof:
                return begin - len(member.unused_data)
            piece = member.unconsumed_tail
    return None


def _is_empty(stream: IO[bytes], end: int) -> bool:
    """Whether the whole gzip member that ends here holds nothing: its last four bytes are its length."""
    stream.seek(end - 4)
    return not any(stream.read(4))
