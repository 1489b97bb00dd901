"""Writes a site's responses to a WARC file, each page with its own capture time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from .clock import http_date, utc_text
from .server import SiteServer


def record(
    server: SiteServer,
    path: str | Path,
    targets: Iterable[str] | None = None,
    captured_at: datetime | Callable[[str], datetime] | None = None,
    root: str | None = None,
    requests: bool = True,
) -> list[str]:
    """Write request and response records of ``targets``, and return their URLs.

    Args:
        server: its responses are recorded without going over the network.
        path: a .warc.gz file (or .warc, uncompressed).
        targets: paths with query; by default ``every_target``.
        captured_at: the capture time, of all pages or by target; by default the site's clock. The pages are
            rendered at that time, so that "N hours ago" fits.
        root: replaces the server's own root in the recording, e.g. ``https://ifpnews.com``.
        requests: whether to record requests too.
    """
    path, root = Path(path), root or server.url
    site, site_now, server_url = server.site, server.site.now, server.url
    urls = []
    try:
        server.url = root
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=path.suffix == ".gz")
            writer.write_record(writer.create_warcinfo_record(path.name, {"software": "tests.site"}))
            for target in list(every_target(server) if targets is None else targets):
                moment = captured_at(target) if callable(captured_at) else captured_at or site_now
                site.now = moment
                _write(writer, server, target, root, moment, requests)
                urls.append(root + target)
    finally:
        site.now, server.url = site_now, server_url
    return urls


def every_target(server: SiteServer) -> list[str]:
    """All articles, canonical and AMP, their later pages, the first lists, the feed and some non-articles."""
    view, found = (
        server.view(),
        ["/robots.txt", "/", "/page/2/", "/iran-news/", "/about-us/", "/feed/", "/no-such-page/"],
    )
    for post in server.site.public():
        found.append(post.path)
        found += [f"{post.path}{number}/" for number in range(2, len(post.pages) + 1)]
        if view.has_amp(post):
            found.append(post.path + "amp/")
            found += [f"{post.path}amp/{number}/" for number in range(2, len(post.pages) + 1)]
    return found


def _write(writer: WARCWriter, server: SiteServer, target: str, root: str, moment: datetime, requests: bool) -> None:
    response = server.get(target)
    headers = [
        ("Date", http_date(moment)),
        *response.headers.items(),
        ("Content-Length", str(len(response.body))),
    ]
    stamp = {"WARC-Date": utc_text(moment)}
    answer = writer.create_warc_record(
        root + target,
        "response",
        payload=BytesIO(response.body),
        http_headers=StatusAndHeaders(
            f"{response.status} {_PHRASES.get(response.status, 'Other')}", headers, protocol="HTTP/1.1"
        ),
        warc_headers_dict=stamp,
    )
    if not requests:
        writer.write_record(answer)
        return
    host = root.partition("://")[2]
    question = writer.create_warc_record(
        root + target,
        "request",
        http_headers=StatusAndHeaders(
            f"GET {target} HTTP/1.1", [("Host", host), ("User-Agent", "recorder")], is_http_request=True
        ),
        warc_headers_dict=stamp,
    )
    writer.write_request_response_pair(question, answer)


_PHRASES = {200: "OK", 301: "Moved Permanently", 304: "Not Modified", 403: "Forbidden", 404: "Not Found"}
