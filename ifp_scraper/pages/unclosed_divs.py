"""Closes each ``<div>`` with the element that it is in, as browsers do, and forms behind the last of their controls.

    <blockquote><div>One.</blockquote>  <p>Two.</p>

For libxml2, only ``</div>`` or the end of a table's cell ends a ``<div>``. It ignores ``</blockquote>`` here, and all
that follows would be in the quote: likewise in a list, a heading, a figure, or the article. Unlike in browsers,
``<div/>`` ends at once. A form without an end would keep all that follows to itself.
"""

from __future__ import annotations

import re

from ifp_scraper.text import words

_TAG = re.compile(
    rb"(?s)<!--.*?(?:-->|\Z)|<(/?)(div(?!/>|[^<>]*+(?<=[\s\"']/)>)|blockquote|[uo]l|li|h[1-6]|fig(?:ure|caption)|details"
    rb"|pre|table|t[dh]|article|main|section|aside|header|footer|nav)(?=[\s/>])",
    re.IGNORECASE,
)
_CROSSED = re.compile(rb"[^<>]*>\s*</div", re.IGNORECASE)
"""What follows an end tag's name if a ``<div>`` ends just behind it: these tags cross, and no end is missing."""

_SECTIONS = words("article main section aside header footer nav")
"""Elements in a ``<div>`` of their own on most pages: after these, it tells nothing that one ends."""

_CELLS = words("td th")
_TABLES = words("table td th")
_LIMITS = {"li": _TABLES | {"ul", "ol"}, "table": frozenset[str](), "td": words("table"), "th": words("table")}
"""For the elements that differ from others, what keeps its contents from ending them; for others, ``_TABLES``."""

_IN_FORM = re.compile(
    rb"<(/?)(?:(div|table|t[dh])|input|button|select|option|textarea|label)(?=[\s/>])[^<>]*+>", re.IGNORECASE
)
"""A tag of a form's control or of a box."""

_MAX_BETWEEN_CONTROLS = 1000
"""Maximum number of bytes between two controls of a form that has no end tag: further below, the text has gone on."""

_MAX_DEPTH = 64
"""Maximum number of elements in the one that a tag ends."""


def close_forms(html: bytes) -> bytes:
    """Return the page with the end tags that its forms lack; a form without controls loses its tag instead."""
    pieces: list[bytes] = []
    done, end = 0, -1
    begin = html.find(b"<form")
    while begin >= 0:
        if end < begin and (end := html.find(b"</form", begin)) < 0:
            end = len(html)
        following = html.find(b"<form", begin + 1, end)
        if following >= 0 or end == len(html):
            limit = following if following >= 0 else end
            tag_end = html.find(b">", begin, limit) + 1 or begin
            if form_end := _end_of_form(html, tag_end, limit):
                pieces += html[done:form_end], b"</form>"
                done = form_end
            else:
                pieces.append(html[done:begin])
                done = tag_end
        begin = following if following >= 0 else html.find(b"<form", end)
    return b"".join([*pieces, html[done:]]) if pieces else html


def _end_of_form(html: bytes, start: int, limit: int) -> int:
    """Return where a form without an end tag may end: behind its last control and the boxes in it around that one.

    Args:
        html: the page.
        start: where the form's content begins.
        limit: where the form ends at the latest.

    Returns:
        The offset, or 0 if the form has no controls.
    """
    end = depth = 0
    last_control = start
    is_behind_control = False
    for tag in _IN_FORM.finditer(html, start, limit):
        if tag.start() - last_control > _MAX_BETWEEN_CONTROLS:
            break
        is_end_tag, is_box = tag.groups()
        if not is_box:
            last_control = tag.end()
            is_behind_control = True
        else:
            depth += -1 if is_end_tag else 1
        if depth < 0:  # libxml2 ends a form with the box around it
            break
        if depth == 0 and is_behind_control:  # in a box, libxml2 would ignore the end tag
            end = tag.end()
            is_behind_control = False
    return end


def close_divs(html: bytes) -> bytes:
    """Return the page with the end tags that its ``<div>`` elements lack, where an element around them ends."""
    if html.count(b"<div") <= html.count(b"</div"):
        return html
    pieces: list[bytes] = []
    done = 0
    open_names: list[str] = []
    for tag in _TAG.finditer(html):
        if tag[2] is None:  # a comment
            continue
        name = tag[2].decode().lower()
        is_end_tag = bool(tag[1])
        if is_end_tag or name == "li" or name in _CELLS:  # the next item or cell ends the one before it
            ended = _ended_by(name, open_names)
            if name == "li" and not is_end_tag and any(inside != "div" for inside in ended[1:]):
                ended = []
            divs = ended[1:].count("div")
            if divs and not (is_end_tag and name not in _SECTIONS and _CROSSED.match(html, tag.end())):
                pieces += html[done : tag.start()], b"</div>" * divs
                done = tag.start()
            del open_names[len(open_names) - len(ended) :]
        if not is_end_tag:
            open_names.append(name)
    return b"".join([*pieces, html[done:]])


def _ended_by(name: str, open_names: list[str]) -> list[str]:
    """Return the innermost open element with this name and those in it; nothing if a tag cannot end it from here."""
    limits = _LIMITS.get(name, _TABLES)
    for depth, open_name in enumerate(reversed(open_names[-_MAX_DEPTH:]), start=1):
        if open_name == name:
            return open_names[-depth:]
        if open_name in limits:
            break
    return []
