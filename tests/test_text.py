"""White space, words and languages of texts."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.text import MAX_MARKS, first_language, squeeze

# Letters with every kind of white space, joiners, controls and marks between them; not what Windows-1252 means.
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(0x80, 0xA0)))),
        st.sampled_from(" \t\n\r\xa0\u2009\u200c\u2028\x00é\u0301"),
    )
)


@given(TEXTS)
def test_squeezed_text_is_normal(text: str) -> None:
    squeezed = squeeze(text)
    assert squeeze(squeezed) == squeezed
    assert unicodedata.is_normalized("NFC", squeezed)
    assert squeezed == " ".join(squeezed.split())
    assert not any(unicodedata.category(letter) == "Cc" for letter in squeezed)


@given(TEXTS)
def test_squeezing_keeps_every_letter(text: str) -> None:
    letters = [letter for letter in unicodedata.normalize("NFC", text) if letter.isalnum()]
    assert [letter for letter in squeeze(text) if letter.isalnum()] == letters


def test_c1_controls_are_what_browsers_take_them_for() -> None:
    assert squeeze("the \x93old\x94 town\x85 \x81") == "the “old” town…"
    assert squeeze("\x80 5 or 5\xa0\x80 \x9f") == "€ 5 or 5 € Ÿ"


@pytest.mark.parametrize("marks", ["\u0344\u0315", "\u0301", "\u0f71\u0f72"])
def test_marks_without_end_are_cut(marks: str) -> None:
    begin = time.process_time()
    squeezed = squeeze("e" + marks * 20_000 + " " + "—" * 300 + " end")
    assert time.process_time() - begin < 0.5
    assert len(unicodedata.normalize("NFD", squeezed.split()[0])) == 1 + MAX_MARKS
    assert squeezed.endswith("— end")
    assert squeezed.count("—") == 300
    assert squeeze(squeezed) == squeezed


def test_a_long_word_keeps_its_marks() -> None:
    word = "ก\u0e49\u0e33" * 200 + "e\u0301\u0323" * 200
    assert squeeze(word) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["A[:fa]B"], ["A"]),
        (["[:en]A[:fa]B[:]"], ["A"]),
        (["[:fa]B[:en]A[:]"], ["B"]),
        (["[:en]one", "two", "[:fa]three", "four[:]", "five"], ["one", "two", "", "", "five"]),
        (["Listen", "[:en]one", "two[:fa]three[:]", "four"], ["Listen", "one", "two", "four"]),
        (["{:en}A{:fa}B{:}"], ["A"]),  # where WordPress would take brackets for a shortcode
        (["plain [1]"], ["plain [1]"]),
        (["plain {1: 2}"], ["plain {1: 2}"]),
        (["[:en]A [:fa]B[:] C"], ["A C"]),
        (["[:en]A\n[:fa]B[:]", "a  =\n  b"], ["A", "a  =\n  b"]),
        ([" [:fa]B[:en]A[:]"], ["B"]),
    ],
)
def test_of_two_languages_the_first_is_kept(texts: list[str], first: list[str]) -> None:
    assert first_language(texts) == first
