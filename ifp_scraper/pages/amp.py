"""What the designs of the plugin AMPforWP, versions 1.0.94 and 1.1.13, have in common (MARKUP.md 2, 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_amp_json_ld
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.evidence import Event, Evidence, json_ld_evidence, json_ld_time
from ifp_scraper.pages.json_ld import Item, is_article

_AMP_ADDRESS = re.compile(r"/amp(/\d{1,3})?/?$")
_AMP_QUERY = re.compile("amp(=.*)?")
_PLUGIN = re.compile(r"AMP for WP (\d{1,6}(?:\.\d{1,6})*)")
_PLUGIN_IN_BODY = re.compile(r"(?<!\S)post (\d{1,6}(?:\.\d{1,6})+)\s*$")
"""The plugin's body_class() ends with the post type and the plugin's version."""


class AmpPage(ArticlePage):
    """What the plugin's designs have in common."""

    is_amp = True

    @field
    def amp_url(self) -> str:
        address, _, query = self.capture.url.partition("?")
        if _AMP_ADDRESS.search(address):
            return urls.amp_address(self._url, "amp/")
        endpoint = next(filter(_AMP_QUERY.fullmatch, query.partition("#")[0].split("&")), None)
        return urls.amp_address(self._url, f"?{endpoint}") if endpoint else self.capture.url

    @property
    def subtitle(self) -> str | None:
        """The subtitle that AMPforWP prints below the headline for other plugins."""
        headings = [one for one in self.css("h2.amp-wp-content") if self.container not in list(one.iterancestors())]
        return next(iter(self.labels(headings)), None)

    @property
    def last_crumbs(self) -> list[str]:
        """The section that ends the breadcrumbs, AMPforWP's or Yoast's; empty if there is none."""
        links = [link for link in self.css("div.breadcrumbs a") if "/category/" in (link.get("href") or "")]
        return self.lines(".bread-cat")[-1:] or self.labels(links[-1:])

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("published")
        yield from self._json_ld_evidence("published")

    def modified_evidence(self) -> Iterator[Evidence | None]:
        yield from self.seo_evidence("modified")
        yield from self._json_ld_evidence("modified")

    def _json_ld_evidence(self, event: Event) -> Iterator[Evidence | None]:
        plugins_own, others = self._json_ld
        for article in others:
            yield json_ld_evidence(article, event)
        printed = json_ld_time(plugins_own, event)
        yield Evidence.of("jsonld", printed, read_amp_json_ld(printed, self.plugin_version))

    def plain_evidence(self, event: Event) -> Evidence | None:
        """Return None: JSON-LD is read above, where the faults of the plugin's own are undone."""
        return None

    @cached_property
    def _json_ld(self) -> tuple[Item, list[Item]]:
        """The plugin's own object, and schema plugins' articles, which are correct as printed and have an ``@id``.

        All are outside an SEO plugin's graph. The plugin's own names its page, which a review in the text does not.
        """
        plugins_own: Item = {}
        others = []
        for item in self.document.json_ld.plain:
            if "@id" in item:
                if is_article(item):
                    others.append(item)
            elif "datePublished" in item and (
                not plugins_own or "mainEntityOfPage" in item.keys() - plugins_own.keys()
            ):
                plugins_own = item
        return plugins_own, others

    @cached_property
    def plugin_version(self) -> tuple[int, ...] | None:
        """AMPforWP's version, from its generator element; an option hides that, but not the body's class."""
        generators = self.attributes('meta[name="generator"]', "content")
        in_generator = next(filter(None, map(_PLUGIN.search, generators)), None)
        if match := in_generator or _PLUGIN_IN_BODY.search(self.document.body_class):
            return tuple(int(part) for part in match[1].split("."))
        return None
