"""Brings elements that are nested too deep up to the deepest level that is read, in their order, as browsers do."""

from __future__ import annotations

from collections import defaultdict

from lxml import etree

from ifp_scraper.pages.tree import Element

MAX_DEPTH = 200
"""How deep elements stay where they are; real pages are 40 deep."""

MAX_HEIGHT = 50
"""How many levels an element may have in itself to be moved as a whole, as an article in a thousand boxes."""


def flatten(root: Element) -> None:
    """Move the elements below ``MAX_DEPTH``: with ``MAX_HEIGHT``, that is the parser's usual limit of 255 levels."""
    heights: defaultdict[Element, int] = defaultdict(int)
    too_high: list[Element] = []
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            depth += 1
            continue
        depth -= 1
        if depth == MAX_DEPTH and heights[element] > MAX_HEIGHT:
            too_high.append(element)
        if (parent := element.getparent()) is not None:
            heights[parent] = max(heights[parent], heights[element] + 1)
    for element in too_high:
        _flatten_contents(element, heights)


def _flatten_contents(box: Element, heights: dict[Element, int]) -> None:
    """Make all elements in a box its children, except what is in those that may stay whole."""
    contents: list[Element] = []
    to_do: list[Element | str] = [*reversed(box)]
    while to_do:
        part = to_do.pop()
        if isinstance(part, str):
            contents[-1].tail = (contents[-1].tail or "") + part
            continue
        contents.append(part)
        if heights[part] > MAX_HEIGHT:
            if part.tail:
                to_do.append(part.tail)
                part.tail = None
            to_do += reversed(part)
    box[:] = contents
