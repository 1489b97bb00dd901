"""Where articles are looked for, and with how many requests: without network, so on many kinds of site."""

from __future__ import annotations

import gzip
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.discovery import Notes
from ifp_scraper.discovery.feed import read_feed
from ifp_scraper.discovery.listing import may_be_article, read_listing
from ifp_scraper.discovery.rest import read_posts
from ifp_scraper.discovery.sitemap import Document, read_entries, take_entries
from ifp_scraper.discovery.xml import read_cut_xml, read_xml
from tests.crawling import FAST, crawl, lines, scrapy
from tests.dry_run import dry_run
from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.response import XML, Response, page, redirect

NO_REST = {"rest": 403}
YOAST: dict[str, Any] = {"rest": 403, "sitemap": "yoast"}
NOTHING_BUT_LISTINGS: dict[str, Any] = {"rest": 404, "sitemap": None, "feed": 404}
KINDS: dict[str, dict[str, Any]] = {
    "rest": {},
    "rest of WordPress before 5.7": {"rest_ignores": frozenset(["modified_after"])},
    "yoast": {"rest": 403, "sitemap": "yoast"},
    "rankmath": {"rest": 401, "sitemap": "rankmath"},
    "yoast, several files": {"rest": 403, "sitemap": "yoast", "sitemap_size": 100},
    "rankmath, several files": {"rest": 404, "sitemap": "rankmath", "sitemap_size": 100},
    "core with lastmod": {"rest": "html", "sitemap_lastmod": True, "sitemap_size": 200},
}


@contextmanager
def site_of(count: int = 120, **config: Any) -> Iterator[tuple[Site, SiteServer]]:
    site = Site(make_posts(count, seed=3))
    with serve(site, **config) as server:
        yield site, server


def new_post(site: Site, **changes: Any) -> Post:
    """Publish a post now, or as ``changes`` say."""
    post = make_posts(1, seed=site.next_id())[0]
    post.id = site.next_id()
    post.slug = f"new-{post.id}"
    post.published = post.modified = site.now
    for name, value in changes.items():
        setattr(post, name, value)
    return site.add(post)


def public(site: Site) -> set[str]:
    return {post.path for post in site.public()}


# -- the first run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        *({"rest": answer} for answer in ("ok", 401, 403, 404, 500, "html")),
        {"rest_max_per_page": 50},
        {"rest": 403, "robots_names_sitemap": False},
        {"rest": 403, "sitemap": "yoast", "sitemap_gz": True, "sitemap_size": 40, "robots": 404},
        {"rest": 403, "sitemap_size": 40, "sitemap_broken": 2},
        {"rest": 403, "sitemap": "rankmath", "sitemap_size": 50, "sitemap_broken": 1, "feed": 404},
        {"rest": 403, "sitemap": None},
        {"rest": 403, "sitemap": None, "feed": "empty"},
        {"rest": 403, "sitemap": None, "listings": 404},
        NOTHING_BUT_LISTINGS,
    ],
    ids=str,
)
def test_whatever_source_is_denied_every_article_is_found_once(config: dict[str, Any], tmp_path: Path) -> None:
    with site_of(**config) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert run.status == 0, run.why
        assert len(run.articles) == len(set(run.articles))
        found, locked = set(run.articles), {post.path for post in site.public() if post.password_protected}
        assert found | locked == public(site)  # SEO plugins do not list what is locked
        asked_twice = len(run.asked) - len(set(run.asked))
        assert asked_twice == ("sitemap_size" in config)  # the index of several files, which may have grown
        again = dry_run(server, tmp_path / "a.jsonl")
        assert (again.articles, again.status) == ([], 0)
        assert len(again.asked) <= len(run.asked)


def test_articles_come_newest_first(tmp_path: Path) -> None:
    with site_of() as (site, server):
        assert dry_run(server, tmp_path / "a.jsonl").articles == [post.path for post in site.public()]


def test_what_a_broken_source_hides_the_next_one_shows(tmp_path: Path) -> None:
    with site_of(250, sitemap="yoast", sitemap_size=50) as (site, server):
        locked = {post.path for post in site.public() if post.password_protected}
        run = dry_run(server, tmp_path / "a.jsonl", fails=lambda page: 500 if "page=2" in page else None)
        assert (set(run.articles) | locked, run.status) == (public(site), 0)

        broken = ("page=2", "sitemap3", "paged=4", "/page/7/")
        fails = lambda page: 500 if any(part in page for part in broken) else None  # noqa: E731
        run = dry_run(server, tmp_path / "b.jsonl", fails=fails)
        assert (set(run.articles) | locked, run.status) == (public(site), 1)  # luck: nobody can know
        run = dry_run(server, tmp_path / "c.jsonl", sources="rest", fails=fails)
        assert run.status == 1
        assert len(run.articles) == 150
        run = dry_run(server, tmp_path / "c.jsonl")
        assert (set(run.articles) & public(site), len(run.articles), run.status) == (set(run.articles), 100, 0)


def test_a_source_that_shows_less_does_not_make_up_for_a_broken_one(tmp_path: Path) -> None:
    """The front page alone, where a part of the sitemap is missing."""
    config: dict[str, Any] = {"rest": 404, "feed": 404, "listings": 404, "sitemap_size": 40}
    with site_of(120, **config) as (site, server):
        fails = lambda page: 500 if "post-2.xml" in page else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", fails=fails)
        assert (run.status, len(run.articles)) == (1, 80)
        assert set(dry_run(server, tmp_path / "a.jsonl").articles) == public(site) - set(run.articles)


@pytest.mark.parametrize(
    ("sources", "first", "never"),
    [
        ("listing,rest", "/", "/wp-json"),
        ("feed", "/feed/", "/wp-json"),
        ("sitemap,rest", "/wp-sitemap.xml", "/wp-json"),
        ("feed,rest", "/feed/", "/page/"),
    ],
)
def test_sources_are_asked_in_the_order_given(sources: str, first: str, never: str, tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", sources=sources)
        assert run.asked[1] == first
        assert not any(never in page for page in run.asked)
        assert set(run.articles) == public(site)


def printing(server: SiteServer, root: str) -> None:
    """Have the site print another root than it answers to."""
    answer = server.get

    def get(target: str, headers: dict[str, str] | None = None) -> Response:
        found = answer(target, headers)
        for was, becomes in ((server.url, root), (server.url.replace("/", "\\/"), root.replace("/", "\\/"))):
            found.body = found.body.replace(was.encode(), becomes.encode())
        return found

    server.get = get  # type: ignore[method-assign]


@pytest.mark.parametrize("source", ["rest", "sitemap", "listing"])
@pytest.mark.parametrize("root", ["https://HOST", "http://www.HOST", "HTTP://HOST", "", "http://mirrored"])
def test_links_lead_to_the_site_that_answers_whatever_it_prints(root: str, source: str, tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        printing(server, root.replace("HOST", server.url.removeprefix("http://")))
        run = dry_run(server, tmp_path / "a.jsonl", sources=source)
        assert (set(run.articles), run.status) == (public(site), 0), run.why
        again = dry_run(server, tmp_path / "a.jsonl", sources=source)
        assert (again.articles, again.status) == ([], 0)


@pytest.mark.parametrize(
    "config",
    [{}, pytest.param(NO_REST, marks=pytest.mark.slow), pytest.param(NOTHING_BUT_LISTINGS, marks=pytest.mark.slow)],
    ids=str,
)
def test_a_mirror_that_prints_the_addresses_of_the_site_it_copies(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(24, **config) as (site, server):
        printing(server, "https://another.example")
        run = crawl(server.url, out)
        assert run.status == 0, run.err
        assert {line["url"] for line in lines(out)} == {f"https://another.example{path}" for path in public(site)}
        assert any("+" in line["layout"] for line in lines(out))
        assert not any("one-page-of-many" in line["warnings"] for line in lines(out))
        server.clear()
        assert crawl(server.url, out).status == 0
        assert not server.requests("/amp/")
        withdrawn = site.public()[3]
        site.withdraw(withdrawn.id)
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST)
        assert (run.status, lines(out)[-1]["status"], lines(out)[-1]["id"]) == (0, "gone", withdrawn.id), run.err


@pytest.mark.parametrize(
    ("config", "edits"),
    [
        ({}, 1),
        pytest.param(YOAST, 1, marks=pytest.mark.slow),
        pytest.param(NOTHING_BUT_LISTINGS, 0, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_permalinks_without_a_slash_at_the_end(config: dict[str, Any], edits: int, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(24, **config) as (site, server):
        answer = server.get
        slashes = re.compile(rb"(https?:\\?/\\?/[\w.:]+(?:\\?/[a-z0-9%-]+)+)\\?/(?=[\"'<])")

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            path, mark, query = target.partition("?")
            is_file = path.endswith("/") or "." in path or path.startswith("/wp-json")
            found = answer(target if is_file else f"{path}/{mark}{query}", headers)
            return replace(found, body=slashes.sub(rb"\1", found.body))

        server.get = get  # type: ignore[method-assign]
        run = crawl(server.url, out)
        assert run.status == 0, run.err
        assert {line["url"] for line in lines(out)} == {server.url + path.rstrip("/") for path in public(site)}
        assert any("+" in line["layout"] for line in lines(out))
        edited = next(post for post in site.public() if post.amp_enabled)
        site.advance(hours=1)
        site.edit(edited.id, headline="Another Headline")
        for _ in range(2):
            server.clear()
            assert crawl(server.url, out).status == 0
            assert len(lines(out)) == len(public(site)) + edits
        assert not [path for path in server.requests() if path.rstrip("/") + "/" in public(site)]


@pytest.mark.parametrize("config", [pytest.param({}, marks=pytest.mark.slow), NO_REST], ids=str)
@pytest.mark.parametrize("pages", [pytest.param("amp", marks=pytest.mark.slow), "both"])
def test_amp_pages_alone_of_a_mirror(pages: str, config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(24, **config) as (site, server):
        printing(server, "https://another.example")
        missing = {post.path for post in site.open_posts() if post.amp_enabled and pages == "both"}
        for asked in (True, pages == "both", False):  # what lacks a page is asked once more
            server.clear()
            server.fault(lambda target: target in missing, 404, None)
            run = crawl(server.url, out, "-a", f"pages={pages}")
            assert run.status == 0, run.err
            assert bool(server.requests("/amp/")) == asked
        assert lines(out.with_suffix(".runs.jsonl"))[-1]["failed_urls"] == []


NOTICES = b"<br />\n<b>Warning</b>: Undefined array key 0 in <b>/srv/{closure}/x.php</b> [a] on line <b>12</b><br />\n"


@pytest.mark.parametrize("config", [{}, {"rest": 403, "sitemap": "yoast"}], ids=str)
@pytest.mark.parametrize(
    ("before", "after"),
    [(b"\xef\xbb\xbf", b""), (b"\n\n ", b"\n"), (NOTICES, b""), (b"", b"\n<!-- kept " + b"x" * 5000 + b" -->")],
)
def test_text_around_a_rest_response_does_not_matter(
    before: bytes, after: bytes, config: dict[str, Any], tmp_path: Path
) -> None:
    with site_of(120, **config) as (_, server):
        plain = dry_run(server, tmp_path / "a.jsonl")
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target.startswith("/wp-json") or "sitemap" in target:
                found.body = before + found.body + after
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "b.jsonl")
        assert (run.articles, run.asked, run.status) == (plain.articles, plain.asked, 0)
        assert len(dry_run(server, tmp_path / "b.jsonl").asked) <= 4


@pytest.mark.parametrize(
    ("counted", "most"), [("5", 100), ("5", 50), ("0", 100), ("0", 50), ("-7", 100), ("many", 100), ("1000000", 100)]
)
def test_whatever_rest_counts_every_article_is_found(counted: str, most: int, tmp_path: Path) -> None:
    with site_of(230, rest_max_per_page=most) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            found.headers |= dict.fromkeys(found.headers.keys() & {"X-WP-Total", "X-WP-TotalPages"}, counted)
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        assert len(run.asked) < 10


@pytest.mark.parametrize("past_the_end", [400, 404])
def test_rest_that_counts_nothing_and_gives_fewer_than_asked_for(past_the_end: int, tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target.replace("per_page=100", "per_page=10"), headers)
            found.headers = {name: value for name, value in found.headers.items() if not name.startswith("X-WP")}
            found.status = past_the_end if found.status == 400 else found.status
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        fresh = {new_post(site).path for _ in range(25)}
        again = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(again.articles), again.status) == (fresh, 0)


def test_the_time_for_a_listing_grows_with_its_length() -> None:
    def seconds(count: int) -> float:
        links = "".join(f'<h2 class="entry-title"><a href="/a-{number}/">A</a></h2>' for number in range(count))
        selector = Selector(f"<html><body>{links}</body></html>", type="html")
        begin = time.process_time()
        assert len(read_listing(selector, "https://ifpnews.com/")) == count
        return time.process_time() - begin

    assert seconds(64_000) < 16 * seconds(8_000)


@pytest.mark.parametrize("root", ["", "https://another.example"])
def test_listings_go_on_where_the_front_page_says(root: str, tmp_path: Path) -> None:
    """As below ``/index.php/``, where the server does not pass addresses that are no files to WordPress."""
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        printing(server, root or server.url)
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if target == "/index.php/":
                return redirect(f"{server.url}/")
            if target.startswith("/index.php/page/"):
                target = target.removeprefix("/index.php")
            elif target != "/":
                return page("", 404)
            found = answer(target, headers)
            found.body = found.body.replace(b"/page/", b"/index.php/page/")
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("how", ["again", "redirect"])
def test_a_front_page_whose_further_pages_are_all_itself_is_no_whole_list(how: str, tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if not target.startswith("/page/"):
                return answer(target, headers)
            return redirect(f"{server.url}/") if how == "redirect" else answer("/", headers)

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("section", ["", "iran-news"])
def test_rest_where_only_a_query_leads_to_it(section: str, tmp_path: Path) -> None:
    """As behind a server that does not pass addresses that are no files to WordPress."""
    with site_of(230, sitemap=None) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if target.startswith("/wp-json"):
                return page("", 404)
            if target.startswith("/?rest_route="):
                target = "/wp-json" + target.removeprefix("/?rest_route=").replace("&", "?", 1)
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        arguments = {"section": section} if section else {}
        expected = {post.path for post in site.in_section(section)} if section else public(site)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest", **arguments)
        assert (set(run.articles), len(run.articles), run.status) == (expected, len(expected), 0)
        site.advance(hours=1)
        edited = site.public()[200]
        edited.modified = site.now
        again = dry_run(server, tmp_path / "a.jsonl", sources="rest", **arguments)
        assert (again.articles, again.status) == ([edited.path] if edited.path in expected else [], 0)


@pytest.mark.parametrize("number", [True, 0, -5, 2**70, "12", None, 1.5])
def test_an_invalid_id(number: Any) -> None:
    post = {"id": number, "link": "https://ifpnews.com/a/", "date_gmt": "2024-01-01T00:00:00"}
    assert [(ref.url, ref.id) for ref in read_posts([post], "https://ifpnews.com")] == [
        ("https://ifpnews.com/a/", None)
    ]


def test_rest_that_gives_the_same_page_for_ever_is_left(tmp_path: Path) -> None:
    with site_of(230) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            return answer(target.partition("&page=")[0] if target.startswith("/wp-json") else target, headers)

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)  # the sitemap has the rest
        assert len(run.asked) < 12


@pytest.mark.parametrize("robots", ["", "Sitemap: %ROOT%/news-sitemap.xml\n"])
def test_a_news_sitemap_is_never_the_whole_list(robots: str, tmp_path: Path) -> None:
    with site_of(60, rest=404, sitemap=None, robots=robots) as (site, server):
        answer = server.get

        def urlset(posts: Sequence[Post]) -> Response:
            locations = "".join(f"<url><loc>{server.url}{post.path}</loc></url>" for post in posts)
            return page(f"<urlset>{locations}</urlset>", content_type=XML)

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if target == "/sitemap.xml":
                parts = "".join(
                    f"<sitemap><loc>{server.url}/{name}-sitemap.xml</loc></sitemap>" for name in ("news", "all")
                )
                return page(f"<sitemapindex>{parts}</sitemapindex>", content_type=XML)
            if target in ("/news-sitemap.xml", "/all-sitemap.xml"):
                return urlset(site.public()[:3] if "news" in target else site.public())
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("names", [["old"], ["old", "wp-sitemap"], ["wp-sitemap", "old"]], ids=str)
def test_robots_txt_may_name_a_sitemap_of_old(names: list[str], status: int, tmp_path: Path) -> None:
    robots = "".join(f"Sitemap: %ROOT%/{name}.xml\n" for name in names)
    with site_of(60, robots=robots) as (site, server):
        fails = lambda target: status if target == "/old.xml" else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", sources="sitemap", fails=fails)
        assert (set(run.articles), run.status) == (public(site), 1 if status == 500 else 0)
        assert status == 500 or run.asked.count("/old.xml") == 1


def test_a_site_that_shows_nothing_is_a_failure(tmp_path: Path) -> None:
    with site_of(20, **NOTHING_BUT_LISTINGS, listings=403) as (_, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert run.status == 1
        assert run.why is not None
        assert "shows no articles" in run.why


def test_a_site_with_plain_permalinks_is_a_failure(tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            for post in site.public():
                found.body = found.body.replace(f"{post.slug}\\/".encode(), f"?p={post.id}".encode())
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (run.status, run.articles) == (1, [])
        assert run.why is not None
        assert "permalinks are plain" in run.why


@pytest.mark.parametrize("lastmod", [False, True])
def test_a_gap_that_the_sitemap_filled_hides_no_later_edit(lastmod: bool, tmp_path: Path) -> None:
    with site_of(230, sitemap_lastmod=lastmod) as (site, server):
        answer = server.get

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            if "&page=2" in target:
                site.withdraw(site.public()[0].id)
            return answer(target, headers)

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (public(site) < set(run.articles), run.status) == (True, 0)
        assert "/wp-sitemap.xml" in run.asked  # REST has passed over one
        server.get = answer  # type: ignore[method-assign]
        site.advance(hours=1)
        edited = site.edit(site.public()[150].id, headline="Edited")
        assert dry_run(server, tmp_path / "a.jsonl").articles == [edited.path]


# -- later runs ------------------------------------------------------------------------------------------------


def test_a_compressed_feed_is_known_again(tmp_path: Path) -> None:
    with site_of(40, rest=404, sitemap=None) as (_, server):
        answer = server.get
        statuses = []

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target == "/feed/":
                statuses.append(found.status)
                found.headers["ETag"] = "W/" + found.headers["ETag"]  # as nginx does
            return found

        server.get = get  # type: ignore[method-assign]
        for _ in range(2):
            assert dry_run(server, tmp_path / "a.jsonl").status == 0
        assert statuses == [200, 304]


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


@pytest.mark.parametrize("ignored", [[], ["modified_after"]], ids=["rest", "rest of WordPress before 5.7"])
def test_after_an_edit_of_many_at_once_all_are_found(ignored: list[str], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(400, rest_ignores=frozenset(ignored)) as (site, server):
        dry_run(server, out)
        site.advance(hours=1)
        edited = {site.edit(post.id, headline="Bulk").path for post in site.public()[20:370]}
        assert set(dry_run(server, out).articles) == edited
        run = dry_run(server, out)
        assert not run.articles
        assert len(run.asked) < 15


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
    """Neither one from before it, nor one from afterwards: what core's sitemap lists has no time of its last edit."""
    out = tmp_path / "a.jsonl"
    with site_of(250) as (site, server):
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


@pytest.mark.parametrize("kind", KINDS)
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
    """What was listed before its edit, in a run whose later pages say of later edits."""
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


def test_a_sitemap_file_that_is_added_meanwhile_is_read(tmp_path: Path) -> None:
    """Rank Math lists the latest first: what is published pushes the oldest articles into another file."""
    with site_of(120, rest=403, sitemap="rankmath") as (site, server):
        server.config.sitemap_size = len(site.open_posts()) // 2

        def meanwhile(page: str) -> None:
            if "post-sitemap2" in page:
                new_post(site)
                new_post(site)

        oldest = {post.path for post in site.open_posts()}
        assert set(dry_run(server, tmp_path / "a.jsonl", fails=meanwhile).articles) >= oldest


def test_a_source_that_broke_off_once_is_asked_again(tmp_path: Path) -> None:
    """What core's sitemap lists has no time of its last edit: if it took the place of REST, no edit would be seen."""
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

        # A partial run after a whole one: what it skipped lies beneath what it took.
        site.advance(days=3)
        added = {new_post(site, published=site.now - timedelta(minutes=n)).path for n in range(45)}
        limited = set(dry_run(server, out, limit="12").articles)
        assert len(limited) == 12
        assert set(dry_run(server, out).articles) == added - limited


def test_a_share_of_failures_below_a_hundredth_is_no_failure(tmp_path: Path) -> None:
    with site_of(120) as (site, server):
        one, other = (post.path for post in site.open_posts()[:2])
        assert dry_run(server, tmp_path / "a.jsonl", broken=lambda path: path == one).status == 0
        assert dry_run(server, tmp_path / "b.jsonl", broken=lambda path: path in (one, other)).status == 1
        assert dry_run(server, tmp_path / "a.jsonl").articles == [one]


def test_a_feed_of_one_page_does_not_hide_what_is_beneath_it(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap=None) as (site, server):
        dry_run(server, out)
        site.advance(days=3)
        added = {new_post(site, published=site.now - timedelta(minutes=n)).path for n in range(45)}
        run = dry_run(server, out, fails=lambda page: 404 if "paged" in page else None)
        assert set(run.articles) == added
        assert not any("page/8" in page for page in run.asked)


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
        assert len(dry_run(server, out).articles) == 29  # one is locked, as it was


# -- arguments -------------------------------------------------------------------------------------------------


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
        assert inside <= set(dry_run(server, tmp_path / "b.jsonl", since=since, until=until).articles)
        again = dry_run(server, tmp_path / "a.jsonl", since=since, until=until)
        assert not inside & set(again.articles)


def test_rest_is_asked_for_the_range_alone_and_its_first_second_belongs_to_it(tmp_path: Path) -> None:
    with site_of(250) as (site, server):
        newest_first = site.public()
        until, since = newest_first[40].published, newest_first[60].published
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
    """The site's own list begins behind it: it would be taken for one of plain permalinks."""
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
        given = f"{one}amp/,{one}?amp=1,{one},{one}2/,{server.url}/?p=5,{server.url}/?p=6,{other}"
        run = dry_run(server, tmp_path / "a.jsonl", urls=given)
        assert run.asked == []
        assert run.articles == [site.public()[0].path, "/?p=5", "/?p=6", site.public()[1].path]


# -- what the sources print ------------------------------------------------------------------------------------


def test_an_atom_feed_says_when_and_which() -> None:
    site = Site(make_posts(30))
    with serve(site) as server:
        root = read_xml(server.get("/feed/atom/").body, 10**7)
        assert root is not None
        refs = read_feed(root, server.url + "/feed/")
    assert [(ref.id, ref.url) for ref in refs] == [(post.id, server.url + post.path) for post in site.public()[:20]]
    assert refs[0].published_at == f"{site.public()[0].published:%Y-%m-%dT%H:%M:%SZ}"
    assert refs[0].modified_at == f"{site.public()[0].modified:%Y-%m-%dT%H:%M:%SZ}"


def test_a_sitemap_that_breaks_off_gives_what_came_and_says_so() -> None:
    whole = b"<urlset><url><loc>https://a.b/c/</loc></url><url><loc>https://a.b/d/</loc></url></urlset>"
    for body, count, cut in (
        (whole, 2, False),
        (whole + b"<!-- by a plugin -->", 2, False),
        (whole[:70], 2, True),
        (gzip.compress(whole), 2, False),
        (b"<br><b>Notice</b>: Undefined index\n" + whole, 2, False),
        (whole.replace(b"</url>", b"&nbsp;</url>"), 2, False),
        (b"<urlset></urlset>", 0, False),
        (b"<urlset/>", 0, False),
        (b"<s:urlset xmlns:s='u'><s:url><s:loc>https://a.b/c/</s:loc></s:url></s:urlset>", 1, False),
    ):
        root, is_cut = read_cut_xml(body, 10**6)
        assert root is not None
        assert (len(read_entries(root, "https://a.b/")), is_cut) == (count, cut)
    for body in (b"no xml", b"", b"\x1f\x8b no gzip"):
        assert read_cut_xml(body, 10**6) == (None, False)
    root, is_cut = read_cut_xml(gzip.compress(whole), 70)  # a bomb is not unpacked
    assert root is not None
    assert (len(root), is_cut) == (2, True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a-b/", True),
        ("/exclusive/a-b/", True),
        ("/wp-7-a-dead-pilot/", True),
        ("/", False),
        ("/category/x/", False),
        ("/page/2/", False),
        ("/wp-content/a/", False),
        ("/tag/x/", False),
        ("/author/x/", False),
        ("/tag-x/", True),
        ("/2024/05/", False),
        ("/2024-05/", True),
        ("/feed/", False),
        ("/a-b/feed/", False),
        ("/a-b/embed", False),
        ("/a-b.PDF", False),
        ("/wp-json", False),
    ],
)
def test_addresses_of_articles(path: str, expected: bool) -> None:
    assert may_be_article("https://ifpnews.com" + path, "https://ifpnews.com") is expected
    assert not may_be_article("https://other.example" + path, "https://ifpnews.com")
    assert not may_be_article("ftp://ifpnews.com" + path, "https://ifpnews.com")


@pytest.mark.parametrize(
    ("count", "made", "apart", "kept"),
    [
        (10, "2024-05-06T12:00:00Z", 0, False),
        (10, "2090-01-01T00:00:00Z", 0, False),
        (9, "2024-05-06T12:00:00Z", 0, True),
        (1, "2024-05-06T12:00:20Z", 0, False),  # such an edit is yet to come
        (10, "2024-05-06T12:00:00Z", 1, True),  # posts that were made just now
        (10, "2024-05-05T12:00:00Z", 0, True),
    ],
)
def test_a_lastmod_of_now_or_yet_to_come_is_left_out(count: int, made: str, apart: int, kept: bool) -> None:
    times = [parse_utc(made) - timedelta(seconds=apart * number) for number in range(count)]
    entries = "".join(
        f"<url><loc>https://a.b/{time:%S}/</loc><lastmod>{format_utc(time)}</lastmod></url>" for time in times
    )
    root, _ = read_cut_xml(f"<urlset>{entries}</urlset>".encode(), 10**6)
    assert root is not None
    found = read_entries(root, "https://a.b/", parse_utc("2024-05-06T12:00:05Z"))
    assert [entry.lastmod for entry in found] == ([format_utc(time) for time in times] if kept else [None] * count)


@pytest.mark.parametrize(
    ("captured_at", "lastmod"),
    [("2024-05-06T23:00:00Z", None), ("2024-05-07T20:00:00Z", None), ("2024-05-09T00:00:00Z", "2024-05-05T20:30:00Z")],
)
def test_a_lastmod_that_is_a_day_counts_when_the_day_is_over(captured_at: str, lastmod: str | None) -> None:
    root = read_xml(b"<urlset><url><loc>/a/</loc><lastmod>2024-05-06</lastmod></url></urlset>", 99)
    assert root is not None
    entries = read_entries(root, "https://ifpnews.com/sitemap.xml", parse_utc(captured_at))
    assert [entry.lastmod for entry in entries] == [lastmod]


@pytest.mark.parametrize("since", ["", "3 days ago"])
def test_a_lastmod_that_is_a_day_puts_the_newest_first(since: str, tmp_path: Path) -> None:
    """Also where the day is not over: of a range, they would come behind so much that is older that they are lost."""
    with site_of(120, rest=404, sitemap="yoast") as (site, server):
        answer = server.get
        now = datetime.now(UTC)
        for number, post in enumerate(site.public()):
            post.published = post.modified = now - timedelta(hours=12 * number)
        site.advance(seconds=(now - site.now).total_seconds())

        def get(target: str, headers: dict[str, str] | None = None) -> Response:
            found = answer(target, headers)
            if target.endswith(".xml"):
                found = replace(found, body=re.sub(rb"(<lastmod>[\d-]{10})T[^<]*", rb"\1", found.body))
            return found

        server.get = get  # type: ignore[method-assign]
        run = dry_run(server, tmp_path / "a.jsonl", **({"since": since} if since else {"limit": "3"}))
        assert run.articles[:3] == [post.path for post in site.open_posts()[:3]]


@pytest.mark.parametrize(
    ("entry", "count", "taken", "broken"),
    [
        (
            "<url><loc>https://a.b/{}/</loc></url>",
            50_001,
            50_000,
            ["lists 50001 addresses, of which 50000 were taken"],
        ),
        ("<url><loc>https://a.b/{}/</loc></url>", 50_000, 50_000, []),
        ("<url><loc>mailto:a{}@a.b</loc></url>", 1, 0, ["lists no address on this site"]),
        ("", 1, 0, []),
    ],
)
def test_what_a_sitemap_does_not_show_is_noted(entry: str, count: int, taken: int, broken: list[str]) -> None:
    root, _ = read_cut_xml(f"<urlset>{''.join(map(entry.format, range(count)))}</urlset>".encode(), 10**8)
    assert root is not None
    notes = Notes()
    assert len(take_entries(Document(root, False), "https://a.b/sitemap.xml", notes)) == taken
    assert notes.broken == [f"https://a.b/sitemap.xml: {fault}" for fault in broken]


def test_a_news_sitemap_says_when_articles_were_published() -> None:
    root = read_xml(
        b"<urlset xmlns:n='n'><url><loc>/a/</loc><image/><n:news><n:publication_date>2024-05-06T09:30:00+03:30"
        b"</n:publication_date></n:news></url><url><loc>/b/</loc></url></urlset>",
        10**6,
    )
    assert root is not None
    entries = read_entries(root, "https://ifpnews.com/news-sitemap.xml")
    assert [(entry.published_at, entry.published_raw) for entry in entries] == [
        ("2024-05-06T06:00:00Z", "2024-05-06T09:30:00+03:30"),
        (None, None),
    ]
