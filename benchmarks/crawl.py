"""The cost of a crawl, compared with a bare Scrapy spider that fetches the same pages and extracts nothing.

    python benchmarks/crawl.py [--posts 900] [--times 5]

Prints, for a live crawl over loopback and for a crawl of a recording: requests per article, CPU per page (of the
crawling process alone), and the ratio to the bare spider in the same run. They take turns, and the least CPU of each
counts, as other programs on the machine only add to it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
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


CRAWL = ["-m", "scrapy", "crawl", "ifp"]
FAST = ["-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8"]


def cpu(command: list[str]) -> float:
    """Return the CPU seconds, user plus system, of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=900)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serve(Site(make_posts(arguments.posts, seed=1))) as server:
        folder = Path(name)
        recording = folder / "all.warc.gz"
        record(server, recording, root="https://ifpnews.com")
        (folder / "bare.py").write_text(BARE)
        (folder / "none").write_text("")
        seconds: defaultdict[str, list[float]] = defaultdict(list)

        def run(label: str, *command: str) -> None:
            seconds[label].append(cpu([sys.executable, *command]))

        for number in range(arguments.times):
            out = [str(folder / f"{kind}-{number}.jsonl") for kind in ("idle", "live", "archive")]
            run("idle", *CRAWL, "-a", "archive=sample", "-a", "limit=1", "-o", out[0])
            server.log.clear()
            run("live", *CRAWL, "-s", f"IFP_SITE={server.url}", "-o", out[1], *FAST)
            targets = [target for _, target, status in server.log if status == 200]
            (folder / "urls").write_text("\n".join(server.url + target for target in targets))
            run("bare, idle", str(folder / "bare.py"), str(folder / "none"))
            run("bare", str(folder / "bare.py"), str(folder / "urls"))
            run("archive", *CRAWL, "-a", f"archive={recording}", "-o", out[2])
        articles = len((folder / "live-0.jsonl").read_bytes().splitlines())
    least = {label: min(spent) for label, spent in seconds.items()}
    bare = least["bare"] - least["bare, idle"]
    pages = len(targets)
    print(f"{articles} articles, {pages} requests: {pages / articles:.2f} requests an article")
    for label, spent in (
        ("bare spider", bare),
        ("live crawl", least["live"] - least["idle"]),
        ("recording", least["archive"] - least["idle"]),
    ):
        print(f"{label:12} {spent / pages * 1e3:6.2f} ms CPU a page  {spent / bare:5.2f} x")


if __name__ == "__main__":
    main()
