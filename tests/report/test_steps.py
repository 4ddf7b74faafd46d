"""What a run's report says to do next."""

from curate import report


def test_what_trainers_trip_over_is_among_the_steps(clean):
    rows = [
        {"instruction": f"Name thing {number}.", "input": "", "output": f"Thing {number} it is."}
        for number in range(12)
    ]
    rows[3]["output"] = "Sincerely yours, [Your Name]"
    rows[4]["output"] = " ".join(f"word{number}" for number in range(2500))
    turns = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}]
    rows[5] = {"messages": turns}
    steps = report.build(clean(rows)).next_steps
    commands = [one.command for one in steps]
    assert "curate decide DIR --set too-long.threshold=2048,too-long.action=drop" in commands
    assert "curate decide DIR --set placeholder-unfilled.action=drop" in commands
    assert any("clean --to: 1 row in another than most" in one.what for one in steps)
