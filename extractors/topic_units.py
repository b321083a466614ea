"""Cut a folded text into sentences, and say which of them are title, lead or body."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Set
from dataclasses import dataclass

# A full stop ends a sentence after three letters or digits (not after U.S., Mr. or initials), or
# after a closing bracket or quotation mark; semicolons, bars and bullets part the items of a list.
_STOPS = re.compile(
    r"(?:(?<=\w\w\w)|(?<=[\d)\]%\"'\u00bb\u201d\u2019]))[.!?\u2026\u061f\u06d4]+"
    r"[\"'\u00bb\u201d\u2019)\]]*\s+"
    r"|(?<=[\u1100-\uffee])[.!?]+[\"'\u201d\u2019)]*\s+"
    r"|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\")]*"
    r"|[;\u061b\uff1b|\u25cf\u25a0\u25b2\u25b6\u25c6]\s*"
    r"|\n\s*"
)
_SHORTENED = re.compile(r"\b(?:sept|gen|gov|sen|rep|prof|nov|dec|oct|aug|feb)\.\s+$")
_LEAD_SENTENCES = 3


_LEAD_LENGTH = 40  # a shorter first paragraph is a dateline or a kicker, and the next one joins it


# The parts of an article a sentence can lie in, as bits; plain integers because they are hot.
TITLE, LEAD, BODY = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Units:
    """The sentences of a title and a text, in order.

    `ends` are the folded offsets where each ends; `paragraphs` gives each its paragraph, counted
    over the whole (the title is one of its own); the first `titles` sentences are the title.
    """

    ends: tuple[int, ...]
    paragraphs: tuple[int, ...]
    titles: int

    def paragraph_of(self, sentence: int) -> range:
        """Give the sentences of the paragraph this one lies in."""
        number = self.paragraphs[sentence]
        return range(bisect_left(self.paragraphs, number), bisect_right(self.paragraphs, number))

    def paragraph_ranges(self) -> list[range]:
        """Give every paragraph's sentences, the title's first."""
        ranges: list[range] = []
        sentence = 0
        while sentence < len(self.paragraphs):
            ranges.append(self.paragraph_of(sentence))
            sentence = ranges[-1].stop
        return ranges

    def places(self, left_out: Set[int]) -> list[int]:
        """Say where each sentence lies; what is left out lies nowhere.

        The lead is the first paragraph that counts, three sentences at most. Without a title the
        first sentence that counts stands for it, and is lead as well.
        """
        places: list[int] = [TITLE] * self.titles + [BODY] * (len(self.ends) - self.titles)
        for sentence in left_out:
            places[sentence] = 0
        counted = [i for i in range(self.titles, len(places)) if places[i]]
        if not counted:
            return places
        start = self.ends[counted[0] - 1] if counted[0] else 0
        for sentence in counted[:_LEAD_SENTENCES]:
            begins = self.ends[sentence - 1] if sentence else 0
            same = self.paragraphs[sentence] == self.paragraphs[counted[0]]
            if same or begins - start < _LEAD_LENGTH:
                places[sentence] = LEAD
        if not self.titles:
            places[counted[0]] = TITLE | LEAD
        return places


def cut(folded: str, title_end: int) -> Units:
    """Cut a folded title and text (joined by a newline) into sentences.

    `title_end` is where the title ends, or -1 when there is none. A title is one sentence whatever
    stands in it, but for the bars and semicolons of a round-up.
    """
    ends: list[int] = []
    paragraphs: list[int] = []
    paragraph = titles = 0
    for stop in _STOPS.finditer(folded):
        end = stop.end()
        text = stop.group()
        newline = "\n" in text
        if end <= title_end and text[0] not in ";\u061b\uff1b|":
            continue
        if not newline and text[0] == "." and _SHORTENED.search(folded, max(0, end - 8), end):
            continue
        ends.append(end)
        paragraphs.append(paragraph)
        if stop.start() <= title_end:
            titles = len(ends)
        if newline:
            paragraph += 1
    if not ends or ends[-1] < len(folded):
        ends.append(len(folded))
        paragraphs.append(paragraph)
    if title_end >= 0 and not titles:
        titles = 1
    return Units(tuple(ends), tuple(paragraphs), titles)
