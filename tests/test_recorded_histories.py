"""Articles with any history of edits, captured at any times, in any files: each edit that was captured, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import chain, groupby
from pathlib import Path
from random import Random

import pytest
from scrapy.settings import Settings

from ifp_scraper.bulk.extraction import extract_spans
from ifp_scraper.bulk.span_reader import read_span
from ifp_scraper.bulk.span_results import SpanResult
from ifp_scraper.bulk.spans import Span, cut_spans
from ifp_scraper.dates import format_utc
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import Options
from tests.crawling import lines
from tests.recordings import amp_story, digested, response, revisit, story

SITE = "https://ifpnews.com"
RENDERERS = {"canonical": ("", story), "amp": ("amp/", amp_story)}


@dataclass(frozen=True)
class Capture:
    """A page of an article, as it was captured."""

    slug: str
    view: str
    at: datetime
    text: str
    edited_at: datetime | None
    """When it says that it was edited."""


@dataclass
class ShuffledSpans:
    """Reads spans in this process, in any order."""

    random: Random

    def run(self, spans: list[Span], site: str) -> Iterator[SpanResult]:
        yield from (read_span(span, site) for span in self.random.sample(spans, len(spans)))

    def close(self) -> None: ...


def history(random: Random, slug: str, views: tuple[str, ...], *, is_dated: bool) -> list[list[Capture]]:
    """The visits to an article, hours apart; without ``views``, each captures some, the AMP page perhaps from a cache.

    Of two articles, no captures are of one second: of these, the order of the files would count.
    """
    now = datetime(2024, 1, 1, random.randrange(24), 10 * "abc".index(slug), tzinfo=UTC)
    text, edited_at, cached, visits = "One.", now, "One.", []
    for _ in range(random.randint(1, 7)):
        if random.random() < 0.5:
            text, edited_at = random.choice(["One.", "Two.", "Three, which is longer."]), now
        now += timedelta(hours=random.choice([2, 30, 9000]))
        visit = []
        for view in views or random.sample(["canonical", "amp"], random.randint(1, 2)):
            shown = cached if not views and view == "amp" and random.random() < 0.3 else text
            visit.append(Capture(slug, view, now, shown, edited_at if is_dated else None))
            now += timedelta(seconds=random.choice([1, 90]))
        cached = text
        visits.append(visit)
    return visits


def record(capture: Capture, held: set[str], random: Random) -> bytes:
    """The record of a capture, which may lack the body if an earlier one has it; ``held`` gets its digest."""
    path, render = RENDERERS[capture.view]
    url, body = f"{SITE}/{capture.slug}/{path}", render(capture.text).replace(b"97", str(ord(capture.slug)).encode())
    body = body.replace(b"news.com/a/", f"news.com/{capture.slug}/".encode())
    if capture.edited_at is not None:
        tag = f'<meta property="article:modified_time" content="{format_utc(capture.edited_at)}"></head>'
        body = body.replace(b"</head>", tag.encode())
    digest = f"sha1:{sha1(body).hexdigest()}"
    again = digest in held and random.random() < 0.5
    held.add(digest)
    found = revisit(url, digest, "NOW") if again else digested(response(url, body, "NOW"), digest)
    time = format_utc(capture.at).encode()
    return found.replace(b"NOWT06:00:00Z", time).replace(b"NOWT06:00:00.5Z", time)


def extract(recordings: list[Path], out: Path, random: Random) -> bytes:
    """What the output holds once these have been read."""
    settings = Settings()
    settings.setmodule("ifp_scraper.settings")
    ledger = Ledger(Options(SITE, archive="a"), out, start_over=False, settings=settings, command="extract")
    spans = cut_spans(recordings, size=random.choice([500, 2000, 1 << 21]))
    extract_spans(spans, ledger, ShuffledSpans(random), lambda *_: None)
    ledger.store.close()
    return out.read_bytes()


def in_files(random: Random, folder: Path, captures: list[Capture], count: int) -> list[Path]:
    """Recordings in which the captures are in any order; some are in two."""
    folder.mkdir()
    held: set[str] = set()
    records: list[list[bytes]] = [[] for _ in range(count)]
    for one in (record(capture, held, random) for capture in sorted(captures, key=lambda one: one.at)):
        for own in random.sample(records, min(count, random.choice([1, 1, 2]))):
            own.insert(random.randint(0, len(own)), one)
    written = [(folder / f"{number}.warc", b"".join(own)) for number, own in enumerate(records) if own]
    return [path for path, data in written if path.write_bytes(data)]


def edits(visits: list[list[Capture]]) -> list[tuple[str, str]]:
    """When each text was first captured, and the text; the canonical page tells, if it was captured."""
    pages = [max(visit, key=lambda capture: capture.view == "canonical") for visit in visits]
    states = [list(own) for _, own in groupby(pages, key=lambda page: (page.text, page.edited_at))]
    return [(format_utc(own[0].at), own[0].text) for own in states]


@pytest.mark.slow
@pytest.mark.parametrize("views", [("canonical",), ("amp",), ("canonical", "amp"), ("amp", "canonical"), ()])
def test_every_edit_that_was_captured_is_there_once(views: tuple[str, ...], tmp_path: Path) -> None:
    for seed in range(225, 240 if views else 265):
        random, folder = Random(seed), tmp_path / str(seed)
        folder.mkdir()
        is_dated = random.random() < 0.5
        articles = {slug: history(random, slug, views, is_dated=is_dated) for slug in "abc"[: random.randint(1, 3)]}
        captures = [capture for visit in chain(*articles.values()) for capture in visit]
        recordings = in_files(random, folder / "a", captures, random.randint(1, 3))
        out = folder / "a.jsonl"
        written = extract(recordings, out, random)
        assert extract(recordings, out, random) == written, (seed, "again")
        assert extract(recordings[::-1], folder / "b.jsonl", random) == written, (seed, "the other way round")
        others = in_files(random, folder / "b", captures, random.randint(1, 3))
        assert extract(others, folder / "c.jsonl", random) == written, (seed, "in other files")
        if not views:
            continue
        for slug, visits in articles.items():
            own = [line for line in lines(out) if line["id"] == ord(slug)]
            assert [(line["fetched_at"], line["body"]) for line in own] == edits(visits), (seed, slug)
            assert [line["revision"] for line in own] == list(range(1, len(own) + 1))
        by_steps = b""
        for number, visit in enumerate(sorted(chain(*articles.values()), key=lambda visit: visit[0].at)):
            by_steps = extract(in_files(random, folder / f"v{number}", visit, 1), folder / "d.jsonl", random)
        assert sorted(by_steps.splitlines()) == sorted(written.splitlines()), (seed, "visit by visit")
        assert extract(recordings, folder / "d.jsonl", random) == by_steps, (seed, "all, after its parts")
