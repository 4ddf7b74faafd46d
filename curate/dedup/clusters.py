"""Which rows stay together, and which split each such cluster goes into.

A cluster's split is drawn by hash, from the seed and the bytes of its rows: neither the order of
the rows nor those that are no part of it decide, but for the sizes that are to be met.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.dedup import alike
from curate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints

    Keys = NDArray[np.uint64]
    Stratum = tuple[str, str, int]  # source, format, and how often its length halves

# Why two rows stay together, and what can be done where that makes a cluster too large.
LINKS = ("group", "question", "answer", "words")
REMEDY = {
    "group": "rows with one value of --group; name another field",
    "question": "rows that ask the same; `curate clean` first drops copies",
    "answer": "rows with one long answer; `curate clean` shows them (duplicate-answer)",
    "words": "rows alike in their words; raise --similarity, or `curate clean` first",
}


class Links(NamedTuple):
    """Pairs of rows that stay together.

    Attributes:
        left: the later row of each.
        right: the earlier one.
        kinds: why, as places in `LINKS`.
    """

    left: Ints
    right: Ints
    kinds: Ints

    @classmethod
    def between(cls, keys: Iterable[Keys], words: Hashes, similarity: float) -> Links:
        """Link rows with equal keys, and rows alike in their words.

        Args:
            keys: for each of `LINKS` but the last a key a row, 0 where it links with none.
            words: END-closed runs, one a row.
            similarity: of the trigrams, from which on two rows are linked.
        """
        parts = [*map(_equal, keys), alike.pairs(words, similarity)[:2]]
        kinds = np.repeat(np.arange(len(parts)), [len(left) for left, _ in parts])
        left, right = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(left, right, kinds)

    def why(self, rows: Ints | None = None) -> dict[str, int]:
        """How many links there are of each kind, between these rows or all."""
        kinds = self.kinds if rows is None else self.kinds[np.isin(self.left, rows)]
        counts = np.bincount(kinds, minlength=len(LINKS)).tolist()
        return dict(zip(LINKS, counts, strict=True))


def _equal(keys: Keys) -> tuple[Ints, Ints]:
    """Each row with a key, and the first that has the same."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    earlier = first[which]
    later = np.flatnonzero((earlier != np.arange(len(keys))) & (keys != 0))
    return later, earlier[later]


class Cluster(NamedTuple):
    """Rows that stay together.

    Attributes:
        lot: where it stands in the draw.
        stratum: that of its row with the least id.
        row: its first row, by which it is known.
        size: how many rows it has.
    """

    lot: bytes
    stratum: Stratum
    row: int
    size: int


def clusters(
    members: Ints, ids: Sequence[str], strata: Sequence[Stratum], seed: int
) -> list[Cluster]:
    """The clusters in the order of their lots.

    Args:
        members: the first row of each row's cluster.
        ids: of the rows, by their bytes.
        strata: of the rows.
        seed: another one draws other lots.
    """
    sizes = np.bincount(members, minlength=len(members)).tolist()
    found: dict[int, Cluster] = {}
    for row in sorted(range(len(ids)), key=lambda row: (ids[row], strata[row])):
        own = int(members[row])
        if own not in found:
            lot = blake2b(f"{seed} {ids[row]}".encode(), digest_size=8).digest()
            found[own] = Cluster(lot, strata[row], own, sizes[own])
    return sorted(found.values())


def draw(found: Sequence[Cluster], shares: Mapping[str, float]) -> dict[int, str]:
    """The split of each cluster, by its first row; what no other split takes is `train`'s.

    Raises:
        UsageError: there are fewer clusters than splits, or one gets less than half its share.
    """
    rows = sum(one.size for one in found)
    if len(found) < len(shares):
        raise UsageError(
            f"{counted(rows, 'row')} in {counted(len(found), 'cluster')} can't fill "
            f"{len(shares)} splits"
        )
    free = list(found)
    drawn = {one.row: "train" for one in found}
    for name, share in shares.items():
        if name == "train":
            continue
        wanted = max(round(share * rows), 1)
        spare = sum(split not in drawn.values() for split in shares)
        taken = _taken(free, wanted, len(free) - spare)
        got = sum(one.size for one in taken)
        if 2 * got < wanted:
            raise UsageError(
                f"{name} would get {got:,} of {counted(wanted, 'row')}: whole clusters allow no "
                "other size near it"
            )
        drawn |= dict.fromkeys((one.row for one in taken), name)
        free = [one for one in free if drawn[one.row] == "train"]
    return drawn


def _taken(free: Sequence[Cluster], wanted: int, most: int) -> list[Cluster]:
    """Clusters of so many rows, no more than `most` of them, from each stratum its share.

    First each stratum gives, in the order of the lots, what fits its share. What is then missing
    comes from those that gave too little. At last one cluster may go beyond, if that is closer.
    """
    quota = _quotas(free, wanted)
    taken: dict[int, Cluster] = {}
    missing = wanted

    def take(one: Cluster) -> None:
        nonlocal missing
        if one.row not in taken and len(taken) < most:
            taken[one.row] = one
            quota[one.stratum] -= one.size
            missing -= one.size

    for one in free:
        if one.size <= quota[one.stratum]:
            take(one)
    for one in sorted(free, key=lambda one: (-quota[one.stratum], one.lot)):
        if one.size <= missing:
            take(one)
    beyond = min((one for one in free if one.row not in taken), key=_size, default=None)
    if beyond is not None and beyond.size - missing < missing:
        take(beyond)
    return list(taken.values())


def _size(one: Cluster) -> tuple[int, bytes]:
    return one.size, one.lot


def _quotas(free: Sequence[Cluster], wanted: int) -> Counter[Stratum]:
    """How many rows each stratum gives: its share, so rounded that all add up."""
    sizes: Counter[Stratum] = Counter()
    for one in free:
        sizes[one.stratum] += one.size
    share = wanted / sizes.total()
    quota = Counter({stratum: int(size * share) for stratum, size in sizes.items()})
    rest = sorted(sizes, key=lambda one: (quota[one] - sizes[one] * share, one))
    for stratum in rest[: wanted - quota.total()]:
        quota[stratum] += 1
    return quota


def largest(found: Sequence[Cluster], members: Ints, links: Links) -> tuple[Cluster, str]:
    """The largest cluster, and which of `LINKS` mostly holds it together."""
    one = max(found, key=_size)
    why = links.why(np.flatnonzero(members == one.row))
    kind = max(why, key=lambda kind: why[kind])
    return one, kind


def counted(number: int, what: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
