"""Arguments are accepted, or rejected with a message that says what is allowed."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings, default_settings

from ifp_scraper.check_settings import check_settings
from ifp_scraper.commands import reason, show
from ifp_scraper.options import ARGUMENTS, BadArgument, Options, read_options
from tests.crawling import ROOT, scrapy

SITE = "https://ifpnews.com"
NOW = datetime(2024, 5, 6, 12, tzinfo=UTC)


def read(**arguments: str) -> Options:
    return read_options(arguments, SITE, NOW)


def test_dates_are_those_of_tehran() -> None:
    options = read(since="2024-05-01", until="2024-05-02T18:00", refresh="3 days ago")
    assert options.since == datetime(2024, 4, 30, 20, 30, tzinfo=UTC)
    assert options.until == datetime(2024, 5, 2, 14, 30, tzinfo=UTC)
    assert options.refresh is not None
    assert options.refresh.date() == datetime(2024, 5, 3).date()
    assert read(since="2024-05-01T00:00:00Z").since == datetime(2024, 5, 1, tzinfo=UTC)


def test_since_is_inside_until_is_not() -> None:
    options = read(since="2024-05-01T00:00Z", until="2024-05-02T00:00Z")
    assert options.covers(options.since)
    assert not options.covers(options.until)
    assert options.covers(None)
    assert [read(since=day).covers(NOW) for day in ("2024", "2025")] == [True, False]
    assert [read(until=day).covers(NOW) for day in ("2024", "2025")] == [False, True]


def test_defaults() -> None:
    options = read()
    assert options.sources == ("rest", "sitemap", "feed", "listing")
    assert (options.pages, options.limit, options.urls, options.whole_site) == ("both", None, (), True)
    assert (read(limit=" 3 ").limit, read(archive="sample").archive) == (3, "sample")
    assert read_options({}, "http://127.0.0.1:8099/").site == "http://127.0.0.1:8099"


@pytest.mark.parametrize(
    "arguments",
    [
        {"urls": f"{SITE}/a/"},
        {"since": "2024"},
        {"until": "2024"},
        {"section": "world"},
        {"limit": "3"},
        {"archive": "sample"},
    ],
    ids=str,
)
def test_only_without_these_is_it_the_whole_site(arguments: dict[str, str]) -> None:
    assert not read(**arguments).whole_site
    assert read(refresh="2024", pages="amp", sources="rest").whole_site


def test_lists(tmp_path: Path) -> None:
    assert read(sources="listing, rest,listing").sources == ("listing", "rest")
    assert read(section="/News/World/").section == "news/world"
    assert read(urls=f"{SITE}/a/, {SITE}/b/,{SITE}/a/").urls == (f"{SITE}/a/", f"{SITE}/b/")
    assert read(archive="sample", urls="http://any.example/a/").urls == ("http://any.example/a/",)
    path = tmp_path / "list"
    path.write_text(f"# missing\n{SITE}/a/\n\n{SITE}/b/ 2024-05\n")
    assert read(urls=f"@{path}").urls == (f"{SITE}/a/", f"{SITE}/b/")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as Notepad does
    assert read(urls=f"@{path}").urls == (f"{SITE}/a/", f"{SITE}/b/")


def test_urls_may_be_separated_by_spaces() -> None:
    assert read(urls=f"{SITE}/a/ {SITE}/b/,{SITE}/a/").urls == (f"{SITE}/a/", f"{SITE}/b/")


@pytest.mark.parametrize(
    ("section", "slug"),
    [
        ("Iran-News", "iran-news"),
        ("/news/world/", "news/world"),
        ("/category/iran-news/", "iran-news"),
        ("https://ifpnews.com/category/news/world/", "news/world"),
        ("https://ifpnews.com/category/iran-news/page/2/", "iran-news"),
        ("category", "category"),
    ],
)
def test_a_section_may_be_named_by_its_address(section: str, slug: str) -> None:
    assert read(section=section).section == slug


def test_a_date_may_have_persian_digits() -> None:
    assert read(since="۲۰۲۴-۰۵-۰۶") == read(since="2024-05-06")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sicne": "2024"}, r"unknown argument sicne \(did you mean since\?\); the arguments are"),
        ({"frobnicate": "2024"}, "unknown argument frobnicate; the arguments are"),
        ({"since": "the day that never was"}, "is not a date .it was not understood.; write 2024-05-06"),
        ({"since": "2024-05-06", "until": "2024-05-06"}, "must be before"),
        ({"limit": "0"}, "1 or more"),
        ({"limit": "ten"}, "1 or more"),
        ({"limit": ""}, "limit= is empty"),
        ({"sources": "rest,rss"}, "choose from rest, sitemap, feed, listing"),
        ({"sources": ","}, "choose from"),
        ({"pages": "mobile"}, "choose from both, canonical, amp"),
        ({"section": "no such/../section"}, "is not one category"),
        ({"section": "iran-news,world"}, "is not one category: write its slug"),
        ({"section": "https://ifpnews.com/"}, "is not one category"),
        ({"since": "24-05-06"}, "the year needs four digits"),
        ({"until": "1/2/24 10:00"}, "the year needs four digits"),
        ({"urls": "ifpnews.com/a/"}, "write it like https://"),
        ({"urls": "https://ifpnews.com/\udcff/"}, "is not a URL"),
        ({"urls": "https://other.example/a/"}, "is not on the site"),
        ({"urls": "@/no/such/file"}, "cannot be read"),
        ({"sources": "sitemap", "section": "iran-news"}, "does not say what is in a section"),
        ({"urls": ","}, "names no address"),
        ({"archive": "/no/such/recording.warc.gz"}, "there is no recording"),
        ({"limit": "9" * 5000}, "1 or more"),
        ({"pages": "amp\nboth"}, "pages=amp.both: choose from"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(BadArgument, match=message.replace("/", "[/]")):
        read(**arguments)


@pytest.mark.parametrize("name", [*ARGUMENTS, "no" * 2500])
def test_a_message_is_one_short_line(name: str) -> None:
    for value in ("!" * 5000, "@" + "!" * 5000, "http://" + "!" * 5000):
        with pytest.raises(BadArgument) as refused:
            read(**{name: value})
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "site",
    [
        *"ifpnews.com ftp://ifpnews.com https:// https://a.b:0 https://a.b:x https://a.b/?x=1 https://a.b/#".split(),
        *"https://:80 https://[::1 https://user:password@a.b https://a.b\\c https://a.b/iran-news/ https://a.b\x00".split(),
        *("", "https://a b", " https://a.b", "https://a.b\n", "https://a.\tb"),
    ],
)
def test_an_invalid_site(site: str) -> None:
    with pytest.raises(BadArgument, match="IFP_SITE"):
        read_options({}, site)


def project_settings(**given: str) -> Settings:
    settings = Settings()
    settings.setmodule("ifp_scraper.settings")
    settings.setdict(given, priority="cmdline")
    return settings


WHOLE = """CONCURRENT_REQUESTS CONCURRENT_REQUESTS_PER_DOMAIN IFP_MAX_LISTING_PAGES IFP_MAX_SITEMAPS IFP_MAX_POST_PAGES
IFP_FAILURES IFP_REFUSALS""".split()
DELAYS = ["DOWNLOAD_DELAY", "AUTOTHROTTLE_START_DELAY", "AUTOTHROTTLE_MAX_DELAY"]
SENSELESS = [
    *((name, value, "a whole number, 1 or more") for name in WHOLE for value in ("x", "", "0", "-1", "1.5", "nan")),
    *((name, value, "from 0 to 86400") for name in DELAYS for value in ("x", "-1", "nan", "inf", "1e300")),
    *(
        (name, "x", "a whole number, 0 or more")
        for name in ("RETRY_TIMES", "DOWNLOAD_MAXSIZE", "CLOSESPIDER_ITEMCOUNT")
    ),
    *(("DOWNLOAD_TIMEOUT", value, "0.01 or more") for value in ("x", "0", "-1", "nan", "inf")),
    ("DOWNLOAD_MAXSIZE", "-1", "0 or more"),
    ("RETRY_PRIORITY_ADJUST", "0.5", "a whole number"),
    ("REACTOR_THREADPOOL_MAXSIZE", "0", "1 or more"),
    ("DNS_TIMEOUT", "0", "0.01 or more"),
    ("IFP_GRACE", "soon", "a number, 0 or more"),
    ("IFP_MAX_SITEMAPS", "9" * 5000, "9...: it must be a whole number"),
    ("AUTOTHROTTLE_TARGET_CONCURRENCY", "0", "0.01 or more"),
    ("ROBOTSTXT_OBEY", "perhaps", "True or False"),
    ("AUTOTHROTTLE_ENABLED", "", "True or False"),
    ("IFP_START_OVER", "maybe", "True or False"),
    ("RETRY_HTTP_CODES", "500,x", "500,503"),
    ("LOG_LEVEL", "LOUD", "CRITICAL, ERROR, WARNING, INFO, DEBUG"),
    ("LOG_FORMAT", "%q", "not a format"),
    ("LOG_FILE", "/no/such/folder/log", "cannot be written"),
    ("TWISTED_REACTOR", "foo", "asyncioreactor"),
    ("TWISTED_REACTOR", "twisted.internet.selectreactor.SelectReactor", "asyncioreactor"),
    ("ASYNCIO_EVENT_LOOP", "foo", "cannot be imported"),
    ("ASYNCIO_EVENT_LOOP", "no_such.Loop", "cannot be imported"),
    ("ASYNCIO_EVENT_LOOP", "asyncio.NoSuchLoop", "cannot be imported"),
    ("IFP_CONTACT", "me\r\nX-Other: 1", "one line"),
    ("USER_AGENT", "me\nX-Other: 1", "one line"),
    ("IFP_OUTPUT", "x.csv", "must end in .jsonl; for other formats run scrapy export"),
    ("IFP_OUTPUT", "file:///tmp/x.jsonl", "is a URL: name a file"),
    ("IFP_OUTPUT", "output/ifp.runs.jsonl", "has the name of a file that is kept beside an output"),
    ("IFP_ARCHIVE", "x.zip", "must end in .warc.gz"),
    ("IFP_ARCHIV", "x.warc.gz", "the settings are IFP_SITE, "),
]


@pytest.mark.parametrize(("name", "value", "message"), SENSELESS, ids=lambda text: text[:20])
def test_settings_that_make_no_sense(name: str, value: str, message: str) -> None:
    with pytest.raises(BadArgument, match=re.escape(message)) as refused:
        check_settings(project_settings(**{name: value}))
    assert name in str(refused.value) or "output" in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


def test_settings_that_make_sense() -> None:
    given = {"DOWNLOAD_DELAY": "0.5", "DOWNLOAD_TIMEOUT": "0.5", "RETRY_TIMES": "0", "RETRY_PRIORITY_ADJUST": "-3"}
    given |= {"ROBOTSTXT_OBEY": "False", "IFP_GRACE": "0", "DOWNLOAD_MAXSIZE": "0", "LOG_LEVEL": "DEBUG"}
    given |= {"IFP_OUTPUT": "x.jsonl", "IFP_ARCHIVE": "x.warc.gz", "IFP_CONTACT": "https://lab.example/bot"}
    given |= {"SPLASH_URL": "http://a/", "USER_AGENTS": "of scrapy-useragents, not USER_AGENT"}
    given |= {"DEPTH_PRIORITY": "-1", "REDIRECT_PRIORITY_ADJUST": "-3"}
    check_settings(project_settings(**given))
    check_settings(project_settings())


def test_a_default_of_scrapy_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_settings, "DNS_TIMEOUT", -1)  # a later version may mean by this: no limit
    check_settings(project_settings())
    with pytest.raises(BadArgument, match="DNS_TIMEOUT=-1"):
        check_settings(project_settings(DNS_TIMEOUT="-1"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("crawl", "ifp", "-s", "LOG_LEVEL=LOUD"), "choose from CRITICAL"),
        (("crawl", "ifp", "-L", "LOUD"), "choose from CRITICAL"),
        (("crawl", "ifp", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=0"), "1 or more"),
        (("crawl", "ifp", "-s", "DOWNLOAD_DELAY=inf"), "from 0 to 86400"),
        (("crawl", "ifp", "-o", "x.csv"), "the output x.csv must end in .jsonl; for other formats"),
        (("crawl", "ifp", "-s", "IFP_OUTPUT=x.csv"), "the output x.csv must end in .jsonl; for other formats"),
        (("crawl", "ifp", "-O", ""), "the name of the output is empty"),
        (("crawl", "ifp", "-a", "limit"), "-a takes NAME=VALUE"),
        (("crawl", "ifp", "-o", "a.jsonl", "-O", "b.jsonl"), "name one output FILE"),
        (("crawl", "audit"), "the spider is called ifp: scrapy crawl ifp"),
        (("crawl", "ifp", "-a", "since=3", "days", "ago"), '"days" belongs to no option: write -a "since=3 days ago"'),
        (("audit", "-s", "LOG_LEVEL=LOUD"), "choose from CRITICAL"),
        (("audit", "a.jsonl", "b.jsonl"), "name one FILE"),
        (("fixture",), "name one URL or PATH"),
        (("fixture", "a.html", "-s", "DOWNLOAD_TIMEOUT=x"), "0.01 or more"),
        (("fixture", "a.html", "--frobnicate"), "unknown option --frobnicate"),
        (("report", "--text", "-1"), "--text must be 0 or more"),
        (("schema", "ifp"), "this command takes no argument"),
        (("extract", "sample", "-o", "x.jsonl", "-s", "IFP_START_OVER=maybe"), "True or False"),
        (("crawl", "ifp", "--frobnicate"), "unknown option --frobnicate"),
        (("crawl", "ifp", "--limit", "3"), "limit is an argument: write -a limit=..."),
        (("crawl", "ifp", "archive=sample"), "archive is an argument: write -a archive=..."),
        (("crawl", "ifp", "-since=2024-01-01"), "-s ince: names of settings are in capitals"),
        (("crawl", "ifp", "-s", "DOWNLOAD_DELY=3"), "no setting DOWNLOAD_DELY (did you mean DOWNLOAD_DELAY?)"),
        (("extract", "sample", "--frobnicate", "-o", "x.jsonl"), "unknown option --frobnicate"),
    ],
)
def test_a_command_refuses_them(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    run = scrapy(*arguments, cwd=tmp_path, timeout=30)
    assert (run.status, message in run.err, "Traceback" in run.err) == (2, True, False), run.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["export a.jsonl --to csv", "report a.jsonl", "schema", "fixture a.html --url http://a/"]
)
def test_a_closed_stdout_is_no_error(command: str, tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.html"):
        (tmp_path / name).touch()
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        [sys.executable, "-m", "scrapy", *command.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "ifp_scraper.settings", "PYTHONPATH": str(ROOT)},
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, "", "/a/.y.partial-1-2"), "/a/y cannot be written: the disk is read-only; choose"),
        (OSError(errno.EACCES, "", "/a/.y.partial-1-2/b.csv"), "/a/y/b.csv cannot be written: no permission; change"),
        (OSError(errno.ENOSPC, ""), "the disk is full; free some space"),
        (OSError(errno.ENOENT, "No such file", "/a/b"), "/a/b: No such file"),
        (OSError("a is a folder"), "a is a folder"),
    ],
    ids=str,
)
def test_why_writing_failed_is_told_in_words(error: OSError, words: str) -> None:
    assert reason(error).startswith(words)


def test_a_result_that_cannot_be_printed_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w") as full, redirect_stdout(full), pytest.raises(SystemExit, match="No space left"):
        show("the result")


@pytest.mark.parametrize("command", ["audit", "crawl", "export", "extract", "fixture", "report", "schema"])
def test_help_is_ours_and_legible(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    ours = scrapy(command, "-h").out.partition("Global Options")[0]
    # Scrapy underlines a line that ends in a colon, in the middle of a sentence too.
    assert re.findall(r"(.+)\n=+\n", ours) == ["Usage", "Options"]
    assert "feed" not in ours
    if command == "crawl":
        assert all(name in ours for name in ARGUMENTS)


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_a_reader_that_stops_early_is_no_error(unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        run = subprocess.run(
            [sys.executable, "-m", "ifp_scraper", "--help"],
            stdout=closed,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.slow
@pytest.mark.parametrize(("command", "status"), [("--help", 0), ("schema --nonsense", 2)])
def test_no_stdout_is_no_error(command: str, status: int) -> None:
    """As of a daemon; the shell closes it, since Python would not."""
    run = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m ifp_scraper {command} >&-"], capture_output=True, cwd=ROOT, check=False
    )
    assert (run.returncode, b"Traceback" in run.stderr) == (status, False), run.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe\xff", "it is not text in UTF-8"),
        (b"\x1f\x8b\x08", "it is compressed"),
    ],
)
def test_a_file_of_urls_that_cannot_be_read(content: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadArgument, match=re.escape(f"the file cannot be read ({why})")):
        read(urls=f"@{path}")
