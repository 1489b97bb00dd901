"""Extracts articles from recordings at full speed, with no engine and on all cores, as a crawl of them would.

The lines are the same. Recordings are cut into spans, which workers read. Their results wait in a file beside the
output (``FILE.jsonl.partial``), so that memory stays flat and an interrupted run resumes where it was. When all spans
have been read, articles are joined and written in the order of the recordings: the output does not depend on how many
workers there are, or which is faster.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from ifp_scraper import console
from ifp_scraper.bulk.executors import Executor
from ifp_scraper.bulk.spans import PageView, Span, SpanResult, assemble, reader_of, revisit_spans
from ifp_scraper.discovery.readings import Evidence, article_key, evidence_at, split_readings, without_failed
from ifp_scraper.merge import add_evidence
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.storage.ledger import Ledger
from ifp_scraper.storage.output_file import StoreError, explain
from ifp_scraper.storage.rejections import NO_ARTICLE, Rejected


class PartialResults:
    """The workers' results, kept in a file beside the output until all spans have been read.

    The file holds each result in MessagePack, after its length in eight bytes, big-endian.

    Args:
        path: the file; results left in it by an interrupted run are used.
        site: root of the site; what was read for another site, or by another version, is read again.
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
            data = self._stream.read(min(length, size))  # a damaged length may exceed all memory
            try:
                result = msgspec.msgpack.decode(data, type=SpanResult) if len(data) == length else None
            except msgspec.DecodeError:
                result = None
            if result is None:
                break
            if result.reader == reader_of(site):
                self.spans[result.span] = (whole + 8, length)
            whole = self._stream.tell()
        self._stream.truncate(whole)

    def add(self, result: SpanResult) -> None:
        """Keep a result; if a kill leaves it unfinished, the next run cuts it off.

        Raises:
            StoreError: if the disk fails.
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
        """Return a kept result."""
        at, length = self.spans[span]
        self._stream.seek(at)
        return msgspec.msgpack.decode(self._stream.read(length), type=SpanResult)

    def clear(self) -> None:
        """Drop all results."""
        self._stream.truncate(0)
        self.spans.clear()

    def remove(self) -> None:
        """Close and delete the file."""
        self._stream.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file and leave it for the next run."""
        with suppress(OSError):  # closing retries what a full disk did not take
            self._stream.close()


def extract_spans(
    spans: list[Span], site: str, ledger: Ledger, executor: Executor, progress: Callable[[int, int, int], None]
) -> None:
    """Read all spans and write what they hold.

    Args:
        spans: those of all recordings, in order.
        site: root of the site; pages of other hosts are ignored.
        ledger: the open output.
        executor: where spans are read.
        progress: called with the number of records read, of spans done, and of all spans.

    Raises:
        StoreError: if the output fails.
        RecordingError: if there is no response in any span.
    """
    partial = PartialResults(ledger.store.path.with_name(ledger.store.path.name + ".partial"), site)
    if partial.spans.keys().isdisjoint(spans):
        partial.clear()  # from other recordings, or from unpacked copies, whose paths differ each time
    try:
        _read_all(spans, site, partial, executor, progress)
        revisited: dict[Span, list[Span]] = {}
        for span, again in revisit_spans(lambda: map(partial.read, spans)):
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
    """Join articles and write them, each after the last group of spans that holds a page of it."""
    last_group: dict[str, int] = {}
    evidence: dict[str, list[Evidence]] = {}
    responses: Counter[str] = Counter()
    captures: Counter[str] = Counter()
    for number, group in enumerate(groups):
        for span in group:
            result = partial.read(span)
            responses[span.path] += result.records
            captures[span.path] += result.records + len(result.revisits)
            for seen in result.listed:
                evidence.setdefault(article_key(seen.ref.url), []).append(seen)
            last_group.update(dict.fromkeys(result.articles, number))
    for path, count in captures.items():
        if not count:
            console.say(f"{path} holds no response that can be read")
    if not responses.total():
        raise RecordingError("nothing can be read in the recordings")
    held: dict[str, list[PageView]] = {}
    for number, group in enumerate(groups):
        for span in group:
            for key, views in partial.read(span).views().items():
                held.setdefault(key, []).extend(views)
        for key in [key for key in held if last_group[key] == number]:
            _write_article(held.pop(key), evidence.get(key, []), ledger)


def _write_article(views: list[PageView], evidence: list[Evidence], ledger: Ledger) -> None:
    views.sort(key=lambda view: (view.captured_at, view.number))
    if any(view.failed for view in views):
        views = without_failed(views, lambda view: view.failed)
    for reading in split_readings(views):
        ref = evidence_at(evidence, reading[0].captured_at)
        article = assemble(reading)
        if article is not None:
            ledger.write(add_evidence(article, ref) if ref is not None else article)
        else:
            view = reading[0]
            reason = view.rejected or ("its first page was not captured" if view.article else NO_ARTICLE)
            ledger.reject(Rejected.now(view.url, reason, view.layout))
