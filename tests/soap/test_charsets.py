"""Characters, as .NET reads them (W7)."""

import pytest

from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import SOAP11, SOAP12, TNS, Handled, action, body, handle, login, request


def send(
    endpoint: SoapEndpoint,
    content: bytes,
    content_type: str,
    before: bytes = b"",
    codec: str = "ascii",
) -> Handled:
    """A sendSMS whose content is these bytes; what is around them is in `codec`."""
    namespace = SOAP12 if content_type.startswith("application/") else SOAP11
    inner = request("sendSMS", sessionKey=login(endpoint), content="C", mobile="0912345678")
    head, tail = body(inner, namespace).decode().split(">C<")
    xml = before + f"{head}>".encode(codec) + content + f"<{tail}".encode(codec)
    return handle(endpoint, xml, content_type, action("sendSMS") if namespace == SOAP11 else None)


def contents(gateway: Gateway) -> list[str]:
    return [message.text for message in gateway.messages()]


@pytest.mark.parametrize(
    ("content_type", "why"),
    [
        ("text/xml", "no charset"),
        ("text/xml; charset=", "no charset"),
        (
            "text/xml; charset=utf8",
            "charset=utf8, which is none of .NET's names for a charset that the fake reads,",
        ),
        ("text/xml; charset=shift_jis", "charset=shift_jis, which is none of .NET's names"),
        (
            "text/xml; charset=no-such",
            "charset=no-such, which is none of .NET's names for a charset that the fake reads,",
        ),
        ("text/xml; charset=us-ascii", "charset=us-ascii"),
    ],
)
def test_w7_chinese_is_lost_byte_by_byte_sent_and_billed(
    endpoint: SoapEndpoint, gateway: Gateway, content_type: str, why: str
) -> None:
    # 24 characters of 3 bytes are 72 question marks, which is more than the 70 of 1 point.
    response = send(endpoint, ("高雄" * 12).encode(), content_type)
    assert response.status == 200
    assert contents(gateway) == ["?" * 72]
    assert gateway.account("demo").credit == 998
    assert response.advice[0].startswith(f"Text is lost: a request with {why}")
    assert "72 bytes" in response.advice[0]
    assert "charset=utf-8" in response.advice[0]


def test_w7_ascii_loses_nothing_and_needs_no_advice(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    assert send(endpoint, b"483920", "text/xml").advice == ()
    assert contents(gateway) == ["483920"]


@pytest.mark.parametrize(
    ("codec", "charset"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8", "unicode-1-1-utf-8"),
        ("cp950", "big5"),
        ("cp950", "Big5-HKSCS"),
        ("gbk", "gb2312"),
        ("gb18030", "GB18030"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "unicodeFFFE"),
    ],
)
@pytest.mark.parametrize("media_type", ["text/xml", "application/soap+xml"])
def test_w7_a_charset_by_the_names_that_net_has_for_it(
    endpoint: SoapEndpoint, gateway: Gateway, codec: str, charset: str, media_type: str
) -> None:
    # What a declaration says besides does not count.
    declared = '<?xml version="1.0" encoding="us-ascii"?>'.encode(codec)
    content_type = f"{media_type}; charset = '{charset}'"
    response = send(endpoint, "高雄".encode(codec), content_type, declared, codec)
    assert contents(gateway) == ["高雄"]
    assert response.advice == ()


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "content_type", ["text/xml", "text/xml; charset=big5", "text/xml; charset=us-ascii"]
)
def test_w7_a_byte_order_mark_outranks_all(
    endpoint: SoapEndpoint, gateway: Gateway, codec: str, content_type: str
) -> None:
    response = send(endpoint, "高雄".encode(codec), content_type, "\ufeff".encode(codec), codec)
    assert contents(gateway) == ["高雄"]
    assert response.advice == ()


def test_w7_bytes_that_are_not_of_the_charset_are_replaced(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    response = send(endpoint, b"a\xb4\xfab", "text/xml; charset=utf-8")
    assert response.status == 200
    assert contents(gateway) == ["a\ufffd\ufffdb"]
    assert response.advice[0].startswith("Text is lost")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "big5", "gb2312"])
def test_w7_utf_8_that_is_declared_as_something_else_has_advice(
    endpoint: SoapEndpoint, charset: str
) -> None:
    response = send(endpoint, "驗證碼 483920".encode(), f"text/xml; charset={charset}")
    assert response.status == 200
    assert response.advice[0].startswith("Text is lost")


@pytest.mark.parametrize(("text", "charset"), [("café", "iso-8859-1"), ("驗證碼", "big5")])
def test_w7_text_in_its_own_charset_has_none(
    endpoint: SoapEndpoint, gateway: Gateway, text: str, charset: str
) -> None:
    response = send(endpoint, text.encode(charset), f"text/xml; charset={charset}")
    assert response.advice == ()
    assert contents(gateway) == [text]


@pytest.mark.parametrize(
    ("declared", "codec"),
    [(b'<?xml version="1.0" encoding="Big5"?>', "cp950"), (b"", "utf-8")],
)
@pytest.mark.parametrize("charset", ["", "; charset=no-such"])
def test_w7_soap_12_without_a_charset_is_as_xml_says(
    endpoint: SoapEndpoint, gateway: Gateway, declared: bytes, codec: str, charset: str
) -> None:
    send(endpoint, "高雄".encode(codec), f"application/soap+xml{charset}", declared)
    assert contents(gateway) == ["高雄"]


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"\xb4\xfa", b""),
        (b"x", b'<?xml version="1.0" encoding="no-such"?>'),
        (b"x", b'<?xml version="1.0" encoding="utf-16"?>'),
    ],
)
def test_w7_soap_12_without_a_charset_is_refused_what_xml_refuses(
    endpoint: SoapEndpoint, gateway: Gateway, content: bytes, declared: bytes
) -> None:
    content_type = f'application/soap+xml; action="{TNS}sendSMS"'
    assert send(endpoint, content, content_type, declared).status == 400
    assert contents(gateway) == []
