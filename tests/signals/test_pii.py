"""Numbers and addresses that are someone's, and those that only look so."""

from __future__ import annotations

import pytest

from curate.row import Row, to_frame
from curate.signals import pii
from tests.signals.answers import places


def found(kind, text):
    return [one.shown for one in getattr(pii, kind)(text)]


HITS = [
    ("emails", "maria.okafor84@gmail.com"),
    ("emails", "J.O'Neil+news@mail.kestrel-works.co.uk"),
    ("emails", "jürgen@straßenbau.de"),
    ("emails", "lena (at) kestrelworks (dot) org"),
    ("emails", "jane.doe@company.com"),
    ("phones", "+44 20 7946 3182"),
    ("phones", "+49 (0)89 6359 2274"),
    ("phones", "0049 89 63592274"),
    ("phones", "(732) 830-9763"),
    ("phones", "732.830.9763"),
    ("phones", "1-732-830-9763"),
    ("phones", "Tel. 030/48732219"),
    ("phones", "06 48 73 22 19"),
    ("phones", "020 7946 3182"),
    ("phones", "call me at 9094561837"),
    ("phones", "电话：13872946015"),
    ("phones", "090-4873-2219"),
    ("stock_phones", "(555) 010-4477"),
    ("stock_phones", "123-456-7890"),
    ("stock_phones", "1-800-273-8255"),
    ("stock_phones", "(143) 456-7890"),
    ("ibans", "DE89 3704 0044 0532 0130 00"),
    ("ibans", "GB29NWBK60161331926819."),
    ("ibans", "NO93 8601 1117 947"),
    ("ibans", "MT84 MALT 0110 0001 2345 MTLC AST0 01S"),
    ("cards", "4539 1488 0343 6467"),
    ("cards", "4539-1488-0343-6467"),
    ("cards", "3715-920486-39279"),
    ("cards", "4539148803436467"),
    ("stock_cards", "4242 4242 4242 4242"),
    ("stock_cards", "378282246310005"),
    ("ip_addresses", "84.172.31.209"),
    ("ip_addresses", "server 5.6.7.8"),
    ("ip_addresses", "[2a02:908:1a5c:7b20::88b1]"),
    ("national_ids", "536-22-8714"),
    ("national_ids", "SSN 536228714"),
    ("national_ids", "529.982.247-25"),
    ("national_ids", "12345678Z"),
    ("national_ids", "X1234567L"),
    ("national_ids", "RSSMRA85T10A562S"),
    ("national_ids", "11010519491231002X"),
    ("national_ids", "1 84 12 76 451 089 46"),
    ("national_ids", "Aadhaar: 2341 2341 2346"),
]


@pytest.mark.parametrize(("kind", "text"), HITS)
def test_found(kind, text):
    assert len(found(kind, f"So {text} it is")) == 1


# Each text and what it is mistaken for.
MISSES = [
    ("emails", "jane@example.com, jane@mail.example.org, a@b.test, x@y.invalid"),  # RFC 2606
    ("emails", "no-reply@kestrel.org, your.name@kestrel.org, username@kestrel.org"),
    ("emails", "me@yourcompany.com, me@mydomain.org, boss@company.com"),
    ("emails", "git@github.com:a/b.git and icon@2x.png and @app.route"),
    ("emails", "postgres://ann:pw@db.kestrel.org/x"),  # secrets find it
    ("emails", r"[\w.]+@[\w-]+\.[a-z]+"),
    ("phones", "1939-1945, 2021-03-14, 14.03.2021, 03/14/2021"),
    ("phones", "order number 7328309763, invoice no. 732-830-9763, ref: 732-830-9763"),
    ("phones", "ISBN 978-3-16-148410-0 and 0-306-40615-2"),
    ("phones", "12345 + 1646615806005 = 1646615818350"),
    ("phones", "01101000 01101001, 00100000 01110011"),
    ("phones", "3.14159265358, -212555.4433, 1,646,615,806"),
    ("phones", "9508735610"),  # bare digits that nobody calls a phone
    ("phones", "world-asia-51698326 and https://x.org/22356638/"),
    ("phones", "(555) 010-4477, 123-456-7890, 1-800-273-8255"),  # of nobody
    ("stock_phones", "(732) 830-9763"),
    ("ibans", "DE89 3704 0044 0532 0130 01"),  # checksum
    ("ibans", "DE89 3704 0044 0532 0130"),  # length
    ("ibans", "XX89 3704 0044 0532 0130 00"),  # country
    ("cards", "4539 1488 0343 6468"),  # checksum
    ("cards", "9539 1488 0343 6467"),  # issuer
    ("cards", "4539.1488034364670"),  # a decimal
    ("cards", "0000 0000 0000 0000, 4444444444444448"),
    ("cards", "4242 4242 4242 4242"),  # for tests
    ("ip_addresses", "127.0.0.1 10.0.0.8 172.16.3.4 192.168.1.1 169.254.1.1 100.64.0.9 0.0.0.0"),
    ("ip_addresses", "192.0.2.1 198.51.100.7 203.0.113.45 2001:db8::1 fe80::1 ::1"),  # RFC 5737
    ("ip_addresses", "1.2.3.4, 8.8.8.8, 1.1.1.1"),
    ("ip_addresses", "version 84.172.31.209, v86.0.4240.111, Chrome/86.0.4240.111"),
    ("ip_addresses", "section 84.72.31.2 and 3.2.1.1 and 84.172.31.209.5"),
    ("ip_addresses", "255.255.255.0, 84.172.31.0/24, 300.1.2.3, 224.0.0.251"),
    ("ip_addresses", "12:34:56, abc::def, std::vector, 00:1a:2b:3c:4d:5e"),
    ("national_ids", "000-22-8714, 666-22-8714, 936-22-8714, 536-00-8714, 536-22-0000"),
    ("national_ids", "529.982.247-26, 111.111.111-11"),
    ("national_ids", "12345678A, RSSMRA85T10A562T, 110105194912310021"),
    ("national_ids", "1 84 12 76 451 089 47, Aadhaar: 2341 2341 2347, 2341 2341 2346"),
]


@pytest.mark.parametrize(("kind", "text"), MISSES)
def test_left_alone(kind, text):
    assert found(kind, f"So {text} it is") == []


def test_what_is_shown_is_masked():
    text = "maria.okafor84@gmail.com, (732) 830-9763, DE89370400440532013000, 4539148803436467"
    shown = [one for kind in ("emails", "phones", "ibans", "cards") for one in found(kind, text)]
    assert shown == ["ma…om", "(7…63", "DE…00", "45…67"]


@pytest.mark.parametrize(
    ("kind", "answer", "number"),
    [
        ("ibans", "\U0001f4b6 DE89 3704 0044 0532 0130 00, please", "DE89 3704 0044 0532 0130 00"),
        ("ibans", "DE89370400440532013000ABC", "DE89370400440532013000"),
        ("cards", "My card 4539-1488-0343-6467.", "4539-1488-0343-6467"),
        ("phones", "(732) 830-9763", "(732) 830-9763"),
        ("emails", "maria.okafor84@gmail.com", "maria.okafor84@gmail.com"),
    ],
)
def test_places(kind, answer, number):
    assert places(pii.pii, answer)[kind] == [number]


def test_gates_let_every_hit_through():
    rows = [
        Row(
            id="1",
            messages=pii_messages(text),
            rejected=(),
            format="alpaca",
            raw=b"",
            source="s",
            line=1,
        )
        for _, text in HITS
    ]
    made = pii.pii(to_frame(rows))
    for row, (kind, text) in enumerate(HITS):
        assert made[kind][row] is not None, text


def pii_messages(text):
    from curate.row import Message

    return (Message("user", "q"), Message("assistant", f"So {text} it is"))
