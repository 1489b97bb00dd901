"""What a response says besides its article."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Request
from scrapy.http import Response as Answer
from scrapy.responsetypes import responsetypes

from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.responses import asked_wait, cut_short, in_words, mislabelled, out_of_order, refusal, withheld


def an_answer(body: bytes, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    answer = responsetypes.from_mimetype(kind)
    return answer("https://ifpnews.com/a/", status, {"Content-Type": kind, **headers}, body)


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (503, "120", 120),
        (429, " 5 ", 5),
        (200, "120", 0),
        (429, "soon", 0),
        (429, "", 0),
        (503, "9" * 5000, 999999999),
    ],
)
def test_how_long_the_site_asks_to_wait(status: int, retry_after: str, seconds: float) -> None:
    assert asked_wait(an_answer(b"", status=status, **{"Retry-After": retry_after})) == seconds


def test_a_date_to_wait_for() -> None:
    for ahead, least, most in ((100, 90, 100), (-100, 0, 0)):
        date = formatdate(time.time() + ahead, usegmt=True)
        assert least <= asked_wait(an_answer(b"", status=503, **{"Retry-After": date})) <= most
    assert asked_wait(an_answer(b"", status=429, **{"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})) > 1e9


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_date_to_wait_for_is_one_of_the_site_s_clock(hours: int) -> None:
    now = time.time() + hours * 3600
    headers = {"Date": formatdate(now, usegmt=True), "Retry-After": formatdate(now + 100, usegmt=True)}
    assert asked_wait(an_answer(b"", status=503, **headers)) == 100


@pytest.mark.parametrize(
    ("status", "validators", "expected"),
    [
        *((status, {}, True) for status in (201, 202, 204, 205, 304)),
        *((status, {}, False) for status in (200, 203, 206, 301, 404, 500)),
        (304, {"If-None-Match": '"1"'}, False),
        (304, {"If-Modified-Since": "Mon, 06 May 2024 06:00:00 GMT"}, False),
    ],
)
def test_a_page_that_is_withheld_without_an_error(status: int, validators: dict[str, str], expected: bool) -> None:
    assert withheld(Request("https://ifpnews.com/a/", headers=validators), an_answer(b"", status=status)) is expected


@pytest.mark.parametrize(
    ("kind", "body", "is_cut"),
    [
        ("text/html", b"<html><p>a</html>", False),
        ("text/html", b"<HTML><p>a</BODY></HTML>\n<!-- cached -->  ", False),
        ("text/html", b"<html><p>a", True),
        ("text/html", b"<html><p>a</html>" + b" x" * 2048, True),
        ("text/html", b"<html><p>a</html>" + b"<!--" + b"x" * 3000 + b"-->", False),
        ("text/html", b"<html><body><div><p>a</div>\n", False),  # a minifier leaves out end tags
        ("text/html", b"<html><body><p><a href=/a/>a</a>\n", True),
        ("text/html", b"<p>a", False),  # a fragment, as some plugins send
        ("application/json; charset=UTF-8", b'[{"id":1}]\n', False),
        ("application/json", b'{"id":1}<!-- cached -->', False),
        ("application/json", b'[{"id":1},', True),
        ("text/xml", b"<a><b></b></a>\n", False),
        ("text/xml", b"<a><b/></x:a >", False),
        ("text/xml", b"<a/><!-- cached -->", False),
        ("text/xml", b"<a-b:c.d><b></b></a-b:c.d>", False),
        ("text/xml", "<a><b></b></a>\n".encode("utf-16"), False),
        ("text/xml", "<a><b>\n".encode("utf-16"), True),
        ("application/rss+xml", b"<a><b></b><c", True),
        ("text/xml", b"<a><b>", True),
        ("text/plain", b"<a><b>", False),
    ],
)
def test_what_is_cut_short(kind: str, body: bytes, is_cut: bool) -> None:
    assert cut_short(an_answer(body, kind)) is is_cut


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/octet-stream", b"\n <!DOCTYPE HTML><p>", True),
        ("application/octet-stream", b"<html>", True),
        ("text/plain", b"\xef\xbb\xbf<!doctype html>", True),
        ("text/plain", b"<!-- --><!DOCTYPE html>", False),
        ("text/xml", b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "">', True),
        ("text/xml", b'<?xml version="1.0"?><!-- <html> --><rss><html>', False),
        ("image/png", b"\x89PNG <html>", False),
        ("text/html", b"<html>", False),
        ("", b"<html>", False),
    ],
)
def test_html_under_another_name(kind: str, body: bytes, expected: bool) -> None:
    assert mislabelled(an_answer(body, kind)) is expected


WALL, OF_THE_SITE = b"<title>Just a moment</title>", b'<link href="/wp-content/a.css">'


@pytest.mark.parametrize(
    ("body", "status", "kind", "said"),
    [
        (b"", 401, "text/html", "status 401"),
        (b"", 403, "image/png", "status 403"),
        (b"", 404, "text/html", None),
        (WALL, 200, "text/html", "a challenge page"),
        (WALL, 503, "text/html", "a challenge page"),
        (WALL, 200, "image/png", None),
        (b"<!DOCTYPE html>" + WALL, 200, "text/plain", "a challenge page"),
        (b"<script>document.cookie = '__arcsjs=1'</script>", 200, "text/html", "a challenge page"),
        (b"<title>One moment, please...</title>", 200, "text/html", "a challenge page"),
        (b'<script src="/.well-known/ddos-guard/check"></script>', 200, "text/html", "a challenge page"),
        (b"<script>window.gokuProps = {}</script>", 202, "text/html", "a challenge page"),
        (b"User-agent: *\nDisallow: /captcha/", 200, "text/plain", None),
        (b'[{"link": "https://ifpnews.com/a-captcha/"}]', 200, "application/json", None),
        (b'[{"link": "https://ifpnews.com/a-captcha/"}]', 200, "text/html", None),
        (b"<feed><title>A captcha</title></feed>", 200, "application/atom+xml", None),
        (b"<feed><title>A captcha</title></feed>", 200, "text/html", None),
        (
            b'<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/jsch/v1"></script>',
            200,
            "text/html",
            "a challenge page",
        ),
        # On every page that Cloudflare passes on, also on those of a site out of order.
        (b"<script>a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>", 503, "text/html", None),
        (b"<script>a.src='/cdn-cgi/challenge-platform/h/b/scripts/jsd/1/main.js'</script>", 503, "text/html", None),
        (b"<script>a.src='/cdn-cgi/challenge-platform/h/g/scripts/invisible.js'</script>", 503, "text/html", None),
        (WALL + OF_THE_SITE, 200, "text/html", None),  # an article about walls
        (WALL.ljust(65536), 200, "text/html", "a challenge page"),
        (WALL.ljust(65537), 200, "text/html", None),
    ],
)
def test_how_the_site_refuses(body: bytes, status: int, kind: str, said: str | None) -> None:
    assert refusal(an_answer(body, kind, status)) == said


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Briefly unavailable for scheduled maintenance. Check back in a minute.", True),
        (OF_THE_SITE + b"Briefly unavailable for scheduled maintenance", False),  # words of an article
        (OF_THE_SITE + b"<p>" * 3000 + b'<body id="error-page"><p>There has been a critical error', True),
        (OF_THE_SITE + b'<body id="error-page"><p>There has been a critical error' + b"<p>" * 3000, False),
        (b"<p>Text", False),
    ],
)
def test_a_site_out_of_order(body: bytes, expected: bool) -> None:
    assert out_of_order(an_answer(body)) is expected


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no\nsuch"), "ValueError: no"),
        (ValueError("x" * 999), "ValueError: " + "x" * 300),
        (ValueError(), "ValueError"),
        (ResponseDataLossError(), "the answer broke off"),
        (ResponseDataLossError("the answer is not packed as it says"), "the answer is not packed as it says"),
        (DownloadCancelledError("Cancelling download of http://a/"), "the answer is too long"),
        (DownloadTimeoutError("Getting http://a/ took longer than 3.0 seconds."), "the answer took too long"),
        (ValueError("[<twisted.python.failure.Failure a.b.Lost: It was lost.>, more]"), "It was lost"),
        (
            ValueError("[<twisted.python.failure.Failure O.S.Error: [('SSL routines', '', 'wrong version number')]>]"),
            "no secure connection can be made (wrong version number)",
        ),
        (IgnoreRequest("Forbidden by robots.txt"), "Forbidden by robots.txt"),
        (RecordingError("a.warc: it cannot be read"), "a.warc: it cannot be read"),
        (
            Exception(
                "[<twisted.python.failure.Failure x.ParseError: ('non-integer status code', b'<!doctype html>')>]"
            ),
            "the answer is not HTTP",
        ),
        *(
            (Exception(f"[<twisted.python.failure.Failure {failure}>]"), "the answer is not HTTP")
            for failure in (
                "twisted.web.http_headers.InvalidHeaderName: b'x-a '",
                "builtins.ValueError: Value contains non-decimal digits: b'-5'",
                "builtins.AttributeError: 'NoneType' object has no attribute 'append'",
            )
        ),
        (Exception("[<twisted.python.failure.Failure builtins.OSError: no route>]"), "no route"),
    ],
)
def test_an_exception_in_words(error: Exception, words: str) -> None:
    assert in_words(error) == words
