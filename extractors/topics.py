"""Tag articles with topics: score, verdict, the rule that decided, and the evidence.

Pure: definitions and articles come in as values. The parts, in the order in which they work:
topic_yaml reads a definition, topic_fold levels the text, topic_match finds the aliases in one
pass, topic_units cuts sentences, topic_judge weighs what they show.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote

from extractors.records import Evidence, Judgement, Verdict
from extractors.topic_definition import TopicDefinition, TopicError, When
from extractors.topic_fold import Folded, fold
from extractors.topic_judge import NOTHING, Judge, Ruling
from extractors.topic_match import Match, Matcher
from extractors.topic_score import LabelledItem, Report, score_labelled
from extractors.topic_skeleton import skeleton
from extractors.topic_units import cut
from extractors.topic_yaml import parse_definition

__all__ = [
    "LabelledItem",
    "Report",
    "Tagger",
    "TopicDefinition",
    "TopicError",
    "parse_definition",
    "score_labelled",
    "skeleton",
]


class Tagger:
    """Judges articles by any number of topics in one pass over the text; safe to share."""

    def __init__(self, definitions: Sequence[TopicDefinition]) -> None:
        """Make the topics ready. Raises ValueError when two of them have the same id."""
        ids = [definition.topic_id for definition in definitions]
        if len(set(ids)) != len(ids):
            raise ValueError(f"expected each topic once, found {sorted(ids)}")
        self.definitions = tuple(definitions)
        self._judges = [Judge(definition) for definition in definitions]
        self._matcher = Matcher(definitions)
        self._off = [
            Judgement(definition.topic_id, definition.version, 0.0, Verdict.OFF, NOTHING)
            for definition in definitions
        ]

    def judge(
        self,
        title: str | None,
        text: str,
        *,
        language: str | None,
        published_at: datetime | None,
    ) -> list[Judgement]:
        """Judge one article by every topic.

        Comes in: the title (or None), the text with one newline between paragraphs, the BCP 47
        language, or None to have it detected (texts are matched in all languages anyway; it only
        rules out aliases that a definition reserves for another one), the publication time
        (aware) or None.
        Goes out: one judgement per topic, in the order of the definitions.
        """
        heading = f"{title}\n" if title else ""
        whole = heading + text
        folded = fold(whole)
        original = "" if folded.rewritten else whole
        found = self._matcher.find(folded.text, original, _primary(language))
        judgements = list(self._off)
        found = {
            topic: matches
            for topic, matches in found.items()
            if self._judges[topic].could_say(matches)
        }
        if not found:
            return judgements
        units = cut(folded.text, _folded_length(folded, len(heading)) - 1)
        for topic, matches in found.items():
            judge = self._judges[topic]
            window = judge.definition.window
            when = window.place(published_at) if window else When.UNKNOWN
            ruling = judge.rule_on(matches, units, folded.text, when)
            judgements[topic] = _judgement(judge, ruling, whole, folded, len(heading))
        return judgements

    def likely(self, title: str | None, summary: str | None, url: str | None) -> bool:
        """Say whether an entry could concern some topic, before its page is fetched.

        One gate concept of one topic in the title, the summary (plain text) or the words of the
        address is enough: the gate is to miss nothing, the page decides.
        """
        address = unquote(url or "", errors="replace").replace("/", "\n").replace("_", " ")
        folded = fold("\n".join((title or "", summary or "", address))).text
        found = self._matcher.find(folded, "", None)
        return any(
            bits & self._judges[topic].gate
            for topic, matches in found.items()
            for _, _, bits, _ in matches
        )


def _judgement(judge: Judge, ruling: Ruling, whole: str, folded: Folded, heading: int) -> Judgement:
    definition = judge.definition
    if ruling.score >= definition.on:
        verdict = Verdict.ON
    elif ruling.score >= definition.mention:
        verdict = Verdict.MENTION
    else:
        verdict = Verdict.OFF
    evidence = (_evidence(judge, match, whole, folded, heading) for match in ruling.matches)
    return Judgement(
        topic_id=definition.topic_id,
        topic_version=definition.version,
        score=ruling.score,
        verdict=verdict,
        rule=ruling.rule,
        evidence=tuple(evidence) if verdict is not Verdict.OFF else (),
    )


def _evidence(judge: Judge, match: Match, whole: str, folded: Folded, heading: int) -> Evidence:
    start, end = folded.origin(match[0], match[1])
    first_bit = (match[3] & -match[3]).bit_length() - 1
    in_title = start < heading
    offset = 0 if in_title else heading
    field = "title" if in_title else "text"
    return Evidence(
        judge.concepts[first_bit], whole[start:end], field, start - offset, end - offset
    )


def _folded_length(folded: Folded, length: int) -> int:
    """Say where in the folded text the heading ends, which may have shrunk."""
    shrunk = 0
    for stretch in folded.rewritten:
        if stretch.origin_end > length:
            break
        shrunk += (stretch.origin_end - stretch.origin_start) - (stretch.end - stretch.start)
    return length - shrunk


def _primary(language: str | None) -> str | None:
    return language.lower().replace("_", "-").split("-")[0] if language else None
