"""The test site itself: its addresses, clocks, sources and faults. What it prints is what its model says."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree
from warcio.archiveiterator import ArchiveIterator

from ifp_scraper.items import Article
from ifp_scraper.pages import Capture, read_article
from tests.site import ALL_AMP_PARTS, IFP_AMP_PARTS, Post, Site, SiteServer, make_posts, publish, record, serve
from tests.site.clock import TEHRAN, amp_time, human_time_diff, theme_time, utc_text
from tests.site.pages import AMP_DESIGNS, THEMES

COUNT = 75
POSTS = make_posts(COUNT, seed=2)


@pytest.fixture
def server() -> Iterator[SiteServer]:
    with serve(Site(map(copy, POSTS))) as running:
        yield running


def fetch(server: SiteServer, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def fetch_json(server: SiteServer, target: str) -> list[dict[str, object]]:
    return json.loads(fetch(server, target)[2])


def first(server: SiteServer, **wanted: object) -> Post:
    """A public, open post on one page whose fields are as wanted."""
    plain = {"password_protected": False, "amp_enabled": True, **wanted}
    return next(
        post
        for post in server.site.public()
        if all(getattr(post, name) == value for name, value in plain.items()) and len(post.pages) == 1
    )


# -- the model ------------------------------------------------------------------------------------------------


def test_posts_are_the_same_each_time() -> None:
    assert [post.expected() for post in make_posts(60, 5)] == [post.expected() for post in make_posts(60, 5)]
    assert make_posts(60, 5)[7].expected() != make_posts(60, 6)[7].expected()


def test_posts_are_of_every_kind() -> None:
    posts = make_posts(200, 1)
    assert len({post.slug for post in posts}) == len({post.id for post in posts}) == 200
    kinds = {block["kind"] for post in posts for block in post.expected()["blocks"]}
    assert kinds == {"paragraph", "heading", "list_item", "quote", "preformatted", "table_row", "related"}
    assert any(post.slug.endswith("-2") for post in posts)
    assert any(post.modified < post.published for post in posts)
    assert any(post.modified > post.published for post in posts)
    assert any(post.copy_of for post in posts)
    assert any(one.published == other.published for one, other in pairwise(posts))
    assert {post.published.year for post in posts} >= set(range(2015, 2027))
    assert all(post.modified <= Site(posts).now for post in posts)


def test_an_edit_shows_everywhere(server: SiteServer) -> None:
    post = first(server)
    server.site.advance(hours=2)
    server.site.edit(post.id, headline="Another Headline")
    assert "Another Headline" in server.get(post.path).body.decode()
    newest = fetch_json(server, "/wp-json/wp/v2/posts?orderby=modified&per_page=1")[0]
    assert newest["id"] == post.id
    assert newest["modified_gmt"] + "Z" == utc_text(server.site.now)
    old = post.path
    server.site.rename(post.id, "a-new-slug")
    assert server.get(old).headers["Location"] == server.url + "/a-new-slug/"
    server.site.withdraw(post.id)
    assert server.get("/a-new-slug/").status == 404
    assert fetch(server, f"/wp-json/wp/v2/posts/{post.id}")[0] == 404


def test_a_new_post_is_the_newest(server: SiteServer) -> None:
    server.site.advance(minutes=30)
    post = publish(server.site, "Ferry Back in Service")
    assert post.path == "/ferry-back-in-service/"
    assert server.site.public()[0] is post
    assert b"Ferry Back in Service" in server.get("/feed/").body
    assert read(server, post.path).published_at == utc_text(server.site.now)
    tomorrow = publish(server.site, "Not Yet", published=server.site.now + timedelta(days=1))
    assert server.get(tomorrow.path).status == 404
    server.site.advance(days=2)
    assert server.get(tomorrow.path).status == 200


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_posts(count: int) -> None:
    with serve(Site(make_posts(count))) as server:
        assert server.get("/").status == server.get("/feed/").status == 200
        assert len(json.loads(server.get("/wp-json/wp/v2/posts").body)) == count


# -- clocks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "amp", "theme"),
    [
        (datetime(2017, 12, 11, 14, 55, 8, tzinfo=UTC), "2017-12-11T14:55:08+03:30", "2017-12-11T18:25:08+00:00"),
        (datetime(2016, 5, 10, 5, 29, 11, tzinfo=UTC), "2016-05-10T05:29:11+04:30", "2016-05-10T09:59:11+00:00"),
        (datetime(2024, 5, 10, 5, 29, 11, tzinfo=UTC), "2024-05-10T05:29:11+03:30", "2024-05-10T08:59:11+00:00"),
    ],
)
def test_the_faulty_clocks(instant: datetime, amp: str, theme: str) -> None:
    assert amp_time(instant, TEHRAN, "1.1.13", "6.1.9") == amp
    assert amp_time(instant, TEHRAN, "0.9.97.56", "5.2") == theme_time(instant, TEHRAN) == theme
    assert amp_time(instant, TEHRAN, "1.0", "5.2") == amp[:19] + "+00:00"


def test_human_time_diff() -> None:
    words = {0: "1 second", 59: "59 seconds", 60: "1 min", 3599: "60 mins", 5399: "1 hour", 5400: "2 hours"}
    words |= {86399: "24 hours", 604799: "7 days", 2591999: "4 weeks", 31535999: "12 months", 47304000: "2 years"}
    assert {seconds: human_time_diff(seconds) for seconds in words} == words
    assert human_time_diff(20, "5.2") == "1 min"


# -- pages ----------------------------------------------------------------------------------------------------

FIELDS = ("id", "headline", "lead", "byline", "sections", "tags", "published_at", "modified_at", "blocks", "source")


def read(server: SiteServer, target: str) -> Article | None:
    return read_article(server.get(target).body, Capture(server.url + target, server.site.now), "text/html")


def compare(server: SiteServer, post: Post, target: str, view: str, without: set[str]) -> None:
    article = read(server, target)
    if post.password_protected:
        assert article is None
        return
    assert article is not None
    expected = post.expected(view)
    names = [name for name in FIELDS if name not in without]
    assert {name: getattr(article, name) for name in names} == {name: expected[name] for name in names}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("yoast", [True, False])
def test_canonical_pages_read_as_the_model_says(server: SiteServer, theme: str, yoast: bool) -> None:
    server.config.theme, server.config.yoast_head = theme, yoast
    without = {"lead"} if theme in ("block", "classic") else set()
    if not yoast and theme in ("block", "newspaper-cloud"):
        without.add("modified_at")  # printed nowhere
    for post in server.site.public()[1::2]:
        if len(post.pages) == 1:
            compare(server, post, post.path, "canonical", without)


@pytest.mark.parametrize("design", AMP_DESIGNS)
@pytest.mark.parametrize("parts", [IFP_AMP_PARTS, ALL_AMP_PARTS - {"og_meta"}], ids=["ifp", "all"])
def test_amp_pages_read_as_the_model_says(server: SiteServer, design: str, parts: frozenset[str]) -> None:
    server.config.amp, server.config.amp_parts = design, parts
    without = set() if design == "swift" else {"lead"}
    if "tags" not in parts:
        without.add("tags")
    for post in server.site.open_posts()[1::2]:
        if len(post.pages) == 1 and post.amp_enabled:
            compare(server, post, post.path + "amp/", "amp", without)


def test_pages_of_a_post_add_up(server: SiteServer) -> None:
    post = next(post for post in server.site.open_posts() if len(post.pages) > 1 and post.amp_enabled)
    for form in ("{}", "{}?amp=1"):
        targets = [form.format(post.path), *(form.format(f"{post.path}{n}/") for n in range(2, len(post.pages) + 1))]
        articles = [read(server, target) for target in targets]
        assert [block for one in articles if one for block in one.blocks] == post.expected()["blocks"]


def test_recent_posts_fit_the_clock(server: SiteServer) -> None:
    server.config.age = 600
    post = first(server)
    article = read_article(
        server.get(post.path + "amp/").body,
        Capture(server.url + post.path + "amp/", server.site.now - timedelta(seconds=600)),
    )
    assert article is not None
    assert len(article.recent_posts) == 6
    assert post.path not in {urlsplit(one.url).path for one in article.recent_posts}
    for one in article.recent_posts[3:]:  # the newest are younger than the cached page
        truth = utc_text(server.site.find(urlsplit(one.url).path.strip("/")).published)
        assert one.published_earliest <= truth <= one.published_latest


@pytest.mark.parametrize(
    "target",
    ["/", "/page/2/", "/iran-news/page/2", "/iran-news/page/99/", "/about-us/", "/about-us/amp/", "/amp/", "/nope/"],
)
def test_these_are_no_articles(server: SiteServer, target: str) -> None:
    assert read(server, target) is None


def test_an_attachment_is_no_article(server: SiteServer) -> None:
    post = next(post for post in server.site.open_posts() if post.picture)
    target = f"{post.path}{post.picture.slug}/"
    assert server.get(target).status == 200
    assert read(server, target) is None


# -- addresses ------------------------------------------------------------------------------------------------


def test_addresses_of_an_article(server: SiteServer) -> None:
    post = first(server)
    url, slug = server.url + post.path, post.path.strip("/")
    for target, location in [
        (f"/{slug}", url),
        (f"/{slug}/amp", url + "amp/"),
        (f"/?p={post.id}", url),
        (f"/exclusive/{slug}/", url),
        (f"/{slug}/7/", url),
    ]:
        status, headers, _ = fetch(server, target)
        assert (status, headers["Location"]) == (301, location)
    amp = fetch(server, f"/{slug}/amp/")[2]
    assert amp == fetch(server, f"/{slug}/?amp")[2] == fetch(server, f"/{slug}/?amp=1&utm_source=x")[2]
    assert fetch(server, f"/{slug}/?attachment_id=abc")[2] == fetch(server, f"/{slug}/")[2]
    for wanted in ({"amp_enabled": False}, {"password_protected": True}):
        closed = first(server, **wanted)
        assert fetch(server, closed.path + "amp/")[1]["Location"] == server.url + closed.path
        assert b"amphtml" not in fetch(server, closed.path)[2]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/page/2", 200),
        ("/page/99/", 404),
        ("/category/iran-news/page/2", 200),
        ("/category/politics/", 301),
        ("/category/iran-news/amp/page/2/", 200),
        ("/category/iran-news/page/2/amp/", 404),
        ("/tag/water/", 200),
        ("/author/ifp-editor/", 200),
        ("/author/nobody/", 404),
        ("/?s=water", 200),
        ("/feed/?paged=99", 404),
        ("/category/iran-news/feed/", 200),
    ],
)
def test_statuses(server: SiteServer, target: str, status: int) -> None:
    assert fetch(server, target)[0] == status


# -- sources --------------------------------------------------------------------------------------------------


def test_rest_pages_are_complete(server: SiteServer) -> None:
    status, headers, body = fetch(server, "/wp-json/wp/v2/posts?per_page=30&page=3")
    assert (status, headers["X-WP-Total"], headers["X-WP-TotalPages"], len(json.loads(body))) == (
        200,
        str(COUNT),
        "3",
        15,
    )
    status, _, body = fetch(server, "/wp-json/wp/v2/posts?per_page=30&page=4")
    assert (status, json.loads(body)["code"]) == (400, "rest_post_invalid_page_number")
    assert fetch(server, "/wp-json/wp/v2/posts?per_page=101")[0] == 400


def test_rest_dates_are_exclusive_and_local_when_naive(server: SiteServer) -> None:
    post = server.site.public()[40]
    local = server.site.local(post.published)
    newer = [one.id for one in server.site.public() if one.published > post.published]
    for after in (f"{local:%Y-%m-%dT%H:%M:%S}", utc_text(post.published)):
        found = fetch_json(server, f"/wp-json/wp/v2/posts?per_page=100&_fields=id&after={after}")
        assert [one["id"] for one in found] == newer
    server.config.rest_ignores = frozenset({"after"})
    assert len(fetch_json(server, f"/wp-json/wp/v2/posts?per_page=100&after={utc_text(post.published)}")) == COUNT


def test_rest_filters_by_category(server: SiteServer) -> None:
    number = fetch_json(server, "/wp-json/wp/v2/categories?slug=iran-news")[0]["id"]
    found = fetch_json(server, f"/wp-json/wp/v2/posts?per_page=100&categories={number}&_fields=id,link,title.rendered")
    there = [post.id for post in server.site.public() if any(one.path == "iran-news" for one in post.sections)]
    assert [one["id"] for one in found] == there
    assert len(there) < len(server.site.in_section("iran-news"))
    assert found[0].keys() == {"id", "link", "title"}


def test_a_feed_is_told_from_an_unchanged_one(server: SiteServer) -> None:
    for target in ("/feed/", "/feed/atom/"):
        _, headers, body = fetch(server, target)
        root = etree.fromstring(body)
        assert len(root.findall(".//{*}item") + root.findall("{*}entry")) == 20
        validators = {"If-None-Match": headers["ETag"], "If-Modified-Since": headers["Last-Modified"]}
        assert fetch(server, target, **validators)[0] == 304
    server.site.edit(server.site.public()[5].id)
    assert fetch(server, "/feed/", **validators)[0] == 200


@pytest.mark.parametrize("kind", ["core", "yoast", "rankmath"])
def test_sitemaps_hold_every_post(server: SiteServer, kind: str) -> None:
    server.config.sitemap, server.config.sitemap_size = kind, 30
    robots = fetch(server, "/robots.txt")[2].decode()
    index = robots.rpartition("Sitemap: ")[2].strip().removeprefix(server.url)
    parts = [one.text for one in etree.fromstring(fetch(server, index)[2]).findall(".//{*}loc")]
    paths = [part.removeprefix(server.url) for part in parts if "post-sitemap" in part or "posts-post" in part]
    roots = [etree.fromstring(fetch(server, path)[2]) for path in paths]
    urls = {one.text for root in roots for one in root.findall("{*}url/{*}loc")} - {server.url + "/"}
    posts = server.site.public() if kind == "core" else server.site.open_posts()
    assert urls == {server.url + post.path for post in posts}
    assert bool(roots[0].findall(".//{*}lastmod")) == (kind != "core")


def test_a_broken_sitemap(server: SiteServer) -> None:
    server.config.sitemap_size, server.config.sitemap_broken = 30, 2
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(fetch(server, "/wp-sitemap-posts-post-2.xml")[2])


# -- transport ------------------------------------------------------------------------------------------------


def test_faults_hit_as_often_as_ordered(server: SiteServer) -> None:
    post = first(server)
    fault = server.fault(post.path, 503, times=2, retry_after=7)
    assert [fetch(server, post.path)[0] for _ in range(3)] == [503, 503, 200]
    assert fault.hits == [post.path] * 2
    server.fault(post.path, "reset")
    with pytest.raises(ConnectionError):
        fetch(server, post.path)
    server.fault(post.path, "truncated")
    with pytest.raises(http.client.IncompleteRead):
        fetch(server, post.path)
    server.fault(lambda target: target.startswith("/feed"), "timeout", seconds=0.1)
    with pytest.raises(http.client.RemoteDisconnected):
        fetch(server, "/feed/")
    server.fault("", "challenge-403")
    assert fetch(server, "/")[0] == 403
    assert [status for _, _, status in server.log] == [503, 503, 200, 0, 200, 0, 403]


def test_the_date_header_is_the_site_s_clock(server: SiteServer) -> None:
    assert fetch(server, "/")[1]["Date"] == "Mon, 01 Jun 2026 12:00:00 GMT"
    server.config.date_header, server.config.age = None, 30
    assert "Date" not in fetch(server, "/")[1]


def test_many_requests_over_one_connection_are_quick(server: SiteServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    start = time.perf_counter()
    for post in server.site.public():
        connection.request("GET", post.path)
        connection.getresponse().read()
    connection.close()
    assert time.perf_counter() - start < COUNT * 0.03  # a delayed acknowledgement would cost 40 ms each


def test_a_recording_holds_each_page_with_its_time(server: SiteServer, tmp_path: Path) -> None:
    moments = {}

    def captured_at(target: str) -> datetime:
        return moments.setdefault(target, server.site.now + timedelta(minutes=len(moments)))

    urls = record(server, tmp_path / "site.warc.gz", captured_at=captured_at, root="https://ifpnews.com")
    with (tmp_path / "site.warc.gz").open("rb") as file:
        found = {
            one.rec_headers["WARC-Target-URI"]: (one.rec_headers["WARC-Date"], one.content_stream().read())
            for one in ArchiveIterator(file)
            if one.rec_type == "response"
        }
    assert list(found) == urls
    post = first(server)
    date, body = found["https://ifpnews.com" + post.path]
    assert date == utc_text(moments[post.path])
    assert server.url.encode() not in body
