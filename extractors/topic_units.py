"""Cut a folded text into sentences, and say which of them are title, lead or body."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence, Set
from dataclasses import dataclass

# One character class in front keeps the search quick; what it finds is looked at in `_parts`.
_STOPS = re.compile(
    r"[.!?\u2026\u061f\u06d4\u3002\uff01\uff1f;\u061b\uff1b|\u25a0\u25a1\u25b2-\u25bf\u25c6-\u25c8\u25cf\u2605\u2606\n]+"
    r"[\"'\u00bb\u201d\u2019)\]\u300d\u300f]*\s*"
)
# These part the items of a list, in titles too; the wide full stops need no space after them.
# The white circle is none of them: Korean papers write it for the letters of a withheld name.
_LIST_MARKS = frozenset(";\u061b\uff1b|\u25a0\u25a1\u25cf\u2605\u2606") | frozenset(
    map(chr, (*range(0x25B2, 0x25C0), *range(0x25C6, 0x25C9)))
)
_ALWAYS = _LIST_MARKS | frozenset("\n\u3002\uff01\uff1f")
_CLOSING = frozenset("\"'\u00bb\u201d\u2019)]%")
_SHORTENED = re.compile(
    r"\b(?:sept|gen|gov|sen|rep|prof|nov|dec|oct|aug|feb|mr|ms|dr|st|sr|jr|lt|no|nr|vs|ca|bn|mn|ed|co"
    r"|av|ee|uu|pp|vm|им|ім|гг|тт|др|ул|св|рр|см|ст|пр)\.\s+$"
)
_LEAD_SENTENCES = 3
_ENDING = frozenset(".!?\u2026\u061f\u3002\uff01\uff1f:\uff1a")
_ASIDE = (
    " .!?\u2026\u3002\"'\u00ab\u00bb\u201c\u201d|"  # what may differ where a title is said again
)
_LEAST_ALIKE = 0.6  # the part of the longer that must be alike: outlets add their names to titles
_HEADING_LENGTH = 160
_LEAD_LENGTH = 40  # a shorter first paragraph is a dateline or a kicker, and the next one joins it

# A round-up's title: the name of its column, a colon, bar or dash, and its subjects.
_LISTING = re.compile(r"[^:|]{1,60}?(?::(?![\d/])|\||\s[-\u2013\u2014]\s)\s*(?=\S)")
_ITEM_ENDS = re.compile(r"[,;\u060c\u061b\u3001|]\s*|\s/\s")
_LEAST_ITEMS = 3

# The parts of an article a sentence can lie in, as bits; plain integers because they are hot.
TITLE, LEAD, BODY, FIRST = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Units:
    """The sentences of a title and a text, in order.

    `ends` are the folded offsets where each ends; `paragraphs` gives each its paragraph, counted
    over the whole (the title is one of its own); the first `titles` sentences are the title, and
    `repeated` are those with which the text says the title again.
    """

    ends: tuple[int, ...]
    paragraphs: tuple[int, ...]
    titles: int
    repeated: frozenset[int] = frozenset()

    @property
    def title_end(self) -> int:
        """Where the title ends, in the folded text; 0 without one."""
        return self.ends[self.titles - 1] if self.titles else 0

    def paragraph_of(self, sentence: int) -> range:
        """Give the sentences of the paragraph this one lies in."""
        number = self.paragraphs[sentence]
        return range(bisect_left(self.paragraphs, number), bisect_right(self.paragraphs, number))

    def places(self, left_out: Set[int]) -> list[int]:
        """Say where each sentence lies; what is left out lies nowhere.

        The lead is the first paragraph that counts, three sentences at most, and what follows while
        that is too short to say anything (a kicker, a number, a question); its first is marked.
        Without a title the first sentence that counts stands for it, and is lead as well.
        """
        places: list[int] = [TITLE] * self.titles + [BODY] * (len(self.ends) - self.titles)
        for sentence in left_out:
            places[sentence] = 0
        counted = [i for i in range(self.titles, len(places)) if places[i]]
        if not counted:
            return places
        so_far = 0
        for number, sentence in enumerate(counted):
            same = self.paragraphs[sentence] == self.paragraphs[counted[0]]
            if so_far >= _LEAD_LENGTH and not (same and number < _LEAD_SENTENCES):
                break
            places[sentence] = LEAD
            so_far += self.ends[sentence] - (self.ends[sentence - 1] if sentence else 0)
        places[counted[0]] |= FIRST
        if not self.titles:
            places[counted[0]] |= TITLE
        return places


def cut(folded: str, title_end: int) -> Units:
    """Cut a folded title and text (joined by a newline) into sentences.

    `title_end` is where the title ends, or -1 when there is none: then a first line that ends
    without a stop is taken for one. A title is one sentence whatever stands in it, but for the
    bars and semicolons of a round-up.
    """
    again = _repeated(folded, title_end)
    if title_end < 0:
        title_end = _heading(folded)
    ends: list[int] = []
    paragraphs: list[int] = []
    paragraph = titles = 0
    for stop in _STOPS.finditer(folded):
        start, end = stop.span()
        if end <= title_end:
            if folded[start] not in _LIST_MARKS:
                continue
        elif folded[start] not in _ALWAYS and not _parts(folded, start, end):
            continue
        ends.append(end)
        paragraphs.append(paragraph)
        if start <= title_end:
            titles = len(ends)
        if folded.find("\n", start, end) >= 0:
            paragraph += 1
    if not ends or ends[-1] < len(folded):
        ends.append(len(folded))
        paragraphs.append(paragraph)
    if title_end >= 0 and not titles:
        titles = 1
    repeated = frozenset(at for at in range(titles, len(ends)) if ends[at] <= again)
    return Units(tuple(ends), tuple(paragraphs), titles, repeated)


def is_listed(title: str, starts: Sequence[int]) -> bool:
    """Tell whether what was matched in a folded title is one of several subjects of a round-up.

    `starts` are the offsets of the matches. Such a title names its column, then three subjects or
    more; one of them is the matched one, and not the first, which may be what the piece is about.
    """
    column = _LISTING.match(title)
    if column is None or not starts or min(starts) < column.end():
        return False
    begins = [column.end(), *(stop.end() for stop in _ITEM_ENDS.finditer(title, column.end()))]
    met = {bisect_right(begins, start) for start in starts}
    return len(begins) >= _LEAST_ITEMS and len(met) == 1 and met != {1}


def _first_line(folded: str, start: int) -> str:
    end = folded.find("\n", start)
    return folded[start:] if end < 0 else folded[start:end]


def _repeated(folded: str, title_end: int) -> int:
    """Say where the line ends with which the text says its title again; 0 when it does not."""
    if title_end < 0:
        return 0
    line = _first_line(folded, title_end + 1)
    title, other = (part.strip(_ASIDE) for part in (folded[:title_end], line))
    short, long = sorted((title, other), key=len)
    if not short or not long.startswith(short) or len(short) < _LEAST_ALIKE * len(long):
        return 0
    return min(title_end + 1 + len(line) + 1, len(folded))


def _heading(folded: str) -> int:
    """Say where the heading ends that begins a text without a title; -1 when none does."""
    line = _first_line(folded, 0)
    bare = line.rstrip()
    if not 0 < len(bare) <= _HEADING_LENGTH or len(line) == len(folded) or bare[-1] in _ENDING:
        return -1
    return len(line)


def _parts(folded: str, start: int, end: int) -> bool:
    """Tell whether the stop found here ends a sentence.

    A full stop does when white space follows, and two letters, a digit, a wide character or a
    closing mark stand before it: not after U.S., Mr. or initials, nor after the likes of Sept.
    """
    if folded.find("\n", start, end) >= 0:
        return True
    if not folded[end - 1].isspace() or not start:
        return False
    before = folded[start - 1]
    if before >= "\u1100" or before in _CLOSING or before.isdigit():
        return True
    word = folded[max(0, start - 3) : start].lstrip()
    return (
        word.isalnum() and len(word) > 1 and not _SHORTENED.search(folded, max(0, start - 5), end)
    )
