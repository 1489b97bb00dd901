"""The spider: discovery says what to fetch, page objects read it, and every article ends as one item.

It holds no selectors, and is the only place that makes requests.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from ifp_scraper import urls
from ifp_scraper.archive import Archive, recordings
from ifp_scraper.captures import capture_time
from ifp_scraper.checks import check_settings
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery import FetchFailed, Source, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import FeedSource
from ifp_scraper.discovery.listing import ListingSource, may_be_article
from ifp_scraper.discovery.recording import RecordedArticle, find_recorded, is_amp_address
from ifp_scraper.discovery.rest import RestSource
from ifp_scraper.discovery.sitemap import SitemapSource
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import ArticleRef, add_evidence, join_pages, merge_views
from ifp_scraper.middlewares import CrawlDelay, OffSite, RobotsMiddleware, user_agent
from ifp_scraper.options import Options, SourceName, read_options
from ifp_scraper.pages import ArticlePage, Capture, CutOff, UnreadablePage, read_page
from ifp_scraper.rejections import LEADS_TO, NO_ARTICLE, Rejected
from ifp_scraper.responses import is_strange, mislabelled, out_of_order, refusal
from ifp_scraper.spiders.turns import Turns

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

SOURCES: dict[str, type[Source]] = {
    "rest": RestSource,
    "sitemap": SitemapSource,
    "feed": FeedSource,
    "listing": ListingSource,
}
_HANDLER = "ifp_scraper.archive.ArchiveDownloadHandler"
OFFLINE = {
    "DOWNLOAD_HANDLERS": {
        "http": _HANDLER,
        "https": _HANDLER,
        "file": None,
        "ftp": None,
        "s3": None,
        "data": None,
    },
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "IFP_ARCHIVE": None,
}
"""Settings of an archive run: no handler that could open a socket, and no delays."""

_SHORTLINK = re.compile(r"[?&]p=\d")

_MAX_UNDER_WAY = 64
"""Most articles begun but not yet written: bounds the memory of a long crawl, and what a kill costs."""

_MAX_ADDRESSES = 500_000
"""Most addresses taken from the site's lists: ten times what it has."""

_ASTRAY = 100
"""Articles in a row for which comes nothing of the site, after which the crawl ends: a wall that ``refusal`` does not
know, or a site that has gone."""

_RANGE_PATIENCE = 30
"""Articles older than ``since`` in a row after which a source without dates is given up."""


class IfpSpider(scrapy.Spider):
    """Crawls Iran Front Page, live or from a recording; the arguments are in CONTRACT.md section 1."""

    name = "ifp"
    everything = False
    """Whether sources are asked for their whole list, also for what an earlier run has seen."""

    def __init__(
        self, options: Options, ledger: Ledger, archive: Archive | None = None, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.options = options
        self.ledger = ledger
        self.archive = archive
        self.stopping = False
        self.why_stopped: str | None = None
        self.saw_everything = False
        self._robots: list[str] = []
        self._refused: set[str] = set()
        self._failures = 0
        self._astray = 0
        self._too_old = 0
        self._turns = Turns(1, _MAX_UNDER_WAY, lambda: self.ending)
        self._running = 0
        self._found = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> IfpSpider:
        """Make the spider of a crawl, from what the command made, or from the arguments of ``-a``.

        Raises:
            BadArgument: when an argument makes no sense.
            StoreError: when the output cannot be used.
            RecordingError: when nothing can be read in the recording.
        """
        settings = crawler.settings
        if "options" not in kwargs:
            check_settings(settings)
            options = read_options(kwargs, settings["IFP_SITE"])
            archive = None
            if options.archive:
                archive = Archive(recordings(options.archive))
                options = replace(options, site=archive.site(options.site))
            kwargs = {"options": options, "ledger": Ledger.open(options, settings), "archive": archive}
        spider = super().from_crawler(crawler, *args, **kwargs)
        # AutoThrottle would shorten a longer delay to its longest.
        slowest = max(settings.getfloat("AUTOTHROTTLE_MAX_DELAY"), settings.getfloat("DOWNLOAD_DELAY"))
        settings.set("AUTOTHROTTLE_MAX_DELAY", slowest, priority="cmdline")
        # An archive run takes the recorded site, and what stays on the site must know which.
        settings.set("IFP_SITE", spider.options.site, priority="cmdline")
        settings.set("USER_AGENT", user_agent(settings), priority="cmdline")
        if spider.archive is not None:
            for name, value in OFFLINE.items():
                settings.set(name, value, priority="cmdline")
        # One article more than there are requests at once: its pages come one after the other, and nobody waits.
        fetching = 1 + settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        spider._turns = Turns(fetching, _MAX_UNDER_WAY, lambda: spider.ending)
        crawler.signals.connect(spider._read_robots, signals.robots_parsed)
        for ended in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._turns.note_written, ended)
        return spider

    # -- what to fetch -------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for every article that is new, changed or asked for."""
        async for ref, meta in self._wanted():
            if self.stopping or not await self._below_limit():
                return
            number = await self._turns.begin()
            self._running += 1
            yield Request(
                meta.pop("address", ref.url),
                callback=self.parse_article,
                errback=self.article_failed,
                cb_kwargs={"ref": ref, "number": number},
                dont_filter=True,
                meta={"page": True, **meta},
            )

    async def _below_limit(self) -> bool:
        """Wait until one more article may be begun; return False when ``limit`` articles were found."""
        limit = self.options.limit
        while limit is not None and self._found + self._running >= limit and not self.stopping:
            if self._found >= limit:
                return False
            await asyncio.sleep(0.01)
        return True

    async def _end(self, number: int, article: Article | None) -> AsyncIterator[Article]:
        """Give what may be given, now that this article was read (None when there is none)."""
        self._running -= 1
        self._found += article is not None
        async for ready in self._turns.end(number, article):
            yield ready

    async def _wanted(self) -> AsyncIterator[tuple[ArticleRef, dict[str, Any]]]:
        """Yield every article to fetch, with the ``address`` to begin at and what else its request must know."""
        if self.archive is not None:
            for ref, meta in self._recorded(self.archive):
                yield ref, meta
        elif self.options.urls:
            for ref, address in self._named():
                yield ref, {"address": address}
        else:
            async for ref in self._outdated():
                yield ref, {"address": self._first_address(ref.url)}

    def _recorded(self, archive: Archive) -> Iterator[tuple[ArticleRef, dict[str, Any]]]:
        """Yield what the recordings hold, in range, and of what ``urls`` names if it names any."""
        only = {urls.canonical(url).split("://")[-1] for url in self.options.urls}
        for reading in find_recorded(archive, self.options.site):
            named = not only or urls.canonical(reading.ref.url).split("://")[-1] in only
            if named and self.options.covers(_instant(reading.ref.published_at)):
                yield reading.ref, {"address": reading.address, "captures": reading.captures, "reading": reading}

    def _named(self) -> Iterator[tuple[ArticleRef, str]]:
        """Yield what ``urls`` names, each address once."""
        seen: set[str] = set()
        for named in self.options.urls:
            url = urls.of_site(self.options.site + "/", named) or named
            # /?p=658 has no address of its own before it is asked.
            address = url if _SHORTLINK.search(url) else self._first_address(urls.canonical(url))
            if address not in seen:
                seen.add(address)
                yield ArticleRef(url if address == url else urls.canonical(url)), address

    async def _outdated(self) -> AsyncIterator[ArticleRef]:
        """Yield what the site lists, in range, that the file lacks or has from before an edit."""
        seen: set[str] = set()
        async for ref in self._listed():
            key = urls.canonical(ref.url)
            if key in seen or not may_be_article(ref.url, self.options.site):
                continue
            seen.add(key)
            if len(seen) > _MAX_ADDRESSES:
                self.stop(f"the site lists more than {_MAX_ADDRESSES} addresses")
                return
            published = _instant(ref.published_at)
            if self._known_range(ref) and self.options.covers(published):
                if self.ledger.is_current(ref):
                    self.ledger.counts["current"] += 1
                else:
                    yield ref
            undated = published is None and ref.modified_at is None
            if self.options.since and undated and self._too_old >= _RANGE_PATIENCE:
                return

    def _known_range(self, ref: ArticleRef) -> bool:
        """Whether an article whose time the file knows is in the range."""
        known = self.ledger.store.find(ref.id, urls.canonical(ref.url))
        return known is None or self.options.covers(_instant(known.published_at))

    def _first_address(self, url: str) -> str:
        """The address to fetch first: the canonical page, or the AMP page if only that is wanted."""
        if self.options.pages == "amp":
            return urls.canonical(url) + "amp/"
        return urls.canonical(url) if is_amp_address(url) else url

    async def _listed(self) -> AsyncIterator[ArticleRef]:
        for ref in self.ledger.worth_another_try() if self.options.whole else ():
            yield ref
        async for ref in self._discovered():
            yield ref

    async def _discovered(self) -> AsyncIterator[ArticleRef]:
        await self._learn_robots()
        walk = self.ledger.walk(self.fetch, self._robots, everything=self.everything)
        found_any = announced = False
        reasons = []
        most = 0
        for name in self._sources(walk):
            source = SOURCES[name]()
            broken = len(walk.broken)
            listed = 0
            try:
                async for ref in source.find(walk):
                    listed += 1
                    if not announced:
                        announced = found_any = True
                        delay = self.crawler.get_extension(CrawlDelay)
                        self.ledger.announce(source.name, walk, delay.seconds if delay else 0.0)
                    yield ref
            except SourceUnavailable as error:
                if self.stopping:
                    break
                reasons.append(f"{name}: {error}")
                self.ledger.say(f"{reasons[-1]}; trying the next source")
                continue
            found_any = True
            if source.complete or name == "listing":
                walk.source = None if broken else name  # one that only broke off is asked first again
                if len(walk.broken) > broken:
                    self.ledger.say(f"{name}: {walk.broken[-1]}; trying the next source")
                elif source.complete or walk.caught_up or listed >= most:
                    walk.broken.clear()  # what another source could not show, this one did
                    break
                most = max(most, listed)
        if not found_any and not self.stopping:
            self.stop("the site shows no articles: " + "; ".join(reasons))
        self.ledger.discovery_ended(walk)
        self.saw_everything = found_any and not walk.broken and not self.stopping

    def _sources(self, walk: Walk) -> list[SourceName]:
        """Names of the sources, in the order in which they are asked; a feed is never all, so listings follow it."""
        names = list(self.options.sources)
        if "sources" not in self.options.named and walk.caught_up and walk.source == "sitemap":
            names.sort(key=lambda name: name != "sitemap")  # it served the last run: REST need not deny us again
        if "feed" in names and "listing" not in names:
            names.append("listing")
        return names

    async def _learn_robots(self) -> None:
        """Read robots.txt first: it names the sitemaps."""
        if not self.crawler.settings.getbool("ROBOTSTXT_OBEY"):
            return
        middleware = self.crawler.get_downloader_middleware(RobotsMiddleware)
        if middleware is not None:
            await middleware.robot_parser(Request(self.options.site + "/"))

    def _read_robots(self, robotparser: RobotParser, request: Request) -> None:
        self._robots = [str(url) for url in getattr(getattr(robotparser, "rp", None), "sitemaps", ())][:100]

    async def fetch(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        """Fetch one page outside of the scheduler; a probe may be refused, see ``Fetch``.

        Raises:
            FetchFailed: unless it answers with 200, 304 or 400.
        """
        if self.ending:
            raise FetchFailed("the crawl is stopping")
        try:
            request = Request(url, headers=headers, meta={**meta, "probe": probe})
            response = await self.crawler.engine.download_async(request)
        except IgnoreRequest as error:
            raise FetchFailed(str(error) or "ignored", forbidden=True) from error
        except Exception as error:
            reason = _in_words(error)
            if not self.crawler.stats.get_value("downloader/response_count"):
                self.stop(f"{self.options.site} cannot be reached ({reason})")
            raise FetchFailed(reason) from error
        if self.ledger.current_walk and self.ledger.current_walk.asked_at is None:
            self.ledger.current_walk.asked_at = capture_time(response)[0]
        if refused := refusal(response):
            if not probe:
                self.note_refusal(url, refused)
            raise FetchFailed(refused, response.status)
        self._refused.clear()
        if response.status not in (200, 304, 400):
            raise FetchFailed(f"status {response.status}", response.status)
        return response

    # -- what was fetched ----------------------------------------------------------------------------------------

    async def parse_article(self, response: Response, ref: ArticleRef, number: int) -> AsyncIterator[Article]:
        """Read an article from its pages and give it as one item, after those that were begun before."""
        article = None
        try:
            article = await self._article(response, ref)
        except UnreadablePage as error:
            self.ledger.reject(Rejected.now(ref.url, str(error), error.layout, ref.modified_at), response)
        except FetchFailed as error:
            self._failed(ref.url, str(error))
        except Exception:
            async for ready in self._end(number, None):
                yield ready
            raise
        if article is not None:
            self.ledger.watch.keep(article, response)
        async for ready in self._end(number, article):
            yield ready

    async def article_failed(self, failure: Any) -> AsyncIterator[Article]:
        """Count an article that could not be fetched; the next run tries again."""
        self._note_failure(failure)
        async for ready in self._end(failure.request.cb_kwargs["number"], None):
            yield ready

    def _note_failure(self, failure: Any) -> None:
        ref: ArticleRef = failure.request.cb_kwargs["ref"]
        error = failure.value
        if isinstance(error, HttpError):
            self._bad_status(error.response, ref)
        elif isinstance(error, IgnoreRequest):
            if self.archive is None and not self.ending:
                self.ledger.reject(Rejected.now(ref.url, str(error) or "ignored", None, ref.modified_at))
                if isinstance(error, OffSite):
                    self._count_astray(str(error))
        else:
            self._failed(ref.url, _in_words(error))

    def _bad_status(self, response: Response, ref: ArticleRef) -> None:
        if reason := refusal(response):
            self.note_refusal(ref.url, reason)
            self._failed(ref.url, reason)
        elif response.status in (404, 410):
            self.ledger.reject(Rejected.now(ref.url, f"status {response.status}", None, ref.modified_at))
        elif 300 <= response.status < 400 and (place := response.headers.get("Location")):  # file: and the like
            reason = f"{place.decode('latin-1')[:200]} is not on the site"
            self.ledger.reject(Rejected.now(ref.url, reason, None, ref.modified_at))
        else:
            self._failed(ref.url, f"status {response.status}")

    async def _article(self, response: Response, ref: ArticleRef) -> Article | None:
        reading: RecordedArticle | None = response.meta.get("reading")
        try:
            read = await self._view(response)
        except (FetchFailed, UnreadablePage):
            if reading is None or reading.amp_address is None:
                raise
            # Recorded beside what cannot be used: the AMP page alone, as ``scrapy extract`` reads it.
            response = await self.fetch(reading.amp_address, page=True, captures=reading.captures)
            read = await self._view(response)
        self._failures = 0
        if read is None:
            self.ledger.reject(Rejected.now(ref.url, NO_ARTICLE, None, ref.modified_at))
            if is_strange(response):
                self._count_astray("a page that is not of WordPress")
            else:
                self._astray = 0
            return None
        self._astray = 0
        page, article = read
        article = await self._other_view(page, article, response)
        asked = [str(url) for url in response.meta.get("redirect_urls", ())]
        article = replace(article, aliases=list(dict.fromkeys([*article.aliases, *asked])))
        article = add_evidence(article, ref)
        if ref.modified_at and ref.modified_at > (article.modified_at or ""):
            self.ledger.note_stale(ref.modified_at)
        self._note_other_address(article, ref)
        return article if self._in_range(article) else None

    async def _view(self, response: Response) -> tuple[ArticlePage, Article] | None:
        """One view of an article, from its first page and those behind it; None when it is none."""
        if reason := refusal(response):
            self.note_refusal(response.url, reason)
            raise FetchFailed(reason)
        self._refused.clear()
        page = self._page(response)
        return (page, await self._all_pages(page, response)) if page is not None else None

    def _note_other_address(self, article: Article, ref: ArticleRef) -> None:
        """Remember an address that led to an article that is known by another, or every run would ask for it."""
        url = urls.canonical(ref.url)
        store = self.ledger.store
        if self.options.urls or self.archive is not None:
            return
        if url != article.url and store.find(article.id, article.url) and not store.find(None, url):
            self.ledger.reject(Rejected.now(ref.url, LEADS_TO + article.url, None, ref.modified_at))

    def _page(self, response: Response) -> ArticlePage | None:
        captured_at, age = capture_time(response)
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        if not response.body.strip():
            raise FetchFailed("an empty answer")
        if mislabelled(response):  # the next run may have it as what it is
            raise FetchFailed(f"a page served as {content_type}")
        if self.archive is None and out_of_order(response):
            raise FetchFailed("the site is out of order")
        if content_type and "html" not in content_type.lower():
            return None
        try:
            return read_page(response.body, Capture(response.url, captured_at, age), content_type)
        except CutOff as error:
            if self.archive is None:
                raise FetchFailed(str(error)) from error
            raise

    async def _all_pages(self, page: ArticlePage, response: Response) -> Article:
        """Read the other pages of a post on several pages, and join them."""
        articles = {page.page_number: page.to_article()}
        waiting = dict(page.other_pages)
        missing = False
        while waiting and len(articles) < self.crawler.settings.getint("IFP_MAX_POST_PAGES"):
            number, url = waiting.popitem()
            if number in articles:
                continue
            try:
                address = urls.of_site(response.url, url) or url
                other = self._page(await self.fetch(address, page=True, captures=response.meta.get("captures")))
                if other is None or not urls.same_article(other.url, page.url) or other.page_number != number:
                    missing = True
                    continue
                articles[number] = other.to_article()
                waiting.update({n: u for n, u in other.other_pages.items() if n not in articles})
            except UnreadablePage:
                missing = True
            except FetchFailed as error:
                if self.ending:
                    raise
                missing = True
                if not error.is_final and self.archive is None:
                    self._failed(url, str(error))
        if len(articles) == 1 and not page.other_pages:
            return articles[page.page_number]
        return join_pages([articles[number] for number in sorted(articles)], missing or bool(waiting))

    async def _other_view(self, page: ArticlePage, article: Article, response: Response) -> Article:
        """Merge with the AMP page, where there is one and both are wanted."""
        reading: RecordedArticle | None = response.meta.get("reading")
        said = reading.amp_address if reading and reading.amp_address else article.amp_url
        address = urls.of_site(response.url, said)
        if page.is_amp or self.options.pages != "both" or address is None:
            return article
        try:
            amp = self._page(await self.fetch(address, page=True, captures=response.meta.get("captures")))
            if amp is None or not amp.is_amp or not urls.same_article(amp.url, article.url):
                return article
            return merge_views(article, amp.to_article())
        except UnreadablePage as error:
            self.ledger.reject(Rejected.now(address, str(error), error.layout, article.modified_at), response)
        except FetchFailed as error:
            if self.ending:  # half an article would count as known: the next run reads it whole
                raise
            if not error.is_final and self.archive is None:
                self._failed(address, str(error))
        return article

    def _in_range(self, article: Article) -> bool:
        section = self.options.section
        if section and self.archive is not None and not any(_is_section(label, section) for label in article.sections):
            return False
        covered = self.options.covers(_instant(article.published_at))
        since = self.options.since
        old = since is not None and article.published_at is not None and parse_utc(article.published_at) < since
        self._too_old = self._too_old + 1 if old else 0
        return covered

    # -- when it goes wrong --------------------------------------------------------------------------------------

    @property
    def ending(self) -> bool:
        """Whether the crawl is about to end: after ``stop``, or because a signal told it to."""
        return self.stopping or not self.crawler.crawling

    def _failed(self, url: str, reason: str) -> None:
        if self.ending:
            return
        self.ledger.failed(url, reason)
        self._failures += 1
        if self._failures >= self.crawler.settings.getint("IFP_FAILURES") and self.archive is None:
            self.stop(f"{self._failures} fetches in a row failed for good, the last one with: {reason}")

    def _count_astray(self, what: str) -> None:
        self._astray += 1
        if self._astray >= _ASTRAY and self.archive is None:
            self.stop(f"{self._astray} addresses in a row gave nothing of the site, the last one: {what}")

    def note_refusal(self, url: str, reason: str) -> None:
        """Count a page that the site refused, before it is tried again; end the crawl when it gives no other."""
        self._refused.add(url)
        if len(self._refused) >= self.crawler.settings.getint("IFP_REFUSALS") and self.archive is None:
            self.stop(f"the site refuses ({reason}, {len(self._refused)} pages in a row)")

    def stop(self, why: str) -> None:
        """End the crawl early, as a failure, and say why."""
        if not self.stopping:
            self.stopping = True
            self.why_stopped = why
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="stopped"))


def _is_section(label: str, section: str) -> bool:
    """Whether a label is that of a category slug; three of them differ (FACTS.md, "URLs")."""
    slug = section.rsplit("/", 1)[-1]
    words = {"wired": "media-wire", "iran-photos": "iran-in-pictures", "cultures": "culture"}
    return "-".join(re.findall(r"\w+", label.lower())) in (slug, words.get(slug))


def _instant(text: str | None) -> datetime | None:
    return parse_utc(text) if text else None


_WORDLESS = {ResponseDataLossError: "the answer broke off", DownloadCancelledError: "the answer is too long"}
"""What Scrapy raises without a word."""

_FAILURE = re.compile(r"^\[<twisted\.python\.failure\.Failure [\w.]+: (.+?)\.?>")
"""What it hands on from Twisted."""


def _in_words(error: Exception) -> str:
    first_line = (str(error).splitlines() or [""])[0][:300]
    if failure := _FAILURE.search(first_line):
        return failure[1]
    name = error.__class__.__name__
    return f"{name}: {first_line}" if first_line else _WORDLESS.get(type(error), name)
