"""The answers to the README's ten questions, held against what the newsroom printed."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from desks import Desk

from storage import connect
from storage.migrate import sql_files

QUERIES = dict(sql_files("queries"))


@pytest.fixture(scope="module")
def data(landed: Desk) -> Path:
    return landed.settings.data


def answer(data: Path, name: str) -> list[dict[str, Any]]:
    with connect(data) as connection:
        asked = connection.execute(QUERIES[name])
        names = [column[0] for column in asked.description]
        return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]


def test_on_topic_are_the_stories_of_the_summit_newest_first(data: Path) -> None:
    rows = answer(data, "01_on_topic")
    titles = [row["title"] for row in rows]
    assert titles[0] == "Kim Jong Un home after nine days on the rails"
    assert "김정은·푸틴, 보스토치니 우주기지서 정상회담…위성 기술 협력 논의" in titles
    assert "金正恩氏とプーチン氏、宇宙基地で会談 衛星開発で協力へ" in titles
    assert not any("regatta" in title.lower() or "Pegel" in title for title in titles)
    times = [row["published_at"] for row in rows]
    assert times == sorted(times, reverse=True)


def test_coverage_peaks_on_the_day_of_the_summit(data: Path) -> None:
    by_day: dict[date, int] = {}
    for row in answer(data, "02_by_day"):
        by_day[row["day"]] = by_day.get(row["day"], 0) + row["articles"]
    assert max(by_day, key=lambda day: by_day[day]) == date(2023, 9, 13)
    languages = {r["language"] for r in answer(data, "02_by_day") if r["day"] == date(2023, 9, 13)}
    assert languages == {"en", "ko", "ru", "ja", "zh", "ar", "de", "es", "fr"}


def test_the_train_at_the_border_was_first_and_every_lead_adds_up(data: Path) -> None:
    rows = answer(data, "03_first_reports")
    assert rows[0]["publisher"] == "남산투데이"
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))
    behind = timedelta(0)
    for row in rows:
        assert row["behind_first"] == behind
        behind += row["ahead_of_next"] or timedelta(0)
    assert rows[-1]["ahead_of_next"] is None


def test_countries_are_those_of_the_outlets_and_no_article_is_lost(data: Path) -> None:
    rows = answer(data, "04_by_country")
    assert sum(row["articles"] for row in rows) == len(answer(data, "01_on_topic"))
    publishers = {row["country"]: row["publishers"] for row in rows}
    assert publishers["KR"] == 2
    assert publishers["US"] == publishers["JP"] == 1


def test_every_reason_stands_in_its_snippet(data: Path) -> None:
    rows = answer(data, "05_why")
    assert all(row["phrase"].replace("\n", " ") in row["snippet"] for row in rows)
    assert {row["title"] for row in rows} == {r["title"] for r in answer(data, "01_on_topic")}


@pytest.mark.parametrize(
    ("language", "concept", "phrase"),
    [
        ("ko", "kim", "김정은"),
        ("ja", "kim", "正恩氏"),
        ("ru", "kim", "Ким Чен Ын"),
        ("uk", "putin", "Путін"),
        ("zh", "putin", "普京"),
        ("ar", "putin", "بوتين"),
        ("fr", "putin", "maître du Kremlin"),
    ],
)
def test_each_language_has_its_own_names(
    data: Path, language: str, concept: str, phrase: str
) -> None:
    names = {(r["language"], r["concept"], r["phrase"]) for r in answer(data, "06_names")}
    assert (language, concept, phrase) in names


def test_copies_are_the_wires_two_stories_and_the_wire_had_them_first(data: Path) -> None:
    rows = answer(data, "07_copies")
    assert {row["first_publisher"] for row in rows} == {"Meridian Wire"}
    assert "Kim back in Pyongyang after longest trip abroad" in {row["title"] for row in rows}
    assert all(row["took"] > timedelta(0) for row in rows)
    assert all(len(row["urls"]) == row["copies"] >= row["publishers"] == 2 for row in rows)


def test_satellites_are_found_in_every_language_that_mentions_them(data: Path) -> None:
    rows = answer(data, "08_words")
    assert {"en", "ko", "ru", "ja", "de", "fr"} <= {row["language"] for row in rows}
    assert rows[0]["title"] in {
        "Shells for satellites: what each man wants from the meeting in the Far East",
        "김정은·푸틴, 보스토치니 우주기지서 정상회담…위성 기술 협력 논의",
        "金正恩氏とプーチン氏、宇宙基地で会談 衛星開発で協力へ",
    }
    assert any("[спутник]" in row["snippet"] for row in rows)


def test_a_changed_headline_shows_before_and_after(data: Path, tmp_path: Path) -> None:
    assert answer(data, "09_edits") == []
    copy = tmp_path / "news.duckdb"
    shutil.copy(data / "news.duckdb", copy)
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "INSERT INTO article_versions (article_id, version, title) SELECT article_id, 1, "
            "'Kim goes home' FROM articles WHERE title = "
            "'Kim back in Pyongyang after longest trip abroad'"
        )
    (row,) = answer(tmp_path, "09_edits")
    assert row["publisher"] == "Meridian Wire"
    assert (row["before"], row["after"]) == (
        "Kim goes home",
        "Kim back in Pyongyang after longest trip abroad",
    )


def test_the_feeds_in_trouble_are_the_one_gone_and_the_one_that_is_no_text(data: Path) -> None:
    rows = {row["publisher"]: row["reason"] for row in answer(data, "10_feeds")}
    assert rows == {"Copper Coast Courier": "gone", "Static Gazette": "binary"}
