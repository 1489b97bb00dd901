"""Guesses the URLs of AMP pages, and learns from the site's pages."""

from __future__ import annotations

from ifp_scraper import urls

_ENDINGS = ("amp/", "?amp=1", "?amp")
"""What an AMP URL appends to the canonical URL; a site uses one of these (MARKUP.md 6)."""


class AmpAddresses:
    """Gives the URL of an article's AMP page before any of its pages has been fetched."""

    def __init__(self) -> None:
        self._ending = _ENDINGS[0]

    def of(self, url: str) -> str:
        """Return the most likely AMP URL of the article at this canonical URL."""
        return urls.amp_address(url, self._ending)

    def second_guess(self, url: str) -> str:
        """Return the next likely one, for when there is nothing at ``of(url)``."""
        return urls.amp_address(url, _ENDINGS[0] if self._ending == _ENDINGS[1] else _ENDINGS[1])

    def learn(self, url: str, amp_url: str | None) -> None:
        """Note the AMP URL of an article, so that others are guessed to follow the same pattern."""
        ending = (amp_url or "").removeprefix(url).lstrip("/")
        if ending in _ENDINGS:
            self._ending = ending
