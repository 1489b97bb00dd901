"""Feeds that are not sorted by publication: they show what was edited, and what was entered with an old date.

``orderby`` is a query variable that WordPress lets any visitor set (``WP::$public_query_vars``), and Atom says when an
article was edited. Where a site does not obey it, nothing is lost: its feeds then list the latest articles.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.discovery import ArticleRef, FetchFailed, Walk
from ifp_scraper.discovery.feed import read_cut_response

_BY_EDIT = "/feed/atom/?orderby=modified+ID"  # articles edited in the same second have no order of their own
_AT_ONCE = timedelta(seconds=5)
"""How far the edits of a page may be apart if its times are those at which it was made."""


async def find_edited(walk: Walk) -> AsyncIterator[ArticleRef]:
    """Yield the articles edited since ``newest_modified``, latest edit first; sets ``shows_edits`` if they are all.

    An article that an editor publishes with an old date counts as edited then.
    """
    since = walk.newest_modified
    assert since is not None  # else there are no articles to look for
    begun = format_utc(walk.notes.asked_at)
    before: list[ArticleRef] = []
    is_by_edit = False  # whether an older article precedes a newer one, or the site obeys
    obeys = False  # whether it has been asked, and does
    async for refs in _pages(walk, _BY_EDIT):
        if not refs:
            walk.notes.shows_edits = walk.notes.shows_edits or is_by_edit
            return
        # Later edits are for the next run, and some feeds say of every article that it was edited just now.
        refs = [ref for ref in refs if begun is None or (ref.modified_at or "") <= begun]
        if not refs:
            return
        if not before:
            if _are_at_once(refs) and not await _lists_older(walk, since):
                return
            walk.notes.edits_listed_until = max(since, *(ref.modified_at or "" for ref in refs))
        for ref in refs:
            if ref.modified_at is not None and ref.modified_at >= since:
                yield ref
        stretch = before + refs
        is_in_order = _are_newest_first(ref.modified_at for ref in stretch)
        is_by_publication = _are_newest_first(ref.published_at for ref in stretch if ref.published_at)
        is_by_edit = is_by_edit or (is_in_order and not is_by_publication)
        is_end = max(ref.modified_at or "" for ref in (refs[-1:] if is_in_order else refs)) < since
        # WordPress sorts by local time: when clocks go back, a feed by edit is out of order too.
        if not obeys and (not is_in_order or not (is_by_edit or is_end)):
            is_by_edit = obeys = await _obeys(walk)
            if not obeys:
                return
        if is_end:
            walk.notes.shows_edits = walk.notes.shows_edits or is_by_edit
            return
        before = stretch[-1:]


async def find_entered(walk: Walk) -> AsyncIterator[ArticleRef]:
    """Yield the articles entered last, until there is one that the last complete run knew.

    What a program enters with an old date counts as edited on that date (``wp_insert_post``).
    """
    async for refs in _pages(walk, "/feed/?orderby=ID"):
        is_last = any(map(walk.was_known, refs))  # before any of them is fetched
        for ref in refs:
            yield ref
        if is_last:
            return


async def _lists_older(walk: Walk, since: str) -> bool:
    """Whether the site says of any article that it was last edited before a time.

    Some sites print the time of the request, or the day, as that of every edit; from a cache, it is in the past.
    """
    async for refs in _pages(walk, f"{_BY_EDIT}&order=asc"):
        return any(ref.modified_at is not None and ref.modified_at < since for ref in refs)
    return False


async def _obeys(walk: Walk) -> bool:
    """Whether the site sorts its feeds as it is asked: by title, its articles are in no order of time."""
    async for refs in _pages(walk, "/feed/atom/?orderby=title"):
        return not _are_newest_first(ref.published_at for ref in refs if ref.published_at)
    return False


def _are_at_once(refs: list[ArticleRef]) -> bool:
    """Whether articles were all edited at the same time, if there are several."""
    times = sorted(ref.modified_at or "" for ref in refs)
    return len(times) > 1 and times[0] != "" and parse_utc(times[-1]) - parse_utc(times[0]) <= _AT_ONCE


def _are_newest_first(times: Iterable[str | None]) -> bool:
    """Whether times are in descending order, and none is missing."""
    listed = [time or "" for time in times]
    return all(listed) and listed == sorted(listed, reverse=True)


async def _pages(walk: Walk, path: str) -> AsyncIterator[list[ArticleRef]]:
    """Yield the articles of each page of a feed, until one fails, breaks off or lists nothing new; at the end, none.

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
