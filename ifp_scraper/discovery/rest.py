"""WordPress REST, the best source: it says when each article was published and last edited (MARKUP.md 6)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import count, islice
from math import inf
from typing import Any, NamedTuple
from urllib.parse import urlencode

from scrapy.http import Response

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc, parse_utc, read_instant
from ifp_scraper.discovery import FetchFailed, SourceUnavailable, Walk
from ifp_scraper.items import MAX_ID
from ifp_scraper.responses import header
from ifp_scraper.text import squeeze
from ifp_scraper.urls import may_name_article, of_list

_ROUTES = ("/wp-json/wp/v2/{}?", "/?rest_route=/wp/v2/{}&")
"""Where the REST API is; the second is for servers that pass only existing files' URLs to WordPress."""

_FIELDS = "id,link,date_gmt,modified_gmt"
_SECOND = timedelta(seconds=1)
_PER_PAGE = 100
"""Posts per page: the most that WordPress allows. Some sites allow fewer."""

_FEWEST_PER_PAGE = 10

_MAX_CATEGORY_PAGES = 100

_PATIENCE = 3
"""How many pages in a row may fail or list nothing new before REST is given up."""

_JSON = re.compile(r'\[\s*\{|\{\s*"|(?<![^\n>])\[\]')
_MAX_STARTS = 20
"""Maximum number of offsets that look like the start of JSON to try."""


class _Page(NamedTuple):
    """A page of posts."""

    refs: list[ArticleRef]

    total: int
    """Number of posts on all pages; 0 if it is not stated."""

    pages: int
    """Number of pages."""


class RestSource:
    """``/wp-json/wp/v2/posts``, newest first, a hundred at a time or as many as the site allows."""

    complete = True

    def __init__(self) -> None:
        self._routes = list(_ROUTES)
        self._per_page = _PER_PAGE

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """See ``Source``."""
        scope = await self._scope(walk)
        first = await self._first_page(walk, scope)
        # Some sites hide all posts from REST; else only what was asked for is empty.
        if not _names_articles(first, walk) and not (scope and _names_articles(await self._page(walk, {}, 1), walk)):
            raise SourceUnavailable("REST lists no posts")
        total = first.total
        walk.notes.total = total or None
        broken_before = len(walk.notes.broken)
        has_copies = False  # a cache returned another page, so that what should be on this one was not seen
        seen: set[str] = set()
        new = 0
        barren = -1  # pages in a row that fail or list nothing new, not counting the first
        edits_due = walk.caught_up  # after the new articles
        async for refs in self._pages(walk, scope, first):
            fresh = [ref for ref in refs if ref.url not in seen]
            if fresh and barren > 0 and not total:  # no count shows what else should have been there
                walk.notes.broken.append("REST: a page before the last lists nothing new")
            barren = 0 if fresh else barren + 1
            has_copies = has_copies or (bool(refs) and not fresh)
            if barren >= _PATIENCE:
                break
            seen.update(ref.url for ref in fresh)
            new += sum(not walk.known.is_known(ref) for ref in fresh)  # before any of them is fetched
            reaches_last_run = any(map(walk.known.was_in_file, fresh))
            for ref in fresh:
                yield ref
            if edits_due and reaches_last_run:
                edits_due = False
                oldest = min((ref.published_at or "" for ref in refs), default="")
                async for ref in self._hidden(walk, published_before=oldest):
                    if ref.url not in seen:
                        seen.add(ref.url)
                        new += not walk.known.is_known(ref)
                        yield ref
            if walk.caught_up and not edits_due and total <= walk.known_count + walk.rest_surplus + new:
                walk.notes.rest_total = total or None
                return
        if len(walk.notes.broken) == broken_before and not has_copies:
            walk.notes.rest_total = total or None
        if len(seen) < total:  # something was withdrawn in the meantime, or the site counts hidden posts
            walk.notes.broken.append(f"REST listed {len(seen)} of {total}")

    async def _pages(self, walk: Walk, scope: dict[str, str], first: _Page) -> AsyncIterator[list[ArticleRef]]:
        """Yield the refs on each page; none if it fails, which is noted.

        Where posts are not counted, an empty page may be a fault: it is the end if the next one is empty, too.
        """
        refs, _, pages = first
        was_empty = False
        for number in count(2):
            yield refs
            is_empty = not refs and number > 2
            if number > pages and (first.total or was_empty or not is_empty):
                return
            was_empty = is_empty
            if number > walk.max_pages:
                walk.notes.broken.append(f"REST: more than {walk.max_pages} pages")
                return
            try:
                refs, _, pages = await self._page(walk, scope, number)
            except SourceUnavailable as error:
                walk.notes.broken.append(f"REST, page {number}: {error}")
                refs = []

    async def _scope(self, walk: Walk) -> dict[str, str]:
        """Return the query parameters that narrow the list to what was requested."""
        options = walk.options
        scope: dict[str, str] = {}
        if options.section:
            scope["categories"] = await self._category(walk, options.section)
        if options.since:  # after= is exclusive
            scope["after"] = format_utc(options.since - _SECOND)
        if options.until:
            scope["before"] = format_utc(options.until)
        return scope

    async def _hidden(self, walk: Walk, published_before: str) -> AsyncIterator[ArticleRef]:
        """Yield what was edited or entered since the last run, but published before a time; some of it twice.

        Args:
            walk: see ``Source``.
            published_before: RFC 3339 in UTC; empty if it makes no difference.
        """
        assert walk.edits_since is not None  # else there would be no caught-up run
        since = format_utc(parse_utc(walk.edits_since) - _SECOND)
        scope = {"before": format_utc(parse_utc(published_before) + _SECOND)} if published_before else {}
        async for ref in self._edited(walk, since, scope):
            yield ref
        try:
            async for ref in self._entered(walk, scope):
                yield ref
            walk.notes.shows_entries = True
        except SourceUnavailable as error:  # some firewalls refuse any order
            if error.may_pass:
                raise

    async def _edited(self, walk: Walk, since: str, scope: dict[str, str]) -> AsyncIterator[ArticleRef]:
        """Yield what was edited, latest edit first.

        WordPress before 5.7 lacks ``modified_after`` but can sort by edit. Posts edited in the same second have no
        fixed order, and it may differ from page to page: after a bulk edit, only sorting by id shows them all.
        """
        scope = {"modified_after": since, **scope}

        def is_edited(ref: ArticleRef) -> bool:
            return not ref.modified_at or ref.modified_at >= since

        seen: set[str] = set()
        total: float = 0  # number of edited posts
        entries = 0  # edits listed by time, repeats included
        async for page, is_cut in self._ordered_pages(walk, {**scope, "orderby": "modified"}):
            edited = list(filter(is_edited, page.refs))
            for ref in edited:
                yield ref
            seen.update(ref.url for ref in edited)
            entries += len(edited)
            if len(edited) < len(page.refs):  # the rest are older
                total = entries
                break
            total = max(total, page.total, entries)  # a post that is listed twice hides another
            if is_cut and not page.total:
                total = inf
        if len(seen) >= total:
            return

        async for page, is_cut in self._ordered_pages(walk, {**scope, "orderby": "id"}):
            edited = list(filter(is_edited, page.refs))
            for ref in edited:
                yield ref
            seen.update(ref.url for ref in edited)
            if len(seen) >= total:
                return
            if is_cut:
                walk.notes.broken.append(f"REST: more than {walk.max_pages} pages of edits")

    async def _entered(self, walk: Walk, scope: dict[str, str]) -> AsyncIterator[ArticleRef]:
        """Yield what was entered last, until there is an article that ``Knowledge.was_entered``.

        What a program enters with an old date counts as edited on that date (``wp_insert_post``).
        """
        async for page, _ in self._ordered_pages(walk, {**scope, "orderby": "id"}):
            is_last = any(map(walk.known.was_entered, page.refs))  # before any of them is fetched
            for ref in page.refs:
                yield ref
            if is_last:
                return

    async def _ordered_pages(self, walk: Walk, scope: dict[str, str]) -> AsyncIterator[tuple[_Page, bool]]:
        """Yield each page, and whether pages follow that are not read, until one is empty or repeats what was listed.

        That one, too: what it repeats is in the place of something else.
        """
        listed: set[str] = set()
        for number in range(1, walk.max_pages + 1):
            page = await self._page(walk, scope, number)
            if page.refs:
                yield page, number == walk.max_pages and page.pages > number
            if number >= page.pages or listed.issuperset(ref.url for ref in page.refs):
                return
            listed.update(ref.url for ref in page.refs)

    async def _category(self, walk: Walk, slug: str) -> str:
        """Return the ids of a category and of all inside it: for one id, REST lists only what is directly in it."""
        last = slug.rsplit("/", 1)[-1]
        terms: dict[int, dict[str, Any]] = {}
        number = pages = 1
        stated = 0  # number of pages by the last answer; 0 if it does not say
        while number <= pages:
            if number > _MAX_CATEGORY_PAGES:
                walk.notes.broken.append(f"REST: more than {_MAX_CATEGORY_PAGES} pages of categories")
                break
            query = {"per_page": str(_PER_PAGE), "page": str(number), "_fields": "id,slug,parent"}
            try:
                response = await self._get(walk, "categories", query)
            except SourceUnavailable as error:
                if number > max(stated, 1) and _is_past_the_end(error):
                    break
                raise
            listed = _json(response)
            found = [term for term in listed if isinstance(term, dict)] if isinstance(listed, list) else []
            new = {id: term for term in found if (id := _id(term.get("id"))) and id not in terms}
            if not new:
                break
            terms |= new
            stated = _count_in(response, "X-WP-TotalPages", 0)
            pages = stated or number + 1  # some proxies drop the header
            number += 1
        inside = {id for id, term in terms.items() if term.get("slug") == last}
        if not inside:
            raise SourceUnavailable(f"REST knows no category {last}")
        while more := {id for id, term in terms.items() if _id(term.get("parent")) in inside} - inside:
            inside |= more
        return ",".join(map(str, sorted(inside)))

    async def _first_page(self, walk: Walk, scope: dict[str, str]) -> _Page:
        """Return the first page; from then on it is known how many posts a page may have."""
        while True:
            try:
                return await self._page(walk, scope, 1)
            except SourceUnavailable as error:
                if error.status != 400 or self._per_page <= _FEWEST_PER_PAGE:
                    raise
                self._per_page = max(self._per_page // 2, _FEWEST_PER_PAGE)

    async def _page(self, walk: Walk, scope: dict[str, str], number: int) -> _Page:
        query = {**scope, "per_page": str(self._per_page), "page": str(number), "_fields": _FIELDS}
        if number == 1:
            del query["page"]
        try:
            response = await self._get(walk, "posts", query)
        except SourceUnavailable as error:
            if number > 1 and _is_past_the_end(error):
                return _Page([], 0, number - 1)
            if error.status == 400:
                raise SourceUnavailable("REST does not take our parameters") from error.__cause__
            raise
        posts = _json(response)
        if not isinstance(posts, list):
            raise SourceUnavailable("REST answers something else than a list")
        refs = read_posts(posts, response.url)
        if posts and not refs:
            raise SourceUnavailable("REST lists posts without addresses on this site")
        total = _count_in(response, "X-WP-Total", 0)
        # Some proxies drop the count, and some sites return fewer posts than requested: read until a page is empty.
        pages = _count_in(response, "X-WP-TotalPages", number + bool(posts))
        if len(posts) >= self._per_page or len(posts) > total:  # whatever the count, more may be on the next page
            pages = max(pages, number + 1)
        return _Page(refs, total, pages)

    async def _get(self, walk: Walk, kind: str, query: dict[str, str]) -> Response:
        route, *others = self._routes
        try:
            response = await walk.fetch(walk.options.site + route.format(kind) + urlencode(query), probe=True)
        except FetchFailed as error:
            if error.status == 404 and others:
                self._routes = others
                return await self._get(walk, kind, query)
            raise SourceUnavailable(str(error)) from error
        self._routes = [route]
        return response


def read_posts(posts: list[Any], base: str) -> list[ArticleRef]:
    """Read the posts in a REST response; anything that is not a post of the site is skipped.

    Args:
        posts: parsed JSON.
        base: URL of the response, or root of the site.
    """
    refs = []
    listed = [post for post in posts if isinstance(post, dict) and isinstance(post.get("link"), str)]
    for post, url in zip(listed, of_list(base, (post["link"] for post in listed)), strict=True):
        if url is None:
            continue
        raw = post.get("date_gmt")
        modified = post.get("modified_gmt")
        published_at = read_instant(raw) if isinstance(raw, str) else None
        refs.append(
            ArticleRef(
                url=url,
                id=_id(post.get("id")),
                published_at=format_utc(published_at),
                modified_at=format_utc(read_instant(modified)) if isinstance(modified, str) else None,
                published_source="rest" if published_at else None,
                published_raw=squeeze(str(raw)) if published_at else None,
            )
        )
    return refs


def _names_articles(page: _Page, walk: Walk) -> bool:
    return any(may_name_article(ref.url, walk.options.site) for ref in page.refs)


def _is_past_the_end(error: SourceUnavailable) -> bool:
    """Whether there is no page of this number: WordPress says so with 400, some sites with another status."""
    return error.status in (400, 404, 410)


def _id(value: Any) -> int | None:
    """Return a post's id; None if the value is not one."""
    return value if type(value) is int and 0 < value <= MAX_ID else None


def read_json(body: bytes) -> Any:
    """Parse a REST response, even with PHP notices before it, a cache's comment after it, or invalid UTF-8 in it.

    Raises:
        ValueError: if there is no JSON.
        RecursionError: if it is nested too deep.
    """
    try:
        return json.loads(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        for begin in islice(_JSON.finditer(text), _MAX_STARTS):
            with suppress(ValueError):
                return json.JSONDecoder().raw_decode(text, begin.start())[0]
        raise


def _json(response: Response) -> Any:
    try:
        return read_json(response.body)
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable("REST answers something else than JSON") from error


def _count_in(response: Response, name: str, default: int) -> int:
    """Return the number in a header; ``default`` if there is none."""
    text = header(response, name).strip()
    return int(text) if text.isdecimal() and len(text) < 10 else default
