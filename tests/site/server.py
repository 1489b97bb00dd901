"""The site on 127.0.0.1: ``with serve(site) as server: ... server.url``."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from . import clock, faults, routes
from .config import Config
from .listings import challenge_page
from .model import Site
from .response import Response, as_json, page, redirect
from .view import View

Alteration = Callable[[str, Response], Response]
"""Takes path and query as requested, and the response; returns what to send instead."""

Listener = Callable[[str, dict[str, str]], None]
"""Takes path and query of a request, and its headers with names in lower case."""


class SiteServer:
    """A running site. ``log`` holds each request's (method, path with query, status), with 0 for no response.

    A test can make it misbehave in three ways: ``fault`` makes requests fail, ``alter`` changes responses, and
    ``reroute`` answers with another page. ``clear`` ends the faults, ``heal`` the other two. With ``on_request``
    a test sees requests as they come, and may change the site meanwhile.
    """

    def __init__(self, site: Site, config: Config, port: int = 0) -> None:
        self.site = site
        self.config = config
        self.log: list[tuple[str, str, int]] = []
        self.faults: list[faults.Fault] = []
        self._alterations: list[Alteration] = []
        self._route: Callable[[str], str] | None = None
        self._listener: Listener | None = None
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def fault(
        self, where: str | Callable[[str], bool], kind: faults.Kind, times: int | None = 1, **options: Any
    ) -> faults.Fault:
        """Make the next ``times`` requests fail whose path and query ``where`` selects or is a substring of.

        kind: one of ``faults.Kind``; timeout takes ``seconds``, maintenance ``page``, a status ``retry_after``.
        Return the fault, whose ``hits`` say what it hit.
        """
        fault = faults.make(where, kind, times, **options)
        with self._lock:
            self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Clear log and faults."""
        with self._lock:
            self.log.clear()
            self.faults.clear()

    def alter(self, alteration: Alteration) -> None:
        """Pass every response through ``alteration``, after any given before, until ``heal``."""
        self._alterations.append(alteration)

    def reroute(self, route: Callable[[str], str]) -> None:
        """Answer each request as if it were for the path and query that ``route`` returns, until ``heal``.

        The log and alterations still see the path and query as requested.
        """
        self._route = route

    def heal(self) -> None:
        """Undo ``alter`` and ``reroute``."""
        self._alterations.clear()
        self._route = None

    def on_request(self, listener: Listener) -> None:
        """Call ``listener`` with each request over the network before it is answered, faulty or not."""
        self._listener = listener

    def requests(self, part: str = "") -> list[str]:
        """Return path and query of the requests so far that contain ``part``."""
        return [target for _, target, _ in self.log if part in target]

    def fault_for(self, target: str) -> faults.Fault | None:
        if not self.faults:
            return None
        with self._lock:
            return next((fault for fault in self.faults if fault.takes(target)), None)

    def view(self) -> View:
        now = self.site.now - timedelta(seconds=self.config.age or 0)
        return View(self.site, self.config, self.url, now)

    def get(self, target: str, headers: dict[str, str] | None = None) -> Response:
        """Return the response for this path and query, without the network."""
        response = routes.answer(self.view(), self._route(target) if self._route else target, headers or {})
        for alteration in self._alterations:
            response = alteration(target, response)
        return response

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serve(site: Site, config: Config | None = None, port: int = 0, **options: Any) -> Iterator[SiteServer]:
    """Serve a site while the block runs; ``options`` are fields of ``Config``."""
    server = SiteServer(site, config or Config(**options), port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: SiteServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up: that is not an error of the site."""
        if not isinstance(_current_error(), ConnectionError):
            super().handle_error(request, client_address)


def _current_error() -> BaseException | None:
    import sys

    return sys.exc_info()[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: _Http

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._send(page("", 405), self.path)

    def _answer(self) -> None:
        owner = self.server.owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        if owner._listener:
            owner._listener(self.path, headers)
        if owner.config.delay:
            owner.stopping.wait(owner.config.delay)
        fault = owner.fault_for(self.path)
        if fault is None:
            self._send(owner.get(self.path, headers), self.path)
        elif fault.kind == "reset":
            self._hang_up(hard=True)
        elif fault.kind == "timeout":
            owner.stopping.wait(fault.seconds)
            self._hang_up(hard=False)
        elif fault.kind == "truncated":
            self._send(owner.get(self.path), self.path, cut=True)
        elif fault.kind == "mislabelled":
            response = owner.get(self.path)
            response.headers["Content-Type"] = "application/octet-stream"
            self._send(response, self.path)
        elif fault.kind == "mispacked":
            response = owner.get(self.path)
            response.headers["Content-Encoding"] = "gzip"
            self._send(response, self.path)
        elif fault.kind == "cut-anywhere":
            response = owner.get(self.path)
            response.body = response.body[: len(response.body) * 3 // 4 - 2000 * len(fault.hits)]
            self._send(response, self.path)
        else:
            self._send(_faulty(owner.view(), fault, self.path), self.path)

    def _hang_up(self, hard: bool) -> None:
        self.server.owner.log.append((self.command, self.path, 0))
        if hard:  # a RST instead of a FIN
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send(self, response: Response, target: str, cut: bool = False) -> None:
        owner, body = self.server.owner, response.body
        owner.log.append((self.command, target, response.status))
        headers = {"Server": "nginx", **self._time_headers(owner)}
        if owner.config.compress and body and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        headers |= response.headers
        if response.status != 304:
            headers["Content-Length"] = str(len(body))
        if cut:
            headers["Connection"] = "close"
        head = f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        self.wfile.write(head.encode("latin-1"))
        if self.command != "HEAD" and response.status != 304:
            self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def _time_headers(self, owner: SiteServer) -> dict[str, str]:
        kind: datetime | Literal["site", "real"] | None = owner.config.date_header
        if kind is None:
            return {}
        moment = (
            owner.site.now if kind == "site" else datetime.fromtimestamp(time.time(), UTC) if kind == "real" else kind
        )
        headers = {"Date": clock.http_date(moment)}
        if owner.config.age is not None:
            headers["Age"] = str(owner.config.age)
        return headers

    def log_message(self, *args: Any) -> None:
        """Log nothing: the server keeps its own log."""


def _faulty(view: View, fault: faults.Fault, target: str) -> Response:
    if fault.kind == "empty":
        return page("")
    if fault.kind == "json":
        return as_json({"error": "try again"})
    if fault.kind in ("challenge", "challenge-403"):
        return page(challenge_page(view), 403 if fault.kind == "challenge-403" else 200)
    if fault.kind == "maintenance":
        return page(fault.page)
    if fault.kind == "other-site":
        return redirect("http://parked.example/", 302)
    if fault.kind == "circle":
        return redirect(target, 302)
    if fault.kind == "home":
        return redirect("/", 301)
    assert isinstance(fault.kind, int)
    response = page(f"<html><body><h1>{fault.kind}</h1><p>Out of order.</p></body></html>", fault.kind)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response
