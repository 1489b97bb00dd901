"""The outlet that a closing line of the text names: "Source: Tasnim News Agency"."""

from __future__ import annotations

import re

from ifp_scraper.items import Block

_SOURCE_LINE = re.compile(
    r"[(\[–—•*-]?\s*(?:source(?:s|\(s\))?|منبع|منابع)\s*[:：]\s*(.{1,120}?)\s*[)\]]?\.?", re.IGNORECASE
)
_SAYS = re.compile(r"\b(?:said|says|told|that|گفت|گفته|می‌گوید|که)\b")
"""Words of a sentence: what a source said, not its name."""


def closing_source(blocks: list[Block]) -> str | None:
    """Return the outlet named in a closing "Source: ..." line, which a few others may follow; else None."""
    own = [block["text"] for block in blocks if block["kind"] not in ("related", "table_row", "quote")]
    lines = "\n".join(own[-4:]).split("\n")
    if len(own) <= 4:
        lines = lines[1:] or lines  # what begins a text does not close it
    for line in reversed(lines[-8:]):
        match = _SOURCE_LINE.fullmatch(line)
        if match and not _SAYS.search(match[1]):
            outlet = match[1]
            return f"{outlet})" if outlet.count("(") > outlet.count(")") else outlet.removesuffix(".")
    return None
