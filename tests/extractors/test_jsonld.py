"""JSON-LD: found however nested, mended where broken, read for the page's own article."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.jsonld import parse_lenient, read_linked_data, text_of, types_of

ARTICLE = {"@type": "NewsArticle", "headline": "Ferry crews agree", "datePublished": "2023-09-13"}


def read(*values: object, urls: tuple[str, ...] = (), titles: tuple[str, ...] = ()) -> str | None:
    scripts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    article = read_linked_data(scripts, frozenset(urls), titles).article
    return text_of(article.get("headline")) if article else None


@pytest.mark.parametrize(
    "value",
    [
        ARTICLE,
        [ARTICLE],
        {"@graph": [{"@type": "WebSite"}, ARTICLE]},
        {"@type": "WebPage", "mainEntity": ARTICLE},
        [[{"@graph": [[ARTICLE]]}]],
        {**ARTICLE, "@type": ["Thing", "NewsArticle"]},
        {**ARTICLE, "@type": "https://schema.org/NewsArticle"},
    ],
)
def test_an_article_is_found_in_any_nesting(value: object) -> None:
    assert read(value) == "Ferry crews agree"


@pytest.mark.parametrize(
    "text",
    [
        '{"@type":"NewsArticle","headline":"Ferry crews agree",}',
        '<!-- {"@type":"NewsArticle","headline":"Ferry crews agree"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"Ferry crews agree"}\n//]]>',
        '{"@type":"NewsArticle","description":"a "quoted" word","headline":"Ferry crews agree"}',
        '{"@type":"NewsArticle","description":"a\nline\tbreak","headline":"Ferry crews agree"}',
        '{"@type":"NewsArticle","description":"bad \\escape","headline":"Ferry crews agree"}',
        '{"@type":"WebSite"}{"@type":"NewsArticle","headline":"Ferry crews agree"}',
        html.escape('{"@type":"NewsArticle","headline":"Ferry crews agree"}'),
        '{"@type":"NewsArticle","headline":"Ferry crews agree","author":{"name":"cut off',
        '{"@type":"NewsArticle","headline":"Ferry crews agree"};',
    ],
)
def test_what_templates_break_is_mended(text: str) -> None:
    assert read(text) == "Ferry crews agree"


def test_articles_of_lists_and_related_stories_are_not_the_pages_own() -> None:
    other = {**ARTICLE, "headline": "Another story", "articleBody": "x", "author": "y"}
    page = {"@type": "WebPage", "hasPart": [other]}
    listing = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": other}]}
    assert read(page, listing) is None
    assert read(page, listing, ARTICLE) == "Ferry crews agree"


def test_of_several_articles_the_one_with_the_pages_address_or_title_is_taken() -> None:
    other = {
        **ARTICLE,
        "headline": "Another story",
        "articleBody": "x",
        "url": "https://a.example/2",
    }
    mine = {**ARTICLE, "url": "https://a.example/1"}
    assert read(other, mine, urls=("https://a.example/1",)) == "Ferry crews agree"
    assert read(other, ARTICLE, titles=("ferry crews agree – harrow bay",)) == "Ferry crews agree"


def test_a_reference_is_resolved_to_the_node_it_names() -> None:
    graph = [
        {**ARTICLE, "author": {"@id": "#p"}},
        {"@type": "Person", "@id": "#p", "name": "Ann Lee"},
    ]
    article = read_linked_data([json.dumps({"@graph": graph})], frozenset(), ()).article
    assert article is not None
    assert text_of(article["author"]) == "Ann Lee"


def test_types_lose_case_and_namespace() -> None:
    assert types_of({"@type": ["schema:NewsArticle", "http://schema.org/Thing"]}) == {
        "newsarticle",
        "thing",
    }


def test_depth_does_not_exhaust_the_stack() -> None:
    assert read("[" * 100_000) is None
    assert read('{"a":' * 5000 + "1" + "}" * 5000) is None


@given(st.text(max_size=300))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    parse_lenient(text)
    read_linked_data([text], frozenset(), ())


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.floats(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["@type", "@id", "author", "headline", "@graph", "x"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_makes_reading_raise(value: object) -> None:
    read_linked_data([json.dumps(value)], frozenset(), ("x",))
