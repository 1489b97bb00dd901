"""The head of canonical pages: core's links, and an SEO plugin's additions."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from .clock import seo_time
from .model import Post
from .view import View, excerpt


def article_head(view: View, post: Post, page: int) -> str:
    """Core's links for a single post, and the AMP and SEO plugins' if the site has them."""
    url = view.url(post)
    own = url if page == 1 else f"{url}{page}/"
    parts = [f'<link rel="canonical" href="{own}" />', f"<link rel='shortlink' href='{view.root}/?p={post.id}' />"]
    if view.config.rest == "ok":
        parts.append(
            '<link rel="alternate" title="JSON" type="application/json" '
            f'href="{view.root}/wp-json/wp/v2/posts/{post.id}" />'
        )
    if view.has_amp(post):
        parts.append(f'<link rel="amphtml" href="{url}amp/" />')
    if view.config.yoast_head and not post.password_protected:
        parts.append(seo_head(view, post))
    return frame(view, view.title(post), "\n".join(parts))


def frame(view: View, title: str, inner: str = "", robots: str = "max-image-preview:large") -> str:
    """Everything up to the body element."""
    root, name = view.root, view.site.name
    return (
        f'<!doctype html>\n<html lang="en-US">\n<head>\n<meta charset="UTF-8" />\n<title>{title} - {name}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1.0" />\n'
        f"<meta name='robots' content='{robots}' />\n{inner}\n"
        f'<link rel="alternate" type="application/rss+xml" title="{name} &raquo; Feed" href="{root}/feed/" />\n'
        f'<link rel="https://api.w.org/" href="{root}/wp-json/" />\n'
        f'<meta name="generator" content="WordPress {view.config.wordpress}" />\n'
        "<style>"
        ".td-visual-hidden{position:absolute;left:-9999px}.screen-reader-text{clip:rect(1px,1px,1px,1px)}</style>"
        "\n"
        "<script>var tdBlocksArray = []; var tds_login = '<p>not text</p>';</script>\n</head>\n"
    )


def seo_head(view: View, post: Post) -> str:
    """Yoast's meta elements and graph: times in UTC; the modified time only if later than the published one."""
    url = view.url(post)
    description = escape(excerpt(post, 30, "…"))
    fields = [
        ("og:locale", "en_US"),
        ("og:type", "article"),
        ("og:title", f"{escape(post.headline)} - {view.site.name}"),
        ("og:description", description),
        ("og:url", url),
        ("og:site_name", view.site.name),
        ("article:published_time", seo_time(post.published)),
    ]
    if post.modified > post.published:
        fields.append(("article:modified_time", seo_time(post.modified)))
    if post.picture:
        fields.append(("og:image", view.rooted(post.picture.url())))
    lines = [f'<meta property="{name}" content="{value}" />' for name, value in fields]
    lines.append(f'<meta name="author" content="{escape(post.author.name)}" />')
    lines.append('<meta name="twitter:label1" content="Written by" />')
    lines.append(f'<meta name="twitter:data1" content="{escape(post.author.name)}" />')
    graph = json.dumps(seo_graph(view, post), ensure_ascii=False).replace("</", "<\\/")
    lines.append(f'<script type="application/ld+json" class="yoast-schema-graph">{graph}</script>')
    return "\n".join(lines)


def seo_graph(view: View, post: Post) -> dict[str, Any]:
    url, root = view.url(post), view.root
    person = f"{root}/#/schema/person/{view.author_id(post.author):032x}"
    times = {"datePublished": seo_time(post.published), "dateModified": seo_time(post.modified)}
    article: dict[str, Any] = {
        "@type": "NewsArticle",
        "@id": f"{url}#article",
        "isPartOf": {"@id": url},
        "author": {"name": post.author.name, "@id": person},
        "headline": post.headline,
        **times,
        "mainEntityOfPage": {"@id": url},
        "publisher": {"@id": f"{root}/#organization"},
        "keywords": [tag.name for tag in post.tags],
        "articleSection": [section.name for section in post.sections],
        "inLanguage": "en-US",
    }
    page = {"@type": "WebPage", "@id": url, "url": url, "name": post.headline, **times, "inLanguage": "en-US"}
    site = {"@type": "WebSite", "@id": f"{root}/#website", "url": f"{root}/", "name": view.site.name}
    writer = {"@type": "Person", "@id": person, "name": post.author.name, "url": view.author_url(post.author)}
    return {"@context": "https://schema.org", "@graph": [article, page, site, writer]}
