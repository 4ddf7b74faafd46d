"""Keys by their issuer's form, and passwords that a text gives away."""

from __future__ import annotations

import random
import string
from functools import partial

import pytest

from curate.signals import secrets
from tests.signals import answers

measured = partial(answers.measured, secrets.secrets)

LETTERS = string.ascii_letters
ALL = LETTERS + string.digits
HEX = "0123456789abcdef"


def drawn(size, signs=ALL, seed=7):
    return "".join(random.Random(seed + size).choices(signs, k=size))  # noqa: S311 - opens nothing


KEYS = {
    "AWS": "AKIA" + drawn(16, string.ascii_uppercase + "234567"),
    "GitHub": "ghp_" + drawn(36),
    "GitLab": "glpat-" + drawn(20),
    "Anthropic": "sk-ant-api03-" + drawn(93) + "AA",
    "OpenAI": "sk-proj-" + drawn(48),
    "OpenRouter": "sk-or-v1-" + drawn(64, HEX),
    "Slack": f"xoxb-{drawn(11, string.digits)}-{drawn(12, string.digits)}-{drawn(24)}",
    "Google": "AIza" + drawn(35),
    "Stripe": "sk_live_" + drawn(24),
    "Twilio": "SK" + drawn(32, HEX),
    "SendGrid": f"SG.{drawn(22)}.{drawn(43)}",
    "Mailgun": "key-" + drawn(32, HEX),
    "Mailchimp": drawn(32, HEX) + "-us14",
    "npm": "npm_" + drawn(36),
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + drawn(60),
    "RubyGems": "rubygems_" + drawn(48, HEX),
    "Hugging Face": "hf_" + drawn(34, LETTERS),
    "Groq": "gsk_" + drawn(52),
    "xAI": "xai-" + drawn(80),
    "Perplexity": "pplx-" + drawn(48),
    "Replicate": "r8_" + drawn(37),
    "Databricks": "dapi" + drawn(32, HEX),
    "DigitalOcean": "dop_v1_" + drawn(64, HEX),
    "Docker": "dckr_pat_" + drawn(27),
    "Shopify": "shpat_" + drawn(32, HEX),
    "Square": "sq0csp-" + drawn(43),
    "Telegram": drawn(9, "34789") + ":AA" + drawn(33),
    "Discord": f"M{drawn(23)}.{drawn(6)}.{drawn(27)}",
    "Azure": "AccountKey=" + drawn(86) + "==",
    "Vault": "hvs." + drawn(24),
    "Grafana": f"glsa_{drawn(32)}_{drawn(8, HEX)}",
    "Linear": "lin_api_" + drawn(40),
    "Notion": "ntn_" + drawn(46),
    "Atlassian": "ATATT3" + drawn(60),
    "Figma": "figd_" + drawn(40),
    "Postman": f"PMAK-{drawn(24, HEX)}-{drawn(34, HEX)}",
    "New Relic": "NRAK-" + drawn(27, string.ascii_uppercase + string.digits),
    "age": "AGE-SECRET-KEY-1" + drawn(58, string.ascii_uppercase + string.digits),
    "JWT": f"eyJ{drawn(20)}.eyJ{drawn(30)}.{drawn(43)}",
}


def test_every_issuer_is_known_and_passes_the_gate():
    assert set(KEYS) == set(secrets._FORMS)
    made = measured(*(f"the key is {key}, says he" for key in KEYS.values()))["api_keys"]
    for found, (issuer, key) in zip(made, KEYS.items(), strict=True):
        assert found == f"assistant 2: {issuer} {key[:2]}…{key[-2:]}"


@pytest.mark.parametrize(
    "text",
    [
        "YOUR_API_KEY, <token>, sk-..., sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_YOUR_TOKEN_GOES_HERE_123456789012",
        "export OPENAI_API_KEY=$KEY; api_key = os.environ['SERVICE_KEY_2031']",
        "task-oriented, risk-averse, desk-bound, SKU 123, a key-value store, skeleton",
        "7a149da3779ddbc040543ab1834ef216c983d6fc",  # a commit
        "token: next_token_in_sequence_2, key: abcdef1234567890abcdef1234567890",
        "the secret is supercalifragilisticexpialidocious",
        "Bearer <access_token>, secret: s3://bucket/path/to/file/2031",
        "sk_test_" + "a" * 24,
    ],
)
def test_what_opens_nothing_is_left_alone(text):
    made = measured(text)
    assert made["api_keys"][0] is None
    assert made["named_keys"][0] is None


def test_documented_keys_are_told_apart():
    jwt_io = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0"
        ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    )
    keys = {
        "AWS AK…LE": "AKIAIOSFODNN7EXAMPLE",
        "GitHub gh…yz": "ghp_1234567890abcdefghijklmnopqrstuvwxyz",
        "JWT ey…5c": jwt_io,
    }
    for shown, key in keys.items():
        made = measured(f"like {key} here")
        assert made["api_keys"][0] is None
        assert made["stock_keys"][0] == f"assistant 2: {shown}"


@pytest.mark.parametrize("sign", ["\u200b", "\u2060\u200d", "\xad", "\ufeff", "\U000e0041"])
def test_a_key_that_hidden_characters_split_is_found_where_it_stands(sign):
    key = KEYS["GitHub"]
    split = f"{key[:2]}{sign}{key[2:20]}{sign}{key[20:]}"
    answer = f"The key is {split}, keep it."
    assert measured(answer)["api_keys"].to_list() == [f"assistant 2: GitHub {key[:2]}…{key[-2:]}"]
    assert answers.places(secrets.secrets, answer) == {"api_keys": [split]}
    assert measured(f"Speak slowly{sign}but clearly{sign}always.")["api_keys"].to_list() == [None]


def test_a_key_is_counted_once():
    made = measured(f"client_secret: {KEYS['GitHub']} and api_key={drawn(40)}")
    assert made["api_keys"][0].startswith("assistant 2: GitHub gh…")
    assert made["named_keys"][0] == f"assistant 2: {drawn(40)[:2]}…{drawn(40)[-2:]}"


@pytest.mark.parametrize(
    "text",
    [
        "my password is hunter2!",
        "Passwort: Sommer2031",
        "Das Passwort lautet Kater_77.",
        "mi contraseña es Gato2031",
        "mon mot de passe est Soleil75",
        "a senha é Verde9988",
        "我的密码是abc12345",
        "The password for the account is Blue$ky77",
        'the password is "swordfish"',
        "user: bob, pass: Qwerty!99",
        "log in as root with password toor99",
        'Password - Hunter2031; "password": "Winter2031!"',
        "my PIN is 4831",
        "Login: admin / Password: Tiger$3279Y. Generate a sentence with never.",
    ],
)
def test_a_password_told(text):
    assert measured(text)["told_passwords"][0] is not None


@pytest.mark.parametrize(
    "text",
    [
        "The password is required. Your password must have 8 characters.",
        "Reset your password: click the link below. Password: ******** or <password>",
        "password = input(); password: str; password=os.environ['PW']; password = hash(pw1)",
        '{"username": "string", "password": "string"}',
        "Choose a strong password: mix letters, digits and signs.",
        "A pass is 3 yards; pass: the ball was thrown. Pinning is easy.",
        "设置强密码：为您的所有账户设置强密码。",
        "The password is stored in the database as a hash.",
    ],
)
def test_talk_of_passwords(text):
    assert measured(text)["told_passwords"][0] is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://app:v8Kq2mXr@db.kestrel.internal:5432/o", "v8…Xr at db.kestrel.internal:5432"),
        ("redis://:v8Kq2mXr@cache:6379", "v8…Xr at cache:6379"),
        ("Server=s;User Id=sa;Password=Tr7wXq2L;", "Tr…2L at a database"),
        ("postgres://user:password@localhost/db", None),
        ("postgres://app:Maple$28@db/o", "Ma…28 at db"),
        ("postgres://app:$PASS@db/o", None),
        ("mysql://${USER}:${PASS}@host/db and https://host.org:8080/@ann:x", None),
        ("http://user:<password>@host and ftp://ann@host:21/", None),
    ],
)
def test_connection_strings(text, shown):
    found = measured(text)["connection_passwords"][0]
    assert found == (shown and f"assistant 2: {shown}")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "My password is sunshine",
            "My Netflix password is iloveyou!",
            "The root password is toor.",
        ),
        *("login: bob / password: hunter", "username=admin password=dragon", "pw: Tr0ub4dor"),
        *("Sign in with the password blueberry.", "Log in as user jo and password letmein."),
        *("I set the password to bananas last week.", "Das Passwort lautet Sonnenschein."),
    ],
)
def test_plain_words_that_are_passwords(text):
    assert list(secrets.told_passwords(text))


@pytest.mark.parametrize(
    "text",
    [
        *("My password is wrong.", "My password is case-sensitive.", "Our password is expired, so"),
        *(
            "The password is up to you.",
            "My password is the name of my dog.",
            "the password manager",
        ),
        *("I set the password to expire.", "Enter the password field.", "Use the password reset."),
        *("Password: forgotten", "The password is Friend, she said.", "username and password"),
        *("Das Passwort ist erforderlich.", "My password is on a note."),
    ],
)
def test_plain_words_that_are_none(text):
    assert not list(secrets.told_passwords(text))


@pytest.mark.parametrize(
    ("kind", "answer", "secret"),
    [
        ("told_passwords", "My password is **Hunter2031**.", "Hunter2031"),
        ("told_passwords", "\U0001f511 I set the password to bananas.", "bananas"),
        ("told_passwords", "PIN: 4831, and mind the cat", "4831"),
        ("connection_passwords", "\U0001f511 redis://:v8Kq2mXr@cache:6379", "v8Kq2mXr"),
        ("connection_passwords", "Server=s;User Id=sa;Password=Tr7wXq2L;", "Tr7wXq2L"),
        ("api_keys", f"{KEYS['GitHub']}", KEYS["GitHub"]),
        ("named_keys", f"client_secret: {drawn(40)}.", drawn(40)),
        ("stock_keys", "like AKIAIOSFODNN7EXAMPLE here", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_places(kind, answer, secret):
    assert answers.places(secrets.secrets, answer)[kind] == [secret]


BLOCK = "MIICXAIBAAKBgQDTq8ZrVw2LsXb7\nNcKm4YpHd9JfGa3UeRo6Bi5W\n"
HEAD, END = "-----BEGIN RSA PRIVATE KEY-----\n", "-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (f"{HEAD}{BLOCK}{END}", "RSA PRIVATE KEY"),
        (f"{HEAD}Proc-Type: 4,ENCRYPTED\n\n{BLOCK}{END}", "RSA PRIVATE KEY"),
        (f"{HEAD}{BLOCK}{END}".replace("\n", "\\n"), "RSA PRIVATE KEY"),
        (f"{HEAD}{BLOCK}{END}".replace("\n", '\\n" +\n"'), None),  # glued in a program
        (f"{HEAD}{BLOCK}", "RSA PRIVATE KEY"),  # cut
        (f"PuTTY-User-Key-File-3: rsa\nPrivate-Lines: 2\n{BLOCK}", "PuTTY PRIVATE KEY"),
        (f"{HEAD}...\n{END}", None),
    ],
)
def test_private_keys(block, kind):
    made = measured(f"Here:\n{block}")["private_keys"][0]
    assert made == (kind and f"assistant 2: {kind}")
    found = answers.places(secrets.secrets, f"Here:\n{block}").get("private_keys")
    assert found == (kind and [block])
