"""Decides what a fresh reading of an article is: new, an edit, a better reading, or unchanged. Pure rules, no I/O.

Edits by the publisher increment ``revision``. A better view, a newer extractor, a new URL or a later modification time
without a new text give a line with ``reread``, and so does an article that is back on the site. Views, best first:
canonical and AMP page merged, the canonical page alone, both with the AMP page's text, the AMP page alone. The first
two are one view as far as the canonical page gives the text. Any whole view is better than one that lacks pages of a
long post or is cut off. After an edit that spares the text, or with a new URL on the site, the canonical page will do:
if the site has given up its AMP pages, nothing better will come.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import time, timedelta
from typing import Literal, NamedTuple

from ifp_scraper import urls
from ifp_scraper.dates import SITE_ZONE, parse_utc, same_but_for_clock_fault
from ifp_scraper.items import Article, content_hash
from ifp_scraper.merge import is_incomplete

_EDITED = ("headline", "lead", "blocks", "byline", "sections", "tags")
"""Fields in which a difference is an edit, if both readings are of the same view."""

_VOLATILE = {
    "schema_version",
    "aliases",
    "recent_posts",
    "fetched_at",
    "fetched_url",
    "html_sha256",
    "revision",
    "reread",
    "duplicate_of",
    "extractor_version",
}
"""Fields that differ from capture to capture, or that ``decide`` sets."""

_COMPARED = tuple(f.name for f in fields(Article) if f.name not in _VOLATILE)
"""Fields in which a difference is worth a line."""


class Decision(NamedTuple):
    """The outcome of one reading of an article."""

    outcome: Literal["new", "revised", "reread", "unchanged"]
    """``unchanged`` means that no line is written."""

    article: Article
    """The line to write, with revision, reread and aliases set; if unchanged, the last line as it is."""


class Seen(NamedTuple):
    """When captures of an article were made from which its lines were read; RFC 3339 in UTC."""

    at: str | None
    """The latest; None if it is that of the last line."""

    before_edit: str | None = None
    """The latest of those that earlier revisions were read from; None if there are none."""


_AS_LAST_LINE = Seen(None)


def decide(last: Article | None, article: Article, *, recorded: bool = False, seen: Seen = _AS_LAST_LINE) -> Decision:
    """Compare a fresh reading with the article's last line; neither argument is changed.

    If the reading lacks the id, the AMP URL or the publication time, that of the last line is kept; so is the
    modification time in a line with ``reread``.

    Args:
        last: the last line of the same article; None if there is none.
        article: the reading, complete except for ``revision`` and ``reread``; its status is ``published``.
        recorded: whether it is from a recording, which may hold the article at any permalink that the site ever used.
        seen: when the captures were made that the article's lines are of.
    """
    if last is None:
        return Decision("new", _line(article, revision=1, reread=False))
    article = _carry(last, article)
    compared = _Comparison.of(last, article, seen)
    if _is_edit(last, article, compared):
        return Decision("revised", _line(article, revision=last.revision + 1, reread=False))

    # An earlier URL, which may still redirect, is not a change.
    is_same = urls.same_slug if recorded else urls.same_article
    moved = not compared.stale and not any(is_same(article.url, url) for url in (last.url, *last.aliases))
    # If the site has given up its AMP pages, an edit or a new URL would else never be written, and every run would
    # fetch the article again. From a recording, which may just not hold the AMP page, nothing is fetched.
    suffices = compared.later or (moved and not recorded)
    as_good = compared.quality >= compared.quality_before or (suffices and compared.quality >= _ALL_OF_CANONICAL_PAGE)
    loses_text = "body-from-amp" in last.warnings and not article.blocks
    replaces = as_good and not compared.older_extractor and not loses_text
    if last.status == "gone":
        if compared.earlier or not _later(article.fetched_at, last.fetched_at, unknown=True):
            return Decision("unchanged", last)
        back = article if replaces else replace(last, status="published", aliases=article.aliases)
        return Decision("reread", _line(back, revision=last.revision, reread=True))

    # A new or later modification time must be written, or every run would fetch the article again.
    dated = compared.later or (not compared.stale and last.modified_at is None and article.modified_at is not None)
    # Older captures are read again, too, by a newer extractor or in another order: theirs are earlier lines.
    is_upgrade = compared.newer_extractor and not compared.stale
    is_of_earlier_line = compared.stale and (
        compared.of_earlier_revision or _differ(last, article, _of_canonical_page(last, article))
    )
    improves = is_upgrade or (compared.quality > compared.quality_before and not is_of_earlier_line)
    if replaces and not compared.earlier and (improves or dated or moved) and _differ(last, article, _COMPARED):
        # Of the same revision, the time stays: without it, readings from before the edit would pass for later ones.
        article.modified_at = article.modified_at or last.modified_at
        return Decision("reread", _line(article, revision=last.revision, reread=True))
    return Decision("unchanged", last)


class _Quality(NamedTuple):
    """How good a reading is: the greater, the better."""

    is_whole: bool
    """Whether all pages of the post were read to the end."""

    view: float
    """See ``view_rank``; of both pages with the AMP page's text, it is between those of these pages alone."""

    @classmethod
    def of(cls, article: Article) -> _Quality:
        view = _FROM_AMP if "body-from-amp" in article.warnings else view_rank(article.layout)
        return cls(not is_incomplete(article), view)


_FROM_AMP = 0.5

_ALL_OF_CANONICAL_PAGE = _Quality(is_whole=True, view=_FROM_AMP)


class _Comparison(NamedTuple):
    """How a reading compares with the article's last line."""

    newer_extractor: bool
    older_extractor: bool

    quality: _Quality

    quality_before: _Quality
    """That of the last line."""

    later: bool
    """See ``states_later_edit``."""

    earlier: bool
    """Whether the last line does so."""

    stale: bool
    """Whether it is of an earlier state: recordings may be read in any order, and an older capture is no edit."""

    of_earlier_revision: bool
    """Whether it is of a state before the last edit: the text may be the same if that took back an earlier one."""

    @classmethod
    def of(cls, last: Article, article: Article, seen: Seen) -> _Comparison:
        version, version_before = _version(article.extractor_version), _version(last.extractor_version)
        earlier = states_later_edit(last, article)
        return cls(
            newer_extractor=version > version_before,
            older_extractor=version < version_before,
            quality=_Quality.of(article),
            quality_before=_Quality.of(last),
            later=states_later_edit(article, last),
            earlier=earlier,
            stale=earlier or _later(seen.at or last.fetched_at, article.fetched_at),
            of_earlier_revision=not _later(article.fetched_at, seen.before_edit, unknown=True),
        )


def _is_edit(last: Article, article: Article, compared: _Comparison) -> bool:
    """Whether the publisher has edited the article since its last line was read."""
    if compared.older_extractor:
        return False
    if not compared.newer_extractor:
        if article.layout == last.layout and compared.quality == compared.quality_before:
            is_later_edit = compared.later and not _names_day_of_edit(last, article)
            return is_later_edit or (not compared.stale and _differ(last, article, _EDITED))
        if not compared.stale and _differ(last, article, _of_canonical_page(last, article)):
            return True
    return compared.later and content_hash(last) != content_hash(article)


def _names_day_of_edit(last: Article, article: Article) -> bool:
    """Whether the last line only has the day of the edit that the reading states, from a sitemap that prints days.

    The first moment of a day in Tehran stands for it.
    """
    day, edited = parse_utc(last.modified_at), parse_utc(article.modified_at)
    if day is None or edited is None or day.astimezone(SITE_ZONE).time() != time.min:
        return False
    return edited - day < timedelta(days=1)


def _of_canonical_page(last: Article, article: Article) -> tuple[str, ...]:
    """Return the fields that two whole readings both have from the canonical page, also if one has an AMP page, too.

    That page gives what it has, the AMP page the rest (``merge.merge_views``), which may be of another design.
    """
    one, other = sorted((last, article), key=_Quality.of)
    views = one.layout.split("+"), other.layout.split("+")
    is_of_other_pages = views[0][0] != views[1][0] or (len(views[0]) > 1 and views[0] != views[1])
    is_from_amp = "body-from-amp" in (*one.warnings, *other.warnings)
    if is_of_other_pages or is_from_amp or not _Quality.of(one).is_whole:
        return ()
    return tuple(name for name in _EDITED if getattr(one, name))


def states_later_edit(article: Article, other: Article) -> bool:
    """Whether a reading states an edit after that which another one states, or, if it states none, after its capture.

    Up to 2019, an AMP page that does not say which version of the plugin made it may state local time as UTC.
    """
    edited, shown = parse_utc(article.modified_at), parse_utc(other.modified_at or other.fetched_at)
    if edited is None or shown is None or edited <= shown:
        return False
    if article.layout == other.layout or view_rank(article.layout) > 0 or (article.fetched_at or "") >= "2020":
        return True
    if other.modified_at is not None:
        return not same_but_for_clock_fault(shown, edited)
    return edited - (edited.astimezone(SITE_ZONE).utcoffset() or timedelta(0)) > shown


def view_rank(layout: str) -> int:
    """Return the rank of a layout's view: 2 for both pages, 1 for the canonical page, 0 for AMP or unknown."""
    if "+" in layout:
        return 2
    return 0 if not layout or layout.startswith("amp-") else 1


def _line(article: Article, *, revision: int, reread: bool) -> Article:
    """Return the article as a line to write; aliases are unique, and do not include its own URL."""
    own = {article.url, article.amp_url}
    aliases = [url for url in dict.fromkeys(article.aliases) if url not in own]
    return replace(article, revision=revision, reread=reread, aliases=aliases)


def _carry(last: Article, article: Article) -> Article:
    """Return the reading, with what it lacks taken from the last line."""
    article = replace(
        article,
        id=last.id if article.id is None else article.id,
        amp_url=article.amp_url or last.amp_url,
        aliases=[*last.aliases, last.url, *article.aliases],
    )
    if article.published_at is None and last.published_at is not None:
        article.published_at = last.published_at
        article.published_raw = last.published_raw
        article.published_source = last.published_source
        article.warnings = [warning for warning in article.warnings if warning != "no-date"]
    return article


def _differ(last: Article, article: Article, names: tuple[str, ...]) -> bool:
    return any(getattr(last, name) != getattr(article, name) for name in names)


def _later(one: str | None, other: str | None, *, unknown: bool = False) -> bool:
    """Whether one time is after another; ``unknown`` is returned if either is not known."""
    # RFC 3339 in UTC with whole seconds sorts as text.
    return unknown if one is None or other is None else one > other


def _version(text: str) -> tuple[int, ...]:
    match = re.match(r"\d+(\.\d+)*", text)
    numbers = [int(number) for number in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
