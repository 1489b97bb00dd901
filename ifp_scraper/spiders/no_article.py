"""Decides about a URL that gave no article: it is rejected, or noted as failed so that a later run retries it.

Reasons that may concern the whole site count towards ending the crawl (``error_limits``).
"""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.ledger import Ledger
from ifp_scraper.responses import in_words, is_html, refusal, unfollowed, why_no_article
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.storage.reasons import (
    ELSEWHERE,
    FORBIDDEN,
    LOGIN,
    NO_AMP_PAGE,
    NO_ARTICLE,
    OFF_SITE,
    STATIC,
    STRANGE,
    kind_of,
)
from ifp_scraper.storage.rejections import Rejected


class NoArticleHandler:
    """Decides about URLs that gave no article.

    Args:
        crawl: notes what failed, and ends when too much does.
        ledger: records what is rejected.
    """

    def __init__(self, crawl: Crawl, ledger: Ledger) -> None:
        self._crawl = crawl
        self._limits = crawl.limits
        self._ledger = ledger

    def fetch_failed(self, error: Exception, ref: ArticleRef) -> None:
        """Decide about a URL whose page could not be fetched, by Scrapy's exception."""
        if isinstance(error, HttpError):
            self._bad_status(error.response, ref)
        elif not isinstance(error, IgnoreRequest):
            self._crawl.note_failed(ref.url, in_words(error), ref)
        elif self._ledger.options.live and not self._crawl.ending:
            reason = str(error) or "ignored"
            if self.reject(ref, reason) and reason != FORBIDDEN:
                self._crawl.give_up(self._limits.count_off_site(reason))

    def _bad_status(self, response: Response, ref: ArticleRef) -> None:
        if reason := refusal(response):
            self._crawl.note_refusal(ref.url, reason)
            self._crawl.note_failed(ref.url, reason, ref)
        elif response.status in (404, 410):
            missing = NO_AMP_PAGE if self._ledger.options.pages == "amp" and urls.is_amp(response.url) else ""
            self.reject(ref, f"{missing}status {response.status}")
        elif target := unfollowed(response):
            self.reject(ref, target + OFF_SITE)
        else:
            self._crawl.note_failed(ref.url, f"status {response.status}", ref)

    def not_an_article(self, response: Response, ref: ArticleRef) -> None:
        """Reject a URL whose page is not an article."""
        reason = self._why_no_article(response, ref)
        is_news = self.reject(ref, reason)
        if reason != STRANGE:
            self._limits.reset_off_site()
        elif is_news:
            self._crawl.give_up(self._limits.count_off_site(STRANGE))

    def _why_no_article(self, response: Response, ref: ArticleRef) -> str:
        reason = why_no_article(response.body, response.url)
        if reason in (STRANGE, LOGIN):
            return reason
        asked = response.meta.get("redirect_urls", [response.url])[0]
        if not urls.post_id(asked) and not urls.same_article(asked, response.url):
            return ELSEWHERE
        if self._ledger.options.live and reason in (NO_ARTICLE, STATIC) and not is_html(response):
            return STRANGE  # the next time it may come as a page
        return NO_ARTICLE if reason == STATIC and self._ledger.is_post(ref) else reason

    def reject(self, ref: ArticleRef, reason: str) -> bool:
        """Record a URL that gave no article of its own; return whether that is news, see ``Rejections``."""
        rejected = Rejected.now(ref.url, reason, modified_at=ref.modified_at)
        is_new = ref.url not in self._ledger.rejections
        is_news = self._ledger.rejections.is_news(rejected)
        self._ledger.reject(rejected)
        if is_new and not kind_of(reason).is_usual and not self._ledger.options.urls:
            self._crawl.give_up(self._limits.count_no_article(reason))
        return is_news
