"""Notices that the site's layout has changed: a scraper that no longer reads anything must not exit with status 0.

A run's fill rates, per layout and field, are compared with those in the file's history. Spidermon does not do this:
it knows only one run, counts nulls as covered unless told otherwise, and leaves the exit status alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import comb
from typing import TYPE_CHECKING

from ifp_scraper.items import Article
from ifp_scraper.pages import LAYOUTS, Capture, Document
from ifp_scraper.storage.reasons import kind_of, leads_to_article

if TYPE_CHECKING:
    from scrapy.http import Response

_OF_EVERY_LAYOUT = "headline", "byline", "authors", "sections", "blocks", "published_at"
"""The fields that are also expected of a layout without history: AMP pages alone have no tags, canonical ones no
recent posts."""

_FIELDS = (*_OF_EVERY_LAYOUT, "images", "tags", "lead", "recent_posts")
"""The fields whose fill rates are compared."""

_OF_ITS_TIME = frozenset(("images", "tags", "lead"))
"""Older articles may well lack these, so they are expected only of articles no older than the known ones."""

_NEARLY_ALWAYS = 0.9
"""A field is expected if at least this share of a layout's earlier articles had it."""

_ENOUGH_PAGES = 5
"""Number of a layout's articles that a run must have read before it is judged."""

_ENOUGH_HISTORY = 20
"""Number of a layout's earlier articles needed to know what to expect; with fewer, see ``LayoutMonitor``."""

_MEMORY = 2000
"""Roughly how many of a layout's last articles count, so that a field that the site dropped is in time forgotten."""

_UNLIKELY = 1e-4
"""Probability below which it is no chance that so many articles lack a field."""

_MAX_EXAMPLES = 3
"""How many URLs an alarm names."""

_TOO_MANY_UNREADABLE = (3, 0.1)
"""From how many unreadable pages of a layout on there is an alarm, and from which share of the pages read."""

_TOO_MANY_WITHOUT_ARTICLE = (5, 0.5)
"""The same for listed URLs that gave no article."""

_MANY_TO_ONE = 10
"""Number of URLs leading to one article that no publisher makes lead there."""

_TOLD_BY = "articles are recognised by body class, og:type or JSON-LD"


class _FillCounts:
    """How many articles of one layout had each field."""

    def __init__(self) -> None:
        self.seen = 0.0
        self.filled: Counter[str] = Counter()
        self.oldest: str | None = None

    def add(self, article: Article) -> None:
        """Count one article; earlier ones gradually lose weight."""
        if self.seen >= _MEMORY:
            self.seen /= 2
            for name in self.filled:
                self.filled[name] //= 2
        self.seen += 1
        for name in _FIELDS:
            if getattr(article, name):
                self.filled[name] += 1
        if article.published_at and (self.oldest is None or article.published_at < self.oldest):
            self.oldest = article.published_at

    def rate(self, name: str) -> float:
        """Return the share of articles that had the field."""
        return self.filled[name] / self.seen if self.seen else 0.0


class LayoutMonitor:
    """What the file leads one to expect of a run, and what the run was like.

    An article in a layout with little history is compared with all layouts together. A new theme that only the last
    resort reads, badly, is thus noticed; one that is read well is not.

    Args:
        whole: whether the crawl covers the whole site; if the first one reads nothing, one rejection is an alarm.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self._whole = whole
        self._history: defaultdict[str, _FillCounts] = defaultdict(_FillCounts)
        """The file's articles, by layout."""
        self._all = _FillCounts()
        """The file's articles."""
        self._read: Counter[str] = Counter()
        """The run's articles, by layout."""
        self._expected: Counter[tuple[str, str]] = Counter()
        """Of these, those expected to have a field, by layout and field."""
        self._missed: Counter[tuple[str, str]] = Counter()
        """Of these, those that lack it, likewise."""
        self._examples: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """URLs of some that lack it, likewise."""
        self._example_pages: dict[str, Response] = {}
        """Pages that may serve as examples, by URL of the article."""
        self._no_article: defaultdict[str, list[str]] = defaultdict(list)
        """URLs of unreadable pages, by layout; under "", those that gave no article."""
        self._led_to: defaultdict[str, list[str]] = defaultdict(list)
        """URLs that led to another one's article, by reason, which names that."""
        self._reasons: Counter[str] = Counter()
        """Why URLs gave no article."""

    def add_history(self, article: Article) -> None:
        """Count an article already in the file, before the run."""
        if article.status != "gone":
            self._history[article.layout].add(article)
            self._all.add(article)

    def add_read(self, article: Article) -> None:
        """Count an article that the run has read."""
        self._read[article.layout] += 1
        for name in self._expected_fields(article):
            key = (article.layout, name)
            self._expected[key] += 1
            if not getattr(article, name):
                self._missed[key] += 1
                if len(self._examples[key]) < _MAX_EXAMPLES:
                    self._examples[key].append(article.url)

    def keep_example(self, article: Article, response: Response) -> None:
        """Keep an article's page if it may serve as an example of what is missing."""
        lacking = [(article.layout, name) for name in self._expected_fields(article) if not getattr(article, name)]
        if any(len(self._examples[key]) < _MAX_EXAMPLES for key in lacking):
            self._example_pages[article.url] = response

    def add_no_article(self, url: str, layout: str | None, reason: str) -> None:
        """Count an article page that could not be read (with its layout), or a URL that gave no article (None)."""
        found = self._no_article[layout or ""]
        (self._led_to[reason] if leads_to_article(reason) else found).append(url)
        if not layout:
            self._reasons[reason] += 1

    @property
    def doubts_rejections(self) -> bool:
        """Whether so many URLs gave no article that the site itself may have been failing."""
        return any(map(self._too_many, self._no_article))

    def _without_article(self, layout: str) -> tuple[list[str], int]:
        """Return the URLs that this layout could not read ("": those that gave no article), and how many were read.

        URLs that lead to an article count if many lead to the same one, as few do while a site is in good health. That
        article may have been read each time.
        """
        found, read = self._no_article[layout], sum(self._read.values())
        if layout:
            return found, read
        led_to_one = [url for led in self._led_to.values() if len(led) >= _MANY_TO_ONE for url in led]
        return [*found, *led_to_one], max(0, read - len(led_to_one))

    def _too_many(self, layout: str) -> bool:
        """Whether there are so many of these URLs that it is an alarm."""
        urls, read = self._without_article(layout)
        found = len(urls)
        if read and not layout:
            # These are no accident if other pages are allowed and are articles.
            found -= sum(count for reason, count in self._reasons.items() if kind_of(reason).is_usual)
        pages, share = _TOO_MANY_UNREADABLE if layout else _TOO_MANY_WITHOUT_ARTICLE
        if self._whole and not read and not self._all.seen:
            pages = 1
        return found >= pages and found >= share * (read + found)

    def alarms(self) -> list[str]:
        """Return what has vanished, one line each; empty if all is well."""
        return [*self._of_rejections(), *self._of_fields()]

    def _of_rejections(self) -> Iterator[str]:
        """Yield an alarm for each layout, or lack of one, with too many pages that gave no article."""
        for layout in self._no_article:
            if not self._too_many(layout):
                continue
            found, read = self._without_article(layout)
            pages = f"{len(found)} of {read + len(found)}"
            if layout:
                what = f"layout {layout}: {pages} article pages could not be read"
            else:
                why = [*(reason for reason, _ in self._reasons.most_common(_MAX_EXAMPLES)), _TOLD_BY]
                what = f"{pages} addresses that the site lists gave no article ({'; '.join(why)})"
            yield f"{what}{self._tried(layout)}; for example {', '.join(found[:_MAX_EXAMPLES])}"

    def _of_fields(self) -> Iterator[str]:
        """Yield an alarm for each field that a layout's articles used to have, and now lack."""
        for (layout, name), count in self._expected.items():
            missed = self._missed[layout, name]
            rate = self._expectation(layout).rate(name)
            if count < _ENOUGH_PAGES or 2 * missed < count or not _unlikely(count - missed, count, rate):
                continue
            yield (
                f"layout {layout}: {name} is missing in {missed} of {count} articles, "
                f"it used to be there in {rate:.0%}; nothing was found by {selectors(layout, name)}; "
                f"for example {', '.join(self._examples[layout, name])}"
            )

    def _tried(self, layout: str) -> str:
        """Return how the body was looked for: by this layout, and by the one most common in the file."""
        usual = max(self._history, key=lambda name: self._history[name].seen, default=layout)
        names = [name for name in dict.fromkeys((layout, usual)) if name]
        return "".join(f"; {name} looks for blocks by {selectors(name, 'blocks')}" for name in names)

    def example_pages(self) -> list[Response]:
        """Return the example pages, to be kept beside the output."""
        examples = {url for urls in self._examples.values() for url in urls}
        return [response for url, response in self._example_pages.items() if url in examples]

    def _expectation(self, layout: str) -> _FillCounts:
        known = self._history.get(layout)
        return known if known is not None and known.seen >= _ENOUGH_HISTORY else self._all

    def _expected_fields(self, article: Article) -> list[str]:
        """Return the fields that an article of this layout and age should have."""
        known = self._expectation(article.layout)
        if known.seen < _ENOUGH_HISTORY:
            return []
        left_out = set() if article.byline else {"authors"}  # one alarm is enough
        if known.oldest is None or (article.published_at or "") < known.oldest:
            left_out |= _OF_ITS_TIME
        fields = _OF_EVERY_LAYOUT if known is self._all else _FIELDS
        return [name for name in fields if known.rate(name) >= _NEARLY_ALWAYS and name not in left_out]


def _unlikely(filled: int, count: int, rate: float) -> bool:
    """Whether it is unlikely to be chance that so few of ``count`` articles have a field that usually has this rate.

    Binomial, allowing for uncertainty in the rate.
    """
    rate = min(rate, 0.98)
    return sum(comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(min(filled, 60) + 1)) < _UNLIKELY


def selectors(layout: str, name: str) -> str:
    """Return the selectors that a layout's page objects try for a field, for a message."""
    attribute = {"blocks": "container", "images": "featured_image"}.get(name, name)
    tried: list[str] = []
    for part in layout.split("+"):
        for kind in LAYOUTS:
            if kind.layout == part:
                tried += _queries_of(kind, attribute)
    return " | ".join(dict.fromkeys(tried)) or "its page object"


def _queries_of(layout: type, attribute: str) -> list[str]:
    """Return the queries that a page object makes for an attribute; on an empty page, it tries them all."""
    document = Document(b"<html><body></body></html>")
    getattr(layout(document, Capture("https://ifpnews.com/a/")), attribute)
    return document.tree.queries
