"""The requests that a real ASP.NET service was sent, and its responses (W4)."""

import base64
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from fake_every8d import FakeEvery8d
from tests.soap.calls import FIXTURES
from tests.soap.published import canonical

CASES = [
    case
    for name in ("cases.json", "cases-2.json")
    for case in json.loads(Path(__file__).with_name(name).read_text("utf-8"))
]

# What the messages that were recorded with their blanks unfilled say when filled in.
REASONS = {
    "soap11 mustUnderstand header": "SOAP header h was not understood.",
    "soap12 mustUnderstand header": "SOAP header h was not understood.",
    "soap11 not an envelope": "Possible SOAP version mismatch: Envelope namespace  was "
    "unexpected. Expecting http://schemas.xmlsoap.org/soap/envelope/.",
    "soap11 wrong envelope namespace": "Possible SOAP version mismatch: Envelope namespace "
    "urn:nope was unexpected. Expecting http://schemas.xmlsoap.org/soap/envelope/.",
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEvery8d]:
    # Module-wide: one wrong password in a row each, which locks nobody out.
    with FakeEvery8d() as fake:
        yield fake


def ask(fake: FakeEvery8d, case: dict[str, Any]) -> tuple[int, str, bytes]:
    url = urlsplit(fake.soap_url)
    connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=10)
    target = f"{url.path}?{case['query']}" if case["query"] else url.path
    connection.putrequest(case["method"], target, skip_accept_encoding=True)
    body = base64.b64decode(case["body"])
    for name, value in case["headers"].items():
        connection.putheader(name, value)
    if case["method"] != "GET":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    answer = response.status, response.headers["Content-Type"], response.read()
    connection.close()
    return answer


def test_w4_all_96_cases_are_here() -> None:
    assert len(CASES) == 56 + 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_w4_responds_as_the_reference(fake: FakeEvery8d, case: dict[str, Any]) -> None:
    expect, recorded = case["expect"], case["response"]
    status, content_type, body = ask(fake, case)
    assert status == expect["status"]
    if expect["type"] == "text/html":
        return  # pages need not look alike
    assert content_type == recorded["content_type"]
    if case["method"] == "GET":
        if "wsdl" in case["query"].lower():  # what was recorded had seven operations
            assert canonical(body) == canonical((FIXTURES / "SMS.wsdl").read_bytes())
        elif "disco" in case["query"].lower():  # production's own has two prefixes the other way
            theirs = recorded["body"].replace("http://127.0.0.1:8099/SMS.asmx", fake.soap_url)
            assert canonical(body) == canonical(theirs.encode())
        else:
            assert body.decode() == recorded["body"]
        return
    assert without_keys(body.decode()) == without_keys(filled_in(case))
    if "element" not in expect:
        assert body == b""
        return
    root = etree.fromstring(body)
    (element,) = root.findall("{*}Body/*")
    assert element.tag == expect["element"]
    if "result" in expect:
        assert element[0].tag == expect["result"]
        assert (element.prefix is None) is expect["prefix_free"]
        assert code(element[0].text or "") == expect["code"]
    else:
        fault_code = element.findtext("faultcode") or element.findtext("{*}Code/{*}Value") or ""
        assert fault_code.partition(":")[2] == expect["faultcode"]
        detail = element.find("detail") is not None or element.find("{*}Detail") is not None
        assert detail is expect["detail"]
        if "reason" in expect:
            reason = element.findtext("faultstring") or element.findtext("{*}Reason/{*}Text")
            assert reason == expect["reason"]


def code(result: str) -> str:
    if result.startswith("<?xml"):
        return etree.fromstring(result.encode()).findtext(".//CODE") or ""
    return result.partition(",")[0]


def without_keys(body: str) -> str:
    return re.sub("[0-9a-f]{32}", "SESSION_KEY", body)


def filled_in(case: dict[str, Any]) -> str:
    """The recorded body, with the reason that its runtime left unfilled."""
    body: str = case["response"]["body"]
    reason = REASONS.get(case["name"]) or case["expect"].get("reason")
    if reason is None:
        return body
    text = escape(reason)
    return re.sub(
        '(?<=<faultstring>)[^<]*|(?<=<soap:Text xml:lang="en">)[^<]*', lambda _: text, body
    )


@pytest.mark.parametrize(
    ("query", "status", "content_type"),
    [
        ("wsdl=x", 500, "text/plain; charset=utf-8"),
        ("wsdl=", 500, "text/plain; charset=utf-8"),
        ("wsdl&wsdl", 200, "text/html; charset=utf-8"),
        ("wsdl&disco", 200, "text/html; charset=utf-8"),
        ("wsdl&", 200, "text/html; charset=utf-8"),
        ("wsdl&op=sendSMS", 200, "text/xml; charset=utf-8"),
        ("%77sdl", 200, "text/xml; charset=utf-8"),
        ("disco", 200, "text/xml; charset=utf-8"),
        ("disco=", 200, "text/html; charset=utf-8"),
        ("disco=x", 200, "text/html; charset=utf-8"),
        ("schema=", 500, "text/plain; charset=utf-8"),
    ],
)
def test_w8_queries_of_the_endpoint(
    fake: FakeEvery8d, query: str, status: int, content_type: str
) -> None:
    case = {"method": "GET", "query": query, "headers": {}, "body": ""}
    assert ask(fake, case)[:2] == (status, content_type)
