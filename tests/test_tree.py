"""The class index gives the same answers as parsel."""

from __future__ import annotations

import pytest
from cssselect import SelectorSyntaxError
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from parsel import Selector

from ifp_scraper.pages.tree import Tree, _indexed

_TAGS = st.sampled_from(("div", "p", "a", "meta"))
_CLASSES = st.lists(st.sampled_from(("x", "y", "z", "x-y")), max_size=3).map(" ".join)
_VALUES = st.sampled_from(("", "v", "vw", "w v"))
_ELEMENTS = st.recursive(
    st.builds(lambda tag, classes, value: (tag, classes, value, []), _TAGS, _CLASSES, _VALUES),
    lambda inner: st.tuples(_TAGS, _CLASSES, _VALUES, st.lists(inner, max_size=4)),
    max_leaves=20,
)
_COMPOUND = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("", "div", "p", "a")),
        st.sampled_from(("", ".x", ".y.x", ".x-y", ".none")),
        st.sampled_from(("", '[name="v"]', "[name^='v']", "[name~='v']")),
    ),
).filter(bool)
_QUERIES = st.lists(st.lists(_COMPOUND, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3).map(", ".join)


def build(element: tuple[str, str, str, list[tuple[str, str, str, list[object]]]]) -> etree._Element:
    tag, classes, value, children = element
    made = etree.Element(tag)
    if classes:
        made.set("class", classes)
    if value:
        made.set("name", value)
    made.extend(build(child) for child in children)  # type: ignore[arg-type]
    return made


@given(_ELEMENTS, st.lists(_QUERIES, min_size=1, max_size=4))
def test_finds_what_parsel_finds(element: tuple[str, str, str, list[object]], queries: list[str]) -> None:
    root = etree.Element("html")
    root.append(build(element))  # type: ignore[arg-type]
    tree, selector = Tree(root), Selector(root=root, type="html")
    for query in queries:
        expected = [found.root for found in selector.css(query)]
        assert tree.find(query) == expected, query
        assert tree.find(query) == expected, query  # again, as the first result is cached


def test_tags_are_found_before_any_class_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifp_scraper.pages.tree._indexed", type(_indexed)())
    assert len(Tree(etree.fromstring("<a><b/><c/></a>")).find("b, c")) == 2


@pytest.mark.parametrize("query", ["", "a, , p", "a,"])
def test_a_selector_with_nothing_in_it_is_refused(query: str) -> None:
    with pytest.raises(SelectorSyntaxError):
        Tree(etree.Element("html")).find(query)
