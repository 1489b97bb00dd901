"""AMPforWP's designs 1, 2 and 3 (MARKUP.md section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from web_poet import field

from ifp_scraper.dates import read_amp_json_ld
from ifp_scraper.items import Author, RecentPost
from ifp_scraper.pages.amp import AmpPage
from ifp_scraper.pages.bylines import MAX_PEOPLE, without_by
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.evidence import Evidence
from ifp_scraper.pages.inline import inline_text, resolved
from ifp_scraper.pages.recent_posts import read_recent_posts
from ifp_scraper.pages.tree import Element, has_rel
from ifp_scraper.text import words


class AmpDesignPage(AmpPage):
    """The three designs mark fields alike, but order them differently."""

    featured_boxes = "figure.amp-wp-article-featured-image"

    @field
    def headline(self) -> str | None:
        return self.line(".amp-wp-title")  # an h2 in design 2

    @field
    def lead(self) -> str | None:
        return self.line(".ampforwp_single_excerpt") or self.line(".tl-exc") or self.subtitle

    @field
    def byline(self) -> str | None:
        return self.byline_from(".amp-wp-author") or self.byline_from(".amp_author_area_wrapper strong")

    @field
    def authors(self) -> list[Author]:
        byline = self.css(".amp-wp-author")[:MAX_PEOPLE]
        links = dict.fromkeys(link for element in byline for link in element.iter("a") if has_rel(link, "author"))
        named = islice(links, MAX_PEOPLE)
        # Not a portrait, or a handle.
        co_authors = [link for link in named if self.label_of(link)[:1] not in ("", "@")]
        authors: dict[str | None, Author] = {author.name: author for author in self.people_of(co_authors or byline)}
        profiles = {author.name: author.url for author in self.people(".amp_author_area_wrapper strong")}
        # "NAME: BIO" is one run of text; only the name is in an element.
        for box, strong in self.first_inside(".amp_author_area_wrapper", "strong, .author-name").items():
            name = without_by(self.label_of(strong))
            if name and not authors:
                authors[name] = Author(name)
            if author := authors.get(name):
                author.bio = author.bio or _bio_behind(strong, box)
                author.url = author.url or profiles.get(author.name)
        return [*authors.values()]

    @field
    def sections(self) -> list[str]:
        return (
            self.lines('.amp-wp-tax-category [class^="amp-cat-"], .ampforwp-tax-category [class^="amp-cat-"]')
            or self.lines(
                ".amp-wp-tax-category .amp-cat, .ampforwp-tax-category .amp-cat,"  # without links
                " .amp-wp-tax-category a, .ampforwp-tax-category a"
            )
            or self._unlinked(".amp-wp-tax-category span, .ampforwp-tax-category span")
            or self.seo_labels("articleSection")
            or self.last_crumbs
        )

    @field
    def tags(self) -> list[str]:
        return (
            self.lines('.ampforwp-tax-tag [class^="amp-tag-"]')
            or self.lines(".ampforwp-tax-tag a, .amp-wp-tax-tag a")
            or self._unlinked(".ampforwp-tax-tag span")
            or self.seo_labels("keywords")
        )

    def _unlinked(self, query: str) -> list[str]:
        """Return sections or tags that are not links, without the label before them ("Tags:").

        The label has a class in right-to-left scripts.
        """
        bare = [span for span in self.css(query) if span.get("class") is None]
        return [label for label in self.labels(bare) if not label.endswith(":")]

    @cached_property
    def container(self) -> Element | None:
        # next and prev are in .amp-wp-article-content, but not in the element inside it
        bodies = self.css(".amp-wp-article-content .the_content") or self.css(".amp-wp-article-content")
        return bodies[0] if bodies else None

    def published_evidence(self) -> Iterator[Evidence | None]:
        yield from super().published_evidence()
        # design 1's time element has the faults of the JSON-LD, but had the older one longer
        for printed in self.attributes(".amp-wp-posted-on time", "datetime"):
            instant = read_amp_json_ld(printed, self.plugin_version, utc_since=(1, 0, 29))
            yield Evidence.of("time", printed, instant)


def _bio_behind(name: Element, box: Element) -> str | None:
    """Return what follows a name in the box that begins with it."""
    printed, whole = inline_text(name), inline_text(box)
    if not whole.startswith(printed):
        return None
    return resolved(whole.removeprefix(printed).lstrip(" :")) or None


class AmpDesign1Page(AmpDesignPage):
    """Design 1, and its origin: the first template of the AMP plugin, which names no design."""

    layout = "amp-design1"
    marks = words("amp-wp-article-content")


class AmpDesign2Page(AmpDesignPage):
    """Design 2."""

    layout = "amp-design2"
    marks = words("amp-wp-article-content design_2_wrapper")


class AmpDesign3Page(AmpDesignPage):
    """Design 3, the only one of the three with recent posts."""

    layout = "amp-design3"
    marks = words("amp-wp-article-content design_3_wrapper")

    @field
    def recent_posts(self) -> list[RecentPost]:
        return read_recent_posts(self.document, self.capture, self._url, ".recentpost li", "related_link")
