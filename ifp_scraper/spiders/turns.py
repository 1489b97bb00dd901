"""Gives articles in the order in which they were begun, whichever page came first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from ifp_scraper.items import Article


class Turns:
    """Holds an article back until those that were begun before it are given.

    So two crawls of a site write the same lines, stopped in between or not; of two equal texts, the first is the
    original and the second its duplicate. Articles still held when a crawl ends early are fetched by the next one.

    Args:
        fetching: articles whose pages are fetched at once.
        waiting: articles begun and not yet given, at most: what bounds the memory of a long crawl.
        ending: whether the crawl is about to end, so that no turn need be waited for.
    """

    def __init__(self, fetching: int, waiting: int, ending: Callable[[], bool]) -> None:
        self._fetching = asyncio.Semaphore(fetching)
        self._waiting = asyncio.Semaphore(waiting)
        self._ending = ending
        self._begun = 0
        self._next = 0
        self._read: dict[int, Article | None] = {}
        self._giving = False
        self._written = asyncio.Event()

    async def begin(self) -> int:
        """Wait for a place, and return the number of the article that may be begun."""
        await self._waiting.acquire()
        await self._fetching.acquire()
        self._begun += 1
        return self._begun - 1

    async def end(self, number: int, article: Article | None) -> AsyncIterator[Article]:
        """Take an article that was read, None when there is none, and give those whose turn it is."""
        self._fetching.release()
        self._read[number] = article
        if self._giving:  # one at a time, and none before the last one is written, or Scrapy mixes them up again
            return
        self._giving = True
        try:
            while self._next in self._read and not self._ending():
                self._waiting.release()
                article = self._read.pop(self._next)
                self._next += 1
                if article is not None:
                    self._written.clear()
                    yield article
                    await self._written.wait()
        finally:
            self._giving = False

    def note_written(self) -> None:
        """Note that the pipelines are done with the article given last."""
        self._written.set()
