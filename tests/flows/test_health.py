"""What machines ask a desk: whether it is well, and the numbers Prometheus scrapes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from desks import Desk
from prometheus_client.parser import text_string_to_metric_families

from flows.health import health_of, metrics_text, serving
from flows.settings import SAMPLES


def now() -> datetime:
    return datetime.now(UTC)


def numbers(text: bytes) -> dict[str, float]:
    """Every sample as 'name{label=value,…}' → number."""
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_desk_that_has_published_is_well(landed: Desk) -> None:
    found = health_of(landed.settings, now())
    assert found.well, found.detail


def test_a_desk_that_never_published_is_not_well(make_desk) -> None:
    found = health_of(make_desk().settings, now())
    assert not found.well
    assert "published" in found.detail


def test_a_copy_that_is_too_old_is_not_well(landed: Desk) -> None:
    assert not health_of(landed.settings, now() + timedelta(days=1)).well


def test_a_broken_copy_is_told_in_one_line(make_desk) -> None:
    desk = make_desk()
    desk.database.write_bytes(b"no database" * 1000)
    found = health_of(desk.settings, now())
    assert not found.well
    assert "\n" not in found.detail


def test_the_numbers_are_those_of_the_tables(landed: Desk) -> None:
    found = numbers(metrics_text(landed.settings, now))
    on = "SELECT count(*) FROM article_topics WHERE verdict = 'on' AND topic_id = '{}'"
    for topic in ("kim-putin-summit", "g20-delhi-2023"):
        labels = json.dumps({"topic": topic, "verdict": "on"})
        assert (
            found.get(f"duckwire_topic_articles{labels}", 0) == landed.ask(on.format(topic))[0][0]
        )
    polls = landed.ask("SELECT count(*) FROM polls WHERE state = 'landed'")[0][0]
    assert found['duckwire_polls_total{"reason": "", "state": "landed"}'] == polls
    assert found["duckwire_well{}"] == 1
    assert found["duckwire_archive_bytes{}"] > 10_000
    assert found["duckwire_last_article_timestamp_seconds{}"] == pytest.approx(
        now().timestamp(), abs=600
    )


def test_a_desk_without_a_copy_still_tells_of_its_disk(make_desk) -> None:
    found = numbers(metrics_text(make_desk().settings, now))
    assert found["duckwire_well{}"] == 0
    assert found["duckwire_disk_free_bytes{}"] > 0


def test_a_desk_that_has_fetched_no_page_tells_the_rest(make_desk) -> None:
    desk = make_desk()
    desk.run(seeds=SAMPLES)
    found = numbers(metrics_text(desk.settings, now))
    assert found["duckwire_articles" + json.dumps({"language": "en"})] > 0
    assert not [name for name in found if name.startswith("duckwire_fetch_seconds")]


def test_both_are_served_on_loopback(landed: Desk, make_desk) -> None:
    with serving(landed.settings, now, port=0) as port:
        status, body = get(f"http://127.0.0.1:{port}/health")
        assert (status, json.loads(body)["well"]) == (200, True)
        status, body = get(f"http://127.0.0.1:{port}/metrics")
        assert status == 200
        assert numbers(body)["duckwire_well{}"] == 1
        assert get(f"http://127.0.0.1:{port}/other")[0] == 404
    with serving(make_desk(name="bare").settings, now, port=0) as port:
        assert get(f"http://127.0.0.1:{port}/health")[0] == 503
