"""What an executor is: it reads the spans of recordings, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ifp_scraper.bulk.span_results import SpanResult
from ifp_scraper.bulk.spans import Span
from ifp_scraper.recordings.warc_reader import Fault


class Executor(Protocol):
    """Reads spans somewhere: in processes or on a cluster."""

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """Yield the result of every span, in any order."""
        ...

    def close(self) -> None:
        """End the processes or connections it has made."""
        ...


def skipped_span(span: Span) -> SpanResult:
    """Return the result of a span that no worker survived reading: only a fault."""
    return SpanResult(span, faults=[Fault(span.path, span.start, "a page there killed its worker")])
