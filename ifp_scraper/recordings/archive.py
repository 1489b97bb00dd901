"""Reads recordings: an index of WARC and WACZ files, and the download handler that answers from them, offline."""

from __future__ import annotations

import glob
import logging
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urldefrag

from fastwarc.warc import WarcRecord
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from w3lib.url import safe_url_string

from ifp_scraper import urls
from ifp_scraper.recordings.codings import plain_body
from ifp_scraper.recordings.decompress import seekable
from ifp_scraper.recordings.warc_reader import (
    Revisit,
    is_whole,
    payload_digest,
    read_responses,
    record_address,
    record_time,
)
from ifp_scraper.recordings.wayback import unwrap_address, unwrap_page

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
SAMPLE = "sample"


class NotInRecording(IgnoreRequest):
    """No recording holds a response to this request, which is not a failure."""


class RecordingError(Exception):
    """A recording is missing or cannot be read; ``str()`` is one plain sentence."""


@dataclass(slots=True, frozen=True)
class Recorded:
    """One recorded response: what it is, and where its record starts."""

    url: str
    captured_at: datetime
    status: int
    content_type: str
    file: int
    """Index in ``Archive.files``."""

    member: str
    """Name inside a WACZ file; empty for a WARC file."""

    offset: int
    """Offset from the start of the member, in bytes."""

    wayback: bool
    """Whether the Wayback Machine served it, and thus rewrote its links."""

    original: Recorded | None = None
    """The capture that has the body, if this one is a ``revisit`` record."""

    @property
    def body_age(self) -> timedelta:
        """For how long the body had existed, as far as is known."""
        return max(self.captured_at - self.original.captured_at, timedelta(0)) if self.original else timedelta(0)

    @property
    def page_urls(self) -> list[str]:
        """Return just the URL, as ``discovery.readings.Captured`` requires."""
        return [self.url]


def recordings(*paths: str) -> list[Path]:
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
        if name == SAMPLE:
            found.append(Path(str(resources.files("ifp_scraper") / "data" / "sample.warc.gz")))
            continue
        path = Path(name)
        if os.path.isdir(name):  # unlike path.is_dir(), false for a name that no file can have
            # Unlike path.rglob(), it skips a folder that vanishes in the meantime or may not be read.
            everything = (Path(folder, name) for folder, _, names in os.walk(name) for name in names)
            inside = sorted(file for file in everything if file.name.endswith(SUFFIXES) and _may_be_read(file))
            if not inside:
                raise RecordingError(f"the folder {name} holds no {', '.join(SUFFIXES)} file")
            found.extend(inside)
        elif os.path.isfile(name):
            if not name.endswith(SUFFIXES):
                raise RecordingError(f"{name} is not a recording: its name must end in {', '.join(SUFFIXES)}")
            found.append(path)
        elif matches := sorted(glob.glob(name, recursive=True)):
            found.extend(Path(match) for match in matches if match.endswith(SUFFIXES) and _may_be_read(Path(match)))
        else:
            raise RecordingError(f"there is no recording {name}")
    if not found:
        raise RecordingError("archive= names no recording")
    return list(dict.fromkeys(found))


def _may_be_read(path: Path) -> bool:
    """Whether this is a file, not a folder or pipe; also true for a broken link, so that opening it complains."""
    return path.is_file() or not path.exists()


def output_name(paths: str) -> str:
    """Return the name of an archive run's output, without its suffix."""
    names = recordings(paths)
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


class Archive:
    """Index of the recorded responses by URL; bodies stay on disk.

    Raises:
        RecordingError: if no response can be read.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = files = seekable(files)
        self.records: list[Recorded] = []
        self.unreadable: list[str] = []
        originals: dict[str, Recorded] = {}
        revisits: list[Revisit] = []
        for number, path in enumerate(files):
            before = len(self.records) + len(revisits)
            try:
                self._index(number, path, originals, revisits)
            except (OSError, zipfile.BadZipFile, ValueError, EOFError) as error:
                self._complain(path, error)
            if len(self.records) + len(revisits) == before and str(path) not in self.unreadable:
                self.unreadable.append(str(path))
                logger.warning("%s holds no response that can be read", path)
        if not self.records:
            raise RecordingError(f"nothing can be read in {', '.join(map(str, files))}")
        for revisit in revisits:
            if original := originals.get(revisit.digest):
                again = replace(original, url=revisit.url, captured_at=revisit.captured_at, original=original)
                self.records.append(again)
        self._by_key: dict[str, list[Recorded]] = {}
        for record in self.records:
            self._by_key.setdefault(_key(record.url), []).append(record)
        for captures in self._by_key.values():
            captures.sort(key=lambda record: record.captured_at)

    def site(self, wanted: str) -> str:
        """Return the root of the recorded site; see ``site_of``."""
        own = (record for record in self.records if record.original is None)
        return site_of(
            (record.url for record in own if record.status == 200 and "html" in record.content_type), wanted
        )

    def find(self, url: str, reading: Collection[Recorded] | None = None) -> Recorded | None:
        """Return the latest capture of a URL; None if there is none.

        Args:
            url: the URL.
            reading: accept only these captures, or a redirect; None accepts any.
        """
        captures = self._by_key.get(_key(url), [])
        if reading is not None:
            redirects = [record for record in captures if 300 <= record.status < 400]
            captures = [record for record in captures if record in reading] or redirects
        return captures[-1] if captures else None

    def read(self, record: Recorded) -> tuple[list[tuple[str, str]], bytes]:
        """Return the headers and the body of a recorded response, the body as ``plain_body`` gives it.

        Raises:
            RecordingError: if it can no longer be read.
        """
        record = record.original or record
        path = self.files[record.file]
        try:
            found = self._read_again(path, record)
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path}: the record of {record.url} cannot be read: {error}") from error
        if found is None:
            raise RecordingError(f"{path} has changed while it was read")
        return found

    def _read_again(self, path: Path, record: Recorded) -> tuple[list[tuple[str, str]], bytes] | None:
        with open_members(path) as members:
            for name, stream in members:
                if name != record.member:
                    continue
                # More than one record starts here if a gzip member holds several.
                for found, body in read_responses(stream, str(path), record.offset, record.offset + 1, []):
                    if _recorded(found, record.file, record.member) == record:
                        headers = list(found.http_headers or ())
                        body = plain_body(body, headers)
                        return headers, unwrap_page(body) if record.wayback else body
        return None

    def _index(self, number: int, path: Path, originals: dict[str, Recorded], revisits: list[Revisit]) -> None:
        faults: list[str] = []
        with open_members(path) as members:
            for member, stream in members:
                size = stream.seek(0, os.SEEK_END)
                for record, _ in read_responses(stream, str(path), 0, size, faults, revisits):
                    recorded = _recorded(record, number, member)
                    if recorded is None:
                        continue
                    self.records.append(recorded)
                    is_original = is_whole(record, faults) and is_page(recorded.status, recorded.content_type)
                    if is_original and (digest := payload_digest(record)):
                        originals.setdefault(digest, recorded)
        if faults:
            self.unreadable.append(str(path))
            logger.warning("%s; it was skipped, the rest was read", faults[0])

    def _complain(self, path: Path, error: Exception) -> None:
        self.unreadable.append(str(path))
        logger.warning("%s: what follows cannot be read (%s); the rest was", path, error)


def site_of(pages: Iterable[str], wanted: str) -> str:
    """Return the root of the site of recorded pages: the wanted one if it has a page, else the one with most pages.

    Args:
        pages: their URLs; no more are consumed than needed.
        wanted: root of the site that the settings name; also returned if there are no pages.
    """
    found: Counter[str] = Counter()
    for url in pages:
        if urls.host(url) == urls.host(wanted):
            return wanted
        found["/".join(url.split("/", 3)[:3])] += 1
    return found.most_common(1)[0][0] if found else wanted


def is_page(status: int, content_type: str) -> bool:
    """Whether a response may be an article's page."""
    return status == 200 and ("html" in content_type or not content_type)


def _recorded(record: WarcRecord, number: int, member: str) -> Recorded | None:
    address = record_address(record)
    url, kept_at = unwrap_address(address)
    head = record.http_headers
    if head is None or head.status_code is None or not url.startswith(("http://", "https://")):
        return None
    content_type = (record.http_content_type or "").lower()
    captured_at = kept_at or record_time(record)
    return Recorded(
        url, captured_at, head.status_code, content_type, number, member, record.stream_pos, url != address
    )


def _key(url: str) -> str:
    """Return a URL without scheme, ``www.`` and fragment, which do not distinguish recorded URLs."""
    with suppress(ValueError):  # as requests write URLs: host in lower case, percent-encoded
        url = safe_url_string(url)
    return urldefrag(url)[0].split("://", 1)[-1].removeprefix("www.")


class ArchiveDownloadHandler:
    """Answers every request from the recordings: no connection is made, and no DNS lookup."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveDownloadHandler:
        """Make the handler of a crawl."""
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """Return the recorded response.

        Raises:
            NotInRecording: if there is none.
        """
        archive: Archive = self._crawler.spider.archive  # type: ignore[union-attr]
        record = archive.find(request.url, request.meta.get("captures"))
        if record is None:
            raise NotInRecording(f"not in the recording: {request.url}")
        pairs, body = archive.read(record)
        request.meta["captured_at"] = record.captured_at
        request.meta["body_age"] = record.body_age
        headers = Headers()
        for name, value in pairs:
            if name.lower() not in ("transfer-encoding", "content-length", "content-encoding"):
                headers.appendlist(name, value)
        kind = responsetypes.from_args(headers=headers, url=record.url, body=body)
        return kind(url=record.url, status=record.status, headers=headers, body=body)

    async def close(self) -> None:
        """Do nothing: nothing is held open."""


_HANDLER = "ifp_scraper.recordings.archive.ArchiveDownloadHandler"
OFFLINE = {
    "DOWNLOAD_HANDLERS": {
        "http": _HANDLER,
        "https": _HANDLER,
        "file": None,
        "ftp": None,
        "s3": None,
        "data": None,
    },
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "IFP_ARCHIVE": None,
}
"""Settings of an archive run: no handler that could open a socket, and no delays."""
