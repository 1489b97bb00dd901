"""What is read from REST responses, sitemaps, feeds and listings."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from parsel import Selector

from ifp_scraper.dates import format_utc, parse_utc
from ifp_scraper.discovery import FetchFailed, Notes, SourceUnavailable, listing, xml
from ifp_scraper.discovery.feed import read_feed
from ifp_scraper.discovery.listing import read_listing
from ifp_scraper.discovery.recorded_lists import read_listed
from ifp_scraper.discovery.rest import read_posts
from ifp_scraper.discovery.sitemap_file import SitemapFile, read_entries, take_entries
from ifp_scraper.discovery.xml import read_cut_xml, read_xml
from ifp_scraper.recordings.codings import GZIP
from ifp_scraper.urls import may_be_article
from tests.crawling import site_of
from tests.dry_run import dry_run
from tests.site import Site, make_posts, serve
from tests.site.response import Response

ATOM = "<entry><link href='{0}'/><id>{1}</id></entry>"


@pytest.mark.slow
def test_the_time_for_a_listing_grows_with_its_length() -> None:
    def seconds(count: int) -> float:
        links = "".join(f'<h2 class="entry-title"><a href="/a-{number}/">A</a></h2>' for number in range(count))
        selector = Selector(f"<html><body>{links}</body></html>", type="html")
        begin = time.process_time()
        assert len(read_listing(selector, "https://ifpnews.com/")) == count
        return time.process_time() - begin

    assert seconds(64_000) < 16 * seconds(8_000)


def test_links_nested_in_each_other_are_not_searched_to_the_bottom() -> None:
    nested = "<article>" + '<a href="/a/"><div>' * 500 + "<b>x</b>" * 20_000
    begin = time.process_time()
    assert read_listing(Selector(nested, type="html"), "https://ifpnews.com/") == []
    assert time.process_time() - begin < 10  # 0.6 seconds; it was 21


@pytest.mark.parametrize("around", ["<div>" * 240, "<article><h2>" * 100, "<div class='" + "a " * 100_000 + "'>"])
def test_what_the_links_of_a_listing_are_in_is_looked_at_once(around: str) -> None:
    page = Selector(
        around + '<b class="entry-title"><a href="/a/">A</a></b>' + "<a href=/b/>B</a>" * 20_000, type="html"
    )
    begin = time.process_time()
    assert read_listing(page, "https://ifpnews.com/")[0] == "https://ifpnews.com/a/"
    assert time.process_time() - begin < 2  # 0.3 seconds; it was more than 4


def test_titles_in_a_listing_that_lead_to_no_article_are_left_out() -> None:
    links = ["/a/", "/category/x/", "https://other.example/b/", "mailto:a@b.c", "/a/?utm_source=x", "/c.pdf"]
    titles = "".join(f'<h2 class="entry-title"><a href="{link}">A</a></h2>' for link in links)
    selector = Selector(f"<html><body>{titles}</body></html>", type="html")
    assert read_listing(selector, "https://ifpnews.com/page/2/") == ["https://ifpnews.com/a/"]


def test_a_link_in_a_listing_may_be_in_its_title_or_around_it() -> None:
    entries = [
        '<h3 class="td-module-title"><a href="/{}/">A</a></h3>',
        '<a href="/{}/"><h3 class="entry-title">A</h3></a>',
        '<article><h2><a href="/{}/">A</a></h2></article>',
        '<article><a href="/{}/"><img><h2>A</h2></a></article>',
        '<a href="/no-{}/"><h2>A</h2></a>',
        '<article><a href="/no-{}/">A</a></article>',
        '<aside><a href="/no-{}/"><h3 class="entry-title">A</h3></a></aside>',
        '<template><h3 class="entry-title"><a href="/no-{}/">A</a></h3></template>',
    ]
    page = "".join(entry.format(number) for number, entry in enumerate(entries))
    found = read_listing(Selector(f"<html><body>{page}</body></html>", type="html"), "https://ifpnews.com/")
    assert found == [f"https://ifpnews.com/{number}/" for number in range(4)]


def test_what_another_vocabulary_calls_by_the_same_name_does_not_count() -> None:
    url = "<url><x:loc>https://a.b/no/</x:loc><loc>https://a.b/c/</loc></url>"
    item = "<item><x:link>/no/</x:link><link>/c/</link></item>"
    sitemap = read_xml(f"<urlset xmlns:x='x'>{url}</urlset>".encode(), 999)
    feed = read_xml(f"<rss xmlns:x='x'>{item}</rss>".encode(), 999)
    assert sitemap is not None
    assert feed is not None
    assert [entry.url for entry in read_entries(sitemap, "https://a.b/", None)] == ["https://a.b/c/"]
    assert [ref.url for ref in read_feed(feed, "https://a.b/feed/")] == ["https://a.b/c/"]


def test_a_time_of_publication_without_its_offset_is_none() -> None:
    """There is no telling whose clock it is, except REST's."""
    for body in (
        "<urlset><url><loc>/a/</loc><news><publication_date>2024-05-06T10:00:00</publication_date></news></url></urlset>",
        "<feed><entry><link href='/a/'/><published>2024-05-06T10:00:00</published></entry></feed>",
        "<RDF><item><link>/a/</link><date>2024-05-06T10:00:00</date></item></RDF>",
        "<rss><item><link>/a/</link><pubDate>Mon, 06 May 2024 10:00:00 (IRST)</pubDate></item></rss>",
    ):
        site, now = "https://ifpnews.com/", parse_utc("2024-05-09T00:00:00Z")
        [said] = read_listed(site + "a.xml", body.encode(), site, now)
        assert (said.ref.published_at, said.ref.published_raw) == (None, None)


def test_what_is_kept_of_a_printed_time_is_printable() -> None:
    item = b"<rss><item><link>/a/</link><pubDate>Mon, 06 May\n2024 10:00:00 +0000 \x7f</pubDate></item></rss>"
    root = read_xml(item, 999)
    assert root is not None
    post = {"link": "/a/", "date_gmt": "\x1f2024-05-06T10:00:00\n"}
    site = "https://ifpnews.com/"
    raws = [ref.published_raw for ref in [*read_feed(root, site), *read_posts([post], site)]]
    assert raws == ["Mon, 06 May 2024 10:00:00 +0000", "2024-05-06T10:00:00"]


def test_a_time_that_breaks_off_is_none() -> None:
    """Without its offset, it would be another time."""
    url = "https://ifpnews.com/a/"
    for body in (
        f"<urlset><url><loc>{url}</loc><lastmod>2024-05-06T10:00:00+03:30</lastmod></url></urlset>",
        f"<feed><entry><link href='{url}'/><published>2024-05-06T10:00:00+03:30</published></entry></feed>",
        f"<rss><item><link>{url}</link><pubDate>Mon, 06 May 2024 10:00:00 +0330</pubDate></item></rss>",
    ):
        for end in range(len(body)):
            listed = read_listed(
                "https://ifpnews.com/a.xml", body[:end].encode(), url, parse_utc("2024-05-09T00:00:00Z")
            )
            assert {item.ref.url for item in listed} <= {url}
            times = {time for item in listed for time in (item.ref.published_at, item.ref.modified_at)}
            assert times <= {None, "2024-05-06T06:30:00Z"}, body[:end]


@pytest.mark.parametrize(
    "fault",
    [
        "</b></b>",
        "<b>" * 300,
        "<br>",
        "<?php ",
        "<!-- x",
        "<![CDATA[ x",
        "<![CDATA[ a ]]> b</p></div> ]]>",
        "<!-- <item><link>/no/</link></item> --></b></b>",
        "<![CDATA[<item><link>/no/</link></item>]]></b></b>",
        "x" * 10_000_001,
    ],
)
def test_a_fault_in_one_entry_of_a_list_hides_no_other(fault: str) -> None:
    items = [f"<item><link><![CDATA[/{number}/]]></link><title>A & B</title>{{}}</item>" for number in range(4)]
    body = "<rss><channel>" + "".join(items).format("", fault, "", "") + "</channel></rss>"
    root, is_cut = read_cut_xml(body.encode(), 10**8)
    assert root is not None
    assert not is_cut
    assert [ref.url for ref in read_feed(root, "https://a.b/feed/")] == [f"https://a.b/{n}/" for n in range(4)]


@pytest.mark.parametrize(
    "inside",
    [
        "<p:item>x</p:item>",
        "<p:item/>",
        "<a><![CDATA[<item> x]]></a>",
        "<a><![CDATA[<item> <b>//<![CDATA[ x //]]&gt;</b> ]]></a>",
        "<!-- <item> -->",
    ],
)
@pytest.mark.parametrize("fault", ["", "</b></b>"])
def test_what_only_looks_like_an_entry_does_not_cut_the_one_that_it_is_in(inside: str, fault: str) -> None:
    end = "<pubDate>Mon, 01 Jan 2024 10:00:00 +0000</pubDate><guid isPermaLink='false'>/?p=12</guid>"
    body = f"<rss xmlns:p='p'><channel><item><link>/a/</link>{inside}{end}{fault}</item><item><link>/b/</link>{end}"
    root = read_xml(f"{body}</item></channel></rss>".encode(), 9999)
    assert root is not None
    refs = [(ref.url, ref.id, ref.published_at) for ref in read_feed(root, "https://a.b/feed/")]
    assert refs == [(f"https://a.b/{name}/", 12, "2024-01-01T10:00:00Z") for name in "ab"]


@pytest.mark.parametrize("more", ["<!-- <url></url> -->", "<v:video><v:url>x</v:url></v:video>"])
def test_a_sitemap_is_not_parsed_in_pieces_for_what_only_looks_like_an_entry(
    more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(xml, "_parse_apart")  # takes four times as long
    root = read_xml(f"<urlset xmlns:v='v'><url><loc>/a/</loc>{more}</url></urlset>".encode(), 999)
    assert root is not None
    assert [entry.url for entry in read_entries(root, "https://a.b/", None)] == ["https://a.b/a/"]


def test_a_list_of_what_begins_and_never_ends_is_read_soon() -> None:
    began = time.process_time()
    for part in ("<![CDATA[", "<!--", "<![CDATA[</item>", "<![CDATA[<!--", "<item><![CDATA[", "<?", "\ufeff"):
        for before in ("", "<rss><p:item/><item/><!-- <item> -->"):
            read_xml((before + part * 50_000).encode(), 10**7)
    assert time.process_time() - began < 10  # half a second


@pytest.mark.parametrize("more", ["<!--" + "x" * 70_000 + "-->", "\n" * 70_000, "<!-- x -->\n" * 9000])
@pytest.mark.parametrize("declaration", ["<?xml version='1.0'?>", "\ufeff<?xml version='1.0'?><?a plugin?>"])
def test_a_list_behind_long_comments_or_blanks(declaration: str, more: str) -> None:
    root = read_xml(f"{declaration}{more}<rss><item><link>/a/</link></item></rss>".encode(), 10**6)
    assert root is not None
    assert [ref.url for ref in read_feed(root, "https://a.b/feed/")] == ["https://a.b/a/"]


def test_an_element_without_its_end_tag_hides_nothing_in_a_sitemap() -> None:
    entries = [f"<url><loc>/{number}/</loc>{{}}</url>" for number in range(4)]
    root = read_xml(f"<urlset>{''.join(entries)}</urlset>".format("", "<br>", "<br><br>", "").encode(), 999)
    assert root is not None
    assert [entry.url for entry in read_entries(root, "https://a.b/", None)] == [f"https://a.b/{n}/" for n in range(4)]


def test_what_is_no_character_in_a_list() -> None:
    for text in (b":49" * 270_000 + b"\xed\xa0\x80", b"&#xD800;&#57343;&#xdfff 2024"):
        root = read_xml(b"<rss><item><pubDate>%b</pubDate><link>/a/</link></item></rss>" % text, 10**7)
        assert root is not None
        assert [ref.url for ref in read_feed(root, "https://a.b/feed/")] == ["https://a.b/a/"]


@pytest.mark.parametrize("coding", ["UTF-16", "UTF-32", "US-ASCII", "UTF-7", "x-unknown"])
def test_a_list_that_names_another_encoding_than_its_own(coding: str) -> None:
    entries = "".join(f"<url><loc>https://a.b/é{number}/</loc></url>" for number in range(3))
    root = read_xml(f"<?xml version='1.0' encoding='{coding}'?><urlset>{entries}</urlset>".encode(), 10**6)
    assert root is not None
    assert [entry.url for entry in read_entries(root, "https://a.b/", None)] == [
        f"https://a.b/é{n}/" for n in range(3)
    ]


def test_links_that_only_name_a_category_lead_to_none() -> None:
    paths = (
        "/category/world/asia/",
        "/go/?to=/category/x/",
        "/x/category/y/",
        "/category/world/page/2/",
        "/category/page/",
        "http://[/category/",
    )
    selector = Selector("".join(f'<a href="{path}">A</a>' for path in paths), type="html")
    assert listing._categories(selector, "https://ifpnews.com") == [
        "/category/world",
        "/category/page",
        "/category/world/asia",
    ]


@pytest.mark.parametrize("number", [True, 0, -5, 2**70, "12", None, 1.5])
def test_an_invalid_id(number: Any) -> None:
    post = {"id": number, "link": "https://ifpnews.com/a/", "date_gmt": "2024-01-01T00:00:00"}
    assert [(ref.url, ref.id) for ref in read_posts([post], "https://ifpnews.com")] == [
        ("https://ifpnews.com/a/", None)
    ]


def test_a_time_that_cannot_be_read_is_no_evidence() -> None:
    link = "https://ifpnews.com/a/"
    posts = [
        {"id": 1, "link": link, "date_gmt": "0000-00-00T00:00:00", "modified_gmt": 5},
        {"id": 1, "link": link, "date_gmt": 5, "modified_gmt": None},
    ]
    item = b"<rss><item><link>https://ifpnews.com/a/</link><pubDate>yesterday</pubDate></item></rss>"
    news = (
        b"<urlset><url><loc>https://ifpnews.com/a/</loc><lastmod>now</lastmod>"
        b"<news><publication_date>yesterday</publication_date></news></url></urlset>"
    )
    feed, sitemap = read_xml(item, 999), read_xml(news, 999)
    assert feed is not None
    assert sitemap is not None
    refs = read_posts(posts, "https://ifpnews.com") + read_feed(feed, "https://ifpnews.com/feed/")
    refs += [entry.to_ref() for entry in read_entries(sitemap, "https://ifpnews.com/sitemap.xml", None)]
    assert len(refs) == 4
    for ref in refs:
        assert (ref.published_at, ref.modified_at, ref.published_source, ref.published_raw) == (None, None, None, None)


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (FetchFailed("no answer"), True),
        (FetchFailed("status 500", 500), True),
        (FetchFailed("status 429", 429), True),
        (FetchFailed("status 499", 499), False),
        (FetchFailed("status 404", 404), False),
        (FetchFailed("Forbidden by robots.txt", forbidden=True), False),
    ],
)
def test_what_may_be_offered_another_time(error: FetchFailed, may_pass: bool) -> None:
    unavailable = SourceUnavailable("no feed")
    assert not unavailable.may_pass
    unavailable.__cause__ = error
    assert error.may_pass is unavailable.may_pass is may_pass


def test_posts_that_lead_off_the_site_are_skipped() -> None:
    links = ["https://other.example/b/", "mailto:a@b.c", "https://ifpnews.com/a/", None, 5]
    posts = [{"id": number, "link": link} for number, link in enumerate(links)]
    assert [ref.url for ref in read_posts([*posts, "no post"], "https://ifpnews.com")] == ["https://ifpnews.com/a/"]


def test_an_atom_feed_says_when_and_which() -> None:
    site = Site(make_posts(30))
    with serve(site) as server:
        root = read_xml(server.get("/feed/atom/").body, 10**7)
        assert root is not None
        refs = read_feed(root, server.url + "/feed/")
    assert [(ref.id, ref.url) for ref in refs] == [(post.id, server.url + post.path) for post in site.public()[:20]]
    assert refs[0].published_at == f"{site.public()[0].published:%Y-%m-%dT%H:%M:%SZ}"
    assert refs[0].modified_at == f"{site.public()[0].modified:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/"])
def test_a_feed_says_when_it_was_last_changed(path: str) -> None:
    site = Site(make_posts(30))
    site.advance(hours=1)
    site.edit(site.public()[3].id, headline="Edited")
    with serve(site) as server:
        root = read_xml(server.get(path).body, 10**7)
        assert root is not None
        refs = read_feed(root, server.url + path)
    assert {ref.listed_at for ref in refs} == {f"{site.now:%Y-%m-%dT%H:%M:%SZ}"}
    bare = read_xml(b"<rss><channel><item><link>https://ifpnews.com/a/</link></item></channel></rss>", 10**6)
    assert bare is not None
    assert [ref.listed_at for ref in read_feed(bare, "https://ifpnews.com/feed/")] == [None]


def test_a_feed_that_always_prints_the_same_time_is_as_new_as_its_articles() -> None:
    site = Site(make_posts(30))
    with serve(site) as server:
        old = "<lastBuildDate>Wed, 20 Aug 2014 00:00:00 +0000</lastBuildDate>"
        feed = re.sub("<lastBuildDate>.*?</lastBuildDate>", old, server.get("/feed/").body.decode())
        root = read_xml(feed.encode(), 10**7)
        assert root is not None
        refs = read_feed(root, server.url + "/feed/")
    assert {ref.listed_at for ref in refs} == {f"{site.public()[0].published:%Y-%m-%dT%H:%M:%SZ}"}
    bare = read_xml(
        f"<rss><channel>{old}<item><link>https://ifpnews.com/a/</link></item></channel></rss>".encode(), 10**6
    )
    assert bare is not None
    assert [ref.listed_at for ref in read_feed(bare, "https://ifpnews.com/feed/")] == ["2014-08-20T00:00:00Z"]


def test_an_atom_entry_leads_to_its_first_link_that_is_of_the_article() -> None:
    body = (
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link rel='replies' href='/a/#comments'/><link href='/a/'/>"
        b"<link rel='alternate' href='/b/'/><updated>2024-05-06T06:00:00Z</updated></entry><entry><id>1</id></entry>"
        b"<entry><link href='https://other.example/c/'/></entry><entry><x:link xmlns:x='x' href='/fa/'/>"
        b"<link rel='alternate' type='application/json' href='/j/'/><link type='Text/HTML' href='/d/'/></entry></feed>"
    )
    root = read_xml(body, 10**6)
    assert root is not None
    ref, other = read_feed(root, "https://ifpnews.com/feed/atom/")
    assert other.url == "https://ifpnews.com/d/"
    assert (ref.url, ref.published_at, ref.published_source) == ("https://ifpnews.com/a/", None, None)
    assert ref.modified_at == "2024-05-06T06:00:00Z"


@pytest.mark.parametrize(
    ("guid", "id"),
    [
        ("https://ifpnews.com/?p=7", 7),
        ("http://www.ifpnews.com/?p=7", 7),
        ("https://ifpnews.com/?post_type=story&amp;#038;p=7", 7),
        ("/?p=7", 7),
        ("https://other.example/?p=7", None),
        ("https://ifpnews.com/a/", None),
        ("7", None),
    ],
)
@pytest.mark.parametrize("element", ["<item><link>{0}</link><guid>{1}</guid></item>", ATOM])
@pytest.mark.parametrize("base", ["https://ifpnews.com/feed/", "https://mirror.example/feed/"])
def test_a_guid_of_another_site_says_nothing_of_this_one(base: str, element: str, guid: str, id: int | None) -> None:
    body = f"<rss>{element.format('https://ifpnews.com/a/', guid)}</rss>"
    root = read_xml(body.encode(), 999)
    assert root is not None
    assert [ref.id for ref in read_feed(root, base)] == [id]


@pytest.mark.parametrize(
    ("feed", "link", "is_of_articles"),
    [
        ("/feed/", "/a/", True),
        ("/category/war/feed/", "/a/", True),
        ("/feed/?paged=2", "/a/#top", True),
        ("/comments/feed/", "/a/", False),
        ("/comments/feed", "/a/", False),
        ("/?feed=comments-rss2", "/a/", False),
        ("/feed/?withcomments=1", "/a/", False),
        ("/a/feed/", "/a/", False),
        ("/a/feed/atom/", "/a/", False),
        ("/a/feed/?x=1", "/a/", False),
        ("/a/feed/", "/b/", True),  # a category's, without a base
        ("/all/", "/a/#comment-7", False),
        ("/all/", "/a/comment-page-2/#comment-7", False),
    ],
)
@pytest.mark.parametrize("element", ["<item><link>{0}</link><guid>{1}</guid></item>", ATOM])
def test_a_feed_of_comments_says_nothing_of_articles(element: str, feed: str, link: str, is_of_articles: bool) -> None:
    root = read_xml(f"<rss>{element.format(link, '/?p=7')}</rss>".encode(), 999)
    assert root is not None
    assert bool(read_feed(root, f"https://ifpnews.com{feed}")) is is_of_articles


def test_an_item_of_rss_1_0_says_when_in_another_way() -> None:
    item = "<item><link>/a/</link><d:date>2024-05-05T01:02:03Z</d:date></item>"
    root = read_xml(f"<r:RDF xmlns:r='r' xmlns:d='d'>{item}</r:RDF>".encode(), 999)
    assert root is not None
    (ref,) = read_feed(root, "https://ifpnews.com/feed/rdf/")
    assert (ref.published_at, ref.published_raw, ref.published_source) == (*["2024-05-05T01:02:03Z"] * 2, "feed")


@pytest.mark.parametrize("notice", ["", "<br />\n<b>Deprecated</b>: x<br />\n"])
def test_the_encoding_that_a_feed_declares_counts(notice: str) -> None:
    body = f"<?xml version='1.0' encoding='windows-1252'?>{notice}<rss><item><link>/caf\u00e9/</link></item></rss>"
    root = read_xml(body.encode("windows-1252"), 999)
    assert root is not None
    assert [ref.url for ref in read_feed(root, "https://ifpnews.com/feed/")] == ["https://ifpnews.com/caf%c3%a9/"]


@pytest.mark.parametrize(
    ("coding", "word"),
    [
        ("latin1", "é"),
        ("ISO8859-1", "é"),
        ("Shift_JIS", "日本"),
        ("gb2312", "中国"),
        ("koi8-r", "мир"),
        ("Big5", "中國"),
        ("euc-kr", "한국"),
        ("macintosh", "é"),
        ("windows-1256", "اخ"),
    ],
)
def test_encodings_that_a_list_declares(coding: str, word: str) -> None:
    body = f"<?xml version='1.0' encoding='{coding}'?><rss><item><link>/{word}/</link></item></rss>"
    root = read_xml(body.encode(coding), 999)
    assert root is not None
    assert [unquote(ref.url) for ref in read_feed(root, "https://a.b/feed/")] == [f"https://a.b/{word}/"]


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "utf-16-le", "idna", "undefined", "punycode", "hex", "x-none"])
def test_encodings_that_a_list_declares_and_cannot_be_in(coding: str) -> None:
    body = f"<?xml version='1.0' encoding='{coding}'?><rss><item><link>/é/</link><title>\udcff</title></item></rss>"
    root = read_xml(body.encode(errors="surrogateescape"), 999)
    assert root is not None
    assert [unquote(ref.url) for ref in read_feed(root, "https://a.b/feed/")] == ["https://a.b/é/"]


@pytest.mark.parametrize("year", ["-0001", "0000"])
def test_a_post_without_a_time_in_a_feed(year: str) -> None:
    item = f"<item><link>/a/</link><pubDate>Wed, 30 Nov {year} 00:00:00 +0000</pubDate></item>"
    root = read_xml(f"<rss>{item}</rss>".encode(), 999)
    assert root is not None
    refs = read_feed(root, "https://ifpnews.com/feed/")
    assert [(ref.published_at, ref.published_source) for ref in refs] == [(None, None)]


@pytest.mark.parametrize(
    ("item", "urls"),
    [
        ("<guid>https://ifpnews.com/a/</guid>", ["https://ifpnews.com/a/"]),
        ("<guid isPermaLink='true'>https://ifpnews.com/a/</guid>", ["https://ifpnews.com/a/"]),
        ("<guid isPermaLink='True'>https://ifpnews.com/a/</guid>", ["https://ifpnews.com/a/"]),
        ("<guid isPermaLink='false'>https://ifpnews.com/a/</guid>", []),
        ("<guid>https://ifpnews.com/a/</guid><link>/b/</link>", ["https://ifpnews.com/b/"]),
        ("<title>A</title>", []),
        ("<link>https://feedproxy.example/~r/a/</link><f:origLink>/b/</f:origLink>", ["https://ifpnews.com/b/"]),
    ],
)
def test_the_link_of_an_item_may_be_its_guid(item: str, urls: list[str]) -> None:
    root = read_xml(f"<rss><item>{item}</item></rss>".encode(), 999)
    assert root is not None
    assert [ref.url for ref in read_feed(root, "https://ifpnews.com/feed/")] == urls


def test_a_sitemap_that_breaks_off_gives_what_came_and_says_so() -> None:
    whole = b"<urlset><url><loc>https://a.b/c/</loc></url><url><loc>https://a.b/d/</loc></url></urlset>"
    for body, count, cut in (
        (whole, 2, False),
        (whole + b"<!-- by a plugin -->", 2, False),
        (whole[:70], 2, True),
        (gzip.compress(whole), 2, False),
        (gzip.compress(whole[:70]) + gzip.compress(whole[70:]) + b"\n", 2, False),
        (gzip.compress(whole)[:-12], 2, True),
        (whole.replace(b"</url>", b"<image:image><image:loc>/p.jpg</image:loc></image:image></url>"), 2, False),
        (b"<s:urlset><s:url><s:loc>https://a.b/c/</s:loc></s:url></s:urlset>", 1, False),
        (whole + b"\n\n", 2, False),
        (b"<?xml version='1.0'?>\n<br />\n<b>Deprecated</b>: x in y<br />\n" + whole, 2, False),
        (b"Notice: x\n<?xml version='1.0' encoding='UTF-8'?><!-- by a plugin -->\nNotice: x\n" + whole, 2, False),
        (b"\xef\xbb\xbf\n <?xml version='1.0' encoding='UTF-8'?>" + whole, 2, False),
        (re.sub(rb"(https:[^<]*)", rb"\n<![CDATA[\1]]>\n", whole), 2, False),
        (b"<br><b>Notice</b>: Undefined index\n" + whole, 2, False),
        (whole.replace(b"</url>", b"&nbsp;</url>"), 2, False),
        (whole.replace(b"<loc>", b"<loc><!-- by a plugin --><?a plugin?>"), 2, False),
        (b"<urlset></urlset>", 0, False),
        (b"<urlset/>", 0, False),
        (b"<s:urlset xmlns:s='u'><s:url><s:loc>https://a.b/c/</s:loc></s:url></s:urlset>", 1, False),
        (b"<?xml version='1.0'?><!-- an <urlset> by a plugin -->" + whole, 2, False),
        *(
            (f"{mark}<?xml version='1.0' encoding='UTF-16'?>\n{whole.decode()}\n".encode(coding), 2, False)
            for mark, coding in (("", "utf-16"), ("\ufeff", "utf-16-be"), ("", "utf-16-le"), ("", "utf-16-be"))
        ),
        (whole[:70].decode().encode("utf-16"), 2, True),
    ):
        root, is_cut = read_cut_xml(body, 10**6)
        assert root is not None
        assert (len(read_entries(root, "https://a.b/", None)), is_cut) == (count, cut)
    for body in (b"no xml", b"", b"\x1f\x8b no gzip", b"Notice: x<!-- an <urlset> that " + whole):
        assert read_cut_xml(body, 10**6) == (None, False)
    began = time.process_time()  # the preamble is searched, not the whole
    for coding in ("utf-16", "utf-8"):
        read_cut_xml(("<?xml " * 100_000).encode(coding), 10**7)
    assert time.process_time() - began < 5  # 0.05 seconds; it was half a minute
    for parts in (98, 99):
        packed = [gzip.compress(part) for part in (whole[:70], *[b"\n"] * parts, whole[70:])]
        assert read_cut_xml(b"".join(packed), 10**6)[1] == (parts > 98)  # of a million, each would be copied
    for pieces in ([whole], [whole[:60], whole[60:]], [whole[:70], whole[70:]]):  # a bomb is not unpacked
        root, is_cut = read_cut_xml(b"".join(map(gzip.compress, pieces)), 70)
        assert root is not None
        assert (len(root), is_cut) == (2, True)


@pytest.mark.parametrize(
    ("damage", "count", "cut"),
    [
        (lambda rest: rest[:-8] + bytes(4) + rest[-4:], 2, True),  # its checksum
        (lambda rest: rest[:10] + b"\xff" * 9 + rest[19:], 2, True),
        (lambda rest: GZIP + b"no member", 2, True),
        (lambda rest: rest + GZIP + b"no member", 3, False),
        (lambda rest: rest + bytes(9), 3, False),
    ],
)
def test_a_sitemap_whose_later_gzip_member_is_damaged(damage: Callable[[bytes], bytes], count: int, cut: bool) -> None:
    entries = [b"<url><loc>https://a.b/%d/</loc></url>" % number for number in range(3)]
    first = gzip.compress(b"<urlset>" + b"".join(entries[:2]))
    rest = gzip.compress(entries[2] + b"</urlset>")
    root, is_cut = read_cut_xml(first + damage(rest), 10**6)
    assert root is not None
    assert (len(read_entries(root, "https://a.b/", None)), is_cut) == (count, cut)


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
        (1, "2024-05-06T12:00:20Z", 0, False),  # an edit in the future
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
    """Even if the day is not over: in a range, they would come behind so many older ones that they were lost."""
    with site_of(120, rest=404, sitemap="yoast") as (site, server):
        now = datetime.now(UTC)
        for number, post in enumerate(site.public()):
            post.published = post.modified = now - timedelta(hours=12 * number)
        site.advance(seconds=(now - site.now).total_seconds())

        def cut_times(target: str, response: Response) -> Response:
            if not target.endswith(".xml"):
                return response
            return replace(response, body=re.sub(rb"(<lastmod>[\d-]{10})T[^<]*", rb"\1", response.body))

        server.alter(cut_times)
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
    assert len(take_entries(SitemapFile("list", root, False), "https://a.b/sitemap.xml", notes)) == taken
    assert notes.broken == [f"https://a.b/sitemap.xml: {fault}" for fault in broken]


def test_a_news_sitemap_says_when_articles_were_published() -> None:
    root = read_xml(
        b"<urlset xmlns:n='n'><url><loc>/a/</loc><image/><n:news><n:publication_date>2024-05-06T09:30:00+03:30"
        b"</n:publication_date></n:news></url><url><loc>/b/</loc></url></urlset>",
        10**6,
    )
    assert root is not None
    entries = read_entries(root, "https://ifpnews.com/some-sitemap.xml", None)
    assert [(entry.published_at, entry.published_raw) for entry in entries] == [
        ("2024-05-06T06:00:00Z", "2024-05-06T09:30:00+03:30"),
        (None, None),
    ]


@pytest.mark.parametrize(("count", "is_list"), [(1, False), (1000, False), (1001, True)])
def test_the_lastmod_of_a_sitemap_of_news_alone_is_no_edit(count: int, is_list: bool) -> None:
    url = (
        "<url><loc>/a-{}/</loc><lastmod>2024-05-06T06:00:00Z</lastmod>"
        "<n:news><n:publication_date>2024-05-06</n:publication_date></n:news></url>"
    )
    root = read_xml(f"<urlset xmlns:n='n'>{''.join(map(url.format, range(count)))}</urlset>".encode(), 10**6)
    assert root is not None
    entries = read_entries(root, "https://ifpnews.com/some-sitemap.xml", None)
    assert {entry.lastmod for entry in entries} == {"2024-05-06T06:00:00Z" if is_list else None}
