"""Advice: its order, its bounds, its codes (W15)."""

import re

from fake_every8d.advice import Advice, AdviceKind, AdviceText


def test_advice_is_given_in_the_order_in_which_its_kinds_came() -> None:
    advice = Advice()
    advice.add(AdviceKind.NO_NAMESPACE, name="content")
    advice.add(AdviceKind.SOAP_11_AS_12)
    advice.add(AdviceKind.NO_NAMESPACE, name="mobile")
    assert [text.code for text in advice] == ["no_namespace", "no_namespace", "soap_11_as_12"]
    first, second, third = advice
    assert first.startswith("Production takes content for null, because it is not in the namespace")
    assert second.startswith("Production takes mobile for null")
    assert third == (
        "Production refuses a SOAP 1.1 envelope sent as application/soap+xml: send text/xml."
    )


def test_of_a_kind_the_first_three_are_told_and_the_others_counted() -> None:
    advice = Advice()
    for number in range(1234):
        advice.add(AdviceKind.NO_XML, why=f"line {number}")
    advice.extend([AdviceText(AdviceKind.MORE_CAME, {})] * 4)
    assert [text for text in advice if text.code != "more_came"] == [
        "Production cannot read this request as XML: line 0.",
        "Production cannot read this request as XML: line 1.",
        "Production cannot read this request as XML: line 2.",
        "… and 1,231 more like this one.",
        "… and 1 more like this one.",
    ]


def test_lines_about_long_requests_are_short() -> None:
    advice = Advice()
    for _ in range(1000):
        advice.add(AdviceKind.STILL_ENCODED, name="x" * 100_000, text="y" * 100_000)
    assert sum(map(len, advice)) < 2_000
    text, *_ = advice
    assert text.startswith("x" * 199 + "… is still URL-encoded")
    assert text.values == {"name": "x" * 199 + "…", "text": "y" * 199 + "…"}


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert AdviceText(AdviceKind.NO_XML, {"why": "{0} {why}"}).endswith("as XML: {0} {why}.")


def test_an_empty_value_is_said_to_be_none() -> None:
    text = AdviceText(AdviceKind.NO_BATCH, {"batch_id": ""})
    assert text == "BID (none) is no batch of this account."
    assert text.values == {"batch_id": ""}


def test_serious_advice_is_about_losses() -> None:
    advice = Advice()
    advice.add(AdviceKind.NO_PAGE, page_no="x")
    advice.add(AdviceKind.LONG_BODY)
    assert [text.code for text in advice] == ["no_page", "long_body"]
    assert [text.code for text in advice.serious_advice] == ["long_body"]


def test_no_two_kinds_have_one_sentence() -> None:
    """An enum would take the second for another name of the first."""
    assert len(AdviceKind.__members__) == len(list(AdviceKind))
    for kind in AdviceKind:
        assert re.fullmatch("[a-z0-9_]+", kind.code)
