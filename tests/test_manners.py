"""How the crawl behaves towards the site, and its messages and exit status when things go wrong."""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import replace
from email.utils import formatdate
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import HtmlResponse
from scrapy.http import Response as Answer

from ifp_scraper.responses import asked_wait, cut_short, in_words, mislabelled, out_of_order, refusal
from ifp_scraper.settings import USER_AGENT
from tests.crawling import FAST, crawl, lines, scrapy
from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.response import XML, Response, page, redirect
from tests.test_discovery import printing
from tests.truth import assert_complete

QUICK = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")


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
        faults += [server.fault("wp-json", "reset"), server.fault("robots.txt", 503)]
        run = crawl(server.url, out, *QUICK)
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
        run = crawl(server.url, out, *QUICK, "-s", "RETRY_TIMES=1", "-s", "DOWNLOAD_TIMEOUT=1")
        assert run.status == 1
        assert "2 failed" in run.err
        assert posts[3].path in run.err
        assert f"{posts[6].path} (a page served as application/octet-stream)" in run.err
        assert json.loads(out.with_suffix(".runs.jsonl").read_text())["complete"] is False
        server.clear()
        run = crawl(server.url, out)
        assert (run.status, "2 new" in run.err) == (0, True), run.err
        assert_complete(site, server.url, out)


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


def test_robots_txt_and_the_name_of_the_visitor(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(8, seed=5))
    blocked = site.open_posts()[2]
    seen: list[tuple[float, str, str]] = []
    with serve(site, crawl_delay=0.5, amp=None, disallow=[blocked.path]) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            seen.append((time.monotonic(), target, (headers or {})["user-agent"]))
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, out, "-s", "IFP_CONTACT=https://lab.example/bot")
        assert run.status == 0, run.err
        gaps = [later[0] - earlier[0] for earlier, later in pairwise(seen)]
        assert len(gaps) > 7
        assert min(gaps) > 0.45
        assert {agent for _, _, agent in seen} == {f"{USER_AGENT} (+https://lab.example/bot)"}
        assert blocked.path not in server.requests()
        assert len(lines(out)) == len(site.open_posts()) - 1
        [rejected] = lines(out.with_suffix(".rejected.jsonl"))
        assert "robots.txt" in rejected["reason"]


@pytest.mark.parametrize("status", [429, pytest.param(503, marks=pytest.mark.slow)])
def test_the_wait_that_the_site_asks_for(status: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    with serve(site, amp=None) as server:
        fault = server.fault(site.open_posts()[1].path, status, 1, retry_after=2)
        started = time.monotonic()
        run = crawl(server.url, tmp_path / "ifp.jsonl")
        assert run.status == 0, run.err
        assert fault.hits
        assert time.monotonic() - started > 2.5
        assert len(lines(tmp_path / "ifp.jsonl")) == len(site.open_posts())


BREAKS = {
    "callback": "ifp_scraper.spiders.views.ViewReader.read",
    "start": "ifp_scraper.spiders.agenda.Agenda.discovered",
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-a", "sources=rss"), "choose from rest, sitemap, feed, listing"),
        (("-o", "x.csv"), "scrapy export"),
    ],
)
def test_arguments_that_make_no_sense(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with serve(Site(make_posts(4))) as server:
        run = scrapy("crawl", "ifp", "-s", f"IFP_SITE={server.url}", *arguments)
        assert (run.status, message in run.err) == (2, True), run.err
        assert "Traceback" not in run.err
        assert server.log == []


@pytest.mark.parametrize("kind", [500, pytest.param("empty", marks=pytest.mark.slow)])
def test_an_amp_page_that_failed_is_read_by_the_next_run(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=9))
    out = tmp_path / "ifp.jsonl"
    post = site.open_posts()[2]
    with serve(site) as server:
        server.fault(post.path + "amp/", kind, None)
        assert crawl(server.url, out, "-s", "RETRY_TIMES=0").status == 1
        server.clear()
        # A run that has no reason to fetch it does not forget it.
        assert crawl(server.url, out, "-a", f"urls={server.url}{site.open_posts()[4].path}").status == 0
        assert scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).status == 0
        assert crawl(server.url, out).status == 0
        assert [
            (line["layout"], line["revision"], line["reread"]) for line in lines(out) if line["id"] == post.id
        ] == [
            ("newspaper", 1, False),
            ("newspaper+amp-swift", 1, True),
        ]
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


@pytest.mark.parametrize("kind", [500, "empty"])
def test_a_further_page_that_failed_is_read_by_the_next_run(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(46, seed=8))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if len(post.pages) > 2)
    last = f"{post.path}{len(post.pages)}/"
    with serve(site, amp=None) as server:
        server.fault(last, kind, None)
        run = crawl(server.url, out, *QUICK, "-s", "RETRY_TIMES=0")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        assert len(server.requests(last)) == 1  # the pages before it name it too
        server.clear()
        assert crawl(server.url, out).status == 0
        assert [
            (line["warnings"], line["revision"], line["reread"]) for line in lines(out) if line["id"] == post.id
        ] == [(["one-page-of-many"], 1, False), ([], 1, True)]


@pytest.mark.parametrize("root", ["", pytest.param("https://another.example", marks=pytest.mark.slow)])
def test_a_further_page_that_was_missing_is_asked_once_more(root: str, tmp_path: Path) -> None:
    site = Site(make_posts(120, seed=8))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in reversed(site.open_posts()) if len(post.pages) > 1)  # REST does not list it again
    with serve(site, amp=None) as server:
        printing(server, root or server.url)
        server.fault(post.path + "2/", 404, None)
        for asked in (True, True, False):
            assert crawl(server.url, out, *QUICK).status == 0
            assert bool(server.requests(post.path + "2/")) == asked
            server.log.clear()
        assert [line["warnings"] for line in lines(out) if line["id"] == post.id] == [["one-page-of-many"]]


@pytest.mark.parametrize(
    "kind", [404, pytest.param(500, marks=pytest.mark.slow), "unreadable", pytest.param("cut", marks=pytest.mark.slow)]
)
def test_an_article_of_which_only_the_amp_page_can_be_had(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=9))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if post.amp_enabled)
    with serve(site) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target != post.path:
                return found
            if kind == "cut":
                return replace(found, body=found.body.partition(b'<div class="td-post-content')[0])
            return replace(found, body=found.body.replace(b"td-post-content", b"renamed"))

        if kind in (404, 500):
            server.fault(lambda target: target == post.path, kind, None)
        else:
            server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, out, *QUICK, "-s", "RETRY_TIMES=0")
        assert run.status == (kind in (500, "cut")), run.err
        assert {line["id"] for line in lines(out)} == {one.id for one in site.open_posts()}
        server.clear()
        server.get = answer  # type: ignore[method-assign]
        assert crawl(server.url, out).status == 0
        found = [line for line in lines(out) if line["id"] == post.id]
        assert [(line["layout"], line["revision"], line["reread"]) for line in found] == [
            ("amp-swift", 1, False),
            ("newspaper+amp-swift", 1, True),
        ]
        assert {line["published_source"] for line in found} == {"rest"}
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


def without_text(server: SiteServer, posts: list[Post]) -> None:
    """Let the canonical pages of these posts be unreadable from now on."""
    answer = server.get
    paths = {post.path for post in posts}

    def get(target: str, headers: dict[str, str] | None = None) -> Response:
        found = answer(target, headers)
        return replace(found, body=found.body.replace(b"td-post-content", b"renamed")) if target in paths else found

    server.get = get  # type: ignore[method-assign]


@pytest.mark.parametrize("count", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_pages_that_stay_unreadable_beside_their_amp_pages(count: int, tmp_path: Path) -> None:
    """They are asked once more, without an alarm, and an edit is still seen."""
    site = Site(make_posts(46, seed=9))
    out = tmp_path / "ifp.jsonl"
    posts = [post for post in site.open_posts() if post.amp_enabled][:count]
    with serve(site) as server:
        without_text(server, posts)
        for asked in (True, True, False):
            server.clear()
            run = crawl(server.url, out, *QUICK)
            assert run.status == 0, run.err
            for post in posts:
                assert [bool(server.requests(path)) for path in (post.path, f"{post.path}amp/")] == [asked, asked]
        site.advance(hours=2)
        site.edit(posts[0].id, headline="Edited")
        assert crawl(server.url, out, *QUICK).status == 0
        found = [line for line in lines(out) if line["id"] == posts[0].id]
        assert [(line["revision"], line["layout"]) for line in found] == [(1, "amp-swift"), (2, "amp-swift")]


@pytest.mark.parametrize("pages", ["amp", "both"])
def test_amp_pages_at_the_other_kind_of_address(pages: str, tmp_path: Path) -> None:
    """With the plugin's option ``amp-core-end-point``; where the canonical pages cannot be had."""
    site = Site(make_posts(16, seed=9))
    out = tmp_path / "ifp.jsonl"
    amp = [post for post in site.open_posts() if post.amp_enabled]
    missing = {post.path for post in amp[3:]}
    with serve(site) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            return replace(found, body=found.body.replace(b'/amp/" />', b'/?amp=1" />'))

        server.get = get  # type: ignore[method-assign]
        server.fault(lambda target: target.endswith("/amp/") or (pages == "both" and target in missing), 404, None)
        run = crawl(server.url, out, "-a", f"pages={pages}")
        assert run.status == 0, run.err
        read = {line["id"]: line["layout"] for line in lines(out)}
        assert {post.id for post in amp} <= set(read)
        assert all("amp-swift" in read[post.id] for post in amp)


@pytest.mark.parametrize("how", ["robots.txt", 404])
def test_amp_pages_that_are_not_to_be_had_are_no_failures(how: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=9))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=["/*/amp/"] if how == "robots.txt" else []) as server:
        if how != "robots.txt":
            server.fault("/amp/", how, None)
        run = crawl(server.url, out, *QUICK)
        assert (run.status, "0 failed" in run.err) == (0, True), run.err
        assert {line["layout"] for line in lines(out)} == {"newspaper"}
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


THEMELESS = "<html><body><h1>Back soon</h1></body></html>"


@pytest.mark.parametrize("kind", [404, "other-site", "maintenance"])
def test_a_site_that_is_ill_for_a_while_loses_no_article(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        paths = tuple(post.path for post in site.open_posts())
        server.fault(lambda target: target.startswith(paths), kind, None, page=THEMELESS)
        run = crawl(server.url, out, *QUICK)
        assert (run.status, "gave no article" in run.err) == (1, True), run.err
        server.clear()
        run = crawl(server.url, out, *QUICK)
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("kind", ["other-site", "maintenance", pytest.param("circle", marks=pytest.mark.slow)])
def test_a_wall_that_is_not_known_ends_the_crawl(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(150, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        wall = tuple(post.path for post in site.public()[10:])
        server.fault(lambda target: target.startswith(wall), kind, None, page=THEMELESS)
        run = crawl(server.url, out, *QUICK)
        assert (run.status, "100 addresses in a row were not answered by the site itself" in run.err) == (1, True), (
            run.err
        )
        assert len(server.log) < (1300 if kind == "circle" else 125)
        assert 0 < len(lines(out)) <= 10
        server.clear()
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


def test_a_wall_before_a_few_pages_costs_no_article(tmp_path: Path) -> None:
    site = Site(make_posts(30, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        walled = tuple(post.path for post in site.public()[10:14])
        server.fault(lambda target: target.startswith(walled), "maintenance", None, page=THEMELESS)
        crawl(server.url, out, *QUICK)
        rejected = lines(out.with_suffix(".rejected.jsonl"))
        assert [line["reason"] for line in rejected].count("a page that is not of WordPress") == 4
        server.clear()
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


def test_what_a_broken_theme_hides_is_read_once_it_is_mended(tmp_path: Path) -> None:
    site = Site(make_posts(40, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out, *QUICK).status == 0
        for post in make_posts(12, seed=9):
            site.add(replace(post, id=post.id + 90_000, slug=f"new-{post.id}", published=site.now, modified=site.now))
        site.advance(hours=1)
        answer = server.get

        def without_body(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            found.body = found.body.replace(b"td-post-content", b"renamed")
            return found

        server.get = without_body  # type: ignore[method-assign]
        assert crawl(server.url, out, *QUICK).status == 1
        server.get = answer  # type: ignore[method-assign]
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


LOGIN = (
    '<html><link href="/wp-includes/css/login.css"><body class="login no-js wp-core-ui"><h1>Log In</h1></body></html>'
)
ONCE_MORE = [404, *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("circle", "other-site", "home"))]


@pytest.mark.parametrize("kind", [*ONCE_MORE, pytest.param("maintenance", id="login", marks=pytest.mark.slow)])
@pytest.mark.parametrize("for_good", [True, False])
def test_what_is_missing_is_asked_once_more(for_good: bool, kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=5))
    out = tmp_path / "ifp.jsonl"
    dead = site.open_posts()[3].path
    with serve(site) as server:
        server.fault(dead, kind, None, page=LOGIN)
        assert crawl(server.url, out, *QUICK).status == 0
        server.clear()
        if for_good:
            server.fault(dead, kind, None, page=LOGIN)
        assert crawl(server.url, out, *QUICK).status == 0
        assert dead in server.requests()
        assert len(server.log) <= (15 if kind == "circle" else 5)
        server.clear()
        assert crawl(server.url, out, *QUICK).status == 0
        assert dead not in server.requests()
        assert len(lines(out)) == len(site.open_posts()) - for_good


@pytest.mark.slow
def test_many_articles_that_left_the_site_are_asked_once_more(tmp_path: Path) -> None:
    """They come one after the other then, and each may lead to another address than before."""
    site = Site(make_posts(260, seed=5))
    out = tmp_path / "ifp.jsonl"
    numbers = count()
    with serve(site, amp=None) as server:
        moved = {post.path for post in site.public()[:220:2]}
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            place = f"https://other.example{target}?n={next(numbers)}"
            return redirect(place, 302) if target in moved else answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        for asked in (True, True, False):
            server.clear()
            run = crawl(server.url, out, *QUICK)
            assert run.status == 0, run.err
            assert len(moved.intersection(server.requests())) == (len(moved) if asked else 0)


def test_scrapys_own_fetch_works() -> None:
    with serve(Site(make_posts(3, seed=5))) as server:
        run = scrapy("fetch", f"{server.url}/", "-s", f"IFP_SITE={server.url}")
    assert (run.status, "</html>" in run.out, run.err) == (0, True, "")


def test_listings_that_are_json_are_no_listings(tmp_path: Path) -> None:
    with serve(Site(make_posts(3, seed=5))) as server:
        server.fault(lambda target: "robots.txt" not in target, "json", None)
        run = crawl(server.url, tmp_path / "ifp.jsonl", *QUICK, "-a", "sources=listing", "-s", "RETRY_TIMES=0")
        assert (run.status, "no listing" in run.err) == (1, True), run.err


def test_the_page_of_an_update_is_tried_again(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    posts = site.open_posts()
    with serve(site) as server:
        server.fault(lambda target: target == posts[1].path, "maintenance", 1)
        server.fault(lambda target: target == posts[2].path + "amp/", "maintenance", None)
        run = crawl(server.url, out, *QUICK, "-s", "RETRY_TIMES=1")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        server.clear()
        assert crawl(server.url, out, *QUICK).status == 0
        assert {line["url"]: line["layout"] for line in lines(out)}[
            server.url + posts[2].path
        ] == "newspaper+amp-swift"


def test_a_page_cut_elsewhere_each_time_is_a_failure(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        server.fault(site.open_posts()[1].path, "cut-anywhere", None)
        run = crawl(server.url, out, *QUICK, "-s", "RETRY_TIMES=2")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        assert len(lines(out)) == len(site.open_posts()) - 1
        server.clear()
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


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
        run = crawl(server.url, tmp_path / "ifp.jsonl", *QUICK, "-s", "RETRY_TIMES=0")
        assert run.status == 1
        assert f"failed: {server.url}{site.open_posts()[1].path} ({words})" in run.err


ERROR_PAGE = b"""</p><!DOCTYPE html><html lang="en-US"><head><title>WordPress &rsaquo; Error</title></head>
<body id="error-page"><div class="wp-die-message"><p>There has been a critical error on this website.</p></div></body>
</html>"""


@pytest.mark.parametrize(
    ("end", "words"), [(b"", "breaks off"), pytest.param(ERROR_PAGE, "out of order", marks=pytest.mark.slow)]
)
def test_a_page_that_breaks_off_before_its_text_is_a_failure(end: bytes, words: str, tmp_path: Path) -> None:
    """As after a fatal error of PHP: what was printed before comes with status 200, WordPress's page behind it."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target == site.open_posts()[1].path:
                before, begin, _ = found.body.partition(b'<div class="td-post-content tagdiv-type">')
                assert begin
                return replace(found, body=before + begin + end)
            return found

        server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, out, *QUICK)
        assert (run.status, "1 failed" in run.err, words in run.err) == (1, True, True), run.err
        server.get = answer  # type: ignore[method-assign]
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("retries", [0, 2])
def test_pages_that_end_without_a_tag_are_read(retries: int, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    site.edit(site.open_posts()[2].id, pages=[[]])  # nothing but a headline
    with serve(site, amp=None) as server:
        answer = server.get
        many = count()

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            end = b"<!-- %s -->" % (b"x" * (next(many) * 97 % 400))
            return replace(found, body=found.body.replace(b"</html>", end)) if b"<html" in found.body else found

        server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, tmp_path / "a.jsonl", *QUICK, "-s", f"RETRY_TIMES={retries}")
        assert run.status == 0, run.err
        assert len(lines(tmp_path / "a.jsonl")) == len(site.open_posts())


@pytest.mark.parametrize("source", ["rest", "sitemap"])
def test_a_list_of_nothing_is_no_list(source: str, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    empty = {
        "rest": Response(b"[]", headers={"Content-Type": "application/json", "X-WP-Total": "0"}),
        "sitemap": Response(b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>'),
    }[source]
    with serve(site) as server:
        answer = server.get
        server.get = lambda target, headers=None: (  # type: ignore[method-assign]
            empty if {"rest": "/v2/posts", "sitemap": "map"}[source] in target else answer(target, headers)
        )
        run = crawl(server.url, tmp_path / "one.jsonl", *QUICK, "-a", f"sources={source}")
        assert (run.status, "no posts" in run.err) == (1, True), run.err
        run = crawl(server.url, tmp_path / "all.jsonl", *QUICK, "-a", f"sources={source},listing")
        assert run.status == 0, run.err
        assert len(lines(tmp_path / "all.jsonl")) == len(site.open_posts())


@pytest.mark.parametrize("kind", [404, "maintenance"])
def test_a_listing_page_that_is_missing_once(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(46, seed=8))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        server.fault("/page/3/", kind, None, page=THEMELESS)
        run = crawl(server.url, out, *QUICK, "-a", "sources=listing")
        assert (run.status, "/page/3/" in run.err) == (1, True), run.err
        assert len(lines(out)) > 25
        server.clear()
        assert crawl(server.url, out, *QUICK, "-a", "sources=listing").status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("robots", [500, 503, "reset"])
def test_a_robots_txt_that_cannot_be_read_forbids_all(robots: Any, tmp_path: Path) -> None:
    with serve(Site(make_posts(4))) as server:
        server.fault("robots.txt", robots, None)
        run = crawl(server.url, tmp_path / "ifp.jsonl", "-s", "RETRY_TIMES=1")
        assert (run.status, "cannot be re" in run.err) == (1, True), run.err
        assert "Traceback" not in run.err
        assert {target for target in server.requests() if "robots" not in target} == set()


def test_a_robots_txt_that_breaks_off_is_told_in_words(tmp_path: Path) -> None:
    with serve(Site(make_posts(4))) as server:
        server.fault("robots.txt", "truncated", None)
        run = crawl(server.url, tmp_path / "ifp.jsonl", "-s", "RETRY_TIMES=0")
        assert (run.status, "cannot be reached (the answer broke off)" in run.err) == (1, True), run.err


def test_a_robots_txt_of_another_name_that_cannot_be_read_forbids_nothing_here(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    moved = site.open_posts()[2]
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            there = server.url.replace("//", "//www.") + target  # nobody answers to that name
            return redirect(there) if target == moved.path else answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, out, "-s", "RETRY_TIMES=0")
        assert run.status == 0, run.err
        assert len(lines(out)) == len(site.open_posts()) - 1
        [rejected] = lines(out.with_suffix(".rejected.jsonl"))
        assert rejected["reason"] == "robots.txt cannot be read"
        server.get = answer  # type: ignore[method-assign]
        assert crawl(server.url, out).status == 0
        assert_complete(site, server.url, out)


def test_an_empty_robots_txt_is_asked_for_once(tmp_path: Path) -> None:
    with serve(Site(make_posts(4)), robots="") as server:
        run = crawl(server.url, tmp_path / "ifp.jsonl", *QUICK)
        assert run.status == 0, run.err
        assert len(server.requests("/robots.txt")) == 1


def test_what_robots_txt_forbids_for_a_while_is_read_later(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=[site.open_posts()[2].path]) as server:
        assert crawl(server.url, out, *QUICK).status == 0
        server.config.disallow = []
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out)


def test_named_urls_are_not_requested_without_robots_txt(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    with serve(site) as server:
        server.fault("robots.txt", 503, None)
        named = ",".join(server.url + post.path for post in site.open_posts())
        run = crawl(server.url, tmp_path / "a.jsonl", *QUICK, "-a", f"urls={named}", "-s", "RETRY_TIMES=0")
        assert run.status == 1
        assert set(server.requests()) == {"/robots.txt"}
        assert "0 rejected" in run.err
        assert not (tmp_path / "a.rejected.jsonl").exists()


def test_requests_that_wait_for_robots_txt_together_obey_it(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    paths = [post.path for post in site.open_posts()]
    with serve(site, disallow=paths) as server:
        crawl(server.url, tmp_path / "a.jsonl", *QUICK, "-a", f"urls={','.join(server.url + path for path in paths)}")
        assert server.requests() == ["/robots.txt"]


@pytest.mark.parametrize("count", [7, pytest.param(25, marks=pytest.mark.slow)])
def test_what_robots_txt_forbids_for_good_is_no_alarm(count: int, tmp_path: Path) -> None:
    site = Site(make_posts(30, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=[post.path for post in site.open_posts()[:count]]) as server:
        assert crawl(server.url, out, *QUICK).status == 0
        rejected = out.with_suffix(".rejected.jsonl").read_bytes()
        for _ in range(2):
            server.clear()
            assert crawl(server.url, out, *QUICK).status == 0
            assert len(server.log) <= 4
        assert out.with_suffix(".rejected.jsonl").read_bytes() == rejected


def test_static_pages_in_a_sitemap_are_no_alarm(tmp_path: Path) -> None:
    site = Site(make_posts(4, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap=None) as server:
        answer = server.get
        pages = [f"/about-{name}/" for name in ("us", "you", "them", "it", "all", "none")]

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if target == "/sitemap.xml":
                listed = [*pages, *(post.path for post in site.open_posts())]
                body = "".join(f"<url><loc>{server.url}{path}</loc></url>" for path in listed)
                return page(f"<urlset>{body}</urlset>", content_type=XML)
            if target in pages:
                found = answer("/about-us/", headers)
                found.body = found.body.replace(b"/about-us/", target.encode())
                return found
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        for _ in range(2):
            run = crawl(server.url, out, *QUICK)
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
            assert crawl(server.url, out, *QUICK).status == 0
            site.advance(hours=2)
            for post in site.open_posts()[:8]:
                site.edit(post.id, headline="Edited")
        answer = server.get
        paths = {post.path for post in site.open_posts()}

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target not in paths:
                return found
            return replace(found, body=re.sub(rb'<body class="[^"]*"', b'<body class="page page-id-7"', found.body))

        server.get = get  # type: ignore[method-assign]
        for _ in range(2):
            run = crawl(server.url, out, *QUICK)
            assert (run.status, "addresses that the site lists gave no article" in run.err) == (1, True), run.err
        server.get = answer  # type: ignore[method-assign]
        assert crawl(server.url, out, *QUICK).status == 0
        assert_complete(site, server.url, out, revised=8 * known)


@pytest.mark.parametrize("delay", [0, pytest.param(0.2, marks=pytest.mark.slow)])
def test_nothing_goes_out_while_the_site_asks_to_wait(delay: float, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    with serve(site) as server:
        seen: list[tuple[float, str]] = []
        fault = server.fault(site.open_posts()[1].path, 429, 1, retry_after=3)
        takes = fault.takes

        def note(target: str) -> bool:
            seen.append((time.monotonic(), target))
            return takes(target)

        fault.takes = note  # type: ignore[method-assign]
        run = crawl(server.url, tmp_path / "ifp.jsonl", "-s", f"DOWNLOAD_DELAY={delay}", "-s",
                    "AUTOTHROTTLE_ENABLED=0", fast=False)  # fmt: skip
        assert run.status == 0, run.err
        place = [target for _, target in seen].index(fault.hits[0])
        assert seen[place + 1][0] - seen[place][0] > 2.9


def test_a_source_that_asks_for_an_hour_is_passed_over(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    with serve(site, amp=None) as server:
        server.fault("wp-json", 503, None, retry_after=3600)
        run = crawl(server.url, tmp_path / "a.jsonl", *QUICK)
        assert run.status == 0, run.err
        assert_complete(site, server.url, tmp_path / "a.jsonl")


def test_a_site_that_asks_for_an_hour_is_left(tmp_path: Path) -> None:
    site = Site(make_posts(40, seed=5))
    with serve(site) as server:
        fault = server.fault(site.open_posts()[1].path, 429, None, retry_after=3600)
        run = crawl(server.url, tmp_path / "ifp.jsonl")
        assert (run.status, "asks to wait 3600 seconds" in run.err) == (1, True), run.err
        assert len(fault.hits) == 1
        assert len(server.log) < 20


@pytest.mark.slow
def test_a_delay_longer_than_autothrottles_longest_is_kept(tmp_path: Path) -> None:
    slow = ("-s", "DOWNLOAD_DELAY=0.6", "-s", "AUTOTHROTTLE_START_DELAY=0.1", "-s", "AUTOTHROTTLE_MAX_DELAY=0.1")
    asked_at: list[float] = []
    with serve(Site(make_posts(6, seed=5)), amp=None) as server:
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            asked_at.append(time.monotonic())
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        assert crawl(server.url, tmp_path / "a.jsonl", *slow, fast=False).status == 0
    assert len(asked_at) > 6
    assert min(later - earlier for earlier, later in pairwise(asked_at)) > 0.25  # half of it, as it varies


# -- what an answer says besides its article -------------------------------------------------------------------


def an_answer(body: bytes, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    html = HtmlResponse if kind == "text/html" else Answer
    return html("https://ifpnews.com/a/", status, {"Content-Type": kind, **headers}, body)


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (503, "120", 120),
        (429, " 5 ", 5),
        (200, "120", 0),
        (429, "soon", 0),
        (429, "", 0),
        (503, "9" * 5000, 999999999),
    ],
)
def test_how_long_the_site_asks_to_wait(status: int, retry_after: str, seconds: float) -> None:
    assert asked_wait(an_answer(b"", status=status, **{"Retry-After": retry_after})) == seconds


def test_a_date_to_wait_for() -> None:
    for ahead, least, most in ((100, 90, 100), (-100, 0, 0)):
        date = formatdate(time.time() + ahead, usegmt=True)
        assert least <= asked_wait(an_answer(b"", status=503, **{"Retry-After": date})) <= most


@pytest.mark.parametrize(
    ("kind", "body", "is_cut"),
    [
        ("text/html", b"<html><p>a</html>", False),
        ("text/html", b"<HTML><p>a</BODY></HTML>\n<!-- cached -->  ", False),
        ("text/html", b"<html><p>a", True),
        ("text/html", b"<html><p>a</html>" + b" x" * 2048, True),
        ("text/html", b"<p>a", False),  # a part, as some plugins answer with
        ("application/json; charset=UTF-8", b'[{"id":1}]\n', False),
        ("application/json", b'{"id":1}<!-- cached -->', False),
        ("application/json", b'[{"id":1},', True),
        ("text/xml", b"<a><b></b></a>\n", False),
        ("text/xml", b"<a><b/></x:a >", False),
        ("text/xml", b"<a/><!-- cached -->", False),
        ("application/rss+xml", b"<a><b></b><c", True),
        ("text/xml", b"<a><b>", True),
        ("text/plain", b"<a><b>", False),
    ],
)
def test_what_is_cut_short(kind: str, body: bytes, is_cut: bool) -> None:
    assert cut_short(an_answer(body, kind)) is is_cut


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/octet-stream", b"\n <!DOCTYPE HTML><p>", True),
        ("application/octet-stream", b"<html>", True),
        ("image/png", b"\x89PNG <html>", False),
        ("text/html", b"<html>", False),
        ("", b"<html>", False),
    ],
)
def test_html_under_another_name(kind: str, body: bytes, expected: bool) -> None:
    assert mislabelled(an_answer(body, kind)) is expected


WALL, OF_THE_SITE = b"<title>Just a moment</title>", b'<link href="/wp-content/a.css">'


@pytest.mark.parametrize(
    ("body", "status", "kind", "said"),
    [
        (b"", 401, "text/html", "status 401"),
        (b"", 403, "image/png", "status 403"),
        (b"", 404, "text/html", None),
        (WALL, 200, "text/html", "a challenge page"),
        (WALL, 503, "text/html", "a challenge page"),
        (WALL, 200, "image/png", None),
        (WALL + OF_THE_SITE, 200, "text/html", None),  # an article about walls
        (WALL.ljust(65536), 200, "text/html", "a challenge page"),
        (WALL.ljust(65537), 200, "text/html", None),
    ],
)
def test_how_the_site_refuses(body: bytes, status: int, kind: str, said: str | None) -> None:
    assert refusal(an_answer(body, kind, status)) == said


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Briefly unavailable for scheduled maintenance. Check back in a minute.", True),
        (OF_THE_SITE + b"Briefly unavailable for scheduled maintenance", False),  # words of an article
        (OF_THE_SITE + b"<p>" * 3000 + b'<body id="error-page"><p>There has been a critical error', True),
        (OF_THE_SITE + b'<body id="error-page"><p>There has been a critical error' + b"<p>" * 3000, False),
        (b"<p>Text", False),
    ],
)
def test_a_site_out_of_order(body: bytes, expected: bool) -> None:
    assert out_of_order(an_answer(body)) is expected


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no\nsuch"), "ValueError: no"),
        (ValueError("x" * 999), "ValueError: " + "x" * 300),
        (ValueError(), "ValueError"),
        (ResponseDataLossError(), "the answer broke off"),
        (ResponseDataLossError("the answer is not packed as it says"), "the answer is not packed as it says"),
        (DownloadCancelledError(), "the answer is too long"),
        (ValueError("[<twisted.python.failure.Failure a.b.Lost: It was lost.>, more]"), "It was lost"),
    ],
)
def test_an_exception_in_words(error: Exception, words: str) -> None:
    assert in_words(error) == words
