"""What is printed cannot steer a terminal, whatever a feed put into a title."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.commands import show

WICKED = "\x1b]0;gone\x07\x1b[2J\x9b31m Sum\u202emit\u2066 [red]held[/red]\r\nforged line\x00"
OBEYED = set("\x00\x07\x08\x0c\x1b\x7f\x85\x90\x9b\x9d\u061c\u2028\u2029\u202d\u202e\u2066\u2069")


def test_a_line_loses_its_controls_and_bidi_characters() -> None:
    assert show.clean(WICKED) == "]0;gone[2J31m Summit [red]held[/red] forged line"


@given(st.text())
def test_no_text_whatsoever_leaves_anything_a_terminal_obeys(text: str) -> None:
    assert not OBEYED & set(show.clean(text))
    assert "\n" not in show.clean(text)


@pytest.mark.parametrize("printed", [show.as_json, show.json_line])
def test_json_keeps_every_character_and_shows_none_that_a_terminal_obeys(
    printed, capsys: pytest.CaptureFixture[str]
) -> None:
    printed({"title": WICKED, "name": "Мельница 제분소"})
    shown = capsys.readouterr().out
    assert not OBEYED & set(shown)
    assert json.loads(shown) == {"title": WICKED, "name": "Мельница 제분소"}
    assert "Мельница 제분소" in shown


def test_a_table_on_a_terminal_shows_markup_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(force_terminal=True, color_system=None, width=100, highlight=False)
    monkeypatch.setattr(show, "out", console)
    show.table("", ["title"], [[WICKED]])
    shown = capsys.readouterr().out
    assert "[red]held[/red]" in shown
    assert not (OBEYED - {"\x1b"}) & set(shown)
    assert "\x1b]0" not in shown
    assert "\x1b[2J" not in shown


def test_a_line_on_a_terminal_shows_markup_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "out", Console(force_terminal=True, color_system=None, width=100))
    show.line(show.clean("[red]held[/red] [link=https://a.example/]here[/link]"))
    assert "[red]held[/red] [link=https://a.example/]here[/link]" in capsys.readouterr().out


def test_a_table_in_a_pipe_keeps_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    show.table("", ["title", "more"], [[WICKED, None], ["b", 2]])
    assert capsys.readouterr().out.splitlines() == [f"{show.clean(WICKED)}\t", "b\t2"]
