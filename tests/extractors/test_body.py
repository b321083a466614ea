"""The text of a page: what belongs to it in whatever blocks it stands, and what does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from extractors.articles import extract

FETCHED = datetime(2023, 12, 1, tzinfo=UTC)
URL = "https://www.harrowbaycourier.example/2023/09/13/ferry-strike"
PARAGRAPHS = (
    "The two sides shook hands shortly before midnight in the back room of the customs house.",
    "Under the terms, the crews will work one Sunday in three instead of every second one.",
    "Shopkeepers along the quay said the past three weeks had cost them a third of their trade.",
    "The mayor thanked both sides and promised to look again at the price of a season ticket.",
    "It is the second dispute on the bay within five years, and the county paid for the last one.",
)
LEAD = "Eleven hours of talks end three weeks without boats, and nobody is quite content."


def text_of(body: str, language: str = "en") -> str:
    page = f"<html lang={language}><body><h1>Ferry crews agree</h1>{body}</body></html>"
    return extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html").text


def blocks(names: list[str]) -> str:
    return "".join(
        f'<div class="{name}"><p>{words}</p></div>'
        for name, words in zip(names, PARAGRAPHS, strict=True)
    )


def test_a_block_of_the_article_is_kept_though_its_class_sounds_like_furniture() -> None:
    names = ["Rich Rich--iconLinks", "Rich", "Rich Rich--sidebarred", "Rich", "Rich"]
    assert text_of(f"<article>{blocks(names)}</article>") == "\n".join(PARAGRAPHS)


def test_zero_width_joiners_stay_in_the_words_they_part() -> None:
    words = "این پل از بهار گذشته بسته شده است و مردم ناچارند از مسیر دورتری رفت‌وآمد کنند."
    body = "".join(f"<p>{words} {number}</p>" for number in range(5))
    assert text_of(f"<article>{body}</article>", "fa").count("رفت‌وآمد") == 5


def test_headings_stay_in_a_text_without_a_container_of_its_own() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    body = "".join([*told[:2], "<h2>Who pays for it</h2>", *told[2:]])
    found = text_of(f'<div id="ss-storyText">{body}</div>')
    assert found == "\n".join([*PARAGRAPHS[:2], "## Who pays for it", *PARAGRAPHS[2:]])


@pytest.mark.parametrize(
    "standfirst",
    [
        f'<p class="article__desc intro">{LEAD}</p>',
        f'<h2 class="content-head__subtitle">{LEAD}</h2>',
        f'<div class="sapo">{LEAD}</div>',
        f'<p class="Preamble">{LEAD}</p>',
    ],
)
def test_a_standfirst_that_calls_itself_one_comes_first(standfirst: str) -> None:
    body = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    found = text_of(f"<header>{standfirst}</header><article>{body}</article>")
    assert found == "\n".join([LEAD, *PARAGRAPHS])


@pytest.mark.parametrize(
    "teaser",
    [
        f'<figure><figcaption class="description">{LEAD}</figcaption></figure>',
        f'<a href="/other"><p class="summary">{LEAD}</p></a>',
        f'<p class="site-description">{LEAD}</p>',
        '<p class="excerpt">Good morning! This is the news that you need to have today...</p>',
    ],
)
def test_what_is_described_elsewhere_or_cut_short_is_no_standfirst(teaser: str) -> None:
    body = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    assert text_of(f"{teaser}<article>{body}</article>") == "\n".join(PARAGRAPHS)


def test_a_text_in_a_table_cell_that_only_breaks_divide_is_paragraphs() -> None:
    cell = "<br><br>".join(PARAGRAPHS)
    table = f"<table><tr><td>Menu</td></tr><tr><td><font>{cell}</font></td></tr></table>"
    assert text_of(table).split("\n")[-5:] == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "noise",
    [
        "<div class=komentari><b>Milan</b><p>It was high time somebody did this here.</p></div>",
        "<blockquote class=pull-quote><p>Nobody is content with what they got.</p></blockquote>",
        "<div class=lihatjg><b>Baca juga: </b><a href=/1>Gelombang Tinggi Landa Pesisir</a></div>",
        '<div><span>Čtěte také</span><a href="/2">Povodeň vzala i lávku v parku</a></div>',
        "<p>Urmărește-ne pe Google News pentru cele mai noi știri</p>",
        "<p>Il vous reste 61 % de cet article à lire.</p>",
        "<p>fan/dpa</p>",
        "<p>A version of this article appears in print on Sept. 14, 2023, on page A12.</p>",
        "<p><b>เรื่องที่เกี่ยวข้อง</b><br><a href=/4>เรือข้ามฟากหยุดเดินอีกครั้งที่อ่าว</a></p>",
        '<p>By signing up you agree to our <a href="/terms.html">terms</a> and accept them.</p>',
        "<p>Our <a href=//x.example/terms>terms</a>, <a href=//x.example/privacy>rules</a>.</p>",
        '<p><a href="javascript:void(0)">【纠错】</a></p>',
        '<p>If you value a free press, <a href="/tamogatas">support what we do here</a>.</p>',
        "<section aria-label=Newsletter><h3>At dusk</h3><p>All in one letter.</p></section>",
        "<table><tr><td><img src=1.jpg></td></tr><tr><td>The customs house</td></tr></table>",
        "<p>Kļūda rakstā? Iezīmējiet tekstu un spiediet Ctrl+Enter, lai nosūtītu.</p>",
        "<p>Mitä ajatuksia juttu herätti? Voit keskustella aiheesta 16.12. klo 23 asti.</p>",
        "<p>Få de viktigaste nyheterna i din inkorg varje morgon.</p>",
        "<p><b>Soma zaidi:</b> <a href=/x>Maoni: Bahari ni shamba letu</a></p>",
        "<div class=paywall-gate><ul><li>All of it</li><li>The paper as well</li></ul></div>",
        "<div class=article-sns><p>More of our reporters’ stories are found over there.</p></div>",
        "<div class=featured-video><p>The panel reacts to the end of the strike.</p></div>",
    ],
)
def test_furniture_is_known_in_other_languages_too(noise: str) -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    found = text_of(f"<article>{''.join(told)}{noise}</article>")
    assert found == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote><p>{}</p><span>Ann Calder</span></blockquote>",
        "<blockquote><span>”{}”</span></blockquote>",
        "<div class=quote-block><span>“</span><p>{}</p></div>",
    ],
)
def test_a_quotation_pulled_out_of_the_text_is_not_told_twice(quote: str) -> None:
    said = "Nobody is content with what they got"
    told = [f"<p>{words}</p>" for words in (*PARAGRAPHS, f"– {said}, she says.")]
    told.insert(2, quote.format(said))
    found = text_of(f"<article>{''.join(told)}</article>")
    assert found.split("\n") == [*PARAGRAPHS, f"– {said}, she says."]


def test_a_quotation_that_the_text_does_not_repeat_stays() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    told.insert(2, "<blockquote><p>Nobody is content with what they got.</p></blockquote>")
    assert "Nobody is content" in text_of(f"<article>{''.join(told)}</article>")


def test_a_text_in_divisions_of_a_table_cell_is_paragraphs() -> None:
    told = "".join(f"<div>{words}</div>" for words in PARAGRAPHS)
    page = f"<table><tr><td>Home » News</td></tr><tr><td>{told}</td></tr></table>"
    assert text_of(page).split("\n")[-5:] == list(PARAGRAPHS)


def test_the_heading_of_a_list_of_other_stories_goes_with_it() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    links = "<li><a href=/1>Night trains return</a></li><li><a href=/2>Barley is dear</a></li>"
    told.insert(2, f"<div class=b><h4>In depth</h4><ul>{links}</ul></div>")
    assert text_of(f"<article>{''.join(told)}</article>") == "\n".join(PARAGRAPHS)


def test_the_kicker_above_the_headline_is_no_text() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    head = "<header><h2>Life on the quay</h2><h1>Ferry crews agree</h1></header>"
    page = f"<html lang=en><body><article>{head}{told}</article></body></html>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.text == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "address", ["https://network.example/privacy", "/tag/privacy", "/health/heart-conditions"]
)
def test_a_story_that_links_to_what_others_rule_or_to_a_theme_is_no_notice(address: str) -> None:
    words = f"The network changed <a href={address}>what holds</a> on Monday."
    assert "The network changed what holds on Monday." in text_of(
        f"<article>{''.join(f'<p>{told}</p>' for told in PARAGRAPHS)}<p>{words}</p></article>"
    )


@pytest.mark.parametrize(
    "block",
    [
        "<p>{}<br>{}</p>",
        "<blockquote>{}</blockquote><p>{}</p>",
        "<p><span>{}</span><br><b>{}</b></p>",
    ],
)
def test_where_the_source_goes_on_in_a_new_line_no_paragraph_begins(block: str) -> None:
    wrapped = block.format(*(words.replace(" the ", "\n  the ") for words in PARAGRAPHS[:2]))
    rest = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[2:])
    assert text_of(f"<article>{wrapped}{rest}</article>") == "\n".join(PARAGRAPHS)


def test_a_short_text_in_a_dense_script_is_not_lost_to_the_menus_around_it() -> None:
    told = (
        "渡轮公司与船员在海关大楼的后厅谈判十一个小时，终于在午夜前不久达成协议，结束了三周的停航。",
        "根据协议，船员今后每三个星期日上班一天，而不是隔周一天。码头一带的商户说，停航使他们损失三分之一的生意。",
    )
    menus = "".join(f"<div><span>会员登录第{at}页</span><br>保存记事</div>" for at in range(60))
    page = "".join(f"<p>{words}</p>" for words in told)
    assert text_of(f"<div>{menus}</div><div id=c>{page}</div><div>{menus}</div>", "zh") == (
        "\n".join(told)
    )


def test_a_source_named_within_a_text_stays() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    told.insert(1, "<p>Джерело: пресслужба міської ради</p>")
    assert "Джерело: пресслужба міської ради" in text_of(f"<article>{''.join(told)}</article>")


def test_a_headline_repeated_with_its_kicker_is_no_text() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    page = (
        "<html lang=en><head><meta property='og:title' content='Strike: Ferry crews agree at last'>"
        "</head><body><article><h2><span>Strike</span> <span>Ferry crews agree at last</span></h2>"
        f"{told}</article></body></html>"
    )
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.text == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "last",
    [
        "Ann Lee",
        "ANN LEE",
        "Ann Lee is a reporter for the Courier, covering the coast and its people.",
    ],
)
def test_who_the_author_is_closes_no_article(last: str) -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    head = "<meta name=author content='Ann Lee'>"
    page = f"<html lang=en><head>{head}</head><body><article>{told}<p>{last}</p></article></body>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert found.text == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "script",
    [
        "window.F=window.F||{{}};F.site='bay';F.content={data};F.spa=false;",
        "window.__DATA__ = JSON.parse({quoted});",
    ],
)
def test_the_data_of_a_script_is_found_among_its_statements(script: str) -> None:
    data = json.dumps({"headline": "x", "elements": [{"content": words} for words in PARAGRAPHS]})
    code = script.format(data=data, quoted=json.dumps(data))
    page = f"<html lang=en><title>Ferry crews</title><body><div></div><script>{code}</script>"
    found = extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html")
    assert (found.path, found.text) == ("state", "\n".join(PARAGRAPHS))


def cards(opening: str) -> str:
    one = f"<div class=g><h3>{opening}</h3><p>{LEAD} And there is more of it.</p></div>"
    return "".join(one.replace("NUMBER", str(number)) for number in range(12))


def test_a_row_of_cards_below_a_text_without_a_container_is_no_text() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    row = cards("<a href=/story/NUMBER>Another story of the bay NUMBER</a>")
    assert text_of(f"<div class=b>{told}</div><div class=grid>{row}</div>") == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "opening",
    [
        "<a href=https://shop.example/NUMBER target=_blank>Boat shoe number NUMBER</a>",
        "<a href=#part-NUMBER>What it costs in year NUMBER</a>",
        "What it costs in year NUMBER",
    ],
)
def test_parts_of_an_article_in_like_blocks_are_no_cards(opening: str) -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    found = text_of(f"<article><div>{told}</div><div class=parts>{cards(opening)}</div></article>")
    assert found.count(LEAD) == 12


def test_a_text_in_an_aside_is_read_where_the_page_has_no_other() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    assert text_of(f"<aside class=main-text>{told}</aside>") == "\n".join(PARAGRAPHS)


def test_the_summary_of_another_story_below_a_short_text_is_no_standfirst() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[:4])
    other = f"<div class=more><h3><a href=/x>Other</a></h3><p class=entry-summary>{LEAD}</p></div>"
    assert text_of(f"<article>{told}</article>{other}") == "\n".join(PARAGRAPHS[:4])


STORY = f"<p>{PARAGRAPHS[0]}</p><p>{LEAD}</p>" * 3
OTHER = "".join(f"<p>This was boat {number} of the row: {LEAD}</p>" for number in range(5))
NEXT_HEADLINE = "<h2 class=headline>Crane falls into the dock</h2>"
CANONICAL = f"<link rel=canonical href={URL}>"


def scrolled(body: str, head: str = CANONICAL) -> str:
    page = f"<html lang=en><head>{head}</head><body><article>{body}</article></body></html>"
    return extract(page.encode(), URL, fetched_at=FETCHED, content_type="text/html").text


def two_stories(mark: str, headline: str = NEXT_HEADLINE, story: str = STORY) -> str:
    """A page's own story, and below it a block dressed alike."""
    return (
        f'<section class="part"><h1 class="big headline">Ferry crews agree</h1>{story}</section>'
        f'<section class="part" {mark}>{headline}{OTHER}</section>'
    )


@pytest.mark.parametrize(
    "head", [CANONICAL, '<meta property="og:url" content="/2023/09/13/ferry-strike">']
)
@pytest.mark.parametrize("headline", [NEXT_HEADLINE, "<h1>Crane falls into the dock</h1>"])
@pytest.mark.parametrize(
    "mark",
    [
        "data-infinite=1 data-url=/2023/09/13/crane-falls",
        "data-permalink=https://www.harrowbaycourier.example/2023/09/12/crane-falls/",
    ],
)
def test_a_whole_story_that_follows_when_one_scrolls_on_is_left_out(
    head: str, headline: str, mark: str
) -> None:
    found = scrolled(two_stories(mark, headline), head)
    assert PARAGRAPHS[0] in found
    assert "boat 4" not in found


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "itemtype=https://schema.org/Question",
        "data-background=/2023/09/img/crane.jpg",
        "data-url=/2023/09/13/ferry-strike",
        "data-url=https://www.harrowbaycourier.example/2023/09/13/ferry-strike#two",
        "data-url=/2023/09/13/ferry-strike-2",
        "data-url=/2023/09/13/ferry-strike/night",
        "data-url=/en/09/13/crew-agrees",
        "data-url=/node/123",
        "data-url=https://player.example/2023/09/13/crane",
        "data-url=http://[bad/2023/09/13/crane",
    ],
)
def test_a_part_of_the_story_stays_without_an_address_of_another(mark: str) -> None:
    assert "boat 4" in scrolled(two_stories(mark))


@pytest.mark.parametrize(
    "below",
    [
        "<time datetime=2023-09-12>Tuesday</time>",
        f"<p>{LEAD} It was <time datetime=2023-09-12>Tuesday</time> by then.</p>",
        "<p>Updated <time datetime=2023-09-12>Tuesday</time></p>",
    ],
)
def test_a_chapter_with_a_time_is_no_other_story(below: str) -> None:
    assert "boat 4" in scrolled(two_stories("", f"<h1>The second day</h1>{below}"))


def test_a_page_that_does_not_tell_its_address_loses_no_story() -> None:
    assert "boat 4" in scrolled(two_stories("data-url=/2023/09/13/crane-falls"), head="")


def test_a_block_by_the_number_of_the_page_is_its_own() -> None:
    head = "<link rel=canonical href=/bay/ferry-strike-42981177>"
    assert "boat 4" in scrolled(two_stories("data-url=/bay/crews-agree-42981177"), head)


def test_the_updates_of_a_live_blog_stay() -> None:
    post = '<div class="post" data-url=/2023/09/13/{}>{}<time>10:05</time>{}</div>'
    first = post.format("ferry-strike", "<h1 class=post-title>Ferry crews agree</h1>", STORY * 3)
    later = (post.format(name, "<h2 class=post-title>Now</h2>", OTHER) for name in ("one", "two"))
    assert scrolled(first + "".join(later)).count("boat 4") == 2


def test_the_story_below_the_name_of_the_site_stays() -> None:
    menu = "".join(f"<li>News from the quay of Harrow Bay, number {n}</li>" for n in range(9))
    name = f"<div class=container><h1 class=logo>The Courier</h1><ul>{menu}</ul>{STORY}</div>"
    told = f"<h1>Crane falls into the dock</h1>{OTHER}"
    body = f"{name}<div class=container data-url=/2023/09/13/crane-falls>{told}</div>"
    assert "boat 4" in scrolled(body)
    assert "boat 4" in scrolled(f"<header>{body}</header>".replace("logo", "big"))


@pytest.mark.parametrize("story", [f"<p>{' '.join(PARAGRAPHS)}</p>", f"<p>{LEAD}</p>" * 2])
def test_what_follows_a_short_opening_stays(story: str) -> None:
    assert "boat 4" in scrolled(two_stories("data-url=/2023/09/13/crane-falls", story=story))


@pytest.mark.parametrize("names", ["paywall", "after-anzeige", "has-comments", "with-ads"])
def test_the_last_paragraphs_of_an_article_stay_whatever_their_block_says(names: str) -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    body = f"<article>{''.join(told[:4])}<div class={names}>{told[4]}</div></article>"
    assert text_of(body) == "\n".join(PARAGRAPHS)


def test_blocks_of_one_class_far_apart_are_kept_though_it_sounds_like_furniture() -> None:
    first, middle, last = PARAGRAPHS[:1], PARAGRAPHS[1:4], PARAGRAPHS[4:]
    apart = "".join(
        f'<div data-area="text"><div class="Rich Rich--iconLinks w-8">{told}</div></div>'
        f'<div class="slot"></div>'
        for told in ("".join(f"<p>{words}</p>" for words in part) for part in (first, middle, last))
    )
    assert text_of(f'<article><section class="b">{apart}</section></article>') == "\n".join(
        PARAGRAPHS
    )


def test_a_text_in_divisions_is_found_on_a_page_whose_only_paragraph_is_its_footer() -> None:
    told = "".join(
        f'<div class="b"><div class="b__text">{words}</div></div>' for words in PARAGRAPHS
    )
    meta = f'<div itemprop="articleBody">{" ".join(PARAGRAPHS)}</div>'
    foot = (
        "<p>Registered as a newspaper; the editor answers for what stands here, not the owner.</p>"
    )
    page = f'<div class="m">{meta}</div><div class="article__body js">{told}</div><div>{foot}</div>'
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_teasers_of_other_stories_in_a_row_are_left_out_with_their_blurbs() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    heads = ("Lighthouse to be painted", "Bus fares rise in May", "Seal found in the car park")
    row = "".join(
        f'<div class="w"><h3><a href="/a/{at}">{head}</a></h3><p>It was about time.</p></div>'
        for at, head in enumerate(heads)
    )
    assert text_of(f"<article>{told}<div>{row}</div></article>") == "\n".join(PARAGRAPHS)


def test_sources_listed_with_what_they_say_are_no_teasers() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    cited = "".join(
        f'<li><a href="https://office.example/{year}">The report of {year}</a>: the crews were paid'
        f" for {year - 1900} Sundays, more than in any year since they were counted</li>"
        for year in (1990, 2000, 2010)
    )
    assert "the crews were paid for 110 Sundays" in text_of(
        f"<article>{told}<ul>{cited}</ul></article>"
    )


@pytest.mark.parametrize(
    "box",
    [
        "<h3>Sobre la firma</h3><div>Lucía Cerro</div><p>Escribe de barcos y puertos.</p>",
        "<b>About the author</b><p>She has covered the quay for longer than most.</p>",
        "<header>Más información</header><article><h4><a href='/b'>Ferry found</a></h4></article>",
        "<h4>FAKTA: Färjorna</h4><p>They have run on whale oil since 1901, and still do.</p>",
        "<b>Anketa</b><p>Should the crews give in?</p><p>Ano: 204</p><p>Ne: 31</p>",
        "<h3>阅读下一篇：</h3><div><a href='/n/1'>一季度货运量增长两成</a></div><p>沿海更快</p>",
    ],
)
def test_a_box_about_authors_facts_readers_or_other_stories_is_left_out(box: str) -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    page = f"<article>{told}<div class='x1'>{box}</div></article>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_what_readers_talk_back_is_left_out() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    box = "<h3>תגובות</h3><div><p>Well done, all the crews!</p><span>Dan, Harrow</span></div>"
    page = f"<article>{told}<div class='talkbacks'>{box}</div></article>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_a_section_that_opens_like_such_a_box_but_holds_the_story_stays() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    found = text_of(f"<article><div><h2>About the author</h2>{told}</div></article>")
    assert found.endswith("\n".join(PARAGRAPHS))


def test_the_columns_of_an_old_layout_beside_the_text_are_left_out() -> None:
    told = "<br><br>".join(PARAGRAPHS)
    left = (
        "<h4>Calendar</h4><table><tr><td>Mo</td><td>Tu</td></tr></table><h4>Poll</h4>Do you sail?"
    )
    page = (
        f"<table class=main><tr><td class=left-col>{left}</td><td class=mid><div class=base>"
        f"<div id=news-7>{told}</div></div></td><td><h4>Weather</h4>Mild</td></tr></table>"
    )
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_a_text_in_two_containers_is_whole_though_one_holds_most_of_it() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    page = f"<div class=main><div>{''.join(told[:4])}</div><div>{told[4]}</div></div>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "box",
    [
        "<p class='player__infotext'>The crews on Tuesday, by Ann Lee.</p>",
        "<p class='content-media__description'>The quay at dawn, seen from a kite.</p>",
        "<div class='CarouselOverlay'><p>The customs house in 1968, when it was new.</p></div>",
        "<section class='reference fact'><h2>Ferries</h2><ul><li>Run on oil</li></ul></section>",
        "<section role=complementary><h2>Ferries</h2><p>They run on whale oil.</p></section>",
    ],
)
def test_captions_and_boxes_beside_the_story_are_left_out(box: str) -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    page = f"<article>{''.join(told[:3])}{box}{''.join(told[3:])}</article>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_a_story_that_checks_facts_is_no_box_of_facts() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[:2])
    checked = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[2:])
    page = f"<article>{told}<div class='fact-check'>{checked}</div></article>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_the_label_over_a_standfirst_is_no_part_of_it() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    found = text_of(
        f"<div class=summary><b>In short</b><p>{LEAD}</p></div><article>{told}</article>"
    )
    assert found.split("\n")[0] == LEAD


def test_a_short_article_is_not_lost_to_longer_teasers_below_it() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS[:4])
    cards = "".join(
        f"<div class=g><a href=/q{at}>Night trains return to the north</a>"
        f"<p>{PARAGRAPHS[at % 5]} And so on, number {at}.</p></div>"
        for at in range(60)
    )
    page = f"<main><div class=y>{told}</div></main><div class=grid>{cards}</div>"
    assert text_of(page) == "\n".join(PARAGRAPHS[:4])


def test_a_short_article_is_not_lost_to_what_readers_write_in_divisions() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    said = "".join(
        f"<div class=msg>Reader {at} says that it was high time for boats to sail again.</div>"
        for at in range(12)
    )
    page = f"<div class=x><div class=y>{told}</div></div><div class=said>{said}</div>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_a_text_in_divisions_is_not_lost_to_what_readers_write_in_paragraphs_below() -> None:
    told = "".join(f"<div class=par>{words}</div>" for words in PARAGRAPHS)
    said = "".join(
        f"<p>Reader {at} says that it was high time for boats to sail again.</p>" for at in range(5)
    )
    page = f"<div class=x><div class=y>{told}</div></div><div class=said>{said}</div>"
    assert set(PARAGRAPHS) <= set(text_of(page).split("\n"))


def test_links_whose_sentence_goes_on_behind_them_are_no_teasers() -> None:
    told = [f"<p>{words}</p>" for words in PARAGRAPHS]
    cited = "".join(
        f'<li><a href="https://office.example/{year}">The harbour report of {year}</a> says so</li>'
        for year in (1990, 2000, 2010)
    )
    found = text_of(f"<article>{''.join(told[:3])}<ul>{cited}</ul>{''.join(told[3:])}</article>")
    assert found.count("The harbour report of") == 3


def test_a_text_in_nameless_divisions_is_not_lost_to_longer_blurbs_of_teasers() -> None:
    told = "".join(
        f'<div>{words} <a href="/t{at}">More of it</a> was said.</div>'
        for at, words in enumerate(PARAGRAPHS)
    )
    cards = "".join(
        f'<div class=card><div class=in><a href="/c{at}"><b>Night trains return</b></a>'
        f"<div class=blurb>{PARAGRAPHS[at]} {LEAD} {LEAD}</div></div></div>"
        for at in range(5)
    )
    page = f"<article><div class=z>{told}</div></article><div class=more>{cards}</div>"
    found = text_of(page)
    assert [words in found for words in PARAGRAPHS] == [True] * 5
    assert LEAD not in found


def test_a_block_that_holds_much_beside_the_text_is_not_named_its_body() -> None:
    told = "".join(f"<p>{words}</p>" for words in PARAGRAPHS)
    other = "".join(f"<li>Number {at}: boats that sail again</li>" for at in range(60))
    page = f"<div class=k1><div class=k2>{told}<h3>Elsewhere</h3><ul>{other}</ul></div></div>"
    assert text_of(page) == "\n".join(PARAGRAPHS)


def test_a_text_without_a_container_is_not_lost_to_readers_remarks_in_articles() -> None:
    told = "".join(f"<p>{words} {words} {words}</p>" for words in PARAGRAPHS)
    said = "".join(
        f"<article class=r1><p>Reader {at} says that it was high time for boats to sail again.</p>"
        f"<p>{LEAD} {LEAD}</p><p>{LEAD} That is what was said in {1990 + at}.</p></article>"
        for at in range(3)
    )
    page = f"<div class=k1><div class=k2>{told}</div><div class=k3>{said}</div></div>"
    assert all(words in text_of(page) for words in PARAGRAPHS)
