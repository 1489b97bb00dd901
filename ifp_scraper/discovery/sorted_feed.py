"""Feeds that are not sorted by publication: they show what was edited, and what was entered with an old date.

``orderby`` is a query variable that WordPress lets any visitor set (``WP::$public_query_vars``), and Atom says when an
article was edited. Where a site does not obey it, nothing is lost: its feeds then list the latest articles.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import takewhile

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery import FetchFailed, Walk
from ifp_scraper.discovery.feed import read_cut_response, read_newest

_BY_TITLE = "/feed/atom/?orderby=title"
_BY_EDIT = "/feed/atom/?orderby=modified+ID"  # articles edited in the same second have no order of their own
_BY_ID = "/feed/?orderby=ID"

_AT_ONCE = timedelta(seconds=5)
"""How far the edits on a page may be apart if its times are those at which it was made."""


async def find_edited(walk: Walk) -> AsyncIterator[ArticleRef]:
    """Yield the articles edited since ``Walk.edits_since``; sets ``shows_edits`` if they are all.

    An article that an editor publishes with an old date counts as edited then.
    """
    since = walk.edits_since
    assert since is not None  # else there are no articles to look for
    # If the site does not sort by title, it would not sort by edit either.
    sample: list[ArticleRef] = await anext(_pages(walk, _BY_TITLE), [])
    if not _are_at_once(sample):
        for ref in _edited_since(since, sample):
            yield ref
    if _are_newest_first(sample):
        # Titles of a series that counts up are newest first, too, but seldom of the latest articles.
        feed = await read_newest(walk) if sample else []
        if not feed or _are_latest(sample, feed):
            return
    async for refs in _pages(walk, _BY_EDIT):
        times = [ref.modified_at for ref in refs if ref.modified_at]
        if walk.notes.edits_listed_until is None:
            if _are_at_once(sample) and _are_at_once(refs):  # one alone may be what an editor ticked in a list
                return
            walk.notes.edits_listed_until = max([since, *times])
        for ref in _edited_since(since, refs):
            yield ref
        if not refs or (times and max(times[-2:]) < since):  # one may be wrong
            walk.notes.shows_edits = True
            return


async def find_entered(walk: Walk) -> AsyncIterator[ArticleRef]:
    """Yield the articles entered last, until there is one that ``Knowledge.was_entered``; sets ``shows_entries`` then.

    What a program enters with an old date counts as edited on that date (``wp_insert_post``).
    """
    async for refs in _pages(walk, _BY_ID):
        is_last = any(map(walk.known.was_entered, refs))  # before any of them is fetched
        for ref in refs:
            yield ref
        if is_last or not refs:
            walk.notes.shows_entries = True
            return


def _edited_since(moment: str, refs: list[ArticleRef]) -> list[ArticleRef]:
    return [ref for ref in refs if ref.modified_at is not None and ref.modified_at >= moment]


def _are_at_once(refs: list[ArticleRef]) -> bool:
    """Whether articles were all edited at one time: some sites print that of the request, or the day.

    Also if it is not said when they were edited.
    """
    times = [parse_utc(ref.modified_at) for ref in refs if ref.modified_at]
    return not times or (len(times) > 1 and max(times) - min(times) <= _AT_ONCE)


def _are_newest_first(refs: list[ArticleRef]) -> bool:
    times = [ref.published_at for ref in refs if ref.published_at]
    return times == sorted(times, reverse=True)


def _are_latest(refs: list[ArticleRef], feed: list[ArticleRef]) -> bool:
    """Whether these are the latest articles, as in a feed; perhaps after newer ones, which a cache keeps from it."""
    newer = list(takewhile(lambda ref: ref.url != feed[0].url, refs))
    if len(newer) == len(refs):
        return all((ref.published_at or "") > (feed[0].published_at or "") for ref in refs)
    return all(ref.url == listed.url for ref, listed in zip(refs[len(newer) :], feed, strict=False))


async def _pages(walk: Walk, path: str) -> AsyncIterator[list[ArticleRef]]:
    """Yield the articles of each page of a feed until one fails, breaks off or lists nothing new; at its end, ``[]``.

    A feed that ends with a full page may have been cut off.
    """
    seen: set[str] = set()
    longest = last = 0  # number of articles on a page
    for number in range(1, walk.max_pages + 1):
        page = f"&paged={number}" if number > 1 else ""
        try:
            response = await walk.fetch(walk.options.site + path + page, probe=True)
        except FetchFailed as error:
            if error.is_missing and last < longest:
                yield []
            return
        refs, is_cut = read_cut_response(response)
        if seen.issuperset(ref.url for ref in refs):
            return
        seen.update(ref.url for ref in refs)
        last = len(refs)
        longest = max(longest, last)
        yield refs
        if is_cut:
            return
