"""A hostile site: the crawl ends in bounded time and memory, with a plain message, and never leaves the site."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.items import Article, encode
from tests import hostile
from tests.crawling import lines
from tests.hostile import HostileServer, Measured, crawl_hostile, html, redirect, serve_hostile
from tests.mutations import unsound
from tests.site import Site, make_posts

pytestmark = pytest.mark.slow

MEMORY = 400
"""MiB of memory that no crawl of a hostile site may exceed."""


def page(body: str = "", *, head: str = "", slug: str = "a") -> bytes:
    return (
        f'<html><head><title>x</title>{head}</head><body class="post-template single single-post {slug}">'
        f'<article><h1 class="entry-title">A headline</h1><div class="td-post-content"><p>The first words.</p>{body}'
        "</div></article></body></html>"
    ).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def canary() -> Iterator[HostileServer]:
    """Another server on this machine, which the crawl must never contact."""
    with serve_hostile(Site(make_posts(3))) as server:
        yield server


@dataclass
class Attack:
    """One crawl in which every article is an attack."""

    run: Measured
    server: HostileServer
    urls: dict[str, str]
    out: Path

    def record(self, name: str) -> dict[str, Any] | None:
        return next((line for line in lines(self.out) if self.urls[name] in (line["url"], line["fetched_url"])), None)

    def rejected(self, name: str) -> str | None:
        for line in lines(self.out.with_suffix(".rejected.jsonl")):
            if line["url"].rstrip("/") == self.urls[name].rstrip("/"):
                return str(line["reason"])
        return None


def articles(canary: str) -> dict[str, hostile.Answer]:
    """What is served in place of an article, by the name of the attack."""
    other = canary + "/elsewhere/"
    return {
        "gigabyte": hostile.gigabyte,
        "endless_chunks": hostile.endless_chunks,
        "slow_drip": hostile.slow_drip,
        "endless_headers": hostile.endless_headers,
        "endless_header": hostile.endless_header,
        "gzip_bomb": hostile.gzip_bomb,
        "brotli_bomb": hostile.brotli_bomb,
        "lying_gzip": hostile.lying_gzip,
        "unknown_coding": hostile.unknown_coding,
        "to_other_host": redirect(other),
        "to_private": redirect("http://169.254.169.254/latest/meta-data/"),
        "to_localhost": redirect("http://localhost:22/"),
        "to_file": redirect("file:///etc/passwd"),
        "to_data": redirect("data:text/html,<p>x"),
        "to_script": redirect("javascript:alert(1)"),
        "to_no_url": redirect("http://[::1/\x80"),
        "to_userinfo": redirect(canary.replace("//", "//ifpnews.com@")),
        "to_long": redirect("/" + "a" * 100_000),
        "to_injected": redirect("/x%0d%0aX-Injected:%20yes\x0bX-Injected: yes"),
        "meta_refresh": html(page(head=f'<meta http-equiv="refresh" content="0; url={other}">')),
        "deep": html(page("<div>" * 100_000 + "deep" + "</div>" * 100_000)),
        "deep_inline": html(page("<p>" + "<b class='td-post-content'>" * 50_000 + "deep")),
        "wide": html(page("<p>a<br>b</p>" * 20_000)),
        "deep_and_wide": html(page("<div class='td-post-content td-post-header'>" * 200 + "<b>x</b>" * 200_000)),
        "pictures": html(page("".join(f"<img src=/{number}.jpg>" for number in range(20_000)))),
        "rules": html(page("<p class=a>x</p>" * 2000, head="<style>" + ".a{display:none}" * 100_000 + "</style>")),
        "surrogates": html(page("<p>lone \ud800 and &#xDFFF; and nul \0 &#0; \x1b[31m end</p>")),
        "wrong_charset": html(
            page("<p>caf\u00e9</p>").decode().encode("cp1252"), Content_Type="text/html; charset=utf-8"
        ),
        "no_charset": html(page("<p>caf\u00e9</p>"), Content_Type="text/html; charset=undefined"),
        "punycode": html(page("<p>x</p>") + b"\xff" * 400_000, Content_Type="text/html; charset=punycode"),
        "cookie_flood": hostile.cookie_flood(page()),
        "bad_headers": hostile.bad_headers(page()),
        "links": html(
            page(
                "".join(f'<a href="{bad}">bad</a>' for bad in _LINKS)
                + f'<a href="https://x.com/{"u" * 100_000}">l</a>',
                head='<link rel="canonical" href="javascript:alert(1)"><link rel="amphtml" href="data:text/html,x">',
            )
        ),
        "foreign_amp": html(page(head=f'<link rel="amphtml" href="{other}amp/">')),
        "foreign_canonical": html(page(head=f'<link rel="canonical" href="{other}">')),
        "foreign_pages": html(page(f'<div class="page-links"><a href="{other}2/">2</a></div>')),
        "many_pages": html(
            page(
                '<div class="page-links">'
                + "".join(
                    f'<a class="post-page-numbers" href="/PLACE/{number}/">{number}</a>' for number in range(2, 999)
                )
                + "</div>"
            )
        ),
        "null": html(b'<html><body class="single single-post"><article></article></body></html>'),
        "far_dates": html(page(head='<meta property="article:published_time" content="9999-12-31T23:59:59-23:59">')),
        "far_theme_date": html(page(head='<meta itemprop="datePublished" content="9999-12-31T23:59:59+00:00">')),
    }


_LINKS = (
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "http://[",
    "//",
    "\0x",
)


@pytest.fixture(scope="module")
def attack(canary: HostileServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    wanted = articles(canary.url)
    site = Site(make_posts(len(wanted) + 8))
    plain = [post for post in site.public() if len(post.pages) == 1 and post.slug.isascii()][: len(wanted)]
    out = tmp_path_factory.mktemp("attack") / "in" / "a.jsonl"
    with serve_hostile(site) as server:
        urls = {}
        for (name, answer), post in zip(wanted.items(), plain, strict=False):
            urls[name] = server.url + post.path
            server.answers[post.path + "*"] = answer
        run = crawl_hostile(server.url, out, "-s", "IFP_FAILURES=1000", "-s", "IFP_MAX_POST_PAGES=10")
        yield Attack(run, server, urls, out)


class TestArticles:
    def test_ends_in_bounds_and_plain_words(self, attack: Attack) -> None:
        assert attack.run.seconds < 60
        assert attack.run.mebibytes < MEMORY
        assert "Traceback" not in attack.run.err, attack.run.err
        assert attack.run.status == 1  # more than one in a hundred failed
        assert "The crawl did not do its job" in attack.run.err

    def test_never_leaves_the_site(self, attack: Attack, canary: HostileServer) -> None:
        assert canary.log == []

    def test_good_articles_are_there(self, attack: Attack) -> None:
        assert len(lines(attack.out)) > 8

    def test_every_record_is_sound(self, attack: Attack) -> None:
        for line in lines(attack.out):
            article = Article(**{k: v for k, v in line.items() if k not in _NESTED})
            assert unsound(article) is None, line["url"]
            assert line["headline"] or line["blocks"]
            assert line["fetched_url"].startswith(attack.server.url)
            assert encode(article)

    @pytest.mark.parametrize(
        "name",
        [
            "gigabyte",
            "endless_chunks",
            "endless_headers",
            "endless_header",
            "gzip_bomb",
            "brotli_bomb",
            "slow_drip",
            "lying_gzip",
            "unknown_coding",
        ],
    )
    def test_endless_bodies(self, attack: Attack, name: str) -> None:
        assert attack.record(name) is None

    @pytest.mark.parametrize(
        "name",
        [
            "to_other_host",
            "to_private",
            "to_localhost",
            "to_file",
            "to_data",
            "to_script",
            "to_no_url",
            "to_userinfo",
            "to_long",
            "null",
            "deep_and_wide",
        ],
    )
    def test_gives_no_record(self, attack: Attack, name: str) -> None:
        assert attack.record(name) is None

    @pytest.mark.parametrize(
        "name",
        "to_other_host to_private to_localhost to_file to_data to_script to_no_url to_userinfo".split(),
    )
    def test_a_way_off_the_site_is_rejected(self, attack: Attack, name: str) -> None:
        assert (attack.rejected(name) or "").endswith("is not on the site")

    def test_nothing_is_injected_into_requests(self, attack: Attack) -> None:
        assert not any("X-Injected" in headers or "Cookie" in headers for _, headers in attack.server.log)

    @pytest.mark.parametrize(
        "name", ["deep", "deep_inline", "wide", "surrogates", "wrong_charset", "no_charset", "links"]
    )
    def test_what_can_be_read_is(self, attack: Attack, name: str) -> None:
        record = attack.record(name)
        assert record is not None, attack.rejected(name)
        assert record["headline"] == "A headline"
        assert record["blocks"][0]["text"].startswith("The first words.")

    def test_charsets(self, attack: Attack) -> None:
        for name in ("wrong_charset", "no_charset"):
            record = attack.record(name)
            assert record is not None
            assert "caf\u00e9" in record["body"]

    def test_links(self, attack: Attack) -> None:
        record = attack.record("links")
        assert record is not None
        assert record["url"] == attack.urls["links"]
        assert record["amp_url"] is None
        assert {link["url"].partition(":")[0] for link in record["links"]} <= {"http", "https"}
        assert all(len(link["url"]) < 10_000 for link in record["links"])

    def test_pages_of_an_article_are_bounded(self, attack: Attack) -> None:
        place = attack.urls["many_pages"].removeprefix(attack.server.url)
        assert len([path for path, _ in attack.server.log if path.startswith(place)]) < 30

    def test_nothing_is_written_outside(self, attack: Attack) -> None:
        folder = attack.out.parent
        names = {path.name for path in folder.parent.rglob("*")}
        assert names >= {"a.jsonl", "a.rejected.jsonl", "a.runs.jsonl"}
        kept = {path.name for path in (folder / "a.rejected").glob("*")} if (folder / "a.rejected").exists() else set()
        assert names - kept <= {"in", "stderr", "a.jsonl", "a.rejected", "a.rejected.jsonl", "a.runs.jsonl"}
        assert all(name[:8].isdigit() and name.endswith(".html") for name in kept)


_NESTED = ("authors", "images", "embeds", "links", "recent_posts")


def assert_bounded(run: Measured, status: int) -> None:
    assert "Traceback" not in run.err, run.err
    assert run.status == status, run.err
    assert run.mebibytes < MEMORY
    assert run.seconds < 40


def xml(body: str) -> hostile.Answer:
    return html(body.encode(), Content_Type="text/xml; charset=UTF-8")


class TestDiscovery:
    def test_a_sitemap_that_includes_itself(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(6))) as server:

            def index(handler: hostile.Handler) -> None:
                number = len(server.log)
                handler.send(
                    f"<sitemapindex><sitemap><loc>{server.url}/wp-sitemap.xml</loc></sitemap><sitemap><loc>{server.url}/sitemap-{number}.xml</loc>"
                    f"</sitemap><sitemap><loc>{server.url}/wp-sitemap-posts-post-1.xml</loc></sitemap></sitemapindex>".encode(),
                    Content_Type="text/xml",
                )

            server.answers |= {"/wp-sitemap.xml": index, "/sitemap*": index}
            run = crawl_hostile(
                server.url,
                tmp_path / "a.jsonl",
                "-a",
                "sources=sitemap",
                "-a",
                "pages=canonical",
                "-s",
                "IFP_MAX_SITEMAPS=50",
            )
            assert_bounded(run, 0)
            assert len([path for path, _ in server.log if path.endswith(".xml")]) <= 60
            assert len(lines(tmp_path / "a.jsonl")) >= 3

    @pytest.mark.parametrize("source", ["sitemap", "feed"])
    def test_entities(self, canary: HostileServer, tmp_path: Path, source: str) -> None:
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12))
        secret = tmp_path / "secret"
        secret.write_text("http://127.0.0.1/secret-words/")
        dtd = (
            f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{canary.url}/x.dtd" [{laughs}<!ENTITY f SYSTEM "file://{secret}">'
            f'<!ENTITY h SYSTEM "{canary.url}/entity"><!ENTITY % p SYSTEM "{canary.url}/p"> %p;]>'
        )
        locs = ["&f;", "&h;", f"{canary.url}/a/", "PLACE/a/", "file:///etc/passwd", "PLACE/" + "u" * 100_000, "&l11;"]
        with serve_hostile(Site(make_posts(4))) as server:
            server.answers["/a/*"] = html(page())
            entries = [loc.replace("PLACE", server.url) for loc in locs]
            if source == "sitemap":
                body = "".join(f"<url><loc>{loc}</loc></url>" for loc in entries)
                server.answers["/wp-sitemap*"] = server.answers["/sitemap*"] = xml(f"{dtd}<urlset>{body}</urlset>")
            else:
                body = "".join(f"<item><link>{loc}</link></item>" for loc in entries)
                server.answers["/feed/*"] = xml(f"{dtd}<rss><channel>{body}</channel></rss>")
            run = crawl_hostile(
                server.url, tmp_path / "o" / "a.jsonl", "-a", f"sources={source}", "-a", "pages=canonical"
            )
            assert_bounded(run, 0)
            assert server.url + "/a/" in [line["url"] for line in lines(tmp_path / "o" / "a.jsonl")]
            assert "secret-words" not in (tmp_path / "o" / "a.jsonl").read_text() + run.err
        assert canary.log == []

    def test_a_calendar_of_endless_listings(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(4)), rest=404, sitemap=None, feed=404) as server:

            def listing(handler: hostile.Handler) -> None:
                place = len(server.log)
                links = "".join(
                    f'<h2 class="entry-title"><a href="/made-up-{place}-{n}/">x</a></h2>'
                    f'<a href="/category/c{place}-{n}/">c</a><a href="/{2000 + place}/0{n % 9 + 1}/">month</a>'
                    for n in range(5)
                )
                handler.send(f"<html><body class='home blog'>{links}</body></html>".encode())

            server.answers |= {"/": listing, "/page/*": listing, "/category/*": listing, "/made-up*": html(page())}
            run = crawl_hostile(
                server.url, tmp_path / "a.jsonl", "-a", "pages=canonical", "-s", "IFP_MAX_LISTING_PAGES=20"
            )
            assert "Traceback" not in run.err
            assert run.seconds < 40
            assert len(server.log) < 800
            assert not any(path[1:5].isdigit() for path, _ in server.log)

    def test_endless_listings_of_made_up_addresses(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(4)), rest=404, sitemap=None, feed=404) as server:

            def listing(handler: hostile.Handler) -> None:
                links = "".join(
                    f'<h2 class="entry-title"><a href="/x-{len(server.log)}-{n}/">x</a></h2>' for n in range(9)
                )
                handler.send(f"<html><body class='home blog'>{links}</body></html>".encode())

            missing = html(b"<html><body>Not here</body></html>", 404)
            server.answers |= {"/": listing, "/page/*": listing, "/x-*": missing}
            for _ in range(2):  # what the first run met is not held against the list again
                run = crawl_hostile(server.url, tmp_path / "a.jsonl")
                assert_bounded(run, 1)
                assert (
                    "1000 addresses in a row that the site lists gave no article, the last one: status 404" in run.err
                )
            assert len(server.log) < 6000

    def test_a_rest_answer_with_a_million_pages(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(4))) as server:

            def posts(handler: hostile.Handler) -> None:
                number = len(server.log)
                found = [{"id": number * 100 + n, "link": f"{server.url}/p-{number}-{n}/"} for n in range(3)]
                body = json.dumps([*found, {"id": 1e999, "link": 5}, None, {"id": 1, "link": "u" * 100_000}])
                handler.send(
                    body.encode(), Content_Type="application/json", X_WP_Total="999999999", X_WP_TotalPages="1000000"
                )

            server.answers |= {"/wp-json/*": posts, "/p-*": html(page())}
            run = crawl_hostile(
                server.url, tmp_path / "a.jsonl", "-a", "pages=canonical", "-s", "IFP_MAX_LISTING_PAGES=10"
            )
            assert_bounded(run, 0)
            assert len([path for path, _ in server.log if "wp-json" in path]) <= 12
            assert "REST listed 30 of 999999999" in run.err

    @pytest.mark.parametrize(
        "body",
        [
            b"<html><p>no json</html>",
            b"[" * 200_000,
            b'{"a":' * 100_000,
            b"\xff\xfe[",
            b"[1e999, null, {}]",
            b"9" * 10_000,
        ],
    )
    def test_something_else_where_json_is_due(self, tmp_path: Path, body: bytes) -> None:
        with serve_hostile(Site(make_posts(4))) as server:
            server.answers["/wp-json/*"] = html(body, Content_Type="application/json")
            run = crawl_hostile(server.url, tmp_path / "a.jsonl", "-a", "pages=canonical")
            assert_bounded(run, 0)
            assert len(lines(tmp_path / "a.jsonl")) >= 3

    def test_a_redirect_loop_everywhere(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(4))) as server:
            server.answers["/*"] = lambda handler: handler.send(b"", 302, Location=f"/x{len(server.log)}/")
            run = crawl_hostile(server.url, tmp_path / "a.jsonl")
            assert_bounded(run, 1)
            assert len(server.log) < 300
            assert lines(tmp_path / "a.jsonl") == []

    def test_everything_drips(self, tmp_path: Path) -> None:
        with serve_hostile(Site(make_posts(60))) as server:
            server.answers |= {post.path + "*": hostile.slow_drip for post in server.good.site.public()}
            run = crawl_hostile(
                server.url,
                tmp_path / "a.jsonl",
                "-s",
                "DOWNLOAD_TIMEOUT=0.3",
                "-s",
                "RETRY_TIMES=0",
                "-s",
                "IFP_FAILURES=10",
            )
            assert_bounded(run, 1)
            assert "10 fetches in a row failed" in run.err
            assert len(server.log) < 30

    def test_a_hostile_robots_txt(self, canary: HostileServer, tmp_path: Path) -> None:
        rules = "User-agent: *\nCrawl-delay: 1e999\nCrawl-delay: nan\nCrawl-delay: -3\n"
        rules += (
            "Disallow: /" + "*a" * 30 + "$\n" + f"Sitemap: {canary.url}/s.xml\nSitemap: file:///etc/passwd\n" * 500
        )
        with serve_hostile(Site(make_posts(4))) as server:
            server.answers["/robots.txt"] = html(rules.encode() + b"\0\xff" * 1000, Content_Type="text/plain")
            server.answers["/wp-json/*"] = html(
                json.dumps(
                    [{"id": 5, "link": f"{server.url}/{'a' * 200}b/"}, {"id": 6, "link": f"{server.url}/c/"}]
                ).encode(),
                Content_Type="application/json",
            )
            server.answers["/aa*"] = server.answers["/c/*"] = html(page())
            run = crawl_hostile(server.url, tmp_path / "a.jsonl", "-a", "pages=canonical")
            assert_bounded(run, 0)
        assert canary.log == []


def test_threads_end() -> None:
    """The servers of this file leave no thread that would keep a test run from ending."""
    assert all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())
