"""``ifp``: the same commands outside a checkout, e.g. ``ifp crawl``, ``ifp extract``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a command of the scrapy tool with this project's settings."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "ifp_scraper.settings")
    arguments = sys.argv[1:]
    if arguments[:1] == ["crawl"] and arguments[1:2] != ["ifp"]:
        arguments.insert(1, "ifp")  # the only spider that this command runs
    try:
        try:
            from scrapy.cmdline import execute  # takes a while, in which a Ctrl-C must not give a stack trace

            execute(["ifp", *arguments])
        finally:
            if sys.stdout is not None:  # it is closed, as for a daemon
                sys.stdout.flush()
    except BrokenPipeError as error:  # the reader of "ifp --help | head" has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python would try again when it exits
        if isinstance(error.__context__, SystemExit):
            raise error.__context__ from None
    except KeyboardInterrupt:
        sys.exit("It was stopped.")


if __name__ == "__main__":
    main()
