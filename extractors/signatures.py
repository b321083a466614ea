"""Who signed a text: names that stand in it as papers of a country write them. Pure.

Asked only where nothing beside the text names a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractors.bylines import BY_WORDS
from extractors.titles import fold

_LABELLED = re.compile(rf"^(?:{BY_WORDS})\s*[:：／/]\s*(?P<names>\S.{{2,80}})$", re.IGNORECASE)
# A line of nothing but two to four capitalised words: papers from Lisbon to Hanoi end so.
_NAME = re.compile(r"^[^\W\d_][^\W\d_'’.-]*(?:[\s'’-][^\W\d_][^\W\d_'’.-]*){1,3}$")
# With an agency behind it: Mit Informationen von Anna Kald, Küstenradio.
_INFORMED = re.compile(
    r"^(?:mit|nach) informationen (?:von|aus) (?P<names>\S.{2,80})$", re.IGNORECASE
)
# Асель ЖУМАБЕКОВА. Фото автора.
_PICTURED = re.compile(
    r"^(?P<names>[^\W\d_][^\W\d_'’-]+(?:[\s-][^\W\d_][^\W\d_'’-]+){1,2})[.,]\s*"
    r"(?:фото|foto|photo|fotos)\b.{0,40}$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s+[-–]\s+|,\s+")
_LONGEST_NAME = 32
_INFORMERS = 8  # lines at the end that may tell whose information it was
_HEAD, _TAIL = 3, 2  # lines at either end that may hold a signature
# 新华社…电（记者张三、李四）; （中央社記者張曉薇台北13日電）; 記者張曉薇／台北報導
_CHINESE = re.compile(
    r"[（(](?:本报|本報)?[记記]者[:： ]?"
    r"(?P<many>[\u4e00-\u9fff]{2,4}(?:[、 ，][\u4e00-\u9fff]{2,4}){0,4})[）)]|"
    r"[记記]者(?P<one>[\u4e00-\u9fff]{3})(?:[／/][\u4e00-\u9fff]{2,8}|"
    r"[\u4e00-\u9fff]{2,6}?\d{1,2}日)?"
    r"(?:綜合|专)?(?:報導|报道|電|电|專電)"
)
# 晚报记者 罗曼 实习生 丁小舟, as a line of its own
_CHINESE_LINE = re.compile(
    r"^[\u4e00-\u9fff]{0,10}[记記]者[\s:：]+(?P<many>[\u4e00-\u9fff]{2,4}"
    r"(?:[、，\s]+(?:(?:实习生|实习记者|通讯员|见习记者|特約|记者|記者)[\s:：]*)?[\u4e00-\u9fff]{2,4}){0,5})$"
)
_CHINESE_WORK = re.compile("实习生|实习记者|通讯员|见习记者|特約|[记記]者")
# (서울=연합뉴스) 홍길동 기자 =; <홍길동 기자>
_KOREAN = re.compile(
    r"(?P<one>[가-힣]{2,4})\s?(?:선임|인턴|수습)?기자\s*(?:=|\S+@\S+|$)|"
    r"^[<(\[](?P<many>[가-힣]{2,4})\s?(?:선임|인턴|수습)?기자[>)\]]$"
)
# …した。【早瀬由紀、栗原達也】; as a line of its own （文・早瀬由紀） or （高松支局 早瀬由紀）,
# but not （社会部） or （東京支社 広報部）
_JAPANESE = re.compile(
    r"【(?P<many>[\u3040-\u30ff\u4e00-\u9fff・]{3,8}(?:、[\u3040-\u30ff\u4e00-\u9fff・]{3,8}){0,4})】$|"
    r"^[（(](?:文[・:：／/]|[\u4e00-\u9fff]{1,8}(?:[支総]局|支社|通信部) )"
    r"(?P<written>[\u3040-\u30ff\u4e00-\u9fff 、]{3,30})(?<![社部班局課室係])[）)]$|"
    r"^[（(](?P<one>[\u4e00-\u9fff]{2}[\u3040-\u309f\u4e00-\u9fff]{1,3}"
    r"[^\W部班局社課略信員面報紙県市区町村会談完編])[）)]$"
)
# The woman who wrote down no, By Ann Lee
_TITLED = re.compile(r",\s[Bb]y\s(?P<names>[A-Z][^\s,]+(?:\s[A-Z][^\s,]*){1,3})$")
# Thai papers end: สมชาย ใจดี / รายงาน
_THAI = re.compile(r"^(?P<names>[\u0e00-\u0e7f. ]{5,40}?)\s*/\s*รายงาน$")
# Papers of the Levant begin: البلد - سلمى الحداد - and then the story.
_DATELINED = re.compile(
    r"^(?P<house>[^\W\d_][\w .]{1,30}?)\s*[-–—]\s*(?P<names>\w+(?: \w+){1,3})\s*[-–—:]\s*\S"
)


def signed_by(text: str, houses: tuple[str, ...] = ()) -> list[str]:
    """Return the bylines that stand in the first and last lines of a text; none for most.

    `houses` are the names the site goes by, behind which a story may begin with its author's.
    """
    lines = text.split("\n")
    ends = lines[:_HEAD] + lines[max(_HEAD, len(lines) - _TAIL) :]
    for line in ends:
        if len(line) >= 100:
            continue
        signed = _LABELLED.match(line) or _PICTURED.match(line) or _THAI.match(line)
        if signed:
            return [signed["names"]]
    for line in lines[-_INFORMERS:]:
        informed = _INFORMED.match(line) if len(line) < 100 else None
        if informed:
            return [informed["names"]]
    return _signed_in_east(ends) or _behind_house(lines[0], houses) or _last_line(lines)


def _signed_in_east(ends: list[str]) -> list[str]:
    for pattern in (_CHINESE, _CHINESE_LINE, _KOREAN, _JAPANESE):
        for line in ends:
            match = pattern.search(line[:120]) or pattern.search(line[-120:])
            if match:
                found = match.groupdict()
                if found.get("written"):
                    return [found["written"]]
                many = found.get("many") or found["one"]
                return [name for name in re.split("[、 ，]", _CHINESE_WORK.sub(" ", many)) if name]
    return []


def _behind_house(line: str, houses: tuple[str, ...]) -> list[str]:
    begins = _DATELINED.match(line[:120])
    house = fold(begins["house"]) if begins else ""
    return [begins["names"]] if begins and house in map(fold, houses) else []


def _last_line(lines: list[str]) -> list[str]:
    """Return the names that are all of the last line, each of capitalised words. In plain letters
    these may as well be a place or a paper.
    """
    names = _BETWEEN.split(lines[-1]) if len(lines[-1]) <= 2 * _LONGEST_NAME else []
    if len(lines) <= _HEAD or lines[-1].isascii() or len(names) > 2:
        return []
    signs = all(
        len(name) <= _LONGEST_NAME
        and _NAME.match(name)
        and all(word[0].isupper() for word in name.split())
        for name in names
    )
    return names if signs else []


def signed_in_title(titles: Iterable[str]) -> list[str]:
    """Return the names behind the 'By' with which the first of `titles` that has one ends."""
    return next(([signed["names"]] for title in titles if (signed := _TITLED.search(title))), [])
