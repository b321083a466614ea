"""What kind of page it is: what is not an article is never landed as one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from extractors.articles import extract
from extractors.records import Extracted, Reason, State

FETCHED = datetime(2023, 12, 1, tzinfo=UTC)
HEADS = [f"The crews of boat {number} agree with the town" for number in range(16)]
SENTENCE = "The two sides shook hands shortly before midnight in the back room of the old house."
PROSE = "".join(f"<p>{SENTENCE} It was visit {number}.</p>" for number in range(10))
CARDS = "".join(
    f"<article><h3><a href=/a{number}>{head}</a></h3><p>{SENTENCE}</p></article>"
    for number, head in enumerate(HEADS)
)
ARTICLE = '<meta property="og:type" content="article">'


def read(title: str, body: str, path: str = "/2023/story", head: str = "") -> Extracted:
    page = f"<html lang=en><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    url = f"https://courier.example{path}"
    return extract(page.encode(), url, fetched_at=FETCHED, content_type="text/html")


def linked(nodes: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(nodes)}</script>'


def test_a_section_front_with_summaries_is_no_article() -> None:
    found = read("Business | Courier", f"<h1>Business</h1>{CARDS}", "/business")
    assert (found.state, found.reason) == (State.REJECTED, Reason.INDEX_PAGE)


def test_the_articles_that_a_front_leads_to_do_not_make_it_one() -> None:
    nodes = [
        {"@type": "NewsArticle", "headline": head, "datePublished": "2023-09-13T10:00:00Z",
         "url": f"https://courier.example/a{number}"}
        for number, head in enumerate(HEADS)
    ]  # fmt: skip
    found = read("World", f"<h1>World</h1>{CARDS}", "/world", linked(nodes))
    assert (found.state, found.reason) == (State.REJECTED, Reason.INDEX_PAGE)


@pytest.mark.parametrize(
    "path", ["/search", "/login", "/contact-us", "/de/impressum", "/privacy-policy.html", "/jobs/"]
)
def test_a_page_about_the_site_is_no_article(path: str) -> None:
    found = read("At your service", f"<h1>At your service</h1>{PROSE}", path)
    assert (found.state, found.reason) == (State.REJECTED, Reason.INDEX_PAGE)


def test_a_story_may_be_a_number_at_the_front_pages_address() -> None:
    found = read("Ferry crews agree", f"<h1>Ferry crews agree</h1>{PROSE}", "/?c=ar&i=352718")
    assert found.state is State.LANDED


@pytest.mark.parametrize("kind", ["profile", "product"])
def test_a_page_that_calls_itself_something_else_is_no_article(kind: str) -> None:
    head = f'<meta property="og:type" content="{kind}">'
    found = read("Ann Lee", f"<h1>Ann Lee</h1>{PROSE}", "/x/ann", head)
    assert (found.reason, found.detail) == (Reason.INDEX_PAGE, f"calls itself a {kind}")


@pytest.mark.parametrize(
    "title", ["Page not found | Courier", "Oeps! Deze pagina bestaat niet", "Stránka neexistuje"]
)
def test_an_error_page_is_one_whatever_it_offers_instead(title: str) -> None:
    found = read(title, f"<h1>Sorry</h1><p>{SENTENCE}</p>{CARDS}")
    assert (found.state, found.kind) == (State.REJECTED, "error")


@pytest.mark.parametrize(
    "body",
    [
        "<ul><li>word " * 3000,
        "<ul>" + "<li>word number</li>" * 3000 + "</ul>",
        "<p>" + "<b>a " * 3000,
    ],
)
def test_a_text_of_the_same_few_letters_is_no_article(body: str) -> None:
    found = read("A page of lists", body)
    assert (found.state, found.reason) == (State.REJECTED, Reason.TOO_SHORT)


def test_a_list_of_names_without_a_sentence_is_no_article() -> None:
    rows = "".join(f"<tr><td>Town of {head}</td></tr>" for head in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    names = "".join(f"<li>Harbour Quay {head.split()[4]} Bay</li>" for head in HEADS)
    found = read("Places", f"<h1>Places of the bay</h1><ul>{names}</ul><table>{rows}</table>")
    assert (found.state, found.reason) == (State.REJECTED, Reason.INDEX_PAGE)


@pytest.mark.parametrize(
    ("title", "path", "head"),
    [
        ("Search", "/search", ARTICLE),
        ("Ferry crews agree at last", "/2023/story", ""),
        ("Ferry crews agree at last", "/news/contact-made-after-years", ""),
        ("How a page not found in the archive changed a town", "/2023/story", ""),
    ],
)
def test_an_article_lands_whatever_its_address_or_title_resemble(
    title: str, path: str, head: str
) -> None:
    assert read(title, f"<h1>{title}</h1>{PROSE}", path, head).state is State.LANDED
