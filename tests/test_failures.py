"""What the next run fetches again because a page of it failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.storage.failures import Failure, Failures

A, B, C, D = (f"https://ifpnews.com/{letter}/" for letter in "abcd")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.failed.jsonl"


def test_what_failed_and_what_was_left(path: Path) -> None:
    failures = Failures(path, [D, A, C], [A, C], live=True)
    failures.forget([f"{A}amp/"])
    failures.add(f"{B}amp/", "status 500")
    failures.add_incomplete(f"{A}2/")  # fetched in this run, and lacks this page again
    assert failures.untried() == [D, C]
    assert failures.for_next_run(doubtful=False) == [D, C, B]
    assert failures.for_next_run(doubtful=True) == [D, C, B, A]  # the site may have been ill
    assert failures.incomplete_among([B, A, C, D]) == [A, C]
    assert failures.failed_now == [(f"{B}amp/", "status 500")]
    failures.add_incomplete(B.replace("/b/", "/new/"))
    assert failures.for_next_run(doubtful=False) == [D, C, B, "https://ifpnews.com/new/"]


def test_a_shortlink_that_failed_is_not_taken_for_the_home_page(path: Path) -> None:
    failures = Failures(path, [A], live=True)
    failures.add("https://ifpnews.com/?p=658", "status 500", ArticleRef("https://ifpnews.com/?p=658"))
    assert (len(failures.failed_now), path.exists(), failures.for_next_run(doubtful=True)) == (1, False, [A])


def test_what_a_killed_run_left(path: Path) -> None:
    Failures(path, [], live=True).add(f"{A}amp/", "status 500")
    failures = Failures(path, [B], live=True)
    assert failures.untried() == [B, A]
    assert failures.left_by_earlier_run(C, A)
    assert not failures.left_by_earlier_run(C)


@pytest.mark.parametrize("site", ["http://ifpnews.com/", "https://www.ifpnews.com/", "https://mirror.example/"])
def test_what_a_killed_run_left_of_another_site_is_not_tried_in_every_run(site: str, path: Path) -> None:
    Failures(path, [], live=True).add(A, "status 500")
    assert Failures(path, [], site="https://ifpnews.com/", live=True).untried() == [A]
    assert Failures(path, [], site=site, live=True).untried() == []


def test_a_damaged_line_is_not_used(path: Path) -> None:
    line = {"url": A, "ref": {"url": A, "published_at": "sometime"}}
    path.write_text(json.dumps(line) + "\n")
    Failures(path, [], live=True).add(B, "status 500")
    assert Failures(path, [], live=True).untried() == [B]


def test_what_a_run_did_not_come_to_is_first_in_the_next_one(path: Path) -> None:
    failures = Failures(path, [A, B, C, D], live=True)
    failures.add(A, "status 500")
    failures.add(B, "status 500")  # then the run gave up
    assert failures.for_next_run(doubtful=False) == [C, D, A, B]


def test_what_the_lists_said_of_it_is_kept(path: Path) -> None:
    listed = [ArticleRef(url, id=id, published_at="2024-05-06T00:00:00Z") for id, url in enumerate((A, B, C), 1)]
    Failures(path, [], live=True).add(A, "status 500", listed[0])
    of_last_run = Failure(B, reason="a timeout", ref=listed[1])
    failures = Failures(path, [B, D], failures=[of_last_run], live=True)  # that run was killed
    failures.add(f"{C}amp/", "status 500", listed[2])
    assert [failures.of(url).ref for url in (A, B, C, D)] == [*listed, None]
    failures.add(f"{B}amp/", "status 502")
    failures.add_incomplete(C)
    assert [(failures.of(url).reason, failures.of(url).ref) for url in failures.untried()] == [
        ("status 502", listed[1]),
        (None, None),
        ("status 500", listed[0]),
    ]
    ref = {"url": C, "id": 3, "published_at": "2024-05-06T00:00:00Z"}
    assert failures.of(C).as_json() == {"url": C, "reason": "status 500", "ref": ref}


def test_what_failed_before_and_now_lacks_a_page_is_tried_once_more(path: Path) -> None:
    Failures(path, [], live=True).add(A, "status 500")
    failures = Failures(path, [B], live=True)
    for url in (A, B):
        failures.forget([url])
        failures.add_incomplete(url)
    left = failures.for_next_run(doubtful=False)
    assert left == failures.incomplete_among(left) == [A, B]
    again = Failures(path, [], live=True)  # if that run was killed
    again.add_incomplete(A)
    assert again.for_next_run(doubtful=False) == [B, A]
    again.forget([A, B])
    assert again.for_next_run(doubtful=False) == []


def test_what_lacked_a_page_before_and_now_failed_may_lack_it_once_more(path: Path) -> None:
    failures = Failures(path, [A], [A], live=True)
    failures.forget([A])
    failures.add(A, "status 500")
    assert failures.for_next_run(doubtful=False) == [A]
    assert failures.incomplete_among([A]) == []


def test_what_a_recording_lacks_is_not_written_down(path: Path) -> None:
    failures = Failures(path, [], live=False)
    failures.add(A, "not in the recording")
    failures.add_incomplete(B)
    assert not path.exists()
