"""Clients without a SOAP library, as they write HTTP themselves (W3, W4)."""

import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from .story import Endpoint, tell_story
from .tools import NAMESPACE, SOAP_NAMESPACE, Version, post_after_continue

_TIMEOUT = 30


def test_asp_page(endpoint: Endpoint) -> None:
    """As an old ASP or VB page does it: SOAP 1.2, no action, and not an XML parser in sight."""
    url = urlsplit(endpoint.soap_url)

    def call(operation: str, /, **parameters: str) -> str:
        body = _envelope("1.2", operation, parameters).encode()
        head = (
            f"POST {url.path} HTTP/1.1\r\n"
            f"Host: {url.netloc}\r\n"
            "Content-Type: application/soap+xml; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n"
            "\r\n"
        )
        with socket.create_connection((url.hostname, url.port), _TIMEOUT) as connection:
            connection.sendall(head.encode() + body)
            response = b"".join(iter(lambda: connection.recv(65_536), b""))
        head, _, text = response.decode().partition("\r\n\r\n")
        assert head.split()[1] == "200"
        _, _, rest = text.partition(f"<{operation}Result>")
        result, _, _ = rest.partition(f"</{operation}Result>")
        return result.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    tell_story(endpoint, call)


def test_expect_100_continue(endpoint: Endpoint) -> None:
    """As .NET Framework does it: SOAP 1.1, and the body only after a "100 Continue"."""

    def call(operation: str, /, **parameters: str) -> str:
        body = _envelope("1.1", operation, parameters).encode()
        headers = (
            f'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: "{NAMESPACE}{operation}"\r\n'
        )
        with post_after_continue(endpoint.soap_url, headers, body) as response:
            return _result(response, operation)

    tell_story(endpoint, call)


def test_chunked(endpoint: Endpoint) -> None:
    """As Apache Axis2 does it: SOAP 1.2 with an action, and no Content-Length."""
    url = urlsplit(endpoint.soap_url)
    with closing(HTTPConnection(url.netloc, timeout=_TIMEOUT)) as connection:

        def call(operation: str, /, **parameters: str) -> str:
            action = f'action="{NAMESPACE}{operation}"'
            connection.request(
                "POST",
                url.path,
                _chunks(_envelope("1.2", operation, parameters).encode()),
                {"Content-Type": f"application/soap+xml; charset=UTF-8; {action}"},
                encode_chunked=True,
            )
            return _result(connection.getresponse(), operation)

        tell_story(endpoint, call)


def _envelope(version: Version, operation: str, parameters: dict[str, str]) -> str:
    """A request as the service's own pages show it."""
    values = "".join(
        f"      <{name}>{escape(value)}</{name}>\n" for name, value in parameters.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP_NAMESPACE[version]}">\n'
        "  <soap:Body>\n"
        f'    <{operation} xmlns="{NAMESPACE}">\n{values}    </{operation}>\n'
        "  </soap:Body>\n"
        "</soap:Envelope>\n"
    )


def _chunks(body: bytes) -> Iterator[bytes]:
    # Of a length that no Chinese text is a multiple of, so that characters are divided.
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


def _result(response: HTTPResponse, operation: str) -> str:
    body = response.read()
    assert response.status == 200, body
    result = ElementTree.fromstring(body).find(f".//{{{NAMESPACE}}}{operation}Result")
    assert result is not None
    return result.text or ""
