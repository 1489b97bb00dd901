"""``scrapy extract --dask``: a real scheduler and workers over TCP give the same file as this machine alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ifp_scraper.bulk import spans
from ifp_scraper.bulk.dask_executor import DaskExecutor
from tests.crawling import ROOT, lines, scrapy
from tests.site import Site, make_posts, record, serve

pytest.importorskip("distributed", reason='needs the extra "cluster"')

pytestmark = pytest.mark.slow
SPAN = 20_000
"""In bytes; small, so that a small recording has many spans."""

_SMALL_SPANS = f"""
from functools import partial
from ifp_scraper.bulk import spans
from ifp_scraper.commands import extract
from ifp_scraper.__main__ import main
extract.cut_spans = partial(spans.cut_spans, size={SPAN})
main()
"""


@dataclass
class Cluster:
    """A scheduler and its workers, each in a process of its own."""

    address: str
    workers: list[subprocess.Popen[bytes]]
    folder: Path

    def add_worker(self, *options: str) -> None:
        arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", *options)
        self.workers.append(start("dask_worker", self.address, *arguments, cwd=self.folder))


def start(name: str, *arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a part of a cluster, in another folder than the test's."""
    with (cwd / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *arguments], cwd=cwd, stdout=log, stderr=log
        )


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A scheduler on TCP, without workers."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    told = folder / "scheduler.json"
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    scheduler = start("dask_scheduler", *options, cwd=folder)
    cluster = Cluster("", [], folder)
    try:
        cluster.address = _address(told)
        yield cluster
    finally:
        for process in (*cluster.workers, scheduler):
            process.kill()
            process.wait()


def _address(told: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            address: str = json.loads(told.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
        else:
            return address
    raise AssertionError((told.parent / "dask_scheduler.log").read_text())


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "site.warc.gz"
    with serve(Site(make_posts(150, seed=12))) as server:
        record(server, path, root="https://ifpnews.com")
    return path


def extract(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", _SMALL_SPANS, "extract", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_killed_worker_changes_nothing(recording: Path, cluster: Cluster, tmp_path: Path) -> None:
    cluster.add_worker()
    cluster.add_worker()
    alone = tmp_path / "alone.jsonl"
    process = extract(recording, "-o", alone, "--workers", "1", cwd=recording.parent)
    assert process.wait(120) == 0, process.communicate()[1]

    out = tmp_path / "dask.jsonl"
    # A relative path: the workers run in another folder.
    process = extract(recording.name, "-o", out, "--dask", cluster.address, cwd=recording.parent)
    partial = tmp_path / "dask.jsonl.partial"
    while process.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.005)
    cluster.workers[0].kill()
    done = _results(partial.read_bytes()) if partial.exists() else 0
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 0, told
    assert 0 < done < len(spans.cut_spans([recording], SPAN)) / 2, f"it was not killed in the middle: {told}"
    assert "Traceback" not in told
    assert cluster.workers[1].poll() is None
    assert len(lines(out)) > 100
    assert out.read_bytes() == alone.read_bytes()
    assert not partial.exists()


def _results(kept: bytes) -> int:
    """Count the complete results in a partial file; reading it with ``PartialResults`` would truncate it."""
    at = count = 0
    while at + 8 <= len(kept):
        at += 8 + int.from_bytes(kept[at : at + 8], "big")
        count += at <= len(kept)
    return count


def test_a_page_that_kills_is_skipped(recording: Path, cluster: Cluster, tmp_path: Path) -> None:
    deadly = spans.cut_spans([recording], SPAN)[3].start
    (cluster.folder / "deadly.py").write_text(
        "import os\nfrom ifp_scraper.bulk import span_reader\n"
        "def deadly(stream, path, start, *rest):\n"
        f"    return os._exit(9) if start == {deadly} else read(stream, path, start, *rest)\n"
        "if span_reader.read_responses.__name__ != 'deadly':  # it is loaded twice\n"
        "    read, span_reader.read_responses = span_reader.read_responses, deadly\n"
    )
    for _ in range(5):  # one failure is allowed: two workers die at first, two when the span is tried alone
        cluster.add_worker("--preload", "deadly.py")
    process = extract(recording, "-o", tmp_path / "out.jsonl", "--dask", cluster.address, cwd=tmp_path)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 0, told
    assert f"at byte {deadly}: a page there killed its worker" in told
    assert told.count("killed its worker") == 1
    assert len(lines(tmp_path / "out.jsonl")) > 80


def test_a_recording_that_workers_do_not_see(cluster: Cluster, tmp_path: Path) -> None:
    cluster.add_worker()
    executor = DaskExecutor(cluster.address)
    try:
        missing = [spans.Span(str(tmp_path / "nothing.warc.gz"), 0, 10, 10)]
        with pytest.raises(FileNotFoundError):
            list(executor.run(missing, "https://ifpnews.com"))
    finally:
        executor.close()


@pytest.mark.parametrize(("address", "status"), [("tcp://127.0.0.1:1", 1), ("nonsense://x", 2)])
def test_no_scheduler(recording: Path, tmp_path: Path, address: str, status: int) -> None:
    run = scrapy("extract", recording, "-o", tmp_path / "out.jsonl", "--dask", address)
    assert run.status == status
    assert ("extract failed" if status == 1 else "is not the address of a Dask scheduler") in run.err
    assert "Traceback" not in run.err
