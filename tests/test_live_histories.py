"""A small site with any history, crawled by the real command, at times killed: checked against the contract."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from copy import copy, deepcopy
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from ifp_scraper.items import Article
from tests.crawling import EIGHT_AT_ONCE, crawl, lines, new_post
from tests.expected import differences
from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.pieces import paragraph
from tests.site.words import TAGS, headline, sentence

VOLATILE = {
    "aliases",
    "recent_posts",
    "fetched_at",
    "fetched_url",
    "html_sha256",
    "revision",
    "reread",
    "duplicate_of",
}
EDITED = {"headline", "lead", "blocks", "byline", "sections", "tags", "modified_at"}
SUMMARY = re.compile(r"Found (\d+): (\d+) new, (\d+) revised, (\d+) reread, (\d+) unchanged, (\d+) rejected, (\d+) f")
PAGE_FAULTS = [404, 410, 500, 503, "challenge", "maintenance", "reset", "truncated", "empty", "home", "json"]
LIST_FAULTS = [404, 500, 403, "reset", "empty", "truncated"]


def any_config(random: Random) -> dict[str, Any]:
    return {
        "rest": random.choice(["ok", "ok", 403, 404]),
        "sitemap": random.choice(["core", "yoast", "rankmath", None]),
        "amp": random.choice(["swift", "swift", "design3", None]),
        "theme": random.choice(["newspaper", "newspaper", "newspaper-cloud"]),
        "yoast_head": random.random() < 0.6,
        "theme_date": random.random() < 0.6,
        "posts_per_page": random.choice([3, 10]),
    }


class History:
    """A site, what happens to it, and what its crawls have written."""

    def __init__(self, random: Random, server: SiteServer, out: Path) -> None:
        self.random, self.server, self.site, self.out = random, server, server.site, out
        self.status, self.err = 0, ""
        self.cut = False
        """Whether a kill left the file's last line unfinished."""
        self.changes: Counter[int] = Counter()
        """By id: how often an article may have been edited, as far as its pages show."""
        self.unsure: Counter[int] = Counter()
        """By id: the runs in which its pages were faulty; after two, it may have been given up until its next edit."""

    def edit(self, post: Post, **changes: Any) -> None:
        self.site.edit(post.id, **changes)
        self.changes[post.id] += 1
        self.site.advance(seconds=7)  # many edits at once pass for a fault of the list

    def change(self) -> None:
        """Let something happen, and time pass."""
        random, site = self.random, self.site
        post = random.choice(site.open_posts())
        match random.randrange(8):
            case 0:
                new_post(site)
            case 1:
                self.edit(post, headline=headline(random), headline_read=None)
            case 2:
                was = deepcopy(post.pages)
                self.edit(post, pages=[*post.pages[:-1], [*post.pages[-1], paragraph(sentence(random))]])
                if random.random() < 0.5:
                    site.advance(hours=random.choice([0, 5]))
                    self.edit(post, pages=was)
            case 3:
                more = [*post.pages, [paragraph(sentence(random))]]
                self.edit(post, pages=post.pages[:1] if len(post.pages) > 1 else more)
            case 4:
                self.edit(post, slug=f"{post.slug}-x", old_slugs=[*post.old_slugs, post.slug])
            case 5:
                self.edit(post, tags=sorted(random.sample(TAGS, 2), key=lambda tag: tag.name))
            case 6 if len(site.open_posts()) > 2:
                site.withdraw(post.id)
            case _:
                for gone in [post for post in site.posts.values() if post.status == "trash"][:1]:
                    self.edit(gone, status="publish")
        site.advance(**random.choice([{"minutes": 1}, {"hours": 5}, {"days": 2}]))

    def trouble(self) -> None:
        """Let pages or lists fail, or a cache hide an edit, until ``heal``."""
        random, server = self.random, self.server
        post = random.choice(self.site.open_posts())
        match random.randrange(6):
            case 0 | 1:
                self.unsure[post.id] += 1
                server.fault(lambda target: target == post.path, random.choice(PAGE_FAULTS), None)
            case 2:
                self.unsure[post.id] += 1
                server.fault(f"{post.path}amp", random.choice(PAGE_FAULTS), None)
            case 3:
                server.fault(
                    random.choice(["/wp-json", "sitemap", "/feed", "/page/"]), random.choice(LIST_FAULTS), None
                )
            case 4:
                self.unsure.update(list(self.site.posts))
                begun = iter(range(random.choice([1, 3, 6, 10])))
                server.fault(
                    lambda _: next(begun, None) is None, random.choice([500, "reset", "challenge", 404]), None
                )
            case _:
                self.unsure[post.id] += 1
                target = post.path + random.choice(["", "amp/"])
                cached = server.get(target)
                cached.headers |= random.choice([{}, {"Age": "7200"}])
                self.site.advance(minutes=5)
                self.edit(post, headline=headline(random), headline_read=None)
                server.alter(lambda asked, found: copy(cached) if asked == target and found.status == 200 else found)

    def heal(self) -> None:
        self.server.clear()
        self.server.heal()

    def any_arguments(self) -> list[str]:
        random, paths = self.random, [post.path for post in self.site.open_posts()]
        options = ["pages=canonical", "pages=amp", "limit=2", "sources=feed,listing", "refresh=2020-01-01"]
        named = ",".join(self.server.url + path for path in random.sample(paths, 2))
        return [] if random.random() < 0.6 else ["-a", random.choice([*options, f"urls={named}"])]

    def crawl(self, *arguments: str, killed: bool = False) -> list[dict[str, Any]]:
        """Run, perhaps killed at some moment, and return the new lines, all checked."""
        before, runs = self.lines(), self.runs()
        seconds = self.random.uniform(0.1, 0.6) if killed else 60
        speed = EIGHT_AT_ONCE if self.random.random() < 0.3 else ()
        settings = ("-s", "RETRY_TIMES=0", "-s", "IFP_GRACE=0.3", *speed)
        run = crawl(self.server.url, self.out, *arguments, *settings, timeout=seconds)
        self.status, self.err = run.status, run.err
        after = self.lines(cut=run.status < 0)
        assert after[: len(before)] == before
        self.check(after, len(before))
        assert "Traceback" not in run.err, run.err
        if run.status >= 0:
            [line] = self.runs()[len(runs) :]
            self.check_counts(line, before, after)
        return after[len(before) :]

    def lines(self, *, cut: bool = False) -> list[dict[str, Any]]:
        if not self.out.exists():
            return []
        *whole, rest = self.out.read_bytes().split(b"\n")
        assert cut or not rest or self.cut
        self.cut = bool(rest)
        return [json.loads(line) for line in whole]

    def runs(self) -> list[dict[str, Any]]:
        return lines(self.out.with_suffix(".runs.jsonl"))

    def check(self, written: list[dict[str, Any]], start: int) -> None:
        """Whether these lines are valid, in order, and say something new."""
        of_article: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for number, line in enumerate(written):
            earlier, what = of_article[line["id"]], (line["id"], line["revision"], self.err[-600:])
            if number >= start:
                msgspec.convert(line, Article)
                assert line.keys() == Article.__dataclass_fields__.keys()
                assert line["id"] in self.site.posts, what
                if not earlier:
                    assert (line["revision"], line["reread"]) == (1, False), what
                else:
                    differ = {name for name in line if line[name] != earlier[-1][name]} - VOLATILE
                    assert line["revision"] == earlier[-1]["revision"] + (not line["reread"]), what
                    assert differ if line["reread"] else differ & EDITED, what
                    assert line["revision"] <= 1 + self.changes[line["id"]] + self.unsure[line["id"]], (*what, differ)
            earlier.append(line)
        addresses = Counter(own[-1]["url"] for own in of_article.values())
        assert set(addresses.values()) <= {1}

    def check_counts(self, run: dict[str, Any], before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
        """Whether the runs file and the last lines on stderr say what was written."""
        known, new = {line["id"] for line in before}, after[len(before) :]
        fresh = len({line["id"] for line in new} - known)
        wrote = [fresh, sum(not line["reread"] for line in new) - fresh, sum(line["reread"] for line in new)]
        assert [run["counts"][name] for name in ("new", "revised", "reread")] == wrote
        summary = SUMMARY.search(self.err)
        assert summary, self.err
        found, *parts = map(int, summary.groups())
        assert (parts[:3], found) == (wrote, sum(parts))
        assert run["articles"] == len(known) + fresh
        assert run["exit_status"] == self.status
        rejected = {line["url"] for line in lines(self.out.with_suffix(".rejected.jsonl"))}
        assert rejected or not parts[4]
        if run["complete"] and run["source"] == "rest" and not self.server.faults:
            held = {line["id"] for line in after}
            lost = [post for post in self.site.open_posts() if post.id not in held]
            assert {self.server.url + post.path for post in lost} <= rejected

    def check_truth(self) -> None:
        """Whether the last lines show the site as it is."""
        last = {line["id"]: line for line in self.lines()}
        wrong = {}
        for post in self.site.open_posts():
            line = last[post.id]
            found = differences(post, line, self.server.url)
            unstated = {name for name in ("published_at", "modified_at") if line[name] is None}
            if found.keys() - unstated:
                wrong[post.id] = found, line["layout"]
        assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_good_runs_make_up_for_any_history(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    posts = random.sample(make_posts(40, seed=3), random.randint(4, 10))
    with serve(Site(sorted(posts, key=lambda post: post.id)), **any_config(random)) as server:
        server.site.now = max(server.site.now, make_posts(40, seed=3)[-1].published)
        history = History(random, server, tmp_path / "a.jsonl")
        for _ in range(random.randint(4, 7)):
            if random.random() < 0.6:
                history.trouble()
            arguments = history.any_arguments()
            for killed in random.choice([[False], [False], [True], [True, False]]):
                history.crawl(*arguments, killed=killed)
            history.heal()
            server.site.advance(seconds=1)
            history.change()
        server.config.rest = random.choice(["ok", server.config.rest])
        for number in range(3):
            server.site.advance(days=2)
            for post in history.site.open_posts() if number == 1 else []:
                if history.unsure[post.id] > 1:
                    history.edit(post)
            server.site.advance(days=2)
            history.crawl()
            assert history.status == 0, history.err
        server.clear()
        assert history.crawl() == []
        assert not [post.path for post in history.site.open_posts() if server.requests(post.path)]
        history.crawl("-a", "refresh=2000-01-01")
        history.check_truth()
        assert history.crawl("-a", "refresh=2000-01-01") == []
