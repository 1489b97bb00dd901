"""A recording that breaks off is noticed, wherever that is."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ifp_scraper.dates import format_utc
from ifp_scraper.recordings import warc_reader
from ifp_scraper.recordings.record_bounds import next_record
from ifp_scraper.recordings.warc_reader import Fault, read_responses, record_time
from tests.crawling import ROOT


def record(kind: str, content: bytes) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://ifpnews.com/a/\r\n"
        f"WARC-Date: 2024-05-06T06:00:00Z\r\nContent-Length: {len(content)}"
    )
    return head.encode() + b"\r\nContent-Type: application/http\r\n\r\n" + content + b"\r\n\r\n"


RECORDS = (
    record("response", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>A page.</p>"),
    record("request", b"GET /a/ HTTP/1.1\r\n\r\n"),
    record("metadata", b"fetchTimeMs: 12"),
)


PACKED = pytest.mark.parametrize("pack", [bytes, lambda plain: gzip.compress(plain, mtime=0)], ids=["plain", "gzip"])


@PACKED
def test_a_file_that_breaks_off_is_noted_whichever_record_is_the_last(pack) -> None:
    packed = [pack(one) for one in RECORDS]
    data = b"".join(packed)
    ends = [sum(map(len, packed[: count + 1])) for count in range(3)]
    blank_lines = 4 if pack is bytes else 0  # they end a record, but without them it has lost nothing
    for size in range(ends[0] + 1, len(data) + 1):
        faults: list[Fault] = []
        assert len(list(read_responses(io.BytesIO(data[:size]), "a.warc", 0, size, faults))) == 1
        is_whole = any(end - blank_lines <= size <= end for end in ends)
        if min(abs(size - end) for end in ends) > len(b"WARC/"):  # less than that looks like nothing
            assert bool(faults) is not is_whole, size
        elif is_whole:
            assert faults == []
    assert list(read_responses(io.BytesIO(data), "a.warc", ends[1], len(data), faults := [])) == faults == []


@PACKED
def test_a_file_whose_first_record_is_damaged_is_noted_and_the_others_read(pack) -> None:
    first, second = (pack(RECORDS[0]) for _ in range(2))
    by_chance = b"\x1f\x8b\x08" + bytes(9)  # what begins a gzip member, but no record
    for lost in (first[1:], bytes(40) + first[40:], by_chance + b"x", by_chance * 99):
        data, faults = lost + second, []
        (found,) = read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults)
        assert (found[0].stream_pos, [fault.at for fault in faults]) == (len(lost), [0])
    for blank in (b"\r\n", bytes(512)):
        data, faults = blank + second, []
        assert len(list(read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults))) == 1
        assert faults == []


@PACKED
def test_a_record_is_found_wherever_what_is_read_at_a_time_ends(pack) -> None:
    first = pack(RECORDS[0])
    for at in range((1 << 16) - 80, (1 << 16) + 20):
        stream = io.BytesIO(bytes(at) + first)
        assert (next_record(stream, 0, at + 1), next_record(stream, at, at + 1)) == (at, at)
        assert (next_record(stream, 0, at), next_record(stream, at + 1, at + 99)) == (None, None)


def test_a_record_whose_first_line_ends_in_a_space_can_be_read_again() -> None:
    data = RECORDS[0] + RECORDS[0].replace(b"WARC/1.0", b"WARC/1.0 ")
    for start in (0, len(RECORDS[0])):
        found = [one.record.stream_pos for one in read_responses(io.BytesIO(data), "a.warc", start, len(data), [])]
        assert found[-1] == len(RECORDS[0])


def test_of_several_records_that_are_cut_off_none_is_whole() -> None:
    cut = RECORDS[0].replace(b"Length: ", b"Length: 9")
    data, faults = cut + cut + RECORDS[0], []
    read = read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults)
    assert [one.is_whole for one in read] == [False, False, True]
    assert [fault.at for fault in faults] == [0, len(cut)]


@pytest.mark.parametrize("date", [b"", b"WARC-Date: yesterday\r\n", b"WARC-Date: 1970-01-01T00:00:00Z\r\n"])
@pytest.mark.parametrize("kind", [b"response", b"revisit"])
def test_a_record_without_a_date_is_damaged(kind: bytes, date: bytes) -> None:
    undated = RECORDS[0].replace(b"WARC-Date: 2024-05-06T06:00:00Z\r\n", date).replace(b": response", b": " + kind)
    data, faults, revisits = undated + RECORDS[0], [], []
    (found,) = read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults, revisits)
    assert (found.record.stream_pos, revisits) == (len(undated), [])
    assert faults == [Fault("a.warc", 0, "a record has no date that can be read")]


@pytest.mark.parametrize(("fraction", "microsecond"), [("", 0), (".5", 500_000), (".123456789", 123_456)])
def test_the_fraction_of_a_second_is_read(fraction: str, microsecond: int) -> None:
    data = RECORDS[0].replace(b"06:00:00Z", f"06:00:00{fraction}Z".encode())
    [(found, _, _)] = read_responses(io.BytesIO(data), "a.warc", 0, len(data), [])
    assert record_time(found) == datetime(2024, 5, 6, 6, 0, 0, microsecond, UTC)


@pytest.mark.parametrize(
    ("date", "headers", "captured_at"),
    [
        ("", "Date: Mon, 06 May 2024 06:10:00 GMT\r\nAge: 600", "2024-05-06T06:00:00Z"),
        ("yesterday", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-06T06:10:00Z"),
        ("2024-13", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-06T06:10:00Z"),
        ("2024-05-06", "Date: Mon, 06 May 2024 06:10:00 GMT\r\nAge: 600", "2024-05-06T06:00:00Z"),
        ("2024-05", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-06T06:10:00Z"),
        ("2024", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-06T06:10:00Z"),
        ("2024-05-05", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-05T00:00:00Z"),
        ("2024-05-06", "Date: soon", "2024-05-06T00:00:00Z"),
        ("20240506060000", "Date: Mon, 06 May 2024 06:00:00 GMT\r\nAge: 600", "2024-05-06T06:00:00Z"),
        ("2024-05-06T06:00:00Z", "Date: Mon, 06 May 2024 06:10:00 GMT", "2024-05-06T06:00:00Z"),
    ],
)
def test_the_date_of_the_response_counts_where_the_record_has_none_or_less(
    date: str, headers: str, captured_at: str
) -> None:
    one = (
        RECORDS[0].replace(b"2024-05-06T06:00:00Z", date.encode()).replace(b"text/html", f"a/b\r\n{headers}".encode())
    )
    data = re.sub(rb"(?<=Content-Length: )\d+", b"%d" % len(one.partition(b"\r\n\r\n")[2][:-4]), one)
    [(found, _, _)] = read_responses(io.BytesIO(data), "a.warc", 0, len(data), [])
    assert format_utc(record_time(found)) == captured_at


@PACKED
@pytest.mark.parametrize("lost", [slice(30, 40), slice(5, None)])
def test_damage_behind_a_response_costs_it_nothing(pack, lost: slice) -> None:
    second, between = pack(RECORDS[0]), bytearray(pack(RECORDS[1]))
    between[lost] = bytes(len(between[lost]))
    data, faults = second + bytes(between) + second, []
    read = read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults)
    found = [(one.record.stream_pos, one.is_whole) for one in read]
    assert found == [(0, True), (len(second + between), True)]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [1 << 30, 50], ids=["at once", "in spans"])
def test_an_empty_gzip_member_ends_nothing(count: int, size: int) -> None:
    request, response, empty = gzip.compress(RECORDS[1]), gzip.compress(RECORDS[0]), gzip.compress(b"") * count
    data, faults = empty.join((request + response, request, response, response, request)), []
    read = (
        one
        for start in range(0, len(data), size)
        for one in read_responses(io.BytesIO(data), "a.warc.gz", start, min(start + size, len(data)), faults)
    )
    begins = [len(request)]
    begins.append(begins[0] + len(response + empty + request + empty))
    begins.append(begins[1] + len(response + empty))
    assert [(one.record.stream_pos, one.is_whole) for one in read] == [(at, True) for at in begins]
    assert faults == []
    cut = data[: begins[2] + 40]
    assert len(list(read_responses(io.BytesIO(cut), "a.warc.gz", 0, len(cut), faults))) == 2
    assert [fault.at for fault in faults] == [begins[2]]


@pytest.mark.parametrize("size", [1 << 30, 300, 50])
def test_blank_lines_before_a_record_in_its_gzip_member_move_no_record(size: int) -> None:
    packed = [gzip.compress(blank + RECORDS[0]) for blank in (b"", b"\r\n\r\n", b"", b"\n", b"\r\n")]
    data, faults = b"".join(packed), []
    starts = range(0, len(data), size)
    stream = io.BytesIO(data)
    read = (one for at in starts for one in read_responses(stream, "a.warc.gz", at, min(at + size, len(data)), faults))
    begins = [sum(map(len, packed[:count])) for count in range(5)]
    assert [one.record.stream_pos for one in read] == begins
    for at in begins:
        [one] = read_responses(stream, "a.warc.gz", at, at + 1, faults)
        assert one.record.stream_pos == at
    assert faults == []


@PACKED
@pytest.mark.parametrize("size", [1 << 30, 50], ids=["at once", "in spans"])
@pytest.mark.parametrize("wrong", [b"Length: 9", b"Length: 1\r\nContent-Length: 9999"], ids=["longer", "twice"])
def test_a_record_of_another_kind_that_says_it_is_longer_swallows_none(pack, size: int, wrong: bytes) -> None:
    """FastWARC would pass over all that follows without a word."""
    between = [pack(one.replace(b"Length: ", wrong)) for one in RECORDS[1:]]
    data, faults = pack(RECORDS[0]).join((b"", *between, b"")), []
    found = [
        one.record.stream_pos
        for start in range(0, len(data), size)
        for one in read_responses(io.BytesIO(data), "a.warc", start, min(start + size, len(data)), faults)
    ]
    first = len(pack(RECORDS[0]))
    assert found == [0, first + len(between[0]), 2 * first + len(between[0] + between[1])]
    assert [fault.at for fault in faults] == [first, 2 * first + len(between[0])]


@PACKED
def test_lengths_that_are_all_wrong_take_no_hours(pack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of such a file, each record was read up to its end."""
    monkeypatch.setattr(warc_reader, "_PIECE", 1 << 9)
    wrong = pack(RECORDS[0].replace(b"Length: ", b"Length: 999999"))
    data, faults = wrong * 1000, []
    began = time.process_time()
    read = list(read_responses(io.BytesIO(data), "a.warc", 0, len(data), faults))
    assert {(one.body.strip(), one.is_whole) for one in read} == {(b"<p>A page.</p>", False)}
    assert (
        [fault.at for fault in faults]
        == [one.record.stream_pos for one in read]
        == list(range(0, len(data), len(wrong)))
    )
    assert time.process_time() - began < 2


def test_of_an_endless_body_only_the_start_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc_reader, "_MAX_BODY", 3 << 20)
    long = record("response", b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n" + bytes(5 << 20))
    data, faults = gzip.compress(long, 1) + gzip.compress(RECORDS[0]), []
    read = list(read_responses(io.BytesIO(data), "a.warc.gz", 0, len(data), faults))
    assert [(len(one.body), one.is_whole) for one in read] == [(3 << 20, True), (14, True)]
    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["response", "resource"])
def test_a_long_record_is_held_in_memory_once(kind: str, tmp_path: Path) -> None:
    path, size = tmp_path / "a.warc", 1 << 26
    path.write_bytes(record(kind, b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n" + bytes(size)))
    code = f"""
import os
from pathlib import Path
from ifp_scraper.recordings.warc_reader import read_responses

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) << 10

before = peak()
with open({str(path)!r}, "rb") as stream:
    [(_, body, is_whole)] = read_responses(stream, "a.warc", 0, os.path.getsize(stream.name), [])
assert is_whole and len(body) >= {size}, len(body)
print((peak() - before) / {size})
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert float(done.stdout or 9) < 1.5, done.stderr
