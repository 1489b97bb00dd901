"""What earlier runs have left in the runs file (``FILE.runs.jsonl``) for later ones."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated

import msgspec

from ifp_scraper import sidecars
from ifp_scraper.dates import read_instant

_TAIL = 4096


class Tail(msgspec.Struct):
    """Where an output ended, and the hash of its last bytes.

    What is appended later leaves them. Another file of the same name, or an older copy of this one, has others.
    """

    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str

    @classmethod
    def of(cls, path: Path, size: int | None = None) -> Tail:
        """Read the last of the first ``size`` bytes of a file; None is all of them."""
        with path.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            end = end if size is None else min(size, end)
            start = stream.seek(max(0, end - _TAIL))
            return cls(end, hashlib.sha256(stream.read(end - start)).hexdigest())


class Run(msgspec.Struct):
    """What later runs read of a line of the runs file. Times are RFC 3339 in UTC."""

    site: str
    complete: bool
    """Whether nothing was missing after it."""

    articles: Annotated[int, msgspec.Meta(ge=0)]
    """How many the file held after it."""

    tail: Tail | None = None
    """None in the lines of earlier versions."""

    started_at: str = ""
    finished_at: str = ""
    doubtful: bool = False
    """Whether the site may have been ill: see ``Watch.doubts_rejections``."""

    failed_urls: list[str] = []
    newest_modified: str | None = None
    """Up to when no edit can have been missed."""

    validators: dict[str, dict[str, str]] = {}
    """Headers of conditional requests, by address."""

    source: str | None = None
    """Where the articles were looked for."""

    def __post_init__(self) -> None:
        if self.newest_modified is not None and read_instant(self.newest_modified) is None:
            raise ValueError("not a time")


class Runs(list[Run]):
    """The runs of a file, oldest first."""

    @classmethod
    def read(cls, path: Path) -> Runs:
        """Read a runs file; a damaged line is passed over, a missing file is empty."""
        return cls(sidecars.read(path, Run))

    def of_site(self, site: str) -> Runs:
        """Return the runs on one site."""
        return Runs(run for run in self if run.site == site)

    def at(self, time: str) -> Run | None:
        """Return the run that was under way at a time; of two that share the second, the later one."""
        return next((run for run in reversed(self) if run.started_at <= time <= run.finished_at), None)

    def last_complete(self, output: Path, articles: int) -> Run | None:
        """Return the last run after which nothing was missing, if the output still holds what it held then."""
        complete = [run for run in self if run.complete][-1:]
        if not complete or articles < complete[0].articles:
            return None
        tail = complete[0].tail
        return complete[0] if tail is not None and tail == Tail.of(output, tail.size) else None
