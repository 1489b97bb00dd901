"""Run the site by hand: ``python -m tests.site --posts 1000 --port 8099``."""

from __future__ import annotations

import argparse
import time

from . import Site, make_posts, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a field of Config, e.g. theme=block"
    )
    options = parser.parse_args()
    site = Site(make_posts(options.posts, options.seed))
    with serve(site, port=options.port) as server:
        for pair in options.set:
            name, _, value = pair.partition("=")
            setattr(server.config, name, _read(value))
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
