"""The benchmarks run. How fast anything is, no test asks; beside other fakes they run in CI."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measuring import Result

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_quick_run_prints_its_rows_and_writes_them_as_json(name: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--alone", "--quick", "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
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
        assert row["met"] is None or row["aim"] in run.stdout
        if row["missing"] is not None:
            assert row["missing"] in run.stdout
            assert row["value"] is None
            # CI has what the others are compared to, so that no comparison is lost.
            assert not os.environ.get("CI"), row["missing"]
            continue
        assert row["unit"] in run.stdout
        assert isinstance(row["value"], int | float)
        assert row["value"] >= 0
        assert (row["beside"] is None) == (row["ratio"] is None)


@pytest.mark.parametrize(("at_most", "exit_code"), [(2.0, 0), (1.0, 1)])
def test_check_fails_if_an_aim_is_not_met(
    at_most: float, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Result(what="three halves", value=1.5, unit="s", at_most=at_most)
    monkeypatch.setitem(BENCHMARKS, "large", lambda products, quick: [row])
    run = CliRunner().invoke(main, ["large", "--check"])
    assert run.exit_code == exit_code
    assert ("not met: three halves (aim: ≤ 1 s)" in run.output) == bool(exit_code)


def test_an_unknown_name_is_a_usage_error() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 2
    assert "ratios" in run.stderr


def test_a_row_says_what_the_machine_lacks(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "http", "--alone", "--quick", "--json", str(file)],
        cwd=ROOT,
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    rows = json.loads(file.read_text())["benchmarks"]["http"]
    assert {row["missing"] for row in rows} == {"wrk is not installed"}
    assert "wrk is not installed" in run.stdout


def test_another_environment_is_measured_in_turn(tmp_path: Path) -> None:
    """Its rows stand below this one's, which are beside them."""
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "large", "--quick"]
    subprocess.run([*command, "--beside", sys.executable, "--json", file], cwd=ROOT, check=True)
    ours, other, *_ = json.loads(file.read_text())["benchmarks"]["large"]
    assert (ours["what"], ours["beside"]) == ("fake-every8d: sendSMS to 2,000", other["what"])
    assert other["what"] == "the other: sendSMS to 2,000"
