"""What the newsroom lists: feeds in four formats, sitemaps, robots.txt and an OPML file.

Pure: outlets in, text out. RSS 2.0 with the content, dc and atom modules; RSS 1.0 with dc and
content; Atom as RFC 4287 with RFC 5005 archives; JSON Feed 1.1; sitemaps.org 0.9 with the news
extension.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from flows.newsroom.model import (
    DISALLOWED_PREFIX,
    Article,
    FeedForm,
    OddPage,
    Outlet,
    article_path,
    feed_path,
    last_change,
    listed_feed_path,
    odd_path,
)

MEDIA_TYPES = {
    FeedForm.RSS20: "application/rss+xml",
    FeedForm.ATOM: "application/atom+xml",
    FeedForm.RSS10: "application/rdf+xml",
    FeedForm.JSON: "application/feed+json",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed, whatever its format."""

    url: str
    title: str
    published: datetime
    modified: datetime | None = None
    summary: str = ""
    content: str = ""
    author: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """The feed's own address and its neighbours, by rel; `archive` marks an RFC 5005 archive."""

    own: str
    others: tuple[tuple[str, str], ...] = ()
    archive: bool = False


def first_page(outlet: Outlet, base: str) -> list[Item]:
    """Return the entries that the feed itself lists (archives and later pages hold the rest).

    Only these are built: content of a long history is never composed for it.
    """
    newest = outlet.articles[: outlet.feed_size]
    trimmed = [_article_item(outlet, article, base) for article in newest]
    trimmed += [_odd_item(outlet, page, base) for page in outlet.odd_pages]
    return sorted(trimmed, key=lambda item: item.published, reverse=True)


def later_page(outlet: Outlet, base: str, number: int) -> list[Item]:
    """Return the entries of page `number` (from 2) of a paged feed; empty beyond the last."""
    start = (number - 1) * outlet.feed_size
    chosen = outlet.articles[start : start + outlet.feed_size]
    return [_article_item(outlet, article, base) for article in chosen]


def archive_months(outlet: Outlet) -> list[str]:
    """Return the months ('2023-08') that have an archive document, oldest first."""
    return sorted({f"{article.published:%Y-%m}" for article in outlet.articles})


def archive_page(outlet: Outlet, base: str, month: str) -> list[Item]:
    """Return the entries of one month of an archived feed."""
    chosen = [each for each in outlet.articles if f"{each.published:%Y-%m}" == month]
    return [_article_item(outlet, article, base) for article in chosen]


def feed(outlet: Outlet, entries: Sequence[Item], links: Links, base: str) -> bytes:
    """Return the feed document in the outlet's format and encoding."""
    home = f"{base}/{outlet.outlet_id}/"
    if outlet.form is FeedForm.JSON:
        return _json_feed(outlet, entries, links, home)
    writers = {FeedForm.RSS20: _rss20, FeedForm.ATOM: _atom, FeedForm.RSS10: _rss10}
    text = writers[outlet.form](outlet, entries, links, home)
    document = f'<?xml version="1.0" encoding="{outlet.encoding}"?>\n{text}'
    return document.encode(outlet.encoding, "xmlcharrefreplace")


def _article_item(outlet: Outlet, article: Article, base: str) -> Item:
    paragraphs = article.paragraphs
    content = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    return Item(
        url=base + article_path(outlet, article),
        title=article.title,
        published=article.published,
        modified=article.modified,
        summary=paragraphs[0] if paragraphs else "",
        content=content if outlet.full_content else "",
        author=article.author,
        tags=article.tags,
    )


def _odd_item(outlet: Outlet, page: OddPage, base: str) -> Item:
    return Item(url=base + odd_path(outlet, page), title=page.title, published=page.published)


def _tag(name: str, text: str | None, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text)}</{name}>\n" if text else ""


def _rss20(outlet: Outlet, entries: Sequence[Item], links: Links, home: str) -> str:
    listed = "".join(_rss20_item(item) for item in entries)
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n<channel>\n'
        + _tag("title", outlet.name)
        + _tag("link", home)
        + _tag("description", outlet.name)
        + _tag("language", outlet.language)
        + _tag("lastBuildDate", format_datetime(last_change(outlet)))
        + "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>\n"
        + _atom_links(links, "atom:", MEDIA_TYPES[FeedForm.RSS20])
        + listed
        + "</channel>\n</rss>\n"
    )


def _rss20_item(item: Item) -> str:
    return (
        "<item>\n"
        + _tag("title", item.title)
        + _tag("link", item.url)
        + _tag("guid", item.url, ' isPermaLink="true"')
        + _tag("pubDate", format_datetime(item.published))
        + _tag("dc:creator", item.author)
        + "".join(_tag("category", tag) for tag in item.tags)
        + _tag("description", item.summary)
        + _tag("content:encoded", item.content)
        + "</item>\n"
    )


def _rss10(outlet: Outlet, entries: Sequence[Item], links: Links, home: str) -> str:
    order = "".join(f'<rdf:li rdf:resource="{escape(item.url)}"/>\n' for item in entries)
    return (
        '<rdf:RDF xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
        f'<channel rdf:about="{escape(links.own)}">\n'
        + _tag("title", outlet.name)
        + _tag("link", home)
        + _tag("description", outlet.name)
        + _tag("dc:language", outlet.language)
        + f"<items><rdf:Seq>\n{order}</rdf:Seq></items>\n</channel>\n"
        + "".join(_rss10_item(item) for item in entries)
        + "</rdf:RDF>\n"
    )


def _rss10_item(item: Item) -> str:
    return (
        f'<item rdf:about="{escape(item.url)}">\n'
        + _tag("title", item.title)
        + _tag("link", item.url)
        + _tag("dc:date", item.published.isoformat())
        + _tag("dc:creator", item.author)
        + "".join(_tag("dc:subject", tag) for tag in item.tags)
        + _tag("description", item.summary)
        + _tag("content:encoded", item.content)
        + "</item>\n"
    )


def _atom_links(links: Links, prefix: str, media_type: str) -> str:
    listed = (("self", links.own), *links.others)
    return "".join(
        f'<{prefix}link rel="{rel}" type="{media_type}" href="{escape(url)}"/>\n'
        for rel, url in listed
    )


def _atom(outlet: Outlet, entries: Sequence[Item], links: Links, home: str) -> str:
    archive = "<fh:archive/>\n" if links.archive else ""
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:fh="http://purl.org/syndication/history/1.0"'
        f' xml:lang="{outlet.language}">\n'
        + _tag("title", outlet.name)
        + _tag("id", f"tag:{outlet.domain},2023:feed")
        + _tag("updated", last_change(outlet).isoformat())
        + f'<link rel="alternate" type="text/html" href="{escape(home)}"/>\n'
        + _atom_links(links, "", MEDIA_TYPES[FeedForm.ATOM])
        + archive
        + "".join(_atom_entry(item) for item in entries)
        + "</feed>\n"
    )


def _atom_entry(item: Item) -> str:
    author = f"<author>{_tag('name', item.author)}</author>\n" if item.author else ""
    return (
        "<entry>\n"
        + _tag("title", item.title)
        + _tag("id", item.url)
        + f'<link rel="alternate" type="text/html" href="{escape(item.url)}"/>\n'
        + _tag("published", item.published.isoformat())
        + _tag("updated", (item.modified or item.published).isoformat())
        + author
        + "".join(f'<category term="{escape(tag)}"/>\n' for tag in item.tags)
        + _tag("summary", item.summary)
        + _tag("content", item.content, ' type="html"')
        + "</entry>\n"
    )


def _json_feed(outlet: Outlet, entries: Sequence[Item], links: Links, home: str) -> bytes:
    following = dict(links.others).get("next")
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": home,
        "feed_url": links.own,
        "language": outlet.language,
        **({"next_url": following} if following else {}),
        "items": [_json_item(item) for item in entries],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _json_item(item: Item) -> dict[str, object]:
    modified = item.modified.isoformat() if item.modified else None
    fields: dict[str, object] = {
        "id": item.url,
        "url": item.url,
        "title": item.title,
        "date_published": item.published.isoformat(),
        "date_modified": modified,
        "summary": item.summary,
        "content_html": item.content,
        "authors": [{"name": item.author}] if item.author else None,
        "tags": list(item.tags),
    }
    return {key: value for key, value in fields.items() if value}


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_URLSET = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def sitemap_path(outlet: Outlet) -> str:
    """Return the path of the outlet's sitemap; a gzipped one ends in .gz."""
    names = {"plain": "sitemap.xml", "gzip": "sitemap-1.xml.gz", "news": "news-sitemap.xml"}
    return f"/{outlet.outlet_id}/{names[outlet.sitemap]}"


def sitemap(outlet: Outlet, base: str) -> str:
    """Return the outlet's sitemap, a news sitemap where it keeps one."""
    news = outlet.sitemap == "news"
    urls = "".join(_sitemap_url(outlet, article, base, news) for article in outlet.articles)
    spaces = f"{_URLSET} {_NEWS}" if news else _URLSET
    return f"{_XML}<urlset {spaces}>\n{urls}</urlset>\n"


def _sitemap_url(outlet: Outlet, article: Article, base: str, news: bool) -> str:
    extra = ""
    if news:
        extra = (
            "<news:news><news:publication>"
            + _tag("news:name", outlet.name)
            + _tag("news:language", outlet.language)
            + "</news:publication>"
            + _tag("news:publication_date", article.published.isoformat())
            + _tag("news:title", article.title)
            + "</news:news>\n"
        )
    where = _tag("loc", base + article_path(outlet, article))
    return f"<url>{where}{_tag('lastmod', article.changed.isoformat())}{extra}</url>\n"


def sitemap_index(outlets: Iterable[Outlet], base: str) -> str:
    """Return the index that names every outlet's sitemap."""
    listed = "".join(
        f"<sitemap>{_tag('loc', base + sitemap_path(outlet))}"
        f"{_tag('lastmod', last_change(outlet).isoformat())}</sitemap>\n"
        for outlet in outlets
    )
    return f"{_XML}<sitemapindex {_URLSET}>\n{listed}</sitemapindex>\n"


def robots(base: str) -> str:
    """Return robots.txt (RFC 9309): everything is allowed but one path."""
    return f"User-agent: *\nDisallow: {DISALLOWED_PREFIX}\n\nSitemap: {base}/sitemap.xml\n"


def opml(outlets: Iterable[Outlet], base: str) -> str:
    """Return the OPML 2.0 list of every feed, the broken ones included."""
    lines = "".join(
        f'<outline type="rss" text="{escape(outlet.name)}" title="{escape(outlet.name)}"'
        f' xmlUrl="{escape(base + listed_feed_path(outlet))}"'
        f' htmlUrl="{escape(base)}/{outlet.outlet_id}/" language="{outlet.language}"/>\n'
        for outlet in outlets
    )
    head = "<head><title>Duckwire demo newsroom</title></head>"
    return f'{_XML}<opml version="2.0">{head}\n<body>\n{lines}</body></opml>\n'


def own_links(outlet: Outlet, base: str, *, page: int = 1) -> Links:
    """Return the links of page `page` of the outlet's feed (1 is the feed itself)."""
    own = base + feed_path(outlet)
    if outlet.paging == "archive":
        months = archive_months(outlet)
        return Links(own, (("prev-archive", f"{own}/{months[-1]}"),) if months else ())
    if outlet.paging != "wordpress":
        return Links(own)
    others = []
    if page * outlet.feed_size < len(outlet.articles):
        others.append(("next", f"{own}?paged={page + 1}"))
    if page > 1:
        others.append(("previous", own if page == 2 else f"{own}?paged={page - 1}"))
    return Links(own if page == 1 else f"{own}?paged={page}", tuple(others))


def archive_links(outlet: Outlet, base: str, month: str) -> Links:
    """Return the RFC 5005 links of one month's archive document."""
    own = base + feed_path(outlet)
    months = archive_months(outlet)
    at = months.index(month)
    others = [("current", own)]
    if at > 0:
        others.append(("prev-archive", f"{own}/{months[at - 1]}"))
    if at + 1 < len(months):
        others.append(("next-archive", f"{own}/{months[at + 1]}"))
    return Links(f"{own}/{month}", tuple(others), archive=True)
