"""Names and phrases by which furniture is told from an article, by language. Data."""

from __future__ import annotations

import re

# The same in the languages that sites name their blocks in beside English.
_NOISE_ABROAD = (
    r"lire-?aussi|a-?lire|sur-le-meme-sujet|leggi-?anche|correlat[ie]|lees-?ook|lea-?tambien|"
    r"te-puede-interesar|leia-?(?:mais|tambem)|saiba-?mais|relacionad[oa]s?|mehr-zum-thema|"
    r"lesen-?sie|baca-?juga|lihatjg|linksisip|xem-?them|tin-?lien-?quan|box-tinlienquan|ilgili|"
    r"povezan[eio]|powiazane|podobne|zobacz-?(?:tez|takze)|czytaj-?(?:tez|takze)|souvisejici|"
    r"suvisiace|kapcsolodo|"
    r"werbung|anzeigen?|publicidad|publicidade|publicite|pubblicita|reklam[ay]?|annons|mainos|"
    r"kommentar(?:e|er|bereich|felt)|kommentit|komentar(?:i|ji|ze|ai)|komment(?:y|aarid)|"
    r"comentarios|"
    r"commentaires?|commenti|reacties|yorumlar|kommentek|"
    r"condividi|compartir|compartilhar|partager|teilen|paylas|udostepnij|sdilet|megosztas"
)
NAMED_NOISE = re.compile(
    r"(?:^|(?<!\bno)(?<!\bnon)(?<!without)(?<!\bafter)(?<!\bbefore)"
    r"(?<!\bwith)(?<!\bhas)[\s_-])(?:related|recirc|recommend|read-?(?:more|next|also)|"
    r"more-?(?:on|from|"
    r"stories|news|like)|"
    r"also-?(?:like|read)|see-?also|you-?may|most-?(?:read|popular|viewed|shared)|popular|"
    r"trending|"
    r"news-?letter|sign-?up|subscri(?:be|ption)|promo|outbrain|taboola|zergnet|mgid|advert(?:s|"
    r"isements?|ising)?|ads?|"
    r"sponsor|share|sharing|social|sns|follow-?us|donations?|donate|(?:author|writer)-?(?:bio|box|card|info|profile)|"
    r"comments?|disqus|respond|reactions|breadcrumbs?|pagination|tags?-?(?:list|links|cloud)|"
    r"caption|figcaption|photo-?credit|image-?credit|popup|modal|cookie|consent|gdpr|tooltip|"
    r"popover|"
    r"copyright|correction-?form|report-?error|feedback|app-?(?:banner|promo|download)|"
    r"print-?only|"
    r"visually-?hidden|sr-only|screen-?reader(?:-text)?|audio-?player|video-?player|skip-?link|"
    r"next-?(?:article|story|post)|prev-?(?:article|story|post)|related[a-z]*|recommended|"
    r"(?:featured|related|inline)-?video|paywall-(?:box|banner|message|prompt|offer|barrier|info|gate)|subscriber-offers?|"
    r"talkbacks?|yorum(?:lar)?|external-content|in-?read|about-?(?:the-?)?author|"
    r"auth(?:or)?-?(?:det(?:ails?)?|desc(?:ription)?|about)|(?:instagram|tiktok)-(?:media|"
    r"embed|video)|"
    r"(?:image|img|photo|picture|media|video|foto|bild|player)[_-]{0,2}(?:description|descr?|legend|"
    r"caption|"
    r"copyright|credits?|source|infotext)|infotext|bildunterschrift|bildtext|didascalia|leyenda|"
    r"epigrafe|popisek|carousel|slide-?show|gallery|galerie|galeria|foto-?galerie|"
    r"facts?(?!-?check)|fact-?box|fakta-?(?:boks|ruta)|info-?box|context-?box|"
    r"recommendations|pull[_-]?quotes?|(?:news|latest|articles?|stories|posts?)-?list|latest-?news|"
    r"support-(?:us|box|banner|block)|inline-(?:news|promo)|(?:article|story)[_-]{0,2}errors?|"
    + _NOISE_ABROAD
    + r")(?=$|[\s_-])",
    re.IGNORECASE,
)

# Phrases that lead to another article, in the languages of the feeds; they open a paragraph or
# a heading.
_MORE_NAMES = """
pilihan editor|
read:|read more|read also|read next|
also read|see also|see more|related|related (?:articles?|stories|
news|topics|content|coverage)|more on this|
more from|more:|don'?t miss|must read|recommended|you may (?:also )?(?:like|be interested)|also on|
watch|listen|in pictures|explainer|what to read next|further reading|keep reading|continue reading|
lees ook|lees meer|lesen sie (?:auch|mehr|hier)|mehr zum thema|mehr dazu|auch interessant|
das könnte sie (?:auch )?interessieren|
weitere (?:artikel|meldungen)|lire aussi|à lire(?: aussi)?|a lire aussi|lire la suite|voir aussi|
sur le même sujet|
lea también|lee también|lea además|leer más|ver también|te puede interesar|le puede interesar|
puede interesarle|
más información|noticias? relacionadas?|artículos? relacionados?|leggi anche|leggi tutto|vedi anche|
leia também|leia mais|veja também|saiba mais|читайте (?:также|ещё|еще|по теме)|читать (?:также|
далее|ещё|еще)|смотрите также|
материалы по теме|по теме|читайте також|дивіться також|чытайце таксама|zobacz (?:też|także|
również)|czytaj (?:też|także|więcej|również)|
przeczytaj (?:też|także)|přečtěte si|čtěte (?:také|i|více)|viz také|prečítajte si|läs (?:också|
även|mer)|les også|les mer|
læs også|læs mere|
lue myös|lue lisää|katso myös|ayrıca oku(?:yun|yunuz)?|bunlar da ilginizi|ilgili haber|
olvassa el|kapcsolódó|
citește și|citeşte şi|citeste si|vezi și|прочетете (?:още|също)|вижте още|прочитајте|pročitajte|
procitajte (?:jos|još)|preberite|
διαβάστε (?:επίσης|ακόμη|ακόμα|και)|δείτε (?:επίσης|ακόμη)|
soma (?:zaidi|pia)|مزید پڑھیں|یہ بھی پڑھیں|basahin|
baca juga|baca:|simak juga|lihat juga|
xem thêm|đọc thêm|
اقرأ أيضا|اقرأ أيضاً|إقرأ أيضا|إقرأ أيضاً|اقرأ المزيد|شاهد أيضا|مواضيع ذات صلة|بیشتر بخوانید|
قراءة المزيد|
קרא(?:ו)? (?:עוד|גם)|यह भी पढ़ें|ये भी पढ़ें|और पढ़ें|আরও পড়ুন|อ่านเพิ่มเติม|(?:อ่าน)?(?:ข่าว|เรื่อง|บทความ)ที่เกี่ยวข้อง|
관련 ?기사|관련 ?뉴스|이 기사도|関連記事|関連ニュース|あわせて読みたい|こちらも読む|相关阅读|
相关新闻|相關新聞|阅读下一篇|閱讀下一篇|下一篇|上一篇|延伸閱讀|延伸阅读|更多新聞|看更多|更多报道
"""
# A word's end, or a letter that may begin one: often nothing parts the words from the link after.
MORE = re.compile(
    r"^[\W_]*(?:"
    + _MORE_NAMES.replace("\n", "").strip("|")
    + r")(?=\W|$|(?-i:[A-ZÀ-ÖØ-ÞĂĄĆČĎĐĒĖĘĚĞĢİĪĶĻŁŃŅŇŌŐŘŚŞŠŢȚŤŪŮŰŹŻŽΆΈΉΊΌΎΏΑ-ΩЂ-ЏА-ЯҐ])|"
    r"[\u0e01-\u0e2e\u0e40-\u0e44\u3040-\u30ff\u4e00-\u9fff])",
    re.IGNORECASE,
)

# Headings of boxes that tell who wrote the story, give facts beside it, or ask what readers think.
BOX_HEADINGS = re.compile(
    r"^[\W_]*(?:fakta(?:boks|ruta)?(?::.{0,40})?|fact ?(?:box|file|sheet)|faktenbox|repères|"
    r"en chiffres|"
    r"anketa|(?:reader |online )?poll|umfrage|sondage|encuesta|enquete|sondaggio|sondaj|опрос|"
    r"опитування|"
    r"ankieta|anket|szavazás|gallup|投票|about the (?:authors?|writer)|sobre (?:la firma|"
    r"el autor|la autora|"
    r"[oa]s? autor(?:es|as?)?)|"
    r"über (?:den autor|die autorin|die autoren)|(?:zum autor|zur autorin)|"
    r"(?:à propos de )?l['’]auteur(?:e|rice)?|"
    r"(?:l['’]autore|l['’]autrice|chi è l['’]autore)|over de auteur|om (?:forfatteren|"
    r"författaren|skribenten)|"
    r"o autor(?:ze|ce|ovi|ovi článku|u|ima)|об авторе|про автор(?:а|ку)|a szerzőről|"
    r"despre autor|yazar hakkında|"
    r"tentang penulis|عن الكاتب|على الكاتب|על הכותב(?:ת)?|作者(?:简介|簡介|介紹)|"
    r"この記事を書いた人|筆者紹介)[\W_]*$",
    re.IGNORECASE,
)

# Parts of class names for which trafilatura drops a block, whatever it holds.
TRAFILATURA_DROPS = re.compile(
    r"^shar|social|viral|newsletter|syndication|tags|sidebar|banner|bread-?crumb|button|author|"
    r"avigation|navbar|subnav|menu|bar|(?:^| )ad-| ad |-ad-|widget|footer|Footer|[Bb]yline|share-|"
    r"embed|consent|permission|elated|next-|-stories|more-on|meta|rating|attachment|timestamp|"
    r"user-info|-icon|slide|viewport|overlay|options|expand|obfuscated|blurred|premium|message|"
    r"hidden|[Tt]easer"
)

BODY_LIKE = re.compile(
    r"(?:article|post|entry|story|text|theme)[-_]{0,2}(?:content|body|text)", re.IGNORECASE
)

# Where a house has its rules, or asks for money, and notices link to: right below its front page,
# or its language's or own part's. What lies deeper, as below /tags/, is news.
HOUSE_RULES = re.compile(
    r"^(?:(?:https?:)?//[^/]++)?/?(?:(?:[a-z]{2}(?:[_-][a-z]{2})?|about(?:-us)?|info|legal|help|"
    r"pages?|static|services?|company|corporate|subscriptions?)/)?"
    r"(?:(?:our|site|user|website|general|my)[_-])?(?:privacy|terms|cookies?|"
    r"(?:community|comment(?:s|ing)?)[_-](?:guidelines|policy|rules)|guidelines|house-?rules|netiquette|charte|conditions|datenschutz|agb|"
    r"nutzungsbedingungen|privacidad|condiciones|aviso-legal|privacidade|termos|"
    r"politica-[a-z-]*privacidade|confidentialite|mentions-legales|cgu|privacyverklaring|"
    r"donate|donations?|support(?:-us|-our-work)?|subscribe|membership|spenden|abonnieren|"
    r"abonnements?|soutenir|faire-un-don|hazte-soci[oa]|suscri(?:bete|pcion)|assine|abbonati|"
    r"sostienici|steun-ons|tamogatas|wesprzyj(?:-nas)?|fes-te[n-][\w-]*|"
    r"voorwaarden|integritetspolicy|polityka-prywatnosci|regulamin|gizlilik[a-z-]*)"
    r"(?:[_-](?:policy|statement|notice|of-(?:use|service)|and-conditions|conditions|use|"
    r"service))*(?:\.\w{3,5})?$",
    re.IGNORECASE,
)
# One of these is part of each such address.
_RULE_WORDS = """
privacy terms cookie cookies community comment comments commenting guidelines house houserules
rules netiquette charte conditions datenschutz agb nutzungsbedingungen privacidad condiciones aviso
privacidade termos confidentialite mentions cgu privacyverklaring donate donation donations support
subscribe membership spenden abonnieren abonnement abonnements soutenir don hazte suscribete
suscripcion assine abbonati sostienici steun tamogatas wesprzyj fes voorwaarden integritetspolicy
polityka regulamin gizlilik
"""
RULE_WORDS = frozenset(_RULE_WORDS.split())

COMMENTS = re.compile(
    r"(?:^|\s)(?:top-|user-|reader-)?(?:comments?(?!ary)|kommentar(?:e|er|bereich|felt)\b|"
    r"komentar(?:i|ji|ze|ai)\b|comentarios\b|"
    r"commentaires|commenti\b|reacties|yorumlar|kommentit|komment(?:y|ek)\b)|disqus|"
    r"(?:article|post)-comments",
    re.I,
)
