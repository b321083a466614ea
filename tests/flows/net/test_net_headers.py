"""Header values: read as the standards write them, and never an exception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.net.headers import (
    LONGEST_S,
    cache_directives,
    http_date,
    max_age_s,
    retry_after_s,
    seconds,
    sendable,
)

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wed, 13 Sep 2023 06:00:00 GMT", NOW),
        ("Wednesday, 13-Sep-23 06:00:00 GMT", NOW),
        ("Wed Sep 13 06:00:00 2023", NOW),
        ("Wed, 13 Sep 2023 15:00:00 +0900", NOW),
        ("0", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Wed, 99 Sep 2023 06:00:00 GMT", None),
        ("Wed, 13 Sep 99999 06:00:00 GMT", None),
    ],
)
def test_http_dates_are_read_as_utc(value, expected):
    assert http_date(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("99999999999", LONGEST_S),
        ("Wed, 13 Sep 2023 06:02:00 GMT", 120),
        ("Wed, 13 Sep 2023 05:00:00 GMT", 0),
        ("Wed, 13 Sep 2400 05:00:00 GMT", LONGEST_S),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("²", None),
        ("9" * 5_000, None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value, expected):
    assert retry_after_s(value, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=600", 600),
        ("public, Max-Age = 600, must-revalidate", 600),
        ('max-age="600"', 600),
        ("max-age=600, max-age=5", 600),
        ("s-maxage=900", None),
        ("no-cache, max-age=600", None),
        ("no-store,max-age=600", None),
        ("max-age=-1", None),
        ("max-age", None),
        (",,;=,", None),
        (None, None),
    ],
)
def test_max_age_is_what_the_answer_may_be_kept_for(value, expected):
    assert max_age_s(value) == expected


@given(
    st.one_of(
        st.none(),
        st.text(),
        st.text(st.sampled_from("0123456789 GMTWedSep,:-+=")),
        st.binary().map(lambda b: b.decode("latin-1")),
    )
)
def test_no_header_value_whatsoever_raises(value):
    at = http_date(value)
    assert at is None or at.tzinfo is UTC
    for number in (retry_after_s(value, NOW), max_age_s(value), seconds(value)):
        assert number is None or 0 <= number <= LONGEST_S
    cache_directives(value)
    sent = sendable(value)
    assert sent is None or not ({"\r", "\n", "\0"} & set(sent))


@given(st.integers(0, LONGEST_S - 1))
def test_both_forms_of_retry_after_say_the_same(wait):
    date = format_datetime(NOW + timedelta(seconds=wait), usegmt=True)
    assert retry_after_s(date, NOW) == retry_after_s(str(wait), NOW) == wait
