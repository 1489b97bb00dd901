"""``make_posts``: as many posts as a test wants, always the same ones."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from . import pieces as p
from .clock import TEHRAN, clock_is_skipped
from .model import Post, Section, Site, encoded
from .pieces import Picture, Piece
from .words import AUTHORS, PERSIAN, SECTIONS, TAGS, headline, sentence, sentences, word

START = datetime(2014, 8, 20, 6, 30, tzinfo=UTC)
END = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

# Ages of the newest posts at END, for every bracket of "N ago".
_LADDER = [
    timedelta(seconds=seconds)
    for seconds in (20, 95, 1500, 3590, 5000, 13000, 42000, 85000, 90000, 200000, 590000, 900000, 2500000)
]


def make_posts(n: int, seed: int = 1, end: datetime = END, start: datetime = START) -> list[Post]:
    """Return n posts, oldest first, of every kind that the site knows, spread from ``start`` to ``end``.

    The last ones are close to ``end``, so that Recent Posts shows seconds, hours and days. ``Site(posts)`` sets its
    clock to 20 seconds after the newest.
    """
    posts: list[Post] = pickle.loads(_pickled_posts(n, seed, end, start))
    return posts


@lru_cache(maxsize=32)
def _pickled_posts(n: int, seed: int, end: datetime, start: datetime) -> bytes:
    """The same posts for many tests, which change them: making them takes ten times as long as a copy."""
    rng = Random(seed)
    taken: dict[str, int] = {}
    posts: list[Post] = []
    dates = _dates(n, rng, start, end)
    for number, published in enumerate(dates):
        post_id = 100 + number * 3 + rng.randrange(3)
        twin = posts[-1] if number % 37 == 20 else None
        title = _title_again(posts, rng) if number % 31 == 17 else headline(rng)
        slug = _free_slug(title, number, taken)
        post = Post(post_id, slug, title, rng.choice(AUTHORS[:4]), _sections(rng), [], published, published)
        _KINDS[number % len(_KINDS)](post, rng)
        if twin and sum(len(block["text"].split()) for block in twin.expected()["blocks"]) >= 50:
            _make_twin(post, twin)
        _vary(post, number, rng, dates[-1])
        posts.append(post)
    return pickle.dumps(posts)


def publish(site: Site, headline: str, *pieces: Piece, **fields: Any) -> Post:
    """Add one post to a site, published now; ``fields`` are fields of ``Post``."""
    number = site.next_id()
    rng = Random(number)
    given = {
        "id": number,
        "slug": re.sub(r"[^a-z0-9]+", "-", headline.lower()).strip("-"),
        "headline": headline,
        "author": AUTHORS[0],
        "sections": [SECTIONS[3]],
        "pages": [list(pieces) or _paragraphs(rng, 3, 5)],
        "published": site.now,
        **fields,
    }
    return site.add(Post(**{"modified": given["published"], **given}))


def _dates(n: int, rng: Random, start: datetime, end: datetime) -> list[datetime]:
    ladder = [end - age for age in _LADDER[: n // 4]]
    spread = n - len(ladder)
    span = (end - timedelta(days=40) - start).total_seconds()
    dates = sorted(start + timedelta(seconds=int(span * rng.random())) for _ in range(spread))
    for number in range(25, spread, 40):
        dates[number] = dates[number - 1]  # two in the same second
    dates = [day + timedelta(hours=1) if clock_is_skipped(day, TEHRAN) else day for day in dates]
    return sorted(dates + ladder)


def _title_again(posts: list[Post], rng: Random) -> str:
    return rng.choice(posts).headline.partition("[:")[0] or headline(rng)


def _free_slug(title: str, number: int, taken: dict[str, int]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("’", "")).strip("-")
    if number % 53 == 30:
        slug = encoded(f"گزارش-{number}")
    count = taken[slug] = taken.get(slug, 0) + 1
    return slug if count == 1 else f"{slug}-{count}"


def _sections(rng: Random) -> list[Section]:
    chosen = rng.sample(SECTIONS, rng.choice((1, 1, 1, 2, 2, 3)))
    return sorted(chosen, key=lambda section: section.name)


def _make_twin(post: Post, twin: Post) -> None:
    """The same text again under another slug."""
    post.pages, post.headline, post.headline_read = twin.pages, twin.headline, twin.headline_read
    post.lead, post.copy_of = twin.lead, twin.copy_of or twin.id


def _vary(post: Post, number: int, rng: Random, now: datetime) -> None:
    post.tags = sorted(rng.sample(TAGS, rng.choice((0, 1, 2, 4))), key=lambda tag: tag.name)
    post.comments = rng.choice((0, 0, 0, 2, 12))
    if number % 3:
        post.picture = _picture(rng, post.published)
    if number % 5 == 2:
        post.modified = post.published + timedelta(minutes=rng.randrange(1, 60 * 24 * 20))
    elif number % 23 == 9:
        post.modified = post.published - timedelta(hours=rng.randrange(1, 30))  # written before, then scheduled
    if post.modified > now:  # no edits in the future
        post.modified = post.published + timedelta(seconds=int((now - post.published).total_seconds() * rng.random()))
    if number % 61 == 43:
        post.password_protected = True
    if number % 29 == 13:
        post.amp_enabled = False
    if number % 41 == 24 and post.copy_of is None:
        post.headline_read = post.headline
        post.headline += f"[:fa]{PERSIAN[0]}" if number % 2 else ""
        post.headline = post.headline if number % 2 else f"[:en]{post.headline}[:fa]{PERSIAN[1]}[:]"


def _picture(rng: Random, day: datetime) -> Picture:
    topic, place = word(rng, "topic"), word(rng, "place")
    name = topic.replace(" ", "-")
    caption = rng.choice((f"The {topic} of {place} at noon", name, None))
    return Picture(f"{day:%Y/%m}/{name}-{rng.randrange(1000)}.jpg", f"{topic} in {place}", caption)


def _paragraphs(rng: Random, least: int, most: int) -> list[Piece]:
    return [p.paragraph(sentences(rng, 2, 4)) for _ in range(rng.randint(least, most))]


# -- kinds of posts -----------------------------------------------------------------------------------------


def _plain(post: Post, rng: Random) -> None:
    post.pages = [_paragraphs(rng, 3, 8)]


def _with_lead(post: Post, rng: Random) -> None:
    post.lead = sentence(rng)
    post.pages = [[p.paragraph(post.lead), *_paragraphs(rng, 3, 6)]]


def _lists(post: Post, rng: Random) -> None:
    items: list[Any] = [sentence(rng) for _ in range(4)]
    items.insert(2, [sentence(rng), sentence(rng)])
    numbered = [sentence(rng) for _ in range(rng.randint(2, 9))]
    post.pages = [
        [*_paragraphs(rng, 1, 3), p.heading("What was agreed"), p.bullets(items), p.bullets(numbered, ordered=True)]
    ]


def _quotes(post: Post, rng: Random) -> None:
    post.pages = [
        [*_paragraphs(rng, 1, 2), p.quote([sentence(rng), sentence(rng)], "A visitor"), *_paragraphs(rng, 1, 3)]
    ]


def _table(post: Post, rng: Random) -> None:
    rows = [[word(rng, "place"), str(rng.randrange(9999)), f"{rng.random():.2f}"] for _ in range(rng.randint(2, 9))]
    post.pages = [
        [*_paragraphs(rng, 2, 3), p.table([["Town", "Guests", "Share"], *rows]), p.source_line("Bridge Weekly")]
    ]


def _pictures(post: Post, rng: Random) -> None:
    shots = [_picture(rng, post.published) for _ in range(5)]
    post.pages = [
        [
            *_paragraphs(rng, 2, 3),
            p.figure(shots[0]),
            p.figure(shots[1], gutenberg=True),
            p.bare_image(shots[2]),
            p.gallery(shots[3:]),
        ]
    ]


def _related(post: Post, rng: Random) -> None:
    title, slug = headline(rng), f"an-older-story-{rng.randrange(9999)}"
    post.pages = [
        [
            *_paragraphs(rng, 2, 3),
            p.read_more(title, f"/{slug}/"),
            p.linked("As reported in", "an earlier story", f"/{slug}-b/", "of this site, the work goes on."),
            *_paragraphs(rng, 1, 3),
            p.read_more(headline(rng), f"/{slug}-c/", "Also read:"),
        ]
    ]


def _persian(post: Post, rng: Random) -> None:
    post.pages = [[*_paragraphs(rng, 2, 4), *map(p.persian, PERSIAN), *_paragraphs(rng, 1, 2)]]


def _several_pages(post: Post, rng: Random) -> None:
    post.pages = [_paragraphs(rng, 2, 4) for _ in range(rng.choice((2, 3)))]


def _daily_count(post: Post, rng: Random) -> None:
    """A lookalike: the same words every day, with different figures."""
    count = rng.randrange(100, 99999)
    lines = [
        f"The Lake Watch counted {count:,} herons on the northern shore today.",
        "The next count is due tomorrow.",
    ]
    post.pages = [[*map(p.paragraph, lines), p.bullets([f"East bank: {count // 3:,}", f"West bank: {count // 5:,}"])]]


def _live(post: Post, rng: Random) -> None:
    whole = []
    for hour in (9, 11, 15):
        said = sentence(rng)
        whole.append(p.paragraph(f"{hour}:00 – {said}", f"<strong>{hour}:00</strong> – {p.escape(said, quote=False)}"))
    post.pages = [[*whole, p.broken_lines(["First line", "second line", "third line"]), *_paragraphs(rng, 1, 2)]]


def _odds_and_ends(post: Post, rng: Random) -> None:
    torn = p.paragraph(
        "The Bridge is open, they said, again & again.",
        "The <b>B</b>ridge is\u00a0open,&nbsp;they <i>sa</i>id, again &amp; again.",
    )
    post.pages = [
        [
            *_paragraphs(rng, 1, 2),
            torn,
            p.hidden("Nobody sees this line."),
            p.script("var nothing = 1;"),
            p.preformatted("one   two\n  three"),
            p.youtube(f"aB3-{rng.randrange(1000000):07d}"),
            p.tweet(rng.randrange(10**17, 10**18), "A tweet that somebody wrote."),
            *_paragraphs(rng, 1, 2),
        ]
    ]


_KINDS: list[Callable[[Post, Random], None]] = [
    _plain,
    _with_lead,
    _lists,
    _plain,
    _quotes,
    _table,
    _pictures,
    _related,
    _plain,
    _persian,
    _several_pages,
    _daily_count,
    _live,
    _with_lead,
    _odds_and_ends,
]
