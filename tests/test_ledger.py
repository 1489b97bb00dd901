"""Damaged files beside the output, and what is counted and reported when a line cannot be written."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DropItem
from scrapy.settings import Settings

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.ending import Ending
from ifp_scraper.items import Article, encode
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import Options
from ifp_scraper.pipelines import StorePipeline
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.ifp import IfpSpider
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.rejections import Rejected
from tests.crawling import Run, crawl, lines, scrapy
from tests.site import Site, make_posts, serve

SITE = "https://ifpnews.com"
ARTICLE = Article(id=1, url=f"{SITE}/a/", headline="A headline", body="A body.", layout="newspaper")


@pytest.fixture
def settings() -> Settings:
    settings = Settings()
    settings.setmodule("ifp_scraper.settings")
    return settings


@pytest.fixture
def ledger(tmp_path: Path, settings: Settings) -> Iterator[Ledger]:
    ledger = Ledger(Options(SITE), tmp_path / "a.jsonl", start_over=False, settings=settings)
    yield ledger
    ledger.store.close()


def reopened(ledger: Ledger) -> Ledger:
    """The ledger as the next run would open it; its files are closed again at once."""
    ledger.store.close()
    found = Ledger(ledger.options, ledger.store.path, start_over=False, settings=ledger.settings)
    found.store.close()
    return found


def whole_run(ledger: Ledger) -> dict[str, Any]:
    """The line of a complete run, changed to one that failed to fetch one page."""
    walk = ledger.walks.begin(lambda *_: None, [])  # type: ignore[arg-type, return-value]
    ledger.write(replace(ARTICLE, modified_at="2024-05-06T00:00:00Z"))
    walk.notes.source = "rest"
    walk.notes.validators = {f"{SITE}/feed/": {"If-None-Match": "x"}}
    ledger.walks.end(walk)
    ledger.finish(Ending("finished"))
    [run] = lines(ledger.store.path.with_suffix(".runs.jsonl"))
    return {**run, "failed_urls": [f"{SITE}/failed/"]}


def walked_from(ledger: Ledger, *runs: dict[str, Any]) -> Any:
    ledger.store.path.with_suffix(".runs.jsonl").write_text("".join(json.dumps(run) + "\n" for run in runs))
    return reopened(ledger).walks.begin(lambda *_: None, [])  # type: ignore[arg-type, return-value]


def test_articles_of_another_site_in_the_file_are_pointed_out(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    run = whole_run(ledger)
    reopened(ledger)
    assert "articles in" not in capsys.readouterr().err
    other = Options("http://127.0.0.1:8099")
    Ledger(other, ledger.store.path, start_over=False, settings=ledger.settings).store.close()
    said = f"The articles in {ledger.store.path} are of {SITE}, not {other.site}: name another file"
    assert capsys.readouterr().err.startswith(f"{said} with -o, ")
    Ledger(other, ledger.store.path, start_over=False, settings=ledger.settings, command="audit").store.close()
    assert capsys.readouterr().err.startswith(f"{said}, ")  # an audit's -o is another
    walked_from(ledger, run, {**run, "site": other.site})  # which found nothing there
    assert capsys.readouterr().err == ""
    Ledger(other, ledger.store.path, start_over=True, settings=ledger.settings).store.close()
    assert capsys.readouterr().err == ""


def test_the_next_run_continues_from_a_complete_one(ledger: Ledger) -> None:
    walk = walked_from(ledger, whole_run(ledger))
    assert (walk.caught_up, walk.notes.source, walk.edits_since) == (True, "rest", "2024-05-06T00:00:00Z")
    assert walk.notes.validators == {f"{SITE}/feed/": {"If-None-Match": "x"}}
    with ledger.store.path.open("ab") as stream:  # as a run that is then killed
        stream.write(encode(replace(ARTICLE, id=2, url=f"{SITE}/b/")))
    assert reopened(ledger).walks.begin(lambda *_: None, []).caught_up  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "later",
    [{"complete": False, "caught_up": False}, {"site": "https://a.example"}, {"newest_modified": None}],
    ids=str,
)
def test_the_last_run_on_the_site_that_left_nothing_out_is_continued(ledger: Ledger, later: dict[str, Any]) -> None:
    run = whole_run(ledger)
    walk = walked_from(ledger, {**run, "source": "feed"}, run, {**run, "source": "sitemap", **later})
    assert (walk.caught_up, walk.notes.source) == (True, "rest")


def test_what_is_known_is_counted_once_and_without_what_no_site_lists(ledger: Ledger) -> None:
    ledger.write(ARTICLE)
    for url in (
        f"{SITE}/?p=5",
        f"{SITE}/?p=6",
        f"{SITE}/gone/",
        f"{SITE}/gone/".replace("https", "http"),
        ARTICLE.url,
    ):
        ledger.reject(Rejected.now(url, "status 404"))
    ledger.note_failed(f"{SITE}/failed/", "status 500")
    assert ledger.knowledge.count() == 3


@pytest.mark.parametrize("failed", [0, 1, 1000, 1001])
@pytest.mark.parametrize("fault", ["none", "stopped", "errors", "list", "trouble"])
def test_a_run_whose_failures_are_all_noted_is_continued(ledger: Ledger, failed: int, fault: str) -> None:
    walk = ledger.walks.begin(lambda *_: None, [])  # type: ignore[arg-type, return-value]
    ledger.write(replace(ARTICLE, modified_at="2024-05-06T00:00:00Z"))
    for number in range(failed):
        url = f"{SITE}/failed-{number}/"
        ledger.note_failed(url, "status 500", ArticleRef(url, id=10_000 + number))
    walk.notes.broken += ["page 2"] if fault == "list" else []
    ledger.trouble = "a file cannot be written" if fault == "trouble" else None
    ledger.walks.end(walk)
    reason = "stopped" if fault == "stopped" else "finished"
    ledger.finish(Ending(reason, errors=int(fault == "errors")))
    [run] = lines(ledger.store.path.with_suffix(".runs.jsonl"))
    assert run["complete"] is (fault == "none" and not failed)
    assert len(run["failed_urls"]) == len(run["failures"]) == min(failed, 1000)
    after = reopened(ledger)
    assert after.walks.begin(lambda *_: None, []).caught_up is (fault == "none" and failed <= 1000)  # type: ignore[arg-type, return-value]
    assert [ref.id for ref in after.knowledge.left_by_earlier_runs()][:2] == [10_000, 10_001][: min(failed, 2)]
    assert after.knowledge.count() == 1 + min(failed, 1000)


def test_what_a_killed_run_left_is_tried_only_on_its_own_site(ledger: Ledger) -> None:
    for url in (f"{SITE}/a/", "https://mirror.example/b/"):
        ledger.note_failed(url, "status 500")
    assert reopened(ledger).failures.untried() == [f"{SITE}/a/"]


def test_an_article_without_a_time_may_be_in_any_range(tmp_path: Path, settings: Settings) -> None:
    options = Options(SITE, since=datetime(2024, 1, 1, tzinfo=UTC))
    ledger = Ledger(options, tmp_path / "a.jsonl", start_over=False, settings=settings)
    for number, published_at in enumerate(["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", None]):
        ledger.write(replace(ARTICLE, id=number + 1, url=f"{SITE}/{number}/", published_at=published_at))
    ledger.store.close()
    assert [ledger.knowledge.count_left_alone(in_range=one) for one in (True, False)] == [2, 3]


@pytest.mark.parametrize("layout", [None, "newspaper"])
@pytest.mark.parametrize("ended", ["killed", "nothing else", "well"])
def test_what_gave_no_article_is_asked_again_unless_its_run_went_well(
    ledger: Ledger, layout: str | None, ended: str
) -> None:
    reason = "no body" if layout else "no article"
    gone = [f"{SITE}/{number}/" for number in range(5 if ended == "nothing else" else 1)]
    if ended == "well":
        ledger.write(ARTICLE)
    for url in gone:
        ledger.reject(Rejected.now(url, reason, layout, None))
    if ended != "killed":
        ledger.finish(Ending("finished"))
    after = reopened(ledger)
    settled = layout is not None or ended == "well"
    assert {after.knowledge.is_current(ArticleRef(url)) for url in gone} == {settled}
    assert after.rejections.reason(gone[0]) == reason


@pytest.mark.parametrize(("ended", "age", "alarm"), [("killed", 0, False), ("ill", 0, True), ("ill", 2, False)])
def test_the_same_verdict_again_is_an_alarm_only_while_the_site_may_be_ill(
    ledger: Ledger, ended: str, age: int, alarm: bool
) -> None:
    dead = [Rejected.now(f"{SITE}/{number}/", "status 404", None, None) for number in range(6)]
    then = format_utc(datetime.now(UTC) - timedelta(days=age)) or ""
    ledger.started_at -= timedelta(days=age)
    for one in dead:
        ledger.reject(replace(one, time=then))
    if ended == "ill":
        ledger.finish(Ending("finished"))
    for _ in range(2):  # a third run sees when the first one was
        again = reopened(ledger)
        for one in dead:
            again.reject(Rejected.now(one.url, one.reason))
        assert again.monitor.doubts_rejections is alarm
        again.finish(Ending("finished"))
        assert again.exit_status == int(alarm)
    assert reopened(ledger).knowledge.is_current(ArticleRef(dead[0].url)) is not alarm


@pytest.mark.parametrize(
    "damage",
    [
        {"tail": [1]},
        {"tail": {"size": -1, "sha256": ""}},
        {"tail": {"size": 10**18, "sha256": ""}},
        {"tail": {"size": 10**30, "sha256": ""}},
        {"tail": None},
        {"newest_modified": "garbage"},
        {"newest_modified": 5},
        {"newest_modified": "0001-01-01T00:00:00Z"},
        {"validators": [1]},
        {"validators": {"/feed/": 1}},
        {"source": 7},
        {"articles": True},
        {"articles": -1},
        {"articles": 2},  # more than the output has: one may be damaged since
        {"failed_urls": {}},
        {"failed_urls": [1]},
        {"failures": [{"url": f"{SITE}/a/", "ref": {"url": f"{SITE}/a/", "published_at": "sometime"}}]},
        {"failures": [{"url": f"{SITE}/a/", "ref": {"url": f"{SITE}/a/", "modified_at": "sometime"}}]},
        {"failures": [{"url": f"{SITE}/a/", "ref": {"url": f"{SITE}/a/", "listed_at": "2024-05-06"}}]},
        {"failures": [{"id": 1}]},
        {"complete": "yes"},
    ],
    ids=str,
)
def test_a_damaged_run_is_not_used(ledger: Ledger, damage: dict[str, Any]) -> None:
    walk = walked_from(ledger, {**whole_run(ledger), **damage})
    assert (walk.caught_up, walk.notes.source, walk.notes.validators, walk.edits_since) == (False, None, {}, None)


@pytest.mark.parametrize(
    "damage",
    [
        {"modified_at": 7},
        {"modified_at": "sometime"},
        {"layout": []},
        {"reason": None},
        {"extractor_version": 1},
        {"url": "http://["},
        {"url": ""},
    ],
    ids=str,
)
def test_a_damaged_rejection_is_not_used(ledger: Ledger, damage: dict[str, Any]) -> None:
    ledger.reject(Rejected.now(f"{SITE}/none/", "no body", "newspaper", "2024-05-06T00:00:00Z"))
    ref = ArticleRef(f"{SITE}/none/", modified_at="2024-05-06T00:00:00Z")
    assert reopened(ledger).knowledge.is_current(ref)
    path = ledger.store.path.with_suffix(".rejected.jsonl")
    path.write_text(json.dumps({**lines(path)[0], **damage}) + "\n")
    found = reopened(ledger)
    assert not found.knowledge.is_current(ref)
    assert found.knowledge.worth_another_try() == []


def test_a_crawl_with_damaged_files_beside(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with serve(Site(make_posts(6, seed=4))) as server:
        assert crawl(server.url, out).status == 0
        [run] = lines(out.with_suffix(".runs.jsonl"))
        out.with_suffix(".runs.jsonl").write_text(
            json.dumps({**run, "newest_modified": "garbage", "tail": [1]}) + "\n"
        )
        rejected = {"url": "http://[", "reason": 1, "layout": [], "modified_at": 7, "extractor_version": "0"}
        out.with_suffix(".rejected.jsonl").write_text(json.dumps(rejected) + "\n")
        before = out.read_bytes()
        again = crawl(server.url, out)
    assert (again.status, "Traceback" in again.err) == (0, False), again.err
    assert out.read_bytes() == before


def test_a_record_that_does_not_fit_is_one_line(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    spider = IfpSpider(ledger.options, ledger, Fetcher(None, ledger))  # type: ignore[arg-type]
    pipeline = StorePipeline(SimpleNamespace(spider=spider))  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING), pytest.raises(DropItem) as dropped:
        pipeline.process_item(replace(ARTICLE, byline=7))  # type: ignore[arg-type]
    assert dropped.value.log_level == "DEBUG"  # at a higher level Scrapy would print the record
    [said] = caplog.messages
    assert said.startswith(f"{SITE}/a/ is not written: the record does not fit the schema: ")
    assert "A headline" not in said
    assert (ledger.counts["new"], ledger.counts["rejected"]) == (0, 1)


def test_a_terminal_that_is_gone_does_not_end_a_crawl(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, other_end = os.openpty()
    with os.fdopen(other_end, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        ledger.write(ARTICLE)
        assert b"1 articles" in os.read(terminal, 1000)
        os.close(terminal)
        monkeypatch.setattr(stream, "isatty", lambda: True)
        ledger.write(replace(ARTICLE, id=2, url=f"{SITE}/b/"))
        monkeypatch.undo()
        with suppress(OSError):
            stream.close()
    assert ledger.counts["new"] == 2


def crawl_without_room(out: Path, room: int, *arguments: str) -> Run:
    """Crawl 12 articles while no file may grow beyond ``room`` bytes."""
    with serve(Site(make_posts(12, seed=4))) as server:
        return crawl(server.url, out, *arguments, room=room)


def test_a_recording_without_room_for_its_beginning(tmp_path: Path) -> None:
    run = crawl_without_room(tmp_path / "a.jsonl", 100, "-s", f"IFP_ARCHIVE={tmp_path / 'a.warc.gz'}")
    assert (run.status, "Traceback" in run.err) == (1, False), run.err
    assert "did not do its job: the recording" in run.err
    assert "choose another in IFP_ARCHIVE" in run.err


NOTES = b"Notes of a year.\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.warc.gz", NOTES), ("a.warc.gz", gzip.compress(NOTES)), ("a.warc", NOTES)],
    ids=["not gzip", "gzip", "plain"],
)
def test_a_file_that_is_not_a_recording_is_left_alone(name: str, content: bytes, tmp_path: Path) -> None:
    recording = tmp_path / name
    recording.write_bytes(content)
    run = scrapy("crawl", "ifp", "-o", tmp_path / "a.jsonl", "-s", f"IFP_ARCHIVE={recording}")
    assert run.status == 1
    assert run.err == f"The crawl did not start: {recording} is not a recording: name another file in IFP_ARCHIVE.\n"
    assert recording.read_bytes() == content


def test_what_the_disk_had_no_room_for_is_not_counted(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    run = crawl_without_room(out, 20_000)
    assert (run.status, "Traceback" in run.err) == (1, False), run.err
    written = len(lines(out))
    assert 0 < written < 12
    assert f"Found {written}: {written} new" in run.err
    assert max(map(len, run.err.splitlines())) < 400  # no line prints a record


def test_what_was_cut_from_the_output_is_reported(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    ledger.write(ARTICLE)
    ledger.store.close()
    with ledger.store.path.open("ab") as stream:
        stream.write(b"what another program wrote")
    again = Ledger(ledger.options, ledger.store.path, start_over=False, settings=ledger.settings)
    again.finish(Ending("finished"))
    assert "a.cut-1.bin" in capsys.readouterr().err


def test_lines_that_are_no_articles_are_reported_by_number(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    ledger.write(ARTICLE)
    ledger.store.close()
    said = []
    for count in (1, 99):
        with ledger.store.path.open("ab") as stream:
            stream.write(b"{}\n" * count + encode(replace(ARTICLE, id=count + 1, url=f"{SITE}/{count}/")))
        again = Ledger(ledger.options, ledger.store.path, start_over=False, settings=ledger.settings)
        again.finish(Ending("finished"))
        *told, spent, last = capsys.readouterr().err.splitlines()
        assert re.fullmatch(r"0 requests, 0\.0 MB, \d+ s\.", spent)
        assert last == f"{len(again.store)} articles in {again.store.path}"
        said += [line for line in told if "though not" in line]
    assert said[0] == "Left in the file, though not articles: 1 line (2)."
    assert re.fullmatch(r"Left in the file, though not articles: 100 lines \(2, 4, 5, .*\d and more\)\.", said[1])


def test_an_older_copy_of_the_output_is_not_continued(ledger: Ledger) -> None:
    run = whole_run(ledger)
    assert walked_from(ledger, run).caught_up
    path = ledger.store.path
    whole = path.read_bytes()
    path.write_bytes(encode(replace(ARTICLE, headline="Before the edit")))  # the same articles as before
    assert not walked_from(ledger, run).caught_up
    path.write_bytes(path.read_bytes() + whole)  # and what a killed run then added
    assert not walked_from(ledger, run).caught_up


def test_starting_over_goes_on_where_the_rejections_cannot_be_removed(ledger: Ledger) -> None:
    path = ledger.store.path.with_suffix(".rejected.jsonl")
    path.mkdir()
    ledger.store.close()
    again = Ledger(ledger.options, ledger.store.path, start_over=True, settings=ledger.settings)
    again.write(ARTICLE)
    again.finish(Ending("finished"))
    [run] = lines(again.store.path.with_suffix(".runs.jsonl"))
    assert run["exit_status"] == 1
    assert f"{path} cannot be removed: it is a folder" in run["reason"]
    assert len(lines(again.store.path)) == 1


@pytest.mark.parametrize("suffix", [".rejected.jsonl", ".runs.jsonl", ".failed.jsonl"])
def test_a_file_beside_the_output_that_cannot_be_read_is_not_taken_for_none(ledger: Ledger, suffix: str) -> None:
    """What earlier runs left to do would be forgotten."""
    path = ledger.store.path.with_suffix(suffix)
    path.symlink_to(path.name)
    ledger.store.close()
    with pytest.raises(StoreError, match=rf"{suffix} cannot be read: Too many levels"):
        Ledger(ledger.options, ledger.store.path, start_over=False, settings=ledger.settings)


def test_a_stderr_that_cannot_be_written_ends_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stderr", full)
        ledger.finish(Ending("finished"))
        monkeypatch.undo()
        with suppress(OSError):
            full.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert len(lines(ledger.store.path.with_suffix(".runs.jsonl"))) == 1


def test_an_output_that_is_lost_is_told_in_words(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ledger.store.path.parent
    folder.rename(folder.with_name("moved"))
    folder.touch()  # so that it cannot be written back
    ledger.finish(Ending("finished"))
    folder.unlink()
    folder.with_name("moved").rename(folder)
    said = capsys.readouterr().err
    assert "was removed during the crawl, and could not be saved" in said
    assert "a.runs.jsonl cannot be written" in said


@pytest.mark.parametrize("note", ["failed", "incomplete"])
def test_what_lacked_a_page_in_a_run_that_was_killed_is_fetched_again(ledger: Ledger, note: str) -> None:
    ledger.write(ARTICLE)
    amp = f"{ARTICLE.url}amp/"
    ledger.note_failed(amp, "status 500") if note == "failed" else ledger.note_incomplete(amp)
    after = reopened(ledger)
    assert not after.knowledge.is_current(ArticleRef(ARTICLE.url))
    # The run between was killed before it came to it.
    assert not reopened(after).knowledge.is_current(ArticleRef(ARTICLE.url))
    ledger = Ledger(ledger.options, ledger.store.path, start_over=False, settings=ledger.settings)
    ledger.write(ARTICLE)
    ledger.finish(Ending("finished"))
    assert reopened(ledger).knowledge.is_current(ArticleRef(ARTICLE.url))
    assert sorted(path.name for path in ledger.store.path.parent.iterdir()) == ["a.jsonl", "a.runs.jsonl"]


@pytest.mark.parametrize("output", ["ifp.jsonl", "2024.06.jsonl", "a.jsonl.jsonl", "a.json.jsonl"])
@pytest.mark.parametrize("compressed", ["", ".gz", ".zst"])
def test_files_are_beside_an_output_whether_it_was_compressed_since_or_not(output: str, compressed: str) -> None:
    expected = Path("output", output).with_suffix(".runs.jsonl")
    assert sidecars.beside(Path("output", output + compressed), sidecars.RUNS) == expected
