"""Finds the recordings that the user names, and opens them."""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
"""Endings of the names of recordings."""

SAMPLE = "sample"
"""Name that stands for the recording that ships with the project."""


class RecordingError(Exception):
    """A recording is missing or cannot be read; ``str()`` is one plain sentence."""


def find_recordings(*paths: str) -> list[Path]:
    """Return the files that ``-a archive=`` names.

    Args:
        paths: each a file, a folder, a glob, a comma-separated list of these, or ``sample``. A comma is part of the
            name if such a file or folder exists.

    Raises:
        RecordingError: if something named does not exist, or is not a recording.
    """
    found: list[Path] = []
    parts = (part for path in paths for part in ([path] if os.path.exists(path) else path.split(",")))
    for name in filter(None, (part if os.path.exists(part) else part.strip() for part in parts)):
        found += _files_of(name)
    if not found:
        raise RecordingError(f"no recording is named by {', '.join(paths)}")
    return list(dict.fromkeys(found))


def _files_of(name: str) -> list[Path]:
    """Return the recordings that one file, folder, glob or ``sample`` stands for."""
    if name == SAMPLE:
        return [Path(str(resources.files("ifp_scraper") / "data" / "sample.warc.gz"))]
    if os.path.isdir(name):  # unlike path.is_dir(), false for a name that no file can have
        # Unlike path.rglob(), it skips a folder that vanishes in the meantime or may not be read.
        everything = (Path(folder, name) for folder, _, names in os.walk(name) for name in names)
        inside = sorted(file for file in everything if file.name.endswith(SUFFIXES) and _may_be_read(file))
        if not inside:
            raise RecordingError(f"the folder {name} holds no {', '.join(SUFFIXES)} file")
        return inside
    if os.path.isfile(name):
        if not name.endswith(SUFFIXES):
            raise RecordingError(f"{name} is not a recording: its name must end in {', '.join(SUFFIXES)}")
        return [Path(name)]
    if matches := sorted(glob.glob(name, recursive=True)):
        return [Path(match) for match in matches if match.endswith(SUFFIXES) and _may_be_read(Path(match))]
    raise RecordingError(f"there is no recording {name}")


def _may_be_read(path: Path) -> bool:
    """Whether this is a file, not a folder or pipe; also true for a broken link, so that opening it complains."""
    return path.is_file() or not path.exists()


def output_name(paths: str) -> str:
    """Return the name of an archive run's output, without its suffix."""
    names = find_recordings(paths)
    if len(names) > 1:
        return "archive"
    name = names[0].name
    return next(name.removesuffix(suffix) for suffix in reversed(SUFFIXES) if name.endswith(suffix))


@contextmanager
def open_members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Open a recording: one stream for a WARC file, one per member for a WACZ file, each with its name."""
    if path.name.endswith(".wacz"):
        with zipfile.ZipFile(path) as package:
            names = [name for name in package.namelist() if name.endswith((".warc", ".warc.gz"))]
            yield ((name, package.open(name)) for name in names)
    else:
        with path.open("rb") as stream:
            yield iter([("", stream)])
