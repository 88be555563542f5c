"""Clients that are made from the description by the commands of docs/json-api.md, and used.

Each is told the same by a program of `generated/`, and shows what it got in lines of JSON.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from fake_every8d import FakeEvery8d, Settings
from fake_every8d.gateway import TAIPEI
from tests.pages import ROOT, sections

from .tools import environment, install, npm_ci, require

FOLDER = Path(__file__).with_name("generated")
DEADLINE = 240  # seconds, on a machine that is busy

(BLOCK,) = sections(ROOT / "docs/json-api.md")["Clients from the description"]
TSC = "tsc --strict --target es2022 --module commonjs --skipLibCheck"
USES = {
    "openapi-python-client": "PYTHONPATH=client python with_openapi_python_client.py",
    "-g python": "PYTHONPATH=client python with_openapi_generator.py",
    "-g typescript-fetch": f"{TSC} with_typescript_fetch.ts; node with_typescript_fetch.js",
    # The generator's program has the Jackson in it that its Java needs.
    "-g java": 'javac -nowarn -proc:none -cp "$GENERATOR" -d classes'
    ' $(find client/src/main -name "*.java") Generated.java WithJava.java;'
    ' java -cp "$GENERATOR:classes" WithJava',
    "openapi-typescript": f"{TSC} with_openapi_typescript.ts; node with_openapi_typescript.js",
}
"""The use of each command's result, by a part of that command."""

NOON = datetime(2026, 1, 31, 12, tzinfo=TAIPEI)
SEEN = [
    ["shop", 12.5, None],
    # 1 point for 10 characters, sent at 04:01 UTC.
    ["483920", 0, 1, None, 1_769_832_060],
    ["*", "http_error", 503, None],
    ["+886987654321", 103, 1],
    [404, "not_found", "unknown"],
    [409, "conflict", "taken"],
    [400, "bad_request", "to"],
]


@pytest.fixture(scope="session")
def generators() -> dict[str, str]:
    """The environment in which there are the generators that `generated/` asks for."""
    for tool in ("java", "javac", "node"):
        require(tool)
    if not (os.environ.get("CI") or (ROOT / ".venv-generators").exists()):
        pytest.skip("the generators take 170 MB and a minute to install: set CI=true to try them")
    npm_ci(FOLDER)
    venv = ROOT / ".venv-generators"
    python = str(venv / "bin" / "python")
    install(
        FOLDER / "requirements.txt",
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [python, "-m", "pip", "install", "-q", "-r", "requirements.txt"],
        last=venv / "installed",
    )
    (generator,) = venv.glob("lib/*/site-packages/openapi_generator_cli/*.jar")
    path = f"{venv / 'bin'}:{FOLDER / 'node_modules' / '.bin'}"
    return {"PATH": path, "GENERATOR": str(generator)}


def shell(script: str, folder: Path, generators: dict[str, str], **variables: str) -> str:
    variables |= {
        "GENERATOR": generators["GENERATOR"],
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",  # so short a run is over before C2 pays
    }
    done = subprocess.run(
        [require("bash"), "-euo", "pipefail", "-c", f'PATH="{generators["PATH"]}:$PATH"; {script}'],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_commands_are_tried() -> None:
    assert [[part for part in USES if part in command] for command in BLOCK.code.splitlines()] == [
        [part] for part in USES
    ]


@pytest.mark.parametrize("command", BLOCK.code.splitlines(), ids=[*USES])
def test_a_generated_client_works(command: str, generators: dict[str, str], tmp_path: Path) -> None:
    """Times and points are values, choices have names, and errors have their type."""
    for program in FOLDER.iterdir():
        if program.suffix in (".py", ".ts", ".java"):
            shutil.copy(program, tmp_path)
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    with FakeEvery8d() as fake:
        shell(command.replace("http://127.0.0.1:8021", fake.url), tmp_path, generators)
    with FakeEvery8d(Settings(now=NOON), api_token="let me in") as fake:
        fake.clock.freeze()
        fake.clock.travel_to(NOON + timedelta(minutes=1))
        sms = {"UID": "demo", "PWD": "demo", "MSG": "驗證碼 483920", "DEST": "0912345678"}
        urllib3.request("POST", f"{fake.http_url}sendSMS.ashx?{urlencode(sms)}")

        (use,) = [use for part, use in USES.items() if part in command]
        shown = shell(use, tmp_path, generators, FAKE=fake.url, TOKEN="let me in")
        assert [json.loads(line) for line in shown.splitlines()] == SEEN
        # In the end it resets everything.
        assert [account.user_id for account in fake.accounts] == ["demo"]
        assert (fake.messages, fake.failures, fake.outcomes) == ([], [], [])
