"""Downloader middleware that follows redirects, but not in a circle, nor to what is no URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest

from ifp_scraper.storage.reasons import IN_A_CIRCLE

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.http import Response


class NoCircleMiddleware(RedirectMiddleware):
    """Follows redirects. A page that redirects to itself is asked for once more, as that may be a cache's mistake."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """Return the request that follows a redirect; any other response, or one that leads to no URL, as it is."""
        try:
            return super().process_response(request, response)
        except ValueError:  # as "javascript:" and "http://[::1/"; Scrapy leaves one to "file:" alone, too
            return response

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        if redirected.url in request.meta.get("redirect_urls", ()):
            raise IgnoreRequest(IN_A_CIRCLE)
        return super()._redirect(redirected, request, reason)
