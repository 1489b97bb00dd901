"""How long the rejection of a URL holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import format_utc
from ifp_scraper.storage.reasons import (
    ANOTHER_PAGE,
    ELSEWHERE,
    IN_A_CIRCLE,
    LEADS_TO,
    LEADS_TO_ANOTHER,
    LOGIN,
    NO_AMP_PAGE,
    NO_ARTICLE,
    NO_FIRST_PAGE,
    OFF_SITE,
    SHOWS,
    STATIC,
    STRANGE,
    leads_to_article,
)
from ifp_scraper.storage.rejections import Rejected, Rejections
from ifp_scraper.storage.runs import Run, Runs
from ifp_scraper.version import EXTRACTOR_VERSION

URL = "https://ifpnews.com/a/"
FORBIDDEN = "Forbidden by robots.txt"


def ago(hours: float) -> str:
    return format_utc(datetime.now(UTC) - timedelta(hours=hours)) or ""


def run(hours: float, *, doubtful: bool = False) -> Run:
    """A run that began an hour before this time and ended an hour after it."""
    return Run("https://ifpnews.com", False, 0, None, ago(hours + 1), ago(hours - 1), doubtful)


def rejected(reason: str = NO_ARTICLE, hours: float = 0, **other: str) -> Rejected:
    return replace(Rejected.now(URL, reason, None, None), time=ago(hours), **other)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.rejected.jsonl"


def write(path: Path, *verdicts: Rejected) -> None:
    """Write what one run after the other found out about an address."""
    for verdict in verdicts:
        Rejections(path, Runs()).add(verdict)


@pytest.mark.parametrize(
    ("verdict", "said", "holds"),
    [
        (rejected(), None, True),
        (rejected(), "2024-05-06T00:00:00Z", False),
        (rejected(modified_at="2024-05-06T00:00:00Z"), "2024-05-06T00:00:00Z", True),
        (rejected(modified_at="2024-05-06T00:00:00Z"), "2024-05-06T00:00:01Z", False),
        (rejected(FORBIDDEN), None, False),
        (rejected("robots.txt cannot be read"), None, False),
        (rejected(NO_FIRST_PAGE), None, False),  # the site or another recording may have it
        (rejected("no body", layout="newspaper", extractor_version="0.0.1"), None, False),
        (rejected(NO_ARTICLE, extractor_version="0.0.1"), None, False),
        (rejected(STATIC, extractor_version="0.0.1"), None, False),
        (rejected(ELSEWHERE, extractor_version="0.0.1"), None, False),
        (replace(rejected(), extractor_version=None), None, True),
        (rejected("status 404", extractor_version="0.0.1"), None, True),  # no page was read
    ],
)
def test_holds_until_there_is_a_reason_to_look_again(
    path: Path, verdict: Rejected, said: str | None, holds: bool
) -> None:
    ref = ArticleRef(URL, modified_at=said)
    assert rejected().extractor_version == EXTRACTOR_VERSION
    assert verdict.holds(ref) is holds
    write(path, verdict, verdict)
    found = Rejections(path, Runs([run(0)]))
    assert found.still_holds(ref) is holds
    assert URL in found
    assert list(found) == [URL]
    assert list(found.reopened()) == ([] if holds or said else [ArticleRef(URL)])


@pytest.mark.parametrize(
    ("verdicts", "runs", "holds"),
    [
        ([rejected()], [], False),  # the run was killed
        ([rejected()], [run(0)], True),
        ([rejected(STATIC)], [run(0, doubtful=True)], False),
        ([rejected()], [run(0, doubtful=True)], False),
        ([rejected(hours=5), rejected()], [run(0, doubtful=True), run(5)], False),
        ([rejected(hours=5), rejected()], [run(5, doubtful=True), run(0)], True),
        ([rejected("no body", layout="newspaper")], [], True),
        ([rejected("no body", layout="newspaper")], [run(0, doubtful=True)], False),
        ([rejected("no body", layout="newspaper")], [run(0), run(0, doubtful=True)], False),  # within one second
        ([rejected("no body", layout="newspaper")], [run(0, doubtful=True), run(0)], True),
        ([rejected("status 404")], [run(0)], False),
        ([rejected(ANOTHER_PAGE)], [run(0)], False),
        ([rejected(ANOTHER_PAGE, 5), rejected(ANOTHER_PAGE)], [run(5), run(0)], True),
        ([rejected("status 410")], [run(0)], False),
        ([rejected("status 404", 5), rejected("status 404")], [run(5), run(0)], True),
        ([rejected("status 404", 5), rejected("status 410")], [run(5), run(0)], False),
        ([rejected("max redirections reached")], [run(0)], False),
        ([rejected("max redirections reached", 5), rejected(IN_A_CIRCLE)], [run(5), run(0)], True),
        *(
            ([rejected(reason)], [run(0)], False)
            for reason in (STRANGE, LOGIN, ELSEWHERE, SHOWS + URL + "b/", LEADS_TO_ANOTHER + URL)
        ),
        ([rejected("https://a.example/" + OFF_SITE)], [run(0)], False),
        ([rejected("https://a.example/" + OFF_SITE, 5), rejected("status 404")], [run(5), run(0)], False),
        ([rejected("status 404", 5), rejected("https://a.example/" + OFF_SITE)], [run(5), run(0)], False),
        (
            [rejected("https://a.example/?n=1" + OFF_SITE, 5), rejected("https://a.example/?n=2" + OFF_SITE)],
            [run(5), run(0)],
            True,
        ),
    ],
)
def test_holds_only_when_the_site_was_well(path: Path, verdicts: list[Rejected], runs: list[Run], holds: bool) -> None:
    write(path, *verdicts)
    found = Rejections(path, Runs(runs))
    assert found.still_holds(ArticleRef(URL)) is holds
    assert URL in found
    assert list(found) == [URL]
    assert found.reason(URL) == verdicts[-1].reason
    assert [ref.url for ref in found.reopened()] == ([] if holds else [URL])
    found.add(rejected())
    assert list(found) == [URL]


@pytest.mark.parametrize("runs", [[], [run(0)]], ids=["doubtful", "confirmed"])
def test_an_address_that_is_tried_again_keeps_the_time_of_its_edit(path: Path, runs: list[Run]) -> None:
    verdict = rejected(extractor_version="0.0.1", modified_at="2024-05-06T00:00:00Z")
    write(path, verdict)
    assert list(Rejections(path, Runs(runs)).reopened()) == [ArticleRef(URL, modified_at=verdict.modified_at)]


@pytest.mark.parametrize("amp_alone", [True, False])
def test_that_there_is_no_amp_page_counts_where_canonical_pages_are_not_read(path: Path, amp_alone: bool) -> None:
    write(path, rejected(NO_AMP_PAGE + "status 404", 5), rejected(NO_AMP_PAGE + "status 404"))
    found = Rejections(path, Runs([run(5), run(0)]), amp_alone=amp_alone)
    assert found.still_holds(ArticleRef(URL)) is amp_alone
    assert list(found.reopened()) == ([] if amp_alone else [ArticleRef(URL)])


@pytest.mark.parametrize(
    ("ill", "now", "confirmed"), [(False, "no body", True), (False, "too deep", False), (True, "no body", False)]
)
def test_a_page_that_cannot_be_read_is_confirmed_by_a_run_that_went_well(
    path: Path, ill: bool, now: str, confirmed: bool
) -> None:
    write(path, rejected("no body", layout="newspaper"))
    found = Rejections(path, Runs([run(0, doubtful=ill)]))
    assert found.is_confirmed(replace(rejected(now, layout="newspaper"), url=URL.rstrip("/"))) is confirmed


@pytest.mark.parametrize(
    ("before", "runs", "now", "news"),
    [
        ([], [], "status 404", True),
        ([rejected("status 404")], [run(0)], "status 404", False),
        ([rejected("status 404")], [run(0)], "status 410", True),
        ([rejected("https://a.example/?n=1" + OFF_SITE)], [run(0)], "https://a.example/?n=2" + OFF_SITE, False),
        ([rejected("status 404")], [run(0)], NO_ARTICLE, True),
        ([rejected("status 404")], [], "status 404", False),  # killed: nothing suggests that the site was ill
        ([rejected("status 404")], [run(0, doubtful=True)], "status 404", True),
        ([rejected("status 404", 20)], [run(20, doubtful=True)], "status 404", True),
        ([rejected("status 404", 30)], [run(30, doubtful=True)], "status 404", False),
        # The first of several times counts; otherwise a site that is ill every hour would never be believed.
        (
            [rejected("status 404", 30), rejected("status 404", 2)],
            [run(30, doubtful=True), run(2, doubtful=True)],
            "status 404",
            False,
        ),
        ([rejected()], [run(0)], NO_ARTICLE, False),
        ([rejected()], [run(0)], ANOTHER_PAGE, False),  # as an earlier version said of it
        ([rejected(ANOTHER_PAGE)], [run(0)], NO_ARTICLE, False),
        ([rejected("status 404")], [run(0)], ANOTHER_PAGE, True),
        ([rejected(NO_ARTICLE, 30), rejected("status 404")], [run(0, doubtful=True)], "status 404", True),
        ([], [], LEADS_TO + "https://ifpnews.com/b/", True),
        ([], [], ELSEWHERE, True),
        ([], [], STATIC, True),
    ],
)
def test_a_verdict_is_news_unless_it_was_to_be_expected(
    path: Path, before: list[Rejected], runs: list[Run], now: str, news: bool
) -> None:
    write(path, *before)
    assert Rejections(path, Runs(runs)).is_news(rejected(now)) is news


def test_an_address_without_its_slash_is_the_same(path: Path) -> None:
    verdict = replace(rejected(), url=URL.rstrip("/"))
    write(path, verdict)
    found = Rejections(path, Runs([run(0)]))
    assert found.still_holds(ArticleRef(URL))
    assert not found.is_news(verdict)


@pytest.mark.parametrize("damage", [{"url": "no address"}, {"modified_at": "yesterday"}], ids=str)
def test_a_damaged_line_is_passed_over(path: Path, damage: dict[str, str]) -> None:
    write(path, replace(rejected(), **damage))
    assert list(Rejections(path, Runs([run(0)]))) == []


def test_a_line_that_a_kill_left_unfinished_costs_no_other(path: Path) -> None:
    write(path, replace(rejected(), url=URL + "b/"))
    path.write_text(path.read_text() + '{"mood":' + "[" * 100_000)
    write(path, rejected("no text: \udcff"))
    found = Rejections(path, Runs([run(0)]))
    assert (list(found), found.reason(URL)) == ([URL + "b/", URL], "no text: ?")


def test_a_page_that_is_no_article_is_not_another_address_of_one() -> None:
    assert leads_to_article(LEADS_TO + URL)
    assert not leads_to_article(ELSEWHERE)


def test_shortlinks_are_told_apart(path: Path) -> None:
    shortlinks = "https://ifpnews.com/?p=1", "http://www.ifpnews.com/?p=2"
    write(path, *(replace(rejected("status 404"), url=url) for url in shortlinks))
    found = Rejections(path, Runs([run(0)]))
    assert [url in found for url in (*shortlinks, "https://ifpnews.com/?p=3", "https://ifpnews.com/")] == [
        True
    ] * 2 + [False] * 2
    assert not any(found.still_holds(ArticleRef(url)) for url in shortlinks)


def test_the_same_verdict_is_written_once(path: Path) -> None:
    found = Rejections(path, Runs())
    for verdict in (rejected(hours=1), rejected(), rejected("no body", layout="newspaper")):
        found.add(verdict)
    assert len(path.read_text().splitlines()) == 2


def test_an_address_that_gave_an_article_is_forgotten(path: Path) -> None:
    found = Rejections(path, Runs())
    found.add(replace(rejected(), url=URL.rstrip("/")))
    assert list(found) == [URL]
    found.forget(URL)
    assert URL not in found
    write(path, rejected())
    doubted = Rejections(path, Runs())
    doubted.forget(URL)
    assert URL not in doubted


FORMS = ("http://ifpnews.com/a/", "https://www.ifpnews.com/a/", "https://ifpnews.com/a/")


@pytest.mark.parametrize("live", [True, False])
def test_the_forms_of_an_address_are_one_and_add_no_lines_later(live: bool, path: Path) -> None:
    for _ in range(3):
        found = Rejections(path, Runs([run(0)]))
        for url in FORMS:
            found.add(replace(rejected(), url=url), confirms=live)
        assert len(path.read_text().splitlines()) == 1
    found.forget("http://www.ifpnews.com/a/amp/")
    assert not any(url in found for url in FORMS)


def test_captures_of_a_page_that_are_rejected_for_different_reasons_add_no_lines_later(path: Path) -> None:
    for _ in range(3):
        found = Rejections(path, Runs())
        for verdict in (rejected(), rejected("no text", layout="newspaper")):
            found.add(verdict, confirms=False)
    assert len(path.read_text().splitlines()) == 2


def test_an_amp_page_that_cannot_be_read_says_nothing_of_its_article(path: Path) -> None:
    amp = replace(rejected("too large"), url=URL + "amp/")
    write(path, amp, amp)
    rejections = Rejections(path, Runs([run(0)]))
    assert len(path.read_text().splitlines()) == 1
    assert not rejections.still_holds(ArticleRef(URL))
    assert URL not in rejections
    assert not list(rejections)
