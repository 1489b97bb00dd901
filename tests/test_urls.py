"""One address for one article."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.urls import (
    MAX_URL_LENGTH,
    absolute,
    canonical,
    host,
    of_site,
    original_image,
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
        f"{SITE}/a-story/comment-page-2/#comments",
        f"{SITE}//a-story//",
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
    for address in ("a.html", "a.html/amp/", "a.html/2/", "a.html?amp=1", "a.html/"):  # another kind of permalink
        assert canonical(f"{SITE}/{address}") == f"{SITE}/a.html"
    assert canonical("http://127.0.0.1:8099/a/") == "http://127.0.0.1:8099/a/"
    assert not same_article(f"{SITE}/a-story/", f"{SITE}/a-story-2/")
    assert same_article("http://www.ifpnews.com/a-story", f"{SITE}/a-story/amp/")


def test_percent_encoding_is_as_wordpress_prints_it() -> None:
    assert canonical(f"{SITE}/%D8%AA%D9%87/") == canonical(f"{SITE}/ته/") == f"{SITE}/%d8%aa%d9%87/"
    assert slug(f"{SITE}/%D8%AA%D9%87/amp/") == "ته"


@given(SLUGS, st.sampled_from(["", "amp/", "2/", "amp/3/", "?x=1", "#top", "amp/?a=%20b"]))
def test_canonical_is_settled(name: str, more: str) -> None:
    once = canonical(f"{SITE}/{name}/{more}")
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
