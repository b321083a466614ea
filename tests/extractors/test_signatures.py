"""Names that stand in a text, as papers of a country sign it."""

from __future__ import annotations

import pytest

from extractors.signatures import signed_by, signed_in_title

TEXT = "The bridge is open again.\nIt took two years.\nNobody was hurt.\nThe county paid for half."


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("（河口社記者張曉薇河口13日電）鎮議會通過舊碼頭整修案。\n預計明年動工。", ["張曉薇"]),
        ("青石社北京9月13日电（记者李远、王小川）廊桥修复完工。\n村民很高兴。", ["李远", "王小川"]),
        ("(한빛=연합) 서지안 기자 = 여객선이 첫 운항을 마쳤다.\n승객은 많았다.", ["서지안"]),
        ("灯台が公開された。\n来場者は八百人。【早瀬由紀、栗原達也】", ["早瀬由紀", "栗原達也"]),
        (f"{TEXT}\nАвтор: Мария Стоянова", ["Мария Стоянова"]),
        (f"{TEXT}\nМария СТОЯНОВА. Фото автора.", ["Мария СТОЯНОВА"]),
        (f"{TEXT}\nMit Informationen von Ute Kald, KKX\n{TEXT}", ["Ute Kald, KKX"]),
        (f"{TEXT}\nLê Hoàng Nam", ["Lê Hoàng Nam"]),
        (f"{TEXT}\nLê Nam - Vũ Thị Hoa", ["Lê Nam", "Vũ Thị Hoa"]),
        (f"{TEXT}\n<서지안 기자>", ["서지안"]),
        ("廊桥修复完工。\n村民很高兴。\n河口晚报记者 李远 实习生 王小川", ["李远", "王小川"]),
        ("灯台が公開された。\n来場者は八百人。\n（早瀬由紀）", ["早瀬由紀"]),
        ("灯台が公開された。\n来場者は八百人。\n（文・早瀬 由紀）", ["早瀬 由紀"]),
        ("灯台が公開された。\n来場者は八百人。\n（高松支局 早瀬 由紀）", ["早瀬 由紀"]),
        ("สะพานเปิดแล้ว\nสมชาย ใจดี / รายงาน", ["สมชาย ใจดี"]),
        ("الميناء نيوز - سلمى الحداد - قرر المجلس إصلاح الجسر.\nوانتهى العمل.", ["سلمى الحداد"]),
    ],
)
def test_a_signature_is_found_at_either_end(text: str, names: list[str]) -> None:
    assert signed_by(text, ("الميناء نيوز",)) == names


@pytest.mark.parametrize(
    "last",
    [
        "The county paid for half",
        "That is all.",
        "扫码下载APP",
        "Harrow Bay",
        "## What Comes Next",
        "2023 Ann Lee",
        "（敬称略）",
        "（社会部）",
        "（東京支社 広報部）",
        "الميناء - مدينة قديمة - لا تنام.",
    ],
)
def test_a_last_line_that_is_no_name_signs_nothing(last: str) -> None:
    assert signed_by(f"{TEXT}\n{last}") == []


def test_a_name_within_a_text_signs_nothing() -> None:
    lines = [*TEXT.split("\n"), "Lê Hoàng Nam", *TEXT.split("\n")]
    assert signed_by("\n".join(lines)) == []


def test_a_title_may_end_with_who_wrote_it() -> None:
    assert signed_in_title(["The bridge that waited, By Ada Nwosu-Bello"]) == ["Ada Nwosu-Bello"]
    assert signed_in_title(["Stranded, by the old bridge", "Death by Water"]) == []
