"""Other extractors, each in its own virtual environment, called page by page.

Each peer has a function that takes a page and returns headline, authors, published, body, and sections and tags if the
peer has them; speed.py and quality.py compare with these. Nothing here imports ifp_scraper: the same file, run by a
peer's own Python (``python peers.py NAME``), is the worker that runs the peer and replies on standard output.

fundus is not included: it needs a parser written for each publisher, and has none for these.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ifp_scraper" / "peers"

Record = dict[str, Any]


def trafilatura(html: bytes, url: str) -> Record:
    from trafilatura import bare_extraction

    found = bare_extraction(html, url=url, with_metadata=True)
    if found is None:
        return _record(None, "", authors=[], published=None, sections=[], tags=[])
    authors = (found.author or "").split("; ") if found.author else []
    return _record(
        found.title,
        found.text,
        authors=authors,
        published=found.date,
        sections=found.categories or [],
        tags=found.tags or [],
    )


def newspaper4k(html: bytes, url: str) -> Record:
    import newspaper

    article = newspaper.Article(url, fetch_images=False)
    article.download(input_html=html.decode("utf-8", "replace"))
    article.parse()
    return _record(article.title, article.text, authors=article.authors, published=article.publish_date)


def news_please(html: bytes, url: str) -> Record:
    from newsplease import NewsPlease

    article = NewsPlease.from_html(html.decode("utf-8", "replace"), url=url, fetch_images=False)
    return _record(article.title, article.maintext, authors=article.authors, published=article.date_publish)


def readability(html: bytes, url: str) -> Record:
    from lxml.html import fragment_fromstring
    from readability import Document

    document = Document(html.decode("utf-8", "replace"), url=url)
    body = fragment_fromstring(document.summary(html_partial=True), create_parent="div")
    for paragraph in body.iter("p", "h1", "h2", "h3", "h4", "li", "blockquote", "tr", "br"):
        paragraph.tail = "\n" + (paragraph.tail or "")
    return _record(document.short_title(), body.text_content(), authors=[document.author()])


def resiliparse(html: bytes, url: str) -> Record:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse_from_bytes(html)
    return _record(tree.title, extract_plain_text(tree, main_content=True))


def turbohtml(html: bytes, url: str) -> Record:
    import turbohtml

    article = turbohtml.parse(html).article()
    return _record(article.title, article.text, authors=[article.byline], published=article.date)


PEERS: dict[str, tuple[Callable[[bytes, str], Record], list[str]]] = {
    "trafilatura": (trafilatura, ["trafilatura", "lxml_html_clean"]),
    "newspaper4k": (newspaper4k, ["newspaper4k"]),
    "news-please": (news_please, ["news-please"]),
    "readability-lxml": (readability, ["readability-lxml"]),
    "resiliparse": (resiliparse, ["resiliparse"]),
    "turbohtml": (turbohtml, ["turbohtml"]),
}
"""By name: the function, and the pip requirement."""


def _record(headline: str | None, body: str | None, **more: Any) -> Record:
    """Return headline and body, and whatever else the peer has: authors, published, sections, tags."""
    record: Record = {"headline": headline, "body": body or ""}
    for name, value in more.items():
        if name == "published":
            record[name] = str(value) if value else None
        else:
            record[name] = [one for one in value or () if one]
    return record


class Peer:
    """A peer running in its own process; installed on first use, which takes a minute."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [self._python(), __file__, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _python(self) -> Path:
        home = CACHE / f"{self.name}-{sys.version_info.major}.{sys.version_info.minor}"
        python = home / "bin" / "python"
        done = home / "installed"
        if not done.exists():
            print(f"installing {self.name} in {home}", file=sys.stderr)
            venv.create(home, with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *PEERS[self.name][1]], check=True)
            done.touch()
        return python

    @property
    def version(self) -> str:
        """Return the version of the peer's package."""
        code = f"import importlib.metadata as m; print(m.version('{PEERS[self.name][1][0]}'))"
        return subprocess.run([self._python(), "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    def ask(self, page: Path, url: str) -> tuple[int, Record]:
        """Read a saved page; return the nanoseconds of CPU time, and the record.

        Raises:
            RuntimeError: if the peer failed on this page, or has died.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(page), url]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended with status {self._process.wait()}")
        spent, record, error = json.loads(answer)
        if error:
            raise RuntimeError(f"{self.name}: {error}")
        return spent, record

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def work(name: str) -> None:
    """Serve requests, one per line (the page's file and URL), with replies of time spent, record and error."""
    read = PEERS[name][0]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # keep a peer's own output out of the replies
    for line, number in zip(sys.stdin, itertools.count(), strict=False):
        page, url = json.loads(line)
        html = Path(page).read_bytes() + b"<!-- %d -->" % number  # no two alike, to defeat page caches
        record: Record = {}
        error = None
        begin = time.process_time_ns()
        try:
            record = read(html, url)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        spent = time.process_time_ns() - begin
        answers.write(json.dumps([spent, record, error]) + "\n")
        answers.flush()


if __name__ == "__main__":
    # A module in this file's folder would hide a peer of the same name.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    with contextlib.suppress(KeyboardInterrupt):
        work(sys.argv[1])
