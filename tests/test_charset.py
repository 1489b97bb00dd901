"""Which character encoding a page has, where what names it is wrong."""

from __future__ import annotations

import pytest

from ifp_scraper.pages.charset import to_utf8


@pytest.mark.parametrize(
    ("header", "meta", "encoding", "is_guess"),
    [
        ("utf-8", "windows-1256", "windows-1256", False),  # the header's cannot decode it
        ("foo", "windows-1256", "windows-1256", False),
        ("idna", "windows-1256", "windows-1256", False),
        *((name, "windows-1256", "windows-1256", False) for name in ("unicode_escape", "raw-unicode-escape", "utf-7")),
        *((name, "windows-1256", "windows-1256", False) for name in ("punycode", "undefined")),
        ("windows-1256", "utf-8", "windows-1256", False),
        ("iso-8859-1", "utf-8", "utf-8", True),  # the header's can decode anything
        ("utf-8", "windows-1256", "utf-8", True),
        ("utf-16", "utf-8", "utf-8", True),
    ],
)
def test_the_header_and_the_page_contradict_each_other(header: str, meta: str, encoding: str, is_guess: bool) -> None:
    words = "آب و هوا"
    broken = b"\xff" if encoding == "utf-8" else b""
    html = f"<meta charset={meta}><p>{words}</p>".encode(encoding) + broken + b"<p>More.</p>"
    text, was_guess = to_utf8(html, f"text/html; charset={header}")
    assert (words in text.decode(), was_guess) == (True, is_guess)


def test_a_page_that_begins_almost_like_a_mark_is_what_it_is() -> None:
    html = "﷽<p>آب</p>".encode()  # its first byte is that of the mark
    assert to_utf8(html, "text/html; charset=windows-1256") == (html, False)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(codec: str) -> None:
    for words in ("Rain", "آب و هوا"):
        html = f"<p>{words}</p>"
        assert to_utf8(html.encode(codec), None) == (html.encode(), False)


def test_a_page_may_end_inside_a_character() -> None:
    html = "<p>آب 𝄞".encode()
    for cut in (1, 2, 3):
        assert to_utf8(html[:-cut], None) == (html[:-4], False)
