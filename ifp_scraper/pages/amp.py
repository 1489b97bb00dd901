"""What the designs of the plugin AMPforWP, versions 1.0.94 and 1.1.13, have in common (MARKUP.md 2, 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from web_poet import field

from ifp_scraper import urls
from ifp_scraper.dates import read_amp_json_ld
from ifp_scraper.pages.article import ArticlePage
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.evidence import Event, Evidence, json_ld_evidence, json_ld_time
from ifp_scraper.pages.json_ld import Item, is_article

# The two forms of an AMP page's URL: /a-story/amp/ or /a-story/amp/2/, and /a-story/?amp=1 (MARKUP.md 6)
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
        """Yield the times outside an SEO plugin's graph; AMPforWP's have a wrong offset (docs/dates.md, trap 1)."""
        for item in self.document.json_ld.plain:
            if "@id" in item and is_article(item):  # a schema plugin's, right as printed
                yield json_ld_evidence(item, event)
        printed = json_ld_time(self._own_json_ld, event)
        yield Evidence.of("jsonld", printed, read_amp_json_ld(printed, self.plugin_version))

    @cached_property
    def _own_json_ld(self) -> Item:
        """AMPforWP's own object: it has no ``@id``, and names its page, which a review in the text does not."""
        dated = [item for item in self.document.json_ld.plain if "@id" not in item and "datePublished" in item]
        naming_page = (item for item in dated if "mainEntityOfPage" in item)
        return next(chain(naming_page, dated), {})

    def plain_evidence(self, event: Event) -> Evidence | None:
        """Return None: JSON-LD is read above."""
        return None

    @cached_property
    def plugin_version(self) -> tuple[int, ...] | None:
        """AMPforWP's version, from its generator element; an option hides that, but not the body's class."""
        generators = self.attributes('meta[name="generator"]', "content")
        in_generator = next(filter(None, map(_PLUGIN.search, generators)), None)
        if match := in_generator or _PLUGIN_IN_BODY.search(self.document.body_class):
            return tuple(int(part) for part in match[1].split("."))
        return None
