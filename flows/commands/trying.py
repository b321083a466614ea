"""`duckwire feed`, `extract` and `tag`: one stage on one file or address, to see what it does."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from extractors.articles import extract as extract_article
from extractors.dates import parse_date
from extractors.errors import DuckwireError, UsageError
from extractors.feeds import parse_feed
from extractors.records import Extracted, Fetched, Judgement, State, Verdict
from extractors.seeds import read_seed
from extractors.text import counted
from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Json
from flows.net.client import Client
from flows.net.door import Accept
from flows.settings import Settings, load_settings
from flows.steps.topics import Topics, load_topic, load_topics

_TEXTS = (".txt", ".md")
Where = Annotated[str, typer.Argument(metavar="FILE|URL", help="A file, or a web address.")]


def feed(where: Where, as_json: Json = False) -> None:
    """Read one feed and show its entries."""
    got = _get(load_settings(), where, "feed")
    parsed = parse_feed(got.body, got.final_url, content_type=got.header("content-type"))
    if parsed.reason is not None:
        raise DuckwireError(
            f"{where} gives no entries", where=str(parsed.reason), remedy=parsed.detail
        )
    entries = [
        {
            "guid": item.guid,
            "link": item.link,
            "title": item.title,
            "published_at": item.published_at,
            "summary": item.summary,
            "authors": list(item.authors),
        }
        for item in parsed.entries
    ]
    if as_json:
        show.as_json(entries)
        return
    warning = f"; survived: {parsed.warning}" if parsed.warning else ""
    show.line(
        f"{show.clean(parsed.title)}: {counted(len(entries), 'entry', 'entries')}, "
        f"{parsed.version}, read by {parsed.path}{show.clean(warning)}"
    )
    columns = ("published (UTC)", "title", "link")
    show.table("", columns, ((e["published_at"], e["title"], e["link"]) for e in entries))


def extract(
    where: Where,
    url: Annotated[str | None, typer.Option(help="The address the file was saved from.")] = None,
    as_json: Json = False,
) -> None:
    """Extract the article of one page or text and show it with everything that was said of it.

    Exit status 1 when there is nothing in it that could be read.
    """
    found = _extracted(where, url)
    if as_json:
        show.as_json(extracted_json(found))
        raise typer.Exit(int(found.state == State.FAILED))
    if found.state == State.FAILED:
        raise DuckwireError(
            f"{where} holds no article that can be read",
            where=f"{found.reason}: {found.detail}" if found.detail else str(found.reason),
            remedy="give an HTML page, or a text in a .txt or .md file",
        )
    rows = [(key, value) for key, value in extracted_json(found).items() if key != "candidates"]
    show.table("", ("field", "value"), ((k, v) for k, v in rows if k != "text"))
    columns = ("field", "origin", "value", "chosen")
    said = ((c.field, c.origin, c.value, "yes" if c.chosen else "") for c in found.candidates)
    show.table("who says what", columns, said)
    show.line()
    for paragraph in found.text.split("\n"):
        show.line(show.clean(paragraph))


def _extracted(where: str, url: str | None) -> Extracted:
    """A text is read as it is when it lies in a folder of seeds, everything else as a page."""
    got = _get(load_settings(), where, "page")
    if not got.final_url and where.lower().endswith(_TEXTS):
        return _of_text(where, url, got.body)
    return extract_article(
        got.body,
        url or got.final_url or None,
        fetched_at=got.fetched_at or utc_now(),
        content_type=got.header("content-type"),
        last_modified=got.header("last-modified"),
    )


def _of_text(where: str, url: str | None, data: bytes) -> Extracted:
    (item,) = read_seed(where, data, fetched_at=utc_now())
    if item.extracted is None:
        return Extracted(url=url, state=State.FAILED, reason=item.reason, detail=item.detail)
    return replace(item.extracted, url=url or item.extracted.url)


def tag(
    file: Annotated[Path, typer.Argument(help="A text, HTML or JSONL file.")],
    topic: Annotated[
        str | None, typer.Option(help="One definition: an id, or a path to a file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge a file's articles by the topics and show the evidence."""
    settings = load_settings()
    topics = load_topic(topic, settings.topics) if topic else load_topics(settings.topics)
    lines = file.suffix == ".jsonl"
    found = _judged(topics, _lines(file) if lines else [_one(file)])
    if lines:
        for item, judgement in found:
            show.json_line(_judgement_json(item["id"], judgement))
        return
    results = list(found)
    if as_json:
        show.as_json([_judgement_json(item["id"], judgement) for item, judgement in results])
        return
    for item, judgement in results:
        show.line(
            f"{judgement.topic_id}: {judgement.verdict}, score {judgement.score:.2f}, "
            f"rule {judgement.rule}"
        )
        for phrase in judgement.evidence:
            text = item["title"] if phrase.field == "title" else item["text"]
            around = text[max(phrase.start - 40, 0) : phrase.end + 40]
            show.line(f"  {phrase.concept}: {show.clean(phrase.phrase)}  … {show.clean(around)} …")


def extracted_json(found: Extracted) -> dict[str, Any]:
    """An extraction as `extract --json` prints it."""
    return {
        "url": found.url,
        "canonical_url": found.canonical_url,
        "title": found.title,
        "text": found.text,
        "authors": list(found.authors),
        "publisher": found.publisher,
        "published_at": found.published_at,
        "published_precision": str(found.published_precision),
        "published_reason": found.published_reason,
        "modified_at": found.modified_at,
        "language": found.language,
        "kind": found.kind,
        "path": found.path,
        "state": str(found.state),
        "reason": str(found.reason) if found.reason else None,
        "candidates": [asdict(item) for item in found.candidates],
    }


def _judged(
    topics: Topics, items: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], Judgement]]:
    for item in items:
        raw = item.get("published")
        when = parse_date(raw)[0] if isinstance(raw, str) else raw
        for judgement in topics.judge(item.get("title"), item["text"], item.get("language"), when):
            yield item, judgement


def _judgement_json(name: str, judgement: Judgement) -> dict[str, Any]:
    return {
        "id": name,
        "topic": judgement.topic_id,
        "score": judgement.score,
        "verdict": str(judgement.verdict),
        "tagged": judgement.verdict == Verdict.ON,
        "evidence": [asdict(phrase) for phrase in judgement.evidence],
    }


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The items of a JSONL file; a line that is none ends the command with its number."""
    with _opened(file) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{file}, line {number} is no JSON", remedy=str(error)) from error
            if not isinstance(item, dict) or not isinstance(item.get("text"), str):
                raise UsageError(f"{file}, line {number} has no text", remedy="add a text field")
            item["id"] = str(item.get("id") or number)
            yield item


def _one(file: Path) -> dict[str, Any]:
    """A text or HTML file as one item."""
    with _opened(file) as stream:
        data = stream.read()
    for item in read_seed(file.name, data, fetched_at=utc_now()):
        if item.reason is not None:
            raise UsageError(f"{file} cannot be read", where=str(item.reason), remedy=item.detail)
        found = item.extracted or (item.page and _from_page(item.page))
        if isinstance(found, Extracted):
            return _item(file, found)
    raise UsageError(f"{file} holds no article", remedy="give a text, HTML or JSONL file")


def _from_page(page: Fetched) -> Extracted:
    return extract_article(page.body, page.url or None, fetched_at=utc_now())


def _item(file: Path, found: Extracted) -> dict[str, Any]:
    if found.state != State.LANDED:
        raise UsageError(f"{file} is not an article", where=str(found.reason), remedy=found.detail)
    return {
        "id": file.name,
        "title": found.title or "",
        "text": found.text,
        "language": found.language,
        "published": found.published_at,
    }


def _opened(file: Path) -> Any:
    try:
        return sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise UsageError(f"{file} cannot be opened", remedy=error.strerror or str(error)) from error


def _get(settings: Settings, where: str, accept: Accept) -> Fetched:
    """A file's bytes, or what the network gives."""
    if where.startswith(("http://", "https://")):
        return asyncio.run(_fetch(settings, where, accept))
    with _opened(Path(where)) as stream:
        data = stream.read()
    return Fetched(url="", final_url="", status=None, body=data)


async def _fetch(settings: Settings, url: str, accept: Accept) -> Fetched:
    async with Client(settings.net, clock=utc_now) as door:
        got = await door.fetch(url, accept=accept, robots=accept == "page")
    if got.reason is not None:
        raise DuckwireError(f"{url} could not be read", where=str(got.reason), remedy=got.detail)
    return got
