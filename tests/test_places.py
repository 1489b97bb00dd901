"""Where elements are on a page of any theme, and what is read accordingly."""

from __future__ import annotations

import time
from typing import Any

import pytest

import ifp_scraper
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.places import Place, Places

BODY = "<div id=body><p>Text.</p></div>"
CARD = "<div><h3><a href=/other/>Other</a></h3><i id=x>x</i></div>"


def places_of(inside: str) -> dict[str, Place | None]:
    """The places of all elements with an id."""
    tree = Document(f"<html><body class='hentry'>{inside}</body></html>").tree
    (body,) = tree.find('[id="body"]')
    places = Places(tree, body)
    return {name: places.of(one) for one in tree.root.iter() if (name := one.get("id"))}


@pytest.mark.parametrize(
    ("inside", "place"),
    [
        (f"<article><i id=x></i>{BODY}</article>", Place.IN_POST),
        (f"<article><header><i id=x></i></header>{BODY}</article>", Place.IN_POST),
        (f"<article id=x>{BODY}</article>", Place.IN_POST),  # around the body
        (f"<article><div>{BODY}</div><i id=x></i></article>", Place.IN_POST_AFTER),
        (f"<article>{BODY}</article><i id=x></i>", None),
        (f"<i id=x></i><article>{BODY}</article>", Place.BEFORE),
        (f"<div class=type-post><i id=x></i>{BODY}</div>", Place.IN_POST),
        (f"<div itemtype='https://schema.org/NewsArticle'><i id=x></i>{BODY}</div>", Place.IN_POST),
        (f"<div itemtype='http://schema.org/BlogPosting'><i id=x></i>{BODY}</div>", Place.IN_POST),
        (f"<article><section class=hentry>{BODY}</section><i id=x></i></article>", None),  # the innermost post counts
        (f"<div><i id=x></i>{BODY}</div>", Place.BEFORE),  # no post is marked: the page's own classes do not count
        (f"<div>{BODY}</div><i id=x></i>", Place.AFTER),
        (f"<main><i id=x></i>{BODY}</main>", Place.IN_POST),
        (f"<main>{BODY}<i id=x></i></main>", Place.AFTER),
        (f"<main>{BODY}</main><i id=x></i>", None),
        (f"<div role=main>{BODY}</div><i id=x></i>", None),
        ("<article><div id=body><i id=x></i></div></article>", Place.IN_BODY),
        ("<article><div id=body><article><i id=x></i></article></div></article>", None),
        (f"<article><ul class=related-posts><li id=x></li></ul>{BODY}</article>", None),
        *(
            (f"<article><div class={name}><i id=x></i></div>{BODY}</article>", None)
            for name in (
                *("hentry", "type-post", "wp-block-query", "wp-block-latest-posts", "post-related", "widget"),
                *("comment-list", "commentlist"),
            )
        ),
        *(
            (f"<article>{BODY}{CARD.replace('h3', tag)}</article>", None if tag < "h7" else Place.IN_POST_AFTER)
            for tag in ("h2", "h4", "h5", "h6", "h7")
        ),
        (f"<article>{BODY}<div><h3>No link</h3><i id=x></i></div></article>", Place.IN_POST_AFTER),
        (f"<article>{BODY}<div><h3><a>No address</a></h3><i id=x></i></div></article>", Place.IN_POST_AFTER),
        (f"<article>{BODY}{CARD}</article>", None),  # one heading with a link: the card of another article
        (f"<article>{BODY}<div>{CARD}{CARD.replace('id=x', '')}</div></article>", None),
        (f"<article>{CARD}{BODY}</article>", Place.IN_POST),  # before the body, it is the article's own
        (f"<article>{BODY}{CARD.replace('/other/', '/author/x/')}</article>", Place.IN_POST_AFTER),
        (f"<article>{BODY}{CARD.replace('/other/', '/a/#respond')}</article>", Place.IN_POST_AFTER),
        (
            f"<article>{BODY}<div><h3><a href=/a/>A</a></h3><h3><a href=/b/>B</a></h3><i id=x></i></div></article>",
            Place.IN_POST_AFTER,
        ),
    ],
)
def test_the_place_of_an_element(inside: str, place: Place | None) -> None:
    assert places_of(inside)["x"] is place
    assert places_of(inside)["body"] is Place.IN_BODY


def test_the_best_place_is_the_posts_own() -> None:
    found = "<a class=tag>{}</a>".format
    for inside, best in (
        (f"{found(1)}<article>{found(2)}<div id=body>{found(3)}</div>{found(4)}</article>", ["2", "4"]),
        (f"{found(1)}<article><div id=body>{found(3)}</div></article>", ["1"]),
        (f"{found(1)}<div id=body>{found(2)}</div>{found(3)}", ["1"]),
        (f"<div id=body>{found(1)}</div>{found(2)}", ["2"]),
        (f"<article><div id=body>{found(1)}</div></article>{found(2)}", ["1"]),
    ):
        tree = Document(f"<html><body>{inside}</body></html>").tree
        places = Places(tree, tree.find('[id="body"]')[0])
        assert [one.text for one in places.own(tree.find(".tag"))] == best


def read(before: str = "", after: str = "", text: str = "<p>Text.</p>") -> dict[str, Any]:
    page = (
        "<html><body class='single single-post postid-7'><article class='hentry'><h1 class='entry-title'>A Story</h1>"
        f"{before}<div class='entry-content'>{text}</div>{after}</article></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    return record


def test_a_breadcrumb_is_no_section() -> None:
    crumbs = "<nav class='the-breadcrumbs'><a href='/category/all/'>All</a></nav>"
    assert read(f"{crumbs}<p><a href='/category/news/'>News</a></p>")["sections"] == ["News"]


def test_bios_of_several_authors() -> None:
    names = "<a rel='author' href='/author/al/'>Al Fox</a> and <a rel='author' href='/author/bo/'>Bo Ray</a>"
    box = "<div><b>{}</b><div class='author-box-content'><p class='author-description'>{}</p> All posts</div></div>"
    both = "<div><b>Al Fox, Bo Ray</b><p class='author-description'>They write.</p></div>"
    other = "<div class='widget'><b>Al Fox</b><p class='author-description'>Of another.</p></div>"
    record = read(
        f"<p>{names}</p>",
        other + both + box.format("Bo Ray", "Bo sails with Al Fox.") + box.format("Al Fox", "Al runs."),
    )
    assert [(author["name"], author["bio"]) for author in record["authors"]] == [
        ("Al Fox", "Al runs."),
        ("Bo Ray", "Bo sails with Al Fox."),
    ]


def test_a_bio_beside_no_name_is_nobodys() -> None:
    names = "<a rel='author' href='/author/al/'>Al Fox</a> and <a rel='author' href='/author/bo/'>Bo Ray</a>"
    bio = "<div class='author-description'>Writes. <a href='/x/'>More</a> <a rel='author' href='/y/'>All</a></div>"
    record = read(f"<p>{names}</p>", f"<div><div><div><div><div>{bio}</div></div></div></div></div>")
    assert [author["bio"] for author in record["authors"]] == [None, None]


def test_a_bio_of_nothing_but_the_link_to_all_posts_is_none() -> None:
    bio = "<div class='author-description'><a rel='author' href='/author/al/'>All posts</a></div>"
    record = read("<p><a rel='author' href='/author/al/'>Al Fox</a></p>", bio)
    assert [author["bio"] for author in record["authors"]] == [None]


def test_a_bio_beside_no_name_is_that_of_the_only_author() -> None:
    bio = "<div><div><div><div><div><div class='author-description'>Writes.</div></div></div></div></div></div>"
    record = read("<p><a rel='author' href='/author/al/'>Al Fox</a></p>", bio)
    assert [author["bio"] for author in record["authors"]] == ["Writes."]


def test_a_bio_ends_without_the_link_to_all_posts_but_with_others() -> None:
    bio = "<div class='author-description'>He writes for <a href='/x/'>the Times</a>{}</div>".format
    for after in (
        "",
        " <a rel='author' href='/author/al/'>All posts</a>",
        " <a class='author-link' href='/'>More</a>",
    ):
        record = read("<p><a rel='author' href='/author/al/'>Al Fox</a></p>", bio(after))
        assert [author["bio"] for author in record["authors"]] == ["He writes for the Times"]


def test_a_byline_with_other_words_is_made_of_the_names() -> None:
    names = "<a rel='author' href='/author/al/'>Al Fox</a> {} <a rel='author' href='/author/bo/'>Bo Ray</a>"
    assert read(f"<p>{names.format('and')}</p>")["byline"] == "Al Fox and Bo Ray"
    portrait = "<i><a rel='author' href='/author/al/'><img src='/al.jpg'></a></i>"
    assert read(f"{portrait}<p>{names.format('and')}</p>")["byline"] == "Al Fox and Bo Ray"
    assert read(f"<p>{names.format('on Monday, read by')}</p>")["byline"] == "Al Fox, Bo Ray"


def test_a_byline_inside_another_names_no_one_twice() -> None:
    nested = "<span class=byline>{}<span class=author>Al Fox</span></span>"
    assert [author["name"] for author in read(nested.format("By "))["authors"]] == ["Al Fox"]
    assert [author["name"] for author in read(nested.format("Bo Ray, "))["authors"]] == ["Bo Ray, Al Fox"]


def test_the_featured_picture_in_the_text_is_its_first_one() -> None:
    first, second = "<p><img src='/1.jpg'></p>", "<p><img class='wp-post-image' src='/2.jpg'></p>"
    assert [image["role"] for image in read(text=f"{first}{second}")["images"]] == ["body", "body"]
    assert [image["role"] for image in read(text=f"{second}{first}")["images"]] == ["lead", "body"]


def test_a_film_in_place_of_the_featured_picture_where_no_post_is_marked() -> None:
    page = (
        "<html><body class='single single-post postid-7'><h1>A Story</h1><div class='post-thumbnail'>"
        "<iframe src='https://youtu.be/abcdefghijk'></iframe></div>"
        "<div class='entry-content'>Text.</div></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert [embed["kind"] for embed in record["embeds"]] == ["youtube"]


def test_a_caption_in_the_text_is_not_that_of_the_featured_picture() -> None:
    featured = "<div><div class='post-thumbnail'><img src='/1.jpg'></div>{}</div>".format
    text = "<figure><img src='/2.jpg'><figcaption>Snow</figcaption></figure>"
    for beside, caption in (("", None), ("<p class='wp-caption-text'>Rain</p>", "Rain")):
        captions = [(image["role"], image["caption"]) for image in read(featured(beside), text=text)["images"]]
        assert captions == [("lead", caption), ("body", "Snow")]


def test_the_headline_is_the_heading_next_to_the_text() -> None:
    page = (
        "<html><body class='single single-post postid-7'><h1>Our Paper</h1><h1>A Story</h1>"
        "<div class='entry-content'><p>Text.</p></div></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["headline"] == "A Story"


SEPARATORS = *"|–—•·»›«‹:~*⋆-", "&lt;", "&gt;"
TITLE = "<meta property='og:title' content='A Story'>"


@pytest.mark.parametrize(
    ("head", "inside", "headline"),
    [
        ("<title>A Story | IFP</title>", "<h2>A Story</h2>{}", "A Story"),  # before the post's own element
        (TITLE, "{}<h2>A Story</h2>", "A Heading"),  # after it, it may be another's
        (f"<title>IFP - A Story</title>{TITLE}", "<div><h2>A Story</h2></div>{}", "A Story"),
        ("<title>A Story of Two Towns</title>", "<h2>A Story</h2>{}", "A Heading"),
        ("<title>Our Paper | News</title>", "<h2 class=site-title>Our Paper</h2>{}", "A Heading"),
        ("<title>Our Paper | News</title>", "<div id=logo><h2>Our Paper</h2></div>{}", "A Heading"),
        *(
            ("<title>Our Paper | News</title>", f"<div class={name}><b><h2>Our Paper</h2></b></div>{{}}", "A Heading")
            for name in ("sitename", "site-name", "sitebranding", "site-logo", "brand", "navbar-brand", "x_logo")
        ),
        ("<title>Our Paper | News</title>", "<div class=firebrand><h2>Our Paper</h2></div>{}", "Our Paper"),
        ("<title>Our Paper | News</title>", "<div class=logos><h2>Our Paper</h2></div>{}", "Our Paper"),
        ("<title>Our Paper | News</title>", "<div class=site-header><h2>Our Paper</h2></div>{}", "Our Paper"),
        ("<title>Our Paper | News</title>", "<div class=logo><i><i><h2>Our Paper</h2></i></i></div>{}", "Our Paper"),
        ("<title>Our Paper | News</title>", "<div><h2>Our Paper</h2></div>{}", "Our Paper"),
        ("<title>News</title>", "<svg><title>Search</title></svg><h2>Search</h2>{}", "A Heading"),
        ("<title>IFP - A Heading</title>", "<h2>IFP</h2>{}", "A Heading"),
        ("<title>Iran: A Heading | IFP</title>", "<h3>Iran</h3>{}", "A Heading"),  # a label
        ("<title>Our View: Go | IFP</title>", "<h3>Our View</h3><h2>Our View: Go</h2>{}", "Our View: Go"),
        *((f"<title>A Story {sign} IFP</title>", "<h3>A Story</h3>{}", "A Story") for sign in SEPARATORS),
        ("<title>A Story: IFP</title>", "<h3>A Story</h3>{}", "A Story"),
        ("<title>A Story Now</title>", "<h3>A Story</h3>{}", "A Heading"),
        ("<title>A Story | IFP</title>", "<h2><a href='/a-story/'>A Story</a></h2>{}", "A Story"),
        ("<title>Our Paper | News</title>", "<h2><a></a><a href='/'>Our Paper</a></h2>{}", "A Heading"),
        (
            "<title>Our Long View: Go</title>",
            "<h3>Our Long View</h3><h2>Our Long View: Go</h2>{}",
            "Our Long View: Go",
        ),
        (
            "<title>Our Long View: Go</title>",
            "<h2>Our Long View: Go</h2><h3>Our Long View</h3>{}",
            "Our Long View: Go",
        ),
        ("<title>- IFP</title>", "<h2>Of Another</h2>{}", "A Heading"),  # of a post without a title
        ("", "<h2>A Story</h2>{}", "A Heading"),
    ],
)
def test_a_heading_of_the_text_is_the_headline_only_if_none_has_the_pages_title(
    head: str, inside: str, headline: str
) -> None:
    text = "<article><div class='entry-content'><h1>A Heading</h1><p>Text.</p></div></article>"
    page = f"<html><head>{head}</head><body class='single single-post postid-7'>{inside.format(text)}</body></html>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["headline"] == headline


def test_without_another_the_first_heading_of_the_text_is_the_headline() -> None:
    page = (
        "<html><body class='single single-post postid-7'><article class='hentry'><div class='entry-content'>"
        "<h1>A Story</h1><p>Text.</p><h1>Part Two</h1><p>More.</p></div></article></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["headline"] == "A Story"


def test_a_headline_with_the_name_of_a_standfirst_is_none() -> None:
    title = "<h2 class='entry-title'><span class='entry-headline'>{}</span></h2>"
    assert read(title.format("A Story"))["lead"] is None
    assert read(title.format("A long one"))["lead"] == "A long one"


TEASER = "<div class='hentry post-8'><div class='entry-content'>Other.</div></div>"
OWN = "<div class='hentry post-7'>{}<div class='text'>Text.</div></div>"


@pytest.mark.parametrize(
    "inside",
    [
        OWN.format("") + TEASER,
        OWN.format(TEASER),
        f"{OWN.format('')}<div class='hentry post-9'><div class='post-content'>Third.</div></div>{TEASER}",
    ],
    ids=["beside the post", "in it", "by several names"],
)
def test_a_teaser_is_not_the_text_of_a_post_whose_own_has_an_unknown_name(inside: str) -> None:
    page = f"<html><body class='single single-post postid-7'><h1>A Story</h1>{inside}</body></html>"
    with pytest.raises(ifp_scraper.UnreadablePage, match="no body element"):
        ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    record = ifp_scraper.extract(page.replace("'text'", "'entry'"), "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Text."


def test_a_page_that_does_not_mark_its_own_post_is_read_though_the_numbers_differ() -> None:
    page = f"<html><body class='single single-post postid-7'><h1>A Story</h1>{TEASER}</body></html>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Other."


def test_a_standfirst_in_the_posts_header_is_not_the_text() -> None:
    standfirst = "<header><div class='entry-content'>Before all.</div></header>"
    assert read(standfirst)["body"] == "Text."


@pytest.mark.parametrize(
    "inside",
    [
        f"{TEASER}<div class='hentry post-7'><header>{{}}</div>",
        f"<header>{TEASER}<div class='hentry post-7'>{{}}</div>",
        "<header><div class='wp-block-query'><div class='entry-content'>Other.</div></div><main>{}</main>",
        "<div class='hentry post-7'><header>{}</header></div><div class='entry-content'>Of the site.</div>",
        "<article><header>{}</header><div class='hentry'><div class='entry-content'>A.</div></div></article>",
        "<article><div><header>{}</header></div><footer><div class='entry-content'>By A.</div></footer></article>",
    ],
    ids=["the post's", "the site's", "around a list", "beside the site's foot", "above a teaser", "above a footer"],
)
def test_a_text_in_a_header_is_the_posts_if_no_other_is(inside: str) -> None:
    text = "<h1>A Story</h1><div class='entry-content'><p>Text.</p></div>"
    page = f"<html><body class='single single-post postid-7'>{inside.format(text)}</body></html>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Text."


@pytest.mark.parametrize("number", ["", "postid-7"])
def test_a_page_of_a_great_many_posts_takes_no_seconds(number: str) -> None:
    names = "entry-content post-content article-content post-entry post_content entry"
    posts = f"<div class='hentry post-8'><div class='{names}'>Other.</div></div>" * 3000
    own = (
        f"<div class='hentry post-7'>{'<a href=/a/>A</a>' * 10_000}<div class='single-post-content'>Text.</div></div>"
    )
    began = time.process_time()
    record = ifp_scraper.extract(
        f"<html><body class='single single-post {number}'>{posts}{own}</body></html>", "https://ifpnews.com/a-story/"
    )
    assert time.process_time() - began < 2  # once it took 14, without the post's number
    assert record is not None
    assert record["body"] == ("Text." if number else "Other.")


def test_a_theme_may_number_posts_in_its_own_way_too() -> None:
    text = "<div class='entry-content'><p>Text.</p></div>"
    page = (
        "<html><body class='single single-post postid-7'><h1>A Story</h1><div class='hentry post-7'>"
        f"<div class='post-1 post-7 hentry'>{text}</div></div></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Text."


def test_a_text_in_a_list_of_others_is_not_the_articles() -> None:
    page = (
        "<html><body class='single single-post'><div class='wp-block-query'><div class='entry-content'>"
        "Other.</div></div>"
        "<div class='entry-content'><p>Text.</p></div></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "Text."


@pytest.mark.parametrize(("text", "is_text"), [("Long. " * 20, True), ("By Writer.", False)])
@pytest.mark.parametrize("outer", ["post-content", "post-entry", "entry"])
def test_a_body_pasted_into_a_body_is_only_part_of_it(outer: str, text: str, is_text: bool) -> None:
    body = f"<div class='{outer}'><p>{text}</p><div class='entry-content'><p>Pasted.</p></div><p>{text}</p></div>"
    page = f"<html><body class='single single-post postid-7'><h1>A Story</h1><div class=hentry>{body}</div></body>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert (text.strip() in record["body"]) is is_text
    assert "Pasted." in record["body"]
