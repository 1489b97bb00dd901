"""Lists of articles of every kind, of which some entries are harmed, and checks of what must hold for the others."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from random import Random
from typing import NamedTuple

from parsel import Selector

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import MAX_TIME_LENGTH, format_utc, parse_utc
from ifp_scraper.discovery import Notes, listing
from ifp_scraper.discovery.recorded_lists import read_listed
from ifp_scraper.discovery.sitemap_file import parse_sitemap, take_entries
from ifp_scraper.pages.document import parse
from tests.mutations import _NASTY, _VALUES

SITE = "https://ifpnews.com"
MAX_SECONDS = 2.0
"""No list of a megabyte may take longer, whatever it holds."""

_CAPTURED = parse_utc("2024-05-06T07:08:09Z")

_NASTY_XML = [
    *(part for part in _NASTY if part not in (b"-->", b"<![CDATA[<p>]]>")),  # these may end what others begin
    b"</channel></rss>",
    b"</urlset>",
    b"</feed>",
    b"<b>" * 300,
    b"<d a='1' a='2' b=3 c='<'/>",
    b"<?php ",
    b"<?xml version='1.0' encoding='UTF-16'?>",
    b"<!DOCTYPE rss [<!ENTITY a 'b'>",
    b"<zz:d/><:d/><1/>",
    b"<d xmlns='' xmlns:content='u'/>",
    b"&a;&nbsp;& <",
    b"<![CDATA[ x",
    b"<d>" + b"x" * 20_000,
]
_NASTY_JSON = [None, True, -1, 0, 2**70, 1e300, float("inf"), float("nan"), [], {}, [[[{}]]], "", "\ud800", "\0"]
_ZONES = [" +0000", " GMT", " +0330", " +03:30", " +3:30", " +330", " -0000", " IRST", " (IRST)", " +03.5", " PM"]
_OFFSETS = {" +0330", " +03:30", " +3:30", " +330"}
_UTC = {" +0000", " GMT", " -0000"}


class Good(NamedTuple):
    """An entry that stands unharmed in a list."""

    url: str
    published_at: str | None


class Fuzzed(NamedTuple):
    """A list."""

    kind: str
    body: bytes
    good: list[Good]


def _times(rng: Random) -> tuple[str, str, str | None]:
    """A time of publication for RSS and for the others, and what it means; in RSS, of every way to print a zone."""
    moment = _CAPTURED - timedelta(seconds=rng.randrange(300_000_000))
    zone = rng.choice(_ZONES)
    local = moment + timedelta(hours=3, minutes=30) if zone in _OFFSETS else moment
    said = format_utc(moment) if zone in _OFFSETS | _UTC else None
    return format_datetime(local)[:-6] + zone, format_utc(moment), said


def _rss(url: str, rng: Random) -> tuple[str, str | None]:
    printed, _, said = _times(rng)
    text = escape(url) if rng.random() < 0.5 else f"<![CDATA[{url}]]>"
    return f"<item><title>A</title><link>{text}</link><pubDate>{printed}</pubDate><d><![CDATA[<p>x]]></d></item>", said


def _rdf(url: str, rng: Random) -> tuple[str, str | None]:
    _, printed, _ = _times(rng)
    return f"<item><link>{url}</link><dc:date>{printed}</dc:date></item>", printed


def _atom(url: str, rng: Random) -> tuple[str, str | None]:
    _, printed, _ = _times(rng)
    return f"<entry><link href='{url}'/><published>{printed}</published><!-- a --></entry>", printed


def _news(url: str, rng: Random) -> tuple[str, str | None]:
    _, printed, _ = _times(rng)
    news = f"<n:news><n:publication_date>{printed}</n:publication_date></n:news>"
    return f"<url><loc>{url}</loc>{news}</url>", printed


def _sitemap(url: str, rng: Random) -> tuple[str, str | None]:
    return f"<url><loc>{url}</loc><lastmod>{_times(rng)[1]}</lastmod><i:image><i:loc>/a</i:loc></i:image></url>", None


_XML: dict[str, tuple[Callable[[str, Random], tuple[str, str | None]], str, str]] = {
    "rss": (_rss, "<rss xmlns:content='c'><channel><title>A</title>", "</channel></rss>"),
    "rdf": (_rdf, "<rdf:RDF xmlns:rdf='r' xmlns='s' xmlns:dc='d'><channel/>", "</rdf:RDF>"),
    "atom": (_atom, "<feed xmlns='http://www.w3.org/2005/Atom'>", "</feed>"),
    "news": (_news, "<urlset xmlns='s' xmlns:n='n'>", "</urlset>"),
    "sitemap": (_sitemap, "<urlset xmlns='s' xmlns:i='i'>", "</urlset>"),
}
_HEADS = ["", "<?xml version='1.0' encoding='UTF-8'?>", "\n<br>Notice: x\n<?xml version='1.0'?>", "<!-- <rss> -->"]
_TITLES = [
    "<h3 class='entry-title td-module-title'><a href='{}'>A</a></h3>",
    "<article><h2><a href='{}'>A</a></h2></article>",
    "<a href='{}'><b><i><u class='entry-title'>A</u></i></b></a>",
]
KINDS = [*_XML, "rest", "listing"]


def make(kind: str, rng: Random) -> Fuzzed:
    """Make a list of good entries with harmed ones between them."""
    good, parts = [], []
    for number in range(rng.randrange(1, 12)):
        url = f"{SITE}/a-{number}/"
        if kind == "rest":
            _, printed, _ = _times(rng)
            parts.append(json.dumps({"id": number + 1, "link": url, "date_gmt": printed[:-1]}).encode())
            said: str | None = printed
        elif kind == "listing":
            parts.append(rng.choice(_TITLES).format(url).encode())
            said = None
        else:
            text, said = _XML[kind][0](url, rng)
            parts.append(text.encode())
        good.append(Good(url, said))
        parts += [_harmed(kind, rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    if kind == "rest":
        return Fuzzed(kind, b"[" + b",".join(parts) + b"]", good)
    if kind == "listing":
        return Fuzzed(kind, b"<html><body>" + b"<hr>".join(parts) + b"</body></html>", good)
    _, head, end = _XML[kind]
    return Fuzzed(kind, (rng.choice(_HEADS) + head).encode() + b"".join(parts) + end.encode(), good)


def _harmed(kind: str, rng: Random) -> bytes:
    """Return an entry that leads nowhere; what is wrong with it must not harm the others."""
    value = rng.choice(_VALUES)
    if kind == "rest":
        keys = ("id", "link", "date_gmt", "modified_gmt", "slug")
        post = {key: rng.choice([*_NASTY_JSON, value.decode("utf-8", "replace")]) for key in keys}
        return json.dumps(rng.choice([post, *_NASTY_JSON])).encode()
    if kind == "listing":
        return rng.choice(_TITLES).encode().replace(b"{}", value.replace(b"'", b"")) + b"</a>"
    text = _XML[kind][0]("@@", rng)[0].encode()
    place = text.index(b"><") + 1
    return text[:place] + rng.choice(_NASTY_XML) * rng.choice((1, 1, 5)) + text[place:].replace(b"@@", b"mailto:a@b.c")


def mutate(body: bytes, rng: Random) -> bytes:
    """Break a list anywhere."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        start = rng.randrange(len(body) + 1)
        end = start + rng.choice((0, 1, 3, 30, 300))
        part = rng.choice([b"", b"", body[start:end] * 2, *_NASTY_XML, *_VALUES, bytes([rng.randrange(256)])])
        part *= max(1, rng.choice((1, 1, 1, 50, 10_000)) if len(part) < 100 else 1)
        body = (body[:start] + part + body[end:])[:1_000_000]
    if rng.random() < 0.1:
        body = body.decode("utf-8", "replace").encode(
            rng.choice(("utf-16", "utf-16-be", "utf-32", "cp1256")), "replace"
        )
    return body[: rng.randrange(len(body) + 1)] if rng.random() < 0.2 else body


def read(kind: str, body: bytes) -> list[ArticleRef]:
    """Read a list as the crawl does."""
    if kind == "listing":
        page = Selector(root=parse(body.decode("utf-8", "replace").encode()), type="html")
        for path in listing._categories(page, SITE) + listing._places_of_second_pages(page, SITE):
            assert path.startswith("/")
        return [ArticleRef(url) for url in listing.read_listing(page, f"{SITE}/")]
    if kind != "rest" and (file := parse_sitemap(body)) is not None:
        take_entries(file, f"{SITE}/sitemap.xml", Notes(asked_at=_CAPTURED))
    name = {"rest": "/wp-json/wp/v2/posts", "sitemap": "/sitemap.xml", "news": "/news.xml"}.get(kind, "/feed/")
    return [item.ref for item in read_listed(SITE + name, body, f"{SITE}/", _CAPTURED)]


def fault(fuzzed: Fuzzed) -> str | None:
    """Return what went wrong in reading this list, or None."""
    start = time.process_time()
    try:
        refs = read(fuzzed.kind, fuzzed.body)
    except Exception as error:
        return f"raises {error.__class__.__name__}: {str(error)[:200]}"
    seconds = time.process_time() - start
    if seconds > MAX_SECONDS:
        return f"slow: {seconds:.1f} s for {len(fuzzed.body)} bytes"
    for ref in refs:
        if not ref.url.startswith(f"{SITE}/") or any(
            ord(letter) < 33 or 127 <= ord(letter) < 160 for letter in ref.url
        ):
            return f"the URL {ref.url[:100]!r}"
        raw = ref.published_raw
        if raw is not None and (len(raw) > MAX_TIME_LENGTH or not raw.isprintable() or not raw.strip()):
            return f"the time {raw[:100]!r}"
        for instant in (ref.published_at, ref.modified_at, ref.listed_at):
            parse_utc(instant)
    found = Counter((ref.url, ref.published_at) for ref in refs)
    return next((f"{entry} is found {found[entry]} times" for entry in fuzzed.good if found[entry] != 1), None)
