"""What a page's own style sheet hides: AMP turns ``style="display:none"`` into a class and a rule (MARKUP.md 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import LargeBytes, words

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

MAX_CONDITIONS = 16
"""Maximum number of attributes and ``:not()`` in a selector; a longer one hides nothing."""

MAX_SELECTOR = 1000
"""Maximum number of characters of a selector with conditions; so does a longer one."""

MAX_SIBLINGS = 50
"""Maximum number of siblings before an element that are compared with a selector such as ``.a ~ .b``."""

MAX_VALUE = 1000
"""Longest value of an attribute that is compared with a selector's."""

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

# Of selectors: what separates or encloses them or their parts, the compounds that are understood, the names in one
_SIGN = re.compile(r"[,()\[\]]")
_COMBINATOR = re.compile(r"\s*+([>+~])\s*+|\s++")
_COMPOUND = re.compile(r"(?:[a-z][\w-]*|\*)?(?:[.#][\w-]+)*", re.IGNORECASE)
_CONDITION = re.compile(
    r"""\[\s*+(?P<attribute>[a-z_][\w-]*+)\s*+(?:(?P<sign>[~^$*|]?)=\s*+
        (?:"(?P<double>[^"\\]*+)"|'(?P<single>[^'\\]*+)'|(?P<bare>-?[^\W\d][\w-]*+))\s*+(?P<case>[is]?)\s*+)?\]
    |:not\((?P<alternatives>(?:[^()\[\]]++|\[[^\]]*+\])*+)\)
    |(?P<place>:(?:first|last|only|nth)-[\w-]++(?:\([^()]*+\))?+|:empty)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A condition beside names: an attribute; what an element is not; or its place, which the cut tree does not tell."""

_NUMBER = re.compile(r"[.#]\d")
"""No class in a selector begins so."""

_UNKNOWN = "!"
"""No selector contains this, and no element has it as a name."""

_INTERACTION = re.compile(r":(?:hover|focus(?:-visible|-within)?|active|target)", re.IGNORECASE)
"""What no element is before a reader does something."""

_STATE = re.compile(r"(?:[.-]js|loaded|ready|\[src(?:set)?)$")
"""How names end of which a script sees to it that elements have them."""

_PLAIN_ATTRIBUTES = words("href rel target title src srcset sizes alt width height loading decoding dir align border")
"""Attributes that most elements without a class have, and that no rule hides them by."""

_ALWAYS_TRUE = ":not(#_)"
"""What the AMP plugin adds to selectors, only to give them the weight of one more id."""

_PART = re.compile(r"^[a-z][\w-]*|[.#][\w-]+", re.IGNORECASE)

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


class _Attribute(NamedTuple):
    """A condition such as ``[class^="ad-"]``."""

    name: str
    sign: str | None
    """None if the attribute need only be there; empty if its value must equal this one."""

    value: str
    ignores_case: bool

    def holds(self, node: _Node) -> bool:
        found = node.element.get(self.name)
        if found is None or self.sign is None:
            return found is not None
        if len(found) > MAX_VALUE:
            return False
        value = self.value
        if self.ignores_case:
            found, value = found.lower(), value.lower()
        match self.sign:
            case "":
                return found == value
            case "~":
                return value in found.split()
            case "|":
                return found == value or found.startswith(value + "-")
            case "^":
                return value != "" and found.startswith(value)
            case "$":
                return value != "" and found.endswith(value)
            case _:
                return value != "" and value in found


class _Not(NamedTuple):
    """A condition such as ``:not(.a, .b)``."""

    alternatives: tuple[_Compound, ...]

    def holds(self, node: _Node) -> bool:
        return not any(one.fits(node) for one in self.alternatives)


_PLACE = _Not(())
"""What stands for ``:first-child`` and the like: it always holds."""


@dataclass(slots=True)
class _Compound:
    """What one element must be."""

    parts: list[str]
    """Its ``tag``, ``.class`` and ``#id`` names; not a set, as ``.a.a`` outweighs ``.a``."""

    conditions: list[_Attribute | _Not]
    names: frozenset[str]
    after: _Compound | None = None
    """What the sibling before it must be."""

    is_anywhere: bool = False
    """Whether that may be any sibling before it: ``~``, not ``+``."""

    def fits(self, node: _Node) -> bool:
        """Whether an element is that."""
        if not self.names <= node.names or not all(condition.holds(node) for condition in self.conditions):
            return False
        if self.after is None:
            return True
        siblings = islice(node.element.itersiblings(preceding=True), MAX_SIBLINGS if self.is_anywhere else 1)
        return any(self.after.fits(_Node(sibling, _names(sibling))) for sibling in siblings)

    @property
    def cost(self) -> int:
        """How many more comparisons with names take the time of its conditions and siblings; a guess."""
        own = 10 * sum(len(one.alternatives) + 1 if isinstance(one, _Not) else 1 for one in self.conditions)
        return own if self.after is None else own + (4 * MAX_SIBLINGS if self.is_anywhere else 10) + self.after.cost

    @property
    def weight(self) -> tuple[int, int, int]:
        """How many ids, classes and tags it names; of what it is not, the greatest."""
        ids = sum(part[0] == "#" for part in self.parts)
        classes = sum(part[0] == "." for part in self.parts)
        tags = len(self.parts) - ids - classes
        for condition in self.conditions:
            more = (0, 1, 0)
            if isinstance(condition, _Not):
                more = max((one.weight for one in condition.alternatives), default=more)
            ids, classes, tags = ids + more[0], classes + more[1], tags + more[2]
        if self.after:
            more = self.after.weight
            ids, classes, tags = ids + more[0], classes + more[1], tags + more[2]
        return ids, classes, tags


class _Node(NamedTuple):
    """An element, and the names by which selectors may refer to it."""

    element: Element
    names: set[str]


_Chain = list[_Compound]
"""What an element, its parent and so on must be."""


@dataclass(slots=True, frozen=True)
class _Rule:
    """One selector with one declaration."""

    weight: tuple[bool, int, int, int]
    """Important, ids, classes, tags: the greatest wins."""

    place: int
    """Of two with the same weight, the last wins."""

    chains: list[_Chain]
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
        names = _names(element)
        if len(names) == 1 and _PLAIN_ATTRIBUTES.issuperset(element.keys()):  # a tag alone hides nothing
            return False
        if self._hiding.isdisjoint(names) and not (
            self._hiding_attributes and self._hiding_attributes.intersection(element.keys())
        ):  # nor do most classes
            return False
        path = [_Node(element, names)]
        hiding = self._winner(path, hides=True)
        if hiding is None:
            return False
        showing = self._winner(path, hides=False)
        if showing is not None and showing > hiding:
            return False
        important = hiding[0][0]
        own = _display(element.get("style") or "")
        return own is None or own.hides or (important and not own.important)

    def _winner(self, path: list[_Node], *, hides: bool) -> tuple[tuple[bool, int, int, int], int, int] | None:
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
                path += [_Node(around, _names(around)) for around in element.iterancestors()]
            for rule in fitting:
                weight = rule.weight, number, rule.place
                if (winner is None or weight > winner) and _selects(rule.chains, path):
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
                    for selector in _split(prelude.decode("utf-8", "replace"))[: MAX_SELECTORS - selectors]:
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
    """Add a rule by a class, id or attribute in the last part of its selector; unsupported selectors are ignored.

    So are those that hide a bare tag: no page hides an article's text that way.
    """
    read = _read_selector(selector.strip(), for_hiding=declaration.hides)
    if read is None:
        return
    chains, (ids, classes, tags) = read
    target = chains[0][0]
    around = (part for chain in chains for compound in chain if compound is not target for part in compound.parts)
    if any(part.endswith(_WITHOUT_SCRIPTS) for part in around):
        return
    key = next((part for part in target.parts if part[0] in ".#"), None)
    if key is None:
        key = next(("[" + one.name for one in target.conditions if isinstance(one, _Attribute)), None)
    if key is None and not declaration.hides:
        key = target.parts[0] if target.parts else "*"
    if key is not None and len(rules.get(key, ())) < MAX_RULES:
        cost = sum(compound.cost for chain in chains for compound in chain)
        rules.setdefault(key, []).append(_Rule((declaration.important, ids, classes, tags), place, chains, 1 + cost))


def _read_selector(selector: str, *, for_hiding: bool) -> tuple[list[_Chain], tuple[int, int, int]] | None:
    """Parse a selector from its last part to its first, into chains of compounds, and weigh it.

    ``.x b > i.y`` gives a chain of ``i.y`` and ``b``, and one of ``.x``. None if it is not understood, or uncertain
    and for hiding: rather too much is shown.
    """
    ids = selector.count(_ALWAYS_TRUE)
    selector = selector.replace(_ALWAYS_TRUE, "")
    conditions = _Conditions()
    if "[" in selector or ":" in selector:
        if len(selector) > MAX_SELECTOR or _NUMBER.search(selector):
            return None
        selector = conditions.take_out(selector.replace(":root", "html"))
        if len(conditions.found) > MAX_CONDITIONS or (for_hiding and conditions.are_uncertain):
            return None
    *others, target = _COMBINATOR.split(selector)
    if len(others) >= 2 * MAX_COMPOUNDS or others.count("~") > 1:  # with two, all pairs might have to be compared
        return None
    compounds = [conditions.compound(text) for text in (target, *others[-2::-2])]
    chains: list[_Chain] = [[]]
    previous = None
    for sign, compound in zip((">", *others[::-2]), compounds, strict=True):
        if compound is None:
            return None
        if previous is not None and sign in ("+", "~"):
            previous.after, previous.is_anywhere = compound, sign == "~"
        elif sign == ">":
            chains[-1].append(compound)
        else:
            chains.append([compound])
        previous = compound
    weights = [compound.weight for compound in compounds if compound is not None]
    more_ids, classes, tags = map(sum, zip(*weights, strict=True))
    return chains, (ids + more_ids, classes, tags)


class _Conditions:
    """The attributes and ``:not()`` of a selector, replaced by classes that are their numbers."""

    def __init__(self) -> None:
        self.found: list[_Attribute | _Not] = []
        self.are_uncertain = False
        """Whether some depend on scripts, or on what the tree does not show: siblings may have been cut."""

    def take_out(self, selector: str) -> str:
        """Replace the conditions in a selector or part of one."""
        return _CONDITION.sub(self._numbered, selector)

    def _numbered(self, printed: re.Match[str]) -> str:
        condition: _Attribute | _Not
        if printed["place"]:
            condition = _PLACE
            self.are_uncertain = True
        elif printed["alternatives"] is not None:
            alternatives = [self._alternative(text.strip()) for text in _split(printed["alternatives"])]
            condition = _Not(tuple(filter(None, alternatives)))
            if None in alternatives:
                return _UNKNOWN
        else:
            name = printed["attribute"].lower()
            value = printed["double"] or printed["single"] or printed["bare"] or ""
            condition = _Attribute(name, printed["sign"], value, printed["case"] in ("i", "I"))
            self.are_uncertain |= name == "hidden"  # hidden_by_attribute() knows which of these are shown
        self.found.append(condition)
        return f".{len(self.found) - 1}"

    def _alternative(self, text: str) -> _Compound | None:
        """Parse what an element is not; None if it is not understood."""
        if _INTERACTION.fullmatch(text):
            return _Compound(["." + text], [], frozenset((_UNKNOWN,)))
        compound = self.compound(self.take_out(text))
        if compound is not None:
            names = *compound.parts, *("[" + one.name for one in compound.conditions if isinstance(one, _Attribute))
            self.are_uncertain |= any(map(_STATE.search, names))
            if _PLACE in compound.conditions:
                compound.names |= {_UNKNOWN}
        return compound

    def compound(self, text: str) -> _Compound | None:
        """Parse what one element must be; None if it is not understood."""
        if not text or not _COMPOUND.fullmatch(text):
            return None
        parts = [part if part[0] in ".#" else part.lower() for part in _PART.findall(text)]
        if not self.found:
            return _Compound(parts, [], frozenset(parts))
        numbers = [part for part in parts if part[1:].isdecimal()]
        parts = [part for part in parts if part not in numbers]
        return _Compound(parts, [self.found[int(number[1:])] for number in numbers], frozenset(parts))


def _names(element: Element) -> set[str]:
    """Return the names by which selectors may refer to an element: ``tag``, ``.class`` and ``#id``."""
    names = {"." + name for name in class_names(element)}
    if (identifier := element.get("id")) is not None:
        names.add("#" + identifier)
    names.add(str(element.tag))
    return names


def _selects(chains: list[_Chain], path: list[_Node]) -> bool:
    """Whether a selector matches an element. Each chain takes the innermost match, which leaves the most room.

    Args:
        chains: the selector.
        path: the element, its parent and so on.
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


def _fits(chain: _Chain, path: list[_Node], at: int) -> bool:
    """Whether the elements from this index on are those of a chain."""
    return at + len(chain) <= len(path) and all(map(_Compound.fits, chain, path[at : at + len(chain)]))
