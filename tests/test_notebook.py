"""``notebooks/explore.ipynb`` runs on the sample, from top to bottom, and is kept without outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.crawling import ROOT, lines, scrapy

pytestmark = pytest.mark.slow

NOTEBOOK = ROOT / "notebooks" / "explore.ipynb"


def test_runs_on_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason='needs the extra "notebook"')
    nbformat = pytest.importorskip("nbformat", reason='needs the extra "notebook"')
    pytest.importorskip("ipykernel", reason='needs the extra "notebook"')
    pytest.importorskip("matplotlib", reason='needs the extra "notebook"')
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sample, folder = tmp_path / "output" / "sample.jsonl", tmp_path / "notebooks"
    folder.mkdir()
    run = scrapy("crawl", "ifp", "-a", "archive=sample", "-o", sample)
    assert run.status == 0, run.err
    known = lines(sample)
    with sample.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps({**line, "reread": True}) + "\n" for line in known)

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    assert len(json.dumps(outputs)) < 200_000
    said = "".join(output.get("text", "") for output in outputs)
    assert f"{len(known)} articles" in said
    subset = lines(folder / "subset.jsonl")
    assert subset
    assert len({line["url"] for line in subset}) == len(subset)
    assert all("Culture" in line["sections"] and "Media Wire" not in line["sections"] for line in subset)


def test_is_kept_without_outputs() -> None:
    assert NOTEBOOK.stat().st_size < 200_000
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
