"""The processes of ``scrapy extract``: killed ones cost no article."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.bulk import local_executor, span_reader, span_results, spans
from ifp_scraper.bulk.executors import skipped_span
from ifp_scraper.bulk.local_executor import LocalExecutor
from ifp_scraper.pages import Capture
from tests.crawling import ROOT


def test_a_worker_killed_from_outside_costs_nothing(recording: Path) -> None:
    cut = spans.cut_spans([recording / "both.warc.gz"], 20_000)
    executor = LocalExecutor(1)
    try:
        results = executor.run(cut, "https://ifpnews.com")
        found = [next(results)]
        time.sleep(0.5)  # so that further results are ready and waiting
        for worker in list(executor._pool._processes.values()):
            worker.kill()
            worker.join()
        while not executor._pool._broken:
            time.sleep(0.01)
        found += results
    finally:
        executor.close()
    assert [result.span for result in found] == cut
    assert not [fault for result in found for fault in result.faults]


def test_the_processes_are_gone_once_it_is_closed() -> None:
    executor = LocalExecutor(1)
    workers = list(executor._pool._processes.values())
    executor.close()
    assert not any(worker.is_alive() for worker in workers)


def _dies_once(span: spans.Span, site: str) -> span_results.SpanResult:
    mark = Path(site)
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return span_results.SpanResult(span)


def test_a_span_is_not_blamed_for_one_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_executor, "read_span", _dies_once)
    executor = LocalExecutor(1)
    try:
        result = executor._read_alone(spans.Span("a", 0, 1, 1), str(tmp_path / "mark"))
    finally:
        executor.close()
    assert result.faults == []


def _read_span_with_a_fatal_page(span: spans.Span, site: str) -> span_results.SpanResult:
    read = span_reader.read_page

    def read_page(body: bytes, capture: Capture, *rest: Any) -> Any:
        return os._exit(9) if "/modest-plan-for-zanjan-footbridge/" in capture.url else read(body, capture, *rest)

    span_reader.read_page = read_page  # type: ignore[assignment]
    return span_reader.read_span(span, site)


def test_a_page_that_kills_its_worker_costs_no_other_article(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = spans.cut_spans([recording / "both.warc.gz"])
    assert len(cut) == 1
    whole = span_reader.read_span(cut[0], "https://ifpnews.com")
    monkeypatch.setattr(local_executor, "read_span", _read_span_with_a_fatal_page)
    executor = LocalExecutor(1)
    try:
        [result] = executor.run(cut, "https://ifpnews.com")
    finally:
        executor.close()
    assert result.span == cut[0]
    assert [fault.what for fault in result.faults] == ["a page there killed its worker"] * 2
    assert whole.pages.keys() - result.pages.keys() == {"ifpnews.com/modest-plan-for-zanjan-footbridge"}
    assert result.listed == whole.listed


def test_workers_that_always_die_are_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_executor, "_begin_worker", os._exit)
    with pytest.raises(OSError, match="worker processes end as soon as they start"):
        LocalExecutor(2)


def test_a_span_of_fatal_pages_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(LocalExecutor, "_try_twice", lambda self, part, site: started.append(part))
    executor = LocalExecutor(1)
    try:
        result = executor._read_alone(spans.Span("a", 0, spans.SPAN, spans.SPAN), "https://ifpnews.com")
    finally:
        executor.close()
    assert len(started) < 100
    assert str(result.faults[0]) == "a at byte 0: a page there killed its worker"


def test_a_span_that_begins_with_a_fatal_page_is_not_read_again() -> None:
    span = spans.Span("a", 0, 9, 9)
    parts = [skipped_span(spans.Span("a", 0, 4, 9)), span_reader.SpanResult(spans.Span("a", 4, 9, 9), "0.5.0")]
    assert span_results.join_results(span, parts).reader == "0.5.0"


def test_workers_start_whatever_the_default_is() -> None:
    """``forkserver`` is the default on Linux since Python 3.14."""
    code = (
        "import multiprocessing; multiprocessing.set_start_method('forkserver')\n"
        "from ifp_scraper.bulk.local_executor import LocalExecutor; LocalExecutor(1).close()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
