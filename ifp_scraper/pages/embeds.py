"""Images with their captions, and other sites' players and posts, as canonical and AMP pages hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from ifp_scraper.items import Embed, Image
from ifp_scraper.pages.inline import IMAGE_TAGS, label_text, resolved
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import squeeze, words
from ifp_scraper.urls import absolute, original_image

# The URL of an iframe is what it would be on the canonical page.
_AMP_EMBEDS: dict[str, tuple[Literal["youtube", "tweet", "instagram", "iframe"], str, str]] = {
    "amp-youtube": ("youtube", "data-videoid", "https://www.youtube.com/watch?v={}"),
    "amp-twitter": ("tweet", "data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-instagram": ("instagram", "data-shortcode", "https://www.instagram.com/p/{}/"),
    "amp-vimeo": ("iframe", "data-videoid", "https://player.vimeo.com/video/{}"),
    "amp-embedly-card": ("iframe", "data-url", "{}"),
    "amp-dailymotion": ("iframe", "data-videoid", "https://www.dailymotion.com/embed/video/{}"),
    "amp-facebook": ("iframe", "data-href", "{}"),
    "amp-facebook-page": ("iframe", "data-href", "{}"),  # so AMPforWP makes of a film, too
    "amp-soundcloud": (
        "iframe",
        "data-trackid",
        "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{}",
    ),
    "amp-tiktok": ("iframe", "data-src", "https://www.tiktok.com/embed/v2/{}"),
    "amp-reddit": ("iframe", "data-src", "{}"),
    "amp-pinterest": ("iframe", "data-url", "{}"),
    "amp-playbuzz": ("iframe", "src", "{}"),
    "amp-vine": ("iframe", "data-vineid", "https://vine.co/v/{}/embed/simple"),
    "amp-wistia-player": ("iframe", "data-media-hashed-id", "https://fast.wistia.net/embed/iframe/{}"),
    "lite-youtube": ("youtube", "videoid", "https://www.youtube.com/watch?v={}"),  # not AMP's, but similar
}
EMBED_TAGS = words("iframe video audio amp-iframe amp-video amp-audio twitter-widget") | _AMP_EMBEDS.keys()

_CAPTION_CLASSES = words(
    "wp-caption-text wp-caption-dd gallery-caption wp-element-caption tiled-gallery-caption tdb-caption-text"
    " caption-wrap soliloquy-caption envira-caption figc su-custom-gallery-title su-slider-slide-title"
    " bwg-title1"
)
PICTURE_FILE = re.compile(r"^[^?#]+\.(?:jpe?g|png|gif|webp|avif|bmp|svg)(?:[?#]|$)", re.IGNORECASE)


_FILLED_BY_AMP = "amp-img", "amp-anim", "i-amphtml-sizer"
"""Elements into which AMP's runtime and optimizer put an ``img``."""


def pictures_in(box: Element) -> Iterator[Element]:
    """Yield the images in an element, without AMP's copies and spacers."""
    for picture in box.iter(*IMAGE_TAGS):
        parent = picture.getparent()
        if picture.tag != "img" or parent is None or parent.tag not in _FILLED_BY_AMP:
            yield picture


def holds_figures(frame: Element) -> bool:
    """Whether a frame holds images in figures of their own, so that its caption belongs to none of them."""
    pictures = pictures_in(frame)
    first = next(pictures, None)
    if first is None or next(pictures, None) is None:
        return False
    for box in first.iterancestors():
        if box is frame or box.tag == "figure":
            return box is not frame
    return False


def first_caption(frame: Element) -> str | None:
    """Return the first caption in a frame; None if there is none or it is empty."""
    caption = next(filter(is_caption, frame.iterdescendants()), None)
    return None if caption is None else label_text(caption) or None


def is_caption(element: Element) -> bool:
    """Whether an element holds an image's caption."""
    return element.tag == "figcaption" or not _CAPTION_CLASSES.isdisjoint((element.get("class") or "").split())


def caption_after(figure: Element) -> str | None:
    """Return the caption after a figure, as in tagDiv's smart lists; None if there is none or it is empty."""
    after = figure.getnext()
    if after is None or after.tag != "figcaption" or "blocks-gallery-caption" in (after.get("class") or ""):
        return None
    return label_text(after) or None


_PLACEHOLDER = re.compile(
    r"/(?:wp-content/(?:plugins|themes)/|wp-includes/|pagespeed_static/|(?:[\w-]*[_-])?"
    r"(?:placeholder|blank|lazy(?:load)?|spacer|trans(?:parent)?|pixel|load(?:ing|er)|1x1)(?:[_.-][\w.-]*)?\.\w+(?:\?|$))",
    re.IGNORECASE,
)
"""Images that may only be shown until the real one is loaded."""

_LAZY_ATTRIBUTES = (
    "data-src",
    "data-lazy-src",
    "data-orig-src",
    "data-cfsrc",
    "data-original",
    "data-lazy",
    "data-img-url",
    "data-srcset",
)
"""Attributes that hold the URL of a lazily loaded image."""

_LAZY_SUFFIXES = "src", "original", "lazyload", "src-img", "src-fg", "breeze", "src-cmplz", "src-_"
"""How those of lesser-known plugins end: ``nitro-lazy-src``, ``data-src-fg``. The last two wait for consent."""

_NOT_ON_THE_SITE = re.compile(r"(?:data|about|blob|file|cid):|(?:\./)?[^/:?]+_files/", re.IGNORECASE)
"""How URLs begin of which the site knows nothing: images inside the page, or in the folder that a browser saves
beside it."""


def _source_of(element: Element) -> str | None:
    """Return the URL of an image or frame, from its lazy-loading attribute if it has one."""
    source = _of_site(element.get("src"))
    for attribute in _LAZY_ATTRIBUTES:
        if (lazy := element.get(attribute)) and ("/" in lazy or "." in lazy):  # not "true"
            # lazysizes first shows a low-resolution image from the same server
            late = attribute == "data-src" and "lazyload" in (element.get("class") or "")
            if source and not late and not _PLACEHOLDER.search(source[-200:]):
                break
            return _first_candidate(lazy) if attribute == "data-srcset" else lazy
    if source is None or _PLACEHOLDER.search(source[-200:]):
        # not by get(), which rejects some names that a hostile page may have
        others = (
            str(value) for name, value in element.items() if name != "src" and str(name).endswith(_LAZY_SUFFIXES)
        )
        source = next((other for other in others if other.startswith(("http", "/"))), source)
    return source or _of_site(_first_candidate(element.get("srcset")))


def _of_site(url: str | None) -> str | None:
    return None if url is None or _NOT_ON_THE_SITE.match(url) else url


def _first_candidate(candidates: str | None) -> str | None:
    """Return the first URL of a ``srcset``."""
    parts = (candidates or "").split(maxsplit=1)
    return parts[0].rstrip(",") if parts else None


def read_image(
    element: Element, base: str, caption: str | None, role: Literal["lead", "body", "gallery"]
) -> Image | None:
    """Read an ``img`` or ``amp-img``; None if it has no URL or is a one-pixel counter."""
    if element.get("width") in ("0", "1") and element.get("height") in ("0", "1"):
        return None
    url = absolute(base, _source_of(element) or _linked_picture(element))
    if url is None or not url.startswith("http"):
        return None
    return Image(url, original_image(url), resolved(squeeze(element.get("alt") or "")), caption, role)


def _linked_picture(image: Element) -> str | None:
    """Return the URL of the file that opens when an image is clicked."""
    link = image.getparent()
    address = link.get("href") if link is not None and link.tag == "a" else None
    return address if address and PICTURE_FILE.search(address) else None


_BACKGROUND = re.compile(r"""url\(\s*["']?([^"'()]+)""")


def background_of(style: str | None) -> str | None:
    """Return the URL of the first image in a style; None if there is none."""
    match = _BACKGROUND.search(style or "")
    return match[1] if match else None


YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:embed/|v/|shorts/|live/|watch\?v=)|youtu\.be/)(?!videoseries|live_stream)([\w-]{6,20})",
    re.IGNORECASE,
)

YOUTUBE_LYTE_ID = re.compile(r"WYL_([\w-]{11})$")
"""The element id from which WP YouTube Lyte's script takes the video's id."""


def youtube_of(url: str) -> Embed | None:
    """Return the YouTube video named in a URL, or in text with one; None if there is none."""
    match = YOUTUBE.search(url)
    return Embed("youtube", f"https://www.youtube.com/watch?v={match[1]}") if match else None


_TWITTER = words("platform.twitter.com platform.x.com twitter.com x.com")

_ADS = re.compile(r"https?://(?:[\w-]+\.)*(?:doubleclick\.net|googlesyndication\.com)/")
"""Where the frames of ads come from."""

_NONCE = re.compile(r"[?&]_=\d+$|#\?secret=.*")
"""What WordPress adds to the URL of a player or card, different each time it renders the text."""

_TELEGRAM_POST = re.compile(r"(https?://t\.me/[\w/]+)\?embed=1\b.*")
"""A post in the frame that Telegram's script inserts."""


def embed_of(element: Element, base: str) -> Embed | None:
    """Read one of the elements ``EMBED_TAGS``; None if it has no URL."""
    tag = element.tag
    if tag in _AMP_EMBEDS:
        kind, attribute, address = _AMP_EMBEDS[tag]
        if name := element.get(attribute):
            if tag == "amp-facebook-page" and "/videos/" not in name:  # a box to like a page
                return None
            if kind != "iframe":  # AMPforWP takes parameters into the name; for Instagram, old versions took only them
                name = name.partition("?")[0].partition("&")[0]
            url = absolute(base, address.format(name)) if name else None
            return Embed(kind, url) if url is not None and url.startswith("http") else None
    source = _source_of(element)
    if source is None and (child := element.find("source")) is not None:
        source = _source_of(child)
    url = absolute(base, source)
    tweet = element.get("data-tweet-id")  # of the script's frame, which a saved page has in a file
    if tweet and tweet.isdecimal() and (url is None or urlsplit(url).hostname in _TWITTER):
        return Embed("tweet", f"https://twitter.com/i/status/{tweet}")
    if url is None or not url.startswith("http") or _ADS.match(url):
        return None
    url = _TELEGRAM_POST.sub(r"\1", _NONCE.sub("", url))
    if known := embed_at(url):
        return known
    if tag in ("video", "amp-video"):
        return Embed("video", url)
    if tag in ("audio", "amp-audio"):
        return Embed("audio", url)
    return Embed("iframe", url)


def embed_at(url: str) -> Embed | None:
    """Return the embed at a URL of one of the sites whose embeds have a kind of their own; None for others."""
    if film := youtube_of(url):
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
