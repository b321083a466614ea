"""Who signed a text: names that stand in it as papers of a country write them. Pure.

Asked only where nothing beside the text names a person.
"""

from __future__ import annotations

import re

from extractors.bylines import BY_WORDS

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
# (서울=연합뉴스) 홍길동 기자 =
_KOREAN = re.compile(r"(?P<one>[가-힣]{2,4})\s?(?:선임|인턴|수습)?기자\s*(?:=|\S+@\S+|$)")
# …した。【早瀬由紀、栗原達也】
_JAPANESE = re.compile(
    r"【(?P<many>[\u3040-\u30ff\u4e00-\u9fff・]{3,8}(?:、[\u3040-\u30ff\u4e00-\u9fff・]{3,8}){0,4})】$"
)


def signed_by(text: str) -> list[str]:
    """Return the bylines that stand in the first and last lines of a text; none for most."""
    lines = text.split("\n")
    ends = lines[:_HEAD] + lines[max(_HEAD, len(lines) - _TAIL) :]
    for line in ends:
        if len(line) >= 100:
            continue
        signed = _LABELLED.match(line) or _PICTURED.match(line)
        if signed:
            return [signed["names"]]
    for line in lines[-_INFORMERS:]:
        informed = _INFORMED.match(line) if len(line) < 100 else None
        if informed:
            return [informed["names"]]
    for pattern in (_CHINESE, _KOREAN, _JAPANESE):
        for line in ends:
            match = pattern.search(line[:120]) or pattern.search(line[-120:])
            if match:
                found = match.groupdict()
                return re.split("[、 ，]", found.get("many") or found["one"])
    last = lines[-1]
    if len(lines) > _HEAD and len(last) <= _LONGEST_NAME and _NAME.match(last):
        # In plain letters it may as well be a place or a paper.
        signs = not last.isascii() and all(word[0].isupper() for word in last.split())
        return [last] if signs else []
    return []
