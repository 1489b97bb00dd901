"""The arguments of ``scrapy crawl ifp``, parsed and checked before anything is fetched (CONTRACT.md section 1)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from ifp_scraper import urls
from ifp_scraper.dates import read_user_date
from ifp_scraper.recordings.codings import GZIP
from ifp_scraper.recordings.files import RecordingError, find_recordings

SourceName = Literal["rest", "sitemap", "feed", "listing"]
SOURCES: tuple[SourceName, ...] = get_args(SourceName)
Pages = Literal["both", "canonical", "amp"]
_ROOT = re.compile(r"https?://[^/?#@\\\s\x00-\x1f\x7f]+/*", re.IGNORECASE)
_BEFORE_SLUG = re.compile(r"\A(?:https?://[^/]+)?/?(?:category/)?")
_LATER_PAGE = re.compile(r"/page/\d+\Z")
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""Lone surrogates, which Python uses for command-line bytes that are not UTF-8."""

ARGUMENTS = ("archive", "urls", "since", "until", "sources", "section", "pages", "limit", "refresh")
_SHOWN = 200
"""Maximum number of characters of a rejected value shown in a message."""

_DAY = timedelta(days=1)


class BadArgument(ValueError):
    """An argument that makes no sense; ``str()`` says what is allowed, in one line."""


def printable(value: object) -> str:
    """Return a rejected value for a message: shortened, without line breaks or other control characters."""
    text = str(value)
    text = "".join(char if char.isprintable() else "?" for char in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def meant(name: str, known: Iterable[str], cutoff: float = 0.75) -> str:
    """Return a "did you mean" question to append to an unknown name that resembles a known one; else empty."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f" (did you mean {near[0]}?)" if near else ""


@dataclass(slots=True, frozen=True)
class Options:
    """What a crawl was asked to do. Times are aware, in UTC."""

    site: str
    """Root of the site, without a trailing slash."""

    site_is_guessed: bool = False
    """Whether the settings name none, and the recordings are of another site than the usual one."""

    archive: str | None = None
    urls: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[SourceName, ...] = SOURCES
    section: str | None = None
    pages: Pages = "both"
    limit: int | None = None
    refresh: datetime | None = None
    given: tuple[str, ...] = ()
    """Names of the arguments given; the others have their defaults."""

    @property
    def live(self) -> bool:
        """Whether pages come from the site, not from recordings."""
        return self.archive is None

    @property
    def whole_site(self) -> bool:
        """Whether the crawl covers the whole site: only then can it tell that nothing is missing."""
        narrowing = {"urls", "since", "until", "section", "limit"}
        return self.live and narrowing.isdisjoint(self.given)

    def with_recorded_site(self, site: str) -> Options:
        """Return the options with the site that the recordings are of."""
        return replace(self, site=site, site_is_guessed=site != self.site)

    def covers(self, published_at: datetime | None) -> bool:
        """Whether this publication time is in the range from ``since`` to ``until``; True if it is unknown."""
        if published_at is None:
            return True
        is_too_old = self.since is not None and published_at < self.since
        is_too_new = self.until is not None and published_at >= self.until
        return not (is_too_old or is_too_new)

    def may_cover(self, published_at: datetime | None) -> bool:
        """Whether an article with this publication time on one page may be in that range, by what its others say.

        Its AMP page may show that the site's clock is off.
        """
        if published_at is None:
            return True
        is_too_old = self.since is not None and published_at + _DAY < self.since
        is_too_new = self.until is not None and published_at - _DAY >= self.until
        return not (is_too_old or is_too_new)


def read_options(arguments: Mapping[str, str], site: str, now: datetime | None = None) -> Options:
    """Parse the spider's arguments.

    Args:
        arguments: names and values of ``-a``.
        site: the setting IFP_SITE.
        now: the time from which "3 days ago" counts back, aware; None for the current time.

    Raises:
        BadArgument: if one makes no sense.
    """
    now = now or datetime.now(UTC)
    unknown = sorted(set(arguments) - set(ARGUMENTS))
    if unknown:
        named = printable(", ".join(unknown)) + meant(unknown[0], ARGUMENTS)
        raise BadArgument(f"unknown argument {named}; the arguments are {', '.join(ARGUMENTS)}")
    given = {name: value.strip() for name, value in arguments.items()}
    if empty := [name for name, value in given.items() if not value]:
        raise BadArgument(f"{empty[0]}= is empty")
    since, until, refresh = (_date(name, given.get(name), now) for name in ("since", "until", "refresh"))
    if since is not None and until is not None and since >= until:
        raise BadArgument(f"since={printable(given['since'])} must be before until={printable(given['until'])}")
    sources, section = _sources(given.get("sources")), _section(given.get("section"))
    if section and sources == ("sitemap",):
        raise BadArgument("sources=sitemap cannot be used with section=: a sitemap does not say what is in a section")
    site = _site(site)
    return Options(
        site=site,
        archive=_archive(given.get("archive")),
        urls=_urls(given.get("urls"), None if "archive" in given else site),
        since=since,
        until=until,
        sources=sources,
        section=section,
        pages=_pages(given.get("pages", "both")),
        limit=_limit(given.get("limit")),
        refresh=refresh,
        given=tuple(given),
    )


def _site(site: str) -> str:
    try:
        parts = urlsplit(site)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    # Articles are recognised by their path from the host's root, so a site in a subfolder cannot be read.
    if not valid or not _ROOT.fullmatch(site):
        raise BadArgument(f"IFP_SITE={printable(site)} is not the root of a site: write it like https://ifpnews.com")
    return site.rstrip("/")


def _archive(value: str | None) -> str | None:
    if value is not None:
        try:
            find_recordings(value)
        except RecordingError as error:
            raise BadArgument(f"archive: {printable(error)}") from error
    return value


def _urls(value: str | None, site: str | None) -> tuple[str, ...]:
    """Return the URLs that ``urls`` names; they must be on this site, unless it is None (an archive run)."""
    if value is None:
        return ()
    if value.startswith("@"):
        try:
            content = Path(value[1:]).read_bytes()
            lines = content.decode("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, OSError):
                why = error.strerror
            else:
                why = "it is compressed" if content.startswith(GZIP) else "it is not text in UTF-8"
            raise BadArgument(f"urls={printable(value)}: the file cannot be read ({why})") from error
        # The rest of a line, after the URL, is a comment.
        names = [words[0] for words in map(str.split, lines) if words and not words[0].startswith("#")]
    else:
        names = value.replace(",", " ").split()
    if not names:
        raise BadArgument(f"urls={printable(value)} names no address")
    for name in names:
        if not name.startswith(("http://", "https://")) or _NO_TEXT.search(name):
            raise BadArgument(f"urls: {printable(name)} is not a URL: write it like https://ifpnews.com/a-story/")
        if site is not None and urls.host(name) != urls.host(site):
            raise BadArgument(f"urls: {printable(name)} is not on the site {site}")
    return tuple(dict.fromkeys(names))


def _date(name: str, value: str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    try:
        return read_user_date(value, now)
    except (ValueError, OverflowError) as error:
        raise BadArgument(
            f"{name}={printable(value)} is not a date ({error}); "
            'write 2024-05-06, 2024-05-06T18:00 (Tehran) or "3 days ago"'
        ) from error


def _sources(value: str | None) -> tuple[SourceName, ...]:
    if value is None:
        return SOURCES
    names = [name.strip() for name in value.split(",") if name.strip()]
    wrong = [name for name in names if name not in SOURCES]
    if wrong or not names:
        raise BadArgument(f"sources={printable(value)}: choose from {', '.join(SOURCES)}")
    return tuple(dict.fromkeys(names))  # type: ignore[arg-type]


def _section(value: str | None) -> str | None:
    """Return the slug of a category, with those above it, from the slug itself, a path or a URL."""
    if value is None:
        return None
    path = _LATER_PAGE.sub("", _BEFORE_SLUG.sub("", value, count=1).strip("/"))
    if not all(part and part.replace("-", "").isalnum() for part in path.split("/")):
        raise BadArgument(
            f"section={printable(value)} is not one category: write its slug, like iran-news or news/world"
        )
    return path.lower()


def _pages(value: str) -> Pages:
    known = get_args(Pages)
    if value not in known:
        raise BadArgument(f"pages={printable(value)}: choose from {', '.join(known)}")
    return value  # type: ignore[return-value]


def _limit(value: str | None) -> int | None:
    if value is None:
        return None
    limit = int(value) if value.isdecimal() and len(value) < 20 else 0
    if limit < 1:
        raise BadArgument(f"limit={printable(value)} must be a number of articles, 1 or more")
    return limit
