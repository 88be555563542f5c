"""The sentences of errors in users' input, each once: what must be there, and what was given."""

from decimal import Decimal
from typing import Any, get_args

import pytest

from fake_every8d import InvalidInput
from fake_every8d.control import forms
from fake_every8d.control.failures import FAILURE, FailureOperation
from fake_every8d.control.forms import ACCOUNT, OUTCOME, Form, Value


@pytest.mark.parametrize(
    ("value", "given", "sentence"),
    [
        (forms.TEXT, 7, "must be text, not 7"),
        (forms.TEXT, "\ud800", r'must be text, not "\ud800"'),
        (forms.or_null(forms.TEXT), 5, "must be text, or null, not 5"),
        (forms.XML_TEXT, "\0", r'must be text that XML can carry, not "\u0000"'),
        (forms.XML_TEXT, b"x", "must be text that XML can carry, not \"b'x'\""),
        (forms.TEXTS, "x", 'must be a list of texts, such as ["sms.test"], not "x"'),
        (forms.FLAG, 1, "must be true or false, not 1"),
        (forms.in_query(forms.FLAG), "yes", 'must be true or false, not "yes"'),
        (forms.TRUE, False, "must be true, not false"),
        (forms.NUMBER, "1", 'must be a number, not "1"'),
        (forms.WHOLE_NUMBER, 1.5, "must be a whole number, not 1.5"),
        (forms.COUNT, -1, "must be a whole number, 0 or more, not -1"),
        (
            forms.or_null(forms.whole(1)),
            True,
            "must be a whole number, 1 or more, or null, not true",
        ),
        (forms.whole(400, 599), None, "must be a whole number, 400 to 599, not null"),
        (forms.seconds(3600), float("nan"), "must be 0 to 3600 seconds, not NaN"),
        (forms.SECONDS, "2", 'must be 0 to 1000000000 seconds, not "2"'),
        (forms.PROBABILITY, 2, "must be a number above 0, 1 at most, not 2"),
        (
            forms.POINTS,
            Decimal("0.001"),
            "must be points, 0 to 1000000000000 with two decimals at most, such as 1000 or 12.5, "
            "not 0.001",
        ),
        (forms.MOMENT, "noon", 'must be a time such as 2026-11-23T22:05:00+08:00, not "noon"'),
        (forms.EDITION, 2025, 'must be "2016", "2021" or "2025", not 2025'),
        (forms.one_of("GET", "POST"), "PUT", 'must be one of GET, POST, not "PUT"'),
        (
            forms.one_of("GET", "POST"),
            "Pots",
            'must be one of GET, POST, not "Pots"; did you mean POST?',
        ),
        (forms.one_of("GET"), ["GET"], "must be one of GET, not a list"),
        (forms.one_of("GET"), {}, "must be one of GET, not an object"),
        (forms.STATE, "lost", 'must be one of waiting, delivered, given_up, kept, not "lost"'),
        (forms.ENDING, 99, "must be 0, 100 to 107, -1 to -8, 301 or 500, or its name, not 99"),
        (
            forms.DECISION,
            True,
            "must be 100 to 107, -1 to -8, 301 or 500, or 303 for a booking, or its name, not true",
        ),
        (
            forms.STATUS_IN_QUERY,
            "7",
            "must be one of -10, -8, -6, -5, -4, -3, -2, -1, 0, 100, 101, 102, 103, 104, 105, 106, "
            '107, 300, 301, 303, 500, 700, 888, 999, or its name, not "7"',
        ),
        (
            forms.STATUS_IN_QUERY,
            "DELIVERD",
            "must be one of -10, -8, -6, -5, -4, -3, -2, -1, 0, 100, 101, 102, 103, 104, 105, 106, "
            '107, 300, 301, 303, 500, 700, 888, 999, or its name, not "DELIVERD"; did you mean '
            "DELIVERED?",
        ),
    ],
)
def test_sentence_says_what_is_valid_and_what_was_given(
    value: Value, given: Any, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Form({"key": value}).read({"key": given})
    assert str(refusal.value) == f"key {sentence}"
    assert (refusal.value.field, refusal.value.reason) == ("key", "invalid")


def test_missing_key_is_named_with_what_it_must_be() -> None:
    with pytest.raises(InvalidInput) as refusal:
        ACCOUNT.read({"user_id": "x"})
    assert str(refusal.value) == "password is missing; it must be text"
    assert (refusal.value.field, refusal.value.reason) == ("password", "missing")


@pytest.mark.parametrize(
    ("form", "key", "hint"),
    [
        (OUTCOME, "after_second", "did you mean after_seconds?"),
        (OUTCOME, "number", "known: to, status, after_seconds"),  # no misspelt name
        (Form(), "x", "known: none"),
    ],
)
def test_unknown_key_gets_the_one_that_was_meant(form: Form, key: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        form.read({key: 1})
    assert str(refusal.value) == f'"{key}" is unknown here; {hint}'
    assert (refusal.value.field, refusal.value.reason) == (key, "unknown")


def test_misspelt_operation_gets_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidInput) as refusal:
        FAILURE.read({"operation": "sendsms", "kind": "garbage"})
    known = ", ".join(get_args(FailureOperation))
    assert str(refusal.value) == (
        f'operation must be one of {known}, not "sendsms"; did you mean sendSMS?'
    )
