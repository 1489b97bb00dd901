"""Puts articles back into the order in which they were begun, whichever was fetched first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from ifp_scraper.items import Article


class ReorderBuffer:
    """Holds an article back until all those begun before it have been released.

    Two crawls of a site thus write the same lines in the same order, interrupted or not, and of two equal texts the
    same one always counts as the duplicate. Articles still held back when a crawl ends early are fetched again by the
    next one.

    Args:
        max_fetching: maximum number of articles being fetched at the same time.
        max_unreleased: maximum number of articles begun but not yet released.
        is_ending: whether the crawl is about to end; if so, nothing more is released.
    """

    def __init__(self, max_fetching: int, max_unreleased: int, is_ending: Callable[[], bool]) -> None:
        self._fetching = asyncio.Semaphore(max_fetching)
        self._unreleased = asyncio.Semaphore(max_unreleased)
        self._is_ending = is_ending
        self._begun = 0
        self._next_number = 0
        self._read: dict[int, Article | None] = {}
        """Articles read but not yet released, by number; None for one that turned out not to exist."""
        self._releasing = False
        self._written = asyncio.Event()

    async def begin(self) -> int:
        """Wait until one more article may be begun, and return its number."""
        await self._unreleased.acquire()
        await self._fetching.acquire()
        self._begun += 1
        return self._begun - 1

    async def end(self, number: int, article: Article | None) -> AsyncIterator[Article]:
        """Take the article with this number (None if there is none), and release those that may follow."""
        self._fetching.release()
        self._read[number] = article
        if self._releasing:  # only one call yields at a time, or Scrapy would mix the articles up again
            return
        self._releasing = True
        try:
            while self._next_number in self._read and not self._is_ending():
                self._unreleased.release()
                article = self._read.pop(self._next_number)
                self._next_number += 1
                if article is not None:
                    self._written.clear()
                    yield article
                    await self._written.wait()
        finally:
            self._releasing = False

    def note_written(self) -> None:
        """Note that the pipelines are done with the last article released, so that the next may follow."""
        self._written.set()
