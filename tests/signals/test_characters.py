"""Bytes that were misread, and signs that nobody sees."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.signals import characters
from tests.signals import answers

measured = partial(answers.measured, characters.characters)

WORDS = [
    "Straße über",
    "naïve façade",
    "la niña mañana",
    "“don’t” – it’s…",
    "25 € für 10 £",
    "smørrebrød",
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252", "cp1250", "mac-roman"])
def test_utf8_misread(word, wrong):
    garbled = word.encode().decode(wrong, "replace")
    assert measured(f"So {garbled} it is.")["mojibake"][0] is not None


@pytest.mark.parametrize("word", ["Здравствуйте, как дела?", "Привет"])
def test_cyrillic_misread(word):
    for wrong in ("cp1251", "cp1252", "latin-1"):
        assert measured(word.encode().decode(wrong, "replace"))["mojibake"][0] is not None


@pytest.mark.parametrize(
    "text",
    [
        *("日本語".encode().decode("cp1252", "replace"), "naÃ¯ve", "Ã  bientÃ´t", "Â©", "ï»¿Title"),
        *("Theyâre", "donâ??t", "lost \ufffd here", "ï¿½", "a film \x96 dull", "Rá»\x93i"),
    ],
)
def test_other_marks(text):
    assert measured(text)["mojibake"][0] is not None


@pytest.mark.parametrize(
    "text",
    [
        *WORDS,
        "NÃO SEI. PÃO DE AÇÚCAR. IMPORTAÇÃO À VISTA. Ação, irmã, São Paulo, à 5 €",
        "« Là-bas ! » dit-elle — à l’hôtel « Château » ; 25 °C",
        "Łódź, źdźbło, żółć, Kraków; Škoda, Dvořák; Țară, râs, pâte, dégât, âme",
        "Rồi, ở Hà Nội. Đặng Thị Ngọc Ánh",
        "В России Рязань, Рим, Съёмки; Рё и Сі",
        "Ελλάδα; עברית; العربية; हिन्दी; ไทย; 中文“引号”——；日本語；한국어",
        "½ × 3 ± 2 µm ™ © ® § ¶ † ‡ • √2 ≈ 1,41 ∞",
        "√2, √π, √(a² + b²), √∑x; Ăsta e; Äpfel, Ĺ",
    ],
)
def test_legitimate_text(text):
    assert measured(text).row(0) == (None, None, None)


def test_rows_about_encodings_are_left_alone():
    assert measured("In UTF-8 read as Latin-1, é looks like Ã©.")["mojibake"][0] is None


@pytest.mark.parametrize(
    ("text", "invisible", "bidi"),
    [
        ("a\u200bb", "U+200B", None),
        ("\ufeffa", "U+FEFF", None),
        ("any\u00adbody", "U+00AD", None),
        ("a\u200d b\u200c", "U+200D, U+200C", None),
        ("a\u2060\u2060", "U+2060", None),
        ("hi\U000e0049\U000e0067", "U+E0049, U+E0067", None),
        ("a \u202egpj.exe", None, "U+202E"),
        ("a\u200e", None, "U+200E"),
        ("שלום \u202eabc\u202c", None, "U+202E"),  # an override is never needed
        ("👨‍👩‍👧 🏳️‍🌈 ❤️‍🔥 👩🏽‍🔬 🏴󠁧󠁢󠁥󠁮󠁧󠁿", None, None),
        ("می‌خواهم क्‍ष", None, None),
        ("ภาษา\u200bไทย 中文\u200b字", None, None),
        ("שלום\u200f! \u2067مرحبا\u2069", None, None),
        ("10\u00a0km, 5\u202f%, a\u2009b", None, None),
    ],
)
def test_unseen(text, invisible, bidi):
    made = measured(text)
    shown = [value and value.removeprefix("assistant 2: ") for value in made.row(0)[1:]]
    assert shown == [invisible, bidi]


@given(
    st.text(
        alphabet=st.sampled_from("a \u200b\u200d\u202e\u200f\ufeff👩🔬שی中\U0001f3f4\U000e0067")
    )
)
def test_what_is_found_is_what_is_taken_out(text):
    clean = characters.without_invisible(text)
    assert (clean != text) == bool([*characters.invisible(text), *characters.bidi(text)])
    seen = [sign for sign in text if sign in "a 👩🔬שی中"]
    assert [sign for sign in clean if sign in "a 👩🔬שی中"] == seen


@pytest.mark.parametrize(
    ("text", "meant", "read"),
    [
        ("Die Straßen sind schön, überall blühen Bäume.", "utf-8", "cp1251"),
        ("La niña pequeña va al jardín mañana.", "utf-8", "gbk"),
        ("La niña pequeña va al jardín mañana.", "utf-8", "shift_jis"),
        ("Smørrebrød på bordet", "utf-8", "big5"),
        ("Crème brûlée, déjà très sucrée", "utf-8", "cp1253"),
        ("Crème brûlée, déjà très sucrée", "utf-8", "cp1257"),
        ("Příliš žluťoučký kůň úpěl.", "utf-8", "koi8_r"),
        ("Καλημέρα, τι κάνεις;", "utf-8", "cp437"),
        ("Привет, как дела сегодня?", "utf-8", "mac_roman"),
        ("Привет, как дела сегодня?", "cp1251", "latin-1"),
        ("Привет, как дела сегодня?", "koi8_r", "cp1251"),
        ("Привет, как дела сегодня?", "cp1251", "koi8_r"),
    ],
)
def test_other_code_pages(text, meant, read):
    assert measured(text.encode(meant).decode(read, "replace"))["mojibake"][0] is not None
    assert measured(text)["mojibake"][0] is None


@pytest.mark.parametrize(
    "text",
    [
        *("HeÂ said it.", "Itâ€s fine.", "Wait. Â Then go.", "Two Â  hours"),
        "He said â€œyesâ€ to it.",
    ],
)
def test_signs_left_alone(text):
    assert measured(text)["mojibake"][0] is not None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Â Bientôt",
            "A股市场今天上涨。",
            "Kitty猫 and U盘",
            "мРНК ВАКЦИНЫ",
            "кВт и МВт",
            "СКИДКИ НА ВСЁ",
        ),
        *(
            "àâäéèêëîïôùûüÿ",
            "äöü ÄÖÜ",
            "x├──y",
            "α-helix, β₂ and μm",
            "ﾃｽﾄ test",
            "Łódź, Århus, Ångström",
        ),
    ],
)
def test_mixed_scripts_are_no_mojibake(text):
    assert measured(text)["mojibake"][0] is None


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("\U0001f60a naÃ¯ve\u200b!", {"mojibake": ["Ã¯"], "invisible_characters": ["\u200b"]}),
        ("a\u202eb\u202ec", {"bidi_characters": ["\u202e"]}),  # the same sign again: one place
    ],
)
def test_places(answer, found):
    assert answers.places(characters.characters, answer) == found
