"""URLs that gave no article (``FILE.rejected.jsonl``), and for how long they are left alone.

A rejected URL is not fetched again until the site says that its page has changed. Two kinds of rejection are weaker,
and called doubtful here: the next run tries again, and the same result confirms them.

- The site may have been failing: the run read almost no articles, or was killed before that was clear, and the
  rejection names no layout (404, no article, a redirect off the site).
- The first time, if a cache, firewall or maintenance plugin may have answered (``Kind.asked_once_more``).

What has no AMP page is so only for runs with ``pages=amp``: any other run tries the canonical page.

An AMP page that cannot be read is recorded too; that says nothing about its article.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc, read_instant
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.reasons import ANOTHER_PAGE, NO_AMP_PAGE, NO_ARTICLE, is_same, kind_of
from ifp_scraper.storage.runs import Run, Runs
from ifp_scraper.version import EXTRACTOR_VERSION


@dataclass(slots=True, frozen=True)
class Rejected:
    """A line of the file: a URL that looked like an article's, or was listed as one, but gave no article."""

    url: str
    reason: str
    layout: str | None
    """The layout that was tried; None if there was none."""

    time: str
    """RFC 3339 in UTC."""

    modified_at: str | None = None
    """Time of the page's last edit, by the site; after a later one, it is fetched again. RFC 3339 in UTC."""

    extractor_version: str | None = None
    """The version that rejected it: another one retries what could not be read or was not an article."""

    @classmethod
    def now(cls, url: str, reason: str, layout: str | None = None, modified_at: str | None = None) -> Rejected:
        """Make a rejection with the current time."""
        return cls(url, reason, layout, format_utc(datetime.now(UTC)), modified_at, EXTRACTOR_VERSION)

    def holds(self, ref: ArticleRef) -> bool:
        """Whether the page need not be fetched again."""
        kind = kind_of(self.reason)
        if kind.asked_by_every_run:
            return False
        was_read = self.layout is not None or kind.asked_by_every_version
        if was_read and self.extractor_version not in (None, EXTRACTOR_VERSION):
            return False
        return not ref.is_edited_since(self.modified_at)


class Rejections:
    """The rejected URLs of one output; methods take a URL in any form.

    Args:
        path: the file of rejections.
        runs: the earlier runs, which tell whether the site was failing when a URL was rejected.
        amp_alone: whether the run reads AMP pages alone.
    """

    def __init__(self, path: Path, runs: Runs, *, amp_alone: bool = False) -> None:
        self.path = path
        self._amp_alone = amp_alone
        self._confirmed: dict[str, Rejected] = {}
        self._doubtful: dict[str, Rejected] = {}
        """The weaker ones, see above; of several rejections of one URL for one reason, the first."""

        self._amp: dict[str, Rejected] = {}
        """AMP pages, by their own URLs."""

        self._said: set[Rejected] = set()
        """All lines of the file, without their times."""

        for line in sidecars.read(path, Rejected):
            if urls.host(line.url) and (line.modified_at is None or read_instant(line.modified_at) is not None):
                self._said.add(replace(line, time=""))
                self._remember(line, runs.at(line.time))
        yesterday = format_utc(datetime.now(UTC) - timedelta(days=1))
        self._to_confirm = {
            key
            for key, line in self._doubtful.items()
            if line.time < yesterday or not _is_doubtful(runs.at(line.time))
        }
        """Doubtful ones that the same result now confirms: a day old, or from a run that found the site healthy."""

    def _remember(self, line: Rejected, run: Run | None) -> None:
        """Process a line of the file, written by ``run`` (None if that run was killed)."""
        if urls.is_amp(line.url):
            self._amp[line.url] = line
            return
        was_read = line.layout is not None and not _is_doubtful(run)
        in_good_health = run is not None and not run.doubtful
        key = urls.article_key(line.url)
        self._confirmed.pop(key, None)
        earlier = self._doubtful.pop(key, None)
        again = earlier is not None and is_same(earlier.reason, line.reason) and self._counts(earlier)
        if self._counts(line) and (
            was_read or (in_good_health and (again or not kind_of(line.reason).asked_once_more))
        ):
            self._confirmed[key] = line
        else:
            self._doubtful[key] = earlier if earlier is not None and again else line

    def _counts(self, line: Rejected) -> bool:
        """Whether a line says something about the pages that this run reads."""
        return self._amp_alone or not line.reason.startswith(NO_AMP_PAGE)

    def __contains__(self, url: str) -> bool:
        return self.reason(url) is not None

    def __iter__(self) -> Iterator[str]:
        """Yield every rejected URL once, as ``urls.article_key``."""
        yield from self._confirmed
        yield from self._doubtful

    def reason(self, url: str) -> str | None:
        """Return why a URL gave no line; None if it is not rejected."""
        key = urls.article_key(url)
        rejected = self._confirmed.get(key) or self._doubtful.get(key)
        return rejected.reason if rejected else None

    def still_holds(self, ref: ArticleRef) -> bool:
        """Whether a URL was rejected without doubt, and need not be fetched again."""
        rejected = self._confirmed.get(urls.article_key(ref.url))
        return rejected is not None and rejected.holds(ref)

    def reopened(self) -> Iterator[ArticleRef]:
        """Yield the URLs that may give an article now, even if the site does not say that they have changed."""
        for rejected in self._confirmed.values():
            if not rejected.holds(ArticleRef(rejected.url)):
                yield ArticleRef(rejected.url, modified_at=rejected.modified_at)
        for rejected in self._doubtful.values():
            yield ArticleRef(rejected.url, modified_at=rejected.modified_at)

    def is_confirmed(self, rejected: Rejected) -> bool:
        """Whether an earlier run that found the site healthy rejected the URL for the same reason."""
        expected = self._confirmed.get(urls.article_key(rejected.url))
        return expected is not None and is_same(expected.reason, rejected.reason)

    def is_news(self, rejected: Rejected) -> bool:
        """Whether this rejection says something new about the site: no earlier run leads one to expect it."""
        key = urls.article_key(rejected.url)
        expected = self._confirmed.get(key) or (self._doubtful.get(key) if key in self._to_confirm else None)
        if expected is None:
            return True
        # Earlier versions did not tell whether a page that is no article names its URL.
        are_alike = {expected.reason, rejected.reason} == {NO_ARTICLE, ANOTHER_PAGE}
        return not are_alike and not is_same(expected.reason, rejected.reason)

    def add(self, rejected: Rejected, *, confirms: bool = True) -> None:
        """Record a rejection by this run, and write it unless the file already says the same.

        Args:
            rejected: the URL and the reason.
            confirms: whether the same again confirms it; a recording that is read once more says nothing new.

        Raises:
            OSError: if the file cannot be written; the rejection is still remembered.
        """
        of_amp = urls.is_amp(rejected.url)
        key = rejected.url if of_amp else urls.article_key(rejected.url)
        noted = self._amp if of_amp else self._confirmed
        if not confirms and replace(rejected, time="") in self._said:
            return
        before = noted.get(key)
        noted[key] = rejected
        self._doubtful.pop(key, None)
        if before is None or replace(before, time=rejected.time, url=rejected.url) != rejected:
            self._said.add(replace(rejected, time=""))
            sidecars.append(self.path, asdict(rejected))

    def forget(self, url: str) -> None:
        """Remove a URL that has now given an article."""
        key = urls.article_key(url)
        self._confirmed.pop(key, None)
        self._doubtful.pop(key, None)


def _is_doubtful(run: Run | None) -> bool:
    """Whether a run ended and found that the site may be failing."""
    return run is not None and run.doubtful
