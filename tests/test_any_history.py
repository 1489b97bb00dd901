"""Whatever has happened between a site and its crawls, two good runs have every article and edit, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import pytest

from ifp_scraper.dates import format_utc
from tests.crawling import lines, new_post, site_of
from tests.dry_run import dry_run
from tests.site import Site, SiteServer
from tests.site.response import Response


def any_config(random: Random) -> dict[str, Any]:
    config: dict[str, Any] = {"rest": random.choice(["ok", "ok", 403, 404]), "feed": random.choice(["ok", "ok", 404])}
    config["feed_size"] = random.choice([10, 20, 30])
    if config["rest"] == "ok":
        config["rest_max_per_page"] = random.choice([100, 100, 50, 10])
    else:
        config["sitemap"] = random.choice(["core", "yoast", "rankmath", None, None])
        config["sitemap_size"] = random.choice([10, 25, 40, 1000])
    return config


def without(headers: list[str]) -> Callable[[str, Response], Response]:
    """What a proxy makes of a response that drops these headers."""

    def drop(_: str, response: Response) -> Response:
        kept = {name: value for name, value in response.headers.items() if name not in headers}
        return replace(response, headers=kept)

    return drop


def broken_posts(site: Site, share: float) -> Callable[[str], bool]:
    """Whether the page of a post fails in every run, as that of each so many does; what is withdrawn is gone."""

    def is_broken(path: str) -> bool:
        return crc32(path.encode()) % 1000 < 1000 * share and site.find(path.strip("/")) is not None

    return is_broken


def interrupted_run(server: SiteServer, out: Path, random: Random, is_broken: Callable[[str], bool]) -> None:
    """A run in which some pages fail, or that has an end."""
    lists_fail, articles_fail = random.choice([0, 0, 0.1, 0.4]), random.choice([0, 0, 0.1])
    status = random.choice([500, 503])
    arguments = {"limit": random.choice(["3", "20"])} if random.random() < 0.2 else {}
    dry_run(
        server,
        out,
        # A feed that cannot be sorted does not fail a run.
        fails=lambda page: status if random.random() < lists_fail and "orderby=ID" not in page else None,
        broken=lambda path: is_broken(path) or random.random() < articles_fail,
        **arguments,
    )


def shows_edits(config: dict[str, Any]) -> bool:
    return config["rest"] == "ok" or config["feed"] == "ok" or config["sitemap"] in ("yoast", "rankmath")


def shows_imports(config: dict[str, Any]) -> bool:
    """Whether a later run sees old articles that a program has entered, with old edits."""
    sitemap = config.get("sitemap")
    return config["rest"] == "ok" or sitemap == "core" or (config["feed"] == "ok" and sitemap is None)


def days_pass(site: Site, config: dict[str, Any], random: Random) -> None:
    """Articles appear, are edited and are withdrawn."""
    for _ in range(random.choice([0, 1, 5, 15, 45, 120])):
        new_post(site)
        site.advance(minutes=random.choice([1, 10]))
    for _ in range(random.choice([0, 0, 1, 5, 30])):
        site.edit(random.choice(site.open_posts()).id)
        site.advance(seconds=random.choice([0, 1, 60]))
    for _ in range(random.choice([0, 0, 1, 3])):
        old = random.choice(site.public()).published
        if shows_edits(config):
            new_post(site, published=old)
        if shows_imports(config):
            new_post(site, published=old, modified=old)
    for _ in range(random.choice([0, 0, 1, 3])):
        site.withdraw(random.choice(site.open_posts()).id)
    site.advance(hours=random.choice([1, 30, 80]))


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 40))])
def test_two_good_runs_make_up_for_all_before_them(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    out, config = tmp_path / "a.jsonl", any_config(random)
    with site_of(random.choice([15, 40, 130]), **config) as (site, server):
        server.alter(without(random.choice([[], [], ["X-WP-Total"], ["X-WP-Total", "X-WP-TotalPages"]])))
        is_broken = broken_posts(site, share=random.choice([0, 0, 0.02, 0.1]))
        for _ in range(random.randint(2, 6)):
            interrupted_run(server, out, random, is_broken)
            days_pass(site, config, random)
        if random.random() < 0.5:
            is_broken = broken_posts(site, share=0)
        dry_run(server, out, broken=is_broken)
        site.advance(hours=1)
        last = dry_run(server, out, broken=is_broken)
        failing = {post.path for post in site.public() if is_broken(post.path)}
        held = {line["id"]: line for line in lines(out)}
        status = int(len(failing) >= max(1, len(held) / 100))
        assert (sorted(last.articles), last.status) == (sorted(failing), status), (config, last.why)
        missing = {post.path for post in site.open_posts() if post.id not in held}
        assert missing == {post.path for post in site.open_posts() if is_broken(post.path)}, config
        if shows_edits(config):
            expected = {post.id: format_utc(post.modified) for post in site.open_posts() if post.id in held}
            stale = [id for id, modified_at in expected.items() if held[id]["modified_at"] < modified_at]
            assert stale == [], config
