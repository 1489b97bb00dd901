"""The live crawl as a user runs it, against the test site: what is written, how many requests are made."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import EIGHT_AT_ONCE, crawl, lines, new_post, scrapy
from tests.expected import assert_complete, differences
from tests.site import Post, Site, make_posts, pieces, serve
from tests.site.clock import http_date


def runs_of(out: Path) -> list[dict[str, Any]]:
    return lines(out.with_suffix(".runs.jsonl"))


def pages_of(posts: list[Post]) -> int:
    """How many requests these articles need: every page, and the AMP page where there is one."""
    return sum(len(post.pages) + post.amp_enabled for post in posts)


@pytest.mark.parametrize(
    "config",
    [{}, {"rest": 403, "sitemap": "yoast", "sitemap_size": 23}],
    ids=["rest", "sitemap"],
)
def test_later_runs_fetch_what_is_new_or_changed(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(46, seed=8))
    with serve(site, **config) as server:
        first = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert first.status == 0, first.err
        assert_complete(site, server.url, out)
        locked = 0 if config else len(site.public()) - len(site.open_posts())  # an SEO plugin does not list them
        total = len(site.open_posts()) + locked
        source = "sitemap" if config else "rest"
        assert re.search(rf"about ({total}|{total + 1}) articles \({source}\), 0 are known: about", first.err)
        assert "You can stop it" in first.err
        assert re.search(
            rf"{total - locked} new, 0 revised, 0 reread, 0 unchanged, [01] rejected, 0 failed", first.err
        )
        assert first.err.rstrip().endswith("ifp.jsonl")
        [run] = runs_of(out)
        assert (run["exit_status"], run["complete"], run["counts"]["new"]) == (0, True, total - locked)
        assert run["requests"] == len(server.log)
        assert (run["bytes"] > 10**5, run["command"][:3]) == (True, ["scrapy", "crawl", "ifp"])

        server.clear()
        before = out.read_bytes()
        again = crawl(server.url, out)
        assert (again.status, out.read_bytes() == before) == (0, True), again.err
        assert len(server.log) <= 4
        assert "0 new, 0 revised" in again.err

        server.clear()
        site.advance(hours=2)
        posts = [post for post in site.open_posts() if post.copy_of is None]
        edited = [
            site.edit(posts[3].id, headline="An edit that leaves the publication date"),
            site.append(posts[40].id, pieces.paragraph("One more paragraph.")),
            site.edit(posts[20].id),  # only the modified time shows it
            site.edit(posts[30].id, at=site.now - timedelta(hours=1), author=posts[31].author),
        ]
        site.withdraw(posts[10].id)
        new = [
            new_post(site),
            new_post(site, modified=site.now - timedelta(days=2)),
            new_post(site, published=site.now - timedelta(days=700)),
            new_post(site),
        ]
        third = crawl(server.url, out)
        assert third.status == 0, third.err
        assert "4 new, 4 revised" in third.err
        written = lines(out)[len(before.splitlines()) :]
        assert sorted((line["id"], line["revision"]) for line in written) == sorted(
            [(post.id, 2) for post in edited] + [(post.id, 1) for post in new]
        )
        for post in [*edited, *new]:
            line = next(line for line in written if line["id"] == post.id)
            assert not differences(post, line, server.url)
        assert len(server.log) <= 4 + pages_of([*edited, *new])

        server.clear()
        fourth = crawl(server.url, out)
        assert (fourth.status, len(lines(out))) == (0, len(written) + len(before.splitlines()))
        assert len(server.log) <= 4


def test_feed_and_listings_alone(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(31, seed=9))
    with serve(site, rest=404, sitemap=None, feed_sorts=False) as server:
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert run.status == 0, run.err
        assert_complete(site, server.url, out)
        assert run.err.count("rest: ") == run.err.count("sitemap: ") == 1
        assert "Looking for articles (feed); 0 are known.\n" in run.err
        server.clear()
        site.advance(hours=1)
        new = [new_post(site), new_post(site)]
        edited = site.edit(site.open_posts()[25].id, headline="Nobody sees this")
        run = crawl(server.url, out)
        assert "2 new, 0 revised" in run.err
        assert {line["id"] for line in lines(out)[-2:]} == {post.id for post in new}
        assert len(server.log) < 13 + pages_of(new)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-a", f"refresh={edited.published:%Y-%m-%d}")
        assert "0 new, 1 revised" in run.err
        assert lines(out)[-1]["headline"] == edited.headline

        server.config.feed = 404
        server.fault("/page/2/", "json")  # must not be taken for the end of the listing
        other = tmp_path / "other.jsonl"
        run = crawl(server.url, other, *EIGHT_AT_ONCE, "-a", "pages=canonical")
        assert run.status == 0, run.err
        assert_complete(site, server.url, other)


@pytest.mark.slow
def test_pages_that_a_person_names_may_be_no_articles(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    with serve(Site(make_posts(16, seed=4))) as server:
        named = ("about-us", "iran-news", "all-stories", "category/world", "feed")
        run = crawl(server.url, out, "-a", "urls=" + ",".join(f"{server.url}/{path}/" for path in named))
        assert (run.status, "5 rejected" in run.err) == (0, True), run.err
        assert lines(out) == []
        assert server.requests("/feed") == []


@pytest.mark.parametrize("pages", ["amp", "canonical"])
def test_pages_of_one_kind_only(pages: str, tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(16, seed=4))
    with serve(site) as server:
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-a", f"pages={pages}")
        assert run.status == 0, run.err
        layouts = {line["layout"] for line in lines(out)}
        assert layouts == ({"amp-swift", "newspaper"} if pages == "amp" else {"newspaper"})
        assert bool(server.requests("/amp")) == (pages == "amp")
        assert {line["id"] for line in lines(out)} == {post.id for post in site.open_posts()}


@pytest.mark.parametrize(("pages", "count"), [("amp", 45), ("canonical", 0)])
def test_a_recording_gives_pages_of_one_kind(pages: str, count: int, tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    run = scrapy("crawl", "ifp", "-a", "archive=sample", "-a", f"pages={pages}", "-o", out)
    assert run.status == 0, run.err
    layouts = [line["layout"] for line in lines(out)]
    assert (layouts.count("amp-swift"), layouts.count("newspaper")) == (count, 47 - count)


def test_a_recording_is_not_recorded(tmp_path: Path) -> None:
    copy = tmp_path / "copy.warc.gz"
    run = scrapy(
        "crawl",
        "ifp",
        "-a",
        "archive=sample",
        "-a",
        "limit=1",
        "-o",
        tmp_path / "a.jsonl",
        "-s",
        f"IFP_ARCHIVE={copy}",
        "-a",
        "sources=rest",
    )
    assert (run.status, "IFP_ARCHIVE is ignored" in run.err, copy.exists()) == (0, True, False), run.err
    assert ("sources= is ignored" in run.err, "refresh=" in run.err) == (True, False)


def test_addresses_that_no_recording_holds_are_named(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    held = "http://www.ifpnews.com/seed-bank-draws-19-402-guests-to-gorgan/amp/"
    missing = ("https://ifpnews.com/never-written/", "https://other.example/a/")
    run = scrapy("crawl", "ifp", "-a", "archive=sample", "-a", f"urls={','.join([held, *missing])}", "-o", out)
    assert (run.status, [line["id"] for line in lines(out)]) == (0, [236]), run.err
    assert [f"not in the recording: {url}" in run.err for url in (held, *missing)] == [False, True, True]


def test_a_range_fetches_nothing_outside(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(60, seed=4))
    with serve(site) as server:
        run = crawl(
            server.url,
            out,
            *EIGHT_AT_ONCE,
            "-a",
            "since=2018-01-01",
            "-a",
            "until=2020-01-01",
            "-a",
            "section=iran-news",
        )
        assert run.status == 0, run.err
        inside = [
            post
            for post in site.in_section("iran-news")
            if "2017-12-31T20:30" <= f"{post.published:%Y-%m-%dT%H:%M}" < "2019-12-31T20:30"
        ]
        assert sorted(line["id"] for line in lines(out)) == sorted(post.id for post in inside)
        assert inside
        assert len(server.log) == 3 + pages_of(inside)
        assert json.loads(out.with_suffix(".runs.jsonl").read_text())["complete"] is False


def test_where_only_pages_state_dates_no_amp_page_outside_a_range_is_fetched(tmp_path: Path) -> None:
    site = Site(make_posts(60, seed=4))
    with serve(site, rest=403, sitemap="core", feed=404) as server:
        run = crawl(
            server.url, tmp_path / "ifp.jsonl", *EIGHT_AT_ONCE, "-a", "since=2018-01-01", "-a", "until=2020-01-01"
        )
        assert run.status == 0, run.err
        inside = {line["amp_url"] for line in lines(tmp_path / "ifp.jsonl")}
        asked = {server.url + target for target in server.requests("/amp/")}
        assert asked == inside - {None}


def test_a_job_folder_is_not_used(tmp_path: Path) -> None:
    out, folder = tmp_path / "a.jsonl", tmp_path / "job"
    run = scrapy("crawl", "ifp", "-a", "archive=sample", "-a", "limit=2", "-o", out, "-s", f"JOBDIR={folder}")
    assert run.status == 0, run.err
    assert "JOBDIR is ignored" in run.err
    assert len(lines(out)) == 2
    assert not folder.exists()


@pytest.mark.parametrize(
    "source", [{}, {"rest": 404, "sitemap_lastmod": True, "sitemap_size": 5}], ids=["rest", "sitemap"]
)
@pytest.mark.parametrize("age", [{"Age": "2000"}, {}], ids=["age", "no age"])
def test_an_edit_that_a_cache_still_hides_is_found_later(
    age: dict[str, str], source: dict[str, Any], tmp_path: Path
) -> None:
    """A cache that does not say how long it has held a page still serves one that states an earlier edit."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None, **source) as server:
        assert crawl(server.url, out).status == 0
        newest_first = [post for post in site.public() if not post.password_protected]
        post = newest_first[-1]
        before = server.get(post.path)
        site.advance(minutes=30)
        site.edit(post.id, headline="Edited behind a cache")
        later = site.edit(newest_first[0].id, at=site.now + timedelta(minutes=5), headline="Edited after it")
        site.advance(minutes=10)
        cached = replace(before, headers={**before.headers, **age})
        server.alter(lambda target, response: cached if target == post.path else response)
        run = crawl(server.url, out)
        assert (run.status, "1 revised" in run.err) == (0, True), run.err
        assert lines(out)[-1]["id"] == later.id
        server.heal()
        run = crawl(server.url, out)
        assert (run.status, "1 revised" in run.err) == (0, True), run.err
        assert (lines(out)[-1]["headline"], lines(out)[-1]["revision"]) == ("Edited behind a cache", 2)
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert len(server.log) <= 4


def test_an_edit_that_the_amp_page_alone_states_is_found_once_no_cache_hides_the_text(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, yoast_head=False, theme_date=False) as server:
        assert crawl(server.url, out).status == 0
        post = next(post for post in site.open_posts()[3:] if post.amp_enabled)
        before = server.get(post.path).body
        site.advance(minutes=30)
        edited = site.edit(post.id, headline="Edited behind a cache")
        site.advance(minutes=10)
        server.alter(lambda target, response: replace(response, body=before) if target == post.path else response)
        for _ in range(2):
            run = crawl(server.url, out)
            assert (run.status, "0 revised" in run.err) == (0, True), run.err
        server.heal()
        run = crawl(server.url, out)
        assert (run.status, "1 revised" in run.err) == (0, True), run.err
        last = lines(out)[-1]
        assert (last["headline"], last["revision"]) == (edited.headline, 2)
        assert last["modified_at"][:19] == f"{edited.modified:%Y-%m-%dT%H:%M:%S}"
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert len(server.log) <= 4


@pytest.mark.parametrize("age", [{"Age": "2000"}, {}], ids=["age", "no age"])
def test_so_is_that_of_an_article_that_is_new(age: dict[str, str], tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, yoast_head=False, theme_date=False) as server:
        post = next(post for post in site.open_posts()[3:] if post.amp_enabled)
        before = server.get(post.path)
        site.advance(minutes=30)
        edited = site.edit(post.id, headline="Edited behind a cache")
        site.advance(minutes=3)
        cached = replace(before, headers={**before.headers, **age})
        server.alter(lambda target, response: cached if target == post.path else response)
        assert crawl(server.url, out).status == 0
        server.heal()
        run = crawl(server.url, out)
        assert (run.status, "1 revised" in run.err) == (0, True), run.err
        last = lines(out)[-1]
        assert (last["headline"], last["revision"]) == (edited.headline, 2)
        assert last["modified_at"][:19] == f"{edited.modified:%Y-%m-%dT%H:%M:%S}"
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert len(server.log) <= 4


def test_an_edit_that_a_cache_hides_on_the_amp_page_alone_is_one_revision(tmp_path: Path) -> None:
    """The AMP page states an earlier edit, and the canonical page, which shows this one, states none."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, yoast_head=False, theme_date=False) as server:
        assert crawl(server.url, out).status == 0
        post = next(post for post in site.open_posts()[3:] if post.amp_enabled and len(post.pages) == 1)
        amp = post.path + "amp/"
        before = server.get(amp).body
        site.advance(minutes=30)
        edited = site.edit(post.id, headline="Edited in front of a cache")
        site.advance(minutes=10)
        server.alter(lambda target, response: replace(response, body=before) if target == amp else response)
        assert "1 revised" in crawl(server.url, out).err
        server.heal()
        run = crawl(server.url, out)
        assert (run.status, "0 revised" in run.err) == (0, True), run.err
        last = lines(out)[-1]
        assert (last["headline"], last["revision"]) == (edited.headline, 2)
        assert last["modified_at"][:19] == f"{edited.modified:%Y-%m-%dT%H:%M:%S}"


def test_an_edit_that_spares_the_text_is_found_at_once_where_the_amp_page_states_it(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, yoast_head=False, theme_date=False) as server:
        assert crawl(server.url, out).status == 0
        post = next(post for post in site.open_posts()[3:] if post.amp_enabled and len(post.pages) == 1)
        site.advance(minutes=30)
        site.edit(post.id)
        site.advance(minutes=10)
        run = crawl(server.url, out)
        assert (run.status, "1 revised" in run.err) == (0, True), run.err
        assert (lines(out)[-1]["id"], lines(out)[-1]["revision"]) == (post.id, 2)
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert len(server.log) <= 4


def test_pages_that_always_state_an_earlier_edit_than_their_list_get_its_time_after_a_day(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out).status == 0
        site.advance(days=2)
        post = site.open_posts()[2]
        before = server.get(post.path)
        edited = site.edit(post.id, headline="Never shown")
        server.alter(lambda target, response: before if target == post.path else response)
        revised = []
        for hours in (1, 22, 2, 1, 1):
            site.advance(hours=hours)
            before.headers["Date"] = http_date(site.now)
            revised.append("1 revised" in crawl(server.url, out).err)
        assert revised == [False, False, True, False, False]
        assert len([path for path in server.requests() if path == post.path]) == 5
        last = lines(out)[-1]
        assert (last["revision"], last["modified_at"][:19]) == (2, f"{edited.modified:%Y-%m-%dT%H:%M:%S}")


def test_an_edit_of_a_new_article_that_a_cache_hides_for_hours_is_found(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out).status == 0
        post = new_post(site)
        before = server.get(post.path)
        site.advance(minutes=30)
        site.edit(post.id, headline="Edited behind a cache")
        server.alter(lambda target, response: before if target == post.path else response)
        for _ in range(3):
            site.advance(hours=1)
            before.headers["Date"] = http_date(site.now)
            assert crawl(server.url, out).status == 0
        server.heal()
        assert crawl(server.url, out).status == 0
        assert [line["headline"] for line in lines(out) if line["id"] == post.id][1:] == ["Edited behind a cache"]
