"""Write the project's own pages: stories.toml told through fourteen page templates.

Run it after changing either (`python tests/quality/extraction/make_pages.py`); the pages and
their expected articles under tests/data/pages are what the tests read, so a change shows in the
diff. Everything is derived from the story's place in the file: two runs write the same bytes.
"""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from pathlib import Path
from string import Template
from typing import Any

HERE = Path(__file__).parent
PAGES = HERE.parent.parent / "data" / "pages"

TEMPLATES = (
    "wordpress", "broadsheet", "tables", "microdata", "chunks", "amp", "metered", "brokenjson",
    "dublin", "blocks", "breaks", "application",
)  # fmt: skip

# Where an old page of that language would not be in UTF-8.
CHARSETS = {
    "en": "iso-8859-1", "de": "windows-1252", "fr": "windows-1252", "es": "windows-1252",
    "it": "windows-1252", "pt": "windows-1252", "ru": "windows-1251", "uk": "windows-1251",
    "pl": "windows-1250", "tr": "windows-1254", "ar": "windows-1256", "he": "windows-1255",
    "ko": "euc-kr", "ja": "shift_jis", "zh": "gb18030",
}  # fmt: skip
# The template each language's old-fashioned page is told through is fixed so that these charsets
# are all met: the third story always uses the tables.
ODD_CHARSETS = {"ru": "koi8-r", "ja": "euc-jp", "zh": "big5"}
MONTHS = {
    "en": ("September", "{d} {m} {y}"), "de": ("September", "{d}. {m} {y}"),
    "fr": ("septembre", "{d} {m} {y}"), "es": ("septiembre", "{d} de {m} de {y}"),
    "it": ("settembre", "{d} {m} {y}"), "pt": ("setembro", "{d} de {m} de {y}"),
    "ru": ("сентября", "{d} {m} {y}"), "uk": ("вересня", "{d} {m} {y}"),
    "pl": ("września", "{d} {m} {y}"), "tr": ("Eylül", "{d} {m} {y}"),
    "ar": ("سبتمبر", "{d} {m} {y}"), "he": ("בספטמבר", "{d} {m} {y}"),
    "ko": ("9", "{y}년 {m}월 {d}일"), "ja": ("9", "{y}年{m}月{d}日"),
    "zh": ("9", "{y}年{m}月{d}日"),
}  # fmt: skip
BY = {
    "en": "By", "de": "Von", "fr": "Par", "es": "Por", "it": "di", "pt": "Por", "ru": "Автор:",
    "uk": "Автор:", "pl": "Autor:", "tr": "Yazan:", "ar": "كتب:", "he": "מאת", "ko": "글:",
    "ja": "文:", "zh": "作者:",
}  # fmt: skip
# How a paper of each language signs a story; what is no name in it must not be taken for one.
BYLINES = {
    "en": "By {one} and {two} in Oslo", "de": "Von {one} und {two}, Berlin",
    "fr": "Par {one} et {two} (avec AFP)", "es": "Por {one} y {two}, Agencia EFE",
    "it": "di {one} e {two}", "pt": "Por {one} e {two}", "ru": "Текст: {one}, {two}",
    "uk": "Автори: {one} та {two}", "pl": "Oprac. {one}, {two}, PAP", "tr": "{one} - Ankara",
    "ar": "كتب: {one} - القاهرة", "he": "מאת {one}", "ko": "{one} 기자 desk@paper.example",
    "ja": "東京＝{one}", "zh": "记者{one}／北京报道",
}  # fmt: skip
SECTIONS = {
    "en": "World", "de": "Ausland", "fr": "Monde", "es": "Mundo", "it": "Mondo", "pt": "Mundo",
    "ru": "Мир", "uk": "Світ", "pl": "Świat", "tr": "Dünya", "ar": "العالم", "he": "עולם",
    "ko": "국제", "ja": "国際", "zh": "国际",
}  # fmt: skip
# Told in every language beside the four stories of _template.
EVERYWHERE = ("shell", "bylined")
# Templates that name no author, or whose date has no time.
UNSIGNED = {"tables"}
SECOND_AUTHOR = {"brokenjson", "application"}
BOTH_AUTHORS = {"broadsheet", "amp", "shell"}
STANDFIRST = {"broadsheet", "metered", "blocks"}


def main() -> None:
    """Write every page and its expected article."""
    PAGES.mkdir(parents=True, exist_ok=True)
    stories = tomllib.loads((HERE / "stories.toml").read_text("utf-8"))
    for place, (language, paper) in enumerate(stories.items()):
        for number in range(4 + len(EVERYWHERE)):
            name = "tables" if number == 2 else _template(place, number)
            if number >= 4:
                name = EVERYWHERE[number - 4]
            page, expected = tell(language, paper, number, name, place)
            stem = PAGES / f"{language}-{number + 1}-{name}"
            stem.with_suffix(".html").write_bytes(page)
            text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
            stem.with_suffix(".json").write_text(text + "\n", "utf-8")


def _template(place: int, number: int) -> str:
    others = [name for name in TEMPLATES if name != "tables"]
    return others[(place * 3 + number - (number > 2)) % len(others)]


def tell(
    language: str, paper: dict[str, Any], number: int, name: str, place: int
) -> tuple[bytes, dict[str, Any]]:
    """Tell one story through one template: (the page's bytes, the expected article)."""
    paragraphs = [paper["paragraphs"][(number + step) % 7] for step in range(6)]
    hours = int(paper["zone"][:3])
    zone = timezone(timedelta(hours=hours))
    when = datetime(2023, 9, 4 + place, 6 + 3 * number, 17 + place, tzinfo=zone)
    later = when + timedelta(hours=1, minutes=5)
    month, form = MONTHS[language]
    url = f"https://www.{paper['host']}/{when:%Y/%m/%d}/story-{number + 1}"
    charset = "utf-8"
    if name == "tables":
        charset = ODD_CHARSETS.get(language, CHARSETS[language])
        if charset == "big5":
            charset = "gb18030"
    others = [title for index, title in enumerate(paper["titles"]) if index != number % 4]
    first, second = paper["authors"]
    fields = {
        "lang": language, "site": paper["site"], "host": paper["host"], "url": url,
        "dir": ' dir="rtl"' if language in ("ar", "he") else "", "locale": f"{language}_XX",
        "title": paper["titles"][number % 4], "lead": paper["lead"], "more": paper["more"],
        "other1": others[0], "other2": others[1], "other3": others[2],
        "author1": first, "author2": second, "by": BY[language], "comment": others[1] + "!",
        "utc": f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00",
        "later_utc": f"{later.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00",
        "local": when.isoformat(), "later_local": later.isoformat(),
        "section": SECTIONS[language], "naive": f"{when:%Y-%m-%dT%H:%M:%S}",
        "byline": BYLINES[language].format(one=first, two=second),
        "zoneless": f"{when:%Y-%m-%d %H:%M:%S}", "date": f"{when:%Y-%m-%d}",
        "clock": f"{when:%H:%M}", "numeric_day": f"{when:%Y-%m-%d}",
        "day": form.format(d=when.day, m=month, y=when.year), "charset": charset,
    }  # fmt: skip
    safe = {
        key: escape(value, quote=key != "dir") if key != "dir" else value
        for key, value in fields.items()
    }
    safe |= _bodies(paragraphs)
    safe["state"] = _state(fields["title"], paragraphs)
    safe["other_story"] = _state(others[0], [others[1] + ". " + paragraphs[0]] * 9)
    source = (HERE / "templates" / f"{name}.html").read_text("utf-8")
    page = Template(source).substitute(safe).encode(charset, "xmlcharrefreplace")
    return page, _expected(fields, paragraphs, name, when, url, charset)


def _state(title: str, paragraphs: list[str]) -> str:
    blocks = [{"type": "paragraph", "content": text} for text in paragraphs]
    story = {"headline": title, "blocks": blocks}
    return json.dumps(story, ensure_ascii=False).replace("</", "<\\/")


def _bodies(paragraphs: list[str]) -> dict[str, str]:
    safe = [escape(text, quote=False) for text in paragraphs]
    plain = [f"<p>{text}</p>" for text in safe]
    wrapped = [
        f'<div class="block block--text"><div class="block__inner">{text}</div></div>'
        for text in plain
    ]
    return {
        "plain": "\n".join(plain),
        "first": "\n".join(plain[:2]),
        "middle": "\n".join(plain[2:4]),
        "last": "\n".join(plain[4:]),
        "wrapped": "\n<div class='block block--ad'></div>\n".join(wrapped),
        "breaks": "<br><br>\n".join(safe),
        "spans": "\n".join(
            f'<p class="sc-p"><span data-text="true">{text}</span></p>' for text in safe
        ),
        "joined": escape(
            json.dumps("\n\n".join(paragraphs), ensure_ascii=False)[1:-1], quote=False
        ),
    }


def _expected(
    fields: dict[str, str], paragraphs: list[str], name: str, when: datetime, url: str, charset: str
) -> dict[str, Any]:
    authors = [fields["author1"]]
    if name in UNSIGNED:
        authors = []
    elif name in SECOND_AUTHOR:
        authors = [fields["author2"]]
    elif name in BOTH_AUTHORS:
        authors = [fields["author1"], fields["author2"]]
    elif name == "bylined":
        signed = BYLINES[fields["lang"]]
        authors = [fields["author1"], fields["author2"]] if "{two}" in signed else authors
    lead = [fields["lead"]] if name in STANDFIRST else []
    published = when.astimezone(UTC)
    precision = "instant"
    if name == "dublin":
        published, precision = datetime(when.year, when.month, when.day, tzinfo=UTC), "day"
    elif name in ("tables", "breaks", "bylined"):
        published, precision = when.replace(tzinfo=UTC), "local"
    return {
        "url": url,
        "title": fields["title"],
        "body": "\n".join([*lead, *paragraphs]),
        "published": published.isoformat(),
        "precision": precision,
        "authors": authors,
        "language": fields["lang"],
        "paywalled": name == "metered",
        "charset": charset,
    }


if __name__ == "__main__":
    main()
