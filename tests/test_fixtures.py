"""Replays every saved page beside the record that it must give. Adding one touches no code: ``scrapy fixture``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.dates import parse_utc
from ifp_scraper.items import decode, encode, to_dict
from ifp_scraper.pages import LAYOUTS, Capture, Document, UnreadablePage, read_article
from ifp_scraper.revisions import content_hash

FIXTURES = Path(__file__).parent / "fixtures"
ALL = sorted(FIXTURES.glob("*/*.json"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_page_gives_its_record(path: Path) -> None:
    expected = json.loads(path.read_text(encoding="utf-8"))
    html = path.with_suffix(".html").read_bytes()
    content_type = expected.get("headers", {}).get("Content-Type")
    capture = Capture(expected["url"], parse_utc(expected["captured_at"]))
    if expected.get("unreadable"):
        with pytest.raises(UnreadablePage):
            read_article(html, capture, content_type)
        return
    article = read_article(html, capture, content_type)
    if expected["record"] is None:
        assert article is None
        return
    assert article is not None
    record = to_dict(article)
    assert said(record, expected["record"]) == expected["record"]
    # Whoever reads the line computes the same hash, empty cells of tables included.
    assert record["content_hash"] == content_hash(decode(encode(article)))


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_left_unparsed_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Document, "_empty_surroundings", lambda document, html: html)
    test_page_gives_its_record(path)


def said(got: Any, expected: Any) -> Any:
    """What the record says of those keys that the fixture names: it may leave out what it does not decide."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return {key: said(got.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        return [said(one, other) for one, other in zip(got, expected, strict=True)]
    return got


def test_every_layout_has_a_fixture() -> None:
    folders = {path.parent.name for path in ALL}
    assert {layout.layout for layout in LAYOUTS} <= folders


def test_every_page_has_a_record() -> None:
    assert {path.stem for path in FIXTURES.glob("*/*.html")} == {path.stem for path in ALL}
