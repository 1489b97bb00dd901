"""Makes the recording that ships with the project: ``python -m tests.site.sample``. All its text is invented."""

from __future__ import annotations

from pathlib import Path

from . import Site, make_posts, record, serve

PATH = Path(__file__).parents[2] / "ifp_scraper" / "data" / "sample.warc.gz"


def main() -> None:
    site = Site(make_posts(48, seed=2014))
    with serve(site, sitemap="yoast") as server:
        urls = record(server, PATH, root="https://ifpnews.com")
    print(f"{len(urls)} pages in {PATH} ({PATH.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
