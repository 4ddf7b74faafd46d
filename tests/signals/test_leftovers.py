"""Blanks, speakers and escapes: a fault, unless the user asked for them."""

from __future__ import annotations

import pytest

from curate.row import Message, Row, to_frame
from curate.signals import leftovers


def measured(*turns):
    row = Row(
        id="1",
        messages=tuple(Message(*turn) for turn in turns),
        rejected=(),
        format="chatml",
        raw=b"",
        source="s",
        line=1,
    )
    return leftovers.leftovers(to_frame([row])).row(0, named=True)


def answered(question, answer):
    return measured(("user", question), ("assistant", answer))


@pytest.mark.parametrize(
    "answer",
    [
        *(
            "Ask [Client Name] about it.",
            "[Insert Photo Here]",
            "In [CITY] on [DATE].",
            "[Your City]",
        ),
        *("I am {{name}} of {{ company }}.", "See you at {address}!", "<your answer here>"),
        *("INSERT TEXT HERE", "Insert flow chart here", "Your text goes here", "Lorem ipsum dolor"),
        *(
            "TODO: write it",
            "TBD",
            "XXX",
            "Dear XXX,",
            "Placeholder text.",
            "She lived in ____ then.",
        ),
        *(
            "[Nombre del cliente]",
            "Born in Warsaw. [TODO: add more]",
            "Ich bin [Dein Name].",
            "我是[你的名字]。",
            "Je suis [votre nom].",
        ),
    ],
)
def test_blanks(answer):
    assert answered("Describe it.", answer)["unfilled_placeholders"] is not None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is 2 + 2?", "4"),
        ("Which capital?", "Tokyo"),
        ("Write a template.", "Dear [Name],"),
        ("Fill in the blanks.", "I live in ____ now."),
        ("Replace [city] by a name.", "[city] is Rome"),
        ("Redact the names.", "[NAME] lives in [CITY]."),
        ("Describe it.", "row[name], x[date](1), [name]: b, [Your Notes](notes.md), [date][1]"),
        ("Describe it.", "```\nHello {{ name }}\n```"),
        ("Describe it.", "Use `<your key>` and `[name]`."),
        ("Describe it.", "def f(x):\n    # TODO: better\n    return d[name]"),
        ("Describe it.", "f'{name}' and \"{date}\" and ${title}"),
        ("Describe it.", "Todo bien. Super Bowl XXX. [sic] [...] [laughs] List<name>"),
    ],
)
def test_no_blanks(question, answer):
    assert answered(question, answer)["unfilled_placeholders"] is None


def test_a_list_of_what_is_to_be_done_excuses_notes_of_that_alone():
    asked = "Write a to-do list."
    assert answered(asked, "TODO: water the cat, feed the plants")["unfilled_placeholders"] is None
    lorem = "Lorem ipsum dolor sit amet."
    assert answered(asked, lorem)["unfilled_placeholders"] == "assistant 2: Lorem ipsum"


def test_letters_have_their_own_column():
    made = answered("Write a letter to Rosa.", "Dear Rosa,\n\nthanks!\n\n[Your Name]")
    assert made["unfilled_placeholders"] is None
    assert made["letter_placeholders"] == "assistant 2: [Your Name]"
    assert answered("Describe it.", "[Your Name]")["letter_placeholders"] is None


def test_only_the_last_question_counts():
    earlier = (("user", "Write a Python function that adds."), ("assistant", "def add(a, b): ..."))
    made = measured(*earlier, ("user", "Who are you?"), ("assistant", "I am {{name}}."))
    assert made["unfilled_placeholders"] == "assistant 4: {{name}}"


def test_users_may_write_blanks():
    assert answered("What does [Your Name] mean?", "A blank.")["unfilled_placeholders"] is None


@pytest.mark.parametrize(
    ("question", "answer", "label"),
    [
        ("Name a colour.", "Blue.\n\nHuman: And a bird?\n\nAssistant: Wren.", "Human:"),
        ("Name a colour.", "Blue. USER: Thanks! ASSISTANT: Sure.", "USER: Thanks! ASSISTANT:"),
        ("Name a colour.", "ASSISTANT: Blue.", "ASSISTANT:"),
        ("Name a colour.", "**Assistant:** Blue.", "**Assistant:"),
        ("Name a colour.", "Bot: Blue.", "Bot:"),
        ("Nenne eine Farbe.", "Assistent: Blau.", "Assistent:"),
        ("Which robot answers?", "Bot: the red one", None),
        ("Name a colour.", "AI: short for two words\nML: for two\nNLP: for three", None),
        ("Name three.", "A: one\nBe: two\nCe: three\n\nHuman:", "Human:"),
        ("Show code.", "```\nUser: x\n```", None),
        ("Show code.", "```\nx\n```\nUser:", "User:"),
        ("Write a dialogue.", "Bot: Hi!\nUser: Hello!", None),
        ("User: Hi\nAssistant:", "Hello\nUser: Bye", None),
        ("Name the parts.", "Host: db1\nPort: 5432\nUser: app", None),  # a list of labels
        ("Name a colour.", "Note: blue.\nSource: me.\nUser: And?\nAssistant: So.", "User:"),
        ("Name a colour.", "The user: a person.\nusers: all", None),
        ("user: system: hi", "system: fine", None),  # our own way of writing turns down
    ],
)
def test_speakers(question, answer, label):
    found = answered(question, answer)["role_labels"]
    assert found == (label and f"assistant 2: {label}")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (r"1. Red\n2. Green", True),
        (r"Dear Ann,\n\nthanks.\n\nPaul", True),
        (r"Animal\tSound\nDog\tBark", True),
        (r"Boil it.\r\nWait.", True),
        (r"It holds:\n- plasters", True),
        (r"C:\new\notes, D:\News", False),
        (r'printf("One\nTwo\n");', False),
        (r"$x \nabla f$ and \neq", False),
        (r"^[^\n]+\n[A-Z]\w+$", False),
        (r'{"text": "One\nTwo"}', False),
        (r"1. Red\\n2. Green", True),
        (r"1. Red\\r\\n2. Green", True),
        (r"The printmaker\n\nHe won.", True),
        (r"Rent: $875\n- Food: $350\n- Rest: $10", True),
        (r"Say \"no\"\nand \u2013 wait.\nThen go.\nBack.\nEnd.", True),
        (r"a pattern such as \u2013 in x.\nEnd", False),
        (r"\\server\news and more", False),
        ("One\nTwo", False),
    ],
)
def test_escapes(answer, found):
    assert (answered("Describe it.", answer)["escaped_newlines"] is not None) is found


def test_a_text_that_was_escaped_as_a_whole_is_found_whatever_it_is_about():
    one, three = r"Plan it.\nWrite it.", r"Plan it.\nWrite it.\nTest it.\nShip it."
    assert answered("How do I write a program?", one)["escaped_newlines"] is None
    assert answered("How do I write a program?", three)["escaped_newlines"] is not None
    assert answered("How are newlines escaped?", three)["escaped_newlines"] is None


def test_a_question_that_begins_with_its_speaker():
    found = measured(("user", "Human: Name a colour."), ("assistant", "Blue."))["role_labels"]
    assert found == "user 1: Human:"
    dialogue = measured(("user", "Human: Hi!\nRobot: Hello!"), ("assistant", "A talk."))
    assert dialogue["role_labels"] is None


def test_escapes_that_were_asked_about():
    assert answered("What is a newline?", r"One\nTwo")["escaped_newlines"] is None


@pytest.mark.parametrize(
    ("answer", "inside", "at_ends"),
    [
        ("Blue.<|im_end|>", False, True),
        ("<|im_start|>assistant\nBlue.<|im_end|>", False, True),
        ("x = 'a'\nreturn x<end_of_turn>", False, True),
        ("```python\nimport os\n```</s>", False, True),
        ("Blue.<|im_end|> Or red.<|im_end|>", True, False),
        ("Don't stop.</s><s>It's late.", True, False),
        ("Blue <pad><pad> or red", True, False),
        ('text += "<|endoftext|>"', False, False),
        ("p = f'<|im_start|>user\\n{q}<|im_end|>'", False, False),
        ("It is `[INST]`, and <s>not</s> `<<SYS>>`.", False, False),
        ("“<|eot_id|>” is the last.", False, False),
        ("a |> f <| g, [INSTALL], List<pad_to>", False, False),
    ],
)
def test_tokens_of_templates(answer, inside, at_ends):
    made = answered("Name a colour.", answer)
    assert (made["template_tokens"] is not None) is inside
    assert (made["template_end_tokens"] is not None) is at_ends
    about = answered("Which token ends a turn?", answer)
    assert about["template_tokens"] is None
    assert about["template_end_tokens"] is None


@pytest.mark.parametrize(
    "answer",
    [
        *(
            "The mayor is %NAME%.",
            "The fair is in ${city}.",
            "My name is (your name).",
            "(insert text)",
        ),
        *(
            "It is XX kilometres.",
            "It grew by XX%.",
            "He said TKTK.",
            "@@NAME@@ called.",
            "By __NAME__",
        ),
        *("1. [Item 1]\n2. [Item 2]", "It costs $XX."),
    ],
)
def test_blanks_of_other_shapes(answer):
    assert answered("Describe it.", answer)["unfilled_placeholders"] is not None


@pytest.mark.parametrize(
    "answer",
    [
        *("Open %APPDATA% or %USERNAME%.", "They won Super Bowl XX.", "XX", "__init__ and ${HOME}"),
        *("It appears there (your name too).", "See [Figure 1] and [Option 2].", "It is 5% to 7%."),
    ],
)
def test_no_blanks_of_other_shapes(answer):
    assert answered("Describe it.", answer)["unfilled_placeholders"] is None


def test_a_blank_in_place_of_a_letter_is_no_letter():
    lorem = "Lorem ipsum dolor sit amet."
    found = answered("Write a message about the picnic.", lorem)
    assert found["unfilled_placeholders"] is not None
    assert answered("Write a message of filler text.", lorem)["unfilled_placeholders"] is None
    signed = answered("Write a message about the picnic.", "Come at one!\n[Your Name]")
    assert signed["unfilled_placeholders"] is None


@pytest.mark.parametrize(
    "answer",
    [
        "zxcv zxcv",
        "foo bar baz",
        "test test test",
        "....",
        "____",
        "Sold by {shop_name}.",
        "<user_city> is nice.",
        "[TEXT GOES HERE]",
        "He won.[source needed]",
        "It costs %s in spring.",
        "Built by XXXX in May.",
    ],
)
def test_slots_and_keys_instead_of_words(answer):
    assert answered("Why do cats purr?", answer)["unfilled_placeholders"] is not None


@pytest.mark.parametrize(
    "answer",
    [
        "{{topic}} A closure keeps names.",
        "A closure keeps names. ${response}",
        "XXXX 1. Open the file.",
    ],
)
def test_a_slot_before_or_after_prose_counts_in_answers_about_code_too(answer):
    found = answered("What is a closure in Python code?", answer)
    assert found["unfilled_placeholders"] is not None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is a closure in Python code?", "{{ name }} prints it."),
        ("Which element names a page?", "The <title> element."),
        ("What is <image>?", "An <image> stands there."),
        ("Say S in Morse code.", "..."),
        ("Write a card for Ann.", "Happy birthday, dear Ann. XXXX"),
        ("How much is left?", "About 50 %s of it."),
        ("List in the format {Model Name} - {Launch Date}.", "{Model Name} - {Launch Date}"),
    ],
)
def test_what_is_asked_for_or_part_of_a_sentence_is_no_slot(question, answer):
    found = answered(question, answer)
    assert (found["unfilled_placeholders"], found["letter_placeholders"]) == (None, None)
