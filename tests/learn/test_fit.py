"""A head of one's own: trained in seconds, the same every time, measured on unseen texts."""

from __future__ import annotations

import json
import random

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.config import Settings
from curate.errors import UsageError
from curate.learn import fit
from curate.learn.head import Head, load, save, sigmoid, train
from curate.learn.share import LEAST, synthetic_share
from curate.learn.stylometry import BITS, PLACES, measure
from curate.registry import signals

PEOPLE = (
    "so anyway we got there late and dad had lost the key again which nobody minded much".split()
)
MODEL = "furthermore it is important to leverage diverse perspectives and foster innovation".split()
COMMON = "the a of house garden water road morning friend letter school work old small".split()


def written(own, number):
    """Texts of 60 words, a third of them from their author's own stock."""
    lots = random.Random(f"{own[0]} {number}")  # noqa: S311 - no secret
    return " ".join(lots.choice(own if lots.random() < 0.3 else COMMON) for _ in range(60)) + "."


def texts(own, count):
    return [written(own, number) for number in range(count)]


@pytest.fixture
def files(tmp_path):
    for name, own in (("human", PEOPLE), ("llm", MODEL)):
        rows = [
            {"instruction": f"Write {n}.", "output": text} for n, text in enumerate(texts(own, 80))
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def fitted(files, *words):
    known = ("--human", files / "human.jsonl", "--llm", files / "llm.jsonl")
    return run("fit", "synthetic", *known, "-o", files / "head.npz", *words)


def test_trains_measures_and_is_used(files):
    done = fitted(files, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["auroc"] > 0.95
    assert told["texts"] == [80, 80]
    score = signals()["synthetic"](
        pl.DataFrame({"response": [written(PEOPLE, 99), written(MODEL, 99), "Too short.", None]}),
        Settings(synthetic_head=str(files / "head.npz")),
    )["synthetic_score"].to_list()
    assert score[0] > 0.5 > score[1]
    assert score[2:] == [None, None]


def test_the_same_bytes_every_time(files):
    fitted(files)
    first = (files / "head.npz").read_bytes()
    assert fitted(files).exit_code == 1  # it stands there
    assert fitted(files, "--force", "--quiet").output == ""
    assert (files / "head.npz").read_bytes() == first


def test_records_with_nothing_but_text_will_do(files):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts(PEOPLE, 80))
    (files / "human.jsonl").write_text(lines)
    assert fitted(files).exit_code == 0


def test_too_few_texts(files):
    (files / "llm.jsonl").write_text('{"instruction": "Hi.", "output": "Hello there."}\n')
    done = fitted(files)
    assert isinstance(done.exception, UsageError)
    assert "--llm: 0 answers of 30 words or more" in str(done.exception)


def test_what_belongs_together_is_in_one_fold():
    made = texts(PEOPLE, 40) + texts(MODEL, 40)
    made[50] = made[3] + " One word more."
    prompts = pl.Series([f"p{n % 40}" if n < 10 or n >= 70 else f"q{n}" for n in range(80)])
    known = fit.sample(pl.Series(made), np.arange(80) >= 40, prompts)
    fold = fit.folds(known)
    assert fold[50] == fold[3]
    assert known.groups[5] != known.groups[6]
    for group in np.unique(known.groups):
        assert len(set(fold[known.groups == group])) == 1


def test_one_group_can_not_be_measured():
    known = fit.Sample(pl.Series(texts(PEOPLE, 20)), np.arange(20) >= 10, np.zeros(20, np.int64))
    with pytest.raises(UsageError, match="belong together"):
        fit.fit(known)


def test_training_reaches_the_minimum():
    style = measure(pl.Series(texts(PEOPLE, 30) + texts(MODEL, 30)))
    llm = np.arange(60) >= 30
    head = train(style, llm)
    best = loss(head, style, llm)
    lots = np.random.default_rng(0)
    for _ in range(20):
        off = lots.normal(size=PLACES).astype(np.float32) * (head.idf > 0) * 0.01
        other = Head(head.idf, head.weights + off, head.mean, head.spread, head.styles, head.bias)
        assert loss(other, style, llm) > best - 1e-5


def loss(head, style, llm):
    from curate.learn.head import KIND_WEIGHT, PENALTY, STYLE_WEIGHT

    chance = np.clip(sigmoid(head.total(style)), 1e-12, 1 - 1e-12)
    fit_loss = -np.where(llm, np.log(chance), np.log(1 - chance)).mean()
    scale = np.array(KIND_WEIGHT)[np.arange(PLACES) >> BITS]
    return fit_loss + PENALTY / len(llm) / 2 * (
        ((head.weights / scale) ** 2).sum() + ((head.styles / STYLE_WEIGHT) ** 2).sum()
    )


def test_a_short_text_says_less():
    head = load("synthetic")
    style = measure(pl.Series([text := written(MODEL, 1), f"{text} {text}"]))
    short, long = head.logit(style) / head.total(style)
    assert (short, long) == pytest.approx((60 / 80, 120 / 140))


def test_weights_and_what_belongs_to_a_fold_in_training():
    made = texts(PEOPLE, 30) + texts(MODEL, 30)
    llm = np.arange(60) >= 30
    known = fit.Sample(pl.Series(made), llm, np.arange(60))
    plain = fit.trained(known)
    # A text that counts nothing teaches nothing; that it stands there is seen in the idf alone.
    turned = np.where(np.arange(60) == 59, ~llm, llm)
    without = known._replace(llm=turned, weight=np.where(np.arange(60) == 59, 0.0, 1.0))
    style = measure(known.texts)
    assert fit.auroc(fit.trained(without).logit(style), llm) == fit.auroc(plain.logit(style), llm)
    # Text 31 belongs with text 0 of another fold: the head that judges 0 has not seen it.
    fold = np.arange(60) % 2
    linked = known._replace(groups=np.where(np.arange(60) == 31, 0, np.arange(60)))
    sums, _ = fit.out_of_fold(linked, fold)
    rest = known.where((fold == 1) & (np.arange(60) != 31))
    assert sums[0] == fit.trained(rest).logit(measure(pl.Series(made[:1])))[0]


def test_calibration_finds_slope_and_shift():
    lots = np.random.default_rng(0)
    sums = lots.normal(size=20_000) * 2
    llm = lots.random(20_000) < sigmoid(1.7 * sums)
    shipped = load("synthetic")
    head = fit.calibrated(shipped, sums - 0.5, llm, np.ones(20_000, bool))
    assert head.slope == pytest.approx(1.7, abs=0.1)
    assert head.shift == pytest.approx(0.85, abs=0.1)
    chance = sigmoid(head.slope * (sums - 0.5) + head.shift)
    assert fit.calibration(chance, llm) < 0.02


def test_auroc_counts_ties_half():
    assert fit.auroc(np.array([1.0, 2, 2, 3]), np.array([False, False, True, True])) == 0.875


def test_a_head_there_and_back(tmp_path):
    head = load("synthetic")
    (tmp_path / "h.npz").write_bytes(save(head, "again"))
    again = load(str(tmp_path / "h.npz"))
    assert (again.weights == head.weights).all()
    assert (again.slope, again.shift, again.offsets) == (head.slope, head.shift, head.offsets)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_head(tmp_path, data):
    (tmp_path / "h.npz").write_bytes(data)
    with pytest.raises(UsageError, match="no head; `curate fit synthetic` makes one"):
        load(str(tmp_path / "h.npz"))
    with pytest.raises(UsageError, match="No such file"):
        load(str(tmp_path / "gone.npz"))


def test_the_shipped_head_is_small_and_abstains():
    head = load("synthetic")
    chance = head.probability(pl.Series(["", None, "word " * 29, "Zwerg Höhle " * 40]))
    assert np.isnan(chance).all()
    assert len(save(head, "")) < 3_000_000


def test_a_score_depends_on_its_text_alone():
    made = texts(MODEL, 9) + texts(PEOPLE, 8)
    together = load("synthetic").probability(pl.Series(made))
    alone = [load("synthetic").probability(pl.Series([text]))[0] for text in made]
    assert together.tolist() == alone


def test_no_model_no_score():
    rows = pl.DataFrame({"response": [written(MODEL, 1)]})
    off = signals()["synthetic"](rows, Settings(embedder="none"))
    assert off["synthetic_score"].to_list() == [None]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_is_found_where_the_head_is_right(share):
    lots = np.random.default_rng(1)
    llm = lots.random(5_000) < share
    logit = lots.normal(np.where(llm, 1, -1), np.sqrt(2))  # its own likelihood ratio
    scores = pl.Series(np.append(1 - sigmoid(logit), np.nan)).fill_nan(None)
    head = Head(*[np.zeros(1, np.float32)] * 5, bias=0, offsets=(0.0,))
    told = synthetic_share(scores, head)
    assert told["low"] - 0.01 <= share <= told["high"] + 0.01
    assert told["high"] - told["low"] < 0.08
    assert (told["judged"], told["abstained"]) == (5_000, 1)


def test_doubt_about_the_head_widens_the_interval():
    lots = np.random.default_rng(1)
    scores = pl.Series(1 - sigmoid(lots.normal(0, 2, 1_000)))
    sure = Head(*[np.zeros(1, np.float32)] * 5, bias=0, offsets=(0.0,))
    unsure = Head(*[np.zeros(1, np.float32)] * 5, bias=0, offsets=(-1.0, 0.0, 1.0))
    narrow, wide = (synthetic_share(scores, one) for one in (sure, unsure))
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_of_few_rows_no_share_is_told():
    assert synthetic_share(pl.Series([0.5] * (LEAST - 1)), load("synthetic")) is None


def test_the_same_answers_under_both_names_teach_nothing(files):
    name = str(files / "llm.jsonl")
    with pytest.raises(UsageError, match="every answer is in --human too"):
        fit.labelled([name], [name])
