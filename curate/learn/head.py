"""A linear head over how texts are written: small arrays that say how likely an LLM wrote each.

    head = load("synthetic")        the shipped one, or a file that `curate fit synthetic` made
    head.probability(texts)         float64 (n,), NaN where the head abstains
    train(texts, llm, groups)       a new one

Each kind of gram (`curate.learn.stylometry`) is a vector of TF-IDF of length 1; kinds and style are
added up. Training is logistic regression with accelerated gradients (Nesterov 1983): numpy alone,
the same outcome every time, 8,000 texts in half a minute. scikit-learn would bring 150 MB for it.

`curate.learn.linear` has another trainer: its features are dense and white, and a step is a product
of matrices. Here they are sparse and not white, some 100,000 grams of which a text has hundreds.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.errors import OutputError, UsageError
from curate.learn.stylometry import BITS, KINDS, PLACES, Style, measure

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Reals = NDArray[np.float64]
    Ints = NDArray[np.int64]

SHIPPED = "synthetic"
MIN_WORDS = 30  # of fewer a head is as often wrong as right; docs/synthetic.md has the curve
MIN_KNOWN = 0.6  # share of English words; below it is code, a table, another language
KIND_WEIGHT = (1.0, 0.8, 0.8)  # of each kind of gram; half as much or as much again is worse
STYLE_WEIGHT = 0.03  # of a standard deviation beside them; 0.02 and 0.05 are as good, 0 is not
HALF = 20  # words at which a text says half of what a long one of the same look does
_CLIP = 3.0  # standard deviations
_LAYOUT = 2


@dataclass(frozen=True)
class Head:
    """Weights, and what turns their sum into a probability.

    Attributes:
        idf: float32 (PLACES,): log of how rare a gram is; 0 for one too rare to know.
        weights: float32 (PLACES,): of grams.
        mean, spread: float32 (styles,): of the raw styles in training.
        styles: float32 (styles,): weights of the standardised styles.
        bias: what a text with nothing has.
        slope, shift: probability = 1 / (1 + exp(-(slope * sum + shift))).
        ratio, offsets: within one source the logit is `ratio` times that of the probability, plus
            an offset of the source's own; these are those of the collections of sources that were
            left out in training, one source at a time.
        fingerprint: SHA-256 of the file it came from.
    """

    idf: Floats
    weights: Floats
    mean: Floats
    spread: Floats
    styles: Floats
    bias: float
    slope: float = 1.0
    shift: float = 0.0
    ratio: float = 1.0
    offsets: tuple[float, ...] = (0.0,)
    fingerprint: str = ""

    def probability(self, texts: pl.Series) -> Reals:
        """How likely an LLM wrote each text; NaN for too few words, or words of no English."""
        style = measure(texts)
        made = sigmoid(self.slope * self.logit(style) + self.shift)
        made[~judged(style)] = np.nan
        return made

    def logit(self, style: Style) -> Reals:
        """The sum of each text, less of it the shorter the text is.

        All vectors have length 1, so that a short text speaks as loud as a long one, of fewer
        words: among people's answers those of 40 words would have the most extreme sums.
        """
        made: Reals = self.total(style) * (style.words / (style.words + HALF))
        return made

    def total(self, style: Style) -> Reals:
        """The raw sum of each text."""
        size = len(style.words)
        grams = style.values * self.idf[style.places]
        cells = style.rows * KINDS + (style.places >> BITS)
        length = np.sqrt(np.bincount(cells, grams**2, size * KINDS))
        sums = np.bincount(cells, grams * self.weights[style.places], size * KINDS)
        parts = (sums / np.maximum(length, 1e-9)).reshape(size, KINDS)
        dense = standard(style.style, self.mean, self.spread)
        # Not a product of matrices: its last bits depend on how many rows there are.
        styles = np.einsum("ns,s->n", dense, self.styles, dtype=np.float64)
        made: Reals = np.einsum("nk->n", parts) + styles + self.bias
        return made


def judged(style: Style) -> NDArray[np.bool_]:
    """Which texts have enough to say."""
    enough: NDArray[np.bool_] = (style.words >= MIN_WORDS) & (style.known >= MIN_KNOWN)
    return enough


def standard(raw: Floats, mean: Floats, spread: Floats) -> Floats:
    """Styles in standard deviations, the extremes cut off."""
    made: Floats = np.clip((raw - mean) / spread, -_CLIP, _CLIP).astype(np.float32)
    return made


def sigmoid(values: Reals) -> Reals:
    """1 / (1 + exp(-x)) without overflow."""
    made: Reals = 0.5 * (1 + np.tanh(values / 2))
    return made


# --- training -----------------------------------------------------------------------------------

PENALTY = 1 / 40  # over the number of texts; on sources left out as good as 1/1000, 1/3 is worse
STEPS = 300
# A gram that one text in so many has is known: fewer weights (half of the file), a little better.
RARE = 3000
LEAST = 3  # texts; two may be a text and its own window
_ENOUGH = 1e-3  # length of the gradient against its first


class _Grams:
    """The grams of texts as a sparse matrix, kept by rows and by columns.

    Either way a product is a gather and sums of neighbours, three times as fast as `np.bincount`.

    Attributes:
        shape: texts, and distinct grams.
    """

    def __init__(self, rows: Ints, columns: Ints, values: Floats, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._by_row = _Sums.of(rows, columns, values)
        order = np.argsort(columns, kind="stable")
        self._by_column = _Sums.of(columns[order], rows[order], values[order])

    def times(self, weights: Reals) -> Reals:
        return self._by_row(weights, self.shape[0])

    def back(self, errors: Reals) -> Reals:
        return self._by_column(errors, self.shape[1])


class _Sums(NamedTuple):
    """Sums of entries that stand side by side.

    Attributes:
        filled: the places that have entries, ascending, and where each one's begin.
        others, values: of each entry.
    """

    filled: Ints
    begins: Ints
    others: Ints
    values: Floats

    @classmethod
    def of(cls, places: Ints, others: Ints, values: Floats) -> _Sums:
        begins = np.flatnonzero(np.diff(places, prepend=-1))
        return cls(places[begins], begins, others, values)

    def __call__(self, of: Reals, size: int) -> Reals:
        made = np.zeros(size)
        if len(self.begins):
            entries = self.values * np.take(of.astype(np.float32), self.others)
            made[self.filled] = np.add.reduceat(entries, self.begins)
        return made


def train(style: Style, llm: NDArray[np.bool_], weight: Reals | None = None) -> Head:
    """Fit a head; its probabilities are calibrated on nothing yet.

    Args:
        style: of the texts.
        llm: which of them an LLM wrote.
        weight: how much each text counts, 1 by default.
    """
    size = len(style.words)
    seen = np.bincount(style.places, minlength=PLACES)
    known = seen >= max(LEAST, size // RARE)
    idf = np.where(known, np.log((1 + size) / (1 + seen)) + 1, 0).astype(np.float32)
    mean = style.style.mean(axis=0)
    spread = np.maximum(style.style.std(axis=0), 1e-6)
    dense = standard(style.style, mean, spread) * np.float32(STYLE_WEIGHT)
    found = _descend(_unit_grams(style, idf), dense, llm.astype(float), weight)
    used = np.flatnonzero(idf)
    weights = np.zeros(PLACES, np.float32)
    weights[used] = found[: len(used)] * np.array(KIND_WEIGHT)[used >> BITS]
    styles = (found[len(used) : -1] * STYLE_WEIGHT).astype(np.float32)
    return Head(idf, weights, mean, spread, styles, float(found[-1]))


def _unit_grams(style: Style, idf: Floats) -> _Grams:
    """The known grams; each kind of a text has the length of its weight."""
    kept = idf[style.places] > 0
    rows, places = style.rows[kept], style.places[kept]
    values = style.values[kept] * idf[places]
    cells, size = rows * KINDS + (places >> BITS), len(style.words)
    length = np.sqrt(np.bincount(cells, values**2, size * KINDS)) / np.tile(KIND_WEIGHT, size)
    values = (values / np.maximum(length, 1e-9)[cells]).astype(np.float32)
    columns = np.cumsum(idf > 0) - 1
    return _Grams(rows, columns[places], values, (size, int((idf > 0).sum())))


def _descend(grams: _Grams, dense: Floats, truth: Reals, weight: Reals | None) -> Reals:
    """The weights of grams, styles and bias with the least log-loss plus a square penalty."""
    share = np.ones(len(truth)) if weight is None else weight
    share = share / share.sum()
    penalty = np.full(grams.shape[1] + dense.shape[1] + 1, PENALTY / len(truth))
    penalty[-1] = 0  # the bias
    step = 1 / (_curvature(grams, dense, share) + penalty[0])
    pull = np.sqrt(penalty[0] * step)
    at = ahead = np.zeros(len(penalty))
    first = 0.0
    for number in range(STEPS):
        slope = _gradient(grams, dense, truth, share, ahead) + penalty * ahead
        size = float(np.sqrt(np.square(slope).sum()))  # `norm` would start a thread a core for it
        first = first or size
        if size <= _ENOUGH * first:
            break
        momentum = min(number / (number + 3), (1 - pull) / (1 + pull))
        before, at = at, ahead - step * slope
        ahead = at + momentum * (at - before)
    return at


def _gradient(grams: _Grams, dense: Floats, truth: Reals, share: Reals, at: Reals) -> Reals:
    wide = grams.shape[1]
    sums = grams.times(at[:wide]) + dense @ at[wide:-1] + at[-1]
    errors = share * (sigmoid(sums) - truth)
    return np.concatenate([grams.back(errors), errors @ dense, [errors.sum()]])


def _curvature(grams: _Grams, dense: Floats, share: Reals) -> float:
    """The most that the loss can bend: a quarter of the largest eigenvalue, by power iteration."""
    root = np.sqrt(share)
    at, found = root, 1.0
    for _ in range(12):
        pulled = root * at
        grams_pulled = grams.times(grams.back(pulled))
        at = root * (grams_pulled + dense @ (pulled @ dense) + pulled.sum())
        found = float(np.linalg.norm(at))
        at = at / found
    return 1.1 * found / 4  # power iteration comes from below


# --- files --------------------------------------------------------------------------------------


def save(head: Head, note: str) -> bytes:
    """A head as the bytes of an .npz file: 1 MB; `note` says what it was trained on."""
    used = np.flatnonzero(head.idf)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        layout=np.array([_LAYOUT]),
        places=used.astype(np.uint32),
        idf=head.idf[used].astype(np.float16),
        weights=head.weights[used].astype(np.float16),
        style=np.stack([head.mean, head.spread, head.styles]).astype(np.float32),
        scalars=np.array([head.bias, head.slope, head.shift, head.ratio]),
        offsets=np.array(head.offsets, np.float64),
        note=np.frombuffer(note.encode(), np.uint8),
    )
    return buffer.getvalue()


def write(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a head, whole or not at all.

    Raises:
        OutputError: it can't be written, or a file stands there.
    """
    if path.exists() and not force:
        raise OutputError(f"{path}: is there already; --force replaces it")
    from curate.write.whole import write_whole

    write_whole(path, [data])


@lru_cache(maxsize=2)  # batches of one run share it
def load(name: str) -> Head:
    """The shipped head, or that in a file.

    Raises:
        UsageError: no such file, or no head.
    """
    try:
        data = _shipped() if name == SHIPPED else Path(name).read_bytes()
        return _read(data)
    except OSError as error:
        raise UsageError(f"--synthetic-head {name}: {error.strerror}") from None
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError, IndexError):
        raise UsageError(
            f"--synthetic-head {name}: no head; `curate fit synthetic` makes one"
        ) from None


def _shipped() -> bytes:
    return (files("curate.models") / "synthetic.npz").read_bytes()


def _read(data: bytes) -> Head:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        if arrays["layout"].tolist() != [_LAYOUT]:
            raise ValueError("another layout")
        idf, weights = np.zeros(PLACES, np.float32), np.zeros(PLACES, np.float32)
        idf[arrays["places"]] = arrays["idf"]
        weights[arrays["places"]] = arrays["weights"]
        mean, spread, styles = arrays["style"]
        bias, slope, shift, ratio = map(float, arrays["scalars"])
        offsets = tuple(map(float, arrays["offsets"]))
    mark = hashlib.sha256(data).hexdigest()
    return Head(idf, weights, mean, spread, styles, bias, slope, shift, ratio, offsets, mark)
