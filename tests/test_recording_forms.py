"""Recordings in any form, damaged or from other tools, give the lines that they hold."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

import brotli
import pytest

from ifp_scraper.bulk import span_reader, spans
from ifp_scraper.dates import format_utc
from ifp_scraper.recordings.archive import Archive
from ifp_scraper.recordings.files import RecordingError, member_ranges
from ifp_scraper.recordings.warc_reader import read_responses, record_time
from tests.crawling import lines, scrapy
from tests.recordings import (
    FORMS,
    amp_story,
    chunked,
    content,
    deflated_wacz,
    gzipped_as_a_whole,
    in_lower_case,
    picture,
    read_both_ways,
    response,
    stored_wacz,
    story,
    without_http_cr,
    zstd,
)


def test_spans_cut_nothing_off(recording: Path) -> None:
    """However small the spans, every record is read once."""
    path = recording / "both.warc.gz"
    whole = span_reader.read_span(spans.cut_spans([path], 1 << 30)[0], "https://ifpnews.com")
    for size in (5_000, 50_000):
        parts = [span_reader.read_span(span, "https://ifpnews.com") for span in spans.cut_spans([path], size)]
        assert sum(part.records for part in parts) == whole.records
        assert not [fault for part in parts for fault in part.faults]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_recording_gives_the_same_lines(
    form: Callable[[bytes, Path], Path], recording: Path, tmp_path: Path
) -> None:
    other = form((recording / "one.warc.gz").read_bytes(), tmp_path)
    expected = recording / "one.jsonl"
    if not expected.exists():
        assert scrapy("extract", recording / "one.warc.gz", "-o", expected).status == 0
    for name, command in (("a", ("extract", other)), ("b", ("crawl", "ifp", "-a", f"archive={other}"))):
        out = tmp_path / f"{name}.jsonl"
        run = scrapy(*command, "-o", out)
        assert run.status == 0, run.err
        assert content(out) == content(expected)


def test_a_package_of_several_recordings_is_not_damaged(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as package:
        for name in ("two", "one"):
            package.write(recording / f"{name}.warc.gz", f"archive/{name}.warc.gz")
        package.writestr("pages/pages.jsonl", "{}" * 9999)
    parts = [span_reader.read_span(span, "https://ifpnews.com") for span in spans.cut_spans([path], 50_000)]
    assert [fault for part in parts for fault in part.faults] == []


def test_damage_is_skipped_and_the_rest_read(recording: Path, tmp_path: Path) -> None:
    data = bytearray((recording / "one.warc.gz").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    damaged, out = tmp_path / "damaged.warc.gz", tmp_path / "out.jsonl"
    damaged.write_bytes(data[:-100])  # and cut off at the end
    run = scrapy("extract", damaged, "-o", out)
    assert run.status == 0
    assert "skipped" in run.err
    assert "Traceback" not in run.err
    whole = len({line["url"] for line in lines(out)})
    scrapy("extract", recording / "one.warc.gz", "-o", tmp_path / "whole.jsonl")
    assert len(lines(tmp_path / "whole.jsonl")) - 3 <= whole


@pytest.mark.parametrize("gzipped", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_record_that_says_it_is_longer_than_it_is_swallows_none(
    gzipped: bool, recording: Path, tmp_path: Path
) -> None:
    data = (recording / "one.warc.gz").read_bytes()
    bad = re.sub(rb"(?<=Content-Length: )\d+", b"1073741824", picture()[:5000], count=1)
    one = tmp_path / ("one.warc.gz" if gzipped else "one.warc")
    one.write_bytes(gzip.compress(bad) + data if gzipped else bad + gzip.decompress(data))
    assert scrapy("extract", recording / "one.warc.gz", "-o", tmp_path / "whole.jsonl").status == 0
    for name, command in (("a", ("extract", one)), ("b", ("crawl", "ifp", "-a", f"archive={one}"))):
        out = tmp_path / f"{name}.jsonl"
        run = scrapy(*command, "-o", out)
        assert (run.status, f"{one} at byte 0: a record is cut off" in run.err) == (0, True), run.err
        assert content(out) == content(tmp_path / "whole.jsonl")


def test_files_that_cannot_be_read_are_skipped_and_the_rest_read(recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "folder.warc").mkdir(parents=True)
    shutil.copy(recording / "both.warc.gz", folder / "good.warc.gz")
    (folder / "broken.wacz").write_bytes(b"PK" + bytes(1000))
    (folder / "gone.warc.gz").symlink_to("nowhere")
    (folder / "noise.warc").write_bytes(Random(1).randbytes(9999))
    (folder / "empty.warc.gz").touch()
    os.mkfifo(folder / "pipe.warc.gz")
    crawled, extracted, alone = (tmp_path / f"{name}.jsonl" for name in ("crawled", "extracted", "alone"))
    for run in (
        scrapy("extract", folder, "-o", extracted),
        scrapy("crawl", "ifp", "-a", f"archive={folder}/*", "-o", crawled),
    ):
        assert run.status == 0, run.err
        for name in ("broken.wacz", "gone.warc.gz", "noise.warc", "empty.warc.gz"):
            assert name in run.err
    assert scrapy("extract", recording / "both.warc.gz", "-o", alone).status == 0
    assert content(extracted) == content(alone)
    assert sorted(crawled.read_bytes().splitlines()) == sorted(alone.read_bytes().splitlines())
    for name in ("broken.wacz", "gone.warc.gz", "noise.warc", "empty.warc.gz"):
        for command in (("extract", folder / name), ("crawl", "ifp", "-a", f"archive={folder / name}")):
            run = scrapy(*command, "-o", tmp_path / "none.jsonl")
            assert (run.status, "cannot be read" in run.err or "nothing can be read" in run.err) == (1, True), run.err


@pytest.mark.parametrize("form", [gzipped_as_a_whole, zstd, deflated_wacz])
def test_damage_in_what_is_unpacked_is_told_by_the_name_that_the_user_gave(
    form: Callable[[bytes, Path], Path], tmp_path: Path
) -> None:
    records = (
        response(f"https://ifpnews.com/{slug}/", story("Some words.", slug=slug), "2024-01-01") for slug in "ab"
    )
    (tmp_path / "empty").mkdir()
    cut = form(gzip.compress(b"".join(records)[:-40]), tmp_path)
    empty = form(gzip.compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n" * 9), tmp_path / "empty")
    for command in (("extract", cut, empty), ("crawl", "ifp", "-a", f"archive={cut},{empty}")):
        run = scrapy(*command, "-o", tmp_path / "a.jsonl")
        assert f"{cut} (unpacked) at byte" in run.err
        assert f"{empty} (unpacked) holds no response that can be read" in run.err
        assert run.err.count(tempfile.gettempdir()) == run.err.count(str(tmp_path))


def test_what_a_package_says_of_its_members_is_no_part_of_them(tmp_path: Path) -> None:
    """As the times of a file, which some programs write before its content."""
    path, whole = tmp_path / "a.wacz", response("https://ifpnews.com/a/", story("A."), "2024-01-01")
    member = zipfile.ZipInfo("archive/a.warc")
    member.extra = b"UT\x05\0\x01" + bytes(4)
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(member, whole)
    [(start, end)] = member_ranges(path, path.stat().st_size)
    assert path.read_bytes()[start:end] == whole


def test_the_latest_capture_answers_wherever_it_is_in_the_recording(tmp_path: Path) -> None:
    path, url = tmp_path / "a.warc", "https://ifpnews.com/robots.txt"
    days = ("2022-01-02", "2022-01-03", "2022-01-01")
    path.write_bytes(b"".join(response(url, day.encode(), day, kind="text/plain") for day in days))
    archive = Archive([path])
    latest = archive.find(url)
    assert latest is not None
    assert archive.read(latest)[1] == b"2022-01-03"


@pytest.mark.parametrize(("lost", "whole"), [(1, "ab"), (60, "ab"), (200, "a")], ids=["end", "list", "record"])
def test_a_package_that_breaks_off_gives_the_records_before(lost: int, whole: str, tmp_path: Path) -> None:
    one, two = (response(f"https://ifpnews.com/{slug}/", story("A.", slug=slug), "2024-01-01") for slug in "ab")
    path = stored_wacz(gzip.compress(one) + gzip.compress(two), tmp_path)
    path.write_bytes(path.read_bytes()[:-lost])
    found = Archive([path])
    assert [record.url for record in found.records][: len(whole)] == [f"https://ifpnews.com/{s}/" for s in whole]
    assert found.read(found.records[0])[1] == story("A.", slug="a")
    parts = [span_reader.read_span(span, "https://ifpnews.com") for span in spans.cut_spans([path], 99)]
    assert sum(part.records for part in parts) == len(found.records)


def test_damage_in_a_member_of_a_package_costs_no_other_record(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as package:
        for slug in "ab":
            recorded = response(f"https://ifpnews.com/{slug}/", story("Some words.", slug=slug), "2024-01-01")
            package.writestr(f"archive/{slug}.warc", b"a note\r\n" + recorded)
    path.write_bytes(path.read_bytes().replace(b"a note", b"a nose", 1))  # so that its checksum is wrong
    assert [line["url"][-3:] for line in read_both_ways(path)] == ["/a/", "/b/"]


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_cannot_be_opened_costs_no_other(how: int, tmp_path: Path) -> None:
    recorded = tmp_path / "a"
    recorded.mkdir()
    with zipfile.ZipFile(recorded / "a.wacz", "w", how) as package:
        for slug in "ab":
            package.writestr(
                f"{slug}.warc", response(f"https://ifpnews.com/{slug}/", story("A.", slug=slug), "2024-01-01")
            )
    data = bytearray((recorded / "a.wacz").read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # it says that the first one is encrypted
    (recorded / "a.wacz").write_bytes(data)
    data[data.index(b"PK\1\2") + 6] = 255  # and that a ZIP program of the future is needed
    (recorded / "b.wacz").write_bytes(data)
    assert [line["url"][-3:] for line in read_both_ways(recorded)] == ["/b/"]
    data[data.rindex(b"PK\1\2") + 6], data[data.rindex(b"PK\1\2") + 8] = 20, 1
    data[data.index(b"PK\1\2") + 6] = 20
    (tmp_path / "none.wacz").write_bytes(data)  # both are encrypted
    run = scrapy("extract", tmp_path / "none.wacz", "-o", tmp_path / "none.jsonl")
    is_packed = how == zipfile.ZIP_DEFLATED  # else its bytes can be read all the same
    assert (run.status, "nothing can be read in the recordings" in run.err) == (int(is_packed), is_packed), run.err


@pytest.mark.parametrize(
    "leads",
    [
        (b"\r\n", b"\r\n\r\n", b"\n"),
        (b"", b"\r\n\r\n", b""),
        (None, b"\r\n", b""),
        (b"", None, b""),
        (b"", None, b"\r\n"),
    ],
    ids=["all", "one", "an empty member first", "an empty member", "both"],
)
@pytest.mark.parametrize("edit", [bytes, in_lower_case], ids=["", "lower case"])
def test_gzip_members_with_blank_lines_or_nothing_in_them(
    leads: tuple[bytes | None, ...], edit: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a.warc.gz"
    for slug, lead in zip("abc", leads, strict=True):
        one = edit(response(f"https://ifpnews.com/{slug}/", story(f"Words of {slug}.", slug=slug), "2024-01-01"))
        with path.open("ab") as file:
            file.write(gzip.compress(b"") + gzip.compress(one) if lead is None else gzip.compress(lead + one))
    assert [line["body"] for line in read_both_ways(path)] == ["Words of a.", "Words of b.", "Words of c."]


def test_what_another_program_changes_in_a_recording_meanwhile_is_not_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    first, second = (
        response(f"https://ifpnews.com/{slug}/", story("Words.", slug=slug), "2024-01-01") for slug in "ab"
    )
    path.write_bytes(first + second)
    archive = Archive([path])
    one, other = archive.records
    assert b"Words." in archive.read(other)[1]
    for changed in (b"", second + first, first + second[5:], first + second.replace(b"2024-01-01", b"2024-01-02")):
        path.write_bytes(changed)
        with pytest.raises(RecordingError, match="has changed while it was read"):
            archive.read(other)
    assert b"Words." in archive.read(one)[1]
    path.unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        archive.read(one)


def test_addresses_and_kinds_as_other_tools_write_them(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    date = "2022-01-01"
    records = [
        response("http://www.ifpnews.com/a/", story("One."), date),
        response("https://ifpnews.com/a/amp/?noamp=mobile", amp_story("One."), date),
        response("https://WWW.IFPNEWS.COM/b/", story("Two.", slug="b"), date),
        response("https://ifpnews.com/c/?x=\u062a", story("Three.", slug="c"), date),
        response("https://ifpnews.com/d/", story("Four.", slug="d"), date, kind="application/xhtml+xml"),
    ]
    recorded.write_bytes(b"".join(records))
    written = read_both_ways(recorded)
    assert {url for line in written for url in (line["fetched_url"], *line["aliases"])} >= {
        "http://www.ifpnews.com/a/",
        "https://ifpnews.com/a/amp/?noamp=mobile",
        "https://WWW.IFPNEWS.COM/b/",
        "https://ifpnews.com/c/?x=\u062a",
        "https://ifpnews.com/d/",
    }


@pytest.mark.parametrize("version", [b"1.1", b"0.18"])
def test_a_wrong_length_does_not_put_the_next_record_into_a_page(version: bytes, tmp_path: Path) -> None:
    one = response("https://ifpnews.com/a/", story("Some words.").partition(b"</p>")[0], "2022-01-01")
    two = response("https://ifpnews.com/b/", story("Other words.", slug="b"), "2022-01-01")
    one = re.sub(rb"(?<=Content-Length: )\d+", b"9999999", one, count=1)
    recorded = tmp_path / "a.warc"
    recorded.write_bytes((one + two).replace(b"WARC/1.1\r\n", b"WARC/%b\r\n" % version))
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words.", "Other words."]


@pytest.mark.parametrize(
    ("date", "captured_at"),
    [
        ("2022-03-04", "2022-03-04T00:00:00Z"),
        ("2022-03", "2022-03-01T00:00:00Z"),
        ("20220304050607", "2022-03-04T05:06:07Z"),
        ("2022-03-04T09:36:07.5+03:30", "2022-03-04T06:06:07Z"),
    ],
)
def test_dates_of_every_length(date: str, captured_at: str) -> None:
    kept = response("https://ifpnews.com/a/", b"x", "").replace(b"T06:00:00.5Z", date.encode())
    [(record, _, _)] = read_responses(BytesIO(kept), "a.warc", 0, len(kept), [])
    assert format_utc(record_time(record)) == captured_at


def test_a_recording_without_a_status_that_can_be_read_is_none(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    kept = response("https://ifpnews.com/a/", story("Some words."), "2022-01-01")
    recorded.write_bytes(kept.replace(b"HTTP/1.1 200", b"ICY/1.10 200"))
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", tmp_path / "out.jsonl")
        assert (run.status, "holds no response that can be read" in run.err) == (1, True), run.err


@pytest.mark.parametrize(
    "record",
    [
        response("https://ifpnews.com/a/", story("Some words."), "2022-01-01").replace(
            b"/1.1\r\nWARC-", b"/0.18\r\nWARC-"
        ),
        response("https://ifpnews.com/a/", story("Some words."), "2022-01-01").replace(
            b"Content-Type: application/http", b"X-Type: none"
        ),
        response("https://ifpnews.com/a/", story("Some words."), "2022-01-01").replace(
            b"application/http", b"Application/HTTP"
        ),
        response("https://ifpnews.com/a/", story("Some words."), "2022-01-01").replace(
            b"content-type: text/html", b"x-other-type: text/html"
        ),
        response(
            "https://ifpnews.com/a/",
            brotli.compress(gzip.compress(story("Some words."))),
            "2022-01-01",
            "Content-Encoding: gzip",
            "Content-Encoding: br",
        ),
        response(
            "https://ifpnews.com/a/",
            chunked(gzip.compress(story("Some words."))),
            "2022-01-01",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
        ),
        without_http_cr(response("https://ifpnews.com/a/", story("Some words."), "2022-01-01")),
    ],
    ids=[
        "version 0.18",
        "no type",
        "type in capitals",
        "page without type",
        "two lines of content codings",
        "compressed on the way",
        "HTTP lines without CR",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_records_as_few_tools_write_them(record: bytes, packed: bool, tmp_path: Path) -> None:
    recorded = tmp_path / ("a.warc.gz" if packed else "a.warc")
    recorded.write_bytes(gzip.compress(record) if packed else record)
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]


@pytest.mark.parametrize("now", [b"", b"no archive", None], ids=["empty", "damaged", "missing"])
def test_a_recording_that_is_changed_while_it_is_read_is_told_in_words(
    now: bytes | None, recording: Path, tmp_path: Path
) -> None:
    path = stored_wacz((recording / "one.warc.gz").read_bytes(), tmp_path)
    archive = Archive([path])
    if now is None:
        path.unlink()
    else:
        path.write_bytes(now)
    with pytest.raises(RecordingError, match=f"{path.name}: the record of .* cannot be read"):
        archive.read(archive.records[0])
