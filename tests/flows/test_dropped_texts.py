"""Dropped texts: their bytes are kept, and all that was made of them can be made again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from desks import Desk, new_desk
from tables import tables_of

from extractors.records import WarcPosition
from flows.steps import reprocess
from flows.steps.forget import run_forget
from flows.steps.reprocess import Changes, run_reprocess
from storage.archive import StoredRecord, read_record
from storage.reports import RunReport

SUMMIT = (
    "Kim Jong Un and Vladimir Putin met at the Vostochny cosmodrome on Wednesday.\n"
    "The two leaders talked for hours about satellites, officials in Moscow said.\n"
    "Source: Harbour Wire\n"
)
FILES = {
    "ferry.txt": b"The ferry Halcyon ran aground on Tuesday. Nobody was hurt.\n\nIt is afloat.",
    "wide.txt": "Der Hafen wird vertieft. Die Arbeiten beginnen im Oktober.".encode("utf-16"),
    "sub/bridge.md": (
        b"---\nurl: https://ledger.example/bridge\ntitle: A bridge mended\n"
        b"published: 2023-09-13\n---\n# A bridge mended\n\nThe *old* bridge is whole again.\n"
    ),
    "summit.txt": SUMMIT.encode(),
    "lines.jsonl": "\n".join(
        json.dumps(item)
        for item in (
            {"id": "one", "text": "Sails were torn in the regatta. The race was called off."},
            {"text": "A second story without a name. It has two sentences.", "title": "Second"},
            {"id": "\ud800", "text": "A third one with half a letter for its name."},
        )
    ).encode(),
    "page.html": (
        b"<html lang=en><head><title>The wall holds</title></head><body><article>"
        b"<h1>The wall holds</h1>"
        + b"".join(
            b"<p>Paragraph %d tells of the harbour and of its wall.</p>" % n for n in range(9)
        )
        + b"</article></body></html>"
    ),
}
TEXTS = 7  # articles of files and lines; the page is not counted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all of these; whoever changes it puts it right again."""
    made = tmp_path_factory.mktemp("files") / "dropped"
    for name, data in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(data)
    return made


@pytest.fixture(scope="module")
def dropped(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that follows no feed, on which the folder has landed; for looking at only."""
    desk = new_desk(tmp_path_factory.mktemp("dropped") / "data", [])
    drop(desk, folder)
    return desk


@pytest.fixture
def alone(dropped: Desk, tmp_path: Path) -> Desk:
    """A copy of it."""
    shutil.copytree(dropped.settings.data, tmp_path / "copy")
    return Desk(dropped.settings.model_copy(update={"data": tmp_path / "copy"}))


def drop(desk: Desk, folder: Path) -> RunReport:
    return desk.run(seeds=folder, poll=False, pages=False)


def records(desk: Desk) -> dict[str, StoredRecord]:
    """What the rows' positions lead to in the archive, by the file's name."""
    rows = desk.ask(
        "SELECT url, warc_file, warc_offset, warc_digest FROM pages WHERE warc_file IS NOT NULL"
    )
    root = desk.settings.archive_root
    return {
        url.rpartition("/")[2]: read_record(root, WarcPosition(*position))
        for url, *position in rows
    }


def again(desk: Desk) -> Changes:
    return run_reprocess(desk.job("reprocess"))


def change(desk: Desk, *statements: str) -> None:
    with desk.job().warehouse.session() as session:
        for statement in statements:
            session.execute(statement)


def archive_size(desk: Desk) -> int:
    return sum(path.stat().st_size for path in desk.settings.archive_root.rglob("*.warc.gz"))


def test_every_text_and_line_is_a_record_of_its_own_that_its_row_names(
    alone: Desk, folder: Path
) -> None:
    found = records(alone)
    lines = FILES["lines.jsonl"].splitlines(keepends=True)
    assert {name: item.body for name, item in found.items()} == {
        "ferry.txt": FILES["ferry.txt"],
        "wide.txt": FILES["wide.txt"],
        "bridge.md": FILES["sub/bridge.md"],
        "summit.txt": FILES["summit.txt"],
        "lines.jsonl#one": lines[0],
        "lines.jsonl#2": lines[1],
        "lines.jsonl#?": lines[2],
        "page.html": FILES["page.html"],
    }
    assert {name: item.content_type for name, item in found.items() if "." in name}[
        "bridge.md"
    ] == "text/markdown"
    assert found["ferry.txt"].url == f"files:{folder}/ferry.txt"


def test_what_was_read_before_is_not_archived_again_and_an_edit_is(
    alone: Desk, folder: Path
) -> None:
    size, before = archive_size(alone), tables_of(alone.database)
    drop(alone, folder)
    assert archive_size(alone) == size
    assert tables_of(alone.settings.data / "duckwire.duckdb") == before
    (folder / "ferry.txt").write_bytes(b"The ferry Halcyon sails again. Everybody is glad.")
    try:
        drop(alone, folder)
    finally:
        (folder / "ferry.txt").write_bytes(FILES["ferry.txt"])
    assert records(alone)["ferry.txt"].body == b"The ferry Halcyon sails again. Everybody is glad."
    assert records(alone)["summit.txt"].body == FILES["summit.txt"]


def test_without_the_files_everything_is_made_again_as_it_was(alone: Desk, folder: Path) -> None:
    before = tables_of(alone.database)
    folder.rename(folder.with_name("away"))
    change(
        alone,
        "UPDATE pages SET extractor_version = 'older', path = 'older'",
        "UPDATE articles SET extractor_version = 'older', row_hash = 'older', title = 'Older', "
        "text = 'Older', text_hash = 'older', publisher = NULL, authors = ['older']",
        "UPDATE article_candidates SET value = 'older'",
        "DELETE FROM article_topics",
    )
    try:
        done = again(alone)
    finally:
        folder.with_name("away").rename(folder)
    assert (done.pages, done.unreadable) == (TEXTS + 1, 0)
    versions = alone.ask("SELECT title, text FROM article_versions")
    assert versions == [("Older", "Older")] * (TEXTS + 1)
    after = tables_of(alone.database)
    assert {**after, "article_versions": []} == before
    assert alone.ask("SELECT title FROM summit_articles") == [(SUMMIT.splitlines()[0],)]
    assert again(alone) == Changes()


def test_another_version_of_the_texts_extractor_reads_the_texts_alone(
    alone: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reprocess, "TEXTS_VERSION", "seeds-next")
    monkeypatch.setattr("extractors.seed_text.TEXTS_VERSION", "seeds-next")
    assert again(alone).pages == TEXTS
    assert alone.ask(
        "SELECT extractor_version, count(*) FROM articles WHERE extractor_version LIKE 'seeds%' "
        "GROUP BY 1"
    ) == [("seeds-next", TEXTS)]
    assert alone.ask("FROM article_versions") == []
    assert again(alone).pages == 0
    # The files, read by that version too, are what is stored.
    assert drop(alone, folder).stages["article"].known == TEXTS


def test_bytes_that_are_gone_leave_their_rows_alone(alone: Desk) -> None:
    change(alone, "UPDATE pages SET extractor_version = 'older'")
    before = tables_of(alone.settings.data / "duckwire.duckdb")
    shutil.rmtree(alone.settings.archive_root)
    done = again(alone)
    assert (done.pages, done.unreadable) == (0, TEXTS + 1)
    assert tables_of(alone.settings.data / "duckwire.duckdb") == before


def test_a_file_that_was_no_article_becomes_one_with_its_sighting(alone: Desk) -> None:
    before = tables_of(alone.database)
    page = "(SELECT page_id FROM pages WHERE url LIKE '%page.html')"
    story = f"(SELECT article_id FROM articles WHERE page_id = {page})"
    change(
        alone,
        *(
            f"DELETE FROM {table} WHERE article_id = {story}"
            for table in ("article_dates", "article_candidates", "article_topics")
        ),
        f"DELETE FROM article_signatures WHERE article_id = {story}",
        f"UPDATE entries SET state = 'rejected', reason = 'too_short', article_id = NULL "
        f"WHERE page_id = {page}",
        f"DELETE FROM articles WHERE page_id = {page}",
        f"UPDATE pages SET extractor_version = 'older', article_id = NULL, "
        f"article_state = 'rejected', article_reason = 'too_short' WHERE page_id = {page}",
    )
    again(alone)
    assert tables_of(alone.database) == before


def test_a_page_that_waits_to_be_fetched_again_still_does_after_it_was_read_again(
    alone: Desk,
) -> None:
    change(
        alone,
        "UPDATE pages SET extractor_version = 'older'",
        "UPDATE pages SET state = 'waiting', reason = 'timeout', attempts = 2, "
        "next_at = TIMESTAMPTZ '2030-01-01 00:00:00Z' "
        "WHERE page_id = (SELECT min(page_id) FROM pages WHERE warc_file IS NOT NULL)",
    )
    again(alone)
    waiting = alone.ask("SELECT reason, attempts, year(next_at) FROM waiting")
    assert waiting == [("timeout", 2, 2030)]
    assert alone.ask("SELECT 1 FROM failures WHERE reason = 'timeout'") == []


def test_a_forgotten_text_is_gone_with_its_bytes_and_stays_out(alone: Desk, folder: Path) -> None:
    assert run_forget(alone.job("forget"), "https://ledger.example/bridge").records == 1
    drop(alone, folder)
    assert "bridge.md" not in records(alone)
    assert alone.ask("SELECT 1 FROM articles WHERE title LIKE '%bridge%'") == []
    assert alone.ask("SELECT title FROM entries WHERE reason = 'forgotten'") == [(None,)]
    assert alone.ask("FROM orphans") == []


def test_no_name_of_a_file_can_break_a_record(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    odd = {
        "a\r\nWARC-Type: warcinfo\r\n\r\n.txt": FILES["ferry.txt"],
        "ж é #?%41.txt": FILES["wide.txt"],
        "b\n.html": FILES["page.html"],
    }
    (tmp_path / "odd").mkdir()
    for name, data in odd.items():
        (tmp_path / "odd" / name).write_bytes(data)
    desk = make_desk([])
    drop(desk, tmp_path / "odd")
    assert {name: item.body for name, item in records(desk).items()} == odd
    change(desk, "UPDATE pages SET extractor_version = 'older'")
    places = "SELECT article_id, preference, url FROM articles ORDER BY 1"
    before = desk.ask(places)
    assert again(desk).pages == len(odd)
    assert desk.ask(places) == before


def test_a_text_that_names_another_address_is_one_article_still(alone: Desk, folder: Path) -> None:
    path, was = folder / "sub/bridge.md", FILES["sub/bridge.md"]
    before = alone.ask("SELECT count(*) FROM articles")
    path.write_bytes(was.replace(b"/bridge", b"/new-bridge").replace(b"whole", b"open"))
    try:
        drop(alone, folder)
    finally:
        path.write_bytes(was)
    assert alone.ask("SELECT count(*) FROM articles") == before
    assert alone.ask(
        "SELECT a.url, v.text FROM article_versions v JOIN articles a USING (article_id)"
    ) == [("https://ledger.example/new-bridge", "A bridge mended\nThe old bridge is whole again.")]
    assert alone.ask("FROM orphans") == []
