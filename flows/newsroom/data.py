"""Reads a newsroom from its data folder (seeds/newsroom; the form is told in its README)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from extractors.records import Verdict
from flows.newsroom.model import (
    Article,
    Behaviour,
    FeedForm,
    Layout,
    OddPage,
    Outlet,
    PageKind,
)
from flows.newsroom.prose import Grammar, compose

DEFAULT_DIR = Path(__file__).resolve().parents[2] / "seeds" / "newsroom"

_WIRE = re.compile(r"\{wire:(\d+)-(\d+)\}")
_HISTORY_END = datetime(2023, 8, 31, 18, tzinfo=UTC)


class DataError(ValueError):
    """A data file is not as its README says; the message names the file."""


@dataclass(frozen=True, slots=True)
class Words:
    """The furniture of pages in one language: what stands around an article."""

    nav: tuple[str, ...]
    cookie: str
    accept: str
    newsletter: str
    subscribe: str
    related: str
    comments_title: str
    comments: tuple[str, ...]
    share: str
    ad: str
    footer: str
    paywall: str
    not_found: str
    updated: str


@dataclass(frozen=True, slots=True)
class Newsdesk:
    """Everything a newsroom serves, as read or generated: outlets and page furniture."""

    outlets: tuple[Outlet, ...]
    words: Mapping[str, Words]


def load(folder: Path = DEFAULT_DIR) -> Newsdesk:
    """Read outlets, articles and page furniture of a data folder.

    Raises DataError, with the file's name, for what does not follow the form.
    """
    articles: dict[str, list[Article]] = {}
    for path in sorted(folder.glob("articles/*/*.md")):
        articles.setdefault(path.parent.name, []).append(_article(path))
    _check_slugs(article for found in articles.values() for article in found)
    articles = _with_wire(articles)
    grammars = load_grammars(folder)
    outlets = tuple(
        _outlet(path, tuple(articles.pop(path.stem, ())), grammars)
        for path in sorted(folder.glob("outlets/*.yaml"))
    )
    if articles:
        raise DataError(f"{folder}: articles without an outlet file: {sorted(articles)}")
    return Newsdesk(outlets=outlets, words=load_words(folder))


def load_grammars(folder: Path = DEFAULT_DIR) -> dict[str, Grammar]:
    """Return the sentence patterns by language code."""
    return {path.stem: _grammar(path) for path in sorted(folder.glob("prose/*.yaml"))}


def load_words(folder: Path = DEFAULT_DIR) -> dict[str, Words]:
    """Return the page furniture by language code."""
    return {
        language: Words(**{key: _frozen(value) for key, value in words.items()})
        for language, words in _yaml(folder / "furniture.yaml").items()
    }


def _yaml(path: Path) -> dict[str, Any]:
    return _mapping(path, path.read_text("utf-8"))


def _mapping(path: Path, text: str) -> dict[str, Any]:
    try:
        loaded = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise DataError(f"{path}: {error}") from error
    if not isinstance(loaded, dict):
        raise DataError(f"{path}: a mapping was expected")
    return loaded


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _when(path: Path, value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise DataError(f"{path}: {value} has no zone offset")
    return moment


def _article(path: Path) -> Article:
    parts = path.read_text("utf-8").split("---\n", 2)
    if len(parts) != 3:
        raise DataError(f"{path}: front matter between two lines '---' was expected")
    fields, body = _mapping(path, parts[1]), parts[2]
    try:
        modified = fields.get("modified")
        return Article(
            slug=path.stem,
            title=fields["title"],
            published=_when(path, fields["published"]),
            modified=_when(path, modified) if modified else None,
            label=Verdict(fields["label"]),
            written=tuple(part.strip() for part in body.split("\n\n") if part.strip()),
            author=fields.get("author"),
            section=fields.get("section"),
            tags=tuple(fields.get("tags", ())),
            agency=fields.get("agency"),
            copy_of=fields.get("copy_of"),
            shown=fields.get("shown"),
        )
    except (KeyError, ValueError) as error:
        raise DataError(f"{path}: {error!r}") from error


def _check_slugs(articles: Iterable[Article]) -> None:
    seen: set[str] = set()
    for article in articles:
        if article.slug in seen:
            raise DataError(f"the slug {article.slug} is used twice")
        seen.add(article.slug)


def _with_wire(articles: dict[str, list[Article]]) -> dict[str, list[Article]]:
    """Put the paragraphs of the wire story where a copy says '{wire:1-4}'."""
    originals = {article.slug: article for found in articles.values() for article in found}
    return {
        outlet: [_expanded(article, originals) for article in found]
        for outlet, found in articles.items()
    }


def _expanded(article: Article, originals: Mapping[str, Article]) -> Article:
    if article.copy_of is None:
        return article
    if article.copy_of not in originals:
        raise DataError(f"{article.slug}: there is no article {article.copy_of} to copy")
    source = originals[article.copy_of].written
    written: list[str] = []
    for part in article.written:
        span = _WIRE.fullmatch(part)
        written += source[int(span[1]) - 1 : int(span[2])] if span else (part,)
    return replace(article, written=tuple(written))


def _outlet(path: Path, written: tuple[Article, ...], grammars: Mapping[str, Grammar]) -> Outlet:
    fields = _yaml(path)
    try:
        history = int(fields.pop("history", 0))
        odd = tuple(_odd_page(path, page) for page in fields.pop("odd_pages", ()))
        outlet = Outlet(
            outlet_id=path.stem,
            form=FeedForm(fields.pop("form")),
            layout=Layout(fields.pop("layout")),
            behaviour=Behaviour(fields.pop("behaviour", "ok")),
            odd_pages=odd,
            **fields,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: {error!r}") from error
    older = _history(outlet, history, grammars[outlet.language]) if history else ()
    ordered = sorted((*written, *older), key=lambda each: each.published, reverse=True)
    return replace(outlet, articles=tuple(ordered))


def _odd_page(path: Path, fields: Mapping[str, Any]) -> OddPage:
    return OddPage(
        slug=fields["slug"],
        kind=PageKind(fields["kind"]),
        title=fields["title"],
        published=_when(path, fields["published"]),
    )


def _history(outlet: Outlet, count: int, grammar: Grammar) -> tuple[Article, ...]:
    """Spread `count` generated articles over the year before September 2023."""
    step = timedelta(days=364) / count
    return tuple(
        generated(grammar, f"{outlet.outlet_id}-{number:04d}", _HISTORY_END - number * step)
        for number in range(count)
    )


def generated(grammar: Grammar, seed: str, published: datetime, *, on: bool = False) -> Article:
    """Return an article made from a seed; its slug is the seed and its paragraphs come late."""
    title, _ = compose(grammar, seed, on_topic=on)
    return Article(
        slug=seed,
        title=title,
        published=published.replace(microsecond=0),
        label=Verdict.ON if on else Verdict.OFF,
        grammar=grammar,
        seed=seed,
    )


def _grammar(path: Path) -> Grammar:
    fields = {key: _frozen(value) for key, value in _yaml(path).items()}
    slots = {key: tuple(value) for key, value in fields.pop("slots").items()}
    try:
        return Grammar(language=path.stem, slots=slots, **fields)
    except TypeError as error:
        raise DataError(f"{path}: {error}") from error
