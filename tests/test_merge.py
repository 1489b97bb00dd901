"""One article from the pages of a post, its two views, and what discovery knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.items import Article, Author, Block, Embed, Image, Link, RecentPost, content_hash
from ifp_scraper.merge import add_evidence, join_pages, merge_views

URL = "https://ifpnews.com/a/"
AT = "2024-05-06T06:00:00Z"
RANKED = ("rest", "feed", "meta", "time", "jsonld", "sitemap", None)


def image(name: str, alt: str | None = None) -> Image:
    return Image(f"{URL}{name}.jpg", f"{URL}{name}.jpg", alt, None, "body")


def view(text: str, **fields: Any) -> Article:
    """A page of one paragraph; every field has a value that no other page has."""
    own: dict[str, Any] = {
        "id": len(text),
        "url": URL,
        "amp_url": f"{URL}{text}/",
        "aliases": [f"{URL}?{text}"],
        "headline": f"Headline {text}",
        "lead": f"Lead {text}",
        "byline": f"Byline {text}",
        "authors": [Author("IFP", f"{URL}{text}", f"Bio {text}")],
        "sections": [text],
        "tags": [text],
        "blocks": [{"kind": "paragraph", "text": text}],
        "body": text,
        "word_count": 1,
        "images": [image(text)],
        "embeds": [Embed("video", f"{URL}{text}.mp4")],
        "links": [Link(f"{URL}{text}", text)],
        "source": f"Source {text}",
        "published_at": AT,
        "published_raw": f"Raw {text}",
        "published_source": "meta",
        "modified_at": None,
        "recent_posts": [RecentPost(f"Recent {text}", URL)],
        "license": f"License {text}",
        "layout": text,
        "fetched_at": "2024-05-07T06:00:00Z",
        "fetched_url": f"{URL}{text}/fetched/",
    }
    return Article(**{**own, **fields})


def _paragraphs(*texts: str) -> list[Block]:
    return [{"kind": "paragraph", "text": text} for text in texts]


CANONICAL, AMP = view("canonical"), view("amp")
EMPTY: dict[str, Any] = {
    "id": None,
    "amp_url": None,
    "headline": None,
    "lead": None,
    "byline": None,
    "authors": [],
    "sections": [],
    "tags": [],
    "images": [],
    "embeds": [],
    "links": [],
    "source": None,
    "published_at": None,
    "license": None,
    "recent_posts": [],
}


class TestTwoViews:
    @pytest.mark.parametrize("name", EMPTY)
    def test_each_fills_what_the_other_lacks(self, name: str) -> None:
        without = {name: EMPTY[name]}
        if name == "published_at":
            without |= {"published_source": None, "published_raw": None}
        better, worse = (AMP, CANONICAL) if name == "recent_posts" else (CANONICAL, AMP)
        assert getattr(merge_views(CANONICAL, AMP), name) == getattr(better, name)
        filled = merge_views(*(replace(view, **without) if view is better else view for view in (CANONICAL, AMP)))
        assert getattr(filled, name) == getattr(worse, name)

    def test_the_body_is_one_view_s(self) -> None:
        merged = merge_views(CANONICAL, AMP)
        assert (merged.blocks, merged.body) == (CANONICAL.blocks, "canonical")
        merged = merge_views(replace(CANONICAL, blocks=[], body="", warnings=["no-body"]), AMP)
        assert (merged.blocks, merged.body, merged.word_count, merged.warnings) == (
            AMP.blocks,
            "amp",
            1,
            ["body-from-amp"],
        )
        assert merged.content_hash == content_hash(merged)
        merged = merge_views(replace(CANONICAL, blocks=[], body=""), replace(AMP, blocks=[], body=""))
        assert (merged.blocks, merged.body, merged.word_count) == ([], "", 0)

    def test_the_featured_picture_is_taken_from_the_view_that_has_one(self) -> None:
        lead = replace(image("a"), role="lead")
        body, scaled = image("b"), replace(lead, original_url=lead.original_url.replace(".jpg", "-scaled.jpg"))
        for first, second, merged in (
            ([body], [lead, image("c")], [lead, body]),
            ([lead], [scaled], [lead]),
            ([lead, body], [replace(image("c"), role="lead")], [lead, body]),
            ([body, image("a")], [scaled], [body, image("a")]),
            ([], [lead, body], [lead, body]),
        ):
            assert merge_views(replace(CANONICAL, images=first), replace(AMP, images=second)).images == merged

    def test_of_a_page_that_is_cut_off_nothing_is_taken_that_a_whole_one_has(self) -> None:
        cut = replace(CANONICAL, warnings=["truncated"])
        merged = merge_views(cut, AMP)
        assert (merged.body, merged.images, merged.tags) == (AMP.body, AMP.images, AMP.tags)
        assert (merged.headline, "truncated" in merged.warnings) == (CANONICAL.headline, False)
        for both in ((cut, replace(AMP, warnings=["truncated"])), (cut, replace(AMP, blocks=[], body=""))):
            merged = merge_views(*both)
            assert (merged.body, "truncated" in merged.warnings) == (CANONICAL.body, True)
            assert (merged.images, merged.tags) == (CANONICAL.images, CANONICAL.tags)

    def test_the_text_of_a_long_post_is_of_the_view_that_has_all_its_pages(self) -> None:
        lacking = replace(CANONICAL, warnings=["one-page-of-many"])
        whole = replace(AMP, body="all of its pages", word_count=4)
        merged = merge_views(lacking, whole)
        assert (merged.body, merged.images, merged.warnings) == (whole.body, whole.images, ["body-from-amp"])
        assert merged.headline == CANONICAL.headline
        for amp in (
            replace(AMP, body="one", word_count=1),  # it may not say that it is the first of several
            replace(whole, warnings=["one-page-of-many"]),
            replace(whole, warnings=["truncated"]),
        ):
            merged = merge_views(lacking, amp)
            assert (merged.body, "one-page-of-many" in merged.warnings) == (CANONICAL.body, True)

    def test_what_is_of_the_fetched_page_is_the_canonical_one_s(self) -> None:
        merged = merge_views(CANONICAL, replace(AMP, fetched_at="2024-05-07T06:00:05Z"))
        assert merged.layout == "canonical+amp"
        assert (merged.fetched_url, merged.fetched_at) == (CANONICAL.fetched_url, CANONICAL.fetched_at)
        assert merged.aliases == [*CANONICAL.aliases, *AMP.aliases]

    def test_bios_and_addresses_of_authors(self) -> None:
        canonical = replace(
            CANONICAL, authors=[Author("IFP", None, None), Author("Ali", None, "His own"), Author("Sara")]
        )
        [ifp, ali, sara] = merge_views(canonical, AMP).authors
        assert sara == Author("Sara", None, None)
        assert (ifp.url, ifp.bio) == (f"{URL}amp", "Bio amp")
        assert (ali.url, ali.bio) == (None, "His own")
        assert merge_views(CANONICAL, AMP).authors == CANONICAL.authors

    @pytest.mark.parametrize(
        ("canonical", "amp", "warned"),
        [
            ([], [], []),
            ([], ["one-page-of-many"], []),  # the canonical page is complete
            (["one-page-of-many"], [], ["one-page-of-many"]),
            (["no-byline", "truncated"], ["truncated"], ["truncated"]),
            (["too-deep"], ["dates-disagree"], ["too-deep", "dates-disagree"]),
        ],
    )
    def test_warnings(self, canonical: list[str], amp: list[str], warned: list[str]) -> None:
        assert merge_views(replace(CANONICAL, warnings=canonical), replace(AMP, warnings=amp)).warnings == warned

    def test_a_warning_stays_where_both_lack_the_field(self) -> None:
        lacking = {"byline": None, "sections": [], "headline": None, "published_at": None, "published_source": None}
        warnings = ["no-byline", "no-sections", "no-headline", "no-date"]
        both = (replace(view, **lacking, warnings=warnings) for view in (CANONICAL, AMP))
        assert merge_views(*both).warnings == warnings

    @pytest.mark.parametrize("worse", range(1, len(RANKED)))
    @pytest.mark.parametrize("better", range(len(RANKED) - 1))
    def test_times_are_of_the_better_place(self, better: int, worse: int) -> None:
        if better >= worse:
            return
        good = {"published_at": AT, "published_source": RANKED[better]}
        bad = {"published_at": "2024-05-06T02:30:00Z", "published_source": RANKED[worse]}
        if RANKED[worse] is None:
            bad["published_at"] = None
        for one, other in ((good, bad), (bad, good)):
            merged = merge_views(replace(CANONICAL, **one), replace(AMP, **other))
            assert (merged.published_at, merged.published_source) == (AT, RANKED[better])
            assert merged.published_raw == ("Raw canonical" if one is good else "Raw amp")
            assert merged.warnings == []  # a difference of 3:30 hours is a known fault

    @pytest.mark.parametrize(
        ("amp", "warned"),
        [
            ("2024-05-06T06:00:02Z", []),
            ("2024-05-06T06:00:03Z", ["dates-disagree"]),
            ("2024-05-06T09:30:00Z", []),
            ("2024-05-06T02:29:59Z", []),
            ("2024-05-05T06:00:00Z", ["dates-disagree"]),
            ("2024-05-06T10:30:00Z", ["dates-disagree"]),  # no summer time since 2022
        ],
    )
    def test_times_that_disagree_by_no_known_fault(self, amp: str, warned: list[str]) -> None:
        merged = merge_views(CANONICAL, replace(AMP, published_at=amp, published_source="jsonld"))
        assert (merged.published_at, merged.warnings) == (AT, warned)

    @pytest.mark.parametrize(("amp", "warned"), [("06:00:59", []), ("06:01:00", ["dates-disagree"])])
    def test_a_time_without_seconds_is_any_of_its_minute(self, amp: str, warned: list[str]) -> None:
        canonical = replace(CANONICAL, published_raw="2024-05-06T06:00+00:00")
        merged = merge_views(canonical, replace(AMP, published_at=f"2024-05-06T{amp}Z", published_source="jsonld"))
        assert (merged.published_at, merged.warnings) == (AT, warned)

    @pytest.mark.parametrize(
        ("canonical", "amp", "is_utc"),
        [
            ("2024-05-06T06:00:00+00:00", "2024-05-06T06:00:00+03:30", True),  # one clock: the site is set to UTC
            ("2024-05-06T09:30:00+00:00", "2024-05-06T06:00:00+03:30", False),
            ("2024-05-06T06:00:00+00:00", None, False),
            (None, None, False),
        ],
    )
    @pytest.mark.parametrize("source", ["time", "jsonld"])  # design 1 prints it in a time element
    def test_the_same_clock_twice_is_utc(
        self, canonical: str | None, amp: str | None, is_utc: bool, source: Any
    ) -> None:
        merged = merge_views(
            replace(CANONICAL, published_source="time", published_raw=canonical, published_at="2024-05-06T02:30:00Z"),
            replace(AMP, published_source=source, published_raw=amp),
        )
        assert (merged.published_at, merged.published_raw) == (
            (AT, amp) if is_utc else ("2024-05-06T02:30:00Z", canonical)
        )
        merged = merge_views(replace(CANONICAL, published_raw=canonical), replace(AMP, published_raw=amp))
        assert merged.published_raw == canonical  # by an SEO plugin

    def test_of_two_times_in_json_ld_that_of_the_amp_page_has_known_faults(self) -> None:
        views = (replace(one, published_source="jsonld") for one in (CANONICAL, AMP))
        assert merge_views(*views).published_raw == AMP.published_raw

    def test_a_theme_may_show_the_time_of_an_edit_that_only_the_other_view_states(self) -> None:
        edited = "2024-05-09T06:00:00Z"
        canonical = replace(CANONICAL, published_source="time", published_at=edited)
        for modified_at, warnings in ((edited, []), (None, ["dates-disagree"])):
            assert merge_views(canonical, replace(AMP, modified_at=modified_at)).warnings == warnings

    @pytest.mark.parametrize("source", ["time", "jsonld"])  # Design 1 prints it in a time element
    def test_the_amp_page_says_which_of_two_equal_hours_it_was(self, source: Any) -> None:
        # Summer time ended on 21 September 2021 at 19:30 UTC; the theme printed 23:15 at both of these.
        merged = merge_views(
            replace(CANONICAL, published_source="time", published_at="2021-09-21T18:45:00Z"),
            replace(AMP, published_source=source, published_at="2021-09-21T19:45:00Z"),
        )
        assert (merged.published_at, merged.published_raw, merged.warnings) == ("2021-09-21T19:45:00Z", "Raw amp", [])
        merged = merge_views(
            replace(CANONICAL, published_source="meta", published_at="2021-09-21T18:45:00Z"),
            replace(AMP, published_source=source, published_at="2021-09-21T19:45:00Z"),
        )
        assert merged.published_raw == "Raw canonical"  # an SEO plugin knows, too

    @pytest.mark.parametrize("source", ["meta", "jsonld"])
    def test_the_time_of_an_edit_goes_with_the_time_of_publication(self, source: Any) -> None:
        canonical = replace(CANONICAL, published_source="time", modified_at="2024-05-06T08:00:00Z")
        amp = replace(AMP, published_source=source, modified_at="2024-05-06T09:00:00Z")
        expected = amp if source == "meta" else canonical
        assert merge_views(canonical, amp).modified_at == expected.modified_at
        assert merge_views(canonical, replace(amp, modified_at=None)).modified_at == canonical.modified_at
        assert merge_views(replace(canonical, modified_at=None), amp).modified_at == amp.modified_at


class TestPagesOfAPost:
    def test_the_first_page_gives_all_but_the_body(self) -> None:
        [first, second, third] = (view(name, source=None) for name in ("one", "two", "three"))
        joined = join_pages([first, replace(second, source="IRNA"), third], missing=False)
        assert [block["text"] for block in joined.blocks] == ["one", "two", "three"]
        assert (joined.body, joined.word_count) == ("one\n\ntwo\n\nthree", 3)
        assert (joined.headline, joined.fetched_url, joined.tags) == (first.headline, first.fetched_url, first.tags)
        assert [link.text for link in joined.links] == ["one", "two", "three"]
        assert joined.source == "IRNA"
        assert joined.content_hash == content_hash(joined)

    def test_the_last_source_counts(self) -> None:
        assert join_pages([view("one"), view("two")], missing=False).source == "Source two"

    def test_pictures_and_embeds_that_stand_on_each_page_count_once(self) -> None:
        first = view("one", images=[image("lead", "first"), image("one")])
        second = view("two", images=[image("lead", "second"), image("two")], embeds=first.embeds)
        joined = join_pages([first, second], missing=False)
        assert joined.images == [image("lead", "first"), image("one"), image("two")]
        assert joined.embeds == first.embeds

    def test_what_stands_around_every_page_of_a_smart_list_counts_once(self) -> None:
        def body(*parts: tuple[str, ...], framed: bool = True) -> str:
            pages = [view("one", blocks=_paragraphs(*part), body="\n\n".join(part)) for part in parts]
            return join_pages(pages, missing=False, framed=framed).body.replace("\n\n", " ")

        pages = [("Intro.", item, "End.") for item in ("A.", "B.", "C.")]
        assert body(*pages) == "Intro. A. B. C. End."
        assert body(*pages, framed=False) == "Intro. A. End. Intro. B. End. Intro. C. End."
        assert body(pages[0], pages[0]) == "Intro. A. End."
        assert body(("A.", "A.", "B."), ("A.", "B.")) == "A. A. B."
        assert body(("Intro.", "A.", "End.", "Fin."), ("Intro.", "B.", "End.", "Fin.")) == "Intro. A. B. End. Fin."
        assert body(("Intro.",), ("Intro.", "B.")) == "Intro. B."

    def test_a_page_without_text_leaves_no_gap(self) -> None:
        assert join_pages([view("one"), view("two", body="", blocks=[]), view("three")], missing=False).body == (
            "one\n\nthree"
        )

    def test_a_page_that_a_faulty_cache_gives_for_others_too_counts_once(self) -> None:
        pages = [view(text, warnings=["one-page-of-many"]) for text in ("One", "One", "Two", "One")]
        joined = join_pages(pages, missing=False)
        assert (joined.body, joined.warnings) == ("One\n\nTwo", ["one-page-of-many"])

    @pytest.mark.parametrize("field", ["blocks", "images", "embeds"])
    def test_pages_that_differ_in_one_thing_are_all_kept(self, field: str) -> None:
        pages = [view("One", headline=str(number)) for number in range(3)]
        pages = [replace(pages[0], warnings=["one-page-of-many"]), replace(pages[1], **{field: []})]
        assert join_pages(pages, missing=False).warnings == []
        empty = replace(pages[1], blocks=[], images=[], embeds=[])
        assert join_pages([pages[0], empty, empty], missing=False).warnings == []

    @pytest.mark.parametrize(
        ("missing", "warned"), [(False, ["truncated"]), (True, ["one-page-of-many", "truncated"])]
    )
    def test_a_missing_page_is_reported(self, missing: bool, warned: list[str]) -> None:
        pages = [view(name, warnings=["one-page-of-many"]) for name in ("one", "two")]
        pages[1].warnings.append("truncated")
        assert join_pages(pages, missing=missing).warnings == warned
        whole = view("one"), view("two")
        assert join_pages(list(whole), missing=missing).warnings == []


class TestDiscovery:
    @pytest.mark.parametrize("listed", ["rest", "feed", "sitemap"])
    @pytest.mark.parametrize("printed", RANKED)
    def test_the_better_time_counts(self, listed: Any, printed: Any) -> None:
        article = view(
            "a", published_source=printed, published_at=printed and AT, warnings=[] if printed else ["no-date"]
        )
        ref = ArticleRef(URL, published_at="2024-05-05T06:00:00Z", published_source=listed, published_raw="listed")
        found = add_evidence(article, ref)
        better = RANKED.index(listed) < RANKED.index(printed)
        assert found.published_source == (listed if better else printed)
        assert found.published_at == ("2024-05-05T06:00:00Z" if better else AT)
        assert found.published_raw == ("listed" if better else "Raw a")
        assert found.warnings == (["dates-disagree"] if better and printed else [])
        assert article.warnings == ([] if printed else ["no-date"])

    @pytest.mark.parametrize(
        ("listed_at", "edited", "printed", "outdated"),
        [
            ("2024-05-06T07:00:00Z", "2024-05-06T07:00:01Z", "meta", True),
            ("2024-05-06T07:00:00Z", "2024-05-06T07:00:00Z", "meta", False),
            ("2024-05-06T07:00:00Z", None, "meta", False),
            (None, "2024-05-06T07:00:01Z", "meta", False),
            ("2024-05-06T07:00:00Z", "2024-05-06T07:00:01Z", "time", False),  # its clock may be wrong
        ],
    )
    def test_a_feed_from_before_an_edit_does_not_know_the_new_date(
        self, listed_at: str | None, edited: str | None, printed: Any, outdated: bool
    ) -> None:
        article = view("a", modified_at=edited, published_source=printed)
        ref = ArticleRef(URL, published_at="2024-05-05T06:00:00Z", published_source="feed", listed_at=listed_at)
        found = add_evidence(article, ref)
        assert (found.published_at, found.published_source) == (
            (AT, printed) if outdated else ("2024-05-05T06:00:00Z", "feed")
        )
        assert found.warnings == ["dates-disagree"]
        assert (
            add_evidence(article, replace(ref, published_at=AT)).published_source == "feed"
        )  # and the date is the same

    def test_a_known_fault_is_no_disagreement(self) -> None:
        ref = ArticleRef(URL, published_at="2024-05-06T02:30:00Z", published_source="rest")
        assert add_evidence(view("a"), ref).warnings == []

    @pytest.mark.parametrize(
        ("source", "listed", "fetched", "expected"),
        [
            (None, "2024-05-06T07:00:00Z", "2024-05-06T08:00:00Z", "2024-05-06T07:00:00Z"),
            (None, "2024-05-06T08:00:00Z", "2024-05-06T08:00:00Z", "2024-05-06T08:00:00Z"),
            (None, "2024-05-06T08:00:01Z", "2024-05-06T08:00:00Z", AT),  # the page is from before the edit
            (None, "2024-05-06T00:00:00Z", "2024-05-06T08:00:00Z", AT),  # only the day, or an outdated sitemap
            (None, "2024-05-06T07:00:00Z", None, "2024-05-06T07:00:00Z"),
            ("rest", "2024-05-06T00:00:00Z", "2024-05-06T08:00:00Z", "2024-05-06T00:00:00Z"),
            ("rest", "2024-05-06T08:00:01Z", "2024-05-06T08:00:00Z", AT),
            ("rest", None, "2024-05-06T08:00:00Z", AT),
        ],
    )
    def test_the_time_of_an_edit(self, source: Any, listed: str | None, fetched: str | None, expected: str) -> None:
        article = view("a", modified_at=AT, fetched_at=fetched)
        ref = ArticleRef(URL, modified_at=listed, published_source=source)
        assert add_evidence(article, ref).modified_at == expected
        unknown = listed if expected == listed or listed == "2024-05-06T00:00:00Z" else None
        assert add_evidence(replace(article, modified_at=None), ref).modified_at == unknown
        assert article.modified_at == AT

    @pytest.mark.parametrize(
        ("stated", "expected"),
        [
            ("2024-05-06T06:45:01Z", "2024-05-06T06:45:01Z"),
            ("2024-05-06T06:45:00Z", AT),
            ("2024-05-06T09:30:00Z", AT),  # the site's local clock, taken for UTC
            ("2024-05-06T09:40:00Z", "2024-05-06T09:40:00Z"),
            (None, AT),
        ],
    )
    def test_an_edit_since_the_file_was_read(self, stated: str | None, expected: str) -> None:
        article = view("a", modified_at=stated, fetched_at="2024-05-07T06:45:00Z")
        ref = ArticleRef(URL, modified_at=AT, published_source="rest", listed_at="2024-05-06T06:45:00Z")
        assert add_evidence(article, ref).modified_at == expected

    def test_a_missing_id_is_filled_from_anywhere(self) -> None:
        assert add_evidence(view("a", id=None), ArticleRef(URL, id=8, published_source="feed")).id == 8

    @pytest.mark.parametrize(
        ("ref", "expected"),
        [
            (ArticleRef(URL, id=8, published_source="rest"), 8),
            (ArticleRef(f"{URL}amp/", id=8, published_source="rest"), 8),
            (
                ArticleRef("https://ifpnews.com/old-slug/", id=8, published_source="rest"),
                7,
            ),  # it redirected to this one
            (ArticleRef(URL, id=None, published_source="rest"), 7),
            (ArticleRef(URL, id=8, published_source="feed"), 7),
            (ArticleRef(URL, id=8), 7),
        ],
    )
    def test_rest_alone_knows_the_id_better_than_the_page(self, ref: ArticleRef, expected: int) -> None:
        assert add_evidence(view("a", id=7), ref).id == expected

    @pytest.mark.parametrize(
        ("listed", "known", "edited"),
        [
            (None, None, False),
            (None, AT, False),
            (AT, None, True),
            (AT, AT, False),
            ("2024-05-06T06:00:01Z", AT, True),
            ("2024-05-06T05:59:59Z", AT, False),
        ],
    )
    def test_an_edit_is_a_later_time(self, listed: str | None, known: str | None, edited: bool) -> None:
        assert ArticleRef(URL, modified_at=listed).is_edited_since(known) is edited


@pytest.mark.parametrize(
    ("source", "edited", "warnings"),
    [("time", AT, []), ("time", None, ["dates-disagree"]), ("meta", AT, ["dates-disagree"])],
)
def test_a_theme_may_show_the_time_of_the_edit(source: Any, edited: str | None, warnings: list[str]) -> None:
    shown = view("x", published_source=source, modified_at=edited)
    ref = ArticleRef(
        URL, published_source="rest", published_at="2024-05-01T06:00:00Z", published_raw="2024-05-01T06:00:00"
    )
    found = add_evidence(shown, ref)
    assert (found.published_at, found.warnings) == (ref.published_at, warnings)
    ref = ArticleRef(URL, published_source="rest", published_at="2024-05-20T06:00:00Z")
    assert add_evidence(shown, ref).warnings == ["dates-disagree"]
