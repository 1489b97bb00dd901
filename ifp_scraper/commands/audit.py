"""``scrapy audit [FILE]``: which articles the file lacks, and why; which ones the site has withdrawn."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.check_settings import check_settings
from ifp_scraper.commands import fail, refuse_unknown_options, run_to_end, show, usage_errors, without_output
from ifp_scraper.ledger import DEFAULT_OUTPUT, Ledger
from ifp_scraper.options import read_options
from ifp_scraper.spiders.audit import Audit, AuditSpider
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.output_file import StoreError

_SHOWN = 20


class Command(ScrapyCommand):
    """Compare the file with the site."""

    def syntax(self) -> str:
        return "[options] [FILE]"

    def short_desc(self) -> str:
        return "Compare FILE with the site: what is missing and why, and what the site has withdrawn"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="LIST", help="write the missing addresses to LIST, for crawl ifp -a urls=@LIST"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options, and check the settings."""
        with usage_errors():  # --pidfile, for example
            super().process_options(args, opts)
            assert self.settings is not None
            check_settings(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Compare, print the differences, and mark what is gone; exit status 1 if the site or FILE cannot be read."""
        assert self.settings is not None
        assert self.crawler_process is not None
        refuse_unknown_options(args)
        if len(args) > 1:
            raise UsageError("name one FILE")
        if opts.output and opts.output.endswith(".jsonl"):  # meant as a crawl's -o; it would replace the articles
            raise UsageError("-o names the list of missing addresses to write, not a .jsonl file")
        path = Path(args[0] if args else DEFAULT_OUTPUT)
        if not os.path.isfile(path):  # unlike path.is_file(), false for a name that no file can have
            if args:
                raise UsageError(f"no such file: {path}")
            fail(self, f"audit failed: {without_output(str(path))}")
            return
        if path.suffix != ".jsonl" or path.name.endswith(sidecars.SUFFIXES):  # it would be written to
            raise UsageError(f"{path} is no output of a crawl: name a .jsonl file of articles")
        self.settings.set("IFP_OUTPUT", str(path), priority="cmdline")
        with usage_errors():
            options = read_options({}, self.settings["IFP_SITE"])
        try:
            ledger = Ledger.open(options, self.settings, "audit")
        except StoreError as error:
            fail(self, f"audit failed: {error}")
            return
        crawler = self.crawler_process.create_crawler(AuditSpider)
        run_to_end(self, crawler, ledger)
        audit = crawler.spider.audit if isinstance(crawler.spider, AuditSpider) else Audit()
        if audit.listed:
            self._print(audit)
            if opts.output:
                self._write(Path(opts.output), audit)

    def _print(self, audit: Audit) -> None:
        lines = ["month    in the file  listed  share"]
        lines += (f"{month:8} {had:11} {listed:7} {had / listed:6.1%}" for month, had, listed in audit.by_month())
        for title, found in (
            ("missing, never fetched", audit.missing),
            ("missing, could not be fetched", [f"{url}  {reason}" for url, reason in audit.failed.items()]),
            ("missing, rejected", [f"{url}  {reason}" for url, reason in audit.rejected.items()]),
            ("withdrawn by the site, marked gone", audit.gone),
            ("listed under another address", audit.moved),
            ("no longer listed, but still there", audit.unlisted),
            ("no longer listed, could not be checked", audit.unconfirmed),
        ):
            if found:
                lines += [f"\n{title}: {len(found)}", *(f"  {line}" for line in found[:_SHOWN])]
                if len(found) > _SHOWN:
                    lines.append(f"  and {len(found) - _SHOWN} more")
        show("\n".join(lines))

    def _write(self, path: Path, audit: Audit) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{url}\n" for url in (*audit.missing, *audit.failed)), encoding="utf-8")
        except OSError as error:
            fail(self, f"{path} cannot be written: {error.strerror}")
