"""The output file on disk: locked for one crawl, with appends that are whole or absent.

It knows nothing of articles; ``store`` does. POSIX only (``flock``).
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

_CHUNK = 2**20
_SYNC_SECONDS = 1.0


class StoreError(Exception):
    """A problem with the output file that the user must solve; ``str()`` says what is wrong and what to do."""


class OutputFile:
    """An open file, locked against other crawls.

    It is created, with its folders, if missing. ``fsync`` is called at most once a second, and by ``close``: a power
    loss may cost what was appended since the last call. If somebody removes or replaces the file while it is open, its
    content is saved to another file.

    Args:
        path: absolute path of the file.

    Raises:
        StoreError: if the file cannot be created or opened, or another crawl has locked it.
    """

    path: Path
    size: int
    """Expected size in bytes; if the size on disk differs, another program has changed the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unsynced = False
        self._synced_at = time.monotonic()
        self._failure: StoreError | None = None
        """Why nothing more can be written."""
        try:
            self._fd = _open_locked(path)
            self.size = os.fstat(self._fd).st_size
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {explain(error)}") from error

    def lines(self, longest: int) -> Iterator[bytes]:
        """Yield the lines from the start, newline included; one longer than ``longest`` bytes comes in parts."""
        with open(self._fd, "rb", buffering=_CHUNK, closefd=False) as file:
            yield from iter(lambda: file.readline(longest), b"")

    def read(self, offset: int, length: int) -> bytes:
        """Return a part of the file; both arguments are in bytes."""
        return os.pread(self._fd, length, offset)

    def cut(self, size: int) -> None:
        """Drop everything after the first ``size`` bytes.

        Raises:
            OSError: if the disk fails.
        """
        os.ftruncate(self._fd, size)
        self.size = size
        self._unsynced = True

    def append(self, data: bytes) -> int:
        """Append all of ``data`` or none of it, and return its offset; call ``check_and_sync`` next.

        Raises:
            StoreError: if the disk is full or fails, or another program has changed the file.
        """
        self._check_size()
        offset = self.size
        try:
            append_whole(self._fd, data, offset)
        except OSError as error:
            failure = self._cannot_write(error)
            if os.fstat(self._fd).st_size != offset:  # a part of it could not be removed either
                self._failure = failure
            raise failure from error
        self.size = offset + len(data)
        self._unsynced = True
        return offset

    def check_and_sync(self) -> None:
        """Check that the file is still at its path, and sync it if the last sync was a second ago.

        Raises:
            StoreError: if somebody removed or replaced it (the message says where its content was saved), or the
                disk fails.
        """
        self._check_place()
        if time.monotonic() - self._synced_at >= _SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Flush everything appended so far to the disk.

        Raises:
            StoreError: if the disk fails.
        """
        if self._unsynced:
            try:
                os.fsync(self._fd)
            except OSError as error:
                # A second fsync would succeed without having written anything.
                self._failure = self._cannot_write(error)
                raise self._failure from error
            self._unsynced = False
        self._synced_at = time.monotonic()

    def copy_before_cut(self, start: int, end: int) -> Path:
        """Copy a range of bytes to a new file beside this one, ``<name>.cut-<number>.bin``; return its path.

        Raises:
            OSError: if it cannot be written.
        """
        return self._copy(start, end, self._names_beside("cut", ".bin"))

    def close(self) -> None:
        """Sync the file and release it for other crawls; a second call does nothing.

        Raises:
            StoreError: as for ``check_and_sync``.
        """
        if self._fd < 0:
            return
        try:
            if self._failure is None:
                self._check_size()  # what another program has cut off cannot be saved
                self._check_place()
                self.sync()
        finally:
            self.release()

    def release(self) -> None:
        """Close the file as it is, without a final sync."""
        os.close(self._fd)
        self._fd = -1

    def _check_size(self) -> None:
        if self._failure is None and os.fstat(self._fd).st_size != self.size:
            self._failure = StoreError(
                f"{self.path} was changed by another program during the crawl: find out which, "
                "then run the same command again."
            )
        if self._failure is not None:
            raise self._failure

    def _check_place(self) -> None:
        try:
            there = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            self._failure = self._save("removed", [self.path])
        except OSError as error:
            self._failure = self._cannot_write(error)
        else:
            if os.path.samestat(there, os.fstat(self._fd)):
                return
            self._failure = self._save("replaced by another file", [])
        raise self._failure

    def _save(self, event: str, preferred: list[Path]) -> StoreError:
        """Save the content after somebody removed or replaced the file, and return the error for the user."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            names = chain(preferred, self._names_beside("recovered", ".jsonl"))
            place = self._copy(0, self.size, names)
        except OSError as error:
            return StoreError(f"{self.path} was {event} during the crawl, and could not be saved: {explain(error)}.")
        return StoreError(
            f"{self.path} was {event} during the crawl. Nothing is lost: what it held is in {place}. "
            "Run the same command again to continue."
        )

    def _names_beside(self, kind: str, suffix: str) -> Iterator[Path]:
        return (self.path.with_name(f"{self.path.stem}.{kind}-{number}{suffix}") for number in count(1))

    def _copy(self, start: int, end: int, names: Iterable[Path]) -> Path:
        """Copy a range of bytes to the first of these names that is free."""
        for name in names:
            try:
                copy = open(name, "xb")  # noqa: SIM115
            except FileExistsError:
                continue
            with copy:
                while start < end:
                    chunk = os.pread(self._fd, min(_CHUNK, end - start), start)
                    start += copy.write(chunk)
                copy.flush()
                os.fsync(copy.fileno())
            return name
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _cannot_write(self, error: OSError) -> StoreError:
        return StoreError(f"{self.path} cannot be written: {explain(error)}. It ends with a whole line.")


def append_whole(fd: int, data: bytes, size: int) -> None:
    """Append all of ``data`` to an open file of ``size`` bytes; on any error, remove what was written.

    Raises:
        OSError: if it cannot be written.
    """
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except BaseException:
        with suppress(OSError):
            os.ftruncate(fd, size)
        raise


def _open_locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            opened = os.fstat(fd)
            if not stat.S_ISREG(opened.st_mode):
                raise StoreError(f"{path} is not a regular file: name another.")
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"Another crawl is writing {path}: wait until it ends, or name another file."
                ) from None
            with suppress(FileNotFoundError):
                # Between open and lock, the file may have been removed or replaced: then open it again.
                if os.path.samestat(opened, os.stat(path)):
                    if opened.st_size == 0:
                        _sync_folder(path.parent)
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _sync_folder(folder: Path) -> None:
    """Flush a new file's directory entry to the disk."""
    with suppress(OSError):  # not every file system can
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def explain(error: OSError, option: str = "with -o") -> str:
    """Return in plain words why a file cannot be used, and what to do.

    Args:
        error: the operating system's error.
        option: how the user can name another file.
    """
    reason = _REASONS.get(error.errno or 0) or f"{error.strerror or error}; choose another place {{option}}"
    return reason.replace("{option}", option)


_NOT_A_FOLDER = "a part of its path is a file, not a folder; choose another place {option}"
_NO_PERMISSION = "no permission; change its permissions or choose another place {option}"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EFBIG: "the file may not grow any further (ulimit -f, or the file system); choose another {option}",
    errno.EISDIR: "it is a folder; name a file {option}",
    errno.EEXIST: _NOT_A_FOLDER,
    errno.ENOTDIR: _NOT_A_FOLDER,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: "the disk is read-only; choose another place {option}",
}
