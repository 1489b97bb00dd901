"""Sitemaps by core, Yoast or Rank Math: complete, and lastmod says what was edited (MARKUP.md 6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.discovery import FetchFailed, SourceUnavailable, Walk
from ifp_scraper.discovery.feed import read_feed, read_newest
from ifp_scraper.discovery.sitemap_file import Entry, SitemapFile, parse_sitemap, take_entries

_USUAL = ("/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap.xml")
_MAX_PROBED = 100
"""Maximum number of sitemaps in robots.txt to try until one is there."""

_MAX_DEPTH = 3
_SCHEDULED_AHEAD = timedelta(days=30)
"""Maximum time by which lastmod may precede publication, as when a post is edited, then scheduled."""

_NO_POSTS = re.compile(
    r"(?<![a-z])(?:page|category|categories|tag|post_tag|author|users?|taxonom(?:y|ies)[\w-]*|product|local|video|image|misc"
    r"|attachment|tdb_templates|archives?(?!.*\d{4}))[\w-]*?-?(?:sitemap)?[-_]?\d*\.xml(?:\.gz)?$",
    re.IGNORECASE,
)
"""Sitemaps that do not list posts, or only some of them."""

_POSTS = re.compile(r"posts?[-_]?sitemap|sitemap-posts-post|post-\d", re.IGNORECASE)
"""Sitemaps of posts, by the names that plugins give to those of each type."""

_PERHAPS_POSTS = re.compile(r"sitemap[-_]posts?(?:[-_][\w-]*|\d+)?\.xml", re.IGNORECASE)
"""These may be beside them."""

_FILE = re.compile(r"\.(?:xml|txt|gz)(?:$|\?)", re.IGNORECASE)
_NEWS = re.compile(r"news[-_]?sitemap|sitemap[-_]?news|/news\d*\.xml", re.IGNORECASE)
"""Lists only two days' articles, by Google's rules, but says when they were published."""


class _Sitemap(NamedTuple):
    """A sitemap to read."""

    url: str
    depth: int = 0
    """How many nested indexes lead to it."""

    file: SitemapFile | None = None
    """What is there, if already fetched."""

    again: bool = False
    """Whether it has been read before."""


class _Queue:
    """The sitemaps to read: the children of an index come before what follows that index.

    Indexes may come up again at the end, as a file may have been added to them in the meantime.
    """

    def __init__(self, roots: list[_Sitemap]) -> None:
        self._waiting = roots
        self._visited: set[str] = set()
        self._to_read_again: list[_Sitemap] = []
        self._is_second_round = False

    def __len__(self) -> int:
        return len(self._waiting)

    def pop(self) -> _Sitemap | None:
        """Return the next one, each URL once per round; None at the end."""
        while self._waiting or self._to_read_again:
            if not self._waiting:
                self._waiting, self._to_read_again = self._to_read_again, []
                self._visited.difference_update(sitemap.url for sitemap in self._waiting)
                self._is_second_round = True
            sitemap = self._waiting.pop(0)
            if sitemap.url not in self._visited:
                self._visited.add(sitemap.url)
                return sitemap
        return None

    def has_given(self, entry: Entry) -> bool:
        """Whether ``pop`` has returned a sitemap."""
        return entry.url in self._visited

    def add_children(self, index: _Sitemap, entries: list[Entry]) -> None:
        """Queue the sitemaps that an index names."""
        self._waiting = [_Sitemap(entry.url, index.depth + 1) for entry in entries] + self._waiting

    def read_again(self, index: _Sitemap) -> None:
        """Queue an index once more, unless this is already the second time."""
        if not self._is_second_round:
            self._to_read_again.append(_Sitemap(index.url, index.depth, again=True))


class _Found:
    """What the sitemaps and the feed have said so far.

    Articles of the first two lists are held back: the second shows how many entries a full one has.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._listed: dict[str, str] = {}  # by URL: its latest lastmod; empty if there is none
        self._news: dict[str, Entry] = {}  # by URL, from sitemaps of news alone
        self._in_feed: dict[str, ArticleRef] = {}  # by URL: the feed knows when articles were published
        self._held: list[Entry] = []
        self._lists = self._longest = 0

    def add_feed(self, refs: list[ArticleRef]) -> None:
        """Add what a feed lists."""
        self._in_feed |= {ref.url: ref for ref in refs}

    def add_news(self, entries: list[Entry]) -> None:
        """Add the entries of a sitemap of news alone."""
        self._news.update((entry.url, entry) for entry in entries)

    def add_list(self, entries: list[Entry], waiting: int) -> None:
        """Add the entries of a sitemap of posts, and estimate the total.

        Args:
            entries: what it lists.
            waiting: how many sitemaps have yet to be read.
        """
        self._lists += 1
        self._longest = max(self._longest, len(entries))
        # Without lastmod, the last one counts as the newest, and the files are read newest first.
        self._held = [entry for entry in entries if _is_later(entry, self._listed)] + self._held
        for entry in entries:
            self._listed[entry.url] = max(self._listed.get(entry.url, ""), entry.lastmod or "")
        self._walk.notes.total = len(self._listed) + waiting * self._longest or None

    @property
    def knows_total(self) -> bool:
        """Whether lists are no longer held back."""
        return self._walk.caught_up or self._lists > 1

    def take(self) -> Iterator[ArticleRef]:
        """Yield the articles held back, newest first."""
        entries, self._held = self._held, []
        for entry in _since(_newest_first(entries), self._walk):
            if (in_feed := self._in_feed.get(urls.canonical(entry.url))) is not None:
                yield replace(in_feed, url=entry.url, modified_at=entry.lastmod)
            elif (news := self._news.get(entry.url)) is not None and entry.published_at is None:
                yield replace(news, lastmod=entry.lastmod).to_ref()
            else:
                yield entry.to_ref()

    def take_rest(self) -> Iterator[ArticleRef]:
        """Yield what has not been taken, when all has been read.

        Raises:
            SourceUnavailable: if nothing lists an article.
        """
        notes = self._walk.notes
        recent = {url: entry.to_ref() for url, entry in self._news.items()} | self._in_feed
        if not self._listed and not recent:
            raise SourceUnavailable("; ".join(notes.broken) or "the sitemaps list no posts")
        if not self._listed:
            notes.broken.append("the sitemaps list only the latest articles")
        yield from self.take()
        # A scheduled post is listed among those of the day it was written, but the feed names it.
        for url, ref in recent.items():
            if url not in self._listed:
                yield ref


class SitemapSource:
    """Every sitemap that robots.txt names, or at a usual URL; newest posts first."""

    complete = True

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """See ``Source``."""
        if walk.options.section:
            raise SourceUnavailable("a sitemap does not say which section an article is in")
        queue = _Queue(await self._roots(walk))
        found = _Found(walk)
        files = 0
        while (sitemap := queue.pop()) is not None:
            if files >= walk.max_sitemaps and not sitemap.again:
                walk.notes.broken.append(f"more than {walk.max_sitemaps} sitemaps")
                break
            files += not sitemap.again
            file = sitemap.file or await self._read(walk, sitemap)
            if file is None:
                continue
            if file.kind == "feed":
                found.add_feed(read_feed(file.root, sitemap.url))
                continue
            entries = take_entries(file, sitemap.url, walk.notes)
            if file.kind == "index":
                children = _children(walk, entries)
                _enqueue(queue, sitemap, children.entries, walk)
                if children.feed_is_of_use and "feed" in walk.options.sources:
                    found.add_feed(await read_newest(walk))
                continue
            # A plugin's may list the front page, and nothing else if it is one of pages.
            entries = [entry for entry in entries if urls.may_name_article(entry.url, walk.options.site)]
            if file.kind == "news":
                found.add_news(entries)
                continue
            if {entry.is_day for entry in entries if entry.latest} == {True}:  # not of the home page alone
                walk.notes.shows_days = True
            if not entries and sitemap.depth and _POSTS.search(sitemap.url):
                walk.notes.broken.append(f"{sitemap.url}: lists nothing")  # plugins do not name such a list
            found.add_list(entries, len(queue))
            if found.knows_total or not queue:
                for ref in found.take():
                    yield ref
        for ref in found.take_rest():
            yield ref

    async def _roots(self, walk: Walk) -> list[_Sitemap]:
        """Return the sitemaps to start from; if robots.txt names none of posts, the first usual one that exists."""
        named = (urls.of_site(walk.options.site, url) for url in walk.sitemaps)
        own = list(dict.fromkeys(url for url in named if url is not None and not _NO_POSTS.search(url)))
        whole = [url for url in own if not _NEWS.search(url)]
        reasons = []
        recent: dict[str, _Sitemap] = {}
        for url in dict.fromkeys([*whole[:_MAX_PROBED], *(walk.options.site + path for path in _USUAL)]):
            try:
                response = await walk.fetch(url, probe=True)
            except FetchFailed as error:
                reasons.append(str(error))
                if error.is_missing:
                    own = [other for other in own if other != url]
                continue
            file = parse_sitemap(response.body)
            if file is None:
                reasons.append("no XML")
                continue
            sitemap = _Sitemap(response.url, file=file)
            if file.kind in ("feed", "news"):
                recent[url] = sitemap
                continue
            news = [_Sitemap(other) for other in own if other not in whole]
            others = [_Sitemap(other) for other in own if other in whole and other != url and other not in recent]
            return [*recent.values(), *news, sitemap, *others]
        if recent:
            return list(recent.values())
        raise SourceUnavailable(f"no sitemap ({', '.join(dict.fromkeys(reasons))})")

    async def _read(self, walk: Walk, sitemap: _Sitemap) -> SitemapFile | None:
        """Fetch a sitemap; None, with a note, if that fails."""
        try:
            response = await walk.fetch(sitemap.url)
        except FetchFailed as error:
            if sitemap.depth > 0 or not error.is_missing:  # else robots.txt may be outdated
                walk.notes.broken.append(f"{sitemap.url}: {error}")
            return None
        file = parse_sitemap(response.body)
        if file is None and (sitemap.depth > 0 or _FILE.search(sitemap.url)):  # else it may be a page for readers
            walk.notes.broken.append(f"{sitemap.url}: no sitemap")
        return file


def _enqueue(queue: _Queue, index: _Sitemap, children: list[Entry], walk: Walk) -> None:
    """Queue the children of an index that may list posts of interest."""
    if index.depth >= _MAX_DEPTH:
        if not all(map(queue.has_given, children)):
            walk.notes.broken.append(f"{index.url}: more than {_MAX_DEPTH} indexes, one inside the other")
        return
    queue.add_children(index, children)
    if len(children) > 1 and not walk.caught_up:
        queue.read_again(index)


class _Children(NamedTuple):
    """What an index names."""

    entries: list[Entry]
    """Those that may list posts of interest, latest first."""

    feed_is_of_use: bool
    """Whether the feed is worth a request."""


def _children(walk: Walk, entries: list[Entry]) -> _Children:
    """Choose from the children of an index."""
    if any(_POSTS.search(entry.url) for entry in entries):
        posts = [entry for entry in entries if _POSTS.search(entry.url) or _NEWS.search(entry.url)]
        perhaps = [entry for entry in entries if _PERHAPS_POSTS.search(entry.url) and not _NO_POSTS.search(entry.url)]
        posts += [entry for entry in perhaps if entry not in posts]
    else:
        posts = [entry for entry in entries if not _NO_POSTS.search(entry.url)]
    posts = _newest_first(posts)
    named = filter(None, (walk.notes.sitemaps_listed_until, *(entry.lastmod for entry in posts)))
    walk.notes.sitemaps_listed_until = max(named, default=None)
    news = [entry for entry in posts if _NEWS.search(entry.url)]
    if len(news) != 1 or len(posts) == 1:
        news = []  # lists of all posts of a type that is called "news"
    posts = [entry for entry in posts if entry not in news]
    feed_is_of_use = len(posts) > 1
    if walk.caught_up and (newest := walk.edits_since) is not None:
        # Always read the latest: an index may be older than its children.
        fresh = posts[:1] + _may_be_edited_since(newest, posts[1:])
        feed_is_of_use = len(fresh) == 1 < len(posts)  # else there would be too many requests
        posts, news = fresh, _may_be_edited_since(newest, news)
    # News come first, as they say when articles in the others were published. If the range leaves no list, this is a
    # source all the same.
    return _Children(news + (_since(posts, walk) or posts[:1]), feed_is_of_use)


def _is_later(entry: Entry, listed: dict[str, str]) -> bool:
    """Whether an entry is new, or knows of a later edit than those listed before."""
    return entry.url not in listed or (entry.lastmod or "") > listed[entry.url]


def _may_be_edited_since(moment: str, entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.lastmod is None or entry.lastmod >= moment]


def _since(entries: list[Entry], walk: Walk) -> list[Entry]:
    """Leave out entries last edited so long before ``since`` that they must have been published before it."""
    if walk.options.since is None:
        return entries
    earliest = format_utc(walk.options.since - _SCHEDULED_AHEAD)
    return _may_be_edited_since(earliest, entries)


def _newest_first(entries: list[Entry]) -> list[Entry]:
    """Sort by lastmod; without it, the last one listed is the newest."""
    newest_first = list(reversed(entries))
    newest_first.sort(key=lambda entry: entry.latest, reverse=True)
    return newest_first
