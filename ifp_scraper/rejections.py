"""Addresses that gave no article (``FILE.rejected.jsonl``), and for how long they are left alone.

A rejected address is not fetched again until the site says that its page has changed. Three kinds of rejection count
for less, and are called doubtful here: the next run asks again, and the same answer confirms them.

- The site may have been ill: the run read next to no articles, or was killed before anybody could tell, and the
  rejection names no layout (404, no article, a redirect off the site).
- The answer may be of a cache or of a firewall, if it is the first such one: a 404, a page with no trace of WordPress,
  a login page, a redirect in a circle, off the site or to a page that is no article.
- robots.txt forbids it: asking again costs nothing.

An AMP page that cannot be read is noted as well; that says nothing of its article.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ifp_scraper import sidecars, urls
from ifp_scraper.dates import format_utc, read_instant
from ifp_scraper.discovery import ArticleRef
from ifp_scraper.runs import Run, Runs
from ifp_scraper.version import EXTRACTOR_VERSION

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
    """A line of the file: an address that looked like an article's, or was listed as one, and gave no article."""

    url: str
    reason: str
    layout: str | None
    """The layout that was tried; None if there was none to try."""

    time: str
    """RFC 3339 in UTC."""

    modified_at: str | None = None
    """When the site said that the page was last edited; after a later edit it is fetched again. RFC 3339 in UTC."""

    extractor_version: str | None = None
    """Who rejected it: another version fetches again what could not be read, or was no article."""

    @classmethod
    def now(cls, url: str, reason: str, layout: str | None = None, modified_at: str | None = None) -> Rejected:
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
    """The rejected addresses of one output. Keys are canonical URLs.

    Args:
        path: the file of rejections.
        runs: the earlier runs, which tell whether the site was ill when an address was rejected.
    """

    def __init__(self, path: Path, runs: Runs) -> None:
        self.path = path
        self._confirmed: dict[str, Rejected] = {}
        self._doubtful: dict[str, Rejected] = {}
        """Those that count for less, see above; of several rejections of one address for one reason, the first."""

        self._amp: dict[str, Rejected] = {}
        """AMP pages, by their own addresses."""

        for line in sidecars.read(path, Rejected):
            if urls.host(line.url) and (line.modified_at is None or read_instant(line.modified_at) is not None):
                self._remember(line, runs.at(line.time))
        yesterday = format_utc(datetime.now(UTC) - timedelta(days=1)) or ""
        self._to_confirm = {
            key for key, line in self._doubtful.items() if line.time < yesterday or not _is_ill(runs.at(line.time))
        }
        """Doubtful ones that the same answer now confirms: a day old, or from a run that did not find the site ill."""

    def _remember(self, line: Rejected, run: Run | None) -> None:
        """Take in a line of the file; ``run`` wrote it, and is None when that run was killed."""
        if urls.is_amp(line.url):
            self._amp[line.url] = line
            return
        was_read = line.layout is not None and not _is_ill(run)
        in_good_health = run is not None and not run.doubtful
        key = urls.canonical(line.url)
        self._confirmed.pop(key, None)
        earlier = self._doubtful.pop(key, None)
        again = earlier is not None and _is_same(earlier.reason, line.reason)
        if was_read or (in_good_health and (again or not _may_be_a_walls(line.reason))):
            self._confirmed[key] = line
        else:
            self._doubtful[key] = earlier if earlier is not None and again else line

    def __contains__(self, key: str) -> bool:
        return key in self._confirmed or key in self._doubtful

    def __iter__(self) -> Iterator[str]:
        yield from self._confirmed
        yield from self._doubtful

    def reason(self, key: str) -> str | None:
        """Why an address gave no line; None if it is not among the rejected."""
        rejected = self._confirmed.get(key) or self._doubtful.get(key)
        return rejected.reason if rejected else None

    def still_holds(self, key: str, ref: ArticleRef) -> bool:
        """Whether an address was rejected for certain, and need not be fetched again."""
        rejected = self._confirmed.get(key)
        return rejected is not None and rejected.holds(ref)

    def reopened(self) -> Iterator[ArticleRef]:
        """Yield the addresses that may give an article now, even if the site does not say that they have changed."""
        for rejected in self._confirmed.values():
            if not rejected.holds(ArticleRef(rejected.url)):
                yield ArticleRef(rejected.url, modified_at=rejected.modified_at)
        for rejected in self._doubtful.values():
            yield ArticleRef(rejected.url, modified_at=rejected.modified_at)

    def is_confirmed(self, rejected: Rejected) -> bool:
        """Whether an earlier run that found the site in good health rejected the address for the same reason."""
        expected = self._confirmed.get(urls.canonical(rejected.url))
        return expected is not None and _is_same(expected.reason, rejected.reason)

    def is_news(self, rejected: Rejected) -> bool:
        """Whether this rejection says something new of the site: an earlier run does not make expect it."""
        key = urls.canonical(rejected.url)
        expected = self._confirmed.get(key) or (self._doubtful.get(key) if key in self._to_confirm else None)
        if rejected.reason.startswith(LEADS_TO):
            return False
        return expected is None or not _is_same(expected.reason, rejected.reason)

    def add(self, rejected: Rejected) -> None:
        """Note a rejection by this run, and write it unless the file says the same.

        Raises:
            OSError: if the file cannot be written; the rejection is noted all the same.
        """
        of_amp = urls.is_amp(rejected.url)
        key = rejected.url if of_amp else urls.canonical(rejected.url)
        noted = self._amp if of_amp else self._confirmed
        before = noted.get(key)
        noted[key] = rejected
        self._doubtful.pop(key, None)
        if before is None or replace(before, time=rejected.time) != rejected:
            sidecars.append(self.path, asdict(rejected))

    def forget(self, key: str) -> None:
        """Take out an address that gave an article now."""
        self._confirmed.pop(key, None)
        self._doubtful.pop(key, None)


def _is_ill(run: Run | None) -> bool:
    """Whether a run ended, and found that the site may be ill."""
    return run is not None and run.doubtful


def _is_same(reason: str, other: str) -> bool:
    """Whether two reasons say the same: a redirect off the site may name another address each time."""
    return reason == other or (reason.endswith(OFF_SITE) and other.endswith(OFF_SITE))


def _may_be_a_walls(reason: str) -> bool:
    """Whether a verdict is asked for once more."""
    return reason in _ASKED_ONCE_MORE or reason.endswith(OFF_SITE)
