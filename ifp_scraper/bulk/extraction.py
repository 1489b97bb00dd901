"""Extracts articles from recordings at full speed, with no engine and on all cores, as a crawl of them would.

The lines are the same, except that an article whose pages lie in two spans comes a few lines later: of two with the
same text, the other may then have ``duplicate_of``. Recordings are cut into spans, which workers read. Their results
wait in a file beside the output (``FILE.jsonl.partial``), so that memory stays flat and an interrupted run resumes
where it was. When all spans have been read, articles are joined and written in the order of the recordings: the output
does not depend on how many workers there are, or which is faster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import msgspec

from ifp_scraper import console, urls
from ifp_scraper.bulk.executors import Executor
from ifp_scraper.bulk.page_results import PageResult, article_in, assemble_article, take_apart
from ifp_scraper.bulk.partial_results import PartialResults, Place
from ifp_scraper.bulk.span_results import revisit_spans
from ifp_scraper.bulk.spans import Span
from ifp_scraper.discovery import ArticleRef
from ifp_scraper.discovery.readings import by_target, read_slug
from ifp_scraper.discovery.recorded_lists import ListEvidence
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import add_evidence
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.storage.reasons import NO_ARTICLE
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
        _write_all([[span, *revisited.get(span, ())] for span in spans], partial, ledger)
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
            console.say(f"skipped: {fault}")
        progress(records, done, len(spans))


def _write_all(groups: list[list[Span]], partial: PartialResults, ledger: Ledger) -> None:
    """Join articles and write them, each after the last group that holds a page of it.

    Args:
        groups: each a span of the recordings, and the spans of the revisits whose bodies it holds.
        partial: the results of all these spans.
        ledger: the open output.
    """
    found, evidence, redirects = _survey(groups, partial)
    redirected = by_target(redirects, found)
    for article in sorted(found.values(), key=lambda article: article.last_group):
        pages = [page for place in article.places for page in partial.read_pages(place)]
        if len(pages) > 1:
            pages = sorted(take_apart(pages), key=lambda page: (page.captured_at, page.number))
        for reading, said, addresses in read_slug(
            pages,
            evidence,
            redirected,
            article_in=article_in,
            failed=lambda page: page.failed,
        ):
            _write_reading(reading, said, addresses, ledger)


class _Found(msgspec.Struct, gc=False):
    """An article found in some spans."""

    places: list[Place] = []
    """Of its pages in the partial results, in the order of the recordings."""

    last_group: int = 0
    """Number of the last group that holds one."""


def _survey(
    groups: list[list[Span]], partial: PartialResults
) -> tuple[dict[str, _Found], dict[str, list[ListEvidence]], list[tuple[str, str]]]:
    """Return what must be known of all spans before anything is written; the arguments are those of ``_write_all``.

    Returns:
        By ``slug_key``, in order of first appearance, where the pages of each article are; by ``urls.article_key``,
        what lists say about articles; the redirects, see ``SpanResult``.

    Raises:
        RecordingError: if there is no response in any span.
    """
    found: dict[str, _Found] = {}
    evidence: dict[str, list[ListEvidence]] = {}
    redirects: list[tuple[str, str]] = []
    responses: Counter[str] = Counter()
    captures: Counter[str] = Counter()
    for number, group in enumerate(groups):
        for span in group:
            result, places = partial.read(span)
            responses[span.path] += result.records
            captures[span.path] += result.records + len(result.revisits)
            for seen in result.listed:
                evidence.setdefault(urls.article_key(seen.ref.url), []).append(seen)
            redirects += result.redirects
            for key, place in places.items():
                article = found.setdefault(key, _Found())
                article.places.append(place)
                article.last_group = number
    for path, count in captures.items():
        if not count:
            console.say(f"{path} holds no response that can be read")
    if not responses.total():
        raise RecordingError("nothing can be read in the recordings")
    return found, evidence, redirects


def _write_reading(pages: list[PageResult], said: ArticleRef | None, addresses: list[str], ledger: Ledger) -> None:
    """Write a line for one reading of an article, or reject it; ``said`` is what lists said of it then."""
    article = assemble_article(pages)
    if article is not None:
        article = replace(article, aliases=[*article.aliases, *addresses])
        ledger.write(add_evidence(article, said) if said is not None else article)
    else:
        page = pages[0]
        reason = page.rejected or ("its first page was not captured" if page.article else NO_ARTICLE)
        is_unreadable = page.article is None and page.layout is not None
        ledger.reject(Rejected.now(page.url, reason, page.layout), is_unreadable=is_unreadable)
