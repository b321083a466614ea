"""Bytes of a page to text, in the order the WHATWG encoding and HTML standards give.

A byte order mark, then the charset of the HTTP header, then the page's own <meta> in its first
1,024 bytes; a label that the bytes contradict is passed over, and what is left is told by the
bytes themselves.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from resiliparse.parse.encoding import map_encoding_to_html5

from extractors.charset_guess import guess_codec

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_WINDOW = 1024
# Templates with long scripts before their <meta> are common; browsers reparse for them too.
_LATE_META_WINDOW = 16384
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.\-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([\w:.\-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w:.\-]+)", re.IGNORECASE)

# A label this wrong for the bytes was not meant: UTF-8 pages labelled otherwise are frequent.
_MAX_BROKEN = 0.002
_SAMPLE = 200_000
# Python's codecs for WHATWG names that differ: the wider sets that browsers use in their place.
_WIDER = {
    "gb2312": "gb18030", "gbk": "gb18030", "euc-kr": "cp949", "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932", "windows-31j": "cp932", "big5": "big5hkscs", "iso-8859-1": "cp1252",
    "iso-8859-9": "cp1254", "us-ascii": "cp1252", "ascii": "cp1252", "latin1": "cp1252",
    "iso-8859-11": "cp874", "tis-620": "cp874", "iso-8859-8-i": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic", "macintosh": "mac-roman", "x-user-defined": "cp1252",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text, the codec that read it, and who named it: bom, http, meta, bytes."""

    text: str
    charset: str
    origin: str
    broken: int = 0  # bytes or sequences that could not be read, now U+FFFD


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Decode a page. Never raises; what cannot be read becomes U+FFFD and is counted.

    UTF-8 that is valid and not plain ASCII wins over any other label except a byte order mark:
    other encodings practically never form valid UTF-8 by chance.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], name, "bom")
    utf8 = _strict_utf8(body)
    if utf8 is not None:
        return Decoded(utf8, "utf-8", _origin_of_utf8(body, content_type))
    for origin, label in _labels(body, content_type):
        codec = _codec(label)
        if codec is None:
            continue
        attempt = _decoded(body, codec, origin)
        if attempt.broken <= _MAX_BROKEN * len(body) and not _garbled(attempt.text):
            return attempt
    return _by_bytes(body, content_type)


def _by_bytes(body: bytes, content_type: str | None) -> Decoded:
    """Read bytes whose labels are missing or wrong; broken UTF-8 that is mostly right stays so."""
    utf8 = _decoded(body, "utf-8", "bytes")
    foreign = sum(byte > 127 for byte in body[:_SAMPLE])
    if utf8.broken * 10 <= foreign:
        return utf8
    guess = guess_codec(body) or "cp1252"
    attempt = _decoded(body, guess, "bytes")
    told = [codec for _, label in _labels(body, content_type) if (codec := _codec(label))]
    if attempt.broken > _MAX_BROKEN * len(body) and told:
        return min((_decoded(body, codec, "meta") for codec in told), key=lambda one: one.broken)
    return attempt


def _strict_utf8(body: bytes) -> str | None:
    if body.isascii() and b"\x1b" in body:  # ISO-2022-JP lives in seven bits
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _origin_of_utf8(body: bytes, content_type: str | None) -> str:
    for origin, label in _labels(body, content_type):
        if _codec(label) == "utf-8":
            return origin
    return "bytes"


def _labels(body: bytes, content_type: str | None) -> Iterator[tuple[str, str]]:
    match = _HEADER_CHARSET.search(content_type or "")
    if match:
        yield "http", match[1]
    xml = _XML_CHARSET.match(body[:_META_WINDOW])
    if xml:
        yield "meta", xml[1].decode("ascii", "replace")
    meta = _META_CHARSET.search(body, 0, _LATE_META_WINDOW)
    if meta:
        label = meta[1].decode("ascii", "replace")
        # A <meta> that could be read as ASCII was not UTF-16 (HTML standard, 13.2.3.2).
        yield "meta", "utf-8" if label.lower().startswith("utf-16") else label


def _codec(label: str) -> str | None:
    name = label.strip().lower()
    name = _WIDER.get(name, name)
    try:
        found = codecs.lookup(name)
    except LookupError:
        mapped = map_encoding_to_html5(name)
        if not mapped:
            return None
        try:
            found = codecs.lookup(_WIDER.get(mapped, mapped))
        except LookupError:
            return None
    if not getattr(found, "_is_text_encoding", True) or found.name in ("idna", "punycode", "utf-7"):
        return None
    return _WIDER.get(found.name, found.name)


def _decoded(body: bytes, codec: str, origin: str) -> Decoded:
    text = body.decode(codec, "replace")
    return Decoded(text, codec, origin, text.count("\ufffd"))


def _garbled(text: str) -> bool:
    """Say whether a one-byte reading gave letters nobody writes in a row.

    One-byte codecs accept nearly any bytes, so a wrong label shows in the text alone: C1
    controls, Cyrillic whose capitals outnumber its small letters (KOI8-R read as windows-1251 and
    the reverse swap the cases), or accented Latin letters in long runs (Cyrillic read as Latin).
    """
    sample = text[:_SAMPLE]
    if len(_C1.findall(sample)) * 500 > len(sample):
        return True
    capitals, small = len(_CYRILLIC_CAPITALS.findall(sample)), len(_CYRILLIC_SMALL.findall(sample))
    return (capitals > 50 and capitals > 2 * small) or len(_ACCENTED_RUN.findall(sample)) > 20


_C1 = re.compile("[\x80-\x84\x86-\x9f]")
_CYRILLIC_CAPITALS = re.compile("[А-Я]")
_CYRILLIC_SMALL = re.compile("[а-я]")
_ACCENTED_RUN = re.compile("[À-ÿ]{4,}")
