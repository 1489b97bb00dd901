"""Pages that list articles, canonical and AMP, and pages that are neither lists nor articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from . import amp_parts
from .amp_swift import header as amp_header
from .amp_swift import loop_entry
from .head import frame
from .model import Post
from .newspaper import bottom, module, sidebar, top
from .view import View, content


@dataclass(frozen=True)
class Listing:
    """A paginated list of posts."""

    title: str
    path: str
    """Path of its first page, with slashes: ``/category/iran-news/``."""
    posts: Sequence[Post]
    is_page: bool = False
    """Whether it is a Page with a loop: past the end, it returns 200 without items."""

    def pages(self, view: View) -> int:
        return max(1, ceil(len(self.posts) / view.config.posts_per_page))

    def on_page(self, view: View, page: int) -> Sequence[Post]:
        size = view.config.posts_per_page
        return self.posts[(page - 1) * size : page * size]


def listing_page(view: View, listing: Listing, page: int) -> str:
    count = 20 if view.config.listing_excerpts else 0
    modules = "".join(module(view, post, "td_module_10", count) for post in listing.on_page(view, page))
    url = view.root + listing.path
    own = url if page == 1 else f"{url}page/{page}/"
    kind = "page-template-default page page-id-42" if listing.is_page else "archive category"
    heading = f'<h1 class="entry-title td-page-title"><span>{escape(listing.title)}</span></h1>'
    heading = f'<div class="td-page-header">{heading}</div>'
    head = f'<link rel="canonical" href="{own}" />'
    if view.config.amp:
        head += f'<link rel="amphtml" href="{url}amp/" />'
    return (
        frame(view, escape(listing.title), head)
        + top(view, f"{kind} td-standard-pack")
        + f'<div class="td-main-content-wrap"><div class="td-container">{heading}<div class="td-pb-row"><div '
        'class="td-pb-span8 td-main-content">'
        + f'<div class="td-ss-main-content">{modules}{_pager(view, listing, page)}</div></div>{sidebar(view)}</div>'
        "</div></div>" + bottom(view)
    )


def _pager(view: View, listing: Listing, page: int) -> str:
    last = listing.pages(view)
    if last < 2 or page > last:
        return ""
    url = view.root + listing.path
    shown = sorted({1, last, *range(max(1, page - 1), min(last, page + 2) + 1)})
    links = "".join(
        f'<span class="current">{number}</span>'
        if number == page
        else f'<a href="{url}{f"page/{number}/" if number > 1 else ""}" class="page" title="{number}">{number}</a>'
        for number in shown
    )
    following = (
        f'<a href="{url}page/{page + 1}/" aria-label="next-page"><i class="td-icon-menu-right"></i></a>'
        if page < last
        else ""
    )
    links += f'{following}<span class="pages">Page {page} of {last}</span>'
    return f'<div class="page-nav td-pb-padding-side">{links}</div>'


def amp_listing_page(view: View, listing: Listing, page: int) -> str:
    """Twenty words of each post; page N is at ``.../amp/page/N/``."""
    entries = "".join(
        loop_entry(view, post, 20, first=number == 0) for number, post in enumerate(listing.on_page(view, page))
    )
    following = ""
    if page < listing.pages(view):
        more = f'<a href="{view.root}{listing.path}amp/page/{page + 1}/" >Show more Posts</a>'
        following = f'<div class="loop-pagination"><div class="right">{more}</div></div>'
    return (
        amp_parts.amp_head(view, escape(listing.title), view.root + listing.path)
        + '<body data-amp-auto-lightbox-disable class="body archives_body archive amp-archive '
        f'{view.config.amp_version}"> '
        + amp_header(view)
        + '<div class="content-wrapper"> <div class="cntr archive"> <h2 class="amp-archive-title">'
        f"{escape(listing.title)}</h2> "
        + f"<div class='loop-wrapper'> {entries}</div> {following} </div> </div> "
        + '<footer class="footer" > <div class="rr"> <span>All Rights Reserved</span> </div> </footer> </body> </html>'
    )


# -- neither list nor article ---------------------------------------------------------------------------------


def not_found_page(view: View) -> str:
    """The theme's 404 page, which recommends articles."""
    latest = "".join(module(view, post, "td_module_1") for post in view.site.public()[:6])
    return (
        frame(view, "Page not found", robots="noindex, follow")
        + top(view, "error404 td-standard-pack")
        + '<div class="td-main-content-wrap"><div class="td-container"><div class="td-404-title">Ooops... Error '
        "404</div>"
        + '<div class="td-404-sub-title">There is nothing at this address.</div><h4 class="td-block-title"><span>'
        f"OUR LATEST POSTS</span></h4>{latest}" + "</div></div>" + bottom(view)
    )


def amp_not_found_page(view: View) -> str:
    return (
        amp_parts.amp_head(view, "Page not found", view.root + "/")
        + f'<body class="body amp-404 {view.config.amp_version}"> {amp_header(view)}<div class="content-wrapper"> '
        '<div class="cntr"> '
        + '<h1 class="page-title">Nothing here</h1> <p>The address leads nowhere.</p> </div> </div> </body> </html>'
    )


_ABOUT = (
    "<p>This site was made up to test a scraper. It has no office and no telephone.</p>"
    "<p>Write to nobody at example dot invalid.</p>"
)


def about_page(view: View) -> str:
    """A static page: it has the theme's title and body, but is not an article."""
    head = f'<link rel="canonical" href="{view.root}/about-us/" />'
    if view.config.amp:
        head += f'<link rel="amphtml" href="{view.root}/about-us/amp/" />'
    return (
        frame(view, "About Us", head)
        + top(view, "page-template-default page page-id-41 td-standard-pack")
        + '<div class="td-main-content-wrap"><div class="td-container"><div class="td-page-header"><h1 '
        'class="entry-title td-page-title">'
        + f'<span>About Us</span></h1></div><div class="td-page-content tagdiv-type">{_ABOUT}</div>'
        f"{sidebar(view)}</div></div>" + bottom(view)
    )


def amp_about_page(view: View) -> str:
    """Its body class has ``single-post`` too; only ``amp-single-page page`` distinguishes it from an article."""
    return (
        amp_parts.amp_head(view, "About Us", f"{view.root}/about-us/")
        + '<body class="body single-post 41 post-id-41 singular-41 amp-single-page page '
        f'{view.config.amp_version}"> {amp_header(view)}'
        + '<div class="content-wrapper"> <div class="sp sgl"> <div class="cntr"> <h1 class="amp-post-title">About '
        "Us</h1> </div> "
        + '<div class="sp-cnt"> <div class="cntr"> <div class="sp-rl"> <div class="sp-rt"> <div class="cntn-wrp '
        f'artl-cnt"> {_ABOUT} </div> </div> ' + "</div> </div> </div> </div> </div> </body> </html>"
    )


def attachment_page(view: View, post: Post) -> str:
    """An attachment: it repeats the post's text, but is not an article."""
    assert post.picture is not None
    url = f"{view.url(post)}{post.picture.slug}/"
    text = view.rooted(content(post, 1))
    return (
        frame(view, post.picture.slug, f'<link rel="canonical" href="{url}" />')
        + top(
            view,
            f"attachment attachment-template-default single single-attachment postid-{post.picture.id} "
            f"attachmentid-{post.picture.id}",
        )
        + '<div class="td-main-content-wrap"><div class="td-container"><h1 class="entry-title td-page-title"><span>'
        + f'{post.picture.slug}</span></h1><div class="td-post-content"><p class="attachment">'
        f"{view.rooted(post.picture.img())}</p>{text}</div>" + "</div></div>" + bottom(view)
    )


def search_page(view: View, words: str) -> str:
    found = [post for post in view.site.open_posts() if words.lower() in post.headline.lower()][
        : view.config.posts_per_page
    ]
    listing = Listing(f"Search: {words}", "/", found)
    return listing_page(view, listing, 1).replace("archive category", "search search-results")


def challenge_page(view: View) -> str:
    """What a firewall shows to visitors it takes for robots."""
    return (
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" '
        'content="noindex,nofollow">'
        '<meta http-equiv="refresh" content="360"></head><body class="no-js"><div class="main-wrapper" '
        'role="main"><div class="main-content">'
        '<h2 id="challenge-running">Checking whether the visitor is human.</h2><noscript><p>Enable JavaScript and '
        "cookies to continue</p></noscript>"
        '<form id="challenge-form" action="/?__cf_chl_f_tk=abc" method="POST"></form></div></div><p>Protected: '
        f"{view.site.name}</p></body></html>"
    )
