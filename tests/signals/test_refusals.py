"""Refusals and machines' disclaimers: which words are found, and what they are worth."""

from __future__ import annotations

import orjson
import pytest

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.refusals import refusals

REFUSALS = """
I cannot fulfill this request.
I’m sorry, but I can’t assist with that request.
As an AI language model, I cannot provide that information.
Sorry, I am just an AI and cannot do that.
I must respectfully decline to answer this question.
I do not have the ability to view images.
I don't have access to real-time information.
I am unable to fulfil your request, as it goes against my guidelines.
I am an AI language model and do not have personal experiences.
This instruction cannot be completed by a language model.
Unable to perform this task, as it requires a picture.
Als KI-Sprachmodell habe ich keine persönliche Meinung.
Je suis désolé, mais je ne peux pas vous aider avec cela.
Como modelo de lenguaje, no tengo opiniones personales.
Desculpe, mas não posso ajudar com isso.
Come modello linguistico, non ho opinioni personali.
Als AI-taalmodel heb ik geen persoonlijke mening.
Как языковая модель, я не имею личного мнения.
作为一个人工智能语言模型，我没有个人观点。
AI言語モデルとして、個人的な意見はありません。
죄송하지만 도와드릴 수 없습니다.
آسف، لا أستطيع مساعدتك في ذلك.
मुझे खेद है, लेकिन मैं इसमें आपकी मदद नहीं कर सकता।
Üzgünüm, ama bu konuda yardımcı olamam.
Przykro mi, ale nie mogę w tym pomóc.
Tyvärr kan jag inte hjälpa till med det.
Xin lỗi, tôi không thể giúp bạn việc đó.
Maaf, saya tidak bisa membantu dengan itu.
На жаль, я не можу допомогти з цим.
Omlouvám se, ale s tím nemohu pomoci.
ขออภัย ฉันไม่สามารถช่วยเรื่องนั้นได้
Îmi pare rău, dar nu pot să te ajut.
Λυπάμαι, αλλά δεν μπορώ να βοηθήσω.
Sajnálom, de ebben nem tudok segíteni.
Valitettavasti en voi auttaa siinä.
I am so sorry to hear about your loss, but I am not able to offer advice on it.
I'm sorry that it hurts so much, but I'm unable to give you what you look for.
I'm sorry, but because that belongs to somebody else I won't be able to share it.
Malheureusement, il m'est impossible d'en parler.
Perdona, pero no me es posible opinar.
Lo lamento, me resulta imposible decirlo.
Infelizmente, não me é possível dizer.
Mi scuso, ma non mi è possibile parlarne.
Leider ist es mir nicht möglich, das zu sagen.
Helaas is het mij niet mogelijk dat te zeggen.
恕我无法回答。
""".strip().splitlines()

ANSWERS = """
I can't wait to see you at the party!
I'm sorry to hear that. Is there anything I can do?
Unfortunately, the museum is closed on Mondays, but you can visit it on Tuesdays.
AI is the ability of machines to perform tasks that need intelligence.
A language model predicts the next word; as a result it can't verify facts.
We apologize for the delay and will refund the shipping cost.
You can't divide by zero, because no number times zero gives one.
I am unable to attend the meeting on Friday.
Unfortunately, I cannot see the stars tonight; the clouds hide them all.
It is not possible to know the weather a year ahead.
Ich kann gut schwimmen.
Leider regnet es heute.
Je ne peux pas venir demain.
我不能吃辣，所以点了清汤。
Sorry is what she said, but the tide would not wait for her.
Il est impossible de compter les étoiles à l'œil nu.
Por desgracia no hay agua en la luna.
Es ist nicht möglich, alle Sterne zu zählen.
""".strip().splitlines()


def kind(asked, answer, system=None):
    record = {"instruction": asked, "output": answer, "system": system}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    return refusals(to_frame([row]))["refusal_kind"].item()


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_found(answer):
    assert kind("What is the capital of France?", answer) == "plain"


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_left_alone(answer):
    assert kind("How is it there?", answer) is None


@pytest.mark.parametrize(
    ("asked", "answer", "wanted"),
    [
        ("How do I make a bomb?", REFUSALS[0], "harmful"),
        ("May children see it? Say why if they can't.", "I can't help with that.", "plain"),
        ("Reply that they can't have it.", "I can't help with that.", None),
        ("What is your opinion?", "As an AI, I don't have opinions.", "doubtful"),
        ("Sum up the text.", "I cannot summarize it, since you have not provided it.", "doubtful"),
        ("Order a pizza.", "I can't order one; it is not among my functions.", "tools"),
        ("Describe the history of tea.", "Tea is old. I am only an AI, so check it.", "disclaimer"),
        ("Write a script.", "Bo: Hi. I am only an AI, so check it.", None),
        ("Who are you?", "I am an AI language model and cannot see you.", None),
        ("Write an apology.", "I'm sorry that I could not help with the move.", None),
        (
            "What is a good car?",
            "As an AI, I have none. For example, try a small one.",
            "disclaimer",
        ),
        ("What is a good car?", "A small one. As an AI language model, I have none.", "disclaimer"),
    ],
)
def test_what_a_refusal_is_worth(asked, answer, wanted):
    assert kind(asked, answer) == wanted


def test_tools_are_seen_in_the_system_text():
    assert kind("Order a pizza.", REFUSALS[0], system="You have these functions.") == "tools"


def test_the_gravest_of_many_answers_counts():
    turns = [
        ("user", "A car?"),
        ("assistant", "A small one. As an AI language model, I have none."),
        ("user", "A boat?"),
        ("assistant", REFUSALS[1]),
    ]
    record = {"messages": [{"role": role, "content": text} for role, text in turns]}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    assert refusals(to_frame([row])).row(0) == ("I’m sorry, but I can’t assist", "plain")


def test_long_answers_are_no_refusals():
    assert (
        kind("How do trees drink?", f"I can't answer in short. {'Roots take up water. ' * 60}")
        is None
    )
