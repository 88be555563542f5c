"""`sendSMS` over HTTP to `serve`, under load, beside servers that answer a constant."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urljoin

import urllib3

from benchmarks import servers
from benchmarks.measuring import Result, in_turn, result
from benchmarks.posting import CONTENT, HEADERS, TNS, envelope, send_sms
from fake_every8d.http_api import PATH

FAKE = "fake-every8d"
HTTP_API = "fake-every8d, HTTP API"
BESIDE: Mapping[str, Callable[[], AbstractContextManager[str]]] = {
    "node-soap": servers.node_soap,
    "mountebank": servers.mountebank,
    "WireMock": servers.wiremock,
    "PHP SoapServer": servers.php,
    "pytest-httpserver": servers.httpserver,
    "granian, five bytes": servers.granian,
}
CONNECTIONS = (1, 4, 16)
AIMS = {  # how many times as fast as the fake the others may be
    **{("mountebank", connections): 1.0 for connections in CONNECTIONS},
    **{("WireMock", connections): 1.0 for connections in CONNECTIONS},
    **{("pytest-httpserver", connections): 1.0 for connections in CONNECTIONS},
    ("node-soap", 4): 1.18,  # the fake at 0.85 of it
}

HTTP_API_AIMS = {4: 1.0}
"""How many times as fast as node-soap the HTTP API is to be."""

_ACCOUNT = '[[account]]\nuser_id = "demo"\npassword = "demo"\ncredit = 1000000000\n'
_FORM = {
    "UID": "demo", "PWD": "demo", "SB": "註冊", "MSG": CONTENT, "DEST": "0912345678", "ST": "",
}  # fmt: skip
_TYPES = {"xml": "text/xml; charset=utf-8", "form": "application/x-www-form-urlencoded"}
"""By the name of the file that is sent."""
_SCRIPT = Path(__file__).with_name("post.lua")


def run(quick: bool) -> list[Result]:
    """Responses a second by each, in turn, beside the fake; the HTTP API's beside node-soap."""
    wanted = (4,) if quick else CONNECTIONS
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        accounts, soap, form = (folder / name for name in ("accounts.toml", "xml", "form"))
        accounts.write_text(_ACCOUNT)
        urls = {FAKE: stack.enter_context(servers.fake("--accounts", str(accounts)))}
        urls[HTTP_API] = urljoin(urls[FAKE], f"{PATH}sendSMS.ashx")
        for name, server in BESIDE.items():
            try:
                urls[name] = stack.enter_context(server())
            except servers.Missing as reason:
                missing[name] = str(reason)
        caller = _Caller(urls[FAKE])
        soap.write_bytes(send_sms(caller.session_key, "0912345678"))
        form.write_text(urlencode(_FORM))

        def load(name: str, connections: int) -> Mapping[str, float]:
            credit = caller.credit()
            body = form if name == HTTP_API else soap
            responses, seconds = _wrk(urls[name], body, connections)
            if name in (FAKE, HTTP_API):
                assert credit - caller.credit() >= responses  # each has sent a message
                caller.settle()
            return {_row(name, connections): responses / seconds}

        try:
            rounds = in_turn(
                1 if quick else 5,
                *[partial(load, name, number) for number in wanted for name in urls],
            )
        except servers.Missing as reason:
            missing = dict.fromkeys((FAKE, HTTP_API, *BESIDE), str(reason))
    rows = []
    for connections in wanted:
        beside = _row(FAKE, connections)
        for name in (FAKE, HTTP_API, *BESIDE):
            row = _row(name, connections)
            if name in missing:
                rows.append(Result(what=row, value=None, unit="/s", missing=missing[name]))
            elif name == FAKE:
                rows.append(result(rounds, row, "/s"))
            elif name == HTTP_API:
                node = None if "node-soap" in missing else _row("node-soap", connections)
                aim = HTTP_API_AIMS.get(connections) if node else None
                rows.append(result(rounds, row, "/s", beside=node, ratio_at_least=aim))
            else:
                aim = AIMS.get((name, connections))
                rows.append(result(rounds, row, "/s", beside=beside, ratio_at_most=aim))
    return rows


def _row(name: str, connections: int) -> str:
    return f"{name}, {connections} connection{'s' if connections > 1 else ''}"


def _wrk(url: str, body: Path, connections: int) -> tuple[int, float]:
    """How many responses, and in how many seconds. Raises `servers.Missing`."""
    command = [servers.need("wrk"), "-t1", f"-c{connections}", "-d1s", "-s", str(_SCRIPT), url]
    environment = os.environ | {"BODY": str(body), "TYPE": _TYPES[body.name]}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    measured = json.loads(run.stdout.splitlines()[-1])
    assert not measured["failed"], run.stdout
    return measured["responses"], measured["microseconds"] / 1e6


class _Caller:
    """Whoever is logged in at the fake."""

    def __init__(self, url: str) -> None:
        self._url = url
        login = self._call("getConnection", userID="demo", password="demo")
        session_key = re.search("SESSION_KEY&gt;([^&]+)&lt;", login)
        assert session_key is not None
        self.session_key = session_key[1]

    def credit(self) -> float:
        """Points left."""
        points = re.search("<getCreditResult>([0-9.]+)<", self._call("getCredit"))
        assert points is not None
        return float(points[1])

    def settle(self) -> None:
        """Let what was sent be delivered now, and not in another server's turn."""
        clock = urljoin(self._url, "/fake/clock")
        assert urllib3.request("POST", clock, json={"advance_seconds": 1}).status == 200

    def _call(self, operation: str, **parameters: str) -> str:
        if operation != "getConnection":
            parameters["sessionKey"] = self.session_key
        headers = HEADERS | {"SOAPAction": TNS + operation}
        body = envelope(operation, **parameters)
        return urllib3.request("POST", self._url, body=body, headers=headers).data.decode()
