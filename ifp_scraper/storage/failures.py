"""Articles with a page that could not be fetched: those left by earlier runs, and those that fail in this one.

Such articles are fetched again, however much is known about them. ``FILE.failed.jsonl`` is written at once, so that a
kill loses nothing; when a run ends, the URLs go into its line in the runs file, and this file is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.storage import sidecars

MAX_KEPT = 1000
"""Maximum number of failed URLs that the runs file keeps for the next run."""


class Failure(msgspec.Struct):
    """An article of which a page could not be fetched, as in ``FILE.failed.jsonl`` and the runs file."""

    url: str
    """Canonical."""

    incomplete: bool = False
    """Whether the article is in the file, but lacks a page or an edit."""

    reason: str | None = None
    """Why the fetch failed, after all retries."""

    ref: ArticleRef | None = None
    """What the site's lists said of the article."""

    def __post_init__(self) -> None:
        if self.ref is not None:
            for time in (self.ref.published_at, self.ref.modified_at, self.ref.listed_at):
                parse_utc(time)

    def as_json(self) -> dict[str, Any]:
        """Return an object for a line, without what is not known."""
        known = {name: value for name, value in msgspec.structs.asdict(self).items() if value}
        if self.ref is not None:
            known["ref"] = {name: value for name, value in asdict(self.ref).items() if value is not None}
        return known


class Failures:
    """What failed, by canonical URL.

    Args:
        path: the file for what fails in this run; anything left in it by a killed run is read.
        of_last_run: what failed in the last run that ended.
        incomplete: those of them that were in the file, but lacked a page or an edit.
        failures: why they failed, and what the site's lists said of them.
        site: root of the site: what a killed run left of another one, or by another address, is not read.
        live: whether pages come from the site; what a recording lacks is not written.
    """

    def __init__(
        self,
        path: Path,
        of_last_run: Iterable[str] = (),
        incomplete: Iterable[str] = (),
        failures: Iterable[Failure] = (),
        *,
        site: str = "",
        live: bool,
    ) -> None:
        self.path = path
        self._live = live
        self.failed_now: list[tuple[str, str]] = []
        """What failed in this run, after all retries: URL and reason."""
        killed = [failure for failure in sidecars.read(path, Failure) if failure.url.startswith(site)]
        self._left = dict.fromkeys((*of_last_run, *(failure.url for failure in killed)))
        """What earlier runs left and this one has not fetched yet."""
        self._noted: dict[str, Failure] = {}
        """What is known of these, of what fails in this run, and of what may fail yet."""
        for failure in (*failures, *killed):
            self._keep(failure)
        self._were_incomplete = {*incomplete, *(failure.url for failure in killed if failure.incomplete)}
        """Of what earlier runs left, the articles that are in the file."""
        self._incomplete: list[str] = []
        """Noted by this run with ``add_incomplete``."""
        self._insistent: list[str] = []
        """The same, with ``insist``."""

    def add(self, url: str, reason: str, ref: ArticleRef | None = None) -> None:
        """Note a fetch that failed after all retries; that of a shortlink only for this run.

        Args:
            url: what was fetched.
            reason: why it failed.
            ref: what the site's lists say of the article, if this was its first page.

        Raises:
            OSError: if the file cannot be written.
        """
        self.failed_now.append((url, reason))
        if urls.post_id(url) is None:  # only users name shortlinks; without its query, one is the home page
            failure = Failure(urls.canonical(url), reason=reason, ref=ref)
            self._keep(failure)
            self._write(failure)

    def _keep(self, failure: Failure) -> None:
        """Keep what is known of a failure, and what the lists said of its article before."""
        if failure.incomplete:
            return
        before = self.of(failure.url).ref
        if before is not None:
            failure.ref = failure.ref.with_times_of(before) if failure.ref else before
        self._noted[failure.url] = failure

    def add_times(self, ref: ArticleRef) -> None:
        """Add what another list says of an article that has failed, or may fail yet, for the runs file."""
        self._keep(msgspec.structs.replace(self.of(ref.url), ref=ref))

    def add_incomplete(self, url: str, *, insist: bool = False) -> None:
        """Note an article that lacks a page or an edit, so that the next run looks again.

        If that run notes it again, the one after it does not, unless the site may have been failing.

        Args:
            url: of the article.
            insist: whether every run that notes it makes the next one look again.

        Raises:
            OSError: if the file cannot be written.
        """
        (self._insistent if insist else self._incomplete).append(urls.canonical(url))
        self._write(Failure(urls.canonical(url), incomplete=True))

    def _write(self, failure: Failure) -> None:
        if self._live:
            sidecars.append(self.path, failure.as_json())

    def untried(self) -> list[str]:
        """Return what earlier runs left and this one has not fetched yet, in the order in which it failed."""
        return list(self._left)

    def of(self, address: str) -> Failure:
        """Return what is known of an article that failed."""
        url = urls.canonical(address)
        return self._noted.get(url, Failure(url))

    def left_by_earlier_run(self, *addresses: str) -> bool:
        """Whether one of these was left by earlier runs."""
        return bool(self._left) and any(urls.canonical(address) in self._left for address in addresses)

    def forget(self, addresses: Iterable[str]) -> None:
        """Remove what has now been fetched; a recording may be of the time before it failed."""
        if self._left and self._live:
            for url in map(urls.canonical, addresses):
                self._left.pop(url, None)

    def for_next_run(self, *, doubtful: bool) -> list[str]:
        """Return what the next run must fetch again; there may be more of it than can be kept.

        First is what this run did not come to: if it gave up after too many failures, the next one may too.

        Args:
            doubtful: whether the site may have been failing, so that a page missing again proves nothing.
        """
        failed = [urls.canonical(url) for url, _ in self.failed_now if urls.post_id(url) is None]
        incomplete = [url for url in self._incomplete if doubtful or url not in self._were_incomplete]
        tried = {*failed, *self._insistent, *self._incomplete}
        skipped = [url for url in self._left if url not in tried]
        return list(dict.fromkeys([*skipped, *failed, *self._insistent, *incomplete, *self._left]))

    def incomplete_among(self, for_next_run: list[str]) -> list[str]:
        """Return those of these URLs whose articles are in the file, but lack a page or an edit."""
        noted = {*self._insistent, *self._incomplete, *(self._were_incomplete & self._left.keys())}
        return [url for url in for_next_run if url in noted]
