"""A causal language model that judges answers: batches by length, the cache, the figures.

    alone       the mean loss of the answer's tokens after an empty question
    asked       the same after the turns before it
    curvature   how far the answer's likelihood lies above what the model expects of texts that it
                writes itself, in standard deviations: Bao et al. 2024 (Fast-DetectGPT), in its
                analytic form with one model for sampling and scoring

A model reads each answer twice. What a portion of rows came to is cached before the next one
starts, so that a run that was ended goes on where it was.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from curate import cache
from curate.errors import UsageError
from curate.lm.exchange import FIGURES
from curate.read.progress import listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from curate.lm.exchange import Exchange

    Floats = NDArray[np.float64]

_KIND = "second-opinion"
_WAY = "1"  # raised when the same texts come to other figures
LONGEST = 2048  # tokens of question and answer together: attention grows with their square
BATCH = 2048  # tokens on a CPU, blanks included: 400 MB of logits for 49,152 words
BATCH_ON_GPU = 65_536  # at most
_SHARE = 0.2  # of a GPU's free memory for the logits of a batch, and for what is made of them
PORTION = 16  # batches between two visits to the cache
PLAIN = {"system": "{}\n\n", "user": "### Instruction:\n{}\n\n", "tool": "### Result:\n{}\n\n"}
PLAIN_ANSWER = "### Response:\n"


class Text(NamedTuple):
    """Tokens, and from which of them on they are an answer's."""

    ids: list[int]
    start: int


class CausalModel:
    """A language model of transformers, and what it makes of answers.

    Attributes:
        name: what the user called it.
        fingerprint: a hash of all that its figures depend on: weights, their type, tokenizer.
    """

    def __init__(self, name: str, model: Any, tokenizer: Any, fingerprint: str) -> None:  # noqa: ANN401  # an optional package's
        self.name = name
        self.fingerprint = fingerprint
        self._model = model
        self._tokenizer = tokenizer
        most = getattr(model.config, "max_position_embeddings", None) or LONGEST
        self._longest = min(int(most), LONGEST)
        self._batch = _batch_tokens(model)
        self._cuts = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._head = self._context((("user", ""),))

    def opinions(self, exchanges: Sequence[Exchange]) -> Floats:
        """What the model makes of each answer: float64 (n, 3), `FIGURES`; NaN for an empty one."""
        made = np.full((len(exchanges), len(FIGURES)), np.nan)
        keys = [cache.key_of(_WAY, self.fingerprint, repr(one)) for one in exchanges]
        missing = []
        for place, key in enumerate(keys):
            data = cache.get(_KIND, key)
            if data is not None and len(data) == made[place].nbytes:
                made[place] = np.frombuffer(data, "<f8")
            elif exchanges[place].answer.strip():
                missing.append(place)
        tell, done = listener(), len(exchanges) - len(missing)
        for portion in self._portions(exchanges, missing):
            made[list(portion)] = self._measured(list(portion.values()))
            for place in portion:
                cache.put(_KIND, keys[place], made[place].astype("<f8").tobytes())
            done += len(portion)
            tell("lm", done, len(exchanges))
        return made

    def _portions(
        self, exchanges: Sequence[Exchange], places: list[int]
    ) -> Iterator[dict[int, tuple[Text, Text | None]]]:
        """The texts of some rows, in their order, a few batches' worth at once."""
        portion, size = {}, 0
        for place in places:
            both = self._texts(exchanges[place])
            portion[place] = both
            size += sum(len(one.ids) for one in both if one is not None)
            if size >= PORTION * self._batch:
                yield portion
                portion, size = {}, 0
        if portion:
            yield portion

    # --- texts ----------------------------------------------------------------------------------

    def _texts(self, exchange: Exchange) -> tuple[Text, Text | None]:
        """The answer by itself, and after what was asked; None where nothing was."""
        answer = self._tokens(exchange.answer.strip())[: self._longest // 2]
        alone = Text([*self._head, *answer], len(self._head))
        if not any(said.strip() for role, said in exchange.turns if role != "system"):
            return alone, None
        asked = self._context(exchange.turns)
        room = self._longest - len(answer)
        if len(asked) > room:  # the middle says least: the task stands first or last
            asked = [*asked[: room // 2], *asked[len(asked) - (room - room // 2) :]]
        return alone, Text([*asked, *answer], len(asked))

    def _context(self, turns: Sequence[tuple[str, str]]) -> list[int]:
        """The turns as the model's chat template has them, up to where the answer begins."""
        said = [{"role": role, "content": text} for role, text in turns]
        if self._tokenizer.chat_template:
            try:
                return self._tokens(self._templated(said))
            except Exception:  # noqa: BLE001, S110  # templates refuse roles and orders at will
                pass
        told = "".join(PLAIN.get(role, "{}\n\n").format(text) for role, text in turns)
        return [*self._first(), *self._tokens(told + PLAIN_ANSWER)]

    def _templated(self, said: list[dict[str, str]]) -> str:
        made = self._tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return str(made)

    def _first(self) -> list[int]:
        """The token that texts begin with, so that their first word can be foreseen, too."""
        known = (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id)
        return next(([one] for one in known if one is not None), [])

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    # --- figures --------------------------------------------------------------------------------

    def _measured(self, pairs: list[tuple[Text, Text | None]]) -> Floats:
        """The figures of answers: both readings of all, the long ones together."""
        texts = [one for both in pairs for one in both if one is not None]
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at].ids))
        read = np.full((len(texts), 2), np.nan)
        for batch in _batches(order, texts, self._batch):
            read[batch] = self._read([texts[at] for at in batch])
        left = iter(read)
        made = np.full((len(pairs), len(FIGURES)), np.nan)
        for row, (_, asked) in zip(made, pairs, strict=True):
            row[0], row[2] = next(left)
            if asked is not None:
                row[1] = next(left)[0]
        return made

    def _read(self, texts: list[Text]) -> Floats:
        """Mean loss and curvature of each, in halves where the memory of a GPU is too small.

        Raises:
            UsageError: not one text fits.
        """
        import torch

        try:
            return self._forward(texts)
        except torch.OutOfMemoryError:
            if len(texts) == 1:
                raise UsageError(
                    f"--lm {self.name}: too little memory on the GPU for a text of "
                    f"{len(texts[0].ids):,} tokens; take a smaller model, or the CPU "
                    "(CUDA_VISIBLE_DEVICES=)"
                ) from None
        middle = len(texts) // 2
        return np.concatenate([self._read(texts[:middle]), self._read(texts[middle:])])

    def _forward(self, texts: list[Text]) -> Floats:
        """One pass. Blanks stand behind the texts, where a causal model does not look."""
        import torch

        with torch.inference_mode():
            longest = max(len(one.ids) for one in texts)
            rows = [one.ids + [0] * (longest - len(one.ids)) for one in texts]
            first = max(min(one.start for one in texts) - 1, 0) if self._cuts else 0
            more = {"logits_to_keep": longest - first} if self._cuts else {}
            ids = torch.tensor(rows, device=self._model.device)
            logits = self._model(input_ids=ids, use_cache=False, **more).logits
            found = [
                _figures(logits[at], ids[at], max(one.start, 1), len(one.ids), first)
                for at, one in enumerate(texts)
            ]
            made: Floats = torch.stack(found).double().cpu().numpy()
        return made


def _figures(logits: Any, ids: Any, start: int, end: int, first: int) -> Any:  # noqa: ANN401  # tensors
    """Mean loss and curvature of the tokens from start to end.

    Args:
        logits: (positions, words); the first one foresees the token at first + 1.
        ids: the tokens.
        start: the first token that counts.
        end: the first one that doesn't.
        first: the position of the first logits.
    """
    import torch

    told = logits[start - 1 - first : end - 1 - first].float().log_softmax(-1)
    own = told.gather(-1, ids[start:end, None])[:, 0]
    chance = told.exp()
    told = told.clamp(min=-1e4)  # a word that can't come: 0 times minus infinity is no number
    mean = (chance * told).sum(-1)
    spread = (chance * told.square()).sum(-1) - mean.square()
    curvature = (own.sum() - mean.sum()) / spread.sum().sqrt()
    return torch.stack([-own.mean(), curvature])


def _batches(order: list[int], texts: list[Text], tokens: int) -> Iterator[list[int]]:
    """Runs of texts, longest first, of so many tokens with their blanks, or of one text."""
    batch: list[int] = []
    for at in order:
        if batch and (len(batch) + 1) * len(texts[batch[0]].ids) > tokens:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch


def _batch_tokens(model: Any) -> int:  # noqa: ANN401  # an optional package's
    """How many tokens a batch may have: what the logits leave room for on a GPU."""
    if model.device.type != "cuda":
        return BATCH
    import torch

    free, _ = torch.cuda.mem_get_info(model.device)
    a_token = 4 * model.config.vocab_size  # bytes: half precision, and a row in full
    return int(min(max(free * _SHARE / a_token, BATCH), BATCH_ON_GPU))
