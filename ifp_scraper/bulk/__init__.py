"""``scrapy extract``: reads recordings on all cores or a Dask cluster, through the same page objects as a crawl."""
