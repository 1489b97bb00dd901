"""Where an element is on a page of any theme: a better sign than its name of whether it belongs to the article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum, auto

from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.post_bodies import is_marked_as_post
from ifp_scraper.pages.tree import Element, Tree

_LISTS = (
    "article, .hentry, .type-post, .wp-block-query, .wp-block-latest-posts, .related-posts, .post-related, .widget,"
    " .comment-list, .commentlist"
)
"""Other articles on the page, lists of them, and comments."""


class Place(Enum):
    """Where a part of the article is. What belongs to another article has no place."""

    IN_POST = auto()
    """In the post's own element, before the body or around it."""
    IN_POST_AFTER = auto()
    """In the post's own element, after the body."""
    BEFORE = auto()
    """Outside the post's own element, before the body or around it; anywhere before the body if no post is marked."""
    AFTER = auto()
    """After the body, if no post is marked."""
    IN_BODY = auto()


class Places:
    """The places of a page whose article has this body.

    The post's own element is the innermost one around the body that the theme marks as a post's. If there is none,
    ``main`` stands in for it, though after the body it may contain other articles.
    """

    def __init__(self, tree: Tree, body: Element) -> None:
        self._tree = tree
        self._body = body
        self._path = _path_to(body)
        self._post = self._up_to(_is_post)
        self.marks_post = bool(self._post)
        """Whether the theme marks the post."""
        self._main = set() if self.marks_post else self._up_to(_is_main)
        self._others = set(tree.find(_LISTS)) - self._path.keys() - {body}
        self._known: dict[Element, Place | None] = {}

    def of(self, element: Element) -> Place | None:
        """Return where an element is; None if it is not this article's."""
        if element not in self._known:
            self._known[element] = self._place_of(element)
        return self._known[element]

    def at(self, elements: Iterable[Element], *places: Place) -> list[Element]:
        """Return those of the elements that are at one of these places."""
        return [element for element in elements if self.of(element) in places]

    def own(self, elements: Iterable[Element]) -> list[Element]:
        """Return the elements at the best place: in the post, else before it, after the body, or in the body."""
        placed = [(self.of(element), element) for element in elements]
        for places in ((Place.IN_POST, Place.IN_POST_AFTER), (Place.BEFORE,), (Place.AFTER,), (Place.IN_BODY,)):
            if own := [element for place, element in placed if place in places]:
                return own
        return []

    def is_of_others(self, element: Element) -> bool:
        """Whether an element is in another article or in a list of articles."""
        return not self._others.isdisjoint(element.iterancestors())

    def holds_body(self, element: Element) -> bool:
        """Whether an element is the body or contains it."""
        return element is self._body or element in self._path

    def _place_of(self, element: Element) -> Place | None:
        """Climb from the element to the body or to something around it."""
        child, headings = element, 0
        for box in (element, *element.iterancestors()):
            if box is self._body:
                return Place.IN_BODY
            if box in self._others:
                return None
            if box in self._path:
                if box is element or child in self._before:
                    return Place.IN_POST if box in self._post or box in self._main else Place.BEFORE
                return None if headings == 1 else self._behind(box)
            headings = headings or self._headings[box]
            child = box
        return None

    def _behind(self, box: Element) -> Place | None:
        """Return the place of what follows the body directly inside this box around it."""
        if self.marks_post:
            return Place.IN_POST_AFTER if box in self._post else None
        return None if self._main and box not in self._main else Place.AFTER

    def _up_to(self, is_outermost: Callable[[Element], bool]) -> set[Element]:
        """Return the elements around the body, up to the first of this kind; empty if there is none."""
        boxes: set[Element] = set()
        for box in self._path:
            boxes.add(box)
            if is_outermost(box):
                return boxes
        return set()

    @cached_property
    def _before(self) -> set[Element]:
        """What precedes the body: its siblings, and siblings of the elements around it."""
        return {sibling for step in self._path.values() for sibling in step.itersiblings(preceding=True)}

    @cached_property
    def _headings(self) -> Counter[Element]:
        """How many linked headings each box beside the body has: a single one makes it another article's card."""
        counts: Counter[Element] = Counter()
        for heading in self._tree.find("h2, h3, h4, h5, h6"):
            if any(_leads_to_article(link.get("href") or "") for link in heading.iter("a")):
                for box in heading.iterancestors():
                    if self.holds_body(box):
                        break
                    counts[box] += 1
        return counts


def _leads_to_article(address: str) -> bool:
    """Whether a heading's link may lead to another article: not to all of an author's, nor to the form for replies.

    Core prints a link that cancels a reply, to ``#respond``, in the heading of that form.
    """
    return "/author/" not in address and not address.endswith("#respond") and address[:1] not in ("", "#")


def _path_to(body: Element) -> dict[Element, Element]:
    """Map each element around the body, from the inside out, to its child that leads to the body."""
    path: dict[Element, Element] = {}
    child = body
    while (parent := child.getparent()) is not None:
        path[parent] = child
        child = parent
    return path


def _is_post(element: Element) -> bool:
    if element.tag in ("html", "body"):
        return False
    return is_marked_as_post(element) or (element.get("itemtype") or "").endswith(("Article", "BlogPosting"))


def _is_main(element: Element) -> bool:
    return element.tag == "main" or element.get("role") == "main"
