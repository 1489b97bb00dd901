"""How a crawl behaves towards the site: downloader middlewares, a download handler, an extension."""
