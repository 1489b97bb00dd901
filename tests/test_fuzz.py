"""Broken pages by the thousand: no exception but UnreadablePage, none slow, every record valid."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from tempfile import gettempdir

import pytest

import ifp_scraper
from tests import mutations

SECONDS = float(os.environ.get("FUZZ_SECONDS", "4"))


def test_mutated_pages() -> None:
    seed = int(os.environ.get("FUZZ_SEED", "1"))
    rng = Random(seed)
    pages = mutations.pages()
    bodies = [body for body, _ in pages]
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end:
        body, url = rng.choice(pages)
        html = mutations.mutate(body, rng, bodies)
        found = mutations.fault(html, url)
        number += 1
        if found:
            with open(Path(gettempdir()) / f"fuzz-{seed}-{number}.html", "wb") as file:
                file.write(html)
        assert found is None, f"{found}; saved as {file.name}"


@pytest.mark.parametrize(
    "charset", ["undefined", "punycode", "idna", "utf-7", "hex", "base64", "unicode_escape", "\xff\0", "x" * 9999]
)
def test_an_invalid_charset(charset: str) -> None:
    html = b"<body class=single-post><article><h1>caf\xe9</h1><div class=entry-content><p>x" + b"\xe9" * 100_000
    assert mutations.fault(html, "https://ifpnews.com/a/", f"text/html; charset={charset}") is None


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "0000-01-01"]
)
def test_dates_at_the_ends_of_time(when: str) -> None:
    for body, url in mutations.pages()[::7]:
        html = mutations._ATTRIBUTE.sub(
            lambda match: match[0] if b"T" not in match[2] else b' %s="%s"' % (match[1], when.encode()), body
        )
        assert mutations.fault(html.replace(b'"datePublished":"', b'"datePublished":"' + when.encode()), url) is None


@pytest.mark.parametrize(
    "words", ["9999 years ago", "9" * 5000 + " days ago", "11 " * 20_000, "a:" * 10_000, "December 31, 9999"]
)
def test_words_for_a_time(words: str) -> None:
    for body, url in mutations.pages():
        if b"ago</" in body:
            html = body.replace(b" ago</", words.encode() + b"</").replace(b"hours ago", words.encode())
            assert mutations.fault(html, url) is None


def test_text_with_lone_surrogates() -> None:
    for body, url in mutations.pages()[::5]:
        text = body.decode("utf-8", "replace").replace("a", "\ud800a", 50)
        try:
            record = ifp_scraper.extract(text, url)
        except ifp_scraper.UnreadablePage:
            continue
        assert record is None or "\ud800" not in str(record)
