"""What a question speaks of and does not hold."""

import pytest

from curate.row import Message, Row, to_frame
from curate.signals.missing import missing


def measure(*said, context=None):
    roles = ["user", "assistant"]
    messages = [Message(role=roles[at % 2], content=text) for at, text in enumerate(said)]
    if context is not None:
        messages[0] = Message(role="user", content=said[0], context=context)
    return missing(to_frame([Row(messages=tuple(messages))])).row(0, named=True)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("Sum up the following article:", "below"),
        ("Give me the gist of the article below.", "below"),
        ("Which of the following is a mammal?", "named"),
        ("Order these words alphabetically.", "named"),
        ("Rate this essay from 1 to 10.", "named"),
        ("Who is the person in the picture?", "named"),
        ("Übersetze den folgenden Satz.", "below"),
        ("Use the attached image to answer.", "file"),
        ("Transcribe the recording.\n\ntalk.m4a", "file"),
        ("Go to birds.org/eagles and list the main points.", "link"),
    ],
)
def test_what_is_missing_has_a_kind(asked, kind):
    assert measure(asked, "It is about tea.")["missing_kind"] == kind
    later = measure("Name a colour.", "Blue.", asked, "It is about tea.")
    assert later["missing_kind"] == kind


@pytest.mark.parametrize(
    "asked",
    [
        "Sum up the following article: It rained for a week.",
        "Sum up the following article.\n\nIt rained for a week.",
        "Classify the following statement as true or false. 'Cats swim.'",
        "Fix this sentence. he go home",
        "What is the tone of the passage 'Call me Ishmael'?",
        "Calculate the square root of a given number.",
        "find all the text files in the folder and search for a word in these files",
        "Explain the numbers on a tyre.",
        "How do I send an attached file?",
        "Write a script that downloads https://news.example/a",
        "Analyze the poem The Raven.",
    ],
)
def test_nothing_is_missing(asked):
    assert measure(asked, "It is about tea.")["missing_kind"] is None


def test_the_input_is_a_file_name():
    assert measure("Describe it.", "A cat.", context="image.jpg")["missing_kind"] == "file"
    assert measure("Name its extension.", "jpg", context="image.jpg")["missing_kind"] is None
    assert (
        measure("Sum it up.", "Rain.", context="It rained in may.txt today")["missing_kind"] is None
    )


def test_an_answer_that_asks_for_the_text_is_right():
    answer = "I can't see an article; please paste it."
    assert measure("Sum up the following article:", answer)["missing_kind"] is None


def test_what_came_earlier_is_not_missing():
    said = (
        "Write an essay about tea.",
        "Tea is good.",
        "Please proofread this essay.",
        "It is fine.",
    )
    assert measure(*said)["missing_kind"] is None
    said = ("Name a colour.", "Blue.", "Please proofread this essay.", "It is fine.")
    assert measure(*said)["missing_kind"] == "named"


def test_no_question_no_fault():
    assert missing(to_frame([Row()])).row(0) == (None, None)
