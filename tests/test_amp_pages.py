"""Articles with a page that failed, is missing or cannot be read, and what the next run does about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import EIGHT_AT_ONCE, FAST, crawl, lines, new_post, printing, scrapy
from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.response import Response


@pytest.mark.parametrize("kind", [500, pytest.param("empty", marks=pytest.mark.slow)])
def test_an_amp_page_that_failed_is_read_by_the_next_run(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=9))
    out = tmp_path / "ifp.jsonl"
    post = site.open_posts()[2]
    with serve(site) as server:
        server.fault(post.path + "amp/", kind, None)
        assert crawl(server.url, out, "-s", "RETRY_TIMES=0").status == 1
        server.clear()
        # A run that has no reason to fetch the page does not forget it.
        assert crawl(server.url, out, "-a", f"urls={server.url}{site.open_posts()[4].path}").status == 0
        assert scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).status == 0
        assert crawl(server.url, out).status == 0
        assert [
            (line["layout"], line["revision"], line["reread"]) for line in lines(out) if line["id"] == post.id
        ] == [
            ("newspaper", 1, False),
            ("newspaper+amp-swift", 1, True),
        ]
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


@pytest.mark.parametrize("kind", [500, "empty"])
def test_a_further_page_that_failed_is_read_by_the_next_run(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(46, seed=8))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if len(post.pages) > 2)
    last = f"{post.path}{len(post.pages)}/"
    with serve(site, amp=None) as server:
        server.fault(last, kind, None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        assert len(server.requests(last)) == 1  # the pages before it link to it, too
        server.clear()
        assert crawl(server.url, out).status == 0
        assert [
            (line["warnings"], line["revision"], line["reread"]) for line in lines(out) if line["id"] == post.id
        ] == [(["one-page-of-many"], 1, False), ([], 1, True)]


@pytest.mark.parametrize("root", ["", pytest.param("https://another.example", marks=pytest.mark.slow)])
def test_a_further_page_that_was_missing_is_asked_once_more(root: str, tmp_path: Path) -> None:
    site = Site(make_posts(120, seed=8))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in reversed(site.open_posts()) if len(post.pages) > 1)  # REST does not list it again
    with serve(site, amp=None) as server:
        printing(server, root or server.url)
        server.fault(post.path + "2/", 404, None)
        for asked in (True, True, False):
            assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
            assert bool(server.requests(post.path + "2/")) == asked
            server.log.clear()
        assert [line["warnings"] for line in lines(out) if line["id"] == post.id] == [["one-page-of-many"]]


@pytest.mark.parametrize(
    "kind", [404, pytest.param(500, marks=pytest.mark.slow), "unreadable", pytest.param("cut", marks=pytest.mark.slow)]
)
def test_an_article_of_which_only_the_amp_page_can_be_had(kind: Any, tmp_path: Path) -> None:
    site = Site(make_posts(16, seed=9))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if post.amp_enabled)
    with serve(site) as server:

        def spoil(target: str, response: Response) -> Response:
            if target != post.path:
                return response
            if kind == "cut":
                return replace(response, body=response.body.partition(b'<div class="td-post-content')[0])
            return replace(response, body=response.body.replace(b"td-post-content", b"renamed"))

        if kind in (404, 500):
            server.fault(lambda target: target == post.path, kind, None)
        else:
            server.alter(spoil)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        assert run.status == (kind in (500, "cut")), run.err
        assert {line["id"] for line in lines(out)} == {one.id for one in site.open_posts()}
        server.clear()
        server.heal()
        assert crawl(server.url, out).status == 0
        found = [line for line in lines(out) if line["id"] == post.id]
        assert [(line["layout"], line["revision"], line["reread"]) for line in found] == [
            ("amp-swift", 1, False),
            ("newspaper+amp-swift", 1, True),
        ]
        assert {line["published_source"] for line in found} == {"rest"}
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


def make_unreadable(server: SiteServer, posts: list[Post]) -> None:
    """Have the canonical pages of these posts served so that no text is found in them."""
    paths = {post.path for post in posts}

    def rename_body(target: str, response: Response) -> Response:
        if target not in paths:
            return response
        return replace(response, body=response.body.replace(b"td-post-content", b"renamed"))

    server.alter(rename_body)


@pytest.mark.parametrize("count", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_pages_that_stay_unreadable_beside_their_amp_pages(count: int, tmp_path: Path) -> None:
    """They are requested once more, without an alarm, and edits are still noticed."""
    site = Site(make_posts(46, seed=9))
    out = tmp_path / "ifp.jsonl"
    posts = [post for post in site.open_posts() if post.amp_enabled][:count]
    with serve(site) as server:
        make_unreadable(server, posts)
        for asked in (True, True, False):
            server.clear()
            run = crawl(server.url, out, *EIGHT_AT_ONCE)
            assert run.status == 0, run.err
            for post in posts:
                assert [bool(server.requests(path)) for path in (post.path, f"{post.path}amp/")] == [asked, asked]
        site.advance(hours=2)
        site.edit(posts[0].id, headline="Edited")
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        found = [line for line in lines(out) if line["id"] == posts[0].id]
        assert [(line["revision"], line["layout"]) for line in found] == [(1, "amp-swift"), (2, "amp-swift")]


@pytest.mark.parametrize("pages", ["amp", "both"])
def test_amp_pages_at_the_other_kind_of_address(pages: str, tmp_path: Path) -> None:
    """With the plugin's option ``amp-core-end-point``, where canonical pages are missing."""
    site = Site(make_posts(16, seed=9))
    out = tmp_path / "ifp.jsonl"
    amp = [post for post in site.open_posts() if post.amp_enabled]
    missing = {post.path for post in amp[3:]}
    with serve(site) as server:

        def link_by_query(target: str, response: Response) -> Response:
            return replace(response, body=response.body.replace(b'/amp/" />', b'/?amp=1" />'))

        server.alter(link_by_query)
        server.fault(lambda target: target.endswith("/amp/") or (pages == "both" and target in missing), 404, None)
        run = crawl(server.url, out, "-a", f"pages={pages}")
        assert run.status == 0, run.err
        read = {line["id"]: line["layout"] for line in lines(out)}
        assert {post.id for post in amp} <= set(read)
        assert all("amp-swift" in read[post.id] for post in amp)


@pytest.mark.parametrize("how", ["robots.txt", 404])
def test_amp_pages_that_are_not_to_be_had_are_no_failures(how: Any, tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=9))
    out = tmp_path / "ifp.jsonl"
    with serve(site, disallow=["/*/amp/"] if how == "robots.txt" else []) as server:
        if how != "robots.txt":
            server.fault("/amp/", how, None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, "0 failed" in run.err) == (0, True), run.err
        assert {line["layout"] for line in lines(out)} == {"newspaper"}
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


def test_an_article_without_an_amp_page_is_read_by_a_run_that_reads_canonical_pages(tmp_path: Path) -> None:
    """A run with ``pages=amp`` confirms that there is none; that says nothing about the canonical page."""
    site = Site(make_posts(8, seed=9))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        assert crawl(server.url, out, "-a", "pages=amp").status == 0
        site.advance(hours=1)
        added = new_post(site)
        server.fault(lambda target: target.startswith(added.path) and "amp" in target, 404, None)
        for asked in (1, 1, 0):  # once more to make sure
            server.log.clear()
            run = crawl(server.url, out, "-a", "pages=amp")
            assert (run.status, server.requests().count(added.path + "amp/")) == (0, asked), run.err
        assert "1 new" in crawl(server.url, out).err
        assert lines(out)[-1]["id"] == added.id


def test_pages_known_to_be_missing_alarm_no_run_that_reads_other_pages(tmp_path: Path) -> None:
    site = Site(make_posts(30, seed=9))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap="yoast") as server:
        missing = [post.path for post in site.open_posts()[3:9]]
        server.fault(lambda target: any(map(target.startswith, missing)), 404, None)
        for pages in ("amp", "amp", "both", "both", "both"):
            server.log.clear()
            run = crawl(server.url, out, "-a", f"pages={pages}")
            assert run.status == 0, run.err
        assert len(server.log) <= 4
