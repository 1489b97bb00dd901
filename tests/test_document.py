"""Small AMP pages that show one thing each. What is cached from page to page changes no record, and stays small."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from ifp_scraper import UnreadablePage, extract
from ifp_scraper.items import Embed
from ifp_scraper.pages import Document, bylines, images, inline, newspaper_cloud
from ifp_scraper.pages.cut_scripts import cut_scripts
from ifp_scraper.pages.document import parse
from ifp_scraper.pages.inline import label_text
from ifp_scraper.pages.tree import Element
from tests import mutations

URL = "https://ifpnews.com/an-article/amp/"


def page(*, style: str = "", head: str = "", around: str = "", body: str = "", after: str = "") -> bytes:
    return (
        f"<html><head><style>{style}</style>{head}</head><body class='single-post amp-single postid-7'>"
        f'<div class="hamb-mnu">{around}</div><h1 class="amp-post-title">An Article</h1>'
        f'<div class="cntn-wrp artl-cnt"><p class="a">First.</p><p class="b">Second.</p>{body}</div>'
        f"{after}</body></html>"
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


def test_a_style_sheet_may_be_in_capitals() -> None:
    assert texts(page(style=".a{DISPLAY:NONE}")) == ["Second."]


def test_a_menu_that_begins_like_the_one_before_is_read_to_its_own_end() -> None:
    menu = "<div><a href='/'>Home</a></div>"
    alone = read(page(around=menu))
    longer = f"{menu}</div><div class='tl-exc'>A lead"
    assert read(page(around=longer))["lead"] == "A lead"
    nested = f"{menu}<div class='tl-exc'>No lead</div>"
    assert read(page(around=nested))["lead"] is None
    assert read(page(around=menu)) == alone


def test_no_record_depends_on_the_pages_before_it() -> None:
    pages = mutations.pages()

    def records(order: list[int]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for number in order:
            try:
                found[number] = extract(*pages[number])
            except UnreadablePage as error:
                found[number] = str(error)
        return found

    order = list(range(len(pages)))
    first = records(order)
    for seed in range(3):
        Random(seed).shuffle(order)
        assert records(order) == first


def resident_memory() -> int:
    """The resident memory of this process, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_what_is_kept_does_not_grow_with_hostile_pages() -> None:
    parts: list[Callable[[str], bytes]] = [
        lambda word: page(style=f".a{{display:none}}/*{word * 15_000}*/"),
        lambda word: page(around=f"<b>{word * 150_000}</b>"),
        lambda word: page(after=f'<div class="srp" title="{word * 150_000}">x</div>'),
        lambda word: page(body=f'<p class="{word * 150_000}">x</p>'),
        lambda word: page(body="".join(f"<a href='/{word * 400}{n}/'>x</a>" for n in range(300))),
        lambda word: page(body=f'<div class="amp-author"><b class="author-name">{word * 150_000}</b></div>'),
        lambda word: page(head=f'<meta property="article:published_time" content="{word * 150_000}">'),
        lambda word: page(
            after='<div class="r-pf"><div class="fsp"><h2 class="loop-title"><a href="/x/">X</a></h2>'
            f'<div class="loop-date">{word * 150_000}</div></div></div>'
        ),
    ]
    for round_ in range(20):
        for number, part in enumerate(parts):
            read(part(f"{round_:08}{number:08}"))
        if round_ == 1:
            before = resident_memory()
    assert resident_memory() - before < 30


def test_a_page_in_capitals_gives_the_same_record() -> None:
    said = '<script type="application/ld+json">{"headline": "An Article", "datePublished": "2024-05-06T06:00:00Z"}'
    small = page(style=".a{display:none}", head=f"{said}</script>")
    large = small.replace(b"script", b"SCRIPT").replace(b"style", b"STYLE")
    for record in (read(small), read(large)):
        assert record["published_at"] == "2024-05-06T06:00:00Z"
        assert record["body"] == "Second."


@pytest.mark.parametrize("tag", ["script", "style", "noscript", "svg", "template"])
def test_the_end_of_a_script_may_be_in_another_case_than_its_beginning(tag: str) -> None:
    large = tag.upper()
    for begin, end in ((tag, large), (large, tag)):
        body = f"<{begin}>a</{end}><p>Third.</p><{begin}>b</{begin}><p>Fourth.</p>"
        assert texts(page(body=body)) == ["First.", "Second.", "Third.", "Fourth."]


@pytest.mark.parametrize("tag", ["script", "style", "noscript", "svg", "template"])
@pytest.mark.parametrize("end", ["</{} >", "</{}\n>", "</{}/>", "</{} type='text/x'>"])
def test_an_end_tag_may_have_attributes(tag: str, end: str) -> None:
    body = f"<{tag}>a</{tag}x>b{end.format(tag)}<p>Third.</p><{tag}>c</{tag}>"
    assert texts(page(body=body)) == ["First.", "Second.", "Third."]


@pytest.mark.parametrize("begin", ["<svg>", "<svg viewBox='0 0 9 9'><path d='M0 0'><title>Icon</title>", "<SVG><G>"])
@pytest.mark.parametrize("after", ["", "<p>Fourth.</p><svg><path/></svg>", "<svg>" * 3])
def test_an_icon_that_was_not_closed_ends_where_html_begins(begin: str, after: str) -> None:
    for block in ("<p>Third.</p>", "<DIV class=x>Third.</DIV>", "<h2>Third.</h2>"):
        read_texts = texts(page(body=f"{begin}{block}{after}"))
        assert read_texts == ["First.", "Second.", "Third.", *(["Fourth."] if "<p>" in after else [])]


@pytest.mark.parametrize(
    "holder",
    [
        *("foreignObject", "foreignobject", "FOREIGNOBJECT", "foreignObject width='9'"),
        *("desc", "title", "title id='x'", "style", "STYLE"),
    ],
)
def test_what_is_foreign_to_a_drawing_is_in_it(holder: str) -> None:
    end = holder.split()[0]
    for inside in ("<p>In it.</p>", "<span>In it.</span>", "<div><br>In it.</div>", "/* <p> */"):
        drawing = f"<svg><path/><{holder}>{inside}</{end}><text>Too.</text></svg>"
        assert texts(page(body=f"{drawing}<p>Third.</p>")) == ["First.", "Second.", "Third."]


@pytest.mark.parametrize("icon", ["<title/>", "<title />", "<title>Icon</title>", "<desc><p>Icon</p></DESC >"])
def test_an_icon_ends_where_html_begins_behind_its_title(icon: str) -> None:
    body = f"<svg>{icon}<path/><p>Third.</p><svg><path/></svg>"
    assert texts(page(body=body)) == ["First.", "Second.", "Third."]


def test_scripts_are_cut_in_a_moment() -> None:
    started = time.monotonic()
    for inside in (
        "<svg><p>",
        "<svg><p></p>",
        "<svg><title><p>",
        "<svg><title></title><p>",
        "<svg><a></a><foreignObject>",
    ):
        for end in ("", "</svg>"):
            cut_scripts((inside * 20_000 + end).encode())
    for name in ("script", "style", "noscript", "svg", "template"):
        cut_scripts(f"<{name}>{f'</{name} ' * 40_000}".encode())
    assert time.monotonic() - started < 5


def test_recent_posts_are_found_below_a_box_that_was_not_closed() -> None:
    related = "<main><div class='amp-wp-content relatedpost'><div>Related</div></main>"
    recent = "<div class='amp-wp-content relatedpost recentpost'><p>Recent</p>"
    assert Document(f"<body>{related}{recent}</div>").recent_posts == recent.encode()


def test_a_license_may_be_broken_over_lines_and_elements() -> None:
    for said in ("is licensed\n\tunder a", "is licensed&nbsp;under a", "is licensed <b>under</b> a"):
        notice = f"<div>All content {said} Creative Commons Attribution 4.0 International License</div>"
        assert read(page(after=notice))["license"] == "Creative Commons Attribution 4.0 International License"


def test_a_link_to_a_license_may_have_other_relations() -> None:
    notice = "<a rel='nofollow license' href='/l/'>CC BY 4.0</a>"
    assert read(page(body="<p>A license.</p>", after=notice))["license"] == "CC BY 4.0"
    assert read(page(body="<p>A license.</p>", after=notice.replace("nofollow ", "no")))["license"] is None


def test_a_text_about_licenses_states_none() -> None:
    credit = "By Ada, <a rel='license' href='/l/'>CC BY-SA 3.0</a>"
    notice = f"<figure><img src='/1.jpg'><figcaption>{credit}</figcaption></figure>"
    assert read(page(body=f"<p>Rain.</p>{notice}"))["license"] is None
    notice = "<footer>Our licence to print is old. Licensed under a bridge.</footer><a rel='license' href='/l/'></a>"
    assert read(page(body="<p>He lost his driver’s license.</p>", after=notice))["license"] is None
    stated = "<footer>All is licensed under CC BY 4.0. Ask for another license.</footer>"
    assert read(page(after=stated + notice))["license"] == "CC BY 4.0"
    for credit in ("Photo by Ada, licensed under CC BY-SA 3.0", "The maps are licensed under a CC BY 4.0 license."):
        assert read(page(body=f"<p>{credit}</p>"))["license"] is None
        assert read(page(body=f"<p>{credit}</p>", after=stated))["license"] == "CC BY 4.0"


@pytest.mark.parametrize(
    ("lang", "language"),
    [("fa_IR", "fa-IR"), ("zh-Hant-TW", "zh-Hant-TW"), ("English (US)", "de-AT"), ("en us", "de-AT"), (" ", "de-AT")],
)
def test_a_language_is_a_tag(lang: str, language: str) -> None:
    html = page(head='<meta property="og:locale" content="de_AT">').replace(b"<html", f'<html lang="{lang}"'.encode())
    assert read(html)["language"] == language
    assert read(html.replace(b"de_AT", b"Deutsch"))["language"] == ("en-US" if language == "de-AT" else language)


def test_meta_elements_whose_property_is_called_a_name() -> None:
    metas = {"published_time": "2024-05-03T14:30:00+00:00", "section": "Iran", "tag": "Rain"}
    record = read(page(head="".join(f'<meta name="article:{name}" content="{x}">' for name, x in metas.items())))
    assert (record["published_at"], record["published_source"]) == ("2024-05-03T14:30:00Z", "meta")
    assert (record["sections"], record["tags"]) == (["Iran"], ["Rain"])


@pytest.mark.parametrize(
    ("said", "license"),
    [
        ("CC BY", "CC BY"),
        ("CC-BY-NC 4.0.", "CC-BY-NC 4.0"),
        ("CC BY-SA 3.0 Unported (our text)", "CC BY-SA 3.0 Unported"),
        ("CC BY 4.0. All else is ours", "CC BY 4.0"),
        ("CC BY 4.0 unless otherwise noted", "CC BY 4.0"),
        ("CC BY-NC-ND 4.0 International", "CC BY-NC-ND 4.0 International"),
        ("the CC BY", "CC BY"),
        ("a Creative Commons\n Attribution License, as", "Creative Commons Attribution License"),
        ("an Creative Commons Attribution Licence | IFP", "Creative Commons Attribution Licence"),
    ],
)
def test_a_license_ends_with_its_sentence(said: str, license: str) -> None:
    assert read(page(after=f"<div>Licensed under {said}</div>"))["license"] == license


def test_of_two_languages_only_the_first_stays_in_alternative_texts_and_keywords() -> None:
    picture = '<amp-img src="/up/mill.jpg" alt="[:en]The mill[:fa]آسیاب[:]"></amp-img>'
    graph = '{"@graph": [{"@type": "Article", "keywords": ["[:en]Mills[:fa]آسیاب‌ها[:]"]}]}'
    record = read(page(head=f'<script type="application/ld+json">{graph}</script>', body=picture))
    assert [image["alt"] for image in record["images"]] == ["The mill"]
    assert record["tags"] == ["Mills"]


def test_a_frame_of_many_pictures_is_searched_once_for_its_caption(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []
    monkeypatch.setattr(images, "first_caption", searched.append)
    pictures = "".join(f"<amp-img src='/{number}.jpg'></amp-img>" for number in range(100))
    read(page(body=f"<amp-carousel><div>{pictures}</div></amp-carousel>"))
    assert len(searched) == 1  # each search looks at all the pictures


def test_links_in_many_nested_bylines_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 40
    read_texts: list[Element] = []
    monkeypatch.setattr(bylines, "label_text", lambda link: read_texts.append(link) or label_text(link))
    links = "".join(f"<a rel='author' href='/author/{number}/'>A</a>" for number in range(count))
    nested = list(parse(f"{'<span>' * count}{links}".encode()).iter("span"))
    bylines.read_authors(nested, URL)
    assert sum(element.tag == "a" for element in read_texts) <= 2 * count


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("amp-wp-article-content", "<p class='amp-wp-author'><span><a rel='author' href='/author/a/'>"),
        ("amp-wp-article-content", "<div class='ampforwp-tax-tag'><a href='/tag/a/'>"),
        ("cntn-wrp artl-cnt", "<div class='sp-athr'><span class='author-name'>"),
        ("td-post-content", "<div class='td-post-header'><div class='td-post-author-name'><a href='/author/a/'>"),
    ],
)
def test_labels_in_labels_are_read_once(body: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was read with all in it, and in AMP design 1 each link again for each byline around it."""
    count = 60
    read_parts: list[Element] = []
    monkeypatch.setattr(inline, "block_by_attribute", lambda part: bool(read_parts.append(part)))
    nested = f"{name}A " * count + "<i>b</i>" * count
    html = f"<html><body class='single single-post postid-5'><div class='{body}'><p>Text.</p></div>{nested}"
    assert extract(html, URL) is not None
    assert count < len(read_parts) < 40 * count


def test_of_a_long_label_only_the_beginning_is_read_and_remembered() -> None:
    """On a hostile page, 200 elements around a text of a megabyte took 380 MB, or 45 of them a minute."""
    known: dict[Element, str] = {}
    label = parse(f"<body><p><b>{'x' * 1_000_000}</b></p>".encode()).find(".//p")
    assert label is not None
    assert label_text(label, known) == "x" * 20_000
    assert sum(map(len, known.values())) <= 40_000


def test_authors_in_two_languages_are_those_of_the_first() -> None:
    links = (
        "<a href='/author/{}/'>{}</a>".format(*each) for each in zip("abcd", ("Al", "Bo", "علی", "بو"), strict=True)
    )
    box = parse("<body><p>[:en]{} and {}[:fa]{} و {}[:]</p>".format(*links).encode()).find(".//p")
    assert box is not None
    assert [author.name for author in bylines.read_authors([box], URL)] == ["Al", "Bo"]


def test_links_in_links_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 60
    read_parts: list[Element] = []
    monkeypatch.setattr(inline, "block_by_attribute", lambda part: bool(read_parts.append(part)))
    nested = "".join(f"<div><a href='/{number}/'>A " for number in range(count))
    links = read(page(body=f"{nested}<i>b</i>"))["links"]
    assert [link["text"].count("A") for link in links] == list(range(1, count + 1))
    assert count <= len(read_parts) < 5 * count


def test_of_many_captions_of_a_table_only_the_first_is_one() -> None:
    """For each, all cells may have to be searched for a text: of 8000 and 8000 empty cells, that took 100 seconds."""
    captions = "".join(f'<figcaption class="wp-element-caption">Table {number}</figcaption>' for number in range(3))
    for before, after in ((captions, ""), ("", captions)):
        table = f"{before}<table><tr><td>a</td></tr></table>{after}"
        record = read(page(body=f'<figure class="wp-block-table">{table}</figure>'))
        assert [text for text in (block["text"] for block in record["blocks"]) if "Table" in text] == ["Table 0"]


def test_videos_are_deduplicated_without_comparing_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Embed, "__eq__", lambda *_: pytest.fail("two films were compared"))
    films = "".join(f"<amp-iframe src='https://film.example/{number}'></amp-iframe>" for number in (2, 1, 2))
    lead = '<div class="sf-img"><amp-iframe src="https://film.example/1"></amp-iframe></div>'
    embeds = read(page(body=films, after=lead))["embeds"]
    assert [embed["url"] for embed in embeds] == ["https://film.example/1", "https://film.example/2"]


def test_style_sheets_are_searched_once_however_many_backgrounds_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[bytes] = []
    monkeypatch.setattr(newspaper_cloud, "_BACKGROUND_RULE", SimpleNamespace(search=searched.append))
    boxes = '<div class="tdb_single_bg_featured_image">' + '<div class="tdb-featured-image-bg"></div>' * 9 + "</div>"
    cloud = '<div class="tdb_single_content"><p>Text.</p></div>'
    html = (
        f'<style>.a{{}}</style><body class="single single-post postid-7"><h1 class="entry-title">A</h1>{boxes}{cloud}'
    )
    assert read(f"<html>{html}</body></html>".encode())["layout"] == "newspaper-cloud"
    assert searched == [b".a{}"]


@pytest.mark.parametrize(
    ("path", "of_many"),
    [("/110/", False), ("/110/amp/", False), ("/110/2/", True), ("/an-article/2/", True), ("/day-7/", False)],
)
def test_a_slug_that_is_a_number_is_no_page_number(path: str, of_many: bool) -> None:
    record = extract(page(), f"https://ifpnews.com{path}")
    assert record is not None
    assert ("one-page-of-many" in record["warnings"]) is of_many


def test_a_comment_may_end_with_an_exclamation_mark() -> None:
    assert texts(page(body="<!-- a --!><p>Third.</p><!-- b -->")) == ["First.", "Second.", "Third."]


def test_what_covered_an_address_is_no_part_of_the_page() -> None:
    code = "2a4e4f59416a434c5a444f5d5904494547"
    html = page(body=f'<p><a class="__cf_email__" data-cfemail="{code}">[<b class="cover">covered</b>]</a></p>')
    for _ in range(2):  # from the second page on, the class is indexed from the start
        assert Document(html).tree.find(".cover") == []
    record = read(html)
    assert record["blocks"][-1]["text"] == "desk@ifpnews.com"
    assert record["links"] == [{"url": "mailto:desk@ifpnews.com", "text": "desk@ifpnews.com"}]


def test_names_and_texts_that_lxml_refuses_to_set_are_read() -> None:
    picture = '<p>Third.</p><img src="data:x" data-\x01src="/a.jpg">'
    assert texts(page(body=picture)) == ["First.", "Second.", "Third."]
    themed = page().replace(b"cntn-wrp artl-cnt", b"td-post-content")
    spilt = themed.replace(b'<p class="b">', b"</div>\x01At once.<p>").replace(b"</body>", b"<footer></footer></body>")
    assert texts(spilt.replace(b"Second.</p></div>", b"Second.</p>")) == ["First.", "At once.", "Second."]


def test_an_attribute_that_says_true_is_no_address_of_a_picture() -> None:
    pictures = read(
        page(body='<img src="data:x" data-lazy="true" srcset="/a.jpg 1x"><img src="/blank.gif" data-lazy="1">')
    )
    addresses = [image["url"] for image in pictures["images"]]
    assert addresses == ["https://ifpnews.com/a.jpg", "https://ifpnews.com/blank.gif"]


def test_names_that_hold_each_other_and_the_rest_of_the_page_are_no_byline() -> None:
    record = read(page(after='<div class="sp-athr">' + '<b class="author-name">' * 20 + "word " * 1000))
    assert (record["byline"], record["authors"]) == (None, [])


def test_a_page_is_truncated_unless_only_end_tags_are_omitted() -> None:
    """Minifiers and SingleFile omit ``</body>`` and ``</html>``; every other element around the article is closed."""
    page = b"<html lang=en><body class=single><div><main><p>One.<p>Two.</main><p>Three</div><script>x</script>"
    assert not Document(page).truncated
    assert not Document(page + b"\n").truncated
    assert not Document(page + b"</HTML>").truncated
    assert all(Document(page[:length]).truncated for length in range(len(page) - len(b"<script>x</script>")))
    assert all(Document(page[:length]).truncated for length in range(len(page) - len(b"</script>"), len(page)))


def test_a_stray_end_tag_does_not_stand_for_a_missing_one() -> None:
    page = b"<html><body class=single><article><div><p>One.</p></div></div><p>Two.</p>"
    assert Document(page).truncated
    assert not Document(page + b"</article>").truncated


def test_a_page_that_ends_before_the_notes_of_a_cache_is_not_truncated() -> None:
    whole = b"<html><body><div><p>x</p></body></html >"
    notes = b"<!-- %b -->\n<script>1</script>" % (b"x" * 5000)
    assert not Document(whole + notes).truncated
    assert not Document(whole + b"\n" * 5000).truncated
    assert Document(whole + b"<p>" + b"x" * 5000).truncated
    assert Document(b"<html><body><div><p>x</p></body>" + notes).truncated


def test_a_page_that_ends_in_a_comment_is_truncated() -> None:
    page = b"<html><body class=single><article><p>One.</p></article>"
    assert Document(page + b"<!-- menu").truncated
    assert not Document(page + b"<!-- menu -->").truncated


@pytest.mark.parametrize("amp", ["amp", "⚡"])
def test_an_amp_page_without_its_json_ld_is_truncated(amp: str) -> None:
    page = f"<html {amp} lang=en><body class=single><article><p>One.</p></article>".encode()
    assert Document(page).truncated
    assert not Document(page + b'<script type="application/ld+json">{}</script>').truncated


def test_players_of_a_page_are_what_they_show() -> None:
    record = read(
        page(
            body='<amp-facebook-page data-href="https://www.facebook.com/ifp"></amp-facebook-page>'
            '<amp-facebook-page data-href="https://www.facebook.com/ifp/videos/1/"></amp-facebook-page>'
            '<iframe data-tweet-id="12" src="https://www.youtube.com/embed/abcdefghijk"></iframe>'
            '<iframe data-tweet-id="34" src="./x_files/embed.html"></iframe>'
            '<iframe src="https://t.me/ifp/5?embed=1&userpic=true"></iframe>'
            '<iframe src="https://player.example/7?embed=1&video=8"></iframe>'
        )
    )
    assert [embed["url"] for embed in record["embeds"]] == [
        "https://www.facebook.com/ifp/videos/1/",
        "https://www.youtube.com/watch?v=abcdefghijk",
        "https://twitter.com/i/status/34",
        "https://t.me/ifp/5",
        "https://player.example/7?embed=1&video=8",
    ]


def test_only_categories_among_the_breadcrumbs_are_sections() -> None:
    crumbs = '<div class="breadcrumbs"><a href="/">Home</a>%s<a href="/a-story/">The Story</a></div>'
    assert read(page(after=crumbs % '<a href="/category/world/">World</a>'))["sections"] == ["World"]
    assert read(page(after=crumbs % ""))["sections"] == []


def test_a_subtitle_inside_the_body_is_no_lead() -> None:
    assert read(page(body='<h2 class="amp-wp-content">Inside</h2>'))["lead"] is None
    assert read(page(after='<h2 class="amp-wp-content">Outside</h2>'))["lead"] == "Outside"


@pytest.mark.parametrize(
    ("rows", "blocks"),
    [
        ("<tr style='display:none'><td>a</td></tr><tr><td>b</td></tr>", ["b"]),
        ("<tr><td class=x>a</td><td>b</td></tr><tr hidden><td>c</td></tr>", ["b"]),
        ("<tbody class=x><tr><td>a</td></tr></tbody><tr><td>b</td><th style='display:none'>c</th></tr>", ["b"]),
        ("<tr><td>a</td><td hidden>b</td><td></td><td>c</td></tr>", ["a |  | c"]),
    ],
)
def test_what_is_hidden_of_a_table_gives_no_text(rows: str, blocks: list[str]) -> None:
    html = page(style=".x{display:none}", body=f"<table>{rows}</table>")
    assert texts(html) == ["First.", "Second.", *blocks]


@pytest.mark.parametrize(
    "picture",
    [
        "<img class='emoji' alt='☃' src='/s.svg'>",
        "<img class='x' alt='☃' src='https://net.example/emoji.php/v9/s.png'>",  # as pasted from a social network
        "<amp-img alt='☃' src='/notoemoji/s.svg'></amp-img>",
    ],
)
def test_a_picture_of_an_emoji_is_the_character_that_it_stands_for(picture: str) -> None:
    record = read(page(body=f"<p>Snow {picture} fell.</p>"))
    assert record["blocks"][-1]["text"] == "Snow ☃ fell."
    assert record["images"] == []


@pytest.mark.parametrize(
    ("alt", "url"),
    [*((alt, "/emoji/s.svg") for alt in ("", "-", "☃ Snow", "A ☃", "1", "برف", "\u200c")), ("☃", "/s.jpg")],
)
def test_any_other_picture_is_a_picture(alt: str, url: str) -> None:
    record = read(page(body=f"<p>Snow <img alt='{alt}' src='{url}'> fell.</p>"))
    assert record["blocks"][-1]["text"] == "Snow fell."
    assert [image["alt"] for image in record["images"]] == [alt]


YOUTUBE, TWEET = "https://www.youtube.com/watch?v=abcdefghijk", "https://twitter.com/i/status/34"


@pytest.mark.parametrize(
    ("body", "embeds"),
    [
        ("<iframe src='https://www.youtube.com/watch?feature=share&v=abcdefghijk'></iframe>", [("youtube", YOUTUBE)]),
        ("<iframe src='https://platform.twitter.com/embed/Tweet.html?id=34'></iframe>", [("tweet", TWEET)]),
        ("<iframe src='https://twitter.com/ifp'></iframe>", [("iframe", "https://twitter.com/ifp")]),
        ("<div data-src='https://www.youtube.com/embed/abcdefghijk'>Play</div>", [("youtube", YOUTUBE)]),
        (
            "<amp-carousel><div style='display:none'><iframe src='/a'></iframe></div><iframe src='/b'></iframe>"
            "</amp-carousel>",
            [("iframe", "https://ifpnews.com/b")],
        ),
        ("<blockquote class='twitter-tweet'>A <a href='https://t.co/x'>post</a> without its address</blockquote>", []),
        ("<blockquote class='tiktok-embed'>A dance</blockquote>", []),
        ("<blockquote class='instagram-media'>A view</blockquote>", []),
        ("<blockquote class='reddit-card'>A talk</blockquote>", []),
        (
            "<div class='fb-post' data-href='https://www.facebook.com/ifp/posts/1'>"
            "<iframe src='https://www.facebook.com/plugins/post.php'></iframe><iframe src='/film'></iframe></div>",
            [("iframe", "https://www.facebook.com/ifp/posts/1"), ("iframe", "https://ifpnews.com/film")],
        ),
    ],
)
def test_what_names_a_player_or_a_post(body: str, embeds: list[tuple[str, str]]) -> None:
    assert [(embed["kind"], embed["url"]) for embed in read(page(body=body))["embeds"]] == embeds


def test_a_slide_without_an_address_does_not_hide_those_after_it() -> None:
    slides = '[{"src": ""}, {"caption": "x"}, {"src": "javascript:x"}, {"src": "/a.jpg"}, 1, {"src": "/b.jpg"}]'
    record = read(page(body=f"<div class='jetpack-slideshow' data-gallery='{slides}'></div>"))
    assert [image["url"] for image in record["images"]] == ["https://ifpnews.com/a.jpg"]


@pytest.mark.parametrize("slides", ["", "[", "5", '{"src": "/a.jpg"}', "null"])
def test_slides_that_are_no_list_are_none(slides: str) -> None:
    assert read(page(body=f"<div class='jetpack-slideshow' data-gallery='{slides}'></div>"))["images"] == []
    assert read(page(body="<div class='jetpack-slideshow'></div>"))["images"] == []


@pytest.mark.parametrize(
    "shown", ["data:,x", "about:blank", "blob:x", "file:///x.gif", "cid:x", "DATA:,x", "a_files/x.gif"]
)
def test_what_the_site_does_not_have_is_only_shown_until_the_picture_is_loaded(shown: str) -> None:
    (image,) = read(page(body=f"<img src='{shown}' data-original='/1.jpg'>"))["images"]
    assert image["url"] == "https://ifpnews.com/1.jpg"


@pytest.mark.parametrize(
    "attribute",
    [
        *("data-src", "data-lazy-src", "data-orig-src", "data-cfsrc", "data-original", "data-lazy", "data-img-url"),
        "data-srcset",
    ],
)
def test_where_scripts_find_the_address_of_a_picture(attribute: str) -> None:
    (image,) = read(page(body=f"<img src='data:,x' {attribute}='1.jpg'>"))["images"]
    assert image["url"].endswith("/1.jpg")


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("<base href='https://ifpnews.com/b/'>", "https://ifpnews.com/b/"),
        ("<base target=_top><base href='/b/x'><base href='/c/'>", "https://ifpnews.com/b/"),
        ("<BASE HREF='b/'>", "https://ifpnews.com/an-article/amp/b/"),
        ("<base href='//cdn.example/b/'>", "https://cdn.example/b/"),
        ("<base href='javascript:x'><base href='/c/'>", "https://ifpnews.com/an-article/amp/"),
        ("<base href=''>", "https://ifpnews.com/an-article/amp/"),
    ],
)
def test_where_a_base_element_leads(head: str, base: str) -> None:
    own = f"<a href='{URL}#x'>x</a>"
    body = f"<p><a href='o/'>o</a>{own}</p><img src='i.jpg'><img data-src='j.jpg'><iframe src='e/'></iframe>"
    record = read(page(head=head, body=body))
    assert record["links"] == [{"url": f"{base}o/", "text": "o"}]
    assert [image["url"] for image in record["images"]] == [f"{base}i.jpg", f"{base}j.jpg"]
    assert record["embeds"] == [{"kind": "iframe", "url": f"{base}e/"}]


def test_a_base_element_does_not_lead_an_article_to_another_site() -> None:
    links = "<link rel=canonical href='a/'>"
    assert read(page(head=f"<base href='/b/'>{links}"))["url"] == "https://ifpnews.com/b/a/"
    for base in ("https://cdn.example/b/", "//ifpnews.com.example/"):
        assert read(page(head=f"<base href='{base}'>{links}"))["url"] == "https://ifpnews.com/an-article/amp/a/"


def test_a_counter_in_the_head_does_not_begin_the_body() -> None:
    record = read(page(head="<noscript><img src='/1.jpg'></noscript><title>x</title>", body="<p>Third.</p>"))
    assert (record["id"], record["images"]) == (read(page())["id"], [])


def test_a_counter_is_a_picture_of_one_pixel_both_ways() -> None:
    pictures = "".join(f"<img src='/{x}-{y}.gif' width={x} height={y}>" for x in (0, 1, 9) for y in (0, 1, 9))
    found = [image["url"].removeprefix("https://ifpnews.com/") for image in read(page(body=pictures))["images"]]
    assert found == ["0-9.gif", "1-9.gif", "9-0.gif", "9-1.gif", "9-9.gif"]


def test_an_empty_caption_is_none() -> None:
    for body in (
        "<figure><img src='/1.jpg'><figcaption> </figcaption></figure>",
        "<div><figure><img src='/1.jpg'></figure><figcaption></figcaption></div>",
    ):
        assert [image["caption"] for image in read(page(body=body))["images"]] == [None]


@pytest.mark.parametrize("tag", ["amp-img", "amp-anim"])
def test_what_amp_puts_into_a_picture_is_no_other(tag: str) -> None:
    inside = "<amp-img placeholder src='/0.gif'></amp-img><img src='/1.gif?2'>"
    body = f"<figure><{tag} src='/1.gif'>{inside}</{tag}></figure>"
    assert [image["url"] for image in read(page(body=body))["images"]] == ["https://ifpnews.com/1.gif"]


def test_a_background_that_is_no_address_leaves_that_of_the_style() -> None:
    cover = '<div class="wp-block-cover" data-bg="%s" style="background-image:url(/a.jpg)">.</div>'
    for late, image in (("true", "a.jpg"), ("#fff", "a.jpg"), ("/b.jpg", "b.jpg"), ("url(/b.jpg)", "b.jpg")):
        assert [one["url"] for one in read(page(body=cover % late))["images"]] == [f"https://ifpnews.com/{image}"]


def test_only_panels_that_open_are_read_though_hidden() -> None:
    panel = '<div hidden role="%s"%s><p>Hidden.</p></div>'
    for role, label, is_read in (
        ("tabpanel", "", True),
        ("region", ' aria-labelledby="b"', True),
        ("region", "", False),
        ("note", ' aria-labelledby="b"', False),
        ("tabpanel", ' style="display:none"', False),
    ):
        assert ("Hidden." in texts(page(body=panel % (role, label)))) is is_read


def test_a_later_page_in_a_copy_of_the_site_is_one_of_many() -> None:
    html = b"<body class='single postid-7'><h1 class='entry-title'>A</h1><div class='td-post-content'><p>x</p></div>"
    record = extract(html, "https://ifpnews.com/a-story/2/index.html")
    assert record is not None
    assert (record["url"], "one-page-of-many" in record["warnings"]) == ("https://ifpnews.com/a-story/", True)


@pytest.mark.parametrize("box", ["div", "section"])
def test_a_recent_post_without_a_usable_address_is_left_out(box: str) -> None:
    entry = '<div class="fsp"><h2 class="loop-title"><a href="{}">A Post</a></h2></div>'.format
    links = "javascript:void(0)", "http://[", "", "/a-post/amp/"
    html = page(after=f'<{box} class="r-pf">{"".join(map(entry, links))}</{box}>')
    assert [post["url"] for post in read(html)["recent_posts"]] == ["https://ifpnews.com/a-post/"]


@pytest.mark.parametrize("box", ["div", "section"])  # only a div is set aside, and read alone
def test_of_thousands_of_recent_posts_some_are_read(box: str) -> None:
    entries = "".join(
        f'<div class="fsp"><h2 class="loop-title"><a href="/post-{number}/amp/">Post {number}</a></h2>'
        f'<div class="loop-date">{number} hours ago</div></div>'
        for number in range(3000)
    )
    html = page(after=f'<{box} class="r-pf"><h3>Recent Posts</h3>{entries}</{box}>')
    begin = time.process_time()
    record = extract(html, URL, captured_at="2024-05-06T06:00:00Z")
    assert time.process_time() - begin < 1
    assert record is not None
    assert [post["headline"] for post in record["recent_posts"]] == [f"Post {number}" for number in range(100)]
    assert record["recent_posts"][99]["published_at"] == "2024-05-02T03:00:00Z"


MANY = " ".join(f"a{number}=1" for number in range(40_000))


@pytest.mark.parametrize(
    "before",
    [
        "",
        '<i title=">" alt=\'"\' = data-x=a"b lang=/>',
        '<!-- <i title=" -->',
        '<!x <i title=">',
        '</1 <i title=">',
        '<title><i title="</title>',
        '<textarea rows="</textarea>"><i title="</textarea>',
    ],
)
def test_an_element_with_tens_of_thousands_of_attributes(before: str) -> None:
    begin = time.process_time()
    record = read(page(body=f'{before}<p class="c" {MANY}>Third.</p><p title="">Fourth.</p>'))
    assert time.process_time() - begin < 0.5
    assert [block["text"] for block in record["blocks"]] == ["First.", "Second.", "Third.", "Fourth."]


def test_long_attributes_are_left_as_they_are() -> None:
    words = "no <b>end</b> of 'words' " * 5000
    body = f'<p><img src="https://ifpnews.com/a.jpg" data-x="{words}" alt="a picture"></p>' * 3
    assert [image["alt"] for image in read(page(body=body))["images"]] == ["a picture"]


@pytest.mark.parametrize("limit", ["blocks.MAX_BLOCKS", "document.MAX_MARKUP"])
@pytest.mark.parametrize("tag", ["<p>", "<tr><td>"])
def test_the_text_beyond_a_limit_is_left_out(tag: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    html = page(body=f"<table>{tag}Third.{tag}Fourth.{tag}Fifth.</table>")
    most = 3 if "BLOCKS" in limit else Document(html).html.index(b"Fourth.")
    monkeypatch.setattr(f"ifp_scraper.pages.{limit}", most)
    record = read(html)
    assert [block["text"] for block in record["blocks"]] == ["First.", "Second.", "Third."]
    assert "too-long" in record["warnings"]


@pytest.mark.parametrize("limit", [0, 1, 2, 9])
def test_scripts_beyond_the_limit_are_left_to_the_parser(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifp_scraper.pages.cut_scripts.MAX_CUTS", limit)
    body = "<!-- a --><p>Third.</p><script>b</script><style>c{}</style><p>Fourth.</p><noscript>d</noscript>"
    assert texts(page(body=body)) == ["First.", "Second.", "Third.", "Fourth."]


def test_only_so_many_menus_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifp_scraper.pages.cut_surroundings.MAX_REMEMBERED", 3)
    remembered: dict[bytes, bytes] = {}
    monkeypatch.setattr("ifp_scraper.pages.cut_surroundings._remembered", remembered)
    for number in range(9):
        read(page(around="<a href='/'>Home</a>").replace(b'"hamb-mnu"', b'"hamb-mnu" id="%d"' % number))
        assert 0 < len(remembered) <= 3


@pytest.mark.parametrize("kind", [str, bytes])
def test_only_so_much_of_a_page_is_kept(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifp_scraper.pages.document.MAX_BYTES", 100)
    text = "<p>تهران</p>" * 9
    document = Document(text if kind is str else text.encode())
    assert (len(document.source), "too-long" in document.warnings) == (100, True)


def test_players_beyond_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read_players: list[str] = []
    monkeypatch.setattr("ifp_scraper.pages.body.MAX_PARTS", 5)
    monkeypatch.setattr(
        "ifp_scraper.pages.body.read_embed",
        lambda player, base: read_players.append(player.get("src")) or Embed("audio", base + player.get("src")),
    )
    record = read(page(body="".join(f'<audio src="{number}.mp3"></audio>' for number in range(9))))
    assert len(record["embeds"]) == len(read_players) == 5
    assert "too-long" in record["warnings"]
