"""What all AMPforWP designs have in common: head, structured data, end of the page (MARKUP.md 1, 2 and 4)."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from .clock import seo_time
from .model import Author, Post
from .pieces import FALLBACK, HIDDEN_CLASS, plain_text
from .view import View, amp_content, excerpt

_BOILERPLATE = (
    "<style amp-boilerplate>body{animation:-amp-start 8s steps(1,end) 0s 1 normal both}</style>"
    "<noscript><style amp-boilerplate>body{animation:none}</style></noscript>"
)
_CUSTOM = (
    "<style amp-custom>.amp-category span:nth-child(1){display:none}.hide{display:none}.tg,.fsc{display:none}"
    f"p.{HIDDEN_CLASS}{{display:none}}.acss5d1c2{{text-align:right}}.acss71c3e{{width:1200px}}</style>"
)


def amp_head(view: View, title: str, canonical: str, description: str = "", more: str = "") -> str:
    meta = f'<meta name="description" content="{description}"/>' if description else ""
    return (
        '<!doctype html> <html amp lang="en-US"> <head> <meta charset="utf-8"> <link rel="preconnect" '
        'href="//cdn.ampproject.org"> '
        f'<meta name="viewport" content="width=device-width">{meta} <link rel="canonical" href="{canonical}" /> '
        f'<title>{title} | {view.site.name}</title> <meta name="generator" content="AMP for WP '
        f'{view.config.amp_version}" />{more} '
        f'<script src="https://cdn.ampproject.org/v0.js" async></script> {_BOILERPLATE} {_CUSTOM} </head> '
    )


def article_head(view: View, post: Post) -> str:
    more = ""
    if "og_meta" in view.config.amp_parts:
        more = (
            '<meta property="og:type" content="article" /><meta property="article:published_time" '
            f'content="{seo_time(post.published)}" />'
            f'<meta property="article:modified_time" content="{seo_time(post.modified)}" />'
        )
    return amp_head(view, escape(post.headline), view.url(post), escape(excerpt(post, 15, "…")), more)


def body_tag(view: View, post: Post, marks: str) -> str:
    """Its classes hold the post's id and, at the end, the plugin's version."""
    return (
        f'<body data-amp-auto-lightbox-disable class="body single-post {post.id} post-id-{post.id} singular-{post.id} '
        f'{marks} {view.config.amp_version}"> <div id="backtotop"></div>'
    )


def amp_body(view: View, post: Post, page: int) -> str:
    """The body with its page numbers, which the plugin prints INSIDE it."""
    numbers = ""
    if len(post.pages) > 1:
        links = " ".join(
            f"<span>{number}</span>"
            if number == page
            else f'<a href="{view.url(post)}{f"{number}/" if number > 1 else ""}?amp=1"><span>{number}</span></a>'
            for number in range(1, len(post.pages) + 1)
        )
        numbers = f' <div class="ampforwp_post_pagination" ><p><span>Page:</span> {links}</p></div>'
    return view.rooted(amp_content(post, page, view.config.old_amp)) + numbers


def bio(view: View, author: Author) -> str:
    """From 1.1 on, all tags and line breaks in a bio are stripped."""
    return author.bio if view.config.old_amp else plain_text(author.bio)


def author_name(view: View, author: Author) -> str:
    """The name, linked to the author's page if the site is so configured."""
    name = escape(author.name)
    if "author_links" in view.config.amp_parts:
        name = f' <a href="{view.author_url(author)}amp/" title="{name}"> {name}</a>'
    return f'<span class="author-name">{name}</span>'


def date_words(view: View, post: Post) -> str:
    """The article's own age, or its date by the site's clock."""
    if view.config.amp_date_format == "ago":
        return view.ago(post)
    return f"{view.long_date(post.published)} {view.site.local(post.published):%H:%M}"


def breadcrumb(view: View, post: Post) -> str:
    """With several categories: the first one's number and link but the last one's name, a bug of the plugin."""
    item = ""
    if post.sections:
        first, last = post.sections[0], escape(post.sections[-1].name)
        number = view.section_id(first)
        item = (
            f'<li class="item-cat item-cat-{number}"><a class="bread-cat bread-cat-{number} bread-cat-{last}" '
            f'href="{view.section_url(first)}amp/" title="{last}">{last}</a></li>'
        )
    return (
        '<div class="amp-wp-content breadcrumb"><ul id="breadcrumbs" class="breadcrumbs"><li class="item-home">'
        f'<a class="bread-link bread-home" href="{view.root}/amp/" title="Homepage">Homepage</a></li>{item}</ul></div>'
    )


def comments(view: View, post: Post) -> str:
    """Threads of nested article elements; at most ten."""
    items = "".join(
        f'<li id="li-comment-{post.id}{number}" class="comment even thread-even depth-1" > <article '
        f'id="comment-{post.id}{number}" '
        'class="cmt-body"> <footer class="cmt-meta"> <div class="cmt-author vcard"> <b class="fn">Reader '
        f"{number}</b> "
        '<span class="says">says:</span> </div> <div class="cmt-metadata"> <a href="#"> May 9, 2022 at 10:02 </a> '
        "</div> </footer> "
        f'<div class="cmt-content"> <p>Comment number {number}.</p> </div> </article> </li>'
        for number in range(1, min(post.comments, 10) + 1)
    )
    return f"<h3><span>View Comments</span></h3> <ul> {items} </ul>" if items else ""


def json_ld(view: View, post: Post, page: int) -> str:
    """The plugin's object, with the UTC clock and the site's offset."""
    kind = view.config.amp_json_ld
    if kind is None:
        return ""
    image = post.picture.url("-1280x720") if post.picture else FALLBACK
    found: dict[str, Any] = {
        "@context": "http://schema.org",
        "@type": kind,
        "mainEntityOfPage": view.url(post),
        "publisher": {"@type": "Organization", "name": view.site.name},
        "headline": escape(post.headline),
        "author": {"@type": "Person", "name": post.author.name},
        "datePublished": view.amp_time(post.published),
        "dateModified": view.amp_time(post.modified),
        "image": {"@type": "ImageObject", "url": view.rooted(image), "width": 1280, "height": 720},
        "description": excerpt(post, 15, "&hellip;"),
    }
    if kind == "NewsArticle":
        found["articleBody"] = escape("".join(plain_text(piece.html) for piece in post.pages[page - 1]))
    return f'<script type="application/ld+json">{json.dumps(found).replace("/", chr(92) + "/")}</script>'


def end(view: View, post: Post, page: int) -> str:
    button = '<a id="scrollToTopButton" title="back to top" class="btt" href="#" ></a>'
    return f"{json_ld(view, post, page)} {button} </body> </html>"
