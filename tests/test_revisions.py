"""What makes a line new, an edit, a better reading, or nothing new."""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifp_scraper.items import Article, Author, Block, RecentPost, content_hash, text_hash
from ifp_scraper.merge import merge_views
from ifp_scraper.revisions import Seen, decide, view_rank

BOTH, CANONICAL, AMP = "newspaper+amp-swift", "newspaper", "amp-swift"
URL = "https://ifpnews.com/iran-and-the-sea/"


def paragraph(text: str) -> Block:
    return {"kind": "paragraph", "text": text}


def article(**changes: Any) -> Article:
    base = Article(
        id=7,
        url=URL,
        amp_url=URL + "amp/",
        headline="Iran and the sea",
        lead="A standfirst",
        byline="IFP Editorial Staff",
        sections=["Politics"],
        tags=["sea"],
        blocks=[paragraph("One."), paragraph("Two.")],
        body="One.\n\nTwo.",
        word_count=2,
        published_at="2024-01-01T00:00:00Z",
        modified_at="2024-01-01T01:00:00Z",
        published_raw="Jan 1",
        published_source="meta",
        layout=CANONICAL,
        fetched_at="2024-02-01T00:00:00Z",
        fetched_url=URL,
        extractor_version="0.2.0",
    )
    return replace(base, **changes)


EDITS: list[dict[str, Any]] = [
    {"headline": "Iran, and the sea"},
    {"headline": None},
    {"lead": "Another"},
    {"blocks": [paragraph("One."), paragraph("Three.")]},
    {"blocks": [paragraph("One."), {"kind": "heading", "text": "Two.", "level": 2}]},
    {"byline": None},
    {"sections": ["Politics", "Sea"]},
    {"tags": []},
    {"modified_at": "2024-01-01T01:00:01Z"},
]
NOT_OF_THE_TEXT: list[dict[str, Any]] = [
    {"recent_posts": [RecentPost("Other", "https://ifpnews.com/other/")]},
    {"fetched_at": "2024-03-01T00:00:00Z"},
    {"fetched_url": URL + "amp/"},
    {"html_sha256": "0" * 64},
    {"aliases": ["https://ifpnews.com/politics/iran-and-the-sea/"]},
    {"duplicate_of": "https://ifpnews.com/other/"},
    {"revision": 9},
    {"reread": True},
]
NO_EDITS: list[dict[str, Any]] = [
    *NOT_OF_THE_TEXT,
    {"authors": [Author("IFP Editorial Staff", bio="new")]},
    {"language": "fa-IR"},
    {"license": "CC"},
    {"modified_at": None},
]
LATER: dict[str, Any] = {"modified_at": "2024-01-02T00:00:00Z"}
EDITED_LATER: dict[str, Any] = {**LATER, "headline": "Another headline"}


def test_an_article_that_is_not_known_is_new() -> None:
    outcome, line = decide(
        None, article(revision=5, reread=True, aliases=[URL, URL + "amp/", "http://a/", "http://a/"])
    )
    assert outcome == "new"
    assert (line.revision, line.reread, line.aliases) == (1, False, ["http://a/"])


@pytest.mark.parametrize("changes", EDITS, ids=str)
def test_the_publishers_edits_raise_the_revision(changes: dict[str, Any]) -> None:
    outcome, line = decide(article(revision=3, reread=True), article(**changes))
    assert outcome == "revised"
    assert line == article(**changes, revision=4, reread=False)


@pytest.mark.parametrize("changes", NO_EDITS, ids=str)
def test_what_is_no_edit_gives_no_line(changes: dict[str, Any]) -> None:
    known = article(revision=3)
    outcome, line = decide(known, article(**changes))
    assert outcome == "unchanged"
    assert line is known


@pytest.mark.parametrize("layout", [BOTH, AMP])
@pytest.mark.parametrize("changes", NO_EDITS, ids=str)
def test_rereading_from_a_view_that_is_no_better_gives_no_line(changes: dict[str, Any], layout: str) -> None:
    known = article(layout=BOTH)
    assert decide(known, article(layout=layout, **changes)).outcome == "unchanged"


@pytest.mark.parametrize("lacking", ["one-page-of-many", "truncated"])
def test_what_could_not_be_read_is_no_edit(lacking: str) -> None:
    whole, part = article(), article(blocks=[paragraph("One.")], warnings=[lacking])
    outcome, line = decide(part, whole)
    assert (outcome, line.blocks, line.revision, line.reread) == ("reread", whole.blocks, 1, True)
    assert decide(whole, part).outcome == "unchanged"
    assert decide(part, replace(whole, **LATER)).outcome == "revised"


def test_a_modification_time_that_was_unknown_is_taken_over_but_is_no_edit() -> None:
    outcome, line = decide(article(modified_at=None, revision=2), article())
    assert (outcome, line.revision, line.reread) == ("reread", 2, True)
    assert line.modified_at == "2024-01-01T01:00:00Z"
    assert decide(article(modified_at=None), article(layout="cloud", lead=None)).outcome == "reread"
    assert decide(article(modified_at=None), article(layout=AMP)).outcome == "unchanged"
    assert decide(line, article()).outcome == "unchanged"
    undated = article(modified_at=None)
    assert decide(undated, replace(undated, license="CC")).outcome == "unchanged"


def test_the_first_modification_time_is_of_an_edit_if_the_last_line_was_captured_before_it() -> None:
    """Yoast SEO prints none before the first edit."""
    undated = article(modified_at=None, revision=2)
    reading = article(modified_at="2024-02-15T00:00:00Z", fetched_at="2024-03-01T00:00:00Z")
    outcome, line = decide(undated, reading)
    assert (outcome, line.revision, line.reread) == ("revised", 3, False)
    assert decide(line, reading).outcome == "unchanged"
    captured_at_once = replace(reading, modified_at=undated.fetched_at)
    assert decide(undated, captured_at_once).outcome == "reread"
    assert decide(replace(undated, fetched_at=None), reading).outcome == "reread"


def test_an_edit_that_a_sitemap_gave_the_day_of_is_no_other_one_once_its_time_is_known() -> None:
    """A feed tells it later. Else an article that was never edited would come to a second revision."""
    by_day = article(modified_at="2024-01-14T20:30:00Z", revision=2)
    outcome, line = decide(by_day, article(modified_at="2024-01-15T20:29:59Z"))
    assert (outcome, line.revision, line.modified_at) == ("reread", 2, "2024-01-15T20:29:59Z")
    assert decide(by_day, article(modified_at="2024-01-15T20:30:00Z")).outcome == "revised"
    assert decide(by_day, article(modified_at="2024-01-15T20:29:59Z", headline="New")).outcome == "revised"


def test_what_was_captured_before_an_edit_and_states_none_replaces_no_line_that_states_it() -> None:
    """Else each reading of a recording of both would add two lines."""
    before = article(modified_at=None, fetched_at="2024-02-01T00:00:00Z")
    after = article(modified_at="2024-02-15T00:00:00Z", fetched_at="2024-03-01T00:00:00Z", layout=AMP, headline="New")
    outcome, line = decide(before, after)
    assert (outcome, line.revision) == ("revised", 2)
    assert decide(line, before).outcome == "unchanged"
    assert decide(line, after).outcome == "unchanged"


def test_a_better_view_that_states_no_edit_leaves_the_time_of_the_last_one() -> None:
    """Else an older capture would replace it, and the edit would be found again."""
    edited = article(modified_at="2024-02-15T00:00:00Z", fetched_at="2024-03-01T00:00:00Z", layout=AMP)
    outcome, line = decide(edited, article(modified_at=None, fetched_at="2024-03-02T00:00:00Z"))
    assert (outcome, line.layout, line.modified_at) == ("reread", CANONICAL, edited.modified_at)
    older = article(headline="Old", modified_at="2024-01-15T00:00:00Z", fetched_at="2024-02-01T00:00:00Z", layout=BOTH)
    assert decide(line, older).outcome == "unchanged"
    assert decide(line, edited).outcome == "unchanged"


@pytest.mark.parametrize("stated", [None, "2018-03-01T06:00:00Z"])
@pytest.mark.parametrize(
    ("modified_at", "year", "outcome"),
    [
        ("2018-03-01T09:30:00Z", 2018, "unchanged"),  # 9:30 in Tehran
        ("2018-03-01T13:00:00Z", 2018, "revised"),
        ("2018-03-01T09:30:00Z", 2020, "revised"),
    ],
)
def test_local_time_that_an_old_amp_page_states_as_utc(
    stated: str | None, modified_at: str, year: int, outcome: str
) -> None:
    last = article(modified_at=stated, fetched_at="2018-03-01T06:10:00Z")
    amp = article(headline="New", modified_at=modified_at, fetched_at=f"{year}-04-01T00:00:00Z", layout=AMP)
    assert decide(last, amp).outcome == outcome
    assert decide(amp, last).outcome == ("reread" if outcome == "unchanged" else "unchanged")


def test_another_time_of_an_old_amp_page_is_that_of_an_edit_if_the_last_line_states_one() -> None:
    last = article(modified_at="2018-03-01T06:00:00Z", fetched_at="2018-03-01T06:10:00Z")
    amp = article(headline="New", modified_at="2018-03-01T07:00:00Z", fetched_at="2018-04-01T00:00:00Z", layout=AMP)
    assert decide(last, amp).outcome == "revised"
    undated = replace(last, modified_at=None)  # captured at 9:40 in Tehran: 7:00 may be before that
    assert decide(undated, amp).outcome == "unchanged"


def test_an_older_state_of_the_article_is_no_edit() -> None:
    assert decide(article(), article(headline="Old", modified_at="2024-01-01T00:30:00Z")).outcome == "unchanged"
    earlier_capture = article(headline="Old", fetched_at="2023-01-01T00:00:00Z")
    assert decide(article(), earlier_capture).outcome == "unchanged"
    assert decide(article(), replace(earlier_capture, **LATER)).outcome == "revised"
    assert decide(article(modified_at=None), earlier_capture).outcome == "unchanged"


def test_an_older_state_never_replaces_the_line_but_an_older_capture_of_a_better_view_does() -> None:
    better = article(layout=BOTH, license="CC BY", fetched_at="2023-01-01T00:00:00Z")
    assert decide(article(), better).outcome == "reread"
    assert decide(article(), replace(better, tags=["sea", "gulf"])).outcome == "unchanged"
    assert decide(article(), replace(better, modified_at="2024-01-01T00:30:00Z")).outcome == "unchanged"


def test_what_was_captured_before_an_edit_that_was_taken_back_is_of_no_later_line() -> None:
    last = article(modified_at=None, revision=3)
    better = replace(last, layout=BOTH, license="CC BY", fetched_at="2024-01-20T00:00:00Z")
    for before_edit, outcome in (("2024-01-20", "unchanged"), ("2024-01-25", "unchanged"), ("2024-01-19", "reread")):
        seen = Seen(last.fetched_at, f"{before_edit}T00:00:00Z")
        assert decide(last, better, seen=seen).outcome == outcome
    in_one_second = Seen(last.fetched_at, last.fetched_at)
    assert decide(last, replace(better, fetched_at=last.fetched_at), seen=in_one_second).outcome == "reread"


def test_an_older_capture_that_replaced_the_line_makes_no_edit_of_those_between() -> None:
    last = article(modified_at=None, fetched_at="2024-01-20T00:00:00Z", reread=True)
    between = replace(last, headline="Old", fetched_at="2024-01-25T00:00:00Z")
    assert decide(last, between, seen=Seen("2024-02-01T00:00:00Z")).outcome == "unchanged"
    assert decide(last, between, seen=Seen("2024-01-25T00:00:00Z")).outcome == "revised"


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (AMP, AMP, "unchanged"),
        (AMP, CANONICAL, "reread"),
        (AMP, BOTH, "reread"),
        (CANONICAL, AMP, "unchanged"),
        (CANONICAL, CANONICAL, "unchanged"),
        (CANONICAL, BOTH, "reread"),
        (BOTH, AMP, "unchanged"),
        (BOTH, CANONICAL, "unchanged"),
        (BOTH, BOTH, "unchanged"),
        (CANONICAL, "cloud", "unchanged"),
        (BOTH, "cloud+amp-swift", "unchanged"),
    ],
)
def test_only_a_better_view_replaces_the_line(before: str, after: str, outcome: str) -> None:
    known, reading = article(layout=before, revision=2), article(layout=after, license="CC BY")
    if before == after:
        reading = article(layout=after)
    decision = decide(known, reading)
    assert decision.outcome == outcome
    if outcome == "reread":
        assert decision.article == replace(reading, revision=2, reread=True)


@pytest.mark.parametrize(("before", "after"), [(CANONICAL, BOTH), (BOTH, CANONICAL)])
def test_what_the_canonical_page_gives_shows_an_edit_with_the_amp_page_or_without(before: str, after: str) -> None:
    known = article(layout=before, revision=2)
    edits = {"headline": "Another", "lead": "Another", "byline": "Another", "tags": ["gulf"], "sections": ["Gulf"]}
    for name, value in {**edits, "blocks": [paragraph("One.")]}.items():
        reading = article(layout=after, **{name: value})
        outcome, line = decide(known, reading)
        assert (name, outcome, line.revision, line.reread) == (name, "revised", 3, False)
        assert decide(line, reading).outcome == "unchanged"
        assert decide(known, replace(reading, fetched_at="2020-01-01T00:00:00Z")).outcome != "revised"
        assert decide(known, replace(reading, extractor_version="99")).outcome != "revised"
        assert decide(known, replace(reading, warnings=["truncated"])).outcome != "revised"
        assert decide(known, replace(reading, warnings=["body-from-amp"])).outcome != "revised"
        assert decide(replace(known, warnings=["body-from-amp"]), reading).outcome != "revised"
    # What only one of them has may be from the AMP page.
    poorer, better = sorted((before, after), key=view_rank)
    assert decide(article(layout=poorer, lead=None), article(layout=better)).outcome == "reread"
    assert decide(article(layout=better), article(layout=poorer, lead=None)).outcome == "unchanged"
    # Of two AMP pages, one may print what the other does not.
    assert decide(article(layout=BOTH), article(layout=f"{CANONICAL}+amp-other", byline="A")).outcome != "revised"


@given(
    edits=st.sets(st.integers(1, 99), max_size=3),
    hours=st.sets(st.integers(0, 99), min_size=1, max_size=6),
    are_dated=st.booleans(),
    data=st.data(),
)
def test_captures_read_again_in_any_order_and_by_a_newer_version_add_no_revision(
    edits: set[int], hours: set[int], are_dated: bool, data: st.DataObject
) -> None:
    def read(captures: list[Article], last: Article | None = None) -> tuple[Article, list[str]]:
        outcomes = []
        for capture in captures:
            decision = decide(last, capture, recorded=True)
            outcomes.append(decision.outcome)
            last = decision.article
        assert last is not None
        return last, outcomes

    def time(hour: int) -> str:
        return f"2024-02-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"

    captures = [
        article(
            layout=layout,
            warnings=warnings,
            blocks=[paragraph(f"As of edit {max(past, default=0)}{', by AMP' * len(warnings)}.")],
            modified_at=time(max(past, default=0)) if are_dated else None,
            fetched_at=time(hour),
        )
        for hour in sorted(hours)
        for past in [{edit for edit in edits if edit <= hour}]
        for layout, warnings in [data.draw(st.sampled_from([(CANONICAL, []), (BOTH, []), (BOTH, ["body-from-amp"])]))]
    ]
    last, _ = read(captures)
    of_canonical_pages = [capture for capture in captures if not capture.warnings]
    assert last.revision <= len({max((e for e in edits if time(e) <= c.fetched_at), default=0) for c in captures})
    if of_canonical_pages == captures:
        assert last.revision == len({str(capture.blocks) for capture in captures})
    shuffled = data.draw(st.permutations(captures))
    for again in (captures, shuffled):
        assert set(read(again, last)[1]) == {"unchanged"}
    upgraded = [replace(capture, extractor_version="99", license="CC BY") for capture in captures]
    newer, outcomes = read(upgraded, last)
    assert newer.revision == last.revision
    assert outcomes.count("unchanged") >= len(outcomes) - 1
    assert set(read(upgraded, newer)[1]) == {"unchanged"}
    settled, _ = read(shuffled, read(shuffled)[0])
    assert set(read(shuffled, settled)[1]) == {"unchanged"}
    if of_canonical_pages == captures:
        assert settled.blocks == captures[-1].blocks


def test_an_upgrade_reads_earlier_captures_without_a_line() -> None:
    first = article(fetched_at="2021-01-01T00:00:00Z", modified_at=None)
    edited = article(fetched_at="2022-01-01T00:00:00Z", modified_at=None, headline="Another", revision=2)
    upgraded = {"extractor_version": "99", "license": "CC BY"}
    assert decide(edited, replace(first, **upgraded)).outcome == "unchanged"
    assert decide(edited, replace(edited, **upgraded)).outcome == "reread"


@pytest.mark.parametrize("before", [AMP, CANONICAL, BOTH])
@pytest.mark.parametrize("after", ["amp-other", "cloud", "cloud+amp-other"])
def test_another_view_shows_an_edit_only_by_a_later_time_and_other_words(before: str, after: str) -> None:
    known = article(layout=before)
    assert decide(known, article(layout=after, **EDITED_LATER)).outcome == "revised"
    same_words = decide(known, article(layout=after, **LATER)).outcome
    assert same_words == ("reread" if view_rank(after) >= min(1, view_rank(before)) else "unchanged")
    other_words = decide(known, article(layout=after, headline="Another headline")).outcome
    assert other_words == ("reread" if view_rank(after) > view_rank(before) else "unchanged")


@pytest.mark.parametrize("after", [CANONICAL, "cloud"])
def test_a_later_edit_is_written_once_when_the_amp_page_is_gone(after: str) -> None:
    known, reading = article(layout=BOTH, revision=2), article(layout=after, license="CC BY", **LATER)
    outcome, line = decide(known, reading)
    assert (outcome, line.revision, line.modified_at, line.license) == ("reread", 2, reading.modified_at, "CC BY")
    assert decide(line, reading).outcome == "unchanged"
    part = replace(reading, blocks=known.blocks, warnings=["truncated"])
    assert decide(known, part).outcome == "unchanged"
    assert decide(known, replace(reading, extractor_version="0.1.0")).outcome == "unchanged"
    assert decide(known, replace(reading, layout=AMP)).outcome == "unchanged"  # it may lack what was edited


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("0.2.0", "0.3.0", "reread"),
        ("0.9.0", "0.10.0", "reread"),
        ("0.2.0", "0.2.1.dev1", "reread"),
        ("0.2.0", "0.2", "unchanged"),
        ("0.2", "0.2.0", "unchanged"),
        ("0.2.0", "0.2.0+local", "unchanged"),
        ("0.10.0", "0.9.0", "unchanged"),
        ("", "0.1", "reread"),
    ],
)
def test_a_newer_extractor_rereads(before: str, after: str, outcome: str) -> None:
    known = article(extractor_version=before)
    images_only = article(extractor_version=after, license="CC")
    assert decide(known, images_only).outcome == outcome
    assert decide(known, article(extractor_version=after)).outcome == "unchanged"


@pytest.mark.parametrize("changes", [*NOT_OF_THE_TEXT, {"schema_version": "0"}], ids=str)
def test_a_newer_extractor_that_reads_the_same_writes_no_line(changes: dict[str, Any]) -> None:
    assert decide(article(), article(extractor_version="0.3.0", **changes)).outcome == "unchanged"


def test_what_a_newer_extractor_reads_otherwise_is_no_edit() -> None:
    outcome, line = decide(article(), article(extractor_version="0.3.0", headline="Another headline"))
    assert (outcome, line.revision) == ("reread", 1)


def test_an_older_extractor_changes_nothing() -> None:
    reading = article(extractor_version="0.1.0", layout=BOTH, **EDITED_LATER)
    assert decide(article(), reading).outcome == "unchanged"


@pytest.mark.parametrize(("before", "after"), [(CANONICAL, AMP), (BOTH, AMP), (BOTH, CANONICAL)])
def test_a_newer_extractor_with_a_worse_view_changes_nothing(before: str, after: str) -> None:
    reading = article(extractor_version="0.3.0", layout=after, tags=[])
    assert decide(article(layout=before), reading).outcome == "unchanged"


def test_a_new_slug_is_followed_once() -> None:
    known = article(fetched_at="2024-02-01T00:00:00Z")
    moved = article(url="https://ifpnews.com/the-sea/", fetched_at="2024-02-02T00:00:00Z")
    outcome, line = decide(known, moved)
    assert (outcome, line.url, line.aliases, line.revision) == ("reread", moved.url, [URL], 1)
    assert decide(known, replace(moved, layout="cloud")).article.url == moved.url
    assert decide(known, replace(moved, layout=AMP)).outcome == "unchanged"
    again = replace(known, fetched_at="2024-02-03T00:00:00Z")
    assert decide(line, again).outcome == "unchanged"  # both addresses work: it would go back and forth
    older = replace(moved, fetched_at="2024-01-15T00:00:00Z")
    assert decide(known, older).outcome == "unchanged"


def test_a_new_slug_is_followed_once_when_the_amp_page_is_gone() -> None:
    renamed = article(url="https://ifpnews.com/iran-and-its-sea/")
    decision = decide(article(layout=BOTH), renamed)
    assert (decision.outcome, decision.article.url) == ("reread", renamed.url)
    assert decide(decision.article, renamed).outcome == "unchanged"
    assert decide(article(layout=BOTH), replace(renamed, layout=AMP)).outcome == "unchanged"
    assert decide(article(layout=BOTH), renamed, recorded=True).outcome == "unchanged"  # it may only lack that page


def test_another_scheme_or_permalink_of_the_slug_is_no_move() -> None:
    known = article(fetched_at="2024-02-01T00:00:00Z")
    later = replace(known, fetched_at="2024-02-02T00:00:00Z")
    other_root = replace(later, url=URL.replace("https://", "http://www."))
    assert decide(known, other_root).outcome == "unchanged"
    old_permalink = replace(later, url=URL.replace("https://ifpnews.com/", "http://ifpnews.com/exclusive/"))
    assert decide(known, old_permalink, recorded=True).outcome == "unchanged"
    # Live, the site has changed its permalinks, and its lists name the new one: else every run would fetch it again.
    assert decide(known, old_permalink).outcome == "reread"


class TestGone:
    gone = article(status="gone", revision=2)
    again = article(fetched_at="2024-04-01T00:00:00Z")

    def test_the_same_text_again_is_published_again(self) -> None:
        outcome, line = decide(self.gone, self.again)
        assert outcome == "reread"
        assert line == replace(self.again, revision=2, reread=True)
        assert line.status == "published"

    def test_without_a_capture_time_the_reading_counts(self) -> None:
        assert decide(self.gone, replace(self.again, fetched_at=None)).outcome == "reread"
        assert decide(replace(self.gone, fetched_at=None), self.again).outcome == "reread"

    def test_an_edit_is_an_edit(self) -> None:
        outcome, line = decide(self.gone, replace(self.again, headline="Back"))
        assert (outcome, line.revision, line.status, line.reread) == ("revised", 3, "published", False)

    def test_a_worse_view_brings_back_what_the_better_one_saw(self) -> None:
        outcome, line = decide(self.gone, replace(self.again, layout=AMP, tags=[], aliases=["http://a/"]))
        assert outcome == "reread"
        assert line == replace(self.gone, status="published", reread=True, aliases=["http://a/"])

    def test_an_old_capture_does_not_bring_it_back(self) -> None:
        assert decide(self.gone, article()).outcome == "unchanged"
        assert decide(self.gone, article(fetched_at="2024-01-15T00:00:00Z")).outcome == "unchanged"
        before_the_edit = replace(self.again, modified_at="2024-01-01T00:30:00Z")  # from a cache
        assert decide(self.gone, before_the_edit).outcome == "unchanged"


def test_what_a_better_reading_says_of_itself_counts() -> None:
    known = article(id=None, amp_url=None, layout=AMP)
    better = article(
        published_at="2024-01-01T00:00:30Z", published_raw="00:00:30", published_source="rest", layout=BOTH
    )
    line = decide(known, better).article
    assert (line.id, line.amp_url) == (better.id, better.amp_url)
    assert (line.published_at, line.published_raw, line.published_source) == (
        better.published_at,
        better.published_raw,
        better.published_source,
    )
    assert decide(replace(known, published_at=None), replace(better, published_at=None)).article.published_at is None


def test_aliases_and_what_dates_and_identifies_are_kept() -> None:
    old = "https://ifpnews.com/politics/iran/"
    known = article(aliases=["http://a/", URL + "amp/"], url=old)
    undated = {"published_at": None, "published_raw": None, "published_source": None}
    bare = article(id=None, amp_url=None, aliases=["http://b/", "http://a/"], tags=[], **undated)
    bare.warnings = ["no-date", "no-byline"]
    outcome, line = decide(known, bare)
    assert outcome == "revised"
    assert line.aliases == ["http://a/", old, "http://b/"]
    assert (line.id, line.amp_url, line.warnings) == (7, URL + "amp/", ["no-byline"])
    assert line.published_at == known.published_at
    assert (line.published_raw, line.published_source) == (known.published_raw, known.published_source)
    assert decide(replace(known, **undated), bare).article.warnings == ["no-date", "no-byline"]


changed = st.fixed_dictionaries(
    {},
    optional={
        "layout": st.sampled_from([AMP, CANONICAL, "cloud", BOTH]),
        "extractor_version": st.sampled_from(["0.1", "0.2.0", "0.10"]),
        "headline": st.sampled_from(["A", "B", None]),
        "tags": st.sampled_from([["a"], []]),
        "modified_at": st.sampled_from([None, "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]),
        "fetched_at": st.sampled_from([None, "2024-02-02T00:00:00Z", "2024-02-03T00:00:00Z"]),
        "license": st.sampled_from([None, "CC"]),
        "status": st.sampled_from(["published", "gone"]),
        "aliases": st.lists(st.sampled_from(["http://a/", "http://b/", URL])),
    },
)


@given(changed, changed, st.integers(1, 4))
def test_a_reading_counts_once(before: dict[str, Any], after: dict[str, Any], revision: int) -> None:
    known = article(**before, revision=revision)
    reading = article(**{**after, "status": "published"})
    copies = copy.deepcopy((known, reading))
    outcome, line = decide(known, reading)
    assert (known, reading) == copies
    if outcome == "unchanged":
        assert line is known
    else:
        assert (line.revision, line.reread) == ((revision + 1, False) if outcome == "revised" else (revision, True))
        assert line.status == "published"
        assert set(known.aliases) | set(reading.aliases) == set(line.aliases) | (
            {URL} & {*known.aliases, *reading.aliases}
        )
        assert decide(line, reading).outcome == "unchanged"


def test_of_two_times_in_json_ld_that_of_the_amp_page_counts() -> None:
    canonical = article(published_at="2024-01-01T03:30:00Z", published_source="jsonld")
    amp = article(published_source="jsonld", layout="amp-swift")
    assert merge_views(canonical, amp).published_at == amp.published_at


def test_content_hash_is_of_headline_lead_and_blocks() -> None:
    base = article()
    assert content_hash(Article(blocks=base.blocks)) == sha256(b"\n\nOne.\nTwo.").hexdigest()
    spaced = article(headline=" Iran \u00a0and\nthe sea", blocks=[paragraph("One. "), paragraph("Two.")])
    assert content_hash(spaced) == content_hash(base)
    decomposed, composed = article(headline="Pe\u0301rse"), article(headline="P\u00e9rse")
    assert content_hash(decomposed) == content_hash(composed)
    others = [
        article(headline="iran and the sea"),
        article(headline=None, lead="Iran and the sea A standfirst"),
        article(lead=None),
        article(blocks=[paragraph("One. Two.")]),
        article(blocks=[paragraph("Two."), paragraph("One.")]),
        article(blocks=[*base.blocks, {"kind": "related", "text": "Read more"}]),
    ]
    assert len({content_hash(a) for a in [base, *others]}) == len(others) + 1


def test_content_hash_leaves_the_rest_out() -> None:
    hashed = {"headline", "lead", "blocks"}
    other = {f.name: getattr(Article(), f.name) for f in fields(Article) if f.name not in hashed}
    assert content_hash(article(**other)) == content_hash(article())


def test_text_hash_wants_fifty_words_and_sees_only_them() -> None:
    def text(words: list[str], gap: str = " ") -> Article:
        return article(body=gap.join(words), word_count=len(words))

    words = [f"w{n}" for n in range(50)]
    known = text_hash(text(words))
    assert known is not None
    assert len(known) == 8
    assert text_hash(text(words[:49])) is None
    assert text_hash(text(words, "\n\n")) == known
    assert text_hash(replace(text(words), headline="Other", lead=None)) == known
    assert text_hash(text([*words[:49], "x"])) != known
