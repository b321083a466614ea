"""`duckwire topics`: list, test, explain and new, as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desks import Desk
from typer.testing import CliRunner

from extractors.errors import SettingsError, UsageError
from extractors.topics import parse_definition
from flows.commands.topics import app

LINES = [
    {"id": "a", "text": "Kim Jong Un met Putin at the Vostochny cosmodrome.", "label": "on",
     "title": "Kim and Putin meet", "language": "en", "kind": "meeting", "published": "2023-09-13"},
    {"id": "b", "text": "Rain all day.", "label": "on", "language": "de", "kind": "weather"},
    {"id": "c", "text": "Rain all day.", "label": "off", "language": "de", "kind": "weather"},
]  # fmt: skip


@pytest.fixture
def labelled_file(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of topics."""
    path = tmp_path / "topics"
    path.mkdir()
    monkeypatch.setenv("DUCKWIRE_TOPICS", str(path))
    return path


def say(*words: str) -> list[str]:
    """What a command prints, by lines; what it raises is raised."""
    result = CliRunner().invoke(app, words, catch_exceptions=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output.splitlines()


def test_scores_come_by_language_and_kind_and_each_mistake_with_its_evidence(
    labelled_file: Path,
) -> None:
    said = [line.split("\t") for line in say("test", str(labelled_file))]
    assert [line[:2] for line in said[:5]] == [
        ["all", "all"],
        ["language", "de"],
        ["language", "en"],
        ["kind", "meeting"],
        ["kind", "weather"],
    ]
    assert said[0][2:5] == ["1.000", "0.500", "0.667"]
    assert said[5] == ["b: is on, tagged off (nothing-seen, 0.00): no evidence"]
    assert len(said) == 6


def test_machines_read_the_same_scores(labelled_file: Path) -> None:
    told = json.loads("\n".join(say("test", str(labelled_file), "--json")))
    assert told["scores"][0] | {"f1": 0} == {
        "by": "all", "group": "all", "precision": 1.0, "recall": 0.5, "f1": 0,
        "true_on": 1, "missed": 1, "false_on": 0, "mentions": 0, "mentions_on": 0,
    }  # fmt: skip
    assert [mistake["id"] for mistake in told["mistakes"]] == ["b"]


def test_an_item_without_an_id_goes_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "short.jsonl"
    path.write_text("\n" + json.dumps({"text": "Rain.", "label": "on"}) + "\n", "utf-8")
    assert say("test", str(path))[-1].startswith("line 2: is on, tagged off")


@pytest.mark.parametrize(
    ("line", "said"), [('{"text": 3}', "line 2"), ("{", "line 2"), ("[]", "line 2")]
)
def test_a_wrong_line_is_named(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text(json.dumps(LINES[0]) + "\n" + line + "\n", "utf-8")
    with pytest.raises(UsageError, match=said):
        say("test", str(path))


def test_a_new_topic_is_listed_as_it_was_written(folder: Path) -> None:
    (said,) = say("new", "harbour-strike-2023")
    assert "harbour-strike-2023.yaml" in said
    text = (folder / "harbour-strike-2023.yaml").read_text("utf-8")
    version = parse_definition(text, "x").version
    assert [line.split("\t")[:2] for line in say("list")] == [["harbour-strike-2023", version]]
    with pytest.raises(UsageError, match="there already"):
        say("new", "harbour-strike-2023")


@pytest.mark.parametrize("topic_id", ["Harbour", "a b", "../out", "ü", ""])
def test_what_is_no_id_writes_no_file(topic_id: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="expected an id"):
        say("new", topic_id)
    assert not list(folder.parent.rglob("*.yaml"))


def test_a_wrong_definition_is_told_with_file_line_and_expectation(folder: Path) -> None:
    say("new", "harbour")
    path = folder / "harbour.yaml"
    lines = path.read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if "near: sentence" in line)
    lines[at] = lines[at].replace("sentence", "sentense")
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(SettingsError, match=rf"harbour\.yaml, line {at + 1}: expected sentence"):
        say("list")


def test_an_article_is_explained_with_snippets_of_its_own_text(landed: Desk) -> None:
    ((article_id, title, url),) = landed.ask(
        "SELECT article_id, title, url FROM summit_articles WHERE url IS NOT NULL LIMIT 1"
    )
    for name in (article_id, url):
        said = say("explain", name, "--data", str(landed.settings.data))
        assert title.split()[0] in said[0]
        told = [line for line in said if line.startswith("kim-putin-summit: ")]
        assert len(told) == 1
        assert told[0].startswith("kim-putin-summit: on, score ")
        assert any(line.startswith("  ") and "…" in line for line in said)
    with pytest.raises(UsageError, match="no article"):
        say("explain", "nothing-of-the-kind", "--data", str(landed.settings.data))
