"""Which articles the ``-a`` arguments select; without network, so on many kinds of site."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.dates import format_utc
from tests.crawling import NO_REST, NOTHING_BUT_LISTINGS, new_post, site_of
from tests.dry_run import dry_run
from tests.site.response import Response


def test_a_range_takes_nothing_outside_and_everything_inside(tmp_path: Path) -> None:
    with site_of(150) as (site, server):
        since, until = "2019-03-01", "2021-01-01T12:00"
        inside = {
            post.path
            for post in site.public()
            if "2019-02-28T20:30" <= f"{post.published:%Y-%m-%dT%H:%M}" < "2021-01-01T08:30"
        }
        assert set(dry_run(server, tmp_path / "a.jsonl", since=since, until=until).articles) == inside
        assert len(inside) > 10
        server.config.rest, server.config.sitemap = 403, None
        without_dates = dry_run(server, tmp_path / "b.jsonl", since=since, until=until)
        assert inside <= set(without_dates.articles)
        assert without_dates.counts["out_of_range"] == len(without_dates.articles) - len(inside) > 0
        again = dry_run(server, tmp_path / "a.jsonl", since=since, until=until)
        assert not inside & set(again.articles)


def test_rest_is_asked_for_the_range_alone_and_its_first_second_belongs_to_it(tmp_path: Path) -> None:
    with site_of(250) as (site, server):
        newest_first = site.public()
        until, since = newest_first[140].published, newest_first[160].published
        run = dry_run(server, tmp_path / "a.jsonl", since=format_utc(since) or "", until=format_utc(until) or "")
        assert run.articles == [post.path for post in newest_first if since <= post.published < until]
        assert len([page for page in run.asked if "/wp/v2/posts" in page]) == 1


def test_a_sitemap_leaves_out_what_was_edited_last_long_before_the_range(tmp_path: Path) -> None:
    with site_of(150, rest=403, sitemap="yoast") as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", since="2024-01-01")
        inside = {post.path for post in site.open_posts() if f"{post.published:%Y}" >= "2024"}
        assert inside <= set(run.articles)
        assert len(run.articles) < len(inside) + 10


@pytest.mark.parametrize("config", [{}, NO_REST, NOTHING_BUT_LISTINGS], ids=str)
@pytest.mark.parametrize("section", ["news/world", "world", "iran-news"])
def test_a_section_and_those_inside_it(section: str, config: dict[str, Any], tmp_path: Path) -> None:
    with site_of(**config) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", section=section)
        path = {"world": "news/world"}.get(section, section)
        assert sorted(run.articles) == sorted(post.path for post in site.in_section(path))
        assert run.articles


@pytest.mark.parametrize("past_the_end", [200, 404])
def test_all_categories_are_looked_through_where_rest_counts_nothing(past_the_end: int, tmp_path: Path) -> None:
    """Some proxies drop the number of pages."""
    with site_of(60) as (site, server):

        def uncounted(target: str, response: Response) -> Response:
            headers = {name: value for name, value in response.headers.items() if not name.startswith("X-WP")}
            status = past_the_end if response.body == b"[]" else response.status
            return replace(response, headers=headers, status=status)

        server.reroute(lambda target: target.replace("/categories?per_page=100", "/categories?per_page=2"))
        server.alter(uncounted)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest", section="news")
        assert sorted(run.articles) == sorted(post.path for post in site.in_section("news"))
        assert run.status == 0


def test_refresh_looks_again_at_what_is_known(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(rest=403, sitemap=None) as (site, server):
        dry_run(server, out)
        run = dry_run(server, out, refresh="2024-01-01")
        since = {
            post.path for post in site.public() if f"{post.published:%Y}" >= "2024" and not post.password_protected
        }
        assert set(run.articles) == since
        assert dry_run(server, out).articles == []


def test_what_is_to_do_is_said_of_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Articles in the file that are out of range, or to be fetched again, are no less work."""
    out = tmp_path / "a.jsonl"
    with site_of() as (site, server):

        def said(**arguments: str) -> str:
            dry_run(server, out, **arguments)
            return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("The site lists"))

        newest_first = site.public()
        since = format_utc(newest_first[59].published) or ""
        until = format_utc(newest_first[89].published) or ""
        assert said(since=since) == "The site lists about 60 articles (rest), 0 are known: about 2 minutes to go."
        assert said(since=until, until=since).endswith(" 30 articles (rest), 0 are known: about 1 minute to go.")
        dry_run(server, out)
        capsys.readouterr()
        assert said(refresh="2000-01-01").endswith(" are known and not to be fetched again: about 4 minutes to go.")
        assert said(section="iran-news").endswith(" articles (rest): at most 2 minutes to go.")
        server.config.rest = 403
        assert ": at most 1 minute to go." in said(since=since)

        server.config.rest = "ok"
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        for started_from in (0, 60):
            kept = out.read_text().splitlines(keepends=True)[:started_from]
            out.write_text("".join(kept))
            dry_run(server, out)
            left = [int(count) for count in re.findall(r"about (\d+) left", capsys.readouterr().err)]
            assert (abs(left[0] - 120 + started_from) < 5, left[-1] <= 1) == (True, True)
        new_post(site)
        dry_run(server, out)
        said_of_one = capsys.readouterr().err
        assert ("1 articles, " in said_of_one, " left" in said_of_one) == (True, False)
        dry_run(server, out, refresh=since)
        left = [int(count) for count in re.findall(r"about (\d+) left", capsys.readouterr().err)]
        assert (abs(left[0] - 60) < 5, left[-1] <= 3) == (True, True)
        server.config.rest = 403
        dry_run(server, tmp_path / "b.jsonl", since=since)  # of the sitemap's 120, 60 are in range
        assert set(re.findall(r"(at most|about) \d+ left", capsys.readouterr().err)) == {"at most"}


def test_limit_counts_new_articles_not_what_is_known_or_none(tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        runs = [dry_run(server, tmp_path / "a.jsonl", limit="25") for _ in range(4)]
        assert [run.counts.get("new", 0) for run in runs] == [25, 25, len(site.open_posts()) - 50, 0]
        assert [path for run in runs for path in run.articles] == [post.path for post in site.public()]


def test_what_another_version_could_not_read_is_fetched_again(tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        out = tmp_path / "a.jsonl"
        dry_run(server, out)
        locked = [post.path for post in site.public() if post.password_protected]
        assert locked
        assert dry_run(server, out).articles == []
        rejected = out.with_suffix(".rejected.jsonl")
        rejected.write_text(
            re.sub(r'"extractor_version": "[^"]*"', '"extractor_version": "0.0"', rejected.read_text())
        )
        assert dry_run(server, out).articles == locked
        assert dry_run(server, out).articles == []


def test_a_shortlink_that_a_person_named_is_not_tried_again(tmp_path: Path) -> None:
    """Retried at the head of the site's own list, it would make that look like a list of plain permalinks."""
    with site_of(20) as (_, server):
        out = tmp_path / "a.jsonl"
        dry_run(server, out)
        dry_run(server, out, urls=f"{server.url}/?p=999999")
        rejected = out.with_suffix(".rejected.jsonl")
        rejected.write_text(rejected.read_text().replace("no article", "status 404"))
        run = dry_run(server, out)
        assert (run.articles, run.status) == ([], 0), run.why


def test_addresses_given_are_fetched_each_once(tmp_path: Path) -> None:
    with site_of(10) as (site, server):
        one, other = (server.url + post.path for post in site.public()[:2])
        given = (
            f"{one}amp/,{one}?amp=1,{one},{one}2/,{server.url}/?p=5,{server.url}/?p=6,{other},{server.url}/category/x/"
        )
        run = dry_run(server, tmp_path / "a.jsonl", urls=given)
        assert run.asked == []
        assert run.counts["rejected"] == 3  # of these, the category is not even asked for
        assert run.articles == [site.public()[0].path, "/?p=5", "/?p=6", site.public()[1].path]
