"""What a handler returns."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

HTML = "text/html; charset=UTF-8"
XML = "text/xml; charset=UTF-8"


@dataclass
class Response:
    """Status, body and headers; the server adds Date, Content-Length and the like."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def page(html: str, status: int = 200, content_type: str = HTML) -> Response:
    return Response(html.encode(), status, {"Content-Type": content_type})


def redirect(location: str, status: int = 301) -> Response:
    return Response(b"", status, {"Location": location, "Content-Type": HTML, "X-Redirect-By": "WordPress"})


def as_json(found: Any, status: int = 200, **headers: str) -> Response:
    body = json.dumps(found, separators=(",", ":")).replace("/", "\\/").encode()
    return Response(body, status, {"Content-Type": "application/json; charset=UTF-8", **headers})
