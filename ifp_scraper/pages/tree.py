"""CSS selectors answered from an index of the page's class names.

A layout asks some thirty questions of a page, and as XPath each is a walk over the whole tree
(docs/performance.md). Here one walk notes every element under its classes, and a question looks only at the few
that bear its class. What this small grammar does not know, parsel answers.

    >>> tree = Tree(etree.fromstring('<div><ul class="tags big"><li><a href="/x">X</a></li></ul></div>'))
    >>> [link.text for link in tree.find("ul.tags a")]
    ['X']
    >>> [link.text for link in tree.find("li:first-child > a")]
    ['X']
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from lxml import etree
from parsel import Selector

Element = etree._Element

_COMPOUND = re.compile(r"([a-z][a-z0-9-]*)?((?:\.[\w-]+)*)((?:\[[\w-]+\^?=[\"'][^\"'\[\]]*[\"']\])*)")
_ATTRIBUTE = re.compile(r"\[([\w-]+)(\^?)=[\"']([^\"']*)[\"']\]")


class _Compound(NamedTuple):
    """One part of a selector, such as ``a.entry-crumb`` or ``meta[property="og:locale"]``."""

    tag: str
    """``*`` for any."""

    classes: tuple[str, ...]
    attributes: tuple[tuple[str, bool, str], ...]
    """Name, whether the value need only begin so, value."""

    def among(self, elements: list[Element]) -> list[Element]:
        """Return the elements that fit."""
        if self.tag != "*":
            elements = [element for element in elements if element.tag == self.tag]
        for wanted in self.classes:
            elements = [element for element in elements if wanted in _names(element.get("class") or "")]
        for name, begins, value in self.attributes:
            if begins:
                elements = [element for element in elements if (element.get(name) or "").startswith(value)]
            else:
                elements = [element for element in elements if element.get(name) == value]
        return elements


class Tree:
    """A tree that answers CSS selectors."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self._tags: dict[str, list[Element]] = {}

    @cached_property
    def classes(self) -> dict[str, list[Element]]:
        """Every class name with the elements that bear it, in document order."""
        classes: defaultdict[str, list[Element]] = defaultdict(list)
        for element in self.root.iter("*"):
            if names := element.get("class"):
                for name in _names(names):
                    classes[name].append(element)
        return dict(classes)

    @cached_property
    def selector(self) -> Selector:
        """The tree as a parsel selector."""
        return Selector(root=self.root, type="html")

    def find(self, query: str) -> list[Element]:
        """Return the elements selected, in document order, each once."""
        alternatives = _read(query)
        if alternatives is None:
            return self._ask_parsel(query)
        found: list[Element] = []
        for names, path in alternatives:
            if names and not self.classes.keys() >= names:
                continue
            if more := self._along(path):
                if found:  # elements of two alternatives: parsel knows their order
                    return self._ask_parsel(query)
                found = more
        return found

    def _ask_parsel(self, query: str) -> list[Element]:
        selected: Any = self.selector.css(query)
        return [found.root for found in selected]

    def _along(self, path: list[_Compound]) -> list[Element]:
        """Follow a path from the outside in."""
        found = self._fitting(path[0])
        for compound in path[1:]:
            if compound.classes:
                boxes = set(found)
                found = [inner for inner in self._fitting(compound) if not boxes.isdisjoint(inner.iterancestors())]
            else:
                inside = [inner for box in _outermost(found) for inner in box.iterdescendants(compound.tag)]
                found = compound.among(inside) if compound.attributes else inside
        return found

    def _fitting(self, compound: _Compound) -> list[Element]:
        tag, classes, attributes = compound
        if classes:
            found = self.classes[classes[0]]
            return compound.among(found) if tag != "*" or len(classes) > 1 or attributes else found
        if tag not in self._tags:
            self._tags[tag] = list(self.root.iter(tag))
        return compound.among(self._tags[tag]) if attributes else self._tags[tag]


def _outermost(boxes: list[Element]) -> list[Element]:
    """Leave out boxes that stand in another one."""
    kept = boxes[:1]
    for box in boxes[1:]:
        if kept[-1] not in box.iterancestors():
            kept.append(box)
    return kept


@lru_cache(maxsize=4096)
def _names(classes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(classes.split()))


@lru_cache(maxsize=1024)
def _read(query: str) -> list[tuple[set[str], list[_Compound]]] | None:
    """Read a selector: for each alternative its class names, and the path from the outside in.

    Returns:
        Null when it holds anything that this grammar does not know.
    """
    alternatives = []
    for part in query.split(","):
        path = []
        for word in part.split():
            match = _COMPOUND.fullmatch(word)
            if match is None:
                return None
            tag, classes, attributes = match.groups()
            held = tuple((name, bool(begins), value) for name, begins, value in _ATTRIBUTE.findall(attributes))
            path.append(_Compound(tag or "*", tuple(classes.split(".")[1:]), held))
        if not path:
            return None
        alternatives.append(({name for compound in path for name in compound.classes}, path))
    return alternatives
