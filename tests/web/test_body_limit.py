"""Bodies of more than 10 MiB are refused, and the refusal arrives."""

import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clients.tools import require
from tests.web.serving import DEADLINE, ENDPOINT

LIMIT = 10 * 1024 * 1024
HEADERS = {"Content-Type": "text/xml", "SOAPAction": '"http://tempuri.org/getCredit"'}


@pytest.fixture
def address(any_url: str) -> tuple[str, int]:
    host, _, port = urlsplit(any_url).netloc.partition(":")
    return host, int(port)


@pytest.fixture
def connection(address: tuple[str, int]) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(*address, timeout=DEADLINE)) as connection:
        yield connection


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_body_that_is_too_long_is_a_413(
    connection: http.client.HTTPConnection, size: int
) -> None:
    connection.request("POST", ENDPOINT, b" " * size, HEADERS)
    assert connection.getresponse().status == 413


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_a_chunked_body_that_is_too_long_is_a_413(
    connection: http.client.HTTPConnection, size: int
) -> None:
    chunks = (b" " * min(65_536, size - sent) for sent in range(0, size, 65_536))
    connection.request("POST", ENDPOINT, chunks, HEADERS, encode_chunked=True)
    assert connection.getresponse().status == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_at_the_limit_is_read(connection: http.client.HTTPConnection, chunked: bool) -> None:
    # White space is no XML: what reads it says 400.
    body = b" " * LIMIT
    connection.request(
        "POST", ENDPOINT, iter([body]) if chunked else body, HEADERS, encode_chunked=chunked
    )
    assert connection.getresponse().status == 400


def test_the_refusal_does_not_wait_for_the_body(address: tuple[str, int]) -> None:
    with socket.create_connection(address, DEADLINE) as connection:
        connection.sendall(
            f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode()
        )
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_w9_a_snapshot_of_more_than_that_can_be_given_back(
    connection: http.client.HTTPConnection, address: tuple[str, int], chunked: bool
) -> None:
    connection.request("GET", "/fake/snapshot")
    snapshot = connection.getresponse().read() + b" " * LIMIT
    connection.request(
        "PUT",
        "/fake/snapshot",
        iter([snapshot]) if chunked else snapshot,
        {"Content-Type": "application/json"},
        encode_chunked=chunked,
    )
    assert connection.getresponse().status == 204


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", ENDPOINT, LIMIT),
        ("POST", "/API21/HTTP/sendSMS.ashx", LIMIT),
        ("POST", "/nowhere", LIMIT),
        ("PUT", "/fake/snapshot", 128 * 1024 * 1024),
        ("PUT", "/fake/nothing", 1024 * 1024),
        ("POST", "/fake/reset", 1024 * 1024),
    ],
)
def test_w9_each_path_has_its_bound_and_says_it(
    address: tuple[str, int], method: str, path: str, limit: int
) -> None:
    with socket.create_connection(address, DEADLINE) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {limit + 1}\r\n\r\n"
            "x".encode()
        )
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 413
        assert f"The body is too long: the limit is {limit} bytes." in response.read().decode()


@pytest.mark.parametrize(
    "header", ["Expect:", "Expect: 100-continue", "Transfer-Encoding: chunked"]
)
@pytest.mark.parametrize(("path", "status"), [(ENDPOINT, 413), ("/nowhere", 413)])
def test_curl_sees_the_refusal(
    any_url: str, tmp_path: Path, header: str, path: str, status: int
) -> None:
    body = tmp_path / "body"
    body.write_bytes(b" " * (3 * LIMIT))
    done = subprocess.run(
        [
            *(require("curl"), "--silent", "--show-error", "--noproxy", "*"),
            *("--max-time", str(DEADLINE), "--header", header, "--data-binary", f"@{body}"),
            *("--output", str(tmp_path / "answer"), "--write-out", "%{json}"),
            any_url + path,
        ],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["http_code"] == status
