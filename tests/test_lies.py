"""A server whose HTTP lies, at the level of sockets: nothing wrong is written, and what is missing is told."""

from __future__ import annotations

import gzip
import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawling import EIGHT_AT_ONCE, crawl, lines
from tests.expected import differences
from tests.hostile import Handler, serve_hostile
from tests.site import Post, Site, make_posts
from tests.site.response import Response

pytestmark = pytest.mark.slow

Lie = Callable[[Handler, Response], None]


def sending(
    change: Callable[[bytes], bytes] = lambda body: body,
    *headers: str,
    status: str = "HTTP/1.1 200 OK",
    length: int | None = 0,
    drop: str = "",
    before: bytes = b"",
    after: bytes = b"",
    chunk: bytes = b"",
) -> Lie:
    """Send the true response, but for what is given; then close the connection.

    Args:
        change: gives the body to send.
        headers: are added.
        status: the status line.
        length: what is added to Content-Length; None for no such header.
        drop: the name of a header that is left out.
        before: is sent before the response.
        after: is sent after it.
        chunk: is sent as the size of a chunk, before the body.
    """

    def lie(handler: Handler, response: Response) -> None:
        body = change(response.body)
        kept = [f"{name}: {value}" for name, value in response.headers.items() if name != drop]
        sized = [] if length is None else [f"Content-Length: {len(body) + length}"]
        head = "\r\n".join([status, *kept, *headers, *sized]).encode("latin-1")
        handler.raw(before + head + b"\r\n\r\n" + chunk + body + after)
        handler.close_connection = True

    return lie


def reset(handler: Handler, response: Response) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\nContent-Ty")
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def packed(body: bytes) -> bytes:
    return gzip.compress(body)


def nothing(body: bytes) -> bytes:
    return b""


def another(body: bytes) -> bytes:
    return b"<!DOCTYPE html><html><body>Back soon</body></html>"


BOMB = gzip.compress(bytes(40 << 20), 9)
GZIP, CHUNKED, MOVED = "Content-Encoding: gzip", "Transfer-Encoding: chunked", "HTTP/1.1 302 Found"
OTHER = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<p>other\n"

LIES: dict[str, Lie] = {
    "cut": sending(half, length=1),
    "cut without a length": sending(half, length=None),
    "length too small": sending(length=-1000),
    "length too large": sending(length=10**10),
    "two lengths": sending(half, "Content-Length: 7"),
    **{f"length {text}": sending(half, f"Content-Length: {text}", length=None) for text in ("-5", "abc", "9" * 5000)},
    **{
        f"chunk of {size!r}": sending(half, CHUNKED, length=None, chunk=size + b"\r\n", after=b"\r\n0\r\n\r\n")
        for size in (b"zz", b"-5", b"1", b"fffffffffffffffff")
    },
    "chunked, cut": sending(half, CHUNKED, length=None, chunk=b"fffff\r\n"),
    "said to be packed": sending(lambda body: body, GZIP),
    "packed without a word": sending(packed),
    "packed twice": sending(lambda body: packed(packed(body)), GZIP),
    "packed, cut": sending(lambda body: half(packed(body)), GZIP),
    "packed, with garbage": sending(lambda body: packed(body) + b"\0garbage", GZIP),
    "a bomb": sending(lambda body: BOMB, GZIP),
    "an unknown coding": sending(half, "Content-Encoding: \xe9"),
    "hints before": sending(before=b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
    "another after": sending(after=OTHER),
    **{f"status {code}": sending(status=f"HTTP/1.1 {code} Odd") for code in (201, 205, 300, 404, 500, 999)},
    **{f"nothing with {code}": sending(nothing, status=f"HTTP/1.1 {code} Odd") for code in (200, 204, 206, 304)},
    **{
        f"status line {line!r}": sending(status=line) for line in ("", "ICY 200 OK", "HTTP/1.1 2OO", "HTTP/9 200 \xff")
    },
    "a part": sending(half, "Content-Range: bytes 0-9/99", status="HTTP/1.1 206 Partial Content"),
    "parts": sending(
        lambda body: b"--X\r\n\r\n" + body, "Content-Type: multipart/byteranges; boundary=X", drop="Content-Type"
    ),
    **{
        f"type {kind}": sending(lambda body: b"\xef\xbb\xbf" + body, f"Content-Type: {kind}", drop="Content-Type")
        for kind in ("image/png", "text/html; charset=utf-16", "text/html; charset=cp037", "/", "")
    },
    **{
        f"header {text[:9]!r}": sending(lambda body: body, text)
        for text in ("no colon", " folded", "X: \0\x7f", "\xff: a")
    },
    "a long header": sending(lambda body: body, "X-A: " + "a" * 100_000),
    "cookies": sending(lambda body: body, *(f"Set-Cookie: c{number}=1" for number in range(1000))),
    **{
        f"to {place!r}": sending(nothing, f"Location: {place}", status=MOVED)
        for place in (
            "/",
            "",
            "#a",
            "amp/",
            "https:",
            "file:///etc/passwd",
            "javascript:",
            "//x.example/",
            "/\xff",
            "/\t",
        )
    },
    **{
        f"retry after {text!r}": sending(another, f"Retry-After: {text}", status="HTTP/1.1 503 Busy")
        for text in ("-5", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "\xb2", "nan")
    },
    "another page": sending(another),
    "reset": reset,
}


@pytest.mark.parametrize("seed", [1, 7, 8, 0, 2, 3, 4, 5])
def test_what_a_server_that_lies_hides_is_told_and_read_later(seed: int, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    site = Site(make_posts(9, seed=seed))
    posts = {post.path: post for post in site.open_posts()}
    config = random.Random(seed).choice([{}, {"rest": 403, "sitemap": "yoast"}, {"rest": 404, "sitemap": None}])
    with serve_hostile(site, **config) as server:

        def answer(handler: Handler) -> None:
            chance = random.Random(f"{seed} {handler.path}")
            name = chance.choice(sorted(LIES))
            is_list = not handler.path.startswith(tuple(posts))
            lies = is_lying and chance.random() < (0.1 if is_list else 0.5)
            response = server.good.get(handler.path, {})
            (LIES[name] if lies else sending())(handler, response)

        server.answers["/*"] = answer
        for is_lying in (True, False, False):
            options = ("-s", "RETRY_TIMES=0", "-s", "IFP_FAILURES=999", "-s", "IFP_REFUSALS=999") if is_lying else ()
            run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "DOWNLOAD_TIMEOUT=10", *options)
            written = lines(out)
            assert not any(word in run.err for word in ("Traceback", "ERROR", "Unhandled")), run.err
            last = {line["url"].removeprefix(server.url): line for line in written}
            assert len(last) == sum(not line["reread"] and line["revision"] == 1 for line in written)
            ended = lines(out.with_suffix(".runs.jsonl"))[-1]
            told = {line["url"] for line in lines(out.with_suffix(".rejected.jsonl"))} | {*ended["failed_urls"]}
            missing = {server.url + path for path in posts.keys() - last}
            assert run.status or missing <= told, run.err
            assert not ended["complete"] or missing <= told
            for path, line in last.items():
                assert is_true(posts[path], line) or (is_lying and server.url + path in told), path
        assert run.status == 0, run.err
        assert not missing
        assert not [wrong for path, post in posts.items() if (wrong := differences(post, last[path], server.url))]
        assert all(headers["User-Agent"].startswith("ifp_scraper/") for _, headers in server.log)


def is_true(post: Post, line: dict[str, object]) -> bool:
    """Whether a line has the article's texts, as one of its views shows them."""
    views = [post.expected(view) for view in ("canonical", "amp")]
    return line["headline"] == post.expected()["headline"] and line["body"] in [
        "\n\n".join(block["text"] for block in view["blocks"] if block["kind"] != "related") for view in views
    ]
