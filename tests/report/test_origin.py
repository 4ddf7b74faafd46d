"""Estimates over a whole file: who wrote the answers, in what manner; which labels are wrong."""

from __future__ import annotations

import random
import shutil

import polars as pl
import pytest

from curate import report
from curate.learn.head import load
from curate.learn.share import synthetic_share
from curate.report.charts import alike, confusions, matrix, mislabelled, unfitting, wrote
from curate.report.html import html
from curate.report.labels import MATRIX
from curate.report.markdown import markdown
from curate.report.model import Ends, Mismatched
from tests.signals.test_tasks import asked

MAIL = "jane.roe@mail-works.org"
GOOD, BAD = (
    "lovely warm sweet bright kind happy".split(),
    "awful cold rotten bleak cruel sad".split(),
)
LABELS = {"<b>praise</b>": GOOD, f"blame to {MAIL}": BAD}
SAID = (
    "Certainly! Here is what to know: it is important to note that {0} plays a crucial role in a "
    "wide variety of places, and that people delve into it for many reasons every single day of "
    "the year. I hope this helps."
)


def row(instruction, output, given=""):
    return {"instruction": instruction, "input": given, "output": output}


@pytest.fixture(scope="module")
def written(clean):
    """160 answers in one manner; those of four rows begin and end with an address."""
    rows = [row(one, SAID.format(f"thing {at}")) for at, one in enumerate(asked(160))]
    rows += [row(f"Whom to ask, {at}?", f"{MAIL} knows number {at}: {MAIL}") for at in range(4)]
    return clean(rows)


@pytest.fixture(scope="module")
def labelled(clean):
    """200 texts in two classes, every twentieth with the label of the other."""
    lots = random.Random(7)  # noqa: S311 - invents rows
    rows = []
    for at in range(200):
        own, other = list(LABELS) if at % 2 else list(LABELS)[::-1]
        words = ", ".join(lots.choices(LABELS[own], k=3))
        label = other if at % 20 == 0 else own
        rows.append(row("Praise or blame?", label, f"The soup of day {at} was {words}."))
    return clean(rows)


# --- whose answers they are ---------------------------------------------------------------------


def test_a_share_of_mismatched_answers_is_told_with_its_interval():
    told = unfitting(Mismatched(share=0.05, low=0.04, high=0.06, judged=2000))
    assert "Of 2,000 answers" in told
    assert "5" in told
    assert "(4" in told


def test_no_sign_of_mismatched_answers_is_told_with_what_it_may_hide():
    told = unfitting(Mismatched(share=0, low=0, high=0.02, judged=300))
    assert "no sign" in told
    assert "at most" in told


def test_both_pages_tell_of_mismatched_answers(labelled):
    found = Mismatched(share=0, low=0, high=0.02, judged=300)
    whole = report.build(labelled)
    assert whole.mismatched is None
    assert "another question" not in markdown(whole)
    told = whole.model_copy(update={"mismatched": found})
    assert unfitting(found) in markdown(told)
    assert "there is no sign" in html(told)


# --- who wrote ----------------------------------------------------------------------------------


def test_the_share_is_that_of_the_scores_and_stands_in_every_medium(written):
    built = report.read(written)
    scores = pl.read_parquet(written / "scores.parquet")["synthetic_score"]
    assert built.synthetic.before.model_dump() == synthetic_share(scores, load("synthetic"), 0)
    assert 0 <= built.synthetic.before.low <= built.synthetic.before.high <= 1
    told = wrote(built.synthetic)
    assert "160 answers of 164 are long enough" in told
    assert told in (written / "report.html").read_text()
    assert told in (written / "report.md").read_text()


@pytest.mark.parametrize("settings", [{"embedder": "none"}, {"select": ["empty"]}])
def test_without_scores_no_share_is_told(clean, settings):
    rows = [row(one, SAID.format(at)) for at, one in enumerate(asked(60))]
    built = report.build(clean(rows, **settings))
    assert built.synthetic is None
    assert "Written by an LLM" not in html(built)
    assert built.manner.answers == 60


def test_a_head_that_has_gone_tells_nothing(clean, tmp_path):
    head = tmp_path / "own.npz"
    shutil.copy(report.origin.__file__, head)  # no head at all
    folder = clean([row(one, SAID.format(at)) for at, one in enumerate(asked(60))])
    lock = folder / "curate.lock"
    lock.write_text(lock.read_text().replace('"synthetic_head": "synthetic"',
                                             f'"synthetic_head": "{head}"'))  # fmt: skip
    assert str(head) in lock.read_text()
    assert report.build(folder).synthetic is None
    head.unlink()
    assert report.build(folder).synthetic is None


# --- manner -------------------------------------------------------------------------------------


def test_manner_is_told_beside_that_of_people(written):
    found = report.read(written).manner
    assert found.answers == 164
    assert found.openings.most[0].words == "certainly here is"
    assert found.openings.most[0].share == pytest.approx(160 / 164, abs=1e-4)
    assert found.openings.alike > 0.9 > 100 * found.openings.people
    shares = {one.name: one.share for one in found.phrases}
    assert shares["offer of help"] == pytest.approx(160 / 164, abs=1e-4)
    assert shares["as an AI"] == 0
    page = (written / "report.html").read_text()
    assert "certainly here is …" in page
    assert "… hope this helps" in page
    assert "`certainly here is` 97.6 %" in (written / "report.md").read_text()


def test_what_answers_share_shows_no_secret(written):
    built = report.build(written)
    for said in (built.model_dump_json(), html(built), markdown(built)):
        assert "jane roe" not in said.lower()
        assert MAIL not in said


def test_how_alike_in_words():
    some = Ends(alike=0.176, people=0.00041, top=0.5, most=())
    assert alike(some, "open") == (
        "Of 10,000 pairs of answers, 1,760 open with the same three words; of people's, 4.1."
    )
    assert ", none close " in alike(some.model_copy(update={"alike": 0.0}), "close")


def test_few_answers_have_no_manner(clean):
    built = report.build(clean([row(one, "Fine, thanks.") for one in asked(40)]))
    assert built.manner is None
    assert 'id="manner"' not in html(built)


# --- labels -------------------------------------------------------------------------------------


def test_the_noise_of_labels_is_a_matrix_that_adds_up(labelled):
    built = report.read(labelled)
    found = built.label_noise
    assert (found.rows, found.classes, len(found.shown)) == (200, 2, 2)
    assert 0.005 < found.share < 0.1
    first = found.confusions[0]
    assert (first.given, first.likely) == ("<b>praise</b>", "blame to ja…rg")
    assert sum(map(sum, found.matrix)) == pytest.approx(200, abs=0.3)
    wrong = sum(one.rows for one in found.confusions)
    assert wrong == pytest.approx(found.share * 200, abs=0.3)
    told = mislabelled(found)
    assert told in (labelled / "report.html").read_text()
    assert told in (labelled / "report.md").read_text()
    assert built.manner is None  # a class has none


def test_names_of_classes_are_masked_and_inert(labelled):
    built = report.build(labelled)
    assert "<b>praise</b>" in built.label_noise.shown
    assert any("blame to ja…rg" in name for name in built.label_noise.shown)
    page = html(built)
    assert "<b>praise" not in page
    assert "&lt;b&gt;praise" in page
    for said in (built.model_dump_json(), page, markdown(built)):
        assert MAIL not in said


def test_a_cell_is_shaded_by_what_is_wrong_alone(labelled):
    lines = matrix(report.read(labelled).label_noise)
    for at, (_, cells) in enumerate(lines):
        assert cells[at][1:] == ("own", 0)
    assert max(shade for _, cells in lines for _, _, shade in cells) == 9
    assert matrix(None) == confusions(None) == []


def test_a_file_that_is_no_classification_has_no_matrix(written):
    assert report.read(written).label_noise is None
    assert 'id="labels"' not in (written / "report.html").read_text()


@pytest.mark.slow
def test_of_many_classes_those_are_shown_that_are_confused_most(clean, shared_data):
    frame = pl.read_csv(shared_data / "04_label_noise" / "banking77" / "train.csv")
    rows = [row("Name the intent.", label, text) for text, label in frame.rows()]
    built = report.read(clean(rows))
    found = built.label_noise
    assert any("that label-noise reports" in one.what for one in built.next_steps)
    assert (found.rows, found.classes, len(found.shown)) == (10_003, 77, MATRIX)
    assert 0.005 < found.share < 0.05
    most = found.confusions[0]
    assert {most.given, most.likely} <= set(found.shown)
    assert [one.rows for one in found.confusions] == sorted(
        (one.rows for one in found.confusions), reverse=True
    )
