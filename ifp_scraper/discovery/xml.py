"""XML from a stranger: no entities, no network, no bombs."""

from __future__ import annotations

import zlib

from lxml import etree

_GZIP = b"\x1f\x8b"


def read_xml(body: bytes, max_size: int) -> etree._Element | None:
    """Parse a sitemap or feed, gzipped or not; null when it is no XML at all.

    Entities are not expanded and nothing is loaded, so that neither external entities nor a billion laughs work. A
    document that breaks off in the middle gives what came.

    Args:
        body: as it was served.
        max_size: bytes that may be unpacked from a gzipped file.
    """
    if body.startswith(_GZIP):
        inflate = zlib.decompressobj(31)
        try:
            body = inflate.decompress(body, max_size)
        except zlib.error:
            return None
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


def name(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text(element: etree._Element, child: str) -> str | None:
    """Return the text of the first child of this name, whatever its namespace; null when empty."""
    for one in element:
        if name(one) == child and one.text and one.text.strip():
            return str(one.text.strip())
    return None
