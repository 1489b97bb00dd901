"""Whether an article that was read is the one requested, and what its list adds: without network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Request, Response
from scrapy.settings import Settings

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import read_options
from ifp_scraper.spiders.acceptance import Acceptance
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.spiders.no_article import NoArticleHandler
from ifp_scraper.storage.reasons import LEADS_TO, LEADS_TO_ANOTHER, SHOWS
from ifp_scraper.storage.rejections import Rejected

SITE = "https://ifpnews.com"
ASKED, SHOWN = f"{SITE}/a/", f"{SITE}/b/"
LISTED, STATED = "2024-05-06T12:17:00Z", "2024-05-06T10:00:00Z"
SOON, LATE = "2024-05-06T13:00:00Z", "2024-05-07T12:17:00Z"


class Case:
    """A live crawl that has read pages."""

    def __init__(self, out: Path) -> None:
        settings = Settings({})
        settings.setmodule("ifp_scraper.settings")
        self.ledger = Ledger(read_options({}, SITE), out, start_over=True, settings=settings)
        crawl = Crawl(SimpleNamespace(settings=settings, crawling=True), self.ledger)  # type: ignore[arg-type]
        self.acceptance = Acceptance(crawl, self.ledger, NoArticleHandler(crawl, self.ledger))

    def accept(
        self, article: Article, ref: ArticleRef, *redirects: str, is_dated: bool | None = None
    ) -> Article | None:
        request = Request(article.url, meta={"redirect_urls": list(redirects)})
        response = Response(article.url, request=request)
        is_dated = article.modified_at is not None if is_dated is None else is_dated
        view: Any = SimpleNamespace(response=response, article=article, is_dated=is_dated)
        return self.acceptance.accept(view, ref)

    def reason(self) -> str | None:
        return self.ledger.rejections.reason(ASKED)

    def noted(self) -> tuple[str | None, list[str]]:
        """From when on the next run looks for edits because of what was read, and what it fetches again."""
        return self.ledger.walks._stale_from, self.ledger.failures.for_next_run(doubtful=False)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    case = Case(tmp_path / "a.jsonl")
    yield case
    case.ledger.store.close()


def article(url: str = SHOWN, id: int | None = 9, **fields: Any) -> Article:
    return Article(id=id, url=url, layout="newspaper", **fields)


def test_a_shortlink_leads_to_the_article_that_the_site_says(case: Case) -> None:
    shortlink = f"{SITE}/?p=5"
    case.ledger.write(article(ASKED, 5, aliases=[shortlink]))
    assert case.accept(article(), ArticleRef(shortlink), shortlink) is not None
    assert case.ledger.rejections.reason(shortlink) is None


def test_another_id_is_another_article(case: Case) -> None:
    ref = ArticleRef(ASKED, 5, published_at=LISTED)
    assert case.accept(article(), ref, ASKED) is None
    assert case.reason() == LEADS_TO_ANOTHER + SHOWN
    assert case.accept(article(), ref) is None
    assert case.reason() == SHOWS + SHOWN
    case.ledger.write(article(ASKED, 5))
    assert case.accept(article(), ArticleRef(ASKED), ASKED) is None  # the file knows which id it had


def test_the_same_id_is_the_article_under_a_new_url(case: Case) -> None:
    for redirects in ([ASKED], []):
        found = case.accept(article(), ArticleRef(ASKED, 9, published_at=LISTED, published_source="rest"), *redirects)
        assert found is not None
        assert (found.published_at, found.aliases) == (LISTED, redirects)
    assert case.reason() is None


@pytest.mark.parametrize("id", [None, 9])
def test_without_ids_a_redirect_leads_to_the_article_but_the_times_may_be_of_another(
    case: Case, id: int | None
) -> None:
    ref = ArticleRef(ASKED, published_at=LISTED, modified_at=LISTED, published_source="sitemap")
    found = case.accept(article(id=id), ref, ASKED)
    assert found is not None
    assert (found.url, found.aliases, found.published_at, found.modified_at) == (SHOWN, [ASKED], None, None)
    assert case.reason() is None
    case.ledger.write(article(id=id))
    assert case.accept(article(id=id), ref, ASKED) is not None
    assert case.reason() == LEADS_TO + SHOWN


def test_a_page_that_names_another_address_is_believed_the_second_time(case: Case) -> None:
    ref = ArticleRef(ASKED, published_at=LISTED, published_source="sitemap")
    found = case.accept(article(aliases=[ASKED]), ref)
    assert found is not None
    assert (found.aliases, found.published_at, case.reason()) == ([], None, SHOWS + SHOWN)
    case.ledger.write(found)
    assert not case.ledger.knowledge.is_current(ArticleRef(SHOWN))  # it may be another one's page
    found = case.accept(article(aliases=[ASKED]), ref)
    assert found is not None
    assert found.aliases == [ASKED]


@pytest.mark.parametrize("lacks", ["one-page-of-many", "truncated"])
def test_what_lacks_a_part_is_looked_for_at_its_own_url_wherever_it_was_shown(case: Case, lacks: str) -> None:
    assert case.accept(article(id=None, warnings=[lacks]), ArticleRef(ASKED)) is not None
    assert SHOWN in case.noted()[1]


def test_a_page_that_names_an_article_in_the_file_shows_nothing_the_first_time(case: Case) -> None:
    case.ledger.write(article())
    assert case.accept(article(), ArticleRef(ASKED)) is None
    assert case.reason() == SHOWS + SHOWN
    assert case.ledger.knowledge.is_current(ArticleRef(SHOWN))


def test_an_article_read_under_its_own_url_is_accepted_whatever_was_rejected(case: Case) -> None:
    case.ledger.reject(Rejected.now(ASKED, SHOWS + SHOWN))
    found = case.accept(article(ASKED, 5), ArticleRef(ASKED, 9))
    assert found is not None
    assert (found.id, found.aliases) == (5, [])


@pytest.mark.parametrize(
    ("known", "read_at", "modified_at", "stale_from", "again"),
    [
        (None, SOON, LISTED, None, [ASKED]),
        (STATED, SOON, STATED, LISTED, []),  # the page is the one that the file holds: the edit is yet to be seen
        ("2024-05-06T09:00:00Z", SOON, LISTED, None, [ASKED]),
        (None, None, LISTED, None, [ASKED]),
        (STATED, LATE, LISTED, None, []),  # no cache holds it for that long, and it was asked for again before
    ],
)
def test_an_edit_that_the_page_does_not_state(
    case: Case, known: str | None, read_at: str | None, modified_at: str, stale_from: str | None, again: list[str]
) -> None:
    case.ledger.failures._were_incomplete.add(ASKED)
    if known:
        case.ledger.write(article(ASKED, modified_at=known))
    ref = ArticleRef(ASKED, 9, modified_at=LISTED)
    found = case.accept(article(ASKED, modified_at=STATED, fetched_at=read_at), ref)
    assert found is not None
    assert (found.modified_at, *case.noted()) == (modified_at, stale_from, again)


@pytest.mark.parametrize("stated", [None, LISTED, "2024-05-06T08:47:00Z"], ids=["none", "the same", "in Tehran"])
def test_an_edit_that_the_page_states_or_says_nothing_of(case: Case, stated: str | None) -> None:
    found = case.accept(article(ASKED, modified_at=stated, fetched_at=SOON), ArticleRef(ASKED, 9, modified_at=LISTED))
    assert found is not None
    assert (found.modified_at, *case.noted()) == (LISTED, None, [])


def test_an_edit_that_the_page_states_need_not_change_the_text(case: Case) -> None:
    case.ledger.write(article(ASKED, modified_at=STATED))
    found = case.accept(article(ASKED, modified_at=LISTED, fetched_at=SOON), ArticleRef(ASKED, 9, modified_at=LISTED))
    assert found is not None
    assert (found.modified_at, *case.noted()) == (LISTED, None, [])


@pytest.mark.parametrize(
    ("held", "read_at", "modified_at", "stale_from"),
    [
        ("The text.", SOON, STATED, LISTED),  # the edit is yet to be seen
        ("Other text.", SOON, LISTED, None),
        ("The text.", LATE, LISTED, None),  # it did not change the text
    ],
)
def test_an_edit_of_which_the_page_says_nothing_but_shows_what_the_file_holds(
    case: Case, held: str, read_at: str, modified_at: str, stale_from: str | None
) -> None:
    published = "2024-05-01T00:00:00Z"
    case.ledger.write(article(ASKED, modified_at=STATED, headline=held, published_at=published))
    ref = ArticleRef(ASKED, 9, modified_at=LISTED)
    found = case.accept(article(ASKED, headline="The text.", published_at=published, fetched_at=read_at), ref)
    assert found is not None
    assert (found.modified_at, *case.noted()) == (modified_at, stale_from, [])


@pytest.mark.parametrize(
    ("layout", "read_now"), [("newspaper", "newspaper+amp-swift"), ("newspaper+amp-swift", "newspaper")]
)
@pytest.mark.parametrize(
    ("text", "modified_at", "stale_from", "outcomes"),
    [("The text.", STATED, LISTED, {"reread", "unchanged"}), ("Other text.", LISTED, None, {"revised"})],
)
def test_such_an_edit_when_the_amp_page_is_read_for_the_first_time_or_gone(
    case: Case, layout: str, read_now: str, text: str, modified_at: str, stale_from: str | None, outcomes: set[str]
) -> None:
    case.ledger.write(replace(article(ASKED, modified_at=STATED, headline="The text."), layout=layout))
    reading = replace(article(ASKED, headline=text, fetched_at=SOON), layout=read_now)
    found = case.accept(reading, ArticleRef(ASKED, 9, modified_at=LISTED))
    assert found is not None
    assert (found.modified_at, *case.noted()) == (modified_at, stale_from, [])
    assert case.ledger.write(found) in outcomes


def test_such_an_edit_that_changes_the_publication_time(case: Case) -> None:
    before, now = "2024-05-01T00:00:00Z", "2016-06-06T07:30:00Z"
    case.ledger.write(article(ASKED, modified_at=STATED, published_at=before))
    ref = ArticleRef(ASKED, 9, published_at=now, modified_at=LISTED, published_source="rest")
    found = case.accept(article(ASKED, fetched_at=SOON), ref)
    assert found is not None
    assert (found.published_at, found.modified_at, *case.noted()) == (now, LISTED, None, [])


@pytest.mark.parametrize(("id", "published_at"), [(9, LISTED), (None, LISTED), (5, None)])
def test_what_rest_said_of_an_article_that_failed_is_not_said_of_another_with_its_slug(
    case: Case, id: int | None, published_at: str | None
) -> None:
    noted = ArticleRef(ASKED, 9, published_at=LISTED, published_source="rest", listed_at=LISTED)
    found = case.accept(article(ASKED, id), noted)
    assert found is not None
    assert found.published_at == published_at
    case.ledger.write(article(ASKED, id))
    found = case.accept(article(ASKED, id), noted)  # it has got a new id by an import
    assert found is not None
    assert found.published_at == LISTED


def test_the_new_url_of_an_article_is_not_another_one(case: Case) -> None:
    case.ledger.write(article(SHOWN))
    assert case.accept(article(ASKED), ArticleRef(ASKED, 9)) is not None
    assert case.reason() is None


def test_such_an_edit_of_an_article_that_had_no_date(case: Case) -> None:
    case.ledger.write(article(ASKED, headline="The text."))
    ref = ArticleRef(ASKED, 9, published_at="2016-06-06T07:30:00Z", modified_at=LISTED, published_source="rest")
    found = case.accept(article(ASKED, headline="The text.", fetched_at=SOON), ref)
    assert found is not None
    assert (found.modified_at, *case.noted()) == (None, LISTED, [])


@pytest.mark.parametrize(
    ("read_at", "published_at", "modified_at", "stale_from", "again"),
    [
        (SOON, STATED, LISTED, None, [ASKED]),
        (STATED, STATED, None, LISTED, []),  # a cache has held the page with the text since before the edit
        (SOON, LISTED, LISTED, None, []),  # it has not been edited
        (LATE, STATED, LISTED, None, []),
    ],
)
def test_an_edit_of_a_new_article_that_the_amp_page_alone_states_with_another_text(
    case: Case, read_at: str, published_at: str, modified_at: str | None, stale_from: str | None, again: list[str]
) -> None:
    reading = article(ASKED, modified_at=LISTED, published_at=published_at, fetched_at=read_at)
    found = case.accept(reading, ArticleRef(ASKED, 9, modified_at=LISTED), is_dated=False)
    assert found is not None
    assert (found.modified_at, *case.noted()) == (modified_at, stale_from, again)


def test_the_address_on_a_mirror_is_another_one_of_the_article(case: Case) -> None:
    found = case.accept(article("https://copied.example/a/"), ArticleRef(ASKED.rstrip("/"), 9))
    assert found is not None
    assert found.aliases == [ASKED]
    found = case.accept(article("https://copied.example/a/"), ArticleRef(f"{SITE}/?p=9", 9))
    assert found is not None
    assert found.aliases == []  # without its query, it is the home page


def test_an_address_that_the_file_knows_leads_to_its_article(case: Case) -> None:
    case.ledger.write(article(id=None, aliases=[ASKED]))
    found = case.accept(article(id=None), ArticleRef(ASKED, published_at=LISTED, published_source="sitemap"))
    assert found is not None
    assert (found.published_at, case.reason()) == (LISTED, None)
