"""What a span gives, and how the results of several spans fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec

from ifp_scraper.bulk.page_results import PageResult
from ifp_scraper.bulk.spans import Span
from ifp_scraper.discovery.readings import Redirect
from ifp_scraper.discovery.recorded_lists import ListEvidence
from ifp_scraper.recordings.warc_reader import Fault, Revisit
from ifp_scraper.version import EXTRACTOR_VERSION

_MAX_REVISITS = 500
"""Maximum number of captures of one body that a worker reads at a time."""

_FORMAT = 10
"""Version of ``SpanResult``: results that an interrupted run kept are used only if they have the same one."""


Original = tuple[datetime, str, int, int]
"""The capture time of a record with a body, its URL and its length, which say which is the first; then its offset."""


class SpanResult(msgspec.Struct):
    """What a worker found in a span."""

    span: Span
    reader: str = ""
    """Which version read it, and for which site; see ``reader_of``."""

    records: int = 0
    listed: list[ListEvidence] = []
    faults: list[Fault] = []
    """Parts that could not be read."""

    redirects: list[Redirect] = []

    revisits: list[Revisit] = []
    """Captures of article pages whose body is elsewhere, perhaps in another span."""

    originals: dict[str, Original] = {}
    """The first records that have the bodies, by ``payload_digest``."""

    begun: dict[str, tuple[datetime, int]] = {}
    """When the earliest capture here of each article was made, and its ``PageResult.offset``, by ``slug_key``."""

    pages: dict[str, bytes] = {}
    """The pages of each article, by ``slug_key``, packed: the main process stores them without unpacking."""


pack_pages = msgspec.msgpack.Encoder().encode
unpack_pages = msgspec.msgpack.Decoder(list[PageResult]).decode


def join_results(span: Span, parts: list[SpanResult]) -> SpanResult:
    """Join the results of a span's parts, in order."""
    joined = SpanResult(span, next((part.reader for part in parts if part.reader), ""))
    for part in parts:
        joined.records += part.records
        joined.listed += part.listed
        joined.faults += part.faults
        joined.redirects += part.redirects
        joined.revisits += part.revisits
        for digest, original in part.originals.items():
            joined.originals[digest] = min(joined.originals.get(digest, original), original)
        for article, packed in part.pages.items():
            begun = part.begun[article]
            joined.begun[article] = min(begun, joined.begun.get(article, begun))
            before = joined.pages.get(article)
            joined.pages[article] = (
                packed if before is None else pack_pages(unpack_pages(before) + unpack_pages(packed))
            )
    return joined


def revisit_spans(results: Callable[[], Iterable[SpanResult]]) -> Iterator[tuple[Span, Span]]:
    """Yield spans for each body that was captured again, but recorded once; each with the span that holds the body.

    Args:
        results: returns those of all spans, in order; called at most twice.
    """
    revisits: dict[str, list[Revisit]] = {}
    every = dict.fromkeys(revisit for result in results() for revisit in result.revisits)  # recordings may overlap
    for revisit in every:
        revisits.setdefault(revisit.digest, []).append(revisit)
    if not revisits:
        return
    first: dict[str, tuple[Original, Span]] = {}
    for result in results():
        for digest, original in result.originals.items():
            if digest in revisits and (digest not in first or original[:-1] < first[digest][0][:-1]):
                first[digest] = original, result.span
    for digest, ((*_, at), span) in first.items():
        again = revisits[digest]
        for begin in range(0, len(again), _MAX_REVISITS):
            some = tuple(again[begin : begin + _MAX_REVISITS])
            yield span, msgspec.structs.replace(span, start=at, end=at + 1, revisits=some)


def reader_of(site: str) -> str:
    """Return the value of ``SpanResult.reader`` for this version and this site."""
    return f"{EXTRACTOR_VERSION} {_FORMAT} {site}"
