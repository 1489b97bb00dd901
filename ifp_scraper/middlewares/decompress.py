"""Downloader middleware that decompresses responses, and retries those that are not compressed as they say."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, ResponseDataLossError

from ifp_scraper.middlewares.back_off import BackOffMiddleware
from ifp_scraper.recordings.codings import GZIP, GZIP_WBITS
from ifp_scraper.responses import cut_short

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


_GZIP_HEADER = 10
"""Length of gzip's header, in bytes, if it says nothing more."""

_PIECE = 1 << 16
"""How much is unpacked at a time, in bytes."""

_NO_CODINGS = b"", b"identity", b"none", b"utf-8"
"""What some servers send as Content-Encoding, though the body is as it is. Scrapy would warn of each page."""


class DecompressMiddleware(HttpCompressionMiddleware):
    """Decompresses responses, and retries if that fails: a cache may have sent the wrong Content-Encoding."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self._crawler = crawler

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Return the decompressed response, or a request for a retry.

        Raises:
            DownloadCancelledError: if the response is too long.
            ResponseDataLossError: if it could not be decompressed in any try.
        """
        _leave_out_no_codings(response)
        packed = response.body
        try:
            unpacked: Response = super().process_response(request, response)  # type: ignore[assignment]
            if _is_still_packed(unpacked):
                packed = unpacked.body
                unpacked.headers["Content-Encoding"] = b"gzip"
                unpacked = super().process_response(request, unpacked)  # type: ignore[assignment]
            if cut_short(unpacked) and not _is_still_packed(unpacked) and _lacks_end(packed):
                return self._again(request, ResponseDataLossError("the answer broke off"))
            if packed is not unpacked.body and _is_damaged(packed, unpacked.body):
                return self._again(request, ResponseDataLossError("the answer is damaged"))
            return unpacked
        except IgnoreRequest as error:
            too_long = str(error)
        except ResponseDataLossError:
            raise
        except Exception as error:  # each coding raises its own exceptions
            fault = ResponseDataLossError("the answer is not compressed as its headers say")
            fault.__cause__ = error
            return self._again(request, fault)
        # A failure, as if it were as long without compression, and no rejection; without the error, which would keep
        # in memory what has been decompressed.
        raise DownloadCancelledError(too_long)

    def _again(self, request: Request, fault: ResponseDataLossError) -> Request:
        """Return a request for a retry.

        Raises:
            ResponseDataLossError: if it has been tried often enough.
        """
        back_off = self._crawler.get_downloader_middleware(BackOffMiddleware)
        again = back_off.process_exception(request, fault) if back_off is not None else None
        if again is None:
            raise fault
        return again


def _is_still_packed(response: Response) -> bool:
    """Whether a body was compressed twice, or without a word; a file of such a kind is left as it is."""
    return response.body.startswith(GZIP) and not urlsplit(response.url).path.endswith(".gz")


def _lacks_end(packed: bytes) -> bool:
    """Whether a body is compressed by gzip, and the compressed data break off; not only the checksum after them."""
    if not packed.startswith(GZIP) or packed[3:4] != b"\0":  # with what follows a longer header
        return False
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    rest = packed[_GZIP_HEADER:]
    try:
        while rest and not unpacker.eof:
            unpacker.decompress(rest, _PIECE)
            rest = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return not unpacker.eof


def _is_damaged(packed: bytes, unpacked: bytes) -> bool:
    """Whether a body is compressed by gzip, and its checksum is another one; one that was cut off proves nothing."""
    if not packed.startswith(GZIP) or zlib.crc32(unpacked) == int.from_bytes(packed[-8:-4], "little"):
        return False
    rest = packed
    try:
        while rest.startswith(GZIP):  # of several members, each has its own
            unpacker = zlib.decompressobj(GZIP_WBITS)
            while rest and not unpacker.eof:
                unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
            rest = unpacker.unused_data
    except zlib.error as error:
        return str(error).endswith(("incorrect data check", "incorrect length check"))
    return False


def _leave_out_no_codings(response: Response) -> None:
    named = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
    codings = [coding for coding in named if coding.strip().lower() not in _NO_CODINGS]
    if codings:
        response.headers.setlist("Content-Encoding", codings)
    else:
        response.headers.pop("Content-Encoding", None)
