"""Lines that come along with a text: what is cut, and what only looks like it."""

from __future__ import annotations

import pytest

from extractors.trimming import trim_lines

STORY = (
    "The two sides shook hands shortly before midnight in the back room of the customs house.",
    "Under the terms, the crews will work one Sunday in three instead of every second one.",
    "Shopkeepers along the quay said the past three weeks had cost them a third of their trade.",
)


@pytest.mark.parametrize(
    "line",
    [
        "Copy link",
        "## More:",
        "You may also like...",
        "อ่านข่าวที่เกี่ยวข้อง",
        "Facebook WhatsApp E-mail Print",
        "Imprimir nota | Enviar a un amigo",
        "LINECopy",
        "4 min read",
        "3 dk okuma süresi",
        "Temps de lecture : 5 min",
        "46 Comentarios",
        "Yorumlar (12)",
        "Dette er eksternt innhold fra en annen side. Du må godta for å se det.",
        "External content may contain adverts of others.",
        "Der Artikel wird nach der Anzeige fortgesetzt",
        "Saken fortsetter etter annonsen",
        "請繼續往下閱讀...",
        "Dalszy ciąg artykułu pod galerią",
        "Kövessen minket a Facebookon is!",
        "Urmăriți Gazeta Golfului și pe WhatsApp",
        "Published in The Harrow Bay Courier, May 4th, 2021",
        "Ferries at rest below the customs house. (HB Photo/Ann Calder)",
        "(Borítókép: a kikötő reggel. Fotó: Kovács Ilona / Öböl)",
        "渡轮停靠在海关大楼前。本报记者李明摄",
        "【责任编辑:王芳】",
        "Reporting by Ann Calder on the quay and Tom Reed in the capital; Editing by May Lowe",
        "Mit Informationen von Anna Kald, Küstenradio",
        "פורסם לראשונה: 09:18, 16.06.24",
        "## このニュースをシェア",
        "เฟซบุ๊ก https://fb.me/aowkhao",
        "twitter.com/harrowbaycourier",
        "LINE ไอดี = @aowkhao",
    ],
)
def test_a_line_that_is_none_of_the_story_is_cut(line: str) -> None:
    assert trim_lines("\n".join([*STORY, line, STORY[0]]), (), ()).split("\n") == [*STORY, STORY[0]]


@pytest.mark.parametrize(
    "line",
    [
        "He had kept the line open for an hour, and nobody called.",
        "See also the ledger of 1901, which names the crews one by one.",
        "Print runs of the local paper have halved since the ferry stopped carrying it.",
        "The photo (it shows his mother at the rail) has hung there since the war.",
        "Comments by the mayor did little to calm the crews.",
        "The inquiry took 4 minutes, read out in a voice that could hardly be heard.",
        "The leak was put up at facebook.com/harrowbay for an hour.",
        "Continua a chovere sulla baia, e i traghetti restano in porto.",
    ],
)
def test_a_sentence_that_begins_like_such_a_line_stays(line: str) -> None:
    assert line in trim_lines("\n".join([*STORY, line, STORY[0]]), (), ()).split("\n")


@pytest.mark.parametrize(
    ("last", "names"),
    [
        ("（文・早瀬 由紀）", ("早瀬 由紀",)),
        ("<서지안 기자>", ("서지안",)),
        ("晚报记者 李远 实习生 王小川", ("李远", "王小川")),
        ("Texto: Inés Urdaneta", ("Inés Urdaneta",)),
        ("Lê Nam - Vũ Thị Hoa", ("Lê Nam", "Vũ Thị Hoa")),
    ],
)
def test_the_signature_at_the_end_is_no_text(last: str, names: tuple[str, ...]) -> None:
    told = [*STORY, *STORY]
    assert trim_lines("\n".join([*told, last]), (), names).split("\n") == told


def test_a_last_sentence_that_names_an_author_stays() -> None:
    last = "Ann Calder has lived on the quay for eleven years and owns no car."
    told = "\n".join([*STORY, *STORY, last])
    assert trim_lines(told, (), ("Ann Calder",)).split("\n")[-1] == last
