"""``scrapy extract`` gives the same lines as a crawl of the recording, whatever the workers, kills and damage."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.settings import Settings

from ifp_scraper.bulk import span_results
from ifp_scraper.bulk.extraction import _write_all, extract_spans
from ifp_scraper.bulk.page_results import PageResult
from ifp_scraper.bulk.partial_results import PartialResults
from ifp_scraper.bulk.span_reader import read_span
from ifp_scraper.bulk.span_results import SpanResult, join_results, pack_pages, reader_of, unpack_pages
from ifp_scraper.bulk.spans import Span, cut_spans
from ifp_scraper.commands import extract
from ifp_scraper.discovery.readings import slug_key
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import Options
from ifp_scraper.storage import store
from ifp_scraper.storage.output_file import StoreError
from tests.crawling import ROOT, lines, scrapy
from tests.recordings import content, zstd
from tests.site import Site, make_posts, record, serve
from tests.site.response import Response, page


def test_gives_the_lines_of_a_crawl(recording: Path, tmp_path: Path) -> None:
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    run = scrapy("crawl", "ifp", "-a", f"archive={recording / 'both.warc.gz'}", "-o", crawled)
    assert run.status == 0, run.err
    run = scrapy("extract", recording / "both.warc.gz", "-o", extracted)
    assert run.status == 0, run.err

    def by_revision(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
        return {(line["url"], line["revision"]): line for line in content(path)}

    assert by_revision(extracted) == by_revision(crawled)
    assert [line["headline"] for line in lines(extracted) if line["revision"] == 2] == ["An Edited Headline"]
    assert not extracted.with_name("extracted.jsonl.partial").exists()
    # A second run finds nothing new.
    before = extracted.read_bytes()
    assert scrapy("extract", recording / "both.warc.gz", "-o", extracted).status == 0
    assert extracted.read_bytes() == before


def test_a_full_disk_is_told_in_words_and_the_next_run_goes_on(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    run = scrapy("extract", recording / "both.warc.gz", "-o", out, room=50_000)
    assert (run.status, "partial cannot be written: the file may not grow" in run.err) == (1, True), run.err
    assert scrapy("extract", recording / "both.warc.gz", "-o", out).status == 0
    assert scrapy("extract", recording / "both.warc.gz", "-o", tmp_path / "b.jsonl").status == 0
    assert content(out) == content(tmp_path / "b.jsonl")


@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_pages_captured_in_any_order_give_the_lines_of_a_crawl(seed: int, tmp_path: Path) -> None:
    """As a general-purpose crawler records them: any of an article's pages, in any order, some of them twice."""
    site, random = Site(make_posts(40, seed=seed)), Random(seed)
    recorded = tmp_path / "scrambled.warc.gz"
    with serve(site) as server, recorded.open("wb") as whole:
        for day in range(3):
            targets = []
            for post in site.open_posts():
                pages = [post.path, f"{post.path}amp/"]
                for number in range(2, len(post.pages) + 1):
                    pages += [f"{post.path}{number}/", f"{post.path}{number}/?amp=1"]
                targets += random.sample(pages, random.randint(0, len(pages)))
                targets += random.sample(pages, random.randint(0, 1))
            random.shuffle(targets)
            moments = count(site.now.timestamp(), 7)
            part = tmp_path / f"{day}.warc.gz"
            times = (datetime.fromtimestamp(moment, UTC) for moment in moments)
            record(server, part, targets, captured_at=lambda _, times=times: next(times), root="https://ifpnews.com")
            whole.write(part.read_bytes())
            site.advance(days=1)
            for post in random.sample(site.open_posts(), 10):
                site.edit(post.id, headline=f"Edited on Day {day}")
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled).status == 0
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert sorted(extracted.read_bytes().splitlines()) == sorted(crawled.read_bytes().splitlines())
    for line in lines(extracted):
        assert re.search(r"/\d/", line["fetched_url"]) is None, "no text of a further page alone"


@pytest.mark.parametrize(
    "unusable",
    [
        "",
        "<html><head><title>Just a moment...</title></head></html>",
        '<html><body class="single single-post postid-7"><p>No article.</p></body></html>',
        "<html><body>Briefly unavailable for scheduled maintenance.</body></html>",
    ],
    ids=["empty", "challenge", "unreadable", "maintenance"],
)
def test_an_amp_page_beside_an_unusable_one_gives_the_lines_of_a_crawl(unusable: str, tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=4))
    recorded = tmp_path / "a.warc.gz"
    with serve(site) as server:
        post = site.open_posts()[2]
        server.alter(lambda target, response: page(unusable) if target == post.path else response)
        record(server, recorded, root="https://ifpnews.com")
    crawled, extracted = tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    run = scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled)
    assert run.status == 0, run.err
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert sorted(content(crawled), key=str) == sorted(content(extracted), key=str)
    assert "amp-swift" in {line["layout"] for line in lines(crawled)}


def test_lists_in_a_recording_are_no_sign_of_a_changed_site(recording: Path, tmp_path: Path) -> None:
    recorded, out = tmp_path / "a.warc.gz", tmp_path / "a.jsonl"
    with serve(Site(make_posts(6, seed=4))) as server:
        server.alter(lambda target, response: page('<html><body class="archive"><a href="/a/">A</a></body></html>'))
        record(server, recorded, [f"/list-{number}/" for number in range(60)], root="https://ifpnews.com")
    with recorded.open("ab") as file:
        file.write((recording / "one.warc.gz").read_bytes())
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", out)
        assert (run.status, "did not do its job" in run.err) == (0, False), run.err


def test_articles_that_cannot_be_read_are_an_alarm_as_in_a_crawl(recording: Path, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc.gz"
    with serve(Site(make_posts(6, seed=4))) as server:
        unreadable = '<html><body class="single single-post postid-7"><p>No article.</p></body></html>'
        server.alter(lambda target, response: page(unreadable))
        record(server, recorded, [f"/story-{number}/" for number in range(20)], root="https://ifpnews.com")
    with recorded.open("ab") as file:
        file.write((recording / "one.warc.gz").read_bytes())
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", tmp_path / f"{command[0]}.jsonl")
        assert (run.status, "20 of 60 article pages could not be read" in run.err) == (1, True), run.err
    extracted, crawled = (
        {
            line["url"]: line["reason"]
            for line in lines(tmp_path / f"{name}.rejected.jsonl")
            if "/story-" in line["url"]
        }
        for name in ("extract", "crawl")
    )
    assert extracted == crawled


def test_articles_without_their_further_pages_give_the_lines_of_a_crawl(tmp_path: Path) -> None:
    recorded, crawled, extracted = tmp_path / "a.warc.gz", tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    site = Site(make_posts(60, seed=4))
    with serve(site) as server:
        long = [post for post in site.open_posts() if len(post.pages) > 1]
        first_pages = [path for post in long for path in (post.path, f"{post.path}amp/")]
        record(server, recorded, [*first_pages, f"{long[0].path}2/"], root="https://ifpnews.com")
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled).status == 0
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert sorted(content(crawled), key=str) == sorted(content(extracted), key=str)
    assert [line["warnings"] for line in lines(extracted)] == [["one-page-of-many"]] * len(long)


@pytest.mark.parametrize("is_whole", [True, False])
def test_amp_pages_beside_a_canonical_page_give_the_lines_of_a_crawl(is_whole: bool, tmp_path: Path) -> None:
    recorded, crawled, extracted = tmp_path / "a.warc.gz", tmp_path / "crawled.jsonl", tmp_path / "extracted.jsonl"
    site = Site(make_posts(60, seed=4))

    def without_numbers(target: str, response: Response) -> Response:
        if "amp" in target:
            return replace(response, body=response.body.replace(b"</p>", b' <a href="https://irna.ir/">IRNA</a></p>'))
        numbers = rb'<div class="page-nav page-nav-post.*?</a></div>'
        return replace(response, body=re.sub(numbers, b"", response.body)) if is_whole else response

    with serve(site) as server:
        post = next(post for post in site.open_posts() if len(post.pages) == 2)
        server.alter(without_numbers)
        paths = [post.path, f"{post.path}amp/", f"{post.path}2/?amp=1"]
        record(server, recorded, paths, root="https://ifpnews.com")
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-o", crawled).status == 0
    assert scrapy("extract", recorded, "-o", extracted).status == 0
    assert content(crawled) == content(extracted)
    [line] = lines(extracted)
    assert line["warnings"] == ([] if is_whole else ["body-from-amp"])
    assert (len(line["links"]) > len(post.pages[0])) is not is_whole


def test_further_pages_without_their_first_one_are_no_alarm(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a.warc.gz", tmp_path / "a.jsonl"
    site = Site(make_posts(60, seed=4))
    with serve(site) as server:
        further = [f"{post.path}2/" for post in site.open_posts() if len(post.pages) > 1]
        record(server, recorded, further, root="https://ifpnews.com")
    run = scrapy("extract", recorded, "-o", out)
    assert (run.status, lines(out), len(further) > 2) == (0, [], True), run.err
    assert {line["reason"] for line in lines(out.with_suffix(".rejected.jsonl"))} == {
        "its first page was not captured"
    }


def test_a_record_that_cannot_be_written_is_rejected_as_in_a_crawl(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Here:
        def run(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
            yield from (read_span(span, site) for span in waiting)

        def close(self) -> None: ...

    monkeypatch.setattr(store, "_MAX_LINE", 8000)
    settings = Settings()
    settings.setmodule("ifp_scraper.settings")
    spans, options = cut_spans([recording / "one.warc.gz"]), Options("https://ifpnews.com", archive="one.warc.gz")
    ledger = Ledger(options, tmp_path / "a.jsonl", start_over=False, settings=settings)
    extract_spans(spans, ledger, Here(), lambda *_: None)
    ledger.store.close()
    assert not (tmp_path / "a.jsonl.partial").exists()
    assert ledger.counts["new"] > 1
    too_long = [line["reason"] for line in lines(ledger.rejections.path) if "bytes long" in line["reason"]]
    assert len(too_long) == len(caplog.messages) > 0


def test_order_does_not_depend_on_the_workers(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for workers in ("1", "3"):
        out = tmp_path / f"{workers}.jsonl"
        assert scrapy("extract", recording / "both.warc.gz", "-o", out, "--workers", workers).status == 0
        results.append(out.read_bytes())
    assert results[0] == results[1]


def test_what_another_version_or_site_left_half_done_is_read_again(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    span, path, site = cut_spans([recording / "two.warc.gz"])[0], tmp_path / "a.partial", "https://ifpnews.com"
    partial = PartialResults(path, site)
    partial.add(read_span(span, site))
    partial.close()
    assert set(PartialResults(path, site).spans) == {span}
    assert not PartialResults(path, "https://example.org").spans
    monkeypatch.setattr(span_results, "EXTRACTOR_VERSION", "99")
    assert not PartialResults(path, site).spans


def test_of_the_parts_of_a_span_the_first_one_with_a_body_counts() -> None:
    found: list[dict[str, int]] = [{"a": 1}, {"a": 2, "b": 3}, {}]
    whole, parts = Span("a", 0, 9, 9), [Span("a", at, at + 3, 9) for at in (0, 3, 6)]
    results = [SpanResult(part, originals=originals) for part, originals in zip(parts, found, strict=True)]
    assert join_results(whole, results).originals == {"a": 1, "b": 3}


def test_what_is_in_the_parts_of_a_span_is_in_the_whole() -> None:
    kinds: Any = ("listed", "faults", "redirects", "revisits")
    parts = []
    for at in (0, 3):
        page = PageResult(f"https://ifpnews.com/a/{at}/", datetime(2024, 5, 6, tzinfo=UTC))
        packed = pack_pages([page])
        found: Any = {kind: [f"{kind} at {at}"] for kind in kinds} | {"begun": {"a": (page.captured_at, 0)}}
        parts.append(SpanResult(Span("a", at, at + 3, 6), "reader", records=2, pages={"a": packed}, **found))
    joined = join_results(Span("a", 0, 6, 6), parts)
    assert (joined.span, joined.reader, joined.records) == (Span("a", 0, 6, 6), "reader", 4)
    assert list(joined.pages) == ["a"]
    assert [page.url[-2] for page in unpack_pages(joined.pages["a"])] == ["0", "3"]
    for kind in kinds:
        assert getattr(joined, kind) == [f"{kind} at 0", f"{kind} at 3"]


@pytest.mark.parametrize(("wanted", "kept"), [("a", True), ("another", False)])
def test_what_other_recordings_left_half_done_does_not_pile_up(wanted: str, kept: bool, tmp_path: Path) -> None:
    class Stopped:
        def run(self, waiting: list[Span], site: str) -> Iterator[SpanResult]:
            raise KeyboardInterrupt

        def close(self) -> None: ...

    out, site = tmp_path / "a.jsonl", "https://ifpnews.com"
    partial = PartialResults(tmp_path / "a.jsonl.partial", site)
    partial.add(SpanResult(Span("a", 0, 1, 1), reader_of(site)))
    partial.close()
    wanted_spans = [Span(wanted, start, start + 1, 1) for start in range(2)]
    ledger: Any = SimpleNamespace(store=SimpleNamespace(path=out), options=Options(site))
    with pytest.raises(KeyboardInterrupt):
        extract_spans(wanted_spans, ledger, Stopped(), lambda *_: None)
    assert bool((tmp_path / "a.jsonl.partial").stat().st_size) is kept


def test_articles_come_in_the_order_in_which_they_were_captured(tmp_path: Path) -> None:
    written: list[str] = []
    partial = PartialResults(tmp_path / "a.jsonl.partial", "https://ifpnews.com")
    spans = [Span(path, 0, 1, 1) for path in ("first", "second")]
    for span, names in zip(spans, ("bda", "ca"), strict=True):
        result = SpanResult(span, "", records=3)
        for name in names:
            url = f"https://ifpnews.com/{name}/"
            page = PageResult(url, datetime(2024, 5, ord(name) - 96, tzinfo=UTC), page_urls=[url], rejected=span.path)
            result.pages[slug_key(url)] = pack_pages([page])
            result.begun[slug_key(url)] = page.captured_at, 0
        partial.add(result)
    ledger: Any = SimpleNamespace(reject=lambda rejected, **_: written.append(rejected.url[-2]))
    _write_all(spans, partial, ledger)
    assert list(dict.fromkeys(written)) == ["a", "b", "c", "d"]


def test_pages_damaged_meanwhile_are_told_in_words(tmp_path: Path) -> None:
    partial = PartialResults(tmp_path / "a.jsonl.partial", "https://ifpnews.com")
    partial.add(SpanResult(Span("a", 0, 1, 1), pages={"a": b"\xff" * 9}))
    [place] = partial.read(Span("a", 0, 1, 1))[1].values()
    with pytest.raises(StoreError, match="is damaged: delete it"):
        partial.read_pages(place)


def test_articles_recorded_twice_are_not_all_held_in_memory(tmp_path: Path) -> None:
    site, written = "https://ifpnews.com", []
    partial = PartialResults(tmp_path / "a.jsonl.partial", site)
    recorded = [Span(path, 0, 1, 1) for path in ("first", "second")]
    for day, span in enumerate(recorded, 1):
        result = SpanResult(span, reader_of(site), records=300)
        for number in range(300):
            url = f"{site}/story-{number}/"
            page = PageResult(url, datetime(2024, 5, day, tzinfo=UTC), page_urls=[url], rejected="x" * 20_000)
            result.pages[slug_key(url)] = pack_pages([page])
            result.begun[slug_key(url)] = page.captured_at, 0
        partial.add(result)
        del result
    ledger: Any = SimpleNamespace(reject=lambda rejected, **_: written.append(rejected.url))
    tracemalloc.start()
    _write_all(recorded, partial, ledger)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written == [f"{site}/story-{number}/" for number in range(300) for _ in range(2)]
    assert peak < 3_000_000


def test_a_damaged_partial_file_is_cut(tmp_path: Path) -> None:
    path, site = tmp_path / "a.jsonl.partial", "https://ifpnews.com"
    partial = PartialResults(path, site)
    partial.add(SpanResult(Span("a", 0, 1, 1), reader_of(site)))
    partial.close()
    whole = path.read_bytes()
    for damage in (b"\xff" * 4096, b"\0" * 4096, b"\x10", whole[:-1]):
        path.write_bytes(whole + damage)
        again = PartialResults(path, site)
        again.close()
        assert (len(again.spans), path.read_bytes()) == (1, whole)


def test_the_workers_end_if_the_output_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise Python may complain of their pipes when it exits."""
    closed = []
    monkeypatch.setattr(extract, "LocalExecutor", lambda workers: SimpleNamespace(close=lambda: closed.append(1)))
    command = extract.Command()
    command.settings = Settings()
    command.settings.setmodule("ifp_scraper.settings")
    with store.Store(tmp_path / "a.jsonl"):
        command.run(["sample"], Namespace(output=str(tmp_path / "a.jsonl"), workers=1, dask=None))
    assert (command.exitcode, closed) == (1, [1])


def test_one_that_was_stopped_has_not_done_its_job_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_one(spans: list[Span], site: str) -> Iterator[SpanResult]:
        yield read_span(spans[0], site)
        raise KeyboardInterrupt

    out = tmp_path / "a.jsonl"
    monkeypatch.setattr(extract, "LocalExecutor", lambda workers: SimpleNamespace(run=read_one, close=lambda: None))
    monkeypatch.setattr(extract, "ignore_stop_signals", lambda: None)
    command = extract.Command()
    command.settings = Settings()
    command.settings.setmodule("ifp_scraper.settings")
    command.run(["sample"], Namespace(output=str(out), workers=1, dask=None))
    assert (command.exitcode, "was stopped; run the same command again" in capsys.readouterr().err) == (1, True)
    assert (lines(out), out.with_name("a.jsonl.partial").stat().st_size > 0) == ([], True)


def test_one_that_is_stopped_while_it_looks_for_recordings_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find_recordings(*names: str) -> list[Path]:
        signal.raise_signal(signal.SIGTERM)
        return []

    monkeypatch.setattr(extract, "find_recordings", find_recordings)
    command = extract.Command()
    command.settings = Settings()
    command.settings.setmodule("ifp_scraper.settings")
    command.run(["sample"], Namespace(output=str(tmp_path / "a.jsonl"), workers=1, dask=None))
    assert (command.exitcode, capsys.readouterr().err) == (1, "extract failed: it was stopped before it began\n")
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_reads_no_recording_that_must_be_unpacked(recording: Path, tmp_path: Path) -> None:
    packed = zstd((recording / "two.warc.gz").read_bytes(), tmp_path)
    run = scrapy("extract", packed, "-o", tmp_path / "a.jsonl", "--dask", "tcp://127.0.0.1:1")
    assert (run.status, "must be unpacked for a cluster" in run.err) == (2, True), run.err


def test_what_a_cluster_needs_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # as if it were not installed
    command = extract.Command()
    command.settings = Settings()
    command.settings.setmodule("ifp_scraper.settings")
    command.run(["sample"], Namespace(output=str(tmp_path / "a.jsonl"), workers=None, dask="tcp://127.0.0.1:1"))
    assert (command.exitcode, 'pip install ".[cluster]"' in capsys.readouterr().err) == (1, True)


@pytest.mark.slow
def test_goes_on_after_a_kill(recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = tmp_path / "many.warc.gz"
    with many.open("wb") as stream:
        for _ in range(30):
            shutil.copyfileobj((recording / "one.warc.gz").open("rb"), stream)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    assert scrapy("extract", many, "-o", whole).status == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "extract", str(many), "-o", str(killed)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    partial = tmp_path / "killed.jsonl.partial"
    while process.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert partial.exists()
    assert scrapy("extract", many, "-o", killed).status == 0
    assert killed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 2),
        (("none.warc.gz", "-o", "x.jsonl"), 2),
        (("sample",), 2),
        (("sample", "-o", "x.csv"), 2),
        (("sample", "-o", "x.jsonl", "--workers", "0"), 2),
        (("sample", "-o", "x.jsonl", "--pidfile", "/no/such/folder/p"), 2),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], status: int) -> None:
    run = scrapy("extract", *arguments)
    assert run.status == status
    assert "Traceback" not in run.err
