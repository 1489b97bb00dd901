"""Lines of words that mean something: a byline, the outlet of an article, links to others."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ifp_scraper.items import Block
from ifp_scraper.pages.blocks import BlockBuilder, Context
from ifp_scraper.pages.bylines import without_by
from ifp_scraper.pages.source_line import closing_source


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("By Mina Rad", "Mina Rad"),
        ("by: Mina Rad", "Mina Rad"),
        ("Published by Mina Rad", "Mina Rad"),
        ("Posted by: Mina Rad", "Mina Rad"),
        ("WRITTEN BY Mina Rad", "Mina Rad"),
        ("Author: Mina Rad", "Mina Rad"),
        ("نویسنده: مینا راد", "مینا راد"),
        (" – Mina Rad @mina | ", "Mina Rad"),
        ("Mina Rad (mina@example.org)", "Mina Rad (mina@example.org)"),
        ("Byron Hale", "Byron Hale"),
        ("Authority of Ports", "Authority of Ports"),
        ("By", None),
        ("| •", None),
    ],
)
def test_a_byline_begins_with_the_name(printed: str, names: str | None) -> None:
    assert without_by(printed) == names


def paragraphs(*texts: str) -> list[Block]:
    return [{"kind": "paragraph", "text": text} for text in texts]


@pytest.mark.parametrize(
    ("line", "outlet"),
    [
        ("Source: The Mill Post", "The Mill Post"),
        ("SOURCES : The Mill Post", "The Mill Post"),
        ("Source(s): The Mill Post", "The Mill Post"),
        ("Source：The Mill Post", "The Mill Post"),
        ("(Source: The Mill Post.)", "The Mill Post"),
        ("Source: The Mill Post (U.K.)", "The Mill Post (U.K.)"),
        ("[Source: The Mill Post]", "The Mill Post"),
        ("— Source: The Mill Post.", "The Mill Post"),
        ("* Source: The Mill Post (North)", "The Mill Post (North)"),
        ("منبع: پست آسیاب", "پست آسیاب"),
        ("منابع: پست آسیاب", "پست آسیاب"),
        ("Source: Thatford Saidabad Tolds", "Thatford Saidabad Tolds"),  # no words of a sentence
        *((f"Source: the miller {word} it would rain", None) for word in ("said", "says", "told us", "hopes that")),
        *((f"منبع: آسیابان {word} باران می‌آید", None) for word in ("گفت", "گفته", "می‌گوید", "که")),
        ("Our source: The Mill Post", None),
        ("Source of the river: The Mill Post", None),
        (f"Source: {'The Mill Post ' * 9}", None),
    ],
)
def test_a_closing_line_names_the_outlet(line: str, outlet: str | None) -> None:
    assert closing_source(paragraphs("Rain fell.", line)) == outlet


def test_the_outlet_is_named_near_the_end() -> None:
    line = "Source: The Mill Post"
    assert closing_source(paragraphs("Rain.", line, "One.", "Two.", "Three.")) == "The Mill Post"
    assert closing_source(paragraphs("Rain.", line, "One.", "Two.", "Three.", "Four.")) is None
    assert closing_source(paragraphs("Source: An Older Post", line)) == "The Mill Post"
    assert closing_source(paragraphs(line)) == "The Mill Post"
    assert closing_source(paragraphs(line, "One.", "Two.")) is None
    assert closing_source(paragraphs(f"One.\n{line}", "Two.")) == "The Mill Post"
    for kind in ("related", "table_row", "quote"):
        assert closing_source([cast("Block", {"kind": kind, "text": line})]) is None


def read(*parts: tuple[str, str] | str, kind: str = "paragraph") -> list[Block]:
    """The blocks of lines, each a text, or a text and a link after it."""
    builder = BlockBuilder()
    context = Context(kind=cast(Any, kind), list_level=1)
    for part in parts:
        text, link = part if isinstance(part, tuple) else (part, "")
        builder.add_text(text, context)
        builder.add_text(link, context._replace(in_link=True))
        builder.end_block(context)
    return builder.finished()


@pytest.mark.parametrize(
    "label",
    [
        *("Read more", "READ ALSO", "Read next", "Also read", "Also see", "See also", "See more", "More to read"),
        *("Further reading", "بیشتر بخوانید", "همچنین بخوانید", "You may also like", "You might also read"),
        *("More on this", "More on this story", "More on the mill", "Don't miss", "Don’t miss", "► Read more"),
        *("Related", "Read related", "See related", "Related news", "Related article", "Related articles"),
        *("Related story", "Related stories", "Related posts", "Related topic", "Related reports", "Related content"),
        *("Related coverage", "Related links"),
    ],
)
def test_a_label_before_a_link_makes_it_related(label: str) -> None:
    for sign in (":", " –", " »", "..."):
        expected = [{"kind": "related", "text": f"{label}{sign} The Weir"}]
        assert read((f"{label}{sign} ", "The Weir")) == expected
        assert read((f"{label}{sign} ", "The Weir"), kind="list_item") == expected  # without the level of an item
    assert read((f"{label}: rain fell on ", "The Weir"))[0]["kind"] == "paragraph"


@pytest.mark.parametrize(
    "subject", ["about mills", "at our blog", "from the north", "here", "in the archive of 2020", "on mills"]
)
def test_a_label_may_name_a_subject_before_a_colon(subject: str) -> None:
    assert [block["kind"] for block in read((f"Read more {subject}: ", "The Weir"))] == ["related"]
    assert [block["kind"] for block in read((f"Read more {subject} – ", "The Weir"))] == ["paragraph"]


@pytest.mark.parametrize(
    "text",
    [
        "Readers more than ",
        "Related to the mill is ",
        "Read more ",
        "We read more: ",
        "Reread more: ",
        "Read more of it, he said, or of: ",
    ],
)
def test_other_words_before_a_link_do_not(text: str) -> None:
    assert [block["kind"] for block in read((f"{text}and then ", "The Weir"))] == ["paragraph"]


def test_what_follows_a_label_is_related_as_long_as_it_is_links() -> None:
    blocks = read("Also read:", ("", "The Weir"), ("", "The Dam"), "Rain fell.", ("", "The Pond"))
    assert [block["kind"] for block in blocks] == ["related", "related", "related", "paragraph", "paragraph"]
    blocks = read(("Read more: ", "The Weir"), ("", "The Dam"))  # the second paragraph is the article's
    assert [block["kind"] for block in blocks] == ["related", "paragraph"]


def test_a_label_is_all_of_its_line_or_stands_before_a_sign() -> None:
    blocks = read("Read more about it in the book", ("", "The Weir"))
    assert [block["kind"] for block in blocks] == ["paragraph", "paragraph"]
    assert [block["kind"] for block in read("Read more", ("", "The Weir"))] == ["related", "related"]
    for kind in ("paragraph", "list_item", "heading"):
        assert [block["kind"] for block in read(("", "Read more"), kind=kind)] == ["related"]
    assert [block["kind"] for block in read(("", "Read more"), kind="quote")] == ["quote"]


def test_a_label_may_be_a_heading_above_linked_ones() -> None:
    blocks = read("Related:", ("", "The Weir"), ("", "The Dam"), "Rain", ("", "The Pond"), kind="heading")
    assert [block["kind"] for block in blocks] == ["related", "related", "related", "heading", "heading"]
    blocks = read("Read more:", ("", "The Weir"), "Rain", kind="heading")  # a list of sights, perhaps
    assert [block["kind"] for block in blocks] == ["heading"] * 3


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        (" (PHOTOS)", "related"),
        (" [Video].", "related"),
        (" and more of it", "paragraph"),
        (" (in (two))", "paragraph"),
    ],
)
def test_a_note_may_close_a_related_line(note: str, kind: str) -> None:
    builder = BlockBuilder()
    builder.add_text("Read more: ", Context())
    builder.add_text("The Weir", Context(in_link=True))
    builder.add_text(note, Context())
    assert [block["kind"] for block in builder.finished()] == [kind]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["x", '");', "Rain fell."], ["Rain fell."]),
        (["Rain fell.", "x", "” ) ; more"], ["Rain fell."]),
        (["a", '");', "b", '");', "Rain fell."], ["Rain fell."]),
        (['");', "Rain fell."], ['");', "Rain fell."]),
        (["Advertisement", "Rain fell.", "[ ADVERTISEMENTS ]"], ["Rain fell."]),
        (["Advertisement of a mill"], ["Advertisement of a mill"]),
        (["\u200b", "\u200e\ufeff", "Rain\u200cfell."], ["Rain\u200cfell."]),
    ],
)
def test_what_ads_and_scripts_leave_is_no_text(texts: list[str], kept: list[str]) -> None:
    assert [block["text"] for block in read(*texts)] == kept
