"""How much of each field is right: per layout and field, the share of pages that equal the truth.

    python benchmarks/quality.py [--samples ../shared/samples] [--show FIELD]

Needs the recordings with their truth.jsonl; prints a table. No page counts as right for an exception.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType
from parsel import Selector

from ifp_scraper import UnreadablePage, extract
from ifp_scraper.urls import canonical

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
RECORDINGS = (
    "wordpress-ifp-like",
    "amp-swift1113",
    "amp-swift-defaults",
    "amp-design1",
    "amp-design2",
    "amp-design3",
)


@dataclass
class Scores:
    """Counts of right and of all, by column and field; and what was wrong."""

    right: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    total: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    wrong: list[tuple[str, str, str, Any, Any]] = field(default_factory=list)

    def compare(self, column: str, name: str, url: str, got: Any, expected: Any) -> None:
        self.total[column, name] += 1
        if got == expected:
            self.right[column, name] += 1
        else:
            self.wrong.append((column, name, url, got, expected))

    def share(self, column: str, name: str) -> float:
        total = self.total[column, name]
        return self.right[column, name] / total if total else 1.0


def pages(path: Path) -> Iterator[tuple[str, bytes, str]]:
    """URL, body and capture time of every HTML page answered with 200."""
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            kind = record.http_content_type or ""
            if record.http_headers.status_code == 200 and "html" in kind:
                yield record.headers["WARC-Target-URI"], record.reader.read(), record.headers["WARC-Date"]


def flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def truth_blocks(truth: dict[str, Any], lost: set[str]) -> list[str]:
    """The truth's paragraphs as the contract counts them: no captions, hidden ones out, nor what AMP lost."""
    texts = []
    for paragraph in truth["paragraphs"]:
        text = flat(paragraph["text"])
        if paragraph["kind"] != "figcaption" and not paragraph.get("hidden") and text not in lost:
            texts.append(text)
    return texts


def lost_in_amp(samples: Path) -> dict[str, set[str]]:
    """Text of pasted tweets and Instagram posts by article: AMP prints only their ids (MARKUP.md 4)."""
    lost: dict[str, set[str]] = defaultdict(set)
    for url, body, _ in pages(samples / "wordpress-ifp-like.warc.gz"):
        quotes = Selector(body.decode()).css("blockquote.twitter-tweet, blockquote.instagram-media")
        for part in quotes.css("p, blockquote"):
            text = part.xpath(".//text()" if part.root.tag == "p" else "./text() | ./a//text() | ./cite//text()")
            lost[canonical(url)].add(flat("".join(text.getall())))
    return lost


def got_blocks(record: dict[str, Any]) -> list[str]:
    texts = []
    for block in record["blocks"]:
        texts.extend(flat(cell) for cell in block.get("cells", [block["text"]]))
    return texts


def measure(samples: Path) -> Scores:
    scores = Scores()
    lost = lost_in_amp(samples)
    truths = {}
    for line in (samples / "truth.jsonl").open(encoding="utf-8"):
        truth = json.loads(line)
        truths[canonical(truth["url"])] = truth
    for name in RECORDINGS:
        found: dict[str, int] = defaultdict(int)
        for url, body, captured_at in pages(samples / f"{name}.warc.gz"):
            try:
                record = extract(body, url, captured_at=captured_at)
            except UnreadablePage as error:
                scores.compare(name, "found", url, str(error), "a record")
                continue
            truth = truths.get(canonical(url))
            if record is None or truth is None:
                scores.compare(name, "found", url, record and record["url"], truth and truth["url"])
                continue
            column = f"{name} {record['layout']}"
            found[column] += 1
            compare(scores, column, url, record, truth, truths, lost)
    return scores


def compare(
    scores: Scores,
    column: str,
    url: str,
    record: dict[str, Any],
    truth: dict[str, Any],
    truths: dict[str, Any],
    lost: dict[str, set[str]],
) -> None:
    lost_here = lost.get(record["url"], set()) if record["layout"].startswith("amp") else set()
    scores.compare(column, "found", url, record["url"], canonical(truth["url"]))
    scores.compare(column, "headline", url, record["headline"], truth["title_text"] or None)
    # The lead counts where the page prints one in an element of its own.
    if record["lead"] is not None:
        scores.compare(column, "lead", url, record["lead"], flat(truth["lead"] or ""))
    scores.compare(column, "id", url, record["id"], truth["id"])
    scores.compare(
        column,
        "authors",
        url,
        [author["name"] for author in record["authors"]],
        [truth["author"]["name"]],
    )
    scores.compare(column, "published_at", url, record["published_at"], truth["published_utc"])
    scores.compare(column, "modified_at", url, record["modified_at"], truth["modified_utc"])
    if record["sections"]:
        scores.compare(
            column,
            "sections",
            url,
            sorted(record["sections"]),
            sorted(one["name"] for one in truth["categories"]),
        )
    if record["tags"]:
        scores.compare(column, "tags", url, sorted(record["tags"]), sorted(one["name"] for one in truth["tags"]))
    scores.compare(column, "blocks", url, got_blocks(record), truth_blocks(truth, lost_here))
    for post in record["recent_posts"]:
        other = truths.get(post["url"])
        if other is None:
            continue
        at = other["published_utc"]
        scores.compare(column, "recent headline", url, post["headline"], other["title_text"])
        scores.compare(column, "recent excerpt", url, post["excerpt"], other["amp_loop_excerpt"])
        scores.compare(
            column, "recent interval", url, post["published_earliest"] <= at <= post["published_latest"], True
        )


def report(scores: Scores) -> None:
    names = list(dict.fromkeys(name for _, name in scores.total))
    columns = list(dict.fromkeys(column for column, _ in scores.total))
    width = max(map(len, columns))
    print(" " * width, *(f"{re.sub('_at$', '', name)[:15]:>15}" for name in names))
    for column in columns:
        cells = []
        for name in names:
            total = scores.total.get((column, name), 0)
            cells.append(f"{scores.share(column, name):8.1%} {total:6}" if total else " " * 15)
        print(f"{column:{width}}", *cells)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--show", metavar="FIELD", help="print what was wrong in this field")
    arguments = parser.parse_args()
    if not (arguments.samples / "truth.jsonl").exists():
        print(f"{arguments.samples} has no truth.jsonl", file=sys.stderr)
        return 1
    scores = measure(arguments.samples)
    report(scores)
    for column, name, url, got, expected in scores.wrong:
        if name == arguments.show:
            print(f"\n{column} {url}\n  got      {got!r}\n  expected {expected!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
