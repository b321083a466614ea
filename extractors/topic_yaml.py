"""Read a topic's definition out of YAML and say precisely what is wrong with it.

Every mistake becomes a TopicError with the file, the line and what was expected; the first one ends
the reading. The format is explained to its writers in seeds/topics/README.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from extractors.plain_yaml import load_plain
from extractors.topic_definition import (
    TOPIC_ID,
    Alias,
    Combination,
    Concept,
    Near,
    Rule,
    Scene,
    TopicDefinition,
    TopicError,
    When,
    Where,
    Window,
)
from extractors.topic_fold import fold
from extractors.topic_nodes import Listed, Node, NodeReader

_Kind = TypeVar("_Kind", bound=StrEnum)

# Part of every version, so that a stored judgement of an older tagger is judged again: raise it
# whenever the same definition may give another verdict, score, rule or evidence.
ENGINE = 10

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?!?")
# Letters that stay two when they are folded: most aliases have them, and there are thousands.
_TWO_LETTERS = re.compile("[A-Za-z\u0410-\u044f\u4e00-\u9fff\uac00-\ud7a3]{2}")
_ODD_STAR = re.compile(r"(^|\s)\*|\*\w|\n")
_NEAR_WORDS = re.compile(r"(\d{1,3}) words")
_TOPIC_KEYS = (
    "topic", "title", "description", "wikidata", "media_topic", "window", "concepts", "gate",
    "furniture", "scenes", "rules", "thresholds",
)  # fmt: skip
_WINDOW_KEYS = ("first", "last", "outside_needs", "peak", "undated_peak")
_RULE_KEYS = (
    "name", "scene", "weight", "where", "times", "share", "when", "needs", "unless", "outnumbers",
    "leaves",
)  # fmt: skip


def parse_definition(text: str, source: str) -> TopicDefinition:
    """Read one definition.

    Comes in: the YAML text and the name to call it by in errors (usually its file name). Goes out:
    the checked definition, with a version that depends on its content and not on comments or
    layout. Raises TopicError.
    """
    # The quick loader keeps no lines, so that what is wrong is read once more to tell where.
    try:
        loaded = load_plain(text)
        if isinstance(loaded, dict):
            return _Reader(source).definition(loaded)
    except (TopicError, YAMLError, TypeError, ValueError):
        pass
    return parse_with_lines(text, source)


def parse_with_lines(text: str, source: str) -> TopicDefinition:
    """Do what `parse_definition` does, at five times the cost, and say where a mistake is."""
    return _Reader(source).definition(_load(text, source))


def _load(text: str, source: str) -> CommentedMap:
    try:
        loaded = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise TopicError(source, line, "this key stands twice; expected each key once") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise TopicError(source, line, f"expected valid YAML, but {error.problem}") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise TopicError(source, line, f"expected valid YAML, but {error.reason}") from error
    except TypeError as error:  # a list or a mapping as a key; the loader does not say where
        raise TopicError(source, _odd_key(text), "expected a word as the key") from error
    except (YAMLError, ValueError) as error:
        raise TopicError(source, None, f"expected valid YAML, but {error}") from error
    if not isinstance(loaded, CommentedMap):
        raise TopicError(source, 1, "expected a mapping with the keys topic, title, concepts, …")
    return loaded


def _odd_key(text: str) -> int | None:
    """Find the line of the first key that is no plain word."""
    waiting = [YAML(typ="rt").compose(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    return int(key.start_mark.line) + 1
                waiting.append(value)
        elif isinstance(node, SequenceNode):
            waiting.extend(node.value)
    return None


class _Reader(NodeReader):
    """Reads the parts of a definition in the order in which they refer to each other."""

    def definition(self, node: Node) -> TopicDefinition:
        self.keys(node, _TOPIC_KEYS, ("topic", "title", "concepts", "scenes", "rules"))
        topic_id = self.text(node, "topic")
        if not TOPIC_ID.fullmatch(topic_id):
            self.fail(node, "topic", f"expected an id like my-topic-2023, found {topic_id!r}")
        concepts = self.concepts(node)
        names = frozenset(concept.name for concept in concepts)
        scenes = self.scenes(node, names)
        rules = self.rules(node, frozenset(scene.name for scene in scenes))
        on, mention = self.thresholds(node)
        return TopicDefinition(
            topic_id=topic_id,
            title=self.text(node, "title"),
            description=self.text(node, "description", ""),
            concepts=concepts,
            scenes=scenes,
            rules=rules,
            on=on,
            mention=mention,
            gate=self.gate(node, names, scenes),
            furniture=frozenset(self.known(node, "furniture", names, "concept")),
            window=self.window(node, frozenset(rule.name for rule in rules)),
            wikidata=self.wikidata(node),
            media_topic=self.media_topic(node),
            version=_version(node),  # last: it takes a node whose every key is known
        )

    # concepts

    def concepts(self, node: Node) -> tuple[Concept, ...]:
        listed = self.mapping(node, "concepts")
        return tuple(self.concept(listed, name) for name in listed)

    def concept(self, listed: Node, name: str) -> Concept:
        if not isinstance(name, str) or not TOPIC_ID.fullmatch(name):
            self.fail(listed, name, f"expected a concept name like north-korea, found {name!r}")
        node = self.mapping(listed, name)
        self.keys(node, ("label", "wikidata", "media_topic", "hides", "aliases"), ("aliases",))
        by_language = self.mapping(node, "aliases")
        aliases = tuple(
            alias for language in by_language for alias in self.aliases(by_language, language)
        )
        if not aliases:
            self.fail(node, "aliases", f"expected at least one alias of {name}")
        return Concept(
            name=name,
            label=self.text(node, "label", name),
            aliases=aliases,
            wikidata=self.wikidata(node),
            media_topic=self.media_topic(node),
            hides=self.flag(node, "hides"),
        )

    def aliases(self, by_language: Node, language: Any) -> Iterable[Alias]:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            found = f"found {language!r} (write no in quotes)"
            self.fail(by_language, language, f"expected a language like en or ko, {found}")
        values = self.strings(by_language, language)
        for index, value in enumerate(values):
            node = by_language[language] if isinstance(by_language[language], list) else by_language
            place = index if node is not by_language else language
            yield self.alias(node, place, value, language)

    def alias(self, node: Any, place: Any, value: str, language: str) -> Alias:
        text = value.removeprefix("=")
        core = text.removeprefix("*").removesuffix("*").strip()
        if not _TWO_LETTERS.search(core) and _is_short(fold(core).text.strip()):
            self.fail(node, place, f"expected an alias of two letters or more, found {value!r}")
        if ("*" in core or "\n" in core) and _ODD_STAR.search(core):
            self.fail(node, place, f"expected * only at the ends of words, found {value!r}")
        return Alias(
            text=core,
            language=language.removesuffix("!"),
            open_start=text.startswith("*"),
            open_end=text.endswith("*"),
            exact=value.startswith("="),
            only=language.endswith("!"),
        )

    # scenes

    def scenes(self, node: Node, names: frozenset[str]) -> tuple[Scene, ...]:
        listed = self.mapping(node, "scenes")
        if not listed:
            self.fail(node, "scenes", "expected at least one scene")
        return tuple(self.scene(listed, name, names) for name in listed)

    def scene(self, listed: Node, name: str, names: frozenset[str]) -> Scene:
        if not isinstance(name, str) or not TOPIC_ID.fullmatch(name):
            self.fail(listed, name, f"expected a scene name like the-meeting, found {name!r}")
        node = self.mapping(listed, name)
        self.keys(node, ("near", "all", "any", "none"), ())
        near, words = self.near(node)
        none = frozenset(self.known(node, "none", names, "concept"))
        if ("all" in node) == ("any" in node):
            self.fail(listed, name, "expected either `all` (concepts that meet) or `any` (a list)")
        if "all" in node:
            return Scene(name, near, words, (Combination(self.groups(node, names), none),))
        listed_any = self.sequence(node, "any")
        combinations = [
            self.combination(listed_any, index, names, none) for index in range(len(listed_any))
        ]
        return Scene(name, near, words, tuple(combinations))

    def combination(
        self, listed: Listed, index: int, names: frozenset[str], none: frozenset[str]
    ) -> Combination:
        entry = listed[index]
        if isinstance(entry, str):
            return Combination((frozenset((self.name(listed, index, names, "concept"),)),), none)
        if not isinstance(entry, dict):
            self.fail(listed, index, "expected a concept, or `all: […]` with an optional `none`")
        self.keys(entry, ("all", "none"), ("all",))
        more = frozenset(self.known(entry, "none", names, "concept"))
        return Combination(self.groups(entry, names), none | more)

    def groups(self, node: Node, names: frozenset[str]) -> tuple[frozenset[str], ...]:
        listed = self.sequence(node, "all")
        if not listed:
            self.fail(node, "all", "expected at least one concept")
        groups = []
        for index, entry in enumerate(listed):
            if isinstance(entry, list):
                places = range(len(entry))
                groups.append(frozenset(self.name(entry, at, names, "concept") for at in places))
            else:
                groups.append(frozenset((self.name(listed, index, names, "concept"),)))
        if not all(groups):
            self.fail(node, "all", "expected no empty list of alternatives")
        return tuple(groups)

    def near(self, node: Node) -> tuple[Near, int]:
        value = self.text(node, "near", "sentence")
        words = _NEAR_WORDS.fullmatch(value)
        if words and int(words[1]) > 0:
            return Near.WORDS, int(words[1])
        if value not in (Near.SENTENCE, Near.PARAGRAPH, Near.OPENING, Near.ARTICLE):
            expected = "expected sentence, paragraph, opening, article or a distance ('12 words')"
            self.fail(node, "near", f"{expected}, found {value!r}")
        return Near(value), 0

    # rules, window, thresholds

    def rules(self, node: Node, scenes: frozenset[str]) -> tuple[Rule, ...]:
        listed = self.sequence(node, "rules")
        rules: list[Rule] = []
        for index, entry in enumerate(listed):
            if not isinstance(entry, dict):
                self.fail(listed, index, "expected a rule with name, scene and weight")
            rules.append(self.rule(entry, scenes, frozenset(rule.name for rule in rules)))
        if not any(rule.weight > 0 for rule in rules):
            self.fail(node, "rules", "expected at least one rule with a weight above 0")
        return tuple(rules)

    def rule(self, node: Node, scenes: frozenset[str], earlier: frozenset[str]) -> Rule:
        self.keys(node, _RULE_KEYS, ("name", "scene", "weight"))
        name = self.text(node, "name")
        if not TOPIC_ID.fullmatch(name) or name in earlier:
            self.fail(node, "name", f"expected a name like in-the-title, once, found {name!r}")
        outnumbers = None
        if "outnumbers" in node:
            outnumbers = self.name(node, "outnumbers", scenes, "scene")
        return Rule(
            name=name,
            scenes=tuple(self.known(node, "scene", scenes, "scene")),
            weight=self.number(node, "weight", -10, 10),
            where=frozenset(
                map(Where, self.known(node, "where", frozenset(Where), "part") or Where)
            ),
            times=int(self.number(node, "times", 1, 1000, 1)),
            share=self.number(node, "share", 0, 1, 0),
            when=self.when(node),
            needs=tuple(self.known(node, "needs", earlier, "earlier rule")),
            unless=tuple(self.known(node, "unless", earlier, "earlier rule")),
            outnumbers=outnumbers,
            leaves=self.number(node, "leaves", 0, 1, 0),
        )

    def members(self, node: Node, key: str, kind: type[_Kind]) -> frozenset[_Kind]:
        """Read one or several values of an enum; all of them when the key is missing."""
        values = self.known(node, key, frozenset(kind), key)
        return frozenset(kind(value) for value in values or kind)

    def when(self, node: Node) -> frozenset[When]:
        """Read when a rule counts; what counts inside the window counts at its peak as well."""
        found = self.members(node, "when", When)
        return found | {When.PEAK} if When.INSIDE in found else found

    def window(self, node: Node, rules: frozenset[str]) -> Window | None:
        if "window" not in node:
            return None
        window = self.mapping(node, "window")
        self.keys(window, _WINDOW_KEYS, ("first", "last"))
        first, last = self.day(window, "first"), self.day(window, "last")
        if last < first:
            self.fail(window, "last", f"expected a day not before {first}, found {last}")
        needs = self.known(window, "outside_needs", rules, "rule")
        peak = self.peak(window, first, last)
        undated = self.known(window, "undated_peak", rules, "rule")
        if undated and not peak:
            self.fail(window, "undated_peak", "expected `peak`, the days it is judged by, as well")
        return Window(first, last, tuple(needs), peak, tuple(undated))

    def peak(self, window: Node, first: date, last: date) -> tuple[date, date] | None:
        if "peak" not in window:
            return None
        peak = self.mapping(window, "peak")
        self.keys(peak, ("first", "last"), ("first", "last"))
        start, end = self.day(peak, "first"), self.day(peak, "last")
        if not first <= start <= end <= last:
            self.fail(window, "peak", f"expected days of the window ({first} to {last})")
        return start, end

    def thresholds(self, node: Node) -> tuple[float, float]:
        if "thresholds" not in node:
            return 0.6, 0.2
        thresholds = self.mapping(node, "thresholds")
        self.keys(thresholds, ("on", "mention"), ("on", "mention"))
        on = self.number(thresholds, "on", 0.01, 1)
        mention = self.number(thresholds, "mention", 0.01, 1)
        if mention >= on:
            self.fail(thresholds, "mention", f"expected less than on ({on}), found {mention}")
        return on, mention

    def gate(self, node: Node, names: frozenset[str], scenes: tuple[Scene, ...]) -> frozenset[str]:
        if "gate" in node:
            return frozenset(self.known(node, "gate", names, "concept"))
        combinations = (one for scene in scenes for one in scene.combinations)
        return frozenset(name for one in combinations for group in one.groups for name in group)


def _is_short(folded: str) -> bool:
    """Tell whether an alias is less than a word; a Han character is one by itself."""
    return len(folded) < 2 and not "\u4e00" <= folded <= "\u9fff"


def _version(node: Node) -> str:
    plain = json.dumps([ENGINE, node], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(plain.encode("utf-8"), digest_size=8).hexdigest()
