"""The audit: which articles the file lacks, and which of those it has the site has withdrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from scrapy.http import Response

from ifp_scraper import urls
from ifp_scraper.console import show_on_one_line
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.ledger import Command
from ifp_scraper.pages import Capture, UnreadablePage, read_page
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.spiders.site_spider import SiteSpider
from ifp_scraper.storage.store import StoredArticle

_MAY_BE_WITHDRAWN = 20
"""This many articles may always be missing from the site's list. If more are, and they are more than half of the file,
the list is not trusted."""

Verdict = Literal["gone", "unlisted", "moved"]
"""What has become of an article that is no longer listed: the field of ``Audit`` that lists it."""


@dataclass(slots=True)
class Audit:
    """What an audit found; articles are given by canonical URL."""

    listed: dict[str, str | None] = field(default_factory=dict)
    """Every article that the site lists, with the month of publication (``2024-05``; None if unknown)."""

    missing: list[str] = field(default_factory=list)
    """Listed, but in no crawl so far."""

    failed: dict[str, str] = field(default_factory=dict)
    """Listed, but the last crawl failed to fetch it: URL to reason."""

    rejected: dict[str, str] = field(default_factory=dict)
    """Listed, but rejected by an earlier crawl: URL to reason."""

    gone: list[str] = field(default_factory=list)
    """In the file, and no longer on the site."""

    unlisted: list[str] = field(default_factory=list)
    """In the file and still online, but no longer listed."""

    moved: list[str] = field(default_factory=list)
    """In the file, and listed under a new URL, to which this one redirects."""

    unconfirmed: list[str] = field(default_factory=list)
    """In the file and no longer listed; whether they are still online could not be checked."""

    def by_month(self) -> list[tuple[str, int, int]]:
        """Return (month, how many of its listed articles the file has, how many are listed) for each month.

        A month is ``2024-05``, or ``unknown``.
        """
        missing = {*self.missing, *self.failed, *self.rejected}
        had: Counter[str] = Counter()
        listed: Counter[str] = Counter()
        for url, month in self.listed.items():
            listed[month or "unknown"] += 1
            had[month or "unknown"] += url not in missing
        return [(month, had[month], listed[month]) for month in sorted(listed)]


class AuditSpider(SiteSpider):
    """Asks the sources for all articles, and checks whether those that none of them lists still exist."""

    name = "audit"
    command: ClassVar[Command] = "audit"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.audit = Audit()

    async def requests(self) -> AsyncIterator[Any]:
        """Compare the site with the file; the result goes into ``audit``, and nothing is yielded."""
        held = [known for known in self.ledger.store.articles() if known.status != "gone"]
        found = await self._compare_with_list()
        if self.frontier.saw_everything:
            await self._look_for_withdrawn(held, found)
        return
        yield  # makes this a generator, as Scrapy requires

    async def _compare_with_list(self) -> set[int]:
        """Look up what the site lists; return the numbers of those articles that the file has."""
        audit = self.audit
        found: set[int] = set()
        async for ref in self.frontier.discovered(everything=True):
            url = urls.canonical(ref.url)
            if urls.host(url) != urls.host(self.options.site) or url in audit.listed or not urls.slug(url):
                continue  # Yoast's sitemap lists the front page too
            known = self.ledger.store.find_same(ref)
            published_at = ref.published_at or (known.published_at if known else None)
            audit.listed[url] = _month(published_at)
            self._show_compared()
            if known is not None and known.status != "gone":
                found.add(known.number)
            elif (reason := self.ledger.rejections.reason(url)) is not None:
                audit.rejected[url] = reason
            elif self.ledger.failures.left_by_earlier_run(url):
                audit.failed[url] = self.ledger.failures.of(url).reason or ""
            else:
                audit.missing.append(url)
        return found

    def _show_compared(self) -> None:
        walk = self.ledger.walks.last
        total = f" of about {walk.notes.total}" if walk and walk.notes.total else ""
        show_on_one_line(f"{len(self.audit.listed)}{total} addresses compared")

    async def _look_for_withdrawn(self, held: list[StoredArticle], found: set[int]) -> None:
        """Check the articles in ``held`` (those in the file) that are not in the site's list."""
        absent = [(urls.canonical(known.url), known) for known in held if known.number not in found]
        self.audit.unconfirmed = [url for url, _ in absent]
        if len(absent) > max(_MAY_BE_WITHDRAWN, len(held) // 2):
            self.crawl.stop(f"the site lists only {len(held) - len(absent)} of the file's {len(held)} articles")
        for number, (url, known) in enumerate(absent, 1):
            if self.crawl.ending:
                return
            show_on_one_line(f"checking what is no longer listed: {number} of {len(absent)}")
            if (verdict := await self._confirm(url, known)) is not None:
                self.audit.unconfirmed.remove(url)
                getattr(self.audit, verdict).append(url)

    async def _confirm(self, url: str, known: StoredArticle) -> Verdict | None:
        """Check, with one request, whether an article that is no longer listed is still online.

        Returns:
            What has become of it; None if that could not be checked.

        Raises:
            StoreError: if the output fails.
        """
        last = self.ledger.store.read(known)
        site = urls.host(self.options.site)  # a mirror prints the URLs of the site that it copies
        address = next((own for own in (url, *last.aliases) if urls.host(own) == site), url)
        try:
            response = await self.fetcher.fetch(address)
            if self._take_as_moved(response, known):
                return "moved"
            if not self._leads_elsewhere(response, known):
                return "unlisted"
            at: datetime | None = capture_time(response)[0]
        except FetchFailed as error:
            if not error.is_missing:
                return None
            at = error.at
        self.ledger.mark_gone(known, at or datetime.now(UTC))
        return "gone"

    def _take_as_moved(self, response: Response, known: StoredArticle) -> bool:
        """If the URL redirects to the article's new one, which seemed to be missing, correct that and return True.

        A listing names no ids that would tell.
        """
        url = urls.canonical(response.url)
        if url not in self.audit.missing or known.id is None:
            return False
        page = self._page(response)
        if page is None or page.id != known.id:
            return False
        self.audit.missing.remove(url)
        self.audit.listed[url] = _month(known.published_at)
        return True

    def _leads_elsewhere(self, response: Response, known: StoredArticle) -> bool:
        """Whether the URL shows or redirects to another article, or redirects permanently to the front page.

        For a URL that no longer exists, WordPress guesses a target; plugins redirect to the front page. A new post may
        have the slug of one that was withdrawn; without a redirect, a faulty cache may give any page.
        """
        reasons = set(response.meta.get("redirect_reasons", ()))
        if urls.slug(response.url) == "":
            return bool(reasons) and reasons <= {301, 308}
        page = self._page(response)
        if page is None or None in (page.id, known.id) or page.id == known.id:
            return False
        return not urls.same_slug(response.url, known.url) or urls.same_slug(page.url, known.url)

    def _page(self, response: Response) -> ArticlePage | None:
        """Return the article's page; None if it is none, or cannot be read."""
        try:
            return read_page(response.body, Capture(response.url))
        except UnreadablePage:
            return None


def _month(published_at: str | None) -> str | None:
    """Return the month of a time, such as ``2024-05``."""
    return published_at[:7] if published_at else None
