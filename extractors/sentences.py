"""Where the first sentence of a news text ends, in any script.

Rules rather than a model: only the first sentence is ever asked for, and a wrong stop costs a
title a few words. Unknown cases read on, since a title may be cut but not completed.
"""

from __future__ import annotations

import re

TITLE_LENGTH = 120

_STOP = re.compile(r"[.!?\u2026\u061f\u06d4\u0964\u0965\u3002\uff01\uff1f\uff0e\u1362]+")
# Full-width stops end a sentence without a space after them.
_FULL_WIDTH = "\u3002\uff01\uff1f\uff0e"
_CLOSING = "\"'\u201d\u2019\u00bb\u203a)]}\u300d\u300f\u3011\uff09\u300b\u3009"
_OPENING = (
    "\"'\u201c\u2018\u00ab\u2039([{\u300c\u300e\u3010\uff08\u300a\u3008\u201e\u201a\u00bf\u00a1"
    "-\u2013\u2014"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201c\u2018\u00ab\u201e]+$")
_NEXT_WORD = re.compile(r"[\w'\u2019]+")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ORDINAL = re.compile(r"\d{1,2}")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Languages that write ordinals with a stop: '13. September'.
_ORDINAL_LANGUAGES = _words("cs da de et fi hr hu is lv no pl sk sl tr")
# Words after 'U.S.' or 'p.m.' that show a new sentence, since a name would follow otherwise.
_STARTERS = _words(
    "the a an he she it they we i you in on at as by for from with after before but and or that"
    " this these those his her its their there when while however if meanwhile both one"
)
_ABBREVIATIONS = _words(
    # titles and ranks
    "mr mrs ms dr prof gen lt col sgt capt cpl maj cmdr adm sen rep gov pres hon rev fr st jr"
    " sr messrs supt det insp amb sec brig pvt mme mlle mm sra srta dra ing lic hr fru dipl"
    # firms, places, counting
    " inc ltd co corp bros nos vs vol fig pp ed est approx dept univ ave blvd rd mt ft nr str"
    " bzw ca abs usw sog bspw ggf evtl etc cf viz resp tel"
    # months
    " jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc okt dez"
    # Russian and Ukrainian
    " г гг ул им обл руб млн млрд тыс стр см пр просп акад ген полк кап тов проф грн вул р рр"
)


def first_sentence(paragraph: str, language: str | None = None) -> str:
    """Return the first sentence of a paragraph with its stop and closing quotes.

    Stops after abbreviations, initials, ordinals and inside numbers do not count; nor does a stop
    inside a quotation that the sentence goes on from. Without any stop it is the whole paragraph.
    """
    for stop in _STOP.finditer(paragraph):
        end = stop.end()
        while end < len(paragraph) and paragraph[end] in _CLOSING:
            end += 1
        if _ends(paragraph, stop, end, language):
            return paragraph[:end].strip()
    return paragraph.strip()


def _ends(text: str, stop: re.Match[str], end: int, language: str | None) -> bool:
    rest = text[end : end + 60]
    if not rest.strip():
        return True
    if stop[0][-1] in _FULL_WIDTH:
        # 「…。」と述べた: what follows a quotation without a space belongs to its sentence.
        return end == stop.end() or rest[0].isspace() or rest[0] in _OPENING
    if not rest[0].isspace():
        return False
    following = rest.lstrip()
    if following.lstrip(_OPENING)[:1].islower():
        return False
    if following[0] in "-\u2013\u2014" and end > stop.end():
        return False  # a quotation, a dash, and who said it
    return stop[0] != "." or not _goes_on(
        text[max(stop.start() - 40, 0) : stop.start()], following, language
    )


def _goes_on(before: str, following: str, language: str | None) -> bool:
    """Say whether the word before a single full stop makes it something else than the end."""
    match = _LAST_WORD.search(before)
    word = match[0] if match else ""
    nearest = _NEXT_WORD.match(following.lstrip(_OPENING))
    following_word = nearest[0] if nearest else ""
    if _ACRONYM.fullmatch(word):
        return following_word.lower() not in _STARTERS
    if len(word) == 1 and word.isalpha():
        return word.isupper() or word.lower() in _ABBREVIATIONS
    if _ORDINAL.fullmatch(word):
        return language in _ORDINAL_LANGUAGES
    return word.lower() in _ABBREVIATIONS


def cut_title(sentence: str, length: int = TITLE_LENGTH) -> str:
    """Return the sentence in at most `length` characters, cut at a word and ending in …."""
    if len(sentence) <= length:
        return sentence
    room = sentence[:length]
    space = room.rfind(" ")
    # Scripts without spaces are cut at the character.
    kept = room[:space] if space >= length // 2 else room[: length - 1]
    return kept.rstrip(" ,;:\u2013\u2014-\u3001\uff0c\u060c(\u201c\u2018\"'") + "\u2026"
