"""Cuts scripts, style sheets, comments and the like from a page's bytes, delimiting them as a browser does.

The style sheets and the JSON-LD are kept aside. A script that would show a player is replaced by its frame, a noscript
by its images, each marked with the attribute ``noscript``: scripts load the same ones late.
"""

from __future__ import annotations

import re
from html import escape
from typing import Literal, NamedTuple

import msgspec

MAX_CUTS = 20_000
"""Maximum number of scripts, styles and comments cut; more are left to the parser. A real page has 300."""


def _in_any_case(name: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in name)


_OPENING = re.compile(
    rb"<(?=[!snatSNT][-ctvoemCTVOE])(?:!--"  # hardly any other tag begins so
    rb"|(?P<name>s(?:cript|tyle|vg)|noscript|template|S(?:CRIPT|TYLE|VG)|NOSCRIPT|TEMPLATE)(?=[\s/>])"
    rb"|amp-img fallback [^<>]*></amp-img>)"
)
"""Where something to cut begins: a comment, the opening tag of an element up to its name, or all of a fallback."""

_CLOSING = {
    name.encode(): (f"</{name}>".encode(), re.compile(rf"</{_in_any_case(name)}(?=[\s/>])[^<>]*+>".encode()))
    for name in ("script", "style", "noscript", "svg", "template")
}
"""For each element name, its closing tag as usually printed, and a pattern that finds any other form of it."""

_IN_SVG = re.compile(
    rb"<(?:(?P<end>/svg(?=[\s/>])[^<>]*+>)"
    rb"|(?P<slash>/?)(?P<holder>foreignobject|desc|title|style)(?=[\s>])[^<>]*+(?<!/)>"
    rb"|(?:/?p|div|h[1-6r]|[uo]l|li|d[ltd]|table|blockquote|pre|body|br|img|span|strong|b|em|i|center)(?=[\s/>]))",
    re.IGNORECASE,
)
"""The end of an svg element, the tags of those in it that may hold HTML, and HTML, at which browsers end an svg."""

_IMAGE = re.compile(rb"""<(?=[iI])img(?=[\s/])(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""", re.IGNORECASE)
"""An image whose attributes are well-formed: it is moved out of its element."""

_LINK = re.compile(rb"<[aA]\s")
"""Around an image in a noscript: it is an ad, or a button to share the article."""

_BODY = re.compile(rb"<[bB][oO][dD][yY](?=[\s>])")

_COMMENT_END = re.compile(rb"--!?>")
_MEDIA = re.compile(rb"""\smedia\s*=\s*(?:["']([^"'{}]+)|([^\s"'{}]+))""")
"""For which media a style element is."""

_CONDITION = re.compile(
    rb"(?:\s*(?:only\s+)?(?:print|speech|aural|braille|embossed|handheld|projection|tty|tv|not\s+(?:all|screen))\b"
    rb"[^,]*(?:,|\Z))++\Z|.*\b(?:min|max)-width\s*:\s*[1-9]",
    re.IGNORECASE | re.DOTALL,
)
"""Media that do not include every screen."""

_TYPE = re.compile(rb"""\stype\s*=\s*(?:"([^"]*)|'([^']*)|([^\s"'>]+))""", re.IGNORECASE)
"""Of which type a style element is. Browsers ignore all but CSS."""

_PLAYER = re.compile(
    rb"""aparat\.com/embed/(?P<aparat>\w{3,20})(?=[?"'\s])|data-telegram-post=["']?(?P<telegram>\w{3,40}/\d{1,12})\b"""
    rb"|wp-playlist-script\b"
)
"""What a script replaces itself by: an Aparat video, a Telegram post, a player for a playlist."""


class _Track(msgspec.Struct):
    """An audio or video file."""

    src: str


class _Playlist(msgspec.Struct):
    """The JSON in which core's playlist shortcode leaves its tracks to a script."""

    type: Literal["audio", "video"]
    tracks: list[_Track]


class WithoutScripts(NamedTuple):
    """A page without scripts, and the parts of them that are read."""

    html: bytes
    style_sheets: list[bytes]
    """The contents of style elements, in page order."""

    json_ld: list[bytes]
    """The contents of JSON-LD scripts, in page order."""


def cut_scripts(html: bytes) -> WithoutScripts:
    """Cut script, style, noscript, svg, template, comments, and images that AMP only shows as a fallback."""
    html = html.replace(b"\0", b"")
    style_sheets: list[bytes] = []
    json_ld: list[bytes] = []
    kept: list[bytes] = []
    unclosed: set[bytes] = set()
    copied = position = 0
    body = -1
    for _ in range(MAX_CUTS):
        if (opening := _OPENING.search(html, position)) is None:
            break
        begin, position = opening.span()
        replacement = b""
        if printed_name := opening["name"]:
            name = printed_name.lower()
            if (ends := _ends_of(name, html, position, unclosed)) is None:
                continue  # left to the parser
            tag_end, content_end, position = ends
            if name == b"script":
                tag = html[begin:tag_end]
                if b"ld+json" in tag.lower():
                    json_ld.append(html[tag_end + 1 : content_end])
                elif (b"aparat" in tag or b"telegram" in tag or b"playlist" in tag) and (
                    player := _PLAYER.search(tag)
                ):
                    replacement = _frames(player, html[tag_end + 1 : content_end])
            elif name == b"style":
                style_sheet = html[tag_end + 1 : content_end]
                tag = html[begin:tag_end]
                if b"media" in tag and (media := _media_of(tag)):
                    style_sheet = b"@media %b{%b}" % (media, style_sheet)
                if b"type" not in tag or _is_css(tag):
                    style_sheets.append(style_sheet)
            elif name == b"noscript":
                if b" data-img=" in html[begin:tag_end]:
                    replacement = html[tag_end + 1 : content_end]  # EWWW's, whose script shows the image
                elif images := _IMAGE.findall(html, tag_end, content_end):
                    if body < 0:  # not sought yet; a counter in the head must not begin the body
                        opening_body = _BODY.search(html)
                        body = opening_body.end() if opening_body else len(html)
                    if begin > body and not _LINK.search(html, tag_end, content_end):
                        replacement = b"".join(b"<img noscript%b" % image[4:] for image in images)
        elif opening[0] == b"<!--":
            comment_end = _COMMENT_END.search(html, begin)
            position = comment_end.end() if comment_end else len(html)
            if position - begin <= 10 and html.startswith(b"<!--:", begin):  # qTranslate's older marks
                replacement = b"[%b]" % html[begin + 4 : position - 3]
        kept.append(html[copied:begin])
        if replacement:
            kept.append(replacement)
        copied = position
    kept.append(html[copied:])
    return WithoutScripts(b"".join(kept), style_sheets, json_ld)


def _is_css(tag: bytes) -> bool:
    """Whether a style element is of the type that browsers read."""
    printed = _TYPE.search(tag)
    return printed is None or printed[printed.lastindex or 1].lower() in (b"", b"text/css")


def _media_of(tag: bytes) -> bytes | None:
    """Return the media of a style element, unless they include every screen, or a script will change them."""
    media = _MEDIA.search(tag)
    value = media[media.lastindex or 1] if media else b""
    return value if _CONDITION.match(value) and b"onload" not in tag else None


def _ends_of(name: bytes, html: bytes, start: int, unclosed: set[bytes]) -> tuple[int, int, int] | None:
    """Return where an element's opening tag, its content and the element itself end; None if that is unclear.

    Args:
        name: of the element, in small letters.
        html: the page.
        start: the offset just after the name in the opening tag.
        unclosed: names without a closing tag in the rest of the page, which is searched once for each.
    """
    # The next tag is usually the closing one, and this search is the fastest.
    first = html.find(b"<", start)
    tag_end = html.find(b">", start, first)
    if tag_end < 0 or html.endswith(b"/", start, tag_end):
        return None
    as_mostly_printed, in_any_case = _CLOSING[name]
    if html.startswith(as_mostly_printed, first):
        return tag_end, first, first + len(as_mostly_printed)
    ends = None
    if first >= 0 and name not in unclosed:
        if name == b"svg":
            ends = _ends_of_svg(html, first)
        elif closing := in_any_case.search(html, first):
            ends = closing.span()
    if ends is None:
        unclosed.add(name)
        return (tag_end, tag_end + 1, tag_end + 1) if name == b"svg" else None  # an svg's shapes have no text
    return tag_end, *ends


def _ends_of_svg(html: bytes, start: int) -> tuple[int, int] | None:
    """Return where the content of an svg element and the element itself end: at its end tag, or before HTML."""
    holder = b""
    for tag in _IN_SVG.finditer(html, start):
        if tag["end"]:
            return tag.span()
        name = (tag["holder"] or b"").lower()
        if not name:
            if not holder:
                return tag.start(), tag.start()
        elif not tag["slash"]:
            holder = holder or name
        elif name == holder:
            holder = b""
    return None


def _frames(player: re.Match[bytes], script: bytes) -> bytes:
    """Return the frame that would replace a script, or players for the tracks it lists."""
    if film := player["aparat"]:
        return b'<iframe src="https://www.aparat.com/video/video/embed/videohash/%b/vt/frame"></iframe>' % film
    if post := player["telegram"]:
        return b'<iframe src="https://t.me/%b"></iframe>' % post
    try:
        playlist = msgspec.json.decode(script, type=_Playlist)
    except (ValueError, RecursionError):
        return b""
    tracks = (f'<{playlist.type} src="{escape(track.src)}"></{playlist.type}>' for track in playlist.tracks)
    return "".join(tracks).encode()
