"""Search: any script, no matter how a letter is written; ranked; never stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from desks import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.steps.forget import run_forget
from storage import connect
from storage.errors import QueryError
from storage.migrate import migrate
from storage.search import LETTERS_SQL, letters_sql, search

NOW = datetime(2023, 9, 13, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shelf() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Seoul'")
        migrate(connection, NOW)
        yield connection


@pytest.fixture
def put(shelf: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    shelf.execute("DELETE FROM articles")
    shelf.execute("DELETE FROM article_topics")

    def add(article_id: str, text: str, **columns: object) -> None:
        row = {"title": "-", "published_at": NOW, "source_kind": "feed", **columns}
        names = ", ".join(["article_id", "text", *row])
        marks = ", ".join("?" * (2 + len(row)))
        shelf.execute(
            f"INSERT INTO articles ({names}) VALUES ({marks})", [article_id, text, *row.values()]
        )

    return add


def found(connection: duckdb.DuckDBPyConnection, query: str, **filters: object) -> list[str]:
    return [hit.article_id for hit in search(connection, query, **filters)]  # type: ignore[arg-type]


def holds(connection: duckdb.DuckDBPyConnection, query: str, text: str) -> bool:
    """Whether the expressions of `search` match; a whole search takes longer to plan."""
    row = connection.execute(
        "SELECT list_bool_and(list_transform(search_wanted($query), "
        "lambda pattern: regexp_matches($text, pattern))) "
        "AND NOT coalesce(regexp_matches($text, search_unwanted($query)), false)",
        {"query": query, "text": text},
    ).fetchone()
    return row == (True,)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("спутник", "Запуск спутников обсудили"),
        ("СПУТНИК", "спутник"),
        ("еще", "Ещё раз"),
        ("ещё", "Еще раз"),
        ("їжа", "Їжа на столі"),
        ("김정은", "김정은이 열차에서 내렸다"),
        ("위성", "정찰위성을 쏘았다"),
        ("首脳会談", "日露首脳会談が行われた"),
        ("衛星", "北朝鮮の衛星開発"),
        ("プーチン", "ウラジーミル・プーチン大統領"),
        ("ﾌﾟｰﾁﾝ", "ﾌﾟｰﾁﾝ"),
        ("会谈", "普京与金正恩举行会谈"),
        ("ＫＧＢ", "the KGB man"),
        ("KGB", "前ＫＧＢ要員"),
        ("القمة", "حضر القِمّة زعيمان"),
        ("امريكا", "أمريكا وإيران"),
        ("أمريكا", "امريكا"),
        ("بوتين", "التقى كيم وبوتين أمس"),
        ("elysee", "à l'Élysée"),
        ("Élysée", "ELYSEE"),
        ("straße", "Die Strasse"),
        ("strasse", "Die Straße"),
        ("Israel", "Israël"),
        ("haendler", "Waffenhändler und Händler"),
        ("coeur", "Le cœur"),
        ("cumbre", "«Cumbre» en Vostochni"),
        ("Kim Jong Un", "Kim Jong-un came"),
        ('"Kim Jong Un"', "with KIM Jong-un."),
        ("“Kim Jong”", "Kim\nJong Un"),
        ("9月13日", "2023年9月13日"),
        ("*treffen", "Das Gipfeltreffen"),
        ("위성|спутник|satellit", "Запуск спутников"),
        ("위성|спутник|satellit", "военный спутник"),
        ("위성|спутник|satellit", "정찰위성"),
        ("위성|спутник|satellit train", "Satelliten and a train"),
        ("Ναυτιλία", "ΝΑΥΤΙΛΊΑ"),
    ],
)
def test_a_word_is_found(shelf: duckdb.DuckDBPyConnection, query: str, text: str) -> None:
    assert holds(shelf, query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("treffen", "Das Gipfeltreffen"),
        ("art", "the party"),
        ("foo|art", "the party"),
        ('"foo|sat"', "a satellite"),
        ("위성|спутник train", "спутник"),
        ("23", "in 2023"),
        ('"sat"', "a satellite"),
        ('"Kim Un"', "Kim Jong Un"),
        ("Kim Putin", "Kim alone"),
        ("train -armour", "an armoured train"),
        ('talks -"North Korea"', "talks in North Korea"),
        ("мой", "мои"),
        ("かき", "がき"),
    ],
)
def test_what_is_not_meant_is_not_found(
    shelf: duckdb.DuckDBPyConnection, query: str, text: str
) -> None:
    assert not holds(shelf, query, text)


def test_the_words_may_stand_in_title_lead_and_text(
    shelf: duckdb.DuckDBPyConnection, put: Callable[..., None]
) -> None:
    put("a", "the armoured train", title="Kim leaves", lead="Bound for Vladivostok")
    assert found(shelf, "train kim vladivostok") == ["a"]


def test_title_comes_before_lead_before_body_and_newer_first_on_ties(
    shelf: duckdb.DuckDBPyConnection, put: Callable[..., None]
) -> None:
    put("body", "Nothing here.\nA train, a train, a train.", title="x")
    put("lead", "A train.\nMore.", title="x")
    put("title", "Nothing.\nMore.", title="The train")
    put("newer", "Nothing here.\nA train, a train, a train.", published_at=NOW + timedelta(days=1))
    put("undated", "Nothing here.\nA train, a train, a train.", published_at=None)
    assert found(shelf, "train") == ["title", "lead", "newer", "body", "undated"]


def test_in_the_body_more_often_for_its_length_is_better(
    shelf: duckdb.DuckDBPyConnection, put: Callable[..., None]
) -> None:
    put("long", "Nothing.\nA train. " + "And so on. " * 2000)
    put("often", "Nothing.\n" + "A train. " * 5)
    put("short", "Nothing.\nA train.")
    assert found(shelf, "train") == ["often", "short", "long"]


def test_a_snippet_shows_the_place(
    shelf: duckdb.DuckDBPyConnection, put: Callable[..., None]
) -> None:
    put("a", "А" * 100 + ".\nО ракете «Спутник» и прочем\nговорили. " + "Б" * 100)
    (hit,) = search(shelf, "спутник")
    assert "О ракете «[Спутник]» и прочем говорили." in hit.snippet
    assert "\n" not in hit.snippet
    assert len(hit.snippet) <= 60 * 2 + len("«[Спутник]»")


def test_filters_by_utc_day_topic_and_language(
    shelf: duckdb.DuckDBPyConnection, put: Callable[..., None]
) -> None:
    put("a", "train", published_at=datetime(2023, 9, 12, 23, 59, tzinfo=UTC), language="en")
    put("b", "train", published_at=datetime(2023, 9, 13, 0, 0, tzinfo=UTC), language="de")
    shelf.execute(
        "INSERT INTO article_topics (article_id, topic_id, verdict) "
        "VALUES ('a', 'summit', 'mention'), ('b', 'summit', 'on')"
    )
    assert found(shelf, "train", until=date(2023, 9, 12)) == ["a"]
    assert found(shelf, "train", since=date(2023, 9, 13)) == ["b"]
    assert found(shelf, "train", topic="summit") == ["b"]
    assert found(shelf, "train", language="en") == ["a"]
    asked = (
        "SELECT article_id FROM search('train', since := '2023-09-13', until := DATE '2023-09-13')"
    )
    assert shelf.execute(asked).fetchall() == [("b",)]


@pytest.mark.parametrize("query", ["", "  ", '- * "', "a b c d e f g"])
def test_a_query_without_words_or_with_too_many_says_so(
    shelf: duckdb.DuckDBPyConnection, query: str
) -> None:
    with pytest.raises(QueryError, match="one to six words"):
        search(shelf, query)


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=12))
def test_no_query_breaks_the_expression(shelf: duckdb.DuckDBPyConnection, query: str) -> None:
    holds(shelf, query, query)


def test_the_letters_in_the_repository_are_what_is_generated() -> None:
    assert LETTERS_SQL.read_text("utf-8") == letters_sql(), "run `python -m storage.search`"


@pytest.mark.parametrize(
    ("query", "publisher"),
    [
        ("김정은 푸틴", "한강시보"),
        ("спутник", "Амурская хроника"),
        ("衛星", "みなと新報"),
        ("金正恩", "渤海观察"),
        ("بوتين", "المرصد العربي"),
        ("безпілотник", "Дніпровий вісник"),
        ("cosmodrome", "Tideline Post"),
        ("obus", "Rive Droite"),
        ("gepanzert", "Elbkurier"),
        ("oceanario", "El Faro Austral"),
    ],
)
def test_every_language_of_the_newsroom_is_found(landed: Desk, query: str, publisher: str) -> None:
    with connect(landed.settings.data) as connection:
        publishers = {hit.publisher for hit in search(connection, query, limit=100)}
    assert publisher in publishers


def test_what_landed_a_moment_ago_is_found_and_what_was_forgotten_is_not(desk: Desk) -> None:
    desk.run()
    with connect(desk.settings.data) as connection:
        (hit, *_) = search(connection, "oceanario")
    assert hit.url is not None
    run_forget(desk.job("forget"), hit.url)
    with connect(desk.settings.data) as connection:
        assert hit.url not in {later.url for later in search(connection, "oceanario")}
