"""What a topic is: the records a definition consists of, and nothing else.

A definition is data: concepts with their aliases by language, scenes (which concepts must meet, how
near), rules (where and how often a scene counts, and how much), a window and two thresholds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

TOPIC_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class TopicError(ValueError):
    """A definition is wrong. The message names the file, the line and what was expected."""

    def __init__(self, source: str, line: int | None, problem: str) -> None:
        self.source = source
        self.line = line
        self.problem = problem
        place = source if line is None else f"{source}, line {line}"
        super().__init__(f"{place}: {problem}")


class Near(StrEnum):
    """How near the concepts of a scene must stand to each other."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    OPENING = "opening"  # title and lead taken together
    ARTICLE = "article"
    WORDS = "words"


class Where(StrEnum):
    """A part of an article; the lead is the first paragraph, three sentences at most."""

    TITLE = "title"
    LEAD = "lead"
    BODY = "body"
    FIRST = "first"  # the first sentence of the text, which is a part of the lead


class When(StrEnum):
    """How an article's publication date lies to the topic's window. The peak lies inside it."""

    PEAK = "peak"
    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Alias:
    """One way of writing a concept.

    `text` is as the definition spells it, without its marks. `open_start` and `open_end` say that
    the word may go on there (`*`); `exact` that case and diacritics count (`=`); `language` is the
    BCP 47 subtag it is listed under, `only` that it counts in texts of that language alone (`!`).
    """

    text: str
    language: str
    open_start: bool = False
    open_end: bool = False
    exact: bool = False
    only: bool = False


@dataclass(frozen=True, slots=True)
class Concept:
    """A person, place or idea of the topic, with its aliases in every language.

    One that `hides` keeps shorter aliases inside its own from counting: a name to leave alone.
    """

    name: str
    label: str
    aliases: tuple[Alias, ...]
    wikidata: str | None = None
    media_topic: str | None = None
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Combination:
    """Concepts that meet: one of each group in `groups`, and none of `none`."""

    groups: tuple[frozenset[str], ...]
    none: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that can be seen in a text: any of its combinations, as near as `near` says."""

    name: str
    near: Near
    words: int  # for Near.WORDS: the most words between the first concept and the last
    combinations: tuple[Combination, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a scene is worth when it is seen at these places, this often, under these conditions.

    `share` is the least part (0 to 1) of the sentences that must show it; `needs` and `unless` name
    earlier rules; `outnumbers` is a scene that must be seen less often than this one; a weight
    below 0 takes away no more than leaves a score of `leaves`.
    """

    name: str
    scenes: tuple[str, ...]
    weight: float
    where: frozenset[Where]
    times: int = 1
    share: float = 0.0
    when: frozenset[When] = frozenset(When)
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    outnumbers: str | None = None
    leaves: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which the story was news, both included, in UTC.

    `outside_needs` are the rules of which one must have fired before an article of another day can
    be on topic: the text itself has to name the event. `peak` are the days of the event itself,
    both included: what is written then of its people and places is hardly about anything else.
    An article without a date is judged as one of the peak when one of the rules `undated_peak`
    fires: its text tells which event it is about.
    """

    first: date
    last: date
    outside_needs: tuple[str, ...] = ()
    peak: tuple[date, date] | None = None
    undated_peak: tuple[str, ...] = ()

    def place(self, published_at: datetime | None) -> When:
        """Say how a publication time (aware, or None for unknown) lies to the window."""
        if published_at is None:
            return When.UNKNOWN
        day = published_at.astimezone(UTC).date()
        if self.peak and self.peak[0] <= day <= self.peak[1]:
            return When.PEAK
        return When.INSIDE if self.first <= day <= self.last else When.OUTSIDE


@dataclass(frozen=True, slots=True)
class TopicDefinition:
    """One topic, read and checked.

    `version` is a hash of its content and of the tagger's own version (`topic_yaml.ENGINE`): same
    version, same verdicts.

    `on` and `mention` are the least scores for these verdicts; `gate` are the concepts of which one
    in a title, summary or address is reason enough to fetch the page; `furniture` are those that
    show a paragraph to be no part of the article (a cookie notice, a list of related links).
    """

    topic_id: str
    title: str
    description: str
    version: str
    concepts: tuple[Concept, ...]
    scenes: tuple[Scene, ...]
    rules: tuple[Rule, ...]
    on: float
    mention: float
    gate: frozenset[str]
    furniture: frozenset[str] = frozenset()
    window: Window | None = None
    wikidata: str | None = None
    media_topic: str | None = None
