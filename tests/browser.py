"""Pages as Chromium shows them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def dump(page: Path, fragment: str = "") -> str:
    """Return the page as Chromium shows it once its scripts have run."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH")
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={page.parent / 'profile'}",
        "--disable-background-networking",
        "--virtual-time-budget=5000",
        "--dump-dom",
        f"{page.as_uri()}#{fragment}",
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=True).stdout
