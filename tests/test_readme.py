"""Every example in README.md, run."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fake_every8d import FakeEvery8d, cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
PYTHON = [code for language, code in BLOCKS if language == "python"]
SHELL = [code for language, code in BLOCKS if language == "sh"]
SERVED = "http://127.0.0.1:8021"


@pytest.fixture
def served() -> Iterator[FakeEvery8d]:
    with FakeEvery8d() as fake:
        yield fake


@pytest.mark.parametrize("code", [code for code in PYTHON if "def test_" in code])
def test_a_test_passes(code: str, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(code, "utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        check=True,
        cwd=tmp_path,
    )


@pytest.mark.parametrize("code", [code for code in PYTHON if "def test_" not in code])
def test_a_script_runs(code: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


@pytest.mark.parametrize("script", [code for code in SHELL if SERVED in code and "curl" in code])
def test_curl_is_answered(script: str, served: FakeEvery8d) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(SERVED, served.url)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.stdout
    assert served.requests
    assert all(request.status < 400 for request in served.requests)


@pytest.mark.parametrize("settings", [code for language, code in BLOCKS if language == "toml"])
def test_a_settings_file_is_accepted(settings: str, tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(settings, "utf-8")
    subprocess.run(
        [sys.executable, "-m", "fake_every8d", "check", "accounts.toml"], check=True, cwd=tmp_path
    )


@pytest.mark.parametrize("text", [code for language, code in BLOCKS if language == "yaml"])
def test_a_pipeline_asks_for_what_the_image_has(text: str) -> None:
    image = (ROOT / "Dockerfile").read_text("utf-8")
    assert yaml.safe_load(text)
    for file in re.findall(r":(/[^:\s]+\.toml)", text):
        assert f" {file}\n" in image
    assert set(re.findall(r"\b8021\b", text)) == {"8021"}
    assert "EXPOSE 8021" in image
    options = {f"FAKE_EVERY8D_{parameter.name}".upper() for parameter in cli.serve.params}
    assert set(re.findall(r"FAKE_EVERY8D_[A-Z_]+", text)) <= options


def test_the_first_two_commands_are_what_ci_runs() -> None:
    serve, test = SHELL[:2]
    assert serve.endswith("&& .venv/bin/fake-every8d\n")
    assert test.endswith("&& .venv/bin/pytest -n auto\n")
    assert all(command.count("\n") == 1 for command in (serve, test))


def test_powershell_has_the_same_commands() -> None:
    """Each without the ends of lines and the paths that are a POSIX shell's."""
    powershell = [code for language, code in BLOCKS if language == "powershell"]
    for posix, windows in zip(SHELL[:2], powershell, strict=True):
        assert windows == (
            posix.replace("python3", "py").replace(" &&", ";")
            .replace(".venv/bin/", ".venv\\Scripts\\")
        )  # fmt: skip


def test_links_lead_to_files() -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
