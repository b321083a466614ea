"""Windows, units and owners: what every source of the past builds on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins.drain import SEPTEMBER, utc

from extractors.records import Listing, Precision
from flows.sources.base import (
    Window,
    make_unit,
    outside_by_address,
    unit_from_text,
    unit_to_text,
)
from flows.sources.owners import Owners, host_of, site_of

SECOND = timedelta(seconds=1)
_MOMENTS = st.datetimes(
    min_value=datetime(1995, 1, 1),  # noqa: DTZ001
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_SPANS = st.tuples(_MOMENTS, st.timedeltas(min_value=SECOND, max_value=timedelta(days=500)))


def test_a_window_is_half_open_and_kept_in_utc() -> None:
    seoul = timezone(timedelta(hours=9))
    window = Window(datetime(2023, 9, 13, tzinfo=seoul), datetime(2023, 9, 14, tzinfo=seoul))
    assert window.start == utc(2023, 9, 12, 15)
    assert window.start.tzinfo is UTC
    assert window.contains(window.start)
    assert not window.contains(window.end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2023, 9, 13), utc(2023, 9, 14)),  # noqa: DTZ001
        (utc(2023, 9, 14), utc(2023, 9, 14)),
        (utc(2023, 9, 15), utc(2023, 9, 14)),
    ],
)
def test_a_window_without_zone_or_length_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(start, end)


@settings(deadline=None)
@given(_SPANS)
def test_days_cut_a_window_without_gap_or_overlap(span: tuple[datetime, timedelta]) -> None:
    window = Window(span[0], span[0] + span[1])
    days = list(window.days())
    assert (days[0].start, days[-1].end) == (window.start, window.end)
    assert all(first.end == second.start for first, second in pairwise(days))
    assert all(day.end - day.start <= timedelta(days=1) for day in days)


@settings(deadline=None)
@given(_SPANS)
def test_months_are_those_of_the_windows_days(span: tuple[datetime, timedelta]) -> None:
    window = Window(span[0], span[0] + span[1])
    assert list(window.months()) == list(
        dict.fromkeys((day.start.year, day.start.month) for day in window.days())
    )


@settings(deadline=None)
@given(_SPANS, _MOMENTS, st.sampled_from(Precision))
def test_what_lies_inside_is_never_excluded(
    span: tuple[datetime, timedelta], moment: datetime, precision: Precision
) -> None:
    window = Window(span[0], span[0] + span[1])
    if window.contains(moment):
        assert not window.excludes(moment, precision)
        assert not window.follows(moment, precision)
    elif precision is Precision.INSTANT:
        assert window.excludes(moment, precision)


def test_a_day_is_outside_only_when_it_is_so_in_every_zone() -> None:
    assert not SEPTEMBER.excludes(utc(2023, 9, 11), Precision.DAY)  # still the 12th in UTC
    assert SEPTEMBER.excludes(utc(2023, 9, 10), Precision.DAY)
    assert not SEPTEMBER.excludes(utc(2023, 9, 15), Precision.DAY)  # the 14th, from Kiribati
    assert SEPTEMBER.excludes(utc(2023, 9, 16), Precision.DAY)
    assert not SEPTEMBER.excludes(None, Precision.NONE)


def test_an_address_excludes_only_by_the_day_it_names() -> None:
    assert outside_by_address(SEPTEMBER, "https://paper.example/2023/08/01/a")
    assert not outside_by_address(SEPTEMBER, "https://paper.example/2023/09/13/a")
    assert not outside_by_address(SEPTEMBER, "https://paper.example/about")
    assert not outside_by_address(SEPTEMBER, None)


def test_a_units_id_follows_from_what_it_does_and_nothing_else() -> None:
    one = make_unit("paged", "page", "https://a.example", SEPTEMBER, feed_id="f", detail="x")
    same = make_unit(
        "paged", "page", "https://a.example", SEPTEMBER, feed_id="f", level=3, mark="m"
    )
    assert one.unit_id == same.unit_id
    others = [
        make_unit("paged", "page", "https://a.example", SEPTEMBER, feed_id="g"),
        make_unit("paged", "page", "https://b.example", SEPTEMBER, feed_id="f"),
        make_unit("paged", "page", "https://a.example", next(SEPTEMBER.days()), feed_id="f"),
        make_unit("paged", "page", "https://a.example", SEPTEMBER, feed_id="f", scope="hosts"),
    ]
    assert len({one.unit_id, *(unit.unit_id for unit in others)}) == 5


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.none() | st.integers(0, 10**9))
def test_a_unit_survives_being_written_down(url: str, mark: str, expected: int | None) -> None:
    unit = make_unit(
        "urllist", "list", url, SEPTEMBER, mark=mark, expected=expected, lists=True, detail="d"
    )
    assert "\n" not in unit_to_text(unit)
    assert unit_from_text(unit_to_text(unit)) == unit


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"start": 1, "end": 2}', "null"])
def test_what_is_no_written_unit_raises_one_of_three(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        unit_from_text(text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Paper.example:8443/a?b#c", "www.paper.example"),
        ("http://user:secret@paper.example/", "paper.example"),
        ("https://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("https://paper.example.", "paper.example"),
        ("https://paper.example?x=//y", "paper.example"),
        ("dns:paper.example", ""),
        ("", ""),
    ],
)
def test_a_host_is_cut_out_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


def test_a_host_belongs_to_the_feed_of_its_site_or_domain() -> None:
    feeds = [
        Listing("f_a", "https://feeds.paper.com/rss", homepage="https://www.paper.com/"),
        Listing("f_b", "https://other.example/feed"),
    ]
    owners = Owners(feeds)
    for host in ("www.paper.com", "paper.com", "world.paper.com"):
        owner = owners.of(host)
        assert owner is not None
        assert owner.feed_id == "f_a"
    assert owners.of("notpaper.com") is None
    assert owners.of("com") is None
    assert owners.of("") is None
    assert site_of(feeds[1]) == "https://other.example"
    assert site_of(Listing("f_c", "files:seeds")) is None


def test_two_publishers_at_one_address_name_neither() -> None:
    owners = Owners(
        [
            Listing("f_a", "https://host.example/a.xml", publisher="A", language="en"),
            Listing("f_b", "https://host.example/b.xml", publisher="B", language="en"),
        ]
    )
    owner = owners.of("host.example")
    assert owner is not None
    assert (owner.feed_id, owner.publisher, owner.language) == ("f_a", None, "en")
