"""Which captures in a recording are of one article, and which are its edits."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

from ifp_scraper.recordings.archive import Archive
from tests.crawling import lines, printing, scrapy
from tests.recordings import (
    amp_story,
    at_address,
    digested,
    kept_file,
    read_both_ways,
    redirect,
    rejected_beside,
    response,
    revisit,
    story,
    without_id,
)
from tests.site import Site, make_posts, record, serve
from tests.site.response import page

ADDRESSES = [
    "http://ifpnews.com/exclusive/a/",
    "http://www.ifpnews.com/a",
    "https://ifpnews.com/a/",
    "https://www.ifpnews.com/a/",
]
"""Those of an article, in the order in which the site may have had them."""


def test_a_failed_capture_is_no_edit(tmp_path: Path) -> None:
    url, whole = "https://ifpnews.com/a/", story("Some words.")
    recorded = tmp_path / "a.warc"
    challenge = b"<html><head><title>Just a moment...</title></head></html>"
    fatal = b'<html><body id="error-page"><p>There has been a critical error on this website.</p></body></html>'
    bodies = {
        "2019-01-01": whole,
        "2020-01-01": whole[:-20],
        "2021-01-01": challenge,
        "2022-01-01": whole[:-26] + fatal,
    }
    recorded.write_bytes(b"".join(response(url, body, date) for date, body in bodies.items()))
    assert [line["fetched_at"] for line in read_both_ways(recorded)] == ["2019-01-01T06:00:00Z"]
    # Nor is it an edit when it is extracted alone.
    alone, out = tmp_path / "alone.warc", tmp_path / "a.extracted.jsonl"
    alone.write_bytes(response(url, whole[:-20], "2022-01-01"))
    before = out.read_bytes()
    assert scrapy("extract", alone, "-o", out).status == 0
    assert out.read_bytes() == before


@pytest.mark.parametrize("end", ["</body></html>" + "<!-- cached " + 3000 * "-" + " -->", ""])
def test_a_page_may_end_in_a_long_comment_or_without_end_tags(end: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    texts = {"2019-01-01": "Some words.", "2020-01-01": "Other words."}
    pages = {date: story(text).replace(b"</body></html>", end.encode()) for date, text in texts.items()}
    assert all(page.rstrip().endswith(end.encode() or b"</div>") for page in pages.values())
    recorded.write_bytes(b"".join(response("https://ifpnews.com/a/", page, date) for date, page in pages.items()))
    assert [line["body"] for line in read_both_ways(recorded)] == list(texts.values())


def test_a_capture_whose_time_nothing_tells_is_damaged(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    date, undated = b"WARC-Date: 2024-05-06T06:00:00.5Z\r\n", b"WARC-Date: unknown\r\n"
    answered = response(f"{url}amp/", amp_story("One."), "2024-05-06", "Date: Mon, 06 May 2024 07:00:00 GMT")
    records = [response(url, story("Two."), "2024-05-06").replace(date, undated), answered.replace(date, b"")]
    recorded.write_bytes(b"".join(records))
    assert [(line["body"], line["fetched_at"]) for line in read_both_ways(recorded)] == [
        ("One.", "2024-05-06T07:00:00Z")
    ]
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", tmp_path / "out.jsonl")
        assert f"{recorded} at byte 0: a record has no date that can be read" in run.err


def test_a_page_for_maintenance_at_the_address_of_an_amp_page_is_no_amp_page(tmp_path: Path) -> None:
    url, recorded = "https://ifpnews.com/a/", tmp_path / "a.warc"
    out_of_order = b"<html><body>Briefly unavailable for scheduled maintenance.</body></html>"
    captures = [
        response(url, story("One."), "2022-01-01"),
        response(f"{url}amp/", out_of_order, "2022-01-02"),
        response(f"{url}amp/", out_of_order, "2022-01-02"),
        response(url, story("One."), "2022-01-03"),
        response(f"{url}amp/", amp_story("One."), "2022-01-04"),
    ]
    recorded.write_bytes(b"".join(captures))
    assert read_both_ways(recorded)[-1]["layout"] == "newspaper+amp-swift"


@pytest.mark.parametrize("dates", [["2016-01-01", "2018-01-01", "2020-01-01", "2019-01-01"], ["2020-01-01"] * 4])
def test_the_addresses_that_the_site_gave_an_article_over_the_years_are_one(dates: list[str], tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join(map(response, ADDRESSES, map(at_address, ADDRESSES), dates)))
    (line,) = read_both_ways(recorded)
    assert {line["url"], *line["aliases"]} == set(ADDRESSES)
    # Nor is there anything new in a later run over another recording.
    later, out = tmp_path / "later.warc", tmp_path / "a.extracted.jsonl"
    later.write_bytes(response(ADDRESSES[1], at_address(ADDRESSES[1]), "2022-01-01"))
    before = out.read_bytes()
    assert scrapy("extract", later, "-o", out).status == 0
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("canonical", "amp"),
    [("http://ifpnews.com:80", "https://ifpnews.com"), ("https://ifpnews.com", "http://www.ifpnews.com:80")],
)
def test_one_of_the_views_may_name_the_port(canonical: str, amp: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    records = [
        response(f"{canonical}/a/", story("One."), "2024-01-01"),
        response(f"{amp}/a/amp/", amp_story("One."), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [line["layout"] for line in read_both_ways(recorded)] == ["newspaper+amp-swift"]


def test_an_amp_page_under_an_old_permalink_is_the_other_view(tmp_path: Path) -> None:
    recorded, old = tmp_path / "a.warc", "https://ifpnews.com/exclusive/a/amp/"
    other = amp_story("Other.").replace(b"post-id-97", b"post-id-98").replace(b"news.com/a/", b"news.com/video/a/")
    amp = amp_story("One.").replace(b"https://ifpnews.com/", b"http://ifpnews.com/exclusive/")
    records = [
        response("https://ifpnews.com/a/", story("One."), "2024-01-01"),
        response(old, amp, "2024-01-01"),
        response("https://ifpnews.com/video/a/amp/", other, "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    found = {line["url"]: (line["layout"], line["aliases"]) for line in read_both_ways(recorded)}
    assert found == {
        "https://ifpnews.com/a/": ("newspaper+amp-swift", [old]),
        "https://ifpnews.com/video/a/": ("amp-swift", []),
    }
    out = tmp_path / "named.jsonl"  # under any of its URLs
    assert scrapy("crawl", "ifp", "-a", f"archive={recorded}", "-a", f"urls={old}", "-o", out).status == 0
    assert [line["layout"] for line in lines(out)] == ["newspaper+amp-swift"]


@pytest.mark.parametrize("times", ["88", "89", "--"])
def test_without_an_id_permalinks_of_one_slug_may_be_translations(times: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    seen = zip(ADDRESSES[::2], times, ("2016-01-01", "2020-01-01"), strict=True)
    recorded.write_bytes(b"".join(response(url, without_id(at_address(url), hour), date) for url, hour, date in seen))
    written = read_both_ways(recorded)
    assert [line["aliases"] for line in written] == [[], []]


def numbered(page: bytes, *links: str) -> bytes:
    """A page of a post with links to the others."""
    names = "".join(f'<a href="{link}">{number}</a>' for number, link in enumerate(links, 1))
    return page.replace(b"</p>", f'</p><div class="page-links">{names}</div>'.encode())


@pytest.mark.parametrize("captured", ["2/?utm_source=x", "2", "2/index.html", "?page=2"])
def test_a_further_page_may_be_captured_under_another_form_of_its_address(captured: str, tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    records = [
        response(url, numbered(story("One."), url, f"{url}2/"), "2024-01-01"),
        response(url + captured, numbered(story("Two."), url, f"{url}2/"), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [line["body"] for line in read_both_ways(recorded)] == ["One.\n\nTwo."]


def test_a_fragment_is_no_part_of_an_address(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    links = f"{url}amp/", f"{url}2/?amp=1"
    records = [
        response(f"{url}amp/#top", numbered(amp_story("One."), *links), "2024-01-01"),
        response(f"{url}2/?amp=1#top", numbered(amp_story("Two."), *links), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [(line["fetched_url"], line["body"]) for line in read_both_ways(recorded)] == [(links[0], "One.\n\nTwo.")]


def test_of_further_pages_only_those_are_read_that_the_first_one_leads_to(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    other = story("Of another.", slug="b").replace(b"news.com/b/", b"news.com/video/b/")
    records = [
        response(url, story("One."), "2024-01-01"),  # its second page is from before an edit
        response(f"{url}2/", numbered(story("Two."), url, f"{url}2/"), "2024-01-01"),
        response("https://ifpnews.com/b/", numbered(story("B.", slug="b"), "/b/", "/b/2/"), "2024-01-01"),
        response("https://ifpnews.com/b/2/", other, "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    found = {line["body"]: "one-page-of-many" in line["warnings"] for line in read_both_ways(recorded)}
    assert found == {"One.": False, "B.": True}


def test_an_amp_page_that_is_another_article_s_is_no_view_of_this_one(tmp_path: Path) -> None:
    recorded, other = tmp_path / "a.warc", amp_story("Other.").replace(b"news.com/a/", b"news.com/b/")
    records = [
        response("https://ifpnews.com/a/", story("One."), "2024-01-01"),
        response("https://ifpnews.com/a/amp/", other, "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [(line["layout"], line["body"]) for line in read_both_ways(recorded)] == [("newspaper", "One.")]


def test_an_amp_page_beside_an_unusable_one_has_the_article_s_addresses(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    records = [
        redirect("https://ifpnews.com/old-name/", url),
        response(url, b"<html>Something else.</html>", "2024-01-01"),
        response(f"{url}?amp=1", amp_story("One."), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [line["aliases"] for line in read_both_ways(recorded)] == [["https://ifpnews.com/old-name/"]]


def test_the_lines_do_not_depend_on_the_order_of_the_recordings(tmp_path: Path) -> None:
    """An article that was renamed, two with the same text, and a redirect that has changed."""
    text = "word " * 60
    renamed = story("One, edited.").replace(b"news.com/a/", b"news.com/new-name/")
    records = [
        response("https://ifpnews.com/a/", story("One."), "2019-01-01"),
        response("https://ifpnews.com/b/", story(text, slug="b"), "2019-01-02"),
        response("https://ifpnews.com/old-name/", b"", "2019-01-03", "location: /b/", status="301 Moved Permanently"),
        response("https://ifpnews.com/new-name/", renamed, "2020-01-01"),
        response("https://ifpnews.com/c/", story(text, slug="c"), "2020-01-02"),
        response("https://ifpnews.com/old-name/", b"", "2020-01-03", "location: /c/", status="301 Moved Permanently"),
    ]
    written = []
    for name, order in (("a", records), ("b", records[::-1])):
        (tmp_path / name).mkdir()
        for number, one in enumerate(order):
            (tmp_path / name / f"{number}.warc").write_bytes(one)
        written.append(read_both_ways(tmp_path / name))
    assert written[0] == written[1]
    found = [(line["url"][20:], line["revision"], line["aliases"]) for line in written[0]]
    assert found == [
        ("a/", 1, []),
        ("b/", 1, []),
        ("new-name/", 2, ["https://ifpnews.com/a/"]),
        ("c/", 1, ["https://ifpnews.com/old-name/"]),
    ]
    assert [line["duplicate_of"] for line in written[0]] == [None, None, None, "https://ifpnews.com/b/"]


def test_of_captures_in_one_second_the_order_is_the_same_whatever_files_they_are_in(tmp_path: Path) -> None:
    site, text, date = "https://ifpnews.com", "word " * 60, "2019-01-01"
    first, second = (response(f"{site}/a/", story(one), date) for one in ("One, before.", "Two."))
    feeds = (
        f"<rss><channel><item><link>{site}/b/</link><pubDate>Mon, 31 Dec 2018 0{hour}:00:00 GMT</pubDate></item>"
        for hour in (1, 2)
    )
    records = [
        first.replace(b":00.5Z", b":00.2Z"),
        second.replace(b":00.5Z", b":00.9Z"),
        response(f"{site}/b/", story(text, slug="b"), date),
        response(f"{site}/c/", story(text, slug="c"), date).replace(b":00.5Z", b":00.6Z"),
        redirect(f"{site}/old/", "/b/"),
        redirect(f"{site}/old/", "/c/"),
        *(response(f"{site}/{n}/feed/", f"{feed}</channel></rss>".encode(), date) for n, feed in enumerate(feeds)),
    ]
    written = []
    for name, order in (("a", records), ("b", records[::-1])):
        (tmp_path / name).mkdir()
        for number, one in enumerate(order):
            (tmp_path / name / f"{number}.warc").write_bytes(one)
        written.append(read_both_ways(tmp_path / name))
    assert written[0] == written[1]
    found = [(line["url"][20:], line["revision"], line["body"][:4], line["duplicate_of"]) for line in written[0]]
    assert found == [
        ("a/", 1, "One,", None),
        ("a/", 2, "Two.", None),
        ("b/", 1, "word", None),
        ("c/", 1, "word", f"{site}/b/"),
    ]
    assert {line["fetched_at"] for line in written[0]} == {"2019-01-01T06:00:00Z"}


def test_a_later_recording_that_is_named_first_changes_no_order(tmp_path: Path) -> None:
    """Its captures are of another second than those that say which article comes first."""
    first, second = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    begun = response(first, story("One."), "2019-01-01") + response(second, story("Two.", slug="b"), "2019-01-01")
    later = response(second, story("Two, edited.", slug="b"), "2020-01-01")
    written = []
    for name, recordings in (("a", (begun, later)), ("b", (later, begun))):
        (tmp_path / name).mkdir()
        for number, one in enumerate(recordings):
            (tmp_path / name / f"{number}.warc").write_bytes(one)
        written.append(read_both_ways(tmp_path / name))
    assert written[0] == written[1]
    assert [line["body"] for line in written[0]] == ["One.", "Two.", "Two, edited."]


@pytest.mark.parametrize("are_revisited", [True, False])
def test_a_capture_that_is_in_two_recordings_counts_once(are_revisited: bool, tmp_path: Path) -> None:
    """Its second page is no early one of a later reading."""
    url, written = "https://ifpnews.com/a/", []
    records = [
        digested(response(url, numbered(story("One."), url, f"{url}2/"), "2024-01-01"), "sha1:1"),
        digested(response(f"{url}2/", numbered(story("Two."), url, f"{url}2/"), "2024-01-02"), "sha1:2"),
        *(
            [revisit(url, "sha1:1", "2024-02-01"), revisit(f"{url}2/", "sha1:2", "2024-02-02")]
            if are_revisited
            else []
        ),
        response(url, numbered(story("Edited."), url, f"{url}2/"), "2024-03-01"),
    ]
    for times in (1, 2):
        recorded = tmp_path / str(times)
        recorded.mkdir()
        for number in range(times):
            (recorded / f"{number}.warc").write_bytes(b"".join(records))
        written.append([line["body"] for line in read_both_ways(recorded)])
    assert written == [["One.\n\nTwo."]] * 2


@pytest.mark.parametrize("query", ["?page=0", "?page=2"])
def test_a_number_in_a_query_makes_no_article_one_of_several_pages(query: str, tmp_path: Path) -> None:
    """WordPress shows the first page, as there is no such page."""
    url, recorded = "https://ifpnews.com/a/", tmp_path / "a.warc"
    amp = "https://ifpnews.com/exclusive/a/amp/"
    captures = {url: story("One."), amp: amp_story("One."), url + query: story("One.")}
    recorded.write_bytes(b"".join(response(*capture, "2024-01-01") for capture in captures.items()))
    [line] = read_both_ways(recorded)
    assert (line["layout"], amp in line["aliases"]) == ("newspaper+amp-swift", True)


def test_an_article_captured_only_with_a_page_number_that_does_not_count(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(response("https://ifpnews.com/a/?page=0", story("One."), "2024-01-01"))
    assert [line["body"] for line in read_both_ways(recorded)] == ["One."]


def test_cut_off_pages_in_a_recording_are_no_sign_of_a_changed_site(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a.warc", tmp_path / "a.jsonl"
    cut = [response(f"https://ifpnews.com/{number}-b/", b"<html><head></head>", "2024-01-01") for number in range(9)]
    recorded.write_bytes(response("https://ifpnews.com/a/", story("One."), "2024-01-01") + b"".join(cut))
    for command in (("extract", recorded), ("crawl", "ifp", "-a", f"archive={recorded}")):
        run = scrapy(*command, "-o", out)
        assert (run.status, len(lines(out))) == (0, 1), run.err


def test_of_a_copy_that_names_the_site_only_what_was_captured_is_an_alias(tmp_path: Path) -> None:
    recorded, page = (
        tmp_path / "a.warc",
        story("One.").replace(b"https://ifpnews.com/a/", b"https://original.example/a/"),
    )
    recorded.write_bytes(response("https://ifpnews.com/a/?x=1", page, "2024-01-01"))
    assert [(line["url"], line["aliases"]) for line in read_both_ways(recorded)] == [
        ("https://original.example/a/", ["https://ifpnews.com/a/?x=1"])
    ]


def test_pages_without_an_article_are_rejected_for_the_same_reasons(tmp_path: Path) -> None:
    site, strange = "https://ifpnews.com/", "a page that is not of WordPress"
    nobody = '<html><link rel="canonical" href="https://ifpnews.com/static/"><body class="page page-id-7 wp-content/">'
    pages = {
        "challenge/": b"<html><title>Just a moment...</title></html>",
        "empty/": b" ",
        "login/": b'<link href="/wp-includes/a.css"><body class="login">',
        "static/": nobody.encode(),
        "lost/": b'<html><body class="archive wp-content/"><p>Not here.</body></html>',
        "further/2/": story("Two."),
        "neither/": b"<html>Something else.</html>",
        "neither/amp/": b"<html>Something else.</html>",
        "a/": story("One."),
        "a/amp/": b"<html amp><head></head>",
    }
    recorded = tmp_path / "a.warc"
    records = [response(site + path, body, "2024-01-01") for path, body in pages.items()]
    recorded.write_bytes(b"".join([*records, response(f"{site}lost/", pages["login/"], "2024-01-02")]))
    reasons = [
        ("challenge/", strange),
        ("empty/", strange),
        ("login/", "a login page"),
        ("static/", "a static page or an attachment"),
        ("lost/", "no article, and perhaps not the page of this address"),
        ("lost/", "a login page"),
        ("further/2/", "its first page was not captured"),
        ("neither/", strange),
        ("a/amp/", "cut off before its body"),
    ]
    rejected = sorted((site + path, reason) for path, reason in reasons)
    for _ in range(2):  # the second time, nothing is new
        assert [line["body"] for line in read_both_ways(recorded)] == ["One."]
        assert rejected_beside(recorded.with_suffix(".extracted.jsonl")) == rejected


def test_redirects_to_an_article_are_its_aliases(tmp_path: Path) -> None:
    recorded, url, old = tmp_path / "a.warc", "https://ifpnews.com/a/", "http://ifpnews.com/exclusive/a/"
    persian = {letter: f"https://ifpnews.com/{quote(letter).lower()}/" for letter in "نف"}
    records = [
        redirect(old, "https://ifpnews.com/exclusive/a/"),
        redirect("https://ifpnews.com/exclusive/a/", "/a/", "308 Permanent Redirect"),
        redirect("https://ifpnews.com/temporary/", url, "302 Found"),
        redirect("https://ifpnews.com/b/", url),  # has gone since
        redirect("https://elsewhere.example/a", url),  # is not the site's
        # As few servers write it: in UTF-8.
        *(redirect(f"https://ifpnews.com/{ord(one)}/", f"https://ifpnews.com/{one}/") for one in persian),
        response(url, story("One."), "2024-01-01"),
        response("https://ifpnews.com/b/", story("Two.", slug="b"), "2023-01-01"),
        *(response(address, story("Three.", slug=one), "2023-01-01") for one, address in persian.items()),
    ]
    recorded.write_bytes(b"".join(records))
    found = {line["url"]: line["aliases"] for line in read_both_ways(recorded)}
    assert found == {
        url: [old, "https://ifpnews.com/exclusive/a/"],
        "https://ifpnews.com/b/": [],
        **{address: [f"https://ifpnews.com/{ord(one)}/"] for one, address in persian.items()},
    }


def test_the_views_of_one_capture_may_be_in_different_files(tmp_path: Path) -> None:
    """The canonical and the AMP page that are in one file are then of different captures."""
    recorded, url = tmp_path / "a", "https://ifpnews.com/a/"
    recorded.mkdir()
    canonical = [response(url, story(f"Text {year}."), f"{year}-01-01") for year in (2019, 2021)]
    amp = [response(f"{url}amp/", amp_story(f"Text {year}."), f"{year}-01-01") for year in (2019, 2021)]
    (recorded / "1.warc").write_bytes(canonical[0] + amp[1])
    (recorded / "2.warc").write_bytes(amp[0] + canonical[1])
    assert [(line["body"], line["layout"], line["revision"]) for line in read_both_ways(recorded)] == [
        ("Text 2019.", "newspaper+amp-swift", 1),
        ("Text 2021.", "newspaper+amp-swift", 2),
    ]


def test_a_failed_amp_page_is_no_part_of_a_later_capture_in_another_file(tmp_path: Path) -> None:
    site = Site(make_posts(6, seed=4))
    folder = tmp_path / "folder"
    folder.mkdir()
    with serve(site) as server:
        post = site.open_posts()[2]
        targets = [post.path, f"{post.path}amp/"]
        cut = page(server.get(targets[1]).body[:5000].decode())
        server.alter(lambda target, response: cut if target == targets[1] else response)
        record(server, folder / "b.warc.gz", targets, root="https://ifpnews.com")
        server.heal()
        site.advance(minutes=5)
        record(server, folder / "a.warc.gz", targets, root="https://ifpnews.com")
    (line,) = read_both_ways(folder)
    assert (line["layout"], line["recent_posts"] != []) == ("newspaper+amp-swift", True)


def test_a_body_that_is_recorded_once_is_read_for_every_capture(tmp_path: Path) -> None:
    """As warcprox, wget and pywb record what they have recorded before."""
    a, b = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    other = "https://elsewhere.example/b/"
    records = [
        revisit(b, "SHA1:B", "2022-01-01"),  # its body comes later in the file
        digested(response(a, story("One."), "2019-01-01"), "sha1:A"),
        digested(response(a, story("Two."), "2020-01-01"), "sha1:A2"),
        revisit(a, "sha1:A", "2021-01-01"),
        revisit(a, "sha1:A", "2022-01-01"),
        digested(response(other, story("B.", slug="b"), "2018-01-01"), "sha1:B"),
        revisit("https://ifpnews.com/c/", "sha1:unknown", "2022-01-01"),
    ]
    two_members = gzip.compress(records[0]) + gzip.compress(b"".join(records[1:]))
    for name, data in (
        ("a.warc", b"".join(records)),
        ("a.warc.gz", b"".join(map(gzip.compress, records))),
        ("b.warc.gz", two_members),  # in which several records begin at one place
    ):
        (tmp_path / name).write_bytes(data)
        written = read_both_ways(tmp_path / name)
        assert sorted((line["url"], line["revision"], line["body"], line["fetched_at"][:4]) for line in written) == [
            (a, 1, "One.", "2019"),
            (a, 2, "Two.", "2020"),
            (a, 3, "One.", "2021"),
            (b, 1, "B.", "2022"),
        ]


def test_a_capture_without_a_body_counts_if_the_server_says_that_it_is_unchanged(tmp_path: Path) -> None:
    """It may say so by 304, or the recording leaves out what it said."""
    url = "https://ifpnews.com/a/"
    again = {
        year: revisit(url, "sha1:A", f"{year}-01-01").replace(b"200 OK", status)
        for year, status in ((2021, b"304 OK"), (2023, b"404 OK"), (2025, b"200 OK"), (2027, b"200 OK"))
    }
    for year in (2025, 2027):
        again[year] = again[year].replace(b"Length: 19", b"Length: 0").replace(b"HTTP/1.1 200 OK\r\n\r\n", b"")
    again[2027] = again[2027].replace(b"Content-Type: application/http\r\n", b"")
    edits = [response(url, story(f"Text {year}."), f"{year}-01-01") for year in (2020, 2022, 2024, 2026)]
    original = digested(response(url, story("One."), "2019-01-01"), "sha1:A")
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join([original, *edits, *again.values()]))
    written = [line["body"] for line in read_both_ways(recorded)]
    assert written == ["One.", "Text 2020.", "One.", "Text 2022.", "Text 2024.", "One.", "Text 2026.", "One."]


def test_a_later_capture_of_a_recorded_body_changes_no_order(tmp_path: Path) -> None:
    a, b = "https://ifpnews.com/a/", "https://ifpnews.com/b/"
    text = "word " * 60
    records = [
        digested(response(a, story(text), "2019-01-01"), "sha1:A"),
        digested(response(b, story(text, slug="b"), "2020-01-01"), "sha1:B"),
        revisit(a, "sha1:A", "2021-01-01"),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    written = read_both_ways(tmp_path / "a.warc")
    assert [(line["url"], line["duplicate_of"]) for line in written] == [(a, None), (b, a)]


def test_of_captures_in_one_second_those_without_a_body_are_the_later_ones(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a", "https://ifpnews.com/a/"
    recorded.mkdir()
    bodies = [digested(response(url, story(f"Text {n}."), f"2019-01-0{n % 9}"), f"sha1:{n}") for n in (1, 20)]
    again = [revisit(url, f"sha1:{n}", "2020-01-01").replace(b":00Z", b":00.5Z") for n in (20, 1)]
    (recorded / "1.warc").write_bytes(b"".join(bodies))
    (recorded / "2.warc").write_bytes(b"".join([*again, response(url, story("Text 300."), "2020-01-01")]))
    written = [line["body"] for line in read_both_ways(recorded)]
    assert written == [f"Text {n}." for n in (1, 20, 300, 1, 20)]  # of these, the shorter one first


def test_a_body_that_several_records_have_is_that_of_the_first_capture(tmp_path: Path) -> None:
    """As it tells how old the ages in it may be."""
    url = "https://ifpnews.com/a/amp/"
    post = (
        '<div class="fsp"><h2 class="loop-title"><a href="/b/">B</a></h2><div class="loop-date">2 days ago</div></div>'
    )
    aged = amp_story("One.").replace(b"</body>", f'<div class="r-pf">{post}</div></body>'.encode())
    captures = [
        digested(response(url, aged, "2024-01-01"), "sha1:A"),
        digested(response(url, aged, "2024-03-01"), "sha1:A"),
        response(url, amp_story("Two."), "2024-05-01"),
        revisit(url, "sha1:A", "2024-06-01"),
    ]
    for name, order in (("a", captures), ("b", captures[::-1])):
        (tmp_path / f"{name}.warc").write_bytes(b"".join(order))
        (tmp_path / name).mkdir()
        for number, one in enumerate(order):
            (tmp_path / name / f"{number}.warc").write_bytes(one)
    for recorded in ("a.warc", "b.warc", "a", "b"):
        last = read_both_ways(tmp_path / recorded)[-1]
        assert (last["body"], last["recent_posts"][0]["published_earliest"][:10]) == ("One.", "2023-12-29")


def test_a_record_that_is_cut_off_has_the_body_of_no_later_capture(tmp_path: Path) -> None:
    a = "https://ifpnews.com/a/"
    whole = digested(response(a, story("One."), "2020-01-01"), "sha1:A")
    (tmp_path / "a.warc").write_bytes(digested(response(a, story("One."), "2019-01-01"), "sha1:A")[:-60])
    # A response without a body, which is a fault, precedes the whole one.
    (tmp_path / "b.warc").write_bytes(
        response(a, b"", "2019-06-01") + whole + response(a, story("Two."), "2021-01-01")
    )
    (tmp_path / "c.warc").write_bytes(revisit(a, "sha1:A", "2022-01-01"))  # nothing else: no fault
    for number, command in enumerate((("extract", tmp_path), ("crawl", "ifp", "-a", f"archive={tmp_path}"))):
        out = tmp_path / f"{number}.jsonl"
        run = scrapy(*command, "-o", out)
        assert (run.status, "c.warc" in run.err) == (0, False), run.err
        assert [line["body"] for line in lines(out)][-2:] == ["Two.", "One."]


def test_an_edit_of_one_page_while_the_others_are_recorded_as_before(tmp_path: Path) -> None:
    site = Site(make_posts(40, seed=4))
    post = next(post for post in site.open_posts() if len(post.pages) > 1)
    targets = [post.path, f"{post.path}2/", f"{post.path}amp/"]
    with serve(site) as server:
        printing(server, "https://ifpnews.com")
        bodies = [server.get(target).body for target in targets]
    addresses = [f"https://ifpnews.com{target}" for target in targets]
    records = [digested(response(url, body, "2024-06-01"), url) for url, body in zip(addresses, bodies, strict=True)]
    words = [block["text"] for block in post.expected()["blocks"]]
    word = words[0].split()[0].encode()
    records.append(response(addresses[0], bodies[0].replace(word, b"Edited"), "2024-06-02"))
    records += [revisit(url, url, "2024-06-02") for url in addresses[1:]]
    records += [revisit(url, url, "2024-06-03") for url in reversed(addresses)]
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join(records))
    first, second, third = read_both_ways(recorded)
    assert [block["text"] for block in first["blocks"]] == words
    assert [block["text"] for block in second["blocks"]] == [text.replace(word.decode(), "Edited") for text in words]
    assert third["blocks"] == first["blocks"]
    assert [line["revision"] for line in (first, second, third)] == [1, 2, 3]
    assert second["warnings"] == []
    # Ages in it are as old as the body.
    for one, other in zip(first["recent_posts"], second["recent_posts"], strict=True):
        assert other["published_earliest"] <= one["published_earliest"] <= one["published_latest"]
        assert one["published_latest"] <= other["published_latest"]


def edited(page: bytes, date: str) -> bytes:
    tag = f'<meta property="article:modified_time" content="{date}T04:00:00+00:00">'
    return page.replace(b"</head>", tag.encode() + b"</head>")


@pytest.mark.parametrize("first", [story, amp_story])
def test_views_between_whose_captures_the_text_was_edited_are_two_readings(
    first: Callable[[str], bytes], tmp_path: Path
) -> None:
    second = amp_story if first is story else story
    paths = {story: "https://ifpnews.com/a/", amp_story: "https://ifpnews.com/a/amp/"}
    recorded = tmp_path / "a.warc"
    records = [
        response(paths[first], edited(first("One."), "2022-01-01"), "2022-01-01"),
        response(paths[second], edited(second("Two."), "2022-03-01"), "2022-03-02"),
        response(paths[first], edited(first("Two."), "2022-03-01"), "2022-03-03"),
    ]
    recorded.write_bytes(b"".join(records))
    found = read_both_ways(recorded)
    states = [(line["revision"], line["body"], line["modified_at"][:7]) for line in found]
    assert states == [(1, "One.", "2022-01"), (2, "Two.", "2022-03")]
    assert found[-1]["layout"] == "newspaper+amp-swift"


def test_an_amp_page_is_of_the_capture_that_follows_at_once_not_of_that_of_years_before(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://ifpnews.com/a/"
    records = [
        response(url, story("One."), "2022-01-01"),
        response(f"{url}amp/", amp_story("Two."), "2024-01-01").replace(b":00.5Z", b":00.1Z"),
        response(url, story("Two."), "2024-01-01"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [(line["body"], line["layout"]) for line in read_both_ways(recorded)] == [
        ("One.", "newspaper"),
        ("Two.", "newspaper+amp-swift"),
    ]


def test_such_views_read_again_are_nothing_new(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a.warc", tmp_path / "a.jsonl"
    records = [
        response("https://ifpnews.com/a/", story("One."), "2022-01-01"),
        response("https://ifpnews.com/a/amp/", edited(amp_story("Two."), "2022-03-01"), "2022-03-02"),
    ]
    recorded.write_bytes(b"".join(records))
    for _ in range(2):
        assert scrapy("extract", recorded, "-o", out).status == 0
        assert [(line["revision"], line["body"]) for line in lines(out)] == [(1, "One."), (2, "Two.")]


def test_an_edit_that_was_taken_back_is_not_found_again_in_every_run(tmp_path: Path) -> None:
    """What was captured before it, with its AMP page, is a better view of the same text, but not of the last state."""
    recorded, out, url = tmp_path / "a.warc", tmp_path / "a.jsonl", "https://ifpnews.com/a/"
    records = [
        response(url, story("One."), "2022-01-01"),
        response(f"{url}amp/", amp_story("One."), "2022-01-01"),
        response(url, story("Two."), "2022-02-01"),
        response(url, story("One."), "2022-03-01"),
    ]
    recorded.write_bytes(b"".join(records))
    for _ in range(2):
        assert scrapy("extract", recorded, "-o", out).status == 0
        assert [(line["revision"], line["body"]) for line in lines(out)] == [(1, "One."), (2, "Two."), (3, "One.")]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("One.", "2022-03-01"),  # an edit that spares the text
        ("Two.", "2022-01-01"),  # what one of the views leaves out
        ("Two.", "2022-03-02"),  # soon after the other
    ],
)
def test_views_that_may_be_of_one_state_are_one_reading(text: str, date: str, tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    records = [
        response(
            "https://ifpnews.com/a/",
            edited(story("One."), "2022-01-01"),
            "2022-03-02" if date[-1] == "2" else "2022-01-01",
        ),
        response("https://ifpnews.com/a/amp/", edited(amp_story(text), date), "2022-03-02"),
    ]
    recorded.write_bytes(b"".join(records))
    assert [(line["body"], line["layout"]) for line in read_both_ways(recorded)] == [("One.", "newspaper+amp-swift")]


def test_files_of_a_mirror(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    links = b'<a href="../b/index.html">b</a> <a href="https://a.example/index.html">a</a>'
    converted = story("One.").replace(b"https://ifpnews.com/a/", b"index.html").replace(b"One.", b"One. " + links)
    records = [
        kept_file("metadata://gnu.org/software/wget/warc/wget_arguments.txt", b"-r", "text/plain"),
        kept_file("https://ifpnews.com/index.html%3fp%3d97", story("One.")),
        kept_file("https://ifpnews.com/a/index.html", converted),
        kept_file("https://ifpnews.com/a/index.html%3famp=1.html", b"<html amp></html>"),
        kept_file("https://ifpnews.com/b/", story("Two.", slug="b")),
        kept_file("https://ifpnews.com/style.css", b"", "text/css"),
        kept_file("https://ifpnews.com/c/index.html", story("Three.", slug="c"))[:-15],
    ]
    recorded.write_bytes(b"".join(records[:-1]))
    assert "cut off" not in scrapy("extract", recorded, "-o", tmp_path / "whole.jsonl").err
    recorded.write_bytes(b"".join(records))
    written = read_both_ways(recorded)
    assert [(line["url"], line["fetched_url"], line["body"]) for line in written] == [
        ("https://ifpnews.com/a/", "https://ifpnews.com/a/", "One. b a"),
        ("https://ifpnews.com/b/", "https://ifpnews.com/b/", "Two."),
        ("https://ifpnews.com/c/", "https://ifpnews.com/c/", "Three."),
    ]
    assert [link["url"] for link in written[0]["links"]] == ["https://ifpnews.com/b/", "https://a.example/index.html"]


def test_a_canonical_page_at_the_address_of_the_amp_page_is_read_once(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    addresses = ("https://ifpnews.com/a/amp/", "https://ifpnews.com/a/")
    recorded.write_bytes(b"".join(response(url, story("Some words."), "2022-01-01") for url in addresses))
    (line,) = read_both_ways(recorded)
    assert (line["fetched_url"], line["body"]) == ("https://ifpnews.com/a/", "Some words.")


def test_a_page_that_a_mirror_fetched_twice_begins_no_new_reading(tmp_path: Path) -> None:
    """As ``wget -r`` does: it also follows the link to ``/?p=176``, which redirects to the page."""
    site = Site(make_posts(40, seed=4))
    recorded = tmp_path / "a.warc.gz"
    post = next(post for post in site.open_posts() if len(post.pages) > 1)
    moments = count(site.now.timestamp())
    with serve(site) as server:
        targets = [
            post.path,
            f"{post.path}amp/",
            post.path,
            *(f"{post.path}{n + 1}/" for n in range(1, len(post.pages))),
        ]
        times = (datetime.fromtimestamp(moment, UTC) for moment in moments)
        record(server, recorded, targets, captured_at=lambda _: next(times), root="https://ifpnews.com")
    (line,) = read_both_ways(recorded)
    assert (line["layout"], line["warnings"], line["recent_posts"] != []) == ("newspaper+amp-swift", [], True)


def test_a_later_page_whose_first_one_was_not_captured_gives_no_line(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    other, later = (
        response(f"https://ifpnews.com/{path}/", story(path, slug=path[0]), "2022-01-01") for path in ("a", "b/2")
    )
    recorded.write_bytes(other + later)
    assert [line["body"] for line in read_both_ways(recorded)] == ["a"]


def test_what_stands_around_every_page_of_a_smart_list_counts_once(tmp_path: Path) -> None:
    links = '<div class="td-smart-list-pagination"><a href="/a/">1</a><a href="/a/2/">2</a></div></div></body>'
    (tmp_path / "a.warc").write_bytes(
        b"".join(
            response(
                f"https://ifpnews.com/a/{path}",
                story(f"Before.</p><p>{part}</p><p>After.").replace(b"</div></body>", links.encode()),
                "2024-01-01",
            )
            for path, part in (("", "One."), ("2/", "Two."))
        )
    )
    [line] = read_both_ways(tmp_path / "a.warc")
    assert line["body"].split("\n\n") == ["Before.", "One.", "Two.", "After."]


def test_the_pages_of_an_article_may_be_in_files_of_any_order(tmp_path: Path) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    links = b'<div class="page-links"><a href="/a/">1</a><a href="/a/2/">2</a></div></div></body>'
    for name, date, words in (("a", "2024-02-01", "Two"), ("b", "2024-01-01", "One"), ("c", "2024-03-01", "Three")):
        pages = (("a/", story(f"{words}.")), ("a/2/", story(f"{words} and a half.")))
        (recorded / f"{name}.warc").write_bytes(
            b"".join(
                response(f"https://ifpnews.com/{path}", page.replace(b"</div></body>", links), date)
                for path, page in pages
            )
        )
    bodies = [line["body"] for line in read_both_ways(recorded)]
    assert bodies == ["One.\n\nOne and a half.", "Two.\n\nTwo and a half.", "Three.\n\nThree and a half."]


def test_a_page_may_belong_to_a_first_page_in_another_file(tmp_path: Path) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    links = b'<div class="page-links"><a href="/a/">1</a><a href="/a/2/">2</a></div></div></body>'
    january, february, march = (
        response(f"https://ifpnews.com/{path}", story(text).replace(b"</div></body>", links), date)
        for path, text, date in (
            ("a/", "One.", "2024-01-01"),
            ("a/", "One, edited.", "2024-02-01"),
            ("a/2/", "Two.", "2024-03-01"),
        )
    )
    (recorded / "a.warc").write_bytes(january + march)
    (recorded / "b.warc").write_bytes(february)
    assert [line["body"] for line in read_both_ways(recorded)] == ["One.", "One, edited.\n\nTwo."]


def test_a_list_may_be_compressed(tmp_path: Path) -> None:
    item = "<item><link>https://ifpnews.com/a/</link><pubDate>Mon, 06 May 2024 10:00:00 +0000</pubDate></item>"
    feed = zlib.compress(f'<rss version="2.0"><channel>{item}</channel></rss>'.encode())
    (tmp_path / "a.warc").write_bytes(
        response("https://ifpnews.com/a/", story("Text."), "2024-05-06")
        + response("https://ifpnews.com/feed/", feed, "2024-05-06", "content-encoding: deflate", kind="text/xml")
    )
    [line] = read_both_ways(tmp_path / "a.warc")
    assert (line["published_at"], line["published_source"]) == ("2024-05-06T10:00:00Z", "feed")


def rest_list(date: str, id: int, published: str) -> bytes:
    post = {"id": id, "link": "https://ifpnews.com/a/", "date_gmt": published, "modified_gmt": published}
    return response("https://ifpnews.com/wp-json/wp/v2/posts", json.dumps([post]).encode(), date, kind="text/json")


def test_a_date_that_was_corrected_is_that_of_the_latest_list_before_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(
        rest_list("2024-05-06", 97, "2024-05-06T01:00:00")
        + response("https://ifpnews.com/a/", story("Text."), "2024-05-06")
        + rest_list("2024-05-08", 97, "2024-05-05T01:00:00")
        + response("https://ifpnews.com/a/", story("Text, edited."), "2024-05-08")
        + rest_list("2024-05-09", 97, "2024-05-04T01:00:00")
    )
    assert [line["published_at"][:10] for line in read_both_ways(tmp_path / "a.warc")] == ["2024-05-06", "2024-05-05"]


def test_an_address_that_was_given_to_another_article(tmp_path: Path) -> None:
    """Its text had the id and the date of the article before it, as an edit."""
    (tmp_path / "a.warc").write_bytes(
        rest_list("2024-05-06", 97, "2024-05-06T01:00:00")
        + response("https://ifpnews.com/a/", story("Text."), "2024-05-06")
        + rest_list("2024-05-08", 98, "2024-05-08T01:00:00")
        + response("https://ifpnews.com/a/", story("Another text.").replace(b"postid-97", b"postid-98"), "2024-05-08")
    )
    found = [(line["id"], line["revision"], line["published_at"][:10]) for line in read_both_ways(tmp_path / "a.warc")]
    assert found == [(97, 1, "2024-05-06"), (98, 1, "2024-05-08")]


def test_what_was_not_captured_by_http_is_passed_over(tmp_path: Path) -> None:
    """As Heritrix records an answer of the domain name system."""
    dns = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: dns:ifpnews.com\r\nWARC-Date: 2022-01-01T06:00:00Z\r\n"
        b"Content-Type: text/dns\r\nContent-Length: 8\r\n\r\n20220101\r\n\r\n"
    )
    page, other = (response(url, story("Some words."), "2022-01-01") for url in ("https://ifpnews.com/a/", "urn:x:a"))
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(dns + other + page + dns)
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]
    assert [record.url for record in Archive([recorded]).records] == ["https://ifpnews.com/a/"]


def test_what_is_no_page_at_the_address_of_one_is_passed_over(tmp_path: Path) -> None:
    recorded = tmp_path / "a.warc"
    page = response("https://ifpnews.com/a/", story("Some words."), "2022-01-01")
    picture = response("https://ifpnews.com/b/", b"GIF89a", "2022-01-01", kind="image/gif")
    kept = kept_file("https://ifpnews.com/c/", b"GIF89a", "image/gif")
    recorded.write_bytes(page + picture.replace(b"content-type", b"Content-Type") + kept)
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words."]
    assert not list(tmp_path.glob("*rejected*"))


def test_the_site_of_a_recording_is_that_of_its_pages(tmp_path: Path) -> None:
    recorded, url = tmp_path / "a.warc", "https://copy.example/a/"
    others = [response(f"https://pictures.example/{n}/", b"GIF89a", "2022-01-01", kind="image/gif") for n in range(3)]
    missing = [response(f"https://gone.example/{n}/", b"No.", "2022-01-01", status="404 No") for n in range(3)]
    page = response(url, story("Some words.").replace(b"ifpnews.com", b"copy.example"), "2022-01-01")
    recorded.write_bytes(b"".join([*others, *missing, page]))
    assert [line["url"] for line in read_both_ways(recorded)] == [url]


@pytest.mark.parametrize("status", ["203 Non-Authoritative Information", "206 Partial Content"])
def test_pages_and_lists_may_come_with_another_status(status: str, tmp_path: Path) -> None:
    """As some proxies and caches send them."""
    url = "https://ifpnews.com/a/"
    item = f"<item><link>{url}</link><pubDate>Mon, 06 May 2024 10:00:00 +0000</pubDate></item>"
    feed = f'<rss version="2.0"><channel>{item}</channel></rss>'.encode()
    records = [
        response("https://ifpnews.com/feed/", feed, "2024-05-06", kind="text/xml", status=status),
        response(url, b"", "2024-05-06", status=status),  # a fault
        digested(response(url, story("One."), "2024-05-07", status=status), "sha1:A"),
        response(url, story("Two."), "2024-05-08", status=status),
        revisit(url, "sha1:A", "2024-05-09").replace(b"200 OK", status[:6].encode()),
    ]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    written = read_both_ways(tmp_path / "a.warc")
    assert [line["body"] for line in written] == ["One.", "Two.", "One."]
    assert {line["published_at"] for line in written} == {"2024-05-06T10:00:00Z"}


DAY = "2024-01-01"

OF_OTHERS = [response(f"https://{name}.example/a/", at_address(f"https://{name}.example/a/"), DAY) for name in "abcd"]
"""Pages as a file of Common Crawl has them."""

FORMS = "http://other.example/b/", "https://www.other.example/c/", "http://other.example:80/d/"


@pytest.mark.parametrize(
    ("records", "settings", "hosts"),
    [
        (OF_OTHERS, [], []),
        (OF_OTHERS[:1], [], ["a.example"]),
        (
            [*OF_OTHERS[:2], *(response(url, at_address(url), DAY) for url in FORMS)],
            [],
            ["other.example", "www.other.example", "other.example"],
        ),
        ([*OF_OTHERS[:1], redirect("https://ifpnews.com/", "https://www.ifpnews.com/")], [], ["a.example"]),
        ([*OF_OTHERS[:1], response("https://ifpnews.com/1.png", b"", DAY, kind="image/png")], [], ["a.example"]),
        (OF_OTHERS[:1], ["-s", "IFP_SITE=https://ifpnews.com"], []),
        (OF_OTHERS, ["-s", "IFP_SITE=https://b.example"], ["b.example"]),
    ],
    ids=["many", "one", "forms", "redirect", "picture", "named", "other"],
)
def test_a_recording_without_the_site_is_read_only_if_it_is_of_one_other_site(
    records: list[bytes], settings: list[str], hosts: list[str], tmp_path: Path
) -> None:
    recorded = tmp_path / "a.warc"
    recorded.write_bytes(b"".join(records))
    for command in (["crawl", "ifp", "-a", f"archive={recorded}"], ["extract", recorded]):
        out = tmp_path / f"{command[0]}.jsonl"
        run = scrapy(*command, "-o", out, *settings)
        assert run.status == 0, run.err
        assert [line["url"].split("/")[2] for line in lines(out)] == hosts


def test_a_guessed_site_goes_into_no_file_of_another(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a.warc", tmp_path / "a.jsonl"
    recorded.write_bytes(response("https://ifpnews.com/a/", story("Some words."), DAY))
    assert scrapy("extract", recorded, "-o", out).status == 0
    before = out.read_bytes()
    recorded.write_bytes(OF_OTHERS[0])
    for command in (["crawl", "ifp", "-a", f"archive={recorded}"], ["extract", recorded]):
        run = scrapy(*command, "-o", out)
        assert (run.status, out.read_bytes()) == (1, before)
        assert "name another file with -o, or the site: -s IFP_SITE=https://a.example" in run.err
        assert "Traceback" not in run.err
    run = scrapy("extract", recorded, "-o", out, "-s", "IFP_SITE=https://a.example")
    assert (run.status, len(lines(out))) == (0, 2)


def test_a_range_of_an_hour_whose_article_only_the_amp_page_dates_rightly(tmp_path: Path) -> None:
    """On a site that is set to UTC, the theme's time is read as Tehran's until the AMP page tells."""
    url, recorded, out = "https://ifpnews.com/a/", tmp_path / "a.warc", tmp_path / "a.jsonl"
    time = '<div class="td-post-header"><b class="td-post-date"><time datetime="2024-01-01T10:30:00+00:00"></b></div>'
    canonical = story("Some words.").replace(
        b'<div class="td-post-content">', time.encode() + b'<div class="td-post-content">'
    )
    data = '{"@type": "NewsArticle", "datePublished": "2024-01-01T10:30:00+00:00"}'
    head = (
        f'<meta name="generator" content="AMP for WP 1.1.13"><script type="application/ld+json">{data}</script></head>'
    )
    amp = amp_story("Some words.").replace(b"</head>", head.encode())
    recorded.write_bytes(response(url, canonical, "2024-02-01") + response(f"{url}amp/", amp, "2024-02-01"))
    for hour, found in ((10, 1), (7, 0)):
        run = scrapy(
            *("crawl", "ifp", "-a", f"archive={recorded}", "-O", out),
            *("-a", f"since=2024-01-01T{hour:02d}:00+00:00", "-a", f"until=2024-01-01T{hour + 1:02d}:00+00:00"),
        )
        assert (run.status, len(lines(out))) == (0, found), run.err


def test_captures_of_one_second_are_in_the_order_in_which_a_file_has_them(tmp_path: Path) -> None:
    recorded, site, date = tmp_path / "a.warc", "https://ifpnews.com", "2024-01-01"
    texts = ("A longer text.", "Short.", "The longest text of all.")
    records = [response(f"{site}/z/", story("Some words.", slug="z"), date)]
    records += [response(f"{site}/a/", story(text), date) for text in texts]
    recorded.write_bytes(b"".join(records))
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words.", *texts]
    recorded.write_bytes(b"".join([*records, *records[1:3]]))  # as where recordings overlap
    recorded.with_suffix(".crawled.jsonl").unlink()
    recorded.with_suffix(".extracted.jsonl").unlink()
    assert [line["body"] for line in read_both_ways(recorded)] == ["Some words.", *texts]
