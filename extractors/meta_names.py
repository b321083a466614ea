"""Names under which pages state things in <meta>: OpenGraph, Dublin Core, vendors'. Data."""

from __future__ import annotations

PUBLISHED = {
    "article:published_time": "opengraph", "og:article:published_time": "opengraph",
    "og:published_time": "opengraph", "article:published": "opengraph", "og:pubdate": "opengraph",
}  # fmt: skip
PUBLISHED_NAMES = """
date pubdate publishdate publish_date publish-date publicationdate publication_date published
published_at published-date published_time publishtime article.published article_date_original
article:post_date dc.date dc.date.issued dc.date.created dc.created dcterms.date dcterms.created
dcterms.issued dcterms.available sailthru.date parsely-pub-date parsely-pub_date
cxenseparse:recs:publishtime cxenseparse:publishtime created datecreated date_published
datepublished originalpublicationdate article-publish-date last-published iso-8601-publish-date
rnews:datepublished dateissued issued release_date firstpublished firstpublishedtime
shareaholic:article_published_time
vr:published_time bt:pubdate prism.publicationdate citation_publication_date citation_date
content_publisheddate publisheddate article:create_at weibo:article:create_at
og:release_date publish_time bytedance:published_time published-at publication-date
article:publication_date date.published dateposted article_date article-date
citation_online_date dc.date.published
mediator_published_time pub_date pdate ptime displaydate date-published eomportal-timestamp
data-pubblicazione datapubblicazione data_pubblicazione analytics:p_ts its_publication
fecha-publicacion fechapublicacion data_publicacao datapublicacao
"""
# Said behind a vendor's name and a mark: gs:publishDate, analytics.articleDate.
ISSUED_NAMES = """
publishdate publisheddate publish_date publishtime published_time published_at articledate
pubdate datepublished publicationdate
"""
MODIFIED_NAMES = """
article:modified_time og:updated_time og:article:modified_time article:modified article:updated
last-modified lastmod lastmodified last_modified modified dc.date.modified dcterms.modified
dc.modified datemodified date_modified updated updated_time article.updated revised
cxenseparse:recs:modifiedtime shareaholic:article_modified_time date-revised content_modifieddate
weibo:article:update_at publish-date-modified modified-date date.modified bytedance:updated_time
"""
AUTHOR_NAMES = """
author authors article:author og:article:author og:author book:author dc.creator dcterms.creator
dc.author sailthru.author parsely-author byl byline cxenseparse:author citation_author
article.author article:author_name author_name creator mediator_author
rnews:author lp.article:author articleauthor content_author article-author article_author
"""
TITLE_NAMES = {
    "og:title": "opengraph", "twitter:title": "meta", "dc.title": "meta", "dcterms.title": "meta",
    "sailthru.title": "meta", "parsely-title": "meta", "headline": "meta", "title": "meta",
    "hdl": "meta", "cxenseparse:title": "meta", "rnews:headline": "meta", "citation_title": "meta",
}  # fmt: skip
SITE_NAMES = frozenset(
    [
        "og:site_name",
        "application-name",
        "apple-mobile-web-app-title",
        "al:ios:app_name",
        "al:android:app_name",
        "cre",
        "copyright",
        "dc.publisher",
        "dcterms.publisher",
        "article:publisher_name",
    ]
)
SECTION_NAMES = frozenset(
    ["article:section", "section", "cxenseparse:category", "parsely-section", "category"]
)
TAG_NAMES = frozenset(
    [
        "article:tag",
        "news_keywords",
        "keywords",
        "parsely-tags",
        "sailthru.tags",
        "cxenseparse:keywords",
    ]
)
IMAGE_NAMES = frozenset(
    ["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"]
)
LEAD_NAMES = frozenset(["og:description", "description", "twitter:description", "dc.description"])
FREE_NAMES = frozenset(
    [
        "article:content_tier",
        "content_tier",
        "article:opinion",
        "access-level",
        "isaccessibleforfree",
        "cxenseparse:access",
        "paywall",
        "content-type-access",
        "lp.article:access",
    ]
)

ISSUED_SET = frozenset(ISSUED_NAMES.split())
PUBLISHED_SET = frozenset(PUBLISHED_NAMES.split())
MODIFIED_SET = frozenset(MODIFIED_NAMES.split())
AUTHOR_SET = frozenset(AUTHOR_NAMES.split())
