"""The cost of a crawl, compared with a bare Scrapy spider that fetches the same pages and extracts nothing.

    python benchmarks/crawl.py [--posts 500]

Prints, for a live crawl over loopback and for a crawl of a recording: requests per article, CPU per page (of the
crawling process alone), and the ratio to the bare spider in the same run.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.site import Site, make_posts, record, serve  # noqa: E402

BARE = """
import sys
import scrapy
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for url in open(sys.argv[1]).read().split():
            yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        pass
from scrapy.crawler import AsyncCrawlerProcess
process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8})
process.crawl(Bare)
process.start()
"""


def cpu(command: list[str]) -> float:
    """Return the CPU seconds, user plus system, of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=500)
    posts = parser.parse_args().posts
    fast = ["-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8"]
    scrapy = [sys.executable, "-m", "scrapy"]
    with tempfile.TemporaryDirectory() as name, serve(Site(make_posts(posts, seed=1))) as server:
        folder = Path(name)
        idle = cpu(
            [*scrapy, "crawl", "ifp", "-a", "archive=sample", "-a", "limit=1", "-o", str(folder / "idle.jsonl")]
        )
        live = cpu([*scrapy, "crawl", "ifp", "-s", f"IFP_SITE={server.url}", "-o", str(folder / "live.jsonl"), *fast])
        targets = [target for _, target, status in server.log if status == 200]
        articles = len((folder / "live.jsonl").read_bytes().splitlines())
        (folder / "urls").write_text("\n".join(server.url + target for target in targets))
        (folder / "bare.py").write_text(BARE)
        (folder / "none").write_text("")
        bare_idle = cpu([sys.executable, str(folder / "bare.py"), str(folder / "none")])
        bare = cpu([sys.executable, str(folder / "bare.py"), str(folder / "urls")])
        record(server, folder / "all.warc.gz", root="https://ifpnews.com")
        archive = cpu(
            [*scrapy, "crawl", "ifp", "-a", f"archive={folder / 'all.warc.gz'}", "-o", str(folder / "archive.jsonl")]
        )
    pages = len(targets)
    per_page = (bare - bare_idle) / pages * 1e3
    print(f"{articles} articles, {pages} requests: {pages / articles:.2f} requests an article")
    for label, seconds in (
        ("bare spider", bare - bare_idle),
        ("live crawl", live - idle),
        ("recording", archive - idle),
    ):
        milliseconds = seconds / pages * 1e3
        print(f"{label:12} {milliseconds:6.2f} ms CPU a page  {milliseconds / per_page:5.2f} x")


if __name__ == "__main__":
    main()
