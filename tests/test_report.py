"""The report, read as a file and in a browser. All texts are invented."""

import base64
import gzip
import hashlib
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.analysis.report import write_report
from ifp_scraper.items import Article, Image, encode
from tests.browser import CHROMIUM, dump
from tests.crawling import scrapy

SITE = "https://ifpnews.com"
ATTACK = "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">\u2028"


def article(number: int, **fields: Any) -> Article:
    values: dict[str, Any] = {
        "id": number,
        "url": f"{SITE}/story-{number}/",
        "headline": f"Story {number}",
        "byline": "IFP Editorial Staff",
        "sections": ["Politics"],
        "blocks": [{"kind": "paragraph", "text": f"The sluice number {number} was opened."}],
        "body": f"The sluice number {number} was opened.",
        "word_count": 6,
        "published_at": f"2020-03-{number % 28 + 1:02}T21:30:00Z",
        "layout": "newspaper",
        "fetched_at": "2024-05-01T00:00:00Z",
    }
    return Article(**{**values, **fields})


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "ifp.jsonl"
    lines = [
        *(article(number) for number in range(1, 41)),
        article(
            50,
            headline="Zebra " + ATTACK,
            byline=ATTACK,
            sections=[ATTACK],
            lead=ATTACK,
            blocks=[{"kind": "paragraph", "text": ATTACK}],
            images=[Image("javascript:document.title='pwned'", "javascript:document.title='pwned'", caption=ATTACK)],
            layout=ATTACK,
        ),
        article(1, revision=2, headline="Story 1 as edited"),
        article(51, published_at=None),
    ]
    path.write_bytes(b"".join(map(encode, lines)))
    rejected = {
        "url": f"{SITE}/about/",
        "reason": "static-page " + ATTACK,
        "layout": "newspaper",
        "time": "2024-05-01T00:00:00Z",
    }
    (tmp_path / "ifp.rejected.jsonl").write_text(json.dumps(rejected) + "\n{torn")
    run = {"started_at": "2024-05-01T00:00:00Z", "command": "scrapy crawl ifp " + ATTACK, "counts": {"new": 42}}
    (tmp_path / "ifp.runs.jsonl").write_text(json.dumps(run) + "\n")
    target = tmp_path / "report.html"
    assert write_report(path, target) == 42
    return target


def data_of(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found
    return json.loads(found[1])


def rows_of(dom: str) -> list[str]:
    body = re.search(r'<table id="list">.*?<tbody>(.*?)</tbody>', dom, re.DOTALL)
    assert body
    return [html.unescape(each) for each in re.findall(r'class="open">(.*?)</button>', body[1])]


def test_the_index_counts_what_is_there(page: Path) -> None:
    data = data_of(page)
    assert (data["lines"], data["corrupt"], len(data["articles"]["url"])) == (43, 0, 42)
    assert data["articles"]["published"][-1] is None
    assert data["articles"]["headline"].index("Story 1 as edited") >= 0
    assert data["filled"]["newspaper"]["2020"]["articles"] == 40
    assert data["filled"]["newspaper"]["2020"]["body"] == 40
    assert data["reasons"][0][1:] == ["newspaper", 1]
    assert data["runs"][0]["counts"] == {"new": 42}


def test_a_day_is_a_day_in_tehran(page: Path) -> None:
    articles = data_of(page)["articles"]
    at = articles["url"].index(f"{SITE}/story-2/")
    assert articles["day"][at] * 86400 == 1583280000  # 4 March; in UTC it is still the 3rd
    assert articles["published"][at] == 1583271000


def test_a_year_is_a_year_in_tehran(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode(article(1, published_at="2020-12-31T21:00:00Z")))
    write_report(path, tmp_path / "report.html")
    assert list(data_of(tmp_path / "report.html")["filled"]["newspaper"]) == ["2021"]


def test_the_first_and_last_of_all_days(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    times = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    path.write_bytes(b"".join(encode(article(at, published_at=time)) for at, time in enumerate(times, 1)))
    assert write_report(path, tmp_path / "report.html") == 2
    assert data_of(tmp_path / "report.html")["articles"]["day"] == [2932896, -719162]


def test_a_page_read_since_is_no_longer_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode(article(1)) + encode(article(2)))
    pages = [(1, "2024-04-30T00:00:00Z"), (2, "2024-05-02T00:00:00Z"), (3, "2024-05-02T00:00:00Z")]
    lines = [{"url": f"{SITE}/story-{number}/", "reason": "unreadable", "time": time} for number, time in pages]
    (tmp_path / "a.rejected.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, lines[-1]]))
    write_report(path, tmp_path / "r.html")
    data = data_of(tmp_path / "r.html")
    assert data["reasons"] == [["unreadable", "", 2]]
    assert data["rejected"] == [[f"{SITE}/story-{at}/", "unreadable", "", "2024-05-02T00:00:00Z"] for at in (3, 2)]
    (tmp_path / "a.rejected.jsonl").write_text(json.dumps({"url": f"{SITE}/story-1/"}))  # nobody knows when
    write_report(path, tmp_path / "r.html")
    assert data_of(tmp_path / "r.html")["rejected"] == []


def test_what_is_gone_and_what_has_the_text_of_another_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    warned = article(1, warnings=["no-byline"])
    lines = [warned, article(2, duplicate_of=f"{SITE}/story-1/"), article(3, status="gone")]
    path.write_bytes(b"".join(map(encode, lines)))
    write_report(path, tmp_path / "r.html")
    data = data_of(tmp_path / "r.html")
    assert data["articles"]["state"] == ["gone", "duplicate", ""]
    assert data["warnings"] == [["no-byline", "the page prints no author", 1]]


def texts_of(page: Path) -> list[list[dict[str, Any]]]:
    pieces = re.findall(r'<script type="text/plain" id="piece(\d+)">([\w+/=]+)</script>', page.read_text())
    assert [number for number, _ in pieces] == [str(number) for number in range(len(pieces))]
    return [json.loads(gzip.decompress(base64.b64decode(packed))) for _, packed in pieces]


@pytest.mark.parametrize(("size", "count"), [(400_000, 1), (200, 3), (1, 5)])
def test_texts_are_there_once_and_packed(
    tmp_path: Path, size: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ifp_scraper.analysis.report._PIECE", size)
    path = tmp_path / "a.jsonl"
    images = [Image(f"{SITE}/a-1x1.jpg", f"{SITE}/a.jpg", "alt")]
    path.write_bytes(b"".join(encode(article(number, images=images)) for number in range(1, 6)))
    write_report(path, tmp_path / "r.html")
    pieces, articles = texts_of(tmp_path / "r.html"), data_of(tmp_path / "r.html")["articles"]
    assert (len(pieces), sum(map(len, pieces))) == (count, 5)
    for url, piece, place in zip(articles["url"], articles["piece"], articles["place"], strict=True):
        text = pieces[piece][place]
        assert text["blocks"] == [["paragraph", f"The sluice number {url[-2]} was opened."]]
        assert text["images"] == [[f"{SITE}/a.jpg", "alt"]]


def test_beyond_the_limit_only_the_newest_texts_are_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [encode(article(number)) for number in range(1, 20)]
    path.write_bytes(b"".join([*lines[9:], *lines[:9], encode(article(20, published_at=None))]))
    write_report(path, tmp_path / "r.html", text_limit=70)
    pieces = data_of(tmp_path / "r.html")["articles"]["piece"]
    assert pieces == [0, 0] + [-1] * 18


def test_the_policy_allows_only_this_script_and_style(page: Path) -> None:
    text = page.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        source = text.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    own = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    loads = r"\bsrc(set)?=|@import|url\(|<link|innerHTML|outerHTML|insertAdjacent|document\.write"
    assert not re.search(loads, own)


def test_nothing_of_the_site_is_markup_in_the_file(page: Path) -> None:
    data = page.read_text().split('id="data">')[1].split("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(data)
    assert "pwned" in data


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert write_report(tmp_path / "a.jsonl", tmp_path / "r.html") == 0
    if CHROMIUM:
        assert "No article has a date." in dump(tmp_path / "r.html")


def test_browser_shows_all_parts(page: Path) -> None:
    dom = dump(page)
    assert "<title>42 articles of Iran Front Page</title>" in dom
    assert len(rows_of(dom)) == 25
    assert "Page 1 of 2" in dom
    assert 'aria-sort="descending"' in dom
    for words in (
        "2020: 41 articles",
        "Articles by section",
        "all layouts",
        "Story 1 as edited",
        "static-page",
        '<td class="n">42</td>',
    ):
        assert words in dom


def test_browser_keeps_attacks_inert(page: Path) -> None:
    dom = dump(page, f"article={SITE}/story-50/")
    assert "pwned</title>" not in dom
    assert "<img" not in dom
    assert 'href="javascript' not in dom
    assert re.search(r"<dialog[^>]* open", dom)
    assert "<li><span>javascript:document.title='pwned'</span>" in dom
    assert dom.count("<script") == page.read_text().count("<script")


def test_browser_cuts_what_is_very_long(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        encode(article(1, headline="A" * 3000, byline="B" * 3000, sections=["C" * 3000]))
    )
    write_report(tmp_path / "a.jsonl", tmp_path / "r.html")
    dom = dump(tmp_path / "r.html")
    assert rows_of(dom) == ["A" * 300 + "…"]
    assert f'<option value="{"B" * 3000}">{"B" * 100}…</option>' in dom
    assert f'<h2 id="reader-h" dir="auto" tabindex="-1">{"A" * 3000}</h2>' in dump(
        tmp_path / "r.html", f"article={SITE}/story-1/"
    )


def test_browser_search_filters_rows(page: Path) -> None:
    assert rows_of(dump(page, "q=edited")) == ["Story 1 as edited"]
    dom = dump(page, "q=sluice&sort=headline")
    assert rows_of(dom) == []
    assert "0 of 42 articles; the texts were not searched" in dom


def test_browser_search_in_texts(page: Path) -> None:
    dom = dump(page, "q=sluice+number+17&deep=1")
    assert rows_of(dom) == ["Story 17"]
    assert "1 of 42 articles" in dom


def test_browser_says_which_texts_it_cannot_search(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(encode(article(number)) for number in range(1, 6)))
    write_report(path, tmp_path / "r.html", text_limit=70)
    dom = dump(tmp_path / "r.html", "q=sluice&deep=1")
    assert "2 of 5 articles; not searched: the texts of the 3 oldest, which this report does not hold" in dom


def test_browser_sorts(page: Path) -> None:
    dom = dump(page, "sort=headline&dir=ascending&page=2")
    assert rows_of(dom)[-1].startswith("Zebra")
    assert "Page 2 of 2" in dom


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        ([], 1, "no such file: output/ifp.jsonl"),
        (["a", "b"], 2, "one FILE"),
        (["--text", "x"], 2, "--text"),
        (["--nonsense"], 2, "--nonsense"),
        (["none.jsonl"], 2, "no such file: none.jsonl\n"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, args: list[str], status: int, said: str) -> None:
    run = scrapy("report", *args, cwd=tmp_path)
    assert (run.status, "Traceback" in run.err) == (status, False)
    assert said in run.err
    assert list(tmp_path.glob("*.html")) == []


def test_the_command_names_the_files_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    for name in ("sample.jsonl", "a.runs.jsonl"):
        (tmp_path / "output" / name).touch()
    assert "name a FILE, e.g. output/sample.jsonl\n" in scrapy("report", cwd=tmp_path).err


def test_the_command_says_in_words_where_nothing_can_be_written(page: Path) -> None:
    file = page.parent / "ifp.jsonl"
    for place in ("/proc/report.html", file / "report.html"):
        run = scrapy("report", file, "-o", place, cwd=page.parent)
        assert (run.status, "choose another place with -o" in run.err, "Errno" in run.err) == (1, True, False)
        assert "partial" not in run.err


def test_the_command(page: Path) -> None:
    (page.parent / "output").mkdir()
    shutil.copy(page.parent / "ifp.jsonl", page.parent / "output")
    run = scrapy("report", "-o", "mine.html", cwd=page.parent)
    assert (run.status, run.err) == (0, "")
    assert run.out == "mine.html: 42 articles\n"
    assert (page.parent / "mine.html").stat().st_size > 20_000


def test_persian_reads_from_right_to_left(tmp_path: Path) -> None:
    text = "سد باز شد."
    path = tmp_path / "a.jsonl"
    path.write_bytes(encode(article(1, headline=text, lead=text, blocks=[{"kind": "paragraph", "text": text}])))
    write_report(path, tmp_path / "report.html")
    shown = dump(tmp_path / "report.html", f"article={SITE}/story-1/")
    assert len(re.findall(rf'dir="auto"[^>]*>(?:<strong>)?{text}', shown)) == 4  # in the list, and as the open article


@pytest.mark.parametrize("name", ["ifp.jsonl", "ifp.runs.jsonl", "notes.txt", "."])
def test_only_a_page_is_replaced(page: Path, name: str) -> None:
    (page.parent / "notes.txt").write_text("precious")
    before = {path: path.read_bytes() for path in page.parent.iterdir()}
    with pytest.raises(FileExistsError, match="exists and is not a web page"):
        write_report(page.parent / "ifp.jsonl", page.parent / name)
    assert {path: path.read_bytes() for path in page.parent.iterdir()} == before


def test_a_link_to_a_page_is_followed(page: Path) -> None:
    link = page.parent / "index.html"
    link.symlink_to(page)
    page.write_bytes(b"")
    write_report(page.parent / "ifp.jsonl", link)
    assert link.is_symlink()
    assert page.stat().st_size


def test_a_page_is_replaced_and_its_folder_made(page: Path) -> None:
    new = page.parent / "new" / "folder" / "report.html"
    for _ in range(2):
        assert write_report(page.parent / "ifp.jsonl", new) == 42
    assert [path.name for path in new.parent.iterdir()] == ["report.html"]


def test_damaged_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(encode(article(1)) + b"{}\n{")
    write_report(tmp_path / "a.jsonl", tmp_path / "report.html", tell=lambda sentence: None)
    data = data_of(tmp_path / "report.html")
    assert (data["lines"], data["corrupt"]) == (1, 2)


def test_a_line_beside_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(encode(article(1)))
    (tmp_path / "a.runs.jsonl").write_text('{"requests": 1}\n' + "[" * 100_000 + '\n7\n{"requests": 2}\n')
    assert write_report(tmp_path / "a.jsonl", tmp_path / "report.html") == 1
    assert data_of(tmp_path / "report.html")["runs"] == [{"requests": 2}, {"requests": 1}]
