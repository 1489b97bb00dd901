"""Edits, and articles with an old date, where only a feed in another order shows them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.discovery.sorted_feed import _are_latest
from tests.crawling import lines, new_post, site_of
from tests.dry_run import DryRun, dry_run
from tests.site.response import Response

WITHOUT_EDITS = {
    "sitemap": {"rest": 403},
    "listings": {"rest": 403, "sitemap": None},
}
"""Sites of which neither REST nor a sitemap tells when articles were edited."""

BY_EDIT, BY_ID = "/feed/atom/?orderby=modified", "/feed/?orderby=ID"


@pytest.mark.parametrize("kind", WITHOUT_EDITS)
def test_edits_are_found_that_lists_do_not_show(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130, **WITHOUT_EDITS[kind]) as (site, server):
        dry_run(server, out)
        for _ in range(3):
            site.advance(hours=1)
            posts = site.open_posts()
            edited = {site.edit(posts[number].id, headline="Edited").path for number in (5, 70, 110)}
            added = {new_post(site).path, new_post(site, published=posts[100].published).path}
            run = dry_run(server, out)
            assert (set(run.articles), run.status) == (edited | added, 0)
            assert len(run.articles) == 5
        again = dry_run(server, out)
        assert again.articles == []
        assert sum(page.startswith(BY_EDIT) for page in again.asked) == 1
        held = {line["id"]: line["modified_at"] for line in lines(out)}
        assert all(held[post.id] == format_utc(post.modified) for post in site.open_posts())


@pytest.mark.parametrize(("feed", "days"), [("ok", 0), (404, 3)])
def test_edits_are_found_of_which_a_sitemap_only_says_the_day(feed: Any, days: int, tmp_path: Path) -> None:
    """A second edit on one day changes nothing there; the home page may have a day in any sitemap."""
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap="yoast", feed=feed) as (site, server):
        day = re.compile(rb"(<lastmod>[\d-]{10})T[^<]*")
        server.alter(lambda target, response: replace(response, body=day.sub(rb"\1", response.body, count=1)))
        dry_run(server, out)
        assert not any("orderby" in page for page in dry_run(server, out).asked)
        server.alter(lambda target, response: replace(response, body=day.sub(rb"\1", response.body)))
        again = site.open_posts()[0]  # of today
        for hours in (1, 2):
            site.advance(hours=hours)
            edited = [
                site.edit(post.id, headline=f"Edited {hours}").path for post in (again, site.open_posts()[9 + hours])
            ]
            site.advance(days=days)
            assert set(dry_run(server, out).articles) == set(edited if feed == "ok" or hours == 2 else edited[1:])
            assert dry_run(server, out).articles == []


@pytest.mark.parametrize("others", [False, True], ids=["one series", "two series"])
@pytest.mark.parametrize("kind", WITHOUT_EDITS)
def test_edits_are_found_where_titles_count_up(kind: str, others: bool, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **WITHOUT_EDITS[kind]) as (site, server):
        for number, post in enumerate(reversed(site.open_posts())):
            if number % 2 == 0:
                post.headline = f"Zionist Attacks, Day {number:03}"
            elif others:
                post.headline = f"Aftermath, Day {number:03}"
        dry_run(server, out)
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[40].id).path
        assert dry_run(server, out).articles == [edited]


def test_a_site_that_obeys_order_but_sorts_by_date_alone_shows_no_edits(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, feed_sorts="order") as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[30].id).path
        assert edited not in dry_run(server, out).articles
        server.config.rest = "ok"
        site.advance(hours=1)
        assert edited in dry_run(server, out).articles


@pytest.mark.parametrize("first_listing", [404, None], ids=["never", "no-longer"])
def test_edits_are_found_where_only_feeds_can_be_read(first_listing: int | None, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap=None) as (site, server):
        closed: list[int | None] = [first_listing]
        is_listing = re.compile(r"/(?:(?:all-stories|iran-news|category/.*)/)?(?:page/\d+/)?$").match

        def run() -> DryRun:
            return dry_run(server, out, fails=lambda page: closed[0] if is_listing(page) else None)

        run()
        closed[0] = 404
        site.advance(hours=1)
        posts = site.open_posts()
        edited = {site.edit(posts[number].id).path for number in (5, 40)}
        assert set(run().articles) == edited


def test_more_edits_than_one_page_of_a_feed_holds(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130, rest=403, feed_size=10) as (site, server):
        dry_run(server, out)
        site.advance(hours=3)
        edited = {site.edit(post.id).path for post in site.open_posts()[40:85]}
        run = dry_run(server, out)
        assert set(run.articles) == edited
        assert sum(page.startswith(BY_EDIT) for page in run.asked) == 5


def test_after_an_edit_of_all_articles_later_runs_read_one_page(tmp_path: Path) -> None:
    """No article is left whose last edit is older: the feed's end says that they are all."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403) as (site, server):
        dry_run(server, out)
        for post in site.public():
            site.edit(post.id)
            site.advance(seconds=3)
        assert len(dry_run(server, out).articles) == 250
        for _ in range(2):
            site.advance(hours=20)
            added = new_post(site).path
            site.advance(hours=1)
            run = dry_run(server, out)
            assert run.articles == [added]
        assert sum(page.startswith(BY_EDIT) for page in run.asked) == 1


@pytest.mark.parametrize("kind", WITHOUT_EDITS)
def test_an_edit_that_a_cached_feed_does_not_show_yet_is_found_by_the_next_run(kind: str, tmp_path: Path) -> None:
    """Though the first run knows of a later one, from an article's page."""
    out = tmp_path / "a.jsonl"
    with site_of(130, **WITHOUT_EDITS[kind]) as (site, server):
        dry_run(server, out)
        cache: dict[str, Response] = {}
        server.alter(lambda page, response: cache.setdefault(page, response) if "orderby" in page else response)
        site.advance(hours=1)
        site.edit(site.open_posts()[50].id)
        assert len(dry_run(server, out).articles) == 1
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[70].id).path
        site.advance(hours=1)
        added = new_post(site).path
        site.advance(hours=1)
        assert dry_run(server, out).articles == [added]
        cache.clear()
        assert dry_run(server, out).articles == [edited]
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize("updated", ["", "+2h"])
def test_an_entry_that_is_out_of_order_does_not_have_all_before_it_read_again(updated: str, tmp_path: Path) -> None:
    """WordPress sorts by local time but prints UTC; they differ when clocks go back, and where a program set one."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        odd, early = site.edit(site.open_posts()[50].id), site.edit(site.open_posts()[60].id)
        site.advance(hours=1)
        late = site.edit(site.open_posts()[70].id)
        said = format_utc(site.now + timedelta(minutes=30)) if updated else ""

        def misdated(_: str, response: Response) -> Response:
            entry = rf"(?<=/\?p={odd.id}</id>\n<updated>)[^<]*"
            return replace(response, body=re.sub(entry.encode(), (said or "").encode(), response.body))

        server.alter(misdated)
        site.advance(hours=1)
        assert set(dry_run(server, out).articles) >= {early.path, late.path}
        for _ in range(3):
            added = []
            for _ in range(25):
                site.advance(hours=1)
                added.append(new_post(site).path)
            run = dry_run(server, out)
            assert set(run.articles) == set(added)
        assert sum(page.startswith(BY_EDIT) for page in run.asked) == 2


def test_edits_behind_a_page_that_ends_with_a_wrong_time_are_found(tmp_path: Path) -> None:
    """A program may set one of an article's two times, by which it is sorted, and not the one that is printed."""
    out = tmp_path / "a.jsonl"
    with site_of(130, rest=403, feed_size=10) as (site, server):
        dry_run(server, out)
        edited = []
        for post in site.open_posts()[40:60]:
            site.advance(hours=1)
            edited.append(site.edit(post.id))
        odd = edited.pop(-10)

        def misdated(_: str, response: Response) -> Response:
            entry = rf"(?<=/\?p={odd.id}</id>\n<updated>)[^<]*"
            return replace(response, body=re.sub(entry.encode(), b"2016-01-01T00:00:00Z", response.body))

        server.alter(misdated)
        site.advance(hours=1)
        assert set(dry_run(server, out).articles) >= {post.path for post in edited}


def test_edits_behind_the_place_where_a_feed_breaks_off_are_found_by_the_next_run(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130, rest=403) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = {site.edit(post.id).path for post in site.open_posts()[40:70]}

        def cut(target: str, response: Response) -> Response:
            half = response.body[: len(response.body) // 2]
            return replace(response, body=half) if target.startswith(BY_EDIT) and "paged" not in target else response

        server.alter(cut)
        site.advance(hours=1)
        first = dry_run(server, out)
        assert 0 < len(first.articles) < 20
        assert first.status == 0
        server.heal()
        assert {*first.articles, *dry_run(server, out).articles} == edited


@pytest.mark.parametrize("end", [b"<id>", b"<updated>2026-"])
def test_edits_behind_an_entry_that_breaks_off_before_its_time_are_found_by_the_next_run(
    end: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130, rest=403) as (site, server):
        dry_run(server, out)
        site.advance(hours=3)
        edited = set()
        for post in site.open_posts()[40:70]:
            edited.add(site.edit(post.id).path)
            site.advance(minutes=1)

        def cut(target: str, response: Response) -> Response:
            if not target.startswith(BY_EDIT) or "paged=2" not in target:
                return response
            stop = response.body.index(end, response.body.index(b"<entry>")) + len(end)
            return replace(response, body=response.body[:stop])

        server.alter(cut)
        site.advance(hours=3)
        first = dry_run(server, out)
        assert 20 <= len(first.articles) < 30
        server.heal()
        assert {*first.articles, *dry_run(server, out).articles} == edited


def test_articles_edited_in_the_same_second_are_all_found(tmp_path: Path) -> None:
    """As WordPress edits those that are ticked in its list of posts; they have no order of their own."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403, feed_size=10) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = {site.edit(post.id).path for post in site.open_posts()[40:140]}
        site.advance(hours=1)
        added = new_post(site).path
        assert set(dry_run(server, out).articles) == edited | {added}
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize("kind", WITHOUT_EDITS)
def test_an_article_whose_password_is_taken_away_is_found(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **WITHOUT_EDITS[kind]) as (site, server):
        opened = site.edit(site.open_posts()[40].id, password_protected=True)
        for _ in range(2):  # the second run asks once more
            dry_run(server, out)
            site.advance(hours=1)
        site.edit(opened.id, password_protected=False)
        assert dry_run(server, out).articles == [opened.path]
        assert dry_run(server, out).articles == []


def test_an_edit_while_the_first_crawl_was_interrupted_is_found(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130, rest=403) as (site, server):
        first = dry_run(server, out, limit="50").articles
        site.advance(hours=1)
        edited = next(post for post in site.open_posts() if post.path == first[20])
        site.edit(edited.id, headline="Edited")
        assert edited.path in dry_run(server, out).articles
        site.advance(hours=1)
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize("config", [{}, WITHOUT_EDITS["sitemap"], WITHOUT_EDITS["listings"]], ids=str)
def test_what_a_program_enters_with_an_old_date_is_found(config: dict[str, Any], tmp_path: Path) -> None:
    """Its edit is as old, and as much has been withdrawn, so that the number of articles is the same."""
    out = tmp_path / "a.jsonl"
    with site_of(250, **config) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        old = site.public()[-30].published
        imported = {new_post(site, published=old, modified=old).path for _ in range(3)}
        for post in site.open_posts()[50:55]:
            site.withdraw(post.id)
        assert set(dry_run(server, out).articles) == imported
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize("arguments", [{}, {"sources": "listing"}], ids=["a feed fails", "listings alone"])
def test_what_is_entered_with_an_old_date_before_a_run_that_cannot_see_it_is_found_by_the_next(
    arguments: dict[str, str], tmp_path: Path
) -> None:
    """Though that run is caught up, and reads more new articles than a page of the feed has."""
    out = tmp_path / "a.jsonl"
    with site_of(60, **WITHOUT_EDITS["listings"]) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        old = site.public()[40].published
        imported = new_post(site, published=old, modified=old).path
        for _ in range(2):
            for _ in range(25):
                site.advance(minutes=1)
                new_post(site)
            run = dry_run(server, out, fails=lambda page: 503 if page.startswith(BY_ID) else None, **arguments)
            assert (len(run.articles), run.status) == (25, 0)
        site.advance(hours=1)
        added = new_post(site).path
        assert dry_run(server, out).articles == [added, imported]
        again = dry_run(server, out)
        assert (again.articles, sum(page.startswith(BY_ID) for page in again.asked)) == ([], 1)


def test_after_runs_with_a_sitemap_the_feed_is_read_no_further_back_than_the_last_one(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap_lastmod=True) as (site, server):
        dry_run(server, out)
        for is_last in (False, False, False, True):
            for _ in range(25):
                site.advance(minutes=1)
                new_post(site)
            run = dry_run(server, out, fails=lambda page, fails=is_last: 503 if fails and "sitemap" in page else None)
            assert (len(run.articles), run.status) == (25, 0)
            assert sum(page.startswith(BY_ID) for page in run.asked) == (2 if is_last else 0)


def test_a_run_that_finds_nothing_new_asks_rest_three_times(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        assert len(dry_run(server, out).asked) == 4  # and robots.txt


def test_an_order_that_rest_refuses_is_done_without(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(130) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        added, edited = new_post(site), site.edit(site.open_posts()[100].id)
        run = dry_run(server, out, fails=lambda page: 400 if "orderby=id" in page else None)
        assert (set(run.articles), run.status) == ({added.path, edited.path}, 0)
        assert not any("sitemap" in page for page in run.asked)


@pytest.mark.parametrize("kind", WITHOUT_EDITS)
@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_site_without_such_feeds_is_read_as_before(status: int, kind: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **WITHOUT_EDITS[kind]) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        added = new_post(site)
        run = dry_run(server, out, fails=lambda page: status if "orderby" in page else None)
        assert (run.articles, run.status) == ([added.path], 0)


def test_a_feed_that_is_sorted_by_publication_all_the_same_hides_no_edit(tmp_path: Path) -> None:
    """The latest articles' edits are found at once, the others when a source shows them."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403, feed_sorts=False) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        late, early = site.edit(site.open_posts()[4].id), site.edit(site.open_posts()[200].id)
        run = dry_run(server, out)
        assert run.articles == [late.path]
        assert not any(page.startswith(BY_EDIT) for page in run.asked)
        site.advance(hours=1)
        server.config.feed_sorts = True
        assert dry_run(server, out).articles == [early.path]


@pytest.mark.parametrize("sorts", [True, False])
def test_edits_before_many_new_articles_are_found_if_the_feed_can_be_sorted(sorts: bool, tmp_path: Path) -> None:
    """Any order by time shows the new ones first."""
    out = tmp_path / "a.jsonl"
    with site_of(30, rest=403, feed_sorts=sorts) as (site, server):
        dry_run(server, out)
        for edits in (0, 1, 0):
            edited = {site.edit(post.id).path for post in site.open_posts()[10 : 10 + edits]}
            for _ in range(50):
                site.advance(hours=1)
                new_post(site)
            run = dry_run(server, out)
            assert len(run.articles) == 50 + edits * sorts
            assert not sorts or edited <= set(run.articles)
            assert sum("/feed/atom/" in page for page in run.asked) == (4 if sorts else 1)


@pytest.mark.parametrize("age", [timedelta(seconds=-1), timedelta(hours=2)], ids=["just now", "cached"])
@pytest.mark.parametrize("sorts", [True, False])
def test_a_feed_that_says_all_was_edited_at_once_is_not_believed(sorts: bool, age: timedelta, tmp_path: Path) -> None:
    """Some sites print the time of the request or the day as that of the last edit."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403, feed_sorts=sorts) as (site, server):
        dry_run(server, out)

        def all_at_once(target: str, response: Response) -> Response:
            made = [format_utc(site.now - age - timedelta(seconds=second)) or "" for second in (0, 1)]
            said = re.sub(rb"(?<=<updated>)[^<]+", made[0].encode(), response.body)
            said = said.replace(made[0].encode(), made[1].encode(), 8)
            return replace(response, body=said) if target.startswith("/feed/atom") else response

        server.alter(all_at_once)
        for _ in range(2):
            site.advance(hours=24)
            run = dry_run(server, out)
            assert (run.articles, run.status) == ([], 0)
            assert sum("/feed/atom" in page for page in run.asked) <= 2
        server.heal()
        edited = site.edit(site.open_posts()[100 if sorts else 10].id).path
        assert dry_run(server, out).articles == [edited]


@pytest.mark.parametrize("edited", [20, 250], ids=["the first by title", "all"])
def test_articles_edited_at_once_hide_no_later_edit(edited: int, tmp_path: Path) -> None:
    """An editor may tick a whole page of a list, and a program all articles: those times are believed."""
    out = tmp_path / "a.jsonl"
    with site_of(250, rest=403) as (site, server):
        dry_run(server, out)
        site.advance(hours=2)
        by_title = sorted(site.public(), key=lambda post: post.headline, reverse=True)
        at_once = {site.edit(post.id).path for post in by_title[:edited]}
        site.advance(hours=2)
        later = site.edit(site.open_posts()[100].id).path
        site.advance(hours=2)
        assert set(dry_run(server, out).articles) == at_once | {later}
        site.advance(hours=2)
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize(
    "arguments", [{"section": "iran-news"}, {"since": "2020-01-01"}, {"sources": "sitemap"}], ids=str
)
def test_runs_for_less_than_all_articles_do_not_ask_for_edits(arguments: dict[str, str], tmp_path: Path) -> None:
    with site_of(60, rest=403) as (_, server):
        dry_run(server, tmp_path / "a.jsonl")
        run = dry_run(server, tmp_path / "a.jsonl", **arguments)
        assert not any("orderby" in page for page in run.asked)


def test_a_run_that_refreshes_asks_only_for_edits_since_the_last(tmp_path: Path) -> None:
    """Not for all since the first, which are more every day."""
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403) as (site, server):
        dry_run(server, out)
        for _ in range(4):
            for _ in range(25):
                site.advance(hours=1)
                new_post(site)
            run = dry_run(server, out, refresh=str(site.now.date()))
            assert sum(page.startswith(BY_EDIT) for page in run.asked) == 2


@pytest.mark.parametrize(
    ("shown", "feed", "expected"),
    [
        ("dcb", "dcb", True),
        ("edc", "dcb", True),  # a cache keeps the newest one from the feed
        ("gfe", "dcb", True),
        ("db", "dcb", False),
        ("ba", "dcb", False),
    ],
)
def test_what_counts_as_the_latest_articles(shown: str, feed: str, expected: bool) -> None:
    def refs(names: str) -> list[ArticleRef]:
        return [ArticleRef(f"https://ifpnews.com/{name}/", published_at=f"2024-01-01T00:00:0{name}") for name in names]

    assert _are_latest(refs(shown), refs(feed)) is expected
