"""Calls of the SOAP API in this process, through the WSGI application."""

import io
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from fake_every8d import Account, Settings
from fake_every8d.gateway import Gateway
from fake_every8d.outgoing import reports
from fake_every8d.web.app import SOAP_PATH

TNS = "http://tempuri.org/"
CONTENT = "驗證碼 483920，五分鐘內有效"
RESULT = "999.00,1,1.0,0,8cb81ad9-e4c7-4f1a-b6a1-d1b4d4f0a1c5"
"""What a constant response says of the sent message."""
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{TNS}sendSMS"'}
"""Of a `sendSMS` by HTTP."""

_BATCH_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": SOAP_PATH,
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8021",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "CONTENT_TYPE": "text/xml; charset=utf-8",
    "HTTP_HOST": "127.0.0.1:8021",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def gateway(report_url: str | None = None, **settings: Any) -> Gateway:
    """A platform whose account `demo` never runs dry, and reports to `report_url` if given."""
    account = Account("demo", "demo", credit=Decimal(10**9), report_url=report_url)
    return Gateway(Settings(accounts=(account,), **settings), get=reports.get)


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
    """The request that sends `CONTENT` to `mobile`."""
    return envelope(
        "sendSMS",
        sessionKey=session_key,
        subject="註冊",
        content=CONTENT,
        mobile=mobile,
        sendTime="",
    )


def soap_request(body: bytes) -> bytes:
    """The bytes of an HTTP request that brings a `sendSMS`, as wrk sends it."""
    fields = {"Host": "127.0.0.1:8021", "User-Agent": "wrk", **HEADERS}
    fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {SOAP_PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


def constant_response() -> str:
    """A SOAP 1.1 response to `sendSMS`, as the fake writes it."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<sendSMSResponse xmlns="{TNS}"><sendSMSResult>{RESULT}</sendSMSResult>'
        "</sendSMSResponse></soap:Body></soap:Envelope>"
    )


def post(application: Any, body: bytes, operation: str) -> bytes:
    """The response of a WSGI application to a SOAP 1.1 request."""
    response: Iterable[bytes] = application(
        _ENVIRON
        | {
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_SOAPACTION": f'"{TNS}{operation}"',
            "wsgi.input": io.BytesIO(body),
        },
        lambda status, headers, exc_info=None: None,
    )
    return b"".join(response)


def batch_id(response: bytes) -> str:
    """The ID of the batch in the response to a send."""
    found = _BATCH_ID.search(response.decode())
    assert found is not None, response[:1000]
    return found[0]
