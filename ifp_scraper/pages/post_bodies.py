"""Finds the element of the text on a page of any theme: standfirsts and other posts may have one of the same name."""

from __future__ import annotations

import re

from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.tree import Element, Tree, class_names
from ifp_scraper.text import words

_NAMES = (
    ".wp-block-post-content",
    "article .entry-content",
    ".entry-content",
    "article .post-content",
    ".post-content",
    '[itemprop="articleBody"]',
    ".elementor-widget-theme-post-content",
    ".et_pb_post_content",
    ".brxe-post-content",
    ".dynamic-entry-content",
    ".ct-inner-content",
    ".fl-module-fl-post-content",
    ".cm-entry-summary",
    "article.page-content-single",
    "main.type-post .page-content",
    "div.single-post-content",
    "div.article-content",
    "div.post-entry",
    "div.post_content",
    ".the_content_wrapper",
    ".jupiterx-post-content",
    '[id="mvp-content-main"]',
    "div.entry",
)
"""Names for the body alone: an ``article`` element holds far more."""

_BODY_CLASSES = words("entry-content post-content article-content single-post-content post-entry post_content entry")
"""Those of these names that themes on many sites give to a ``div``, so that they may be pasted into one another."""

_MIN_OWN_TEXT = 150
"""Minimum number of characters in the paragraphs beside a body in another: themes print short ones there."""

_POST_CLASSES = words("hentry type-post")
"""What post_class() gives to the element of any post."""

_NUMBER = re.compile(r"post-\d+")
"""What post_class() gives to the element of one post alone. Some themes add such names of their own."""

_LISTS = words("wp-block-query wp-block-latest-posts")
"""Blocks that list other posts."""


class PostBodies:
    """The elements of a page that may hold the text of a post.

    Args:
        tree: the page.
        post_id: WordPress's id of the post whose page it is; None if it is unknown.
    """

    def __init__(self, tree: Tree, post_id: int | None) -> None:
        self._tree = tree
        self._own_number = f"post-{post_id}" if post_id is not None else None

    def own(self) -> Element | None:
        """Return the element that holds this post's text; None if there is none with a known name."""
        for query in _NAMES:
            if bodies := self._tree.find(query):
                body = self._own_among(bodies) if len(bodies) > 1 else bodies[0]
                if not self._is_of_another_post(body):
                    return _not_pasted(body)
        return None

    def _own_among(self, bodies: list[Element]) -> Element:
        """Return this post's body, not a standfirst of the same name, which is in a header of the post."""
        own = filter(self._is_own, bodies)
        first = next(own, bodies[0])
        post, header = _post_around(first)
        if post is None or header is None:
            return first
        # If no other is below the header, nobody has closed it, or it holds the whole post.
        below = (body for body in own if any(box is header.getparent() for box in body.iterancestors()))
        return next((body for body in below if _post_around(body) == (post, None)), first)

    def _is_own(self, body: Element) -> bool:
        """Whether a body is this post's, by post_class(); if that says nothing, whether it is outside any list."""
        if self._is_of_another_post(body):
            return False
        classes = [class_names(box) for box in body.iterancestors()]
        numbers = [name for names in classes for name in names if _NUMBER.fullmatch(name)]
        if numbers and self._own_number is not None:
            return self._own_number in numbers
        return all(_LISTS.isdisjoint(names) for names in classes)

    def _is_of_another_post(self, body: Element) -> bool:
        """Whether a body is in the element of another post, perhaps inside this post's own, by post_class().

        Where this post's body has a name that is not known, a teaser's may be the only one.
        """
        if not self._marks_own:
            return False
        numbers = next((self._numbers[box] for box in body.iterancestors() if box in self._numbers), None)
        return numbers is not None and self._own_number not in numbers

    @cached_property
    def _marks_own(self) -> bool:
        """Whether the post's own element has its number."""
        return any(self._own_number in numbers for numbers in self._numbers.values())

    @cached_property
    def _numbers(self) -> dict[Element, list[str]]:
        """The numbers of each post's element, of those that have any."""
        posts = {post: class_names(post) for post in self._tree.find(".hentry, .type-post")}
        numbers = {post: list(filter(_NUMBER.fullmatch, names)) for post, names in posts.items()}
        return {post: own for post, own in numbers.items() if own}


def is_marked_as_post(element: Element) -> bool:
    """Whether an element is an ``article``, or has a class that post_class() gives."""
    return element.tag == "article" or not _POST_CLASSES.isdisjoint(class_names(element))


def _not_pasted(body: Element) -> Element:
    """Return the body, or the one around it into which an editor has pasted it: that has paragraphs of its own."""
    for box in body.iterancestors():
        if is_marked_as_post(box):
            break
        if not _BODY_CLASSES.isdisjoint(class_names(box)):
            texts = [part.text or "" for part in box.iterchildren("p") if not part.keys()]
            if len(texts) > 1 and sum(map(len, texts)) >= _MIN_OWN_TEXT:
                return box
    return body


def _post_around(body: Element) -> tuple[Element | None, Element | None]:
    """Return the innermost post's element around a body, and the header of that in which the body is, if any."""
    header = None
    for box in body.iterancestors():
        if is_marked_as_post(box):
            return box, header
        if box.tag == "header":
            header = box
    return None, header
