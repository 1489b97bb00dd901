"""What the Newspaper theme's templates print, part by part, where no saved page shows it."""

from __future__ import annotations

from typing import Any

import pytest

import ifp_scraper

CLASSIC = "<div class='td-post-content'><p>Text.</p></div>"
CLOUD = "<div class='td_block_wrap tdb_single_content'><div class='tdb-block-inner'><p>Text.</p></div></div>"

BIO = (
    "<div class='author-box-wrap'><b class='td-author-name'>{}</b><p class='td-author-description'>{}</p></div>".format
)


def read(inside: str, *, head: str = "") -> dict[str, Any]:
    page = f"<html><head>{head}</head><body class='single single-post postid-7'>{inside}</body></html>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("<p class='td-post-sub-title'>Before all.</p>", {"lead": "Before all."}),
        ("<div class='td-post-header'><b class='td-post-sub-title'>Before all.</b></div>", {"lead": "Before all."}),
        ("<div class='td_module_1'><b class='td-post-sub-title'>Of another.</b></div>", {"lead": None}),
        ("<h1 class='entry-title'>A Story</h1>", {"headline": "A Story"}),
        ("<h1 class='entry-title'>{:en}A Story{:fa}B{:}</h1>", {"headline": "A Story"}),
        ("<div class='td-post-title'><h3 class='entry-title'>A Story</h3></div>", {"headline": "A Story"}),
        ("<h3 class='entry-title'>Another</h3><h1 class='tdb-title-text'>A Story</h1>", {"headline": "A Story"}),
        (
            "<div class='td-post-header'><b class='td-post-author-name'><a href='/al/'>Al Fox</a> @alfox</b></div>"
            "<div class='author-box-wrap'><p class='td-author-description'>Of nobody.</p></div>",
            {"byline": "Al Fox", "authors": [{"name": "Al Fox", "url": "https://ifpnews.com/al/", "bio": None}]},
        ),
        (
            "<div class='td-post-header'><b class='td-post-author-name'>By <a href='/al/'>Al Fox</a>@alfox</b></div>",
            {"byline": "Al Fox"},
        ),
        ("<div class='td-post-header'><b class='td-post-author-name'>By Al Fox</b></div>", {"byline": "Al Fox"}),
        *(
            (
                "<div class='td-post-header'><div class='td-post-author-name'><div class='td-author-by'>By</div>"
                f"<a>Al Fox</a>{between}<a>Bo Ray</a></div></div>",
                {"byline": byline},
            )
            for between, byline in (
                ("", "Al Fox, Bo Ray"),
                (" | ", "Al Fox | Bo Ray"),
                ("<div class='td-author-by'>By</div>", "Al Fox, Bo Ray"),
            )
        ),
        # A site may print author boxes only.
        (
            "<div class='author-box-wrap'><b class='td-author-name'><a href='/al/'>Al Fox</a></b>"
            "<p class='td-author-description'>Al sails.</p></div>",
            {
                "byline": "Al Fox",
                "authors": [{"name": "Al Fox", "url": "https://ifpnews.com/al/", "bio": "Al sails."}],
            },
        ),
        (
            "<div class='td-post-header'><b class='td-post-author-name'>By Al Fox</b></div>"
            "<div class='author-box-wrap'><b class='td-author-name'><a href='/al/'>Al Fox</a></b></div>",
            {"byline": "Al Fox", "authors": [{"name": "Al Fox", "url": "https://ifpnews.com/al/", "bio": None}]},
        ),
        (
            "<div class='td-post-header'><b class='td-post-author-name'>By Al Fox</b></div>"
            "<div class='author-box-wrap'><b class='td-author-name'><a href='/jo/'>Jo Hare</a></b></div>",
            {"byline": "Al Fox", "authors": [{"name": "Al Fox", "url": None, "bio": None}]},
        ),
        ("<ul class='td-category'><li class='entry-category'>Mills</li></ul>", {"sections": ["Mills"]}),
        ("<div class='td-post-header'><p class='td-category'><a>Mills</a></p></div>", {"sections": ["Mills"]}),
        ("<p class='entry-crumbs'><a class='entry-crumb' href='/'>Home</a></p>", {"sections": []}),
        (
            "<p class='entry-crumbs'><a class='entry-crumb' href='/'>Home</a>"
            "<a class='entry-crumb' href='/category/mills/'>Mills</a></p>",
            {"sections": ["Mills"]},
        ),
        ("<p class='entry-crumbs'><a class='entry-crumb'>Mills</a></p>", {"sections": []}),
        ("<ul class='td-tags'><li><a>weir</a></li><li>Tags</li></ul>", {"tags": ["weir"]}),
        *(
            (f"<p class='td-post-small-box'><span>{label}</span><a href='/x/'>The Post</a></p>", {"source": source})
            for label, source in (("Source", "The Post"), (" SOURCES ", "The Post"), ("VIA", None), ("Tags", None))
        ),
        (
            "<div class='td_module_1'><meta itemprop='datePublished' content='2024-05-01T13:30:00+00:00'></div>"
            "<meta itemprop='datePublished' content='2024-05-05T13:30:00+00:00'>",
            {"published_at": "2024-05-05T10:00:00Z"},
        ),
        ("<p class='td-post-small-box'><span>Source</span><a href='/x/'></a></p>", {"source": None}),
        (
            "<div class='td-post-header'><b class='td-post-date'><time datetime='2024-05-09T13:30:00+00:00'></time>"
            "</b></div><meta itemprop='dateModified' content='2024-05-09T13:30:00+00:00'>",
            {"published_at": "2024-05-09T10:00:00Z"},  # not edited since, as far as the page tells
        ),
        *(  # an option of the theme shows the last edit
            (
                f"<div class='td-post-header'><b class='td-post-date'><time datetime='2024-05-{day}T13:30:00+00:00'>"
                "</time></b></div><meta itemprop='datePublished' content='2024-05-05T13:30:00+00:00'>"
                "<meta itemprop='dateModified' content='2024-05-09T13:30:00+00:00'>",
                {"published_at": f"2024-05-{published}T10:00:00Z"},
            )
            for day, published in (("09", "05"), ("08", "08"))
        ),
        (
            "<div class='td-post-header'><b class='td-post-author-name'><a href='/author/al/'>Al Fox</a></b></div>"
            + "".join(map(BIO, ("Bo Ray", "By Al Fox", "Al Fox"), ("Bo runs.", "", "Al sails."))),
            {"authors": [{"name": "Al Fox", "url": "https://ifpnews.com/author/al/", "bio": "Al sails."}]},
        ),
        *(
            (f"<div class='{name}'><img src='/1.jpg' alt='The\n mill'></div>", {"images": [("lead", "The mill")]})
            for name in ("td-post-featured-image", "td-post-featured-video", "td-post-header-holder td-image-gradient")
        ),
        (
            "<p class='td-full-screen-header-image-wrap'><img class='x' src='/0.jpg'><b class='td-backstretch'>"
            "<img src='/1.jpg' alt='The mill'></b></p>",
            {"images": [("lead", "The mill")]},
        ),
    ],
)
def test_a_part_of_the_classic_template(header: str, fields: dict[str, Any]) -> None:
    record = read(f"<article>{header}{CLASSIC}</article>")
    record["images"] = [(image["role"], image["alt"]) for image in record["images"]]
    assert record["layout"] == "newspaper"
    assert {name: record[name] for name in fields} == fields


def test_a_child_theme_may_leave_out_the_outer_element_of_the_header() -> None:
    header = (
        "<header class='td-post-title'><b class='td-category'><a>Mills</a></b><h1 class='entry-title'>A Story</h1>"
        "<b class='td-post-sub-title'>Before all.</b><b class='td-post-author-name'>By <a>Al Fox</a></b>"
        "<b class='td-post-date'><time datetime='2024-05-05T13:30:00+00:00'></time></b></header>"
    )
    module = "<h4 class='td-post-title'><b class='td-post-author-name'>By <a>Jo Hare</a></b></h4>"
    expected = {
        "lead": "Before all.",
        "byline": "Al Fox",
        "sections": ["Mills"],
        "published_at": "2024-05-05T10:00:00Z",
    }
    for inside in (
        f"{header}<article>{CLASSIC}</article>",
        f"<div class='td-post-header'>{header}</div>{module}{CLASSIC}",
    ):
        record = read(inside)
        assert {name: record[name] for name in expected} == expected
        assert [author["name"] for author in record["authors"]] == ["Al Fox"]


def test_a_name_in_the_head_has_no_white_space_around_it() -> None:
    body = CLASSIC.replace("post-content", "post-text-content")
    assert (
        read(f"<article>{body}</article>", head="<meta itemprop='author' content='\n By Al\n Fox '>")["byline"]
        == "Al Fox"
    )


def test_a_label_of_the_source_may_follow_an_icon() -> None:
    box = "<p class='td-post-small-box'><span></span><span>Source</span><a href='/x/'>The Post</a></p>"
    assert read(f"<article>{CLASSIC}{box}</article>")["source"] == "The Post"
    assert read(f"<article>{CLOUD.replace('Text.', 'Source: The Post')}</article>")["source"] == "The Post"


def test_the_text_is_in_the_article_and_may_be_a_player_alone() -> None:
    other = "<div class='td-post-content'>Other.</div>"
    assert read(f"{other}<article>{CLASSIC}</article>")["body"] == "Text."
    player = "<div class='td-post-content'><iframe src='/1'></iframe></div>"
    record = read(f"<article><h1 class='entry-title'>A Story</h1>{player}{other}</article>")
    assert (record["body"], len(record["embeds"])) == ("", 1)
    ad = "<div class='td-post-content'><div class='td-a-rec td-a-rec-id-content_top'>Buy mills.</div></div>"
    assert read(f"<article><h1 class='entry-title'>A Story</h1>{ad}{other}</article>")["body"] == "Other."


def test_the_text_before_a_smart_list_comes_first() -> None:
    smart_list = CLOUD.replace("single_content", "single_smartlist").replace("Text.", "One. Two.")
    assert read(f"<article>{smart_list}{CLOUD}</article>")["body"] == "Text."
    assert read(f"<article>{smart_list}{CLOUD.replace('Text.', '')}</article>")["body"] == "One. Two."


def test_the_times_of_the_theme_are_the_articles_own() -> None:
    times = "".join(
        f"<meta itemprop='{name}' content='2024-05-05T13:30:00+00:00'>" for name in ("datePublished", "dateModified")
    )
    for body in (CLASSIC, CLOUD):
        record = read(f"<article>{times}{body}</article>")
        assert (record["published_at"], record["modified_at"]) == ("2024-05-05T10:00:00Z",) * 2
        record = read(f"<article>{body}</article><div class='td_module_1'>{times}</div>")
        assert (record["published_at"], record["modified_at"]) == (None, None)
        item = "<div itemscope itemtype='https://schema.org/{}'>{}</div>".format
        record = read(f"<article itemscope>{body.replace('<p>', item('Review', times) + '<p>')}</article>")
        assert (record["published_at"], record["modified_at"]) == (None, None)
        for beside in (item("NewsArticle", times), f"<header {item('WPHeader', times)[5:]}"):
            record = read(f"<article>{body}{beside}</article>")
        assert (record["published_at"], record["modified_at"]) == ("2024-05-05T10:00:00Z",) * 2


def test_labels_in_the_text_count_only_if_there_are_no_others() -> None:
    labels = "<ul class='td-tags'><li><a>{}</a></li></ul>".format
    body = CLASSIC.replace("<p>", labels("weir") + "<p>")
    assert read(f"<article>{body}</article>")["tags"] == ["weir"]
    assert read(f"<article>{body}{labels('dam')}</article>")["tags"] == ["dam"]


def test_a_player_without_an_address_above_the_text_is_none() -> None:
    for body, name in ((CLASSIC, "td-post-featured-video"), (CLOUD, "tdb_single_featured_image")):
        record = read(
            f"<article><div class='{name}'><iframe></iframe><iframe src='/1'></iframe></div>{body}</article>"
        )
        assert record["embeds"] == [{"kind": "iframe", "url": "https://ifpnews.com/1"}]


GRAPH = (
    '<script type="application/ld+json">{"@graph": [{"@type": "Article", "articleSection": ["Mills"], '
    '"keywords": "weir, dam"}]}</script>'
)


@pytest.mark.parametrize("body", [CLASSIC, CLOUD, CLASSIC.replace("post-content", "post-text-content")])
def test_labels_that_only_an_seo_plugin_prints(body: str) -> None:
    record = read(f"<article>{body}</article>", head=GRAPH)
    assert (record["sections"], record["tags"]) == (["Mills"], ["weir", "dam"])
    metas = "<meta property='article:section' content='Mills'><meta property='article:tag' content='weir'>"
    record = read(f"<article>{body}</article>", head=metas)
    assert (record["sections"], record["tags"]) == (["Mills"], ["weir"])


def test_the_text_of_the_next_article_does_not_stand_for_a_missing_one() -> None:
    empty = "<article><h1 class='entry-title'>A Story</h1><div class='td-post-content'></div></article>"
    record = read(f"{empty}<article>{CLASSIC}</article>")
    assert (record["headline"], record["body"]) == ("A Story", "")


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        ("<h1 class='tdb-title-text'>A Story</h1>", {"headline": "A Story"}),
        ("<b class='tdb-single-title'><i class='tdb-title-text'>A Story</i></b>", {"headline": "A Story"}),
        ("<h1>Our Paper</h1><div class='tdb_title'><h1>A Story</h1></div>", {"headline": "A Story"}),
        ("<h1>Our Paper</h1><h1 class='entry-title'>A Story</h1>", {"headline": "A Story"}),
        ("<div class='tdb_single_subtitle'><p>Before</p><p>all.</p></div>", {"lead": "Before all."}),
        ("<div class='tdb_single_subtitle'>Before all.</div>", {"lead": "Before all."}),
        ("<p class='tdb_single_categories'><a class='tdb-entry-category'>Mills</a></p>", {"sections": ["Mills"]}),
        ("<a class='tdb-entry-category'>Mills</a>", {"sections": ["Mills"]}),
        (
            "<a class='tdb-entry-category'>Of another</a>"
            "<p class='tdb_single_categories'><a class='tdb-entry-category'>Mills</a></p>",
            {"sections": ["Mills"]},
        ),
        (
            "<p class='tdb_single_taxonomies tdb_single_categories'>"
            "<a class='tdb-entry-category' href='/category/mills/'>Mills</a></p>"
            "<p class='tdb_single_taxonomies tdb_single_categories'>"
            "<a class='tdb-entry-category' href='/tag/weir/'>weir</a></p>",
            {"sections": ["Mills"], "tags": ["weir"]},
        ),
        (
            "<a class='tdb-entry-crumb' href='/'>Home</a><a class='tdb-entry-crumb' href='/mills/'>Mills</a>",
            {"sections": ["Mills"]},
        ),
        ("<ul class='tdb-tags'><li><a>weir</a></li></ul>", {"tags": ["weir"]}),
        ("<p class='tdb_single_source'>Source <a href='/x/'>The Post</a></p>", {"source": "The Post"}),
        (
            "<div class='tdb_single_author'><b class='tdb-author-name'>Al Fox</b></div><div class='tdb-author-box'>"
            "<b class='tdb-author-name'>Al Fox</b><p class='tdb-author-descr'>Al sails.</p></div>",
            {"authors": [{"name": "Al Fox", "url": None, "bio": "Al sails."}]},
        ),
        (
            "<div class='tdb-author-box'><a class='tdb-author-name' href='/al/'>Al Fox</a>"
            "<p class='tdb-author-descr'>Al sails.</p></div>",
            {
                "byline": "Al Fox",
                "authors": [{"name": "Al Fox", "url": "https://ifpnews.com/al/", "bio": "Al sails."}],
            },
        ),
        *(
            (f"<div class='{name}'><img src='/1.jpg'></div>", {"images": [("lead", "")]})
            for name in ("tdb_single_featured_image", "tdb_single_bg_featured_image")
        ),
    ],
)
def test_a_block_of_the_cloud_library(block: str, fields: dict[str, Any]) -> None:
    record = read(f"<article>{block}{CLOUD}</article>")
    record["images"] = [(image["role"], image["alt"]) for image in record["images"]]
    assert record["layout"] == "newspaper-cloud"
    assert {name: record[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("address", "expected"),
    [("/1.jpg", "/1.jpg"), ("'/1.jpg'", "/1.jpg"), ("'/1(2).jpg'", "/1(2).jpg"), ('"/1(2).jpg"', "/1(2).jpg")],
)
def test_a_featured_picture_in_a_rule_of_its_block(address: str, expected: str) -> None:
    style = f"<style>.x{{color:red}} .tdb-featured-image-bg {{ color: red; background: url({address}) 0 0 }}</style>"
    block = "<div class='tdb_single_bg_featured_image'>{}<div class='tdb-featured-image-bg'></div></div>"
    (image,) = read(f"<article>{block.format(style)}{CLOUD}</article>")["images"]
    assert (image["role"], image["url"]) == ("lead", f"https://ifpnews.com{expected}")
    assert read(f"<article>{block.format('')}{CLOUD}</article>")["images"] == []
    cut = style.replace(address, "/1(2).jpg")  # to a browser, no address
    assert read(f"<article>{block.format(cut)}{CLOUD}</article>")["images"] == []
