"""Six ways to build an article's page: where its metadata stand and how its body is marked up.

Pure: a Page record in, HTML fragments out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from flows.newsroom import furniture
from flows.newsroom.data import Words
from flows.newsroom.model import Article, Layout, Outlet


@dataclass(frozen=True, slots=True)
class Page:
    """What a layout needs to know to build an article's page; `url` is its own address."""

    outlet: Outlet
    article: Article
    words: Words
    url: str
    base: str


def head(page: Page) -> str:
    """Return the metadata of the page's head as its layout states them."""
    title = f"<title>{escape(page.article.title)} | {escape(page.outlet.name)}</title>\n"
    link = f'<link rel="canonical" href="{escape(page.url)}">\n'
    return title + link + _HEADS[page.outlet.layout](page)


def body(page: Page) -> str:
    """Return the page's main part: headline, byline and text, with what interrupts them."""
    return _BODIES[page.outlet.layout](page)


def _meta(name: str, content: str | None, key: str = "property") -> str:
    return f'<meta {key}="{name}" content="{escape(content)}">\n' if content else ""


def _opengraph(page: Page) -> str:
    article = page.article
    modified = article.modified.isoformat() if article.modified else None
    return (
        _meta("og:type", "article")
        + _meta("og:title", article.title)
        + _meta("og:url", page.url)
        + _meta("og:site_name", page.outlet.name)
        + _meta("og:description", article.paragraphs[0])
        + _meta("og:image", f"{page.base}/{page.outlet.outlet_id}/img/{article.slug}.jpg")
        + _meta("article:published_time", article.published.isoformat())
        + _meta("article:modified_time", modified)
        + _meta("article:section", article.section)
        + "".join(_meta("article:tag", tag) for tag in article.tags)
    )


def _news_article(page: Page, *, with_body: bool = False) -> dict[str, Any]:
    article, outlet = page.article, page.outlet
    fields: dict[str, Any] = {
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": page.url},
        "headline": article.title,
        "datePublished": article.published.isoformat(),
        "dateModified": article.changed.isoformat(),
        "author": _authors(page),
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "inLanguage": outlet.language,
        "articleSection": article.section,
        "keywords": list(article.tags) or None,
        "isAccessibleForFree": article.shown is None,
        "articleBody": "\n".join(article.paragraphs) if with_body else None,
    }
    if article.shown is not None:
        fields["hasPart"] = {
            "@type": "WebPageElement",
            "isAccessibleForFree": False,
            "cssSelector": ".paid",
        }
    return {key: value for key, value in fields.items() if value is not None}


def _authors(page: Page) -> list[dict[str, str]] | None:
    if page.article.author:
        return [{"@type": "Person", "name": page.article.author}]
    if page.article.agency:
        return [{"@type": "Organization", "name": page.article.agency}]
    return None


def _script(page: Page, value: object) -> str:
    # A legacy encoding cannot hold every letter, and character references do not work in scripts.
    plain = json.dumps(value, ensure_ascii=page.outlet.encoding != "utf-8")
    return (
        f'<script type="application/ld+json">{plain.replace("</", "<" + chr(92) + "/")}</script>\n'
    )


def _plain_head(page: Page) -> str:
    linked = {"@context": "https://schema.org", **_news_article(page, with_body=True)}
    return _opengraph(page) + _script(page, linked)


def _graph_head(page: Page) -> str:
    home = f"{page.base}/{page.outlet.outlet_id}/"
    graph = [
        {"@type": "WebSite", "@id": f"{home}#site", "url": home, "name": page.outlet.name},
        {"@type": "WebPage", "@id": page.url, "url": page.url, "name": page.article.title},
        {
            "@type": "BreadcrumbList",
            "itemListElement": [{"@type": "ListItem", "position": 1, "name": page.outlet.name}],
        },
        {**_news_article(page), "@id": f"{page.url}#article", "isPartOf": {"@id": page.url}},
    ]
    return _opengraph(page) + _script(page, {"@context": "https://schema.org", "@graph": graph})


def _portal_head(page: Page) -> str:
    crumbs = {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": []}
    linked = {"@context": "https://schema.org", **_news_article(page)}
    return _opengraph(page) + _script(page, [crumbs, linked])


def _meta_head(page: Page) -> str:
    article = page.article
    return (
        _meta("description", article.paragraphs[0], "name")
        + _meta("author", article.author or article.agency, "name")
        + _meta("date", article.published.isoformat(), "name")
        + _meta("og:title", article.title)
        + _meta("og:type", "article")
    )


def _microdata_head(page: Page) -> str:
    return _meta("description", page.article.paragraphs[0], "name")


def _byline(page: Page) -> str:
    return escape(page.article.author or page.article.agency or page.outlet.name)


def _time(page: Page, extra: str = "") -> str:
    moment = page.article.published
    return f'<time datetime="{moment.isoformat()}"{extra}>{moment:%d.%m.%Y %H:%M}</time>'


def _paragraphs(page: Page, name: str = "") -> str:
    """The text with an advertisement after the second paragraph and a newsletter box later on."""
    attribute = f' class="{name}"' if name else ""
    parts = [f"<p{attribute}>{escape(each)}</p>\n" for each in page.article.paragraphs]
    if len(parts) > 4:
        parts.insert(4, furniture.newsletter(page.words))
    if len(parts) > 2:
        parts.insert(2, furniture.advertisement(page.words))
    if page.article.shown is not None:
        parts.append(furniture.paywall(page.words))
    return "".join(parts)


def _updated(page: Page) -> str:
    moment = page.article.modified
    if moment is None:
        return ""
    stamp = f'<time datetime="{moment.isoformat()}">{moment:%d.%m.%Y %H:%M}</time>'
    return f'<span class="updated">{escape(page.words.updated)} {stamp}</span>'


def _plain_body(page: Page) -> str:
    title = escape(page.article.title)
    return (
        f'<main id="content"><article class="story">\n<h1>{title}</h1>\n'
        f'<p class="byline">{_byline(page)}</p>{_time(page)}{_updated(page)}\n'
        f"{furniture.share(page.words)}"
        f'<div class="story-body">\n{_paragraphs(page)}</div>\n</article></main>\n'
    )


def _graph_body(page: Page) -> str:
    title = escape(page.article.title)
    tags = "".join(f'<a rel="tag" href="#">{escape(tag)}</a> ' for tag in page.article.tags)
    return (
        '<main class="site-main"><article class="post type-post hentry">\n'
        f'<header class="entry-header"><h1 class="entry-title">{title}</h1>\n'
        f'<div class="entry-meta">{_time(page, " class=entry-date")} <span class="author vcard">'
        f"{_byline(page)}</span></div></header>\n"
        f'<div class="entry-content">\n{_paragraphs(page)}</div>\n'
        f'<footer class="entry-footer">{tags}{furniture.share(page.words)}</footer>\n'
        "</article></main>\n"
    )


def _microdata_body(page: Page) -> str:
    article, outlet = page.article, page.outlet
    return (
        '<main><article itemscope itemtype="https://schema.org/NewsArticle">\n'
        f'<meta itemprop="mainEntityOfPage" content="{escape(page.url)}">\n'
        f'<h1 itemprop="headline">{escape(article.title)}</h1>\n'
        '<span itemprop="author" itemscope itemtype="https://schema.org/Person">'
        f'<span itemprop="name">{_byline(page)}</span></span>\n'
        f"{_time(page, ' itemprop=datePublished')}\n"
        f'<meta itemprop="dateModified" content="{article.changed.isoformat()}">\n'
        '<span itemprop="publisher" itemscope itemtype="https://schema.org/Organization">'
        f'<meta itemprop="name" content="{escape(outlet.name)}"></span>\n'
        f'<div itemprop="articleBody">\n{_paragraphs(page, "txt")}</div>\n</article></main>\n'
    )


def _table_body(page: Page) -> str:
    lines = "<br><br>\n".join(escape(each) for each in page.article.paragraphs)
    moment = page.article.published
    return (
        '<table id="main" width="960" align="center"><tr>'
        f'<td class="left" valign="top">{furniture.advertisement(page.words)}</td>\n'
        f'<td class="center" valign="top"><h1 class="headline">{escape(page.article.title)}</h1>\n'
        f'<div class="info">{_byline(page)} | {moment:%Y.%m.%d %H:%M}</div>\n'
        f"{furniture.share(page.words)}"
        f'<div class="article-body" id="articleText">\n{lines}\n</div>\n'
        "</td></tr></table>\n"
    )


def _hashed_body(page: Page) -> str:
    return (
        '<div class="x7Qa1"><div class="b91kD">\n'
        f'<h1 class="tZ3f0">{escape(page.article.title)}</h1>\n'
        f'<div class="mM2c9"><span>{_byline(page)}</span> {_time(page)}{_updated(page)}</div>\n'
        f'<section class="q0Lr8">\n{_paragraphs(page, "pW5e2")}</section>\n'
        f"{furniture.share(page.words)}</div></div>\n"
    )


def _portal_body(page: Page) -> str:
    moment = page.article.published
    return (
        '<div id="wrap"><div id="container"><div class="article_head">\n'
        f'<h2 class="tit_view">{escape(page.article.title)}</h2>\n'
        f'<p class="date">{moment:%Y-%m-%d %H:%M}</p>{_updated(page)}\n'
        f'<p class="reporter">{_byline(page)}</p></div>\n'
        f'<div id="articleBody" class="article_view">\n{_paragraphs(page)}</div>\n'
        f"{furniture.share(page.words)}</div></div>\n"
    )


_HEADS: dict[Layout, Callable[[Page], str]] = {
    Layout.PLAIN: _plain_head,
    Layout.GRAPH: _graph_head,
    Layout.MICRODATA: _microdata_head,
    Layout.TABLE: _meta_head,
    Layout.HASHED: _opengraph,
    Layout.PORTAL: _portal_head,
}
_BODIES: dict[Layout, Callable[[Page], str]] = {
    Layout.PLAIN: _plain_body,
    Layout.GRAPH: _graph_body,
    Layout.MICRODATA: _microdata_body,
    Layout.TABLE: _table_body,
    Layout.HASHED: _hashed_body,
    Layout.PORTAL: _portal_body,
}
