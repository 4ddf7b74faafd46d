"""Who may have written the answers, whose they are, and how alike in manner: of a whole file.

The share of an LLM's answers is estimated over all scored rows, the manner over a sample of them:
phrases cost 8 microseconds a row, and a text has to be read and masked first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from curate.embed import NONE
from curate.errors import UsageError
from curate.learn.monoculture import monoculture
from curate.report.labels import GIVEN
from curate.report.model import Ends, Manner, Mismatched, Opening, Phrase, Share, Synthetic
from curate.signals.manner import manner as measured
from curate.signals.mismatch import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from curate.learn.head import Head
    from curate.report.rows import Shown
    from curate.report.run import Run

SCORE = "synthetic_score"
AGAIN = 3  # answers that begin alike, from which on the page shows how


# --- who wrote ----------------------------------------------------------------------------------


def synthetic(run: Run) -> Synthetic | None:
    """The share of the rows that an LLM wrote; None where too few are judged, or by another head.

    A head of the user's own may have gone or changed since the run: then nothing is told.
    """
    head = _head(run)
    if head is None:
        return None
    scores, seed = run.scores[SCORE], run.lock.settings.seed
    before = _share(scores, head, seed)
    if before is None:
        return None
    core = scores.filter(run.in_core())
    return Synthetic(
        before=before, after=before if len(core) == len(scores) else _share(core, head, seed)
    )


def _head(run: Run) -> Head | None:
    from curate.learn.head import load

    settings = run.lock.settings
    if SCORE not in run.scores.columns or settings.embedder == NONE:
        return None
    try:
        head = load(settings.synthetic_head)
    except UsageError:
        return None
    return head if head.fingerprint == run.lock.measured.models.get("synthetic_head") else None


def _share(scores: pl.Series, head: Head, seed: int) -> Share | None:
    from curate.learn.share import synthetic_share

    found = synthetic_share(scores, head, seed)
    return None if found is None else Share(**found)


def mismatched(run: Run) -> Mismatched | None:
    """The share of the answers that are another question's; None where none were judged."""
    found = estimate(run.scores)
    return None if found is None else Mismatched(**found._asdict())


# --- how they are written -----------------------------------------------------------------------


def manner(rows: Mapping[int, Shown], sample: pl.Series, run: Run) -> Manner | None:
    """How alike the answers of a sample are in manner; None under 50 answers.

    Args:
        rows: that may be shown, by position.
        sample: positions of rows drawn by lot, all in `rows`.
        run: some of whose answers may be classes, which have no manner.
    """
    if GIVEN in run.scores.columns and run.lock.settings.label_field is None:
        classes = run.scored()["position"].filter(run.scores[GIVEN].is_not_null())
        sample = sample.filter(~sample.is_in(classes.implode()))
    answers = pl.DataFrame({"response": list(_answers(rows, sample))}, {"response": pl.String})
    found = monoculture(measured(answers))
    if found is None:
        return None
    people = found["people"]
    return Manner(
        answers=found["answers"],
        openings=_ends(found["openings"], people["openings"], found["answers"]),
        closings=_ends(found["closings"], people["closings"], found["answers"]),
        stock=Phrase(name="two families or more", share=found["stock"], people=people["stock"]),
        phrases=tuple(
            Phrase(name=name, share=share, people=people[name])
            for name, share in found["phrases"].items()
        ),
    )


def _answers(rows: Mapping[int, Shown], sample: Iterable[int]) -> Iterator[str]:
    """The answers of rows that may be shown, masked: three words of them may stand on the page."""
    for at in sample:
        shown = rows[at]
        said = [turn.text for turn in shown.turns if turn.label.startswith("assistant")]
        if said and not shown.hidden:
            yield shown.masked("\n\n".join(said))


def _ends(found: Mapping[str, Any], people: float, answers: int) -> Ends:
    """Of how answers open, or close; what fewer than AGAIN of them share is nobody's manner."""
    often = {text: share for text, share in found["most"].items() if share * answers > AGAIN - 0.5}
    return Ends(
        alike=found["alike"],
        people=people,
        top=found["top"],
        most=tuple(Opening(words=text, share=share) for text, share in often.items()),
    )
