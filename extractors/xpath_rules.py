"""trafilatura's rules of what to drop and where the text is, in Python and remembered.

They are XPath whose regular expressions call back into Python, several times for each element: a
tenth of the time a page takes. A class is judged once here and the verdict kept. A rule written in
a way that is not understood stays with lxml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement
from trafilatura import main_extractor

Attributes = tuple[tuple[str, str], ...]  # names and values, in the order of the source
Rule = Callable[[HtmlElement], list[HtmlElement]]
_Test = Callable[[Attributes], bool]

_RULE = re.compile(
    r"\s*(?P<open>\()?\s*\.//\*\s*(?:\[(?P<tags>self::\w+(?:\s+or\s+self::\w+)*)\])?\s*"
    r"\[(?P<terms>.*?)\]\s*(?P<one>\[1\])?\s*(?(open)\)(?P<first>\[1\]))\s*",
    re.DOTALL,
)
_NAMES = r"(?P<names>@[\w-]+(?:\|@[\w-]+)*)"
_TERM = re.compile(
    rf"\s*(?:re:test\({_NAMES},\s*'(?P<pattern>[^']*)'(?:,\s*'(?P<flag>i)')?\)|"
    r"contains\(translate\((?P<folded>@[\w-]+),\s*'(?P<large>\w+)',\s*'(?P<small>\w+)'\),\s*"
    r"'(?P<part>[^']+)'\)|"
    r"(?P<how>contains|starts-with)\((?P<of>@[\w-]+(?:\|@[\w-]+)*),\s*'(?P<text>[^']+)'\)|"
    r"(?P<name>@[\w-]+)(?:\s*=\s*'(?P<value>[^']*)')?)\s*(?P<next>or\b|$)"
)
_KEPT = 4096  # verdicts of a rule


@contextmanager
def in_python() -> Iterator[None]:
    """Let trafilatura's main extractor ask its rules here for a while; its own calls elsewhere
    stay as they are. Either way of asking gives the same, so that threads may overlap.
    """
    for name, rules in _RULES.items():
        setattr(main_extractor, name, rules)
    try:
        yield
    finally:
        for name, rules in _OWN.items():
            setattr(main_extractor, name, rules)


def compiled(rule: etree.XPath | Rule) -> etree.XPath | Rule:
    """Return a function of an element that gives what the XPath `rule` does, in document order; of
    one that ends in [1] the first alone. What is not understood is returned as it is.
    """
    found = _RULE.fullmatch(rule.path) if isinstance(rule, etree.XPath) else None
    terms = list(_terms(found["terms"])) if found else []
    if found is None or not terms or None in terms:
        return rule
    tests = [test for test in terms if test is not None]
    tags = tuple(re.findall(r"self::(\w+)", found["tags"] or ""))
    named = frozenset(re.findall(r"@([\w-]+)", found["terms"]))

    @lru_cache(maxsize=_KEPT)
    def holds(attributes: Attributes) -> bool:
        return any(test(attributes) for test in tests)

    def matching(tree: HtmlElement) -> Iterator[HtmlElement]:
        for element in tree.iterdescendants(*tags):
            said = tuple(item for item in element.items() if item[0] in named)
            if said and holds(said):
                yield element

    if found["one"] or found["first"]:
        return lambda tree: next(([element] for element in matching(tree)), [])
    return lambda tree: list(matching(tree))


def _terms(text: str) -> Iterator[_Test | None]:
    """Yield the tests that `or` joins; None for what is none known here."""
    position = 0
    while True:
        term = _TERM.match(text, position)
        yield _test(term) if term else None
        if term is None or not term["next"]:
            return
        position = term.end()


def _test(term: re.Match[str]) -> _Test:
    if term["pattern"] is not None:
        search = re.compile(term["pattern"], re.IGNORECASE if term["flag"] else 0).search
        names = _split(term["names"])
        return lambda said: search(_first(said, names)) is not None
    if term["folded"]:
        table, part = str.maketrans(term["large"], term["small"]), term["part"]
        names = _split(term["folded"])
        return lambda said: part in _first(said, names).translate(table)
    if term["how"]:
        text, names = term["text"], _split(term["of"])
        if term["how"] == "contains":
            return lambda said: text in _first(said, names)
        return lambda said: _first(said, names).startswith(text)
    name, value = term["name"][1:], term["value"]
    if value is None:
        return lambda said: any(name == own for own, _ in said)
    return lambda said: (name, value) in said


def _split(names: str) -> frozenset[str]:
    return frozenset(name[1:] for name in names.split("|"))


def _first(attributes: Attributes, names: frozenset[str]) -> str:
    """Return the first value of attributes so named: as XPath makes a string of a set."""
    return next((value for name, value in attributes if name in names), "")


_USED = ("BODY_XPATH", "OVERALL_DISCARD_XPATH", "DISCARD_IMAGE_ELEMENTS", "TEASER_DISCARD_XPATH")
_OWN = {name: getattr(main_extractor, name) for name in _USED}
_RULES = {name: [compiled(rule) for rule in rules] for name, rules in _OWN.items()}
