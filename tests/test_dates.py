"""What the site's clocks mean, held against models of what prints them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.dates import (
    CLOCK_READING,
    SITE_ZONE,
    ago_interval,
    format_utc,
    parse_utc,
    read_ago,
    read_amp_json_ld,
    read_instant,
    read_printed_date,
    read_theme_time,
    read_user_date,
    same_clock_fault,
)

INSTANTS = st.datetimes(datetime(2014, 8, 20), datetime(2030, 1, 1)).map(
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
NOW = datetime(2024, 5, 6, 6, tzinfo=UTC)


def human_time_diff(seconds: int) -> str:
    """WordPress 6.1's, wp-includes/formatting.php (MARKUP.md 3); PHP's round() rounds half up."""
    for name, length, end in (
        ("second", 1, 60),
        ("min", 60, 3600),
        ("hour", 3600, 86400),
        ("day", 86400, 7 * 86400),
        ("week", 7 * 86400, 30 * 86400),
        ("month", 30 * 86400, 365 * 86400),
        ("year", 365 * 86400, 10**12),
    ):
        if seconds < end:
            count = max(1, (2 * seconds + length) // (2 * length))
            return f"{count} {name}{'s' * (count > 1)} ago"
    raise AssertionError


@given(INSTANTS, st.one_of(st.integers(0, 90_000), st.integers(0, 4 * 10**8)), st.integers(0, 600))
def test_an_ago_interval_holds_the_true_time(captured: datetime, age: int, cached: int) -> None:
    words = human_time_diff(age)
    # The page was made when the cache took it in, as long before the capture as Age says at most.
    interval = ago_interval(words, captured, timedelta(seconds=cached))
    assert interval is not None
    assert interval[0] <= captured - timedelta(seconds=age) <= interval[1]
    unit = {"second": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000}
    widest = 2 * unit.get(words.split()[1].rstrip("s"), 31536000) + cached + 2 * CLOCK_READING.total_seconds()
    assert (interval[1] - interval[0]).total_seconds() <= widest


@given(INSTANTS, st.integers(1, 23))
def test_hours_are_read_against_the_capture_time(captured: datetime, hours: int) -> None:
    words = f"{hours} hour{'s' * (hours > 1)} ago"
    assert read_ago(words, captured) == captured - timedelta(hours=hours)


@pytest.mark.parametrize(
    "words", ["yesterday", "12 hours", "in 2 hours", "-3 days ago", "25 hours ago", "0 days ago", ""]
)
def test_words_that_wordpress_does_not_print_give_no_interval(words: str) -> None:
    assert ago_interval(words, NOW, timedelta(0)) is None


@pytest.mark.parametrize("words", ["12 hours", "12 hours before", "26 hours earlier", "a week back", "18:25"])
def test_words_without_a_year_are_no_printed_date(words: str) -> None:
    assert read_printed_date(words) is None


@pytest.mark.parametrize("words", ["December 11, 2017 18:25", "2017-12-11 18:25", "12/11/17 18:25"])
def test_a_printed_date_is_the_sites_clock(words: str) -> None:
    first = datetime(2017, 12, 11, 14, 55, tzinfo=UTC)
    assert read_printed_date(words) == (first, first + timedelta(seconds=59))


@given(INSTANTS)
def test_amp_prints_the_utc_clock_with_the_sites_offset(instant: datetime) -> None:
    offset = instant.astimezone(SITE_ZONE).strftime("%z")
    printed = f"{instant:%Y-%m-%dT%H:%M:%S}{offset[:3]}:{offset[3:]}"
    assert read_amp_json_ld(printed, (1, 1, 13)) == instant


@given(INSTANTS)
def test_the_theme_prints_the_local_clock_as_utc(instant: datetime) -> None:
    local = instant.astimezone(SITE_ZONE)
    read = read_theme_time(f"{local:%Y-%m-%dT%H:%M:%S}+00:00")
    # In the hour that comes twice when summer ends the clock does not say which.
    assert read in (instant, instant + timedelta(hours=1), instant - timedelta(hours=1))
    if not local.fold and not (local + timedelta(hours=1)).fold:
        assert read == instant
    assert same_clock_fault(instant, instant + (local.utcoffset() or timedelta(0)))


@given(INSTANTS)
def test_right_times_are_read_as_they_stand(instant: datetime) -> None:
    assert read_instant(instant.isoformat()) == instant
    assert read_instant(f"{instant:%Y-%m-%dT%H:%M:%S}") == instant  # REST's *_gmt
    assert read_instant(instant.astimezone(SITE_ZONE).isoformat()) == instant
    assert parse_utc(format_utc(instant) or "") == instant


def test_a_bare_date_is_midnight_in_tehran() -> None:
    assert read_user_date("2024-05-06", NOW) == datetime(2024, 5, 5, 20, 30, tzinfo=UTC)
    assert read_user_date("2024-05-06T18:00", NOW) == datetime(2024, 5, 6, 14, 30, tzinfo=UTC)
    assert read_user_date("2024-05-06T18:00Z", NOW) == datetime(2024, 5, 6, 18, tzinfo=UTC)
    assert read_user_date("3 days ago", NOW) == NOW - timedelta(days=3)
    with pytest.raises(ValueError, match="not a date"):
        read_user_date("someday soon", NOW)
