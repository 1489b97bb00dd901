"""What a crawl writes: the files of one output, the counts and the exit status.

``FILE.jsonl`` (``store``) is the database. The files beside it save requests: ``FILE.rejected.jsonl``
(``rejections``), ``FILE.runs.jsonl`` (``runs``) and, while a run is under way, ``FILE.failed.jsonl`` (``failures``).
Without them, a run only fetches more, except that it does not know which articles lack a failed page.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from ifp_scraper import console, urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.ending import Ending, judge, run_line
from ifp_scraper.items import Article, text_hash
from ifp_scraper.knowledge import Knowledge
from ifp_scraper.merge import is_from_whole_page
from ifp_scraper.monitor import LayoutMonitor
from ifp_scraper.options import Options
from ifp_scraper.recordings.files import output_name
from ifp_scraper.revisions import Seen, decide, view_rank
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.failures import Failures
from ifp_scraper.storage.kept_pages import KeptPages
from ifp_scraper.storage.output_file import StoreError, explain
from ifp_scraper.storage.reasons import ANOTHER_PAGE, NO_ARTICLE, kind_of
from ifp_scraper.storage.rejections import Rejected, Rejections
from ifp_scraper.storage.runs import Runs
from ifp_scraper.storage.store import Store, StoredArticle
from ifp_scraper.walks import Walks

if TYPE_CHECKING:
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

Command = Literal["crawl", "extract", "audit"]

DEFAULT_OUTPUT = "output/ifp.jsonl"

_MAX_KEPT_PAGES = 20
"""Maximum number of unreadable pages kept beside the rejected file, for ``scrapy fixture``."""


class LastPage(NamedTuple):
    """What the last line of a file was read from; none is true if there is no line."""

    was_whole: bool = False
    """Whether the page did not break off."""

    was_canonical: bool = False
    """Whether it was a canonical page, or was read with one."""

    had_amp_page: bool = False
    """Whether it was both."""

    @classmethod
    def of(cls, article: Article) -> LastPage:
        """Return that of the article's line."""
        rank = view_rank(article.layout)
        return cls(is_from_whole_page(article), was_canonical=rank > 0, had_amp_page=rank > 1)


class Ledger:
    """The files of one crawl, and its counts.

    Args:
        options: the crawl's arguments.
        path: the output; the files beside it are named after it.
        start_over: first empty the output and delete the files that belong to it (except the runs file).
        settings: Scrapy's settings.
        command: the running one, for the runs file and the summary; only ``crawl`` can make the file complete.

    Raises:
        StoreError: if the output cannot be used; see ``Store``.
    """

    def __init__(
        self, options: Options, path: Path, *, start_over: bool, settings: BaseSettings, command: Command = "crawl"
    ) -> None:
        self.options = options
        self.settings = settings
        self.command = command
        self.monitor = LayoutMonitor(whole=options.whole_site)
        self._first_read_at: str | None = None
        """When the file's earliest line was read; RFC 3339 in UTC."""
        self._last_url = ""
        """That of the file's last line."""
        self.last_page = LastPage()
        """Of the file, when the run started."""
        self.store = Store(path, start_over=start_over, on_line=self._remember)
        self.counts: Counter[str] = Counter()
        """The outcomes, see ``ending.FETCHED``; also ``current`` (known, so not fetched), ``out_of_range`` (fetched,
        but not asked for), ``duplicates`` (lines with ``duplicate_of``), ``gone``; of the failed,
        ``failed_again`` (an earlier run left them) and ``errors`` (of this project's code)."""
        self.started = time.monotonic()
        """When the run started, in seconds by ``time.monotonic``."""
        self.started_at = datetime.now(UTC)
        self._kept_pages = KeptPages(sidecars.beside(self.store.path, ".rejected"), self.started_at)
        self.exit_status = 1
        """Of the command; ``finish`` sets it."""
        self.finished = False
        """Whether ``finish`` has been called."""
        self.progress = console.Progress(self)
        self.trouble: str | None = None
        """Which file beside the output could not be written, and why."""
        path = self.store.path  # absolute: the working folder may be removed meanwhile
        self._runs_path = sidecars.beside(path, sidecars.RUNS)
        rejected_path, failed_path = (sidecars.beside(path, suffix) for suffix in (sidecars.REJECTED, sidecars.FAILED))
        if start_over:
            self._remove(rejected_path)
            self._remove(failed_path)
        runs = Runs.read(self._runs_path)
        self._check_site(runs)
        self.rejections = Rejections(rejected_path, runs, amp_alone=options.pages == "amp")
        runs = runs.of_site(options.site)
        last_caught_up = runs.last_caught_up(path, len(self.store))
        self.failures = Failures(
            failed_path,
            of_last_run=runs[-1].failed_urls if runs else (),
            incomplete=runs[-1].incomplete_urls if runs else (),
            failures=runs[-1].failures if runs else (),
            site=options.site + "/",
            live=options.live,
        )
        self.knowledge = Knowledge(options, self.store, self.rejections, self.failures, last_caught_up)
        self.walks = Walks(options, settings, self.store, self.knowledge, last_caught_up, self._first_read_at)

    @classmethod
    def open(cls, options: Options, settings: BaseSettings, command: Command = "crawl") -> Ledger:
        """Open the output named in the settings (IFP_OUTPUT, IFP_START_OVER), else the default one."""
        name = settings.get("IFP_OUTPUT")
        if not name:
            name = f"output/{output_name(options.archive)}.jsonl" if options.archive else DEFAULT_OUTPUT
        start_over = settings.getbool("IFP_START_OVER")
        return cls(options, Path(name), start_over=start_over, settings=settings, command=command)

    def _check_site(self, runs: Runs) -> None:
        """Say so if the site is not that of the settings, or not the one that the file's articles are of.

        Raises:
            StoreError: if both are true.
        """
        site, path = self.options.site, self.store.path
        if self.options.site_is_guessed:
            console.say(f"The recordings hold no page of {self.settings['IFP_SITE']}; many are of {site}.")
        if not len(self.store) or not runs or urls.host(site) in map(urls.host, (runs[-1].site, self._last_url)):
            return
        if self.options.site_is_guessed:
            self.store.close()
            raise StoreError(
                f"the recordings hold no page of {runs[-1].site}, which the articles in {path} are of: "
                f"name another file with -o, or the site: -s IFP_SITE={site}"
            )
        option = "" if self.command == "audit" else " with -o"  # there, -o is for a list of addresses
        console.say(
            f"The articles in {path} are of {runs[-1].site}, not {site}: "
            f"name another file{option}, unless one site is a copy of the other."
        )

    def _remember(self, article: Article) -> None:
        self.monitor.add_history(article)
        self._last_url = article.url
        self.last_page = LastPage.of(article)
        if article.fetched_at:
            self._first_read_at = min(article.fetched_at, self._first_read_at or article.fetched_at)

    # -- what is written -------------------------------------------------------------------------------------------

    def write(self, article: Article) -> str:
        """Write the article if it is new, edited or better read; reject it if its record does not fit the schema.

        Returns:
            The outcome: see ``revisions.Decision``, or ``rejected``.

        Raises:
            StoreError: if the output fails.
        """
        try:
            return self._write(article)
        except (msgspec.ValidationError, ValueError) as error:  # a lone surrogate, for example, or too long a line
            reason = f"the record does not fit the schema: {error}"
            logger.warning("%s is not written: %s", article.url, reason)
            self.reject(Rejected.now(article.url, reason, article.layout))
            return "rejected"

    def _write(self, article: Article) -> str:
        self.monitor.add_read(article)
        known = self.store.find_same(article)
        last = self.store.read(known) if known else None
        recorded = not self.options.live
        seen = Seen(known.seen_at, known.seen_before_edit) if known else Seen(None)
        decision = decide(last, article, recorded=recorded, seen=seen)
        if decision.outcome != "unchanged":
            owner = self.store.text_owner(text_hash(decision.article), known)
            decision.article.duplicate_of = owner.url if owner and owner.url != decision.article.url else None
            self.store.append(decision.article)
            self.counts["duplicates"] += decision.article.duplicate_of is not None
            self.rejections.forget(article.url)
            if last and decision.outcome == "reread" and not recorded and self._lost_amp(last, article):
                self.note_incomplete(article.url)  # new permalinks may reach the AMP pages only later
        elif last and not recorded and (article.modified_at or "") > (last.modified_at or ""):
            # The AMP page alone does not replace the line, and the site may not list the edit a second time.
            self.note_incomplete(article.url, insist=self.options.pages == "amp")
        self.counts[decision.outcome] += 1
        self.failures.forget((article.url, *article.aliases))
        self.progress.show()
        return decision.outcome

    def _lost_amp(self, last: Article, article: Article) -> bool:
        """Whether an article has a new URL, and not the AMP page that its last line has."""
        is_worse = self.options.pages == "both" and view_rank(article.layout) < view_rank(last.layout)
        return is_worse and not urls.same_article(article.url, last.url)

    def mark_gone(self, known: StoredArticle, at: datetime) -> None:
        """Write a last line for an article that the site has withdrawn.

        Raises:
            StoreError: if the output fails.
        """
        gone = replace(self.store.read(known), status="gone", fetched_at=format_utc(at), reread=False)
        self.store.append(gone)
        self.counts["gone"] += 1

    def reject(self, rejected: Rejected, response: Response | None = None, *, is_unreadable: bool = False) -> None:
        """Record a URL that gave no line.

        Args:
            rejected: the URL and the reason.
            response: the page, if it looks like an article but cannot be read; some are kept beside the output.
            is_unreadable: whether there is such a page, though not as a response.
        """
        if self._concerns_site(rejected, is_unreadable=is_unreadable or response is not None):
            self.monitor.add_no_article(rejected.url, rejected.layout, rejected.reason)
        self.counts["rejected"] += 1
        was_listed = not self.options.urls or self.failures.left_by_earlier_run(rejected.url)
        self.failures.forget((rejected.url,))
        may_show_edit = self.options.live and was_listed and self._was_article(rejected)
        if may_show_edit and kind_of(rejected.reason).asked_once_more:
            self.note_incomplete(rejected.url)  # the site may not list its edit a second time
        with self._noting_trouble(f"{self.rejections.path} cannot be written"):
            self.rejections.add(rejected, confirms=self.options.live)
        if response is not None and self._kept_pages.count < _MAX_KEPT_PAGES:
            self._keep_page(rejected.url, response)

    def _concerns_site(self, rejected: Rejected, *, is_unreadable: bool) -> bool:
        """Whether a rejection, which ``reject`` has yet to record, may be a sign that the site has changed."""
        if not self.options.live and rejected.layout is None:  # a recording may hold any page, and any part of one
            return False
        if is_unreadable:
            return not self.rejections.is_confirmed(rejected)
        if rejected.layout:
            return False
        # The user may name any page, but one that was an article says something.
        if self.options.urls and not (rejected.reason in (NO_ARTICLE, ANOTHER_PAGE) and self._was_article(rejected)):
            return False
        return self.rejections.is_news(rejected)

    def is_post(self, ref: ArticleRef) -> bool:
        """Whether a page that calls itself static is a post all the same: it is listed with an id, or in the file."""
        return ref.id is not None or self.store.find_at(ref.url) is not None

    def _was_article(self, rejected: Rejected) -> bool:
        return self.store.find_at(rejected.url) is not None

    def _keep_page(self, url: str, response: Response) -> None:
        with self._noting_trouble(f"pages cannot be kept in {self._kept_pages.folder}"):
            self._kept_pages.keep(url, response.body)

    def note_stale(self, url: str, edited_at: str) -> None:
        """Note that a page was older than the edit that the site names, so that the next run looks for it again.

        Args:
            url: of the article, as it was listed.
            edited_at: time of that edit, RFC 3339 in UTC.
        """
        self.walks.note_stale(edited_at)
        if self.failures.left_by_earlier_run(url):  # the lists named the edit to an earlier run
            self.note_incomplete(url, insist=True)

    def note_failed(self, url: str, reason: str, ref: ArticleRef | None = None) -> bool:
        """Note a fetch that failed after all retries, so that the next run tries again; see ``Failures.add``.

        Returns:
            Whether the article failed in an earlier run, too.
        """
        again = self.failures.left_by_earlier_run(url)
        self.counts["failed"] += 1
        self.counts["failed_again"] += again
        with self._noting_trouble(f"{self.failures.path} cannot be written"):
            self.failures.add(url, reason, ref and self._dated(ref))
        return again

    def note_error(self, ref: ArticleRef, error: Exception) -> None:
        """Note an article that an error in this project's code kept from being read; the next run tries again."""
        self.counts["errors"] += 1
        self.note_failed(ref.url, f"an error in ifp_scraper: {error!r}", ref)

    def note_listed(self, ref: ArticleRef) -> None:
        """Note what another list says of an article that was begun: if it fails, the next run must know."""
        if ref.modified_at is not None or ref.published_at is not None:
            self.failures.add_times(self._dated(ref))

    def _dated(self, ref: ArticleRef) -> ArticleRef:
        """Return the ref with the time at which it was listed: the run that uses it may be much later."""
        return replace(ref, listed_at=ref.listed_at or format_utc(self.walks.asked_at or self.started_at))

    def note_incomplete(self, url: str, *, insist: bool = False) -> None:
        """Note an article that lacks a page or an edit, so that the next run looks again; see ``Failures``."""
        with self._noting_trouble(f"{self.failures.path} cannot be written"):
            self.failures.add_incomplete(url, insist=insist)

    def _remove(self, path: Path) -> None:
        with self._noting_trouble(f"{path} cannot be removed"):
            path.unlink(missing_ok=True)

    @contextmanager
    def _noting_trouble(self, what: str) -> Iterator[None]:
        """Let the crawl go on if a file beside the output fails; the summary says so, and the exit status is 1."""
        try:
            yield
        except OSError as error:
            self.trouble = f"{what}: {explain(error)}"

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self, ending: Ending) -> None:
        """Set the exit status, print the summary, add this run's line to the runs file, and close the files."""
        self.finished = True
        if self.monitor.alarms():
            for response in self.monitor.example_pages():
                self._keep_page(response.url, response)
        why, got_all = judge(self, ending)
        self.exit_status = 1 if why else 0
        try:
            self.store.close()
        except StoreError as error:
            why, self.exit_status, got_all = str(error), 1, False
        ending = replace(ending, why=why)
        console.sum_up(self, ending)
        try:
            sidecars.append(self._runs_path, run_line(self, ending, got_all=got_all))
        except OSError as error:
            console.say(f"{self._runs_path} cannot be written: {explain(error)}")
            self.exit_status = 1
        else:
            self._remove(self.failures.path)  # what failed is in the runs file now
