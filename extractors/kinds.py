"""What kind of page it is, and why it is no article when it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from extractors.records import Reason

_ERROR_TITLE = re.compile(
    r"^(?:error\s*)?(?:4(?:00|01|03|04|10|29)|50[0-4])\b|\b(?:page|file|article|"
    r"document) (?:was )?not found\b|^not found\b|"
    r"\baccess denied\b|\bforbidden\b|^just a moment|attention required|are you a (?:human|robot)|"
    r"service unavailable|bad gateway|internal server error|something went wrong|under maintenance|"
    r"seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|"
    r"pagina non trovata|página não encontrada|pagina niet gevonden|страница не найдена|"
    r"сторінк[ау] не знайдено|strona nie (?:została )?znalezion|sayfa bulunamadı|الصفحة غير موجودة|"
    r"页面不存在|找不到页面|找不到網頁|ページが見つかりません|"
    r"페이지를 찾을 수 없|sidan (?:kunde inte hittas|hittades inte)|"
    r"siden (?:ble|blev) ikke fundet|sivua ei löyt|stránka nenalezena|nem található|"
    r"pagina bestaat niet|seite existiert nicht|page n.existe (?:pas|plus)|página no existe|"
    r"página não existe|pagina non esiste|strona nie istnieje|stránka neexistuje|sidan finns inte|"
    r"siden (?:finnes|findes|eksisterer) ikke|σελίδα δεν βρέθηκε|страницата не|pagina nu (?:a fost|"
    r"există)|ไม่พบหน้า|không tìm thấy trang|halaman tidak ditemukan|הדף לא נמצא|صفحه یافت نشد|"
    r"存在しません",
    re.IGNORECASE,
)
_BLOCKED_TEXT = re.compile(
    r"enable javascript and cookies|verify (?:that )?you are (?:a )?human|checking your browser|"
    r"unusual traffic|captcha|enable js and|disable (?:any|your) ad ?blocker|"
    r"access to this page has been denied|ray id|incapsula",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"cookie|consent|privacy|datenschutz|einwilligung|zustimm|partners?\b|personal data|персональн|"
    r"données personnelles|tracking|gdpr|dsgvo|rgpd|werbung|privacidad|toestemming|samtycke|"
    r"個人情報|쿠키",
    re.IGNORECASE,
)
_CONSENT_TITLE = re.compile(
    r"^before you continue|^bevor sie|\bcookie|\bconsent\b|privacy (?:choices|settings)|"
    r"datenschutzeinstellung|"
    r"^(?:accept (?:and continue|all)|agree and|alle akzeptieren|tout accepter|"
    r"aceptar y continuar)|"
    r"^votre vie privée|^tu privacidad|privacy ?gate|dpg media privacy",
    re.IGNORECASE,
)
_LIVE_URL = re.compile(
    r"[/\-_](?:live-?blog|liveticker|live-?updates?|newsticker|live)(?:[/\-_.]|$)", re.IGNORECASE
)
_VIDEO_URL = re.compile(r"/(?:videos?|watch|mediathek|v|tv|av|vod|clips?)(?:/|$)", re.IGNORECASE)
_INDEX_TYPES = frozenset({"collectionpage", "searchresultspage", "itemlist", "profilepage"})
_INDEX_PATH = re.compile(
    r"^/?(?:(?:tags?|topics?|themen?|category|categories|author|authors|autor(?:es)?|search|"
    r"section|sections|"
    r"archive|archives|rubric|rubrics?|page|latest|newest)(?:/[^/]+){0,2})?/?$",
    re.IGNORECASE,
)

# Pages about the site, not the news: nothing but such a name in the address.
_SERVICE_PATH = re.compile(
    r"^/?(?:[a-z]{2}/)?(?:search|suche|recherche|buscar|busca|cerca|zoeken|sok|haku|szukaj|hledat|"
    r"log-?in|sign-?(?:in|up)|register|registrieren|subscribe|subscriptions?|abo|account|konto|"
    r"contacts?(?:-us)?|kontakt|contacto|contato|contatti|about(?:-us)?|impressum|imprint|privacy|"
    r"privacy-(?:policy|notice|statement)|datenschutz|terms(?:-[a-z-]+)?|agb|cookies?|cookie-policy|"
    r"newsletters?|site-?map|faq|help|jobs|careers|advertise|mediadaten)(?:\.\w+)?/?$",
    re.IGNORECASE,
)
# What a page calls itself in og:type when it is certainly no article.
_OTHER_TYPES = frozenset({"profile", "product", "product.group", "product.item", "place", "book"})
_PROSE = 8  # words: a text without one line of so many has no sentence
_FEWEST_LETTERS = 15  # different characters in the first two thousand of any text
_SHORT_TITLE, _SHORT_TITLE_EAST = 20, 6  # characters of the names that sections have

# Shorter than this nothing is landed unless the page declares itself a dated article.
_SHORTEST = 40
_SHORTEST_DECLARED = 8
_SHORT_PAGE = 150


@dataclass(frozen=True, slots=True)
class PageSigns:
    """What is known of a page once its text is out; counts are words unless said otherwise."""

    url: str | None
    title: str | None
    titles: tuple[str, ...]  # all the page calls itself, the chosen one among them
    text: str
    words: int
    types: frozenset[str]  # JSON-LD types of nodes of their own, lower case
    page_types: tuple[str, ...]  # og:type and the article node's types
    declared: bool  # JSON-LD, OpenGraph or microdata call it an article
    dated: bool
    teasers: int  # headings that are links
    link_share: float  # share of the page's text that stands in links, 0 to 1
    longest: int  # words of the longest paragraph
    linked_lines: float  # share of the text's lines that are a link's words, 0 to 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind (a word of Extracted.kind) and the reason to reject, None for an article."""

    kind: str
    reason: Reason | None = None
    detail: str = ""


def judge_page(signs: PageSigns) -> Verdict:
    """Say what kind of page it is; everything but articles, live blogs and long video pages is
    rejected with a word for it.
    """
    if _is_error(signs):
        return Verdict("error", Reason.ERROR_PAGE, (signs.title or "")[:120])
    if _is_consent(signs):
        return Verdict("consent", Reason.CONSENT_WALL, (signs.title or "")[:120])
    other = _other_page(signs)
    if other:
        return Verdict("index", Reason.INDEX_PAGE, other)
    if _is_index(signs):
        detail = f"{signs.teasers} linked headings, {signs.link_share:.0%} of the text in links"
        return Verdict("index", Reason.INDEX_PAGE, detail)
    return _judge_text(signs)


def _judge_text(signs: PageSigns) -> Verdict:
    kind = _kind(signs)
    if kind == "video":
        short = signs.words < _SHORTEST
        reason = Reason.VIDEO_PAGE if short else None
        return Verdict(kind, reason, f"{signs.words} words beside a video" if short else "")
    shortest = _SHORTEST_DECLARED if signs.declared and signs.dated else _SHORTEST
    if signs.words < shortest:
        return Verdict(kind, Reason.TOO_SHORT, f"{signs.words} words, {shortest} expected")
    letters = len(set(signs.text[:2000]))
    if letters < _FEWEST_LETTERS and signs.words >= _SHORTEST:
        detail = f"{letters} different characters, {_FEWEST_LETTERS} expected"
        return Verdict(kind, Reason.TOO_SHORT, detail)
    if signs.longest < _PROSE and not (signs.declared and signs.dated):
        return Verdict("index", Reason.INDEX_PAGE, f"no line is longer than {signs.longest} words")
    if not signs.title:
        return Verdict(kind, Reason.NO_TITLE, "nothing on the page names one")
    return Verdict(kind)


def _kind(signs: PageSigns) -> str:
    if "liveblogposting" in signs.types or "liveblogposting" in signs.page_types:
        return "liveblog"
    if _is_video(signs):
        return "video"
    return "liveblog" if _is_live(signs) else "article"


def _is_error(signs: PageSigns) -> bool:
    if signs.declared and signs.dated:
        return False
    named = [title for title in signs.titles if _ERROR_TITLE.search(title)]
    if named:
        return signs.words < _SHORT_PAGE or any(len(title) <= 2 * _SHORT_TITLE for title in named)
    return signs.words < 80 and bool(_BLOCKED_TEXT.search(signs.text)) and not signs.dated


def _is_consent(signs: PageSigns) -> bool:
    if signs.declared and signs.dated:
        return False
    titled = any(_CONSENT_TITLE.search(title) for title in signs.titles)
    mentions = len(_CONSENT.findall(signs.text))
    dense = mentions * 18 >= signs.words and mentions >= 3
    return (dense and signs.words < 400) or (titled and mentions >= 1 and signs.words < 600)


def _other_page(signs: PageSigns) -> str:
    """Say by what a page shows that it is the site's own, a profile or a shop's; '' for others."""
    if signs.declared:
        return ""
    kind = next((name for name in signs.page_types if name in _OTHER_TYPES), None)
    if kind:
        return f"calls itself a {kind}"
    path = urlsplit(signs.url).path if signs.url else ""
    return f"a page about the site: {path[:80]}" if path and _SERVICE_PATH.match(path) else ""


def _is_index(signs: PageSigns) -> bool:
    if signs.declared and signs.dated:
        return False
    address = urlsplit(signs.url or "x")
    path = address.path
    if path.strip("/") == "" and not _NUMBERED.search(address.query):
        return True
    lists = bool(signs.types & _INDEX_TYPES), signs.teasers >= 10, signs.link_share > 0.6
    if not any(lists):
        return False
    points = (
        sum(lists)
        + 2 * int(signs.linked_lines > 0.6)
        + int(signs.longest < 25)
        + int(not signs.dated)
    )
    points += int(bool(_INDEX_PATH.match(path))) + int(_names_section(signs.title))
    points -= 2 * int(signs.declared)
    return points >= 3


_NUMBERED = re.compile(r"=\d{2,}")  # /?p=4711 is a story, not the front page


def _names_section(title: str | None) -> bool:
    """Say whether a title is one or two words, as sections have and articles seldom."""
    if not title or len(title) > _SHORT_TITLE:
        return False
    return len(title) <= _SHORT_TITLE_EAST or (title.isascii() and len(title.split()) <= 2)


def _is_video(signs: PageSigns) -> bool:
    if any(kind.startswith("video") for kind in signs.page_types if kind != "videoobject"):
        return True
    if "videoobject" in signs.types and not signs.declared:
        return True
    return signs.words < _SHORTEST and bool(_VIDEO_URL.search(urlsplit(signs.url or "").path))


def _is_live(signs: PageSigns) -> bool:
    return bool(_LIVE_URL.search(urlsplit(signs.url or "").path)) and signs.words > 400
