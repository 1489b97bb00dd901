"""Listing pages, walked newest first, for when neither REST nor a sitemap is available (FACTS.md, "URLs")."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from parsel import Selector

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.discovery import FetchFailed, SourceUnavailable, Walk
from ifp_scraper.pages.document import parse
from ifp_scraper.responses import is_login, is_wordpress
from ifp_scraper.storage.reasons import STRANGE
from ifp_scraper.text import words

_TITLES = words("td-module-title entry-title loop-title wp-block-post-title post-title")
_BOXES = words(
    "td-main-sidebar td-ss-main-sidebar td-footer-wrapper td-footer-template-wrap td-header-template-wrap"
    " td_mega_menu td-mega-menu sidebar widget"
)
"""Boxes beside the listing that show the whole site's latest articles."""

_BOX_TAGS = ("aside", "nav", "footer", "template")
_MAX_INSIDE = 3
"""How many levels inside a link its headline may be: links may be nested in each other."""

_SECOND_PAGE = re.compile(r"(/(?!(?:category|tag|author)/).*[^/])/page/2/?")
_OF_LATER_PAGE = re.compile(r"(?<!^/category)/page$")
"""What a later page of a category has after the category, without its number; not a category of that name."""

_PLACES = ("", "/all-stories")
"""Where a listing of everything may be, the front page first."""

_SECTION_PAGE = "/iran-news"
"""A page with a listing of one section; to be walked as a category is."""

_MAX_REPEATS = 20
"""How many pages in a row of a category may be those of another one: some themes list everything in each."""

_MAX_PLACES = 5
"""Maximum number of further places to try that the front page names."""

_MAX_CATEGORIES = 200

_MAX_PAGE_LINKS = 100
"""How many links to pages of a listing, from the end of the page, may be its page numbers."""

_PATIENCE = 3
"""How many pages in a row may fail or list nothing new before a listing is given up."""


class ListingSource:
    """The blog's pages; else a page that holds a loop; else where the front page says its second page is; else every
    category that it links to.
    """

    complete = False

    async def find(self, walk: Walk) -> AsyncIterator[ArticleRef]:
        """See ``Source``."""
        seen: set[str] = set()
        async for links in self._pages(walk):
            for url in links:
                if url not in seen:
                    seen.add(url)
                    yield ArticleRef(url)
        if not seen:
            raise SourceUnavailable("no listing")

    async def _pages(self, walk: Walk) -> AsyncIterator[list[str]]:
        """Yield the articles on each page that is read; an article may be on several."""
        section = walk.options.section
        places = [f"/category/{section}"] if section else list(_PLACES)
        categories: list[str] = []
        has_depth = False  # whether a listing has a second page, or shows what is known
        first_shown_by: dict[tuple[str, ...], str] = {}  # for each page, as the articles on it: a place
        while places:
            place = _Place(walk, places.pop(0))
            async for links, are_settled in place.pages():
                first_shown_by.setdefault(tuple(links), place.path)
                yield links
                if are_settled and place.length > 1:
                    break  # a front page alone may show a choice, and not what is new
            if place.length > 1:  # it is paginated, so it lists everything
                if not walk.caught_up:
                    async for links in place.pages_again():
                        yield links
                elif not (place.ends_in_settled or place.has_clear_end):
                    walk.notes.broken.append(f"{walk.options.site}{place.path}: ends before what is known")
                return
            has_depth = has_depth or place.reaches_known
            if place.path == "":
                places += _places_of_second_pages(place.first_page, walk.options.site)
                categories = _categories(place.first_page, walk.options.site)

        if len(categories) > _MAX_CATEGORIES:
            walk.notes.broken.append(f"the front page links to more than {_MAX_CATEGORIES} categories")
        for category in [*([] if section else [_SECTION_PAGE]), *categories[:_MAX_CATEGORIES]]:
            repeats = 0
            place = _Place(walk, category)
            async for links, are_settled in place.pages():
                is_repeat = first_shown_by.setdefault(tuple(links), category) != category
                repeats = repeats + 1 if is_repeat else 0
                yield links
                if are_settled or repeats >= _MAX_REPEATS:
                    break
            has_depth = has_depth or place.length > 1 or place.reaches_known
        if walk.notes.broken and not has_depth:  # first pages alone do not make up for what another source lacks
            walk.notes.broken.append(f"{walk.options.site}/: no listing has a second page")


class _Place:
    """A place where a listing may be, and what its pages have shown so far."""

    def __init__(self, walk: Walk, path: str) -> None:
        self.path = path
        self.first_page = Selector("<html/>", type="html")
        self.length = 0
        """Number of the last page with articles that those before it lack."""
        self.ends_in_settled = False
        """Whether that page has a settled article; if not, what follows may be new."""
        self.has_clear_end = False
        """Whether the site says that the pages after the last do not exist, and that page shows no number of them; one
        number too many is none, once the articles on that page are known.
        """
        self._walk = walk
        self._links_to_next = False
        """Whether the last page with articles links to the next: some themes always print such a link."""
        self._pages_after = 0
        """How many pages are after it, by the numbers that it shows."""
        self._last_with_new = 0
        """Number of the last of those pages with an article that was not known."""

    @property
    def reaches_known(self) -> bool:
        """Whether what the last page shows was known after a caught-up run, so that what follows was, too."""
        return self._walk.caught_up and self.ends_in_settled

    async def pages(self) -> AsyncIterator[tuple[list[str], bool]]:
        """Yield the articles of each page that lists some which those before it lack, and whether all are settled."""
        walk = self._walk
        listed: set[str] = set()
        first: list[str] = []
        pages_after = 0  # how many pages the last one with articles that those before it lack links to
        first_page_again: list[int] = []  # numbers of the last pages, if they are that, as after a redirect
        barren = 0
        async for number, links in self._all_pages():
            barren = barren + 1 if listed.issuperset(links) else 0
            if barren and links == first:
                first_page_again.append(number)
            if barren >= _PATIENCE:
                break
            if barren:
                continue  # so much was added in the meantime that the last page's articles have moved to this one
            first = first or links
            pages_after = self._pages_after or int(self._links_to_next and number > 1)
            for again in first_page_again:  # they are not the end: another page follows
                walk.notes.broken.append(f"{walk.options.site}{self.path}/page/{again}/: is the first page again")
            first_page_again.clear()
            listed.update(links)
            self.length = number
            refs = list(map(ArticleRef, links))
            if not all(map(walk.known.is_known, refs)):  # before any of them is fetched
                self._last_with_new = number
            settled = list(map(walk.known.is_settled, refs))
            self.ends_in_settled = any(settled)
            yield links, walk.caught_up and all(settled)
        if first_page_again and self._may_go_on(pages_after) and not self.ends_in_settled:
            again = first_page_again[0]
            walk.notes.broken.append(f"{walk.options.site}{self.path}/page/{again}/: is the first page again")

    def _may_go_on(self, pages_after: int) -> bool:
        """Whether articles may be on the pages that the last one shows numbers of, though they are missing.

        Some sites always show one number too many. A last page that is lost looks like that, so that it is looked for
        once more, in the next run: until then, what precedes it was new.
        """
        return pages_after > 1 or (pages_after == 1 and self._last_with_new == self.length)

    async def pages_again(self) -> AsyncIterator[list[str]]:
        """Read the pages once more, up to the last one with new articles, as what is behind it is known.

        The first pass may have taken a day, as articles are fetched between its pages. For each article that the site
        withdraws meanwhile, one moves up from a page yet to be read to one already read.
        """
        if self._last_with_new == 0:
            return
        gaps = len(self._walk.notes.broken)
        async for number, links in self._all_pages():
            yield links
            if number >= self._last_with_new:
                break
        del self._walk.notes.broken[gaps:]  # the first pass has read these pages

    async def _all_pages(self) -> AsyncIterator[tuple[int, list[str]]]:
        """Yield the first page of a listing, and those after it until two in a row are missing or hold no article.

        A single one may be a temporary fault: it is noted in ``walk.notes.broken``, and the walk goes on. So are two,
        if the page before links to them: a wall may have come up. Two that the site calls missing are the end, unless
        that page shows their numbers.
        """
        walk = self._walk
        root = f"{walk.options.site}{self.path}/"
        failed = 0
        absent = 0  # pages in a row that the site says do not exist
        may_be_end: str | None = None
        for number in range(1, walk.max_pages + 1):
            page = root if number == 1 else f"{root}page/{number}/"
            missing = "lists no article"
            links: list[str] = []
            try:
                response = await walk.fetch(page, page=True)
                selector = Selector(root=parse(response.body.decode("utf-8", "replace").encode()), type="html")
                links = read_listing(selector, response.url)
                lacks_articles = not links and self._links_to_next and not self.ends_in_settled
                if lacks_articles and (is_login(response.body) or not is_wordpress(response.body)):
                    raise FetchFailed(STRANGE)  # a wall, not the end
                absent = 0
                if number == 1:
                    self.first_page = selector
            except FetchFailed as error:
                missing = str(error)
                if not error.is_missing:
                    walk.notes.broken.append(f"{page}: {error}")
                    failed += 1
                    if number == 1 or failed >= _PATIENCE:
                        return
                    continue
                absent += 1
            failed = 0
            if not links:
                if number == 1:
                    return
                if may_be_end is not None:
                    self.has_clear_end = absent > 1 and not self._may_go_on(self._pages_after)
                    if self._links_to_next and not (self.has_clear_end or self.ends_in_settled):
                        walk.notes.broken.append(may_be_end)
                    return
                may_be_end = f"{page}: {missing}"
                continue
            if may_be_end is not None:  # it was not: another page follows
                walk.notes.broken.append(may_be_end)
                may_be_end = None
            if number == 1 and urls.slug(response.url):
                root = urls.canonical(response.url)  # of a nested category
            self._links_to_next = bool(selector.css(f'a[href*="/page/{number + 1}"]'))
            # A front page may show a choice, and the page numbers of another list.
            is_numbered = number > 1 or self.path != ""
            self._pages_after = max(0, _last_page_number(selector, root) - number) if is_numbered else 0
            yield number, links
        walk.notes.broken.append(f"{root}: more than {walk.max_pages} pages")


def read_listing(selector: Selector, base: str) -> list[str]:
    """Return the canonical URLs of the articles in a listing, in its order, each once."""
    articles = []
    for url in urls.of_list(base, _entry_links(selector.root)):
        if url is not None and urls.may_be_article(url, base):
            articles.append(urls.canonical(url))
    return list(dict.fromkeys(articles))


def _entry_links(root: etree._Element) -> list[str | None]:
    """Return where the links in titles, or around them, lead; not those in boxes beside the listing.

    In one pass over the page: XPath would look at all that each link is in, which may be nested thousands deep.
    """
    links: dict[etree._Element, bool] = {}  # whether it is in a title, or around one
    waiting = [(root, False, False)]
    while waiting:
        element, in_article, in_title = waiting.pop()
        classes = element.get("class", "").split()
        if element.tag == "a":
            links[element] = in_title
        if element.tag in _BOX_TAGS or element.get("role") == "complementary" or not _BOXES.isdisjoint(classes):
            continue
        is_title = not _TITLES.isdisjoint(classes) or (in_article and element.tag in ("h2", "h3"))
        if is_title:
            links.update((one, True) for one in islice(element.iterancestors(), _MAX_INSIDE) if one in links)
        in_article = in_article or element.tag == "article"
        waiting.extend((child, in_article, in_title or is_title) for child in element.iterchildren("*", reversed=True))
    return [link.get("href") for link, is_entry in links.items() if is_entry]


def _last_page_number(selector: Selector, root: str) -> int:
    """Return the highest number that a page of the listing at ``root`` shows in a link to the page of that number."""
    links = selector.css('a[href*="/page/"]')[-_MAX_PAGE_LINKS:]
    last = 0
    for link, url in zip(links, urls.of_list(root, [link.attrib["href"] for link in links]), strict=True):
        page = re.fullmatch(re.escape(root) + r"page/(\d{1,7})/?", url or "", re.IGNORECASE)
        # Such as "3", "1,600" or "Page 3"; the first few texts, as links may be nested in each other.
        if page and re.sub(r"\D", "", "".join(islice(link.root.itertext(), 5))) == page[1]:
            last = max(last, int(page[1]))
    return last


def _places_of_second_pages(selector: Selector, site: str) -> list[str]:
    places = []
    for url in urls.of_list(site, selector.css('a[href*="/page/2"]::attr(href)').getall()):
        place = _SECOND_PAGE.fullmatch(urlsplit(url).path) if url is not None else None
        if place is not None and place[1] not in (*_PLACES, _SECTION_PAGE):
            places.append(place[1])
    return list(dict.fromkeys(places))[:_MAX_PLACES]


def _categories(selector: Selector, site: str) -> list[str]:
    categories = []
    for url in urls.of_list(site, selector.css('a[href*="/category/"]::attr(href)').getall()):
        if url is not None:
            path = _OF_LATER_PAGE.sub("", urlsplit(urls.canonical(url)).path.rstrip("/"))
            if path.startswith("/category/"):
                categories.append(path)
    # Parents first: they may list what their children do, and more.
    return sorted(dict.fromkeys(categories), key=lambda path: path.count("/"))
