"""The test site, set up for a crawl, and the real command run against it as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.response import Response

ROOT = Path(__file__).parents[1]
FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0")
EIGHT_AT_ONCE = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
NO_REST: dict[str, Any] = {"rest": 403}
NOTHING_BUT_LISTINGS: dict[str, Any] = {"rest": 404, "sitemap": None, "feed": 404}


@dataclass
class Run:
    """What a command did."""

    status: int
    out: str
    err: str


def scrapy(
    *arguments: str | Path, timeout: float = 120, cwd: Path = ROOT, settings: str = "ifp_scraper.settings"
) -> Run:
    """Run ``scrapy`` with these arguments; ``settings`` names a module, which may lie in ``cwd``."""
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": settings, "PYTHONPATH": f"{cwd}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=environment,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def crawl(site: str, out: Path, *arguments: str, fast: bool = True, timeout: float = 120) -> Run:
    """Crawl a site into a file, without delays unless told otherwise."""
    return scrapy(
        "crawl", "ifp", "-s", f"IFP_SITE={site}", "-o", out, *(FAST if fast else ()), *arguments, timeout=timeout
    )


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@contextmanager
def site_of(count: int = 120, **config: Any) -> Iterator[tuple[Site, SiteServer]]:
    """Serve a site of so many posts; ``config`` are fields of ``Config``."""
    site = Site(make_posts(count, seed=3))
    with serve(site, **config) as server:
        yield site, server


def new_post(site: Site, **changes: Any) -> Post:
    """Publish a post now, or as ``changes`` say."""
    post = make_posts(1, seed=site.next_id())[0]
    post.id = site.next_id()
    post.slug = f"new-{post.id}"
    post.published = post.modified = site.now
    for name, value in changes.items():
        setattr(post, name, value)
    return site.add(post)


def printing(server: SiteServer, root: str) -> None:
    """Have the site's pages name another root than it answers to."""

    def print_root(target: str, response: Response) -> Response:
        for was, becomes in ((server.url, root), (server.url.replace("/", "\\/"), root.replace("/", "\\/"))):
            response.body = response.body.replace(was.encode(), becomes.encode())
        return response

    server.alter(print_root)
