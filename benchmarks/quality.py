"""How well pages are read by ifp_scraper and, with --peers, by other extractors, on the same pages.

    python benchmarks/quality.py [--peers] [--samples ../shared/samples] [--show COLUMN]

Prints a table per group of pages, with a row per contestant; '-' where a contestant has no such output.

precision, recall, F1: of the body by its lines (a block's lines, a table's cells), white space collapsed, in NFC,
    without bullets; as multisets, summed over pages. For the real theme pages, only some sentences are known that must
    or must not be in the body: recall is the share of the former present, precision the share of the latter absent.
exact: pages whose body has exactly the true lines, in order.
day, instant: the publication time by its day (in UTC or in Tehran), and to the second.
headline, authors, sections, tags, id, lead, modified: pages whose field equals the truth, if the page prints it.
recent: Recent Posts entries whose headline is the post's, and whose interval contains the time given by REST.

A page that gives nothing, or an exception, counts as wrong. --peers installs the peers, each in its own environment,
in ~/.cache/ifp_scraper/peers; --show prints our own mistakes in a column.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastwarc.warc import ArchiveIterator, WarcRecordType
from parsel import Selector
from peers import PEERS, Peer

from ifp_scraper import UnreadablePage, extract
from ifp_scraper.items import Article, to_dict
from ifp_scraper.urls import canonical

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
RECORDINGS = {
    "wordpress-ifp-like": "canonical pages",
    "amp-swift1113": "AMP Swift",
    "amp-swift-defaults": "AMP Swift",
    "amp-design1": "AMP designs 1-3",
    "amp-design2": "AMP designs 1-3",
    "amp-design3": "AMP designs 1-3",
}
COLUMNS = (
    "precision recall F1 exact headline authors day instant sections tags id lead modified recent".split()
)  # fmt: skip
OURS = "ifp_scraper"
TEHRAN = ZoneInfo("Asia/Tehran")

Record = dict[str, Any]
"""headline, authors, published, sections, tags, lines (of the body), …; unknown values are left out."""


@dataclass
class Case:
    """A page and the truth about it."""

    group: str
    url: str
    html: bytes
    captured_at: str | None
    truth: Record


# -- pages -----------------------------------------------------------------------------------------------------


def cases(samples: Path) -> Iterator[Case]:
    """Yield every page with a known truth: the fixtures, and the recordings and real theme pages if present."""
    if (samples / "truth.jsonl").exists():
        yield from _recorded(samples)
        yield from _real_theme(samples / "newspaper-theme")
    for path in sorted(FIXTURES.rglob("*.json")):
        fixture = json.loads(path.read_text(encoding="utf-8"))
        if record := fixture.get("record"):
            html = path.with_suffix(".html").read_bytes()
            yield Case("fixtures", fixture["url"], html, fixture.get("captured_at"), _of_record(record))


def _recorded(samples: Path) -> Iterator[Case]:
    lines = (samples / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    truths = {canonical(truth["url"]): truth for truth in map(json.loads, lines)}
    lost = _lost_in_amp(samples)
    others = _newest(samples)
    for name, group in RECORDINGS.items():
        for url, html, captured_at in pages(samples / f"{name}.warc.gz"):
            truth = truths.get(canonical(url))
            if truth is None or b"post-password-form" in html or b"<body" not in html:
                continue
            is_amp = b"<style amp-custom" in html
            yield Case(
                "AMP Swift" if is_amp and group == "canonical pages" else group,
                url,
                html,
                captured_at,
                _of_truth(truth, html, lost[canonical(url)] if is_amp else set(), others),
            )


def _of_truth(truth: Record, html: bytes, lost: set[str], others: dict[str, Record]) -> Record:
    parts = truth["paragraphs"]
    # A caption is its image's, unless it follows a table's cells.
    texts = [
        one
        for before, one in pairwise([{"kind": ""}, *parts])
        if one["kind"] != "figcaption" or before["kind"] == "td"
    ]
    shown = [one for one in texts if not one.get("hidden")]
    known = {
        "headline": truth["title_text"] or None,
        "authors": [truth["author"]["name"]],
        "published": truth["published_utc"],
        "modified": truth["modified_utc"],
        "sections": [one["name"] for one in truth["categories"]],
        "id": truth["id"],
        "lines": [line for line in lines_of(one["text"] for one in shown) if line not in lost],
        "others": others,
    }
    if not truth["tags"] or b"/tag/" in html:
        known["tags"] = [one["name"] for one in truth["tags"]]
    if truth["lead"] and (b'class="td-post-sub-title"' in html or b'class="tl-exc"' in html):
        known["lead"] = truth["lead"]
    return known


def _lost_in_amp(samples: Path) -> dict[str, set[str]]:
    """Return the text of pasted tweets and Instagram posts by article: AMP prints only their ids (MARKUP.md 4)."""
    lost: dict[str, set[str]] = defaultdict(set)
    for url, html, _ in pages(samples / "wordpress-ifp-like.warc.gz"):
        quotes = Selector(html.decode()).css("blockquote.twitter-tweet, blockquote.instagram-media")
        for part in quotes.css("p, blockquote"):
            text = part.xpath(".//text()" if part.root.tag == "p" else "./text() | ./a//text() | ./cite//text()")
            lost[canonical(url)].update(lines_of(["".join(text.getall())]))
    return lost


def _newest(samples: Path) -> dict[str, Record]:
    """Return what the recorded REST response says about the newest posts, by URL."""
    with (samples / "wordpress-ifp-like.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            if record.headers["WARC-Target-URI"].endswith("/wp/v2/posts"):
                return {canonical(post["link"]): post for post in json.loads(record.reader.read())}
    return {}


def _real_theme(folder: Path) -> Iterator[Case]:
    for name, about in json.loads((folder / "index.json").read_text(encoding="utf-8")).items():
        known: Record = {"published": about["date"], "with": about["with"] or [], "without": about["without"] or []}
        if about["title"]:
            known["headline"] = about["title"]
        if about["author"] is not None:
            known["authors"] = [about["author"]] if about["author"] else []
        yield Case("real theme", about["url"], gzip.decompress((folder / name).read_bytes()), None, known)


def pages(path: Path) -> Iterator[tuple[str, bytes, str]]:
    """Yield URL, body and capture time of every HTML page with status 200."""
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
            kind = record.http_content_type or ""
            if record.http_headers.status_code == 200 and "html" in kind:
                yield record.headers["WARC-Target-URI"], record.reader.read(), record.headers["WARC-Date"]


# -- contestants -----------------------------------------------------------------------------------------------


def ours(case: Case) -> Record:
    try:
        record = extract(case.html, case.url, captured_at=case.captured_at)
    except UnreadablePage:
        record = None
    return _of_record(record or to_dict(Article()))


def _of_record(record: Record) -> Record:
    """Convert a record, or the part of one that a fixture states."""
    names = {"published": "published_at", "modified": "modified_at", "recent": "recent_posts"}
    fields = ("headline", "published", "modified", "sections", "tags", "id", "lead", "recent")
    known = {name: record[names.get(name, name)] for name in fields if names.get(name, name) in record}
    if "authors" in record:
        known["authors"] = [author["name"] for author in record["authors"]]
    if "blocks" in record:
        known["lines"] = lines_of(text for block in record["blocks"] for text in _texts(block))
    return known


def _texts(block: dict[str, Any]) -> list[str]:
    # the truth has <pre> text on one line
    return block.get("cells") or [block["text"].replace("\n", " " if block["kind"] == "preformatted" else "\n")]


def theirs(peer: Peer, case: Case, saved: Path) -> Record:
    saved.write_bytes(case.html)
    try:
        record = peer.ask(saved, case.url)[1]
    except RuntimeError:
        return {"headline": None, "lines": []}
    return {**record, "lines": lines_of([record["body"]])}


# -- comparing -------------------------------------------------------------------------------------------------


def flat(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def lines_of(texts: Iterable[str]) -> list[str]:
    """Return the lines of texts, each table cell separately, without the bullets that some extractors print."""
    lines = (flat(re.sub(r"^\s*[-•*]\s+", "", line)) for text in texts for line in re.split(r"\n|\s\|\s", text))
    return [line for line in lines if line]


def compare(case: Case, record: Record) -> Iterator[tuple[str, int, int]]:
    """Yield (column, number of correct parts, number of parts)."""
    known = case.truth
    if "lines" in known:
        expected, found = Counter(known["lines"]), Counter(record["lines"])
        right = (expected & found).total()
        yield "precision", right, found.total()
        yield "recall", right, expected.total()
        yield "exact", record["lines"] == known["lines"], 1
    elif "with" in known:
        body = " ".join(record["lines"])
        yield "recall", sum(flat(text) in body for text in known["with"]), len(known["with"])
        yield "precision", sum(flat(text) not in body for text in known["without"]), len(known["without"])
    for name in ("headline", "authors", "sections", "tags", "id", "lead", "modified"):
        if name in known and name in record:
            yield name, _same(record[name], known[name]), 1
    if (published := known.get("published")) and "published" in record:
        said = record["published"] or ""
        yield "day", said[:10] in _days(published), 1
        if len(published) > 10 and len(said) != 10:
            yield "instant", _instant(said) == _instant(published), 1
    for post in record.get("recent", ()):
        if other := known.get("others", {}).get(post["url"]):
            named = post["headline"] == unescape(other["title"]["rendered"])
            at = f"{other['date_gmt']}Z"
            yield "recent", named and post["published_earliest"] <= at <= post["published_latest"], 1


def _same(got: Any, known: Any) -> bool:
    if isinstance(known, list):
        return sorted(map(_same_text, got or ())) == sorted(map(_same_text, known))
    return _same_text(got) == _same_text(known) if isinstance(known, str) else got == known


def _same_text(text: str | None) -> str:
    return flat(text or "").casefold()


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _days(published: str) -> set[str]:
    at = _instant(published)
    assert at is not None
    return {published[:10], at.astimezone(TEHRAN).date().isoformat()} if len(published) > 10 else {published}


class Scores:
    """Correct parts and all parts, by group, contestant and column."""

    def __init__(self) -> None:
        self.right: Counter[tuple[str, str, str]] = Counter()
        self.all: Counter[tuple[str, str, str]] = Counter()
        self.pages: Counter[str] = Counter()
        self.wrong: dict[str, list[tuple[Case, Record]]] = defaultdict(list)
        """Our own mistakes, by column."""

    def add(self, contestant: str, case: Case, record: Record) -> None:
        for column, right, parts in compare(case, record):
            self.right[case.group, contestant, column] += right
            self.all[case.group, contestant, column] += parts
            if contestant == OURS and right < parts:
                self.wrong[column].append((case, record))

    def share(self, group: str, contestant: str, column: str) -> float | None:
        """Return the share of correct parts; None if there is nothing to compare."""
        if column == "F1":
            precision, recall = (self.share(group, contestant, name) for name in ("precision", "recall"))
            return 2 * precision * recall / (precision + recall) if precision and recall else recall
        parts = self.all[group, contestant, column]
        return self.right[group, contestant, column] / parts if parts else None


def measure(samples: Path, peers: Iterable[Peer] = ()) -> Scores:
    scores = Scores()
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(samples):
            scores.pages[case.group] += 1
            scores.add(OURS, case, ours(case))
            for peer in peers:
                scores.add(peer.name, case, theirs(peer, case, Path(folder) / "page.html"))
    return scores


def report(scores: Scores) -> None:
    contestants = list(dict.fromkeys(contestant for _, contestant, _ in scores.all))
    for group, count in scores.pages.items():
        columns = [name for name in COLUMNS if scores.share(group, OURS, name) is not None]
        print(f"\n{f'{group}, {count} pages':26}", *(f"{name:>9}" for name in columns))
        for contestant in contestants:
            shares = (scores.share(group, contestant, name) for name in columns)
            print(f"{contestant:26}", *(f"{'-':>9}" if share is None else f"{share:9.3f}" for share in shares))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--peers", nargs="*", metavar="NAME", help=f"compare with {', '.join(PEERS)}, or some of them")
    parser.add_argument("--show", metavar="COLUMN", help="print what we got wrong in this column")
    arguments = parser.parse_args()
    names = [] if arguments.peers is None else arguments.peers or list(PEERS)
    peers = [Peer(name) for name in names]
    scores = measure(arguments.samples, peers)
    for peer in peers:
        print(f"{peer.name} {peer.version}")
        peer.close()
    report(scores)
    for case, record in scores.wrong.get(arguments.show, ()):
        print(f"\n{case.group} {case.url}")
        name = {"precision": "lines", "recall": "lines", "exact": "lines", "day": "published"}.get(
            arguments.show, arguments.show
        )
        print(f"  got      {record.get(name)!r}\n  expected {case.truth.get(name)!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
