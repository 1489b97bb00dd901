"""Brings elements that are nested too deep up to where they can be read, in their order, as browsers do.

What is below ``DEPTH_KEPT`` is moved. No element is then deeper than the parser's usual limit of 255 levels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from ifp_scraper.pages.inline import BLOCK_TAGS
from ifp_scraper.pages.tree import Element

DEPTH_KEPT = 180
"""How deep elements stay where they are; real pages are 40 deep. With ``MAX_BOXES`` and
``MAX_HEIGHT`` below them, they are still within the limit."""

MAX_HEIGHT = 50
"""How many levels an element may have in itself to be moved as a whole, as an article in a thousand boxes."""

MAX_BOXES = 20
"""How many elements higher than that, one in the other, keep what they hold if they have attributes: one may be the
article's, or hidden."""

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What lxml refuses to set."""


def flatten(root: Element) -> None:
    """Move what is too deep."""
    boxes: list[Element] = []
    too_high: set[Element] = set()
    heights = [0]  # of the elements that are open, the innermost last
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            heights.append(0)
            continue
        height = heights.pop()
        heights[-1] = max(heights[-1], height + 1)
        if height > MAX_HEIGHT and len(heights) > DEPTH_KEPT:
            too_high.add(element)
            if len(heights) == DEPTH_KEPT + 1:
                boxes.append(element)
    for box in boxes:
        _flatten_contents(box, too_high)


def _flatten_contents(box: Element, too_high: set[Element]) -> None:
    """Empty what is too high in a box, with the contents after it; what has attributes is a box in its turn."""
    following: dict[Element, Element] = {}
    # From the last to the first, so that none takes along what it will not keep: that would take the square of time.
    for new_parent, element in reversed([*_moves(box, too_high)]):
        if new_parent in following:
            following[new_parent].addprevious(element)
        else:
            new_parent.append(element)
        following[new_parent] = element


def _moves(box: Element, too_high: set[Element]) -> Iterator[tuple[Element, Element]]:
    """Yield each element to be moved, after its new parent; texts that follow one that is emptied are moved here."""
    texts: defaultdict[Element, list[str]] = defaultdict(list)  # joined at the end: there may be thousands after one
    boxes = [box]
    last: dict[Element, Element] = {}
    to_do: list[Element | str | None] = [*reversed(box)]  # the next one last; after all that a box holds, None
    while to_do:
        part = to_do.pop()
        if part is None:
            boxes.pop()
            continue
        if isinstance(part, str):
            texts[last[boxes[-1]]].append(part)
            continue
        yield boxes[-1], part
        last[boxes[-1]] = part
        if part not in too_high:
            continue
        if part.keys() and len(boxes) <= MAX_BOXES:
            boxes.append(part)
            to_do.append(None)
        else:
            to_do.append((" " if part.tag in BLOCK_TAGS else "") + (part.tail or ""))
            part.tail = None
        to_do += reversed(part)
    for element, parts in texts.items():
        element.tail = _REFUSED.sub(" ", "".join([element.tail or "", *parts]))
