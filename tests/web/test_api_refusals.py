"""Refusals of invalid requests, and of clients that may not look inside."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from fake_every8d.gateway import Gateway
from fake_every8d.gateway.errors import Reason
from fake_every8d.web.app import Application
from fake_every8d.web.guard import Guard
from fake_every8d.web.http.server import Server
from tests.web.api import Api
from tests.web.serving import DEADLINE, ENDPOINT, Served, call, log_in

TOKEN = "s3cret-tökén"


@pytest.fixture
def api(url: str, gateway: Gateway) -> Api:
    """A fake with a message on its way, one that was refused, and a booking."""
    gateway.clock.freeze()
    key = gateway.platform.open_session("demo", "s3cret")
    gateway.platform.send_sms(key, "", "hello", "0912345678,nonsense", "")
    gateway.platform.send_sms(key, "", "later", "0912345678", "20990101000000")
    return Api(url)


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "reason"),
    [
        ("POST", "accounts", {"user_id": "x"}, "password", "missing"),
        ("POST", "accounts", {"user_id": 7, "password": "x"}, "user_id", "invalid"),
        ("POST", "accounts", {"user_id": "x", "password": "x", "points": 1}, "points", "unknown"),
        ("POST", "accounts", {"user_id": "", "password": "x"}, "user_id", "invalid"),
        ("PATCH", "accounts/demo", {"credit": "5"}, "credit", "invalid"),
        ("PATCH", "accounts/demo", {"credit": 0.001}, "credit", "invalid"),
        ("PATCH", "accounts/demo", {"international": 1}, "international", "invalid"),
        ("PATCH", "accounts/demo", {"credit": 1, "top_up": 1}, "top_up", "invalid"),
        ("PATCH", "accounts/demo", {"locked": True, "failed_logins": 1}, "locked", "repeated"),
        ("PATCH", "accounts/demo", {"report_url": "ftp://x"}, "report_url", "invalid"),
        ("PATCH", "accounts/demo", {"report_method": "get"}, "report_method", "invalid"),
        ("PATCH", "accounts/demo", {"report_charset": None}, "report_charset", "invalid"),
        ("PATCH", "accounts/demo", {"report_attempts": 101}, "report_attempts", "invalid"),
        ("POST", "messages/1/status", {"status": 200}, "status", "invalid"),
        ("POST", "messages/1/status", {"status": True}, "status", "invalid"),
        ("POST", "messages/1/replies", {"text": "\0"}, "text", "invalid"),
        ("POST", "messages/1/replies", {"text": "\ud800"}, "text", "invalid"),
        ("POST", "outcomes", {"to": "x", "status": 103}, "to", "invalid"),
        ("POST", "outcomes", {"to": "x", "status": 300}, "status", "invalid"),
        ("POST", "clock", {}, None, "missing"),
        ("POST", "clock", {"running": True, "advance_seconds": 1}, None, "repeated"),
        ("POST", "clock", {"advance_seconds": -1}, "advance_seconds", "invalid"),
        ("POST", "clock", {"travel_to": "noon"}, "travel_to", "invalid"),
        ("POST", "clock", {"to_next_due": False}, "to_next_due", "invalid"),
        ("POST", "failures", {"operation": "x", "kind": "garbage"}, "operation", "invalid"),
        ("POST", "failures", {"operation": "*", "kind": "x"}, "kind", "invalid"),
        ("POST", "failures", {"operation": "*", "kind": "delay"}, "seconds", "missing"),
        ("POST", "reset", {"then": True}, "then", "unknown"),
        ("PUT", "snapshot", {}, "version", "missing"),
        ("POST", "messages/1/replies", {"text": "x" * 2001}, "text", "invalid"),
        ("POST", "accounts", b"", "user_id", "missing"),
        ("POST", "reset", b"[]", None, "invalid"),
        ("POST", "reset", b"{", None, "invalid"),
        ("POST", "reset", b"\xff", None, "invalid"),
        ("POST", "clock", b'{"advance_seconds": NaN}', None, "invalid"),
        ("POST", "clock", b'{"advance_seconds": 1e400}', "advance_seconds", "invalid"),
        ("POST", "reset", b"[" * 100_000, None, "invalid"),
        ("GET", "messages?number=1", None, "number", "unknown"),
        ("GET", "messages?limit=0", None, "limit", "invalid"),
        ("GET", "messages?limit=1&limit=2", None, "limit", "repeated"),
        ("GET", "messages?status=7", None, "status", "invalid"),
        ("GET", "messages?status=DELIVERD", None, "status", "invalid"),
        ("GET", "messages?newest_first=yes", None, "newest_first", "invalid"),
        ("PATCH", "settings", {"edition": 2025}, "edition", "invalid"),
        ("GET", "reports?state=lost", None, "state", "invalid"),
    ],
)
def test_invalid_value_is_a_400_that_names_it(
    api: Api, method: str, path: str, body: object, field: str | None, reason: Reason | None
) -> None:
    response = api(method, path, body)
    error = response.json()["error"]
    assert (response.status, error["field"], error["reason"]) == (400, field, reason)


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", "reset", b"[]", "the body must be a JSON object, not a list"),
        ("POST", "reset", b"{", "the body is not JSON"),
        ("POST", "reset", b"\xff", "the body is not UTF-8, at byte 0"),
        ("POST", "reset", b"[" * 100_000, "the body is nested too deeply"),
        ("POST", "clock", b'{"advance_seconds": NaN}', "NaN is not a number in JSON"),
        ("POST", "clock", {}, "the body must have one key: advance_seconds, travel_to, to_next"),
        ("GET", "messages?limit=1&limit=2", None, "limit is given 2 times"),
        (
            "PATCH",
            "accounts/demo",
            {"credit": 1, "top_up": 1},
            "credit says how much there is, top_up how much more: give one",
        ),
        (
            "PATCH",
            "accounts/demo",
            {"locked": True, "failed_logins": 1},
            "locked and failed_logins say the same: give one of them",
        ),
        ("POST", "messages/1/replies", {"text": "\0"}, "XML cannot carry the character '\\x00'"),
    ],
)
def test_sentence_says_what_is_wrong(
    api: Api, method: str, path: str, body: object, sentence: str
) -> None:
    """Sentences about single values are in tests/control/test_forms.py."""
    assert sentence in api.refused(method, path, body)[1]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "accounts/nobody", None, "user_id"),
        ("PATCH", "accounts/nobody", {"top_up": 1}, "user_id"),
        ("DELETE", "accounts/nobody", None, "user_id"),
        ("GET", "messages/99", None, "message_id"),
        ("POST", "messages/99/status", {"status": 100}, "message_id"),
        ("POST", "messages/99/replies", {"text": "x"}, "message_id"),
        ("POST", "replies", {"to": "0911111111", "text": "x"}, "to"),
        ("GET", "messages?to=hello", None, "to"),
        ("GET", "requests/99", None, "request_id"),
        ("GET", "failures/99", None, "failure_id"),
        ("DELETE", "failures/99", None, "failure_id"),
        ("GET", "nothing", None, None),
        ("GET", "/", None, None),
    ],
)
def test_unknown_thing_is_a_404_that_names_it(
    api: Api, method: str, path: str, body: object, field: str | None
) -> None:
    response = api(method, path, body)
    error = response.json()["error"]
    reason = "unknown" if field else None
    assert (response.status, error["field"], error["reason"]) == (404, field, reason)


@pytest.mark.parametrize(
    ("method", "path", "body", "message", "field", "reason"),
    [
        (
            "POST",
            "accounts",
            {"user_id": "demo", "password": "x"},
            "there is an account 'demo' already",
            "user_id",
            "taken",
        ),
        ("POST", "messages/2/status", {"status": 100}, "message 2 is at -3", None, "decided"),
        ("POST", "messages/3/status", {"status": 100}, "message 3 is at 300", None, "decided"),
        (
            "POST",
            "messages/3/replies",
            {"text": "x"},
            "has not reached a phone",
            None,
            "not_arrived",
        ),
        (
            "POST",
            "clock",
            {"travel_to": "2020-01-01T00:00:00+08:00"},
            "the clock never goes back",
            None,
            "past",
        ),
        (
            "POST",
            "clock",
            {"travel_to": "9999-12-31T23:00:00+08:00"},
            "the clock ends at",
            None,
            None,
        ),
        (
            "PUT",
            "snapshot",
            {"version": "0", "digest": ""},
            "the snapshot is of version 0, but this is",
            "version",
            "invalid",
        ),
    ],
)
def test_conflict_with_the_current_state_is_a_409(
    api: Api,
    method: str,
    path: str,
    body: object,
    message: str,
    field: str | None,
    reason: Reason | None,
) -> None:
    response = api(method, path, body)
    error = response.json()["error"]
    assert (response.status, error["field"], error["reason"]) == (409, field, reason)
    assert message in error["message"]


def test_another_method_is_a_405_that_says_which_there_are(api: Api) -> None:
    assert api.refused("PUT", "clock") == (405, "/fake/clock takes GET, HEAD, POST, not PUT")
    assert set(api("PUT", "clock").headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_more_than_a_mebibyte_is_a_413(api: Api, chunked: bool) -> None:
    body = b'{"text": "%s"}' % (b"x" * 1024 * 1024)
    response = urllib3.request(
        "POST",
        f"{api.url}/fake/messages/1/replies",
        body=iter([body]) if chunked else body,
        headers={"Content-Type": "application/json"},
        retries=False,
        timeout=DEADLINE,
    )
    assert (response.status, response.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
@pytest.mark.parametrize("path", ["reset", "clock", "accounts", "failures", "replies"])
def test_content_types_of_html_forms_are_a_415(
    api: Api, gateway: Gateway, path: str, content_type: str
) -> None:
    status, said = api.refused("POST", path, b"{}", **{"Content-Type": content_type})
    assert status == 415
    assert "add the header Content-Type: application/json" in said
    assert len(gateway.messages()) == 3


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded"])
def test_request_may_lack_an_optional_body(
    api: Api, gateway: Gateway, content_type: str | None
) -> None:
    assert (
        api("POST", "reset", **({"Content-Type": content_type} if content_type else {})).status
        == 204
    )
    assert gateway.messages() == []


# Pages of other sites


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_page_of_another_origin_can_change_nothing(
    api: Api, gateway: Gateway, headers: dict[str, str]
) -> None:
    for method, path, body in (
        ("POST", "reset", None),
        ("POST", "reset", {}),
        ("PATCH", "accounts/demo", {"credit": 1}),
        ("DELETE", "accounts/demo", None),
    ):
        status, said = api.refused(method, path, body, **headers)
        assert status == 403
        assert re.search("page of another (origin|site)", said)
    assert len(gateway.messages()) == 3
    assert [account.user_id for account in gateway.accounts()] == ["demo"]


SEND = "/API21/HTTP/sendSMS.ashx?UID=demo&PWD=s3cret&MSG=x&DEST=0912345678"
ANYTHING = [SEND, ENDPOINT, f"{ENDPOINT}?WSDL", "/nowhere", "/", "/page/app.js", "/fake/state"]


@pytest.mark.parametrize("path", [*ANYTHING, "/healthz", "/API21/HTTP/", "/fake/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/a"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_w14_a_page_of_another_site_can_use_nothing(
    api: Api, gateway: Gateway, method: str, path: str, headers: dict[str, str]
) -> None:
    response = urllib3.request(method, api.url + path, headers=headers, timeout=DEADLINE)
    assert response.status == 403
    assert "A page of another site (" in response.data.decode()
    assert len(gateway.messages()) == 3


@pytest.mark.parametrize("path", ANYTHING)
@pytest.mark.parametrize(
    "headers",
    [
        {},  # no browser, or an old one that follows a link
        {"Referer": "https://evil.example/"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:3000"},  # to 127.0.0.1
        {"Sec-Fetch-Site": "cross-site", "Referer": "http://[::1]:3000/a"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://app.localhost"},
    ],
)
def test_w14_pages_of_this_machine_and_what_is_no_browser_can(
    api: Api, path: str, headers: dict[str, str]
) -> None:
    assert fetch(api.url + path, **headers).status in (200, 404)


def test_w14_a_page_of_the_same_host_can_whatever_its_port(gateway: Gateway) -> None:
    server = Server(Application(gateway, public_url="https://sms.example.com:8443"))
    for host, origin, status in [
        ("fake.test:8021", "http://fake.test", 200),
        ("fake.test:8021", "http://app.test", 403),
        ("fake.test:8021", "https://sms.example.com", 200),
        ("127.0.0.1:8021", "http://fake.test", 403),
    ]:
        assert fetch(server.url + ENDPOINT, Host=host, Origin=origin).status == status
    server.close()


def test_w14_a_refused_call_is_in_the_journal(api: Api) -> None:
    fetch(api.url + SEND, **{"Sec-Fetch-Site": "cross-site"})
    (request,) = api.get("requests")["requests"]
    assert (request["path"], request["status"]) == ("/API21/HTTP/sendSMS.ashx", 403)


def test_our_own_page_can(api: Api) -> None:
    for headers in (
        {"Origin": api.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "cors"},  # Node's fetch
    ):
        assert api("POST", "reset", **headers).status == 204


def test_page_at_the_public_url_may_call(gateway: Gateway) -> None:
    server = Server(Application(gateway, public_url="https://sms.test:8443"))
    headers = {"Origin": "https://sms.test:8443", "Sec-Fetch-Site": "same-origin"}
    assert Api(server.url)("POST", "reset", **headers).status == 204
    server.close()


def test_json_may_name_its_charset(api: Api) -> None:
    header = {"Content-Type": "application/json; charset=utf-8"}
    assert api("POST", "reset", b"{}", **header).status == 204


# Hosts


LOOKING_INSIDE = ["/fake/state", "/fake/openapi.json", "/fake/nothing", "/"]


def fetch(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, timeout=DEADLINE)


@pytest.mark.parametrize("path", LOOKING_INSIDE)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8021", "127.0.0.1.evil.example", "localhost.evil.example",
     "192.168.1.7", "[::ffff:192.168.1.7]", "2130706433", "[", "localhost:8021@evil.example"],
)  # fmt: skip
def test_a_foreign_host_is_a_403_on_a_loopback_address(any_url: str, path: str, host: str) -> None:
    response = fetch(any_url + path, Host=host)
    assert response.status == 403
    assert "--public-url" in response.data.decode()


@pytest.mark.parametrize("path", ["/fake/state", "/"])
@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:1", "127.0.0.1", "127.1.2.3:99", "[::1]", "[::1]:8021"]
)
def test_a_loopback_name_is_answered_whatever_its_port(any_url: str, path: str, host: str) -> None:
    assert fetch(any_url + path, Host=host).status == 200


def test_a_request_without_a_host_is_a_403(any_url: str) -> None:
    address = urlsplit(any_url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(b"GET /fake/state HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").readline().split()[1] == b"403"


def test_the_soap_service_and_healthz_answer_to_any_host(any_url: str) -> None:
    assert fetch(f"{any_url}{ENDPOINT}?WSDL", Host="sms.test").status == 200
    assert fetch(f"{any_url}/healthz", Host="sms.test").status == 200


def test_the_public_urls_host_is_answered(gateway: Gateway) -> None:
    server = Server(Application(gateway, public_url="https://SMS.test:8443/x"))
    assert fetch(f"{server.url}/fake/state", Host="sms.test").status == 200
    assert fetch(f"{server.url}/fake/state", Host="x.test").status == 403
    server.close()


@pytest.fixture
def open_url(gateway: Gateway) -> Iterator[str]:
    """Listens on every address, as in a container."""
    server = Server(Application(gateway, host="0.0.0.0"), "0.0.0.0")
    yield server.url
    server.close()


CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36"}


@pytest.mark.parametrize("path", ["/fake/state", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        CHROME,
        {"User-Agent": "curl", "Accept-Language": "zh-TW"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://{}"},
    ],
)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8021", "127.0.0.1.evil.example", "2130706433", "0x7f.1"]
)
def test_dns_rebinding_reaches_nothing_where_everybody_can_call(
    open_url: str, path: str, host: str, headers: dict[str, str]
) -> None:
    response = fetch(open_url + path, Host=host, **{n: v.format(host) for n, v in headers.items()})
    assert response.status == 403
    assert "--public-url" in response.data.decode()


@pytest.mark.parametrize(
    "host",
    ["localhost:8021", "127.0.0.1", "192.168.1.7:8021", "[fe80::1]", "every8d:8021", "fake_sms",
     socket.gethostname(), "host.docker.internal", "sms.test", "sms.localhost."],
)  # fmt: skip
def test_host_that_no_stranger_can_have_is_answered(open_url: str, host: str) -> None:
    assert fetch(f"{open_url}/fake/state", Host=host, **CHROME).status == 200


def test_any_name_is_answered_there_where_no_browser_asks(open_url: str) -> None:
    assert fetch(f"{open_url}/fake/state", Host="sms.ns.svc.example.com").status == 200


@pytest.mark.parametrize("host", ["localhost", "::1", "127.0.0.53"])
def test_each_loopback_address_is_known_for_one(host: str) -> None:
    with pytest.raises(Exception, match="403"):
        Guard(host).check({"HTTP_HOST": "evil.example"})


# The token


@pytest.fixture
def guarded_url(gateway: Gateway) -> Iterator[str]:
    server = Server(Application(gateway, api_token=TOKEN))
    yield server.url
    server.close()


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"me:{password}".encode()).decode()


def bearer(token: str) -> str:
    return f"Bearer {token}".encode().decode("latin-1")


@pytest.mark.parametrize("path", LOOKING_INSIDE)
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", bearer(TOKEN[:-1]), bearer(TOKEN + "x"),
     basic("wrong"), basic(""), "Basic !", f"Token {bearer(TOKEN)}", bearer(TOKEN).upper()],
)  # fmt: skip
def test_a_missing_or_wrong_token_is_a_401_that_asks_for_it(
    guarded_url: str, path: str, header: str | None
) -> None:
    response = fetch(guarded_url + path, **({} if header is None else {"Authorization": header}))
    assert response.status == 401
    assert response.headers.getlist("WWW-Authenticate") == [
        'Basic realm="fake EVERY8D", charset=UTF-8',
        'Bearer realm="fake EVERY8D"',
    ]


@pytest.mark.parametrize("path", ["/fake/state", "/"])
@pytest.mark.parametrize("header", [bearer(TOKEN), basic(TOKEN)])
def test_the_right_token_is_let_in(guarded_url: str, path: str, header: str) -> None:
    assert fetch(guarded_url + path, Authorization=header).status == 200


@pytest.mark.parametrize("token", ["k=v", "a b=c, d", " s3cret\n", "a==", "Basic eA=="])
def test_any_token_will_do(gateway: Gateway, token: str) -> None:
    server = Server(Application(gateway, api_token=token))
    for header in (bearer(token.strip()), basic(token.strip()), bearer(f" {token.strip()} ")):
        assert fetch(f"{server.url}/fake/state", Authorization=header).status == 200
    assert fetch(f"{server.url}/fake/state", Authorization=bearer("k")).status == 401
    server.close()


def test_the_soap_service_and_healthz_ask_for_no_token(guarded_url: str) -> None:
    assert log_in(guarded_url, "demo", "s3cret")
    assert fetch(f"{guarded_url}/healthz").status == 200


def test_the_token_is_in_neither_the_journal_nor_the_log(tmp_path: Path) -> None:
    with Served(tmp_path, "--log-format=json", FAKE_EVERY8D_API_TOKEN="s3cret-token") as served:
        header = {"Authorization": "Bearer s3cret-token"}
        api = Api(served.url)
        assert api.refused("GET", "state")[0] == 401
        assert fetch(f"{served.url}/nowhere", **header).status == 404
        call(served.url, "getCredit")
        journal = api("GET", "requests", **header).json()
        assert [request["path"] for request in journal["requests"]] == ["/nowhere", ENDPOINT]
        assert "s3cret-token" not in json.dumps(journal)
        assert api("POST", "reset", {}, **header).status == 204
        served.wait_for('"path": "/fake/reset"')
        assert "s3cret-token" not in served.output
