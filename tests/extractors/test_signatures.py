"""Names that stand in a text, as papers of a country sign it."""

from __future__ import annotations

import pytest

from extractors.signatures import signed_by

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
    ],
)
def test_a_signature_is_found_at_either_end(text: str, names: list[str]) -> None:
    assert signed_by(text) == names


@pytest.mark.parametrize(
    "last",
    [
        "The county paid for half",
        "That is all.",
        "扫码下载APP",
        "Harrow Bay",
        "## What Comes Next",
        "2023 Ann Lee",
    ],
)
def test_a_last_line_that_is_no_name_signs_nothing(last: str) -> None:
    assert signed_by(f"{TEXT}\n{last}") == []


def test_a_name_within_a_text_signs_nothing() -> None:
    lines = [*TEXT.split("\n"), "Lê Hoàng Nam", *TEXT.split("\n")]
    assert signed_by("\n".join(lines)) == []
