"""Faulty pages are noted, but not those of a site where all pages are alike."""

from __future__ import annotations

from ifp_scraper.spiders.outliers import Outliers


def test_a_faulty_page_is_noted_once_a_sound_one_shows_that_it_is_faulty() -> None:
    noted: list[str] = []
    pages = Outliers(noted.append, has_seen_sound=False)
    pages.add("/a/", is_faulty=True)
    assert noted == []
    pages.add("/b/", is_faulty=False)
    pages.add("/c/", is_faulty=True)
    assert noted == ["/a/", "/c/"]


def test_a_page_that_was_sound_before_is_noted_at_once() -> None:
    noted: list[str] = []
    Outliers(noted.append, has_seen_sound=True).add("/a/", is_faulty=True)
    Outliers(noted.append, has_seen_sound=False).add("/b/", is_faulty=True, was_sound=True)
    assert noted == ["/a/", "/b/"]


def test_hundreds_of_pages_that_are_all_alike_are_not_faulty() -> None:
    noted: list[str] = []
    pages = Outliers(noted.append, has_seen_sound=False)
    for number in range(300):
        pages.add(f"/{number}/", is_faulty=True)
    pages.add("/sound/", is_faulty=False)
    assert len(noted) == 100
