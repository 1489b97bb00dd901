"""``scrapy audit`` against the test site."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path
from typing import Any

import pytest

from ifp_scraper.spiders.audit import Audit, AuditSpider
from ifp_scraper.storage.reasons import FORBIDDEN
from tests.crawling import FAST, NOTHING_BUT_LISTINGS, crawl, lines, new_post, scrapy, site_of
from tests.dry_run import dry_run
from tests.site import Site, SiteServer, make_posts, serve
from tests.site.response import Response, redirect
from tests.stores import run


def test_says_what_is_missing_and_marks_what_is_gone(tmp_path: Path) -> None:
    out, missing = tmp_path / "ifp.jsonl", tmp_path / "new" / "missing.txt"  # the command makes the folder
    site = Site(make_posts(24, seed=9))
    with serve(site) as server:
        assert crawl(server.url, out).status == 0
        before = lines(out)
        withdrawn = site.open_posts()[3]
        site.withdraw(withdrawn.id)
        added = make_posts(2, seed=77)
        for post in added:
            post.published = post.modified = site.now
            post.id = site.next_id()
            post.slug = f"{withdrawn.slug}-{post.id}"  # WordPress's guess for the withdrawn address
            site.add(post)

        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-o", missing)
        assert run.status == 0, run.err
        assert set(missing.read_text().split()) == {server.url + post.path for post in added}
        assert "missing, never fetched: 2" in run.out
        assert "withdrawn by the site, marked gone: 1" in run.out

        gone = lines(out)[len(before) :]
        assert [(line["id"], line["status"], line["revision"]) for line in gone] == [(withdrawn.id, "gone", 1)]
        # By the site's clock, like every capture: if another clock were ahead, the article could not come back.
        assert gone[0]["fetched_at"] == before[0]["fetched_at"]

        # Once fetched, nothing is missing any more; what is gone is not requested again.
        assert crawl(server.url, out, "-a", f"urls=@{missing}").status == 0
        server.clear()
        again = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-o", tmp_path)
        assert (again.status, f"{tmp_path} cannot be written: Is a directory" in again.err) == (1, True)
        assert "never fetched" not in again.out
        assert "marked gone" not in again.out
        assert not server.requests(withdrawn.path)
        assert len(lines(out)) == len(before) + 1 + 2

        # It comes back: one more line, and it counts as published again.
        site.restore(withdrawn.id)
        site.advance(hours=1)
        assert crawl(server.url, out).status == 0
        assert lines(out)[-1]["id"] == withdrawn.id
        assert lines(out)[-1]["status"] == "published"


def test_shows_on_a_terminal_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole site's list takes ten minutes, and its listings over an hour."""
    out = tmp_path / "a.jsonl"
    with site_of(20) as (site, server):
        dry_run(server, out)
        site.withdraw(site.open_posts()[3].id)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        dry_run(server, out, spider=AuditSpider)
    said = capsys.readouterr().err
    assert "\x1b[K19 of about 19 addresses compared" in said
    assert "\x1b[Kchecking what is no longer listed: 1 of 1" in said


def audit_of(server: SiteServer, out: Path) -> Audit:
    """What an audit without network finds."""
    audits: list[Audit] = []

    class Kept(AuditSpider):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            audits.append(self.audit)

    dry_run(server, out, spider=Kept)
    return audits[0]


@pytest.mark.parametrize("config", [{}, {"rest": 403, "sitemap": "yoast", "sitemap_size": 50}], ids=str)
def test_all_that_the_site_lists_is_compared_though_the_last_run_was_complete(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with site_of(150, **config) as (_, server):
        first = dry_run(server, tmp_path / "a.jsonl")
        assert dry_run(server, tmp_path / "a.jsonl").articles == []
        audit = audit_of(server, tmp_path / "a.jsonl")
        assert audit.listed.keys() == {server.url + path for path in first.articles}
        assert (audit.missing, audit.gone, audit.unlisted) == ([], [], [])
        assert None not in audit.listed.values()  # what a sitemap does not say, the file does


def test_what_was_gone_and_is_listed_again_is_missing_and_fetched(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(20) as (site, server):
        dry_run(server, out)
        withdrawn = site.open_posts()[3]
        site.withdraw(withdrawn.id)
        audits = [audit_of(server, out)]
        site.restore(withdrawn.id)
        audits.append(audit_of(server, out))
        assert dry_run(server, out).articles == [withdrawn.path]
        url = server.url + withdrawn.path
    assert [(audit.gone, audit.missing) for audit in audits] == [([url], []), ([], [url])]


@pytest.mark.parametrize("config", [{}, {"rest": 403, "sitemap": "yoast"}], ids=str)
def test_an_article_whose_address_another_one_has_now_is_gone(config: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with site_of(20, **config) as (site, server):
        dry_run(server, out)
        withdrawn = site.open_posts()[3]
        site.withdraw(withdrawn.id)
        site.advance(days=2)
        again = new_post(site, slug=withdrawn.slug)
        assert dry_run(server, out).articles == [again.path]
        url = server.url + again.path
        audit = audit_of(server, out)
        assert (audit.gone, audit.missing, audit.unlisted, audit.unconfirmed) == ([url], [], [], [])
        assert [(line["id"], line["status"]) for line in lines(out)[-2:]] == [
            (again.id, "published"),
            (withdrawn.id, "gone"),
        ]
        assert dry_run(server, out).articles == []
        audit = audit_of(server, out)
        assert (audit.gone, audit.missing, audit.unlisted, audit.unconfirmed) == ([], [], [], [])


def test_what_was_rejected_is_missing_and_the_audit_says_why(tmp_path: Path) -> None:
    out, missing = tmp_path / "ifp.jsonl", tmp_path / "missing.txt"
    site = Site(make_posts(8, seed=9))
    blocked = site.open_posts()[2]
    with serve(site, amp=None, disallow=[blocked.path]) as server:
        assert crawl(server.url, out).status == 0
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-o", missing)
    assert (run.status, "never fetched" in run.out, missing.read_text()) == (0, False, ""), run.out
    assert f"missing, rejected: 1\n  {server.url}{blocked.path}  {FORBIDDEN}\n" in run.out
    had = len(site.open_posts()) - 1
    assert sum(int(line.split()[1]) for line in run.out.splitlines() if line.endswith("%")) == had


def test_what_failed_is_missing_and_the_audit_says_why(tmp_path: Path) -> None:
    out, missing = tmp_path / "ifp.jsonl", tmp_path / "missing.txt"
    site = Site(make_posts(8, seed=9))
    failing = site.open_posts()[2]
    with serve(site, amp=None) as server:
        server.fault(failing.path, 500, None)
        assert crawl(server.url, out, "-s", "RETRY_TIMES=0").status == 1
        url = server.url + failing.path
        for _ in range(2):  # an audit forgets nothing
            run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-o", missing)
            assert (run.status, "never fetched" in run.out, missing.read_text()) == (0, False, f"{url}\n"), run.out
            assert f"missing, could not be fetched: 1\n  {url}  status 500\n" in run.out
        server.clear()
        run = crawl(server.url, out, "-a", f"urls=@{missing}")
        assert "1 new" in run.err
        assert "missing" not in scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).out


def test_the_front_page_in_a_sitemap_is_no_missing_article(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    with serve(Site(make_posts(8, seed=9)), rest=404, sitemap="yoast") as server:
        assert f"<loc>{server.url}/</loc>".encode() in server.get("/post-sitemap.xml").body
        assert crawl(server.url, out).status == 0
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST)
        assert (run.status, "missing" in run.out) == (0, False), run.out


@pytest.mark.parametrize("name", ["none.jsonl", "n" * 5000])
def test_a_missing_file_is_reported(name: str, tmp_path: Path) -> None:
    run = scrapy("audit", tmp_path / name)
    assert run.status == 2
    assert "no such file" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("name", ["ifp.rejected.jsonl", "ifp.runs.jsonl", "ifp.csv"])
def test_only_an_output_of_a_crawl_is_audited(name: str, tmp_path: Path) -> None:
    """What the site has withdrawn would be written to it."""
    out = tmp_path / name
    out.write_text("")
    run = scrapy("audit", out)
    assert (run.status, "is no output of a crawl" in run.err, "Traceback" in run.err) == (2, True, False)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_of_something_else_is_told_without_the_option_of_a_crawl(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text('{"a": 1}\n')
    run = scrapy("audit", "notes.jsonl", cwd=tmp_path)
    assert run.status == 1
    assert run.err.endswith(": name another file, or move this one away.\n")


def test_a_file_that_a_crawl_is_writing_is_not_audited(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    with out.open("w") as crawled:
        fcntl.flock(crawled, fcntl.LOCK_EX)
        run = scrapy("audit", out)
    assert (run.status, "audit failed: Another crawl is writing" in run.err, "Traceback" in run.err) == (
        1,
        True,
        False,
    )


def test_the_list_does_not_replace_the_articles(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    out.write_text("precious")
    run = scrapy("audit", out, "-o", out)
    assert run.status == 2
    assert "not a .jsonl file" in run.err
    assert out.read_text() == "precious"


@pytest.mark.slow
def test_a_site_that_has_lost_most_of_its_articles_marks_nothing(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(44, seed=9))
    with serve(site) as server:
        assert crawl(server.url, out, "-a", "pages=canonical").status == 0
        before = lines(out)
        for post in site.open_posts()[:30]:
            site.withdraw(post.id)
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST)
        assert (run.status, f"only {len(before) - 30} of the file's {len(before)}" in run.err) == (1, True), run.err
        assert "no longer listed, could not be checked: 30" in run.out
        assert lines(out) == before


@pytest.mark.parametrize(("count", "withdrawn", "trusted"), [(24, 20, True), (24, 21, False), (60, 29, True)])
def test_a_list_that_lacks_most_articles_is_not_trusted(
    count: int, withdrawn: int, trusted: bool, tmp_path: Path
) -> None:
    with site_of(count) as (site, server):
        dry_run(server, tmp_path / "a.jsonl")
        for post in site.open_posts()[:withdrawn]:
            site.withdraw(post.id)
        audit = audit_of(server, tmp_path / "a.jsonl")
    assert [len(audit.gone), len(audit.unconfirmed)] == ([withdrawn, 0] if trusted else [0, withdrawn])


def test_a_renamed_article_is_not_missing_where_the_list_names_no_ids(tmp_path: Path) -> None:
    out, missing = tmp_path / "ifp.jsonl", tmp_path / "missing.txt"
    site = Site(make_posts(24, seed=9))
    with serve(site, **NOTHING_BUT_LISTINGS) as server:
        assert crawl(server.url, out).status == 0
        before = lines(out)
        renamed = site.rename(site.open_posts()[15].id, "another-slug")
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-o", missing)
        old = f"{server.url}/{renamed.old_slugs[0]}/"
    assert run.status == 0, run.err
    assert f"listed under another address: 1\n  {old}\n" in run.out
    assert ("never fetched" in run.out, "no longer listed" in run.out, missing.read_text()) == (False, False, "")
    assert lines(out) == before


def test_an_unreachable_site_marks_nothing(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    with serve(Site(make_posts(3, seed=1))) as server:
        crawl(server.url, out)
        url = server.url
    before = lines(out)
    run = scrapy("audit", out, "-s", f"IFP_SITE={url}", *FAST, "-s", "RETRY_TIMES=0")
    assert run.status == 1
    assert lines(out) == before
    assert "Traceback" not in run.err


_AUDIT_FROM_A_SCRIPT = """
import sys
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings
settings = get_project_settings()
settings.update({"IFP_SITE": sys.argv[1], "IFP_OUTPUT": sys.argv[2], "DOWNLOAD_DELAY": 0})
process = CrawlerProcess(settings)
process.crawl("audit")
process.start()
"""


@pytest.mark.parametrize("by", ["command", pytest.param("script", marks=pytest.mark.slow)])
def test_an_audit_is_no_crawl_that_found_everything(by: str, tmp_path: Path) -> None:
    """A later crawl may skip what a crawl has fetched, but not what an audit has merely seen."""
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(40, seed=9))
    with serve(site, rest=404, sitemap="yoast", sitemap_size=4) as server:
        assert crawl(server.url, out, "-a", "limit=2").status == 0
        if by == "command":
            assert scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST).status == 0
        else:
            assert run(_AUDIT_FROM_A_SCRIPT, server.url, out).returncode == 0
        assert crawl(server.url, out).status == 0
        assert len(lines(out)) == len(site.open_posts())


def test_articles_are_counted_by_month_and_those_without_a_time_apart() -> None:
    audit = Audit(
        listed={"a": "2024-05", "b": None, "c": "2024-04", "d": "2024-05"}, missing=["b"], rejected={"d": ""}
    )
    assert audit.by_month() == [("2024-04", 1, 1), ("2024-05", 1, 2), ("unknown", 0, 1)]


@pytest.mark.parametrize(
    ("target", "status", "gone"), [("/", 301, True), ("/", 302, False), ("/about-us/", 301, False)]
)
def test_what_leads_to_the_front_page_for_good_is_gone(target: str, status: int, gone: bool, tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(8, seed=9))
    with serve(site, amp=None) as server:
        assert crawl(server.url, out).status == 0
        withdrawn = site.withdraw(site.open_posts()[3].id)
        elsewhere = redirect(server.url + target, status)
        server.alter(lambda target, response: elsewhere if target == withdrawn.path else response)
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST)
        assert run.status == 0, run.err
        assert (lines(out)[-1]["status"] == "gone") is gone
        assert ("but still there: 1" in run.out) is not gone


def test_what_an_audit_that_is_refused_has_not_checked_is_said(tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(20, seed=9))
    with serve(site, amp=None) as server:
        assert crawl(server.url, out).status == 0
        withdrawn = tuple(site.withdraw(post.id).path for post in site.open_posts()[:8])
        server.fault(lambda target: target.startswith(withdrawn[1:]), 403, None)
        run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST, "-s", "RETRY_TIMES=0")
    assert (run.status, "the site refuses" in run.err) == (1, True), run.err
    numbers = [int(line.rpartition(": ")[2]) for line in run.out.splitlines() if "no longer" in line or "gone" in line]
    assert ("could not be checked" in run.out, sum(numbers)) == (True, len(withdrawn)), run.out


@pytest.mark.parametrize("command", ["audit", "crawl"])
def test_a_file_that_another_program_changes_meanwhile(command: str, tmp_path: Path) -> None:
    out = tmp_path / "ifp.jsonl"
    site = Site(make_posts(8, seed=9))

    def blank_the_file(target: str, response: Response) -> Response:
        if "wp/v2/posts" in target:
            with out.open("r+b") as file:
                file.write(b" " * out.stat().st_size)
        return response

    with serve(site) as server:
        lost = site.open_posts()[3]
        server.fault(f"{lost.path}amp/", 500, None)
        assert crawl(server.url, out, "-s", "RETRY_TIMES=0").status == 1  # so that the next one looks at it again
        site.withdraw(lost.id)
        server.alter(blank_the_file)
        if command == "crawl":
            run = crawl(server.url, out)
        else:
            run = scrapy("audit", out, "-s", f"IFP_SITE={server.url}", *FAST)
            assert "could not be checked: 1" in run.out
    assert (run.status, "Traceback" in run.err) == (1, False), run.err
    assert f"{lost.path} is no longer where it was; another program must have changed the file" in run.err
