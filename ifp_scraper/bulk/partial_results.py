"""Keeps the workers' results beside the output until all spans have been read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from ifp_scraper.bulk.page_results import PageResult
from ifp_scraper.bulk.span_results import SpanResult, reader_of, unpack_pages
from ifp_scraper.bulk.spans import Span
from ifp_scraper.storage.output_file import StoreError, explain

Place = tuple[int, int]
"""Where something is in the file, and its length, in bytes."""


class PartialResults:
    """The workers' results, kept in a file beside the output until all spans have been read.

    The file holds each result after its length: the length of its head, the head, and the packed pages of one article
    after the other. The head, in MessagePack, is the result without its pages, and the length of each article's
    pages. These lengths have eight bytes, big-endian.

    Args:
        path: the file; results left in it by an interrupted run are used.
        site: root of the site; what was read for another site, or by another version, is read again.
    """

    def __init__(self, path: Path, site: str) -> None:
        self.path = path
        self.spans: dict[Span, Place] = {}
        """Where the heads are."""
        self._stream = path.open("ab+")
        size = self._stream.tell()
        self._stream.seek(0)
        whole = 0
        while len(lengths := self._stream.read(16)) == 16:
            end, head = whole + 8 + _number(lengths[:8]), (whole + 16, _number(lengths[8:]))
            if end > size or sum(head) > end:
                break
            try:
                result, of_pages = self._head(head)
            except msgspec.DecodeError:
                break
            if sum(head) + sum(of_pages.values()) != end:
                break
            if result.reader == reader_of(site):
                self.spans[result.span] = head
            whole = end
            self._stream.seek(whole)
        self._stream.truncate(whole)

    def add(self, result: SpanResult) -> None:
        """Keep a result; if a kill leaves it unfinished, the next run cuts it off.

        Raises:
            StoreError: if the disk fails.
        """
        lengths = {article: len(packed) for article, packed in result.pages.items()}
        head = msgspec.msgpack.encode((msgspec.structs.replace(result, pages={}), lengths))
        data = b"".join((_eight_bytes(len(head)), head, *result.pages.values()))
        self._stream.seek(0, os.SEEK_END)
        at = self._stream.tell()
        try:
            self._stream.write(_eight_bytes(len(data)) + data)
            self._stream.flush()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {explain(error)}") from error
        self.spans[result.span] = at + 16, len(head)

    def read(self, span: Span) -> tuple[SpanResult, dict[str, Place]]:
        """Return a kept result without its pages, and where those of each article are, by ``slug_key``."""
        head = self.spans[span]
        result, of_pages = self._head(head)
        places, at = {}, sum(head)
        for article, length in of_pages.items():
            places[article] = at, length
            at += length
        return result, places

    def read_pages(self, place: Place) -> list[PageResult]:
        """Return the pages at a place.

        Raises:
            StoreError: if something has changed the file.
        """
        try:
            return unpack_pages(self._bytes(place))
        except msgspec.DecodeError as error:
            raise StoreError(f"{self.path} is damaged: delete it, and run the same command again") from error

    def _head(self, place: Place) -> tuple[SpanResult, dict[str, int]]:
        return msgspec.msgpack.decode(self._bytes(place), type=tuple[SpanResult, dict[str, int]])

    def _bytes(self, place: Place) -> bytes:
        at, length = place
        self._stream.seek(at)
        return self._stream.read(length)

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


def _eight_bytes(length: int) -> bytes:
    return length.to_bytes(8, "big")


def _number(eight_bytes: bytes) -> int:
    return int.from_bytes(eight_bytes, "big")
