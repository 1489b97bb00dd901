"""Images with their captions, as canonical and AMP pages hold them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from ifp_scraper.items import Image, ImageRole
from ifp_scraper.pages.boilerplate import CAPTIONS
from ifp_scraper.pages.inline import IMAGE_TAGS, label_text, resolved
from ifp_scraper.pages.lazy import PICTURE_FILE, is_placeholder, source_of
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import squeeze, words
from ifp_scraper.urls import absolute_http, host, original_image

GALLERY_CLASSES = words(
    "gallery wp-block-gallery blocks-gallery-grid tiled-gallery td-gallery post_td_gallery"
    " wp-block-jetpack-tiled-gallery wp-block-jetpack-slideshow gal_w"
    " ngg-galleryoverview foogallery envira-gallery-wrap metaslider soliloquy-container modula-gallery"
    " su-custom-gallery su-slider wpb_gallery elementor-image-carousel bwg-standard-thumbnails"
)
"""Boxes around several images."""

FRAME_CLASSES = words(
    "wp-caption gallery-item tiled-gallery-item envira-gallery-item soliloquy-item modula-item ms-image"
    " su-custom-gallery-slide su-slider-slide bwg-item"
)
"""Boxes around an image and its caption, like a ``figure``."""

COVER_CLASSES = words("wp-block-cover wp-block-cover__image-background wp-block-cover-image")
"""Boxes with an image behind their text."""

_RESIZED = re.compile(r"/[^/?#]+-\d+x\d+(?=\.\w+(?:[?#]|$))")
"""The name of a resized copy: WordPress adds width and height to that of the file."""

_FILE_ENDING = re.compile(
    r"(?:-scaled|-rotated)?(?:\.(?:jpe?g|png|gif|webp|avif|bmp|svg)){1,2}(?:[?#].*)?$",
    re.IGNORECASE | re.DOTALL,
)
"""In what two URLs of one image may differ: WordPress adds the word if it has reduced or turned it."""

_ONE_PIXEL = re.compile(r"(?<![\w-])(width|height)\s*:\s*[01]px")
"""In the style of an image that only counts readers."""

_MAX_FORMATS = 20
"""Maximum number of elements looked at in a ``picture``, or beside an image."""

_NO_PICTURE = "/images/no-thumb/td_"
"""In the URL of what tagDiv's themes show for a post without an image."""

_CAPTION_CLASSES = CAPTIONS | {"tdb-caption-text"}
"""The latter belongs to the Cloud Library's featured image, which is outside the body."""

_TEXTS_WITH_CAPTIONS = "table", "blockquote", "pre"

_FILLED_BY_AMP = "amp-img", "amp-anim", "i-amphtml-sizer"
"""Elements into which AMP's runtime and optimizer put an ``img``."""

_AVATAR = words("avatar photo")
"""What core's get_avatar() gives to a profile picture."""

_URL_IN_STYLE = re.compile(r"""url\(\s*(?:"([^"]+)"|'([^']+)'|["']?([^"'()]+))""")


# -- an image element ------------------------------------------------------------------------------------------


def pictures_in(box: Element) -> Iterator[Element]:
    """Yield the image elements in a box, without AMP's copies and spacers."""
    for picture in box.iter(*IMAGE_TAGS):
        parent = picture.getparent()
        if picture.tag != "img" or parent is None or parent.tag not in _FILLED_BY_AMP:
            yield picture


def is_stand_in(picture: Element) -> bool:
    """Whether AMP shows an image only until another is loaded, or if it cannot be."""
    return picture.get("fallback") is not None or picture.get("placeholder") is not None


def is_avatar(picture: Element) -> bool:
    """Whether an image is a person's profile picture, as core prints it with a comment or a byline."""
    return _AVATAR.issubset(class_names(picture))


def read_image(picture: Element, base: str, caption: str | None, role: ImageRole) -> Image | None:
    """Read an ``img`` or ``amp-img``; None if it has no URL, or is a one-pixel counter or a placeholder.

    Args:
        picture: the element.
        base: URL against which links are resolved.
        caption: found by the caller, since it may be that of a box around several images.
        role: the record's ``role``.
    """
    if _is_counter(picture):
        return None
    if is_from_noscript(picture):
        beside = [_not_placeholder(other, source_of(other)) for other in _others_beside(picture)]
        url = None if beside and all(beside) else _url_in_noscript(picture, base)  # else it would be read twice
    else:
        source = source_of(picture)
        source = _not_placeholder(picture, source) or (None if _is_in_noscript_beside(picture, base) else source)
        url = absolute_http(base, source or _linked_picture(picture))
    if url is None or _NO_PICTURE in url:
        return None
    original = url if _is_original(picture, url) else original_image(url)
    return Image(url, original, resolved(squeeze(picture.get("alt") or "")), caption, role)


def is_from_noscript(picture: Element) -> bool:
    """Whether an image comes from a ``noscript``, beside the one that a script loads late or inserts."""
    return picture.get("noscript") is not None


def file_name(url: str) -> str:
    """Return what the URLs of an image in several sizes and formats, and on other servers, share."""
    return _FILE_ENDING.sub("", original_image(url)).rpartition("/")[2]


def _is_counter(picture: Element) -> bool:
    """Whether an image has no more than one pixel."""
    tiny = {side for side in ("width", "height") if (picture.get(side) or "").removesuffix("px") in ("0", "1")}
    if style := picture.get("style"):
        tiny.update(_ONE_PIXEL.findall(style))
    return len(tiny) == 2


def _not_placeholder(picture: Element, source: str | None) -> str | None:
    """Return an image's source, else one of the ``picture`` around it; None if they are only placeholders."""
    return _format_in(_picture_around(picture)) if source is None or is_placeholder(source) else source


def _url_in_noscript(picture: Element, base: str) -> str | None:
    """Return the URL of an image in a ``noscript``; None if it is no file of the site, but an ad or a counter."""
    url = absolute_http(base, source_of(picture))
    if url is None or not PICTURE_FILE.search(url) or _is_counter(picture):
        return None
    if "/wp-content/uploads/" in url:
        return url
    return url if f".{host(url)}".endswith(f".{host(base)}") and not is_placeholder(url) else None


def _is_in_noscript_beside(picture: Element, base: str) -> bool:
    """Whether the ``noscript`` beside an image shows what a script would put in its place."""
    beside = _beside(_picture_around(picture))
    return any(is_from_noscript(part) and _url_in_noscript(part, base) is not None for part in beside)


def _others_beside(picture: Element) -> Iterator[Element]:
    """Yield the images before and after one from a ``noscript`` that are in none, or the first in a box there."""
    for box in _beside(picture):
        parts = islice(box.iter(), _MAX_FORMATS)
        yield from islice((part for part in parts if part.tag in IMAGE_TAGS and not is_from_noscript(part)), 1)


def _beside(box: Element) -> Iterator[Element]:
    return (part for part in (box.getprevious(), box.getnext()) if part is not None)


def _picture_around(picture: Element) -> Element:
    """Return the ``picture`` around an image, else the image; libxml2 leaves each ``source`` open."""
    box = picture
    for around in islice(picture.iterancestors(), _MAX_FORMATS):
        if around.tag not in ("picture", "source"):
            break
        box = around
    return box


def _format_in(box: Element) -> str | None:
    """Return the first URL among the formats and sizes of a ``picture``; None if there is none."""
    formats = (part for part in islice(box.iterdescendants(), _MAX_FORMATS) if part.tag == "source")
    urls = filter(None, map(source_of, formats))
    return next((url for url in urls if not is_placeholder(url)), None)


def _is_original(picture: Element, url: str) -> bool:
    """Whether there are resized copies of a file whose own name ends like that of one, as it was saved from a site."""
    copies = picture.get("srcset") or picture.get("data-srcset")
    name = _RESIZED.search(url) if copies else None
    return name is not None and re.search(rf"{re.escape(name[0])}-\d+x\d+\.", copies or "") is not None


def _linked_picture(picture: Element) -> str | None:
    """Return the URL of the file that opens when an image is clicked."""
    link = picture.getparent()
    address = (link.get("href") or "").strip() if link is not None and link.tag == "a" else ""
    return address if PICTURE_FILE.search(address) else None


# -- captions --------------------------------------------------------------------------------------------------


def is_caption(element: Element) -> bool:
    """Whether an element holds an image's caption."""
    return element.tag == "figcaption" or not _CAPTION_CLASSES.isdisjoint(class_names(element))


def is_caption_of_text(element: Element) -> bool:
    """Whether an element is the caption of a table, a quote or code, and not of an image."""
    figure = element.getparent()
    if element.tag != "figcaption" or figure is None or figure.tag != "figure":
        return False
    if next(element.itersiblings("figcaption", preceding=True), None) is not None:
        return False  # a figure has one; on a hostile page, thousands, for each of which all cells would be searched
    if "wp-block-table" in (figure.get("class") or ""):  # or a grid of pictures
        return any("".join(map(str, cell.itertext())).strip() for cell in figure.iter("td", "th"))
    if next(pictures_in(figure), None) is not None:
        return False
    beside = (part for part in (element.getprevious(), element.getnext()) if part is not None)
    return any(part.tag in _TEXTS_WITH_CAPTIONS for part in beside)


def first_caption(box: Element) -> str | None:
    """Return the first caption in a box; None if there is none or it is empty."""
    caption = next(filter(is_caption, box.iterdescendants()), None)
    return None if caption is None else label_text(caption) or None


def caption_of_frame(frame: Element) -> str | None:
    """Return the caption in a frame, or after it as in tagDiv's smart lists; None if there is none.

    That of a whole gallery is for the images that have none of their own.
    """
    if _holds_figures(frame):
        of_all = next(frame.iterchildren("figcaption"), None)
        return None if of_all is None else label_text(of_all) or None
    return first_caption(frame) or _caption_after(frame)


def _holds_figures(frame: Element) -> bool:
    """Whether a frame holds images in figures of their own, so that the first caption in it is that of one of them."""
    pictures = (picture for picture in pictures_in(frame) if not _is_shown_twice(picture))
    first = next(pictures, None)
    if first is None or next(pictures, None) is None:
        return False
    return next(box for box in first.iterancestors() if box is frame or box.tag == "figure") is not frame


def _is_shown_twice(picture: Element) -> bool:
    """Whether an image from a ``noscript`` has beside it the one that a script loads late."""
    return is_from_noscript(picture) and next(_others_beside(picture), None) is not None


def _caption_after(frame: Element) -> str | None:
    after, around = frame.getnext(), frame.getparent()
    if after is None or after.tag != "figcaption" or "blocks-gallery-caption" in (after.get("class") or ""):
        return None
    if around is not None and around.tag == "figure":  # whose caption it is
        return None
    return label_text(after) or None


def pictures_of_carousel(carousel: Element) -> Iterator[tuple[Element, str | None]]:
    """Yield the image elements in an AMP gallery, each with the caption of its slide."""
    captions: dict[Element | None, str | None] = {carousel: None}
    for picture in pictures_in(carousel):
        box = next(box for box in picture.iterancestors() if box.tag in ("figure", carousel.tag))
        frame = box if box.tag == "figure" else picture.getparent()
        if frame is not None and frame not in captions:  # one frame may hold them all
            captions[frame] = first_caption(frame)
        yield picture, captions[frame]


# -- images that are not elements --------------------------------------------------------------------------------


def background_image(box: Element, base: str) -> Image | None:
    """Return the image behind a box's text; None if its attributes name none."""
    url = absolute_http(base, background_of(box))
    if url is None:
        return None
    return Image(url, original_image(url), squeeze(box.get("aria-label") or ""))


def background_of(box: Element) -> str | None:
    """Return the URL of a box's background as printed, where a script may still have to put it."""
    late = box.get("data-img-url") or box.get("data-bg") or ""  # tagDiv's; WP Rocket's and lazysizes'
    return url_in_style(late) or (late if "/" in late else url_in_style(box.get("style")))


def url_in_style(style: str | None) -> str | None:
    """Return the first URL in a style; None if there is none."""
    match = _URL_IN_STYLE.search(style or "")
    return match[match.lastindex or 0] if match else None


def slides_of(box: Element, base: str) -> Iterator[Image]:
    """Yield the images of Jetpack's older slideshow, which a script reads from an attribute."""
    try:
        slides = json.loads(box.get("data-gallery") or "[]")
    except (ValueError, RecursionError):
        return
    for slide in slides if isinstance(slides, list) else ():
        if not isinstance(slide, dict):
            return
        url, alt, caption = (squeeze(str(slide.get(key) or "")) for key in ("src", "alt", "caption"))
        if address := absolute_http(base, url):
            yield Image(address, original_image(address), resolved(alt), resolved(caption) or None, "gallery")
