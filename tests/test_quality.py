"""Minimum extraction quality on the recorded WordPress and the real theme pages; it is only ever raised."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

import ifp_scraper

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import quality

needs_samples = pytest.mark.skipif(
    not (quality.SAMPLES / "truth.jsonl").exists(), reason="the recordings with their truth are not here"
)
EXACT = {"headline", "authors", "day", "instant", "sections", "tags", "id", "lead", "modified", "recent"}
# Of the three-page post only the first page is recorded.
FLOORS = {
    "canonical pages": {"precision": 1.0, "recall": 0.995, "exact": 0.99},
    "AMP Swift": {"precision": 1.0, "recall": 0.995, "exact": 0.99},
    "AMP designs 1-3": {"precision": 1.0, "recall": 1.0, "exact": 1.0},
    "real theme": {"precision": 1.0, "recall": 1.0},
    "fixtures": {"precision": 1.0, "recall": 1.0, "exact": 1.0},
}


@pytest.fixture(scope="module")
def scores() -> quality.Scores:
    return quality.measure(quality.SAMPLES)


@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=() if name == "fixtures" else needs_samples) for name in FLOORS]
)
def test_every_column_is_above_its_floor(scores: quality.Scores, group: str) -> None:
    floors = {**dict.fromkeys(EXACT, 1.0), **FLOORS[group]}
    for column, floor in floors.items():
        share = scores.share(group, quality.OURS, column)
        assert share is None or share >= floor, [case.url for case, _ in scores.wrong[column]]
    assert scores.share(group, quality.OURS, "recall") is not None


@needs_samples
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


@needs_samples
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
