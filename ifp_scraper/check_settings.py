"""Checks the settings before anything is fetched: Scrapy accepts bad ones, and fails during the crawl."""

from __future__ import annotations

import logging
from math import inf, isfinite
from pathlib import Path

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings
from scrapy.utils.misc import load_object

from ifp_scraper import settings as our_settings
from ifp_scraper.options import ARGUMENTS, BadArgument, meant, printable
from ifp_scraper.storage import sidecars

_DEFAULTS = Settings()
_DEFAULTS.setmodule(our_settings)
_OF_OTHERS = frozenset({"USER_AGENTS"})
"""Settings of extensions that look like misspelled Scrapy settings."""

_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
_DAY = 86_400
_RANGES: dict[str, tuple[float, float]] = {
    "AUTOTHROTTLE_MAX_DELAY": (0, _DAY),
    "AUTOTHROTTLE_START_DELAY": (0, _DAY),
    "AUTOTHROTTLE_TARGET_CONCURRENCY": (0.01, inf),
    "CONCURRENT_ITEMS": (1, inf),
    "CONCURRENT_REQUESTS": (1, inf),
    "CONCURRENT_REQUESTS_PER_DOMAIN": (1, inf),
    "DNS_TIMEOUT": (0.01, inf),
    "DOWNLOAD_DELAY": (0, _DAY),
    "DOWNLOAD_TIMEOUT": (0.01, inf),
    "IFP_FAILURES": (1, inf),
    "IFP_MAX_LISTING_PAGES": (1, inf),
    "IFP_MAX_POST_PAGES": (1, inf),
    "IFP_MAX_SITEMAPS": (1, inf),
    "IFP_REFUSALS": (1, inf),
    "REACTOR_THREADPOOL_MAXSIZE": (1, inf),
}
"""Minimum and maximum of numeric settings whose range does not follow from their default and name."""


def site_is_given(settings: BaseSettings) -> bool:
    """Whether the user gave IFP_SITE: with -s, or another value in a program or a settings module."""
    on_command_line = (settings.getpriority("IFP_SITE") or 0) > SETTINGS_PRIORITIES["project"]
    return on_command_line or settings["IFP_SITE"] != _DEFAULTS["IFP_SITE"]


def check_settings(settings: BaseSettings) -> None:
    """Check all settings but Scrapy's defaults; the type of a default says whether it is a number or a switch.

    Raises:
        BadArgument: if one makes no sense.
    """
    for name in settings:
        if settings.getpriority(name) == SETTINGS_PRIORITIES["default"]:
            continue
        if name not in _DEFAULTS:
            _check_other(name)
        elif isinstance(default := _DEFAULTS[name], bool):
            _check_switch(settings, name)
        elif isinstance(default, int | float):
            _check_number(settings, name, default)
    _check_log(settings)
    _check_event_loop(settings)
    for name in ("IFP_CONTACT", "USER_AGENT"):
        if not str(settings[name]).isprintable():
            raise BadArgument(f"{name}={printable(settings[name])} must be one line of printable characters")
    if not all(str(code).strip().isdecimal() for code in settings.getlist("RETRY_HTTP_CODES")):
        raise BadArgument(f"RETRY_HTTP_CODES={printable(settings['RETRY_HTTP_CODES'])}: codes look like 500,503")
    _check_files(settings)


def _check_other(name: str) -> None:
    """Check the name of a setting that is neither Scrapy's nor ours: it may be misspelled."""
    if name.startswith("IFP_"):
        ours = ", ".join(name for name in vars(our_settings) if name.startswith("IFP_"))
        raise BadArgument(f"there is no setting {printable(name)}; the settings are {ours}")
    if not name.isupper():  # -since=2024-01-01 is -s ince=2024-01-01
        arguments = ", ".join(ARGUMENTS)
        raise BadArgument(
            f"-s {printable(name)}: names of settings are in capitals; {arguments} are arguments: -a NAME=VALUE"
        )
    if name not in _OF_OTHERS and (near := meant(name, _DEFAULTS, cutoff=0.92)):
        raise BadArgument(f"there is no setting {printable(name)}{near}")


def _check_switch(settings: BaseSettings, name: str) -> None:
    try:
        settings.getbool(name)
    except (TypeError, ValueError):
        raise BadArgument(f"{name}={printable(settings[name])} must be True or False, 1 or 0") from None


def _check_number(settings: BaseSettings, name: str, default: float) -> None:
    least, most = _RANGES.get(name, (-inf if default < 0 or "_PRIORITY" in name else 0, inf))
    whole = isinstance(default, int) and not name.endswith("_TIMEOUT")
    try:
        value = settings.getint(name) if whole else settings.getfloat(name)
        valid = isfinite(value) and least <= value <= most
    except (TypeError, ValueError, OverflowError):
        valid = False
    if not valid:
        kind = "a whole number" if whole else "a number"
        bounds = f" from {least} to {most}" if most < inf else f", {least} or more" if least > -inf else ""
        raise BadArgument(f"{name}={printable(settings[name])}: it must be {kind}{bounds}")


def _check_log(settings: BaseSettings) -> None:
    level = settings["LOG_LEVEL"]
    if not isinstance(level, int) and level not in _LEVELS:
        raise BadArgument(f"LOG_LEVEL={printable(level)}: choose from {', '.join(_LEVELS)}")
    try:
        logging.Formatter(settings["LOG_FORMAT"])
    except (TypeError, ValueError):
        raise BadArgument(
            f"LOG_FORMAT={printable(settings['LOG_FORMAT'])} is not a format string of Python's logging"
        ) from None
    if name := settings["LOG_FILE"]:
        try:
            Path(name).open("a").close()
        except OSError as error:
            raise BadArgument(f"LOG_FILE={printable(name)} cannot be written: {error.strerror}") from None


def _check_event_loop(settings: BaseSettings) -> None:
    if settings["TWISTED_REACTOR"] != our_settings.TWISTED_REACTOR:
        needed = our_settings.TWISTED_REACTOR
        raise BadArgument(f"TWISTED_REACTOR={printable(settings['TWISTED_REACTOR'])}: the spider needs {needed}")
    if name := settings["ASYNCIO_EVENT_LOOP"]:
        try:
            load_object(name)
        except (ImportError, NameError, ValueError):
            raise BadArgument(f"ASYNCIO_EVENT_LOOP={printable(name)} cannot be imported") from None


def _check_files(settings: BaseSettings) -> None:
    output, archive = settings["IFP_OUTPUT"], settings["IFP_ARCHIVE"]
    if output and not str(output).endswith(".jsonl"):
        raise BadArgument(
            f"the output {printable(output)} must end in .jsonl; for other formats run "
            "scrapy export FILE --to parquet|csv|sqlite afterwards"
        )
    if output and "://" in str(output):
        raise BadArgument(f"the output {printable(output)} is a URL: name a file")
    if output and str(output).endswith(sidecars.SUFFIXES):
        raise BadArgument(f"the output {printable(output)} has the name of a file that is kept beside an output")
    if archive and not str(archive).endswith((".warc.gz", ".warc")):
        raise BadArgument(
            f"IFP_ARCHIVE={printable(archive)} must end in .warc.gz (or .warc), to be read as a recording"
        )
