"""`duckwire topics …`: list, test, explain and begin topic definitions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from extractors.errors import UsageError
from extractors.topic_score import LabelledItem, Mistake, Scores, score_labelled
from extractors.topics import skeleton
from flows.commands import show
from flows.commands.options import Data, Json
from flows.settings import load_settings
from flows.steps.topics import load_topic, load_topics
from flows.warehouses import warehouse_of
from storage.asking import Asker

app = typer.Typer(no_args_is_help=True, help="Topic definitions: list, test, explain, begin one.")

_EXPLAIN = """
SELECT t.topic_id, t.verdict, t.score, t.rule, a.title, a.text, t.evidence
FROM article_topics t JOIN articles a USING (article_id)
WHERE a.article_id = ? OR a.url = ? OR a.canonical_url = ? ORDER BY t.topic_id
"""


@app.command("list")
def list_topics() -> None:
    """List the installed topics with their versions."""
    topics = load_topics(load_settings().topics)
    rows = [(item.topic_id, item.version, item.title) for item in topics.definitions]
    show.table("", ("topic", "version", "title"), rows)


@app.command("test")
def score(
    file: Annotated[Path, typer.Argument(help="A labelled JSONL file.")],
    topic: Annotated[str, typer.Option(help="An id, or a path.")] = "kim-putin-summit",
    as_json: Json = False,
) -> None:
    """Print precision, recall and F1 by language and kind, and the errors with their evidence."""
    topics = load_topic(topic, load_settings().topics)
    report = score_labelled(_labelled(file), topics.tagger, topics.definitions[0].topic_id)
    groups = [
        ("all", report.total),
        *(("language", scores) for scores in report.by_language),
        *(("kind", scores) for scores in report.by_kind),
    ]
    if as_json:
        mistakes = [_mistake_json(item) for item in report.mistakes]
        scores = [{"by": by, **_scores_json(group)} for by, group in groups]
        show.as_json({"scores": scores, "mistakes": mistakes})
        return
    counted = ("on", "missed", "wrongly on", "mentions on")
    columns = ("by", "group", "precision", "recall", "F1", *counted)
    show.table(report.topic_id, columns, ((by, *_scores_row(group)) for by, group in groups))
    for mistake in report.mistakes:
        show.line(_mistake_line(mistake))


@app.command()
def explain(
    article: Annotated[str, typer.Argument(help="An article's id or address.")], data: Data = None
) -> None:
    """Show why an article has the verdicts it has."""
    with Asker(warehouse_of(load_settings(data=data))) as asker:
        rows = asker.connection.execute(_EXPLAIN, [article, article, article]).fetchall()
    if not rows:
        raise UsageError(f"no article {article!r} is in the published copy")
    show.line(show.clean(rows[0][4]))
    for topic_id, verdict, score, rule, title, text, evidence in rows:
        show.line(f"{topic_id}: {verdict}, score {score:.2f}, rule {rule}")
        for phrase in evidence or []:
            whole = title if phrase["field"] == "title" else text
            around = whole[max(phrase["start"] - 40, 0) : phrase["end"] + 40]
            show.line(f"  {phrase['concept']}: {phrase['phrase']}  … {show.clean(around)} …")


@app.command()
def new(topic_id: Annotated[str, typer.Argument(help="Lower case, digits and hyphens.")]) -> None:
    """Write a commented skeleton into the topics folder."""
    path = load_settings().topics / f"{topic_id}.yaml"
    try:
        text = skeleton(topic_id)
    except ValueError as error:
        raise UsageError(str(error)) from error
    try:
        with path.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", remedy="choose another id") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written", remedy=error.strerror or "") from error
    show.line(f"{path}: fill it in, then `duckwire tag FILE --topic {topic_id}`")


def _labelled(file: Path) -> list[LabelledItem]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read", remedy=str(error)) from error
    items = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = LabelledItem.of(json.loads(line))
            items.append(item if item.item_id else replace(item, item_id=f"line {number}"))
        except (ValueError, AttributeError) as error:
            raise UsageError(f"{file}, line {number} is wrong", remedy=str(error)) from error
    return items


def _scores_row(group: Scores) -> tuple[object, ...]:
    return (
        group.name,
        f"{group.precision:.3f}",
        f"{group.recall:.3f}",
        f"{group.f1:.3f}",
        group.true_on,
        group.missed,
        group.false_on,
        f"{group.mentions_on}/{group.mentions}",
    )


def _scores_json(group: Scores) -> dict[str, object]:
    return {
        "group": group.name,
        "precision": group.precision,
        "recall": group.recall,
        "f1": group.f1,
        "true_on": group.true_on,
        "missed": group.missed,
        "false_on": group.false_on,
        "mentions": group.mentions,
        "mentions_on": group.mentions_on,
    }


def _mistake_line(mistake: Mistake) -> str:
    judged = mistake.judgement
    phrases = ", ".join(f"{e.concept}={e.phrase}" for e in judged.evidence[:6]) or "no evidence"
    return show.clean(
        f"{mistake.item.item_id}: is {mistake.item.label}, tagged {judged.verdict} "
        f"({judged.rule}, {judged.score:.2f}): {phrases}"
    )


def _mistake_json(mistake: Mistake) -> dict[str, object]:
    judged = mistake.judgement
    return {
        "id": mistake.item.item_id,
        "label": str(mistake.item.label),
        "verdict": str(judged.verdict),
        "rule": judged.rule,
        "score": judged.score,
        "evidence": [{"concept": e.concept, "phrase": e.phrase} for e in judged.evidence],
    }
