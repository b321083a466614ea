"""Pages: what lands as an article, what is turned away with a word for it; nothing raises."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.articles import extract
from extractors.records import Entry, Extracted, Precision, Reason, State
from extractors.versions import EXTRACTOR_VERSION

FETCHED = datetime(2023, 12, 1, tzinfo=UTC)
STORIES = Path(__file__).parents[1] / "quality" / "extraction" / "stories.toml"
PARAGRAPHS = tomllib.loads(STORIES.read_text("utf-8"))["en"]["paragraphs"]
URL = "https://www.harrowbaycourier.example/2023/09/13/ferry-strike"


def read(
    body: str | bytes,
    url: str | None = URL,
    entry: Entry | None = None,
    content_type: str | None = "text/html; charset=utf-8",
) -> Extracted:
    data = body.encode() if isinstance(body, str) else body
    return extract(data, url, entry=entry, fetched_at=FETCHED, content_type=content_type)


def page(head: str = "", body: str = "", paragraphs: int = 6) -> str:
    text = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[:paragraphs])
    article = f"<article><h1>Ferry crews agree</h1>{text}{body}</article>"
    return f"<html lang=en><head>{head}</head><body>{article}</body></html>"


def linked(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def test_a_plain_page_lands_with_everything_it_states() -> None:
    head = (
        linked(
            headline="Ferry crews agree",
            datePublished="2023-09-13T10:30:00Z",
            author={"name": "Ann Lee"},
        )
        + '<link rel=canonical href="/ferry?utm_source=x">'
        + '<meta property="og:image" content="/i.jpg">'
        + '<meta property="og:site_name" content="Courier">'
        + '<meta property="article:section" content="Bay">'
        + '<meta name=keywords content="ferry, strike, Ferry">'
    )
    found = read(page(head))
    assert (found.state, found.reason, found.kind, found.path) == (
        State.LANDED,
        None,
        "article",
        "fast",
    )
    assert found.title == "Ferry crews agree"
    assert found.text == "\n".join(PARAGRAPHS[:6])
    assert found.authors == ("Ann Lee",)
    assert found.publisher == "Courier"
    assert found.published_at == datetime(2023, 9, 13, 10, 30, tzinfo=UTC)
    assert found.canonical_url == "https://www.harrowbaycourier.example/ferry"
    assert found.image == "https://www.harrowbaycourier.example/i.jpg"
    assert (found.section, found.tags, found.language) == ("Bay", ("ferry", "strike"), "en")
    assert found.word_count == sum(len(words.split()) for words in PARAGRAPHS[:6])
    assert found.extractor_version == EXTRACTOR_VERSION


def test_the_feed_entry_is_a_witness_like_the_others() -> None:
    entry = Entry(
        "g", URL, "Ferry crews agree", published_at=datetime(2023, 9, 13, 10, 30, tzinfo=UTC),
        published_precision=Precision.INSTANT, authors=("Ann Lee",), language="en",
    )  # fmt: skip
    found = read(page("<title>Courier</title>"), entry=entry)
    assert found.published_at == entry.published_at
    assert found.authors == ("Ann Lee",)
    assert {item.origin for item in found.candidates} >= {"entry", "h1", "url"}


def test_a_page_cut_short_of_its_own_data_gives_the_publishers_text() -> None:
    body = "\n\n".join(PARAGRAPHS)
    found = read(page(linked(headline="Ferry crews agree", articleBody=body), paragraphs=1))
    assert found.path == "json-ld"
    assert found.text == "\n".join(PARAGRAPHS)


def test_a_page_that_shows_nothing_gives_the_feeds_text() -> None:
    content = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    entry = Entry("g", URL, "Ferry crews agree", content=content)
    found = read("<html><body><div id=app></div></body></html>", entry=entry)
    assert found.path == "feed"
    assert found.text == "\n".join(PARAGRAPHS)


def test_headings_are_marked_and_paragraphs_kept() -> None:
    body = f"<h2>What comes next</h2><p>{PARAGRAPHS[6]}</p>"
    assert read(page(body=body)).text.endswith(f"\n## What comes next\n{PARAGRAPHS[6]}")


def test_links_to_other_stories_and_calls_to_subscribe_are_no_text() -> None:
    body = (
        '<p>Read more: <a href="/1">A tunnel found under the square</a></p>'
        '<p><a href="/2">The lighthouse is to be lived in again</a></p>'
        "<p>Sign up for our newsletter to get the best of the bay.</p>"
        '<div class="comments"><p>A reader says a good many things about this here.</p></div>'
    )
    assert read(page(body=body)).text == "\n".join(PARAGRAPHS[:6])


def test_a_standfirst_outside_the_body_comes_first() -> None:
    lead = "The agreement came after eleven hours of talks and is to be voted on."
    head = f'<meta property="og:description" content="{lead}">'
    text = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    body = f'<header><h1>Ferry</h1><p>{lead}</p></header><div class="article-body">{text}</div>'
    found = read(f"<html><head>{head}</head><body>{body}</body></html>")
    assert found.text == "\n".join([lead, *PARAGRAPHS])


def test_a_body_in_several_like_containers_is_read_whole() -> None:
    parts = [f'<div class="body__container">{"".join(f"<p>{p}</p>" for p in part)}</div>'
             for part in (PARAGRAPHS[:2], PARAGRAPHS[2:4], PARAGRAPHS[4:])]  # fmt: skip
    chunks = "".join(f'<div class="grid">{part}</div><div class="slot"></div>' for part in parts)
    found = read(f"<html><body><h1>Ferry</h1><div class=chunks>{chunks}</div></body></html>")
    assert found.text == "\n".join(PARAGRAPHS)


def test_a_bug_in_a_parser_is_a_failure_of_the_page_not_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside a library")

    monkeypatch.setattr("extractors.articles.best_body", broken)
    found = read(page())
    assert (found.state, found.reason) == (State.FAILED, Reason.UNPARSABLE)
    assert found.detail == "ZeroDivisionError: inside a library"


@pytest.mark.parametrize(
    "names", ["promo-block", "text share", "subscription-required", "story-social", "body no-ads"]
)
def test_a_class_that_sounds_like_furniture_does_not_cost_an_article_its_text(names: str) -> None:
    blocks = "".join(f'<div class="{names}"><p>{words}</p></div>' for words in PARAGRAPHS)
    found = read(f"<html><body><h1>Ferry</h1><div>{blocks}</div></body></html>")
    assert found.text == "\n".join(PARAGRAPHS)


def test_a_live_blog_is_named_one() -> None:
    head = linked(
        **{"@type": "LiveBlogPosting"}, headline="Ferry crews agree", datePublished="2023-09-13"
    )
    assert read(page(head)).kind == "liveblog"


def test_a_short_text_behind_a_paywall_is_a_teaser() -> None:
    head = linked(headline="x", datePublished="2023-09-13", isAccessibleForFree=False)
    found = read(page(head, paragraphs=2))
    assert (found.kind, found.paywalled, found.state) == ("teaser", True, State.LANDED)


def test_a_text_far_shorter_than_its_word_count_was_cut() -> None:
    head = linked(headline="x", datePublished="2023-09-13", wordCount=900)
    found = read(page(head, paragraphs=2))
    assert (found.kind, found.paywalled) == ("teaser", True)
    assert not read(page(head.replace("900", "60"), paragraphs=2)).paywalled


def test_the_site_as_author_gives_way_to_the_byline_readers_see() -> None:
    head = linked(headline="x", author={"name": "Courier"}, publisher={"name": "Courier"})
    byline = '<p class="byline">By <a href="/ann">Ann Lee</a></p>'
    assert read(page(head, byline)).authors == ("Ann Lee",)


LINKS = "".join(
    f'<h3><a href="/{number}">A headline of another story number {number}</a></h3>'
    for number in range(30)
)
COOKIES = (
    "We and our partners use cookies and process personal data. "
    "Manage your consent and privacy choices. "
) * 4
FRONT, TOPIC = "https://a.example/", "https://a.example/topics/bay"


@pytest.mark.parametrize(
    ("html", "url", "kind", "reason"),
    [
        (f"<title>Courier</title><body>{LINKS}", FRONT, "index", Reason.INDEX_PAGE),
        (f"<title>Bay</title><body>{LINKS}", TOPIC, "index", Reason.INDEX_PAGE),
        ("<title>404 Not Found</title><h1>Oh</h1><p>Gone.", URL, "error", Reason.ERROR_PAGE),
        ("<title>Страница не найдена</title><p>Назад.", URL, "error", Reason.ERROR_PAGE),
        ("<title>Just a moment...</title><p>Checking", URL, "error", Reason.ERROR_PAGE),
        (f"<title>Before you continue</title><p>{COOKIES}", URL, "consent", Reason.CONSENT_WALL),
        ('<title>A</title><meta property="og:type" content="video.other"><h1>A clip</h1><p>Watch.',
         URL, "video", Reason.VIDEO_PAGE),
        ("<title>Note</title><h1>Note</h1><p>Only a few.</p>", URL, "article", Reason.TOO_SHORT),
    ],
)  # fmt: skip
def test_what_is_no_article_is_rejected_with_a_word_for_it(
    html: str, url: str, kind: str, reason: Reason
) -> None:
    found = read(f"<html>{html}</html>", url)
    assert (found.state, found.kind, found.reason) == (State.REJECTED, kind, reason)


def test_a_page_without_a_title_is_rejected() -> None:
    text = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    found = read(f"<html><body>{text}</body></html>")
    assert (found.state, found.reason) == (State.REJECTED, Reason.NO_TITLE)


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", None, Reason.EMPTY),
        (b" \n\t", "text/html", Reason.EMPTY),
        (b"%PDF-1.7 ...", "text/html", Reason.BINARY),
        (b"\x89PNG\r\n\x1a\n", None, Reason.BINARY),
        (b"\x00" * 500, None, Reason.BINARY),
        (b'{"json": true}', "application/json", Reason.NOT_HTML),
        (b"just words", "text/plain", Reason.NOT_HTML),
        (b"<html><p>x", "application/pdf", Reason.NOT_HTML),
    ],
)
def test_what_is_no_page_fails_with_a_reason(
    body: bytes, content_type: str | None, reason: Reason
) -> None:
    found = read(body, content_type=content_type)
    assert (found.state, found.reason) == (State.FAILED, reason)


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>" + "<div>" * 20_000 + "x",
        "<html><body>" + "<table><tr><td>" * 3_000 + "x",
        "<html>" + "<p" * 50_000,
        "<html><head><script type='application/ld+json'>" + "[" * 100_000,
        "<html><body><p>" + "&#x110000;&#0;" * 1000,
        "<html><body>" + "<a href='//[::'>x</a>" * 2000,
        "<html><base href='http://['><body><h1>x</h1><p>y",
        "<?xml version='1.0' encoding='utf-16'?><html><body><p>x",
        "<html><body><svg><title>x</title></svg><math><mi>y",
        "<frameset><frame src=x></frameset>",
    ],
)
def test_hostile_markup_ends_in_a_state(body: str) -> None:
    found = read(body)
    assert (found.reason is None) == (found.state is State.LANDED)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600), st.none() | st.text(max_size=30), st.none() | st.text(max_size=40))
def test_no_bytes_make_extraction_raise(
    body: bytes, url: str | None, content_type: str | None
) -> None:
    found = extract(b"<html><body>" + body, url, fetched_at=FETCHED, content_type=content_type)
    assert isinstance(found, Extracted)


SAMPLE = page(linked(headline="Ferry crews agree", datePublished="2023-09-13T10:30:00Z")).encode()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.binary(max_size=20))
def test_a_page_damaged_anywhere_still_ends_in_a_state(place: int, junk: bytes) -> None:
    found = extract(SAMPLE[:place] + junk + SAMPLE[place + 5 :], URL, fetched_at=FETCHED)
    assert (found.reason is None) == (found.state is State.LANDED)


def test_the_same_bytes_give_the_same_article() -> None:
    assert read(SAMPLE) == read(SAMPLE)


def test_a_page_says_nothing_of_the_day_it_was_fetched() -> None:
    later = extract(
        SAMPLE,
        URL,
        fetched_at=datetime(2031, 1, 1, tzinfo=UTC),
        content_type="text/html; charset=utf-8",
    )
    assert later == read(SAMPLE)


@pytest.mark.parametrize(
    "name", ["Copyright 2023", "@courier", "https://courier.example", "© 2023"]
)
def test_what_names_no_publisher_is_passed_over(name: str) -> None:
    head = f'<meta name=copyright content="{name}"><meta name=application-name content="Courier">'
    assert read(page(head)).publisher == "Courier"


@pytest.mark.parametrize(
    ("locale", "day"), [("de", (2023, 9, 3)), ("en-GB", (2023, 9, 3)), ("en-US", None)]
)
def test_a_numeric_date_is_read_as_the_pages_country_writes_it(
    locale: str, day: tuple[int, int, int] | None
) -> None:
    html = page('<meta name=date content="03/09/2023">').replace("lang=en", f"lang={locale}")
    found = read(html, url="https://a.example/x").published_at
    assert found == (datetime(*day, tzinfo=UTC) if day else None)


def test_a_date_that_a_page_shows_is_told_by_its_label_and_not_by_the_footer() -> None:
    footer = '<div id="footer-info">[ 등록일 : 2012년 11월 06일 ]</div>'
    assert read(page() + footer, url="https://a.example/x").published_at is None
    shown = "<dl><dd>Bay</dd></dl>기사입력 : [ 2023-09-12 15:24 ]"
    html = page(body=footer).replace("<article>", f"<div>{shown}</div><article>")
    found = read(html, url="https://a.example/x")
    assert found.published_at == datetime(2023, 9, 12, 15, 24, tzinfo=UTC)


def test_a_check_of_a_claim_dates_its_page_and_leaves_the_byline_alone() -> None:
    check = {"@type": "ClaimReview", "datePublished": "2023-09-12T09:00:00Z"}
    head = linked(**check, author={"@type": "Organization", "name": "The Bay Courier"})
    found = read(page(head + '<meta name="author" content="Ann Lee">'))
    assert found.published_at == datetime(2023, 9, 12, 9, tzinfo=UTC)
    assert found.authors == ("Ann Lee",)


def script_page(state: object, kind: str = "application/json") -> str:
    data = json.dumps(state)
    head = "<title>Ferry crews agree to end strike</title>"
    shell = f'<div id="app"></div><script type="{kind}">window.__STATE__ = {data};</script>'
    return f"<html lang=en><head>{head}</head><body>{shell}</body></html>"


@pytest.mark.parametrize(
    "content",
    [
        "".join(f"<p>{words}</p>" for words in PARAGRAPHS),
        list(PARAGRAPHS),
        [{"type": "paragraph", "text": words} for words in PARAGRAPHS],
        [{"type": "paragraph", "data": {"text": words}} for words in PARAGRAPHS],
    ],
)
def test_a_page_that_shows_nothing_without_scripts_is_read_from_their_data(content: object) -> None:
    article = {"title": "Ferry crews agree to end strike", "content": content}
    found = read(script_page({"props": {"pageProps": {"article": article}}}))
    assert (found.state, found.path) == (State.LANDED, "state")
    assert found.text == "\n".join(PARAGRAPHS)


def test_other_articles_in_the_scripts_data_are_not_taken_for_the_pages() -> None:
    other = {"title": "Divers find a chain", "content": ["Somebody else's long words. " * 9] * 9}
    own = {"title": "Ferry crews agree to end strike", "content": list(PARAGRAPHS)}
    found = read(script_page({"next": [other, other], "current": own}))
    assert found.text == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize("state", [None, [], "x" * 900, [1] * 900, {"a": ["label"] * 300}])
def test_scripts_data_without_a_text_gives_none(state: object) -> None:
    assert read(script_page(state)).reason is Reason.TOO_SHORT


def test_a_short_article_is_not_swapped_for_the_longer_cards_beside_it() -> None:
    cards = "".join(
        f"<div><h3><a href=/{n}>Another story</a></h3><p>{PARAGRAPHS[3]}</p></div>"
        for n in range(8)
    )
    head = '<meta property="og:type" content="article"><meta name=date content="2023-09-13">'
    html = (
        f"<html lang=en><head>{head}</head><body><article><h1>Ferry crews agree</h1>"
        f"<p>{PARAGRAPHS[0]}</p></article><aside>{cards}</aside></body></html>"
    )
    found = read(html)
    assert (found.state, found.text) == (State.LANDED, PARAGRAPHS[0])
