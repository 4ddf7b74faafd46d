"""Made-up keys, numbers and addresses: right in form and check digits, and nobody's."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


def luhn_digit(digits: str) -> str:
    """The check digit of a card number (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004  # digit sum
    return str(-total % 10)


def iban(country: str, account: str) -> str:
    """An IBAN with right check digits (ISO 13616: modulo 97)."""
    moved = "".join(str(int(sign, 36)) for sign in f"{account}{country}00")
    return f"{country}{98 - int(moved) % 97:02}{account}"


def _of(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


_ALNUM = string.ascii_letters + string.digits
_B64 = _ALNUM + "+/"
_NAMES = ("m.kowalczyk", "anna_lindqvist", "j.okafor77", "t-nakamura", "priya.r", "lucia.moretti")
_HOSTS = ("postfach-nord.de", "mailbox-riga.lv", "kestrelworks.co.uk", "uni-lund.se", "zonamail.es")


def _card(rng: random.Random) -> str:
    body = rng.choice(("4", "51", "54")) + _of(rng, string.digits, 14)
    body = body[:15]
    return body + luhn_digit(body)


def _pem(rng: random.Random) -> str:
    lines = "\n".join(_of(rng, _B64, 64) for _ in range(6))
    kind = rng.choice(("RSA ", "", "EC ", "OPENSSH "))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def _password(rng: random.Random) -> str:
    words = ("Falcon", "River", "Maple", "Tiger", "Winter", "Copper")
    return (
        f"{rng.choice(words)}{rng.choice('!#$_-')}{_of(rng, string.digits, 4)}{rng.choice(_ALNUM)}"
    )


def _jwt(rng: random.Random) -> str:
    head, body = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiIxMjM0NTYiLCJuYW1lIjoiSm9obiJ9"
    return f"{head}.{body}.{_of(rng, _ALNUM + '-_', 43)}"


def _public_ip(rng: random.Random) -> str:
    return f"{rng.choice((31, 46, 84, 91, 145, 178))}.{rng.randint(1, 254)}.{rng.randint(1, 254)}.7"


def _ssn(rng: random.Random) -> str:
    """A US social security number in a range that is given out: no 000, 666 or 9xx."""
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _groups(text: str, size: int = 4, by: str = " ") -> str:
    return by.join(text[place : place + size] for place in range(0, len(text), size))


FILL = {
    "email": lambda r: f"{r.choice(_NAMES)}@{r.choice(_HOSTS)}",
    "phone-us": lambda r: f"({r.randint(212, 978)}) {r.randint(220, 989)}-{r.randint(2000, 9999)}",
    "phone-us-plain": lambda r: (
        f"+1 {r.randint(212, 978)} {r.randint(220, 989)} {r.randint(2000, 9999)}"
    ),
    "phone-de": lambda r: f"+49 {r.randint(151, 179)} {r.randint(1000000, 9999999)}",
    "phone-uk": lambda r: f"07{r.randint(400, 999)} {r.randint(100, 999)} {r.randint(100, 999)}",
    "phone-fr": lambda r: (
        f"06 {r.randint(10, 99)} {r.randint(10, 99)} {r.randint(10, 99)} {r.randint(10, 99)}"
    ),
    "iban": lambda r: iban("DE", _of(r, string.digits, 18)),
    "iban-spaced": lambda r: _groups(iban("FR", _of(r, string.digits, 23))),
    "iban-nl": lambda r: iban("NL", "INGB" + _of(r, string.digits, 10)),
    "card": lambda r: _groups(_card(r)),
    "card-dashed": lambda r: _groups(_card(r), by="-"),
    "card-plain": _card,
    "ip": _public_ip,
    "ipv6": lambda r: (
        f"2a02:{_of(r, '0123456789abcdef', 4)}:8071:{_of(r, 'abcdef', 3)}::{r.randint(10, 99)}"
    ),
    "openai": lambda r: f"sk-proj-{_of(r, _ALNUM, 48)}",
    "openai-old": lambda r: f"sk-{_of(r, _ALNUM, 20)}T3BlbkFJ{_of(r, _ALNUM, 20)}",
    "anthropic": lambda r: f"sk-ant-api03-{_of(r, _ALNUM + '-_', 93)}AA",
    "github": lambda r: f"ghp_{_of(r, _ALNUM, 36)}",
    "github-fine": lambda r: f"github_pat_{_of(r, _ALNUM, 22)}_{_of(r, _ALNUM, 59)}",
    "gitlab": lambda r: f"glpat-{_of(r, _ALNUM, 20)}",
    "aws": lambda r: f"AKIA{_of(r, string.ascii_uppercase + '234567', 16)}",
    "aws-secret": lambda r: _of(r, _B64, 40),
    "google": lambda r: f"AIza{_of(r, _ALNUM + '-_', 35)}",
    "slack": lambda r: (
        f"xoxb-{_of(r, string.digits, 12)}-{_of(r, string.digits, 13)}-{_of(r, _ALNUM, 24)}"
    ),
    "stripe": lambda r: f"sk_live_{_of(r, _ALNUM, 24)}",
    "huggingface": lambda r: f"hf_{_of(r, string.ascii_letters, 34)}",
    "sendgrid": lambda r: f"SG.{_of(r, _ALNUM, 22)}.{_of(r, _ALNUM, 43)}",
    "npm": lambda r: f"npm_{_of(r, _ALNUM, 36)}",
    "telegram": lambda r: f"{_of(r, '123456789', 10)}:AA{_of(r, _ALNUM + '-_', 33)}",
    "pem": _pem,
    "jwt": _jwt,
    "password": _password,
    "ssn": _ssn,
}


def fill(text: str, rng: random.Random) -> str:
    """Put a made-up value in place of every «name»."""
    return re.sub(r"«([a-z0-9-]+)»", lambda found: FILL[found[1]](rng), text)
