"""What a page's own style sheet hides; test_browser.py compares with a browser."""

from __future__ import annotations

import time

import pytest

from ifp_scraper.pages.css import StyleSheet
from ifp_scraper.pages.document import Document, parse
from ifp_scraper.pages.tree import Element

SHEET_OF_A_THEME = ".x{color:red}" * 1000


def shown(markup: str, *styles: str) -> list[str]:
    """Words that are not hidden."""
    sheet = StyleSheet([style.encode() for style in styles])

    def walk(element: Element) -> list[str]:
        if sheet.hides(element):
            return []
        found = (element.text or "").split()
        for child in element:
            found += walk(child) + (child.tail or "").split()
        return found

    return walk(parse(markup.encode()))


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (".a{display:none}.b{display:block}", "A B C"),
        (".b{display:block}.a{display:none}", ""),
        (".a.a{display:none}.b{display:block}", ""),
        ("p.c{display:none}.b .c{display:block}", "A B C"),
        (".b>.c{display:none}", "A B C"),
        (".b > em >.c{display:none}", "A B"),
        (".a .c{display:none}", "A B"),
        (".d .a > .b .c{display:none}", "A B C"),
        ("em.b,.c{display:none}", "A B"),
        ("> .c{display:none}", "A B C"),
        (".c{display:none!important}.a .b .c{display:block}", "A B"),
        ("display:none", "A B C"),
        ("display:none}", "A B C"),
        ("@media print{.a{display:none}}@media screen{.c{display:none}}", "A B"),
        ("@media screen, print{.c{display:none}}", "A B"),
        ("@media print,only screen{.c{display:none}}@media print,tv{.b{display:none}}", "A B"),
        ("@media print, screen and (max-width:600px){.c{display:none}}", "A B C"),
        (":root:not(#_):not(#_) .c{display:none}.a .b .c{display:block}", "A B"),  # as the AMP plugin prints
        ("html:not(#_):not(#_) em>.c,.x:not(#_){display:none}.c:not(#_){display:block}", "A B"),
        (":root:not(#_) .c{display:none}.c:not(#_):not(#_){display:block}", "A B C"),
        (":root:not(#_) .x .c,:root:not(#_) .c:hover{display:none}", "A B C"),
        ("<!-- .c{display:none} .x{color:red} -->", "A B"),  # not a comment
        (".c-->.c{display:none}", "A B C"),  # the child of a class whose name ends in hyphens
        (".x > html > body > .b{display:none}", "A B C"),  # there is nothing around html
        (".x html > body > .b{display:none}", "A B C"),
        (".b[lang]{display:none}.c:hover{display:none}.b+.c{display:none}", "A B C"),
        ("@supports (display:grid){.c{display:none}}@layer x{@media all{em{color:red}.a .c{DISPLAY:NONE}}}", "A B"),
        ("@supports not (display:grid){.c{display:none}}", "A B C"),
        (":is(h1,.c,h2) .x{display:none}", "A B C"),
        ("[title='x,.c,y'] .x,:not(:is(.x,.b,.y),.c,.z){display:none}", "A B C"),
        ("[title='x,.b,y'],:is(.b,.x,.y),.c{display:none}", "A B"),
        ("@import 'x.css';.c{display:none}/*}.a{display:none}", "A B"),
        ("/* x */.c{display:none}/* y */", "A B"),
        ("@supports (display:grid){.c{display:none}}", "A B"),
        ("@layer x{.c{display:none}}", "A B"),
        *((f"@{media}{{.c{{display:none}}}}", "A B") for media in ("MEDIA Screen", "media all", "media only screen")),
        ("/*\n.c{display:none}\n*/", "A B C"),
        ("#e{display:none}", "A"),
        ("#e .d,em#e>.c{display:none}", "A B"),
        ("[title='x,.c,y'] .x{display:none}", "A B C"),
        *((f".c{{{declaration}}}", "A B") for declaration in ("display:NONE", "DISPLAY:none", "DISPLAY:NONE")),
        (".Ç{display:none}", "A B"),
        ("P.c{display:none}", "A B"),
        (".c,:is(h1,h2){display:none}", "A B"),
        (".x{display:none},{display:none}", "A B C"),
        (".c{color:red;display : none}.c{display:inherit-none}", "A B C"),
        (".c{x-display:none}", "A B C"),
    ],
)
def test_rules_win_as_in_a_browser(style: str, words: str) -> None:
    markup = '<div class="b a">A <em id="e">B <p class="c Ç">C</p></em></div>'
    for styles in ([style], [SHEET_OF_A_THEME + style], [style, SHEET_OF_A_THEME]):
        assert " ".join(shown(markup, *styles)) == words


@pytest.mark.parametrize(
    ("attributes", "is_hidden"),
    [
        ("", True),
        ('media=""', True),
        ('media="all"', True),
        ("media=screen id=x", True),
        ("media='only screen'", True),
        ('media="screen,projection"', True),
        ('media="screen, print"', True),
        ('media="(min-width:0)"', True),
        ("""media="print" onload="this.media='all'\"""", True),
        ("media=print", False),
        ("media='(min-width: 600px)'", False),
        ('id="x" media="screen and (max-width: 600px)"', False),
        ('data-media="print"', True),
    ],
)
def test_the_media_of_a_style_element_count_as_in_a_rule(attributes: str, is_hidden: bool) -> None:
    document = Document(f"<style {attributes}>.a{{display:none}}</style><p class=a>A</p>")
    (paragraph,) = document.tree.find(".a")
    assert StyleSheet(document.style_sheets).hides(paragraph) is is_hidden


def test_what_is_hidden_only_until_scripts_run_is_shown() -> None:
    markup = '<div class="no-js woocommerce-no-js">A <p class="b">B</p><p class="c">C</p></div>'
    assert shown(markup, ".no-js .b{display:none}.woocommerce-no-js .b{display:none}.c{display:none}") == ["A", "B"]
    notice = '<p class="no-js">D</p><p class="no-js-message">E</p><p class="piano-js-offer">F</p>'
    sheet = ".no-js{display:none}.no-js-message{display:none}.no-js .no-js-message{display:block}"
    assert shown(notice, f"{sheet}.piano-js-offer{{display:none}}") == []


def test_of_rules_in_several_style_elements_the_last_wins_however_many_precede_it() -> None:
    markup = '<div class="b a">A <em>B <p class="c">C</p></em></div>'
    first = SHEET_OF_A_THEME + ".x{display:block}" * 9 + ".c{display:none}"
    assert shown(markup, first, ".c{display:block}") == ["A", "B", "C"]
    assert shown(markup, first, ".x{display:block}") == ["A", "B"]
    assert shown(markup, first.replace(".c", ".b .c"), ".c{display:block}") == ["A", "B"]  # it says more


def test_its_own_style_wins_over_all_but_important_rules() -> None:
    markup = '<p class="a" style="color: red; display: block">A</p><p class="b" style="display:block">B</p>'
    assert shown(markup, ".a{display:none}.b{display:none!important}") == ["A"]
    assert shown(markup, ".a,.b{display:none}") == ["A", "B"]
    assert shown('<p class="a" style="DISPLAY:BLOCK">A</p>', ".a{display:none}") == ["A"]


def test_a_long_selector_costs_no_more_than_others() -> None:
    many = ".y>" + "*>" * 100 + "* .c{display:none}"
    few = ".a " + "* " * 3 + "em>.c{display:none}"
    names = "".join('<p class="c">C</p>' for _ in range(60))
    markup = '<div class="a">' + '<div class="c">' * 180 + f"<em>{names}</em>"
    began = time.process_time()
    assert shown(markup, many * 190) == ["C"] * 60
    assert time.process_time() - began < 5  # once it took 24
    assert shown(markup, few) == []
    began = time.process_time()
    assert shown(markup, ".a" + " " * 200_000 + ".c{display:none}") == []
    assert time.process_time() - began < 5  # once it took 45


def test_tens_of_thousands_of_rules_are_searched_once() -> None:
    long = "q" * 40
    style = "".join(f".{long}{number}{{display:none}}" for number in range(30_000))
    markup = "".join(f'<p class="{long}{number}">{number}</p>' for number in range(20_000))
    began = time.process_time()
    assert shown(markup, style)[:1] == ["5000"]  # css.MAX_SELECTORS
    assert time.process_time() - began < 1.5  # once it took 5


@pytest.mark.parametrize("before", ["", ".a{"])
def test_declarations_without_rules_of_their_own_are_searched_once(before: str) -> None:
    began = time.process_time()
    assert shown('<p class="c">C</p>', before + "display:none;" * 160_000) == ["C"]
    assert time.process_time() - began < 1  # once it took 2


def test_a_long_list_of_selectors_is_split_once_for_all_declarations() -> None:
    began = time.process_time()
    assert shown('<p class="c">C</p>', f".c {'(,' * 50_000}{{{'display:none;' * 2000}}}") == ["C"]
    assert time.process_time() - began < 1  # split for each, it took 30


@pytest.mark.parametrize("media", [" " * 3000 + "x", "x," * 20_000 + "y"])
def test_a_long_list_of_media_costs_no_more_than_others(media: str) -> None:
    sheet = f"@media {media}{{{'.x{display:none}' * 5000}}}.c{{display:none}}"
    began = time.process_time()
    assert shown('<p class="c">A</p><p>B</p>', sheet) == ["B"]
    assert time.process_time() - began < 3  # it took minutes, and 7 seconds
