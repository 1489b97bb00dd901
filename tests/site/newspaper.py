"""Canonical pages of tagDiv's Newspaper theme: the classic and a Cloud Library template (MARKUP.md 7, 8)."""

from __future__ import annotations

from html import escape

from .head import article_head
from .model import Post
from .view import View, content, excerpt, textured


def classic_page(view: View, post: Post, page: int = 1) -> str:
    """The classic template."""
    return (
        article_head(view, post, page)
        + top(
            view, f"post-template-default single single-post postid-{post.id} single-format-standard td-standard-pack"
        )
        + '<div class="td-main-content-wrap td-container-wrap"><div class="td-container td-post-template-default">'
        + _crumbs(view, post, "entry-crumbs", "entry-crumb")
        + '<div class="td-pb-row"><div class="td-pb-span8 td-main-content" role="main"><div '
        'class="td-ss-main-content">'
        + _classic_article(view, post, page)
        + related(view, post)
        + comment_form(view, post)
        + "</div></div>"
        + sidebar(view)
        + "</div></div></div>"
        + bottom(view)
    )


def _classic_article(view: View, post: Post, page: int) -> str:
    categories = "".join(
        f'<li class="entry-category"><a href="{view.section_url(one)}">{escape(one.name)}</a></li>'
        for one in post.sections
    )
    lead = (
        f'<p class="td-post-sub-title">{textured(escape(post.lead, quote=False))}</p>' if _has_lead(view, post) else ""
    )
    return (
        f'<article id="post-{post.id}" class="post-{post.id} post type-post status-publish format-standard hentry" '
        'itemscope itemtype="https://schema.org/Article">'
        f'<div class="td-post-header"><ul class="td-category">{categories}</ul>'
        f'<header class="td-post-title"><h1 class="entry-title">{view.title(post)}</h1>{lead}'
        f'<div class="td-module-meta-info"><div class="td-post-author-name"><div class="td-author-by">By</div> '
        f'<a href="{view.author_url(post.author)}">{escape(post.author.name)}</a>'
        f'<div class="td-author-line"> - </div></div>{post_date(view, post)}'
        f'<div class="td-post-comments"><a href="{view.url(post)}#comments">{post.comments}</a></div></div>'
        "</header></div>"
        f"{_sharing('top')}"
        f'<div class="td-post-content tagdiv-type">{_featured(view, post)}{body(view, post, page)}</div>'
        f"<footer>{page_numbers(view, post, page)}{_tags(view, post, 'td-tags td-post-small-box clearfix')}"
        f"{_sharing('bottom')}{_next_previous(view, post)}{_author_box(view, post)}{_microdata(view, post)}"
        "</footer></article>"
    )


def _has_lead(view: View, post: Post) -> bool:
    return bool(post.lead) and view.config.lead_printed and not post.password_protected


def body(view: View, post: Post, page: int) -> str:
    if post.password_protected:
        return password_form(view, post)
    return view.rooted(content(post, page))


def password_form(view: View, post: Post) -> str:
    field = f"pwbox-{post.id}"
    return (
        f'<form action="{view.root}/wp-login.php?action=postpass" class="post-password-form" method="post">'
        "<p>A password is needed to read this. Type it below:</p>"
        f'<p><label for="{field}">Password: <input name="post_password" id="{field}" type="password" size="20" />'
        "</label> "
        '<input type="submit" name="Submit" value="Enter" /></p></form>'
    )


def page_numbers(view: View, post: Post, page: int) -> str:
    if len(post.pages) < 2:
        return ""
    links = "".join(
        f"<span>{number}</span>"
        if number == page
        else f'<a href="{view.url(post)}{f"{number}/" if number > 1 else ""}"><div>{number}</div></a>'
        for number in range(1, len(post.pages) + 1)
    )
    return f'<div class="page-nav page-nav-post td-pb-padding-side">{links}</div>'


def post_date(view: View, post: Post) -> str:
    if not view.config.theme_date:
        return ""
    return (
        f'<span class="td-post-date"><time class="entry-date updated td-module-date" '
        f'datetime="{view.theme_time(post.published)}">{view.long_date(post.published)}</time></span>'
    )


def _microdata(view: View, post: Post) -> str:
    dates = ""
    if view.config.theme_date:
        dates = (
            f'<meta itemprop="datePublished" content="{view.theme_time(post.published)}">'
            f'<meta itemprop="dateModified" content="{view.theme_time(post.modified)}">'
        )
    return (
        '<span class="td-page-meta" itemprop="author" itemscope itemtype="https://schema.org/Person">'
        f'<meta itemprop="name" content="{escape(post.author.name)}"></span>{dates}'
        f'<meta itemprop="headline " content="{escape(post.headline)}">'
    )


def _featured(view: View, post: Post) -> str:
    picture = post.picture
    if picture is None or post.password_protected:
        return ""
    caption = ""
    if picture.caption:
        caption = f'<figcaption class="wp-caption-text">{textured(escape(picture.caption, quote=False))}</figcaption>'
    image = picture.img("entry-thumb td-modal-image", "-696x464")
    return view.rooted(
        f'<div class="td-post-featured-image"><figure><a href="{picture.url()}" data-caption="">{image}</a>'
        f"{caption}</figure></div>"
    )


def _tags(view: View, post: Post, classes: str) -> str:
    if not post.tags:
        return ""
    items = "".join(f'<li><a href="{view.tag_url(tag)}">{escape(tag.name)}</a></li>' for tag in post.tags)
    return f'<div class="td-post-source-tags"><ul class="{classes}"><li><span>TAGS</span></li>{items}</ul></div>'


def _sharing(place: str) -> str:
    return (
        f'<div class="td-post-sharing-{place}"><div class="td-post-sharing td-ps-bg"><div '
        'class="td-social-share-text">Share</div>'
        '<a class="td-social-sharing-button td-social-facebook" href="https://www.facebook.com/sharer.php?u=x">'
        "Facebook</a>"
        "</div></div>"
    )


def _next_previous(view: View, post: Post) -> str:
    before, after = view.site.neighbours(post)
    spans = [
        f'<div class="td-block-span6 td-post-{name}-post"><div class="td-post-next-prev-content"><span>{label} '
        "article</span>"
        f'<a href="{view.url(other)}">{view.title(other)}</a></div></div>'
        for name, label, other in (("prev", "Previous", before), ("next", "Next", after))
        if other
    ]
    return f'<div class="td-block-row td-post-next-prev">{"".join(spans)}</div>'


def _author_box(view: View, post: Post) -> str:
    link = f'<a href="{view.author_url(post.author)}">{escape(post.author.name)}</a>'
    return (
        '<div class="author-box-wrap"><div class="desc"><div class="td-author-name vcard author"><span class="fn">'
        f"{link}</span></div>"
        f'<div class="td-author-description">{post.author.bio}</div></div></div>'
    )


def cloud_page(view: View, post: Post, page: int = 1) -> str:
    """A Cloud Library template: every part, including the body, is a ``td_block_wrap`` like any widget."""
    categories = "".join(
        f'<a class="tdb-entry-category" href="{view.section_url(one)}"><span class="tdb-cat-bg"></span>'
        f"{escape(one.name)}</a>"
        for one in post.sections
    )
    author = f'<a class="tdb-author-name" href="{view.author_url(post.author)}">{escape(post.author.name)}</a>'
    date = post_date(view, post).removeprefix('<span class="td-post-date">').removesuffix("</span>")
    tags = "".join(f'<li><a href="{view.tag_url(tag)}">{escape(tag.name)}</a></li>' for tag in post.tags)
    picture = ""
    if post.picture and not post.password_protected:
        caption = (
            f'<figcaption class="tdb-caption-text">{escape(post.picture.caption)}</figcaption>'
            if post.picture.caption
            else ""
        )
        picture = _block(
            "tdb_single_featured_image", f"<figure>{view.rooted(post.picture.img('entry-thumb'))}{caption}</figure>"
        )
    text = body(view, post, page)
    parts = [
        _crumbs(view, post, "tdb-breadcrumbs", "tdb-entry-crumb"),
        _block("tdb_single_categories", f'<div class="tdb-category td-fix-index">{categories}</div>'),
        _block(
            "tdb_title tdb-single-title",
            f'<h1 class="tdb-title-text">{view.title(post)}</h1><div class="tdb-title-line"></div>',
        ),
        _block("tdb_single_subtitle", f"<p>{textured(escape(post.lead, quote=False))}</p>")
        if _has_lead(view, post)
        else "",
        _block(
            "tdb_single_author tdb-post-meta",
            f'<div class="tdb-author-name-wrap"><span class="tdb-author-by">By</span> {author}</div>',
        ),
        _block("tdb_single_date tdb-post-meta", date) if date else "",
        picture,
        _block(
            "tdb_single_content td-post-content tagdiv-type",
            f'<div class="td-a-ad id_top_ad"><span class="td-adspot-title">Ad</span></div>{text}',
        ),
        page_numbers(view, post, page),
        _block("tdb_single_tags", f'<ul class="tdb-tags"><li><span>TAGS</span></li>{tags}</ul>') if tags else "",
        _block(
            "tdb_single_author_box",
            f'<div class="tdb-author-box">{author}<div class="tdb-author-descr">{post.author.bio}</div></div>',
        ),
        related(view, post).replace("td_block_related_posts", "tdb_single_related"),
    ]
    return (
        article_head(view, post, page)
        + top(view, f"single single-post postid-{post.id} td-standard-pack tdb_template_77")
        + '<div class="td-main-content-wrap td-container-wrap"><div class="tdc-content-wrap">'
        + f'<article id="template-id-77" class="post-{post.id} tdb_templates post" itemscope '
        'itemtype="https://schema.org/Article">'
        + f'<div class="tdc-zone"><div class="tdc-row"><div class="vc_row wpb_row td-pb-row">{"".join(parts)}</div>'
        "</div></div>" + "</article></div></div>" + sidebar(view) + bottom(view)
    )


def _block(name: str, inner: str) -> str:
    inner = f'<div class="tdb-block-inner td-fix-index">{inner}</div>'
    return f'<div class="td_block_wrap {name} td-pb-border-top">{inner}</div>'


def _crumbs(view: View, post: Post, wrapper: str, link: str) -> str:
    first = post.sections[0] if post.sections else None
    middle = (
        f'<span><a class="{link}" href="{view.section_url(first)}">{escape(first.name)}</a></span>' if first else ""
    )
    return (
        f'<div class="td-crumb-container"><div class="{wrapper}"><span><a title="" class="{link}" '
        f'href="{view.root}/">Home</a></span>'
        f'{middle}<span class="td-bred-no-url-last">{view.title(post)}</span></div></div>'
    )


# -- what surrounds articles and lists alike ------------------------------------------------------------------


def top(view: View, body_class: str) -> str:
    """From the body element to the end of the site's header, which shows the date of the visit."""
    day = f"{view.site.local(view.now):%A, %B %d, %Y}"
    return (
        f'<body class="{body_class}" itemscope="itemscope" itemtype="https://schema.org/WebPage">'
        '<div id="td-outer-wrap"><div class="td-header-wrap"><div class="td-header-sp-top-menu"><div '
        f'class="td_data_time">{day}</div></div>'
        f'<a class="td-main-logo" href="{view.root}/"><span class="td-visual-hidden">{view.site.name}</span></a>'
        f'<ul id="menu-top" class="sf-menu"><li><a href="{view.root}/iran-news/">Iran News</a></li>'
        f'<li><a href="{view.root}/about-us/">About Us</a></li></ul></div>'
    )


def bottom(view: View) -> str:
    return (
        '<div class="td-footer-wrapper"><div class="td-footer-container">A site to test a scraper with. '
        "All texts are invented and licensed under a Creative Commons Attribution 4.0 International License.</div>"
        "</div>"
        '<div class="td-sub-footer-copy">&copy; all rights invented</div></div></body></html>'
    )


def module(view: View, post: Post, name: str, count: int = 0) -> str:
    """An entry in a list or widget, with its own title, author and time."""
    url, title = view.url(post), view.title(post)
    section = post.sections[0] if post.sections else None
    category = (
        f'<a href="{view.section_url(section)}" class="td-post-category">{escape(section.name)}</a>' if section else ""
    )
    thumb = view.rooted(post.picture.img("entry-thumb wp-post-image", "-218x150")) if post.picture else ""
    words = f'<div class="td-excerpt">{textured(excerpt(post, count, "..."))}</div>' if count else ""
    return (
        f'<div class="{name} td_module_wrap td-animation-stack"><div class="td-module-thumb"><a href="{url}" '
        'rel="bookmark" '
        f'class="td-image-wrap" title="{escape(post.headline)}">{thumb}</a></div><div class="item-details">'
        f'<h3 class="entry-title td-module-title"><a href="{url}" rel="bookmark" title="{escape(post.headline)}">'
        f"{title}</a></h3>"
        f'<div class="td-module-meta-info">{category} <span class="td-post-author-name"><a '
        f'href="{view.author_url(post.author)}">'
        f"{escape(post.author.name)}</a> <span>-</span> </span>{post_date(view, post)}</div>{words}</div></div>"
    )


def sidebar(view: View) -> str:
    """The "Latest" widget: articles that are not part of the page's list."""
    latest = view.site.cached(
        ("sidebar", view.root, view.config.theme_date),
        lambda: "".join(module(view, post, "td_module_6") for post in view.site.public()[:5]),
    )
    return (
        '<div class="td-pb-span4 td-main-sidebar" role="complementary"><div class="td_block_wrap td_block_7">'
        f'<h4 class="td-block-title"><span>Latest</span></h4>{latest}</div></div>'
    )


def related(view: View, post: Post) -> str:
    others = (
        [one for one in view.site.in_section(post.sections[0].path)[:4] if one is not post][:3]
        if post.sections
        else []
    )
    return (
        '<div class="td_block_wrap td_block_related_posts"><h4 class="td-related-title">RELATED ARTICLES</h4>'
        '<div class="td_block_inner">'
        f"{''.join(module(view, one, 'td_module_related_posts') for one in others)}</div></div>"
    )


def comment_form(view: View, post: Post) -> str:
    items = "".join(
        f'<li class="comment" id="comment-{post.id}{number}"><article><footer><cite>Reader {number}</cite></footer>'
        f'<div class="comment-content"><p>Comment number {number}.</p></div></article></li>'
        for number in range(1, post.comments + 1)
    )
    return (
        f'<div class="comments" id="comments"><ol class="comment-list">{items}</ol><div id="respond" '
        'class="comment-respond">'
        f'<h3 id="reply-title">Leave a reply</h3><form action="{view.root}/wp-comments-post.php" method="post">'
        '<textarea name="comment"></textarea><input name="submit" type="submit" value="Post" /></form></div></div>'
    )
