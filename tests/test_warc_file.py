"""A recording cut by a kill or damaged: the next run goes on after its last whole record, or leaves it alone."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from random import Random

import pytest

from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.recordings.warc_file import cut_unfinished
from tests.crawling import EIGHT_AT_ONCE, crawl
from tests.site import Site, make_posts, serve


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all.warc.gz", "all.warc"])
def test_wherever_a_kill_cuts_a_recording_the_next_run_goes_on(name: str, tmp_path: Path) -> None:
    recording, cut = tmp_path / name, tmp_path / f"cut-{name}"
    with serve(Site(make_posts(3, seed=8)), amp=None) as server:
        assert crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}").status == 0
    whole = recording.read_bytes()
    for size in (*range(len(whole) - 1, len(whole) - 3000, -1), *range(len(whole) - 3000, len(whole) // 2, -97)):
        cut.write_bytes(whole[:size])
        cut_unfinished(cut)
        left = cut.read_bytes()
        assert whole.startswith(left)
        assert len(left) > size - 60_000
        assert name.endswith(".gz") or left.endswith(b"\r\n\r\n")  # so that what is appended begins a line
    for tail in (bytes(9000), b"\n", whole[:100]):  # such as a power loss leaves
        cut.write_bytes(whole + tail)
        assert cut_unfinished(cut) == len(tail)
        assert cut.read_bytes() == whole


@pytest.mark.parametrize("name", ["notes.warc.gz", "notes.warc"])
def test_a_file_without_a_record_is_left_alone(name: str, tmp_path: Path) -> None:
    notes = b"Notes of a year.\n" + Random(1).randbytes(50_000)
    content = gzip.compress(notes) if name.endswith(".gz") else notes
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match="is damaged at byte 0"):
        cut_unfinished(tmp_path / name)
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("name", ["all.warc.gz", "all.warc"])
def test_a_recording_of_which_a_power_loss_left_zeros_begins_anew(name: str, tmp_path: Path) -> None:
    record = b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 400\r\n\r\n" + bytes(range(200)) * 2
    begun = (gzip.compress(record) if name.endswith(".gz") else record)[:150]
    (tmp_path / name).write_bytes(begun + bytes(50_000))
    assert cut_unfinished(tmp_path / name) == 50_150
    assert (tmp_path / name).read_bytes() == b""


@pytest.mark.parametrize("name", ["all.warc.gz", "all.warc"])
def test_a_recording_that_is_damaged_in_its_middle_is_left_alone(name: str, tmp_path: Path) -> None:
    recording = tmp_path / name
    with serve(Site(make_posts(6, seed=8))) as server:
        assert crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}").status == 0
        whole = recording.read_bytes()
        # In a page, as a header of a record may lack 40 bytes and still be one.
        middle = len(whole) // 2 if name.endswith(".gz") else whole.index(b"<body", len(whole) // 4)
        damaged = whole[:middle] + whole[middle + 40 :]
        recording.write_bytes(damaged)
        run = crawl(server.url, tmp_path / "a.jsonl", "-s", f"IFP_ARCHIVE={recording}")
        assert (run.status, "is damaged at byte" in run.err) == (1, True), run.err
        assert "Traceback" not in run.err
        assert recording.read_bytes() == damaged


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.warc.gz")
    run = crawl("http://127.0.0.1:9", tmp_path / "a.jsonl", "-s", f"IFP_ARCHIVE={tmp_path}/a.warc.gz", timeout=30)
    assert (run.status, "is not a regular file" in run.err) == (1, True), run.err
