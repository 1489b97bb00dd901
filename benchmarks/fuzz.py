"""Reads mutated pages, as many as wanted; every fault is saved, with the seed that reproduces it.

python -m benchmarks.fuzz --inputs 1000000 --out /tmp/findings
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from tests import mutations

_BATCH = 200


class _Hang(BaseException):
    pass


def _alarm(*_: Any) -> None:
    raise _Hang


def batch(seed: int) -> tuple[list[tuple[str, bytes, str]], int]:
    """Read one batch; return the faults, and the peak memory of this process in MiB."""
    signal.signal(signal.SIGALRM, _alarm)
    rng = Random(seed)
    pages = mutations.pages()
    bodies = [body for body, _ in pages]
    faults = []
    for _ in range(_BATCH):
        body, url = rng.choice(pages)
        html = mutations.mutate(body, rng, bodies)
        signal.alarm(20)
        try:
            found = mutations.fault(html, url)
        except _Hang:
            found = "hangs: more than 20 s"
        finally:
            signal.alarm(0)
        if found:
            faults.append((found, html, url))
    return faults, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after this time in any case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path("/tmp/ifp-fuzz"), help="where pages with faults are saved")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    begin, done, peak, kinds = time.monotonic(), 0, 0, {}
    seeds = range(options.seed * 10**9, options.seed * 10**9 + max(1, options.inputs // _BATCH))
    with ProcessPoolExecutor(options.jobs) as pool:
        chunk = 4 * (options.jobs or 1)
        for start in range(0, len(seeds), chunk):
            for faults, memory in pool.map(batch, seeds[start : start + chunk]):
                done, peak = done + _BATCH, max(peak, memory)
                for found, html, url in faults:
                    kind = found.partition(" in ")[0][:90]
                    kinds[kind] = kinds.get(kind, 0) + 1
                    if kinds[kind] <= 3:
                        name = f"{len(list(options.out.glob('*.html'))):04}"
                        (options.out / f"{name}.html").write_bytes(html)
                        (options.out / f"{name}.txt").write_text(f"{url}\n{found}\n", "utf-8", "backslashreplace")
                        print(f"{name}: {found!r}", flush=True)
            if time.monotonic() - begin > options.seconds:
                break
    seconds = time.monotonic() - begin
    print(f"{done} inputs in {seconds:.0f} s, {sum(kinds.values())} faults of {len(kinds)} kinds, peak {peak} MiB")
    for kind, count in sorted(kinds.items(), key=lambda pair: -pair[1]):
        print(f"{count:6} {kind!r}")


if __name__ == "__main__":
    main()
