"""Who wrote an article: people by name, agencies apart, nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from extractors.bylines import PARTICLES, is_agency, split_names
from extractors.records import Candidate
from extractors.titles import fold

_JUNK = re.compile(
    r"https?:|www\.|@|\d{3,}|©|\.(?:com|net|org|de|ru|co)\b|\.(?:at|ch|it|fr|es|pl|uk|info|tv|"
    r"se|no|dk|fi|nl|be|br|in|jp|kr|cn|gr|hu|cz|tr)$|"
    r"^(?:our|special|admin|administrator|editor|"
    r"editors|staff|"
    r"newsroom|redaktion|redaktionen|redacción|redaccion|redazione|rédaction|la rédaction|"
    r"redação|редакция|редакція|editorial|"
    r"editorial (?:team|board|staff|desk)|news desk|newsdesk|web desk|webdesk|online desk|"
    r"staff (?:reporter|writer|report)|guest|"
    r"anonymous|unknown|n/?a|none|null|undefined|author|authors|user|root|test|share|"
    r"follow|view all posts|about the author|read more|comments?|updated|published|"
    r"digital team|web team|agencies|agency|agencias|agenturen|wire|wire services|wires|"
    r"news agencies|"
    r"our correspondent|correspondent|special correspondent|desk|team|press release|redakcja|"
    r"data public[aă]rii|data (?:di )?pubblicazione|data d[ae] publica[çc][aã]o|"
    r"fecha de publicaci[oó]n|"
    r"date de publication|veröffentlicht(?: am)?|erschienen(?: am)?|aktualisiert(?: am)?|"
    r"(?:publicado|publicat|actualizado|atualizado|actualizat|pubblicato|aggiornato|publié|"
    r"mis à jour)"
    r"(?: e[lm]| il| le| la)?|opublikowano|aktualizacja|дата публикации|опубликовано|обновлено|"
    r"опубліковано|оновлено|zveřejněno|publikováno|aktualizováno|megjelent|frissítve|"
    r"yayınlanma(?: tarihi)?|güncelleme(?: tarihi)?|"
    r"redakce|redakcija|toimitus|redactie|haber merkezi)$",
    re.IGNORECASE,
)
_TIME_WORDS = re.compile(
    r"\b(?:\d{1,2}:\d{2}|20\d\d|min(?:utes)? read|hours? ago)\b", re.IGNORECASE
)
# Words of desks and companies: no part of a person's name.
_COLLECTIVE = re.compile(
    r"\b(?:staff|bureau|newsroom|editorial|editors?|desk|reports?|weekly|media|press|news|agency|"
    r"agencies|business|sports?|inc|llc|ltd|gmbh|correspondents?|redaktion|redacción|redação|"
    r"rédaction|"
    r"redazione|редакция|редакція|редакции|новости|вестник|газета|агентство|пресс-служба|"
    r"нов[ио]ни|service|team|writers?|contributors?|magazine|tv|radio|online|"
    r"company|department|university|institute|redac[tțţ]i[ae]|redakc(?:ij|j|i)?[aeiuy]|redaktsioon|redaksi|"
    r"szerkesztőség|toimitus|σύνταξη|newsdesk|webdesk|agencies|agencias|agences|agenturen|agenzie|"
    r"haberleri|haber|yayın|newswire)\b|\bwire$|প্রতিবেদক|প্রতিনিধি|ডেস্ক|डेस्क|ब्यूरो|संवाददाता|ڈیسک|رپورٹر|"
    r"تحریریه|"
    r"وكالات|تحرير|الأخبار|صحيفة|جريدة|بوابة|نيوز|(?:^|\s)(?:برس|موقع|قناة|شبكة)(?:\s|$)|"
    r"خبرگزاری|روزنامه|نیوز|न्यूज|समाचार|टीम|নিউজ|ข่าว|กองบรรณาธิการ|電子報|电子报|מערכת|חדשות|"
    r"[\u4e00-\u9fff](?:网|網|报|報|社|台|新闻|新聞|晚报|编辑|編輯|ニュース|事務所|法人|協会|"
    r"委員会|研究所)$|編集部|取材班|通信|新聞社|新闻社|취재팀|뉴스|편집|(?:일보|신문|방송|타임스|미디어)$|日报|晚报",
    re.IGNORECASE,
)
_JOINTS = frozenset(re.findall(r"\w+", "von avec mit with by de par por and und et com con"))
_OPENERS = _JOINTS - PARTICLES - {"et", "par"}  # 'with agencies' is no person
_SENTENCE = re.compile(r"\b(?:is|are|was|has|who|covers|the|ist|est|es una?)\b", re.IGNORECASE)
# The page's own data names its author best; what stands in the text is the last resort.
_JOINED = re.compile(r"\s(?:and|und|et|y|e|en|og|och|i|a|та|и|ve)\s|&")
_MOST_VISIBLE = 3
# Hosts spell a site's name in plain letters; marks go by themselves.
_PLAIN = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "ı": "i"})
_ORDER = ("json-ld", "entry", "microdata", "opengraph", "meta", "text")
_STATED = frozenset({"json-ld", "entry", "opengraph", "meta"})  # said of the page as a whole


@dataclass(frozen=True, slots=True)
class Byline:
    """People in their order, the agency if one is named, and every statement as a candidate."""

    people: tuple[str, ...] = ()
    agency: str | None = None
    candidates: tuple[Candidate, ...] = ()


def choose_authors(statements: list[tuple[str, str]], sites: tuple[str, ...]) -> Byline:
    """Choose among (origin, byline) statements the first origin that names people.

    `sites` are the names the site goes by: the site itself is no author. An agency is kept apart
    wherever it is named.
    """
    return _choose(tuple(statements), sites)


@lru_cache(maxsize=4)  # asked of a page when it is read and again when it is put together
def _choose(statements: tuple[tuple[str, str], ...], sites: tuple[str, ...]) -> Byline:
    folded_sites = frozenset(_squeeze(site) for site in sites)
    named: dict[str, tuple[str, ...]] = {}
    agency = None
    for origin in _ORDER:
        found: list[str] = []
        for value in (text for source, text in statements if source == origin):
            said = _before_site(value, sites) if origin == "text" else value
            names = [_without_site(name, sites) for name in split_names(said)]
            agency = agency or next(filter(is_agency, names), None)
            if (
                origin != "text"
                and "|" in said
                and names
                and not _is_person(names[0], folded_sites)
            ):
                continue  # a house, and where its stories are shown
            if origin != "text" or not any(_SENTENCE.search(name) for name in names):
                found += [name for name in names if _is_person(name, folded_sites)]
        if found:
            named[origin] = _distinct(found)[: _MOST_VISIBLE if origin == "text" else None]
    chosen = _fullest(named)
    candidates = tuple(
        Candidate("author", origin, value, chosen=origin == chosen) for origin, value in statements
    )
    return Byline(named.get(chosen, ()), agency, candidates)


def _fullest(named: dict[str, tuple[str, ...]]) -> str:
    """Return the first origin, or one in the page's head that names the same people and more,
    unless another in its head stands by the first: then who is named beside wrote other stories.
    """
    chosen = next(iter(named), "")
    own = frozenset(map(_squeeze, named.get(chosen, ())))
    stated = [people for origin, people in named.items() if origin in _STATED]
    if sum(own == frozenset(map(_squeeze, people)) for people in stated) > 1:
        return chosen
    for origin, people in named.items():
        have = {_squeeze(name) for name in named[chosen]}
        if origin != "text" and have < {_squeeze(name) for name in people}:
            chosen = origin
    return chosen


def _before_site(value: str, sites: tuple[str, ...]) -> str:
    """Cut a visible byline off at the site's name, which a place may follow: Ann Lee BBC, Oslo."""
    for site in sites:
        at = value.find(f" {site}") if len(site) >= 3 else -1
        if at > 0 and " " in value[:at].strip() and not _JOINED.search(value[at + len(site) + 1 :]):
            return value[:at]
    return value


def _without_site(name: str, sites: tuple[str, ...]) -> str:
    """Cut the site's name off the end of a person's: Miriam Calloway Harrow Bay Courier."""
    for site in sites:
        if len(site) >= 3 and name.casefold().endswith(" " + site.casefold()):
            rest = name[: -len(site)].rstrip(" .,|/-–—:")
            if " " in rest:
                return rest
    return name


def _is_person(name: str, sites: frozenset[str]) -> bool:
    if not 2 <= len(name) <= 60 or any(char.isdigit() for char in name):
        return False
    if _is_nobody(name):
        return False
    squeezed = _squeeze(name)
    words = name.split()
    if not squeezed or squeezed in sites or len(words) > 6:
        return False
    if _names_site(squeezed, words, sites):
        return False
    return not (is_agency(name) or is_agency(words[0]) or _is_phrase(name, words))


@lru_cache(maxsize=256)
def _is_nobody(name: str) -> bool:
    return any(junk.search(name) for junk in (_JUNK, _COLLECTIVE, _SENTENCE))


def _names_site(squeezed: str, words: list[str], sites: frozenset[str]) -> bool:
    """Say whether a name is the site's with a desk behind it, or begins the site's."""
    if len(words) == 1:
        return len(squeezed) >= 5 and any(site.startswith(squeezed) for site in sites)
    return any(
        (len(site) >= 6 and squeezed.startswith(site))
        or (len(squeezed) >= 10 and site.startswith(squeezed))
        for site in sites
    )


def _is_phrase(name: str, words: list[str]) -> bool:
    """Say whether the words, by their case, are a phrase, a login, a degree or a company."""
    if len(words) == 1:
        return name.isascii() and (name.islower() or (name.isupper() and len(name) <= 5))
    if words[-1].casefold() in _JOINTS or words[0].casefold() in _OPENERS:
        return True
    return words[0][0].islower() and words[0] not in PARTICLES and not name.islower()


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Keep the first of names that differ only in case or marks, and none that are two others."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(_squeeze(name), name)
    whole = {short: _made_of(short, seen) for short in seen}
    return tuple(name for short, name in seen.items() if not whole[short])


def _made_of(name: str, others: Collection[str]) -> bool:
    """Say whether a squeezed name is nothing but two others, one after the other."""
    return any(
        name.startswith(one) and name[len(one) :] in others for one in others if one and one != name
    )


@lru_cache(maxsize=256)  # a page names the same few people and sites in many places
def _squeeze(name: str) -> str:
    letters = unicodedata.normalize("NFKD", fold(name)) if not name.isascii() else fold(name)
    return re.sub(r"[\W_]+", "", letters.translate(_PLAIN)).removeprefix("the")
