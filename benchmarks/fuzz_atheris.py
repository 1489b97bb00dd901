"""Coverage-guided fuzzing, if atheris can be installed (``pip install atheris``; not one of our dependencies).

python -m benchmarks.fuzz_atheris -max_total_time=600 -max_len=100000 CORPUS_FOLDER
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ifp_scraper"]):
    from tests import mutations


def one_input(data: bytes) -> None:
    found = mutations.fault(data, "https://ifpnews.com/a/amp/" if data[:1] < b"a" else "https://ifpnews.com/a/")
    if found and not found.startswith("slow"):
        raise AssertionError(found)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
