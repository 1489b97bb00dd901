"""What a crawl chooses to fetch, from a recording or from the site's lists; without network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.settings import Settings

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import read_options
from ifp_scraper.recordings.archive import open_archive
from ifp_scraper.spiders import frontier as module
from ifp_scraper.spiders.amp_addresses import AmpAddresses
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.frontier import Frontier, Target
from ifp_scraper.storage.reasons import NO_ARTICLE
from tests.crawling import NO_REST, NOTHING_BUT_LISTINGS, site_of
from tests.dry_run import dry_run
from tests.recordings import redirect, response, story
from tests.site.response import Response

SITE = "https://ifpnews.com"
ARTICLE = f"{SITE}/seed-bank-draws-19-402-guests-to-gorgan/"


@contextmanager
def frontier_of(out: Path, **arguments: str) -> Iterator[Frontier]:
    settings = Settings({})
    settings.setmodule("ifp_scraper.settings")
    options, archive = open_archive(read_options(arguments, SITE), site_is_given=False)
    ledger = Ledger(options, out, start_over=True, settings=settings)
    crawler: Any = SimpleNamespace(settings=settings, crawling=True)
    yield Frontier(Fetcher(crawler, ledger), ledger, archive, AmpAddresses())
    ledger.store.close()


def wanted(out: Path, **arguments: str) -> list[Target]:
    async def run(frontier: Frontier) -> list[Target]:
        return [target async for target in frontier.targets()]

    with frontier_of(out, **arguments) as frontier:
        return asyncio.run(run(frontier))


def test_of_a_recording_all_in_range_is_wanted_from_the_page_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    every = wanted(out, archive="sample")
    assert {one.address == one.ref.url for one in every} == {True}
    assert None not in [one.reading for one in every]
    amp = wanted(out, archive="sample", pages="amp")
    assert [one.ref for one in amp] == [one.ref for one in every]
    begins = [one.reading.amp_address or one.reading.address for one in amp if one.reading]
    assert [one.address for one in amp] == begins
    times = [one.ref.published_at for one in every]
    inside = [time for time in times if time is None or time >= "2025-01-01"]
    since = wanted(out, archive="sample", since="2025-01-01T00:00Z")
    assert [one.ref.published_at for one in since] == inside
    assert len(inside) < len(times)


def test_of_a_recording_named_articles_alone_are_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = f"{SITE}/never-written/"
    named = f"{ARTICLE.replace('https', 'http')}amp/,{missing}"
    assert [one.ref.url for one in wanted(tmp_path / "a.jsonl", archive="sample", urls=named)] == [ARTICLE]
    assert capsys.readouterr().err.strip() == f"not in the recording: {missing}"


def test_of_a_recording_an_article_may_be_named_by_an_address_that_redirects_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short, other, old = f"{SITE}/?p=97", f"{SITE}/?p=98", f"{SITE}/an-old-slug/"
    pages = [response(f"{SITE}/{slug}/", story("Words.", slug=slug), "2024-01-01") for slug in "ab"]
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join([*pages, redirect(short, f"{SITE}/a/"), redirect(old, f"{SITE}/b/")]))
    for named, found in ((short, ["a"]), (f"{old}amp/", ["b"]), (f"{short},{old}", ["a", "b"]), (other, [])):
        targets = wanted(tmp_path / "a.jsonl", archive=str(recorded), urls=named)
        assert [one.address for one in targets] == [f"{SITE}/{slug}/" for slug in found]
        said = capsys.readouterr().err.strip()
        assert said == ("" if found else f"not in the recording: {other}")


@pytest.mark.parametrize(
    ("section", "label", "is_of"),
    [
        ("iran-news", "Iran News", True),
        ("news/world", "World", True),
        ("wired", "Media Wire", True),
        ("wired", "Wired", True),
        ("arts", "Arts & Culture", False),
        ("arts-culture", "Arts & Culture", True),
        ("world", "News", False),
    ],
)
def test_of_a_recording_or_named_articles_labels_tell_the_section(
    section: str, label: str, is_of: bool, tmp_path: Path
) -> None:
    article = Article(sections=["Other", label])
    with frontier_of(tmp_path / "named.jsonl", urls="https://ifpnews.com/a/", section=section) as frontier:
        assert frontier.covers(article) is is_of
    with frontier_of(tmp_path / "a.jsonl", archive="sample", section=section) as frontier:
        assert frontier.covers(article) is is_of
        assert frontier.covers(Article()) is False
    with frontier_of(tmp_path / "a.jsonl", section=section) as frontier:  # the site has listed it there
        assert frontier.covers(article) is True
    with frontier_of(tmp_path / "a.jsonl", archive="sample") as frontier:
        assert frontier.covers(article) is True


@pytest.mark.parametrize(
    ("published_at", "covered"),
    [("2024-01-01T00:00:00Z", True), ("2023-12-31T23:59:59Z", False), (None, True)],
)
def test_a_range(published_at: str | None, covered: bool, tmp_path: Path) -> None:
    with frontier_of(tmp_path / "a.jsonl", since="2024-01-01T00:00Z") as frontier:
        assert frontier.covers(Article(published_at=published_at)) is covered


@pytest.mark.parametrize("last", ["2024-01-01T00:00:00Z", None, "2023-12-31T23:59:59Z"])
def test_a_list_is_left_after_thirty_articles_in_a_row_that_are_too_old(
    last: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [ArticleRef(f"{SITE}/a-story-{number}/") for number in range(90)]

    async def listed() -> AsyncIterator[ArticleRef]:
        for ref in refs:
            yield ref

    async def read(frontier: Frontier) -> int:
        """Read what the frontier chooses; the 30th article is from ``last``, the others are too old."""
        count = 0
        async for _ in frontier.targets():
            count += 1
            frontier.note_age(Article(published_at=last if count == 30 else "2023-12-31T23:59:59Z"))
        return count

    with frontier_of(tmp_path / "a.jsonl", since="2024-01-01T00:00Z") as frontier:
        monkeypatch.setattr(frontier, "discovered", listed)
        assert asyncio.run(read(frontier)) == (30 if last and last < "2024" else 60)


@pytest.mark.parametrize(
    ("order", "count"),
    [
        (range(1000), 30),  # how old each is
        (range(1000, 0, -1), 1000),
        ([number * 7919 % 1009 for number in range(1000)], 1000),
        ([number + 5 * (number % 5 > 0) for number in range(1000)], 30),  # some waited for their publication
    ],
    ids=["newest first", "oldest first", "no order", "in the order in which they were entered"],
)
def test_a_list_in_another_order_is_read_to_its_end(
    order: Sequence[int], count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listed() -> AsyncIterator[ArticleRef]:
        for number in order:
            yield ArticleRef(f"{SITE}/{number + 7}-days-old/")

    async def read(frontier: Frontier) -> int:
        count = 0
        async for _ in frontier.targets():
            published_at = parse_utc("2023-12-31T23:59:59Z") - timedelta(days=order[count])
            frontier.note_age(Article(published_at=format_utc(published_at)))
            count += 1
        return count

    with frontier_of(tmp_path / "a.jsonl", since="2024-01-01T00:00Z") as frontier:
        monkeypatch.setattr(frontier, "discovered", listed)
        assert asyncio.run(read(frontier)) == count


def test_an_article_that_is_listed_twice_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listed() -> AsyncIterator[ArticleRef]:
        for modified_at in (None, "2024-01-01T00:00:00Z", None, "2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z"):
            yield ArticleRef(f"{SITE}/a/", 1, modified_at=modified_at)
            yield ArticleRef(f"{SITE}/b/", 2)

    async def fetched(frontier: Frontier) -> list[str]:
        return [target.address async for target in frontier.targets()]

    with frontier_of(tmp_path / "a.jsonl") as frontier:
        for id, url in ((1, f"{SITE}/a/"), (2, f"{SITE}/b/")):
            frontier._ledger.write(Article(id=id, url=url, layout="newspaper", modified_at="2024-01-01T00:00:00Z"))
        monkeypatch.setattr(frontier, "discovered", listed)
        assert asyncio.run(fetched(frontier)) == [f"{SITE}/a/"]  # once the list says that it was edited
        assert frontier._ledger.counts["current"] == 1


def test_named_articles_are_asked_of_the_site_that_was_given(tmp_path: Path) -> None:
    named = "http://www.ifpnews.com/a/amp/,https://IFPNEWS.com/a,https://ifpnews.com/b/?utm_source=x"
    out = tmp_path / "a.jsonl"
    assert [one.address for one in wanted(out, urls=named)] == [f"{SITE}/a/", f"{SITE}/b/"]
    assert [one.address for one in wanted(out, urls=named, pages="amp")] == [f"{SITE}/a/amp/", f"{SITE}/b/amp/"]
    category = f"{SITE}/category/x/"
    with frontier_of(out, urls=category) as frontier:
        assert list(frontier._named()) == []
        assert frontier._ledger.rejections.reason(category) == NO_ARTICLE


def test_listings_are_left_once_they_are_past_the_range(tmp_path: Path) -> None:
    with site_of(200, **NOTHING_BUT_LISTINGS) as (site, server):
        since = format_utc(site.public()[9].published) or ""
        run = dry_run(server, tmp_path / "a.jsonl", since=since, sources="listing")
        assert run.counts["new"] == sum(not post.password_protected for post in site.public()[:10])
        assert len(run.articles) == 41  # the last 30 of them are older, and one has no date
        assert len(run.asked) < 7


def test_old_articles_that_were_edited_do_not_hide_recent_ones(tmp_path: Path) -> None:
    with site_of(60, **NO_REST, sitemap="yoast", feed=404) as (site, server):
        recent = site.open_posts()[0]
        site.advance(hours=1)
        for post in site.open_posts()[10:50]:
            site.edit(post.id)
        run = dry_run(server, tmp_path / "a.jsonl", since=format_utc(recent.published) or "")
        assert (recent.path in run.articles, run.status) == (True, 0)


def test_a_plain_permalink_further_down_the_list_is_passed_over(tmp_path: Path) -> None:
    with site_of(20) as (site, server):
        plain = site.open_posts()[5]

        def print_plain(target: str, response: Response) -> Response:
            return replace(response, body=response.body.replace(f"{plain.slug}\\/".encode(), b"?p=5"))

        server.alter(print_plain)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert (run.articles, run.status) == ([post.path for post in site.public() if post is not plain], 0)


def test_what_is_known_to_be_outside_the_range_is_not_fetched_for_an_edit(tmp_path: Path) -> None:
    with site_of(60, **NO_REST, sitemap="yoast") as (site, server):
        dry_run(server, tmp_path / "a.jsonl")
        site.advance(hours=1)
        inside, outside = (site.edit(site.open_posts()[number].id) for number in (5, 50))
        since = format_utc(inside.published) or ""
        assert dry_run(server, tmp_path / "a.jsonl", since=since).articles == [inside.path]
        assert dry_run(server, tmp_path / "a.jsonl").articles == [outside.path]


def test_amp_pages_in_a_list_are_those_of_articles(tmp_path: Path) -> None:
    with site_of(20, rest=404, sitemap="yoast") as (site, server):
        one = site.open_posts()[3]

        def list_amp(target: str, response: Response) -> Response:
            return replace(response, body=response.body.replace(f"{one.path}<".encode(), f"{one.path}amp/<".encode()))

        server.alter(list_amp)
        run = dry_run(server, tmp_path / "a.jsonl")
        assert one.path in run.articles
        assert not any("amp" in path for path in run.articles)


def test_what_an_earlier_run_left_is_tried_though_no_source_lists_it(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(150) as (site, server):
        dry_run(server, out)
        runs, rejected = out.with_suffix(".runs.jsonl"), out.with_suffix(".rejected.jsonl")
        left = site.open_posts()[140]
        incomplete = left.path
        last = json.loads(runs.read_text())
        runs.write_text(json.dumps(last | {"failed_urls": [server.url + incomplete]}) + "\n")
        line = {"url": f"{server.url}/a/", "reason": NO_ARTICLE, "layout": None, "time": "2024-01-01T00:00:00Z"}
        rejected.write_text(json.dumps(line | {"extractor_version": "0.0"}) + "\n" + rejected.read_text())
        elsewhere = next(one for post in site.posts.values() for one in post.sections if one not in left.sections)
        assert dry_run(server, out, section=elsewhere.path).articles == []
        runs.write_text(json.dumps(last | {"failed_urls": [server.url + incomplete]}) + "\n")
        run = dry_run(server, out)
        assert run.articles == ["/a/", incomplete]
        assert run.counts["current"] == len(site.public()) - 1


def test_a_list_without_end_ends_the_crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with site_of(20) as (site, server):
        for most, status in ((len(site.public()), 0), (len(site.public()) - 1, 1)):
            monkeypatch.setattr(module, "_MAX_ADDRESSES", most)
            run = dry_run(server, tmp_path / f"{most}.jsonl")
            assert (run.status, len(run.articles)) == (status, most)
            assert run.why == (f"the site lists more than {most} addresses" if status else None)
