"""An article's title: what the page's statements have in common, less the site's name."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from extractors.records import Candidate
from extractors.text import normalise_line

# How much each origin's word counts. Headline, h1 and og:title say the same on most pages; <title>
# is written for search engines, and Twitter's mostly repeats og:title, so they add little.
_WEIGHTS = {
    "entry": 1.1, "file": 1.1, "json-ld": 1.0, "opengraph": 1.05, "h1": 1.0, "microdata": 0.7,
    "text": 0.6, "meta": 0.3, "title": 0.4,
}  # fmt: skip
_WHOLE_TITLES = ("h1", "json-ld", "opengraph", "entry")
_BEGUN = 0.8  # how much of the weight a title lends that begins, or is begun by, another
_NEAR = 0.6  # how much of the weight a like-worded title lends

_SEPARATOR = re.compile(
    r"\s+[|\-–—·•:»«›/~∣｜－]+\s+|\s*[|｜∣]\s*|\s+::\s+|(?<=\S)\s*[–—]\s+(?=[A-Z][\w.]{2,}$)|"
    r"\s*：\s*|(?<=[\u3040-\u9fff])_(?=[\u3040-\u9fff])"
)
_AFTER = re.compile(r"\s*[|\-–—·•»›/~∣｜－_]+\s*\S")  # how a section or site's name is hung on
_LONGEST_SECTION = 40
_SHORTEST_WHOLE = 12  # characters of a title that others may hang a section on
_FOLD_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»‘’‚‛`´′″「」『』', "'"))
_WORD = re.compile(r"\w+")
_NO_NAME = re.compile(r"[\d./:,-]{6,}")  # a date behind the site's name
_TRUNCATED = re.compile(r"\s*(?:…|\.\.\.)$")


@dataclass(frozen=True, slots=True)
class Choice:
    """The title chosen (None when nobody states one) and every candidate, the chosen one marked."""

    title: str | None
    candidates: tuple[Candidate, ...] = ()


def choose_title(statements: list[tuple[str, str]], sites: tuple[str, ...]) -> Choice:
    """Choose among (origin, title) statements by agreement.

    `sites` are the names the site goes by (publisher, og:site_name, host): they are cut from the
    ends of each title first. Equal titles add their weights up, like-worded ones lend a part of
    theirs; among equals the earlier origin of opengraph, json-ld, h1 wins.
    """
    # Most origins state the same words: they are looked at once.
    stripped = {value: strip_site(value, sites) for value in {value for _, value in statements}}
    bare = set(map(fold, sites))
    own = {value for value, title in stripped.items() if not title or fold(title) in bare}
    cleaned = [(origin, value, stripped[value]) for origin, value in _first_h1(statements)]
    cleaned = [item for item in cleaned if item[1] not in own] or cleaned
    wholes = {title for origin, _, title in cleaned if origin in _WHOLE_TITLES}
    agreed = _agreed(cleaned)
    cleaned = [
        (
            origin,
            value,
            title if origin == "title" or title in agreed else _without_section(title, wholes),
        )
        for origin, value, title in cleaned
    ]
    if not cleaned:
        return Choice(None)
    forms = [_Form(origin, fold(title), _words(title)) for origin, _, title in cleaned]
    scores = [_score(form, forms) for form in forms]
    best = max(
        range(len(cleaned)), key=lambda index: (scores[index], _WEIGHTS.get(cleaned[index][0], 0))
    )
    candidates = tuple(
        Candidate("title", origin, value, chosen=index == best)
        for index, (origin, value, _) in enumerate(cleaned)
    )
    return Choice(cleaned[best][2], candidates)


def _agreed(cleaned: list[tuple[str, str, str]]) -> set[str]:
    """Return the titles that the headline on the page and another origin state to the letter:
    what stands at their end is theirs.
    """
    heads = {fold(title) for origin, _, title in cleaned if origin == "h1"}
    rest = {fold(title) for origin, _, title in cleaned if origin in ("json-ld", "opengraph")}
    return {title for _, _, title in cleaned if fold(title) in heads & rest}


@lru_cache(maxsize=64)  # asked twice of a page
def hung_names(statements: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Return what the document's title hangs on a headline's very end or puts before it, which is
    mostly the site's name: 'Ferry found | Bay | Courier' gives 'Courier'.
    """
    wholes = [fold(title) for origin, title in statements if origin in _WHOLE_TITLES]
    found: dict[str, None] = {}
    for title in (fold(value) for origin, value in statements if origin == "title"):
        for whole in wholes:
            before, own, after = title.partition(whole)
            pieces = _SEPARATOR.split(after if own and not before else "")
            name = pieces[-1] if len(pieces) > 1 else ""
            if own and before and not after:
                name = _SEPARATOR.split(before)[0]
            name = _NO_NAME.sub("", name).strip(" :-–—|»,")
            if 2 < len(name) <= _LONGEST_SECTION and name not in wholes:
                found[name] = None
    return tuple(found)


def strip_site(title: str, sites: tuple[str, ...]) -> str:
    """Cut the site's names, and sections before them, off either end of a title."""
    text = normalise_line(html.unescape(title))
    names = {_squeeze(name) for name in sites if name}
    for name in sorted(sites, key=len, reverse=True):
        cut = _whole_name(text, normalise_line(name))
        if cut:
            text = cut
            break
    for _ in range(3):
        pieces = [(match.start(), match.end()) for match in _SEPARATOR.finditer(text)]
        if not pieces:
            break
        start, end = pieces[-1]
        if _is_site(text[end:], names):
            text = text[:start].rstrip()
            continue
        start, end = pieces[0]
        if _is_site(text[:start], names):
            text = text[end:].lstrip()
            continue
        break
    return text


def _without_section(title: str, wholes: set[str]) -> str:
    """Return the title another origin states, where this one only adds a section to an end."""
    for whole in wholes:
        rest = len(title) - len(whole)
        if len(whole) < _SHORTEST_WHOLE or not 2 < rest <= _LONGEST_SECTION:
            continue
        if fold(title[: len(whole)]) == fold(whole) and _AFTER.match(title[len(whole) :]):
            return whole
        if fold(title[rest:]) == fold(whole) and _AFTER.match(title[:rest][::-1]):
            return whole
    return title


def _whole_name(text: str, name: str) -> str | None:
    """Cut a site's whole name off the end, for names that hold a separator themselves."""
    if len(name) < 4 or not text.casefold().endswith(name.casefold()):
        return None
    rest = text[: -len(name)].rstrip()
    cut = rest.rstrip("|-–—·•:»/~∣｜－ ")
    return cut if cut and cut != rest else None


@lru_cache(maxsize=512)  # a page says the same titles and names in many places
def fold(text: str) -> str:
    """Return a title as it is compared: NFKC, case folded, quotes and spaces folded."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_FOLD_QUOTES)
    return " ".join(folded.split())


def _first_h1(statements: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Keep of several h1 (logos, teasers) the one most like what the others say."""
    heads = [value for origin, value in statements if origin == "h1"]
    if len(heads) <= 1:
        return statements
    rest = [_words(value) for origin, value in statements if origin != "h1"]

    def likeness(head: str) -> tuple[float, int]:
        words = _words(head)
        return sum(_alike(words, other) for other in rest), -heads.index(head)

    best = max(heads, key=likeness)
    return [item for item in statements if item[0] != "h1" or item[1] == best]


@dataclass(frozen=True, slots=True)
class _Form:
    origin: str
    folded: str
    words: frozenset[str]


def _words(title: str) -> frozenset[str]:
    return frozenset(_WORD.findall(title.casefold()))


def _score(own: _Form, forms: list[_Form]) -> float:
    total = 0.0
    counted: set[str] = set()
    for form in forms:
        if form.origin in counted and form is not own:
            continue  # one origin has one vote
        counted.add(form.origin)
        weight = _WEIGHTS.get(form.origin, 0.3)
        if form.folded == own.folded:
            total += weight
        elif _starts(own.folded, form.folded):
            # What others say with a tail is the headline that readers see.
            total += weight * (1.0 if own.origin == "h1" else _BEGUN)
        elif _starts(form.folded, own.folded):
            total += weight * _BEGUN
        else:
            total += weight * _NEAR * _alike(own.words, form.words)
    return total - (0.5 if _TRUNCATED.search(own.folded) else 0.0)


def _starts(short: str, long: str) -> bool:
    cut = _TRUNCATED.sub("", short)
    return len(cut) >= 20 and long.startswith(cut)


def _alike(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / len(one | two) if one and two else 0.0


def _squeeze(name: str) -> str:
    return re.sub(r"^the|[\W_]+|(?:com|net|org)$", "", name.casefold())


def _is_site(piece: str, names: set[str]) -> bool:
    squeezed = _squeeze(piece)
    if not squeezed or squeezed in names:
        return bool(squeezed)
    if len(piece) > _LONGEST_SECTION or re.search(r":\s", piece):
        return False
    if _squeeze(piece.split(maxsplit=1)[0]) in names and len(piece.split()) <= 3:  # CNN Politics
        return True
    return len(squeezed) >= 4 and any(
        len(name) >= 4 and (squeezed.startswith(name) or name.startswith(squeezed))
        for name in names
    )
