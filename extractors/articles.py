"""One page to one article: the order in which its parts are read, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement

from extractors.authors import choose_authors
from extractors.body import Body, best_body
from extractors.boilerplate import line_hashes, without_lines
from extractors.charsets import Decoded, decode
from extractors.kinds import PageSigns, judge_page
from extractors.language import detect_language
from extractors.layout import text_length
from extractors.metadata import read_statements, site_names
from extractors.published import Publication, choose_publication
from extractors.records import UNKNOWN_SITE, Candidate, Entry, Extracted, Reason, SiteHabits, State
from extractors.signatures import signed_by, signed_in_title
from extractors.statements import Statements
from extractors.text import normalise_line, word_count
from extractors.titles import choose_title, hung_names
from extractors.trimming import trim_lines
from extractors.urls import clean_url
from extractors.versions import EXTRACTOR_VERSION

_LARGEST = 12_000_000  # bytes; the text of a longer page is no article's
_MOST_TAGS = 40
_TEASER = 120  # words: a closed article shorter than this is an invitation to it
_CONTROL = bytes({*range(32), 127} - {9, 10, 13})
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_HTML_START = re.compile(
    rb"<\s*(?:!doctype|html|head|body|div|p|meta|article|title|script|h1|span)\b", re.IGNORECASE
)
_NOT_HTML = ("application/pdf", "image/", "audio/", "video/", "application/zip")
_MAGIC = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF")


def extract(
    html: bytes,
    url: str | None,
    *,
    entry: Entry | None = None,
    fetched_at: datetime,
    content_type: str | None = None,
    last_modified: str | None = None,
    site: SiteHabits = UNKNOWN_SITE,
) -> Extracted:
    """Make an article out of a page's bytes.

    `url` is the address asked for (None for a file), `entry` what the feed said of it,
    `fetched_at` the aware UTC time of the fetch, which only bounds dates; `content_type` and
    `last_modified` are HTTP headers. The host's own lines in `site` are left out of the text, and
    play no part in whether it is an article; its clocks are for times without a zone. Returns an
    Extracted in any case: what is no article is rejected, what cannot be read failed, each with a
    reason. Never raises, whatever the bytes, but for MemoryError where the caller bounds the
    memory.
    """
    address = clean_url(url) if url else None
    try:
        found = _extract(html, address, entry, fetched_at, content_type, last_modified, site.clocks)
        return _without(found, site.lines) if found.state == State.LANDED else found
    except MemoryError:
        raise
    except Exception as error:  # three parsers deep, any page may find a bug of theirs
        detail = f"{type(error).__name__}: {error}"[:200]
        return _unreadable(address, Reason.UNPARSABLE, detail)


def _extract(
    body: bytes,
    url: str | None,
    entry: Entry | None,
    fetched_at: datetime,
    content_type: str | None,
    last_modified: str | None,
    clocks: Mapping[str, int],
) -> Extracted:
    refused = _refusal(body, content_type)
    if refused:
        return _unreadable(url, *refused)
    decoded = decode(body[:_LARGEST], content_type)
    tree = parse_page(decoded.text)
    if tree is None:
        return _unreadable(url, Reason.UNPARSABLE, "no elements")
    page = read_statements(tree, url)
    signs = (0, 0.0, frozenset[str]()) if _declared(page) and page.published else _tree_signs(tree)
    feed_text = (entry.content or entry.summary) if entry else None
    text = best_body(
        tree,
        lambda: parse_page(decoded.text),
        linked=page.body,
        feed=feed_text,
        leads=tuple(value for _, value in page.leads),
        titles=page.headlines,
        addresses=tuple(page.canonical),
    )
    when = choose_publication(
        page.published,
        page.modified,
        url=url,
        last_modified=last_modified,
        entry=entry,
        fetched_at=fetched_at,
        day_first=_day_first(page, text.text),
        clocks=clocks,
    )
    return _assemble(page, text, signs, url, entry, when, decoded)


def parse_page(text: str) -> HtmlElement | None:
    """Parse a decoded page, without comments and processing instructions; None for no element."""
    declaration = _XML_DECLARATION.match(text)
    clean = text[declaration.end() :] if declaration else text
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False
    )
    # One class for all elements spares lxml.html's look-up in Python for each of them.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    try:
        tree = etree.fromstring(clean.encode("utf-8", "replace").translate(None, _CONTROL), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    return tree if isinstance(tree, HtmlElement) else None


def _refusal(body: bytes, content_type: str | None) -> tuple[Reason, str] | None:
    if not body.strip():
        return Reason.EMPTY, ""
    start = body[:2048]
    if start.startswith(_MAGIC):
        return Reason.BINARY, repr(start[:8])
    html_like = bool(_HTML_START.search(body[:65536].replace(b"\x00", b"")))
    kind = (content_type or "").partition(";")[0].strip().lower()
    if not html_like:
        if start.count(b"\x00") * 10 > len(start):
            return Reason.BINARY, "mostly zero bytes"
        return Reason.NOT_HTML, kind or "no HTML element"
    return (Reason.NOT_HTML, kind) if kind.startswith(_NOT_HTML) else None


def _unreadable(url: str | None, reason: Reason, detail: str) -> Extracted:
    return Extracted(
        url=url, kind="error", state=State.FAILED, reason=reason, detail=detail,
        published_reason="the page could not be read", extractor_version=EXTRACTOR_VERSION,
    )  # fmt: skip


def _tree_signs(tree: HtmlElement) -> tuple[int, float, frozenset[str]]:
    """Count headings that are links; say what share of the page's text stands in links, and what
    the links say.
    """
    teasers = sum(1 for _ in tree.xpath("//*[self::h2 or self::h3 or self::h4][.//a or parent::a]"))
    root = tree.find("body")
    root = tree if root is None else root
    unseen = sum(map(text_length, root.iter("script", "style", "noscript", "template")))
    total = text_length(root) - unseen
    linked = sum(map(text_length, root.iter("a")))
    said = frozenset(" ".join(link.text_content().split()) for link in root.iter("a"))
    return teasers, linked / total if total else 0.0, said


def _assemble(
    page: Statements,
    body: Body,
    tree_signs: tuple[int, float, frozenset[str]],
    url: str | None,
    entry: Entry | None,
    when: Publication,
    decoded: Decoded,
) -> Extracted:
    sites = site_names(page, url)
    titles = [("entry", entry.title)] if entry and entry.title else []
    title = choose_title([*titles, *page.titles], sites)
    names = [("entry", name) for name in entry.authors] if entry else []
    houses = (*sites, *hung_names(tuple(page.titles)))
    byline = choose_authors([*page.authors, *names], houses)
    if not byline.people:
        told = signed_by(body.text, houses) or signed_in_title(page.headlines)
        signed = [("text", name) for name in told]
        byline = choose_authors([*page.authors, *names, *signed], houses) if signed else byline
    known = (*page.headlines, *sites)
    body = replace(body, text=trim_lines(body.text, known, byline.people))
    hint = next((value for _, value in page.languages), None) or (entry.language if entry else None)
    language = detect_language(body.text or title.title or "", hint=hint)
    words = word_count(body.text, language)
    verdict = judge_page(_signs(page, body, tree_signs, url, title.title, words, when))
    paywalled = _paywalled(page) or _cut_short(page, words, language)
    lead = next((value for origin, value in page.leads if origin == "opengraph"), None)
    canonical = next((found for raw in page.canonical if (found := clean_url(raw, url))), None)
    publisher = _publisher(page)
    said = [
        Candidate("publisher", origin, value, chosen=value == publisher)
        for origin, value in page.sites
    ]
    said += [Candidate("language", origin, value) for origin, value in page.languages]
    return Extracted(
        url=url,
        canonical_url=canonical,
        title=title.title,
        text=body.text,
        authors=byline.people,
        agency=byline.agency,
        publisher=publisher,
        published_at=when.published_at,
        published_precision=when.precision,
        published_reason=when.reason,
        modified_at=when.modified_at,
        language=language,
        section=next((line for raw in page.sections if (line := normalise_line(raw))), None),
        tags=_tags(page),
        lead=lead or next((value for _, value in page.leads), None) or _first_line(body.text),
        image=next((found for raw in page.images if (found := clean_url(raw, url))), None),
        kind="teaser"
        if verdict.kind == "article" and paywalled and words < _TEASER
        else verdict.kind,
        paywalled=paywalled,
        path=body.path,
        word_count=words,
        clock=when.clock,
        shown_clock=when.shown_clock,
        candidates=(*title.candidates, *when.candidates, *byline.candidates, *said),
        extractor_version=EXTRACTOR_VERSION,
        state=State.LANDED if verdict.reason is None else State.REJECTED,
        reason=verdict.reason,
        detail=verdict.detail or (f"{decoded.broken} unreadable bytes" if decoded.broken else ""),
    )


def _day_first(page: Statements, text: str) -> bool | None:
    """Say whether the page's country puts the day before the month; None where it is unsaid.

    English alone is written both ways, and 'en_US' is the default of many a publishing system.
    A page that names no language is judged by that of its `text`.
    """
    codes = [value.strip().lower().replace("_", "-") for _, value in page.languages]
    if not codes and page.published:
        codes = [detect_language(text) or ""]
    if any(code[:2] != "en" for code in codes if code):
        return True
    regions = {code[3:5] for code in codes if len(code) == 5}
    return True if regions - {"us", "ca", "ph"} else None


def _declared(page: Statements) -> bool:
    return page.linked.article is not None or "article" in page.page_types


def _signs(
    page: Statements, body: Body, tree_signs: tuple[int, float, frozenset[str]], url: str | None,
    title: str | None, words: int, when: Publication,
) -> PageSigns:  # fmt: skip
    declared = _declared(page)
    dated = any(
        item.instant for item in when.candidates if item.origin not in ("http", "url", "time")
    )
    lines = body.text.split("\n")
    longest = word_count(max(lines, key=len), None)
    return PageSigns(
        url=url, title=title, titles=page.headlines,
        text=body.text[:20000], words=words, types=page.linked.types,
        page_types=tuple(page.page_types), declared=declared, dated=dated, teasers=tree_signs[0],
        link_share=tree_signs[1], longest=longest,
        linked_lines=sum(line.lstrip("#- ") in tree_signs[2] for line in lines) / len(lines),
    )  # fmt: skip


_NO_PUBLISHER = re.compile(r"://|^@|^(?:copyright|©|\(c\))|^[\d\W]*$", re.IGNORECASE)


def _publisher(page: Statements) -> str | None:
    for origin in ("opengraph", "json-ld", "meta"):
        for source, value in page.sites:
            if source == origin and not _NO_PUBLISHER.search(value):
                return value
    return None


def _tags(page: Statements) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for raw in page.tags:
        tag = normalise_line(raw)
        if tag and len(tag) <= 80:
            seen.setdefault(tag.casefold(), tag)
    return tuple(seen.values())[:_MOST_TAGS]


def _without(found: Extracted, site_lines: Collection[int]) -> Extracted:
    """The article less the site's own lines, with what was read off its text read again."""
    lines = line_hashes(found.text)
    known = tuple(line for line in lines if line in site_lines)
    found = replace(found, lines=lines, left_out=known)
    text = without_lines(found.text, known)
    if text == found.text:
        return found
    words = word_count(text, found.language)
    teaser = found.kind == "teaser" or (
        found.kind == "article" and found.paywalled and words < _TEASER
    )
    same_lead = found.lead != _first_line(found.text)
    return replace(
        found,
        text=text,
        whole=found.text,
        word_count=words,
        kind="teaser" if teaser else found.kind,
        lead=found.lead if same_lead else _first_line(text),
    )


def _first_line(text: str) -> str | None:
    return text.partition("\n")[0] or None


def _cut_short(page: Statements, words: int, language: str | None) -> bool:
    """Say whether the page shows less than half of the words it says the article has.

    Where words are not spaced, publishers count characters or nothing sensible.
    """
    if not page.words or language in ("zh", "ja", "th"):
        return False
    return words < _TEASER and 2 * words < page.words


def _paywalled(page: Statements) -> bool:
    words = frozenset(page.accessible)
    closed = {
        "free:false",
        "false",
        "free:no",
        "no",
        "locked",
        "metered",
        "premium",
        "paid",
        "subscriber",
    }
    return bool(words & closed)
