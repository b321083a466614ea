"""Publication: the moment that statements agree on, and why; never one made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.published import Publication, choose_publication, url_day
from extractors.records import Entry, Precision

FETCHED = datetime(2023, 9, 20, 12, tzinfo=UTC)
AT = datetime(2023, 9, 13, 10, 30, tzinfo=UTC)


def choose(
    *published: tuple[str, str],
    modified: tuple[tuple[str, str], ...] = (),
    url: str | None = None,
    last_modified: str | None = None,
    entry: Entry | None = None,
    day_first: bool | None = None,
    clocks: dict[str, int] | None = None,
) -> Publication:
    return choose_publication(
        list(published),
        list(modified),
        url=url,
        last_modified=last_modified,
        entry=entry,
        fetched_at=FETCHED,
        day_first=day_first,
        clocks=clocks,
    )


def test_agreement_makes_the_instant_and_says_so() -> None:
    chosen = choose(
        ("json-ld", "2023-09-13T13:30:00+03:00"), ("opengraph", "2023-09-13T10:30:00Z"),
        url="https://a.example/2023/09/13/x",
    )  # fmt: skip
    assert (chosen.published_at, chosen.precision) == (AT, Precision.INSTANT)
    assert chosen.reason == "stated by json-ld; opengraph, url agree"
    assert [item.origin for item in chosen.candidates if item.chosen] == ["json-ld"]
    assert next(item for item in chosen.candidates if item.chosen).zone == "+03:00"


def test_a_day_alone_stays_a_day() -> None:
    chosen = choose(("meta", "2023-09-13"))
    assert (chosen.published_at, chosen.precision) == (
        datetime(2023, 9, 13, tzinfo=UTC),
        Precision.DAY,
    )
    assert "no time stated" in chosen.reason


def test_a_local_time_takes_the_instant_another_statement_gives_it() -> None:
    chosen = choose(("meta", "2023-09-13 19:30"), ("json-ld", "2023-09-13T19:30:06+09:00"))
    assert chosen.published_at == AT + timedelta(seconds=6)
    assert chosen.precision is Precision.INSTANT


def test_a_local_time_and_a_url_day_west_of_greenwich_support_the_next_day_in_utc() -> None:
    chosen = choose(
        ("meta", "2023-09-12 20:58:46"), ("json-ld", "2023-09-13T04:58:46+00:00"),
        url="https://a.example/2023/09/12/x",
    )  # fmt: skip
    assert chosen.published_at == datetime(2023, 9, 13, 4, 58, 46, tzinfo=UTC)


def test_a_local_time_without_help_counts_as_utc() -> None:
    chosen = choose(("json-ld", "2023-09-13T10:30:00"))
    assert (chosen.published_at, chosen.precision) == (AT, Precision.LOCAL)
    assert "taken as UTC" in chosen.reason


@pytest.mark.parametrize(
    "said",
    [
        (("json-ld", "2023-09-13T16:00:00+05:30"), ("opengraph", "2023-09-13T16:00:00Z")),
        (("json-ld", "2023-09-13T16:00:00Z"), ("opengraph", "2023-09-13T16:00:00+05:30")),
    ],
)
def test_a_local_time_labelled_utc_does_not_outweigh_the_same_clock_with_its_zone(
    said: tuple[tuple[str, str], ...],
) -> None:
    assert choose(*said).published_at == AT


def test_a_local_time_is_taken_in_the_only_zone_the_page_names() -> None:
    changed = (("json-ld", "2023-09-13T18:00:00+05:30"),)
    chosen = choose(("json-ld", "2023-09-13 16:00:00"), modified=changed)
    assert (chosen.published_at, chosen.precision) == (AT, Precision.LOCAL)
    assert "in the zone of the page's other dates" in chosen.reason


@pytest.mark.parametrize(
    ("clocks", "hour"), [({}, 16), ({"2023-09": 330}, 10), ({"2023-08": 330, "2023-10": 60}, 10)]
)
def test_a_local_time_is_read_by_its_hosts_clock(clocks: dict[str, int], hour: int) -> None:
    chosen = choose(("json-ld", "2023-09-13T16:00:00"), clocks=clocks)
    assert chosen.published_at == datetime(2023, 9, 13, hour, 30 if clocks else 0, tzinfo=UTC)
    assert chosen.precision is Precision.LOCAL
    assert chosen.clock == ("2023-09", 330 if clocks else 0)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2023-09-13T19:30:20", 540),
        ("2023-09-13T05:45:00", -285),
        ("2023-09-13T10:30:00Z", None),
        ("2023-09-13T19:36:00", None),
        ("2023-09-14T10:30:00", None),
        ("2023-09-13", None),
    ],
)
def test_an_entry_shows_by_which_clock_its_page_writes(written: str, shown: int | None) -> None:
    entry = Entry("1", None, None, published_at=AT, published_precision=Precision.INSTANT)
    assert choose(("json-ld", written), entry=entry).shown_clock == shown


def test_the_country_settles_which_number_is_the_day() -> None:
    assert choose(("meta", "03/09/2023 10:30")).published_at is None
    there = choose(("meta", "03/09/2023 10:30"), day_first=True)
    assert there.published_at == datetime(2023, 9, 3, 10, 30, tzinfo=UTC)


def test_two_origins_outvote_a_third() -> None:
    chosen = choose(
        ("json-ld", "2023-09-18T08:00:00Z"), ("opengraph", "2023-09-13T10:30:00Z"),
        ("meta", "2023-09-13T10:30:00Z"),
    )  # fmt: skip
    assert chosen.published_at == AT
    assert "json-ld differs" in chosen.reason


@pytest.mark.parametrize(
    "raw", ["2023-09-25T10:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"]
)
def test_an_implausible_date_is_kept_and_never_chosen(raw: str) -> None:
    chosen = choose(("json-ld", raw))
    assert chosen.published_at is None
    assert chosen.reason == "no stated date is plausible"
    assert [item.value for item in chosen.candidates] == [raw]
    assert choose(("json-ld", raw), ("time", "2023-09-13T10:30:00Z")).published_at == AT


def test_the_feeds_date_counts_and_a_date_years_before_it_does_not() -> None:
    entry = Entry("g", None, "t", published_at=AT, published_raw="Wed, 13 Sep 2023 10:30:00 GMT",
                  published_precision=Precision.INSTANT)  # fmt: skip
    chosen = choose(("json-ld", "2015-01-01T00:00:01Z"), entry=entry)
    assert chosen.published_at == AT
    assert next(item for item in chosen.candidates if item.chosen).origin == "entry"


def test_the_servers_stamp_of_the_fetch_is_never_the_date() -> None:
    stamp = "Wed, 20 Sep 2023 11:59:00 GMT"
    assert choose(last_modified=stamp).published_at is None


def test_nobody_states_a_date() -> None:
    chosen = choose()
    assert (chosen.published_at, chosen.precision) == (None, Precision.NONE)
    assert chosen.reason == "nobody states a date"


def test_a_change_does_not_precede_publication() -> None:
    first = (("json-ld", "2023-09-13T12:00:00Z"),)
    assert choose(
        ("json-ld", "2023-09-13T10:30:00Z"), modified=first
    ).modified_at == AT + timedelta(minutes=90)
    early = (("json-ld", "2023-09-12T12:00:00Z"),)
    assert choose(("json-ld", "2023-09-13T10:30:00Z"), modified=early).modified_at is None


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://a.example/2023/09/13/x", "2023-09-13"),
        ("https://a.example/2023-09-13-x", "2023-09-13"),
        ("https://a.example/news/20230913/1", "2023-09-13"),
        ("https://a.example/2023/sep/13/x", "2023-09-13"),
        ("https://a.example/13-09-2023/x", "2023-09-13"), ("https://a.example/2023/09/x", None),
        ("https://a.example/article/120230913555", None), (None, None),
    ],
)  # fmt: skip
def test_an_address_may_name_its_day(url: str | None, day: str | None) -> None:
    assert url_day(url) == day


raws = st.sampled_from(
    [
        "2023-09-13T10:30:00Z",
        "2023-09-13",
        "2023-09-13 10:30",
        "2033-01-01T00:00:00Z",
        "x",
        "2023-09-19T23:00:00-05:00",
    ]
)
origins = st.sampled_from(["json-ld", "opengraph", "meta", "time", "text"])


@given(st.lists(st.tuples(origins, raws), max_size=6))
def test_the_choice_is_always_one_of_the_statements_and_never_ahead_of_the_fetch(
    said: list[tuple[str, str]],
) -> None:
    chosen = choose(*said)
    marked = [item for item in chosen.candidates if item.chosen]
    assert bool(marked) == (chosen.published_at is not None)
    if chosen.published_at is not None:
        assert chosen.published_at <= FETCHED + timedelta(hours=26)
        assert chosen.published_at in {item.instant for item in chosen.candidates}
