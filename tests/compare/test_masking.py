"""Masking besides the known secrets."""

import pytest

from fake_every8d.compare.exchange import Address, Answer
from fake_every8d.compare.judging import Compared, Verdict, judge, unfamiliar
from fake_every8d.compare.masking import Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from 203.0.113.9, it says", "from {address}, it says"),
        ("from 2001:db8:0:1::7!", "from {address}!"),
        ("from ::1 or fe80::1", "from {address} or {address}"),
        ("at 12:34:56, version 1.0", "at 12:34:56, version 1.0"),
        ("write to some.body@example.com.tw", "write to {e-mail address}"),
        ("http://tempuri.org/", "http://tempuri.org/"),
    ],
)
def test_addresses_are_masked(text: str, shown: str) -> None:
    assert Secrets().masked_text(text) == shown


@pytest.mark.parametrize("secret", ["0", "a", "用", "ab\\", "a.b*c"])
def test_short_and_odd_secrets_are_masked(secret: str) -> None:
    secrets = Secrets()
    secrets.add("user ID", secret)
    assert secrets.masked_text(f"-{secret}-") == "-{user ID}-"


def test_the_longer_secret_is_masked_first() -> None:
    secrets = Secrets()
    secrets.add("user ID", "shop")
    secrets.add("password", "shop-2026")
    assert secrets.masked_text("shop shop-2026") == "{user ID} {password}"


def test_numbers_and_keys_where_none_was_expected_are_not_shown() -> None:
    there = b"-27,balance 1,234.50 or 1234, key 0f9e8d7c6b5a49382716, Msg 3"
    assert unfamiliar(there, b"-24,x 3") == (
        b"-27,balance {8 characters} or {4 characters}, key {20 characters}, Msg 3"
    )
    assert unfamiliar(b"Line 1, position 102", b"position 102") == b"Line 1, position 102"


def test_points_are_compared_by_form_not_amount() -> None:
    def answered(body: bytes) -> Answer:
        return Answer(200, "text/plain", body)

    def verdict(there: bytes, here: bytes) -> Verdict:
        return judge(Compared.ALL, answered(there), answered(here)).verdict

    assert verdict(b"12.00", b"98765.43") is Verdict.SAME
    assert verdict(b"12.0", b"98765.43") is Verdict.DIFFERENT
    assert verdict(b"-101,x", b"-100,x") is Verdict.DIFFERENT
    assert verdict(b"<r>aResult>1</r>", b"<r>aResult>0</r>") is Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://new.e8d.tw", "new.e8d.tw"),
        ("http://[::1]:8021", "[::1]:8021"),
        ("https://台灣.tw:444/x", "xn--kpry57d.tw:444"),
    ],
)
def test_an_address_is_what_the_host_header_says(url: str, authority: str) -> None:
    assert Address.parse(url).authority == authority
