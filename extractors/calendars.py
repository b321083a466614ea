"""Names of months and time zones as news sites write them. Data, and one rule."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# Twelve names a line, alternatives joined by '/'; inflected forms as they stand in dates.
_NAMES = """
january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sept/sep october/oct november/nov december/dec
januar/jänner/jan februar/feber märz/mär/mrz april mai juni juli august september oktober/okt november dezember/dez
janvier/janv février/fevrier/févr/fév mars avril/avr mai juin juillet/juil août/aout septembre octobre novembre décembre/decembre/déc
enero/ene febrero marzo abril/abr mayo junio julio agosto/ago septiembre/setiembre octubre noviembre diciembre/dic
gennaio/gen febbraio marzo aprile maggio/mag giugno/giu luglio/lug agosto settembre/set ottobre/ott novembre dicembre
janeiro fevereiro/fev março/marco abril maio/mai junho julho agosto setembro outubro/out novembro dezembro
januari februari maart/mrt april mei juni juli augustus september oktober november december
января/январь/янв февраля/февраль/фев марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя/нояб декабря/декабрь/дек
січня/січень/січ лютого/лютий/лют березня/березень/бер квітня/квітень/квіт травня/травень/трав червня/червень/черв липня/липень/лип серпня/серпень/серп вересня/вересень/вер жовтня/жовтень/жовт листопада/листопад грудня/грудень/груд
студзеня лютага сакавіка красавіка мая/траўня чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня
януари февруари март април май юни юли август септември октомври ноември декември
јануар фебруар март април мај јун јул август септембар октобар новембар децембар
siječnja/januar veljače/februar ožujka/mart travnja/april svibnja/maj lipnja/jun srpnja/jul kolovoza/avgust rujna/septembar listopada/oktobar studenoga/studenog/novembar prosinca/decembar
stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec lipca/lipiec sierpnia/sierpień września/wrzesień października/październik - grudnia/grudzień
ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec srpna/srpen září října/říjen - prosince/prosinec
januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra
ocak/oca şubat/şub mart nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki kasım/kas aralık/ara
januari/jan februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november december
januar februar mars april mai juni juli august september oktober november desember/des
tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu toukokuuta/toukokuu kesäkuuta/kesäkuu heinäkuuta/heinäkuu elokuuta/elokuu syyskuuta/syyskuu lokakuuta/lokakuu marraskuuta/marraskuu joulukuuta/joulukuu
ianuarie/ian februarie martie aprilie mai iunie/iun iulie/iul august septembrie octombrie noiembrie/noi decembrie
január/jan február/febr március/márc április/ápr május/máj június/jún július/júl augusztus szeptember/szept október november december
ιανουαρίου/ιανουάριος/ιαν φεβρουαρίου/φεβρουάριος/φεβ μαρτίου/μάρτιος/μαρ απριλίου/απρίλιος/απρ μαΐου/μάιος/μαϊ ιουνίου/ιούνιος/ιουν ιουλίου/ιούλιος/ιουλ αυγούστου/αύγουστος/αυγ σεπτεμβρίου/σεπτέμβριος/σεπ οκτωβρίου/οκτώβριος/οκτ νοεμβρίου/νοέμβριος/νοε δεκεμβρίου/δεκέμβριος/δεκ
يناير فبراير مارس أبريل/ابريل مايو يونيو/يونيه يوليو/يوليه أغسطس/اغسطس سبتمبر أكتوبر/اكتوبر نوفمبر ديسمبر
- شباط آذار نيسان أيار حزيران تموز آب أيلول - - -
ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
ינואר/בינואר פברואר/בפברואר מרץ/במרץ אפריל/באפריל מאי/במאי יוני/ביוני יולי/ביולי אוגוסט/באוגוסט ספטמבר/בספטמבר אוקטובר/באוקטובר נובמבר/בנובמבר דצמבר/בדצמבר
जनवरी फरवरी/फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर/सितम्बर अक्टूबर/अक्तूबर नवंबर/नवम्बर दिसंबर/दिसम्बर
জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর
জানুয়ারি ফেব্রুয়ারি - - - - - - - - - -
มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
januari/jan februari/pebruari maret/mar april mei juni juli agustus/agu september oktober november/nop desember/des
janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvāris/janvārī februāris/februārī marts/martā aprīlis/aprīlī maijs/maijā jūnijs/jūnijā jūlijs/jūlijā augusts/augustā septembris/septembrī oktobris/oktobrī novembris/novembrī decembris/decembrī
janúar/jan febrúar/feb mars/mar apríl/apr maí júní/jún júlí/júl ágúst/ágú september/sep október/okt nóvember/nóv desember/des
јануари февруари март април мај јуни јули август септември октомври ноември декември
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
januari februari mac april mei jun julai ogos september oktober november disember
januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba
enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
sty lut mar kwi maj cze lip sie wrz paź lis gru
جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر
ஜனவரி பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட் செப்டம்பர் அக்டோபர் நவம்பர் டிசம்பர்
ม.ค ก.พ มี.ค เม.ย พ.ค มิ.ย ก.ค ส.ค ก.ย ต.ค พ.ย ธ.ค
فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند
იანვარი/იან თებერვალი/თებ მარტი/მარ აპრილი/აპრ მაისი/მაი ივნისი/ივნ ივლისი/ივლ აგვისტო/აგვ სექტემბერი/სექ ოქტომბერი/ოქტ ნოემბერი/ნოე დეკემბერი/დეკ
հունվարի/հունվար փետրվարի/փետրվար մարտի/մարտ ապրիլի/ապրիլ մայիսի/մայիս հունիսի/հունիս հուլիսի/հուլիս օգոստոսի/օգոստոս սեպտեմբերի/սեպտեմբեր հոկտեմբերի/հոկտեմբեր նոյեմբերի/նոյեմբեր դեկտեմբերի/դեկտեմբեր
yanvar fevral mart aprel may iyun iyul avqust/avgust sentyabr oktyabr noyabr dekabr
қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
જાન્યુઆરી ફેબ્રુઆરી માર્ચ એપ્રિલ મે જૂન જુલાઈ ઓગસ્ટ સપ્ટેમ્બર ઓક્ટોબર નવેમ્બર ડિસેમ્બર
जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर
జనవరి ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జులై ఆగస్టు సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్
ಜನವರಿ ಫೆಬ್ರವರಿ ಮಾರ್ಚ್ ಏಪ್ರಿಲ್ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗಸ್ಟ್ ಸೆಪ್ಟೆಂಬರ್ ಅಕ್ಟೋಬರ್ ನವೆಂಬರ್ ಡಿಸೆಂಬರ್
ജനുവരി ഫെബ്രുവരി മാർച്ച് ഏപ്രിൽ മേയ് ജൂൺ ജൂലൈ ഓഗസ്റ്റ് സെപ്റ്റംബർ ഒക്ടോബർ നവംബർ ഡിസംബർ
ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr
xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro
jannar frar marzu april mejju ġunju lulju awwissu settembru ottubru novembru diċembru
яну фев мар апр май юни юли авг сеп окт ное дек
sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio
"""  # noqa: E501

# The row of فروردین names the months of the Iranian calendar, whose years tell it.
# 'listopad(u)' is October in Croatian and November in Polish, Czech and Ukrainian (there in
# other letters); the plain form below is by far the more frequent one in news.
_AMBIGUOUS = {"listopad": 11, "listopadu": 11}


def _months() -> dict[str, int]:
    table: dict[str, int] = {}
    for line in _NAMES.strip().splitlines():
        for number, names in enumerate(line.split(), start=1):
            for name in names.split("/"):
                if name != "-":
                    table.setdefault(name, number)
    return table | _AMBIGUOUS


MONTHS: dict[str, int] = _months()

# Abbreviations to minutes east of UTC. Where one stands for two zones, the news that writes it
# decides: BST is Britain, IST India, CST the United States. Military letters other than Z are
# left out: RFC 2822 found them used both ways.
ZONES: dict[str, int] = {
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
    "PDT": -420, "AST": -240, "ADT": -180, "AKST": -540, "AKDT": -480, "HST": -600, "NST": -210,
    "NDT": -150, "BRT": -180, "ART": -180, "CLT": -240, "CLST": -180, "COT": -300, "PET": -300,
    "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "MET": 60,
    "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "МСК": 180, "MSD": 240, "TRT": 180,
    "IDT": 180, "SAST": 120, "CAT": 120, "EAT": 180, "WAT": 60,
    "GST": 240, "PKT": 300, "IST": 330,
    "NPT": 345, "ICT": 420, "WIB": 420, "WITA": 480, "WIT": 540, "HKT": 480, "SGT": 480,
    "MYT": 480, "PHT": 480, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630,
    "AEST": 600, "AEDT": 660, "VLAT": 600, "NZST": 720, "NZDT": 780,
}  # fmt: skip

_US_STANDARD = {"ET": -300, "CT": -360, "MT": -420, "PT": -480}


# Years that only the Iranian calendar counts so in our time: 1992 to 2031; the Islamic one is
# past 1412 all along.
IRANIAN_YEARS = range(1371, 1411)
_THAI_YEARS = range(2440, 2644)
_THAI_EPOCH = 543


def common_day(day: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return (year, month, day) of the Gregorian calendar for a day written in it, in the
    Iranian or in the Thai one, told apart by the year.
    """
    year, month, number = day
    if year in _THAI_YEARS:
        return year - _THAI_EPOCH, month, number
    if year not in IRANIAN_YEARS:
        return day
    # 1371 to 1411: leap years every four from 1375, but 1408 instead of 1407 (33-year cycle).
    leaps = sum(1 for past in range(1371, year) if past in _IRANIAN_LEAP)
    before = min(month - 1, 6) * 31 + max(month - 7, 0) * 30
    date = _NOWRUZ_1371 + timedelta(days=365 * (year - 1371) + leaps + before + number - 1)
    return date.year, date.month, date.day


# The year before each era's first, which is written 元: Reiwa, Heisei, Shōwa, Republic of China.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA_YEAR = re.compile(f"({'|'.join(_ERAS)})\\s?(\\d{{1,3}}|元)\\s?年")


# 주체114(2025)년 6월 11일; 주체114.6.11
_JUCHE_YEAR = re.compile(r"주체\s?(\d{2,3})(?:\s?\(\d{4}\))?\s?(?=[.년])")
_JUCHE_EPOCH = 1911


def common_years(text: str) -> str:
    """Return `text` with years of Japanese eras, the Republic of China and North Korea in the
    common count.
    """
    text = _JUCHE_YEAR.sub(lambda found: str(_JUCHE_EPOCH + int(found[1])), text)
    return _ERA_YEAR.sub(
        lambda found: f"{_ERAS[found[1]] + (1 if found[2] == '元' else int(found[2]))}年", text
    )


_NOWRUZ_1371 = datetime(1992, 3, 21)  # noqa: DTZ001  (a day, no moment)
_IRANIAN_LEAP = frozenset({1375, 1379, 1383, 1387, 1391, 1395, 1399, 1403, 1408})


def us_offset(name: str, at: datetime) -> timedelta:
    """Return the offset of ET, CT, MT or PT at the naive local time `at`.

    Daylight time runs from the second Sunday of March to the first of November, 02:00 local
    (Energy Policy Act of 2005, in force since 2007).
    """
    start = _sunday(at.year, 3, 2)
    end = _sunday(at.year, 11, 1)
    saving = 60 if start <= at < end else 0
    return timedelta(minutes=_US_STANDARD[name] + saving)


def _sunday(year: int, month: int, nth: int) -> datetime:
    first = datetime(year, month, 1, 2)  # noqa: DTZ001  (local time by definition)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
