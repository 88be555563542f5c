"""From `fake-every8d` typed to the first response, and back to how it was with `reset`."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from time import perf_counter

import urllib3

from benchmarks import servers
from benchmarks.constant import httpserver
from benchmarks.measuring import Result, in_turn, result
from benchmarks.posting import HEADERS, send_sms
from fake_every8d import FakeEvery8d

START = "fake-every8d, to the first response"
BESIDE: Mapping[str, Callable[[], AbstractContextManager[str]]] = {
    "mountebank, to the first response": servers.mountebank,
    "WireMock, to the first response": servers.wiremock,
    "node-soap, to the first response": servers.node_soap,
}
RESET = "reset, a message sent"
CLEAR = "pytest-httpserver's clear"


def run(quick: bool) -> list[Result]:
    """Aim: answered within a quarter of a second."""
    missing: dict[str, str] = {}

    def start(name: str, server: Callable[[], AbstractContextManager[str]]) -> Mapping[str, float]:
        begun = perf_counter()
        try:
            with server():
                return {name: perf_counter() - begun}
        except servers.Missing as reason:
            missing[name] = str(reason)
            return {}

    if not quick:  # compiling Python is no part of it, nor installing from npm
        for name, server in {START: servers.fake, **BESIDE}.items():
            start(name, server)
    started = in_turn(
        1 if quick else 9,
        partial(start, START, servers.fake),
        *[partial(start, name, server) for name, server in BESIDE.items() if name not in missing],
    )
    reset = in_turn(2 if quick else 9, partial(_resets, 5 if quick else 100))
    return [
        result(started, START, "ms", scale=1e3, at_most=250),
        *[
            Result(what=name, value=None, unit="ms", missing=missing[name])
            if name in missing
            else result(started, name, "ms", scale=1e3, beside=START)
            for name in BESIDE
        ],
        result(reset, RESET, "ms", scale=1e3, beside=CLEAR),
        result(reset, CLEAR, "ms", scale=1e3),
    ]


def _resets(times: int) -> Mapping[str, float]:
    """The seconds that one takes, each after a call by HTTP."""
    with FakeEvery8d() as fake, httpserver() as constant:
        seconds = dict.fromkeys((RESET, CLEAR), 0.0)
        for _ in range(times):
            key = fake.gateway.open_session("demo", "demo")
            for name, url, clear in (
                (RESET, fake.soap_url, fake.reset),
                (CLEAR, constant.url_for("/"), constant.clear_log),
            ):
                body = send_sms(key, "0912345678")
                assert urllib3.request("POST", url, body=body, headers=HEADERS).status == 200
                begun = perf_counter()
                clear()
                seconds[name] += (perf_counter() - begun) / times
        return seconds
