"""Bodies that are compressed or in another character set, as their headers say."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc import ZstdWriter

from ifp_scraper.recordings.codings import plain_body
from tests.recordings import read_both_ways, response, story


def test_a_character_set_that_only_the_headers_name(tmp_path: Path) -> None:
    recorded, words = tmp_path / "a.warc", "آب و هوا"
    body = story(words).decode().encode("windows-1256", "xmlcharrefreplace")
    recorded.write_bytes(
        response("https://ifpnews.com/a/", body, "2022-01-01", kind="text/html; charset=Windows-1256")
    )
    (line,) = read_both_ways(recorded)
    assert (line["body"], "charset" in line["warnings"]) == (words, False)


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
        ("Content-Encoding: gzip", gzip.compress(gzip.compress(STORY)), STORY),
        ("Content-Type: text/html", gzip.compress(STORY), STORY),
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


def test_no_more_codings_are_undone_than_a_server_would_use() -> None:
    """Two thousand of them, for 60 MB, would take half a minute."""
    body = STORY
    for _ in range(20):
        body = gzip.compress(body)
    assert plain_body(body, [("Content-Encoding", ",".join(["gzip"] * 20))]).startswith(b"\x1f\x8b\x08")
