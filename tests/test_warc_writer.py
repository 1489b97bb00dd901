"""Recordings can be validated, and crawled again with the same lines."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrapy.http import HtmlResponse

from ifp_scraper.recordings.capture_time import capture_time
from tests.crawling import EIGHT_AT_ONCE, crawl, lines, scrapy
from tests.site import Site, make_posts, serve
from tests.site.response import Response


def replay(recording: Path, out: Path, root: str) -> list[dict[str, Any]]:
    run = scrapy("crawl", "ifp", "-a", f"archive={recording}", "-o", out, "-s", f"IFP_SITE={root}")
    assert run.status == 0, run.err
    return sorted(lines(out), key=lambda line: (line["url"], line["revision"]))


def without_duplicate_of(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what depends on the order in which articles came."""
    return {**line, "duplicate_of": None}


def test_a_recording_gives_the_lines_of_the_crawl(tmp_path: Path) -> None:
    out, recording = tmp_path / "live.jsonl", tmp_path / "all.warc.gz"
    site = Site(make_posts(31, seed=8))
    posts = site.open_posts()
    with serve(site, compress=True) as server:
        server.fault(posts[4].path, "empty")
        server.fault(posts[6].path, "challenge")
        server.fault(posts[7].path, 503)
        server.fault(f"{posts[8].path}amp/", "truncated")
        server.fault(f"{posts[9].path}amp/", "challenge")
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        assert (run.status, "ignored" in run.err) == (0, False), run.err
        live = sorted(lines(out), key=lambda line: (line["url"], line["revision"]))
        assert len(live) == len(posts)
        replayed = replay(recording, tmp_path / "a.jsonl", server.url)
        assert list(map(without_duplicate_of, replayed)) == list(map(without_duplicate_of, live))

        # A second run, recorded into a file that a kill left with half a record.
        size = recording.stat().st_size
        with recording.open("ab") as stream:
            stream.write(recording.read_bytes()[:700])
        site.advance(hours=5)
        site.edit(posts[11].id, headline="Edited between two runs")
        site.edit(posts[12].id)
        run = crawl(server.url, out, "-s", f"IFP_ARCHIVE={recording}")
        assert (run.status, "2 revised" in run.err) == (0, True), run.err
        assert recording.stat().st_size > size
        live = sorted(lines(out), key=lambda line: (line["url"], line["revision"]))
        again = replay(recording, tmp_path / "b.jsonl", server.url)
        assert list(map(without_duplicate_of, again)) == list(map(without_duplicate_of, live))
        assert len(server.log) > 60
    checked = subprocess.run(
        [Path(sys.executable).with_name("warcio"), "check", "-v", recording], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "digest pass" in checked.stdout


def test_headers_are_recorded_as_received(tmp_path: Path) -> None:
    sent = [("X-A", "é"), ("X-B", '<http://a/é>; rel="é"; title="ü"'), ("Location", "http://a/ü?b;c=d")]
    in_utf_8 = ("X-C", "سلام")

    def with_headers(target: str, response: Response) -> Response:
        raw = (in_utf_8[0], in_utf_8[1].encode().decode("latin-1"))
        response.headers |= dict([*sent, raw])
        return response

    recording = tmp_path / "a.warc"
    with serve(Site(make_posts(3, seed=8)), amp=None) as server:
        server.alter(with_headers)
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
    assert (run.status, len(lines(tmp_path / "a.jsonl"))) == (0, 3), run.err
    recorded = recording.read_bytes()
    for name, value in sent:
        assert f"\r\n{name}: {value}\r\n".encode("latin-1") in recorded
    assert "\r\n{}: {}\r\n".format(*in_utf_8).encode() in recorded


def test_a_status_without_a_name_is_recorded_and_read_back(tmp_path: Path) -> None:
    """As 520, of Cloudflare."""
    recording, site = tmp_path / "a.warc", Site(make_posts(3, seed=8))
    with serve(site, amp=None) as server:
        server.fault(site.open_posts()[1].path, 520)
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        assert (run.status, recording.read_bytes().count(b"HTTP/1.1 520 Unknown\r\n")) == (0, 1), run.err
        assert len(replay(recording, tmp_path / "b.jsonl", server.url)) == len(lines(tmp_path / "a.jsonl")) == 3


def test_of_several_ages_the_first_counts(tmp_path: Path) -> None:
    date, an_hour_before = "Mon, 06 May 2024 07:00:00 GMT", datetime(2024, 5, 6, 6, tzinfo=UTC)
    response = HtmlResponse("https://ifpnews.com/a/", headers={"Date": [date, "x"], "Age": ["3600", "0"]})
    assert capture_time(response) == (an_hour_before, timedelta(hours=1))


def test_it_does_not_matter_which_source_first_gave_the_publication_time(tmp_path: Path) -> None:
    out, recording = tmp_path / "live.jsonl", tmp_path / "all.warc.gz"
    with serve(Site(make_posts(31, seed=8)), rest=403, sitemap="yoast", sitemap_size=10) as server:
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        assert run.status == 0, run.err
        live = sorted(lines(out), key=lambda line: (line["url"], line["revision"]))
        assert {line["published_source"] for line in live} == {"feed", "meta"}
        replayed = replay(recording, tmp_path / "a.jsonl", server.url)
        assert list(map(without_duplicate_of, replayed)) == list(map(without_duplicate_of, live))
