"""The name under which a crawl introduces itself to the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def user_agent(settings: BaseSettings) -> str:
    """Return the User-Agent: this project, and how to contact whoever runs the crawl (IFP_CONTACT)."""
    contact = settings["IFP_CONTACT"]
    return f"{settings['USER_AGENT']} (+{contact})" if contact else str(settings["USER_AGENT"])
