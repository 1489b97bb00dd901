"""Broken lists by the thousand: no exception, none slow, and every entry that stands unharmed is found once.

And sites with a broken page in each of their lists: what the others show is found, and a later run finds the rest.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import gettempdir

import pytest

from tests import list_mutations
from tests.crawling import lines, public, site_of
from tests.dry_run import dry_run
from tests.site.response import Response, page, redirect
from tests.test_any_history import any_config

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1.5")) / len(list_mutations.KINDS)


@pytest.mark.parametrize("kind", list_mutations.KINDS)
def test_mutated_lists(kind: str) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "1"))
    rng = Random(f"{kind} {seed}")
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end:
        fuzzed = list_mutations.make(kind, rng)
        broken = fuzzed._replace(body=list_mutations.mutate(fuzzed.body, rng), good=[])
        for one in (fuzzed, broken):
            found = list_mutations.fault(one)
            number += 1
            if found:
                with open(Path(gettempdir()) / f"fuzz-{kind}-{seed}-{number}", "wb") as file:
                    file.write(one.body)
            assert found is None, f"{found}; saved as {file.name}"


_PAGE = re.compile(r"((?:[?&](?:paged|page)=|/page/|-post-|post-sitemap))(\d+)")
_LIES = ("status 500", "empty", "a page", "a circle", "home", "the first page", "the page before", "no count")


def lie(kind: str, target: str, response: Response) -> Response:
    """What a site sends instead of a page of a list."""
    if kind == "status 500":
        return page("Out of order.", 500)
    if kind in ("a circle", "home"):
        return redirect(target if kind == "a circle" else target[: target.index("/", 8) + 1], 302)
    if kind == "no count":
        headers = {name: value for name, value in response.headers.items() if not name.startswith("X-WP-")}
        return replace(response, headers=headers)
    return page("" if kind == "empty" else "<html><body><h1>A page</h1></body></html>")


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 100))])
def test_lists_of_which_a_page_lies(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    out, config, kind, number = (
        tmp_path / "a.jsonl",
        any_config(random),
        random.choice(_LIES),
        random.choice((2, 3, 4)),
    )
    with site_of(random.choice((15, 40, 130)), **config) as (site, server):
        liars: set[str] = set()

        def is_lie(target: str) -> bool:
            if kind == "the page before" and "/page/" in target:
                return False  # so it is, too, if as many articles have been added meanwhile
            if kind.startswith("the ") and "sitemap" in target:
                return False  # two files may list the same
            match = _PAGE.search(target)
            return match is not None and int(match[2]) == number

        def route(target: str) -> str:
            other = {"the first page": 1, "the page before": number - 1}.get(kind)
            return _PAGE.sub(rf"\g<1>{other}", target) if other and is_lie(target) else target

        def alter(target: str, response: Response) -> Response:
            if not is_lie(target):
                return response
            liars.add(target)
            return response if "page" in kind and kind != "a page" else lie(kind, server.url + target, response)

        server.reroute(route)
        server.alter(alter)
        first = dry_run(server, out)
        assert len(first.asked) <= 60 + 3 * len(public(site)), config
        assert len(first.articles) == len(set(first.articles)), config
        for target in set(first.asked) - liars:
            if "posts" in target or "feed" in target:  # not a listing, beside which other articles are shown
                shown = server.get(target)
                text = shown.body.decode().replace("\\/", "/") if shown.status == 200 else ""
                found = {path for path in public(site) if re.search(re.escape(server.url + path) + '["<]', text)}
                assert found <= set(first.articles), (target, config)
        server.heal()
        site.advance(hours=1)
        dry_run(server, out)
        held = [line["id"] for line in lines(out)]
        assert sorted(held) == sorted(post.id for post in site.open_posts()), (kind, number, config)
