"""``scrapy extract PATH... -o FILE``: every article page in recordings, on all cores."""

from __future__ import annotations

import argparse
import gc
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.bulk.dask_executor import DaskExecutor
from ifp_scraper.bulk.executors import Executor
from ifp_scraper.bulk.extraction import extract_spans
from ifp_scraper.bulk.local_executor import LocalExecutor
from ifp_scraper.bulk.span_reader import recorded_site
from ifp_scraper.bulk.spans import Span, cut_spans
from ifp_scraper.check_settings import check_settings, site_is_given
from ifp_scraper.commands import fail, ignore_stop_signals, refuse_unknown_options, stopped_by_term, usage_errors
from ifp_scraper.console import show_on_one_line
from ifp_scraper.ending import Ending
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import BadArgument, Options, read_options
from ifp_scraper.recordings.decompress import seekable
from ifp_scraper.recordings.files import RecordingError, find_recordings
from ifp_scraper.storage.output_file import StoreError


class Command(ScrapyCommand):
    """Extract articles from recordings."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] PATH... -o FILE.jsonl"

    def short_desc(self) -> str:
        return "Read the articles in recordings (WARC, WACZ; files, folders, globs), on all cores"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="the .jsonl file to append to")
        parser.add_argument("--workers", type=int, metavar="N", help="number of processes (default one per core)")
        parser.add_argument(
            "--dask",
            metavar="ADDRESS",
            help="have the workers of this Dask scheduler read, e.g. tcp://host:8786",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        with usage_errors():  # --pidfile, for example
            super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the articles to the output; exit status 1 if reading or writing fails."""
        try:
            with stopped_by_term():  # so that unpacked copies are deleted
                self._run(args, opts)
        except KeyboardInterrupt:
            fail(self, "extract failed: it was stopped before it began")

    def _run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        refuse_unknown_options(args)
        if not args:
            raise UsageError("name at least one recording")
        if not opts.output or not opts.output.endswith(".jsonl"):
            raise UsageError("name the output with -o FILE.jsonl")
        if opts.workers is not None and opts.workers < 1:
            raise UsageError("--workers must be 1 or more")
        self.settings.set("IFP_OUTPUT", opts.output, priority="cmdline")
        options, files = self._read_arguments(args)
        try:
            options, spans = self._cut(files, options, for_cluster=bool(opts.dask))
            gc.freeze()  # modules live to the end, in the workers too: the collector need not scan them
            executor: Executor = DaskExecutor(opts.dask) if opts.dask else LocalExecutor(opts.workers)
            with closing(executor):
                ledger = Ledger.open(options, self.settings, "extract")
                self._extract(spans, ledger, executor)
        except ImportError:
            fail(self, 'extract failed: --dask needs more: in the project folder, pip install ".[cluster]"')
        except BadArgument as error:
            raise UsageError(str(error)) from None
        except (StoreError, RecordingError, OSError, BadZipFile) as error:
            fail(self, f"extract failed: {error}")

    def _read_arguments(self, args: list[str]) -> tuple[Options, list[Path]]:
        """Return the options, with the names of the recordings, and these.

        Raises:
            UsageError: if a setting makes no sense, or something named is no recording.
        """
        assert self.settings is not None
        try:
            check_settings(self.settings)
            options = read_options({}, self.settings["IFP_SITE"])
            return replace(options, archive=",".join(args)), find_recordings(*args)
        except (BadArgument, RecordingError, OSError) as error:
            raise UsageError(str(error)) from None

    def _cut(self, files: list[Path], options: Options, *, for_cluster: bool) -> tuple[Options, list[Span]]:
        """Cut the recordings into spans; the options then have the recorded site.

        Raises:
            RecordingError, OSError, BadZipFile: if none of them can be read.
        """
        assert self.settings is not None
        readable = seekable(files)
        if for_cluster and readable != files:
            raise UsageError(
                "a recording that is compressed as a whole, with zstd, or twice must be unpacked for a cluster"
            )
        spans = cut_spans(readable)
        if not site_is_given(self.settings):
            options = options.with_recorded_site(recorded_site(spans, options.site))
        return options, spans

    def _extract(self, spans: list[Span], ledger: Ledger, executor: Executor) -> None:
        """Read the spans, write the articles, and close the output."""
        started = time.monotonic()

        def progress(records: int, done: int, spans: int) -> None:
            seconds = time.monotonic() - started
            rate, left = records / max(seconds, 0.001), seconds / max(done, 1) * (spans - done)
            show_on_one_line(f"{records} records, {rate:.0f} a second, about {left:.0f} s left")

        reason, why = "finished", None
        received = sum(span.end - span.start for span in spans)
        try:
            extract_spans(spans, ledger, executor, progress)
        except KeyboardInterrupt:
            reason = "shutdown"
        except (StoreError, RecordingError, OSError) as error:
            why = str(error)
        ignore_stop_signals()  # it is ending already, and says so
        ledger.finish(Ending(reason, why, received=received))
        self.exitcode = ledger.exit_status
