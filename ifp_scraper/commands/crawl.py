"""``scrapy crawl ifp``: Scrapy's own command, with our output and exit status (CONTRACT.md section 1)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from ifp_scraper.check_settings import check_settings, site_is_given
from ifp_scraper.commands import fail, refuse_unknown_options, run_to_end, stopped_by_term, usage_errors
from ifp_scraper.console import say
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import ARGUMENTS, Options, printable, read_options
from ifp_scraper.recordings.archive import Archive, open_archive
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.recordings.warc_file import open_locked
from ifp_scraper.storage.output_file import StoreError

_ARGUMENTS = (
    "set an argument; may be repeated. since=DATE and until=DATE take what was published from and before then, "
    'a date or words such as "3 days ago"; section=SLUG takes one category; limit=N at most N articles; urls=URL,URL '
    "or urls=@FILE only these articles; archive=PATH reads recordings instead of the site (archive=sample, the one "
    "that comes with the project); refresh=DATE fetches again known articles published since then; "
    "pages=both|canonical|amp says which pages of an article to read; sources=... where to look for articles (see "
    "README.md)"
)


class Command(CrawlCommand):
    """Run the spider ``ifp``."""

    def syntax(self) -> str:
        return "[options] ifp"

    def short_desc(self) -> str:
        return "Collect the articles of Iran Front Page, from the site or from recordings"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        # Scrapy's own help for these options would be wrong here.
        ScrapyCommand.add_options(self, parser)
        parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help=_ARGUMENTS)
        appended = "the .jsonl file to append to (default output/ifp.jsonl, or the recording's name)"
        parser.add_argument("-o", "--output", action="append", metavar="FILE", help=appended)
        emptied = "the .jsonl file to empty first, and write"
        parser.add_argument("-O", "--overwrite-output", action="append", metavar="FILE", help=emptied)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options; ``-o`` and ``-O`` name our JSON Lines file, not one of Scrapy's feeds."""
        with usage_errors():  # --pidfile, for example
            ScrapyCommand.process_options(self, args, opts)
        assert self.settings is not None
        try:
            opts.spargs = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("-a takes NAME=VALUE") from None
        named = [*(opts.output or []), *(opts.overwrite_output or [])]
        if len(named) > 1:
            raise UsageError("name one output FILE")
        for name in named:
            if not name:  # as from an unset variable: do not use the default output, which -O would empty
                raise UsageError("the name of the output is empty")
            self.settings.set("IFP_OUTPUT", name, priority="cmdline")
            self.settings.set("IFP_START_OVER", bool(opts.overwrite_output), priority="cmdline")
        with usage_errors():
            check_settings(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and set the exit status: 0 for success, 1 for failure, 2 (raised) for bad arguments."""
        assert self.settings is not None
        assert self.crawler_process is not None
        for arg in args:
            if (name := arg.lstrip("-").partition("=")[0]) in ARGUMENTS:
                raise UsageError(f"{name} is an argument: write -a {name}=...")
        refuse_unknown_options(args)
        if args[:1] == ["ifp"] and len(args) > 1:
            raise UsageError(
                f'"{printable(args[1])}" belongs to no option: write -a "since=3 days ago", with the quotes'
            )
        if args != ["ifp"]:
            raise UsageError("the spider is called ifp: scrapy crawl ifp")
        with usage_errors():
            options = read_options(opts.spargs, self.settings["IFP_SITE"])
        try:
            options, archive, ledger = self._open(options)
        except (StoreError, RecordingError, OSError) as error:
            fail(self, f"The crawl did not start: {error}")
            return
        except KeyboardInterrupt:
            fail(self, "The crawl did not start: it was stopped")
            return
        if self.settings["JOBDIR"]:  # a kill would lose its queue, and a later run mix old and new requests
            say("JOBDIR is ignored: a crawl continues from its output file.")
            self.settings.set("JOBDIR", None, priority="cmdline")
        crawler = self._create_crawler("ifp")
        run_to_end(self, crawler, ledger, archive=archive)

    def _open(self, options: Options) -> tuple[Options, Archive | None, Ledger]:
        """Open the recordings and the output; the options then have the recorded site.

        Raises:
            StoreError, RecordingError, OSError: if one of them cannot be used.
        """
        assert self.settings is not None
        recording = self.settings["IFP_ARCHIVE"]
        if options.archive and recording:
            say("IFP_ARCHIVE is ignored: nothing is fetched, so there is nothing to record.")
        for name in ("sources", "refresh"):
            if options.archive and name in options.given:
                say(f"{name}= is ignored: all that the recording holds is read.")
        with stopped_by_term():  # so that unpacked copies are deleted
            options, archive = open_archive(options, site_is_given=site_is_given(self.settings))
        if archive is None and recording:
            os.close(open_locked(Path(recording)))
        return options, archive, Ledger.open(options, self.settings)
