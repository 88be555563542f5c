"""Rounds that take turns, and the rows that come of them."""

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from operator import truediv
from pathlib import Path
from typing import Any

Rounds = Mapping[str, list[float]]
"""The measurements of each round, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A row of the table: a value, what it is beside, and what was aimed at."""

    what: str
    value: float | None
    """The median of the rounds; None if it could not be measured here."""
    unit: str
    beside: str | None = None
    """The row that this one is compared to."""
    ratio: float | None = None
    """The median of each round's own ratio to `beside`, in which a slow spell cancels out."""
    at_most: float | None = None
    """The aim, for the value."""
    ratio_at_most: float | None = None
    """The aim, for the ratio."""
    ratio_at_least: float | None = None
    missing: str | None = None
    """The reason why it could not be measured."""

    @property
    def aim(self) -> str:
        """The aim, in words; empty without one."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g} {self.unit}"
        if self.ratio_at_most is not None:
            return f"≤ {self.ratio_at_most:g} ×"
        return "" if self.ratio_at_least is None else f"≥ {self.ratio_at_least:g} ×"

    @property
    def met(self) -> bool | None:
        """True if the aim was met; None without one."""
        if self.value is not None and self.at_most is not None:
            return self.value <= self.at_most
        if self.ratio is not None and self.ratio_at_most is not None:
            return self.ratio <= self.ratio_at_most
        if self.ratio is not None and self.ratio_at_least is not None:
            return self.ratio >= self.ratio_at_least
        return None


def per_call(call: Callable[[], object], times: int) -> float:
    """The seconds that one of `times` calls takes."""
    begun = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begun) / times


def in_turn(rounds: int, *measures: Callable[[], Mapping[str, float]]) -> Rounds:
    """Take turns, A B A B …; each returns what it has measured, by name."""
    measured: dict[str, list[float]] = {}
    for _ in range(rounds):
        for measure in measures:
            gc.collect()  # of what the others have left behind
            for name, value in measure().items():
                measured.setdefault(name, []).append(value)
    return measured


def result(
    rounds: Rounds,
    what: str,
    unit: str,
    *,
    scale: float = 1,
    beside: str | None = None,
    at_most: float | None = None,
    ratio_at_most: float | None = None,
    ratio_at_least: float | None = None,
) -> Result:
    """A row; `scale` turns what was measured into `unit`."""
    values = rounds[what]
    return Result(
        what=what,
        value=statistics.median(values) * scale,
        unit=unit,
        beside=beside,
        ratio=None if beside is None else statistics.median(map(truediv, values, rounds[beside])),
        at_most=at_most,
        ratio_at_most=ratio_at_most,
        ratio_at_least=ratio_at_least,
    )


TABLE = "| | measured | beside | aim | |\n|---|---:|---|---|---|"
"""The head of a table in Markdown."""


def table(name: str, results: Iterable[Result]) -> str:
    """A benchmark's rows, as a part of that table."""
    rows = [(f"**{name}**", "", "", "", "")]
    for row in results:
        value = "-" if row.value is None else f"{_rounded(row.value)} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.3g} × {row.beside}"
        met = "" if row.met is None else "met" if row.met else "not met"
        rows.append((row.what, value, row.missing or ratio, row.aim, met))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    layout = "| {{:{}}} | {{:>{}}} | {{:{}}} | {{:{}}} | {{:{}}} |".format(*widths)
    return "\n".join(layout.format(*row) for row in rows)


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """A benchmark's rows as JSON has them."""
    return [asdict(row) | {"aim": row.aim, "met": row.met} for row in results]


def machine() -> dict[str, Any]:
    """The machine of the figures, and how busy it was with other things."""
    return {
        "cpus": os.cpu_count(),
        "model": _cpu_model(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def in_child(measure: Callable[..., Mapping[str, float]], *arguments: int) -> dict[str, float]:
    """The result of a function of a module, in a process of its own."""
    script = (
        f"import json; from {measure.__module__} import {measure.__name__} as measure;"
        f"print(json.dumps(measure(*{arguments})))"
    )
    process = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    measured: dict[str, float] = json.loads(process.stdout)
    return measured


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
