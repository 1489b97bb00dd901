"""Where a body ends when a tag in the text has no partner, and what else libxml2 nests as no browser does."""

from __future__ import annotations

from time import process_time

import pytest

import ifp_scraper
from ifp_scraper.pages.misnested_tables import mend_tables
from ifp_scraper.pages.stray_ends import drop_stray_ends
from ifp_scraper.pages.unclosed_divs import close_divs, close_forms

OF_THE_POST = "<footer><p class='td-post-source-tags'>Tags</p></footer>"


def text_of(inside: str) -> str:
    page = (
        "<html><body class='single single-post postid-7'><h1 class='entry-title'>A Story</h1>"
        f"<main><article>{inside}</article></main><aside>Of the site.</aside></body></html>"
    )
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    return str(record["body"]).replace("\n\n", " ")


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ("<p>Two.</p><footer></footer>", "One. Two."),
        ("Two.<footer></footer>", "One. Two."),
        ("Two.", "One. Two."),
        ("<p>Two.</p>", "One."),  # below it there is no footer
        ("<p>Two.</p><p>Three.</p><footer></footer><p>Four.</p>", "One. Two. Three."),
        ("<div>Two.</div><footer></footer>", "One. Two."),
        ("<p class=x>Two.</p><footer></footer>", "One. Two."),
        ("<div class='wp-block-group'>Two.</div><footer></footer>", "One. Two."),
        *((f"<{tag} class=x>Two.</{tag}><footer></footer>", "One.") for tag in ("div", "section", "aside", "nav")),
        ("<form class=x><p>Two.</p></form><p>Three.</p><footer></footer>", "One."),
        ("<div class='td-a-rec'>Ad</div><p>Two.</p><footer></footer>", "One. Two."),
        ("<div class='td-a-rec'>Ad</div><div class=x>Two.</div><footer></footer>", "One."),
        ("<p>Two.</p><div class=x>Three.</div><footer></footer>", "One. Two. Three."),
        ("<p class='td-x'>Two.</p><footer></footer>", "One. Two."),
    ],
)
def test_what_stands_between_the_body_and_the_footer(after: str, text: str) -> None:
    assert text_of(f"<div class='td-post-content'><p>One.</p></div>{after}") == text


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (f"<p>Two.</p>{OF_THE_POST}", "One. Two."),
        *(
            (f"<p>Two.</p>{OF_THE_POST.replace('td-post-source-tags', name)}", "One. Two.")
            for name in ("td-page-meta", "td-author-name", "author-box-wrap")
        ),
        ("<p>Two.</p><footer><p class='x'>Imprint</p></footer>", "One."),  # the site's
        (f"<p>Two.</p><div class='td-pb-span4'>Three.</div>{OF_THE_POST}", "One."),
        (f"<p>Two.</p><div class='x td-y'>Three.</div>{OF_THE_POST}", "One. Two. Three."),
    ],
)
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_what_has_escaped_from_boxes_around_the_body(after: str, text: str, depth: int) -> None:
    body = "<div>" * depth + "<div class='td-post-content'><p>One.</p></div>" + "</div>" * depth
    assert text_of(body + after) == (text if depth < 4 else "One.")


@pytest.mark.parametrize("name", ["td-post-source-tags", "td-post-next-prev", "author-box-wrap"])
def test_what_a_classic_body_has_swallowed(name: str) -> None:
    footer = f"<footer><b class='{name}'>Al Fox</b></footer><p>Three.</p>"
    for unclosed in ("", "<div>", "<div><section>"):
        body = f"<div class='td-post-content'><p>One.</p>{unclosed}<p>Two.</p>{footer}<p>Four.</p>"
        assert text_of(body) == "One. Two."
    body = f"<div class='td-post-content'><p>One.</p><i class='{name}'>x</i><p>Two.</p></div>"  # has only such a name
    assert text_of(body) == "One. Two."


@pytest.mark.parametrize("name", ["tdb_single_tags", "tdb_single_next_prev", "tdb-author-box"])
def test_what_a_block_with_the_text_has_swallowed(name: str) -> None:
    block = "<div class='td_block_wrap tdb_single_content'><div class='tdb-block-inner'><p>One.</p>{}</div></div>"
    below = f"<p>Two.</p><div class='td_block_wrap {name}'>Al Fox</div><p>Three.</p>"
    assert text_of(block.format(f"<div>{below}")) == "One. Two."
    assert text_of(block.format(below)) == "One. Two."
    assert (
        text_of(block.format("</div><p>Two.</p>") + f"<div class='td_block_wrap {name}'>Al Fox</div>") == "One. Two."
    )


def blocks_of(inside: str) -> list[tuple[str, str]]:
    page = f"<body class='single single-post postid-7'><article><div class='td-post-content'>{inside}</div></article>"
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    return [(block["kind"], block["text"]) for block in record["blocks"]]


@pytest.mark.parametrize(
    "inside",
    [
        *(f"One.{end}Two." for end in ("</p>", "</P>", "</p >", "</p>\n")),
        *(f"One.</p><{tag}>Two.</{tag}>" for tag in ("a", "i", "q", "strong", "span class=x", "cite", "sup")),
        "<div>One.</p>Two.</div>",
        "<span>One.</p>Two.</span>",
        "<p>One.</p>Two.",
    ],
)
def test_the_end_of_a_paragraph_that_was_not_open_ends_one(inside: str) -> None:
    assert blocks_of(inside) == [("paragraph", "One."), ("paragraph", "Two.")]


@pytest.mark.parametrize(
    ("tag", "kind", "block"),
    [
        ("h2", "heading", "<p>Two.</p>"),
        ("H5", "heading", "<table><tr><td>Two.</td></tr></table>"),
        ("pre", "preformatted", "<dl><dt>Two.</dt></dl>"),
        ("address", "paragraph", "<dl><dd>Two.</dd></dl>"),
    ],
)
def test_what_follows_another_element_in_an_element_ends_with_both(tag: str, kind: str, block: str) -> None:
    first, *_, three, four = blocks_of(f"<{tag}>One.{block}three.</{tag}>Four.")
    assert first == (kind, "One.")
    assert (three[1], four) == ("three.", ("paragraph", "Four."))


def test_what_follows_a_block_in_a_paragraph_ends_with_it() -> None:
    assert blocks_of("<p>One:<blockquote>Two.</blockquote>three.</p>Four.") == [
        ("paragraph", "One:"),
        ("quote", "Two."),
        ("paragraph", "three."),
        ("paragraph", "Four."),
    ]


@pytest.mark.parametrize(
    ("inside", "kinds"),
    [
        ("<blockquote><div>One.</blockquote>", ["quote"]),
        ("<BLOCKQUOTE><DIV><div><p>One.</p></div></BLOCKQUOTE><div>", ["quote"]),
        ("<blockquote><!-- </div> --><div>One.</blockquote>", ["quote"]),
        ("<h3><div>One.</h3>", ["heading"]),
        ("<ul><li><div>One.</li><li>Two.</li></ul>", ["list_item"] * 2),
        ("<ul><li><div>One.<li><div>Two.</ul>", ["list_item"] * 2),
        ("<ol><li>One.<ul><li><div>Two.</ul></ol>", ["list_item"] * 2),
        ("<table><tr><td><blockquote><div>One.</blockquote><td>Two.</table>", ["table_row"]),
        ("<blockquote><div><table><tr><td><div>One.</blockquote><td>Two.</table></blockquote>", ["table_row"]),
        ("<details><summary>One.</summary><div>Two.</details>", ["paragraph"] * 2),
        ("<div>One.</div></blockquote><div>", ["paragraph"]),
    ],
)
def test_a_box_that_was_not_closed_ends_with_what_it_is_in(inside: str, kinds: list[str]) -> None:
    *blocks, last = blocks_of(f"{inside}<p>Last.</p>")
    assert [kind for kind, _ in blocks] == kinds
    assert last == ("paragraph", "Last.")


def test_a_box_that_was_not_closed_ends_with_a_caption() -> None:
    frame = "<figure><img src='/a.jpg'><figcaption><div>A mill.</figcaption>{}</figure>"
    for inside in ("<p>One.</p>", "<div><p>One.</p></div>"):
        assert blocks_of(frame.format(inside)) == [("paragraph", "One.")]


@pytest.mark.parametrize(
    "inside", ["<ul><li><div>One.</li></div><li>Two.</li></ul>", "<blockquote><div>One.</blockquote></div>"]
)
def test_tags_that_cross_lose_no_text_to_a_box_left_open_elsewhere(inside: str) -> None:
    body = f"{inside}<p>Last.</p>"
    assert blocks_of(f"<div>{body}")[-1][1] == "Last."


@pytest.mark.parametrize("tag", ["article", "main", "section", "SECTION"])
def test_a_box_that_was_not_closed_ends_with_the_article(tag: str) -> None:
    post = "<div class='entry-content'><p>One.</p><div><p>Two.</p></div><footer><div>Tags</footer>"
    for page in (f"<{tag} class=hentry>{post}</{tag}><p>Three.</p>", f"<div><{tag}>{post}</{tag}></div><p>Three.</p>"):
        record = ifp_scraper.extract(
            f"<body class='single single-post postid-7'>{page}", "https://ifpnews.com/a-story/"
        )
        assert record is not None
        assert "Three." not in record["body"]


@pytest.mark.parametrize("box", ["<div/>", "<div class='clear' />", '<DIV class="x"/>', "<div id=x />"])
def test_an_empty_box_without_an_end_tag_is_closed(box: str) -> None:
    for inside in (f"<h2>One{box}</h2>", f"<ul><li>One{box}</li></ul>", f"<blockquote>One{box}</blockquote>"):
        page = f"<body class='single single-post postid-7'><div class='entry-content'>{inside}<p>Two.</p></div>"
        record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
        assert record is not None
        assert [block["text"] for block in record["blocks"]] == ["One", "Two."]


def below_a_post(inside: str) -> list[tuple[str, str]]:
    """Return the blocks after this in a post's text, and what follows the text."""
    post = f"<div class='entry-content'>{inside}</div><p>Below.</p>"
    record = ifp_scraper.extract(
        f"<body class='single single-post postid-7'><div>{post}</div>", "https://ifpnews.com/a-story/"
    )
    assert record is not None
    return [(block["kind"], block["text"]) for block in record["blocks"]]


@pytest.mark.parametrize(
    "cells",
    [
        "<td>One.",
        "<tr><td>One.",
        "<TR class=x>\n<td width=9>One.",
        "<tbody><tr><td>One.",
        "<td>One.</td></tr></table>",
    ],
)
def test_cells_without_a_table_are_blocks_that_end_with_the_text(cells: str) -> None:
    assert below_a_post(f"<p>Zero.</p>{cells}<p>Two.</p>") == [
        ("paragraph", "Zero."),
        ("paragraph", "One."),
        ("paragraph", "Two."),
    ]
    assert below_a_post(f"<table><tr><td>Zero.</td></tr></table>{cells}")[1:] == [("paragraph", "One.")]


@pytest.mark.parametrize(
    "table",
    [
        "<table>{}",
        "<table><tbody>{}</tbody>",
        "<table><tr><td>Zero.</table><table>{}",
        "<table><tr><td><table>{}</table>",
        "<div><table>{}</div>",
        "<table><tr><td><div>Zero.</div>{}",
    ],
)
def test_a_table_without_its_end_ends_with_the_text(table: str) -> None:
    blocks = below_a_post(table.format("<tr><td>One.</td></tr>"))
    assert "One." in blocks[-1][1]
    assert all("Below." not in text for _, text in blocks)


def test_a_table_without_its_end_ends_with_its_figure() -> None:
    table = "<figure class='wp-block-table'><table><tbody><tr><td>One.</td></tr></tbody></figure>"
    assert below_a_post(f"{table}Two.") == [("table_row", "One."), ("paragraph", "Two.")]


def test_a_stray_end_tag_in_a_cell_does_not_end_the_table() -> None:
    table = "<table><tr><td>One.</div></td><td>Two.</td></tr></table>"
    assert below_a_post(table) == [("table_row", "One. | Two.")]


@pytest.mark.parametrize(
    "other", ["<table><tr><td>x</td></tr>", "<div><table><tr><td>x</td></tr></div>", "<div><table><tr><td>x</div>"]
)
def test_a_stray_end_tag_in_a_cell_does_not_end_the_table_where_another_lacks_its_end(other: str) -> None:
    table = "<table><tr><td>One.</div></td><td>Two.</td></tr></table><p>Three.</p>"
    blocks = [("table_row", "One. | Two."), ("paragraph", "Three.")]
    assert blocks_of(f"{table}</div></article><footer>{other}</footer><article><div>") == blocks
    assert blocks_of(table + other)[:2] == blocks
    assert blocks_of(f"<div>{other}</div>{table}")[-2:] == blocks


def test_tables_are_mended_in_a_moment() -> None:
    started = process_time()
    for form in (b"<form", b"<form>", b"<form></form>", b"</form><form>", b"<form><input>", b"<form><div><input "):
        close_forms(form * 50_000)
    for inside in (b"<input>", b"<div><input>", b"<button", b"<select>", b"<div>"):
        close_forms(b"<form>" + inside * 50_000)
    for inside in ("<td>", "<table><td>", "<table><td></div>", "<table><div>", "<td ", "<table"):
        mend_tables(inside.encode() * 50_000)
    assert process_time() - started < 5


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("<form action='/x/'><input name=a>", ["One.", "Two."]),
        ("<form><label>Mail</label><input></DIV><form class=x><p>Zero.</p>", ["One.", "Zero.", "Two."]),
        ("<form><input><form><p>Zero.</p></form>", ["One.", "Two."]),
        ("<form><p>Zero.</p></form>", ["One.", "Two."]),
        ("<form><p>Zero.</p></form><form>", ["One.", "Two."]),
    ],
)
def test_a_form_without_its_end_keeps_no_text_to_itself(form: str, texts: list[str]) -> None:
    assert [text for _, text in blocks_of(f"<div><p>One.</p>{form}<p>Two.</p></div>")] == texts


FIELDS = "<p>Subscribe</p><label>Mail</label><input name=a>"


@pytest.mark.parametrize(
    "form",
    [
        f"<div class='news-box'><form>{FIELDS}</div>",
        f"<form>{FIELDS}",
        f"<form><div><div>{FIELDS}<p>No spam</p></div></div>",
        f"<form><div><p>Subscribe</p></div><div>{FIELDS}</div>",
        f"<form><table><tr><td>{FIELDS}</td></tr></table>",
        f"<form>{FIELDS}<BUTTON type=submit>Subscribe</BUTTON>",
        f"<form>{FIELDS}<select>{'<option>Subscribe</option>' * 99}</select>",
        f"<form>{FIELDS}<textarea>Subscribe</textarea>",
        f"<form>{FIELDS}<input type=checkbox><label>I agree</label>",
        f"<form><p>{FIELDS}<form class=x>{FIELDS}</form>",
    ],
)
def test_a_form_without_its_end_ends_behind_its_last_control(form: str) -> None:
    assert [text for _, text in blocks_of(f"<div><p>One.</p>{form}<p>Two.</p></div><p>Three.</p>")] == [
        "One.",
        "Two.",
        "Three.",
    ]


@pytest.mark.parametrize("control", ["<input>", "<button>Share</button>", "<form><input></form>"])
@pytest.mark.parametrize(
    "form", ["<form><input>", "<form>", "<form><div><input>", "<div><form><div><input></div></div>"]
)
def test_no_control_far_below_belongs_to_a_form_without_its_end(form: str, control: str) -> None:
    text = "Rain. " * 200
    blocks = blocks_of(f"{form}<p>One.</p><p>{text}</p>{control}<p>Two.</p>")
    assert [text for _, text in blocks] == ["One.", text.strip(), "Two."]


def test_boxes_are_closed_in_a_moment() -> None:
    started = process_time()
    openings = "<div>", "<pre>" + "<div>" * 60 + "</h1>", "<!--<div>", "<li><div>", "</pre><div>", "<div a"
    for inside in openings:
        close_divs(inside.encode() * 20_000)
    assert process_time() - started < 5


@pytest.mark.parametrize(
    "heading",
    [
        *(f"<h{level}><p>One</p></h{level}>" for level in range(1, 7)),
        "<H2 class=x>\n<P class=y>One</P>\n</H2>",
        *(f"<h2><{tag}><p>One</p></{tag}></h2>" for tag in ("b", "i", "u", "em", "strong", "font size=5")),
    ],
)
def test_a_paragraph_in_a_heading_is_the_heading(heading: str) -> None:
    assert blocks_of(f"{heading}<p>Two.</p>") == [("heading", "One"), ("paragraph", "Two.")]
    assert blocks_of(heading.replace("One", "") + "<p>Two.</p>") == [("paragraph", "Two.")]


@pytest.mark.parametrize(
    ("inside", "headings"),
    [
        ("<h3>One</h2>", ["One"]),
        ("<H3 class=x><strong>O</strong>ne<br/></H4 >", ["One"]),
        ("<h2>One</h2><h3>Two</h3>", ["One", "Two"]),
        ("<h3>One<h3>Two</h3>", ["One", "Two"]),
        ("<H3 class=x>O<i>n</i>e<H3 id=y>Two</h3>", ["One", "Two"]),
        ("<h3><strong>One</strong><h3><p>Two</p></h3>", ["One", "Two"]),
        ("<h2><h2>One</h2></h2>", ["One"]),
    ],
)
def test_the_tag_of_another_level_ends_a_heading(inside: str, headings: list[str]) -> None:
    assert blocks_of(f"{inside}Three.") == [*(("heading", text) for text in headings), ("paragraph", "Three.")]


@pytest.mark.parametrize(
    "name", ["style='color:red; Display: none'", "hidden", "class='x screen-reader-text'", "class=wp-caption-text"]
)
def test_what_is_hidden_or_a_caption_in_a_heading_is_not_the_heading(name: str) -> None:
    assert blocks_of(f"<h2><p {name}>One</p></h2><p>Two.</p>") == [("paragraph", "Two.")]


def test_a_headline_whose_end_tag_lacks_its_slash() -> None:
    post = "<h1 class='entry-title'>{}<h1><p class='byline'>Al Fox</p><div class='entry-content'><p>One.</p></div>"
    for headline in ("A Story", "<a href='/a-story/'>A Story</a>", "<span>A Story</span>"):
        page = f"<body class='single single-post postid-7'><article>{post.format(headline)}</article>"
        record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
        assert record is not None
        assert (record["headline"], record["body"]) == ("A Story", "One.")


def test_a_headline_in_a_paragraph() -> None:
    page = "<body class='single single-post postid-7'><article><h1 class='entry-title'><p>A Story</p></h1>{}</article>"
    body = "<div class='td-post-content'><p>One.</p></div>"
    record = ifp_scraper.extract(page.format(body), "https://ifpnews.com/a-story/")
    assert record is not None
    assert (record["headline"], record["body"]) == ("A Story", "One.")


def page_of_any_theme(text: str, around: str, below: str = "<footer class='entry-footer'>{}</footer>") -> str:
    labels = "<p class='posted-by'><a href='/author/x/' rel='author'>Writer</a></p>"
    return (
        f"<html><body class='single single-post postid-7'><div><{around}><h1 class='entry-title'>A Story</h1>"
        f"<div class='entry-content'>{text}</div>{below.format(labels)}</{around}></div>"
        "<div><p>Of the site.</p></div></body></html>"
    )


@pytest.mark.parametrize("around", ["article", "main"])
@pytest.mark.parametrize(
    "text",
    [
        *("<p>One.</p></div><p>Two.</p>", "<p>One.</p></div></div> Two.", "One.</div> </div><h2 style=''>Two.</h2>"),
        "<div>One.</div></div><p class='has-text'>Two.</p>",
        "<div><p>One.</p></div></div><p>Two.</p></div>",
        "<div>One.<div>Two.</div>",
        "<p>One.</p><div class='box'><p>Two.</p>",
    ],
)
def test_a_body_of_any_theme_ends_where_it_should(text: str, around: str) -> None:
    record = ifp_scraper.extract(page_of_any_theme(text, around), "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "One.\n\nTwo."
    assert record["byline"] == "Writer"


@pytest.mark.parametrize(
    "below",
    ["</div><div class='tags'>{}</div>", "</div><footer>{}</footer>", "</div><p class='tags'>{}</p>", "</div>{}"],
)
def test_an_end_that_a_theme_prints_too_often_is_not_that_of_the_body(below: str) -> None:
    page = page_of_any_theme("<p>One.</p>", "article", below)
    record = ifp_scraper.extract(page, "https://ifpnews.com/a-story/")
    assert record is not None
    assert record["body"] == "One."


@pytest.mark.parametrize(
    "part", ["<article>", "<article></article>", "<article></div>", "<div class='entry-content ", "</div>", "<div "]
)
def test_ends_of_a_great_many_bodies_take_no_seconds(part: str) -> None:
    page = f"<article><div class='entry-content'>{part * 100_000}</div></div></div></article>".encode()
    start = process_time()
    drop_stray_ends(page)
    assert process_time() - start < 2
