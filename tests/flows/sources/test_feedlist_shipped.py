"""The list of feeds that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from feed_lists import NEW, written

from extractors.opml import read_opml, write_opml
from extractors.records import Listing
from flows.sources.feedlist import add, load, merge, remove, set_paused
from flows.sources.listing_fields import url_key

SHIPPED = Path(__file__).parents[3] / "seeds" / "feeds.yaml"


@pytest.fixture(scope="module")
def shipped() -> list[Listing]:
    return load(SHIPPED)


def test_the_shipped_list_has_at_least_45_feeds(shipped: list[Listing]) -> None:
    assert len(shipped) >= 45
    assert len({listing.feed_id for listing in shipped}) == len(shipped)
    assert len({url_key(listing.url) for listing in shipped}) == len(shipped)


def test_the_shipped_list_covers_the_languages_of_the_story(shipped: list[Listing]) -> None:
    wanted = {"en", "ko", "ru", "uk", "ja", "zh", "es", "pt", "fr", "de", "ar"}
    assert wanted <= {listing.language for listing in shipped}


def test_the_shipped_list_covers_the_sides_of_the_story(shipped: list[Listing]) -> None:
    wanted = {"KR", "RU", "JP", "CN", "US", "UA", "GB", "FR", "DE", "ES", "BR", "QA"}
    assert wanted <= {listing.country for listing in shipped}


def test_every_shipped_feed_says_all_there_is_to_say(shipped: list[Listing]) -> None:
    for listing in shipped:
        assert listing.url.startswith(("https://", "http://"))
        assert listing.publisher
        assert listing.homepage
        assert listing.country
        assert listing.language
        assert listing.seen_in
        assert listing.seen_in.startswith(("github.com/", "https://"))
        assert listing.verified is None
        assert not listing.feed_id.startswith("f_")


def test_the_shipped_list_can_be_edited_and_goes_through_opml(tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8")
    path = written(tmp_path, text)
    listings = load(path)
    middle = listings[len(listings) // 2].feed_id
    set_paused(path, middle, True)
    set_paused(path, middle, False)
    add(path, NEW)
    remove(path, NEW.feed_id)
    assert path.read_text("utf-8") == text
    assert merge(path, read_opml(write_opml(listings, "feeds"))) == (0, len(listings))
