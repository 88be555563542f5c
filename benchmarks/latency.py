"""One call after the other to the fixture's server, beside pytest-httpserver's constant."""

import socket
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import zeep

from benchmarks.constant import httpserver
from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import CONTENT, HEADERS, TNS, batch_id, send_sms
from fake_every8d import FakeEvery8d

CLIENTS = ("zeep", "a socket")


def run(quick: bool) -> list[Result]:
    """From zeep and from a bare socket; aim: no slower than pytest-httpserver."""
    rounds, calls = (2, 10) if quick else (9, 100)
    with FakeEvery8d() as fake, httpserver() as constant:
        fake.update_account("demo", credit=Decimal(10**9))
        key = fake.gateway.open_session("demo", "demo")
        client: Any = zeep.Client(fake.wsdl_url)  # type: ignore[no-untyped-call]

        def measure(name: str, url: str) -> Mapping[str, float]:
            service = client.create_service(f"{{{TNS}}}SMSSoap", url)
            by_zeep = partial(service.sendSMS, key, "註冊", CONTENT, "0912345678", "")
            batch_id(by_zeep().encode())
            return {
                f"{name}, from zeep": per_call(by_zeep, calls),
                f"{name}, from a socket": per_call(_by_socket(url, key), calls),
            }

        urls = {"fake-every8d": fake.soap_url, "pytest-httpserver": constant.url_for("/")}
        measured = in_turn(rounds, *[partial(measure, name, url) for name, url in urls.items()])
    ours, theirs = ([f"{name}, from {client}" for client in CLIENTS] for name in urls)
    return [
        row
        for our, their in zip(ours, theirs, strict=True)
        for row in (
            result(measured, our, "µs", scale=1e6, beside=their, ratio_at_most=1),
            result(measured, their, "µs", scale=1e6),
        )
    ]


def _by_socket(url: str, session_key: str) -> Callable[[], bytes]:
    """One call: connect, send, and read the response.

    Its end is the envelope's, and not the connection's: before Werkzeug closes that, it
    waits for 10 ms, in case more of the request comes.
    """
    address, body = urlsplit(url), send_sms(session_key, "0912345678")
    assert address.port is not None
    headers = HEADERS | {
        "Host": address.netloc,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"POST {address.path} HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    request = "\r\n".join(lines).encode() + body

    def call() -> bytes:
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(request)
            response = b""
            while not response.endswith(b"</soap:Envelope>"):
                received = connection.recv(65_536)
                assert received, response
                response += received
            return response

    batch_id(call())
    return call
