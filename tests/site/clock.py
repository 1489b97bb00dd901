"""The clocks of a WordPress site in Tehran, with the faults that themes and plugins add (MARKUP.md 2 and 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

TEHRAN = ZoneInfo("Asia/Tehran")


def utc_text(instant: datetime) -> str:
    """2017-12-11T14:55:08Z, as in this project's records."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """WordPress's ``post_date``: the site's wall clock, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


def naive_utc(instant: datetime) -> datetime:
    """WordPress's ``post_date_gmt``."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def seo_time(instant: datetime) -> str:
    """Yoast, Rank Math, sitemaps, Atom: correct."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def core_time(instant: datetime, zone: ZoneInfo) -> str:
    """What core and the Twenty Something themes print: local clock, correct offset."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def theme_time(instant: datetime, zone: ZoneInfo) -> str:
    """tagDiv's fault: the local clock with +00:00."""
    return f"{local(instant, zone):%Y-%m-%dT%H:%M:%S}+00:00"


def amp_time(instant: datetime, zone: ZoneInfo, plugin: str, wordpress: str) -> str:
    """What AMPforWP prints in JSON-LD and Design 1: ``mysql2date('c', post_date_gmt)``.

    From WordPress 5.3 on, the UTC clock with the offset that the site's zone has at that clock time. A time skipped
    at the start of summer time is moved on by an hour, as in PHP. Before plugin 0.9.97.57: the local clock, +00:00.
    """
    if numbers(plugin) < (0, 9, 97, 57):
        return theme_time(instant, zone)
    if numbers(wordpress) < (5, 3):
        return seo_time(instant)
    misread = naive_utc(instant).replace(tzinfo=zone)
    return misread.astimezone(UTC).astimezone(zone).isoformat(timespec="seconds")


def clock_is_skipped(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the UTC clock time does not exist in the site's zone, so that ``amp_time`` loses the true time."""
    return amp_time(instant, zone, "1.1.13", "6.1")[:19] != f"{naive_utc(instant):%Y-%m-%dT%H:%M:%S}"


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def http_date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


def rss_date(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%a, %d %b %Y %H:%M:%S} +0000"


def long_date(instant: datetime, zone: ZoneInfo) -> str:
    """December 11, 2017"""
    clock = local(instant, zone)
    return f"{clock:%B} {clock.day}, {clock.year}"


def ago(instant: datetime, now: datetime, zone: ZoneInfo, wordpress: str = "6.1") -> str:
    """The plugin's label: ``human_time_diff()`` of two LOCAL clocks, so summer time shifts it by an hour."""
    seconds = abs((local(now, zone) - local(instant, zone)).total_seconds())
    return human_time_diff(int(seconds), wordpress) + " ago"


def human_time_diff(seconds: int, wordpress: str = "6.1") -> str:
    """WordPress's own: the bracket is chosen first, then rounded half up, at least 1."""
    if seconds < 60 and numbers(wordpress) >= (5, 3):
        return _count(max(seconds, 1), "second")
    for unit, length, end in (
        ("min", 60, 3600),
        ("hour", 3600, 86400),
        ("day", 86400, 604800),
        ("week", 604800, 2592000),
        ("month", 2592000, 31536000),
    ):
        if seconds < end:
            return _count(_rounded(seconds, length), unit)
    return _count(_rounded(seconds, 31536000), "year")


def _rounded(seconds: int, length: int) -> int:
    return max(1, (2 * seconds + length) // (2 * length))


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
