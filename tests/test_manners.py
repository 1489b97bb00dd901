"""How the crawl behaves towards the site: robots.txt, its name, and the waits that it is asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Request, Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from ifp_scraper.middlewares.back_off import BackOffMiddleware
from ifp_scraper.middlewares.redirects import NoCircleMiddleware
from ifp_scraper.middlewares.robots import CrawlDelay
from ifp_scraper.middlewares.stay_on_site import StayOnSiteMiddleware
from ifp_scraper.settings import USER_AGENT
from tests.crawling import EIGHT_AT_ONCE, crawl, lines
from tests.expected import assert_complete
from tests.site import Site, make_posts, serve
from tests.site.response import redirect


def test_robots_txt_and_the_name_of_the_visitor(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(8, seed=5))
    blocked = site.open_posts()[2]
    seen: list[tuple[float, str, str]] = []
    with serve(site, crawl_delay=0.5, amp=None, disallow=[blocked.path]) as server:
        server.on_request(lambda target, headers: seen.append((time.monotonic(), target, headers["user-agent"])))
        run = crawl(server.url, out, "-s", "IFP_CONTACT=https://lab.example/bot")
        assert run.status == 0, run.err
        assert len(seen) > 8
        assert seen[-1][0] - seen[0][0] > 0.5 * (len(seen) - 2)  # a busy machine may see the first one late
        assert {agent for _, _, agent in seen} == {f"{USER_AGENT} (+https://lab.example/bot)"}
        assert blocked.path not in server.requests()
        assert len(lines(out)) == len(site.open_posts()) - 1
        [rejected] = lines(out.with_suffix(".rejected.jsonl"))
        assert "robots.txt" in rejected["reason"]


@pytest.mark.parametrize("status", [429, pytest.param(503, marks=pytest.mark.slow)])
def test_the_wait_that_the_site_asks_for(status: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    busy = site.open_posts()[1].path
    asked_at: list[float] = []
    with serve(site, amp=None) as server:
        server.fault(busy, status, 1, retry_after=2)
        server.on_request(lambda target, headers: asked_at.append(time.monotonic()) if target == busy else None)
        run = crawl(server.url, tmp_path / "ifp.jsonl")
        assert run.status == 0, run.err
        refused, answered = asked_at
        assert answered - refused > 2
        assert len(lines(tmp_path / "ifp.jsonl")) == len(site.open_posts())


@pytest.mark.parametrize("robots", [500, 429, "reset"])
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
        there = server.url.replace("//", "//www.") + moved.path  # no server has that name
        server.alter(lambda target, response: redirect(there) if target == moved.path else response)
        run = crawl(server.url, out, "-s", "RETRY_TIMES=0")
        assert run.status == 0, run.err
        assert len(lines(out)) == len(site.open_posts()) - 1
        [rejected] = lines(out.with_suffix(".rejected.jsonl"))
        assert rejected["reason"] == "robots.txt cannot be read"
        server.heal()
        assert crawl(server.url, out).status == 0
        assert_complete(site, server.url, out)


def test_an_empty_robots_txt_is_asked_for_once(tmp_path: Path) -> None:
    with serve(Site(make_posts(4)), robots="") as server:
        run = crawl(server.url, tmp_path / "ifp.jsonl", *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert len(server.requests("/robots.txt")) == 1


def test_what_robots_txt_forbids_for_a_while_is_read_later(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=[site.open_posts()[2].path]) as server:
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        server.config.disallow = []
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


def test_named_urls_are_not_requested_without_robots_txt(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    with serve(site) as server:
        server.fault("robots.txt", 503, None)
        named = ",".join(server.url + post.path for post in site.open_posts())
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-a", f"urls={named}", "-s", "RETRY_TIMES=0")
        assert run.status == 1
        assert set(server.requests()) == {"/robots.txt"}
        assert "0 rejected" in run.err
        assert not (tmp_path / "a.rejected.jsonl").exists()


def test_requests_that_wait_for_robots_txt_together_obey_it(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    paths = [post.path for post in site.open_posts()]
    with serve(site, disallow=paths) as server:
        crawl(
            server.url,
            tmp_path / "a.jsonl",
            *EIGHT_AT_ONCE,
            "-a",
            f"urls={','.join(server.url + path for path in paths)}",
        )
        assert server.requests() == ["/robots.txt"]


@pytest.mark.parametrize("count", [7, pytest.param(25, marks=pytest.mark.slow)])
def test_what_robots_txt_forbids_for_good_is_no_alarm(count: int, tmp_path: Path) -> None:
    site = Site(make_posts(30, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=[post.path for post in site.open_posts()[:count]]) as server:
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        rejected = out.with_suffix(".rejected.jsonl").read_bytes()
        for _ in range(2):
            server.clear()
            assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
            assert len(server.log) <= 4
        assert out.with_suffix(".rejected.jsonl").read_bytes() == rejected


@pytest.mark.parametrize("delay", [0, pytest.param(0.2, marks=pytest.mark.slow)])
def test_nothing_goes_out_while_the_site_asks_to_wait(delay: float, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    with serve(site) as server:
        seen: list[tuple[float, str]] = []
        fault = server.fault(site.open_posts()[1].path, 429, 1, retry_after=3)
        server.on_request(lambda target, headers: seen.append((time.monotonic(), target)))
        run = crawl(server.url, tmp_path / "ifp.jsonl", "-s", f"DOWNLOAD_DELAY={delay}", "-s",
                    "AUTOTHROTTLE_ENABLED=0", fast=False)  # fmt: skip
        assert run.status == 0, run.err
        place = [target for _, target in seen].index(fault.hits[0])
        assert seen[place + 1][0] - seen[place][0] > 2.9


def test_a_source_that_asks_for_an_hour_is_passed_over(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    with serve(site, amp=None) as server:
        server.fault("wp-json", 503, None, retry_after=3600)
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE)
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


def test_of_two_delays_that_the_site_s_names_ask_for_the_longer_counts() -> None:
    slot, throttle = SimpleNamespace(delay=1.0, jitter=0.5), SimpleNamespace(mindelay=1.0, maxdelay=5.0)
    downloader = SimpleNamespace(_delay=1.0, _jitter=0.5, slots={"ifpnews.com": slot})
    parsed: list[Callable[..., None]] = []
    crawler: Any = SimpleNamespace(
        settings=Settings({"USER_AGENT": "x", "DOWNLOAD_DELAY": 1}),
        engine=SimpleNamespace(downloader=downloader),
        signals=SimpleNamespace(connect=lambda handler, signal: parsed.append(handler)),
        get_extension=lambda kind: throttle,
    )
    extension = CrawlDelay.from_crawler(crawler)
    for text in (b"Crawl-delay: 0.5", b"Crawl-delay: 20", b"Crawl-delay: 2", b"", b"Crawl-delay: nan"):
        parsed[0](ProtegoRobotParser(b"User-agent: *\n" + text, None), Request("https://ifpnews.com/robots.txt"))
    assert (extension.seconds, downloader._delay, slot.delay, slot.jitter) == (20, 20, 20, 0)
    assert (throttle.mindelay, throttle.maxdelay) == (20, 20)


@pytest.mark.slow
@pytest.mark.parametrize(("delay", "crawl_delay"), [(0.6, None), (0.1, 0.6)], ids=["DOWNLOAD_DELAY", "Crawl-delay"])
def test_a_delay_longer_than_autothrottles_longest_is_kept(
    delay: float, crawl_delay: float | None, tmp_path: Path
) -> None:
    slow = (
        *("-s", f"DOWNLOAD_DELAY={delay}"),
        *("-s", "AUTOTHROTTLE_START_DELAY=0.1", "-s", "AUTOTHROTTLE_MAX_DELAY=0.1"),
    )
    asked_at: list[float] = []
    with serve(Site(make_posts(6, seed=5)), amp=None, crawl_delay=crawl_delay) as server:
        server.on_request(lambda target, headers: asked_at.append(time.monotonic()))
        assert crawl(server.url, tmp_path / "a.jsonl", *slow, fast=False).status == 0
    assert len(asked_at) > 6
    assert asked_at[-1] - asked_at[0] > 0.6 * (len(asked_at) - 2)


def test_the_wait_doubles_with_each_retry_of_a_request() -> None:
    crawler = get_crawler(Spider, {"DOWNLOAD_DELAY": 3, "RETRY_TIMES": 9})
    crawler.spider = crawler._create_spider("a")
    middleware = BackOffMiddleware.from_crawler(crawler)
    request: Request | Response = Request("https://ifpnews.com/a/")
    waits = []
    while isinstance(request, Request):
        waits.append(request.meta.pop("wait", 0))
        request = asyncio.run(middleware.process_response(request, Response(request.url, 503)))
    assert waits == [0, 3, 6, 12, 24, 48, 96, 192, 384, 600]


@pytest.mark.parametrize(
    ("lengths", "tries"),
    [
        ([5000, 5000], 2),  # that is how the site writes it
        ([5000, 6024], 2),
        ([5000, 6025, 9000, 9000], 4),
        ([5000, 7000, 0], 3),  # 0: the page is whole
    ],
    ids=str,
)
def test_a_page_without_an_end_is_tried_until_it_is_whole_or_as_before(lengths: list[int], tries: int) -> None:
    crawler = get_crawler(Spider, {"RETRY_TIMES": 9})
    crawler.spider = crawler._create_spider("a")
    middleware = BackOffMiddleware.from_crawler(crawler)
    answer: Request | Response = Request("https://ifpnews.com/a/", meta={"page": True})
    for number, length in enumerate(lengths, 1):
        body = b"<html><body>" + (b"x" * (length - 12) if length else b"</body></html>")
        page = HtmlResponse("https://ifpnews.com/a/", headers={"Content-Type": "text/html"}, body=body)
        answer = asyncio.run(middleware.process_response(answer, page))
        assert isinstance(answer, Request) is (number < tries)


def test_retries_can_be_switched_off(tmp_path: Path) -> None:
    site = Site(make_posts(4))
    with serve(site, amp=None) as server:
        faults = [
            server.fault(post.path, kind) for post, kind in zip(site.open_posts(), (503, "mispacked"), strict=False)
        ]
        run = crawl(server.url, tmp_path / "a.jsonl", "-s", "RETRY_ENABLED=False")
    assert (run.status, "2 failed" in run.err) == (1, True), run.err
    assert [len(fault.hits) for fault in faults] == [1, 1]


@pytest.mark.parametrize("status", [301, 404, 410])
def test_what_is_not_there_is_asked_for_once(status: int) -> None:
    crawler = get_crawler(Spider)
    crawler.spider = crawler._create_spider("a")
    empty = Response("https://ifpnews.com/a/", status)
    assert asyncio.run(BackOffMiddleware(crawler).process_response(Request(empty.url), empty)) is empty


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wait", "tries"), [(None, 3), ("0", 3), ("1", 9 + 1)])
def test_a_firewalls_page_that_may_be_retried_is_tried_three_times_unless_it_says_when(
    status: int, wait: str | None, tries: int
) -> None:
    crawler = get_crawler(Spider, {"RETRY_TIMES": 9})
    crawler.spider = crawler._create_spider("a")
    middleware = BackOffMiddleware.from_crawler(crawler)
    page = HtmlResponse(
        "https://ifpnews.com/a/", status, {"Retry-After": wait} if wait else {}, b"Checking your browser"
    )
    answer: Request | Response = Request(page.url)
    tried = 0
    while isinstance(answer, Request):
        tried += 1
        answer = asyncio.run(middleware.process_response(answer, page))
    assert tried == tries


@pytest.mark.parametrize(("places", "asked"), [(["/a/"], 2), (["/b/", "/a/"], 2), (["/b/", "/c/", "/d/", "/b/"], 4)])
def test_redirects_in_a_circle_are_not_followed_again(places: list[str], asked: int) -> None:
    crawler = get_crawler(Spider)
    crawler.spider = crawler._create_spider("a")
    middleware = NoCircleMiddleware.from_crawler(crawler)
    requests: list[Any] = [Request("https://ifpnews.com/a/")]

    def follow(place: str) -> None:
        answer = Response(requests[-1].url, 301, headers={"Location": place})
        requests.append(middleware.process_response(requests[-1], answer))

    with pytest.raises(IgnoreRequest, match="redirects in a circle"):
        list(map(follow, cycle(places)))
    assert len(requests) == asked


def test_redirects_to_what_is_no_page_are_rejected(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    places = ["file:///etc/passwd", "javascript:alert(1)", "javascript:", "http://[::1/"]
    moved = dict(zip((post.path for post in site.open_posts()), places, strict=False))
    with serve(site, amp=None) as server:
        server.alter(lambda target, response: redirect(moved[target]) if target in moved else response)
        for _ in range(2):
            run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE)
            assert (run.status, " 0 failed" in run.err) == (0, True), run.err
        rejected = {line["url"]: line["reason"] for line in lines(tmp_path / "a.rejected.jsonl")}
        assert rejected == {server.url + path: f"{place} is not on the site" for path, place in moved.items()}


def test_an_amp_page_that_leads_to_what_is_no_page_is_no_failure(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    with serve(site) as server:
        server.alter(lambda target, response: redirect("javascript:alert(1)") if "/amp/" in target else response)
        for _ in range(2):
            run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE)
            assert (run.status, " 0 failed" in run.err) == (0, True), run.err
    assert len(lines(tmp_path / "a.jsonl")) == 6


def test_scrapys_own_spiders_try_a_refused_page_three_times() -> None:
    crawler = get_crawler(Spider, {"RETRY_TIMES": 9})
    crawler.spider = crawler._create_spider("fetch")
    middleware = BackOffMiddleware.from_crawler(crawler)
    tries = 0
    answer: Request | Response = Request("https://ifpnews.com/a/")
    while isinstance(answer, Request):
        tries += 1
        answer = asyncio.run(middleware.process_response(answer, Response(answer.url, 403)))
    assert (tries, answer.status) == (3, 403)


@pytest.mark.parametrize(
    "url", ["file://ifpnews.com/etc/passwd", "https://ifpnews.com:8080/", "https://ifpnews.com.a.example/"]
)
def test_what_is_not_on_the_site_is_not_requested(url: str) -> None:
    crawler = get_crawler(Spider, {"IFP_SITE": "https://ifpnews.com"})
    middleware = StayOnSiteMiddleware.from_crawler(crawler)
    middleware.process_request(Request("http://www.ifpnews.com/a/"))
    with pytest.raises(IgnoreRequest, match=f"{url} "):
        middleware.process_request(Request(url))
