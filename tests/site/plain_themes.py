"""Canonical pages of other themes: a block theme, and an old core theme with ``entry-content``."""

from __future__ import annotations

from html import escape

from .head import article_head
from .model import Post
from .newspaper import body, comment_form
from .view import View


def block_page(view: View, post: Post, page: int = 1) -> str:
    """A block theme in the manner of Twenty Twenty-Four."""
    date = ""
    if view.config.theme_date:
        date = (
            f'<div class="wp-block-post-date"><time datetime="{view.core_time(post.published)}">'
            f"{view.long_date(post.published)}</time></div>"
        )
    picture = ""
    if post.picture and not post.password_protected:
        picture = (
            f'<figure class="wp-block-post-featured-image">{view.rooted(post.picture.img("wp-post-image"))}</figure>'
        )
    tags = f'<div class="taxonomy-post_tag wp-block-post-terms">{_links(view, post, "tag")}</div>' if post.tags else ""
    return (
        article_head(view, post, page)
        + f'<body class="post-template-default single single-post postid-{post.id} wp-embed-responsive"><div '
        'class="wp-site-blocks">'
        + f'<header class="wp-block-template-part"><p class="wp-block-site-title"><a href="{view.root}/">'
        f"{view.site.name}</a></p></header>"
        + f'<main class="wp-block-group">{picture}<h1 class="wp-block-post-title">{view.title(post)}</h1>{date}'
        + '<div class="wp-block-post-author"><div class="wp-block-post-author__content">'
        + f'<p class="wp-block-post-author__name">{escape(post.author.name)}</p></div></div>'
        + f'<div class="taxonomy-category wp-block-post-terms">{_links(view, post, "category tag")}</div>'
        + f'<div class="entry-content wp-block-post-content is-layout-constrained">{body(view, post, page)}'
        + f"{_page_links(view, post, page)}</div>{tags}{comment_form(view, post)}</main>"
        + '<footer class="wp-block-template-part"><p>Proudly invented.</p></footer></div></body></html>'
    )


def classic_theme_page(view: View, post: Post, page: int = 1) -> str:
    """A theme in the manner of Twenty Seventeen: hAtom classes."""
    date = ""
    if view.config.theme_date:
        date = (
            f'<span class="posted-on"><a href="{view.url(post)}" rel="bookmark">'
            f'<time class="entry-date published" datetime="{view.core_time(post.published)}">'
            f"{view.long_date(post.published)}</time>"
            f'<time class="updated" datetime="{view.core_time(post.modified)}">'
            f"{view.long_date(post.modified)}</time></a></span>"
        )
    author = f'<a class="url fn n" href="{view.author_url(post.author)}">{escape(post.author.name)}</a>'
    author = f'<span class="author vcard">{author}</span>'
    picture = ""
    if post.picture and not post.password_protected:
        picture = f'<div class="post-thumbnail">{view.rooted(post.picture.img("wp-post-image"))}</div>'
    tags = f'<span class="tags-links">{_links(view, post, "tag")}</span>' if post.tags else ""
    return (
        article_head(view, post, page)
        + f'<body class="post-template-default single single-post postid-{post.id}"><div id="page" class="site">'
        + f'<header id="masthead"><p class="site-title"><a href="{view.root}/" rel="home">{view.site.name}</a></p>'
        "</header>"
        + f'<main id="main" class="site-main"><article id="post-{post.id}" class="post-{post.id} post type-post '
        'hentry">'
        + f'<header class="entry-header"><div class="entry-meta">{date}<span class="byline"> by {author}</span></div>'
        + f'<h1 class="entry-title">{view.title(post)}</h1></header>{picture}'
        + f'<div class="entry-content">{body(view, post, page)}{_page_links(view, post, page)}</div>'
        + f'<footer class="entry-footer"><span class="cat-links">{_links(view, post, "category tag")}</span>'
        f"{tags}</footer></article>"
        + comment_form(view, post)
        + '</main><footer id="colophon">Proudly invented.</footer></div></body></html>'
    )


def _links(view: View, post: Post, rel: str) -> str:
    if rel == "tag":
        pairs = [(view.tag_url(tag), tag.name) for tag in post.tags]
    else:
        pairs = [(view.section_url(section), section.name) for section in post.sections]
    return ", ".join(f'<a href="{url}" rel="{rel}">{escape(name)}</a>' for url, name in pairs)


def _page_links(view: View, post: Post, page: int) -> str:
    if len(post.pages) < 2:
        return ""
    items = " ".join(
        f'<span class="post-page-numbers current">{number}</span>'
        if number == page
        else f'<a href="{view.url(post)}{number}/" class="post-page-numbers">{number}</a>'
        for number in range(1, len(post.pages) + 1)
    )
    return f'<div class="page-links">Pages: {items}</div>'
