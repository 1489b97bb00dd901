"""What the crawl and the audit have in common: they are set up alike, and ask the same sources."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy import signals

from ifp_scraper.check_settings import check_settings, site_is_given
from ifp_scraper.ledger import Command, Ledger
from ifp_scraper.options import Options, read_options
from ifp_scraper.recordings.archive import Archive, open_archive
from ifp_scraper.recordings.download_handler import OFFLINE
from ifp_scraper.spiders import ProjectSpider
from ifp_scraper.spiders.amp_addresses import AmpAddresses
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.frontier import Frontier
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.user_agent import user_agent

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings


class SiteSpider(ProjectSpider):
    """Knows the site's articles, and has the output open.

    Args:
        options: the arguments.
        ledger: the open output.
        fetcher: fetches single pages.
        archive: the recording to read instead of the site; None in a live crawl.
    """

    command: ClassVar[Command]
    """See ``Ledger``."""

    def __init__(self, options: Options, ledger: Ledger, fetcher: Fetcher, archive: Archive | None = None) -> None:
        super().__init__()
        self.options = options
        self.ledger = ledger
        self.fetcher = fetcher
        self.crawl = fetcher.crawl
        self.archive = archive
        self.amp_addresses = AmpAddresses()
        self.frontier = Frontier(fetcher, ledger, archive, self.amp_addresses)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Create the spider of a crawl.

        Args:
            crawler: the crawl's.
            args: unused.
            kwargs: either ``options``, ``ledger`` and ``archive``, as the command makes them, or the ``-a``
                arguments as Scrapy passes them.

        Raises:
            BadArgument: if an argument makes no sense.
            StoreError: if the output cannot be used.
            RecordingError: if nothing in the recording can be read.
        """
        settings = crawler.settings
        if "options" not in kwargs:
            check_settings(settings)
            options = read_options(kwargs, settings["IFP_SITE"])
            options, archive = open_archive(options, site_is_given=site_is_given(settings))
            kwargs = {"options": options, "ledger": Ledger.open(options, settings, cls.command), "archive": archive}
        fetcher = Fetcher(crawler, kwargs["ledger"])
        spider = super().from_crawler(crawler, *args, fetcher=fetcher, **kwargs)
        _adjust(settings, spider.options)
        crawler.signals.connect(fetcher.note_robots, signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield all requests; if the output cannot be read any more, the crawl ends."""
        try:
            async for request in self.requests():
                yield request
        except StoreError as error:
            self.crawl.stop(str(error))

    def requests(self) -> AsyncIterator[Any]:
        """Yield a request for each article to be read.

        Raises:
            StoreError: if the output fails.
        """
        raise NotImplementedError


def _adjust(settings: BaseSettings, options: Options) -> None:
    """Change the settings that depend on others or on the arguments."""
    changed = {
        # AutoThrottle would shorten a DOWNLOAD_DELAY that is longer than its maximum.
        "AUTOTHROTTLE_MAX_DELAY": max(
            settings.getfloat("AUTOTHROTTLE_MAX_DELAY"), settings.getfloat("DOWNLOAD_DELAY")
        ),
        # In an archive run, the site is the recording's; StayOnSiteMiddleware reads it from here.
        "IFP_SITE": options.site,
        "USER_AGENT": user_agent(settings),
        **({} if options.live else OFFLINE),
    }
    for name, value in changed.items():
        settings.set(name, value, priority="cmdline")
