"""What earlier runs tell about an article that discovery finds: whether it is known, and need not be fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.options import Options
from ifp_scraper.storage.failures import Failures
from ifp_scraper.storage.rejections import Rejections
from ifp_scraper.storage.runs import Run
from ifp_scraper.storage.store import Store, StoredArticle


class Knowledge:
    """Answers from the output and the files beside it; what this run writes counts at once.

    Args:
        options: the crawl's arguments.
        store: the articles in the output.
        rejections: the URLs that gave none.
        failures: the articles with a page that could not be fetched.
        last_caught_up: the last such run, see ``Run.caught_up``; None if there is none.
    """

    def __init__(
        self, options: Options, store: Store, rejections: Rejections, failures: Failures, last_caught_up: Run | None
    ) -> None:
        self._options = options
        self._store = store
        self._rejections = rejections
        self._failures = failures
        self._last_caught_up = last_caught_up
        self._read_elsewhere: set[str] = set()

    def doubt(self, url: str) -> None:
        """Note that the article in the file under a URL was read from the page of another one."""
        self._read_elsewhere.add(urls.canonical(url))

    def is_known(self, ref: ArticleRef) -> bool:
        """Whether the article is in the file, or its URL was rejected or failed in an earlier run."""
        is_in_file = self._store.find_same(ref) is not None
        return is_in_file or ref.url in self._rejections or self._failures.left_by_earlier_run(ref.url)

    def is_current(self, ref: ArticleRef) -> bool:
        """Whether the article need not be fetched: it is known, not edited since, and not to be refreshed."""
        known = self._store.find_same(ref)
        if known is None:
            return self._rejections.still_holds(ref)
        if urls.canonical(ref.url) in self._read_elsewhere:
            return False
        if known.status == "gone" or self._failures.left_by_earlier_run(ref.url, known.url):
            return False
        if self._is_to_refresh(known):
            return False
        # After an edit, the page may no longer be an article, for example if it is now behind a password.
        return not ref.is_edited_since(known.modified_at) or self._rejections.still_holds(ref)

    def is_given_up(self, ref: ArticleRef, listed: set[str]) -> bool:
        """Whether the article known at this URL is listed at a newer one, too: another one may be at this URL now.

        Args:
            ref: the URL, listed with the time of an edit; without one, every run would fetch it again.
            listed: the canonical URLs listed before it.
        """
        known = self._store.find_same(ref)
        if known is None or ref.modified_at is None or self._rejections.still_holds(ref):
            return False
        if ref.id is not None and ref.id == known.id:
            return False  # the page names another one as canonical
        return not urls.same_slug(known.url, ref.url) and urls.canonical(known.url) in listed

    def is_settled(self, ref: ArticleRef) -> bool:
        """Whether the article is current, and no news since the last caught-up run: in the file then, or rejected.

        A walk can end at a page of only such articles: their neighbours in a listing were seen too, while those of an
        article from an interrupted run may be missing.
        """
        is_in_file = self._store.find_same(ref) is not None
        return (self.was_in_file(ref) or not is_in_file) and self.is_current(ref)

    def was_in_file(self, ref: ArticleRef) -> bool:
        """Whether the article was in the file after the last caught-up run, edited since or not."""
        base = self._last_caught_up
        return base is not None and self._is_among_first(base.articles, ref)

    def was_entered(self, ref: ArticleRef) -> bool:
        """Whether the article was in the file after the last run that saw what was entered with an old date."""
        return self._is_among_first(self.entries_seen() or 0, ref)

    def entries_seen(self) -> int | None:
        """Return how many articles the file had after that run; None if there was none."""
        base = self._last_caught_up
        if base is None:
            return None
        return base.articles if base.entries_seen is None else base.entries_seen

    def _is_among_first(self, articles: int, ref: ArticleRef) -> bool:
        """Whether an article is one of the first so many of the file."""
        known = self._store.find_same(ref)
        return known is not None and known.number < articles

    def worth_another_try(self) -> list[ArticleRef]:
        """Return rejected URLs that may give an article now, except shortlinks, which only users name."""
        return [
            ref
            for ref in self._rejections.reopened()
            if not urls.post_id(ref.url) and self._store.find_at(ref.url) is None
        ]

    def with_noted_times(self, ref: ArticleRef) -> ArticleRef:
        """Return the ref; if its article failed in an earlier run, with the times that the lists gave it then.

        Now they may give none: it has left the feed, or comes up in a listing first.
        """
        noted = self._failures.of(ref.url).ref
        if noted is None or not self._failures.left_by_earlier_run(ref.url):
            return ref
        known = self._store.find_at(ref.url)
        is_news = known is None or noted.is_edited_since(known.modified_at)
        return ref.with_times_of(noted) if is_news else ref

    def left_by_earlier_runs(self) -> Iterator[ArticleRef]:
        """Yield the articles of which a page failed, with known times."""
        for url in self._failures.untried():
            listed = self._failures.of(url).ref or ArticleRef(url)
            known = self._store.find_at(url)
            if known is not None:
                held = self._held(url, known)
                yield listed if listed.is_edited_since(held.modified_at) else held
            else:
                yield listed

    def _held(self, url: str, known: StoredArticle) -> ArticleRef:
        """Return what the file says of an article."""
        last = self._store.read(known)
        return ArticleRef(
            url,
            id=last.id,
            published_at=last.published_at,
            modified_at=last.modified_at,
            published_source=last.published_source,
            published_raw=last.published_raw,
            listed_at=last.fetched_at,
        )

    def count(self) -> int:
        """Return how many articles of the file the site should list, plus other URLs that were rejected or failed."""
        others = self._count_without_article((*self._rejections, *self._failures.for_next_run(doubtful=True)))
        return sum(known.status != "gone" for known in self._store.articles()) + others

    def count_left_alone(self, *, in_range: bool) -> int:
        """Return roughly how many of the articles that a source lists are known and not to be refreshed.

        Args:
            in_range: whether it lists only those in the requested section and date range.
        """
        options = self._options
        if in_range and options.section:
            return 0  # only the lines say which articles are in a section
        narrows = in_range and (options.since or options.until)
        articles = sum(
            known.status != "gone"
            and not self._is_to_refresh(known)
            and (not narrows or options.covers(parse_utc(known.published_at)))
            for known in self._store.articles()
        )
        return articles if narrows else articles + self._count_without_article(self._rejections)

    def _is_to_refresh(self, known: StoredArticle) -> bool:
        """Whether ``refresh`` covers an article in the file."""
        refresh = self._options.refresh
        return refresh is not None and (known.published_at is None or parse_utc(known.published_at) >= refresh)

    def _count_without_article(self, addresses: Iterable[str]) -> int:
        """Return how many of these URLs have no article in the file, but for shortlinks, which no site lists."""
        keys = {key for key in map(urls.article_key, addresses) if not urls.post_id(key)}
        return sum(self._store.find_at(key) is None for key in keys)
