"""What a page shows its readers: whose byline, which time, in what zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from extractors.articles import extract
from extractors.records import Extracted, Precision

FETCHED = datetime(2023, 12, 1, tzinfo=UTC)
URL = "https://www.harrowbaycourier.example/ferry-strike"
TEXT = "".join(
    f"<p>The two sides shook hands shortly before midnight in room {number} of the old house.</p>"
    for number in range(5)
)


def read(head: str, above: str = "", below: str = "") -> Extracted:
    site = '<meta property="og:site_name" content="Harrow Bay Courier">'
    page = (
        f"<html lang=en><head>{site}{head}</head><body>{above}<article><h1>Ferry crews agree</h1>"
        f"{below}<div class=article-body>{TEXT}</div></article></body></html>"
    )
    return extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("<p>By Ann Lee and Bo Berg</p>", ("Ann Lee", "Bo Berg")),
        ("<span>Oleh <a href=/a>Nurul Aini</a> - Sept 13, 2023 @ 10:05am</span>", ("Nurul Aini",)),
        ("<h4>Em 13/09/2023 - 10:05 Por Ana Cruz e Ivo Reis</h4>", ("Ana Cruz", "Ivo Reis")),
        ("<div>By Rachael Link on November 14, 2019</div>", ("Rachael Link",)),
        ("<ul class=meta><li><span class=author>Tuomas Salo</span></li></ul>", ("Tuomas Salo",)),
        ("<ul class=authors><li><b>Hanneke Dijkstra</b></li></ul>", ("Hanneke Dijkstra",)),
        ("<p class=byline>Ruth Pell Harrow Bay Courier, Oslo Town</p>", ("Ruth Pell",)),
        ("<p class=author>By Ruth Pell For Dailypost.com</p>", ("Ruth Pell",)),
        ("<div class=muhabir>CEMAL AKARSU</div>", ("Cemal Akarsu",)),
        ("<div>2023년 9월 13일 <span>서지안 기자</span></div>", ("서지안",)),
        ("<div>Escribe: Mario Puerto</div>", ("Mario Puerto",)),
        ("<div><a href=/autor/ana-cruz>Ana Cruz</a></div>", ("Ana Cruz",)),
        (
            "<ul><li><a href=/auteur/12><h2>Joost Walstra</h2><p>redacteur</p></a></li></ul>",
            ("Joost Walstra",),
        ),
        ("<span id=byline>［早瀬由紀］</span>", ("早瀬由紀",)),
        ("<div>2023年9月13日 来源：海湾报 记者：陈秋 点击： 18</div>", ("陈秋",)),
        ("<div class=field-signature>De notre envoyée à Dakar, Ida Sow</div>", ("Ida Sow",)),
        (
            "<p class=author-meta>Data publicării: 13.09.2023 <span>Autor: Ana Munte</span></p>",
            ("Ana Munte",),
        ),
    ],
)  # fmt: skip
def test_the_byline_below_the_headline_is_read(byline: str, names: tuple[str, ...]) -> None:
    assert read("", below=byline).authors == names


def test_a_site_known_by_its_host_alone_gives_way_to_the_byline() -> None:
    head = "<meta name=author content=Strandposten>"
    page = f"<html lang=sv><head>{head}<body><h1>Ferry</h1><div class=author>Ann Lee</div>{TEXT}"
    url = "https://www.strandposten.example/farja"
    found = extract(page.encode(), url, fetched_at=FETCHED, content_type="text/html")
    assert found.authors == ("Ann Lee",)


def test_a_story_signed_to_the_right_below_its_text_has_an_author() -> None:
    page = (
        f"<html lang=tr><body><table><tr><td><h1>Ferry crews agree</h1>{TEXT}</td></tr>"
        "<tr><td align=right><i>Haber: Fatma Özkan</i></td></tr></table></body></html>"
    )
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.authors == ("Fatma Özkan",)


@pytest.mark.parametrize(
    "below",
    [
        "<footer class=meta>le <span>mer 13/09/2023 - 10:05</span></footer>",
        "<ul class=info><li><time>Sep 13, 2023</time></li><li><time>10:05 am</time></li></ul>",
    ],
)
def test_a_date_is_found_where_sites_show_it(below: str) -> None:
    found = read("", below=below)
    assert found.published_at == datetime(2023, 9, 13, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "below",
    [
        "<span class=date>13.09.2023, <span>15:51</span></span>",
        "<div><span>13 September 2023</span><span>15:51</span></div>",
        "<div><i>13 September 2023</i><i class=hour>15:51</i><i>Harrow Bay</i></div>",
        "<div class=dates><i>13 September 2023</i><i>15:51</i><i>Harrow Bay</i></div>",
    ],
)
def test_the_hour_beside_the_day_belongs_to_it(below: str) -> None:
    assert read("", below=below).published_at == datetime(2023, 9, 13, 15, 51, tzinfo=UTC)


@pytest.mark.parametrize(
    "beside",
    [
        "<span class=dur>03:25</span>",
        "<span class=video-time>03:25</span>",
        "<span class=reading-time>03.25</span>",
        "<span>03:25</span><span>1,204</span>",
    ],
)
def test_how_long_a_film_runs_is_no_hour_of_the_day(beside: str) -> None:
    below = f"<div><span class=date>13 September 2023</span>{beside}</div>"
    assert read("", below=below).published_at == datetime(2023, 9, 13, tzinfo=UTC)


def test_how_long_a_film_runs_is_no_hour_of_the_day_around_it() -> None:
    found = read("", below="<p class=meta>13 September 2023 <b class=duration>03:25</b></p>")
    assert found.published_at == datetime(2023, 9, 13, tzinfo=UTC)


def test_a_date_above_the_headline_is_known_by_the_box_around_it() -> None:
    found = read("", above="<div class=item-date><i></i><span>۲۲ شهریور ۱۴۰۲، ۱۰:۰۵</span></div>")
    assert found.published_at == datetime(2023, 9, 13, 10, 5, tzinfo=UTC)


def test_an_hour_alone_is_no_date_of_the_story() -> None:
    head = '<meta property="article:published_time" content="2023-09-13T10:05:00Z">'
    ticker = "".join(f"<div class=x{at}><time>1{at}:57</time></div>" for at in range(5))
    own = '<time datetime="2023-09-13T10:05:00Z">13 Sep</time>'
    found = read(head, below=own + ticker)
    dates = {item.value for item in found.candidates if item.field == "published"}
    assert dates == {"2023-09-13T10:05:00Z"}


def test_the_day_in_a_masthead_does_not_date_the_story_below() -> None:
    masthead = "<div class=top><span class=date>Friday, 1 December 2023</span></div>"
    found = read("", above=masthead, below="<p>13 September 2023</p>")
    assert found.published_at == datetime(2023, 9, 13, tzinfo=UTC)


def test_what_is_said_of_the_story_in_its_headline_is_no_part_of_it() -> None:
    head = "<h1>Ferry crews agree on pay<br><span>2023-09-13 10:05 By Ann Lee</span></h1>"
    page = f"<html lang=en><body>{head}{TEXT}</body></html>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.title == "Ferry crews agree on pay"


def test_a_headline_is_known_by_its_class_where_nothing_else_tells_it() -> None:
    head = "<title>HBC | Article</title>"
    page = f"<html lang=en><head>{head}</head><body><div class=article-title>Ferry crews agree"
    found = extract(f"{page}</div>{TEXT}</body></html>".encode(), URL, fetched_at=FETCHED)
    assert found.title == "Ferry crews agree"


def test_authors_of_other_stories_in_a_list_are_not_the_pages() -> None:
    story = "<li><h3>Another story of the bay</h3><span class=author>Carl Other</span></li>"
    assert read("", below=f"<ul>{story * 3}</ul>").authors == ()


_CARD = (
    "<div class=card><h3><a href=/other>Another story of the bay</a></h3>{}</div>"
    "<div class=card><h3><a href=/third>A third story of the bay</a></h3>{}</div>"
)
_CARDS = [
    "<span class=author>Carl Other</span>",
    "<a rel=author href=/carl>Carl Other</a>",
    "<span itemprop=author>Carl Other</span>",
    '<span class=author>Carl Other</span><time datetime="2023-09-20T18:00:00Z">18:00</time>',
    "<span class=author>Carl Other</span><span class=date>20 September 2023, 18:00</span>",
]


@pytest.mark.parametrize("said", _CARDS)
def test_a_card_says_who_wrote_another_story_and_when(said: str) -> None:
    found = read("", below=_CARD.format(said, said))
    assert found.authors == ()
    assert found.published_at is None


@pytest.mark.parametrize("said", _CARDS)
def test_a_headline_that_links_to_its_own_page_is_no_card(said: str) -> None:
    head = "<title>Ferry crews agree - Harrow Bay Courier</title>"
    page = (
        f"<html lang=en><head>{head}</head><body><div class=story><div class=head>"
        f"<h2><a href={URL}>Ferry crews agree</a></h2>{said}</div>{TEXT}</div></body></html>"
    )
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.authors == ("Carl Other",)


def test_the_newest_news_above_the_headline_does_not_date_the_page() -> None:
    ticker = '<div class=flash><time datetime="2023-09-20T18:00:00+02:00">18:00</time></div>'
    own = '<p class=dates><time datetime="2023-09-13T10:05:00+02:00">13/09/2023</time></p>'
    found = read("", above=ticker, below=own)
    assert found.published_at == datetime(2023, 9, 13, 8, 5, tzinfo=UTC)


def test_a_time_that_calls_itself_the_publication_dates_the_page_wherever_it_stands() -> None:
    own = '<div><time class=entry-date datetime="2023-09-13T10:05:00+02:00">13.9.</time></div>'
    other = '<p><time datetime="2023-09-20T18:00:00+02:00">20.9.</time></p>'
    assert read("", above=own, below=other).published_at == datetime(2023, 9, 13, 8, 5, tzinfo=UTC)


def test_a_day_for_machines_gets_its_hour_from_what_readers_see() -> None:
    found = read(
        '<meta name=publishdate content="2023-09-13">', below="<div>2023-09-13 10:05</div>"
    )
    assert (found.published_at, found.published_precision) == (
        datetime(2023, 9, 13, 10, 5, tzinfo=UTC),
        Precision.LOCAL,
    )


def test_a_time_without_a_zone_gets_the_one_that_readers_see() -> None:
    head = '<meta name=content_PublishedDate content="2023-09-14 10:05:00">'
    found = read(head, below="<div class=read__time>14/09/2023, 10:05 WIB</div>")
    assert found.published_at == datetime(2023, 9, 14, 3, 5, tzinfo=UTC)


def test_a_time_right_above_the_headline_is_nearer_than_those_of_stories_below() -> None:
    site = '<meta property="og:site_name" content="Harrow Bay Courier">'
    own = '<p><time datetime="2023-09-13T10:05:00+02:00">13.9.</time></p>'
    other = '<p><time datetime="2023-09-20T18:00:00+02:00">20.9.</time> Another story</p>'
    page = (
        f"<html lang=en><head>{site}</head><body><div>{own}<h1>Ferry crews agree</h1>{TEXT}</div>"
        f"<div>{other}</div></body></html>"
    )
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.published_at == datetime(2023, 9, 13, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "<p>Par Avion</p>",
        "<div>Von Berlin nach Oslo</div>",
        "<p>By the harbour, said Ruth Pell.</p>",
    ],
)
def test_a_line_that_only_begins_like_a_byline_names_nobody(line: str) -> None:
    assert read("", below=line).authors == ()


@pytest.mark.parametrize("others", ["columnists", "most-read"])
def test_who_wrote_the_stories_below_did_not_write_the_pages(others: str) -> None:
    below = f"<div class={others}><div class=author-name>Carl Other</div></div>"
    page = f"<html lang=en><body><article><h1>Ferry crews agree</h1>{TEXT}</article>{below}</body>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.authors == ()


def test_the_byline_at_the_end_of_a_story_is_its_own() -> None:
    end = "<p class=author>Ann Lee</p>"
    page = f"<html lang=en><body><article><h1>Ferry crews agree</h1>{TEXT}{end}</article></body>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.authors == ("Ann Lee",)


@pytest.mark.parametrize("name", ["gs:publishDate", "analyticsAttributes.articleDate", "pubdate"])
def test_a_vendors_name_before_the_date_of_publishing_is_overlooked(name: str) -> None:
    found = read(f'<meta name="{name}" content="2023-09-13T10:05:00+02:00">')
    assert found.published_at == datetime(2023, 9, 13, 8, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Паром стоит у причала третью неделю, и никто не знает, когда он пойдет.", 5),
        ("The ferry has been at the quay for three weeks and nobody knows when it will go.", None),
    ],
)
def test_a_page_that_names_no_language_is_dated_as_its_own_is_written(
    words: str, day: int | None
) -> None:
    told = "".join(f"<p>{words} {number}.</p>" for number in range(6))
    page = f"<html><body><h1>{words[:30]}</h1><span>5-10-2023, 18:47</span>{told}</body></html>"
    found = extract(page.encode(), "https://a.example/x", fetched_at=FETCHED)
    assert (found.published_at.day if found.published_at else None) == day


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Ferry crews agree | Region | Vestnik Zaliva", ()),
        ("Vestnik Zaliva - Ferry crews agree", ()),
        ("Ferry crews agree - Vestnik Zaliva, 13.09.2023", ()),
        ("Ferry crews agree", ("Vestnik Zaliva",)),
    ],
)
def test_what_the_title_hangs_on_is_the_site_and_no_author(
    title: str, names: tuple[str, ...]
) -> None:
    page = (
        f"<html lang=en><head><title>{title}</title><meta name=author content='Vestnik Zaliva'>"
        f"</head><body><article><h1>Ferry crews agree</h1>{TEXT}</article></body></html>"
    )
    assert extract(page.encode(), URL, fetched_at=FETCHED).authors == names
