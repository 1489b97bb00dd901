"""What a page's own style sheet hides: AMP turns ``style="display:none"`` into a class and a rule (MARKUP.md 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement

_NONE = re.compile(rb"display\s*:\s*none", re.IGNORECASE)
_NAME = re.compile(rb"[.#][\w-]+")
_BRACE = re.compile(rb"[{}]")
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_DISPLAY = re.compile(rb"(?:^|;)\s*display\s*:\s*([a-z-]+)\s*(!\s*important)?", re.IGNORECASE)
_UNCONDITIONAL = re.compile(rb"@(?:supports|layer)\b|@media\s+(?:all|screen)\s*$", re.IGNORECASE)
_COMPOUND = re.compile(r"(?:[a-z][\w-]*|\*)?(?:[.#][\w-]+)*", re.IGNORECASE)
_PART = re.compile(r"^[a-z][\w-]*|[.#][\w-]+", re.IGNORECASE)
_HIDDEN_INLINE = re.compile(r"(?:^|;)\s*display\s*:\s*none", re.IGNORECASE)


def hidden_by_attribute(element: HtmlElement) -> bool:
    """Whether the element hides itself: ``style="display:none"`` or the attribute ``hidden``."""
    style = element.get("style")
    return (style is not None and _HIDDEN_INLINE.search(style) is not None) or element.get("hidden") is not None


MAX_RULES = 200
"""Rules for one class or id that are looked at; a page has a handful."""


@dataclass(slots=True, frozen=True)
class _Rule:
    weight: tuple[bool, int, int, int, int]
    """Important, ids, classes, tags, order: the greatest wins."""

    compounds: tuple[frozenset[str], ...]
    """The selector from its last part to its first; each a set of ``tag``, ``.class`` and ``#id``."""

    hides: bool


class StyleSheet:
    """The ``display`` rules of a page's style elements that hold on any screen.

    Selectors with pseudo-classes, attributes or siblings, and rules inside ``@media`` with conditions, hide
    nothing here: what they say hangs on the screen or on the reader.
    """

    def __init__(self, styles: list[bytes]) -> None:
        self._styles = styles

    def hides(self, element: HtmlElement) -> bool:
        """Whether the element is not displayed."""
        if not self._suspects:
            return False
        names = _names(element)
        if self._suspects.isdisjoint(names):
            return False
        matching = [
            rule
            for name in names
            for rule in self._rules.get(name, ())
            if rule.compounds[0] <= names and _within(element, rule.compounds[1:])
        ]
        return bool(matching) and max(matching, key=lambda rule: rule.weight).hides

    @cached_property
    def _suspects(self) -> frozenset[str]:
        """Classes and ids named by any rule that hides: finding them costs a search, not a parse."""
        names: set[bytes] = set()
        for style in self._styles:
            for found in _NONE.finditer(style):
                brace = style.rfind(b"{", 0, found.start())
                begin = max(style.rfind(b"}", 0, brace), style.rfind(b"{", 0, brace))
                names.update(_NAME.findall(style, begin + 1, brace))
        return frozenset(name.decode("ascii", "replace") for name in names)

    @cached_property
    def _rules(self) -> dict[str, list[_Rule]]:
        rules: dict[str, list[_Rule]] = {}
        order = 0
        for sheet in self._styles:
            style = _COMMENT.sub(b"", sheet)
            blocks: list[bytes] = []  # the preludes that are open
            begin = 0
            for brace in _BRACE.finditer(style):
                inside = style[begin : brace.start()]
                begin = brace.end()
                if brace[0] == b"{":
                    # What stands before the prelude is an at-rule without a block: "@import ...;"
                    blocks.append(inside.rpartition(b";")[2].strip())
                elif blocks:
                    prelude = blocks.pop()
                    if b"display" not in inside or not all(_UNCONDITIONAL.match(block) for block in blocks):
                        continue
                    for value, important in _DISPLAY.findall(inside):
                        for selector in prelude.decode("utf-8", "replace").split(","):
                            order += 1
                            _add(rules, selector, value.lower() == b"none", bool(important), order)
        return rules


def _add(rules: dict[str, list[_Rule]], selector: str, hides: bool, important: bool, order: int) -> None:
    compounds = selector.replace(">", " ").split()
    if not compounds or not all(_COMPOUND.fullmatch(compound) for compound in compounds):
        return
    parts = tuple(
        frozenset(part if part[0] in ".#" else part.lower() for part in _PART.findall(compound))
        for compound in reversed(compounds)
    )
    key = next((part for part in parts[0] if part[0] in ".#"), None)
    if key is None:  # a bare tag: no page hides an article's text by that
        return
    every = [part for compound in parts for part in compound]
    ids = sum(part[0] == "#" for part in every)
    classes = sum(part[0] == "." for part in every)
    if len(rules.get(key, ())) >= MAX_RULES:
        return
    rules.setdefault(key, []).append(_Rule((important, ids, classes, len(every) - ids - classes, order), parts, hides))


def _names(element: HtmlElement) -> set[str]:
    names = {"." + name for name in (element.get("class") or "").split()}
    if (identifier := element.get("id")) is not None:
        names.add("#" + identifier)
    names.add(str(element.tag))
    return names


def _within(element: HtmlElement, compounds: tuple[frozenset[str], ...]) -> bool:
    """Whether ancestors match the rest of a selector, from the inside out."""
    waiting = list(compounds)
    for ancestor in element.iterancestors() if waiting else ():
        if waiting[0] <= _names(ancestor):
            waiting.pop(0)
            if not waiting:
                break
    return not waiting
