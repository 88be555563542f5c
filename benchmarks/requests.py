"""Requests to EVERY8D's APIs, as bytes."""

import re
from urllib.parse import urlencode
from xml.sax.saxutils import escape

SOAP_PATH = "/API21/SOAP/SMS.asmx"
HTTP_PATH = "/API21/HTTP/"
TNS = "http://tempuri.org/"
CONTENT = "驗證碼 483920，五分鐘內有效"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{TNS}sendSMS"'}
"""Of `sendSMS` by SOAP 1.1."""
FORM = urlencode(
    {"UID": "demo", "PWD": "demo", "SB": "註冊", "MSG": CONTENT, "DEST": "0912345678", "ST": ""}
).encode()
"""The body of `sendSMS` by the HTTP API."""

_BATCH_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def numbers(count: int) -> list[str]:
    """So many different Taiwan mobiles, none of them magic."""
    return [f"+886{910_000_000 + place}" for place in range(count)]


def envelope(operation: str, **parameters: str) -> bytes:
    """A SOAP 1.1 request."""
    values = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parameters.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<soap:Body><{operation} xmlns="{TNS}">{values}</{operation}></soap:Body></soap:Envelope>'
    ).encode()


def send_sms(session_key: str, mobile: str) -> bytes:
    """A SOAP 1.1 request that sends `CONTENT` to `mobile`."""
    return envelope(
        "sendSMS",
        sessionKey=session_key,
        subject="註冊",
        content=CONTENT,
        mobile=mobile,
        sendTime="",
    )


def response(batch: str, credit: str = "999.00") -> str:
    """A SOAP 1.1 response to `sendSMS`, as the fake writes it."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<sendSMSResponse xmlns="{TNS}"><sendSMSResult>{credit},1,1.0,0,{batch}</sendSMSResult>'
        "</sendSMSResponse></soap:Body></soap:Envelope>"
    )


def batch_id(response: bytes) -> str:
    """The ID of the batch in the response to a send."""
    found = _BATCH_ID.search(response.decode())
    assert found is not None, response[:1000]
    return found[0]
