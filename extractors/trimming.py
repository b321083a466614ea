"""Lines that came along with an article's text and are none of it."""

from __future__ import annotations

import re

from extractors.dates import parse_date
from extractors.furniture import MORE
from extractors.titles import fold

# Whole lines that call to subscribe, follow, share or install, credit a picture, or close a page.
# In small letters, as lines are made for them: to overlook case costs twice the time.
_CALLS = re.compile(
    r"^[\W_]*(?:"
    r"(?:please )?(?:subscribe|sign up|sign in|log in|register)\b.{0,160}|(?:click|"
    r"tap) here\b.{0,120}|"
    r"(?:follow|like|join|find|connect with) (?:us|our|me|him|her)\b.{0,140}|"
    r"follow .{2,60} on (?:twitter|facebook|instagram|x|telegram)\b.{0,100}|"
    r"get (?:the|our|all|more|breaking|your)\b.{0,100}(?:inbox|newsletters?|app|alerts?|"
    r"headlines|updates)\b.{0,80}|"
    r"download (?:the|our)\b.{0,60}\bapp\b.{0,60}|(?:listen|watch|read) (?:to )?(?:us|live|"
    r"more)\b.{0,80}|"
    r"(?:have|got) (?:a|any) (?:news )?tips?\b.{0,200}|(?:write|email|contact|"
    r"reach)\b.{0,80}\bat \S+@\S+.{0,60}|"
    r"(?:send|email) .{0,60}\S+@\S+\.\w+|like this (?:story|article)\b.{0,80}|share this\b.{0,60}|"
    r"(?:this (?:copy|article|story|material) (?:is for your personal|may not be))\b.{0,200}|"
    r"(?:story|article) continues (?:below|after)\b.{0,60}|scroll (?:down )?(?:to|for)\b.{0,60}|"
    r"advertisements?|sponsored(?: content)?|promoted|loading\W*|comments?|leave a (?:comment|"
    r"reply)|\d+ comments?|"
    r"all rights reserved.{0,80}|©.{0,120}|copyright\b.{0,140}|order reprints|print article|"
    r"view (?:all )?comments|show more|load more|back to top|more information|"
    r"recommended(?: videos?| stories)?|"
    r"if you buy something through.{0,140}|thanks for signing up.{0,80}|"
    r"keep an eye on your inbox.{0,80}|"
    r"anzeige|werbung|newsletter.{0,60}|abonnieren sie.{0,100}|melden sie sich.{0,120}|"
    r"folgen sie uns.{0,100}|"
    r"publicité|abonnez-vous.{0,100}|suivez-nous.{0,100}|inscrivez-vous.{0,120}|"
    r"publicidad|suscr[ií]b(?:ete|ase)\b.{0,120}|s[ií]gu?[ea](?:nos|nos en)\b.{0,100}|"
    r"pubblicità|iscriviti\b.{0,120}|segui(?:ci)?\b .{0,60}(?:facebook|twitter|instagram|"
    r"telegram|whatsapp).{0,40}|"
    r"publicidade|assine\b.{0,100}|siga\b.{0,60}(?:facebook|twitter|instagram|whatsapp|"
    r"telegram).{0,60}|inscreva-se.{0,100}|"
    r"реклама|подпис(?:ывайтесь|аться|ывайся)\b.{0,140}|читайте нас\b.{0,100}|"
    r"следите за\b.{0,60}(?:telegram|телеграм|вконтакте|дзен).{0,60}|"
    r"підпис(?:уйтесь|уйтеся|уйся|атися)\b.{0,140}|читайте нас\b.{0,100}|следуйте за нами.{0,80}|"
    r"reklama|zapisz się\b.{0,120}|obserwuj nas.{0,100}|advertentie|abonneer\b.{0,80}|"
    r"schrijf je in\b.{0,100}|"
    r"få .{2,40} i (?:din|inn) inkorg.{0,40}|.{0,60}voit keskustella aiheesta.{0,60}|"
    r"already a subscriber\b.{0,60}|you have read all .{0,80}|continue reading with.{0,60}|"
    r"annons|mainos|reklam|bizi takip edin.{0,80}|abone ol\b.{0,80}|إعلان|اشترك\b.{0,100}|"
    r"تابعنا\b.{0,80}|تابعونا\b.{0,80}|"
    r"広告|スポンサーリンク|(?:この|本)?(?:記事|ニュース|ページ)をシェア.{0,40}|無断転載.{0,40}|ⓒ.{0,100}|저작권자.{0,100}|"
    r"무단.{0,6}전재.{0,60}|"
    r"(?:责任编辑|責任編輯|编辑|校对|来源)\s*[::].{0,40}|[(\[【]?(?:责任编辑|責任編輯|"
    r"编辑)[::].{0,40}|点击.{0,20}(?:下载|关注).{0,40}|"
    r"(?:\(|\[)?except for the headline, this story.{0,160}|"
    r"for (?:all )?the latest .{0,40}(?:news|updates)\b.{0,160}|(?:edited|reporting|compiled|"
    r"writing) by .{2,120}(?:; ?(?:editing|writing|reporting|additional) .{0,120})|"
    r"a version of this (?:article|story|column|review).{0,230}|\d+ shares?|"
    r"dieses thema im programm.{0,200}|über dieses thema berichtet.{0,200}|"
    r"our standards: .{0,60}trust principles.{0,20}|(?:first )?published on:? .{0,60}\d{4}.{0,20}|"
    r"il vous reste .{0,60}à (?:lire|découvrir).{0,80}|la suite est réservée.{0,80}|"
    r"cet article est réservé.{0,80}|retrouvez (?:tou(?:te|s)|notre|nos)\b.{0,160}|"
    r"(?:sigue|siga|sigan|puedes seguir|suscr[ií]bete)\b.{0,120}(?:facebook|twitter|whatsapp|"
    r"telegram|newsletter|google news|instagram|\bx\b).{0,80}|"
    r"©? ?riproduzione riservata.{0,60}|"
    r"tutti i diritti riservati.{0,60}|todos (?:los|os) (?:derechos|direitos) reservados.{0,60}|"
    r"dziękujemy, że przeczyta.{0,160}|wszelkie prawa zastrzeżone.{0,60}|"
    r"mehr (?:zum thema|dazu|aus)\b.{0,100}|das könnte sie auch.{0,60}|"
    r"mit (?:material|informationen) (?:von|der).{0,60}|"
    r"lees (?:ook|meer|verder)\b.{0,140}|läs (?:också|mer|även)\b.{0,140}|les også\b.{0,140}|"
    r"læs også\b.{0,140}|lue (?:myös|lisää)\b.{0,140}|čtěte (?:také|více)\b.{0,140}|"
    r"zobacz (?:też|także|również)\b.{0,140}|czytaj (?:też|także|więcej)\b.{0,140}|"
    r"olvass(?:a|on) (?:el|tovább)\b.{0,140}|citește și\b.{0,140}|"
    r"urm[ăa]re[șs]te.{0,60}google news.{0,60}|"
    r"ακολουθήστε .{0,140}(?:google news|facebook|viber|instagram).{0,80}|διαβάστε (?:επίσης|"
    r"ακόμ[ηα])\b.{0,140}|последвайте ни\b.{0,120}|пратите нас\b.{0,120}|pratite nas\b.{0,120}|"
    r"simak .{0,100}(?:whatsapp|ponselmu|telegram|google news|youtube).{0,80}|baca juga\b.{0,140}|"
    r"xem thêm\b.{0,140}|mời quý .{0,140}|haberin devamı.{0,60}|kaynak:.{0,60}|"
    r"この記事は有料.{0,80}|有料(?:会員|記事).{0,60}|【関連記事】.{0,80}|(?:続きを読む|"
    r"もっと見る)|"
    r"[（(]?(?:編輯|译者|譯者|核稿|责编|責編|记者|作者)[:：].{1,30}[)）]?\d{0,10}|"
    r"本(?:網站|网站|報|文).{0,20}(?:不得轉載|授權|转载|版权).{0,60}|(?:更多|延伸閱讀|"
    r"延伸阅读)[:：].{0,60}|"
    r"(?:\S{2,4}\s)?기자\s*=?\s*\S+@\S+|\S{2,5}\s?기자\s\S+@\S+.{0,30}|.{0,20}무단\s?전재.{0,60}|"
    r"(?:published|first published|appeared) in .{2,40}, .{0,30}\d{4}|"
    r"follow us on social media|(?:join|follow) (?:us on |our )?.{0,40}(?:telegram|"
    r"whatsapp) (?:channel|group).{0,60}|"
    r"\d{1,3} ?(?:min(?:ute)?s?\.?|dk\.?|мин(?:ут[аы]?)?\.?|хв\.?|分) ?(?:read(?:ing time)?|"
    r"de (?:lectura|lecture)|(?:de )?leitura|"
    r"okuma(?: süresi)?|чтения|на чтение|читання|czytania|lesezeit|di lettura|leestijd|で読める)|"
    r"(?:tiempo de lectura|temps de lecture|lecture|lesezeit|leestijd|lästid|lesetid|læsetid|"
    r"lukuaika|czas czytania|"
    r"время (?:на )?чтени[яе]|час читання|okuma süresi)\s*[::]?\s*(?:ca\.? )?\d{1,3}.{0,12}|"
    r"(?:(?:\d[\d.,]* )?(?:comments?|comentarios?|comentários?|commentaires?|commenti|"
    r"kommentare?|kommentarer|"
    r"reacties|komentarz[ey]?|komentářů|komentara?|yorum(?:lar)?|комментари(?:ев|й|и|я)|"
    r"коментар(?:і|ів)|comentarii)\W*(?:\(\d+\))?)|"
    r"(?:dette er |det här är |dies ist )?(?:eksternt innhold|externt innehåll|externer inhalt|"
    r"external content|"
    r"contenu externe|contenido externo|conteúdo externo|contenuto esterno)\b.{0,160}|"
    r"(?:der )?(?:artikel|text) (?:wird|geht) .{0,30}(?:fortgesetzt|weiter).{0,30}|"
    r"(?:saken|artikkelen|artikeln|artiklen|texten|teksten) fort(?:setter|sätter|"
    r"sættes?)\b.{0,60}|"
    r"(?:de tekst|het artikel|(?:dit|deze) (?:artikel|tekst)|artikel|tekst) (?:gaat (?:verder|"
    r"door)|loopt door)\b.{0,60}|"
    r"juttu jatkuu\b.{0,60}|(?:dalsz[ya] (?:ciąg|część)|ciąg dalszy)\b.{0,80}|(?:článek|"
    r"text) pokračuje\b.{0,60}|"
    r"(?:la (?:noticia|nota)|el (?:artículo|texto)|a (?:notícia|matéria)|o (?:texto|artigo)|"
    r"l['’]articolo) contin[uú]a\b.{0,60}|"
    r"continua (?:após|depois d|dopo) .{0,40}|la suite après .{0,40}|(?:продолжение|"
    r"продовження) (?:после|ниже|під|після)\b.{0,40}|"
    r"[请請][继繼][续續]往下[阅閱][读讀]|(?:続きは)?広告の(?:後|下)に続きます?|เนื้อหาต่อจากโฆษณา|"
    r"kövesse[n]? .{0,80}(?:facebook|google|instagram|telegram|youtube|\bx\b).{0,40}|követem|"
    r"urm[ăa]ri[țţt]i .{0,100}(?:google news|whatsapp|facebook|telegram|youtube).{0,60}|"
    r"więcej takich informacji.{0,80}|chcesz zainteresować nas.{0,200}|tips oss|"
    r"vet du noe om denne saken.{0,120}|(?:har du|do you have) (?:ett |et |a )?tips.{0,160}|"
    r"(?:читать|читайте) .{0,20}(?:telegram|дзен|телеграм).{0,40}|"
    r"(?:آخر تحديث|تاريخ النشر|تم النشر|آخرین به.?روزرسانی)\s*[::].{0,60}|"
    r"(?:פורסם(?: לראשונה)?|עודכן)\s*[::].{0,40}|"
    r"(?:oluşturulma|güncelle(?:n)?me|yayın(?:lanma)?|giriş) tarihi\s*[::]?.{0,40}|"
    r"(?:【纠错】\s*)?【?责任编辑\s*[::].{0,20}】?|"
    r"theo dõi .{0,60}(?:facebook|google news|zalo|youtube).{0,40}|ikuti .{0,60}(?:google news|"
    r"whatsapp|telegram).{0,60}"
    r")[\W_]*$",
)  # fmt: skip
# Closing lines only: in the middle of a text they may be part of it.
_CLOSING = re.compile(
    r"^[\W_]*(?:(?:source|źródło|quellen?|fuentes?|fonte|zdroj|forrás|kilde|källa|bron|lähde|"
    r"kaynak|"
    r"джерело|источник|източник|извор|izvor|πηγή|nguồn|sumber|출처|来源|來源)\s*[:：].{0,60}|"
    r"with inputs? from .{0,60}|leggi (?:anche|tutto)\b.{0,140}|"
    r".{3,60}, \d{1,2}\.\d{1,2}\.\d{4}, \d{1,2}:\d{2} uhr.{0,40}|"
    r"《.{2,20}》\s?（.{0,20}\d{4}年.{0,30}）)[\W_]*$",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"^[\W_]*(?:photos?|image|picture|pic|file photo|foto|fotos|bild|quelle|photo credit|"
    r"image credit|"
    r"crédit(?:s)?(?: photo)?|foto di|фото|снимка|снимки|зображення|изображение|zdjęcie|fot\.|"
    r"kuva|"
    r"fotó|ảnh|φωτογραφία|nuotr\.?|ljósmynd|mynd|ภาพ|ভিডিও|ছবি|צילום|תמונה|عکس|사진|写真|図|صورة)"
    r"\s*(?:[::©/]|by\b|credit|courtesy).{0,120}$",
    re.IGNORECASE,
)
# A line that ends in its photographer is a caption: … (AP Photo/Ann Lee), … 摄.
_CAPTION = re.compile(
    r"^(?:.*[(\[](?:[^()\[\]]{0,120}[\s.:—–-])?(?:photos?|foto(?:s|graf[íi]a)?|fotó|фото|"
    r"zdjęcie|bild|kuva|image)"
    r"(?: (?:by|credit|d['’e]|di|von|av))?\s?[:/©][^()\[\]]{2,60}[)\]]|"
    r".{4,90}\s?[\u4e00-\u9fff·]{2,5}\s?[摄攝])[\W_]*$",
    re.IGNORECASE,
)
# Lines of nothing but the names of buttons.
_BUTTONS = re.compile(
    r"^[\W_]*(?:(?:facebook|twitter|x(?:\.com)?|line|copy(?: link| url)?|whats ?app|telegram|"
    r"e-?mail|print|pinterest|linkedin|"
    r"reddit|flipboard|messenger|viber|pocket|share|save|threads|bluesky|copiar (?:enlace|"
    r"link)|copier le lien|"
    r"copia(?:ză)? link(?:ul)?|link kopieren|kopiuj link|kopírovat odkaz|linki? kopyala|"
    r"kopier lenke|kopiera länk|"
    r"imprimir(?: (?:nota|noticia))?|enviar (?:a un amigo|por (?:e-?mail|correo))|"
    r"volver a (?:portada|inicio)|"
    r"publicerad|uppdaterad|publisert|oppdatert|publiceret|opdateret|julkaistu|päivitetty|"
    r"veröffentlicht|"
    r"aktualisiert|published|updated|publié|mis à jour|publicado|actualizado|atualizado|"
    r"pubblicato|"
    r"aggiornato|gepubliceerd|bijgewerkt|opublikowano|aktualizacja|publikováno|aktualizováno|"
    r"опубликовано|обновлено|опубліковано|оновлено|"
    r"スクラップ|シェア(?:する)?|印刷|保存|分享|打印|공유|인쇄|스크랩)(?:[\W_]+|$|(?=[a-z])))+$",
)
_ADDRESS = re.compile(r"^[\W_]*(?:https?://|www\.)\S+$", re.IGNORECASE)
# Where to follow the house: a few words and an address of a network.
_FOLLOW = re.compile(
    r"^(?:[\W_]*[^\W_]\S*[\W_]+){0,3}(?:(?:https?://)?(?:www\.|m\.)?(?:facebook\.com|fb\.(?:me|com)|"
    r"twitter\.com|x\.com|instagram\.com|t\.me|youtube\.com|youtu\.be|line\.me|tiktok\.com|vk\.com|"
    r"ok\.ru|whatsapp\.com|wa\.me|paypal\.me|patreon\.com)/\S*|[=:：]\s*@\w+)[\W_]*$",
    re.IGNORECASE,
)
_CORRECT = re.compile(r"ctrl\W{1,3}enter")  # who finds a mistake may mark it
_LABELS = re.compile(r"(?:\w{1,12}\s?[:：]\s?)+")  # 出版：更新： of which the dates were cut
_NO_WORD = re.compile(r"[\W_]+")
# Desks sign with letters: (rip/dnu), fan/dpa.
_INITIALS = re.compile(r"[(\[]?[^\W\d_]{2,4}(?:\s?[/,;]\s?[^\W\d_]{2,5}){1,3}[)\]]?$")
_TOP_LINES = 4  # lines at the top where the title and the byline may stand again
_TOP_DATES = 8
_LONGEST_CALL, _LONGEST_BUTTONS, _LONGEST_MORE, _LONGEST_FOLLOW = 260, 80, 40, 100
_CAPTION_ENDS = frozenset(")]摄攝|）")
_LONGEST_ABOUT = 400
_LONGEST_SIGNATURE, _NAMES_SHARE = 80, 4
_ABOUT = re.compile(
    r"(?:is|was|covers|writes|reports|works|joined|"
    r"has (?:been|covered|worked|written)|ist|arbeitet|"
    r"schreibt|est|couvre|es|cubre|trabaja|escribe|è|scrive|é|cobre|escreve|jest|pracuje|je|är|er|"
    r"skriver|on)\b"
)


def trim_lines(text: str, titles: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return `text` without the lines that are no part of the article.

    `titles` are what the page calls itself: such a line at the top is the title again; `names`
    are its authors: a short line at the top that is little more than them, or than a date, is the
    byline.
    """
    lines = text.split("\n")
    heads = {_bare(title) for title in titles if title}
    people = [
        fold(name) for name in names if len(name) > 4 or (len(name) > 1 and not name.isascii())
    ]
    kept = [
        line
        for index, line in enumerate(lines)
        if not (index < _TOP_LINES and _repeats_head(line, heads, people))
        and not (index < _TOP_DATES and _is_date(line, 80 if index < _TOP_LINES else 45))
        and not (min(index, len(lines) - 1 - index) < _TOP_LINES and _ADDRESS.match(line))
        and not _is_call(line)
    ]
    while len(kept) > 1 and any(test(kept[-1], people) for test in (_closes, _is_about, _signs)):
        kept.pop()
    return "\n".join(kept)


def _repeats_head(line: str, heads: set[str], people: list[str]) -> bool:
    if len(line) > 250:
        return False
    folded = fold(line.lstrip("#- "))
    if _bare(folded) in heads:
        return True
    if len(line) < 16 and _LABELS.fullmatch(line):
        return True
    return len(line) < 80 and any(name in folded and len(name) * 3 > len(folded) for name in people)


def _signs(line: str, people: list[str]) -> bool:
    """Say whether a last line is little more than the authors' names: （文・早瀬由紀）."""
    if len(line) >= _LONGEST_SIGNATURE:
        return False
    folded = fold(line)
    return _NAMES_SHARE * sum(len(name) for name in people if name in folded) > len(folded)


def _closes(line: str, _: list[str]) -> bool:
    """Say whether a last line is a lead-in whose list was cut, a source, or a desk's initials."""
    if len(line) > _LONGEST_CALL:
        return False
    lead_in = line.rstrip().endswith(":") and len(line) < 60
    return lead_in or bool(_INITIALS.match(line)) or bool(_CLOSING.match(line))


def _is_date(line: str, longest: int) -> bool:
    """Say whether a line is little more than a date; a dash before it signs a quotation."""
    if (
        len(line) >= longest
        or line.startswith("—")
        or not any(char.isdigit() for char in line)
        or len(line.split()) >= 12
    ):
        return False
    return parse_date(line)[0] is not None


def _is_about(line: str, people: list[str]) -> bool:
    """Say whether a last line is an author's name, or tells who the author is."""
    folded = fold(line[:_LONGEST_ABOUT])
    for name in people:
        if folded.startswith(name):
            rest = folded[len(name) :].strip(" .,")
            return not rest or (len(line) < _LONGEST_ABOUT and bool(_ABOUT.match(rest)))
    return False


def _bare(title: str) -> str:
    """Return the letters and digits of a title: a kicker may stand before it in other marks."""
    return _NO_WORD.sub("", fold(title)) or title


def _is_call(line: str) -> bool:
    if len(line) > _LONGEST_CALL:
        return False
    small = line.lower()
    buttons = len(line) < _LONGEST_BUTTONS and _BUTTONS.match(small)
    if (
        len(line) < _LONGEST_MORE
        and (more := MORE.match(line))
        and not line[more.end() :].strip(" :.…»>|-")
    ):
        return True
    if "ctrl" in small and _CORRECT.search(small):
        return True
    if len(line) < _LONGEST_FOLLOW and ("/" in line or "@" in line) and _FOLLOW.match(line):
        return True
    return bool(buttons or _CALLS.match(small) or _CREDIT.match(line) or _is_caption(line))


def _is_caption(line: str) -> bool:
    return line.rstrip()[-1:] in _CAPTION_ENDS and bool(_CAPTION.match(line))
