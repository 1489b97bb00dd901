"""The report: what was collected, as one web page that needs neither network nor server.

The page is ``data/report.html`` with two insertions: the index of the articles as JSON, and their texts. The texts are
compressed (gzip in base64) in pieces of a few dozen articles, which the page unpacks on demand. Nothing from the site
becomes markup: the page shows all of it as text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from ifp_scraper.analysis.output_reader import Files, Selection, Tell, select
from ifp_scraper.analysis.temporary_path import new_partial
from ifp_scraper.dates import SITE_ZONE, parse_utc
from ifp_scraper.items import WARNINGS, Article, decode
from ifp_scraper.storage import sidecars

TEXT_LIMIT = 100_000_000
"""Default maximum of body text in a report, in characters: a page of about 50 MB. The newest articles come first."""

FIELDS = tuple(
    "id headline lead byline authors sections tags body images embeds links source published_at modified_at"
    " recent_posts license amp_url".split()
)
"""Fields whose fill rates the report shows."""

_EPOCH = date(1970, 1, 1).toordinal()

_PIECE = 400_000  # characters of JSON compressed together
_REJECTED_SHOWN = 5_000
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(slots=True)
class _Index:
    """The table of articles as columns, and the counts made on the way."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    filled: dict[str, dict[str, Counter[str]]] = field(default_factory=dict)
    """How many articles have a field, by layout, year and field."""

    warnings: Counter[str] = field(default_factory=Counter)

    def add(self, article: Article, piece: int, place: int) -> None:
        published, fetched = _seconds(article.published_at), _seconds(article.fetched_at)
        day = None if published is None else _tehran_day(published)
        row = {
            "headline": article.headline or "",
            "url": article.url,
            "published": published,
            "day": day,
            "fetched": fetched,
            "byline": article.byline or "",
            "sections": article.sections,
            "layout": article.layout,
            "words": article.word_count,
            "revision": article.revision,
            "state": "gone" if article.status == "gone" else "duplicate" if article.duplicate_of else "",
            "piece": piece,
            "place": place,
        }
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)
        year = "no date" if day is None else f"{date.fromordinal(_EPOCH + day).year:04}"
        counts = self.filled.setdefault(article.layout, {}).setdefault(year, Counter())
        counts["articles"] += 1
        counts.update(name for name in FIELDS if getattr(article, name))
        self.warnings.update(article.warnings)

    def newest_first(self) -> dict[str, list[Any]]:
        published = self.columns.get("published", [])
        order = sorted(range(len(published)), key=lambda at: (published[at] is None, -(published[at] or 0)))
        return {name: [values[at] for at in order] for name, values in self.columns.items()}


def write_report(
    source: Files, output: str | os.PathLike[str], *, text_limit: int = TEXT_LIMIT, tell: Tell | None = None
) -> int:
    """Write a report of some files and return the number of articles in it, including withdrawn ones.

    Args:
        source: a path, a glob or a list of these, as for ``load``. ``<name>.rejected.jsonl`` and
            ``<name>.runs.jsonl`` beside each file are shown too.
        output: the page to write; it appears only when complete, and replaces an earlier page.
        text_limit: maximum number of characters of body text, newest articles first.
        tell: called with a sentence about lines left out; by default, a ``UserWarning`` is issued.

    Raises:
        FileNotFoundError: if there is no such file.
        FileExistsError: if ``output`` is something other than a web page, such as the articles.
        OSError: if reading or writing fails.
        MissingExtra: for ``.zst`` without pyarrow.
    """
    target = Path(output)
    target = target.resolve() if target.is_symlink() else target  # replace a symlink's target, not the link
    if target.exists() and not _is_page(target):
        raise FileExistsError(f"{target} exists and is not a web page: name another file")
    chosen = select(source, gone=True, tell=tell)
    template = resources.files("ifp_scraper").joinpath("data/report.html").read_text(encoding="utf-8")
    before, after = template.replace("{{CSP}}", _policy(template)).split("<!--DATA-->")
    index = _Index()
    with suppress(FileExistsError):  # if that is a file, opening the page says so
        target.parent.mkdir(parents=True, exist_ok=True)
    partial = new_partial(target)
    try:
        with open(partial, "w", encoding="utf-8", errors="replace", newline="\n") as page:
            page.write(before)
            page.writelines(_pieces(chosen, index, text_limit))
            data = json.dumps(_data(chosen, index), ensure_ascii=False, separators=(",", ":"))
            page.write(f'<script type="application/json" id="data">{data.translate(_UNSAFE)}</script>\n')
            page.write(after)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return len(index.columns.get("url", ()))


def _is_page(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as stream:
        return stream.read(15).lower() in (b"<!doctype html>", b"")


def _policy(template: str) -> str:
    """Return the page's Content-Security-Policy, which allows only its own style and script, by their hashes."""

    def source(tag: str) -> str:
        found = re.search(rf"<{tag}>(.*?)</{tag}>", template, re.DOTALL)
        digest = hashlib.sha256((found[1] if found else "").encode()).digest()
        return f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'"

    return f"default-src 'none'; {source('style')}; {source('script')}; base-uri 'none'; form-action 'none'"


def _pieces(chosen: Selection, index: _Index, text_limit: int) -> Iterator[str]:
    """Yield the script elements that hold the texts, filling the index on the way."""
    with_text = _newest(chosen, text_limit)
    texts: list[str] = []
    size = number = 0
    for line_number, line in chosen.lines():
        try:
            article = decode(line)
        except msgspec.MsgspecError:
            continue
        if line_number not in with_text:
            index.add(article, -1, -1)
            continue
        index.add(article, number, len(texts))
        text = json.dumps(_text(article), ensure_ascii=False, separators=(",", ":"))
        texts.append(text)
        size += len(text)
        if size >= _PIECE:
            yield _piece(number, texts)
            texts, size, number = [], 0, number + 1
    if texts:
        yield _piece(number, texts)


class _Length(msgspec.Struct):
    body: str = ""
    published_at: str | None = None


def _newest(chosen: Selection, text_limit: int) -> set[int]:
    """Return the numbers of the lines whose texts fit on the page: the newest articles, up to the limit."""
    decoder = msgspec.json.Decoder(_Length)
    known: list[tuple[str, int, int]] = []
    for number, line in chosen.lines():
        with suppress(msgspec.MsgspecError):
            article = decoder.decode(line)
            known.append((article.published_at or "", number, len(article.body)))
    fitting: set[int] = set()
    for _, number, length in sorted(known, reverse=True):
        text_limit -= length
        if text_limit < 0:
            break
        fitting.add(number)
    return fitting


def _text(article: Article) -> dict[str, Any]:
    return {
        "lead": article.lead,
        "blocks": [[block["kind"], block["text"]] for block in article.blocks],
        "images": [[image.original_url or image.url, image.caption or image.alt] for image in article.images],
        "tags": article.tags,
        "warnings": article.warnings,
    }


def _piece(number: int, texts: list[str]) -> str:
    packed = gzip.compress(f"[{','.join(texts)}]".encode("utf-8", "replace"), 6, mtime=0)
    return f'<script type="text/plain" id="piece{number}">{base64.b64encode(packed).decode()}</script>\n'


def _data(chosen: Selection, index: _Index) -> dict[str, Any]:
    rejected = _still_rejected(chosen, index)
    reasons = Counter((str(each.get("reason")), str(each.get("layout") or "")) for each in rejected)
    return {
        "files": [path.name for path in chosen.files],
        "made": datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z",
        "lines": chosen.read,
        "corrupt": chosen.corrupt,
        "articles": index.newest_first(),
        "fields": FIELDS,
        "filled": index.filled,
        "warnings": [[name, WARNINGS.get(name, ""), count] for name, count in index.warnings.most_common()],
        "reasons": [[*key, count] for key, count in reasons.most_common()],
        "rejected": [
            [str(each.get(name) or "") for name in ("url", "reason", "layout", "time")]
            for each in reversed(rejected[-_REJECTED_SHOWN:])
        ],
        "runs": list(_sidecar(chosen.files, sidecars.RUNS))[::-1],
    }


def _still_rejected(chosen: Selection, index: _Index) -> list[dict[str, Any]]:
    """Return the last rejection of each page, except pages that have been read since."""
    last = {str(each.get("url")): each for each in _sidecar(chosen.files, sidecars.REJECTED)}
    for url, fetched in zip(index.columns.get("url", ()), index.columns.get("fetched", ()), strict=True):
        if url in last and (_seconds(str(last[url].get("time"))) or 0) <= (fetched or 0):
            del last[url]
    return list(last.values())


def _sidecar(files: Iterable[Path], suffix: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of the files with this suffix beside the output files."""
    for path in files:
        yield from sidecars.read(sidecars.beside(path, suffix), dict[str, Any])


def _seconds(time: str | None) -> int | None:
    with suppress(ValueError):
        return int(parse_utc(time).timestamp()) if time else None
    return None


def _tehran_day(seconds: int) -> int:
    """Return the instant's date in Tehran, as days since 1970-01-01."""
    try:
        return datetime.fromtimestamp(seconds, SITE_ZONE).date().toordinal() - _EPOCH
    except (OverflowError, ValueError):  # at the end of the year 9999
        return seconds // 86400
