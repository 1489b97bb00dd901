"""Finds the recordings that the user names, and opens them."""

from __future__ import annotations

import glob
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO, cast

from ifp_scraper.recordings.record_bounds import next_record

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
"""Endings of the names of recordings."""

SAMPLE = "sample"
"""Name that stands for the recording that ships with the project."""

UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What reading a damaged recording raises; ``RuntimeError`` if it is a WACZ file of a kind unknown to ``zipfile``."""


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
    for path in paths:
        for part in [path] if os.path.exists(path) else path.split(","):
            name = part if os.path.exists(part) else part.strip()
            if name:
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
        everything = (Path(folder, file) for folder, _, files in os.walk(name) for file in files)
        inside = sorted(path for path in everything if path.name.endswith(SUFFIXES) and _may_be_read(path))
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


def recordings_in(package: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members of a WACZ file that are WARC data."""
    return [member for member in package.infolist() if member.filename.endswith((".warc", ".warc.gz"))]


@contextmanager
def open_members(path: Path) -> Iterator[Iterator[tuple[IO[bytes], int, int]]]:
    """Open a recording: the streams of its WARC data, each with the offsets at which that starts and ends.

    Raises:
        UNREADABLE: one of them, if it cannot be opened.
    """
    ranges = member_ranges(path, path.stat().st_size)
    with path.open("rb") as stream:
        yield ((until(stream, end), start, end) for start, end in ranges)


def until(stream: IO[bytes], end: int) -> IO[bytes]:
    """Return a file up to an offset: what follows a WACZ file's member would be taken for a damaged record."""
    return cast("IO[bytes]", _Part(stream, end))  # it reads and seeks as a file does


class _Part:
    """See ``until``. Unlike ``zipfile``, it also reads a member that does not match its checksum."""

    def __init__(self, stream: IO[bytes], end: int) -> None:
        self._stream = stream
        self._end = end
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        left = max(0, self._end - self._stream.tell())
        return self._stream.read(min(size, left) if size >= 0 else left)


def member_ranges(path: Path, whole: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a file that are WARC data: all of a WARC file, the members of a WACZ file.

    Args:
        path: the file.
        whole: its size in bytes.

    Raises:
        UNREADABLE: one of them, if it cannot be opened, or is a damaged WACZ file in which no record is found.
    """
    if not path.name.endswith(".wacz"):
        path.open("rb").close()  # raises
        return [(0, whole)]
    try:
        package = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        # Its end, which lists the members, may be missing, as after a download that broke off. Records that are stored
        # as they are can be found without it.
        with path.open("rb") as stream:
            if next_record(stream, 0, whole) is None:
                raise
        return [(0, whole)]
    found = []
    with package, path.open("rb") as stream:
        for member in recordings_in(package):
            stream.seek(member.header_offset + 26)  # in the member's local header: lengths of its name and extra field
            name, extra = (int.from_bytes(stream.read(2), "little") for _ in range(2))
            start = member.header_offset + 30 + name + extra
            found.append((start, start + member.file_size))
    return found
