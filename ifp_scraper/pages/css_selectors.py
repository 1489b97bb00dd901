"""Selectors of style sheets: which elements one means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ifp_scraper.pages.tree import Element, class_names

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

# What separates or encloses selectors or their parts, the compounds that are understood, the names in one
_SIGN = re.compile(r"[,()\[\]]")
_COMBINATOR = re.compile(r"\s*+([>+~])\s*+|\s++")
_COMPOUND = re.compile(r"(?:[a-z][\w-]*|\*)?(?:[.#][\w-]+)*", re.IGNORECASE)
_PART = re.compile(r"^[a-z][\w-]*|[.#][\w-]+", re.IGNORECASE)
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

_ALWAYS_TRUE = ":not(#_)"
"""What the AMP plugin adds to selectors, only to give them the weight of one more id."""


class Attribute(NamedTuple):
    """A condition such as ``[class^="ad-"]``."""

    name: str
    sign: str | None
    """None if the attribute need only be there; empty if its value must equal this one."""

    value: str
    ignores_case: bool

    def holds(self, node: Node) -> bool:
        """Whether an element fulfils it."""
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

    alternatives: tuple[Compound, ...]

    def holds(self, node: Node) -> bool:
        return not any(one.fits(node) for one in self.alternatives)


_PLACE = _Not(())
"""What stands for ``:first-child`` and the like: it always holds."""


@dataclass(slots=True)
class Compound:
    """What one element must be."""

    parts: list[str]
    """Its ``tag``, ``.class`` and ``#id`` names; not a set, as ``.a.a`` outweighs ``.a``."""

    conditions: list[Attribute | _Not]
    names: frozenset[str]
    after: Compound | None = None
    """What the sibling before it must be."""

    is_anywhere: bool = False
    """Whether that may be any sibling before it: ``~``, not ``+``."""

    def fits(self, node: Node) -> bool:
        """Whether an element is that."""
        if not self.names <= node.names or not all(condition.holds(node) for condition in self.conditions):
            return False
        if self.after is None:
            return True
        siblings = islice(node.element.itersiblings(preceding=True), MAX_SIBLINGS if self.is_anywhere else 1)
        return any(self.after.fits(Node(sibling, names_of(sibling))) for sibling in siblings)

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


class Node(NamedTuple):
    """An element, and the names by which selectors may refer to it."""

    element: Element
    names: set[str]


Chain = list[Compound]
"""What an element, its parent and so on must be."""


def split_selectors(prelude: str) -> list[str]:
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


def read_selector(selector: str, *, for_hiding: bool) -> tuple[list[Chain], tuple[int, int, int]] | None:
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
    chains: list[Chain] = [[]]
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
        self.found: list[Attribute | _Not] = []
        self.are_uncertain = False
        """Whether some depend on scripts, or on what the tree does not show: siblings may have been cut."""

    def take_out(self, selector: str) -> str:
        """Replace the conditions in a selector or part of one."""
        return _CONDITION.sub(self._numbered, selector)

    def _numbered(self, printed: re.Match[str]) -> str:
        condition: Attribute | _Not
        if printed["place"]:
            condition = _PLACE
            self.are_uncertain = True
        elif printed["alternatives"] is not None:
            alternatives = [self._alternative(text.strip()) for text in split_selectors(printed["alternatives"])]
            condition = _Not(tuple(filter(None, alternatives)))
            if None in alternatives:
                return _UNKNOWN
        else:
            name = printed["attribute"].lower()
            value = printed["double"] or printed["single"] or printed["bare"] or ""
            condition = Attribute(name, printed["sign"], value, printed["case"] in ("i", "I"))
            self.are_uncertain |= name == "hidden"  # hidden_by_attribute() knows which of these are shown
        self.found.append(condition)
        return f".{len(self.found) - 1}"

    def _alternative(self, text: str) -> Compound | None:
        """Parse what an element is not; None if it is not understood."""
        if _INTERACTION.fullmatch(text):
            return Compound(["." + text], [], frozenset((_UNKNOWN,)))
        compound = self.compound(self.take_out(text))
        if compound is not None:
            names = *compound.parts, *("[" + one.name for one in compound.conditions if isinstance(one, Attribute))
            self.are_uncertain |= any(map(_STATE.search, names))
            if _PLACE in compound.conditions:
                compound.names |= {_UNKNOWN}
        return compound

    def compound(self, text: str) -> Compound | None:
        """Parse what one element must be; None if it is not understood."""
        if not text or not _COMPOUND.fullmatch(text):
            return None
        parts = [part if part[0] in ".#" else part.lower() for part in _PART.findall(text)]
        if not self.found:
            return Compound(parts, [], frozenset(parts))
        numbers = [part for part in parts if part[1:].isdecimal()]
        parts = [part for part in parts if part not in numbers]
        return Compound(parts, [self.found[int(number[1:])] for number in numbers], frozenset(parts))


def names_of(element: Element) -> set[str]:
    """Return the names by which selectors may refer to an element: ``tag``, ``.class`` and ``#id``."""
    names = {"." + name for name in class_names(element)}
    if (identifier := element.get("id")) is not None:
        names.add("#" + identifier)
    names.add(str(element.tag))
    return names


def selects(chains: list[Chain], path: list[Node]) -> bool:
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


def _fits(chain: Chain, path: list[Node], at: int) -> bool:
    """Whether the elements from this index on are those of a chain."""
    return at + len(chain) <= len(path) and all(map(Compound.fits, chain, path[at : at + len(chain)]))
