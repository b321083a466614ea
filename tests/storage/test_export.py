"""Exports: exact, filtered by UTC day, whole or not there, and never over something else."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from desks import Desk
from jsonschema import Draft202012Validator
from warcio.archiveiterator import ArchiveIterator

from flows import cli
from storage import connect
from storage.errors import StorageError
from storage.export import Exported, Format, Wanted, export
from storage.migrate import migrate
from storage.publish import publish
from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
SEPTEMBER = Wanted(since=date(2023, 9, 1), until=date(2023, 9, 30))


@pytest.fixture
def take(landed: Desk, tmp_path: Path) -> Callable[..., Exported]:
    def run(kind: Format, name: str, wanted: Wanted | None = None, **more: Any) -> Exported:
        with connect(landed.settings.data) as connection:
            return export(
                connection,
                tmp_path / name,
                kind,
                wanted or Wanted(),
                archive=landed.settings.archive_root,
                now=NOW,
                **more,
            )

    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_json_lines_hold_every_article_as_it_stands(
    landed: Desk, take: Callable[..., Exported]
) -> None:
    done = take(Format.JSONL, "all.jsonl")
    found = {row["article_id"]: row for row in lines(done.path)}
    stored = landed.ask("SELECT article_id, title, text, epoch_ms(published_at) FROM news")
    assert done.rows == len(found) == len(stored)
    for article_id, title, text, published in stored:
        row = found[article_id]
        assert (row["title"], row["text"]) == (title, text)
        said = row["published_at"]
        assert (said is None) == (published is None)
        if said:
            assert datetime.fromisoformat(said).timestamp() * 1000 == published


def test_filters_keep_what_a_question_would(landed: Desk, take: Callable[..., Exported]) -> None:
    wanted = Wanted(("kim-putin-summit",), date(2023, 9, 13), date(2023, 9, 14), ("ko", "ru"))
    done = take(Format.JSONL, "some.jsonl", wanted)
    asked = landed.ask(
        "SELECT article_id FROM summit_articles WHERE language IN ('ko', 'ru') "
        "AND (published_at AT TIME ZONE 'UTC')::DATE BETWEEN '2023-09-13' AND '2023-09-14'"
    )
    assert {row["article_id"] for row in lines(done.path)} == {row[0] for row in asked} != set()


def test_parquet_has_a_folder_for_each_utc_month_and_reads_back_exactly(
    landed: Desk, take: Callable[..., Exported]
) -> None:
    done = take(Format.PARQUET, "parquet")
    months = landed.ask(
        "SELECT DISTINCT coalesce(strftime(published_at AT TIME ZONE 'UTC', '%Y-%m'), 'undated') "
        "FROM news"
    )
    assert {item.name for item in done.path.iterdir()} == {f"month={m}" for (m,) in months}
    columns = "article_id, title, text, published_at, authors"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        read = connection.execute(
            f"SELECT {columns} FROM read_parquet('{done.path}/*/*.parquet') ORDER BY ALL"
        ).fetchall()
    assert read == landed.ask(f"SELECT {columns} FROM news ORDER BY ALL")


def test_csv_reads_back_and_no_cell_is_a_formula(
    landed: Desk, take: Callable[..., Exported]
) -> None:
    done = take(Format.CSV, "all.csv")
    with done.path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    texts = {row["article_id"]: row["text"] for row in rows}
    assert texts == dict(landed.ask("SELECT article_id, text FROM news"))
    assert any(row["published_at"].endswith("Z") for row in rows)
    assert any("kim-putin-summit on" in row["topics"] for row in rows)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(tmp_path: Path, start: str) -> None:
    with duckdb.connect() as connection:
        migrate(connection, NOW)
        connection.execute(
            "INSERT INTO articles (article_id, source_kind, title, text, authors) "
            "VALUES ('a', 'feed', $t, 'plain', [$t])",
            {"t": f"{start}cmd|' /C calc'!A0"},
        )
        export(connection, tmp_path / "x.csv", Format.CSV, Wanted(), archive=tmp_path, now=NOW)
    (row,) = csv.DictReader((tmp_path / "x.csv").open(encoding="utf-8", newline=""))
    assert row["title"] == row["authors"] == f"'{start}cmd|' /C calc'!A0"
    assert row["text"] == "plain"


# The rules of ninjs 2.1 for the properties used here; nothing else may stand in an object.
_TEXT = {"type": "string", "minLength": 1}
_URI = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}


def _objects(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": required,
            "additionalProperties": False,
            "properties": properties,
        },
    }


_VALUE = {"role": _TEXT, "contenttype": _TEXT, "value": _TEXT}
_COUNTS = {"charcount": {"type": "number"}, "wordcount": {"type": "number"}}
NINJS_RULES = {
    "type": "object",
    "required": ["uri"],
    "additionalProperties": False,
    "properties": {
        "uri": _URI,
        "type": {"enum": ["text", "audio", "video", "picture", "graphic"]},
        "representationtype": {"enum": ["full", "partial"]},
        "firstcreated": _TIME,
        "versioncreated": _TIME,
        "contentcreated": _TIME,
        "pubstatus": {"enum": ["usable", "withheld", "canceled"]},
        "language": _TEXT,
        "ednote": _TEXT,
        "by": _TEXT,
        "headlines": _objects(["value"], **_VALUE),
        "descriptions": _objects(["value"], **_VALUE),
        "bodies": _objects(["value"], **_VALUE, **_COUNTS),
        "infosources": _objects([], name=_TEXT, role=_TEXT, uri=_URI, literal=_TEXT),
        "subjects": _objects(
            [], name=_TEXT, rel=_TEXT, uri=_URI, literal=_TEXT, creator=_TEXT,
            relevance=_PERCENT, confidence=_PERCENT,
        ),
        "renditions": _objects(["name"], name=_TEXT, href=_URI, contenttype=_TEXT),
        "altids": _objects([], role=_TEXT, value=_TEXT),
        "standard": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"name": _TEXT, "version": _TEXT, "schema": _URI},
        },
    },
}  # fmt: skip


def test_ninjs_keeps_the_standards_rules_for_every_article(take: Callable[..., Exported]) -> None:
    done = take(Format.NINJS, "all.ninjs.jsonl")
    made = lines(done.path)
    validator = Draft202012Validator(NINJS_RULES)
    assert [error.message for item in made for error in validator.iter_errors(item)] == []
    assert len(made) == done.rows > 60
    assert {item["standard"]["version"] for item in made} == {"2.1"}


def test_ninjs_says_what_an_article_is_about_and_how_surely(
    landed: Desk, take: Callable[..., Exported]
) -> None:
    done = take(Format.NINJS, "on.jsonl", Wanted(topics=("kim-putin-summit",)))
    scores = dict(landed.ask("SELECT article_id, score FROM summit_articles"))
    assert done.rows == len(scores)
    for item in lines(done.path):
        (subject,) = [s for s in item["subjects"] if s.get("literal") == "kim-putin-summit"]
        assert subject["rel"] == "about"
        assert subject["confidence"] == round(100 * scores[item["uri"].rsplit(":", 1)[1]])


def test_ninjs_invents_no_time_of_day(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        migrate(connection, NOW)
        connection.execute(
            "INSERT INTO articles (article_id, source_kind, title, text, published_at, "
            "published_precision, first_seen_at) VALUES ('a', 'feed', 't', 'x', "
            "'2023-09-13 00:00:00+00', 'day', '2023-09-14 00:00:00+00')"
        )
        path = tmp_path / "x.jsonl"
        export(connection, path, Format.NINJS, Wanted(), archive=tmp_path, now=NOW)
    (item,) = lines(path)
    assert "contentcreated" not in item
    assert item["ednote"] == "Published on 2023-09-13; no time is stated."


def test_warc_holds_the_pages_of_the_articles_wanted(
    landed: Desk, take: Callable[..., Exported]
) -> None:
    done = take(Format.WARC, "pages.warc.gz", Wanted(languages=("ko",)))
    with done.path.open("rb") as stream:
        records = [
            (record.rec_type, record.rec_headers.get_header("WARC-Payload-Digest"))
            for record in ArchiveIterator(stream)
        ]
    digests = landed.ask(
        "SELECT DISTINCT warc_digest FROM pages JOIN news USING (article_id) WHERE language = 'ko'"
    )
    assert records[0][0] == "warcinfo"
    assert {digest for _, digest in records[1:]} == {row[0] for row in digests}
    assert (done.rows, done.missing) == (len(records) - 1, 0)


def test_pages_whose_bytes_are_gone_are_counted(landed: Desk, tmp_path: Path) -> None:
    with connect(landed.settings.data) as connection:
        done = export(
            connection, tmp_path / "x.warc.gz", Format.WARC, Wanted(), archive=tmp_path, now=NOW
        )
    assert done.rows == 0
    assert done.missing > 50


def test_nothing_is_replaced_unless_told_to(take: Callable[..., Exported]) -> None:
    first = take(Format.JSONL, "x.jsonl", Wanted(languages=("ko",)))
    before = first.path.read_bytes()
    with pytest.raises(StorageError, match="--force"):
        take(Format.JSONL, "x.jsonl")
    assert first.path.read_bytes() == before
    assert take(Format.JSONL, "x.jsonl", force=True).rows > first.rows


def test_even_then_a_folder_of_anything_else_stays(
    take: Callable[..., Exported], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    for kind in Format:
        with pytest.raises(StorageError, match="no earlier export"):
            take(kind, "home", force=True)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"
    take(Format.PARQUET, "folder")
    take(Format.PARQUET, "folder", SEPTEMBER, force=True)
    assert [item.name for item in (tmp_path / "folder").iterdir()] == ["month=2023-09"]


def test_a_failed_export_leaves_nothing_behind(
    take: Callable[..., Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(row: object) -> dict[str, Any]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.export._as_json", refuse)
    with pytest.raises(StorageError, match="No space left"):
        take(Format.JSONL, "x.jsonl")
    assert list(tmp_path.iterdir()) == []


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["duckwire", "export", *words])
    with pytest.raises(SystemExit) as done:
        cli.main()
    return int(done.value.code or 0)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--topic", "kim-putin-summit", "--from", "2023-09-13"], 0, "articles written to"),
        (["--topic", "no-such-topic"], 1, "there are: "),
        (["--from", "2023-09-14", "--until", "2023-09-13"], 2, "--from lies after --until"),
        (["--from", "yesterday"], 2, "yesterday"),
    ],
)
def test_the_command_says_what_it_did_or_why_not(
    landed: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    said: str,
) -> None:
    given = ["--format", "jsonl", "--to", str(tmp_path / "x.jsonl"), "--data"]
    assert command(monkeypatch, *given, str(landed.settings.data), *words) == status
    shown = capsys.readouterr()
    assert said in (shown.err if status else shown.out)
    assert (tmp_path / "x.jsonl").exists() == (status == 0)


# The peak of this program alone: getrusage would hand on what the parent had before it.
_MEASURED = """
import re, sys
from flows import cli
sys.argv = ["duckwire", "export", *sys.argv[1:]]
try:
    cli.main()
finally:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def peak_kb(data: Path, kind: Format, target: Path) -> int:
    """The most memory an export of everything took, in KB, in a process of its own."""
    words = ["--format", str(kind), "--to", str(target), "--data", str(data)]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *words], capture_output=True, text=True, check=True
    )
    return int(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Format.PARQUET, Format.CSV, Format.JSONL, Format.NINJS])
def test_three_times_the_articles_take_no_more_memory(tmp_path: Path, kind: Format) -> None:
    peaks = {}
    for count in (20_000, 60_000):
        data = tmp_path / str(count)
        warehouse = Warehouse(data)
        warehouse.migrate(NOW)
        with warehouse.session() as session:
            session.execute(
                "INSERT INTO articles (article_id, title, text, source_kind, published_at) "
                "SELECT 'a' || i, 'Title ' || i, (SELECT string_agg("
                "md5((i * 200 + k)::VARCHAR), ' ') FROM range(125) r(k)), 'feed', "
                "TIMESTAMPTZ '2023-09-01 00:00:00+00' + to_minutes(i) FROM range(?) t(i)",
                [count],
            )
        publish(warehouse)
        peaks[count] = peak_kb(data, kind, tmp_path / f"{count}.{kind}")
    # 160 MB more of text; what may grow is ids, months and the bounded buffers of DuckDB.
    assert peaks[60_000] < peaks[20_000] + 80_000, peaks
