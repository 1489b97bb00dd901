"""What every page needs to know: the site, its configuration, the server's root and the time of rendering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape

from . import clock
from .config import Config
from .model import Author, Post, Section, Site, Tag
from .pieces import plain_text

# What wptexturize() leaves as entities on canonical pages, in feeds and REST responses; AMP pages print characters.
_TEXTURE = [(c, f"&#{ord(c)};") for c in "’‘“”–—…"]

_CAROUSEL = re.compile(r"(<amp-carousel[^>]*>).*?(</amp-carousel>)", re.DOTALL)


@dataclass(frozen=True)
class View:
    """One rendering; pages are functions of it."""

    site: Site
    config: Config
    root: str
    now: datetime
    """When the page is rendered: earlier than the site's clock if a cache has held it."""

    # -- URLs -----------------------------------------------------------------------------------------------

    def url(self, post: Post) -> str:
        return self.root + post.path

    def amp_url(self, post: Post) -> str:
        return self.url(post) + "amp/"

    def section_url(self, section: Section) -> str:
        return f"{self.root}/category/{section.path}/"

    def tag_url(self, tag: Tag) -> str:
        return f"{self.root}/tag/{tag.slug}/"

    def author_url(self, author: Author) -> str:
        return f"{self.root}/author/{author.slug}/"

    def has_amp(self, post: Post) -> bool:
        return self.config.amp is not None and post.amp_enabled and not post.password_protected

    def rooted(self, html: str) -> str:
        return html.replace("%ROOT%", self.root)

    # -- numbers --------------------------------------------------------------------------------------------

    def section_id(self, section: Section) -> int:
        return self.site.term_id("category", section.path)

    def tag_id(self, tag: Tag) -> int:
        return self.site.term_id("post_tag", tag.slug)

    def author_id(self, author: Author) -> int:
        return self.site.term_id("author", author.slug)

    # -- words ----------------------------------------------------------------------------------------------

    def title(self, post: Post) -> str:
        """The headline as printed on a canonical page, in a feed or in a list."""
        return textured("Protected: " * post.password_protected + escape(post.headline, quote=False))

    def ago(self, post: Post) -> str:
        return clock.ago(post.published, self.now, self.site.zone, self.config.wordpress)

    def core_time(self, instant: datetime) -> str:
        return clock.core_time(instant, self.site.zone)

    def theme_time(self, instant: datetime) -> str:
        return clock.theme_time(instant, self.site.zone)

    def amp_time(self, instant: datetime) -> str:
        return clock.amp_time(instant, self.site.zone, self.config.amp_version, self.config.wordpress)

    def long_date(self, instant: datetime) -> str:
        return clock.long_date(instant, self.site.zone)


def textured(html: str) -> str:
    """Encode typographic characters as WordPress does: ``&#8217;``; an ampersand is ``&#038;``."""
    html = html.replace("&amp;", "&#038;")
    if html.isascii():
        return html
    for character, entity in _TEXTURE:  # a few times faster than translate()
        html = html.replace(character, entity)
    return html


def content(post: Post, page: int | None = None) -> str:
    """The canonical markup of one page of the body (from 1), or of all, separated by ``<!--nextpage-->``."""
    if post.password_protected:
        return ""
    pages = post.pages if page is None else post.pages[page - 1 : page]
    return "\n<!--nextpage-->\n".join(textured("\n".join(piece.html for piece in pieces)) for pieces in pages)


def amp_content(post: Post, page: int, old: bool) -> str:
    """The plugin's markup of one page of the body; from 1.1.13 on, its carousels are empty."""
    html = " ".join(piece.html if piece.amp is None else piece.amp for piece in post.pages[page - 1])
    return html if old else _CAROUSEL.sub(r"\1\2", html)


def excerpt(post: Post, count: int, more: str) -> str:
    """The first words of the manual excerpt or of the body, as HTML."""
    if post.password_protected:
        return "There is no excerpt because this is a protected post."
    words: list[str] = (post.lead or "").split()
    if not words:
        for piece in post.pieces:
            if not piece.html.startswith(("<script", "<figure id=")):
                words += plain_text(piece.html).split()
            if len(words) > count:
                break
    cut = " ".join(words[:count])
    return escape(cut, quote=False) + (more if len(words) > count else "")
