"""Which of a page's printed times are the article's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ifp_scraper import extract

URL = "https://ifpnews.com/a-story/"
OTHER = "https://ifpnews.com/another-story/"
TRUE, FALSE = "2024-05-03T14:30:00Z", "2019-01-01T00:00:00Z"


def classic(head: str = "", *, time: str | None = None, meta: str = "") -> dict[str, Any]:
    """The record of a page of the Newspaper theme."""
    shown = f'<span class="td-post-date"><time datetime="{time}">May 5, 2024</time></span>' if time else ""
    return record(
        f'<html><head><link rel="canonical" href="{URL}">{head}</head><body class="single-post postid-7">'
        f'<article><div class="td-post-header"><h1 class="entry-title">A Story</h1>{shown}</div>'
        f'<div class="td-post-content"><p>Words.</p></div>{meta}</article></body></html>'
    )


def amp(head: str) -> dict[str, Any]:
    """The record of an AMP page."""
    return record(
        f'<html amp><head><link rel="canonical" href="{URL}"><meta name="generator" content="AMP for WP 1.1.13">{head}'
        '</head><body class="single-post amp-single postid-7"><h1 class="amp-post-title">A Story</h1>'
        '<div class="cntn-wrp artl-cnt"><p>Words.</p></div></body></html>'
    )


def record(html: str) -> dict[str, Any]:
    found = extract(html, URL, captured_at="2024-05-06T06:00:00Z")
    assert found is not None
    return found


def json_ld(*items: dict[str, Any], graph: bool = False) -> str:
    printed = {"@graph": items} if graph else items
    return f'<script type="application/ld+json">{json.dumps(printed)}</script>'


def article(date: str, **more: Any) -> dict[str, Any]:
    return {"@type": "NewsArticle", "datePublished": date, **more}


NAMED = ["url", "mainEntityOfPage"]


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("page", [OTHER, {"@type": "WebPage", "@id": OTHER}, "/another-story"])
@pytest.mark.parametrize("name", NAMED)
def test_the_time_of_another_article_is_not_taken(name: str, page: Any, graph: bool) -> None:
    other = article(FALSE, **{name: page}, articleSection="Sport")
    found = classic(json_ld(other, graph=graph))
    assert (found["published_at"], found["sections"]) == (None, [])
    found = classic(json_ld(other, article(TRUE, **{name: URL}), graph=graph))
    assert found["published_at"] == TRUE
    assert "dates-disagree" not in found["warnings"]


@pytest.mark.parametrize(
    "page",
    [
        None,
        7,
        True,
        "",
        "https://ifpnews.com/",
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


def test_one_of_two_names_is_enough() -> None:
    assert classic(json_ld(article(TRUE, url=OTHER, mainEntityOfPage=URL)))["published_at"] == TRUE


def test_amp_pages_may_describe_others_too() -> None:
    others = [article(FALSE, mainEntityOfPage=OTHER), article(FALSE, mainEntityOfPage=OTHER, **{"@id": "x"})]
    found = amp(json_ld(*others, article("2024-05-03T14:30:00+03:30", mainEntityOfPage=URL)))
    assert found["published_at"] == TRUE
    assert "dates-disagree" not in found["warnings"]


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
    by_graph = PUBLISHED + EDITED + json_ld(article("2024-05-05T10:00:00Z"), graph=True)
    assert "dates-disagree" in classic(by_graph)["warnings"]
