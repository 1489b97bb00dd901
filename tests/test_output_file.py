"""The file below the store: places that cannot be written, locks, disks that are full or fail, and other programs."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import shutil
import signal
import stat
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ifp_scraper.items import encode
from ifp_scraper.storage import output_file
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.store import Store
from tests.stores import article, ids, run

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


@pytest.mark.slow
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


def test_a_second_crawl_stops_at_once(three: Path) -> None:
    store = Store(three)
    result = run(OPEN, three)
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
import sys
import time
from pathlib import Path
from ifp_scraper.storage.store import Store
from tests.test_output_file import fill
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


@pytest.mark.parametrize("removed", [False, True])
def test_a_file_emptied_after_the_last_line_is_told_at_the_end(three: Path, removed: bool) -> None:
    store = Store(three)
    store.append(article(4))
    os.truncate(three, 0)
    if removed:
        three.unlink()
    with pytest.raises(StoreError, match="changed by another program"):
        store.close()
    store.close()


def test_a_link_is_followed(three: Path) -> None:
    link = three.with_name("link.jsonl")
    link.symlink_to(three)
    with Store(link) as store:
        store.append(article(4))
    assert link.is_symlink()
    assert ids(three) == [1, 2, 3, 4]
