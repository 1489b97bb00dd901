"""CSS selectors answered from an index of the page's class names.

A layout asks some thirty questions of a page, and as XPath each is a walk over the whole tree
(docs/performance.md). Here one walk notes every element under those of its classes that selectors name, and a
question looks only at the few that bear its class. What this small grammar does not know, parsel answers.

    >>> tree = Tree(etree.fromstring('<div><ul class="tags big"><li><a href="/x">X</a></li></ul></div>'))
    >>> [link.text for link in tree.find("ul.tags a")]
    ['X']
    >>> [link.text for link in tree.find("li:first-child > a")]
    ['X']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from lxml import etree
from parsel import Selector

Element = etree._Element

MAX_KEPT = 1000
"""Longest class attribute that is cached from page to page."""

_COMPOUND = re.compile(r"([a-z][a-z0-9-]*)?((?:\.[\w-]+)*)((?:\[[\w-]+\^?=[\"'][^\"'\[\]]*[\"']\])*)")
_ATTRIBUTE = re.compile(r"\[([\w-]+)(\^?)=[\"']([^\"']*)[\"']\]")
_OF_HEAD = "meta", "link"


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
            elements = [element for element in elements if wanted in (element.get("class") or "").split()]
        for name, begins, value in self.attributes:
            if begins:
                elements = [element for element in elements if (element.get(name) or "").startswith(value)]
            else:
                elements = [element for element in elements if element.get(name) == value]
        return elements


_named: set[str] = set()
"""Class names in any selector so far; others need not be indexed."""


@lru_cache(maxsize=4096)
def _named_in(classes: str) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(classes.split()) if name in _named)


def _name(classes: Collection[str]) -> None:
    """Index these classes from now on."""
    if not _named.issuperset(classes):
        _named.update(classes)
        _named_in.cache_clear()


class Tree:
    """A tree that answers CSS selectors."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self._found: dict[str, list[Element]] = {}
        self._tags: dict[str, list[Element]] = {}
        self._values: dict[tuple[str, str], dict[str, list[Element]]] = {}
        self._classes: dict[str, list[Element]] = {}
        self._elements: list[Element] = []
        """All elements in document order, once they were walked: lxml need not make them again."""
        self._noted = 0
        """How many names ``_named`` held when the classes were noted."""

    @property
    def classes(self) -> dict[str, list[Element]]:
        """Every class name that a selector has named with the elements that bear it, in document order."""
        if self._noted != len(_named):
            self._noted = len(_named)
            noted: defaultdict[str, list[Element]] = defaultdict(list)
            self._elements = list(self.root.iter("*"))
            for element in self._elements:
                if classes := element.get("class"):
                    for name in _named_in(classes) if len(classes) <= MAX_KEPT else _named_in.__wrapped__(classes):
                        noted[name].append(element)
            self._classes = dict(noted)
        return self._classes

    @cached_property
    def selector(self) -> Selector:
        """The tree as a parsel selector."""
        return Selector(root=self.root, type="html")

    def bears(self, names: frozenset[str]) -> bool:
        """Whether each of these classes is on some element."""
        _name(names)
        return self.classes.keys() >= names

    def find(self, query: str) -> list[Element]:
        """Return the elements selected, in document order, each once."""
        found = self._found.get(query)
        if found is None:
            found = self._found[query] = self._select(query)
        return found

    def _select(self, query: str) -> list[Element]:
        alternatives = _read(query)
        if alternatives is None:
            selected: Any = self.selector.css(query)
            return [found.root for found in selected]
        classes = self.classes
        found: list[Element] = []
        for names, path in alternatives:
            for name in names:
                if name not in classes:
                    break
            else:
                more = classes[names[0]] if path is None else self._along(path)
                found = self._in_order({*found, *more}) if found and more else found or more
        return found

    def _in_order(self, elements: set[Element]) -> list[Element]:
        return [element for element in self._elements if element in elements]

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
        if len(attributes) == 1 and not attributes[0][1]:
            return self._with_value(tag, attributes[0][0]).get(attributes[0][2], [])
        return compound.among(self._of_tag(tag))

    def _of_tag(self, tag: str) -> list[Element]:
        if tag not in self._tags:
            if tag not in _OF_HEAD:
                self._tags[tag] = list(self.root.iter(tag))
                return self._tags[tag]
            for name in _OF_HEAD:  # one walk for what is asked for one after the other
                self._tags[name] = []
            for element in self.root.iter(*_OF_HEAD):
                self._tags[element.tag].append(element)
        return self._tags[tag]

    def _with_value(self, tag: str, attribute: str) -> dict[str, list[Element]]:
        """Elements of a tag, mostly ``meta`` or ``link``, by what an attribute says."""
        key = tag, attribute
        if key not in self._values:
            values: defaultdict[str, list[Element]] = defaultdict(list)
            for element in self._of_tag(tag):
                if (value := element.get(attribute)) is not None:
                    values[value].append(element)
            self._values[key] = dict(values)
        return self._values[key]


def _outermost(boxes: list[Element]) -> list[Element]:
    """Leave out boxes that stand in another one."""
    kept = boxes[:1]
    for box in boxes[1:]:
        if kept[-1] not in box.iterancestors():
            kept.append(box)
    return kept


@lru_cache(maxsize=1024)
def _read(query: str) -> list[tuple[tuple[str, ...], list[_Compound] | None]] | None:
    """Read a selector: for each alternative its class names, and the path from the outside in (None for a lone class).

    Returns:
        None when it holds anything that this grammar does not know.
    """
    alternatives: list[tuple[tuple[str, ...], list[_Compound] | None]] = []
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
        names = tuple(name for compound in reversed(path) for name in compound.classes)
        alternatives.append((names, None if path == [("*", names, ())] and len(names) == 1 else path))
        _name(names)
    return alternatives
