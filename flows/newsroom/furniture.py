"""What stands around an article on a real page: navigation, consent banner, boxes, scripts.

Pure, and the same for the same outlet; it brings a page to 20 to 80 KB, a heavy one to 100 to 200.
"""

from __future__ import annotations

import random
from functools import lru_cache
from html import escape

from flows.newsroom.data import Words
from flows.newsroom.model import Outlet, article_path


def head(outlet: Outlet) -> str:
    """Return style sheets and scripts as they fill the head of a page."""
    return _bulk(outlet.outlet_id, 4 if outlet.heavy else 1)


@lru_cache(maxsize=64)
def _bulk(seed: str, times: int) -> str:
    dice = random.Random(f"furniture:{seed}")  # noqa: S311 - filler, not a secret
    rules = "".join(
        f".c{dice.randrange(16**6):06x}{{margin:{dice.randint(0, 40)}px;"
        f"color:#{dice.randrange(16**6):06x};"
        f"display:{dice.choice(('flex', 'grid', 'block'))};line-height:1.{dice.randint(1, 9)}}}\n"
        for _ in range(times * dice.randint(110, 420))
    )
    state = ",".join(
        f'"k{dice.randrange(16**8):08x}":{{"slot":{dice.randint(1, 99)},"on":true}}'
        for _ in range(times * dice.randint(60, 500))
    )
    return f"<style>\n{rules}</style>\n<script>window.__STATE__={{{state}}};</script>\n"


def top(outlet: Outlet, words: Words, base: str) -> str:
    """Return banner, page header and navigation."""
    home = f"{base}/{outlet.outlet_id}/"
    links = "".join(
        f'<li class="nav-item"><a href="{home}#s{number}">{escape(word)}</a></li>\n'
        for number, word in enumerate(words.nav)
    )
    return (
        '<div id="cookie-banner" class="cookie-consent" role="dialog">'
        f"<p>{escape(words.cookie)}</p>"
        f"<button>{escape(words.accept)}</button></div>\n"
        f'<header class="site-header"><a class="logo" href="{home}">{escape(outlet.name)}</a>\n'
        f'<nav class="main-nav"><ul>{links}</ul></nav>{_menu(outlet, words, home)}</header>\n'
    )


def _menu(outlet: Outlet, words: Words, home: str) -> str:
    """Return the menu of every section and subsection that heavy pages open with."""
    if not outlet.heavy:
        return ""
    columns = "".join(
        f'<div class="mega-col"><a class="mega-head" href="{home}#m{number}">'
        f"<span>{escape(word)}</span></a><ul>"
        + "".join(
            f'<li class="mega-item"><a href="{home}#m{number}-{sub}"><span class="ico"></span>'
            f"{escape(other)}</a></li>\n"
            for sub, other in enumerate(words.nav)
        )
        + "</ul></div>\n"
        for number, word in enumerate(words.nav)
    )
    return f'<div class="mega-menu" hidden>{columns}</div>\n'


def _cards(outlet: Outlet, words: Words, base: str) -> str:
    """Return the wall of teasers that heavy pages end with."""
    if not outlet.heavy:
        return ""
    cards = "".join(
        f'<div class="card"><div class="card-media"><a href="{base}{article_path(outlet, each)}">'
        f'<picture><source srcset="/i/{number}.webp"><img src="/i/{number}.jpg" alt=""></picture>'
        f'</a></div><div class="card-body"><span class="kicker">{escape(words.nav[0])}</span>'
        f'<h4><a href="{base}{article_path(outlet, each)}">{escape(each.title)}</a></h4>'
        f"<time>{each.published:%H:%M}</time></div></div>\n"
        for number, each in enumerate((outlet.articles * 30)[:30])
    )
    return f'<section class="card-wall">{cards}</section>\n'


def bottom(outlet: Outlet, words: Words, base: str, *, skip: str = "") -> str:
    """Return related links, comments and footer; `skip` is the slug that is not linked."""
    said = "".join(
        f'<li class="comment"><b>user{number}</b><p>{escape(text)}</p></li>\n'
        for number, text in enumerate(words.comments, start=1)
    )
    legal = "".join(f'<a href="#l{n}">{escape(word)}</a> ' for n, word in enumerate(words.nav[:6]))
    return (
        f'<aside class="related"><h3>{escape(words.related)}</h3>'
        f"{headlines(outlet, base, limit=8, skip=skip)}</aside>\n"
        f'<section id="comments" class="comments"><h3>{escape(words.comments_title)}</h3>'
        f"<ol>{said}</ol></section>\n"
        f"{_cards(outlet, words, base)}"
        f'<footer class="site-footer"><p>{escape(words.footer)}</p>{legal}</footer>\n'
    )


def headlines(outlet: Outlet, base: str, *, limit: int, skip: str = "") -> str:
    """Return a list of links to the outlet's newest articles."""
    chosen = [each for each in outlet.articles[: limit + 1] if each.slug != skip][:limit]
    listed = "".join(
        f'<li><a href="{base}{article_path(outlet, each)}">{escape(each.title)}</a></li>\n'
        for each in chosen
    )
    return f'<ul class="headlines">{listed}</ul>\n'


def advertisement(words: Words) -> str:
    """Return an advertisement's box."""
    label = f'<span class="ad-label">{escape(words.ad)}</span>'
    return f'<div class="ad-slot" data-ad="mpu">{label}</div>\n'


def newsletter(words: Words) -> str:
    """Return the box that asks for the reader's e-mail address."""
    return (
        f'<aside class="newsletter-box"><form><label>{escape(words.newsletter)}</label>'
        f'<input type="email"><button>{escape(words.subscribe)}</button></form></aside>\n'
    )


def share(words: Words) -> str:
    """Return the bar of share buttons."""
    links = "".join(f'<a class="share-{name}" href="#">{name}</a> ' for name in ("x", "fb", "mail"))
    return f'<div class="share-bar"><span>{escape(words.share)}</span> {links}</div>\n'


def paywall(words: Words) -> str:
    """Return what stands where the text breaks off for readers without a subscription."""
    return f'<div class="paid paywall"><p>{escape(words.paywall)}</p></div>\n'


def consent_wall(words: Words) -> str:
    """Return the body of a page that shows nothing before consent is given."""
    return (
        f'<div class="consent-wall" role="dialog"><h1>{escape(words.accept)}</h1>'
        f"<p>{escape(words.cookie)}</p><button>{escape(words.accept)}</button></div>\n"
    )
