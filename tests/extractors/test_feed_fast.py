"""The fast path gives what feedparser gives, or stands aside."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings

from extractors.feed_bytes import prepare
from extractors.feed_draft import DraftFeed, finish_entries
from extractors.feed_fast import read_fast
from extractors.feed_tolerant import read_tolerantly
from tests.extractors.feed_documents import NAMESPACES, RDF, RSS10, feeds, large_rss

BASE = "https://paper.example/feed.xml"


def _both(body: bytes) -> tuple[DraftFeed | None, DraftFeed | None]:
    prepared = prepare(body, None)
    return read_fast(prepared), read_tolerantly(prepared)[0]


def _assert_equal(fast: DraftFeed, slow: DraftFeed) -> None:
    for field in ("version", "title", "link", "links", "warning"):
        assert (getattr(fast, field) or None) == (getattr(slow, field) or None), field
    assert finish_entries(fast.entries, BASE, None, 2000) == finish_entries(
        slow.entries, BASE, None, 2000
    )


@given(feeds())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fast_and_tolerant_parsers_agree_on_every_document_the_fast_one_takes(body: bytes) -> None:
    fast, slow = _both(body)
    if fast is None:
        return
    assert slow is not None
    _assert_equal(fast, slow)


@given(feeds())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fast_path_equals_plain_feedparser_without_its_sanitiser(body: bytes) -> None:
    fast, _ = _both(body)
    if fast is None:
        return
    plain = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    assert len(fast.entries) == len(plain.entries)
    for ours, theirs in zip(fast.entries, plain.entries, strict=True):
        assert ours.guid == dict.get(theirs, "id", "")
        assert ours.link == dict.get(theirs, "link", "")
        assert (ours.title or "") == dict.get(theirs, "title", "")
        assert (ours.summary or "") == dict.get(theirs, "summary", "")
        assert (ours.content or "") == (theirs.content[0].value if "content" in theirs else "")
        assert (ours.published or "") == dict.get(theirs, "published", "")
        assert (ours.updated or "") == dict.get(theirs, "updated", "")


def test_a_feed_of_full_articles_takes_the_fast_path_and_equals_feedparser() -> None:
    fast, slow = _both(large_rss(30))
    assert fast is not None
    assert slow is not None
    _assert_equal(fast, slow)
    assert len(fast.entries) == 30
    assert all(entry.content and len(entry.content) > 4000 for entry in fast.entries)


@pytest.mark.parametrize(
    "inside",
    [
        "<media:description>A caption</media:description>",
        "<title>Two</title><title>titles</title>",
        '<title xml:base="https://other.example/">Based</title>',
        "<description>un<b>escaped</b></description>",
        "<x:y xmlns:x='unknown'>z</x:y>",
        "<date>2023-01-01</date>",
    ],
)
def test_what_is_not_plainly_built_is_left_to_feedparser(inside: str) -> None:
    spaces = 'xmlns:media="http://search.yahoo.com/mrss/"'
    body = f'<rss version="2.0" {spaces}><channel><item>{inside}</item></channel></rss>'
    assert read_fast(prepare(body.encode(), None)) is None


@pytest.mark.parametrize(
    "spaces",
    [
        'xmlns:media="https://not-media.example/"',
        'xmlns:x="http://purl.org/dc/elements/1.1/"',
        'xmlns="http://purl.org/rss/1.0/"',
        'xmlns:u="http://backend.userland.com/rss2"',
    ],
)
def test_namespaces_that_feedparser_reads_by_prefix_are_left_to_it(spaces: str) -> None:
    body = f'<rss version="2.0" {spaces}><channel><item><link>a</link></item></channel></rss>'
    assert read_fast(prepare(body.encode(), None)) is None


def test_a_plain_feed_of_rss_1_0_takes_the_fast_path_and_equals_feedparser() -> None:
    body = f"""<rdf:RDF xmlns="{RSS10}" xmlns:rdf="{RDF}" xmlns:dc="{NAMESPACES["dc"]}">
      <channel rdf:about="https://paper.example/feed"><title>Hafenpost</title>
      <link>https://paper.example/</link><dc:language>de</dc:language>
      <items><rdf:Seq><rdf:li rdf:resource="https://paper.example/1"/></rdf:Seq></items></channel>
      <item rdf:about="https://paper.example/1"><title>Der Kran ist da</title>
      <link>https://paper.example/1</link><description>Er kam &lt;b>nachts&lt;/b>.</description>
      <dc:date>2023-09-13T10:00:00+09:00</dc:date><dc:creator>Ada Fähr</dc:creator></item>
      </rdf:RDF>"""
    fast, slow = _both(body.encode())
    assert fast is not None
    assert slow is not None
    _assert_equal(fast, slow)
    assert (fast.language, fast.entries[0].guid) == ("de", "https://paper.example/1")


@pytest.mark.parametrize(
    "inside",
    [
        "<channel/><item rdf:about='a' rdf:ID='b'><title>t</title></item>",
        "<channel/><item about='a'><title>t</title></item>",
        "<channel/><item rdf:about='a'><guid>b</guid></item>",
        "<channel/><image rdf:about='i'><title>t</title></image>",
        "<channel><items><rdf:Bag/></items></channel>",
        "<item><title>t</title></item><channel/>",
    ],
)
def test_what_is_odd_in_rss_1_0_is_left_to_feedparser(inside: str) -> None:
    body = f'<rdf:RDF xmlns="{RSS10}" xmlns:rdf="{RDF}">{inside}</rdf:RDF>'
    assert read_fast(prepare(body.encode(), None)) is None


def test_fast_path_takes_most_well_formed_real_feeds_and_agrees_on_all_it_takes() -> None:
    corpus = os.environ.get("DUCKWIRE_CORPUS")
    if not corpus:
        pytest.skip("DUCKWIRE_CORPUS is not set")
    taken = 0
    for path in sorted((Path(corpus) / "feeds").glob("*.xml")):
        fast, slow = _both(path.read_bytes())
        if fast is not None:
            assert slow is not None, path.name
            _assert_equal(fast, slow)
            taken += 1
    assert taken >= 7


def test_generated_documents_reach_both_paths() -> None:
    taken: list[bool] = []

    @given(feeds())
    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    def count(body: bytes) -> None:
        taken.append(read_fast(prepare(body, None)) is not None)

    count()
    assert 0.1 < sum(taken) / len(taken) < 0.95


def test_version_of_the_authority_is_the_one_the_rules_were_read_from() -> None:
    assert re.match(r"6\.0\.14$", feedparser.__version__)
