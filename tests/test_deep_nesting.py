"""Pages nested deeper than the parser goes: their text is read, in its order, and in time."""

from __future__ import annotations

import time
from contextlib import suppress
from random import Random

import pytest
from lxml import etree

from ifp_scraper import UnreadablePage
from ifp_scraper.pages.deep_nesting import flatten
from tests import mutations
from tests.test_document import page, read, texts


@pytest.mark.parametrize(("depth", "is_too_deep"), [(250, False), (255, True), (3000, True)])
@pytest.mark.parametrize("tag", ["div", "b", "depth"])  # the parser's message about an unknown tag names it
def test_a_page_that_is_too_deep_for_the_parser_says_so(depth: int, is_too_deep: bool, tag: str) -> None:
    after = f"<{tag}>" * depth + "Deep." + f"</{tag}>" * depth
    assert ("too-deep" in read(page(after=after))["warnings"]) is is_too_deep


@pytest.mark.parametrize("depth", [300, 2000])
@pytest.mark.parametrize("tag", ["div", "blockquote", "span", "font", "em"])
def test_a_text_in_too_many_boxes_is_read_and_so_is_what_follows(depth: int, tag: str) -> None:
    boxes = f"<{tag}>" * depth + "<p>Deep <b>in</b> boxes.</p>" + f"</{tag}>" * depth
    assert texts(page(body=f"{boxes}<p>Last <i>one</i>.</p>")) == ["First.", "Second.", "Deep in boxes.", "Last one."]


@pytest.mark.parametrize("seed", range(20))
def test_flattening_keeps_all_elements_and_the_order_of_the_text(seed: int) -> None:
    random = Random(seed)
    root = etree.Element("div")
    path = [root]
    for number in range(1500):
        path.append(element := etree.SubElement(path[-1], random.choice(["div", "p", "b"])))
        element.text, element.tail = random.choice(["", f"<{number} "]), random.choice([None, f"{number}> "])
        if not random.randrange(20):
            del path[max(1, len(path) - random.randrange(1, 4)) :]
    text, tags = "".join(root.itertext()), [part.tag for part in root.iter()]
    flatten(root)
    assert ("".join(root.itertext()).split(), [part.tag for part in root.iter()]) == (text.split(), tags)
    assert max(sum(1 for _ in part.iterancestors()) for part in root.iter()) <= 255


@pytest.mark.parametrize("boxes", [0, 300])
def test_what_is_hidden_stays_hidden_however_deep(boxes: int) -> None:
    high = "<b>Hidden." * 60 + "</b>" * 60
    body = f"<div hidden>{high}</div><div class='x'>{high}</div>{'<blockquote>' * 60}Deep.{'</blockquote>' * 60}"
    html = page(style=".x{display:none}", around="<div>" * boxes, body=body, after="</div>" * boxes)
    assert texts(html.replace(b"</div><h1", b"<h1")) == ["First.", "Second.", "Deep."]


@pytest.mark.parametrize(("tag", "count"), [("div", 269), ("b", 1)])
def test_only_inline_elements_that_are_emptied_leave_a_word_whole(tag: str, count: int) -> None:
    chain = f"<{tag}>" * 500 + "Deep" + f"</{tag}>Text" * 499 + f"</{tag}>"
    root = etree.fromstring(chain, etree.XMLParser(huge_tree=True))
    flatten(root)
    words = "".join(root.itertext()).split()
    assert (len(words), "".join(words)) == (count, "Deep" + "Text" * 499)


def test_what_lxml_refuses_to_set_may_follow_what_is_too_deep() -> None:
    tails = "".join(f"</div> {text}." for text in ("&#1;A", "\x02B", "\ufffeC", "\x0cD")) * 100
    found = " ".join(texts(page(body="<div>" * 400 + "Deep." + tails))).replace("\ufffe", "").split()
    assert found == ["First.", "Second.", "Deep.", *["A.", "B.", "C.", "D."] * 100]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div>" * 1900 + ("</div>" + "word " * 300) * 1900, id="texts after it"),
        pytest.param("<div>" * 300 + "<p>x" * 250_000, id="wide"),
        pytest.param("<div>" * 190 + ("<i>" * 1700 + "x" + "</i>" * 1700) * 80, id="combs"),
        pytest.param("<div>" * 190 + ("<i id=x><i>" * 850 + "x" + "</i>" * 1700) * 60, id="combs with attributes"),
    ],
)
def test_what_is_deep_and_large_takes_no_more_time_than_any_page(body: str) -> None:
    start = time.process_time()
    with suppress(UnreadablePage):
        read(page(body=body))
    assert time.process_time() - start < mutations.MAX_SECONDS


def test_one_deep_place_makes_no_long_article_too_large() -> None:
    body = "<p>A <a href='/a/'>link</a>.</p>" * 3000 + "<div>" * 300 + "Deep." + "</div>" * 300
    assert len(texts(page(body=body))) == 3003
