"""Reads a span: the articles in it, the lists of articles, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO
from zlib import crc32

from fastwarc.warc import WarcRecord

from ifp_scraper import urls
from ifp_scraper.bulk.page_results import PageResult, join_early
from ifp_scraper.bulk.span_results import SpanResult, pack_pages, reader_of
from ifp_scraper.bulk.spans import Span, open_span
from ifp_scraper.discovery.readings import is_failed, slug_key
from ifp_scraper.discovery.recorded_lists import may_list, read_listed
from ifp_scraper.pages import Capture, UnreadablePage, read_page
from ifp_scraper.recordings.archive import is_page, redirect_target, site_of
from ifp_scraper.recordings.capture_time import cache_age
from ifp_scraper.recordings.codings import plain_body
from ifp_scraper.recordings.warc_reader import (
    Revisit,
    capture_in,
    content_type,
    first_header,
    payload_digest,
    read_responses,
)
from ifp_scraper.recordings.wayback import unwrap_page
from ifp_scraper.responses import OF_PAGES, why_no_article


def recorded_site(spans: list[Span], wanted: str) -> str:
    """Return the root of the recorded site; see ``archive.site_of``."""
    return site_of(_responses(spans), wanted)


def _responses(spans: list[Span]) -> Iterator[tuple[str, int, str]]:
    """Yield the URL, status and content type of every response in the spans."""
    for span in spans:
        with open_span(span) as stream:
            for record, _, _ in read_responses(stream, span.path, span.start, span.end, []):
                head = record.http_headers
                if head and head.status_code:
                    yield capture_in(record)[0], head.status_code, content_type(record)


def read_span(span: Span, site: str) -> SpanResult:
    """Read the records that start in a span, and the site's articles among them."""
    result = SpanResult(span, reader_of(site))
    found: dict[str, list[PageResult]] = {}
    with open_span(span) as stream:
        if span.revisits:
            _read_revisits(stream, span, found)
        else:
            _read_records(stream, site, result, found)
    for key, pages in found.items():
        result.begun[key] = min((page.captured_at, page.offset) for page in pages)
        result.pages[key] = pack_pages(join_early(pages))
    return result


def _read_records(stream: IO[bytes], site: str, result: SpanResult, found: dict[str, list[PageResult]]) -> None:
    span = result.span
    revisits: list[Revisit] = []
    for record, body, is_whole in read_responses(stream, span.path, span.start, span.end, result.faults, revisits):
        result.records += 1
        _read_record(record, body, site, result, found)
        if is_whole and (digest := payload_digest(record)) and _is_page(record):
            url, captured_at, _ = capture_in(record)
            original = captured_at, url, len(body), record.stream_pos
            result.originals[digest] = min(result.originals.get(digest, original), original)
    result.revisits = [revisit for revisit in revisits if urls.may_be_article(revisit.url, site)]


def _read_revisits(stream: IO[bytes], span: Span, found: dict[str, list[PageResult]]) -> None:
    for record, body, _ in read_responses(stream, span.path, span.start, span.end, []):
        # More than one record starts here if a gzip member holds several.
        if payload_digest(record) == span.revisits[0].digest and _is_page(record):
            for revisit in span.revisits:
                page = _read_page(record, body, revisit.url, revisit.captured_at)
                page.is_revisit = True
                found.setdefault(slug_key(revisit.url), []).append(page)
            return


def _read_record(
    record: WarcRecord, body: bytes, site: str, result: SpanResult, found: dict[str, list[PageResult]]
) -> None:
    url, captured_at, is_wrapped = capture_in(record)
    head = record.http_headers
    # Skip what is of other hosts, and what is no page by its status, before anything is parsed.
    if head is None or urls.host(url) != urls.host(site):
        return
    if (target := redirect_target(record)) is not None:
        result.redirects.append((captured_at, url, target))
    if head.status_code not in OF_PAGES:
        return
    if may_list(url, head.status_code, content_type(record), site):
        body = plain_body(body, list(head))
        result.listed += read_listed(url, unwrap_page(body) if is_wrapped else body, site, captured_at)
    elif urls.may_be_article(url, site) and _is_page(record):
        page = _read_page(record, body, url, captured_at)
        found.setdefault(slug_key(url), []).append(page)


def _is_page(record: WarcRecord) -> bool:
    head = record.http_headers
    return head is not None and is_page(head.status_code or 0, content_type(record))


def _read_page(record: WarcRecord, body: bytes, url: str, captured_at: datetime) -> PageResult:
    """Read the page in a record, as captured from this URL at this time: its own, or those of a revisit."""
    _, recorded_at, is_wrapped = capture_in(record)
    body_age = max(captured_at - recorded_at, timedelta(0))
    age = cache_age(captured_at, first_header(record, "age"), first_header(record, "date")) - body_age
    result = PageResult(url, captured_at, page_urls=[url], length=len(body), checksum=crc32(body))
    result.offset = record.stream_pos
    body = plain_body(body, list(record.http_headers or ()))
    if is_wrapped:
        body = unwrap_page(body)
    try:
        page = read_page(body, Capture(url, captured_at, age), content_type(record))
        if page is None:
            result.rejected = why_no_article(body, url)
        else:
            result.layout = page.layout
            result.article = page.to_article()
            result.page_number = page.page_number
            result.other_pages = page.other_pages
            result.is_of_smart_list = page.is_of_smart_list
    except UnreadablePage as error:
        result.rejected, result.layout, result.is_unreadable = str(error), error.layout, True
    # Only these can have failed: to look at all of them would take a tenth of the time.
    if result.article is None or "truncated" in result.article.warnings or b"critical error" in body[-4096:]:
        result.failed = is_failed(url, body)
    return result
