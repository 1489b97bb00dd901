"""How long a full record takes, compared with lxml parsing the same page, and with other extractors.

    python benchmarks/speed.py [--peers] [--repeat 7] [--pages 20] [--samples ../shared/samples]

CPU time; the contestants take turns on each page, which a comment makes different every time, to defeat page caches. A
row is one contestant, a column one group of pages: the median over pages of its time (itself the median of the
repeats) divided by that of lxml.html.fromstring. --peers installs the peers, each in its own environment, in
~/.cache/ifp_scraper/peers.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import lxml.html
from fastwarc.warc import ArchiveIterator, WarcRecordType
from peers import PEERS, Peer

from ifp_scraper import UnreadablePage, extract

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
RECORDINGS = {
    "wordpress-ifp-like": "canonical",
    "amp-swift1113": "AMP swift",
    "amp-swift-defaults": "AMP swift",
    "amp-design1": "AMP designs",
    "amp-design2": "AMP designs",
    "amp-design3": "AMP designs",
}
GROUPS = ("AMP swift", "AMP designs", "canonical", "real theme")

Page = tuple[str, bytes, str]
"""URL, body, capture time."""


def recorded(path: Path) -> Iterator[Page]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            if record.http_headers.status_code == 200 and "html" in (record.http_content_type or ""):
                yield record.headers["WARC-Target-URI"], record.reader.read(), record.headers["WARC-Date"]


def articles(samples: Path, most: int) -> dict[str, list[Page]]:
    """Return pages that give a record, by group."""
    groups: dict[str, list[Page]] = {group: [] for group in GROUPS}
    for name, group in RECORDINGS.items():
        found: dict[str, list[Page]] = {}
        for url, body, captured_at in recorded(samples / f"{name}.warc.gz"):
            try:
                record = extract(body, url, captured_at=captured_at)
            except UnreadablePage:
                continue
            if record is not None:
                kind = "AMP swift" if record["layout"] == "amp-swift" else group
                found.setdefault(kind, []).append((url, body, captured_at))
        for kind, pages in found.items():
            groups[kind] += pages[:: max(1, len(pages) // most)][:most]
    theme = samples / "newspaper-theme"
    for name, about in json.loads((theme / "index.json").read_text(encoding="utf-8")).items():
        body = gzip.decompress((theme / name).read_bytes())
        groups["real theme"].append((about["url"], body, "2024-05-06T06:00:00Z"))
    return groups


def timed(run: Callable[[bytes], object], html: bytes) -> int:
    begin = time.process_time_ns()
    run(html)
    return time.process_time_ns() - begin


def measure(page: Page, number: Iterator[int], repeat: int, peers: list[Peer]) -> dict[str, float]:
    """Return the median nanoseconds of each contestant on one page."""
    url, body, captured_at = page
    times: dict[str, list[int]] = {}
    with tempfile.NamedTemporaryFile(suffix=".html") as saved:
        saved.write(body)
        saved.flush()
        for _ in range(repeat):
            html = body + b"<!-- %d -->" % next(number)
            times.setdefault("lxml.html.fromstring", []).append(timed(lxml.html.fromstring, html))
            html = body + b"<!-- %d -->" % next(number)
            spent = timed(lambda html: extract(html, url, captured_at=captured_at), html)
            times.setdefault("ifp_scraper.extract", []).append(spent)
            for peer in list(peers):
                try:
                    times.setdefault(peer.name, []).append(peer.ask(Path(saved.name), url)[0])
                except RuntimeError as error:
                    print(error, file=sys.stderr)
    return {name: median(found) for name, found in times.items() if found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--pages", type=int, default=20, help="at most so many of each recording")
    parser.add_argument("--peers", nargs="*", metavar="NAME", help=f"compare with {', '.join(PEERS)}, or some of them")
    arguments = parser.parse_args()
    if not arguments.samples.exists():
        print(f"{arguments.samples} is not there", file=sys.stderr)
        return 1
    names = [] if arguments.peers is None else arguments.peers or list(PEERS)
    peers = []
    for name in names:
        try:
            peers.append(Peer(name))
        except Exception as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    number = itertools.count()
    ratios: dict[str, dict[str, float]] = {}
    micros: dict[str, float] = {}
    groups = articles(arguments.samples, arguments.pages)
    for group, pages in groups.items():
        measured = [measure(page, number, arguments.repeat, peers) for page in pages]
        micros[group] = median(one["lxml.html.fromstring"] for one in measured) / 1000
        for name in dict.fromkeys(name for one in measured for name in one):
            found = [one[name] / one["lxml.html.fromstring"] for one in measured if name in one]
            ratios.setdefault(name, {})[group] = median(found)
    for peer in peers:
        peer.close()
    print(f"{'':22}", *(f"{group:>12}" for group in GROUPS))
    print(f"{'pages':22}", *(f"{len(groups[group]):12}" for group in GROUPS))
    print(f"{'lxml, microseconds':22}", *(f"{micros[group]:12.0f}" for group in GROUPS))
    for name, found in ratios.items():
        print(f"{name:22}", *(f"{found[group]:12.2f}" if group in found else f"{'-':>12}" for group in GROUPS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
