"""The output exported as tables. All texts are invented."""

import csv
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.analysis.export import export
from ifp_scraper.analysis.report import write_report
from ifp_scraper.analysis.tables import FORMATS, Format, tables
from ifp_scraper.commands import stopped_by_term
from ifp_scraper.items import Article, Author, Embed, Image, Link, RecentPost, encode, json_schema
from tests.crawling import ROOT, scrapy

SITE = "https://ifpnews.com"


def article(number: int, **fields: Any) -> Article:
    values: dict[str, Any] = {
        "id": number,
        "url": f"{SITE}/story-{number}/",
        "headline": f"Story {number}, of “weirs”",
        "authors": [Author("Staff", f"{SITE}/author/staff/")],
        "sections": ["Politics", "Selected"],
        "tags": ["water"],
        "aliases": [f"{SITE}/old/story-{number}/"],
        "blocks": [
            {"kind": "heading", "text": "Sluices", "level": 2},
            {"kind": "list_item", "text": "one", "level": 1, "ordered": False},
            {"kind": "table_row", "text": "a | b", "cells": ["a", "b"]},
        ],
        "body": 'Sluices\n\n"one", نوروز\n\na | b',
        "images": [Image(f"{SITE}/a-1x1.jpg", f"{SITE}/a.jpg", "", None, "lead")],
        "embeds": [Embed("youtube", "https://www.youtube.com/watch?v=x")],
        "links": [Link("https://example.org/", "there")],
        "published_at": "2020-03-04T05:06:07Z",
        "recent_posts": [RecentPost("Other", f"{SITE}/other/", published_at="2020-03-04T05:00:00Z")],
        "fetched_at": f"2024-05-0{number}T00:00:00Z",
        "warnings": ["no-byline"],
    }
    return Article(**{**values, **fields})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ifp.jsonl"
    nothing = Article(url=f"{SITE}/bare/", html_sha256="0" * 64)
    lines = [
        article(1),
        article(2, id=None),
        nothing,
        article(1, revision=2, headline="=1+1"),
        article(3, status="gone"),
    ]
    path.write_bytes(b"".join(map(encode, lines)))
    return path


def read_csv(folder: Path, table: str) -> list[dict[str, str]]:
    with open(folder / f"{table}.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_field_of_a_line_is_a_column_or_a_table() -> None:
    articles, *children = tables()
    names = {column.name for column in articles.columns} - {"line"} | {table.name for table in children}
    assert names == set(json_schema()["properties"])
    assert all(column.description for table in tables() for column in table.columns if table.name != "blocks")


def test_csv(file: Path) -> None:
    done = export(file, "csv")
    assert done.folder == file.parent / "ifp-csv"
    assert done.rows["articles"] == 3
    rows = read_csv(done.folder, "articles")
    assert [row["line"] for row in rows] == ["2", "3", "4"]
    assert [row["id"] for row in rows] == ["", "", "1"]
    assert rows[2]["headline"] == "'=1+1"
    assert rows[0]["body"] == 'Sluices\n\n"one", نوروز\n\na | b'
    assert rows[0]["reread"] == "false"
    blocks = read_csv(done.folder, "blocks")
    assert blocks[2]["cells"] == '["a", "b"]'
    assert [block["position"] for block in blocks[:3]] == ["1", "2", "3"]
    raw = (done.folder / "articles.csv").read_bytes()
    assert raw.startswith(b"line,schema_version,id,url,")
    assert raw.split(b"\n", 1)[0].endswith(b"\r")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_disarms_formulas(tmp_path: Path, start: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode(article(1, tags=[start + "cmd"], word_count=7)))
    folder = export(path, "csv").folder
    assert read_csv(folder, "tags")[0]["tag"] == f"'{start}cmd"
    for name in ("datapackage.json", "croissant.json"):  # the folder must tell how to undo it
        assert "apostrophe" in json.loads((folder / name).read_text(encoding="utf-8"))["description"]


def test_sqlite(file: Path) -> None:
    done = export(file, "sqlite", revisions="all")
    database = sqlite3.connect(done.folder / "ifp.sqlite")
    assert database.execute("SELECT count(*) FROM articles").fetchone() == (5,)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid"
    assert database.execute(found, ("sluice AND weir",)).fetchall() == [(1,), (2,), (5,)]  # stemmed
    joined = "SELECT section FROM sections JOIN articles USING (line) WHERE line = 1 ORDER BY position"
    assert database.execute(joined).fetchall() == [("Politics",), ("Selected",)]
    indexes = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"articles_published_at", "articles_url", "sections_section", "recent_posts_url"} <= indexes
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("DELETE FROM articles WHERE line = 1")
    assert database.execute(found, ("sluices",)).fetchall() == [(2,), (4,), (5,)]
    assert database.execute("SELECT count(*) FROM sections WHERE line = 1").fetchone() == (0,)
    about = json.loads((done.folder / "metadata.json").read_text())["databases"]["ifp"]["tables"]["articles"]
    assert "canonical" in about["columns"]["url"].lower()


def test_parquet(file: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    done = export(file, "parquet", gone=True)
    table = parquet.read_table(done.folder / "articles.parquet")
    assert table.num_rows == 4
    assert table.schema.field("published_at").type == pa.timestamp("us", tz="UTC")
    assert table["published_at"][0].as_py().isoformat() == "2020-03-04T05:06:07+00:00"
    assert table.schema.field("headline").metadata[b"description"].startswith(b"Text of the headline")
    assert b"by/4.0" in table.schema.metadata[b"license"]
    blocks = parquet.ParquetFile(done.folder / "blocks.parquet")
    assert blocks.metadata.row_group(0).column(0).compression == "ZSTD"
    assert blocks.read()["cells"][2].as_py() == ["a", "b"]
    assert parquet.read_table(done.folder / "recent_posts.parquet").schema.field("published_at").type.tz == "UTC"


def test_more_lines_than_are_written_at_a_time(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifp_scraper.analysis.export._BATCH", 2 * len(encode(article(1))))
    done = export(file, "csv", revisions="all")
    assert done.rows == {name: len(read_csv(done.folder, name)) for name in done.rows}
    assert [row["line"] for row in read_csv(done.folder, "articles")] == ["1", "2", "3", "4", "5"]


def test_a_line_of_another_shape_is_left_out(file: Path) -> None:
    file.write_bytes(encode(article(1)).replace(b'"word_count":0', b'"word_count":"none"') + encode(article(2)))
    done = export(file, "csv")
    assert (done.skipped, [row["line"] for row in read_csv(done.folder, "articles")]) == (1, ["2"])
    assert write_report(file, file.with_suffix(".html")) == 1
    run = scrapy("export", file, "--to", "csv", cwd=file.parent)
    assert (run.status, "skipped, not fitting the schema: 1 line\n" in run.err) == (0, True), run.err
    with pytest.raises(ValueError, match="to must be one of parquet, csv, sqlite, not 'xlsx'"):
        export(file, "xlsx")  # type: ignore[arg-type]


def test_values_that_no_table_holds_cost_no_other_line(file: Path) -> None:
    """A number may be one digit too long after damage, and a time none."""
    whole = file.read_bytes()
    others = [encode(article(4, revision=2**63)), encode(article(5)), encode(article(6, fetched_at="last week"))]
    level = others[1].replace(b'"level":2', b'"level":%d' % 10**30)
    assert level != others[1]
    file.write_bytes(whole + others[0] + level + others[2])
    with warnings.catch_warnings(record=True):
        done = export(file, "sqlite", revisions="all")
    assert (done.skipped, done.rows["articles"], done.last_fetched) == (2, 6, "2024-05-03T00:00:00Z")


@pytest.mark.parametrize("to", FORMATS)
def test_descriptions(file: Path, to: Format) -> None:
    if to == "parquet":
        pytest.importorskip("pyarrow")
    folder = export(file, to).folder
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert "Media Wire" in package["description"]
    assert (package["counts"]["articles"], package["version"]) == (3, "2024.5.2")
    for resource in package["resources"]:
        data = (folder / resource["path"]).read_bytes()
        assert (resource.get("hash") or resource["sha256"]).endswith(hashlib.sha256(data).hexdigest())
        assert (resource.get("bytes") or resource["size"]) == len(data)
    assert len(package["resources"]) == (1 if to == "sqlite" else len(tables()))
    described = package["resources"][0]["tables"] if to == "sqlite" else package["resources"]
    assert {each["name"]: each["rows"] for each in described} == package["counts"]
    [blocks] = (each.get("schema", each) for each in described if each["name"] == "blocks")
    assert blocks["primaryKey"] == ["line", "position"]
    assert blocks["foreignKeys"] == [{"fields": ["line"], "reference": {"resource": "articles", "fields": ["line"]}}]
    assert [field["name"] for field in blocks["fields"] if "constraints" in field] == ["line", "position"]


@pytest.mark.slow
@pytest.mark.parametrize("to", FORMATS)
def test_frictionless_agrees(file: Path, to: Format) -> None:
    frictionless: Any = pytest.importorskip("frictionless")
    if to == "parquet":
        pytest.importorskip("pyarrow")
    report = frictionless.validate(str(export(file, to).folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "rowNumber", "message"])


@pytest.mark.slow
@pytest.mark.parametrize("to", FORMATS)
def test_mlcroissant_agrees(file: Path, to: Format) -> None:
    croissant: Any = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(jsonld=str(export(file, to).folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    if to != "sqlite":
        assert len(list(dataset.records("blocks"))) == 6


def test_an_export_is_replaced_and_nothing_else_is(file: Path) -> None:
    folder = export(file, "csv").folder
    (folder / "articles.csv").write_text("old")
    assert export(file, "csv").rows["articles"] == 3
    assert len(read_csv(folder, "articles")) == 3
    mine = file.parent / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="is not an export"):
        export(file, "csv", mine)
    assert (mine / "thesis.txt").read_text() == "precious"


def test_a_file_of_ones_own_in_an_export_is_kept(file: Path) -> None:
    folder = export(file, "sqlite").folder
    (folder / ".DS_Store").touch()
    export(file, "csv", folder)
    (folder / "coded by hand.csv").write_text("precious")
    with pytest.raises(FileExistsError, match=r"ifp-sqlite also holds coded by hand\.csv, not from an export"):
        export(file, "csv", folder)
    assert (folder / "coded by hand.csv").read_text() == "precious"


def test_an_export_knows_the_times_of_its_articles_and_makes_its_folder(file: Path) -> None:
    years = [(2, "2021"), (1, "2019"), (4, "2023"), (3, "2020")]
    lines = [article(number, published_at=f"{year}-01-01T00:00:00Z") for number, year in years]
    file.write_bytes(b"".join(map(encode, [*lines, article(5, published_at=None, fetched_at=None)])))
    done = export(file, "csv", file.parent / "new" / "folder")
    assert (done.first_published, done.last_published, done.last_fetched) == (
        "2019-01-01T00:00:00Z",
        "2023-01-01T00:00:00Z",
        "2024-05-04T00:00:00Z",
    )
    assert len(read_csv(file.parent / "new" / "folder", "articles")) == 5
    with pytest.raises(FileExistsError, match="exists and is not an export"):
        export(file, "csv", file)


def test_a_failed_export_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("ifp_scraper.analysis.table_writers._CsvWriter.write", full)
    with pytest.raises(OSError, match="No space"):
        export(file, "csv")
    assert [path.name for path in file.parent.iterdir()] == ["ifp.jsonl"]


@pytest.mark.parametrize("to", FORMATS)
def test_a_full_disk_is_told_in_words(file: Path, to: Format) -> None:
    run = scrapy("export", file.name, "--to", to, cwd=file.parent, room=100)
    assert run.status == 1
    assert re.fullmatch("export failed: .*\n", run.err)
    assert [path.name for path in file.parent.iterdir()] == ["ifp.jsonl"]


def test_what_a_killed_export_left_is_swept_away_later(file: Path) -> None:
    old, fresh = (file.parent / f".ifp-csv.partial-{pid}" for pid in (1, 2))
    for path in (old, fresh):
        path.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    export(file, "csv")
    assert (old.exists(), fresh.exists()) == (False, True)


def test_what_another_process_of_the_same_number_left_is_no_obstacle(file: Path) -> None:
    (file.parent / f".ifp-csv.partial-{os.getpid()}").mkdir()  # as in a container that was killed
    export(file, "csv")


def test_a_report_sweeps_what_a_killed_one_left(file: Path) -> None:
    old, fresh = (file.parent / f".report.html.partial-{pid}" for pid in (1, 2))
    for path in (old, fresh):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    write_report(file, file.parent / "report.html")
    assert (old.exists(), fresh.exists()) == (False, True)


def test_an_export_that_cannot_take_its_place_leaves_the_last_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = export(file, "csv").folder
    rename = Path.rename

    def interrupted(path: Path, to: Path) -> Path:
        if ".partial-" in path.name:
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(file, "csv")
    assert len(read_csv(folder, "articles")) == 3
    assert sorted(each.name for each in file.parent.iterdir()) == ["ifp-csv", "ifp.jsonl"]


def test_an_export_stopped_when_its_folder_was_just_made_leaves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.mkdir

    def interrupted(self: Path, *args: Any, **options: Any) -> None:
        real(self, *args, **options)
        raise KeyboardInterrupt  # as a signal does that arrives here

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(file, "csv")
    assert list(file.parent.iterdir()) == [file]


def test_a_link_is_followed(file: Path) -> None:
    folder, link = file.parent / "disk" / "tables", file.parent / "link"
    folder.mkdir(parents=True)
    link.symlink_to(folder)
    for _ in range(2):
        assert export(file, "csv", link).folder == folder.resolve()
        assert link.is_symlink()
        assert len(read_csv(folder, "articles")) == 3


def test_the_current_folder_is_not_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = file.parent / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in (".", here, "../here"):
        with pytest.raises(FileExistsError, match="is the current folder"):
            export(file, "csv", name)
    assert here.samefile(".")


def test_an_export_killed_while_replacing_is_no_obstacle(file: Path) -> None:
    folder = export(file, "csv").folder
    old = file.parent / ".ifp-csv.old"
    old.mkdir()
    (old / "articles.csv").write_text("what the killed one was about to delete")
    export(file, "csv")
    assert len(read_csv(folder, "articles")) == 3
    assert not old.exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", [("export", "--to", "csv"), ("report", "-o", "report.html")])
def test_a_terminated_command_leaves_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "big.jsonl"
    line = encode(article(1, id=None, body="word " * 2000))
    path.write_bytes(b"".join(line.replace(b"/story-1/", b"/%d/" % number) for number in range(4000)))
    process = subprocess.Popen(
        [sys.executable, "-m", "ifp_scraper", command[0], path.name, *command[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(tmp_path.glob(".*.partial-*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, said.split(";")[0]) == (130, "stopped")
    assert [each.name for each in tmp_path.iterdir()] == ["big.jsonl"]


def test_a_termination_that_falls_into_a_destructor_is_not_lost() -> None:
    class Deleted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), stopped_by_term():
        time.sleep(30 if Deleted() else 0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    for to in FORMATS:
        if to != "parquet":
            assert export(path, to).rows["articles"] == 0


def test_the_command(file: Path) -> None:
    run = scrapy("export", file, "--to", "csv", "-o", file.parent / "tables", cwd=file.parent)
    assert (run.status, run.err) == (0, "")
    assert run.out == (
        f"{file.parent / 'tables'}/: 3 articles, 2 aliases, 2 authors, 4 sections, 2 tags, 6 blocks, 2 images, "
        "2 embeds, 2 links, 2 recent_posts, 2 warnings\n"
    )
    every_line = scrapy("export", file, "--to", "csv", "--revisions", "all", cwd=file.parent)
    assert "/: 5 lines of articles," in every_line.out
    assert (file.parent / "tables" / "articles.csv").exists()


@pytest.mark.parametrize("command", [("export", "--to", "csv"), ("report",)], ids=lambda command: command[0])
def test_a_command_says_what_it_left_out(command: tuple[str, ...], file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"{}\n{")
    run = scrapy(*command, "ifp.jsonl", cwd=file.parent)
    assert (run.status, run.err.splitlines()) == (
        0,
        [
            "ifp.jsonl: skipped 1 line without an article, the first is line 6",
            "ifp.jsonl: skipped the last line, which is incomplete",
        ],
    )


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (["none.jsonl", "--to", "csv"], 2, "no such file: none.jsonl"),
        (["ifp.jsonl", "--to", "xlsx"], 2, "xlsx"),
        (["ifp.jsonl"], 2, "--to parquet"),
        (["--to", "csv"], 2, "name one FILE"),
        (["ifp.jsonl", "--to", "csv", "--frobnicate"], 2, "--frobnicate"),
        (["ifp.jsonl", "--to", "csv", "-o", "ifp.jsonl/x"], 1, "export failed"),
    ],
)
def test_the_command_says_what_is_wrong(file: Path, args: list[str], status: int, said: str) -> None:
    run = scrapy("export", *args, cwd=file.parent)
    assert run.status == status
    assert said in run.err
    assert "Traceback" not in run.err
