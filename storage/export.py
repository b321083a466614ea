"""Taking articles out of the warehouse: Parquet, CSV, JSON Lines, IPTC ninjs, and pages as WARC.

Everything is streamed. What is written appears under its name only when it is whole, and replaces
nothing unless told to.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
from warcio.warcwriter import WARCWriter

from extractors.records import WarcPosition
from storage.archive import read_record
from storage.errors import StorageError
from storage.ninjs import ninjs

_BATCH = 500
# DuckDB keeps what it has read of the file up to this; without it memory would grow with the file.
_MEMORY = "128MB"


class Format(StrEnum):
    """What an export is written as."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    NINJS = "ninjs"
    WARC = "warc"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles: those on any of `topics`, published from the UTC day `since` to the UTC day
    `until` (both included; articles without a date are then left out), in one of `languages`.
    An empty field wants all.
    """

    topics: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: `rows` articles (or page records) in `files`; `missing` pages whose bytes
    are not in the archive any more.
    """

    path: Path
    rows: int
    files: int = 1
    missing: int = 0


_CHOSEN = """
FROM news n LEFT JOIN (
    SELECT article_id, list({'topic_id': topic_id, 'topic_version': topic_version,
                             'verdict': verdict, 'score': score, 'rule': rule}
                            ORDER BY topic_id) AS topics
    FROM article_topics WHERE verdict <> 'off' GROUP BY article_id
) t USING (article_id)
WHERE (len($topics) = 0 OR n.article_id IN (
          SELECT a.article_id FROM article_topics a
          WHERE a.verdict = 'on' AND list_contains($topics, a.topic_id)))
  AND ($since IS NULL OR (n.published_at AT TIME ZONE 'UTC')::DATE >= $since)
  AND ($until IS NULL OR (n.published_at AT TIME ZONE 'UTC')::DATE <= $until)
  AND (len($languages) = 0 OR list_contains($languages, n.language))
"""
_COLUMNS = (
    *("article_id", "url", "canonical_url", "title", "text", "authors", "agency", "publisher"),
    *("country", "language", "published_at", "published_precision", "published_reason"),
    *("modified_at", "first_seen_at", "source_kind", "kind", "section", "tags", "lead", "image"),
    *("paywalled", "word_count"),
)
_ALL = f"SELECT {', '.join(f'n.{name}' for name in _COLUMNS)}, t.topics {_CHOSEN}"

# What a spreadsheet would take for a formula gets an apostrophe before it.
_SAFE = "CASE WHEN regexp_matches({0}, '^[=+@＝＋＠\\t\\r-]') THEN chr(39) || {0} ELSE {0} END"
_PLAIN = ("published_at", "modified_at", "first_seen_at", "paywalled", "word_count")
_TIMES = ("published_at", "modified_at", "first_seen_at")
_MONTH = "coalesce(strftime(n.published_at AT TIME ZONE 'UTC', '%Y-%m'), 'undated')"
_PAGES = f"""
SELECT DISTINCT p.warc_file, p.warc_offset, p.warc_digest
FROM pages p WHERE p.warc_file IS NOT NULL AND p.article_id IN (SELECT n.article_id {_CHOSEN})
ORDER BY ALL
"""  # noqa: S608


def export(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    kind: Format,
    wanted: Wanted,
    *,
    archive: Path,
    now: datetime,
    force: bool = False,
) -> Exported:
    """Write the articles wanted to `target`; as WARC the pages they were made of, from `archive`.

    Parquet makes a folder with one file for each UTC month of publication (`month=2023-09/`,
    `month=undated/`); the others make one file. Text columns of CSV that a spreadsheet would take
    for a formula begin with an apostrophe; the other formats are exact. ninjs is one object a
    line. The connection's memory is bounded from then on. `now` stands in the WARC's first record.
    Raises StorageError when `target` is there and not to be replaced, when a topic is not known,
    or when the disk refuses.
    """
    _check_topics(connection, wanted)
    _check_target(target, kind, force=force)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    connection.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = 1")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        done = _write(connection, part, kind, wanted, archive, now)
        if target.is_dir():
            shutil.rmtree(target)
        part.replace(target)
    except (OSError, duckdb.Error) as error:
        line = str(error).splitlines()[0]
        raise StorageError(f"{target} cannot be written: {line}") from error
    finally:
        _remove(part)
    return Exported(target, *done)


def _write(
    connection: duckdb.DuckDBPyConnection,
    part: Path,
    kind: Format,
    wanted: Wanted,
    archive: Path,
    now: datetime,
) -> tuple[int, int, int]:
    """Write to `part`; gives articles or records, files, and missing records."""
    if kind is Format.PARQUET:
        return _parquet(connection, part, wanted)
    if kind is Format.WARC:
        return _warc(connection, part, wanted, archive, now)
    if kind is Format.CSV:
        return _copy(connection, _csv_query(), part, "FORMAT csv, HEADER", wanted), 1, 0
    return _lines(connection, part, wanted, ninjs if kind is Format.NINJS else _as_json), 1, 0


def _given(wanted: Wanted) -> dict[str, Any]:
    return {
        "topics": list(wanted.topics),
        "since": wanted.since,
        "until": wanted.until,
        "languages": list(wanted.languages),
    }


def _check_topics(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    known = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT topic_id FROM article_topics ORDER BY ALL"
        ).fetchall()
    ]
    for topic in wanted.topics:
        if topic not in known:
            there = ", ".join(known) or "none"
            raise StorageError(f"no article was judged by the topic {topic}; there are: {there}.")


def _check_target(target: Path, kind: Format, *, force: bool) -> None:
    if not (target.exists() or target.is_symlink()):
        return
    if not force:
        raise StorageError(f"{target} is there already: name another, or use --force.")
    ours = target.is_dir() and all(item.name.startswith("month=") for item in target.iterdir())
    if target.is_dir() != (kind is Format.PARQUET) or (target.is_dir() and not ours):
        raise StorageError(f"{target} is no earlier export of this kind: name another.")


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _parquet(
    connection: duckdb.DuckDBPyConnection, part: Path, wanted: Wanted
) -> tuple[int, int, int]:
    """One pass a month: a partitioned COPY would hold half a million rows before it writes."""
    part.mkdir()
    months = connection.execute(
        f"SELECT DISTINCT {_MONTH} {_CHOSEN} ORDER BY 1",
        _given(wanted),
    ).fetchall()
    rows = 0
    for (month,) in months:
        folder = part / f"month={month}"
        folder.mkdir()
        query = f"{_ALL} AND {_MONTH} = '{month}'"
        options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048"
        rows += _copy(connection, query, folder / "articles.parquet", options, wanted)
    return rows, len(months), 0


def _csv_query() -> str:
    cells = [f"n.{name}" if name in _PLAIN else _cell(name) for name in _COLUMNS]
    named = [f"{cell} AS {name}" for cell, name in zip(cells, _COLUMNS, strict=True)]
    topics = "array_to_string([x.topic_id || ' ' || x.verdict for x in t.topics], '; ') AS topics"
    return f"SELECT {', '.join(named)}, {topics} {_CHOSEN}"


def _cell(name: str) -> str:
    several = name in ("authors", "tags")
    return _SAFE.format(f"array_to_string(n.{name}, '; ')" if several else f"n.{name}")


def _copy(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, options: str, wanted: Wanted
) -> int:
    times = ", ".join(
        f"strftime({n} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS {n}" for n in _TIMES
    )
    text = f"SELECT * REPLACE ({times}) FROM ({query})" if "csv" in options else query  # noqa: S608
    where = str(path).replace("'", "''")
    row = connection.execute(f"COPY ({text}) TO '{where}' ({options})", _given(wanted)).fetchone()
    return int(row[0]) if row else 0


def _lines(
    connection: duckdb.DuckDBPyConnection,
    part: Path,
    wanted: Wanted,
    shape: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> int:
    rows = 0
    with part.open("w", encoding="utf-8") as stream:
        for row in _articles(connection, wanted):
            stream.write(json.dumps(shape(row), ensure_ascii=False) + "\n")
            rows += 1
        stream.flush()
        os.fsync(stream.fileno())
    return rows


def _articles(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    reader = connection.execute(_ALL, _given(wanted)).to_arrow_reader(_BATCH)
    for batch in reader:
        yield from batch.to_pylist()


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _stamp(v) if isinstance(v, datetime) else v for name, v in row.items()}


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _warc(
    connection: duckdb.DuckDBPyConnection, part: Path, wanted: Wanted, archive: Path, now: datetime
) -> tuple[int, int, int]:
    rows = connection.execute(_PAGES, _given(wanted)).fetchall()
    missing = 0
    with part.open("wb") as stream:
        about = {"software": "duckwire", "format": "WARC File Format 1.0"}
        writer = WARCWriter(stream, gzip=True)
        info = writer.create_warcinfo_record(part.name, about)
        info.rec_headers.replace_header("WARC-Date", f"{now:%Y-%m-%dT%H:%M:%SZ}")
        writer.write_record(info)
        for position in rows:
            missing += not _copied(archive, WarcPosition(*position), stream)
        stream.flush()
        os.fsync(stream.fileno())
    return len(rows) - missing, 1, missing


def _copied(archive: Path, position: WarcPosition, target: BinaryIO) -> bool:
    """Append one record as it stands in the archive, once its digest was found right."""
    try:
        read_record(archive, position)
    except StorageError:
        return False
    with (archive / position.file).open("rb") as source:
        source.seek(position.offset)
        inflate = zlib.decompressobj(wbits=31)
        while not inflate.eof and (chunk := source.read(1 << 16)):
            inflate.decompress(chunk)
            target.write(chunk[: len(chunk) - len(inflate.unused_data)])
    return True
