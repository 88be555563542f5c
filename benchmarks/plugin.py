"""What the pytest plugin costs a suite: one that does not use it, and one that does."""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

import urllib3

from benchmarks.measuring import Result, in_child, in_turn, per_call, result
from benchmarks.posting import CONTENT
from benchmarks.receiver import receiver
from fake_every8d import FakeEvery8d

PLUGIN = "fake_every8d"
UNUSED = "pytest, the plugin unused"
WITHOUT = f"pytest -p no:{PLUGIN}"
FIRST = "the fixture's first use"
LATER = "before and after each later test"
NEITHER = "the same for a test without it"
CYCLE = "start, send, report, stop"
THREADS = "threads that leaves"
SOCKETS = "sockets that leaves"

_PAIR = """
def test_with_{0}(every8d):
    key = every8d.gateway.open_session("demo", "demo")
    every8d.gateway.send_sms(key, "", "483920", "0912345678", "")

def test_without_{0}():
    pass
"""
_CONFTEST = """
import json

seconds = {}

def pytest_runtest_logreport(report):
    assert report.passed, report
    if report.when != "call":
        name = report.nodeid.rpartition("::")[2]
        seconds[name] = seconds.get(name, 0) + report.duration

def pytest_unconfigure():
    with open("seconds.json", "w") as file:
        json.dump(seconds, file)
"""


def run(quick: bool) -> list[Result]:
    """Unused (aim: 1.05 of without), the fixture (0.25 s, then 2 ms), and what a stop leaves."""
    if PLUGIN not in entry_points(group="pytest11").names:
        raise SystemExit("the plugin is not installed: pip install -e .")
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "test_nothing.py")
        suite.write_text("def test_nothing(): pass\n")
        starts = in_turn(
            2 if quick else 25,
            lambda: {UNUSED: per_call(partial(_pytest, suite), 1)},
            lambda: {WITHOUT: per_call(partial(_pytest, suite, "-p", f"no:{PLUGIN}"), 1)},
        )
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder, "test_fixture.py")
        suite.write_text("".join(map(_PAIR.format, range(5 if quick else 100))))
        suite.with_name("conftest.py").write_text(_CONFTEST)
        used = in_turn(1 if quick else 5, partial(_fixture, suite))
    cycles = 5 if quick else 50
    stopped = in_turn(1, partial(in_child, _start_and_stop, cycles))
    return [
        result(starts, UNUSED, "ms", scale=1e3, beside=WITHOUT, ratio_at_most=1.05),
        result(starts, WITHOUT, "ms", scale=1e3),
        result(used, FIRST, "ms", scale=1e3, at_most=250),
        result(used, LATER, "ms", scale=1e3, at_most=2),
        result(used, NEITHER, "ms", scale=1e3),
        result(stopped, CYCLE, "ms", scale=1e3),
        result(stopped, THREADS, f"of {cycles}", at_most=0),
        result(stopped, SOCKETS, f"of {cycles}", at_most=0),
    ]


def _pytest(suite: Path, *options: str) -> None:
    """Run a suite with no plugin but ours and pytest's own."""
    others = entry_points(group="pytest11").names - {PLUGIN}
    blocked = [option for name in sorted(others) for option in ("-p", f"no:{name}")]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *blocked, *options, suite],
        cwd=suite.parent,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _fixture(suite: Path) -> Mapping[str, float]:
    """How long setting up and tearing down takes, as pytest counts it."""
    _pytest(suite)
    seconds = json.loads(suite.with_name("seconds.json").read_text())
    first = seconds.pop("test_with_0")
    with_it = [seconds[name] for name in seconds if name.startswith("test_with_")]
    without = [seconds[name] for name in seconds if name.startswith("test_without_")]
    return {
        FIRST: first,
        LATER: statistics.median(with_it),
        NEITHER: statistics.median(without),
    }


def _start_and_stop(cycles: int) -> Mapping[str, float]:
    """Fakes one after the other, each called, and each reporting what it was sent."""
    with receiver() as url, urllib3.PoolManager() as pool:
        threads, sockets = threading.active_count(), _sockets()

        def cycle() -> None:
            with FakeEvery8d() as fake:
                fake.gateway.update_account("demo", report_url=url)
                assert pool.request("GET", fake.wsdl_url).status == 200
                key = fake.gateway.open_session("demo", "demo")
                fake.gateway.send_sms(key, "", CONTENT, "0912345678", "")
                fake.clock.advance(seconds=1)
                assert fake.reports[0].attempts

        seconds = per_call(cycle, cycles)
        pool.clear()
        # A thread that has nothing left to do still needs a moment to end.
        deadline = time.monotonic() + 1
        while threading.active_count() > threads and time.monotonic() < deadline:
            time.sleep(0.01)
        return {
            CYCLE: seconds,
            THREADS: threading.active_count() - threads,
            SOCKETS: _sockets() - sockets,
        }


def _sockets() -> int:
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of this very listing
            count += str(descriptor.readlink()).startswith("socket:")
    return count
