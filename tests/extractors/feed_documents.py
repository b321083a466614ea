"""Feeds to test with, built from parts: strategies for odd ones, a plain maker for large ones."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "own": "https://paper.example/ns",
}
RSS10 = "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_WORDS = tuple(
    word
    for line in (
        "summit train missile border talks harbour shipyard cosmodrome minister treaty grain rail",
        "visit delegation officials Tuesday forum parade satellite bridge customs",
    )
    for word in line.split()
)

_TEXT = st.text(
    st.one_of(
        st.sampled_from(list("abc  <>&;'\"#/=\n\t")),
        st.sampled_from(list("éÃ©â€œ“”’김정은Путина金正恩ا\u0085\u0093\u200b\u00a0")),
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")),
    ),
    max_size=40,
)
_MARKUP = st.sampled_from(
    [
        "<p>The <b>sum</b>mit &amp; more</p>",
        "Tom &amp;amp; Jerry",
        "<img src='a.png'/>Words<br>and words",
        "<script>x < y</script>seen<!-- not -->",
        "AT&T said &lt;no&gt; &hellip;",
        "It&#8217;s &#150; late",
        "Ã©tÃ© Ã  la mer",
        "<div xmlns='http://www.w3.org/1999/xhtml'>a</div>",
    ]
)
_CONTENT = st.one_of(_TEXT, _MARKUP, st.lists(_MARKUP, max_size=4).map("".join))
_LINK = st.one_of(
    st.sampled_from(
        [
            "https://paper.example/a",
            " https://paper.example/a?b=1&c=2&amp;d=3 ",
            "/relative/path",
            "//paper.example/x",
            "https:///paper.example/three",
            "www.paper.example/s",
            "urn:uuid:1-2",
            "mailto:a@b.example",
            "",
            "http://[broken",
        ]
    ),
    _TEXT,
)
_DATE = st.one_of(
    st.sampled_from(
        [
            "Wed, 13 Sep 2023 10:15:00 +0900",
            "2023-09-13T10:15:00Z",
            "2023-09-13 10:15",
            "13.09.2023",
            "2023년 9월 13일 10:15",
            "not a date",
            "",
        ]
    ),
    _TEXT,
)
_AUTHOR = st.one_of(
    st.sampled_from(
        ["desk@paper.example (Ana Ruiz)", "Ana Ruiz <ana@paper.example>", "Ana Ruiz", "a@b.example"]
    ),
    _TEXT,
)


def _wrapped(text: str, cdata: bool) -> str:
    return f"<![CDATA[{text}]]>" if cdata and "]]>" not in text else escape(text)


@st.composite
def _element(draw: st.DrawFn, name: str, text: st.SearchStrategy[str], attributes: str = "") -> str:
    if draw(st.integers(0, 30)) == 0:
        return f"<{name}{attributes}/>"
    return f"<{name}{attributes}>{_wrapped(draw(text), draw(st.booleans()))}</{name}>"


def _choice(*names: str, text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(*(_element(name, text) for name in names))


_ODD = st.sampled_from(
    [
        "<!-- a comment -->",
        "<?pi here?>",
        "<media:group><media:title>In a group</media:title></media:group>",
        "<media:description>A caption</media:description>",
        "<media:keywords>one, two</media:keywords>",
        "<own:thing a='1'>x</own:thing>",
        "<own:thing>x</own:thing>",
        "<own:thing><title>inside</title></own:thing>",
        "<summary>short</summary>",
        "<date>2023-01-01</date>",
        "<modified>2023-01-01</modified>",
        "<post-id xmlns='com-wordpress:feed-additions:1'>7</post-id>",
        "<x:title xmlns:x='http://purl.org/dc/elements/1.1/'>Another</x:title>",
        "<dc:title>Another title</dc:title>",
        "<dc:language>fr</dc:language>",
        "<title>Second title</title>",
        "<title type='html'>Typed</title>",
        "<category domain='d'/>",
        "<category domain='d' term='t'>u</category>",
        "<author><name>Inner Name</name><email>i@n.example</email></author>",
        "<source url='https://other.example/f'>Other</source>",
        "<link rel='alternate' href='https://paper.example/attr'/>",
        "<atom:link rel='alternate' href='/atom'/>",
        "<atom:link rel='enclosure' type='image/png' href='/p.png'/>",
        "<atom:updated>2023-09-14T00:00:00Z</atom:updated>",
        "<description>unescaped <b>bold</b> text</description>",
        "<guid isPermaLink='FALSE'>x</guid>",
        "<item><title>nested</title></item>",
        "<image><url>https://paper.example/i.png</url></image>",
        "<title xml:lang='fr'>Titre</title>",
        "<title xml:base='https://other.example/'>Based</title>",
        "<content:encoded/>",
        "stray text &amp; more",
    ]
)
_RSS_PART = st.one_of(
    _choice("title", text=_CONTENT),
    _choice("description", "content:encoded", text=_CONTENT),
    _choice("link", "comments", text=_LINK),
    _element("guid", _LINK),
    _element("guid", _LINK, ' isPermaLink="false"'),
    _choice("pubDate", "dc:date", text=_DATE),
    _choice("author", "dc:creator", text=_AUTHOR),
    _choice("category", "dc:subject", text=_TEXT),
    _choice("slash:comments", "wfw:commentRss", "own:note", text=_TEXT),
    _TEXT.map(lambda url: f"<enclosure url={quoteattr(url)} type='image/png' length='1'/>"),
    _TEXT.map(lambda url: f"<media:thumbnail url={quoteattr(url)}/>"),
    _TEXT.map(lambda url: f"<media:content url={quoteattr(url)} medium='image'/>"),
)
_ATOM_PART = st.one_of(
    _choice("title", "summary", text=_CONTENT),
    st.sampled_from(["title", "summary", "content"]).flatmap(
        lambda name: st.sampled_from(["text", "html", "xhtml", "image/png"]).flatmap(
            lambda kind: _element(name, _CONTENT, f' type="{kind}"')
        )
    ),
    _element("id", _LINK),
    _choice("published", "updated", text=_DATE),
    _LINK.map(lambda url: f"<link href={quoteattr(url)}/>"),
    _LINK.map(lambda url: f"<link rel='alternate' type='text/html' href={quoteattr(url)}/>"),
    _LINK.map(lambda url: f"<link rel='enclosure' type='image/png' href={quoteattr(url)}/>"),
    _TEXT.map(lambda name: f"<author><name>{escape(name)}</name><uri>u</uri></author>"),
    _TEXT.map(lambda term: f"<category term={quoteattr(term)}/>"),
    _choice("author", "rights", text=_TEXT),
    st.just(
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>'
    ),
)


def _parts(usual: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    mixed = st.one_of(usual, usual, usual, usual, usual, _ODD)
    # Half of the entries hold nothing odd, so that the fast path is tried as often as the other.
    return st.one_of(
        st.lists(usual, max_size=9).map("".join), st.lists(mixed, max_size=9).map("".join)
    )


_FEED_PART = st.one_of(
    _choice("title", "description", "ttl", "copyright", "generator", text=_TEXT),
    _element("link", _LINK),
    _element("language", st.sampled_from(["en-GB", "ko", ""])),
    st.sampled_from(
        [
            "<atom:link rel='self' href='https://paper.example/feed'/>",
            "<atom:link rel='hub' href='https://hub.example/'/>",
            "<image><url>u</url><title>t</title><link>https://paper.example/</link></image>",
            "<skipHours><hour>3</hour></skipHours>",
            "<i:author xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'>A</i:author>",
        ]
    ),
)


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    """Draw an RSS 1.0, RSS 2.0 or Atom 1.0 document, mostly plain, now and then with odd parts."""
    if draw(st.integers(0, 2)) == 0:
        return draw(_rdf())
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    around = "".join(draw(st.lists(_FEED_PART, max_size=4)))
    after = "".join(draw(st.lists(_FEED_PART, max_size=1)))
    root = draw(
        st.sampled_from(["", "", "", ' xml:lang="en-US"', ' xml:base="https://b.example/x/"'])
    )
    if draw(st.booleans()):
        entries = draw(st.lists(_parts(_RSS_PART), max_size=4))
        items = "".join(f"<item>{entry}</item>\n" for entry in entries)
        version = draw(st.sampled_from(["2.0", "0.91", "0.92", "9"]))
        channel = f"<channel>{around}{items}{after}</channel>"
        body = f'<rss version="{version}"{spaces}{root}>{channel}</rss>'
    else:
        entries = draw(st.lists(_parts(_ATOM_PART), max_size=4))
        items = "".join(f"<entry>{entry}</entry>\n" for entry in entries)
        body = f'<feed xmlns="{NAMESPACES["atom"]}"{spaces}{root}><title>T</title>{items}</feed>'
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + body).encode()


_CHANNEL_PART = st.one_of(
    _choice("title", "description", "dc:publisher", "dc:rights", "dc:date", text=_TEXT),
    _element("link", _LINK),
    _element("dc:language", st.sampled_from(["en-GB", "ko", ""])),
    st.sampled_from(
        [
            "<items><rdf:Seq><rdf:li rdf:resource='https://paper.example/a'/>\n</rdf:Seq></items>",
            "<items><rdf:Seq/></items>",
            "<items>words<rdf:Bag><rdf:li resource='a'/></rdf:Bag></items>",
            "<image rdf:resource='https://paper.example/i.png'/>",
            "<image><url>u</url><title>t</title><link>https://paper.example/</link></image>",
        ]
    ),
)
_BEHIND = st.sampled_from(
    [
        "<image rdf:about='i'><title>Picture</title><url>u</url><link>l</link></image>",
        "<textinput rdf:about='t'><title>Search</title><name>q</name></textinput>",
        "<!-- a comment -->",
        "words",
        "<title>Behind</title>",
    ]
)


@st.composite
def _rdf(draw: st.DrawFn) -> bytes:
    left_out = draw(st.sampled_from([*[("atom",)] * 4, ("atom", "own"), ()]))
    spaces = [f' xmlns="{RSS10}"', f' xmlns:rdf="{RDF}"']
    spaces += [f' xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items() if key not in left_out]
    spaces = draw(st.sampled_from([spaces, spaces[::-1]]))
    named = _LINK.map(lambda url: f" rdf:about={quoteattr(url)}")
    about = st.one_of(
        *[named] * 6,
        st.sampled_from(["", " about='x'", " rdf:about='a' rdf:ID='b'", " rdf:ID='c'"]),
    )
    channel = "".join(draw(st.lists(_CHANNEL_PART, max_size=4)))
    items = [
        f"<item{draw(about)}>{entry}</item>\n"
        for entry in draw(st.lists(_parts(_RSS_PART), max_size=4))
    ]
    behind = draw(st.lists(_BEHIND, max_size=1)) if draw(st.integers(0, 3)) == 0 else []
    root = draw(st.sampled_from([*[""] * 8, ' xml:lang="en-US"', ' version="1.0"']))
    body = f"<channel{draw(about)}>{channel}</channel>{''.join(behind + items)}"
    return f"<?xml version='1.0'?>\n<rdf:RDF{''.join(spaces)}{root}>{body}</rdf:RDF>".encode()


def large_rss(entries: int, seed: int = 1) -> bytes:
    """Make a well-formed RSS 2.0 feed whose entries carry about 5 KB of HTML each."""
    rng = random.Random(seed)

    def words(count: int) -> str:
        return " ".join(rng.choice(_WORDS) for _ in range(count))

    def item(number: int) -> str:
        paragraphs = "\n".join(
            f'<p>{words(80)} <a href="https://paper.example/t/{rng.randrange(9999)}">as told</a>'
            f" &amp; “so it stands”.</p>"
            for _ in range(9)
        )
        return (
            f"<item><title>No. {number}: {words(7)} &amp; more</title>"
            f"<link>https://paper.example/2023/09/13/{number}</link>"
            f'<guid isPermaLink="false">tag:paper.example,2023:{number}</guid>'
            f"<pubDate>Wed, 13 Sep 2023 {number % 24:02}:15:00 +0900</pubDate>"
            f"<dc:creator><![CDATA[Reporter {number % 7}]]></dc:creator>"
            f"<category>World</category><category>Korea</category>"
            f"<description><![CDATA[<p>{words(30)}</p>]]></description>"
            f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded></item>\n"
        )

    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    head = "<title>The Paper</title><link>https://paper.example/</link><description>D</description>"
    items = "".join(item(number) for number in range(entries))
    return f'<rss version="2.0"{spaces}><channel>{head}{items}</channel></rss>'.encode()
