"""Turns the bytes of a page into a tree.

Two thirds of a real page is script and style, and most of the remaining elements surround the article
(docs/performance.md). Both are cut from the bytes before parsing, which costs less than building a tree of them
(``cut_scripts.py``, ``cut_surroundings.py``). Only what certainly cannot change the rest of the tree is cut.
"""

from __future__ import annotations

import re
from collections import Counter

from lxml import etree

from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.charset import may_have_mark, to_utf8
from ifp_scraper.pages.css import restore_styles
from ifp_scraper.pages.cut_scripts import cut_scripts
from ifp_scraper.pages.cut_surroundings import cut_surroundings
from ifp_scraper.pages.deep_nesting import flatten
from ifp_scraper.pages.json_ld import JsonLd
from ifp_scraper.pages.misnested_tables import mend_tables
from ifp_scraper.pages.stray_ends import drop_stray_ends
from ifp_scraper.pages.tree import Element, Tree, class_names
from ifp_scraper.pages.unclosed_divs import close_divs, close_forms
from ifp_scraper.urls import absolute_http, uncover_email

MAX_BYTES = 20 * 1024 * 1024
"""Maximum number of bytes read of a page."""

MAX_MARKUP = 3 * 1024 * 1024
"""Maximum number of bytes read without scripts and styles; a 50,000-word report has 0.4 MB."""

MAX_WORK = 1_000_000
"""Maximum sum of the depths of all elements: 5,000 elements, 200 deep. Real pages have 5,000, 40 deep."""

MAX_ATTRIBUTES = 500
"""Maximum number of an element's attributes; the parser takes time with their square. A player has thirty."""

_SMALL_PAGE = 40_000
"""A page of fewer bytes cannot hold enough attributes to matter."""

_LONG_TAG = 4000
"""Nor can a tag of fewer bytes."""

_QUOTED_END = re.compile(rb"""=\s*(?:"[^">]*>|'[^'>]*>)""")
_ATTRIBUTE = rb"""[\s/]*+(?=[^>])=?[^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+"""
_TAG = re.compile(
    rb"(?s)<(?:(!--.*?(?:--!?>|\Z)|(?:[!?]|/(?![a-zA-Z]))[^>]*+"
    rb"|(?i:(title|textarea|iframe|xmp|noembed|noframes|noscript|style|script)(?=[\s/>])(?:%b)*+>.*?(?:</\2|\Z)))"
    rb"|(/?[a-zA-Z][^\s/>]*+(?:%b){0,%d}+)(?:%b)*+)" % (_ATTRIBUTE, _ATTRIBUTE, MAX_ATTRIBUTES, _ATTRIBUTE)
)
"""A tag as browsers delimit it, up to ``>``, and in a group as much of it as is read; or something without tags."""

_BODY = re.compile(rb"<body\s[^<>]*>", re.IGNORECASE)
_MISREAD = re.compile(
    rb"<(?=[/hH][abhpABHP1-6])"  # hardly any other tag begins so
    rb"(?:/(?:[bB](?:(?P<line>[rR])(?<!<br></br)|[oO][dD][yY])|[hH][tT][mM][lL]"
    rb"|(?P<end>[pP](?:[rR][eE])?|[hH][1-6]|(?i:address))"
    rb"(?=\s*+>\s*+(?:[^\s<]|<(?:[abiqsu]|em|strong|span|cite|small|font|mark|su[bp])[\s>])))\s*>"
    rb"|(?P<heading>[hH][1-6](?:\s[^<>]*+)?>\s*+(?:<(?:[biu]|em|strong|font)(?:\s[^<>]*+)?>\s*+)*+)"
    rb"<[pP](?:\s(?![^<>]*(?i:hidden|display\s*+:\s*+none|screen-reader|sr-only|caption))[^<>]*+)?>"
    rb"|(?P<open>[hH](?P<level>[1-6])(?:\s[^<>]*+)?>(?:[^<]++|</?(?:[abiuq]|em|strong|span|font|br|small|su[bp]|img)"
    rb"(?=[\s/>])[^<>]*+>)*+)(?:</[hH](?!(?P=level))[1-6]\s*+>"
    rb"|(?:(?<=[^\s>])|(?<=</(?:a|b)>)|(?<=</span>)|(?<=</strong>))(?=<[hH](?P=level)[\s>])))"
)
"""What libxml2 and browsers read differently, see ``_as_in_browsers``: some end tags; a paragraph in a heading,
unless it is hidden or a caption; and a heading that ends with the tag of another level, or before the next one of its
own, as in ``<h3>One<h3>``."""

_EXCESSIVE_DEPTH = "Excessive depth"
"""How libxml2's message begins when it stops; the error's type differs between its versions."""

_MANDATORY_END = re.compile(rb"<(/)?(div|article|main|section|header|footer|aside|nav|ul|script)\b")
_END = re.compile(rb"</html\s*>\s*\Z", re.IGNORECASE)
_AMP = re.compile(rb"<html[^<>]*\s(?:amp|\xe2\x9a\xa1)(?=[\s>=])")


def breaks_off(body: bytes) -> bool:
    """Whether a page breaks off; it is looked at in full only if its end tag is missing."""
    return not _has_end(body) and Document(body).truncated


def _has_end(html: bytes) -> bool:
    """Whether the page's end tag is there; caches print what they did after it."""
    end = html[-4096:]
    return end.rfind(b"</html") >= 0 or b"</html" in end.lower()  # from the right, as it is usually the last tag


class Document:
    """One HTML page.

    Args:
        body: the page, as bytes or text.
        content_type: the response's Content-Type header.
    """

    def __init__(self, body: bytes | str, content_type: str | None = None) -> None:
        self.warnings: list[str] = []
        """Those of the record that come from the page as a whole; the tree may add one."""
        encoded = body.encode("utf-8", "replace") if isinstance(body, str) else body
        self.source = encoded[:MAX_BYTES]
        """The whole page in UTF-8."""
        if len(encoded) > MAX_BYTES:
            self.warnings.append("too-long")
        if isinstance(body, bytes) and may_have_mark(body):
            self._decode(content_type)
        cut = cut_scripts(self.source)
        if not _is_utf8(cut.html):  # only now: scripts and styles may contain anything
            self._decode(content_type)
            cut = cut_scripts(self.source)
        if len(cut.html) > MAX_MARKUP:
            self.warnings.append("too-long")
        html, recent_posts = cut_surroundings(cut.html[:MAX_MARKUP])
        self.html = _balance_divs(close_forms(mend_tables(_MISREAD.sub(_as_in_browsers, html))))
        """What is parsed: the page without scripts, and without what surrounds the article."""
        self.recent_posts = recent_posts
        """The Recent Posts box, set aside: neighbouring pages have the same one, which is read once."""
        self.style_sheets = cut.style_sheets
        """The contents of the page's style elements."""
        self._json_ld_scripts = cut.json_ld
        self.truncated = not (_has_end(self.source) or _END.search(cut.html) or self._omits_end_tags())
        """Whether the page breaks off."""

    def _decode(self, content_type: str | None) -> None:
        """Replace ``source``, which is not UTF-8 yet."""
        self.source, is_guess = to_utf8(self.source, content_type)
        if is_guess:
            self.warnings.append("charset")

    def _omits_end_tags(self) -> bool:
        """Whether only end tags are missing that HTML lets minifiers and SingleFile omit.

        Where a page is cut off, elements around the article, whose end tags are mandatory, are still open.
        """
        html = self.html.lower()
        if b"<body" not in html or b"<p" not in html or not self.source.rstrip().endswith(b">"):
            return False
        if _AMP.search(html) and not self._json_ld_scripts:  # the AMP plugin prints them last
            return False
        still_open: Counter[bytes] = Counter()
        for tag in _MANDATORY_END.finditer(html):
            still_open[tag[2]] += -1 if tag[1] else 1
        return bool(still_open) and max(still_open.values()) <= 0

    @cached_property
    def tree(self) -> Tree:
        """The tree, without script, style, noscript, svg, template and comments."""
        root, too_deep = _parse(self.html)
        if too_deep:
            self.warnings.append("too-deep")
        body = next(root.iter("body"), None)
        if body is not None and body.get("class") is None and (printed := _BODY.search(self.html)):
            # A PHP notice before the page, or a box in its head, has opened a body; libxml2 then ignores the tag of
            # the real one, and browsers add its attributes.
            for real in parse(printed[0]).iter("body"):
                body.set("class", " ".join(filter(str.isprintable, class_names(real))))
        if b"__cf_email__" in self.html:
            for element in Tree(root).find(".__cf_email__"):
                if email := uncover_email(element.get("data-cfemail") or ""):
                    element.text, element[:] = email, []
                    if element.tag == "a":
                        element.set("href", f"mailto:{email}")
        restore_styles(root, self.html, self.style_sheets)
        return Tree(root)  # only now: what covered an address is not in its index

    @cached_property
    def too_large(self) -> bool:
        """Whether reading would take minutes: a selector's cost grows with elements times their depth."""
        if len(self.html) < 15_000 or self.html.count(b"<") <= 5000:
            return False
        depth = work = 0
        for event, _ in etree.iterwalk(self.root, events=("start", "end")):
            if event == "end":
                depth -= 1
                continue
            depth += 1
            work += depth
        return work > MAX_WORK

    def base(self, url: str) -> str:
        """Return the URL against which links are resolved: the page's own, unless its head names another one."""
        head = self.html[: self.html.find(b"<body")]
        if b"<base" not in head.lower():
            return url
        named = next((base.get("href") for base in self.tree.find("base") if base.get("href") is not None), None)
        return absolute_http(url, named) or url

    @property
    def root(self) -> Element:
        """The root of the tree."""
        return self.tree.root

    @cached_property
    def body_class(self) -> str:
        """The class attribute of the body element: WordPress's body_class() says what kind of page it is."""
        body = next(self.root.iter("body"), None)
        return (body.get("class") or "") if body is not None else ""

    @cached_property
    def json_ld(self) -> JsonLd:
        """The page's JSON-LD."""
        return JsonLd(self._json_ld_scripts)


def parse(html: bytes) -> Element:
    """Parse HTML in UTF-8, a whole page or a fragment, into a document without comments."""
    return _parse(html)[0]


def _may_hold_a_long_tag(html: bytes) -> bool:
    """Whether a tag may be long enough for too many attributes: only in a quoted value can it contain ``>``."""
    return max(map(len, html.split(b">"))) > _LONG_TAG or _QUOTED_END.search(html) is not None


def _parse(html: bytes) -> tuple[Element, bool]:
    """Parse, and say whether elements are nested so deep that they could not all stay where they are."""
    if len(html) > _SMALL_PAGE and _may_hold_a_long_tag(html):
        html = _TAG.sub(rb"<\1\3", html)
    root, is_too_deep = _parse_to_limit(html, huge_tree=False)
    if is_too_deep:  # there the parser stopped
        root, _ = _parse_to_limit(html, huge_tree=True)
        flatten(root)
    return root, is_too_deep


def _parse_to_limit(html: bytes, *, huge_tree: bool) -> tuple[Element, bool]:
    """Parse, and say whether the parser stopped at its limit: 255 levels, or 2,047 of a huge tree."""
    # A new parser each time: sharing one is not thread-safe, and making one costs a microsecond.
    parser = etree.HTMLParser(
        encoding="utf-8",
        huge_tree=huge_tree,
        remove_comments=True,
        remove_pis=True,
        no_network=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(html, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:  # nothing but comments
        return etree.fromstring(b"<html></html>", etree.HTMLParser()), False
    return root, any(error.message.startswith(_EXCESSIVE_DEPTH) for error in parser.error_log)


def _balance_divs(html: bytes) -> bytes:
    """Add the end tags of ``<div>`` that are missing, or drop those that are too many. Most pages need neither."""
    surplus = html.count(b"</div") - html.count(b"<div")
    if surplus > 0:
        html = drop_stray_ends(html)
    return close_divs(html) if surplus else html


def _is_utf8(html: bytes) -> bool:
    try:
        html.decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_in_browsers(tag: re.Match[bytes]) -> bytes:
    """Replace ``</br>`` by a line break; drop ``</body>`` and ``</html>``, which end nothing in a browser.

    ``</p>`` separates what precedes it from the text after it even if no paragraph is open, as after a list in it;
    so do ``</h2>``, ``</pre>`` and ``</address>``.
    ``<p>`` does not end the heading that it is in, but the end tag of another level does, and another ``<h2>`` an
    ``<h2>`` that has text.
    """
    if end := tag["end"]:
        return b"</%b><hr>" % end
    if heading := tag["heading"]:
        return b"<%b" % heading
    if unended := tag["open"]:
        return b"<%b</h%b>" % (unended, tag["level"])
    return b"<br>" if tag["line"] else b""
