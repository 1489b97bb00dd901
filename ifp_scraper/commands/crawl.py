"""``scrapy crawl ifp``: Scrapy's own command, with our output and exit status (CONTRACT.md section 1)."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from ifp_scraper.archive import Archive, RecordingError, recordings
from ifp_scraper.checks import check_settings
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import BadArgument, read_options
from ifp_scraper.recording import open_locked
from ifp_scraper.store import StoreError
from ifp_scraper.summary import finish


class Command(CrawlCommand):
    """Run the spider ``ifp``."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options; ``-o`` and ``-O`` name our JSON Lines file, not one of Scrapy's feeds."""
        ScrapyCommand.process_options(self, args, opts)
        assert self.settings is not None
        try:
            opts.spargs = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("-a takes NAME=VALUE", print_help=False) from None
        named = [*(opts.output or []), *(opts.overwrite_output or [])]
        if len(named) > 1:
            raise UsageError("give one output file", print_help=False)
        for name in named:
            self.settings.set("IFP_OUTPUT", name, priority="cmdline")
            self.settings.set("IFP_START_OVER", bool(opts.overwrite_output), priority="cmdline")
        try:
            check_settings(self.settings)
        except BadArgument as error:
            raise UsageError(str(error), print_help=False) from None

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit status: 0 done, 1 not done, 2 (raised) senseless arguments."""
        assert self.settings is not None
        assert self.crawler_process is not None
        if args != ["ifp"]:
            raise UsageError("the spider is called ifp: scrapy crawl ifp", print_help=False)
        try:
            options = read_options(opts.spargs, self.settings["IFP_SITE"])
        except BadArgument as error:
            raise UsageError(str(error), print_help=False) from None
        try:
            archive = None
            if options.archive:
                archive = Archive(recordings(options.archive))
                options = replace(options, site=archive.site(options.site))
            elif self.settings["IFP_ARCHIVE"]:
                os.close(open_locked(Path(self.settings["IFP_ARCHIVE"])))
            ledger = Ledger.open(options, self.settings)
        except (StoreError, RecordingError, OSError) as error:
            print(f"The crawl did not start: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        if self.settings["JOBDIR"]:  # its queue is lost by a kill, and would mix old requests with new ones
            print("JOBDIR is not used: a crawl goes on from its output file.", file=sys.stderr)
            self.settings.set("JOBDIR", None, priority="cmdline")
        crawler = self._create_crawler("ifp")
        self.crawler_process.crawl(crawler, options=options, ledger=ledger, archive=archive)
        self.crawler_process.start()
        for number in (signal.SIGINT, signal.SIGTERM):  # it is ending already: let it say so
            signal.signal(number, signal.SIG_IGN)
        if not ledger.finished:  # told twice to stop, or a response kept it from ending
            finish(crawler, ledger, "shutdown")
        self.exitcode = 1 if self.crawler_process.bootstrap_failed else ledger.exit_status
