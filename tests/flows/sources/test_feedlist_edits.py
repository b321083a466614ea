"""Editing a list of feeds: every other line stays as its owner wrote it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from feed_lists import NEW, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors.fingerprints import stable_id
from extractors.opml import read_opml
from extractors.records import Listing
from flows.sources import feedlist
from flows.sources.feedlist import FeedListError, add, load, merge, remove, set_paused

LIST = """\
# Feeds of the harbour desk.
feeds:

  # --- South ---

  - id: harbour-daily
    url: https://harbour.example/rss.xml  # the full feed
    publisher: 'Harbour Daily'
    country: KR

  # --- North ---

  - id: rail-post
    url: https://rail.example/feed
    language: ko
    min_interval: 15m

# The end.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(LIST, "utf-8")
    return path


def test_add_appends_in_the_files_own_style(path: Path) -> None:
    add(path, NEW)
    entry = (
        "\n  - id: pier\n    url: https://pier.example/rss\n    publisher: 'Pier: news'\n"
        "    language: ru\n    verified: never\n"
    )
    assert path.read_text("utf-8") == LIST.replace("15m\n", f"15m\n{entry}")
    assert load(path)[-1] == NEW


def test_add_begins_a_list(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    add(path, NEW)
    assert load(path) == [NEW]
    assert path.stat().st_mode & 0o777 == 0o644


def test_add_fills_an_empty_list_and_keeps_its_comments(tmp_path: Path) -> None:
    path = written(tmp_path, "# mine\nfeeds: []  # none yet\n# end\n")
    add(path, NEW)
    text = path.read_text("utf-8")
    assert load(path) == [NEW]
    assert text.startswith("# mine\nfeeds:  # none yet\n  - id: pier\n")
    assert text.endswith("# end\n")


def test_add_writes_an_id_that_a_later_change_of_the_url_leaves(path: Path) -> None:
    add(path, Listing(feed_id="", url="https://pier.example/rss"))
    assert load(path)[-1].feed_id == stable_id("f", "https://pier.example/rss")
    assert f"id: {stable_id('f', 'https://pier.example/rss')}" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "listing",
    [
        replace(NEW, url="https://HARBOUR.example:443/rss.xml#x"),
        replace(NEW, feed_id="rail-post"),
        replace(NEW, url="ftp://pier.example/"),
        replace(NEW, feed_id="Not An Id"),
        replace(NEW, country="ZZ"),
        replace(NEW, fetch="some"),
        replace(NEW, publisher="two\nlines"),
        replace(NEW, min_interval_s=7200, max_interval_s=60),
    ],
)
def test_what_would_not_load_is_not_written(path: Path, listing: Listing) -> None:
    with pytest.raises(FeedListError):
        add(path, listing)
    assert path.read_text("utf-8") == LIST
    assert list(path.parent.iterdir()) == [path]


def test_a_broken_list_is_not_edited(tmp_path: Path) -> None:
    path = written(tmp_path, "feeds:\n  - url: ftp://a.example/\n")
    with pytest.raises(FeedListError, match="line 2"):
        add(path, NEW)
    assert path.read_text("utf-8") == "feeds:\n  - url: ftp://a.example/\n"


@pytest.mark.parametrize("wanted", ["harbour-daily", "HTTPS://harbour.example/rss.xml#top"])
def test_remove_takes_one_source_and_keeps_every_comment(path: Path, wanted: str) -> None:
    gone = remove(path, wanted)
    assert (gone.feed_id, gone.country) == ("harbour-daily", "KR")
    text = path.read_text("utf-8")
    assert [listing.feed_id for listing in load(path)] == ["rail-post"]
    for comment in (
        "# Feeds of the harbour desk.",
        "# --- South ---",
        "# --- North ---",
        "# The end.",
    ):
        assert comment in text
    assert "\n\n\n" not in text


def test_remove_of_the_last_source_leaves_an_empty_list(path: Path) -> None:
    remove(path, "rail-post")
    remove(path, "harbour-daily")
    assert load(path) == []
    add(path, NEW)
    assert load(path) == [NEW]


def test_what_is_not_listed_cannot_be_removed_or_paused(path: Path) -> None:
    with pytest.raises(FeedListError, match="found no source 'pier'"):
        remove(path, "pier")
    with pytest.raises(FeedListError, match="found no source 'pier'"):
        set_paused(path, "pier", True)


def test_add_then_remove_gives_the_same_bytes(path: Path) -> None:
    add(path, NEW)
    remove(path, "pier")
    assert path.read_text("utf-8") == LIST


@pytest.mark.parametrize("wanted", ["harbour-daily", "rail-post"])
def test_pausing_and_going_on_gives_the_same_bytes(path: Path, wanted: str) -> None:
    set_paused(path, wanted, True)
    assert [listing.feed_id for listing in load(path) if listing.paused] == [wanted]
    set_paused(path, wanted, False)
    assert path.read_text("utf-8") == LIST


def test_paused_stands_in_the_canonical_order(path: Path) -> None:
    set_paused(path, "rail-post", True)
    assert "language: ko\n    paused: true\n    min_interval: 15m\n" in path.read_text("utf-8")


def test_a_paused_line_with_a_comment_keeps_it(tmp_path: Path) -> None:
    path = written(tmp_path, "feeds:\n  - url: https://a.example/\n    paused: true  # until May\n")
    set_paused(path, "https://a.example/", False)
    assert "paused: false  # until May\n" in path.read_text("utf-8")


def test_pausing_what_is_paused_writes_nothing(path: Path) -> None:
    set_paused(path, "rail-post", True)
    before = path.stat()
    set_paused(path, "rail-post", True)
    assert path.stat().st_ino == before.st_ino


def test_merge_adds_only_what_is_new(path: Path) -> None:
    outlines = b"""<opml><body>
      <outline text="Harbour" xmlUrl="https://harbour.example/rss.xml#all"/>
      <outline text="Quay" xmlUrl="https://quay.example/feed"/>
      <outline text="Quay again" xmlUrl="https://QUAY.example/feed"/>
      <outline text="Mole" xmlUrl="https://mole.example/feed"/>
    </body></opml>"""
    assert merge(path, read_opml(outlines)) == (2, 2)
    assert [listing.publisher for listing in load(path)] == ["Harbour Daily", None, "Quay", "Mole"]
    assert merge(path, read_opml(outlines)) == (0, 4)
    assert path.read_text("utf-8").startswith(LIST[:-12])


def test_merge_gives_an_own_id_to_a_url_whose_id_is_taken(path: Path) -> None:
    assert merge(path, [replace(NEW, feed_id="rail-post")]) == (1, 0)
    assert load(path)[-1].feed_id == stable_id("f", NEW.url)


def test_merge_adds_nothing_when_one_is_not_valid(path: Path) -> None:
    with pytest.raises(FeedListError):
        merge(path, [NEW, replace(NEW, feed_id="b", url="ftp://b.example/")])
    assert path.read_text("utf-8") == LIST


@pytest.mark.parametrize(
    "body",
    [
        "feeds:\r\n  - url: https://a.example/\r\n  - url: https://b.example/\r\n",
        "feeds:\n- url: https://a.example/\n- url: https://b.example/",
        "feeds:\n-   url: https://a.example/\n    publisher: A\n-   url: https://b.example/\n",
        "feeds:\n  -\n    url: https://a.example/\n  -\n    url: https://b.example/\n",
        "feeds:\n  - url: >-\n      https://a.example/\n  - url: https://b.example/\n",
        "feeds:\n  - url: https://a.example/\n    # about a\n  # about b\n  - url: https://b.example/\n",
        "feeds:\n  - fetch: all\n    url: https://a.example/\n  - url: https://b.example/\n",
    ],
)
def test_other_layouts_are_edited_as_well(tmp_path: Path, body: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(body.encode())
    first, second = load(path)
    set_paused(path, first.url, True)
    assert load(path) == [replace(first, paused=True), second]
    add(path, NEW)
    assert load(path) == [replace(first, paused=True), second, NEW]
    remove(path, first.url)
    assert load(path) == [second, NEW]
    assert (b"\r\n" in path.read_bytes()) == ("\r\n" in body)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") or "\r" not in body


@pytest.mark.parametrize(
    "body",
    [
        "feeds: [{url: 'https://a.example/'}]\n",
        "feeds:\n  - {url: 'https://a.example/', id: a}\n",
    ],
)
def test_entries_in_braces_are_read_but_not_edited(tmp_path: Path, body: str) -> None:
    path = written(tmp_path, body)
    assert len(load(path)) == 1
    with pytest.raises(FeedListError, match="in braces"):
        set_paused(path, "https://a.example/", True)
    assert path.read_text("utf-8") == body


def test_a_link_stays_a_link_and_the_mode_is_kept(path: Path) -> None:
    path.chmod(0o640)
    link = path.parent / "link.yaml"
    link.symlink_to(path)
    add(link, NEW)
    assert link.is_symlink()
    assert load(path)[-1] == NEW
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_crash_while_writing_leaves_the_old_list(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(FeedListError, match="No space left"):
        add(path, NEW)
    assert path.read_text("utf-8") == LIST
    assert list(path.parent.iterdir()) == [path]


words = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn")), min_size=1, max_size=30
).filter(lambda text: text.strip() == text)


@st.composite
def some_listings(draw: st.DrawFn) -> list[Listing]:
    def listing(number: int) -> Listing:
        return Listing(
            feed_id=f"feed-{number}",
            url=f"https://a{number}.example/"
            + draw(st.sampled_from(["", "f?a=1&b=2", "f#x", "é"])),
            publisher=draw(st.none() | words),
            homepage=draw(st.sampled_from([None, "https://a.example/"])),
            country=draw(st.sampled_from([None, "KR", "NO"])),
            language=draw(st.sampled_from([None, "ko", "no"])),
            seen_in=draw(st.none() | words),
            verified=draw(st.none() | st.dates().map(str)),
            paused=draw(st.booleans()),
            fetch=draw(st.sampled_from(["all", "likely"])),
            conditional=draw(st.booleans()),
            min_interval_s=draw(st.none() | st.integers(1, 3600)),
            max_interval_s=draw(st.none() | st.integers(3600, 86_400 * 30)),
        )

    return [listing(number) for number in range(draw(st.integers(1, 5)))]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(listings=some_listings(), data=st.data())
def test_what_is_merged_is_read_back_and_can_be_edited(
    tmp_path: Path, listings: list[Listing], data: st.DataObject
) -> None:
    path = written(tmp_path, "feeds: []\n")
    assert merge(path, listings) == (len(listings), 0)
    assert load(path) == listings
    number = data.draw(st.integers(0, len(listings) - 1))
    turned = replace(listings[number], paused=not listings[number].paused)
    set_paused(path, turned.feed_id, turned.paused)
    assert load(path) == [*listings[:number], turned, *listings[number + 1 :]]
    assert remove(path, turned.feed_id) == turned
    assert load(path) == [*listings[:number], *listings[number + 1 :]]


def test_noting_when_a_feed_answered_touches_only_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    text = (
        "# mine\nfeeds:\n  - id: a\n    url: https://a.example/feed\n    verified: never  # yet\n"
        "  - id: b\n    url: https://b.example/feed\n"
    )
    path.write_text(text, "utf-8")
    feedlist.set_verified(path, ["a", "b"], "2026-11-23")
    assert path.read_text("utf-8") == text.replace("never", "2026-11-23") + (
        "    verified: 2026-11-23\n"
    )
    assert {item.verified for item in feedlist.load(path)} == {"2026-11-23"}
