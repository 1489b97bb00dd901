"""Recordings that cannot be read from the middle are unpacked first: compressed as a whole, with zstd, or twice."""

from __future__ import annotations

import logging
import re
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
            elif path.name.endswith(".gz"):
                with path.open("rb") as stream:
                    if not _is_one_member(stream):
                        found.append(path)
                        continue
                    stream.seek(0)
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
    """The WACZ file itself, when its recordings can be read in it from the middle, else a copy of each."""
    with zipfile.ZipFile(path) as package:
        members = [one for one in package.infolist() if one.filename.endswith((".warc", ".warc.gz"))]
        if not any(_must_be_copied(package, one) for one in members):
            return [path]
        copies = []
        for one in members:
            with package.open(one) as stream:
                copies.append(_unpack(stream, Path(one.filename).name, path))
        return seekable(copies)


def _must_be_copied(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    if member.compress_type != zipfile.ZIP_STORED:
        return True
    if not member.filename.endswith(".gz"):
        return False
    with package.open(member) as stream:
        return _is_one_member(stream)


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


def _is_one_member(stream: IO[bytes]) -> bool:
    """Whether the first gzip member holds more than one record."""
    inflate = zlib.decompressobj(31)
    try:
        start = inflate.decompress(stream.read(_CHUNK), _CHUNK)
        head, _, rest = start.partition(b"\r\n\r\n")
        length = re.search(rb"^Content-Length: *(\d{1,15})\s*$", head, re.IGNORECASE | re.MULTILINE)
        if length is None:
            return False
        left = int(length[1]) + 4 - len(rest)
        while left >= 0 and not inflate.eof and (packed := inflate.unconsumed_tail or stream.read(_CHUNK)):
            left -= len(inflate.decompress(packed, _CHUNK))
    except (OSError, zlib.error):
        return False
    return left < 0
