"""An article is read from all its pages, and from both its views: without network."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from scrapy.http import Request, TextResponse
from scrapy.settings import Settings

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import read_options
from ifp_scraper.spiders.amp_addresses import AmpAddresses
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.page_views import View, ViewReader
from tests.crawling import lines, site_of
from tests.site import Post, Site, SiteServer
from tests.site.response import Response, page, redirect


class Read(NamedTuple):
    article: Article | None
    is_dated: bool
    """Whether the view says when it was edited."""
    asked: list[str]
    """Paths, without that of the first page."""
    failed: list[str]
    incomplete: list[str]
    rejected: list[str]


class _Fetcher(Fetcher):
    """Asks a function for the path's answer, and notes which paths it asked for and which failed."""

    def __init__(self, crawler: Any, ledger: Ledger, server: SiteServer, answer: Callable[[str], Response]) -> None:
        super().__init__(crawler, ledger)
        self.asked: list[str] = []
        self.failed: list[str] = []
        self.crawl.note_failed = self._note_failed  # type: ignore[method-assign]
        self.server, self.answer = server, answer

    async def fetch(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> TextResponse:
        path = url.removeprefix(self.server.url)
        self.asked.append(path)
        found = self.answer(path)
        if found.status in (301, 302):
            return await self.fetch(found.headers["Location"])
        if found.status != 200:
            raise FetchFailed(f"status {found.status}", found.status)
        return TextResponse(url, headers=found.headers, body=found.body, request=Request(url, meta=meta))

    def _note_failed(self, url: str, reason: str, ref: ArticleRef | None = None) -> None:
        self.failed.append(url.removeprefix(self.server.url))


def read(
    server: SiteServer,
    path: str,
    out: Path,
    answer: Callable[[str], Response | None] = lambda path: None,
    ending: bool = False,
    most_pages: int = 100,
    **arguments: str,
) -> Read:
    """Read the article at this path as the spider does; ``answer`` gives what the site does not answer itself."""
    settings = Settings({})
    settings.setmodule("ifp_scraper.settings")
    settings.set("IFP_MAX_POST_PAGES", most_pages)
    ledger = Ledger(read_options(arguments, server.url), out, start_over=True, settings=settings)
    incomplete: list[str] = []
    ledger.note_incomplete = incomplete.append  # type: ignore[method-assign]
    crawler: Any = SimpleNamespace(settings=settings, crawling=True)
    fetcher = _Fetcher(crawler, ledger, server, lambda path: answer(path) or server.get(path))
    reader = ViewReader(fetcher, ledger)

    async def run() -> View | None:
        first = await fetcher.fetch(server.url + path)
        fetcher.crawl.why_stopped = "the site refuses" if ending else None
        view = await reader.read(first)
        return await reader.with_other_view(view) if view is not None else None

    try:
        view = asyncio.run(run())
    finally:
        ledger.store.close()
    rejected = [line["url"].removeprefix(server.url) for line in lines(ledger.rejections.path)]
    return Read(
        view.article if view else None,
        view is not None and view.is_dated,
        fetcher.asked[1:],
        fetcher.failed,
        [url.removeprefix(server.url) for url in incomplete],
        rejected,
    )


UNREADABLE = page('<html><body class="single single-post postid-7"><p>No article.</p></body></html>')
UNREADABLE_AMP = page(
    '<html amp><body class="single-post amp-single postid-7"><div class="cntn-wrp artl-cnt"></div></html>'
)


def long_post(site: Site, count: int) -> Post:
    """Turn an article into one of several pages."""
    post = next(post for post in site.open_posts() if len(post.pages) == 1 and post.amp_enabled and post.pages[0])
    pages = [other.pages[0] for other in site.open_posts()[:count]]
    return site.edit(post.id, pages=pages)


@pytest.mark.parametrize("first", ["", "2/", "4/"])
def test_all_pages_of_a_long_post_are_joined_in_order_whichever_is_read_first(first: str, tmp_path: Path) -> None:
    with site_of(20, amp=None) as (site, server):
        post = long_post(site, 4)
        whole = read(server, post.path + first, tmp_path / "a.jsonl")
        again = read(server, post.path, tmp_path / "a.jsonl")
        assert whole.article is not None
        assert again.article is not None
        assert whole.article.body == again.article.body
        assert (whole.article.warnings, whole.incomplete) == ([], [])
        assert sorted([first, *(path.removeprefix(post.path) for path in whole.asked)]) == ["", "2/", "3/", "4/"]


def test_pages_that_link_to_their_neighbours_alone_are_all_read(tmp_path: Path) -> None:
    with site_of(20, amp=None) as (site, server):
        post = long_post(site, 5)

        def answer(path: str) -> Response:
            found = server.get(path)
            number = int(path.removeprefix(post.path).strip("/") or 1)
            for other in {1, 2, 3, 4, 5} - {number - 1, number + 1}:
                link = f"{post.path}{other}/" if other > 1 else post.path
                found.body = found.body.replace(f'{link}"><div>'.encode(), b'#"><div>')
            return found

        found = read(server, post.path, tmp_path / "a.jsonl", answer)
        assert [path.removeprefix(post.path) for path in found.asked] == ["2/", "3/", "4/", "5/"]
        assert found.article is not None
        assert (found.article.warnings, found.incomplete) == ([], [])


def test_of_a_post_with_too_many_pages_the_first_ones_are_read(tmp_path: Path) -> None:
    with site_of(20, amp=None) as (site, server):
        post = long_post(site, 6)
        found = read(server, post.path, tmp_path / "a.jsonl", most_pages=3)
        assert found.asked == [f"{post.path}2/", f"{post.path}3/"]
        assert found.article is not None
        assert (found.article.warnings, found.incomplete) == (["one-page-of-many"], [])


@pytest.mark.parametrize(
    ("how", "failed"),
    [
        (404, False),
        (410, False),
        (500, True),
        ("first", False),
        ("last", False),
        ("other", False),
        ("no article", False),
        ("unreadable", False),
        ("first, at its own address", False),
        ("third, at its own address", False),
    ],
)
def test_a_page_that_is_missing_is_told(how: int | str, failed: bool, tmp_path: Path) -> None:
    with site_of(20, amp=None) as (site, server):
        post = long_post(site, 4)
        whole = read(server, post.path, tmp_path / "a.jsonl")
        instead = {
            "other": site.open_posts()[-1].path,
            "no article": "/about-us/",
            "first, at its own address": post.path,  # by a faulty cache
            "third, at its own address": f"{post.path}3/",
        }

        def answer(path: str) -> Response | None:
            if path != f"{post.path}2/":
                return None
            if how == "unreadable":
                return UNREADABLE
            if how in ("first", "last"):
                return redirect(f"{server.url}{post.path}{'4/' if how == 'last' else ''}")
            return page("", how) if isinstance(how, int) else server.get(instead[how])

        found = read(server, post.path, tmp_path / "a.jsonl", answer)
        assert found.article is not None
        assert (found.article.warnings, found.incomplete) == (["one-page-of-many"], [post.path])
        assert whole.article is not None
        texts, of_all = (
            [block["text"] for block in one.blocks if block["kind"] == "paragraph"]
            for one in (found.article, whole.article)
        )
        assert texts == [text for text in of_all if text in texts]
        assert found.asked.count(f"{post.path}2/") == 1
        assert found.failed == ([f"{post.path}2/"] if failed else [])


def test_both_views_are_merged_and_only_those_wanted_are_fetched(tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        post = next(post for post in site.open_posts() if post.amp_enabled and len(post.pages) == 1)
        for pages, first, asked, views in (
            ("both", post.path, [f"{post.path}amp/"], 2),
            ("canonical", post.path, [], 1),
            ("amp", f"{post.path}amp/", [], 1),
            ("both", f"{post.path}amp/", [], 1),
        ):
            found = read(server, first, tmp_path / "a.jsonl", pages=pages)
            assert found.article is not None
            assert (found.asked, (found.article.layout or "").count("+") + 1) == (asked, views)


@pytest.mark.parametrize(
    ("how", "noted"),
    [
        (404, None),
        (500, "failed"),
        ("other", None),
        ("canonical", None),
        ("empty", "failed"),
        ("unreadable", "rejected"),
        ("cut off", "failed"),
        ("text", None),
    ],
)
def test_an_article_without_its_amp_page_is_read_alone(how: int | str, noted: str | None, tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        post, other, *_ = (post for post in site.open_posts() if post.amp_enabled and len(post.pages) == 1)
        instead = {"other": f"{other.path}amp/", "canonical": post.path}

        def answer(path: str) -> Response | None:
            if path != f"{post.path}amp/":
                return None
            if isinstance(how, int):
                return page("", how)
            if how in instead:
                return server.get(instead[how])
            amp = server.get(path).body
            cut_off, text = (
                Response(amp.partition(b"<body")[0]),
                Response(b"<!-- -->" + amp, headers={"Content-Type": "text/plain"}),
            )
            return {"unreadable": UNREADABLE_AMP, "cut off": cut_off, "text": text}.get(how, page(""))

        found = read(server, post.path, tmp_path / "a.jsonl", answer)
        assert found.article is not None
        assert found.article.headline == post.headline
        assert "+" not in (found.article.layout or "")
        assert found.failed == ([f"{post.path}amp/"] if noted == "failed" else [])
        assert found.rejected == ([f"{post.path}amp/"] if noted == "rejected" else [])
        kept = [file.read_bytes() for file in tmp_path.glob("a.rejected/*.html")]
        assert len(kept) == len(found.rejected)
        assert all(UNREADABLE_AMP.body in page for page in kept)


@pytest.mark.parametrize(
    ("undated", "other_words", "is_dated"),
    [
        ("", False, True),
        ("", True, True),
        ("canonical", False, True),
        ("canonical", True, False),
        ("both", False, False),
    ],
)
def test_a_page_with_the_text_of_the_amp_page_is_of_the_edit_that_that_one_states(
    undated: str, other_words: bool, is_dated: bool, tmp_path: Path
) -> None:
    with site_of(20) as (site, server):
        post = next(post for post in site.open_posts() if post.amp_enabled and len(post.pages) == 1)

        def answer(path: str) -> Response:
            found, is_amp = server.get(path), path.endswith("/amp/")
            if undated == "both" or (undated == "canonical" and not is_amp):
                found.body = re.sub(b"modified", b"changed", found.body, flags=re.IGNORECASE)
            if is_amp and other_words:
                found.body = found.body.replace(b"</h1>", b" (Updated)</h1>")
            return found

        found = read(server, post.path, tmp_path / "a.jsonl", answer)
        assert found.article is not None
        assert (found.article.layout.count("+"), found.is_dated) == (1, is_dated)


def test_a_long_post_is_read_from_the_view_that_has_all_its_pages(tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        post = long_post(site, 3)
        lacking = lambda *paths: lambda path: page("", 404) if path.removeprefix(post.path) in paths else None  # noqa: E731
        whole, both, neither = (
            read(server, post.path, tmp_path / "a.jsonl", lacking(*paths))
            for paths in ((), ("2/",), ("2/", "3/?amp=1"))
        )
        assert [path.removeprefix(post.path) for path in whole.asked] == ["2/", "3/", "amp/"]  # which shows no more
        assert [path.removeprefix(post.path) for path in both.asked] == ["2/", "3/", "amp/", "2/?amp=1", "3/?amp=1"]
        assert whole.article is not None
        assert both.article is not None
        assert neither.article is not None
        assert (both.article.body, both.article.warnings) == (whole.article.body, ["body-from-amp"])
        assert neither.article.warnings == ["one-page-of-many"]
        assert len(neither.article.blocks) < len(whole.article.blocks)


def test_the_second_guess_at_an_amp_page_is_another_address() -> None:
    url, other = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    amp = AmpAddresses()
    assert (amp.of(url), amp.second_guess(url)) == (f"{url}amp/", f"{url}?amp=1")
    for learned in ("?amp=1", "?amp"):
        amp.learn(other, other + learned)
        assert amp.of(url) == url + learned
        assert amp.second_guess(url) != amp.of(url)
    for amp_url in (None, other, f"{url}amp/", f"{other}x/"):  # these say nothing
        amp.learn(other, amp_url)
        assert amp.of(url) == f"{url}?amp"


def test_an_article_that_lacks_a_part_is_not_written_when_the_crawl_is_about_to_end(tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        post = next(post for post in site.open_posts() if post.amp_enabled)
        fails = lambda path: page("", 404) if path.endswith("/amp/") else None  # noqa: E731
        with pytest.raises(FetchFailed):
            read(server, post.path, tmp_path / "a.jsonl", fails, ending=True)
