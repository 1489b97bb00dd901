"""What a body gives, where no saved page shows it: blocks, pictures, players and links."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ifp_scraper import extract
from ifp_scraper.pages.document import parse
from ifp_scraper.pages.inline import inline_text, resolved


def read(body: str, headline: str = "A Story") -> dict[str, Any]:
    html = (
        f"<html><body class='single single-post postid-7'><article><h1 class='entry-title'>{headline}</h1>"
        f"<div class='td-post-content'>{body}</div></article></body></html>"
    )
    record = extract(html, "https://ifpnews.com/a-story/")
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<table><caption>Rain <b>by</b> year</caption><tr><td>1<td>2</table>", ["Rain by year", "1 | 2"]),
        ("<table><tr><input type=hidden><td><p>a</p><p>b</p></table>", ["a", "b"]),  # of one column, so layout
        ("<table><tr><td>1<td>2<tfoot class=x><tr><td>3<td>4</tfoot></table>", ["1 | 2", "3 | 4"]),
        *(
            (f"<table><{part}><th>a<th>b</{part}></table>", ["a | b"])  # a row, as in a browser
            for part in ("thead", "tbody", "tfoot")
        ),
        ("<table><td>1<td>2<tr><td>3<td>4</table>", ["1 | 2", "3 | 4"]),
        ("<table><tr><td>1<td>2</tr>a<table><tr><td>3<td>4</table><p>b</p>", ["a", "1 | 2", "3 | 4", "b"]),
        ("<table><tr><td>1<td>2<tr><div><td>3<td>4</div><tr><td>5<td>6</table>", ["1 | 2", "3 | 4", "5 | 6"]),
        ("<table><tr><form><td>1<td>2</form></tr></table>", ["1 | 2"]),
        ("<table><tr><td><td></tr><tr><td>1<td>2</table>", ["1 | 2"]),
        ("<table><tr><td><p>a</p><td><p>b</p></table>", ["a | b"]),  # of two columns, so no layout
        ("<a href=/x/><p>One</p>two</a>", ["One", "two"]),
        ("<pre>One <p>a\n b</p></pre>", ["One", "a\nb"]),
        ("<p>[:en]Rain[:fa]باران[:]</p><p>[:fa]برف[:]</p><p>fell</p>", ["Rain", "fell"]),
        ("<h4>Advertisement</h4><p>- Advertisement -</p>", ["Advertisement"]),
        ("<h3><button>Rain</button></h3>", ["Rain"]),
        ("<h3><button>Copy</button><a>Rain</a></h3>", ["Rain"]),
        ("<h3><a>Rain</a><button>Copy</button></h3>", ["Rain"]),
        ("<h3><button>Copy</button> Rain</h3>", ["Rain"]),
        ("<h3>Rain <button>Copy</button></h3>", ["Rain"]),
        ("<p><button>Copy</button></p>", []),
        ("<p hidden>Rain</p><p hidden style='color:red'>Hail</p>", []),
        ("<p hidden style='color:red; display: block'>Rain</p>", ["Rain"]),  # as jQuery's show() leaves it
        ("<blockquote class=wp-embedded-content style='display:none'>Rain</blockquote>", []),
        ("<blockquote class=wp-embedded-content style='display:none'>Rain</blockquote><p>x</p>", ["x"]),
        ("<blockquote class=wp-embedded-content style='display:none'>Rain</blockquote><p><iframe></p>", ["Rain"]),
        ("<p>Rain<form>Search</form>fell</p>", ["Rain", "fell"]),
        ("Rain<nav><a href=/>Home</a></nav>fell", ["Rain", "fell"]),
        (f"<nav>In this story: <ul><li><a href=#b>{'fell ' * 50}</a></ul></nav><p>Rain</p>", ["Rain"]),
        (f"<p>Rain</p><nav>Page <a href=2/>2</a><p>{'fell ' * 50}</p>", ["Rain", "Page 2", "fell " * 49 + "fell"]),
        (f"<nav><nav><a href=2/>2</a></nav>{'fell ' * 50}", ["fell " * 49 + "fell"]),
        (f"<nav><ul><nav><p>{'fell ' * 50}</p>", ["fell " * 49 + "fell"]),
        ("<p>Rain<select><option>a</select><textarea>b</textarea>fell</p>", ["Rainfell"]),
        ("<p style='--x-display:none'>Rain</p><p style='color:red; DISPLAY : NONE'>fell</p>", ["Rain"]),
        ("<figure><pre>a = b</pre><figcaption>Code</figcaption><p>Rain</p></figure>", ["a = b", "Code", "Rain"]),
        ("<p><br>Rain<br>fell<br></p>", ["Rain\nfell"]),
        ("<h2><span class=ez-toc-section>Rain</span></h2><p class='ez-toc-x'>List</p>", ["Rain"]),
        ("<p class='x-essb_1'>Rain</p><p class='x essb_1'>Share</p>", ["Rain"]),
        ("<p hidden=until-found>Rain</p><p hidden>fell</p>", ["Rain"]),
        ("<figure><figcaption>Of what is lost</figcaption></figure><p>Rain</p>", ["Rain"]),
        ("<div id=disqus_thread>Talk</div><div><div class='x-adlabel'>Ad</div>Buy</div><p>Rain</p>", ["Rain"]),
        ("<p>Rain</p><div class='su-divider su-divider-style-default'><a href='#'>Go to top</a></div>", ["Rain"]),
        ("<p>Rain</p><div class='su-expand-link'><a href='javascript:;'>Show more</a></div>", ["Rain"]),
        ("<div class='ns-buttons ns-inline'><a><span>Share</span></a></div><p>Rain</p>", ["Rain"]),
        ("<p>Rain</p><div class='meta-tags'><span>Tagged</span> <a rel='tag'>Hail</a></div>", ["Rain"]),
        ("<p>Rain <a class='su-button' href='/x/'><span>More</span></a></p>", ["Rain"]),
        (
            "<blockquote>Rain<a class='elementor-blockquote__tweet-button'><span>Tweet</span></a></blockquote>",
            ["Rain"],
        ),
        ("<p>Rain</p><div class='et_pb_button_module_wrapper'><a class='et_pb_button'>More</a></div>", ["Rain"]),
        ("<div class='ms-image' style='display:none'>Rain</div><div class='ms-imagery' hidden>x</div>", ["Rain"]),
    ],
)
def test_the_texts_of_a_body(body: str, texts: list[str]) -> None:
    assert [block["text"] for block in read(body)["blocks"]] == texts


@pytest.mark.parametrize(
    "body",
    [
        "<p>Rain</p><a href='/x/'><b class='ctaText'>Read</b><b class='postTitle'>Hail</b></a>",
        "<div class='su-quote'>Rain<b class='su-quote-cite'>A poet</b></div>",
        "<div class='slideshow-container'><img src='/1.jpg'><a>&#10094;</a></div>",
        "<div><div class='x-adlabel'>Ad</div>Buy</div><p>Rain</p>",
        "<blockquote class='wp-embedded-content' style='display:none'>Rain</blockquote><p><iframe></p>",
    ],
)
def test_a_class_beside_the_ones_that_count_changes_nothing(body: str) -> None:
    plain = read(body)
    for more in (body.replace("class='", "class='x-1 "), re.sub(r"(class='[^']*)", r"\1 x-1", body)):
        record = read(more)
        for name in ("blocks", "images", "links"):
            assert record[name] == plain[name]


@pytest.mark.parametrize(
    "box",
    [
        *(
            "share-buttons",
            "share_icons",
            "x-social-icons-wrapper",
            "post-sharing-bar",
            "cresta-share-icon first_style",
        ),
        *("sociable", "shr-bookmarks shr-bookmarks-expand", "social4i", "sfsi_plus_Sicons left"),
        *("zilla-likes", "dot-irecommendthis", "thumbs-rating-container", "wpd-rating-wrap", "wp-polls"),
        *(
            "similar-posts",
            "seriesmeta",
            "pps-series-post-details",
            "bsaProContainer bsa-block-1",
            "apPluginContainer",
        ),
        *("qtranxs-available-languages-message", "wpml-ls-statics-post_translations wpml-ls"),
        *("icl_post_in_other_langs", "skiptranslate goog-te-gadget"),
        *("_brlbs-content-blocker", "embed-privacy-overlay", "cmplz-blocked-content-notice"),
        *(f"dataTables_{part}" for part in ("length", "filter", "info", "paginate")),
    ],
)
def test_what_plugins_add_to_a_text_is_none_of_it(box: str) -> None:
    for tag in ("div", "p"):
        assert [block["text"] for block in read(f"<p>Rain</p><{tag} class='{box}'>x</{tag}>")["blocks"]] == ["Rain"]


@pytest.mark.parametrize(
    "box",
    [
        *("has-share-buttons", "no-social-icons", "text-with-share-bar", "hide-social-icons", "share-button-active"),
        *("social-barriers", "social-iconography", "shares-button", "social", "market-share-bar", "share-icons-left"),
    ],
)
def test_a_class_that_only_resembles_a_share_bars_hides_nothing(box: str) -> None:
    assert [block["text"] for block in read(f"<div class='{box}'>Rain</div>")["blocks"]] == ["Rain"]


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "center",
            "dd",
            "details",
            "dir",
            "div",
            "dl",
            "dt",
            "fieldset",
        ),
        *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "legend", "li", "main", "menu"),
        *(
            "ol",
            "p",
            "pre",
            "search",
            "section",
            "summary",
            "ul",
            "amp-accordion",
            "amp-carousel",
            "amp-fit-text",
        ),
    ],
)
def test_an_element_that_begins_and_ends_a_block(tag: str) -> None:
    assert [block["text"] for block in read(f"Rain<{tag}>fell</{tag}>today.")["blocks"]] == ["Rain", "fell", "today."]
    assert inline_text(parse(f"<div>Rain<{tag}>fell</{tag}>today.</div>".encode())) == "Rain fell today."


@pytest.mark.parametrize(
    ("style", "is_block"),
    [
        *(
            (f"display:{value}", True)
            for value in ("block", "flex", "grid", "table", "list-item", "BLOCK", "block!important")
        ),
        ("color: red; display: block ; color: blue", True),
        ("float:none;display:block", True),
        *(
            (f"display:{value}", False)
            for value in ("inline", "inline-block", "inline-flex", "table-cell", "contents")
        ),
        ("x-display:block", False),
        ("float:left;display:block", False),  # as a drop cap
        ("display:block;position: absolute", False),
        ("display:block;position:fixed", False),
        ("display:block;position:relative", True),
    ],
)
@pytest.mark.parametrize("tag", ["span", "a", "a href=/x/", "strong"])
def test_an_inline_element_that_is_displayed_as_a_block(tag: str, style: str, is_block: bool) -> None:
    inside = f"Rain<{tag} style='{style}'>fell</{tag.split()[0]}>today."
    text = "Rain fell today." if is_block else "Rainfelltoday."
    assert [block["text"] for block in read(f"<p>{inside}</p>")["blocks"]] == [text]
    assert read("<p>Text.</p>", inside)["headline"] == text


@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_of_code_that_are_displayed_as_blocks_are_one_block(end: str) -> None:
    line = f"<span style='display:flex'><b>{{}}</b>{end}</span>"
    record = read(f"<pre><code>{line.format('a = 1')}{line.format('b = 2')}</code></pre>")
    assert record["blocks"] == [{"kind": "preformatted", "text": "a = 1\nb = 2"}]


@pytest.mark.parametrize("tag", ["blockquote", "div class=su-pullquote", "aside class='pullquote alignleft'"])
def test_quotes(tag: str) -> None:
    assert read(f"<{tag}>Rain fell.</{tag.split()[0]}>")["blocks"] == [{"kind": "quote", "text": "Rain fell."}]


def test_an_item_says_how_deep_it_is_in_lists_and_whether_its_own_has_numbers() -> None:
    blocks = read("<ul><li>One<ol><li>Two</li></ol></li></ul><ol><li>Three</li></ol><div><li>Four</li></div>")[
        "blocks"
    ]
    items = [(block["text"], block["level"], block["ordered"]) for block in blocks]
    assert items == [("One", 1, False), ("Two", 2, True), ("Three", 1, True), ("Four", 1, False)]


def test_what_a_pull_quote_also_is_counts_as_well() -> None:
    verse = read("<pre class=pullquote>Rain\n  fell.</pre>")["blocks"]
    assert [(block["kind"], block["text"]) for block in verse] == [("preformatted", "Rain\nfell.")]
    cover = "<div class='wp-block-cover pullquote' style='background-image:url(/a.jpg)'>Rain fell.</div>"
    assert [image["url"] for image in read(cover)["images"]] == ["https://ifpnews.com/a.jpg"]


@pytest.mark.parametrize(
    "tag",
    [
        *("script", "style", "noscript", "template", "form", "nav", "iframe", "object", "audio", "video", "button"),
        *("select", "textarea", "svg", "canvas", "map", "label", "progress", "meter", "dialog", "datalist", "noembed"),
        *("noframes", "annotation", "annotation-xml", "amp-iframe", "amp-youtube", "amp-twitter", "amp-instagram"),
        *("amp-video", "amp-audio", "amp-facebook", "amp-ad", "amp-embed", "amp-social-share", "amp-form"),
        *("amp-state", "amp-analytics", "amp-sidebar", "amp-lightbox", "amp-sticky-ad", "amp-consent"),
        *("amp-user-notification", "amp-dailymotion", "amp-vimeo", "amp-pinterest", "amp-reddit"),
        "amp-story-player",
    ],
)
def test_an_element_without_text(tag: str) -> None:
    texts = [block["text"] for block in read(f"Rain <{tag}>x</{tag}> fell.")["blocks"]]
    assert " ".join(texts) == "Rain fell."
    assert inline_text(parse(f"<div>Rain <{tag}>x</{tag}> fell.</div>".encode())) == "Rain fell."


@pytest.mark.parametrize(
    ("body", "pictures"),
    [
        (
            "<div class=wp-caption><img src=/1.jpg><img src=/2.jpg><p class=wp-caption-text>Both</p></div>",
            [("1.jpg", "Both"), ("2.jpg", "Both")],
        ),
        (
            "<figure><figure><img src=/1.jpg></figure><figure><img src=/2.jpg></figure><figcaption>All</figcaption>"
            "</figure>",
            [("1.jpg", "All"), ("2.jpg", "All")],
        ),
        (
            "<figure><figure><img src=/1.jpg><figcaption>One</figcaption></figure><figure><img src=/2.jpg></figure>"
            "</figure>",
            [("1.jpg", "One"), ("2.jpg", None)],
        ),
        ("<figure><img src=/1.jpg></figure><figcaption>One</figcaption>", [("1.jpg", "One")]),
        ("<a href=/1.png><img src=data:x></a>", [("1.png", None)]),
        ("<a href=' /1.png '><img src=' data:x'></a>", [("1.png", None)]),
        ("<a href=/1.html><img src=data:x></a>", []),
        ("<img src=/1.gif width=1 height=1><img src=/2.gif width=0 height=0><img src=/3.gif width=1 height=9>", ["3"]),
        ("<img class='avatar photo' src=/1.jpg><img class=photo src=/2.jpg>", ["2"]),
    ],
)
def test_the_pictures_of_a_body(body: str, pictures: list[Any]) -> None:
    found = [(image["url"].removeprefix("https://ifpnews.com/"), image["caption"]) for image in read(body)["images"]]
    if pictures and isinstance(pictures[0], str):
        assert [url.partition(".")[0] for url, _ in found] == pictures
    else:
        assert found == pictures


@pytest.mark.parametrize(
    ("attributes", "original"),
    [
        ("src=/a-800x600.jpg srcset='/a-800x600.jpg 800w, /a-800x600-300x225.jpg 300w'", "a-800x600.jpg"),
        ("src=/a-800x600.jpg data-srcset='/a-800x600-300x225.jpg 300w'", "a-800x600.jpg"),
        ("src=/a-800x600.jpg srcset='/a-800x600.jpg 800w, /a-300x225.jpg 300w'", "a.jpg"),
        ("src=/a-800x600.jpg srcset='/ba-800x600-300x225.jpg 300w, /a-800x600-bw.jpg 800w'", "a.jpg"),
        ("src=/a-800x600-300x225.jpg srcset='/a-800x600-300x225.jpg 300w'", "a-800x600.jpg"),
    ],
)
def test_a_file_may_be_named_like_a_resized_copy(attributes: str, original: str) -> None:
    (image,) = read(f"<img {attributes}>")["images"]
    assert image["original_url"] == f"https://ifpnews.com/{original}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("url(/1.jpg)", "1.jpg"),
        ("url( '/1.jpg' )", "1.jpg"),
        ("url('/1(2).jpg')", "1(2).jpg"),
        ("url(&quot;/1(2).jpg&quot;)", "1(2).jpg"),
        ("url('/1.jpg)", "1.jpg"),
        ("red url(/1.jpg), url(/2.jpg)", "1.jpg"),
    ],
)
def test_the_picture_behind_a_text(url: str, name: str) -> None:
    (image,) = read(f'<div class="wp-block-cover" style="background:{url}">x</div>')["images"]
    assert image["url"] == f"https://ifpnews.com/{name}"


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("acss0f1bf", "div.acss0f1bf"),
        ("acss0f1bf", ".acss0f1bf "),
        ("amp-wp-inline-0f1b", ".amp-wp-inline-0f1b"),
        ("amp-wp-224b51a", ":root:not(#_):not(#_) .amp-wp-224b51a"),
    ],
)
def test_the_picture_behind_a_text_whose_style_an_amp_plugin_has_moved(name: str, selector: str) -> None:
    style = f".a{{color:red}}{selector}{{background-image:url(https://ifpnews.com/1.jpg);min-height:430px}}"
    cover = f'<div class="wp-block-cover {name}"><p>x</p></div>'
    (image,) = read(f"<style>.acss1{{background:url(/2.jpg)}}</style><style>{style}</style>{cover}")["images"]
    assert image["url"] == "https://ifpnews.com/1.jpg"
    assert read(f"<style>{style}</style>{cover.replace(name, 'acss99')}")["images"] == []


@pytest.mark.parametrize(
    ("block", "hidden"),
    [("style=display:block", "style=display:none"), ("class='a acss0f1bf'", "class='acss22222 a'")],
)
def test_a_style_that_an_amp_plugin_has_moved_counts_as_an_attribute(block: str, hidden: str) -> None:
    style = "<style>span.acss0f1bf{display:block}span.acss22222{color:\x01;\ndisplay:none}</style>"
    text = f"<p><span {block}>One.</span>Two.<span {hidden}>Three.</span></p>"
    picture = f"<figure><img src=/1.jpg><figcaption>Rain<span {hidden}>fall</span></figcaption></figure>"
    record = read(style + text + picture)
    assert (record["body"], record["images"][0]["caption"]) == ("One. Two.", "Rain")


@pytest.mark.parametrize(
    "attribute",
    [
        *("data-src", "data-lazy-src", "data-orig-src", "data-cfsrc", "data-original", "data-lazy", "data-img-url"),
        *("data-srcset", "nitro-lazy-src", "x-original", "data-lazyload", "data-src-img", "data-src-fg"),
        *("data-breeze", "data-src-cmplz", "data-src-_", "data-lazy-srcset", "data-large-file"),
    ],
)
def test_a_picture_that_is_loaded_late(attribute: str) -> None:
    for source in ("src='data:x'", "src=' data:x'", "src='/wp-content/plugins/x/1.png'", ""):
        for late in ("/late.jpg", "\n /late.jpg "):
            (image,) = read(f"<img {source} {attribute}='{late}'>")["images"]
            assert image["url"] == "https://ifpnews.com/late.jpg"


@pytest.mark.parametrize("attribute", ["srcset", "data-srcset", "data-lazy-srcset", "x-srcset", "data-srcset-webp"])
def test_of_several_sizes_the_first_is_read(attribute: str) -> None:
    (image,) = read(f"<img src='data:x' {attribute}='/a-300x200.jpg 300w, /a.jpg 900w'>")["images"]
    assert image["url"] == "https://ifpnews.com/a-300x200.jpg"


@pytest.mark.parametrize(
    ("markup", "names"),
    [
        ("<img class=lazy src=data:x><noscript><img src=/1.jpg></noscript>", ["1"]),
        ("<noscript class=loading-lazy><img src='/1.jpg' alt='a > b'></noscript>", ["1"]),
        ("<NOSCRIPT><IMG SRC=/1.jpg></NOSCRIPT>", ["1"]),
        (
            "<noscript>Enable <picture><source srcset=/1.webp><img src=/1.jpg></picture></noscript>",
            ["1"],
        ),
        ("<img src=/lazy.gif><noscript><img src=/1.jpg></noscript>", ["1"]),
        ("<noscript><img src=/1.jpg></noscript><picture><source><img src=/lazy.gif></picture>", ["1"]),
        ("<img src=/lazy.gif><p>x</p><noscript><img src=/1.jpg></noscript>", ["lazy", "1"]),
        ("<img src=data:x data-src=/1.jpg><noscript><img src=/1.jpg></noscript>", ["1"]),
        ("<noscript><img src=/1.jpg></noscript><img src=data:x data-src=/1.jpg>", ["1"]),
        ("<noscript><img src=/1.jpg></noscript><img data-src=/1-300x200.jpg><img src=/2.jpg>", ["1-300x200", "2"]),
        ("<img data-src=/1-300x200.jpg><noscript><img src=/1-scaled.jpg?x=1></noscript>", ["1-300x200"]),
        ("<img data-src=https://cdn.example/1.jpg.webp><noscript><img src=/1.jpg></noscript>", ["1"]),
        ("<noscript><img src=/1.jpg></noscript><noscript><img src=/1-300x200.jpg></noscript>", ["1"]),
        ("<img src=/1.php?id=1><noscript><img src=/2.jpg></noscript><img src=/3.jpg>", ["1", "3"]),  # or the same one
        ("<img src=/lazy.gif><noscript><img src=/1.jpg></noscript><img src=/2.jpg>", ["1", "2"]),
        ("<img src=/2.jpg><noscript><img src=/1.jpg></noscript><img src=/lazy.gif>", ["2", "1"]),
        ("<noscript><img width=1 height=1 src=/1.gif><img src=//count.example/watch/7></noscript>", []),
        ("<noscript><img style='display:none' src=/1.gif></noscript>", []),
        ('<noscript><img alt="x src=\'/1.jpg\'></noscript><p title="x"></p>', []),  # would swallow what follows
        ("<amp-img src=/1.jpg><noscript><img src=/2.jpg></noscript></amp-img>", ["1"]),
        ("<picture><source data-srcset='/1.webp 1x'><source srcset=/2.jpg><img src=data:x></picture>", ["1"]),
        ("<picture><source srcset=/blank.gif><source srcset=/2.jpg><img src=/lazy.gif></picture>", ["2"]),
        ("<picture><source data-srcset=/1.webp><img src=/2.jpg></picture>", ["2"]),
    ],
)
def test_a_picture_that_only_browsers_without_scripts_show(markup: str, names: list[str]) -> None:
    record = read(f"<p>Rain {markup} fell.</p>")
    assert [re.sub(r".*/|\..*", "", image["url"]) for image in record["images"]] == names
    assert "Enable" not in record["body"]
    assert "fell." in record["body"]


UPLOADS = "https://ifpnews.com/wp-content/uploads/2020"


@pytest.mark.parametrize(
    "picture", [f"{UPLOADS}/loading-crude.jpg", "https://ifpnews.com/wp-content/themes/n/map.png"]
)
@pytest.mark.parametrize(
    "counter",
    [
        "<img width=1 height=1 src=/counter.gif>",
        "<img width=1px height=0px src=/counter.gif>",
        "<img style='height: 1px; width:1px' src=/counter.gif>",
        "<img src=/pixel.gif?p=1>",
        "<img src=//count.example/hit.gif>",
        "<img src=/count>",
    ],
)
def test_a_picture_beside_a_counter(picture: str, counter: str) -> None:
    for markup in (f"<noscript>{counter}</noscript>", f"<p>x</p><noscript>{counter}</noscript>"):
        assert [image["url"] for image in read(f"<img src={picture}>{markup}")["images"]] == [picture]


def test_no_picture_of_another_site_from_a_noscript() -> None:
    urls = {
        "//ads.example/banner-300x250.jpg": False,
        "//notifpnews.com/1.jpg": False,
        "/wp-content/themes/n/share.png": False,
        "/1.jpg": True,
        "//www.ifpnews.com/2.jpg": True,
        "//cdn.ifpnews.com/3.jpg": True,
        f"//i0.wp.com/{UPLOADS[8:]}/4.jpg": True,
        f"{UPLOADS}/loading-crude.jpg": True,
    }
    record = read("".join(f"<div>x<noscript><img src={url}></noscript></div>" for url in urls))
    found = [url for url, is_found in urls.items() if is_found]
    assert [image["url"].rpartition("/")[2] for image in record["images"]] == [url.rpartition("/")[2] for url in found]


def test_a_link_around_a_picture_in_a_noscript_is_an_ad_or_a_button() -> None:
    assert read(f"<p>x</p><noscript><a href=/x><img src={UPLOADS}/share.png> Share</a></noscript>")["images"] == []


@pytest.mark.parametrize(
    "late",
    [
        "https://cdn-abc.nitrocdn.com/x/assets/images/optimized/rev-1/ifpnews.com/wp-content/uploads/2020/x.jpg",
        "https://ifpnews.com/wp-content/webp-express/webp-images/uploads/2020/x.jpg.webp",
        "https://b-abc.smushcdn.com/123/wp-content/uploads/2020/x.jpg?lossy=1&strip=1&webp=1",
        "https://res.cloudinary.com/ifp/images/w_800,h_500/v1/uploads/2020/x/x.jpg?_i=AA",
        "https://cdn.shortpixel.ai/spai/w_800+q_lossy+ret_img+to_webp/ifpnews.com/wp-content/uploads/2020/x.jpg",
        "https://cdn.example/5f3a.webp",
    ],
)
def test_a_picture_that_another_server_sends_late_is_not_read_twice(late: str) -> None:
    picture, noscript = f"<img src=data:x data-src={late}>", f"<noscript><img src={UPLOADS}/x.jpg></noscript>"
    boxes = [f"{picture}{noscript}", f"{noscript}{picture}", f"<picture><source>{picture}</picture>{noscript}"]
    if "/x" in late:
        boxes.append(f"{picture}<p>x</p>{noscript}")
    for box in boxes:
        assert [image["url"] for image in read(f"<div>{box}</div>")["images"]] == [late]


@pytest.mark.parametrize(
    "frame",
    [
        "<div class=wp-caption><figure>{}</figure><p class=wp-caption-text>Cap</p></div>",
        "<figure><figure>{}</figure><div><figcaption>Cap</figcaption></div></figure>",
    ],
)
def test_a_caption_around_the_figure_of_a_picture_that_is_loaded_late(frame: str) -> None:
    for late in ("<img data-src=/1.jpg>", "<img src=data:x>", "<a href=/1.jpg><img src=data:x></a>"):
        record = read(frame.format(f"{late}<noscript><img src=/1.jpg></noscript>"))
        assert [(image["url"][-6:], image["caption"]) for image in record["images"]] == [("/1.jpg", "Cap")]


def test_figures_whose_pictures_only_a_noscript_shows_do_not_share_a_caption() -> None:
    first, second = (f"<figure><noscript><img src=/{name}.jpg></noscript>{{}}</figure>" for name in (1, 2))
    record = read(f"<figure>{first.format('<figcaption>One</figcaption>')}{second.format('')}</figure>")
    assert [image["caption"] for image in record["images"]] == ["One", None]


def test_which_unknown_attribute_names_the_picture() -> None:
    theme = "https://ifpnews.com/wp-content/themes/n/map.png"
    others = "data-author-img=/a.jpg data-avatar=/b.jpg data-logo-src=/c.jpg data-placeholder=/d.jpg"
    record = read(f"<img src={theme} {others}><img src=data:x data-tiny=/2-20x13.jpg data-big=/2.jpg {others}>")
    assert [image["url"] for image in record["images"]] == [theme, "https://ifpnews.com/2.jpg"]


def test_what_stands_twice_for_an_emoji_is_one() -> None:
    emoji = "<img class='emoji lazy' alt='☃' src=data:x><noscript><img class='emoji' alt='☃' src=/s.svg></noscript>"
    record = read(f"<figure><img src=/1.jpg><figcaption>{emoji}</figcaption></figure><p>{emoji}</p>", emoji)
    assert (record["headline"], record["body"], record["images"][0]["caption"]) == ("☃", "☃", "☃")
    assert len(record["images"]) == 1


def test_of_a_caption_around_a_picture_and_its_copy() -> None:
    copy = "<img src=data:x data-src=/1-300x200.jpg><noscript><img src=/1.jpg></noscript>"
    (image,) = read(f"<figure>{copy}<figcaption>One</figcaption></figure>")["images"]
    assert (image["url"], image["caption"]) == ("https://ifpnews.com/1-300x200.jpg", "One")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "placeholder.png",
            "my-placeholder.svg",
            "a_blank.gif",
            "lazy.png",
            "lazyload.gif",
            "spacer.gif",
            "trans.gif",
        ),
        *("transparent.png", "pixel.gif", "loader.gif", "loading.svg", "1x1.png", "blank-2.gif?x=1"),
    ],
)
def test_an_image_that_is_shown_only_until_the_real_one_is_loaded(name: str) -> None:
    (image,) = read(f"<img src='/up/{name}' data-src='/late.jpg'>")["images"]
    assert image["url"] == "https://ifpnews.com/late.jpg"


@pytest.mark.parametrize("name", ["pixels.jpg", "transport.jpg", "unblank.jpg", "lazybones.jpg", "blank/a.jpg"])
def test_an_image_whose_name_only_resembles_those(name: str) -> None:
    (image,) = read(f"<img src='/up/{name}' data-src='/late.jpg'>")["images"]
    assert image["url"] == f"https://ifpnews.com/up/{name}"


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "png", "gif", "webp", "avif", "bmp", "svg", "jpg?w=1", "png#a"])
def test_a_link_that_opens_a_picture_is_none(ending: str) -> None:
    assert read(f"<a href='/1.{ending}'><img src='/2.jpg'></a>")["links"] == []
    assert [link["text"] for link in read(f"<a href='/1.{ending}'>The mill</a>")["links"]] == ["The mill"]


def test_a_link_with_words_is_one_though_it_opens_a_picture() -> None:
    (link,) = read("<a href='/1.jpg'><img src='/2.jpg'>The mill</a>")["links"]
    assert link["text"] == "The mill"


@pytest.mark.parametrize("address", ["/1.jpg/view/", "/view/?file=1.jpg", "/1.jpgs", "/jpg"])
def test_a_link_to_something_else_is_one_though_a_picture_is_in_it(address: str) -> None:
    assert [link["url"] for link in read(f"<a href='{address}'><img src='/2.jpg'></a>")["links"]] == [
        f"https://ifpnews.com{address}"
    ]


@pytest.mark.parametrize("caption", ["<figcaption>{}</figcaption>", "<p class='wp-caption-text'>{}</p>"])
def test_links_in_a_caption(caption: str) -> None:
    record = read(f"<figure><img src='/1.jpg'>{caption.format('By <a href=/al/>Al</a>')}</figure>")
    assert record["links"] == [{"url": "https://ifpnews.com/al/", "text": "Al"}]
    assert record["images"][0]["caption"] == "By Al"
    assert record["blocks"] == []


def test_links_in_a_caption_of_an_amp_gallery() -> None:
    picture = "<a href=/2/><amp-img src=/1.jpg></amp-img></a>"
    slide = f"<figure>{picture}<figcaption>By <a href=/al/>Al</a></figcaption></figure>"
    record = read(f"<amp-carousel>{slide}</amp-carousel>")
    assert record["links"] == [{"url": "https://ifpnews.com/al/", "text": "Al"}]
    assert record["images"][0]["caption"] == "By Al"


def test_a_gallery_whose_tag_has_a_control_character() -> None:
    record = read("<div\x0b class=slideshow-container><img src=/1.jpg></div\x0b>")
    assert [image["url"] for image in record["images"]] == ["https://ifpnews.com/1.jpg"]


def test_a_link_to_a_place_on_this_page_is_none() -> None:
    addresses = "#a", "/a-story/#a", "/a-story/", "/other/#a", "javascript:a", "mailto:a@example.org"
    links = read("".join(f"<a href='{address}'>x</a>" for address in addresses))["links"]
    assert [link["url"].removeprefix("https://ifpnews.com") for link in links] == [*addresses[2:4], addresses[5]]


@pytest.mark.parametrize(
    ("body", "embeds"),
    [
        ("<iframe src='https://a.doubleclick.net/x'></iframe>", []),
        ("<iframe src='http://googlesyndication.com/x'></iframe>", []),
        ("<iframe src='https://example.org/doubleclick.net/'></iframe>", ["https://example.org/doubleclick.net/"]),
        ("<iframe src='https://rcm-na.amazon-adsystem.com/e/cm?o=1'></iframe>", []),
        *(
            (f"<iframe src='//www.facebook.com/{plugin}.php?href=x'></iframe>", [])
            for plugin in ("plugins/like", "plugins/share_button", "v2.3/plugins/page", "v17.0/plugins/feedback")
        ),
        *(
            (f"<iframe src='{address}'></iframe>", [address])
            for address in (
                "https://www.facebook.com/plugins/post.php?href=x",
                "https://www.facebook.com/v3.0/plugins/video.php?href=x",
                "https://www.facebook.com/plugins/comment_embed.php?href=x",
            )
        ),
        ("<iframe src='https://platform.twitter.com/widgets/follow_button.html?screen_name=x'></iframe>", []),
        (
            "<blockquote class=tiktok-embed cite='https://www.tiktok.com/@a/video/1'>"
            "<iframe src='//www.tiktok.com/embed/1'></iframe></blockquote>",
            ["https://www.tiktok.com/@a/video/1"],
        ),
        *(
            (f"<div class={box}>{frame}</div>", [address])
            for box, shown, address in (
                (
                    "'flourish-embed flourish-chart' data-src='visualisation/7?88'",
                    "//flo.uri.sh/visualisation/7/embed?auto=1",
                    "https://flo.uri.sh/visualisation/7/embed",
                ),
                ("infogram-embed data-id=a1-b2", "//e.infogram.com/a1-b2?src=embed", "https://e.infogram.com/a1-b2"),
                ("infogram-embed data-id=_/a1", "//e.infogram.com/_/a1?src=embed", "https://e.infogram.com/_/a1"),
            )
            for frame in ("", f"<iframe src='{shown}'></iframe>")
        ),
        (
            "<div class=fb-video data-href='https://www.facebook.com/a/videos/1/'>"
            "<iframe data-src='http://web.facebook.com/x'></iframe></div>",
            ["https://www.facebook.com/a/videos/1/"],
        ),
        *(
            (
                f"{gallery}<img src=/1.jpg><div class=fb-video data-href='https://www.facebook.com/a/videos/1/'><span>"
                "<iframe src='https://www.facebook.com/v3.0/plugins/video.php?x'></iframe></span></div>",
                ["https://www.facebook.com/a/videos/1/"],
            )
            for gallery in ("<amp-carousel>", "<div class=slideshow-container>", "<amp-lightbox>")
        ),
        ("<twitter-widget data-tweet-id=34></twitter-widget>", ["https://twitter.com/i/status/34"]),
        ("<iframe src='https://x.com/i' data-tweet-id=34></iframe>", ["https://twitter.com/i/status/34"]),
        ("<iframe src='https://player.example/x' data-tweet-id=34></iframe>", ["https://player.example/x"]),
        *(
            (f"<iframe src='{address}'></iframe>", [address])
            for address in (
                *("https://player.example/x?id=34", "https://player.example/a/status/1?s=2"),
                *("https://player.example/p/Ab_1/", "https://player.example/?v=abcdefghijk"),
            )
        ),
        ("<iframe src='mailto:desk@ifpnews.com'></iframe>", []),
        (
            "<iframe src=' about:blank ' data-src-cmplz='\nhttps://player.example/1 '></iframe>",
            ["https://player.example/1"],
        ),
        (
            "<div class=fb-video data-href='https://www.facebook.com/a/videos/1/'>"
            "<iframe src=' //www.facebook.com/plugins/video.php?x'></iframe></div>",
            ["https://www.facebook.com/a/videos/1/"],
        ),
        (
            "<amp-facebook data-href='https://www.facebook.com/video.php?v=1&x=2'></amp-facebook>",
            ["https://www.facebook.com/video.php?v=1&x=2"],
        ),
        ("<div data-href='https://www.facebook.com/a/videos/1/'>Rain</div>", []),
        (
            "<div class=fb-post data-href='https://www.facebook.com/a/posts/1'><iframe></iframe></div>",
            ["https://www.facebook.com/a/posts/1"],
        ),
        ("<div class=elementor-widget-video>Rain</div>", []),
        ("<div data-src='https://player.example/1'>Rain</div>", []),
        ("<figure class=wp-block-embed><div class=wp-block-embed__wrapper>mailto:a@b.c</div></figure>", []),
        (
            "<div class=wp-block-embed__wrapper><a href='//twitter.com/a/status/1'>x</a></div>",
            ["https://twitter.com/a/status/1"],
        ),
        *(
            (f"<div class=lyMe>{flash}</div>", ["https://www.youtube.com/watch?v=abcdefghijk"])
            for flash in (
                "<object><embed src='https://www.youtube.com/v/abcdefghijk'></object>",
                "<object><param name=movie value='https://www.youtube.com/v/abcdefghijk'></object>",
            )
        ),
        (
            "<blockquote class=twitter-tweet>After <a href='https://twitter.com/b/status/2'>his</a>, mine."
            " <a href='https://twitter.com/a/status/1'>Monday</a></blockquote>",
            ["https://twitter.com/a/status/1"],
        ),
        (
            "<blockquote class=twitter-tweet><a href='https://twitter.com/a/status/1'>x</a><a>y</a></blockquote>",
            ["https://twitter.com/a/status/1"],
        ),
        (
            "<blockquote class=instagram-media><a href='https://www.instagram.com/p/Ab_1/?x=1'>x</a></blockquote>",
            ["https://www.instagram.com/p/Ab_1/"],
        ),
        ("<iframe src='https://www.instagram.com/reel/Ab_1/embed'></iframe>", ["https://www.instagram.com/p/Ab_1/"]),
        ("<iframe src='https://www.instagram.com/tv/Ab_1/'></iframe>", ["https://www.instagram.com/p/Ab_1/"]),
        ("<iframe src='https://www.instagram.com/ifp/'></iframe>", ["https://www.instagram.com/ifp/"]),
        ("<iframe src='https://twitter.com/a/status/1?s=2'></iframe>", ["https://twitter.com/a/status/1"]),
        *(
            (
                f"<figure class=wp-block-embed><div class=wp-block-embed__wrapper>{address}/1</div></figure>",
                [f"{address}/1"],
            )
            for address in (
                *(f"https://{host}twitter.com/a/status" for host in ("", "www.", "mobile.")),
                *(f"https://{host}x.com/a/statuses" for host in ("", "www.", "mobile.")),
            )
        ),
        ("<div class='twitter-tweet'><a href='https://twitter.com/a/status/1'>x</a></div>", []),
        (
            "<blockquote class=twitter-video><a href='https://twitter.com/a/statuses/1'>x</a></blockquote>",
            ["https://twitter.com/a/statuses/1"],
        ),
        (
            "<blockquote class=reddit-embed-bq><a href='https://www.reddit.com/r/a/'>x</a></blockquote>",
            ["https://www.reddit.com/r/a/"],
        ),
        (
            "<blockquote class=bluesky-embed><p>Rain <a href='https://rain.example/'>fell</a></p>A (<a"
            " href='https://bsky.app/profile/a?ref_src=embed'>@a</a>)"
            " <a href='https://bsky.app/profile/a/post/1?ref_src=embed'>Monday</a></blockquote>",
            ["https://bsky.app/profile/a/post/1"],
        ),
        ("<blockquote class=bluesky-embed>Rain</blockquote>", []),
        (
            "<blockquote class=text-post-media data-text-post-permalink='https://www.threads.com/@a/post/1'><a"
            " href='https://www.threads.com/@a/post/1'>View on Threads</a></blockquote>",
            ["https://www.threads.com/@a/post/1"],
        ),
        ("<blockquote class=text-post-media>Rain</blockquote>", []),
        *(
            (
                f"<blockquote class=mastodon-embed data-embed-url='https://m.example/@a/1/embed'>{shown}</blockquote>",
                ["https://m.example/@a/1/embed"],
            )
            for shown in (
                "<a href='https://m.example/@a/1'>View on Mastodon</a>",
                "<iframe src='https://m.example/@a/1/embed'></iframe>",
            )
        ),
        (
            "<amp-carousel><div class=wp-block-button><amp-video src=/1.mp4></amp-video></div><amp-video src=/2.mp4>"
            "</amp-video></amp-carousel>",
            ["https://ifpnews.com/2.mp4"],
        ),
        ("<video src=/1.mp4><source src=/2.mp4></video>", ["https://ifpnews.com/1.mp4"]),
        (
            "<video><source src=/1.mp4></video><audio src=/2.mp3></audio>",
            [f"https://ifpnews.com/{x}" for x in ("1.mp4", "2.mp3")],
        ),
        *(
            (f"<iframe src='https://{address}abcdefghijk'></iframe>", ["https://www.youtube.com/watch?v=abcdefghijk"])
            for address in (
                *("youtube.com/embed/", "www.youtube-nocookie.com/embed/", "youtube.com/v/", "youtube.com/shorts/"),
                *("youtube.com/live/", "youtube.com/watch?v=", "youtu.be/", "YouTube.com/embed/"),
            )
        ),
        *(
            (
                f"<iframe src='https://www.youtube.com/embed/{name}?x=1'></iframe>",
                [f"https://www.youtube.com/embed/{name}?x=1"],
            )
            for name in ("videoseries", "live_stream")
        ),
    ],
)
def test_the_players_of_a_body(body: str, embeds: list[str]) -> None:
    assert [embed["url"] for embed in read(body)["embeds"]] == embeds


@pytest.mark.parametrize(
    ("printed", "headline"),
    [
        ("Rain<br>fell", "Rain fell"),
        ("Rain <img class=emoji alt=☔ src=/1.svg> fell", "Rain ☔ fell"),
        ("Rain <img class=wp-smiley alt=☔ src=/1.svg> fell", "Rain ☔ fell"),
        ("Rain <img class=icon alt=Icon src=/1.svg> fell", "Rain fell"),
        ("Rain<span style='display:none'> today</span> fell", "Rain fell"),
        ("Rain <span class=sr-only>of water</span><span class=visually-hidden>x</span>fell", "Rain fell"),
        ("<span class=ctaText>See</span><span class=postTitle>Rain</span>", "See Rain"),
        ("Rain<b>fall</b>", "Rainfall"),
        ("<div>Rain</div>fell", "Rain fell"),
        ("Rain &amp;amp; &amp;#8220;hail&amp;#x201d; of &amp;nowhere; &amp;", "Rain & “hail” of &nowhere; &"),
    ],
)
def test_a_headline_is_what_it_shows(printed: str, headline: str) -> None:
    assert read("<p>Text.</p>", printed)["headline"] == headline


@pytest.mark.parametrize(
    ("entity", "sign"), [("&#189;", "½"), ("&#xBD;", "½"), ("&frac12;", "½"), ("&sup2;", "²"), ("&thetasym;", "ϑ")]
)
def test_an_entity_that_was_escaped_twice(entity: str, sign: str) -> None:
    assert resolved(f"Rain {entity}&x{entity}") == f"Rain {sign}&x{sign}"


def test_an_entity_that_gives_white_space_is_white_space() -> None:
    assert resolved("Rain&nbsp;&nbsp;fell&#13;") == "Rain fell"


@pytest.mark.parametrize(
    ("part", "is_text"),
    [
        ("<p>Tags: {0}, {0}</p>", False),
        ("<p>برچسب‌ها: {0}، {0}</p>", False),
        ("Filed under: {0} | {0}", False),
        ("<p>{0} {0}</p>", False),
        ("<p>He was in {0}.</p>", True),  # a plugin that links words to their tags
        ("<p>{0}: five medals</p>", True),
        ("<h2>{0}</h2>", True),
        ("<ul><li>{0}</li></ul>", True),
        ("<p>Tags: <a href=/tag/a/>Mills</a></p>", True),  # by hand
    ],
)
def test_a_list_of_the_posts_tags_is_none_of_its_text(part: str, is_text: bool) -> None:
    part = part.format("<a href=/tag/a/ rel='category tag'>Mills</a>")
    body = read(f"<p>One.</p>{part}<p>Two.</p>")["body"]
    assert ("Mills" in body) is is_text
    assert body.startswith("One.")
    assert body.endswith("Two.")


@pytest.mark.parametrize("label", ["Pages:", "<strong>Pages:</strong>", "صفحه‌ها:"])
def test_the_label_of_page_numbers_is_no_text(label: str) -> None:
    numbers = "<span class='post-page-numbers current'>1</span> <a class='post-page-numbers' href=/a/2/>2</a>"
    assert read(f"<p>One.</p><p>{label} {numbers}</p>")["body"] == "One."
    assert read(f"<p>One. {numbers}</p>")["body"] == "One."
