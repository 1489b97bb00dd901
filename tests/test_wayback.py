"""Pages and lists that the Wayback Machine has kept, beside those of other hosts."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from ifp_scraper.recordings.wayback import unwrap_page
from tests.crawling import lines, scrapy
from tests.recordings import read_both_ways, response, story
from tests.site import Site, make_posts, serve


def test_a_page_of_a_great_many_toolbars_takes_no_hours() -> None:
    began = time.process_time()
    body = b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->" * 20_000 + b"/web/"
    assert unwrap_page(body) == body
    assert time.process_time() - began < 10


def test_the_toolbar_and_the_addresses_of_the_wayback_machine_are_taken_out() -> None:
    toolbar = b"<!-- BEGIN WAYBACK TOOLBAR INSERT --><p>toolbar</p><!-- END WAYBACK TOOLBAR INSERT -->"
    kept = b'<body>%b<a href="/web/20240506060000/https://ifpnews.com/a/">' % toolbar
    assert unwrap_page(kept) == b'<body><a href="https://ifpnews.com/a/">'
    endless = kept.replace(b"<!-- END WAYBACK TOOLBAR INSERT -->", b"")
    assert unwrap_page(endless) == endless.replace(b"/web/20240506060000/", b"")


def test_other_hosts_and_wayback(recording: Path, tmp_path: Path) -> None:
    site = Site(make_posts(3, seed=8))
    post = site.open_posts()[0]
    path, out = tmp_path / "mixed.warc.gz", tmp_path / "out.jsonl"
    with serve(site) as server:
        page = server.get(post.path).body.replace(server.url.encode(), b"https://ifpnews.com")
    toolbar = b"<!-- BEGIN WAYBACK TOOLBAR INSERT --><p>toolbar</p><!-- END WAYBACK TOOLBAR INSERT -->"
    kept = page.replace(b"https://ifpnews.com", b"https://web.archive.org/web/20240506060000/https://ifpnews.com")
    kept = kept.replace(b"</header>", toolbar + b"</header>")
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, body in (
            (f"https://elsewhere.example{post.path}", page),
            (f"https://web.archive.org/web/20240506060000/https://ifpnews.com{post.path}", kept),
        ):
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=BytesIO(body),
                    http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
                )
            )
    assert scrapy("extract", path, "-o", out).status == 0
    (line,) = lines(out)
    assert line["url"] == f"https://ifpnews.com{post.path}"
    assert line["fetched_at"] == "2024-05-06T06:00:00Z"
    assert line["headline"] == post.expected()["headline"]
    assert "toolbar" not in line["body"]
    assert not [link for link in line["links"] if "web.archive.org" in link["url"]]


def test_a_wayback_address_with_an_impossible_time_has_a_rewritten_page_too(tmp_path: Path) -> None:
    recorded, kept = tmp_path / "a.warc", "https://web.archive.org/web/20241306060000/https://ifpnews.com"
    script = b'<script src="https://web-static.archive.org/_static/js/bundle.js"></script></head>'
    page = story(f'Some words, <a href="{kept}/b/">elsewhere</a>.').replace(b"</head>", script)
    recorded.write_bytes(response(f"{kept}/a/", page, "2024-01-01"))
    (line,) = read_both_ways(recorded)
    assert (line["url"], line["fetched_at"]) == ("https://ifpnews.com/a/", "2024-01-01T06:00:00Z")
    assert [link["url"] for link in line["links"]] == ["https://ifpnews.com/b/"]


def test_a_link_to_the_wayback_machine_in_a_page_that_it_did_not_keep_is_kept(tmp_path: Path) -> None:
    recorded, link = tmp_path / "a.warc", "https://web.archive.org/web/20240506060000/https://example.org/"
    page = story(f'Some words, <a href="{link}">elsewhere</a>.')
    recorded.write_bytes(response("https://ifpnews.com/a/", page, "2024-01-01"))
    (line,) = read_both_ways(recorded)
    assert [found["url"] for found in line["links"]] == [link]


def test_lists_that_the_wayback_machine_kept_say_what_they_said_then(tmp_path: Path) -> None:
    site = Site(make_posts(3, seed=8))
    post = site.open_posts()[0]
    path = tmp_path / "kept.warc.gz"
    with serve(site) as server:
        page = server.get(post.path).body.replace(server.url.encode(), b"https://ifpnews.com")
    sitemap = "<urlset><url><loc>https://ifpnews.com{}</loc><lastmod>{}T00:00:00Z</lastmod></url></urlset>"
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for day, name, kind, body in (
            ("05", "/post-sitemap.xml", "text/xml", sitemap.format(post.path, "2027-05-05").encode()),
            ("06", post.path, "text/html", page),
            ("09", "/post-sitemap.xml", "text/xml", sitemap.format(post.path, "2027-05-09").encode()),
        ):
            url = f"https://web.archive.org/web/202705{day}060000id_/https://ifpnews.com{name}"
            head = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=head))
    assert scrapy("extract", path, "-o", tmp_path / "a.jsonl").status == 0
    assert scrapy("crawl", "ifp", "-a", f"archive={path}", "-o", tmp_path / "b.jsonl").status == 0
    for name in "ab":
        (line,) = lines(tmp_path / f"{name}.jsonl")
        assert line["modified_at"] == "2027-05-05T00:00:00Z"
