"""Errors of connections: in words, and in a word for programs."""

import http.client
import socket
import ssl
from typing import get_args

import pytest

from fake_every8d.gateway.outbox import NoResponseReason
from fake_every8d.outgoing.connections import no_response
from tests.web.test_openapi import DESCRIBED

FAILED_TLS = ssl.SSLError(1, "wrong version")
FAILED_TLS.reason = "WRONG_VERSION_NUMBER"  # as OpenSSL's own have one

CASES: list[tuple[BaseException, str | None, str]] = [
    (ConnectionRefusedError(), "refused", "refused the connection"),
    (socket.gaierror(-2, "No such name"), "unknown_host", "is not known: No such name"),
    (TimeoutError(), "timeout", "timed out: no response within 10 s"),
    (FAILED_TLS, "tls", "failed in TLS: WRONG_VERSION_NUMBER"),
    (BrokenPipeError(), "closed", "closed the connection before it had responded"),
    (http.client.BadStatusLine("SSH"), "not_http", "did not respond in HTTP: SSH"),
    (OSError("no route"), None, "failed: no route"),
]


@pytest.mark.parametrize(("error", "reason", "words"), CASES)
def test_r4_why_there_was_no_response(error: BaseException, reason: str | None, words: str) -> None:
    said = no_response("receiver:80", error, 10)
    assert said.reason == reason
    assert str(said).startswith(f"receiver:80 {words}")


def test_r4_reasons_are_those_of_the_description() -> None:
    reasons = [*get_args(NoResponseReason)]
    assert DESCRIBED["components"]["schemas"]["NoResponseReason"]["enum"] == reasons
    # The other one is of a receiver in this process (R9).
    assert {reason for _, reason, _ in CASES} == {*reasons, None} - {"raised"}
