"""What becomes of an address that gave no article: without network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Request
from scrapy.settings import Settings
from scrapy.spidermiddlewares.httperror import HttpError

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import read_options
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.spiders.no_article import NoArticleHandler
from ifp_scraper.storage.reasons import (
    ANOTHER_PAGE,
    ELSEWHERE,
    FORBIDDEN,
    LOGIN,
    NO_ARTICLE,
    OFF_SITE,
    STATIC,
    STRANGE,
)

SITE = "https://ifpnews.com"
URL = f"{SITE}/a/"
PAGE = f'<link rel="canonical" href="{URL}"><body class="page page-id-7"><img src="/wp-content/a.png"></body>'
ARCHIVE = PAGE.replace("page page-id-7", "archive")
GRAPH = '<script type="application/ld+json">{"@type": "NewsArticle"}</script>'
SIGN_IN = PAGE.replace("page page-id-7", "login ")
BACK_SOON = '<body><img src="/wp-content/a.png">We will be back soon</body>'
LOCKED = BACK_SOON.replace("We", '<form class="post-password-form"></form>We')
OF_THEME = '></form><form action="/wp-login.php?action=postpass"'
WALL = "<html><title>Just a moment...</title></html>"


class Case:
    """A crawl in which addresses gave no article."""

    def __init__(self, out: Path) -> None:
        settings = Settings({})
        settings.setmodule("ifp_scraper.settings")
        self.ledger = Ledger(read_options({}, SITE), out, start_over=True, settings=settings)
        self.crawl = Crawl(SimpleNamespace(settings=settings, crawling=True), self.ledger)  # type: ignore[arg-type]
        self.crawl.stop = self._stop  # type: ignore[method-assign]
        self.failed: list[str] = []
        self.crawl.note_failed = lambda url, reason, ref=None: self.failed.append(reason)  # type: ignore[method-assign]
        self.handler = NoArticleHandler(self.crawl, self.ledger)

    def _stop(self, why: str) -> None:
        self.crawl.why_stopped = why


@pytest.fixture
def case(tmp_path: Path) -> Any:
    case = Case(tmp_path / "a.jsonl")
    yield case
    case.ledger.store.close()


def answer(
    status: int = 200, body: str = PAGE, url: str = URL, asked: str | None = None, **headers: str
) -> HtmlResponse:
    request = Request(url, meta={"redirect_urls": [asked]} if asked else {})
    return HtmlResponse(url, status=status, headers=headers, body=body.encode(), request=request)


@pytest.mark.parametrize(
    ("error", "rejected", "failed"),
    [
        (HttpError(answer(404)), "status 404", None),
        (HttpError(answer(410)), "status 410", None),
        (HttpError(answer(500)), None, "status 500"),
        (HttpError(answer(403)), None, "status 403"),
        (HttpError(answer(404, WALL)), None, "a challenge page"),
        (HttpError(answer(301, Location="file:///etc/passwd")), "file:///etc/passwd" + OFF_SITE, None),
        (HttpError(answer(304)), None, "status 304"),
        (HttpError(answer(503, Location="/b/")), None, "status 503"),
        (IgnoreRequest(FORBIDDEN), FORBIDDEN, None),
        (IgnoreRequest(), "ignored", None),
        (TimeoutError("late"), None, "late"),
    ],
    ids=str,
)
def test_a_page_that_was_not_fetched(case: Case, error: Exception, rejected: str | None, failed: str | None) -> None:
    case.handler.fetch_failed(error, ArticleRef(URL))
    assert case.ledger.rejections.reason(URL) == rejected
    assert len(case.failed) == (failed is not None)
    assert failed is None or failed in case.failed[0]


@pytest.mark.parametrize(
    ("response", "ref", "reason"),
    [
        (answer(), ArticleRef(URL), STATIC),
        (answer(), ArticleRef(URL, id=7), NO_ARTICLE),
        (answer(body=ARCHIVE), ArticleRef(URL), NO_ARTICLE),
        (answer(body=ARCHIVE, **{"Content-Type": "multipart/byteranges; boundary=a"}), ArticleRef(URL), STRANGE),
        (answer(**{"Content-Type": "text/plain"}), ArticleRef(URL), STRANGE),
        (answer(body=PAGE + GRAPH), ArticleRef(URL), NO_ARTICLE),  # which of the two is right?
        (answer(body='<link rel="canonical" href="#">' + PAGE), ArticleRef(URL), STATIC),
        (answer(body=BACK_SOON), ArticleRef(URL, id=7), ANOTHER_PAGE),
        (answer(body=BACK_SOON), ArticleRef(URL), ANOTHER_PAGE),
        (answer(body=PAGE.replace("/a/", "/")), ArticleRef(URL), ANOTHER_PAGE),
        (answer(body=LOCKED), ArticleRef(URL, id=7), NO_ARTICLE),
        (answer(body=LOCKED.replace(' class="post-password-form"', OF_THEME)), ArticleRef(URL), NO_ARTICLE),
        (answer(body="<html>Welcome</html>"), ArticleRef(URL), STRANGE),
        (answer(body=SIGN_IN), ArticleRef(URL), LOGIN),
        (answer(url=f"{SITE}/b/", asked=URL), ArticleRef(URL), ELSEWHERE),
        (answer(asked=f"{SITE}/?p=5"), ArticleRef(f"{SITE}/?p=5"), STATIC),
        (answer(url=URL + "?x=1", asked=URL), ArticleRef(URL), STATIC),
    ],
)
def test_a_page_that_is_no_article(case: Case, response: HtmlResponse, ref: ArticleRef, reason: str) -> None:
    case.handler.not_an_article(response, ref)
    assert case.ledger.rejections.reason(ref.url) == reason


@pytest.mark.parametrize(
    ("reason", "count"), [(NO_ARTICLE, 1000), ("status 404", 1000), (STATIC, None), (FORBIDDEN, None)]
)
def test_a_thousand_addresses_without_an_article_end_the_crawl(case: Case, reason: str, count: int | None) -> None:
    for number in range(1, 1101):
        for _ in range(3):  # counts once
            case.handler.reject(ArticleRef(f"{SITE}/a-{number}/"), reason)
        assert case.crawl.stopping == (count is not None and number >= count)


@pytest.mark.parametrize(("body", "count"), [("<html>Welcome</html>", 100), (PAGE, None), (SIGN_IN, None)])
def test_a_hundred_pages_that_are_not_the_sites_end_the_crawl(case: Case, body: str, count: int | None) -> None:
    for number in range(1, 121):
        url = f"{SITE}/a-{number}/"
        case.handler.not_an_article(answer(url=url, body=body), ArticleRef(url))
        assert case.crawl.stopping == (count is not None and number >= count)


@pytest.mark.parametrize(("reason", "count"), [("https://b.example/ is not on the site", 100), (FORBIDDEN, None)])
def test_a_hundred_requests_led_off_the_site_end_the_crawl(case: Case, reason: str, count: int | None) -> None:
    for number in range(1, 121):
        case.handler.fetch_failed(IgnoreRequest(reason), ArticleRef(f"{SITE}/a-{number}/"))
        assert case.crawl.stopping == (count is not None and number >= count)


def test_refused_pages_end_the_crawl(case: Case) -> None:
    most = case.ledger.settings.getint("IFP_REFUSALS")
    for number in range(1, most + 1):
        assert not case.crawl.stopping
        case.handler.fetch_failed(HttpError(answer(403)), ArticleRef(f"{SITE}/a-{number}/"))
    assert case.crawl.stopping


def test_what_is_ignored_at_the_end_of_a_crawl_is_not_rejected(case: Case) -> None:
    case.crawl.stop("the site refuses")
    case.handler.fetch_failed(IgnoreRequest("the crawl is ending"), ArticleRef(URL))
    assert (list(case.ledger.rejections), case.failed) == ([], [])
