"""``scrapy report``: a web page that shows what was collected."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.lines import MissingExtra
from ifp_scraper.report import TEXT_LIMIT, write_report

DEFAULT_FILE = os.path.join("output", "ifp.jsonl")


class Command(ScrapyCommand):
    """``scrapy report [FILE] -o report.html``."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        """Return what follows the name of the command."""
        return "[FILE] [-o report.html]"

    def short_desc(self) -> str:
        """Return one line for the list of commands."""
        return "Make a web page that shows what was collected"

    def long_desc(self) -> str:
        """Return the text of ``--help``."""
        return (
            f"Make one web page, which needs no network, of the articles in FILE ({DEFAULT_FILE} if not "
            "given; also compressed, or a quoted glob): when and what was collected, the gaps, what is filled, "
            "revisions, rejected pages, runs, and all articles to search, sort and read."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        super().add_options(parser)
        page = "the page; report.html if not given"
        parser.add_argument("-o", "--output", metavar="PATH", default="report.html", help=page)
        text = f"hold N million characters of text, newest articles first; {TEXT_LIMIT // 1_000_000} if not given"
        parser.add_argument("--text", metavar="N", type=int, default=TEXT_LIMIT // 1_000_000, help=text)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the page and say where it is; exit status 1 and a sentence when that fails.

        Raises:
            UsageError: for arguments that make no sense.
        """
        unknown = [arg for arg in args if arg.startswith("-") and len(arg) > 1]
        if unknown:
            raise UsageError(f"unknown option {unknown[0]}")
        if len(args) > 1:
            raise UsageError("name one FILE; quote a glob")
        if opts.text < 0:
            raise UsageError("--text is 0 or more")
        source = args[0] if args else DEFAULT_FILE
        try:
            count = write_report(source, opts.output, text_limit=opts.text * 1_000_000, tell=_say)
        except (OSError, MissingExtra, ValueError) as error:
            _say(f"report failed: {error}")
            self.exitcode = 1
        except KeyboardInterrupt:
            _say("stopped; no report was written")
            self.exitcode = 130
        else:
            print(f"{opts.output}: {count} articles")


def _say(message: str) -> None:
    print(message, file=sys.stderr)
