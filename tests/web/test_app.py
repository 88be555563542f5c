"""Requests and their responses, over a real socket."""

import http.client
import socket
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import urllib3

from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.log import json_line, text_line
from fake_every8d.gateway import Gateway, InvalidInput
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.web.serving import DEADLINE, ENDPOINT, call, log_in


def fetch(method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, url, redirect=False, retries=False, timeout=DEADLINE, **options)


def addresses(wsdl: bytes) -> list[str | None]:
    """The two addresses in a WSDL."""
    return [
        element.get("location")
        for element in ElementTree.fromstring(wsdl).iter()
        if element.tag.endswith("}address")
    ]


@pytest.mark.parametrize(
    "path", ["/API21/SOAP/SMS.asmx", "/api21/soap/sms.asmx", "/Api21/Soap/Sms.ASMX"]
)
def test_w1_the_service_is_found_in_any_case(any_url: str, path: str) -> None:
    assert fetch("GET", any_url + path).status == 200
    assert (
        fetch(
            "POST",
            any_url + path,
            headers={"Content-Type": "x/y", "SOAPAction": '"http://tempuri.org/getCredit"'},
        ).status
        == 415
    )


@pytest.mark.parametrize("query", ["WSDL", "wsdl", "Wsdl"])
def test_w1_the_wsdl_is_found_in_any_case(any_url: str, query: str) -> None:
    response = fetch("GET", f"{any_url}{ENDPOINT}?{query}")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert addresses(response.data) == [any_url + ENDPOINT] * 2


def test_w2_the_wsdls_address_is_the_one_that_the_client_used(any_url: str) -> None:
    wsdl = fetch(
        "GET", f"{any_url}/api21/soap/sms.asmx?wsdl", headers={"Host": "sms.test:8080"}
    ).data
    assert addresses(wsdl) == ["http://sms.test:8080/API21/SOAP/SMS.asmx"] * 2


def test_w2_without_a_host_header_it_is_the_servers_own(any_url: str) -> None:
    address = urlsplit(any_url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(f"GET {ENDPOINT}?WSDL HTTP/1.0\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert addresses(response.read()) == [any_url + ENDPOINT] * 2


@pytest.mark.parametrize(
    "public_url",
    [
        "sms.example.com",
        "http://[::1",
        "http://a?b=c",
        "http://a:b",
        "http://a:0",
        "http://a:65536",
    ],
)
def test_w2_a_public_url_that_is_none_is_refused(gateway: Gateway, public_url: str) -> None:
    with pytest.raises(InvalidInput, match="public_url must be like https://"):
        Application(gateway, public_url=public_url)


@pytest.mark.parametrize("public_url", ["https://sms.example.com", "https://example.com/sms/"])
def test_w2_a_public_url_outranks_what_the_client_used(gateway: Gateway, public_url: str) -> None:
    server = Server(Application(gateway, public_url=public_url))
    wsdl = fetch("GET", f"{server.url}{ENDPOINT}?WSDL").data
    server.close()
    assert addresses(wsdl) == [public_url.rstrip("/") + ENDPOINT] * 2


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("path", [ENDPOINT, "/API21/HTTP/getCredit.ashx"])
def test_w10_other_methods_are_refused_as_iis_does(any_url: str, method: str, path: str) -> None:
    response = fetch(method, any_url + path)
    assert response.status == 405
    assert response.headers["Content-Type"] == "text/html"
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, TRACE"
    title = b"<title>405 - HTTP verb used to access this page is not allowed.</title>"
    assert (title in response.data) == (method != "HEAD")


@pytest.mark.parametrize("path", ["/SendSMS", "/", "/a<b", "/簡訊"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_w8_a_path_after_the_endpoint_is_not_recognized(
    any_url: str, method: str, path: str
) -> None:
    response = fetch(method, any_url + ENDPOINT.lower() + path)
    assert response.status == 500
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"Request format is unrecognized for URL unexpectedly ending in '{path}'." in unescape(
        response.data.decode()
    )


def test_head_is_get_without_a_body(any_url: str) -> None:
    got, headed = (fetch(method, f"{any_url}/") for method in ("GET", "HEAD"))
    assert headed.status == 200
    assert headed.data == b""
    assert headed.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize(
    "path", [f"{ENDPOINT}/sendSMS", ENDPOINT, "/API21/HTTP/getCredit.ashx", "/nowhere", "/fake/x"]
)
def test_w8_a_head_gets_no_body_whatever_the_response_is(any_url: str, path: str) -> None:
    """Read from the socket: a client's library would not read one."""
    address = urlsplit(any_url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(f"HEAD {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 4", b"HTTP/1.1 500"))
    assert body == b""


@pytest.mark.parametrize("path", ["/", "/page/base.css", ENDPOINT, "/nowhere", "/fake/state"])
def test_a_response_has_one_date(any_url: str, path: str) -> None:
    headers = fetch("GET", any_url + path).headers
    for name in ("Date", "Server", "Content-Type", "Content-Length"):
        assert len(headers.getlist(name)) == 1


def test_healthz(any_url: str) -> None:
    response = fetch("GET", f"{any_url}/healthz")
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"status": "ok"}


def test_the_root_is_the_page(any_url: str) -> None:
    response = fetch("GET", f"{any_url}/")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/nowhere", "/API21/SOAP/SMS.asmxs", "/%ff%00", "/簡訊"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_told_where_the_service_is(any_url: str, method: str, path: str) -> None:
    response = fetch(method, any_url + path)
    assert response.status == 404
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert ENDPOINT in response.data.decode()


@pytest.mark.parametrize(
    "path",
    [
        "//API21/HTTP/getCredit.ashx",
        f"/{ENDPOINT}?WSDL",
        "/API21//HTTP/getCredit.ashx",
        "/API21/HTTP//getCredit.ashx",
        "//prepaid/API21/HTTP/getCredit.ashx",
        "/a//b",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_w12_two_slashes_in_a_row_are_said_to_be_two(any_url: str, method: str, path: str) -> None:
    response = fetch(method, any_url + path)
    assert response.status == 404
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.data.startswith(b"-404 This path has two slashes in a row")
    assert b"," not in response.data


def test_exception_is_a_500_and_its_traceback_is_logged(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(gateway)
    monkeypatch.setattr(application, "_made_soap", object())
    server = Server(application)
    response = call(server.url, "getCredit", sessionKey="0")
    server.close()
    assert response.status == 500
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Traceback" not in response.data.decode()
    assert "AttributeError" in caplog.text


def test_every_request_is_recorded_without_secrets(
    url: str, records: list[RecordedRequest]
) -> None:
    key = log_in(url, "demo", "s3cret")
    call(url, "getCredit", sessionKey=key)
    call(url, "closeConnection", sessionKey=key)
    call(url, "getCredit", sessionKey=key)
    fetch("GET", f"{url}/nowhere?password=s3cret")
    assert [
        (record.method, record.path, record.status, record.operation, record.user_id, record.result)
        for record in records
    ] == [
        ("POST", ENDPOINT, 200, "getConnection", "demo", "0"),
        ("POST", ENDPOINT, 200, "getCredit", "demo", "1000.00"),
        ("POST", ENDPOINT, 200, "closeConnection", "demo", "1"),
        ("POST", ENDPOINT, 200, "getCredit", None, "-301, Session 資料不存在，請重新登入。"),
        ("GET", "/nowhere", 404, None, None, None),
    ]
    assert all(record.milliseconds > 0 and record.at.tzinfo for record in records)
    for line in [*map(text_line, records), *map(json_line, records)]:
        assert "s3cret" not in line
        assert key not in line


def test_a_record_carries_advice(url: str, records: list[RecordedRequest]) -> None:
    headers = {"Content-Type": "application/xml", "SOAPAction": '"http://tempuri.org/getCredit"'}
    fetch("POST", url + ENDPOINT, headers=headers)
    assert "application/xml" in records[0].advice[0]


def test_a_request_that_breaks_off_changes_nothing(
    url: str, gateway: Gateway, records: list[RecordedRequest]
) -> None:
    key = gateway.platform.open_session("demo", "s3cret")
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<sendSMS xmlns="http://tempuri.org/"><sessionKey>{key}</sessionKey>'
        "<content>x</content><mobile>0912345678</mobile></sendSMS></s:Body></s:Envelope>"
    )
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(
            f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body) + 1}\r\n\r\n{body}".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 400
    assert gateway.messages() == []


@pytest.mark.parametrize("host", ["Host: localhost\r\n", ""])
def test_the_page_is_found_by_its_files_name(url: str, host: str) -> None:
    """By a path alone: without a Host nobody knows the rest of the address."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(f"GET /page/index.html HTTP/1.0\r\n{host}\r\n".encode())
        head = connection.makefile("rb").read().decode()
    if host:
        assert " 308 " in head
        assert "\r\nLocation: /\r\n" in head
    else:
        assert " 403 " in head
        assert "Location" not in head
