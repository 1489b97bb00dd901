"""One URL for one article."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.urls import (
    MAX_URL_LENGTH,
    absolute,
    canonical,
    host,
    may_be_guess,
    of_list,
    of_site,
    original_image,
    permalink,
    post_id,
    same_article,
    slug,
)

SITE = "https://ifpnews.com"
SLUGS = st.from_regex(r"[a-z][a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,4}", fullmatch=True)


@pytest.mark.parametrize(
    "address",
    [
        f"{SITE}/a-story/",
        f"{SITE}/a-story",
        f"{SITE}/a-story/amp/",
        f"{SITE}/a-story/amp",
        f"{SITE}/a-story/?amp",
        f"{SITE}/a-story/?amp=1",
        f"{SITE}/a-story/amp/?utm_source=x#comments",
        f"{SITE}/a-story/2/",
        f"{SITE}/a-story/amp/2/",
        f"{SITE}/a-story/2/?amp=1",
        f"{SITE}/a-story/comment-page-2/",
        f"{SITE}/a-story/comment-page-2/#comments",
        f"{SITE}//a-story//",
        f"{SITE}/a-story/index.htm",
        "HTTPS://IFPNEWS.com:443/a-story/",
    ],
)
def test_every_address_of_an_article_is_one(address: str) -> None:
    assert canonical(address) == f"{SITE}/a-story/"


def test_what_only_looks_alike_stays_apart() -> None:
    assert canonical(f"{SITE}/a-story-2/") == f"{SITE}/a-story-2/"
    assert canonical(f"{SITE}/day-200/") == f"{SITE}/day-200/"
    assert canonical(f"{SITE}/200/") == f"{SITE}/200/"
    assert canonical(f"{SITE}/comment-page-2/") == f"{SITE}/comment-page-2/"
    assert canonical(f"{SITE}/archives/12") == f"{SITE}/archives/12/"  # WordPress's numeric permalinks
    assert canonical(f"{SITE}/archives/12/amp/2/") == canonical(f"{SITE}/archives/12/2/") == f"{SITE}/archives/12/"
    assert canonical(f"{SITE}/2024/05/06/12/") == f"{SITE}/2024/05/06/12/"
    assert canonical(f"{SITE}/the-index.html") == f"{SITE}/the-index.html"  # a name, not a copy's index
    for address in ("a.html", "a.html/amp/", "a.html/2/", "a.html?amp=1", "a.html/"):  # another kind of permalink
        assert canonical(f"{SITE}/{address}") == f"{SITE}/a.html"
    assert canonical("http://127.0.0.1:8099/a/") == "http://127.0.0.1:8099/a/"
    assert not same_article(f"{SITE}/a-story/", f"{SITE}/a-story-2/")
    assert same_article("http://www.ifpnews.com/a-story", f"{SITE}/a-story/amp/")


def test_percent_encoding_is_as_wordpress_prints_it() -> None:
    assert canonical(f"{SITE}/%D8%AA%D9%87/") == canonical(f"{SITE}/ته/") == f"{SITE}/%d8%aa%d9%87/"
    assert slug(f"{SITE}/%D8%AA%D9%87/amp/") == "ته"


@given(
    SLUGS,
    st.sampled_from(["", "index.html", "index.html/"]),
    st.sampled_from(["", "amp/", "2/", "amp/3/", "?x=1", "#top", "amp/?a=%20b", "amp/index.html", "2/index.html"]),
)
def test_canonical_is_settled(name: str, copied: str, more: str) -> None:
    once = canonical(f"{SITE}/{name}/{copied.rstrip('/') + '/' if copied and more else copied}{more}")
    assert once == canonical(once) == f"{SITE}/{name}/"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_breaks_anything(base: str, address: str) -> None:
    for url in (address, f"{SITE}/{address}", f"//{address}", f"https://{address}"):
        found = absolute(f"{SITE}/{base}", url)
        assert found is None or urlsplit(found).scheme in ("http", "https", "mailto", "tel")
        canonical(url), host(url), slug(url), original_image(url)


@pytest.mark.parametrize(
    "address", ["#top", "javascript:void(0)", "data:text/html,x", "", None, "http://[", "ftp://a/b"]
)
def test_what_is_no_link(address: str | None) -> None:
    assert absolute(f"{SITE}/a/", address) is None


@pytest.mark.parametrize(
    ("address", "means"),
    [
        ("/b/?p=1#top", f"{SITE}/b/?p=1#top"),
        ("b/", f"{SITE}/a/b/"),
        ("http://www.ifpnews.com/b/", f"{SITE}/b/"),
        ("HTTPS://IFPNEWS.COM/b/", f"{SITE}/b/"),
        ("//ifpnews.com", f"{SITE}/"),
        ("https://other.com/b/", None),
        ("https://ifpnews.com.other.com/b/", None),
        ("https://ifpnews.com:8443/b/", None),
        ("mailto:desk@ifpnews.com", None),
        ("#top", None),
        (None, None),
    ],
)
def test_an_address_of_the_site(address: str | None, means: str | None) -> None:
    assert of_site(f"{SITE}/a/", address) == means


def test_an_address_that_nobody_would_print_is_none() -> None:
    longest = f"{SITE}/".ljust(MAX_URL_LENGTH, "a")
    assert absolute(SITE, longest) == longest
    assert absolute(SITE, longest + "a") is None


def test_ports_and_files_in_a_canonical_address() -> None:
    assert canonical("http://ifpnews.com:80/a/") == "http://ifpnews.com/a/"
    assert canonical("https://ifpnews.com:80/a/") == "https://ifpnews.com:80/a/"
    assert canonical(f"{SITE}/files/v1.2/a") == f"{SITE}/files/v1.2/a/"
    assert canonical(f"{SITE}/files/a.pdf") == f"{SITE}/files/a.pdf"


def test_the_size_of_a_picture_is_left_out() -> None:
    assert original_image(f"{SITE}/up/a-696x464.jpg?x=1") == f"{SITE}/up/a.jpg?x=1"
    assert original_image(f"{SITE}/up/a-1x1.jpg") == f"{SITE}/up/a-1x1.jpg"
    assert original_image(f"{SITE}/up/2020x1080.jpg") == f"{SITE}/up/2020x1080.jpg"
    cache = "https://ifpnews-com.cdn.ampproject.org/i/s/"
    assert original_image(f"{cache}ifpnews.com/img.php?id=5") == f"{SITE}/img.php?id=5"
    assert original_image(cache) == cache
    assert original_image(f"{SITE}/img.php?id=5&is-pending-load=1") == f"{SITE}/img.php?id=5"
    assert original_image("https://cdn.statically.io/img/ifpnews.com/up/a.jpg?quality=90&f=auto") == f"{SITE}/up/a.jpg"
    assert original_image("https://cdn.shortpixel.ai/x/http://ifpnews.com/up/a.jpg") == "http://ifpnews.com/up/a.jpg"


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (f"{SITE}/?p=658", 658),
        ("http://example.org/?feed=rss&p=1", 1),
        (f"{SITE}/?x=1&amp;p=12", 12),
        (f"{SITE}/?p=0", None),
        (f"{SITE}/?p=1234567890123", None),
        (f"{SITE}/?page=2", None),
        (f"{SITE}/a-story/", None),
    ],
)
def test_the_id_in_a_shortlink(address: str, number: int | None) -> None:
    assert post_id(address) == number


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("https://ifpnews.com/a-story", "https://ifpnews.com/a-story"),
        ("https://ifpnews.com/a-story/", "https://ifpnews.com/a-story/"),
        ("https://ifpnews.com/a-story/?x=1#top", "https://ifpnews.com/a-story/"),
        ("HTTPS://ifpnews.com/A-%D8%AA/2/", "https://ifpnews.com/A-%d8%aa/"),
        ("https://ifpnews.com/a-story/amp", "https://ifpnews.com/a-story"),
        ("https://ifpnews.com/a.html", "https://ifpnews.com/a.html"),
        ("https://ifpnews.com", "https://ifpnews.com/"),
        ("https://ifpnews.com/", "https://ifpnews.com/"),
    ],
)
def test_a_permalink_ends_as_the_site_prints_it(said: str, expected: str) -> None:
    assert permalink(said) == expected


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        (["https://ifpnews.com/a/", "http://www.ifpnews.com/b/", None, "mailto:a@b.c"], ["/a/", "/b/", None, None]),
        (["https://ifpnews.com/a/", "https://other.example/b/"], [None, None]),
        (["https://ifpnews.com/a/", "/b/"], [None, "/b/"]),
        (["https://ifpnews.com/a/", "http://127.0.0.1:80/b/"], [None, "/b/"]),
        (["http://127.0.0.1:8099/a/"], ["/a/"]),
        (["#a", None, "javascript:a()"], [None, None, None]),
        ([], []),
    ],
)
def test_a_list_of_one_other_host_is_that_of_a_mirror(links: list[str | None], expected: list[str | None]) -> None:
    found = [url and url.removeprefix("http://127.0.0.1") for url in of_list("http://127.0.0.1/feed/", links)]
    assert found == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://ifpnews.com/a/", "http://www.ifpnews.com/a/amp/?x=1", True),
        ("https://ifpnews.com/a/", "https://ifpnews.com/a/2/", True),
        ("https://ifpnews.com/a/", "https://ifpnews.com/b/", False),
        ("https://ifpnews.com/a/", "https://other.example/a/", False),
        ("http://ifpnews.com:8080/a/", "http://ifpnews.com/a/", False),
        ("http://ifpnews.com:80/a/", "https://ifpnews.com:443/a/", True),
    ],
)
def test_same_article(one: str, other: str, same: bool) -> None:
    assert same_article(one, other) is same


@pytest.mark.parametrize(
    ("asked", "shown", "may_be"),
    [
        ("/a-story/", "/a-story-2/", True),
        ("/a-story", "/exclusive/a-story-that-goes-on/", True),
        ("/a-story/amp/", "/a-story-2/amp/", True),
        ("/a-story/2/", "/a-story-2/2/", True),
        ("/%D8%AA/", "/%d8%aa-2/", True),
        ("/ت/", "/%d8%aa%d8%aa/", True),
        ("/a-story.html", "/a-story-2.html", True),
        ("/a-story/", "/exclusive/a-story/", False),
        ("/a-story/", "/a-story/2/", False),
        ("/a-story/", "/a-story.html", False),
        ("/a-story-2/", "/a-story/", False),
        ("/a-story/", "/quite-a-story/", False),
        ("/a-story/2/", "/2-more/", False),
        ("/?p=5", "/a-story/", False),
        ("/", "/a-story/", False),
    ],
)
def test_what_wordpress_may_guess(asked: str, shown: str, may_be: bool) -> None:
    assert may_be_guess(SITE + asked, SITE + shown) is may_be


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://a.b/x\ny\t/", "https://a.b/xy/"),
        ("https://a.b/x\x00y/", None),
        ("https://a.b/x\x9f/", None),
        ("https://a.b/x\u00a0y/", "https://a.b/x\u00a0y/"),
        ("HTTP://a.b/X/", "http://a.b/X/"),
        ("HTTPS://a.b/X/", "https://a.b/X/"),
        (" /x y/?q=a b ", "https://ifpnews.com/x%20y/?q=a%20b"),
        ("tel:+98", "tel:+98"),
        ("tel:+98 21", "tel:+98 21"),
        ("https:///x/", None),
        ("/cdn-cgi/l/email-protection#2a4e4f59416a434c5a444f5d5904494547", "mailto:desk@ifpnews.com"),
        ("https://ifpnews.com/cdn-cgi/l/email-protection#zz", "https://ifpnews.com/cdn-cgi/l/email-protection#zz"),
    ],
)
def test_links_with_characters_that_no_address_has(link: str, expected: str | None) -> None:
    assert absolute("https://ifpnews.com/a/", link) == expected


def test_many_indexes_in_a_url_take_no_time() -> None:
    begin = time.process_time()
    for number in range(100):
        canonical(f"{SITE}/{number}/" + "index.html/" * 700 + "x")
    assert time.process_time() - begin < 2  # 0.1 seconds; it was 14
    assert canonical(f"{SITE}/a/" + "index.html/" * 700) == f"{SITE}/a/"
