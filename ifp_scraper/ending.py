"""How a run ended: whether it did its job, and what the runs file says of it."""

from __future__ import annotations

import platform
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from ifp_scraper.dates import format_utc
from ifp_scraper.storage.failures import MAX_KEPT
from ifp_scraper.storage.runs import Tail
from ifp_scraper.text import counted
from ifp_scraper.version import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from ifp_scraper.ledger import Ledger

READ = ("new", "revised", "reread", "unchanged")
"""Names of the counts of articles that the run has read."""

FETCHED = (*READ, "rejected", "failed")
"""Names of the counts of articles that the run has fetched, or tried to."""

FAILED_SHARE = 0.01
"""Share of failed fetches from which a run counts as failed; those that failed before are a share of all articles."""

STOPPED = "was stopped; run the same command again to continue"
"""What is said of a run that the user stopped."""


@dataclass(slots=True, frozen=True)
class Ending:
    """How a run ended."""

    reason: str
    """Scrapy's; ``finished`` if nothing was left to do."""

    why: str | None = None
    """Why it did not do its job, as far as is known."""

    requests: int = 0
    """Number of requests made."""

    received: int = 0
    """Bytes received."""

    errors: int = 0
    """Number of exceptions in this project's code."""


def judge(ledger: Ledger, ending: Ending) -> tuple[str | None, bool]:
    """Return why a run did not do its job, None if it did, and whether it got everything but the pages that failed."""
    alarms = ledger.monitor.alarms()
    why = ending.why or _fault(ledger, ending)
    if alarms:
        why = "; ".join(filter(None, (why, "the site seems to have changed", *alarms)))
    lost_more_than_pages = ending.why or ending.errors > ledger.counts["errors"] or alarms or ledger.trouble
    # An audit reads the whole list, but fetches nothing that is missing.
    has_ended = ledger.command == "crawl" and ledger.walks.listed_all and ending.reason == "finished"
    return why or ledger.trouble, has_ended and not lost_more_than_pages


def _fault(ledger: Ledger, ending: Ending) -> str | None:
    """Return why a run failed, judging by how it ended and what it counted; None if it did not."""
    if ending.reason == "shutdown":
        return STOPPED
    if ending.errors:
        return f"{counted(ending.errors, 'error')} in ifp_scraper itself, see the log"
    failed, again = ledger.counts["failed"], ledger.counts["failed_again"]
    fetched = sum(ledger.counts[name] for name in FETCHED)
    # One page that is broken for good must not fail every run of a large file.
    if failed - again >= max(1, FAILED_SHARE * fetched) or again >= max(1, FAILED_SHARE * len(ledger.store)):
        url, why = ledger.failures.failed_now[0]
        return f"{failed} of {fetched} fetches failed: {why} ({url})"
    if ending.reason != "finished":
        return ending.reason
    if ledger.walks.broken:
        return f"not everything could be looked at: {'; '.join(ledger.walks.broken[:3])}"
    return None


def run_line(ledger: Ledger, ending: Ending, *, got_all: bool) -> dict[str, Any]:
    """Return a run's line for the runs file; ``storage.runs.Run`` is what later runs read of it.

    Args:
        ledger: the run's, with the output written.
        ending: how it ended.
        got_all: whether everything was fetched but what failed.

    Raises:
        OSError: if the output cannot be read.
    """
    doubtful = ledger.monitor.doubts_rejections
    to_try = ledger.failures.for_next_run(doubtful=doubtful)
    failed_urls = to_try[:MAX_KEPT]
    return {
        "started_at": format_utc(ledger.started_at),
        "finished_at": format_utc(datetime.now(UTC)),
        "command": ["scrapy", ledger.command, *_arguments(ledger.command)],
        "site": ledger.options.site,
        "versions": _versions(),
        "counts": {name: ledger.counts[name] for name in (*FETCHED, "duplicates", "current", "out_of_range")},
        "requests": ending.requests,
        "bytes": ending.received,
        "seconds": round(time.monotonic() - ledger.started, 1),
        "exit_status": ledger.exit_status,
        "reason": ending.why or ending.reason,
        "complete": got_all and not ledger.counts["failed"],
        "caught_up": got_all and len(to_try) <= MAX_KEPT,
        "doubtful": doubtful,
        "failed_urls": failed_urls,
        "incomplete_urls": ledger.failures.incomplete_among(failed_urls),
        "failures": [failure.as_json() for url in failed_urls if (failure := ledger.failures.of(url)).reason],
        "articles": len(ledger.store),
        **ledger.walks.for_next_run(),
        "tail": msgspec.structs.asdict(Tail.of(ledger.store.path)),
    }


def _versions() -> dict[str, str]:
    return {
        "ifp_scraper": EXTRACTOR_VERSION,
        "scrapy": version("scrapy"),
        "lxml": version("lxml"),
        "python": platform.python_version(),
    }


def _arguments(command: str) -> list[str]:
    """Return what follows the command's name: Scrapy removes that name from ``sys.argv``, ``ifp`` leaves it there."""
    words = sys.argv[1:]
    return words[1:] if words[:1] == [command] else words
