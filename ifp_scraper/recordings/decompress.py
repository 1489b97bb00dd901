"""Decompresses recordings that cannot be read from the middle: compressed as a whole, with zstd, or twice.

Also rewrites those whose record headers FastWARC does not read: in lower case or with bare line feeds.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import re
import shutil
import signal
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO

from fastwarc import ZstdReader

from ifp_scraper.recordings.codings import GZIP, GZIP_WBITS
from ifp_scraper.recordings.files import UNREADABLE, RecordingError, recordings_in
from ifp_scraper.recordings.record_bounds import next_record
from ifp_scraper.storage.output_file import explain

logger = logging.getLogger(__name__)

MAX_RATIO = 200
"""Maximum ratio of decompressed to compressed size; text has some 20."""

_CHUNK = 1 << 20
_PIECE = 1 << 14
"""Bytes decompressed at a time; damage costs the piece it is in."""

_FRAME = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins."""

_DICTIONARY = b"\x5d\x2a\x4d\x18"
"""How the dictionary at the start of a .warc.zst file begins."""

_MAX_DICTIONARY = 64 * _CHUNK

_MAX_COPIES = 10_000
"""Maximum number of copies of one recording, however many damaged frames it has."""

_Unpacked = Callable[[IO[bytes], int, list[int]], Iterator[bytes]]

_PREFIX = "ifp_scraper-"
_NEW = 60
"""Seconds during which a new folder may not be locked yet."""

_MAX_HEAD = 1 << 16
"""Maximum length of a record's headers, in bytes."""

_VERSION = re.compile(rb"^WARC/[01]\.\d{1,2}[ \t]*(\r?)\n", re.MULTILINE)
_IS_LENGTH = re.compile(rb"\s*\d{1,18}\s*")

_NAMES = {
    name.lower(): name
    for name in (
        b"WARC-Type",
        b"WARC-Target-URI",
        b"WARC-Date",
        b"WARC-Payload-Digest",
        b"Content-Type",
        b"Content-Length",
    )
}


_sources: dict[Path, Path] = {}
"""The recordings of which copies were made, by copy."""


def source_name(path: str | Path) -> str:
    """Return how to name a file to the user: a copy by the recording that was unpacked to it."""
    source = _sources.get(Path(path))
    return f"{source} (unpacked)" if source is not None else str(path)


def seekable(files: list[Path]) -> list[Path]:
    """Return the recordings as files that can be read from the middle: themselves, or decompressed copies.

    The copies are in a temporary folder, deleted when the process ends. A damaged recording is decompressed up
    to the damage, with a warning; of zstd frames, those that follow are, too.

    Raises:
        RecordingError: if there is no room for a copy.
    """
    found: list[Path] = []
    for path in files:
        try:
            found += _seekable(path)
        except UNREADABLE:
            found.append(path)  # its reader will say what is wrong
    return found


def _seekable(path: Path) -> list[Path]:
    """Return the recording itself if it can be read from the middle, else a copy, or one of each WACZ member."""
    if path.name.endswith(".wacz"):
        return _seekable_wacz(path)
    if path.name.endswith(".zst"):
        return [_with_usual_headers(copy) for copy in _unpack(path, _unzstd, _FRAME)]
    if not _is_gzip(path):
        return [_with_usual_headers(path)]
    with path.open("rb") as stream:
        if not _is_read_from_start(stream) and not _has_unusual_headers(path):
            return [path]
    return [_with_usual_headers(copy) for copy in _unpack(path, _gunzipped, GZIP)]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    _delete_left()
    stops = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:  # a stop between creating the folder and registering its deletion would leave it behind
        folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, stops)
    with suppress(OSError):  # if locking is impossible, as on some network disks, nothing is deleted either
        fcntl.flock(os.open(folder.name, os.O_RDONLY), fcntl.LOCK_SH)  # until this process and its workers end
    return folder


def _delete_left() -> None:
    """Delete what killed runs left behind: folders that no process has locked."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            folder = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - os.fstat(folder).st_mtime > _NEW:
                    shutil.rmtree(left)
            finally:
                os.close(folder)


def _place(name: str) -> Path:
    """Return a unique path for a copy, so that equal names do not collide."""
    return Path(tempfile.mkdtemp(dir=_folder().name)) / name


def _seekable_wacz(path: Path) -> list[Path]:
    """Return the WACZ file itself if its recordings can be read from the middle, else a copy of each."""
    with zipfile.ZipFile(path) as package:
        members = recordings_in(package)
        if not any(_must_be_copied(package, member) for member in members):
            return [path]
        copies = []
        for member in members:
            try:
                with package.open(member) as stream:
                    copies.append(_decompress(_pieces_of(stream), Path(member.filename).name, path))
            except UNREADABLE as error:
                logger.warning("%s: its member %s cannot be read (%s)", path, member.filename, error)
        return seekable(copies) or [path]


def _unpack(path: Path, unpacked: _Unpacked, begin: bytes) -> list[Path]:
    """Return a copy of what zstd frames or gzip members hold; if some are damaged, one for each stretch of sound ones.

    What follows a damaged one is no part of the record that breaks off there.

    Args:
        path: the file.
        unpacked: yields what they hold, as ``_gunzipped`` does.
        begin: how each of them begins.
    """
    copies: list[Path] = []
    spent, at = 0, 0
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        while at >= 0:
            damaged: list[int] = []
            copies.append(_decompress(unpacked(stream, at, damaged), path.stem, path, spent))
            spent += copies[-1].stat().st_size
            if not damaged or spent >= MAX_RATIO * len(content):
                break
            at = content.find(begin, max(at, *damaged) + 1)
            if at >= 0 and len(copies) >= _MAX_COPIES:
                logger.warning("%s is damaged in too many places; the rest was left", path)
                break
            if at >= 0:
                logger.warning("%s: reading goes on at byte %d", path, at)
    return [copy for copy in copies if copy.stat().st_size] or copies[:1]


def _unzstd(stream: IO[bytes], at: int, damaged: list[int]) -> Iterator[bytes]:
    """Yield what zstd frames hold, in pieces.

    Args:
        stream: the file.
        at: offset of the first frame.
        damaged: gets the offset of the first damaged frame.

    Raises:
        OSError: if one is damaged.
    """
    done = 0
    dictionary = _dictionary_in(stream) if at else None
    for size in (_PIECE, 1):  # an error costs the piece that is asked for, though it begins in sound frames
        stream.seek(at)
        reader = ZstdReader(stream, dictionary=dictionary)
        try:
            reader.seek(done)
            while piece := reader.read(size):
                yield piece
                done += len(piece)
            return
        except OSError:
            if size == 1:
                damaged.append(reader.frame_start_position() or 0)
                raise


def _dictionary_in(stream: IO[bytes]) -> bytes | None:
    """Return the dictionary that a file of zstd frames begins with; None if it has none."""
    stream.seek(0)
    if stream.read(4) != _DICTIONARY:
        return None
    content = stream.read(int.from_bytes(stream.read(4), "little"))
    return ZstdReader(BytesIO(content)).read(_MAX_DICTIONARY) if content.startswith(_FRAME) else content


def _must_be_copied(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    if member.compress_type != zipfile.ZIP_STORED:
        return True
    try:
        with package.open(member) as stream:
            return _is_read_from_start(stream)
    except RuntimeError:  # zipfile cannot open it, for example if it is encrypted: the others are copied
        return True
    except UNREADABLE:  # its headers or its checksum are damaged, but perhaps no record
        return False


def _decompress(pieces: Iterator[bytes], name: str, path: Path, spent: int = 0) -> Path:
    """Write the pieces in which the recording at ``path`` is decompressed to a file of this name.

    ``spent`` is how many bytes of it have been written to others.

    Raises:
        RecordingError: if they cannot be written. The recording itself, read from the middle, would lack articles.
    """
    left = MAX_RATIO * path.stat().st_size - spent
    try:
        place = _place(name)
        _sources[place] = _sources.get(path, path)
        with place.open("wb") as copy:
            for piece in _up_to_damage(pieces, path):
                left -= copy.write(piece)
                if left <= 0:
                    logger.warning(
                        "%s unpacks to more than %d times its size; the rest was left", source_name(path), MAX_RATIO
                    )
                    break
    except OSError as error:
        why = explain(error, "with TMPDIR")
        raise RecordingError(
            f"{source_name(path)} cannot be unpacked in the folder for temporary files: {why}"
        ) from error
    return place


def _up_to_damage(pieces: Iterator[bytes], path: Path) -> Iterator[bytes]:
    done = 0
    try:
        for piece in pieces:
            yield piece
            done += len(piece)
    except UNREADABLE as error:
        logger.warning("%s: what follows byte %d unpacked cannot be read (%s)", source_name(path), done, error)


def _pieces_of(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(_PIECE), b"")


def _with_usual_headers(path: Path) -> Path:
    """Return a recording that is not compressed, or a copy of it with headers that FastWARC can read."""
    if not _has_unusual_headers(path):
        return path
    with path.open("rb") as stream:
        return _decompress(_rewritten(stream, path), path.name, path)


def _rewritten(stream: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield the WARC records of the recording at ``path`` in pieces, with headers that FastWARC can read."""
    is_told = False
    while line := stream.readline(_CHUNK):
        if not line.startswith(b"WARC/"):
            if line.strip() and not is_told:
                at = stream.tell() - len(line)
                logger.warning("%s at byte %d: no record begins there; it was skipped", source_name(path), at)
                is_told = True
            continue
        head, length, size = [line.strip()], 0, 0
        while (line := stream.readline(_CHUNK).rstrip(b"\r\n")).strip() and size < _MAX_HEAD:
            name, colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value) if _IS_LENGTH.fullmatch(value) else 0
            head.append(_NAMES.get(name.lower(), name) + colon + value)
            size += len(line)
        yield b"\r\n".join((*head, b"", b""))
        while length > 0 and (data := stream.read(min(length, _CHUNK))):
            length -= len(data)
            yield data
        yield b"\r\n\r\n"


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(GZIP)) == GZIP


def _has_unusual_headers(path: Path) -> bool:
    """Whether FastWARC cannot read headers, by the first sound record: names in another case, or lines without CR."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
        if start.startswith(GZIP):
            try:
                start = next(_gunzipped(stream, next_record(stream, 0, _CHUNK) or 0, []), b"")
            except (EOFError, zlib.error):
                return False
    version = _VERSION.search(start)
    if version is None:
        return False
    head = start[version.end() :].split(b"\r\n\r\n" if version[1] else b"\n\n")[0]
    if b"\nwarc-type:" not in b"\n" + head.lower():
        return False
    return not version[1] or b"WARC-Type:" not in head


def _gunzipped(stream: IO[bytes], at: int, damaged: list[int]) -> Iterator[bytes]:
    """Yield what gzip members hold, in pieces.

    Args:
        stream: the file.
        at: offset of the first member.
        damaged: gets the offset of the first damaged member.

    Raises:
        EOFError: if a member breaks off.
        zlib.error: if one is damaged.
    """
    stream.seek(at)
    inflate = zlib.decompressobj(GZIP_WBITS)
    packed = b""
    damaged.append(at)
    while True:
        packed = packed or stream.read(_CHUNK)
        if inflate.eof:
            if not packed.strip(b"\0"):
                damaged.clear()
                return
            inflate = zlib.decompressobj(GZIP_WBITS)
            damaged[:] = [stream.tell() - len(packed)]
        elif not packed:
            raise EOFError("it breaks off")
        if data := inflate.decompress(packed, _PIECE):
            yield data
        packed = inflate.unused_data if inflate.eof else inflate.unconsumed_tail


def _is_read_from_start(stream: IO[bytes]) -> bool:
    """Whether records can only be found from the start of the file: the first gzip member holds more than one.

    Or none, or blank lines before one. It is decompressed in small pieces, so that damage behind the first record does
    not matter.
    """
    inflate = zlib.decompressobj(GZIP_WBITS)
    try:
        start = inflate.decompress(stream.read(_PIECE), _PIECE)
        if start.startswith((b"\r", b"\n")) or (inflate.eof and not start):
            return True
        head, _, rest = start.partition(b"\r\n\r\n")
        length = re.search(rb"^Content-Length: *(\d{1,15})\s*$", head, re.IGNORECASE | re.MULTILINE)
        if length is None:  # damaged: others may follow
            return start.startswith(b"WARC/")
        left = int(length[1]) + 4 - len(rest)
        while left >= 0 and not inflate.eof and (packed := inflate.unconsumed_tail or stream.read(_PIECE)):
            left -= len(inflate.decompress(packed, _PIECE))
    except (OSError, zlib.error):
        return False
    return left < 0
