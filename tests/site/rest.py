"""The part of the REST API that clients use to read posts."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import unquote, urlencode

from . import clock
from .listings import listing_page
from .model import Post, Section
from .response import Response, as_json, page
from .view import View, content, excerpt, textured

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d(?::\d\d)?)?")
_ORDERS = ("author", "date", "id", "include", "modified", "parent", "relevance", "slug", "include_slugs", "title")


class _Invalid(Exception):
    """A parameter that WordPress rejects."""


def answer(view: View, path: str, query: dict[str, str]) -> Response:
    """Serve ``/wp-json/...``; ``path`` is what follows."""
    mode = view.config.rest
    if mode == "html":
        from .routes import home

        return page(listing_page(view, home(view), 1))
    if mode == 404:
        return as_json({"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}}, 404)
    if mode != "ok":
        code = {401: "rest_not_logged_in", 403: "rest_forbidden"}.get(mode, "internal_server_error")
        return as_json({"code": code, "message": "Not for you.", "data": {"status": mode}}, mode)
    parts = [part for part in path.split("/") if part]
    try:
        match parts:
            case []:
                return _index(view)
            case ["wp", "v2", "posts"]:
                return _posts(view, query)
            case ["wp", "v2", "posts", number] if number.isdigit():
                return _post(view, int(number), query)
            case ["wp", "v2", ("categories" | "tags" | "users") as kind]:
                return _terms(view, kind, query)
            case ["wp", "v2", "pages" | "media"]:
                return _paged(view, [], query, "/wp/v2/" + parts[-1], _Numbers(query, 100))
    except _Invalid as refused:
        name = str(refused)
        return as_json(
            {
                "code": "rest_invalid_param",
                "message": f"Invalid parameter(s): {name}",
                "data": {"status": 400, "params": {name: "?"}},
            },
            400,
        )
    return as_json({"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}}, 404)


def _index(view: View) -> Response:
    offset = view.site.now.astimezone(view.site.zone).utcoffset()
    assert offset is not None
    return as_json(
        {
            "name": view.site.name,
            "url": view.root,
            "home": view.root,
            "gmt_offset": offset.total_seconds() / 3600,
            "timezone_string": str(view.site.zone),
            "namespaces": ["oembed/1.0", "wp/v2"],
            "routes": {"/wp/v2/posts": {"namespace": "wp/v2", "methods": ["GET", "POST"]}},
        }
    )


class _Numbers:
    """per_page and page, validated."""

    def __init__(self, query: dict[str, str], most: int) -> None:
        self.per_page = _number(query, "per_page", 10)
        self.page = _number(query, "page", 1)
        if not 1 <= self.per_page <= most:
            raise _Invalid("per_page")
        if self.page < 1:
            raise _Invalid("page")


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?\d+", text):
        raise _Invalid(name)
    return int(text)


def _ids(query: dict[str, str], name: str) -> set[int]:
    words = re.split(r"[\s,]+", query[name].strip())
    if not all(word.isdigit() for word in words):
        raise _Invalid(name)
    return {int(word) for word in words}


def _moment(view: View, query: dict[str, str], name: str) -> datetime | None:
    """A time on the site's wall clock: naive times are local, aware ones are converted."""
    if name not in query:
        return None
    match = _DATE.fullmatch(query[name])
    if match is None:
        raise _Invalid(name)
    try:
        read = datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '').upper()}")
    except ValueError:
        raise _Invalid(name) from None
    return clock.local(read, view.site.zone) if read.tzinfo else read


def _posts(view: View, query: dict[str, str]) -> Response:
    query = {name.removesuffix("[]"): value for name, value in query.items() if name not in view.config.rest_ignores}
    numbers = _Numbers(query, view.config.rest_max_per_page)
    order, order_by = query.get("order", "desc"), query.get("orderby", "date")
    if order not in ("asc", "desc"):
        raise _Invalid("order")
    if order_by not in _ORDERS:
        raise _Invalid("orderby")
    if query.get("status", "publish") != "publish":
        raise _Invalid("status")
    found = _ordered(view, _filtered(view, query), order_by, order, numbers.page)
    return _paged(view, found, query, "/wp/v2/posts", numbers)


def _filtered(view: View, query: dict[str, str]) -> Sequence[Post]:
    site = view.site
    found: Sequence[Post] = site.public()
    after, before = _moment(view, query, "after"), _moment(view, query, "before")
    if after is not None:
        found = found[: bisect_left(found, True, key=lambda post: site.local(post.published) <= after)]
    if before is not None:
        found = found[bisect_right(found, False, key=lambda post: site.local(post.published) < before) :]
    after, before = _moment(view, query, "modified_after"), _moment(view, query, "modified_before")
    if after is not None:
        found = [post for post in found if site.local(post.modified) > after]
    if before is not None:
        found = [post for post in found if site.local(post.modified) < before]
    if "slug" in query:
        slugs = {unquote(slug) for slug in query["slug"].split(",")}
        found = [post for post in found if unquote(post.slug) in slugs]
    for name in ("include", "exclude"):
        if name in query:
            ids = _ids(query, name)
            found = [post for post in found if (post.id in ids) == (name == "include")]
    if "categories" in query:
        ids = _ids(query, "categories")
        # As in WordPress: not what is in a subcategory.
        found = [post for post in found if any(site.term_id("category", one.path) in ids for one in post.sections)]
    if "tags" in query:
        ids = _ids(query, "tags")
        found = [post for post in found if any(view.tag_id(tag) in ids for tag in post.tags)]
    if "author" in query:
        ids = _ids(query, "author")
        found = [post for post in found if view.author_id(post.author) in ids]
    offset = _number(query, "offset", 0)
    return found[offset:] if offset else found


def _ordered(view: View, found: Sequence[Post], order_by: str, order: str, page: int) -> Sequence[Post]:
    if order_by == "modified":
        if len(found) == len(view.site.public()):
            found = view.site.by_modified()
        else:
            # A database returns ties in any order, and in a different one for each page.
            found = sorted(
                found, key=lambda post: (view.site.local(post.modified), post.id * page * 7919 % 1009), reverse=True
            )
    elif order_by == "id":
        found = sorted(found, key=lambda post: post.id, reverse=True)
    elif order_by in ("slug", "title"):
        found = sorted(found, key=lambda post: post.slug if order_by == "slug" else post.headline, reverse=True)
    return found if order == "desc" else found[::-1]


def _paged(view: View, found: Sequence[Post], query: dict[str, str], route: str, numbers: _Numbers) -> Response:
    total = len(found)
    pages = ceil(total / numbers.per_page)
    if numbers.page > pages and total:
        return as_json(
            {
                "code": "rest_post_invalid_page_number",
                "message": "The page number requested is larger than the number of pages available.",
                "data": {"status": 400},
            },
            400,
        )
    shown = found[(numbers.page - 1) * numbers.per_page : numbers.page * numbers.per_page]
    headers = {
        "X-WP-Total": str(total),
        "X-WP-TotalPages": str(pages),
        "Access-Control-Expose-Headers": "X-WP-Total, Link",
    }
    links = []
    for name, number in (("prev", numbers.page - 1), ("next", numbers.page + 1)):
        if 1 <= number <= pages:
            links.append(f'<{view.root}/wp-json{route}?{urlencode({**query, "page": number})}>; rel="{name}"')
    if links:
        headers["Link"] = ", ".join(links)
    return as_json([_chosen(post_object(view, post, query), query) for post in shown], **headers)


def _post(view: View, number: int, query: dict[str, str]) -> Response:
    post = view.site.posts.get(number)
    if post is None or post.status in ("trash", "inherit"):
        return as_json({"code": "rest_post_invalid_id", "message": "Invalid post ID.", "data": {"status": 404}}, 404)
    if not view.site.is_public(post):
        return as_json({"code": "rest_forbidden", "message": "Not for you.", "data": {"status": 401}}, 401)
    return as_json(_chosen(post_object(view, post, query), query))


def post_object(view: View, post: Post, query: dict[str, str]) -> dict[str, Any]:
    protected = post.password_protected
    found: dict[str, Any] = {
        "id": post.id,
        "date": f"{view.site.local(post.published):%Y-%m-%dT%H:%M:%S}",
        "date_gmt": f"{clock.naive_utc(post.published):%Y-%m-%dT%H:%M:%S}",
        "guid": {"rendered": f"{view.root}/?p={post.id}"},
        "modified": f"{view.site.local(post.modified):%Y-%m-%dT%H:%M:%S}",
        "modified_gmt": f"{clock.naive_utc(post.modified):%Y-%m-%dT%H:%M:%S}",
        "slug": post.slug,
        "status": "publish",
        "type": "post",
        "link": view.url(post),
        "title": {"rendered": view.title(post).removeprefix("Protected: ")},
        "author": view.author_id(post.author),
        "featured_media": post.picture.id if post.picture else 0,
        "comment_status": "open",
        "sticky": False,
        "format": "standard",
        "categories": [view.section_id(section) for section in post.sections],
        "tags": [view.tag_id(tag) for tag in post.tags],
        "_links": {"self": [{"href": f"{view.root}/wp-json/wp/v2/posts/{post.id}"}]},
    }
    wanted = query.get("_fields", "content,excerpt")
    if "content" in wanted or "excerpt" in wanted:  # a crawl asks for neither, and they are most of the work
        summary = textured(excerpt(post, 55, " [&hellip;]"))
        found["content"] = {"rendered": "" if protected else view.rooted(content(post)) + "\n", "protected": protected}
        found["excerpt"] = {"rendered": "" if protected else f"<p>{summary}</p>\n", "protected": protected}
    if "_embed" in query:
        terms = [
            [
                {
                    "id": view.section_id(one),
                    "name": one.name,
                    "slug": one.slug,
                    "taxonomy": "category",
                    "link": view.section_url(one),
                }
                for one in post.sections
            ],
            [
                {
                    "id": view.tag_id(one),
                    "name": one.name,
                    "slug": one.slug,
                    "taxonomy": "post_tag",
                    "link": view.tag_url(one),
                }
                for one in post.tags
            ],
        ]
        author = {"id": view.author_id(post.author), "name": post.author.name, "link": view.author_url(post.author)}
        found["_embedded"] = {"author": [author], "wp:term": terms}
    return found


def _chosen(found: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """Keep only what ``_fields`` names; ``title.rendered`` names a part."""
    if "_fields" not in query:
        return found
    result: dict[str, Any] = {}
    for name in re.split(r"[\s,]+", query["_fields"].strip()):
        whole, _, part = name.partition(".")
        if whole not in found:
            continue
        if not part:
            result[whole] = found[whole]
        elif isinstance(found[whole], dict) and part in found[whole]:
            result.setdefault(whole, {})[part] = found[whole][part]
    return result


def _terms(view: View, kind: str, query: dict[str, str]) -> Response:
    numbers = _Numbers(query, 100)
    found = {"categories": _categories, "tags": _tags, "users": _users}[kind](view)
    if "slug" in query:
        slugs = {unquote(slug) for slug in query["slug"].split(",")}
        found = [one for one in found if one["slug"] in slugs]
    if "include" in query:
        ids = _ids(query, "include")
        found = [one for one in found if one["id"] in ids]
    if "parent" in query:
        found = [one for one in found if one.get("parent") == _number(query, "parent", 0)]
    pages = ceil(len(found) / numbers.per_page)
    shown = found[(numbers.page - 1) * numbers.per_page : numbers.page * numbers.per_page]
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    return as_json([_chosen(one, query) for one in shown], **headers)


def _categories(view: View) -> list[dict[str, Any]]:
    def parent(section: Section) -> int:
        above = section.path.rpartition("/")[0]
        return view.site.term_id("category", above) if above else 0

    return [
        {
            "id": view.section_id(one),
            "count": len(view.site.in_section(one.path)),
            "link": view.section_url(one),
            "name": one.name,
            "slug": one.slug,
            "taxonomy": "category",
            "parent": parent(one),
        }
        for one in sorted(view.site.sections().values(), key=lambda one: one.name)
    ]


def _tags(view: View) -> list[dict[str, Any]]:
    return [
        {"id": view.tag_id(tag), "link": view.tag_url(tag), "name": tag.name, "slug": tag.slug, "taxonomy": "post_tag"}
        for tag in view.site.tags().values()
    ]


def _users(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": view.author_id(one),
            "name": one.name,
            "description": one.bio,
            "link": view.author_url(one),
            "slug": one.slug,
        }
        for one in view.site.authors().values()
    ]
