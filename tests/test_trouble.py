"""What a crawl does, says and returns when the site fails, refuses or changes."""

from __future__ import annotations

import gzip
import json
import re
import socket
import subprocess
import sys
import time
import tracemalloc
from contextlib import nullcontext
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Spider
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import HtmlResponse, Request
from scrapy.utils.test import get_crawler

from ifp_scraper.__main__ import main
from ifp_scraper.middlewares.decompress import DecompressMiddleware, _lacks_end
from tests.crawling import EIGHT_AT_ONCE, FAST, ROOT, crawl, lines, scrapy
from tests.dry_run import dry_run
from tests.expected import assert_complete
from tests.site import Site, make_posts, serve
from tests.site.response import XML, Response, page, redirect


def test_whatever_fails_once_is_fetched_again(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(31, seed=5))
    posts = site.open_posts()
    kinds: list[Any] = [
        "reset",
        "truncated",
        "empty",
        "mislabelled",
        "mispacked",
        "json",
        "challenge",
        "challenge-403",
        500,
        502,
        503,
        429,
    ]
    with serve(site) as server:
        faults = [server.fault(posts[place].path, kind) for place, kind in enumerate(kinds)]
        faults += [server.fault(f"{posts[-place - 1].path}amp/", kind) for place, kind in enumerate(kinds)]
        faults += [server.fault(posts[12].path, 202), server.fault(posts[13].path, 304)]
        faults += [server.fault("wp-json", "reset"), server.fault("robots.txt", 503)]
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert all(fault.hits for fault in faults)
        assert "0 failed" in run.err
        assert_complete(site, server.url, out)


def test_what_fails_for_good_is_a_failure_and_is_tried_again(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(16, seed=5))
    posts = site.open_posts()
    with serve(site) as server:
        server.fault(posts[3].path, 500, None)
        server.fault(posts[5].path, "timeout", 1, seconds=9)
        server.fault(posts[6].path, "mislabelled", None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=1", "-s", "DOWNLOAD_TIMEOUT=1")
        assert run.status == 1
        assert "2 failed" in run.err
        assert posts[3].path in run.err
        assert f"{posts[6].path} (a page served as application/octet-stream)" in run.err
        assert json.loads(out.with_suffix(".runs.jsonl").read_text())["complete"] is False
        server.clear()
        run = crawl(server.url, out)
        assert (run.status, "2 new" in run.err) == (0, True), run.err
        assert_complete(site, server.url, out)


@pytest.mark.parametrize(
    ("kind", "every"), [(500, 2), *(pytest.param(kind, 6, marks=pytest.mark.slow) for kind in (403, "challenge"))]
)
def test_many_that_fail_for_good_do_not_end_later_runs(kind: Any, every: int, tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(60, seed=5))
    failing = site.open_posts()[::every]
    with serve(site) as server:
        for post in failing:
            server.fault(post.path, kind, None)
        # So fast a crawl asks for all refused pages once more in a row, at its end.
        limits = ("IFP_REFUSALS=20", "IFP_REFUSALS=5")
        runs = [crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0", "-s", limit) for limit in limits]
        assert [f"{len(failing)} failed" in run.err for run in runs] == [True, True]
        assert f"{len(failing)} of {len(failing)} fetches failed: " in runs[1].err
        server.clear()
        run = crawl(server.url, out)
        assert (run.status, f"{len(failing)} new" in run.err) == (0, True), run.err
        assert_complete(site, server.url, out)


@pytest.mark.slow
def test_a_hundredth_of_a_large_file_may_be_refused_for_good(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(2400, seed=5))
    failing = [post.path for post in site.open_posts()[10:230:10]]
    with serve(site, amp=None) as server:
        dry_run(server, out, broken=failing.__contains__)
        for path in failing:
            server.fault(path, 403, None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        assert (run.status, "22 failed" in run.err) == (0, True), run.err
        assert lines(tmp_path / "ifp.runs.jsonl")[-1]["caught_up"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "from_the_start"), [(403, True), ("challenge", True), ("challenge", False)])
def test_a_site_that_refuses_is_left_soon(kind: Any, from_the_start: bool, tmp_path: Path) -> None:
    open_to_all = () if from_the_start else ("robots", "wp-json")
    with serve(Site(make_posts(40))) as server:
        server.fault(lambda target: not any(part in target for part in open_to_all), kind, None)
        run = crawl(server.url, tmp_path / "ifp.jsonl")
    assert run.status == 1
    assert ("status 403" if kind == 403 else "challenge") in run.err
    assert "Traceback" not in run.err
    assert lines(tmp_path / "ifp.jsonl") == []
    assert len(server.log) <= 25


@pytest.mark.slow
@pytest.mark.parametrize(("name", "what"), [("127.0.0.1", "limit=9"), ("LocalHost", "urls={site}/a-story/")])
def test_a_host_that_is_not_there(name: str, what: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()
    site = f"http://{name}:{port}"
    run = crawl(site, tmp_path / "ifp.jsonl", "-a", what.format(site=site), "-s", "RETRY_TIMES=2")
    assert run.status == 1
    assert "cannot be reached" in run.err
    assert "Traceback" not in run.err
    assert time.monotonic() - started < 20


BREAKS = {
    "callback": "ifp_scraper.spiders.page_views.ViewReader.read",
    "start": "ifp_scraper.spiders.frontier.Frontier.discovered",
    "pipeline": "ifp_scraper.ledger.Ledger.write",
}


@pytest.mark.parametrize("where", BREAKS)
def test_a_fault_of_our_own_is_a_failure(where: str, tmp_path: Path) -> None:
    settings = tmp_path / "broken_settings.py"
    module, _, name = BREAKS[where].rpartition(".")
    module, _, holder = module.rpartition(".")
    settings.write_text(
        f"import {module} as module\nfrom ifp_scraper.settings import *\n"
        f"def broken(*a, **k):\n    raise RuntimeError('a fault of our own')\nmodule.{holder}.{name} = broken\n"
    )
    site = Site(make_posts(4, seed=5))
    with serve(site) as server:
        run = scrapy(
            "crawl", "ifp", "-s", f"IFP_SITE={server.url}", "-o", tmp_path / "ifp.jsonl", "-s", "DOWNLOAD_DELAY=0",
            cwd=tmp_path, settings="broken_settings",
        )  # fmt: skip
    assert run.status == 1
    assert "did not do its job" in run.err
    assert "a fault of our own" in run.err
    assert lines(tmp_path / "ifp.jsonl") == []
    [line] = lines(tmp_path / "ifp.runs.jsonl")
    assert (line["caught_up"], line["counts"]["failed"]) == ((True, 4) if where == "callback" else (False, 0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-a", "sources=rss"), "choose from rest, sitemap, feed, listing"),
        (("-o", "x.csv"), "scrapy export"),
        (("--pidfile", "/no/such/folder/p"), "/no/such/folder/p: No such file"),
    ],
)
def test_arguments_that_make_no_sense(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with serve(Site(make_posts(4))) as server:
        run = scrapy("crawl", "ifp", "-s", f"IFP_SITE={server.url}", *arguments)
        assert (run.status, message in run.err) == (2, True), run.err
        assert "Traceback" not in run.err
        assert server.log == []


def test_a_command_that_is_stopped_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scrapy.cmdline.execute", stop)
    with pytest.raises(SystemExit, match=r"^It was stopped\.$"):
        main()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("crawl", "ifp", "-a", "archive=sample"), ("extract", "sample")], ids=["crawl", "extract"]
)
def test_a_closed_stderr_keeps_no_command_from_its_job(arguments: tuple[str, ...], tmp_path: Path) -> None:
    command = (sys.executable, "-m", "scrapy", *arguments, "-o", tmp_path / "a.jsonl")
    done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *command], cwd=ROOT, check=False)
    assert (done.returncode, len(lines(tmp_path / "a.jsonl")) > 40) == (0, True)


THEMELESS = "<html><body><h1>Back soon</h1></body></html>"


@pytest.mark.parametrize("kind", [404, "other-site", "home", "maintenance"])
def test_a_site_that_is_ill_for_a_while_loses_no_article(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        paths = tuple(post.path for post in site.open_posts())
        server.fault(lambda target: target.startswith(paths), kind, None, page=THEMELESS)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, "gave no article" in run.err) == (1, True), run.err
        server.clear()
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("rest", [pytest.param(True, marks=pytest.mark.slow), 403])
def test_all_addresses_lead_to_one_article_for_a_while(rest: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None, rest=rest) as server:
        only, *others = site.open_posts()
        paths = tuple(post.path for post in others)

        def lead_to_one(target: str, response: Response) -> Response:
            return redirect(only.path) if target.startswith(paths) else response

        server.alter(lead_to_one)
        for _ in range(2):
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert (run.status, "gave no article" in run.err) == (1, True), run.err
        server.heal()
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("kind", ["other-site", "maintenance", pytest.param("circle", marks=pytest.mark.slow)])
def test_a_wall_that_is_not_known_ends_the_crawl(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(150, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        wall = tuple(post.path for post in site.public()[10:])
        server.fault(lambda target: target.startswith(wall), kind, None, page=THEMELESS)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, "100 addresses in a row showed no page of their own" in run.err) == (1, True), run.err
        assert len(server.log) < (230 if kind == "circle" else 125)
        assert 0 < len(lines(out)) <= 10
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


def test_a_wall_before_a_few_pages_costs_no_article(tmp_path: Path) -> None:
    site = Site(make_posts(30, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        walled = tuple(post.path for post in site.public()[10:14])
        server.fault(lambda target: target.startswith(walled), "maintenance", None, page=THEMELESS)
        crawl(server.url, out, *EIGHT_AT_ONCE)
        rejected = lines(out.with_suffix(".rejected.jsonl"))
        assert [line["reason"] for line in rejected].count("a page that is not of WordPress") == 4
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


def test_a_wall_before_all_lists_but_the_sections_costs_no_article(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    with serve(site, amp=None) as server:
        walled = server.fault(
            lambda target: any(name in target for name in ("json", "xml", "feed")), "challenge", None
        )
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert len(walled.hits) == 2 * len(set(walled.hits)) == 10  # each is tried twice, and five pages end a crawl
        assert_complete(site, server.url, tmp_path / "a.jsonl")


def test_what_a_broken_theme_hides_is_read_once_it_is_mended(tmp_path: Path) -> None:
    site = Site(make_posts(40, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        for post in make_posts(12, seed=9):
            site.add(replace(post, id=post.id + 90_000, slug=f"new-{post.id}", published=site.now, modified=site.now))
        site.advance(hours=1)

        def without_body(target: str, response: Response) -> Response:
            return replace(response, body=response.body.replace(b"td-post-content", b"renamed"))

        server.alter(without_body)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 1
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


LOGIN = (
    '<html><link href="/wp-includes/css/login.css"><body class="login no-js wp-core-ui"><h1>Log In</h1></body></html>'
)


BACK_SOON = (
    '<html><link href="/wp-content/plugins/coming-soon/style.css"><body><h1>We will be back soon</h1></body></html>'
)
"""What a maintenance plugin shows, with status 200."""


ONCE_MORE = [404, *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("circle", "other-site", "home"))]


@pytest.mark.parametrize("kind", [*ONCE_MORE, pytest.param("maintenance", id="login", marks=pytest.mark.slow)])
@pytest.mark.parametrize("for_good", [True, False])
def test_what_is_missing_is_asked_once_more(for_good: bool, kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=5))
    out = tmp_path / "ifp.jsonl"
    dead = site.open_posts()[3].path
    with serve(site) as server:
        server.fault(dead, kind, None, page=LOGIN)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        server.clear()
        if for_good:
            server.fault(dead, kind, None, page=LOGIN)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert dead in server.requests()
        assert len(server.log) <= 6
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert dead not in server.requests()
        assert len(lines(out)) == len(site.open_posts()) - for_good


@pytest.mark.slow
def test_many_articles_that_left_the_site_are_asked_once_more(tmp_path: Path) -> None:
    """The second time they come one after the other, and each may redirect elsewhere than before."""
    site = Site(make_posts(260, seed=5))
    out = tmp_path / "ifp.jsonl"
    numbers = count()
    with serve(site, amp=None) as server:
        moved = {post.path for post in site.public()[:220:2]}

        def lead_elsewhere(target: str, response: Response) -> Response:
            place = f"https://other.example{target}?n={next(numbers)}"
            return redirect(place, 302) if target in moved else response

        server.alter(lead_elsewhere)
        for asked in (True, True, False):
            server.clear()
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert run.status == 0, run.err
            assert len(moved.intersection(server.requests())) == (len(moved) if asked else 0)


def test_scrapys_own_fetch_works() -> None:
    with serve(Site(make_posts(3, seed=5))) as server:
        run = scrapy("fetch", f"{server.url}/", "-s", f"IFP_SITE={server.url}")
    assert (run.status, "</html>" in run.out, run.err) == (0, True, "")


def test_scrapys_own_fetch_says_why_it_gets_nothing() -> None:
    with serve(Site(make_posts(3, seed=5))) as server:
        server.fault("robots.txt", 503, None)
        run = scrapy("fetch", f"{server.url}/", "-s", f"IFP_SITE={server.url}", "-s", "RETRY_TIMES=0", *FAST)
    assert (run.out, "Traceback" in run.err, len(run.err.splitlines())) == ("", False, 1), run.err
    assert "/robots.txt cannot be read, which forbids all (status 503)" in run.err


def test_listings_that_are_json_are_no_listings(tmp_path: Path) -> None:
    with serve(Site(make_posts(3, seed=5))) as server:
        server.fault(lambda target: "robots.txt" not in target, "json", None)
        run = crawl(server.url, tmp_path / "ifp.jsonl", *EIGHT_AT_ONCE, "-a", "sources=listing", "-s", "RETRY_TIMES=0")
        assert (run.status, "no listing" in run.err) == (1, True), run.err
        assert "next source" not in run.err


def test_the_page_of_an_update_is_tried_again(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    posts = site.open_posts()
    with serve(site) as server:
        server.fault(lambda target: target == posts[1].path, "maintenance", 1)
        server.fault(lambda target: target == posts[2].path + "amp/", "maintenance", None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=1")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert {line["url"]: line["layout"] for line in lines(out)}[
            server.url + posts[2].path
        ] == "newspaper+amp-swift"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("truncated", "the answer broke off"),
        ("reset", "Connection to the other side was lost in a non-clean fashion"),
        ("mispacked", "the answer is not compressed as its headers say"),
    ],
)
def test_a_failure_is_told_in_words(kind: Any, words: str, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    with serve(site, amp=None) as server:
        server.fault(site.open_posts()[1].path, kind, None)
        run = crawl(server.url, tmp_path / "ifp.jsonl", *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        assert run.status == 1
        assert f"failed: {server.url}{site.open_posts()[1].path} ({words})" in run.err


def test_a_compressed_answer_that_is_too_long_is_a_failure_and_no_rejection() -> None:
    """Once the site is good again, the next run must ask for it."""
    crawler = get_crawler(Spider, {"DOWNLOAD_MAXSIZE": 10_000})
    middleware = DecompressMiddleware.from_crawler(crawler)
    bomb = HtmlResponse(
        "https://ifpnews.com/a/", headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(100_000))
    )
    with pytest.raises(DownloadCancelledError):
        middleware.process_response(Request(bomb.url), bomb)


_SOUND = gzip.compress(b"<html>Some words</html>")


@pytest.mark.parametrize(
    ("body", "is_damaged"),
    [
        (_SOUND, False),
        (_SOUND + gzip.compress(b" and more") + b"\0garbage", False),
        (_SOUND[:-8], False),
        (_SOUND[:-8] + bytes(4) + _SOUND[-4:], True),
        (_SOUND[:-1] + b"\1", False),  # the text is right
        (gzip.compress(b"One") + _SOUND[:-8] + bytes(8), True),
    ],
    ids=["sound", "members", "without", "checksum", "length", "second member"],
)
def test_a_compressed_answer_with_a_wrong_checksum_is_asked_for_again(body: bytes, is_damaged: bool) -> None:
    """Its text may be another one than the site sent."""
    crawler = get_crawler(Spider)
    answer = HtmlResponse("https://ifpnews.com/a/", headers={"Content-Encoding": "gzip"}, body=body)
    middleware = DecompressMiddleware.from_crawler(crawler)
    middleware._crawler = SimpleNamespace(get_downloader_middleware=lambda kind: None)  # type: ignore[assignment]
    with pytest.raises(ResponseDataLossError, match="damaged") if is_damaged else nullcontext():
        middleware.process_response(Request(answer.url), answer)


def test_a_coding_that_is_none_is_not_worth_a_warning(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    codings = cycle(["none", "UTF-8", "identity", "", "gzip, identity"])
    with serve(site) as server:

        def add_coding(target: str, response: Response) -> Response:
            coding = next(codings)
            body = gzip.compress(response.body) if "gzip" in coding else response.body
            return replace(response, body=body, headers={**response.headers, "Content-Encoding": coding})

        server.alter(add_coding)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, "cannot decode" in run.err) == (0, False), run.err
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("coding", ["gzip", ""])
def test_what_is_compressed_twice_or_without_a_word_is_read(coding: str, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    out, recording = tmp_path / "ifp.jsonl", tmp_path / "ifp.warc.gz"
    with serve(site, compress=bool(coding), disallow=["/wp-json/"]) as server:
        server.alter(lambda target, response: replace(response, body=gzip.compress(response.body)))
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        assert run.status == 0, run.err
        assert server.requests("wp-json") == []  # robots.txt was read, too
        assert_complete(site, server.url, out)
    assert scrapy("crawl", "ifp", "-a", f"archive={recording}", "-o", tmp_path / "again.jsonl").status == 0
    assert len(lines(tmp_path / "again.jsonl")) == len(lines(out))


def test_the_end_of_compressed_data_is_looked_for_in_small_pieces() -> None:
    """A bomb that says nothing of its coding has not yet met the limit when its end is looked for."""
    bomb = gzip.compress(bytes(64 << 20), mtime=0)
    named = gzip.compress(b"Some words.", mtime=0)
    named = named[:3] + b"\x08" + named[4:10] + b"a.html\0" + named[10:]  # with a file's name in the header
    tracemalloc.start()
    try:
        assert [_lacks_end(data) for data in (bomb, bomb[:-9], named, named[:-12], b"Some words.")] == [
            *(False, True, False, False, False)
        ]
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("end", "failed"), [(0.9, True), (-8, False)], ids=["text", "checksum"])
def test_a_page_that_breaks_off_compressed_is_no_page(end: float, failed: bool, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    out, ill = tmp_path / "ifp.jsonl", [site.open_posts()[1].path]

    def cut(target: str, response: Response) -> Response:
        body = gzip.compress(response.body)
        kept = body[: int(len(body) * end) if end > 0 else int(end)]
        packed = replace(response, body=kept, headers={**response.headers, "Content-Encoding": "gzip"})
        return packed if target.startswith(tuple(ill)) else response

    with serve(site) as server:
        server.alter(cut)
        for _ in range(2):
            run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=1")
            assert (run.status, "(the answer broke off)" in run.err) == (int(failed), failed), run.err
        assert len(lines(out)) == (5 if failed else 6)
        ill.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("status", [203, 206])
def test_what_comes_with_another_status_is_read_live_and_in_a_recording(status: int, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    out, recording = tmp_path / "ifp.jsonl", tmp_path / "ifp.warc.gz"
    with serve(site) as server:
        server.alter(lambda target, answer: replace(answer, status=status) if answer.status == 200 else answer)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)
    assert scrapy("crawl", "ifp", "-a", f"archive={recording}", "-o", tmp_path / "again.jsonl").status == 0
    assert scrapy("extract", recording, "-o", tmp_path / "extracted.jsonl").status == 0
    for again in ("again.jsonl", "extracted.jsonl"):
        read = {line["url"]: (line["published_source"], line["content_hash"]) for line in lines(tmp_path / again)}
        assert read == {line["url"]: (line["published_source"], line["content_hash"]) for line in lines(out)}


@pytest.mark.parametrize("source", ["rest", "sitemap"])
def test_a_list_of_nothing_is_no_list(source: str, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    empty = {
        "rest": Response(b"[]", headers={"Content-Type": "application/json", "X-WP-Total": "0"}),
        "sitemap": Response(b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>'),
    }[source]
    with serve(site) as server:
        part = {"rest": "/v2/posts", "sitemap": "map"}[source]
        server.alter(lambda target, response: empty if part in target else response)
        run = crawl(server.url, tmp_path / "one.jsonl", *EIGHT_AT_ONCE, "-a", f"sources={source}")
        assert (run.status, "no posts" in run.err) == (1, True), run.err
        run = crawl(server.url, tmp_path / "all.jsonl", *EIGHT_AT_ONCE, "-a", f"sources={source},listing")
        assert run.status == 0, run.err
        assert len(lines(tmp_path / "all.jsonl")) == len(site.open_posts())


@pytest.mark.parametrize("kind", [404, "maintenance"])
def test_a_listing_page_that_is_missing_once(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(46, seed=8))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        server.fault("/page/3/", kind, None, page=THEMELESS)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-a", "sources=listing")
        assert (run.status, "/page/3/" in run.err) == (1, True), run.err
        assert len(lines(out)) > 25
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE, "-a", "sources=listing").status == 0
        assert_complete(site, server.url, out)


def test_static_pages_in_a_sitemap_are_no_alarm(tmp_path: Path) -> None:
    site = Site(make_posts(4, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap=None) as server:
        pages = [f"/about-{name}/" for name in ("us", "you", "them", "it", "all", "none")]

        def list_pages(target: str, response: Response) -> Response:
            if target == "/sitemap.xml":
                listed = [*pages, *(post.path for post in site.open_posts())]
                body = "".join(f"<url><loc>{server.url}{path}</loc></url>" for path in listed)
                return page(f"<urlset>{body}</urlset>", content_type=XML)
            if target in pages:
                return replace(response, body=response.body.replace(b"/about-us/", target.encode()))
            return response

        server.reroute(lambda target: "/about-us/" if target in pages else target)
        server.alter(list_pages)
        for _ in range(2):
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert run.status == 0, run.err
        assert {line["reason"] for line in lines(out.with_suffix(".rejected.jsonl"))} == {
            "a static page or an attachment"
        }
        assert_complete(site, server.url, out)
        assert server.requests("/about-us/") == ["/about-us/"]


@pytest.mark.parametrize(
    ("config", "known"),
    [
        pytest.param({"rest": 403}, False, marks=pytest.mark.slow),
        pytest.param({}, False, marks=pytest.mark.slow),
        ({}, True),
    ],
    ids=str,
)
def test_a_theme_that_shows_all_posts_as_pages_is_an_alarm(config: Any, known: bool, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=9))
    out = tmp_path / "ifp.jsonl"
    with serve(site, yoast_head=False, **config) as server:
        if known:
            assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
            site.advance(hours=2)
            for post in site.open_posts()[:8]:
                site.edit(post.id, headline="Edited")
        paths = {post.path for post in site.open_posts()}

        def show_as_page(target: str, response: Response) -> Response:
            if target not in paths:
                return response
            body = re.sub(rb'<body class="[^"]*"', b'<body class="page page-id-7"', response.body)
            return replace(response, body=body)

        server.alter(show_as_page)
        for _ in range(2):
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert (run.status, "addresses that the site lists gave no article" in run.err) == (1, True), run.err
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out, revised=8 * known)


def test_articles_behind_a_maintenance_page_are_asked_for_once_more(tmp_path: Path) -> None:
    """It stands there for a while, so that most articles can be read: the run went well."""
    site = Site(make_posts(40, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        hidden = tuple(post.path for post in site.open_posts()[10:20])
        server.fault(lambda target: target.startswith(hidden), "maintenance", None, page=BACK_SOON)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, len(lines(out))) == (0, len(site.open_posts()) - len(hidden)), run.err
        server.clear()
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert not set(hidden).intersection(server.requests())


def test_pages_rejected_by_an_earlier_version_are_no_alarm(tmp_path: Path) -> None:
    """It did not tell whether they name their address; all are asked again, in a run with hardly an article."""
    site = Site(make_posts(20, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        hidden = tuple(post.path for post in site.open_posts()[10:16])
        server.fault(lambda target: target.startswith(hidden), "maintenance", None, page=BACK_SOON)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        rejected = out.with_suffix(".rejected.jsonl")
        earlier = [line | {"reason": "no article", "extractor_version": "0.0.1"} for line in lines(rejected)]
        rejected.write_text("".join(f"{json.dumps(line)}\n" for line in earlier))
        for asked in (True, True, False):
            server.log.clear()
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert run.status == 0, run.err
            assert set(hidden).issubset(server.requests()) is asked
