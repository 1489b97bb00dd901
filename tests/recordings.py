"""Recordings, and single records, in the forms in which other tools write them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from random import Random
from typing import Any

from fastwarc import ZstdWriter

from tests.crawling import lines, scrapy

VOLATILE = ("extractor_version",)


def content(path: Path) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in VOLATILE} for line in lines(path)]


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
    """A WARC record of a picture that is longer than what is unpacked at a time."""
    content = Random(1).randbytes(1 << 21)
    return (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://ifpnews.com/p.jpg\r\n"
        b"WARC-Date: 2024-01-01T06:00:00Z\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n"
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


def without_http_cr(record: bytes) -> bytes:
    """The record with HTTP headers whose lines end in LF alone; spaces behind the page make up for the length."""
    head, http, body = record.removesuffix(b"\r\n\r\n").split(b"\r\n\r\n", 2)
    lost = http.count(b"\r") + 2
    return b"%b\r\n\r\n%b\n\n%b\r\n\r\n" % (head, http.replace(b"\r", b""), body + b" " * lost)


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


def at_address(url: str) -> bytes:
    return story("Some words.").replace(b"https://ifpnews.com/a/", url.encode())


def without_id(page: bytes, hour: str) -> bytes:
    time = f'<meta property="article:published_time" content="2015-01-01T0{hour}:00:00+00:00">'.encode()
    return page.replace(b" postid-97", b"").replace(b" post-id-97", b"").replace(b"</head>", time + b"</head>")


def read_both_ways(recorded: Path) -> list[dict[str, Any]]:
    """The lines that extract writes; assert that a crawl writes and rejects the same."""
    crawled, extracted = recorded.with_suffix(".crawled.jsonl"), recorded.with_suffix(".extracted.jsonl")
    for run in (
        scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled),
        scrapy("extract", recorded, "-o", extracted),
    ):
        assert run.status == 0, run.err
    assert lines(extracted) == lines(crawled)
    assert rejected_beside(extracted) == rejected_beside(crawled)
    return lines(extracted)


def rejected_beside(out: Path) -> list[tuple[str, str]]:
    """The URLs rejected beside an output, with the reasons."""
    return sorted((line["url"], line["reason"]) for line in lines(out.with_suffix(".rejected.jsonl")))


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def revisit(url: str, digest: str, date: str) -> bytes:
    return (
        f"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}T06:00:00Z\r\n"
        f"WARC-Payload-Digest: {digest}\r\nContent-Type: application/http\r\nContent-Length: 19\r\n\r\n"
        "HTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
    ).encode()


def digested(record: bytes, digest: str) -> bytes:
    return record.replace(b"WARC-Date", b"WARC-Payload-Digest: %b\r\nWARC-Date" % digest.encode(), 1)


def kept_file(url: str, body: bytes, kind: str = "text/html") -> bytes:
    """A file of a folder, as warcit records it."""
    return (
        f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2022-01-01T06:00:00Z\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body + b"\r\n\r\n"  # fmt: skip


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
