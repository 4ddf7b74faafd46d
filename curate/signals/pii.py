"""Personal data in the turns: only what its own form or checksum makes certain, and masked.

Left alone: addresses and numbers that standards reserve for documentation (RFC 2606, RFC 5737,
RFC 3849), private networks, placeholders. Numbers that look real and belong to nobody (555-0100,
4111 1111 1111 1111) have columns of their own, so that rules can weigh them lightly.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from curate.registry import signal
from curate.text.evidence import NEEDS, WHERE, Found, Turns, located, secret
from curate.text.mask import mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


@signal(
    columns={
        "emails": "e-mail addresses, masked; no documentation addresses, no placeholders",
        "phones": "phone numbers, masked, in international or national form",
        "stock_phones": "phone numbers that are nobody's own: fictional or toll-free",
        "ibans": "IBANs with right length and checksum, masked",
        "cards": "payment card numbers with issuer's prefix, length and checksum, masked",
        "stock_cards": "payment processors' published test card numbers",
        "ip_addresses": "public IP addresses, masked; no private, reserved or well-known ones",
        "national_ids": "US social security numbers, and national ids with a right checksum; masked"
        "",
        "pii_at": WHERE,
    },
    needs=NEEDS,
    version=2,
)
def pii(frame: pl.DataFrame) -> pl.DataFrame:
    """Look for each kind in the turns that hold its signs."""
    turns = Turns(frame).narrowed(_GATE)
    return located(
        "pii_at",
        {
            "emails": turns.find(r"@|[(\[{] ?(?i:at) ?[)\]}]", emails),
            "phones": turns.find(_PHONE_GATE, phones),
            "stock_phones": turns.find(_PHONE_GATE, stock_phones),
            "ibans": turns.find(r"[A-Z]{2}\d\d ?[A-Z0-9]{4}", ibans),
            "cards": turns.find(_CARD_GATE, cards),
            "stock_cards": turns.find(_CARD_GATE, stock_cards),
            "ip_addresses": turns.find(
                r"\d\.\d{1,3}\.\d{1,3}\.\d|[23][0-9a-fA-F]{3}:[0-9a-fA-F:]+", ip_addresses
            ),
            "national_ids": turns.find(_ID_GATE, national_ids),
        },
    )


# Every pattern below needs an at sign, seven digits close together, or letters amid digits.
_GATE = (
    r"@|[(\[{] ?[Aa][Tt] ?[)\]}]|(?:\d[ ().:/\x{a0}-]{0,3}){7}|\.\d{1,3}\.\d{1,3}\.\d"
    r"|[A-Z]{2}\d\d ?[A-Z0-9]{4}|:[0-9a-fA-F]{0,4}:[0-9a-fA-F]{0,4}:"
)

# --- e-mail -------------------------------------------------------------------------------------

_EMAIL = re.compile(
    r"(?<![\w.+%/@-])(?P<local>\w[\w.+%'-]{0,63})"
    r"(?:@| ?[(\[{] ?at ?[)\]}] ?)"
    r"(?P<domain>(?:[^\W_][\w-]{1,62}(?:\.| ?[(\[{] ?dot ?[)\]}] ?))+(?P<top>[^\W\d_]{2,24}))(?![\w"
    r"@-])",
    re.IGNORECASE,
)
# RFC 2606 and RFC 6761; what tutorials write; file endings (`icon@2x.png`).
_NO_DOMAIN = re.compile(
    r"(?:^|\.)example(?:\.|\d|-|$)"
    r"|\.(?:test|invalid|localhost|local|internal|png|jpe?g|gif|svg|webp|py|js|css|git)$"
    r"|^(?:www\.)?(?:(?:your|my|our|some|any|the|new)-?_?)"
    r"(?:domain|e?mail|site|website|company|business|organi[sz]ation|school|server|host|provider"
    r"|app)\w{0,5}\.[a-z.]+$"
    r"|^(?:domain|website|site|server|host|provider|test|foo|bar|abc|xyz|x+|sample|dummy|fake"
    r"|placeholder)"
    r"\.[a-z.]+$",
    re.IGNORECASE,
)
_NO_LOCAL = re.compile(
    r"(?i)^(?:no-?_?reply|do-?not-?reply|donotreply|git|your[\w.-]*|my-?_?e?mail|user-?_?name"
    r"|e-?mail|name|first(?:name)?[._]?last(?:name)?|x+|abc|foo|someone|somebody|example|test"
    r"|placeholder"
    r"|recipient)$"
)


def emails(text: str) -> Iterator[Found]:
    """The e-mail addresses of people and offices."""
    for found in _EMAIL.finditer(text):
        if "://" in text[: found.start()].rpartition(" ")[2].rpartition("\n")[2]:
            continue  # the password of a URL
        domain, local = found["domain"], found["local"]
        office = domain.lower() == "company.com" and not re.search(r"[._\d]", local)
        if not (office or _NO_DOMAIN.search(domain) or _NO_LOCAL.search(local)):
            yield secret(found)


# --- phone --------------------------------------------------------------------------------------

_PHONE_GATE = r"\d{3}[ .)/\x{a0}-]{0,3}\d{2}|\+\d|(?:\d{2}[ .-]){3}\d\d|\d{7}"
_PHONE = re.compile(
    r"(?a)(?<![\w+#.,/=*^-])(?:"
    r"(?P<world>(?:\+ ?\(?|00)[1-9](?:[ .()/\u00a0-]{0,2}\d){6,14})"
    r"|(?P<us>(?:1[ .-])?(?:\([1-9]\d\d\) ?|[1-9]\d\d[ .-])\d{3}[ .-]\d{4})"
    r"|(?P<area>\(0\d{1,5}\)[ /-]?\d(?:[ -]?\d){4,9})"
    r"|(?P<nation>0[1-9](?:[ .]\d\d){4}|0[1-9]\d{1,4}[ /-]\d{3,8}(?:[ -]\d{1,6}){0,2}"
    r"|0\d{1,3}-\d{2,4}-\d{4})"
    r"|(?P<bare>\d(?:[ .-]?\d){6,12})"
    r")(?![\w]|[.,:/-]\d|[ ]?[%€$£])"
)
_CALLED = re.compile(
    r"(?i)(?:(?:my|our|his|her|their) number|电话|電話|手机|手機|联系方式"
    r"|\b(?:(?:tele|cell|mobile )?phone|tel(?:efon|éfono|efono|ephone|efone"
    r"|[eé]phone)?|mobile|móvil|cell|handy|fax|whats ?app|sms|text(?: me)?"
    r"|call(?: me| us| her| him)?|ruf\w*|erreichbar|appel\w*|joindre|ll[aá]m\w*|telefonnummer))"
    r"(?:\s*(?:no|nr|number|nummer|num[eé]ro|是|为|at|on|unter|au|al|is|ist|est|es))*[\s.:：#(=\"']*$"
)
_COUNTED = re.compile(
    r"(?i)(?:order|invoice|isbn|issn|serial|sku|part|case|ticket|tracking|account|acct|konto"
    r"|ref(?:erence)?|model|id|"
    r"bestell\w*|rechnung\w*|kunden\w*|artikel\w*|auftrag\w*|commande|facture|pedido|factura|订单号?"
    r"|doi|patent|vin|upc|ean|"
    r"ssn|social security|passport|licen[cs]e|zip|plz|version|pin|code)"
    r"(?:\s*(?:is|was|ist|est|es))?[\s.:#]*(?:no\.?|nr\.?|number|num\.?|n°|nº|nummer|code"
    r"|id)?(?:\s*(?:is|was|ist|est|es))?[\s.:#=\"'-]*$"
)
_TOLL_FREE = re.compile(r"^(?:\+?1)?8(?:00|33|44|55|66|77|88)\d{7}$|^0800|^\+?(?:44|49)800")
_FICTIONAL = re.compile(
    r"^(?:1?\d{3})?555\d{4}$|^1?555\d{7}$|123456|234567|345678|654321|765432|876543|098765"
    r"|(\d)\1{6}|(\d)\2{3}(\d)\3{3}|000000"
)
_NO_PHONE = re.compile(
    r"(?:1\d|20)\d\d ?- ?(?:1\d|20)\d\d|(?:19|20)\d\d[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./](?:19"
    r"|20)?\d\d|[01 ]+|97[89][ -]?\d.*"
)


def phones(text: str) -> Iterator[Found]:
    """Phone numbers that may be someone's."""
    return (number for number, stock in _phones(text) if not stock)


def stock_phones(text: str) -> Iterator[Found]:
    """Phone numbers of no one in particular; masked all the same, for their form may mislead."""
    return (number for number, stock in _phones(text) if stock)


def _phones(text: str) -> Iterator[tuple[Found, bool]]:
    for found in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        before = text[max(0, found.start() - 40) : found.start()]
        if _NO_PHONE.fullmatch(found[0]) or _COUNTED.search(before):
            continue
        if not _dials(found, digits, before):
            continue
        stock = _TOLL_FREE.search(digits) or _FICTIONAL.search(digits) or _unassigned(found, digits)
        yield secret(found), bool(stock)


def _unassigned(found: re.Match[str], digits: str) -> bool:
    """North America: neither area code nor exchange begins with 0 or 1."""
    ten = digits[-10:]
    return found.lastgroup == "us" and (ten[0] in "01" or ten[3] in "01")


def _dials(found: re.Match[str], digits: str, before: str) -> bool:
    """Whether a number of this form is a phone's; bare digits are so only after a word for it."""
    kind = found.lastgroup
    if _CALLED.search(before):
        return len(digits) >= 7  # noqa: PLR2004 - the shortest local numbers
    if kind == "bare":  # mainland China's mobiles are written so, and nothing else has their form
        mobile = re.fullmatch(r"1[3-9]\d(?!0{6})\d{8}", found[0])
        return mobile is not None and re.search(r"[\u4e00-\u9fff]", before) is not None
    if kind == "world":
        added = found[0].startswith("+ ") or re.search(r"[\d)\]]\s*$", before)
        told = "(" in found[0] or (re.search(r"[ -]", found[0][3:]) if added else True)
        least = 10 if added else 8  # sums of small numbers are shorter
        return bool(told) and least <= len(digits.removeprefix("00")) <= 15  # noqa: PLR2004 - E.164
    if kind == "us":
        return "(" in found[0] or found[0].count(" ") != 2 or bool(re.search("[.-]", found[0]))  # noqa: PLR2004 - three numbers in a row
    return 9 <= len(digits) <= 12  # noqa: PLR2004 - shorter ones are dates and counts


# --- bank accounts and cards --------------------------------------------------------------------

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}(?![a-z0-9])")
# Lengths by country: SWIFT's IBAN registry.
_IBAN_LENGTHS = {
    code: length
    for length, codes in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV", 22: "BG BH DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA",
        30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for code in codes.split()
}  # fmt: skip


def ibans(text: str) -> Iterator[Found]:
    """Account numbers that pay."""
    for found in _IBAN.finditer(text):
        number = found[0].replace(" ", "")[: _IBAN_LENGTHS.get(found[0][:2], 0)]
        whole = number and found[0].replace(" ", "").startswith(number)
        if whole and len(number) == _IBAN_LENGTHS[number[:2]] and _mod97(number):
            yield Found(*_written(found, len(number)), mask(number))


def _written(found: re.Match[str], signs: int) -> tuple[int, int]:
    """Where a number of so many signs stands that is written in groups."""
    ends = [at for at, sign in enumerate(found[0], 1) if sign != " "]
    return found.start(), found.start() + ends[signs - 1]


def _mod97(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


_OLD_VISA = 13
_CARD_GATE = r"(?:\d[ -]?){13}"
_CARD = re.compile(
    r"(?a)(?<![\w.,+/=-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}"
    r"|\d{13,19})(?![\w]|[.,/-]\d)"
)
# ISO/IEC 7812 ranges: Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}"
)
# Published by Stripe, PayPal, Adyen and Braintree for trying things out.
_TEST_CARDS = frozenset(
    "4111111111111111 4242424242424242 4012888888881881 4000056655665556 4222222222222 "
    "4000000000000002 4000000000009995 4000002500003155 4000000000003220 4917610000000000 "
    "5555555555554444 5105105105105100 5454545454545454 5200828282828210 2223003122003222 "
    "2223000048400011 378282246310005 371449635398431 378734493671000 6011111111111117 "
    "6011000990139424 6011000000000004 30569309025904 38520000023237 3056930009020004 "
    "36227206271667 3530111333300000 3566002020360505 6200000000000005".split()
)


def cards(text: str) -> Iterator[Found]:
    """Card numbers that may be someone's."""
    return (Found(*at, mask(number)) for number, at in _cards(text) if number not in _TEST_CARDS)


def stock_cards(text: str) -> Iterator[Found]:
    """Published test numbers."""
    return (Found(*at, mask(number)) for number, at in _cards(text) if number in _TEST_CARDS)


def _cards(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The digits of each number, and where it stands."""
    for found in _CARD.finditer(text):
        number = re.sub(r"\D", "", found[0])
        if found[0] == number and _reckoned(text, found):
            continue
        varied = len(set(number)) > 2 or number in _TEST_CARDS  # noqa: PLR2004 - 4444..., 0101...
        if varied and _ISSUED.fullmatch(number) and _luhn(number):
            yield number, found.span()


def _reckoned(text: str, found: re.Match[str]) -> bool:
    """Whether bare digits are an operand, or of a length that cards had until the nineties."""
    before, after = text[max(0, found.start() - 3) : found.start()], text[found.end() :][:3]
    operator = re.search(r"[-+*/=×÷^]\s*$", before) or re.search(r"^\s*[-+*/=×÷^]", after)
    return len(found[0]) == _OLD_VISA or operator is not None


def _luhn(number: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


# --- IP -----------------------------------------------------------------------------------------

_IP = re.compile(
    r"(?<![\w.:/-])(?:(?P<four>\d{1,3}(?:\.\d{1,3}){3})(?!\.?\w|/\d)"
    r"|(?P<six>[23][0-9a-f]{3}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4})(?![\w:/]))",
    re.IGNORECASE | re.ASCII,
)
_NUMBERED = re.compile(
    r"(?i)(?:version|release|section|chapter|clause|figure|table|paragraph|abschnitt|kapitel|build"
    r"|firmware|driver|\bv|§)[\s.:]*$"
)
_NAMED_IP = re.compile(
    r"(?i)\b(?:ip|ipv4|address|host|server|adresse|dirección|地址)\b[^.\n]{0,30}$"
)
# Public resolvers and the like, which stand in every tutorial.
_KNOWN = frozenset(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 208.67.222.222 208.67.220.220 1.2.3.4 4.2.2.2 "
    "2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111".split()
)
_SMALL = 20  # dotted numbers below it are versions and section numbers, unless called an address


def ip_addresses(text: str) -> Iterator[Found]:
    """Addresses of hosts on the internet."""
    for found in _IP.finditer(text):
        before = text[max(0, found.start() - 40) : found.start()]
        if (
            found[0].lower() not in _KNOWN
            and not _NUMBERED.search(before)
            and _public(found, before)
        ):
            yield secret(found)


def _public(found: re.Match[str], before: str) -> bool:
    try:
        if found["six"]:
            return IPv6Address(found["six"]).is_global
        address = IPv4Address(found["four"])
    except AddressValueError:
        return False
    network = address.packed[3] == 0
    small = max(address.packed) < _SMALL and not _NAMED_IP.search(before)
    return address.is_global and not address.is_multicast and not network and not small


# --- national ids -------------------------------------------------------------------------------

_ID_GATE = (
    r"\d{3}[- ]\d\d[- ]\d{4}|(?i:ssn|social security)"
    r"|\d{3}\.\d{3}\.\d{3}-\d\d|\d{7}-?[A-Z]|[A-Z]{6}\d\d[A-Z]\d\d"
    r"|\d{17}[\dXx]|[12][ .]?\d\d[ .]?\d\d[ .]?\d[\dAB][ .]?\d{3}[ .]?\d{3}|\d{4} \d{4} \d{4}"
)
_SSN = re.compile(
    r"(?a)(?<![\w-])(?!000|666|9)\d{3}(-)(?!00)\d\d-(?!0000)\d{4}(?![\w-])"
    r"|(?:SSN|[Ss]ocial [Ss]ecurity (?:[Nn]umber|[Nn]o\.?|#))\W{0,3}(?:is |was )?(?!000|666"
    r"|9)\d{3}[ -]?(?!00)\d\d[ -]?(?!0000)\d{4}(?!\w)"
)
_CPF = re.compile(r"(?a)(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d\d(?!\w)")
_DNI = re.compile(r"(?a)(?<![\w-])(?:[XYZ]-?\d{7}|\d{8})-?[A-HJ-NP-TV-Z](?![\w-])")
_FISCALE = re.compile(r"(?a)(?<!\w)[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?!\w)")
_CHINESE = re.compile(
    r"(?a)(?<!\w)[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)"
)
_NIR = re.compile(
    r"(?a)(?<![\w.])[12][ .]?\d\d[ .]?(?:0[1-9]|1[0-2]|[2-4]\d)[ .]?(?:\d\d"
    r"|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d\d(?![\w])"
)
_AADHAAR = re.compile(r"(?i)(?:aadhaa?r|uidai|आधार)\D{0,30}([2-9]\d{3} \d{4} \d{4})(?!\w| \d)")


def national_ids(text: str) -> Iterator[Found]:
    """Numbers by which a state knows a person."""
    for pattern, check in (
        (_SSN, bool),
        (_CPF, _cpf),
        (_DNI, _dni),
        (_FISCALE, _fiscale),
        (_CHINESE, _chinese),
        (_NIR, _nir),
        (_AADHAAR, lambda found: _verhoeff(found[-14:])),
    ):
        for found in pattern.finditer(text):
            if check(found[0]):
                yield secret(found)


def _cpf(text: str) -> bool:
    """Brazil: two digits weighted modulo 11."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    return len(set(digits)) > 1 and all(
        sum(digit * (place + 1 - at) for at, digit in enumerate(digits[:place])) * 10 % 11 % 10
        == digits[place]
        for place in (9, 10)
    )


def _dni(text: str) -> bool:
    """Spain: the letter is the number modulo 23; X, Y, Z stand for 0, 1, 2."""
    plain = text.replace("-", "")
    number = int(plain[:-1].translate(str.maketrans("XYZ", "012")))
    return number > 99 and "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == plain[-1]  # noqa: PLR2004 - 00000000T and its kind


_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8,
    12, 14, 16, 10, 22, 25, 24, 23,
), strict=True))  # fmt: skip


def _fiscale(text: str) -> bool:
    """Italy: odd places by table (decree of 23 December 1976), even ones by value, modulo 26."""
    even = sum(int(sign) if sign.isdigit() else ord(sign) - 65 for sign in text[1:15:2])
    return chr(65 + (even + sum(_ODD[sign] for sign in text[0:15:2])) % 26) == text[15]


def _chinese(text: str) -> bool:
    """Mainland China, GB 11643: weights 2^n modulo 11."""
    total = sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _nir(text: str) -> bool:
    """France: the key is 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    plain = re.sub(r"[ .]", "", text).replace("2A", "19").replace("2B", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


_TURN: tuple[tuple[int, ...], ...] = ((1, 5, 7, 6, 2, 8, 3, 0, 9, 4),)
for _ in range(7):
    _TURN += (tuple(_TURN[0][before] for before in _TURN[-1]),)


def _verhoeff(text: str) -> bool:
    """India: Verhoeff's check over the dihedral group of ten elements."""
    state = 0
    for at, digit in enumerate(reversed([int(sign) for sign in text if sign.isdigit()])):
        turned = digit if at % 8 == 0 else _TURN[at % 8 - 1][digit]
        state = _dihedral(state, turned)
    return state == 0


def _dihedral(left: int, right: int) -> int:
    if left < 5:  # noqa: PLR2004 - the rotations
        return (left + right) % 5 + (5 if right >= 5 else 0)  # noqa: PLR2004
    return (left - right) % 5 + (0 if right >= 5 else 5)  # noqa: PLR2004
