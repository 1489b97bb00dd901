"""What a crawl prints on stderr: how much there is to do, its progress, and the result."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ifp_scraper.ending import FETCHED, READ, STOPPED, Ending
from ifp_scraper.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from ifp_scraper.discovery import Walk
    from ifp_scraper.ledger import Ledger

if sys.stderr is None:  # it is closed, as for a daemon; Scrapy's log needs one as well, so this is done on import
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115

_SECONDS_A_PAGE = 0.05
"""Minimum time per page in seconds, whatever the delay between requests."""

_SHOWN_FAILURES = 3

_ERASE = "\r\x1b[K"
"""Erases the line on a terminal."""


def say(line: str) -> None:
    """Print a line on stderr; if that fails, for example on a full disk, the crawl goes on."""
    with suppress(OSError):
        print(f"{_ERASE}{line}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)


def show_on_one_line(line: str) -> None:
    """Print a line that the next one replaces; on a terminal only. If that fails, the crawl goes on."""
    with suppress(OSError):
        if sys.stderr.isatty():
            print(f"{_ERASE}{line}", end="", file=sys.stderr, flush=True)


class Progress:
    """How far a run is: a line before the first article, and one that changes with each.

    Args:
        ledger: the run's.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._left_alone = 0
        """Roughly how many of the listed articles need not be fetched."""
        self._about = "about"
        """How exactly it can be said how many are left: "at most" if the list also has articles out of range."""

    def announce(self, source: str, walk: Walk, delay: float) -> None:
        """Say how much there is to do, before the first article.

        Args:
            source: name of the source that lists the articles.
            walk: what the source has learned.
            delay: seconds between requests that robots.txt asks for.
        """
        ledger = self._ledger
        in_file = counted(len(ledger.store), "article")
        if walk.caught_up:
            say(f"Looking for what is new or changed ({source}); {in_file} known.")
            return
        if ledger.command == "audit":
            say(f"Comparing with what the site lists ({source}); {in_file} known.")
            return
        total, options = walk.notes.total, ledger.options
        if total is None:
            say(f"Looking for articles ({source}); {walk.known_count} are known.")
        else:
            known = ledger.knowledge.count_left_alone(in_range=source == "rest")
            self._left_alone = known - _count(ledger, FETCHED)  # rejected ones that were tried again are in both
            left = max(0, total - known)
            left = min(left, options.limit or left)
            pages = 2 if options.pages == "both" else 1
            hours = left * pages * max(ledger.settings.getfloat("DOWNLOAD_DELAY"), delay, _SECONDS_A_PAGE) / 3600
            pace = f"{hours:.1f} hours" if hours >= 1 else counted(max(1, round(hours * 60)), "minute")
            state = "are known" if options.refresh is None else "are known and not to be fetched again"
            known_ones = "" if options.section else f", {known} {state}"  # see count_left_alone
            is_most = options.section or (source != "rest" and (options.since or options.until))
            self._about = "at most" if is_most else "about"
            say(f"The site lists about {total} articles ({source}){known_ones}: {self._about} {pace} to go.")
        say("You can stop it (Ctrl-C) at any time, and continue with the same command.")

    def show(self) -> None:
        """Show how far the run is in one line that is overwritten; on a terminal only."""
        if not sys.stderr.isatty():  # then nothing need be counted
            return
        ledger = self._ledger
        seconds = max(time.monotonic() - ledger.started, 0.001)
        done = _count(ledger, READ)
        walk, limit = ledger.walks.last, ledger.options.limit
        left = ""
        if walk and walk.notes.total and not walk.caught_up:
            skipped = max(self._left_alone, ledger.counts["current"])
            count = max(0, walk.notes.total - skipped - _count(ledger, FETCHED))
            left = f", {self._about} {count if limit is None else min(count, max(0, limit - done))} left"
        show_on_one_line(f"{done} articles, {done / seconds:.1f} a second{left}")


def sum_up(ledger: Ledger, ending: Ending) -> None:
    """Say what the run found and did: the last lines on stderr (CONTRACT.md section 1)."""
    counts, store = ledger.counts, ledger.store
    seconds = time.monotonic() - ledger.started
    for url, reason in ledger.failures.failed_now[:_SHOWN_FAILURES]:
        say(f"failed: {url} ({reason})")
    if store.saved:
        say(f"The file ended in {store.repaired} bytes not from ifp_scraper: see {store.saved}.")
    if store.bad_lines:
        numbers = ", ".join(map(str, store.bad_line_numbers))
        more = " and more" if store.bad_lines > len(store.bad_line_numbers) else ""
        say(f"Left in the file, though not articles: {counted(store.bad_lines, 'line')} ({numbers}{more}).")
    outside = f"; {counts['out_of_range']} outside the requested range" if counts["out_of_range"] else ""
    if ledger.command != "audit":  # which says itself what it found
        say(
            f"Found {_count(ledger, (*FETCHED, 'current'))}: {counts['new']} new, {counts['revised']} revised, "
            f"{counts['reread']} reread, {counts['unchanged'] + counts['current']} unchanged, "
            f"{counts['rejected']} rejected, {counts['failed']} failed; "
            f"{counts['duplicates']} with the same text as another{outside}."
        )
    asked = f"{counted(ending.requests, 'request')}, " if ledger.command != "extract" else ""
    say(f"{asked}{ending.received / 1e6:.1f} MB, {seconds:.0f} s.")
    if counts["rejected"]:
        say(f"The rejected pages and why: {_relative(ledger.rejections.path)}")
    if ending.why:
        what = "" if ending.why.startswith(STOPPED) else "did not do its job: "
        say(f"The {ledger.command} {what}{ending.why}")
    say(f"{counted(len(store), 'article')} in {_relative(store.path)}")


def _count(ledger: Ledger, names: tuple[str, ...]) -> int:
    return sum(ledger.counts[name] for name in names)


def _relative(path: Path) -> str:
    """Return a path as seen from the working folder, if it is in there."""
    try:
        relative = os.path.relpath(path)
    except OSError:  # that folder has been removed
        return str(path)
    return str(path) if relative.startswith("..") else relative
