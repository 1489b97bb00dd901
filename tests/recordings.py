"""Recordings in the forms in which other tools write them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from random import Random
from typing import Any

from fastwarc import ZstdWriter

from tests.crawling import lines

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
