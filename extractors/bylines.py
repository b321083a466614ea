"""Bylines taken apart: names without 'By', roles, places, outlets and photographers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
hina|tanjug|fena|beta|agerpres|mediafax|bta|ana-mpa|απε-μπε|anka|ape|αμπε|anadolu agency|
anadolu|aa|dha|iha|irna|isna|sana|wafa|wam|spa|bloomberg|bloomberg news|upi|sid|ats|
keystone-sda|sda|
cnn wire|cnn newsource|globe newswire|business wire|pr newswire|
belga|anp|canadian press|the canadian press|agência brasil|estadão conteúdo|
folhapress|notimex|telam|télam|ap news|afp news|getty images|中央通訊社|新华网|新화통신|رويترز|
أ ف ب|فرانس برس|أ.ف.ب|د ب أ|وام|سانا|бта|бгнес|унiан|бельта|belapan|ttxvn|
"""
_AGENCIES = frozenset(
    name.strip() for name in _AGENCY_NAMES.replace("\n", "").split("|") if name.strip()
)

# What stands before the names of those who wrote.
BY_WORDS = (
    r"by|von|par|por|di|da|door|av|af|od|przez|от|від|autor(?:en|in|es|ka|a|e|i)?|auteurs?|autore|"
    r"tekst|текст|автор(?:ы|и|ка)?|escriben?|texto|testo|écrit par|publié par|texte|text|"
    r"skrevet av|kirjoittanut|rozmawia(?:ł|ła)?|notowa(?:ł|ła)|yazan|haber|oleh|"
    r"penulis(?: berita)?|tác giả|írta|szerző|piše|napisao|napisala|opracowa(?:ł|ła|nie)|"
    r"oprac\.|كتب(?:ت)?|بقلم|إعداد|نویسنده|מאת|โดย|γράφ(?:ει|ουν) (?:ο|η|οι)|"
    r"συντάκτης|του|της|作者|記者|记者|撰文|文"
)
_BY = re.compile(
    r"^(?:(?:written|reported|story|words|text|published|posted|report)\s+)?"
    rf"(?:{BY_WORDS}|redaktion)\s*[::/／]?\s+|"
    r"^(?:by|von|autor|author|автор|作者|取材・文)\s*[::／/]\s*|"
    r"^(?:作者|(?:中央社|本報|本报|特约|特約|特派)?(?:記者|记者)|文|撰文|採訪|通讯员)[\s::／/・·]*(?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
_ROMANIAN_BY = re.compile(r"^de\s+(?=[A-ZĂÂÎȘȚŞŢ]\w+\s+[A-ZĂÂÎȘȚŞŢ])")  # 'de la Cruz' is a name
_ONLY_BY = re.compile(r"(?:by|von|par|por|door|przez|od|oleh|автор|от|від)\s", re.IGNORECASE)
# What a piece of writing is called, before the word that names its author.
_GENRE = re.compile(
    r"^de (?:notre|nos) (?:correspondant|envoyé)e?s?(?: spécial(?:es?|aux)?)?"
    r"(?:\s(?:à|en|au|aux|dans|de)\s[^,]{2,40})?,\s*|^(?:(?:an?|eine?|un[ae]?|une)\s+)?(?:analysis|opinion|commentary|review|perspective|column|"
    r"interview|essay|report|recap|story|kommentar|analyse|kolumne|protokoll|gastbeitrag|"
    r"leitartikel|reportage|bericht|rezension|glosse|porträt|propos recueillis|tribune|chronique|"
    r"reportaje|análisis|opinión|columna|entrevista|crónica|análise|coluna|opinião|a cura|"
    r"intervista|analisi|commento|articolo)\s+(?:by|von|par|por|de|di|av|af|door)\s+",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[^\W\d_][\w.\-]*(?:\s[\w\-]+)?\s*[:：]\s*(?=\S)")
# People who made the pictures or edited the text did not write it.
_OTHER_WORKS = (
    r"(?:fot[oó](?:s|graf\w*)?|photo(?:s|graph\w*)?|фото(?:граф)?|bild(?:er)?|images?|imágenes|"
    r"illustrations?|video|graphics?|editor|editing|edited|penyunting|editora|edição|kamera|camera|"
    r"사진|그래픽|영상|写真|攝影|摄影|圖|图|編輯|编辑|責任編輯|责任编辑)(?:\s+(?:by|von|por|par|di|de))?"
)
_OTHER_WORK = re.compile(rf"^{_OTHER_WORKS}(?:\s*[:：/／]|\s+(?=[^\W\d_]))", re.IGNORECASE)
_OTHER_LABEL = re.compile(rf"\s(?={_OTHER_WORKS}\s*[:：])", re.IGNORECASE)
_SPLIT = re.compile(
    r"\s*(?P<mark>[;|•·\n、，/／]|,(?!\s*(?:jr|sr|ph\.?d|m\.?d|md|ii|iii|iv|esq)\b)|\s(?:and|und|et|"
    r"y|e|en|og|och|ja|i|та|и|і|va|ve|dan|và|και|şi|și)\s|\s&\s|\s\+\s|\swith\s|\smit\s|\savec\s|"
    r"\s&amp;\s|(?<=[^\W\d_]{3})(?<!\bmrs)(?<!\bprof)(?<!\bsen)(?<!\brep)(?<!\bgov)(?<!\bgen)"
    r"(?<!\bcol)(?<!\brev)(?<!\bhon)(?<!\bcapt)(?<!\bmag)(?<!\bing)\.\s)\s*",
    re.IGNORECASE,
)
# Conjunctions inside Iberian family names: Ortega y Gasset, Costa e Silva, Puig i Cadafalch.
_FAMILY_JOINTS = frozenset({"y", "e", "i"})
_ROLE_NOUNS = (
    r"correspondents?|reporters?|editors?|writers?|contributors?|columnists?|journalists?|"
    r"producers?|redakteur(?:in)?|korrespondent(?:in)?|journalistin|redaktör|redaktør|"
    r"reporterin|기자|특파원|記者|记者|корреспондент(?:ка)?|обозреватель|редактор(?:ка)?|"
    r"журналист(?:ка)?|кореспондент(?:ка)?|журналіст(?:ка)?|оглядач|dziennikar(?:z|ka)|redaktor(?:ka)?|"
    r"muhabiri?|editörü?|temsilcisi|periodista|corresponsal|redactora?|repórter|jornalista|"
    r"correspondente|journaliste|rédact(?:eur|rice)|giornalista|inviat[oa]|corrispondente|"
    r"redacteur|verslaggever|toimittaja|wartawan|مراسل|محرر|δημοσιογράφος|újságíró|novinář(?:ka)?"
)
_ROLE = re.compile(
    r"(?:\s*[-–—(,]\s*|\s+|^)(?:(?:senior|chief|staff|political|foreign|business|sports?|news|"
    r"deputy|managing|special|contributing|investigative|health|science|technology|diplomatic|"
    r"editorial|international|world|national|economics?|education|environment|religion|royal|"
    r"white house|defen[cs]e|security|crime|court|climate|culture|freelance|global|local)\s+)*"
    rf"(?:{_ROLE_NOUNS})(?!\w).*$",
    re.IGNORECASE,
)
_EAST_ROLE = re.compile(
    r"\s*(?:기자|(?:\S+\s+)?특파원|선임기자|인턴기자|수습기자|객원기자|전문기자|논설위원|편집위원|編集委員|論説委員|記者|"
    r"特派員|记者)$"
)
_EAST_DATELINE = re.compile(
    r"(?:[\s／/]+[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{2})?(?:\d+日)?(?:綜合|综合)?(?:報導|报导|報道|报道|電|电)$"
)
_EAST_PLACE = re.compile(r"^[\w\s]{1,12}[＝=](?=\S)")
_SIGNATURE = re.compile(
    r"[\s,(/-]+(?:(?:the )?associated press|reuters|afp|ap|dpa|bloomberg(?: news)?|usa today|"
    r"(?:bbc|cnn|npr|cbc|abc|nbc|cbs|sky)(?: (?:news|business|sport))?|getty images|tass|тасс|"
    r"риа новости|интерфакс)\)?$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\s+(?:in|à|aus|from|în|из|із)\s+[A-ZÀ-ÞА-Я].*$|\s+(?:[Ff]or\s|special to\s).*$"
)
_PLACE_ALONE = re.compile(r"^(?:in|à|aus|from|en|a)\s+[A-ZÀ-ÞА-Я]|^special to\b", re.IGNORECASE)
_GENERATION = re.compile(r"\b(?:jr|sr)$", re.IGNORECASE)
_HANDLE = re.compile(r"<[^>]*>|\S+@\S+|(?<!\w)@\w+")
_BRACKETED = re.compile(r"\(([^()]*)\)|（([^（）]*)）")
_DASH = re.compile(r"\s+[-–—]+\s+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HANGUL = re.compile(r"[\uac00-\ud7af\s]+")
_LONGEST = 2000  # characters; a longer byline is none, and costs its reader time
# (Fotos), (photos): who stands before it took the pictures.
_PICTURED = re.compile(
    r"(?:^|[,;]|\s(?:und|and|et|y|e|och|og|en|i)(?=\s))"
    r"(?:(?!\s(?:und|and|et|y|e|och|og|en|i)\s)[^,;()]){3,40}"
    r"\((?:fotos?|photos?|bild(?:er)?|videos?|grafik(?:en)?|illustrations?|foto's)\)",
    re.IGNORECASE,
)
_WITH_CASE = re.compile(r"[^\W\d_]{3}")
_TURKISH = re.compile("[İŞĞ]")
# ANN LEE Plains News Service; who only shouts the family's name, as in MARTIN Paul, is left alone.
_SHOUTED = re.compile(
    r"[A-Z][A-Z'’.-]+(?:\s[A-Z][A-Z'’.-]*)*\s[A-Z][A-Z'’-]{2,}\s(?=(?:[A-Z][a-z]+\s?){2,}$)"
)
_SMALL_NAMES = "de da do dos das del della di du van von der den ten ter la le el bin ibn al d'"
PARTICLES = frozenset(_SMALL_NAMES.split())
_SHORT_NAMES = "BO JO ED AL TY LI YU WU XI MO LU AN VI HO NA"
_SHORT_GIVEN = frozenset(_SHORT_NAMES.split())
_HAN_NAMES = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]{3,5}(?: [\u3040-\u30ff\u4e00-\u9fff]{3,5})+")
_KOREAN_REPORTERS = re.compile(r"([가-힣]{2,4})\s?기자")
# Of two Hebrew names the second begins with 'and', אילנה קורלי ורועי ששון, unless with a name that
# itself begins so, as the third of four words of one name may: in doubt it stays one name.
_WITH_VAV = """
ואזנה ואליד ואנונו ואקנין וגמן וגנר וגשל ודאי ודים ודעי והבה וזאן וזנה וחיד וטורי וטנברג ויגדור
ויגודסקי ויגלר וידאל וידל וידר ויויאן ויולה ויולט ויזגן ויזל ויזמן ויזנטל ויזר ויטל ויטלי ויטנברג
ויטקין ויכסלבאום ויליאם וילנאי וילנר וילדר וילק וילר וינברג וינברגר וינגרטן וינוגרד וינוקור וינטר
וינטרוב וינקלר וינר וינשטוק וינשטיין ויסברג ויסבורד ויסוצקי ויסלר ויסמן ויספיש ויסקופף ויצטום ויצמן
ויצנברג ויקטור ויקטוריה ויקי וירט וישנבסקי וישניצר ויתקין ולד ולדימיר ולדמן ולדן ולטר ולך ולנטין
ולנטינה ולנסי ולפסון ולפמן ולרי ולריה ולרשטיין ונונו ונטורה ונציה וסילי וסרמן וסרשטיין וסרשטרום
ועקנין וקנין וקסלר וקסמן וקסברג ורבין ורד ורדה ורדי ורדימון ורדינה ורדית ורדניקוב ורהפטיג ורוניקה
ורטהיים ורטהיימר ורטמן ורנר ורשבסקי ורשאי ורשבר ושדי ושיצקי ותיק ויס וקס וליד וסים וסאם
"""
_HEBREW_AND = re.compile(
    rf"^((?:[א-ת'׳״-]+ ){{2}})(?!(?:{'|'.join(_WITH_VAV.split())})[ -]|וו|ויי)ו"
    r"(?=[א-ת'׳״-]{3,} [א-ת'׳״-]+$)"
)
_EDGES = " .,|-–—:：\"'[]【】［］"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a byline with the mark it stood after ('' for the first)."""

    text: str
    mark: str


def is_agency(name: str) -> bool:
    """Say whether the name is that of a news agency."""
    return fold(name).strip(" .()[]") in _AGENCIES


def split_names(value: str) -> list[str]:
    """Split a byline into names: without 'By' in some thirty languages, roles, places, handles.

    Agencies stay among the names; who took the pictures or edited is left out.
    """
    return list(_split(value[:_LONGEST]))


@lru_cache(maxsize=64)  # a page's bylines are split when it is read and when authors are chosen
def _split(value: str) -> tuple[str, ...]:
    text = _GENRE.sub("", normalise_line(value).strip(" .,|-–—"))
    if "(" in text:
        text = _PICTURED.sub("", text)
    text = _HANDLE.sub(" ", _without_by(_OTHER_LABEL.sub("; ", text) if ":" in text else text))
    text = _HEBREW_AND.sub(r"\1; ", text.strip())
    bracketed = [one or two for one, two in _BRACKETED.findall(text)]
    text = _BRACKETED.sub(" ", text)
    names: list[str] = []
    for piece in _one_by_one(_person_pieces(_pieces(text))):
        name = " ".join(_person(piece).split()).strip(_EDGES)
        if not name:
            continue
        signature = _SIGNATURE.search(name)
        if signature and signature.start() > 3:
            names += [_case(name[: signature.start()].strip()), signature[0].strip(" ,()/-")]
        else:
            names.append(_restore_generation(_case(name), value))
    for inside in bracketed:
        said = re.split(r"[=＝/,]", inside)
        names += [name.strip() for name in said if is_agency(name) and name.strip()]
    return tuple(names)


def _one_by_one(pieces: list[str]) -> Iterator[str]:
    """Part names in Han or kana that only a space parts, shorter ones may be family and given, and
    Korean ones that only their work parts.
    """
    for piece in pieces:
        reporters = _KOREAN_REPORTERS.findall(piece)
        if len(reporters) > 1:
            yield from reporters
        else:
            yield from piece.split() if _HAN_NAMES.fullmatch(piece.strip()) else (piece,)


def _without_by(text: str) -> str:
    """Cut 'By' in any language off the front, unless it is the given name of Di Marco."""
    rest = _ROMANIAN_BY.sub("", _BY.sub("", text))
    name_like = text.istitle() and len(text.split()) == 2 and not _ONLY_BY.match(text)
    return text if name_like and ":" not in text else rest


def _pieces(text: str) -> list[_Piece]:
    """Cut a byline at its separators; rejoin what they cut inside one person's name."""
    parts: list[_Piece] = []
    position, mark = 0, ""
    for match in _SPLIT.finditer(text):
        before = text[position : match.start()].strip(_EDGES)
        if match["mark"].startswith(".") and " " not in before:
            continue  # a name or a title cut short
        parts.append(_Piece(before, mark))
        position, mark = match.end(), match["mark"].strip().casefold()
    parts.append(_Piece(text[position:].strip(_EDGES), mark))
    parts = [part for part in parts if part.text]
    if [part.mark for part in parts[1:]] == [","] and all(_one_name(part) for part in parts):
        return [_Piece(f"{parts[1].text} {parts[0].text}", "")]  # Calloway, Miriam
    joined: list[_Piece] = []
    for part in parts:
        if joined and part.mark in _FAMILY_JOINTS and _one_name(part):
            last = joined.pop()
            joined.append(_Piece(f"{last.text} {part.mark} {part.text}", last.mark))
        else:
            joined.append(part)
    return joined


def _one_name(part: _Piece) -> bool:
    """Say whether the part is one capitalised word in an alphabet that has capitals."""
    word = part.text
    return word[:1].isupper() and word.isalpha() and not word.isupper() and not is_agency(word)


def _person_pieces(pieces: list[_Piece]) -> list[str]:
    """Leave out the parts that follow a person and say what, where or for whom they are."""
    if not pieces:
        return []
    first = pieces[0].text
    whole_names = " " in first or bool(_UNSPACED.search(first))
    kept = []
    for index, piece in enumerate(pieces):
        if _OTHER_WORK.match(piece.text):
            continue
        text = _without_by(_LABEL.sub("", piece.text))
        follows = index > 0 and whole_names and piece.mark in (",", ".", "|", "/", "·", "•", "／")
        if follows and not is_agency(text) and _describes(text, first):
            kept += [said for said in (text.split()[0], _ROLE.sub("", text)) if is_agency(said)][:1]
        else:
            kept.append(text)
    return kept


def _describes(text: str, first: str) -> bool:
    """Say whether what follows a name is a role, a place or an outlet and not one more name."""
    if _PLACE_ALONE.search(text) or _EAST_DATELINE.search(text):
        return True
    if _ROLE.search(text) and not _ROLE.search(first) and not _EAST_ROLE.search(text):
        return True
    if text.isupper() and not first.isupper() and len(text.split()) <= 2:
        return True
    return " " not in text and not _UNSPACED.search(text) and " " in first


def _person(piece: str) -> str:
    name = _EAST_PLACE.sub("", piece.strip(_EDGES))
    parts = _DASH.split(name)
    if len(parts) > 1 and " " in parts[0]:
        name = parts[0]
    name = _EAST_DATELINE.sub("", _EAST_ROLE.sub("", name))
    if _HANGUL.fullmatch(name) and " " in name:
        name = name.split()[0] if len(name.split()[0]) > 1 else name.replace(" ", "")
    role = _ROLE.search(name)
    if role and not (" " not in name[: role.start()] and "news" in role[0].lower()):
        name = name[: role.start()]  # Sky News reporter is nobody
    return _PLACE.sub("", name) if " " in name else name


def _restore_generation(name: str, value: str) -> str:
    """Give 'Jr' its dot back where the byline wrote one."""
    return f"{name}." if _GENERATION.search(name) and f"{name[-2:]}." in value else name


def _case(name: str) -> str:
    """Write a name in capitals as names are written, without an outlet behind it that is not;
    other names as they stand.
    """
    shouted = _SHOUTED.match(name)
    name = shouted[0].rstrip() if shouted else name
    words = name.split()
    if len(words) < 2 or not name.isupper() or not _WITH_CASE.search(name):
        return name
    turkish = bool(_TURKISH.search(name))
    written = [_capitalised(word, turkish=turkish) for word in words]
    return " ".join([written[0][:1].upper() + written[0][1:], *written[1:]])


def _capitalised(word: str, *, turkish: bool) -> str:
    if word.lower() in PARTICLES:
        return word.lower()
    if len(word) <= 2 and word not in _SHORT_GIVEN:
        return word  # initials
    if turkish:
        word = word.replace("I", "ı").replace("İ", "i")
        first = {"ı": "I", "i": "İ"}.get(word[0], word[0].upper())
        return first + word[1:].lower()
    return word.title()
