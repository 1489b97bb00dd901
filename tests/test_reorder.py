"""Articles are released in the order in which they were begun, in whatever order their pages arrive."""

from __future__ import annotations

import asyncio
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.items import Article
from ifp_scraper.spiders.reorder import ReorderBuffer


@given(st.randoms(use_true_random=False), st.lists(st.booleans(), max_size=40), st.integers(1, 5), st.integers(1, 8))
def test_in_the_order_begun_and_no_more_at_once_than_allowed(
    random: Random, found: list[bool], fetching: int, waiting: int
) -> None:
    given: list[str] = []
    pages: set[int] = set()

    async def read(buffer: ReorderBuffer, number: int, there: bool) -> None:
        for _ in range(random.randrange(6)):
            await asyncio.sleep(0)
        pages.remove(number)
        async for article in buffer.end(number, Article(url=str(number)) if there else None):
            for _ in range(random.randrange(3)):  # pipelines may take a while
                await asyncio.sleep(0)
            given.append(article.url)
            buffer.note_written()

    async def crawl() -> None:
        buffer = ReorderBuffer(fetching, waiting, lambda: False)
        async with asyncio.TaskGroup() as readers:
            for there in found:
                pages.add(number := await buffer.begin())
                assert len(pages) <= fetching
                assert {str(old) for old in range(number - waiting) if found[old]} <= set(given)
                readers.create_task(read(buffer, number, there))

    asyncio.run(asyncio.wait_for(crawl(), 10))
    assert given == [str(number) for number, there in enumerate(found) if there]


def test_none_is_given_once_the_crawl_ends() -> None:
    async def crawl() -> list[Article]:
        buffer = ReorderBuffer(2, 2, lambda: True)
        number = await buffer.begin()
        return [article async for article in buffer.end(number, Article(url="a"))]

    assert asyncio.run(crawl()) == []
