"""Keeps the workers' results beside the output until all spans have been read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from ifp_scraper.bulk.span_results import SpanResult, reader_of
from ifp_scraper.bulk.spans import Span
from ifp_scraper.storage.output_file import StoreError, explain


class PartialResults:
    """The workers' results, kept in a file beside the output until all spans have been read.

    The file holds each result in MessagePack, after its length in eight bytes, big-endian.

    Args:
        path: the file; results left in it by an interrupted run are used.
        site: root of the site; what was read for another site, or by another version, is read again.
    """

    def __init__(self, path: Path, site: str) -> None:
        self.path = path
        self.spans: dict[Span, tuple[int, int]] = {}
        self._stream = path.open("ab+")
        size = self._stream.tell()
        self._stream.seek(0)
        whole = 0
        while len(head := self._stream.read(8)) == 8:
            length = int.from_bytes(head, "big")
            data = self._stream.read(min(length, size))  # a damaged length may exceed all memory
            try:
                result = msgspec.msgpack.decode(data, type=SpanResult) if len(data) == length else None
            except msgspec.DecodeError:
                result = None
            if result is None:
                break
            if result.reader == reader_of(site):
                self.spans[result.span] = (whole + 8, length)
            whole = self._stream.tell()
        self._stream.truncate(whole)

    def add(self, result: SpanResult) -> None:
        """Keep a result; if a kill leaves it unfinished, the next run cuts it off.

        Raises:
            StoreError: if the disk fails.
        """
        data = msgspec.msgpack.encode(result)
        self._stream.seek(0, os.SEEK_END)
        at = self._stream.tell()
        try:
            self._stream.write(len(data).to_bytes(8, "big") + data)
            self._stream.flush()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {explain(error)}") from error
        self.spans[result.span] = (at + 8, len(data))

    def read(self, span: Span) -> SpanResult:
        """Return a kept result."""
        at, length = self.spans[span]
        self._stream.seek(at)
        return msgspec.msgpack.decode(self._stream.read(length), type=SpanResult)

    def clear(self) -> None:
        """Drop all results."""
        self._stream.truncate(0)
        self.spans.clear()

    def remove(self) -> None:
        """Close and delete the file."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file and leave it for the next run."""
        with suppress(OSError):  # closing retries what a full disk did not take
            self._stream.close()
