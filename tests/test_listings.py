"""What a crawl finds by feeds and listings, where nothing better is offered."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper import settings
from ifp_scraper.discovery import listing
from tests.crawling import NOTHING_BUT_LISTINGS, new_post, printing, public, site_of
from tests.dry_run import dry_run
from tests.site import SiteServer
from tests.site.response import Response, page, redirect

OF_WORDPRESS = '<link href="/wp-includes/a.css">'


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


@pytest.mark.parametrize(
    ("hidden", "shown"), [("page/[34]/", OF_WORDPRESS), ("page/[67]/", OF_WORDPRESS), ("page/[67]/", "Back soon.")]
)
def test_a_listing_that_ends_before_what_is_known_is_not_the_whole_list(
    hidden: str, shown: str, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        assert dry_run(server, out).status == 0
        for _ in range(45):
            new_post(site)
            site.advance(minutes=10)
        server.alter(lambda target, response: page(shown) if re.search(hidden, target) else response)
        run = dry_run(server, out)
        is_gap = "3" in hidden  # else the page before has known articles too
        assert (len(run.articles), run.status) == ((20, 1) if is_gap else (45, 0))
        server.heal()
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == (25 if is_gap else 0, 0)


@pytest.mark.parametrize("config", [NOTHING_BUT_LISTINGS, {**NOTHING_BUT_LISTINGS, "feed": "ok"}], ids=["", "feed"])
def test_a_listing_without_what_was_known_ends_where_the_site_says_so(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(2, **config) as (site, server):
        assert dry_run(server, out).status == 0
        for post in site.public():
            site.withdraw(post.id)
        for _ in range(25):
            new_post(site)
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == (25, 0), run.why
        run = dry_run(server, out)
        assert (len(run.articles), run.status) == (0, 0), run.why


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
        dry_run(server, tmp_path / "a.jsonl", broken=lambda path: path == failing)
        (tmp_path / "a.runs.jsonl").unlink()
        run = dry_run(server, tmp_path / "a.jsonl")
        assert failing in run.articles
        assert {page for page in run.asked if run.asked.count(page) > 1} == {"/", "/page/2/"}


def test_pages_of_a_listing_that_fail_or_list_nothing_now_and_then_are_noted(tmp_path: Path) -> None:
    with site_of(120, **NOTHING_BUT_LISTINGS) as (site, server):
        order = [post.path for post in site.public()]
        for missing, status in (((3, 6), 404), ((3, 4, 7, 8), 500)):
            gone = [f"/page/{number}/" for number in missing]
            fails = lambda target: status if target in gone else None  # noqa: E731, B023
            run = dry_run(server, tmp_path / f"{status}.jsonl", sources="listing", fails=fails)
            assert (run.status, len(run.articles)) == (1, len(order) - 10 * len(missing))


@pytest.mark.parametrize("wall", ["", "<h1>Back soon</h1>", OF_WORDPRESS, OF_WORDPRESS + '<body class="login">'])
def test_a_wall_before_the_later_pages_of_a_listing_is_not_its_end(wall: str, tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        server.alter(lambda target, response: page(wall) if re.search("/page/[3-9]/", target) else response)
        run = dry_run(server, tmp_path / "a.jsonl", sources="listing")
        assert (len(run.articles), run.status) == (20, 1)
        server.heal()
        run = dry_run(server, tmp_path / "a.jsonl", sources="listing")
        assert (len(run.articles), run.status) == (len(public(site)) - 20, 0)


@pytest.mark.parametrize("missing", ["/page/[45]/", "/page/[3-6]/", "/page/6/"])
@pytest.mark.parametrize("status", [404, 410])
def test_pages_of_a_listing_that_are_missing_though_numbered_are_not_its_end(
    missing: str, status: int, tmp_path: Path
) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        fails = lambda target: status if re.search(missing, target) else None  # noqa: E731
        run = dry_run(server, tmp_path / "a.jsonl", fails=fails)
        assert (len(run.articles) < len(public(site)), run.status) == (True, 1)
        rest = dry_run(server, tmp_path / "a.jsonl")
        assert ({*run.articles, *rest.articles}, rest.status) == (public(site), 0)


@pytest.mark.parametrize("text", ["", "Next page", "<i>Older</i>"])
def test_a_theme_that_always_links_to_a_next_page(text: str, tmp_path: Path) -> None:
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):
        link = f'<a href="/page/7/">{text}</a></body>'.encode()
        server.alter(lambda _, response: replace(response, body=response.body.replace(b"</body>", link)))
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)


@pytest.mark.parametrize("how", ["404", "first page"])
@pytest.mark.parametrize("added", [0, 3, 10])
def test_a_site_that_shows_one_page_number_too_many_is_complete_from_the_second_run_on(
    added: int, how: str, tmp_path: Path
) -> None:
    runs = []
    with site_of(60, **NOTHING_BUT_LISTINGS) as (site, server):

        def one_too_many(target: str, response: Response) -> Response:
            if how == "first page" and "/page/" in target and response.status == 404:
                return redirect(f"{server.url}/")
            last = -(-len(public(site)) // 10) + 1
            link = f'<a class="page-numbers" href="{server.url}/page/{last}/">{last}</a></body>'
            return replace(response, body=response.body.replace(b"</body>", link.encode()))

        server.alter(one_too_many)
        for _ in range(3):
            runs.append(dry_run(server, tmp_path / "a.jsonl"))
            for _ in range(added):
                new_post(site)
                site.advance(minutes=10)
    assert [run.status for run in runs] == [1, 0, 0]
    assert [len(run.articles) for run in runs] == [60, added, added]
    assert len(runs[2].asked) < 14  # up to what is known


@pytest.mark.parametrize("how", ["404", "again"])
def test_categories_without_the_further_pages_that_they_number_are_no_whole_list(how: str, tmp_path: Path) -> None:
    with site_of(90, **NOTHING_BUT_LISTINGS) as (site, server):
        if how == "404":
            server.alter(lambda target, response: page("", 404) if "/page/" in target else response)
        else:
            server.reroute(lambda target: re.sub("page/.*", "", target))
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (len(run.articles) < len(public(site)), run.status) == (True, 1)
        server.heal()
        rest = dry_run(server, tmp_path / "a.jsonl")
        assert ({*run.articles, *rest.articles}, rest.status) == (public(site), 0)


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


def test_a_page_of_one_section_is_not_the_whole_list(tmp_path: Path) -> None:
    with site_of(90, **NOTHING_BUT_LISTINGS) as (site, server):
        sections = sorted({one.path for post in site.public() for one in post.sections})
        front = page("".join(f'<a href="/category/{path}/">Section</a>' for path in sections))

        def leave_only_sections(target: str, response: Response) -> Response:
            if target == "/":
                return front
            return response if target.startswith(("/iran-news/", "/category/")) else page("", 404)

        server.alter(leave_only_sections)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), len(run.articles), run.status) == (public(site), len(public(site)), 0)


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


@pytest.mark.slow
def test_categories_that_all_list_everything_are_not_walked_to_the_end(tmp_path: Path) -> None:
    with site_of(600, **NOTHING_BUT_LISTINGS) as (site, server):
        list_everything_in_categories(server, 20)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (set(run.articles), run.status) == (public(site), 0)
        assert len(run.asked) < 500


def test_a_listing_with_thousands_of_attributes_is_read_all_the_same(tmp_path: Path) -> None:
    with site_of(30, **NOTHING_BUT_LISTINGS) as (site, server):
        flood = "<a " + " ".join(f"a{number}" for number in range(30_000)) + "></a></body>"
        server.alter(
            lambda target, response: replace(response, body=response.body.replace(b"</body>", flood.encode()))
        )
        begin = time.process_time()
        run = dry_run(server, tmp_path / "a.jsonl")
        assert time.process_time() - begin < 5  # 0.7 seconds; it was 25
        assert set(run.articles) == public(site)


@pytest.mark.parametrize("pages", [(3,), (4, 5), (7, 8, 9), (9,)])
def test_pages_of_a_listing_that_lead_to_the_first_one_are_noted(pages: tuple[int, ...], tmp_path: Path) -> None:
    with site_of(90, **NOTHING_BUT_LISTINGS) as (_, server):
        lost = [f"/page/{number}/" for number in pages]
        server.reroute(lambda target: "/" if target in lost else target)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert len(run.articles) == 90 - 10 * len(pages)
        server.heal()
        assert len(dry_run(server, tmp_path / "a.jsonl").articles) == 10 * len(pages)
