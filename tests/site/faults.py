"""Faults on demand: each hits a given number of requests, then is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "reset",
    "timeout",
    "truncated",
    "empty",
    "mislabelled",
    "mispacked",
    "json",
    "challenge",
    "challenge-403",
    "maintenance",
    "other-site",
    "circle",
    "home",
    "cut-anywhere",
    202,
    304,
    403,
    404,
    410,
    429,
    500,
    502,
    503,
    520,
]


@dataclass
class Fault:
    """What happens to requests selected by ``matches``."""

    matches: Callable[[str], bool]
    kind: Kind
    times: int | None
    """How many requests; None for all of them."""
    retry_after: int | str | None = None
    page: str = (
        "<html><body><p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p></body></html>"
    )
    """What is served with status 200 during maintenance."""
    seconds: float = 5.0
    """How long a timeout lasts before the connection is closed."""
    hits: list[str] = field(default_factory=list)
    """The requests it has hit."""

    def takes(self, target: str) -> bool:
        """Whether this request is hit; if so, count it."""
        if (self.times is not None and len(self.hits) >= self.times) or not self.matches(target):
            return False
        self.hits.append(target)
        return True


def make(where: str | Callable[[str], bool], kind: Kind, times: int | None = 1, **options: Any) -> Fault:
    """``where``: a predicate on path and query, or a substring of them."""
    matches = where if callable(where) else lambda target: where in target
    return Fault(matches, kind, times, **options)
