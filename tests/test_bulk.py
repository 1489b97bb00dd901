"""``scrapy extract`` gives the same lines as a crawl of the recording, whatever the workers, kills and damage."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import re
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import brotli
import pytest
from fastwarc import ZstdWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from ifp_scraper import bulk, executors, spans, unpacking
from ifp_scraper.archive import recordings
from ifp_scraper.codings import plain_body
from ifp_scraper.executors import Processes
from ifp_scraper.pages import Capture
from ifp_scraper.unpacking import MAX_RATIO, seekable
from ifp_scraper.wayback import unwrap_page
from tests.crawling import ROOT, lines, scrapy
from tests.site import Site, make_posts, record, serve
from tests.site.response import page

VOLATILE = ("extractor_version",)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some articles, one of them edited and captured again two days later."""
    folder = tmp_path_factory.mktemp("recording")
    site = Site(make_posts(40, seed=4))
    with serve(site) as server:
        record(server, folder / "one.warc.gz", root="https://ifpnews.com")
        post = site.open_posts()[5]
        site.advance(days=2)
        site.edit(post.id, headline="An Edited Headline")
        record(server, folder / "two.warc.gz", [post.path, post.path + "amp/"], root="https://ifpnews.com")
    with (folder / "both.warc.gz").open("wb") as both:
        for name in ("one", "two"):
            both.write((folder / f"{name}.warc.gz").read_bytes())
    return folder


def content(path: Path) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in VOLATILE} for line in lines(path)]


def test_gives_the_lines_of_a_crawl(recording: Path, tmp_path: Path) -> None:
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    run = scrapy("crawl", "ifp", "-a", f"archive={recording / 'both.warc.gz'}", "-o", crawled)
    assert run.status == 0, run.err
    run = scrapy("extract", recording / "both.warc.gz", "-o", extracted)
    assert run.status == 0, run.err

    def by_revision(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
        return {(line["url"], line["revision"]): line for line in content(path)}

    assert by_revision(extracted) == by_revision(crawled)
    assert [line["headline"] for line in lines(extracted) if line["revision"] == 2] == ["An Edited Headline"]
    assert not extracted.with_name("extracted.jsonl.partial").exists()
    # Again: nothing is new.
    before = extracted.read_bytes()
    assert scrapy("extract", recording / "both.warc.gz", "-o", extracted).status == 0
    assert extracted.read_bytes() == before


def test_a_full_disk_is_told_in_words_and_the_next_run_goes_on(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # the command inherits it
    try:
        run = scrapy("extract", recording / "both.warc.gz", "-o", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (run.status, "partial cannot be written: the file may not grow" in run.err) == (1, True), run.err
    assert scrapy("extract", recording / "both.warc.gz", "-o", out).status == 0
    assert scrapy("extract", recording / "both.warc.gz", "-o", tmp_path / "b.jsonl").status == 0
    assert content(out) == content(tmp_path / "b.jsonl")


@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_pages_captured_in_any_order_give_the_lines_of_a_crawl(seed: int, tmp_path: Path) -> None:
    """As a general crawler leaves them: any of an article's pages, in any order, some of them twice."""
    site, random = Site(make_posts(40, seed=seed)), Random(seed)
    recorded = tmp_path / "scrambled.warc.gz"
    with serve(site) as server, recorded.open("wb") as whole:
        for day in range(3):
            targets = []
            for post in site.open_posts():
                pages = [post.path, f"{post.path}amp/"]
                for number in range(2, len(post.pages) + 1):
                    pages += [f"{post.path}{number}/", f"{post.path}{number}/?amp=1"]
                targets += random.sample(pages, random.randint(0, len(pages)))
                targets += random.sample(pages, random.randint(0, 1))
            random.shuffle(targets)
            moments = count(site.now.timestamp(), 7)
            part = tmp_path / f"{day}.warc.gz"
            times = (datetime.fromtimestamp(moment, UTC) for moment in moments)
            record(server, part, targets, captured_at=lambda _, times=times: next(times), root="https://ifpnews.com")
            whole.write(part.read_bytes())
            site.advance(days=1)
            for post in random.sample(site.open_posts(), 10):
                site.edit(post.id, headline=f"Edited on Day {day}")
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled).status == 0
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert sorted(extracted.read_bytes().splitlines()) == sorted(crawled.read_bytes().splitlines())
    for line in lines(extracted):
        assert re.search(r"/\d/", line["fetched_url"]) is None, "no text of a further page alone"


@pytest.mark.parametrize(
    "unusable",
    [
        "",
        "<html><head><title>Just a moment...</title></head></html>",
        '<html><body class="single single-post postid-7"><p>No article.</p></body></html>',
    ],
    ids=["empty", "challenge", "unreadable"],
)
def test_an_amp_page_beside_an_unusable_one_gives_the_lines_of_a_crawl(unusable: str, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=4))
    recorded = tmp_path / "a.warc.gz"
    with serve(site) as server:
        post = site.open_posts()[2]
        answer = server.get
        server.get = lambda target, headers=None: (  # type: ignore[method-assign]
            page(unusable) if target == post.path else answer(target, headers)
        )
        record(server, recorded, root="https://ifpnews.com")
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    run = scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled)
    assert run.status == 0, run.err
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert sorted(content(crawled), key=str) == sorted(content(extracted), key=str)
    assert "amp-swift" in {line["layout"] for line in lines(crawled)}


def test_order_does_not_depend_on_the_workers(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for workers in ("1", "3"):
        out = tmp_path / f"{workers}.jsonl"
        assert scrapy("extract", recording / "both.warc.gz", "-o", out, "--workers", workers).status == 0
        results.append(out.read_bytes())
    assert results[0] == results[1]


def test_spans_cut_nothing_off(recording: Path) -> None:
    """However small the spans, every record is read once."""
    path = recording / "both.warc.gz"
    whole = spans.read_span(spans.cut_spans([path], 1 << 30)[0], "https://ifpnews.com")
    for size in (5_000, 50_000):
        parts = [spans.read_span(span, "https://ifpnews.com") for span in spans.cut_spans([path], size)]
        assert sum(part.records for part in parts) == whole.records
        assert not [fault for part in parts for fault in part.faults]


def plain_warc(data: bytes, folder: Path) -> Path:
    path = folder / "plain.warc"
    path.write_bytes(gzip.decompress(data))
    return path


def gzipped_as_a_whole(data: bytes, folder: Path) -> Path:
    path = folder / "whole.warc.gz"
    path.write_bytes(gzip.compress(gzip.decompress(data)))
    return path


def zstd(data: bytes, folder: Path) -> Path:
    path = folder / "kept.warc.zst"
    writer = ZstdWriter(str(path))
    writer.write(gzip.decompress(data))
    writer.close()
    return path


def stored_wacz(data: bytes, folder: Path, how: int = zipfile.ZIP_STORED) -> Path:
    path = folder / "kept.wacz"
    with zipfile.ZipFile(path, "w", how) as package:
        package.writestr("archive/data.warc.gz", data)
    return path


def deflated_wacz(data: bytes, folder: Path) -> Path:
    return stored_wacz(data, folder, zipfile.ZIP_DEFLATED)


def picture() -> bytes:
    """The record of a picture that is longer than what is unpacked at a time."""
    content = Random(1).randbytes(1 << 21)
    return (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://ifpnews.com/p.jpg\r\n"
        b"Content-Type: application/http\r\nContent-Length: %d\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n%b\r\n\r\n" % (len(content) + 45, content)
    )


def gzipped_as_a_whole_behind_a_picture(data: bytes, folder: Path) -> Path:
    path = folder / "behind.warc.gz"
    path.write_bytes(gzip.compress(picture() + gzip.decompress(data), 1))
    return path


def gzipped_in_two_parts(data: bytes, folder: Path) -> Path:
    path = folder / "parts.warc.gz"
    path.write_bytes(gzip.compress(picture(), 1) + gzip.compress(gzip.decompress(data)))
    return path


def gzipped_as_a_whole_in_wacz(data: bytes, folder: Path) -> Path:
    return stored_wacz(gzip.compress(gzip.decompress(data)), folder)


def header_names_in_lower_case(data: bytes, folder: Path) -> Path:
    """As the Rust crate ``warc`` writes."""
    path = folder / "lower.warc.gz"
    path.write_bytes(b"".join(gzip.compress(in_lower_case(one)) for one in records_of(data)))
    return path


def in_lower_case(one: bytes) -> bytes:
    head, _, block = one.partition(b"\r\n\r\n")
    version, *fields = head.split(b"\r\n")
    pairs = [line.split(b":", 1) for line in fields]
    return b"\r\n".join([version, *(name.lower() + b":" + value for name, value in pairs), b"", block])


def bare_line_feeds(data: bytes, folder: Path) -> Path:
    path = folder / "lf.warc"
    parts = (one.partition(b"\r\n\r\n") for one in records_of(data))
    path.write_bytes(b"".join(head.replace(b"\r\n", b"\n") + b"\n\n" + block for head, _, block in parts))
    return path


def records_of(data: bytes) -> list[bytes]:
    return [b"WARC/1." + one for one in gzip.decompress(data).split(b"WARC/1.")[1:]]


FORMS = [
    header_names_in_lower_case,
    bare_line_feeds,
    plain_warc,
    gzipped_as_a_whole,
    gzipped_as_a_whole_behind_a_picture,
    gzipped_in_two_parts,
    zstd,
    stored_wacz,
    deflated_wacz,
    gzipped_as_a_whole_in_wacz,
]


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


def response(url: str, body: bytes, date: str, *headers: str, kind: str = "text/html") -> bytes:
    """A record, not by our writer."""
    head = "\r\n".join(("HTTP/1.1 200 OK", f"content-type: {kind}", *headers, "", ""))
    block = head.encode() + body
    return (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}T06:00:00.5Z\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(block)}\r\n\r\n"
    ).encode() + block + b"\r\n\r\n"  # fmt: skip


def story(text: str, *, slug: str = "a") -> bytes:
    return (
        f'<html><head><link rel="canonical" href="https://ifpnews.com/{slug}/"></head>'
        f'<body class="single single-post postid-{ord(slug)}"><h1 class="entry-title">A Story</h1>'
        f'<div class="td-post-content"><p>{text}</p></div></body></html>'
    ).encode()


def read_both_ways(recorded: Path) -> list[dict[str, Any]]:
    """What extract writes; a crawl writes the same."""
    crawled, extracted = recorded.with_suffix(".crawled.jsonl"), recorded.with_suffix(".extracted.jsonl")
    for run in (
        scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled),
        scrapy("extract", recorded, "-o", extracted),
    ):
        assert run.status == 0, run.err
    assert sorted(extracted.read_bytes().splitlines()) == sorted(crawled.read_bytes().splitlines())
    return lines(extracted)


def test_a_failed_capture_is_no_edit(tmp_path: Path) -> None:
    url, whole = "https://ifpnews.com/a/", story("Some words.")
    recorded = tmp_path / "a.warc"
    challenge = b"<html><head><title>Just a moment...</title></head></html>"
    bodies = {"2019-01-01": whole, "2020-01-01": whole[:-20], "2021-01-01": challenge}
    recorded.write_bytes(b"".join(response(url, body, date) for date, body in bodies.items()))
    assert [line["fetched_at"] for line in read_both_ways(recorded)] == ["2019-01-01T06:00:00Z"]
    # Nor is it one in a run of its own.
    alone, out = tmp_path / "alone.warc", tmp_path / "a.extracted.jsonl"
    alone.write_bytes(response(url, whole[:-20], "2022-01-01"))
    before = out.read_bytes()
    assert scrapy("extract", alone, "-o", out).status == 0
    assert out.read_bytes() == before


def test_addresses_and_kinds_as_other_tools_write_them(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    date = "2022-01-01"
    amp = story("One.").replace(b"<html", b"<html amp").replace(b'"single ', b'"amp-single post-id-97 ')
    amp = amp.replace(b"entry-title", b"amp-post-title").replace(b"td-post-content", b"cntn-wrp artl-cnt")
    records = [
        response("http://www.ifpnews.com/a/", story("One."), date),
        response("https://ifpnews.com/a/amp/?noamp=mobile", amp, date),
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


def test_a_failed_amp_page_is_no_part_of_a_later_capture_in_another_file(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=4))
    folder = tmp_path / "folder"
    folder.mkdir()
    with serve(site) as server:
        post = site.open_posts()[2]
        targets = [post.path, f"{post.path}amp/"]
        answer = server.get
        cut = page(answer(targets[1]).body[:5000].decode())
        server.get = lambda target, headers=None: (  # type: ignore[method-assign]
            cut if target == targets[1] else answer(target, headers)
        )
        record(server, folder / "b.warc.gz", targets, root="https://ifpnews.com")
        server.get = answer  # type: ignore[method-assign]
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


def kept_file(url: str, body: bytes, kind: str = "text/html") -> bytes:
    """A file that warcit took from a folder."""
    return (
        f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2022-01-01T06:00:00Z\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body + b"\r\n\r\n"  # fmt: skip


def test_files_of_a_mirror(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    records = [
        kept_file("metadata://gnu.org/software/wget/warc/wget_arguments.txt", b"-r", "text/plain"),
        kept_file("https://ifpnews.com/index.html%3fp%3d97", story("One.")),
        kept_file("https://ifpnews.com/a/index.html", story("One.")),
        kept_file("https://ifpnews.com/b/", story("Two.", slug="b")),
        kept_file("https://ifpnews.com/style.css", b"", "text/css"),
        kept_file("https://ifpnews.com/c/index.html", story("Three.", slug="c"))[:-15],
    ]
    recorded.write_bytes(b"".join(records[:-1]))
    assert "cut off" not in scrapy("extract", recorded, "-o", tmp_path / "whole.jsonl").err
    recorded.write_bytes(b"".join(records))
    written = read_both_ways(recorded)
    assert [(line["fetched_url"], line["body"]) for line in written] == [
        ("https://ifpnews.com/a/", "One."),
        ("https://ifpnews.com/b/", "Two."),
        ("https://ifpnews.com/c/", "Three."),
    ]


def test_a_canonical_page_at_the_address_of_the_amp_page_is_read_once(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    addresses = ("https://ifpnews.com/a/amp/", "https://ifpnews.com/a/")
    recorded.write_bytes(b"".join(response(url, story("Some words."), "2022-01-01") for url in addresses))
    (line,) = read_both_ways(recorded)
    assert (line["fetched_url"], line["body"]) == ("https://ifpnews.com/a/", "Some words.")


def test_a_page_that_a_mirror_fetched_twice_begins_no_new_reading(tmp_path: Path) -> None:
    """As ``wget -r``, which also follows the link to ``/?p=176``: that leads to the page once more."""
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
    ],
)
def test_bodies_in_more_than_one_frame(coding: str, encode: Callable[[bytes], bytes], tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    body = encode(story("Some words."))
    recorded.write_bytes(response("https://ifpnews.com/a/", body, "2022-01-01", f"Content-Encoding: {coding}"))
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]


def zstd_encoded(body: bytes) -> bytes:
    packed = BytesIO()
    writer = ZstdWriter(packed)
    writer.write(body)
    writer.close()
    return packed.getvalue()


def test_what_another_version_or_site_left_half_done_is_read_again(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    span, path, site = spans.cut_spans([recording / "two.warc.gz"])[0], tmp_path / "a.partial", "https://ifpnews.com"
    partial = bulk.PartialResults(path, site)
    partial.add(spans.read_span(span, site))
    partial.close()
    assert set(bulk.PartialResults(path, site).spans) == {span}
    assert not bulk.PartialResults(path, "https://example.org").spans
    monkeypatch.setattr(spans, "EXTRACTOR_VERSION", "99")
    assert not bulk.PartialResults(path, site).spans


@pytest.mark.parametrize(("wanted", "kept"), [("a", True), ("another", False)])
def test_what_other_recordings_left_half_done_does_not_pile_up(wanted: str, kept: bool, tmp_path: Path) -> None:
    class Stopped:
        def run(self, waiting: list[spans.Span], site: str) -> Iterator[spans.SpanResult]:
            raise KeyboardInterrupt

        def close(self) -> None: ...

    out, site = tmp_path / "a.jsonl", "https://ifpnews.com"
    partial = bulk.PartialResults(tmp_path / "a.jsonl.partial", site)
    partial.add(spans.SpanResult(spans.Span("a", 0, 1, 1), spans.reader_of(site)))
    partial.close()
    wanted_spans = [spans.Span(wanted, start, start + 1, 1) for start in range(2)]
    ledger: Any = SimpleNamespace(store=SimpleNamespace(path=out))
    with pytest.raises(KeyboardInterrupt):
        bulk.extract_spans(wanted_spans, site, ledger, Stopped(), lambda *_: None)
    assert bool((tmp_path / "a.jsonl.partial").stat().st_size) is kept


def test_a_damaged_partial_file_is_cut(tmp_path: Path) -> None:
    path, site = tmp_path / "a.jsonl.partial", "https://ifpnews.com"
    partial = bulk.PartialResults(path, site)
    partial.add(spans.SpanResult(spans.Span("a", 0, 1, 1), spans.reader_of(site)))
    partial.close()
    whole = path.read_bytes()
    for damage in (b"\xff" * 4096, b"\0" * 4096, b"\x10", whole[:-1]):
        path.write_bytes(whole + damage)
        again = bulk.PartialResults(path, site)
        again.close()
        assert (len(again.spans), path.read_bytes()) == (1, whole)


def test_what_a_killed_run_had_unpacked_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left, used, new = (tmp_path / f"ifp_scraper-{name}" for name in ("left", "used", "new"))
    for folder in (left, used, new):
        (folder / "copy").mkdir(parents=True)
        os.utime(folder, (time.time() - (0 if folder is new else 3600),) * 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lock = os.open(used, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    folder = unpacking._folder.__wrapped__()
    try:
        assert (left.exists(), used.exists(), new.exists(), Path(folder.name).exists()) == (False, True, True, True)
        os.utime(folder.name, (0, 0))
        unpacking._folder.__wrapped__().cleanup()
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
    folder = unpacking._folder.__wrapped__()
    assert (Path(folder.name).exists(), left.exists()) == (True, True)
    folder.cleanup()


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
    assert recordings(str(tmp_path)) == [there]


def test_a_comma_may_be_part_of_a_name(recording: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "a, b.warc.gz", tmp_path / "c.warc.gz"
    for path in (one, two):
        shutil.copy(recording / "two.warc.gz", path)
    assert recordings(str(one)) == [one]
    assert recordings(str(one), str(two)) == [one, two]
    assert recordings(f"{two}, {two}, {tmp_path}/*b.warc.gz") == [two, one]
    assert scrapy("extract", one, "-o", tmp_path / "a.jsonl").status == 0
    assert scrapy("crawl", "ifp", "-a", f"archive={one}", "-o", tmp_path / "b.jsonl").status == 0


def test_a_worker_killed_from_outside_costs_nothing(recording: Path) -> None:
    cut = spans.cut_spans([recording / "both.warc.gz"], 20_000)
    executor = Processes(1)
    try:
        results = executor.run(cut, "https://ifpnews.com")
        found = [next(results)]
        time.sleep(0.5)  # so that further results are there, and wait
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
    executor = Processes(1)
    workers = list(executor._pool._processes.values())
    executor.close()
    assert not any(worker.is_alive() for worker in workers)


def _dies_once(span: spans.Span, site: str) -> spans.SpanResult:
    mark = Path(site)
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return spans.SpanResult(span)


def test_a_span_is_not_blamed_for_one_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "read_span", _dies_once)
    executor = Processes(1)
    try:
        result = executor._alone(spans.Span("a", 0, 1, 1), str(tmp_path / "mark"))
    finally:
        executor.close()
    assert result.faults == []


def _read_span_with_a_fatal_page(span: spans.Span, site: str) -> spans.SpanResult:
    read = spans.read_page

    def read_page(body: bytes, capture: Capture, *rest: Any) -> Any:
        return os._exit(9) if "/modest-plan-for-zanjan-footbridge/" in capture.url else read(body, capture, *rest)

    spans.read_page = read_page  # type: ignore[assignment]
    return spans.read_span(span, site)


def test_a_page_that_kills_its_worker_costs_no_other_article(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = spans.cut_spans([recording / "both.warc.gz"])
    assert len(cut) == 1
    whole = spans.read_span(cut[0], "https://ifpnews.com")
    monkeypatch.setattr(executors, "read_span", _read_span_with_a_fatal_page)
    executor = Processes(1)
    try:
        [result] = executor.run(cut, "https://ifpnews.com")
    finally:
        executor.close()
    assert result.span == cut[0]
    assert [fault.rpartition(": ")[2] for fault in result.faults] == ["a page there killed its worker"] * 2
    assert set(whole.articles) - set(result.articles) == {"ifpnews.com/modest-plan-for-zanjan-footbridge/"}
    assert result.listed == whole.listed


def test_workers_that_always_die_are_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_begin_worker", os._exit)
    with pytest.raises(OSError, match="worker processes end as soon as they start"):
        Processes(2)


def test_a_span_of_fatal_pages_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(Processes, "_try_twice", lambda self, part, site: started.append(part))
    executor = Processes(1)
    try:
        result = executor._alone(spans.Span("a", 0, spans.SPAN, spans.SPAN), "https://ifpnews.com")
    finally:
        executor.close()
    assert len(started) < 100
    assert result.faults[0] == "a at byte 0: a page there killed its worker"


def test_workers_start_whatever_the_default_is() -> None:
    """The default of Linux since Python 3.14."""
    code = (
        "import multiprocessing; multiprocessing.set_start_method('forkserver')\n"
        "from ifp_scraper.executors import Processes; Processes(1).close()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


@pytest.mark.slow
def test_goes_on_after_a_kill(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = tmp_path / "many.warc.gz"
    with many.open("wb") as stream:
        for _ in range(30):
            shutil.copyfileobj((recording / "one.warc.gz").open("rb"), stream)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    assert scrapy("extract", many, "-o", whole).status == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "extract", str(many), "-o", str(killed)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    partial = tmp_path / "killed.jsonl.partial"
    while process.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert partial.exists()
    assert scrapy("extract", many, "-o", killed).status == 0
    assert killed.read_bytes() == whole.read_bytes()


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


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 2),
        (("none.warc.gz", "-o", "x.jsonl"), 2),
        (("sample",), 2),
        (("sample", "-o", "x.csv"), 2),
        (("sample", "-o", "x.jsonl", "--workers", "0"), 2),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], status: int) -> None:
    run = scrapy("extract", *arguments)
    assert run.status == status
    assert "Traceback" not in run.err


def test_a_recording_that_is_a_bomb_fills_no_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bomb = tmp_path / "bomb.warc.gz"
    bomb.write_bytes(gzip.compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n" + bytes(50_000_000)))
    [copy] = seekable([bomb])
    assert copy.stat().st_size < MAX_RATIO * bomb.stat().st_size + (1 << 20)
    assert "the rest was left" in caplog.text
