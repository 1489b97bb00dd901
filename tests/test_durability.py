"""The real command killed, interrupted, out of disk space: each article once, whole lines, plain messages."""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator

from tests.crawling import FAST, ROOT, Run, crawl, lines, scrapy
from tests.site import Site, SiteServer, make_posts, serve

pytestmark = pytest.mark.slow

POSTS = 200

SOON = 20
"""Seconds in which a stopped crawl ends even on a busy machine; what it was waiting for takes longer."""


@pytest.fixture(scope="module")
def server() -> Iterator[SiteServer]:
    with serve(Site(make_posts(POSTS))) as running:  # its Date header stands still
        yield running


@pytest.fixture(scope="module")
def whole(server: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of an undisturbed crawl."""
    out = tmp_path_factory.mktemp("whole") / "a.jsonl"
    run = crawl(server.url, out)
    assert run.status == 0, run.err
    return lines(out)


def start(url: str, out: Path, *arguments: str | Path, fast: bool = True, cwd: Path = ROOT) -> subprocess.Popen[str]:
    """Start the real command."""
    command = ["crawl", "ifp", "-s", f"IFP_SITE={url}", "-o", str(out), *(FAST if fast else ()), *map(str, arguments)]
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "ifp_scraper.settings"},
    )


def wait_until(happened: Callable[[], object], running: subprocess.Popen[str]) -> None:
    """Wait for what the command is to do, or for its end."""
    end = time.monotonic() + 60
    while time.monotonic() < end and running.poll() is None and not happened():
        time.sleep(0.02)


def wait_for_lines(out: Path, count: int, running: subprocess.Popen[str]) -> None:
    wait_until(lambda: out.exists() and out.read_bytes().count(b"\n") >= count, running)


def ended(running: subprocess.Popen[str], timeout: float = 60) -> Run:
    stdout, stderr = running.communicate(timeout=timeout)
    return Run(running.returncode, stdout, stderr)


def failed_in_words(run: Run) -> bool:
    """Whether it ended with status 1 and a message in plain words."""
    return run.status == 1 and "Traceback" not in run.err and "Error:" not in run.err


def assert_same_lines(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Assert that these are the same lines in the same order."""
    assert [line["url"] for line in found] == [line["url"] for line in expected]
    for got, want in zip(found, expected, strict=True):
        differing = {name for name in want if got[name] != want[name]}
        assert not differing, (want["url"], differing)


def killed_often(url: str, out: Path, kills: int, seed: int, longest: float, *arguments: str) -> tuple[Run, int]:
    """Kill some runs at random moments and let a last one end; return that, and how many were really killed."""
    rng = random.Random(seed)
    killed = 0
    for _ in range(kills):
        running = start(url, out, *arguments)
        if rng.random() < 0.7:  # in the middle of the crawl; otherwise perhaps while it starts
            have = out.read_bytes().count(b"\n") if out.exists() else 0
            wait_for_lines(out, have + 1, running)
        time.sleep(rng.uniform(0.0, longest))
        killed += running.poll() is None
        running.kill()
        running.communicate()
        if out.exists():
            content = out.read_bytes()
            for line in content[: content.rfind(b"\n") + 1].splitlines():
                json.loads(line)
    return crawl(url, out, *arguments, timeout=600), killed


class TestKill:
    def test_killed_and_restarted_gives_the_same_lines(
        self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        out = tmp_path / "a.jsonl"
        last, killed = killed_often(server.url, out, 6, 1, 0.4)
        assert last.status == 0, last.err
        assert killed >= 4
        assert out.read_bytes().endswith(b"\n")
        assert_same_lines(lines(out), whole)
        again = crawl(server.url, out)
        assert "0 new, 0 revised" in again.err

    def test_the_recording_stays_readable(
        self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        out, recording = tmp_path / "a.jsonl", tmp_path / "a.warc.gz"
        last, killed = killed_often(server.url, out, 2, 2, 0.6, "-s", f"IFP_ARCHIVE={recording}")
        assert last.status == 0, last.err
        assert killed >= 1
        assert_same_lines(lines(out), whole)
        check = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", "-v", str(recording)], capture_output=True
        )
        assert check.returncode == 0, check.stdout[-500:]
        replayed = tmp_path / "b.jsonl"
        run = scrapy("crawl", "ifp", "-a", f"archive={recording}", "-o", replayed, "-s", f"IFP_SITE={server.url}")
        assert run.status == 0, run.err
        assert sorted(line["url"] for line in lines(replayed)) == sorted(line["url"] for line in whole)

    def test_a_torn_recording_is_read_up_to_the_tear(self, server: SiteServer, tmp_path: Path) -> None:
        out, recording = tmp_path / "a.jsonl", tmp_path / "a.warc.gz"
        assert crawl(server.url, out, "-a", "limit=20", "-s", f"IFP_ARCHIVE={recording}").status == 0
        with recording.open("rb+") as file:
            file.truncate(recording.stat().st_size - 700)
        with recording.open("rb") as stream:
            offsets = [record.stream_pos for record in ArchiveIterator(stream, parse_http=False)]
        run = scrapy("crawl", "ifp", "-a", f"archive={recording}", "-o", tmp_path / "b.jsonl")
        assert run.status == 0, run.err
        assert len(lines(tmp_path / "b.jsonl")) >= 18
        assert crawl(server.url, tmp_path / "c.jsonl", "-a", "limit=3", "-s", f"IFP_ARCHIVE={recording}").status == 0
        with recording.open("rb") as stream:
            assert len(list(ArchiveIterator(stream, parse_http=False))) > len(offsets)


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_one_ends_the_crawl_within_seconds(
        self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path, number: int
    ) -> None:
        out = tmp_path / "a.jsonl"
        running = start(server.url, out)
        wait_for_lines(out, 5, running)
        running.send_signal(number)
        begin = time.monotonic()
        run = ended(running)
        assert time.monotonic() - begin < SOON
        assert failed_in_words(run), run.err
        assert "stopped" in run.err
        assert "new," in run.err
        assert lines(out.with_suffix(".runs.jsonl"))[-1]["exit_status"] == 1
        assert crawl(server.url, out).status == 0
        assert_same_lines(lines(out), whole)

    def test_twice_ends_at_once(self, server: SiteServer, tmp_path: Path) -> None:
        with serve(Site(make_posts(30))) as slow:
            fault = slow.fault(lambda path: path.count("/") == 2, "timeout", times=None, seconds=300)
            running = start(slow.url, tmp_path / "a.jsonl", "-s", "IFP_GRACE=60")
            wait_until(lambda: fault.hits, running)
            running.send_signal(signal.SIGINT)
            time.sleep(0.6)
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
            begin = time.monotonic()
            run = ended(running)
        assert time.monotonic() - begin < SOON
        assert failed_in_words(run), run.err

    def test_during_a_long_delay(self, tmp_path: Path) -> None:
        with serve(Site(make_posts(30))) as server:
            running = start(server.url, tmp_path / "a.jsonl", "-s", "DOWNLOAD_DELAY=100", fast=False)
            assert_ends(running, lambda: server.log)

    def test_during_a_retry_after(self, tmp_path: Path) -> None:
        with serve(Site(make_posts(30))) as server:
            fault = server.fault("/wp-json", 503, times=None, retry_after=300)
            running = start(server.url, tmp_path / "a.jsonl")
            assert_ends(running, lambda: fault.hits)

    def test_during_a_slow_response(self, tmp_path: Path) -> None:
        with serve(Site(make_posts(30))) as server:
            fault = server.fault(lambda path: path.count("/") == 2, "timeout", times=None, seconds=300)
            running = start(server.url, tmp_path / "a.jsonl")
            assert_ends(running, lambda: fault.hits)


def assert_ends(running: subprocess.Popen[str], asked: Callable[[], object]) -> None:
    """Assert that a signal ends a crawl which waits after its request."""
    wait_until(asked, running)
    time.sleep(0.5)
    assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    run = ended(running)
    assert time.monotonic() - begin < SOON
    assert failed_in_words(run), run.err
    assert "stopped" in run.err


@pytest.fixture
def small_disk() -> Iterator[Path]:
    disk = Path(mkdtemp())
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, b"size=160k") != 0:
        pytest.skip(f"cannot mount a small disk: {os.strerror(ctypes.get_errno())}")
    try:
        yield disk
    finally:
        libc.umount2(os.fsencode(disk), 2)
        shutil.rmtree(disk, ignore_errors=True)


class TestDisk:
    def test_full_disk(self, server: SiteServer, whole: list[dict[str, Any]], small_disk: Path) -> None:
        out = small_disk / "a.jsonl"
        run = crawl(server.url, out)
        assert failed_in_words(run), run.err
        assert "disk is full" in run.err
        assert out.read_bytes().endswith(b"\n")
        assert 0 < len(lines(out)) < POSTS
        ctypes.CDLL(None).mount(b"", os.fsencode(small_disk), b"", 32, b"size=16m")  # MS_REMOUNT: now there is room
        again = crawl(server.url, out)
        assert again.status == 0, again.err
        assert_same_lines(lines(out), whole)

    def test_full_disk_of_the_recording(self, server: SiteServer, small_disk: Path, tmp_path: Path) -> None:
        recording = small_disk / "a.warc.gz"
        run = crawl(server.url, tmp_path / "a.jsonl", "-s", f"IFP_ARCHIVE={recording}")
        assert failed_in_words(run), run.err
        assert "disk is full" in run.err
        assert str(recording) in run.err
        with recording.open("rb") as stream:
            recorded = {record.headers.get("WARC-Target-URI") for record in ArchiveIterator(stream, parse_http=False)}
        assert all(line["fetched_url"] in recorded for line in lines(tmp_path / "a.jsonl"))
        again = crawl(server.url, tmp_path / "a.jsonl", "-a", "limit=5")
        assert again.status == 0, again.err

    @pytest.mark.parametrize("suffix", [".rejected.jsonl", ".runs.jsonl"])
    def test_a_file_beside_that_cannot_be_written(
        self, server: SiteServer, small_disk: Path, tmp_path: Path, suffix: str
    ) -> None:
        out = tmp_path / "a.jsonl"
        (small_disk / "beside").touch()
        (small_disk / "filler").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096))
        out.with_suffix(suffix).symlink_to(small_disk / "beside")
        run = crawl(server.url, out, "-a", "sources=listing")
        assert failed_in_words(run), run.err
        assert suffix in run.err
        assert "disk is full" in run.err

    @pytest.mark.parametrize("to", ["csv", "parquet", "sqlite"])
    def test_no_room_for_all_files_of_an_export(
        self, whole: list[dict[str, Any]], small_disk: Path, tmp_path: Path, to: str
    ) -> None:
        file = tmp_path / "a.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in whole))
        (small_disk / "filler").write_bytes(bytes((os.statvfs(small_disk).f_bavail - 4) * 4096))
        run = scrapy("export", file, "--to", to, "-o", small_disk / "export")
        assert (run.status, run.err.count("\n")) == (1, 1), run.err
        assert "disk is full" in run.err

    def test_no_room_for_kept_pages(self, server: SiteServer, tmp_path: Path) -> None:
        out = tmp_path / "a.jsonl"
        (tmp_path / "a.rejected").write_text("a file where the folder should be")
        with serve(Site(make_posts(20))) as other:
            other.fault(lambda path: path.count("/") == 2, "truncated", times=None)
            run = crawl(other.url, out, "-a", "pages=canonical", "-s", "RETRY_TIMES=1")
        assert "Traceback" not in run.err

    def test_read_only_folder(self, server: SiteServer, tmp_path: Path) -> None:
        run = crawl(server.url, Path("/proc/ifp/a.jsonl"))
        assert failed_in_words(run), run.err
        assert "/proc/ifp/a.jsonl" in run.err
        run = crawl(server.url, tmp_path / "a.jsonl", "-s", "IFP_ARCHIVE=/proc/ifp/a.warc.gz")
        assert failed_in_words(run), run.err
        assert "/proc/ifp/a.warc.gz" in run.err


class TestFile:
    def test_locked_by_another_crawl(self, server: SiteServer, tmp_path: Path) -> None:
        out = tmp_path / "a.jsonl"
        first = start(server.url, out, "-s", "DOWNLOAD_DELAY=5", fast=False)
        wait_for_lines(out, 0, first)
        run = crawl(server.url, out)
        first.kill()
        first.communicate()
        assert failed_in_words(run), run.err
        assert "Another crawl is writing" in run.err

    def test_recording_locked_by_another_crawl(self, server: SiteServer, tmp_path: Path) -> None:
        recording = tmp_path / "a.warc.gz"
        first = start(
            server.url, tmp_path / "a.jsonl", "-s", "DOWNLOAD_DELAY=5", "-s", f"IFP_ARCHIVE={recording}", fast=False
        )
        wait_until(lambda: recording.exists() and recording.stat().st_size, first)
        run = crawl(server.url, tmp_path / "b.jsonl", "-s", f"IFP_ARCHIVE={recording}")
        first.kill()
        first.communicate()
        assert failed_in_words(run), run.err
        assert "Another crawl" in run.err

    @pytest.mark.parametrize("damage", ["half", "corrupt", "edited", "older"])
    def test_goes_on_with_a_damaged_file(
        self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path, damage: str
    ) -> None:
        out = tmp_path / "a.jsonl"
        kept = [json.dumps(line, ensure_ascii=False) for line in whole]
        if damage == "half":
            content = "\n".join(kept[:150]) + "\n" + kept[150][:300]
        elif damage == "corrupt":
            content = "\n".join([*kept[:70], kept[70][:400] + "\0\0garbage", *kept[71:]]) + "\n"
        elif damage == "edited":
            content = "\ufeff" + "\r\n\r\n".join(kept[5:])
        else:
            older = [{k: v for k, v in line.items() if k not in ("license", "embeds")} for line in whole]
            content = "".join(json.dumps({**line, "schema_version": "0.9"}) + "\n" for line in older[10:])
        out.write_text(content, encoding="utf-8", newline="")
        run = crawl(server.url, out)
        assert run.status == 0, run.err
        if damage == "corrupt":
            assert "Left in the file, though not articles: 1 line" in run.err
        found: dict[str, Any] = {}
        for line in out.read_text(encoding="utf-8-sig").splitlines():
            if line.strip() and "\0" not in line:
                value = json.loads(line)
                found[value["url"]] = value
        assert found.keys() == {line["url"] for line in whole}
        assert "0 revised" in run.err

    def test_a_newer_file_is_refused(self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path) -> None:
        out = tmp_path / "a.jsonl"
        out.write_text(json.dumps({**whole[0], "schema_version": "2"}) + "\n")
        before = out.read_bytes()
        run = crawl(server.url, out)
        assert failed_in_words(run), run.err
        assert "newer" in run.err
        assert out.read_bytes() == before

    def test_working_folder_removed_while_crawling(self, server: SiteServer, tmp_path: Path) -> None:
        folder = tmp_path / "here"
        folder.mkdir()
        running = start(server.url, Path("a.jsonl"), cwd=folder)
        wait_for_lines(folder / "a.jsonl", 10, running)
        shutil.rmtree(folder)
        run = ended(running)
        assert failed_in_words(run), run.err
        assert "Nothing is lost" in run.err
        assert "cannot be written" not in run.err
        assert len(lines(folder / "a.jsonl")) >= 10
        assert len(lines(folder / "a.runs.jsonl")) == 1

    def test_removed_while_crawling(self, server: SiteServer, whole: list[dict[str, Any]], tmp_path: Path) -> None:
        out = tmp_path / "a.jsonl"
        running = start(server.url, out)
        wait_for_lines(out, 10, running)
        out.unlink()
        run = ended(running)
        assert failed_in_words(run), run.err
        assert "Nothing is lost" in run.err
        assert len(lines(out)) >= 10
        assert crawl(server.url, out).status == 0
        assert_same_lines(lines(out), whole)
