"""The site's posts, and what a scraper must extract from each: the truth that tests compare with."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from .clock import TEHRAN, local, utc_text
from .pieces import Picture, Piece


@dataclass(frozen=True)
class Section:
    """A category; ``path`` names its parents too: ``news/world``."""

    name: str
    path: str

    @property
    def slug(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Tag:
    """A tag."""

    name: str
    slug: str


@dataclass(frozen=True)
class Author:
    """An author; the bio may contain markup."""

    name: str
    slug: str
    bio: str = ""


@dataclass(slots=True)
class Post:
    """An article. ``headline`` is plain text as the editor typed it, qTranslate marks included."""

    id: int
    slug: str
    headline: str
    author: Author
    sections: list[Section]
    pages: list[list[Piece]]
    published: datetime
    modified: datetime
    lead: str | None = None
    tags: list[Tag] = field(default_factory=list)
    picture: Picture | None = None
    comments: int = 0
    password_protected: bool = False
    amp_enabled: bool = True
    status: str = "publish"
    headline_read: str | None = None
    """What must be read as the headline, if not ``headline`` itself."""
    copy_of: int | None = None
    """Id of the earlier post with the same text."""
    theme: str | None = None
    """The layout of its canonical page, if not the site's."""
    amp: str | None = None
    """The layout of its AMP page, if not the site's."""
    old_slugs: list[str] = field(default_factory=list)
    revision: int = 1

    @property
    def path(self) -> str:
        return f"/{encoded(self.slug)}/"

    @property
    def pieces(self) -> list[Piece]:
        return [piece for page in self.pages for piece in page]

    def expected(self, view: str = "canonical") -> dict[str, Any]:
        """What must be extracted, with the body as in ``view`` (AMP: as 1.1.13 prints it).

        ``path`` and the site's own image and link URLs lack the root, which is the server's. What the site is
        configured not to print (``Config``: tags on AMP, leads, dates, ...) is included all the same.
        """
        pieces = self.pieces
        if view == "amp":
            pieces = [piece.amp_view or piece for piece in pieces]
        images = [self.picture.expected("lead")] if self.picture else []
        return {
            "id": self.id,
            "path": self.path,
            "headline": self.headline_read or self.headline,
            "lead": self.lead,
            "byline": self.author.name,
            "sections": [section.name for section in self.sections],
            "tags": [tag.name for tag in self.tags],
            "published_at": utc_text(self.published),
            "modified_at": utc_text(self.modified),
            "blocks": [dict(block) for piece in pieces for block in piece.blocks],
            "source": next((piece.source for piece in reversed(pieces) if piece.source), None),
            "images": images + [dict(image) for piece in pieces for image in piece.images],
            "embeds": [dict(embed) for piece in pieces for embed in piece.embeds],
            "links": [dict(link) for piece in pieces for link in piece.links],
        }


_NAMES = {one.name for one in fields(Post)}


@lru_cache(maxsize=65536)
def encoded(slug: str) -> str:
    """A slug as WordPress prints it: percent-encoded in lower case."""
    return "".join(c if c.isascii() else quote(c).lower() for c in unquote(slug))


class Site:
    """The posts, the clock and the zone. Change posts only through its methods: pages are cached by ``version``."""

    def __init__(self, posts: Iterable[Post] = (), now: datetime | None = None, zone: ZoneInfo = TEHRAN) -> None:
        self.name = "Iran Front Page"
        self.zone = zone
        self.posts: dict[int, Post] = {post.id: post for post in posts}
        newest = max((post.published for post in self.posts.values()), default=datetime(2026, 6, 1, 12, tzinfo=UTC))
        self.now = now or newest + timedelta(seconds=20)
        self.version = 0
        self._kept: tuple[Any, dict[Any, Any]] = (None, {})
        self._terms: dict[Any, int] = {}
        self._name_terms(self.posts.values())

    # -- changes --------------------------------------------------------------------------------------------

    def add(self, post: Post) -> Post:
        self.posts[post.id] = post
        self._name_terms([post])
        self.version += 1
        return post

    def next_id(self) -> int:
        return max(self.posts, default=0) + 1

    def edit(self, post_id: int, at: datetime | None = None, **changes: Any) -> Post:
        """Set fields of a post; ``modified`` becomes ``at``, or now."""
        if not changes.keys() <= _NAMES:
            raise TypeError(f"no such field: {', '.join(changes.keys() - _NAMES)}")
        post = self.posts[post_id]
        for name, value in changes.items():
            setattr(post, name, value)
        if "modified" not in changes:
            post.modified = at or self.now
        post.revision += 1
        self._name_terms([post])
        self.version += 1
        return post

    def append(self, post_id: int, *pieces: Piece) -> Post:
        """Edit a post by appending to its last page."""
        pages = self.posts[post_id].pages
        return self.edit(post_id, pages=[*pages[:-1], [*pages[-1], *pieces]])

    def rename(self, post_id: int, slug: str) -> Post:
        """Give a post another slug: the old one redirects, as WordPress's ``_wp_old_slug`` does."""
        post = self.posts[post_id]
        return self.edit(post_id, old_slugs=[*post.old_slugs, post.slug], slug=slug)

    def renumber(self) -> None:
        """Give every post another id, as an import into a new WordPress does."""
        self.posts = {post_id + 10_000: post for post_id, post in self.posts.items()}
        for post_id, post in self.posts.items():
            post.id = post_id
        self.version += 1

    def withdraw(self, post_id: int) -> Post:
        """Move a post to the trash: its pages return 404, and no list names it."""
        return self.edit(post_id, status="trash")

    def restore(self, post_id: int) -> Post:
        return self.edit(post_id, status="publish")

    def advance(self, **span: float) -> None:
        """Let time pass: ``advance(hours=3)``."""
        self.now += timedelta(**span)

    # -- queries --------------------------------------------------------------------------------------------

    def cached(self, key: Any, make: Callable[[], Any]) -> Any:
        """Cache the result of ``make`` until a post or the clock changes."""
        state, made = self._kept
        if state != (self.version, self.now):
            state, made = self._kept = ((self.version, self.now), {})
        if key not in made:
            made[key] = make()
        return made[key]

    def is_public(self, post: Post) -> bool:
        return post.status == "publish" and post.published <= self.now

    def public(self) -> list[Post]:
        """Every post that visitors can find, newest first, by the site's own clock as WordPress sorts them."""
        return self.cached(
            "public",
            lambda: sorted(
                filter(self.is_public, self.posts.values()),
                key=lambda p: (self.local(p.published), p.id),
                reverse=True,
            ),
        )

    def by_modified(self) -> list[Post]:
        """The same, last edited first."""
        return self.cached(
            "modified", lambda: sorted(self.public(), key=lambda p: (self.local(p.modified), p.id), reverse=True)
        )

    def in_section(self, path: str) -> list[Post]:
        """Posts in a category or one of its descendants."""

        def belongs(post: Post) -> bool:
            return any(one.path == path or one.path.startswith(path + "/") for one in post.sections)

        return self.cached(("section", path), lambda: list(filter(belongs, self.public())))

    def with_tag(self, slug: str) -> list[Post]:
        return self.cached(
            ("tag", slug), lambda: [post for post in self.public() if any(tag.slug == slug for tag in post.tags)]
        )

    def by_author(self, slug: str) -> list[Post]:
        return self.cached(("author", slug), lambda: [post for post in self.public() if post.author.slug == slug])

    def open_posts(self) -> list[Post]:
        """Public posts without a password: what Recent Posts and SEO sitemaps show."""
        return self.cached("open", lambda: [post for post in self.public() if not post.password_protected])

    def find(self, slug: str) -> Post | None:
        """The public post with this slug, however encoded."""
        index = self.cached("slugs", lambda: {unquote(post.slug): post for post in self.public()})
        return index.get(unquote(slug))

    def guess(self, slug: str) -> Post | None:
        """The public post that WordPress guesses if none has this slug: the first whose slug starts with it."""
        slugs = (unquote(post.slug) for post in self.public())
        first = min((one for one in slugs if one.startswith(unquote(slug))), default=None)
        return self.find(first) if first else None

    def find_old(self, slug: str) -> Post | None:
        """The public post that once had this slug."""
        index = self.cached("old", lambda: {unquote(old): post for post in self.public() for old in post.old_slugs})
        return index.get(unquote(slug))

    def neighbours(self, post: Post) -> tuple[Post | None, Post | None]:
        """The previous and the next public post, by time."""
        order = self.public()
        key = (self.local(post.published), post.id)
        place = bisect_left(order, True, key=lambda p: (self.local(p.published), p.id) <= key)
        if place >= len(order) or order[place] is not post:
            return None, None
        return (order[place + 1] if place + 1 < len(order) else None), (order[place - 1] if place else None)

    def sections(self) -> dict[str, Section]:
        """Every category by path, parents included."""
        return self.cached("sections", self._sections)

    def _sections(self) -> dict[str, Section]:
        found = {section.path: section for post in self.posts.values() for section in post.sections}
        for path in list(found):
            parts = path.split("/")
            for end in range(1, len(parts)):
                parent = "/".join(parts[:end])
                found.setdefault(parent, Section(parts[end - 1].replace("-", " ").title(), parent))
        return dict(sorted(found.items()))

    def tags(self) -> dict[str, Tag]:
        return self.cached("tags", lambda: {tag.slug: tag for post in self.posts.values() for tag in post.tags})

    def authors(self) -> dict[str, Author]:
        return self.cached("authors", lambda: {post.author.slug: post.author for post in self.posts.values()})

    def term_id(self, kind: str, key: str) -> int:
        """A stable number for a category path, tag or author slug."""
        return self._terms.setdefault((kind, key), len(self._terms) + 2)

    def _name_terms(self, posts: Iterable[Post]) -> None:
        """Number terms in the order of posts, so that numbers do not depend on requests."""
        for post in posts:
            self.term_id("author", post.author.slug)
            for section in post.sections:
                parts = section.path.split("/")
                for end in range(1, len(parts) + 1):
                    self.term_id("category", "/".join(parts[:end]))
            for tag in post.tags:
                self.term_id("post_tag", tag.slug)

    def local(self, instant: datetime) -> datetime:
        return local(instant, self.zone)
