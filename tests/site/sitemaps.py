"""Sitemaps by core, Yoast and Rank Math, and robots.txt."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from datetime import datetime
from math import ceil

from .clock import seo_time
from .model import Post
from .response import XML, Response, page, redirect
from .view import View

_NAME = re.compile(r"/([a-z_]+)-sitemap(\d*)\.xml(\.gz)?")
_CORE = re.compile(
    r"/wp-sitemap-(posts-post|posts-page|taxonomies-category|taxonomies-post_tag|users)-(\d+)\.xml(\.gz)?"
)


def robots(view: View) -> Response:
    config = view.config
    if isinstance(config.robots, int):
        return page("", config.robots)
    if config.robots is not None:
        return page(config.robots.replace("%ROOT%", view.root), content_type="text/plain; charset=utf-8")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in config.disallow), "Allow: /wp-admin/admin-ajax.php"]
    if config.crawl_delay is not None:
        lines.append(f"Crawl-delay: {config.crawl_delay:g}")
    if config.sitemap and config.robots_names_sitemap:
        lines += ["", f"Sitemap: {view.root}{index_path(view)}"]
    return page("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def index_path(view: View) -> str:
    return "/wp-sitemap.xml" if view.config.sitemap == "core" else "/sitemap_index.xml"


def answer(view: View, path: str) -> Response | None:
    """Serve a sitemap's URL; None if this site has no sitemap there."""
    kind = view.config.sitemap
    if kind is None:
        return None
    index = index_path(view)
    if path == index:
        return page(_index(view), content_type=XML)
    if path in ("/sitemap.xml", "/wp-sitemap.xml", "/sitemap_index.xml"):
        return redirect(view.root + index) if kind != "core" or path == "/sitemap.xml" else None
    match = (_CORE if kind == "core" else _NAME).fullmatch(path)
    if match is None:
        return None
    name, number, packed = match[1], int(match[2] or 1), bool(match[3])
    files = dict(_files(view))
    wanted = path.removesuffix(".gz") if packed else path
    if wanted not in files or packed != view.config.sitemap_gz:
        return None
    return _urlset(view, name, number, packed)


def _files(view: View) -> list[tuple[str, datetime | None]]:
    """The parts in index order, with the newest edit of each."""
    posts = _posts(view)
    size = view.config.sitemap_size
    count = ceil(len(posts) / size)
    newest = [max((post.modified for post in posts[i * size : (i + 1) * size]), default=None) for i in range(count)]
    if view.config.sitemap == "core":
        paths = [(f"/wp-sitemap-posts-post-{number + 1}.xml", newest[number]) for number in range(count)]
        others = ("posts-page", "taxonomies-category", "taxonomies-post_tag", "users")
        return [*paths, *((f"/wp-sitemap-{name}-1.xml", None) for name in others)]
    if view.config.sitemap == "yoast" or count < 2:
        paths = [(f"/post-sitemap{number + 1 if number else ''}.xml", newest[number]) for number in range(count)]
    else:
        paths = [(f"/post-sitemap{number + 1}.xml", newest[number]) for number in range(count)]
    last = max((post.modified for post in posts), default=None)
    return [*paths, *((f"/{name}-sitemap.xml", last) for name in ("page", "category", "post_tag", "author"))]


def _posts(view: View) -> Sequence[Post]:
    """Core: by id, password or not. Yoast: least recently edited first. Rank Math: most recently edited first."""
    site = view.site
    if view.config.sitemap == "core":
        return site.cached("core sitemap", lambda: sorted(site.public(), key=lambda post: post.id))
    posts = site.cached(
        "open by modified", lambda: [post for post in site.by_modified() if not post.password_protected]
    )
    return posts if view.config.sitemap == "rankmath" else posts[::-1]


def _index(view: View) -> str:
    ending = ".gz" if view.config.sitemap_gz else ""
    rows = []
    for path, changed in _files(view):
        lastmod = f"<lastmod>{seo_time(changed)}</lastmod>" if changed and view.config.has_lastmod else ""
        rows.append(f"<sitemap><loc>{view.root}{path}{ending}</loc>{lastmod}</sitemap>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="/main-sitemap.xsl"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(rows)}</sitemapindex>\n'
    )


def _urlset(view: View, name: str, number: int, packed: bool) -> Response:
    if name.endswith("post"):
        size = view.config.sitemap_size
        posts = _posts(view)[(number - 1) * size : number * size]
        rows = [_url(view, view.url(post), post.modified, post) for post in posts]
        if view.config.sitemap == "yoast" and number == 1:
            rows.insert(0, _url(view, view.root + "/", view.now))
    else:
        rows = [_url(view, url) for url in _others(view, name)]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset '
        'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" '
        f'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{"".join(rows)}</urlset>\n'
    )
    if name.endswith("post") and view.config.sitemap_broken == number:
        text = text[: len(text) // 2]
    if packed:
        return Response(gzip.compress(text.encode(), mtime=0), 200, {"Content-Type": "application/x-gzip"})
    return page(text, content_type=XML)


def _url(view: View, url: str, changed: datetime | None = None, post: Post | None = None) -> str:
    lastmod = f"<lastmod>{seo_time(changed)}</lastmod>" if changed and view.config.has_lastmod else ""
    image = ""
    if post and post.picture and view.config.sitemap != "core":
        image = f"<image:image><image:loc>{view.rooted(post.picture.url())}</image:loc></image:image>"
    return f"<url><loc>{url}</loc>{lastmod}{image}</url>\n"


def _others(view: View, name: str) -> list[str]:
    site = view.site
    if name.endswith("page"):
        home = [] if view.config.sitemap == "yoast" else [view.root + "/"]
        return [*home, f"{view.root}/about-us/", f"{view.root}/iran-news/"]
    if name.endswith("category"):
        return [view.section_url(section) for section in site.sections().values()]
    if name.endswith("post_tag"):
        return [view.tag_url(tag) for tag in site.tags().values()]
    return [view.author_url(author) for author in site.authors().values()]
