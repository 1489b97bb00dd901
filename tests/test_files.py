"""How recordings are named and found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ifp_scraper.recordings.files import RecordingError, find_recordings, output_name
from tests.crawling import lines, scrapy
from tests.recordings import response, story


def test_a_name_that_is_no_text_costs_no_other_recording(tmp_path: Path) -> None:
    recorded, out = tmp_path / "a", tmp_path / "a.jsonl"
    recorded.mkdir()
    for slug, name in (("a", "a"), ("b", os.fsdecode(b"\xff"))):
        (recorded / f"{name}.warc").write_bytes(response(f"https://ifpnews.com/{slug}/", story("A."), "2024-01-01"))
    run = scrapy("extract", recorded, "-o", out)
    assert (run.status, "its name is not UTF-8" in run.err, len(lines(out))) == (0, True, 1), run.err


def test_a_folder_that_goes_away_is_passed_over(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "a" / "two.warc.gz"
    for folder in (there.parent, tmp_path / "gone"):
        folder.mkdir()
    shutil.copy(recording / "two.warc.gz", there)
    look = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("gone"):
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert find_recordings(str(tmp_path)) == [there]


def test_a_name_that_stands_for_no_recording_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(RecordingError, match=r"no recording is named by .*/\*\.txt"):
        find_recordings(f"{tmp_path}/*.txt")
    with pytest.raises(RecordingError, match=r"the folder .* holds no \.warc"):
        find_recordings(str(tmp_path))
    with pytest.raises(RecordingError, match=r"notes\.txt is not a recording: its name must end in \.warc"):
        find_recordings(f"sample,{tmp_path / 'notes.txt'}")


def test_several_recordings_have_an_output_of_no_ones_name(tmp_path: Path) -> None:
    for name in ("a.warc", "b.warc.gz"):
        (tmp_path / name).touch()
        assert output_name(str(tmp_path / name)) == name[0]
    assert output_name(str(tmp_path)) == "archive"


@pytest.mark.parametrize("command", ["extract a.wacz", "crawl ifp -a archive=a.wacz"])
def test_a_package_that_is_none_is_told(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_text("not a package")
    run = scrapy(*command.split(), "-o", "a.jsonl", cwd=tmp_path)
    told = ("a.wacz" in run.err, "cannot be read (File is not a zip file)" in run.err)
    assert (run.status, told) == (1, (True, True)), run.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.wacz"]


def test_a_comma_may_be_part_of_a_name(recording: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "a, b.warc.gz", tmp_path / "c.warc.gz"
    for path in (one, two):
        shutil.copy(recording / "two.warc.gz", path)
    assert find_recordings(str(one)) == [one]
    assert find_recordings(str(one), str(two)) == [one, two]
    assert find_recordings(f"{two}, {two}, {tmp_path}/*b.warc.gz") == [two, one]
    assert scrapy("extract", one, "-o", tmp_path / "a.jsonl").status == 0
    assert scrapy("crawl", "ifp", "-a", f"archive={one}", "-o", tmp_path / "b.jsonl").status == 0
