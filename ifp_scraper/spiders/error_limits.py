"""Decides when a crawl gives up: after the same thing has gone wrong too often in a row."""

from __future__ import annotations

_MAX_OFF_SITE = 100
"""Article URLs in a row that show no page of their own: a firewall answers whose page ``responses.refusal`` does not
know, or a new owner of the domain."""

_MAX_FAILED_AGAIN, _MAX_REFUSED_AGAIN = 100, 20
"""Pages in a row that fail, or are refused, as in an earlier run; or ``tolerated``, if that is more. Some may be
broken for good, or have an address that a firewall dislikes, but not so many."""

_MAX_WITHOUT_ARTICLE = 1000
"""Listed URLs in a row that give no article: the list may be made up, or the site gone."""


class ErrorLimits:
    """Counts what goes wrong in a row.

    A method that counts a fault returns why the crawl should end, or None while it may go on.

    Args:
        failures: how many failed fetches in a row, each after all retries, end the crawl (setting IFP_FAILURES).
        refusals: how many different pages refused in a row end the crawl (setting IFP_REFUSALS).
        tolerated: how many articles may fail for good.
    """

    def __init__(self, failures: int, refusals: int, tolerated: float = 0) -> None:
        self._max_failures = failures
        self._max_refusals = refusals
        self._max_failures_again = max(_MAX_FAILED_AGAIN, tolerated)
        self._max_refusals_again = max(_MAX_REFUSED_AGAIN, tolerated)
        self._failures = 0
        self._failures_again = 0
        self._refused: set[str] = set()
        self._refused_again: set[str] = set()
        self._off_site = 0
        self._without_article = 0

    def count_failure(self, reason: str, *, again: bool = False) -> str | None:
        """Count a fetch that failed after all its retries.

        Args:
            reason: why it failed.
            again: whether it also failed in an earlier run; then it says little about the rest of the site.
        """
        self._failures_again += again
        self._failures += not again
        if self._failures < self._max_failures and self._failures_again < self._max_failures_again:
            return None
        return f"{self._failures + self._failures_again} fetches in a row failed for good, the last one with: {reason}"

    def count_refusal(self, url: str, reason: str, *, again: bool = False) -> str | None:
        """Count a page that the site refused; each URL counts once, however often it is tried.

        Args:
            url: of the page.
            reason: how it was refused.
            again: whether its article also failed in an earlier run.
        """
        (self._refused_again if again else self._refused).add(url)
        if len(self._refused) < self._max_refusals and len(self._refused_again) < self._max_refusals_again:
            return None
        return f"the site refuses ({reason}, {len(self._refused | self._refused_again)} pages in a row)"

    def count_off_site(self, what: str) -> str | None:
        """Count an article URL that was answered by ``what``, which is no page of its own."""
        self._off_site += 1
        if self._off_site < _MAX_OFF_SITE:
            return None
        return f"{self._off_site} addresses in a row showed no page of their own, the last one: {what}"

    def count_no_article(self, why: str) -> str | None:
        """Count a URL that gave no article, because of ``why``, and that no earlier run has rejected."""
        self._without_article += 1
        if self._without_article < _MAX_WITHOUT_ARTICLE:
            return None
        return f"{self._without_article} addresses in a row that the site lists gave no article, the last one: {why}"

    def reset_no_article(self) -> None:
        """Reset the count of ``count_no_article``: a URL gave an article."""
        self._without_article = 0

    def reset_refusals(self) -> None:
        """Reset the count of ``count_refusal``: a response is not a refusal, whatever else it is."""
        self._refused.clear()
        self._refused_again.clear()

    def reset_failures(self) -> None:
        """Reset the count of ``count_failure``: an article page was fetched."""
        self._failures = self._failures_again = 0

    def reset_off_site(self) -> None:
        """Reset the count of ``count_off_site``: a page is the site's own."""
        self._off_site = 0
