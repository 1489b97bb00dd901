"""Broken lists by the thousand: no exception, none slow, and every entry that stands unharmed is found once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from tempfile import gettempdir

import pytest

from tests import list_mutations

SECONDS = float(os.environ.get("FUZZ_SECONDS", "2")) / len(list_mutations.KINDS)


@pytest.mark.parametrize("kind", list_mutations.KINDS)
def test_mutated_lists(kind: str) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "1"))
    rng = Random(f"{kind} {seed}")
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end:
        fuzzed = list_mutations.make(kind, rng)
        broken = fuzzed._replace(body=list_mutations.mutate(fuzzed.body, rng), good=[])
        for one in (fuzzed, broken):
            found = list_mutations.fault(one)
            number += 1
            if found:
                with open(Path(gettempdir()) / f"fuzz-{kind}-{seed}-{number}", "wb") as file:
                    file.write(one.body)
            assert found is None, f"{found}; saved as {file.name}"
