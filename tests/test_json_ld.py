"""JSON-LD as plugins print it."""

from __future__ import annotations

import time

import pytest

from ifp_scraper.pages.json_ld import JsonLd


@pytest.mark.parametrize(
    "wrapping",
    [
        "%s",
        "/* <![CDATA[ */%s/* ]]> */",
        "/*<![CDATA[*/\n%s\n/*]]>*/\n",
        "\n//<![CDATA[\n%s\n//]]>\n",
        "// <![CDATA[\n%s\n// ]]>",
        "<![CDATA[%s]]>",
        "<!-- %s -->",
        "<!--\n%s\n//-->",
        "<!-- %s",
    ],
)
@pytest.mark.parametrize(
    "article", ['{"@type":"NewsArticle","x":["a\\nb //]]"]}', '[{"@type":"NewsArticle","x":"a\tb"}]']
)
def test_a_script_may_be_wrapped_in_a_comment(wrapping: str, article: str) -> None:
    assert JsonLd([(wrapping % article).encode()]).has_article


@pytest.mark.parametrize(
    "script", ["", "<!--", "/* <![CDATA[ */", "<!-- -->", "//<![CDATA[ ]]>", "-->", "x <!-- {} -->"]
)
def test_what_is_no_json_is_ignored(script: str) -> None:
    found = JsonLd([script.encode()])
    assert (found.graph, found.plain) == ([], [])


def test_of_a_list_only_the_objects_are_read() -> None:
    found = JsonLd([b'[1, "a", null, [{}], {"@type": "Thing"}, {"@graph": ["a", {"@type": "WebPage"}]}]'])
    assert (found.graph, found.plain) == ([{"@type": "WebPage"}], [{"@type": "Thing"}])


@pytest.mark.parametrize("script", [" ", "/* ", "<!--", "/* <![CDATA[ */", "{} /*", "]]>", "[", '{"a":'])
def test_endless_scripts(script: str) -> None:
    begin = time.process_time()
    JsonLd([(opened + script * 200_000).encode() for opened in ("", "<!--", "//<![CDATA[")])
    assert time.process_time() - begin < 1
