"""README.md and docs/ are tested: every command line, every Python snippet, every doctest, every link.

Commands run offline in a folder that has the files they name; a live crawl runs against the test site.
"""

from __future__ import annotations

import doctest
import importlib
import io
import json
import re
import shlex
import shutil
import sqlite3
import textwrap
import time
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fastwarc.warc import ArchiveIterator

from ifp_scraper import options
from ifp_scraper.analysis.export import export
from ifp_scraper.analysis.tables import FORMATS
from ifp_scraper.bulk import span_reader, spans
from ifp_scraper.bulk.span_results import SpanResult, unpack_pages
from ifp_scraper.commands.schema import markdown
from ifp_scraper.items import Article
from ifp_scraper.pages import Capture, Document
from tests.crawling import FAST, ROOT, lines, scrapy
from tests.site import Site, SiteServer, make_posts, serve

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SAMPLE = ROOT / "ifp_scraper" / "data" / "sample.warc.gz"
COMMAND = re.compile(r"(?:\.venv/bin/)?(scrapy|ifp) (?=[a-z])")

MAGAZINE = """<body class="single-post"><div class="mag-story"><h1 class="mag-title">The weir</h1>
<p class="mag-author">By <a href="/author/ann/">Ann Reed</a></p><div class="mag-body">It was opened.</div></div>"""
"""A page of the layout that docs/layouts.md adds."""

EXEMPT = {
    "scrapy extract /shared/ifpnews/ -o output/commoncrawl.jsonl --dask tcp://10.0.0.1:8786": (
        "needs a cluster: tests/test_dask_executor.py runs it on one"
    ),
}
"""Commands that are not run here, and why. Only code blocks count as commands, not running text."""


def blocks(page: Path) -> list[str]:
    """The code blocks of a page, fenced or indented."""
    found: list[list[str]] = []
    fenced = inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced, inside = not fenced, False
            if fenced:
                found.append([])
        elif fenced or (inside and not line):
            found[-1].append(line)
        elif line.startswith("    "):
            if not inside:
                found.append([])
            found[-1].append(line)
            inside = True
        else:
            inside = False
    return [textwrap.dedent("\n".join(block)).strip("\n") for block in found]


def commands() -> list[str]:
    """Every command of the pages, once each; of several on one line, the last."""
    found = {}
    for page in PAGES:
        for block in blocks(page):
            for line in block.splitlines():
                if COMMAND.match(last := line.rpartition("&& ")[2]):
                    # Redirections and pipes are left out.
                    found[re.split(r" (?:\d?>|\|)", last.removeprefix(".venv/bin/"))[0].strip()] = page
    return list(found)


def snippets(page: Path) -> list[str]:
    """The Python code blocks of a page; a block that begins like Python must be valid."""
    found = []
    for block in blocks(page):
        if ">>>" in block:
            continue
        try:
            compile(block, page.name, "exec")
        except SyntaxError:
            assert not re.match(r"(?:import \w|from \w+[\w.]* import|def \w|class \w)", block), block
        else:
            found.append(block)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[SiteServer]:
    with serve(Site(make_posts(6, seed=21)), sitemap="yoast") as running:
        yield running


@pytest.fixture(scope="module")
def crawled(server: SiteServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the output of a crawl, and the files that commands name."""
    folder = tmp_path_factory.mktemp("crawled")
    run = scrapy("crawl", "ifp", "-s", f"IFP_SITE={server.url}", *FAST, cwd=folder)
    assert run.status == 0, run.err
    assert len(lines(folder / "output" / "ifp.jsonl")) >= 4
    for name in ("ifpnews.warc.gz", "recording.warc.gz"):
        shutil.copy(SAMPLE, folder / name)
    shutil.copy(ROOT / "tests" / "fixtures" / "amp-swift" / "all-on.html", folder / "page.html")
    return folder


@pytest.fixture
def folder(crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    there = tmp_path / "here"
    shutil.copytree(crawled, there)
    monkeypatch.chdir(there)
    return there


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in commands() if command not in EXEMPT])
def test_command_runs(command: str, server: SiteServer, folder: Path) -> None:
    _, verb, *words = shlex.split(command)
    if verb == "crawl" and "ifp" not in words:
        words.insert(0, "ifp")  # `ifp crawl`
    if verb in ("crawl", "audit") and "archive=" not in command:
        words += ["-s", f"IFP_SITE={server.url}", *FAST]
    if "archive=recording.warc.gz" in words:  # so that the sample's pages are not those of the crawl before
        shutil.copy(SAMPLE, "recording.warc.gz")
    elif "IFP_ARCHIVE=recording.warc.gz" in words:
        Path("recording.warc.gz").unlink()
    run = scrapy(verb, *words, cwd=folder)
    assert run.status == 0, run.err
    assert "Traceback" not in run.err
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "-o":
            assert Path(following).stat().st_size, f"{following} is empty"
    if "IFP_ARCHIVE=recording.warc.gz" in words:
        assert Path("recording.warc.gz").stat().st_size


def test_exempt_commands_are_still_there() -> None:
    assert set(EXEMPT) <= set(commands())
    assert len(commands()) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=lambda page: page.name)
def test_snippets_run(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas", reason='needs the extra "data"')
    monkeypatch.setattr(urllib.request, "urlopen", common_crawl)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    url = "https://ifpnews.com/a-story/"
    space: dict[str, Any] = {"__name__": "snippet", "url": url, "html": Path("page.html").read_bytes()}
    counts: list[int] = []
    if page.name == "tables.md":
        articles = add_moved_articles(Path("output/ifp.jsonl"))
        for form in FORMATS:
            export("output/ifp.jsonl", form)
    for snippet in snippets(page):
        if "import datasets" in snippet and not find_spec("datasets"):
            continue
        exec(compile(snippet, page.name, "exec"), space)
        counts += [len(space["articles"])] if "    articles = " in f"    {snippet}" else []
    if page.name == "scale.md":
        fetched = span_reader.read_span(spans.cut_spans([Path("ifpnews.warc.gz")])[0], "https://ifpnews.com")
        whole = span_reader.read_span(spans.cut_spans([SAMPLE])[0], "https://ifpnews.com")
        assert read_articles(fetched) == read_articles(whole)
    if page.name == "layouts.md":
        magazine = space["MagazinePage"](Document(MAGAZINE), Capture(url))
        assert (magazine.headline, magazine.byline) == ("The weir", "Ann Reed")
        assert [block["text"] for block in magazine.to_article().blocks] == ["It was opened."]
    if page.name == "tables.md":
        assert set(counts) == {articles}
        assert sum(space["by_month"]) == articles
        assert sorted(space["edited"].revision) == [1, 1, 2, 2]
        then, now = (set(space[name].url) for name in ("then", "articles"))
        assert (len(space["then"]), now - then) == (articles, {"https://ifpnews.com/moved/"})
        [query] = re.findall(r'duckdb.sql\("""(.+?)"""', page.read_text(encoding="utf-8"), re.DOTALL)
        assert len(importlib.import_module("duckdb").sql(query.replace("LIMIT 10", "")).fetchall()) == articles
        assert "dataset" not in space or len(space["dataset"]) == len(space["articles"])
        assert space["newest"].fetchall()
        for path, query in re.findall(r'sqlite3 (\S+) "(.+)"', page.read_text(encoding="utf-8")):
            assert len(sqlite3.connect(path).execute(query.replace("bridge", "the")).fetchall()) > 1
    if page.name == "README.md":
        assert space["record"]["fetched_at"] == "2024-05-06T06:00:00Z"


def add_moved_articles(out: Path) -> int:
    """Add lines of articles whose URL or ID changed, is not known, or was another's; return their number."""
    known = lines(out)
    first, second = (json.dumps(line) for line in known[:2])
    url, id = known[0]["url"], known[0]["id"]
    added = [
        first.replace(url, "https://ifpnews.com/moved/")
        .replace('"revision": 1', '"revision": 2')
        .replace('"fetched_at": "2026-06', '"fetched_at": "2026-07'),
        second.replace(f'"id": {known[1]["id"]}', '"id": 70006').replace('"reread": false', '"reread": true'),
    ]
    assert id
    for revision in (1, 2):  # an article whose pages show no ID
        added.append(json.dumps({**known[2], "id": None, "url": "https://ifpnews.com/no-id/", "revision": revision}))
    later = {**known[3], "url": "https://ifpnews.com/late-id/"}
    added += [json.dumps({**later, "id": None}), json.dumps({**later, "id": 70007, "reread": True})]
    added.append(json.dumps({**known[4], "id": 70008, "published_at": "2026-01-01T00:00:00Z"}))  # at a slug used again
    with out.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in added)
    return len(known) + 3


def read_articles(result: SpanResult) -> list[Article | None]:
    return [page.article for packed in result.pages.values() for page in unpack_pages(packed)]


def common_crawl(request: urllib.request.Request, timeout: float) -> io.BytesIO:
    """Answer as Common Crawl would if it held the sample alone."""
    url = request.full_url
    if url.endswith("/collinfo.json"):
        return io.BytesIO(b'[{"id": "CC-MAIN-1", "cdx-api": "https://index.commoncrawl.org/CC-MAIN-1-index"}]')
    if "showNumPages" in url:
        return io.BytesIO(b'{"pages": 1, "pageSize": 5, "blocks": 1}')
    if "-index?" in url:
        with SAMPLE.open("rb") as stream:
            ends = [(r.stream_pos, r.headers.get("WARC-Target-URI"), r.is_http) for r in ArchiveIterator(stream)]
        starts = [*(at for at, _, _ in ends), SAMPLE.stat().st_size]
        return io.BytesIO(
            "\n".join(
                json.dumps(
                    {
                        "url": target,
                        "digest": str(at),
                        "filename": "sample.warc.gz",
                        "offset": str(at),
                        "length": str(end - at),
                    }
                )
                for (at, target, is_http), end in zip(ends, starts[1:], strict=True)
                if is_http
            ).encode()
        )
    first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
    return io.BytesIO(SAMPLE.read_bytes()[first : last + 1])


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in page.read_text()], ids=lambda page: page.name)
def test_examples_are_true(page: Path) -> None:
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert result.attempted
    assert not result.failed


MODULES = [path for path in sorted((ROOT / "ifp_scraper").rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples_of_docstrings_are_true(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_install_lines_name_what_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"])
    installs = [
        line for page in PAGES for line in page.read_text().splitlines() if re.search(r"\bpip3? install", line)
    ]
    assert len(installs) >= 3
    for line in installs:
        for named in re.findall(r"(?:ifp-scraper|\.)\[([\w,-]+)\]", line):
            assert set(named.split(",")) <= extras, line
    for line in (line for line in installs if line.startswith("    python3 -m venv")):
        first, second, third = line.strip().split(" && ")
        assert first == "python3 -m venv .venv"
        assert re.fullmatch(r"\.venv/bin/pip install -q (?:\.|-e '\.\[test\]')", second)
        assert third.startswith((".venv/bin/scrapy crawl ifp", ".venv/bin/python -m pytest"))


def test_record_is_what_the_command_prints() -> None:
    text = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
    assert text == markdown(), "run: scrapy schema --markdown > docs/record.md"
    run = scrapy("schema", "--markdown")
    assert run.status == 0, run.err
    assert run.out == text


def test_architecture_names_every_module() -> None:
    named = Counter(
        re.findall(r"`(?:\w+/)*(\w+\.py)`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    )
    modules = Counter(path.name for path in (ROOT / "ifp_scraper").rglob("*.py") if path.name != "__init__.py")
    assert modules - named == Counter(), "not named, or fewer times than there are modules of this name"
    tests = {path.name for path in (ROOT / "tests").glob("*.py")}
    assert set(named) - set(modules) - tests == {"__init__.py"}


def test_readme_names_every_argument() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:-a | or )(\w+)=", text)) == set(options.ARGUMENTS)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target
