"""CSS selectors answered from an index of the page's class names.

A layout makes some thirty queries on a page, and as XPath each walks the whole tree (docs/performance.md). Here
one walk indexes every element by those of its classes that selectors name, and a query looks only at the few
elements with its class. Selectors outside this small grammar are left to parsel.

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
from functools import lru_cache
from typing import Any, NamedTuple

from lxml import etree
from parsel import Selector

Element = etree._Element


def class_names(element: Element) -> list[str]:
    """Return the names in an element's class attribute."""
    return (element.get("class") or "").split()


def has_rel(link: Element, relation: str) -> bool:
    """Whether a link has this relation, perhaps among others, such as the ``nofollow`` of SEO plugins."""
    return relation in (link.get("rel") or "").split()


MAX_CACHED = 1000
"""Longest class attribute cached from page to page."""

_COMPOUND = re.compile(r"([a-z][a-z0-9-]*)?((?:\.[\w-]+)*)((?:\[[\w-]+[~^]?=[\"'][^\"'\[\]]*[\"']\])*)")
_ATTRIBUTE = re.compile(r"\[([\w-]+)([~^]?)=[\"']([^\"']*)[\"']\]")


class _Attribute(NamedTuple):
    """A condition such as ``[property="og:locale"]``."""

    name: str
    sign: str
    """``^`` if the attribute's value need only start with this, ``~`` if this need only be one of its words."""

    value: str


class _Compound(NamedTuple):
    """What one element must be, such as ``a.entry-crumb`` or ``meta[property="og:locale"]``."""

    tag: str
    """``*`` matches any."""

    classes: tuple[str, ...]
    attributes: tuple[_Attribute, ...]

    def filtered(self, elements: list[Element]) -> list[Element]:
        """Return the elements that match."""
        if self.tag != "*":
            elements = [element for element in elements if element.tag == self.tag]
        for name in self.classes:
            elements = [element for element in elements if name in class_names(element)]
        for attribute, sign, value in self.attributes:
            if sign == "^":
                elements = [element for element in elements if (element.get(attribute) or "").startswith(value)]
            elif sign:
                elements = [element for element in elements if value in (element.get(attribute) or "").split()]
            else:
                elements = [element for element in elements if element.get(attribute) == value]
        return elements


class _Path(NamedTuple):
    """One alternative of a selector: nested compounds."""

    classes: tuple[str, ...]
    """All class names in it: if the page lacks one, nothing matches."""

    compounds: list[_Compound] | None
    """From the outermost in; None for a lone class."""


_indexed: set[str] = set()
"""Class names in any selector so far; others are not indexed."""


@lru_cache(maxsize=4096)
def _indexed_among(classes: str) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(classes.split()) if name in _indexed)


def _index(classes: Collection[str]) -> None:
    """Index these classes from now on."""
    if not _indexed.issuperset(classes):
        _indexed.update(classes)
        _indexed_among.cache_clear()


class Tree:
    """A tree that answers CSS selectors."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self._answers: dict[str, list[Element]] = {}
        self._by_tag: dict[str, list[Element]] = {}
        self._by_value: dict[tuple[str, str], dict[str, list[Element]]] = {}
        self._by_class: dict[str, list[Element]] = {}
        self._elements: list[Element] = []
        """All elements in document order, once walked: lxml need not create them again."""
        self._indexed_count = -1
        """How many names ``_indexed`` had when the index was built."""

    @property
    def queries(self) -> list[str]:
        """The selectors that ``find`` has been asked for, each once."""
        return list(self._answers)

    @property
    def classes(self) -> dict[str, list[Element]]:
        """The elements with each class name that a selector has named, in document order."""
        if self._indexed_count != len(_indexed):
            self._indexed_count = len(_indexed)
            index: defaultdict[str, list[Element]] = defaultdict(list)
            self._elements = list(self.root.iter("*"))
            for element in self._elements:
                if classes := element.get("class"):
                    indexed_among = _indexed_among if len(classes) <= MAX_CACHED else _indexed_among.__wrapped__
                    for name in indexed_among(classes):
                        index[name].append(element)
            self._by_class = dict(index)
        return self._by_class

    def has_classes(self, names: frozenset[str]) -> bool:
        """Whether each of these classes is on some element."""
        _index(names)
        return self.classes.keys() >= names

    def find(self, query: str) -> list[Element]:
        """Return the matching elements, in document order, each once; the list is kept, and must not be changed."""
        answer = self._answers.get(query)
        if answer is None:
            answer = self._answers[query] = self._select(query)
        return answer

    def _select(self, query: str) -> list[Element]:
        """Answer a selector, by parsel if it is outside this grammar."""
        paths = _parse(query)
        if paths is None:
            selectors: Any = Selector(root=self.root, type="html").css(query)
            return [selector.root for selector in selectors]
        classes = self.classes
        selected: list[Element] = []
        for names, compounds in paths:
            for name in names:
                if name not in classes:
                    break
            else:
                more = classes[names[0]] if compounds is None else self._follow(compounds)
                selected = self._in_page_order({*selected, *more}) if selected and more else selected or more
        return selected

    def _in_page_order(self, elements: set[Element]) -> list[Element]:
        return [element for element in self._elements if element in elements]

    def _follow(self, compounds: list[_Compound]) -> list[Element]:
        """Follow a path from the outermost compound in."""
        matching = self._matching(compounds[0])
        for compound in compounds[1:]:
            if compound.classes:
                boxes = set(matching)
                inner = self._matching(compound)
                matching = [element for element in inner if not boxes.isdisjoint(element.iterancestors())]
            else:
                inner = [element for box in _outermost(matching) for element in box.iterdescendants(compound.tag)]
                matching = compound.filtered(inner) if compound.attributes else inner
        return matching

    def _matching(self, compound: _Compound) -> list[Element]:
        """Return matching elements anywhere, from the narrowest index available."""
        tag, classes, attributes = compound
        if classes:
            bearing = self.classes[classes[0]]
            return compound.filtered(bearing) if tag != "*" or len(classes) > 1 or attributes else bearing
        if len(attributes) == 1 and not attributes[0].sign:
            return self._of_value(tag, attributes[0].name).get(attributes[0].value, [])
        return compound.filtered(self._of_tag(tag))

    def _of_tag(self, tag: str) -> list[Element]:
        """Return the elements with a tag; ``*`` for all."""
        if tag not in self._by_tag:
            self._by_tag[tag] = list(self.root.iter(tag))
        return self._by_tag[tag]

    def _of_value(self, tag: str, attribute: str) -> dict[str, list[Element]]:
        """Elements with a tag, usually ``meta`` or ``link``, by the value of an attribute."""
        key = tag, attribute
        if key not in self._by_value:
            index: defaultdict[str, list[Element]] = defaultdict(list)
            for element in self._of_tag(tag):
                if (value := element.get(attribute)) is not None:
                    index[value].append(element)
            self._by_value[key] = dict(index)
        return self._by_value[key]


def _outermost(boxes: list[Element]) -> list[Element]:
    """Leave out boxes that are inside another one."""
    outermost = boxes[:1]
    for box in boxes[1:]:
        if outermost[-1] not in box.iterancestors():
            outermost.append(box)
    return outermost


@lru_cache(maxsize=1024)
def _parse(query: str) -> list[_Path] | None:
    """Parse a selector into its alternatives; None if any part of it is outside this grammar."""
    paths: list[_Path] = []
    for alternative in query.split(","):
        compounds: list[_Compound] = []
        for text in alternative.split():
            match = _COMPOUND.fullmatch(text)
            if match is None:
                return None
            tag, classes, conditions = match.groups()
            attributes = (_Attribute(*condition) for condition in _ATTRIBUTE.findall(conditions))
            compounds.append(_Compound(tag or "*", tuple(classes.split(".")[1:]), tuple(attributes)))
        if not compounds:
            return None
        names = tuple(name for compound in reversed(compounds) for name in compound.classes)
        is_lone_class = compounds == [("*", names, ())] and len(names) == 1
        paths.append(_Path(names, None if is_lone_class else compounds))
        _index(names)
    return paths
