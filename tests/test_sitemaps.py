"""What a crawl finds by sitemaps: core's, Yoast's, Rank Math's, of news and of other things."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper import settings
from ifp_scraper.dates import format_utc
from tests.crawling import new_post, public, site_of
from tests.dry_run import dry_run
from tests.site import Post
from tests.site.response import XML, Response, page


@pytest.mark.parametrize("feed", ["ok", 404, "empty", "no feed"])
@pytest.mark.parametrize("size", [40, 70, 1000])
def test_articles_of_a_sitemap_without_times_come_newest_first(size: int, feed: Any, tmp_path: Path) -> None:
    """Or a range would end before it began: after so many articles that are too old."""
    with site_of(150, rest=403, feed="ok" if feed == "no feed" else feed, sitemap_size=size) as (site, server):
        if feed == "no feed":
            server.alter(lambda target, response: page("A page.") if target == "/feed/" else response)
        newest_first = [post.path for post in site.public()]
        assert dry_run(server, tmp_path / "a.jsonl").articles == newest_first
        since = format_utc(site.public()[4].published) or ""
        run = dry_run(server, tmp_path / "b.jsonl", since=since)
        assert (run.articles[:5], run.status, run.counts["new"]) == (newest_first[:5], 0, 5)
        assert len(run.articles) < 50


@pytest.mark.parametrize("robots", ["", "Sitemap: %ROOT%/news-sitemap.xml\n"])
def test_a_news_sitemap_is_never_the_whole_list(robots: str, tmp_path: Path) -> None:
    with site_of(60, rest=404, sitemap=None, robots=robots) as (site, server):

        def urlset(posts: Sequence[Post]) -> Response:
            locations = "".join(f"<url><loc>{server.url}{post.path}</loc></url>" for post in posts)
            return page(f"<urlset>{locations}</urlset>", content_type=XML)

        def add_sitemaps(target: str, response: Response) -> Response:
            if target == "/sitemap.xml":
                parts = "".join(
                    f"<sitemap><loc>{server.url}/{name}-sitemap.xml</loc></sitemap>" for name in ("news", "all")
                )
                return page(f"<sitemapindex>{parts}</sitemapindex>", content_type=XML)
            if target in ("/news-sitemap.xml", "/all-sitemap.xml"):
                return urlset(site.public()[:3] if "news" in target else site.public())
            return response

        server.alter(add_sitemaps)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("name", ["news-sitemap", "latest"])
@pytest.mark.parametrize("place", ["first in the index", "last in the index", "robots", "robots alone"])
@pytest.mark.parametrize("lastmod", ["published", "none"])
@pytest.mark.parametrize("kind", ["yoast", "rankmath"])
def test_a_news_sitemap_hides_no_edit(kind: Any, lastmod: str, place: str, name: str, tmp_path: Path) -> None:
    robots = {"robots": f"Sitemap: %ROOT%/{name}.xml\nSitemap: %ROOT%/sitemap_index.xml\n", "robots alone": ""}
    robots["robots alone"] = robots["robots"].partition("\n")[0] + "\n"
    config = {"rest": 404, "sitemap": kind, "feed": 404, "robots": robots.get(place)}
    with site_of(60, **config) as (site, server):

        def urlset(posts: Sequence[Post]) -> Response:
            rows = []
            for post in posts:
                at = format_utc(post.published)
                printed = f"<lastmod>{at}</lastmod>" if lastmod == "published" else ""
                news = f"<n:news><n:publication_date>{at}</n:publication_date></n:news>"
                rows.append(f"<url><loc>{server.url}{post.path}</loc>{printed}{news}</url>")
            return page(f"<urlset xmlns:n='n'>{''.join(rows)}</urlset>", content_type=XML)

        def add_news(target: str, response: Response) -> Response:
            if target == f"/{name}.xml":
                return urlset(site.open_posts()[:5])
            if target == "/sitemap_index.xml" and "index" in place:
                at = format_utc(site.now)
                news = f"<sitemap><loc>{server.url}/{name}.xml</loc><lastmod>{at}</lastmod></sitemap>".encode()
                mark = b"<sitemap>" if "first" in place else b"</sitemapindex>"
                before, _, after = response.body.partition(mark)
                parts = (before, news, mark, after)
                return replace(response, body=b"".join(parts))
            return response

        server.alter(add_news)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        locked = {post.path for post in site.public() if post.password_protected}
        assert (set(run.articles) | locked, len(run.articles), run.status) == (public(site), 60 - len(locked), 0)
        assert run.articles[0] == site.by_modified()[0].path
        assert not dry_run(server, tmp_path / "a.jsonl", sources="sitemap").articles
        for _ in range(2):
            site.advance(hours=1)
            edited = site.edit(site.open_posts()[2].id, headline="Edited")
            again = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
            assert (again.articles, again.status) == ([edited.path], 0)
            assert again.counts["current"] == len(set(run.articles)) - 1


@pytest.mark.parametrize("kind", ["video", "image", "page"])
@pytest.mark.parametrize("names", [["{}"], ["{}", "wp-sitemap"], ["wp-sitemap", "{}"]], ids=str)
def test_a_sitemap_of_something_else_in_robots_txt_is_no_list_of_posts(
    names: list[str], kind: str, tmp_path: Path
) -> None:
    robots = "".join(f"Sitemap: %ROOT%/{name.format(f'{kind}-sitemap')}.xml\n" for name in names)
    with site_of(60, rest=404, feed=404, robots=robots) as (site, server):
        rows = "".join(
            f"<url><loc>{server.url}{path}</loc><v:{kind}><v:title>A</v:title></v:{kind}></url>"
            for path in (site.public()[0].path, "/films/", "/about-us/")
        )
        urlset = page(f"<urlset xmlns:v='v'>{rows}</urlset>", content_type=XML)
        server.alter(lambda target, response: urlset if target == f"/{kind}-sitemap.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("name", ["heritage-sitemap", "sitemap-1", "story-sitemap2"])
def test_a_sitemap_of_another_kind_of_posts(name: str, tmp_path: Path) -> None:
    with site_of(60, rest=404, feed=404) as (site, server):
        server.reroute(lambda target: "/wp-sitemap-posts-post-1.xml" if target == f"/{name}.xml" else target)
        parts = "".join(f"<sitemap><loc>/{one}.xml</loc></sitemap>" for one in ("page-sitemap", name, "users-sitemap"))
        index = page(f"<sitemapindex>{parts}</sitemapindex>", content_type=XML)
        server.alter(lambda target, response: index if target == "/wp-sitemap.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), run.status) == (public(site), 0)


@pytest.mark.parametrize("other", ["posts-2023-12", "posts-archive-2020", "post-en", "articles"])
def test_lists_beside_one_of_posts_are_read(other: str, tmp_path: Path) -> None:
    first = "sitemap-post.xml" if other == "post-en" else "sitemap-posts.xml"
    names = {f"/{first}": "/wp-sitemap-posts-post-1.xml", f"/sitemap-{other}.xml": "/wp-sitemap-posts-post-2.xml"}
    with site_of(60, rest=404, feed=404, sitemap_size=30) as (site, server):
        server.reroute(lambda target: names.get(target, target))
        index = page(
            f"<sitemapindex>{''.join(f'<sitemap><loc>{name}</loc></sitemap>' for name in names)}</sitemapindex>"
        )
        server.alter(lambda target, response: index if target == "/wp-sitemap.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), run.status) == (public(site), 0)


@pytest.mark.parametrize("name", ["post-sitemap{}", "sitemap-post-{}", "sitemap_post_{}", "sitemap-posts{}"])
def test_the_first_of_several_files_may_have_no_number(name: str, tmp_path: Path) -> None:
    names = {f"/{name.format(n or '').rstrip('-_')}.xml": f"/wp-sitemap-posts-post-{n + 1}.xml" for n in (0, 2, 1)}
    with site_of(60, rest=404, feed=404, sitemap_size=20) as (site, server):
        server.reroute(lambda target: names.get(target, target))
        parts = "".join(f"<sitemap><loc>{one}</loc></sitemap>" for one in (*names, "/sitemap-post-tag.xml"))
        index = page(f"<sitemapindex>{parts}</sitemapindex>", content_type=XML)
        server.alter(lambda target, response: index if target == "/wp-sitemap.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), run.status) == (public(site), 0)
        assert "/sitemap-post-tag.xml" not in run.asked


@pytest.mark.parametrize(
    "names", [["/feed/"], ["/feed/atom/", "/wp-sitemap.xml"], ["/wp-sitemap.xml", "/rss.xml"]], ids=str
)
def test_a_feed_in_robots_txt_is_a_sitemap_of_the_latest_articles(names: list[str], tmp_path: Path) -> None:
    robots = "".join(f"Sitemap: %ROOT%{name}\n" for name in names)
    with site_of(60, rest=404, sitemap_size=20, robots=robots) as (site, server):
        server.reroute(lambda target: "/feed/" if target == "/rss.xml" else target)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        server.config.sitemap = None
        run = dry_run(server, tmp_path / "b.jsonl", sources="sitemap")
        if "/feed/" in names:
            assert (run.articles, run.status) == ([post.path for post in site.public()[:20]], 1)
        run = dry_run(server, tmp_path / "c.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("name", "status"), [("/sitemap/", 0), ("/sitemap", 0), ("/map.xml", 1), ("/map.xml.gz", 1)])
def test_a_page_for_readers_in_robots_txt_is_no_missing_part(
    name: str, status: int, first: bool, tmp_path: Path
) -> None:
    names = [name, "/wp-sitemap.xml"]
    robots = "".join(f"Sitemap: %ROOT%{one}\n" for one in (names if first else reversed(names)))
    with site_of(60, rest=404, robots=robots) as (site, server):
        server.alter(lambda target, response: page("A page.") if target == name else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), run.status) == (public(site), status)


@pytest.mark.parametrize("name", ["news-sitemap", "latest"])
def test_a_news_sitemap_says_when_the_articles_in_others_were_published(name: str, tmp_path: Path) -> None:
    """So that those out of range are not fetched."""
    robots = f"Sitemap: %ROOT%/{name}.xml\nSitemap: %ROOT%/wp-sitemap.xml\n"
    with site_of(60, rest=404, feed=404, robots=robots) as (site, server):
        dated = site.public()[:5]
        rows = "".join(
            f"<url><loc>{server.url}{post.path}</loc><n:news><n:publication_date>{format_utc(post.published)}"
            "</n:publication_date></n:news></url>"
            for post in dated
        )
        urlset = page(f"<urlset xmlns:n='n'>{rows}</urlset>", content_type=XML)
        server.alter(lambda target, response: urlset if target == f"/{name}.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", until=format_utc(dated[2].published) or "")
        assert run.articles == [post.path for post in site.public()[3:]]
        server.config.sitemap = None
        run = dry_run(server, tmp_path / "b.jsonl", sources="sitemap")
        latest = [post.path for post in dated] if name == "latest" else []  # the other is not even asked
        assert (run.articles, run.status) == (latest, 1)


@pytest.mark.parametrize("parts", [1, 2])
def test_posts_of_a_type_that_is_called_news(parts: int, tmp_path: Path) -> None:
    with site_of(60, rest=404, feed=404, sitemap="rankmath", sitemap_size=60 // parts) as (site, server):
        name = re.compile(r"(?<=/)post(?=-sitemap\d?\.xml)")
        server.reroute(lambda target: target.replace("/news-sitemap", "/post-sitemap"))

        def rename(target: str, response: Response) -> Response:
            text = response.body.decode()
            return (
                replace(response, body=name.sub("news", text).encode()) if target.endswith("index.xml") else response
            )

        server.alter(rename)
        run = dry_run(server, tmp_path / "a.jsonl")
        locked = {post.path for post in site.public() if post.password_protected}
        assert (set(run.articles) | locked, run.status) == (public(site), 0)
        site.advance(hours=1)
        assert dry_run(server, tmp_path / "a.jsonl").status == 0
        again = dry_run(server, tmp_path / "a.jsonl")
        assert (again.articles, again.status, len(again.asked)) == ([], 0, 2 + parts)
        edited = site.edit(site.by_modified()[-1].id, headline="Edited")
        assert dry_run(server, tmp_path / "a.jsonl").articles == [edited.path]


@pytest.mark.parametrize("names", [["stale", "sitemap_index"], ["sitemap_index", "stale"]], ids=str)
def test_the_latest_edit_that_any_sitemap_knows_of_counts(names: list[str], tmp_path: Path) -> None:
    robots = "".join(f"Sitemap: %ROOT%/{name}.xml\n" for name in names)
    with site_of(60, rest=404, sitemap="yoast", feed=404, robots=robots) as (site, server):
        stale = server.get("/post-sitemap.xml")
        server.alter(lambda target, response: stale if target == "/stale.xml" else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (len(run.articles), run.status) == (len(set(run.articles)), 0)
        site.advance(hours=1)
        edited = site.edit(site.open_posts()[2].id, headline="Edited")
        again = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (again.articles, again.status) == ([edited.path], 0)
        assert again.counts["current"] == len(run.articles) - 1


@pytest.mark.parametrize("since", ["", "2000-01-01", "2050-01-01"])
@pytest.mark.parametrize(
    "sitemap",
    [
        "<sitemapindex><sitemap><loc>/page-sitemap.xml</loc></sitemap></sitemapindex>",
        "<sitemapindex/>",
        "<urlset><url><loc>/</loc><lastmod>2024-05-06T06:00:00Z</lastmod></url></urlset>",
        "<urlset><url><loc>http://[</loc></url></urlset>",
    ],
    ids=["index of pages", "index of nothing", "front page", "no address"],
)
def test_a_sitemap_that_lists_no_post_is_no_source(
    sitemap: str, since: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with site_of(60, rest=403) as (site, server):
        index = page(sitemap, content_type=XML)
        server.alter(lambda target, response: index if "sitemap.xml" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl", **({"since": since} if since else {}))
        assert run.status == 0
        assert set(run.articles) == public(site) if since < "2050" else len(run.articles) < 45
        assert "/page/2/" in run.asked
        assert "Looking for articles (feed)" in capsys.readouterr().err


@pytest.mark.parametrize("instead", [page("A page."), page("<urlset/>", content_type=XML)], ids=["page", "empty"])
def test_a_file_of_a_sitemap_that_is_none_is_noted(instead: Response, tmp_path: Path) -> None:
    with site_of(60, rest=403, sitemap_size=20) as (site, server):
        server.alter(lambda target, response: instead if "post-2.xml" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles) < public(site), run.status) == (True, 1)


@pytest.mark.parametrize(("limit", "found", "status"), [(1, 0, 1), (2, 20, 1), (3, 40, 1), (4, 60, 0), (5, 60, 0)])
def test_sitemaps_beyond_the_limit_are_missing_and_those_before_it_count(
    limit: int, found: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "IFP_MAX_SITEMAPS", limit)
    with site_of(60, rest=403, sitemap_size=20, feed=404) as (site, server):
        assert len(public(site)) == 60
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (len(run.articles), run.status) == (found, status), run.why


@pytest.mark.parametrize(
    ("last", "depth", "found", "status"), [(1, 3, 20, 0), (1, 4, 20, 0), (2, 3, 40, 0), (2, 4, 20, 1)]
)
def test_indexes_too_deep_inside_each_other_are_missing(
    last: int, depth: int, found: int, status: int, tmp_path: Path
) -> None:
    robots = "Sitemap: %ROOT%/wp-sitemap-posts-post-1.xml\nSitemap: %ROOT%/deep-0.xml\n"
    with site_of(20 * last, rest=403, sitemap_size=20, robots=robots) as (_, server):

        def nest(target: str, response: Response) -> Response:
            if (name := re.fullmatch(r"/deep-(\d)\.xml", target)) is None:
                return response
            number = int(name[1]) + 1
            lists = [f"/wp-sitemap-posts-post-{part}.xml" for part in range(1, last + 1)]
            children = [f"/deep-{number}.xml"] if number < depth else lists
            parts = "".join(f"<sitemap><loc>{child}</loc></sitemap>" for child in children)
            return page(f"<sitemapindex>{parts}</sitemapindex>", content_type=XML)

        server.alter(nest)
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (len(run.articles), run.status) == (found, status)


@pytest.mark.parametrize("kind", ["yoast", "rankmath"])
def test_a_sitemap_of_older_articles_alone_is_a_source_all_the_same(kind: str, tmp_path: Path) -> None:
    with site_of(60, rest=403, feed=404, sitemap=kind, sitemap_size=20) as (_, server):
        run = dry_run(server, tmp_path / "a.jsonl", since="2050-01-01")
        assert (run.articles, run.status, len(run.asked)) == ([], 0, 5)


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("names", [["old"], ["old", "wp-sitemap"], ["wp-sitemap", "old"]], ids=str)
def test_robots_txt_may_name_a_sitemap_of_old(names: list[str], status: int, tmp_path: Path) -> None:
    robots = "".join(f"Sitemap: %ROOT%/{name}.xml\n" for name in names)
    with site_of(60, robots=robots) as (site, server):
        fails = lambda target: status if target == "/old.xml" else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap", fails=fails)
        assert (set(run.articles), run.status) == (public(site), 1 if status == 500 else 0)
        assert status == 500 or run.asked.count("/old.xml") == 1


@pytest.mark.parametrize("feed", ["ok", 404])
@pytest.mark.parametrize("kind", ["yoast", "rankmath"])
def test_an_index_that_a_cache_has_kept_hides_nothing_for_good(kind: Any, feed: Any, tmp_path: Path) -> None:
    """The files themselves, and the feed, already show some of what is newer."""
    with site_of(140, rest=403, sitemap=kind, sitemap_size=40, feed=feed, feed_size=10) as (site, server):
        assert dry_run(server, tmp_path / "a.jsonl").status == 0
        kept = server.get("/sitemap_index.xml")
        added = set()
        for _ in range(100):
            site.advance(minutes=5)
            added.add(new_post(site).path)
        server.alter(lambda target, response: replace(kept) if target == "/sitemap_index.xml" else response)
        found = dry_run(server, tmp_path / "a.jsonl").articles
        assert 0 < len(found) < len(added)
        server.heal()
        site.advance(hours=1)
        found += dry_run(server, tmp_path / "a.jsonl").articles
        assert (set(found), len(found)) == (added, len(added))
        site.advance(hours=1)
        again = dry_run(server, tmp_path / "a.jsonl")
        assert (again.articles, len(again.asked)) == ([], 4)


@pytest.mark.parametrize("lastmod", [False, True])
def test_a_gap_that_the_sitemap_filled_hides_no_later_edit(lastmod: bool, tmp_path: Path) -> None:
    with site_of(230, sitemap_lastmod=lastmod) as (site, server):

        def meanwhile(page: str) -> None:
            if "&page=2" in page:
                site.withdraw(site.public()[0].id)

        run = dry_run(server, tmp_path / "a.jsonl", fails=meanwhile)
        assert (public(site) < set(run.articles), run.status) == (True, 0)
        assert "/wp-sitemap.xml" in run.asked  # REST skipped one
        site.advance(hours=1)
        edited = site.edit(site.public()[150].id, headline="Edited")
        assert dry_run(server, tmp_path / "a.jsonl").articles == [edited.path]
