"""Reads spans on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec

from ifp_scraper.bulk.executors import skipped_span
from ifp_scraper.bulk.span_reader import read_span
from ifp_scraper.bulk.span_results import SpanResult
from ifp_scraper.bulk.spans import Span
from ifp_scraper.options import BadArgument


class DaskExecutor:
    """An existing Dask cluster (extra ``cluster``); every worker must see the recordings at the same path.

    Raises:
        ImportError: if distributed is not installed.
        BadArgument: if the address is none.
        OSError: if no scheduler responds at the address.
    """

    def __init__(self, address: str) -> None:
        from distributed import Client

        try:
            self._client = Client(address, timeout="10s")
        except ValueError as error:
            raise BadArgument(f"{address} is not the address of a Dask scheduler ({error})") from None

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """See ``Executor``. Another worker rereads the spans of a lost one.

        A span that kills its workers is skipped, and reported among the faults.

        Raises:
            OSError: if a worker cannot read a recording, or the cluster is gone.
        """
        from distributed import CancelledError, KilledWorker

        suspects: list[Span] = []
        try:
            yield from self._run_on_cluster(spans, site, suspects)
            for span in suspects:  # one by one: most were only queued behind the one that kills
                try:
                    yield self._result(self._submit(span, site), span)
                except KilledWorker:
                    yield skipped_span(span)
        except CancelledError as error:
            raise OSError(f"the Dask cluster is gone ({error})") from None

    def _run_on_cluster(self, spans: list[Span], site: str, suspects: list[Span]) -> Iterator[SpanResult]:
        """Yield the results of all spans but those that kill a worker, which are added to ``suspects``."""
        from distributed import KilledWorker, as_completed

        waiting = list(reversed(spans))
        ahead = max(8, 3 * sum(self._client.nthreads().values()))
        asked: dict[str, Span] = {}

        def submit() -> Any:
            span = waiting.pop()
            future = self._submit(span, site)
            asked[future.key] = span
            return future

        running = as_completed([submit() for _ in range(min(ahead, len(waiting)))])
        for future in running:
            span = asked.pop(future.key)
            try:
                yield self._result(future, span)
            except KilledWorker:
                suspects.append(span)
            if waiting:
                running.add(submit())

    def _submit(self, span: Span, site: str) -> Any:
        there = msgspec.structs.replace(span, path=os.path.abspath(span.path))  # a worker has another cwd
        return self._client.submit(read_span, there, site, pure=False, retries=3)

    def _result(self, future: Any, span: Span) -> SpanResult:
        result: SpanResult = future.result()
        result.span = span
        return result

    def close(self) -> None:
        """Disconnect, and leave the cluster as it was."""
        self._client.close()
