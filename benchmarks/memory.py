"""Peak memory of a long crawl, and of one that starts on a large file (both below 250 MiB, docs/security.md).

python -m benchmarks.memory --articles 20000 --lines 100000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ifp_scraper.items import Article, encode
from tests.hostile import peak_memory
from tests.site import Site, make_posts, serve

ROOT = Path(__file__).parents[1]
_WORDS = "the bridge over the river was opened on monday after four years of work and many delays".split()


def crawl(site: str, out: Path, *arguments: str) -> tuple[int, float, float]:
    """Crawl with the real command; return the exit status, the peak memory in MiB, and the seconds taken."""
    begin = time.monotonic()
    command = ["crawl", "ifp", "-s", f"IFP_SITE={site}", "-o", str(out), "-s", "DOWNLOAD_DELAY=0"]
    command += ["-s", "AUTOTHROTTLE_ENABLED=0", *arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", *command],
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "ifp_scraper.settings"},
    )
    peak = peak_memory(process)
    return process.returncode, peak, time.monotonic() - begin


def write_lines(path: Path, count: int, words: int) -> None:
    """Write a file of ``count`` articles of about 10 kB each."""
    text = " ".join(_WORDS[number % len(_WORDS)] for number in range(words))
    base = Article(headline="A bridge", byline="IFP", layout="newspaper", extractor_version="0.1.0")
    with path.open("wb") as file:
        for number in range(count):
            body = f"{number} {text}"
            url = f"https://ifpnews.com/article-number-{number}/"
            file.write(
                encode(
                    replace(
                        base,
                        id=10**6 + number,
                        url=url,
                        amp_url=url + "amp/",
                        aliases=[url + "x/"],
                        blocks=[{"kind": "paragraph", "text": body}],
                        body=body,
                        word_count=words + 1,
                        published_at=f"20{10 + number % 15}-01-01T00:00:00Z",
                        modified_at=f"20{10 + number % 15}-01-02T00:00:00Z",
                    )
                )
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--pages", default="canonical", help="canonical, amp or both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.articles:
            with serve(Site(make_posts(options.articles))) as server:
                status, peak, seconds = crawl(server.url, Path(folder) / "a.jsonl", "-a", f"pages={options.pages}")
            print(
                f"a crawl of {options.articles} articles: {peak:.0f} MiB, {seconds:.0f} s, status {status}", flush=True
            )
        if options.lines:
            path = Path(folder) / "b.jsonl"
            write_lines(path, options.lines, 840)
            size = path.stat().st_size / 1e9
            with serve(Site(make_posts(20))) as server:
                status, peak, seconds = crawl(server.url, path)
            print(
                f"a start on {options.lines} lines ({size:.2f} GB): {peak:.0f} MiB, {seconds:.0f} s, status {status}"
            )


if __name__ == "__main__":
    main()
