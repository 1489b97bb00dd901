"""The body of an article: one walk yields blocks, images, embeds and links (CONTRACT.md section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, NamedTuple, cast

from ifp_scraper.items import Block, Embed, Image, Link
from ifp_scraper.pages.boilerplate import is_boilerplate
from ifp_scraper.pages.css import StyleSheet, hidden_by_attribute
from ifp_scraper.pages.inline import BLOCK_TAGS, IMAGE_TAGS, MAX_DEPTH, NO_TEXT_TAGS, emoji, inline_text, resolved
from ifp_scraper.pages.media import (
    EMBED_TAGS,
    PICTURE_FILE,
    YOUTUBE,
    YOUTUBE_LYTE_ID,
    background_of,
    caption_after,
    embed_at,
    embed_of,
    first_caption,
    holds_figures,
    is_caption,
    pictures_in,
    read_image,
    youtube_of,
)
from ifp_scraper.pages.related import mark_related
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import LINE_BREAK, first_language, squeeze, squeeze_lines, words
from ifp_scraper.urls import absolute, original_image, same_article

MAX_BLOCKS = 50_000
"""Maximum number of blocks in a body; a 50,000-word report has some 700."""

MAX_PARTS = 10_000
"""Maximum number of images in a body; also of embeds, and of links."""

_TABLE_PARTS = words("thead tbody tfoot tr")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_FACEBOOK = words("fb-video fb-post")
_REDDIT = words("reddit-embed-bq reddit-card")

_GALLERY_CLASSES = words(
    "gallery wp-block-gallery blocks-gallery-grid tiled-gallery td-gallery post_td_gallery"
    " wp-block-jetpack-tiled-gallery wp-block-jetpack-slideshow gal_w"
    " ngg-galleryoverview foogallery envira-gallery-wrap metaslider soliloquy-container modula-gallery"
    " su-custom-gallery su-slider wpb_gallery elementor-image-carousel bwg-standard-thumbnails"
)
_COVER_CLASSES = words("wp-block-cover wp-block-cover__image-background wp-block-cover-image")
_FRAME_CLASSES = words(
    "wp-caption gallery-item tiled-gallery-item envira-gallery-item soliloquy-item modula-item ms-image"
    " su-custom-gallery-slide su-slider-slide bwg-item"
)

_LATER_SLIDE = re.compile(r"(?:^|\s)ms-image(?:\s|$)")
"""A MetaSlider slide: all but the first are hidden until a script shows them."""

_PLAYER_BOXES = words(
    "wp-playlist epyt-facade lyMe perfmatters-lazy-youtube perfmatters-lazy-video rll-youtube-player"
)
"""Boilerplate that holds players, or stands in for one with the video's title and image."""

_RELATED_CLASSES = words("ctaText postTitle")
"""What the plugin Inline Related Posts prints inside a link, in any language."""

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad"
"""Joiners, direction marks and the like: a block of nothing else shows nothing."""

_SCRIPT_END = re.compile(r"[\"'”’″]\s*\)\s*;")
_SOURCE_LINE = re.compile(r"[(\[–—•*-]?\s*source(?:s|\(s\))?\s*[:：]\s*(.{1,120}?)\s*[)\]]?\.?", re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """The contents of a body element."""

    blocks: list[Block]
    images: list[Image]
    embeds: list[Embed]
    links: list[Link]
    warnings: list[str]


class _Context(NamedTuple):
    """What the block being assembled will be."""

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
        container: the body's own element; only what is inside it matters.
        base: URL of the page, for relative links.
        style_sheet: the page's own rules, which may hide text.
    """
    reader = _BodyReader(base, style_sheet)
    reader.walk_content(container, _Context())
    reader.end_block(_Context())
    _drop_leaked_script(reader.blocks, reader.unlinked)
    mark_related(reader.blocks, reader.unlinked)
    texts = first_language([block["text"] for block in reader.blocks])
    blocks = [block for block, text in zip(reader.blocks, texts, strict=True) if text]
    for block, text in zip(blocks, filter(None, texts), strict=True):
        block["text"] = text
    return Body(blocks, [*reader.images.values()], [*reader.embeds.values()], reader.links, reader.warnings)


def closing_source(blocks: list[Block]) -> str | None:
    """Return the outlet named in a closing "Source: ..." line; None if there is none."""
    own = [block["text"] for block in blocks if block["kind"] not in ("related", "table_row", "quote")]
    for line in reversed("\n".join(own[-4:]).split("\n")[-8:]):
        if match := _SOURCE_LINE.fullmatch(line):
            outlet = match[1]
            return f"{outlet})" if outlet.count("(") > outlet.count(")") else outlet
    return None


class _BodyReader:
    """One walk over a body: assembles blocks and collects the rest on the way.

    The run is the inline content seen since the last block ended.
    """

    def __init__(self, base: str, style_sheet: StyleSheet) -> None:
        self.base = base
        self.style_sheet = style_sheet
        self.blocks: list[Block] = []
        self.unlinked: list[str] = []
        """For each block, its text outside links."""
        self.images: dict[str, Image] = {}
        self.embeds: dict[tuple[str, str], Embed] = {}
        self.links: list[Link] = []
        self.warnings: list[str] = []
        self._run: list[str] = []
        self._run_linked: list[bool] = []
        """For each piece of the run, whether it is in a link."""
        self._run_is_related = False
        """Whether the run is a link to another article, inserted by a plugin."""
        self._depth = 0

    # -- blocks ----------------------------------------------------------------------------------------------

    def add_text(self, text: str | None, context: _Context) -> None:
        """Add text to the block being assembled."""
        if not text or (not self._run and text.isspace() and not context.preformatted):
            return
        if context.preformatted:
            text = text.replace("\r\n", "\n").replace("\n", LINE_BREAK)
        self._run.append(text)
        self._run_linked.append(context.in_link)

    def end_block(self, context: _Context) -> None:
        """Close the run of inline content; white space alone makes no block."""
        if not self._run:
            self._run_is_related = False  # of a link that shows nothing
            return
        run, linked, is_related = self._run, self._run_linked, self._run_is_related
        self._run, self._run_linked, self._run_is_related = [], [], False
        text = unlinked = squeeze_lines("".join(run))
        if True in linked:
            unlinked = "".join(part for part, in_link in zip(run, linked, strict=True) if not in_link)
            unlinked = squeeze(unlinked.replace(LINE_BREAK, " "))
        if text:
            if is_related and not unlinked:
                context = context._replace(kind="related")
            self._add_block(text, unlinked, context)

    def _add_block(self, text: str, unlinked: str, context: _Context) -> None:
        """Add a block with this text, unless it shows nothing.

        Args:
            text: of the block.
            unlinked: its text outside links.
            context: what it will be.
        """
        if not text.strip(_INVISIBLE) or self._is_full(self.blocks, MAX_BLOCKS):
            return
        block: Block = {"kind": cast("Literal['paragraph']", context.kind), "text": text}
        if context.kind == "heading":
            block["level"] = context.level
        elif context.kind == "list_item":
            block["level"] = max(1, context.list_level)
            block["ordered"] = context.ordered
        self.blocks.append(block)
        self.unlinked.append(unlinked.replace("\n", " "))

    def walk_content(self, element: Element, context: _Context) -> None:
        """Walk an element's contents."""
        self.add_text(element.text, context)
        for child in element:
            if child.tag == "p" and not len(child) and not child.keys():
                self._bare_paragraph(child.text, context)
            else:
                self.walk_element(child, context)
            if tail := child.tail:
                self.add_text(tail, context)

    def _bare_paragraph(self, text: str | None, context: _Context) -> None:
        """Add a paragraph that is only text, as nine in ten are."""
        self.end_block(context)
        if context.preformatted or context.in_link:
            self.add_text(text, context)
            self.end_block(context)
        elif text and (text := squeeze_lines(text)):
            self._add_block(text, text, context)

    # walk_content(), walk_element() and _block() call each other: with one more frame per level of nesting,
    # MAX_DEPTH levels might not fit on Python's stack.
    def walk_element(self, element: Element, context: _Context) -> None:
        """Walk one element; its tail is left to the caller."""
        tag = element.tag
        if not isinstance(tag, str):  # a comment
            return
        classes = None
        if element.keys() and (  # most paragraphs have no attributes
            ((classes := element.get("class")) is not None and is_boilerplate(classes))
            or (
                (hidden_by_attribute(element) or self.style_sheet.hides(element))
                and not _is_hidden_by_script(element, classes)
            )
        ):
            self._leave_out(element, classes, context)
        elif tag == "br":
            self.add_text(LINE_BREAK, context)
        elif tag in IMAGE_TAGS:
            self._add_image(element, context)
        elif tag in EMBED_TAGS:
            if tag in ("amp-twitter", "amp-instagram"):  # a blockquote on the canonical page
                self.end_block(context)
            self.add_text(" ", context)  # a player separates words
            self._add_embed(embed_of(element, self.base))
        elif tag in NO_TEXT_TAGS and not (tag == "button" and _fills_heading(element)):
            if tag in ("amp-lightbox", "object"):
                self._add_players(element)
            elif tag == "figcaption":
                self._add_links(element)
            elif tag == "form":  # separates blocks
                self.end_block(context)
        elif self._depth >= MAX_DEPTH:
            self._flatten(element, context)
        else:
            self._depth += 1
            self._run_is_related = self._run_is_related or classes in _RELATED_CLASSES
            if tag == "a":
                self._link(element, context)
            elif (tag == "amp-carousel" or classes == "slideshow-container") and _holds_media(element):
                self._add_carousel(element, context)  # the class: AMPforWP's version of the element
            elif tag in BLOCK_TAGS or classes == "su-quote-cite":  # the latter: who is quoted, on a line of its own
                self._block(element, tag, classes, context)
            else:
                if tag == "embed":
                    self._add_embed(youtube_of(element.get("src") or ""))
                self.walk_content(element, context)
            self._depth -= 1

    def _leave_out(self, element: Element, classes: str | None, context: _Context) -> None:
        """Skip the text of a hidden or boilerplate element, but take the players or links that only it has."""
        if element.tag in BLOCK_TAGS:  # what precedes and follows it is not one run
            self.end_block(context)
        if classes and not _PLAYER_BOXES.isdisjoint(classes.split()):
            self._add_players(element)
        elif is_caption(element):
            self._add_links(element)

    def _flatten(self, element: Element, context: _Context) -> None:
        """Add all text of an element that is nested too deep to walk."""
        if "too-deep" not in self.warnings:
            self.warnings.append("too-deep")
        self.add_text(" ".join(map(str, element.itertext())), context)

    def _block(self, element: Element, tag: str, classes: str | None, context: _Context) -> None:
        """Walk a block element, or read it as a table."""
        self.end_block(context)
        if tag == "div" and len(element) and (element[0].get("class") or "").endswith("-adlabel"):
            return  # an ad by Advanced Ads, whose class names differ on each site
        if tag == "table" and not _is_layout(element):
            self._table(element, context)
            return
        if tag != "p" or classes:
            context = self._enter(element, tag, classes.split() if classes else [], context)
        self.walk_content(element, context)
        self.end_block(context)

    def _enter(self, element: Element, tag: str, classes: list[str], context: _Context) -> _Context:
        """Return the context for a block element's contents; add images and players named in its attributes."""
        if tag in _HEADINGS:
            return context._replace(kind="heading", level=_HEADINGS[tag])
        if tag in ("ul", "ol", "menu", "dir"):
            gallery = context.gallery or not _GALLERY_CLASSES.isdisjoint(classes)
            return context._replace(list_level=context.list_level + 1, ordered=tag == "ol", gallery=gallery)
        if tag == "li":
            context = context._replace(kind="list_item")  # no elif: it may also frame an image
        elif tag == "blockquote" or "su-quote" in classes:
            self._add_quoted_embed(element, classes)
            # WordPress itself replaces another article's URL by a card.
            return context._replace(kind="related" if "wp-embedded-content" in classes else "quote")
        if tag == "pre":
            return context._replace(kind="preformatted", preformatted=True)
        if "wp-block-table" in classes:  # a caption is the table's, not that of an image in a cell
            return context._replace(caption=None)
        if tag == "figure" or not _FRAME_CLASSES.isdisjoint(classes):
            caption = None if holds_figures(element) else first_caption(element) or caption_after(element)
            gallery = context.gallery or not _GALLERY_CLASSES.isdisjoint(classes)
            return context._replace(caption=caption or context.caption, gallery=gallery)
        if not _GALLERY_CLASSES.isdisjoint(classes):
            return context._replace(gallery=True)
        self._add_media_of_box(element, classes)
        return context

    def _add_media_of_box(self, element: Element, classes: list[str]) -> None:
        """Add the images and players that a script or style would show in a box."""
        if not _COVER_CLASSES.isdisjoint(classes):
            self._add_background(element)
        elif "td_block_single_image" in classes:  # by tagDiv's page builder
            for part in element:
                if "td_single_image_bg" in (part.get("class") or ""):
                    self._add_background(part)
        elif "wp-block-embed__wrapper" in classes:  # what WordPress cannot embed stays a URL
            address = element[0].get("href") if len(element) else element.text
            if url := absolute("", (address or "").strip()):
                self._add_embed(embed_at(url))
        elif YOUTUBE.search(element.get("data-src") or ""):  # a cache plugin's stand-in for the player
            self._add_embed(embed_of(element, self.base))
        elif "elementor-widget-video" in classes:
            self._add_embed(youtube_of((element.get("data-settings") or "").replace("\\/", "/")))
        elif "jetpack-slideshow" in classes:
            self._add_slides(element)
        elif not _FACEBOOK.isdisjoint(classes) and (url := absolute(self.base, element.get("data-href"))):
            self._add_embed(Embed("iframe", url))  # as amp-facebook on the AMP page
            _empty_frames(element)

    def _table(self, part: Element, context: _Context) -> None:
        """Walk a table or part of one: cells make rows, and content outside cells makes ordinary blocks."""
        cells: list[str] = []
        self.add_text(part.text, context)
        for child in part:
            if child.tag in ("td", "th"):
                self.end_block(context)
                cells.append(self._cell(child, context))
            elif child.tag in _TABLE_PARTS or (child.tag != "table" and next(child.iter("tr"), None) is not None):
                if not self._hides(child):
                    self._table(child, context)
            else:
                self.walk_element(child, context)
            self.add_text(child.tail, context)
        self.end_block(context)
        cells = first_language(cells)
        if any(cells) and not self._is_full(self.blocks, MAX_BLOCKS):
            text = " | ".join(cells)
            self.blocks.append({"kind": "table_row", "text": text, "cells": cells})
            self.unlinked.append(text)

    def _hides(self, part: Element) -> bool:
        return hidden_by_attribute(part) or self.style_sheet.hides(part)

    def _cell(self, cell: Element, context: _Context) -> str:
        """Return the cell's text, a line per block. Its images and links go to the body."""
        if self._hides(cell):
            return ""
        first = len(self.blocks)
        self.walk_content(cell, context._replace(kind="paragraph"))
        self.end_block(context)
        text = "\n".join(block["text"] for block in self.blocks[first:])
        del self.blocks[first:], self.unlinked[first:]
        return text

    def _is_full(self, parts: Sized, most: int = MAX_PARTS) -> bool:
        """Whether the body already has the maximum number of these; if so, the record gets a warning."""
        if len(parts) < most:
            return False
        if "too-long" not in self.warnings:
            self.warnings.append("too-long")
        return True

    # -- images, players and links -----------------------------------------------------------------------------

    def _link(self, element: Element, context: _Context) -> None:
        self.walk_content(element, context._replace(in_link=True) if element.get("href") else context)
        self._add_link(element)

    def _add_links(self, caption: Element) -> None:
        """Add only the links: the text belongs to an image."""
        for link in caption.iter("a"):
            self._add_link(link)

    def _add_link(self, element: Element) -> None:
        url = None if self._is_full(self.links) else absolute(self.base, element.get("href"))
        if url is None or ("#" in url and same_article(url, self.base)):  # a place on this page
            return
        text = inline_text(element)
        has_picture = next(element.iter(*IMAGE_TAGS), None) is not None
        if has_picture and text and text == first_caption(element):
            text = ""
        opens_picture = not text and PICTURE_FILE.search(url) and (has_picture or _background(element) is not None)
        if not opens_picture:
            self.links.append(Link(url, text))

    def _add_image(self, element: Element, context: _Context) -> None:
        if element.get("fallback") is not None or element.get("placeholder") is not None:
            return
        if character := emoji(element):
            self.add_text(character, context)
            return
        if self._is_full(self.images):
            return
        image = read_image(element, self.base, context.caption, "gallery" if context.gallery else "body")
        if image is not None:
            self.images.setdefault(image.url, image)

    def _add_background(self, cover: Element) -> None:
        """Add the image behind a cover's text, if its style names it."""
        url = absolute(self.base, _background(cover))
        if url is not None and url.startswith("http") and not self._is_full(self.images):
            self.images.setdefault(url, Image(url, original_image(url), squeeze(cover.get("aria-label") or "")))

    def _add_carousel(self, carousel: Element, context: _Context) -> None:
        """Add the images and players of an AMP gallery; its text is their captions."""
        self.end_block(context)
        captions: dict[Element | None, str | None] = {carousel: None}
        for image in pictures_in(carousel):
            box = next(image.iterancestors("figure", str(carousel.tag)))
            frame = box if box.tag == "figure" else image.getparent()
            if frame is not None and frame not in captions:  # one frame may hold them all
                captions[frame] = first_caption(frame)
            self._add_image(image, context._replace(gallery=True, caption=captions[frame]))
        for player in carousel.iter(*EMBED_TAGS):
            slide = takewhile(lambda part: part is not carousel, (player, *player.iterancestors()))
            if not any(hidden_by_attribute(part) or is_boilerplate(part.get("class") or "") for part in slide):
                self._add_embed(embed_of(player, self.base))

    def _add_slides(self, box: Element) -> None:
        """Add the images of Jetpack's older slideshow, which a script reads from an attribute."""
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

    def _add_quoted_embed(self, quote: Element, classes: list[str]) -> None:
        """Add a social media post pasted as a quote: its text stays, and its URL becomes an embed."""
        if "twitter-tweet" in classes or "twitter-video" in classes:
            for link in reversed(list(quote.iter("a"))):
                status = absolute(self.base, link.get("href")) or ""
                if "/status/" in status or "/statuses/" in status:  # the latter: an older form
                    self._add_embed(Embed("tweet", status.partition("?")[0]))
                    break
        elif "tiktok-embed" in classes:
            if url := absolute(self.base, quote.get("cite")):
                self._add_embed(Embed("iframe", url))
                _empty_frames(quote)
        elif "instagram-media" in classes:
            if url := absolute(self.base, quote.get("data-instgrm-permalink") or _first_link(quote)):
                self._add_embed(Embed("instagram", url.partition("?")[0]))
        elif not _REDDIT.isdisjoint(classes) and (url := absolute(self.base, _first_link(quote))):
            self._add_embed(Embed("iframe", url))

    def _add_players(self, box: Element) -> None:
        """Add only the players of an element that holds nothing else of the article."""
        for player in box.iter(*EMBED_TAGS):
            self._add_embed(embed_of(player, self.base))
        lyte = YOUTUBE_LYTE_ID.match(box.get("id") or "")
        for address in (
            f"https://youtu.be/{lyte[1]}" if lyte else None,
            box.get("data-facadesrc"),
            box.get("data-src"),
            *(flash.get("src") or flash.get("value") for flash in box.iter("embed", "param")),
        ):
            self._add_embed(youtube_of(address or ""))

    def _add_embed(self, embed: Embed | None) -> None:
        if embed is not None and embed.url.startswith("http") and not self._is_full(self.embeds):
            self.embeds.setdefault((embed.kind, embed.url), embed)


def _is_hidden_by_script(element: Element, classes: str | None) -> bool:
    """Whether a reader sees a hidden element, or what a script shows in its place."""
    if element.tag in IMAGE_TAGS:
        return element.get("data-cfsrc") is not None  # Cloudflare's Mirage loads it
    if element.tag == "blockquote" and classes == "wp-embedded-content":  # the link behind another article's card
        card = element.getnext()  # perhaps in a paragraph
        return card is not None and next(card.iter("iframe"), None) is not None
    return element.tag == "amp-lightbox" or (classes is not None and _LATER_SLIDE.search(classes) is not None)


_WIDGET = re.compile(r"(?:https?:)?//(?:[\w-]+\.)*(?:facebook|tiktok)\.com/")


def _empty_frames(post: Element) -> None:
    """Empty the frames by which a script shows a post whose URL its box names."""
    for frame in post.iter("iframe"):
        if _WIDGET.match(frame.get("src") or frame.get("data-src") or ""):
            frame.attrib.clear()


def _holds_media(carousel: Element) -> bool:
    """Whether a carousel holds an image or player, not slides of text."""
    return next(carousel.iter(*IMAGE_TAGS, *EMBED_TAGS), None) is not None


def _fills_heading(button: Element) -> bool:
    """Whether a heading holds only a button, as in an accordion."""
    heading = button.getparent()
    if heading is None or heading.tag not in _HEADINGS:
        return False
    if button.getprevious() is not None or button.getnext() is not None:
        return False
    return not squeeze(f"{heading.text or ''}{button.tail or ''}")


def _rows_of(element: Element) -> Iterator[Element]:
    """Yield the rows and captions of a table, without those of nested tables."""
    for child in element:
        if child.tag in ("tr", "caption"):
            yield child
        if child.tag != "table":
            yield from _rows_of(child)


def _is_layout(table: Element) -> bool:
    """Whether a table is only layout: one column, whose cells hold block elements."""
    holds_blocks = False
    for row in _rows_of(table):
        if row.tag != "tr":
            continue
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(cells) > 1:
            return False
        holds_blocks = holds_blocks or any(part.tag in BLOCK_TAGS for cell in cells for part in cell.iterdescendants())
    return holds_blocks


def _background(element: Element) -> str | None:
    """Return the URL of the image in an element's style, where a script may still have to put it."""
    late = element.get("data-img-url") or element.get("data-bg") or ""  # tagDiv's; WP Rocket's and lazysizes'
    return background_of(late) or (late if "/" in late else background_of(element.get("style")))


def _first_link(element: Element) -> str | None:
    link = next(element.iter("a"), None)
    return link.get("href") if link is not None else None


def _drop_leaked_script(blocks: list[Block], unlinked: list[str]) -> None:
    """Drop what the AMP plugin leaves of ``document.write("<p>...</p>");``: the paragraph and the code's end."""
    for number in range(len(blocks) - 1, 0, -1):
        if number < len(blocks) and _SCRIPT_END.match(blocks[number]["text"]):
            del blocks[number - 1 : number + 1], unlinked[number - 1 : number + 1]
