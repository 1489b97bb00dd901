"""What a page's own style sheet hides; test_browser.py compares with a browser."""

from __future__ import annotations

import time

import pytest

from ifp_scraper.pages.css import StyleSheet, hidden_by_attribute
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
        # of several declarations in one rule, the last valid one counts, unless another is important
        (".c{display:none;display:block}.b{color:red;display:block;display:none}", ""),
        (".c{display:none!important;display:block}.b{display:block ! important;display:none}", "A B"),
        (".c{display:none;display:-ms-grid;display:none\\9;display:block none}", "A B"),
        (".c{display:none;display:inline flow-root}", "A B C"),
        (".c{display:none;display:var(--x)}", "A B C"),
        # what is in quotes and parentheses
        (".c{content:'}';display:none}.x{content:';display:none;'}", "A B"),
        (".c{content:';display:none;';background:url(x;display:none)}", "A B C"),
        (".c{content:'\\'}';display:none}.x{content:\"/*\"}.b{display:none}", ""),
        (".c{background:url(data:x;}x);display:none}.x{background:url('}')}", "A B"),
        # attributes
        ("[id=e]{display:none}", "A"),
        ("[id='E' i]{display:none}", "A"),
        ("[id='E'],[id^=''],[id*=f],[id|=ee],[id$=ee],[id=\\65 ]{display:none}", "A B C"),
        ("p[class]{display:none}", "A B"),
        ("[class^='b ']{display:none}", ""),
        ("[class*='c']{display:none}", "A B"),
        ("[class$=Ç]{display:none}", "A B"),
        ("[class~=c]{display:none}", "A B"),
        ("div[class='b a'] > em > [class|='c Ç']{display:none}", "A B"),
        (".c{display:none}[class~=c]{display:block}", "A B C"),
        ("[class~=c]{display:none}p.c{display:block}", "A B C"),
        ("[class~=c].c{display:none}p.c{display:block}", "A B"),
        ("[x='.b > .c, i']>.x,[class='c Ç']{display:none}", "A B"),
        # what an element is not
        (".c:not(.b){display:none}", "A B"),
        (".c:not(.c),.c:not(p):not(.x),.c:not(.x, p),.c:not([class]){display:none}", "A B C"),
        (".c:not(:hover){display:none}", "A B"),
        ("div:not(.x) .c:not(.x,#e,[lang]){display:none}", "A B"),
        (".c:not(#x){display:none}.a .c{display:block}", "A B"),
        (".c:not(:is(.x)),.c:not(.x:hover){display:none}", "A B C"),
        # what scripts may change is not known
        ("body:not(.js) .c,.b:not(.is-loaded),.c:not([src]){display:none}", "A B C"),
        # nor where an element is among others
        (".c:first-child,.c:not(:last-child),.c:nth-child(2n + 1),.c:empty{display:none}", "A B C"),
        (".c{display:none}.c:first-child{display:block}", "A B C"),
        (".c{display:none}.b :not(:last-child){display:block}", "A B C"),
        (".c{display:none}.c:hover{display:block}", "A B"),
        # a bare tag, or any element, may be shown
        (".c{display:none}.b p{display:block}", "A B C"),
        (".c{display:none}.b *{display:block}.x p{display:block}", "A B C"),
        (".b .c{display:none}.b p{display:block}", "A B"),
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
        ('media="print, only speech"', False),
        ('media="not all"', False),
        ('media="print, all"', True),
        ("type=text/css", True),
        ('type=""', True),
        ("type='TEXT/CSS' id=x", True),
        ('data-type="text/less"', True),
        ("type=text/less", False),
        ('type = "text/less"', False),
        ("type='text/css; charset=utf-8'", False),
        ("media='(min-width: 600px)'", False),
        ('id="x" media="screen and (max-width: 600px)"', False),
        ('data-media="print"', True),
    ],
)
def test_the_media_of_a_style_element_count_as_in_a_rule(attributes: str, is_hidden: bool) -> None:
    document = Document(f"<style {attributes}>.a{{display:none}}</style><p class=a>A</p>")
    (paragraph,) = document.tree.find(".a")
    assert StyleSheet(document.style_sheets).hides(paragraph) is is_hidden


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (".a+.b{display:none}", "A C D"),
        (".a + .c{display:none}", "A B C D"),
        (".a~.c{display:none}", "A B D"),
        (".c ~ .a{display:none}", "A B C D"),
        ("div > .a + .b ~ p.d{display:none}", "A B C"),
        ("p > .a + .b{display:none}", "A B C D"),
        (".a+.b{display:none}.b{display:block}", "A C D"),
        (".a ~ .b ~ .d{display:none}", "A B C D"),  # too much to compare
    ],
)
def test_siblings_in_a_selector(style: str, words: str) -> None:
    markup = '<div><p class="a">A</p> x <p class="b">B</p><p class="c">C</p><p class="d">D</p></div>'
    assert " ".join(shown(markup.replace(" x ", ""), style)) == words


def test_the_attribute_hidden_is_left_to_what_knows_panels() -> None:
    assert shown('<div hidden role="tabpanel" class="a">A</div>', "[hidden],.a[hidden]{display:none}") == ["A"]


@pytest.mark.parametrize(
    ("style", "is_hidden"),
    [
        ("display:none;display:block", False),
        ("display:block;DISPLAY : None", True),
        ("display:none!important;display:block", True),
        ("display:none;display:-ms-grid", True),
        ("content:';display:none'", False),
        ("background:url(x;display:none)", False),
        ("/* ; */display:none", True),
    ],
)
def test_of_its_own_declarations_the_last_counts(style: str, is_hidden: bool) -> None:
    (paragraph,) = parse(f'<p style="{style}">A</p>'.encode()).iter("p")
    assert hidden_by_attribute(paragraph) is is_hidden


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
    assert shown('<p class="a" style="display:block!important">A</p>', ".a{display:none!important}") == ["A"]


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


@pytest.mark.parametrize(
    ("sheet", "attributes"),
    [
        ("[class*=zz] [class~=yy] [class*=a]{display:none}" * 200, f"class='{'a ' * 499}'"),
        (".z ~ [class] [class*=a]{display:none}" * 200, "class=a"),
        (".c:not([class*=a],[class~=z]) .c{display:none}" * 200, f"class='c {'a ' * 400}'"),
        (".c " + ":not([" * 300_000 + "{display:none}", "class=c"),
        (f"{'.c:not([' * 100}{{display:none}}" * 2000, "class=c"),
        (".c{background:" + "url(" * 400_000 + "display:none}", "class=c"),
        (".c{content:" + "'\"(/*" * 300_000 + ";display:none}", "class=c"),
    ],
)
def test_conditions_cost_no_more_than_names(sheet: str, attributes: str) -> None:
    markup = f"<div {attributes}>" * 180 + f"<p {attributes}>A</p>" * 500
    began = time.process_time()
    assert len(shown(markup, sheet)) in (0, 500)
    assert time.process_time() - began < 5
