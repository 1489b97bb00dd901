"""Finds articles: sources of URLs behind one interface.

A ``Source`` is given a ``Walk`` and yields ``ArticleRef``; the spider does not know which source it is using.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from scrapy.http import Response

    from ifp_scraper.article_ref import ArticleRef
    from ifp_scraper.knowledge import Knowledge
    from ifp_scraper.options import Options


class FetchFailed(Exception):
    """A page could not be fetched, after all retries; ``str()`` says why."""

    def __init__(
        self, reason: str, status: int | None = None, *, forbidden: bool = False, at: datetime | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.at = at
        """When the site gave that status, by the site's clock."""
        self.forbidden = forbidden
        """Whether it was not fetched because robots.txt forbids it, or it leads off the site or back to itself."""

    @property
    def is_missing(self) -> bool:
        """Whether the site says that there is no such page."""
        return self.status in (404, 410)

    @property
    def is_final(self) -> bool:
        """Whether a retry is pointless: the page is forbidden, or does not exist."""
        return self.forbidden or self.is_missing

    @property
    def may_pass(self) -> bool:
        """Whether the fault may be temporary and the site's: there was no response, or one that says so."""
        return not self.forbidden and (self.status is None or self.status == 429 or self.status >= 500)


class SourceUnavailable(Exception):
    """The site does not offer this source; ``str()`` says why."""

    @property
    def status(self) -> int | None:
        """That of the response which said so; None if there was none."""
        return self.__cause__.status if isinstance(self.__cause__, FetchFailed) else None

    @property
    def may_pass(self) -> bool:
        """Whether it may offer it another time."""
        return isinstance(self.__cause__, FetchFailed) and self.__cause__.may_pass


class Fetch(Protocol):
    """How a source fetches a page of the site."""

    async def __call__(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        """Return a response with a page, or with status 304 if the headers allow it.

        Args:
            url: of the page.
            headers: request headers besides the usual ones.
            probe: whether a refusal of this page says nothing about the rest of the site.
            meta: further keys of ``request.meta``.

        Raises:
            FetchFailed: if there is none.
        """
        ...


@dataclass(slots=True)
class Notes:
    """What the sources learn during a walk."""

    total: int | None = None
    """Roughly how many articles there are to look at, once the source knows."""

    rest_total: int | None = None
    """Number of posts by REST's own count; None if not all that it lists was seen."""

    broken: list[str] = field(default_factory=list)
    """Parts that could not be read, so articles may be missing."""

    source: str | None = None
    """The source that listed everything; initially, that of the last caught-up run. None if it stood in for one that
    broke off, or shows no edits."""

    shows_edits: bool = False
    """Whether it or a feed said when articles were edited; if not, a later run must look from where this one began."""

    shows_days: bool = False
    """Whether the sitemap only said on which day articles were edited, not whether again on the day they were read."""

    shows_entries: bool = False
    """Whether a list was read that shows what was entered with an old date, as far as the last run that did so."""

    edits_listed_until: str | None = None
    """Time (RFC 3339 in UTC) of the latest edit in the feed that showed edits: a cache may keep later ones from it."""

    sitemaps_listed_until: str | None = None
    """Time (RFC 3339 in UTC) of the latest edit that an index of sitemaps names: a cache may keep later ones from it.
    """

    asked_at: datetime | None = None
    """When the site first answered, by its own clock: later edits may not be listed."""

    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    """ETag and Last-Modified of feeds, by URL; initially, those of the last caught-up run."""


@dataclass(slots=True, frozen=True)
class Walk:
    """One pass over the sources: what they are asked for, and the notes they make."""

    options: Options
    fetch: Fetch
    known: Knowledge
    """What is known of the articles that the lists name."""

    caught_up: bool
    """Whether there is a caught-up run (see ``Run``): only what is new or changed since then is looked for."""

    known_count: int
    """Number of articles in the file that the site should still list, plus URLs that were rejected or failed."""

    rest_surplus: int
    """How many more posts REST counted than were known after the last caught-up run: no list shows them."""

    edits_since: str | None
    """No edit before this time (RFC 3339 in UTC) can have been missed; None if edits are not looked for."""

    sitemaps: list[str]
    """URLs of the sitemaps that robots.txt names."""

    max_pages: int
    """Maximum number of pages to read of one listing, feed or REST list."""

    max_sitemaps: int
    """Maximum number of sitemap files to read."""

    notes: Notes

    fronts: dict[str, Response | FetchFailed] = field(default_factory=dict)
    """First pages of feeds fetched so far, by URL, as two sources may ask for the same one."""


class Source(Protocol):
    """A place that lists articles."""

    complete: bool
    """Whether it lists every article, so that no other source is needed."""

    def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """Yield articles, newest first; if the source shows edits, the last edited may come first.

        Raises:
            SourceUnavailable: if the site does not offer this source; after some articles, if it breaks off.
        """
        ...
