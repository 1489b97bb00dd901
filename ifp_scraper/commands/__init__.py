"""Commands of the scrapy tool, and what they share.

A usage error ends a command with status 2 and one line (``UsageError``); anything else that stops it, with status 1; a
stopped export or report, with 130.
No help text has a colon before a space: Scrapy takes a line that ends in one for a heading.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from ifp_scraper.analysis.temporary_path import final_name
from ifp_scraper.console import say
from ifp_scraper.extensions import finish
from ifp_scraper.ledger import Ledger
from ifp_scraper.options import BadArgument
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.output_file import explain


def show(text: str) -> None:
    """Print a result on stdout; a reader that stops early, such as ``| head``, is not an error.

    Raises:
        SystemExit: if stdout cannot be written, for example on a full disk; it carries a sentence, for status 1.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again on exit
        if not isinstance(error, BrokenPipeError):
            raise SystemExit(f"the result cannot be printed: {error.strerror}") from None


def fail(command: ScrapyCommand, line: str) -> None:
    """Say what went wrong, and make the command end with status 1."""
    say(line)
    command.exitcode = 1


def reason(error: Exception) -> str:
    """Return why reading or writing failed, without error numbers and names of temporary files."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    if error.filename is None:  # the error is about the output
        return explain(error)
    name = final_name(str(error.filename))
    if name != error.filename:
        return f"{name} cannot be written: {explain(error)}"
    return f"{name}: {error.strerror}"


def without_output(path: str) -> str:
    """Return what to do if the default output does not exist: which files there are, else to crawl."""
    there = [
        str(each) for each in sorted(Path(path).parent.glob("*.jsonl")) if not each.name.endswith(sidecars.SUFFIXES)
    ]
    if there:
        return f"no such file: {path}; name a FILE, e.g. {there[0]}"
    return f"no such file: {path}; run scrapy crawl ifp first, or name a FILE"


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn what is raised inside into a usage error: ``BadArgument``, or ``OSError`` for a file that is named."""
    try:
        yield
    except (BadArgument, OSError) as error:
        raise UsageError(reason(error)) from None


def refuse_unknown_options(args: list[str]) -> None:
    """Look for unknown options, which Scrapy leaves among the positional arguments.

    Raises:
        UsageError: if there is one.
    """
    if unknown := [arg for arg in args if arg.startswith("-") and len(arg) > 1]:
        raise UsageError(f"unknown option {unknown[0]}")


def ignore_stop_signals() -> None:
    """Ignore Ctrl-C and SIGTERM from now on, as the command is about to end anyway."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def run_to_end(command: ScrapyCommand, crawler: Crawler, ledger: Ledger, **more: Any) -> None:
    """Run a spider until it ends or is stopped, finish the ledger, and set the exit status.

    Args:
        command: whose process runs it.
        crawler: of the spider.
        ledger: the open output.
        more: what the spider takes besides the ledger and its options.
    """
    process = command.crawler_process
    assert process is not None
    process.crawl(crawler, options=ledger.options, ledger=ledger, **more)
    gc.freeze()  # modules and the file's index live to the end: the collector need not scan them
    process.start()
    ignore_stop_signals()  # it is ending already, and says so
    if not ledger.finished:  # it was told to stop twice, or a response kept it from ending
        finish(crawler, ledger, "shutdown")
    command.exitcode = 1 if process.bootstrap_failed else ledger.exit_status


@contextmanager
def stopped_by_term() -> Iterator[None]:
    """Turn SIGTERM, as sent by ``timeout`` or a service manager, into a ``KeyboardInterrupt``, like Ctrl-C.

    Python prints and discards an exception raised in a ``__del__``; in that case, it is raised again a little later.
    """
    numbers = signal.SIGTERM, signal.SIGALRM
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    usual = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        else:
            usual(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = usual
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
