"""Decides what a crawl fetches: the articles of a recording, those the user named, or what is new on the site."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from ifp_scraper import console, urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery.readings import Reading, find_recorded
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.recordings.archive import Archive
from ifp_scraper.spiders.amp_addresses import AmpAddresses
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.source_chain import SourceChain
from ifp_scraper.storage.reasons import NO_ARTICLE, NO_FIRST_PAGE
from ifp_scraper.storage.rejections import Rejected

_MAX_ADDRESSES = 500_000
"""Maximum number of URLs taken from the site's lists: ten times what it has."""

_MAX_TOO_OLD = 30
"""Number of articles in a row older than ``since`` after which a source that lists the newest first is left: at least
two thirds of them are not newer than the one before."""

_LABELS = {"wired": "media-wire", "iran-photos": "iran-in-pictures", "cultures": "culture"}
"""Page labels, by slug, of the categories whose label differs from their slug (FACTS.md, "URLs")."""


class Target(NamedTuple):
    """An article to fetch, and where to start."""

    ref: ArticleRef
    address: str
    """What to fetch first: the canonical page or the AMP page."""

    reading: Reading | None = None
    """In an archive run, the captures to read it from."""


class Frontier:
    """Chooses the articles to fetch from the arguments of the crawl and the contents of the file.

    Args:
        fetcher: makes the sources' requests.
        ledger: knows what earlier runs have written.
        archive: the recording to read instead of the site; None in a live crawl.
        amp: guesses the AMP URLs.
    """

    def __init__(self, fetcher: Fetcher, ledger: Ledger, archive: Archive | None, amp: AmpAddresses) -> None:
        self.saw_everything = False
        """Whether the sources have listed everything on the site."""
        self._fetcher = fetcher
        self._crawl = fetcher.crawl
        self._ledger = ledger
        self._options = ledger.options
        self._archive = archive
        self._amp = amp
        self._too_old: deque[datetime] = deque(maxlen=_MAX_TOO_OLD)
        """When the last articles in a row that are older than ``since`` were published."""

    async def targets(self) -> AsyncIterator[Target]:
        """Yield every article to fetch."""
        if self._archive is not None:
            for target in self._recorded(self._archive):
                yield target
        elif self._options.urls:
            for target in self._named():
                yield target
        else:
            async for ref in self._new_or_edited():
                yield Target(ref, self._first_address(ref.url))

    async def discovered(self, *, everything: bool = False) -> AsyncIterator[ArticleRef]:
        """Yield what the sources list. robots.txt is read first, as it names the sitemaps.

        Args:
            everything: also list what earlier runs have seen.
        """
        await self._fetcher.learn_robots()
        walk = self._ledger.walks.begin(self._fetcher.fetch, self._fetcher.sitemaps, everything=everything)
        sources = SourceChain(self._ledger, self._fetcher)
        async for ref in sources.find(walk):
            yield ref
        if not sources.found_any:
            section = self._options.section
            what = f"articles in a category that its address calls {section}" if section else "articles"
            self._crawl.stop(f"the site shows no {what}: {'; '.join(sources.reasons)}")
        self._ledger.walks.end(walk)
        self.saw_everything = sources.found_any and not walk.notes.broken and not self._crawl.stopping

    def covers(self, article: Article) -> bool:
        """Whether an article that has been read is in the requested section and date range."""
        section = self._options.section
        is_chosen = not self._options.live or self._options.urls  # else the section's list was asked for
        if section and is_chosen and not any(_is_of(label, section) for label in article.sections):
            return False
        return self._options.covers(parse_utc(article.published_at))

    def note_age(self, article: Article) -> None:
        """Note whether an article that has been read is older than ``since``; many in a row end its list."""
        since, published = self._options.since, parse_utc(article.published_at)
        if since is not None and published is not None and published < since:
            self._too_old.append(published)
        else:
            self._too_old.clear()

    def _recorded(self, archive: Archive) -> Iterator[Target]:
        """Yield the recorded articles that are in range, or only those of them that ``urls`` names.

        It may also name a recorded URL that redirects to one.
        """
        named = {urls.article_key(url): url for url in self._options.urls}
        missing = dict(named)
        for reading in find_recorded(archive, self._options.site):
            keys = {urls.article_key(url) for url in (*reading.addresses, *(one.url for one in reading.captures))}
            for key in keys:
                missing.pop(key, None)
            if (named and not keys & named.keys()) or not self._options.covers(parse_utc(reading.ref.published_at)):
                continue
            if not reading.has_first_page:
                self._ledger.reject(Rejected.now(reading.address, NO_FIRST_PAGE))
            else:
                amp = reading.amp_address if self._options.pages == "amp" else None
                yield Target(reading.ref, amp or reading.address, reading)
        for url in missing.values():
            console.say(f"not in the recording: {url}")

    def _named(self) -> Iterator[Target]:
        """Yield the articles that ``urls`` names, each URL once."""
        seen: set[str] = set()
        for named in self._options.urls:
            url = urls.of_site(self._options.site + "/", named) or named
            if not urls.may_name_article(url, self._options.site):
                self._ledger.reject(Rejected.now(url, NO_ARTICLE))
                continue
            # Only the site knows where /?p=658 leads.
            address = url if urls.post_id(url) else self._first_address(urls.canonical(url))
            if address not in seen:
                seen.add(address)
                ref = ArticleRef(url if address == url else urls.canonical(url))
                yield Target(self._ledger.knowledge.with_noted_times(ref), address)

    async def _new_or_edited(self) -> AsyncIterator[ArticleRef]:
        """Yield the listed articles in range that are missing from the file, or edited since they were read."""
        seen: set[str] = set()
        current: set[str] = set()  # those of them that need not be fetched, as far as the lists have said
        async for listed in self._listed():
            ref = self._ledger.knowledge.with_noted_times(listed)
            key = urls.canonical(ref.url)
            if not seen and urls.post_id(ref.url):
                self._crawl.stop(f"the site's permalinks are plain ({ref.url}); only those with a slug can be crawled")
                return
            if not urls.may_be_article(ref.url, self._options.site):
                continue
            knowledge = self._ledger.knowledge
            is_current = knowledge.is_current(ref) and not knowledge.is_given_up(ref, seen)
            if key in seen and (is_current or key not in current):
                if not is_current:
                    self._ledger.note_listed(ref)
                continue
            seen.add(key)
            if len(seen) > _MAX_ADDRESSES:
                self._crawl.stop(f"the site lists more than {_MAX_ADDRESSES} addresses")
                return
            if self._is_in_range_if_known(ref) and self._options.covers(parse_utc(ref.published_at)):
                if is_current:
                    current.add(key)
                else:
                    current.discard(key)  # it is there if another list knew of no edit
                self._ledger.counts["current"] = len(current)
                if not is_current:
                    yield replace(ref, url=key) if urls.is_amp(ref.url) else ref
            # A source that shows edits lists the last edited first, however old.
            if ref.modified_at is None and self._is_past_since():
                return

    def _is_past_since(self) -> bool:
        """Whether what follows in a list is older than ``since``: not if the list is in another order."""
        times = self._too_old
        falling = sum(before >= after for before, after in pairwise(times))
        return len(times) >= _MAX_TOO_OLD and 3 * falling >= 2 * (len(times) - 1)

    async def _listed(self) -> AsyncIterator[ArticleRef]:
        """Yield rejected URLs to retry, then what the site lists, then what failed in earlier runs.

        What failed is left to the end if a list does not say when it was edited: another one may.
        """
        whole_site = self._options.whole_site
        if whole_site:
            for ref in self._ledger.knowledge.worth_another_try():
                yield ref
        async for ref in self.discovered():
            is_left = whole_site and self._ledger.failures.left_by_earlier_run(ref.url)
            if is_left and ref.modified_at is None:
                self._ledger.note_listed(ref)
            else:
                yield ref
        if whole_site:
            for ref in self._ledger.knowledge.left_by_earlier_runs():
                yield ref

    def _is_in_range_if_known(self, ref: ArticleRef) -> bool:
        """Whether an article is in range by its publication time in the file; True if that is not known."""
        known = self._ledger.store.find_same(ref)
        return known is None or self._options.covers(parse_utc(known.published_at))

    def _first_address(self, url: str) -> str:
        """Return the URL to fetch first: the canonical page, or the AMP page if only that is wanted."""
        return self._amp.of(urls.canonical(url)) if self._options.pages == "amp" else url


def _is_of(label: str, section: str) -> bool:
    """Whether a label on a page is that of the category with this slug."""
    slug = section.rsplit("/", 1)[-1]
    return "-".join(re.findall(r"\w+", label.lower())) in (slug, _LABELS.get(slug))
