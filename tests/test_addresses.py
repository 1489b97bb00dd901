"""Addresses that lead to one article, or to another one than they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import EIGHT_AT_ONCE, FAST, NOTHING_BUT_LISTINGS, crawl, lines, new_post, scrapy
from tests.expected import assert_complete, differences
from tests.site import Site, SiteServer, make_posts, serve
from tests.site.response import Response, redirect


def change_sitemap(server: SiteServer, change: Callable[[bytes], bytes]) -> None:
    """Have the site serve its sitemap of posts with this change."""

    def alter(target: str, response: Response) -> Response:
        return replace(response, body=change(response.body)) if target.endswith("post-sitemap.xml") else response

    server.alter(alter)


def test_one_article_is_one_line_however_it_is_reached(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    posts = make_posts(46, seed=8)
    site = Site(posts)
    by_pages = max(posts, key=lambda post: len(post.pages))
    plain = next(post for post in site.open_posts() if post.amp_enabled and len(post.pages) == 1)
    renamed = site.open_posts()[12]
    site.rename(renamed.id, "a-new-slug")
    twins = [post for post in posts if post.copy_of]
    pair = [post for post in posts if post.slug.endswith("-2")]
    no_amp = next(post for post in posts if not post.amp_enabled)
    locked = next(post for post in posts if post.password_protected)
    assert twins
    assert pair
    with serve(site) as server:
        root = server.url
        given = [
            f"{root}/exclusive/{plain.slug}/",
            f"{root}{plain.path}amp/",
            f"{root}{plain.path}?amp",
            f"https{root.removeprefix('http')}{plain.path}?amp=1",
            f"{root}/{plain.slug}",
            f"{root}{plain.path}?utm_source=x&filter_by=random_posts",
            f"{root}/?p={plain.id}",
            f"{root}/{renamed.old_slugs[0]}/",
            f"{root}{renamed.path}",
            f"{root}{by_pages.path}2/",
            f"{root}{locked.path}",
            f"{root}{no_amp.path}amp/",
            f"{root}/about-us/",
            f"{root}/no-such-page/",
            *(root + post.path for post in (twins[0], site.posts[twins[0].copy_of or 0], pair[0])),
        ]
        (tmp_path / "list").write_text(
            "# by hand\n\n  # and indented\n" + "\n".join(f"{url}\tmissing" for url in given) + "\n"
        )
        run = crawl(root, out, "-a", f"urls=@{tmp_path / 'list'}")
        assert run.status == 0, run.err
        wanted = [plain, renamed, by_pages, no_amp, twins[0], site.posts[twins[0].copy_of or 0], pair[0]]
        last = {line["id"]: line for line in lines(out)}
        assert sorted(last) == sorted({post.id for post in wanted})
        assert all(line["revision"] == 1 for line in last.values())
        for post in wanted:
            line = last[post.id]
            truth = {**differences(post, line, root)}
            for name in ("published_at", "modified_at"):
                truth.pop(name, None)
            assert not truth, line["url"]
        duplicates = {line["url"] for line in last.values() if line["duplicate_of"]}
        assert len(duplicates) == 1
        assert duplicates < {root + twins[0].path, root + site.posts[twins[0].copy_of or 0].path}
        assert last[by_pages.id]["warnings"] == []
        assert "layout" in last[no_amp.id]
        assert last[no_amp.id]["layout"] == "newspaper"
        assert last[plain.id]["layout"] == "newspaper+amp-swift"
        rejected = {line["url"].removeprefix(root) for line in lines(out.with_suffix(".rejected.jsonl"))}
        assert rejected == {locked.path, "/about-us/", "/no-such-page/"}

        run = crawl(root, out, *EIGHT_AT_ONCE)
        assert (run.status, f"{len(site.open_posts()) - len(last)} new" in run.err) == (0, True), run.err
        by_id = {line["id"]: line for line in lines(out)}
        assert sorted(by_id) == sorted(post.id for post in site.open_posts())
        assert not any(differences(post, by_id[post.id], root) for post in site.open_posts())
        assert {line["revision"] for line in lines(out)} == {1}
        assert len(server.requests(locked.path)) == 2  # asked for, then listed with a later edit


def test_where_an_address_leads_that_a_person_names_is_said(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(16, seed=4))
    post = site.open_posts()[0]
    with serve(site) as server:
        guessed = f"{server.url}/{post.slug[:-2]}/"
        run = crawl(server.url, out, "-a", f"urls={guessed} {server.url}{site.open_posts()[1].path}")
        assert (run.status, f"{guessed} leads to {server.url}{post.path}" in run.err) == (0, True), run.err
        assert run.err.count("leads to") == 1
        assert [line["id"] for line in lines(out)] == [post.id, site.open_posts()[1].id]


def test_a_new_slug_where_nothing_tells_of_edits(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, feed=404, yoast_head=False, theme_date=False, amp=None) as server:
        assert crawl(server.url, out).status == 0
        renamed = site.rename(site.open_posts()[2].id, "another-slug")
        assert crawl(server.url, out).status == 0
        last = next(line for line in reversed(lines(out)) if line["id"] == renamed.id)
        assert last["url"] == server.url + renamed.path
        assert f"{server.url}/{renamed.old_slugs[0]}/" in last["aliases"]
        server.clear()
        assert crawl(server.url, out).status == 0
        assert renamed.path not in server.requests()
        assert scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).status == 0
        assert all(line["status"] == "published" for line in lines(out))


@pytest.mark.parametrize("source", [{}, {"rest": 404, "sitemap": "yoast"}], ids=["rest", "sitemap"])
def test_what_is_withdrawn_meanwhile_gives_its_times_to_no_other(source: dict[str, Any], tmp_path: Path) -> None:
    """WordPress redirects an address that is gone to the first one that starts with it."""
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    withdrawn, other = site.open_posts()[0], site.open_posts()[-1]
    site.rename(other.id, f"{withdrawn.slug}-2")
    site.advance(hours=1)
    site.edit(withdrawn.id, headline="Edited last")
    with serve(site, amp=None, **source) as server:

        def withdraw(target: str, headers: dict[str, str]) -> None:
            if target == withdrawn.path and site.is_public(withdrawn):
                site.withdraw(withdrawn.id)

        server.on_request(withdraw)
        run = crawl(server.url, out)
        assert run.status == 0, run.err
        last = {line["id"]: line for line in lines(out)}
        assert sorted(last) == sorted(post.id for post in site.open_posts())
        assert not any(differences(post, last[post.id], server.url) for post in site.open_posts())
        assert "dates-disagree" not in last[other.id]["warnings"]


@pytest.mark.parametrize(
    "source",
    [{}, {"rest": 404, "sitemap": "yoast"}, {"rest": 404, "sitemap": None, "feed": 404}],
    ids=["rest", "sitemap", "listing"],
)
@pytest.mark.parametrize("most", [True, False])
def test_a_cache_that_gives_the_page_of_another_article(most: bool, source: dict[str, Any], tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    kept = site.open_posts()[4]
    struck = {post.path for post in site.open_posts()[: 11 if most else 2]}
    with serve(site, **source) as server:
        server.reroute(lambda target: kept.path if target in struck else target)
        run = crawl(server.url, out)
        assert run.status == (1 if most else 0), run.err
        last = {line["id"]: line for line in lines(out)}
        assert len(last) == len(lines(out)) == (2 if most else 10)
        assert not differences(kept, last[kept.id], server.url)
        server.heal()
        assert crawl(server.url, out).status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("runs_before_the_edit", [1, 2])
def test_edits_of_an_article_whose_canonical_url_has_another_slug(runs_before_the_edit: int, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = site.open_posts()[4]
    with serve(site, rest=404, sitemap="yoast") as server:

        def change_canonical(target: str, response: Response) -> Response:
            own, other = (f'rel="canonical" href="{server.url}{path}"' for path in (post.path, "/the-agencys-own/"))
            return replace(response, body=response.body.replace(own.encode(), other.encode()))

        server.alter(change_canonical)
        for _ in range(runs_before_the_edit):
            assert crawl(server.url, out).status == 0
        [line] = [line for line in lines(out) if line["id"] == post.id]
        assert line["url"] == f"{server.url}/the-agencys-own/"
        for headline in ("Edited Once", "Edited Twice"):
            site.advance(hours=26)
            site.edit(post.id, headline=headline)
            assert crawl(server.url, out).status == 0
    found = [(line["revision"], line["headline"]) for line in lines(out) if line["id"] == post.id]
    assert found[1:] == [(2, "Edited Once"), (3, "Edited Twice")]


@pytest.mark.parametrize("config", [{"rest": 404}, {"rest": 404, "sitemap": "yoast"}, NOTHING_BUT_LISTINGS], ids=str)
def test_an_article_that_names_another_one_as_canonical_does_not_hide_it(
    config: dict[str, Any], tmp_path: Path
) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    newer, older = site.open_posts()[1], site.open_posts()[9]  # not under way at the same time
    with serve(site, **config) as server:

        def change_canonical(target: str, response: Response) -> Response:
            own, other = (f'rel="canonical" href="{server.url}{post.path}"' for post in (newer, older))
            return replace(response, body=response.body.replace(own.encode(), other.encode()))

        server.alter(change_canonical)
        for _ in range(3):
            assert crawl(server.url, out).status == 0
            texts = {line["id"]: (line["headline"], line["revision"]) for line in lines(out)}
            assert len(lines(out)) == len(texts) == len(site.open_posts())
            assert texts[newer.id] == (newer.headline_read or newer.headline, 1)
            assert texts[older.id] == (older.headline_read or older.headline, 1)


def test_an_article_that_leads_to_another_for_a_while_is_asked_once_more(tmp_path: Path) -> None:
    """As WordPress does when it does not find a post for a moment, and guesses."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    first, *_, last = site.open_posts()
    with serve(site) as server:
        server.alter(lambda target, response: redirect(first.path) if target == last.path else response)
        crawl(server.url, out, *EIGHT_AT_ONCE)
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("for_good", [True, False])
def test_without_ids_an_address_that_leads_to_a_longer_slug_is_asked_once_more(for_good: bool, tmp_path: Path) -> None:
    """WordPress guesses such an address; it may also be an old one."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    first, *_, last = site.open_posts()
    first.slug = f"{last.slug}-2"
    with serve(site, rest=404, sitemap="yoast") as server:
        lead_to_first = {last.path: redirect(first.path), f"{last.path}amp/": redirect(f"{first.path}amp/")}
        server.alter(lambda target, response: lead_to_first.get(target, response))
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        if not for_good:
            server.heal()
        for asked in (True, False):
            server.clear()
            assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
            assert (last.path in server.requests()) is asked
        if for_good:
            assert len(lines(out)) == len(site.open_posts()) - 1
        else:
            assert_complete(site, server.url, out)


def test_an_old_address_that_a_sitemap_goes_on_listing_is_asked_once(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap="yoast") as server:
        assert crawl(server.url, out).status == 0
        renamed = site.rename(site.open_posts()[2].id, "another-slug")
        old = f"/{renamed.old_slugs[0]}/"
        edited, later = renamed.modified, renamed.modified + timedelta(minutes=30)

        def list_old(target: str, response: Response) -> Response:
            if "sitemap" in target:
                for now, before in ((renamed.path, old), (f"{edited:%FT%T}", f"{later:%FT%T}")):
                    response.body = response.body.replace(now.encode(), before.encode())
            return response

        server.alter(list_old)
        site.advance(hours=1)
        assert "0 new, 1 revised" in crawl(server.url, out).err
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert old not in server.requests()
        last = lines(out)[-1]
        assert (last["url"], last["aliases"]) == (f"{server.url}{renamed.path}", [f"{server.url}{old}"])


def test_old_addresses_that_a_sitemap_lists_beside_the_new_ones_are_asked_once(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap="yoast") as server:
        assert crawl(server.url, out).status == 0
        stale = b"".join(
            f"<url><loc>{server.url}{post.path}</loc><lastmod>{post.modified:%FT%T}Z</lastmod></url>".encode()
            for post in site.open_posts()[2:5]
        )
        for number, post in enumerate(site.open_posts()[2:5]):
            site.rename(post.id, f"another-slug-{number}")

        def list_old_too(target: str, response: Response) -> Response:
            if "post-sitemap" in target:
                response.body = response.body.replace(b"</urlset>", stale + b"</urlset>")
            return response

        server.alter(list_old_too)
        site.advance(hours=1)
        assert "0 new, 3 revised" in crawl(server.url, out).err
        for _ in range(2):
            site.advance(hours=40)
            server.log.clear()
            assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
            assert len(server.log) <= 4


def test_an_article_that_names_a_newer_one_as_canonical_is_not_fetched_by_every_run(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    newer, older = site.open_posts()[1], site.open_posts()[9]
    with serve(site) as server:

        def change_canonical(target: str, response: Response) -> Response:
            own, other = (f'rel="canonical" href="{server.url}{post.path}"' for post in (older, newer))
            return replace(response, body=response.body.replace(own.encode(), other.encode()))

        server.alter(change_canonical)
        assert crawl(server.url, out).status == 0
        for _ in range(2):
            site.advance(hours=30)
            server.log.clear()
            assert crawl(server.url, out).status == 0
            assert len(server.log) <= 4


def test_a_new_article_at_the_old_slug_of_another_is_read(tmp_path: Path) -> None:
    """Even if the other one, which the file knows by that address, too, has been edited since."""
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, rest=404, sitemap="yoast") as server:
        assert crawl(server.url, out).status == 0
        site.advance(hours=1)
        renamed = site.rename(site.open_posts()[2].id, "another-slug")
        follower = new_post(site, slug=renamed.old_slugs[0])
        for _ in range(12):  # listed before it, so that the other one is written first
            site.advance(minutes=1)
            new_post(site)
        site.edit(renamed.id, at=site.now)
        assert "13 new, 1 revised" in crawl(server.url, out).err
        assert {line["id"]: line["url"] for line in lines(out)}[follower.id] == f"{server.url}{follower.path}"
        server.clear()
        assert "0 new, 0 revised, 0 reread" in crawl(server.url, out).err
        assert follower.path not in server.requests()


@pytest.mark.parametrize("renamed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_another_address_of_an_article_is_asked_once(renamed: bool, tmp_path: Path) -> None:
    """A sitemap may list it, with the time of an edit that the page does not mention."""
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = site.open_posts()[2]
    listed = f"/news/{post.slug}/"
    if renamed:
        listed = post.path
        site.rename(post.id, "quite-another-slug")
    with serve(site, amp=None, rest=404, sitemap="yoast", yoast_head=False, theme_date=False) as server:

        def add_listed(body: bytes) -> bytes:
            place = f"<loc>{server.url}{post.path}</loc>".encode()
            begin = body.index(place)
            other = body[begin : body.index(b"</url>", begin)].replace(
                place, f"<loc>{server.url}{listed}</loc>".encode()
            )
            first = body.index(b"<url>")
            return b"".join([body[:first], b"<url>", other, b"</url>", body[first:]])

        assert crawl(server.url, out).status == 0
        change_sitemap(server, add_listed)
        assert crawl(server.url, out).status == 0
        assert len(lines(out)) == len(site.open_posts())
        server.clear()
        assert crawl(server.url, out).status == 0
        assert listed not in server.requests()
        assert len(server.log) <= 4
        site.advance(hours=1)
        site.edit(post.id, headline="Edited")
        assert "1 revised" in crawl(server.url, out).err


def test_a_sitemap_of_old_permalinks_alone(tmp_path: Path) -> None:
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None, rest=404, sitemap="yoast", yoast_head=False, theme_date=False) as server:
        change_sitemap(server, lambda body: body.replace(b"<loc>" + server.url.encode(), b"<loc>/news"))
        assert crawl(server.url, out).status == 0
        assert len(lines(out)) == len(site.open_posts())
        server.clear()
        assert crawl(server.url, out).status == 0
        assert len(server.log) <= 4


def test_other_addresses_of_known_articles_are_no_made_up_list(tmp_path: Path) -> None:
    (tmp_path / "hasty.py").write_text(
        "from ifp_scraper.settings import *\n"
        "from ifp_scraper.spiders import error_limits\n"
        "error_limits._MAX_WITHOUT_ARTICLE = 5\n"
    )
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None, rest=404, sitemap="yoast", yoast_head=False, theme_date=False) as server:
        again = "".join(f"<url><loc>{server.url}/news{post.path}</loc></url>" for post in site.open_posts()).encode()
        change_sitemap(server, lambda body: body.replace(b"</urlset>", again + b"</urlset>"))
        site_and_output = ("-s", f"IFP_SITE={server.url}", "-o", out)
        run = scrapy("crawl", "ifp", *site_and_output, *FAST, cwd=tmp_path, settings="hasty")
        assert run.status == 0, run.err
        assert len(lines(out)) == len(site.open_posts())
        assert len(lines(out.with_suffix(".rejected.jsonl"))) >= len(site.open_posts())
