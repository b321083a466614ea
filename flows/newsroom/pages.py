"""The newsroom's HTML pages: articles in their outlet's layout, and pages that are no articles.

Pure: records in, HTML text out.
"""

from __future__ import annotations

from html import escape

from flows.newsroom import furniture, layouts
from flows.newsroom.data import Words
from flows.newsroom.listings import MEDIA_TYPES
from flows.newsroom.model import (
    Article,
    Layout,
    OddPage,
    Outlet,
    PageKind,
    article_path,
    feed_path,
    odd_path,
)


def article_page(outlet: Outlet, article: Article, words: Words, base: str) -> str:
    """Return the article's page in the outlet's layout, with its furniture."""
    page = layouts.Page(outlet, article, words, base + article_path(outlet, article), base)
    body = (
        furniture.top(outlet, words, base)
        + layouts.body(page)
        + furniture.bottom(outlet, words, base, skip=article.slug)
    )
    return _document(outlet, layouts.head(page), body)


def odd_page(outlet: Outlet, page: OddPage, words: Words, base: str) -> str:
    """Return a page that is no article: error, consent wall, index, video or subscribers only."""
    head = f"<title>{escape(page.title)} | {escape(outlet.name)}</title>\n"
    if page.kind is PageKind.CONSENT:
        return _document(outlet, head, furniture.consent_wall(words))
    title = f"<h1>{escape(page.title)}</h1>\n"
    if page.kind is PageKind.INDEX:
        inner = title + furniture.headlines(outlet, base, limit=40)
    elif page.kind is PageKind.VIDEO:
        head += _video_head(outlet, page, base)
        inner = f'{title}<video controls src="{base}/{outlet.outlet_id}/clip.mp4"></video>'
    elif page.kind is PageKind.DISALLOWED:
        inner = f"{title}<p>{escape(words.paywall)}</p>"
    else:
        head = f"<title>404 | {escape(outlet.name)}</title>\n"
        inner = f"<h1>404</h1><p>{escape(words.not_found)}</p>"
    top, bottom = furniture.top(outlet, words, base), furniture.bottom(outlet, words, base)
    return _document(outlet, head, f"{top}<main>{inner}</main>{bottom}")


def front_page(outlet: Outlet, words: Words, base: str) -> str:
    """Return the outlet's front page; it links the feed for autodiscovery."""
    head = (
        f"<title>{escape(outlet.name)}</title>\n"
        f'<link rel="alternate" type="{MEDIA_TYPES[outlet.form]}"'
        f' title="{escape(outlet.name)}" href="{base}{feed_path(outlet)}">\n'
        '<meta property="og:type" content="website">\n'
    )
    main = f"<main>{furniture.headlines(outlet, base, limit=30)}</main>"
    top, bottom = furniture.top(outlet, words, base), furniture.bottom(outlet, words, base)
    return _document(outlet, head, top + main + bottom)


def start_page(outlets: tuple[Outlet, ...], base: str) -> str:
    """Return the server's own front page, a list of its outlets."""
    listed = "".join(
        f'<li><a href="{base}/{outlet.outlet_id}/">{escape(outlet.name)}</a></li>'
        for outlet in outlets
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Newsroom</title>'
        f"</head><body><h1>Newsroom</h1><ul>{listed}</ul></body></html>"
    )


def missing_page() -> str:
    """Return the page that goes with status 404 where no outlet is known."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>404</title></head>'
        "<body><h1>404</h1><p>There is nothing here.</p></body></html>"
    )


def _video_head(outlet: Outlet, page: OddPage, base: str) -> str:
    url = base + odd_path(outlet, page)
    return (
        '<meta property="og:type" content="video.other">\n'
        '<script type="application/ld+json">{"@context":"https://schema.org",'
        f'"@type":"VideoObject","url":"{url}","uploadDate":"{page.published.isoformat()}"}}'
        "</script>\n"
    )


def _document(outlet: Outlet, head: str, body: str) -> str:
    direction = ' dir="rtl"' if outlet.language == "ar" else ""
    charset = f'<meta charset="{outlet.encoding}">\n' if outlet.charset_in == "meta" else ""
    if charset and outlet.layout is Layout.TABLE:
        kind = f"text/html; charset={outlet.encoding}"
        charset = f'<meta http-equiv="Content-Type" content="{kind}">\n'
    return (
        f'<!DOCTYPE html>\n<html lang="{outlet.language}"{direction}>\n<head>\n{charset}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{head}{furniture.head(outlet)}</head>\n<body>\n{body}</body>\n</html>\n"
    )
