"""Why URLs gave no article, in the words of ``FILE.rejected.jsonl``, and what follows from each reason."""

from __future__ import annotations

from dataclasses import dataclass

NO_ARTICLE = "no article"
"""The page is not a post."""

ANOTHER_PAGE = "no article, and perhaps not the page of this address"
"""The same of a page that does not say whose it is, and may stand there for a while: "back soon", "not found"."""

STATIC = "a static page or an attachment"
"""The site marks the page as such, and nothing suggests that it is a post."""

STRANGE = "a page that is not of WordPress"
"""The page may be a firewall's."""

LOGIN = "a login page"
"""The page asks the reader to log in."""

NO_FIRST_PAGE = "its first page was not captured"
"""A recording has only further pages of a post."""

NO_AMP_PAGE = "no AMP page: "
"""Start of the reason for a URL of which a run with ``pages=amp`` found no AMP page; it may have a canonical one."""

LEADS_TO = "leads to "
"""Start of the reason for a URL that led to an article known under another URL."""

LEADS_TO_ANOTHER = LEADS_TO + "another article, "
"""Start of the reason for a URL that led to an article with another id or, where none is known, for the first time to
a slug that begins with its own: WordPress guesses if it finds no post."""

SHOWS = "shows the page of "
"""Start of the reason for a URL that returns another article's page without a redirect, as a faulty cache may."""

ELSEWHERE = "leads to a page that is no article"
"""The URL redirects, for example to the home page."""

OFF_SITE = " is not on the site"
"""End of the reason for a URL that redirects to another host."""

IN_A_CIRCLE = "redirects in a circle"
"""The URL's redirects lead back to where they came from."""

FORBIDDEN = "Forbidden by robots.txt"
"""Scrapy's message."""

UNREADABLE_RULES = "robots.txt cannot be read"
"""The URL redirects to a host, with or without www., whose robots.txt cannot be read."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Kind:
    """What follows from a reason."""

    asked_once_more: bool = False
    """A cache, firewall or maintenance plugin may have answered, so that the next run asks again."""

    asked_by_every_run: bool = False
    """The answer costs nothing, as robots.txt is read anyway; or it is a recording's, and not the site's."""

    asked_by_every_version: bool = False
    """A page was read, and a version that reads pages differently may find an article."""

    is_usual: bool = False
    """A healthy site has any number of such URLs."""

    details_vary: bool = False
    """All such reasons are the same one, though their words differ: they may name a different URL each time."""


_OTHER = Kind()
"""Of a page that cannot be read, for example: its reason says why."""

_IN_A_CIRCLE = Kind(asked_once_more=True, details_vary=True)

_BY_WORDS = {
    "status 404": Kind(asked_once_more=True),
    "status 410": Kind(asked_once_more=True),
    NO_ARTICLE: Kind(asked_by_every_version=True),
    ANOTHER_PAGE: Kind(asked_once_more=True, asked_by_every_version=True),
    STATIC: Kind(asked_by_every_version=True, is_usual=True),
    STRANGE: Kind(asked_once_more=True),
    LOGIN: Kind(asked_once_more=True),
    ELSEWHERE: Kind(asked_once_more=True, asked_by_every_version=True),
    IN_A_CIRCLE: _IN_A_CIRCLE,
    "max redirections reached": _IN_A_CIRCLE,  # Scrapy's message, and what earlier versions wrote of a circle
    NO_FIRST_PAGE: Kind(asked_by_every_run=True, is_usual=True),
    FORBIDDEN: Kind(asked_by_every_run=True, is_usual=True),
    UNREADABLE_RULES: Kind(asked_once_more=True, asked_by_every_run=True),
}
_ANOTHER_ARTICLE = Kind(asked_once_more=True)
_OFF_SITE = Kind(asked_once_more=True, details_vary=True)


def kind_of(reason: str) -> Kind:
    """Return what follows from a reason."""
    if kind := _BY_WORDS.get(reason):
        return kind
    if reason.startswith(NO_AMP_PAGE):
        return _BY_WORDS["status 404"]
    if reason.endswith(OFF_SITE):
        return _OFF_SITE
    return _ANOTHER_ARTICLE if reason.startswith((SHOWS, LEADS_TO_ANOTHER)) else _OTHER


def is_same(reason: str, other: str) -> bool:
    """Whether two reasons are the same one, be it of the AMP page alone."""
    reason, other = reason.removeprefix(NO_AMP_PAGE), other.removeprefix(NO_AMP_PAGE)
    return reason == other or (kind_of(reason).details_vary and kind_of(reason) is kind_of(other))


def leads_to_article(reason: str) -> bool:
    """Whether a URL was rejected because it is another one of an article."""
    return reason.startswith(LEADS_TO) and reason != ELSEWHERE
