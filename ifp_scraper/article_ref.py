"""What discovery hands on: an article's address, with what the place that lists it says of the article."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ifp_scraper.items import TimeSource


@dataclass(slots=True, frozen=True)
class ArticleRef:
    """A URL that discovery found, and what its source says about the article there."""

    url: str
    id: int | None = None
    """WordPress post ID."""

    published_at: str | None = None
    """RFC 3339 in UTC."""

    modified_at: str | None = None
    """RFC 3339 in UTC."""

    published_source: TimeSource | None = None
    """Where ``published_at`` was printed."""

    published_raw: str | None = None
    """``published_at`` as it was printed."""

    listed_at: str | None = None
    """The ref says nothing of edits after this time (RFC 3339 in UTC): when its feed was last changed, as far as it
    says; of an article that an earlier run read, or failed to, when it was read or listed then. None: it is current.
    """

    def is_edited_since(self, modified_at: str | None) -> bool:
        """Whether the source knows of a later edit than this one (RFC 3339 in UTC; None if none is known)."""
        return self.modified_at is not None and (modified_at is None or self.modified_at > modified_at)

    def with_times_of(self, other: ArticleRef) -> ArticleRef:
        """Return this ref with what another one of the same article says beyond it."""
        ref = replace(self, modified_at=other.modified_at) if other.is_edited_since(self.modified_at) else self
        if ref.published_at is not None or other.published_at is None:
            return ref
        return replace(
            ref,
            id=other.id if ref.id is None else ref.id,
            published_at=other.published_at,
            published_source=other.published_source,
            published_raw=other.published_raw,
            listed_at=other.listed_at,
        )
