"""Feeds: RSS and Atom. They say when articles were published, but never list everything (MARKUP.md 6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from lxml import etree
from scrapy.http import Headers, Response

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc, read_http_date, read_instant, read_zoned
from ifp_scraper.discovery import FetchFailed, SourceUnavailable, Walk
from ifp_scraper.discovery.xml import child_text, local_name, read_cut_xml
from ifp_scraper.text import squeeze

FEEDS = ("rss", "feed", "RDF")
"""Names of the root elements of feeds."""

_MAX_UNPACKED = 32 * 1024 * 1024
_COMMENTS = re.compile(r"/comments/feed(?:/|$|\?)|[?&](?:feed=comments|withcomments=1)")
"""URLs of feeds of comments."""

_COMMENT = re.compile(r"#comment-\d+$")
"""What WordPress's feeds of comments link to."""

_FEED_OF_ARTICLE = re.compile(r"/feed(?:/(?:rss2?|rdf|atom))?/?$")
"""What follows an article's URL in that of the feed of its comments."""

_MAX_VALIDATOR = 500
"""Longest ETag or Last-Modified to send back."""


class FeedSource:
    """``/feed/`` or a category's, page by page with ``?paged=``, requested with the last run's validators."""

    complete = False

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """See ``Source``."""
        section = f"/category/{walk.options.section}" if walk.options.section else ""
        address = f"{walk.options.site}{section}/feed/"
        seen: set[str] = set()
        may_have_gap = False  # whether what follows may be new
        for number in range(1, walk.max_pages + 1):
            first = number == 1
            try:
                page = address if first else f"{address}?paged={number}"
                validators = walk.notes.validators.get(address, {})
                response = await (_front(walk, page, validators) if first else walk.fetch(page))
            except FetchFailed as error:
                if first:
                    raise SourceUnavailable(f"no feed ({error})") from error
                if may_have_gap or not error.is_missing:
                    walk.notes.broken.append(f"{page}: {error}")
                return
            if response.status == 304:
                return
            if first:
                walk.notes.validators[address] = _validators(response.headers)
            refs = [ref for ref in read_cut_response(response)[0] if ref.url not in seen]
            if first and not refs:
                raise SourceUnavailable("the feed is empty")
            if not refs:
                if may_have_gap:
                    walk.notes.broken.append(f"{address}: ends before what is known")
                return
            seen.update(ref.url for ref in refs)
            settled = [walk.known.is_settled(ref) for ref in refs]
            caught_up = walk.caught_up and all(settled)
            may_have_gap = walk.caught_up and not any(settled)
            for ref in refs:
                yield ref
            if caught_up or _before(refs, walk):
                return
        walk.notes.broken.append(f"{address}: more than {walk.max_pages} pages")


async def _front(walk: Walk, address: str, validators: dict[str, str]) -> Response:
    """Fetch the first page of a feed, once per run: the sitemap source asks for it too."""
    if address not in walk.fronts:
        try:
            walk.fronts[address] = await walk.fetch(address, headers=validators, probe=True)
        except FetchFailed as error:
            walk.fronts[address] = error
    answer = walk.fronts[address]
    if isinstance(answer, FetchFailed):
        raise answer
    return answer


async def read_newest(walk: Walk) -> list[ArticleRef]:
    """Return the entries of the feed's first page; none if there is no feed."""
    address = f"{walk.options.site}/feed/"
    try:
        response = await _front(walk, address, {})
    except FetchFailed:
        return []
    return read_cut_response(response)[0]


def read_cut_response(response: Response) -> tuple[list[ArticleRef], bool]:
    """Read the entries of the feed in a response, and say whether it breaks off in the middle."""
    root, is_cut = read_cut_xml(response.body, _MAX_UNPACKED)
    return read_feed(root, response.url) if root is not None else [], is_cut


def read_feed(root: etree._Element, base: str) -> list[ArticleRef]:
    """Read the entries of an RSS or Atom feed, in its order (newest first).

    Comments are left out: they link to their article, but the times are theirs.
    """
    if _COMMENTS.search(base):
        return []
    of_article = _FEED_OF_ARTICLE.sub("/", base.partition("?")[0])
    refs = []
    listed = [element for element in root.iter() if local_name(element) in ("item", "entry")]
    for element, url in zip(listed, urls.of_list(base, map(_link, listed)), strict=True):
        if url is None or _COMMENT.search(url) or urls.same_article(url, of_article):
            continue
        if local_name(element) == "item":
            raw = child_text(element, "pubDate") or child_text(element, "date")  # RSS 1.0 has dc:date
            published_at, modified_at = read_http_date(raw) or read_zoned(raw), None
            identifier = child_text(element, "guid") or ""
        else:
            raw = child_text(element, "published")
            published_at, modified_at = read_zoned(raw), format_utc(read_instant(child_text(element, "updated")))
            identifier = child_text(element, "id") or ""
        refs.append(
            ArticleRef(
                url=urls.canonical(url),
                id=_post_id(identifier, base, _link(element)),
                published_at=format_utc(published_at),
                modified_at=modified_at,
                published_source="feed" if published_at else None,
                published_raw=squeeze(raw) if raw and published_at else None,
            )
        )
    listed_at = _changed_at(root, refs)
    return [replace(ref, listed_at=listed_at) for ref in refs]


def _changed_at(root: etree._Element, refs: list[ArticleRef]) -> str | None:
    """Return when a feed or one of its articles was last changed, as WordPress prints it; None if it does not say.

    Some feeds always print the same time: what they list shows that they are newer.
    """
    channel = next((element for element in root if local_name(element) == "channel"), root)
    raw = child_text(channel, "lastBuildDate") or child_text(channel, "updated")
    said = format_utc(read_http_date(raw) or read_instant(raw))
    listed = (time for ref in refs for time in (ref.published_at, ref.modified_at) if time)
    return max([said, *listed]) if said else None


def _post_id(identifier: str, base: str, link: str | None) -> int | None:
    """Return the WordPress ID in a guid of the site; in one of another site, it is a number of that site's."""
    hosts = {urls.host(base), urls.host(urls.absolute(base, link) or "")}
    return urls.post_id(identifier) if urls.host(urls.absolute(base, identifier) or "") in hosts else None


def _link(element: etree._Element) -> str | None:
    """Return the URL of an RSS item or Atom entry: not that with which FeedBurner counts clicks."""
    if original := child_text(element, "origLink"):
        return original
    if local_name(element) == "item":
        guid = next((child for child in element if local_name(child) == "guid"), None)
        is_link = guid is not None and guid.get("isPermaLink", "true").lower() == "true"
        return child_text(element, "link") or (child_text(element, "guid") if is_link else None)
    name = element.tag.removesuffix("entry") + "link"  # an xhtml:link would lead to a translation
    links = [child for child in element if child.tag == name and child.get("href")]
    pages = (link for link in links if link.get("rel", "alternate").lower() == "alternate")
    return next((page.get("href") for page in pages if "html" in (page.get("type") or "html").lower()), None)


def _validators(headers: Headers) -> dict[str, str]:
    """Return the headers for a conditional request, from those of a response."""
    validators = {}
    for header, condition in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
        value = headers.get(header)
        if value and len(value) <= _MAX_VALIDATOR:
            # A compressing server marks the ETag as weak, and WordPress then no longer recognises it.
            validators[condition] = value.decode("latin-1").removeprefix("W/")
    return validators


def _before(refs: list[ArticleRef], walk: Walk) -> bool:
    """Whether everything here is older than the requested date range."""
    since = walk.options.since
    return since is not None and all(
        ref.published_at is not None and ref.published_at < format_utc(since) for ref in refs
    )
