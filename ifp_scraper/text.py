"""Text: white space, Unicode, and what qTranslate left behind."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

LINE_BREAK = "\ue00a"
"""Stands for a ``<br>`` while a block is assembled: a private-use character."""

MAX_MARKS = 30
"""Maximum number of combining marks kept on one letter: the limit of Unicode's Stream-Safe Text Format."""

_LONG_WORD = 250
"""Length of a word from which on its marks are counted: NFC takes time with the square of marks in a row."""

_MAY_BE_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
_LANGUAGE_MARK = re.compile(r"[\[{]:([a-z]{2})?[\]}]")
_UNWANTED = re.compile(f"[\ud800-\udfff\x00-\x08\x0e-\x1f\x7f-\x9f{LINE_BREAK}]")
# U+0080 to U+009F in a page were meant as Windows-1252, as browsers read them.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}


def words(text: str) -> frozenset[str]:
    """Return the words of a text: a readable way to write a long set of names."""
    return frozenset(text.split())


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, for messages.

    >>> counted(1, "article"), counted(2, "article")
    ('1 article', '2 articles')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def squeeze(text: str) -> str:
    """Collapse white space (no-break spaces too) to single spaces, in NFC, without control characters."""
    if "\x85" in text:  # white space to Python; to authors, &#133; is an ellipsis
        text = text.replace("\x85", "…")
    text = text.strip()
    if not text.isprintable():  # all white space but a plain space is unprintable
        text = " ".join(text.split())
        if not text.isprintable():
            text = " ".join(_UNWANTED.sub("", text.translate(_WINDOWS)).split())
    elif "  " in text:
        text = " ".join(text.split())
    if text.isascii():
        return text
    return normalize("NFC", text if len(text) <= _LONG_WORD else _without_long_runs(text))


def _without_long_runs(text: str) -> str:
    """Cut runs of marks in a squeezed text: white space ends a run, so only a long word can hold many."""
    is_suspect = not text[_LONG_WORD - 1 :: _LONG_WORD].isascii()  # a sample finds so many
    if is_suspect and max(map(len, text.split(" "))) > _LONG_WORD:
        return _MAY_BE_MARKS.sub(_without_surplus_marks, text)
    return text


def _without_surplus_marks(run: re.Match[str]) -> str:
    kept = []
    marks = 0
    for letter in run[0]:
        marks = marks + len(normalize("NFD", letter)) if combining(letter) else 0
        if marks <= MAX_MARKS:
            kept.append(letter)
    return "".join(kept)


def squeeze_lines(text: str) -> str:
    """Squeeze each line of a text; ``LINE_BREAK`` separates lines and becomes a newline."""
    if LINE_BREAK not in text:
        return squeeze(text)
    return "\n".join(squeeze(line) for line in text.split(LINE_BREAK)).strip("\n")


def count_words(text: str) -> int:
    """Return the number of words in squeezed lines, or in rows of tables, where spaces may be next to spaces.

    >>> count_words("Two words."), count_words("a |  | b")
    (2, 4)
    """
    lines = filter(None, text.split("\n"))
    return sum(len(line.split()) if "|" in line else line.count(" ") + 1 for line in lines)


def first_language(texts: list[str]) -> list[str]:
    """Cut qTranslate's residue: of ``A[:fa]B``, ``[:en]A[:fa]B[:]`` and ``{:en}A{:fa}B{:}``, only A is kept.

    Args:
        texts: consecutive texts of one field, since a mark holds until the next one.

    Returns:
        As many texts; those in other languages are empty.

    >>> first_language(["[:en]A", "B", "[:fa]C[:]"])
    ['A', 'B', '']
    """
    if not any("[" in text or "{" in text for text in texts):  # as usually, and faster than to look for the colon
        return texts
    first: str | None = None
    current: str | None = None
    result = []
    for text in texts:
        kept = []
        # split() with a group gives text, mark, text, mark, ...: a mark is None for "[:]".
        pieces = _LANGUAGE_MARK.split(text)
        for number, piece in enumerate(pieces):
            if number % 2:
                current = piece
                continue
            if first is None and piece.strip():
                first = current or "en"  # the site's own, which needs no mark
            if current is None or current == first:
                kept.append(piece)
        text = "".join(kept)
        # A cut may leave white space next to white space.
        result.append("\n".join(map(squeeze, text.split("\n"))).strip() if len(pieces) > 1 else text)
    return result
