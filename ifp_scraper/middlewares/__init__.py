"""Downloader middlewares: how a crawl behaves towards the site."""
