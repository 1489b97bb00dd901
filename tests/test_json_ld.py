"""JSON-LD as plugins print it."""

from __future__ import annotations

import time

import pytest

from ifp_scraper.pages.json_ld import JsonLd, strings


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


@pytest.mark.parametrize(
    ("kinds", "is_article"),
    [
        ('"NewsArticle"', True),
        ('["Thing", "BlogPosting"]', True),
        ('["Thing", 1, null]', False),
        ('"ArticleList"', False),
        ("[]", False),
        ("null", False),
    ],
)
def test_what_is_an_article(kinds: str, is_article: bool) -> None:
    assert JsonLd([f'{{"@type": {kinds}}}'.encode()]).has_article is is_article


def test_a_graph_without_articles_tells_by_its_web_pages() -> None:
    kinds = '{"@type": "Person"}, {"@type": ["WebPage", "FAQPage"]}'
    assert JsonLd([f'{{"@graph": [{kinds}]}}'.encode()]).graph_articles == [{"@type": ["WebPage", "FAQPage"]}]
    articles = JsonLd([f'{{"@graph": [{kinds}, {{"@type": "Article"}}]}}'.encode()]).graph_articles
    assert articles == [{"@type": "Article"}]


def test_strings_are_a_list_or_separated_by_commas() -> None:
    item = {"a": "x,y", "b": ["x", 1, None, "y"], "c": 1}
    assert [strings(item, key) for key in "abcd"] == [["x", "y"], ["x", "y"], [], []]


@pytest.mark.parametrize("script", [" ", "/* ", "<!--", "/* <![CDATA[ */", "{} /*", "]]>", "[", '{"a":'])
def test_endless_scripts(script: str) -> None:
    begin = time.process_time()
    JsonLd([(opened + script * 200_000).encode() for opened in ("", "<!--", "//<![CDATA[")])
    assert time.process_time() - begin < 1
