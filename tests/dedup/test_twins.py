"""Which of several rows alike stays: the best of those that no other rule drops."""

from __future__ import annotations

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.config import Settings
from curate.decide import decide
from curate.dedup.minhash import FLOOR
from curate.dedup.twins import spared
from curate.pipeline import clean, decide_again
from curate.policy.catalogue import load_rules
from tests.signals.copies import RULES, ask, decided, scored

TEXT = (
    "A lighthouse is a tall tower with a bright lamp at its top. It stands where ships come near "
    "to rocks or sands, and its light, seen from many miles away, tells the crew in the dark how "
    "far they are from the dangerous shore."
)
WORDS = TEXT.split()
LONGER = f"{TEXT} It does so all night."


def marks(word, action="drop"):
    """A rule for rows with this word."""
    clause = load_rules()["empty-response"].match[0]
    return RULES["duplicate-exact"].model_copy(
        update={
            "code": f"x-{word.lower()}",
            "when": None,
            "twin": None,
            "action": action,
            "match": (clause.model_copy(update={"any": (rf"\b{word}\b",), "ignore_case": False}),),
        }
    )


BAD, ODD = marks("BAD"), marks("Odd", "flag")
ALL = RULES | {BAD.code: BAD, ODD.code: ODD}


def fates(records, rules=ALL):
    """Of each row: what became of it, why, and the line of the row it names."""
    ledger = decided(records, rules).ledger
    lines = {one: line for line, one in enumerate(ledger["id"])}
    made = ledger.select("disposition", "code", "twin").iter_rows()
    return [(fate, code, lines.get(twin)) for fate, code, twin in made]


def kept(records, rules=ALL):
    return [n for n, (fate, _, _) in enumerate(fates(records, rules)) if fate == "kept"]


def edited(place, word):
    return " ".join([*WORDS[:place], word, *WORDS[place + 1 :]])


# --- the order ------------------------------------------------------------------------------------

CHOICES = {
    "equal: the earlier": ([TEXT, edited(7, "strong")], [0]),
    "the longer": ([TEXT, LONGER], [1]),
    "the longest": ([TEXT, f"{TEXT} So it is.", LONGER], [1]),
    "a word more is no better": ([TEXT, f"{TEXT} Really."], [0]),
    "not hit before longer": ([f"{TEXT} Odd.", TEXT], [1]),
    "not hit before earlier": ([edited(3, "Odd"), TEXT], [1]),
    "not dropped before not hit": ([edited(3, "BAD"), edited(4, "Odd")], [1]),
    "of copies the one not hit": ([edited(3, "Odd"), edited(3, "odd")], [1]),
    "of copies the one not dropped": ([edited(3, "BAD"), edited(3, "bad"), edited(3, "bad")], [1]),
    "of copies the earliest": ([TEXT, TEXT.upper(), TEXT], [0]),
    "none, if all are dropped": ([edited(3, "BAD"), edited(3, "BAD")], []),
    "a copy of what a near-copy beats": ([TEXT, TEXT, LONGER], [2]),
}


@pytest.mark.parametrize("why", CHOICES)
def test_the_best_of_those_alike_stays(why):
    texts, expected = CHOICES[why]
    assert kept([ask("Describe it.", text) for text in texts]) == expected


def test_the_easier_to_read_stays_whatever_else_is_measured():
    hard = edited(4, "extraordinarily-incomprehensible")
    rows = [ask("Describe it.", text) for text in (hard, TEXT)]
    readable = {"readability-outlier": load_rules()["readability-outlier"]}
    assert kept(rows, RULES) == [1]
    assert kept(rows, RULES | readable) == [1]


def test_a_copy_of_a_near_copy_names_the_row_that_stays():
    rows = [ask("Describe it.", text) for text in (TEXT, TEXT, LONGER, TEXT)]
    assert fates(rows) == [
        *[("dropped", "duplicate-near", 2)] * 2,
        ("kept", None, None),
        ("dropped", "duplicate-near", 2),
    ]
    without = {code: rule for code, rule in ALL.items() if code != "duplicate-near"}
    assert fates(rows, without)[1] == ("dropped", "duplicate-exact", 0)


def test_copies_that_alone_went_come_back_when_their_rule_only_reports():
    flags = {"duplicate-exact": RULES["duplicate-exact"].model_copy(update={"action": "flag"})}
    rows = [ask("Describe it.", text) for text in (TEXT, TEXT, LONGER)]
    assert kept(rows, ALL | flags) == [1, 2]


@pytest.mark.parametrize("code", ["duplicate-prompt", "duplicate-answer"])
def test_of_rows_that_share_a_half_the_best_stays_if_the_others_are_to_go(code):
    drops = {code: RULES[code].model_copy(update={"action": "drop"})}
    other = " ".join(WORDS[::-1])
    pairs = {
        "duplicate-prompt": [("Why?", "Odd"), ("Why?", "No"), ("Why?", "Yes"), ("How?", "No")],
        "duplicate-answer": [(f"{word}?", other) for word in ("Odd", "Who", "How", "What")],
    }[code]
    rows = [ask(*pair) for pair in pairs]
    if code == "duplicate-answer":
        rows[0]["output"] = other.replace("lighthouse", "lighthouse,")
    made = fates(rows, ALL | drops)
    gone = [twin for fate, _, twin in made if fate == "dropped"]
    assert len(gone) == len(rows) - (2 if code == "duplicate-prompt" else 1)
    assert all(made[twin][0] == "kept" for twin in gone)
    if code == "duplicate-prompt":
        assert [fate for fate, _, _ in made] == ["dropped", "kept", "dropped", "kept"]


def test_the_order_of_the_files_as_given_decides_between_equals(tmp_path):
    for name in "ab":
        row = ask("Describe it.", TEXT if name == "a" else edited(7, "strong"))
        (tmp_path / f"{name}.jsonl").write_bytes(orjson.dumps(row) + b"\n")
    for order in ("ab", "ba"):
        clean([tmp_path / f"{name}.jsonl" for name in order], tmp_path / order)
        (gone,) = (tmp_path / order / "dropped.jsonl").read_bytes().splitlines()
        assert orjson.loads(gone)["source"].endswith(f"{order[1]}.jsonl")


# --- large clusters -------------------------------------------------------------------------------


@pytest.mark.parametrize("hit", ["", "Odd", "BAD"])
def test_of_a_large_cluster_one_stays(hit):
    """300 texts one word from each other at most; the first four may be hit by a rule."""
    words = f"{TEXT} {TEXT[::-1]} {TEXT.swapcase()[::-1]}".split()
    rows = []
    for number in range(300):
        own = [*words[:5], f"{hit if hit and number < 4 else 'o'} w{number}", *words[6:]]
        rows.append(ask("Describe it.", " ".join(own)))
    # Were nine in ten alike, the rule would be suspect.
    others = [ask(f"What is {number}?", f"A number: {number}") for number in range(60)]
    left = [row for row in kept(rows + others) if row < len(rows)]
    assert len(left) == 1
    assert (left[0] >= 4) == bool(hit)


# --- nothing is lost, in any combination ----------------------------------------------------------


@st.composite
def corpora(draw):
    """Few texts, copied and edited at random, some hit by other rules."""
    texts = [TEXT, " ".join(reversed(WORDS)), "Yes", "No"]
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        words = draw(st.sampled_from(texts)).split()
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.integers(0, len(words) - 1))
            words[place] = draw(st.sampled_from(["x", "X", "y", "BAD", "bad", "Odd", "odd"]))
        asked = draw(st.sampled_from(["Is it so?", "is  it so?", "What do you think of it now?"]))
        rows.append(ask(asked, " ".join(words)))
    return rows


choices = st.fixed_dictionaries(
    {code: st.sampled_from(["drop", "drop", "flag", "none"]) for code in ALL}
)
thresholds = st.sampled_from([FLOOR, 0.8, 0.9])


def chosen(actions, threshold):
    return {
        code: ALL[code].model_copy(
            update={"action": action}
            | ({"threshold": threshold} if code == "duplicate-near" else {})
        )
        for code, action in actions.items()
        if action != "none"
    }


def conserved(ledger, lone):
    """Hold that who goes as a duplicate names a row that stays."""
    rows = {row["id"]: row for row in ledger.iter_rows(named=True)}
    for row in rows.values():
        if row["disposition"] == "dropped" and row["code"] not in lone:
            assert row["code"].startswith("duplicate-")
            assert rows[row["twin"]]["disposition"] in {"kept", "edited"}
        elif row["disposition"] == "dropped":
            assert row["twin"] is None


@settings(deadline=None, max_examples=150)
@given(corpora(), choices, thresholds)
def test_who_goes_as_a_duplicate_names_a_row_that_stays(rows, actions, threshold):
    facts = scored(rows, ALL)
    rules = chosen(actions, threshold)
    decision = decide(*facts, rules)
    conserved(decision.ledger, {BAD.code, ODD.code})
    fate = dict(decision.ledger.select("id", "disposition").iter_rows())
    for action, code, twin in decision.findings.select("action", "code", "twin").iter_rows():
        if action == "drop" and code.startswith("duplicate-"):
            assert fate[twin] == "kept", "so does every finding that drops"
    unchanged = decide(*facts, rules)
    assert unchanged.ledger.equals(decision.ledger)


@settings(deadline=None, max_examples=100)
@given(corpora(), thresholds)
def test_of_rows_alike_no_two_stay(rows, threshold):
    """Every verified pair at the threshold: at least one goes, and copies of a kept row all go."""
    scores, matches = scored(rows, ALL)
    actions = dict.fromkeys(RULES, "drop") | {BAD.code: "drop", ODD.code: "flag"}
    actions |= {"duplicate-prompt": "flag", "duplicate-answer": "flag"}
    ledger = decide(scores, matches, chosen(actions, threshold)).ledger
    stays = (ledger["disposition"] == "kept").to_list()
    groups = scores.select(pl.coalesce("exact_duplicate_of", "id")).to_series().to_list()
    assert len({groups[n] for n in range(len(rows)) if stays[n]}) == sum(stays)
    pairs = scores.with_row_index("row").explode("near_copies", "near_similarities").drop_nulls()
    for row, other, alike in pairs.select("row", "near_copies", "near_similarities").iter_rows():
        assert alike < threshold or not (stays[row] and stays[other])


def test_nothing_is_lost_when_a_run_is_decided_again(tmp_path):
    rows = [
        ask("Describe it.", text)
        for text in (
            f"{TEXT} Write to me: anna.berg@example-post.de",
            TEXT,
            TEXT.upper(),
            f"{TEXT} Really.",
            edited(7, "strong"),
        )
    ]
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    clean([path], tmp_path / "run", Settings(actions={"pii-email": "drop"}))
    asked = [
        Settings(),
        Settings(actions={"pii-email": "drop"}),
        Settings(ignore=("duplicate-near",)),
        Settings(ignore=("duplicate-exact",)),
        Settings(actions={"duplicate-near": "flag", "pii-email": "drop"}),
        Settings(thresholds={"duplicate-near": 0.95}),
        Settings(pack="strict"),
    ]
    for number, wish in enumerate(asked):
        out = tmp_path / f"again{number}"
        decide_again(tmp_path / "run", wish, out)
        ledger = pl.read_parquet(out / "ledger.parquet")
        conserved(ledger, {"pii-email"})
        assert (ledger["disposition"] == "kept").any()


# --- the last word --------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=20),
    st.permutations(range(8)),
    st.sets(st.integers(0, 7)),
)
def test_whatever_names_whom_who_goes_names_one_that_stays(pairs, rank, gone):
    rows, twins = np.array(pairs or np.zeros((0, 2)), np.int64).T
    lost = np.isin(np.arange(8), list(gone))
    kept = spared(rows, twins, np.array(rank), lost)
    dropping = [pair for pair, spare in zip(pairs, kept.tolist(), strict=True) if not spare]
    goes = gone | {row for row, _ in dropping}
    assert not {twin for row, twin in dropping if row != twin} & goes
    for (row, twin), spare in zip(pairs, kept.tolist(), strict=True):
        named = {other for _, other in dropping}
        assert not spare or twin in goes or row in named, "none is spared without a reason"
