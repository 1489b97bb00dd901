"""Finds the articles in a recording, with what its lists say about them.

A reading is the captures of one article's pages that were made together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol, TypeVar

from scrapy.http import HtmlResponse

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery.recorded_lists import ListEvidence, evidence_at, may_list, read_listed
from ifp_scraper.items import Article, content_hash
from ifp_scraper.pages import Capture, UnreadablePage, read_page
from ifp_scraper.recordings.archive import Archive, CaptureIdentity, Recorded, capture_order, identity, is_page
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.responses import cut_short, out_of_order, refusal
from ifp_scraper.revisions import states_later_edit

_SOON = timedelta(hours=1)
"""Maximum time after which an interrupted crawl fetches an article again."""

_MAX_AHEAD = 100
"""Maximum number of captures between an early further page and its first page."""

_MAX_REDIRECTS = 5
"""Maximum length of a chain of redirects."""


@dataclass(slots=True, frozen=True)
class Reading:
    """One reading of an article: the captures of its pages that were made together."""

    ref: ArticleRef
    address: str
    """The captured URL to start from: the canonical page, else the AMP page, else a further page."""

    amp_address: str | None
    captures: frozenset[Recorded]
    """Captures of its pages."""

    addresses: tuple[str, ...]
    """All URLs that the recording has of the article; see ``addresses_of``."""

    @property
    def has_first_page(self) -> bool:
        """Whether it can be read: the end of a text is not an article."""
        return urls.page_number(self.address) == 1

    def captured_url(self, url: str) -> str:
        """Return the URL under which a page of the article was captured; the URL itself if it was not.

        Pages name ``/2/?amp=1`` where a crawler was sent to ``/amp/2/``, or a URL without a tracker's query.
        """
        return next((one.url for one in self.captures if page_at(one.url) == page_at(url)), url)


def find_recorded(archive: Archive, site: str) -> Iterator[Reading]:
    """Yield every article in a recording, in order of its first capture; recaptures are readings of their own.

    Args:
        archive: the recording.
        site: root of the site; pages and redirects of other hosts are ignored.
    """
    evidence = _evidence(archive, site)
    groups: dict[str, list[Recorded]] = {}
    for record in archive.records:
        if is_page(record.status, record.content_type) and urls.may_be_article(record.url, site):
            groups.setdefault(slug_key(record.url), []).append(record)
    for captures in groups.values():
        captures.sort(key=capture_order)
    own = (record for record in archive.records if urls.host(record.url) == urls.host(site))
    redirects = ((one.captured_at, one.url, one.target) for one in own if one.target is not None)
    redirected = by_target(redirects, groups)
    for captures in sorted(groups.values(), key=lambda captures: min(map(_place, captures))):
        for reading, said, addresses in read_slug(
            captures,
            evidence,
            redirected,
            article_in=lambda capture: _article_in(archive, capture),
            failed=lambda capture: _cannot_be_used(archive, capture),
        ):
            first, *others = first_pages_of(reading) or reading[:1]
            ref = replace(said, url=first.url) if said else ArticleRef(first.url)
            amp_address = others[0].url if others else None
            yield Reading(ref, first.url, amp_address, frozenset(reading), tuple(addresses))


def _place(capture: Recorded) -> tuple[datetime, int, int]:
    """Return the sort key of articles, by their earliest captures: in one second, in the order of a file."""
    return capture.captured_at, capture.file, capture.offset


def _article_in(archive: Archive, capture: Recorded) -> Article | None:
    try:
        body = archive.read(capture)[1]
        page = read_page(body, Capture(capture.url, capture.captured_at), capture.content_type)
        return page.to_article() if page is not None else None
    except (RecordingError, UnreadablePage):
        return None


def slug_key(url: str) -> str:
    """Return what the pages of one article share under all permalinks that the site ever used."""
    return f"{urls.host(url)}/{urls.slug(url)}"


class Captured(CaptureIdentity, Protocol):
    """A capture of a page, or of several pages of an article; ``page_urls`` are the URLs of all of them."""

    @property
    def page_urls(self) -> list[str]: ...  # noqa: D102


_Capture = TypeVar("_Capture", bound=Captured)


def read_slug(
    captures: list[_Capture],
    evidence: dict[str, list[ListEvidence]],
    redirected: dict[str, list[str]],
    *,
    article_in: Callable[[_Capture], Article | None],
    failed: Callable[[_Capture], bool],
) -> Iterator[tuple[list[_Capture], ArticleRef | None, list[str]]]:
    """Yield the readings of one slug: captures, what lists said then, and all URLs of the article.

    Args:
        captures: those of the slug, in ``capture_order``.
        evidence: what the lists say, by ``urls.article_key``.
        redirected: see ``by_target``.
        article_in: returns what one page says; None if it is no article. Called only where captures leave open what
            belongs together.
        failed: whether a capture cannot be used; see ``is_failed``.
    """
    for own in split_articles(captures, article_in):
        said = _evidence_about(own, evidence)
        addresses = addresses_of(own, redirected)
        readings = [own] if len(own) == 1 else split_readings(without_failed(_once(own), failed), article_in)
        for reading in readings:
            yield reading, evidence_at(said, reading[0].captured_at), addresses


def split_articles(
    captures: list[_Capture], article_in: Callable[[_Capture], Article | None]
) -> Iterator[list[_Capture]]:
    """Split the captures of one slug, in order of time, into those of one article each.

    Other permalinks are those of the same article if their pages share a post id. An article of several pages
    is read from one permalink alone, as its pages name each other.

    Args:
        captures: the captures.
        article_in: see ``read_slug``; called only if there are several permalinks.
    """
    permalinks: dict[str, list[_Capture]] = {}
    for capture in captures:
        permalinks.setdefault(urls.article_key(capture.url), []).append(capture)
    # With a number in the query, WordPress shows any post.
    if len(permalinks) == 1 or any(urls.number_in_path(url) for capture in captures for url in capture.page_urls):
        yield from permalinks.values()
        return
    articles: list[tuple[set[str], set[int]]] = []
    for permalink, own in permalinks.items():
        ids = {article.id for article in map(article_in, own) if article is not None and article.id is not None}
        known = next((article for article in articles if article[1] & ids), None)
        if known is None:
            articles.append(({permalink}, ids))
        else:
            known[0].add(permalink)
            known[1].update(ids)
    for own_permalinks, _ in articles:
        yield [capture for capture in captures if urls.article_key(capture.url) in own_permalinks]


Redirect = tuple[datetime, str, str]
"""When a redirect was captured, the URL, and that to which it redirects."""


def by_target(redirects: Iterable[Redirect], captured: Container[str]) -> dict[str, list[str]]:
    """Return redirected URLs, by ``urls.article_key`` of where they lead to in the end.

    Args:
        redirects: those of the site; of several of one URL, the latest counts.
        captured: the slugs that have captures, by ``slug_key``; such an article's URL is not given to another one.
    """
    targets = {url: target for _, url, target in sorted(redirects)}
    found: dict[str, list[str]] = {}
    for url in targets:
        target = url
        for _ in range(_MAX_REDIRECTS):
            target = targets.get(target, target)
        if urls.same_slug(url, target) or slug_key(url) not in captured:
            found.setdefault(urls.article_key(target), []).append(url)
    return found


def addresses_of(captures: list[_Capture], redirected: dict[str, list[str]]) -> list[str]:
    """Return the captured URLs of an article, except those of further pages, and the URLs that redirect to it.

    Of those that differ only in their query, the first.
    """
    by_path: dict[str, str] = {}
    for capture in captures:
        for url in capture.page_urls:
            if urls.page_number(url) == 1:
                by_path.setdefault(url.partition("?")[0], url)
    captured = by_path.values()
    permalinks = dict.fromkeys(map(urls.article_key, captured))
    return list(dict.fromkeys([*captured, *(url for one in permalinks for url in redirected.get(one, ()))]))


def split_readings(
    captures: list[_Capture], article_in: Callable[[_Capture], Article | None]
) -> Iterator[list[_Capture]]:
    """Split the captures of one article, in order of time, into readings.

    Each is a canonical page with its further pages, an AMP page, or both, unless the later one shows an edit that the
    earlier one cannot; further pages alone, if no first page comes before them. A reading soon followed by one with
    more pages is left out: the crawl was interrupted there and began the article again. If each has pages that the
    other lacks, they are joined: the crawl met the first page once more, as through a link to its number. Neither is
    done if the later one states an edit made in between.
    """
    readings = _split_at_first_pages(captures, article_in)
    for number, reading in enumerate(readings):
        pages, soon = _pages_in(reading), []
        for later in islice(readings, number + 1, None):
            if later[0].captured_at - reading[-1].captured_at >= _SOON:
                break
            # The pages are read only where it matters.
            if not _pages_in(later) <= pages and _states_edit_since(reading, later, article_in):
                break
            soon.append(later)
        if any(pages < _pages_in(later) for later in soon):
            continue
        held = _pages_in(soon[0]) if soon else set()
        if held <= pages:
            yield reading
        else:
            soon[0][:0] = [capture for capture in reading if held.isdisjoint(_pages_in([capture]))]


def _split_at_first_pages(
    captures: list[_Capture], article_in: Callable[[_Capture], Article | None]
) -> list[list[_Capture]]:
    """Split the captures of one article, in order of time, wherever its first page recurs, or shows an edit.

    A further page belongs to the first page before it; if that already has one of this number, or if it is early, to
    the next first page; if there is none, it is left out. So does a first page of the other view that is early.
    """
    readings: list[list[_Capture]] = []
    begun_before: list[list[_Capture]] = []
    again: list[_Capture] = []
    held: set[tuple[bool, int]] = set()
    for number, capture in enumerate(captures):
        pages = _pages_in([capture])
        joins = bool(readings) and held.isdisjoint(pages) and not _is_early(captures, number, readings[-1], held)
        if joins and not _shows_edit(capture, readings[-1], article_in):
            readings[-1].append(capture)
            held |= pages
        elif not readings or _is_first_page(capture):
            readings.append([capture])
            held = pages
            begun_before.append(again)
            again = []
        else:
            again.append(capture)
    for reading, earlier in zip(readings, begun_before, strict=True):
        held = _pages_in(reading) if earlier else set()
        for capture in reversed(earlier):
            if held.isdisjoint(pages := _pages_in([capture])):
                reading.insert(0, capture)
                held |= pages
    return readings


def _is_early(captures: list[_Capture], number: int, reading: list[_Capture], held: set[tuple[bool, int]]) -> bool:
    """Whether a page comes long after the reading, and soon before that one's first page comes again.

    Servers' clocks differ, and so do the ages of what a cache holds. Some crawlers capture the AMP page first; one
    that comes once more is with the later capture.
    """
    capture = captures[number]
    if capture.captured_at - reading[-1].captured_at < _SOON:
        return False
    is_first, pages, is_early = _is_first_page(capture), _pages_in([capture]), False
    for later in islice(captures, number + 1, number + 1 + _MAX_AHEAD):
        if later.captured_at - capture.captured_at >= _SOON:
            break
        if is_first and not pages.isdisjoint(_pages_in([later])):
            return False
        is_early = is_early or (_is_first_page(later) and not held.isdisjoint(_pages_in([later])))
    return is_early


def _shows_edit(capture: _Capture, reading: list[_Capture], article_in: Callable[[_Capture], Article | None]) -> bool:
    """Whether a first page was captured long after the reading, and shows an edit of the text made in between."""
    is_soon = capture.captured_at - reading[-1].captured_at < _SOON
    return not is_soon and _states_edit_since(reading, [capture], article_in)


def _states_edit_since(
    reading: list[_Capture], later_reading: list[_Capture], article_in: Callable[[_Capture], Article | None]
) -> bool:
    """Whether a later reading's first page shows an edit of the text that it states was made in between."""
    last_capture = reading[-1].captured_at
    first, capture = (next(filter(_is_first_page, one), None) for one in (reading, later_reading))
    if first is None or capture is None:
        return False
    later = article_in(capture)  # which says most often that there is no edit: the other page need not be read
    edited = parse_utc(later.modified_at) if later is not None else None
    if later is None or edited is None or edited <= last_capture:
        return False
    earlier = article_in(first)
    if earlier is None or content_hash(earlier) == content_hash(later):
        return False
    return states_later_edit(later, earlier)


def first_pages_of(reading: list[_Capture]) -> list[_Capture]:
    """Return the first pages of a reading: the canonical one, from which it is read, and the AMP page, if captured."""
    first_pages = list(filter(_is_first_page, reading))
    views = (next((page for page in first_pages if urls.is_amp(page.url) is is_amp), None) for is_amp in (False, True))
    return [page for page in views if page is not None]


def _pages_in(captures: list[_Capture]) -> set[tuple[bool, int]]:
    return {page_at(url) for capture in captures for url in capture.page_urls}


def _is_first_page(capture: _Capture) -> bool:
    return any(number == 1 for _, number in _pages_in([capture]))


def page_at(url: str) -> tuple[bool, int]:
    """Return what identifies a page within its article: whether it is an AMP page, and its number."""
    return urls.is_amp(url), urls.page_number(url)


def without_failed(captures: list[_Capture], failed: Callable[[_Capture], bool]) -> list[_Capture]:
    """Leave out failed captures of a page that has a better one; if all of them failed, keep the last."""
    pages = [_pages_in([capture]) for capture in captures]
    counts = Counter(page for own in pages for page in own)
    bad = [
        any(counts[page] > 1 for page in own) and failed(capture) for own, capture in zip(pages, captures, strict=True)
    ]
    usable = {page for own, is_bad in zip(pages, bad, strict=True) if not is_bad for page in own}
    return [
        capture
        for number, capture in enumerate(captures)
        if not bad[number] or (not pages[number] <= usable and pages[number] not in pages[number + 1 :])
    ]


def _once(captures: list[_Capture]) -> list[_Capture]:
    """Leave out captures that are there twice, as where recordings overlap."""
    found: dict[tuple[datetime, bool, str, int, int], _Capture] = {}
    for capture in captures:
        found.setdefault(identity(capture), capture)
    return list(found.values())


def is_failed(url: str, body: bytes) -> bool:
    """Whether a crawl would have retried this page: it is empty, cut short, a refusal, or WordPress out of order."""
    response = HtmlResponse(url, body=body)
    return not body.strip() or cut_short(response) or refusal(response) is not None or out_of_order(response)


def _cannot_be_used(archive: Archive, capture: Recorded) -> bool:
    try:
        return is_failed(capture.url, archive.read(capture)[1])
    except RecordingError:
        return True


def _evidence_about(captures: list[_Capture], evidence: dict[str, list[ListEvidence]]) -> list[ListEvidence]:
    """Return what is said about an article, from evidence by ``urls.article_key``."""
    permalinks = dict.fromkeys(urls.article_key(capture.url) for capture in captures)
    found = (item for permalink in permalinks for item in evidence.get(permalink, ()))
    return sorted(found, key=_evidence_order)


def _evidence_order(item: ListEvidence) -> tuple[datetime, int, int, tuple[str, ...]]:
    """Return the sort key of evidence: by time; then by what it says, whatever the order of the files."""
    ref = item.ref
    said = ref.published_at, ref.modified_at, ref.published_raw, ref.listed_at, ref.url
    return item.captured_at, item.rank, ref.id or 0, tuple(text or "" for text in said)


def _evidence(archive: Archive, site: str) -> dict[str, list[ListEvidence]]:
    """Return what the sources in a recording say, by ``urls.article_key``."""
    evidence: dict[str, list[ListEvidence]] = {}
    for record in archive.records:
        if record.original is None and may_list(record.url, record.status, record.content_type, site):
            with suppress(RecordingError):
                body = archive.read(record)[1]
                for item in read_listed(record.url, body, site, record.captured_at):
                    evidence.setdefault(urls.article_key(item.ref.url), []).append(item)
    return evidence
