"""The test site, set up for a crawl, and the real command run against it as a user would."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer
from typing import Any

from scrapy.cmdline import execute

from tests.site import Post, Site, SiteServer, make_posts, serve
from tests.site.response import Response

ROOT = Path(__file__).parents[1]
FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0")
EIGHT_AT_ONCE = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8")
NO_REST: dict[str, Any] = {"rest": 403}
YOAST: dict[str, Any] = {"rest": 403, "sitemap": "yoast"}
NOTHING_BUT_LISTINGS: dict[str, Any] = {"rest": 404, "sitemap": None, "feed": 404}


@dataclass
class Run:
    """What a command did."""

    status: int
    out: str
    err: str


def scrapy(
    *arguments: str | Path,
    timeout: float = 120,
    cwd: Path = ROOT,
    settings: str = "ifp_scraper.settings",
    room: int = -1,
) -> Run:
    """Run ``scrapy`` with these arguments, in a process forked from one that has its imports behind it.

    Args:
        settings: the name of a module, which may be in ``cwd``.
        room: no file may grow beyond this many bytes; -1 for no limit.
    """
    pipes = [_FORKSERVER.Pipe(duplex=False) for _ in range(2)]
    streams = [writing for _, writing in pipes]
    command = _FORKSERVER.Process(target=_execute, args=(list(map(str, arguments)), cwd, settings, room, *streams))
    command.start()
    for stream in streams:
        stream.close()
    killing = Timer(timeout, command.kill)
    killing.start()
    with ThreadPoolExecutor() as pool:
        out, err = pool.map(_read, (reading for reading, _ in pipes))
    command.join()
    killing.cancel()
    assert command.exitcode is not None
    return Run(command.exitcode, out, err)


_FORKSERVER = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(["tests.preloaded"])


def _read(pipe: Connection) -> str:
    with open(os.dup(pipe.fileno()), encoding="utf-8") as stream:
        return stream.read()


def _execute(
    arguments: list[str], cwd: Path, settings: str, room: int, stdout: Connection, stderr: Connection
) -> None:
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    for stream in (stdout, stderr):
        stream.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    os.chdir(cwd)
    os.environ["SCRAPY_SETTINGS_MODULE"] = settings
    sys.path[:0] = [str(cwd), str(ROOT)]
    sys.argv = ["scrapy", *arguments]
    execute()


def crawl(site: str, out: Path, *arguments: str, fast: bool = True, **options: Any) -> Run:
    """Crawl a site into a file, without delays unless told otherwise; ``options`` are those of ``scrapy``."""
    speed = FAST if fast else ()
    return scrapy("crawl", "ifp", "-s", f"IFP_SITE={site}", "-o", out, *speed, *arguments, **options)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@contextmanager
def site_of(count: int = 120, **config: Any) -> Iterator[tuple[Site, SiteServer]]:
    """Serve a site of so many posts; ``config`` are fields of ``Config``."""
    site = Site(make_posts(count, seed=3))
    with serve(site, **config) as server:
        yield site, server


def public(site: Site) -> set[str]:
    """The paths of its articles."""
    return {post.path for post in site.public()}


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
