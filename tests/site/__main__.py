"""Run the site by hand: ``python -m tests.site --posts 60 --port 8099``."""

from __future__ import annotations

import argparse
import time

from . import Config, Site, make_posts, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a field of Config, e.g. theme=block"
    )
    options = parser.parse_args()
    changes = dict(pair.partition("=")[::2] for pair in options.set)
    if unknown := changes.keys() - vars(Config()).keys():
        parser.error(f"Config (in tests/site/config.py) has no field {', '.join(sorted(unknown))}")
    site = Site(make_posts(options.posts, options.seed))
    config = Config(**{name: _read(value) for name, value in changes.items()})  # type: ignore[arg-type]
    with serve(site, config, options.port) as server:
        print(
            f"{len(site.posts)} posts at {server.url}/ (it is {site.now:%Y-%m-%d %H:%M} UTC there); Ctrl-C stops",
            flush=True,
        )
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


def _read(value: str) -> object:
    words: dict[str, object] = {"none": None, "true": True, "false": False}
    if value.lower() in words:
        return words[value.lower()]
    return int(value) if value.isdigit() else value


if __name__ == "__main__":
    main()
