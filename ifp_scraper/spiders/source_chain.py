"""Asks the site's sources, one after another, for the articles that they list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ifp_scraper import console
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.discovery import Source, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import FeedSource
from ifp_scraper.discovery.listing import ListingSource
from ifp_scraper.discovery.rest import RestSource
from ifp_scraper.discovery.sitemap import SitemapSource
from ifp_scraper.discovery.sorted_feed import find_edited, find_entered
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import SourceName
from ifp_scraper.spiders.fetcher import Fetcher

_KINDS: dict[SourceName, type[Source]] = {
    "rest": RestSource,
    "sitemap": SitemapSource,
    "feed": FeedSource,
    "listing": ListingSource,
}


@dataclass(slots=True)
class _Listed:
    """What one source has listed."""

    name: SourceName
    is_complete: bool
    """See ``Source.complete``."""

    articles: int = 0
    shows_edits: bool = False
    """Whether it says of any article when it was edited."""

    def add(self, ref: ArticleRef) -> None:
        self.articles += 1
        self.shows_edits = self.shows_edits or ref.modified_at is not None


class SourceChain:
    """Asks the sources in order of preference until one has listed everything; for one walk.

    Args:
        ledger: says what is known and which sources are wanted.
        fetcher: knows the delay that robots.txt asks for, and the crawl.
    """

    def __init__(self, ledger: Ledger, fetcher: Fetcher) -> None:
        self.found_any = False
        """Whether a source has answered, even if only that there is nothing to list."""
        self.reasons: list[str] = []
        """For each source that could not be used, its name and why."""
        self._ledger = ledger
        self._options = ledger.options
        self._fetcher = fetcher
        self._crawl = fetcher.crawl
        self._may_do_better = False
        """Whether a source failed that may list everything next time."""
        self._left: list[SourceName] = []
        """The sources yet to be asked."""
        self._most_listed = 0
        """How many articles a listing must list to make up for what the sources before it left out."""

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """Yield the articles that the sources list; ``walk`` tells them what they need to know."""
        announced = False
        self._left = self._sources(walk)
        while self._left:
            name = self._left.pop(0)
            source = _KINDS[name]()
            listed = _Listed(name, source.complete)
            broken_before = len(walk.notes.broken)
            try:
                async for ref in source.find(walk):
                    listed.add(ref)
                    if not announced:
                        announced = self.found_any = True
                        self._ledger.progress.announce(name, walk, self._fetcher.asked_delay())
                    yield ref
            except SourceUnavailable as error:
                if self._crawl.stopping:
                    return
                self._may_do_better = self._may_do_better or listed.articles > 0 or error.may_pass
                self.reasons.append(f"{name}: {error}")
                self._say_why(self.reasons[-1])
            else:
                self.found_any = True
                if self._settle(listed, walk, broken_before):
                    async for ref in self._find_hidden(walk, name):
                        yield ref
                    return
        if self.found_any and not walk.notes.broken:  # else the next run looks again
            async for ref in self._find_hidden(walk, "feed"):
                yield ref
            if not walk.caught_up:
                walk.notes.broken.append("only a feed could be read, and feeds never list everything")

    async def _find_hidden(self, walk: Walk, name: SourceName) -> AsyncIterator[ArticleRef]:
        """Yield what feeds show of the changes that the last source hides."""
        if name == "rest" or "feed" not in self._options.sources:
            return
        if walk.edits_since is not None and not walk.notes.shows_edits:
            async for ref in find_edited(walk):
                yield ref
        if walk.caught_up and name in ("feed", "listing"):  # they end at the first articles that are known
            async for ref in find_entered(walk):
                yield ref

    def _settle(self, listed: _Listed, walk: Walk, broken_before: int) -> bool:
        """Note what the next run must know; return whether no other source is needed.

        Args:
            listed: what the source has listed.
            walk: the one that it has walked.
            broken_before: how many parts of the sources before it could not be read.
        """
        notes = walk.notes
        has_gaps = len(notes.broken) > broken_before
        if listed.name == "feed":  # it is never complete
            if has_gaps:  # a listing of just as many does not make up for them
                self._most_listed = max(self._most_listed, listed.articles + 1)
            return False
        notes.shows_edits = listed.shows_edits and not (listed.name == "sitemap" and notes.shows_days)
        notes.shows_entries = notes.shows_entries or (listed.name == "sitemap" and not has_gaps)  # in any order
        if "sources" not in self._options.given:
            # The next run starts with this source, unless an earlier one may do better next time: it only failed for
            # now, or it could have shown edits.
            is_best = notes.shows_edits and not (broken_before or self._may_do_better)
            notes.source = listed.name if is_best else None
        if has_gaps:
            self._say_why(f"{listed.name}: {notes.broken[-1]}")
        elif listed.is_complete or walk.caught_up or listed.articles >= self._most_listed:
            notes.broken.clear()  # this source has listed what the others could not
            return True
        self._most_listed = max(self._most_listed, listed.articles)
        return False

    def _say_why(self, why: str) -> None:
        """Say why a source is not enough, and what follows."""
        console.say(f"{why}; trying the next source" if self._left else why)

    def _sources(self, walk: Walk) -> list[SourceName]:
        """Return the sources in the order in which to ask them; a feed is never complete, so listings follow it."""
        names = list(self._options.sources)
        if "sources" not in self._options.given and walk.caught_up and walk.notes.source == "sitemap":
            names.sort(key=lambda name: name != "sitemap")  # the last run used it: REST would refuse again
        if "feed" in names and "listing" not in names:
            names.append("listing")
        return names
