"""trafilatura's rules asked in Python: the same elements as its XPath finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from lxml.html import HtmlElement, document_fromstring
from trafilatura import main_extractor, xpaths

from extractors.xpath_rules import compiled, in_python

RULES = [
    *xpaths.BODY_XPATH[:1], *xpaths.BODY_XPATH[2:4], *xpaths.OVERALL_DISCARD_XPATH,
    *xpaths.DISCARD_IMAGE_ELEMENTS, *xpaths.TEASER_DISCARD_XPATH,
]  # fmt: skip
# Half of them names that rules look for, half such as only look like them.
WORDS = [
    "post", "entry", "article-body", "articleBody", "post_content", "content-main", "mainContent",
    "fulltext", "FullText", "story", "share", "social", "newsletter", "cookie", "sidebar", "author",
    "byline", "meta", "widget", "embed", "Nav", "nav", "menu", "footer", "teaser", "Teaser",
    "caption", "hidden", "hide-print", "reply-1", "akismet", "notloaded", "-ad-", "ad", "text",
    "prose", "body", "x1", "lead",
]  # fmt: skip
NAMES = ["class", "id", "role", "style", "aria-hidden", "itemprop", "data-component", "title"]
VALUES = st.lists(st.sampled_from([*WORDS, "display:none", "true", "navigation"]), max_size=3)
ATTRIBUTES = st.lists(st.tuples(st.sampled_from(NAMES), VALUES.map(" ".join)), max_size=3)
ELEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["div", "p", "span", "section", "article", "list", "item", "ref", "hi"]),
        ATTRIBUTES,
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
)


def grown(elements: list[tuple[str, list[tuple[str, str]], int]]) -> HtmlElement:
    """Make a tree: each element goes into the one so many places before it."""
    tree = document_fromstring("<body></body>").find("body")
    assert tree is not None
    places = [tree]
    for tag, attributes, back in elements:
        made = etree.SubElement(places[-1 - min(back, len(places) - 1)], tag)
        for name, value in attributes:
            made.set(name, value)
        places.append(made)
    return tree


@pytest.mark.parametrize("rule", RULES)
@given(elements=ELEMENTS)
@settings(max_examples=40, deadline=None)
def test_a_rule_finds_what_its_xpath_finds(
    rule: etree.XPath, elements: list[tuple[str, list[tuple[str, str]], int]]
) -> None:
    tree = grown(elements)
    asked = compiled(rule)
    assert asked is not rule
    found = rule(tree)
    assert asked(tree) == (found[:1] if "[1]" in rule.path else found)


def test_the_library_keeps_its_own_rules_for_others() -> None:
    with in_python():
        assert main_extractor.OVERALL_DISCARD_XPATH is not xpaths.OVERALL_DISCARD_XPATH
    assert main_extractor.OVERALL_DISCARD_XPATH is xpaths.OVERALL_DISCARD_XPATH


def test_a_rule_written_in_a_way_that_is_not_known_stays_as_it_is() -> None:
    for path in ("(.//article)[1]", ".//div[count(p) > 3]", ".//*[self::div][@class or p]"):
        rule = etree.XPath(path)
        assert compiled(rule) is rule
