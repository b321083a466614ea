"""The record that gathers what a page states of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.html import HtmlElement

from extractors.jsonld import LinkedData
from extractors.text import normalise_line

Statement = tuple[str, str]  # (origin, value as it stood)


@dataclass(slots=True)
class Statements:
    """Everything a page states, in document order; filled by metadata.py and visible.py alone.

    Dates are raw; `accessible` holds raw words on whether the page is free to read.
    """

    titles: list[Statement] = field(default_factory=list)
    published: list[Statement] = field(default_factory=list)
    modified: list[Statement] = field(default_factory=list)
    authors: list[Statement] = field(default_factory=list)
    sites: list[Statement] = field(default_factory=list)
    languages: list[Statement] = field(default_factory=list)
    leads: list[Statement] = field(default_factory=list)
    canonical: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    accessible: list[str] = field(default_factory=list)
    page_types: list[str] = field(default_factory=list)
    linked: LinkedData = field(default_factory=LinkedData)
    body: str | None = None  # JSON-LD articleBody, as it stood
    words: int | None = None  # JSON-LD wordCount
    amp: bool = False
    redirects_to: str | None = None  # <meta http-equiv=refresh>
    indexed: bool = True

    @property
    def headlines(self) -> tuple[str, ...]:
        """The titles without who states them; one that two state is there twice."""
        return tuple(title for _, title in self.titles)


def add(statements: list[Statement], origin: str, value: str | None) -> None:
    """Append a statement, white space folded, unless it is empty or already there."""
    text = normalise_line(value or "")
    if text and (origin, text) not in statements:
        statements.append((origin, text))


def inner_text(heading: HtmlElement) -> str:
    """Return the text of an element with a space between its parts."""
    return " ".join(part for part in heading.itertext() if part)
