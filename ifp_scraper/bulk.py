"""Articles out of recordings at full speed: no engine, all cores, the same lines as a crawl of the recording gives.

A recording is cut into spans of bytes. Each span is read by a worker, which gives what its pages say. What the workers
gave waits in a file beside the output (``FILE.jsonl.partial``), so that memory stays flat and an interrupted run goes
on where it was. When all is read, articles are put together and written, in the order of the recordings: neither the
number of workers nor who was faster can be seen in the output.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec
from fastwarc.warc import WarcRecord

from ifp_scraper import urls
from ifp_scraper.archive import RecordingError, plain_body, site_of
from ifp_scraper.captures import cached
from ifp_scraper.discovery.listing import may_be_article
from ifp_scraper.discovery.readings import (
    Evidence,
    article_key,
    evidence_at,
    is_failed,
    may_list,
    read_listed,
    split_readings,
    without_failed,
)
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import add_evidence, join_pages, merge_views
from ifp_scraper.outputfile import StoreError, explain
from ifp_scraper.pages import Capture, UnreadablePage, read_page
from ifp_scraper.pages.article import EXTRACTOR_VERSION
from ifp_scraper.rejections import NO_ARTICLE, Rejected
from ifp_scraper.warc import read_responses, record_address, record_time
from ifp_scraper.wayback import unwrap_address, unwrap_page

logger = logging.getLogger(__name__)

SPAN = 2 * 1024 * 1024
"""Bytes of a recording that a worker reads at a time."""


class Span(msgspec.Struct, frozen=True):
    """A part of a recording: the records that begin in it."""

    path: str
    start: int
    end: int
    size: int
    """Of the whole file: a file that has changed is read again."""


class PageView(msgspec.Struct):
    """What one page, or several pages of one article in one span, say."""

    url: str
    captured_at: datetime
    article: Article | None = None
    page_number: int = 1
    other_pages: list[int] = []
    is_of_smart_list: bool = False
    places: list[str] = []
    """Addresses of all pages that went into it."""

    failed: bool = False
    """Whether the crawl that recorded it will have tried again: empty, cut short, or a refusal."""

    rejected: str | None = None
    """Why there is no article."""

    layout: str | None = None


class SpanResult(msgspec.Struct):
    """What a worker found in a span."""

    span: Span
    reader: str = ""
    """What read it, and for which site, see ``_reader``."""

    records: int = 0
    listed: list[Evidence] = []
    faults: list[str] = []
    """Parts that could not be read."""

    articles: list[str] = []
    """Their keys, see ``article_key``."""

    packed_views: bytes = b""
    """The views of each article, in MessagePack: what only passes through is not unpacked on the way."""

    def views(self) -> dict[str, list[PageView]]:
        """Return the views by article."""
        return _VIEWS.decode(self.packed_views) if self.packed_views else {}


_VIEWS = msgspec.msgpack.Decoder(dict[str, list[PageView]])


class Executor(Protocol):
    """Where spans are read, see ``executors``."""

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """Yield the result of every span, in any order."""
        ...

    def close(self) -> None:
        """Let go of what was made for it."""
        ...


def cut_spans(paths: Iterable[Path], size: int = SPAN) -> list[Span]:
    """Cut recordings, see ``unpacking.seekable``, into spans; a WACZ file's members are parts of it.

    Raises:
        RecordingError: when none of them can be opened.
    """
    spans = []
    closed = []
    opened = False
    for path in paths:
        try:
            whole = path.stat().st_size
            members = _members(path, whole)
            opened = True
        except (OSError, zipfile.BadZipFile) as error:
            closed.append(f"{path} cannot be read ({error})")
            continue
        for start, end in members:
            spans += [Span(str(path), at, min(at + size, end), whole) for at in range(start, end, size)]
    if not opened:
        raise RecordingError("; ".join(closed))
    for reason in closed:
        logger.warning("%s; it was skipped", reason)
    return spans


def recorded_site(spans: list[Span], wanted: str) -> str:
    """Return the root of the site that was recorded, see ``archive.site_of``."""
    return site_of(_pages(spans), wanted)


def _pages(spans: list[Span]) -> Iterator[str]:
    """Yield the address of every page in the spans."""
    for span in spans:
        with open(span.path, "rb") as stream:
            for record, _ in read_responses(stream, span.path, span.start, span.end, []):
                head = record.http_headers
                if head and head.status_code == 200 and "html" in (record.http_content_type or "").lower():
                    yield unwrap_address(record_address(record))[0]


def _members(path: Path, whole: int) -> list[tuple[int, int]]:
    """Where WARC data stands in a file, as offsets."""
    if not path.name.endswith(".wacz"):
        path.open("rb").close()
        return [(0, whole)]
    found = []
    with zipfile.ZipFile(path) as package, path.open("rb") as stream:
        for member in package.infolist():
            if not member.filename.endswith((".warc", ".warc.gz")):
                continue
            stream.seek(member.header_offset + 26)
            name, extra = (int.from_bytes(stream.read(2), "little") for _ in range(2))
            start = member.header_offset + 30 + name + extra
            found.append((start, start + member.file_size))
    return found


# -- what a worker does ------------------------------------------------------------------------------------------


def read_span(span: Span, site: str) -> SpanResult:
    """Read the records that begin in a span, and the articles of the site among them."""
    result = SpanResult(span, _reader(site))
    found: dict[str, list[PageView]] = {}
    with open(span.path, "rb") as stream:
        for record, body in read_responses(stream, span.path, span.start, span.end, result.faults):
            result.records += 1
            _read_record(record, body, site, result.listed, found)
    result.articles = list(found)
    result.packed_views = msgspec.msgpack.encode({key: _join_early(views) for key, views in found.items()})
    return result


def _reader(site: str) -> str:
    return f"{EXTRACTOR_VERSION} {site}"


def _read_record(
    record: WarcRecord, body: bytes, site: str, listed: list[Evidence], found: dict[str, list[PageView]]
) -> None:
    url, kept_at = unwrap_address(record_address(record))
    head = record.http_headers
    # Pages of other hosts, and everything but 200, are passed over before anything is parsed.
    if head is None or head.status_code != 200 or urls.host(url) != urls.host(site):
        return
    headers = list(head)
    content_type = (record.http_content_type or "").lower()
    if may_list(url, 200, content_type, site):
        moment = record_time(record)
        refs = read_listed(url, content_type, plain_body(body, headers), site, moment)
        listed += [(moment, rank, ref) for rank, ref in refs]
    elif may_be_article(url, site) and ("html" in content_type or not content_type):
        body = plain_body(body, headers)
        said = {name.lower(): value for name, value in reversed(headers)}
        moment = kept_at or record_time(record)
        capture = Capture(url, moment, cached(moment, said.get("age", ""), said.get("date", "")))
        view = _view(capture, unwrap_page(body) if kept_at else body, content_type)
        found.setdefault(article_key(url), []).append(view)


def _view(capture: Capture, body: bytes, content_type: str) -> PageView:
    assert capture.captured_at is not None
    view = PageView(capture.url, capture.captured_at, places=[capture.url])
    try:
        page = read_page(body, capture, content_type)
        if page is None:
            view.rejected = NO_ARTICLE
        else:
            view.layout = page.layout
            view.article = page.to_article()
            view.page_number = page.page_number
            view.other_pages = list(page.other_pages)
            view.is_of_smart_list = page.is_of_smart_list
    except UnreadablePage as error:
        view.rejected, view.layout = str(error), error.layout
    if view.article is None or "truncated" in view.article.warnings:
        view.failed = is_failed(capture.url, body)
    return view


# -- what becomes of it --------------------------------------------------------------------------------------------


def _join_early(views: list[PageView]) -> list[PageView]:
    """Put a reading together in the worker, where a span holds all of its pages."""
    if len(views) < 2 or any(view.article is None or view.failed for view in views):
        return views
    views.sort(key=lambda view: view.captured_at)
    readings = list(split_readings(views))
    if len(readings) != 1 or len(readings[0]) != len(views) or _missing_pages(views):
        return views
    article = put_together(views)
    assert article is not None
    places = [view.url for view in views]
    return [PageView(article.fetched_url, views[0].captured_at, article, layout=article.layout, places=places)]


def put_together(views: list[PageView]) -> Article | None:
    """Return one article from the pages of one reading; None when none of them is an article's first page."""
    articles = []
    for kind in ("canonical", "amp"):
        pages = sorted((v for v in views if v.article and _kind(v) == kind), key=lambda view: view.page_number)
        found = [view.article for view in pages if view.article is not None]
        if not found or pages[0].page_number > 1:  # the end of a text alone is not the article
            continue
        framed = any(view.is_of_smart_list for view in pages)
        articles.append(join_pages(found, bool(_missing_pages(pages)), framed) if len(found) > 1 else found[0])
    if len(articles) == 2:
        return merge_views(articles[0], articles[1])
    return articles[0] if articles else None


def _kind(view: PageView) -> str:
    return "amp" if view.layout is not None and view.layout.startswith("amp-") else "canonical"


def _missing_pages(views: list[PageView]) -> set[int]:
    """Numbers of further canonical pages that are not among the views."""
    canonical = [view for view in views if _kind(view) == "canonical"] or views
    numbers = {view.page_number for view in canonical}
    return {number for view in canonical for number in (1, *view.other_pages) if number not in numbers}


class PartialResults:
    """What workers gave, in a file beside the output, until all is read.

    Args:
        path: of the file; what an interrupted run left in it is used when it fits the recordings.
        site: the same; what was read for another site, or by another version, is read again.
    """

    def __init__(self, path: Path, site: str) -> None:
        self.path = path
        self.spans: dict[Span, tuple[int, int]] = {}
        self._stream = path.open("ab+")
        size = self._stream.tell()
        self._stream.seek(0)
        whole = 0
        while len(head := self._stream.read(8)) == 8:
            length = int.from_bytes(head, "big")
            data = self._stream.read(min(length, size))  # a damaged length may be beyond all memory
            try:
                result = msgspec.msgpack.decode(data, type=SpanResult) if len(data) == length else None
            except msgspec.DecodeError:
                result = None
            if result is None:
                break
            if result.reader == _reader(site):
                self.spans[result.span] = (whole + 8, length)
            whole = self._stream.tell()
        self._stream.truncate(whole)

    def add(self, result: SpanResult) -> None:
        """Keep a result; what a kill leaves of it unfinished is cut by the next run.

        Raises:
            StoreError: when the disk refuses.
        """
        data = msgspec.msgpack.encode(result)
        self._stream.seek(0, os.SEEK_END)
        at = self._stream.tell()
        try:
            self._stream.write(len(data).to_bytes(8, "big") + data)
            self._stream.flush()
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {explain(error)}") from error
        self.spans[result.span] = (at + 8, len(data))

    def read(self, span: Span) -> SpanResult:
        """Return a result that was kept."""
        at, length = self.spans[span]
        self._stream.seek(at)
        return msgspec.msgpack.decode(self._stream.read(length), type=SpanResult)

    def clear(self) -> None:
        """Begin anew."""
        self._stream.truncate(0)
        self.spans.clear()

    def remove(self) -> None:
        """Close and delete the file."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file and leave it for the next run."""
        with suppress(OSError):  # what a full disk did not take is tried once more
            self._stream.close()


def extract_spans(
    spans: list[Span], site: str, ledger: Ledger, executor: Executor, progress: Callable[[int, int, int], None]
) -> None:
    """Read all spans and write what they hold.

    Args:
        spans: of all recordings, in their order.
        site: root of the site; pages of other hosts are passed over.
        ledger: the open output.
        executor: where spans are read.
        progress: is told the records read, the spans done and all spans.

    Raises:
        StoreError: when the output fails.
        RecordingError: when there is not one response in all spans.
    """
    partial = PartialResults(ledger.store.path.with_name(ledger.store.path.name + ".partial"), site)
    if partial.spans.keys().isdisjoint(spans):
        partial.clear()  # of other recordings, or of unpacked copies, which are others each time
    try:
        records = 0
        waiting = [span for span in spans if span not in partial.spans]
        done = len(spans) - len(waiting)
        for result in executor.run(waiting, site):
            partial.add(result)
            records += result.records
            done += 1
            for fault in result.faults[:3]:
                ledger.say(f"skipped: {fault}")
            progress(records, done, len(spans))
        _write_all(spans, partial, ledger)
    except BaseException:
        partial.close()
        raise
    partial.remove()


def _write_all(spans: list[Span], partial: PartialResults, ledger: Ledger) -> None:
    """Put articles together and write them, each when the last of its spans has come."""
    last_span: dict[str, int] = {}
    evidence: dict[str, list[Evidence]] = {}
    records: Counter[str] = Counter()
    for number, span in enumerate(spans):
        result = partial.read(span)
        records[span.path] += result.records
        for seen in result.listed:
            evidence.setdefault(article_key(seen[2].url), []).append(seen)
        last_span.update(dict.fromkeys(result.articles, number))
    for path, count in records.items():
        if not count:
            ledger.say(f"{path} holds no response that can be read")
    if not records.total():
        raise RecordingError("nothing can be read in the recordings")
    held: dict[str, list[PageView]] = {}
    for number, span in enumerate(spans):
        for key, views in partial.read(span).views().items():
            held.setdefault(key, []).extend(views)
        for key in [key for key in held if last_span[key] == number]:
            _write_article(held.pop(key), evidence.get(key, []), ledger)


def _write_article(views: list[PageView], evidence: list[Evidence], ledger: Ledger) -> None:
    views.sort(key=lambda view: view.captured_at)
    if any(view.failed for view in views):
        views = without_failed(views, lambda view: view.failed)
    for reading in split_readings(views):
        ref = evidence_at(evidence, reading[0].captured_at)
        article = put_together(reading)
        if article is not None:
            ledger.write(add_evidence(article, ref) if ref is not None else article)
        else:
            view = reading[0]
            reason = view.rejected or ("its first page was not captured" if view.article else NO_ARTICLE)
            ledger.reject(Rejected.now(view.url, reason, view.layout, None))
