"""Which captures of an article belong together, and what the lists in a recording say about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.discovery.readings import (
    addresses_of,
    by_target,
    is_failed,
    page_at,
    read_slug,
    split_articles,
    split_readings,
    without_failed,
)
from ifp_scraper.discovery.recorded_lists import ListEvidence, evidence_at, may_list, read_listed
from ifp_scraper.items import Article

SITE = "https://ifpnews.com"
NOW = datetime(2024, 5, 6, tzinfo=UTC)
PAGES = {"c": "/a/", "q": "/a/?x=1", "2": "/a/2/", "3": "/a/3/", "a": "/a/amp/", "b": "/a/amp/2/"}


class Capture(NamedTuple):
    """``c0``: the canonical page at minute 0; ``21``: its page 2 at minute 1; ``a``, ``b``: the AMP pages 1 and 2;
    ``q``: the canonical page with a query.
    """

    name: str

    @property
    def url(self) -> str:
        return SITE + PAGES[self.name[0]]

    @property
    def captured_at(self) -> datetime:
        return NOW + timedelta(minutes=int(self.name[1:]))

    @property
    def page_urls(self) -> list[str]:
        return [self.url]


@pytest.mark.parametrize(
    ("captures", "readings"),
    [
        ("c0 a1 21 b2", ["c0 a1 21 b2"]),
        ("c0 a1 c999", ["c0 a1", "c999"]),
        ("c0 21 c999 2999", ["c0 21", "c999 2999"]),
        ("20 c1", ["20 c1"]),
        ("20 31", ["20 31"]),
        ("c0 c9", ["c0", "c9"]),
        ("20 c1 c999 2999", ["20 c1", "c999 2999"]),
        ("c0 21 22", ["c0 21"]),
        ("c0 21 2998 3999 c999", ["c0 21", "2998 3999 c999"]),
        ("c0 a1 2998 c999 a999", ["c0 a1", "2998 c999 a999"]),
        ("c0 a1 260 c999", ["c0 a1 260", "c999"]),
        ("c0 21 2997 2998 c999", ["c0 21", "2998 c999"]),
        ("c0 2998", ["c0 2998"]),
        ("c0 2998 c999", ["c0", "2998 c999"]),
        ("c0 2998 a999", ["c0 2998 a999"]),
        ("c0 21 3998 2999", ["c0 21 3998"]),
        ("c0 21 2998 c999 c1999", ["c0 21", "2998 c999", "c1999"]),
        ("c0 c9 29", ["c9 29"]),  # cut off and begun again
        ("c0 c5 c9 29", ["c9 29"]),
        ("c0 c60 261", ["c0", "c60 261"]),
        ("c0 c59 261", ["c59 261"]),
        ("c0 a50 c70 a71 272", ["c70 a71 272"]),
        ("c0 21 c9", ["c0 21", "c9"]),
        ("c0 a1 c5 26", ["a1 c5 26"]),
        ("c0 a998 c999", ["c0", "a998 c999"]),  # another crawler, which captures the AMP page first
        ("a0 c998 a999", ["a0", "c998 a999"]),
        ("c0 21 a997 2998 c999", ["c0 21", "a997 2998 c999"]),
        ("c0 a900 c999", ["c0 a900", "c999"]),
        ("c0 a50 c100", ["c0 a50", "c100"]),
        ("c0 a997 c998 a999", ["c0 a997", "c998 a999"]),
    ],
)
def test_captures_that_were_made_together(captures: str, readings: list[str]) -> None:
    found = split_readings([Capture(name) for name in captures.split()], lambda capture: None)
    assert [" ".join(one.name for one in reading) for reading in found] == readings


@pytest.mark.parametrize(
    ("captures", "edited", "text", "readings"),
    [
        ("c0 a60", 1, "New.", ["c0", "a60"]),
        ("c0 21 a61", 2, "New.", ["c0 21", "a61"]),
        ("a0 c60", 1, "New.", ["a0", "c60"]),
        ("c0 21 a61", 1, "New.", ["c0 21 a61"]),  # the reading may show it
        ("c0 a59", 1, "New.", ["c0 a59"]),  # of one visit
        ("c0 a60", 0, "New.", ["c0 a60"]),  # both are of the edit
        ("c0 a60", 1, "Old.", ["c0 a60"]),
        ("c0 a60", None, "New.", ["c0 a60"]),
        ("c0 260", 1, "New.", ["c0 260"]),  # a further page shows another part of the text
    ],
)
def test_an_edit_between_two_captures_parts_them(
    captures: str, edited: int | None, text: str, readings: list[str]
) -> None:
    *earlier, later = (Capture(name) for name in captures.split())

    def article_in(capture: Capture) -> Article:
        fetched_at = format_utc(capture.captured_at)
        if capture != later:
            return Article(headline="Old.", layout="newspaper", fetched_at=fetched_at)
        modified_at = None if edited is None else format_utc(NOW + timedelta(minutes=edited))
        return Article(headline=text, layout="newspaper", fetched_at=fetched_at, modified_at=modified_at)

    found = split_readings([*earlier, later], article_in)
    assert [" ".join(one.name for one in reading) for reading in found] == readings


@pytest.mark.parametrize(
    ("captures", "edited", "readings"),
    [
        ("c0 c9 29", 5, ["c0", "c9 29"]),
        ("c0 c9 a10", 5, ["c0", "c9 a10"]),
        ("c0 21 c9", 5, ["c0 21", "c9"]),
        ("c0 21 c9 a10", 5, ["c0 21", "c9 a10"]),
        ("c0 c5 c9 29", 7, ["c0", "c5", "c9 29"]),
        ("c0 c5 c9 29", 3, ["c0", "c9 29"]),
        ("c5 c9 29", 3, ["c9 29"]),  # both show it
        ("c0 c9 29", None, ["c9 29"]),
    ],
)
def test_what_was_captured_before_a_stated_edit_is_not_left_out(
    captures: str, edited: int | None, readings: list[str]
) -> None:
    def article_in(capture: Capture) -> Article:
        article = Article(headline="Old.", layout="newspaper", fetched_at=format_utc(capture.captured_at))
        if edited is not None and capture.captured_at > (modified_at := NOW + timedelta(minutes=edited)):
            article.headline, article.modified_at = "New.", format_utc(modified_at)
        return article

    found = split_readings([Capture(name) for name in captures.split()], article_in)
    assert [" ".join(one.name for one in reading) for reading in found] == readings


@pytest.mark.parametrize(
    ("captures", "failed", "kept"),
    [
        ("c0 c1", "c0", "c1"),
        ("c0 c1", "c1", "c0"),
        ("c0 c1", "c0 c1", "c1"),
        ("c0 a1", "c0", "c0 a1"),
        ("c0 c1 c2", "c1", "c0 c2"),
    ],
)
def test_failed_captures_of_a_page_that_has_a_better_one(captures: str, failed: str, kept: str) -> None:
    found = without_failed([Capture(name) for name in captures.split()], lambda one: one.name in failed.split())
    assert [one.name for one in found] == kept.split()


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        (b"", True),
        (b" \n", True),
        (b"<html><body><p>One.", True),
        (b"<html><body><p>Error establishing a database connection</p></body></html>", True),
        (b"<html><body><p>One.</p></body></html>", False),
    ],
)
def test_a_capture_that_a_crawl_would_have_retried_is_failed(body: bytes, failed: bool) -> None:
    assert is_failed(f"{SITE}/a/", body) is failed


def test_a_redirect_is_an_address_of_the_article_to_which_it_leads_in_the_end() -> None:
    old, moved, renamed, other = "http://ifpnews.com/x/a/", f"{SITE}/x/a/", f"{SITE}/old-name/", f"{SITE}/b/"
    redirects = [(old, moved), (moved, f"{SITE}/a/"), (renamed, moved), (other, f"{SITE}/a/")]
    outdated = (NOW - timedelta(days=1), moved, f"{SITE}/b/")
    found = [*((NOW, *redirect) for redirect in redirects), outdated]
    redirected = by_target(found, {"ifpnews.com/a", "ifpnews.com/b"})  # b has gone since
    assert redirected == {urls.article_key(f"{SITE}/a/"): [moved, old, renamed]}
    captures = [Capture(name) for name in ("c0", "q1", "22", "a3")]
    assert addresses_of(captures, redirected) == [f"{SITE}/a/", f"{SITE}/a/amp/", moved, old, renamed]


def test_permalinks_with_one_post_id_are_of_one_article() -> None:
    class At(NamedTuple):
        url: str
        id: int | None = None
        captured_at: datetime = NOW
        others: tuple[str, ...] = ()

        @property
        def page_urls(self) -> list[str]:
            return [self.url, *self.others]

    def split(*captures: At) -> list[list[At]]:
        return list(split_articles(list(captures), lambda capture: Article(id=capture.id)))

    old, new, other = At("http://ifpnews.com/exclusive/a/amp/", 7), At(f"{SITE}/a/", 7), At(f"{SITE}/video/a/", 8)
    assert split(old, other, new) == [[old, new], [other]]
    no_id, again = At(f"{SITE}/reports/a/"), At("http://www.ifpnews.com/a", None)
    assert split(no_id, new, again) == [[no_id], [new, again]]
    imported, moved = new._replace(id=9), At(f"{SITE}/news/a/", 9)  # into a new WordPress
    assert split(old, new, imported, moved) == [[old, new, imported, moved]]
    second = At(f"{SITE}/a/2/", 7)
    assert split(old, new, second) == [[old], [new, second]]
    joined = new._replace(others=(second.url,))
    assert split(old, joined) == [[old], [joined]]


@pytest.mark.parametrize(
    ("url", "is_amp"),
    [
        ("/a/amp/", True),
        ("/a/amp", True),
        ("/a/amp/2/", True),
        ("/a/amp/?x=1", True),
        ("/a/?amp", True),
        ("/a/?x=1&amp=1", True),
        ("/a/?amp=1&x=1", True),
        ("/a/", False),
        ("/amp-of-the-year/", False),
        ("/a/?ampere=1", False),
    ],
)
def test_addresses_of_amp_pages(url: str, is_amp: bool) -> None:
    assert urls.is_amp(SITE + url) is is_amp


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("/a/", (False, 1)),
        ("/a/2/", (False, 2)),
        ("/a/2?x=1", (False, 2)),
        ("/a/2/index.html", (False, 2)),
        ("/a/?page=2", (False, 2)),
        ("/a/?x=1&page=2&y", (False, 2)),
        ("/a/?homepage=2", (False, 1)),
        ("/a/?page=2x", (False, 1)),
        ("/a/amp/2/", (True, 2)),
        ("/a/2/amp/", (True, 2)),
        ("/a/2/amp", (True, 2)),
        ("/a/2/?amp", (True, 2)),
    ],
)
def test_which_page_of_an_article_is_at_an_address(url: str, page: tuple[bool, int]) -> None:
    assert page_at(SITE + url) == page


POST = {"id": 7, "link": f"{SITE}/a/", "date_gmt": "2024-05-05T00:00:00", "modified_gmt": "2024-05-05T01:00:00"}
ITEM = f"<item><link>{SITE}/a/</link><guid>{SITE}/?p=7</guid><pubDate>Sun, 05 May 2024 00:00:00 +0000</pubDate></item>"
ENTRY = (
    f"<entry><link rel='edit' href='/e/'/><link href='{SITE}/a/'/><id>x</id><published>soon</published>"
    "<updated>2024-05-05T01:00:00Z</updated></entry>"
)
URLSET = f"<urlset><url><loc>{SITE}/a/</loc><lastmod>2024-05-05T02:00:00Z</lastmod></url></urlset>"
NEWS = (
    f"<urlset><url><loc>{SITE}/a/</loc><n:news xmlns:n='n'><n:publication_date>2024-05-05T03:30:00+03:30"
    "</n:publication_date></n:news></url></urlset>"
)
PUBLISHED, EDITED = "2024-05-05T00:00:00Z", "2024-05-05T01:00:00Z"


@pytest.mark.parametrize(
    ("url", "kind", "body", "rank", "said"),
    [
        ("/wp-json/wp/v2/posts?page=2", "json", json.dumps([POST, 7]), 0, (7, PUBLISHED, EDITED, "rest")),
        ("/wp-json/wp/v2/posts/7", "json", json.dumps(POST), 0, (7, PUBLISHED, EDITED, "rest")),
        (
            "/?rest_route=/wp/v2/posts&x",
            "html",
            f"Notice\n[{json.dumps(POST)}]<!-- -->",
            0,
            (7, PUBLISHED, EDITED, "rest"),
        ),
        ("/?rest_route=%2Fwp%2Fv2%2Fposts", "json", json.dumps([POST]), 0, (7, PUBLISHED, EDITED, "rest")),
        ("/feed/", "xml", f"<rss><channel>{ITEM}<item/></channel></rss>", 1, (7, PUBLISHED, None, "feed")),
        ("/feed", "html", f"<feed>{ENTRY}<entry/></feed>", 1, (None, None, EDITED, None)),
        ("/feed/rdf/", "xml", f"<r:RDF xmlns:r='r'><channel/>{ITEM}</r:RDF>", 1, (7, PUBLISHED, None, "feed")),
        ("/sitemap/", "text/xml", URLSET, 2, (None, None, "2024-05-05T02:00:00Z", None)),
        ("/post-sitemap.xml.gz", "", URLSET, 2, (None, None, "2024-05-05T02:00:00Z", None)),
        ("/news-sitemap.xml", "text/xml", NEWS, 2, (None, PUBLISHED, None, "sitemap")),
        ("/wp-json/wp/v2/posts", "json", "[[[", None, None),
        ("/feed/", "xml", "no feed", None, None),
        ("/sitemap.xml", "xml", "<sitemapindex/>", None, None),
    ],
)
def test_what_lists_in_a_recording_say(url: str, kind: str, body: str, rank: int | None, said: Any) -> None:
    assert may_list(SITE + url, 200, kind, SITE)
    found = read_listed(SITE + url, body.encode(), SITE, NOW)
    assert [(evidence.rank, evidence.ref.url) for evidence in found] == ([(rank, f"{SITE}/a/")] if said else [])
    times = [(e.ref.id, e.ref.published_at, e.ref.modified_at, e.ref.published_source) for e in found]
    assert times == ([said] if said else [])


@pytest.mark.parametrize(
    ("url", "status", "kind"),
    [
        (f"{SITE}/a/", 200, "text/html"),
        (f"{SITE}/a/", 200, "application/xhtml+xml"),
        (f"{SITE}/feed/", 404, "text/xml"),
        ("https://other.example/feed/", 200, "text/xml"),
        (f"{SITE}/wp-json/wp/v2/postscript", 200, "application/json"),
    ],
)
def test_what_is_no_list(url: str, status: int, kind: str) -> None:
    assert not may_list(url, status, kind, SITE)


def test_the_best_source_of_the_time_and_the_latest_edit_count() -> None:
    sitemap, feed, rest = (
        ArticleRef(f"{SITE}/a/", modified_at="2024-05-03T00:00:00Z"),
        ArticleRef("http://www.ifpnews.com/a/", 7, "2024-05-01T00:00:00Z", published_source="feed"),
        ArticleRef(f"{SITE}/a/", 7, "2024-05-01T00:00:01Z", "2024-05-02T00:00:00Z", "rest"),
    )
    old = replace(sitemap, modified_at="2024-05-01T00:00:00Z")
    said = [ListEvidence(NOW, rank, ref) for rank, ref in ((2, sitemap), (1, feed), (0, rest), (2, old))]
    best = evidence_at(said, NOW)
    assert best == ArticleRef(f"{SITE}/a/", 7, "2024-05-01T00:00:01Z", "2024-05-03T00:00:00Z", "rest")
    best = evidence_at(said[:2], NOW)
    assert best is not None
    assert (best.published_source, best.modified_at) == ("feed", "2024-05-03T00:00:00Z")


def test_a_source_that_says_nothing_of_the_time_hides_none_that_does() -> None:
    feed, news = ArticleRef(f"{SITE}/a/", 7), ArticleRef(f"{SITE}/a/", None, PUBLISHED, None, "sitemap", PUBLISHED)
    other = replace(feed, id=8)
    said = [ListEvidence(NOW, 2, news), ListEvidence(NOW, 1, other), ListEvidence(NOW, 0, feed)]
    assert evidence_at(said, NOW) == replace(news, id=7)
    assert evidence_at(said[1:], NOW) == feed
    assert evidence_at([*said, ListEvidence(NOW, 1, replace(other, published_at=EDITED))], NOW) == replace(
        other, published_at=EDITED
    )
    later = said[0]._replace(captured_at=NOW + timedelta(days=1))
    assert evidence_at([later, *said[1:]], NOW) == replace(news, id=7)


def test_what_was_said_when_a_page_was_captured_counts() -> None:
    said = [
        ListEvidence(NOW + timedelta(days=day), 0, ArticleRef(f"{SITE}/a/", modified_at=f"2024-05-0{day}T00:00:00Z"))
        for day in (3, 5)
    ]
    at = [evidence_at(said, NOW + timedelta(days=day)) for day in (1, 3, 4, 5)]
    assert [ref.modified_at[:10] if ref and ref.modified_at else None for ref in at] == [
        "2024-05-03",
        "2024-05-03",
        "2024-05-03",
        "2024-05-05",
    ]
    assert evidence_at([], NOW) is None


@pytest.mark.parametrize("edited", [(None, EDITED), (EDITED, None)])
def test_what_was_said_in_one_second_is_combined_in_any_order(edited: tuple[str | None, ...]) -> None:
    class Page(Capture):
        is_revisit, length, checksum = False, 0, 0

    said = [ListEvidence(NOW, 2, ArticleRef(f"{SITE}/a/", modified_at=time)) for time in edited]
    evidence = {urls.article_key(f"{SITE}/a/"): said}
    [(_, ref, _)] = read_slug([Page("c0")], evidence, {}, article_in=lambda page: None, failed=lambda page: False)
    assert ref == ArticleRef(f"{SITE}/a/", modified_at=EDITED)


def test_a_list_that_tells_of_no_edits_hides_none_that_is_told_of_later() -> None:
    feed = ArticleRef(f"{SITE}/a/", 7, PUBLISHED, published_source="feed")
    rest = ArticleRef(f"{SITE}/a/", 7, PUBLISHED, EDITED, "rest")
    said = [ListEvidence(NOW, 1, feed), ListEvidence(NOW + timedelta(hours=2), 0, rest)]
    assert evidence_at(said, NOW - timedelta(minutes=1)) == rest  # a slow crawl
    before = evidence_at(said, NOW)
    assert before is not None
    assert before.modified_at is None
    assert evidence_at(said[:1], NOW - timedelta(minutes=1)) == feed
