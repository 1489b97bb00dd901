"""RSS 2.0 and Atom, with the validators (ETag, Last-Modified) of conditional requests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import escape
from typing import Any

from .clock import http_date, rss_date, seo_time
from .model import Post
from .response import Response, page
from .view import View, content, excerpt, textured


def answer(
    view: View, posts: Sequence[Post], path: str, query: dict[str, str], headers: dict[str, str], atom: bool
) -> Response:
    """Serve one page (``paged``) of a feed of these posts."""
    mode = view.config.feed
    if mode in (403, 404):
        from .listings import not_found_page

        return page(not_found_page(view), mode)
    number, size = int(query.get("paged", "1") or 1) if query.get("paged", "1").isdigit() else 1, view.config.feed_size
    posts = _ordered(view, posts, query, number)
    shown = posts[(number - 1) * size : number * size] if mode == "ok" else []
    if number > 1 and not shown:
        from .listings import not_found_page

        return page(not_found_page(view), 404)
    # As in WordPress: a scheduled post's last edit is older than its publication.
    changed = max((max(post.modified, post.published) for post in view.site.public()), default=view.now)
    mark = f'"{hashlib.md5(f"{changed:%Y%m%d%H%M%S}".encode()).hexdigest()}"'
    known = {"ETag": mark, "Last-Modified": http_date(changed)}
    if _unchanged(headers, mark, changed):
        return Response(b"", 304, known)
    make = _atom if atom else _rss
    kind = "application/atom+xml; charset=UTF-8" if atom else "application/rss+xml; charset=UTF-8"
    result = page(make(view, shown, path, changed), content_type=kind)
    result.headers.update(known)
    return result


def _ordered(view: View, posts: Sequence[Post], query: dict[str, str], number: int) -> Sequence[Post]:
    """Sort as the URL asks (``WP_Query::parse_orderby``)."""
    keys: dict[str, Callable[[Post], Any]] = {
        # A database returns ties in any order, and in a different one for each page.
        "modified": lambda post: (post.modified.replace(microsecond=0), post.id * number * 7919 % 1009),
        "modified id": lambda post: (post.modified.replace(microsecond=0), post.id),
        "id": lambda post: post.id,
        "title": lambda post: post.headline,
    }
    upwards = query.get("order", "desc").lower() == "asc"
    if view.config.feed_sorts == "order":  # a plugin sets orderby
        return posts[::-1] if upwards else posts
    key = keys.get(query.get("orderby", "").lower()) if view.config.feed_sorts else None
    return sorted(posts, key=key, reverse=not upwards) if key else posts


def comments_feed(view: View, post: Post) -> Response:
    """A post's own feed: it holds the comments, never the post."""
    return page(_rss(view, [], f"{post.path}feed/", view.now), content_type="application/rss+xml; charset=UTF-8")


def _unchanged(headers: dict[str, str], mark: str, changed: datetime) -> bool:
    """If both validators are sent, both must match, as in WordPress."""
    answers = []
    if "if-none-match" in headers:
        answers.append(headers["if-none-match"] == mark)
    if "if-modified-since" in headers:
        try:
            answers.append(parsedate_to_datetime(headers["if-modified-since"]) >= changed.replace(microsecond=0))
        except ValueError:
            answers.append(False)
    return bool(answers) and all(answers)


def _feed_excerpt(post: Post) -> str:
    return textured(excerpt(post, 55, " [&hellip;]"))


def _rss(view: View, posts: Sequence[Post], path: str, changed: datetime) -> str:
    items = "".join(_rss_item(view, post) for post in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss '
        'version="2.0"\n\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n'
        '\txmlns:wfw="http://wellformedweb.org/CommentAPI/"\n\txmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        '\txmlns:atom="http://www.w3.org/2005/Atom"\n\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/"\n'
        '\txmlns:slash="http://purl.org/rss/1.0/modules/slash/"\n>\n\n<channel>\n'
        f'\t<title>{view.site.name}</title>\n\t<atom:link href="{view.root}{path}" rel="self" '
        'type="application/rss+xml" />\n'
        f"\t<link>{view.root}</link>\n\t<description>An invented site</description>\n\t<lastBuildDate>"
        f"{rss_date(changed)}</lastBuildDate>\n"
        f"\t<language>en-US</language>\n\t<sy:updatePeriod>hourly</sy:updatePeriod>\n"
        f"\t<generator>https://wordpress.org/?v={view.config.wordpress}</generator>\n{items}</channel>\n</rss>\n"
    )


def _rss_item(view: View, post: Post) -> str:
    url = view.url(post)
    terms = "".join(f"\t\t<category><![CDATA[{term.name}]]></category>\n" for term in [*post.sections, *post.tags])
    whole = "" if post.password_protected else view.rooted(content(post, 1))
    return (
        f"\t<item>\n\t\t<title>{view.title(post)}</title>\n\t\t<link>{url}</link>\n\t\t<comments>"
        f"{url}#respond</comments>\n"
        f"\t\t<dc:creator><![CDATA[{post.author.name}]]></dc:creator>\n\t\t<pubDate>"
        f"{rss_date(post.published)}</pubDate>\n{terms}"
        f'\t\t<guid isPermaLink="false">{view.root}/?p={post.id}</guid>\n\n'
        f"\t\t<description><![CDATA[<p>{_feed_excerpt(post)}</p>]]></description>\n"
        f"\t\t<content:encoded><![CDATA[{whole}]]></content:encoded>\n\t\t<wfw:commentRss>"
        f"{url}feed/</wfw:commentRss>\n"
        f"\t\t<slash:comments>{post.comments}</slash:comments>\n\t</item>\n"
    )


def _atom(view: View, posts: Sequence[Post], path: str, changed: datetime) -> str:
    entries = "".join(_atom_entry(view, post) for post in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:thr="http://purl.org/syndication/thread/1.0" '
        f'xml:lang="en-US">\n<title type="text">{view.site.name}</title>\n<updated>{_zulu(changed)}</updated>\n'
        f'<link rel="alternate" type="text/html" href="{view.root}" />\n<id>{view.root}/feed/atom/</id>\n'
        f'<link rel="self" type="application/atom+xml" href="{view.root}{path}" />\n{entries}</feed>\n'
    )


def _zulu(instant: datetime) -> str:
    return seo_time(instant).replace("+00:00", "Z")


def _atom_entry(view: View, post: Post) -> str:
    url = view.url(post)
    terms = "".join(
        f'<category scheme="{view.root}" term="{escape(term.name)}" />\n' for term in [*post.sections, *post.tags]
    )
    whole = "" if post.password_protected else view.rooted(content(post, 1))
    return (
        f'<entry>\n<author><name>{escape(post.author.name)}</name></author>\n<title type="html">'
        f"<![CDATA[{view.title(post)}]]></title>\n"
        f'<link rel="alternate" type="text/html" href="{url}" />\n<id>{view.root}/?p={post.id}</id>\n'
        f"<updated>{_zulu(post.modified)}</updated>\n<published>{_zulu(post.published)}</published>\n{terms}"
        f'<summary type="html"><![CDATA[{_feed_excerpt(post)}]]></summary>\n<content type="html" xml:base="{url}">'
        f"<![CDATA[{whole}]]></content>\n</entry>\n"
    )
