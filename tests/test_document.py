"""What is kept from one page for the next changes no record."""

from __future__ import annotations

from typing import Any

from ifp_scraper import extract

URL = "https://ifpnews.com/an-article/amp/"


def page(*, style: str = "", around: str = "") -> bytes:
    return (
        f"<html><head><style>{style}</style></head><body class='single-post amp-single postid-7'>"
        f'<div class="hamb-mnu">{around}</div><h1 class="amp-post-title">An Article</h1>'
        '<div class="cntn-wrp artl-cnt"><p class="a">First.</p><p class="b">Second.</p></div></body></html>'
    ).encode()


def read(html: bytes) -> dict[str, Any]:
    record = extract(html, URL)
    assert record is not None
    return record


def texts(html: bytes) -> list[str]:
    return [block["text"] for block in read(html)["blocks"]]


def test_style_sheets_that_begin_and_end_alike_are_told_apart() -> None:
    begin, end = ".x{color:red}" * 500, ".y{color:red}" * 500
    assert texts(page(style=f"{begin}.a{{display:none}}{end}")) == ["Second."]
    assert texts(page(style=f"{begin}.b{{display:none}}{end}")) == ["First."]
    assert texts(page(style=f"{begin}.a{{display:none}}{end}")) == ["Second."]


def test_the_last_of_equal_rules_wins_across_style_elements() -> None:
    filler = ".x{color:red}" * 1000
    hidden = f"{filler}.a{{display:none}}</style><style>.a{{display:block}}"
    assert texts(page(style=hidden)) == ["First.", "Second."]
    shown = f"{filler}.a{{display:block}}</style><style>.a{{display:none}}"
    assert texts(page(style=shown)) == ["Second."]


def test_a_menu_that_begins_like_the_one_before_is_read_to_its_own_end() -> None:
    menu = "<div><a href='/'>Home</a></div>"
    alone = read(page(around=menu))
    longer = f"{menu}</div><div class='tl-exc'>A lead"
    assert read(page(around=longer))["lead"] == "A lead"
    nested = f"{menu}<div class='tl-exc'>No lead</div>"
    assert read(page(around=nested))["lead"] is None
    assert read(page(around=menu)) == alone
