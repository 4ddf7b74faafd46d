"""What a language model makes of answers, held against the definitions on a tiny one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curate.lm import Exchange, causal
from curate.lm.load import load
from curate.read.progress import listening
from tests.lm import tiny

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gguf")

ASKED = Exchange((("user", "how long"),), "boil the egg ten minutes")
LONE = Exchange((), "the harbour was built")
ALL = [
    ASKED,
    LONE,
    Exchange((("system", "the town"), ("user", "who sold the harbour")), "the town"),
    Exchange((("user", "how"),), "  "),
    Exchange((("user", "how long was the egg in the water"),), "ten"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def model(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path))
    return load(folder)


def by_hand(model, context, answer):
    """Loss and curvature of an answer, a token at a time."""
    known = tiny.WORDS.split()
    ids = [known.index(word) for word in [*context.split(), *answer.split()]]
    start = len(context.split())
    with torch.inference_mode():
        logits = model._model(input_ids=torch.tensor([ids])).logits[0].double().numpy()
    own, mean, spread = 0.0, 0.0, 0.0
    for at in range(start, len(ids)):
        chance = np.exp(logits[at - 1]) / np.exp(logits[at - 1]).sum()
        own += math.log(chance[ids[at]])
        expected = float((chance * np.log(chance)).sum())
        mean += expected
        spread += float((chance * np.log(chance) ** 2).sum()) - expected**2
    return -own / (len(ids) - start), (own - mean) / math.sqrt(spread)


def test_the_figures_are_those_of_the_papers(model):
    (alone, asked, curvature), (lone, nothing, _) = model.opinions([ASKED, LONE])
    expected = by_hand(model, "<s> </s> <s> a", ASKED.answer)
    assert (alone, curvature) == pytest.approx(expected, abs=1e-5)
    assert asked == pytest.approx(by_hand(model, "<s> how long </s> <s> a", ASKED.answer)[0])
    assert lone == pytest.approx(by_hand(model, "<s> </s> <s> a", LONE.answer)[0])
    assert math.isnan(nothing)


def test_an_answer_is_judged_alike_in_any_company(model, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", "off")
    together = model.opinions(ALL)
    model._batch = 1  # a text a batch
    apart = np.concatenate([model.opinions([one]) for one in ALL])
    np.testing.assert_allclose(together, apart, atol=1e-5)
    assert np.isnan(together[3]).all()  # an empty answer
    assert not np.isnan(together[[0, 2, 4]]).any()


def test_without_a_way_to_ask_for_fewer_logits(model, monkeypatch):
    monkeypatch.setenv("CURATE_CACHE", "off")
    few = model.opinions(ALL)
    model._cuts = False
    np.testing.assert_allclose(model.opinions(ALL), few, atol=1e-5)


def test_what_was_measured_is_not_measured_again(model, folder, monkeypatch):
    before = model.opinions(ALL)
    again = load(folder)
    monkeypatch.setattr(again, "_forward", pytest.fail)
    np.testing.assert_array_equal(again.opinions(ALL[::-1])[::-1], before)


def test_an_interrupted_run_goes_on_where_it_was(model, monkeypatch):
    monkeypatch.setattr(causal, "PORTION", 1)
    model._batch = 8
    forward, seen = model._forward, []

    def ends(texts):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.extend(texts)
        return forward(texts)

    monkeypatch.setattr(model, "_forward", ends)
    with pytest.raises(KeyboardInterrupt):
        model.opinions(ALL)
    assert len(seen) == 3
    rest = []
    monkeypatch.setattr(model, "_forward", lambda texts: rest.extend(texts) or forward(texts))
    assert not np.isnan(model.opinions(ALL)[[0, 2, 4]]).any()
    assert len(seen) + len(rest) == 7  # both readings of three rows, one of the lone answer


def test_it_tells_how_far_it_is(model, monkeypatch):
    monkeypatch.setattr(causal, "PORTION", 1)
    model._batch = 1
    told = []
    with listening(lambda *words: told.append(words)):
        model.opinions(ALL)
    assert told == [("lm", done, len(ALL)) for done in (2, 3, 4, 5)]  # the empty one is done


def test_a_template_that_refuses_is_passed_over(model, tmp_path):
    refused = (("user", "how long"), ("tool", "ten minutes"))
    plain = model._context(refused)
    assert plain == load(tiny.save(tmp_path / "bare", None))._context(refused)
    assert plain[0] == 0  # <s>
    assert model._context((("user", "how long"),)) != plain


def test_long_texts_are_cut(model):
    exchange = Exchange((("user", "who " * 90 + "sold"),), "water " * 70)
    alone, asked = model._texts(exchange)
    assert len(alone.ids) - alone.start == len(asked.ids) - asked.start == 32
    assert len(asked.ids) == model._longest == 64
    assert asked.ids[0] == 0  # the template's beginning and end are there
    assert asked.ids[asked.start - 1] == tiny.WORDS.split().index("a")
    assert not np.isnan(model.opinions([exchange])).any()


def test_where_memory_is_short_a_batch_is_halved(model, monkeypatch):
    forward = model._forward

    def small(texts):
        if len(texts) > 1:
            raise torch.OutOfMemoryError
        return forward(texts)

    monkeypatch.setenv("CURATE_CACHE", "off")
    before = model.opinions(ALL)
    monkeypatch.setattr(model, "_forward", small)
    np.testing.assert_allclose(model.opinions(ALL), before, atol=1e-5)
