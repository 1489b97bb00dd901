"""Spans: parts of recordings that can be read in any order and by any process, and what is found in them."""

from __future__ import annotations

import logging
import mmap
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, cast

import msgspec
from fastwarc.warc import WarcRecord

from ifp_scraper import urls
from ifp_scraper.archive import RecordingError, is_page, site_of
from ifp_scraper.captures import cache_age
from ifp_scraper.codings import plain_body
from ifp_scraper.discovery.listing import may_be_article
from ifp_scraper.discovery.readings import (
    Evidence,
    article_key,
    is_failed,
    may_list,
    read_listed,
    split_readings,
)
from ifp_scraper.items import Article
from ifp_scraper.merge import join_pages, merge_views
from ifp_scraper.pages import Capture, UnreadablePage, read_page
from ifp_scraper.rejections import NO_ARTICLE
from ifp_scraper.version import EXTRACTOR_VERSION
from ifp_scraper.warc import Revisit, is_whole, payload_digest, read_responses, record_address, record_time
from ifp_scraper.wayback import unwrap_address, unwrap_page

logger = logging.getLogger(__name__)

SPAN = 2 * 1024 * 1024
"""How much of a recording a worker reads at a time, in bytes."""

_MAX_REVISITS = 500
"""Maximum number of captures of one body that a worker reads at a time."""

_FORMAT = 2
"""Of ``SpanResult``: results that an interrupted run kept are used only if they have the same one."""


class Span(msgspec.Struct, frozen=True):
    """A part of a recording, from ``start`` to ``end`` in bytes; records that start in it belong to it."""

    path: str
    start: int
    end: int
    size: int
    """Size of the whole file in bytes, so that a changed file is read again."""

    limit: int | None = None
    """Where the recording ends, if its file holds more: a member of a WACZ file."""

    revisits: tuple[Revisit, ...] = ()
    """Captures whose body is that of the record at ``start``; if there are any, only it is read, once for each."""


class PageView(msgspec.Struct):
    """What one page says, or several pages of an article that were joined because one span holds them all."""

    url: str
    captured_at: datetime
    article: Article | None = None
    page_number: int = 1
    other_pages: list[int] = []
    is_of_smart_list: bool = False
    page_urls: list[str] = []
    """URLs of all these pages."""

    failed: bool = False
    """Whether the page is empty, cut short or a refusal, so that the recording crawl will have retried it."""

    rejected: str | None = None
    """Why there is no article."""

    number: int = 0
    """0 for a capture with a body of its own, else that of its ``Revisit``: of equal times, the lower comes first."""

    layout: str | None = None


class SpanResult(msgspec.Struct):
    """What a worker found in a span."""

    span: Span
    reader: str = ""
    """Which version read it, and for which site; see ``reader_of``."""

    records: int = 0
    listed: list[Evidence] = []
    faults: list[str] = []
    """Parts that could not be read."""

    revisits: list[Revisit] = []
    """Captures of article pages whose body is elsewhere, perhaps in another span."""

    originals: dict[str, int] = {}
    """Offsets of the records that have the bodies, by ``payload_digest``."""

    articles: list[str] = []
    """The articles found, by ``article_key``."""

    packed_views: bytes = b""
    """The views of each article, in MessagePack: the main process stores them without unpacking."""

    def views(self) -> dict[str, list[PageView]]:
        """Return the views by article."""
        return _VIEWS.decode(self.packed_views) if self.packed_views else {}


_VIEWS = msgspec.msgpack.Decoder(dict[str, list[PageView]])


def cut_spans(paths: Iterable[Path], size: int = SPAN) -> list[Span]:
    """Cut recordings into spans.

    Args:
        paths: recordings as returned by ``unpacking.seekable``; a WACZ file's WARC members are parts of it.
        size: size of a span, in bytes.

    Raises:
        RecordingError: if none of them can be opened.
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
            limit = end if end < whole else None
            spans += [Span(str(path), at, min(at + size, end), whole, limit) for at in range(start, end, size)]
    if not opened:
        raise RecordingError("; ".join(closed))
    for reason in closed:
        logger.warning("%s; it was skipped", reason)
    return spans


def recorded_site(spans: list[Span], wanted: str) -> str:
    """Return the root of the recorded site; see ``archive.site_of``."""
    return site_of(_pages(spans), wanted)


def _pages(spans: list[Span]) -> Iterator[str]:
    """Yield the URL of every page in the spans."""
    for span in spans:
        with _opened(span) as stream:
            for record, _ in read_responses(stream, span.path, span.start, span.end, []):
                head = record.http_headers
                if head and head.status_code == 200 and "html" in (record.http_content_type or "").lower():
                    yield unwrap_address(record_address(record))[0]


@contextmanager
def _opened(span: Span) -> Iterator[IO[bytes]]:
    """Open a span's file, up to the limit: what follows a WACZ file's member would be taken for a damaged record."""
    with open(span.path, "rb") as stream:
        if span.limit is None:
            yield stream
        else:
            with mmap.mmap(stream.fileno(), span.limit, access=mmap.ACCESS_READ) as part:
                yield cast("IO[bytes]", part)  # it reads and seeks as a file does


def _members(path: Path, whole: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a file that are WARC data: all of a WARC file, the members of a WACZ file."""
    if not path.name.endswith(".wacz"):
        path.open("rb").close()
        return [(0, whole)]
    found = []
    with zipfile.ZipFile(path) as package, path.open("rb") as stream:
        for member in package.infolist():
            if not member.filename.endswith((".warc", ".warc.gz")):
                continue
            stream.seek(member.header_offset + 26)  # in the member's local header: lengths of its name and extra field
            name, extra = (int.from_bytes(stream.read(2), "little") for _ in range(2))
            start = member.header_offset + 30 + name + extra
            found.append((start, start + member.file_size))
    return found


# -- reading a span -----------------------------------------------------------------------------------------------


def read_span(span: Span, site: str) -> SpanResult:
    """Read the records that start in a span, and the site's articles among them."""
    result = SpanResult(span, reader_of(site))
    found: dict[str, list[PageView]] = {}
    with _opened(span) as stream:
        if span.revisits:
            _read_revisits(stream, span, found)
        else:
            _read_records(stream, site, result, found)
    result.articles = list(found)
    also_elsewhere = {article_key(revisit.url) for revisit in (*result.revisits, *span.revisits)}
    joined = {key: views if key in also_elsewhere else _join_early(views) for key, views in found.items()}
    result.packed_views = msgspec.msgpack.encode(joined)
    return result


def halves(span: Span) -> tuple[Span, Span]:
    """Return the two halves of a span. Every record of the span starts in one of them."""
    middle = (span.start + span.end) // 2
    return msgspec.structs.replace(span, end=middle), msgspec.structs.replace(span, start=middle)


def join_results(span: Span, parts: list[SpanResult]) -> SpanResult:
    """Join the results of a span's parts, in order."""
    joined = SpanResult(span, parts[0].reader)
    views: dict[str, list[PageView]] = {}
    for part in parts:
        joined.records += part.records
        joined.listed += part.listed
        joined.faults += part.faults
        joined.revisits += part.revisits
        joined.originals = part.originals | joined.originals  # the first one counts
        for article, seen in part.views().items():
            views.setdefault(article, []).extend(seen)
    joined.articles = list(views)
    joined.packed_views = msgspec.msgpack.encode(views)
    return joined


def revisit_spans(results: Callable[[], Iterable[SpanResult]]) -> Iterator[tuple[Span, Span]]:
    """Yield spans for each body that was captured again, but recorded once; each with the span that holds the body.

    Args:
        results: returns those of all spans, in order; called at most twice.
    """
    revisits: dict[str, list[Revisit]] = {}
    every = (revisit for result in results() for revisit in result.revisits)
    for number, revisit in enumerate(every, 1):
        revisits.setdefault(revisit.digest, []).append(revisit._replace(number=number))
    if not revisits:
        return
    for result in results():
        for digest, at in result.originals.items():
            again = revisits.pop(digest, [])
            for first in range(0, len(again), _MAX_REVISITS):
                some = tuple(again[first : first + _MAX_REVISITS])
                yield result.span, msgspec.structs.replace(result.span, start=at, end=at + 1, revisits=some)


def reader_of(site: str) -> str:
    """Return the value of ``SpanResult.reader`` for this version and this site."""
    return f"{EXTRACTOR_VERSION} {_FORMAT} {site}"


def _read_records(stream: IO[bytes], site: str, result: SpanResult, found: dict[str, list[PageView]]) -> None:
    span = result.span
    revisits: list[Revisit] = []
    for record, body in read_responses(stream, span.path, span.start, span.end, result.faults, revisits):
        result.records += 1
        _read_record(record, body, site, result.listed, found)
        if is_whole(record, result.faults) and (digest := payload_digest(record)) and _is_page(record):
            result.originals.setdefault(digest, record.stream_pos)
    result.revisits = [revisit for revisit in revisits if may_be_article(revisit.url, site)]


def _read_revisits(stream: IO[bytes], span: Span, found: dict[str, list[PageView]]) -> None:
    for record, body in read_responses(stream, span.path, span.start, span.end, []):
        # More than one record starts here if a gzip member holds several.
        if payload_digest(record) == span.revisits[0].digest and _is_page(record):
            for revisit in span.revisits:
                view = _read_page(record, body, revisit.url, revisit.captured_at)
                view.number = revisit.number
                found.setdefault(article_key(revisit.url), []).append(view)
            return


def _read_record(
    record: WarcRecord, body: bytes, site: str, listed: list[Evidence], found: dict[str, list[PageView]]
) -> None:
    url, kept_at = unwrap_address(record_address(record))
    head = record.http_headers
    # Skip pages of other hosts, and any status but 200, before anything is parsed.
    if head is None or head.status_code != 200 or urls.host(url) != urls.host(site):
        return
    if may_list(url, 200, (record.http_content_type or "").lower(), site):
        body = plain_body(body, list(head))
        listed += read_listed(url, unwrap_page(body) if kept_at else body, site, kept_at or record_time(record))
    elif may_be_article(url, site) and _is_page(record):
        view = _read_page(record, body, url, kept_at or record_time(record))
        found.setdefault(article_key(url), []).append(view)


def _is_page(record: WarcRecord) -> bool:
    head = record.http_headers
    return head is not None and is_page(head.status_code or 0, (record.http_content_type or "").lower())


def _read_page(record: WarcRecord, body: bytes, url: str, captured_at: datetime) -> PageView:
    """Read the page in a record, as captured from this URL at this time: its own, or those of a revisit."""
    headers = list(record.http_headers or ())
    values = {name.lower(): value for name, value in reversed(headers)}
    kept_at = unwrap_address(record_address(record))[1]
    body_age = max(captured_at - (kept_at or record_time(record)), timedelta(0))
    age = cache_age(captured_at, values.get("age", ""), values.get("date", "")) - body_age
    body = plain_body(body, headers)
    content_type = (record.http_content_type or "").lower()
    return _view(Capture(url, captured_at, age), unwrap_page(body) if kept_at else body, content_type)


def _view(capture: Capture, body: bytes, content_type: str) -> PageView:
    assert capture.captured_at is not None
    view = PageView(capture.url, capture.captured_at, page_urls=[capture.url])
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


# -- joining pages ------------------------------------------------------------------------------------------------


def _join_early(views: list[PageView]) -> list[PageView]:
    """Join an article's pages if this span holds them all, so that workers do it in parallel."""
    if len(views) < 2 or any(view.article is None or view.failed for view in views):
        return views
    views.sort(key=lambda view: view.captured_at)
    readings = list(split_readings(views))
    if len(readings) != 1 or len(readings[0]) != len(views) or _missing_pages(views):
        return views
    article = assemble(views)
    assert article is not None
    page_urls = [view.url for view in views]
    return [PageView(article.fetched_url, views[0].captured_at, article, layout=article.layout, page_urls=page_urls)]


def assemble(views: list[PageView]) -> Article | None:
    """Return one article from the pages of one reading; None if none of them is an article's first page."""
    articles = []
    for kind in ("canonical", "amp"):
        pages = _pages_of([view for view in views if view.article and _kind(view) == kind])
        found = [view.article for view in pages if view.article is not None]
        if not found or pages[0].page_number > 1:  # the end of a text is not an article
            continue
        framed = any(view.is_of_smart_list for view in pages)
        articles.append(
            join_pages(found, missing=bool(_missing_pages(pages)), framed=framed) if len(found) > 1 else found[0]
        )
    if len(articles) == 2:
        return merge_views(articles[0], articles[1])
    return articles[0] if articles else None


def _pages_of(views: list[PageView]) -> list[PageView]:
    """Return each page once, in order: if there is no AMP page, its URL may show the canonical one."""
    pages: dict[int, PageView] = {}
    for view in sorted(views, key=lambda view: (view.page_number, urls.is_amp(view.url))):
        pages.setdefault(view.page_number, view)
    return list(pages.values())


def _kind(view: PageView) -> str:
    return "amp" if view.layout is not None and view.layout.startswith("amp-") else "canonical"


def _missing_pages(views: list[PageView]) -> set[int]:
    """Return the numbers of further canonical pages that are not among the views."""
    canonical = [view for view in views if _kind(view) == "canonical"] or views
    numbers = {view.page_number for view in canonical}
    return {number for view in canonical for number in (1, *view.other_pages) if number not in numbers}
