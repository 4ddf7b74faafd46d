r"""What is left in an answer of a form, of a conversation, or of an encoding as program text.

Each is right where the user asked for it: a letter template has blanks, a dialogue has `User:`, a
program has `\n`. So each turn is judged by what the user said last before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from curate.registry import signal
from curate.text.evidence import NEEDS, WHERE, Found, Turns, located, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


@signal(
    columns={
        "unfilled_placeholders": "placeholders in answers where nobody asked for a form",
        "letter_placeholders": "placeholders in letters and e-mails that were not asked for as f"
        "orms",
        "role_labels": "lines of an answer that speak for the user or name the speaker, "
        "and prompts that begin with one",
        "escaped_newlines": r"`\n`, `\t` or `\r\n` as signs in prose, with what surrounds them",
        "template_tokens": "control tokens of chat templates inside a turn that is not about them",
        "template_end_tokens": "the same where a turn has them at its beginning and end alone",
        "leftovers_at": WHERE,
    },
    needs=NEEDS,
    version=8,
)
def leftovers(frame: pl.DataFrame) -> pl.DataFrame:
    """Look for each kind in the turns that hold its signs."""
    turns = Turns(frame)
    answers = turns.answers()
    blanks = answers.narrowed(_BLANK_GATE)
    unfilled = blanks.find("", placeholders, asked=f"{_FORM}|{_LISTS}|{_CODE}|{_LETTER}")
    instead = blanks.find("", _instead_of_text, asked=f"{_BLANKS}|{_FILLER}")
    typed = answers.find(_TYPED_GATE, _typed_at_random, asked=f"{_BLANKS}|{_FILLER}")
    undone = blanks.find("", _undone, asked=f"{_BLANKS}|{_LISTS}|{_FILLER}")
    at_ends = blanks.find("", _at_ends, asked=f"{_FORM}|{_LETTER}")
    tokens = turns.narrowed(_TOKEN_GATE)
    escaped = turns.narrowed(r"\\[nt]")
    return located(
        "leftovers_at",
        {
            "unfilled_placeholders": unfilled.otherwise(instead)
            .otherwise(undone)
            .otherwise(typed)
            .otherwise(at_ends),
            "letter_placeholders": blanks.find(
                "", _in_letter, asked=f"{_FORM}|{_LISTS}|{_CODE}|{_NO_LETTER}"
            ),
            "role_labels": answers.find(_LABEL, role_labels, asked=_DIALOGUE)
            .otherwise(answers.find(_NAMED, names_itself, asked=f"{_DIALOGUE}|{_OF_ASSISTANTS}"))
            .otherwise(turns.find(_HUMAN, speaks_as_human, asked=_DIALOGUE)),
            "escaped_newlines": escaped.find("", escaped_newlines, asked=_ABOUT_ESCAPES).otherwise(
                escaped.find("", escaped_throughout, asked=_OF_ESCAPES)
            ),
            "template_tokens": tokens.find("", tokens_inside, about=_ABOUT_TOKENS),
            "template_end_tokens": tokens.find("", tokens_at_ends, about=_ABOUT_TOKENS),
        },
    )


# --- placeholders -------------------------------------------------------------------------------

_WHO = (
    "insert|enter|add|your|client|customer|company|recipient|sender|business|product"
    "|organi[sz]ation"
    "|employee|employer|manager|landlord|candidate|applicant|hiring|job|my"
)
_FIELD = (
    "name|city|date|number|company|address|place|country|state|time|year|title|location|amount"
    "|topic|phone|e-?mail|position|occupation|age|hobby|event|price|link|url|author|answer|response"
    "|description|content|text|details|reason|subject|department|school|university|team|brand"
    "|website|street|zip|relationship"
)
_BRACKETED = (
    rf"\[(?i:(?:{_WHO})(?:['’]s)?(?:[ _][^\]\n]{{1,40}})?"
    rf"|(?:{_FIELD})(?: (?:name|number|code|here|address|of [^\]\n]{{1,25}}))?"
    r"|dein name|ihr name"
    rf"|name (?:des|der) \w+|datum"
    r"|votre nom|nom (?:de|du) \w+|(?:tu|su) nombre|nombre (?:de|del) \w+|fecha"
    r"|你的名字|您的姓名|姓名|公司名称|日期|您的\w+"
    r"|你的\w+|placeholder|to be \w+|(?:tbd|todo|fixme)(?:[:,–-][^\]\n]{1,60})?|fill in"
    r"|blank)\](?![(\[:])"
)
# A variable of a template: a field, or a field of something (`customer_name`, `order number`).
_VARIABLE = rf"(?i:(?:[a-z]{{1,20}}[ _.-]){{0,2}}(?:[a-z]{{2,12}}name|{_FIELD}))"
# HTML has elements of these names.
_ELEMENTS = "title|address|time|link|details|text|content|state"
_SLOTS = (
    r"\{\{(?<![\w$]\{\{) ?[A-Za-z_][\w .]{0,40} ?\}\}"
    rf"|\{{(?<![\w$\"'}}\\]\{{)(?:{_VARIABLE}|(?i:your [a-z]{{2,20}}))\}}"
    rf"|<(?<![\w<]<)(?!(?:{_ELEMENTS})>){_VARIABLE}>"
)
_UNFILLED = re.compile(
    rf"(?<![A-Za-z0-9_\])]){_BRACKETED}|{_SLOTS}"
    r"|<(?i:your|insert|enter|add) [^<>\n]{1,40}>|(?<!\w)<(?i:your_\w+)>"
    r"|\[(?i:(?:[a-z]+ ){1,5}(?:goes |to go )here|(?:citation|source|reference)s? needed)\]"
    r"|%s(?<![\w%]%s)(?<!\d %s)(?=\s+[a-z]|[.,;!?]|\s*$)|\bXXXX+\b(?!-)"
    r"|(?:^|\n)\W*(?i:insert [a-z ]{2,30} here)|INSERT [A-Z ]{2,30} HERE"
    r"|(?i:(?:your |^\W*)(?:answer|text|response|content) (?:goes )?here)"
    r"|(?i:lorem ipsum|placeholder text|text goes here|this is a placeholder"
    r"|to be (?:filled in|completed) later)"
    r"|(?:^|\n|[\s(])(?:TODO|TBD|FIXME)(?=[\s:.,;!)]|$)|^(?:\s*XXX+)+\W*$"
    r"|\bXX:XX\b|(?:^|\n)[A-Z][\w ]{1,20}: (?:\w+\. )?XXXX+[ \t]*(?=\n|$)"
    r"|(?:Dear|Mr\.?|Mrs\.?|Ms\.?|Hello|Hi|is|named?|called|contact) XXX+\b"
    r"|[A-Za-z,] _{4,}(?=[ .,;!?]|$)"
    rf"|\((?i:(?:insert|enter|add) [a-z ]{{2,30}}|your (?:\w+ )?(?:{_FIELD}))\)"
    rf"|(?<![\w%])%(?i:(?!username)(?:\w+_)?(?:{_FIELD}))%|\$\{{(?i:(?:\w+[_.])?(?:{_FIELD}))\}}"
    rf"|(?<![\w@#])(?:__|@@|##)(?i:(?:[a-z]+_)?(?:{_FIELD}))(?:__|@@|##)"
    r"|\[(?i:item|name|step|point|reason|title|topic|fact|idea|benefit"
    r"|ingredient) ?\d\](?![(\[:])"
    r"|\b(?-i:XX+|TKTK+)(?: ?%|,? (?:km|kilomet|miles|met(?:er|re)s|kilos|euros?|dollars|percent"
    r"|years|days|hours|minutes|people|pounds))|[$€£]XX+\b|\bTKTK+\b"
)
_BLANK_GATE = (
    rf"\[(?i:{_WHO}|{_FIELD}|dein|ihr|datum|votre|nom|tu|su|fecha"
    r"|[你您姓公日]|placeholder|to be|tbd|todo|fill|blank)"
    rf"|\{{\{{ ?[A-Za-z_]|\{{(?:{_VARIABLE}|(?i:your [a-z]+))\}}|<{_VARIABLE}>|%s|\$\{{\w+\}}"
    r"|<(?i:your|insert|enter|add) "
    r"|\[(?i:citation|source|reference)"
    r"|(?i:insert [a-z ]+ here|goes here|(?:answer|text|response|content) here)"
    r"|(?i:lorem ipsum|placeholder|filled in|completed later)|TODO|TBD|FIXME|XX| ____"
    r"|\((?i:insert|enter|add|your) |%[A-Za-z_]{3,20}%|\$\{|__[A-Za-z_]+__|@@[A-Za-z]|##[A-Za-z]"
    r"|\[[A-Za-z]+ ?\d\]|TKTK|(?:INSERT|Insert) [A-Za-z ]+"
    r"|(?i:(?:sample|dummy|example|test) (?:text|answer|response|output)"
    r"|replace (?:this|me))"
)
_IS_CODE = re.compile(
    r"```|(?:^|\n)\s*(?:def |class |import |from \w+ import|function\b|const |let |var |public "
    r"|private |#include|SELECT |INSERT INTO|<!DOCTYPE|<html"
    r"|<\?php|//|#!|return |\{%)|[{;]\s*\n|</\w+>"
    r"|\w+\([^)\n]*\)\s*[:{;]|\bf[\"'][^\"'\n]*\{"
)

# What a user says who wants blanks, code with names in braces, or a letter.
_MARKED = r"\[[A-Za-z][^\]\n]{1,40}\]|\{\{?\w[\w .-]{0,40}\}?\}|<[A-Za-z][^<>\n]*>|_{3,}|%s"
_BLANKS = (
    r"(?i)template|placeholder|lorem"
    r"|fill(?:ing|ed)?[- ]?(?:in|out)|\bblanks?\b|\bforms?\b|mad ?lib|redact|anonymi[sz]|survey"
    r"|cloze|\bgaps?\b|underscore|filler|dummy"
    r"|questionnaire|\bquery|censor"
    r"|conceal|prompt|vorlage|formular|modèle"
    r"|formulaire|plantilla|formulario|模板|表格"
)
_LISTS = r"\btodo|to-do"
_FORM = f"{_BLANKS}|{_MARKED}"
_CODE = (
    r"\bcommand|\bgit\b|\bclone\b|terminal|\bshell\b|\bbash\b|syntax|linux|environment variable"
    r"|\bcode|program(?!me)|\bscript|python|\bhtml|\bsql\b|\bjava|regex|regular expression"
    r"|\blatex\b|spreadsheet|\bcss\b|\bjson\b|\bxml\b"
    r"|\byaml\b|jinja|handlebars|f-string|\bfunction (?:that|to|which|in|for|called)|代码"
)
_LETTER = (
    r"e-?mail|letter\b|letters\b|résumé|\bresume\b|\bcv\b|\bmemo|invitation|\bnote\b|message"
    r"|newsletter|press release|contract\b|invoice|receipt"
    r"|announcement|speech|\bbio\b|\bpitch|complaint|recommendation|\bapolog|\breply|respond to"
    r"|response to|report\b|proposal"
    r"|introduc|\bcard\b|postcard|\bpost\b|tweet|reviews\b|\btext (?:to|message)|brief\b|lettre"
    r"|courriel|\bcarta\b|correo|邮件|信|简历"
)
_FILLER = (
    r"filler|dummy|typeset|\bprint(?:ing|er)|lorem|(?:sample|example|test) (?:text|answer"
    r"|response|output)|asdf|qwert|zxcv|hjkl|\bfoo|\bblah|keyboard|user ?name|password|random"
    r"|nonsense|gibberish|morse|ellips|punctuat|\bdots?\b|(?i:repeat)|\btest test"
)
# What stands in an answer's place is no answer to any letter or program.
_INSTEAD = re.compile(
    r"\A\W*(?i:lorem ipsum|placeholder text|(?:your|the) (?:answer|text|response|content)"
    r" (?:goes )?here|(?:answer|text|content) goes here|insert [a-z ]{2,30} here)\b"
    r"|\A\s*[\[<({]{1,2}(?i:insert|enter|add|your|write) [^\]>)}\n]{2,60}[\]>)}]{1,2}[.!]?\s*\Z"
    r"|\A\W*(?i:(?:this is )?(?:an? )?"
    r"(?:sample|dummy|example|test) (?:text|answer|response|output))\W*\Z"
    r"|\A[^\n]{0,40}(?i:replace (?:this|me)(?: text)? with (?:the|your|an?|actual|real)\b)"
)
# A slot that a program forgot before or after prose: no part of a sentence, whatever was asked.
_SLOT = rf"(?:{_SLOTS}|\$\{{\w+\}}|{_BRACKETED}|\bXXXX+\b(?!-))"
_FIRST_SLOT = re.compile(rf"\s*({_SLOT})\s+(?=[A-Z0-9][\w.)]* )")
_LAST_SLOT = re.compile(rf"(?<=[a-z)][.!?])\s+({_SLOT})\s*\Z")
_LONGEST_SLOT = 80
# Dots, or what a tester types; apart from the gate of the others, as anchored ones cost nothing.
_TYPED_GATE = r"\A(?:[\s._…?]+\z|\W{0,3}(?i:asdf|qwer|zxcv|hjkl|foo|blah|test\W))"
_TYPED = re.compile(
    r"\A\s*(?:\.{2,}|…+|_{2,}|\?{2,})\s*\Z"
    r"|\A\W*(?i:(?:(?:asdf|qwer|zxcv|hjkl)\w{0,12}[\s,.!]*)+|foo\W*bar(?:\W+(?:baz|qux|foo|bar))*"
    r"|blah(?:[ ,.]+blah)*|test(?:\W+test)+)\W*\Z"
)
_TO_DO = re.compile(r"\A\W*(?:TODO|TBD|FIXME|TKTK)\b")
_NO_LETTER = rf"\A(?![\s\S]*(?:{_LETTER}))"


def placeholders(text: str) -> Iterator[Found]:
    """Blanks in a text that is no code, but for those within backticks."""
    if _IS_CODE.search(text):
        return
    plain = re.sub(r"`[^`\n]*`", lambda quoted: " " * len(quoted[0]), text)
    yield from map(seen, _UNFILLED.finditer(plain))


def _instead_of_text(text: str) -> Iterator[Found]:
    """A placeholder at the beginning of a text, or all of it."""
    found = _INSTEAD.search(text)
    if found is not None:
        yield seen(found)


def _typed_at_random(text: str) -> Iterator[Found]:
    """All of a text that says nothing."""
    found = _TYPED.search(text)
    if found is not None:
        yield seen(found)


def _at_ends(text: str) -> Iterator[Found]:
    """A placeholder before the first sentence of a text, or after its last."""
    found = _FIRST_SLOT.match(text) or _LAST_SLOT.search(text, max(0, len(text) - _LONGEST_SLOT))
    if found is not None:
        yield Found(*found.span(1), found[1])


def _undone(text: str) -> Iterator[Found]:
    """A note that the text is still to be written, in its place."""
    found = _TO_DO.search(text)
    if found is not None:
        yield seen(found)


def _in_letter(text: str) -> Iterator[Found]:
    return (one for one in placeholders(text) if one.shown[0] in "[<{")


# --- speakers -----------------------------------------------------------------------------------

_LABEL = (
    r"\n[ \t]*(?:Human|USER|HUMAN|User|###? ?Human|###? ?User|用户|Benutzer|Utilisateur"
    r"|Usuario) ?[:：]"
    r"|^\s*(?:ASSISTANT|ChatGPT|GPT-?4?|助手) ?[:：]"
    r"|(?:USER|HUMAN): .+(?:ASSISTANT|AI): "
)
_LABELLED = re.compile(_LABEL)
_DIALOGUE = (
    r"(?i)dialog|conversation|\bchat|\bscript|screenplay|interview|role-?play|\bplay\b|transcript|\bskit\b"
    r"|scene|exchange|discussion|(?:customer|support)"
    r" (?:service|agent)|\bbot\b|chatbot|user stor|use case|scenario|gespräch|diálogo|conversación"
    r"|对话|聊天|剧本"
    r"|(?:^|\n)\s*(?:Human|User|Assistant|AI|Person \w|用户|助手) ?[:：]"
)


# The assistant's own name before what it says, where nobody asks about assistants.
_NAMED = (
    r"^\s*\*{0,2}(?:AI|A\.I\.|KI|IA|Bot|BOT|Chatbot|ChatBot|Assistant|AI Assistant|Assistent"
    r"|Assistente|Asistente|Ассистент|Бот|アシスタント|어시스턴트|助手|机器人)\*{0,2} ?[:：]"
)
_OF_ASSISTANTS = (
    r"\bA\.?I\b|\bKI\b|\bIA\b|artificial|künstlich|\bro?bots?\b|assist|asistent|ассист|label"
    r"|classif|categor|acronym|abbreviat|stands? for|人工智能|机器人"
)
_NAME = re.compile(_NAMED)
_HUMAN = r"^\s*\*{0,2}(?:Human|HUMAN|人类|人類)\*{0,2} ?[:：]\*{0,2}\s*\S"
_SAYS = re.compile(_HUMAN)

# A list of labels may hold "User:", too; a model that answers itself goes on with its own role.
_LISTED = re.compile(r"(?m)^[ \t]*\**[A-Z][\w /-]{0,24}\** ?[:：]")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_OWN_ROLE = re.compile(
    r"(?i)(?:^|\n|\s{2})[ \t#*]*(?:assistant|ai(?: assistant)?|bot|chatgpt|gpt-?4?|助手) ?[:：]"
)
_CUT_AT_LABEL = re.compile(r"\n\s*\n[ \t#*]*(?:Human|User|USER|HUMAN|用户) ?[:：]\**\s*\Z")
_LEAST_LISTED = 3


def role_labels(text: str) -> Iterator[Found]:
    """The first line that speaks for the user."""
    text = _FENCED.sub(lambda fenced: "`" * len(fenced[0]), text)
    found = _LABELLED.search(text)
    if found is None:
        return
    labels = {label[0].strip(" \t*") for label in _LISTED.finditer(text)}
    listed = len(labels) >= _LEAST_LISTED
    if not listed or _OWN_ROLE.search(text) or _CUT_AT_LABEL.search(text):
        yield seen(found)


def names_itself(text: str) -> Iterator[Found]:
    """The assistant's name before its first words, if no other speaker follows."""
    found = _NAME.search(text)
    if found is not None and len(_LISTED.findall(text)) < _LEAST_LISTED:
        yield seen(found)


def speaks_as_human(text: str) -> Iterator[Found]:
    """The human's name before the first words, if these ask for no dialogue and begin none."""
    found = _SAYS.search(text)
    rest = text[found.end() :] if found else ""
    if found is not None and not _LISTED.search(rest) and not re.search(_DIALOGUE, rest):
        yield Found(found.start(), found.end() - 1, found[0][:-1].strip())


# --- tokens of chat templates -------------------------------------------------------------------

_CONTROL = (
    r"<[|｜][A-Za-z_▁0-9]{2,40}[|｜]>|\[/?(?:INST|SYSTEM|USER|ASSISTANT)\]|<</?SYS>>"
    r"|<(?:start|end)_of_turn>|<(?:bos|eos|pad|extra_id_\d+|reserved_special_token_\d+)>"
    r"|\[/?(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]|\[(?:CLS|PAD|EOS|BOS)\]"
)
_TOKEN_GATE = rf"{_CONTROL}|</?s>|<unk>|\[/s\]"
# `<s>` and `</s>` are HTML's too, so they count at the ends of a turn or a sentence only, and not
# where they strike a word through.
_TOKENS = re.compile(
    rf"{_CONTROL}|\A\s*<s>|</s>(?=\s*(?:\Z|\n|<s>|USER|ASSISTANT|Human))|(?<=[.!?\"”)])</s>"
    # Sets for language models have `<unk>` within sentences, and BBCode strikes with `[s]`.
    r"|(?:<unk>\s*)+\Z|\A(?:\s*<unk>)+|\[/s\](?=\s*\Z)"
)
_STRUCK = re.compile(r"(?<!\A)<s>[^<\n]+</s>|\[s\][^\[\n]+\[/s\]")
# What quotes a token: code, and quotation marks on one line.
_QUOTING = re.compile(
    r"```.*?```|~~~.*?~~~|`[^`\n]*`|(?<![\w.!?])[rbfuRBFU]{0,2}([\"'])(?!\1)(?:\\.|(?!\1)[^\n])*\1|“[^”\n]*”|«[^»\n]*»",
    re.DOTALL,
)
_RUN = rf"(?:\s*(?:{_CONTROL}|</?s>|<unk>|\[/s\])(?:(?:user|assistant|system|model)\b)?)+\s*"
_FIRST, _LAST = re.compile(rf"\A{_RUN}"), re.compile(rf"{_RUN}\Z")
_ABOUT_TOKENS = (
    r"(?i)(?:special|control|chat|end[- ]of[- ]\w+|eos|bos|end|start|stop|pad|delimiter|separator"
    r"|padding|header|begin\w*|mask|template|turn|which|what) (?:tokens?\b|markers?\b|tags?\b"
    r"|sequences?\b)|(?:stop|end) (?:words?|strings?)\b|tokeni[sz]|chatml|chat template"
    r"|\btokens? [\"'“`«]?(?:<|\[)"
    r"|(?:prompt|instruction) (?:format|template)"
    r"|(?:what (?:does|is|do|are)|meaning of|explain|was (?:bedeutet|ist)"
    r"|que signifie|qué significa|是什么意思|什么是) (?:the )?(?:token |tag )?[\"'“`«]?(?:<|\[)"
    r"|\bBERT\b|HTML|strikes? ?through|struck|cross(?:ed)? out"
    r"|fine-?tun(?:e|ing) (?:a |an |the )?(?:\w+ )?(?:model|llm|gpt|llama)"
    r"|(?:how|what|which|where) [^.?\n]*(?:llama|gemma|mistral|falcon|gpt|qwen|t5)[- ]?[\d.]*"
    r" (?:\w+ )?(?:mark|end|begin|start|stop|separate|wrap|format|prompt|token|turn)"
)


def tokens_inside(text: str) -> Iterator[Found]:
    """The control tokens of a text, if any stands elsewhere than at its ends."""
    bare = _unquoted(text)
    first, last = _FIRST.search(bare), _LAST.search(bare)
    start, end = first.end() if first else 0, last.start() if last else len(bare)
    found = [token for token in _TOKENS.finditer(bare) if start <= token.start() < end]
    return map(seen, found)


def tokens_at_ends(text: str) -> Iterator[Found]:
    """The control tokens of a text, if all stand at its ends."""
    if next(tokens_inside(text), None) is None:
        yield from map(seen, _TOKENS.finditer(_unquoted(text)))


def _unquoted(text: str) -> str:
    """The text with blanks for what it quotes, of the same length; a word in `<s>` is struck."""
    for quoting in (_QUOTING, _STRUCK):
        text = quoting.sub(lambda found: " " * len(found[0]), text)
    return text


# --- escaped line breaks ------------------------------------------------------------------------

# With one backslash or several: a text may have been escaped twice.
_ESCAPED = re.compile(
    r"(?<=[^\W_]|[.,:;!?)\]*\"'’”\s])(?:\\+r)?(?:\\+n)+"
    r"(?:\s|(?=[^\W_a-z]|[-*•#(\[>\"“‘|~_]|\\+\")|$)"
    r"|(?<=[a-z.!?:,])\\+n(?=[A-Z])|(?<=[A-Za-z])\\+t(?=[A-Z][a-z])"
)
_NO_PROSE_AT_ALL = (
    r"`|[{};]\s*(?:$|\n)|\bprint(?:ln|f)?\s?[(\"']|\becho [\"'$-]|\bcout\b|std::|\bputs\b"
    r"|console\.|\.(?:split|join|replace|write"
    r"|append|format)\(|=\s*[rf]?[\"']|=>|\\\\(?!\\*[nrt\"])|(?:^|\s)\\\\\w{3,}\\"
    r"|\\(?:[dwsb][+*{\]]|x[0-9a-f]{2}|frac|alpha|beta|nabla|neq|left|right|times"
    r"|text|begin|end|sum|int|sqrt|cdot|ldots|quad|\(|\[)"
    r"|(?:^|[^A-Za-z])[A-Za-z]:\\|\$[^$\n]*\\(?:[nrt][a-z]|[a-mo-qsuv-zA-Z])|^\s*[\[{]|\{\\"
)
_NO_PROSE = re.compile(rf"{_NO_PROSE_AT_ALL}|\\u[0-9a-f]{{4}}")
_NO_TEXT = re.compile(_NO_PROSE_AT_ALL)  # JSON writes signs outside ASCII so, too
_OF_ESCAPES = (
    r"(?i)newline|new line|line break|line feed|carriage return|escape|backslash|\\n\b.{0,20}\?"
    r"|regex|regular expression|latex|string literal|Zeilenumbruch|saut de ligne|salto de línea"
    r"|换行|转义"
)
_ABOUT_ESCAPES = rf"{_OF_ESCAPES}|\bcode\b|program"
_LEAST_ESCAPED = 3  # in a text without a line break: then it was escaped as a whole


def escaped_newlines(text: str) -> Iterator[Found]:
    """The first escape in a text that is neither code nor a formula, a pattern or a path."""
    found = _ESCAPED.search(text)
    if found is not None and not _NO_PROSE.search(text):
        yield _between_words(text, found)


def escaped_throughout(text: str) -> Iterator[Found]:
    """The first escape of a text that has several, and not one line break."""
    found = None if "\n" in text else list(_ESCAPED.finditer(text))
    if found and len(found) >= _LEAST_ESCAPED and not _NO_TEXT.search(text):
        yield _between_words(text, found[0])


def _between_words(text: str, found: re.Match[str]) -> Found:
    shown = text[max(0, found.start() - 20) : found.end() + 20].replace("\n", " ")
    return Found(*found.span(), shown)
