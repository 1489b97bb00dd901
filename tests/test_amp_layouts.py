"""What AMPforWP's designs print, part by part, where no saved page shows it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

import ifp_scraper

SWIFT = "<h1 class='amp-post-title'>A Story</h1>{}<div class='cntn-wrp artl-cnt'><p>Text.</p></div>"
DESIGN = (
    "<h1 class='amp-wp-title'>A Story</h1>{}<div class='amp-wp-article-content'><div class='the_content'><p>Text.</p>"
    "</div></div>"
)


def read(
    layout: str, part: str, *, head: str = "", classes: str = "single-post post-id-7 amp-single"
) -> dict[str, Any]:
    page = f"<html><head>{head}</head><body class='{classes}'>{layout.format(part)}</body></html>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/amp/", captured_at="2024-05-06T06:00:00Z")
    assert record is not None
    return record


def json_ld(data: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


CRUMBS = "<div class='breadcrumbs'><a href='/category/world/'>World</a><a href='/category/mills/'>Mills</a></div>"
OWN_CRUMBS = "<b class='bread-cat'>World</b><b class='bread-cat'>Mills</b>"
GRAPH = json_ld({"@graph": [{"@type": "Article", "articleSection": "Mills", "keywords": ["weir"]}]})


@pytest.mark.parametrize(
    ("layout", "labels", "sections"),
    [
        (SWIFT, "<b class='amp-cat'>Mills</b>", ["Mills"]),
        (SWIFT, "<p class='amp-category'><a>Mills</a></p>", ["Mills"]),
        *((layout, crumbs, ["Mills"]) for layout in (SWIFT, DESIGN) for crumbs in (CRUMBS, OWN_CRUMBS)),
        *(
            (DESIGN, f"<p class='{box}'><span class='x'>Filed</span>{label}</p>", ["Mills"])
            for box in ("amp-wp-tax-category", "ampforwp-tax-category")
            for label in (
                *("<b class='amp-cat-7'>Mills</b>", "<b class='amp-cat'>Mills</b>", "<a href='/x/'>Mills</a>"),
                *("<span>Mills</span>", "<span>Filed under:</span><span>Mills</span>"),
            )
        ),
    ],
)
def test_sections(layout: str, labels: str, sections: list[str]) -> None:
    assert read(layout, labels)["sections"] == sections


@pytest.mark.parametrize(
    ("layout", "labels"),
    [
        (SWIFT, "<p class='amp-tags'><b class='amp-tag'>weir</b></p>"),
        (SWIFT, "<p class='amp-tags'>Tags <a>weir</a></p>"),
        (DESIGN, "<p class='ampforwp-tax-tag'><b class='amp-tag-7'>weir</b></p>"),
        (DESIGN, "<p class='ampforwp-tax-tag'>Tags <a>weir</a></p>"),
        (DESIGN, "<p class='amp-wp-tax-tag'>Tags <a>weir</a></p>"),
        (DESIGN, "<p class='ampforwp-tax-tag'><span>Tags:</span> <span>weir</span></p>"),
    ],
)
def test_tags(layout: str, labels: str) -> None:
    assert read(layout, labels)["tags"] == ["weir"]


@pytest.mark.parametrize("layout", [SWIFT, DESIGN])
def test_labels_that_only_an_seo_plugin_prints(layout: str) -> None:
    record = read(layout, CRUMBS.replace("mills", "dams").replace("Mills", "Dams"), head=GRAPH)
    assert (record["sections"], record["tags"]) == (["Mills"], ["weir"])


@pytest.mark.parametrize(
    ("layout", "part", "lead"),
    [
        (SWIFT, "<div class='tl-exc'>Before all.</div>", "Before all."),
        (DESIGN, "<div class='tl-exc'>Before all.</div>", "Before all."),
        (DESIGN, "<p class='ampforwp_single_excerpt'>Before all.</p>", "Before all."),
        (DESIGN, "<h2 class='amp-wp-content'>Before all.</h2>", "Before all."),
    ],
)
def test_leads(layout: str, part: str, lead: str) -> None:
    assert read(layout, part)["lead"] == lead


LINKED = "<a rel='author' href='/author/al/'>Al Fox</a>"
BYLINE = "<div class='sp-athr'><p class='author-name'>{}</p></div>".format
AREA = "<div class='amp_author_area_wrapper'><strong>{}</strong>: {}</div>".format


@pytest.mark.parametrize(
    ("layout", "part", "authors"),
    [
        (DESIGN, f"<b class='amp-wp-author'>{LINKED}</b>", [("Al Fox", "/author/al/", None)]),
        (DESIGN, "<b class='amp-wp-author'>Al Fox</b>" + AREA("Bo Ray", "Bo runs."), [("Al Fox", None, None)]),
        (DESIGN, "<b class='amp-wp-author'>Al Fox</b>" + AREA("Al Fox", "Al sails."), [("Al Fox", None, "Al sails.")]),
        (
            DESIGN,
            "<b class='amp-wp-author'>Al Fox</b>" + AREA("<a href='/author/al/'>Al Fox</a>", "Salt &amp;amp; sail"),
            [("Al Fox", "/author/al/", "Salt & sail")],
        ),
        (DESIGN, AREA("Al Fox", ""), [("Al Fox", None, None)]),
        (DESIGN, AREA("Al Fox", "Al sails.") + AREA("Bo Ray", "Bo runs."), [("Al Fox", None, "Al sails.")]),
        (
            SWIFT,
            "<div class='amp-author'><div class='author-details'><span class='author-name'>Al Fox</span>"
            "<p>Al sails.</p><ul><li>Far.</li></ul> And back.</div></div>",
            [("Al Fox", None, "Al sails. Far. And back.")],
        ),
        (
            SWIFT,
            "<div class='sp-athr'><p class='author-details'><a href='/author/al/'>Al Fox</a></p></div>",
            [("Al Fox", "/author/al/", None)],
        ),
        (  # the plugin's versions of 2018 with Co-Authors Plus
            SWIFT,
            BYLINE(f"{LINKED} and <a rel='author' href='/author/bo/'>Bo Ray</a>"),
            [("Al Fox", "/author/al/", None), ("Bo Ray", "/author/bo/", None)],
        ),
        (
            SWIFT,
            BYLINE("<a href='/author/al/amp/'>Al Fox</a> and <a href='/author/bo/amp/'>Bo Ray</a>"),
            [("Al Fox", "/author/al/", None), ("Bo Ray", "/author/bo/", None)],
        ),
        (  # a third author has no page
            SWIFT,
            BYLINE(f"{LINKED}, <a rel='author' href='/author/bo/'>Bo Ray</a> and Cy Dee"),
            [("Al Fox, Bo Ray and Cy Dee", "/author/al/", None)],
        ),
        (
            SWIFT,
            BYLINE(f"{LINKED} <a rel='author' href='/author/al/amp/'>View all</a>"),
            [("Al Fox View all", "/author/al/", None)],
        ),
        (
            SWIFT,
            BYLINE("By: <a rel='author' href='/?author=3'>Al Fox</a> – <a rel='author' href='/?author=4'>Bo Ray</a>"),
            [("Al Fox", "/", None), ("Bo Ray", "/", None)],
        ),
        (
            DESIGN,
            f"<span class='amp-wp-author'><a rel='author' href='/author/al/'><amp-img></amp-img></a>{LINKED}</span>",
            [("Al Fox", "/author/al/", None)],
        ),
        (DESIGN, f"<span class='amp-wp-author'>{LINKED} May 3, 2018</span>", [("Al Fox", "/author/al/", None)]),
        (SWIFT, BYLINE(f"{LINKED} {LINKED.replace('Al Fox', '(all)')}"), [("Al Fox (all)", "/author/al/", None)]),
    ],
)
def test_authors(layout: str, part: str, authors: list[tuple[str, str | None, str | None]]) -> None:
    found = [
        (author["name"], author["url"] and author["url"].removeprefix("https://ifpnews.com"), author["bio"])
        for author in read(layout, part)["authors"]
    ]
    assert found == authors


OWN = {"@type": "NewsArticle", "mainEntityOfPage": "x", "datePublished": "2024-05-05T10:00:00+03:30"}


@pytest.mark.parametrize(
    ("items", "published_at"),
    [
        ([OWN], "2024-05-05T10:00:00Z"),
        ([{"@type": "Review"}, OWN], "2024-05-05T10:00:00Z"),
        ([{"@type": "Review", "datePublished": "2024-05-01T10:00:00Z"}, OWN], "2024-05-05T10:00:00Z"),
        ([{"@type": "WebPage", "mainEntityOfPage": "x"}, OWN], "2024-05-05T10:00:00Z"),
        ([{**OWN, "@id": "#article"}, OWN], "2024-05-05T06:30:00Z"),
        ([{**OWN, "@id": "#event", "@type": "Event"}, OWN], "2024-05-05T10:00:00Z"),
        ([{**OWN, "datePublished": 7}], None),
    ],
)
def test_the_plugins_own_time(items: list[dict[str, Any]], published_at: str | None) -> None:
    head = "<meta name='generator' content='AMP for WP 1.1.13'>" + "".join(map(json_ld, items))
    assert read(SWIFT, "", head=head)["published_at"] == published_at


@pytest.mark.parametrize(
    ("classes", "published_at"),
    [
        ("single-post amp-single post 1.1.13", "2024-05-05T10:00:00Z"),
        ("single-post amp-single post 0.9.97.50", "2024-05-05T06:30:00Z"),
        ("single-post amp-single post 0.9.97.50 x", "2024-05-05T10:00:00Z"),
        ("single-post amp-single x-post 0.9.97.50", "2024-05-05T10:00:00Z"),
    ],
)
def test_the_plugins_version_in_the_bodys_class(classes: str, published_at: str) -> None:
    item = {**OWN, "datePublished": "2024-05-05T10:00:00+00:00"}
    assert read(SWIFT, "", head=json_ld(item), classes=classes)["published_at"] == published_at


@pytest.mark.parametrize(
    ("words", "published_at"),
    [
        ("5 seconds ago", "2024-05-06T05:59:55Z"),
        ("a second ago", "2024-05-06T05:59:59Z"),
        ("30 mins ago", "2024-05-06T05:30:00Z"),
        ("Some 30 minutes ago", "2024-05-06T05:30:00Z"),
        ("Published an hour ago", "2024-05-06T05:00:00Z"),
        ("Info, 2 hours ago", "2024-05-06T04:00:00Z"),
        ("It was 3 days before", "2024-05-03T06:00:00Z"),
        ("2 weeks back", "2024-04-22T06:00:00Z"),
        ("1 month ago", "2024-04-06T06:00:00Z"),
        ("a year since then", "2023-05-06T06:00:00Z"),
        *(
            (f"{word} 2 hours ago", None)
            for word in ("In", "Updated", "last modified", "EDITED", "one two three four")
        ),
        *((f"2 hours {word}", None) for word in ("later", "from now", "ago or so, really")),
        ("half an hour ago", None),
        ("12345 days ago", None),
        ("May 5, 2024 13:30", "2024-05-05T10:00:00Z"),
        ("in 2024 minutes", None),
    ],
)
def test_the_ages_of_recent_posts(words: str, published_at: str | None) -> None:
    entry = f"<h2 class='loop-title'><a href='/a/'>A</a></h2><p>x</p><div class='loop-date'>{words}</div>"
    (post,) = read(SWIFT + f"<div class='r-pf'><div class='fsp'>{entry}</div></div>", "")["recent_posts"]
    assert (post["published_raw"], post["published_at"]) == (words, published_at)


@pytest.mark.parametrize(
    ("canonical", "links", "listed"),
    [
        ("https://ifpnews.com/a-story/", ["/a/", "https://ad.example/", "//www.ifpnews.com/b/"], ["/a/", "/b/"]),
        ("https://ifp.example/a-story/", ["https://ifp.example/a/", "https://ad.example/"], ["/a/"]),  # of a mirror
        ("https://ifp.example/a-story/", ["/a/", "/b/"], ["/a/", "/b/"]),
    ],
)
def test_an_ad_among_recent_posts_is_none(canonical: str, links: list[str], listed: list[str]) -> None:
    entries = "".join(f"<div class='fsp'><h2 class='loop-title'><a href='{link}'>A</a></h2></div>" for link in links)
    record = read(f"{SWIFT}<div class='r-pf'>{entries}</div>", "", head=f"<link rel='canonical' href='{canonical}'>")
    assert [urlsplit(post["url"]).path for post in record["recent_posts"]] == listed


@pytest.mark.parametrize("box", ["<div id='x'></div>", "<p>Notice: Undefined index in a.php"])
def test_a_box_in_the_head_hides_no_class_of_the_body(box: str) -> None:
    record = read(DESIGN, "", head=box, classes="single-post post-id-7 amp-single design_2_wrapper x&#7;y")
    assert (record["layout"], record["id"]) == ("amp-design2", 7)
