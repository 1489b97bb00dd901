"""How well ``scrapy extract`` uses a machine: its rate, start-up included, against one core's times the cores.

    python benchmarks/extract.py [--articles 5000] [--cache ~/.cache/ifp_scraper]

Reads a recording of invented articles, with a canonical and an AMP page each, which is made once. One core's rate is
that of a plain loop over the recording, which reads and extracts every page and discards the result. The same loop on
all cores at once shows the machine's own limit: cores that share hardware are slower together.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from operator import itemgetter
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ifp_scraper import UnreadablePage, extract  # noqa: E402
from tests.hostile import peak_memory  # noqa: E402
from tests.site import Site, make_posts, record, serve  # noqa: E402


def recording(articles: int, cache: Path) -> Path:
    path = cache / f"articles-{articles}.warc.gz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with serve(Site(make_posts(articles, seed=3))) as server:
            record(server, path.with_suffix(".part"), root="https://ifpnews.com")
        path.with_suffix(".part").rename(path)
    return path


def loop(path: Path) -> tuple[int, float]:
    """Read and extract every page; return how many, and the seconds taken."""
    begin, pages = time.perf_counter(), 0
    with path.open("rb") as stream:
        for found in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            if found.http_headers.status_code == 200 and "html" in (found.http_content_type or ""):
                url, captured_at = found.headers["WARC-Target-URI"], found.headers["WARC-Date"]
                with suppress(UnreadablePage):
                    extract(found.reader.read(), url, captured_at=captured_at)
                pages += 1
    return pages, time.perf_counter() - begin


def extracted(path: Path, workers: int) -> tuple[float, float]:
    """Run the command; return the seconds taken, and the peak memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        command = [sys.executable, "-m", "scrapy", "extract", str(path), "-o", str(Path(folder) / "a.jsonl")]
        process = subprocess.Popen([*command, "--workers", str(workers)], cwd=ROOT, stderr=subprocess.DEVNULL)
        peak = peak_memory(process)
        if process.returncode:
            raise RuntimeError(f"scrapy extract ended with status {process.returncode}")
        return time.perf_counter() - begin, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=5000)
    parser.add_argument("--times", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "ifp_scraper")
    arguments = parser.parse_args()
    path = recording(arguments.articles, arguments.cache)
    cores = os.cpu_count() or 1
    pages, seconds = min((loop(path) for _ in range(arguments.times)), key=itemgetter(1))
    with ProcessPoolExecutor(cores) as pool:
        together = min(max(spent for _, spent in pool.map(loop, [path] * cores)) for _ in range(arguments.times))
    wall, peak = min(extracted(path, cores) for _ in range(arguments.times))
    alone, _ = min(extracted(path, 1) for _ in range(arguments.times))
    print(f"{pages} pages, {cores} cores, peak memory of the writing process {peak:.0f} MiB")
    for label, rate in (
        ("a plain loop on one core", pages / seconds),
        (f"{cores} plain loops at once", cores * pages / together),
        ("scrapy extract --workers 1", pages / alone),
        ("scrapy extract", pages / wall),
    ):
        print(f"{label:26} {rate:7.0f} pages a second  {rate / (cores * pages / seconds):6.1%} of cores x one core")
    print(f"scrapy extract does {alone / (cores * wall):.1%} of cores x --workers 1")


if __name__ == "__main__":
    main()
