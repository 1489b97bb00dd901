"""Where the AMP pages of a site are: learnt from its pages."""

from __future__ import annotations

from ifp_scraper import urls

_ENDINGS = ("amp/", "?amp=1", "?amp")
"""What follows the canonical address in that of the AMP page; a site uses one of these (MARKUP.md 6)."""


class AmpAddresses:
    """Tells the address of an article's AMP page before any of its pages was fetched."""

    def __init__(self) -> None:
        self._ending = _ENDINGS[0]

    def of(self, url: str) -> str:
        """Return the most likely address of the AMP page of the article at this canonical address."""
        return urls.amp_address(url, self._ending)

    def second_guess(self, url: str) -> str:
        """Return another likely one, for when there is nothing at ``of(url)``."""
        return urls.amp_address(url, _ENDINGS[1])

    def learn(self, url: str, amp_url: str | None) -> None:
        """Note where the AMP page of an article is, so that those of others are looked for alike."""
        ending = (amp_url or "").removeprefix(url).lstrip("/")
        if ending in _ENDINGS:
            self._ending = ending
