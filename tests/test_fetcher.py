"""What single fetches give, what they count, and when they end the crawl: without network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Request, Response, TextResponse
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.settings import Settings

from ifp_scraper.discovery import FetchFailed
from ifp_scraper.ledger import Ledger
from ifp_scraper.middlewares.robots import RobotsMiddleware
from ifp_scraper.options import read_options
from ifp_scraper.spiders.fetcher import Fetcher

SITE = "https://ifpnews.com"
WALL = b"<html><title>Just a moment...</title></html>"
DATE = "Mon, 06 May 2024 06:00:00 GMT"

Answer = Callable[[Request], Response]


class Crawl:
    """A fetcher whose engine answers by itself; it stands in for crawler, engine and stats."""

    def __init__(self, out: Path, **arguments: str) -> None:
        self.settings = Settings({})
        self.settings.setmodule("ifp_scraper.settings")
        self.settings.setdict({"IFP_FAILURES": 3, "IFP_REFUSALS": 2})
        self.ledger = Ledger(read_options(arguments, SITE), out, start_over=True, settings=self.settings)
        self.crawling = True
        self.engine = self.stats = self
        self.answered = 1
        self.closed: list[str] = []
        self.asked: list[Request] = []
        self.middlewares: dict[type, Any] = {}
        self.extension: Any = None
        self.answer: Answer = lambda request: answer(request.url)
        self.fetcher = Fetcher(self, self.ledger)  # type: ignore[arg-type]

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answer(request)

    async def close_spider_async(self, reason: str) -> None:
        self.closed.append(reason)

    def get_value(self, key: str) -> int:
        assert key == "downloader/response_count"
        return self.answered

    def get_downloader_middleware(self, kind: type) -> Any:
        return self.middlewares.get(kind)

    def get_extension(self, kind: type) -> Any:
        return self.extension

    def fetch(self, path: str = "/a/", **arguments: Any) -> Response:
        async def run() -> Response:
            try:
                return await self.fetcher.fetch(SITE + path, **arguments)
            finally:
                await asyncio.sleep(0)  # what closes the spider runs beside this

        return asyncio.run(run())

    def failure(self, path: str = "/a/", **arguments: Any) -> FetchFailed:
        with pytest.raises(FetchFailed) as caught:
            self.fetch(path, **arguments)
        return caught.value


@pytest.fixture
def crawl(tmp_path: Path) -> Any:
    crawl = Crawl(tmp_path / "a.jsonl")
    yield crawl
    crawl.ledger.store.close()


def answer(url: str = f"{SITE}/a/", status: int = 200, body: bytes = b"wp-content/", **headers: str) -> TextResponse:
    return HtmlResponse(url, status=status, headers={"Date": DATE} | headers, body=body, request=Request(url))


def failing(error: Exception) -> Answer:
    def fail(request: Request) -> Response:
        raise error

    return fail


@pytest.mark.parametrize("status", [200, 203, 206, 304])
def test_an_answer_that_a_source_can_read(crawl: Crawl, status: int) -> None:
    crawl.answer = lambda request: answer(status=status)
    assert crawl.fetch(headers={"If-None-Match": '"1"'}, page=True).status == status
    (request,) = crawl.asked
    assert (request.headers["If-None-Match"], request.meta) == (b'"1"', {"page": True, "probe": False})


@pytest.mark.parametrize(
    ("status", "final", "may_pass"),
    [
        (201, False, False),
        (304, False, False),
        (400, False, False),
        (404, True, False),
        (410, True, False),
        (429, False, True),
        (500, False, True),
    ],
)
def test_an_answer_that_no_source_can_read(crawl: Crawl, status: int, final: bool, may_pass: bool) -> None:
    crawl.answer = lambda request: answer(status=status)
    failed = crawl.failure()
    assert (str(failed), failed.status, failed.is_final, failed.may_pass) == (
        f"status {status}", status, final, may_pass
    )  # fmt: skip
    assert f"{failed.at:%FT%T}" == "2024-05-06T06:00:00"
    assert not crawl.fetcher.crawl.ending


@pytest.mark.parametrize(("kind", "fails"), [("text/html", True), ("application/json", False)])
def test_a_page_for_maintenance_with_status_200_is_no_list(crawl: Crawl, kind: str, fails: bool) -> None:
    said = b"<p>Briefly unavailable for scheduled maintenance.</p>"
    crawl.answer = lambda request: answer(body=said, **{"Content-Type": kind})
    if fails:
        error = crawl.failure("/page/2/")
        assert (str(error), error.is_final, error.may_pass) == ("the site is out of order", False, True)
    else:
        assert crawl.fetch("/wp-json/").body == said


@pytest.mark.parametrize("answered", [0, 1])
def test_a_site_that_never_answers_ends_the_crawl(crawl: Crawl, answered: int) -> None:
    crawl.answered = answered
    crawl.answer = failing(TimeoutError("late"))
    failed = crawl.failure()
    assert (failed.status, failed.forbidden, failed.may_pass) == (None, False, True)
    assert "late" in str(failed)
    assert (crawl.fetcher.crawl.ending, crawl.closed) == ((False, []) if answered else (True, ["stopped"]))
    if not answered:
        assert (crawl.fetcher.crawl.why_stopped or "").startswith(f"{SITE} cannot be reached (")
        assert str(crawl.failure()) == "the crawl is stopping"
        assert len(crawl.asked) == 1


@pytest.mark.parametrize(("said", "reason"), [("forbidden by robots.txt", "forbidden by robots.txt"), ("", "ignored")])
def test_a_request_that_is_not_made_is_final(crawl: Crawl, said: str, reason: str) -> None:
    crawl.answered = 0  # which says nothing about the site
    crawl.answer = failing(IgnoreRequest(said))
    failed = crawl.failure()
    assert (str(failed), failed.forbidden, failed.is_final, crawl.fetcher.crawl.ending) == (reason, True, True, False)


def test_nothing_is_fetched_once_a_signal_ends_the_crawl(crawl: Crawl) -> None:
    crawl.crawling = False
    assert str(crawl.failure()) == "the crawl is stopping"
    crawl.fetcher.crawl.note_failed(f"{SITE}/a/", "the crawl is stopping")
    assert (crawl.asked, crawl.ledger.counts["failed"], crawl.fetcher.crawl.stopping) == ([], 0, False)


@pytest.mark.parametrize(("status", "body"), [(401, b"wp-content/"), (403, b"wp-content/"), (200, WALL), (503, WALL)])
def test_pages_refused_in_a_row_end_the_crawl(crawl: Crawl, status: int, body: bytes) -> None:
    crawl.answer = lambda request: answer(status=status, body=body)
    failed = crawl.failure("/a/")
    assert (failed.status, str(failed)) == (status, "a challenge page" if body == WALL else f"status {status}")
    for _ in range(3):
        crawl.failure("/a/")
        crawl.failure("/b/", probe=True)
    refused, crawl.answer = crawl.answer, lambda request: answer()
    crawl.fetch()
    crawl.answer = refused
    crawl.failure("/b/")
    assert not crawl.fetcher.crawl.ending
    crawl.failure("/c/")
    assert (crawl.fetcher.crawl.why_stopped or "").startswith("the site refuses (")
    assert crawl.closed == ["stopped"]


def test_the_first_reason_to_end_is_told(crawl: Crawl) -> None:
    async def run() -> None:
        for number in range(4):
            crawl.fetcher.crawl.note_failed(f"{SITE}/{number}/", f"status {500 + number}")
        crawl.fetcher.crawl.stop("another")
        await asyncio.sleep(0)

    asyncio.run(run())
    assert crawl.fetcher.crawl.why_stopped == "3 fetches in a row failed for good, the last one with: status 502"
    assert (crawl.closed, crawl.ledger.counts["failed"]) == (["stopped"], 3)
    assert crawl.ledger.failures.failed_now[0] == (f"{SITE}/0/", "status 500")


def test_a_recording_is_read_to_its_end_whatever_it_lacks(tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "a.jsonl", archive="sample")
    for number in range(4):
        crawl.fetcher.crawl.note_failed(f"{SITE}/{number}/", "status 500")
        crawl.fetcher.crawl.note_refusal(f"{SITE}/{number}/", "status 403")
    assert not crawl.fetcher.crawl.ending
    crawl.ledger.store.close()


def test_the_time_of_the_site_s_first_answer_is_noted(crawl: Crawl) -> None:
    crawl.fetch()
    walk = crawl.ledger.walks.begin(crawl.fetcher.fetch, [])
    crawl.answer = lambda request: answer(status=500)
    crawl.failure()
    crawl.answer = lambda request: answer(Date="Mon, 06 May 2024 07:00:00 GMT")
    crawl.fetch()
    assert f"{walk.notes.asked_at:%FT%T}" == "2024-05-06T06:00:00"


@pytest.mark.parametrize("obeyed", [True, False])
def test_robots_txt_is_learned_when_it_is_obeyed(crawl: Crawl, obeyed: bool) -> None:
    asked: list[str] = []

    async def parser(request: Request) -> None:
        asked.append(request.url)

    crawl.settings.set("ROBOTSTXT_OBEY", obeyed)
    asyncio.run(crawl.fetcher.learn_robots())  # without the middleware
    crawl.middlewares[RobotsMiddleware] = SimpleNamespace(robot_parser=parser)
    asyncio.run(crawl.fetcher.learn_robots())
    assert asked == ([f"{SITE}/"] if obeyed else [])


@pytest.mark.parametrize(("delay", "said"), [(9.0, ""), (40.0, "robots.txt asks for 40 seconds between requests.\n")])
def test_a_delay_in_which_the_crawl_seems_to_hang_is_told(
    crawl: Crawl, delay: float, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl.extension = SimpleNamespace(seconds=delay)
    asyncio.run(crawl.fetcher.learn_robots())
    assert capsys.readouterr().err == said


def test_what_robots_txt_names_and_asks_for(crawl: Crawl) -> None:
    request = Request(f"{SITE}/robots.txt")
    sitemaps = [f"{SITE}/{number}.xml" for number in range(6000)]
    for named in (sitemaps, []):
        body = "".join(f"Sitemap: {url}\n" for url in named).encode()
        crawl.fetcher.note_robots(ProtegoRobotParser(body, None), request)
        assert crawl.fetcher.sitemaps == named[:5001]
    assert crawl.fetcher.asked_delay() == 0
    crawl.extension = SimpleNamespace(seconds=5.0)
    assert crawl.fetcher.asked_delay() == 5
