"""The built wheel, installed without the checkout: commands, data files, types, and where the output lands."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.crawling import ROOT, lines

pytestmark = pytest.mark.slow

FORBIDDEN = ("tests/", "docs/", "output/", "notebooks/", "benchmarks/", ".ci/")


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # Neither the checkout nor its editable installation is on the path, unless ``environment`` says so.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SCRAPY_"))}
    return subprocess.run(
        [*map(str, arguments)], cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made by the installed build backend; if there is none, pip fetches it."""
    folder = tmp_path_factory.mktemp("wheel")
    here = ["--no-build-isolation"] if find_spec("hatchling") else []
    command = ("-m", "pip", "wheel", "--quiet", "--no-deps", *here, "--wheel-dir", folder, ROOT)
    done = run(sys.executable, *command, cwd=folder)
    if done.returncode and not here:
        pytest.skip("needs the build backend, hatchling: pip could not fetch it")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("ifp_scraper-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel was installed into; its dependencies come from this environment."""
    folder = tmp_path_factory.mktemp("installed")
    command = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel)
    done = run(sys.executable, *command, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def ifp(installed: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the console script with the installed package first on the path."""
    return run(sys.executable, installed / "bin" / "ifp", *arguments, cwd=cwd, PYTHONPATH=str(installed))


def test_holds_code_data_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "ifp_scraper").rglob("*") if path.is_file()}
    package = {name for name in package if "__pycache__" not in name}
    assert package <= set(names)
    assert {"ifp_scraper/py.typed", "ifp_scraper/data/sample.warc.gz"} <= set(names)
    assert not [name for name in names if name.startswith(FORBIDDEN)]
    assert wheel.stat().st_size < 3_000_000


def test_metadata(wheel: Path) -> None:
    package = zipfile.ZipFile(wheel)
    names = {name.partition(".dist-info/")[2]: name for name in package.namelist() if ".dist-info/" in name}
    metadata = package.read(names["METADATA"]).decode()
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "licenses/LICENSE" in names
    assert "ifp = ifp_scraper.__main__:main" in package.read(names["entry_points.txt"]).decode()


def test_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    done = run(
        sys.executable,
        *("-c", "import ifp_scraper; print(ifp_scraper.__file__)"),
        cwd=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert Path(done.stdout.strip()).is_relative_to(installed), done.stderr

    done = ifp(installed, "crawl", "-a", "archive=sample", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    crawled = lines(tmp_path / "output" / "sample.jsonl")
    assert len(crawled) > 40

    recording = installed / "ifp_scraper" / "data" / "sample.warc.gz"
    done = ifp(installed, "extract", recording, "-o", "extracted.jsonl", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {line["url"] for line in lines(tmp_path / "extracted.jsonl")} == {line["url"] for line in crawled}

    assert "Traceback" not in done.stderr
    there = {path.name for path in tmp_path.iterdir()}
    assert there >= {"output", "extracted.jsonl", "extracted.runs.jsonl"}
    assert all(name == "output" or name.startswith("extracted.") for name in there)


def test_refuses_what_makes_no_sense(installed: Path, tmp_path: Path) -> None:
    done = ifp(installed, "crawl", "-a", "limit=none", cwd=tmp_path)
    assert done.returncode == 2
    assert "limit" in done.stderr
    assert not list(tmp_path.iterdir())
