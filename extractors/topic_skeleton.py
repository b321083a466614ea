"""The commented definition that `duckwire topics new` writes for its user to fill in."""

from __future__ import annotations

from extractors.topic_definition import TOPIC_ID

_SKELETON = """\
# A topic for Duckwire. Fill in what stands in <angle brackets>, then try it:
#   duckwire tag some-article.txt --topic {topic_id}.yaml
# How every part works is explained in seeds/topics/README.md.

topic: {topic_id}
title: "<What the story is called, for people>"
description: >
  <Which articles an editor would file here, and which not.>

# The days on which the story was news. Outside them an article is tagged only when one of the
# rules under outside_needs fires: the text itself has to name the event.
window:
  first: 2023-01-01
  last: 2023-12-31
  outside_needs: [named]

# Who and what it is about, as newspapers write it, by language.
# "summit*" also finds summits; "*work" also finds network; "=US" counts only in capitals.
# Case, accents, hyphens and quotation marks do not matter otherwise.
concepts:
  who:
    label: "<A person or an organisation>"
    # wikidata: Q42
    aliases:
      en: ["example person"]
      fr: ["personne exemple"]
  what:
    label: "<What happens>"
    aliases:
      en: ["example meeting*", "example talks"]
      fr: ["réunion exemple"]
  event-name:
    label: "<What this event alone is called: with its year, its place or its own name>"
    aliases:
      en: ["example summit of 2023"]
  other-event:
    label: "<What gives away another event of the same kind>"
    aliases:
      en: ["example summit of 2019"]

# What can be seen in a text: concepts that stand in one sentence (or paragraph, article, 12 words).
scenes:
  the-event:
    near: sentence
    all: [who, what]              # each of these; write [a, b] inside for "a or b"
  named:
    near: sentence
    any: [event-name]
  another:
    near: sentence
    any: [other-event]

# What that is worth. The weights of the rules that fire add up; the sum, from 0 to 1, is the score.
rules:
  - {{name: named, scene: named, weight: 0.1}}
  - {{name: in-title, scene: [the-event, named], where: title, weight: 0.4}}
  - {{name: in-lead, scene: [the-event, named], where: [title, lead], weight: 0.3}}
  - {{name: anywhere, scene: [the-event, named], weight: 0.2}}
  - {{name: much-of-it, scene: [the-event, named], share: 0.3, weight: 0.2}}
  - {{name: another-event, scene: another, where: [title, lead], unless: named, weight: -0.5}}

# From which score on an article is on topic, and from which it mentions it.
thresholds: {{on: 0.6, mention: 0.2}}
"""


def skeleton(topic_id: str) -> str:
    """Write a commented definition to fill in; it reads without errors as it stands.

    Comes in: the id of the new topic (lower case, digits and hyphens). Goes out: YAML text. Raises
    ValueError for another id.
    """
    if not TOPIC_ID.fullmatch(topic_id):
        raise ValueError(f"expected an id like my-topic-2023, found {topic_id!r}")
    return _SKELETON.format(topic_id=topic_id)
