"""AMPforWP's Swift design (MARKUP.md 1)."""

from __future__ import annotations

from web_poet import field

from ifp_scraper.items import Author, RecentPost
from ifp_scraper.pages.amp import AmpPage
from ifp_scraper.pages.bylines import without_by
from ifp_scraper.pages.cached import cached_property
from ifp_scraper.pages.inline import inline_text, label_text, resolved
from ifp_scraper.pages.recent_posts import read_recent_posts
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import squeeze, words


class AmpSwiftPage(AmpPage):
    """The Swift design, including the sidebar variant (``.sp-left``)."""

    layout = "amp-swift"
    featured_boxes = ".sf-img"
    marks = words("cntn-wrp")

    @field
    def headline(self) -> str | None:
        return self.line(".amp-post-title")  # an h2 where the site has no logo of its own

    @field
    def lead(self) -> str | None:
        return self.line(".tl-exc") or self.subtitle

    @field
    def byline(self) -> str | None:
        return (
            self.byline_from(".sp-athr .author-name")
            or self.byline_from(".sp-athr .author-details")  # co-authors may be bare links
            or self.byline_from(".amp-author .author-name")
        )

    @field
    def authors(self) -> list[Author]:
        # The byline (no bio) and the box below the body share the class amp-author.
        in_boxes = self.people(".amp-author .author-name")
        in_byline = self.people(".sp-athr .author-name") or self.people(".sp-athr .author-details a")
        authors: dict[str | None, Author] = {author.name: author for author in in_byline or in_boxes}
        profiles = {author.name: author.url for author in in_boxes}
        only = next(iter(authors.values())) if len(authors) == 1 else None
        names = self.first_inside(".amp-author .author-details", ".author-name")
        for box in self.css(".amp-author .author-details"):
            # Without the option "amp-author-bio-name", the box names nobody.
            author = authors.get(without_by(label_text(names[box]))) if box in names else only
            if author is not None:
                author.bio = author.bio or _bio(box)
                author.url = author.url or profiles.get(author.name)
        return [*authors.values()]

    @field
    def sections(self) -> list[str]:
        return (
            self.lines(".amp-cat")
            or self.lines(".amp-category a")  # old versions have no .amp-cat
            or self.seo_labels("articleSection")
            or self.last_crumbs
        )

    @field
    def tags(self) -> list[str]:
        return self.lines(".amp-tags .amp-tag") or self.lines(".amp-tags a") or self.seo_labels("keywords")

    @cached_property
    def container(self) -> Element | None:
        # Layouts sold with the plugin omit the second class.
        bodies = self.css(".cntn-wrp.artl-cnt") or self.css(".cntn-wrp")
        return bodies[0] if bodies else None

    @field
    def recent_posts(self) -> list[RecentPost]:
        return read_recent_posts(self.document, self.capture, self._url, ".r-pf .fsp", "loop-title")


def _bio(box: Element) -> str | None:
    """Return the text of an author box below the name; 1.0.94 keeps the profile's paragraphs and lists."""
    pieces = (f"{inline_text(child)} {child.tail or ''}" for child in box if child.tag not in ("span", "a"))
    return resolved(squeeze(" ".join(pieces))) or None
