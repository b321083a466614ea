from __future__ import annotations

import gzip
import io
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import urlsplit

import feedparser
import pytest
from defusedxml import ElementTree

from extractors.records import Verdict
from flows.newsroom import Behaviour, Newsroom, PageKind
from flows.newsroom.data import DataError, load


def _url(room, feed_id):
    return next(feed.url for feed in room.feeds() if feed.feed_id == feed_id)


def _parsed(reply):
    headers = {"content-type": reply.headers["content-type"]}
    return feedparser.parse(io.BytesIO(reply.body), response_headers=headers)


def _written(room):
    """The articles written by hand, without the generated history of the paged feeds."""
    return [
        truth
        for truth in room.truth()
        if truth.published.year == 2023 and truth.published.month == 9
    ]


class TestContent:
    def test_there_are_at_least_forty_articles_in_at_least_eight_languages(self, room):
        written = _written(room)
        assert len(written) >= 40
        assert {"en", "ko", "ru", "ja", "zh", "es", "fr", "de"} <= {t.language for t in written}

    def test_every_label_occurs_often_enough_to_prove_something(self, room):
        labels = Counter(truth.label for truth in _written(room))
        assert labels[Verdict.ON] >= 20
        assert labels[Verdict.OFF] >= 15
        assert labels[Verdict.MENTION] >= 3

    def test_every_article_has_several_paragraphs_and_no_left_over_placeholder(self, room):
        for truth in room.truth():
            assert len(truth.paragraphs) >= 3, truth.slug
            assert "{" not in truth.text, truth.slug
            assert truth.text == "\n".join(truth.paragraphs)

    def test_every_page_shows_its_title_and_every_paragraph(self, room, get):
        outlets = {outlet.outlet_id: outlet for outlet in load().outlets}
        for truth in _written(room):
            reply = get(truth.url)
            assert reply.status == 200, truth.url
            page = unescape(reply.body.decode(outlets[truth.outlet].encoding))
            assert truth.title in page
            assert all(paragraph in page for paragraph in truth.paragraphs), truth.slug

    def test_a_teaser_page_breaks_off_where_the_paywall_stands(self, room, get):
        teaser = next(truth for truth in room.truth() if truth.kind == "teaser")
        page = get(teaser.url).body.decode()
        assert '"isAccessibleForFree": false' in page
        assert len(teaser.paragraphs) == 3
        assert "Tumangang" not in page  # stands in the paragraph behind the paywall

    def test_the_wire_story_appears_under_other_addresses_with_its_credit(self, room):
        truths = {truth.slug: truth for truth in room.truth()}
        copies = [t for t in truths.values() if t.copy_of == "putin-kim-vostochny-talks"]
        assert len({copy.outlet for copy in copies}) == 2
        for copy in copies:
            original = set(truths[copy.copy_of].paragraphs)
            assert len(original & set(copy.paragraphs)) >= len(original) - 1
            assert copy.agency == "Meridian Wire"

    def test_pages_have_a_realistic_weight(self, room, get):
        sizes = [len(get(truth.url).body) for truth in _written(room)]
        assert min(sizes) > 15_000
        assert max(sizes) < 90_000


class TestFeeds:
    @pytest.mark.parametrize(
        ("feed_id", "version"),
        [
            ("harbour-ledger", "rss20"),
            ("hangang-sibo", "rss20"),
            ("amurskaya-khronika", "rss20"),
            ("meridian-wire", "atom10"),
            ("rive-droite", "atom10"),
            ("minato-shimpo", "rss10"),
            ("al-mirsad", "rss20"),
        ],
    )
    def test_a_feed_reads_without_complaint_and_lists_what_the_truth_says(
        self, room, get, feed_id, version
    ):
        parsed = _parsed(get(_url(room, feed_id)))
        assert not parsed.bozo, parsed.get("bozo_exception")
        assert parsed.version == version
        odd = {page.url for page in room.odd_pages()}
        found = {(e.link, e.title) for e in parsed.entries if e.link not in odd}
        expected = {(t.url, t.title) for t in room.truth(listed=True) if t.feed_id == feed_id}
        assert found == expected

    def test_a_feed_states_the_moment_that_the_truth_states(self, room, get):
        for feed_id in ("harbour-ledger", "meridian-wire", "minato-shimpo"):
            times = {t.url: t.published.utctimetuple()[:6] for t in room.truth()}
            for entry in _parsed(get(_url(room, feed_id))).entries:
                stated = entry.get("published_parsed") or entry.updated_parsed
                assert times.get(entry.link, stated[:6]) == stated[:6]

    def test_a_json_feed_lists_articles_and_odd_pages(self, room, get):
        feed = json.loads(get(_url(room, "pacific-desk")).body)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        listed = {item["url"] for item in feed["items"]}
        assert listed >= {t.url for t in room.truth(listed=True) if t.feed_id == "pacific-desk"}
        assert listed >= {p.url for p in room.odd_pages() if p.feed_id == "pacific-desk"}

    def test_the_moved_feed_points_to_one_that_reads(self, room, get):
        reply = get(_url(room, "elbkurier"))
        assert reply.status == 301
        assert _parsed(get(reply.headers["location"])).entries

    def test_the_closed_feed_is_gone(self, room, get):
        assert get(_url(room, "copper-coast-courier")).status == 410

    def test_the_garbage_feed_answers_well_and_holds_nothing(self, room, get):
        reply = get(_url(room, "static-gazette"))
        parsed = _parsed(reply)
        assert reply.status == 200
        assert parsed.bozo
        assert not parsed.entries

    def test_the_slow_feed_takes_its_time_and_stops_nobody_else(self, room, get):
        with ThreadPoolExecutor(1) as pool:
            started = time.perf_counter()
            slow = pool.submit(get, _url(room, "dnipro-visnyk"))
            get(_url(room, "harbour-ledger"))
            quick_s = time.perf_counter() - started
            assert slow.result().status == 200
            slow_s = time.perf_counter() - started
        assert quick_s < slow_s
        assert slow_s >= 0.3

    def test_a_behaviour_can_change_while_the_room_runs(self, get):
        with Newsroom.start() as own:
            own.behave("harbour-ledger", Behaviour.GONE)
            assert get(_url(own, "harbour-ledger")).status == 410
            own.behave("harbour-ledger", Behaviour.OK)
            assert get(_url(own, "harbour-ledger")).status == 200


class TestHistory:
    def test_paged_feed_leads_through_a_year(self, room, get):
        seen, number = set(), 1
        while (reply := get(f"{_url(room, 'el-faro-austral')}?paged={number}")).status == 200:
            seen |= {entry.link for entry in _parsed(reply).entries}
            number += 1
        expected = [t for t in room.truth() if t.feed_id == "el-faro-austral"]
        assert reply.status == 404
        assert seen == {truth.url for truth in expected}
        days = max(t.published for t in expected) - min(t.published for t in expected)
        assert days.days >= 364

    def test_archives_lead_back_to_the_first_article(self, room, get):
        url, seen = _url(room, "rive-droite"), set()
        while url:
            parsed = _parsed(get(url))
            seen |= {entry.link for entry in parsed.entries}
            links = {link.rel: link.href for link in parsed.feed.links}
            url = links.get("prev-archive")
        assert seen == {t.url for t in room.truth() if t.feed_id == "rive-droite"}

    def test_history_holds_nothing_on_the_topic(self, room):
        older = [t for t in room.truth() if (t.published.year, t.published.month) < (2023, 9)]
        assert len(older) >= 300
        assert {t.label for t in older} == {Verdict.OFF}


class TestEncodings:
    @pytest.mark.parametrize(
        ("outlet", "encoding", "in_header"),
        [
            ("amurskaya-khronika", "windows-1251", False),
            ("hangang-sibo", "euc-kr", True),
            ("minato-shimpo", "shift_jis", False),
        ],
    )
    def test_legacy_pages_declare_their_charset_in_one_place_only(
        self, room, get, outlet, encoding, in_header
    ):
        truth = next(t for t in room.truth() if t.outlet == outlet)
        reply = get(truth.url)
        declared = re.search(rb"<meta[^>]*charset=", reply.body) is not None
        assert (encoding in reply.headers["content-type"]) is in_header
        assert declared is not in_header
        assert truth.paragraphs[0] in reply.body.decode(encoding)
        with pytest.raises(UnicodeDecodeError):
            reply.body.decode("utf-8")


class TestListings:
    def test_robots_forbids_one_path_and_names_the_sitemap(self, room, get):
        text = get(f"{room.base_url}/robots.txt").body.decode()
        assert text.count("Disallow:") == 1
        assert f"Sitemap: {room.base_url}/sitemap.xml" in text
        forbidden = next(p for p in room.odd_pages() if p.kind is PageKind.DISALLOWED)
        assert urlsplit(forbidden.url).path.startswith(re.search("Disallow: (.+)", text)[1])

    def test_sitemaps_name_every_article(self, room, get):
        index = ElementTree.fromstring(get(f"{room.base_url}/sitemap.xml").body)
        found, kinds = set(), Counter()
        for place in index.findall(".//{*}loc"):
            reply = get(place.text)
            packed = place.text.endswith(".gz")
            body = gzip.decompress(reply.body) if packed else reply.body
            kinds["gzip" if packed else "plain"] += 1
            kinds["news"] += b"<news:news>" in body
            found |= {loc.text for loc in ElementTree.fromstring(body).findall(".//{*}loc")}
        assert found == {truth.url for truth in room.truth()}
        assert kinds["gzip"] == 1
        assert kinds["news"] == 1

    def test_the_opml_names_every_feed(self, room, get):
        tree = ElementTree.fromstring(get(f"{room.base_url}/feeds.opml").body)
        listed = {outline.get("xmlUrl") for outline in tree.iter("outline")}
        assert listed == {feed.url for feed in room.feeds()}

    def test_front_pages_lead_to_their_feed(self, room, get):
        feed = room.feeds()[0]
        page = get(feed.homepage).body.decode()
        assert f'href="{feed.url}"' in page

    def test_odd_pages_answer_as_their_kind_does(self, room, get):
        statuses = {page.kind: get(page.url).status for page in room.odd_pages()}
        assert statuses.pop(PageKind.MISSING) == 404
        assert set(statuses.values()) == {200}
        assert set(statuses) | {PageKind.MISSING} == set(PageKind)


class TestBaseUrl:
    def test_content_is_the_same_after_a_restart_with_a_public_base(self, get):
        bodies = []
        for _ in range(2):
            with Newsroom.start(public_base="http://newsroom.test") as own:
                path = urlsplit(_url(own, "meridian-wire")).path
                bodies.append(get(own.base_url + path).body)
                assert all(t.url.startswith("http://newsroom.test/") for t in own.truth())
                assert own.base_url.encode() not in bodies[-1]
        assert bodies[0] == bodies[1]

    def test_a_taken_port_is_refused(self, room):
        with pytest.raises(OSError, match="address already in use"):
            Newsroom.start(port=urlsplit(room.base_url).port or 0)


class TestData:
    def test_a_slug_used_twice_is_refused(self, tmp_path):
        text = '---\ntitle: "T"\npublished: "2023-09-01T00:00:00Z"\nlabel: "off"\n---\nBody.\n'
        for outlet in ("a", "b"):
            (tmp_path / "articles" / outlet).mkdir(parents=True)
            (tmp_path / "articles" / outlet / "same.md").write_text(text)
        with pytest.raises(DataError, match="same is used twice"):
            load(tmp_path)

    def test_a_time_without_zone_is_refused_with_the_file_name(self, tmp_path):
        folder = tmp_path / "articles" / "a"
        folder.mkdir(parents=True)
        text = '---\ntitle: "T"\npublished: "2023-09-01T00:00:00"\nlabel: "off"\n---\nBody.\n'
        (folder / "naive.md").write_text(text)
        with pytest.raises(DataError, match=r"naive\.md.*zone"):
            load(tmp_path)

    def test_what_is_served_is_what_was_read(self, room):
        assert {t.slug for t in room.truth()} == {
            article.slug for outlet in load().outlets for article in outlet.articles
        }


def test_the_command_prints_the_feeds_and_ends_cleanly_on_interrupt():
    command = [sys.executable, "-m", "flows.newsroom", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        lines = [process.stdout.readline() for _ in range(1 + len(load().outlets))]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=100)
    assert lines[0].startswith("newsroom at http://127.0.0.1:")
    assert any("/harbour-ledger/feed.xml" in line for line in lines)
    assert (process.returncode, errors) == (0, "")
