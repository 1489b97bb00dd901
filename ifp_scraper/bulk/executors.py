"""Where the spans of recordings are read: a pool of processes on this machine, or a Dask cluster."""

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
from typing import Any, Protocol

import msgspec

from ifp_scraper.bulk.span_reader import read_span
from ifp_scraper.bulk.span_results import SpanResult, join_results
from ifp_scraper.bulk.spans import Span, halves

_CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
"""How processes start. Linux's default since Python 3.14 gives them another parent than ``_begin_worker`` expects."""

_MAX_SPLITS = 32
"""Most times that parts of a span are halved: one fatal page takes nine."""

_SMALLEST_PART = 4096
"""Size in bytes of the part that is given up around the start of a fatal page: less than a compressed page."""


class Executor(Protocol):
    """Reads spans somewhere: in processes or on a cluster."""

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """Yield the result of every span, in any order."""
        ...

    def close(self) -> None:
        """End the processes or connections it has made."""
        ...


class Processes:
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
                yield from self._all(waiting, site)
            except BrokenProcessPool:
                self.close()
                yield from self._one_by_one(waiting, site)
                self._pool = self._new_pool(self._workers)

    def close(self) -> None:
        """End the processes and wait for them, or Python may print an error on exit."""
        self._pool.shutdown(cancel_futures=True)

    def _all(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
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

    def _one_by_one(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
        """Read the next few spans, each in its own process, to find the one that kills its worker."""
        for _ in range(min(len(waiting), 3 * self._workers)):
            yield self._alone(waiting.pop(), site)

    def _alone(self, span: Span, site: str) -> SpanResult:
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
                results.append(_killer(part))
        return join_results(span, results)

    def _try_twice(self, part: Span, site: str) -> SpanResult | None:
        for _ in range(2):  # the first time, the user or a lack of memory may have killed it
            with suppress(BrokenProcessPool), self._new_pool(1) as pool:
                return pool.submit(read_span, part, site).result()
        return None


def _killer(span: Span) -> SpanResult:
    return SpanResult(span, faults=[f"{span.path} at byte {span.start}: a page there killed its worker"])


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and exit if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the pool uses it to end its processes

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Dask:
    """An existing Dask cluster (extra ``cluster``); every worker must see the recordings at the same path.

    Raises:
        ImportError: if distributed is not installed.
        OSError: if no scheduler responds at the address.
    """

    def __init__(self, address: str) -> None:
        from distributed import Client

        try:
            self._client = Client(address, timeout="10s")
        except ValueError as error:
            raise OSError(f"{address} is not the address of a Dask scheduler ({error})") from None

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        """See ``Executor``. Another worker rereads the spans of a lost one.

        A span that kills its workers is skipped, and reported among the faults.

        Raises:
            OSError: if a worker cannot read a recording, or the cluster is gone.
        """
        from distributed import CancelledError, KilledWorker

        suspects: list[Span] = []
        try:
            yield from self._all(spans, site, suspects)
            for span in suspects:  # one by one: most were only queued behind the one that kills
                try:
                    yield self._result(self._submit(span, site), span)
                except KilledWorker:
                    yield _killer(span)
        except CancelledError as error:
            raise OSError(f"the Dask cluster is gone ({error})") from None

    def _all(self, spans: list[Span], site: str, suspects: list[Span]) -> Iterator[SpanResult]:
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
