"""Literals: what goes into SQL as text comes out of it as it was."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.targets.literals import bind, literal
from storage.targets.naming import TargetError, target_of

FIRST = datetime.fromisoformat("0001-01-02")
LAST = datetime.fromisoformat("9999-12-30")
NASTY = st.text(alphabet=st.sampled_from("'\"\\;-$?/*\0\n\x1f é김🦆ab{}[]"), max_size=30)
TEXT = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), NASTY)
SCALARS = st.one_of(
    TEXT,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=40),
    st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC)),
    st.dates(),
    st.timedeltas(min_value=timedelta(days=-(10**6)), max_value=timedelta(days=10**6)),
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def read(database: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = database.execute(sql).fetchone()
    assert row is not None
    return row[0]


@given(SCALARS)
@settings(max_examples=400, deadline=None)
def test_a_value_comes_back_as_it_was(database: duckdb.DuckDBPyConnection, value: Any) -> None:
    back = read(database, f"SELECT {literal(value)}")
    assert back == value
    assert isinstance(back, type(value))


@given(st.lists(TEXT, max_size=6))
@settings(deadline=None)
def test_a_list_of_text_comes_back_as_it_was(
    database: duckdb.DuckDBPyConnection, value: list[str]
) -> None:
    assert read(database, bind("SELECT ?::VARCHAR[]", [value])) == value
    assert read(database, bind("SELECT $names::VARCHAR[]", {"names": value})) == value


@given(st.dictionaries(st.sampled_from(["start", "end", "it's", 'a "b"']), TEXT, min_size=1))
@settings(deadline=None)
def test_a_record_comes_back_as_it_was(
    database: duckdb.DuckDBPyConnection, value: dict[str, str]
) -> None:
    assert read(database, f"SELECT {literal(value)}") == value


@given(TEXT, TEXT)
@settings(deadline=None)
def test_bound_text_never_ends_the_statement(
    database: duckdb.DuckDBPyConnection, one: str, other: str
) -> None:
    query = "SELECT {'a': ?, 'b?': '?$x', \"c?\": ?} -- and ? here /* $x */\n"
    assert read(database, bind(query, [one, other])) == {"a": one, "b?": "?$x", "c?": other}


@pytest.mark.parametrize(
    "query", ["SELECT $$ ? $x $$", "SELECT '$x''?'", "SELECT 1 /* ? */ -- ?", 'SELECT 1 AS "?"']
)
def test_quoted_text_names_and_comments_hold_no_place(query: str) -> None:
    assert bind(query, []) == query
    assert bind(query, {}) == query


def test_odd_numbers_come_back(database: duckdb.DuckDBPyConnection) -> None:
    assert read(database, f"SELECT {literal(2**64 - 1)}") == 2**64 - 1
    assert math.isnan(read(database, f"SELECT {literal(math.nan)}"))
    assert read(database, f"SELECT {literal(-math.inf)}") == -math.inf
    assert read(database, f"SELECT {literal(None)}") is None


def test_a_time_is_an_instant_whatever_its_zone(database: duckdb.DuckDBPyConnection) -> None:
    vladivostok = datetime(2023, 9, 13, 13, 5, tzinfo=timezone(timedelta(hours=10)))
    assert read(database, f"SELECT {literal(vladivostok)}") == datetime(
        2023, 9, 13, 3, 5, tzinfo=UTC
    )


def test_half_a_surrogate_pair_becomes_a_question_mark(
    database: duckdb.DuckDBPyConnection,
) -> None:
    assert read(database, f"SELECT {literal('a' + chr(0xD800))}") == "a?"


@pytest.mark.parametrize("value", [object(), {1}, {}, 1j, [object()]])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        literal(value)


@pytest.mark.parametrize("value", [2**65, datetime.fromisoformat("2023-09-13")])
def test_a_value_no_column_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"column|zone"):
        literal(value)


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("SELECT ?", []),
        ("SELECT ?", [1, 2]),
        ("SELECT $x", {"y": 1}),
        ("SELECT $x", [1]),
        ("SELECT ?", {"x": 1}),
    ],
)
def test_parameters_that_do_not_fit_are_refused(query: str, parameters: Any) -> None:
    with pytest.raises(ValueError, match=r"parameters|value"):
        bind(query, parameters)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_the_first_and_the_last_day_come_back(
    database: duckdb.DuckDBPyConnection, day: date
) -> None:
    assert read(database, f"SELECT {literal(day)}") == day


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("quack:example.net:9494", {}),
        ("quack:example.net:99999", {"token": "sesame-token"}),
        ("quack:", {"token": "sesame-token"}),
        ("ducklake:mysql:x", {}),
        ("ducklake:sqlite:", {}),
        ("ducklake:postgres:dbname=x password=sesame-word", {}),
        ("postgres://duck:sesame-word@host/db", {}),
        ("postgresql:dbname=x password=two sesame-words", {}),
        ("quack:sesame-token@host:9494", {"token": "sesame-token"}),
        ("ducklake:postgres:dbname=x password=two sesame-words", {"data_path": "/x"}),
        ("ducklake:postgres:postgresql://duck:sesame%zz@host/db", {"data_path": "/x"}),
        ("ducklake:postgres:dbname=x sslkey=k sslpassword=sesame", {"data_path": "/x"}),
    ],
)
def test_a_wrong_name_is_refused_without_repeating_a_secret(said: str, other: Any) -> None:
    with pytest.raises(TargetError) as caught:
        target_of(said, **other)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "catalogue",
    [
        "dbname=x password=sesame host=h",
        "dbname=x password = 'ses\\'ame 2'",
        "postgres://u:sesame@h/d",
        "postgresql://u@h/d?password=sesame",
        "postgresql://u:s%C3%A9same%20@h/d",
    ],
)
def test_a_lakes_name_never_shows_its_password(catalogue: str) -> None:
    target = target_of(f"ducklake:postgres:{catalogue}", data_path="/somewhere")
    assert "ame" not in str(target).replace("dbname", "").replace("host", "")
    assert "sesame" not in repr(target)


def test_without_a_setting_the_warehouse_is_the_file() -> None:
    assert target_of(None) is None
    assert target_of("file") is None
