"""Fixtures that several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ifp_scraper.items import encode
from tests.site import Site, make_posts, record, serve
from tests.stores import article

# On a busy machine, an example may take any time.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some articles, one of them edited and captured again two days later."""
    folder = tmp_path_factory.mktemp("recording")
    site = Site(make_posts(40, seed=4))
    with serve(site) as server:
        record(server, folder / "one.warc.gz", root="https://ifpnews.com")
        post = site.open_posts()[5]
        site.advance(days=2)
        site.edit(post.id, headline="An Edited Headline")
        record(server, folder / "two.warc.gz", [post.path, post.path + "amp/"], root="https://ifpnews.com")
    with (folder / "both.warc.gz").open("wb") as both:
        for name in ("one", "two"):
            both.write((folder / f"{name}.warc.gz").read_bytes())
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An output that does not exist yet, nor does its folder."""
    return tmp_path / "output" / "ifp.jsonl"


@pytest.fixture
def three(path: Path) -> Path:
    """An output with three articles."""
    path.parent.mkdir()
    path.write_bytes(b"".join(encode(article(number)) for number in (1, 2, 3)))
    return path
