"""Pages that break off: what a crawl makes of them, and when it fetches them again."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from tests.crawling import EIGHT_AT_ONCE, crawl, lines, new_post
from tests.expected import assert_complete
from tests.site import Site, make_posts, pieces, serve
from tests.site.response import Response, redirect


def test_a_page_cut_elsewhere_each_time_is_a_failure(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        server.fault(site.open_posts()[1].path, "cut-anywhere", None)
        run = crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=2")
        assert (run.status, "1 failed" in run.err) == (1, True), run.err
        assert len(lines(out)) == len(site.open_posts()) - 1
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


ERROR_PAGE = b"""</p><!DOCTYPE html><html lang="en-US"><head><title>WordPress &rsaquo; Error</title></head>
<body id="error-page"><div class="wp-die-message"><p>There has been a critical error on this website.</p></div></body>
</html>"""


@pytest.mark.parametrize(
    ("end", "words"), [(b"", "breaks off"), pytest.param(ERROR_PAGE, "out of order", marks=pytest.mark.slow)]
)
def test_a_page_that_breaks_off_before_its_text_is_a_failure(end: bytes, words: str, tmp_path: Path) -> None:
    """As after a fatal PHP error: what was printed before it is sent with status 200, then WordPress's error page."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:

        def break_off(target: str, response: Response) -> Response:
            if target == site.open_posts()[1].path:
                before, begin, _ = response.body.partition(b'<div class="td-post-content tagdiv-type">')
                assert begin
                return replace(response, body=before + begin + end)
            return response

        server.alter(break_off)
        run = crawl(server.url, out, *EIGHT_AT_ONCE)
        assert (run.status, "1 failed" in run.err, words in run.err) == (1, True, True), run.err
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out)


@pytest.mark.parametrize("for_good", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_page_that_breaks_off_in_its_text_is_fetched_once_more(known: bool, for_good: bool, tmp_path: Path) -> None:
    """Each time at the same place, as from a cache: what arrived is kept, but the rest may come later."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = site.open_posts()[-1]
    with serve(site, amp=None) as server:

        def cut(target: str, response: Response) -> Response:
            end = response.body.find(b"</p>", response.body.find(b"td-post-content"))
            return replace(response, body=response.body[:end]) if target == post.path else response

        if known:
            assert crawl(server.url, out).status == 0
            site.advance(hours=1)
            site.append(post.id, pieces.paragraph("Added."))
        server.alter(cut)
        run = crawl(server.url, out)
        assert (run.status, lines(out)[-1]["warnings"]) == (0, ["truncated"]), run.err
        if not for_good:
            server.heal()
        for asked in (True, False):
            server.clear()
            run = crawl(server.url, out)
            assert run.status == 0, run.err
            assert (post.path in server.requests()) is asked
        if not for_good:
            assert_complete(site, server.url, out, revised=1 + known)


def test_a_page_that_breaks_off_is_fetched_once_more_though_the_amp_page_has_the_text(tmp_path: Path) -> None:
    """The rest of the page has pictures that the AMP page lacks."""
    site = Site(make_posts(8, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if post.amp_enabled and any(piece.images for piece in post.pieces))
    with serve(site) as server:

        def cut(target: str, response: Response) -> Response:
            end = response.body.find(b"</p>", response.body.find(b"td-post-content"))
            return replace(response, body=response.body[:end]) if target == post.path else response

        server.alter(cut)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        line = next(line for line in lines(out) if line["url"].endswith(post.path))
        assert line["warnings"] == ["body-from-amp"]
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out, revised=1)


@pytest.mark.parametrize("by_redirect", [True, False])
def test_an_amp_page_in_place_of_another_is_not_all_that_is_read(by_redirect: bool, tmp_path: Path) -> None:
    """It lacks the tags."""
    site = Site(make_posts(5, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if post.amp_enabled and post.tags)
    with serve(site) as server:

        def give_amp_page(target: str, response: Response) -> Response:
            if target != post.path:
                return response
            return redirect(f"{target}amp/", 302) if by_redirect else server.get(f"{target}amp/")

        server.alter(give_amp_page)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert "amp-swift" in [line["layout"] for line in lines(out)]
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out, revised=1)


def test_the_only_new_article_breaks_off_and_is_fetched_once_more(tmp_path: Path) -> None:
    """As all pages do from then on, it is done for the first of them alone."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out).status == 0
        server.alter(lambda target, response: replace(response, body=response.body.replace(b"</html>", b"<p")))
        for is_first in (True, False):
            site.advance(hours=1)
            path = new_post(site).path
            for asked in (True, is_first, False):
                server.clear()
                run = crawl(server.url, out)
                assert run.status == 0, run.err
                assert (path in server.requests()) is asked
    assert [line["warnings"] for line in lines(out)[-2:]] == [["truncated"]] * 2


def test_a_post_that_failed_before_and_now_lacks_a_page_is_fetched_once_more(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    post = next(post for post in site.open_posts() if len(post.pages) > 1)
    with serve(site, amp=None) as server:
        server.fault(lambda target: target.startswith(post.path), 503, None)
        assert crawl(server.url, out, *EIGHT_AT_ONCE, "-s", "RETRY_TIMES=0").status == 1
        server.clear()
        server.fault(f"{post.path}2/", 404, None)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert lines(out)[-1]["warnings"] == ["one-page-of-many"]
        server.clear()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert lines(out)[-1]["warnings"] == []


def test_a_file_changed_by_others_as_a_page_breaks_off_ends_the_crawl(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        server.alter(lambda target, response: replace(response, body=response.body.replace(b"</html>", b"<p")))
        assert crawl(server.url, out).status == 0
        site.advance(hours=1)
        post = site.open_posts()[4]
        site.append(post.id, pieces.paragraph("Added."))

        def overwrite(target: str, headers: dict[str, str]) -> None:
            if target == post.path:
                out.write_bytes(b" " * out.stat().st_size)

        server.on_request(overwrite)
        run = crawl(server.url, out)
        assert (run.status, "is no longer where it was" in run.err, "Traceback" in run.err) == (1, True, False), (
            run.err
        )


def test_a_file_changed_by_others_ends_the_crawl_before_an_article_that_may_be_an_old_one(tmp_path: Path) -> None:
    """What the file has of an article with the page's id is read, as the page may be that article at another URL."""
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        assert crawl(server.url, out).status == 0
        site.advance(hours=1)
        post = site.open_posts()[4]
        site.edit(post.id, slug="another", headline="Another Headline", published=site.now, modified=site.now)

        def overwrite(target: str, headers: dict[str, str]) -> None:
            if target == "/another/":
                out.write_bytes(b" " * out.stat().st_size)

        server.on_request(overwrite)
        run = crawl(server.url, out)
        assert (run.status, "is no longer where it was" in run.err, "Traceback" in run.err) == (1, True, False), (
            run.err
        )


@pytest.mark.parametrize("retries", [0, 2])
def test_pages_that_end_without_a_tag_are_read(retries: int, tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    site.edit(site.open_posts()[2].id, pages=[[]])  # nothing but a headline
    with serve(site, amp=None) as server:
        numbers = count()

        def end_without_tag(target: str, response: Response) -> Response:
            end = b"<!-- %s -->" % (b"x" * (next(numbers) * 97 % 400))
            return replace(response, body=response.body.replace(b"</html>", end))

        server.alter(end_without_tag)
        run = crawl(server.url, tmp_path / "a.jsonl", *EIGHT_AT_ONCE, "-s", f"RETRY_TIMES={retries}")
        assert run.status == 0, run.err
        assert len(lines(tmp_path / "a.jsonl")) == len(site.open_posts())


def test_a_page_that_breaks_off_is_fetched_again_though_a_shortlink_led_to_it(tmp_path: Path) -> None:
    site = Site(make_posts(12, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site, amp=None) as server:
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        site.advance(hours=1)
        post = new_post(site)

        def cut(target: str, response: Response) -> Response:
            end = response.body.find(b"</p>", response.body.find(b"td-post-content"))
            return replace(response, body=response.body[:end]) if target == post.path else response

        server.alter(cut)
        crawl(server.url, out, "-a", f"urls={server.url}/?p={post.id}")
        assert lines(out)[-1]["warnings"] == ["truncated"]
        [url] = lines(tmp_path / "ifp.runs.jsonl")[-1]["incomplete_urls"]
        assert url == server.url + post.path
        server.heal()
        assert crawl(server.url, out).status == 0
        assert_complete(site, server.url, out, revised=1)


@pytest.mark.parametrize("missing", ["not found", "another", "the canonical page"])
@pytest.mark.parametrize("for_good", [True, False])
def test_an_amp_page_that_is_missing_is_fetched_once_more(missing: str, for_good: bool, tmp_path: Path) -> None:
    """It alone has the recent posts."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    post, other, *_ = (post for post in site.open_posts() if post.amp_enabled)
    amp_path = f"{post.path}amp/"
    with serve(site) as server:

        def lose(target: str, response: Response) -> Response:
            if target != amp_path:
                return response
            if missing == "not found":
                return Response(status=404)
            return server.get(f"{other.path}amp/") if missing == "another" else redirect(post.path, 302)

        server.alter(lose)
        run = crawl(server.url, out)
        assert run.status == 0, run.err
        line = next(line for line in lines(out) if line["url"].endswith(post.path))
        assert (line["layout"], line["recent_posts"]) == ("newspaper", [])
        if not for_good:
            server.heal()
        for asked in (True, False):
            server.clear()
            assert crawl(server.url, out).status == 0
            assert (amp_path in server.requests()) is asked
        if not for_good:
            assert_complete(site, server.url, out, revised=1)


def test_the_amp_page_of_the_only_new_article_is_missing_and_fetched_once_more(tmp_path: Path) -> None:
    """The file shows that the site has AMP pages."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        post = new_post(site)
        server.alter(lambda target, response: Response(status=404) if target == f"{post.path}amp/" else response)
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        server.heal()
        assert crawl(server.url, out, *EIGHT_AT_ONCE).status == 0
        assert_complete(site, server.url, out, revised=1)


def test_an_amp_page_that_the_article_once_had_is_fetched_once_more(tmp_path: Path) -> None:
    """Though the last article of the file has none."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    site.open_posts()[-1].amp_enabled = False
    edited = site.open_posts()[1]
    amp_path = f"{edited.path}amp/"
    with serve(site) as server:
        assert crawl(server.url, out).status == 0
        assert lines(out)[-1]["layout"] == "newspaper"
        site.advance(hours=1)
        site.edit(edited.id, headline="Edited")
        server.alter(lambda target, response: Response(status=404) if target == amp_path else response)
        assert crawl(server.url, out).status == 0
        server.heal()
        for asked in (True, False):
            server.clear()
            assert crawl(server.url, out).status == 0
            assert (amp_path in server.requests()) is asked


def test_amp_pages_that_a_site_has_given_up_are_not_fetched_again(tmp_path: Path) -> None:
    """Its canonical pages name them still."""
    site = Site(make_posts(6, seed=5))
    out = tmp_path / "ifp.jsonl"
    with serve(site) as server:
        server.alter(lambda target, response: Response(status=404) if target.endswith("/amp/") else response)
        assert crawl(server.url, out).status == 0
        server.clear()
        assert crawl(server.url, out).status == 0
        assert not [target for target in server.requests() if target.endswith("/amp/")]
