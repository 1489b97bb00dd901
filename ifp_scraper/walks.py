"""A run's walks over the lists of articles: what they start from, and what the next run must know of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ifp_scraper.dates import format_utc
from ifp_scraper.discovery import Fetch, Notes, Walk
from ifp_scraper.knowledge import Knowledge
from ifp_scraper.options import Options
from ifp_scraper.storage.runs import Run
from ifp_scraper.storage.store import Store

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


class Walks:
    """The walks of one run: a crawl makes one, or none.

    Args:
        options: the crawl's arguments.
        settings: Scrapy's settings.
        store: the articles in the output.
        knowledge: what is known of the articles that the lists name.
        last_caught_up: the last such run, see ``Run.caught_up``; None if there is none.
        first_read_at: when the file's earliest line was read; RFC 3339 in UTC.
    """

    def __init__(
        self,
        options: Options,
        settings: BaseSettings,
        store: Store,
        knowledge: Knowledge,
        last_caught_up: Run | None,
        first_read_at: str | None,
    ) -> None:
        self.last: Walk | None = None
        """The one that began last."""
        self.listed_all = False
        """Whether it has ended and left nothing out."""
        self.broken: list[str] = []
        """What it could not read."""
        self._options = options
        self._settings = settings
        self._store = store
        self._knowledge = knowledge
        self._last_caught_up = last_caught_up
        self._first_read_at = first_read_at
        self._stale_from: str | None = None
        """The earliest edit that the site names but the fetched page did not yet show; RFC 3339 in UTC."""

    def begin(self, fetch: Fetch, sitemaps: list[str], *, everything: bool = False) -> Walk:
        """Return what the sources need to know; after a caught-up run, they list only what is new or changed.

        Args:
            fetch: fetches one page.
            sitemaps: URLs of the sitemaps that robots.txt names.
            everything: list everything in any case.
        """
        looks_for_changes = self._options.whole_site and not everything
        base = self._last_caught_up if looks_for_changes and self._options.refresh is None else None
        self.last = Walk(
            options=self._options,
            fetch=fetch,
            known=self._knowledge,
            caught_up=base is not None,
            known_count=self._knowledge.count(),
            rest_surplus=base.rest_surplus if base else 0,
            edits_since=self._edits_missed_from() if looks_for_changes else None,
            sitemaps=sitemaps,
            max_pages=self._settings.getint("IFP_MAX_LISTING_PAGES"),
            max_sitemaps=self._settings.getint("IFP_MAX_SITEMAPS"),
            notes=Notes(source=base.source, validators=dict(base.validators)) if base else Notes(),
        )
        return self.last

    def note_answered(self, at: datetime) -> None:
        """Note when the site answered, by its own clock; of a walk, the first time counts."""
        if self.last is not None and self.last.notes.asked_at is None:
            self.last.notes.asked_at = at

    @property
    def asked_at(self) -> datetime | None:
        """When the site first answered the last walk, by its own clock; None if it has not yet."""
        return self.last.notes.asked_at if self.last else None

    def note_stale(self, edited_at: str) -> None:
        """Note that a page was older than an edit at this time (RFC 3339 in UTC), so that the next run looks again."""
        self._stale_from = min(edited_at, self._stale_from or edited_at)

    def end(self, walk: Walk) -> None:
        """Note that the sources have listed what they can."""
        self.listed_all = self._options.whole_site and not walk.notes.broken
        self.broken = list(walk.notes.broken)

    def for_next_run(self) -> dict[str, Any]:
        """Return what the runs file says of the walk; ``storage.runs.Run`` explains it."""
        return {
            "newest_modified": self._edits_seen_until(),
            "newest_published": self._store.newest_published,
            "entries_seen": self._entries_seen(),
            "rest_surplus": self._rest_surplus(),
            "validators": self.last.notes.validators if self.last else {},
            "source": self.last.notes.source if self.last else None,
        }

    def _rest_surplus(self) -> int:
        """Return how many more posts REST counts than are known; see ``Walk``."""
        if self.last is None:
            return 0
        if self.last.notes.rest_total is None or not self.listed_all:
            return self.last.rest_surplus
        return max(0, self.last.notes.rest_total - self._knowledge.count())

    def _entries_seen(self) -> int | None:
        """Return how many articles the file had when the lists last showed what was entered with an old date."""
        sees_all = self.last is not None and (self.last.notes.shows_entries or not self.last.caught_up)
        return len(self._store) if sees_all else self._knowledge.entries_seen()

    def _edits_seen_until(self) -> str | None:
        """Return the time (RFC 3339 in UTC) before which no edit can have been missed: the next run looks from there.

        Edits made during this run may have been missed, as their articles may have been listed before.
        """
        notes = self.last.notes if self.last else Notes()
        # A source that shows no edits leaves the previous run's value in place; without one, nothing looked for edits.
        before = self._edits_missed_from() if self.last and not notes.shows_edits else None
        asked_at = format_utc(notes.asked_at)
        listed_until = (notes.edits_listed_until, notes.sitemaps_listed_until)
        times = (self._store.newest_modified, asked_at, *listed_until, self._stale_from, before)
        return min(filter(None, times), default=None)

    def _edits_missed_from(self) -> str | None:
        """Return the time (RFC 3339 in UTC) before which the runs up to this one cannot have missed an edit."""
        return self._last_caught_up.edits_seen_until if self._last_caught_up else self._first_read_at
