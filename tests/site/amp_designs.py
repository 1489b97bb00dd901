"""AMP pages in designs 1, 2 and 3 (MARKUP.md 5)."""

from __future__ import annotations

from html import escape

from . import amp_parts as parts
from .model import Post
from .view import View, excerpt


def design1_page(view: View, post: Post, page: int = 1) -> str:
    """Breadcrumbs, meta, title, image, body, terms, author, share, comments. Its ``time`` has the clock fault."""
    on = view.config.amp_parts
    meta = ""
    if "byline" in on:
        meta += (
            '<div class="amp-wp-meta amp-wp-byline"> <amp-img '
            'src="http://1.gravatar.com/avatar/00ff?s=24&#038;d=mm&#038;r=g" width="24" '
            f'height="24" layout="fixed"></amp-img> {_author(post)} </div> '
        )
    if "date" in on:
        meta += (
            f'<div class="amp-wp-meta amp-wp-posted-on"> <time datetime="{view.amp_time(post.published)}"> '
            f"{parts.date_words(view, post)} </time> </div> "
        )
    terms = _categories(
        view, post, '<div class="amp-wp-meta amp-wp-tax-category"> <span>Categories: </span> {} </div> '
    )
    terms += _tags(view, post, "Tags: ")
    return _page(
        view,
        post,
        page,
        "design_1_wrapper post",
        '<header id="#top" class="amp-wp-header"> <div class="ampforwp-logo-area" > <div class="amp-logo"> '
        f'<a href="{view.root}/amp/" >{view.site.name}</a> </div> </div> </header> ',
        (
            _crumbs(view, post)
            + f'<div class="amp-wp-article-header ampforwp-meta-info "> {meta}</div> '
            + '<header class="amp-wp-article-header ampforwp-title"> <h1 class="amp-wp-title">'
            f"{escape(post.headline, quote=False)}</h1> </header> "
            + _picture(view, post)
            + _content(view, post, page, "")
            + f'<div class="amp-wp-article-header amp-wp-article-category ampforwp-meta-taxonomy "> {terms}</div> '
            + _author_area(view, post)
            + _share(view, post)
            + _comments(view, post)
            + _related(view, post, "<span>Related Post</span>", "")
        ),
        '<footer class="amp-wp-footer"> <div id="footer"> <p class="copyright_txt">All Rights Reserved</p> '
        f"{_non_amp(view, post)} </div> </footer> ",
    )


def design2_page(view: View, post: Post, page: int = 1) -> str:
    """The headline is an h2; byline, date and categories form one list."""
    on = view.config.amp_parts
    date = f'<li class="amp-wp-meta-date"> {parts.date_words(view, post)}</li> ' if "date" in on else ""
    byline = f'<div class="amp-wp-meta amp-wp-byline"> {_author(post)} {date}</div> ' if "byline" in on else date
    categories = _categories(
        view,
        post,
        '<div class="amp-wp-meta amp-wp-tax-category ampforwp-tax-category"> <span> Categories: </span> {} </div> ',
    )
    return _page(
        view,
        post,
        page,
        "design_2_wrapper post",
        '<header class="container design2-header"> <div id="headerwrap"> <div id="header"> <div class="amp-logo"> '
        f'<a href="{view.root}/amp/" >{view.site.name}</a> </div> </div> </div> </header> <main> ',
        (
            _crumbs(view, post)
            + '<div class="amp-wp-article-header ampforwp-meta-info "> <div class="amp-wp-content post-title-meta"> '
            + f'<ul class="amp-wp-meta amp-meta-wrapper"> {byline}{categories}</ul> </div> </div> '
            + '<header class="amp-wp-article-header ampforwp-title"> <h2 class="amp-wp-title">'
            f"{escape(post.headline, quote=False)}</h2> </header> "
            + _wrapped(_picture(view, post), "featured-image-content")
            + _content(view, post, page, "")
            + '<div class="amp-wp-article-header amp-wp-article-category ampforwp-meta-taxonomy "> '
            f"{_tags(view, post, 'Tags: ')}</div> "
            + _author_area(view, post)
            + _share(view, post)
            + _comments(view, post)
            + _related(view, post, "<span>Related Post</span>", "")
        ),
        '</main> <footer class="container"> <div id="footer"> <p class="rightslink">All Rights Reserved</p> '
        f"{_non_amp(view, post)} </div> </footer> ",
    )


def design3_page(view: View, post: Post, page: int = 1) -> str:
    """The only one of the three with Recent Posts."""
    on = view.config.amp_parts
    categories = _categories(
        view, post, '<span class="amp-wp-meta amp-wp-tax-category ampforwp-tax-category "> in {} </span> '
    )
    byline = (
        f'<div class="amp-wp-meta amp-wp-byline"> {_author(post)} {categories}</div> '
        if "byline" in on
        else categories
    )
    date = f'<div class="amp-wp-content post-date"> {parts.date_words(view, post)} </div> ' if "date" in on else ""
    return _page(
        view,
        post,
        page,
        "design_3_wrapper post",
        '<div id="designthree" class="designthree main_container"> <header class="container design3-header"> <div '
        'id="headerwrap"> '
        f'<div class="amp-logo"> <a href="{view.root}/amp/" >{view.site.name}</a> </div> </div> </header> <main> ',
        (
            _crumbs(view, post)
            + '<div class="amp-wp-content amp-wp-article-header ampforwp-meta-info"> <div class="amp-wp-content '
            'post-title-meta"> '
            + f'<ul class="amp-wp-meta amp-meta-wrapper"> <li> {byline}</li> </ul> </div> </div> '
            + '<header class="amp-wp-content amp-wp-article-header ampforwp-title"> <h1 class="amp-wp-title">'
            + f"{escape(post.headline, quote=False)}</h1> {date}</header> "
            + _wrapped(_picture(view, post), "post-featured-img")
            + _content(view, post, page, "Next Read: ")
            + '<div class="amp-wp-content amp-wp-article-tags amp-wp-article-category ampforwp-meta-taxonomy "> '
            f"{_tags(view, post, '')}</div> "
            + _author_area(view, post)
            + _rounded_share(view, post)
            + _comments(view, post)
            + _related(
                view,
                post,
                '<span class="related-title"> Related Post</span>',
                ' class="large-screen-excerpt-design-3"',
            )
            + _recent(view, post)
        ),
        '</main> <footer class="footer_wrapper container"> <div id="footer"> <p class="rightslink">All Rights '
        f"Reserved | {_non_amp(view, post)} </p> </div> </footer> </div> ",
    )


def _page(view: View, post: Post, page: int, marks: str, before: str, article: str, after: str) -> str:
    sticky = (
        f'<div class="s_so"> <amp-social-share type="twitter" data-param-text="TITLE {view.root}/?p={post.id} via '
        '" ></amp-social-share> </div> '
        if "sticky_share" in view.config.amp_parts
        else ""
    )
    return (
        parts.article_head(view, post)
        + parts.body_tag(view, post, marks)
        + f' {before}<article class="amp-wp-article"> {article} </article> {after}{sticky}'
        + parts.end(view, post, page)
    )


def _non_amp(view: View, post: Post) -> str:
    return f'<a class="view-non-amp" href="{view.url(post)}" title="View Non-AMP Version">View Non-AMP Version</a>'


def _wrapped(html: str, name: str) -> str:
    return f'<div class="{name}"> {html}</div> ' if html else ""


def _crumbs(view: View, post: Post) -> str:
    return parts.breadcrumb(view, post) + " " if "breadcrumb" in view.config.amp_parts else ""


def _author(post: Post) -> str:
    return f'<span class="amp-wp-author author vcard">{escape(post.author.name)}</span>'


def _categories(view: View, post: Post, frame: str) -> str:
    if "categories" not in view.config.amp_parts or not post.sections:
        return ""
    spans = "".join(
        f'<span class="amp-cat-{view.section_id(one)}"><a href="{view.section_url(one)}amp/" > '
        f"{escape(one.name)}</a></span>"
        for one in post.sections
    )
    return frame.replace("{}", spans)


def _tags(view: View, post: Post, label: str) -> str:
    if "tags" not in view.config.amp_parts or not post.tags:
        return ""
    spans = "".join(
        f'<span class="amp-tag-{view.tag_id(tag)}"><a href="{view.tag_url(tag)}amp/" >{tag.name}</a></span>'
        for tag in post.tags
    )
    return f'<div class="amp-wp-meta amp-wp-tax-tag ampforwp-tax-tag"> {label}{spans} </div> '


def _picture(view: View, post: Post) -> str:
    if post.picture is None or "picture" not in view.config.amp_parts:
        return ""
    caption = (
        f'<p class="wp-caption-text"> {escape(post.picture.caption, quote=False)} </p> '
        if post.picture.caption
        else ""
    )
    image = view.rooted(post.picture.amp_img(layout="responsive"))
    return f'<figure class="amp-wp-article-featured-image wp-caption"> {image} {caption}</figure> '


def _content(view: View, post: Post, page: int, following: str) -> str:
    """The body and, inside the same wrapper, the links to the next and previous posts."""
    links = ""
    if "next_prev" in view.config.amp_parts:
        before, after = view.site.neighbours(post)
        if following and after:
            links = f'<span>{following}</span> <a href="{view.amp_url(after)}">{escape(after.headline)} &raquo;</a>'
        elif not following:
            links = "".join(
                f'<div class="{name}"> <a href="{view.amp_url(other)}"> {escape(other.headline)} </a> </div> '
                for name, other in (("next", after), ("prev", before))
                if other
            )
        links = f'<div class="amp-wp-content post-pagination-meta"> <div id="pagination"> {links} </div> </div> '
    text = f'<div class="amp-wp-content the_content"> {parts.amp_body(view, post, page)} </div> '
    return f'<div class="amp-wp-article-content"> {text}{links}</div> '


def _author_area(view: View, post: Post) -> str:
    """Name and bio form one run of text."""
    if "author_box" not in view.config.amp_parts:
        return ""
    words = f": {parts.bio(view, post.author)}" if "bio" in view.config.amp_parts else ""
    return (
        '<div class="amp-wp-content amp_author_area ampforwp-meta-taxonomy"> <div class="amp_author_area_wrapper">'
        " <amp-img "
        'src="http://1.gravatar.com/avatar/00ff?s=70&#038;d=mm&#038;r=g" width="70" height="70" layout="fixed">'
        "</amp-img> "
        f"<strong> {escape(post.author.name)}</strong>{words} </div> </div> "
    )


def _share(view: View, post: Post) -> str:
    if "share" not in view.config.amp_parts:
        return ""
    return (
        '<div class="ampforwp-so-i"> <amp-social-share type="twitter" data-param-text="TITLE '
        f'{view.root}/?p={post.id} via " ></amp-social-share> '
        '<amp-social-share type="email" ></amp-social-share> </div> '
    )


def _rounded_share(view: View, post: Post) -> str:
    if "share" not in view.config.amp_parts:
        return ""
    return (
        '<div class="amp-wp-content ampforwp-social-icons-wrapper ampforwp-so-i"> <div '
        'class="ampforwp-custom-social"> <a title="twitter share" '
        f'href="https://twitter.com/intent/tweet?url={view.root}/?p={post.id}" class="a-so-i-rounded a-so-twitter">'
        " </a> </div> </div> "
    )


def _comments(view: View, post: Post) -> str:
    if "comments" not in view.config.amp_parts:
        return ""
    threads = parts.comments(view, post).replace("View Comments", f"View Comments ({post.comments})")
    return (
        f'<div id="comments" class="ampforwp-comment-wrapper"> <div class="comments_list"> {threads} </div> '
        f'<a href="{view.url(post)}#commentform" rel=nofollow title="Leave a Comment">Leave a Comment</a> </div> '
    )


def _related(view: View, post: Post, title: str, excerpt_mark: str) -> str:
    if "related" not in view.config.amp_parts or not post.sections:
        return ""
    others = [one for one in view.site.in_section(post.sections[0].path)[:4] if one is not post][:3]
    items = "".join(
        f'<li class="no_related_thumbnail"> <div class="related_link"> <a href="{view.amp_url(one)}">'
        f"{escape(one.headline)}</a> "
        f"<p{excerpt_mark}>{excerpt(one, 15, '&hellip;')} </div> </li> "
        for one in others
    )
    items = f'<ol class="clearfix"> {items}</ol>'
    return f'<div class="amp-wp-content relatedpost"> <div class="rp"> {title} {items} </div> </div> '


def _recent(view: View, post: Post) -> str:
    if "recent" not in view.config.amp_parts:
        return ""
    count = view.config.recent_count
    items = "".join(
        f'<li> <div class="related_link"> <a href="{view.amp_url(one)}">{escape(one.headline)}</a> </div> '
        f'<p class="loop-excerpt">{excerpt(one, 15, "&hellip;")}</p> <div class="loop-date">{view.ago(one)}</div> '
        "</li> "
        for one in [one for one in view.site.open_posts()[: count + 1] if one is not post][:count]
    )
    return (
        '<div class="amp-wp-content relatedpost recentpost"> <div class="rp"> <span class="related-title">Recent '
        "Posts</span> "
        f'<ol class="clearfix"> {items}</ol> </div> </div> '
    )
