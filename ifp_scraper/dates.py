"""Reads times: undoes the faults of the site's clocks, turns "12 hours ago" into an interval (MARKUP.md 2, 3).

Every instant is an aware ``datetime`` in UTC with whole seconds. Nothing here reads a clock: the capture time, from
which "ago" counts, is an argument.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import overload
from unicodedata import decimal
from zoneinfo import ZoneInfo

import dateparser

SITE_ZONE = ZoneInfo("Asia/Tehran")
"""Time zone of the site's WordPress (FACTS.md; the samples agree)."""

_TEHRAN = timedelta(hours=3, minutes=30), timedelta(hours=4, minutes=30)
"""Its UTC offsets: in winter, and in the summers up to 2022."""

CLOCK_READING = timedelta(seconds=2)
"""How far apart two clocks that show seconds may be; widens every interval at both ends."""

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
"""What software prints for a time that it does not have, if it is not year 0."""

MAX_TIME_LENGTH = 60
"""Maximum length of a printed time: dateparser takes seconds for thousands of characters, and results are cached."""

_ANY_ZONE = {"TIMEZONE": "UTC"}
"""For dateparser: else it asks for the machine's zone, and fails if ``TZ`` is one that only C knows: ``UTC0``."""

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ISO = re.compile(r"\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?\s*", re.IGNORECASE)

_TIMESTAMP = re.compile(r"(\d{10})(?:\d{3}){0,2}(?:\.\d*)?")
"""Seconds since 1970, perhaps with a fraction: for these, dateparser always asks for the machine's zone."""

_DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b")
_MAY_BEGIN_WITH_YEAR = re.compile(r"\d{1,2}[/.-](?:0?\d|1[0-2])[/.-]\d{1,2}(?!\d)")
"""As "24-05-06", of 2024 or 2006."""

_FIRST_YEAR = 1990
"""An earlier year that a user types is of the Persian calendar, as 1403, or a slip."""

_OFFSET = re.compile(r"(?<=:\d\d)\s*(?:GMT|UTC)?([+-])(\d\d?)(?::?(\d\d))?\b")
"""An offset that ``email.utils`` would read only with four digits, without a colon, and without a name before it."""

_UNREAD_ZONE = re.compile(r":\d\d\s*(?!-0000\b|[12]\d{3}\b)[^\s:]")
"""What follows a time, except UTC and a year."""

_NO_YEAR = re.compile(r"\s(?:-\d+|0000)\s+\d\d?:")
"""What WordPress prints for a post without a time: ``Wed, 30 Nov -0001 00:00:00 +0000``."""


@overload
def format_utc(instant: datetime) -> str: ...
@overload
def format_utc(instant: None) -> None: ...
def format_utc(instant: datetime | None) -> str | None:
    """Return RFC 3339 in UTC with ``Z`` and whole seconds, e.g. ``2017-12-11T14:55:08Z``; None stays None."""
    if instant is None:
        return None
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat()[:19] + "Z"


@overload
def parse_utc(text: str) -> datetime: ...
@overload
def parse_utc(text: None) -> None: ...
def parse_utc(text: str | None) -> datetime | None:
    """Parse the output of ``format_utc``; None stays None.

    Raises:
        ValueError: if it is anything else.
    """
    if text is None:
        return None
    if _UTC.fullmatch(text) is None:
        raise ValueError(f"not RFC 3339 in UTC with whole seconds: {text!r}")
    return datetime.fromisoformat(text)


def read_iso(text: str | None) -> datetime | None:
    """Read an ISO 8601 time as printed: aware if it has an offset, else naive; None for anything else."""
    return _read_iso(text) if text and len(text) <= MAX_TIME_LENGTH else None


@lru_cache(maxsize=1024)  # a page prints the same time repeatedly
def _read_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        return datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError:
        return None


def is_to_the_minute(text: str) -> bool:
    """Whether this is an ISO 8601 time without seconds, as The SEO Framework prints it."""
    match = _ISO.fullmatch(text[:MAX_TIME_LENGTH])
    return match is not None and match[2].count(":") == 1


def _in_utc(instant: datetime) -> datetime | None:
    # Outside these years it is not a date, and time zone arithmetic would overflow.
    if not 1900 <= instant.year <= 2999:
        return None
    instant = instant.astimezone(UTC)
    return instant if abs(instant - _ZERO) >= timedelta(days=1) else None  # zero, on the clock of any zone


def read_instant(text: str | None) -> datetime | None:
    """Read an ISO 8601 time whose offset is correct; None for anything else.

    For REST's ``*_gmt`` (no offset means UTC), SEO plugins and sitemaps.
    """
    printed = read_iso(text)
    if printed is None:
        return None
    return _in_utc(printed if printed.tzinfo else printed.replace(tzinfo=UTC))


def read_zoned(text: str | None) -> datetime | None:
    """Read an ISO 8601 time with an offset; None for anything else, as there is no telling whose clock it is."""
    printed = read_iso(text)
    return _in_utc(printed) if printed is not None and printed.tzinfo is not None else None


def read_utc_clock(text: str | None) -> datetime | None:
    """Read an ISO 8601 time whose clock is UTC, whatever offset is printed with it; None for anything else."""
    printed = read_iso(text)
    return _in_utc(printed.replace(tzinfo=UTC)) if printed is not None else None


def read_http_date(text: str | None) -> datetime | None:
    """Read an RFC 5322 date (a feed's pubDate, an HTTP Date header); None for anything else."""
    if not text or len(text) > MAX_TIME_LENGTH or _NO_YEAR.search(text):
        return None
    try:
        instant = parsedate_to_datetime(_OFFSET.sub(_in_four_digits, text))
    except (ValueError, OverflowError):
        return None
    if instant.tzinfo is None and _UNREAD_ZONE.search(text):  # such as a name that only few know, or AM or PM
        return None
    return _in_utc(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def _in_four_digits(offset: re.Match[str]) -> str:
    return f" {offset[1]}{offset[2]:0>2}{offset[3] or '00'}"


def read_theme_time(text: str | None, offset: timedelta | None = None) -> datetime | None:
    """Read the Newspaper theme's ``time[datetime]`` and ``meta[itemprop]``.

    tagDiv prints the site's LOCAL clock with ``+00:00`` (``date(DATE_W3C, get_the_time('U'))``, MARKUP.md 2.2);
    any other offset is correct as printed.

    Args:
        text: the printed time.
        offset: the site's offset, if the page prints one that is not Tehran's (another publisher's site).
    """
    printed = read_iso(text)
    if printed is None:
        return None
    if printed.utcoffset():
        return _in_utc(printed)
    if offset and offset not in _TEHRAN:
        return _in_utc(printed.replace(tzinfo=timezone(offset)))
    return _in_utc(printed.replace(tzinfo=SITE_ZONE))


def read_amp_json_ld(
    text: str | None, plugin_version: tuple[int, ...] | None, *, utc_since: tuple[int, ...] = (0, 9, 97, 57)
) -> datetime | None:
    """Read AMPforWP's JSON-LD date, and Design 1's ``time[datetime]``.

    The UTC clock is printed with the SITE's offset (``mysql2date('c', post_date_gmt)``, MARKUP.md 2.1), so the
    offset is ignored. Before plugin version ``utc_since``, it was the LOCAL clock with ``+00:00``.
    """
    if plugin_version is not None and plugin_version < utc_since:
        printed = read_iso(text)
        if printed is not None and not printed.utcoffset():
            return _in_utc(printed.replace(tzinfo=SITE_ZONE))
    return read_utc_clock(text)


def same_local_clock(one: datetime, other: datetime) -> bool:
    """Whether the site's clock shows the same at both: they are equal, or an hour apart as summer time ended."""
    return one.astimezone(SITE_ZONE).replace(tzinfo=None) == other.astimezone(SITE_ZONE).replace(tzinfo=None)


def same_but_for_clock_fault(better: datetime, worse: datetime) -> bool:
    """Whether two instants are equal except for a known fault: the site's own offset added or left out.

    In the hour repeated when summer time ended, up to 2022, a local clock does not say which one it means.
    """
    if better == worse or same_local_clock(better, worse):  # usually they are equal
        return True
    offset = better.astimezone(SITE_ZONE).utcoffset() or timedelta(0)
    return any(abs(worse - better - shift) <= CLOCK_READING for shift in (timedelta(0), offset, -offset))


# -- "N units ago": human_time_diff(), wp-includes/formatting.php -------------------------------------------

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_WEEK, _MONTH, _YEAR = 7 * _DAY, 30 * _DAY, 365 * _DAY

# unit: (its length, start of its bracket, end of its bracket), in seconds. The bracket is chosen before rounding.
# Before WordPress 5.3 there were no seconds, and minutes started at 0.
_BRACKETS: dict[str, tuple[int, int, float]] = {
    "second": (1, 0, _MINUTE),
    "min": (_MINUTE, 0, _HOUR),
    "hour": (_HOUR, _HOUR, _DAY),
    "day": (_DAY, _DAY, _WEEK),
    "week": (_WEEK, _WEEK, _MONTH),
    "month": (_MONTH, _MONTH, _YEAR),
    "year": (_YEAR, _YEAR, float("inf")),
}
_CALENDAR = re.compile("month|year", re.IGNORECASE)
_ANY_DAY = date(2001, 1, 1)
_ABOUT_A_DAY = timedelta(days=1) + CLOCK_READING
_HAS_YEAR = re.compile(r"(?<!\d)(?<!\d[./-])\d{4}(?!\d)")
"""A year that is not the last of three numbers: 06/05/2024 may be in May or in June."""

_AGO = re.compile(r"\s*(\d{1,4})\s+(second|min|hour|day|week|month|year)(?:(?<=min)ute)?s?\s+ago\s*", re.IGNORECASE)


def ago_bounds(words: str) -> tuple[float, float] | None:
    """Return the range of ages in seconds, ``[low, high)``, that WordPress prints as these words.

    >>> ago_bounds("12 hours ago")  # 11.5 to 12.5 hours
    (41400.0, 45000.0)
    >>> ago_bounds("1 hour ago")    # the bracket of hours begins at 1: 60 to 90 minutes
    (3600.0, 5400.0)
    """
    match = _AGO.fullmatch(words)
    if match is None:
        return None
    count = int(match[1])
    length, begin, end = _BRACKETS[match[2].lower()]
    if length == 1:  # seconds are not rounded; 0 is printed as 1
        low, high = (0.0 if count <= 1 else float(count)), float(count + 1)
    else:
        low, high = (count - 0.5) * length, (count + 0.5) * length
        if count == 1:
            low = 0.0
    low, high = max(low, float(begin)), min(high, end)
    return (low, high) if low < high else None


@lru_cache(maxsize=4096)
def _ago_by_dateparser(words: str, day: date) -> timedelta | None:
    """Return how long before a moment of this day the words point; cached, as dateparser takes over a millisecond."""
    if len(words) > MAX_TIME_LENGTH:
        return None
    base = datetime(day.year, day.month, day.day)
    read = dateparser.parse(words, languages=["en"], settings={**_ANY_ZONE, "RELATIVE_BASE": base})
    return base - read if read else None


def read_ago(words: str, captured_at: datetime) -> datetime | None:
    """Count "12 hours ago" back from the capture time: the likeliest instant; None if it cannot be read."""
    # The length of months and years depends on the day; shorter units do not.
    day = captured_at.date() if _CALENDAR.search(words) else _ANY_DAY
    try:
        taken = _ago_by_dateparser(words, day)
        return captured_at - taken if taken is not None else None
    except OverflowError:
        return None


@lru_cache(maxsize=1024)
def _ago_reach(words: str) -> tuple[timedelta, timedelta] | None:
    """Return the most and the least that the words can subtract from a capture time."""
    bounds = ago_bounds(words)
    if bounds is None:
        return None
    return timedelta(seconds=bounds[1]) + CLOCK_READING, timedelta(seconds=bounds[0]) - CLOCK_READING


def ago_interval(words: str, captured_at: datetime, age: timedelta) -> tuple[datetime, datetime] | None:
    """Return the earliest and the latest instant that the words allow; None if they are not an age.

    The plugin subtracts what the site's clock shows (MARKUP.md 3). If summer time has begun or ended within a day, as
    up to 2022, that is an hour more or less than has passed, unless WordPress has a fixed offset: both are allowed.

    Args:
        words: e.g. ``12 hours ago``.
        captured_at: what the words count from.
        age: how long a cache had held the page (Age header); widens the interval, on the other side if negative.
    """
    reach = _ago_reach(words)
    if reach is None:
        return None
    most, least = reach
    none = timedelta(0)
    try:
        earliest, latest = captured_at - most, captured_at - least
        if most <= _ABOUT_A_DAY:
            shown = captured_at.astimezone(SITE_ZONE)  # Python, too, subtracts what the clock shows
            earliest = min(earliest, (shown - most).astimezone(UTC))
            latest = max(latest, (shown - least).astimezone(UTC))
        return earliest + min(age, none), latest + max(age, none)
    except OverflowError:
        return None


@lru_cache(maxsize=1024)
def read_printed_date(words: str) -> tuple[datetime, datetime] | None:
    """Read AMPforWP's "traditional" date, e.g. ``December 11, 2017 18:25``: the site's clock, to the minute.

    Returns:
        The first and the last instant of that minute (of that day, if no time is printed); None for other words.
    """
    if len(words) > MAX_TIME_LENGTH or _HAS_YEAR.search(words) is None:
        return None
    # Other parsers would count "in 2024 minutes" from now.
    settings = {**_ANY_ZONE, "STRICT_PARSING": True, "PARSERS": ["absolute-time"]}
    read = dateparser.parse(words, languages=["en"], settings=settings)
    if read is None:
        return None
    first = read.replace(tzinfo=read.tzinfo or SITE_ZONE, second=0, microsecond=0)
    if _in_utc(first) is None:
        return None
    span = timedelta(seconds=59) if re.search(r"\d:\d\d", words) else timedelta(days=1, seconds=-1)
    # fold: of the hour repeated when summer time ended, the second.
    return first.astimezone(UTC), (first + span).replace(fold=1).astimezone(UTC)


def read_user_date(text: str, now: datetime) -> datetime:
    """Read a date that a user typed: ISO, or anything dateparser reads; without a zone, it is Tehran's.

    A bare date is midnight in Tehran, a year or a month its first day; words ("3 days ago") count from ``now``.

    Raises:
        ValueError: if it cannot be read, has two readings, or is of another calendar.
    """
    text = "".join(str(decimal(char, char)) for char in text.strip())  # Persian digits are read, too
    if len(text) > MAX_TIME_LENGTH:
        raise ValueError(f"{text[:MAX_TIME_LENGTH]!r}... is too long")
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if re.match(r"\d{4}-\d\d-\d\d", text):
        date.fromisoformat(text[:10])  # raises; dateparser would read 2024-13-05 as May 13
    if _MAY_BEGIN_WITH_YEAR.match(text):
        raise ValueError("the year needs four digits")
    found = _DAY_OR_MONTH_FIRST.match(text)
    if found and int(found[1]) != int(found[2]) and max(int(found[1]), int(found[2])) <= 12:
        raise ValueError("the day or the month may come first")
    read = _read_user_date(text, now)
    if read is None or re.fullmatch(r"\d{1,3}", text):
        raise ValueError("it was not understood")
    if read.year < _FIRST_YEAR:
        raise ValueError(f"{read.year} is long before the site; years are Gregorian")
    return read.astimezone(UTC)


def _read_user_date(text: str, now: datetime) -> datetime | None:
    printed = read_iso(text) or read_iso(f"{text}T00:00")
    if printed is not None:
        return printed.replace(tzinfo=printed.tzinfo or SITE_ZONE)
    if seconds := _TIMESTAMP.fullmatch(text):
        return datetime.fromtimestamp(int(seconds[1]), UTC)
    # "first" would also turn "2 months ago" into the first day of that month.
    missing = "current" if re.search(r"\bago\b", text, re.IGNORECASE) else "first"
    return dateparser.parse(
        text,
        languages=["en"],
        settings={
            "RELATIVE_BASE": now.astimezone(SITE_ZONE).replace(tzinfo=None),
            "TIMEZONE": SITE_ZONE.key,
            "RETURN_AS_TIMEZONE_AWARE": True,
            "PREFER_DAY_OF_MONTH": missing,
            "PREFER_MONTH_OF_YEAR": missing,
        },
    )
