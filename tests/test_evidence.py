"""Which of a page's printed times are the article's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ifp_scraper import extract

URL = "https://ifpnews.com/a-story/"
TRUE = "2024-05-03T14:30:00Z"


def classic(head: str = "", *, time: str | None = None, meta: str = "") -> dict[str, Any]:
    """The record of a page of the Newspaper theme."""
    shown = f'<span class="td-post-date"><time datetime="{time}">May 5, 2024</time></span>' if time else ""
    return record(
        f'<html><head><link rel="canonical" href="{URL}">{head}</head><body class="single-post postid-7">'
        f'<article><div class="td-post-header"><h1 class="entry-title">A Story</h1>{shown}</div>'
        f'<div class="td-post-content"><p>Words.</p></div>{meta}</article></body></html>'
    )


def record(html: str) -> dict[str, Any]:
    found = extract(html, URL, captured_at="2024-05-06T06:00:00Z")
    assert found is not None
    return found


def json_ld(item: dict[str, Any]) -> str:
    return f'<script type="application/ld+json">{json.dumps(item)}</script>'


def article(date: str, **more: Any) -> dict[str, Any]:
    return {"@type": "NewsArticle", "datePublished": date, **more}


NAMED = ["url", "mainEntityOfPage"]


@pytest.mark.parametrize(
    "page",
    [
        None,
        7,
        True,
        "",
        "True",  # as some plugins print
        {"@id": "https://google.com/article"},  # as in Google's example
        "https://ifpnews.com/",
        "https://ifpnews.com/home/",
        "https://ifpnews.com/?p=7",
        "http://www.ifpnews.com/a-story",
        {"@id": f"{URL}amp/"},
        {"@type": "WebPage"},
        "https://staging.example/news/a-story/",
        "http://[",
        "javascript:",
    ],
)
@pytest.mark.parametrize("name", NAMED)
def test_the_page_itself_may_be_named_in_many_ways(name: str, page: Any) -> None:
    assert classic(json_ld(article(TRUE, **{name: page})))["published_at"] == TRUE


EDITED = '<meta property="article:modified_time" content="2024-05-05T10:00:00+00:00">'
PUBLISHED = f'<meta property="article:published_time" content="{TRUE}">'


@pytest.mark.parametrize(
    "time", ["2024-05-05T13:30:00+00:00", "2024-05-05T10:00:00+00:00", "2024-05-05T13:30:00+03:30"]
)
def test_the_theme_may_show_the_time_of_the_edit(time: str) -> None:
    found = classic(PUBLISHED + EDITED, time=time)
    assert (found["published_at"], found["modified_at"]) == (TRUE, "2024-05-05T10:00:00Z")
    assert "dates-disagree" not in found["warnings"]


def test_other_times_than_the_edit_disagree() -> None:
    assert "dates-disagree" in classic(PUBLISHED + EDITED, time="2024-05-05T12:30:00+00:00")["warnings"]
    assert "dates-disagree" in classic(PUBLISHED, time="2024-05-05T13:30:00+00:00")["warnings"]
    before = PUBLISHED + EDITED.replace("05-05", "05-02")
    assert "dates-disagree" in classic(before, time="2024-05-02T13:30:00+00:00")["warnings"]
    by_graph = PUBLISHED + EDITED + json_ld({"@graph": [article("2024-05-05T10:00:00Z")]})
    assert "dates-disagree" in classic(by_graph)["warnings"]


@pytest.mark.parametrize(("time", "agrees"), [("18:00:27", True), ("18:01:00", False), ("17:59:59", False)])
def test_a_time_without_seconds_is_any_of_its_minute(time: str, agrees: bool) -> None:
    to_the_minute = '<meta property="article:published_time" content="2024-05-03T14:30+00:00">'  # The SEO Framework's
    found = classic(to_the_minute, time=f"2024-05-03T{time}+00:00")
    assert (found["published_at"], found["published_source"]) == (TRUE, "meta")
    assert ("dates-disagree" not in found["warnings"]) is agrees


FALSE_OFFSETS = (
    '<meta property="article:published_time" content="2024-05-03T14:30:00+03:30">'
    '<meta property="article:modified_time" content="2024-05-05T10:00:00+03:30">'
)
GRAPH = json_ld({"@graph": [article("2024-05-03T14:30:00+03:30", dateModified="2024-05-05T10:00:00+03:30")]})


@pytest.mark.parametrize("head", [FALSE_OFFSETS, GRAPH])
@pytest.mark.parametrize("time", ["2024-05-03T18:00:00+00:00", "2024-05-03T18:00:00+03:30"])
def test_an_seo_plugin_may_print_the_utc_clock_with_the_sites_offset(head: str, time: str) -> None:
    found = classic(head, time=time)
    assert (found["published_at"], found["modified_at"]) == (TRUE, "2024-05-05T10:00:00Z")
    assert (found["published_source"], found["published_raw"]) == ("meta", "2024-05-03T14:30:00+03:30")
    assert found["warnings"] == classic(PUBLISHED + EDITED, time=time)["warnings"]


def test_so_do_amp_for_wps_own_meta_elements() -> None:
    own = json_ld(article("2024-05-03T14:30:00+03:30", dateModified="2024-05-05T10:00:00+03:30", mainEntityOfPage=URL))
    found = record(
        f'<html><head><link rel="canonical" href="{URL}"><meta name="generator" content="AMP for WP 1.1.13" />'
        f'{FALSE_OFFSETS}</head><body class="single-post amp-single post"><h1 class="amp-post-title">A Story</h1>'
        f'<div class="cntn-wrp artl-cnt"><p>Words.</p></div>{own}</body></html>'
    )
    assert (found["published_at"], found["modified_at"]) == (TRUE, "2024-05-05T10:00:00Z")


@pytest.mark.parametrize("time", [None, "2024-05-03T14:30:00+00:00", "2024-05-03T16:00:00+00:00"])
def test_without_a_second_witness_an_offset_is_right(time: str | None) -> None:
    assert classic(FALSE_OFFSETS, time=time)["published_at"] == "2024-05-03T11:00:00Z"


@pytest.mark.parametrize(
    ("version", "time"),
    [
        ("0.9.97.56", "2024-05-03T18:00:00+00:00"),
        ("1.0.28", "2024-05-03T18:00:00+00:00"),
        ("1.0.29", "2024-05-03T14:30:00+00:00"),
        ("1.1.13", "2024-05-03T14:30:00+03:30"),
    ],
)
def test_design_1_printed_the_local_clock_for_longer_than_the_json_ld(version: str, time: str) -> None:
    found = record(
        f'<html><head><link rel="canonical" href="{URL}"><meta name="generator" content="AMP for WP {version}"></head>'
        f'<body class="single-post amp-single"><article class="amp-wp-article"><h1 class="amp-wp-title">A Story</h1>'
        f'<div class="amp-wp-posted-on"><time datetime="{time}">On May 3, 2024</time></div>'
        f'<div class="amp-wp-article-content"><p>Words.</p></div></article></body></html>'
    )
    assert (found["layout"], found["published_at"], found["published_source"]) == ("amp-design1", TRUE, "time")


@pytest.mark.parametrize("local", ["2024-05-03T18:00:00+00:00", "2024-05-03T18:00+00:00", "2024-05-03T18:00:00Z"])
def test_a_local_clock_printed_as_utc_is_no_witness(local: str) -> None:
    found = classic(
        '<meta property="article:published_time" content="2024-05-03T18:00:00+03:30">' + json_ld(article(local))
    )
    assert (found["published_at"], found["published_source"]) == (TRUE, "meta")


def test_an_edit_shown_in_place_of_a_time_without_seconds_is_no_disagreement() -> None:
    to_the_minute = '<meta property="article:published_time" content="2024-05-03T14:30+00:00">'
    edited = '<meta itemprop="dateModified" content="2024-05-05T17:00:27+00:00">'
    found = classic(to_the_minute, time="2024-05-05T17:00:27+00:00", meta=edited)
    assert (found["published_at"], found["warnings"]) == (TRUE, ["no-byline", "no-sections"])
