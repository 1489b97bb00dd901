"""HTML-aware mutations that break good pages, and checks of what must hold for every result."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

from ifp_scraper.dates import parse_utc
from ifp_scraper.items import Article, content_hash, encode
from ifp_scraper.pages import Capture, UnreadablePage, read_article, read_page

FIXTURES = Path(__file__).parent / "fixtures"
MAX_SECONDS = 2.0
"""No page may take longer, whatever it holds."""

_TOKENS = re.compile(rb"<[^>]*>|[^<]+|<")
_OPENING = re.compile(rb"<([a-zA-Z][\w-]*)[^>]*>")
_ATTRIBUTE = re.compile(rb"""\s([\w:-]+)=("[^"]*"|'[^']*')""")
_VALUE = re.compile(rb'"[^"\\]*"(?=\s*[,}\]])|(?<=:)\s*[\d.]+')
_LD = re.compile(rb"(?<=<script type=.application/ld\+json.>).*?(?=</script>)", re.DOTALL)
_COMPOUND = re.compile(r"([a-z][\w-]*)?((?:\.[\w-]+)*)((?:\[[^\]]*\])*)")
"""The tag, classes and attributes in a selector."""
_TAGS = (
    b"p div span a table tr td th li ul ol blockquote pre h1 h2 h6 figure figcaption img amp-img iframe video section"
    b" article body html head form template noscript script style svg math select option caption title br hr i b"
    b" frameset plaintext textarea amp-youtube amp-carousel amp-twitter main time base meta link"
).split()
_NASTY = [
    b"",
    b"\x00",
    b"\x1b[31m\x07\x7f",
    b"\xed\xa0\x80",  # a surrogate in UTF-8
    b"\xff\xfe",
    b"\xef\xbf\xbe\xef\xbf\xbf",
    b"&#0;&#1;&#xD800;&#xDFFF;&#x110000;&#x80;&#x9F;&#xFFFE;&#99999999999999999999;",
    b"&amp;&lt;&bogus;&nbsp;&shy;&zwnj;&#8232;&#8233;",
    "\ue00a\ue00a \u202e\u2066\u200f\ufeff\u0085\u2028\u0600".encode(),
    "e\u0301\u0301\u0301\u0344 \u1100\u1161\u11a8 \u212b \ufb01".encode(),
    "\U0010ffff\U000e0001\U0001f600".encode(),
    b"[:fa][:en][:][:xx]",
    b"<![CDATA[<p>]]>",
    b"<!--",
    b"-->",
    b"<?php echo 1; ?>",
    b"<script>",
    b"</script>",
    b"<style>",
    b"<style>.a{display:none}.a .b > .c{display:block !important}{{{}}}</style>",
    b"<svg/>",
    b"<table><tr><td><table><tr><td><p>x</p></td></tr></table></td></tr></table>",
    b'<form class="post-password-form">',
    b'<base href="//[::1]:99999/">',
    b'<meta charset="utf-7"><meta http-equiv="Content-Type" content="text/html; charset=undefined">',
    b"Read more:",
    b"Source: " + b"x " * 80,
    b'");',
    b"<body class='single postid-99999999999999999999'>",
    b"<p style='display : none' hidden>",
    b"<br>" * 50,
]
_VALUES = [
    b"",
    b"javascript:alert(1)",
    b"data:text/html;base64,AAAA",
    b"file:///etc/passwd",
    b"http://[",
    b"http://[::1]:0/",
    b"https://ifpnews.com:99999999/a/",
    b"https://ifpnews.com:\xd9\xa3/",
    b"//ifpnews.com",
    b"https://user:pass@ifpnews.com/x/amp/",
    b"https://ifpnews.com/%",
    b"https://ifpnews.com/%zz%00%ff/amp/99/",
    b"https://ifpnews.com/\x00\n\r\t/",
    b"https://" + b"a" * 9000,
    b"https://ifpnews.com/" + b"a/" * 5000,
    b"https://\xef\xbc\x8f\xe2\x84\x80/x",
    b"https://a\xe2\x84\x80b/",
    b"mailto:",
    b"?p=" + b"9" * 400,
    b"0001-01-01T00:00:00+23:59",
    b"9999-12-31T23:59:59-23:59",
    b"2024-02-30T99:99:99+99:99",
    b"2024-03-10T02:30:00+00:00",
    b"9999 years ago",
    b"9999 months ago",
    b"9" * 5000 + b" days ago",
    b"January 0, 99999",
    b"in 3 days",
    b"AMP for WP " + b"9" * 5000 + b".1",
    b"AMP for WP ...",
    b"post-1 postid-7 single home archive amp-single page",
    b"display:none;" * 50,
    b"1",
    b"-0",
    b"NaN",
    b"\xed\xa0\x80",
]
_CONTENTS = [
    b"",
    b"&nbsp;",
    b"By Al Fox and Bo Ray",
    b"<a href='/author/a/'>Al Fox</a> and <a href='/author/b/'>Bo Ray</a>",
    b"<a rel='author tag category'></a><a>x</a><a href>y</a>",
    b"<img src='/1.jpg'><img data-src='/2.jpg' class='avatar emoji' alt='&#128512;'>",
    b"<time datetime='2024-03-05T10:00:00+03:30'>12 hours ago</time><time datetime='9999-99-99'>x</time>",
    b"<ul><li><a href='/category/a/'>A</a><li>",
    b"<p>Read more: <a href='/x/'>X</a></p><h2>Related</h2>",
    b"<table><tr><td>",
    b"<blockquote><p>Q",
    b"Source: <a href='https://example.org/'>Agency</a>",
    b"March 5, 2024",
]
_BOXES = [
    b"nav",
    b"button",
    b"span hidden",
    b"span class=screen-reader-text",
    b"div style='display:none'",
    b"div class=td_module_1",
    b"article class=post-9",
    b"form",
    b"aside class=widget",
    b"a href=/x/",
    b"h2",
]
_JSON = [
    b"null",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b'"\\u0000"',
    b"1e999",
    b"-1",
    b"true",
    b"[" * 3000,
    b'{"@graph":' * 50,
    b'"x',
]
_CHARSETS = ("cp1252", "cp1256", "latin-1", "utf-16", "utf-16-le", "utf-32", "utf-7", "gb18030", "koi8-r", "cp037")

Mutation = Callable[[bytes, Random, list[bytes]], bytes]


def pages() -> list[tuple[bytes, str]]:
    """Every saved page and its address."""
    found = []
    for path in sorted(FIXTURES.glob("*/*.html")):
        url = re.search(rb'"url": "(http[^"]+)"', path.with_suffix(".json").read_bytes())
        found.append((path.read_bytes(), url[1].decode() if url else "https://ifpnews.com/a/"))
    return found


def mutate(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    """Apply one to six mutations to a page, one after another."""
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))):
        html = rng.choice(_MUTATIONS)(html, rng, others)[:2_000_000]
    return html


def _cut(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    return html[: rng.randrange(len(html) + 1)]


def _cut_out(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    start = rng.randrange(len(html) + 1)
    return html[:start] + html[start + rng.choice((1, 2, 10, 100, 3000)) :]


def _tokens(change: Callable[[list[bytes], Random], None]) -> Mutation:
    def mutation(html: bytes, rng: Random, others: list[bytes]) -> bytes:
        found = _TOKENS.findall(html)
        if found:
            change(found, rng)
        return b"".join(found)

    return mutation


def _double(tokens: list[bytes], rng: Random) -> None:
    start = rng.randrange(len(tokens))
    part = tokens[start : start + rng.choice((1, 3, 10, 100))]
    tokens[start:start] = part * rng.choice((1, 1, 2, 20, 200))


def _reorder(tokens: list[bytes], rng: Random) -> None:
    length = rng.choice((1, 3, 10, 100))
    one, other = (rng.randrange(len(tokens)) for _ in range(2))
    part = tokens[one : one + length]
    del tokens[one : one + length]
    tokens[other:other] = part


def _shuffle(tokens: list[bytes], rng: Random) -> None:
    start = rng.randrange(len(tokens))
    part = tokens[start : start + 30]
    rng.shuffle(part)
    tokens[start : start + 30] = part


def _renest(tokens: list[bytes], rng: Random) -> None:
    start = rng.randrange(len(tokens))
    end = min(len(tokens), start + rng.choice((1, 5, 50, 1000)))
    tag, depth = rng.choice(_TAGS), rng.choice((1, 2, 5, 50, 300, 3000))
    tokens.insert(end, b"</" + tag + b">" * 1 if depth == 1 else (b"</" + tag + b">") * depth)
    tokens.insert(start, (b"<" + tag + b">") * depth)


def _unclose(tokens: list[bytes], rng: Random) -> None:
    share = rng.choice((0.02, 0.2, 1.0))
    tokens[:] = [token for token in tokens if not (token.startswith(b"</") and rng.random() < share)]


def _rename(tokens: list[bytes], rng: Random) -> None:
    old, new = rng.choice(_TAGS), rng.choice(_TAGS)
    for number, token in enumerate(tokens):
        if token.startswith((b"<" + old, b"</" + old)):
            tokens[number] = token.replace(old, new, 1)


def _insert(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    start = rng.randrange(len(html) + 1)
    if rng.random() < 0.7 and (place := html.find(b">", start)) >= 0:
        start = place + 1
    return html[:start] + rng.choice(_NASTY) * rng.choice((1, 1, 1, 40)) + html[start:]


def _attribute(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    found = list(_ATTRIBUTE.finditer(html))
    for match in sorted(rng.sample(found, min(len(found), rng.choice((1, 5, 40)))), key=lambda m: -m.start()):
        html = html[: match.start(2)] + b'"' + rng.choice(_VALUES) + b'"' + html[match.end(2) :]
    return html


def _texts(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    tokens = _TOKENS.findall(html)
    places = [n for n, token in enumerate(tokens) if not token.startswith(b"<")]
    for place in rng.sample(places, min(len(places), rng.choice((1, 5, 40)))):
        tokens[place] = rng.choice(_VALUES + _NASTY)
    return b"".join(tokens)


def _json(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    def change(script: re.Match[bytes]) -> bytes:
        body = script[0]
        values = list(_VALUE.finditer(body))
        for value in sorted(rng.sample(values, min(len(values), rng.choice((1, 3, 10)))), key=lambda m: -m.start()):
            other = rng.choice([*_JSON, *(b'"' + bad + b'"' for bad in _VALUES)])
            body = body[: value.start()] + other + body[value.end() :]
        return body

    return _LD.sub(change, html)


def _flip(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    changed = bytearray(html)
    for _ in range(rng.choice((1, 10, 100)) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _reencode(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    text = html.decode("utf-8", "replace")
    return text.encode(rng.choice(_CHARSETS), rng.choice(("replace", "ignore", "xmlcharrefreplace")))


def _lie(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    charsets = [*_CHARSETS, "undefined", "punycode", "idna", "unicode_escape", "hex", "base64", "rot13", "utf-8-sig"]
    return b'<meta charset="' + rng.choice(charsets).encode() + b'">\xff\xfe\x80' + html


def _splice(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    other = rng.choice(others)
    start, end = sorted(rng.randrange(len(other) + 1) for _ in range(2))
    place = rng.randrange(len(html) + 1)
    return html[:place] + other[start:end] + html[place + (end - start) * rng.randrange(2) :]


def _named(html: bytes, rng: Random, others: list[bytes]) -> bytes:
    """Insert what a selector looks for, with contents that its reader may not expect."""
    contents = rng.choice(_CONTENTS)
    if rng.random() < 0.4:
        contents = _element(rng.choice(_BOXES), contents)
    for compound in reversed(rng.choice(_selectors()).split()):
        tag, classes, attributes = _COMPOUND.fullmatch(compound).groups()  # type: ignore[union-attr]
        opening = f"{tag or rng.choice(_TAGS).decode()} class='{classes.replace('.', ' ')}'"
        contents = _element(f"{opening} {attributes.replace('][', ' ').strip('[]')}".encode(), contents)
    places = list(_OPENING.finditer(html))
    place = rng.choice(places).end() if places else 0
    return html[:place] + contents * rng.choice((1, 1, 1, 2, 40)) + html[place:]


def _element(opening: bytes, contents: bytes) -> bytes:
    return b"<%b>%b</%b>" % (opening, contents, opening.split()[0])


@cache
def _selectors() -> list[str]:
    """What layouts look for in the saved pages."""
    queries: set[str] = set()
    for body, url in pages():
        with suppress(UnreadablePage):
            if (page := read_page(body, Capture(url, _CAPTURED))) is not None:
                page.to_article()
                queries.update(page.document.tree.queries)
    paths = (path.strip() for query in queries for path in query.split(","))
    return sorted(path for path in set(paths) if all(map(_COMPOUND.fullmatch, path.split())))


_MUTATIONS: list[Mutation] = [
    _cut,
    _cut_out,
    _tokens(_double),
    _tokens(_reorder),
    _tokens(_shuffle),
    _tokens(_renest),
    _tokens(_unclose),
    _tokens(_rename),
    _insert,
    _attribute,
    _texts,
    _json,
    _flip,
    _reencode,
    _lie,
    _splice,
    _named,
]

_CAPTURED = parse_utc("2024-05-06T07:08:09Z")
_UNWANTED = frozenset(("Cc", "Cs"))


def fault(html: bytes, url: str, content_type: str | None = None) -> str | None:
    """Return what went wrong in reading this page, or None."""
    start = time.process_time()
    try:
        article = read_article(html, Capture(url, _CAPTURED), content_type)
    except UnreadablePage:
        article = None
    except Exception as error:
        return f"raises {error.__class__.__name__}: {str(error)[:200]}"
    seconds = time.process_time() - start
    if seconds > MAX_SECONDS:
        return f"slow: {seconds:.1f} s for {len(html)} bytes"
    return unsound(article) if article is not None else None


def unsound(article: Article) -> str | None:
    """Return what is wrong with a record, or None."""
    try:
        encode(article)
    except Exception as error:
        return f"does not fit the schema: {error.__class__.__name__}: {str(error)[:200]}"
    for block in article.blocks:
        for text in (block["text"], *block.get("cells", ())):
            if problem := _unsound_text(text, lines=True):
                return f"block: {problem}"
        if not block["text"].strip():
            return "block: empty"
    if article.word_count != len(article.body.split()):
        return f"{article.word_count} words, but {len(article.body.split())} in the body"
    if article.content_hash != content_hash(article):
        return "a hash of texts that are not squeezed"
    single = [article.headline, article.lead, article.byline, article.source, *article.sections, *article.tags]
    single += [author.name for author in article.authors] + [author.bio for author in article.authors]
    for text in filter(None, single):
        if problem := _unsound_text(text, lines=False):
            return f"field: {problem}"
    if article.headline is None and not article.blocks and not article.images:
        return "a null record"
    addresses = [article.url, *(link.url for link in article.links), *(image.url for image in article.images)]
    for address in addresses:
        if not address.startswith(("http://", "https://", "mailto:", "tel:")):
            return f"address: {address[:100]!r}"
        if any(unicodedata.category(character) in _UNWANTED for character in address):
            return f"address with control characters: {address[:100]!r}"
    return None


def _unsound_text(text: str, *, lines: bool) -> str | None:
    if not unicodedata.is_normalized("NFC", text):
        return f"not NFC: {text[:80]!r}"
    for character in text:
        if unicodedata.category(character) in _UNWANTED and not (lines and character == "\n"):
            return f"control character {character!r} in {text[:80]!r}"
    if "\ue00a" in text:
        return f"the mark of a line break in {text[:80]!r}"
    return None
