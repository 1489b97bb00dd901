"""Articles of which a page fails: what is noted of them loses no article and no edit, and costs later runs little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.dates import format_utc
from tests.crawling import EIGHT_AT_ONCE, NOTHING_BUT_LISTINGS, YOAST, crawl, lines, new_post, scrapy, site_of
from tests.dry_run import dry_run
from tests.site import Post, Site, SiteServer


def failed_edit(site: Site, server: SiteServer, out: Path, *arguments: str) -> Post:
    """Edit the tenth post, and have a run fail to fetch it, but read a later edit of another post."""
    site.advance(days=3)
    edited = site.edit(site.open_posts()[9].id, headline="Another headline")
    site.advance(minutes=9)
    site.edit(site.open_posts()[4].id)
    server.fault(edited.path, 500, None)
    crawl(server.url, out, *arguments, "-s", "RETRY_TIMES=0")
    server.clear()
    return edited


@pytest.mark.parametrize(
    "config",
    [{}, {"rest": 403, "sitemap": "yoast", "sitemap_size": 30}, {"rest": 403, "sitemap": None}, NOTHING_BUT_LISTINGS],
    ids=str,
)
def test_an_article_that_fails_for_good_costs_no_more_than_its_own_pages(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with site_of(250, **config) as (site, server):
        failing = [post.path for post in site.open_posts()[130:132]]
        runs = {}
        for name in ("well", "ill"):
            ill = failing if name == "ill" else []
            out = tmp_path / f"{name}.jsonl"
            for _ in range(3):
                runs[name] = dry_run(server, out, broken=ill.__contains__)
        assert runs["ill"].asked == runs["well"].asked
        assert (runs["ill"].articles, runs["well"].articles) == (failing, [])
        site.advance(hours=1)
        new = new_post(site).path
        assert dry_run(server, out, broken=failing.__contains__).articles == [new, *failing]
        withdrawn, mended = (site.find(path.strip("/")) for path in failing)
        site.withdraw(withdrawn.id)
        run = dry_run(server, out)
        assert (sorted(run.articles), run.counts["new"], run.counts["rejected"]) == (sorted(failing), 1, 1)
        held = lines(out)[-1]
        assert (held["id"], held["published_at"]) == (mended.id, format_utc(mended.published))


@pytest.mark.parametrize("sitemap", ["core", None])
@pytest.mark.parametrize("way", ["", "limit=9", "urls={site}{path}"])
def test_an_edit_that_failed_keeps_its_time_though_lists_without_times_name_it_first(
    way: str, sitemap: str | None, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    # Its pages say nothing of times.
    with site_of(30, rest=403, sitemap=sitemap, amp=None, yoast_head=False, theme_date=False) as (site, server):
        crawl(server.url, out, *EIGHT_AT_ONCE)
        edited = failed_edit(site, server, out)
        site.advance(days=3)
        argument = way.format(site=server.url, path=edited.path)
        crawl(server.url, out, *(("-a", argument) if argument else ()))
        held = [line for line in lines(out) if line["id"] == edited.id][-1]
        assert (held["headline"], held["revision"]) == (edited.headline, 2)
        assert held["modified_at"] == format_utc(edited.modified)
        assert (held["published_at"], held["published_source"]) == (format_utc(edited.published), "feed")


@pytest.mark.parametrize("command", [("crawl", "ifp", "-a", "archive={}"), ("extract", "{}")], ids=lambda c: c[0])
def test_a_recording_from_before_an_edit_does_not_stand_in_for_the_page_that_failed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    out, recording = tmp_path / "a.jsonl", tmp_path / "before.warc.gz"
    with site_of(30, rest=403, sitemap="core") as (site, server):
        crawl(server.url, out, *EIGHT_AT_ONCE, "-s", f"IFP_ARCHIVE={recording}")
        edited = failed_edit(site, server, out)
        arguments = [argument.format(recording) for argument in command]
        assert scrapy(*arguments, "-o", out, "-s", f"IFP_SITE={server.url}").status == 0
        assert "1 revised" in crawl(server.url, out).err
        assert lines(out)[-1]["headline"] == edited.headline


@pytest.mark.parametrize("age", [None, "10800"])
@pytest.mark.parametrize("way", ["", "limit=1", "urls={site}{path}"])
def test_an_edit_that_failed_and_that_a_cache_hides_then_is_not_given_up(
    way: str, age: str | None, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30, rest=403, sitemap="core", amp=None) as (site, server):
        crawl(server.url, out, *EIGHT_AT_ONCE)
        cached = server.get(site.open_posts()[9].path)
        cached.headers |= {"Age": age} if age else {}
        edited = failed_edit(site, server, out)
        site.advance(hours=1)
        answers = {edited.path: cached}
        server.alter(lambda target, response: answers.get(target, response))
        argument = way.format(site=server.url, path=edited.path)
        assert "0 revised" in crawl(server.url, out, *(("-a", argument) if argument else ())).err
        answers.clear()
        site.advance(hours=3)
        assert "1 revised" in crawl(server.url, out).err
        held = lines(out)[-1]
        assert (held["headline"], held["modified_at"]) == (edited.headline, format_utc(edited.modified))
        server.log.clear()
        assert crawl(server.url, out).status == 0
        assert server.requests(edited.path) == []


def test_an_edit_that_failed_and_whose_page_is_missing_in_a_run_for_it_is_not_given_up(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30, rest=403, sitemap="core", amp=None) as (site, server):
        crawl(server.url, out, *EIGHT_AT_ONCE)
        edited = failed_edit(site, server, out)
        server.fault(edited.path, 404)
        assert "1 rejected" in crawl(server.url, out, "-a", f"urls={server.url}{edited.path}").err
        assert "1 revised" in crawl(server.url, out).err
        held = lines(out)[-1]
        assert (held["headline"], held["modified_at"]) == (edited.headline, format_utc(edited.modified))


@pytest.mark.parametrize("config", [{"rest": 403, "sitemap": None}, NOTHING_BUT_LISTINGS], ids=str)
def test_more_failures_than_can_be_noted_hide_none_of_an_earlier_run(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **config) as (site, server):
        failing = [post.path for post in site.open_posts()[30:32]]
        dry_run(server, out, broken=failing.__contains__)
        site.advance(hours=1)
        named = ",".join(f"{server.url}/no-{number}/" for number in range(1000))
        dry_run(server, out, broken=lambda _: True, urls=named)
        assert set(failing) <= set(dry_run(server, out).articles)
        assert {post.id for post in site.open_posts()} == {line["id"] for line in lines(out)}


def test_an_older_copy_of_the_file_lacks_what_a_later_run_made_up_for(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        failing = [post.path for post in site.open_posts()[30:32]]
        dry_run(server, out, broken=failing.__contains__)
        copy = out.read_bytes()
        dry_run(server, out, urls=",".join(server.url + path for path in failing))
        out.write_bytes(copy)
        assert dry_run(server, out).articles == failing


@pytest.mark.parametrize("again", [False, True], ids=["with refresh=", "had failed before"])
def test_an_edit_of_which_a_list_tells_only_after_the_page_has_failed_keeps_its_time(
    again: bool, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30, rest=403, sitemap="core", amp=None, yoast_head=False, theme_date=False) as (site, server):
        if again:
            server.fault(site.open_posts()[9].path, 500, None)
        crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        arguments = () if again else ("-a", "refresh=2000-01-01", *EIGHT_AT_ONCE)
        edited = failed_edit(site, server, out, *arguments)
        site.advance(days=3)
        assert crawl(server.url, out).status == 0
        held = [line for line in lines(out) if line["id"] == edited.id][-1]
        assert (held["headline"], held["modified_at"]) == (edited.headline, format_utc(edited.modified))


def test_what_failed_and_was_edited_again_has_the_time_of_its_last_edit(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30, rest=403, sitemap="core", amp=None, yoast_head=False, theme_date=False) as (site, server):
        crawl(server.url, out, *EIGHT_AT_ONCE)
        post = site.open_posts()[9]
        for number in range(2):
            site.advance(days=3)
            site.edit(post.id, headline=f"Headline {number}")
            site.advance(minutes=9)
            site.edit(site.open_posts()[4].id)
            server.fault(post.path, 500, None if number == 0 else 0)
            crawl(server.url, out, "-s", "RETRY_TIMES=0")
            server.clear()
        held = [line for line in lines(out) if line["id"] == post.id][-1]
        assert (held["headline"], held["modified_at"]) == (post.headline, format_utc(post.modified))


@pytest.mark.parametrize("later", [NOTHING_BUT_LISTINGS, YOAST], ids=str)
@pytest.mark.parametrize("config", [{"yoast_head": False, "theme_date": False}, {}], ids=str)
def test_what_failed_says_nothing_of_a_new_post_with_its_slug(
    config: dict[str, Any], later: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(30, amp=None, **config) as (site, server):
        failing = site.open_posts()[9]
        server.fault(failing.path, 500, None)
        crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0")
        server.clear()
        site.advance(days=3)
        slug = failing.slug
        site.edit(failing.id, status="trash", slug=f"{slug}__trashed")
        new = new_post(site, slug=slug)
        for name, value in later.items():
            setattr(server.config, name, value)
        crawl(server.url, out)
        server.config.rest = "ok"
        site.advance(hours=1)
        site.edit(new.id)
        assert crawl(server.url, out, "-a", "refresh=2000-01-01", *EIGHT_AT_ONCE).status == 0
        held = [line for line in lines(out) if line["url"] == server.url + new.path]
        assert {line["id"] for line in held} == {new.id}
        assert {line["published_at"] for line in held} <= {None, format_utc(new.published)}


def test_a_share_of_failures_below_a_hundredth_is_no_failure(tmp_path: Path) -> None:
    with site_of(120) as (site, server):
        one, other = (post.path for post in site.open_posts()[:2])
        assert dry_run(server, tmp_path / "a.jsonl", broken=lambda path: path == one).status == 0
        assert dry_run(server, tmp_path / "b.jsonl", broken=lambda path: path in (one, other)).status == 1
        assert dry_run(server, tmp_path / "a.jsonl").articles == [one]


@pytest.mark.parametrize(("count", "status"), [(2, 0), (3, 1)])
def test_what_failed_before_is_compared_with_all_articles(count: int, status: int, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
        failing = [post.path for post in site.open_posts()[:count]]
        assert [dry_run(server, out, broken=failing.__contains__).status for _ in range(3)] == [status] * 3
        site.advance(hours=1)
        added = [new_post(site).path for _ in range(2)]
        assert dry_run(server, out, broken=[*failing, added[0]].__contains__).status == 1  # one of two
        run = dry_run(server, out, broken=failing.__contains__)
        assert (run.articles, run.status) == ([added[0], *failing], status)
