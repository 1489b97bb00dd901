"""A hostile site: a good one (``tests.site``) with some of its responses replaced by those in ``answers``."""

from __future__ import annotations

import gzip
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.crawling import FAST, ROOT
from tests.site import Config, Site, SiteServer

Answer = Callable[["Handler"], None]


class HostileServer:
    """``log`` holds path and headers of each request; ``answers`` maps a path (or its beginning, with ``*``)."""

    def __init__(self, site: Site, **options: Any) -> None:
        self.log: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, Answer] = {}
        self.stopping = threading.Event()
        self.http = _Http(("127.0.0.1", 0), Handler)
        self.http.owner = self
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.good = SiteServer(site, Config(**options))
        self.good.url = self.url

    def answer_for(self, path: str) -> Answer | None:
        if path in self.answers:
            return self.answers[path]
        for name, answer in self.answers.items():
            if name.endswith("*") and path.startswith(name[:-1]):
                return answer
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: HostileServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _Http

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.log.append((self.path, dict(self.headers.items())))
        answer = owner.answer_for(self.path)
        if answer is not None:
            answer(self)
            return
        found = owner.good.get(self.path, {name.lower(): value for name, value in self.headers.items()})
        self.send(found.body, found.status, **found.headers)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Send a complete response."""
        self.head(status, **headers, Content_Length=str(len(body)))
        self.wfile.write(body)

    def head(self, status: int = 200, **headers: str) -> None:
        headers.setdefault("Content_Type", headers.pop("Content-Type", "text/html; charset=UTF-8"))
        lines = [f"HTTP/1.1 {status} Hm"] + [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)

    def pour(self, chunk: bytes, pause: float = 0.0) -> None:
        """Write the chunk again and again, until the server stops."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        while not self.server.owner.stopping.is_set():
            self.raw(chunk)
            if pause:
                time.sleep(pause)

    def log_message(self, *args: Any) -> None:
        """Log nothing: the server keeps its own log."""


@contextmanager
def serve_hostile(site: Site, **options: Any) -> Iterator[HostileServer]:
    server = HostileServer(site, **options)
    threading.Thread(target=server.http.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.http.shutdown()
        server.http.server_close()


@dataclass
class Measured:
    """What a crawl did, and what it cost."""

    status: int
    err: str
    seconds: float
    """CPU time: how long it takes on a busy machine says little."""
    mebibytes: float


def crawl_hostile(url: str, out: Path, *arguments: str) -> Measured:
    """Run the real command with short timeouts and measure it; kill it after five minutes."""
    command = ["crawl", "ifp", "-s", f"IFP_SITE={url}", "-o", str(out), *FAST, "-s", "DOWNLOAD_TIMEOUT=4"]
    command += ["-s", "RETRY_TIMES=1", *arguments]
    out.parent.mkdir(parents=True, exist_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (out.parent / "stderr").open("w+", encoding="utf-8", errors="replace") as stderr:
        running = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *command],
            stderr=stderr,
            stdout=stderr,
            cwd=ROOT,
            env={**os.environ, "SCRAPY_SETTINGS_MODULE": "ifp_scraper.settings"},
        )
        alarm = threading.Timer(300, running.kill)
        alarm.start()
        mebibytes = peak_memory(running)
        alarm.cancel()
        stderr.seek(0)
        said = stderr.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(running.returncode, said, seconds, mebibytes)


def peak_memory(running: subprocess.Popen[Any]) -> float:
    """Wait for the process to end and return its peak memory in MiB. (What wait4() reports may be its parent's.)"""
    status = Path(f"/proc/{running.pid}/status")
    peak = 0
    while running.poll() is None:
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
            peak = max(peak, int(found[1])) if found else peak
        time.sleep(0.1)
    return peak / 1024


# -- answers --------------------------------------------------------------------------------------------------


def gigabyte(handler: Handler) -> None:
    handler.head(Content_Length=str(1 << 30))
    handler.pour(b"<p>more and more</p>" * 4096)


def endless_chunks(handler: Handler) -> None:
    handler.head(Transfer_Encoding="chunked")
    handler.pour(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def endless_headers(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 Hm\r\n")
    handler.pour(b"".join(b"X-%d: %s\r\n" % (number, b"x" * 100) for number in range(500)))


def endless_header(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 Hm\r\nX-A: more\r\n")
    handler.pour(b" and more\r\n" * 5000)


def slow_drip(handler: Handler) -> None:
    handler.head(Content_Length="100000")
    handler.pour(b"<", pause=0.2)


def gzip_bomb(handler: Handler) -> None:
    member = gzip.compress(bytes(16 << 20), 9)
    handler.send(member * 64, Content_Encoding="gzip")


def brotli_bomb(handler: Handler) -> None:
    import brotli

    compressor = brotli.Compressor(quality=1)
    body = b"".join(compressor.process(bytes(16 << 20)) for _ in range(64)) + compressor.finish()
    handler.send(body, Content_Encoding="br")


def lying_gzip(handler: Handler) -> None:
    handler.send(b"<html>this is no gzip</html>", Content_Encoding="gzip")


def unknown_coding(handler: Handler) -> None:
    handler.head(Content_Encoding="\xff\xfe", Content_Length="5")
    handler.raw(b"hello")


def redirect(location: str, status: int = 302) -> Answer:
    return lambda handler: handler.send(b"", status, Location=location)


def html(page: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler: handler.send(page, status, **headers)


def cookie_flood(page: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
        handler.raw(b"".join(b"Set-Cookie: c%d=%s; Path=/\r\n" % (number, b"v" * 40) for number in range(3000)))
        handler.raw(b"Content-Length: %d\r\n\r\n" % len(page) + page)

    return answer


def bad_headers(page: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\xff\x00\r\nDate: Fri, 31 Dec 9999 23:59:59 -2359"
        )
        handler.raw(b"\r\nAge: \xb2\xb3\r\nX-A: 1\rX-Injected: yes\nSet-Cookie: a=b\r\nRetry-After: -5\r\n")
        handler.raw(b"Content-Length: %d\r\n\r\n" % len(page) + page)

    return answer
