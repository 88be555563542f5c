"""Reading requests and writing responses, where the recorded cases are silent (W4)."""

import re

import pytest

from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import (
    SOAP11,
    SOAP12,
    TNS,
    XML11,
    XML12,
    action,
    body,
    handle,
    login,
    post,
    read,
    request,
)

GET_CONNECTION = action("getConnection")
LOGIN = request("getConnection", userID="demo", password="demo")


def test_w2_f1_operations_in_productions_order(endpoint: SoapEndpoint) -> None:
    assert [(name, *each.names) for name, each in endpoint.operations.items()] == [
        ("getConnection", "userID", "password"),
        ("closeConnection", "sessionKey"),
        ("sendSMS", "sessionKey", "subject", "content", "mobile", "sendTime"),
        ("sendMessage", "sessionKey", "subject", "content", "mobile", "sendTime", "retryTime"),
        ("sendParamSMS", "sessionKey", "subject", "contentXML", "sendTime"),
        ("eraseBooking", "sessionKey", "batchID"),
        ("getDeliveryStatus", "sessionKey", "batchID", "pageNo"),
        ("getCredit", "sessionKey"),
        ("getFreePhoneCallinLog", "sessionKey", "activityID", "beginDate", "endDate", "pageNo"),
    ]


def test_w3_an_empty_result_is_an_empty_element(endpoint: SoapEndpoint) -> None:
    response = post(endpoint, "eraseBooking", sessionKey=login(endpoint), batchID="x")
    assert (
        b'<eraseBookingResponse xmlns="http://tempuri.org/"><eraseBookingResult />' in response.body
    )


@pytest.mark.parametrize("inside", ["<!-- x -->", "<?x?>", "<b/>"])
@pytest.mark.parametrize(
    ("namespace", "content_type", "soap_action"),
    [(SOAP11, XML11, GET_CONNECTION), (SOAP12, XML12, None)],
)
def test_w4_a_parameter_is_text_or_the_request_is_refused(
    endpoint: SoapEndpoint,
    inside: str,
    namespace: str,
    content_type: str,
    soap_action: str | None,
) -> None:
    broken = LOGIN.replace("<userID>demo", f"<userID>de{inside}mo")
    response = handle(endpoint, body(broken, namespace), content_type, soap_action)
    assert (response.status, response.body) == (400, b"")
    assert "userID" in response.advice[0]


def test_w4_the_first_of_a_repeated_parameter_wins(endpoint: SoapEndpoint) -> None:
    twice = LOGIN.replace("<password>", "<userID>x</userID><password>")
    assert handle(endpoint, body(twice), XML11, GET_CONNECTION).result == "0"


def test_w4_an_unknown_parameter_may_hold_anything(endpoint: SoapEndpoint) -> None:
    more = LOGIN.replace("<password>", "<more><a/><!-- x --></more><password>")
    assert handle(endpoint, body(more), XML11, GET_CONNECTION).result == "0"


def test_w4_soap_12_prefers_a_known_action_to_the_element(endpoint: SoapEndpoint) -> None:
    content_type = f'{XML12}; action="{TNS}getCredit"'
    response = handle(endpoint, body(LOGIN, SOAP12), content_type, None)
    assert response.operation == "getCredit"
    assert response.result == "-301, Session 資料不存在，請重新登入。"
    assert "getCredit" in response.advice[0]
    assert "getConnection" in response.advice[0]


def test_w4_an_unknown_soapaction_is_told_before_the_xml_is_read(endpoint: SoapEndpoint) -> None:
    response = handle(endpoint, b"<a", XML11, '"nope"')
    assert response.status == 500
    reason = "Server did not recognize the value of HTTP Header SOAPAction: nope."
    assert read(response.body).result == reason


def test_w4_unreadable_xml_is_400_when_a_header_names_the_operation(
    endpoint: SoapEndpoint,
) -> None:
    content_type = f'{XML12}; action="{TNS}getConnection"'
    assert handle(endpoint, b"<a", content_type, None).status == 400


@pytest.mark.parametrize(
    ("inside", "missing"),
    [
        ("", "Body"),
        ("<s:Header/>", "Body"),
        ("<x/><s:Body/>", "Body"),
    ],
)
def test_w4_an_envelope_without_its_parts(
    endpoint: SoapEndpoint, inside: str, missing: str
) -> None:
    xml = f'<s:Envelope xmlns:s="{SOAP11}">{inside}</s:Envelope>'.encode()
    response = handle(endpoint, xml, XML11, GET_CONNECTION)
    assert response.status == 500
    assert read(response.body).result == (
        "Server was unable to read request. ---> "
        f"Request format is invalid: Missing required soap:{missing} element."
    )


@pytest.mark.parametrize("padding", [0, 100_000], ids=["short", "long"])
@pytest.mark.parametrize(
    "text",
    ["x", "\u00a0", "\u3000", "\u2028", "\x85", "&#120;", "&#32;", " &#10; ", "&amp;",
     "<![CDATA[x]]>", "<![CDATA[ ]]>", "<![CDATA[]]>"],
)  # fmt: skip
def test_w4_text_before_the_body_is_in_its_place(
    endpoint: SoapEndpoint, text: str, padding: int
) -> None:
    """Blanks of XML as they stand are none, and nothing else is a blank."""
    login = LOGIN.replace("</password>", f"</password><more>{'x' * padding}</more>")
    response = handle(endpoint, body(login, header=f"\t {text}\r\n"), XML11, GET_CONNECTION)
    assert response.status == 500
    assert "Missing required soap:Body element." in read(response.body).result


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ("", 200),
        (" \r\n\t", 200),
        ("<!-- x -->", 200),
        ("<?x y?>", 200),
        ("\n<x/>", 200),  # what comes right after the envelope is read, and no more
        ("<!-- x -->x", 200),
        ("\0", 200),
        ("\0\n", 200),
        ("\0<x/>", 200),
        ("x", 400),
        ("<x/>", 400),
        ("&#32;", 400),
        ("<![CDATA[ ]]>", 400),
        ("\u3000", 400),
        ("<!-- x", 400),
        ("\nx", 400),  # after blanks .NET's reader looks for markup
        ("\n&#10;", 400),
        (" ]]>", 400),
    ],
)
def test_w4_after_the_envelope(endpoint: SoapEndpoint, after: str, status: int) -> None:
    response = handle(endpoint, body(LOGIN) + after.encode(), XML11, GET_CONNECTION)
    assert response.status == status


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_w7_utf_16_without_a_mark_or_a_charset_is_no_xml(
    endpoint: SoapEndpoint, codec: str
) -> None:
    for declaration in ("", '<?xml version="1.0" encoding="utf-16"?>'):
        xml = (declaration + body(LOGIN).decode()).encode(codec)
        response = handle(endpoint, xml, XML11, GET_CONNECTION)
        assert (response.status, response.body) == (400, b"")
        # SOAP 1.2 goes by the element, which is not found.
        assert handle(endpoint, xml, XML12, None).status == 500


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_w7_a_second_byte_order_mark_is_text(endpoint: SoapEndpoint, codec: str) -> None:
    mark = "\ufeff" if codec == "utf-16" else "\ufeff\ufeff"  # Python writes one itself
    response = handle(endpoint, (mark + body(LOGIN).decode()).encode(codec), XML11, GET_CONNECTION)
    assert (response.status, response.body) == (400, b"")
    assert "two byte order marks" in response.advice[0]


@pytest.mark.parametrize(
    ("soap_action", "understood"),
    [
        (f"{TNS}get%u0043onnection", "getConnection"),
        (f'"{TNS}%67et%u0043%6Fnnection"', "getConnection"),
        (f"{TNS}%u9ad8", f"{TNS}高"),
        ("%u12", "%u12"),
        ("a+b%20c", "a b c"),
        ("%ud83d", "?"),  # half a character: .NET would have it as U+FFFD
    ],
)
def test_w4_soap_action_is_decoded_as_a_url(
    endpoint: SoapEndpoint, soap_action: str, understood: str
) -> None:
    response = handle(endpoint, body(LOGIN), XML11, soap_action)
    assert understood in (response.operation or read(response.body).result)


def test_w4_a_root_of_another_name(endpoint: SoapEndpoint) -> None:
    response = handle(endpoint, f'<Letter xmlns="{SOAP11}"/>'.encode(), XML11, GET_CONNECTION)
    assert "Missing required soap:Envelope element." in read(response.body).result


def header(namespace: str, **attributes: str) -> str:
    given = "".join(f' s:{name}="{value}"' for name, value in attributes.items())
    return f'<s:Header><t:ticket xmlns:t="urn:x"{given}/></s:Header>'


@pytest.mark.parametrize(
    ("namespace", "attributes", "understood"),
    [
        (SOAP11, {"mustUnderstand": "1"}, False),
        (SOAP11, {"mustUnderstand": "0"}, True),
        (SOAP11, {"mustUnderstand": "1", "actor": "urn:another"}, False),
        (SOAP11, {"mustUnderstand": "1", "actor": ""}, False),
        (
            SOAP11,
            {"mustUnderstand": "1", "actor": "http://schemas.xmlsoap.org/soap/actor/next"},
            False,
        ),
        (SOAP12, {"mustUnderstand": "true"}, False),
        (SOAP12, {"mustUnderstand": "1"}, False),
        (SOAP12, {"mustUnderstand": "true", "role": "urn:another"}, False),
        (SOAP12, {"mustUnderstand": "true", "role": f"{SOAP12}/role/next"}, False),
        (SOAP12, {"mustUnderstand": "true", "role": f"{SOAP12}/role/ultimateReceiver"}, False),
        (SOAP12, {"mustUnderstand": "true", "role": f"{SOAP12}/role/none"}, False),
        (SOAP11, {"mustUnderstand": "True"}, True),
    ],
)
def test_w4_must_understand_counts_whoever_it_is_addressed_to(
    endpoint: SoapEndpoint,
    gateway: Gateway,
    namespace: str,
    attributes: dict[str, str],
    understood: bool,
) -> None:
    xml = body(LOGIN, namespace, header(namespace, **attributes))
    response = handle(endpoint, xml, XML11 if namespace == SOAP11 else XML12, None)
    assert response.status == (200 if understood else 500)
    assert gateway.sessions("demo") == understood
    if not understood:
        assert read(response.body).result == "SOAP header ticket was not understood."


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("big5", "text/xml; charset=big5"),
        ("big5", 'TEXT/XML; Charset="Big5"'),
        ("utf-16", "text/xml; charset=utf-16"),
        ("utf-16", "text/xml"),
        ("utf-16", "text/xml; charset=utf-8"),
        ("utf-8-sig", "text/xml; charset=big5"),
    ],
)
def test_w7_the_charset_outranks_the_declaration_and_a_mark_both(
    endpoint: SoapEndpoint, gateway: Gateway, encoding: str, content_type: str
) -> None:
    send = request("sendSMS", sessionKey=login(endpoint), content="高雄", mobile="0912345678")
    xml = '<?xml version="1.0" encoding="utf-8"?>' + body(send).decode()
    response = handle(endpoint, xml.encode(encoding), content_type, action("sendSMS"))
    assert response.status == 200
    assert [message.text for message in gateway.messages()] == ["高雄"]


def test_w7_the_declaration_counts_with_soap_12_and_no_charset(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    send = request("sendSMS", sessionKey=login(endpoint), content="高雄", mobile="0912345678")
    xml = '<?xml version="1.0" encoding="big5"?>' + body(send, SOAP12).decode()
    response = handle(endpoint, xml.encode("big5"), "application/soap+xml", None)
    assert [message.text for message in gateway.messages()] == ["高雄"]
    assert response.advice == ()


BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;"}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "xml",
    [
        b"<!DOCTYPE x>" + body(LOGIN),
        BOMB.encode() + body(LOGIN.replace("demo", "&a8;")),
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + body(LOGIN),
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        + body(LOGIN.replace("demo", "&f;")),
        ("<!DOCTYPE x>" + body(LOGIN).decode()).encode("utf-16"),
        body("").replace(b"<s:Body>", b"<s:Body>" + b"<a>" * 10_000),
        b"<a " * 10_000,
        b'<?xml version="1.1"?>' + body(LOGIN),
        body(LOGIN.replace("demo", "&#0;")),
        body(LOGIN.replace("demo", "&undefined;")),
        b"\xff" + body(LOGIN),
    ],
    ids=range(11),
)
def test_w4_hostile_xml_is_unreadable_xml(endpoint: SoapEndpoint, xml: bytes) -> None:
    response = handle(endpoint, xml, XML11, GET_CONNECTION)
    assert (response.status, response.content_type, response.body) == (400, XML11, b"")


@pytest.mark.parametrize(
    ("inner", "soap_action", "advice"),
    [
        (LOGIN.replace(TNS, "http://tempuri.org"), GET_CONNECTION, "every parameter for null"),
        (LOGIN, action("closeConnection"), "while the body holds getConnection"),
        (
            f'<t:getConnection xmlns:t="{TNS}"><userID>demo</userID></t:getConnection>',
            GET_CONNECTION,
            "takes userID for null",
        ),
    ],
)
def test_w4_parameter_that_binds_to_null_has_advice(
    endpoint: SoapEndpoint, inner: str, soap_action: str, advice: str
) -> None:
    response = handle(endpoint, body(inner), XML11, soap_action)
    assert response.status == 200
    assert advice in response.advice[0]
    assert len(response.advice) == 1


@pytest.mark.parametrize(
    ("content", "result"),
    [
        ("<b>1</b>", "-41, no mobile."),  # though there is one: it is null
        ("<b></b>", "-24, The content is empty."),
        # The inner end is taken for the outer one, so that this is the operation's parameter.
        ("<b>1</b><mobile>0912345678</mobile>", "999.00,1,1.0,0,"),
    ],
)
def test_w4_a_value_that_begins_with_an_element_is_that_ones_text(
    endpoint: SoapEndpoint, content: str, result: str
) -> None:
    inner = request("sendSMS", sessionKey=login(endpoint), content="C", mobile="0922333444")
    xml = body(inner.replace(">C<", f">{content}<"))
    response = handle(endpoint, xml, XML11, action("sendSMS"))
    assert (response.result or "").startswith(result)
    assert "reads the element in content instead" in response.advice[0]


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_w4_error_after_the_routing_element_is_a_bare_400(
    endpoint: SoapEndpoint, namespace: str
) -> None:
    xml = body(LOGIN.replace("demo", "a & b"), namespace)
    media_type = XML11 if namespace == SOAP11 else XML12
    # Whether it was routed by header or by element.
    for soap_action in (None, GET_CONNECTION):
        response = handle(endpoint, xml, media_type, soap_action)
        assert (response.status, response.body) == (400, b"")
    # Routed by its element alone, it is told that there is no such operation.
    response = handle(endpoint, body("<nope>a & b</nope>", namespace), media_type, None)
    assert response.status == 500
    assert response.content_type == media_type


def test_w9_a_long_body_is_read_with_an_advice(endpoint: SoapEndpoint) -> None:
    padding = "x" * (4 * 1024 * 1024)
    long = request("getCredit", sessionKey="x", more=padding)
    response = handle(endpoint, body(long), XML11, action("getCredit"))
    assert response.status == 200
    assert "4,194,304" in response.advice[0]


def test_w4_wrong_elements_without_number_are_told_in_a_sentence(endpoint: SoapEndpoint) -> None:
    inner = f'<t:getCredit xmlns:t="{TNS}">{"<sessionKey/>" * 100_000}</t:getCredit>'
    response = handle(endpoint, body(inner), XML11, action("getCredit"))
    assert response.status == 200
    assert len(response.advice) == 4  # three of a kind, and how many more there were
    assert "99,997" in response.advice[3]


@pytest.mark.parametrize(
    ("kind", "told"), [("base64Binary", True), ("hexBinary", True), ("string", False)]
)
def test_w4_a_type_is_not_looked_at_and_so_base64_is_text(
    endpoint: SoapEndpoint, gateway: Gateway, kind: str, told: bool
) -> None:
    send = request("sendSMS", sessionKey=login(endpoint), content="aGk=", mobile="0912345678")
    declared = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xsi:type="xsd:{kind}"'
    )
    xml = body(send.replace("<content>", f"<content {declared}>"))
    response = handle(endpoint, xml, XML11, action("sendSMS"))
    assert [message.text for message in gateway.messages()] == ["aGk="]
    assert [kind in sentence for sentence in response.advice] == [True] * told


def test_w4_a_correct_call_has_no_advice(endpoint: SoapEndpoint) -> None:
    assert post(endpoint, "getConnection", userID="demo", password="demo").advice == ()


@pytest.mark.parametrize("action_header", ["a\x00b", "%00", '"', "\r\n", "<&>", "%ff", "\ud800"])
def test_w4_a_fault_can_quote_any_header(endpoint: SoapEndpoint, action_header: str) -> None:
    for arguments in (
        (body(LOGIN), XML11, action_header),
        (body("<x/>", SOAP12), f'{XML12}; action="{action_header}"', None),
    ):
        response = handle(endpoint, *arguments)
        assert response.status == 500
        assert read(response.body).element.endswith("}Fault")
        assert response.result is not None
        assert "\n" not in response.result


def test_a_call_tells_who_and_never_a_secret_in_the_result(endpoint: SoapEndpoint) -> None:
    opened = post(endpoint, "getConnection", userID="demo", password="demo")
    assert (opened.operation, opened.user_id, opened.result) == ("getConnection", "demo", "0")
    (key,) = re.findall("[0-9a-f]{32}", opened.body.decode())
    closed = post(endpoint, "closeConnection", sessionKey=key)
    assert (closed.operation, closed.user_id, closed.result) == ("closeConnection", "demo", "1")
