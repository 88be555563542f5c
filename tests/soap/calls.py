"""Helpers for tests of the SOAP layer: requests, and reading responses."""

import re
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from fake_every8d.soap import SoapEndpoint

FIXTURES = Path(__file__).parents[2] / "fixtures"
TNS = "http://tempuri.org/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
XML11 = "text/xml; charset=utf-8"
XML12 = "application/soap+xml; charset=utf-8"


class Content(NamedTuple):
    """A client's reading of a response."""

    element: str
    """The body's child, in Clark notation."""
    result: str
    """Text of the result, or of the fault."""


def body(inner: str, namespace: str = SOAP11, header: str = "") -> bytes:
    """An envelope around what is given."""
    return (
        f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>{inner}</s:Body></s:Envelope>'
    ).encode()


def request(operation: str, **parameters: str) -> str:
    """An operation's element. What XML would change on the way is escaped."""
    values = "".join(
        f"<{name}>{escape(value, {chr(13): '&#13;'})}</{name}>"
        for name, value in parameters.items()
    )
    return f'<{operation} xmlns="{TNS}">{values}</{operation}>'


def action(operation: str) -> str:
    """The SOAPAction header of an operation."""
    return f'"{TNS}{operation}"'


def read(xml: bytes) -> Content:
    """Read a response as any client would."""
    root = etree.fromstring(xml)
    (element,) = root.findall("{*}Body/*")
    if element.tag.endswith("}Fault"):
        reason = element.findtext("faultstring") or element.findtext("{*}Reason/{*}Text")
        return Content(element.tag, reason or "")
    return Content(element.tag, element[0].text or "")


class Handled(NamedTuple):
    """A response, and what is known of the call."""

    status: int
    content_type: str
    body: bytes
    operation: str | None
    user_id: str | None
    result: str | None
    advice: tuple[str, ...]


def handle(
    endpoint: SoapEndpoint, body: bytes, content_type: str | None, soap_action: str | None
) -> Handled:
    """Read a request, execute it and respond."""
    call = endpoint.read(body, content_type, soap_action)
    call.execute()
    response = call.respond()
    return Handled(*response, call.operation, call.user_id, call.result, tuple(call.advice))


def post(endpoint: SoapEndpoint, operation: str, **parameters: str) -> Handled:
    """Call an operation in SOAP 1.1."""
    return handle(endpoint, body(request(operation, **parameters)), XML11, action(operation))


def call(endpoint: SoapEndpoint, operation: str, **parameters: str) -> str:
    """Call an operation in SOAP 1.1, for its result."""
    response = post(endpoint, operation, **parameters)
    assert response.status == 200, response
    return read(response.body).result


def login(endpoint: SoapEndpoint) -> str:
    """A session key for demo/demo."""
    document = call(endpoint, "getConnection", userID="demo", password="demo")
    match = re.search("<SESSION_KEY>([0-9a-f]{32})</SESSION_KEY>", document)
    assert match, document
    return match[1]
