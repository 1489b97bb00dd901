"""Assembles blocks from the pieces of text that a walk over the body comes across (CONTRACT.md section 3)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from ifp_scraper.items import Block
from ifp_scraper.pages.related import mark_related
from ifp_scraper.text import LINE_BREAK, first_language, squeeze, squeeze_lines

MAX_BLOCKS = 50_000
"""Maximum number of blocks in a body; a 50,000-word report has some 700."""

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"
"""Joiners, direction marks and the like: a block of nothing else shows nothing."""

_AD_LABEL = re.compile(r"[\s\[(–—*:|-]{0,3}advertisements?[\s\])–—*:|-]{0,3}", re.IGNORECASE)
"""A paragraph of nothing else is what is left of an ad."""

_MAX_AD_LABEL = 20
"""Maximum length of such a paragraph."""

_LABEL_OF_LIST = re.compile(r"(?:(?:\w++[\s\u200c]*+){1,4}:)?\W*+")
"""What a list of the post's tags or pages has outside links: "Filed under:" and commas."""

_SCRIPT_END = re.compile(r"[\"'”’″]\s*\)\s*;")


class Context(NamedTuple):
    """What the elements around a piece of the body make of it."""

    kind: Literal["paragraph", "heading", "list_item", "quote", "preformatted", "related"] = "paragraph"
    """That of its block; ``table_row`` has no context."""

    level: int = 0
    """A heading's."""

    list_level: int = 0
    """How many lists it is in."""

    ordered: bool = False
    """Whether the innermost list is numbered."""

    preformatted: bool = False
    in_link: bool = False

    gallery: bool = False
    """Whether its images belong to a gallery."""

    caption: str | None = None
    """That of the frame around its images."""


class BlockBuilder:
    """Blocks in the making. The run is the inline content added since the last block ended."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.too_long = False
        """Whether blocks were left out, because there are ``MAX_BLOCKS``."""

        self.run_is_related = False
        """Whether the run is a link to another article, inserted by a plugin."""

        self.run_has_terms_or_pages = False
        """Whether core printed part of the run to list the post's tags, categories or pages."""

        self._unlinked: list[str] = []
        """For each block, its text outside links."""

        self._run: list[str] = []
        self._run_linked: list[bool] = []
        """For each piece of the run, whether it is in a link."""

    def add_text(self, text: str | None, context: Context) -> None:
        """Add a piece to the run."""
        if not text or (not self._run and text.isspace() and not context.preformatted):
            return
        if context.preformatted:
            text = text.replace("\r\n", "\n").replace("\n", LINE_BREAK)
        self._run.append(text)
        self._run_linked.append(context.in_link)

    def end_block(self, context: Context) -> None:
        """Make a block of the run; white space alone makes none."""
        if not self._run:
            self.run_is_related = self.run_has_terms_or_pages = False  # of a link that shows nothing
            return
        run, linked, is_related, is_list = (
            self._run,
            self._run_linked,
            self.run_is_related,
            self.run_has_terms_or_pages,
        )
        self._run, self._run_linked, self.run_is_related, self.run_has_terms_or_pages = [], [], False, False
        text = unlinked = squeeze_lines("".join(run))
        if True in linked:
            unlinked = "".join(part for part, in_link in zip(run, linked, strict=True) if not in_link)
            unlinked = squeeze(unlinked.replace(LINE_BREAK, " "))
        if is_list and context.kind == "paragraph" and _LABEL_OF_LIST.fullmatch(unlinked):
            return
        if text:
            if is_related and not unlinked:
                context = context._replace(kind="related")
            self._add_block(text, unlinked, context)

    def end_line(self, context: Context) -> None:
        """Separate an inline element that is displayed as a block from the text beside it, which is in the same block.

        In code, it is a line.
        """
        if not context.preformatted:
            self.add_text(" ", context)
        elif self._run and not self._run[-1].endswith(LINE_BREAK):
            self.add_text(LINE_BREAK, context)

    def add_paragraph(self, text: str | None, context: Context) -> None:
        """Add a paragraph that is only text, as nine in ten are."""
        self.end_block(context)
        if context.preformatted or context.in_link:
            self.add_text(text, context)
            self.end_block(context)
        elif text and (text := squeeze_lines(text)):
            self._add_block(text, text, context)

    def _add_block(self, text: str, unlinked: str, context: Context) -> None:
        """Add a block with this text, some of it perhaps outside links, unless it shows nothing."""
        if not text.strip(_INVISIBLE) or self._is_full():
            return
        block: Block = {"kind": context.kind, "text": text}
        if context.kind == "heading":
            block["level"] = context.level
        elif context.kind == "list_item":
            block["level"] = max(1, context.list_level)
            block["ordered"] = context.ordered
        self.blocks.append(block)
        self._unlinked.append(unlinked.replace("\n", " "))

    def add_row(self, cells: list[str]) -> None:
        """Add a row of a table, unless all its cells are empty."""
        cells = first_language(cells)
        if any(cells) and not self._is_full():
            text = " | ".join(cells)
            self.blocks.append({"kind": "table_row", "text": text, "cells": cells})
            self._unlinked.append(text)

    def take_back(self, first: int) -> str:
        """Remove the blocks from this index on, and return their text, a line per block."""
        text = "\n".join(block["text"] for block in self.blocks[first:])
        del self.blocks[first:], self._unlinked[first:]
        return text

    def finished(self) -> list[Block]:
        """Return the body's blocks, when all of it has been added."""
        self.end_block(Context())
        _drop_leaked_script(self.blocks, self._unlinked)
        mark_related(self.blocks, self._unlinked)
        texts = first_language([block["text"] for block in self.blocks])
        for block, text in zip(self.blocks, texts, strict=True):
            block["text"] = text
        return [block for block in self.blocks if block["text"] and not _is_ad_label(block)]

    def _is_full(self) -> bool:
        if len(self.blocks) < MAX_BLOCKS:
            return False
        self.too_long = True
        return True


def _is_ad_label(block: Block) -> bool:
    text = block["text"]
    return len(text) <= _MAX_AD_LABEL and block["kind"] == "paragraph" and _AD_LABEL.fullmatch(text) is not None


def _drop_leaked_script(blocks: list[Block], unlinked: list[str]) -> None:
    """Drop what the AMP plugin leaves of ``document.write("<p>...</p>");``: the paragraph and the code's end."""
    for number in range(len(blocks) - 1, 0, -1):
        if number < len(blocks) and _SCRIPT_END.match(blocks[number]["text"]):
            del blocks[number - 1 : number + 1], unlinked[number - 1 : number + 1]
