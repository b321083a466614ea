"""The records that cross a stage border, and the enums every state and reason comes from.

One frozen record per border; nobody passes a parser's own object or a database row onward.
All times are aware and in UTC. This module imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """What an item is counted at; `run_balance` has one line per run and stage."""

    POLL = "poll"  # one feed asked, or one file read
    ENTRY = "entry"  # one sighting of an item in a source
    PAGE = "page"  # one page fetched
    ARTICLE = "article"  # one article made out of a page, a file or an entry


class State(StrEnum):
    """How an item ends at a stage: exactly one of these."""

    LANDED = "landed"  # new or changed, and stored
    KNOWN = "known"  # seen before and unchanged
    DUPLICATE = "duplicate"  # the same article out of another source
    SKIPPED = "skipped"  # a gate or a window passed it over
    REJECTED = "rejected"  # not an article
    FAILED = "failed"  # tries used up
    WAITING = "waiting"  # has a next time


class Reason(StrEnum):
    """Why an item ended the way it did. The list is short and fixed, so that it can be counted."""

    # network, soft: worth another try
    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    OFFLINE = "offline"  # our own outage: most hosts failed at the connection
    THROTTLED = "throttled"  # 429, 503, or a burst of 403 from one host
    SERVER_ERROR = "server_error"  # 5xx
    PROTOCOL = "protocol"  # an answer that is not HTTP, or is cut short
    ROBOTS_UNREACHABLE = "robots_unreachable"  # robots.txt answers 5xx: not now
    # network, hard
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404
    GONE = "gone"  # 410
    CLIENT_ERROR = "client_error"  # any other 4xx
    ROBOTS = "robots"  # robots.txt says no
    ADDRESS = "address"  # the address is one nobody may reach
    BAD_URL = "bad_url"  # scheme, port or form refused
    REDIRECTS = "redirects"  # too many, or a loop
    TOO_LARGE = "too_large"
    # bytes
    EMPTY = "empty"
    BINARY = "binary"
    ENCODING = "encoding"
    UNPARSABLE = "unparsable"
    NOT_A_FEED = "not_a_feed"
    NOT_HTML = "not_html"
    UNREADABLE = "unreadable"  # a file the operating system would not give
    UNKNOWN_KIND = "unknown_kind"  # a file of a kind that nobody reads
    # what is not an article
    TOO_SHORT = "too_short"
    NO_TITLE = "no_title"
    INDEX_PAGE = "index_page"
    ERROR_PAGE = "error_page"
    CONSENT_WALL = "consent_wall"
    VIDEO_PAGE = "video_page"
    # passed over
    OUTSIDE_WINDOW = "outside_window"
    UNLIKELY = "unlikely"  # the topic gate
    FORGOTTEN = "forgotten"  # a tombstone stands
    UNLISTED = "unlisted"  # of a feed that was taken off the list
    NO_LINK = "no_link"
    LIMIT = "limit"
    REDIRECTOR = "redirector"  # a link that cannot be resolved to its article
    NO_BYTES = "no_bytes"  # nothing archived to work from
    # ours
    CRASHED = "crashed"  # the extractor was killed on it: too slow or too large


class Precision(StrEnum):
    """How exactly a publication time is known."""

    INSTANT = "instant"  # date, time and zone were stated
    LOCAL = "local"  # date and time without a zone, taken as UTC
    DAY = "day"
    NONE = "none"


class Verdict(StrEnum):
    """What a topic says of an article."""

    ON = "on"
    MENTION = "mention"
    OFF = "off"


class FeedKind(StrEnum):
    """What kind of source a row of `feeds` is."""

    FEED = "feed"
    FILES = "files"
    SITEMAP = "sitemap"
    CDX = "cdx"
    WARC = "warc"
    LIST = "list"


class SourceKind(StrEnum):
    """How an article came to us; `sample` is what ships in seeds/articles."""

    SAMPLE = "sample"
    FILE = "file"
    FEED = "feed"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class Listing:
    """A source as its owner lists it in feeds.yaml."""

    feed_id: str
    url: str
    kind: FeedKind = FeedKind.FEED
    publisher: str | None = None
    homepage: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2, upper case
    language: str | None = None  # BCP 47 primary subtag, lower case
    seen_in: str | None = None
    verified: str | None = None  # an ISO date, or None for never
    paused: bool = False
    fetch: str = "all"  # all | likely (the topic gate)
    conditional: bool = True  # False: never send validators
    min_interval_s: int | None = None
    max_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of one feed between polls; a row of `feeds`, in the poll policy's words.

    `failures` is weighted (a soft failure counts less than a hard one); intervals are in seconds;
    `redirect_days` and `gone_days` count different UTC days on which it was seen.
    """

    feed_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    validators_off: bool = False
    interval_s: int = 3600
    min_interval_s: int = 900
    max_interval_s: int = 86400
    next_poll_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    failures: float = 0.0
    redirect_url: str | None = None
    redirect_days: int = 0
    redirect_seen_at: datetime | None = None
    gone_days: int = 0
    gone_seen_at: datetime | None = None
    gone: bool = False
    fetch: str = "all"
    language: str | None = None
    publisher: str | None = None
    hints: FeedHints | None = None  # the publisher's words as last read, for polls without a body
    shown: tuple[str, ...] = ()  # ids of the entries in the last body that had any


@dataclass(frozen=True, slots=True)
class Fetched:
    """One attempt at one URL: the answer, or why there is none. Never both absent.

    `reason` is None for an answer worth reading (2xx with a body, or 304); `headers` are as the
    server sent them, lower-case names, repeated names kept; `body` is after content decoding and
    `raw_body` is None unless it differed on the wire. `hops` are the redirects followed:
    (status, url it pointed from).
    """

    url: str
    final_url: str
    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    fetched_at: datetime | None = None
    elapsed_ms: int = 0
    reason: Reason | None = None
    detail: str = ""
    hops: tuple[tuple[int, str], ...] = ()
    retry_after_s: int | None = None

    def header(self, name: str) -> str | None:
        """Return the first header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed or a file, before its page is known.

    `guid` is never empty (a feed without one gets its link, else a hash of title and date);
    `link` is absolute and repaired but not cleaned of tracking parameters; `published_at` and
    `modified_at` are UTC with `published_raw` as it stood; `summary` is plain text; `content` is
    the HTML (or text) the source gives as the full article, unsanitised and never shown raw.
    `content_hash` covers what identifies a change and leaves volatile fields out.
    """

    guid: str
    link: str | None
    title: str | None
    published_at: datetime | None = None
    published_raw: str | None = None
    published_precision: Precision = Precision.NONE
    modified_at: datetime | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = None
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class FeedHints:
    """What the publisher says about when to come back; None where nothing was said."""

    ttl_s: int | None = None  # RSS <ttl>, minutes there, seconds here
    skip_hours: tuple[int, ...] = ()  # UTC hours, 0 to 23
    skip_days: tuple[int, ...] = ()  # Monday is 0
    update_period_s: int | None = None  # sy:updatePeriod / sy:updateFrequency


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed's body, read. Either `reason` is None and there are entries (or a valid empty feed),
    or `reason` says why nothing could be read. `warning` is what was survived.
    """

    version: str  # rss20, atom10, rss10, json1 …; "" when none
    title: str | None = None
    link: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    hints: FeedHints = FeedHints()
    links: tuple[tuple[str, str], ...] = ()  # (rel, absolute URL): self, hub, next, prev-archive
    path: str = "feedparser"  # which parser read it
    dropped: int = 0  # entries cut by the bound
    warning: str | None = None
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing somebody says about an article, with who says it.

    `field` is title, published, modified, author, publisher or language; `origin` is one of entry,
    file, json-ld, opengraph, microdata, meta, time, h1, title, url, http, text; `value` is as it
    stood; for dates `instant` is UTC and `zone` the offset as stated ('+09:00', 'Z', or None).
    """

    field: str
    origin: str
    value: str
    instant: datetime | None = None
    precision: Precision = Precision.NONE
    zone: str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Extracted:
    """What came out of one page, file or entry.

    `state` is landed when it is an article, else rejected or failed with a `reason`. `text` has
    one newline between paragraphs and no leading or trailing white space. `published_at` is UTC
    or None, and `published_reason` says in words how it was chosen or why there is none.
    `kind` is article, liveblog, video, index, error, consent or teaser; `path` is the way the body
    was won (fast, slow, json-ld, state, feed, file). `canonical_url` is as the page states it,
    absolute; `url` is the cleaned address asked for. `lines` are the hashes of the text's lines
    that could be the site's own and `left_out` those of them that are known to be; where any were
    cut, `whole` is the text before that. `clock` and `shown_clock` are as in `Publication`.
    """

    url: str | None
    canonical_url: str | None = None
    title: str | None = None
    text: str = ""
    authors: tuple[str, ...] = ()
    agency: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    published_precision: Precision = Precision.NONE
    published_reason: str = ""
    modified_at: datetime | None = None
    language: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    lead: str | None = None
    image: str | None = None
    kind: str = "article"
    paywalled: bool = False
    path: str = "fast"
    word_count: int = 0
    whole: str | None = None
    lines: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    clock: tuple[str, int] | None = None
    shown_clock: int | None = None
    candidates: tuple[Candidate, ...] = ()
    extractor_version: str = ""
    state: State = State.LANDED
    reason: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SiteHabits:
    """What a host's other articles tell of it: the hashes of the lines that are its own, and by
    month ('2023-09') how many minutes east of UTC its times without a zone are written.
    """

    lines: frozenset[int] = frozenset()
    clocks: Mapping[str, int] = field(default_factory=dict)


UNKNOWN_SITE = SiteHabits()  # of a host that no article came from yet


@dataclass(frozen=True, slots=True)
class SeedItem:
    """One item of a dropped file: an article's text, a page, an entry of a saved feed, a feed to
    follow, or the reason why the file (or that item of it) could not be read.

    `path` is relative to the seed folder, with `#n` for the n-th item of a file that holds many.
    Exactly one of `extracted`, `page`, `feed`, `listing` and `reason` is set.
    """

    path: str
    extracted: Extracted | None = None
    page: Fetched | None = None  # .html, .warc: bytes for the page extractor
    feed: Fetched | None = None  # .xml: bytes for the feed parser
    listing: Listing | None = None  # .opml
    reason: Reason | None = None
    detail: str = ""
    raw: bytes = b""  # what `extracted` was read from: a file's bytes, or a line's


@dataclass(frozen=True, slots=True)
class Evidence:
    """A phrase that counted: `start` and `end` are 0-based, half-open, in Unicode code points of
    the stored column `field` ('title' or 'text'), so that column[start:end] == phrase.
    """

    concept: str
    phrase: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one topic's definition says of one article. Off has no evidence."""

    topic_id: str
    topic_version: str
    score: float  # 0 to 1
    verdict: Verdict
    rule: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class WarcPosition:
    """Where a record lies in the page archive: `file` is relative to the archive's root."""

    file: str
    offset: int
    digest: str  # sha1:BASE32 of the payload, as in WARC-Payload-Digest


@dataclass(frozen=True, slots=True)
class Counts:
    """One stage's sums of one batch; `taken` is counted going in, `by` coming out."""

    stage: Stage
    taken: int
    by: dict[State, int] = field(default_factory=dict)
