"""Headers without end are given up; a long one is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.testing import StringTransport
from twisted.web._newclient import HTTP11ClientProtocol

from ifp_scraper.middlewares.bounded_headers import MAX_HEADERS, _bounded
from tests import hostile
from tests.crawling import crawl, lines
from tests.hostile import html, serve_hostile
from tests.site import Site, make_posts


@pytest.mark.slow
@pytest.mark.parametrize("answer", [hostile.endless_headers, hostile.endless_header])
def test_headers_without_end_are_given_up(answer: hostile.Answer, tmp_path: Path) -> None:
    site, out = Site(make_posts(4, seed=5)), tmp_path / "ifp.jsonl"
    path = site.open_posts()[0].path
    with serve_hostile(site, amp=None) as server:
        server.answers[path] = answer
        run = crawl(server.url, out, "-s", "RETRY_TIMES=0")
        assert f"failed: {server.url}{path} (its headers are too long)" in run.err
        assert (run.status, len(lines(out))) == (1, len(site.open_posts()) - 1), run.err


def test_a_long_header_is_read(tmp_path: Path) -> None:
    site, out = Site(make_posts(4, seed=5)), tmp_path / "ifp.jsonl"
    with serve_hostile(site, amp=None) as server:
        for post in site.open_posts():
            found = server.good.get(post.path)
            server.answers[post.path] = html(found.body, X_Long="a" * (MAX_HEADERS - 99_999))
        run = crawl(server.url, out)
        assert (run.status, len(lines(out))) == (0, len(site.open_posts())), run.err


def test_what_comes_on_a_connection_that_is_being_closed_ends_it() -> None:
    transport, protocol = StringTransport(), _bounded(HTTP11ClientProtocol())
    protocol.makeConnection(transport)
    transport.loseConnection()  # with TLS, the server may still send
    protocol.dataReceived(b"X-1: and more")
    assert transport.disconnected  # at once
