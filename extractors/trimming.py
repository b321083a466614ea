"""Lines that came along with an article's text and are none of it."""

from __future__ import annotations

import re

from extractors.dates import parse_date
from extractors.titles import fold

# Whole lines that call to subscribe, follow, share or install, credit a picture, or close a page.
_CALLS = re.compile(
    r"^[\W_]*(?:"
    r"(?:please )?(?:subscribe|sign up|sign in|log in|register)\b.{0,160}|(?:click|"
    r"tap) here\b.{0,120}|"
    r"(?:follow|like|join|find|connect with) (?:us|our|me|him|her)\b.{0,140}|"
    r"follow .{2,60} on (?:twitter|facebook|instagram|x|telegram)\b.{0,100}|"
    r"get (?:the|our|all|more|breaking|your)\b.{0,100}(?:inbox|newsletters?|app|alerts?|"
    r"headlines|updates)\b.{0,80}|"
    r"download (?:the|our)\b.{0,60}\bapp\b.{0,60}|(?:listen|watch|read) (?:to )?(?:us|live|"
    r"more)\b.{0,80}|"
    r"(?:have|got) (?:a|any) (?:news )?tips?\b.{0,200}|(?:write|email|contact|"
    r"reach)\b.{0,80}\bat \S+@\S+.{0,60}|"
    r"(?:send|email) .{0,60}\S+@\S+\.\w+|like this (?:story|article)\b.{0,80}|share this\b.{0,60}|"
    r"(?:this (?:copy|article|story|material) (?:is for your personal|may not be))\b.{0,200}|"
    r"(?:story|article) continues (?:below|after)\b.{0,60}|scroll (?:down )?(?:to|for)\b.{0,60}|"
    r"advertisements?|sponsored(?: content)?|promoted|loading\W*|comments?|leave a (?:comment|"
    r"reply)|\d+ comments?|"
    r"all rights reserved.{0,80}|©.{0,120}|copyright\b.{0,140}|order reprints|print article|"
    r"view (?:all )?comments|show more|load more|back to top|more information|"
    r"recommended(?: videos?| stories)?|"
    r"if you buy something through.{0,140}|thanks for signing up.{0,80}|"
    r"keep an eye on your inbox.{0,80}|"
    r"anzeige|werbung|newsletter.{0,60}|abonnieren sie.{0,100}|melden sie sich.{0,120}|"
    r"folgen sie uns.{0,100}|"
    r"publicité|abonnez-vous.{0,100}|suivez-nous.{0,100}|inscrivez-vous.{0,120}|"
    r"publicidad|suscr[ií]b(?:ete|ase)\b.{0,120}|s[ií]gu?[ea](?:nos|nos en)\b.{0,100}|"
    r"pubblicità|iscriviti\b.{0,120}|segui(?:ci)?\b .{0,60}(?:facebook|twitter|instagram|"
    r"telegram|whatsapp).{0,40}|"
    r"publicidade|assine\b.{0,100}|siga\b.{0,60}(?:facebook|twitter|instagram|whatsapp|"
    r"telegram).{0,60}|inscreva-se.{0,100}|"
    r"реклама|подпис(?:ывайтесь|аться|ывайся)\b.{0,140}|читайте нас\b.{0,100}|"
    r"следите за\b.{0,60}(?:telegram|телеграм|вконтакте|дзен).{0,60}|"
    r"підпис(?:уйтесь|уйся|атися)\b.{0,140}|читайте нас\b.{0,100}|следуйте за нами.{0,80}|"
    r"reklama|zapisz się\b.{0,120}|obserwuj nas.{0,100}|advertentie|abonneer\b.{0,80}|"
    r"schrijf je in\b.{0,100}|"
    r"annons|mainos|reklam|bizi takip edin.{0,80}|abone ol\b.{0,80}|إعلان|اشترك\b.{0,100}|"
    r"تابعنا\b.{0,80}|تابعونا\b.{0,80}|"
    r"広告|スポンサーリンク|この記事をシェア.{0,40}|無断転載.{0,40}|ⓒ.{0,100}|저작권자.{0,100}|"
    r"무단.{0,6}전재.{0,60}|"
    r"(?:责任编辑|責任編輯|编辑|校对|来源)\s*[::].{0,40}|[(\[【]?(?:责任编辑|責任編輯|"
    r"编辑)[::].{0,40}|点击.{0,20}(?:下载|关注).{0,40}|"
    r"theo dõi .{0,60}(?:facebook|google news|zalo|youtube).{0,40}|ikuti .{0,60}(?:google news|"
    r"whatsapp|telegram).{0,60}"
    r")[\W_]*$",
    re.IGNORECASE,
)  # fmt: skip
_CREDIT = re.compile(
    r"^[\W_]*(?:photos?|image|picture|pic|file photo|foto|fotos|bild|quelle|photo credit|"
    r"image credit|"
    r"crédit(?:s)?(?: photo)?|foto di|фото|зображення|изображение|zdjęcie|fot\.|kuva|사진|写真|"
    r"図|صورة)"
    r"\s*(?:[::©/]|by\b|credit|courtesy).{0,120}$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^[\W_]*(?:https?://|www\.)\S+$", re.IGNORECASE)
_TOP_LINES = 4  # lines at the top where the title and the byline may stand again
_LONGEST_CALL = 260


def trim_lines(text: str, titles: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return `text` without the lines that are no part of the article.

    `titles` are what the page calls itself: such a line at the top is the title again; `names`
    are its authors: a short line at the top that is little more than them, or than a date, is the
    byline.
    """
    lines = text.split("\n")
    heads = {fold(title) for title in titles if title}
    people = [fold(name) for name in names if len(name) > 4]
    kept = [
        line
        for index, line in enumerate(lines)
        if not (index < _TOP_LINES and _repeats_head(line, heads, people))
        and not (min(index, len(lines) - 1 - index) < _TOP_LINES and _ADDRESS.match(line))
        and not _is_call(line)
    ]
    while kept and kept[-1].rstrip().endswith(":") and len(kept[-1]) < 60:
        kept.pop()  # a lead-in whose list was cut
    return "\n".join(kept)


def _repeats_head(line: str, heads: set[str], people: list[str]) -> bool:
    if len(line) > 250:
        return False
    folded = fold(line.lstrip("#- "))
    if folded in heads:
        return True
    if (
        len(line) < 80
        and any(char.isdigit() for char in line)
        and len(line.split()) < 12
        and parse_date(line)[0]
    ):
        return True
    return len(line) < 80 and any(name in folded and len(name) * 3 > len(folded) for name in people)


def _is_call(line: str) -> bool:
    if len(line) > _LONGEST_CALL:
        return False
    return bool(_CALLS.match(line)) or bool(_CREDIT.match(line))
