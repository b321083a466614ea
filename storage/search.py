"""Full-text search: a person's words into one regular expression each, run over the stored texts.

The table macro `search` (sql/views/21_search.sql) does the work inside the database, so that it is
there for every client and can never be stale: there is no index. This module has the same search
as a function, and writes the table of letters that the macro looks up
(`python -m storage.search` renews sql/views/20_search_letters.sql out of the Unicode tables).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from storage.errors import QueryError
from storage.session import Session

LETTERS_SQL = Path(__file__).with_name("sql") / "views" / "20_search_letters.sql"

# Latin, Greek, Cyrillic, Armenian, Arabic, Vietnamese; full width and half width.
_BLOCKS = ((0x30, 0x233), (0x386, 0x4FF), (0x531, 0x587), (0x621, 0x6D3), (0x1E00, 0x1EFF),
           (0xFF10, 0xFF5A), (0xFF66, 0xFF9D))  # fmt: skip
# Cyrillic short i and yi are letters of their own; only io is also written without its dots.
_OWN_LETTERS = "йї"
# What no decomposition says is the same letter.
_SAME = {
    "ø": "o", "đ": "d", "ł": "l", "ı": "i", "ς": "σ", "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك",
    "ٱ": "ا",
}  # fmt: skip
# Letters that stand for two, and what else is written as two.
_PAIRS = {"æ": "ae", "œ": "oe", "ß": "ss"}
_WRITTEN_AS = {"ae": "æÆäÄ", "oe": "œŒöÖøØ", "ss": "ßẞ", "ue": "üÜ"}

_HEAD = """\
-- What a search takes for the same letter: case, diacritics, width, hamza. Generated out of the
-- Unicode tables by `python -m storage.search`.
"""

_SEARCH = """
SELECT article_id, score, published_at, publisher, language, title, snippet, url
FROM search(?, topic := ?, since := ?, until := ?, language := ?)
ORDER BY score DESC, published_at DESC NULLS LAST, article_id
LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found; `published_at` is UTC or None, `score` is higher for a better match."""

    article_id: str
    score: float
    published_at: datetime | None
    publisher: str | None
    language: str | None
    title: str | None
    snippet: str
    url: str | None


def search(
    connection: Session,
    query: str,
    *,
    topic: str | None = None,
    since: date | None = None,
    until: date | None = None,
    language: str | None = None,
    limit: int = 20,
) -> list[Hit]:
    """Find the articles that hold all words of `query`, best first.

    `since` and `until` are UTC days, both included; `topic` keeps the articles on that topic.
    Raises QueryError for a query without a word, or with more than six.
    """
    given = [query, topic, since, until, language, limit]
    try:
        return [Hit(*row) for row in connection.execute(_SEARCH, given).fetchall()]
    except duckdb.InvalidInputException as error:
        line = str(error).splitlines()[0]
        raise QueryError(line.removeprefix("Invalid Input Error: ")) from error


def letters_sql() -> str:
    """The SQL file with two macros: a text in plain letters, and the class of a plain letter."""
    groups = _groups()
    forms = [(form, group[0]) for group in groups if len(group[0]) == 1 for form in group[1:]]
    forms += [(letter.upper(), letter) for letter in _PAIRS]
    plain = f"translate(\n    letter,\n    '{_joined(forms, 0)}',\n    '{_joined(forms, 1)}')"
    for letter, pair in _PAIRS.items():
        plain = f"replace({plain}, '{letter}', '{pair}')"
    classes = " ".join(f"{group[0]}={_class(group)}" for group in groups)
    return (
        f"{_HEAD}CREATE OR REPLACE MACRO search_plain(letter) AS {plain};\n\n"
        "CREATE OR REPLACE MACRO search_class(plain) AS nullif(split_part(split_part(\n"
        f"    ' {classes} ',\n    ' ' || plain || '=', 2), ' ', 1), '');\n"
    )


def _joined(pairs: list[tuple[str, str]], which: int) -> str:
    return "".join(pair[which] for pair in pairs)


def main() -> None:
    """Write the table of letters."""
    LETTERS_SQL.write_text(letters_sql(), encoding="utf-8")


def _class(group: list[str]) -> str:
    """What a group becomes in an expression, in brackets that no text has: a class, or a choice."""
    if len(group[0]) == 1:
        return f"⟦{''.join(group)}⟧"
    return f"⦅{'¦'.join(group[1:])}⦆"


def _groups() -> list[list[str]]:
    """Groups of two or more spellings; a letter stands in one group only."""
    forms: dict[str, list[str]] = defaultdict(list)
    for first, last in _BLOCKS:
        for letter in map(chr, range(first, last + 1)):
            base = _base(letter)
            if base:
                forms[base].append(letter)
    several = [list(dict.fromkeys([b, *found])) for b, found in forms.items() if b not in _PAIRS]
    pairs = [
        [pair, "".join(f"⟦{''.join(forms[half])}⟧" for half in pair), *letters]
        for pair, letters in _WRITTEN_AS.items()
    ]
    return [group for group in sorted([*several, *pairs]) if len(group) > 1]


def _base(letter: str) -> str | None:
    """The plain lower-case letter or digit that `letter` is a form of; None when it is none."""
    folded = unicodedata.normalize("NFKC", letter).lower()
    if folded not in _OWN_LETTERS and folded not in _PAIRS:
        parts = unicodedata.normalize("NFD", folded)
        folded = "".join(part for part in parts if not unicodedata.combining(part))
    folded = _SAME.get(folded, folded)
    return folded if len(folded) == 1 and folded.isalnum() else None


if __name__ == "__main__":
    main()
