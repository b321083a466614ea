from __future__ import annotations

import gzip
import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from flows.newsroom import Newsroom, load


@pytest.fixture
def story(room):
    return next(t for t in room.truth() if t.slug == "putin-kim-vostochny-talks")


@pytest.fixture
def feed_url(room):
    return next(feed.url for feed in room.feeds() if feed.feed_id == "harbour-ledger")


class TestConditionalRequests:
    def test_the_same_etag_gets_304_without_a_body(self, feed_url, get):
        first = get(feed_url)
        again = get(feed_url, {"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]

    def test_last_modified_gets_304(self, feed_url, get):
        stamp = get(feed_url).headers["last-modified"]
        assert get(feed_url, {"If-Modified-Since": stamp}).status == 304

    def test_an_older_date_gets_the_body(self, feed_url, get):
        stamp = "Fri, 01 Sep 2023 00:00:00 GMT"
        assert get(feed_url, {"If-Modified-Since": stamp}).status == 200

    def test_a_wrong_etag_outweighs_a_right_date(self, feed_url, get):
        stamp = get(feed_url).headers["last-modified"]
        headers = {"If-None-Match": '"other"', "If-Modified-Since": stamp}
        assert get(feed_url, headers).status == 200

    def test_a_nonsense_date_gets_the_body(self, feed_url, get):
        assert get(feed_url, {"If-Modified-Since": "yesterday"}).status == 200

    def test_the_etag_of_the_gzipped_body_works_too(self, feed_url, get):
        zipped = get(feed_url, {"Accept-Encoding": "gzip"})
        assert gzip.decompress(zipped.body) == get(feed_url).body
        headers = {"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["etag"]}
        assert get(feed_url, headers).status == 304


class TestEdits:
    def test_an_edited_article_changes_on_its_page_in_its_feed_and_in_the_truth(self, get):
        with Newsroom.start() as own:
            feed = next(f.url for f in own.feeds() if f.feed_id == "meridian-wire")
            before = get(feed)
            truth = own.edit("kim-returns-home", title="Kim is home", paragraphs=["One.", "Two."])
            page = get(truth.url).body.decode()
            after = get(feed, {"If-None-Match": before.headers["etag"]})
            assert truth in own.truth()
        assert "Kim is home" in page
        assert '<p class="pW5e2">Two.</p>' in page
        assert after.status == 200
        assert b"Kim is home" in after.body

    def test_pages_made_ahead_are_those_made_when_asked_and_change_with_an_edit(self, get):
        wanted = {"Accept-Encoding": "gzip"}
        with Newsroom.start() as own:
            urls = {truth.slug: truth.url for truth in own.truth()}
            asked = {slug: get(url, wanted) for slug, url in urls.items()}
            own.render()
            ahead = {slug: get(url, wanted) for slug, url in urls.items()}
            own.edit("kim-returns-home", title="Kim is home")
            edited = get(urls["kim-returns-home"], wanted)
        assert ahead == asked
        assert b"Kim is home" in gzip.decompress(edited.body)

    def test_a_published_article_joins_feed_and_truth(self, get):
        with Newsroom.start() as own:
            article = next(outlet.articles[0] for outlet in load().outlets if outlet.articles)
            moment = datetime(2023, 9, 29, 12, tzinfo=UTC)
            new = replace(article, slug="late-news", title="Late news", published=moment)
            truth = own.publish("harbour-ledger", new)
            feed = next(f.url for f in own.feeds() if f.feed_id == "harbour-ledger")
            assert truth.url.encode() in get(feed).body
            assert get(truth.url).status == 200
            assert len(own.truth()) == len({t.url for t in own.truth()})

    def test_an_unknown_slug_is_refused(self, room):
        with pytest.raises(KeyError):
            room.edit("no-such-article", title="x")


class TestFaults:
    def test_a_status_is_played_as_often_as_asked_and_no_longer(self, room, get, story):
        room.fail(story.url, 503, times=2, headers=[("Retry-After", "7")])
        replies = [get(story.url) for _ in range(3)]
        assert [reply.status for reply in replies] == [503, 503, 200]
        assert replies[0].headers["retry-after"] == "7"

    def test_a_cut_body_breaks_off_before_its_stated_length(self, room, get, story):
        room.fail(story.url, cut=100)
        with pytest.raises(http.client.IncompleteRead) as caught:
            get(story.url)
        assert len(caught.value.partial) == 100

    def test_a_body_can_drip(self, room, get, story):
        room.fail(story.url, drip_s=0.02, body=b"drip drip!")
        started = time.perf_counter()
        assert get(story.url).body == b"drip drip!"
        assert time.perf_counter() - started >= 9 * 0.02  # nothing follows the tenth byte

    def test_an_answer_can_be_delayed(self, room, get, story):
        room.fail(story.url, delay_s=0.2)
        started = time.perf_counter()
        assert get(story.url).status == 200
        assert time.perf_counter() - started >= 0.2

    def test_healing_forgets_what_was_planned(self, room, get, story):
        room.fail(story.url, 500, times=9)
        room.heal()
        assert get(story.url).status == 200

    def test_healing_answers_at_once_what_is_delayed(self, room, get, story):
        before = room.requests.total()
        room.fail(story.url, delay_s=100.0)
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(get, story.url)
            while room.requests.total() == before:
                time.sleep(0.01)
            room.heal()
            assert late.result(timeout=60).status == 200


class TestProtocol:
    def test_many_requests_go_over_one_connection(self, room, story):
        parts = urlsplit(story.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.connect()
        local = connection.sock.getsockname()
        for _ in range(20):
            connection.request("GET", parts.path)
            assert connection.getresponse().read()
            assert connection.sock.getsockname() == local
        connection.close()

    def test_head_sends_no_body(self, story, get):
        reply = get(story.url, method="HEAD")
        assert reply.body == b""
        assert int(reply.headers["content-length"]) == len(get(story.url).body)

    def test_another_method_is_refused(self, story, get):
        assert get(story.url, method="DELETE").status == 405

    def test_what_is_no_http_is_refused_with_400(self, room):
        parts = urlsplit(room.base_url)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as client:
            client.sendall(b"hello there\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")

    def test_an_unknown_path_is_404(self, room, get):
        assert get(f"{room.base_url}/nowhere/at/all").status == 404
        assert get(f"{room.base_url}/harbour-ledger/nothing").status == 404

    def test_requests_are_counted_by_path_and_query(self, get):
        with Newsroom.start() as own:
            url = next(f.url for f in own.feeds() if f.feed_id == "el-faro-austral")
            for target in (url, f"{url}?paged=2", f"{url}?paged=2"):
                get(target)
            assert own.requests["/el-faro-austral/feed/"] == 1
            assert own.requests["/el-faro-austral/feed/?paged=2"] == 2
            assert own.statuses["/el-faro-austral/feed/?paged=2", 200] == 2

    def test_a_closed_room_answers_no_more(self, get):
        own = Newsroom.start()
        own.close()
        own.close()
        with pytest.raises(ConnectionError):
            get(f"{own.base_url}/")
