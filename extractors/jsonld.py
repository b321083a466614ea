"""JSON-LD as pages carry it: found in any nesting, repaired where broken, and read for one article.

The vocabulary is schema.org's; the syntax RFC 8259 with the slips that templates make.
"""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]

_LONGEST = 2_000_000
_MOST_NODES = 2000
_SEVERAL = 3  # articles of one page that may all be those it leads to
_DEEPEST = 24

_ARTICLE_TYPES_NAMES = """
article newsarticle reportagenewsarticle analysisnewsarticle backgroundnewsarticle
opinionnewsarticle reviewnewsarticle askpublicnewsarticle advertisercontentarticle
satiricalarticle scholarlyarticle techarticle report blogposting liveblogposting
socialmediaposting discussionforumposting
"""
_ARTICLE_TYPES = frozenset(_ARTICLE_TYPES_NAMES.split())
_OF_CHECKS = frozenset({"@id", "@type", "url", "datePublished", "dateModified"})
# What is reached through these keys belongs to another page or is not the article itself.
_ELSEWHERE_NAMES = """
itemlistelement ispartof haspart isrelatedto relatedlink mentions about citation comment
review liveblogupdate sharedcontent isbasedon publisher author creator image video audio
associatedmedia significantlink subjectof workexample exampleofwork reviewedby
"""
_ELSEWHERE = frozenset(_ELSEWHERE_NAMES.split())

_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|"
                       r"(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*;?\s*$")  # fmt: skip
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_DOUBLE_COMMA = re.compile(r",(?:\s*,)+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u2028\u2029]")
_BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])|\\u(?![0-9a-fA-F]{4})")
_LINE_COMMENT = re.compile(r"^\s*//[^\n]*$", re.MULTILINE)
_PAIR = re.compile(r'"(?P<key>[A-Za-z@]+)"\s*:\s*"(?P<value>(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class LinkedData:
    """All nodes of a page's JSON-LD, and the one that describes the page's article, if any.

    `types` are the lower-case types of nodes that stand on their own (not nested in an article);
    `lists` counts list items; `broken` says that some of it could only be read in part.
    """

    article: Node | None = None
    nodes: tuple[Node, ...] = ()
    types: frozenset[str] = frozenset()
    list_items: int = 0
    broken: bool = False


def read_linked_data(
    scripts: list[str], urls: frozenset[str], titles: tuple[str, ...]
) -> LinkedData:
    """Read a page's JSON-LD scripts.

    `urls` are the page's own addresses (asked for, canonical) and `titles` what else is known of
    its title; both only decide which of several articles is the page's. Never raises.
    """
    documents, broken = [], False
    for script in scripts:
        values, damaged = parse_lenient(script[:_LONGEST])
        documents += values
        broken |= damaged
    main: list[Node] = []
    nodes: list[Node] = []
    by_id: dict[str, Node] = {}
    items = 0
    for node, elsewhere, key in _walk(documents):
        nodes.append(node)
        identity = node.get("@id")
        if isinstance(identity, str) and len(node) > len(by_id.get(identity, ())):
            by_id[identity] = node
        items += key == "itemlistelement"
        if not elsewhere:
            main.append(node)
    articles = [node for node in main if types_of(node) & _ARTICLE_TYPES]
    # Pages that check a claim may date nothing but their verdict, which the house signs.
    checks = [node for node in main if "claimreview" in types_of(node)]
    dated = [{key: node[key] for key in _OF_CHECKS & node.keys()} for node in checks]
    articles = articles or dated
    article = max(articles, key=lambda node: _fitness(node, urls, titles), default=None)
    if len(articles) >= _SEVERAL and article and _all_elsewhere(articles, urls, titles):
        article = None
    resolved = _resolve(article, by_id) if article else None
    types = frozenset(kind for node in main for kind in types_of(node))
    return LinkedData(resolved, tuple(nodes), types, items, broken)


def parse_lenient(text: str) -> tuple[list[Any], bool]:
    """Parse JSON text as leniently as it takes: (values, whether something was lost).

    Tried in turn: as it stands; without wrappers, comments, trailing commas and bad escapes;
    value by value when several were run together; and at last only its plain string pairs.
    """
    stripped = text.strip()
    if not stripped:
        return [], False
    try:
        return [json.loads(stripped, strict=False)], False
    except (ValueError, RecursionError):
        pass
    mended = _mend(stripped)
    values = list(_values(mended))
    if values:
        return values, False
    values = list(_values(html.unescape(mended)))
    if values:
        return values, False
    pairs: Node = {}
    for match in _PAIR.finditer(mended):
        pairs.setdefault(match["key"], _unquote(match["value"]))
    return ([pairs] if "@type" in pairs else []), True


def types_of(node: Node) -> frozenset[str]:
    """Return a node's types in lower case, without a namespace."""
    kinds = node.get("@type") or node.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return frozenset(
        kind.rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower()
        for kind in listed
        if isinstance(kind, str)
    )


def text_of(value: Any) -> str | None:
    """Return the text of a JSON-LD value: a string, the first of a list, or a node's own name."""
    if isinstance(value, str):
        return html.unescape(value).strip() or None
    if isinstance(value, list):
        return next((found for item in value if (found := text_of(item))), None)
    if isinstance(value, dict):
        return next(
            (found for key in ("@value", "name", "headline") if (found := text_of(value.get(key)))),
            None,
        )
    return None


def url_of(value: Any) -> str | None:
    """Return the address in a JSON-LD value: a string, or a node's url, contentUrl or @id."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return next((found for item in value if (found := url_of(item))), None)
    if isinstance(value, dict):
        return next(
            (found for key in ("url", "contentUrl", "@id") if (found := url_of(value.get(key)))),
            None,
        )
    return None


def _walk(documents: list[Any]) -> Iterator[tuple[Node, bool, str]]:
    """Yield (node, whether it belongs elsewhere, the key it was under), outer nodes first."""
    queue: list[tuple[Any, bool, str, int]] = [(document, False, "", 0) for document in documents]
    seen = 0
    position = 0
    while position < len(queue) and seen < _MOST_NODES:
        value, elsewhere, key, depth = queue[position]
        position += 1
        if isinstance(value, list):
            queue += [(item, elsewhere, key, depth + 1) for item in value if depth < _DEEPEST]
        elif isinstance(value, dict):
            seen += 1
            yield value, elsewhere, key
            if depth >= _DEEPEST:
                continue
            for name, inner in value.items():
                if isinstance(inner, (dict, list)):
                    low = name.lower()
                    queue.append((inner, elsewhere or low in _ELSEWHERE, low, depth + 1))


def _fitness(node: Node, urls: frozenset[str], titles: tuple[str, ...]) -> tuple[int, int, int]:
    own = {found for key in ("url", "@id", "mainEntityOfPage") if (found := url_of(node.get(key)))}
    matches = any(_bare(address) in urls for address in own)
    headline = (text_of(node.get("headline")) or text_of(node.get("name")) or "").casefold()
    titled = bool(headline) and any(headline in title or title in headline for title in titles)
    wanted = ("headline", "datePublished", "author", "articleBody", "dateModified", "image")
    return int(matches) + int(titled), int("headline" in node), sum(key in node for key in wanted)


def _all_elsewhere(articles: list[Node], urls: frozenset[str], titles: tuple[str, ...]) -> bool:
    """Say whether each of several articles names an address, and none the page's or its title."""
    return bool(urls) and not any(
        _fitness(node, urls, titles)[0]
        or not url_of(node.get("url") or node.get("mainEntityOfPage"))
        for node in articles
    )


def _bare(address: str) -> str:
    return address.partition("#")[0].rstrip("/")


def _resolve(node: Node, by_id: dict[str, Node]) -> Node:
    """Replace references ({'@id': …} alone) by the nodes they name, one level deep."""

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(item) for item in value[:50]]
        if isinstance(value, dict) and "name" not in value:
            identity = value.get("@id")
            return by_id.get(identity, value) if isinstance(identity, str) else value
        return value

    return {key: resolved(value) for key, value in node.items()}


def _mend(text: str) -> str:
    text = _WRAPPING.sub("", _WRAPPING.sub("", text)).strip()
    text = _CONTROL.sub(" ", text)
    text = _LINE_COMMENT.sub("", text)
    text = _BAD_ESCAPE.sub(lambda match: "\\" + match[0], text)
    return _DOUBLE_COMMA.sub(",", _TRAILING_COMMA.sub("", text))


def _values(text: str) -> Iterator[Any]:
    """Yield the values that stand in `text` one after another, as far as they parse."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while True:
        found = re.compile(r"[\[{]").search(text, position)
        if not found:
            return
        try:
            value, position = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            repaired = _quote_inner(text[found.start() :])
            with contextlib.suppress(ValueError, RecursionError):
                yield decoder.raw_decode(repaired)[0]
            return
        yield value


def _quote_inner(text: str) -> str:
    """Escape quotes inside strings: a quote ends a string only before , : } ] or the end."""
    out: list[str] = []
    inside = False
    index, length = 0, len(text)
    while index < length:
        char = text[index]
        if char == "\\" and inside:
            out.append(text[index : index + 2])
            index += 2
            continue
        if char == '"':
            if not inside:
                inside = True
            elif _ends_string(text, index + 1):
                inside = False
            else:
                char = '\\"'
        out.append(char)
        index += 1
    return "".join(out)


def _ends_string(text: str, index: int) -> bool:
    rest = text[index : index + 200].lstrip()
    if not rest or rest[0] in ":}]":
        return True
    return rest[0] == "," and bool(re.match(r',\s*(?:["{\[\d}\]-]|true|false|null|$)', rest))


def _unquote(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"', strict=False))
    except ValueError:
        return value
