"""Finds articles: sources of addresses, behind one interface.

A ``Source`` is given a ``Walk`` and yields ``ArticleRef``; the spider does not know which source it has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scrapy.http import Response

from ifp_scraper.options import Options
from ifp_scraper.pages.evidence import Source as TimeSource


@dataclass(slots=True, frozen=True)
class ArticleRef:
    """An address that discovery found, and what its source says of the article there."""

    url: str
    id: int | None = None
    """WordPress post id."""

    published_at: str | None = None
    """RFC 3339 in UTC."""

    modified_at: str | None = None
    """RFC 3339 in UTC."""

    source: TimeSource | None = None
    """Where ``published_at`` was printed."""

    published_raw: str | None = None
    """``published_at`` as it was printed."""

    def is_edited_since(self, modified_at: str | None) -> bool:
        """Whether the source knows of a later edit than this one (RFC 3339 in UTC; None: no edit is known)."""
        return self.modified_at is not None and (modified_at is None or self.modified_at > modified_at)


class FetchFailed(Exception):
    """A page could not be fetched, after all retries; ``str()`` says why."""

    def __init__(
        self, reason: str, status: int | None = None, *, forbidden: bool = False, at: datetime | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.at = at
        """When the site gave that status, by its own clock."""
        self.forbidden = forbidden
        """Whether no request was made: robots.txt forbids it, or it is not on the site."""

    @property
    def is_final(self) -> bool:
        """Whether another try is useless: it is forbidden, or not there."""
        return self.forbidden or self.status in (404, 410)

    @property
    def may_pass(self) -> bool:
        """Whether it is the site that is ill: no answer came, or one that says so."""
        return not self.forbidden and (self.status is None or self.status == 429 or self.status >= 500)


class SourceUnavailable(Exception):
    """The site does not offer this source; ``str()`` says why."""

    @property
    def may_pass(self) -> bool:
        """Whether it may do so another time."""
        return isinstance(self.__cause__, FetchFailed) and self.__cause__.may_pass


class Fetch(Protocol):
    """How a source gets a page of the site."""

    async def __call__(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        """Return a response of status 200, 304 or 400.

        Args:
            url: of the page.
            headers: of the request, besides the usual ones.
            probe: whether the site may refuse this page, which says nothing of the rest of it.
            meta: further keys of ``request.meta``.

        Raises:
            FetchFailed: when there is none.
        """
        ...


@dataclass(slots=True)
class Notes:
    """What the sources find out during a walk."""

    total: int | None = None
    """About how many articles there are to look at, once the source knows."""

    broken: list[str] = field(default_factory=list)
    """Parts that could not be read: articles may be missing."""

    source: str | None = None
    """The source that listed everything; at first that of the last complete run. None when it stood in for one that
    broke off, or shows no edits."""

    shows_edits: bool = False
    """Whether that source says when articles were edited; if not, a later run must look from where this one began."""

    asked_at: datetime | None = None
    """When the site answered first, by its own clock: later edits may not be listed."""

    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    """ETag and Last-Modified of feeds, by address; at first those of the last complete run."""

    fronts: dict[str, Response | FetchFailed] = field(default_factory=dict)
    """First pages of feeds that were asked for, by address."""


@dataclass(slots=True, frozen=True)
class Walk:
    """One pass over the sources: what they are asked for, and the notes that they make."""

    options: Options
    fetch: Fetch
    is_settled: Callable[[ArticleRef], bool]
    """Whether an article is known since the last complete run, and unchanged as far as the ref says: the walk can end
    at a page of only such articles."""

    is_known: Callable[[ArticleRef], bool]
    """Whether an article is in the file, or among the rejected."""

    caught_up: bool
    """Whether the last run left nothing behind: only what is new or changed is looked for then."""

    known_count: int
    """Articles of the file that the site should still list, rejected addresses included."""

    newest_modified: str | None
    """The latest edit known."""

    sitemaps: list[str]
    """Sitemaps that robots.txt names."""

    max_pages: int
    """Most pages to read of one listing, feed or REST list."""

    max_sitemaps: int
    """Most sitemap files to read."""

    notes: Notes


class Source(Protocol):
    """One place that lists articles."""

    name: str
    complete: bool
    """Whether it lists every article, so that no other source need be asked."""

    def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """Yield articles, newest first.

        Raises:
            SourceUnavailable: before the first one, when the site does not give this source.
        """
        ...
