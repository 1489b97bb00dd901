"""What a page's own style sheet hides, also as a browser sees it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from random import Random

import pytest

from ifp_scraper.pages.css import StyleSheet
from ifp_scraper.pages.document import parse
from ifp_scraper.pages.tree import Element
from tests.browser import dump

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
        ("@media print{.a{display:none}}@media screen{.c{display:none}}", "A B"),
    ],
)
def test_rules_win_as_in_a_browser(style: str, words: str) -> None:
    markup = '<div class="b a">A <em>B <p class="c">C</p></em></div>'
    for styles in ([style], [SHEET_OF_A_THEME + style], [style, SHEET_OF_A_THEME]):
        assert " ".join(shown(markup, *styles)) == words


class _Invented:
    """Random style sheets and elements, of the selectors that are read."""

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
        return f'<{tag} class="{classes}" id="i{self._random.randint(1, 9)}"> w{self._words} {inside}</{tag}>'

    def _rule(self) -> str:
        choice = self._random.choice
        selectors = ",".join(self._selector() for _ in range(choice((1, 1, 2))))
        value = choice(("none", "none", "block", "inline")) + choice(("", "!important"))
        rule = f"{selectors} {{color:red;display: {value}}}"
        around = choice(("{}", "{}", "{}", "@media print{{{}}}", "@media screen{{{}}}", "/*{}*/"))
        return around.format(rule)

    def _selector(self) -> str:
        parts = [self._compound() for _ in range(self._random.choice((1, 1, 2, 3)))]
        return "".join(part + self._random.choice((" ", ">", " > ")) for part in parts[:-1]) + parts[-1]

    def _compound(self) -> str:
        choice = self._random.choice
        names = "".join(f".{name}" for name in self._random.choices("abcd", k=choice((1, 1, 2))))
        return choice(("", "", "div", "span")) + names + choice(("", "", "", "#i1"))


@pytest.mark.slow
def test_a_browser_hides_the_same(tmp_path: Path) -> None:
    cases = []
    for seed in range(500):
        invented = _Invented(seed)
        cases.append(([invented.style() for _ in range(seed % 2 + 1)], invented.element()))
    page = tmp_path / "cases.html"
    page.write_text(
        f"""<!doctype html><script type="application/json">{json.dumps(cases)}</script><pre></pre><script>
        const words = element => getComputedStyle(element).display === "none" ? "" :
          [...element.childNodes].map(node => node.nodeType === 3 ? node.data : words(node)).join(" ");
        const seen = JSON.parse(document.querySelector("script").textContent).map(([styles, markup]) => {{
          const root = document.body.appendChild(document.createElement("div")).attachShadow({{mode: "open"}});
          root.innerHTML = styles.map(style => `<style>${{style}}</style>`).join("") + markup;
          return words(root.lastElementChild).split(/\\s+/).filter(word => word);
        }});
        document.querySelector("pre").textContent = JSON.stringify(seen);
        </script>""",
        encoding="utf-8",
    )
    found = re.search("<pre>(.*?)</pre>", dump(page))
    assert found
    for (styles, markup), seen in zip(cases, json.loads(html.unescape(found[1])), strict=True):
        assert shown(markup, *styles) == seen, (styles, markup)
