"""From the bytes of a page to its tree: finds the character set, and takes out what is no content before parsing.

Two thirds of a real page is script and style, and most elements of the rest stand around the article
(docs/performance.md). Both are taken out of the bytes first, which costs less than building a tree of them; the
style sheets and JSON-LD are kept beside. Only what certainly cannot change the rest of the tree is taken out.
"""

from __future__ import annotations

import codecs
import json
import re
from functools import cached_property
from html import escape
from typing import Any, Literal

import msgspec
from lxml import etree
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
)

from ifp_scraper.pages.tree import Element, Tree
from ifp_scraper.text import words
from ifp_scraper.urls import uncover_email

MAX_BYTES = 20 * 1024 * 1024
"""Most bytes of a page that are read."""

MAX_MARKUP = 3 * 1024 * 1024
"""Most bytes left without scripts and styles that are read; a 50,000-word report has 0.4 MB."""

MAX_CUTS = 20_000
"""Most scripts, styles and comments taken out; more are left to the parser. A real page has 300."""

MAX_WORK = 1_000_000
"""Most elements times depth of a page: 5,000 elements, 200 deep. Real pages have 5,000, 40 deep."""

MAX_NOTED, MAX_NOTED_BYTES = 128, 128 * 1024
"""Most parts around an article that are remembered, and most bytes of each."""

_BODY = re.compile(rb"<body\s[^<>]*>", re.IGNORECASE)
_ENDS = re.compile(rb"</(?:[bB](?:([rR])(?<!<br></br)|[oO][dD][yY])|[hH][tT][mM][lL])\s*>")
"""What this parser takes otherwise than browsers, see ``_as_in_browsers``."""

_COMMENT_END = re.compile(rb"--!?>")
_SLASH, _MARK = b"/!"
_UTF_16 = b"<\0", b"\0<"
_BOM_BEGINS = (b"\xef", b"\xfe", b"\xff", b"\x00")

_NO_CHARSETS = words(
    "utf-8 undefined idna punycode unicode_escape unicode-escape raw_unicode_escape raw-unicode-escape utf-7"
)
"""Codecs of Python that no page uses: slow, or unable to read anything."""


def _in_any_case(name: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in name)


_CUT_OUT = "script", "style", "noscript", "svg", "template"
_OPENING = re.compile(
    rb"<(?=[!snatSNT][-ctvoemCTVOE])(?:!--"  # hardly any other tag begins so
    rb"|(s(?:cript|tyle|vg)|noscript|template|S(?:CRIPT|TYLE|VG)|NOSCRIPT|TEMPLATE)(?=[\s/>])"
    rb"|amp-img fallback [^<>]*></amp-img>)"
)
_CLOSING = {
    name.encode(): re.compile(rf"</{_in_any_case(name)}\s*>".encode())
    for name in (*_CUT_OUT, *map(str.upper, _CUT_OUT))
}

_PLAYER = re.compile(
    rb"""aparat\.com/embed/(?P<aparat>\w{3,20})(?=[?"'\s])|data-telegram-post=["']?(?P<telegram>\w{3,40}/\d{1,12})\b"""
    rb"|wp-playlist-script\b"
)
"""What a script puts in its own place: a film of Aparat's, a post of Telegram's, a player for a playlist."""

# Classes (or ids) of what AMPforWP and the Newspaper theme print around an article: recent posts, which are set aside;
# share bars, related posts, comments; and header, sidebar, widgets, footer, where now and then something is read.
_SURROUNDINGS = re.compile(
    rb"""<div (?:class|id)=["']?(?:(r-pf|amp-wp-content relatedpost recentpost)|"""
    rb"hamb-mnu|ss-ic|s_stk ss-ic|srp|cmts|s_so|so_i|ampforwp-so-i|headerwrap|toggle-navigationv2"
    rb"|amp-wp-content (?:relatedpost|comments_list|(?:post-pagination-meta )?ampforwp-social-icons-wrapper)"
    rb"|td-mobile-nav|td-post-sharing(?:-top|-bottom)?|td_block_wrap tdb_single_(?:related|post_share|next_prev)"
    rb"|td_block_wrap td_block_related_posts"
    rb"""|comments["'] (?:id=["']comments|class=["']comments-area)"""
    rb"|(tdc-header-wrap|td-header-(?:template-)?wrap|td-pb-span4 td-main-sidebar"
    rb"|td_block_wrap (?:td_(?:flex_)?block_\d{1,2}|vc_widget_sidebar|vc_wp_(?:recent|archive|categor)[a-z]{1,20})"
    rb"|td-footer-template-wrap|tdc-footer-wrap|td-footer-wrapper|f-w-f[12])"
    rb""")(?=[\s"'>])[^<>]*>"""
)
_RECENT_POSTS, _MAY_BE_READ = 1, 2
_READ_ANYWHERE = (b"icen", b"-crumb", b"tdb_single", b"td-post-content")
"""A license, breadcrumbs, blocks of a Cloud Library template, the body."""

_READ = (b"td-post-content", b"cntn-wrp", b"the_content", b"sp-lt", b"r-pf")
"""Bodies, the side column and recent posts: they stand in none of the others, unless that is not closed."""

# A div is closed by the </div> that belongs to it, as in libxml2, as long as there is nothing of the third kind inside
# it: the parts of a table (they do not let it through) or of the page (they close the div), and text that only looks
# like tags. Nor does an article's headline stand in its surroundings.
_DIV = re.compile(
    rb"<(?:(/div>)|(div(?=[\s>])(?![^<>]*+(?<=/)>))"
    rb"|/(?:t(?:able|body|head|foot|[rhd])(?=[\s/>])|h(?:tml|ead)(?=[\s/>])|body|div|[A-Z])|div"
    rb"|t(?:able|body|head|foot|itle|emplate|[rhd])(?=[\s/>])|textarea(?![^<>]*></textarea>)|iframe(?![^<>]*></iframe>)"
    rb'|h(?:tml|ead|1)(?=[\s/>])|body|main|article(?! id="(?:div-)?comment-)|no(?:frames|embed|script)'
    rb"|s(?:cript|tyle|vg)|plaintext|xmp|[A-Z!?])"
)
_DIV_ENDS, _DIV_BEGINS = 1, 2
_NO_ANGLES = bytes(set(range(256)) - set(b"<>"))


class _Track(msgspec.Struct):
    src: str


class _Playlist(msgspec.Struct):
    type: Literal["audio", "video"]
    tracks: list[_Track]


class Document:
    """One HTML page.

    Args:
        body: the page, as bytes or as text.
        content_type: the response's Content-Type header.
    """

    def __init__(self, body: bytes | str, content_type: str | None = None) -> None:
        self.warnings: list[str] = []
        self.styles: list[bytes] = []
        self._json_ld: list[bytes] = []
        self.recent_posts: bytes | None = None
        """The box of recent posts: neighbouring pages have the same one, so it is set aside to be read once."""
        if len(body) > MAX_BYTES:
            self.warnings.append("too-long")
        if isinstance(body, str):
            self.source = body.encode("utf-8", "replace")
        else:
            self.source = body = body[:MAX_BYTES]
            if _is_marked(body):
                self.source = self._as_utf8(body, content_type)
        html = self._cut_out(self.source)
        try:  # scripts and styles may hold what they like
            html.decode()
        except UnicodeDecodeError:
            assert isinstance(body, bytes)
            self.source = self._as_utf8(body, content_type)
            html = self._cut_out(self.source)
        if len(html) > MAX_MARKUP:
            self.warnings.append("too-long")
        self.html = _ENDS.sub(_as_in_browsers, self._empty_surroundings(html[:MAX_MARKUP]))
        self.truncated = b"</html" not in (end := self.source[-4096:]) and b"</html" not in end.lower()

    @cached_property
    def tree(self) -> Tree:
        """The tree, without script, style, noscript, svg, template and comments."""
        root, too_deep = _parse(self.html)
        if too_deep:
            self.warnings.append("too-deep")
        tree = Tree(root)
        for element in tree.find(".__cf_email__"):
            if email := uncover_email(element.get("data-cfemail") or ""):
                element.text, element[:] = email, []
                if element.tag == "a":
                    element.set("href", f"mailto:{email}")
        return tree

    @cached_property
    def too_large(self) -> bool:
        """Whether reading would take minutes: a selector's work grows with elements times depth."""
        if len(self.html) < 15_000 or self.html.count(b"<") <= 5000:
            return False
        depth = deepest = count = 0
        for event, _ in etree.iterwalk(self.root, events=("start", "end")):
            if event == "end":
                depth -= 1
                continue
            depth += 1
            count += 1
            deepest = max(deepest, depth)
        return count * deepest > MAX_WORK

    @property
    def root(self) -> Element:
        """The root of the tree."""
        return self.tree.root

    @cached_property
    def body_class(self) -> str:
        """Classes of the body element: WordPress's body_class() says what kind of page it is."""
        body = next(self.root.iter("body"), None)
        if (body is None or body.get("class") is None) and (printed := _BODY.search(self.html)):
            # A notice of PHP before the page has opened a body already: this parser then passes the real one by.
            body = next(parse(printed[0]).iter("body"), None)
        return (body.get("class") or "") if body is not None else ""

    @cached_property
    def json_ld(self) -> list[tuple[dict[str, Any], bool]]:
        """Every JSON-LD object of the page in page order, and whether it stands in an ``@graph``."""
        found: list[tuple[dict[str, Any], bool]] = []
        for source in self._json_ld:
            try:
                data = _read_json(source)
            except (ValueError, RecursionError):
                continue
            for item in data if isinstance(data, list) else [data]:
                if isinstance(item, dict):
                    graph = item.get("@graph")
                    pieces = graph if isinstance(graph, list) else [item]
                    found.extend((piece, piece is not item) for piece in pieces if isinstance(piece, dict))
        return found

    def _as_utf8(self, body: bytes, content_type: str | None) -> bytes:
        """Return the body in UTF-8: what reads it without a fault wins over what is declared."""
        encoding, bom = read_bom(body)
        if encoding:
            return body[len(bom or b"") :].decode(encoding, "replace").encode("utf-8", "replace")
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start >= len(body) - 3:  # cut inside a character
                return body[: error.start]
        else:
            if b"\0" not in body[:64]:  # UTF-16 without a mark is valid UTF-8, but for its NULs
                return body
        declared = http_content_type_encoding(content_type) or html_body_declared_encoding(body)
        name = codecs.lookup(declared).name if declared else None
        if declared and name not in _NO_CHARSETS:
            try:
                return body.decode(declared).encode("utf-8", "replace")
            except (UnicodeError, LookupError):
                pass
        if body.startswith(_UTF_16):
            return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace").encode("utf-8", "replace")
        self.warnings.append("charset")
        text = body.decode("utf-8", "replace")
        damaged = text.count("\ufffd") - body.count("\ufffd".encode())
        whole = len(text) - len(text.encode("ascii", "ignore")) - damaged
        # A few broken bytes in a UTF-8 page, or a Windows page that says it is UTF-8? That has no whole characters.
        if 3 * whole >= damaged if name == "utf-8" else whole >= 2 * damaged:
            return text.encode()
        return body.decode("cp1252", "replace").encode()

    def _cut_out(self, html: bytes) -> bytes:
        """Take script, style and the like out, as a browser would delimit them; keep what was inside."""
        if b"\0" in html:
            html = html.replace(b"\0", b"")
        self.styles.clear()
        self._json_ld.clear()
        kept: list[bytes] = []
        unclosed: set[bytes] = set()
        done = start = 0
        for _ in range(MAX_CUTS):
            if (opening := _OPENING.search(html, start)) is None:
                break
            begin, start = opening.span()
            if name := opening[1]:
                # Mostly the closing tag: this search is the fastest.
                first = html.find(b"<", start)
                tag_end = html.find(b">", start, first)
                if tag_end < 0 or name in unclosed or html[tag_end - 1] == _SLASH:
                    continue  # left to the parser
                closing = _CLOSING[name].match(html, first) or _CLOSING[name].search(html, first)
                if first < 0 or closing is None:
                    unclosed.add(name)
                    continue
                inner_end, start = closing.span()
                if name in (b"script", b"SCRIPT"):
                    tag = html[begin:tag_end]
                    if b"ld+json" in tag.lower():
                        self._json_ld.append(html[tag_end + 1 : inner_end])
                    elif (b"aparat" in tag or b"telegram" in tag or b"playlist" in tag) and (
                        player := _PLAYER.search(tag)
                    ):
                        kept += html[done:begin], _framed(player, html[tag_end + 1 : inner_end])
                        done = begin
                elif name in (b"noscript", b"NOSCRIPT") and b" data-img=" in html[begin:tag_end]:
                    kept += html[done:begin], html[tag_end + 1 : inner_end]  # EWWW's, whose script shows the picture
                    done = begin
                elif name in (b"style", b"STYLE"):
                    self.styles.append(html[tag_end + 1 : inner_end])
            elif html[begin + 1] == _MARK:  # a comment
                end = _COMMENT_END.search(html, begin)
                start = end.end() if end else len(html)
                if start - begin <= 10 and html.startswith(b"<!--:", begin):  # qTranslate's older marks
                    kept += html[done:begin], b"[", html[begin + 4 : start - 3], b"]"
                    done = start
                    continue
            kept.append(html[done:begin])
            done = start
        kept.append(html[done:])
        return b"".join(kept)

    def _empty_surroundings(self, html: bytes) -> bytes:
        """Take out what is inside of the elements around the article; they stay, so nothing else moves in the tree."""
        kept: list[bytes] = []
        done = start = 0
        while (opening := _SURROUNDINGS.search(html, start)) is not None:
            start = opening.end()
            end, emptied = _end_of_same(opening[0], html, start), True
            if end is None:
                end, emptied = _end_of_div(html, start)
                emptied = emptied and _may_be_emptied(html[start:end], opening[_MAY_BE_READ] is not None)
                if opening[_RECENT_POSTS] and end - start > MAX_NOTED_BYTES:
                    emptied = False  # no real one is so large
                if emptied:
                    _note(opening[0], html[start : end + len(_END)])
            if emptied:
                if opening[_RECENT_POSTS] and self.recent_posts is None:
                    self.recent_posts = html[opening.start() : end]
                kept.append(html[done:start])
                done = end
            start = end
        kept.append(html[done:])
        return b"".join(kept)


def _framed(player: re.Match[bytes], inside: bytes) -> bytes:
    """The frame that a script would put in its place, or players for the tracks that it lists."""
    if film := player["aparat"]:
        return b'<iframe src="https://www.aparat.com/video/video/embed/videohash/%b/vt/frame"></iframe>' % film
    if post := player["telegram"]:
        return b'<iframe src="https://t.me/%b"></iframe>' % post
    try:
        playlist = msgspec.json.decode(inside, type=_Playlist)
    except (ValueError, RecursionError):
        return b""
    tracks = (f'<{playlist.type} src="{escape(track.src)}"></{playlist.type}>' for track in playlist.tracks)
    return "".join(tracks).encode()


def parse(html: bytes) -> Element:
    """Parse HTML in UTF-8, the part of a page too, into a whole document without comments."""
    return _parse(html)[0]


def _parse(html: bytes) -> tuple[Element, bool]:
    """Parse, and say whether the parser dropped what is nested too deep."""
    # A parser each: a shared one is not safe between threads, and making one costs a microsecond.
    parser = etree.HTMLParser(
        encoding="utf-8",
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        no_network=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(html, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:  # a document of nothing but comments
        return etree.fromstring(b"<html></html>", etree.HTMLParser()), False
    return root, any(
        error.type_name == "ERR_INTERNAL_ERROR" and "depth" in error.message for error in parser.error_log
    )


def _is_marked(html: bytes) -> bool:
    """Whether the first bytes may say what the character set is: a byte order mark, or NULs of UTF-16."""
    return html[:1] in _BOM_BEGINS or b"\0" in html[:64]


def _read_json(source: bytes) -> Any:
    try:
        return msgspec.json.decode(source)
    except (ValueError, RecursionError):  # line breaks in strings, NaN, broken characters
        return json.loads(source.decode("utf-8", "replace").strip(), strict=False)


def _as_in_browsers(tag: re.Match[bytes]) -> bytes:
    """Make ``</br>`` a line break; take ``</body>`` and ``</html>`` out, which end nothing, wherever they stand."""
    return b"<br>" if tag[1] else b""


_END = b"</div>"
_emptied: dict[bytes, bytes] = {}
"""What was emptied last, by its opening tag: headers, menus and footers are the same on neighbouring pages."""


def _note(tag: bytes, inside: bytes) -> None:
    if len(_emptied) >= MAX_NOTED:
        _emptied.clear()
    if len(tag) + len(inside) <= MAX_NOTED_BYTES:
        _emptied[tag] = inside


def _end_of_same(tag: bytes, html: bytes, start: int) -> int | None:
    """Where the </div> stands, when what follows is what was emptied before; else None."""
    inside = _emptied.get(tag)
    return start + len(inside) - len(_END) if inside is not None and html.startswith(inside, start) else None


def _may_be_emptied(inside: bytes, may_be_read: bool) -> bool:
    """Whether nothing in it is read, and every "<" has its ">": there are no tags in attributes."""
    if any(name in inside for name in (_READ_ANYWHERE if may_be_read else _READ)):
        return False
    return inside.translate(None, _NO_ANGLES) == b"<>" * inside.count(b"<")


def _end_of_div(html: bytes, start: int) -> tuple[int, bool]:
    """Where the </div> of a div that has begun stands, and True; or else what makes that uncertain, and False."""
    waiting = 1
    for tag in _DIV.finditer(html, start):
        kind = tag.lastindex
        if kind == _DIV_BEGINS:
            waiting += 1
        elif kind == _DIV_ENDS:
            waiting -= 1
            if not waiting:
                return tag.start(), True
        else:
            return tag.start(), False
    return len(html), False
