"""Extracts articles from recordings at full speed, with no engine and on all cores, as a crawl of them would.

The lines are the same, in the same order. Recordings are cut into spans, which workers read. Their results wait in a
file beside the output (``FILE.jsonl.partial``), so that memory stays flat and an interrupted run resumes where it was.
When all spans have been read, articles are joined and written in the order of their first captures: the output depends
neither on how many workers there are, or which is faster, nor on the order of the recordings, but for captures of the
same moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import msgspec

from ifp_scraper import console, urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.bulk.executors import Executor
from ifp_scraper.bulk.page_results import PageResult, article_in, assemble_article, take_apart
from ifp_scraper.bulk.partial_results import PartialResults, Place
from ifp_scraper.bulk.span_results import revisit_spans
from ifp_scraper.bulk.spans import Span
from ifp_scraper.discovery.readings import Redirect, by_target, first_pages_of, read_slug
from ifp_scraper.discovery.recorded_lists import ListEvidence
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import add_evidence
from ifp_scraper.recordings.archive import capture_order
from ifp_scraper.recordings.decompress import source_name
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.storage.reasons import NO_ARTICLE, NO_FIRST_PAGE, STATIC
from ifp_scraper.storage.rejections import Rejected


def extract_spans(
    spans: list[Span], ledger: Ledger, executor: Executor, progress: Callable[[int, int, int], None]
) -> None:
    """Read all spans and write what they hold of the site.

    Args:
        spans: those of all recordings, in order.
        ledger: the open output; its options name the site.
        executor: where spans are read.
        progress: called with the number of records read, of spans done, and of all spans.

    Raises:
        StoreError: if the output fails.
        RecordingError: if there is no response in any span.
    """
    site = ledger.options.site
    partial = PartialResults(ledger.store.path.with_name(ledger.store.path.name + ".partial"), site)
    if partial.spans.keys().isdisjoint(spans):
        partial.clear()  # from other recordings, or from unpacked copies, whose paths differ each time
    try:
        _read_all(spans, site, partial, executor, progress)
        revisited: dict[Span, list[Span]] = {}
        for span, again in revisit_spans(lambda: (partial.read(one)[0] for one in spans)):
            revisited.setdefault(span, []).append(again)
        _read_all([again for found in revisited.values() for again in found], site, partial, executor, progress)
        _write_all([one for span in spans for one in (span, *revisited.get(span, ()))], partial, ledger)
    except BaseException:
        partial.close()
        raise
    partial.remove()


def _read_all(
    spans: list[Span],
    site: str,
    partial: PartialResults,
    executor: Executor,
    progress: Callable[[int, int, int], None],
) -> None:
    """Read the spans whose results are not kept yet."""
    records = 0
    waiting = [span for span in spans if span not in partial.spans]
    done = len(spans) - len(waiting)
    for result in executor.run(waiting, site):
        partial.add(result)
        records += result.records
        done += 1
        for fault in result.faults[:3]:
            console.say(f"skipped: {fault._replace(file=source_name(fault.file))}")
        progress(records, done, len(spans))


def _write_all(spans: list[Span], partial: PartialResults, ledger: Ledger) -> None:
    """Join articles and write them, in the order in which they were begun to be captured.

    Args:
        spans: those of the recordings, each with the spans of the revisits whose bodies it holds.
        partial: the results of all these spans.
        ledger: the open output.
    """
    found, evidence, redirects = _survey(spans, partial)
    redirected = by_target(redirects, found)
    for article in sorted(found.values(), key=lambda article: article.begun):
        pages = [page for place in article.places for page in partial.read_pages(place)]
        if len(pages) > 1:
            pages = sorted(take_apart(pages), key=capture_order)
        readings = read_slug(pages, evidence, redirected, article_in=article_in, failed=lambda page: page.failed)
        for reading, said, addresses in readings:
            _write_reading(reading, said, addresses, ledger)


class _Found(msgspec.Struct, gc=False):
    """An article found in some spans."""

    begun: tuple[datetime, int, int]
    """When its earliest capture was made, in which file, and where: the sort key, as in ``readings.find_recorded``."""

    places: list[Place] = []
    """Of its pages in the partial results, in the order of the recordings."""


def _survey(
    spans: list[Span], partial: PartialResults
) -> tuple[dict[str, _Found], dict[str, list[ListEvidence]], list[Redirect]]:
    """Return what must be known of all spans before anything is written; the arguments are those of ``_write_all``.

    Returns:
        By ``slug_key``, in order of first appearance, where the pages of each article are; by ``urls.article_key``,
        what lists say about articles; the redirects.

    Raises:
        RecordingError: if there is no response in any span.
    """
    found: dict[str, _Found] = {}
    evidence: dict[str, list[ListEvidence]] = {}
    redirects: list[Redirect] = []
    records = 0
    captures: Counter[str] = Counter()
    files: dict[str, int] = {}
    for span in spans:
        result, places = partial.read(span)
        file = files.setdefault(span.path, len(files))
        records += result.records
        captures[source_name(span.path)] += result.records + len(result.revisits)
        for seen in result.listed:
            evidence.setdefault(urls.article_key(seen.ref.url), []).append(seen)
        redirects += result.redirects
        for key, place in places.items():
            captured_at, offset = result.begun[key]
            begun = captured_at, file, offset
            article = found.setdefault(key, _Found(begun))
            article.begun = min(article.begun, begun)
            article.places.append(place)
    for name, count in captures.items():
        if not count:
            console.say(f"{name} holds no response that can be read")
    if not records:
        raise RecordingError("nothing can be read in the recordings")
    return found, evidence, redirects


def _write_reading(pages: list[PageResult], said: ArticleRef | None, addresses: list[str], ledger: Ledger) -> None:
    """Write a line for one reading of an article, or reject it; ``said`` is what lists said of it then."""
    first_pages = first_pages_of(pages)
    if not first_pages:
        ledger.reject(Rejected.now(pages[0].url, NO_FIRST_PAGE))
        return
    ref = replace(said, url=first_pages[0].url) if said is not None else ArticleRef(first_pages[0].url)
    article = assemble_article(first_pages, pages)
    unreadable = next((page for page in first_pages if page.is_unreadable), None)
    if article is not None:
        # A page of another layout at the AMP page's address is no view of the article, so nothing is lost with it.
        if (
            unreadable is not None
            and unreadable is not first_pages[0]
            and not first_pages[0].is_amp
            and (unreadable.is_amp or unreadable.layout is None)
        ):
            _reject(unreadable, ArticleRef(unreadable.url, modified_at=article.modified_at), ledger)
        article.aliases += addresses
        ledger.write(add_evidence(article, ref) if said is not None else article)
    else:
        _reject(unreadable or first_pages[0], ref, ledger)


def _reject(page: PageResult, ref: ArticleRef, ledger: Ledger) -> None:
    """Reject an article for what its page shows."""
    reason = page.rejected or NO_ARTICLE
    if reason == STATIC and ledger.is_post(ref):
        reason = NO_ARTICLE
    rejected = Rejected.now(ref.url, reason, page.layout, ref.modified_at)
    ledger.reject(rejected, is_unreadable=page.is_unreadable)
