"""Who wrote an article: people by name, agencies apart, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractors.records import Candidate
from extractors.text import normalise_line
from extractors.titles import fold

_AGENCY_NAMES = """
reuters|afp|agence france-presse|agence france presse|ap|associated press|
the associated press|dpa|dpa-afx|epd|kna|apa|ansa|adnkronos|efe|agencia efe|europa press|lusa|
tass|itar-tass|тасс|ria novosti|риа новости|интерфакс|interfax|ukrinform|укрінформ|укринформ|
уніан|унiан|унн|belta|белта|yonhap|yonhap news agency|연합뉴스|뉴시스|newsis|뉴스1|kyodo|
kyodo news|共同通信|共同|jiji|jiji press|時事通信|時事|xinhua|xinhua news agency|新华社|
新華社|中新社|中央社|cna|pti|press trust of india|ani|ians|bernama|antara|pa|pa media|
press association|aap|australian associated press|ritzau|ntb|tt|stt|bns|pap|čtk|ctk|tasr|mti|
hina|tanjug|fena|beta|agerpres|mediafax|bta|ana-mpa|anka|ape|αμπε|anadolu agency|anadolu|aa|
dha|iha|irna|isna|sana|wafa|wam|spa|bloomberg|bloomberg news|upi|sid|ats|keystone-sda|sda|
belga|anp|canadian press|the canadian press|agência brasil|estadão conteúdo|folhapress|
notimex|telam|télam|ap news|afp news|getty images|中央通訊社|新华网|신화통신|رويترز|أ ف ب|
فرانس برس|أ.ف.ب|د ب أ|وام|سانا|
"""
_AGENCIES = frozenset(
    name.strip() for name in _AGENCY_NAMES.replace("\n", "").split("|") if name.strip()
)

_BY = re.compile(
    r"^(?:(?:written|reported|story|words|text|photos?|edited|published|posted|report)\s+)?"
    r"(?:by|von|par|por|di|da|door|av|af|od|przez|autor(?:en|in|es|a|e)?|auteurs?|autore|tekst|"
    r"текст|"
    r"автор(?:ы|и)?|redaktion|écrit par|texte|text|skrevet av|kirjoittanut|yazan|haber|oleh|"
    r"penulis|"
    r"tác giả|كتب|بقلم|نویسنده|מאת|作者|記者|记者|文)\s*[::/／]?\s+|"
    r"^(?:by|von|autor|author|автор|作者|記者|记者|文|取材・文)\s*[::／/]\s*",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s*(?:[;|•·\n、，/／]|,(?!\s*(?:jr|sr|ph\.?d|m\.?d|md|ii|iii|iv|esq)\b)|\s(?:and|und|et|y|e|"
    r"en|og|och|ja|i|та|и|і|va|ve|dan|và|και|şi|și)\s|\s&\s|\s\+\s|\swith\s|\smit\s|"
    r"\s&amp;\s)\s*",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:\s*[-–—(,]\s*|\s+)(?:(?:senior|chief|staff|political|foreign|business|sports?|news|"
    r"deputy|managing|special|"
    r"investigative|health|science|technology|diplomatic|editorial|international|world|national|"
    r"white house|defen[cs]e|security)\s+)*(?:correspondent|reporter|editor|writer|contributor|"
    r"columnist|journalist|producer|redakteur(?:in)?|korrespondent(?:in)?|기자|특파원|記者|记者|"
    r"корреспондент|redaktör|journalistin?)\b.*$",
    re.IGNORECASE,
)
_KOREAN_ROLE = re.compile(
    r"\s*(?:기자|특파원|선임기자|인턴기자|논설위원|編集委員|記者|特派員|记者)$"
)
_JUNK = re.compile(
    r"https?:|www\.|@|\d{3,}|©|\.(?:com|net|org|de|ru|co)\b|^(?:admin|administrator|editor|"
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
    r"redakce|redakcija|toimitus|redactie|haber merkezi)$",
    re.IGNORECASE,
)
_TIME_WORDS = re.compile(
    r"\b(?:\d{1,2}:\d{2}|20\d\d|min(?:utes)? read|hours? ago)\b", re.IGNORECASE
)
# Words of desks and companies: no part of a person's name.
_COLLECTIVE = re.compile(
    r"\b(?:staff|bureau|newsroom|editorial|editors?|desk|reports?|weekly|media|press|news|agency|"
    r"agencies|business|sports?|inc|llc|ltd|gmbh|correspondents?|redaktion|redacción|redação|rédaction|"
    r"redazione|редакция|редакція|редакции|service|team|writers?|contributors?|magazine|tv|radio|online|"
    r"company|department|university|institute)\b|編集部|取材班|通信|新聞社|新闻社|취재팀|뉴스|편집|日报|晚报",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\b(?:is|are|was|has|who|covers|the|ist|est|es una?)\b", re.IGNORECASE)
_KIND_BY = re.compile(
    r"^(?:analysis|opinion|commentary|review|perspective|column|interview|essay|report|recap)\s+by\s+",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"[\s,(/-]+(?:(?:the )?associated press|reuters|afp|ap|dpa|bloomberg(?: news)?|usa today|"
    r"cnn(?: business)?|getty images|tass|тасс|риа новости|интерфакс)\)?$",
    re.IGNORECASE,
)
# The page's own data names its author best; what stands in the text is the last resort.
_ORDER = ("json-ld", "entry", "microdata", "opengraph", "meta", "text")


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
    folded_sites = frozenset(_squeeze(site) for site in sites)
    people: tuple[str, ...] = ()
    chosen = ""
    agency = None
    for origin in _ORDER:
        named: list[str] = []
        for value in (text for source, text in statements if source == origin):
            for name in split_names(value):
                if is_agency(name):
                    agency = agency or name
                elif _is_person(name, folded_sites):
                    named.append(name)
        if named and not people:
            people, chosen = _distinct(named), origin
            if origin == "text":
                people = people[:3]
    candidates = tuple(
        Candidate("author", origin, value, chosen=origin == chosen) for origin, value in statements
    )
    return Byline(people, agency, candidates)


def split_names(value: str) -> list[str]:
    """Split a byline into names: without 'By' in some twenty languages, roles and places."""
    text = _KIND_BY.sub("", normalise_line(value).strip(" .,|-–—"))
    text = _BY.sub("", text)
    text = re.sub(r"\((?:[^()]*)\)|<[^>]*>|\S+@\S+", " ", text)
    names = []
    for piece in _SPLIT.split(text):
        name = _KOREAN_ROLE.sub("", _ROLE.sub("", _BY.sub("", (piece or "").strip(" .,|-–—:"))))
        name = " ".join(name.split()).strip(" .,|-–—:\"'")
        signature = _SIGNATURE.search(name)
        if signature and signature.start() > 3:
            names += [_case(name[: signature.start()].strip()), signature[0].strip(" ,()/-")]
        elif name:
            names.append(_case(name))
    return names


def is_agency(name: str) -> bool:
    """Say whether the name is that of a news agency."""
    return fold(name).strip(" .()[]") in _AGENCIES


def _is_person(name: str, sites: frozenset[str]) -> bool:
    if not 2 <= len(name) <= 60 or any(char.isdigit() for char in name):
        return False
    if any(junk.search(name) for junk in (_JUNK, _COLLECTIVE, _SENTENCE)):
        return False
    squeezed = _squeeze(name)
    words = name.split()
    if not squeezed or squeezed in sites or len(words) > 6 or is_agency(words[0]):
        return False
    # One word in lower case is a login, in few capitals a degree or a company.
    login = name.islower() or (name.isupper() and len(name) <= 5)
    return not (len(words) == 1 and name.isascii() and login)


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Keep the first of names that differ only in case or marks."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(_squeeze(name), name)
    return tuple(seen.values())


def _case(name: str) -> str:
    words = name.split()
    if len(words) >= 2 and name.isupper() and name.isascii():
        return " ".join(word.title() if len(word) > 2 else word for word in words)
    return name


def _squeeze(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(name)).removeprefix("the")
