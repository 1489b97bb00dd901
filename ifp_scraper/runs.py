"""What earlier runs have left in the runs file (``FILE.runs.jsonl``) for later ones."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec

from ifp_scraper import sidecars
from ifp_scraper.dates import read_instant

_HEAD = 4096


class Head(msgspec.Struct):
    """Length and hash of the first bytes of an output: they tell it from another file of the same name."""

    bytes: Annotated[int, msgspec.Meta(ge=0, le=_HEAD)]
    sha256: str

    @classmethod
    def of(cls, path: Path, size: int = _HEAD) -> Head:
        """Read the first ``size`` bytes of a file, or as many as it has."""
        with path.open("rb") as stream:
            start = stream.read(size)
        return cls(len(start), hashlib.sha256(start).hexdigest())


class Run(msgspec.Struct):
    """What later runs read of a line of the runs file. Times are RFC 3339 in UTC."""

    site: str
    complete: bool
    """Whether nothing was missing after it."""

    articles: Annotated[int, msgspec.Meta(ge=0)]
    """How many the file held after it."""

    head: Head
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
        return complete[0] if complete[0].head == Head.of(output, complete[0].head.bytes) else None
