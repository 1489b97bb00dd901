"""The record: one line of the output is one revision of one article.

The dataclasses below are the schema. ``scrapy schema``, the table in docs/record.md and the validation of
every line are made from them, so a field is described once, here. All times are strings, RFC 3339 in UTC
with ``Z`` and whole seconds; all URLs are absolute.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, NotRequired, TypedDict, get_args

import msgspec
from itemadapter.adapter import ItemAdapter

from ifp_scraper.text import squeeze

SCHEMA_VERSION = "1"
MAX_ID = 2**53
"""The largest post id: not every JSON reader represents larger ones exactly."""

ImageRole = Literal["lead", "body", "gallery"]
EmbedKind = Literal["youtube", "tweet", "instagram", "video", "audio", "iframe"]
Status = Literal["published", "gone"]
TimeSource = Literal["rest", "feed", "sitemap", "meta", "jsonld", "time"]
BlockKind = Literal["paragraph", "heading", "list_item", "quote", "preformatted", "table_row", "related"]

WARNINGS: dict[str, str] = {
    "no-headline": "the page has no headline element, or an empty one",
    "no-byline": "the page prints no author",
    "no-body": "the page has a body element without text (a photo or video post)",
    "no-date": "no absolute publication time was found on the page or by discovery",
    "no-sections": "the page prints no category",
    "dates-disagree": "two publication times differ by something other than a known fault; the better one is kept",
    "future-date": "the publication time is more than a day after the capture",
    "one-page-of-many": "this is one page of a multi-page post, and the others were not read",
    "body-from-amp": "the canonical page breaks off, lacks pages or has no text; the body is that of the AMP page",
    "truncated": "the response ended before the document did; what arrived is kept",
    "charset": "the declared character set could not decode the page; another was used",
    "too-deep": "elements were nested too deep: of some only the text was kept; beyond 2,000 levels, the rest is lost",
    "too-long": "text beyond the limit was dropped",
}
"""Every value that ``Article.warnings`` can hold."""


class Block(TypedDict):
    """One block of the body (CONTRACT.md section 3)."""

    kind: BlockKind
    text: str
    level: NotRequired[int]
    ordered: NotRequired[bool]
    cells: NotRequired[list[str]]


_BLOCK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["kind", "text"],
    "additionalProperties": False,
    "properties": {
        "kind": {
            "type": "string",
            "enum": list(get_args(BlockKind)),
            "description": "``related`` links to another article.",
        },
        "text": {"type": "string", "description": "Unicode NFC; a newline is a <br>, or a line break of <pre>."},
        "level": {
            "type": "integer",
            "minimum": 1,
            "description": "For a heading, 1 to 6; for a list item, its depth from 1.",
        },
        "ordered": {"type": "boolean", "description": "For a list item: whether its list is numbered."},
        "cells": {
            "type": "array",
            "items": {"type": "string"},
            "description": "For a table row: the text of each cell.",
        },
    },
}


def _extra(**schema: Any) -> dict[str, Any]:
    return {"json_schema_extra": schema}


_TIME = _extra(format="date-time", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


DUPLICATE_WORDS = 50
"""Minimum length of a text, in words, to count as a duplicate."""


@dataclass(slots=True)
class Author:
    """A person or desk that the page names as its author."""

    name: str
    """As printed, e.g. ``IFP Editorial Staff``."""

    url: str | None = None
    """The author's page, without ``/amp/``."""

    bio: str | None = None
    """The profile printed with the article, as it was at capture, not at publication."""


@dataclass(slots=True)
class Image:
    """An image of the article."""

    url: str
    """URL of the image, as on the page."""

    original_url: str
    """The same without WordPress's ``-WIDTHxHEIGHT`` or a resizing service: the file as uploaded."""

    alt: str = ""
    """The alternative text; empty if there is none."""

    caption: str | None = None
    """The caption's text, else that of the whole gallery; null if there is none."""

    role: ImageRole = field(default="body", metadata=_extra(enum=list(get_args(ImageRole))))
    """``lead`` is the featured image."""


@dataclass(slots=True)
class Embed:
    """Content of another site shown inside the body."""

    kind: EmbedKind = field(metadata=_extra(enum=list(get_args(EmbedKind))))
    """What is shown."""

    url: str
    """Its URL, as a person would open it."""


@dataclass(slots=True)
class Link:
    """A link out of the body."""

    url: str
    """Absolute; fragments of this page, ``javascript:`` and an image's link to its own file are left out."""

    text: str
    """The link text; empty if the link is an image."""


@dataclass(slots=True)
class RecentPost:
    """An entry of the page's Recent Posts block: an observation of another article."""

    headline: str
    """The other article's headline."""

    url: str
    """The other article's canonical URL."""

    excerpt: str | None = None
    """The first words of the other article, usually fifteen and an ellipsis."""

    section: str | None = None
    """The category label printed with it."""

    published_raw: str | None = None
    """The age or date as printed, e.g. ``12 hours ago``."""

    published_at: str | None = field(default=None, metadata=_TIME)
    """That age counted back from the capture time: an estimate, see the interval."""

    published_earliest: str | None = field(default=None, metadata=_TIME)
    """Start of the interval that WordPress's rounding allows, inclusive."""

    published_latest: str | None = field(default=None, metadata=_TIME)
    """End of that interval."""


@dataclass(slots=True)
class Article:
    """One revision of one article; the fields are in the order of the output."""

    schema_version: str = SCHEMA_VERSION
    """Version of this schema."""

    id: int | None = field(default=None, metadata=_extra(minimum=1, maximum=MAX_ID))
    """WordPress post ID."""

    url: str = ""
    """Canonical URL: what rel=canonical says, else normalised; no query, fragment, ``/amp/`` or page number."""

    amp_url: str | None = None
    """URL of the AMP page."""

    aliases: list[str] = field(default_factory=list)
    """Other URLs seen for this article, fetched or redirected; of recordings read together, also later permalinks."""

    status: Status = field(default="published", metadata=_extra(enum=list(get_args(Status))))
    """``gone`` when the site has withdrawn the article: a last line, written by ``scrapy audit``."""

    headline: str | None = None
    """Text of the headline; a ``<br>`` becomes a space. Of several languages (qTranslate), the first is kept."""

    lead: str | None = None
    """The standfirst; null unless the page has an element for it."""

    byline: str | None = None
    """As printed, without "By" or "Published by"."""

    authors: list[Author] = field(default_factory=list)
    """The people or desks of the byline; without one, those of the author boxes."""

    sections: list[str] = field(default_factory=list)
    """The article's category labels in page order, each once."""

    tags: list[str] = field(default_factory=list)
    """The article's tags in page order, each once."""

    blocks: list[Block] = field(default_factory=list, metadata=_extra(items=_BLOCK_SCHEMA))
    """The body in document order."""

    body: str = ""
    """Text of all blocks but those of kind ``related``, separated by blank lines."""

    word_count: int = field(default=0, metadata=_extra(minimum=0))
    """Number of words in ``body``, split at white space."""

    images: list[Image] = field(default_factory=list)
    """Images, the featured one first."""

    embeds: list[Embed] = field(default_factory=list)
    """Videos, social media posts and other frames."""

    links: list[Link] = field(default_factory=list)
    """Links out of the body."""

    source: str | None = None
    """The outlet named in a closing "Source: ..." line."""

    published_at: str | None = field(default=None, metadata=_TIME)
    """True instant of publication; never a guess from a header date or an "ago"."""

    modified_at: str | None = field(default=None, metadata=_TIME)
    """True instant of the last edit that the site states; before ``published_at`` if the post waited for its time."""

    published_raw: str | None = None
    """The time that ``published_at`` was read from, as printed."""

    published_source: TimeSource | None = field(default=None, metadata=_extra(enum=[*get_args(TimeSource), None]))
    """The evidence that ``published_at`` comes from: see docs/dates.md."""

    recent_posts: list[RecentPost] = field(default_factory=list)
    """The page's Recent Posts block: times of other articles, never of this one."""

    language: str = "en-US"
    """BCP 47 tag that the page states; ``en-US`` if it states none."""

    layout: str = ""
    """The page object that read it; two joined by ``+`` when the canonical and AMP pages were merged."""

    license: str | None = None
    """As the page states it; not that of a picture, or in a sentence of the text."""

    fetched_at: str | None = field(default=None, metadata=_TIME)
    """When the page was captured."""

    fetched_url: str = ""
    """The URL that was captured."""

    html_sha256: str = field(default="", metadata=_extra(pattern="^([0-9a-f]{64})?$"))
    """SHA-256 of the response body, lower-case hexadecimal."""

    content_hash: str = field(default="", metadata=_extra(pattern="^([0-9a-f]{64})?$"))
    """SHA-256 of headline, lead and all blocks' text, in NFC with white space collapsed."""

    revision: int = field(default=1, metadata=_extra(minimum=1))
    """1 at first, incremented with each edit by the publisher."""

    reread: bool = False
    """True when this line replaces the earlier one without an edit: a better view or a newer version read the article,
    it has a new URL or a later ``modified_at``, or it is back after it was gone."""

    duplicate_of: str | None = None
    """Canonical URL of an article earlier in the file with the same text (50 words or more). A first crawl starts with
    the newest articles, so the one named may be the later one: compare ``published_at``."""

    warnings: list[str] = field(
        default_factory=list, metadata=_extra(items={"type": "string", "enum": list(WARNINGS)})
    )
    """Anything unusual, from a closed list."""

    extractor_version: str = ""
    """Version of ifp_scraper that read the page."""


TIMES = tuple(each.name for each in fields(Article) if each.metadata == _TIME)
"""The fields that hold a time."""


def gap_warnings(article: Article) -> list[str]:
    """Return the warnings about what an article lacks: those that begin with ``no-``."""
    lacks = {
        "no-headline": article.headline is None,
        "no-byline": article.byline is None,
        "no-sections": not article.sections,
        "no-body": not article.blocks,
        "no-date": article.published_at is None,
    }
    return [warning for warning, is_lacking in lacks.items() if is_lacking]


def body_of(blocks: list[Block]) -> str:
    """Return the text of ``Article.body`` for these blocks."""
    return "\n\n".join(block["text"] for block in blocks if block["kind"] != "related")


def content_hash(article: Article, *, just_read: bool = False) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of headline, lead and all blocks' text.

    One line each, empty for None; in NFC, with white space collapsed.

    Args:
        article: whose texts may have been read by an older version.
        just_read: whether they come from this one, which has squeezed them: then only lines, and rows of tables, whose
            cells may be empty, have more white space to collapse.
    """
    texts = (article.headline or "", article.lead or "", *(block["text"] for block in article.blocks))
    lines = (text if just_read and "\n" not in text and "|" not in text else squeeze(text) for text in texts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def text_hash(article: Article) -> bytes | None:
    """Return an 8-byte hash of ``body`` for finding duplicates; None below ``DUPLICATE_WORDS`` words.

    Spaces and line breaks are ignored, so that equal texts may have different paragraph breaks.
    """
    if article.word_count < DUPLICATE_WORDS:
        return None
    letters = article.body.encode().translate(None, b" \n")
    return hashlib.blake2b(letters, digest_size=8).digest()


@cache  # itemadapter parses this module again for every class in it: a third of a second
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one line; always the same object, not to be changed."""
    schema: dict[str, Any] = ItemAdapter.get_json_schema(Article)
    # A line always has every field, so readers may index without checking.
    schema["required"] = list(schema["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ifp_scraper article",
        **schema,
    }


def value_type(schema: dict[str, Any]) -> tuple[str, bool]:
    """Return the JSON type in a field's schema (``string``, ``array``, ...), and whether null is allowed."""
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    nullable = "null" in kinds or None in schema.get("enum", [])
    return next(kind for kind in kinds if kind != "null"), nullable


def encode(article: Article) -> bytes:
    """Return the article as one line of JSON in UTF-8, newline included.

    Raises:
        msgspec.ValidationError: if a field does not fit the schema.
        UnicodeEncodeError: if a text contains a lone surrogate.
    """
    line = msgspec.json.encode(article)
    _DECODER.decode(line)
    return line + b"\n"


def to_dict(article: Article) -> dict[str, Any]:
    """Return the article as a plain dict, equal to its line parsed as JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(article)
    return plain


def decode(line: bytes) -> Article:
    """Read one line back.

    Raises:
        msgspec.DecodeError: if it is not JSON, or (ValidationError) not an article in this schema.
    """
    return _DECODER.decode(line)


_DECODER = msgspec.json.Decoder(Article)
