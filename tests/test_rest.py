"""What a crawl finds by WordPress REST, whatever becomes of it on the way."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper import settings
from ifp_scraper.discovery import rest
from tests.crawling import new_post, public, site_of
from tests.dry_run import dry_run
from tests.site.response import Response, page


@pytest.mark.parametrize(("most", "requests"), [(100, 2), (50, 4), (10, 17)])
def test_rest_that_allows_fewer_posts_a_page(most: int, requests: int, tmp_path: Path) -> None:
    with site_of(rest_max_per_page=most) as (site, server):
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (run.status, len(run.asked)) == (0, 1 + requests), run.why
        assert all("/wp/v2/posts" in page for page in run.asked[1:])
        oldest = site.public()[-1]
        site.edit(oldest.id, headline="Edited")  # which core's sitemap would not show
        assert dry_run(server, tmp_path / "a.jsonl").articles == [oldest.path]


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
        *(('[{"id": 1, "link": "x"}]', arguments) for arguments in ({}, {"since": "2000-01-01"})),
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


@pytest.mark.parametrize("fault", ["", "[]", "400", "404", "page 1"])
@pytest.mark.parametrize("counted", [[], ["X-WP-TotalPages"]], ids=["no count", "pages"])
def test_a_page_that_lists_nothing_new_is_not_the_end_where_posts_are_not_counted(
    fault: str, counted: list[str], tmp_path: Path
) -> None:
    with site_of(400) as (site, server):

        def leave_out_counts(target: str, response: Response) -> Response:
            if "&page=2" in target and fault in ("[]", "400", "404"):
                response = page("[]", 200 if fault == "[]" else int(fault))
            kept = ("Content-Type", *counted)
            return replace(
                response, headers={name: response.headers[name] for name in kept if name in response.headers}
            )

        if fault == "page 1":
            server.reroute(lambda target: target.replace("&page=2", ""))
        server.alter(leave_out_counts)
        run = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert (len(run.articles), run.status) == ((300, 1) if fault else (400, 0))
        assert len(run.asked) <= 7  # two pages past the end
        fault = ""
        server.reroute(lambda target: target)
        rest = dry_run(server, tmp_path / "a.jsonl", sources="rest")
        assert ({*run.articles, *rest.articles}, rest.status) == (public(site), 0)


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


def state_two_pages_of_categories(target: str, response: Response) -> Response:
    if "/wp/v2/categories" in target:
        response.headers["X-WP-TotalPages"] = "2"
    return response


def test_a_page_of_categories_that_is_missing_may_hold_some_of_a_section(tmp_path: Path) -> None:
    with site_of(60) as (_, server):
        server.alter(state_two_pages_of_categories)
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
        server.alter(state_two_pages_of_categories)
        run = dry_run(server, tmp_path / "a.jsonl", section="iran-news", sources="rest")
        assert (set(run.articles), run.status) == ({post.path for post in site.in_section("iran-news")}, status)


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


@pytest.mark.parametrize("fault", ["page", "edits", "cache"])
def test_what_was_on_a_page_of_rest_that_failed_is_no_surplus(fault: str, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(250, sitemap="yoast") as (site, server):
        unlisted = site.open_posts()[230]  # an editor has excluded it from search engines
        entry = re.compile(rb"<url>(?:(?!</url>).)*" + unlisted.path.encode() + rb"<.*?</url>", re.DOTALL)

        def leave_out(target: str, response: Response) -> Response:
            if "sitemap" in target:
                response.body = entry.sub(b"", response.body)
            return response

        server.alter(leave_out)
        status: dict[str, int] = {"&page=3": 500}
        if fault == "edits":
            edited = unlisted.modified
            site.edit(unlisted.id, status="private")
            assert set(dry_run(server, out).articles) == public(site)
            site.edit(unlisted.id, at=edited, status="publish")  # by a plugin, so that it does not count as edited
            status = {"orderby=modified": 500}
        elif fault == "cache":
            status = {}
            server.reroute(lambda target: target.replace("&page=3", ""))
        run = dry_run(server, out, fails=lambda page: next((status[part] for part in status if part in page), None))
        assert (run.status, unlisted.path in run.articles) == (0, False)
        server.reroute(lambda target: target)
        assert unlisted.path in dry_run(server, out).articles
