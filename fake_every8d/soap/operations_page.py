"""The pages at the SOAP endpoint: its operations, and envelopes to copy (W6)."""

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlsplit

from fake_every8d.html_page import html_page
from fake_every8d.soap.envelope import SOAP11, SOAP12, TNS, SoapOperation, Version

_ENVELOPE = """\
<?xml version="1.0" encoding="utf-8"?>
<{soap}:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:{soap}="{namespace}">
  <{soap}:Body>
    <{element} xmlns="{tns}">
{children}
    </{element}>
  </{soap}:Body>
</{soap}:Envelope>"""


# As ASP.NET's samples have it: a title, the version, and the envelope's prefix.
_SAMPLES = (("SOAP 1.1", SOAP11, "soap"), ("SOAP 1.2", SOAP12, "soap12"))


def overview(operations: Iterable[SoapOperation], endpoint: str) -> str:
    """The page that lists the operations, each with a link; `endpoint` is its URL."""
    items = "\n".join(
        f'<dt><a href="?op={each.name}">{each.name}</a></dt>\n<dd>{escape(each.title)}<br>'
        f"<code>string {each.name}({', '.join(each.names)})</code></dd>"
        for each in operations
    )
    return html_page(
        "SMS",
        "<h1>SMS</h1>\n"
        "<p>The following operations are supported. For a formal definition, please review the "
        '<a href="?WSDL">Service Description</a>.</p>\n'
        "<p>EVERY8D 企業簡訊服務平台, Web Services API 2.1 — as fake-every8d plays it. "
        "No SMS leaves this machine.</p>\n"
        f'<p>Endpoint: <code>{escape(endpoint)}</code><br>WSDL: <a href="?WSDL"><code>'
        f"{escape(endpoint)}?WSDL</code></a></p>\n"
        f"<h2>Operations</h2>\n<dl>\n{items}\n</dl>",
    )


def operation(operation: SoapOperation, endpoint: str) -> str:
    """An operation's page: requests and responses of both SOAP versions, to copy."""
    name = operation.name
    samples = "\n".join(
        f"<h2>{title}</h2>\n"
        f"<p>The following is a sample {title} request and response. The placeholders shown "
        "need to be replaced with actual values.</p>\n"
        f"<h3>Request</h3>\n<pre>{escape(_request(version, prefix, operation, endpoint))}"
        f"</pre>\n<h3>Response</h3>\n<pre>{escape(_response(version, prefix, operation))}</pre>"
        for title, version, prefix in _SAMPLES
    )
    return html_page(
        f"{name} — SMS",
        '<p>Click <a href="?">here</a> for a complete list of operations.</p>\n'
        f"<h1>{name}</h1>\n"
        f"<p>{escape(operation.title)}</p>\n"
        "<h2>Test</h2>\n"
        "<p>The test form is only available for requests from the local machine.</p>\n"
        f"{samples}",
    )


def unrecognized(path: str) -> str:
    """The page for a `path` after the endpoint's own, where HTTP GET and POST would be (W8)."""
    return html_page(
        "SMS",
        "<h1>Server Error</h1>\n"
        f"<p>Request format is unrecognized for URL unexpectedly ending in '{escape(path)}'.</p>",
    )


def _request(version: Version, prefix: str, operation: SoapOperation, endpoint: str) -> str:
    url = urlsplit(endpoint)
    # SOAP 1.2 needs none.
    action = f'SOAPAction: "{TNS}{operation.name}"\n' if version is SOAP11 else ""
    return (
        f"POST {url.path} HTTP/1.1\n"
        f"Host: {url.netloc}\n"
        f"Content-Type: {version.content_type}\n"
        "Content-Length: length\n"
        f"{action}\n" + _envelope(version, prefix, operation.name, operation.names)
    )


def _response(version: Version, prefix: str, operation: SoapOperation) -> str:
    return (
        "HTTP/1.1 200 OK\n"
        f"Content-Type: {version.content_type}\n"
        "Content-Length: length\n\n"
        + _envelope(version, prefix, operation.response, [operation.result])
    )


def _envelope(version: Version, prefix: str, element: str, children: Sequence[str]) -> str:
    return _ENVELOPE.format(
        soap=prefix,
        namespace=version.namespace,
        tns=TNS,
        element=element,
        children="\n".join(f"      <{child}>string</{child}>" for child in children),
    )
