"""Maps URLs to pages: WordPress's rewrite rules, as far as the site uses them (MARKUP.md 6)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from . import feeds, rest, sitemaps
from .clock import http_date
from .listings import (
    Listing,
    about_page,
    amp_about_page,
    amp_listing_page,
    amp_not_found_page,
    attachment_page,
    listing_page,
    not_found_page,
    search_page,
)
from .model import Post
from .pages import amp_page, canonical_page
from .response import Response, page, redirect
from .view import View

_GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def answer(view: View, target: str, headers: Mapping[str, str]) -> Response:
    """Serve a request for ``target`` (path and query)."""
    parts = urlsplit("//x" + target if target.startswith("/") else target)
    path = parts.path or "/"
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if path == "/robots.txt":
        return sitemaps.robots(view)
    if path.endswith((".xml", ".xml.gz")):
        return sitemaps.answer(view, path) or _not_found(view)
    if path == "/wp-json" or path.startswith("/wp-json/"):
        return rest.answer(view, path.removeprefix("/wp-json"), query)
    if "rest_route" in query:
        return rest.answer(view, query.pop("rest_route"), query)
    if path.startswith("/wp-content/"):
        return Response(_GIF, 200, {"Content-Type": "image/gif"})
    segments = [segment for segment in path.split("/") if segment]
    if segments and "feed" in segments:
        return _feed(view, segments, path, query, headers)
    if path == "/" and query.get("p", "").isdigit():
        post = view.site.posts.get(int(query["p"]))
        return redirect(view.url(post)) if post and view.site.is_public(post) else _not_found(view)
    if path == "/" and "s" in query:
        return page(search_page(view, query["s"]))
    amp = "amp" in query and view.config.amp is not None
    if (found := _listing(view, segments, path, amp)) is not None:
        return found
    return _article(view, segments, path, amp)


def _not_found(view: View, amp: bool = False) -> Response:
    return page(amp_not_found_page(view) if amp and view.config.amp else not_found_page(view), 404)


# -- lists ----------------------------------------------------------------------------------------------------


def home(view: View) -> Listing:
    return Listing(view.site.name, "/", view.site.public())


def _listing_of(view: View, segments: list[str]) -> Listing | Response | None:
    """The list at this path, or a redirect to where it is."""
    site = view.site
    match segments:
        case []:
            return home(view)
        case ["iran-news"]:
            return Listing("Iran News", "/iran-news/", site.in_section("iran-news"), is_page=True)
        case ["all-stories"]:
            return Listing("All Stories", "/all-stories/", site.public(), is_page=True)
        case ["category", *path]:
            section = next((one for one in site.sections().values() if path and one.slug == path[-1]), None)
            if section is None:
                return None
            if section.path != "/".join(path):  # only the last part counts
                return redirect(view.section_url(section))
            return Listing(f"Category: {section.name}", f"/category/{section.path}/", site.in_section(section.path))
        case ["tag", slug] if slug in site.tags():
            return Listing(f"Tag: {site.tags()[slug].name}", f"/tag/{slug}/", site.with_tag(slug))
        case ["author", slug] if slug in site.authors():
            return Listing(site.authors()[slug].name, f"/author/{slug}/", site.by_author(slug))
    return None


def _listing(view: View, segments: list[str], path: str, amp: bool) -> Response | None:
    rest_of, number = segments, 1
    if len(rest_of) >= 2 and rest_of[-2] == "page" and rest_of[-1].isdigit():
        rest_of, number = rest_of[:-2], int(rest_of[-1])
    if rest_of and rest_of[-1] == "amp":
        if view.config.amp is None:
            return None
        rest_of, amp = rest_of[:-1], True
    found = _listing_of(view, rest_of)
    if found is None:
        return None if not rest_of or rest_of[0] not in ("category", "tag", "author") else _not_found(view, amp)
    if isinstance(found, Response):
        return found
    mode = view.config.listings
    if mode != "ok" and (segments or mode == 403):
        return page(not_found_page(view), mode)
    if number == 1 and segments[-2:-1] == ["page"]:
        return redirect(view.root + found.path)
    if not path.endswith("/") and segments[-2:-1] != ["page"]:
        return redirect(view.root + path + "/")
    if number < 1 or (number > found.pages(view) and not found.is_page):
        return _not_found(view, amp)
    return page(amp_listing_page(view, found, number) if amp else listing_page(view, found, number))


def _feed(view: View, segments: list[str], path: str, query: dict[str, str], headers: Mapping[str, str]) -> Response:
    place = segments.index("feed")
    kind = segments[place + 1 :]
    if kind not in ([], ["atom"], ["rss2"], ["rss"]):
        return _not_found(view)
    if not path.endswith("/"):
        return redirect(view.root + path + "/")
    before = segments[:place]
    if before == ["comments"]:
        return feeds.answer(view, [], path, query, dict(headers), False)
    found = _listing_of(view, before)
    if isinstance(found, Listing) and not found.is_page:
        return feeds.answer(view, found.posts, path, query, dict(headers), kind == ["atom"])
    if len(before) == 1 and (post := view.site.find(before[0])):
        return feeds.comments_feed(view, post)
    return _not_found(view)


# -- articles -------------------------------------------------------------------------------------------------


def _article(view: View, segments: list[str], path: str, amp: bool) -> Response:
    if segments == ["about-us"] or segments == ["about-us", "amp"]:
        if not path.endswith("/"):
            return redirect(f"{view.root}{path}/")
        return page(amp_about_page(view) if amp or segments[-1] == "amp" else about_page(view))
    names, number = segments, 1
    if len(names) > 1 and names[-1].isdigit():
        names, number = names[:-1], int(names[-1])
    by_path = len(names) > 1 and names[-1] == "amp" and view.config.amp is not None
    if by_path:
        names = names[:-1]
    wants_amp = amp or by_path
    if not names:
        return _not_found(view, wants_amp)
    post = view.site.find(names[-1])
    if post is None or len(names) > 1:
        return _elsewhere(view, names, by_path) or _not_found(view, wants_amp)
    numbered = segments[-1] == str(number) and len(segments) > 1
    home_of = view.url(post)
    if numbered and (number < 2 or number > len(post.pages)):
        return redirect(home_of + "amp/" * by_path)
    if by_path and not view.has_amp(post):
        return redirect(home_of)
    if not path.endswith("/"):
        return redirect(view.root + path + "/")
    if wants_amp and view.has_amp(post):
        return _shown(view, post, number, True)
    return _shown(view, post, number, False)


def _shown(view: View, post: Post, number: int, amp: bool) -> Response:
    html = amp_page(view, post, number) if amp else canonical_page(view, post, number)
    if not amp:
        link = f'<{view.root}/wp-json/>; rel="https://api.w.org/", <{view.root}/?p={post.id}>; rel=shortlink'
        return _with(page(html), Link=link)
    return _with(page(html), **{"Last-Modified": http_date(view.now)})  # useless: it is always now


def _with(response: Response, **headers: str) -> Response:
    response.headers.update(headers)
    return response


def _elsewhere(view: View, names: list[str], by_path: bool) -> Response | None:
    """Attachments, permalinks from before 2018, renamed posts, and whatever else may be meant."""
    ending = "amp/" if by_path else ""
    owner = view.site.find(names[0])
    if owner and len(names) == 2 and owner.picture and names[1] == owner.picture.slug:
        return page(attachment_page(view, owner))
    post = view.site.find(names[-1]) or view.site.find_old(names[-1]) or view.site.guess(names[-1])
    return redirect(view.url(post) + ending) if post else None
