"""Starts: `serve`, the pytest fixture, a reset, and a suite that does not use the plugin."""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks import peers
from benchmarks.measuring import Result, in_turn, result
from benchmarks.products import Product, json_api

_SERVE = "serve, to the first response"
_FIRST = "the fixture's first use"
_LATER = "the fixture, before and after each later test"
_RESET = "reset after a message"
_UNUSED = "pytest, the plugin unused"
_WITHOUT = "pytest -p no:fake_every8d"
_AIMS = {_SERVE: 200, _FIRST: 150, _RESET: 0.1}  # ms

_SUITE = """
import time
import requests

SECONDS = []

def test_0(every8d):
    pass

def use(every8d):
    form = {"UID": "demo", "PWD": "demo", "MSG": "483920", "DEST": "0912345678"}
    requests.post(every8d.http_url + "sendSMS.ashx", form)
    begun = time.perf_counter()
    every8d.reset()
    SECONDS.append(time.perf_counter() - begun)
""" + "".join(f"\ndef test_{number}(every8d): use(every8d)\n" for number in range(1, 51))
_CONFTEST = """
import json, statistics, sys

seconds = {}

def pytest_runtest_logreport(report):
    assert report.passed, report
    if report.when != "call":
        name = report.nodeid.rpartition("::")[2]
        seconds[name] = seconds.get(name, 0) + report.duration

def pytest_unconfigure():
    suite = next(m for name, m in sys.modules.items() if name.endswith("test_fixture"))
    with open("seconds.json", "w") as file:
        json.dump([seconds, statistics.median(suite.SECONDS)], file)
"""


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure each in turn; of other fakes, their start."""
    missing: dict[str, str] = {}

    def start(name: str) -> Mapping[str, float]:
        begun = perf_counter()
        with peers.PEERS[name]():
            return {_started(name): perf_counter() - begun}

    for name, peer in peers.PEERS.items():
        try:
            with peer():  # which installs it, and compiles it
                pass
        except peers.Missing as reason:
            missing[name] = str(reason)
    used = in_turn(
        1 if quick else 9,
        *[partial(_serve, product) for product in products],
        *[partial(_fixture, product) for product in products],
        *[partial(start, name) for name in peers.PEERS if name not in missing],
    )
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "test_nothing.py")
        suite.write_text("def test_nothing(): pass\n")
        unused = in_turn(
            2 if quick else 25,
            lambda: {_UNUSED: _pytest(products[0], suite)},
            lambda: {_WITHOUT: _pytest(products[0], suite, "-p", "no:fake_every8d")},
        )
    rows = []
    for what in (_SERVE, _FIRST, _LATER, _RESET):
        of = [f"{product.name}: {what}" for product in products]
        beside = of[1] if len(of) > 1 else None
        rows.append(result(used, of[0], "ms", scale=1e3, beside=beside, at_most=_AIMS.get(what)))
        rows += [result(used, other, "ms", scale=1e3) for other in of[1:]]
    beside = f"{products[0].name}: {_SERVE}"
    for name in peers.PEERS:
        if name in missing:
            rows.append(Result(what=_started(name), value=None, unit="ms", missing=missing[name]))
        else:
            rows.append(result(used, _started(name), "ms", scale=1e3, beside=beside))
    return [
        *rows,
        result(unused, _UNUSED, "ms", scale=1e3, beside=_WITHOUT, ratio_at_most=1.05),
        result(unused, _WITHOUT, "ms", scale=1e3),
    ]


def _started(peer: str) -> str:
    return f"{peer}, to the first response"


def _serve(product: Product) -> Mapping[str, float]:
    begun = perf_counter()
    with product.serving() as (_, url):
        json_api(url, "GET", "state")
        return {f"{product.name}: {_SERVE}": perf_counter() - begun}


def _fixture(product: Product) -> Mapping[str, float]:
    """The seconds of setting up and tearing down, as pytest counts them, and of a reset."""
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "test_fixture.py")
        suite.write_text(_SUITE)
        suite.with_name("conftest.py").write_text(_CONFTEST)
        _pytest(product, suite)
        seconds, reset = json.loads(suite.with_name("seconds.json").read_text())
    first = seconds.pop("test_0")
    measured = {_FIRST: first, _LATER: statistics.median(seconds.values()), _RESET: reset}
    return {f"{product.name}: {what}": value for what, value in measured.items()}


def _pytest(product: Product, suite: Path, *options: str) -> float:
    """Run a suite with no plugin but the fake's and pytest's own; the seconds it takes."""
    code = (
        "import sys, pytest; from importlib.metadata import entry_points;"
        "names = entry_points(group='pytest11').names - {'fake_every8d'};"
        "blocked = [option for name in sorted(names) for option in ('-p', 'no:' + name)];"
        "sys.exit(pytest.main([*sys.argv[1:], *blocked]))"
    )
    command = [product.python, "-c", code, "-q", "-p", "no:cacheprovider", *options, str(suite)]
    begun = perf_counter()
    subprocess.run(command, cwd=suite.parent, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - begun
