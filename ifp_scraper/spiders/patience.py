"""When a crawl gives up: after the same thing has gone wrong too often in a row."""

from __future__ import annotations

_ASTRAY = 100
"""Addresses of articles in a row that are answered by something which is not the site: a firewall's page that
``responses.refusal`` does not know, or the new owner of the domain."""

_BARREN = 1000
"""Addresses in a row that the site lists and that give no article: the list may be made up, or the site gone."""

_TOO_OLD = 30
"""Articles in a row that are older than ``since``."""


class Patience:
    """Counts what goes wrong in a row.

    A method that counts a fault returns the reason for which the crawl should end, or None while it may go on.

    Args:
        failures: how many fetches in a row, each failed for good, end the crawl (setting IFP_FAILURES).
        refusals: how many different pages in a row, each refused, end the crawl (setting IFP_REFUSALS).
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
        """Count a fetch that failed after all its retries."""
        self._failures += 1
        if self._failures < self._max_failures:
            return None
        return f"{self._failures} fetches in a row failed for good, the last one with: {reason}"

    def refused(self, url: str, reason: str) -> str | None:
        """Count a page that the site refused; each address counts once, however often it is tried."""
        self._refused.add(url)
        if len(self._refused) < self._max_refusals:
            return None
        return f"the site refuses ({reason}, {len(self._refused)} pages in a row)"

    def astray(self, what: str) -> str | None:
        """Count an address of an article that was answered by something which is not the site: ``what``."""
        self._astray += 1
        if self._astray < _ASTRAY:
            return None
        return f"{self._astray} addresses in a row were not answered by the site itself, the last one: {what}"

    def barren(self, why: str) -> str | None:
        """Count an address that gave no article, for the reason ``why``, and that no earlier run has rejected."""
        self._barren += 1
        if self._barren < _BARREN:
            return None
        return f"{self._barren} addresses in a row that the site lists gave no article, the last one: {why}"

    def fruitful(self) -> None:
        """End the count of ``barren``: an address gave an article."""
        self._barren = 0

    def not_refused(self) -> None:
        """End the count of ``refused``: an answer is no refusal, whatever else it is."""
        self._refused.clear()

    def fetched(self) -> None:
        """End the count of ``failed``: a page of an article came."""
        self._failures = 0

    def on_site(self) -> None:
        """End the count of ``astray``: a page is the site's own."""
        self._astray = 0

    def dated(self, *, too_old: bool) -> None:
        """Count an article that is older than ``since``, or end that count."""
        self._too_old = self._too_old + 1 if too_old else 0

    @property
    def past_range(self) -> bool:
        """Whether a source that lists the newest articles first has passed ``since``, so that it can be left."""
        return self._too_old >= _TOO_OLD
