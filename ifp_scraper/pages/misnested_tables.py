"""Mends tables that lack a tag: cells without a table, and tables without an end.

    <div><td>One.</div>  <p>Two.</p>                    <div><table><tr><td>One.</div>  <p>Two.</p>

For libxml2, no end tag but their own ends parts of a table, and all that follows would be in the ``<div>``. Browsers
ignore the first ``<td>``. They would also put what follows into that second ``<div>``, which nobody means to write.
"""

from __future__ import annotations

import re

_TAG = re.compile(rb"<(/?)(?:(table)|(div|figure)|t(?:d|h|r|body|head|foot))(?=[\s/>])[^<>]*+>", re.IGNORECASE)


def mend_tables(html: bytes) -> bytes:
    """Return the page with rules instead of cells that are in no table, and with the end tags that tables lack."""
    first_cell = html.find(b"<td")
    if first_cell < 0:
        return html
    if (
        html.count(b"<table") == html.count(b"</table")
        and html.find(b"<table", 0, first_cell) >= 0
        and html.find(b"<td", html.rfind(b"</table")) < 0
    ):
        return html  # as on nearly every page with tables
    without_end = _tables_without_end(html)
    pieces: list[bytes] = []
    done = 0
    open_tables: list[int] = []
    """Where each open table begins."""
    boxes_in_table: list[int] = []
    """For each open table, how many boxes are open in it."""
    for tag in _TAG.finditer(html):
        is_end, is_table, is_box = tag.groups()
        if is_table:
            if not is_end:
                open_tables.append(tag.start())
                boxes_in_table.append(0)
            elif open_tables:
                open_tables.pop()
                boxes_in_table.pop()
        elif not open_tables:
            if not (is_end or is_box):
                pieces += html[done : tag.start()], b"<hr>"
                done = tag.end()
        elif is_box and not is_end:
            boxes_in_table[-1] += 1
        elif is_box:
            while open_tables and not boxes_in_table[-1] and open_tables[-1] in without_end:
                pieces += html[done : tag.start()], b"</table>"
                done = tag.start()
                open_tables.pop()
                boxes_in_table.pop()
            if boxes_in_table and boxes_in_table[-1]:
                boxes_in_table[-1] -= 1
    return b"".join([*pieces, html[done:]])


def _tables_without_end(html: bytes) -> set[int]:
    """Return where the tables begin that no end tag belongs to: each end tag is the innermost open table's."""
    open_tables: list[int] = []
    for tag in _TAG.finditer(html):
        is_end, is_table, _ = tag.groups()
        if is_table and not is_end:
            open_tables.append(tag.start())
        elif is_table and open_tables:
            open_tables.pop()
    return set(open_tables)
