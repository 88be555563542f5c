"""The benchmarks run. How fast anything is, no test asks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["call", "batch", "clock", "reports", "memory", "plugin"])
def test_a_quick_run_prints_its_rows_and_writes_them_as_json(name: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick", "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(file.read_text())
    assert report["quick"] is True
    assert report["machine"]["cpus"] >= 1
    (rows,) = report["benchmarks"].values()
    assert rows
    for row in rows:
        assert row["what"] in run.stdout
        assert row["unit"] in run.stdout
        assert isinstance(row["value"], int | float)
        assert row["value"] >= 0
        assert (row["beside"] is None) == (row["ratio"] is None)
        assert row["met"] is None or row["aim"] in run.stdout


def test_an_unknown_name_is_a_usage_error() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "call" in run.stderr
