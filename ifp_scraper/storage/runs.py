"""What later runs need to know about earlier ones, from the runs file (``FILE.runs.jsonl``)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated

import msgspec

from ifp_scraper.dates import read_instant
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.failures import MAX_KEPT, Failure

_TAIL = 4096


class Tail(msgspec.Struct):
    """The size of an output and a hash of its last bytes, by which a later run recognises it.

    Appending does not change these bytes; another file of the same name, or an older copy, has different ones there.
    """

    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str

    @classmethod
    def of(cls, path: Path, size: int | None = None) -> Tail:
        """Read the end of a file, or of its first ``size`` bytes."""
        with path.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            end = end if size is None else min(size, end)
            start = stream.seek(max(0, end - _TAIL))
            return cls(end, hashlib.sha256(stream.read(end - start)).hexdigest())


class Run(msgspec.Struct):
    """The part of a runs-file line that later runs read. Times are RFC 3339 in UTC."""

    site: str
    complete: bool
    """Whether the file had every article of the site after this run."""

    articles: Annotated[int, msgspec.Meta(ge=0)]
    """Number of articles in the file after this run."""

    tail: Tail | None = None
    """None in the lines of earlier versions."""

    started_at: str = ""
    finished_at: str = ""
    doubtful: bool = False
    """Whether the site may have been failing during this run; see ``LayoutMonitor.doubts_rejections``."""

    caught_up: bool = False
    """Whether every article of the site was in the file or in ``failed_urls`` after this run."""

    failed_urls: list[str] = []
    incomplete_urls: list[str] = []
    """Those of them whose articles are in the file, but lack a page or an edit; see ``Failures``."""

    failures: list[Failure] = []
    """Why they failed, and what the site's lists said of them; nothing of those that only lack an edit."""

    edits_seen_until: str | None = msgspec.field(default=None, name="newest_modified")
    """No edit before this time can have been missed, so the next run looks for edits from then on."""

    entries_seen: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Number of articles in the file after the last run that saw what was entered with an old date, perhaps an earlier
    one; None in the lines of earlier versions."""

    rest_surplus: int = 0
    """How many more posts REST counts than were in the file, rejected or failed after this run."""

    validators: dict[str, dict[str, str]] = {}
    """Headers for conditional requests, by URL."""

    source: str | None = None
    """Name of the discovery source to start with."""

    def __post_init__(self) -> None:
        if self.edits_seen_until is not None and read_instant(self.edits_seen_until) is None:
            raise ValueError("not a time")
        self.caught_up = self.caught_up or self.complete  # earlier versions wrote only the latter

    def is_of(self, output: Path) -> bool:
        """Whether the file still begins with what it held after this run."""
        return self.tail is not None and self.tail == Tail.of(output, self.tail.size)


class Runs(list[Run]):
    """The runs of a file, oldest first."""

    @classmethod
    def read(cls, path: Path) -> Runs:
        """Read a runs file; damaged lines are skipped, and a missing file is empty."""
        return cls(sidecars.read(path, Run))

    def of_site(self, site: str) -> Runs:
        """Return the runs on one site."""
        return Runs(run for run in self if run.site == site)

    def at(self, time: str) -> Run | None:
        """Return the run that was under way at a time, the later of two in the same second; None if there was none."""
        return next((run for run in reversed(self) if run.started_at <= time <= run.finished_at), None)

    def last_caught_up(self, output: Path, articles: int) -> Run | None:
        """Return the last caught-up run that tells from when on to look for edits, None if there is none.

        Also None if the output no longer holds what it held then or after the last run, or if a run since then may
        have dropped what was noted: the last one says what is left of that.

        Args:
            output: the file.
            articles: number of articles it holds now.
        """
        for run in reversed(self):
            if run.caught_up and run.edits_seen_until is not None:
                is_whole = run.articles <= articles and all(one.is_of(output) for one in (run, self[-1]))
                return run if is_whole else None
            if len(run.failed_urls) >= MAX_KEPT:
                return None
        return None
