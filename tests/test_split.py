"""Splits that nothing leaks between, shown by a search that knows nothing of how they were made."""

from __future__ import annotations

import gzip
import json
import random
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import combinations

import polars as pl
import pytest
from typer.testing import CliRunner

import curate
from curate import Settings
from curate.cli import app
from curate.dedup.clusters import Cluster, draw
from curate.errors import InputError, OutputError, UsageError
from curate.read import open_sources, parse

WORDS = (
    "ferry harbour morning heron pond otter toad gate salt river lamp tower night book ship rock"
    " baker village road market bread soup window rain garden stone bridge clock mill horse"
).split()


def text(lots, size):
    return " ".join(lots.choices(WORDS, k=size))


def row(question, answer, **more):
    return {"instruction": question, "input": "", "output": answer, **more}


def chat(*texts):
    turns = zip(("system", "user", "assistant"), texts, strict=True)
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def rows(count, seed=0):
    lots = random.Random(seed)  # noqa: S311  # no secret
    return [row(f"{text(lots, 9)}?", f"{text(lots, lots.randint(3, 40))}.") for _ in range(count)]


def changed(said, lots):
    """The text with one word put for another."""
    words = said.split()
    words[lots.randrange(len(words))] = "zebra"
    return " ".join(words)


def write(path, records):
    path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    return path


def read(folder):
    """Split -> the lines of its file."""
    return {
        one.name.partition(".")[0]: one.read_bytes().splitlines()
        for one in folder.iterdir()
        if one.name.split(".")[0] in ("train", "eval", "test")
    }


# --- another method: plain Python over every pair -----------------------------------------------


def plain(said):
    """A text without case, signs and spaces: what two texts have in common that are the same."""
    letters = unicodedata.normalize("NFC", said.lower())
    return " ".join(re.findall(r"[\w']+", letters))


def grams(said):
    words = plain(said).split()
    return Counter(zip(words, words[1:], words[2:], strict=False))


def whole(record):
    """Question and answer of a record in one of three formats."""
    if "messages" in record or "conversations" in record:
        turns = record.get("messages") or record["conversations"]
        said = [
            (t.get("role") or t["from"], t.get("content") or t.get("value") or "") for t in turns
        ]
        told = {"system": 0, "user": 1, "human": 1, "tool": 1, "observation": 1}
        sides: tuple[list[str], ...] = ([], [], [])
        for role, words in said:
            sides[told.get(role, 2)].append(words)
        return " ".join(sides[1]), " ".join(sides[2])
    return f"{record['instruction']} {record.get('input') or ''}", record["output"]


def alike_in_size(one, other):
    return min(one, other) >= 0.75 * max(one, other)


def leaks(splits):
    """Pairs in different splits with the same question, the same long answer, or like words.

    Every pair that shares a trigram of 40 rows or fewer is compared, in plain Python.
    """
    texts = [(name, *whole(parse(line))) for name, lines in splits.items() for line in lines]
    found = []
    for what, least in ((1, 1), (2, 20)):
        seen = defaultdict(set)
        for name, *said in texts:
            key = plain(said[what - 1])
            if len(key.split()) >= least:
                seen[key].add(name)
        found += [key for key, names in seen.items() if len(names) > 1]
    sets = [grams(f"{asked} {answer}") for _, asked, answer in texts]
    sizes = [made.total() for made in sets]
    holders = defaultdict(list)
    for number, made in enumerate(sets):
        for gram in made:
            holders[gram].append(number)
    pairs = {
        pair
        for some in holders.values()
        if len(some) <= 40
        for pair in combinations(some, 2)
        if texts[pair[0]][0] != texts[pair[1]][0] and alike_in_size(*(sizes[one] for one in pair))
    }
    for one, other in pairs:
        both = sum((sets[one] & sets[other]).values())
        union = sum((sets[one] | sets[other]).values())
        if both >= 0.75 * union:  # ends count as neighbours there, so 0.7 is another 0.7 here
            found.append((texts[one][1:], texts[other][1:]))
    return found


def planted(records, lots, share=0.1):
    """The records, and among them copies with one word changed, in chains of two."""
    made = list(records)
    for record in lots.sample(records, int(len(records) * share)):
        asked, answer = whole(record)
        if len(answer.split()) < 25:
            continue
        once = row(changed(asked, lots), changed(answer, lots))
        twice = row(changed(once["instruction"], lots), changed(once["output"], lots))
        made += [once, twice, row(asked.upper(), "Otherwise.")]
    lots.shuffle(made)
    return made


def test_the_search_itself_finds_leaks():
    said = (
        "a heron stood beside the pond while two otters and a very old toad watched it from below"
    )
    splits = {"train": [json.dumps(row("What?", said)).encode()]}
    assert leaks({**splits, "eval": [json.dumps(row("Why?", said)).encode()]})
    assert leaks({**splits, "eval": [json.dumps(row("what", "No.")).encode()]})
    near = row("What?", said.replace("heron", "stork"))
    assert leaks({**splits, "eval": [json.dumps(near).encode()]})
    assert not leaks({**splits, "eval": [json.dumps(row("Who?", "Nobody.")).encode()]})


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("02_human_instructions/dolly_3k/dolly_3k.json", 0.1),
        ("01_alpaca/alpaca_gpt4_pairs_999/alpaca_en_demo.json", 0.2),
        ("06_chat/llamafactory_demos/identity.json", 0),
        ("06_chat/llamafactory_demos/glaive_toolcall_en_demo.json", 0),
    ],
)
def test_nothing_leaks_in_real_rows_with_near_copies_among_them(shared_data, tmp_path, path, share):
    if not (shared_data / path).exists():
        pytest.skip(f"{path} is not here")
    (source,) = open_sources([str(shared_data / path)])
    records = [parse(record.raw) for record in source]
    lots = random.Random(1)  # noqa: S311  # no secret
    data = write(tmp_path / "data.jsonl", planted(records, lots, share) if share else records)
    told = curate.split(data, tmp_path / "out", eval=0.1, test=0.1)
    splits = read(tmp_path / "out")
    assert leaks(splits) == []
    for name in ("eval", "test"):
        assert told["splits"][name]["share"] == pytest.approx(0.1, abs=0.02)
    assert sum(map(len, splits.values())) == told["records"]


def test_without_the_words_it_would_leak(tmp_path):
    """What the search finds where only equal rows are kept together."""
    lots = random.Random(1)  # noqa: S311  # no secret
    data = write(tmp_path / "data.jsonl", planted(rows(400), lots, 0.5))
    curate.split(data, tmp_path / "out", eval=0.3)
    assert leaks(read(tmp_path / "out")) == []
    curate.split(data, tmp_path / "out", eval=0.3, similarity=1, force=True)
    assert len(leaks(read(tmp_path / "out"))) > 10


def test_a_chain_does_not_leak(tmp_path):
    """Each row is like the one before it; the first and the last have nothing in common."""
    lots = random.Random(5)  # noqa: S311  # no secret
    words = text(lots, 200).split()
    chain = [row(f"Tell {n}.", " ".join(words[n : n + 60])) for n in range(100)]
    data = write(tmp_path / "data.jsonl", [*rows(400), *chain])
    curate.split(data, tmp_path / "out", eval=0.2, test=0.2)
    splits = read(tmp_path / "out")
    held = [name for name, lines in splits.items() if any(b"Tell " in line for line in lines)]
    assert len(held) == 1
    assert {name: len(lines) for name, lines in splits.items()} == {
        "train": 300, "eval": 100, "test": 100,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (row("Why is it so?", "No."), row("why is it so", "Yes."), True),
        (row("Why?", text(random.Random(1), 20)), row("Who?", text(random.Random(1), 20)), True),  # noqa: S311
        (row("Why?", "Yes."), row("Who?", "Yes."), False),
        (chat("Be a pirate.", "Go on.", "Aye."), chat("Be a nun.", "Go on.", "Amen."), False),
        (chat("Be a nun.", "Go on.", "Aye."), chat("Be a nun.", "Go on.", "Amen."), True),
        (row("Name it.", "Cat.", image="1.png"), row("Name it.", "Dog.", image="2.png"), False),
        (row("Name it.", "Cat.", doc=7), row("Say it.", "Dog.", doc=7), True),
    ],
)  # fmt: skip
def test_what_stays_together(tmp_path, one, other, together):
    group = "doc" if "doc" in one else None
    data = write(tmp_path / "data.jsonl", [*rows(40), one, other])
    curate.split(data, tmp_path / "out", group=group)
    made = pl.read_parquet(tmp_path / "out/rows.parquet")
    clusters = made.filter(pl.col("line") > 40)["cluster"]
    assert (clusters.n_unique() == 1) is together


# --- sizes, lots, files -------------------------------------------------------------------------


def test_the_order_of_the_rows_decides_nothing(tmp_path):
    records = rows(300) + [row(f"Ask {n % 7}", "So.") for n in range(30)]
    data = write(tmp_path / "data.jsonl", records)
    curate.split(data, tmp_path / "a", eval=0.2)
    random.Random(2).shuffle(records)  # noqa: S311  # no secret
    write(data, records)
    curate.split(data, tmp_path / "b", eval=0.2)
    one, other = read(tmp_path / "a"), read(tmp_path / "b")
    assert {name: sorted(lines) for name, lines in one.items()} == {
        name: sorted(lines) for name, lines in other.items()
    }


def test_a_seed_is_another_draw_and_the_same_seed_the_same_bytes(tmp_path):
    data = write(tmp_path / "data.jsonl", rows(200))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        curate.split(data, tmp_path / name, Settings(seed=seed))
    files = [{one.name: one.read_bytes() for one in (tmp_path / name).iterdir()} for name in "abc"]
    assert files[0] == files[1]
    assert files[0]["eval.jsonl"] != files[2]["eval.jsonl"]


def test_sources_and_lengths_have_their_share_in_each_split(tmp_path):
    write(tmp_path / "short.jsonl", [row(f"Q {n}?", f"A {n}.") for n in range(200)])
    write(tmp_path / "long.jsonl", rows(400))
    told = curate.split([tmp_path / "short.jsonl", tmp_path / "long.jsonl"], tmp_path / "out")
    by_source = {key.rpartition("/")[2]: held for key, held in told["strata"]["source"].items()}
    assert by_source == {
        "short.jsonl": {"train": 180, "eval": 20}, "long.jsonl": {"train": 360, "eval": 40},
    }  # fmt: skip
    for held in told["strata"]["characters"].values():
        assert held.get("eval", 0) == pytest.approx(sum(held.values()) / 10, abs=1)


def test_rows_leave_as_they_came_and_none_is_lost(tmp_path):
    lines = [json.dumps(one, indent=None, separators=(", ", ":  ")) for one in rows(40)]
    lines[3:3] = ['{"instruction": "Cut', '{"some": "thing"}']
    data = tmp_path / "data.jsonl.gz"
    data.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    told = curate.split(data, tmp_path / "out", eval=0.2, test=0.2)
    made = {
        name: gzip.decompress((tmp_path / "out" / told["splits"][name]["file"]).read_bytes())
        for name in told["splits"]
    }
    written = [line for one in made.values() for line in one.decode().split("\r\n") if line]
    refused = [
        json.loads(line)["raw"]
        for line in (tmp_path / "out/quarantine.jsonl").read_text("utf-8").splitlines()
    ]
    assert sorted([*written, *refused]) == sorted(lines)
    assert told["records"] == 42
    assert told["quarantined"]["records"] == 2
    places = pl.read_parquet(tmp_path / "out/rows.parquet")
    assert places["line"].to_list() == [n for n in range(1, 43) if n not in (4, 5)]


def test_parquet_stays_parquet(tmp_path):
    pl.DataFrame(rows(50)).write_parquet(tmp_path / "data.parquet")
    curate.split(tmp_path / "data.parquet", tmp_path / "out")
    parts = [pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("train", "eval")]
    assert [one.height for one in parts] == [45, 5]
    assert pl.concat(parts).sort("instruction").equals(pl.DataFrame(rows(50)).sort("instruction"))


@pytest.mark.parametrize(
    ("records", "options", "kind", "error"),
    [
        (rows(9), {"eval": 0.5, "test": 0.5}, UsageError, "training needs what they leave"),
        (rows(9), {"eval": 0.0}, UsageError, "each is a share"),
        (rows(9), {"similarity": 0.2}, UsageError, "from 0.7 to 1"),
        (rows(9), {"group": "doc"}, UsageError, "no record has such a field"),
        (rows(2), {"test": 0.1}, UsageError, "2 rows in 2 clusters can't fill 3 splits"),
        ([row("Ask?", f"{n}") for n in range(30)], {}, UsageError,
         r"30 rows in 1 cluster can't fill 2 splits; .*data.jsonl:1 on, is rows that ask the same"),
        ([row("Ask?", f"{n}") for n in range(96)] + rows(4), {"eval": 0.2}, UsageError,
         r"eval would get 4 of 20 rows: .* 96 rows from"),
        ([{"some": "thing"}] * 2, {}, InputError, "not one of the 2 records is valid"),
    ],
)  # fmt: skip
def test_what_can_not_be_split_is_said(tmp_path, records, options, kind, error):
    data = write(tmp_path / "data.jsonl", records)
    with pytest.raises(kind, match=error):
        curate.split(data, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_only_a_split_is_replaced_and_only_if_asked(tmp_path):
    data = write(tmp_path / "data.jsonl", rows(20))
    curate.split(data, tmp_path / "out")
    with pytest.raises(OutputError, match="holds a split already"):
        curate.split(data, tmp_path / "out")
    curate.split(data, tmp_path / "out", test=0.2, force=True)
    curate.split(data, tmp_path / "out", force=True)
    assert not (tmp_path / "out/test.jsonl").exists()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(OutputError, match=r"mine.txt: is no part of the split"):
        curate.split(data, tmp_path / "out", force=True)
    (tmp_path / "out/mine.txt").rename(tmp_path / "out/train.py")
    with pytest.raises(OutputError, match=r"train.py: is no part of the split"):
        curate.split(data, tmp_path / "out", force=True)
    (tmp_path / "out/train.py").unlink()
    (tmp_path / "out/split.json").write_text('{"lr": 0.1}')
    with pytest.raises(OutputError, match="holds other files and no split"):
        curate.split(data, tmp_path / "out", force=True)
    curate.clean(data, tmp_path / "run", Settings(select=("empty",)))
    with pytest.raises(OutputError, match="holds other files and no split"):
        curate.split(data, tmp_path / "run", force=True)


@pytest.mark.parametrize(
    ("sizes", "shares", "got"),
    [
        ([1] * 100, {"train": 0.9, "eval": 0.1}, {"train": 90, "eval": 10}),
        ([1] * 10 + [90], {"train": 0.9, "eval": 0.1}, {"train": 90, "eval": 10}),
        ([5, 5], {"train": 0.5, "eval": 0.5}, {"train": 5, "eval": 5}),
        ([7] * 10, {"train": 0.8, "eval": 0.1, "test": 0.1}, {"train": 56, "eval": 7, "test": 7}),
        ([3] * 10, {"train": 0.84, "eval": 0.16}, {"train": 24, "eval": 6}),
        ([1, 1, 1], {"train": 0.1, "eval": 0.45, "test": 0.45},
         {"train": 1, "eval": 1, "test": 1}),
    ],
)  # fmt: skip
def test_sizes_are_hit_as_closely_as_whole_clusters_allow(sizes, shares, got):
    found = [Cluster(bytes([at]), ("a", "b", at % 3), at, size) for at, size in enumerate(sizes)]
    drawn = draw(found, shares)
    assert {name: sum(s for s, d in zip(sizes, drawn.values(), strict=True) if d == name)
            for name in shares} == got  # fmt: skip


def test_the_command_tells_what_it_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "data.jsonl", [*rows(98), row("Ask?", "A"), row("ask", "B")])
    done = CliRunner().invoke(app, ["split", "data.jsonl", "-o", "out", "--test", "0.2"])
    assert done.exit_code == 0, done.output
    for said in ("train", "70.0%", "2 rows stay together in 1 cluster", "asked the same",
                 "data.jsonl:99", "out/split.json", "--against out/eval.jsonl"):  # fmt: skip
        assert said in done.output
    words = ["split", "data.jsonl", "-o", "out2", "--json"]
    told = json.loads(CliRunner().invoke(app, words).output)
    assert told == json.loads((tmp_path / "out2/split.json").read_text("utf-8"))
    assert CliRunner().invoke(app, [*words[:4], "--quiet", "--force"]).output == ""
