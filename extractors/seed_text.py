"""A text file or a JSON line to an article: title, publisher, paragraphs, language, date."""

from __future__ import annotations

import re

from extractors.frontmatter import Stated
from extractors.language import detect_language
from extractors.records import Candidate, Extracted, Precision, Reason, State
from extractors.sentences import cut_title, first_sentence
from extractors.text import normalise_paragraphs, word_count
from extractors.versions import TEXTS_VERSION

MIN_WORDS = 5

_SOURCE_LINE = re.compile(
    r"(?:source|quelle|fuente|fonte|bron|källa|kilde|источник|джерело|출처|来源|來源|出典|المصدر)"
    r"\s*[:：]\s*(\S.{0,119})",
    re.IGNORECASE,
)
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_RULE = re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$", re.MULTILINE)


def plain_markdown(text: str) -> str:
    """Return Markdown as paragraphs of plain text: one paragraph's lines joined, marks removed."""
    text = _RULE.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))
    text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", text))
    blocks = re.split(r"\n[ \t]*\n", _HEADING.sub(r"\n\n\1\n\n", text))
    return "\n".join(" ".join(block.split("\n")) for block in blocks)


def article_from_text(
    raw: str, stated: Stated, *, where: str, heading: str | None = None
) -> Extracted:
    """Make the article of a plain text and what is stated about it.

    The title is the stated one, else `heading`, else the first sentence in at most 120
    characters. A closing line such as `Source: DN` becomes the publisher and leaves the text.
    The date is the stated one or none: never that of the file or of today. Fewer than five words
    are rejected as too short.
    """
    text, source = _take_source_line(normalise_paragraphs(raw))
    language = stated.language or detect_language(text)
    lead = text.split("\n", 1)[0]
    title = stated.title or heading or cut_title(first_sentence(lead, language)) or None
    publisher = stated.publisher or source
    words = word_count(text, language)
    short = words < MIN_WORDS
    return Extracted(
        url=stated.url,
        canonical_url=stated.url,
        title=title,
        text=text,
        authors=stated.authors,
        publisher=publisher,
        published_at=stated.published_at,
        published_precision=stated.precision,
        published_reason=_date_reason(stated, where),
        language=language,
        lead=lead or None,
        path="file",
        word_count=words,
        candidates=_candidates(stated, title, source, language),
        extractor_version=TEXTS_VERSION,
        state=State.REJECTED if short else State.LANDED,
        reason=Reason.TOO_SHORT if short else None,
        detail=f"{words} words" if short else "",
    )


def first_heading(text: str) -> str | None:
    """Return the Markdown heading that a text begins with, or None."""
    first = text.lstrip().split("\n", 1)[0]
    match = _HEADING.fullmatch(first)
    return cut_title(" ".join(plain_markdown(match[1]).split())) or None if match else None


def _take_source_line(text: str) -> tuple[str, str | None]:
    body, _, last = text.rpartition("\n")
    match = _SOURCE_LINE.fullmatch(last)
    if not match or not body:
        return text, None
    return body, match[1].strip().rstrip(".") or None


def _date_reason(stated: Stated, where: str) -> str:
    if stated.published_at is None:
        return f"no date: the {where} states none"
    how = {
        Precision.INSTANT: "",
        Precision.LOCAL: ", without a zone, taken as UTC",
        Precision.DAY: ", to the day",
    }
    return f"stated in the {where}{how.get(stated.precision, '')}"


def _candidates(
    stated: Stated, title: str | None, source: str | None, language: str | None
) -> tuple[Candidate, ...]:
    found: list[Candidate] = []
    if title:
        found.append(Candidate("title", "file" if stated.title else "text", title, chosen=True))
    if stated.published_raw:
        found.append(
            Candidate(
                "published",
                "file",
                stated.published_raw,
                instant=stated.published_at,
                precision=stated.precision,
                zone=stated.zone,
                chosen=True,
            )
        )
    found += [Candidate("author", "file", name, chosen=True) for name in stated.authors]
    if stated.publisher:
        found.append(Candidate("publisher", "file", stated.publisher, chosen=True))
    if source:
        found.append(Candidate("publisher", "text", source, chosen=not stated.publisher))
    if language:
        origin = "file" if stated.language else "text"
        found.append(Candidate("language", origin, language, chosen=True))
    return tuple(found)
