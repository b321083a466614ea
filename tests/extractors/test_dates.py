"""Dates: every form read as it is meant, nothing completed from today's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.dates import parse_date, zone_offset
from extractors.records import Precision

MORNING = datetime(2023, 9, 13, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "instant", "zone"),
    [
        ("2023-09-13T19:30:00+09:00", MORNING, "+09:00"),
        ("2023-09-13T10:30:00.000Z", MORNING, "Z"),
        ("2023-09-13T10:30:00 +0000", MORNING, "+00:00"),
        ("2023-09-13T13:30:00+03:00[Europe/Moscow]", MORNING, "+03:00"),
        ("Wed, 13 Sep 2023 13:30:00 +0300", MORNING, "+03:00"),
        ("Wed, 13 Sep 23 05:30:00 EST", MORNING, "-05:00"),
        ("Wed Sep 13 10:30:00 +0000 2023", MORNING, "+00:00"),
        ("Sept. 13, 2023, 6:30 a.m. ET", MORNING, "-04:00"),
        ("Published 10:30 GMT, 13 September 2023", MORNING, "+00:00"),
        ("13 сентября 2023 г. в 13:30 (МСК)", MORNING, "+03:00"),
        ("13 Sep 2023 16:00 (IST)", MORNING, "+05:30"),
        ("1694601000", MORNING, "Z"),
        ("1694601000000", MORNING, "Z"),
    ],
)
def test_a_stated_zone_gives_an_instant(raw: str, instant: datetime, zone: str) -> None:
    assert parse_date(raw) == (instant, Precision.INSTANT, zone)


def test_an_afternoon_right_behind_its_hour_is_no_zone() -> None:
    afternoon = datetime(2023, 9, 13, 18, 12, tzinfo=UTC)
    assert parse_date("13 Sep 2023 06:12pm") == (afternoon, Precision.LOCAL, None)


def test_an_hour_behind_a_day_is_no_year() -> None:
    assert parse_date("13 сеп 10:30") == (None, Precision.NONE, None)


@pytest.mark.parametrize(
    "raw",
    [
        "2023-09-13 10:30", "2023/09/13 10:30", "13.09.2023 10:30", "13. 9. 2023 10:30",
        "September 13, 2023 10:30 AM", "Mittwoch, 13. September 2023, 10:30 Uhr",
        "13 septembre 2023 à 10h30", "13 de septiembre de 2023, 10:30", "13 вересня 2023, 10:30",
        "13 сентября 2023, 10:30", "13 września 2023 10:30", "13 Eylül 2023 10:30",
        "2023. szeptember 13. 10:30", "١٣ سبتمبر ٢٠٢٣ 10:30", "2023年9月13日 10時30分",
        "2023年09月13日 10:30", "2023년 9월 13일 오전 10:30", "2023.09.13. 오전 10:30",
        "13 tháng 9 năm 2023 10:30", "13 กันยายน 2566 10:30 น.", "2023-09-13T10:30",
        "۲۲ شهریور ۱۴۰۲ - ۱۰:۳۰", "1402/06/22 10:30", "13 ก.ย. 2566 10:30 น.",
        "১৩ সেপ্টেম্বর ২০২৩, ১০:৩০", "१३ सितंबर २०२३ 10:30", "13 ستمبر 2023 10:30",
        "13 أيلول/سبتمبر 2023 10:30 ص", "13/9/2023 10:30 πμ", "2023 m. rugsėjo 13 d. 10:30",
        "2023. gada 13. septembris 10:30", "13. september 2023 kl. 10.30",
        "令和5年9月13日 10時30分", "令和５年９月１３日 10:30", "中華民國112年9月13日 10:30",
        "13 სექტემბერი, 2023 10:30", "13 sentyabr 2023 10:30", "13 қыркүйек 2023, 10:30",
        "13 सप्टेंबर 2023 10:30", "วันที่ 13 กันยายน พ.ศ. 2566 10:30 น.",
        "13.09.23, 10:30", "10:30 • 13/09/23", "Setyembre 13, 2023 10:30", "13/set/2023 10h30",
        "10:30, 13 сеп 23 / 3", "GMT 10:30 2023 الأربعاء 13 سبتمبر", "13 Sep 2023 10:30am",
        "주체112(2023)년 9월 13일 10:30",
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_local_and_counts_as_utc(raw: str) -> None:
    assert parse_date(raw) == (MORNING, Precision.LOCAL, None)


@pytest.mark.parametrize(
    "raw",
    ["13/9/2023 10:30 μμ", "13 سبتمبر 2023 - 10:30 م", "2023年9月13日 下午10:30",
     "13/9/2023 10:30 CH",
     "2023. 9. 13. 오후 10:30"],
)  # fmt: skip
def test_the_second_half_of_the_day_is_known_in_other_languages(raw: str) -> None:
    assert parse_date(raw)[0] == MORNING + timedelta(hours=12)


@pytest.mark.parametrize(
    ("iranian", "day"),
    [("1403/01/01", (2024, 3, 20)), ("1399/12/30", (2021, 3, 20)), ("1404/01/01", (2025, 3, 21))],
)
def test_iranian_new_years_fall_on_their_days(iranian: str, day: tuple[int, int, int]) -> None:
    assert parse_date(iranian)[0] == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["令和元年5月1日", "平成31年5月1日", "民國108年5月1日"])
def test_years_of_eras_are_counted_from_their_first(raw: str) -> None:
    assert parse_date(raw) == (datetime(2019, 5, 1, tzinfo=UTC), Precision.DAY, None)


@pytest.mark.parametrize("raw", ["Version 13.09.23 of the app was out in all shops", "10.13.13.45"])
def test_three_small_numbers_in_a_sentence_are_no_date(raw: str) -> None:
    assert parse_date(raw)[0] is None


def test_a_default_zone_moves_the_instant_but_is_not_stated() -> None:
    seoul = timezone(timedelta(hours=9))
    expected = datetime(2023, 9, 13, 1, 30, tzinfo=UTC)
    assert parse_date("2023-09-13 10:30", default_zone=seoul) == (expected, Precision.LOCAL, None)


@pytest.mark.parametrize(
    "raw",
    [
        "2023-09-13",
        "20230913",
        "13 Sep 2023",
        "13/09/2023",
        "09/13/2023",
        "13-SEP-23",
        "२०२३-०९-१३",
    ],
)
def test_a_date_without_a_time_is_a_day(raw: str) -> None:
    assert parse_date(raw) == (datetime(2023, 9, 13, tzinfo=UTC), Precision.DAY, None)


def test_a_numeric_date_with_two_readings_needs_to_be_told_its_order() -> None:
    assert parse_date("03/04/2023")[0] is None
    assert parse_date("03/04/2023", day_first=True)[0] == datetime(2023, 4, 3, tzinfo=UTC)
    assert parse_date("03/04/2023", day_first=False)[0] == datetime(2023, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    ["", "yesterday", "2 hours ago", "today at 10:30", "10:30", "May 2023", "13 September",
     "2023-13-45", "0000-00-00", "99999999999999999999", "Wed, 32 Sep 2023"],
)  # fmt: skip
def test_what_names_no_full_date_gives_nothing(raw: str) -> None:
    assert parse_date(raw)[0] is None


def test_midnight_may_be_written_as_the_end_of_a_day() -> None:
    assert parse_date("2023-09-13T24:00:00Z")[0] == datetime(2023, 9, 14, tzinfo=UTC)


def test_american_zones_follow_daylight_saving() -> None:
    assert zone_offset("ET", datetime(2023, 3, 12, 1, 59)) == timedelta(hours=-5)  # noqa: DTZ001
    assert zone_offset("ET", datetime(2023, 3, 12, 3, 0)) == timedelta(hours=-4)  # noqa: DTZ001
    assert zone_offset("PT", datetime(2023, 11, 6)) == timedelta(hours=-8)  # noqa: DTZ001


@given(st.text(max_size=200))
def test_no_text_makes_the_parser_raise(raw: str) -> None:
    instant, precision, _ = parse_date(raw)
    assert (instant is None) == (precision is Precision.NONE)
    assert instant is None or instant.tzinfo is UTC


offsets = st.integers(-56, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2150, 1, 1), timezones=offsets))  # noqa: DTZ001
def test_what_isoformat_writes_is_read_back_to_the_second(moment: datetime) -> None:
    instant, precision, zone = parse_date(moment.isoformat())
    assert precision is Precision.INSTANT
    assert zone is not None
    assert instant == moment.replace(microsecond=0)
