"""The site's configuration: every field may be changed while the server runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .clock import numbers

ALL_AMP_PARTS = frozenset(
    [
        "categories",
        "tags",
        "author_box",
        "bio",
        "author_links",
        "byline",
        "breadcrumb",
        "date",
        "share",
        "sticky_share",
        "related",
        "comments",
        "recent",
        "next_prev",
        "excerpt",
        "picture",
        "mobile_copies",
        "og_meta",
    ]
)
"""Everything that an AMP page may or may not show. ``og_meta`` is the SEO meta elements with correct dates."""

IFP_AMP_PARTS = frozenset(
    [
        "categories",
        "author_box",
        "bio",
        "author_links",
        "byline",
        "share",
        "sticky_share",
        "recent",
        "excerpt",
        "picture",
    ]
)
"""What ifpnews.com shows: no tags, no article date."""


@dataclass
class Config:
    """The knobs of a site."""

    # -- layouts
    theme: Literal["newspaper", "newspaper-cloud", "block", "classic"] = "newspaper"
    """Layout of canonical pages; ``classic`` is an old core theme with ``entry-content``."""
    yoast_head: bool = True
    """Whether canonical pages have an SEO plugin's meta elements and graph, with correct times."""
    theme_date: bool = True
    """Whether canonical pages print the theme's own (faulty) ``time`` and ``meta[itemprop]``."""
    lead_printed: bool = True
    """Whether Newspaper pages print the excerpt as a subtitle."""
    amp: Literal["swift", "design1", "design2", "design3"] | None = "swift"
    """Design of AMP pages; None is a site without the plugin."""
    amp_version: str = "1.1.13"
    amp_parts: frozenset[str] = IFP_AMP_PARTS
    amp_date_format: Literal["ago", "traditional"] = "ago"
    amp_json_ld: Literal["BlogPosting", "NewsArticle"] | None = "BlogPosting"
    recent_count: int = 6
    wordpress: str = "6.1.9"

    # -- time
    date_header: datetime | Literal["site", "real"] | None = "site"
    """Value of the Date header: the site's clock, this machine's, an instant, or none."""
    age: int | None = None
    """Seconds for which a cache has held the pages: they were rendered that long ago, and have an Age header."""

    # -- sources
    rest: Literal["ok", 401, 403, 404, 500, "html"] = "ok"
    rest_ignores: frozenset[str] = frozenset()
    """Parameters that this (older) WordPress silently ignores."""
    rest_max_per_page: int = 100
    sitemap: Literal["core", "yoast", "rankmath"] | None = "core"
    sitemap_lastmod: bool | None = None
    """None: as the plugin does (core has none)."""
    sitemap_size: int = 1000
    sitemap_gz: bool = False
    sitemap_broken: int | None = None
    """Number (from 1) of the post sitemap that breaks off in the middle."""
    feed: Literal["ok", "empty", 403, 404] = "ok"
    feed_size: int = 20
    feed_sorts: bool | Literal["order"] = True
    """Whether feeds obey ``orderby``; some caches drop it. Or only ``order``."""
    listings: Literal["ok", 403, 404] = "ok"
    posts_per_page: int = 10
    listing_excerpts: bool = True

    # -- robots.txt
    robots: str | int | None = None
    """The whole text, or a status; None generates it from the fields below."""
    crawl_delay: float | None = None
    disallow: list[str] = field(default_factory=lambda: ["/wp-admin/"])
    robots_names_sitemap: bool = True

    # -- transport
    compress: bool = False
    """Respond with Content-Encoding: gzip if the client accepts it."""
    delay: float = 0.0
    """Seconds before each response."""

    @property
    def has_lastmod(self) -> bool:
        return self.sitemap != "core" if self.sitemap_lastmod is None else self.sitemap_lastmod

    @property
    def old_amp(self) -> bool:
        """Before 1.1: bios keep their markup, galleries their images."""
        return numbers(self.amp_version) < (1, 1)
