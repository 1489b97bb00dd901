"""Floors of extraction quality on the recorded WordPress and the real theme pages; they only rise."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

import ifp_scraper

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import quality

pytestmark = pytest.mark.skipif(
    not (quality.SAMPLES / "truth.jsonl").exists(), reason="the recordings with their truth are not here"
)
EXACT = (
    "found",
    "headline",
    "lead",
    "id",
    "authors",
    "published_at",
    "modified_at",
    "sections",
    "tags",
    "recent headline",
    "recent excerpt",
    "recent interval",
)


def test_fields_equal_the_truth() -> None:
    scores = quality.measure(quality.SAMPLES)
    columns = {column for column, _ in scores.total if " " in column}
    assert len(columns) == 7
    for column, name in scores.total:
        if name in EXACT and column in columns:
            assert scores.share(column, name) == 1, (column, name)
    for column in columns:
        # Of the three-page post only the first page is recorded.
        assert scores.share(column, "blocks") >= 0.99, column


def test_the_seed_gives_its_text() -> None:
    page = (quality.SAMPLES / "seed-amp.html").read_bytes()
    url = "https://ifpnews.com/putin-orders-withdrawal-russian-forces-syria/amp/"
    record = ifp_scraper.extract(page, url, captured_at="2024-05-06T06:00:00Z")
    assert record is not None
    texts = [line for line in (quality.SAMPLES / "seed.txt").read_text(encoding="utf-8").splitlines() if line]
    said = [*record["sections"], record["headline"], *(block["text"] for block in record["blocks"])]
    said += [record["byline"], record["authors"][0]["bio"], "Recent Posts"]
    for post in record["recent_posts"]:
        said += [post["headline"], post["excerpt"], post["published_raw"]]
    assert said == texts
    assert record["published_at"] == "2017-12-11T14:55:08Z"


@pytest.mark.parametrize("name", sorted(path.name for path in (quality.SAMPLES / "newspaper-theme").glob("*.gz")))
def test_real_theme_pages(name: str) -> None:
    folder = quality.SAMPLES / "newspaper-theme"
    truth = json.loads((folder / "index.json").read_text(encoding="utf-8"))[name]
    record = ifp_scraper.extract(gzip.decompress((folder / name).read_bytes()), truth["url"])
    assert record is not None
    body = quality.flat(record["body"])
    assert record["published_at"].startswith(truth["date"])
    if truth["title"]:
        assert record["headline"].casefold() == truth["title"].casefold()
    if truth["author"] is not None:
        assert (record["byline"] or "") == truth["author"]
    assert [text for text in truth["with"] or () if quality.flat(text) not in body] == []
    assert [text for text in truth["without"] or () if quality.flat(text) in body] == []
