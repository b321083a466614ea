"""JSON Feed 1.0 and 1.1, and what passes for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.feeds import parse_feed
from extractors.records import ParsedFeed, Reason

URL = "https://paper.example/feed.json"
V11 = "https://jsonfeed.org/version/1.1"


def parse(items: Any, **fields: Any) -> ParsedFeed:
    data = {"version": V11, "title": "T", "items": items, **fields}
    return parse_feed(json.dumps(data, ensure_ascii=False).encode(), URL)


def test_an_item_keeps_all_it_says() -> None:
    feed = parse(
        [
            {
                "id": "https://paper.example/1",
                "url": "/1",
                "title": "Zug & Schiff",
                "content_html": "<p>Ein <b>Zug</b></p>",
                "summary": "Kurz",
                "date_published": "2023-09-13T10:00:00+09:00",
                "date_modified": "2023-09-14T00:00:00Z",
                "authors": [{"name": "Ana Ruiz"}, {"url": "x"}],
                "tags": ["Welt", 7],
                "image": "/i.png",
                "language": "de-AT",
            }
        ],
        home_page_url="https://paper.example/",
        feed_url=URL,
        next_url="?page=2",
        language="de",
        hubs=[{"type": "WebSub", "url": "https://hub.example/"}],
    )
    (entry,) = feed.entries
    assert (feed.version, feed.path, feed.language) == ("json11", "json", "de")
    assert feed.links == (
        ("alternate", "https://paper.example/"),
        ("self", URL),
        ("next", URL + "?page=2"),
        ("hub", "https://hub.example/"),
    )
    assert entry.guid == entry.link == "https://paper.example/1"
    assert entry.published_at == datetime(2023, 9, 13, 1, tzinfo=UTC)
    assert entry.modified_at == datetime(2023, 9, 14, tzinfo=UTC)
    assert (entry.title, entry.summary) == ("Zug & Schiff", "Kurz")
    assert entry.content == "<p>Ein <b>Zug</b></p>"
    assert (entry.authors, entry.tags, entry.language) == (("Ana Ruiz",), ("Welt",), "de")
    assert entry.image == "https://paper.example/i.png"


def test_version_1_0_with_one_author_and_a_number_for_an_id() -> None:
    feed = parse(
        [{"id": 17, "content_text": "a < b", "author": {"name": "Bo"}}],
        version="https://jsonfeed.org/version/1",
    )
    (entry,) = feed.entries
    assert feed.version == "json1"
    assert (entry.guid, entry.authors) == ("17", ("Bo",))
    assert entry.summary == entry.content == "a < b"


def test_an_item_that_is_not_an_object_is_passed_over_with_a_warning() -> None:
    feed = parse([7, {"id": "a"}, None])
    assert [entry.guid for entry in feed.entries] == ["a"]
    assert feed.warning == "2 items are not objects"


def test_fields_of_the_wrong_type_are_lost_alone() -> None:
    (entry,) = parse(
        [{"id": "a", "title": 7, "tags": "x", "authors": {"name": "B"}, "url": []}]
    ).entries
    assert (entry.guid, entry.title, entry.tags, entry.authors, entry.link) == (
        "a",
        None,
        (),
        (),
        None,
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", Reason.NOT_A_FEED),
        (b'{"version": "1.0", "name": "package"}', Reason.NOT_A_FEED),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', Reason.UNPARSABLE),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": {}}', Reason.UNPARSABLE),
        (b'{"version"', Reason.UNPARSABLE),
    ],
)
def test_json_that_is_no_feed_has_a_reason(body: bytes, reason: Reason) -> None:
    assert parse_feed(body, URL).reason is reason


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["id", "url", "title", "authors", "name", "tags", "date_published", "x"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


def test_half_a_surrogate_pair_is_dropped_and_a_whole_one_is_a_character() -> None:
    item = {"id": "1\udc00", "title": "Ships \ud83d sail", "tags": ["\ud83d"], "url": "/a\ud83d"}
    items = [{**item, "content_text": "\ud83d\ude00 \ud83d"}]
    feed = parse_feed(json.dumps({"version": V11, "items": items}).encode(), URL)
    (entry,) = feed.entries
    assert (entry.guid, entry.title, entry.tags) == ("1", "Ships sail", ())
    assert entry.content is not None
    assert entry.content.strip() == "😀"
    repr(feed).encode("utf-8")


@given(_JSON, _JSON)
@settings(deadline=None)
def test_any_json_in_any_place_never_raises(items: Any, hubs: Any) -> None:
    feed = parse(items, hubs=hubs)
    assert feed.reason is None or feed.detail
    assert all(entry.guid for entry in feed.entries)
