"""The site's URLs, reduced to one form per article (FACTS.md, "URLs")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

MAX_URL_LENGTH = 8192
"""Longer URLs are neither followed nor kept: no article has one."""

_AMP = re.compile(r"/amp(/\d{1,3})?/?$", re.IGNORECASE)
_AMP_PAGE = re.compile(r"/amp(?:/\d{1,3})?/?(?:(?<=/)index\.html?)?(?:$|\?)|[?&]amp(?:=1)?(?:&|$)")
_PAGE_NUMBER = re.compile(
    r"(?<=[^/])(?<!/archives)(?<!/\d{4}/\d\d)(?<!/\d{4}/\d\d/\d\d)/(?:(\d{1,3})|comment-page-\d{1,5})/?$"
)
"""The page number of a post or its comments in a path; not a permalink's day or post number."""

_PAGE_IN_QUERY = re.compile(r"[?&]page=([1-9]\d{0,2})(?=&|$)")
_QUERY = re.compile("[?#].*", re.DOTALL)
_AFTER_NUMBER = re.compile(r"(?:/amp)?/?(?:(?<=/)index\.html?)?$")
"""What may follow a page number in a path."""

_FILE = re.compile(r"(\.html?)/$", re.IGNORECASE)
_INDEX = re.compile(r"(?<=/)(?<!/index\.html/)(?<!/index\.htm/)(?:index\.html?(?:/|$))+$")
"""What HTTrack and wget add to the URLs of the site. Sought from the first of several: else a URL with 700 takes 0.1
seconds.
"""

_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.[A-Za-z]{3,4}(?:\.webp|\.avif)?$)")
_RESIZER = re.compile(
    r"(https?://)(?:i\d\.wp\.com/|([^/?]+/)cdn-cgi/image/[^/?]+/"
    r"|cdn\.statically\.io/img/([^/?]+/)(?:\w+=[^/?]+/)?|[^?]*?/(?=https?://)"
    r"|[\w-]+\.cdn\.ampproject\.org/i(?:i/[^/?]+)?/(s/)?(?=[^/?]+\.[^/?]+/))"
)
"""What resizing services put before an image's URL: Photon, Cloudflare, Statically, the AMP cache, and many others."""

_PAGESPEED = re.compile(r"/(?:(?:\d+x\d+)?x(?=[^/?]+\.ic\.))?([^/?]+)\.pagespeed\.(?:ic|ce)\.[\w-]{10}\.\w+$")
"""The name that PageSpeed gives to an image that it resizes, or only keeps."""

_PENDING = re.compile("(?:^|&)is-pending-load=1(?=&|#|$)")

_PLAIN = re.compile(
    r"(https?://[a-z0-9.-]+/(?:[a-z0-9-]+/)*?(?!(?:amp|\d{1,3}|comment-page-\d+)/)[a-z0-9-]+/)(?:amp/)?"
)
"""Matches most URLs: those that need no change, but for AMP's ending."""

_ROOT = re.compile(r"^https?://(?:www\.)?")
_LINE_BREAKS = re.compile("[\t\r\n]")
_CONTROLS = re.compile("[\ud800-\udfff\x00-\x1f\x7f-\x9f]")
_COVERED_EMAIL = "/cdn-cgi/l/email-protection#"
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_POST_ID = re.compile(r"[?&;]p=([1-9]\d{0,11})\b")
_NO_ARTICLE_PATH = re.compile(
    r"^/(?:category|tag|author|page|search)/[^/]|^/(?:feed|wp-(?:admin|content|includes|json)|amp|xmlrpc\.php)(?:/|$)"
    r"|^/\d{4}(?:/\d\d){0,2}/?$|/(?:feed|embed|trackback)/?$|\.(?:jpe?g|png|gif|webp|pdf|mp4|mp3|xml|txt|php|zip)$",
    re.IGNORECASE,
)


def absolute(base: str, url: str | None) -> str | None:
    """Return a link on the page at ``base`` as an absolute URL; None for fragments, ``javascript:``, ..."""
    if not url or len(url) > MAX_URL_LENGTH:
        return None
    return _checked("" if url.startswith(("https://", "http://")) else base, url)


def absolute_http(base: str, url: str | None) -> str | None:
    """Return a link as ``absolute`` does, but None for ``mailto:`` and ``tel:``, too.

    >>> absolute_http("https://ifpnews.com/a/", "/b/"), absolute_http("https://ifpnews.com/a/", "tel:+98")
    ('https://ifpnews.com/b/', None)
    """
    found = absolute(base, url)
    return found if found is not None and found.startswith("http") else None


@lru_cache(maxsize=1024)
def _checked(base: str, url: str) -> str | None:
    url = url.strip()
    if not url.isprintable():  # browsers drop line breaks; no URL has other control characters
        url = _LINE_BREAKS.sub("", url)
        if _CONTROLS.search(url):
            return None
    if not url or url[0] == "#":
        return None
    _, covered, code = url.partition(_COVERED_EMAIL)
    if covered and (email := uncover_email(code)):
        return f"mailto:{email}"
    try:
        joined = urljoin(base, url) if base and not url.startswith(("https://", "http://")) else url
        parts = urlsplit(joined)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        if not joined.startswith("http"):
            joined = parts.geturl()  # with the scheme in lower case
        return joined.replace(" ", "%20") if parts.hostname else None  # as browsers do
    return joined if parts.scheme in ("mailto", "tel") else None


def uncover_email(code: str) -> str | None:
    """Return an e-mail address that Cloudflare hides from robots, in ``data-cfemail`` or in a link's fragment.

    >>> uncover_email("2a4e4f59416a434c5a444f5d5904494547")  # the first byte is the key of the others
    'desk@ifpnews.com'
    """
    try:
        key, *covered = bytes.fromhex(code)
        email = bytes(byte ^ key for byte in covered).decode()
    except ValueError:
        return None
    return email if email.isprintable() else None


def of_site(base: str, url: str | None, name: str | None = None) -> str | None:
    """Return a link on the page at ``base`` as an absolute URL; None if it leaves the site.

    Scheme and ``www.`` become those of ``base``: a site behind a proxy may print others than it serves. So does
    the host ``name``, by which a mirror may call itself.

    >>> of_site("https://ifpnews.com/feed/", "http://www.ifpnews.com/a/?p=1")
    'https://ifpnews.com/a/?p=1'
    """
    found = absolute_http(base, url)
    if found is None or host(found) not in (host(base), name):
        return None
    own, said = urlsplit(base), urlsplit(found)
    return urlunsplit((own.scheme, own.netloc, said.path or "/", said.query, said.fragment))


def of_list(base: str, links: Iterable[str | None]) -> list[str | None]:
    """Return the links in a list of articles at ``base``, each as ``of_site`` does.

    A list names URLs of its own site. If all of them share another host, the list is from a mirror, which prints the
    URLs of the site that it copies.

    >>> of_list("https://mirror.example/feed/", ["https://ifpnews.com/a/", "https://ifpnews.com/b/"])
    ['https://mirror.example/a/', 'https://mirror.example/b/']
    """
    links = list(links)
    found = (absolute_http(base, link) for link in links)
    hosts = {host(url) for url in found if url is not None}
    name = hosts.pop() if len(hosts) == 1 else None
    return [of_site(base, link, name) for link in links]


@lru_cache(maxsize=1024)
def canonical(url: str) -> str:
    """Return the canonical URL of the article at this URL, as far as the URL alone tells.

    No query, fragment, ``/amp/`` or page number; a trailing slash, except after ``.html``; host and percent-encoding
    in lower case, as WordPress prints permalinks.

    >>> canonical("HTTPS://ifpnews.com/some-%D8%AA/amp?x=1#top")
    'https://ifpnews.com/some-%d8%aa/'
    >>> canonical("https://ifpnews.com/a-story/amp/index.html")  # in a copy by HTTrack or wget
    'https://ifpnews.com/a-story/'
    """
    if plain := _PLAIN.fullmatch(url):
        return plain[1]
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if port and port != {"http": 80, "https": 443}.get(scheme):
        host = f"{host}:{port}"
    path = _INDEX.sub("", re.sub("/{2,}", "/", parts.path))
    for ending in (_AMP, _PAGE_NUMBER):
        path = _INDEX.sub("", ending.sub("/", path))
    path = _FILE.sub(r"\1", path)
    path = quote(path, safe="/%!$&'()*+,;=:@~-._")
    path = _PERCENT.sub(lambda match: match[0].lower(), path)
    if not path.endswith("/") and "." not in path.rsplit("/", 1)[-1]:
        path += "/"
    return urlunsplit((scheme, host, path, "", ""))


def permalink(url: str) -> str:
    """Return a canonical URL printed by the site itself: as ``canonical``, but with the trailing slash as printed.

    >>> permalink("https://ifpnews.com/a-story/2?x=1")  # on a site whose permalinks have none
    'https://ifpnews.com/a-story'
    >>> permalink("https://ifpnews.com/a-story/index.html")  # in a copy by HTTrack or wget
    'https://ifpnews.com/a-story/'
    """
    found = canonical(url)
    ends = "/", "/index.html", "/index.htm"
    slash = urlsplit(url.strip()).path.endswith(ends) or found.count("/") == 3  # the home page has one
    return found if slash else found.rstrip("/")


def amp_address(canonical: str, ending: str) -> str:
    """Return the URL of an article's AMP page: ``ending`` is ``amp/`` or a query.

    >>> amp_address("https://ifpnews.com/a.html", "amp/")
    'https://ifpnews.com/a.html/amp/'
    """
    return canonical + ending if canonical.endswith("/") or ending[0] == "?" else f"{canonical}/{ending}"


def is_amp(url: str) -> bool:
    """Whether a URL is that of an AMP page.

    >>> is_amp("https://ifpnews.com/a-story/amp/2/"), is_amp("https://ifpnews.com/a-story/?amp=1")
    (True, True)
    """
    return _AMP_PAGE.search(url) is not None


@lru_cache(maxsize=1024)
def page_number(url: str) -> int:
    """Return which page of a post a URL shows: 1, unless it says otherwise.

    >>> [page_number(f"https://ifpnews.com/a-story/{end}") for end in ("", "2/", "2/amp", "amp/3/", "?amp&page=4")]
    [1, 2, 2, 3, 4]
    """
    in_query = _PAGE_IN_QUERY.search(url.partition("#")[0])
    return number_in_path(url) or (int(in_query[1]) if in_query else 1)


def number_in_path(url: str) -> int | None:
    """Return the page number in the path of a URL; None if there is none.

    >>> number_in_path("https://ifpnews.com/2024/05/12/"), number_in_path("https://ifpnews.com/archives/658/2/")
    (None, 2)
    """
    path = "/".join(["", *_QUERY.sub("", url).split("/")[3:]])  # also for something that is not a URL
    found = _PAGE_NUMBER.search(_AFTER_NUMBER.sub("", path))
    return int(found[1]) if found and found[1] else None


def same_article(one: str, other: str) -> bool:
    """Whether two URLs show the same article, ignoring scheme, ``www.``, slash, query, AMP and page number."""
    return host(one) == host(other) and _path(one) == _path(other)


def same_slug(one: str, other: str) -> bool:
    """Whether two URLs are on one site and have the same slug, which only one post has, whatever its permalink.

    >>> same_slug("https://ifpnews.com/a-story/", "http://www.ifpnews.com/exclusive/a-story/")
    True
    """
    return host(one) == host(other) and slug(one) == slug(other)


def may_be_guess(asked: str, shown: str) -> bool:
    """Whether WordPress may redirect from one URL to another because it finds no post at the first.

    It takes a post whose slug begins with the one asked for (``redirect_guess_404_permalink``).

    >>> may_be_guess("https://ifpnews.com/a-story/amp/", "https://ifpnews.com/a-story-2/")
    True
    >>> may_be_guess("https://ifpnews.com/a-story/2/", "https://ifpnews.com/a-story.html")  # another permalink
    False
    """
    begin, whole = (slug(url).removesuffix(".html") for url in (asked, shown))
    return begin not in ("", whole) and whole.startswith(begin)


@lru_cache(maxsize=1024)
def article_key(url: str) -> str:
    """Return the canonical URL with ``https`` and without ``www.``, to look up articles by.

    A shortlink keeps its number: its canonical form is the home page.

    >>> article_key("http://www.ifpnews.com/a-story/amp/"), article_key("http://ifpnews.com/?p=658")
    ('https://ifpnews.com/a-story/', 'https://ifpnews.com/?p=658')
    """
    key, number = _ROOT.sub("https://", canonical(url)), post_id(url)
    return key if number is None or slug(url) else f"{key}?p={number}"


def post_id(url: str) -> int | None:
    """Return the WordPress ID in a shortlink, HTML-escaped or not; None for any other URL.

    >>> post_id("https://ifpnews.com/?p=658")
    658
    """
    match = _POST_ID.search(url)
    return int(match[1]) if match else None


def may_be_article(url: str, site: str) -> bool:
    """Whether a URL could be that of an article on this site, judging by its path alone."""
    if not url.startswith("http") or host(url) != host(site):
        return False
    path = urlsplit(url).path
    return path.strip("/") != "" and _NO_ARTICLE_PATH.search(path) is None


def may_name_article(url: str, site: str) -> bool:
    """Whether a URL in a list could lead to an article on this site, also as a shortlink."""
    return post_id(url) is not None or may_be_article(url, site)


@lru_cache(maxsize=1024)
def original_image(url: str) -> str:
    """Return an image's URL without WordPress's ``-WIDTHxHEIGHT``, and without a resizing service.

    >>> original_image("https://ifpnews.com/up/a-696x464.jpg")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://ifpnews.com/up/a-696x464.jpg.webp")  # a plugin's copy
    'https://ifpnews.com/up/a.jpg.webp'
    >>> original_image("https://i0.wp.com/ifpnews.com/up/a.jpg?resize=640%2C427&ssl=1")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://ifpnews.com/cdn-cgi/image/width=600/up/a.jpg")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://cdn.statically.io/img/ifpnews.com/f=auto,w=600/up/a.jpg")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://ifpnews.com/up/a-696x464.jpg?is-pending-load=1&x=2")  # loaded late by Jetpack
    'https://ifpnews.com/up/a.jpg?x=2'
    >>> original_image("https://ifpnews-com.cdn.ampproject.org/ii/w820/s/ifpnews.com/up/a.jpg")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://ifpnews.com/up/300x200xa.jpg.pagespeed.ic.AbCdEfGhIj.webp")
    'https://ifpnews.com/up/a.jpg'
    >>> original_image("https://cdn.shortpixel.ai/client/q_glossy/https://ifpnews.com/up/a-300x200.jpg")
    'https://ifpnews.com/up/a.jpg'
    """
    if service := _RESIZER.match(url):
        url = _given_to(service)
    address, _, query = url.partition("?")
    if ".pagespeed." in address:
        address = _PAGESPEED.sub(r"/\1", address)
    if "is-pending-load" in query:
        query = _PENDING.sub("", query).lstrip("&")
    address = _SIZE.sub("", address)
    return f"{address}?{query}" if query else address


def _given_to(service: re.Match[str]) -> str:
    """Return the URL of the image passed to a service."""
    scheme, cloudflare, statically, is_secure = service.groups()
    picture = service.string[service.end() :]
    if picture.startswith(("http://", "https://")):
        return picture
    if statically:
        return f"{scheme}{statically}{picture.partition('?')[0]}"  # its query, too, says how to transform the image
    if cloudflare:
        return f"{scheme}{cloudflare}{picture}"
    if ".cdn.ampproject.org/" in service[0]:
        return f"{'https' if is_secure else 'http'}://{picture}"
    address, _, query = picture.partition("?")  # Photon's query says how to transform the image
    return f"{'https' if 'ssl=1' in query else 'http'}://{address}"


@lru_cache(maxsize=1024)
def host(url: str) -> str:
    """Return host and port without a leading ``www.``: what two URLs of one site share."""
    try:
        parts = urlsplit(url)
        name, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    name = name.removeprefix("www.")
    return f"{name}:{port}" if port and port not in (80, 443) else name


@lru_cache(maxsize=1024)
def slug(url: str) -> str:
    """Return the last part of the canonical path, decoded; empty for the home page."""
    return unquote(_path(url).strip("/").rsplit("/", 1)[-1])


def _path(url: str) -> str:
    """Return the canonical path without its first slash; also for something that is not a URL."""
    return "/".join(canonical(url).split("/")[3:])
