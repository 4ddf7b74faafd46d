"""Plants known defects in good rows: the part that make.py and tests/planted share.

A row here is neutral: a list of turns `[role, text]` with the roles system, user, assistant, call
(a tool call) and result (what the tool said), and beside it Alpaca's `input` and the tools. It is
laid out as a record of one format at the very end. Everything is drawn from one seeded generator,
so that the same seed gives the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from curate.selftest.broken import BREAKS, dump
from curate.selftest.texts import BLANK, NORMALISED, ZERO_WIDTH, cut, edit_one_word, put, spoil
from curate.selftest.values import fill

if TYPE_CHECKING:
    import random

HERE = Path(__file__).resolve().parent
FORMATS = ("alpaca", "sharegpt", "chatml")
LONG = 45  # words from which an answer bears a one-word edit or a cut
Record = dict[str, Any]


@dataclass
class Neutral:
    """A conversation in no format.

    Attributes:
        turns: `[role, text]` of every turn.
        input: Alpaca's second field; in chats it follows the last question.
        tools: the tools that the assistant may call, as JSON.
    """

    turns: list[list[str]]
    input: str = ""
    tools: str | None = None

    def copy(self) -> Neutral:
        """The same, to be spoiled."""
        return Neutral([list(turn) for turn in self.turns], self.input, self.tools)


class Line(NamedTuple):
    """One line of a file.

    Attributes:
        text: the line as it is written.
        defect: the class of the planted defect, "clean" for a hard negative, "" for a base row.
        what: what was done, in words.
        partner: of a copy: the text of the line that it repeats.
        origins: the base rows in it: `(origin, at, licence)` of each; none is an invented row.
    """

    text: str
    defect: str
    what: str = ""
    partner: str | None = None
    origins: tuple[tuple[str, str, str], ...] = ()


# --- formats ------------------------------------------------------------------------------------

_SHAREGPT = {"user": "human", "assistant": "gpt", "call": "function_call", "result": "observation"}


def lay_out(row: Neutral, name: str) -> Record:
    """A neutral row as a record of the format."""
    if name == "alpaca":
        (_, ask), (_, answer) = row.turns
        return {"instruction": ask, "input": row.input, "output": answer}
    turns = [list(turn) for turn in row.turns]
    if row.input:
        last = max(place for place, turn in enumerate(turns) if turn[0] == "user")
        turns[last][1] += f"\n\n{row.input}"
    if name == "sharegpt":
        made = [{"from": _SHAREGPT.get(role, role), "value": text} for role, text in turns]
        record: Record = {"conversations": made}
    else:
        record = {"messages": _messages(turns)}
    return record | ({"tools": row.tools} if row.tools else {})


def _messages(turns: list[list[str]]) -> list[Record]:
    """Turns as OpenAI has them: calls with ids, results that name the id."""
    made: list[Record] = []
    calls = 0
    for role, text in turns:
        if role == "call":
            calls += 1
            call = json.loads(text)
            function = {"name": call["name"], "arguments": json.dumps(call.get("arguments", {}))}
            tool_call = {"id": f"call_{calls}", "type": "function", "function": function}
            made.append({"role": "assistant", "content": None, "tool_calls": [tool_call]})
        elif role == "result":
            made.append({"role": "tool", "tool_call_id": f"call_{calls or 1}", "content": text})
        else:
            made.append({"role": role, "content": text})
    return made


# --- the planter --------------------------------------------------------------------------------

TEXTS = (
    *("refusal", "as-an-ai", "control-token", "noinput", "merged", "injection", "placeholder"),
    *("pii", "secret", "mojibake", "repetition", "other-language", "truncated", "invisible"),
    *("escaped-newline", "missing-material", "wrong-arithmetic", "invalid-json-answer"),
    *("unclosed-fence", "echo"),
)
COPIES = ("exact", "normalised", "near", "same-prompt", "swapped")
RECORDS = ("invalid-json", "wrong-type", "missing-key")
EMPTY = ("empty-turn", "zero-width-turn")
ORDER = (
    *("user-repeated", "assistant-first", "last-user", "tool-without-call"),
    *("system-repeated", "system-late", "missing-assistant"),
)
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a patient teacher. Answer briefly.",
    "Answer every question as well as you can, and say so when you are not sure.",
    "You help the staff of a small library with questions of all kinds.",
    "Be concise.",
)


@dataclass
class Planter:
    """Makes the lines of one file.

    Attributes:
        format: alpaca, sharegpt or chatml.
        rng: what everything is drawn from.
        base: rows of base.jsonl that may be used, each once.
        wordings: class -> how it reads; see wordings.yaml.
    """

    format: str
    rng: random.Random
    base: list[Record]
    wordings: dict[str, list[Record]]
    lines: list[Line] = field(default_factory=list)
    _used: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng.shuffle(self.base)
        self.wordings = {name: _shuffled(held, self.rng) for name, held in self.wordings.items()}
        self.pairs = [one for one in self.base if "alpaca" in one]
        self.chats = [one for one in self.base if "turns" in one]

    # base rows

    def take(self, *, long: bool = False, words: bool = False) -> Neutral:
        """The next question and answer; with a long answer in prose, or of mere words."""
        for place, one in enumerate(self.pairs):
            record = one["alpaca"]
            if (not long or _is_prose(record["output"])) and (not words or _is_mere_words(record)):
                self._used.append(self.pairs.pop(place))
                turns = [["user", record["instruction"]], ["assistant", record["output"]]]
                return Neutral(turns, record["input"])
        raise LookupError("base.jsonl has too few rows for this file")

    def plain(self) -> Neutral:
        """A base row as the format has it: in chats one to three exchanges, or one with tools."""
        if self.format == "alpaca":
            return self.take()
        if self.chats and self.rng.random() < 0.3:  # noqa: PLR2004  # share of real conversations
            one = self.chats.pop()
            self._used.append(one)
            return Neutral([list(turn) for turn in one["turns"]], tools=one.get("tools"))
        return self.around(self.take(), self.rng.choice((0, 0, 1, 2)))

    def around(self, row: Neutral, others: int, place: int | None = None) -> Neutral:
        """The row among other exchanges, last by default; half start with a system turn."""
        if self.format == "alpaca":
            return row
        exchanges = [self._joined(self.take()) for _ in range(others)]
        exchanges.insert(others if place is None else place, self._joined(row))
        turns = [turn for exchange in exchanges for turn in exchange]
        if self.rng.random() < 0.5:  # noqa: PLR2004  # half of them
            turns.insert(0, ["system", self.rng.choice(SYSTEMS)])
        return Neutral(turns)

    @staticmethod
    def _joined(row: Neutral) -> list[list[str]]:
        turns = [list(turn) for turn in row.turns]
        if row.input:
            turns[0][1] += f"\n\n{row.input}"
        return turns

    def add(self, row: Neutral, defect: str, what: str = "", partner: str | None = None) -> str:
        """Add a row; its line."""
        return self.add_text(dump(lay_out(row, self.format)), defect, what, partner)

    def add_text(self, text: str, defect: str, what: str, partner: str | None = None) -> str:
        """Add a line, made of the base rows taken since the last one."""
        used = tuple((one["origin"], one["at"], one["licence"]) for one in self._used)
        if partner:
            used = next(line.origins for line in self.lines if line.text == partner)
        self.lines.append(Line(text, defect, what, partner, used))
        self._used.clear()
        return text

    def fill_up(self, total: int) -> None:
        """Add base rows until there are so many lines."""
        while len(self.lines) < total:
            self.add(self.plain(), "")

    def negatives(self, rows: list[Record]) -> None:
        """Add hard negatives; those that are conversations only in chats."""
        for one in rows:
            if "turns" in one:
                row = Neutral([list(turn) for turn in one["turns"]], tools=one.get("tools"))
            else:
                turns = [["user", one["ask"]], ["assistant", one["answer"]]]
                row = Neutral(turns, one.get("input", ""))
            if "turns" not in one or self.format != "alpaca":
                self.add(row, "clean", one["why"])

    # defects

    def plant(self, defect: str, count: int) -> None:
        """Add `count` rows with the defect, each in another way; a single one in any."""
        first = self.rng.randrange(8)
        for number in range(first, first + count):
            if defect in TEXTS:
                self._text(defect, number)
            elif defect in COPIES:
                self._copy(defect, number)
            elif defect in RECORDS:
                getattr(self, f"_{defect.replace('-', '_')}")(number)
            elif defect in EMPTY:
                self._empty(defect, number)
            elif defect == "unknown-role":
                self._unknown_role(number)
            else:
                self._order(defect, number)

    def _text(self, defect: str, number: int) -> None:
        wording = self.wordings[defect][number % len(self.wordings[defect])]
        row = self.take(long="cut" in wording)
        if {"ask", "answer"} <= set(wording):
            row.input = ""
            self.pairs.append(self._used.pop())
        row.turns[0][1] = wording.get("ask", row.turns[0][1])
        row.input = wording.get("input", row.input)
        answer = wording.get("answer", row.turns[1][1]) + wording.get("unit", "") * wording.get(
            "times", 0
        )
        if "by" in wording:
            answer = spoil(answer, wording["by"])
        if "cut" in wording:
            answer = cut(answer, wording["cut"], self.rng)
        row.turns[1][1] = answer
        if "put" in wording:
            self._put(row, wording)
        others = self.rng.choice((0, 0, 1, 2))
        place = others if defect == "truncated" else self.rng.randint(0, others)
        shown = {key: held for key, held in wording.items() if key != "unit"}
        self.add(
            self.around(row, others, place),
            defect,
            "; ".join(f"{k}: {v}" for k, v in shown.items()),
        )

    def _put(self, row: Neutral, wording: Record) -> None:
        where, place = wording["put"].split("-")
        text = fill(wording["text"], self.rng)
        if where == "input":
            row.input = put(row.input, place, text, self.rng)
        else:
            turn = row.turns[where == "answer"]
            turn[1] = put(turn[1], place, text, self.rng)

    def _copy(self, defect: str, number: int) -> None:
        if defect == "same-prompt":
            self._same_prompt(number)
        elif defect == "swapped":
            self._swap()
        else:
            kind = {"long": defect == "near", "words": defect == "normalised"}
            others = self.rng.choice((0, 1)) * (defect != "normalised")
            row = self.around(self.take(**kind), others)
            first = self.add(row, "")
            copy = row.copy()
            if defect == "exact":
                self.add_text(first, defect, "the same line again", first)
            elif defect == "normalised":
                change, what = NORMALISED[number % len(NORMALISED)]
                copy.turns = [[role, change(text)] for role, text in copy.turns]
                self.add(copy, defect, what, first)
            else:
                copy.turns[-1][1], what = edit_one_word(copy.turns[-1][1], self.rng)
                self.add(copy, defect, what, first)

    def _same_prompt(self, number: int) -> None:
        wording = self.wordings["same-prompt"][number % len(self.wordings["same-prompt"])]
        row = Neutral(
            [["user", wording["ask"]], ["assistant", wording["answer"]]], wording.get("input", "")
        )
        first = self.add(row, "")
        other = row.copy()
        other.turns[1][1] = wording["other"]
        self.add(other, "same-prompt", "the same question, another answer", first)

    def _swap(self) -> None:
        row, other = self.take(), self.take()
        row.turns[1][1] = other.turns[1][1]
        self.add(self.around(row, 0), "swapped", "the answer to another question")

    def _invalid_json(self, number: int) -> None:
        text = dump(lay_out(self.plain(), self.format))
        broken, what = BREAKS[number % len(BREAKS)]
        self.add_text(broken(text), "invalid-json", what)

    def _wrong_type(self, number: int) -> None:
        record = lay_out(self.plain(), self.format)
        change, what = (
            _WRONG_ALPACA[number % 8] if self.format == "alpaca" else _WRONG_CHAT[number % 8]
        )
        self.add_text(dump(change(record)), "wrong-type", what)

    def _missing_key(self, number: int) -> None:
        record = lay_out(self.plain(), self.format)
        change, what = (
            _MISSING_ALPACA[number % 8] if self.format == "alpaca" else _MISSING_CHAT[number % 8]
        )
        self.add_text(dump(change(record)), "missing-key", what)

    def _empty(self, defect: str, number: int) -> None:
        blank = (BLANK if defect == "empty-turn" else ZERO_WIDTH)[number % 8]
        row = self.around(self.take(), self.rng.choice((0, 1, 2)))
        spoken = [turn for turn in row.turns if turn[0] != "system"]
        turn = spoken[-1] if number % 3 else spoken[0]
        turn[1] = blank
        if self.format == "alpaca":
            row.input = ""
        self.add(row, defect, f"the {turn[0]}'s turn is {blank!r}")

    def _unknown_role(self, number: int) -> None:
        roles = ("narrator", "user2", "gtp", "moderator", "", "critic", "Speaker A", "humam")
        record = lay_out(self.around(self.take(), 1), self.format)
        turns, key = _turns(record)
        self.rng.choice(turns)[key] = roles[number % 8]
        self.add_text(dump(record), "unknown-role", f"the role {roles[number % 8]!r}")

    def _order(self, defect: str, number: int) -> None:
        row = self.around(self.take(), number % 3)
        turns = row.turns
        if defect.startswith("system") and turns[0][0] != "system":
            turns.insert(0, ["system", self.rng.choice(SYSTEMS)])
        said = [place for place, turn in enumerate(turns) if turn[0] != "system"]
        what = _ORDER[defect](turns, said, number, self.rng)
        self.add(row, defect, what)

    def finish(self) -> list[tuple[Line, int | None]]:
        """The lines in their order, each copy after its original, with the original's number."""
        self.rng.shuffle(self.lines)
        place = {line.text: number for number, line in enumerate(self.lines) if not line.partner}
        for number, line in enumerate(self.lines):
            first = place.get(line.partner) if line.partner else None
            if first is not None and first > number:
                self.lines[number], self.lines[first] = self.lines[first], line
                place[line.partner] = number  # type: ignore[index]  # it has a partner
        first_of = {
            line.text: number
            for number, line in reversed([*enumerate(self.lines, 1)])
            if not line.partner
        }
        return [(line, first_of.get(line.partner) if line.partner else None) for line in self.lines]


def _shuffled(held: list[Record], rng: random.Random) -> list[Record]:
    return rng.sample(held, len(held))


def _is_prose(text: str) -> bool:
    """Long enough, and running text: no list, no code."""
    words = text.split()
    return len(words) >= LONG and text.count("\n") <= 3 and text.rstrip()[-1] in '.!?"'  # noqa: PLR2004  # paragraphs


def _is_mere_words(record: Record) -> bool:
    """No code, in which case and white space mean something."""
    return not re.search(r"[/\\{}<>=$|_~*]", " ".join(record.values()))


def _turns(record: Record) -> tuple[list[Record], str]:
    """The turns of a chat record, and how it calls the role."""
    return (
        (record["messages"], "role") if "messages" in record else (record["conversations"], "from")
    )


def _text_key(record: Record) -> str:
    return "content" if "messages" in record else "value"


# --- breaking records ---------------------------------------------------------------------------


def _with(record: Record, **values: Any) -> Record:  # noqa: ANN401  # any JSON
    return record | values


def _in_turn(record: Record, **values: Any) -> Record:  # noqa: ANN401  # any JSON
    """A chat record with other values in its last turn: `text` and `role` stand for the keys."""
    turns, role = _turns(record)
    names = {"role": role, "text": _text_key(record)}
    turns[-1] = turns[-1] | {names[key]: value for key, value in values.items()}
    return record


def _without(record: Record, *keys: str) -> Record:
    return {key: value for key, value in record.items() if key not in keys}


def _renamed(record: Record, old: str, new: str) -> Record:
    return {new if key == old else key: value for key, value in record.items()}


def _turn_without(record: Record, key: str) -> Record:
    turns, role = _turns(record)
    name = role if key == "role" else _text_key(record)
    place = -1 if name in turns[-1] else 0
    turns[place] = _without(turns[place], name)
    return record


def _holder(record: Record) -> str:
    return "messages" if "messages" in record else "conversations"


_WRONG_ALPACA = (
    (lambda one: _with(one, output=42), "output is a number"),
    (lambda one: _with(one, output=[one["output"]]), "output is a list"),
    (lambda one: _with(one, output={"text": one["output"]}), "output is an object"),
    (lambda one: _with(one, output=None), "output is null"),
    (lambda one: _with(one, instruction=["Do", "this"]), "instruction is a list"),
    (lambda one: _with(one, input=3.5), "input is a number"),
    (lambda one: list(one.values()), "the record is a list"),
    (lambda one: _with(one, instruction=True), "instruction is true"),
)
_WRONG_CHAT = (
    (lambda one: _in_turn(one, text=42), "a text is a number"),
    (lambda one: _in_turn(one, text=None), "a text is null"),
    (lambda one: _with(one, **{_holder(one): "Hi\nHello"}), "the turns are a text"),
    (lambda one: _with(one, **{_holder(one): {"1": _turns(one)[0]}}), "the turns are an object"),
    (lambda one: _with(one, **{_holder(one): ["Hi", "Hello"]}), "the turns are texts"),
    (lambda one: _in_turn(one, role=7), "a role is a number"),
    (lambda one: _in_turn(one, text={"answer": "Hello"}), "a text is an object"),
    (lambda one: _turns(one)[0], "the record is a list"),
)
_MISSING_ALPACA = (
    (lambda one: _without(one, "output"), "no output"),
    (lambda one: _without(one, "instruction"), "no instruction"),
    (lambda one: _renamed(one, "output", "ouput"), "output misspelt"),
    (lambda one: _renamed(one, "instruction", "instrution"), "instruction misspelt"),
    (lambda _: {}, "an empty object"),
    (lambda one: {"text": one["instruction"] + one["output"]}, "only a text"),
    (lambda one: _without(one, "instruction", "output"), "only input"),
    (
        lambda one: _without(_with(one, input="The rain in Spain."), "instruction"),
        "only input and output",
    ),
)
_MISSING_CHAT = (
    (lambda one: _turn_without(one, "text"), "a turn without a text"),
    (lambda one: _turn_without(one, "role"), "a turn without a role"),
    (lambda one: _with(one, **{_holder(one): []}), "no turns"),
    (lambda one: _renamed(one, _holder(one), "convs"), "the turns under another key"),
    (lambda _: {"id": "x-17"}, "only an id"),
    (lambda one: _with(one, **{_holder(one): [{}, *_turns(one)[0]]}), "a turn without keys"),
    (lambda _: {}, "an empty object"),
    (lambda one: {"source": "web", "text": dump(one)}, "the record as a text under another key"),
)


# --- breaking the order of turns ----------------------------------------------------------------


def _repeat_user(turns: list[list[str]], said: list[int], number: int, rng: random.Random) -> str:
    more = ("Please be brief.", "Hello?", "I mean the second one.", "And in French, please.")
    turns.insert(rng.choice(said[1::2]), ["user", more[number % 4]])
    return "two turns of the user in a row"


def _assistant_first(turns: list[list[str]], said: list[int], number: int, _: random.Random) -> str:
    if number % 2 or len(said) < 4:  # noqa: PLR2004  # two exchanges
        turns.insert(said[0], ["assistant", "What I found is on page twelve of the report."])
        return "the assistant begins"
    del turns[said[0]]
    return "the first question is missing"


def _last_user(turns: list[list[str]], said: list[int], number: int, _: random.Random) -> str:
    if number % 2 and len(said) > 2:  # noqa: PLR2004  # more than one exchange
        turns.pop()
        return "the last answer is missing"
    turns.append(["user", ("Thanks!", "Can you explain that again?")[number % 2]])
    return "the user has the last word"


def _tool_without_call(
    turns: list[list[str]], said: list[int], number: int, rng: random.Random
) -> str:
    results = ('{"temperature": 18}', '{"rows": []}', "OK", '{"status": "done", "id": 7}')
    turns.insert(rng.choice(said[1::2]), ["result", results[number % 4]])
    return "a tool's result that nobody called for"


def _system_repeated(turns: list[list[str]], said: list[int], number: int, _: random.Random) -> str:
    turns.insert(said[0], ["system", turns[0][1] if number % 2 else "Always answer in English."])
    return "two system turns"


def _system_late(turns: list[list[str]], said: list[int], _: int, rng: random.Random) -> str:
    turns.insert(rng.choice(said[1:]) + 1, turns.pop(0))
    return "the system turn comes late"


def _missing_assistant(turns: list[list[str]], _: list[int], number: int, __: random.Random) -> str:
    kept = [turn for turn in turns if turn[0] != "assistant"]
    turns[:] = kept if number % 2 else [turn for turn in kept if turn[0] == "system"] + kept[-1:]
    return "nobody answers"


_ORDER = {
    "user-repeated": _repeat_user,
    "assistant-first": _assistant_first,
    "last-user": _last_user,
    "tool-without-call": _tool_without_call,
    "system-repeated": _system_repeated,
    "system-late": _system_late,
    "missing-assistant": _missing_assistant,
}


# --- files --------------------------------------------------------------------------------------


def truth(name: str, lines: list[tuple[Line, int | None]]) -> list[str]:
    """What is known of a file, a JSON text a planted row or hard negative."""
    return [
        dump(
            {"file": name, "line": number, "defect": line.defect, "what": line.what}
            | ({"partner": partner} if partner else {})
        )
        for number, (line, partner) in enumerate(lines, start=1)
        if line.defect
    ]


def origins(name: str, lines: list[tuple[Line, int | None]]) -> list[str]:
    """Where the rows of a file come from, a JSON text a row."""
    made = []
    for number, (line, _) in enumerate(lines, start=1):
        held = [{"origin": origin, "at": at, "licence": lic} for origin, at, lic in line.origins]
        made.append(dump({"file": name, "line": number, "from": held or _INVENTED}))
    return made


_INVENTED = [{"origin": "invented for curate", "licence": "Apache-2.0"}]


def load_base() -> list[Record]:
    """The rows of base.jsonl."""
    return [json.loads(line) for line in (HERE / "base.jsonl").read_text("utf-8").splitlines()]


def load_yaml(path: Path) -> Any:  # noqa: ANN401  # any YAML
    """A file of wordings or of hard negatives."""
    return yaml.safe_load(path.read_text("utf-8"))
