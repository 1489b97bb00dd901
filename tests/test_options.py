"""Arguments are read, or refused with a message that says what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ifp_scraper.options import BadArgument, Options, read_options

SITE = "https://ifpnews.com"
NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)


def read(**arguments: str) -> Options:
    return read_options(arguments, SITE, NOW)


def test_dates_are_those_of_tehran() -> None:
    options = read(since="2024-05-01", until="2024-05-02T18:00", refresh="3 days ago")
    assert options.since == datetime(2024, 4, 30, 20, 30, tzinfo=UTC)
    assert options.until == datetime(2024, 5, 2, 14, 30, tzinfo=UTC)
    assert options.refresh is not None
    assert options.refresh.date() == datetime(2024, 5, 3).date()
    assert read(since="2024-05-01T00:00:00Z").since == datetime(2024, 5, 1, tzinfo=UTC)


def test_since_is_inside_until_is_not() -> None:
    options = read(since="2024-05-01T00:00Z", until="2024-05-02T00:00Z")
    assert options.covers(options.since)
    assert not options.covers(options.until)
    assert options.covers(None)


def test_what_is_not_said() -> None:
    options = read()
    assert options.sources == ("rest", "sitemap", "feed", "listing")
    assert (options.pages, options.limit, options.urls, options.whole) == ("both", None, (), True)
    assert not read(limit="3").whole
    assert read_options({}, "http://127.0.0.1:8099/").site == "http://127.0.0.1:8099"


def test_lists(tmp_path: Path) -> None:
    assert read(sources="listing, rest,listing").sources == ("listing", "rest")
    assert read(section="/News/World/").section == "news/world"
    assert read(urls=f"{SITE}/a/, {SITE}/b/,{SITE}/a/").urls == (f"{SITE}/a/", f"{SITE}/b/")
    path = tmp_path / "list"
    path.write_text(f"# missing\n{SITE}/a/\n\n{SITE}/b/ 2024-05\n")
    assert read(urls=f"@{path}").urls == (f"{SITE}/a/", f"{SITE}/b/")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sicne": "2024"}, "unknown argument sicne; allowed are"),
        ({"since": "the day that never was"}, "is not a date; write 2024-05-06"),
        ({"since": "2024-05-06", "until": "2024-05-06"}, "must be before"),
        ({"limit": "0"}, "1 or more"),
        ({"limit": "ten"}, "1 or more"),
        ({"limit": ""}, "limit= is empty"),
        ({"sources": "rest,rss"}, "allowed are rest, sitemap, feed, listing"),
        ({"sources": ","}, "allowed are"),
        ({"pages": "mobile"}, "allowed are both, canonical, amp"),
        ({"section": "no such/../section"}, "is no slug"),
        ({"urls": "ifpnews.com/a/"}, "begins with https://"),
        ({"urls": "https://other.example/a/"}, "is not on the site"),
        ({"urls": "@/no/such/file"}, "cannot be read"),
        ({"urls": ","}, "names no address"),
        ({"archive": "/no/such/recording.warc.gz"}, "there is no recording"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(BadArgument, match=message.replace("/", "[/]")):
        read(**arguments)


@pytest.mark.parametrize("site", ["ifpnews.com", "ftp://ifpnews.com", "https://", "https://a.b:0", "https://a.b/?x=1"])
def test_a_site_that_is_none(site: str) -> None:
    with pytest.raises(BadArgument, match="IFP_SITE"):
        read_options({}, site)
