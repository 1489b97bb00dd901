"""Reads untrusted XML: no entities, no network, no bombs."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from itertools import islice, zip_longest

from lxml import etree

from ifp_scraper.recordings.codings import GZIP, gunzip

_MAX_MEMBERS = 100
"""Maximum number of members of a gzipped file: a malicious one may have a million."""

_ENTRIES = {b"urlset": b"url", b"sitemapindex": b"sitemap", b"rss": b"item", b"RDF": b"item", b"feed": b"entry"}
"""Names of root elements, and of the elements in them that are the entries of the list."""

_ROOT = re.compile(rb"<!--.*?(?:-->|\Z)|<(?:[\w.-]+:)?(%b)[\s/>]" % b"|".join(_ENTRIES), re.DOTALL)
"""Where the root element begins, with its name in group 1; comments may name it, too."""

_MAX_ENTRIES = 50_001
"""Maximum number of entries to parse one by one: one more than a sitemap may have."""

_COMMENT = re.compile(rb"<!--(?:(?!-->|<!--).)*+-->", re.DOTALL)
_CDATA = re.compile(
    rb"<!\[CDATA\[((?:(?:(?!\]\]>|<!\[CDATA\[|</(?:[\w.-]+:)?(?:%b)\b).)*+<!\[CDATA\[){0,3}"
    rb"(?:(?!\]\]>|<!\[CDATA\[).)*+)\]\]>" % b"|".join(set(_ENTRIES.values())),
    re.DOTALL,
)
"""Text in which "<" is a character, in group 1. It may hold the beginning of another such text, unless an entry ends
before that: then the first has no end.
"""

_SURROGATE = re.compile(rb"&#(?:[xX]0*[dD][89a-fA-F][\da-fA-F]{2}|0*5[5-7]\d{3});?")
"""Half a character, as a reference, which libxml2 takes and lxml fails at; and some characters of no URL or time."""

_UTF_16 = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a file in UTF-16 begins."""

_ENCODING = re.compile(rb"<\?xml\s[^>]{0,1000}encoding=[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)
"""An XML declaration that names an encoding, in group 1."""

_PREAMBLE = re.compile(rb"(?:\xef\xbb\xbf|\s++|<!--.*?-->|<\?[^>]{0,1000}>)*+", re.DOTALL)
"""What XML allows before the root element, however much, except a document type."""

_MAX_PREAMBLE = 65536
"""Maximum number of bytes between that and the root element, such as PHP notices."""


def read_xml(body: bytes, max_size: int) -> etree._Element | None:
    """Parse a sitemap or feed, gzipped or not; None if it is neither.

    See ``read_cut_xml``.
    """
    return read_cut_xml(body, max_size)[0]


def read_cut_xml(body: bytes, max_size: int) -> tuple[etree._Element | None, bool]:
    """Parse a sitemap or feed, and say whether it breaks off in the middle.

    Entities are not expanded and nothing is loaded, so that neither external entities nor a billion laughs work. A
    document that breaks off in the middle, or is gzipped and damaged after a whole member, is read up to the last tag.
    What precedes its root element, such as PHP notices, is skipped.

    Args:
        body: as served.
        max_size: maximum number of bytes unpacked from a gzipped file.
    """
    if body.startswith(GZIP):
        try:
            body = gunzip(body, max_size, _MAX_MEMBERS)
        except zlib.error:
            return None, False
    body = _to_utf8(body)
    preamble = _PREAMBLE.match(body)
    begin = preamble.end() if preamble else 0
    root_found = next((found for found in _ROOT.finditer(body, begin, begin + _MAX_PREAMBLE) if found[1]), None)
    if root_found is None:
        return None, False
    body = _SURROGATE.sub(b"", body[root_found.start() :])  # without XML declaration, which may name another encoding
    is_cut = re.search(rb"</(?:[\w.-]+:)?" + root_found[1] + rb"\b", body) is None
    if is_cut:
        body = body[: max(body.rfind(b">") + 1, body.rfind(b"<"))]  # half of a time would be another one
    root = _parse(body)
    if root is None:
        return None, False
    entry = re.compile(rb"<(?:[\w.-]+:)?%b(?=[\s/>])" % _ENTRIES[root_found[1]])
    if _count(entry, body) > (read := _count_read(root, _ENTRIES[root_found[1]])):
        body = _CDATA.sub(_escaped, _COMMENT.sub(b"", body))
        if first := entry.search(body):  # others may be of another vocabulary, inside an entry
            entry = re.compile(re.escape(first[0]) + rb"(?=[\s/>])")
        if _count(entry, body) > read:
            root = _parse_apart(body, entry)
    return root, is_cut and root is not None and len(root) > 0


def _to_utf8(body: bytes) -> bytes:
    """Return a file in UTF-8, without invalid bytes: lxml fails at those that libxml2 leaves in a text."""
    coding = next((name for mark, name in _UTF_16 if body.startswith(mark)), None)
    if coding is None:
        with suppress(UnicodeDecodeError):
            body.decode()
            return body
        named = _ENCODING.search(body, 0, _MAX_PREAMBLE)
        coding = named[1].decode() if named and _is_ascii_in(named[1].decode(), named[0]) else "utf-8"
    try:
        return body.decode(coding, "replace").encode()
    except UnicodeError:
        return body.decode("utf-8", "replace").encode()


def _is_ascii_in(coding: str, sample: bytes) -> bool:
    """Whether a sample, such as the declaration that names an encoding, reads in that encoding as it does in ASCII."""
    try:
        return sample.decode(coding) == sample.decode("ascii")
    except (LookupError, UnicodeError):
        return False


def _parse(body: bytes) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body.strip(), parser=parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _count(pattern: re.Pattern[bytes], body: bytes) -> int:
    return sum(1 for _ in pattern.finditer(body))


def _count_read(root: etree._Element, name: bytes) -> int:
    """Return how many entries a parsed list has."""
    lists = (root, *root.iterchildren("{*}channel"))
    return sum(1 for one in lists for _ in one.iterchildren(f"{{*}}{name.decode()}"))


def _escaped(section: re.Match[bytes]) -> bytes:
    return section[1].replace(b"&", b"&amp;").replace(b"<", b"&lt;")


def _parse_apart(body: bytes, begin: re.Pattern[bytes]) -> etree._Element | None:
    """Parse each entry of a sitemap or feed by itself: a fault in one may have hidden those after it.

    Such as an end tag too many, or one too few.

    Args:
        body: the file, from its root element, without comments and CDATA.
        begin: matches where an entry begins.
    """
    starts = [entry.start() for entry in islice(begin.finditer(body), _MAX_ENTRIES)]
    root = _parse(body[: starts[0]] if starts else body)
    if root is not None:
        entries = (_parse(body[start:end]) for start, end in zip_longest(starts, starts[1:]))
        root.extend(entry for entry in entries if entry is not None)
    return root


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace, or without a prefix that is not declared."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def child_text(element: etree._Element, child: str) -> str | None:
    """Return the text of the first child of this name, if possible in the element's own namespace; None if empty."""
    own = element.tag.removesuffix(local_name(element)) + child
    found = None
    for inside in element:
        if local_name(inside) == child and inside.text and (text := inside.text.strip()):
            if inside.tag == own:
                return str(text)
            found = found or str(text)
    return found
