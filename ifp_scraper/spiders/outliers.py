"""Tells pages that are faulty from those of a site where all are alike."""

from __future__ import annotations

from collections.abc import Callable

_MAX_WAITING = 100
"""Maximum number of pages that wait for the first sound one; where there are more, they are how the site is."""


class Outliers:
    """Notes pages with a fault, but not those of a site where every page has it.

    Args:
        note: is called with the URL of each faulty page, once a sound one has been seen.
        has_seen_sound: whether the last run ended with a sound one.
    """

    def __init__(self, note: Callable[[str], None], *, has_seen_sound: bool) -> None:
        self._note = note
        self._has_seen_sound = has_seen_sound
        self._waiting: list[str] = []

    def add(self, url: str, *, is_faulty: bool, was_sound: bool = False) -> None:
        """Add a page.

        Args:
            url: the page's.
            is_faulty: whether it has the fault.
            was_sound: whether an earlier run saw this page without.
        """
        if not is_faulty:
            self._has_seen_sound = True
            for faulty in self._waiting:
                self._note(faulty)
            self._waiting.clear()
        elif self._has_seen_sound or was_sound:
            self._note(url)
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append(url)
