"""The JSON Lines file as the database: open, repair, know what is there, append whole lines.

A line is whole or absent. There is no index beside the file: what must be remembered is read from it at each
start. POSIX only (``flock``).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from types import TracebackType
from typing import Any, get_type_hints

import msgspec

from ifp_scraper import urls
from ifp_scraper.dates import parse_utc
from ifp_scraper.items import SCHEMA_VERSION, Article, decode, encode
from ifp_scraper.revisions import text_hash

_BOM = b"\xef\xbb\xbf"
_MAX_LINE = 64 * 2**20
_CHUNK = 2**20
_SYNC_SECONDS = 1.0
_BAD_NUMBERS = 20
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_HINTS = get_type_hints(Article)
_TIMES = ("published_at", "modified_at", "fetched_at")


class StoreError(Exception):
    """A problem with the output file that the user must solve; ``str()`` says plainly what is wrong and what to do."""


class Known(msgspec.Struct, gc=False, eq=False):
    """What is remembered of one article: mostly what its last line says.

    An article whose line is superseded keeps its Known; it is updated in place.
    """

    number: int
    """Place in the order of first appearance in the file, from 0."""
    id: int | None
    url: str
    modified_at: str | None
    published_at: str | None
    layout: str
    extractor_version: str
    status: str
    revision: int
    text_hash: bytes | None
    """See ``revisions.text_hash``."""
    offset: int
    """Where its last line starts in the file, bytes."""
    length: int
    """Of that line, bytes."""


class Store:
    """The output file, opened for one crawl.

    Opening creates the file and its folders where missing, locks it against other crawls, reads it, and cuts
    an unfinished end. One article is one ``id``, or one ``url`` where an id is missing. Where an article has
    several lines, the last one counts. While appending, ``fsync`` is called at most once a second, and again
    by ``close``: power loss can cost the lines appended since, whole lines only.

    Args:
        path: the ``.jsonl`` file.
        start_over: empty the file first.
        on_line: called with every article that is read while opening.

    Raises:
        StoreError: the file cannot be created, read or written, is locked by another crawl, was written by a
            newer version, or holds something else than articles. Nothing has been changed then.
    """

    path: Path
    lines: int
    """Lines that are articles, superseded ones included."""
    bad_lines: int
    """Lines that were skipped and stay in the file, because they are no JSON or no article."""
    bad_line_numbers: list[int]
    """The first of them, counted from 1, at most 20."""
    repaired: int
    """Bytes cut from the end when the file was opened."""
    saved: Path | None
    """A copy of what was cut, when it was more than one line that a crawl had not finished."""

    def __init__(
        self, path: Path, *, start_over: bool = False, on_line: Callable[[Article], None] | None = None
    ) -> None:
        self.path = Path(os.path.abspath(path))
        self.lines = self.bad_lines = self.repaired = 0
        self.bad_line_numbers = []
        self.saved = None
        self._on_line = on_line
        self._articles: list[Known] = []
        self._by_id: dict[int, int] = {}
        self._by_url: dict[str, int] = {}
        # Keyed by the string's 64-bit hash: a crawl sees several aliases of every article, and their text
        # would double the memory.
        self._by_alias: dict[int, int] = {}
        self._by_text: dict[bytes, int] = {}
        self._size = 0
        self._unsynced = False
        self._synced_at = time.monotonic()
        self._lost: StoreError | None = None
        try:
            self._fd = _open_locked(self.path)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {explain(error)}") from error
        try:
            if start_over:
                os.ftruncate(self._fd, 0)
            self._load()
        except OSError as error:
            self._release()
            raise StoreError(f"{self.path} cannot be read or repaired: {explain(error)}") from error
        except BaseException:
            self._release()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of articles, withdrawn ones included."""
        return sum(1 for _ in self.known())

    def find(self, id: int | None, url: str) -> Known | None:
        """Return what is known of an article, looked up by id, then by canonical URL, then by aliases.

        Two articles that both have an id and differ in it are never the same.
        """
        number = self._by_id.get(id) if id is not None else None
        if number is not None:
            return self._articles[number]
        key = _key(url)
        number = self._by_url.get(key)
        if number is None:
            number = self._by_alias.get(hash(key))
        if number is None:
            return None
        known = self._articles[number]
        return known if id is None or known.id is None else None

    def known(self) -> Iterator[Known]:
        """Yield every article once, in the order of first appearance in the file."""
        return (known for place, known in enumerate(self._articles) if known.number == place)

    def read(self, known: Known) -> Article:
        """Read an article's last line back from the file.

        Raises:
            StoreError: it is no longer there.
        """
        try:
            article = _parse(os.pread(self._fd, known.length, known.offset))
        except (*_NOT_JSON, OSError):
            article = None
        if article is None:
            raise StoreError(
                f"{self.path}: the line of {known.url} is no longer where it was; another program must have "
                "changed the file. Run the same command again."
            )
        return article

    def text_owner(self, text_hash: bytes | None, known: Known | None = None) -> Known | None:
        """Return the first article whose last line has this text, for ``duplicate_of``.

        Args:
            text_hash: from ``revisions.text_hash``.
            known: the article that asks, None for a new one. It is never told of itself nor of an article
                that came into the file after it, so that duplicates never point at each other in a circle.
        """
        if text_hash is None or text_hash not in self._by_text:
            return None
        owner = self._articles[self._by_text[text_hash]]
        if owner.text_hash != text_hash:
            # It was edited since. The next one is searched only when somebody asks.
            others = [other for other in self.known() if other.text_hash == text_hash]
            if not others:
                del self._by_text[text_hash]
                return None
            owner = others[0]
            self._by_text[text_hash] = owner.number
        return owner if known is None or owner.number < known.number else None

    @property
    def newest_modified(self) -> str | None:
        """The latest ``modified_at`` of the articles that are not gone. Goes through them all."""
        return max((k.modified_at for k in self.known() if k.modified_at and k.status != "gone"), default=None)

    @property
    def newest_published(self) -> str | None:
        """The latest ``published_at`` of the articles that are not gone. Goes through them all."""
        return max((k.published_at for k in self.known() if k.published_at and k.status != "gone"), default=None)

    def append(self, article: Article) -> Known:
        """Write one line.

        Raises:
            StoreError: the disk is full or fails (the file then ends with its last whole line), or somebody
                removed, replaced or changed the file (what was written is saved first, see the message).
            ValueError: the line would be longer than 64 MiB.
            msgspec.ValidationError, UnicodeEncodeError: as ``items.encode``; nothing is written.
        """
        line = encode(article)
        if len(line) > _MAX_LINE:
            raise ValueError(f"the line of {article.url} is {len(line)} bytes long")
        self._check_size()
        offset = self._size
        self._write(line)
        known = self._remember(article, offset, len(line))
        self.lines += 1
        self._check_place()
        if time.monotonic() - self._synced_at >= _SYNC_SECONDS:
            self.sync()
        return known

    def sync(self) -> None:
        """Bring everything appended so far onto the disk.

        Raises:
            StoreError: the disk refuses.
        """
        if self._unsynced:
            try:
                os.fsync(self._fd)
            except OSError as error:
                # A second fsync would succeed without having written anything.
                self._lost = self._cannot_write(error)
                raise self._lost from error
            self._unsynced = False
        self._synced_at = time.monotonic()

    def close(self) -> None:
        """Sync, and release the file for other crawls. A second call does nothing.

        Raises:
            StoreError: as ``append``.
        """
        if self._fd < 0:
            return
        try:
            if self._lost is None:
                self._check_place()
                self.sync()
        finally:
            self._release()

    def _release(self) -> None:
        os.close(self._fd)
        self._fd = -1

    def _load(self) -> None:
        position = end = 0  # everything before ``end`` is kept
        pending: list[int] = []  # numbers of the lines since, none of which is JSON
        ours = True  # whether they look like what an interrupted crawl leaves
        unfinished = False
        with open(self._fd, "rb", buffering=_CHUNK, closefd=False) as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE), b""), 1):
                start, position = position, position + len(line)
                if start == 0 and line.startswith(_BOM):
                    start, line = len(_BOM), line[len(_BOM) :]
                whole = line.endswith(b"\n")
                try:
                    article = _parse(line)
                except _NOT_JSON:
                    if line.strip():
                        pending.append(number)
                        ours = ours and _interrupted(line)
                    elif whole and not pending:
                        end = position
                    continue
                self._refuse_newer(article)
                if article is not None and article.url:
                    unfinished = not whole
                    if self._on_line is not None:
                        self._on_line(article)
                    self._remember(article, start, position - start)
                    self.lines += 1
                else:
                    pending.append(number)
                    if not whole:
                        ours = False
                        continue
                self.bad_lines += len(pending)
                self.bad_line_numbers += pending[: _BAD_NUMBERS - len(self.bad_line_numbers)]
                pending, ours, end = [], True, position
        if not self.lines and (self.bad_lines or not ours):
            raise StoreError(
                f"{self.path} holds something else than articles of ifp_scraper: "
                "name another file with -o, or move this one away."
            )
        self._repair_end(end, position, ours=ours, unfinished=unfinished)

    def _repair_end(self, end: int, position: int, *, ours: bool, unfinished: bool) -> None:
        """Cut the file at ``end``, or end its last line.

        Args:
            end: where what is kept ends.
            position: where the file ends.
            ours: whether what is cut looks like what an interrupted crawl leaves; else a copy of it is saved.
            unfinished: whether the last line is an article without its newline.
        """
        if end < position:
            if not ours:
                self.saved = self._copy(end, position, self._siblings("cut", ".bin"))
            os.ftruncate(self._fd, end)
            self.repaired = position - end
        self._size = end
        if unfinished:
            self._write(b"\n")
        if self.repaired or unfinished:
            os.fsync(self._fd)

    def _refuse_newer(self, article: Article | None) -> None:
        if article is None or article.schema_version == SCHEMA_VERSION:
            return
        version = re.match(r"\d+", article.schema_version)
        if version and int(version[0]) > int(SCHEMA_VERSION):
            raise StoreError(
                f"{self.path} was written by a newer ifp_scraper (schema_version {version[0]}): "
                "install that version, or name another file with -o."
            )

    def _remember(self, article: Article, offset: int, length: int) -> Known:
        known = self.find(article.id, article.url)
        if known is None:
            known = Known(len(self._articles), None, "", None, None, "", "", "", 1, None, 0, 0)
            self._articles.append(known)
        number = known.number
        if article.id is not None:
            known.id = article.id
            self._by_id[article.id] = number
        # The id shows that an article met by URL alone is this one: its place is pointed here.
        key = _key(article.url)
        other = self._articles[self._by_url.get(key, number)]
        if other is not known and other.id is None:
            self._articles[other.number] = known
        if known.url != article.url:
            known.url = article.url
            self._by_url[key] = number
        for url in article.aliases:
            if urls.post_id(url) is None:  # /?p=658 would stand for the home page
                self._by_alias[hash(_key(url))] = number
        known.published_at = article.published_at
        same_time = article.modified_at == article.published_at
        known.modified_at = known.published_at if same_time else article.modified_at
        known.layout = sys.intern(article.layout)
        known.extractor_version = sys.intern(article.extractor_version)
        known.status = sys.intern(article.status)
        known.revision = article.revision
        known.text_hash = text_hash(article)
        known.offset, known.length = offset, length
        if known.text_hash is not None and number <= self._by_text.get(known.text_hash, number):
            self._by_text[known.text_hash] = number
        return known

    def _write(self, data: bytes) -> None:
        view, end = memoryview(data), self._size + len(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
            self._size = end
        except BaseException as error:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError as failed:
                self._lost = self._cannot_write(failed)
            if isinstance(error, OSError):
                raise self._cannot_write(error) from error
            raise
        self._unsynced = True

    def _check_size(self) -> None:
        if self._lost is None and os.fstat(self._fd).st_size != self._size:
            self._lost = StoreError(
                f"{self.path} was changed by another program during the crawl: see what that was, "
                "then run the same command again."
            )
        if self._lost is not None:
            raise self._lost

    def _check_place(self) -> None:
        try:
            there = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            self._lost = self._recover("removed", [self.path])
        except OSError as error:
            self._lost = self._cannot_write(error)
        else:
            if os.path.samestat(there, os.fstat(self._fd)):
                return
            self._lost = self._recover("replaced by another file", [])
        raise self._lost

    def _recover(self, event: str, places: list[Path]) -> StoreError:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            place = self._copy(0, self._size, chain(places, self._siblings("recovered", ".jsonl")))
        except OSError as error:
            return StoreError(f"{self.path} was {event} during the crawl, and could not be saved: {explain(error)}.")
        return StoreError(
            f"{self.path} was {event} during the crawl. Nothing is lost: what it held is in {place}. "
            "Run the same command again to go on."
        )

    def _siblings(self, kind: str, suffix: str) -> Iterator[Path]:
        return (self.path.with_name(f"{self.path.stem}.{kind}-{number}{suffix}") for number in count(1))

    def _copy(self, start: int, end: int, places: Iterable[Path]) -> Path:
        """Copy a range of the file to the first of the places where nothing stands yet."""
        for place in places:
            try:
                copy = open(place, "xb")  # noqa: SIM115
            except FileExistsError:
                continue
            with copy:
                while start < end:
                    chunk = os.pread(self._fd, min(_CHUNK, end - start), start)
                    start += copy.write(chunk)
                copy.flush()
                os.fsync(copy.fileno())
            return place
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _cannot_write(self, error: OSError) -> StoreError:
        return StoreError(f"{self.path} cannot be written: {explain(error)}. It ends with a whole line.")


def _open_locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            opened = os.fstat(fd)
            if not stat.S_ISREG(opened.st_mode):
                raise StoreError(f"{path} is not a regular file: name another with -o.")
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"Another crawl is writing {path}: wait until it ends, or name another file with -o."
                ) from None
            with suppress(FileNotFoundError):
                # Between open and lock the file may have been removed or replaced.
                if os.path.samestat(opened, os.stat(path)):
                    if opened.st_size == 0:
                        _sync_folder(path.parent)
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _key(url: str) -> str:
    """The form in which addresses are compared; mostly the string itself, so that it is kept once."""
    key = urls.canonical(url)
    return url if key == url else key


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system can
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _parse(line: bytes) -> Article | None:
    """Read a line as far as it goes; None when it is JSON but no object. Raises ``_NOT_JSON``."""
    try:
        article = decode(line)
    except msgspec.ValidationError:
        values: Any = msgspec.json.decode(line)
        if not isinstance(values, dict):
            return None
        article = _convert(values)
    for name in _TIMES:  # they are compared as texts
        if (text := getattr(article, name)) and not _is_time(text):
            setattr(article, name, None)
    return article


def _convert(values: dict[str, Any]) -> Article:
    if "schema_version" in values:
        values["schema_version"] = str(values["schema_version"])
    article = Article()
    for name, hint in _HINTS.items():
        with suppress(KeyError, msgspec.ValidationError):
            setattr(article, name, msgspec.convert(values[name], hint))
    return article


def _is_time(text: str) -> bool:
    """Whether it is a time as ``format_utc`` writes it."""
    try:
        return len(text) == 20 and text.endswith("Z") and parse_utc(text) is not None
    except ValueError:
        return False


def _interrupted(line: bytes) -> bool:
    """Tell whether a crawl cut off by a kill or a power loss can have left this, which is not JSON."""
    text = line.strip(b"\0")
    return not text or (text.startswith(b"{") and (b"\0" in text or not text.endswith(b"\n")))


def explain(error: OSError) -> str:
    """Say in plain words why a file cannot be used, and what to do."""
    return _REASONS.get(error.errno or 0) or f"{error.strerror or error}; choose another place with -o"


_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EFBIG: "the file may not grow any further (ulimit -f, or the file system); choose another with -o",
    errno.EISDIR: "it is a folder; name a file with -o",
    errno.EEXIST: "a part of its path is a file, not a folder; choose another place with -o",
    errno.ENOTDIR: "a part of its path is a file, not a folder; choose another place with -o",
    errno.EACCES: "no permission; change its permissions or choose another place with -o",
    errno.EPERM: "no permission; change its permissions or choose another place with -o",
    errno.EROFS: "the disk is read-only; choose another place with -o",
}
