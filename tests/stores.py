"""Output files with a few articles, as tests of the store and its file need them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ifp_scraper.items import Article
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
    return [known.id for known in store.articles()]


def run(code: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Python code in another process."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, **options)
