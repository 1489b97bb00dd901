"""What later runs need to know of earlier ones, from the runs file (``FILE.runs.jsonl``)."""

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
    """The size of an output and a hash of its last bytes, by which a later run knows it again.

    Appending leaves these bytes as they are; another file of the same name, or an older copy, has other ones there.
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
    """A line of the runs file, as far as later runs read it. Times are RFC 3339 in UTC."""

    site: str
    complete: bool
    """Whether the file had every article of the site after this run."""

    articles: Annotated[int, msgspec.Meta(ge=0)]
    """How many the file held after this run."""

    tail: Tail | None = None
    """None in the lines of earlier versions."""

    started_at: str = ""
    finished_at: str = ""
    doubtful: bool = False
    """Whether the site may have been ill during this run; see ``Watch.doubts_rejections``."""

    failed_urls: list[str] = []
    newest_modified: str | None = None
    """No edit before this time can have been missed, so the next run looks for edits from here on."""

    validators: dict[str, dict[str, str]] = {}
    """For conditional requests, the headers to send, by address."""

    source: str | None = None
    """Name of the discovery source to begin with."""

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
        """Return the run that was under way at a time; None if there was none; of two in one second, the later."""
        return next((run for run in reversed(self) if run.started_at <= time <= run.finished_at), None)

    def last_complete(self, output: Path, articles: int) -> Run | None:
        """Return the last complete run, if the output still holds what it held then; else None.

        Args:
            output: the file.
            articles: how many it holds now.
        """
        complete = [run for run in self if run.complete][-1:]
        if not complete or articles < complete[0].articles:
            return None
        tail = complete[0].tail
        return complete[0] if tail is not None and tail == Tail.of(output, tail.size) else None
