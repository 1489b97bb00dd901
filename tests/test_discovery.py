"""Where articles are looked for; without network, so on many kinds of site."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper import settings
from tests.crawling import FAST, NO_REST, NOTHING_BUT_LISTINGS, YOAST, crawl, lines, printing, public, scrapy, site_of
from tests.dry_run import dry_run
from tests.site.response import XML, Response, page


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
        assert len(again.asked) <= len(run.asked) + 2  # what was edited, and what was entered


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


@pytest.mark.parametrize("listings", ["ok", 404])
def test_first_pages_of_listings_do_not_make_up_for_a_broken_source(listings: Any, tmp_path: Path) -> None:
    """Not even if they list more than what is left of a sitemap, of whose three files the two large ones are gone."""
    config: dict[str, Any] = {**YOAST, "feed": 404, "listings": listings, "sitemap_size": 60}
    with site_of(123, **config) as (site, server):
        every = {post.path for post in site.open_posts()}

        def keep_first_pages(target: str, response: Response) -> Response:
            pager = rb'<div class="page-nav.*?</div>'
            is_gone = target in ("/post-sitemap.xml", "/post-sitemap2.xml") or "/page/" in target
            return page("", 404) if is_gone else replace(response, body=re.sub(pager, b"", response.body))

        server.alter(keep_first_pages)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles) < public(site), run.status) == (True, 1)
        server.heal()
        rest = dry_run(server, tmp_path / "a.jsonl")
        assert (every <= {*run.articles, *rest.articles}, rest.status) == (True, 0)


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
