"""Which version of ifp_scraper this is, as stated in every record, rejection and recording."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    EXTRACTOR_VERSION = version("ifp-scraper")
except PackageNotFoundError:  # run from a checkout that was never installed
    EXTRACTOR_VERSION = "0"
