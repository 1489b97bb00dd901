"""When a crawl gives up: how often in a row the same may go wrong."""

from __future__ import annotations

_ASTRAY = 100
"""Articles in a row for which comes nothing of the site: a wall that ``refusal`` does not know, or a site that has
gone."""

_BARREN = 1000
"""Addresses in a row that the site lists and that give no article: a list that is made up, or a site that has gone."""

_TOO_OLD = 30
"""Articles in a row that are older than ``since``."""


class Patience:
    """Counts what goes wrong in a row.

    Each method that takes in a fault returns why the crawl should end; None while it may go on.

    Args:
        failures: fetches in a row that may fail for good before the crawl ends (setting IFP_FAILURES).
        refusals: different pages in a row that the site may refuse before it does (IFP_REFUSALS).
    """

    def __init__(self, failures: int, refusals: int) -> None:
        self._max_failures = failures
        self._max_refusals = refusals
        self._failures = 0
        self._refused: set[str] = set()
        self._astray = 0
        self._barren = 0
        self._too_old = 0

    def failed(self, reason: str) -> str | None:
        """Take in a fetch that failed after all its retries."""
        self._failures += 1
        if self._failures < self._max_failures:
            return None
        return f"{self._failures} fetches in a row failed for good, the last one with: {reason}"

    def refused(self, url: str, reason: str) -> str | None:
        """Take in a page that the site refused; each address counts once, however often it is tried."""
        self._refused.add(url)
        if len(self._refused) < self._max_refusals:
            return None
        return f"the site refuses ({reason}, {len(self._refused)} pages in a row)"

    def astray(self, what: str) -> str | None:
        """Take in an address of an article that gave nothing of the site; ``what`` came instead."""
        self._astray += 1
        if self._astray < _ASTRAY:
            return None
        return f"{self._astray} addresses in a row gave nothing of the site, the last one: {what}"

    def barren(self, why: str) -> str | None:
        """Take in an address that gave no article of its own, and of which no earlier run has said so."""
        self._barren += 1
        if self._barren < _BARREN:
            return None
        return f"{self._barren} addresses in a row that the site lists gave no article, the last one: {why}"

    def fruitful(self) -> None:
        """Take in an address that gave an article."""
        self._barren = 0

    def not_refused(self) -> None:
        """Take in an answer that is no refusal, whatever else it is."""
        self._refused.clear()

    def fetched(self) -> None:
        """Take in the page of an article's address: fetching works."""
        self._failures = 0

    def on_site(self) -> None:
        """Take in a page that is the site's own."""
        self._astray = 0

    def dated(self, *, too_old: bool) -> None:
        """Take in an article that was read, and whether it is older than ``since``."""
        self._too_old = self._too_old + 1 if too_old else 0

    @property
    def past_range(self) -> bool:
        """Whether a source that lists the newest first has come to what is older than ``since``."""
        return self._too_old >= _TOO_OLD
