"""Recordings in any form, damaged or from other tools, give the lines that they hold."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import brotli
import pytest
from fastwarc import ZstdWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from ifp_scraper.bulk import span_reader, spans
from ifp_scraper.dates import format_utc
from ifp_scraper.recordings.archive import Archive
from ifp_scraper.recordings.codings import plain_body
from ifp_scraper.recordings.files import RecordingError, find_recordings, output_name
from ifp_scraper.recordings.warc_reader import read_responses, record_time
from ifp_scraper.recordings.wayback import unwrap_page
from tests.crawling import lines, printing, scrapy
from tests.recordings import FORMS, content, picture, stored_wacz
from tests.site import Site, make_posts, record, serve
from tests.site.response import page


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
    os.mkfifo(folder / "pipe.warc.gz")
    crawled, extracted, alone = (tmp_path / f"{name}.jsonl" for name in ("crawled", "extracted", "alone"))
    for run in (
        scrapy("extract", folder, "-o", extracted),
        scrapy("crawl", "ifp", "-a", f"archive={folder}/*", "-o", crawled),
    ):
        assert run.status == 0, run.err
        for name in ("broken.wacz", "gone.warc.gz", "noise.warc"):
            assert name in run.err
    assert scrapy("extract", recording / "both.warc.gz", "-o", alone).status == 0
    assert content(extracted) == content(alone)
    assert sorted(crawled.read_bytes().splitlines()) == sorted(alone.read_bytes().splitlines())
    for name in ("broken.wacz", "gone.warc.gz", "noise.warc"):
        run = scrapy("extract", folder / name, "-o", tmp_path / "none.jsonl")
        assert (run.status > 0, "cannot be read" in run.err or "nothing can be read" in run.err) == (True, True), (
            run.err
        )


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


def test_a_name_that_is_no_text_costs_no_other_recording(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a", tmp_path / "a.jsonl"
    recorded.mkdir()
    for slug, name in (("a", "a"), ("b", os.fsdecode(b"\xff"))):
        (recorded / f"{name}.warc").write_bytes(response(f"https://ifpnews.com/{slug}/", story("A."), "2024-01-01"))
    run = scrapy("extract", recorded, "-o", out)
    assert (run.status, "its name is not UTF-8" in run.err, len(lines(out))) == (0, True, 1), run.err


def response(
    url: str, body: bytes, date: str, *headers: str, kind: str = "text/html", status: str = "200 OK"
) -> bytes:
    """A response record as other tools write it."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"content-type: {kind}", *headers, "", ""))
    block = head.encode() + body
    return (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}T06:00:00.5Z\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(block)}\r\n\r\n"
    ).encode() + block + b"\r\n\r\n"  # fmt: skip


def redirect(url: str, target: str, status: str = "301 Moved Permanently") -> bytes:
    return response(url, b"", "2024-01-01", f"location: {target}", status=status)


def story(text: str, *, slug: str = "a") -> bytes:
    return (
        f'<html><head><link rel="canonical" href="https://ifpnews.com/{slug}/"></head>'
        f'<body class="single single-post postid-{ord(slug)}"><h1 class="entry-title">A Story</h1>'
        f'<div class="td-post-content"><p>{text}</p></div></body></html>'
    ).encode()


def amp_story(text: str) -> bytes:
    amp = story(text).replace(b"<html", b"<html amp").replace(b'"single ', b'"amp-single post-id-97 ')
    return amp.replace(b"entry-title", b"amp-post-title").replace(b"td-post-content", b"cntn-wrp artl-cnt")


ADDRESSES = [
    "http://ifpnews.com/exclusive/a/",
    "http://www.ifpnews.com/a",
    "https://ifpnews.com/a/",
    "https://www.ifpnews.com/a/",
]
"""Those of an article, in the order in which the site may have had them."""


def at_address(url: str) -> bytes:
    return story("Some words.").replace(b"https://ifpnews.com/a/", url.encode())


def without_id(page: bytes, hour: str) -> bytes:
    time = f'<meta property="article:published_time" content="2015-01-01T0{hour}:00:00+00:00">'.encode()
    return page.replace(b" postid-97", b"").replace(b" post-id-97", b"").replace(b"</head>", time + b"</head>")


def read_both_ways(recorded: Path) -> list[dict[str, Any]]:
    """The lines that extract writes; assert that a crawl writes the same."""
    crawled, extracted = recorded.with_suffix(".crawled.jsonl"), recorded.with_suffix(".extracted.jsonl")
    for run in (
        scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled),
        scrapy("extract", recorded, "-o", extracted),
    ):
        assert run.status == 0, run.err
    assert sorted(extracted.read_bytes().splitlines()) == sorted(crawled.read_bytes().splitlines())
    return lines(extracted)


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


def test_a_failed_capture_is_no_edit(tmp_path: Path) -> None:
    url, whole = "https://ifpnews.com/a/", story("Some words.")
    recorded = tmp_path / "a.warc"
    challenge = b"<html><head><title>Just a moment...</title></head></html>"
    fatal = b'<html><body id="error-page"><p>There has been a critical error on this website.</p></body></html>'
    bodies = {
        "2019-01-01": whole,
        "2020-01-01": whole[:-20],
        "2021-01-01": challenge,
        "2022-01-01": whole[:-26] + fatal,
    }
    recorded.write_bytes(b"".join(response(url, body, date) for date, body in bodies.items()))
    assert [line["fetched_at"] for line in read_both_ways(recorded)] == ["2019-01-01T06:00:00Z"]
    # Nor is it an edit when it is extracted alone.
    alone, out = tmp_path / "alone.warc", tmp_path / "a.extracted.jsonl"
    alone.write_bytes(response(url, whole[:-20], "2022-01-01"))
    before = out.read_bytes()
    assert scrapy("extract", alone, "-o", out).status == 0
    assert out.read_bytes() == before


def test_a_page_for_maintenance_at_the_address_of_an_amp_page_is_no_amp_page(tmp_path: Path) -> None:
    url, recorded = "https://ifpnews.com/a/", tmp_path / "a.warc"
    out_of_order = b"<html><body>Briefly unavailable for scheduled maintenance.</body></html>"
    captures = [
        response(url, story("One."), "2022-01-01"),
        response(f"{url}amp/", out_of_order, "2022-01-02"),
        response(f"{url}amp/", out_of_order, "2022-01-02"),
        response(url, story("One."), "2022-01-03"),
        response(f"{url}amp/", amp_story("One."), "2022-01-04"),
    ]
    recorded.write_bytes(b"".join(captures))
    assert read_both_ways(recorded)[-1]["layout"] == "newspaper+amp-swift"


def test_a_character_set_that_only_the_headers_name(tmp_path: Path) -> None:
    recorded, words = tmp_path / "a.warc", "آب و هوا"
    body = story(words).decode().encode("windows-1256", "xmlcharrefreplace")
    recorded.write_bytes(
        response("https://ifpnews.com/a/", body, "2022-01-01", kind="text/html; charset=Windows-1256")
    )
    (line,) = read_both_ways(recorded)
    assert (line["body"], "charset" in line["warnings"]) == (words, False)


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


@pytest.mark.parametrize("dates", [["2016-01-01", "2018-01-01", "2020-01-01", "2019-01-01"], ["2020-01-01"] * 4])
def test_the_addresses_that_the_site_gave_an_article_over_the_years_are_one(dates: list[str], tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join(map(response, ADDRESSES, map(at_address, ADDRESSES), dates)))
    (line,) = read_both_ways(recorded)
    assert {line["url"], *line["aliases"]} == set(ADDRESSES)
    # Nor is there anything new in a later run over another recording.
    later, out = tmp_path / "later.warc", tmp_path / "a.extracted.jsonl"
    later.write_bytes(response(ADDRESSES[1], at_address(ADDRESSES[1]), "2022-01-01"))
    before = out.read_bytes()
    assert scrapy("extract", later, "-o", out).status == 0
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("canonical", "amp"),
    [("http://ifpnews.com:80", "https://ifpnews.com"), ("https://ifpnews.com", "http://www.ifpnews.com:80")],
)
def test_one_of_the_views_may_name_the_port(canonical: str, amp: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    records = [
        response(f"{canonical}/a/", story("One."), "2024-01-01"),
        response(f"{amp}/a/amp/", amp_story("One."), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [line["layout"] for line in read_both_ways(recorded)] == ["newspaper+amp-swift"]


def test_an_amp_page_under_an_old_permalink_is_the_other_view(tmp_path: Path) -> None:
    recorded, old = tmp_path / "a.warc", "https://ifpnews.com/exclusive/a/amp/"
    other = amp_story("Other.").replace(b"post-id-97", b"post-id-98").replace(b"news.com/a/", b"news.com/video/a/")
    amp = amp_story("One.").replace(b"https://ifpnews.com/", b"http://ifpnews.com/exclusive/")
    records = [
        response("https://ifpnews.com/a/", story("One."), "2024-01-01"),
        response(old, amp, "2024-01-01"),
        response("https://ifpnews.com/video/a/amp/", other, "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    found = {line["url"]: (line["layout"], line["aliases"]) for line in read_both_ways(recorded)}
    assert found == {
        "https://ifpnews.com/a/": ("newspaper+amp-swift", [old]),
        "https://ifpnews.com/video/a/": ("amp-swift", []),
    }
    out = tmp_path / "named.jsonl"  # under any of its URLs
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-a", f"urls={old}", "-o", out).status == 0
    assert [line["layout"] for line in lines(out)] == ["newspaper+amp-swift"]


@pytest.mark.parametrize("times", ["88", "89", "--"])
def test_without_an_id_permalinks_of_one_slug_may_be_translations(times: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    seen = zip(ADDRESSES[::2], times, ("2016-01-01", "2020-01-01"), strict=True)
    recorded.write_bytes(b"".join(response(url, without_id(at_address(url), hour), date) for url, hour, date in seen))
    written = read_both_ways(recorded)
    assert [line["aliases"] for line in written] == [[], []]


def test_redirects_to_an_article_are_its_aliases(tmp_path: Path) -> None:
    recorded, url, old = tmp_path / "a.warc", "https://ifpnews.com/a/", "http://ifpnews.com/exclusive/a/"
    persian = "https://ifpnews.com/%d9%be/"
    records = [
        redirect(old, "https://ifpnews.com/exclusive/a/"),
        redirect("https://ifpnews.com/exclusive/a/", "/a/"),
        redirect("https://ifpnews.com/temporary/", url, "302 Found"),
        redirect("https://ifpnews.com/b/", url),  # has gone since
        redirect("https://ifpnews.com/letter/", "https://ifpnews.com/پ/"),  # as few servers write it
        response(url, story("One."), "2024-01-01"),
        response("https://ifpnews.com/b/", story("Two.", slug="b"), "2023-01-01"),
        response(persian, story("Three.", slug="پ"), "2023-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    found = {line["url"]: line["aliases"] for line in read_both_ways(recorded)}
    assert found == {
        url: [old, "https://ifpnews.com/exclusive/a/"],
        "https://ifpnews.com/b/": [],
        persian: ["https://ifpnews.com/letter/"],
    }


def test_the_views_of_one_capture_may_be_in_different_files(tmp_path: Path) -> None:
    """The canonical and the AMP page that are in one file are then of different captures."""
    recorded, url = tmp_path / "a", "https://ifpnews.com/a/"
    recorded.mkdir()
    canonical = [response(url, story(f"Text {year}."), f"{year}-01-01") for year in (2019, 2021)]
    amp = [response(f"{url}amp/", amp_story(f"Text {year}."), f"{year}-01-01") for year in (2019, 2021)]
    (recorded / "1.warc").write_bytes(canonical[0] + amp[1])
    (recorded / "2.warc").write_bytes(amp[0] + canonical[1])
    assert [(line["body"], line["layout"], line["revision"]) for line in read_both_ways(recorded)] == [
        ("Text 2019.", "newspaper+amp-swift", 1),
        ("Text 2021.", "newspaper+amp-swift", 2),
    ]


def test_a_failed_amp_page_is_no_part_of_a_later_capture_in_another_file(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=4))
    folder = tmp_path / "folder"
    folder.mkdir()
    with serve(site) as server:
        post = site.open_posts()[2]
        targets = [post.path, f"{post.path}amp/"]
        cut = page(server.get(targets[1]).body[:5000].decode())
        server.alter(lambda target, response: cut if target == targets[1] else response)
        record(server, folder / "b.warc.gz", targets, root="https://ifpnews.com")
        server.heal()
        site.advance(minutes=5)
        record(server, folder / "a.warc.gz", targets, root="https://ifpnews.com")
    (line,) = read_both_ways(folder)
    assert (line["layout"], line["recent_posts"] != []) == ("newspaper+amp-swift", True)


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
        ("2022-13", "1970-01-01T00:00:00Z"),
        ("yesterday", "1970-01-01T00:00:00Z"),
    ],
)
def test_dates_of_every_length(date: str, captured_at: str) -> None:
    kept = response("https://ifpnews.com/a/", b"x", "").replace(b"T06:00:00.5Z", date.encode())
    [(record, _)] = read_responses(BytesIO(kept), "a.warc", 0, len(kept), [])
    assert format_utc(record_time(record)) == captured_at


def test_a_recording_without_a_status_that_can_be_read_is_none(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    kept = response("https://ifpnews.com/a/", story("Some words."), "2022-01-01")
    recorded.write_bytes(kept.replace(b"HTTP/1.1 200", b"ICY/1.10 200"))
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", tmp_path / "out.jsonl")
        assert (run.status, "holds no response that can be read" in run.err) == (1, True), run.err


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


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
    ],
    ids=["version 0.18", "no type", "type in capitals", "two lines of content codings", "compressed on the way"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_records_as_few_tools_write_them(record: bytes, packed: bool, tmp_path: Path) -> None:
    recorded = tmp_path / ("a.warc.gz" if packed else "a.warc")
    recorded.write_bytes(gzip.compress(record) if packed else record)
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]


def revisit(url: str, digest: str, date: str) -> bytes:
    return (
        f"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}T06:00:00Z\r\n"
        f"WARC-Payload-Digest: {digest}\r\nContent-Type: application/http\r\nContent-Length: 19\r\n\r\n"
        "HTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
    ).encode()


def digested(record: bytes, digest: str) -> bytes:
    return record.replace(b"WARC-Date", b"WARC-Payload-Digest: %b\r\nWARC-Date" % digest.encode(), 1)


def test_a_body_that_is_recorded_once_is_read_for_every_capture(tmp_path: Path) -> None:
    """As warcprox, wget and pywb record what they have recorded before."""
    a, b = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    other = "https://elsewhere.example/b/"
    records = [
        revisit(b, "SHA1:B", "2022-01-01"),  # its body comes later in the file
        digested(response(a, story("One."), "2019-01-01"), "sha1:A"),
        digested(response(a, story("Two."), "2020-01-01"), "sha1:A2"),
        revisit(a, "sha1:A", "2021-01-01"),
        revisit(a, "sha1:A", "2022-01-01"),
        digested(response(other, story("B.", slug="b"), "2018-01-01"), "sha1:B"),
        revisit("https://ifpnews.com/c/", "sha1:unknown", "2022-01-01"),
    ]
    for name, data in (("a.warc", b"".join(records)), ("a.warc.gz", b"".join(map(gzip.compress, records)))):
        (tmp_path / name).write_bytes(data)
        written = read_both_ways(tmp_path / name)
        assert sorted((line["url"], line["revision"], line["body"], line["fetched_at"][:4]) for line in written) == [
            (a, 1, "One.", "2019"),
            (a, 2, "Two.", "2020"),
            (a, 3, "One.", "2021"),
            (b, 1, "B.", "2022"),
        ]


def test_a_later_capture_of_a_recorded_body_changes_no_order(tmp_path: Path) -> None:
    a, b = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    text = "word " * 60
    records = [
        digested(response(a, story(text), "2019-01-01"), "sha1:A"),
        digested(response(b, story(text, slug="b"), "2020-01-01"), "sha1:B"),
        revisit(a, "sha1:A", "2021-01-01"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    written = read_both_ways(tmp_path / "a.warc")
    assert [(line["url"], line["duplicate_of"]) for line in written] == [(a, None), (b, a)]


def test_a_record_that_is_cut_off_has_the_body_of_no_later_capture(tmp_path: Path) -> None:
    a = "https://ifpnews.com/a/"
    whole = digested(response(a, story("One."), "2020-01-01"), "sha1:A")
    (tmp_path / "a.warc").write_bytes(digested(response(a, story("One."), "2019-01-01"), "sha1:A")[:-60])
    # A response without a body, which is a fault, precedes the whole one.
    (tmp_path / "b.warc").write_bytes(
        response(a, b"", "2019-06-01") + whole + response(a, story("Two."), "2021-01-01")
    )
    (tmp_path / "c.warc").write_bytes(revisit(a, "sha1:A", "2022-01-01"))  # nothing else: no fault
    for number, command in enumerate((("extract", tmp_path), ("crawl", "ifp", "-a", f"archive={tmp_path}"))):
        out = tmp_path / f"{number}.jsonl"
        run = scrapy(*command, "-o", out)
        assert (run.status, "c.warc" in run.err) == (0, False), run.err
        assert [line["body"] for line in lines(out)][-2:] == ["Two.", "One."]


def test_an_edit_of_one_page_while_the_others_are_recorded_as_before(tmp_path: Path) -> None:
    site = Site(make_posts(40, seed=4))
    post = next(post for post in site.open_posts() if len(post.pages) > 1)
    targets = [post.path, f"{post.path}2/", f"{post.path}amp/"]
    with serve(site) as server:
        printing(server, "https://ifpnews.com")
        bodies = [server.get(target).body for target in targets]
    addresses = [f"https://ifpnews.com{target}" for target in targets]
    records = [digested(response(url, body, "2024-06-01"), url) for url, body in zip(addresses, bodies, strict=True)]
    words = [block["text"] for block in post.expected()["blocks"]]
    word = words[0].split()[0].encode()
    records.append(response(addresses[0], bodies[0].replace(word, b"Edited"), "2024-06-02"))
    records += [revisit(url, url, "2024-06-02") for url in addresses[1:]]
    records += [revisit(url, url, "2024-06-03") for url in reversed(addresses)]
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join(records))
    first, second, third = read_both_ways(recorded)
    assert [block["text"] for block in first["blocks"]] == words
    assert [block["text"] for block in second["blocks"]] == [text.replace(word.decode(), "Edited") for text in words]
    assert third["blocks"] == first["blocks"]
    assert [line["revision"] for line in (first, second, third)] == [1, 2, 3]
    assert second["warnings"] == []
    # Ages in it are as old as the body.
    for one, other in zip(first["recent_posts"], second["recent_posts"], strict=True):
        assert other["published_earliest"] <= one["published_earliest"] <= one["published_latest"]
        assert one["published_latest"] <= other["published_latest"]


def kept_file(url: str, body: bytes, kind: str = "text/html") -> bytes:
    """A file of a folder, as warcit records it."""
    return (
        f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2022-01-01T06:00:00Z\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body + b"\r\n\r\n"  # fmt: skip


def test_files_of_a_mirror(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    links = b'<a href="../b/index.html">b</a> <a href="https://a.example/index.html">a</a>'
    converted = story("One.").replace(b"https://ifpnews.com/a/", b"index.html").replace(b"One.", b"One. " + links)
    records = [
        kept_file("metadata://gnu.org/software/wget/warc/wget_arguments.txt", b"-r", "text/plain"),
        kept_file("https://ifpnews.com/index.html%3fp%3d97", story("One.")),
        kept_file("https://ifpnews.com/a/index.html", converted),
        kept_file("https://ifpnews.com/a/index.html%3famp=1.html", b"<html amp></html>"),
        kept_file("https://ifpnews.com/b/", story("Two.", slug="b")),
        kept_file("https://ifpnews.com/style.css", b"", "text/css"),
        kept_file("https://ifpnews.com/c/index.html", story("Three.", slug="c"))[:-15],
    ]
    recorded.write_bytes(b"".join(records[:-1]))
    assert "cut off" not in scrapy("extract", recorded, "-o", tmp_path / "whole.jsonl").err
    recorded.write_bytes(b"".join(records))
    written = read_both_ways(recorded)
    assert [(line["url"], line["fetched_url"], line["body"]) for line in written] == [
        ("https://ifpnews.com/a/", "https://ifpnews.com/a/", "One. b a"),
        ("https://ifpnews.com/b/", "https://ifpnews.com/b/", "Two."),
        ("https://ifpnews.com/c/", "https://ifpnews.com/c/", "Three."),
    ]
    assert [link["url"] for link in written[0]["links"]] == ["https://ifpnews.com/b/", "https://a.example/index.html"]


def test_a_canonical_page_at_the_address_of_the_amp_page_is_read_once(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    addresses = ("https://ifpnews.com/a/amp/", "https://ifpnews.com/a/")
    recorded.write_bytes(b"".join(response(url, story("Some words."), "2022-01-01") for url in addresses))
    (line,) = read_both_ways(recorded)
    assert (line["fetched_url"], line["body"]) == ("https://ifpnews.com/a/", "Some words.")


def test_a_page_that_a_mirror_fetched_twice_begins_no_new_reading(tmp_path: Path) -> None:
    """As ``wget -r`` does: it also follows the link to ``/?p=176``, which redirects to the page."""
    site = Site(make_posts(40, seed=4))
    recorded = tmp_path / "a.warc.gz"
    post = next(post for post in site.open_posts() if len(post.pages) > 1)
    moments = count(site.now.timestamp())
    with serve(site) as server:
        targets = [
            post.path,
            f"{post.path}amp/",
            post.path,
            *(f"{post.path}{n + 1}/" for n in range(1, len(post.pages))),
        ]
        times = (datetime.fromtimestamp(moment, UTC) for moment in moments)
        record(server, recorded, targets, captured_at=lambda _: next(times), root="https://ifpnews.com")
    (line,) = read_both_ways(recorded)
    assert (line["layout"], line["warnings"], line["recent_posts"] != []) == ("newspaper+amp-swift", [], True)


@pytest.mark.parametrize(
    ("coding", "encode"),
    [
        ("zstd", lambda body: zstd_encoded(body[:99]) + zstd_encoded(body[99:])),
        ("gzip", lambda body: gzip.compress(body[:99]) + gzip.compress(body[99:]) + b"\r\n"),
        ("gzip", lambda body: gzip.compress(body) + b"\x1f\x8b\x08 something else"),
    ],
)
def test_bodies_in_more_than_one_frame(coding: str, encode: Callable[[bytes], bytes], tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    body = encode(story("Some words."))
    recorded.write_bytes(response("https://ifpnews.com/a/", body, "2022-01-01", f"Content-Encoding: {coding}"))
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]


STORY = b"<p>Some words.</p>" * 9


@pytest.mark.parametrize(
    ("header", "body", "plain"),
    [
        ("Content-Encoding: deflate", zlib.compress(STORY), STORY),
        ("Content-Encoding: deflate", zlib.compress(STORY)[2:-4], STORY),  # as some servers understand it
        *((f"Content-Encoding: {coding}", STORY, STORY) for coding in ("deflate", "br", "gzip", "zstd")),
        ("Content-Encoding: gzip", b"\x1f\x8b\x08" + STORY, b"\x1f\x8b\x08" + STORY),
        ("Transfer-Encoding: chunked", STORY, STORY),
        ("Transfer-Encoding: chunked", b"5\r\n<p>So\r\n4\r\nme w\r\n", b"<p>Some w"),  # it breaks off
        ("Transfer-Encoding: chunked", b"5\r\n<p>So\r\nno chunk", b"5\r\n<p>So\r\nno chunk"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_body_is_decoded_if_it_is_encoded_as_its_headers_say(header: str, body: bytes, plain: bytes) -> None:
    name, _, value = header.partition(": ")
    assert plain_body(body, [(name, value)]) == plain


def zstd_encoded(body: bytes) -> bytes:
    packed = BytesIO()
    writer = ZstdWriter(packed)
    writer.write(body)
    writer.close()
    return packed.getvalue()


def test_a_body_of_a_great_many_gzip_members_takes_no_hours() -> None:
    began = time.process_time()
    body = gzip.compress(b"a", mtime=0) * 600_000
    assert plain_body(body, [("Content-Encoding", "gzip")]) == b"a" * 600_000
    assert time.process_time() - began < 10


def test_a_page_of_a_great_many_toolbars_takes_no_hours() -> None:
    began = time.process_time()
    body = b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->" * 20_000 + b"/web/"
    assert unwrap_page(body) == body
    assert time.process_time() - began < 10


def test_a_folder_that_goes_away_is_passed_over(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "a" / "two.warc.gz"
    for folder in (there.parent, tmp_path / "gone"):
        folder.mkdir()
    shutil.copy(recording / "two.warc.gz", there)
    look = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("gone"):
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find_recordings(str(tmp_path)) == [there]


def test_a_name_that_stands_for_no_recording_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(RecordingError, match=r"no recording is named by .*/\*\.txt"):
        find_recordings(f"{tmp_path}/*.txt")
    with pytest.raises(RecordingError, match=r"the folder .* holds no \.warc"):
        find_recordings(str(tmp_path))
    with pytest.raises(RecordingError, match=r"notes\.txt is not a recording: its name must end in \.warc"):
        find_recordings(f"sample,{tmp_path / 'notes.txt'}")


def test_several_recordings_have_an_output_of_no_ones_name(tmp_path: Path) -> None:
    for name in ("a.warc", "b.warc.gz"):
        (tmp_path / name).touch()
        assert output_name(str(tmp_path / name)) == name[0]
    assert output_name(str(tmp_path)) == "archive"


def test_a_later_page_whose_first_one_was_not_captured_gives_no_line(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    other, later = (
        response(f"https://ifpnews.com/{path}/", story(path, slug=path[0]), "2022-01-01") for path in ("a", "b/2")
    )
    recorded.write_bytes(other + later)
    assert [line["body"] for line in read_both_ways(recorded)] == ["a"]


def test_what_was_not_captured_by_http_is_passed_over(tmp_path: Path) -> None:
    """As Heritrix records an answer of the domain name system."""
    dns = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: dns:ifpnews.com\r\nWARC-Date: 2022-01-01T06:00:00Z\r\n"
        b"Content-Type: text/dns\r\nContent-Length: 8\r\n\r\n20220101\r\n\r\n"
    )
    page, other = (response(url, story("Some words."), "2022-01-01") for url in ("https://ifpnews.com/a/", "urn:x:a"))
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(dns + other + page + dns)
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]
    assert [record.url for record in Archive([recorded]).records] == ["https://ifpnews.com/a/"]


def test_a_comma_may_be_part_of_a_name(recording: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "a, b.warc.gz", tmp_path / "c.warc.gz"
    for path in (one, two):
        shutil.copy(recording / "two.warc.gz", path)
    assert find_recordings(str(one)) == [one]
    assert find_recordings(str(one), str(two)) == [one, two]
    assert find_recordings(f"{two}, {two}, {tmp_path}/*b.warc.gz") == [two, one]
    assert scrapy("extract", one, "-o", tmp_path / "a.jsonl").status == 0
    assert scrapy("crawl", "ifp", "-a", f"archive={one}", "-o", tmp_path / "b.jsonl").status == 0


def test_other_hosts_and_wayback(recording: Path, tmp_path: Path) -> None:
    site = Site(make_posts(3, seed=8))
    post = site.open_posts()[0]
    path, out = tmp_path / "mixed.warc.gz", tmp_path / "out.jsonl"
    with serve(site) as server:
        page = server.get(post.path).body.replace(server.url.encode(), b"https://ifpnews.com")
    toolbar = b"<!-- BEGIN WAYBACK TOOLBAR INSERT --><p>toolbar</p><!-- END WAYBACK TOOLBAR INSERT -->"
    kept = page.replace(b"https://ifpnews.com", b"https://web.archive.org/web/20240506060000/https://ifpnews.com")
    kept = kept.replace(b"</header>", toolbar + b"</header>")
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, body in (
            (f"https://elsewhere.example{post.path}", page),
            (f"https://web.archive.org/web/20240506060000/https://ifpnews.com{post.path}", kept),
        ):
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=BytesIO(body),
                    http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
                )
            )
    assert scrapy("extract", path, "-o", out).status == 0
    (line,) = lines(out)
    assert line["url"] == f"https://ifpnews.com{post.path}"
    assert line["fetched_at"] == "2024-05-06T06:00:00Z"
    assert line["headline"] == post.expected()["headline"]
    assert "toolbar" not in line["body"]
    assert not [link for link in line["links"] if "web.archive.org" in link["url"]]


def test_a_wayback_address_with_an_impossible_time_has_a_rewritten_page_too(tmp_path: Path) -> None:
    recorded, kept = tmp_path / "a.warc", "https://web.archive.org/web/20241306060000/https://ifpnews.com"
    script = b'<script src="https://web-static.archive.org/_static/js/bundle.js"></script></head>'
    page = story(f'Some words, <a href="{kept}/b/">elsewhere</a>.').replace(b"</head>", script)
    recorded.write_bytes(response(f"{kept}/a/", page, "2024-01-01"))
    (line,) = read_both_ways(recorded)
    assert (line["url"], line["fetched_at"]) == ("https://ifpnews.com/a/", "2024-01-01T06:00:00Z")
    assert [link["url"] for link in line["links"]] == ["https://ifpnews.com/b/"]


def test_lists_that_the_wayback_machine_kept_say_what_they_said_then(tmp_path: Path) -> None:
    site = Site(make_posts(3, seed=8))
    post = site.open_posts()[0]
    path = tmp_path / "kept.warc.gz"
    with serve(site) as server:
        page = server.get(post.path).body.replace(server.url.encode(), b"https://ifpnews.com")
    sitemap = "<urlset><url><loc>https://ifpnews.com{}</loc><lastmod>{}T00:00:00Z</lastmod></url></urlset>"
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for day, name, kind, body in (
            ("05", "/post-sitemap.xml", "text/xml", sitemap.format(post.path, "2027-05-05").encode()),
            ("06", post.path, "text/html", page),
            ("09", "/post-sitemap.xml", "text/xml", sitemap.format(post.path, "2027-05-09").encode()),
        ):
            url = f"https://web.archive.org/web/202705{day}060000id_/https://ifpnews.com{name}"
            head = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=head))
    assert scrapy("extract", path, "-o", tmp_path / "a.jsonl").status == 0
    assert scrapy("crawl", "ifp", "-a", f"archive={path}", "-o", tmp_path / "b.jsonl").status == 0
    for name in "ab":
        (line,) = lines(tmp_path / f"{name}.jsonl")
        assert line["modified_at"] == "2027-05-05T00:00:00Z"


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
