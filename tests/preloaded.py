"""What a command imports, imported once: the commands of the tests are forked from a process that has it."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import dateparser
from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import ifp_scraper
from ifp_scraper.items import json_schema

importlib.import_module("tests.crawling")
for package in (ifp_scraper, importlib.import_module("scrapy.commands")):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
for parts in ("EXTENSIONS_BASE", "DOWNLOADER_MIDDLEWARES_BASE", "SPIDER_MIDDLEWARES_BASE"):
    for name in getattr(default_settings, parts):
        load_object(name)
for value in vars(default_settings).values():
    if isinstance(value, str) and value.startswith("scrapy."):
        load_object(value)
load_object("scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler")
dateparser.parse("1 hour ago", languages=["en"])
json_schema()
gc.collect()
gc.freeze()  # or each command's own collection would copy and search all of this: a tenth of a second
