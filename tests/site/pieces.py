"""Pieces of a body: how the canonical page and the AMP plugin print them, and what must be read from them.

``%ROOT%`` in the markup stands for the server's root. Unless otherwise stated, texts are HTML without markup; what
must be read is given beside them, or is the text itself.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from html import escape, unescape
from typing import Any

Block = dict[str, Any]

FALLBACK = "%ROOT%/wp-content/plugins/accelerated-mobile-pages/images/SD-default-image.png"
HIDDEN_CLASS = "acss0f1bf"
"""The plugin turns ``style="display:none"`` into this class, and its style sheet hides it."""


@dataclass(frozen=True)
class Piece:
    """A part of a body."""

    html: str
    blocks: tuple[Block, ...] = ()
    amp: str | None = None
    """The AMP plugin's markup, if different."""
    amp_view: Piece | None = None
    """What can be read from the AMP page, if different; its markup is not used."""
    images: tuple[dict[str, str | None], ...] = ()
    embeds: tuple[dict[str, str], ...] = ()
    links: tuple[dict[str, str], ...] = ()
    source: str | None = None


@dataclass(frozen=True)
class Picture:
    """An uploaded image; ``file`` is its path below wp-content/uploads."""

    file: str
    alt: str = ""
    caption: str | None = None
    width: int = 1200
    height: int = 800

    @property
    def id(self) -> int:
        return 100_000 + zlib.crc32(self.file.encode()) % 800_000

    @property
    def slug(self) -> str:
        """The slug of its attachment page."""
        return f"{self.file.rsplit('/', 1)[-1].rsplit('.', 1)[0]}-{self.id % 9 + 1}"

    def url(self, size: str = "") -> str:
        stem, _, ending = self.file.rpartition(".")
        return f"%ROOT%/wp-content/uploads/{stem}{size}.{ending}"

    def img(self, classes: str = "", size: str = "") -> str:
        return (
            f'<img decoding="async" loading="lazy" width="{self.width}" height="{self.height}" '
            f'src="{self.url(size)}" alt="{escape(self.alt)}" class="{classes}" '
            f'srcset="{self.url()} {self.width}w, {self.url("-300x200")} 300w" sizes="(max-width: 696px) 100vw, '
            '696px" />'
        )

    def amp_img(self, classes: str = "", size: str = "", layout: str = "intrinsic") -> str:
        shape = f'width="{self.width}" height="{self.height}" layout="{layout}" alt="{escape(self.alt)}"'
        return (
            f'<amp-img data-hero class="{classes} amp-wp-enforced-sizes" src="{self.url(size)}" '
            f'srcset="{self.url()} {self.width}w, {self.url("-300x200")} 300w" {shape}>'
            f'<amp-img fallback data-hero src="{FALLBACK}" {shape}></amp-img></amp-img>'
        )

    def expected(self, role: str) -> dict[str, str | None]:
        return {"path": f"/wp-content/uploads/{self.file}", "alt": self.alt, "caption": self.caption, "role": role}


def text_block(kind: str, text: str, **more: Any) -> Block:
    return {"kind": kind, "text": text, **more}


def paragraph(text: str, html: str | None = None) -> Piece:
    """Pass ``html`` if the paragraph has inline markup; ``text`` is then what must be read."""
    return Piece(f"<p>{html if html is not None else escape(text, quote=False)}</p>", (text_block("paragraph", text),))


def heading(text: str, level: int = 3) -> Piece:
    return Piece(f"<h{level}>{escape(text, quote=False)}</h{level}>", (text_block("heading", text, level=level),))


def bullets(items: list[str | list[str]], ordered: bool = False) -> Piece:
    """A list; an item that is itself a list is a bulleted sublist of the item before it."""
    tag = "ol" if ordered else "ul"
    html, blocks = [f"<{tag}>"], []
    for item in items:
        if isinstance(item, str):
            html.append(f"<li>{escape(item, quote=False)}</li>")
            blocks.append(text_block("list_item", item, level=1, ordered=ordered))
            continue
        inner = "".join(f"<li>{escape(text, quote=False)}</li>" for text in item)
        html[-1] = html[-1].removesuffix("</li>") + f"\n<ul>{inner}</ul></li>"
        blocks += [text_block("list_item", text, level=2, ordered=False) for text in item]
    return Piece("\n".join([*html, f"</{tag}>"]), tuple(blocks))


def quote(texts: list[str], cite: str | None = None) -> Piece:
    html = "".join(f"<p>{escape(text, quote=False)}</p>" for text in texts)
    if cite:
        html += f"<cite>{escape(cite)}</cite>"
    blocks = tuple(text_block("quote", text) for text in [*texts, *([cite] if cite else [])])
    return Piece(f'<blockquote class="wp-block-quote">{html}</blockquote>', blocks)


def table(rows: list[list[str]]) -> Piece:
    """A table whose first row is its head."""
    lines = []
    for number, row in enumerate(rows):
        cell = "td" if number else "th"
        lines.append("<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in row) + "</tr>")
    html = f"<thead>{lines[0]}</thead><tbody>{''.join(lines[1:])}</tbody>"
    blocks = tuple(text_block("table_row", " | ".join(row), cells=row) for row in rows)
    return Piece(f'<figure class="wp-block-table"><table>{html}</table></figure>', blocks)


def figure(picture: Picture, gutenberg: bool = False) -> Piece:
    """An image with a caption, by the block editor or the caption shortcode."""
    caption = escape(picture.caption or "", quote=False)
    number = picture.id
    if gutenberg:
        below = f'<figcaption class="wp-element-caption">{caption}</figcaption>'
        frame = f'<figure class="wp-block-image size-large">{{}}{below}</figure>'
        html, amp = frame, frame
    else:
        frame = (
            f'<figure id="attachment_{number}" aria-describedby="caption-attachment-{number}" '
            f'{{style}}class="wp-caption '
            f'aligncenter{{more}}">{{}}<figcaption id="caption-attachment-{number}" class="wp-caption-text">{caption}'
            "</figcaption></figure>"
        )
        html = frame.replace("{style}", f'style="width: {picture.width}px" ').replace("{more}", "")
        amp = frame.replace("{style}", "").replace("{more}", " acss71c3e")
    classes = f"wp-image-{number} size-full"
    return Piece(
        html.replace("{}", picture.img(classes)),
        amp=amp.replace("{}", picture.amp_img(classes)),
        images=(picture.expected("body"),),
    )


def bare_image(picture: Picture, size: str = "-696x464") -> Piece:
    """An image in a paragraph of its own, smaller than uploaded."""
    return Piece(
        f"<p>{picture.img(f'wp-image-{picture.id}', size)}</p>",
        amp=f"<p>{picture.amp_img(f'wp-image-{picture.id}', size)}</p>",
        images=({**picture.expected("body"), "caption": None},),
    )


def gallery(pictures: list[Picture]) -> Piece:
    """The gallery shortcode. AMP 1.0.94 prints a carousel without captions, 1.1.13 an empty one (``amp_content``)."""
    items = "".join(
        f'<dl class="gallery-item"><dt class="gallery-icon landscape"><a href="{one.url()}">'
        f"{one.img('attachment-medium')}</a>"
        f'</dt><dd class="wp-caption-text gallery-caption">{escape(one.caption or "", quote=False)}</dd></dl>'
        for one in pictures
    )
    old = "".join(
        f'<div class="ampforwp-gallery-item amp-carousel-container">{one.amp_img()}</div>' for one in pictures
    )
    return Piece(
        f'<div id="gallery-1" class="gallery galleryid-1 gallery-columns-3 gallery-size-medium">{items}</div>',
        amp=f'<amp-carousel class="collapsible-captions" id="carousel-with-preview-1" loop>{old}</amp-carousel>',
        amp_view=Piece(""),
        images=tuple(one.expected("gallery") for one in pictures),
    )


def read_more(title: str, path: str, label: str = "Read more:") -> Piece:
    link = f'<a href="%ROOT%{path}">{escape(title, quote=False)}</a>'
    text = f"{label} {title}"
    return Piece(
        f"<p><strong>{label} </strong>{link}</p>",
        (text_block("related", text),),
        links=({"path": path, "text": title},),
    )


def persian(text: str) -> Piece:
    return Piece(
        f'<p dir="rtl" style="text-align: right">{text}</p>',
        (text_block("paragraph", text),),
        amp=f'<p dir="rtl" class="acss5d1c2">{text}</p>',
    )


def source_line(outlet: str) -> Piece:
    text = f"Source: {outlet}"
    return Piece(f"<p><em>{escape(text)}</em></p>", (text_block("paragraph", text),), source=outlet)


def hidden(text: str) -> Piece:
    """A paragraph that nobody sees."""
    return Piece(f'<p style="display:none">{text}</p>', amp=f'<p class="{HIDDEN_CLASS}">{text}</p>')


def script(source: str) -> Piece:
    return Piece(f"<script>{source}</script>", amp="")


def youtube(code: str) -> Piece:
    address = f"https://www.youtube.com/embed/{code}?feature=oembed"
    frame = f'<iframe title="Video" width="1000" height="563" src="{address}" allowfullscreen></iframe>'
    return Piece(
        '<figure class="wp-block-embed is-type-video is-provider-youtube"><div class="wp-block-embed__wrapper">'
        f"{frame}</div></figure>",
        amp=f'<amp-youtube data-videoid="{code}" layout="responsive" width="1000" height="563"></amp-youtube>',
        embeds=({"kind": "youtube", "url": f"https://www.youtube.com/watch?v={code}"},),
    )


def tweet(number: int, text: str) -> Piece:
    """A tweet: its text is only on the canonical page."""
    address = f"https://twitter.com/example/status/{number}"
    return Piece(
        f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{text}</p><a href="{address}">June 2</a>'
        "</blockquote>"
        '<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>',
        (text_block("quote", text), text_block("quote", "June 2")),
        amp=f'<amp-twitter data-tweetid="{number}" layout="responsive" width="600" height="480"></amp-twitter>',
        amp_view=Piece("", embeds=({"kind": "tweet", "url": f"https://twitter.com/i/status/{number}"},)),
        embeds=({"kind": "tweet", "url": address},),
        links=({"path": address, "text": "June 2"},),
    )


def linked(before: str, words: str, path: str, after: str) -> Piece:
    """A paragraph containing an internal link."""
    link = f'<a href="%ROOT%{path}">{words}</a>'
    text = f"{before} {words} {after}"
    return Piece(
        f"<p>{before} {link} {after}</p>", (text_block("paragraph", text),), links=({"path": path, "text": words},)
    )


def broken_lines(lines: list[str]) -> Piece:
    """Lines separated by ``<br>``."""
    html = "<br />\n".join(escape(line, quote=False) for line in lines)
    return Piece(f"<p>{html}</p>", (text_block("paragraph", "\n".join(lines)),))


def preformatted(text: str) -> Piece:
    """Preformatted text, of which only line breaks count."""
    read = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    html = f'<pre class="wp-block-preformatted">{escape(text)}</pre>'
    return Piece(html, (text_block("preformatted", read),))


def plain_text(html: str) -> str:
    """Return the text of simple markup, for excerpts, with tags dropped."""
    pieces = []
    for part in html.split("<"):
        pieces.append(part.partition(">")[2] if ">" in part else part)
    return " ".join(unescape("".join(pieces)).split())
