"""What a browser shows of invented pages, compared with what is read from them."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from random import Random

import pytest

from ifp_scraper.pages.body import read_body
from ifp_scraper.pages.css import StyleSheet
from ifp_scraper.pages.document import Document
from tests.browser import dump
from tests.test_css import shown

pytestmark = pytest.mark.slow

_SHOWS = """
const words = element => getComputedStyle(element).display === "none" ? "" :
  [...element.childNodes].map(node => node.nodeType === 3 ? node.data : words(node)).join("");
const seen = JSON.parse(document.querySelector("script").textContent).map(markup => {
  const root = document.body.appendChild(document.createElement("div")).attachShadow({mode: "open"});
  root.innerHTML = markup;
  return words(root.lastElementChild).split(/\\s+/).filter(word => word);
});
document.querySelector("pre").textContent = JSON.stringify(seen);
"""


def seen_in_browser(pages: list[str], folder: Path) -> list[list[str]]:
    """The words that a browser shows of the last element of each page."""
    page = folder / "pages.html"
    data = json.dumps(pages).replace("<", "\\u003c")
    page.write_text(
        f'<!doctype html><script type="application/json">{data}</script><pre></pre><script>{_SHOWS}</script>'
    )
    found = re.search("<pre>(.*?)</pre>", dump(page), re.DOTALL)
    assert found
    shown_words: list[list[str]] = json.loads(html.unescape(found[1]))
    return shown_words


class _Styled:
    """Random elements, and style sheets with the kinds of selector that the extractor supports."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._words = 0

    def style(self) -> str:
        return "".join(self._rule() for _ in range(self._random.randint(1, 6)))

    def element(self, depth: int = 0) -> str:
        self._words += 1
        tag = self._random.choice(("div", "span", "em"))
        classes = " ".join(self._random.choices("abcd", k=self._random.randint(0, 3)))
        inside = "".join(self.element(depth + 1) for _ in range(self._random.randint(0, 2 if depth < 4 else 0)))
        title = self._random.choice(("", "", "title", "title='a > b, c'"))
        return f'<{tag} class="{classes}" {title} id="i{self._random.randint(1, 9)}"> w{self._words} {inside}</{tag}>'

    def _rule(self) -> str:
        choice = self._random.choice
        selectors = ",".join(self._selector() for _ in range(choice((1, 1, 2))))
        value = choice(("none", "none", "block", "inline")) + choice(("", "!important"))
        before = choice(("color:red", "content:'}'", "display:block", "display:none", "display:none!important"))
        rule = f"{selectors} {{{before};display: {value}}}"
        around = choice(("{}", "{}", "{}", "@media print{{{}}}", "@media screen{{{}}}", "/*{}*/"))
        return around.format(rule)

    def _selector(self) -> str:
        parts = [self._compound() for _ in range(self._random.choice((1, 1, 2, 3)))]
        return "".join(part + self._random.choice((" ", ">", " > ", "+", " ~ ")) for part in parts[:-1]) + parts[-1]

    def _compound(self) -> str:
        choice = self._random.choice
        names = "".join(f".{name}" for name in self._random.choices("abcd", k=choice((1, 1, 2))))
        condition = choice(
            ("", "", "[title]", "[title='a > b, c']", "[class*=b]", "[class^='a ']", ":not(.c)", ":not(a, .d.b)")
        )
        return (
            choice(("", "", "div", "span")) + choice((names, names, "[class]")) + choice(("", "", "#i1")) + condition
        )


def test_a_style_sheet_hides_the_same(tmp_path: Path) -> None:
    cases = []
    for seed in range(500):
        invented = _Styled(seed)
        cases.append(([invented.style() for _ in range(seed % 2 + 1)], invented.element()))
    pages = ["".join(f"<style>{style}</style>" for style in styles) + markup for styles, markup in cases]
    for (styles, markup), seen in zip(cases, seen_in_browser(pages, tmp_path), strict=True):
        assert shown(markup, *styles) == seen, (styles, markup)


_TAGS = (
    "p div blockquote h2 ul ol li table tr td tbody figure center section pre dl dd article aside details hr"
    " b i em strong a span u font small sup code o:p br wbr"
).split()


def _muddle(random: Random) -> str:
    """Markup with randomly nested and closed tags."""
    pieces: list[str] = []
    opened: list[str] = []
    for number in range(random.randint(4, 22)):
        kind = random.random()
        if kind < 0.4:
            pieces.append(f" w{number} ")
        elif kind < 0.7 or not opened:
            opened.append(random.choice(_TAGS))
            pieces.append(f"<{opened[-1]}>")
        else:
            pieces.append(f"</{opened.pop(random.choice((-1, -1, -1, 0)))}>")
    return "".join(pieces)


def test_no_word_of_muddled_markup_is_lost_or_moved(tmp_path: Path) -> None:
    bodies = [f"<main><p>start</p>{_muddle(Random(seed))}" for seed in range(1000)]
    for body, seen in zip(bodies, seen_in_browser(bodies, tmp_path), strict=True):
        container = next(Document(f"<html><body>{body}").root.iter("main"))
        blocks = read_body(container, "https://ifpnews.com/a/", StyleSheet([])).blocks
        read = [word for block in blocks for text in block.get("cells", [block["text"]]) for word in text.split()]
        assert read == seen, body
