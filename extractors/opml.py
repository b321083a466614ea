"""OPML subscription lists: bytes in, listings out, and back (http://opml.org/spec2.opml).

Nothing here builds a tree: outlines are read as they start, so that a hostile file costs no more
than its own bytes. Folders are walked through and not kept, for a listing has no place for them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from urllib.parse import urlsplit

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from extractors.fingerprints import stable_id
from extractors.records import FeedKind, Listing

MAX_BYTES = 10_000_000
MAX_OUTLINES = 10_000
MAX_URL = 4_096
MAX_NAME = 300

# What expat cannot decode by itself and real exports from East Asia use.
_MULTIBYTE = {
    "big5": "big5hkscs",
    "cp949": "cp949",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-2022-jp": "iso2022_jp",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\ufffe\uffff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class OpmlError(ValueError):
    """The bytes are no OPML we read; the message says what was found and what was expected."""


def read_opml(data: bytes) -> list[Listing]:
    """Read the feeds of an OPML file, in its order.

    Takes the file's bytes in any encoding XML may declare. Gives a listing for each outline with
    an http or https `xmlUrl` (attribute names in any case, `feed:` addresses repaired): title or
    text becomes the publisher, htmlUrl the homepage, language its primary subtag, and the id is
    derived from the URL. Outlines without such an address are passed over, and so is a URL that
    was there before. Raises OpmlError for bytes over 10 MB, more than 10,000 outlines, entity
    declarations, broken XML, and XML that is not OPML.
    """
    if len(data) > MAX_BYTES:
        raise OpmlError(f"found {len(data):,} bytes, expected at most {MAX_BYTES:,}")
    if not data.strip():
        raise OpmlError("found an empty file, expected an <opml> document")
    reader = _Reader()
    parser = DefusedXMLParser(target=reader)
    try:
        parser.feed(_decoded(data))
        parser.close()
    except DefusedXmlException as error:
        found = type(error).__name__
        raise OpmlError(f"refused: XML with entity or external declarations ({found})") from error
    except ET.ParseError as error:
        raise OpmlError(f"found broken XML, expected an <opml> document: {error}") from error
    except OpmlError:
        raise
    except (LookupError, ValueError) as error:
        raise OpmlError(f"found text in no readable encoding: {error}") from error
    return list(reader.listings.values())


def write_opml(listings: Iterable[Listing], title: str) -> bytes:
    """Write listings as an OPML 2.0 subscription list in UTF-8, one flat list in the given order.

    Only feeds are written: a folder of files or a sitemap is nothing another reader can subscribe
    to. URL, publisher, homepage and language make the trip; the rest stays in feeds.yaml.
    """
    root = ET.Element("opml", {"version": "2.0"})
    ET.SubElement(ET.SubElement(root, "head"), "title").text = _clean(title)
    body = ET.SubElement(root, "body")
    for listing in listings:
        if listing.kind is FeedKind.FEED:
            ET.SubElement(body, "outline", _attributes(listing))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


class _Reader:
    """A parser target that keeps listings and nothing else."""

    def __init__(self) -> None:
        self.listings: dict[str, Listing] = {}
        self._outlines = 0
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2].lower()
        if self._depth == 0 and name != "opml":
            raise OpmlError(f"found <{name[:40]}> as the root element, expected <opml>")
        self._depth += 1
        if name != "outline":
            return
        self._outlines += 1
        if self._outlines > MAX_OUTLINES:
            raise OpmlError(f"found more than {MAX_OUTLINES:,} outlines, expected at most that")
        listing = _listing(attributes)
        if listing is not None:
            self.listings.setdefault(listing.url, listing)

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        """Nothing to finish; the parser wants the method."""


def _decoded(data: bytes) -> bytes | str:
    """Decode what expat cannot; everything else goes on as bytes, for expat to judge."""
    declared = _DECLARED.match(data[:400])
    codec = _MULTIBYTE.get(declared[1].decode("ascii").lower()) if declared else None
    if declared is None or codec is None:
        return data
    # The declaration no longer holds for decoded text, so it goes.
    _, _, rest = data.decode(codec).partition("?>")
    return rest


def _listing(attributes: dict[str, str]) -> Listing | None:
    named: dict[str, str] = {}
    for name, value in attributes.items():
        named.setdefault(name.lower(), value)
    url = _web_url(named.get("xmlurl", ""))
    if url is None:
        return None
    publisher = _clean(named.get("title", "")) or _clean(named.get("text", ""))
    return Listing(
        feed_id=stable_id("f", url),
        url=url,
        # An outline must have a text; one without a name carries its URL there.
        publisher=publisher if publisher and publisher != _clean(url) else None,
        homepage=_web_url(named.get("htmlurl", "")),
        language=_language(named.get("language", "")),
    )


def _attributes(listing: Listing) -> dict[str, str]:
    name = _clean(listing.publisher or "") or _clean(listing.url)
    attributes = {"type": "rss", "text": name, "title": name, "xmlUrl": listing.url}
    if listing.homepage:
        attributes["htmlUrl"] = listing.homepage
    if listing.language:
        attributes["language"] = listing.language
    return {key: _NOT_XML.sub("", value) for key, value in attributes.items()}


def _web_url(text: str) -> str | None:
    """Give the address if it is an http or https one with a host, else None."""
    url = text.strip()
    if url.lower().startswith("feed:"):
        rest = url[len("feed:") :]
        url = f"http:{rest}" if rest.startswith("//") else rest
    if not url or len(url) > MAX_URL or _NOT_IN_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a broken IPv6 address, a port that is no number
        return None
    return url if good else None


def _language(text: str) -> str | None:
    """'en-US' and 'pt_BR' give 'en' and 'pt'; anything but a language tag gives None."""
    primary = re.split(r"[-_]", text.strip().lower(), maxsplit=1)[0]
    return primary if _LANGUAGE.fullmatch(primary) else None


def _clean(text: str) -> str:
    """One line of characters that XML may hold, bounded."""
    return " ".join(_NOT_XML.sub("", text).split())[:MAX_NAME].rstrip()
