"""Calls of the HTTP API over a real socket, and a fake whose time stands still."""

import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from fake_every8d import FakeEvery8d, Message

DEMO = {"UID": "demo", "PWD": "demo"}
PHONE = "0912345678"
GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Http:
    """The HTTP API of a fake, as an account's client calls it."""

    def __init__(self, fake: FakeEvery8d) -> None:
        self.fake = fake

    def url(self, name: str) -> str:
        return f"{self.fake.url}/API21/HTTP/{name}.ashx"

    def response(self, name: str, values: Mapping[str, str], **headers: str) -> requests.Response:
        """POST a form as it is."""
        return requests.post(self.url(name), data=values, headers=headers, timeout=10)

    def __call__(self, name: str, **values: str) -> str:
        """POST a form of demo's: the body, which is of HTTP status 200."""
        response = self.response(name, DEMO | values)
        assert response.status_code == 200
        return response.content.decode()

    def json(self, name: str, body: Any, **headers: str) -> str:
        """POST JSON as it is: the body, which is of HTTP status 200, and JSON."""
        response = requests.post(self.url(name), json=body, headers=headers, timeout=10)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return response.content.decode()

    def send(self, mobile: str = PHONE, content: str = "hello", **values: str) -> str:
        """Send: the batch's ID."""
        return batch_id(self("sendSMS", DEST=mobile, MSG=content, **values))

    def token(self) -> str:
        """A token of demo's."""
        response = self.json("ConnectionHandler", {"HandlerType": 3, "VerifyType": 1, **DEMO})
        match = re.fullmatch(r'\{"Result":true,"Msg":"(.+)"\}', response)
        assert match
        return match[1]

    def messages(self, batch_id: str) -> list[Message]:
        return self.fake.gateway.messages(batch_id=batch_id)

    @property
    def advice(self) -> tuple[str, ...]:
        """The advice on the last request."""
        return tuple(self.fake.requests[-1].advice)


def batch_id(response: str) -> str:
    """The batch's ID in a response of the five fields."""
    match = re.search(GUID, response)
    assert match, response
    return match[0]


def exchange(url: str, request: bytes) -> tuple[bytes, bytes]:
    """Send bytes over a new socket; return the head and the body that come back."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as stream:
            head = _head(stream)
            while head.startswith(b"HTTP/1.1 100 "):
                head = _head(stream)
            length = re.search(rb"(?i)\ncontent-length: *([0-9]+)", head)
            assert length, head
            return head, stream.read(int(length[1]))


def _head(stream: Any) -> bytes:
    lines = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return b"".join(lines)
