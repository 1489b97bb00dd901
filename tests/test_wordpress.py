"""The names by which WordPress, themes and plugins call the parts of a page, one by one."""

from __future__ import annotations

import time
from typing import Any

import pytest

import ifp_scraper


def read(before: str = "", after: str = "", *, title: str = "<h1 class='entry-title'>A Story</h1>") -> dict[str, Any]:
    page = (
        f"<html><body class='single single-post postid-7'><article class='hentry'>{title}{before}"
        f"<div class='entry-content'><p>Text.</p></div>{after}</article></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["layout"] == "wordpress"
    return record


@pytest.mark.parametrize(
    "body",
    [
        *(
            f"<div class='{name}'>"
            for name in (
                *("wp-block-post-content", "entry-content", "post-content", "elementor-widget-theme-post-content"),
                *("et_pb_post_content", "brxe-post-content", "dynamic-entry-content", "ct-inner-content"),
                *(
                    "fl-module-fl-post-content",
                    "cm-entry-summary",
                    "single-post-content",
                    "article-content",
                    "post-entry",
                ),
                *("post_content", "the_content_wrapper", "jupiterx-post-content", "entry"),
            )
        ),
        "<div itemprop=articleBody>",
        "<article class='page-content-single'>",
        "<main class='type-post'><div class='page-content'>",
        "<div id='mvp-content-main'>",
    ],
)
def test_the_element_of_the_text(body: str) -> None:
    page = (
        f"<body class='single single-post postid-7'><h1>A Story</h1>{body}<p>Text.</p></div></main></article><p>x</p>"
    )
    record = ifp_scraper.extract(f"<html>{page}</body></html>", "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Text."


@pytest.mark.parametrize(
    "names",
    [
        *("td-post-sub-title", "entry-subtitle", "entry-sub-title", "post-subtitle", "jeg_post_subtitle"),
        *("penci-psub-title", "s-tagline", "mvp-post-excerpt", "entry-headline", "the-post-header sub-title"),
        *("entry-header intro-text", "entry-summary", "elementor-widget-theme-post-excerpt"),
        "wp-block-post-excerpt__excerpt",
    ],
)
def test_the_standfirst(names: str) -> None:
    around, _, name = names.rpartition(" ")
    assert read(f"<div class='{around}'><p class='{name}'>Before all.</p></div>")["lead"] == "Before all."


@pytest.mark.parametrize(
    "name",
    [
        *("wp-block-post-featured-image", "post-thumbnail", "entry-thumbnail", "featured-image", "featured-media"),
        *("single-featured-image-header", "elementor-widget-theme-post-featured-image", "jeg_featured"),
        *("et_pb_title_featured_container", "et_post_meta_wrapper", "single-featured"),
    ],
)
def test_the_box_of_the_featured_picture(name: str) -> None:
    picture = f"<div><div class='{name}'><img src='/1.jpg'></div><p class='wp-caption-text'>Rain</p></div>"
    (image,) = read(picture)["images"]
    assert (image["role"], image["caption"]) == ("lead", "Rain")
    assert read(after=picture)["images"] == []  # of another article
    assert read(f"<div class='{name}'></div>")["images"] == []


def test_the_featured_picture_by_its_class() -> None:
    picture = "<div><img class='wp-post-image' src='/1.jpg'></div>"
    assert [image["role"] for image in read(picture)["images"]] == ["lead"]
    header = f"<div class='entry-header'>{picture}</div>"  # before the post's own element
    page = (
        "<html><body class='single single-post postid-7'>{}<article class='hentry'><h1 class='entry-title'>A</h1>"
        "<div class='entry-content'><p>Text.</p></div></article></body></html>"
    )
    for before, count in ((header, 1), (picture, 0)):
        record = ifp_scraper.extract(page.format(before), "https://ifpnews.com/a-story/")
        assert record is not None
        assert len(record["images"]) == count


AUTHOR = "<a href='/author/al/'>Al Fox</a>"


@pytest.mark.parametrize(
    "byline",
    [
        "<a class='wp-block-co-authors-plus-name' href='/x/'>Al Fox</a>",
        "<div class='wp-block-post-author-name'><a href='/x/'>Al Fox</a></div>",
        "<p class='wp-block-post-author__name'>Al Fox</p>",
        "<span class='author vcard'><a href='/x/'>Al Fox</a></span>",
        "<div class='entry-meta'>Monday <b class='author'><a href='/x/'>Al Fox</a></b></div>",
        "<div class='entry-header'>Monday <b class='author'><a href='/x/'>Al Fox</a></b></div>",
        "<div class='byline'>Monday <b class='author'><a href='/x/'>Al Fox</a></b></div>",
        *(
            f"<div class='{name}'><a href='/'>Monday</a> {AUTHOR}</div>"
            for name in ("byline", "posted-by", "post-author")
        ),
        *(f"<div class='{name}'><a href='/x/'>Al Fox</a></div>" for name in ("byline", "posted-by", "post-author")),
        "<b class='author'>The <i class='fn'>Al Fox</i></b>",
        "<div class='jeg_meta_author'><a href='/x/'>Al Fox</a></div>",
        "<a rel='author' href='/x/'>Al Fox</a>",
        "<a rel='nofollow author' href='/x/'>Al Fox</a>",
        "<div class='author-bio'><b class='author-title'>Al Fox</b></div>",
        "<div class='entry-meta'>Monday <b class='author'>Al Fox</b></div>",
        "<div class='entry-header'>Monday <b class='author'>Al Fox</b></div>",
        "<div class='byline'>By Al Fox</div>",
        "<div class='byline'>Monday <b class='author'>Al Fox</b></div>",
        "<div itemprop='author'>The <b itemprop='name'>Al Fox</b></div>",
        "<div class='elementor-widget-post-info'>Monday <b itemprop='author'>Al Fox</b></div>",
        f"<div>Monday {AUTHOR}</div>",
    ],
)
def test_the_byline(byline: str) -> None:
    record = read(byline)
    assert record["byline"] == "Al Fox"
    link = byline.rpartition("href='")[2].partition("'")[0] if "</a></" in byline or byline.endswith("</a>") else None
    assert [author["url"] for author in record["authors"]] == [link and f"https://ifpnews.com{link}"]


def test_the_surest_names_are_the_byline() -> None:
    by_core, unlinked = "<a rel='author' href='/x/'>Al Fox</a>", "<p class='byline'>Al Fox, Monday</p>"
    assert read(by_core + unlinked)["byline"] == "Al Fox"
    assert read(unlinked, by_core)["byline"] == "Al Fox, Monday"  # below the text, it may be a link to all posts
    assert read(after=f"{by_core}<p>All posts</p>")["byline"] == "Al Fox"
    in_header = (
        f"<html><body class='single single-post postid-7'><div><h1>A Story</h1>{by_core}</div><article class='hentry'>"
        f"<div class='entry-content'><p>Text.</p></div>{unlinked}</article></body></html>"
    )
    record = ifp_scraper.extract(in_header, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["byline"] == "Al Fox"


@pytest.mark.parametrize(
    "name",
    [
        *("wp-block-post-author__bio", "wp-block-post-author-biography", "wp-block-co-authors-plus-biography"),
        *("author-description", "author-bio", "author-bio-description", "author-box-content", "author-box-bio"),
        *("post-author-desc", "elementor-author-box__bio", "jeg_author_desc", "mh-author-box-bio"),
        *("saboxplugin-desc", "m-a-box-bio", "wp-post-author-meta-bio", "pp-author-boxes-description", "author-desc"),
    ],
)
def test_a_bio(name: str) -> None:
    (author,) = read(AUTHOR, f"<div class='{name}'>Al sails.</div>")["authors"]
    assert author["bio"] == "Al sails."


@pytest.mark.parametrize("attribute", ["rel='author nofollow'", "class='author-link button'"])
def test_a_bio_ends_before_the_link_to_all_posts(attribute: str) -> None:
    (author,) = read(AUTHOR, f"<div class='author-bio'>Al sails. <a {attribute} href='/x/'>All</a></div>")["authors"]
    assert author["bio"] == "Al sails."


@pytest.mark.parametrize("heading", ["h1", "h2", "h3", "h4", "h5", "h6"])
def test_a_box_with_a_heading_is_no_bio(heading: str) -> None:
    box = f"<div class='author-bio'><{heading}>More by Al Fox</{heading}><p>A Tale</p></div>"
    (author,) = read(AUTHOR, box)["authors"]
    assert author["bio"] is None


LABEL = "<a href='/x/'>Mills</a>"


@pytest.mark.parametrize(
    ("field", "labels"),
    [
        *(
            ("sections", f"<p class='{name}'>{LABEL}</p>")
            for name in ("taxonomy-category", "cat-links", "entry-categories", "meta-categories")
        ),
        ("sections", "<a rel='category tag' href='/x/'>Mills</a>"),
        ("sections", "<a rel='nofollow category tag' href='/x/'>Mills</a>"),
        ("sections", "<a href='/category/mills/'>Mills</a>"),
        *(("tags", f"<p class='{name}'>{LABEL}</p>") for name in ("taxonomy-post_tag", "tags-links", "tag-links")),
        ("tags", "<a rel='tag' href='/x/'>Mills</a>"),
        ("tags", "<a rel='nofollow tag noopener' href='/x/'>Mills</a>"),
        ("tags", "<a href='/tag/mills/'>Mills</a>"),
        ("tags", "<p class='tags-links'><a href='/x/'><i>#</i>Mills</a></p>"),
        ("tags", "<p class='tags-links'><a href='/x/'><i></i>Mills</a></p>"),
    ],
)
def test_a_label(field: str, labels: str) -> None:
    for record in (read(labels), read(after=labels)):
        assert {name: record[name] for name in ("sections", "tags")} == {"sections": [], "tags": [], field: ["Mills"]}


def test_a_category_of_another_article_is_no_tag() -> None:
    """WordPress prints ``rel="category tag"``."""
    category = '<a rel="category tag" href="/category/{0}/">{0}</a>'
    slide = f'<div class="slide">{category.format("Sports")} <h3><a href="/b/">Another story</a></h3></div>'
    own = f'<h1 class="entry-title">A</h1><span class="cat-links">{category.format("Mills")}</span>'
    for tags in ([], ["Wheel"]):
        labels = "".join(f'<a href="/tag/x/">{tag}</a>' for tag in tags)
        page = (
            f'<html><body class="single single-post postid-7"><div class="featured-slider">{slide}</div><main>'
            f'<article id="post-7" class="post-7 post type-post hentry"><header class="entry-header">{own}</header>'
            f'<div class="entry-content"><p>Text.</p></div>{labels}</article></main></body></html>'
        )
        record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
        assert record is not None
        assert record["tags"] == tags


def test_a_category_that_is_printed_in_the_text_too_is_no_tag() -> None:
    block = "<div class='taxonomy-category wp-block-post-terms'><a href='/category/x/' rel='tag'>Mills</a></div>"
    page = (
        "<html><body class='single single-post postid-7'><article class='post-7 post'><h1 class='entry-title'>A</h1>"
        f"<div class='entry-content'><p>Text.</p>{block}</div><p class='cat-links'>"
        "<a href='/category/x/' rel='category tag'>Mills</a></p></article></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert (record["sections"], record["tags"]) == (["Mills"], [])


def test_a_number_sign_is_decoration_only_in_an_element_of_its_own() -> None:
    assert read("<p class='tags-links'><a href='/x/'><i></i>#1</a></p>")["tags"] == ["#1"]


TIME = "2024-05-05T10:00:00+00:00"


@pytest.mark.parametrize(
    ("field", "time"),
    [
        ("published_at", "<div class='wp-block-post-date'><time {}></time></div>"),
        ("published_at", "<time class='entry-date published' {}></time>"),
        ("published_at", "<time class='published' {}></time>"),
        ("published_at", "<time itemprop='datePublished' {}></time>"),
        ("published_at", "<b itemprop='datePublished'><time {}></time></b>"),
        ("published_at", "<time class='entry-date' {}></time>"),
        ("published_at", "<time class='entry-date updated' {}></time>"),
        ("published_at", "<time class='updated' itemprop='datePublished' {}></time>"),
        *(
            ("published_at", f"<div class='{name}'><time {{}}></time></div>")
            for name in ("entry-meta", "post-meta", "posted-on", "post-date")
        ),
        ("modified_at", "<div class='wp-block-post-date__modified-date'><time {}></time></div>"),
        ("modified_at", "<time itemprop='dateModified' {}></time>"),
        ("modified_at", "<time class='entry-date' itemprop='dateModified' {}></time>"),
        ("modified_at", "<b itemprop='dateModified'><time {}></time></b>"),
        ("modified_at", "<time class='entry-modified-time' {}></time>"),
    ],
)
def test_a_time(field: str, time: str) -> None:
    record = read(time.format(f"datetime='{TIME}'"))
    times = {name: record[name] for name in ("published_at", "modified_at")}
    assert times == {"published_at": None, "modified_at": None, field: "2024-05-05T10:00:00Z"}


def test_a_less_sure_time_does_not_disagree() -> None:
    record = read(
        f"<time class='published' datetime='{TIME}'></time>"
        "<div class='entry-meta'><time datetime='2024-07-01T10:00:00+00:00'></time></div>"
    )
    assert (record["published_at"], "dates-disagree" in record["warnings"]) == ("2024-05-05T10:00:00Z", False)


def test_what_the_head_says() -> None:
    record = read(
        """<script type='application/ld+json'>{"@graph": [{"@type": "Article", "articleSection": ["Mills"],"""
        """ "keywords": ["weir"]}]}</script>"""
        f"<meta name='author' content='\nBy Al  Fox '><meta property='article:modified_time' content='{TIME}'>"
        "<p>Updated: <time class='entry-modified-time' datetime='2024-05-06T10:00:00+00:00'></time></p>"
    )
    assert (record["byline"], record["authors"][0]["name"]) == ("Al Fox", "Al Fox")
    assert record["modified_at"] == "2024-05-05T10:00:00Z"
    assert (record["sections"], record["tags"]) == (["Mills"], ["weir"])


@pytest.mark.parametrize(
    "title",
    [
        *(
            f"<h2>Mills</h2><h1 class='{name}'>A Story</h1><h1>Mills</h1>"
            for name in ("wp-block-post-title", "entry-title", "post-title")
        ),
        "<h2>Mills</h2><h1>A Story</h1><h2 class='entry-title'>Mills</h2>",
        *(
            f"<div class='{name}'>A Story</div><h2>Mills</h2>"
            for name in ("wp-block-post-title", "entry-title", "post-title", "elementor-widget-theme-post-title")
        ),
        "<h3>Mills</h3><h2>A Story</h2>",
    ],
)
def test_the_headline(title: str) -> None:
    assert read(title=title)["headline"] == "A Story"


def test_the_name_of_the_site_is_no_headline() -> None:
    title = "<meta property='og:site_name' content='The  Mill '><h2>A Story</h2><h2>The Mill</h2>"
    assert read(title=title)["headline"] == "A Story"


def test_a_headline_before_the_posts_own_element() -> None:
    page = (
        "<html><body class='single single-post postid-7'><h2>Mills</h2><h2 class='entry-title'>A Story</h2>"
        "<article class='hentry'><div class='entry-content'><p>Text.</p></div></article></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["headline"] == "A Story"


@pytest.mark.parametrize("hiding", ["nav", "button", "span hidden", "span class=screen-reader-text"])
@pytest.mark.parametrize(
    "box",
    [
        "<div class='wp-block-post-author-name'>{}</div>",
        "<div class='author-bio'><h4 class='author-title'>{}</h4></div>",
    ],
)
def test_a_byline_whose_links_are_not_seen(box: str, hiding: str) -> None:
    """They are no byline, but links to authors; once they were an error."""
    links = "<a href='/author/a/'>Al Fox</a> and <a href='/author/b/'>Bo Ray</a>"
    for inside in (links, f"<{hiding}>{links}</{hiding.split()[0]}>"):
        record = read(box.format(inside))
        assert [author["name"] for author in record["authors"]] == ["Al Fox", "Bo Ray"]
        assert record["byline"].replace(" and ", ", ") == "Al Fox, Bo Ray"


def test_many_bylines_are_read_soon() -> None:
    """Once, 20,000 took a quarter of a minute: each was compared with a set of all, which was made anew."""
    start = time.process_time()
    assert read("<b class=byline>Al Fox</b>" * 20_000)["byline"] == "Al Fox"
    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    ("box", "field", "is_read"),
    [
        ("post-8 type-post", "pwbox-8", True),
        ("post-7 type-post", "pwbox-7", False),
        ("wp-block-post", "pwbox-8", False),  # a theme's form may have a random number
        ("post-8 type-post", "password", False),
    ],
)
def test_a_listed_post_with_a_password_does_not_hide_this_one(box: str, field: str, is_read: bool) -> None:
    form = f"<form class='post-password-form' action='/wp-login.php?action=postpass'><input id='{field}'></form>"
    page = (
        "<html><body class='single single-post postid-7'><h1 class='entry-title'>A Story</h1>"
        "<div class='entry-content'><p>Text.</p>"
        f"<ul class='wp-block-post-template'><li class='{box}'>{form}</li></ul></div></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert (record is not None) is is_read
    if record is not None:
        assert record["body"] == "Text."


@pytest.mark.parametrize("around", ["<div>{}<h3><a href='/other/'>Other</a></h3></div>", "</article>{}", "</main>{}"])
def test_blocks_for_a_post_are_this_ones_wherever_they_are(around: str) -> None:
    def blocks(day: int) -> str:
        return (
            f"<div class='wp-block-post-date'><time datetime='2024-05-0{day}T10:00:00+03:30'>x</time></div>"
            f"<div class='wp-block-post-author-name'>Writer {day}</div>"
            f"<div class='taxonomy-category wp-block-post-terms'><a href='/c/{day}/'>Section {day}</a></div>"
            f"<div class='taxonomy-post_tag wp-block-post-terms'><a href='/t/{day}/'>Tag {day}</a></div>"
        )

    text = "<h1 class='wp-block-post-title'>A Story</h1><div class='wp-block-post-content'><p>Text.</p></div>"
    page = (
        f"<body class='single single-post postid-7'><div class='wp-block-query'>{blocks(5)}</div>"
        f"<main><article>{text}{around.format(blocks(1))}<div class='wp-block-query'>{blocks(6)}</div></body>"
    )
    record = ifp_scraper.extract(f"<html>{page}</html>", "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["published_at"] == "2024-05-01T06:30:00Z"
    assert record["byline"] == "Writer 1"
    assert record["sections"] == ["Section 1"]
    assert record["tags"] == ["Tag 1"]


@pytest.mark.parametrize(
    ("times", "published"),
    [
        ("<p><i>On <time datetime='{0}'>x</time></i></p>", TIME),
        ("<time datetime='{0}'>x</time><span><time datetime='{0}'>y</time></span>", TIME),
        ("<p>Updated: <time datetime='{0}'>x</time></p>", None),
        ("<p><time class=updated datetime='{0}'>x</time></p>", None),
        ("<time datetime='{0}'>x</time><time datetime='2024-05-06T10:00:00+00:00'>y</time>", None),
        ("<time datetime='2024-05-05'>x</time>", None),
        ("<time>x</time>", None),
    ],
)
def test_a_lone_time_above_the_text_under_no_known_name(times: str, published: str | None) -> None:
    assert read(times.format(TIME))["published_raw"] == published
    assert read("", times.format(TIME))["published_raw"] is None  # below it
    meta = "<meta property='article:published_time' content='2024-05-07T10:00:00+00:00'>"
    record = read(meta + times.format(TIME))
    assert (record["published_source"], "dates-disagree" in record["warnings"]) == ("meta", False)
