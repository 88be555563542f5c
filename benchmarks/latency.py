"""The share of a call that is the fake's, from the clients that people use.

The share is the processor time of `serve`, the system's part included, over the time that the
client waits for the call.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.measuring import Result, in_turn, result
from benchmarks.products import Client, Product

_FOLDER = Path(__file__).parent
_PYTHON = """
import json, sys, time
client, url, key, calls = *sys.argv[1:4], int(sys.argv[4])
if client == "zeep":
    import zeep
    service = zeep.Client(f"{url}/API21/SOAP/SMS.asmx?WSDL").service
    def send():
        assert service.sendSMS(key, "", "483920", "0912345678", "").count(",") == 4
else:
    import requests
    session = requests.Session()
    form = {"UID": "demo", "PWD": "demo", "MSG": "483920", "DEST": "0912345678"}
    def send():
        assert session.post(f"{url}/API21/HTTP/sendSMS.ashx", form).text.count(",") == 4
send()
begun = time.perf_counter()
for _ in range(calls):
    send()
print(json.dumps((time.perf_counter() - begun) / calls))
"""
_AIMS = {"zeep": 15}
"""The share, in per cent."""


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure one `sendSMS` after the other, over a kept connection."""
    product, calls = products[0], 10 if quick else 300
    missing: dict[str, str] = {}
    clients = ("zeep", "requests", "node-soap", "PHP SoapClient")
    commands: dict[str, Callable[[], list[str]]] = {
        "node-soap": lambda: [peers.node(), str(_FOLDER / "node" / "latency.js")],
        "PHP SoapClient": lambda: [_php(), str(_FOLDER / "latency.php")],
    }
    ready: dict[str, list[str]] = {}
    for name in clients:
        try:
            ready[name] = (
                commands[name]() if name in commands else [product.python, "-c", _PYTHON, name]
            )
        except peers.Missing as reason:
            missing[name] = str(reason)
    with product.serving() as (process, url), Client(url) as client:

        def measure(name: str) -> Mapping[str, float]:
            before = _processor_seconds(process.pid)
            command = [*ready[name], url, client.session_key, str(calls)]
            run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            seconds: float = json.loads(run.stdout)
            ours = (_processor_seconds(process.pid) - before) / (calls + 1)
            return {_call(name): seconds, _share(name): ours / seconds}

        rounds = in_turn(1 if quick else 5, *[partial(measure, name) for name in ready])
    rows = []
    for name in clients:
        if name in missing:
            rows.append(Result(what=_call(name), value=None, unit="µs", missing=missing[name]))
            continue
        rows.append(result(rounds, _call(name), "µs", scale=1e6))
        rows.append(result(rounds, _share(name), "%", scale=100, at_most=_AIMS.get(name)))
    return rows


def _call(client: str) -> str:
    return f"a call from {client}"


def _share(client: str) -> str:
    return f"ours of a call from {client}"


def _php() -> str:
    program = peers.need("php")
    modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout
    if "soap" not in modules.split():
        raise peers.Missing("php-soap is not installed")
    return program


def _processor_seconds(pid: int) -> float:
    """The processor time of a process's threads so far, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
