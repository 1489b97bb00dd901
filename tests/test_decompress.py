"""Recordings as files that can be read from the middle; crawls of every form are in ``test_recording_forms.py``."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import re
import subprocess
import sys
import time
import zipfile
from base64 import b85decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc import ZstdReader, ZstdWriter

from ifp_scraper.recordings import decompress
from ifp_scraper.recordings.decompress import MAX_RATIO, seekable
from tests.crawling import ROOT, scrapy
from tests.recordings import (
    FORMS,
    bare_line_feeds,
    gzipped_as_a_whole,
    gzipped_as_a_whole_in_wacz,
    header_names_in_lower_case,
    in_lower_case,
    picture,
    zstd,
)

NOTE = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 6\r\n\r\na note\r\n\r\n"
PICTURE = picture()
DATA = gzip.compress(NOTE) + gzip.compress(PICTURE, 1) + gzip.compress(NOTE)
IN_PLACE = ("plain_warc", "stored_wacz", "gzipped_in_two_parts")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_unpacked_completely(
    form: Callable[[bytes, Path], Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = form(DATA, tmp_path)
    [found] = seekable([kept])
    assert caplog.text == ""
    assert (found == kept) is (form.__name__ in IN_PLACE)
    if found != kept:
        data = gzip.decompress(found.read_bytes()) if found.suffix == ".gz" else found.read_bytes()
        assert data.removeprefix(PICTURE) == NOTE + PICTURE + NOTE


def test_members_of_many_records_and_padding(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = tmp_path / "a.warc.gz"
    kept.write_bytes(gzip.compress(NOTE * 2) + gzip.compress(NOTE * 3) + bytes(512))
    [found] = seekable([kept])
    assert (found.read_bytes(), caplog.text) == (NOTE * 5, "")


def test_recordings_of_one_name_in_a_package(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.wacz", "w") as package:
        for folder, data in (("a", DATA), ("b", gzip.compress(NOTE * 9)), ("c", gzip.compress(NOTE))):
            package.writestr(f"{folder}/data.warc.gz", data)
        package.writestr("d/data.warc", NOTE * 3)
        package.writestr("pages/pages.jsonl", "{}")
    first, second, third, fourth = seekable([tmp_path / "a.wacz"])
    assert (first.read_bytes(), second.read_bytes()) == (DATA, NOTE * 9)
    assert (gzip.decompress(third.read_bytes()), fourth.read_bytes()) == (NOTE, NOTE * 3)


@pytest.mark.parametrize("form", [zstd, gzipped_as_a_whole, header_names_in_lower_case, bare_line_feeds])
def test_what_is_before_the_damage_comes(
    form: Callable[[bytes, Path], Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = form(DATA, tmp_path)
    kept.write_bytes(kept.read_bytes()[: len(DATA) // 2])
    found, gone = seekable([kept, tmp_path / "gone.warc.gz"])
    assert gone == tmp_path / "gone.warc.gz"
    whole = NOTE + PICTURE
    assert found != kept
    assert whole.startswith(found.read_bytes().rstrip(b"\r\n"))
    assert found.stat().st_size > len(NOTE)
    assert ("cannot be read" in caplog.text) is (form is not bare_line_feeds)


def zstd_frame(data: bytes, folder: Path) -> bytes:
    writer = ZstdWriter(str(folder / "frame"))
    writer.write(data)
    writer.close()
    return (folder / "frame").read_bytes()


def damage(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])  # in its checksum


@pytest.mark.parametrize("damaged", [(0,), (5,), (2, 3), (9,), (0, 4, 9)])
def test_a_damaged_zstd_frame_costs_no_other(
    damaged: tuple[int, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does what follows it pass for a part of its record."""
    records = [NOTE.replace(b"a note", b"note %d" % number) for number in range(10)]
    frames = [zstd_frame(record, tmp_path) for record in records]
    for number in damaged:
        frames[number], records[number] = damage(frames[number]), b""
    kept = tmp_path / "a.warc.zst"
    kept.write_bytes(b"".join(frames))
    copies = seekable([kept])
    assert b"".join(copy.read_bytes() for copy in copies) == b"".join(records)
    assert len(copies) == len(re.sub("x+", " ", "".join("." if record else "x" for record in records)).split())
    assert f"{kept}: what follows byte" in caplog.text


DICTIONARY = b85decode(
    "D77#B1ZbrN0F((gq%iDnQK}j<5MaDC1}KW6QxFgY1OZX8<(3Ud01_ZbO1b6U+W`?kWI{<u15;2?C=`4VhLuvPs(NI=fPsgBK{>-"
    "P3}cKj#+caw^zv{x91e%W;W&=t&N=6ty8{6L000CCQbR3Nd2nSqAZ=xIVPs)+VGRmHZ*FvDZgee7Wo~D5XgVM^4GIkkH!w6eIWl81WnnR"
    "63IG69t194@wE#fuz`tQs$rxDJ?ocW_Fm-g|xB"
)
FRAME = bytes.fromhex("28b52ffd07686f51aa1af50000738104be7f212d52c4a4faf6a116b8a50c9d31790202f0a94002058eea05188ca191")
"""``NOTE``, compressed with this dictionary, which is compressed too."""


@pytest.mark.parametrize("is_packed", [True, False], ids=["packed dictionary", "plain dictionary"])
def test_frames_after_a_damaged_one_need_the_dictionary_too(is_packed: bool, tmp_path: Path) -> None:
    dictionary = DICTIONARY if is_packed else ZstdReader(BytesIO(DICTIONARY)).read()
    kept = tmp_path / "a.warc.zst"
    begin = b"\x5d\x2a\x4d\x18" + len(dictionary).to_bytes(4, "little") + dictionary
    kept.write_bytes(begin + FRAME + damage(FRAME) + FRAME + FRAME)
    assert [copy.read_bytes() for copy in seekable([kept])] == [NOTE, NOTE + NOTE]


def test_damage_soon_behind_the_first_record_costs_only_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = tmp_path / "a.warc.gz"
    data = bytearray(gzip.compress(NOTE * 1000))
    data[-8] ^= 1  # in the checksum
    kept.write_bytes(data)
    [found] = seekable([kept])
    assert (found != kept, found.read_bytes()) == (True, (NOTE * 1000)[: found.stat().st_size])
    assert found.stat().st_size > len(NOTE) * 700
    assert "incorrect data check" in caplog.text


def test_what_is_around_a_thing_that_is_no_record_comes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = bare_line_feeds(gzip.compress(NOTE), tmp_path)
    wrong = (b"WARC/1.0\ncontent-length: %b\n\n" % length for length in (b"-1", b"9" * 5000, b"many"))
    kept.write_bytes(kept.read_bytes() + b"<html>\n\n" + b"".join(wrong) + kept.read_bytes())
    [found] = seekable([kept])
    assert found.read_bytes().startswith(NOTE)
    assert found.read_bytes().endswith(NOTE)
    assert "no record begins there" in caplog.text


@pytest.mark.parametrize("lost", [slice(-8, -4), slice(20, None), slice(0, 4)], ids=["checksum", "cut", "begin"])
@pytest.mark.parametrize("change", [bytes, in_lower_case], ids=["usual headers", "lower case"])
def test_a_damaged_gzip_member_costs_no_other(
    change: Callable[[bytes], bytes], lost: slice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If there are many records in each, or if their headers must be rewritten, too."""
    member = gzip.compress(change(NOTE) * 2)
    damaged = bytearray(member)
    del damaged[lost]
    kept = tmp_path / "a.warc.gz"
    kept.write_bytes(member + damaged + member)
    before, after = seekable([kept])
    assert before.read_bytes().startswith(NOTE * 2)
    assert after.read_bytes() == NOTE * 2
    assert f"{kept}: reading goes on at byte {len(member + damaged)}" in caplog.text


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_a_damaged_first_record_does_not_hide_unusual_headers(packed: bool, tmp_path: Path) -> None:
    one = in_lower_case(NOTE) if packed else NOTE.replace(b"\r\n", b"\n")
    pack = gzip.compress if packed else bytes
    kept = tmp_path / "a.warc.gz"
    kept.write_bytes(pack(one)[:8] + bytes(30) + pack(one) + pack(one))
    assert b"".join(copy.read_bytes() for copy in seekable([kept])).endswith(NOTE + NOTE)


def test_a_first_record_without_length_does_not_hide_others_in_its_member(tmp_path: Path) -> None:
    kept = tmp_path / "a.warc.gz"
    kept.write_bytes(gzip.compress(NOTE.replace(b"Length: 6", b"Length: six") + NOTE))
    [found] = seekable([kept])
    assert found.read_bytes().endswith(NOTE)


def test_headers_are_rewritten_in_zstd_frames_too(tmp_path: Path) -> None:
    kept = tmp_path / "a.warc.zst"
    kept.write_bytes(zstd_frame(in_lower_case(NOTE), tmp_path))
    assert [copy.read_bytes() for copy in seekable([kept])] == [NOTE]


def test_damage_everywhere_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file of nothing but starts of frames would be unpacked to as many copies, for hours."""
    monkeypatch.setattr(decompress, "_MAX_COPIES", 20)
    kept = tmp_path / "a.warc.zst"
    kept.write_bytes(b"\x28\xb5\x2f\xfd" * 50)
    seekable([kept])
    assert f"{kept} is damaged in too many places" in caplog.text


def test_headers_without_end_take_no_memory(tmp_path: Path) -> None:
    kept = tmp_path / "a.warc"
    kept.write_bytes(b"WARC/1.0\nWARC-Type: note\nContent-Length: 6\n" + b"a: b\n" * 1_000_000 + b"\n\n")
    [found] = seekable([kept])
    assert found.stat().st_size < 1 << 18


def test_a_damaged_member_of_a_package_is_told_whatever_compressed_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = tmp_path / "a.wacz"
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_LZMA) as package:
        package.writestr("data.warc", NOTE * 9)
    data = bytearray(kept.read_bytes())
    data[60:70] = bytes(10)
    kept.write_bytes(data)
    seekable([kept])
    assert "cannot be read (Corrupt input data)" in caplog.text


@pytest.mark.parametrize("command", ["extract", "crawl"])
@pytest.mark.parametrize("form", [gzipped_as_a_whole, zstd, gzipped_as_a_whole_in_wacz])
def test_without_room_to_unpack_nothing_is_read(
    form: Callable[[bytes, Path], Path], command: str, tmp_path: Path
) -> None:
    """Rather than some of it: records inside one gzip member can only be read from its start."""
    kept, out = form(DATA, tmp_path), tmp_path / "a.jsonl"
    arguments = ("extract", kept) if command == "extract" else ("crawl", "ifp", "-a", f"archive={kept}")
    run = scrapy(*arguments, "-o", out, room=100_000)
    assert f"{kept} cannot be unpacked" in run.err
    assert ("TMPDIR" in run.err, "Traceback" in run.err, run.status > 0) == (True, False, True)


def test_what_a_killed_run_had_unpacked_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, used, new = (tmp_path / f"ifp_scraper-{name}" for name in ("left", "used", "new"))
    for folder in (left, used, new):
        (folder / "copy").mkdir(parents=True)
        os.utime(folder, (time.time() - (0 if folder is new else 3600),) * 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    folder = decompress._folder.__wrapped__()
    try:
        assert (left.exists(), used.exists(), new.exists(), Path(folder.name).exists()) == (False, True, True, True)
        os.utime(folder.name, (0, 0))
        decompress._folder.__wrapped__().cleanup()
        assert Path(folder.name).exists()
    finally:
        os.close(lock)
        folder.cleanup()


def test_recordings_are_unpacked_where_nothing_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    left = tmp_path / "ifp_scraper-left"
    left.mkdir()
    os.utime(left, (0, 0))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(fcntl, "flock", flock)
    folder = decompress._folder.__wrapped__()
    assert (Path(folder.name).exists(), left.exists()) == (True, True)
    folder.cleanup()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["extract all.warc.gz", "crawl ifp -a archive=all.warc.gz"])
def test_what_was_unpacked_is_deleted_when_a_run_is_stopped(command: str, tmp_path: Path) -> None:
    whole = gzip.decompress((ROOT / "ifp_scraper/data/sample.warc.gz").read_bytes())
    with gzip.open(tmp_path / "all.warc.gz", "wb", 1) as packed:
        for _ in range(40):
            packed.write(whole)
    copies = tmp_path / "copies"
    copies.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *command.split(), "-o", "a.jsonl"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "SCRAPY_SETTINGS_MODULE": "ifp_scraper.settings",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(copies),
        },
    )
    while running.poll() is None and not list(copies.glob("ifp_scraper-*")):
        time.sleep(0.01)
    running.terminate()
    said = running.communicate(timeout=60)[1]
    assert (running.returncode, "stopped" in said, "Traceback" in said) == (1, True, False), said
    assert list(copies.iterdir()) == []


def test_a_recording_that_is_a_bomb_fills_no_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bomb = tmp_path / "bomb.warc.gz"
    bomb.write_bytes(gzip.compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n" + bytes(50_000_000)))
    [copy] = seekable([bomb])
    assert copy.stat().st_size < MAX_RATIO * bomb.stat().st_size + (1 << 20)
    assert "the rest was left" in caplog.text
