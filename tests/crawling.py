"""Runs the real command against the test site, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FAST = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0")


@dataclass
class Run:
    """What a command did."""

    status: int
    out: str
    err: str


def scrapy(
    *arguments: str | Path, timeout: float = 120, cwd: Path = ROOT, settings: str = "ifp_scraper.settings"
) -> Run:
    """Run ``scrapy`` with these arguments; ``settings`` names a module, which may lie in ``cwd``."""
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": settings, "PYTHONPATH": f"{cwd}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=environment,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def crawl(site: str, out: Path, *arguments: str, fast: bool = True, timeout: float = 120) -> Run:
    """Crawl a site into a file, without delays unless told otherwise."""
    return scrapy(
        "crawl", "ifp", "-s", f"IFP_SITE={site}", "-o", out, *(FAST if fast else ()), *arguments, timeout=timeout
    )


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
