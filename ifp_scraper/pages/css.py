"""What a page's own style sheet hides: AMP turns ``style="display:none"`` into a class and a rule (MARKUP.md 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ifp_scraper.pages.cached import LargeBytes, cached_property
from ifp_scraper.pages.css_selectors import Attribute, Chain, Node, names_of, read_selector, selects, split_selectors
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import words

MAX_STYLE = 2 * 1024 * 1024
"""Maximum number of style sheet bytes read; real pages have 0.5 MB."""

MAX_COMPARISONS = 20_000
"""Maximum number of comparisons of rules with elements; after that, nothing more counts as hidden."""

MAX_RULES = 200
"""Maximum number of rules for one class or id; a page has a handful."""

MAX_SELECTORS = 5000
"""Maximum number of selectors of ``display`` rules read from a style sheet; a theme has about a thousand."""

MAX_AT_RULES = 16
"""Maximum number of at-rules around a rule; rules nested deeper hide nothing."""

SHARED = range(8 * 1024, 256 * 1024)
"""Style sheets of this size (bytes) belong to themes and plugins and recur on many pages, so they are cached."""

# Of style sheets
_DISPLAY_NONE = re.compile(rb"display\s*:\s*(?:none|NONE)"), re.compile(rb"DISPLAY\s*:\s*(?:none|NONE)")
"""One pattern for each beginning, as ``re`` then looks for that."""

_NAME = re.compile(rb"[.#][\w\x80-\xff-]+")
_FIRST_ATTRIBUTE = re.compile(rb"(?:(?<=[,\s>+~])|^)[\w*]*+(\[[\w-]+)")
"""The attribute with which a compound begins."""

_BRACE = re.compile(rb"[{}]")
_TOKEN = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|<!--|(?<![\w-])-->
    |"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?|url\((?!\s*["'])[^)]*+\)?""",
    re.DOTALL | re.VERBOSE,
)
"""A comment, or what hides a style sheet from the browsers of old, and only looks like one; or what may contain
braces: a string or a URL."""

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

_PLAIN_ATTRIBUTES = words("href rel target title src srcset sizes alt width height loading decoding dir align border")
"""Attributes that most elements without a class have, and that no rule hides them by."""

_WITHOUT_SCRIPTS = ".no-js", "-no-js"
"""Ends of classes that the elements around a text lose with the page's first script."""

# Of declarations
_OPAQUE = re.compile(r"""/\*.*?(?:\*/|$)|"[^"]*"?|'[^']*'?|\([^()]*\)?""", re.DOTALL)
"""What may contain a semicolon that separates no declarations."""

_DISPLAY = re.compile(r"(?:^|;)\s*+display\s*+:([^;!]*+)(!\s*+important\s*+)?+(?=;|$)", re.IGNORECASE)
_INSIDE_AND_OUTSIDE = words("block inline flow flow-root flex grid table ruby math list-item")
_VALUES = _INSIDE_AND_OUTSIDE | words(
    "none contents inline-block inline-flex inline-grid inline-table table-row-group table-header-group table-row"
    " table-footer-group table-cell table-column-group table-column table-caption ruby-text"
    " initial inherit unset revert revert-layer -webkit-box -webkit-inline-box -webkit-flex -webkit-inline-flex var()"
)
"""What ``display`` may be."""

_BLOCKS = words("block flex grid table list-item")
_OUT_OF_LINE_INLINE = re.compile(
    r"(?:^|;)\s*(?:float\s*:\s*(?!none)|position\s*:\s*(?:absolute|fixed))", re.IGNORECASE
)


class _Declaration(NamedTuple):
    """What a rule or a style attribute says about ``display``."""

    value: str
    important: bool

    @property
    def hides(self) -> bool:
        return self.value == "none"


def _display(declarations: str) -> _Declaration | None:
    """Return the declaration of ``display`` that counts: the last important one, else the last one.

    Browsers skip one with an unknown value. So does this, unless it is the only one: it may be of a newer browser.
    """
    if "display" not in declarations.lower():
        return None
    counting = None
    for printed, important in _DISPLAY.findall(_OPAQUE.sub(_emptied, declarations)):
        value = " ".join(printed.lower().split())
        if value in _VALUES or (value and _INSIDE_AND_OUTSIDE.issuperset(value.split())):
            if important or counting is None or not counting.important:
                counting = _Declaration(value, bool(important))
        elif value and counting is None:
            counting = _Declaration(value, important=False)
    return counting


def _emptied(opaque: re.Match[str]) -> str:
    return "()" if opaque[0][0] == "(" else " "


def hidden_by_attribute(element: Element) -> bool:
    """Whether the element hides itself: ``style="display:none"`` or the attribute ``hidden`` without another display.

    Of what has that attribute, the panels that a reader can open do not count: those of tabs, and of accordions
    (``until-found``, or a region with a label).
    """
    style = element.get("style")
    display = _display(style) if style is not None else None
    if display is not None:
        return display.hides
    hidden = element.get("hidden")
    if hidden is None or hidden == "until-found":
        return False
    role = element.get("role")
    return role != "tabpanel" and (role != "region" or element.get("aria-labelledby") is None)


def block_by_attribute(element: Element) -> bool:
    """Whether an inline element's own style displays it as a block.

    One that floats may be a word's first letter; one with a place of its own leaves the text around it as it is.
    """
    style = element.get("style")
    display = _display(style) if style is not None else None
    if style is None or display is None or display.value.partition(" ")[0] not in _BLOCKS:
        return False
    return _OUT_OF_LINE_INLINE.search(style) is None


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


@dataclass(slots=True, frozen=True)
class _Rule:
    """One selector with one declaration."""

    weight: tuple[bool, int, int, int]
    """Important, ids, classes, tags: the greatest wins."""

    place: int
    """Of two with the same weight, the last wins."""

    chains: list[Chain]
    """The selector from its last part to its first, split at descendant combinators."""

    cost: int
    """As how many comparisons one with an element counts."""


class StyleSheet:
    """The ``display`` rules in a page's style elements that apply on any screen.

    What is not understood hides nothing: rules inside conditional ``@media`` and most pseudo-classes, as they depend
    on the screen or the reader, and selectors that end with a bare tag.
    """

    def __init__(self, styles: list[bytes]) -> None:
        self._styles = styles
        self._comparisons = 0

    def hides(self, element: Element) -> bool:
        """Whether the element is not displayed."""
        if not self._styles or self._comparisons > MAX_COMPARISONS:
            return False
        names = names_of(element)
        if len(names) == 1 and _PLAIN_ATTRIBUTES.issuperset(element.keys()):  # a tag alone hides nothing
            return False
        if self._hiding.isdisjoint(names) and not (
            self._hiding_attributes and self._hiding_attributes.intersection(element.keys())
        ):  # nor do most classes
            return False
        path = [Node(element, names)]
        hiding = self._winner(path, hides=True)
        if hiding is None:
            return False
        showing = self._winner(path, hides=False)
        if showing is not None and showing > hiding:
            return False
        important = hiding[0][0]
        own = _display(element.get("style") or "")
        return own is None or own.hides or (important and not own.important)

    def _winner(self, path: list[Node], *, hides: bool) -> tuple[tuple[bool, int, int, int], int, int] | None:
        """Return the weight and place of the greatest rule that hides, or shows, an element; None if there is none.

        Args:
            path: the element; those around it are added when they are needed.
            hides: which rules are sought.
        """
        element, names = path[0]
        keys = [*names, *("[" + str(name) for name, _ in element.items()), "*"]
        winner = None
        for number, sheet in enumerate(self._sheets):
            rules = [rule for key in keys for rule in sheet.rules[hides].get(key, ())]
            self._comparisons += sum(rule.cost for rule in rules)
            if self._comparisons > MAX_COMPARISONS:
                return None
            fitting = [rule for rule in rules if rule.chains[0][0].fits(path[0])]
            if fitting and len(path) == 1:
                path += [Node(around, names_of(around)) for around in element.iterancestors()]
            for rule in fitting:
                weight = rule.weight, number, rule.place
                if (winner is None or weight > winner) and selects(rule.chains, path):
                    winner = weight
        return winner

    @cached_property
    def _hiding(self) -> frozenset[str]:
        """The classes and ids in rules that may hide something."""
        return frozenset().union(*(sheet.hiding for sheet in self._sheets))

    @cached_property
    def _hiding_attributes(self) -> frozenset[str]:
        """The attributes in such rules: few, on few pages; hidden_by_attribute() reads one of them."""
        return frozenset(name[1:] for name in self._hiding if name[0] == "[" and name != "[hidden")

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
        """The classes, ids and ``[attributes`` in selectors of rules with ``display: none``, found by text search."""
        return frozenset(
            name.decode("utf-8", "surrogateescape")
            for pattern in _DISPLAY_NONE
            for selectors in _selectors_before(pattern, self._style)
            for name in _names_in(selectors)
        )

    @cached_property
    def rules(self) -> tuple[dict[str, list[_Rule]], dict[str, list[_Rule]]]:
        """The ``display`` rules that show and those that hide, in order, by a name that the element must have."""
        rules: tuple[dict[str, list[_Rule]], dict[str, list[_Rule]]] = {}, {}
        selectors = 0
        style = _TOKEN.sub(_without_braces, self._style)
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
                if declaration := _display(inside.decode("utf-8", "replace")):
                    for selector in split_selectors(prelude.decode("utf-8", "replace"))[: MAX_SELECTORS - selectors]:
                        selectors += 1
                        _add_rule(rules[declaration.hides], selector, declaration, selectors)
        return rules


def _without_braces(token: re.Match[bytes]) -> bytes:
    """Drop comments, and what has no meaning in strings and URLs."""
    return token[0].translate(None, b"{};") if token[0][:1] in b"\"'u" else b""


_cached_sheet = lru_cache(maxsize=32)(_Sheet)


def _sheet(style: bytes) -> _Sheet:
    return _cached_sheet(LargeBytes(style)) if len(style) in SHARED else _Sheet(style)


def _names_in(selectors: bytes) -> list[bytes]:
    names = _NAME.findall(selectors)
    return names + _FIRST_ATTRIBUTE.findall(selectors) if b"[" in selectors else names


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


def _add_rule(rules: dict[str, list[_Rule]], selector: str, declaration: _Declaration, place: int) -> None:
    """Add a rule by a class, id or attribute in the last part of its selector; unsupported selectors are ignored.

    So are those that hide a bare tag: no page hides an article's text that way.
    """
    read = read_selector(selector.strip(), for_hiding=declaration.hides)
    if read is None:
        return
    chains, (ids, classes, tags) = read
    target = chains[0][0]
    around = (part for chain in chains for compound in chain if compound is not target for part in compound.parts)
    if any(part.endswith(_WITHOUT_SCRIPTS) for part in around):
        return
    key = next((part for part in target.parts if part[0] in ".#"), None)
    if key is None:
        key = next(("[" + one.name for one in target.conditions if isinstance(one, Attribute)), None)
    if key is None and not declaration.hides:
        key = target.parts[0] if target.parts else "*"
    if key is not None and len(rules.get(key, ())) < MAX_RULES:
        cost = sum(compound.cost for chain in chains for compound in chain)
        rules.setdefault(key, []).append(_Rule((declaration.important, ids, classes, tags), place, chains, 1 + cost))
