"""A small topic to judge invented texts by."""

from __future__ import annotations

from datetime import datetime

from extractors.records import Judgement
from extractors.topics import (
    Tagger,
    parse_definition,
)

DEFINITION = """\
topic: fair
title: The fair
window: {first: 2023-09-01, last: 2023-09-30, outside_needs: [named]}
concepts:
  baker:
    aliases: {en: [Baker, "=US"], ru: [пекар*, лидер* гильдии], ko: [제빵사],
      ja: [パン], zh: [面包师], ar: [خباز]}
  fair: {aliases: {en: [fair*], ru: [ярмарк*], ko: ["*장터"], ar: [سوق]}}
  old-baker: {hides: true, aliases: {en: [Baker Street], "de!": [Becker]}}
  name: {aliases: {en: ["2023"]}}
  notice: {aliases: {en: [cookie*]}}
furniture: notice
gate: baker
scenes:
  both: {all: [baker, fair]}
  baker: {any: [baker]}
  named: {all: [fair, name]}
  other: {any: [old-baker]}
rules:
  - {name: named, scene: named, weight: 0}
  - {name: both, scene: both, weight: 0.6}
  - {name: baker, scene: baker, unless: both, weight: 0.3}
  - {name: other, scene: other, where: title, weight: -0.5}
thresholds: {on: 0.6, mention: 0.2}
"""


PEAK = """
topic: harbour-strike-2023
title: Harbour strike
window: {first: 2023-09-01, last: 2023-09-30, peak: {first: 2023-09-10, last: 2023-09-12}}
concepts:
  port: {label: Port, aliases: {en: [harbour]}}
scenes:
  port: {any: [port]}
rules:
  - {name: port, scene: port, when: inside, weight: 0.3}
  - {name: port-on-those-days, scene: port, when: peak, weight: 0.3}
"""


UNDATED = PEAK.replace("2023-09-12}}", "2023-09-12}, undated_peak: told}").replace(
    "rules:", "rules:\n  - {name: told, scene: told, when: unknown, weight: 0}"
)
UNDATED = UNDATED.replace(
    "scenes:", "  cranes: {aliases: {en: [cranes]}}\nscenes:\n  told: {any: [cranes]}"
)


def judged(text: str, title: str | None = None, **more: object) -> Judgement:
    tagger = Tagger([parse_definition(more.pop("definition", DEFINITION), "fair.yaml")])  # type: ignore[arg-type]
    published = more.get("published_at")
    assert published is None or isinstance(published, datetime)
    language = more.get("language")
    assert language is None or isinstance(language, str)
    return tagger.judge(title, text, language=language, published_at=published)[0]


def with_rule(rule: str) -> str:
    return DEFINITION.replace("thresholds:", f"{rule}thresholds:")


def phrases(judgement: Judgement) -> list[str]:
    return [evidence.phrase for evidence in judgement.evidence]
