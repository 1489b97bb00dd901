"""Other sites' players and posts, as canonical and AMP pages hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile
from urllib.parse import parse_qs, urlsplit

from ifp_scraper.items import Embed, EmbedKind
from ifp_scraper.pages.boilerplate import is_boilerplate
from ifp_scraper.pages.css import hidden_by_attribute
from ifp_scraper.pages.lazy import source_of
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import words
from ifp_scraper.urls import absolute, absolute_http

_YOUTUBE_URL = "https://www.youtube.com/watch?v={}"
_TWEET_URL = "https://twitter.com/i/status/{}"
_INSTAGRAM_URL = "https://www.instagram.com/p/{}/"

_AMP_EMBEDS: dict[str, tuple[EmbedKind, str, str]] = {
    "amp-youtube": ("youtube", "data-videoid", _YOUTUBE_URL),
    "amp-twitter": ("tweet", "data-tweetid", _TWEET_URL),
    "amp-instagram": ("instagram", "data-shortcode", _INSTAGRAM_URL),
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
    "lite-youtube": ("youtube", "videoid", _YOUTUBE_URL),  # not AMP's, but similar
}
"""For each element, the kind of its embed, the attribute that names it, and the URL made of that name: for an iframe,
the one on the canonical page."""

EMBED_TAGS = words("iframe video audio amp-iframe amp-video amp-audio twitter-widget") | _AMP_EMBEDS.keys()
"""The elements that ``read_embed`` reads."""

_YOUTUBE = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:embed/|v/|shorts/|live/|watch\?v=)|youtu\.be/)(?!videoseries|live_stream)([\w-]{6,20})",
    re.IGNORECASE,
)

_YOUTUBE_LYTE_ID = re.compile(r"WYL_([\w-]{11})$")
"""The element id from which WP YouTube Lyte's script takes the video's id."""

_TWITTER = words(
    "twitter.com www.twitter.com mobile.twitter.com platform.twitter.com x.com www.x.com mobile.x.com platform.x.com"
)
_STATUS = re.compile("/status(?:es)?/")
"""In the path of a tweet; the longer form is older."""

_FACEBOOK = words("fb-video fb-post")
_REDDIT = words("reddit-embed-bq reddit-card")

_WIDGET = re.compile(r"https?://(?:[\w-]+\.)*(?:facebook\.com|tiktok\.com|infogram\.com|flo\.uri\.sh)/")
"""A frame that a site's script inserts to show a post or a chart."""

_NO_MEDIA = re.compile(
    r"https?://(?:[\w-]+\.)*(?:doubleclick\.net/|googlesyndication\.com/|amazon-adsystem\.com/|plusone\.google\.com/"
    r"|facebook\.com/(?:v[\d.]+/)?plugins/(?!post\b|video\b|comment_embed\b)"
    r"|platform\.twitter\.com/widgets/(?:tweet|follow)_button)"
)
"""Where frames of ads come from, and those of buttons to share or to follow, of likes and of comments."""

_NONCE = re.compile(r"[?&]_=\d+$|#\?secret=.*")
"""What WordPress adds to the URL of a player or card, different each time it renders the text."""

_TELEGRAM_POST = re.compile(r"(https?://t\.me/[\w/]+)\?embed=1\b.*")
"""A post in the frame that Telegram's script inserts."""


# -- a player's own element ------------------------------------------------------------------------------------


def read_embed(player: Element, base: str) -> Embed | None:
    """Read one of the elements ``EMBED_TAGS``; None if it has no URL, or is an ad, or a button to share or to follow.

    Args:
        player: the element.
        base: URL against which links are resolved.
    """
    tag = player.tag
    if tag in _AMP_EMBEDS:
        kind, attribute, address = _AMP_EMBEDS[tag]
        if name := player.get(attribute):
            if tag == "amp-facebook-page" and "/videos/" not in name:  # a box to like a page
                return None
            if kind != "iframe":  # AMPforWP takes parameters into the name; for Instagram, old versions took only them
                name = name.partition("?")[0].partition("&")[0]
            url = absolute_http(base, address.format(name)) if name else None
            return Embed(kind, url) if url is not None else None
    source = source_of(player)
    if source is None and (child := player.find("source")) is not None:
        source = source_of(child)
    url = absolute(base, source)
    tweet = player.get("data-tweet-id")  # of the script's frame, which a saved page has in a file
    if tweet and tweet.isdecimal() and (url is None or urlsplit(url).hostname in _TWITTER):
        return Embed("tweet", _TWEET_URL.format(tweet))
    if url is None or not url.startswith("http") or _NO_MEDIA.match(url):
        return None
    if post := _post_shown_in(player, url, base):
        return Embed("iframe", post)
    url = _TELEGRAM_POST.sub(r"\1", _NONCE.sub("", url))
    if known := _embed_at(url):
        return known
    if tag in ("video", "amp-video"):
        return Embed("video", url)
    if tag in ("audio", "amp-audio"):
        return Embed("audio", url)
    return Embed("iframe", url)


def _embed_at(url: str) -> Embed | None:
    """Return the embed at a URL of one of the sites whose embeds have a kind of their own; None for others."""
    if film := youtube_in(url):
        return film
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith("youtube.com") and (video := parse_qs(parts.query).get("v")):
        return Embed("youtube", _YOUTUBE_URL.format(video[0]))
    if host in _TWITTER:
        if tweet := parse_qs(parts.query).get("id"):
            return Embed("tweet", _TWEET_URL.format(tweet[0]))
        if _STATUS.search(parts.path):
            return Embed("tweet", url.partition("?")[0])
    if host.endswith("instagram.com") and (code := re.search(r"/(?:p|reel|tv)/([\w-]+)", parts.path)):
        return Embed("instagram", _INSTAGRAM_URL.format(code[1]))
    return None


def youtube_in(text: str) -> Embed | None:
    """Return the YouTube video that a URL, or a text with one, names; None if there is none."""
    match = _YOUTUBE.search(text)
    return Embed("youtube", _YOUTUBE_URL.format(match[1])) if match else None


# -- boxes with players, and boxes that a script replaces by one ---------------------------------------------------


def players_of_carousel(carousel: Element) -> Iterator[Element]:
    """Yield the players in an AMP gallery that are shown."""
    for player in carousel.iter(*EMBED_TAGS):
        slide = takewhile(lambda part: part is not carousel, (player, *player.iterancestors()))
        if not any(hidden_by_attribute(part) or is_boilerplate(part.get("class") or "") for part in slide):
            yield player


def embeds_in(box: Element, base: str) -> Iterator[Embed | None]:
    """Yield the embeds of a box that holds nothing else of the article, or stands in for a player."""
    for player in box.iter(*EMBED_TAGS):
        yield read_embed(player, base)
    lyte = _YOUTUBE_LYTE_ID.match(box.get("id") or "")
    for address in (
        f"https://youtu.be/{lyte[1]}" if lyte else None,
        box.get("data-facadesrc"),
        box.get("data-src"),
        *(flash.get("src") or flash.get("value") for flash in box.iter("embed", "param")),
    ):
        yield youtube_in(address or "")


def embed_of_box(box: Element, classes: list[str], base: str) -> Embed | None:
    """Return the embed that a script or style shows in a box with these class names; None if it is another box."""
    if "wp-block-embed__wrapper" in classes:  # what WordPress cannot embed stays a URL
        url = absolute(base, box[0].get("href") if len(box) else box.text)
        return _embed_at(url) if url else None
    if (late := box.get("data-src")) and _YOUTUBE.search(late):  # a cache plugin's stand-in for the player
        return read_embed(box, base)
    if "elementor-widget-video" in classes:
        return youtube_in((box.get("data-settings") or "").replace("\\/", "/"))
    if url := _named_post(box, classes, base):
        return Embed("iframe", url)  # as amp-facebook on the AMP page
    return None


def quoted_post(quote: Element, classes: list[str], base: str) -> Embed | None:
    """Return the social media post that a quote with these class names holds as text; None if it is another quote."""
    url = None
    if "twitter-tweet" in classes or "twitter-video" in classes:
        for link in reversed(list(quote.iter("a"))):
            status = absolute(base, link.get("href")) or ""
            if _STATUS.search(status):
                return Embed("tweet", status.partition("?")[0])
    elif "tiktok-embed" in classes:
        url = _named_post(quote, classes, base)
    elif "instagram-media" in classes:
        if post := absolute(base, quote.get("data-instgrm-permalink") or _first_link(quote)):
            return Embed("instagram", post.partition("?")[0])
    elif "bluesky-embed" in classes:
        links = [link.get("href") for link in quote.iter("a")]
        if links and (post := absolute(base, links[-1])):  # its date
            url = post.partition("?")[0]
    elif "text-post-media" in classes:  # of Threads
        url = absolute(base, quote.get("data-text-post-permalink"))
    elif "mastodon-embed" in classes:
        url = absolute(base, quote.get("data-embed-url"))
    elif not _REDDIT.isdisjoint(classes):
        url = absolute(base, _first_link(quote))
    return Embed("iframe", url) if url else None


def _first_link(quote: Element) -> str | None:
    link = next(quote.iter("a"), None)
    return link.get("href") if link is not None else None


def _named_post(box: Element, classes: list[str], base: str) -> str | None:
    """Return the URL of a post or chart that a box names, and that its site's script shows in a frame inside."""
    if not _FACEBOOK.isdisjoint(classes):
        return absolute(base, box.get("data-href"))
    if "tiktok-embed" in classes:
        return absolute(base, box.get("cite"))
    if "flourish-embed" in classes and (chart := box.get("data-src")):
        return absolute("https://flo.uri.sh/", chart.partition("?")[0] + "/embed")
    if "infogram-embed" in classes and (chart := box.get("data-id")):
        return absolute("https://e.infogram.com/", chart)
    return None


def _post_shown_in(frame: Element, url: str, base: str) -> str | None:
    """Return the URL of the post that a frame with this URL shows if a box around it names one."""
    if frame.tag != "iframe" or not _WIDGET.match(url):
        return None
    boxes = islice(frame.iterancestors(), 5)  # the scripts put the frame into a span; plugins add boxes
    return next(filter(None, (_named_post(box, class_names(box), base) for box in boxes)), None)
