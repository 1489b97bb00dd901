"""Addresses that gave no article (``FILE.rejected.jsonl``), and how long that holds.

A rejected address is not fetched again until it changes. Three kinds of verdict hold less:

- one from a run that met next to nothing else, or that says nothing of a layout (404, no article, a way off the site)
  and is from a run that was killed: the site may only have been ill;
- a first 404, which a cache may have kept from before the article was published, and the first time what may be a
  wall's: a page with no trace of WordPress, a login page, a redirect in a circle, off the site or to no article;
- one of robots.txt: to ask it again costs nothing.

That an AMP page cannot be read is noted, and says nothing of its article.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ifp_scraper import sidecars, urls
from ifp_scraper.dates import format_utc, read_instant
from ifp_scraper.discovery.readings import is_amp_address
from ifp_scraper.merge import ArticleRef
from ifp_scraper.pages.article import EXTRACTOR_VERSION
from ifp_scraper.runs import Run, Runs

NO_ARTICLE = "no article"
"""Why a page that is no post at all is rejected."""

STATIC = "a static page or an attachment"
"""Why a page is rejected that the site shows as such, where nothing says that it is a post."""

LEADS_TO = "leads to "
"""Start of the reason for an address that led to an article known by another one."""

STRANGE = "a page that is not of WordPress"
"""Why a page is rejected that may be a wall's."""

LOGIN = "a login page"
"""Why a page is rejected that asks who reads it."""

ELSEWHERE = "leads to a page that is no article"
"""Why an address is rejected that redirects, as to the home page."""

OFF_SITE = " is not on the site"
"""End of the reason for an address that redirects to another host."""

FORBIDDEN = "Forbidden by robots.txt"
"""What Scrapy says of it."""

_IN_A_CIRCLE = "max redirections reached"
"""What Scrapy says of it."""

_ASKED_ONCE_MORE = ("status 404", "status 410", STRANGE, LOGIN, ELSEWHERE, _IN_A_CIRCLE)


@dataclass(slots=True, frozen=True)
class Rejected:
    """A page that looked like an article, or was listed as one, and gave no line."""

    url: str
    reason: str
    layout: str | None
    """The layout that was tried; None when there was none to try."""

    time: str
    """RFC 3339 in UTC."""

    modified_at: str | None = None
    """What discovery said of its last edit: it is fetched again when that moves on."""

    extractor_version: str | None = None
    """A page that came and could not be read, or was no article, is fetched again by another version."""

    @classmethod
    def now(cls, url: str, reason: str, layout: str | None, modified_at: str | None) -> Rejected:
        """Make a rejection at the present time."""
        return cls(url, reason, layout, format_utc(datetime.now(UTC)) or "", modified_at, EXTRACTOR_VERSION)

    def holds(self, ref: ArticleRef) -> bool:
        """Whether the page need not be fetched again."""
        if self.reason == FORBIDDEN:
            return False
        was_read = self.layout is not None or self.reason in (NO_ARTICLE, STATIC, ELSEWHERE)
        if was_read and self.extractor_version not in (None, EXTRACTOR_VERSION):
            return False
        return not ref.is_edited_since(self.modified_at)


class Rejections:
    """The rejected addresses of one output. Keys are canonical URLs."""

    def __init__(self, path: Path, runs: Runs) -> None:
        self.path = path
        self._settled: dict[str, Rejected] = {}
        self._doubted: dict[str, Rejected] = {}
        """Those that hold less, see above. Of several times that an address got the same verdict it is the first."""

        self._amp: dict[str, Rejected] = {}
        """Of AMP pages, by their own addresses."""

        for line in sidecars.read(path, Rejected):
            if urls.host(line.url) and (line.modified_at is None or read_instant(line.modified_at) is not None):
                self._remember(line, runs.at(line.time))
        yesterday = format_utc(datetime.now(UTC) - timedelta(days=1)) or ""
        self._believed = {
            key for key, line in self._doubted.items() if line.time < yesterday or not _is_ill(runs.at(line.time))
        }
        """Those of which the same verdict once more is no news: not of an ill site, or a day old."""

    def _remember(self, line: Rejected, run: Run | None) -> None:
        """Take in a line of the file, and the run that wrote it: None for one that was killed."""
        if is_amp_address(line.url):
            self._amp[line.url] = line
            return
        was_read = line.layout is not None and not _is_ill(run)
        in_good_health = run is not None and not run.doubtful
        key = urls.canonical(line.url)
        self._settled.pop(key, None)
        earlier = self._doubted.pop(key, None)
        again = earlier is not None and earlier.reason == line.reason
        if was_read or (in_good_health and (again or not _may_be_a_walls(line.reason))):
            self._settled[key] = line
        else:
            self._doubted[key] = earlier if earlier is not None and again else line

    def __contains__(self, key: str) -> bool:
        return key in self._settled or key in self._doubted

    def __iter__(self) -> Iterator[str]:
        yield from self._settled
        yield from self._doubted

    def reason(self, key: str) -> str | None:
        """Why an address gave no line; None when it is not among the rejected."""
        rejected = self._settled.get(key) or self._doubted.get(key)
        return rejected.reason if rejected else None

    def hold(self, key: str, ref: ArticleRef) -> bool:
        """Whether an address need not be fetched again."""
        rejected = self._settled.get(key)
        return rejected is not None and rejected.holds(ref)

    def reopened(self) -> Iterator[ArticleRef]:
        """Yield the addresses that may give an article now, though discovery may say nothing new of them."""
        for rejected in self._settled.values():
            if not rejected.holds(ArticleRef(rejected.url)):
                yield ArticleRef(rejected.url, modified_at=rejected.modified_at)
        for rejected in self._doubted.values():
            yield ArticleRef(rejected.url, modified_at=rejected.modified_at)

    def is_settled(self, rejected: Rejected) -> bool:
        """Whether a run that found the site in good health has said the same."""
        expected = self._settled.get(urls.canonical(rejected.url))
        return expected is not None and expected.reason == rejected.reason

    def is_news(self, rejected: Rejected) -> bool:
        """Whether the verdict says something of the site: not when it was to be expected from an earlier run."""
        key = urls.canonical(rejected.url)
        expected = self._settled.get(key) or (self._doubted.get(key) if key in self._believed else None)
        return not rejected.reason.startswith(LEADS_TO) and (expected is None or expected.reason != rejected.reason)

    def add(self, rejected: Rejected) -> None:
        """Take in a verdict of this run; it is written unless the file says the same.

        Raises:
            OSError: when the file cannot be written; the verdict then holds for this run.
        """
        of_amp = is_amp_address(rejected.url)
        key = rejected.url if of_amp else urls.canonical(rejected.url)
        verdicts = self._amp if of_amp else self._settled
        before = verdicts.get(key)
        verdicts[key] = rejected
        self._doubted.pop(key, None)
        if before is None or replace(before, time=rejected.time) != rejected:
            sidecars.append(self.path, asdict(rejected))

    def forget(self, key: str) -> None:
        """Take out an address that gave an article."""
        self._settled.pop(key, None)
        self._doubted.pop(key, None)


def _is_ill(run: Run | None) -> bool:
    """Whether the site seemed ill to a run that ended."""
    return run is not None and run.doubtful


def _may_be_a_walls(reason: str) -> bool:
    """Whether a verdict is asked for once more."""
    return reason in _ASKED_ONCE_MORE or reason.endswith(OFF_SITE)
