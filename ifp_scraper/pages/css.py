"""What a page's own style sheet hides: AMP turns ``style="display:none"`` into a class and a rule (MARKUP.md 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import LargeBytes

MAX_STYLE = 2 * 1024 * 1024
"""Maximum number of style sheet bytes read; real pages have 0.5 MB."""

MAX_COMPARISONS = 20_000
"""Maximum number of comparisons of rules with elements; after that, nothing more counts as hidden."""

MAX_RULES = 200
"""Maximum number of rules for one class or id; a page has a handful."""

MAX_SELECTORS = 5000
"""Maximum number of selectors of ``display`` rules read from a style sheet; a theme has about a thousand."""

MAX_COMPOUNDS = 16
"""Maximum number of parts in a selector (``.a > .b`` has two); a longer one hides nothing."""

MAX_AT_RULES = 16
"""Maximum number of at-rules around a rule; rules nested deeper hide nothing."""

SHARED = range(8 * 1024, 256 * 1024)
"""Style sheets of this size (bytes) belong to themes and plugins and recur on many pages, so they are cached."""

# Of style sheets
_DISPLAY_NONE = re.compile(rb"display\s*:\s*(?:none|NONE)"), re.compile(rb"DISPLAY\s*:\s*(?:none|NONE)")
"""One pattern for each beginning, as ``re`` then looks for that."""

_NAME = re.compile(rb"[.#][\w\x80-\xff-]+")
_BRACE = re.compile(rb"[{}]")
_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|<!--|(?<![\w-])-->", re.DOTALL)
"""A comment, or what hides a style sheet from the browsers of old, and only looks like one."""

_DISPLAY = re.compile(rb"(?:^|;)\s*display\s*:\s*([a-z-]+)\s*(!\s*important)?", re.IGNORECASE)
_UNCONDITIONAL = re.compile(
    rb"@(?:supports(?!\s+not\b)|layer)\b|@media\s++(?:[^,()]{0,99}+,){0,9}?\s*+(?:only\s++)?(?:all|screen)\s*+(?:$|,)",
    re.IGNORECASE,
)
"""At-rules whose rules apply on any screen. One is read for each rule in it, and may be hostile: hence the limits."""

_MOVED_STYLES = (
    re.compile(rb"\.(acss[\da-f]++)\s*+\{([^{}]*+)"),
    re.compile(rb"\.(amp-wp-(?:inline-)?[\da-f]++)\s*+\{([^{}]*+)"),
)
"""The rules that AMP plugins make of a style attribute, with the class that it gives the element; one pattern for each
beginning, too."""

_MOVED_FROM = re.compile(rb"amp-wp-(?:inline-)?[\da-f]++(?![\w-])")
"""Such a class; many that begin like it are the designs' own."""

# Of selectors: what separates or encloses them, the compounds that are understood, and the names in one
_SIGN = re.compile(r"[,()\[\]]")
_COMPOUND = re.compile(r"(?:[a-z][\w-]*|\*)?(?:[.#][\w-]+)*", re.IGNORECASE)
_ALWAYS_TRUE = ":not(#_)"
"""What the AMP plugin adds to selectors, only to give them the weight of one more id."""

_PART = re.compile(r"^[a-z][\w-]*|[.#][\w-]+", re.IGNORECASE)

_WITHOUT_SCRIPTS = ".no-js", "-no-js"
"""Ends of classes that the elements around a text lose with the page's first script."""

# Of style attributes
_HIDDEN_INLINE = re.compile(r"(?:^|;)\s*display\s*:\s*none", re.IGNORECASE)
_SHOWN_INLINE = re.compile(r"(?:^|;)\s*display\s*:\s*(?!none)[a-z]", re.IGNORECASE)
_BLOCK_INLINE = re.compile(r"(?:^|;)\s*display\s*:\s*(?:block|flex|grid|table|list-item)\s*(?:!|;|$)", re.IGNORECASE)
_OUT_OF_LINE_INLINE = re.compile(
    r"(?:^|;)\s*(?:float\s*:\s*(?!none)|position\s*:\s*(?:absolute|fixed))", re.IGNORECASE
)


def hidden_by_attribute(element: Element) -> bool:
    """Whether the element hides itself: ``style="display:none"`` or the attribute ``hidden`` without another display.

    Of what has that attribute, the panels that a reader can open do not count: those of tabs, and of accordions
    (``until-found``, or a region with a label).
    """
    style = element.get("style")
    if style is not None and _HIDDEN_INLINE.search(style) is not None:
        return True
    hidden = element.get("hidden")
    if hidden is None or hidden == "until-found" or (style is not None and _SHOWN_INLINE.search(style) is not None):
        return False
    role = element.get("role")
    return role != "tabpanel" and (role != "region" or element.get("aria-labelledby") is None)


def block_by_attribute(element: Element) -> bool:
    """Whether an inline element's own style displays it as a block.

    One that floats may be a word's first letter; one with a place of its own leaves the text around it as it is.
    """
    style = element.get("style")
    return style is not None and _BLOCK_INLINE.search(style) is not None and _OUT_OF_LINE_INLINE.search(style) is None


def restore_styles(root: Element, html: bytes, styles: list[bytes]) -> None:
    """Put the style attributes back that an AMP plugin has moved into the page's style elements.

    Not all of them if they are longer than any style sheet: many elements may have the class of one rule.

    Args:
        root: of the tree, which is changed.
        html: what it was parsed from.
        styles: contents of the style elements.
    """
    if b"acss" not in html and (b"amp-wp-" not in html or _MOVED_FROM.search(html) is None):
        return
    sheet = b"}".join(styles)[:MAX_STYLE]
    moved = {
        name.decode(): "".join(filter(str.isprintable, style.decode("utf-8", "replace")))
        for rules in _MOVED_STYLES
        for name, style in rules.findall(sheet)
    }
    left = MAX_STYLE
    for element in root.iter("*") if moved else ():
        for style in filter(None, map(moved.get, class_names(element))):
            left -= len(style)
            if left >= 0:
                element.set("style", style)


_Chain = tuple[frozenset[str], ...]
"""The ``tag``, ``.class`` and ``#id`` names that an element, its parent and so on must have."""


class _Declaration(NamedTuple):
    """What a rule says about ``display``."""

    hides: bool
    important: bool


@dataclass(slots=True, frozen=True)
class _Rule:
    """One selector with one declaration."""

    weight: tuple[bool, int, int, int, int]
    """Important, ids, classes, tags, position in the sheet: the greatest wins."""

    chains: tuple[_Chain, ...]
    """The selector from its last part to its first, split at descendant combinators."""

    hides: bool


class StyleSheet:
    """The ``display`` rules in a page's style elements that apply on any screen.

    Selectors with pseudo-classes, attributes or siblings, and rules inside conditional ``@media``, hide nothing
    here: they depend on the screen or the reader.
    """

    def __init__(self, styles: list[bytes]) -> None:
        self._styles = styles
        self._comparisons = 0

    def hides(self, element: Element) -> bool:
        """Whether the element is not displayed."""
        if not self._styles or self._comparisons > MAX_COMPARISONS:
            return False
        names = _names(element)
        if len(names) == 1 or self._hiding.isdisjoint(names):  # a tag alone hides nothing; nor do most classes
            return False
        path: list[set[str]] = []
        winner: _Rule | None = None
        for sheet in self._sheets:
            rules = [rule for name in names for rule in sheet.rules.get(name, ())]
            if not rules:
                continue
            path = path or [names, *map(_names, element.iterancestors())]
            self._comparisons += len(rules)
            if self._comparisons > MAX_COMPARISONS:
                return False
            matching = [rule for rule in rules if _selects(rule.chains, path)]
            last = max(matching, key=lambda rule: rule.weight, default=None)
            if last and (winner is None or last.weight[:-1] >= winner.weight[:-1]):
                winner = last
        if winner is None or not winner.hides:
            return False
        important = winner.weight[0]
        return important or _SHOWN_INLINE.search(element.get("style") or "") is None

    @cached_property
    def _hiding(self) -> frozenset[str]:
        """The classes and ids in rules that may hide something."""
        return frozenset().union(*(sheet.hiding for sheet in self._sheets))

    @cached_property
    def _sheets(self) -> list[_Sheet]:
        """The style elements in order, with adjacent small ones joined."""
        sheets: list[_Sheet] = []
        small: list[bytes] = []
        left = MAX_STYLE
        for style in self._styles:
            style, left = style[:left], max(0, left - len(style))
            if len(style) not in SHARED:
                small.append(style)
                continue
            if small:
                sheets.append(_sheet(b"}".join(small)))
                small = []
            sheets.append(_sheet(style))
        return [*sheets, _sheet(b"}".join(small))] if small else sheets


class _Sheet:
    """One style sheet, parsed on demand."""

    def __init__(self, style: bytes) -> None:
        self._style = style

    @cached_property
    def hiding(self) -> frozenset[str]:
        """The classes and ids in selectors of rules that say ``display: none``, found by text search."""
        return frozenset(
            name.decode("utf-8", "surrogateescape")
            for pattern in _DISPLAY_NONE
            for selectors in _selectors_before(pattern, self._style)
            for name in _NAME.findall(selectors)
        )

    @cached_property
    def rules(self) -> dict[str, list[_Rule]]:
        """The ``display`` rules in order, by a class or id that they name."""
        rules: dict[str, list[_Rule]] = {}
        selectors = 0
        style = _COMMENT.sub(b"", self._style)
        open_preludes: list[bytes] = []
        begin = 0
        for brace in _BRACE.finditer(style):
            inside = style[begin : brace.start()]
            begin = brace.end()
            if brace[0] == b"{":
                # What precedes the prelude is an at-rule without a block: "@import ...;"
                open_preludes.append(inside.rpartition(b";")[2].strip())
            elif open_preludes:
                prelude = open_preludes.pop()
                if (b"display" not in inside and b"DISPLAY" not in inside) or len(open_preludes) > MAX_AT_RULES:
                    continue
                if not all(map(_UNCONDITIONAL.match, open_preludes)):
                    continue
                declarations = _DISPLAY.findall(inside)
                printed = _split(prelude.decode("utf-8", "replace")) if declarations else []
                for value, important in declarations:
                    declaration = _Declaration(value.lower() == b"none", bool(important))
                    for selector in printed[: MAX_SELECTORS - selectors]:
                        selectors += 1
                        _add_rule(rules, selector, declaration, selectors)
        return rules


_cached_sheet = lru_cache(maxsize=32)(_Sheet)


def _sheet(style: bytes) -> _Sheet:
    return _cached_sheet(LargeBytes(style)) if len(style) in SHARED else _Sheet(style)


def _selectors_before(pattern: re.Pattern[bytes], sheet: bytes) -> Iterator[bytes]:
    """Yield the selectors of each rule with a declaration that matches this pattern."""
    before, searched = -1, 0
    for rule in pattern.finditer(sheet):
        opened = sheet.rfind(b"{", searched, rule.start())
        searched = rule.start()
        if opened >= 0:
            begin = max(sheet.rfind(b"}", before + 1, opened), sheet.rfind(b"{", before + 1, opened), before)
            yield sheet[begin + 1 : opened]
            before = opened


def _split(prelude: str) -> list[str]:
    """Return the selectors of a rule; a comma in ``:is(.a, .b)`` or ``[title="a, b"]`` separates none."""
    if "(" not in prelude and "[" not in prelude:
        return prelude.split(",")
    selectors = []
    begin = depth = 0
    for sign in _SIGN.finditer(prelude):
        if sign[0] == ",":
            if depth == 0:
                selectors.append(prelude[begin : sign.start()])
                begin = sign.end()
        else:
            depth += 1 if sign[0] in "([" else -1
    return [*selectors, prelude[begin:]]


def _add_rule(rules: dict[str, list[_Rule]], selector: str, declaration: _Declaration, place: int) -> None:
    """Add a rule under a class or id in the last part of its selector; unsupported selectors are ignored."""
    more_ids = selector.count(_ALWAYS_TRUE)
    if more_ids:
        selector = selector.replace(_ALWAYS_TRUE, "").replace(":root", "html")
    chains = _read_selector(selector)
    if chains is None:
        return
    parts = [part for chain in chains for compound in chain for part in compound]  # not a set: ".a.a" outweighs ".a"
    around = parts[len(chains[0][0]) :]
    if any(part.endswith(_WITHOUT_SCRIPTS) for part in around):
        return
    key = next((part for part in chains[0][0] if part[0] in ".#"), None)
    if key is None:  # a bare tag: no page hides an article's text that way
        return
    if len(rules.get(key, ())) >= MAX_RULES:
        return
    ids = sum(part[0] == "#" for part in parts)
    classes = sum(part[0] == "." for part in parts)
    weight = declaration.important, ids + more_ids, classes, len(parts) - ids - classes, place
    rule = _Rule(weight, tuple(tuple(map(frozenset, chain)) for chain in chains), declaration.hides)
    rules.setdefault(key, []).append(rule)


def _read_selector(selector: str) -> list[list[list[str]]] | None:
    """Parse a selector from its last part to its first, into chains of compounds of names.

    ``.x b > i.y`` gives ``[[["i", ".y"], ["b"]], [[".x"]]]``; None for anything but tags, classes and ids.
    """
    close = ">".join(map(str.strip, selector.split(">")))
    chains = [chain.split(">")[::-1] for chain in reversed(close.split())]
    if not chains or sum(map(len, chains)) > MAX_COMPOUNDS:
        return None
    if not all(compound and _COMPOUND.fullmatch(compound) for chain in chains for compound in chain):
        return None
    return [
        [[part if part[0] in ".#" else part.lower() for part in _PART.findall(compound)] for compound in chain]
        for chain in chains
    ]


def _names(element: Element) -> set[str]:
    """Return the names by which selectors may refer to an element: ``tag``, ``.class`` and ``#id``."""
    names = {"." + name for name in class_names(element)}
    if (identifier := element.get("id")) is not None:
        names.add("#" + identifier)
    names.add(str(element.tag))
    return names


def _selects(chains: tuple[_Chain, ...], path: list[set[str]]) -> bool:
    """Whether a selector matches an element. Each chain takes the innermost match, which leaves the most room.

    Args:
        chains: the selector.
        path: the names of the element, of its parent and so on.
    """
    if not _fits(chains[0], path, 0):
        return False
    at = len(chains[0])
    for chain in chains[1:]:
        while at < len(path) and not _fits(chain, path, at):
            at += 1
        if at >= len(path):
            return False
        at += len(chain)
    return True


def _fits(chain: _Chain, path: list[set[str]], at: int) -> bool:
    """Whether the elements from this index on have the names of a chain."""
    names = path[at : at + len(chain)]
    return len(names) == len(chain) and all(map(frozenset.issubset, chain, names))
