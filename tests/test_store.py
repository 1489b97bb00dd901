"""The store: what it knows, what it reads from any file, and what a kill leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ifp_scraper import load
from ifp_scraper.analysis.output_reader import select
from ifp_scraper.items import Article, encode, text_hash
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.store import Store
from tests.stores import article, ids, known_ids, run

# --- what is known ---------------------------------------------------------------------------------------


def test_what_is_appended_is_known_now_and_after_opening_again(path: Path) -> None:
    with Store(path) as store:
        assert len(store) == store.lines == 0
        assert store.newest_modified is store.newest_published is None
        for number in (2, 3, 1):
            assert store.append(article(number)).id == number
        first = [msgspec.structs.asdict(known) for known in store.articles()]
        assert store.read(next(store.articles())) == article(2)
    assert ids(path) == [2, 3, 1]
    with Store(path) as store:
        assert [msgspec.structs.asdict(known) for known in store.articles()] == first
        assert (len(store), store.lines, store.bad_lines, store.repaired, store.saved) == (3, 3, 0, 0, None)
        assert [store.read(known) for known in store.articles()] == [article(2), article(3), article(1)]
        assert store.newest_modified == "2024-01-02T00:03:00Z"
        assert store.newest_published == "2024-01-01T00:03:00Z"


def test_the_last_line_of_an_article_counts(path: Path) -> None:
    with Store(path) as store:
        store.append(article(5))
        store.append(article(2, modified_at=None))
        store.append(article(5, revision=2, headline="New", layout="cloud", extractor_version="0.2.0"))
        store.append(article(5, revision=2, status="gone", headline="New"))
    with Store(path) as store:
        assert (len(store), store.lines) == (2, 4)
        known = store.find(5, "")
        assert known is not None
        assert (known.number, known.status) == (0, "gone")
        assert store.read(known) == article(5, revision=2, status="gone", headline="New")
        assert store.newest_modified is None
        assert store.newest_published == "2024-01-01T00:02:00Z"


def test_when_the_captures_of_all_lines_were_made_is_known(path: Path) -> None:
    days = [(1, 5), (1, 2), (2, 7), (3, 9), (3, 8)]  # revision and day
    with Store(path) as store:
        for revision, day in days:
            known = store.append(article(5, revision=revision, fetched_at=f"2024-03-{day:02d}T00:00:00Z"))
    with Store(path) as store:
        for one in (known, next(store.articles())):
            assert (one.seen_before_edit, one.seen_at) == ("2024-03-07T00:00:00Z", "2024-03-09T00:00:00Z")


class TestFind:
    def test_by_id_then_url_then_alias(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, aliases=["http://a/", "https://ifpnews.com/2/"]))
            two = store.append(article(2))
            assert store.find(1, two.url) is one
            assert store.find(None, two.url) is two
            assert store.find(None, "http://a/") is one
            assert store.find(None, "http://b/") is None
            assert store.find(3, "http://b/") is None

    def test_two_ids_are_two_articles(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, aliases=["http://a/"]))
            assert store.find(2, one.url) is None
            assert store.find(2, "http://a/") is None
            two = store.append(article(2, url=one.url))
            assert two is not one
            assert len(store) == 2
            assert store.find(None, one.url) is two

    def test_an_article_that_was_imported_into_a_new_wordpress_keeps_its_place(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1))
            imported = article(1, id=7, revision=2)
            assert store.find(7, one.url, imported.published_at) is one
            assert store.find(7, one.url, None) is None
            assert store.append(imported) is one
        with Store(path) as store:
            assert known_ids(store) == [7]
            assert store.find(1, "http://b/") is not None

    def test_after_an_import_url_and_time_say_more_than_an_id_that_another_had(self, path: Path) -> None:
        with Store(path) as store:
            one, two = store.append(article(1)), store.append(article(2))
            assert store.find(2, one.url, one.published_at) is one
            assert store.find(2, one.url, "2024-01-01T05:00:00Z") is two

    def test_an_id_that_is_used_again_is_with_another_slug_and_time(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, url="https://ifpnews.com/story/"))
            later = "2024-01-02T00:01:01Z"  # a day and a second
            assert store.find(1, "https://ifpnews.com/other/", later) is None
            assert store.find(1, "https://ifpnews.com/other/", None) is one
            assert store.find(1, "https://ifpnews.com/other/", "2024-01-01T20:00:00Z") is one
            assert store.find(1, "https://ifpnews.com/old/story/", later) is one
            assert store.find(1, "https://ifpnews.com/?p=1", later) is one
            other = store.append(article(1, url="https://ifpnews.com/other/", published_at=later))
            assert (other is one, len(store)) == (False, 2)
            assert store.find(1, one.url, None) is one
            assert store.find(1, other.url, None) is other
        with Store(path) as store:
            assert [known.url for known in store.articles()] == [one.url, other.url]

    @pytest.mark.parametrize("time", ["", "2024-05-01T00:00:00+03:30", "soon"])
    def test_a_time_that_others_have_written_says_nothing(self, path: Path, time: str) -> None:
        path.parent.mkdir()
        path.write_bytes(encode(article(1, published_at=time)) + encode(article(1, url="https://ifpnews.com/other/")))
        with Store(path) as store:
            assert known_ids(store) == [1]
        assert len(load(path)) == 1

    def test_an_article_whose_id_another_one_has_had_since_is_found_by_its_url(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, url="https://ifpnews.com/story/", aliases=["https://ifpnews.com/old/"]))
            store.append(article(1, url="https://ifpnews.com/other/", published_at="2025-01-01T00:00:00Z"))
            assert store.find(1, "https://ifpnews.com/story/", one.published_at) is one
            assert store.find(1, "https://ifpnews.com/old/", one.published_at) is one

    def test_the_same_text_with_the_same_id_was_published_again(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, "Rain fell. " * 30))
            moved = article(
                1, "Rain fell. " * 30, url="https://ifpnews.com/other/", published_at="2025-01-01T00:00:00Z"
            )
            assert store.find_same(moved) is one
            other = replace(moved, headline="Other", blocks=[{"kind": "paragraph", "text": "Snow fell."}])
            assert store.find_same(other) is None
            assert store.find_same(replace(other, aliases=[one.url])) is one
            assert store.find_same(replace(moved, headline="Other")) is one
            assert store.find_same(replace(moved, blocks=other.blocks)) is None
            assert store.find_same(replace(moved, blocks=[*moved.blocks, *other.blocks])) is one
            assert store.append(replace(moved, aliases=[one.url])) is one
        with Store(path) as store:
            assert [known.url for known in store.articles()] == [moved.url]

    def test_another_article_at_an_alias_is_another_one(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, aliases=["https://ifpnews.com/old/"]))
            assert store.find(None, "https://ifpnews.com/old/") is one
            assert store.find(None, "https://ifpnews.com/old/", "2025-01-01T00:00:00Z") is None
            assert store.find(2, "https://ifpnews.com/old/", one.published_at) is None
            undated = store.append(article(3, published_at=None, aliases=["https://ifpnews.com/older/"]))
            assert store.find(None, "https://ifpnews.com/older/", "2025-01-01T00:00:00Z") is undated

    def test_a_shortlink_leads_to_no_other_article(self, path: Path) -> None:
        with Store(path) as store:
            store.append(article(1, aliases=["https://ifpnews.com/?p=1"]))
            assert store.find(None, "https://ifpnews.com/?p=2") is None

    def test_an_id_learned_later_is_the_same_article(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, id=None))
            assert store.find(1, one.url) is one
            assert store.append(article(1)) is one
            assert store.append(article(1, id=None)) is one
            assert one.id == 1
        with Store(path) as store:
            assert known_ids(store) == [1]

    def test_an_article_that_moved_is_found_at_both_urls(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1))
            store.append(article(1, url="https://ifpnews.com/moved/"))
            assert one.url == "https://ifpnews.com/moved/"
            assert store.find(None, one.url) is store.find(None, "https://ifpnews.com/1/") is one

    def test_scheme_and_www_do_not_count(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, url="http://www.ifpnews.com/1/", aliases=["http://ifpnews.com/old/"]))
            for url in ("https://ifpnews.com/1/", "http://ifpnews.com/1/", "https://www.ifpnews.com/old/"):
                assert store.find(None, url) is one

    def test_articles_that_turn_out_to_be_one_become_one(self, path: Path) -> None:
        with Store(path) as store:
            store.append(article(1))
            store.append(article(9, id=None, aliases=["http://a/"]))
            assert len(store) == 2
            one = store.append(article(1, url="https://ifpnews.com/9/"))
            for found in (store.find(1, ""), store.find(None, "http://a/"), store.find(None, one.url)):
                assert found is one
        with Store(path) as store:
            assert known_ids(store) == [1]


class TestTextOwner:
    long = " ".join(f"w{n}" for n in range(60))
    hash = text_hash(article(0, long))

    def test_the_first_article_owns_a_text(self, path: Path) -> None:
        with Store(path) as store:
            assert store.text_owner(self.hash) is None
            one = store.append(article(1, self.long))
            two = store.append(article(2, self.long, headline="Another"))
            store.append(article(3))
            assert store.text_owner(self.hash) is one
            assert store.text_owner(self.hash, two) is one
            assert store.text_owner(self.hash, one) is None
            assert store.text_owner(None) is None
        with Store(path) as store:
            owner = store.text_owner(self.hash)
            assert owner is not None
            assert owner.id == 1

    def test_an_article_whose_text_changed_owns_it_no_more(self, path: Path) -> None:
        with Store(path) as store:
            one = store.append(article(1, self.long))
            two = store.append(article(2, self.long))
            store.append(article(1, "other words"))
            three = store.append(article(3, self.long))
            assert store.text_owner(self.hash) is store.text_owner(self.hash, three) is two
            assert store.text_owner(self.hash, one) is None
            store.append(article(1, self.long))
            assert store.text_owner(self.hash, two) is one
            for number in (1, 2, 3):
                store.append(article(number, "other words"))
            assert store.text_owner(self.hash) is None


A, B, C = (f"https://ifpnews.com/{name}/" for name in "abc")
ADDRESSES = st.sampled_from([A, B, C])
LINES = st.builds(
    Article,
    id=st.sampled_from([None, None, 1, 2, 3]),
    url=ADDRESSES,
    aliases=st.lists(st.one_of(ADDRESSES, st.just("https://ifpnews.com/?p=1")), max_size=2),
    published_at=st.sampled_from([None, "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]),
    status=st.sampled_from(["published", "gone"]),
    layout=st.just("newspaper"),
    extractor_version=st.just("0.1.0"),
)


@settings(max_examples=300)
@given(st.lists(LINES, max_size=8))
@example([article(number, id=id, url=A) for number, id in enumerate([1, 2, 1, None])])
@example([article(1, url=A), article(2, id=None, url=C, aliases=[B]), article(1, url=C), article(3, id=None, url=B)])
def test_load_takes_the_same_line_of_each_article(lines: list[Article]) -> None:
    """The rules that say which lines belong to one article are written twice, see ``output_reader``."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ifp.jsonl"
        path.write_bytes(b"".join(map(encode, lines)))
        with Store(path) as store:
            starts = list(accumulate((len(encode(line)) for line in lines), initial=0))
            last = sorted(starts.index(known.offset) + 1 for known in store.articles())
        assert list(select(path, gone=True).kept) == last


def test_the_number_of_articles_is_kept_whatever_turns_out_to_be_one(path: Path) -> None:
    """It is shown after every article of a crawl, so it must not be counted each time."""
    chance = random.Random(1)
    with Store(path) as store:
        for _ in range(400):
            number, other = chance.choices(range(40), k=2)
            aliases = [f"https://ifpnews.com/{other}/"] if chance.random() < 0.2 else []
            known = article(number, id=chance.choice((None, number, other)), aliases=aliases, published_at=None)
            store.append(known)
            assert len(store) == len(list(store.articles()))
        assert len(store) < 1 + max(known.number for known in store.articles())  # some have turned out to be one


def test_a_line_that_does_not_fit_is_not_written(three: Path) -> None:
    before = three.read_bytes()
    with Store(three) as store:
        with pytest.raises(msgspec.ValidationError):
            store.append(article(4, status="deleted"))
        with pytest.raises(UnicodeEncodeError):
            store.append(article(4, headline="\ud800"))
        with pytest.raises(ValueError, match="bytes long"):
            store.append(article(4, "x" * 2**26))
        assert store.find(4, "") is None
    assert three.read_bytes() == before


def test_start_over_empties_the_file(three: Path) -> None:
    with Store(three, start_over=True) as store:
        assert len(store) == 0
        store.append(article(4))
    assert ids(three) == [4]


def test_a_relative_path_stays_where_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent.parent)
    with Store(Path("output/ifp.jsonl")) as store:
        monkeypatch.chdir("/")
        store.append(article(1))
    assert ids(path) == [1]


# --- the state of the file when it is opened -------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 2, 25, -40, -2])
def test_half_a_line_is_cut(three: Path, kept: int) -> None:
    half = encode(article(4))[:kept]
    with three.open("ab") as file:
        file.write(half)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired, store.saved) == (3, 0, len(half), None)
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


def test_half_of_the_very_first_line_is_cut(path: Path) -> None:
    line = encode(article(1))
    path.parent.mkdir()
    for kept in (1, 20, len(line) - 2):
        path.write_bytes(line[:kept])
        with Store(path) as store:
            assert store.repaired == kept
        assert path.read_bytes() == b""


def test_a_last_line_that_lacks_only_its_newline_is_completed(three: Path) -> None:
    before = three.read_bytes()
    os.truncate(three, len(before) - 1)
    with Store(three) as store:
        assert (store.lines, store.repaired) == (3, 0)
        assert three.read_bytes() == before
        known = store.find(3, "")
        assert known is not None
        assert store.read(known) == article(3)
        store.append(article(4))
    assert ids(three) == [1, 2, 3, 4]


@pytest.mark.parametrize("tail", [b"\0" * 5000, encode(article(4))[:90] + b"\0" * 4096, b"\0" * 70 + b"\n\0\n", b"  "])
def test_what_a_power_loss_leaves_is_cut(three: Path, tail: bytes) -> None:
    with three.open("ab") as file:
        file.write(tail)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired) == (3, 0, len(tail))
    assert ids(three) == [1, 2, 3]


@pytest.mark.parametrize(
    "tail",
    [
        b"garbage\n\xff\xfe\n",
        b"garbage\n\n \n",
        b"garbage\n" + encode(article(4))[:90],
        b"{oops}\n",
        b"\nnot json",
        b'{"mine": 1}',
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_no_crawl_left_is_cut_but_saved(three: Path, tail: bytes) -> None:
    with three.open("ab") as file:
        file.write(tail)
    with Store(three) as store:
        assert (store.lines, store.bad_lines) == (3, 0)
        assert store.saved == three.parent / "ifp.cut-1.bin"
        assert store.saved.read_bytes().strip() == tail.strip()
        assert store.repaired == len(store.saved.read_bytes())
    three.write_bytes(three.read_bytes() + tail)
    with Store(three) as store:
        assert store.saved == three.parent / "ifp.cut-2.bin"


def test_a_corrupt_line_in_the_middle_stays_and_is_counted(three: Path) -> None:
    lines = three.read_bytes().splitlines(keepends=True)
    bad = [
        lines[1][:50] + b"\n",
        lines[1].replace(b"no. 2", b"no\xff 2"),
        b"\0\0\0\n",
        b"null\n",
        b'{"a": 1}\n',
    ]
    content = b"".join([lines[0], *bad, lines[2]])
    three.write_bytes(content)
    with Store(three) as store:
        assert known_ids(store) == [1, 3]
        assert (store.lines, store.bad_lines, store.repaired) == (2, 5, 0)
        assert store.bad_line_numbers == [2, 3, 4, 5, 6]
        store.append(article(2))
    assert three.read_bytes() == content + encode(article(2))


def test_json_of_somebody_elses_at_the_end_stays(three: Path) -> None:
    with three.open("ab") as file:
        file.write(b'{"mine": 1}\n')
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.bad_line_numbers, store.repaired) == (3, 1, [4], 0)
    assert three.read_bytes().endswith(b'{"mine": 1}\n')


def test_invalid_times_are_unknown(three: Path) -> None:
    times = {"published_at": "2024-99-01T00:00:00Z", "modified_at": "yesterday", "fetched_at": "2024-01-01 00:00:00Z"}
    with three.open("ab") as file:
        file.write(json.dumps(json.loads(encode(article(3))) | times).encode() + b"\n")
    with Store(three) as store:
        known = store.find(3, "")
        assert known is not None
        assert known.published_at is known.modified_at is None
        assert store.read(known).fetched_at is None
        assert store.newest_modified == article(2).modified_at


def test_the_list_of_bad_lines_is_short(three: Path) -> None:
    three.write_bytes(b"bad\n" * 500 + three.read_bytes() + b"bad\n" * 500 + encode(article(4)))
    with Store(three) as store:
        assert store.bad_lines == 1000
        assert store.bad_line_numbers == list(range(1, 21))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"  \n", b"\n\n \n\t\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\n"])
def test_what_editors_do_is_tolerated(three: Path, start: bytes, end: bytes) -> None:
    content = start + three.read_bytes().replace(b"\n", end)
    three.write_bytes(content)
    with Store(three) as store:
        assert (store.lines, store.bad_lines, store.repaired) == (3, 0, 0)
        assert [store.read(known) for known in store.articles()] == [article(1), article(2), article(3)]
        store.append(article(4))
    assert three.read_bytes() == content + encode(article(4))
    with Store(three) as store:
        assert store.lines == 4


def test_lines_of_an_older_schema_are_read_as_far_as_they_go(path: Path) -> None:
    path.parent.mkdir()
    old = {
        "schema_version": "0",
        "id": "7",
        "url": "https://ifpnews.com/7/",
        "headline": "Old",
        "layout": "x",
    }
    path.write_text(json.dumps({**old, "section": "gone field", "tags": "not a list"}) + "\n")
    with Store(path) as store:
        known = store.find(None, "https://ifpnews.com/7/")
        assert known is not None
        line = store.read(known)
        assert (line.headline, line.layout, line.id, line.tags, line.schema_version) == ("Old", "x", None, [], "0")


@pytest.mark.parametrize(
    "newer",
    [
        encode(article(4, schema_version="2")),
        b'{"schema_version": "10", "id": "four"}\n',
        b'{"schema_version": 2, "url": "https://ifpnews.com/4/"}\n',
        b'{"schema_version": "%b", "url": "https://ifpnews.com/4/"}\n' % (b"9" * 5000),
    ],
    ids=range(4),
)
def test_a_newer_schema_is_refused_before_anything_is_written(three: Path, newer: bytes) -> None:
    content = three.read_bytes() + newer + b'{"schema_version'
    three.write_bytes(content)
    with pytest.raises(StoreError, match="newer ifp_scraper"):
        Store(three)
    assert three.read_bytes() == content
    assert os.listdir(three.parent) == ["ifp.jsonl"]


@pytest.mark.parametrize(
    "content", [b"Dear diary,\n", b'{"mine": 1}\n', b'{\n"mine": 1}', b"[1]", b'"x"', b"\xff\xfe{\0"]
)
def test_a_file_of_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="something other than articles"):
        Store(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt], ids=lambda error: error.__name__)
def test_a_file_that_could_not_be_opened_is_not_locked(three: Path, error: type[BaseException]) -> None:
    def interrupt(article: Article) -> None:
        raise error

    with pytest.raises((StoreError, KeyboardInterrupt)) as caught:  # what it holds is not collected
        Store(three, on_line=interrupt)
    with Store(three) as store:
        assert (len(store), caught.type) == (3, StoreError if error is OSError else error)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\0\0"])
def test_an_empty_file_is_welcome(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with Store(path) as store:
        store.append(article(1))
    with Store(path) as store:
        assert (known_ids(store), store.bad_lines, store.repaired) == ([1], 0, 0)


# --- kills -----------------------------------------------------------------------------------------------


APPENDER = """
import os, signal, sys, time
from itertools import accumulate
from pathlib import Path
from ifp_scraper.analysis.output_reader import select
from ifp_scraper.items import Article
from ifp_scraper.storage.store import Store

def crawl():
    with Store(Path(sys.argv[1])) as store:
        while True:
            n = len(store)
            store.append(Article(id=n, url=f"https://ifpnews.com/{n}/", body="word " * (n * 37 % 3000)))

for seconds in sys.argv[2:]:
    child = os.fork() or crawl()
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
"""


def test_a_killed_crawl_loses_and_doubles_nothing(path: Path) -> None:
    dice = random.Random(7)
    count = 0
    for _ in range(5):
        # Four kills in a row, so that each crawl also repairs what the one before it left.
        result = run(APPENDER, path, *(dice.random() * 0.1 for _ in range(4)))
        assert result.returncode == 0, result.stderr
        *whole, torn = path.read_bytes().split(b"\n")
        assert [json.loads(line)["id"] for line in whole] == list(range(len(whole)))
        with Store(path) as store:
            assert (store.bad_lines, store.saved, store.repaired) == (0, None, len(torn))
            assert known_ids(store) == list(range(len(whole)))
            for known in list(store.articles())[count:]:
                assert known.id is not None
                assert store.read(known).body == "word " * (known.id * 37 % 3000)
        count = len(whole)
        assert ids(path) == list(range(count))
    assert count  # a slow machine may write nothing between two kills, but not in all of them


class Crashes(RuleBasedStateMachine):
    """Appends, kills, torn and spoilt ends and reopenings in any order, compared with a list."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(mkdtemp(prefix="ifp-store-"))
        self.path = self.folder / "0" / "ifp.jsonl"
        self.generation = self.repaired = 0
        self.lines: list[Article] = []
        self.store: Store | None = Store(self.path)

    @precondition(lambda self: self.store is not None)
    @rule(number=st.integers(0, 5), has_id=st.booleans(), text=st.text(max_size=20))
    def append(self, number: int, has_id: bool, text: str) -> None:
        assert self.store is not None
        revision = sum(line.url == article(number).url for line in self.lines) + 1
        line = article(number, text, revision=revision, id=number if has_id else None)
        self.store.append(line)
        self.lines.append(line)

    @precondition(lambda self: self.store is not None)
    @rule()
    def close(self) -> None:
        assert self.store is not None
        self.store.close()
        self.store = None
        self.repaired = 0

    @precondition(lambda self: self.store is not None)
    @rule(tear=st.booleans(), data=st.data())
    def kill(self, tear: bool, data: st.DataObject) -> None:
        """Go on with a copy of the file as it is now, its last line torn or not."""
        assert self.store is not None
        content = self.path.read_bytes()
        self.repaired = 0
        if tear and self.lines:
            last = len(encode(self.lines[-1]))
            cut = data.draw(st.integers(1, last))
            content = content[: len(content) - cut]
            if cut > 1:  # a line that lacks only its newline is still whole
                self.lines.pop()
                self.repaired = last - cut
        self.store.close()
        self.store = None
        self.generation += 1
        self.path = self.folder / str(self.generation) / "ifp.jsonl"
        self.path.parent.mkdir()
        self.path.write_bytes(content)

    @precondition(lambda self: self.store is None and self.lines and self.path.read_bytes().endswith(b"\n"))
    @rule(garbage=st.binary(min_size=1, max_size=40), nuls=st.integers(0, 40))
    def spoil_the_end(self, garbage: bytes, nuls: int) -> None:
        garbage = b"?" + garbage + b"\0" * nuls
        with self.path.open("ab") as file:
            file.write(garbage)
        self.repaired = len(garbage)

    @precondition(lambda self: self.store is None)
    @rule()
    def open(self) -> None:
        self.store = Store(self.path)
        assert self.store.repaired == self.repaired
        assert self.store.bad_lines == 0
        assert self.store.lines == len(self.lines)

    @invariant()
    def every_line_is_there_once(self) -> None:
        if getattr(self, "store", None) is None:
            return
        assert self.store is not None
        assert self.path.read_bytes() == b"".join(map(encode, self.lines))
        last = {line.url: line for line in self.lines}
        known = list(self.store.articles())
        assert [one.url for one in known] == list(last)
        assert [self.store.read(one) for one in known] == list(last.values())

    def teardown(self) -> None:
        if getattr(self, "store", None) is not None:
            assert self.store is not None
            self.store.close()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=60, stateful_step_count=25, suppress_health_check=list(HealthCheck))
