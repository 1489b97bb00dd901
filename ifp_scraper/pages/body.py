"""The body of an article: one walk yields blocks, images, embeds and links (CONTRACT.md section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass

from lxml import etree

from ifp_scraper.items import Block, Embed, Image, Link
from ifp_scraper.pages.blocks import BlockBuilder, Context
from ifp_scraper.pages.boilerplate import CAPTIONS, PLAYER_BOXES, RELATED_CLASSES, is_boilerplate
from ifp_scraper.pages.css import StyleSheet, block_by_attribute, hidden_by_attribute
from ifp_scraper.pages.embeds import (
    EMBED_TAGS,
    embed_of_box,
    embeds_in,
    players_of_carousel,
    quoted_post,
    read_embed,
    youtube_in,
)
from ifp_scraper.pages.images import (
    COVER_CLASSES,
    FRAME_CLASSES,
    GALLERY_CLASSES,
    background_image,
    background_of,
    caption_of_frame,
    file_name,
    first_caption,
    is_avatar,
    is_caption,
    is_caption_of_text,
    is_from_noscript,
    is_stand_in,
    pictures_of_carousel,
    read_image,
    slides_of,
)
from ifp_scraper.pages.inline import BLOCK_TAGS, IMAGE_TAGS, MAX_DEPTH, NO_TEXT_TAGS, emoji, inline_text
from ifp_scraper.pages.lazy import PICTURE_FILE
from ifp_scraper.pages.tree import Element, class_names, has_rel
from ifp_scraper.text import LINE_BREAK, squeeze, words
from ifp_scraper.urls import absolute, same_article

MAX_PARTS = 10_000
"""Maximum number of images in a body; also of embeds, and of links."""

_LONGEST_IN_MENU = 150
"""Maximum number of characters outside the links of a menu, such as its title or the last of its breadcrumbs."""

_TABLE_PARTS = words("thead tbody tfoot tr")
_QUOTES = words("su-quote su-pullquote pullquote")
"""Class names of quotes in other elements, most of Shortcodes Ultimate."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass(slots=True)
class Body:
    """The contents of a body element."""

    blocks: list[Block]
    images: list[Image]
    embeds: list[Embed]
    links: list[Link]
    warnings: list[str]


def read_body(container: Element, base: str, style_sheet: StyleSheet, page: str | None = None) -> Body:
    """Walk the body element.

    Args:
        container: the body's own element; only what is inside it matters.
        base: URL against which links are resolved.
        style_sheet: the page's own rules, which may hide text.
        page: URL of the page, if it is another.
    """
    reader = _BodyReader(base, style_sheet, page or base)
    reader.walk_content(container, Context())
    blocks = reader.builder.finished()
    if reader.builder.too_long:
        reader.warn("too-long")
    return Body(blocks, reader.images_once(), [*reader.embeds.values()], reader.links, reader.warnings)


class _BodyReader:
    """One walk over a body: hands its text to the builder of blocks, and collects the rest on the way."""

    def __init__(self, base: str, style_sheet: StyleSheet, page: str) -> None:
        self.base = base
        self.page = page
        self.style_sheet = style_sheet
        self.builder = BlockBuilder()
        self.images: dict[str, Image] = {}
        """By URL."""
        self._from_noscript: set[str] = set()
        """The URLs of those that only a ``noscript`` shows."""
        self.embeds: dict[tuple[str, str], Embed] = {}
        """By kind and URL."""
        self.links: list[Link] = []
        self._link_texts: dict[Element, str] = {}
        self.warnings: list[str] = []
        self._depth = 0

    # -- the walk ----------------------------------------------------------------------------------------------

    # walk_content(), _walk_element() and _block() call each other: with one more frame per level of nesting,
    # MAX_DEPTH levels might not fit on Python's stack.
    def walk_content(self, element: Element, context: Context) -> None:
        """Walk an element's contents."""
        builder = self.builder
        builder.add_text(element.text, context)
        for child in element:
            if child.tag == "p" and not len(child) and not child.keys():
                builder.add_paragraph(child.text, context)
            else:
                self._walk_element(child, context)
            if tail := child.tail:
                builder.add_text(tail, context)

    def _walk_element(self, element: Element, context: Context) -> None:
        """Walk one element; its tail is left to the caller."""
        tag = element.tag
        classes = element.get("class")
        if element.keys() and self._is_left_out(element, classes):  # most elements in a text have no attributes
            self._leave_out(element, context)
        elif tag == "br":
            self.builder.add_text(LINE_BREAK, context)
        elif tag in IMAGE_TAGS:
            self._add_picture(element, context)
        elif tag in EMBED_TAGS:
            if tag in ("amp-twitter", "amp-instagram"):  # a blockquote on the canonical page
                self.builder.end_block(context)
            self.builder.add_text(" ", context)  # a player separates words
            if not self._is_full(self.embeds):
                self._add_embed(read_embed(element, self.base))
        elif tag in NO_TEXT_TAGS and not _has_text_here(element):
            self._pass_over(element, context)
        elif self._depth >= MAX_DEPTH:
            self.warn("too-deep")
            self.builder.add_text(" ".join(map(str, element.itertext())), context)
        else:
            self._depth += 1
            names = classes.split() if classes else ()
            is_line = tag not in BLOCK_TAGS and block_by_attribute(element)
            if is_line:
                self.builder.end_line(context)
            if not RELATED_CLASSES.isdisjoint(names):
                self.builder.run_is_related = True
                self.builder.add_text(" ", context)
            if tag == "a":
                self._link(element, context)
            elif (tag == "amp-carousel" or "slideshow-container" in names) and _holds_media(element):
                self._carousel(element, context)  # the class: AMPforWP's version of the element
            elif tag in BLOCK_TAGS or "su-quote-cite" in names:  # the latter: who is quoted, on a line of its own
                self._block(element, tag, classes, context)
            else:
                if tag == "embed":
                    self._add_embed(youtube_in(element.get("src") or ""))
                self.walk_content(element, context)
            if is_line:
                self.builder.end_line(context)
            self._depth -= 1

    def _is_left_out(self, element: Element, classes: str | None) -> bool:
        """Whether an element is boilerplate or hidden."""
        if classes is not None and is_boilerplate(classes) and not _is_shown_caption(element):
            return True
        return self._hides(element) and not _is_shown_later(element)

    def _hides(self, element: Element) -> bool:
        return hidden_by_attribute(element) or self.style_sheet.hides(element)

    def _leave_out(self, element: Element, context: Context) -> None:
        """Skip the text of a hidden or boilerplate element, but take the players or links that only it has."""
        if element.tag in BLOCK_TAGS:  # what precedes and follows it is not one run
            self.builder.end_block(context)
        names = class_names(element)
        if "post-page-numbers" in names:
            self.builder.run_has_terms_or_pages = True
        if not PLAYER_BOXES.isdisjoint(names):
            self._add_embeds_in(element)
        elif is_caption(element):
            self._add_links_in(element)

    def _pass_over(self, element: Element, context: Context) -> None:
        """Skip an element whose text is never the article's, but take the players or links that only it has."""
        if element.tag in ("amp-lightbox", "object"):
            self._add_embeds_in(element)
        elif element.tag == "figcaption":
            self._add_links_in(element)
        elif element.tag in ("form", "nav"):  # separate blocks
            self.builder.end_block(context)

    def _block(self, element: Element, tag: str, classes: str | None, context: Context) -> None:
        """Walk a block element, or read it as a table."""
        self.builder.end_block(context)
        if tag == "div" and _is_filled_box(element):
            return
        if tag == "table" and not _is_layout(element):
            rows: list[list[str]] = []
            self._read_rows(element, context, rows)
            self._add_rows(rows, context)
            return
        if tag != "p" or classes:
            context = self._enter(element, tag, classes.split() if classes else [], context)
        self.walk_content(element, context)
        self.builder.end_block(context)

    def _enter(self, element: Element, tag: str, classes: list[str], context: Context) -> Context:
        """Return the context for a block element's contents, given the one around it.

        On the way, add the images and embeds that only its attributes name.
        """
        if tag in _HEADINGS:
            return context._replace(kind="heading", level=_HEADINGS[tag])
        is_gallery = not GALLERY_CLASSES.isdisjoint(classes)
        gallery = context.gallery or is_gallery
        if tag in ("ul", "ol", "menu", "dir"):
            return context._replace(list_level=context.list_level + 1, ordered=tag == "ol", gallery=gallery)
        if tag == "li":
            context = context._replace(kind="list_item")  # and go on: it may also frame an image
        elif tag == "blockquote":
            self._add_embed(quoted_post(element, classes, self.base))
            # WordPress itself replaces another article's URL by a card.
            return context._replace(kind="related" if "wp-embedded-content" in classes else "quote")
        elif not _QUOTES.isdisjoint(classes):
            context = context._replace(kind="quote")  # and go on, as well
        if tag == "pre":
            return context._replace(kind="preformatted", preformatted=True)
        if "wp-block-table" in classes:  # a caption is the table's, not that of an image in a cell
            return context._replace(caption=None)
        if tag == "figure" or not FRAME_CLASSES.isdisjoint(classes):
            return context._replace(caption=caption_of_frame(element) or context.caption, gallery=gallery)
        if is_gallery:
            return context._replace(gallery=True)
        self._add_media_of_box(element, classes)
        return context

    def _link(self, element: Element, context: Context) -> None:
        """Walk a link, whose text is also the article's, and add it to the links."""
        self.walk_content(element, context._replace(in_link=True) if element.get("href") else context)
        if has_rel(element, "tag"):
            self.builder.run_has_terms_or_pages = True
        self._add_link(element)

    def _carousel(self, carousel: Element, context: Context) -> None:
        """Add the images and players of an AMP gallery; its text is their captions."""
        self.builder.end_block(context)
        for picture, caption in pictures_of_carousel(carousel):
            self._add_picture(picture, context._replace(gallery=True, caption=caption))
        for player in players_of_carousel(carousel):
            self._add_embed(read_embed(player, self.base))
        for part in filter(is_caption, carousel.iterdescendants()):
            self._add_links_in(part)

    # -- tables ------------------------------------------------------------------------------------------------

    def _read_rows(self, part: Element, context: Context, rows: list[list[str]]) -> None:
        """Walk a table or part of one, and add the texts of its cells to ``rows``.

        Content outside cells makes ordinary blocks, which browsers show before the rows.
        """
        cells: list[str] = []
        self.builder.add_text(part.text, context)
        for child in part:
            if child.tag in ("td", "th"):
                self.builder.end_block(context)
                if not self._hides(child):
                    cells.append(self._cell(child, context))
            elif child.tag == "table":  # ends this one
                rows.append(cells)
                cells = []
                self._add_rows(rows, context)
                self._walk_element(child, context)
            elif child.tag in _TABLE_PARTS or next(child.iter("tr", "td", "th"), None) is not None:
                self.builder.end_block(context)
                rows.append(cells)  # of a row without its tag
                cells = []
                if not self._hides(child):
                    self._read_rows(child, context, rows)
            else:
                self._walk_element(child, context)
            self.builder.add_text(child.tail, context)
        self.builder.end_block(context)
        rows.append(cells)

    def _add_rows(self, rows: list[list[str]], context: Context) -> None:
        """Add the rows that were read, and forget them."""
        self.builder.end_block(context)
        for cells in rows:
            self.builder.add_row(cells)
        rows.clear()

    def _cell(self, cell: Element, context: Context) -> str:
        """Return the cell's text, a line per block. Its images and links go to the body."""
        first = len(self.builder.blocks)
        self.walk_content(cell, context._replace(kind="paragraph"))
        self.builder.end_block(context)
        return self.builder.take_back(first)

    # -- images, embeds and links --------------------------------------------------------------------------------

    def _add_picture(self, picture: Element, context: Context) -> None:
        """Add an image element's image, or the character that it stands for."""
        character = emoji(picture)
        if is_stand_in(picture) or is_avatar(picture) or (character and is_from_noscript(picture)):
            return
        if character:
            self.builder.add_text(character, context)
        elif not self._is_full(self.images):
            image = read_image(picture, self.base, context.caption, "gallery" if context.gallery else "body")
            if image is not None:
                if not is_from_noscript(picture):
                    self._from_noscript.discard(image.url)
                elif image.url not in self.images:
                    self._from_noscript.add(image.url)
            self._add_image(image)

    def _add_media_of_box(self, box: Element, classes: list[str]) -> None:
        """Add the images and embeds that a script or style shows in a box."""
        if not COVER_CLASSES.isdisjoint(classes):
            self._add_image(background_image(box, self.base))
        elif "td_block_single_image" in classes:  # by tagDiv's page builder
            for part in box:
                if "td_single_image_bg" in (part.get("class") or ""):
                    self._add_image(background_image(part, self.base))
        elif "jetpack-slideshow" in classes:
            for image in slides_of(box, self.base):
                self._add_image(image)
        elif embed := embed_of_box(box, classes, self.base):
            self._add_embed(embed)

    def _add_image(self, image: Image | None) -> None:
        if image is not None and not self._is_full(self.images):
            self.images.setdefault(image.url, image)

    def images_once(self) -> list[Image]:
        """Return the images; of those that only a ``noscript`` shows, the ones whose file no other image has."""
        if not self._from_noscript:
            return [*self.images.values()]
        names = {file_name(url) for url in self.images if url not in self._from_noscript}
        images = []
        for url, image in self.images.items():
            if url in self._from_noscript:
                if (name := file_name(url)) in names:
                    continue
                names.add(name)
            images.append(image)
        return images

    def _add_embeds_in(self, box: Element) -> None:
        for embed in embeds_in(box, self.base):
            self._add_embed(embed)

    def _add_embed(self, embed: Embed | None) -> None:
        if embed is not None and embed.url.startswith("http") and not self._is_full(self.embeds):
            self.embeds.setdefault((embed.kind, embed.url), embed)

    def _add_links_in(self, caption: Element) -> None:
        """Add only the links: the text belongs to an image."""
        for link in caption.iter("a"):
            self._add_link(link)

    def _add_link(self, element: Element) -> None:
        """Add a link, unless it leads to a place on this page or only opens a picture."""
        url = None if self._is_full(self.links) else absolute(self.base, element.get("href"))
        if url is None or ("#" in url and same_article(url, self.page)):
            return
        text = inline_text(element, self._link_texts)
        has_picture = next(element.iter(*IMAGE_TAGS), None) is not None
        if has_picture and text and text == first_caption(element):
            text = ""
        opens_picture = not text and PICTURE_FILE.search(url) and (has_picture or background_of(element) is not None)
        if not opens_picture:
            self.links.append(Link(url, text))

    def _is_full(self, parts: Sized) -> bool:
        """Whether the body already has the maximum number of these; if so, the record gets a warning."""
        if len(parts) < MAX_PARTS:
            return False
        self.warn("too-long")
        return True

    def warn(self, warning: str) -> None:
        """Add a warning to the record, once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


def _is_shown_caption(element: Element) -> bool:
    """Whether an element is boilerplate only because captions are, and it is not an image's."""
    others = (name for name in class_names(element) if name not in CAPTIONS)
    return is_caption_of_text(element) and not is_boilerplate(" ".join(others))


def _is_shown_later(element: Element) -> bool:
    """Whether a script shows a hidden element, or something in its place."""
    if element.tag in IMAGE_TAGS:
        return element.get("data-cfsrc") is not None  # Cloudflare's Mirage loads it
    names = class_names(element)
    # The link behind another article's card.
    if element.tag == "blockquote" and "wp-embedded-content" in names:
        card = element.getnext()  # perhaps in a paragraph
        return card is not None and next(card.iter("iframe"), None) is not None
    # A slide of MetaSlider: all but the first are hidden at first.
    return element.tag == "amp-lightbox" or "ms-image" in names


def _holds_media(carousel: Element) -> bool:
    """Whether a carousel holds an image or player, not slides of text."""
    return next(carousel.iter(*IMAGE_TAGS, *EMBED_TAGS), None) is not None


def _is_filled_box(div: Element) -> bool:
    """Whether a box without a class of its own is boilerplate: an ad by Advanced Ads, or what a script has filled."""
    if div.get("id") in ("disqus_thread", "cookie-law-info-bar"):
        return True
    # Before "-adlabel", the site's name.
    return len(div) > 0 and any(name.endswith("-adlabel") for name in class_names(div[0]))


def _has_text_here(element: Element) -> bool:
    """Whether an element whose text is seldom the article's has some: a heading's button, a table's caption."""
    if element.tag == "nav":
        return not _is_menu(element)
    return (element.tag == "button" and _fills_heading(element)) or is_caption_of_text(element)


def _is_menu(nav: Element) -> bool:
    """Whether a ``nav`` holds little text outside links; one without an end tag also holds the text after it."""
    left = _LONGEST_IN_MENU
    walk = etree.iterwalk(nav, events=("start", "end"))
    for event, part in walk:
        if event == "end":
            left -= len(squeeze(part.tail or "")) if part is not nav else 0
        elif part.tag == "a" or (part.tag in NO_TEXT_TAGS and part.tag != "nav"):
            walk.skip_subtree()
        else:
            left -= len(squeeze(part.text or ""))
        if left < 0:
            return False
    return True


def _fills_heading(button: Element) -> bool:
    """Whether a heading holds only a button, as in an accordion."""
    heading = button.getparent()
    if heading is None or heading.tag not in _HEADINGS:
        return False
    if button.getprevious() is not None or button.getnext() is not None:
        return False
    return not squeeze(f"{heading.text or ''}{button.tail or ''}")


def _rows_of(element: Element) -> Iterator[Element]:
    """Yield the rows of a table, without those of nested tables."""
    for child in element:
        if child.tag == "tr":
            yield child
        if child.tag != "table":
            yield from _rows_of(child)


def _is_layout(table: Element) -> bool:
    """Whether a table is only layout: one column, whose cells hold block elements."""
    holds_blocks = False
    for row in _rows_of(table):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(cells) > 1:
            return False
        holds_blocks = holds_blocks or any(part.tag in BLOCK_TAGS for cell in cells for part in cell.iterdescendants())
    return holds_blocks
