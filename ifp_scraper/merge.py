"""Makes one article from the pages of a long post, its two views, and what discovery knows about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc, same_but_for_clock_fault, same_local_clock
from ifp_scraper.items import Article, Author, Block, Embed, Image, body_of, content_hash, gap_warnings
from ifp_scraper.pages.evidence import Evidence, agrees
from ifp_scraper.text import count_words

_TRUST_ORDER: dict[str | None, int] = {
    "rest": 0,
    "feed": 1,
    "meta": 2,
    "time": 3,
    "jsonld": 4,
    "sitemap": 5,
    None: 9,
}
"""Where a publication time may have been printed (CONTRACT.md section 4): the lowest is trusted most."""


def join_pages(pages: list[Article], *, missing: bool, framed: bool = False) -> Article:
    """Return one article with the blocks of all pages of a post.

    Args:
        pages: in page order; the first one gives all other fields.
        missing: whether a page could not be read; if so, or if a page only repeats another, the warning
            ``one-page-of-many`` stays.
        framed: whether every page repeats the text around its part, as in tagDiv's smart lists; it is kept once.
    """
    distinct: list[Article] = []
    for page in pages:
        if not _is_repeated(page, distinct):
            distinct.append(page)
    missing = missing or len(distinct) < len(pages)
    pages = distinct
    first = pages[0]
    parts = [page.blocks for page in pages]
    blocks = _unframed(parts) if framed else [block for part in parts for block in part]
    warnings = list(dict.fromkeys(warning for page in pages for warning in page.warnings))
    if not missing and "one-page-of-many" in warnings:
        warnings.remove("one-page-of-many")
    joined = replace(
        first,
        blocks=blocks,
        images=_once([image for page in pages for image in page.images]),
        embeds=_once([embed for page in pages for embed in page.embeds]),
        links=[link for page in pages for link in page.links],
        source=next((page.source for page in reversed(pages) if page.source), None),
        body=body_of(blocks),
        warnings=warnings,
    )
    joined.word_count = count_words(joined.body)
    joined.content_hash = content_hash(joined)
    return _without_filled_gaps(joined)


class PagesOfPost:
    """Joins the pages of a post as they are read: the first one names others, and these may name more.

    Args:
        number: number of the page read first.
        article: its article.
        links: the other pages that it names, by number: where they are.
        framed: see ``join_pages``.
    """

    def __init__(self, number: int, article: Article, links: dict[int, str], *, framed: bool) -> None:
        self.missing = False
        """Whether a page could not be read, or only repeats another."""
        self._articles = {number: article}
        self._waiting = dict(links)
        self._asked = {number}
        self._framed = framed
        self._is_alone = not links

    def __len__(self) -> int:
        """Return how many pages have been read or asked for."""
        return len(self._asked)

    def next(self) -> tuple[int, str] | None:
        """Return the number of the next page to read, and where it is; None if all that are named have been read."""
        if not self._waiting:
            return None
        number = min(self._waiting)
        self._asked.add(number)  # even if it fails: the other pages link to it again
        return number, self._waiting.pop(number)

    def add(self, number: int, article: Article | None, links: dict[int, str]) -> None:
        """Add the page that ``next`` returned; its article is None if it could not be read."""
        if article is None:
            self.missing = True
            return
        self.missing = self.missing or _is_repeated(article, self._articles.values())
        self._articles[number] = article
        self._waiting.update({n: link for n, link in links.items() if n not in self._asked})

    def joined(self) -> Article:
        """Return one article with the blocks of all pages added."""
        if self._is_alone:
            return next(iter(self._articles.values()))
        pages = [self._articles[number] for number in sorted(self._articles)]
        return join_pages(pages, missing=self.missing or bool(self._waiting), framed=self._framed)


def lacks_pages(view: Article) -> bool:
    """Whether a view lacks pages of a long post; if the canonical one does not, those of the AMP view are not read."""
    return "one-page-of-many" in view.warnings


def is_incomplete(article: Article) -> bool:
    """Whether an article lacks a page, or the end of one."""
    return lacks_pages(article) or "truncated" in article.warnings


def is_from_whole_page(article: Article) -> bool:
    """Whether an article's text is from a page that does not break off; where it is the AMP page's, the other may."""
    return not {"truncated", "body-from-amp"}.intersection(article.warnings)


def _is_repeated(page: Article, others: Iterable[Article]) -> bool:
    """Whether a page of a post shows just what another does: a faulty cache gives one page for the URLs of all."""
    shown = page.blocks, page.images, page.embeds
    return any(shown) and any(shown == (other.blocks, other.images, other.embeds) for other in others)


def _unframed(parts: list[list[Block]]) -> list[Block]:
    """Return the blocks of all pages, with what all of them begin or end with only once."""
    lead = _shared(parts)
    rests = [part[lead:] for part in parts]
    tail = _shared([rest[::-1] for rest in rests])
    own = [block for rest in rests for block in rest[: len(rest) - tail]]
    return [*parts[0][:lead], *own, *rests[0][len(rests[0]) - tail :]]


def _shared(parts: list[list[Block]]) -> int:
    """Return how many blocks all lists begin with."""
    rows = enumerate(zip(*parts, strict=False))
    return next((number for number, row in rows if any(block != row[0] for block in row)), min(map(len, parts)))


_OF_BODY = "one-page-of-many", "truncated"
"""Warnings that come from the view that gives the body."""


def merge_views(canonical: Article, amp: Article) -> Article:
    """Merge an article's canonical page and AMP page, taking the better evidence for each field.

    Body, tags, images and links come from the canonical page (or, if that is cut off or lacks pages of a long post,
    from a whole AMP page), recent posts from the AMP page, and each fills in what the other lacks.
    """
    is_cut = "truncated" in canonical.warnings and "truncated" not in amp.warnings and bool(amp.blocks)
    first, second = (amp, canonical) if is_cut or _has_more_pages(amp, canonical) else (canonical, amp)
    bodies = first if first.blocks or not second.blocks else second
    times = _with_better_times(canonical, amp)
    modified_at = times.modified_at or canonical.modified_at or amp.modified_at
    warnings = [warning for warning in canonical.warnings + amp.warnings if warning not in _OF_BODY]
    warnings += [warning for warning in _OF_BODY if warning in bodies.warnings]
    if bodies is amp and amp.blocks:
        warnings.append("body-from-amp")
    if not all(_agrees(view, times, modified_at) for view in (canonical, amp)):
        warnings.append("dates-disagree")
    merged = replace(
        canonical,
        id=canonical.id if canonical.id is not None else amp.id,
        amp_url=canonical.amp_url or amp.amp_url,
        aliases=list(dict.fromkeys(canonical.aliases + amp.aliases)),
        headline=canonical.headline or amp.headline,
        lead=canonical.lead or amp.lead,
        byline=canonical.byline or amp.byline,
        authors=_authors(canonical.authors, amp.authors),
        sections=canonical.sections or amp.sections,
        tags=first.tags or second.tags,
        blocks=bodies.blocks,
        body=bodies.body,
        images=_pictures(first.images, second.images),
        embeds=first.embeds or second.embeds,
        links=first.links or second.links,
        source=first.source or second.source,
        published_at=times.published_at,
        published_raw=times.published_raw,
        published_source=times.published_source,
        modified_at=modified_at,
        recent_posts=amp.recent_posts or canonical.recent_posts,
        license=canonical.license or amp.license,
        layout=f"{canonical.layout}+{amp.layout}",
        warnings=warnings,
    )
    merged.word_count = count_words(merged.body)
    has_same_texts = (merged.headline, merged.lead) == (bodies.headline, bodies.lead)
    merged.content_hash = bodies.content_hash if has_same_texts else content_hash(merged)
    return _without_filled_gaps(merged)


def _has_more_pages(amp: Article, canonical: Article) -> bool:
    """Whether only the AMP view has all pages of a post; an AMP page that names no others may be the first of them."""
    return lacks_pages(canonical) and not is_incomplete(amp) and amp.word_count > canonical.word_count


def add_evidence(article: Article, ref: ArticleRef) -> Article:
    """Return the article with discovery's times, where they are better than the page's own."""
    result = replace(article, warnings=list(article.warnings))
    # A feed's id comes from its guid, which after an import keeps the number from another site.
    if article.id is None or (
        ref.published_source == "rest" and ref.id is not None and urls.same_article(ref.url, article.url)
    ):
        result.id = ref.id
    if ref.published_at and _TRUST_ORDER[ref.published_source] < _TRUST_ORDER[article.published_source]:
        is_same = _agrees(article, ref, ref.modified_at)
        if not is_same:
            result.warnings.append("dates-disagree")
        if is_same or not _list_is_older(ref, article):
            result.published_at = ref.published_at
            result.published_raw = ref.published_raw
            result.published_source = ref.published_source
    # The next run will compare with what discovery says about an edit. A page captured or cached before that edit does
    # not show it. A sitemap may be older than the page, or name only the day; so may a line of the file.
    shown = article.fetched_at is None or (ref.modified_at or "") <= article.fetched_at
    is_trusted = ref.published_source == "rest" and not _page_is_later(ref, article)
    if ref.modified_at and shown and (is_trusted or ref.modified_at > (article.modified_at or "")):
        result.modified_at = ref.modified_at
    return _without_filled_gaps(result)


def _page_is_later(ref: ArticleRef, article: Article) -> bool:
    """Whether the page states a later edit than what the file says, and not for a fault of the site's clocks."""
    listed, stated = ref.modified_at, article.modified_at
    if listed is None or stated is None or ref.listed_at is None or stated <= ref.listed_at:
        return False
    return not same_but_for_clock_fault(parse_utc(listed), parse_utc(stated))


def _list_is_older(ref: ArticleRef, article: Article) -> bool:
    """Whether a feed, or what the file says, precedes an edit after which the page tells as well when it appeared."""
    edited = article.modified_at if article.published_source == "meta" else None
    return ref.listed_at is not None and edited is not None and edited > ref.listed_at


def _with_better_times(canonical: Article, amp: Article) -> Article:
    """Return the view that tells better when the article was published."""
    if canonical.published_source == "time" and amp.published_source in ("time", "jsonld"):  # design 1's is a time
        if canonical.published_raw and amp.published_raw and canonical.published_raw[:19] == amp.published_raw[:19]:
            return amp  # the same clock in both: the site is set to UTC, and the theme's "+00:00" was right
        local, true = canonical.published_at, amp.published_at
        if local and true and local != true and same_local_clock(parse_utc(local), parse_utc(true)):
            return amp  # the hour repeated when summer time ended: the theme's clock is local, the AMP page's UTC
    if canonical.published_source == amp.published_source == "jsonld":
        return amp  # its faults are known
    return min(canonical, amp, key=lambda article: _TRUST_ORDER[article.published_source])


def _agrees(article: Article, better: Article | ArticleRef, modified_at: str | None) -> bool:
    """Whether an article's publication time is the better one, or that of a later edit, which a theme may show."""
    shown, published = _evidence(article), _evidence(better)
    edited = parse_utc(article.modified_at or modified_at)
    return shown is None or published is None or agrees(shown, published, edited)


def _evidence(of: Article | ArticleRef) -> Evidence | None:
    if of.published_source is None or of.published_at is None:
        return None
    return Evidence(of.published_source, of.published_raw or "", parse_utc(of.published_at))


def _authors(canonical: list[Author], amp: list[Author]) -> list[Author]:
    if not canonical:
        return amp
    known = {author.name: author for author in amp}
    pairs = [(author, known.get(author.name, author)) for author in canonical]
    return [replace(author, url=author.url or same.url, bio=author.bio or same.bio) for author, same in pairs]


def _pictures(first: list[Image], second: list[Image]) -> list[Image]:
    """Return the first view's images, plus the second's featured one if the first has none and does not show it."""
    if not first or any(image.role == "lead" for image in first):
        return first or second
    shown = {_upload(image) for image in first}
    return [image for image in second if image.role == "lead" and _upload(image) not in shown] + first


def _upload(image: Image) -> str:
    return image.original_url.replace("-scaled.", ".")  # the large size of a large upload


_Media = TypeVar("_Media", Image, Embed)


def _once(values: list[_Media]) -> list[_Media]:
    seen: dict[str, _Media] = {}
    for value in values:
        seen.setdefault(value.url, value)
    return list(seen.values())


def _without_filled_gaps(article: Article) -> Article:
    """Remove the warnings about what the article no longer lacks, and return it."""
    gaps = gap_warnings(article)
    article.warnings = [one for one in dict.fromkeys(article.warnings) if one in gaps or not one.startswith("no-")]
    return article
