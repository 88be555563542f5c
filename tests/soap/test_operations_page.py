"""The pages that people copy from (W6)."""

import re
from html import unescape
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import urllib3

from fake_every8d import FakeEvery8d
from fake_every8d.soap import SoapEndpoint, operations_page
from tests.web.serving import DEADLINE, ENDPOINT

OPERATIONS = [*SoapEndpoint(FakeEvery8d().gateway).operations]


def page(url: str) -> tuple[int, str]:
    response = urllib3.request("GET", url, retries=False, timeout=DEADLINE)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return response.status, response.data.decode()


def samples(html: str) -> list[str]:
    """The samples to copy: SOAP 1.1 request and response, then SOAP 1.2's."""
    return [unescape(sample) for sample in re.findall("<pre>(.*?)</pre>", html, re.DOTALL)]


def test_w6_the_page_lists_the_operations_each_with_a_link(url: str) -> None:
    status, html = page(url + ENDPOINT)
    assert status == 200
    assert re.findall(r'href="\?op=(\w+)"', html) == OPERATIONS
    titles = re.findall(r"<dd>(.*)<br>", html)
    assert len([title for title in titles if re.fullmatch(r".+ · .*[一-鿿].*", title)]) == len(
        OPERATIONS
    )
    assert 'href="?WSDL"' in html
    assert url + ENDPOINT in html
    assert '<link rel="icon" href="data:,">' in html  # else a browser asks for /favicon.ico


@pytest.mark.parametrize("operation", OPERATIONS)
def test_w6_page_of_an_operation_shows_both_versions(url: str, operation: str) -> None:
    status, html = page(f"{url}{ENDPOINT}?op={operation}")
    assert status == 200
    assert len(samples(html)) == 4
    for sample in samples(html):
        head, envelope = sample.split("\n\n", 1)
        assert "Content-Length: length" in head
        assert ElementTree.fromstring(envelope.encode())[0][0].tag.startswith(
            f"{{http://tempuri.org/}}{operation}"
        )


def test_w6_the_request_is_shown_as_it_goes_over_the_wire(url: str) -> None:
    _, html = page(f"{url}{ENDPOINT}?op=getConnection")
    soap11, response11, soap12, response12 = samples(html)
    host = urlsplit(url).netloc
    assert (
        soap11
        == f"""\
POST /API21/SOAP/SMS.asmx HTTP/1.1
Host: {host}
Content-Type: text/xml; charset=utf-8
Content-Length: length
SOAPAction: "http://tempuri.org/getConnection"

<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
  <soap:Body>
    <getConnection xmlns="http://tempuri.org/">
      <userID>string</userID>
      <password>string</password>
    </getConnection>
  </soap:Body>
</soap:Envelope>"""
    )
    assert "SOAPAction" not in soap12
    assert "Content-Type: application/soap+xml; charset=utf-8" in soap12
    assert "http://www.w3.org/2003/05/soap-envelope" in soap12
    for response in (response11, response12):
        assert response.startswith("HTTP/1.1 200 OK\n")
        assert "<getConnectionResult>string</getConnectionResult>" in response


@pytest.mark.parametrize("version", [0, 2], ids=["SOAP 1.1", "SOAP 1.2"])
def test_w6_copied_request_works(url: str, version: int) -> None:
    _, html = page(f"{url}{ENDPOINT}?op=getConnection")
    head, envelope = samples(html)[version].split("\n\n", 1)
    envelope = envelope.replace("string", "demo", 1).replace("string", "demo", 1)
    request_line, *lines = head.splitlines()
    method, path, _ = request_line.split()
    headers = dict(line.split(": ", 1) for line in lines)
    headers["Content-Length"] = str(len(envelope.encode()))
    response = urllib3.request(
        method, url + path, body=envelope.encode(), headers=headers, timeout=DEADLINE
    )
    assert response.status == 200
    assert b"&lt;CODE&gt;0&lt;/CODE&gt;" in response.data


def test_an_operation_that_there_is_not_lists_those_there_are(url: str) -> None:
    status, html = page(f"{url}{ENDPOINT}?op=%3Cscript%3E")
    assert status == 404
    assert "<script>" not in html
    assert "?op=getCredit" in html


def test_a_client_can_say_anything_it_is_escaped(endpoint: SoapEndpoint) -> None:
    address = "http://a<b/&"
    operations = endpoint.operations
    for html in (
        operations_page.overview(operations.values(), address),
        operations_page.operation(operations["getCredit"], "http://h/a<b"),
        operations_page.unrecognized("/a<b"),
    ):
        assert "a<b" not in html
        assert "a&lt;b" in html
