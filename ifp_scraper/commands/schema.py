"""``scrapy schema``: the JSON Schema of a line."""

from __future__ import annotations

import argparse
import json

from scrapy.commands import ScrapyCommand

from ifp_scraper.items import json_schema


class Command(ScrapyCommand):
    """Print the schema."""

    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012

    def short_desc(self) -> str:
        """See ``ScrapyCommand``."""
        return "Print the JSON Schema of a line of the output"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print it on stdout."""
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
