"""Finds what the site lists: asks its sources, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from ifp_scraper.discovery import Source, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import FeedSource
from ifp_scraper.discovery.listing import ListingSource
from ifp_scraper.discovery.rest import RestSource
from ifp_scraper.discovery.sitemap import SitemapSource
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import ArticleRef
from ifp_scraper.options import Options, SourceName

_KINDS: dict[str, type[Source]] = {
    "rest": RestSource,
    "sitemap": SitemapSource,
    "feed": FeedSource,
    "listing": ListingSource,
}


class Finder:
    """Asks the sources in order of preference, until one has listed everything.

    Args:
        ledger: is told how much there is to do, before the first article.
        options: of the crawl.
        stopping: whether the crawl is about to end.
        pace: seconds that robots.txt wants between requests.
    """

    def __init__(
        self, ledger: Ledger, options: Options, *, stopping: Callable[[], bool], pace: Callable[[], float]
    ) -> None:
        self.found_any = False
        """Whether a source has listed anything, or that there is nothing."""
        self.reasons: list[str] = []
        """Why sources are of no use."""
        self._ledger = ledger
        self._options = options
        self._stopping = stopping
        self._pace = pace

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """Yield what the sources list."""
        announced = ill = False
        most = 0
        for name in self._sources(walk):
            source = _KINDS[name]()
            broken = len(walk.broken)
            listed = 0
            edits = False
            try:
                async for ref in source.find(walk):
                    listed += 1
                    edits = edits or ref.modified_at is not None
                    if not announced:
                        announced = self.found_any = True
                        self._ledger.announce(source.name, walk, self._pace())
                    yield ref
            except SourceUnavailable as error:
                if self._stopping():
                    return
                ill = ill or listed > 0 or error.may_pass
                self.reasons.append(f"{name}: {error}")
                self._ledger.say(f"{self.reasons[-1]}; trying the next source")
                continue
            self.found_any = True
            if source.complete or name == "listing":
                walk.shows_edits = edits
                if "sources" not in self._options.named:
                    # One that only broke off, or could show what was edited, is asked first again.
                    walk.source = None if broken or ill or not edits else name
                if len(walk.broken) > broken:
                    self._ledger.say(f"{name}: {walk.broken[-1]}; trying the next source")
                elif source.complete or walk.caught_up or listed >= most:
                    walk.broken.clear()  # what another source could not show, this one did
                    return
                most = max(most, listed)

    def _sources(self, walk: Walk) -> list[SourceName]:
        """Names of the sources, in the order in which they are asked; a feed is never all, so listings follow it."""
        names = list(self._options.sources)
        if "sources" not in self._options.named and walk.caught_up and walk.source == "sitemap":
            names.sort(key=lambda name: name != "sitemap")  # it served the last run: REST need not deny us again
        if "feed" in names and "listing" not in names:
            names.append("listing")
        return names
