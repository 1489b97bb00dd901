"""Asks the site's sources, one after another, for the articles that they list."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ifp_scraper import console
from ifp_scraper.discovery import ArticleRef, Source, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import FeedSource
from ifp_scraper.discovery.listing import ListingSource
from ifp_scraper.discovery.rest import RestSource
from ifp_scraper.discovery.sitemap import SitemapSource
from ifp_scraper.options import SourceName
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.storage.ledger import Ledger

_KINDS: dict[SourceName, type[Source]] = {
    "rest": RestSource,
    "sitemap": SitemapSource,
    "feed": FeedSource,
    "listing": ListingSource,
}


class SourceChain:
    """Asks the sources in order of preference until one has listed everything.

    Args:
        ledger: says what is known and which sources are wanted.
        fetcher: knows whether the crawl is about to end, and the delay that robots.txt asks for.
    """

    def __init__(self, ledger: Ledger, fetcher: Fetcher) -> None:
        self.found_any = False
        """Whether a source has answered, even if only that there is nothing to list."""
        self.reasons: list[str] = []
        """For each source that could not be used, its name and why."""
        self._ledger = ledger
        self._options = ledger.options
        self._fetcher = fetcher

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """Yield the articles that the sources list; ``walk`` tells them what they need to know."""
        announced = False
        broke_off = False  # whether a source failed that may do better next time
        most_listed = 0  # how many articles a listing must list to make up for what the sources before it left out
        for name in self._sources(walk):
            source = _KINDS[name]()
            broken_before = len(walk.notes.broken)
            listed = 0
            shows_edits = False
            try:
                async for ref in source.find(walk):
                    listed += 1
                    shows_edits = shows_edits or ref.modified_at is not None
                    if not announced:
                        announced = self.found_any = True
                        self._ledger.progress.announce(name, walk, self._fetcher.asked_delay())
                    yield ref
            except SourceUnavailable as error:
                if self._fetcher.stopping:
                    return
                broke_off = broke_off or listed > 0 or error.may_pass
                self.reasons.append(f"{name}: {error}")
                console.say(f"{self.reasons[-1]}; trying the next source")
                continue
            self.found_any = True
            has_gaps = len(walk.notes.broken) > broken_before
            if name == "feed":  # it is never complete
                if has_gaps:
                    most_listed = max(most_listed, listed + 1)  # a listing of just as many does not make up for it
                continue
            walk.notes.shows_edits = shows_edits
            if "sources" not in self._options.given:
                # The next run starts with this source, unless an earlier one may do better next time: it only
                # broke off, or it could have shown edits.
                walk.notes.source = None if broken_before or broke_off or not shows_edits else name
            if has_gaps:
                console.say(f"{name}: {walk.notes.broken[-1]}; trying the next source")
            elif source.complete or walk.caught_up or listed >= most_listed:
                walk.notes.broken.clear()  # this source has listed what the others could not
                return
            most_listed = max(most_listed, listed)
        if self.found_any and not (walk.caught_up or walk.notes.broken):
            walk.notes.broken.append("only a feed could be read, and feeds never list everything")

    def _sources(self, walk: Walk) -> list[SourceName]:
        """Return the sources in the order in which to ask them; a feed is never complete, so listings follow it."""
        names = list(self._options.sources)
        if "sources" not in self._options.given and walk.caught_up and walk.notes.source == "sitemap":
            names.sort(key=lambda name: name != "sitemap")  # the last run used it: REST would refuse again
        if "feed" in names and "listing" not in names:
            names.append("listing")
        return names
