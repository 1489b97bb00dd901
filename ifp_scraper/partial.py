"""Where something is written before it appears in its place, complete or not at all."""

from __future__ import annotations

import glob
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

_STALE = 3600
"""Seconds after which what does not change any more belongs to a run that was killed."""


def new_partial(target: Path) -> Path:
    """Return a free name for a file or folder beside its target; what killed runs left there is deleted."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
        with suppress(OSError):  # whose run may just be ending
            if time.time() - max(each.stat().st_mtime for each in (left, *left.glob("*"))) > _STALE:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    # The number of the process alone would not do: in a container, one run after the other has the same.
    return target.with_name(f".{target.name}.partial-{os.getpid()}-{time.time_ns()}")


def final_name(path: str) -> str:
    """Return a path as it will be when what ``new_partial`` names is in its place; any other as it is."""
    return re.sub(r"\.([^/]+)\.partial-\d+-\d+", r"\1", path)
