"""The bytes of a feed made ready for a parser: decoded, its DOCTYPE checked, its kind told.

Every parser after this one sees UTF-8 without a byte order mark, without an XML declaration and
without a DOCTYPE of the publisher's making, so that no parser has an entity to expand or a file
to open. The order of encodings is that of RFC 7303 as `extractors.charsets` follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractors.charsets import decode
from extractors.records import Reason

# Enough for the Latin-1 entities that RSS 0.91 files copied into their DOCTYPE; a value of this
# length can make a document no longer than about five times its size.
_MAX_ENTITIES = 300
_MAX_ENTITY_VALUE = 16

_DECLARATION = re.compile(r"\s*<\?xml\b[^<>]*>", re.IGNORECASE)
_SKIPPED = re.compile(r"\s+|<\?.*?\?>|<\?[^<>]*>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_DOCTYPE_PART = re.compile(r"""[^"'<>\[\]]+|"[^"]*"|'[^']*'|<!--.*?-->|[<>\[\]]""", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_PLAIN_ENTITY = re.compile(
    r"""<!ENTITY\s+(\w+)\s+(?:"(&\#\w{1,12};|[^"&%<]*)"|'(&\#\w{1,12};|[^'&%<]*)')\s*>"""
)
_ELEMENT = re.compile(r"<[A-Za-z_]")
_ROOT = re.compile(r"<([A-Za-z_][\w.:\-]*)")
# What no character of an XML document may be; a stray one is the commonest small breakage.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# References to characters that may not be: controls, halves of surrogate pairs, no characters.
_ODD_REFERENCE = re.compile(
    r"&#(?:0{0,9}(?:\d|[12]\d|3[01]|5[5-7]\d{3}|6553[45]|\d{7,20})"
    r"|[xX]0{0,9}(?:[01]?[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]|[0-9a-fA-F]{6,20}));"
)
_CONTROL_BYTES = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
_MARKERS = (
    (b"\x00<\x00?", "utf-16-be"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe\x00\x00", "utf-32"),
)
_BINARY_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Prepared:
    """A feed's text, ready for a parser, or why it never will be.

    `kind` is xml, json or '' (with a reason); `entities` are the harmless ones its DOCTYPE
    declared; `netscape` says that the DOCTYPE was that of RSS 0.91; `notes` are what was mended.
    """

    text: str
    kind: str = ""
    root: str = ""
    entities: tuple[tuple[str, str], ...] = ()
    netscape: bool = False
    notes: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""


def prepare(body: bytes, content_type: str | None) -> Prepared:
    """Decode a feed's body and check what stands before its first element. Never raises."""
    if not body.strip():
        return Prepared("", reason=Reason.EMPTY, detail="the body is empty")
    text, notes = _decode(body, content_type)
    text = text.lstrip("\ufeff \t\r\n")
    if not text:
        return Prepared("", reason=Reason.EMPTY, detail="the body is white space")
    forbidden = _count_forbidden(body, text)
    if forbidden > _BINARY_SHARE * len(text):
        return Prepared("", reason=Reason.BINARY, detail="the body is not text")
    if text[0] in "{[":
        return Prepared(text, "json", notes=notes)
    if forbidden:
        text = _FORBIDDEN.sub("", text)
        notes = (*notes, f"{forbidden} control characters removed")
    text, mended = _mend_references(text)
    if mended:
        notes = (*notes, f"{mended} references to characters that XML does not have")
    return _prepare_xml(text, notes)


def _mend_references(text: str) -> tuple[str, int]:
    """Join surrogate pairs written as two references (emoji of some publishers), drop the rest.

    One such reference makes a whole document ill-formed, and some end the tolerant parser too.
    Returns the text and how many there were.
    """
    if not _ODD_REFERENCE.search(text):
        return text, 0
    odd = 0

    def character(match: re.Match[str]) -> str:
        nonlocal odd
        digits = match[0][2:-1].lstrip("0") or "0"
        code = int(digits[1:][-9:], 16) if digits[0] in "xX" else int(digits[:9])
        if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE:
            return match[0]
        if 0x10000 <= code <= 0x10FFFF:
            return match[0]
        odd += 1
        return chr(code) if 0xD800 <= code <= 0xDFFF else ""

    mended = _ODD_REFERENCE.sub(character, text)
    # A round through UTF-16 makes one character of each pair, and U+FFFD of a lone half.
    return mended.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), odd


def _count_forbidden(body: bytes, text: str) -> int:
    # Counting bytes first is five times faster, and nearly every feed has none of them.
    if len(body.translate(None, _CONTROL_BYTES)) == len(body) and "\ufffe" not in text:
        return 0
    return len(_FORBIDDEN.findall(text))


def _decode(body: bytes, content_type: str | None) -> tuple[str, tuple[str, ...]]:
    for marker, codec in _MARKERS:
        if body.startswith(marker):
            text = body.decode(codec, "replace")
            return text, ()
    decoded = decode(body, content_type)
    if decoded.broken:
        return decoded.text, (f"{decoded.broken} characters unreadable as {decoded.charset}",)
    return decoded.text, ()


def _prepare_xml(text: str, notes: tuple[str, ...]) -> Prepared:
    declaration = _DECLARATION.match(text)
    at = declaration.end() if declaration else 0
    start, end = _find_doctype(text, at)
    doctype = ""
    if start >= 0:
        if end < 0:
            return Prepared("", reason=Reason.UNPARSABLE, detail="a DOCTYPE that never ends")
        doctype = text[start:end]
        text = text[at:start] + text[end:]
    else:
        text = text[at:]
    entities = _plain_entities(doctype)
    first = _ELEMENT.search(text, _after_prolog(text, 0))
    # feedparser believes declarations anywhere before the first element: none may be left there.
    head = text[: first.start()] if first else text
    if entities is None or _ENTITY.search(head):
        return Prepared("", reason=Reason.UNPARSABLE, detail="entity declarations are refused")
    if _DOCTYPE.search(head):
        return Prepared("", reason=Reason.UNPARSABLE, detail="a second DOCTYPE is refused")
    root = _ROOT.match(text, first.start()) if first else None
    name = root[1].lower() if root else ""
    if not name or name == "html" or doctype[9:].strip().lower().startswith("html"):
        found = "an HTML page" if name else "text without any element"
        return Prepared("", root=name, reason=Reason.NOT_A_FEED, detail=found)
    netscape = "netscape" in doctype.lower()
    return Prepared(text, "xml", name, entities, netscape, notes)


def _find_doctype(text: str, at: int) -> tuple[int, int]:
    """Return where the DOCTYPE begins and ends: (-1, -1) for none, (n, -1) for one that does not.

    Only white space, comments and processing instructions may stand before it.
    """
    at = _after_prolog(text, at)
    if not _DOCTYPE.match(text, at):
        return -1, -1
    start, depth = at, 0
    for part in _DOCTYPE_PART.finditer(text, at):
        if part.start() != at:
            break  # an unbalanced quote
        at = part.end()
        depth += {"<": 1, "[": 1, ">": -1, "]": -1}.get(part[0], 0)
        if depth == 0 and part[0] == ">":
            return start, at
    return start, -1


def _after_prolog(text: str, at: int) -> int:
    """Return where white space, comments and processing instructions from `at` on are over."""
    while True:
        if text.startswith("<!--", at):
            end = text.find("-->", at)
            if end < 0:
                return at
            at = end + 3
        elif skipped := _SKIPPED.match(text, at):
            at = skipped.end()
        else:
            return at


def _plain_entities(doctype: str) -> tuple[tuple[str, str], ...] | None:
    """Return the entities that are one short character or word each, or None when any is more."""
    declared = len(_ENTITY.findall(doctype))
    if not declared:
        return ()
    plain = [(name, one or two) for name, one, two in _PLAIN_ENTITY.findall(doctype)]
    if len(plain) != declared or declared > _MAX_ENTITIES:
        return None
    if any(len(value) > _MAX_ENTITY_VALUE for _, value in plain):
        return None
    return tuple(plain)
