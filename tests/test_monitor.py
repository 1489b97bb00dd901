"""A changed layout ends the run with status 1, and says what vanished, from where, and where to look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scrapy.http import Response

from ifp_scraper.items import Article, Author
from ifp_scraper.monitor import LayoutMonitor, selectors
from ifp_scraper.storage.reasons import FORBIDDEN, LEADS_TO, STATIC
from tests.crawling import crawl, lines
from tests.hostile import Handler, HostileServer, serve_hostile
from tests.site import Site, make_posts

NEW = 12
"""How many articles appear after the site has changed."""


class Changing:
    """A site whose pages may be rewritten, and whose last articles are published later."""

    def __init__(self, server: HostileServer, posts: list) -> None:
        self.server = server
        self.later = posts
        self.rewrite: Callable[[str], str] | None = None
        server.answers["/*"] = self.answer

    def answer(self, handler: Handler) -> None:
        found = self.server.good.get(handler.path)
        body = found.body
        if self.rewrite and "html" in found.headers.get("Content-Type", ""):
            body = self.rewrite(body.decode()).encode()
        handler.send(body, found.status, **found.headers)

    def publish(self, count: int = NEW) -> None:
        for post in self.later[:count]:
            self.server.good.site.add(post)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[tuple[Changing, Path]]:
    posts = [post for post in make_posts(46) if not post.password_protected]
    site = Site(posts[:-NEW], now=Site(posts).now)
    with serve_hostile(site) as server:
        yield Changing(server, posts[-NEW:]), tmp_path / "a.jsonl"


def first_crawl(changing: Changing, out: Path, *arguments: str) -> None:
    run = crawl(changing.server.url, out, *arguments)
    assert run.status == 0, run.err  # a first run has nothing to compare with


def rename_classes(html: str) -> str:
    """A theme update in which every class name changes; what core prints on the body element stays."""
    head, mark, body = html.partition("<body")
    start, end, rest = body.partition(">")
    return (
        head
        + mark
        + start
        + end
        + re.sub(r'class="([^"]*)"', lambda m: f'class="nt-{m[1].replace(" ", " nt-")}"', rest)
    )


@pytest.mark.slow
def test_every_class_name_changes(changing: tuple[Changing, Path]) -> None:
    site, out = changing
    first_crawl(site, out)
    site.rewrite = rename_classes
    site.publish()
    run = crawl(site.server.url, out)
    assert run.status == 1
    assert "could not be read" in run.err
    assert "newspaper+amp-swift looks for blocks by article .td-post-content" in run.err
    assert run.err.count(site.server.url) >= 3
    kept = list(out.with_suffix(".rejected").glob("*.html"))
    assert len(kept) >= 3
    assert "nt-td-post-content" in kept[0].read_text()
    assert all(line["headline"] and line["blocks"] for line in lines(out))


@pytest.mark.slow
def test_only_the_bylines_class_changes(changing: tuple[Changing, Path]) -> None:
    site, out = changing
    first_crawl(site, out, "-a", "pages=canonical")
    site.rewrite = lambda html: re.sub("td-post-author-name|author-box", "x", html)
    site.publish()
    run = crawl(site.server.url, out, "-a", "pages=canonical")
    assert run.status == 1
    assert "layout newspaper: byline is missing in" in run.err
    assert ".td-post-header .td-post-author-name" in run.err
    alarm = next(line for line in run.err.splitlines() if "byline is missing" in line)
    assert alarm.count(site.server.url) == 3
    assert ("nothing was found" in alarm, "authors" in alarm) == (True, False)
    assert len(list(out.with_suffix(".rejected").glob("*.html"))) >= 3
    assert len(lines(out)) > 40  # what could be read is still written


@pytest.mark.slow
def test_the_body_class_vanishes(changing: tuple[Changing, Path]) -> None:
    site, out = changing
    first_crawl(site, out, "-a", "pages=canonical")
    bodies = re.compile(r"<body[^>]*>")
    site.rewrite = lambda html: re.sub(r"og:type|ld\+json|type-post", "x", bodies.sub("<body>", html))
    site.publish()
    run = crawl(site.server.url, out, "-a", "pages=canonical")
    assert run.status == 1
    assert "gave no article (no article; articles are recognised by body class" in run.err


@pytest.mark.slow
def test_two_layouts_at_once_are_no_alarm(changing: tuple[Changing, Path]) -> None:
    site, out = changing
    first_crawl(site, out)
    for number, post in enumerate(site.later):
        post.theme = ("newspaper-cloud", "block", None)[number % 3]
    site.publish()
    run = crawl(site.server.url, out)
    assert run.status == 0, run.err
    assert {line["layout"] for line in lines(out)} >= {"newspaper+amp-swift", "newspaper-cloud+amp-swift"}


@pytest.mark.slow
def test_a_small_run_is_no_alarm(changing: tuple[Changing, Path]) -> None:
    site, out = changing
    first_crawl(site, out, "-a", "pages=canonical")
    site.rewrite = lambda html: html.replace("td-post-author-name", "td-post-writer")
    site.publish(3)
    run = crawl(site.server.url, out, "-a", "pages=canonical")
    assert run.status == 0, run.err


WHOLE = Article(
    url="https://ifpnews.com/a/",
    headline="A",
    byline="B",
    authors=[Author("B")],
    sections=["C"],
    tags=["D"],
    blocks=[{"kind": "paragraph", "text": "x"}],
    published_at="2024-01-01T00:00:00Z",
    layout="newspaper",
)


def monitor_of(known: int, **changes: object) -> LayoutMonitor:
    monitor = LayoutMonitor()
    for _ in range(known):
        monitor.add_history(replace(WHOLE, **changes))
    return monitor


class TestWatch:
    def test_a_first_run_says_nothing(self) -> None:
        monitor = monitor_of(0)
        for _ in range(50):
            monitor.add_read(replace(WHOLE, byline=None))
        assert monitor.alarms() == []

    def test_a_field_that_some_lack_is_no_alarm(self) -> None:
        monitor = monitor_of(500)
        for number in range(100):
            monitor.add_read(replace(WHOLE, byline=None if number % 3 == 0 else "B"))
        assert monitor.alarms() == []

    def test_a_field_that_was_often_missing_is_no_alarm(self) -> None:
        monitor = monitor_of(100)
        for _ in range(100):
            monitor.add_history(replace(WHOLE, tags=[]))
        for _ in range(100):
            monitor.add_read(replace(WHOLE, tags=[]))
        assert monitor.alarms() == []

    def test_older_articles_may_lack_what_is_of_its_time(self) -> None:
        monitor = monitor_of(200)
        monitor.add_history(replace(WHOLE, published_at=None))
        for _ in range(50):
            monitor.add_read(replace(WHOLE, tags=[], published_at="2015-01-01T00:00:00Z"))
        assert monitor.alarms() == []

    @pytest.mark.parametrize("published_at", ["2015-01-01T00:00:00Z", None])
    def test_older_articles_and_those_without_a_time_have_what_any_has(self, published_at: str | None) -> None:
        monitor = monitor_of(200)
        for _ in range(20):
            monitor.add_read(replace(WHOLE, byline=None, tags=[], published_at=published_at))
        expected = ["byline"] if published_at else ["byline", "published_at"]
        assert [alarm.split()[2] for alarm in monitor.alarms()] == expected

    def test_what_was_dropped_for_good_is_forgotten(self) -> None:
        monitor = monitor_of(5000)
        for _ in range(5000):
            monitor.add_history(replace(WHOLE, tags=[]))
        for _ in range(50):
            monitor.add_read(replace(WHOLE, tags=[]))
        assert monitor.alarms() == []

    def test_a_field_that_was_added_for_good_is_expected(self) -> None:
        monitor = monitor_of(5000, tags=[])
        for number in range(5000):
            monitor.add_history(replace(WHOLE, published_at=f"{2023 - number % 3}-01-01T00:00:00Z"))
        for _ in range(50):
            monitor.add_read(replace(WHOLE, tags=[], published_at="2021-06-01T00:00:00Z"))
        assert ["tags is missing in 50 of 50" in alarm for alarm in monitor.alarms()] == [True]

    @pytest.mark.parametrize(
        ("known", "without", "asked", "missed", "alarm"),
        [
            (200, 0, 5, 3, True),
            (200, 0, 4, 4, False),  # too few
            (200, 0, 6, 3, False),  # three of six may be chance
            (185, 15, 5, 3, False),
            (185, 15, 20, 20, True),
            (200, 0, 21, 10, False),  # most have it
            (200, 0, 20, 10, True),
            (20, 0, 20, 20, True),
            (19, 0, 20, 20, False),  # too few are known
        ],
    )
    def test_how_many_must_lack_a_field(self, known: int, without: int, asked: int, missed: int, alarm: bool) -> None:
        monitor = monitor_of(known)
        for _ in range(without):
            monitor.add_history(replace(WHOLE, byline=None))
        for _ in range(50):
            monitor.add_history(replace(WHOLE, status="gone", byline=None))  # tells nothing about pages
        for number in range(asked):
            monitor.add_read(replace(WHOLE, byline=None if number < missed else "B"))
        assert bool(monitor.alarms()) is alarm

    @pytest.mark.parametrize(
        ("layout", "reason", "known", "read", "found", "too_many"),
        [
            ("newspaper", "no body", 50, 27, 3, True),
            ("newspaper", "no body", 50, 28, 3, False),  # below a tenth
            ("newspaper", "no body", 50, 2, 2, False),
            (None, "status 404", 50, 5, 5, True),
            (None, "status 404", 50, 6, 5, False),  # below a half
            (None, "status 404", 50, 0, 4, False),
            (None, "status 404", 0, 0, 1, True),  # the first run, and nothing else
            (None, FORBIDDEN, 50, 5, 50, False),
            (None, STATIC, 50, 5, 50, False),
            (None, FORBIDDEN, 50, 0, 5, True),
            (None, LEADS_TO + "https://a.example/", 50, 20, 10, True),  # it may have been read ten times
            (None, LEADS_TO + "https://a.example/", 50, 21, 10, False),
            (None, LEADS_TO + "https://a.example/", 50, 0, 9, False),
        ],
    )
    def test_how_many_addresses_may_give_no_article(
        self, layout: str | None, reason: str, known: int, read: int, found: int, too_many: bool
    ) -> None:
        monitor = monitor_of(known)
        for _ in range(read):
            monitor.add_read(WHOLE)
        for number in range(found):
            monitor.add_no_article(f"https://ifpnews.com/{number}/", layout, reason)
        assert monitor.doubts_rejections is too_many
        assert [alarm.count("https://ifpnews.com/") for alarm in monitor.alarms()] == [min(found, 3)] * too_many

    def test_one_of_a_few_named_urls_is_no_sign(self) -> None:
        monitor = LayoutMonitor(whole=False)
        monitor.add_no_article("https://ifpnews.com/1/", None, "status 404")
        assert not monitor.doubts_rejections

    def test_pages_that_are_forbidden_excuse_none_that_cannot_be_read(self) -> None:
        monitor = monitor_of(50)
        for number in range(5):
            monitor.add_read(WHOLE)
            monitor.add_no_article(f"https://ifpnews.com/{number}/", "newspaper", "no body")
            monitor.add_no_article(f"https://ifpnews.com/x{number}/", None, FORBIDDEN)
        assert [alarm.split(":")[0] for alarm in monitor.alarms()] == ["layout newspaper"]

    @pytest.mark.parametrize("layout", ["newspaper+amp-swift", "wordpress+amp-swift"], ids=["known", "unknown"])
    def test_authors_are_expected_where_there_is_a_byline(self, layout: str) -> None:
        monitor = monitor_of(50, layout="newspaper+amp-swift")
        for _ in range(10):
            monitor.add_read(replace(WHOLE, layout=layout, authors=[]))
        assert [line.partition(" is missing")[0] for line in monitor.alarms()] == [f"layout {layout}: authors"]

    def test_pages_of_examples_are_kept(self) -> None:
        monitor = monitor_of(200)
        for number in range(10):
            article = replace(WHOLE, url=f"https://ifpnews.com/{number}/", byline=None if number % 2 else "B")
            monitor.keep_example(article, Response(article.url))
            monitor.add_read(article)
        assert [page.url[-2] for page in monitor.example_pages()] == ["1", "3", "5"]

    @pytest.mark.parametrize("known", [0, 19])
    def test_a_layout_of_which_little_is_known_is_held_against_all(self, known: int) -> None:
        monitor = monitor_of(200)
        for _ in range(known):
            monitor.add_history(replace(WHOLE, layout="wordpress"))
        for _ in range(10):
            monitor.add_read(replace(WHOLE, layout="wordpress", byline=None, tags=[]))
        assert [alarm.partition(" is missing")[0] for alarm in monitor.alarms()] == ["layout wordpress: byline"]

    def test_an_alarm_says_how_the_body_was_looked_for(self) -> None:
        monitor = monitor_of(50)
        for number in range(3):
            monitor.add_no_article(f"https://ifpnews.com/{number}/", "wordpress", "no body")
        for number in range(5):
            monitor.add_no_article(f"https://ifpnews.com/{number}/", None, "status 404")
        unreadable, without_article = monitor.alarms()
        assert re.search(r"; wordpress looks for blocks by [^;]+; newspaper looks for blocks by ", unreadable)
        assert re.search(r"\(status 404; .*\); newspaper looks for blocks by [^;]+; for example ", without_article)

    def test_a_few_odd_pages_are_no_alarm(self) -> None:
        monitor = monitor_of(200)
        for _ in range(100):
            monitor.add_read(WHOLE)
        for number in range(5):
            monitor.add_no_article(f"https://ifpnews.com/{number}/", "wordpress", "no body")
            monitor.add_no_article(f"https://ifpnews.com/{number}/", None, "status 404")
        assert monitor.alarms() == []


def test_selectors_are_those_of_the_page_object() -> None:
    assert selectors("amp-swift", "headline") == ".amp-post-title"
    assert ".entry-content | " in selectors("wordpress", "blocks")
    assert ".td-post-header .td-post-author-name" in selectors("newspaper", "byline")
    assert ".sp-athr .author-name" in selectors("newspaper+amp-swift", "byline")
