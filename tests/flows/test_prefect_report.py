"""What strangers write stays text on Prefect's pages; events say which article and which topic."""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.prefect_report import (
    MAX_CELL_CHARS,
    MAX_ROWS,
    OnTopicArticle,
    escape_markdown,
    event_parts,
    markdown_link,
    plain_text,
    table_rows,
)

HOSTILE = [
    "[click](javascript:alert(1))",
    "![x](http://a.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "| a | b |",
    "# heading",
    "- item",
    "`code` and ```fence",
    "*bold* _it_ ~~gone~~",
    "http://a.example/auto and www.a.example and mail@a.example",
    "$math$ and :emoji:",
    "&lt;script&gt;",
    "back\\slash \\[not escaped](x)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_special_in_markdown_or_html_is_escaped(text: str) -> None:
    escaped = escape_markdown(text)
    unescaped = re.sub(r"\\(.)", "", escaped)  # what is left unescaped
    assert not re.search(r"[\\`*_{}\[\]()#+!|~$:@<>.-]", unescaped)
    assert "<" not in escaped


@given(st.text())
def test_escaped_text_reads_as_the_plain_text(text: str) -> None:
    shown = html.unescape(re.sub(r"\\(.)", r"\1", escape_markdown(text)))
    assert shown == plain_text(text)


@given(st.text())
def test_plain_text_is_one_line_without_unseen_characters(text: str) -> None:
    shown = plain_text(text)
    assert shown == " ".join(shown.split())
    unseen = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert not [char for char in shown if unicodedata.category(char) in unseen]
    assert plain_text(shown) == shown


def test_bidi_controls_that_turn_text_around_are_dropped() -> None:
    assert plain_text("safe\u202egnp.exe\u202c \u2066x\u2069") == "safegnp.exe x"


def test_text_in_any_script_is_kept() -> None:
    for text in ("김정은과 푸틴", "Путин и Ким", "金正恩と会談", "می‌خواهم", "👩‍🚀"):
        assert plain_text(text) == text


def test_a_line_break_does_not_leave_a_table_row() -> None:
    assert escape_markdown("one\n| two\u2028three") == r"one \| two three"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//a.example", "http:///x", None, ""]
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert markdown_link("title", url) == "title"


def test_an_address_cannot_end_its_link() -> None:
    link = markdown_link("a]b", "https://a.example/x>) <script>[y](z)\n'\"")
    target = link.removeprefix(r"[a\]b](<").removesuffix(">)")
    assert not re.search(r"[<>()\[\]\s'\"]", target)


def test_an_address_keeps_its_query() -> None:
    link = markdown_link("t", "https://a.example/a%20b?x=1&y=2#z")
    assert link == "[t](<https://a.example/a%20b?x=1&amp;y=2#z>)"


def test_cells_of_the_table_are_escaped_and_bounded() -> None:
    row = table_rows([{"feed": "<b>", "detail": "x" * 10_000, "status": 500, "none": None}])[0]
    assert row["feed"] == "&lt;b&gt;"
    assert len(row["detail"]) == MAX_CELL_CHARS + 1
    assert (row["status"], row["none"]) == ("500", "")


def test_a_long_table_says_how_much_is_left_out() -> None:
    table = table_rows([{"feed": str(number)} for number in range(MAX_ROWS + 7)])
    assert len(table) == MAX_ROWS + 1
    assert table[-1] == {"feed": "… and 7 more"}


def test_no_failing_feed_is_said_in_words() -> None:
    assert len(table_rows([])) == 1


def test_the_event_names_article_and_topic() -> None:
    article = OnTopicArticle(
        article_id="a1",
        url="https://a.example/1",
        title="Kim \u202eand Putin",
        topic_id="kim-putin-summit",
        score=0.9,
        published_at=datetime(2023, 9, 13, 4, 0, tzinfo=UTC),
    )
    resource, related, payload = event_parts(article)
    assert resource["prefect.resource.id"] == "duckwire.article.a1"
    assert resource["prefect.resource.name"] == "Kim and Putin"
    assert related[0]["prefect.resource.id"] == "duckwire.topic.kim-putin-summit"
    assert related[0]["prefect.resource.role"] == "topic"
    assert payload["published_at"] == "2023-09-13T04:00:00+00:00"
    assert payload["score"] == 0.9


def test_an_article_without_title_or_address_still_makes_an_event() -> None:
    article = OnTopicArticle("a1", None, None, "t", 0.5, None)
    resource, _related, payload = event_parts(article)
    assert resource["prefect.resource.name"] == "a1"
    assert (payload["url"], payload["title"], payload["published_at"]) == (None, None, None)
