"""Where articles are looked for; without network, so on many kinds of site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper import settings
from ifp_scraper.dates import format_utc
from ifp_scraper.discovery import listing, rest
from tests.crawling import FAST, NO_REST, NOTHING_BUT_LISTINGS, crawl, lines, new_post, printing, scrapy, site_of
from tests.dry_run import dry_run
from tests.site import Post, Site, SiteServer
from tests.site.response import XML, Response, page, redirect

YOAST: dict[str, Any] = {"rest": 403, "sitemap": "yoast"}


def public(site: Site) -> set[str]:
    return {post.path for post in site.public()}


@pytest.mark.parametrize(
    "config",
    [
        *({"rest": answer} for answer in ("ok", 401, 403, 404, 500, "html")),
        {"rest_max_per_page": 50},
        {"rest_max_per_page": 9},
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
        assert found | locked == public(site)  # SEO plugins do not list posts with a password
        asked_once = [page for page in run.asked if page != "/" and "/page/" not in page]  # articles may have moved up
        asked_twice = len(asked_once) - len(set(asked_once))
        assert asked_twice == ("sitemap_size" in config)  # an index of several files: it may have grown
        again = dry_run(server, tmp_path / "a.jsonl")
        assert (again.articles, again.status) == ([], 0)
        assert len(again.asked) <= len(run.asked)


@pytest.mark.parametrize(("most", "requests"), [(100, 2), (50, 4), (12, 14)])
def test_rest_that_allows_fewer_posts_a_page(most: int, requests: int, tmp_path: Path) -> None:
    with site_of(rest_max_per_page=most) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (run.status, len(run.asked)) == (0, 1 + requests), run.why
        assert all("/wp/v2/posts" in page for page in run.asked[1:])
        oldest = site.public()[-1]
        site.edit(oldest.id, headline="Edited")  # which core's sitemap would not show
        assert dry_run(server, tmp_path / "a.jsonl").articles == [oldest.path]


def test_articles_come_newest_first(tmp_path: Path) -> None:
    with site_of() as (site, server):
        assert dry_run(server, tmp_path / "a.jsonl").articles == [post.path for post in site.public()]


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


def test_what_a_broken_source_hides_the_next_one_shows(tmp_path: Path) -> None:
    with site_of(250, sitemap="yoast", sitemap_size=50) as (site, server):
        locked = {post.path for post in site.public() if post.password_protected}
        run = dry_run(server, tmp_path / "a.jsonl", fails=lambda page: 500 if "page=2" in page else None)
        assert (set(run.articles) | locked, run.status) == (public(site), 0)

        broken = ("page=2", "sitemap3", "paged=4", "/page/7/")
        fails = lambda page: 500 if any(part in page for part in broken) else None  # noqa: E731
        run = dry_run(server, tmp_path / "b.jsonl", fails=fails)
        assert (set(run.articles) | locked, run.status) == (public(site), 1)  # by luck, which the run cannot know
        run = dry_run(server, tmp_path / "c.jsonl", sources="rest", fails=fails)
        assert run.status == 1
        assert len(run.articles) == 150
        run = dry_run(server, tmp_path / "c.jsonl")
        assert (set(run.articles) & public(site), len(run.articles), run.status) == (set(run.articles), 100, 0)


def test_a_source_that_shows_less_does_not_make_up_for_a_broken_one(tmp_path: Path) -> None:
    """Here the front page is all that is left, and a part of the sitemap is missing."""
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
        slashes = re.compile(rb"(https?:\\?/\\?/[\w.:]+(?:\\?/[a-z0-9%-]+)+)\\?/(?=[\"'<])")

        def add_slash(target: str) -> str:
            path, mark, query = target.partition("?")
            is_file = path.endswith("/") or "." in path or path.startswith("/wp-json")
            return target if is_file else f"{path}/{mark}{query}"

        server.reroute(add_slash)
        server.alter(lambda target, response: replace(response, body=slashes.sub(rb"\1", response.body)))
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
        for asked in (True, pages == "both", False):  # what lacks a page is requested once more
            server.clear()
            server.fault(lambda target: target in missing, 404, None)
            run = crawl(server.url, out, "-a", f"pages={pages}")
            assert run.status == 0, run.err
            assert bool(server.requests("/amp/")) == asked
        assert lines(out.with_suffix(".runs.jsonl"))[-1]["failed_urls"] == []


NOTICES = (
    b"<br />\n<b>Warning</b>: Undefined array key 0 in <b>/srv/[{closure}]/x.php</b> [a] on line <b>12</b><br />\n"
)


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

        def surround(target: str, response: Response) -> Response:
            if target.startswith("/wp-json") or "sitemap" in target:
                response.body = before + response.body + after
            return response

        server.alter(surround)
        run = dry_run(server, tmp_path / "b.jsonl")
        assert (run.articles, run.asked, run.status) == (plain.articles, plain.asked, 0)
        assert len(dry_run(server, tmp_path / "b.jsonl").asked) <= 4


@pytest.mark.parametrize("counted", ["5", "0", "-7", "many", "1000000", "9" * 5000])
def test_whatever_rest_counts_every_article_is_found(counted: str, tmp_path: Path) -> None:
    with site_of(230) as (site, server):

        def miscount(target: str, response: Response) -> Response:
            response.headers |= dict.fromkeys(response.headers.keys() & {"X-WP-Total", "X-WP-TotalPages"}, counted)
            return response

        server.alter(miscount)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        assert len(run.asked) < 10


@pytest.mark.parametrize(
    ("answer", "arguments"),
    [
        *(("[]", arguments) for arguments in ({}, {"since": "2000-01-01"}, {"section": "iran-news"})),
        *((answer, {}) for answer in ("{}", "null", '{"code": "rest_disabled"}')),
    ],
    ids=str,
)
def test_rest_that_hides_all_posts_is_no_source(answer: str, arguments: dict[str, str], tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        empty = page(answer, content_type="application/json")
        server.alter(lambda target, response: empty if "/wp/v2/posts" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl", **arguments)
        expected = {post.path for post in site.in_section("iran-news")} if "section" in arguments else public(site)
        assert (set(run.articles), run.status) == (expected, 0)


@pytest.mark.parametrize("until", ["1990-01-01", "2050-01-01"])
def test_rest_that_has_nothing_in_the_range_is_a_source_all_the_same(until: str, tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", until=until)
        assert (len(run.articles), run.status) == (0 if until < "2000" else len(site.public()), 0)
        assert len(run.asked) == (3 if until < "2000" else 2)


@pytest.mark.parametrize(
    "body", ["5", "{}", "[]", "[[]]", '[{"id": "7", "slug": "iran-news"}]', "no JSON", "[" * 9999]
)
def test_categories_that_make_no_sense_are_no_way_to_a_section(body: str, tmp_path: Path) -> None:
    with site_of(60) as (site, server):
        answer = page(body, content_type="application/json")
        server.alter(lambda target, response: answer if "/wp/v2/categories" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl", section="iran-news")
        assert (set(run.articles), run.status) == ({post.path for post in site.in_section("iran-news")}, 0)


@pytest.mark.parametrize("past_the_end", [400, 404])
def test_rest_that_counts_nothing_and_gives_fewer_than_asked_for(past_the_end: int, tmp_path: Path) -> None:
    with site_of(60) as (site, server):

        def leave_out_counts(target: str, response: Response) -> Response:
            headers = {name: value for name, value in response.headers.items() if not name.startswith("X-WP")}
            return Response(response.body, past_the_end if response.status == 400 else response.status, headers)

        server.reroute(lambda target: target.replace("per_page=100", "per_page=10"))
        server.alter(leave_out_counts)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        fresh = {new_post(site).path for _ in range(25)}
        again = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(again.articles), again.status) == (fresh, 0)


@pytest.mark.parametrize("past_the_end", [None, 200, 400, 404, 410])
def test_categories_that_are_not_counted_lead_to_a_section(past_the_end: int | None, tmp_path: Path) -> None:
    """Their first page may be given for ever."""
    with site_of(60) as (site, server):

        def leave_out_counts(target: str, response: Response) -> Response:
            if "/wp/v2/categories" not in target:
                return response
            if past_the_end and "page=2" in target:
                return page("[]", past_the_end)
            return page(first)

        first = server.get("/wp-json/wp/v2/categories?per_page=100").body.decode()
        server.alter(leave_out_counts)
        run = dry_run(server, tmp_path / "a.jsonl", section="iran-news", sources="rest")
        assert (set(run.articles), run.status) == ({post.path for post in site.in_section("iran-news")}, 0)
        assert sum("wp/v2/categories" in page for page in run.asked) == 2


def test_a_page_of_categories_that_is_missing_may_hold_some_of_a_section(tmp_path: Path) -> None:
    with site_of(60) as (_, server):

        def state_two_pages(target: str, response: Response) -> Response:
            if "/wp/v2/categories" in target:
                response.headers["X-WP-TotalPages"] = "2"
            return response

        server.alter(state_two_pages)
        fails = lambda page: 404 if "categories" in page and "page=2" in page else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", section="iran-news", sources="rest", fails=fails)
        assert (run.articles, run.status) == ([], 1)


@pytest.mark.parametrize(("per_page", "total"), [(100, "100"), (50, "49")])
def test_rest_with_a_count_of_one_page_that_is_out_of_date(per_page: int, total: str, tmp_path: Path) -> None:
    with site_of(230) as (site, server):
        count = {"X-WP-Total": total, "X-WP-TotalPages": "1"}
        server.reroute(lambda target: target.replace("per_page=100", f"per_page={per_page}"))
        server.alter(lambda target, response: replace(response, headers={**response.headers, **count}))
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(run.articles), run.status) == (public(site), 0)


def test_a_page_of_rest_whose_posts_have_no_address_is_noted(tmp_path: Path) -> None:
    with site_of(330) as (site, server):

        def leave_out_counts_and_addresses(target: str, response: Response) -> Response:
            body = re.sub(rb'"link":"[^"]*', b'"link":"', response.body) if "&page=2" in target else response.body
            return Response(body, response.status, {"Content-Type": "application/json"})

        server.alter(leave_out_counts_and_addresses)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(run.articles) < public(site), run.status) == (True, 1)


def test_rest_that_counts_nothing_after_a_run_that_knew_of_no_edits(tmp_path: Path) -> None:
    """Nothing would tell where the new articles end, so all pages are read."""
    out = tmp_path / "a.jsonl"
    with site_of(330) as (site, server):
        server.alter(lambda target, response: replace(response, headers={"Content-Type": "application/json"}))
        dry_run(server, out, sources="rest")
        runs = out.with_suffix(".runs.jsonl")
        runs.write_text(re.sub(r'"newest_modified": "[^"]*"', '"newest_modified": null', runs.read_text()))
        fresh = {new_post(site).path for _ in range(150)}
        again = dry_run(server, out, sources="rest")
        assert (set(again.articles), again.status) == (fresh, 0)


def test_a_page_of_the_feed_that_fails_where_nothing_else_is_offered(tmp_path: Path) -> None:
    with site_of(60, rest=403, sitemap=None, listings=404) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", fails=lambda target: 500 if "paged=2" in target else None)
        assert (len(run.articles) < len(public(site)), run.status) == (True, 1)
        rest = dry_run(server, tmp_path / "a.jsonl")
        assert ({*run.articles, *rest.articles}, rest.status) == (public(site), 0)


def test_a_feed_alone_is_never_the_whole_list(tmp_path: Path) -> None:
    with site_of(60, rest=403, sitemap=None) as (site, server):
        there = ("/feed/", "/robots.txt", *(post.path for post in site.public()))
        run = dry_run(server, tmp_path / "a.jsonl", fails=lambda target: None if target.startswith(there) else 404)
        assert (len(run.articles) > 10, run.status) == (True, 1)


@pytest.mark.parametrize("paged", [True, False])
@pytest.mark.parametrize("status", [200, 404])
def test_a_feed_that_ends_before_what_is_known_is_not_the_whole_list(paged: bool, status: int, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, rest=403, sitemap=None, feed_size=30) as (site, server):

        def end_feed(target: str, response: Response) -> Response:
            return page("", status) if "paged=" in target and not paged else response

        def hide_listings(target: str, response: Response) -> Response:
            return page("Back soon.") if target in ("/", "/all-stories/", "/iran-news/") else response

        server.alter(end_feed)
        assert dry_run(server, out).status == 0
        for _ in range(45):
            new_post(site)
            site.advance(minutes=10)
        server.alter(hide_listings)
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == ((45, 0) if paged else (30, 1))
        server.heal()
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == (0 if paged else 15, 0)


def test_a_feed_that_is_none_is_left(tmp_path: Path) -> None:
    with site_of(60, rest=403, sitemap=None) as (site, server):
        server.alter(lambda target, response: page("A page.") if "/feed/" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)


def test_a_feed_that_gives_the_same_page_for_ever_is_left(tmp_path: Path) -> None:
    with site_of(60, rest=403, sitemap=None) as (site, server):
        server.reroute(lambda target: target.partition("?paged=")[0])
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)
        assert sum("/feed/" in target for target in run.asked) == 2


@pytest.mark.parametrize("root", ["", "https://another.example"])
def test_listings_go_on_where_the_front_page_says(root: str, tmp_path: Path) -> None:
    """As below ``/index.php/``, on a server without URL rewriting."""
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        printing(server, root or server.url)

        def serve_below_index_php(target: str, response: Response) -> Response:
            if target == "/index.php/":
                return redirect(f"{server.url}/")
            if target != "/" and not target.startswith("/index.php/page/"):
                return page("", 404)
            return replace(response, body=response.body.replace(b"/page/", b"/index.php/page/"))

        server.reroute(lambda target: target.removeprefix("/index.php"))
        server.alter(serve_below_index_php)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


@pytest.mark.parametrize("how", ["again", "redirect"])
def test_a_front_page_whose_further_pages_are_all_itself_is_no_whole_list(how: str, tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        home = redirect(f"{server.url}/")
        if how == "redirect":
            server.alter(lambda target, response: home if target.startswith("/page/") else response)
        else:
            server.reroute(lambda target: "/" if target.startswith("/page/") else target)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


def test_a_blog_of_several_pages_is_the_whole_list(tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (_, server):
        for last in ("/page/8/", "/page/2/"):
            pages = dry_run(server, tmp_path / "a.jsonl", sources="listing").asked[2:]
            assert (pages[0], max(pages)) == ("/page/2/", last)


@pytest.mark.parametrize("hidden", ["page/[34]/", "page/[67]/"])
def test_a_listing_that_ends_before_what_is_known_is_not_the_whole_list(hidden: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        assert dry_run(server, out).status == 0
        for _ in range(45):
            new_post(site)
            site.advance(minutes=10)
        server.alter(lambda target, response: page("Back soon.") if re.search(hidden, target) else response)
        run = dry_run(server, out)
        is_gap = "3" in hidden  # else the page before has known articles too
        assert (len(run.articles), run.status) == ((20, 1) if is_gap else (45, 0))
        server.heal()
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == (25 if is_gap else 0, 0)


def test_articles_that_move_up_to_a_page_already_read_are_found(tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        withdrawn = [post.id for post in site.public()[:3]]

        def withdraw(page: str) -> None:
            while page == "/page/3/" and withdrawn:
                site.withdraw(withdrawn.pop())

        found = dry_run(server, tmp_path / "a.jsonl", fails=withdraw).articles
        assert len(found) == len(set(found))
        assert public(site) <= set(found)


def test_pages_behind_the_last_new_article_are_not_read_again(tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        failing = sorted(site.public(), key=lambda post: post.published)[-15].path  # on page 2
        for _ in range(2):
            run = dry_run(server, tmp_path / "a.jsonl", broken=lambda path: path == failing)
            twice = {page for page in run.asked if run.asked.count(page) > 1}
        assert twice == {"/", "/page/2/"}


def test_pages_of_a_listing_that_fail_or_list_nothing_now_and_then_are_noted(tmp_path: Path) -> None:
    with site_of(120, **NOTHING_BUT_LISTINGS) as (site, server):
        order = [post.path for post in site.public()]
        for missing, status in (((3, 6), 404), ((3, 4, 7, 8), 500)):
            gone = [f"/page/{number}/" for number in missing]
            fails = lambda target: status if target in gone else None  # noqa: E731, B023
            run = dry_run(server, tmp_path / f"{status}.jsonl", sources="listing", fails=fails)
            assert (run.status, len(run.articles)) == (1, len(order) - 10 * len(missing))


def test_a_listing_whose_pages_all_fail_is_left_soon(tmp_path: Path) -> None:
    with site_of(120, **NOTHING_BUT_LISTINGS, listings=404) as (_, server):
        for first, asked in ((False, ["/", "/page/2/", "/page/3/", "/page/4/"]), (True, ["/"])):
            fails = lambda target: 500 if first or target != "/" else None  # noqa: E731, B023
            run = dry_run(server, tmp_path / f"{first}.jsonl", sources="listing", fails=fails)
            assert run.asked[1:][: len(asked) + 2] == [*asked, "/all-stories/", "/iran-news/"]
            assert run.status == 1


def test_a_listing_longer_than_what_is_read_of_it_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "IFP_MAX_LISTING_PAGES", 3)
    with site_of(60, **NOTHING_BUT_LISTINGS) as (_, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (len(run.articles), run.status) == (30, 1)


@pytest.mark.parametrize(
    ("config", "source"),
    [({"listings": 404, **NO_REST, "sitemap": None}, "feed"), ({}, "rest")],
    ids=["feed", "rest"],
)
def test_a_source_longer_than_what_is_read_of_it_is_not_complete(
    config: dict[str, Any], source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site_of(430, **config) as (site, server):
        server.alter(lambda target, response: replace(response, headers={"Content-Type": XML}))
        run = dry_run(server, tmp_path / "a.jsonl", sources=source)
        assert (set(run.articles), run.status) == (public(site), 0)
        monkeypatch.setattr(settings, "IFP_MAX_LISTING_PAGES", 3)
        run = dry_run(server, tmp_path / "b.jsonl", sources=source)
        assert (set(run.articles) < public(site), run.status) == (True, 1)


@pytest.mark.parametrize(("limit", "status"), [(1, 1), (4, 0)])
@pytest.mark.parametrize("is_counted", [True, False])
def test_more_edits_than_are_read_are_not_all(
    is_counted: bool, limit: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site_of(330) as (site, server):
        assert dry_run(server, tmp_path / "a.jsonl", sources="rest").status == 0
        site.advance(hours=1)
        for post in site.public():
            post.modified = site.now
        if not is_counted:
            server.alter(lambda target, response: replace(response, headers={"Content-Type": "application/json"}))
        monkeypatch.setattr(settings, "IFP_MAX_LISTING_PAGES", limit)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (set(run.articles) < public(site), run.status) == (bool(status), status)


@pytest.mark.parametrize(("limit", "status"), [(1, 1), (2, 0)])
def test_more_pages_of_categories_than_are_read_may_hold_some_of_a_section(
    limit: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "_MAX_CATEGORY_PAGES", limit)
    with site_of(60) as (site, server):

        def state_two_pages(target: str, response: Response) -> Response:
            if "/wp/v2/categories" in target:
                response.headers["X-WP-TotalPages"] = "2"
            return response

        server.alter(state_two_pages)
        run = dry_run(server, tmp_path / "a.jsonl", section="iran-news", sources="rest")
        assert (set(run.articles), run.status) == ({post.path for post in site.in_section("iran-news")}, status)


def list_everything_in_categories(server: SiteServer, count: int) -> None:
    """Have nothing but the front page and so many categories, each of which lists all articles."""
    links = "".join(f'<a href="/category/topic-{number}/">Section</a>' for number in range(count))

    def leave_only_front_and_categories(target: str, response: Response) -> Response:
        if target == "/":
            return page(links)
        return response if target.startswith("/category/") else page("", 404)

    server.reroute(lambda target: re.sub(r"^/category/topic-\d+/(?=page/|$)", "/", target))
    server.alter(leave_only_front_and_categories)


@pytest.mark.parametrize(("limit", "status"), [(2, 1), (3, 0)])
def test_more_categories_than_are_walked_may_hold_more_articles(
    limit: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_MAX_CATEGORIES", limit)
    with site_of(20, **NOTHING_BUT_LISTINGS) as (_, server):
        list_everything_in_categories(server, 3)
        assert dry_run(server, tmp_path / "a.jsonl").status == status


def test_a_front_page_that_is_all_there_is(tmp_path: Path) -> None:
    with site_of(20, **NOTHING_BUT_LISTINGS, listings=404) as (_, server):
        run = dry_run(server, tmp_path / "a.jsonl", sources="listing")
        assert (bool(run.articles), run.status) == (True, 0)


@pytest.mark.parametrize("picked", [0, 3])
def test_a_front_page_of_a_few_articles_leads_to_those_of_every_category(picked: int, tmp_path: Path) -> None:
    with site_of(90, **NOTHING_BUT_LISTINGS) as (site, server):
        sections = sorted({one.path for post in site.public() for one in post.sections})
        front = page(
            '<a href="https://other.example/category/x/">Off</a><a href="https://other.example/page/2/">Off</a>'
            + "".join(f'<a href="/category/{path}/">Section</a>' for path in sections)
            + "".join(
                f'<h2 class="entry-title"><a href="{post.path}">A</a></h2>' for post in site.open_posts()[:picked]
            )
        )

        def leave_only_front_and_categories(target: str, response: Response) -> Response:
            if target == "/":
                return front
            return response if target.startswith("/category/") else page("", 404)

        server.alter(leave_only_front_and_categories)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)
        site.advance(hours=1)
        added = new_post(site)
        again = dry_run(server, tmp_path / "a.jsonl")
        assert (again.articles, again.status) == ([added.path], 0)
        assert len(again.asked) < 30


def test_a_category_that_first_lists_what_a_later_one_does_is_walked_to_the_end(tmp_path: Path) -> None:
    with site_of(600, **NOTHING_BUT_LISTINGS) as (site, server):
        front = page('<a href="/category/all/part/">Part</a><a href="/category/all/">All</a>')

        def as_categories(target: str, response: Response) -> Response:
            if target == "/":
                return front
            number = int(target.rsplit("/", 2)[1]) if "/page/" in target else 1
            is_part = target.startswith("/category/all/part/")
            return response if target.startswith("/category/") and (number < 40 or not is_part) else page("", 404)

        server.reroute(lambda target: re.sub(r"^/category/all/(part/)?(?=page/|$)", "/", target))
        server.alter(as_categories)
        assert set(dry_run(server, tmp_path / "a.jsonl").articles) == public(site)


def test_a_category_whose_first_pages_repeat_another_is_walked_to_the_end(tmp_path: Path) -> None:
    with site_of(90, **NOTHING_BUT_LISTINGS) as (site, server):
        list_everything_in_categories(server, 2)
        fails = lambda target: 404 if re.match("/category/topic-0/page/[5-9]", target) else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", fails=fails)
        assert (set(run.articles), run.status) == (public(site), 0)


def test_categories_that_all_list_everything_are_not_walked_to_the_end(tmp_path: Path) -> None:
    with site_of(600, **NOTHING_BUT_LISTINGS) as (site, server):
        list_everything_in_categories(server, 20)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)
        assert len(run.asked) < 500


@pytest.mark.parametrize("section", ["", "iran-news"])
def test_rest_where_only_a_query_leads_to_it(section: str, tmp_path: Path) -> None:
    """As on a server without URL rewriting."""
    with site_of(230, sitemap=None) as (site, server):
        server.alter(lambda target, response: page("", 404) if target.startswith("/wp-json") else response)
        arguments = {"section": section} if section else {}
        expected = {post.path for post in site.in_section(section)} if section else public(site)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest", **arguments)
        assert (set(run.articles), len(run.articles), run.status) == (expected, len(expected), 0)
        site.advance(hours=1)
        edited = site.public()[200]
        edited.modified = site.now
        again = dry_run(server, tmp_path / "a.jsonl", sources="rest", **arguments)
        assert (again.articles, again.status) == ([edited.path] if edited.path in expected else [], 0)


def test_rest_that_gives_the_same_page_for_ever_is_left(tmp_path: Path) -> None:
    with site_of(230) as (site, server):
        server.reroute(lambda target: target.partition("&page=")[0] if target.startswith("/wp-json") else target)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)  # the sitemap lists the others
        assert len(run.asked) < 12


def test_rest_whose_further_pages_all_fail_is_left(tmp_path: Path) -> None:
    with site_of(520) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl", fails=lambda target: 500 if "&page=" in target else None)
        assert (set(run.articles), run.status) == (public(site), 0)  # the sitemap has the rest
        assert sum("&page=" in target for target in run.asked) == 3


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
@pytest.mark.parametrize("listed", ["<sitemap><loc>/page-sitemap.xml</loc></sitemap>", ""])
def test_a_sitemap_that_lists_no_post_is_no_source(listed: str, since: str, tmp_path: Path) -> None:
    with site_of(60, rest=403) as (site, server):
        index = page(f"<sitemapindex>{listed}</sitemapindex>", content_type=XML)
        server.alter(lambda target, response: index if "sitemap.xml" in target else response)
        run = dry_run(server, tmp_path / "a.jsonl", **({"since": since} if since else {}))
        assert run.status == 0
        assert set(run.articles) == public(site) if since < "2050" else len(run.articles) < 45
        assert "/page/2/" in run.asked


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


def test_a_site_that_shows_nothing_is_a_failure(tmp_path: Path) -> None:
    with site_of(20, **NOTHING_BUT_LISTINGS, listings=403) as (_, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert run.status == 1
        assert run.why is not None
        assert "shows no articles" in run.why


def test_a_site_with_plain_permalinks_is_a_failure(tmp_path: Path) -> None:
    with site_of(20) as (site, server):

        def make_permalinks_plain(target: str, response: Response) -> Response:
            for post in site.public():
                response.body = response.body.replace(f"{post.slug}\\/".encode(), f"?p={post.id}".encode())
            return response

        server.alter(make_permalinks_plain)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (run.status, run.articles) == (1, [])
        assert run.why is not None
        assert "permalinks are plain" in run.why


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
