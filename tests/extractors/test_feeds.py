"""A feed's bytes to records: formats, repairs, hints, bounds, reasons."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.feeds import discover_feeds, parse_feed
from extractors.records import Entry, ParsedFeed, Precision, Reason

URL = "https://paper.example/news/feed.xml"
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def rss(items: str, head: str = "", spaces: str = "") -> bytes:
    channel = f"<channel><title>T</title>{head}{items}</channel>"
    return f'<rss version="2.0" {spaces}>{channel}</rss>'.encode()


def only(feed: ParsedFeed) -> Entry:
    assert feed.reason is None, feed.detail
    (entry,) = feed.entries
    return entry


def test_rss_1_0_gives_its_entries() -> None:
    body = f"""<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" {DC}
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel rdf:about="u">
      <title>항구</title></channel><item rdf:about="https://paper.example/1">
      <title>기차가 왔다</title>
      <link>https://paper.example/1</link><dc:date>2023-09-13T10:00:00+09:00</dc:date></item>
      </rdf:RDF>"""
    feed = parse_feed(body.encode(), URL)
    assert feed.version == "rss10"
    entry = only(feed)
    assert (entry.title, entry.published_at) == (
        "기차가 왔다",
        datetime(2023, 9, 13, 1, tzinfo=UTC),
    )


def test_atom_0_3_gives_its_entries() -> None:
    body = b"""<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>T</title><entry>
      <title>Old format</title><id>tag:a,1</id><link rel="alternate" href="https://paper.example/o"/>
      <issued>2004-01-02T03:04:05Z</issued><modified>2004-01-03T00:00:00Z</modified></entry></feed>"""
    feed = parse_feed(body, URL)
    entry = only(feed)
    assert feed.version == "atom03"
    assert (entry.guid, entry.link) == ("tag:a,1", "https://paper.example/o")
    assert entry.published_at == datetime(2004, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert entry.modified_at == datetime(2004, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0"])
def test_rss_versions_are_told(version: str) -> None:
    body = rss("<item><title>a</title></item>").replace(b'"2.0"', f'"{version}"'.encode())
    expected = {"0.91": "rss091u", "0.92": "rss092", "2.0": "rss20"}[version]
    assert parse_feed(body, URL).version == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/a", "https://paper.example/a"),
        ("b.html", "https://paper.example/news/b.html"),
        ("//cdn.example/c", "https://cdn.example/c"),
        ("www.paper.example/d", "https://www.paper.example/d"),
        ("paper.example/e", "https://paper.example/e"),
        ("https://paper.example/f?a=1&amp;amp;b=2", "https://paper.example/f?a=1&b=2"),
        ("https:/paper.example/g", "https://paper.example/g"),
        ("https:///paper.example/h", "https://paper.example/h"),
        ("\n https://paper.example/i \n", "https://paper.example/i"),
        ("https://paper.example/j k", "https://paper.example/j%20k"),
        ("https://paper.example/x?utm_source=rss", "https://paper.example/x?utm_source=rss"),
        ("javascript:alert(1)", None),
        ("mailto:desk@paper.example", None),
        ("http://[", None),
    ],
)
def test_links_are_absolute_and_repaired(link: str, expected: str | None) -> None:
    body = rss(f'<item><guid isPermaLink="false">g</guid><link>{link}</link></item>')
    assert only(parse_feed(body, URL)).link == expected


@pytest.mark.parametrize("end", [b"", b"<"], ids=["fast", "feedparser"])
@pytest.mark.parametrize("start", ["https://", "http:/", "https:////", "//", "http:\\\\"])
def test_a_user_name_and_password_in_a_link_or_guid_are_left_out(start: str, end: bytes) -> None:
    secret = f"{start}reader:hunter2@paper.example/"
    items = (
        f"<item><link>{secret}1</link><title>a</title></item>"
        f"<item><guid>{secret}2</guid><title>b</title></item>"
        f"<item><guid isPermaLink='false'>{secret}3</guid><link>{secret}4</link></item>"
    )
    head = f"<rss version='2.0'><channel><title>t</title><link>{secret}</link>"
    body = f"{head}{items}</channel></rss>".encode() + end
    feed = parse_feed(body, "https://paper.example/feed.xml")
    assert len(feed.entries) == 3
    assert "hunter2" not in repr(feed)


def test_an_at_sign_that_is_no_login_stays() -> None:
    items = (
        "<item><guid>tag:paper.example,2023:@1</guid><link>https://paper.example/@desk/1</link>"
        "<title>a</title></item>"
    )
    (entry,) = parse_feed(
        f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), "https://paper.example/"
    ).entries
    assert (entry.guid, entry.link) == (
        "tag:paper.example,2023:@1",
        "https://paper.example/@desk/1",
    )


def test_content_location_on_the_same_host_is_what_relative_links_hang_on() -> None:
    body = rss("<item><link>a</link></item>")
    feed = parse_feed(body, URL, content_location="/other/index.xml")
    assert only(feed).link == "https://paper.example/other/a"
    away = parse_feed(body, URL, content_location="https://evil.example/x")
    assert only(away).link == "https://paper.example/news/a"


def test_a_date_without_a_zone_is_local_and_one_with_it_an_instant() -> None:
    local = rss("<item><title>a</title><pubDate>2023-09-13 10:15:00</pubDate></item>")
    stated = rss("<item><title>a</title><pubDate>Wed, 13 Sep 2023 10:15:00 +0900</pubDate></item>")
    assert only(parse_feed(local, URL)).published_precision is Precision.LOCAL
    entry = only(parse_feed(stated, URL))
    assert entry.published_precision is Precision.INSTANT
    assert entry.published_at == datetime(2023, 9, 13, 1, 15, tzinfo=UTC)
    assert entry.published_raw == "Wed, 13 Sep 2023 10:15:00 +0900"


def test_an_entry_without_a_date_has_none() -> None:
    entry = only(parse_feed(rss("<item><title>a</title></item>"), URL))
    assert (entry.published_at, entry.published_precision) == (None, Precision.NONE)


def test_a_guid_is_never_empty() -> None:
    body = rss(
        "<item><guid>  </guid><link>/a</link></item>"
        "<item><title>Only a title</title></item>"
        "<item></item>"
    )
    feed = parse_feed(body, URL)
    assert [entry.guid[:24] for entry in feed.entries] == [
        "https://paper.example/a",
        feed.entries[1].guid[:24],
    ]
    assert feed.entries[1].guid.startswith("hash:")
    assert "passed over 1 entry without" in (feed.warning or "")


def test_repeated_guids_are_told_apart_by_link_whatever_the_order() -> None:
    items = [f"<item><guid isPermaLink='false'>same</guid><link>/{n}</link></item>" for n in "ab"]
    forward = parse_feed(rss("".join(items)), URL)
    backward = parse_feed(rss("".join(reversed(items))), URL)
    assert {entry.guid for entry in forward.entries} == {
        "same https://paper.example/a",
        "same https://paper.example/b",
    }
    assert {entry.guid for entry in backward.entries} == {entry.guid for entry in forward.entries}


def test_an_entry_that_is_repeated_whole_is_kept_once() -> None:
    item = "<item><guid isPermaLink='false'>1</guid><link>/a</link></item>"
    feed = parse_feed(rss(item * 3), URL)
    assert only(feed).guid == "1"
    assert "2 repeated entries" in (feed.warning or "")


def test_a_guid_that_is_no_address_does_not_become_a_link() -> None:
    assert only(parse_feed(rss("<item><guid>abc-123</guid></item>"), URL)).link is None
    linked = rss("<item><guid>https://paper.example/z</guid></item>")
    assert only(parse_feed(linked, URL)).link == "https://paper.example/z"


def test_the_newest_entries_are_kept_in_the_feeds_order_and_the_rest_counted() -> None:
    items = "".join(
        f"<item><guid>{day}</guid><pubDate>2023-09-{day:02}T00:00:00Z</pubDate></item>"
        for day in (3, 9, 1, 7)
    )
    feed = parse_feed(rss(items), URL, max_entries=2)
    assert [entry.guid for entry in feed.entries] == ["9", "7"]
    assert feed.dropped == 2


def test_titles_and_summaries_are_plain_text_and_content_stays_html() -> None:
    body = rss(
        "<item><title>A &amp;amp; B &lt;i&gt;c&lt;/i&gt;</title>"
        "<description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two &lt;b&gt;th&lt;/b&gt;ree&lt;/p&gt;"
        "&lt;script&gt;x&lt;/script&gt;</description>"
        "<content:encoded><![CDATA[<p>Whole <em>text</em></p>]]></content:encoded></item>",
        spaces='xmlns:content="http://purl.org/rss/1.0/modules/content/"',
    )
    entry = only(parse_feed(body, URL))
    assert (entry.title, entry.summary) == ("A & B c", "One Two three")
    assert entry.content == "<p>Whole <em>text</em></p>"


def test_authors_are_names_not_addresses() -> None:
    body = rss(
        "<item><title>t</title><author>desk@paper.example (Ana Ruiz)</author>"
        "<dc:creator>Bo Lind</dc:creator></item>",
        spaces=DC,
    )
    assert only(parse_feed(body, URL)).authors == ("Ana Ruiz", "Bo Lind")


def test_the_hash_ignores_the_clock_of_the_feed_and_the_attributes_of_its_html() -> None:
    def made(clock: str, nonce: str, word: str = "words") -> str:
        text = f"&lt;p id='{nonce}'&gt;{word}&lt;/p&gt;"
        item = f"<item><guid>1</guid><description>{text}</description></item>"
        body = rss(item, head=f"<lastBuildDate>{clock}</lastBuildDate>")
        return only(parse_feed(body, URL)).content_hash

    assert made("Mon, 11 Sep 2023 00:00:00 GMT", "a") == made("Tue, 12 Sep 2023 00:00:00 GMT", "b")
    assert made("x", "a") != made("x", "a", word="other words")


def test_hints_are_read_from_around_the_entries() -> None:
    body = rss(
        "<item><description>&lt;ttl&gt;9&lt;/ttl&gt;</description></item>",
        head="<ttl>90</ttl><skipHours><hour>24</hour><hour>5</hour></skipHours>"
        "<skipDays><day>Saturday</day><day>Monday</day></skipDays>"
        "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
        spaces='xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"',
    )
    hints = parse_feed(body, URL).hints
    assert (hints.ttl_s, hints.skip_hours, hints.skip_days) == (5400, (0, 5), (0, 5))
    assert hints.update_period_s == 21600


def test_links_name_self_hub_and_paging() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>
      <link rel="self" href="/feed"/><link rel="hub" href="https://hub.example/"/>
      <link rel="next" href="?page=2"/><link rel="prev-archive" href="/2023/08"/>
      <link href="/"/><link rel="icon" href="/i"/></feed>"""
    feed = parse_feed(body, URL)
    assert feed.reason is None
    assert feed.entries == ()
    assert feed.links == (
        ("self", "https://paper.example/feed"),
        ("hub", "https://hub.example/"),
        ("next", "https://paper.example/news/feed.xml?page=2"),
        ("prev-archive", "https://paper.example/2023/08"),
        ("alternate", "https://paper.example/"),
    )


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("windows-1251", "Встреча на космодроме началась утром"),
        ("koi8-r", "Встреча на космодроме началась утром"),
        ("euc-kr", "정상회담이 우주기지에서 시작되었다"),
        ("shift_jis", "首脳会談は宇宙基地で始まりました"),
        ("gb18030", "首脑会谈在航天发射场开始了"),
        ("big5", "首腦會談在航天發射場開始了"),
        ("windows-1256", "بدأت القمة في الميناء الفضائي"),
        ("utf-16", "Встреча 정상회담 会谈"),
    ],
)
def test_encodings_are_read_as_declared_in_the_document(codec: str, text: str) -> None:
    feed = rss(f"<item><title>{text}</title></item>").decode()
    document = f'<?xml version="1.0" encoding="{codec}"?>{feed}'
    assert only(parse_feed(document.encode(codec), URL)).title == text


def test_encoding_of_the_http_header_is_used_where_the_document_is_silent() -> None:
    document = rss("<item><title>Встреча на космодроме</title></item>").decode()
    feed = parse_feed(document.encode("cp1251"), URL, content_type="text/xml; charset=windows-1251")
    assert only(feed).title == "Встреча на космодроме"


def test_a_broken_feed_gives_what_is_good_and_a_warning() -> None:
    body = rss("<item><title>a</title><link>/a</link></item><item><title>b & c</title></item>")[
        :-20
    ]
    feed = parse_feed(body, URL)
    assert [entry.title for entry in feed.entries] == ["a", "b & c"]
    assert "not well-formed" in (feed.warning or "")
    assert feed.path == "feedparser"


def test_control_characters_are_survived() -> None:
    feed = parse_feed(rss("<item><title>a\x0bb</title></item>"), URL)
    assert only(feed).title == "ab"
    assert "1 control characters removed" in (feed.warning or "")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.EMPTY),
        (b" \n\t ", Reason.EMPTY),
        (b"\xef\xbb\xbf", Reason.EMPTY),
        (b"<!DOCTYPE html><html><head></head><body>x</body></html>", Reason.NOT_A_FEED),
        (
            b"<html><link rel='alternate' href='/f'></html>",
            Reason.NOT_A_FEED,
        ),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", Reason.NOT_A_FEED),
        (b"just words", Reason.NOT_A_FEED),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, Reason.BINARY),
        (b"<rss version='2.0'><channel><item", Reason.UNPARSABLE),
        (b'{"a": 1}', Reason.NOT_A_FEED),
        (b'{"version": ', Reason.UNPARSABLE),
    ],
)
def test_what_is_not_a_feed_has_a_reason(body: bytes, reason: Reason) -> None:
    feed = parse_feed(body, URL)
    assert (feed.reason, feed.entries) == (reason, ())
    assert feed.detail


def test_an_empty_feed_is_a_feed() -> None:
    feed = parse_feed(rss(""), URL)
    assert (feed.reason, feed.version, feed.title) == (None, "rss20", "T")


def test_autodiscovery_lists_the_feeds_of_a_page_comments_last() -> None:
    page = b"""<html><head><base href="/sub/"><link rel="alternate" type="application/rss+xml"
      title="Comments" href="comments.xml"><link rel=alternate type="application/atom+xml"
      href="/a.xml" title=" World &amp; more ">
      <link rel="alternate" type="application/feed+json" href="f.json">
      <link rel="alternate" type="application/json" href="/wp-json/7">
      <link rel="stylesheet" href="x.css"><link rel="alternate" hreflang="ko" href="/ko/">
      </head></html>"""
    assert discover_feeds(page, "https://paper.example/home/") == [
        ("https://paper.example/a.xml", "World & more"),
        ("https://paper.example/sub/f.json", ""),
        ("https://paper.example/sub/comments.xml", "Comments"),
    ]


@pytest.mark.parametrize("page", [b"", b"<", b"\x00" * 50, b"<link>", b"plain"])
def test_autodiscovery_never_raises(page: bytes) -> None:
    assert discover_feeds(page, "not a url") == []


def test_every_real_feed_gives_entries_or_a_reason() -> None:
    corpus = os.environ.get("DUCKWIRE_CORPUS")
    if not corpus:
        pytest.skip("DUCKWIRE_CORPUS is not set")
    counts = {
        "davidbau.xml": 15,
        "foolcontrol.xml": 10,
        "fwrarejazzvinylcollector.xml": 20,
        "gamersnexus.xml": 10,
        "json_feed_sample.json": 2,
        "kagi.xml": 35,
        "malformed_rss_namespaced.xml": 0,
        "osm-pl.xml": 8,
        "osm.xml": 20,
        "postgis.xml": 10,
        "pypy.xml": 10,
        "stackoverflow.xml": 2,
        "utf16_encoded.xml": 1,
        "vintagehomeplans.xml": 20,
    }
    for name, count in counts.items():
        feed = parse_feed((Path(corpus) / "feeds" / name).read_bytes(), URL)
        assert len(feed.entries) == count, name
        assert (feed.reason is None) == (count > 0), name
        assert all(entry.link and entry.title and entry.published_at for entry in feed.entries), (
            name
        )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832; smile", "\U0001f600 smile"),
        ("&#xD83D;&#xDE00; smile", "\U0001f600 smile"),
        ("half &#xD83D; a smile", "half \ufffd a smile"),
        ("a&#0;b&#x1B;c&#65535;d", "abcd"),
        ("a&#x110000;b&#99999999;c", "abc"),
    ],
)
def test_a_reference_to_no_character_costs_neither_its_entry_nor_those_after_it(
    written: str, read: str
) -> None:
    items = "".join(
        f"<item><title>{title}</title><link>/{n}</link></item>"
        for n, title in enumerate(("first", written, "last"))
    )
    body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    feed = parse_feed(body, "https://paper.example/feed.xml")
    assert [entry.title for entry in feed.entries] == ["first", read, "last"]
    assert "references to characters that XML does not have" in (feed.warning or "")


def test_references_to_characters_that_there_are_stay_and_are_no_warning() -> None:
    title = "Caf&#233; &#x1F600; &#10;&#55203;&#x10FFFD;"
    body = f"<rss version='2.0'><channel><item><title>{title}</title></item></channel></rss>"
    feed = parse_feed(body.encode(), "https://paper.example/feed.xml")
    assert feed.entries[0].title == "Café \U0001f600 \ud7a3\U0010fffd"
    assert feed.warning is None
