"""The JSON Lines file as a database: which articles it holds, and where the last line of each is.

There is no separate index: what must be remembered is read from the file at each start. ``output_file`` ensures
that a line is whole or absent.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from ifp_scraper.items import DUPLICATE_WORDS, SCHEMA_VERSION, Article, encode, text_hash
from ifp_scraper.storage.article_index import ArticleIndex
from ifp_scraper.storage.line_decoder import NOT_JSON, decode_line, is_interrupted
from ifp_scraper.storage.output_file import OutputFile, StoreError, explain

_BOM = b"\xef\xbb\xbf"

_MAX_LINE = 64 * 2**20
"""Maximum length of a line, in bytes."""

_BAD_NUMBERS = 20
"""How many numbers of bad lines are kept, for the summary."""


class _Identity(Protocol):
    """What tells which article something is of."""

    @property
    def id(self) -> int | None: ...

    @property
    def url(self) -> str: ...

    @property
    def published_at(self) -> str | None: ...


class StoredArticle(msgspec.Struct, gc=False, eq=False):
    """What is remembered about one article, from its last line.

    The object is updated when a new line supersedes that one.
    """

    number: int
    """Position in the order of first appearance in the file, from 0."""
    id: int | None = None
    url: str = ""
    modified_at: str | None = None
    published_at: str | None = None
    status: str = ""
    text_hash: bytes | None = None
    """See ``items.text_hash``."""
    offset: int = 0
    """Where the last line starts in the file, in bytes."""
    length: int = 0
    """Length of the last line, in bytes."""
    revision: int = 0
    seen_at: str | None = None
    """When the latest capture was made from which a line was read; a line may be of an earlier one than those before.

    RFC 3339 in UTC, as are all times here.
    """
    seen_before_edit: str | None = None
    """The same, of the lines of earlier revisions."""


@dataclass(slots=True)
class _Scan:
    """How far the file has been read, and what was found since the last line of JSON."""

    position: int = 0
    """Bytes read so far."""
    kept: int = 0
    """Bytes up to the end of the last line of JSON."""
    broken: list[int] = field(default_factory=list)
    """Numbers of the lines since then, none of which is an article."""
    interrupted: bool = True
    """Whether these look like what an interrupted crawl leaves behind."""
    unfinished: bool = False
    """Whether the last article lacks its newline."""


class Store:
    """The output file, opened for one crawl.

    Opening locks the file against other crawls, reads it, and cuts off an unfinished end. Of the lines that belong to
    the same article, see ``ArticleIndex``, the last one counts.

    Args:
        path: the ``.jsonl`` file; created, with its folders, if missing.
        start_over: empty the file first.
        on_line: called with every article read on opening.

    Raises:
        StoreError: if the file cannot be created, read or written, is locked by another crawl, was written by a
            newer version, or holds something other than articles. In that case, nothing has been changed.
    """

    path: Path
    lines: int
    """Number of lines that are articles, including superseded ones."""
    bad_lines: int
    """Number of lines skipped, but left in the file, because they are not JSON or not an article."""
    bad_line_numbers: list[int]
    """The first 20 of these line numbers, counted from 1."""
    repaired: int
    """Number of bytes cut from the end when the file was opened."""
    saved: Path | None
    """A copy of what was cut, if it was more than one line left unfinished by a crawl."""

    def __init__(
        self, path: Path, *, start_over: bool = False, on_line: Callable[[Article], None] | None = None
    ) -> None:
        self.path = Path(os.path.abspath(path))
        self.lines = self.bad_lines = self.repaired = 0
        self.bad_line_numbers = []
        self.saved = None
        self._on_line = on_line
        self._index = ArticleIndex(StoredArticle)
        self._by_text: dict[bytes, int] = {}
        self._file = OutputFile(self.path)
        try:
            if start_over:
                self._file.cut(0)
            self._load()
        except OSError as error:
            self._file.release()
            raise StoreError(f"{self.path} cannot be read or repaired: {explain(error)}") from error
        except BaseException:
            self._file.release()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of articles, including withdrawn ones."""
        return len(self._index)

    def find(self, id: int | None, url: str, published_at: str | None = None) -> StoredArticle | None:
        """Return what is known about an article; None if nothing is. See ``ArticleIndex.find``."""
        return self._index.find(id, url, published_at)

    def find_same(self, article: _Identity) -> StoredArticle | None:
        """Return what is known about an article that a list names, or that was read.

        One with most of the text of the last one with its id is that one, published again at another URL.
        """
        known = self.find(article.id, article.url, article.published_at)
        if known is None and isinstance(article, Article):
            known = self._index.republished(article.id, article.aliases)
            with_id = self._index.with_id(article.id)
            if known is None and with_id is not None and _is_alike(article, self.read(with_id)):
                return with_id
        return known

    def find_at(self, url: str) -> StoredArticle | None:
        """Return what is known about the article at a URL in any form: that of the page, of AMP, a shortlink."""
        return self.find(None, url)

    def articles(self) -> Iterator[StoredArticle]:
        """Yield every article once, in the order of first appearance in the file."""
        return iter(self._index)

    def read(self, known: StoredArticle) -> Article:
        """Read an article's last line back from the file.

        Raises:
            StoreError: if it is no longer there.
        """
        try:
            article = decode_line(self._file.read(known.offset, known.length))
        except (*NOT_JSON, OSError):
            article = None
        if article is None:
            raise StoreError(
                f"{self.path}: the line of {known.url} is no longer where it was; another program must have "
                "changed the file. Run the same command again."
            )
        return article

    def text_owner(self, text_hash: bytes | None, known: StoredArticle | None = None) -> StoredArticle | None:
        """Return the first article in the file whose last line has this text, for ``duplicate_of``; None if none has.

        Args:
            text_hash: from ``items.text_hash``.
            known: the article that may be the duplicate; None if it is new. Only articles that entered the file
                before it are returned, so that duplicates never refer to each other in a circle.
        """
        if text_hash is None or text_hash not in self._by_text:
            return None
        owner = self._index[self._by_text[text_hash]]
        if owner.text_hash != text_hash:
            # That one has been edited since: only now search for another article with this text.
            others = [other for other in self.articles() if other.text_hash == text_hash]
            if not others:
                del self._by_text[text_hash]
                return None
            owner = others[0]
            self._by_text[text_hash] = owner.number
        return owner if known is None or owner.number < known.number else None

    @property
    def newest_modified(self) -> str | None:
        """Return the latest ``modified_at`` of articles that are not gone; scans all of them."""
        return max((k.modified_at for k in self.articles() if k.modified_at and k.status != "gone"), default=None)

    @property
    def newest_published(self) -> str | None:
        """Return the latest ``published_at`` of articles that are not gone; scans all of them."""
        return max((k.published_at for k in self.articles() if k.published_at and k.status != "gone"), default=None)

    def append(self, article: Article) -> StoredArticle:
        """Write one line.

        Raises:
            StoreError: if the disk is full or fails (the file then ends with its last whole line), or somebody has
                removed, replaced or changed the file (what was written is saved first, see the message).
            ValueError: if the line would be longer than 64 MiB.
            msgspec.ValidationError, UnicodeEncodeError: as for ``items.encode``; nothing is written.
        """
        line = encode(article)
        if len(line) > _MAX_LINE:
            raise ValueError(f"the line of {article.url} is {len(line)} bytes long")
        offset = self._file.append(line)
        known = self._remember(article, offset, len(line))
        self.lines += 1
        self._file.check_and_sync()
        return known

    def close(self) -> None:
        """Sync the file and release it for other crawls; a second call does nothing.

        Raises:
            StoreError: as for ``append``.
        """
        self._file.close()

    def _load(self) -> None:
        """Read the file, and cut off anything after its last line of JSON, as left by a kill or a power loss.

        Earlier lines that are not articles are left alone.
        """
        scan = _Scan()
        for number, line in enumerate(self._file.lines(_MAX_LINE), 1):
            self._load_line(number, line, scan)
        if not self.lines and (self.bad_lines or not scan.interrupted):
            raise StoreError(
                f"{self.path} holds something other than articles of ifp_scraper: "
                "name another file, or move this one away."
            )
        if scan.kept < scan.position:
            if not scan.interrupted:
                self.saved = self._file.copy_before_cut(scan.kept, scan.position)
            self._file.cut(scan.kept)
            self.repaired = scan.position - scan.kept
        if scan.unfinished:
            self._file.append(b"\n")
        self._file.sync()

    def _load_line(self, number: int, line: bytes, scan: _Scan) -> None:
        start, scan.position = scan.position, scan.position + len(line)
        if start == 0 and line.startswith(_BOM):
            start, line = len(_BOM), line[len(_BOM) :]
        whole = line.endswith(b"\n")
        try:
            article = decode_line(line)
        except NOT_JSON:
            if line.strip():
                scan.broken.append(number)
                scan.interrupted = scan.interrupted and is_interrupted(line)
            elif whole and not scan.broken:
                scan.kept = scan.position
            return
        self._refuse_newer(article)
        if article is not None and article.url:
            scan.unfinished = not whole
            if self._on_line is not None:
                self._on_line(article)
            self._remember(article, start, len(line))
            self.lines += 1
        else:
            scan.broken.append(number)
            if not whole:
                scan.interrupted = False
                return
        self.bad_lines += len(scan.broken)
        self.bad_line_numbers += scan.broken[: _BAD_NUMBERS - len(self.bad_line_numbers)]
        scan.broken, scan.interrupted, scan.kept = [], True, scan.position

    def _refuse_newer(self, article: Article | None) -> None:
        if article is None or article.schema_version == SCHEMA_VERSION:
            return
        version = re.match(r"\d{1,9}", article.schema_version)
        if version and int(version[0]) > int(SCHEMA_VERSION):
            raise StoreError(
                f"{self.path} was written by a newer ifp_scraper (schema_version {version[0]}): "
                "install that version, or name another file."
            )

    def _remember(self, article: Article, offset: int, length: int) -> StoredArticle:
        """Note an article's last line, which is at this place in the file, in bytes."""
        known = self._index.add(article.id, article.url, article.aliases, article.published_at)
        if known.url != article.url:  # else keep the object that is the index's key, to save memory
            known.url = article.url
        known.published_at = article.published_at
        same_time = article.modified_at == article.published_at
        known.modified_at = known.published_at if same_time else article.modified_at  # one object, to save memory
        known.status = sys.intern(article.status)
        if article.revision > known.revision:
            known.seen_before_edit = known.seen_at
        known.revision = article.revision
        known.seen_at = max(known.seen_at or "", article.fetched_at or "") or None
        known.text_hash = text_hash(article)
        known.offset, known.length = offset, length
        if known.text_hash is not None and known.number <= self._by_text.get(known.text_hash, known.number):
            self._by_text[known.text_hash] = known.number
        return known


def _is_alike(one: Article, other: Article) -> bool:
    """Whether two articles share most words of the shorter one's text, or some text and the headline."""
    texts, others = ({block["text"] for block in article.blocks} for article in (one, other))
    shared, least = _words(texts & others), min(_words(texts), _words(others))
    same_headline = bool(one.headline) and one.headline == other.headline
    return (shared >= DUPLICATE_WORDS and 2 * shared > least) or (same_headline and shared > 0)


def _words(texts: set[str]) -> int:
    return sum(len(text.split()) for text in texts)
