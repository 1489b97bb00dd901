"""The Recent Posts box on AMP pages: other articles, and how old it says they are (MARKUP.md 3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from ifp_scraper import urls
from ifp_scraper.dates import CLOCK_READING, MAX_TIME_LENGTH, ago_interval, format_utc, read_ago, read_printed_date
from ifp_scraper.items import RecentPost
from ifp_scraper.pages.article import Capture
from ifp_scraper.pages.cached import LargeBytes
from ifp_scraper.pages.document import Document, parse
from ifp_scraper.pages.inline import label_text
from ifp_scraper.pages.tree import Element, Tree

MAX_ENTRIES = 100
"""Maximum number of entries read, as each may have an age of its own, which dateparser reads; real boxes have six."""

_AGE = re.compile(
    r"(?:(?!in\b|half\b|updated|modified|edited)[^\d\s]{1,20} ){0,3}"
    r"(?:an?|(\d{1,4})) ((?:second|min|minute|hour|day|week|month|year)s?)"
    r"(?! (?:later|from)\b)(?: [^\d\s]{1,20}){0,2}",
    re.IGNORECASE,
)
"""Options of the plugin change the word "ago" and what surrounds it ("Published % days ago"); the units are
WordPress's, whose translations may have "an hour". "From now" is not an age, and the age of an edit is not the
article's."""

_PERSIAN_UNITS = {
    "ثانیه": "second",
    "دقیقه": "min",
    "ساعت": "hour",
    "روز": "day",
    "هفته": "week",
    "ماه": "month",
    "سال": "year",
}
_PERSIAN_AGE = re.compile(rf"(\d{{1,4}}) ({'|'.join(_PERSIAN_UNITS)}) (?:پیش|قبل)")


def read_recent_posts(
    document: Document, capture: Capture, article_url: str, entries: str, title: str
) -> list[RecentPost]:
    """Read the Recent Posts entries that have a linked headline; not ads in their form, which lead to other sites.

    Args:
        document: the page.
        capture: where and when it was captured; ages count back from then.
        article_url: the article's own.
        entries: selects the entries.
        title: class of an entry's headline element, which differs between designs.
    """
    box = document.recent_posts
    if box is not None:
        printed = _entries_of_box(LargeBytes(box), entries, title)
    else:
        printed = _entries_in(document.tree, entries, title)
    posts = [post for entry in printed if (post := _recent_post(entry, capture))]
    site = urls.host(article_url)
    return [post for post in posts if urls.host(post.url) == site] or posts  # a copy may name the site as it was


class _Entry(NamedTuple):
    """A Recent Posts entry as printed."""

    headline: str
    link: str
    excerpt: str | None
    section: str | None
    published_raw: str | None


@lru_cache(maxsize=256)
def _entries_of_box(box: LargeBytes, entries: str, title: str) -> list[_Entry]:
    """Read a box that was set aside; all pages of a day have the same one."""
    return _entries_in(Tree(parse(box)), entries, title)


def _entries_in(tree: Tree, entries: str, title: str) -> list[_Entry]:
    """Read the entries that have a linked headline."""
    printed = []
    for element in tree.find(entries)[:MAX_ENTRIES]:
        entry = Tree(element)
        links = entry.find(f".{title} a")
        if links and (address := links[0].get("href")):
            printed.append(
                _Entry(
                    headline=label_text(links[0]),
                    link=address,
                    excerpt=_excerpt(entry.find(".loop-excerpt") or entry.find("p")),  # old versions have no class
                    section=_first_line(entry.find(".loop-category li")),
                    published_raw=_first_line(entry.find(".loop-date")),
                )
            )
    return printed


def _excerpt(elements: list[Element]) -> str | None:
    """Return an excerpt without an optional "Read More" link; WordPress has removed any other link."""
    text = _first_line(elements)
    if text is None:
        return None
    link = next(elements[0].iter("a"), None)
    return text if link is None else text.removesuffix(label_text(link)).rstrip() or None


def _first_line(elements: list[Element]) -> str | None:
    return (label_text(elements[0]) or None) if elements else None


def _recent_post(entry: _Entry, capture: Capture) -> RecentPost | None:
    """Make the record of an entry; None if its link is unusable."""
    url = urls.absolute_http(capture.url, entry.link)
    if url is None:
        return None
    post = RecentPost(entry.headline, urls.canonical(url), entry.excerpt, entry.section, entry.published_raw)
    if entry.published_raw and len(entry.published_raw) <= MAX_TIME_LENGTH:
        times = _read_age(entry.published_raw, capture.captured_at, capture.age)
        post.published_at, post.published_earliest, post.published_latest = times
    return post


@lru_cache(maxsize=256)
def _read_age(words: str, captured_at: datetime | None, age: timedelta) -> tuple[str | None, str | None, str | None]:
    """Read a printed age or date as the likeliest, the earliest and the latest instant.

    An age that WordPress never prints ("8 days ago") has no such interval. Without a capture time, no age is read.
    """
    if persian := _PERSIAN_AGE.fullmatch(words):
        words = f"{int(persian[1])} {_PERSIAN_UNITS[persian[2]]}s ago"
    age_printed = _AGE.fullmatch(words)
    if age_printed:
        words = f"{age_printed[1] or 1} {age_printed[2]} ago"
    if captured_at is not None and (interval := ago_interval(words, captured_at, age)):
        likeliest = read_ago(words, captured_at)
    elif printed := read_printed_date(words):  # the "traditional" option: site-local, to the minute
        likeliest, last = printed
        interval = likeliest - CLOCK_READING, last + CLOCK_READING
    else:
        likeliest = read_ago(words, captured_at) if captured_at is not None and age_printed else None
        return format_utc(likeliest), None, None
    return format_utc(likeliest), format_utc(interval[0]), format_utc(interval[1])
