"""The spider: discovery says what to fetch, page objects read it, and every article ends as one item.

It holds no selectors, and is the only place that makes requests. ``finder`` asks the sources, ``views`` reads what
comes, ``turns`` puts the articles in order, ``patience`` says when to give up.

Keys of ``request.meta`` that are this project's:

- ``page``: an article or listing is expected, so that an answer which is no HTML is tried again (``middlewares``)
- ``probe``: a refusal of this request says nothing of the rest of the site (``discovery.Fetch``)
- ``reading``, ``captures``: in an archive run, the ``RecordedArticle`` and its captures (``archive``)
- ``captured_at``: WARC-Date of the recorded response, set by ``archive`` and read by ``captures``
- ``wait``, ``cut_at``: seconds before the next try and length of the last answer (``middlewares``)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from ifp_scraper import urls
from ifp_scraper.archive import OFFLINE, Archive
from ifp_scraper.captures import capture_time
from ifp_scraper.checks import check_settings
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery import ArticleRef, FetchFailed
from ifp_scraper.discovery.listing import may_be_article
from ifp_scraper.discovery.readings import RecordedArticle, find_recorded
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import add_evidence
from ifp_scraper.middlewares import CrawlDelay, RobotsMiddleware, user_agent
from ifp_scraper.options import Options, open_archive, read_options
from ifp_scraper.pages import UnreadablePage, is_static
from ifp_scraper.rejections import (
    ELSEWHERE,
    FORBIDDEN,
    LEADS_TO,
    LOGIN,
    NO_ARTICLE,
    OFF_SITE,
    STATIC,
    STRANGE,
    Rejected,
)
from ifp_scraper.responses import in_words, is_login, is_strange, refusal
from ifp_scraper.spiders.finder import Finder
from ifp_scraper.spiders.patience import Patience
from ifp_scraper.spiders.turns import Turns
from ifp_scraper.spiders.views import View, ViewReader

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

_MAX_UNDER_WAY = 64
"""Most articles begun but not yet written, which bounds the memory of a long crawl and what a kill costs."""

_MAX_ADDRESSES = 500_000
"""Most addresses taken from the site's lists: ten times what it has."""

_AMP_ENDINGS = ("amp/", "?amp=1", "?amp")
"""What follows the canonical address in that of the AMP page; a site uses one of these (MARKUP.md 6)."""


class Wanted(NamedTuple):
    """An article to fetch, and where to begin."""

    ref: ArticleRef
    address: str
    """What to fetch first: the canonical page or the AMP page."""

    reading: RecordedArticle | None = None
    """In an archive run, the captures to read it from."""


class IfpSpider(scrapy.Spider):
    """Crawls Iran Front Page, live or from a recording; the arguments are in CONTRACT.md section 1."""

    name = "ifp"
    everything = False
    """Whether the sources are to list everything, including what earlier runs have seen."""

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
        settings = ledger.settings
        self._patience = Patience(settings.getint("IFP_FAILURES"), settings.getint("IFP_REFUSALS"))
        self._views = ViewReader(
            self.fetch,
            options,
            settings.getint("IFP_MAX_POST_PAGES"),
            ending=lambda: self.ending,
            failed=self._failed,
            incomplete=ledger.note_incomplete,
            unreadable=self._reject_amp,
        )
        # One article more than requests at once, so that a request is ready while an article is put together.
        fetching = 1 + settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._turns = Turns(fetching, _MAX_UNDER_WAY, lambda: self.ending)
        self._amp_ending = _AMP_ENDINGS[0]
        self._running = 0
        """Articles begun and not read yet."""
        self._found = 0
        """Articles read that were in the range: ``limit`` counts them."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> IfpSpider:
        """Make the spider of a crawl.

        Args:
            crawler: the crawl's.
            args: not used.
            kwargs: either ``options``, ``ledger`` and ``archive``, as the command makes them, or the arguments of
                ``-a`` as Scrapy gives them.

        Raises:
            BadArgument: when an argument makes no sense.
            StoreError: when the output cannot be used.
            RecordingError: when nothing can be read in the recording.
        """
        settings = crawler.settings
        if "options" not in kwargs:
            check_settings(settings)
            options, archive = open_archive(read_options(kwargs, settings["IFP_SITE"]))
            kwargs = {"options": options, "ledger": Ledger.open(options, settings), "archive": archive}
        spider = super().from_crawler(crawler, *args, **kwargs)
        # AutoThrottle would shorten a DOWNLOAD_DELAY that is longer than its maximum.
        slowest = max(settings.getfloat("AUTOTHROTTLE_MAX_DELAY"), settings.getfloat("DOWNLOAD_DELAY"))
        settings.set("AUTOTHROTTLE_MAX_DELAY", slowest, priority="cmdline")
        # In an archive run the site is that of the recording; StayOnSiteMiddleware reads it here.
        settings.set("IFP_SITE", spider.options.site, priority="cmdline")
        settings.set("USER_AGENT", user_agent(settings), priority="cmdline")
        if spider.archive is not None:
            for name, value in OFFLINE.items():
                settings.set(name, value, priority="cmdline")
        crawler.signals.connect(spider._read_robots, signals.robots_parsed)
        for ended in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._turns.note_written, ended)
        return spider

    # -- what to fetch -------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for every article that is new, changed or asked for."""
        async for wanted in self._wanted():
            if self.stopping or not await self._below_limit():
                return
            number = await self._turns.begin()
            if self.ending:
                return
            self._running += 1
            reading = wanted.reading
            yield Request(
                wanted.address,
                callback=self.parse_article,
                errback=self.article_failed,
                cb_kwargs={"ref": wanted.ref, "number": number},
                dont_filter=True,
                meta={"page": True, "reading": reading, "captures": reading.captures if reading else None},
            )

    async def _below_limit(self) -> bool:
        """Wait until one more article may be begun; return False once ``limit`` articles were found."""
        limit = self.options.limit
        while limit is not None and self._found + self._running >= limit and not self.stopping:
            if self._found >= limit:
                return False
            await asyncio.sleep(0.01)
        return True

    async def _wanted(self) -> AsyncIterator[Wanted]:
        """Yield every article to fetch."""
        if self.archive is not None:
            for wanted in self._recorded(self.archive):
                yield wanted
        elif self.options.urls:
            for wanted in self._named():
                yield wanted
        else:
            async for ref in self._outdated():
                yield Wanted(ref, self._first_address(ref.url))

    def _recorded(self, archive: Archive) -> Iterator[Wanted]:
        """Yield the articles of the recordings that are in range, or those of them that ``urls`` names."""
        only = {urls.canonical(url).split("://")[-1]: url for url in self.options.urls}
        missing = dict(only)
        for reading in find_recorded(archive, self.options.site):
            key = urls.canonical(reading.ref.url).split("://")[-1]
            missing.pop(key, None)
            if (not only or key in only) and self.options.covers(_instant(reading.ref.published_at)):
                amp = reading.amp_address if self.options.pages == "amp" else None
                yield Wanted(reading.ref, amp or reading.address, reading)
        for url in missing.values():
            self.ledger.say(f"not in the recording: {url}")

    def _named(self) -> Iterator[Wanted]:
        """Yield the articles that ``urls`` names, each address once."""
        seen: set[str] = set()
        for named in self.options.urls:
            url = urls.of_site(self.options.site + "/", named) or named
            if not urls.post_id(url) and not may_be_article(url, self.options.site):
                self.ledger.reject(Rejected.now(url, NO_ARTICLE, None, None))
                continue
            # Only the site knows which address /?p=658 leads to.
            address = url if urls.post_id(url) else self._first_address(urls.canonical(url))
            if address not in seen:
                seen.add(address)
                yield Wanted(ArticleRef(url if address == url else urls.canonical(url)), address)

    async def _outdated(self) -> AsyncIterator[ArticleRef]:
        """Yield the articles in range that the site lists, and that the file lacks or has from before an edit."""
        seen: set[str] = set()
        async for ref in self._listed():
            key = urls.canonical(ref.url)
            if not seen and urls.post_id(ref.url):
                self.stop(f"the site's permalinks are plain ({ref.url}); only those with a slug can be crawled")
                return
            if key in seen or not may_be_article(ref.url, self.options.site):
                continue
            seen.add(key)
            if len(seen) > _MAX_ADDRESSES:
                self.stop(f"the site lists more than {_MAX_ADDRESSES} addresses")
                return
            published = _instant(ref.published_at)
            if self._may_be_in_range(ref) and self.options.covers(published):
                if self.ledger.is_current(ref):
                    self.ledger.counts["current"] += 1
                else:
                    yield replace(ref, url=key) if urls.is_amp(ref.url) else ref
            undated = published is None and ref.modified_at is None
            if self.options.since and undated and self._patience.past_range:
                return

    def _may_be_in_range(self, ref: ArticleRef) -> bool:
        """Whether an article is in the range by the time that the file has for it; true when it has none."""
        known = self.ledger.store.find(ref.id, urls.canonical(ref.url))
        return known is None or self.options.covers(_instant(known.published_at))

    def _first_address(self, url: str) -> str:
        """The address to fetch first: the canonical page, or the AMP page if only that is wanted."""
        if self.options.pages == "amp":
            return urls.amp_address(urls.canonical(url), self._amp_ending)
        return urls.canonical(url) if urls.is_amp(url) else url

    async def _listed(self) -> AsyncIterator[ArticleRef]:
        """Yield rejected addresses to try again, then what the site lists, then articles that lack a page."""
        for ref in self.ledger.worth_another_try() if self.options.whole_site else ():
            yield ref
        async for ref in self._discovered():
            yield ref
        for ref in self.ledger.to_complete() if self.options.whole_site else ():
            yield ref

    async def _discovered(self) -> AsyncIterator[ArticleRef]:
        """Yield what the sources list; robots.txt is read first, as it names the sitemaps."""
        await self._learn_robots()
        walk = self.ledger.walk(self.fetch, self._robots, everything=self.everything)
        finder = Finder(self.ledger, self.options, stopping=lambda: self.stopping, pace=self._asked_delay)
        async for ref in finder.find(walk):
            yield ref
        if not finder.found_any:
            self.stop("the site shows no articles: " + "; ".join(finder.reasons))
        self.ledger.discovery_ended(walk)
        self.saw_everything = finder.found_any and not walk.broken and not self.stopping

    def _asked_delay(self) -> float:
        delay = self.crawler.get_extension(CrawlDelay)
        return delay.seconds if delay else 0.0

    async def _learn_robots(self) -> None:
        """Have robots.txt fetched, unless it is not obeyed; ``_read_robots`` is told what it says."""
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
        """Fetch one page without a callback; see ``discovery.Fetch``.

        Args:
            url: of the page.
            headers: of the request, besides the usual ones.
            probe: whether the site may refuse this one, which says nothing of its other pages.
            meta: further keys of ``request.meta``.

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
            reason = in_words(error)
            if not self.crawler.stats.get_value("downloader/response_count"):
                self.stop(f"{self.options.site} cannot be reached ({reason})")
            raise FetchFailed(reason) from error
        if self.ledger.current_walk and self.ledger.current_walk.asked_at is None:
            self.ledger.current_walk.asked_at = capture_time(response)[0]
        self._check_refusal(response, url, probe=probe)
        if response.status not in (200, 304, 400):
            raise FetchFailed(f"status {response.status}", response.status, at=capture_time(response)[0])
        return response

    def _check_refusal(self, response: Response, url: str, *, probe: bool = False) -> None:
        """Note whether the response is a refusal.

        Raises:
            FetchFailed: when it is one.
        """
        if reason := refusal(response):
            if not probe:
                self.note_refusal(url, reason)
            raise FetchFailed(reason, response.status)
        self._patience.not_refused()

    # -- what was fetched ----------------------------------------------------------------------------------------

    async def parse_article(self, response: Response, ref: ArticleRef, number: int) -> AsyncIterator[Article]:
        """Read an article from its pages; yield it, and others that waited for it, in the order they were begun."""
        async for article in self._in_turn(number, self._read_article(response, ref)):
            yield article

    async def article_failed(self, failure: Any) -> AsyncIterator[Article]:
        """Read an article whose first page failed from its AMP page, else note the failure; yields as above."""
        arguments = failure.request.cb_kwargs
        async for article in self._in_turn(arguments["number"], self._after_failure(failure, arguments["ref"])):
            yield article

    async def _in_turn(self, number: int, reading: Awaitable[Article | None]) -> AsyncIterator[Article]:
        """Wait for an article to be read, and yield those whose turn it is; an error must not hold up the others."""
        article, fault = None, None
        try:
            article = await reading
        except Exception as error:
            fault = error
        async for ready in self._end(number, article):
            yield ready
        if fault is not None:
            raise fault

    async def _end(self, number: int, article: Article | None) -> AsyncIterator[Article]:
        """Count an article as read (None when there is none), and yield those whose turn it is."""
        self._running -= 1
        self._found += article is not None
        async for ready in self._turns.end(number, article):
            yield ready

    async def _read_article(self, response: Response, ref: ArticleRef) -> Article | None:
        article = await self._article_or_amp(response, ref)
        if article is not None:
            self.ledger.watch.keep(article, response)
        return article

    async def _after_failure(self, failure: Any, ref: ArticleRef) -> Article | None:
        """Return the article from its AMP page; where that is of no use, or the site has a fault, note the failure."""
        error = failure.value
        article = None
        if isinstance(error, HttpError) and _is_of_one_page(error.response):
            article = await self._from_amp_alone(ref)
        if article is None or error.response.status == 500:
            self._note_failure(error, ref)
        return article

    def _note_failure(self, error: Exception, ref: ArticleRef) -> None:
        if isinstance(error, HttpError):
            self._bad_status(error.response, ref)
        elif isinstance(error, IgnoreRequest):
            if self.archive is None and not self.ending:
                reason = str(error) or "ignored"
                if self._reject(ref, reason) and reason != FORBIDDEN:
                    self._give_up(self._patience.astray(reason))
        else:
            self._failed(ref.url, in_words(error))

    def _bad_status(self, response: Response, ref: ArticleRef) -> None:
        """Reject the address where the status says that there is no article; else the next run tries again."""
        if reason := refusal(response):
            self.note_refusal(ref.url, reason)
            self._failed(ref.url, reason)
        elif response.status in (404, 410):
            self._reject(ref, f"status {response.status}")
        elif 300 <= response.status < 400 and (
            place := response.headers.get("Location")
        ):  # a redirect to ``file:``, for example
            self._reject(ref, f"{place.decode('latin-1')[:200]}{OFF_SITE}")
        else:
            self._failed(ref.url, f"status {response.status}")

    async def _article_or_amp(self, response: Response, ref: ArticleRef) -> Article | None:
        """Return the article that a request led to, from its AMP page alone where the first page is of no use."""
        try:
            return await self._article(response, ref)
        except UnreadablePage as error:
            article = await self._from_amp_alone(ref)
            self.ledger.reject(Rejected.now(ref.url, str(error), error.layout, ref.modified_at), response)
            return article
        except FetchFailed as error:
            self._failed(ref.url, str(error))
            return await self._from_amp_alone(ref) if error.status is None else None  # a status means a refusal

    async def _article(self, response: Response, ref: ArticleRef) -> Article | None:
        """Return the article that a request led to; None when the page is no article, or not in the range.

        Raises:
            FetchFailed: when the page was refused or failed.
            UnreadablePage: when the page cannot be read.
        """
        view = await self._first_view(response)
        self._patience.fetched()
        if view is None:
            reason = self._why_no_article(response, ref)
            is_news = self._reject(ref, reason)
            if reason != STRANGE:
                self._patience.on_site()
            elif is_news:
                self._give_up(self._patience.astray(STRANGE))
            return None
        self._patience.on_site()
        if (ending := (view.article.amp_url or "").removeprefix(view.article.url).lstrip("/")) in _AMP_ENDINGS:
            self._amp_ending = ending
        return self._accept(await self._views.with_other_view(view), view, ref)

    def _why_no_article(self, response: Response, ref: ArticleRef) -> str:
        """Return the reason for which a page that is no article is rejected."""
        if is_strange(response):
            return STRANGE
        if is_login(response):
            return LOGIN
        asked = response.meta.get("redirect_urls", [response.url])[0]
        if not urls.post_id(asked) and not urls.same_article(asked, response.url):
            return ELSEWHERE
        if ref.id is not None or self.ledger.store.find(None, urls.canonical(ref.url)):
            return NO_ARTICLE  # only posts are listed with an id, or are in the file
        return STATIC if is_static(response.body, response.url) else NO_ARTICLE

    async def _from_amp_alone(self, ref: ArticleRef) -> Article | None:
        """Return an article whose first page is of no use, from its AMP page; None when that is of no use either."""
        url = urls.canonical(ref.url)
        had_neither = url in self.ledger.rejections and self.ledger.store.find(ref.id, url) is None
        given_up = had_neither and not self.options.urls  # an earlier run asked for both in vain
        if given_up or self.options.pages == "canonical" or self.archive is not None or urls.slug(url) == "":
            return None
        ending = self._amp_ending if self.options.pages == "both" else _AMP_ENDINGS[1]
        try:
            view = await self._views.read(await self.fetch(urls.amp_address(url, ending), probe=True, page=True))
        except (FetchFailed, UnreadablePage):
            return None
        if view is None or not view.page.is_amp:
            return None
        self._amp_ending = ending
        self._patience.fetched()
        article = self._accept(view.article, view, ref)
        if article is not None and self.options.pages == "both":
            self.ledger.note_incomplete(ref.url)
        return article

    def _accept(self, article: Article, view: View, ref: ArticleRef) -> Article | None:
        """Add aliases and what discovery said to an article; None when it is another one than asked for, or not in
        the range.
        """
        asked = [str(url) for url in view.response.meta.get("redirect_urls", ())]
        said = ref
        if asked and urls.slug(ref.url) != urls.slug(article.url):
            # WordPress guesses where an address that is gone might lead: /story/ may lead to /story-2/.
            known = self.ledger.store.find(ref.id, urls.canonical(ref.url))
            expected = ref.id if ref.id is not None or known is None else known.id
            if None in (expected, article.id):
                said = ArticleRef(ref.url)  # the times in ``ref`` may be those of another article
            elif expected != article.id:
                self._reject(ref, LEADS_TO + article.url)
                return None
        if urls.host(ref.url) != urls.host(article.url) and not urls.post_id(ref.url):
            asked.append(urls.canonical(ref.url))  # on a mirror, the next run looks the article up by this one
        article = replace(article, aliases=list(dict.fromkeys([*article.aliases, *asked])))
        article = add_evidence(article, said)
        if said.modified_at and said.modified_at > (article.modified_at or ""):
            self.ledger.note_stale(said.modified_at)
        if self._is_other_address(article, ref):  # it is noted, or every run would fetch it again
            self.ledger.reject(Rejected.now(ref.url, LEADS_TO + article.url, None, ref.modified_at))
        else:
            self._patience.fruitful()
        return article if self._in_range(article) else None

    async def _first_view(self, response: Response) -> View | None:
        """Return the view that the first response shows; None when it is no article. Raises as ``_article``."""
        reading: RecordedArticle | None = response.meta["reading"]
        try:
            self._check_refusal(response, response.url)
            return await self._views.read(response)
        except (FetchFailed, UnreadablePage):
            if reading is None or reading.amp_address is None:
                raise
        # The recorded canonical page is of no use: the AMP page is read alone, as ``scrapy extract`` does.
        amp = await self.fetch(reading.amp_address, page=True, captures=reading.captures)
        return await self._views.read(amp)

    def _is_other_address(self, article: Article, ref: ArticleRef) -> bool:
        """Whether this address, which the site lists, is only another one of an article that is known."""
        url = urls.canonical(ref.url)
        if self.options.urls or self.archive is not None or urls.same_article(url, article.url):
            return False
        store = self.ledger.store
        return store.find(article.id, article.url) is not None and store.find(None, url) is None

    def _reject(self, ref: ArticleRef, reason: str) -> bool:
        """Note an address that gave no article of its own; return whether that is news, see ``Rejections``."""
        rejected = Rejected.now(ref.url, reason, None, ref.modified_at)
        is_new = urls.canonical(ref.url) not in self.ledger.rejections
        is_news = self.ledger.rejections.is_news(rejected)
        self.ledger.reject(rejected)
        if is_new and reason not in (FORBIDDEN, STATIC) and not self.options.urls:
            self._give_up(self._patience.barren(reason))
        return is_news

    def _reject_amp(self, address: str, error: UnreadablePage, view: View) -> None:
        self.ledger.reject(Rejected.now(address, str(error), error.layout, view.article.modified_at), view.response)

    def _in_range(self, article: Article) -> bool:
        """Whether an article is in the section and the range of time that were asked for."""
        section = self.options.section
        if section and self.archive is not None and not any(_is_section(label, section) for label in article.sections):
            return False
        covered = self.options.covers(_instant(article.published_at))
        since = self.options.since
        old = since is not None and article.published_at is not None and parse_utc(article.published_at) < since
        self._patience.dated(too_old=old)
        return covered

    # -- when it goes wrong --------------------------------------------------------------------------------------

    @property
    def ending(self) -> bool:
        """Whether the crawl is about to end: after ``stop``, or because a signal told it to."""
        return self.stopping or not self.crawler.crawling

    def _failed(self, url: str, reason: str) -> None:
        """Note a fetch that failed for good; the next run tries again."""
        if not self.ending:
            self.ledger.note_failed(url, reason)
            self._give_up(self._patience.failed(reason))

    def note_refusal(self, url: str, reason: str) -> None:
        """Count a page that the site refused, before it is tried again; end the crawl when it refuses too many."""
        self._give_up(self._patience.refused(url, reason))

    def _give_up(self, why: str | None) -> None:
        """End the crawl for this reason, unless it is None; a recording is read to its end in any case."""
        if why is not None and self.archive is None:
            self.stop(why)

    def stop(self, why: str) -> None:
        """End the crawl early, as a failure, and say why."""
        if not self.stopping:
            self.stopping = True
            self.why_stopped = why
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="stopped"))


def _is_section(label: str, section: str) -> bool:
    """Whether a label on a page is that of a category slug; three labels differ from it (FACTS.md, "URLs")."""
    slug = section.rsplit("/", 1)[-1]
    words = {"wired": "media-wire", "iran-photos": "iran-in-pictures", "cultures": "culture"}
    return "-".join(re.findall(r"\w+", label.lower())) in (slug, words.get(slug))


def _is_of_one_page(response: Response) -> bool:
    """Whether only the canonical page may have failed, so that the AMP page is worth a try."""
    return response.status in (404, 410, 500) and refusal(response) is None


def _instant(text: str | None) -> datetime | None:
    return parse_utc(text) if text else None
