"""``scrapy fixture URL|PATH``: save a page as a test fixture, with the record that it gives."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urljoin

from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.http import Response

from ifp_scraper import urls
from ifp_scraper.check_settings import check_settings
from ifp_scraper.commands import fail, refuse_unknown_options, show, usage_errors
from ifp_scraper.dates import format_utc, read_user_date
from ifp_scraper.items import to_dict
from ifp_scraper.pages import Capture, Document, UnreadablePage, read_article
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.responses import OF_PAGES, header, in_words, out_of_order, refusal
from ifp_scraper.user_agent import user_agent

_KEPT_URL = re.compile(rb"^<!-- (https?://\S+) -->\n")


class Command(ScrapyCommand):
    """Save a page and its record; pytest replays it from then on."""

    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False, "RETRY_ENABLED": False}

    def syntax(self) -> str:
        return "[options] URL|PATH"

    def short_desc(self) -> str:
        return "Save a page as a test fixture beside the record that it gives"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--url", metavar="URL", help="address of the page, when PATH is given (default what the page says)"
        )
        parser.add_argument(
            "--captured-at", metavar="TIME", help="capture time (default when it was fetched; for a PATH, now)"
        )
        parser.add_argument("--name", metavar="NAME", help="name of the fixture (default the article's slug)")
        parser.add_argument("--about", metavar="TEXT", default="", help="what the page tests, in one sentence")
        parser.add_argument(
            "--folder", metavar="FOLDER", default="tests/fixtures", help="where to save (default tests/fixtures)"
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="replace a fixture of this name; PATH may be its page, which says the rest",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options, and check the settings."""
        with usage_errors():  # --pidfile, for example
            super().process_options(args, opts)
            assert self.settings is not None
            check_settings(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Save the page and its record; exit status 1 if the page cannot be fetched or the fixture exists."""
        refuse_unknown_options(args)
        if len(args) != 1:
            raise UsageError("name one URL or PATH")
        saved = _saved(Path(args[0])) if opts.update else {}
        for name in ("url", "captured_at", "about"):
            setattr(opts, name, getattr(opts, name) or saved.get(name, ""))
        try:
            html, url, captured_at, content_type = self._load(args[0], opts)
        except (OSError, ValueError) as error:
            why = f"{args[0]} cannot be read: {getattr(error, 'strerror', None) or error}"
            if isinstance(error, FileNotFoundError | ValueError):  # the latter: an invalid URL
                raise UsageError(why) from None
            fail(self, why)
            return
        fixture: dict[str, Any] = {"url": url, "captured_at": format_utc(captured_at), "about": opts.about}
        content_type = content_type or saved.get("headers", {}).get("Content-Type")
        if content_type:
            fixture["headers"] = {"Content-Type": content_type}
        folder = _add_record(fixture, html, Capture(url, captured_at), saved.get("record"))
        name = re.sub(r"[^\w-]+", "-", opts.name or urls.slug(url) or "home")[:80]
        path = Path(args[0]) if saved else Path(opts.folder) / folder / f"{name}.html"
        if path.exists() and not opts.update:
            fail(self, f"{path} exists; give another --name, or --update")
            return
        self._save(path, html, fixture)

    def _save(self, path: Path, html: bytes, fixture: dict[str, Any]) -> None:
        """Write the page, and beside it what it must give."""
        expected = path.with_suffix(".json")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(html)
            expected.write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            fail(self, f"{path} cannot be written: {error.strerror}")
            return
        show(f"{path} and {expected.name}: check the record against the page, then commit both")

    def _load(self, source: str, opts: argparse.Namespace) -> tuple[bytes, str, datetime, str | None]:
        """Return a page's HTML, its URL, its capture time in UTC, and its Content-Type if it was fetched.

        Raises:
            OSError, ValueError: if it cannot be read.
            UsageError: if its URL is not known, or the capture time makes no sense.
        """
        captured_at = datetime.now(UTC)
        content_type = None
        if source.startswith(("http://", "https://")):
            response = self._fetch(source)
            html, url = response.body, response.url
            content_type = header(response, "Content-Type") or None
            captured_at, _ = capture_time(response)
        else:
            html = Path(source).read_bytes()
            kept = _KEPT_URL.match(html)  # in a page that a crawl kept as rejected
            url = opts.url or (kept[1].decode() if kept else _stated_url(html))
            if not url.startswith(("http://", "https://")):
                raise UsageError("give the page's address with --url")
        if opts.captured_at:
            try:
                captured_at = read_user_date(opts.captured_at, captured_at)
            except (ValueError, OverflowError) as error:
                raise UsageError(f"--captured-at: {error}") from error
        return html, url, captured_at.replace(microsecond=0), content_type

    def _fetch(self, url: str) -> Response:
        """Fetch a page as a crawl of its site would, but without retries, and without recording it.

        Raises:
            OSError, ValueError: if it cannot be fetched.
        """
        assert self.settings is not None
        assert self.crawler_process is not None
        site = urljoin(url, "/")
        if not urls.host(site) or " " in site:
            raise ValueError("it is not a URL")
        changed = {"IFP_SITE": site, "IFP_ARCHIVE": None, "JOBDIR": None, "USER_AGENT": user_agent(self.settings)}
        self.settings.setdict(changed, priority="cmdline")
        crawler = self.crawler_process.create_crawler(_PageSpider)
        self.crawler_process.crawl(crawler, request=Request(url))
        self.crawler_process.start()
        assert isinstance(crawler.spider, _PageSpider)
        if isinstance(crawler.spider.page, str):
            raise OSError(crawler.spider.page)
        return crawler.spider.page


class _PageSpider(Spider):
    """Fetches one page, and has no output."""

    name = "fixture"
    request: Request
    page: Response | str = "it was stopped; if not by you, -L ERROR says why"
    """The page, or why there is none."""

    async def start(self) -> AsyncIterator[Any]:
        """Fetch the page; nothing is yielded."""
        assert self.crawler.engine is not None
        try:
            page = await self.crawler.engine.download_async(self.request)
            self.page = _fault(page) or page
        except Exception as error:
            self.page = in_words(error)
        return
        yield  # makes this a generator, as Scrapy requires


def _fault(page: Response) -> str | None:
    """Return why a crawl would not read a page; None if it would."""
    if (reason := refusal(page)) is not None:
        return reason
    if page.status not in OF_PAGES:
        return f"status {page.status}"
    if not page.body.strip():
        return "an empty answer"
    return "the site is out of order" if out_of_order(page) else None


def _stated_url(html: bytes) -> str:
    """Return the URL that a page says it has, or, of an AMP page, is likely to have; empty if it says nothing."""
    document = Document(html)
    link = next(iter(document.tree.find('link[rel="canonical"]')), None)
    url = (link.get("href") or "") if link is not None else ""
    is_amp = not {"amp", "⚡"}.isdisjoint(document.root.keys())
    return urls.amp_address(url, "amp/") if is_amp and url else url


def _add_record(fixture: dict[str, Any], html: bytes, capture: Capture, before: dict[str, Any] | None) -> str:
    """Add to a fixture what the page gives, and return the name of the folder that it belongs in.

    Args:
        fixture: its URL, capture time, headers and what it is about.
        html: the page.
        capture: where and when it was captured.
        before: the record of the fixture that this one replaces; only its fields are kept.
    """
    content_type = fixture.get("headers", {}).get("Content-Type")
    try:
        article = read_article(html, capture, content_type)
    except UnreadablePage as error:
        fixture["unreadable"] = True
        fixture["about"] = fixture["about"] or str(error)
        return "unreadable"
    if article is None:
        fixture["record"] = None
        return "no-article"
    record = to_dict(article)
    del record["extractor_version"]  # every version must give the same record
    fixture["record"] = {name: value for name, value in record.items() if name in (before or record)}
    return article.layout


def _saved(page: Path) -> dict[str, Any]:
    """Return what is saved beside a fixture's page; empty if this is not such a page."""
    try:
        saved = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return saved if isinstance(saved, dict) and "captured_at" in saved else {}
