"""Compares a crawl's output with what the test site knows of its posts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ifp_scraper.urls import original_image
from tests.crawling import lines
from tests.site import Post, Site


def assert_complete(site: Site, root: str, out: Path, *, view: str = "canonical", revised: int = 0) -> None:
    """Assert that the file has every public post with its true fields, and no other; the last lines count."""
    written = lines(out)
    last = {line["url"].removeprefix(root): line for line in written}
    posts = {post.path: post for post in site.open_posts()}
    assert sorted(last) == sorted(posts)
    assert len(written) == len(posts) + revised
    wrong = {path: found for path, post in posts.items() if (found := differences(post, last[path], root, view))}
    assert not wrong


def differences(post: Post, line: dict[str, Any], root: str, view: str = "canonical") -> dict[str, tuple[Any, Any]]:
    """The fields in which a line differs from the post: what was read, and what was expected."""
    expected = json.loads(json.dumps(post.expected(view)), object_hook=lambda value: _rooted(value, root))
    line = {**line, "images": [{**image, "url": original_image(image["url"])} for image in line["images"]]}
    expected["images"] = [{**image, "url": original_image(image["url"])} for image in expected["images"]]
    return {
        name: (found, value) for name, value in expected.items() if (found := _same_parts(line[name], value)) != value
    }


def _same_parts(found: Any, value: Any) -> Any:
    """Those parts of what was read that the expected value names."""
    if isinstance(found, list) and isinstance(value, list) and len(found) == len(value):
        return [_same_parts(one, other) for one, other in zip(found, value, strict=True)]
    if isinstance(found, dict) and isinstance(value, dict):
        return {name: found.get(name) for name in value}
    return found


def _rooted(value: dict[str, Any], root: str) -> dict[str, Any]:
    renamed = {"url" if name == "path" else name: content for name, content in value.items()}
    return {
        name: root + content if isinstance(content, str) and content.startswith("/") and "url" in name else content
        for name, content in renamed.items()
    }
