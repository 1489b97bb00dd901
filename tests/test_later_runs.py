"""Later runs make few requests and miss nothing; without network, so on many kinds of site."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from ifp_scraper.dates import format_utc
from ifp_scraper.storage.runs import Tail
from tests.crawling import EIGHT_AT_ONCE, FAST, NOTHING_BUT_LISTINGS, crawl, lines, new_post, scrapy, site_of
from tests.dry_run import dry_run
from tests.expected import assert_complete
from tests.site import Site, Tag
from tests.site.response import Response

KINDS: dict[str, dict[str, Any]] = {
    "rest": {},
    "rest of WordPress before 5.7": {"rest_ignores": frozenset(["modified_after"])},
    "yoast": {"rest": 403, "sitemap": "yoast"},
    "rankmath": {"rest": 401, "sitemap": "rankmath"},
    "yoast, several files": {"rest": 403, "sitemap": "yoast", "sitemap_size": 100},
    "rankmath, several files": {"rest": 404, "sitemap": "rankmath", "sitemap_size": 100},
    "core with lastmod": {"rest": "html", "sitemap_lastmod": True, "sitemap_size": 200},
}


def test_a_compressed_feed_is_known_again(tmp_path: Path) -> None:
    with site_of(40, rest=404, sitemap=None) as (_, server):
        statuses = []

        def weaken_etag(target: str, response: Response) -> Response:
            if target == "/feed/":
                statuses.append(response.status)
                response.headers["ETag"] = "W/" + response.headers["ETag"]  # as nginx does
                response.headers.pop("Last-Modified", None)
            return response

        server.alter(weaken_etag)
        for _ in range(2):
            assert dry_run(server, tmp_path / "a.jsonl").status == 0
        assert statuses == [200, 304]


@pytest.mark.parametrize("etag", ["", '"' + "x" * 600 + '"'], ids=["none", "too long"])
def test_a_feed_without_a_usable_etag_is_known_by_its_date(etag: str, tmp_path: Path) -> None:
    with site_of(40, rest=404, sitemap=None) as (_, server):
        statuses = []

        def change_etag(target: str, response: Response) -> Response:
            if target == "/feed/":
                statuses.append(response.status)
                response.headers.pop("ETag", None)
                response.headers |= {"ETag": etag} if etag else {}
            return response

        server.alter(change_etag)
        for _ in range(2):
            assert dry_run(server, tmp_path / "a.jsonl").status == 0
        assert statuses == [200, 304]


def test_a_feed_is_left_at_a_page_of_what_is_known_or_too_old(tmp_path: Path) -> None:
    with site_of(90, rest=403, sitemap=None) as (site, server):
        since = format_utc(site.public()[5].published) or ""
        runs = [dry_run(server, tmp_path / "a.jsonl", since=since), dry_run(server, tmp_path / "b.jsonl")]
        site.advance(hours=1)
        added = new_post(site)
        runs.append(dry_run(server, tmp_path / "b.jsonl"))
        assert runs[-1].articles == [added.path]
        asked = [sum("/feed/" in page and "orderby" not in page for page in run.asked) for run in runs]
        assert asked == [2, 6, 2]


def test_sources_that_were_named_count_for_that_run_alone(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60) as (site, server):
        dry_run(server, out, sources="sitemap")
        for run in range(2):
            site.advance(hours=1)
            edited = site.edit(site.public()[30 + run].id, headline="Edited")
            site.advance(hours=1)
            added = new_post(site)
            dry_run(server, out, sources="sitemap")
            assert edited.path in dry_run(server, out).articles, run
            assert added.path not in dry_run(server, out).articles


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("ignored", [[], ["modified_after"]], ids=["rest", "rest of WordPress before 5.7"])
def test_after_an_edit_of_many_at_once_all_are_found(ignored: list[str], is_counted: bool, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(400, rest_ignores=frozenset(ignored)) as (site, server):
        dry_run(server, out)
        if not is_counted:
            server.alter(lambda target, response: replace(response, headers={"Content-Type": "application/json"}))
        site.advance(hours=1)
        edited = {site.edit(post.id, headline="Bulk").path for post in site.public()[20:370]}
        assert set(dry_run(server, out).articles) == edited
        run = dry_run(server, out)
        assert not run.articles
        assert len(run.asked) < 15


def test_a_few_edits_in_one_second_at_the_end_of_a_page_are_all_found(tmp_path: Path) -> None:
    """All that the first pages in another order list has been seen before."""
    out = tmp_path / "a.jsonl"
    with site_of(400) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        newest_first = sorted(site.public(), key=lambda post: post.id, reverse=True)[110:]
        newer, few = newest_first[:-20], newest_first[-20:]
        for number, post in enumerate([*newer[:90], *few, *newer[90:]]):
            second = min(number, 90) if number < 110 else number
            site.edit(post.id, headline="Edited", at=site.now - timedelta(seconds=second))
        assert set(dry_run(server, out).articles) == {post.path for post in newest_first}


@pytest.mark.parametrize("first", range(40, 100, 11))
def test_edits_are_all_found_though_the_last_page_repeats_what_was_listed(first: int, tmp_path: Path) -> None:
    """As it may where all were made in one second, and REST does not count them."""
    out = tmp_path / "a.jsonl"
    with site_of(120, rest_max_per_page=10) as (site, server):
        dry_run(server, out)
        server.alter(lambda target, response: replace(response, headers={"Content-Type": "application/json"}))
        site.advance(hours=1)
        edited = {site.edit(post.id, headline="Edited").path for post in site.open_posts()[first : first + 11]}
        assert set(dry_run(server, out).articles) == edited


def test_edits_of_what_was_published_in_one_second_are_all_found(tmp_path: Path) -> None:
    """Some of it is on the first page of REST, which is read for what is new, and some beyond."""
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        together = site.public()[90:110]
        for post in together:
            post.published = together[0].published
        dry_run(server, out)
        site.advance(hours=1)
        edited = {site.edit(post.id, headline="Edited").path for post in together}
        assert set(dry_run(server, out).articles) == edited


def test_an_edit_whose_time_rest_does_not_say_hides_no_other(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(400) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = {site.edit(post.id, headline="Bulk").path for post in site.public()[100:370]}
        time = re.compile(rb'(?<="modified_gmt":)"[^"]*"')
        server.alter(lambda target, response: replace(response, body=time.sub(b"null", response.body, count=1)))
        run = dry_run(server, out)
        assert len(edited - set(run.articles)) <= sum("/posts" in page for page in run.asked)


def test_rest_that_gives_the_same_edits_for_ever_is_left(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        for post in site.public():
            site.edit(post.id, headline="Bulk")
        server.config.rest_ignores = frozenset(["page"])
        asked = 0

        def count(page: str) -> None:
            nonlocal asked
            asked += 1
            assert asked < 20, page

        assert dry_run(server, out, fails=count).articles


@pytest.mark.parametrize(
    ("part", "status"), [("wp-json", 500), ("modified_after", 500), ("wp/v2", 404), ("wp/v2", 403)]
)
def test_what_stands_in_for_rest_once_hides_no_edit(part: str, status: int, tmp_path: Path) -> None:
    """Neither an earlier edit nor a later one, although core's sitemap does not tell when a post was edited."""
    out = tmp_path / "a.jsonl"
    with site_of(250, feed_sorts=False) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[150].id, headline="Edited")
        site.advance(hours=1)
        added = new_post(site)
        run = dry_run(server, out, fails=lambda page: status if part in page else None)
        assert ("/wp-sitemap.xml" in run.asked, run.articles, run.status) == (True, [added.path], 0)
        site.advance(hours=1)
        later = site.edit(site.open_posts()[160].id, headline="Edited")
        run = dry_run(server, out)
        assert (set(run.articles), "/wp-sitemap.xml" in run.asked) == ({edited.path, later.path}, False)
        assert dry_run(server, out).articles == []


def test_an_edit_before_the_first_complete_run_is_found_when_a_source_shows_it(tmp_path: Path) -> None:
    """What core's sitemap lists, without times, completes the file, but says of no edit."""
    out = tmp_path / "a.jsonl"
    with site_of(250, feed_sorts=False) as (site, server):
        dry_run(server, out, limit="150")
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[130].id, headline="Edited")
        site.advance(hours=1)
        added = new_post(site)
        server.config.rest = 403
        found = dry_run(server, out).articles
        assert (added.path in found, edited.path in found) == (True, False)
        site.advance(hours=1)
        server.config.rest = "ok"
        assert dry_run(server, out).articles == [edited.path]
        assert dry_run(server, out).articles == []


@pytest.mark.parametrize("source", [{}, {"rest": 403, "sitemap_lastmod": True}], ids=["rest", "sitemap"])
def test_what_is_put_behind_a_password_is_fetched_once_more_alone(source: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **source) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        hidden = site.edit(site.open_posts()[30].id, password_protected=True)
        assert dry_run(server, out).articles == [hidden.path]
        site.advance(hours=1)
        added = new_post(site)
        assert dry_run(server, out).articles == [added.path]
        site.edit(hidden.id, password_protected=False)
        assert dry_run(server, out).articles == [hidden.path]


@pytest.mark.parametrize(
    "kind", [kind if kind in ("rest", "yoast") else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
def test_later_runs_ask_little_and_miss_nothing(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    rng = random.Random(kind)
    with site_of(330, **KINDS[kind]) as (site, server):
        dry_run(server, out)
        again = dry_run(server, out)
        assert again.articles == []
        assert len(again.asked) <= 4
        for added, edited, withdrawn, scheduled, backdated in (
            (1, 0, 0, 0, 0),
            (3, 2, 1, 0, 1),
            (0, 5, 0, 0, 0),
            (0, 0, 0, 1, 0),
            (150, 4, 2, 0, 1),
            (0, 0, 3, 0, 0),
            (8, 1, 0, 0, 2),
            (260, 0, 1, 0, 0),
        ):
            site.advance(hours=rng.choice((1, 30)))
            posts = [post for post in site.public() if not post.password_protected]
            rng.shuffle(posts)
            changed = {site.edit(post.id, at=_lately(site, rng)).path for post in posts[:edited]}
            for post in posts[edited : edited + withdrawn]:
                site.withdraw(post.id)
            for number in range(added):
                moment = _lately(site, rng) if number % 5 else site.now - timedelta(seconds=5)
                changed.add(new_post(site, published=moment, modified=moment).path)
            for _ in range(scheduled):
                changed.add(new_post(site, modified=site.now - timedelta(days=rng.randrange(1, 9))).path)
            for _ in range(backdated):
                changed.add(new_post(site, published=site.now - timedelta(days=rng.randrange(2, 900))).path)
            run = dry_run(server, out)
            assert sorted(run.articles) == sorted(changed)
            assert len(run.asked) <= 4 + max(0, -(-(len(changed) - 100) // 100))
            assert run.status == 0


def _lately(site: Site, rng: random.Random) -> Any:
    return site.now - timedelta(seconds=rng.randrange(3000))


def test_an_edit_while_the_run_went_on_is_not_missed(tmp_path: Path) -> None:
    """The article was listed before its edit, and the run's later pages list edits that are later still."""
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        newest = site.public()[0]

        def meanwhile(page: str) -> None:
            if "page=2" in page and newest.revision == 1:
                site.advance(minutes=10)
                site.edit(newest.id)
                site.advance(minutes=10)
                site.edit(site.public()[240].id)

        dry_run(server, out, fails=meanwhile)
        assert newest.path in dry_run(server, out).articles


def test_an_edit_in_the_second_in_which_a_run_began_is_not_missed(tmp_path: Path) -> None:
    with site_of(250) as (site, server):
        site.edit(site.open_posts()[150].id, at=site.now)
        dry_run(server, tmp_path / "a.jsonl")
        edited = site.edit(site.open_posts()[200].id, at=site.now)
        assert dry_run(server, tmp_path / "a.jsonl").articles == [edited.path]


def test_old_articles_that_are_imported_are_found_though_they_count_as_edited_long_ago(tmp_path: Path) -> None:
    with site_of(250) as (site, server):
        dry_run(server, tmp_path / "a.jsonl")
        site.advance(hours=1)
        old = site.public()[-30].published
        imported = [new_post(site, published=old, modified=old).path for _ in range(3)]
        assert sorted(dry_run(server, tmp_path / "a.jsonl").articles) == sorted(imported)
        assert dry_run(server, tmp_path / "a.jsonl").articles == []


def test_a_sitemap_file_that_is_added_meanwhile_is_read(tmp_path: Path) -> None:
    """Rank Math lists the newest first: new articles push the oldest ones into another file."""
    with site_of(120, rest=403, sitemap="rankmath") as (site, server):
        server.config.sitemap_size = len(site.open_posts()) // 2

        def meanwhile(page: str) -> None:
            if "post-sitemap2" in page:
                new_post(site)
                new_post(site)

        oldest = {post.path for post in site.open_posts()}
        assert set(dry_run(server, tmp_path / "a.jsonl", fails=meanwhile).articles) >= oldest


def test_a_source_that_broke_off_once_is_asked_again(tmp_path: Path) -> None:
    """Core's sitemap does not tell when a post was edited: if it took the place of REST, edits would be missed."""
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        newest = site.public()[0]

        def meanwhile(page: str) -> None:
            if "&page=2" in page:
                site.withdraw(newest.id)

        assert "/wp-sitemap.xml" in dry_run(server, out, fails=meanwhile).asked
        site.advance(hours=1)
        edited = site.edit(next(post.id for post in site.open_posts()))
        assert dry_run(server, out).articles == [edited.path]


@pytest.mark.parametrize(("status", "first"), [(503, "/wp-json"), (403, "/sitemap")])
def test_a_source_that_may_come_back_is_asked_first_the_next_time(status: int, first: str, tmp_path: Path) -> None:
    with site_of(60, sitemap="yoast") as (_, server):
        dry_run(server, tmp_path / "a.jsonl", fails=lambda page: status if "/wp/v2/" in page else None)
        assert dry_run(server, tmp_path / "a.jsonl").asked[1].startswith(first)


@pytest.mark.parametrize(
    "config",
    [{}, {"rest": 403, "sitemap": "yoast", "sitemap_size": 30}, {"rest": 403, "sitemap": None}, NOTHING_BUT_LISTINGS],
    ids=str,
)
def test_what_an_unfinished_run_left_the_next_one_takes(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(150, **config) as (site, server):
        first = dry_run(server, out, limit="20")
        assert len(first.articles) == 20
        second = dry_run(server, out, broken=lambda path: len(path) % 9 == 0)
        third = dry_run(server, out)
        assert second.status == 1
        assert third.articles == [path for path in second.articles if len(path) % 9 == 0]
        assert dry_run(server, out).articles == []

        # A partial run after a complete one: what it skipped is older than what it took.
        site.advance(days=3)
        added = {new_post(site, published=site.now - timedelta(minutes=n)).path for n in range(45)}
        limited = set(dry_run(server, out, limit="12").articles)
        assert len(limited) == 12
        assert set(dry_run(server, out).articles) == added - limited


@pytest.mark.parametrize("sitemap", ["yoast", None])
def test_a_post_that_leads_off_the_site_is_not_looked_for_in_every_run(sitemap: str | None, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(250, sitemap=sitemap) as (site, server):
        one, other = (post.path for post in site.open_posts()[150:152])

        def lead_away(_: str, response: Response) -> Response:
            for printed in (server.url + one, (server.url + one).replace("/", "\\/")):
                response.body = response.body.replace(printed.encode(), b"https://other.example/a/")
            return response

        server.alter(lead_away)
        assert one not in dry_run(server, out).articles
        for _ in range(2):
            assert len(dry_run(server, out).asked) == 4
            site.advance(hours=1)
            new = new_post(site).path
            assert dry_run(server, out, broken=[new].__contains__).articles == [new]
            site.advance(hours=1)
            assert dry_run(server, out).articles == [new]
        [hidden] = [line for line in lines(out) if line["url"] == server.url + other]
        out.write_text("".join(line for line in out.open() if hidden["url"] not in line))  # as if it had been missed
        runs = out.with_suffix(".runs.jsonl")
        last = lines(runs)[-1]
        with runs.open("a") as stream:
            print(json.dumps(last | {"articles": last["articles"] - 1, "tail": asdict(Tail.of(out))}), file=stream)
        assert dry_run(server, out).articles == [other]


def test_a_feed_of_one_page_does_not_hide_what_is_beneath_it(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap=None) as (site, server):
        dry_run(server, out)
        site.advance(days=3)
        added = {new_post(site, published=site.now - timedelta(minutes=n)).path for n in range(45)}
        run = dry_run(server, out, fails=lambda page: 404 if "paged" in page else None)
        assert set(run.articles) == added
        assert not any("page/8" in page for page in run.asked)


def test_a_known_article_among_new_ones_does_not_end_a_listing(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        dry_run(server, out)
        site.advance(days=3)
        site.public()[50].published = site.now - timedelta(minutes=15)
        added = {new_post(site, published=site.now - timedelta(minutes=n)).path for n in range(35)}
        assert set(dry_run(server, out).articles) == added


def test_a_run_for_a_section_looks_through_all_of_its_listing(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(200, **NOTHING_BUT_LISTINGS) as (site, server):
        hidden = [post for post in site.in_section("iran-news") if not post.password_protected][-1]
        site.withdraw(hidden.id)
        dry_run(server, out)
        site.restore(hidden.id)
        assert dry_run(server, out).articles == []
        assert dry_run(server, out, section="iran-news").articles == [hidden.path]


def test_a_file_started_over_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        for post in site.public()[20:]:
            site.withdraw(post.id)
        dry_run(server, out)
        for post in list(site.posts.values()):
            if post.status == "trash":
                site.restore(post.id)
        site.advance(hours=1)
        out.unlink()
        assert len(dry_run(server, out, limit="30").articles) == 30
        assert len(dry_run(server, out).articles) == 29  # one has a password, as before


@pytest.mark.parametrize("kind", [404, "maintenance"])
def test_an_edit_whose_page_was_missing_once_is_read_by_the_next_run(kind: Any, tmp_path: Path) -> None:
    """The lists name it but once, as another article was edited after it."""
    out = tmp_path / "a.jsonl"
    with site_of(12, rest=403, sitemap="yoast", sitemap_size=1, amp=None) as (site, server):
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[5].id, headline="Edited")
        site.advance(hours=1)
        site.edit(site.open_posts()[2].id, headline="Edited later")
        server.fault(edited.path, kind, None, page="<html><body>Back soon</body></html>")
        assert crawl(server.url, out).status == 0
        server.clear()
        assert crawl(server.url, out).status == 0
        assert (lines(out)[-1]["id"], lines(out)[-1]["modified_at"]) == (edited.id, format_utc(edited.modified))
        server.clear()
        assert crawl(server.url, out).status == 0
        assert edited.path not in server.requests()
        assert_complete(site, server.url, out, revised=2)


def test_an_edit_that_the_amp_page_does_not_show_is_read_once_both_pages_are(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(12, rest=403, sitemap="yoast", sitemap_size=1) as (site, server):
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        site.advance(hours=1)
        edited, other = site.open_posts()[4:6]
        site.edit(edited.id, tags=[*edited.tags, Tag("Amber", "amber")])
        site.advance(hours=1)
        site.edit(other.id, headline="Edited later")
        for _ in range(2):
            assert crawl(server.url, out, "-a", "pages=amp").status == 0
        assert crawl(server.url, out).status == 0
        last = lines(out)[-1]
        assert (last["id"], last["tags"][-1], last["modified_at"]) == (edited.id, "Amber", format_utc(edited.modified))
        server.clear()
        assert crawl(server.url, out).status == 0
        assert edited.path not in server.requests()


def test_new_permalinks_after_the_amp_pages_are_gone_are_followed(tmp_path: Path) -> None:
    """The AMP page is looked for once more."""
    out = tmp_path / "a.jsonl"
    with site_of(12, rest=403) as (site, server):
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        server.config.amp = None
        renamed = site.open_posts()[4]
        site.edit(renamed.id, slug="another-slug", at=renamed.modified)
        for asked in (True, True, False):
            server.clear()
            assert crawl(server.url, out).status == 0
            assert (renamed.path in server.requests()) is asked
        assert (lines(out)[-1]["url"], lines(out)[-1]["reread"]) == (server.url + renamed.path, True)
        assert len(lines(out)) == 13


def test_an_amp_page_that_new_permalinks_reach_only_later_is_not_lost(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(12, rest=403) as (site, server):
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        renamed = site.open_posts()[4]
        site.edit(renamed.id, slug="another-slug", at=renamed.modified)
        server.fault(f"{renamed.path}amp/", 404)
        for _ in range(2):
            assert crawl(server.url, out).status == 0
        moved, whole = lines(out)[-2:]
        assert {moved["url"], whole["url"]} == {server.url + renamed.path}
        assert (moved["layout"], whole["layout"], whole["reread"]) == ("newspaper", "newspaper+amp-swift", True)
        assert whole["recent_posts"]


def test_posts_imported_into_a_new_wordpress_are_the_same_articles(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30) as (site, server):
        assert crawl(server.url, out, "-a", "pages=canonical").status == 0
        before = out.read_bytes()
        site.renumber()
        assert dry_run(server, out).articles == []
        run = crawl(server.url, out, "-a", "pages=canonical", "-a", "refresh=2000-01-01")
        assert (run.status, out.read_bytes()) == (0, before), run.err
        edited = site.edit(site.public()[3].id, headline="Corrected")
        site.advance(hours=1)
        assert crawl(server.url, out, "-a", "pages=canonical").status == 0
        last = lines(out)[-1]
        assert (last["id"], last["revision"], len(lines(out))) == (edited.id, 2, before.count(b"\n") + 1)
        assert scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).status == 0
