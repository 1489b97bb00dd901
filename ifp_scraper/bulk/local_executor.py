"""Reads spans in a pool of processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from ifp_scraper.bulk.executors import skipped_span
from ifp_scraper.bulk.span_reader import read_span
from ifp_scraper.bulk.span_results import SpanResult, join_results
from ifp_scraper.bulk.spans import Span, halves

_CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
"""How processes start. Linux's default since Python 3.14 gives them another parent than ``_begin_worker`` expects."""

_MAX_SPLITS = 32
"""Most times that parts of a span are halved: one fatal page takes nine."""

_SMALLEST_PART = 4096
"""Size in bytes of the part that is given up around the start of a fatal page: less than a compressed page."""


class LocalExecutor:
    """A pool of processes on this machine.

    Create it before the output is opened: a process that inherits an open file also inherits its lock.

    Args:
        workers: number of processes; None for one per core.

    Raises:
        OSError: if worker processes end as soon as they start.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._pool = self._new_pool(self._workers)

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        for _ in range(2):  # the first time, the user may have killed one
            pool = ProcessPoolExecutor(
                workers, mp_context=_CONTEXT, initializer=_begin_worker, initargs=(os.getpid(),)
            )
            with suppress(BrokenProcessPool):
                for started in [pool.submit(os.getpid) for _ in range(workers)]:  # so that all processes start now
                    started.result()
                return pool
            pool.shutdown()
        raise OSError("worker processes end as soon as they start")

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """See ``Executor``. A page that kills its worker is skipped, and reported among the faults.

        Raises:
            OSError: if worker processes end as soon as they start.
        """
        waiting = list(reversed(spans))
        while waiting:
            try:
                yield from self._run_in_pool(waiting, site)
            except BrokenProcessPool:
                self.close()
                yield from self._run_one_by_one(waiting, site)
                self._pool = self._new_pool(self._workers)

    def close(self) -> None:
        """End the processes and wait for them, or Python may print an error on exit."""
        self._pool.shutdown(cancel_futures=True)

    def _run_in_pool(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
        running: list[tuple[Span, Future[SpanResult]]] = []
        try:
            while waiting or running:
                while waiting and len(running) < 3 * self._workers:
                    # A broken pool may refuse this span, so remove it from the list only afterwards.
                    running.append((waiting[-1], self._pool.submit(read_span, waiting[-1], site)))
                    waiting.pop()
                yield running[0][1].result()
                running.pop(0)
        finally:
            waiting.extend(span for span, _ in reversed(running))
            for _, future in running:
                future.cancel()

    def _run_one_by_one(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
        """Read the next few spans, each in its own process, to find the one that kills its worker."""
        for _ in range(min(len(waiting), 3 * self._workers)):
            yield self._read_alone(waiting.pop(), site)

    def _read_alone(self, span: Span, site: str) -> SpanResult:
        """Read a span in its own processes; if it kills them, read all but the parts around fatal pages."""
        waiting, results, splits = [span], [], 0
        while waiting:
            part = waiting.pop()
            if result := self._try_twice(part, site):
                results.append(result)
            elif part.end - part.start > _SMALLEST_PART and splits < _MAX_SPLITS:
                splits += 1
                waiting += reversed(halves(part))
            else:
                results.append(skipped_span(part))
        return join_results(span, results)

    def _try_twice(self, part: Span, site: str) -> SpanResult | None:
        for _ in range(2):  # the first time, the user or a lack of memory may have killed it
            with suppress(BrokenProcessPool), self._new_pool(1) as pool:
                return pool.submit(read_span, part, site).result()
        return None


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and exit if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the pool uses it to end its processes

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
