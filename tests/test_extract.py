"""``ifp_scraper.extract`` as other people's code calls it."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from time import process_time
from typing import Any

import pytest

import ifp_scraper
from ifp_scraper.recordings.capture_time import cache_age, read_age
from ifp_scraper.recordings.wayback import unwrap_address, unwrap_page

URL = "https://ifpnews.com/weir/"
PAGE = b"""<html><body class="single single-post postid-7"><article><h1 class="entry-title">The weir</h1>
<div class="entry-content"><p>The weir was opened.</p></div></article></body></html>"""


def fetched_at(captured_at: Any) -> str | None:
    record = ifp_scraper.extract(PAGE, URL, captured_at=captured_at)
    assert record is not None
    return record["fetched_at"]  # type: ignore[no-any-return]


def test_capture_times() -> None:
    assert fetched_at(None) is None
    tehran = timezone(timedelta(hours=3.5))
    for time in (
        "2024-05-06T06:00:00Z",
        "2024-05-06 06:00",
        datetime(2024, 5, 6, 6, 0, 0, 999),
        datetime(2024, 5, 6, 6, tzinfo=UTC),
        datetime(2024, 5, 6, 9, 30, tzinfo=tehran),
    ):
        assert fetched_at(time) == "2024-05-06T06:00:00Z"


def test_without_a_capture_time_dates_are_read_but_no_ages() -> None:
    post = '<div class="fsp"><h2 class="loop-title"><a href="/a/">A</a></h2><div class="loop-date">{}</div></div>'
    entries = "".join(map(post.format, ("3 days ago", "8 days ago", "December 11, 2017 18:25")))
    page = (
        '<body class="amp-single single-post post-id-7"><h1 class="amp-post-title">A Story</h1>'
        f'<div class="cntn-wrp artl-cnt"><p>Text.</p></div><div class="r-pf">{entries}</div>'
    )
    record = ifp_scraper.extract(page, URL)
    assert record is not None
    times = [[one[f"published_{name}"] for name in ("at", "earliest", "latest")] for one in record["recent_posts"]]
    assert times == [[None] * 3] * 2 + [["2017-12-11T14:55:00Z", "2017-12-11T14:54:58Z", "2017-12-11T14:56:01Z"]]


@pytest.mark.parametrize("time", ["yesterday", "", "20240506060000", "9999-12-31T23:59:59-05:00"])
def test_what_is_no_time_is_named(time: str) -> None:
    with pytest.raises(ValueError, match="captured_at is no ISO 8601 time"):
        fetched_at(time)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("html", {"html": Path("page.html")}),
        ("html", {"html": "saved/page.html"}),
        ("html", {"html": None}),
        ("url", {"url": None}),
        ("captured_at", {"captured_at": date(2024, 5, 6)}),
        ("captured_at", {"captured_at": 1714975200}),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"^{name} is "):
        ifp_scraper.extract(**{"html": PAGE, "url": URL, **arguments})


def test_a_page_that_breaks_off_in_an_address_is_no_name_of_a_file() -> None:
    assert ifp_scraper.extract("<html><body><a href='/page.html", URL) is None


def test_it_is_quiet_and_starts_no_reactor() -> None:
    code = f"""
import sys, ifp_scraper
assert ifp_scraper.extract({PAGE!r}, {URL!r})["headline"] == "The weir"
assert "twisted.internet.reactor" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("kind", "is_article"),
    [
        ('"NewsArticle"', True),
        ('"ReportageNewsArticle"', True),
        ('["BlogPosting", "Article"]', True),
        ('"https://schema.org/LiveBlogPosting"', True),
        ('"CollectionPage"', False),
        ("null", False),
    ],
)
def test_without_body_class_json_ld_says_what_a_page_is(kind: str, is_article: bool) -> None:
    says = b'<script type="application/ld+json">{"@type": %s}</script>' % kind.encode()
    page = PAGE.replace(b' class="single single-post postid-7"', b"").replace(b"<body>", b"<body>" + says)
    assert (ifp_scraper.extract(page, URL) is not None) == is_article


def test_json_ld_alone_does_not_make_an_article_of_a_page() -> None:
    page = b'<html><script type="application/ld+json">{"@type": "NewsArticle"}</script><body><div>Text.</div></body>'
    assert ifp_scraper.extract(page, URL) is None
    assert ifp_scraper.extract(page.replace(b"<div", b"<article><div class=entry-content"), URL) is not None


@pytest.mark.parametrize(("kind", "is_article"), [("article", True), ("Article", True), ("website", False)])
def test_without_body_class_an_seo_plugin_says_what_a_page_is(kind: str, is_article: bool) -> None:
    page = PAGE.replace(b' class="single single-post postid-7"', b"")
    says = f'<meta property="og:type"><meta property="og:type" content="{kind}">'.encode()
    assert (ifp_scraper.extract(page.replace(b"<html>", b"<html>" + says), URL) is not None) == is_article


@pytest.mark.parametrize(
    ("classes", "is_article"),
    [
        *((name, True) for name in ("single", "single-post", "amp-single", "single-post postid-7 archive")),
        ("single single-post postid-7 a-new-page-id-card", True),  # the Newspaper theme adds the slug
        *(("single attachmentid-7", False), ("single page-id-7", False), ("postid-7", False), ("singular", False)),
        *(
            (f"single {name}", False)
            for name in (
                *("home", "blog", "archive", "search", "error404", "attachment", "page", "amp-single-page"),
                *("single-product", "single-topic", "single-forum", "single-tdb_templates", "amp-frontpage"),
                *("amp-wp-frontpage", "amp-home", "amp-index", "amp-blog", "amp-archive", "amp_home_body"),
                "archives_body",
            )
        ),
    ],
)
def test_the_body_class_says_what_a_page_is(classes: str, is_article: bool) -> None:
    page = PAGE.replace(b"single single-post postid-7", classes.encode())
    assert (ifp_scraper.extract(page, URL) is not None) == is_article


def test_a_link_to_the_front_page_is_not_the_address_of_an_article() -> None:
    for link in ("/", "https://ifpnews.com", "/?x=1"):
        record = ifp_scraper.extract(b'<link rel="canonical" href="%b">' % link.encode() + PAGE, URL)
        assert record is not None
        assert record["url"] == URL


@pytest.mark.parametrize(
    "links",
    [
        *(
            f"<p class='{name}'>{{}}</p>"
            for name in (
                *("page-links", "page-link", "post-nav-links", "page-nav-post", "ampforwp_post_pagination"),
                *("td-smart-list-pagination", "td-smart-list-dropdown-wrap"),
            )
        ),
        "{}",
    ],
)
def test_a_post_with_links_to_its_other_pages_is_one_of_many(links: str) -> None:
    for address, is_of_many in (("/weir/2/", True), ("/weir/?page=2", True), ("/weir/", False), ("/dam/2/", False)):
        link = f"<a {'class=post-page-numbers ' if links == '{}' else ''}href='{address}'>2</a>"
        record = ifp_scraper.extract(PAGE.replace(b"<article>", f"<article>{links.format(link)}".encode()), URL)
        assert record is not None
        assert ("one-page-of-many" in record["warnings"]) is is_of_many


def test_a_picture_alone_is_an_article() -> None:
    page = PAGE.replace(b"The weir was opened.", b"<img src=/1.jpg>").replace(b"The weir", b"")
    record = ifp_scraper.extract(page, URL)
    assert record is not None
    assert (record["headline"], record["blocks"], len(record["images"])) == (None, [], 1)
    with pytest.raises(ifp_scraper.UnreadablePage):
        ifp_scraper.extract(page.replace(b"src", b"x"), URL)


@pytest.mark.parametrize("address", ["https://ifpnews.com/a.html/amp/", "https://ifpnews.com/a.html/amp"])
def test_the_amp_page_of_a_permalink_that_ends_like_a_file(address: str) -> None:
    page = min((Path(__file__).parent / "fixtures" / "amp-swift").glob("*.html"))
    record = ifp_scraper.extract(re.sub(r'rel="?canonical"?', "", page.read_text()), address)
    assert record is not None
    assert (record["url"], record["amp_url"]) == ("https://ifpnews.com/a.html", "https://ifpnews.com/a.html/amp/")


AUTHORS = '<a rel="author" href="/author/a/">Al Fox</a> <a rel="author" href="/author/b/">Bo Ray</a>'
LINKS = '<a href="/author/x/category/tag/">x</a>'
BODY = '<div class="entry-content"><p>The weir was opened.</p></div>'
WORDS = "word " * 560_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "inside",
    [
        f"{AUTHORS}{BODY}<div>{'<p class=author-bio>x</p>' * 90}{WORDS}</div>",
        f"{AUTHORS}{BODY}{'<div class=author-bio>' * 200}{WORDS}{'</div>' * 200}",
        f'{f"""<div class="{"x " * 4000}">""" * 100}{LINKS * 8000}{"</div>" * 100}{BODY}',
    ],
    ids=["bios", "nested bios", "long classes"],
)
def test_hostile_pages_of_any_theme_are_read_soon(inside: str) -> None:
    record, seconds = read(inside)
    assert (record["body"], record["layout"]) == ("The weir was opened.", "wordpress")
    _, harmless = read(f'<div class="entry-content"><p>{WORDS}</p></div>')
    assert seconds < 80 * harmless  # at most 35 times as long; without a bound on biographies, 145 times


def test_headlines_in_headlines_are_read_soon() -> None:
    name = WORDS[: len(WORDS) // 2]
    seconds = {}
    for depth in (1, 110):
        headlines = f"{'<h1><div>' * depth}{name}{'</div></h1>' * depth}{BODY}"
        record, seconds[depth] = read(f'<meta property="og:site_name" content="{name}">{headlines}')
        assert (record["body"], record["headline"]) == ("The weir was opened.", None)
    assert seconds[110] < 30 * seconds[1]  # ten times as long; without bounds, a hundred times


def test_bodies_in_bodies_are_read_once() -> None:
    title, box, empty = "<h1 class=entry-title>A</h1>", '<div class="td-post-content">', "<p class=a></p>" * 20_000
    record, seconds = read(f"{title}{box * 10}{empty}{'</div>' * 10}")
    assert (record["layout"], record["blocks"]) == ("newspaper", [])
    _, harmless = read(f"{title}{box}{empty}</div>")
    assert seconds < 6 * harmless  # twice as long; once it was 12 times


def read(inside: str) -> tuple[dict[str, Any], float]:
    page = f'<html><body class="single single-post postid-7"><article class="hentry">{inside}</article></body></html>'
    began = process_time()
    record = ifp_scraper.extract(page, URL)
    assert record is not None
    return record, process_time() - began


def test_which_way_a_cache_makes_ages_uncertain() -> None:
    captured, ten_minutes = datetime(2024, 5, 6, 6, tzinfo=UTC), timedelta(minutes=10)
    assert cache_age(captured, "600", "Mon, 06 May 2024 06:10:00 GMT") == ten_minutes  # Date less Age: our own
    assert cache_age(captured.replace(microsecond=1), "600", "Mon, 06 May 2024 06:10:00 GMT") == ten_minutes
    for date_header in ("Mon, 06 May 2024 06:00:00 GMT", "Mon, 06 May 2024 05:50:00 GMT", ""):
        assert cache_age(captured, "600", date_header) == -ten_minutes
    assert cache_age(captured, "", "Mon, 06 May 2024 06:00:00 GMT") == timedelta(0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *((" 600 ", 600), ("0600", 600), ("0" * 11 + "600", 600), ("31622399", 31622399), ("31622400", 0), ("", 0)),
        *(("0" * 11 + "1" + "9" * 50, 0), ("9" * 5000, 0), ("-600", 0), ("1.5", 0), ("0", 0)),
    ],
)
def test_an_age_that_makes_no_sense_is_none(header: str, seconds: int) -> None:
    assert read_age(header) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("url", "original", "captured_at"),
    [
        ("https://web.archive.org/web/20240506070809id_/https://ifpnews.com/a/", "https://ifpnews.com/a/", "070809"),
        ("HTTP://web.archive.org/web/2024050607/http://ifpnews.com/a/?amp", "http://ifpnews.com/a/?amp", "070000"),
        ("https://web.archive.org/web/20240506im_/https://ifpnews.com/a/", "https://ifpnews.com/a/", "000000"),
        ("https://web.archive.org/web/20249906/https://ifpnews.com/a/", "https://ifpnews.com/a/", None),
        ("https://web.archive.org/web/*/https://ifpnews.com/a/", None, None),
        ("https://ifpnews.com/web/20240506/https://ifpnews.com/a/", None, None),
    ],
)
def test_an_address_in_the_wayback_machine(url: str, original: str | None, captured_at: str | None) -> None:
    moment = datetime.strptime(f"20240506{captured_at}Z", "%Y%m%d%H%M%S%z") if captured_at else None
    assert unwrap_address(url) == (original or url, moment)


def test_a_year_or_a_month_in_the_wayback_machine_is_its_beginning() -> None:
    for stamp, month in (("2024", 1), ("202405", 5)):
        address = f"https://web.archive.org/web/{stamp}/https://ifpnews.com/"
        assert unwrap_address(address)[1] == datetime(2024, month, 1, tzinfo=UTC)


@pytest.mark.parametrize("toolbar", ["<!-- BEGIN WAYBACK TOOLBAR INSERT -->x<!-- END WAYBACK TOOLBAR INSERT -->", ""])
def test_a_page_of_the_wayback_machine_has_its_own_links(toolbar: str) -> None:
    links = (
        '<a href="https://web.archive.org/web/20240506070809/https://a.b/c/">',
        '<img src="/web/20240506070809im_///a.b/d.jpg"><a href="//web.archive.org/web/20240506070809/mailto:x@a.b">',
        '<a href="https://a.b/web/20240506/">',
    )
    own = '<a href="https://a.b/c/"><img src="//a.b/d.jpg"><a href="mailto:x@a.b"><a href="https://a.b/web/20240506/">'
    assert unwrap_page(f"<p>{toolbar}{''.join(links)}".encode()).decode() == f"<p>{own}"
    begun_only = b"<!-- BEGIN WAYBACK TOOLBAR INSERT --><p>/web/"
    assert unwrap_page(begun_only) == begun_only


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize(
    ("script", "wayback"),
    [
        (
            '<script src="https://web-static.archive.org/_static/js/bundle-playback.js"></script>',
            "https://web.archive.org/web/20240506070809/",
        ),
        ("<script>archive_analytics.values.server_ms=232;</script>", "/web/20150311120000/"),
    ],
)
def test_a_page_saved_from_the_wayback_machine_has_its_own_links_under_any_address(
    script: str, wayback: str, as_bytes: bool
) -> None:
    page = (
        f'<html><head>{script}<link rel="canonical" href="{wayback}{URL}"></head>'
        '<body class="single single-post postid-7">'
        f'<div class="entry-content">Text. <a href="{wayback}https://a.b/">B</a></div></body></html>'
    )
    record = ifp_scraper.extract(page.encode() if as_bytes else page, URL)
    assert record is not None
    assert (record["url"], record["links"]) == (URL, [{"url": "https://a.b/", "text": "B"}])
