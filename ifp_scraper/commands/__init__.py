"""Commands of the scrapy tool, and what they share.

A usage error ends a command with status 2 and one line (``UsageError``); anything else that stops it, with status 1.
No help text has a colon before a space: Scrapy takes a line that ends in one for a heading.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.lines import SIDECARS
from ifp_scraper.options import BadArgument
from ifp_scraper.store import explain


def say(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr)


def show(text: str) -> None:
    """Print a result on stdout; that nobody reads it to its end, as with ``| head``, is no fault.

    Raises:
        SystemExit: when stdout cannot be written, as on a full disk; with a sentence, and status 1.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again at its end
        if not isinstance(error, BrokenPipeError):
            raise SystemExit(f"the result cannot be printed: {error.strerror}") from None


def fail(command: ScrapyCommand, line: str) -> None:
    """Say what went wrong, and have the command end with status 1."""
    say(line)
    command.exitcode = 1


def reason(error: Exception) -> str:
    """Say why reading or writing failed, without numbers of errors and names of files for a while."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    if error.filename is None or ".partial-" in str(error.filename):  # what is being written
        return explain(error)
    return f"{error.filename}: {error.strerror}"


def without_output(path: str) -> str:
    """Return what to do when the default output is not there: which files there are, else to crawl."""
    there = [str(each) for each in sorted(Path(path).parent.glob("*.jsonl")) if not each.name.endswith(SIDECARS)]
    if there:
        return f"no such file: {path}; name a FILE, e.g. {there[0]}"
    return f"no such file: {path}; run scrapy crawl ifp first, or name a FILE"


@contextmanager
def usage_errors() -> Iterator[None]:
    """Make a ``BadArgument`` inside a usage error."""
    try:
        yield
    except BadArgument as error:
        raise UsageError(str(error)) from None


def refuse_unknown_options(args: list[str]) -> None:
    """Check the positional arguments: Scrapy leaves options that it does not know among them.

    Raises:
        UsageError: naming the first such option.
    """
    if unknown := [arg for arg in args if arg.startswith("-") and len(arg) > 1]:
        raise UsageError(f"unknown option {unknown[0]}")


@contextmanager
def stopped_by_term() -> Iterator[None]:
    """Make SIGTERM (of ``timeout``, or of a service manager) what Ctrl-C is: a ``KeyboardInterrupt``.

    One that falls into a ``__del__`` is lost: Python prints and forgets it. It comes again a little later.
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
