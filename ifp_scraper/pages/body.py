"""The body of an article: one walk gives blocks, pictures, embeds and links (CONTRACT.md section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from html import unescape
from typing import Literal, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

from ifp_scraper.items import Block, Embed, Image, Link
from ifp_scraper.pages.css import StyleSheet, hidden_by_attribute
from ifp_scraper.pages.furniture import UNSEEN, is_furniture
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import LINE_BREAK, first_language, squeeze, squeeze_lines, words
from ifp_scraper.urls import absolute, original_image, same_article

MAX_DEPTH = 200
"""Text of elements nested deeper is given to the element at this depth."""

MAX_BLOCKS = 50_000
"""Most blocks of a body; a 50,000-word report has some 700."""

MAX_PARTS = 10_000
"""Most pictures of a body, and as many embeds and links."""

# What is not in this list is inline, as a browser takes any element that it does not know.
_BLOCK_TAGS = words(
    "address article aside blockquote body center dd details dir div dl dt fieldset figure footer h1 h2 h3"
    " h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul"
    " caption amp-accordion amp-carousel amp-fit-text"
)
# Not embed: it is empty, but to libxml2 it holds what follows.
_NO_TEXT_TAGS = words(
    "script style noscript template form iframe object audio video button select textarea svg canvas map head"
    " title input label progress meter dialog datalist noembed noframes figcaption annotation annotation-xml"
    " amp-iframe amp-youtube amp-twitter amp-instagram amp-video amp-audio amp-facebook amp-ad amp-embed"
    " amp-social-share amp-form amp-state amp-analytics amp-sidebar amp-lightbox amp-sticky-ad amp-consent"
    " amp-user-notification amp-dailymotion amp-vimeo amp-pinterest amp-reddit amp-story-player"
)
_TABLE_PARTS = words("thead tbody tfoot tr")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# The address of an iframe is what it would be on the canonical page.
_AMP_EMBEDS: dict[str, tuple[Literal["youtube", "tweet", "instagram", "iframe"], str, str]] = {
    "amp-youtube": ("youtube", "data-videoid", "https://www.youtube.com/watch?v={}"),
    "amp-twitter": ("tweet", "data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-instagram": ("instagram", "data-shortcode", "https://www.instagram.com/p/{}/"),
    "amp-vimeo": ("iframe", "data-videoid", "https://player.vimeo.com/video/{}"),
    "amp-dailymotion": ("iframe", "data-videoid", "https://www.dailymotion.com/embed/video/{}"),
    "amp-facebook": ("iframe", "data-href", "{}"),
    "amp-soundcloud": (
        "iframe",
        "data-trackid",
        "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{}",
    ),
    "amp-tiktok": ("iframe", "data-src", "https://www.tiktok.com/embed/v2/{}"),
    "amp-reddit": ("iframe", "data-src", "{}"),
    "amp-pinterest": ("iframe", "data-url", "{}"),
    "lite-youtube": ("youtube", "videoid", "https://www.youtube.com/watch?v={}"),  # not AMP's, but of the same kind
}
_FACEBOOK = words("fb-video fb-post")
_REDDIT = words("reddit-embed-bq reddit-card")
EMBED_TAGS = words("iframe video audio amp-iframe amp-video amp-audio") | _AMP_EMBEDS.keys()
_IMAGE_TAGS = frozenset(("img", "amp-img", "amp-anim"))

_GALLERY_CLASSES = words(
    "gallery wp-block-gallery blocks-gallery-grid tiled-gallery td-gallery post_td_gallery"
    " wp-block-jetpack-tiled-gallery wp-block-jetpack-slideshow gal_w"
    " ngg-galleryoverview foogallery envira-gallery-wrap metaslider soliloquy-container modula-gallery"
    " su-custom-gallery su-slider wpb_gallery elementor-image-carousel bwg-standard-thumbnails"
)
_CAPTION_CLASSES = words(
    "wp-caption-text wp-caption-dd gallery-caption wp-element-caption tiled-gallery-caption tdb-caption-text"
    " caption-wrap soliloquy-caption envira-caption figc su-custom-gallery-title su-slider-slide-title"
    " bwg-title1"
)

_COVER_CLASSES = words("wp-block-cover wp-block-cover__image-background wp-block-cover-image")

_FRAME_CLASSES = words(
    "wp-caption gallery-item tiled-gallery-item envira-gallery-item soliloquy-item modula-item ms-image"
    " su-custom-gallery-slide su-slider-slide bwg-item"
)

_WAITS_FOR_ITS_TURN = re.compile(r"(?:^|\s)ms-image(?:\s|$)")
"""A slide of MetaSlider's: all but the first hide themselves until a script shows them."""

_FILMS = words("wp-playlist epyt-facade lyMe perfmatters-lazy-youtube perfmatters-lazy-video")
"""Of what is no text, that which holds players, or stands in the place of one with the film's title and picture."""

_RELATED_CLASSES = words("ctaText postTitle")
"""What the plugin Inline Related Posts prints inside of a link, in any language."""

_RELATED_LABEL = re.compile(
    r"[^\w\n]{0,4}(?:(?:read\s+(?:more|also|next)|also\s+(?:read|see)|see\s+(?:also|more))"
    r"(?:\s+(?:about|at|from|here|in|on)\b[^:：\n]{0,60}(?=[:：]))?|more\s+to\s+read|further\s+reading"
    r"|you\s+(?:may|might)\s+also\s+(?:like|read)|more\s+on\s+(?:this|the)\s+\w+"
    r"|related(?:\s+(?:news|articles?|stor(?:y|ies)|posts?|topics?|reports?|content|coverage|links?))?)"
    r"\s*([:：\-–—|»›>→…)\]]|\.{3}|$|\n)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[(\[][^()\[\]]{1,40}[)\]][\s.)]*$")
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"
"""A block of nothing but joiners, marks of direction and the like shows nothing."""

_PICTURE_FILE = re.compile(r"^[^?#]+\.(?:jpe?g|png|gif|webp|avif|bmp|svg)(?:[?#]|$)", re.IGNORECASE)
_SCRIPT_END = re.compile(r"[\"'”’″]\s*\)\s*;")
_WORD = re.compile(r"\w")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]{2,8}\d?);")
_SOURCE_LINE = re.compile(r"[(\[–—•*-]?\s*sources?\s*[:：]\s*(.{1,120}?)\s*[)\]]?\.?", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """What a body element holds."""

    blocks: list[Block]
    images: list[Image]
    embeds: list[Embed]
    links: list[Link]
    warnings: list[str]


class _Context(NamedTuple):
    """What the block that is being put together will be."""

    kind: str = "paragraph"
    level: int = 0
    ordered: bool = False
    list_level: int = 0
    preformatted: bool = False
    in_link: bool = False
    gallery: bool = False
    caption: str | None = None


def read_body(container: Element, base: str, style_sheet: StyleSheet) -> Body:
    """Walk the body element.

    Args:
        container: the body's own element; what it is called does not matter, what is inside does.
        base: address of the page, for relative links.
        style_sheet: the page's own rules, for text that they hide.
    """
    walk = _Walk(base, style_sheet)
    walk.inside(container, _Context())
    walk.end_block(_Context())
    _drop_leaked_script(walk.blocks, walk.plain)
    _mark_related(walk.blocks, walk.plain)
    texts = first_language([block["text"] for block in walk.blocks])
    blocks = [block for block, text in zip(walk.blocks, texts, strict=True) if text]
    for block, text in zip(blocks, filter(None, texts), strict=True):
        block["text"] = text
    return Body(blocks, [*walk.images.values()], [*walk.embeds.values()], walk.links, walk.warnings)


def closing_source(blocks: list[Block]) -> str | None:
    """Return the outlet that a closing "Source: ..." line names, None when there is none."""
    own = [block["text"] for block in blocks if block["kind"] not in ("related", "table_row", "quote")]
    for line in reversed("\n".join(own[-4:]).split("\n")[-8:]):
        if match := _SOURCE_LINE.fullmatch(line):
            outlet = match[1]
            return f"{outlet})" if outlet.count("(") > outlet.count(")") else outlet
    return None


def inline_text(element: Element) -> str:
    """Return an element's text on one line: a ``<br>`` is a space, hidden parts and scripts are left out."""
    if not len(element):
        return squeeze(element.text or "")
    pieces: list[str] = []
    _collect(element, pieces, 0)
    return squeeze("".join(pieces))


def label_text(element: Element) -> str:
    """Return the text of a headline, label or caption: qTranslate's residue cut, what is escaped twice resolved."""
    return resolved(inline_text(element))


def resolved(text: str) -> str:
    """Cut qTranslate's residue, and resolve entities that still show: WordPress escapes labels twice at times."""
    if "[:" in text:
        text = first_language([text])[0]
    return squeeze(_ENTITY.sub(lambda entity: unescape(entity[0]), text)) if "&" in text else text


def _collect(element: Element, pieces: list[str], depth: int) -> None:
    pieces.append(element.text or "")
    for child in element:
        apart = child.tag == "br" or child.tag in _BLOCK_TAGS
        if apart:
            pieces.append(" ")
        seen = not child.keys() or (
            not hidden_by_attribute(child)
            and child.get("[text]") is None  # a control's, which a tap changes: "more", "less"
            and UNSEEN.isdisjoint((child.get("class") or "").split())
        )
        if seen and child.tag not in _NO_TEXT_TAGS and depth < MAX_DEPTH:
            if child.tag in _IMAGE_TAGS:
                pieces.append(_emoji(child))
            _collect(child, pieces, depth + 1)
        if apart:
            pieces.append(" ")
        pieces.append(child.tail or "")


def _emoji(image: Element) -> str:
    """The character that an emoji picture stands for (wp-emoji), else nothing."""
    classes = (image.get("class") or "").split()
    return (image.get("alt") or "") if "emoji" in classes or "wp-smiley" in classes else ""


class _Walk:
    def __init__(self, base: str, style_sheet: StyleSheet) -> None:
        self.base = base
        self.style_sheet = style_sheet
        self.blocks: list[Block] = []
        self.plain: list[str] = []
        """For each block its text outside of links."""
        self.images: dict[str, Image] = {}
        self.embeds: dict[tuple[str, str], Embed] = {}
        self.links: list[Link] = []
        self.warnings: list[str] = []
        self._run: list[str] = []
        self._linked: list[bool] = []
        """For each piece of the run whether it stands in a link."""
        self._related = False
        """Whether the run is a link to another article that a plugin has put there."""
        self._depth = 0

    # -- blocks ----------------------------------------------------------------------------------------------

    def say(self, text: str | None, context: _Context) -> None:
        """Add text to the block that is being put together."""
        if not text or (not self._run and text.isspace() and not context.preformatted):
            return
        if context.preformatted:
            text = text.replace("\r\n", "\n").replace("\n", LINE_BREAK)
        self._run.append(text)
        self._linked.append(context.in_link)

    def end_block(self, context: _Context) -> None:
        """Close the run of inline content; what is only white space gives no block."""
        if not self._run:
            return
        run, linked, related = self._run, self._linked, self._related
        self._run, self._linked, self._related = [], [], False
        text = plain = squeeze_lines("".join(run))
        if True in linked:
            plain = "".join(part for part, in_link in zip(run, linked, strict=True) if not in_link)
            plain = squeeze(plain.replace(LINE_BREAK, " "))
        if text:
            self._add(text, plain, context._replace(kind="related") if related and not plain else context)

    def _add(self, text: str, plain: str, context: _Context) -> None:
        if not text.strip(_INVISIBLE) or self._is_full(self.blocks, MAX_BLOCKS):
            return
        block: Block = {"kind": cast("Literal['paragraph']", context.kind), "text": text}
        if context.kind == "heading":
            block["level"] = context.level
        elif context.kind == "list_item":
            block["level"] = max(1, context.list_level)
            block["ordered"] = context.ordered
        self.blocks.append(block)
        self.plain.append(plain.replace("\n", " "))

    def inside(self, element: Element, context: _Context) -> None:
        """Walk what an element holds."""
        self.say(element.text, context)
        for child in element:
            if child.tag == "p" and not len(child) and not child.keys():
                self._text_alone(child.text, context)
            else:
                self.child(child, context)
            if tail := child.tail:
                self.say(tail, context)

    def _text_alone(self, text: str | None, context: _Context) -> None:
        """Take a paragraph of nothing but text, as nine of ten are."""
        self.end_block(context)
        if context.preformatted or context.in_link:
            self.say(text, context)
            self.end_block(context)
        elif text and (text := squeeze_lines(text)):
            self._add(text, text, context)

    # inside(), child() and _block() call each other: with one more frame for each level of nesting, MAX_DEPTH levels
    # might not fit into Python's stack.
    def child(self, element: Element, context: _Context) -> None:
        """Walk one element; its tail is the caller's."""
        tag = element.tag
        if not isinstance(tag, str):  # a comment
            return
        classes = None
        if element.keys() and (  # most paragraphs have no attributes
            ((classes := element.get("class")) is not None and is_furniture(classes))
            or (
                (hidden_by_attribute(element) or self.style_sheet.hides(element))
                and not (classes and _WAITS_FOR_ITS_TURN.search(classes))
            )
        ):
            if tag in _BLOCK_TAGS:  # what stands before it and after it is not one run
                self.end_block(context)
            if classes and not _FILMS.isdisjoint(classes.split()):
                self._films(element)
            elif _is_caption(element):
                self._links_of(element)
        elif tag == "br":
            self.say(LINE_BREAK, context)
        elif tag in _IMAGE_TAGS:
            self._image(element, context)
        elif tag in EMBED_TAGS:
            if tag in ("amp-twitter", "amp-instagram"):  # a blockquote on the canonical page
                self.end_block(context)
            self.say(" ", context)  # the words around a player are two
            self._add_embed(embed_of(element, self.base))
        elif tag in _NO_TEXT_TAGS and not (tag == "button" and _fills_heading(element)):
            if tag in ("amp-lightbox", "object"):
                self._films(element)
            elif tag == "figcaption":
                self._links_of(element)
        elif self._depth >= MAX_DEPTH:
            self._flatten(element, context)
        else:
            self._depth += 1
            self._related = self._related or classes in _RELATED_CLASSES
            if tag == "a":
                self._link(element, context)
            elif tag == "amp-carousel" or classes == "slideshow-container":  # which AMPforWP turns it into
                self._carousel(element, context)
            elif tag in _BLOCK_TAGS or classes == "su-quote-cite":  # who is quoted, on a line of its own
                self._block(element, tag, classes, context)
            else:
                if tag == "embed":
                    self._add_embed(_youtube_of(element.get("src") or ""))
                self.inside(element, context)
            self._depth -= 1

    def _flatten(self, element: Element, context: _Context) -> None:
        """Take all text of an element that is nested too deep to be walked."""
        if "too-deep" not in self.warnings:
            self.warnings.append("too-deep")
        self.say(" ".join(map(str, element.itertext())), context)

    def _block(self, element: Element, tag: str, classes: str | None, context: _Context) -> None:
        self.end_block(context)
        if tag == "div" and len(element) and (element[0].get("class") or "").endswith("-adlabel"):
            return  # an ad of Advanced Ads', which names its boxes otherwise on each site
        if tag == "table" and not _is_layout(element):
            self._table(element, context)
            return
        if tag != "p" or classes:
            context = self._context_of(element, tag, classes.split() if classes else [], context)
        self.inside(element, context)
        self.end_block(context)

    def _context_of(self, element: Element, tag: str, classes: list[str], context: _Context) -> _Context:
        if tag in _HEADINGS:
            return context._replace(kind="heading", level=_HEADINGS[tag])
        if tag in ("ul", "ol", "menu", "dir"):
            gallery = context.gallery or not _GALLERY_CLASSES.isdisjoint(classes)
            return context._replace(list_level=context.list_level + 1, ordered=tag == "ol", gallery=gallery)
        if tag == "li":
            context = context._replace(kind="list_item")  # which may be the frame of a picture, too
        elif tag == "blockquote" or "su-quote" in classes:
            self._quoted_embed(element, classes)
            # WordPress itself puts a card of another article in the place of its address.
            return context._replace(kind="related" if "wp-embedded-content" in classes else "quote")
        if tag == "pre":
            return context._replace(kind="preformatted", preformatted=True)
        if "wp-block-table" in classes:  # a caption is of the table, not of a picture in a cell
            return context._replace(caption=None)
        if tag == "figure" or not _FRAME_CLASSES.isdisjoint(classes):
            caption = None if _holds_figures(element) else first_caption(element) or _caption_after(element)
            gallery = context.gallery or not _GALLERY_CLASSES.isdisjoint(classes)
            return context._replace(caption=caption or context.caption, gallery=gallery)
        if not _GALLERY_CLASSES.isdisjoint(classes):
            return context._replace(gallery=True)
        if not _COVER_CLASSES.isdisjoint(classes):
            self._background(element)
            return context
        if "wp-block-embed__wrapper" in classes:  # what WordPress cannot show stays an address
            address = element[0].get("href") if len(element) else element.text
            if url := absolute("", (address or "").strip()):
                self._add_embed(_embed_at(url))
            return context
        if (source := element.get("data-src")) and _YOUTUBE.search(source):  # a cache plugin's stand-in for the player
            self._add_embed(embed_of(element, self.base))
        elif "elementor-widget-video" in classes:
            self._add_embed(_youtube_of((element.get("data-settings") or "").replace("\\/", "/")))
        elif "jetpack-slideshow" in classes:
            self._slides(element)
        elif not _FACEBOOK.isdisjoint(classes) and (url := absolute(self.base, element.get("data-href"))):
            self._add_embed(Embed("iframe", url))  # as amp-facebook on the AMP page
        return context

    def _table(self, part: Element, context: _Context) -> None:
        """Walk a table or a part of it: its cells give a row, and what stands in none of them ordinary blocks."""
        cells: list[str] = []
        self.say(part.text, context)
        for child in part:
            if child.tag in ("td", "th"):
                self.end_block(context)
                cells.append(self._cell(child, context))
            elif child.tag in _TABLE_PARTS or (child.tag != "table" and next(child.iter("tr"), None) is not None):
                if not self._hides(child):
                    self._table(child, context)
            else:
                self.child(child, context)
            self.say(child.tail, context)
        self.end_block(context)
        cells = first_language(cells)
        if any(cells) and not self._is_full(self.blocks, MAX_BLOCKS):
            text = " | ".join(cells)
            self.blocks.append({"kind": "table_row", "text": text, "cells": cells})
            self.plain.append(text)

    def _hides(self, part: Element) -> bool:
        return hidden_by_attribute(part) or self.style_sheet.hides(part)

    def _cell(self, cell: Element, context: _Context) -> str:
        """The cell's text; blocks in it are lines. Its pictures and links are the body's."""
        if self._hides(cell):
            return ""
        first = len(self.blocks)
        self.inside(cell, context._replace(kind="paragraph"))
        self.end_block(context)
        text = "\n".join(block["text"] for block in self.blocks[first:])
        del self.blocks[first:], self.plain[first:]
        return text

    def _is_full(self, found: Sized, most: int = MAX_PARTS) -> bool:
        if len(found) < most:
            return False
        if "too-long" not in self.warnings:
            self.warnings.append("too-long")
        return True

    # -- what is not text --------------------------------------------------------------------------------------

    def _link(self, element: Element, context: _Context) -> None:
        self.inside(element, context._replace(in_link=True) if element.get("href") else context)
        self._add_link(element)

    def _links_of(self, caption: Element) -> None:
        """Take the links alone: the text belongs to a picture."""
        for link in caption.iter("a"):
            self._add_link(link)

    def _add_link(self, element: Element) -> None:
        url = None if self._is_full(self.links) else absolute(self.base, element.get("href"))
        if url is None or ("#" in url and same_article(url, self.base)):  # a place on this page
            return
        text = inline_text(element)
        has_picture = next(element.iter(*_IMAGE_TAGS), None) is not None
        if has_picture and text and text == first_caption(element):
            text = ""
        if text or not (has_picture and _PICTURE_FILE.search(url)):  # a picture that opens when it is clicked
            self.links.append(Link(url, text))

    def _image(self, element: Element, context: _Context) -> None:
        if element.get("fallback") is not None or element.get("placeholder") is not None:
            return
        if emoji := _emoji(element):
            self.say(emoji, context)
            return
        if self._is_full(self.images):
            return
        image = read_image(element, self.base, context.caption, "gallery" if context.gallery else "body")
        if image is not None:
            self.images.setdefault(image.url, image)

    def _background(self, cover: Element) -> None:
        """Take the picture behind a cover's words, when its style names it."""
        url = absolute(self.base, background_of(cover.get("style")))
        if url is not None and url.startswith("http") and not self._is_full(self.images):
            self.images.setdefault(url, Image(url, original_image(url), squeeze(cover.get("aria-label") or "")))

    def _carousel(self, carousel: Element, context: _Context) -> None:
        """Take the pictures of an AMP gallery; its words are their captions."""
        self.end_block(context)
        captions: dict[Element | None, str | None] = {carousel: None}
        for image in carousel.iter(*_IMAGE_TAGS):
            box = next(image.iterancestors("figure", str(carousel.tag)))
            frame = box if box.tag == "figure" else image.getparent()
            if frame is not None and frame not in captions:  # one frame may hold them all
                captions[frame] = first_caption(frame)
            self._image(image, context._replace(gallery=True, caption=captions[frame]))

    def _slides(self, box: Element) -> None:
        """Take the pictures of Jetpack's older slideshow, which a script reads from an attribute."""
        try:
            slides = json.loads(box.get("data-gallery") or "[]")
        except (ValueError, RecursionError):
            return
        for slide in slides if isinstance(slides, list) else ():
            if self._is_full(self.images) or not isinstance(slide, dict):
                return
            url, alt, caption = (squeeze(str(slide.get(key) or "")) for key in ("src", "alt", "caption"))
            if (address := absolute(self.base, url)) and address.startswith("http"):
                image = Image(address, original_image(address), resolved(alt), resolved(caption) or None, "gallery")
                self.images.setdefault(address, image)

    def _quoted_embed(self, quote: Element, classes: list[str]) -> None:
        """A post of a social network pasted as a quote: its text stays, its address is an embed."""
        if "twitter-tweet" in classes or "twitter-video" in classes:
            for link in reversed(list(quote.iter("a"))):
                status = absolute(self.base, link.get("href")) or ""
                if "/status/" in status or "/statuses/" in status:  # as it was at first
                    self._add_embed(Embed("tweet", status.partition("?")[0]))
                    break
        elif "tiktok-embed" in classes:
            if url := absolute(self.base, quote.get("cite")):
                self._add_embed(Embed("iframe", url))
        elif "instagram-media" in classes:
            if url := absolute(self.base, quote.get("data-instgrm-permalink") or _first_link(quote)):
                self._add_embed(Embed("instagram", url.partition("?")[0]))
        elif not _REDDIT.isdisjoint(classes) and (url := absolute(self.base, _first_link(quote))):
            self._add_embed(Embed("iframe", url))

    def _films(self, box: Element) -> None:
        """Take the players alone of what holds nothing else of the article."""
        for film in box.iter(*EMBED_TAGS):
            self._add_embed(embed_of(film, self.base))
        stand_in = _YOUTUBE_STAND_IN.match(box.get("id") or "")
        for address in (
            f"https://youtu.be/{stand_in[1]}" if stand_in else None,
            box.get("data-facadesrc"),
            box.get("data-src"),
            *(flash.get("src") or flash.get("value") for flash in box.iter("embed", "param")),
        ):
            self._add_embed(_youtube_of(address or ""))

    def _add_embed(self, embed: Embed | None) -> None:
        if embed is not None and not self._is_full(self.embeds):
            self.embeds.setdefault((embed.kind, embed.url), embed)


def _fills_heading(button: Element) -> bool:
    """Whether a button is all that a heading holds, as in an accordion."""
    heading = button.getparent()
    if heading is None or heading.tag not in _HEADINGS:
        return False
    if button.getprevious() is not None or button.getnext() is not None:
        return False
    return not squeeze(f"{heading.text or ''}{button.tail or ''}")


def _rows_of(element: Element) -> Iterator[Element]:
    """Rows and captions of a table, without those of the tables in it."""
    for inner in element:
        if inner.tag in ("tr", "caption"):
            yield inner
        if inner.tag != "table":
            yield from _rows_of(inner)


def _is_layout(table: Element) -> bool:
    """Whether a table only places things: one column, whose cells hold block elements."""
    holds_blocks = False
    for row in _rows_of(table):
        if row.tag != "tr":
            continue
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(cells) > 1:
            return False
        holds_blocks = holds_blocks or any(
            inner.tag in _BLOCK_TAGS for cell in cells for inner in cell.iterdescendants()
        )
    return holds_blocks


def _holds_figures(frame: Element) -> bool:
    """Whether a frame holds pictures in figures of their own: its caption is that of no picture."""
    pictures = frame.iter(*_IMAGE_TAGS)
    first = next(pictures, None)
    if first is None or next(pictures, None) is None:
        return False
    for around in first.iterancestors():
        if around is frame or around.tag == "figure":
            return around is not frame
    return False


def first_caption(frame: Element) -> str | None:
    """The first caption in a frame; None when there is none or it is empty."""
    found = next(filter(_is_caption, frame.iterdescendants()), None)
    return None if found is None else label_text(found) or None


def _is_caption(element: Element) -> bool:
    return element.tag == "figcaption" or not _CAPTION_CLASSES.isdisjoint((element.get("class") or "").split())


def _caption_after(figure: Element) -> str | None:
    """The caption that follows its figure, as in tagDiv's smart lists; None when there is none or it is empty."""
    after = figure.getnext()
    if after is None or after.tag != "figcaption" or "blocks-gallery-caption" in (after.get("class") or ""):
        return None
    return label_text(after) or None


_STAND_IN = re.compile(
    r"/(?:wp-content/(?:plugins|themes)/|wp-includes/|pagespeed_static/|(?:[\w-]*[_-])?"
    r"(?:placeholder|blank|lazy(?:load)?|spacer|trans(?:parent)?|pixel|load(?:ing|er)|1x1)(?:[_.-][\w.-]*)?\.\w+(?:\?|$))",
    re.IGNORECASE,
)
"""What may only be shown until the picture itself is loaded."""


_WAITING = (
    "data-src",
    "data-lazy-src",
    "data-orig-src",
    "data-cfsrc",
    "data-original",
    "data-lazy",
    "data-img-url",
    "data-srcset",
)


_OTHER_WAITING = "src", "original", "lazyload", "src-img", "src-fg"
"""How less known plugins let the name of such an attribute end: ``nitro-lazy-src``, ``data-src-fg``."""


def _source_of(element: Element) -> str | None:
    """The address of a picture or frame; of one that is loaded late, the attribute where it waits."""
    source = element.get("src")
    if source and source.startswith(("data:", "about:")):
        source = None
    for attribute in _WAITING:
        if waiting := element.get(attribute):
            # lazysizes shows a coarse picture from the same server first
            late = attribute == "data-src" and "lazyload" in (element.get("class") or "")
            if source and not late and not _STAND_IN.search(source[-200:]):
                break
            return _first_of(waiting) if attribute == "data-srcset" else waiting
    if source is None or _STAND_IN.search(source[-200:]):
        names = (name for name in map(str, element.keys()) if "-" in name and name.endswith(_OTHER_WAITING))
        others = (element.get(name) or "" for name in names)
        source = next((other for other in others if other.startswith(("http", "/"))), source)
    return source or _first_of(element.get("srcset"))


def _first_of(candidates: str | None) -> str | None:
    """The first address of a ``srcset``."""
    words = (candidates or "").split(maxsplit=1)
    return words[0].rstrip(",") if words else None


def read_image(
    element: Element, base: str, caption: str | None, role: Literal["lead", "body", "gallery"]
) -> Image | None:
    """Read an ``img`` or ``amp-img``; None for what has no address, and for counters of one pixel."""
    if element.get("width") in ("0", "1") and element.get("height") in ("0", "1"):
        return None
    url = absolute(base, _source_of(element))
    if url is None or not url.startswith("http"):
        return None
    return Image(url, original_image(url), resolved(squeeze(element.get("alt") or "")), caption, role)


_BACKGROUND = re.compile(r"""url\(\s*["']?([^"'()]+)""")


def background_of(style: str | None) -> str | None:
    """The address of the first picture that a style names."""
    found = _BACKGROUND.search(style or "")
    return found[1] if found else None


def _first_link(element: Element) -> str | None:
    link = next(element.iter("a"), None)
    return link.get("href") if link is not None else None


_YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:embed/|v/|shorts/|live/|watch\?v=)|youtu\.be/)(?!videoseries|live_stream)([\w-]{6,20})",
    re.IGNORECASE,
)
_YOUTUBE_STAND_IN = re.compile(r"WYL_([\w-]{11})$")
"""The id by which WP YouTube Lyte's script knows the film."""


def _youtube_of(url: str) -> Embed | None:
    found = _YOUTUBE.search(url)
    return Embed("youtube", f"https://www.youtube.com/watch?v={found[1]}") if found else None


_TWITTER = words("platform.twitter.com twitter.com x.com")

_OF_RENDERING = re.compile(r"[?&]_=\d+$|#\?secret=.*")
"""What WordPress adds to the address of a player or card, another each time it prints the text."""


def embed_of(element: Element, base: str) -> Embed | None:
    """Read one of the elements ``EMBED_TAGS``; None for what has no address."""
    tag = element.tag
    if tag in _AMP_EMBEDS:
        kind, attribute, address = _AMP_EMBEDS[tag]
        if name := element.get(attribute):
            url = absolute(base, address.format(name.partition("&")[0] if kind == "youtube" else name))
            return Embed(kind, url) if url is not None and url.startswith("http") else None
    source = _source_of(element)
    if source is None and (inner := element.find("source")) is not None:
        source = inner.get("src")
    url = absolute(base, source)
    if url is None or not url.startswith("http"):
        return None
    url = _OF_RENDERING.sub("", url)
    if found := _embed_at(url):
        return found
    if tag in ("video", "amp-video"):
        return Embed("video", url)
    if tag in ("audio", "amp-audio"):
        return Embed("audio", url)
    return Embed("iframe", url)


def _embed_at(url: str) -> Embed | None:
    """What is shown at an address of one of the sites whose embeds have a kind of their own; None for any other."""
    if film := _youtube_of(url):
        return film
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith("youtube.com") and (video := parse_qs(parts.query).get("v")):
        return Embed("youtube", f"https://www.youtube.com/watch?v={video[0]}")
    if host in _TWITTER:
        if tweet := parse_qs(parts.query).get("id"):
            return Embed("tweet", f"https://twitter.com/i/status/{tweet[0]}")
        if "/status/" in parts.path:
            return Embed("tweet", url.partition("?")[0])
    if host.endswith("instagram.com") and (code := re.search(r"/(?:p|reel|tv)/([\w-]+)", parts.path)):
        return Embed("instagram", f"https://www.instagram.com/p/{code[1]}/")
    return None


def _drop_leaked_script(blocks: list[Block], plain: list[str]) -> None:
    """Drop what the AMP plugin leaves of ``document.write("<p>...</p>");``: the paragraph and its end."""
    for number in range(len(blocks) - 1, 0, -1):
        if number < len(blocks) and _SCRIPT_END.match(blocks[number]["text"]):
            del blocks[number - 1 : number + 1], plain[number - 1 : number + 1]


def _mark_related(blocks: list[Block], plain: list[str]) -> None:
    """Mark "Read more: <link>" lines, and "Also read" with the list of links that follows it.

    Args:
        blocks: the body's blocks; changed in place.
        plain: for each block its text outside of links.
    """

    def is_link(number: int, kinds: tuple[str, ...]) -> bool:
        """Whether a block is of these kinds and nothing but links."""
        if number == len(blocks) or blocks[number]["kind"] not in kinds:
            return False
        return _is_linked(blocks[number]["text"], plain[number])

    may_follow: tuple[str, ...] = ()
    for number, block in enumerate(blocks):
        if may_follow and is_link(number, may_follow):
            _make_related(block)
            continue
        may_follow = ()
        # Without a colon the label must be all that is not linked: "Also read <a>...</a>".
        label = _RELATED_LABEL.match(block["text"]) or _RELATED_LABEL.fullmatch(plain[number])
        if label is None:
            continue
        rest, plain_rest = block["text"][label.end() :], _RELATED_LABEL.sub("", plain[number], count=1)
        if _is_linked(rest, plain_rest) or is_link(number, ("paragraph", "list_item", "heading")):
            may_follow = ("list_item",)  # it has its link: one in a paragraph below is the article's
        elif not _WORD.search(plain_rest) and is_link(number + 1, ("list_item", "paragraph", "related")):
            may_follow = (blocks[number + 1]["kind"],)
        if may_follow:
            _make_related(block)


def _is_linked(text: str, plain: str) -> bool:
    """Whether all words are in links, but for a closing note such as "(PHOTOS)", and "and" between two links."""
    return (
        (not _WORD.search(_NOTE.sub("", plain)) or plain.strip(" ,") == "and")
        and _WORD.search(text) is not None
        and len(text) > len(plain)  # else there is no link
    )


def _make_related(block: Block) -> None:
    text = block["text"]
    block.clear()  # type: ignore[attr-defined]
    block["kind"], block["text"] = "related", text
