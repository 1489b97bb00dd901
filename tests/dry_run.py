"""A crawl of the test site without network or page reading: shows what is requested, in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scrapy.http import Request, Response
from scrapy.settings import Settings

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.ending import Ending
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import read_options
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.ifp import IfpSpider
from ifp_scraper.spiders.site_spider import SiteSpider
from ifp_scraper.storage.rejections import Rejected
from tests.site import SiteServer


@dataclass
class DryRun:
    """What a run did."""

    asked: list[str] = field(default_factory=list)
    """Paths that discovery requested, robots.txt included."""

    articles: list[str] = field(default_factory=list)
    """Paths of the articles that would have been fetched, in order."""

    counts: dict[str, int] = field(default_factory=dict)
    status: int = 0
    why: str | None = None


class _EnginelessCrawl(Crawl):
    def stop(self, why: str) -> None:
        self.why_stopped = why


class _Fetcher(Fetcher):
    server: SiteServer
    run: DryRun
    fails: Callable[[str], int | None]

    async def learn_robots(self) -> None:
        self.run.asked.append("/robots.txt")
        text = self.server.get("/robots.txt").body.decode()
        self.sitemaps = [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("Sitemap: ")]

    async def fetch(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        self._ledger.walks.note_answered(self.server.site.now)
        for _ in range(5):
            target = url.removeprefix(self.server.url)
            self.run.asked.append(target)
            status = self.fails(target)
            answer = self.server.get(target, {name.lower(): value for name, value in (headers or {}).items()})
            if status is None and answer.status in (301, 302):
                url = answer.headers["Location"]
                continue
            status = status or answer.status
            if status not in (200, 304):
                raise FetchFailed(f"status {status}", status)
            return Response(url, status=status, headers=answer.headers, body=answer.body, request=Request(url))
        raise FetchFailed("too many redirects")


def dry_run(
    server: SiteServer,
    out: Path,
    fails: Callable[[str], int | None] = lambda target: None,
    broken: Callable[[str], bool] = lambda path: False,
    spider: type[SiteSpider] = IfpSpider,
    **arguments: str,
) -> DryRun:
    """Look for articles as ``scrapy crawl ifp`` would, and write a line for each that would have been fetched.

    Args:
        server: it is asked for responses without the network.
        out: the output file.
        fails: called with the path and query of each page that discovery requests, before the site answers;
            returns the status with which that page fails, or None. It may also change the site meanwhile.
        broken: whether fetching the article with this path fails.
        spider: the crawl's, or the audit's, which writes nothing.
        arguments: as given with ``-a``.
    """
    settings = Settings({})
    settings.setmodule("ifp_scraper.settings")
    options = read_options(arguments, server.url)
    ledger = Ledger(options, out, start_over=False, settings=settings, command=spider.command)
    crawler: Any = SimpleNamespace(settings=settings, crawling=True, get_extension=lambda _: None)
    fetcher = _Fetcher(crawler, ledger)
    fetcher.server, fetcher.run, fetcher.fails = server, DryRun(), fails
    fetcher.crawl = _EnginelessCrawl(crawler, ledger)
    asyncio.run(_crawl(spider(options=options, ledger=ledger, fetcher=fetcher), fetcher, broken))
    fetcher.run.counts = dict(ledger.counts)
    requests = len(fetcher.run.asked) + 2 * len(fetcher.run.articles)
    reason = "finished" if not fetcher.crawl.stopping else "stopped"
    ledger.finish(Ending(reason, fetcher.crawl.why_stopped, requests))
    fetcher.run.status, fetcher.run.why = ledger.exit_status, fetcher.crawl.why_stopped
    return fetcher.run


async def _crawl(spider: IfpSpider, fetcher: _Fetcher, broken: Callable[[str], bool]) -> None:
    async for request in spider.start():
        reading = _read(spider, fetcher, broken, request.cb_kwargs["ref"])
        async for ready in spider._in_order(reading, **request.cb_kwargs):
            spider.ledger.write(ready)
            spider._reorder_buffer.note_written()


async def _read(
    spider: IfpSpider, fetcher: _Fetcher, broken: Callable[[str], bool], ref: ArticleRef
) -> Article | None:
    path = ref.url.removeprefix(fetcher.server.url)
    fetcher.run.articles.append(path)
    post = fetcher.server.site.find(path.strip("/"))
    article = None
    if broken(path):
        spider.ledger.note_failed(ref.url, "broken", ref)
    elif post is None or post.password_protected:
        spider.ledger.reject(Rejected.now(ref.url, "no article", None, ref.modified_at))
    else:
        article = Article(
            id=post.id,
            url=urls.canonical(ref.url),
            headline=post.headline,
            body=post.headline,
            published_at=ref.published_at or format_utc(post.published),
            modified_at=ref.modified_at or format_utc(post.modified),
            layout="newspaper+amp-swift",
            extractor_version="1",
            fetched_at=format_utc(fetcher.server.site.now),
            content_hash=f"{post.revision:064x}",
            html_sha256="0" * 64,
        )
    return spider._if_in_range(article)
