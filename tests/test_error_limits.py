"""A crawl ends when the same thing has gone wrong too often in a row, and not before."""

from __future__ import annotations

from ifp_scraper.spiders.error_limits import ErrorLimits


def test_failures_in_a_row() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    assert [limits.count_failure("status 500") for _ in range(2)] == [None, None]
    limits.reset_failures()
    assert [limits.count_failure("status 500") for _ in range(2)] == [None, None]
    assert limits.count_failure("timeout") == "3 fetches in a row failed for good, the last one with: timeout"


def test_what_failed_in_an_earlier_run_says_little_about_the_site() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    assert not any(limits.count_failure("status 500", again=True) for _ in range(99))
    limits.reset_failures()
    assert not any(limits.count_failure("status 500", again=True) for _ in range(99))
    assert not any(limits.count_failure("status 500") for _ in range(2))
    assert limits.count_failure("timeout", again=True) == (
        "102 fetches in a row failed for good, the last one with: timeout"
    )


def test_a_page_refused_twice_is_one_page() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    assert [limits.count_refusal("https://ifpnews.com/a/", "status 403") for _ in range(5)] == [None] * 5
    limits.reset_refusals()
    assert limits.count_refusal("https://ifpnews.com/b/", "status 403") is None
    assert limits.count_refusal("https://ifpnews.com/c/", "a challenge page") == (
        "the site refuses (a challenge page, 2 pages in a row)"
    )


def test_what_was_refused_in_an_earlier_run_says_little_about_the_site() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    known = [f"https://ifpnews.com/{number}/" for number in range(20)]
    assert not any(limits.count_refusal(url, "status 403", again=True) for url in known[:19])
    assert limits.count_refusal("https://ifpnews.com/a/", "status 403") is None
    assert limits.count_refusal(known[19], "status 403", again=True) == (
        "the site refuses (status 403, 21 pages in a row)"
    )
    limits.reset_refusals()
    assert not any(limits.count_refusal(url, "status 403", again=True) for url in known[:19])
    assert limits.count_refusal("https://ifpnews.com/a/", "status 403") is None
    assert limits.count_refusal("https://ifpnews.com/b/", "status 403") is not None


def test_of_many_articles_more_may_fail_for_good() -> None:
    limits = ErrorLimits(failures=3, refusals=2, tolerated=510)
    assert not any(limits.count_failure("status 500", again=True) for _ in range(509))
    assert limits.count_failure("status 500", again=True) is not None
    known = [f"https://ifpnews.com/{number}/" for number in range(510)]
    assert not any(limits.count_refusal(url, "status 403", again=True) for url in known[:509])
    assert limits.count_refusal(known[509], "status 403", again=True) is not None


def test_one_page_of_the_site_shows_that_it_is_there() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    assert not any(limits.count_off_site("a page that is not of WordPress") for _ in range(99))
    limits.reset_off_site()
    assert not any(limits.count_off_site("a page that is not of WordPress") for _ in range(99))
    assert "100 addresses in a row" in (limits.count_off_site("elsewhere") or "")


def test_a_list_that_is_made_up() -> None:
    limits = ErrorLimits(failures=3, refusals=2)
    assert not any(limits.count_no_article("status 404") for _ in range(999))
    limits.reset_no_article()
    assert not any(limits.count_no_article("status 404") for _ in range(999))
    assert limits.count_no_article("status 404") == (
        "1000 addresses in a row that the site lists gave no article, the last one: status 404"
    )
