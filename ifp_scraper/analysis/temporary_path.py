"""Temporary names under which output is written until it is complete and can be moved into place."""

from __future__ import annotations

import glob
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

_STALE = 3600
"""Seconds without a change after which a partial file belongs to a killed run."""


def new_partial(target: Path) -> Path:
    """Return a free name for a file or folder beside its target; leftovers of killed runs are deleted."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
        with suppress(OSError):  # its run may just be ending
            if time.time() - max(each.stat().st_mtime for each in (left, *left.glob("*"))) > _STALE:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    # The process ID alone would not do: in a container, successive runs have the same one.
    return target.with_name(f".{target.name}.partial-{os.getpid()}-{time.time_ns()}")


def final_name(path: str) -> str:
    """Return the final path of one made by ``new_partial``; any other path as it is."""
    return re.sub(r"\.([^/]+)\.partial-\d+-\d+", r"\1", path)
