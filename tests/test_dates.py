"""What the site's clocks mean, checked against models of the code that prints them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.dates import (
    CLOCK_READING,
    MAX_TIME_LENGTH,
    SITE_ZONE,
    _ago_by_dateparser,
    ago_bounds,
    ago_interval,
    format_utc,
    parse_utc,
    read_ago,
    read_amp_json_ld,
    read_http_date,
    read_instant,
    read_iso,
    read_printed_date,
    read_theme_time,
    read_user_date,
    read_zoned,
    same_but_for_clock_fault,
)
from ifp_scraper.recordings.warc_reader import record_time

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


@given(INSTANTS, st.one_of(st.integers(0, 90_000), st.integers(0, 4 * 10**8)), st.integers(-600, 600))
def test_an_ago_interval_holds_the_true_time(captured: datetime, age: int, cached: int) -> None:
    words = human_time_diff(age)
    # The page was made when the cache stored it: at most that long after Date less Age, or before a recording.
    interval = ago_interval(words, captured, timedelta(seconds=cached))
    assert interval is not None
    for made in (captured, captured + timedelta(seconds=cached)):
        assert interval[0] <= made - timedelta(seconds=age) <= interval[1]
    unit = {"second": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000}
    widest = 2 * unit.get(words.split()[1].rstrip("s"), 31536000) + abs(cached) + 2 * CLOCK_READING.total_seconds()
    clock_was_set = captured.year < 2023 and len({clock(captured - timedelta(hours=h)) for h in (0, 12, 26)}) > 1
    assert (interval[1] - interval[0]).total_seconds() <= widest + 3600 * clock_was_set


def clock(instant: datetime) -> timedelta:
    """How far the site's clock is ahead of UTC."""
    return instant.astimezone(SITE_ZONE).replace(tzinfo=UTC) - instant


@pytest.mark.parametrize(
    ("captured", "true", "words", "shifted"),
    [
        ("2021-03-21T22:00", "2021-03-21T18:00", "5 hours ago", True),  # at 20:30, 0:00 became 1:00
        ("2021-03-22T04:19", "2021-03-21T20:12", "9 hours ago", True),
        ("2021-09-21T22:00", "2021-09-21T18:00", "3 hours ago", True),  # at 19:30, 24:00 became 23:00
        ("2022-09-21T19:50", "2022-09-21T18:40", "10 mins ago", True),
        ("2021-03-21T20:29", "2021-03-21T16:29", "4 hours ago", False),
        ("2021-09-21T19:29", "2021-09-21T19:28", "1 min ago", False),
        ("2021-07-01T22:00", "2021-07-01T18:00", "4 hours ago", False),
        ("2022-03-23T22:00", "2022-03-21T18:00", "2 days ago", False),
        ("2023-03-21T22:00", "2023-03-21T18:00", "4 hours ago", False),  # no summer time any more
    ],
)
def test_an_age_may_be_an_hour_off_when_the_clock_was_set(captured: str, true: str, words: str, shifted: bool) -> None:
    at, published = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (captured, true))
    passed = at - published + (clock(at) - clock(published) if shifted else timedelta(0))
    assert human_time_diff(int(passed.total_seconds())) == words
    interval, bounds = ago_interval(words, at, timedelta(0)), ago_bounds(words)
    assert interval is not None
    assert bounds is not None
    assert interval[0] <= published <= interval[1]
    assert interval[1] <= at + CLOCK_READING
    plain = timedelta(seconds=bounds[1] - bounds[0]) + 2 * CLOCK_READING
    assert (interval[1] - interval[0] > plain) is shifted
    assert interval[1] - interval[0] <= plain + timedelta(hours=1)


@given(INSTANTS, st.integers(1, 23))
def test_hours_are_read_against_the_capture_time(captured: datetime, hours: int) -> None:
    words = f"{hours} hour{'s' * (hours > 1)} ago"
    assert read_ago(words, captured) == captured - timedelta(hours=hours)


@pytest.mark.parametrize(
    "words", ["yesterday", "12 hours", "in 2 hours", "-3 days ago", "25 hours ago", "0 days ago", ""]
)
def test_words_that_wordpress_does_not_print_give_no_interval(words: str) -> None:
    assert ago_interval(words, NOW, timedelta(0)) is None


HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("1 second ago", (0, 2)),
        ("59 seconds ago", (59, 60)),
        ("1 min ago", (0, 90)),
        ("1 minute ago", (0, 90)),
        ("60 mins ago", (59.5 * 60, HOUR)),
        ("1 hour ago", (HOUR, 1.5 * HOUR)),
        ("12 hours ago", (11.5 * HOUR, 12.5 * HOUR)),
        ("24 Hours ago ", (23.5 * HOUR, DAY)),
        ("1 day ago", (DAY, 1.5 * DAY)),
        ("7 days ago", (6.5 * DAY, 7 * DAY)),
        ("1 week ago", (7 * DAY, 10.5 * DAY)),
        ("4 weeks ago", (24.5 * DAY, 30 * DAY)),
        ("1 month ago", (30 * DAY, 45 * DAY)),
        ("12 months ago", (345 * DAY, 365 * DAY)),
        ("1 year ago", (365 * DAY, 547.5 * DAY)),
        ("61 mins ago", None),
        ("8 days ago", None),
        ("5 weeks ago", None),
    ],
)
def test_ages_are_as_wide_as_wordpress_rounds_them(words: str, bounds: tuple[float, float] | None) -> None:
    assert ago_bounds(words) == bounds  # MARKUP.md 3


def test_an_interval_is_wider_by_what_two_clocks_may_differ() -> None:
    reach = timedelta(hours=12, minutes=30, seconds=2), timedelta(hours=11, minutes=30, seconds=-2)
    assert ago_interval("12 hours ago", NOW, timedelta(0)) == (NOW - reach[0], NOW - reach[1])


def test_an_instant_is_printed_in_utc_whatever_its_zone() -> None:
    assert format_utc(datetime(2024, 5, 6, 3, 30, 5, 999, SITE_ZONE)) == "2024-05-06T00:00:05Z"


def test_months_and_years_are_those_of_the_calendar() -> None:
    assert read_ago("1 month ago", datetime(2024, 3, 31, 6, tzinfo=UTC)) == datetime(2024, 2, 29, 6, tzinfo=UTC)
    assert read_ago("1 month ago", NOW) == datetime(2024, 4, 6, 6, tzinfo=UTC)
    assert read_ago("2 Years ago", NOW) == datetime(2022, 5, 6, 6, tzinfo=UTC)
    assert read_ago("1 Year ago", datetime(2024, 2, 29, 6, tzinfo=UTC)) == datetime(2023, 2, 28, 6, tzinfo=UTC)
    assert read_ago("2000 years ago", datetime(1999, 1, 1, tzinfo=UTC)) is None
    assert read_ago("700000 days ago", datetime(1900, 1, 1, tzinfo=UTC)) is None
    assert ago_interval("3000 years ago", NOW, timedelta(0)) is None
    assert read_ago("12 hours ago".ljust(MAX_TIME_LENGTH), NOW) == NOW - timedelta(hours=12)
    assert read_ago("12 hours ago".ljust(MAX_TIME_LENGTH + 1), NOW) is None


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("December 11, 2017 18:25", "2017-12-11T14:55:00Z", "2017-12-11T14:55:59Z"),
        ("July 11, 2017 6:25 pm", "2017-07-11T13:55:00Z", "2017-07-11T13:55:59Z"),  # summer time, until 2022
        ("December 11, 2017", "2017-12-10T20:30:00Z", "2017-12-11T20:29:59Z"),
        ("September 21, 2021", "2021-09-20T19:30:00Z", "2021-09-21T20:29:59Z"),  # summer time ends: 25 hours
        ("September 21, 2021 23:15", "2021-09-21T18:45:00Z", "2021-09-21T19:45:59Z"),
        ("March 22, 2021", "2021-03-21T20:30:00Z", "2021-03-22T19:29:59Z"),
        ("December 11, 2017 14:55 UTC", "2017-12-11T14:55:00Z", "2017-12-11T14:55:59Z"),  # a format may name the zone
        ("December 11, 2017 18:25 +03:30", "2017-12-11T14:55:00Z", "2017-12-11T14:55:59Z"),
    ],
)
def test_a_traditional_date_is_the_sites_clock(words: str, first: str, last: str) -> None:
    assert read_printed_date(words) == (parse_utc(first), parse_utc(last))


@pytest.mark.parametrize(
    "words",
    [
        *("yesterday", "12 hours ago", "1200 minutes ago", "now", "11 December", "December 2017", "1823-01-01"),
        *("a story", "a story of 2017", "11 décembre 2017", "December 11, 2017".ljust(61)),
        *("in 2024 minutes", "2024 days ago", "today 2024", "yesterday 18:25 2024", "now 2024", "1700000000"),
    ],
)
def test_what_is_no_traditional_date(words: str) -> None:
    assert read_printed_date(words) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Mon, 11 Dec 2017 14:55:08 +0000", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25:08 +0330", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 14:55:08 -0000", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 14:55:08 GMT", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 14:55:08", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25:08 +03:30", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25:08+03:30 (Tehran)", "2017-12-11T14:55:08Z"),
        ("11 Dec 2017 18:25 GMT+0330", "2017-12-11T14:55:00Z"),
        ("Mon, 11 Dec 2017 18:25:08 +3:30", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25:08 +330", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25 +03", "2017-12-11T15:25:00Z"),
        ("Mon, 11 Dec 2017 18:25:08 GMT+3", "2017-12-11T15:25:08Z"),
        ("Mon Dec 11 14:55:08 2017", "2017-12-11T14:55:08Z"),
        ("Mon, 11 Dec 2017 18:25:08 IRST", None),
        ("Mon, 11 Dec 2017 18:25:08 (IRST)", None),
        ("Mon, 11 Dec 2017 18:25:08 + 0330", None),
        ("Mon, 11 Dec 2017 18:25:08 −0330", None),
        ("Mon, 11 Dec 2017 14:55:08 GMT" + " x" * 20, None),
        ("Mon, 11 Dec 2017 06:25:08 PM", None),
        ("Mon, 11 Dec 1017 14:55:08 GMT", None),
        ("Mon, 41 Dec 2017 14:55:08 GMT", None),
        ("2017-12-11", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_of_feeds_and_headers(text: str | None, read: str | None) -> None:
    assert format_utc(read_http_date(text)) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2017-12-11 14:55", "2017-12-11T14:55:00Z"),
        (" 2017-12-11t14:55:08.123z ", "2017-12-11T14:55:08Z"),
        ("2017-12-11T18:25:08+0330", "2017-12-11T14:55:08Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
        ("1899-12-31T00:00:00Z", None),
        ("2999-12-31T00:00:00Z", "2999-12-31T00:00:00Z"),
        ("3000-01-01T00:00:00Z", None),
        ("0000-00-00T00:00:00", None),
        ("2017-12-11", None),
        ("2017-12-11T14:55:08Z".ljust(MAX_TIME_LENGTH), "2017-12-11T14:55:08Z"),
        ("2017-12-11T14:55:08Z".ljust(MAX_TIME_LENGTH + 1), None),
        (None, None),
    ],
)
def test_instants_as_they_are_printed(text: str | None, read: str | None) -> None:
    assert format_utc(read_instant(text)) == read
    if read is None and not (text or "").startswith(("1899", "3000")):
        assert read_iso(text) is None


@pytest.mark.parametrize(
    ("text", "version", "read"),
    [
        ("2017-12-11T14:55:08+03:30", (1, 1, 13), "2017-12-11T14:55:08Z"),
        ("2017-12-11T14:55:08+00:00", (1, 1, 13), "2017-12-11T14:55:08Z"),
        ("2017-12-11T14:55:08+00:00", None, "2017-12-11T14:55:08Z"),
        ("2017-12-11T14:55:08+00:00", (0, 9, 97, 57), "2017-12-11T14:55:08Z"),
        ("2017-12-11T18:25:08+00:00", (0, 9, 97, 56), "2017-12-11T14:55:08Z"),
        ("2017-12-11T14:55:08+03:30", (0, 9, 97, 56), "2017-12-11T14:55:08Z"),
        ("2017-12-11", (1, 1, 13), None),
    ],
)
def test_amp_times_by_the_plugins_version(text: str, version: tuple[int, ...] | None, read: str | None) -> None:
    assert format_utc(read_amp_json_ld(text, version)) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2017-12-11T18:25:08+00:00", "2017-12-11T14:55:08Z"),
        ("2017-12-11T18:25:08Z", "2017-12-11T14:55:08Z"),
        ("2017-12-11T18:25:08", "2017-12-11T14:55:08Z"),
        ("2017-12-11T18:25:08+03:30", "2017-12-11T14:55:08Z"),
        ("2017-12-11T15:55:08+01:00", "2017-12-11T14:55:08Z"),
        ("today", None),
    ],
)
def test_theme_times_by_their_offset(text: str, read: str | None) -> None:
    assert format_utc(read_theme_time(text)) == read


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [(0, True), (2, True), (-2, True), (3, False), (12600, True), (-12600, True), (12602, True), (12603, False)],
)
def test_a_known_fault_is_the_sites_offset(seconds: int, fault: bool) -> None:
    assert same_but_for_clock_fault(NOW, NOW + timedelta(seconds=seconds)) is fault


@pytest.mark.parametrize(
    ("better", "worse", "fault"),
    [
        ("2021-09-21T19:45:00", "2021-09-21T18:45:00", True),  # the theme shows 23:15 for both
        ("2021-09-21T18:45:00", "2021-09-21T19:45:00", True),
        ("2021-09-21T20:45:00", "2021-09-21T19:45:00", False),
        ("2022-09-21T19:45:00", "2022-09-21T18:45:00", True),  # the last summer time
        ("2023-09-21T19:45:00", "2023-09-21T18:45:00", False),
    ],
)
def test_in_the_hour_that_comes_twice_the_clock_does_not_say_which(better: str, worse: str, fault: bool) -> None:
    one, other = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (better, worse))
    assert same_but_for_clock_fault(one, other) is fault


@pytest.mark.parametrize("words", ["12 hours", "12 hours before", "26 hours earlier", "a week back", "18:25"])
def test_words_without_a_year_are_no_printed_date(words: str) -> None:
    assert read_printed_date(words) is None


def test_months_and_years_are_of_the_calendar() -> None:
    captured = datetime(2023, 3, 1, 6, tzinfo=UTC)
    for words, month, year in (("1 month ago", 2, 2023), ("2 months ago", 1, 2023), ("1 year ago", 3, 2022)):
        assert read_ago(words, captured) == captured.replace(month=month, year=year)


@pytest.mark.parametrize("words", ["December 11, 2017 18:25", "2017-12-11 18:25", "11-Dec-2017 18:25"])
def test_a_printed_date_is_the_sites_clock(words: str) -> None:
    first = datetime(2017, 12, 11, 14, 55, tzinfo=UTC)
    assert read_printed_date(words) == (first, first + timedelta(seconds=59))


@pytest.mark.parametrize("words", ["06/05/2024 18:25", "13/05/2024", "6.5.2024", "12/11/17 18:25"])
def test_numbers_that_may_be_day_or_month_are_no_printed_date(words: str) -> None:
    assert read_printed_date(words) is None  # WordPress offers m/d/Y and d/m/Y


@given(INSTANTS)
def test_amp_prints_the_utc_clock_with_the_sites_offset(instant: datetime) -> None:
    offset = instant.astimezone(SITE_ZONE).strftime("%z")
    printed = f"{instant:%Y-%m-%dT%H:%M:%S}{offset[:3]}:{offset[3:]}"
    assert read_amp_json_ld(printed, (1, 1, 13)) == instant


@given(INSTANTS)
def test_the_theme_prints_the_local_clock_as_utc(instant: datetime) -> None:
    local = instant.astimezone(SITE_ZONE)
    read = read_theme_time(f"{local:%Y-%m-%dT%H:%M:%S}+00:00")
    # The local clock shows one hour twice when summer time ends, and does not say which of the two it is.
    assert read in (instant, instant + timedelta(hours=1), instant - timedelta(hours=1))
    if not local.fold and not (local + timedelta(hours=1)).fold:
        assert read == instant
    assert read is not None
    assert same_but_for_clock_fault(instant, read)
    assert same_but_for_clock_fault(instant, instant + (local.utcoffset() or timedelta(0)))


@given(INSTANTS)
def test_right_times_are_read_as_they_stand(instant: datetime) -> None:
    assert read_instant(instant.isoformat()) == instant
    assert read_instant(f"{instant:%Y-%m-%dT%H:%M:%S}") == instant  # REST's *_gmt
    assert read_instant(instant.astimezone(SITE_ZONE).isoformat()) == instant
    assert parse_utc(format_utc(instant) or "") == instant


@pytest.mark.parametrize(
    "text", ["2024-05-06", "2024-05-06T10:00:00", "2024-05-06T10:00:00+03:30", "2024-05-06 10:00:00Z",
             "2024-05-06T100000.0Z", "20240506T10:00:00.0Z", "2024-W10-1T10:00:00Z", "2024-13-06T10:00:00Z"],
)  # fmt: skip
def test_only_times_as_they_are_written_are_parsed(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|month"):
        parse_utc(text)


def test_a_bare_date_is_midnight_in_tehran() -> None:
    assert read_user_date("2024-05-06", NOW) == datetime(2024, 5, 5, 20, 30, tzinfo=UTC)
    assert read_user_date("2024-05-06T18:00", NOW) == datetime(2024, 5, 6, 14, 30, tzinfo=UTC)
    assert read_user_date("2024-05-06T18:00Z", NOW) == datetime(2024, 5, 6, 18, tzinfo=UTC)
    assert read_user_date("3 days ago", NOW) == NOW - timedelta(days=3)
    assert read_user_date("2 Months Ago", NOW) == read_user_date("2 months ago", NOW)
    assert read_user_date("2 months ago", NOW) == datetime(2024, 3, 6, 6, tzinfo=UTC)
    assert read_user_date("2 years ago", NOW) == datetime(2022, 5, 6, 6, tzinfo=UTC)
    assert read_user_date("2022", NOW) == read_user_date("2022-01", NOW) == read_user_date("2022-01-01", NOW)
    assert read_user_date("20220106", NOW) == read_user_date("13/1/2022", NOW) - timedelta(days=7)
    assert read_user_date("May 2022", NOW) == read_user_date("2022-05-01", NOW)
    assert read_user_date(" 2021-09-21T23:30 ", NOW) == datetime(2021, 9, 21, 19, tzinfo=UTC)  # summer time ends after


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("someday soon", "not understood"),
        ("2024-02-30", "out of range|must be in"),
        ("2024-13-05", "must be in"),
        ("2024-13-05T18:00", "must be in"),
        ("2024-13-05 18:00 UTC", "must be in"),
        ("3 days ago" * 7, "too long"),
        ("12", "not understood"),
        *((f"01{sign}02{sign}2024", "may come first") for sign in "/.-"),
        ("1403-02-01", "years are Gregorian"),
        ("۱۴۰۳/۰۲/۰۱", "years are Gregorian"),
    ],
)
def test_a_slip_of_the_keyboard_is_no_date(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_user_date(text, NOW)


@pytest.mark.parametrize(
    ("hours", "read"),
    [(0, "14:55:08"), (3.5, "14:55:08"), (1, "17:25:08")],
)
def test_theme_times_by_the_offset_of_the_page(hours: float, read: str) -> None:
    theme_time = read_theme_time("2017-12-11T18:25:08+00:00", timedelta(hours=hours))
    assert format_utc(theme_time) == f"2017-12-11T{read}Z"


@pytest.mark.parametrize("hours", [3.5, 4.5])
def test_the_offset_of_an_edit_is_not_that_of_the_season_before(hours: float) -> None:
    for printed, read in (("2017-12-11T18:25:08", "14:55:08"), ("2017-07-11T18:25:08", "13:55:08")):
        theme_time = read_theme_time(f"{printed}+00:00", timedelta(hours=hours))
        assert format_utc(theme_time) == f"{printed[:10]}T{read}Z"


def test_a_time_without_a_zone_is_not_that_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("Asia/Tehran", "UTC"):  # UTC last, as the setting outlives the test
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert format_utc(read_instant("2017-12-11T14:55:08")) == "2017-12-11T14:55:08Z"
        assert format_utc(read_http_date("Mon, 11 Dec 2017 14:55:08 -0000")) == "2017-12-11T14:55:08Z"
        assert read_user_date("2017-12-11", NOW) == datetime(2017, 12, 10, 20, 30, tzinfo=UTC)
        assert read_printed_date("11 Dec 2017") == read_printed_date("December 11, 2017")
        assert read_theme_time("2017-12-11T18:25:08") == datetime(2017, 12, 11, 14, 55, 8, tzinfo=UTC)
        record = SimpleNamespace(headers={"WARC-Date": "2017-12-11T14:55:08"})
        assert format_utc(record_time(record)) == "2017-12-11T14:55:08Z"  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC0", "IRST-3:30", "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "Foo/Bar"])
def test_a_zone_of_this_computer_that_dateparser_does_not_know(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    for kept in ("_cache_tz", "_cache_tz_name"):  # else it would be the zone that another test had
        monkeypatch.setattr(f"tzlocal.unix.{kept}", None)
    _ago_by_dateparser.cache_clear()
    read_printed_date.cache_clear()
    assert read_ago("12 hours ago", NOW) == NOW - timedelta(hours=12)
    assert read_ago("2 months ago", NOW) == NOW.replace(month=3)
    first = datetime(2017, 12, 11, 14, 55, tzinfo=UTC)
    assert read_printed_date("December 11, 2017 18:25") == (first, first + timedelta(seconds=59))
    assert read_user_date("3 days ago", NOW) == NOW - timedelta(days=3)
    assert read_user_date("6 May 2024 18:00", NOW) == datetime(2024, 5, 6, 14, 30, tzinfo=UTC)
    assert read_user_date("1714550000", NOW) == datetime(2024, 5, 1, 7, 53, 20, tzinfo=UTC)
    assert read_user_date("1714550000123.5", NOW) == datetime(2024, 5, 1, 7, 53, 20, tzinfo=UTC)


def test_a_zoned_time_says_its_offset() -> None:
    assert format_utc(read_zoned("2017-12-11T18:25:08+03:30")) == "2017-12-11T14:55:08Z"
    assert read_zoned("2017-12-11T18:25:08") is None
    assert read_zoned("today") is None


@pytest.mark.parametrize(
    "zero",
    [
        "1970-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00Z",
        "1970-01-01T03:30:00+03:30",
        "1970-01-01T00:00:00+03:30",
        "1970-01-01T03:30:00+00:00",
        "1969-12-31T20:30:00Z",
        "0000-00-00T00:00:00+00:00",
        "0000-00-00 00:00:00",
        "-0001-11-30T00:00:00+00:00",
    ],
)
def test_zero_is_no_time(zero: str) -> None:
    assert read_instant(zero) is read_zoned(zero) is read_theme_time(zero) is None
    assert read_amp_json_ld(zero, (1, 1, 13)) is read_amp_json_ld(zero, (0, 9, 97, 56)) is None


def test_zero_in_words_is_no_time() -> None:
    assert read_http_date("Thu, 01 Jan 1970 00:00:00 +0000") is None
    assert read_http_date("Wed, 30 Nov -0001 00:00:00 +0000") is None
    assert read_printed_date("January 1, 1970 03:30") is None
