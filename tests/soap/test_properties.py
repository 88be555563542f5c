"""Whatever is sent: it arrives unharmed, or is refused and changes nothing."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fake_every8d.gateway import Gateway, Settings
from fake_every8d.gateway.accounts import Account
from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import (
    SOAP11,
    SOAP12,
    XML11,
    XML12,
    action,
    body,
    call,
    handle,
    login,
    read,
    request,
)

# What XML 1.0 can carry; anything more is not well-formed however it is escaped.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
    .filter(lambda c: c >= " " or c in "\t\n\r"),
    min_size=1,
    max_size=100,
)  # fmt: skip


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    # Module-wide, because hypothesis calls a test many times over with one fixture.
    account = Account("demo", "demo", credit=Decimal(10**9))
    with closing(Gateway(Settings(accounts=(account,)), get=lambda url: 200)) as gateway:
        gateway.clock.freeze()
        yield gateway


@pytest.fixture(scope="module")
def endpoint(gateway: Gateway) -> SoapEndpoint:
    return SoapEndpoint(gateway)


@given(content=texts, subject=texts)
def test_w3_text_goes_through_send_sms(
    endpoint: SoapEndpoint, gateway: Gateway, content: str, subject: str
) -> None:
    gateway.reset()
    call(
        endpoint,
        "sendSMS",
        sessionKey=login(endpoint),
        content=content,
        subject=subject,
        mobile="0912345678",
    )
    (message,) = gateway.messages()
    assert (message.content, message.subject) == (content, subject)


@given(content=texts, name=texts.map(lambda text: text[:25]), subject=texts)
def test_s6_text_goes_through_send_param_sms(
    endpoint: SoapEndpoint, gateway: Gateway, content: str, name: str, subject: str
) -> None:
    gateway.reset()
    returns = {"\r": "&#13;"}
    blanks = returns | {"\t": "&#9;", "\n": "&#10;", '"': "&quot;"}
    content_xml = (
        f'<REPS><USER MOBILE="+886912345678" NAME="{escape(name, blanks)}">'
        f"{escape(content, returns)}</USER></REPS>"
    )
    call(
        endpoint,
        "sendParamSMS",
        sessionKey=login(endpoint),
        subject=subject,
        contentXML=content_xml,
    )
    (message,) = gateway.messages()
    assert (message.content, message.name, message.subject) == (content, name, subject)


@given(name=texts.map(lambda text: text[:25]), reply=texts)
def test_d4_text_goes_through_the_delivery_log(
    endpoint: SoapEndpoint, gateway: Gateway, name: str, reply: str
) -> None:
    gateway.reset()
    blanks = {"\r": "&#13;", "\t": "&#9;", "\n": "&#10;", '"': "&quot;"}
    key = login(endpoint)
    receipt = call(
        endpoint,
        "sendParamSMS",
        sessionKey=key,
        contentXML=f'<REPS><USER MOBILE="0912345678" NAME="{escape(name, blanks)}">x</USER></REPS>',
    )
    gateway.reply("0912345678", reply)
    log = call(endpoint, "getDeliveryStatus", sessionKey=key, batchID=receipt.rpartition(",")[2])
    root = etree.fromstring(log.encode())
    assert root.findtext(".//NAME") == name
    # CDATA has no way to write a carriage return that a reader does not normalise.
    assert root.findtext(".//MESSAGE") == reply.replace("\r\n", "\n").replace("\r", "\n")


SEEDS = [
    body(request("getConnection", userID="nobody", password="x")),
    body(request("sendSMS", content="x", mobile="0912345678"), SOAP12),
    body(request("sendParamSMS", contentXML="<REPS><USER>x</USER></REPS>"), SOAP11),
    '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"),
    b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A request with something cut out and something else put in."""
    seed = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, len(seed)))
    return seed[:start] + draw(st.binary(max_size=20) | st.sampled_from(SEEDS)) + seed[end:]


content_types = st.none() | st.sampled_from(
    [XML11, XML12, "text/xml", "text/xml; charset=big5", f'{XML12}; action="x"']
) | st.text(max_size=40).map(lambda text: f"text/xml; {text}")  # fmt: skip
actions = st.none() | st.sampled_from([action("getConnection"), action("sendSMS")]) | st.text()


@given(xml=st.binary() | mutated(), content_type=content_types, soap_action=actions)
def test_w4_any_bytes_are_answered_and_change_nothing(
    endpoint: SoapEndpoint,
    gateway: Gateway,
    xml: bytes,
    content_type: str | None,
    soap_action: str | None,
) -> None:
    before = gateway.account("demo"), gateway.messages()
    answer = handle(endpoint, xml, content_type, soap_action)
    if answer.status in (400, 415):
        assert answer.body == b""
    else:
        assert read(answer.body).element.endswith("}Fault") == (answer.status == 500)
        assert answer.status in (200, 500)
    assert (gateway.account("demo"), gateway.messages()) == before
