"""Download handler that bounds the headers of a response: Twisted would read them for as long as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MAX_HEADERS = 256 * 1024
"""Maximum number of bytes before a body, roughly; as in Chrome."""


class HeadersTooLong(Exception):
    """A response has more than ``MAX_HEADERS``."""


class BoundedHeadersHandler(HTTP11DownloadHandler):
    """Scrapy's handler for HTTP, which gives up a response with endless headers.

    A single header may be as long as all together; Twisted would close the connection at 16 KiB.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        pool: Any = self._pool
        make_factory = pool._factory  # of the connections

        def make_bounded(*arguments: Any) -> Any:
            factory = make_factory(*arguments)
            build = factory.buildProtocol
            factory.buildProtocol = lambda address: _bounded(build(address))
            return factory

        pool._factory = make_bounded


def _bounded(protocol: Any) -> Any:
    """Return Twisted's protocol of a connection, which from now on counts what comes before each body.

    What comes on a connection that is being closed ends it at once: with TLS, Twisted would read on until the server
    closes it as well.
    """
    receive: Callable[[bytes], None] = protocol.dataReceived

    def receive_bounded(data: bytes) -> None:
        if protocol.transport.disconnecting:
            protocol.transport.abortConnection()
            return
        parser = protocol._parser  # each response has its own
        if parser is not None and parser.state in ("STATUS", "HEADER"):
            parser.MAX_LENGTH = MAX_HEADERS
            parser.received = getattr(parser, "received", 0) + len(data)
            if parser.received > MAX_HEADERS:
                protocol._giveUp(Failure(HeadersTooLong("its headers are too long")))  # type: ignore[no-untyped-call]
                return
        receive(data)

    protocol.dataReceived = receive_bounded
    return protocol
