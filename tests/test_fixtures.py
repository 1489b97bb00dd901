"""Checks every saved page against the record that it must give. Adding one needs no code: ``scrapy fixture``."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.items import content_hash, decode, encode, to_dict
from ifp_scraper.pages import LAYOUTS, Capture, Document, UnreadablePage, document, read_article
from ifp_scraper.pages.cut_surroundings import WithoutSurroundings
from ifp_scraper.pages.kinds import is_static
from ifp_scraper.storage.kept_pages import KeptPages
from tests.crawling import FAST, scrapy
from tests.site import Site, make_posts, serve
from tests.site.response import Response, page, redirect

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
    assert specified_part(record, expected["record"]) == expected["record"]
    # The hash can be recomputed from the line, empty table cells included.
    assert record["content_hash"] == content_hash(decode(encode(article)))


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_left_unparsed_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "cut_surroundings", lambda html: WithoutSurroundings(html, None))
    test_page_gives_its_record(path)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("no-article/*.json")), ids=lambda path: path.stem)
def test_which_pages_are_static(path: Path) -> None:
    page = Document(path.with_suffix(".html").read_bytes())
    url = json.loads(path.read_text(encoding="utf-8"))["url"]
    assert is_static(page, url) is (path.stem in ("static-page", "attachment"))
    assert not is_static(page, "https://ifpnews.com/an-article/")  # it may be a maintenance notice


def specified_part(got: Any, expected: Any) -> Any:
    """The part of a record that the fixture specifies; it may leave out what it is not about."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return {key: specified_part(got.get(key), value) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(got, list) and len(got) == len(expected):
        return [specified_part(one, other) for one, other in zip(got, expected, strict=True)]
    return got


def test_every_layout_has_a_fixture() -> None:
    folders = {path.parent.name for path in ALL}
    assert {layout.layout for layout in LAYOUTS} <= folders


def test_every_page_has_a_record() -> None:
    assert {path.stem for path in FIXTURES.glob("*/*.html")} == {path.stem for path in ALL}


def test_a_page_is_saved_from_the_site_that_is_told_who_asks(tmp_path: Path) -> None:
    site = Site(make_posts(4, seed=5))
    allowed, forbidden = (post.path for post in site.open_posts()[:2])
    agents = set()
    with serve(site, disallow=[forbidden]) as server:
        server.on_request(lambda target, headers: agents.add(headers.get("user-agent")))
        contact = ("-s", "IFP_CONTACT=me@example.org", "--folder", tmp_path, *FAST)
        run = scrapy("fixture", server.url + allowed, *contact)
        assert run.status == 0, run.err
        assert [path.suffix for path in sorted(tmp_path.glob("*/*"))] == [".html", ".json"]
        run = scrapy("fixture", server.url + forbidden, *contact)
        assert (run.status, run.err) == (1, f"{server.url}{forbidden} cannot be read: Forbidden by robots.txt\n")
        run = scrapy("fixture", f"{server.url}/nowhere/", *contact)
        assert (run.status, run.err) == (1, f"{server.url}/nowhere/ cannot be read: status 404\n")
        assert server.requests(forbidden) == []
        assert scrapy("fixture", server.url + forbidden, *contact, "-s", "ROBOTSTXT_OBEY=False").status == 0
    [agent] = agents
    assert agent is not None
    assert agent.startswith("ifp_scraper/")
    assert agent.endswith(" (+me@example.org)")


def test_a_page_is_fetched_as_by_a_crawl(tmp_path: Path) -> None:
    site = Site(make_posts(4, seed=5))
    packed, forbidden, plain = (post.path for post in site.open_posts()[:3])
    answers = {
        "/to-forbidden/": redirect(forbidden),
        "/off-site/": redirect("http://127.0.0.1:1/a/"),
        "/too-long/": page("<html>" + "x" * 5000),
        "/challenge/": page("<html><title>Just a moment...</title>"),
        "/accepted/": page("<html>", 202),
        "/empty/": page(" "),
        "/maintenance/": page("<h1>Briefly unavailable for scheduled maintenance. Check back in a minute.</h1>"),
    }
    refused = {
        "/to-forbidden/": "Forbidden by robots.txt",
        "/off-site/": "http://127.0.0.1:1/a/ is not on the site",
        "/too-long/": "the answer is too long",
        "/challenge/": "a challenge page",
        "/accepted/": "status 202",
        "/empty/": "an empty answer",
        "/maintenance/": "the site is out of order",
    }

    def answer(target: str, response: Response) -> Response:
        if target == packed:
            response.body = gzip.compress(response.body)
            response.headers["Content-Encoding"] = "gzip"
        return answers.get(target, response)

    with serve(site, disallow=[forbidden], age=3600) as server:
        server.alter(answer)
        arguments = (*FAST, "-s", f"IFP_ARCHIVE={tmp_path}/a.warc.gz")
        for target, reason in refused.items():
            run = scrapy("fixture", server.url + target, *arguments, "-s", "DOWNLOAD_MAXSIZE=4000", cwd=tmp_path)
            assert (run.status, run.err) == (1, f"{server.url}{target} cannot be read: {reason}\n")
        assert server.requests(forbidden) == []
        assert list(tmp_path.iterdir()) == []
        for path in (packed, plain):
            run = scrapy("fixture", server.url + path, *arguments, "--folder", "saved", cwd=tmp_path)
            assert run.status == 0, run.err
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    for path in (packed, plain):
        [saved] = tmp_path.glob(f"saved/newspaper/{path.strip('/')}.html")
        assert b"<html" in saved.read_bytes()
        fixture = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))
        assert fixture["record"]["fetched_at"] == fixture["captured_at"] == format_utc(site.now - timedelta(hours=1))


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        ("/nowhere/a.html", 2, "No such file or directory"),
        ("/", 1, "Is a directory"),
        ("http://127.0.0.1:1/a/", 1, "robots.txt cannot be read (the connection was refused)"),
        ("http://[", 2, "Invalid IPv6 URL"),
        ("http://", 2, "it is not a URL"),
        ("http://a b/", 2, "it is not a URL"),
    ],
)
def test_a_page_that_cannot_be_had_is_told_in_words(source: str, status: int, reason: str) -> None:
    run = scrapy("fixture", source)
    assert (run.status, run.err.endswith(f"{source} cannot be read: {reason}\n")) == (status, True), run.err
    assert "Traceback" not in run.err


def test_a_fixture_is_saved_again_as_it_should_be(tmp_path: Path) -> None:
    for suffix in (".html", ".json"):
        shutil.copy(FIXTURES / f"amp-swift/an-hour-ago{suffix}", tmp_path)
    record = tmp_path / "an-hour-ago.json"
    saved = json.loads(record.read_text(encoding="utf-8"))
    saved["record"] = {name: saved["record"][name] for name in ("headline", "recent_posts")}
    saved["headers"] = {"Content-Type": "text/html; charset=UTF-8"}
    stale = {**saved, "record": {"headline": "Another", "recent_posts": []}}
    record.write_text(json.dumps(stale), encoding="utf-8")
    page = tmp_path / "an-hour-ago.html"
    assert scrapy("fixture", page, "--name", page.stem, "--folder", FIXTURES).status == 1  # without --update
    assert scrapy("fixture", "--update", page).status == 0
    assert json.loads(record.read_text(encoding="utf-8")) == saved
    assert sorted(tmp_path.iterdir()) == [page, record]


@pytest.mark.parametrize(("robots", "status"), [(404, 0), (403, 0), (429, 1), (500, 1)])
def test_a_missing_robots_txt_allows_a_page_to_be_saved_and_a_faulty_one_does_not(
    robots: int, status: int, tmp_path: Path
) -> None:
    site = Site(make_posts(1, seed=5))
    with serve(site, robots=robots) as server:
        assert scrapy("fixture", server.url + site.open_posts()[0].path, "--folder", tmp_path, *FAST).status == status


def test_a_page_that_cannot_be_parsed_is_a_fixture_too_and_replaces_none(tmp_path: Path) -> None:
    source = tmp_path / "source.html"
    shutil.copy(FIXTURES / "unreadable/no-headline-no-body.html", source)
    arguments = ("fixture", source, "--url", "https://ifpnews.com/a/", "--captured-at", "2024-05-06")
    assert scrapy(*arguments, "--folder", tmp_path).status == 0
    page = tmp_path / "unreadable" / "a.html"
    saved = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert (saved["unreadable"], saved["about"] != "", "record" in saved) == (True, True, False)
    page.write_text("precious")
    run = scrapy(*arguments, "--folder", tmp_path)
    assert (run.status, run.err) == (1, f"{page} exists; give another --name, or --update\n")
    assert page.read_text() == "precious"
    run = scrapy(*arguments, "--folder", page)
    assert (run.status, run.err) == (1, f"{page}/unreadable/a.html cannot be written: Not a directory\n")
    page.with_suffix(".json").write_text("{", encoding="utf-8")  # damaged: it does not say what the page is
    page.write_bytes(source.read_bytes())
    run = scrapy("fixture", "--update", page, *arguments[2:], "--folder", tmp_path)
    assert (run.status, json.loads(page.with_suffix(".json").read_text())) == (0, saved), run.err


def test_a_page_that_a_crawl_kept_says_where_it_is_from(tmp_path: Path) -> None:
    page, url = FIXTURES / "unreadable/no-headline-no-body.html", "https://ifpnews.com/a-story/"
    KeptPages(tmp_path / "a.rejected", datetime(2024, 5, 6, tzinfo=UTC)).keep(url, page.read_bytes())
    [kept] = (tmp_path / "a.rejected").iterdir()
    run = scrapy("fixture", kept, "--folder", tmp_path)
    assert run.status == 0, run.err
    saved = json.loads((tmp_path / "unreadable" / "a-story.json").read_text(encoding="utf-8"))
    assert saved["url"] == url


@pytest.mark.parametrize(
    ("root", "canonical", "url"),
    [
        ("html", "https://ifpnews.com/a-story/", "https://ifpnews.com/a-story/"),
        ("html amp", "https://ifpnews.com/a-story/", "https://ifpnews.com/a-story/amp/"),
        ("html ⚡", "https://ifpnews.com/a-story", "https://ifpnews.com/a-story/amp/"),
        ("html amp", "", None),
        ("html", "/a-story/", None),
    ],
)
def test_a_page_may_say_itself_where_it_is_from(root: str, canonical: str, url: str | None, tmp_path: Path) -> None:
    page, saved = tmp_path / "source.html", tmp_path / "no-article" / "a-story.json"
    page.write_text(f'<{root}><link rel="canonical" href="{canonical}"><body class="archive">', encoding="utf-8")
    assert scrapy("fixture", page, "--folder", tmp_path).status == (0 if url else 2)
    assert (json.loads(saved.read_text(encoding="utf-8"))["url"] if saved.exists() else None) == url


def test_a_page_without_an_article_is_a_fixture_without_a_record(tmp_path: Path) -> None:
    page = tmp_path / "source.html"
    page.write_text('<html><body class="archive category">Politics</body></html>')
    run = scrapy("fixture", page, "--url", "https://ifpnews.com/politics/", "--folder", tmp_path, "--about", "A list.")
    assert run.status == 0, run.err
    saved = json.loads((tmp_path / "no-article" / "politics.json").read_text(encoding="utf-8"))
    assert (saved["record"], saved["about"]) == (None, "A list.")


def test_a_capture_time_before_all_time_is_refused() -> None:
    run = scrapy("fixture", "README.md", "--url", "https://ifpnews.com/a/", "--captured-at", "0001-01-01")
    assert (run.status, "Traceback" in run.err) == (2, False), run.err
