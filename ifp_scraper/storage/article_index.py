"""Which lines are of the same article: the one rule, for the store that a crawl writes and for readers of its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from ifp_scraper import urls
from ifp_scraper.dates import parse_utc

_LONGEST_CORRECTION = timedelta(days=1)
"""By how much a publication time may be corrected while the slug changes, too."""


class Identified(Protocol):
    """What the index must know of an article; its user may keep more."""

    number: int
    """Position in the order of first appearance, from 0."""

    id: int | None
    """WordPress post ID."""

    url: str
    """Canonical URL; the index does not set it."""

    published_at: str | None
    """RFC 3339 in UTC; the index does not set it."""


_Article = TypeVar("_Article", bound=Identified)


class ArticleIndex(Generic[_Article]):
    """The articles of some lines, found by id, URL or alias.

    Args:
        make: returns a new article with this number.
    """

    def __init__(self, make: Callable[[int], _Article]) -> None:
        self._make = make
        self._count = 0
        self._articles: list[_Article] = []
        """By number. If two turn out to be the same article, the one that remains has both places."""

        self._by_id: dict[int, int] = {}
        self._by_url: dict[str, int] = {}
        # Keyed by the string's 64-bit hash: a crawl sees several aliases of every article, and storing
        # them would double the memory.
        self._by_alias: dict[int, int] = {}

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_Article]:
        """Yield every article once, in the order of first appearance."""
        return (article for place, article in enumerate(self._articles) if article.number == place)

    def __getitem__(self, number: int) -> _Article:
        return self._articles[number]

    def find(self, id: int | None, url: str, published_at: str | None) -> _Article | None:
        """Return an article, found by id, then canonical URL, then aliases; None if there is none.

        Articles with different ids are the same only if URL and publication time are: posts that are imported into a
        new WordPress get new ids, which others may have had before. A slug that is used again has another time, and
        so has another article at the alias of one. An id that is used again, or that a faulty theme prints on every
        page, is with another slug and a time more than a day away.

        Args:
            id: WordPress post ID.
            url: in any form.
            published_at: RFC 3339 in UTC.
        """
        key = _key(url)
        at_url = self._by_url.get(key)
        found = self._articles[at_url] if at_url is not None else None
        if (
            found is not None
            and found.id is not None
            and (found.id == id or (published_at is not None and published_at == found.published_at))
        ):
            return found
        with_id = self.with_id(id)
        if with_id is not None and not _uses_id_again(url, published_at, with_id):
            return with_id
        if found is None:
            number = self._by_alias.get(hash(key))
            found = self._articles[number] if number is not None else None
            if found is not None and not _may_be_same(published_at, found.published_at):
                return None
        return found if found is not None and (found.id == id or None in (id, found.id)) else None

    def with_id(self, id: int | None) -> _Article | None:
        """Return the last article that was added with this id; None if there is none."""
        number = self._by_id.get(id) if id is not None else None
        return self._articles[number] if number is not None else None

    def republished(self, id: int | None, aliases: Iterable[str]) -> _Article | None:
        """Return the last article with this id if it had one of these URLs: it has another URL and time now."""
        with_id = self.with_id(id)
        was_at = with_id is not None and any(urls.same_article(alias, with_id.url) for alias in aliases)
        return with_id if was_at else None

    def add(self, id: int | None, url: str, aliases: Iterable[str], published_at: str | None) -> _Article:
        """Return the article of a line, a new one if there is none, and let it be found by what the line says."""
        article = self.find(id, url, published_at)
        if article is None:
            article = self.republished(id, aliases)
        if article is None:
            article = self._make(len(self._articles))
            self._articles.append(article)
            self._count += 1
        number = article.number
        if id is not None:
            article.id = id
            self._by_id[id] = number
        # An earlier line without an id had this URL: the id now shows that it is the same article.
        key = _key(url)
        other = self._articles[self._by_url.get(key, number)]
        if other is not article and other.id is None:
            self._articles[other.number] = article
            self._count -= 1
        if article.url != url or key not in self._by_url:  # else it may have lost its URL to another article since
            self._by_url[key] = number
        for alias in aliases:
            self._by_alias[hash(_key(alias))] = number
        return article


def _uses_id_again(url: str, published_at: str | None, other: Identified) -> bool:
    """Whether an article is another one than that which had its id before."""
    if urls.post_id(url) is not None or urls.same_slug(url, other.url):
        return False
    try:
        time, before = parse_utc(published_at), parse_utc(other.published_at)
    except ValueError:  # a line that others have written
        return False
    return time is not None and before is not None and abs(time - before) > _LONGEST_CORRECTION


def _may_be_same(time: str | None, other: str | None) -> bool:
    return time is None or other is None or time == other


def _key(url: str) -> str:
    """Return the form in which URLs are compared; the same object if nothing changes, to save memory."""
    key = urls.article_key(url)
    return url if key == url else key
