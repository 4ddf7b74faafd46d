"""Credentials in the turns: keys by their issuer's documented form, and passwords; all masked.

Placeholders (`YOUR_API_KEY`, `sk-xxxx`, `<token>`) are no secrets. Keys that documentation prints
(`AKIAIOSFODNN7EXAMPLE`, jwt.io's token) and keys typed along the keyboard (`1234567890abcdef`)
open nothing, but a model learns their form all the same: they have a column of their own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from curate.registry import signal
from curate.text.evidence import NEEDS, WHERE, Find, Found, Turns, located, secret
from curate.text.mask import KEY_STARTS, mask
from curate.text.visible import HIDDEN, bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


@signal(
    columns={
        "api_keys": "keys and tokens in the form of a known issuer, masked",
        "named_keys": "random values that the text calls a key, a token or a secret; masked",
        "stock_keys": "keys of a known form that documentation prints or a keyboard typed",
        "connection_passwords": "URLs, connection strings and commands with a password, masked",
        "private_keys": "blocks of a private key (PEM, OpenSSH, PGP, PuTTY), by their kind",
        "told_passwords": "passwords that a sentence or a setting gives away, masked",
        "secrets_at": WHERE,
    },
    needs=NEEDS,
    version=6,
)
def secrets(frame: pl.DataFrame) -> pl.DataFrame:
    """Look for each kind in the turns that hold its signs."""
    turns = Turns(frame)
    keyed = turns.narrowed(f"{_KEY_GATE}|{_NAMED_GATE}|{_SPLIT_GATE}")
    return located(
        "secrets_at",
        {
            "api_keys": keyed.find("", whole(api_keys)),
            "named_keys": keyed.find("", whole(named_keys)),
            "stock_keys": keyed.find("", whole(stock_keys)),
            "connection_passwords": turns.find(_CONNECTION_GATE, connection_passwords).otherwise(
                turns.find(_COMMAND_GATE, typed_passwords)
            ),
            "private_keys": turns.find(_PRIVATE_GATE, private_keys),
            "told_passwords": turns.find(_TOLD_GATE, told_passwords, about=_WANTED),
        },
    )


_PASSWORDS = (
    *(
        "password",
        "passwort",
        "passcode",
        "passphrase",
        "passwd",
        "pwd",
        "kennwort",
        "mot de passe",
    ),
    *(
        "contraseña",
        "contrasena",
        "senha",
        "pass",
        "密码",
        "密碼",
        "パスワード",
        "пароль",
        "pin",
        "pw",
    ),
)
_SHORT = ("pass", "pwd", "pin", "pw")  # words of other meanings too
_PASSWORD = "|".join(rf"\b{word}\b" if word in (*_SHORT, "senha") else word for word in _PASSWORDS)

# --- keys of known form -------------------------------------------------------------------------

# Issuer -> form, after the issuers' documentation and GitHub's list of supported secrets.
_FORMS = {
    "AWS": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{50,255}",
    "GitLab": r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_-]{20,}",
    "Anthropic": r"sk-ant-[a-z]{3,6}\d\d-[A-Za-z0-9_-]{20,}",
    "OpenAI": r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{32,64}",
    "OpenRouter": r"sk-or-v1-[0-9a-f]{40,}",
    "Slack": r"xox[abeoprs]-[0-9A-Za-z-]{10,}|xapp-\d-[0-9A-Za-z-]{20,}"
    r"|https://hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}",
    "Google": r"AIza[0-9A-Za-z_-]{35}|GOCSPX-[0-9A-Za-z_-]{28}|ya29\.[0-9A-Za-z_-]{30,}",
    "Stripe": r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,}|whsec_[0-9A-Za-z+/=]{24,}",
    "Twilio": r"SK[0-9a-f]{32}",
    "SendGrid": r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,64}",
    "Mailgun": r"key-[0-9a-f]{32}",
    "Mailchimp": r"[0-9a-f]{32}-us\d{1,2}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "PyPI": r"pypi-AgE[A-Za-z0-9_-]{50,}",
    "RubyGems": r"rubygems_[0-9a-f]{48}",
    "Hugging Face": r"(?:hf|api_org)_[A-Za-z0-9]{30,40}",
    "Groq": r"gsk_[A-Za-z0-9]{48,56}",
    "xAI": r"xai-[A-Za-z0-9]{60,}",
    "Perplexity": r"pplx-[A-Za-z0-9]{40,}",
    "Replicate": r"r8_[A-Za-z0-9]{37}",
    "Databricks": r"dapi[0-9a-f]{32}",
    "DigitalOcean": r"do[por]_v1_[0-9a-f]{64}",
    "Docker": r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}",
    "Shopify": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "Square": r"sq0(?:atp|csp)-[0-9A-Za-z_-]{22,43}",
    "Telegram": r"\d{8,10}:AA[A-Za-z0-9_-]{33}",
    "Discord": r"[MNO][A-Za-z\d]{23,25}\.[\w-]{6}\.[\w-]{27,38}"
    r"|https://discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,70}",
    "Azure": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "Vault": r"hv[sbr]\.[A-Za-z0-9_-]{24,}",
    "Grafana": r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
    "Linear": r"lin_api_[A-Za-z0-9]{40}",
    "Notion": r"ntn_[A-Za-z0-9]{40,}",
    "Atlassian": r"ATATT3[A-Za-z0-9_=-]{40,}",
    "Figma": r"figd_[A-Za-z0-9_-]{36,}",
    "Postman": r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "New Relic": r"NRAK-[A-Z0-9]{27}",
    "age": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "JWT": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}",
}
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    + "|".join(f"(?P<k{at}>{form})" for at, form in enumerate(_FORMS.values()))
    + r")(?![A-Za-z0-9])"
)
_ISSUERS = tuple(_FORMS)
# The forms' beginnings. As one Rust regex the forms themselves take 11 s over Alpaca, these 30 ms;
# a word boundary would take 500 ms more.
_KEY_GATE = (
    rf"(?:{KEY_STARTS}|\d:AA|discord(?:app)?\.com/api/|SK[0-9a-f]|key-[0-9a-f])"
    r"[A-Za-z0-9_-]{8}|[0-9a-f]{16}-us\d|[MNO][A-Za-z\d]{23}"
)

# A name that says secret, then a value that looks random.
_NAMED_GATE = (
    r"(?i:secret|token|bearer|key)[\"'`]?\s*(?:[=:：>]+|is|to)?\s*[\"'`]?[A-Za-z0-9+/_=.~-]{16}"
)
# A character within a word that nobody sees.
_SPLIT_GATE = f"[A-Za-z0-9_-][{HIDDEN}]+[A-Za-z0-9_-]"
_NAMED = re.compile(
    r"(?i:(?:api[_ -]?key|api[_ -]?secret|secret(?:[_ -]?access)?[_ -]?key|client[_ -]?secret"
    r"|access[_ -]?token|auth[_ -]?token"
    r"|bearer|private[_ -]?key|encryption[_ -]?key|webhook[_ -]?secret|signing[_ -]?key|secret"
    r"|(?<![\w])token(?=[\"'`]?\s{0,3}[=:]))"
    r"[\"'`]?\s{0,3}(?:=>|:=|=|:|：|\s(?:is|ist|est|es|to)\s"
    r"|\s)\s{0,3}[\"'`]?(?P<value>[A-Za-z0-9+/_=.~-]{16,200}))"
    r"(?![A-Za-z0-9+/_(\[])"
)
_PLACEHOLDER = re.compile(
    r"(?i)your|x{4,}|\*{3}|<|>|\.\.\.|…|example|sample|dummy|placeholder|insert|replace|change_?me"
    r"|redacted|my[_-]?(?:api|secret|token|key)"
    r"|todo|fake|here$|a{6,}|0{8,}|abcdefgh|^[a-z_.-]+$|^[A-Z_.-]+$|process\.env|os\.environ|getenv"
)
_BITS = 3.5  # of Shannon entropy a sign, as gitleaks asks of keys without a form
_TYPED = re.compile(r"(?i)1234567|0123456|abcdef|qwerty|9876543|example|sample|fake|dummy|(.)\1{5}")
# The payload of jwt.io's first page: {"sub":"1234567890", ...
_JWT_SAMPLE = "eyJzdWIiOiIxMjM0NTY3ODkwI"
_BLANK = re.compile(r"(?i)x{6,}|your|\*{3}|placeholder|redacted|insert|replace")


def whole(find: Find) -> Find:
    """The same search in a text without its hidden characters, which may split a key."""

    def found(text: str) -> Iterator[Found]:
        plain, at = bare(text)
        for one in find(plain):
            yield one._replace(start=at[one.start], end=at[one.end - 1] + 1)

    return found


def api_keys(text: str) -> Iterator[Found]:
    """Keys that may open something, with the issuer's name: `GitHub gh…9x`."""
    return (_issued(issuer, key) for issuer, key in _keys(text) if not _is_stock(key[0]))


def named_keys(text: str) -> Iterator[Found]:
    """Random values after a word for secrets, but for those in an issuer's form."""
    for found in _NAMED.finditer(text):
        value = found["value"].rstrip(".")
        if _random(value) and not _KEY.search(found[0]):
            yield _within(found, value)


def _within(found: re.Match[str], value: str) -> Found:
    """A value that `found` has among its signs: without the stop or the stars around it."""
    start = found.start("value") + found["value"].index(value)
    return Found(start, start + len(value), mask(value))


def stock_keys(text: str) -> Iterator[Found]:
    """Keys of a known form that open nothing; masked all the same, for their form may mislead."""
    return (_issued(issuer, key) for issuer, key in _keys(text) if _is_stock(key[0]))


def _issued(issuer: str, key: re.Match[str]) -> Found:
    return Found(*key.span(), f"{issuer} {mask(key[0])}")


def _keys(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for found in _KEY.finditer(text):
        key = found[0]
        if not _BLANK.search(key) and len(set(key)) > 8:  # noqa: PLR2004 - dots, dashes, one letter repeated
            yield _ISSUERS[int(str(found.lastgroup)[1:])], found


def _is_stock(key: str) -> bool:
    return bool(_TYPED.search(key)) or _JWT_SAMPLE in key


def _random(value: str) -> bool:
    """Letters and digits without a pattern, that are no path, attribute or name of parts."""
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    parts = max(value.count("/"), value.count("_"), 3 * value.strip(".").count("."))
    made_up = _PLACEHOLDER.search(value) or _TYPED.search(value)
    return bool(mixed) and bits >= _BITS and parts < 3 and not made_up  # noqa: PLR2004 - a/b/c/d


# --- private keys -------------------------------------------------------------------------------

_PRIVATE_GATE = r"PRIVATE KEY|PuTTY-User-Key-File"
_PRIVATE = re.compile(
    r"-----BEGIN (?P<kind>(?:[A-Z0-9]+ )*PRIVATE KEY)(?: BLOCK)?-----(?:\\[nr]|\s)+"
    r"(?:[A-Za-z-]+: [^\n]+\n)*\s*[A-Za-z0-9+/=]{16}(?:[A-Za-z0-9+/=\s]|\\[nr])*"
    r"|(?P<putty>PuTTY)-User-Key-File-\d[\s\S]*?Private-Lines: \d+[A-Za-z0-9+/=\s]*"
    r"(?:Private-MAC: \w+)?"
)
_PRIVATE_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_KEY_CHARS = 20_000  # a block of RSA with 16,384 bits has 13,000


def private_keys(text: str) -> Iterator[Found]:
    """Whole blocks of private keys, by their kind: a block that is cut ends with its base64."""
    for found in _PRIVATE.finditer(text):
        last = _PRIVATE_END.search(text, found.end(), found.end() + _KEY_CHARS)
        end = last.end() if last and not found["putty"] else found.end()
        yield Found(found.start(), end, found["kind"] or "PuTTY PRIVATE KEY")


# --- passwords ----------------------------------------------------------------------------------

_CONNECTION_GATE = r"://[^/\s]*:[^/\s]*@|(?i:(?:pwd|password)=)"
# A gate of its own: in one with the other, both lose the engine's quick search.
_COMMANDS = "mysql|mariadb|sshpass|redis-cli|mongo|curl|ldapsearch|smbclient|wget"
_COMMAND_GATE = rf"(?:{_COMMANDS})\w* [^\n]*-|login [^\n]*-p"
_CONNECTION = re.compile(
    r"(?i)\b(?P<scheme>[a-z][a-z0-9+.-]{1,20})://[^\s:/@\"'<>{}$]*:(?P<url>[^\s:/@\"'<>{}]{3,100}"
    r")@(?P<host>[^\s/\"'<>]+)"
    r"|(?:server|host|data source|user id|uid|user|database)=[^;\"'\n]{1,80};[^\"'\n]{0,120}?(?:pw"
    r"d|password)=(?P<pair>[^;\s\"'<>{}]{3,60})"
)
# What a shell is told: `mysql -p'…'` (no space: else it is asked for), `curl -u ann:…`.
_LOGIN = re.compile(
    rf"\b(?P<command>(?:{_COMMANDS})\w*)\b[^\n|;]{{0,100}}? (?:(?<!redis-cli )-p"
    r"|(?:-u|--user) ?['\"]?[\w.@-]+:|-w |-a |--pass(?:word)?[= ])['\"]?"
    r"(?P<typed>[^\s'\"<>${};|&,()\[\]]{5,60})"
    r"|\b(?P<tool>(?:docker|podman|skopeo|oc|az|helm registry) login)\b[^\n|;]{0,100}? (?:-p"
    r"|--password)[ =]['\"]?(?P<given>[^\s'\"<>${};|&,()\[\]]{5,60})"
)
_ANY_FORM = re.compile(r"\d|[^\w.]")  # a mere word is a name of a database or a file
_NO_PASSWORD = re.compile(
    r"(?i)^(?:pass(?:wor[dt]|wd)?|pwd|secret|user(?:name)?|your.*|my_?pass\w*|\w*password\d?|x+"
    r"|\*+|\.+|•+|_+|[<\[{(].*|\$.*|%.*|:.*|token|key|changeme"
    r"|example|todo|none|null|true|false|string|str|text|required|optional|hash\w*|input|self|this"
    r"|field|value|varchar\w*|int)$"
)


def connection_passwords(text: str) -> Iterator[Found]:
    """Connection strings that log in by themselves."""
    for found in _CONNECTION.finditer(text):
        kind = "url" if found["url"] else "pair"
        if not _NO_PASSWORD.match(found[kind]):
            place = found["host"] or "a database"
            yield Found(*found.span(kind), f"{mask(found[kind])} at {place[:40]}")


def typed_passwords(text: str) -> Iterator[Found]:
    """Commands that log in by themselves."""
    for found in _LOGIN.finditer(text):
        kind, tool = ("typed", "command") if found["typed"] else ("given", "tool")
        said = found[kind]
        if _ANY_FORM.search(said) and not _NO_PASSWORD.match(said):
            yield Found(*found.span(kind), f"{mask(said)} for {found[tool]}")


_TOLD_GATE = (  # without word boundaries: they cost 230 ms
    rf"(?i:{'|'.join(word for word in _PASSWORDS if word not in _SHORT)})"
    r"\W*[^\n:=.]*[:=：是为為は \t-]"
    rf"|(?i:{'|'.join(_SHORT)})[\"'`*]*\s*(?:[:=：]|(?i:is)\s)"
)
_TOLD = re.compile(
    rf"(?i)(?P<name>{_PASSWORD})"
    r"(?:(?:[ \t]+(?:for|to|of|on|für|zum|de|du|para)\b[^\n.:=\"']{1,40}?)?"
    r"(?P<sign>[\"'`*]{0,3}[ \t]*(?:=>|:=|=|:|：)[ \t]*"
    r"|[ \t]+(?:is|was|ist|lautet|war|est|es|é|era)(?:[ \t]+(?:still|now|noch"
    r"|jetzt))?[ \t]*:?[ \t]+|是|为|為|は)"
    r"|[ \t]+(?:[-–][ \t]+)?)"
    r"(?P<quote>[\"'`“‘«*]{0,3})(?P<value>[^\s\"'`“”‘’«»]{4,64})"
)
# Rows that ask for a new password, or for a program that checks some.
_WANTED = (
    r"(?i)(?:generat|creat|suggest|design|invent|devis|construct|compos|random|valid|evaluat"
    r"|strength|example|sample"
    r"|come up with|think of|produce|rate|check|erstell|erzeug|crée|génér|genera|crea)[^.\n]*"
    r"(?:passwor[dt]|passphrase|passcode|kennwort|mot de passe|contrase[ñn]a)|(?:生成|创建|設計"
    r"|设计).{0,12}密码"
    r"|password (?:generator|validator|strength|checker)|passwor[dt][^.\n:=]{0,40}(?:generat|creat)"
)
_SENTENCE = re.compile(r"^[^\W\d_]+(?:['’-][^\W\d_]+)*[.,;:!?)]*$")


def told_passwords(text: str) -> Iterator[Found]:
    """Passwords that the text gives away.

    A plain word counts in quotation marks, beside a user name, where it is somebody's, or if it is
    none that a dictionary has: `the password is required` tells no one anything.
    """
    for found in _at_names(text):
        value = found["value"].strip("*").rstrip(".,;)*")
        if found["name"].lower() == "pin":
            told = bool(re.fullmatch(r"\d{4,8}", value)) and value not in {"1234", "0000"}
        else:
            told = _looks_chosen(value, found) or _is_plain_password(value, found)
        if told and not _NO_PASSWORD.match(value):
            yield _within(found, value)
    for name in re.finditer(r"(?i)\bset\b[^.\n]{0,30}password", text):
        to = _SET_TO.match(text, name.end())
        if (
            to is not None
            and not _SAID_OF_ONE.match(to["value"])
            and not _NO_PASSWORD.match(to["value"])
        ):
            yield secret(to, "value")


def _at_names(text: str) -> Iterator[re.Match[str]]:
    """Where a password is named; the regex alone would try 16 words at each sign of the text."""
    low = text.lower()
    for word in _PASSWORDS:
        at = low.find(word)
        while at >= 0:
            found = _TOLD.match(text, at)
            if found is not None:
                yield found
            at = low.find(word, at + len(word))


_ENGLISH_NAMES = frozenset({"password", "passcode", "passphrase", "pass", "pwd", "pw"})
_SOMEBODYS = re.compile(r"(?i)\b(?:my|our|his|her)\s+(?:[\w'-]+\s+){0,2}\Z")
_HANDED = re.compile(r"(?i)\b(?:use|using|with|enter|type|try)\s+(?:the\s+|this\s+|my\s+)?\Z")
_BESIDE_USER = re.compile(
    r"(?i)\b(?:user(?:name)?|login|account|e-?mail)[\"']?\s*[:= ]\s*[\w.@-]+[\"']?"
    r"\s*(?:and\b|[,;/&|])?\s*\Z"
)
_SET_TO = re.compile(
    r"(?i)[ \t]+to[ \t]+[\"'“]?(?P<value>[a-z]{4,30})[\"'”]?(?=[.,;!?\n]|\s*\Z| (?:last|and|so)\b)"
)
_CLOSED = re.compile(r"[\"'”]?(?:[.,;!?)\n]|\s*\Z| (?:and|but|so|for|why)\b)")
# Words that say what a password is like, not what it is; and what goes by the name of one.
_SAID_OF_ONE = re.compile(
    r"(?i)\A(?:wrong|weak|strong|safe|short|long|too|not|right|correct|lost|gone|missing|unknown|the"
    r"|same|unique|different|easy|hard|simple|complex|very|always|never|only|also|case|sent|kept|known"
    r"|hidden|blank|empty|public|secret|good|great|fine|ready|here|there|this|that|what|your|their"
    r"|something|anything|nothing|more|less|better|best|still|just|really|longer|shorter|stronger"
    r"|weaker|common|default|important|vital|case-\w+|none|mine|yours|crucial|okay|sure|over|under"
    r"|with|from|about|like|when|where|which|because|visible|random|both|often|usually|likely"
    r"|field|manager|policy|protection|reset|generator|option|button|prompt|hint|hash|file|login"
    r"|authentication|security|change|recovery|strength|entry|database|list|input|match|below|above"
    r"|expire|again|twice|first|then|once|page|box|form|link|screen|prior|broken|stolen|forgotten"
    r"|incorrect|invalid|w?ritten|\w+(?:ed|ing|able|ible|ive|ful|less|ally|ous|ly|ent|ant|ary))\Z"
)


def _is_plain_password(value: str, found: re.Match[str]) -> bool:
    """Whether a plain word is a password, by who says it and how."""
    sign = (found["sign"] or "").strip(" \t\"'`*").lower()
    if sign == "lautet":
        return True
    before, after = (
        found.string[max(0, found.start() - 60) : found.start()],
        found.string[found.end("value") :],
    )
    plain = value.isascii() and value.isalpha() and not _SAID_OF_ONE.match(value)
    if not plain or found["name"].lower() not in _ENGLISH_NAMES:
        return False
    if _BESIDE_USER.search(before):
        return bool(sign) or not _is_word(value) or bool(_CLOSED.match(after))
    closed = value != found["value"] or bool(_CLOSED.match(after))
    if sign in ("is", "was"):
        return closed and (bool(_SOMEBODYS.search(before)) or not _is_word(value))
    return not sign and closed and bool(_HANDED.search(before))


def _is_word(value: str) -> bool:
    """Whether English has this word."""
    from curate.signals.readability import is_word

    return is_word(value.lower())


def _looks_chosen(value: str, found: re.Match[str]) -> bool:
    """Whether this is a password and not the next word of a sentence or a variable of a program."""
    if re.search(r"[()\[\]{}<>]|\w\.\w+$|^\W+$|[\u3000-\uffef]", value):
        return False
    sign, quoted = (found["sign"] or "").strip(" \t\"'`*"), bool(found["quote"].strip("*"))
    if found["name"].lower() in _SHORT and not sign:
        return False
    digit, letter = re.search(r"\d", value), re.search(r"[^\W\d_]", value)
    if digit and letter:
        return True
    if re.search(r"[^\W\d_][!@#$%^&*?~+=]+[^\W_]|[!@#$%^&*~+=]$", value) and sign:
        return bool(letter)
    return quoted and sign.isalpha()
