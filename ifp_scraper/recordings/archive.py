"""An index of the responses in recordings, by URL."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urldefrag
from zlib import crc32

from fastwarc.warc import WarcRecord
from w3lib.url import safe_url_string

from ifp_scraper import urls
from ifp_scraper.options import Options
from ifp_scraper.recordings.codings import plain_body
from ifp_scraper.recordings.decompress import seekable, source_name
from ifp_scraper.recordings.files import UNREADABLE, RecordingError, find_recordings, open_members
from ifp_scraper.recordings.warc_reader import (
    Fault,
    Revisit,
    capture_in,
    content_type,
    first_header,
    payload_digest,
    read_responses,
    record_address,
)
from ifp_scraper.recordings.wayback import unwrap_address, unwrap_page
from ifp_scraper.responses import OF_PAGES

logger = logging.getLogger(__name__)

_PORT = re.compile(r"^([^/?]*):(?:80|443)(?=[/?]|$)")
"""The port of ``http`` or ``https``, which some recordings name, such as old ones of the Wayback Machine."""


class CaptureIdentity(Protocol):
    """A capture in a recording."""

    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def captured_at(self) -> datetime: ...  # noqa: D102
    @property
    def is_revisit(self) -> bool:
        """Whether its body is that of another capture."""

    @property
    def length(self) -> int:
        """Length of its body as recorded, in bytes."""

    @property
    def checksum(self) -> int:
        """CRC-32 of the body as recorded; 0 for what is no page."""


def capture_order(capture: CaptureIdentity) -> tuple[datetime, bool, int, int]:
    """Return the sort key of captures. Many recordings name only the second: of one, they are in the files' order.

    Not revisits, which follow: ``scrapy extract`` meets them in that of their bodies.
    """
    body = (capture.length, capture.checksum) if capture.is_revisit else (0, 0)
    return capture.captured_at, capture.is_revisit, *body


def identity(capture: CaptureIdentity) -> tuple[datetime, bool, str, int, int]:
    """Return what only captures share that are the same one, as where recordings overlap."""
    return capture.captured_at, capture.is_revisit, capture.url, capture.length, capture.checksum


@dataclass(slots=True, frozen=True)
class Recorded:
    """One recorded response: what it is, and where its record starts."""

    url: str
    captured_at: datetime
    status: int
    content_type: str
    file: int
    """Index in ``Archive.files``."""

    offset: int
    """Offset in the file, in bytes."""

    length: int
    checksum: int
    wayback: bool
    """Whether the Wayback Machine served it, and thus rewrote its links."""

    target: str | None = None
    """Where it redirects; see ``redirect_target``."""

    original: Recorded | None = None
    """The first capture that has the body, if this one is a ``revisit`` record."""

    @property
    def is_revisit(self) -> bool:
        """See ``CaptureIdentity``."""
        return self.original is not None

    @property
    def body_age(self) -> timedelta:
        """For how long the body had existed, as far as is known."""
        return max(self.captured_at - self.original.captured_at, timedelta(0)) if self.original else timedelta(0)

    @property
    def page_urls(self) -> list[str]:
        """Return just the URL, as ``discovery.readings.Captured`` requires."""
        return [self.url]


class Archive:
    """Index of the recorded responses by URL; bodies stay on disk.

    Raises:
        RecordingError: if no response can be read.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = files = seekable(files)
        self.records: list[Recorded] = []
        originals: dict[str, Recorded] = {}
        revisits: list[Revisit] = []
        names = dict.fromkeys(map(source_name, files))
        empty = names.copy()  # a recording may have been unpacked to several files
        for number, path in enumerate(files):
            before = len(self.records) + len(revisits)
            complaint = self._index(number, path, originals, revisits)
            if complaint is not None:
                logger.warning("%s", complaint)
            if complaint is not None or len(self.records) + len(revisits) > before:
                empty.pop(source_name(path), None)
        for name in empty:
            logger.warning("%s holds no response that can be read", name)
        if not self.records:
            raise RecordingError(f"nothing can be read in {', '.join(names)}")
        for revisit in dict.fromkeys(revisits):  # recordings may overlap
            if original := originals.get(revisit.digest):
                again = replace(original, url=revisit.url, captured_at=revisit.captured_at, original=original)
                self.records.append(again)
        self._by_key: dict[str, list[Recorded]] = {}
        for record in self.records:
            self._by_key.setdefault(_key(record.url), []).append(record)
        for captures in self._by_key.values():
            captures.sort(key=capture_order)

    def site(self, wanted: str) -> str:
        """Return the root of the recorded site; see ``site_of``."""
        own = (record for record in self.records if record.original is None)
        return site_of(((record.url, record.status, record.content_type) for record in own), wanted)

    def find(self, url: str, captures: Collection[Recorded] | None = None) -> Recorded | None:
        """Return the latest capture of a URL; None if there is none.

        Args:
            url: the URL.
            captures: accept only these, or a redirect; None accepts any.
        """
        found = self._by_key.get(_key(url), [])
        if captures is not None:
            redirects = [record for record in found if 300 <= record.status < 400]
            found = [record for record in found if record in captures] or redirects
        return found[-1] if found else None

    def read(self, record: Recorded) -> tuple[list[tuple[str, str]], bytes]:
        """Return the headers and the body of a recorded response, the body as ``plain_body`` gives it.

        Raises:
            RecordingError: if it can no longer be read.
        """
        record = record.original or record
        path = self.files[record.file]
        try:
            found = self._read_again(path, record)
        except UNREADABLE as error:
            raise RecordingError(f"{source_name(path)}: the record of {record.url} cannot be read: {error}") from error
        if found is None:
            raise RecordingError(f"{source_name(path)} has changed while it was read")
        return found

    def _read_again(self, path: Path, record: Recorded) -> tuple[list[tuple[str, str]], bytes] | None:
        with open_members(path) as members:
            for stream, start, end in members:
                if not start <= record.offset < end:
                    continue
                # More than one record starts here if a gzip member holds several.
                for found, body, _ in read_responses(stream, str(path), record.offset, record.offset + 1, []):
                    if _recorded(found, record.file, body) == record:
                        headers = list(found.http_headers or ())
                        body = plain_body(body, headers)
                        return headers, unwrap_page(body) if record.wayback else body
        return None

    def _index(self, number: int, path: Path, originals: dict[str, Recorded], revisits: list[Revisit]) -> str | None:
        """Add what a file holds; return what to tell the user if not all of it can be read."""
        faults: list[Fault] = []
        try:
            with open_members(path) as members:
                for stream, start, end in members:
                    for record, body, is_whole in read_responses(
                        stream, source_name(path), start, end, faults, revisits
                    ):
                        self._add(_recorded(record, number, body), record, originals, is_whole=is_whole)
        except UNREADABLE as error:
            return f"{source_name(path)}: what follows cannot be read ({error}); the rest was"
        return f"{faults[0]}; it was skipped, the rest was read" if faults else None

    def _add(
        self, recorded: Recorded | None, record: WarcRecord, originals: dict[str, Recorded], *, is_whole: bool
    ) -> None:
        if recorded is None:
            return
        self.records.append(recorded)
        is_original = is_whole and is_page(recorded.status, recorded.content_type)
        if is_original and (digest := payload_digest(record)):
            originals[digest] = min(originals.get(digest, recorded), recorded, key=capture_order)


def open_archive(options: Options, *, site_is_given: bool) -> tuple[Options, Archive | None]:
    """Open the recordings that ``archive`` names (None for a live crawl).

    Args:
        options: the crawl's.
        site_is_given: whether the user named the site; if not, the returned options have the recorded one.

    Raises:
        RecordingError: if nothing in the recordings can be read.
    """
    if not options.archive:
        return options, None
    opened = Archive(find_recordings(options.archive))
    return options if site_is_given else options.with_recorded_site(opened.site(options.site)), opened


def site_of(responses: Iterable[tuple[str, int, str]], wanted: str) -> str:
    """Return the root of the recorded site: the wanted one if it has a page, else one that many are of.

    A file with pages of many sites, as of Common Crawl, may just have none of the wanted one.

    Args:
        responses: URL, status and content type of each; no more are consumed than needed.
        wanted: root of the usual site; also returned if no other has more than a third of the pages.
    """
    roots: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    for url, status, kind in responses:
        if status in OF_PAGES and "html" in kind:
            if urls.host(url) == urls.host(wanted):
                return wanted
            roots["/".join(url.split("/", 3)[:3])] += 1
            hosts[urls.host(url)] += 1
    host, count = hosts.most_common(1)[0] if hosts else ("", 0)
    if 3 * count <= hosts.total():
        return wanted
    return next(root for root, _ in roots.most_common() if urls.host(root) == host)


def is_page(status: int, content_type: str) -> bool:
    """Whether a response may be an article's page."""
    return status in OF_PAGES and ("html" in content_type or not content_type)


def redirect_target(record: WarcRecord) -> str | None:
    """Return the URL to which a response redirects for good; None if it does not."""
    head = record.http_headers
    if head is None or head.status_code not in (301, 308):
        return None
    location = first_header(record, "location")
    with suppress(UnicodeError):  # fastwarc has read it as Windows-1252; some servers send UTF-8
        location = b"".join(c.encode("cp1252" if c > "\xff" else "latin-1") for c in location).decode()
    target = urls.absolute(record_address(record), location)
    return unwrap_address(target)[0] if target is not None else None


def _recorded(record: WarcRecord, number: int, body: bytes) -> Recorded | None:
    url, captured_at, is_wrapped = capture_in(record)
    head = record.http_headers
    if head is None or head.status_code is None or not url.startswith(("http://", "https://")):
        return None
    kind = content_type(record)
    return Recorded(
        url,
        captured_at,
        status=head.status_code,
        content_type=kind,
        file=number,
        offset=record.stream_pos,
        length=len(body),
        checksum=crc32(body) if is_page(head.status_code, kind) else 0,
        wayback=is_wrapped,
        target=redirect_target(record),
    )


def _key(url: str) -> str:
    """Return a URL without scheme, its port, ``www.`` and fragment, which do not distinguish recorded URLs."""
    with suppress(ValueError):  # as requests write URLs: host in lower case, percent-encoded
        url = safe_url_string(url)
    return _PORT.sub(r"\1", urldefrag(url)[0].split("://", 1)[-1].removeprefix("www."))
