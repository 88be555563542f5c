"""Calls a second, by wrk over 1, 4 and 16 kept connections, beside fakes of other services."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import peers
from benchmarks.measuring import Result, in_turn, result
from benchmarks.products import Client, Product, json_api
from benchmarks.requests import FORM, HEADERS, HTTP_PATH, SOAP_PATH, send_sms

_CEILING = "five bytes, the ceiling"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SCRIPT = Path(__file__).with_name("load.lua")
_AIMS = {1: 1.0, 4: 0.83, 16: 0.83}
"""The most times as fast as the fake that others may be, by the number of connections."""


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure `sendSMS` by both APIs, and what each of the others does in its place."""
    connections = (4,) if quick else tuple(_AIMS)
    ours = [f"{product.name}, {api}" for product in products for api in ("SOAP", "HTTP API")]
    missing: dict[str, str] = {}
    targets: dict[str, peers.Target] = {}
    clients: dict[str, Client] = {}
    with ExitStack() as stack:
        for product in products:
            _, url = stack.enter_context(product.serving())
            client = stack.enter_context(Client(url))
            soap = send_sms(client.session_key, "0912345678")
            for target in (
                peers.Target(url + SOAP_PATH, soap, HEADERS),
                peers.Target(f"{url}{HTTP_PATH}sendSMS.ashx", FORM, _FORM),
            ):
                name = ours[len(targets)]
                targets[name], clients[name] = target, client
        for name, peer in {**peers.PEERS, _CEILING: peers.ceiling}.items():
            try:
                targets[name] = stack.enter_context(peer())
            except peers.Missing as reason:
                missing[name] = str(reason)

        def load(name: str, number: int) -> Mapping[str, float]:
            target, client = targets[name], clients.get(name)
            credit = client.credit() if client else 0
            responses, seconds = _wrk(target, number, 1 if quick else 2)
            if client:
                assert credit - client.credit() >= responses  # each has sent a message
                # It is delivered now, and not in another server's turn.
                json_api(target.url.partition("/API21")[0], "POST", "clock", {"advance_seconds": 1})
            peers.forget(target)
            return {_row(name, number): responses / seconds}

        try:
            rounds = in_turn(
                1 if quick else 5,
                *[partial(load, name, number) for number in connections for name in targets],
            )
        except peers.Missing as reason:
            missing = dict.fromkeys([*ours, *peers.PEERS, _CEILING], str(reason))
            rounds = {}
    rows = []
    for number in connections:
        for name in [*ours, *peers.PEERS, _CEILING]:
            row = _row(name, number)
            if name in missing:
                rows.append(Result(what=row, value=None, unit="/s", missing=missing[name]))
            elif name in ours:
                others = ours[ours.index(name) + 2 :]
                beside = _row(others[0], number) if others else None
                aim = 1.15 if others else None
                rows.append(result(rounds, row, "/s", beside=beside, ratio_at_least=aim))
            else:
                aim = _AIMS[number] if name in peers.PEERS else None
                beside = _row(ours[0], number)
                rows.append(result(rounds, row, "/s", beside=beside, ratio_at_most=aim))
    return rows


def _row(name: str, connections: int) -> str:
    return f"{name}, {connections} connection{'s' if connections > 1 else ''}"


def _wrk(target: peers.Target, connections: int, seconds: int) -> tuple[int, float]:
    """The number of responses, and in how many seconds. Raises `Missing`."""
    wrk = peers.need("wrk")
    with TemporaryDirectory() as folder:
        body = Path(folder, "body")
        body.write_bytes(target.body)
        headers = "\n".join(f"{name}: {value}" for name, value in target.headers.items())
        run = subprocess.run(
            [
                wrk,
                "-t1",
                f"-c{connections}",
                f"-d{seconds}s",
                "-s",
                _SCRIPT,
                target.url,
            ],
            env=os.environ | {"BODY": str(body), "HEADERS": headers},
            capture_output=True,
            text=True,
            check=True,
        )
    measured = json.loads(run.stdout.splitlines()[-1])
    assert not measured["failed"], run.stdout
    return measured["responses"], measured["microseconds"] / 1e6
