"""``scrapy export``: the output as tables."""

from __future__ import annotations

import argparse
import os
import sqlite3
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.analysis.export import export
from ifp_scraper.analysis.output_reader import MissingExtra, find_outputs
from ifp_scraper.analysis.tables import FORMATS
from ifp_scraper.commands import fail, reason, refuse_unknown_options, show, stopped_by_term, usage_errors
from ifp_scraper.console import say
from ifp_scraper.text import counted


class Command(ScrapyCommand):
    """``scrapy export FILE --to parquet|csv|sqlite``."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options] FILE --to parquet|csv|sqlite"

    def short_desc(self) -> str:
        return "Write what was collected as tables: Parquet, CSV or SQLite"

    def long_desc(self) -> str:
        return (
            "Write the articles of FILE (JSON Lines as the crawl writes them; it may be compressed, or a quoted glob) "
            "as linked tables into a new folder, with datapackage.json and croissant.json to describe them. The "
            "folder appears when it is complete, and replaces that of an earlier export. In CSV a text that a "
            "spreadsheet would take for a formula has an apostrophe in front; Parquet and SQLite have it as it is. "
            "docs/tables.md says how to read them."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--to", choices=FORMATS, help="format of the tables")
        folder = "the folder to write (default <name>-<format> beside FILE)"
        parser.add_argument("-o", "--output", metavar="FOLDER", help=folder)
        lines = "the last line of each article, or every line (default latest)"
        parser.add_argument("--revisions", choices=("latest", "all"), default="latest", help=lines)
        parser.add_argument("--gone", action="store_true", help="include articles that the site has withdrawn")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the export and say what it holds; exit status 1 and a sentence if that fails.

        Raises:
            UsageError: if the arguments make no sense, or FILE does not exist.
        """
        refuse_unknown_options(args)
        if len(args) != 1:
            raise UsageError("name one FILE to export; quote a glob")
        if opts.to is None:
            raise UsageError(f"name a format: --to {'|'.join(FORMATS)}")
        with usage_errors():
            find_outputs(args[0])
        try:
            with stopped_by_term():
                done = export(args[0], opts.to, opts.output, revisions=opts.revisions, gone=opts.gone, tell=say)
        except (OSError, MissingExtra, sqlite3.Error, ValueError, OverflowError) as error:
            fail(self, f"export failed: {reason(error)}")
            return
        except KeyboardInterrupt:
            say("stopped; no export was written")
            self.exitcode = 130
            return
        if done.skipped:
            say(f"skipped, not fitting the schema: {counted(done.skipped, 'line')}")
        articles = "lines of articles" if opts.revisions == "all" else "articles"
        others = (f"{rows} {name}" for name, rows in done.rows.items() if rows and name != "articles")
        counts = ", ".join([f"{done.rows['articles']} {articles}", *others])
        show(f"{done.folder}{os.sep}: {counts}")
