"""Which function renders which page of an article."""

from __future__ import annotations

from collections.abc import Callable

from .amp_designs import design1_page, design2_page, design3_page
from .amp_swift import swift_page
from .model import Post
from .newspaper import classic_page, cloud_page
from .plain_themes import block_page, classic_theme_page
from .view import View

THEMES: dict[str, Callable[[View, Post, int], str]] = {
    "newspaper": classic_page,
    "newspaper-cloud": cloud_page,
    "block": block_page,
    "classic": classic_theme_page,
}
AMP_DESIGNS: dict[str, Callable[[View, Post, int], str]] = {
    "swift": swift_page,
    "design1": design1_page,
    "design2": design2_page,
    "design3": design3_page,
}


def canonical_page(view: View, post: Post, page: int = 1) -> str:
    return THEMES[post.theme or view.config.theme](view, post, page)


def amp_page(view: View, post: Post, page: int = 1) -> str:
    return AMP_DESIGNS[post.amp or view.config.amp or "swift"](view, post, page)
