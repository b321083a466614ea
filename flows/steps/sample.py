"""A page and a feed of our own words, for a reader to read before anything has come.

The first of each takes as long as twenty later ones: expressions, word lists and the topics are
made ready for it. A reader that has nothing to do yet may as well do that now.
"""

from __future__ import annotations

from datetime import UTC, datetime

from extractors.records import Fetched
from flows.steps.aside import read_cheaply
from flows.steps.reading import read_page
from flows.steps.rows import Read, bare_task
from flows.steps.topics import Topics
from storage.rows import PageRow

_NOW = datetime(2023, 9, 14, tzinfo=UTC)
_URL = "https://sample.example/2023/09/13/the-train-stops.html"
_TITLE = "Kim Jong Un and Vladimir Putin meet at the Vostochny Cosmodrome"
_LEAD = (
    "Kim Jong Un met Vladimir Putin on Wednesday at the Vostochny Cosmodrome in the Amur region, "
    "where the two walked past a rocket that stood on its pad and then sat down to talk."
)
PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{_TITLE} | Sample Post</title>
<link rel="canonical" href="{_URL}">
<meta property="og:type" content="article"><meta property="og:title" content="{_TITLE}">
<meta property="og:site_name" content="Sample Post">
<meta name="author" content="Ada Ferry"><meta name="description" content="{_LEAD}">
<meta property="article:published_time" content="2023-09-13T15:10:00+09:00">
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "{_TITLE}", "datePublished": "2023-09-13T15:10:00+09:00",
"dateModified": "2023-09-13T16:00:00+09:00", "author": {{"@type": "Person", "name": "Ada Ferry"}},
"publisher": {{"@type": "NewsMediaOrganization", "name": "Sample Post"}}}}</script></head>
<body><header><nav><a href="/">Front page</a> <a href="/world">World</a></nav></header>
<main><article><h1>{_TITLE}</h1><p class="byline">By <a rel="author" href="/ada">Ada Ferry</a></p>
<time datetime="2023-09-13T15:10:00+09:00">13 September 2023, 15:10</time>
<p>{_LEAD}</p>
<p>The green train had crossed the border at Khasan the day before, and went on north by night
while officials in Vladivostok still swept the platform that it would not use.</p>
<p>Russia said that help with satellites was spoken of; North Korea said little but that the talks
were warm, and that a visit to Pyongyang would follow when the time had come.</p>
<p>On the way home the guests looked at a factory for aircraft in Komsomolsk-on-Amur, and a choir
sang for them in the rain until the doors of the carriages had closed.</p></article>
<aside><h2>Most read</h2><ul><li><a href="/2023/09/12/tide.html">Tide tables</a></li></ul></aside>
</main><footer>Sample Post, all rights reserved</footer></body></html>
""".encode()
FEED = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Sample Post</title><link>https://sample.example/</link><language>en</language>
<item><title>{_TITLE}</title><link>{_URL}</link><guid>{_URL}</guid>
<dc:creator>Ada Ferry</dc:creator>
<pubDate>Wed, 13 Sep 2023 15:10:00 +0900</pubDate><description>{_LEAD}</description></item>
</channel></rss>
""".encode()


def read_sample(topics: Topics) -> Read:
    """Read the feed and the page as if they had come; returns what the page gives."""
    feed = Fetched(_URL, _URL, 200, headers=(("content-type", "application/rss+xml"),), body=FEED)
    read_cheaply(feed, 10, 100)
    row = PageRow(
        page_id="",
        url=_URL,
        final_url=_URL,
        state="landed",
        fetched_at=_NOW,
        first_seen_at=_NOW,
        content_type="text/html; charset=utf-8",
        run_id="",
    )
    return read_page(topics, bare_task(row, "feed"), row, PAGE, _NOW)
