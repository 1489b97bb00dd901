"""What a crawl prints on stderr: how much there is to do, its progress, and the result."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ifp_scraper.text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from ifp_scraper.discovery import Walk
    from ifp_scraper.storage.ledger import Ledger

_SECONDS_A_PAGE = 0.05
"""Minimum time per page in seconds, whatever the delay between requests."""

_SHOWN_FAILURES = 3


def say(line: str) -> None:
    """Print a line on stderr; if that fails, for example on a full disk, the crawl goes on."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def show_on_one_line(line: str) -> None:
    """Print a line that the next one overwrites; on a terminal only. If that fails, the crawl goes on."""
    with suppress(OSError):
        if sys.stderr.isatty():
            print(f"\r{line}   ", end="", file=sys.stderr, flush=True)


def announce(ledger: Ledger, source: str, walk: Walk, delay: float) -> None:
    """Say how much there is to do, before the first article.

    Args:
        ledger: what is known.
        source: name of the source that lists the articles.
        walk: what the source has learned.
        delay: seconds between requests that robots.txt asks for.
    """
    in_file = counted(len(ledger.store), "article")
    if walk.caught_up:
        say(f"Looking for what is new or changed ({source}); {in_file} known.")
        return
    if ledger.command == "audit":
        say(f"Comparing with what the site lists ({source}); {in_file} known.")
        return
    known = walk.known_count
    if walk.notes.total is None:
        say(f"Looking for articles ({source}); {known} are known.")
    else:
        left = max(0, walk.notes.total - known)
        left = min(left, ledger.options.limit or left)
        pages = 2 if ledger.options.pages == "both" else 1
        hours = left * pages * max(ledger.settings.getfloat("DOWNLOAD_DELAY"), delay, _SECONDS_A_PAGE) / 3600
        pace = f"{hours:.1f} hours" if hours >= 1 else counted(max(1, round(hours * 60)), "minute")
        say(f"The site lists about {walk.notes.total} articles ({source}), {known} are known: about {pace} to go.")
    say("You can stop it (Ctrl-C) at any time, and continue with the same command.")


def show_progress(ledger: Ledger) -> None:
    """Show the crawl's progress in one line that is overwritten; on a terminal only."""
    if not sys.stderr.isatty():
        return
    seconds = max(time.monotonic() - ledger.started, 0.001)
    done = sum(ledger.counts[name] for name in ("new", "revised", "reread", "unchanged"))
    walk = ledger.current_walk
    total = walk.notes.total if walk and walk.notes.total and not walk.caught_up else None
    left = f", about {max(0, total - len(ledger.store))} left" if total else ""
    show_on_one_line(f"{done} articles, {done / seconds:.1f} a second{left}")


def sum_up(ledger: Ledger, why: str | None, requests: int, received: int) -> None:
    """Say what the run found and did: the last lines on stderr (CONTRACT.md section 1).

    Args:
        ledger: the run's ledger.
        why: why the run failed; None if it did not.
        requests: number of requests made.
        received: bytes received.
    """
    counts, store = ledger.counts, ledger.store
    seconds = time.monotonic() - ledger.started
    if sys.stderr.isatty():
        say("")  # end the progress line
    for url, reason in ledger.failures.reasons[:_SHOWN_FAILURES]:
        say(f"failed: {url} ({reason})")
    if store.saved:
        say(f"The file ended in {store.repaired} bytes not from ifp_scraper: see {store.saved}.")
    if store.bad_lines:
        numbers = ", ".join(map(str, store.bad_line_numbers))
        more = " and more" if store.bad_lines > len(store.bad_line_numbers) else ""
        say(f"Left in the file, though not articles: {counted(store.bad_lines, 'line')} ({numbers}{more}).")
    if ledger.command != "audit":  # which says itself what it found
        looked_at = ("new", "revised", "reread", "unchanged", "rejected", "failed", "current")
        say(
            f"Found {sum(counts[name] for name in looked_at)}: {counts['new']} new, {counts['revised']} revised, "
            f"{counts['reread']} reread, {counts['unchanged'] + counts['current']} unchanged, "
            f"{counts['rejected']} rejected, {counts['failed']} failed; "
            f"{counts['duplicates']} with the same text as another."
        )
    asked = f"{counted(requests, 'request')}, " if ledger.command != "extract" else ""
    say(f"{asked}{received / 1e6:.1f} MB, {seconds:.0f} s.")
    if counts["rejected"]:
        say(f"The rejected pages and why: {_relative(ledger.rejections.path)}")
    if why:
        say(f"The {ledger.command} did not do its job: {why}")
    say(f"{counted(len(store), 'article')} in {_relative(store.path)}")


def _relative(path: Path) -> str:
    """Return a path as seen from the working folder, unless that has been removed."""
    try:
        return os.path.relpath(path)
    except OSError:
        return str(path)
