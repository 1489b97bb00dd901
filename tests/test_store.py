from __future__ import annotations

import ctypes
import fcntl
import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ifp_scraper.items import Article, encode
from ifp_scraper.revisions import text_hash
from ifp_scraper.storage import output_file
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.store import Store

ROOT = Path(__file__).parent.parent


def article(number: int, text: str = "text", **changes: Any) -> Article:
    base = Article(
        id=number,
        url=f"https://ifpnews.com/{number}/",
        headline=f"Iran’s no. {number}",
        blocks=[{"kind": "paragraph", "text": text}],
        body=text,
        word_count=len(text.split()),
        published_at=f"2024-01-01T00:{number % 60:02d}:00Z",
        modified_at=f"2024-01-02T00:{number % 60:02d}:00Z",
        layout="newspaper",
        extractor_version="0.1.0",
    )
    return replace(base, **changes)


def ids(path: Path) -> list[int]:
    """Read the file as any other program would: every line is JSON and ends with a newline."""
    content = path.read_bytes()
    assert not content or content.endswith(b"\n")
    return [json.loads(line)["id"] for line in content.decode().split("\n")[:-1]]


def known_ids(store: Store) -> list[int | None]:
    return [known.id for known in store.known()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output" / "ifp.jsonl"


@pytest.fixture
def three(path: Path) -> Path:
    path.parent.mkdir()
    path.write_bytes(b"".join(encode(article(number)) for number in (1, 2, 3)))
    return path


# --- what is known ---------------------------------------------------------------------------------------


def test_what_is_appended_is_known_now_and_after_opening_again(path: Path) -> None:
    with Store(path) as store:
        assert len(store) == store.lines == 0
        assert store.newest_modified is store.newest_published is None
        for number in (2, 3, 1):
            assert store.append(article(number)).id == number
        first = [msgspec.structs.asdict(known) for known in store.known()]
        assert store.read(next(store.known())) == article(2)
    assert ids(path) == [2, 3, 1]
    with Store(path) as store:
        assert [msgspec.structs.asdict(known) for known in store.known()] == first
        assert (len(store), store.lines, store.bad_lines, store.repaired, store.saved) == (3, 3, 0, 0, None)
        assert [store.read(known) for known in store.known()] == [article(2), article(3), article(1)]
        assert store.newest_modified == "2024-01-02T00:03:00Z"
        assert store.newest_published == "2024-01-01T00:03:00Z"


def test_the_last_line_of_an_article_counts(path: Path) -> None:
    with Store(path) as store:
        store.append(article(5))
        store.append(article(2, modified_at=None))
        store.append(article(5, revision=2, headline="New", layout="cloud", extractor_version="0.2.0"))
        store.append(article(5, revision=2, status="gone", headline="New"))
    with Store(path) as store:
        assert (len(store), store.lines) == (2, 4)
        known = store.find(5, "")
        assert known is not None
        assert (known.number, known.revision, known.status, known.layout) == (0, 2, "gone", "newspaper")
        assert store.read(known) == article(5, revision=2, status="gone", headline="New")
        assert store.newest_modified is None
        assert store.newest_published == "2024-01-01T00:02:00Z"


class TestFind:
    def test_by_id_then_url_then_alias(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, aliases=["http://a/", "https://ifpnews.com/2/"]))
            two = store.append(article(2))
            assert store.find(1, two.url) is one
            assert store.find(None, two.url) is two
            assert store.find(None, "http://a/") is one
            assert store.find(None, "http://b/") is None
            assert store.find(3, "http://b/") is None

    def test_two_ids_are_two_articles(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, aliases=["http://a/"]))
            assert store.find(2, one.url) is None
            assert store.find(2, "http://a/") is None
            two = store.append(article(2, url=one.url))
            assert two is not one
            assert len(store) == 2
            assert store.find(None, one.url) is two

    def test_an_article_that_was_imported_into_a_new_wordpress_keeps_its_place(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1))
            imported = article(1, id=7, revision=2)
            assert store.find(7, one.url, imported.published_at) is one
            assert store.find(7, one.url, None) is None
            assert store.append(imported) is one
        with Store(path) as store:
            assert known_ids(store) == [7]
            assert store.find(1, "http://b/") is not None

    def test_an_id_learned_later_is_the_same_article(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, id=None))
            assert store.find(1, one.url) is one
            assert store.append(article(1)) is one
            assert store.append(article(1, id=None)) is one
            assert one.id == 1
        with Store(path) as store:
            assert known_ids(store) == [1]

    def test_an_article_that_moved_is_found_at_both_urls(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1))
            store.append(article(1, url="https://ifpnews.com/moved/"))
            assert one.url == "https://ifpnews.com/moved/"
            assert store.find(None, one.url) is store.find(None, "https://ifpnews.com/1/") is one

    def test_articles_that_turn_out_to_be_one_become_one(self, path: Path) -> None:
        with Store(path) as store:
            store.append(article(1))
            store.append(article(9, id=None, aliases=["http://a/"]))
            assert len(store) == 2
            one = store.append(article(1, url="https://ifpnews.com/9/"))
            for found in (store.find(1, ""), store.find(None, "http://a/"), store.find(None, one.url)):
                assert found is one
        with Store(path) as store:
            assert known_ids(store) == [1]


class TestTextOwner:
    long = " ".join(f"w{n}" for n in range(60))
    hash = text_hash(article(0, long))

    def test_the_first_article_owns_a_text(self, path: Path) -> None:
        with Store(path) as store:
            assert store.text_owner(self.hash) is None
            one = store.append(article(1, self.long))
            two = store.append(article(2, self.long, headline="Another"))
            store.append(article(3))
            assert store.text_owner(self.hash) is one
            assert store.text_owner(self.hash, two) is one
            assert store.text_owner(self.hash, one) is None
            assert store.text_owner(None) is None
        with Store(path) as store:
            owner = store.text_owner(self.hash)
            assert owner is not None
            assert owner.id == 1

    def test_an_article_whose_text_changed_owns_it_no_more(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, self.long))
            two = store.append(article(2, self.long))
            store.append(article(1, "other words"))
            three = store.append(article(3, self.long))
            assert store.text_owner(self.hash) is store.text_owner(self.hash, three) is two
            assert store.text_owner(self.hash, one) is None
            store.append(article(1, self.long))
            assert store.text_owner(self.hash, two) is one
            for number in (1, 2, 3):
                store.append(article(number, "other words"))
            assert store.text_owner(self.hash) is None


def test_a_line_that_does_not_fit_is_not_written(three: Path) -> None:
    before = three.read_bytes()
    with Store(three) as store:
        with pytest.raises(msgspec.ValidationError):
            store.append(article(4, status="deleted"))
        with pytest.raises(UnicodeEncodeError):
            store.append(article(4, headline="\ud800"))
        with pytest.raises(ValueError, match="bytes long"):
            store.append(article(4, "x" * 2**26))
        assert store.find(4, "") is None
    assert three.read_bytes() == before


def test_start_over_empties_the_file(three: Path) -> None:
    with Store(three, start_over=True) as store:
        assert len(store) == 0
        store.append(article(4))
    assert ids(three) == [4]


def test_a_relative_path_stays_where_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent.parent)
    with Store(Path("output/ifp.jsonl")) as store:
        monkeypatch.chdir("/")
        store.append(article(1))
    assert ids(path) == [1]


# --- the state of the file when it is opened -------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 2, 25, -40, -2])
def test_half_a_line_is_cut(three: Path, kept: int) -> None:
    half = encode(article(4))[:kept]
    with three.open("ab") as file:
        file.write(half)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired, store.saved) == (3, 0, len(half), None)
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


def test_half_of_the_very_first_line_is_cut(path: Path) -> None:
    line = encode(article(1))
    path.parent.mkdir()
    for kept in (1, 20, len(line) - 2):
        path.write_bytes(line[:kept])
        with Store(path) as store:
            assert store.repaired == kept
        assert path.read_bytes() == b""


def test_a_last_line_that_lacks_only_its_newline_is_completed(three: Path) -> None:
    before = three.read_bytes()
    os.truncate(three, len(before) - 1)
    with Store(three) as store:
        assert (store.lines, store.repaired) == (3, 0)
        assert three.read_bytes() == before
        known = store.find(3, "")
        assert known is not None
        assert store.read(known) == article(3)
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


@pytest.mark.parametrize("tail", [b"\0" * 5000, encode(article(4))[:90] + b"\0" * 4096, b"\0" * 70 + b"\n\0\n", b"  "])
def test_what_a_power_loss_leaves_is_cut(three: Path, tail: bytes) -> None:
    with three.open("ab") as file:
        file.write(tail)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired) == (3, 0, len(tail))
    assert ids(three) == [1, 2, 3]


@pytest.mark.parametrize(
    "tail",
    [
        b"garbage\n\xff\xfe\n",
        b"garbage\n\n \n",
        b"{oops}\n",
        b"\nnot json",
        b'{"mine": 1}',
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_no_crawl_left_is_cut_but_saved(three: Path, tail: bytes) -> None:
    with three.open("ab") as file:
        file.write(tail)
    with Store(three) as store:
        assert (store.lines, store.bad_lines) == (3, 0)
        assert store.saved == three.parent / "ifp.cut-1.bin"
        assert store.saved.read_bytes().strip() == tail.strip()
        assert store.repaired == len(store.saved.read_bytes())
    three.write_bytes(three.read_bytes() + tail)
    with Store(three) as store:
        assert store.saved == three.parent / "ifp.cut-2.bin"


def test_a_corrupt_line_in_the_middle_stays_and_is_counted(three: Path) -> None:
    lines = three.read_bytes().splitlines(keepends=True)
    bad = [
        lines[1][:50] + b"\n",
        lines[1].replace(b"no. 2", b"no\xff 2"),
        b"\0\0\0\n",
        b"null\n",
        b'{"a": 1}\n',
    ]
    content = b"".join([lines[0], *bad, lines[2]])
    three.write_bytes(content)
    with Store(three) as store:
        assert known_ids(store) == [1, 3]
        assert (store.lines, store.bad_lines, store.repaired) == (2, 5, 0)
        assert store.bad_line_numbers == [2, 3, 4, 5, 6]
        store.append(article(2))
    assert three.read_bytes() == content + encode(article(2))


def test_json_of_somebody_elses_at_the_end_stays(three: Path) -> None:
    with three.open("ab") as file:
        file.write(b'{"mine": 1}\n')
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.bad_line_numbers, store.repaired) == (3, 1, [4], 0)
    assert three.read_bytes().endswith(b'{"mine": 1}\n')


def test_invalid_times_are_unknown(three: Path) -> None:
    times = {"published_at": "2024-99-01T00:00:00Z", "modified_at": "yesterday", "fetched_at": "2024-01-01 00:00:00"}
    with three.open("ab") as file:
        file.write(json.dumps(json.loads(encode(article(3))) | times).encode() + b"\n")
    with Store(three) as store:
        known = store.find(3, "")
        assert known is not None
        assert known.published_at is known.modified_at is None
        assert store.read(known).fetched_at is None
        assert store.newest_modified == article(2).modified_at


def test_the_list_of_bad_lines_is_short(three: Path) -> None:
    three.write_bytes(b"bad\n" * 500 + three.read_bytes() + b"bad\n" * 500 + encode(article(4)))
    with Store(three) as store:
        assert store.bad_lines == 1000
        assert store.bad_line_numbers == list(range(1, 21))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"  \n", b"\n\n \n\t\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\n"])
def test_what_editors_do_is_tolerated(three: Path, start: bytes, end: bytes) -> None:
    content = start + three.read_bytes().replace(b"\n", end)
    three.write_bytes(content)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired) == (3, 0, 0)
        assert [store.read(known) for known in store.known()] == [article(1), article(2), article(3)]
        store.append(article(4))
    assert three.read_bytes() == content + encode(article(4))
    with Store(three) as store:
        assert store.lines == 4


def test_lines_of_an_older_schema_are_read_as_far_as_they_go(path: Path) -> None:
    path.parent.mkdir()
    old = {
        "schema_version": "0",
        "id": "7",
        "url": "https://ifpnews.com/7/",
        "headline": "Old",
        "layout": "x",
    }
    path.write_text(json.dumps({**old, "section": "gone field", "tags": "not a list"}) + "\n")
    with Store(path) as store:
        known = store.find(None, "https://ifpnews.com/7/")
        assert known is not None
        assert known.layout == "x"
        line = store.read(known)
        assert (line.headline, line.id, line.tags, line.schema_version) == ("Old", None, [], "0")


@pytest.mark.parametrize(
    "newer",
    [
        encode(article(4, schema_version="2")),
        b'{"schema_version": "10", "id": "four"}\n',
        b'{"schema_version": 2, "url": "https://ifpnews.com/4/"}\n',
    ],
)
def test_a_newer_schema_is_refused_before_anything_is_written(three: Path, newer: bytes) -> None:
    content = three.read_bytes() + newer + b'{"schema_version'
    three.write_bytes(content)
    with pytest.raises(StoreError, match="newer ifp_scraper"):
        Store(three)
    assert three.read_bytes() == content
    assert os.listdir(three.parent) == ["ifp.jsonl"]


@pytest.mark.parametrize(
    "content", [b"Dear diary,\n", b'{"mine": 1}\n', b'{\n"mine": 1}', b"[1]", b'"x"', b"\xff\xfe{\0"]
)
def test_a_file_of_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="something other than articles"):
        Store(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\0\0"])
def test_an_empty_file_is_welcome(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with Store(path) as store:
        store.append(article(1))
    with Store(path) as store:
        assert (known_ids(store), store.bad_lines, store.repaired) == ([1], 0, 0)


# --- places that cannot be written -----------------------------------------------------------------------


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    for place, words in {
        "file/ifp.jsonl": "is a file, not a folder",
        "file/more/ifp.jsonl": "is a file, not a folder",
        "folder.jsonl": "is a folder",
        "pipe.jsonl": "not a regular file",
        "x" * 300: "name",
    }.items():
        with pytest.raises(StoreError, match=words) as caught:
            Store(tmp_path / place)
        assert str(tmp_path / place) in str(caught.value)
    with pytest.raises(StoreError, match=r"/proc/ifp\.jsonl"):
        Store(Path("/proc/ifp.jsonl"))


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user to be refused")
def test_no_permission_as_another_user() -> None:
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        become = "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        refused = run(OPEN.replace("try:", become + "try:"), Path(folder, "ifp.jsonl"))
        assert refused.stdout.startswith("StoreError")
        assert "no permission" in refused.stdout
        assert os.listdir(folder) == []


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_no_permission(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="no permission"):
        Store(folder / "ifp.jsonl")


OPEN = """
import os, sys
from pathlib import Path
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.store import Store
try:
    Store(Path(sys.argv[1])).close()
    print("opened")
except StoreError as error:
    print("StoreError", error)
"""


def run(code: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, **options)


def test_a_second_crawl_stops_at_once(three: Path) -> None:
    store = Store(three)
    started = time.monotonic()
    result = run(OPEN, three)
    assert time.monotonic() - started < 10
    assert result.stdout.startswith("StoreError Another crawl")
    assert str(three) in result.stdout
    store.append(article(4))
    store.close()
    assert run(OPEN, three).stdout == "opened\n"
    assert ids(three) == [1, 2, 3, 4]


def test_a_store_that_could_not_be_opened_holds_no_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary\n")
    with pytest.raises(StoreError):
        Store(path)
    path.unlink()
    Store(path).close()


def test_a_file_removed_before_it_was_locked_is_made_again(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock = fcntl.flock

    def removed_first(fd: int, operation: int) -> None:
        monkeypatch.undo()
        three.unlink()
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with Store(three) as store:
        store.append(article(1))
    assert ids(three) == [1]


def test_a_new_file_and_a_repair_reach_the_disk_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    Store(path).close()
    assert synced == [True]
    path.write_bytes(encode(article(1)) + b'{"schema')
    store = Store(path)
    assert synced == [True, False]
    store.close()


def test_close_can_be_called_twice_and_syncs(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    store = Store(three)
    for number in range(4, 200):
        store.append(article(number))
    assert len(synced) <= 2
    before = len(synced)
    store.close()
    assert len(synced) == before + 1
    store.close()
    assert len(synced) == before + 1


def test_a_long_crawl_syncs_as_it_goes(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(n * 0.3 for n in range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Store(three) as store:
        for number in range(4, 44):
            store.append(article(number))
        assert 5 <= len(synced) <= 20


# --- full disks ------------------------------------------------------------------------------------------


def fill(store: Store, limit: int = 3000) -> tuple[int, StoreError]:
    for number in range(1, limit):
        try:
            store.append(article(number, "x" * 500))
        except StoreError as error:
            return number, error
    raise AssertionError("never full")


def test_a_full_disk_keeps_whole_lines_and_goes_on_later(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, b"size=256k") != 0:
        pytest.skip(f"cannot mount a small disk: {os.strerror(ctypes.get_errno())}")
    try:
        ballast, path = disk / "ballast", disk / "ifp.jsonl"
        ballast.write_bytes(b"x" * 2**17)
        with Store(path) as store:
            failed, error = fill(store)
            assert "disk is full" in str(error)
            assert "run the same command again" in str(error)
            assert ids(path) == list(range(1, failed))
            assert store.find(failed, "") is None
            with pytest.raises(StoreError, match="disk is full"):
                store.append(article(failed, "x" * 500))
            ballast.unlink()
            store.append(article(failed, "x" * 500))
            assert ids(path) == list(range(1, failed + 1))
        with Store(path) as store:
            assert (store.repaired, store.lines) == (0, failed)
    finally:
        libc.umount2(os.fsencode(disk), 2)


def test_a_limit_on_the_file_size_is_like_a_full_disk(path: Path) -> None:
    code = """
import sys; sys.path.insert(0, "tests")
from pathlib import Path
from ifp_scraper.storage.store import Store
from test_store import fill
with Store(Path(sys.argv[1])) as store:
    print(*fill(store))
"""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    result = run(code, path, preexec_fn=limit)
    failed, words = result.stdout.split(" ", 1)
    assert "may not grow" in words, result.stderr
    assert ids(path) == list(range(1, int(failed)))
    assert 10 < int(failed) < 100
    with Store(path) as store:
        assert store.repaired == 0


@pytest.mark.parametrize("written", [0, 1, 100])
def test_a_failing_disk_never_leaves_half_a_line(three: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    write = os.write
    before = three.read_bytes()
    with Store(three) as store:
        calls = iter([written])

        def failing(fd: int, data: bytes) -> int:
            for count in calls:
                return write(fd, data[:count])
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "write", failing)
        with pytest.raises(StoreError, match="Input/output error"):
            store.append(article(4))
        monkeypatch.undo()
        assert three.read_bytes() == before
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


def test_short_writes_are_continued(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    with Store(three) as store:
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


def test_an_interrupt_while_writing_leaves_no_half_line(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    before = three.read_bytes()

    def interrupted(fd: int, data: bytes) -> int:
        write(fd, data[:10])
        raise KeyboardInterrupt

    with Store(three) as store:
        monkeypatch.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append(article(4))
    assert three.read_bytes() == before


def test_a_sync_that_fails_is_told_and_not_tried_again(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(three)
    monkeypatch.setattr(output_file, "_SYNC_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", lambda fd: os.close(-1))
    with pytest.raises(StoreError, match="cannot be written"):
        store.append(article(4))
    monkeypatch.undo()
    with pytest.raises(StoreError, match="cannot be written"):
        store.append(article(5))
    store.close()


# --- others at the file while it is open -----------------------------------------------------------------


def test_a_file_removed_during_the_crawl_is_written_back(three: Path) -> None:
    with Store(three) as store:
        shutil.rmtree(three.parent)
        with pytest.raises(StoreError, match="removed during the crawl"):
            store.append(article(4))
        assert ids(three) == [1, 2, 3, 4]
        with pytest.raises(StoreError, match="removed during the crawl"):
            store.append(article(5))
    assert ids(three) == [1, 2, 3, 4]
    assert os.listdir(three.parent) == ["ifp.jsonl"]


def test_a_file_removed_after_the_last_line_is_written_back_at_the_end(three: Path) -> None:
    store = Store(three)
    store.append(article(4))
    three.unlink()
    with pytest.raises(StoreError, match="removed during the crawl"):
        store.close()
    store.close()
    assert ids(three) == [1, 2, 3, 4]
    Store(three).close()


def test_a_file_replaced_during_the_crawl_is_not_touched(three: Path) -> None:
    def replace_it() -> None:
        other = three.with_name("other")
        other.write_bytes(b"other\n")
        other.rename(three)

    with Store(three) as store:
        replace_it()
        with pytest.raises(StoreError, match=r"ifp\.recovered-1\.jsonl"):
            store.append(article(4))
    assert three.read_bytes() == b"other\n"
    assert ids(three.with_name("ifp.recovered-1.jsonl")) == [1, 2, 3, 4]

    three.write_bytes(encode(article(7)))
    with Store(three) as store:
        replace_it()
        with pytest.raises(StoreError, match=r"ifp\.recovered-2\.jsonl"):
            store.append(article(8))
    assert ids(three.with_name("ifp.recovered-2.jsonl")) == [7, 8]


@pytest.mark.parametrize("content", [b"", b"{}\n", encode(article(9)) * 9])
def test_a_file_changed_during_the_crawl_is_not_written_to(three: Path, content: bytes) -> None:
    with Store(three) as store:
        three.write_bytes(content)
        with pytest.raises(StoreError, match="changed by another program"):
            store.append(article(4))
        known = store.find(3, "")
        assert known is not None
        if len(content) < known.offset + known.length:
            with pytest.raises(StoreError, match="no longer where it was"):
                store.read(known)
    assert three.read_bytes() == content


def test_a_link_is_followed(three: Path) -> None:
    link = three.with_name("link.jsonl")
    link.symlink_to(three)
    with Store(link) as store:
        store.append(article(4))
    assert link.is_symlink()
    assert ids(three) == [1, 2, 3, 4]


# --- kills -----------------------------------------------------------------------------------------------


APPENDER = """
import os, signal, sys, time
from pathlib import Path
from ifp_scraper.items import Article
from ifp_scraper.storage.store import Store

def crawl():
    with Store(Path(sys.argv[1])) as store:
        while True:
            n = len(store)
            store.append(Article(id=n, url=f"https://ifpnews.com/{n}/", body="word " * (n * 37 % 3000)))

for seconds in sys.argv[2:]:
    child = os.fork() or crawl()
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
"""


def test_a_killed_crawl_loses_and_doubles_nothing(path: Path) -> None:
    dice = random.Random(7)
    count = 0
    for _ in range(5):
        # Four kills in a row, so that each crawl also repairs what the one before it left.
        result = run(APPENDER, path, *(dice.random() * 0.1 for _ in range(4)))
        assert result.returncode == 0, result.stderr
        *whole, torn = path.read_bytes().split(b"\n")
        assert [json.loads(line)["id"] for line in whole] == list(range(len(whole)))
        with Store(path) as store:
            assert (store.bad_lines, store.saved, store.repaired) == (0, None, len(torn))
            assert known_ids(store) == list(range(len(whole)))
            for known in list(store.known())[count:]:
                assert known.id is not None
                assert store.read(known).body == "word " * (known.id * 37 % 3000)
        count = len(whole)
        assert ids(path) == list(range(count))
    assert count  # a slow machine may write nothing between two kills, but not in all of them


class Crashes(RuleBasedStateMachine):
    """Appends, kills, torn and spoilt ends and reopenings in any order, compared with a list."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(mkdtemp(prefix="ifp-store-"))
        self.path = self.folder / "0" / "ifp.jsonl"
        self.generation = self.repaired = 0
        self.lines: list[Article] = []
        self.store: Store | None = Store(self.path)

    @precondition(lambda self: self.store is not None)
    @rule(number=st.integers(0, 5), has_id=st.booleans(), text=st.text(max_size=20))
    def append(self, number: int, has_id: bool, text: str) -> None:
        assert self.store is not None
        revision = sum(line.url == article(number).url for line in self.lines) + 1
        line = article(number, text, revision=revision, id=number if has_id else None)
        self.store.append(line)
        self.lines.append(line)

    @precondition(lambda self: self.store is not None)
    @rule()
    def close(self) -> None:
        assert self.store is not None
        self.store.close()
        self.store = None
        self.repaired = 0

    @precondition(lambda self: self.store is not None)
    @rule(tear=st.booleans(), data=st.data())
    def kill(self, tear: bool, data: st.DataObject) -> None:
        """Go on with a copy of the file as it is now, its last line torn or not."""
        assert self.store is not None
        content = self.path.read_bytes()
        self.repaired = 0
        if tear and self.lines:
            last = len(encode(self.lines[-1]))
            cut = data.draw(st.integers(1, last))
            content = content[: len(content) - cut]
            if cut > 1:  # a line that lacks only its newline is still whole
                self.lines.pop()
                self.repaired = last - cut
        self.store.close()
        self.store = None
        self.generation += 1
        self.path = self.folder / str(self.generation) / "ifp.jsonl"
        self.path.parent.mkdir()
        self.path.write_bytes(content)

    @precondition(lambda self: self.store is None and self.lines and self.path.read_bytes().endswith(b"\n"))
    @rule(garbage=st.binary(min_size=1, max_size=40), nuls=st.integers(0, 40))
    def spoil_the_end(self, garbage: bytes, nuls: int) -> None:
        garbage = b"?" + garbage + b"\0" * nuls
        with self.path.open("ab") as file:
            file.write(garbage)
        self.repaired = len(garbage)

    @precondition(lambda self: self.store is None)
    @rule()
    def open(self) -> None:
        self.store = Store(self.path)
        assert self.store.repaired == self.repaired
        assert self.store.bad_lines == 0
        assert self.store.lines == len(self.lines)

    @invariant()
    def every_line_is_there_once(self) -> None:
        if getattr(self, "store", None) is None:
            return
        assert self.store is not None
        assert self.path.read_bytes() == b"".join(map(encode, self.lines))
        last = {line.url: line for line in self.lines}
        known = list(self.store.known())
        assert [one.url for one in known] == list(last)
        assert [self.store.read(one) for one in known] == list(last.values())

    def teardown(self) -> None:
        if getattr(self, "store", None) is not None:
            assert self.store is not None
            self.store.close()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
