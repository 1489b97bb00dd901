"""Lines such as "Read more: <link>", which are not part of the article's text."""

from __future__ import annotations

import re

from ifp_scraper.items import Block

_RELATED_LABEL = re.compile(
    r"[^\w\n]{0,4}(?:(?:read\s+(?:more|also|next)|also\s+(?:read|see)|see\s+(?:also|more))"
    r"(?:\s+(?:about|at|from|here|in|on)\b[^:：\n]{0,60}(?=[:：]))?|more\s+to\s+read|further\s+reading"
    r"|(?:بیشتر|همچنین)\s+بخوانید"
    r"|you\s+(?:may|might)\s+also\s+(?:like|read)|more\s+on\s+(?:this(?:\s+\w+)?|the\s+\w+)|don['’]t\s+miss"
    r"|(?:(?:read|see)\s+)?related"
    r"(?:\s+(?:news|articles?|stor(?:y|ies)|posts?|topics?|reports?|content|coverage|links?))?)"
    r"\s*([:：\-–—|»›>→…)\]]|\.{3}|$|\n)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[(\[][^()\[\]]{1,40}[)\]][\s.)]*$")
_WORD = re.compile(r"\w")
_LINKS_BELOW = "list_item", "paragraph", "heading", "related", "quote"
"""Kinds of blocks that a label alone may stand above."""


def mark_related(blocks: list[Block], unlinked: list[str]) -> None:
    """Mark "Read more: <link>" lines, and "Also read" with the list of links after it, as ``related``.

    Args:
        blocks: the body's blocks; changed in place.
        unlinked: for each block, its text outside links.
    """

    def is_link(number: int, kinds: tuple[str, ...]) -> bool:
        """Whether a block is of these kinds and nothing but links."""
        if number == len(blocks) or blocks[number]["kind"] not in kinds:
            return False
        return _is_linked(blocks[number]["text"], unlinked[number])

    def is_title(number: int) -> bool:
        """Whether a linked heading stands above a text, and not in a list of such headings."""
        is_last = number + 1 == len(blocks)
        return blocks[number]["kind"] == "heading" and not is_last and not is_link(number + 1, ("heading",))

    may_follow: tuple[str, ...] = ()
    for number, block in enumerate(blocks):
        if may_follow and is_link(number, may_follow):
            blocks[number] = {"kind": "related", "text": block["text"]}
            continue
        may_follow = ()
        # Without a colon, the label must be all of the unlinked text: "Also read <a>...</a>".
        text, outside_links = block["text"], unlinked[number]
        label = _RELATED_LABEL.match(text) or (outside_links != text and _RELATED_LABEL.fullmatch(outside_links))
        if not label:
            continue
        rest, unlinked_rest = text[label.end() :], _RELATED_LABEL.sub("", outside_links, count=1)
        if _is_linked(rest, unlinked_rest) or is_link(number, ("paragraph", "list_item", "heading")):
            may_follow = ("list_item",)  # it has a link of its own: one in a paragraph below is the article's
        elif not _WORD.search(unlinked_rest) and is_link(number + 1, _LINKS_BELOW) and not is_title(number + 1):
            may_follow = (blocks[number + 1]["kind"],)
        if may_follow:
            blocks[number] = {"kind": "related", "text": block["text"]}


def _is_linked(text: str, unlinked: str) -> bool:
    """Whether all words are in links, except a closing note such as "(PHOTOS)", and "and" between two links."""
    return (
        (not _WORD.search(_NOTE.sub("", unlinked)) or unlinked.strip(" ,") == "and")
        and _WORD.search(text) is not None
        and len(text) > len(unlinked)  # else there is no link
    )
