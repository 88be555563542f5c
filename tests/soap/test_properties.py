"""Properties of any input: it arrives unharmed, or is refused and changes nothing."""

import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fake_every8d.gateway import Gateway, Settings
from fake_every8d.gateway.accounts import Account
from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import (
    SOAP11,
    SOAP12,
    TNS,
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
    with closing(Gateway(Settings(accounts=(account,)), report=lambda report: 200)) as gateway:
        gateway.clock.freeze()
        yield gateway


@pytest.fixture(scope="module")
def endpoint(gateway: Gateway) -> SoapEndpoint:
    return SoapEndpoint(gateway.platform)


@given(content=texts, subject=texts)
@settings(deadline=None)
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
    assert (message.text, message.subject) == (content, subject)


@given(content=texts, name=texts.map(lambda text: text[:25]), subject=texts)
@settings(deadline=None)
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
    assert (message.text, message.name, message.subject) == (content, name, subject)


@given(name=texts.map(lambda text: text[:25]), reply=texts)
@settings(deadline=None)
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
@settings(deadline=None)
def test_w4_any_bytes_are_answered_and_change_nothing(
    endpoint: SoapEndpoint,
    gateway: Gateway,
    xml: bytes,
    content_type: str | None,
    soap_action: str | None,
) -> None:
    before = gateway.account("demo"), gateway.messages()
    response = handle(endpoint, xml, content_type, soap_action)
    if response.status in (400, 415):
        assert response.body == b""
    else:
        assert read(response.body).element.endswith("}Fault") == (response.status == 500)
        assert response.status in (200, 500)
    assert (gateway.account("demo"), gateway.messages()) == before


# Charsets by .NET's names, with Python's, that can carry any text, and that carry Chinese.
UNICODE = [("utf-8", "utf-8"), ("utf-16", "utf-16-le"), ("utf-16BE", "utf-16-be"),
           ("gb18030", "gb18030")]  # fmt: skip
NATIONAL = [("big5", "cp950"), ("gb2312", "gbk"), ("windows-1252", "cp1252"),
            ("iso-8859-1", "latin-1"), ("us-ascii", "ascii")]  # fmt: skip


@given(data=st.data(), content=texts, charset=st.sampled_from(UNICODE + NATIONAL))
@settings(deadline=None)
@pytest.mark.parametrize("operation", ["sendSMS", "sendParamSMS"])
def test_w7_text_goes_through_in_every_charset_that_can_carry_it(
    endpoint: SoapEndpoint,
    gateway: Gateway,
    data: st.DataObject,
    operation: str,
    content: str,
    charset: tuple[str, str],
) -> None:
    name, codec = charset
    if charset in NATIONAL:
        # What it cannot carry is left out; nor is what it does not bring back the same.
        carried = [c for c in content if c.encode(codec, "ignore").decode(codec) == c]
        content = "".join(carried) or "x"
    gateway.reset()
    escaped = escape(content, {"\r": "&#13;"})
    parameters = (
        {"content": content, "mobile": "0912345678"}
        if operation == "sendSMS"
        else {"contentXML": f'<REPS><USER MOBILE="0912345678">{escaped}</USER></REPS>'}
    )
    namespace, media_type = data.draw(
        st.sampled_from([(SOAP11, "text/xml"), (SOAP12, "application/soap+xml")])
    )
    xml = body(request(operation, sessionKey=login(endpoint), **parameters), namespace).decode()
    response = handle(
        endpoint, xml.encode(codec), f"{media_type}; charset={name}", action(operation)
    )
    assert response.status == 200
    assert [message.text for message in gateway.messages()] == [content]


# Requests by a grammar: what clients send, and what goes wrong with it.

names = st.sampled_from(["getConnection", "sendSMS", "getCredit", "nope", "GetCredit"])
namespaces = st.sampled_from([TNS, TNS, TNS, "http://tempuri.org", ""])
envelopes = st.sampled_from([SOAP11, SOAP11, SOAP12, "urn:nope", ""])
values = st.sampled_from(
    ["demo", "", "a &amp; b", "a & b", "<b>demo</b>", "<b/>", "x<!-- y -->", "<![CDATA[<&>]]>",
     "&#0;", "&e;", "\ufffe", "簡訊", "0912345678"]
)  # fmt: skip
parameters = st.sampled_from(["userID", "password", "sessionKey", "content", "mobile", "x"])
junk = st.sampled_from(["", "", "", "x", " ", "<!-- x -->", "<x/>", "&", "\0", "<", "\n<a/>"])


@st.composite
def elements(draw: st.DrawFn) -> str:
    """An operation's element, or what is in its place."""
    name, namespace = draw(names), draw(namespaces)
    inner = "".join(
        f"<{parameter}>{draw(values)}</{parameter}>"
        for parameter in draw(st.lists(parameters, max_size=4))
    )
    return f'<{name} xmlns="{namespace}">{draw(junk)}{inner}</{name}>'


@st.composite
def envelopes_of(draw: st.DrawFn) -> str:
    """An envelope, whole or nearly so."""
    block = draw(st.sampled_from(["", "", '<h s:mustUnderstand="1"/>', "<h>x</h>"]))
    header = f"<s:Header>{block}</s:Header>" if block else ""
    root = draw(st.sampled_from(["Envelope", "Envelope", "Envelope", "Letter"]))
    declaration = draw(st.sampled_from(["", '<?xml version="1.0"?>', '<?xml version="1.1"?>',
                                        "<!DOCTYPE x>"]))  # fmt: skip
    text = (
        f'{declaration}<s:{root} xmlns:s="{draw(envelopes)}">{draw(junk)}{header}{draw(junk)}'
        f"<s:Body>{draw(junk)}{draw(elements())}</s:Body></s:{root}>{draw(junk)}"
    )
    return text[: draw(st.sampled_from([len(text)] * 4 + [draw(st.integers(0, len(text)))]))]


encodings = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "big5"])
media_types = st.sampled_from(["text/xml", "application/soap+xml", "application/xml", "text/xml "])
charsets = st.sampled_from(["", *[f"; charset={name}" for name in ("utf-8", "big5", "utf8")]])
soap_actions = st.none() | st.sampled_from(
    [action("getConnection"), action("sendSMS"), f"{TNS}getCredit", '""', '"', action("nope")]
)


@given(
    envelope=envelopes_of(),
    encoding=encodings,
    media_type=media_types,
    charset=charsets,
    soap_action=soap_actions,
)
@settings(deadline=None, max_examples=300)
def test_w4_requests_by_a_grammar(
    endpoint: SoapEndpoint,
    gateway: Gateway,
    envelope: str,
    encoding: str,
    media_type: str,
    charset: str,
    soap_action: str | None,
) -> None:
    before = gateway.account("demo"), gateway.messages(), gateway.sessions("demo")
    xml = envelope.encode(encoding, "replace")
    response = handle(endpoint, xml, media_type + charset, soap_action)
    after = gateway.account("demo"), gateway.messages(), gateway.sessions("demo")
    assert not (response.result or "").startswith("-99")  # which is what a traceback becomes
    assert response.status in (200, 400, 415, 500)
    # It is executed if and only if the status is 200.
    assert (response.status == 200) == (response.operation is not None)
    if response.status == 200:
        assert read(response.body).element == f"{{{TNS}}}{response.operation}Response"
        assert response.content_type in (XML11, XML12)
    else:
        assert after == before
    if response.status == 500:
        assert read(response.body).element.endswith("}Fault")
    if response.status in (400, 415):
        assert response.body == b""
        assert response.advice
    assert len(response.advice) < 10
    gateway.reset()


@given(envelope=envelopes_of(), operation=st.sampled_from(["getConnection", "sendSMS"]))
@settings(deadline=None, max_examples=300)
def test_w4_both_ways_of_reading_agree(
    endpoint: SoapEndpoint, envelope: str, operation: str
) -> None:
    soap_action, more = action(operation), "<!-- which makes it unusual -->"
    xml = envelope.encode()
    longer = xml.replace(b"<s:Body>", f"{more}<s:Body>".encode(), 1)
    at_once, by_steps = (handle(endpoint, sent, XML11, soap_action) for sent in (xml, longer))
    without_key = [re.sub(b"[0-9a-f]{32}", b"KEY", each.body) for each in (at_once, by_steps)]
    assert without_key[0] == without_key[1]
    assert at_once.status == by_steps.status
    # The comment has moved what is broken.
    told = [re.sub(r"column \d+", "", " ".join(each.advice)) for each in (at_once, by_steps)]
    assert told[0] == told[1]
