"""The output loaded as tables. All texts are invented."""

import bz2
import gzip
import importlib
import lzma
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.analysis.load import load
from ifp_scraper.analysis.output_reader import MissingExtra, find_outputs, require, select
from ifp_scraper.analysis.recent_posts import recent_posts
from ifp_scraper.items import Article, Author, Image, Link, RecentPost, encode

ENGINES = ["pandas", "polars"]
SITE = "https://ifpnews.com"


def article(number: int, **fields: Any) -> Article:
    values: dict[str, Any] = {
        "id": number,
        "url": f"{SITE}/story-{number}/",
        "headline": f"Story {number} of the weir",
        "byline": "IFP Editorial Staff",
        "authors": [Author("IFP Editorial Staff", f"{SITE}/author/staff/")],
        "sections": ["Politics", "Selected"],
        "blocks": [
            {"kind": "paragraph", "text": "The weir was opened."},
            {"kind": "table_row", "text": "a | b", "cells": ["a", "b"]},
        ],
        "body": "The weir was opened.\n\na | b",
        "word_count": 7,
        "images": [Image(f"{SITE}/a-1x1.jpg", f"{SITE}/a.jpg")],
        "links": [Link("https://example.org/", "there")],
        "published_at": "2020-03-04T05:06:07Z",
        "published_source": "meta",
        "layout": "newspaper",
        "fetched_at": "2024-05-01T00:00:00Z",
        "fetched_url": f"{SITE}/story-{number}/",
    }
    return Article(**{**values, **fields})


def write(path: Path, *articles: Article, end: bytes = b"") -> Path:
    path.write_bytes(b"".join(encode(each) for each in articles) + end)
    return path


def rows(frame: Any) -> list[dict[str, Any]]:
    return frame.to_dict("records") if hasattr(frame, "to_dict") and hasattr(frame, "iloc") else frame.to_dicts()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    pytest.importorskip("pyarrow")
    pytest.importorskip(request.param)
    return request.param


def test_latest_is_the_last_line_of_each_article(tmp_path: Path, engine: Any) -> None:
    path = write(
        tmp_path / "ifp.jsonl",
        article(1),
        article(2, id=None),
        article(3),
        article(1, url=f"{SITE}/renamed/", revision=2),
        article(2, id=None, revision=2),
        article(3, status="gone"),
    )
    assert [(row["url"], row["revision"]) for row in rows(load(path, engine=engine))] == [
        (f"{SITE}/renamed/", 2),
        (f"{SITE}/story-2/", 2),
    ]
    assert len(load(path, engine=engine, gone=True)) == 3
    assert len(load(path, engine=engine, revisions="all")) == 6


def test_a_line_without_id_belongs_to_the_article_with_its_url(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", article(1, id=None), article(1), article(1, id=None, revision=2))
    chosen = select(path)
    assert (list(chosen.kept), chosen.articles, chosen.read) == ([3], 1, 3)


def test_two_ids_are_two_articles_even_under_one_url(tmp_path: Path) -> None:
    later = article(2, url=f"{SITE}/story-1/", published_at="2025-07-01T00:00:00Z")
    path = write(tmp_path / "a.jsonl", article(1), later)
    assert list(select(path).kept) == [1, 2]


def test_another_id_is_the_same_article_if_url_and_publication_time_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", article(1), article(1, id=7, revision=2))
    assert list(select(path).kept) == [2]
    undated = article(1, published_at=None)
    assert list(select(write(path, undated, replace(undated, id=7))).kept) == [1, 2]


def test_an_id_joins_what_was_met_by_url_alone(tmp_path: Path) -> None:
    old, new = f"{SITE}/old/", f"{SITE}/new/"
    path = write(tmp_path / "a.jsonl", article(1, id=None, url=new), article(1, url=old), article(1, url=new))
    assert list(select(path).kept) == [3]
    first = article(1, id=None, url=f"{SITE}/first/", aliases=[new])  # two addresses, met without an id
    write(path, first, article(1, id=None, url=new), article(1, url=old), article(1, url=new))
    assert list(select(path).kept) == [4]


def test_a_line_under_an_alias_is_the_same_article(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", article(1, aliases=[f"{SITE}/old/"]), article(9, id=None, url=f"{SITE}/old/"))
    assert list(select(path).kept) == [2]


def test_scheme_and_www_do_not_count(tmp_path: Path) -> None:
    other = article(1, id=None, url=f"{SITE}/story-1/".replace("https://", "http://www."))
    path = write(tmp_path / "a.jsonl", article(1, id=None), other)
    assert list(select(path).kept) == [2]


def test_columns_have_their_types(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    path = write(tmp_path / "a.jsonl", article(1), article(2, id=None, byline=None, published_at=None))
    frame = load(path)
    assert list(frame.columns) == list(Article.__slots__)
    for name in ("published_at", "modified_at", "fetched_at"):
        assert str(frame[name].dtype) == "datetime64[us, UTC]"
    for name in ("byline", "layout", "language", "status", "license", "published_source"):
        assert isinstance(frame[name].dtype, pd.CategoricalDtype)
    assert frame.published_at[0] == datetime(2020, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert pd.isna(frame.published_at[1])
    assert str(frame.id.dtype) == "Int64"
    assert frame.sections[0] == ["Politics", "Selected"]
    assert frame.tags[0] == []
    assert frame.blocks[0][1]["cells"] == ["a", "b"]
    assert frame.sections.map(lambda labels: "Selected" in labels).all()


def test_a_frame_kept_as_parquet_comes_back_as_the_docstring_says(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = load(write(tmp_path / "a.jsonl", article(1), article(2, id=None)))
    frame.to_parquet(tmp_path / "a.parquet")
    back = pd.read_parquet(tmp_path / "a.parquet", dtype_backend="pyarrow")
    assert back.blocks.tolist() == frame.blocks.tolist()
    assert back.published_at.tolist() == frame.published_at.tolist()


def test_polars_columns_have_their_types(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    frame = load(write(tmp_path / "a.jsonl", article(1)), engine="polars")
    assert frame.schema["published_at"] == pl.Datetime("us", "UTC")
    assert frame.schema["layout"] == pl.Categorical
    assert frame.schema["sections"] == pl.List(pl.String)
    assert frame["blocks"][0][0]["text"] == "The weir was opened."


def test_an_empty_file_has_the_same_columns(tmp_path: Path, engine: Any) -> None:
    frame = load(write(tmp_path / "a.jsonl"), engine=engine)
    assert (len(frame), list(frame.columns)) == (0, list(Article.__slots__))
    assert len(recent_posts(tmp_path / "a.jsonl", engine=engine)) == 0


def test_only_some_columns(tmp_path: Path, engine: Any) -> None:
    path = write(tmp_path / "a.jsonl", article(1))
    assert list(load(path, engine=engine, columns=["headline", "id"]).columns) == ["headline", "id"]
    with pytest.raises(ValueError, match="no field 'date'"):
        load(path, engine=engine, columns=["date"])
    assert list(load(path, engine=engine, columns=["id", "url", "id"]).columns) == ["id", "url"]
    with pytest.raises(ValueError, match=r"a list of fields: \['headline'\]"):
        load(path, engine=engine, columns="headline")
    with pytest.raises(ValueError, match="names no field"):
        load(path, engine=engine, columns=[])


@pytest.mark.parametrize(
    ("argument", "message"), [("engine", 'must be "pandas" or'), ("revisions", 'must be "latest" or "all"')]
)
def test_arguments_that_make_no_sense(tmp_path: Path, argument: str, message: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas")
    path = write(tmp_path / "a.jsonl", article(1))
    for read in (load, recent_posts) if argument == "engine" else (load, select):
        with pytest.raises(ValueError, match=f"{argument} {message}.*, not 'first'"):
            read(path, **{argument: "first"})


def test_more_lines_than_are_read_at_a_time(tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", *map(article, range(1, 6)))
    monkeypatch.setattr(importlib.import_module("ifp_scraper.analysis.load"), "_BATCH", 2 * len(encode(article(1))))
    assert [row["id"] for row in rows(load(path, engine=engine))] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_files(tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(compress(encode(article(1))) + compress(encode(article(2))))  # appended to, as a crawl does
    assert list(select(path).kept) == [1, 2]


def test_zstandard(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / "a.jsonl.zst"
    lines = [encode(article(1)), encode(article(2))]
    path.write_bytes(b"".join(pa.Codec("zstd").compress(line, asbytes=True) for line in lines))
    assert list(select(path).kept) == [1, 2]


def test_a_cut_off_archive_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    data = gzip.compress(encode(article(1))) + gzip.compress(encode(article(2, body="x" * 9000)))
    path.write_bytes(data[:-30])
    with pytest.warns(UserWarning, match="cut off or damaged"):
        assert list(select(path).kept) == [1]


def test_what_is_not_compressed_at_all_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(OSError, match="cannot be read"):
        select(path)


def test_a_glob_passes_over_the_files_beside_an_output(tmp_path: Path) -> None:
    write(tmp_path / "b.jsonl", article(1, revision=2))
    write(tmp_path / "a.jsonl", article(1), article(2))
    for name in ("a.rejected.jsonl", "a.runs.jsonl", "a.runs.jsonl.gz"):
        (tmp_path / name).write_text('{"url": "x"}\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = select(str(tmp_path / "*.jsonl*"))
    assert [path.name for path in chosen.files] == ["a.jsonl", "b.jsonl"]
    assert list(chosen.kept) == [2, 3]
    (tmp_path / "c" / "of.runs.jsonl").mkdir(parents=True)
    below = write(tmp_path / "c" / "of.runs.jsonl" / "b.jsonl", article(3))
    assert find_outputs(tmp_path / "**" / "b.jsonl") == [tmp_path / "b.jsonl", below]


def test_of_several_files_the_latest_capture_counts(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", article(3, fetched_at=None), article(4, fetched_at=None))
    write(
        tmp_path / "ifp.jsonl",
        article(1, fetched_at="2024-05-01T00:00:00Z"),
        article(2, fetched_at="2024-06-01T00:00:00Z", status="gone"),
        article(3, fetched_at="2024-05-01T00:00:00Z"),
    )
    write(
        tmp_path / "wayback.jsonl",
        article(1, fetched_at="2019-05-01T00:00:00Z"),
        article(2, fetched_at="2019-05-01T00:00:00Z"),
        article(4, fetched_at=None),
        article(5, fetched_at="2019-05-01T00:00:00Z"),
        article(5, fetched_at="2018-05-01T00:00:00Z", reread=True),  # in one file the last line counts
    )
    chosen = select(str(tmp_path / "*.jsonl"))
    assert list(chosen.kept) == [3, 5, 8, 10]
    assert chosen.articles == 5
    assert list(select(str(tmp_path / "*.jsonl"), gone=True).kept) == [3, 4, 5, 8, 10]


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a[1].jsonl", article(1))
    assert find_outputs(path) == [path]
    assert find_outputs([path, str(path)]) == [path]


@pytest.mark.parametrize("name", ["none.jsonl", "*.none"])
def test_no_such_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        find_outputs(tmp_path / name)


def test_no_file_at_all() -> None:
    with pytest.raises(FileNotFoundError, match="the list is empty"):
        find_outputs([])


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"is a folder: name its files, as in .*\*\.jsonl"):
        find_outputs(tmp_path)


def test_torn_and_corrupt_lines_are_left_out_with_a_warning(tmp_path: Path, engine: Any) -> None:
    path = write(
        tmp_path / "a.jsonl",
        article(1),
        end=b'{"a":1}\n\n\xff\n'
        + encode(article(4)).replace(b"weir", b"w\xe9ir")
        + encode(article(2))
        + encode(article(3))[:99],
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = load(path, engine=engine)
    assert len(frame) == 2
    messages = [str(each.message) for each in caught]
    assert any("skipped 3 lines without an article, the first is line 2" in message for message in messages)
    assert any("the last line, which is incomplete" in message for message in messages)


def test_a_line_of_brackets_is_a_damaged_line(tmp_path: Path) -> None:
    deep = b'{"schema_version":"1","url":"https://x/","mood":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}\n"
    other = write(tmp_path / "other.jsonl", article(3), article(4))
    path = write(tmp_path / "a.jsonl", article(1), end=deep + encode(article(2)))
    with pytest.warns(UserWarning, match=r"a\.jsonl: skipped 1 line without an article, the first is line 2$"):
        assert list(select([other, path]).kept) == [1, 2, 3, 5]


def test_a_whole_last_line_without_newline_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + encode(article(1)) + encode(article(2)).rstrip())
    assert list(select(path).kept) == [1, 2]


def test_a_line_of_another_shape_does_not_spoil_the_others(tmp_path: Path, engine: Any) -> None:
    odd = encode(article(2)).replace(b'"word_count":7', b'"word_count":"seven"')
    path = write(tmp_path / "a.jsonl", article(1), end=odd + encode(article(3, published_at="yesterday")))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = load(path, engine=engine)
    assert [row["id"] for row in rows(frame)] == [1, 3]
    assert {"does not fit the schema", "cannot be read"} <= {
        part for each in caught for part in ("does not fit the schema", "cannot be read") if part in str(each.message)
    }


def test_fields_of_a_later_version_are_no_obstacle(tmp_path: Path, engine: Any) -> None:
    line = encode(article(1)).replace(b'{"schema_version"', b'{"mood":{"a":[1]},"schema_version"')
    path = tmp_path / "a.jsonl"
    path.write_bytes(line)
    assert len(load(path, engine=engine)) == 1


def test_lines_of_another_schema_version_are_told_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", article(1), article(2, schema_version="2"))
    with pytest.warns(UserWarning, match="1 line of another schema version may be misread: update ifp_scraper"):
        assert list(select(path).kept) == [1, 2]


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"headline": "A"}\n[]\n')
    with (
        pytest.raises(ValueError, match=r"no line of .*a\.jsonl is an article"),
        pytest.warns(UserWarning, match="2 lines"),
    ):
        select(path)


@pytest.mark.parametrize(
    "content", [b"[" + encode(article(1)).rstrip() + b"]", b'{"articles":[]}', b"\0" * 5000, b"PAR1\x15\x04"]
)
def test_a_file_without_a_line_break_is_not_taken_for_an_incomplete_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no line of"), pytest.warns(UserWarning, match="skipped 1 line without"):
        select(path)


def test_recent_posts_of_another_shape_are_left_out(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    posts = [seen(f"{SITE}/seen/", None, None)]
    path = write(tmp_path / "a.jsonl", article(1, recent_posts=posts), article(2, recent_posts=posts))
    path.write_bytes(path.read_bytes().replace(b'"recent_posts":[{', b'"recent_posts":[5,{', 1))
    assert [row["url"] for row in rows(recent_posts(path))] == [f"{SITE}/seen/"]


def test_a_line_longer_than_a_block_of_the_reader(tmp_path: Path, engine: Any) -> None:
    path = write(tmp_path / "a.jsonl", article(1), article(2, body="word " * 2_000_000))
    assert [len(row["body"]) for row in rows(load(path, engine=engine, columns=["body"]))] == [27, 10_000_000]


def seen(url: str, earliest: str | None, latest: str | None) -> RecentPost:
    return RecentPost(
        "Seen",
        url,
        "It was seen…",
        section="World",
        published_raw="5 hours ago",
        published_earliest=earliest,
        published_latest=latest,
    )


def test_the_time_of_an_article_seen_under_another_scheme_is_exact(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    old = article(1, url=f"{SITE}/story-1/".replace("https://", "http://www."))
    other = article(2, recent_posts=[seen(f"{SITE}/story-1/", None, None)])
    (row,) = rows(recent_posts(write(tmp_path / "a.jsonl", old, other)))
    assert row["exact"]


def test_recent_posts_narrow_each_other(tmp_path: Path, engine: Any) -> None:
    url, clash, known = f"{SITE}/seen/", f"{SITE}/clash/", f"{SITE}/story-1/"
    path = write(
        tmp_path / "a.jsonl",
        article(1),
        article(
            2,
            fetched_at="2020-01-02T12:00:00Z",
            recent_posts=[
                seen(url, "2020-01-02T01:00:00Z", "2020-01-02T03:00:00Z"),
                seen(clash, "2020-01-02T01:00:00Z", "2020-01-02T02:00:00Z"),
                seen(known, "2020-03-04T05:00:00Z", "2020-03-04T06:00:00Z"),
            ],
        ),
        article(
            3,
            fetched_at="2020-01-02T13:00:00Z",
            recent_posts=[
                seen(url, "2020-01-02T02:00:00Z", "2020-01-02T04:00:00Z"),
                seen(clash, "2020-01-02T05:00:00Z", "2020-01-02T06:00:00Z"),
                seen(f"{SITE}/untimed/", None, None),
            ],
        ),
        article(
            4,
            fetched_at="2020-01-02T14:00:00Z",
            recent_posts=[
                seen(url, None, None),
                seen(clash, "2020-01-02T06:00:00Z", "2020-01-02T06:00:00Z"),
            ],
        ),
    )
    table = rows(recent_posts(path, engine=engine))
    assert len(table) == 8

    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"2020-{text}Z")

    by_url = {row["url"]: row for row in table}
    assert (by_url[url]["earliest"], by_url[url]["latest"]) == (at("01-02T02:00:00"), at("01-02T03:00:00"))
    assert (by_url[url]["consistent"], by_url[url]["exact"]) == (True, False)
    assert (by_url[clash]["earliest"], by_url[clash]["latest"]) == (
        at("01-02T01:00:00"),
        at("01-02T06:00:00"),
    )
    assert by_url[clash]["consistent"] is False
    assert by_url[known]["earliest"] == by_url[known]["latest"] == at("03-04T05:06:07")
    assert by_url[known]["exact"] is True
    assert table[0]["published_earliest"] == at("01-02T01:00:00")
    assert table[0]["observed_at"] == at("01-02T12:00:00")
    assert (table[0]["published_raw"], table[0]["excerpt"]) == ("5 hours ago", "It was seen…")
    assert (table[0]["observed_on"], table[0]["section"]) == (f"{SITE}/story-2/", "World")


def test_a_page_read_again_is_one_observation(tmp_path: Path, engine: Any) -> None:
    first = article(1, recent_posts=[seen(f"{SITE}/x/", "2020-01-02T01:00:00Z", "2020-01-02T03:00:00Z")])
    again = article(1, reread=True, recent_posts=[seen(f"{SITE}/x/", "2020-01-02T01:30:00Z", "2020-01-02T02:30:00Z")])
    table = rows(recent_posts(write(tmp_path / "a.jsonl", first, again), engine=engine))
    assert [row["published_earliest"].minute for row in table] == [30]


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(name: str) -> Any:
        raise ImportError(name)

    path = write(tmp_path / "a.jsonl", article(1))
    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(MissingExtra, match=r'this needs pandas: in the project folder, pip install "\.\[data\]"'):
        load(path)
    with pytest.raises(MissingExtra, match="polars"):
        require("polars")


@pytest.mark.parametrize("reader", ["pandas", "polars", "duckdb", "datasets"])
def test_the_plain_file_opens_elsewhere(tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    module: Any = pytest.importorskip(reader)
    path = str(write(tmp_path / "a.jsonl", article(1), article(2, id=None, byline=None)))
    if reader == "pandas":
        count = len(module.read_json(path, lines=True))
    elif reader == "polars":
        count = len(module.read_ndjson(path))
    elif reader == "duckdb":
        query = "select count(*) from read_json_auto(?) where len(blocks) = 2"
        (count,) = module.connect().execute(query, [path]).fetchone()
    else:
        count = len(module.load_dataset("json", data_files=path, split="train", cache_dir=str(tmp_path)))
    assert count == 2
