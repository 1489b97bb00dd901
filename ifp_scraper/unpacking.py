"""Recordings that cannot be read from the middle are unpacked first: compressed as a whole, with zstd, or twice."""

from __future__ import annotations

import logging
import tempfile
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import IO

from fastwarc import ZstdReader

logger = logging.getLogger(__name__)

MAX_RATIO = 200
"""A recording may unpack to this many times its size; text unpacks to some 20 times."""

_CHUNK = 1 << 20


def seekable(files: list[Path]) -> list[Path]:
    """Return the recordings as files that can be read from the middle: themselves, or unpacked copies.

    The copies are in a temporary folder, and gone when the process ends. A damaged recording is unpacked up to the
    damage, with a warning.
    """
    found: list[Path] = []
    for path in files:
        try:
            if path.name.endswith(".wacz"):
                found += _members(path)
            elif path.name.endswith(".zst"):
                with path.open("rb") as stream:
                    found.append(_unpack(ZstdReader(stream), path.name.removesuffix(".zst"), path))
            elif path.name.endswith(".gz") and _is_one_member(path):
                with path.open("rb") as stream:
                    found.append(_unpack(_Members(stream), path.name.removesuffix(".gz"), path))
            else:
                found.append(path)
        except (OSError, zipfile.BadZipFile):
            found.append(path)  # whoever reads it says what is wrong
    return found


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ifp_scraper-")


def _place(name: str) -> Path:
    """A place of its own for a copy, so that equal names do not meet."""
    return Path(tempfile.mkdtemp(dir=_folder().name)) / name


def _members(path: Path) -> list[Path]:
    """The WACZ file itself, when its recordings are stored as they are, else a copy of each."""
    with zipfile.ZipFile(path) as package:
        members = [one for one in package.infolist() if one.filename.endswith((".warc", ".warc.gz"))]
        if all(one.compress_type == zipfile.ZIP_STORED for one in members):
            return [path]
        copies = []
        for one in members:
            with package.open(one) as stream:
                copies.append(_unpack(stream, Path(one.filename).name, path))
        return seekable(copies)


def _unpack(stream: IO[bytes] | ZstdReader | _Members, name: str, path: Path) -> Path:
    place = _place(name)
    left = MAX_RATIO * path.stat().st_size
    with place.open("wb") as copy:
        try:
            while left > 0 and (chunk := stream.read(_CHUNK)):
                left -= copy.write(chunk)
        except (EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
            logger.warning("%s: what follows byte %d unpacked cannot be read (%s)", path, copy.tell(), error)
        if left <= 0:
            logger.warning("%s unpacks to more than %d times its size; the rest was left", path, MAX_RATIO)
    return place


class _Members:
    """Reads gzip members one behind another."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(31)
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Return at most so many bytes, none at the end.

        Raises:
            EOFError: when the last member breaks off.
            zlib.error: when one is damaged.
        """
        while True:
            packed = self._packed or self._stream.read(_CHUNK)
            if self._inflate.eof:
                if not packed.strip(b"\0"):
                    return b""
                self._inflate = zlib.decompressobj(31)
            elif not packed:
                raise EOFError("it breaks off")
            data = self._inflate.decompress(packed, size)
            self._packed = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if data:
                return data


def _is_one_member(path: Path) -> bool:
    """Whether the first gzip member holds more than one record."""
    inflate = zlib.decompressobj(31)
    try:
        with path.open("rb") as stream:
            start = inflate.decompress(stream.read(_CHUNK), _CHUNK)
    except zlib.error:
        return False
    head, _, rest = start.partition(b"\r\n\r\n")
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return len(rest) > int(value) + 4
    return False
