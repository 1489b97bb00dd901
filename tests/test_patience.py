"""A crawl ends when the same thing has gone wrong too often in a row, and not before."""

from __future__ import annotations

from ifp_scraper.spiders.patience import Patience


def test_failures_in_a_row() -> None:
    patience = Patience(failures=3, refusals=2)
    assert [patience.failed("status 500") for _ in range(2)] == [None, None]
    patience.fetched()
    assert [patience.failed("status 500") for _ in range(2)] == [None, None]
    assert patience.failed("timeout") == "3 fetches in a row failed for good, the last one with: timeout"


def test_a_page_refused_twice_is_one_page() -> None:
    patience = Patience(failures=3, refusals=2)
    assert [patience.refused("https://ifpnews.com/a/", "status 403") for _ in range(5)] == [None] * 5
    patience.not_refused()
    assert patience.refused("https://ifpnews.com/b/", "status 403") is None
    assert patience.refused("https://ifpnews.com/c/", "a challenge page") == (
        "the site refuses (a challenge page, 2 pages in a row)"
    )


def test_one_page_of_the_site_shows_that_it_is_there() -> None:
    patience = Patience(failures=3, refusals=2)
    assert not any(patience.off_site("a page that is not of WordPress") for _ in range(99))
    patience.on_site()
    assert not any(patience.off_site("a page that is not of WordPress") for _ in range(99))
    assert "100 addresses in a row" in (patience.off_site("elsewhere") or "")


def test_a_list_that_is_made_up() -> None:
    patience = Patience(failures=3, refusals=2)
    assert not any(patience.no_article("status 404") for _ in range(999))
    patience.gave_article()
    assert not any(patience.no_article("status 404") for _ in range(999))
    assert patience.no_article("status 404") == (
        "1000 addresses in a row that the site lists gave no article, the last one: status 404"
    )


def test_articles_older_than_the_range() -> None:
    patience = Patience(failures=3, refusals=2)
    for too_old in (True,) * 29 + (False,) + (True,) * 29:
        patience.dated(too_old=too_old)
        assert not patience.past_range
    patience.dated(too_old=True)
    assert patience.past_range
