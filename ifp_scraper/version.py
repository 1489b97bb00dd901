"""Which version of ifp_scraper this is: every record, rejection and recording says it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    EXTRACTOR_VERSION = version("ifp-scraper")
except PackageNotFoundError:  # run from a checkout that was never installed
    EXTRACTOR_VERSION = "0"
