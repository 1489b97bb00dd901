"""Reads and writes the JSON Lines files beside an output, for ``rejections``, ``runs`` and ``failures``."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ifp_scraper.storage.output_file import StoreError, append_whole, explain

SUFFIXES = REJECTED, RUNS, FAILED = ".rejected.jsonl", ".runs.jsonl", ".failed.jsonl"
"""Suffixes of these files, in place of ``.jsonl``."""

_Line = TypeVar("_Line")
_OF_OUTPUT = re.compile(r"\.jsonl?(\.(?!jsonl?$)\w+)?$")
"""Suffixes of an output, compressed or not."""


def base_name(output: Path) -> str:
    """Return an output's name without its suffixes, compressed or not, to name other files after it."""
    return _OF_OUTPUT.sub("", output.name)


def beside(output: Path, suffix: str) -> Path:
    """Return the path of the file or folder with this suffix beside an output."""
    return output.with_name(base_name(output) + suffix)


def append(path: Path, value: dict[str, Any]) -> None:
    """Append one line, whole or not at all; a line left unfinished by a kill is terminated first.

    Raises:
        OSError: if the line cannot be written.
    """
    line = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    with path.open("ab+", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        if size:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                line = b"\n" + line
        append_whole(stream.fileno(), line, size)


def read(path: Path, kind: type[_Line]) -> list[_Line]:
    """Return the lines of a file, in order; none if it is missing.

    Args:
        path: the file.
        kind: the type to decode each line into; lines that are damaged, or do not fit, are skipped.

    Raises:
        StoreError: if it cannot be read: without it, a run would forget what earlier ones left to do.
    """
    decoder = msgspec.json.Decoder(kind)
    found = []
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):  # a folder holds no lines; what cannot be written to it is told
        return []
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {explain(error)}") from error
    for line in content.splitlines():
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found.append(decoder.decode(line))
    return found
