"""``scrapy report``: a web page that shows what was collected."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.analysis.output_reader import MissingExtra, find_outputs
from ifp_scraper.analysis.report import TEXT_LIMIT, write_report
from ifp_scraper.commands import (
    fail,
    reason,
    refuse_unknown_options,
    show,
    stopped_by_term,
    usage_errors,
    without_output,
)
from ifp_scraper.console import say
from ifp_scraper.ledger import DEFAULT_OUTPUT
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.text import counted


class Command(ScrapyCommand):
    """``scrapy report [FILE] -o report.html``."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] [FILE]"

    def short_desc(self) -> str:
        return "Make a web page that shows what was collected"

    def long_desc(self) -> str:
        return (
            f"Make one web page of the articles in FILE (default {DEFAULT_OUTPUT}; it may be compressed, or a quoted "
            "glob). It needs no network. It shows what was collected and when, the gaps, how often each field is "
            "filled, revisions, rejected pages and runs, and lets you search, sort and read all articles."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="PATH", default="report.html", help="the page to write (default report.html)"
        )
        text = f"millions of characters of text to include, newest articles first (default {TEXT_LIMIT // 1_000_000})"
        parser.add_argument("--text", metavar="N", type=int, default=TEXT_LIMIT // 1_000_000, help=text)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the page and say where it is; exit status 1 and a sentence if that fails.

        Raises:
            UsageError: if the arguments make no sense, or FILE does not exist.
        """
        refuse_unknown_options(args)
        if len(args) > 1:
            raise UsageError("name one FILE; quote a glob")
        if opts.text < 0:
            raise UsageError("--text must be 0 or more")
        source = args[0] if args else DEFAULT_OUTPUT
        if args:
            with usage_errors():
                find_outputs(args)
        try:
            with stopped_by_term():
                count = write_report(source, opts.output, text_limit=opts.text * 1_000_000, tell=say)
        except (OSError, StoreError, MissingExtra, ValueError) as error:
            missing = not args and isinstance(error, FileNotFoundError) and not Path(source).exists()
            fail(self, f"report failed: {without_output(source) if missing else reason(error)}")
        except KeyboardInterrupt:
            say("stopped; no report was written")
            self.exitcode = 130
        else:
            show(f"{opts.output}: {counted(count, 'article')}")
