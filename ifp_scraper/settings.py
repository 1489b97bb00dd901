"""Scrapy settings: polite and safe by default. Any but TWISTED_REACTOR may be overridden: ``-s NAME=VALUE``."""

from ifp_scraper.version import EXTRACTOR_VERSION as _VERSION

BOT_NAME = "ifp_scraper"
SPIDER_MODULES = ["ifp_scraper.spiders"]
COMMANDS_MODULE = "ifp_scraper.commands"

# -- ours ------------------------------------------------------------------------------------------------------
IFP_SITE = "https://ifpnews.com"
"""Root of the site; a mirror, staging or test server works too."""
IFP_CONTACT = ""
"""E-mail address or web page of whoever runs the crawl; shown in the User-Agent."""
IFP_OUTPUT = None
"""The ``.jsonl`` file to write, as ``-o`` names it; None for the default one."""
IFP_START_OVER = False
"""Whether the output is emptied first, as ``-O`` does."""
IFP_ARCHIVE = None
"""A ``.warc.gz`` file in which every response is recorded; None for no recording."""
IFP_MAX_LISTING_PAGES = 20_000
"""Maximum number of pages read of one listing, feed or REST list; the site has some 5,100."""
IFP_MAX_SITEMAPS = 5_000
"""Maximum number of sitemap files read in one run."""
IFP_MAX_POST_PAGES = 100
"""Maximum number of pages read of one article."""
IFP_GRACE = 3.0
"""Seconds that a stopping crawl waits for responses in flight."""
IFP_FAILURES = 20
"""How many failed fetches in a row, each after all its retries, end the crawl."""
IFP_REFUSALS = 5
"""How many refusals (403, a challenge page) in a row end the crawl."""

# -- manners ---------------------------------------------------------------------------------------------------
USER_AGENT = f"ifp_scraper/{_VERSION}"
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.0  # Scrapy's could halve the delay
CONCURRENT_REQUESTS = 8
CONCURRENT_REQUESTS_PER_DOMAIN = 1
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 0.75  # a slow site rests for a quarter of the time
COOKIES_ENABLED = False
DOWNLOAD_TIMEOUT = 60
RETRY_TIMES = 5
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, *range(520, 526), 530]  # the last: Cloudflare's, of the site
REDIRECT_MAX_TIMES = 10

# -- bounds (docs/security.md) -----------------------------------------------------------------------------------
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024  # decompressed, too
DOWNLOAD_WARNSIZE = 0
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
_HTTP = "ifp_scraper.middlewares.bounded_headers.BoundedHeadersHandler"
DOWNLOAD_HANDLERS = {"http": _HTTP, "https": _HTTP, "file": None, "ftp": None, "s3": None, "data": None}

# -- parts -------------------------------------------------------------------------------------------------------
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "ifp_scraper.middlewares.stay_on_site.StayOnSiteMiddleware": 50,
    "ifp_scraper.middlewares.robots.RobotsMiddleware": 100,
    "ifp_scraper.middlewares.back_off.BackOffMiddleware": 550,
    "ifp_scraper.middlewares.decompress.DecompressMiddleware": 590,
    "ifp_scraper.middlewares.redirects.NoCircleMiddleware": 600,
    "ifp_scraper.recordings.warc_writer.RecordMiddleware": 990,
}
SPIDER_MIDDLEWARES = {  # the spider does not follow links by itself
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
}
CONCURRENT_ITEMS = 1  # Scrapy starts this many tasks per callback, however few items it yields
METAREFRESH_ENABLED = False
ITEM_PIPELINES = {"ifp_scraper.pipelines.StorePipeline": 300}
EXTENSIONS = {
    "ifp_scraper.extensions.EndOfCrawl": 500,
    "ifp_scraper.extensions.PromptShutdown": 500,
    "ifp_scraper.middlewares.robots.CrawlDelay": 500,
    "scrapy.extensions.logstats.LogStats": None,
}

LOG_LEVEL = "WARNING"
LOG_FORMAT = "%(levelname)s: %(message)s"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
