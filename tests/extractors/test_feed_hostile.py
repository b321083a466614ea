"""Feeds as attackers and accidents make them: nothing escapes or is opened, time is bounded."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.feeds import discover_feeds, parse_feed
from extractors.records import ParsedFeed, Reason
from tests.extractors.feed_documents import feeds

URL = "https://paper.example/feed.xml"
ITEM = b'<rss version="2.0"><channel><title>t</title><item><title>a</title>'
END = b"</item></channel></rss>"
MANY = 200_000
# What each takes on an idle machine is under 3 seconds; without its bound, minutes to hours.
MAX_SECONDS = 15


def test_a_body_that_is_the_name_of_a_file_does_not_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.xml").write_bytes(ITEM + END)
    monkeypatch.chdir(tmp_path)
    for name in (b"secret.xml", str(tmp_path / "secret.xml").encode(), b"file:secret.xml"):
        assert parse_feed(name, URL).reason is Reason.NOT_A_FEED


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY a PUBLIC "p" "https://paper.example/e">',
        '<!ENTITY % a "x">%a;',
        f'<!ENTITY a "{"x" * 100}">',
        "".join(f'<!ENTITY e{n} "x">' for n in range(400)),
        '<!ENTITY a "<b>&#65;</b>">',
    ],
)
def test_entities_that_expand_or_open_are_refused(declared: str) -> None:
    item = "<item><title>&a;&b;</title><link>/a</link></item>"
    body = f"<!DOCTYPE rss [{declared}]><rss version='2.0'><channel>{item}</channel></rss>"
    feed = parse_feed(body.encode(), URL)
    assert (feed.reason, feed.detail) == (Reason.UNPARSABLE, "entity declarations are refused")


@pytest.mark.parametrize("before", ["<!-- <x> -->", "<?pi <x?>", "junk", "<!-- <!DOCTYPE -->"])
def test_entities_are_refused_wherever_they_are_hidden_before_the_root(before: str) -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "hahahahahahahahahahaha"><!ENTITY b "&a;&a;&a;">]>'
    item = "<item><title>x&b;</title></item>"
    body = f"{before}{bomb}<rss version='2.0'><channel>{item}</channel></rss>".encode()
    feed = parse_feed(body, URL)
    assert feed.reason is not None or "haha" not in (feed.entries[0].title or "")


def test_short_character_entities_of_old_feeds_still_work() -> None:
    body = b"""<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
      "http://my.netscape.com/publish/formats/rss-0.91.dtd" [<!ENTITY eacute "&#233;">]>
      <rss version="0.91"><channel><item><title>Caf&eacute;</title></item></channel></rss>"""
    feed = parse_feed(body, URL)
    assert feed.version == "rss091n"
    assert feed.entries[0].title == "Café"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "open angles": lambda: ITEM + b"<" * MANY,
    "open comments": lambda: ITEM + b"<!--" * MANY,
    "open sections": lambda: ITEM + b"<![CDATA[" * MANY,
    "open attributes": lambda: ITEM + b'<a b="' * MANY,
    "ampersands": lambda: ITEM + b"&" * MANY,
    "references": lambda: ITEM + b"&#55357;&#x0" * (MANY // 4),
    "an endless reference": lambda: ITEM + b"&#" + b"0" * 5 * MANY,
    "depth": lambda: ITEM + b"<b>" * MANY,
    "attributes": lambda: ITEM + b"<a %s/>" % b" ".join(b'a%d=""' % n for n in range(MANY)) + END,
    "tags": lambda: ITEM + b"".join(b"<category>%d</category>" % n for n in range(50_000)) + END,
    "keywords": lambda: (
        ITEM
        + b'<m:keywords xmlns:m="http://search.yahoo.com/mrss/">'
        + b",".join(b"%d" % n for n in range(MANY))
        + b"</m:keywords>"
        + END
    ),
    "namespaces": lambda: (
        ITEM + b"".join(b'<n%d:a xmlns:n%d="u:%d"/>' % (n, n, n) for n in range(9999))
    ),
    "an endless address": lambda: ITEM + b"<author>" + b"a" * MANY + b"</author>" + END,
    "an endless title": lambda: (
        ITEM + b"<description>" + b"&lt;!--" * MANY + b"</description>" + END
    ),
    "an endless script": lambda: (
        ITEM + b"<description>" + b"&lt;script&gt;" * MANY + b"</description>" + END
    ),
    "one guid": lambda: (
        b"<rss version='2.0'><channel>" + b"<item><guid>1</guid></item>" * 50_000 + END
    ),
    "declarations": lambda: b"<!DOCTYPE x [" + b'<!ENTITY a "b">' * MANY,
    "brackets": lambda: b"<!DOCTYPE x" + b"[" * MANY,
    "quotes": lambda: b"<!DOCTYPE x" + b"\"'" * MANY,
    "json lists": lambda: (
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * MANY
    ),
    "json digits": lambda: b'{"version": "jsonfeed.org/version/", "items": [{"id": ' + b"9" * MANY,
    "base64": lambda: (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="image/png">'
        + b"A" * MANY
        + b"</content></entry></feed>"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_stays_bounded_whatever_is_repeated(name: str) -> None:
    body = HOSTILE[name]()
    started = time.process_time()
    feed = parse_feed(body, URL)
    assert time.process_time() - started < MAX_SECONDS
    assert feed.reason is not None or len(feed.entries) <= 2000


def test_depth_attributes_and_namespaces_beyond_reason_are_refused() -> None:
    for name in ("depth", "attributes", "namespaces"):
        feed = parse_feed(HOSTILE[name](), URL)
        assert feed.reason is Reason.UNPARSABLE
        assert feed.detail.startswith("refused: ")


RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
TEN_MEGABYTES: dict[str, Callable[[], bytes]] = {
    "items": lambda: RSS + b"".join(b"<item><title>%d</title></item>" % n for n in range(280_000)),
    "closed items": lambda: RSS + b"<item><title>x</title></item>" * 340_000 + b"</channel></rss>",
    "empty items": lambda: RSS + b"<item/>" * 1_400_000 + b"</channel></rss>",
    "categories": lambda: ITEM + b"<category>c</category>" * 450_000 + END,
    "an attribute": lambda: RSS + b'<item a="' + b"x" * 9_900_000 + b'"/></channel></rss>',
    "attributes": lambda: (
        RSS + b"<item " + b" ".join(b'a%d=""' % n for n in range(900_000)) + b"/></channel></rss>"
    ),
    "a title": lambda: ITEM + b"<description>" + b"x " * 4_900_000 + b"</description>" + END,
    "json items": lambda: (
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ['
        + b",".join(b'{"id": "%d"}' % n for n in range(600_000))
        + b"]}"
    ),
}


@pytest.mark.parametrize("name", TEN_MEGABYTES)
def test_ten_megabytes_of_anything_are_read_or_refused_in_seconds(name: str) -> None:
    body = TEN_MEGABYTES[name]()
    started = time.process_time()
    feed = parse_feed(body, URL)
    assert time.process_time() - started < MAX_SECONDS / 3
    assert feed.reason is not None or len(feed.entries) <= 2000


def test_ten_megabytes_of_anything_fill_no_memory() -> None:
    program = (
        "import pathlib, re, sys; from extractors.feeds import parse_feed\n"
        "parse_feed(sys.stdin.buffer.read(), 'https://paper.example/feed.xml')\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)"
    )
    peaks = {}
    for name in ("closed items", "empty items", "categories", "a title"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=TEN_MEGABYTES[name](),
            capture_output=True,
            check=True,
        )
        peaks[name] = int(done.stdout)
    assert max(peaks.values()) < 250, peaks


def test_the_bound_on_depth_can_be_set() -> None:
    body = ITEM + b"<b>" * 30 + b"</b>" * 30 + END
    assert parse_feed(body, URL).reason is None
    assert parse_feed(body, URL, max_depth=20).detail == "refused: elements nested too deep"


def _long(dates: list[int]) -> bytes:
    items = b"".join(
        b"<item><guid>%d</guid><pubDate>%s</pubDate></item>"
        % (n, format_datetime(datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=n)).encode())
        for n in dates
    )
    return RSS + items + b"</channel></rss>"


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_the_newest_of_a_list_too_long_to_read_are_kept_at_whichever_end_they_stand(
    order: int,
) -> None:
    feed = parse_feed(_long(list(range(20_000))[::order]), URL, max_entries=2000)
    assert {int(entry.guid) for entry in feed.entries} == set(range(18_000, 20_000))
    assert feed.dropped == 18_000
    assert feed.warning is not None
    assert "14,000 items in the middle" in feed.warning


def test_a_title_guid_name_or_tag_of_megabytes_is_cut_and_guids_stay_apart() -> None:
    long = "x" * 1_000_000
    items = "".join(
        f"<item><guid isPermaLink='false'>{long}{n}</guid><title>{long}</title>"
        f"<category>{long}</category><link>/n/{n}</link></item>"
        for n in range(2)
    )
    feed = parse_feed(RSS + items.encode() + b"</channel></rss>", URL)
    assert len(feed.entries) == 2
    first = feed.entries[0]
    assert first.title == "x" * 1_999 + "…"
    assert max(len(value) for value in (first.guid, *first.tags)) <= 2_000


def _sound(feed: ParsedFeed) -> None:
    assert feed.reason is None or (not feed.entries and feed.detail)
    guids = [entry.guid for entry in feed.entries]
    assert all(guids)
    assert len(set(guids)) == len(guids)
    for entry in feed.entries:
        assert entry.link is None or entry.link.startswith(("http://", "https://"))
        assert entry.published_at is None or entry.published_at.utcoffset() is not None
        assert entry.content_hash


@given(
    st.binary(max_size=300), st.sampled_from([None, "text/xml; charset=punycode", "a/b; charset=x"])
)
@settings(deadline=None)
def test_random_bytes_never_raise(body: bytes, content_type: str | None) -> None:
    _sound(parse_feed(body, URL, content_type=content_type))
    discover_feeds(body, URL)


@given(feeds(), st.data())
@settings(max_examples=250, deadline=None)
def test_mutated_feeds_never_raise(body: bytes, data: st.DataObject) -> None:
    mutated = bytearray(body)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(mutated) - 1, 0)))
        until = at + data.draw(st.integers(0, 30))
        mutated[at:until] = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [b"<", b">", b"&#x110000;", b"</item>", b"<item>", b"]]>", b"\x00"]
                ),
            )
        )
    _sound(parse_feed(bytes(mutated), URL))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_any_address_of_the_feed_and_any_header_is_survived(url: str, location: str) -> None:
    body = ITEM + b"<link>/a</link><guid>b</guid>" + END
    _sound(parse_feed(body, url, content_location=location))
