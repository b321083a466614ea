"""Topic definitions from their folder, and the judging of articles by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.errors import SettingsError
from extractors.records import Judgement
from extractors.topic_definition import TopicDefinition, TopicError
from extractors.topic_yaml import parse_definition
from flows.steps.rows import topic_rows
from storage.rows import ArticleLanding

if TYPE_CHECKING:
    from extractors.topics import Tagger


@dataclass(frozen=True)
class Topics:
    """The installed topics, with the text of their definitions by id."""

    definitions: tuple[TopicDefinition, ...]
    texts: dict[str, str]

    @cached_property
    def tagger(self) -> Tagger:
        """One tagger for all of them."""
        from extractors.topics import Tagger  # most commands judge nothing, or elsewhere

        return Tagger(self.definitions)

    @property
    def versions(self) -> dict[str, str]:
        """Topic id → version."""
        return {item.topic_id: item.version for item in self.definitions}

    def judge(
        self, title: str | None, text: str, language: str | None, published_at: datetime | None
    ) -> list[Judgement]:
        """What every installed topic says of one article."""
        return self.tagger.judge(title, text, language=language, published_at=published_at)


def judged(topics: Topics, landing: ArticleLanding, now: datetime) -> ArticleLanding:
    """The landing with what every installed topic says of its article."""
    article = landing.article
    found = topics.judge(article.title, article.text, article.language, article.published_at)
    rows = topic_rows(
        found,
        article_id=article.article_id,
        hashed=article.text_hash,
        run_id=article.run_id,
        now=now,
    )
    return replace(landing, topics=rows)


def load_topics(folder: Path) -> Topics:
    """Read every definition of a folder (*.yaml), in name order.

    Raises SettingsError for a wrong definition, naming file, line and what was expected, and for
    two definitions with one id, and for a folder that is not there. An empty one gives no topics.
    """
    if not folder.is_dir():
        raise SettingsError(
            f"the topics folder {folder} is not there", remedy="set DUCKWIRE_TOPICS to one that is"
        )
    return _topics(sorted(folder.glob("*.yaml")))


def load_topic(where: str, folder: Path) -> Topics:
    """Read one definition: an id of the folder, or a path to a file anywhere."""
    path = Path(where)
    if not path.is_file():
        path = folder / f"{where}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise SettingsError(f"there is no topic {where!r}: installed in {folder} are {known}.")
    return _topics([path])


def _topics(paths: list[Path]) -> Topics:
    try:
        read = tuple((str(path), path.read_text("utf-8")) for path in paths)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"a topic definition cannot be read: {error}") from error
    return _parsed(read)


@lru_cache(maxsize=8)
def _parsed(read: tuple[tuple[str, str], ...]) -> Topics:
    """Definitions from (path, text); a run asks several times, and parsing takes half a second."""
    definitions: list[TopicDefinition] = []
    texts: dict[str, str] = {}
    for path, text in read:
        try:
            definition = parse_definition(text, path)
        except TopicError as error:
            raise SettingsError(str(error)) from error
        if definition.topic_id in texts:
            raise SettingsError(f"{path}: another definition has the id {definition.topic_id} too.")
        definitions.append(definition)
        texts[definition.topic_id] = text
    return Topics(tuple(definitions), texts)
