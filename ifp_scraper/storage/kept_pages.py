"""Pages kept beside an output (``FILE.rejected/``), from which ``scrapy fixture`` makes test fixtures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


class KeptPages:
    """The pages that one run keeps.

    Args:
        folder: where to keep them; created with the first one.
        started_at: when the run started, in UTC.
    """

    def __init__(self, folder: Path, started_at: datetime) -> None:
        self.folder = folder
        self.count = 0
        self._started_at = started_at

    def keep(self, url: str, body: bytes) -> None:
        """Keep a page, with its URL in a comment. Its name comes from the clock and a count, never from the URL.

        Raises:
            OSError: if it cannot be written; it is counted in any case.
        """
        self.count += 1
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{self._started_at:%Y%m%dT%H%M%S}-{self.count:03}.html"
        comment = url.replace("--", "%2d%2d").replace(">", "%3e")
        path.write_bytes(f"<!-- {comment} -->\n".encode("utf-8", "replace") + body)
