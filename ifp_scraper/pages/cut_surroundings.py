"""Empties, in a page's bytes, what surrounds the article: header, menu, sidebar, share bars, comments, footer.

Most elements of a page are there, and cutting one costs less than parsing it. The emptied elements themselves stay,
so that nothing else moves in the tree, and only elements whose end is certain are emptied.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_REMEMBERED, MAX_REMEMBERED_BYTES = 128, 128 * 1024
"""Maximum number of surrounding elements whose content is remembered, and maximum bytes of each."""

_OPENING = re.compile(
    rb"""<div (?:class|id)=["']?(?=[acfhrst][-_adeomrs])"""  # few others begin so
    rb"(?:(?P<recent_posts>r-pf|amp-wp-content relatedpost recentpost)"
    rb"|(?P<swift>hamb-mnu|ss-ic|s_stk ss-ic|srp|cmts)"
    rb"|s_so|so_i|ampforwp-so-i|headerwrap|toggle-navigationv2"
    rb"|amp-wp-content (?:relatedpost|comments_list|(?:post-pagination-meta )?ampforwp-social-icons-wrapper)"
    rb"|td-mobile-nav|td-post-sharing(?:-top|-bottom)?"
    rb"|td_block_wrap (?:tdb_single_(?:related|post_share|next_prev)|td_block_related_posts)"
    rb"""|comments["'] (?:id=["']comments|class=["']comments-area)"""
    rb"|(?P<may_be_read>tdc-header-wrap|td-header-(?:template-)?wrap|td-pb-span4 td-main-sidebar"
    rb"|td_block_wrap (?:td_(?:flex_)?block_\d{1,2}|vc_widget_sidebar|vc_wp_(?:recent|archive|categor)[a-z]{1,20})"
    rb"|td-footer-template-wrap|tdc-footer-wrap|td-footer-wrapper|f-w-f[12])"
    rb""")(?=[\s"'>])[^<>]*>"""
)
"""The opening tag, by its class or id, of what AMPforWP and the Newspaper theme print around an article: recent posts,
which are set aside; share bars, related posts, comments; and header, sidebar, widgets, footer, in which something is
sometimes read."""

_BODIES = (b"td-post-content", b"cntn-wrp", b"the_content")
_SWIFT = (*_BODIES, b"sp-lt", b"r-pf")
_READ: dict[str | None, tuple[bytes, ...]] = {
    None: _BODIES,
    "swift": _SWIFT,
    "recent_posts": _SWIFT,
    "may_be_read": (b"icen", b"-crumb", b"tdb_single", b"td-post-content"),
}
"""For each group of that pattern, the names that keep an element from being emptied: those of the body, and in the
Swift design of side column and recent posts, which are inside it only if it is unclosed; in the last group, those of a
license, breadcrumbs, Cloud Library blocks and the theme's body."""

_END = b"</div>"

_TAG = re.compile(
    rb"<(?:(?P<closing_div>/div>)|(?P<opening_div>div(?=[\s>])(?![^<>]*+(?<=/)>))"
    rb"|/(?:t(?:able|body|head|foot|[rhd])(?=[\s/>])|h(?:tml|ead)(?=[\s/>])|body|main|div|[A-Z])|div"
    rb"|t(?:able|body|head|foot|itle|emplate|[rhd])(?=[\s/>])|textarea(?![^<>]*></textarea>)|iframe(?![^<>]*></iframe>)"
    rb'|h(?:tml|ead|1)(?=[\s/>])|body|main|article(?! id="(?:div-)?comment-)|no(?:frames|embed|script)'
    rb"|s(?:cript|tyle|vg)|plaintext|xmp|[A-Z!?])"
)
"""A closing div, an opening one, or something that makes the end of a div uncertain.

A div is closed by its own ``</div>``, as in libxml2, unless something of the third kind is inside it: parts of a table
(which do not let a ``</div>`` through) or of the page (which close the div), and text that only looks like tags. An
article's headline is never in its surroundings.
"""

_ALL_BUT_ANGLES = bytes(set(range(256)) - set(b"<>"))

_remembered: dict[bytes, bytes] = {}
"""The content last emptied, end tag included, by opening tag: neighbouring pages share headers and menus."""


class WithoutSurroundings(NamedTuple):
    """A page with emptied surroundings."""

    html: bytes
    recent_posts: bytes | None
    """The first Recent Posts box that was emptied, without its end tag."""


def cut_surroundings(html: bytes) -> WithoutSurroundings:
    """Empty the elements around the article."""
    kept: list[bytes] = []
    recent_posts: bytes | None = None
    copied = position = 0
    while (opening := _OPENING.search(html, position)) is not None:
        start = opening.end()
        position, may_go = _end_of_content(html, opening)
        if may_go:
            if recent_posts is None and opening["recent_posts"]:
                recent_posts = html[opening.start() : position]
            kept.append(html[copied:start])
            copied = position
    kept.append(html[copied:])
    return WithoutSurroundings(b"".join(kept), recent_posts)


def _end_of_content(html: bytes, opening: re.Match[bytes]) -> tuple[int, bool]:
    """Return where an element's content ends, and True; or where to go on searching, and False if it must stay."""
    tag, start = opening[0], opening.end()
    remembered = _remembered.get(tag)
    if remembered is not None and html.startswith(remembered, start):
        return start + len(remembered) - len(_END), True
    end, is_certain = _end_of_div(html, start)
    if not is_certain or not _may_be_emptied(html[start:end], _READ[opening.lastgroup]):
        return end, False
    if opening["recent_posts"] and end - start > MAX_REMEMBERED_BYTES:  # no real one is this large
        return end, False
    _remember(tag, html[start : end + len(_END)])
    return end, True


def _end_of_div(html: bytes, start: int) -> tuple[int, bool]:
    """Return the offset of an open div's </div>, and True; or of what makes that uncertain, and False."""
    depth = 1
    for tag in _TAG.finditer(html, start):
        kind = tag.lastgroup
        if kind == "opening_div":
            depth += 1
        elif kind == "closing_div":
            depth -= 1
            if not depth:
                return tag.start(), True
        else:
            return tag.start(), False
    return len(html), False


def _may_be_emptied(content: bytes, names_read: tuple[bytes, ...]) -> bool:
    """Whether it has none of these names, and every "<" has its ">", so that no tags are in attributes."""
    for name in names_read:
        if name in content:
            return False
    return content.translate(None, _ALL_BUT_ANGLES) == b"<>" * content.count(b"<")


def _remember(tag: bytes, content: bytes) -> None:
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()
    if len(tag) + len(content) <= MAX_REMEMBERED_BYTES:
        _remembered[tag] = content
