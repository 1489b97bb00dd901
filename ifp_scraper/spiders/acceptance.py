"""Decides whether an article that has been read is the one requested, and adds what discovery knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ifp_scraper import console, urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc, same_but_for_clock_fault
from ifp_scraper.discovery.readings import Reading
from ifp_scraper.items import Article, content_hash
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import add_evidence, is_incomplete
from ifp_scraper.revisions import decide
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.spiders.no_article import NoArticleHandler
from ifp_scraper.spiders.page_views import View
from ifp_scraper.storage.reasons import LEADS_TO, LEADS_TO_ANOTHER, SHOWS
from ifp_scraper.storage.rejections import Rejected
from ifp_scraper.storage.store import StoredArticle

_LONGEST_CACHED = timedelta(days=1)
"""For how long a cache may hide an edit."""


class Acceptance:
    """Compares articles that have been read with what was requested.

    Args:
        crawl: counts what gave no article.
        ledger: knows what earlier runs have written.
        no_article: records URLs that show another article.
    """

    def __init__(self, crawl: Crawl, ledger: Ledger, no_article: NoArticleHandler) -> None:
        self._crawl = crawl
        self._ledger = ledger
        self._no_article = no_article
        self._options = ledger.options

    def accept(self, view: View, ref: ArticleRef) -> Article | None:
        """Return what was read, with its aliases and what discovery knows; None if it is not the requested article."""
        article = view.article
        aliases = [str(url) for url in view.response.meta.get("redirect_urls", ())]
        evidence = ref
        was_listed = not self._options.urls and self._options.live
        if urls.slug(ref.url) != urls.slug(article.url) and (aliases or was_listed):
            found = self._accept_from_elsewhere(article, ref, was_redirected=bool(aliases))
            if found is None:
                return None
            article, evidence = found
            if not aliases and is_incomplete(article):  # noted so far of the URL that showed it
                self._ledger.note_incomplete(
                    urls.of_site(view.response.url, article.url, urls.host(article.url)) or article.url
                )
            if self._options.urls:
                console.say(f"{ref.url} leads to {article.url}")
        elif self._is_noted_of_another(article, ref):
            evidence = ArticleRef(ref.url)
        is_mirrored = self._options.live and urls.host(ref.url) != urls.host(article.url)
        if is_mirrored and not urls.post_id(ref.url):
            aliases.append(urls.canonical(ref.url))  # on a mirror, the next run looks up the article by this one
        reading: Reading | None = view.response.meta.get("reading")
        recorded = reading.addresses if reading is not None else ()
        article = replace(article, aliases=list(dict.fromkeys([*article.aliases, *recorded, *aliases])))
        article = self._with_evidence(article, ref, evidence, is_dated=view.is_dated)
        if self._is_other_address(article, ref):  # rejected, or every run would fetch it again
            self._ledger.reject(Rejected.now(ref.url, LEADS_TO + article.url, modified_at=ref.modified_at))
        else:
            self._crawl.limits.reset_no_article()
        return article

    def _accept_from_elsewhere(
        self, article: Article, ref: ArticleRef, *, was_redirected: bool
    ) -> tuple[Article, ArticleRef] | None:
        """Return an article whose slug is not that of its URL, and what discovery knows of it; None if it is another.

        Where the URL may show another article's page, it is rejected.

        WordPress guesses a target for a URL that no longer exists, or whose article it does not find for a moment. A
        faulty cache returns another article's page, without a redirect.
        """
        # A shortlink leads wherever the site says.
        known = None if urls.post_id(ref.url) else self._ledger.store.find(ref.id, ref.url)
        expected = ref.id if ref.id is not None or known is None else known.id
        both_have_ids = None not in (expected, article.id)
        in_file = self._ledger.store.find_same(article)
        if (both_have_ids and expected == article.id) or (known is not None and known is in_file):
            return article, ref
        if both_have_ids:  # and they differ
            self._no_article.reject(ref, (LEADS_TO_ANOTHER if was_redirected else SHOWS) + article.url)
            return None
        without_times = ArticleRef(ref.url)  # those in ``ref`` may be another article's
        reason_before = self._ledger.rejections.reason(ref.url)
        if was_redirected:
            is_new = known is None and self._options.live and not self._options.urls
            if is_new and _may_be_guess(ref.url, article.url) and reason_before != LEADS_TO_ANOTHER + article.url:
                self._no_article.reject(ref, LEADS_TO_ANOTHER + article.url)  # the next time, it is an old address
                return None
            return article, without_times
        was_so_before = reason_before in (SHOWS + article.url, LEADS_TO + article.url)
        self._no_article.reject(ref, SHOWS + article.url)  # the first time, the next run asks again
        if was_so_before:  # the page's rel=canonical has another slug than its own URL
            return article, without_times
        if in_file is not None:
            return None
        self._ledger.knowledge.doubt(article.url)  # it may be another article that names this one as canonical
        own = [alias for alias in article.aliases if not urls.same_article(alias, ref.url)]
        return replace(article, aliases=own), without_times

    def _with_evidence(self, article: Article, ref: ArticleRef, evidence: ArticleRef, *, is_dated: bool) -> Article:
        """Return the article with discovery's times; if its page may be older than its last edit, note it for later.

        A cache that states its age says which edits it cannot show. One that does not may hide an edit for a day, in
        which every run fetches the article again; if the page is the one that the file already holds, it is not given
        the time of the edit. (It is another one if its text was edited, though it states the same last edit: that is
        the AMP page's, from a cache.) After that it is, since some sites' pages and lists always disagree, and the
        next run looks once more. So it is with a page that does not state when it was edited (``is_dated``), but shows
        what the file already holds: where only the AMP page states it, the page with the text may be older. If it is
        and the article is not in the file, the next run looks once more.
        """
        if self._options.live and not is_dated and (article.modified_at or "") > (article.fetched_at or ""):
            article = replace(article, modified_at=None)  # the AMP page's: the one with the text is from before
        result = add_evidence(article, evidence)
        listed = evidence.modified_at
        if not listed:
            return result
        if listed > (result.modified_at or ""):
            self._ledger.note_stale(ref.url, listed)
            return result
        if not self._options.live or not urls.same_article(ref.url, article.url):
            return result
        if _is_older(article.modified_at, listed):
            known = self._ledger.store.find_same(article)
            is_recent = _is_recent(listed, article)
            if known is not None and known.modified_at == article.modified_at and is_recent:
                unedited = add_evidence(article, replace(evidence, modified_at=None))
                if not self._shows_edit(known, unedited):
                    self._ledger.note_stale(ref.url, listed)
                    return unedited
            self._ledger.note_incomplete(ref.url, insist=is_recent)
        elif not is_dated and _is_recent(listed, article):
            known = self._ledger.store.find_same(article)
            if known is not None and listed > (known.modified_at or ""):
                unedited = replace(article, modified_at=known.modified_at)
                unedited = add_evidence(unedited, replace(evidence, modified_at=None))
                if self._holds(known, unedited):
                    self._ledger.note_stale(ref.url, listed)
                    return unedited
            elif known is None and article.modified_at is not None and listed > (result.published_at or ""):
                self._ledger.note_incomplete(ref.url)  # the AMP page states it, and has another text
        return result

    def _holds(self, known: StoredArticle, article: Article) -> bool:
        """Whether the file holds an article's text and publication time, and nothing else in it shows an edit."""
        last = self._ledger.store.read(known)
        if None not in (article.published_at, last.published_at) and article.published_at != last.published_at:
            return False
        # A poorer view, as where the AMP page is gone, is "unchanged" with any text.
        return content_hash(last) == content_hash(article) and not self._shows_edit(known, article)

    def _shows_edit(self, known: StoredArticle, article: Article) -> bool:
        return decide(self._ledger.store.read(known), article).outcome == "revised"

    def _is_noted_of_another(self, article: Article, ref: ArticleRef) -> bool:
        """Whether an earlier run noted what REST said of an article that failed, and its slug is now that of another.

        What REST says now is right in any case, and an article in the file may have got a new id by an import.
        """
        is_noted = ref.published_source == "rest" and ref.listed_at is not None
        differ = None not in (ref.id, article.id) and ref.id != article.id
        return is_noted and differ and self._ledger.store.find_at(ref.url) is None

    def _is_other_address(self, article: Article, ref: ArticleRef) -> bool:
        """Whether this listed URL is just another one of a known article."""
        if self._options.urls or not self._options.live or urls.same_article(ref.url, article.url):
            return False
        in_file = self._ledger.store.find_same(article)
        at_address = self._ledger.store.find_at(ref.url)
        if in_file is None or at_address is None:
            return in_file is not None
        is_of_same_host = urls.host(ref.url) == urls.host(article.url)
        is_earlier_one = is_of_same_host and urls.slug(ref.url) != urls.slug(article.url)
        return is_earlier_one and at_address is in_file and ref.modified_at is not None  # see Knowledge.is_given_up


def _may_be_guess(url: str, target: str) -> bool:
    """Whether WordPress may have guessed where a URL leads: ``redirect_guess_404_permalink`` looks for longer slugs.

    >>> _may_be_guess("https://ifpnews.com/story/", "https://ifpnews.com/story-2/")
    True
    """
    asked, shown = (urls.slug(one).removesuffix(".html") for one in (url, target))
    return asked not in ("", shown) and shown.startswith(asked)


def _is_older(stated: str | None, listed: str) -> bool:
    """Whether a page states an earlier last edit than its list does, and not for a fault of the site's clocks."""
    return (
        stated is not None and stated < listed and not same_but_for_clock_fault(parse_utc(listed), parse_utc(stated))
    )


def _is_recent(edited_at: str, article: Article) -> bool:
    """Whether an edit is so recent that a cache may still hide it from the page that was fetched."""
    return article.fetched_at is None or parse_utc(article.fetched_at) - parse_utc(edited_at) < _LONGEST_CACHED
