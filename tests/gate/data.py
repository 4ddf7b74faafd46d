"""Invented rows that a gate has something to say about."""

from __future__ import annotations

import json

GOOD = [
    {"instruction": f"Name a river that flows through {place}.", "input": "", "output": river}
    for place, river in [
        ("Vienna", "The Danube flows through Vienna."),
        ("Paris", "Paris lies on the Seine."),
        ("Cairo", "The Nile passes Cairo."),
        ("London", "London has the Thames."),
        ("Baghdad", "That would be the Tigris."),
        ("Dresden", "Dresden is a city on the Elbe."),
        ("Rome", "The Tiber runs through Rome."),
        ("Prague", "Prague stands on both banks of the Vltava."),
    ]
]
EMPTY = {"instruction": "Name a river that flows through Lisbon.", "input": "", "output": ""}
MAIL = {
    "instruction": "How do I reach Mara?",
    "input": "",
    "output": "Write to mara.lindqvist@kontor-nord.se, she answers within a day.",
}
MOJIBAKE = {
    "instruction": "Translate 'girls' into German.",
    "input": "",
    "output": "The German word is MÃ¤dchen, and it is neuter.",
}
NO_ROW = {"instruction": "Name a river."}


def line(row) -> str:
    return row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)


def written(path, *rows):
    """A JSONL file with these rows; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line(row)}\n" for row in rows), encoding="utf-8")
    return path
