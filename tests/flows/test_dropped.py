"""Files that a user drops into a folder: each lands, or says why not, and stops nothing."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desks import Desk
from dropped import BODY, RSS, TEXT, drop, failures, html, warc
from tables import tables_of

from extractors.records import WarcPosition
from flows.newsroom import Newsroom
from flows.settings import SAMPLES
from flows.sources.feedlist import load
from storage.archive import read_record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dropped"
    made.mkdir()
    return made


@pytest.fixture
def alone(make_desk: Callable[..., Desk]) -> Desk:
    """A desk that follows no feed."""
    return make_desk([])


def test_a_bare_text_lands_with_its_first_sentence_as_title_and_its_source(
    alone: Desk, folder: Path
) -> None:
    (folder / "ferry.txt").write_text(TEXT)
    drop(alone, folder)
    (row,) = alone.ask(
        "SELECT title, publisher, language, published_at, published_reason, source_kind, url, text "
        "FROM articles"
    )
    assert row[:4] == (
        "The ferry Halcyon ran aground off the northern pier on Tuesday.",
        "Harbour Ledger",
        "en",
        None,
    )
    assert row[4]
    assert row[5:7] == ("file", None)
    assert row[7].startswith("The ferry Halcyon ran aground")
    assert "“deep channel”" in row[7]
    assert "Source:" not in row[7]
    assert row[7].count("\n") == 1


def test_front_matter_says_what_an_article_is(alone: Desk, folder: Path) -> None:
    (folder / "a.md").write_text(
        "---\ntitle: Bridge closes\nurl: https://ledger.example/bridge?utm_source=x\n"
        "published: 2023-09-13T12:00:00+09:00\npublisher: Ledger\nlanguage: en\n"
        f"authors: [Ann Reed, Bo Lind]\n---\n{BODY[0]}\n\n{BODY[1]}\n"
    )
    drop(alone, folder)
    assert alone.ask(
        "SELECT title, url, published_at, publisher, language, authors FROM articles"
    ) == [
        (
            "Bridge closes",
            "https://ledger.example/bridge",
            datetime(2023, 9, 13, 3, tzinfo=UTC),
            "Ledger",
            "en",
            ["Ann Reed", "Bo Lind"],
        )
    ]


def test_lines_of_json_land_one_article_each_and_a_bad_line_is_a_reason(
    alone: Desk, folder: Path
) -> None:
    lines = [
        json.dumps({"id": "one", "title": "One", "text": BODY[0], "published": "2023-09-13"}),
        "{not json",
        json.dumps({"title": "no text"}),
        json.dumps({"text": "   "}),
        "",
        json.dumps({"title": "Two", "text": BODY[1], "language": "en"}),
    ]
    (folder / "list.jsonl").write_text("\n".join(lines))
    drop(alone, folder)
    assert alone.ask("SELECT title FROM articles ORDER BY 1") == [("One",), ("Two",)]
    assert failures(alone) == {
        "list.jsonl#2": "unparsable",
        "list.jsonl#3": "unparsable",
        "list.jsonl#4": "empty",
    }


def test_a_page_lands_under_the_address_it_names(alone: Desk, folder: Path) -> None:
    (folder / "page.html").write_text(html(canonical="https://ledger.example/bridge"))
    drop(alone, folder)
    assert alone.ask("SELECT url, title, published_at FROM articles") == [
        (
            "https://ledger.example/bridge",
            "Council votes to mend the bridge",
            datetime(2023, 9, 13, 10, tzinfo=UTC),
        )
    ]


def test_a_page_without_an_address_lands_under_its_place_with_its_bytes_kept(
    alone: Desk, folder: Path
) -> None:
    (folder / "다리.html").write_text(html())
    drop(alone, folder)
    assert alone.ask("SELECT url, title FROM articles") == [
        (None, "Council votes to mend the bridge")
    ]
    position = alone.ask("SELECT warc_file, warc_offset, warc_digest FROM pages")[0]
    found = read_record(alone.settings.archive_root, WarcPosition(*position))
    assert found.body == html().encode()


def test_a_saved_feed_gives_sightings_whose_pages_wait(alone: Desk, folder: Path) -> None:
    (folder / "feed.xml").write_text(RSS)
    drop(alone, folder)
    assert alone.ask("SELECT title, url, state, reason FROM entries ORDER BY 1") == [
        ("First story", "https://ledger.example/one", "landed", None),
        ("No link at all", None, "rejected", "no_link"),
        ("Second story", "https://ledger.example/two", "landed", None),
    ]
    assert alone.ask("SELECT url FROM waiting ORDER BY 1") == [
        ("https://ledger.example/one",),
        ("https://ledger.example/two",),
    ]


def test_an_opml_file_adds_its_feeds_to_the_owners_list_once(alone: Desk, folder: Path) -> None:
    (folder / "list.opml").write_text(
        '<opml version="2.0"><body><outline text="Ledger" type="rss" '
        'xmlUrl="https://ledger.example/feed.xml" htmlUrl="https://ledger.example/"/>'
        '<outline text="Passwords" type="rss" xmlUrl="file:///etc/passwd"/></body></opml>'
    )
    for _ in range(2):
        drop(alone, folder)
        listed = [item.url for item in load(alone.settings.feeds)]
        assert listed == ["https://ledger.example/feed.xml"]


@pytest.mark.parametrize("packed", [True, False])
def test_the_pages_of_a_web_archive_land_as_of_when_they_were_captured(
    alone: Desk, folder: Path, packed: bool
) -> None:
    name = "crawl.warc.gz" if packed else "crawl.WARC"
    pages = ("https://ledger.example/bridge", "2023-09-14T00:00:00Z", html())
    (folder / name).write_bytes(warc(pages, packed=packed))
    drop(alone, folder)
    assert alone.ask("SELECT url, title FROM articles") == [
        ("https://ledger.example/bridge", "Council votes to mend the bridge")
    ]
    assert alone.ask("SELECT fetched_at FROM pages") == [(datetime(2023, 9, 14, tzinfo=UTC),)]


def test_of_two_captures_of_one_page_the_newest_lands_and_the_page_stands_once(
    alone: Desk, folder: Path
) -> None:
    url = "https://ledger.example/bridge"
    captures = [
        (url, "2023-09-14T00:00:00Z", html("The headline as it was first")),
        (url, "2023-09-16T00:00:00Z", html("The headline as it is now")),
        (url, "2023-09-15T00:00:00Z", html("The headline in between")),
    ]
    (folder / "crawl.warc.gz").write_bytes(warc(*captures))
    drop(alone, folder)
    assert alone.ask("FROM orphans") == []
    assert alone.ask("SELECT title FROM articles") == [("The headline as it is now",)]
    assert alone.ask("SELECT count(*), count(DISTINCT article_id) FROM entries") == [(3, 1)]


def test_two_files_of_one_page_are_one_article(alone: Desk, folder: Path) -> None:
    for name in ("a.html", "b.html"):
        (folder / name).write_text(html(canonical="https://ledger.example/bridge"))
    drop(alone, folder)
    assert alone.ask("FROM orphans") == []
    assert alone.ask("SELECT count(*) FROM articles") == [(1,)]
    assert alone.ask("SELECT state FROM entries ORDER BY 1") == [("duplicate",), ("landed",)]


_BAD = {
    "empty.txt": (b"", "empty"),
    "blank.md": (b" \n\t\n", "empty"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
    "noise.txt": (bytes(range(1, 32)) * 40, "binary"),
    "latin.txt": ("Ein schöner Text über Züge.".encode("latin-1"), "encoding"),
    "front.md": (b"---\ntitle: [broken\n---\nText.\n", "unparsable"),
    "letter.docx": (b"PK\x03\x04", "unknown_kind"),
    "noending": (b"text", "unknown_kind"),
    "notes.html": (b"only words, no element", "not_html"),
    "zero.html": (b"<html>\x00\x00</html>", "binary"),
    "empty.html": (b"", "empty"),
    "broken.opml": (b"<opml><body>", "unparsable"),
    "none.opml": (b"<opml version='2.0'><head/><body/></opml>", "empty"),
    "odd.xml": (b"<catalogue><book/></catalogue>", "not_a_feed"),
    "torn.warc.gz": (gzip.compress(b"WARC/1.0\r\n", mtime=0)[:12], "unparsable"),
    "empty.warc": (b"", "empty"),
    "list.jsonl": (b"\xff\xfe{}", "encoding"),
}


def test_each_file_that_cannot_be_read_is_a_reason_and_the_rest_lands(
    alone: Desk, folder: Path
) -> None:
    for name, (data, _) in _BAD.items():
        (folder / name).write_bytes(data)
    (folder / "ferry.txt").write_text(TEXT)
    report = drop(alone, folder)
    found = {name.partition("#")[0]: reason for name, reason in failures(alone).items()}
    assert found == {name: reason for name, (_, reason) in _BAD.items()}
    assert report.stages["article"].landed == 1
    assert alone.ask("SELECT count(*) FROM run_balance WHERE NOT balanced") == [(0,)]


def test_a_file_over_the_bound_is_too_large_and_lines_of_json_are_not(
    make_desk: Callable[..., Desk], folder: Path
) -> None:
    desk = make_desk([], max_seed_bytes=2_000)
    for name in ("a.txt", "a.md", "a.html", "a.xml", "a.opml"):
        (folder / name).write_text("x" * 2_001)
    (folder / "just.txt").write_text(TEXT + "x" * (2_000 - len(TEXT.encode())))
    for name in ("many.jsonl", "MANY.JSONL"):
        lines = [json.dumps({"id": f"{name}{n}", "text": f"{n}. {BODY[0]}"}) for n in range(40)]
        (folder / name).write_text("\n".join(lines))
    drop(desk, folder)
    assert failures(desk) == dict.fromkeys(
        ("a.txt", "a.md", "a.html", "a.xml", "a.opml"), "too_large"
    )
    assert desk.ask("SELECT count(*) FROM articles") == [(81,)]


def test_a_line_longer_than_memory_should_hold_is_too_large(alone: Desk, folder: Path) -> None:
    with (folder / "long.jsonl").open("w") as target:
        target.write('{"text": "' + "x" * 25_000_000 + '"}\n')
        target.write(json.dumps({"title": "After it", "text": BODY[0]}))
    drop(alone, folder)
    assert failures(alone) == {"long.jsonl#1": "too_large"}
    assert alone.ask("SELECT title FROM articles") == [("After it",)]


def test_a_folder_landed_twice_changes_nothing(alone: Desk, folder: Path) -> None:
    (folder / "ferry.txt").write_text(TEXT)
    (folder / "page.html").write_text(html(canonical="https://ledger.example/bridge"))
    (folder / "nameless.html").write_text(html("Another bridge closes for the winter"))
    (folder / "feed.xml").write_text(RSS)
    (folder / "list.jsonl").write_text(json.dumps({"id": "one", "title": "One", "text": BODY[0]}))
    (folder / "crawl.warc.gz").write_bytes(
        warc(("https://ledger.example/c", "2023-09-14T00:00:00Z", html("A third bridge closes")))
    )
    drop(alone, folder)
    before = tables_of(alone.database)
    segments = sorted(alone.settings.archive_root.rglob("*.warc.gz"))
    report = drop(alone, folder)
    assert not report.changed
    assert tables_of(alone.settings.data / "duckwire.duckdb") == before
    assert sorted(alone.settings.archive_root.rglob("*.warc.gz")) == segments


def test_an_edited_file_is_a_new_version_of_the_same_article(alone: Desk, folder: Path) -> None:
    file = folder / "ferry.txt"
    file.write_text(TEXT)
    drop(alone, folder)
    (before,) = alone.ask("SELECT article_id, text FROM articles")
    file.write_text(TEXT.replace("Two tugs", "Three tugs"))
    drop(alone, folder)
    (after,) = alone.ask("SELECT article_id, text FROM articles")
    assert after[0] == before[0]
    assert "Three tugs" in after[1]
    assert alone.ask("SELECT article_id, version, text FROM article_versions") == [
        (before[0], 1, before[1])
    ]


def test_an_edited_page_is_a_new_version_too(alone: Desk, folder: Path) -> None:
    for title in ("The headline as it was", "The headline as it is"):
        (folder / "page.html").write_text(html(title))
        drop(alone, folder)
    assert alone.ask("SELECT title FROM articles") == [("The headline as it is",)]
    assert alone.ask("SELECT title FROM article_versions") == [("The headline as it was",)]
    assert alone.ask("SELECT state FROM pages") == [("landed",)]


def test_a_file_that_was_mended_is_no_failure_any_more(alone: Desk, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"")
    (folder / "b.jsonl").write_text("{oops\n")
    (folder / "c.txt").write_bytes(b"\xff\xff")
    drop(alone, folder)
    assert set(failures(alone)) == {"a.txt", "b.jsonl#1", "c.txt"}
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.jsonl").write_text(json.dumps({"id": "b", "text": BODY[0]}))
    drop(alone, folder)
    assert set(failures(alone)) == {"c.txt"}


def test_links_out_of_the_folder_are_not_followed(
    alone: Desk, folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text(TEXT)
    (folder / "link.txt").symlink_to(secret / "key.txt")
    (folder / "linked").symlink_to(secret, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "sub").mkdir()
    (folder / "sub" / "inside.txt").write_text(TEXT)
    drop(alone, folder)
    assert alone.ask("SELECT guid FROM entries") == [("sub/inside.txt",)]


def test_hidden_files_and_readmes_are_passed_over(alone: Desk, folder: Path) -> None:
    (folder / ".git").mkdir()
    for name in (".draft.txt", ".git/a.txt", "README.md", "ferry.txt"):
        (folder / name).write_text(TEXT)
    drop(alone, folder)
    assert alone.ask("SELECT guid FROM entries") == [("ferry.txt",)]


def test_what_is_no_plain_file_is_passed_over(alone: Desk, folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.txt").mkdir()
    (folder / "ferry.txt").write_text(TEXT)
    drop(alone, folder)
    assert alone.ask("SELECT guid FROM entries") == [("ferry.txt",)]


def test_names_that_are_no_utf8_are_told_apart(alone: Desk, folder: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\xe8.txt"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_text(TEXT)
    drop(alone, folder)
    assert alone.ask("SELECT count(DISTINCT article_id) FROM articles") == [(2,)]


def test_halves_of_surrogate_pairs_do_not_stop_a_run(alone: Desk, folder: Path) -> None:
    item = {"id": "i\ud800", "title": "Odd \udfff title", "text": f"\ud83d {BODY[0]}"}
    (folder / "odd.jsonl").write_text(json.dumps(item) + "\n" + json.dumps({"text": BODY[1]}))
    report = drop(alone, folder)
    assert report.stages["article"].landed == 2


def test_a_saved_page_does_not_undo_what_was_fetched_since(
    make_desk: Callable[..., Desk], newsroom: Newsroom, folder: Path
) -> None:
    desk = make_desk([feed for feed in newsroom.feeds() if feed.language == "en"])
    desk.run()
    (article,) = desk.ask(
        "SELECT p.url, p.warc_file, p.warc_offset, p.warc_digest FROM pages p JOIN articles a "
        "USING (page_id) WHERE a.language = 'en' ORDER BY p.url LIMIT 1"
    )
    saved = read_record(desk.settings.archive_root, WarcPosition(*article[1:])).body
    item = next(i for i in newsroom.truth(listed=True) if i.url == article[0])
    (folder / "saved.html").write_bytes(saved)
    desk.run(seeds=folder)
    newsroom.edit(item.slug, title="A headline changed after the page was saved")
    try:
        desk.run(seeds=folder, everything=True)
        before = tables_of(desk.database)
        assert desk.ask(f"SELECT title FROM articles WHERE url = '{item.url}'") == [
            ("A headline changed after the page was saved",)
        ]
        desk.run(seeds=folder, everything=True)
        assert tables_of(desk.settings.data / "duckwire.duckdb") == before
    finally:
        newsroom.edit(item.slug, title=item.title)


def test_samples_count_only_while_there_is_nothing_else(alone: Desk, folder: Path) -> None:
    drop(alone, SAMPLES)
    kinds = "SELECT DISTINCT source_kind FROM articles ORDER BY 1"
    assert alone.ask(kinds) == [("sample",)]
    shown = "SELECT count(*) FROM topic_articles"
    assert alone.ask(shown)[0][0] > 0
    (folder / "ferry.txt").write_text(TEXT)
    drop(alone, folder)
    assert alone.ask(kinds) == [("file",), ("sample",)]
    assert alone.ask(shown) == [(0,)]
    for view in ("summit_articles", "topic_timeline", "coverage", "topic_evidence"):
        assert alone.ask(f"SELECT count(*) FROM {view}") == [(0,)], view


def test_the_folder_as_a_source_is_no_feed(alone: Desk, folder: Path) -> None:
    (folder / "ferry.txt").write_text(TEXT)
    drop(alone, folder)
    assert alone.ask("SELECT kind, url FROM feeds") == [("files", f"files:{folder}")]
    assert alone.ask("FROM feed_health") == []


def test_an_empty_folder_is_a_good_run(alone: Desk, folder: Path) -> None:
    assert drop(alone, folder).stages == {}


def test_counted_words_hold_whatever_the_folder_holds(alone: Desk, folder: Path) -> None:
    (folder / "ferry.txt").write_text(TEXT)
    (folder / "short.txt").write_text("Hm.")
    (folder / "page.html").write_text("<html><body><p>Too little.</p></body></html>")
    (folder / "feed.xml").write_text(RSS)
    for _ in range(2):
        drop(alone, folder)
    rows = alone.ask("SELECT stage, taken, balanced FROM run_balance")
    assert {row[0] for row in rows} == {"poll", "entry", "article"}
    assert all(row[2] for row in rows)
