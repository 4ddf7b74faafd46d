"""Languages of questions and answers: what is told, and what is left alone."""

from __future__ import annotations

import socket

import polars as pl
import pytest

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.language import detect, detect_all, file_language, language

SENTENCES = {
    "de": "Die Photosynthese wandelt Licht in chemische Energie um.",
    "fr": "Les plantes utilisent la lumière pour produire de l'énergie.",
    "es": "Las plantas usan la luz para producir energía.",
    "it": "Le piante usano la luce per produrre energia.",
    "pt": "As plantas usam a luz para produzir energia.",
    "nl": "Planten gebruiken het licht om energie te maken.",
    "sv": "Växter använder ljuset för att skapa energi.",
    "pl": "Rośliny wykorzystują światło do produkcji energii.",
    "cs": "Rostliny využívají světlo k výrobě energie.",
    "ro": "Plantele folosesc lumina pentru a produce energie.",
    "tr": "Bitkiler enerji üretmek için güneş ışığını kullanır.",
    "fi": "Kasvit käyttävät valoa energian tuottamiseen, ja se on hyvä.",
    "id": "Tumbuhan menggunakan cahaya untuk menghasilkan energi.",
    "vi": "Cây cối dùng ánh sáng để tạo ra năng lượng cho mình.",
    "ru": "Растения используют свет для производства энергии.",
    "uk": "Рослини використовують світло, щоб виробляти енергію.",
    "zh": "植物利用光能制造能量。",
    "ja": "植物は光を使ってエネルギーを作ります。",
    "ko": "식물은 빛을 이용해 에너지를 만듭니다.",
    "ar": "تستخدم النباتات الضوء لإنتاج الطاقة.",
    "fa": "گیاهان از نور برای تولید انرژی استفاده می‌کنند.",
    "hi": "पौधे ऊर्जा बनाने के लिए प्रकाश का उपयोग करते हैं।",
    "th": "พืชใช้แสงเพื่อสร้างพลังงาน",
    "el": "Τα φυτά χρησιμοποιούν το φως για να παράγουν ενέργεια.",
    "he": "צמחים משתמשים באור כדי לייצר אנרגיה.",
    "en": "Plants turn light into energy that they can store.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_enough(code):
    found = detect(SENTENCES[code])
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris",
        "Ja.",
        "42",
        "Albert Einstein, Marie Curie, Nelson Mandela, John F. Kennedy",
        "Giuseppe Verdi: La Traviata; Giacomo Puccini: La Bohème; Richard Wagner: Die Walküre",
        "Spaghetti alla carbonara, penne all'arrabbiata, lasagne al forno, risotto alla milanese",
        "Crème brûlée, tarte Tatin, mousse au chocolat, profiteroles",
        "1. Les 400 Coups\n2. La Vie en Rose\n3. Le Fabuleux Destin d'Amélie Poulain\n4. L'Express",
        "Drip brew, french press, espresso, pour over, percolator",
        "Rio de Janeiro, Buenos Aires, Santiago de Chile, Bogotá",
        "∫ x² dx = x³/3 + C, für x ∈ [0, 1)",
        "😀 😂 🎉 👍 😀 😂 🎉 👍",
        "SELECT name, ort FROM kunden WHERE ort LIKE 'M%' ORDER BY name;",
        "find . -name '*.log' -mtime +7 | xargs rm -f",
        "```python\nfor wert in liste:\n    print('hallo du schöne welt')\n```",
        '{"absicht": "wetter", "ort": "Köln", "zeit": "morgen früh um acht"}',
        "E pluribus unum",
        "Назови цвет.",
    ],
)
def test_too_little_or_no_prose(text):
    assert detect(text) is None


def test_english_around_a_quotation_is_english():
    assert detect("Translate the sentence 'Je suis très content' into English.").code == "en"
    assert detect("What is the language of this: «Wir müssen früh aufstehen»").code == "en"


def test_the_quick_way_agrees_with_the_model():
    texts = pl.Series([*SENTENCES.values(), None, "", "The cat sat on the mat with its kittens."])
    found = detect_all(texts)
    assert found["code"].to_list() == [*SENTENCES, None, None, "en"]
    assert found["confidence"].drop_nulls().is_between(0, 1).all()


def frame(*records):
    import orjson

    ingest = Ingest()
    return to_frame([ingest(Record("t", 1, orjson.dumps(one), None))[0] for one in records])


def test_the_turn_that_departs_is_reported():
    made = language(
        frame(
            {
                "messages": [
                    {"role": "user", "content": "How do the plants make energy?"},
                    {"role": "assistant", "content": SENTENCES["en"]},
                    {"role": "user", "content": "And how do they store all of it?"},
                    {"role": "assistant", "content": SENTENCES["de"]},
                ]
            },
            {"instruction": "Schreibe einen Satz über das Licht.", "output": SENTENCES["de"]},
            {
                "instruction": "Say it in German, please, with all its parts.",
                "output": SENTENCES["de"],
            },
            {"instruction": "", "output": ""},
        )
    )
    assert made["prompt_language"].to_list() == ["en", "de", "en", None]
    assert made["response_language"].to_list() == ["de", "de", "de", None]
    assert made["language_mismatch"].to_list() == ["de in answer to en", None, None, None]
    assert made["language_asked"].to_list() == [False, None, True, None]


def chat(*turns):
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[at % 2], "content": one} for at, one in enumerate(turns)]}


ENGLISH = ("How do the plants make energy?", SENTENCES["en"])
GERMAN = ("How do the plants make energy?", SENTENCES["de"])


@pytest.mark.parametrize(
    ("record", "mismatch", "switch"),
    [
        (chat("What is a contract?", SENTENCES["es"]), "es in answer to en", None),
        (chat("¿Qué es un contrato?", SENTENCES["es"]), None, None),
        (chat("Nena kuliko?", SENTENCES["es"]), None, None),
        (chat(*ENGLISH, "Wie geht das?", SENTENCES["de"], *ENGLISH), None, "de beside en"),
        (chat("Wie geht das?", SENTENCES["de"], *ENGLISH, *ENGLISH), None, "de beside en"),
        (chat(*ENGLISH, "Say it in German.", SENTENCES["de"], *ENGLISH), None, None),
        # Another exchange that is about a language excuses this one only if it may go on.
        (chat("Say 'hi' in Italian.", "Ciao", *GERMAN), "de in answer to en", None),
        (chat(*GERMAN, "Say 'hi' in Italian.", "Ciao"), "de in answer to en", None),
        (
            chat("Which programming language is it?", "C", *GERMAN),
            "de in answer to en",
            "de beside en",
        ),
        (
            chat("Translate 'good day' into German.", "Tag", *GERMAN),
            "de in answer to en",
            "de beside en",
        ),
        (chat("Answer me in German from now on.", "Gut.", *GERMAN), None, None),
        (chat("Speak my language, please.", "Gut.", *GERMAN), None, None),
        (
            chat(*ENGLISH, *ENGLISH, "Say 'hi' in Italian.", "Ciao", "Wie geht das?", GERMAN[1]),
            None,
            "de beside en",
        ),
        (chat(*ENGLISH, 'Was? "why is that so?"', SENTENCES["en"], *ENGLISH), None, None),
    ],
)
def test_exchanges(record, mismatch, switch):
    made = language(frame(record))
    assert made["language_mismatch"].to_list() == [mismatch]
    assert made["language_switch"].to_list() == [switch]


def test_a_question_in_the_same_language_asks_for_nothing():
    made = language(frame(chat("¿Cómo se hace el pan?", SENTENCES["es"])))
    assert made["language_asked"].to_list() == [False]


@pytest.mark.parametrize(
    ("codes", "majority"),
    [
        (["en"] * 19 + ["de"], "en"),
        (["en"] * 4, None),  # too few to tell
        (["en"] * 12 + ["de"] * 8, None),  # bilingual
        (["en", "de", "fr", "es", "zh", "ru"] * 5, None),
        (["da"] * 5 + ["no"] * 4 + ["sv"], "da"),  # the model mixes them up
        ([None] * 20, None),
        ([], None),
    ],
)
def test_the_language_of_a_file(codes, majority):
    made = file_language(
        pl.DataFrame({"response_language": codes}, {"response_language": pl.String})
    )
    assert made["file_language"].unique().to_list() == ([majority] if codes else [])
    shares = made["response_language_share"]
    assert shares.null_count() == codes.count(None)
    if majority == "en":
        assert shares[-1] == 0  # none of the others


def test_nothing_is_fetched(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert detect(SENTENCES["de"]).code == "de"
