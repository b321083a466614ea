"""Telling an old encoding by what it would make of the bytes: the reading with the most letters
that its languages write all the time is the right one.
"""

from __future__ import annotations

import re

# The most frequent letters of the languages an encoding was made for. A wrong reading spreads
# over rare letters and signs; the right one is mostly these.
_TELLTALES = {
    "cp1251": "оеаинтсрвлкмдпуыяьзбгчйхжшію",
    "koi8-r": "оеаинтсрвлкмдпуыяьзбгчйхжшію",
    "iso-8859-5": "оеаинтсрвлкмдпуыяьзбгчйхжш",
    "cp949": "이다는의을를에고하가지서도한로기사시대인정어은자리",
    "cp932": "のにはをたがでてとしれさいるあっかなもこりらくまん。、日",
    "euc-jp": "のにはをたがでてとしれさいるあっかなもこりらくまん。、日",
    "gb18030": "的一是在了不和有人这中大为上个国说年会对，。",
    "big5hkscs": "的一是在了不和有人這中大為上個國說年會對，。",
    "cp1256": "اليمنوترعدبسفهقكحجةشصط",
    "cp1255": "יוהלאברתמשנעדקחפכםטגסצן",
    "cp1253": "αοιετσνηυρπκμλςωάόίέγδ",
    "cp874": "านรอกเงมยลวดสตะปบคหแ",
    "cp1250": "ąęłśćżźóńěščřžýáíéúůöüőű",
    "cp1254": "ışğçöüİâ",
    "cp1252": "éèêàâçîôùäöüßñáíóúãõåæøìò’“”",
}
# The share such letters have in a right reading of news; large alphabets spread wider.
_TYPICAL = {"cp949": 0.35, "cp932": 0.5, "euc-jp": 0.5, "gb18030": 0.2, "big5hkscs": 0.2}
_SAMPLE = 60_000
_TOO_LITTLE = 8  # fewer characters than this prove nothing
_MARKUP = re.compile(
    rb"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL
)


def guess_codec(body: bytes) -> str | None:
    """Return the Python codec that makes the most sense of `body`, None for (nearly) plain ASCII.

    UTF-8 is not among the answers: it can be proved, and the caller has tried.
    """
    sample = _MARKUP.sub(b" ", body[: _SAMPLE * 4])[:_SAMPLE]
    if sample.isascii():
        sample = body[:_SAMPLE]
    if sum(byte > 127 for byte in sample) < _TOO_LITTLE:
        return None
    return max(_TELLTALES, key=lambda codec: likelihood(sample, codec))


def likelihood(sample: bytes, codec: str) -> float:
    """Return how well a codec reads `sample`, about 1 for a right reading: the share of its
    frequent letters among what is not ASCII, less what it cannot read.
    """
    text = sample.decode(codec, "replace")
    foreign = [char for char in text if char > "\x7f" and not char.isspace()]
    if not foreign:
        return 0.0
    frequent = set(_TELLTALES.get(codec, ""))
    hits = sum(char in frequent for char in foreign)
    broken = sum(
        char == "\ufffd" or "\x80" <= char <= "\x9f" or "\ue000" <= char <= "\uf8ff"
        for char in foreign
    )
    return (hits / _TYPICAL.get(codec, 0.95) - 4 * broken) / len(foreign)
