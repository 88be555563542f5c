"""The pages at the SOAP endpoint, for people: operations, and envelopes to copy (W6)."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

_TITLES = {
    "getConnection": "Log in · 建立連線",
    "sendSMS": "Send one text · 簡訊發送",
    "sendParamSMS": "Send each recipient a text of their own · 個人化簡訊發送",
    "closeConnection": "Log out · 關閉連線",
    "getDeliveryStatus": "Delivery status and replies · 發送狀態(含回覆簡訊)查詢",
    "getCredit": "Points left · 餘額查詢",
    "eraseBooking": "Cancel bookings · 刪除預約簡訊",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
body {{ padding: 0 1rem }}
pre {{ background: #f3f4f6; color: #111; padding: 1rem; overflow-x: auto; font-size: 14px }}
dt {{ margin-top: .75rem; font-weight: bold }}
dd {{ margin-left: 0 }}
</style>
</head>
<body>
{body}
</body>
</html>
"""

_ENVELOPE = """\
<?xml version="1.0" encoding="utf-8"?>
<{soap}:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:{soap}="{namespace}">
  <{soap}:Body>
    <{element} xmlns="http://tempuri.org/">
{children}
    </{element}>
  </{soap}:Body>
</{soap}:Envelope>"""


class _Version(NamedTuple):
    """A SOAP version, as its sample shows it."""

    name: str
    prefix: str
    namespace: str
    media_type: str
    action: str
    """The header that names the operation; SOAP 1.2 does without."""


_VERSIONS = (
    _Version(
        "SOAP 1.1",
        "soap",
        "http://schemas.xmlsoap.org/soap/envelope/",
        "text/xml",
        'SOAPAction: "http://tempuri.org/{}"\n',
    ),
    _Version(
        "SOAP 1.2",
        "soap12",
        "http://www.w3.org/2003/05/soap-envelope",
        "application/soap+xml",
        "",
    ),
)


def overview(operations: Mapping[str, Sequence[str]], endpoint: str) -> str:
    """The page that lists the operations (name → parameter names), each with a link."""
    items = "\n".join(
        f'<dt><a href="?op={escape(name)}">{escape(name)}</a></dt>\n'
        f"<dd>{escape(_TITLES.get(name, ''))}<br>"
        f"<code>string {escape(name)}({escape(', '.join(parameters))})</code></dd>"
        for name, parameters in operations.items()
    )
    return _page(
        "SMS",
        "<h1>SMS</h1>\n"
        "<p>EVERY8D 企業簡訊服務平台, Web Services API 2.1 — as fake-every8d plays it. "
        "No SMS leaves this machine.</p>\n"
        f'<p>Endpoint: <code>{escape(endpoint)}</code><br>WSDL: <a href="?WSDL"><code>'
        f"{escape(endpoint)}?WSDL</code></a></p>\n"
        f"<h2>Operations</h2>\n<dl>\n{items}\n</dl>",
    )


def operation(name: str, parameters: Sequence[str], host: str, path: str) -> str:
    """An operation's page: requests and responses of both SOAP versions, to copy."""
    samples = "\n".join(
        f"<h2>{version.name}</h2>\n"
        f"<h3>Request</h3>\n<pre>{escape(_request(version, name, parameters, host, path))}</pre>\n"
        f"<h3>Response</h3>\n<pre>{escape(_response(version, name))}</pre>"
        for version in _VERSIONS
    )
    return _page(
        f"{name} — SMS",
        f'<p><a href="?">SMS</a></p>\n<h1>{escape(name)}</h1>\n'
        f"<p>{escape(_TITLES.get(name, ''))}</p>\n"
        "<p>Put values where it says <code>string</code>, and the number of the body's bytes "
        f"where it says <code>length</code>.</p>\n{samples}",
    )


def _request(version: _Version, name: str, parameters: Sequence[str], host: str, path: str) -> str:
    return (
        f"POST {path} HTTP/1.1\n"
        f"Host: {host}\n"
        f"Content-Type: {version.media_type}; charset=utf-8\n"
        "Content-Length: length\n"
        f"{version.action.format(name)}\n" + _envelope(version, name, parameters)
    )


def _response(version: _Version, name: str) -> str:
    return (
        "HTTP/1.1 200 OK\n"
        f"Content-Type: {version.media_type}; charset=utf-8\n"
        "Content-Length: length\n\n" + _envelope(version, f"{name}Response", [f"{name}Result"])
    )


def _envelope(version: _Version, element: str, children: Sequence[str]) -> str:
    return _ENVELOPE.format(
        soap=version.prefix,
        namespace=version.namespace,
        element=element,
        children="\n".join(f"      <{child}>string</{child}>" for child in children),
    )


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)
