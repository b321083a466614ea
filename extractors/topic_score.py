"""Score a tagger on labelled articles: precision, recall and F1 by language and by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from extractors.records import Judgement, Verdict


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """One line of a labelled file: what an article says and what an editor says of it."""

    item_id: str
    title: str | None
    text: str
    language: str | None
    published_at: datetime | None
    label: Verdict
    kind: str = ""

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> LabelledItem:
        """Make one of a JSON object with id, title, text, language, published, label and kind.

        All but text and label may be missing. `published` is RFC 3339 or a day, taken as UTC
        without a zone. Raises ValueError that says what is wrong.
        """
        text, label = line.get("text"), line.get("label")
        if not isinstance(text, str):
            raise ValueError(f"expected a text under 'text', found {text!r}")
        if label not in set(Verdict):
            raise ValueError(f"expected on, mention or off under 'label', found {label!r}")
        return cls(
            item_id=str(line.get("id") or ""),
            title=line.get("title") or None,
            text=text,
            language=line.get("language") or None,
            published_at=_instant(line.get("published")),
            label=Verdict(label),
            kind=str(line.get("kind") or ""),
        )


def _instant(value: object) -> datetime | None:
    if not value:
        return None
    try:
        stated = str(value).strip()
        if len(stated) == len("2023-09-13"):
            return datetime.combine(date.fromisoformat(stated), time(12), UTC)
        instant = datetime.fromisoformat(stated)
    except ValueError as error:
        raise ValueError(f"expected a time like 2023-09-13T08:00:00Z, found {value!r}") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


class Judging(Protocol):
    """What is needed of a tagger to score it."""

    def judge(
        self, title: str | None, text: str, *, language: str | None, published_at: datetime | None
    ) -> list[Judgement]:
        """Judge one article by every topic."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts of one group of items. Mentions stand aside: they are counted, not scored."""

    name: str
    true_on: int = 0  # labelled on, tagged on
    missed: int = 0  # labelled on, not tagged on
    false_on: int = 0  # labelled off, tagged on
    true_off: int = 0  # labelled off, not tagged on
    mentions: int = 0
    mentions_on: int = 0  # labelled mention, tagged on

    @property
    def precision(self) -> float:
        """The part of those tagged on (mentions aside) that is on; 1 when none was tagged."""
        return _ratio(self.true_on, self.true_on + self.false_on)

    @property
    def recall(self) -> float:
        """The part of those labelled on that was tagged on; 1 when there are none."""
        return _ratio(self.true_on, self.true_on + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def mention_rate(self) -> float:
        """The part of the mentions that was tagged on; 0 when there are none."""
        return self.mentions_on / self.mentions if self.mentions else 0.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """An item whose verdict is not its label, with the judgement and its evidence."""

    item: LabelledItem
    judgement: Judgement

    @property
    def serious(self) -> bool:
        """Whether it counts against the scores: mention for off and off for mention do not."""
        return Verdict.ON in (self.item.label, self.judgement.verdict)


@dataclass(frozen=True, slots=True)
class Report:
    """How well a topic was tagged: over all, by language, by kind, and what went wrong."""

    topic_id: str
    total: Scores
    by_language: tuple[Scores, ...]
    by_kind: tuple[Scores, ...]
    mistakes: tuple[Mistake, ...]


def score_labelled(items: Iterable[LabelledItem], tagger: Judging, topic_id: str) -> Report:
    """Judge labelled items and compare.

    Comes in: the items, a tagger and which of its topics the labels are about. Goes out: the
    report; mentions count in neither precision nor recall. Raises ValueError for a topic the
    tagger does not have.
    """
    judged = [(item, _judged(item, tagger, topic_id)) for item in items]
    return Report(
        topic_id=topic_id,
        total=_scores("all", judged),
        by_language=_grouped(judged, lambda item: item.language or "unknown"),
        by_kind=_grouped(judged, lambda item: item.kind or "none"),
        mistakes=tuple(
            Mistake(item, judgement)
            for item, judgement in judged
            if judgement.verdict != item.label
        ),
    )


def _judged(item: LabelledItem, tagger: Judging, topic_id: str) -> Judgement:
    judgements = tagger.judge(
        item.title, item.text, language=item.language, published_at=item.published_at
    )
    for judgement in judgements:
        if judgement.topic_id == topic_id:
            return judgement
    known = ", ".join(judgement.topic_id for judgement in judgements)
    raise ValueError(f"expected one of the topics {known}, found {topic_id!r}")


def _grouped(
    judged: Sequence[tuple[LabelledItem, Judgement]], group: Callable[[LabelledItem], str]
) -> tuple[Scores, ...]:
    groups: dict[str, list[tuple[LabelledItem, Judgement]]] = {}
    for item, judgement in judged:
        groups.setdefault(group(item), []).append((item, judgement))
    return tuple(_scores(name, groups[name]) for name in sorted(groups))


def _scores(name: str, judged: Sequence[tuple[LabelledItem, Judgement]]) -> Scores:
    counts = dict.fromkeys(((label, tagged) for label in Verdict for tagged in (True, False)), 0)
    for item, judgement in judged:
        counts[item.label, judgement.verdict is Verdict.ON] += 1
    return Scores(
        name=name,
        true_on=counts[Verdict.ON, True],
        missed=counts[Verdict.ON, False],
        false_on=counts[Verdict.OFF, True],
        true_off=counts[Verdict.OFF, False],
        mentions=counts[Verdict.MENTION, True] + counts[Verdict.MENTION, False],
        mentions_on=counts[Verdict.MENTION, True],
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
