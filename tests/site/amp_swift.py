"""AMP pages in the Swift design, 1.0.94 and 1.1.13 (MARKUP.md 1)."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from . import amp_parts as parts
from .model import Post
from .view import View, excerpt


def swift_page(view: View, post: Post, page: int = 1) -> str:
    """A single line, as the plugin minifies it; the side column comes after the body."""
    on = view.config.amp_parts
    title = (
        (parts.breadcrumb(view, post) if "breadcrumb" in on else "")
        + (_categories(view, post) if "categories" in on else "")
        + f' <h1 class="amp-post-title">{escape(post.headline, quote=False)}</h1>'
        + (
            f' <div class="tl-exc"><p>{escape(post.lead, quote=False)}</p></div>'
            if post.lead and "excerpt" in on
            else ""
        )
        + (_mobile_copies(view, post) if "mobile_copies" in on else "")
    )
    column = (
        f'<div class="cntn-wrp artl-cnt"> {parts.amp_body(view, post, page)} </div>'
        + (_author_box(view, post) if "author_box" in on else "")
        + (_next_previous(view, post) if "next_prev" in on else "")
        + (_comments(view, post) if "comments" in on else "")
    )
    side = (
        (share(view, post) if "share" in on else "")
        + (_byline(view, post, "desk-athr") if "byline" in on else "")
        + (_tags(view, post) if "tags" in on and post.tags else "")
        + (_date(view, post, "desk-date") if "date" in on else "")
        + (_related(view, post) if "related" in on else "")
    )
    return (
        parts.article_head(view, post)
        + parts.body_tag(view, post, "amp-single post")
        + header(view)
        + '<div class="content-wrapper"> <div class="p-m-fl"> </div> <div class="sp sgl"> <div class="cntr"> '
        f"{title} </div> "
        + (_picture(view, post) if "picture" in on and post.picture else "")
        + f'<div class="sp-cnt"> <div class="cntr"> <div class="sp-rl"> <div class="sp-rt"> {column} </div> '
        + f'<div class="sp-lt"> {side} </div> </div> </div> </div> </div> '
        + (_recent(view, post) if "recent" in on else "")
        + '</div> <footer class="footer" > <div class="f-w-f2"> <div class="cntr"> <div class="rr"> <span>All '
        "Rights Reserved</span>"
        + f'<a class="view-non-amp" href="{view.url(post)}" title="View Non-AMP Version">View Non-AMP Version</a> '
        "</div> </div> </div> </footer> "
        + (
            share(view, post).replace("ss-ic", "s_stk ss-ic").replace('<span class="shr-txt">Share</span>', "")
            if "sticky_share" in on
            else ""
        )
        + parts.end(view, post, page)
    )


def header(view: View) -> str:
    return (
        '<header class="header h_m h_m_1" > <input type="checkbox" id="offcanvas-menu" class="tg" /> <div '
        'class="cntr"> <div class="head h_m_w"> '
        f'<div class="logo"> <div class="amp-logo"> <a href="{view.root}/amp/" title="{view.site.name}" >'
        f"{view.site.name}</a> </div> </div> "
        "</div> </div> </header> "
    )


def _categories(view: View, post: Post) -> str:
    spans = "".join(
        f'<span class="amp-cat amp-cat-{view.section_id(one)} "><a href="{view.section_url(one)}amp/" '
        f'title="{escape(one.name)}">'
        f"{escape(one.name)}</a></span>"
        for one in post.sections
    )
    return f'<div class="amp-category"> <span>Categories: </span> {spans} </div>' if spans else ""


def _picture(view: View, post: Post) -> str:
    assert post.picture is not None
    caption = ""
    if post.picture.caption:
        caption = f'<p class="wp-caption-text">\n      {escape(post.picture.caption, quote=False)}     </p>'
    image = view.rooted(post.picture.amp_img(layout="responsive"))
    return f'<div class="sf-img"> <figure class="amp-featured-image "> {image} {caption} </figure> </div> '


def _author_box(view: View, post: Post) -> str:
    words = f"<p>{parts.bio(view, post.author)}</p>" if "bio" in view.config.amp_parts else ""
    return (
        '<div class="amp-author "> <div class="amp-author-image "> <amp-img '
        'src="http://1.gravatar.com/avatar/00ff?s=60&#038;d=mm&#038;r=g" '
        'width="60" height="60" layout="fixed"></amp-img> </div> '
        f'<div class="author-details ">{parts.author_name(view, post.author)}{words} </div> </div> '
    )


def _byline(view: View, post: Post, place: str) -> str:
    return (
        f'<div class="sp-athr {place}"> <span class="athr-tx">Published by</span> <div class="amp-author "> '
        f'<div class="author-details ">{parts.author_name(view, post.author)} </div> </div> </div>'
    )


def _date(view: View, post: Post, place: str) -> str:
    return f'<div class="post-date {place}"> <div class="loop-date">{parts.date_words(view, post)}</div> </div>'


def _mobile_copies(view: View, post: Post) -> str:
    on = view.config.amp_parts
    return (_byline(view, post, "mob-athr") if "byline" in on else "") + (
        _date(view, post, "mob-date") if "date" in on else ""
    )


def _tags(view: View, post: Post) -> str:
    spans = "".join(
        f'<span class="amp-tag amp-tag-{view.tag_id(tag)}"><a href="{view.tag_url(tag)}amp/" title="{tag.name}">'
        f"{tag.name}</a></span>"
        for tag in post.tags
    )
    return f'<div class="amp-tags"> <span>Tags: </span> {spans} </div>'


def share(view: View, post: Post) -> str:
    text = quote(post.headline)
    return (
        '<div class="ss-ic"> <span class="shr-txt">Share</span> <ul> <li> <a class="s_tw" target="_blank" '
        f'href="https://twitter.com/intent/tweet?url={view.root}/?p={post.id}&text={text}" aria-label="twitter '
        'share"> </a> </li> '
        f'<li> <a class="s_em" target="_blank" href="mailto:?subject={text}&body={view.url(post)}" '
        'aria-label="email share"> </a> </li> </ul> </div>'
    )


def _next_previous(view: View, post: Post) -> str:
    before, after = view.site.neighbours(post)
    following = (
        f'<div class="next"> <a href="{view.amp_url(after)}"><span>Next </span> {escape(after.headline)} '
        "&raquo;</a> </div> "
        if after
        else ""
    )
    previous = (
        f'<div class="prev"> <a href="{view.amp_url(before)}"><span>Previous</span> &laquo; '
        f"{escape(before.headline)}</a> </div> "
        if before
        else ""
    )
    return f'<div id="pagination"> {following}{previous}<div class="clearfix"></div> </div>'


def _comments(view: View, post: Post) -> str:
    return (
        '<div class="cmts"> <div class="amp-comments"> <div id="comments" class="amp-comments-wrapper"> '
        f'{parts.comments(view, post)} </div> <div class="amp-comment-button"> <a href="{view.url(post)}#commentform" '
        'title="Leave a Comment" rel=nofollow >Leave a Comment</a> </div> </div> </div>'
    )


def _related(view: View, post: Post) -> str:
    """The excerpt's paragraph is never closed."""
    others = (
        [one for one in view.site.in_section(post.sections[0].path)[:4] if one is not post][:3]
        if post.sections
        else []
    )
    items = "".join(
        '<li class="has_thumbnail"> <div class="rlp-cnt"> <div class="related_link"> '
        f'<a href="{view.amp_url(one)}" title="{escape(one.headline)}">{escape(one.headline)}</a> <p>'
        f"{excerpt(one, 15, '&hellip;')} </div> </div> </li>"
        for one in others
    )
    title = '<h3 class="amp-related-posts-title">Related Post</h3>'
    return f'<div class="srp"> <ul class="clearfix"> {title} {items} </ul> </div>'


def loop_entry(view: View, post: Post, words: int, first: bool = False) -> str:
    """An entry of Recent Posts or of a list; ``first`` is the large one at the top of a list."""
    name = "fbp" if first else "fsp"
    url, title = view.amp_url(post), escape(post.headline, quote=False)
    image = ""
    if post.picture and not post.password_protected:
        thumb = view.rooted(post.picture.amp_img(size="-346x188", layout="responsive"))
        link = f'<a href="{url}" title="{escape(post.headline)}">{thumb}</a>'
        image = f'<div class="{name}-img"> <div class="loop-img image-container">{link}</div> </div> '
    category = ""
    if post.sections:
        section = post.sections[0]
        category = (
            f'<ul class="loop-category"><li class="amp-cat-{view.section_id(section)}"><a '
            f'href="{view.section_url(section)}amp/">'
            f"{escape(section.name)}</a></li></ul> "
        )
    return (
        f'<div class="{name}"> {image}<div class="{name}-cnt"> {category}<h2 class=\'loop-title\' ><a href="{url}">'
        f"{title}</a></h2> "
        f'<p class="loop-excerpt">{excerpt(post, words, "&hellip;")}</p> <div class="pt-dt"> <div '
        f'class="loop-date">{view.ago(post)}</div> </div> '
        "</div> </div> "
    )


def _recent(view: View, post: Post) -> str:
    """The newest posts except this one and those with a password."""
    entries = f"<div class='loop-wrapper'> {recent_entries(view, post)}</div>"
    return f'<div class="r-pf"> <div class="cntr"> <h3>Recent Posts</h3> {entries} </div> </div> '


def recent_entries(view: View, post: Post) -> str:
    count = view.config.recent_count
    newest = [one for one in view.site.open_posts()[: count + 1] if one is not post][:count]
    state = ("recent", view.root, view.now, view.config.wordpress)
    return "".join(view.site.cached((*state, one.id), lambda one=one: loop_entry(view, one, 15)) for one in newest)
