"""Every example in README and docs/: run, or read by what would run it.

Of a page in Chinese, those that differ from its English page's by more than comments.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement

from fake_every8d import FakeEvery8d, cli
from tests.clients.tools import require
from tests.pages import PAGES, ROOT, Example, english, examples, name
from tests.suite import UNUSED
from tests.web.serving import DEADLINE, call


def tried_in_english(page: Path, example: Example) -> bool:
    return page != english(page) and example.uncommented in {
        each.uncommented for each in examples(english(page))
    }


EXAMPLES = [
    example
    for page in PAGES
    for example in examples(page)
    if not example.title and not tried_in_english(page, example)
]
QUOTES = [example for page in PAGES for example in examples(page) if example.title]
SHOWN = {"text", "js", "java", "go", "csharp"}
"""The languages that are not tried: output, and those of which only quotations from tests are."""

SERVED = "http://127.0.0.1:8021"
REPOSITORY = "git+$REPOSITORY"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
VARIABLES = {f"FAKE_EVERY8D_{parameter.name}".upper() for parameter in cli.serve.params}


def of(language: str) -> list[Example]:
    return [example for example in EXAMPLES if example.language == language]


def logical_lines(code: str) -> list[str]:
    return [line for line in code.replace("\\\n", " ").splitlines() if shlex.split(line, True)]


def is_for_a_server(code: str) -> bool:
    """True if it is only curl, and variables for it."""
    lines = [shlex.split(line, comments=True) for line in logical_lines(code)]
    return all(words[0] == "curl" or re.match(r"\w+=", words[-1]) for words in lines)


CURL = {
    page: [
        example.code
        for example in of("sh")
        if example.page == page and is_for_a_server(example.code)
    ]
    for page in map(name, PAGES)
}
COMMANDS = [
    (example.page, line)
    for example in of("sh")
    if not is_for_a_server(example.code)
    for line in logical_lines(example.code)
]


def test_every_example_is_in_a_language_that_is_tried() -> None:
    tried = {"python", "sh", "powershell", "toml", "yaml"}
    # Run by tests/clients/test_trust.py, test_fixed_hosts.py and test_generated.py; a page in
    # Chinese has the same.
    pages = {each.page.replace(".zh-TW", "") for each in of("bash")}
    assert pages == {"docs/tls.md", "docs/fixed-hosts.md", "docs/json-api.md"}
    tried.add("bash")
    assert {example.language for example in EXAMPLES} - tried <= SHOWN


@pytest.mark.parametrize("example", QUOTES, ids=lambda quote: f"{quote.page}: {quote.title}")
def test_quoted_code_is_in_its_file(example: Example) -> None:
    assert example.title
    assert example.code in (ROOT / example.title).read_text("utf-8")


@pytest.mark.parametrize(
    "page", sorted({example.page for example in of("python") if "def test_" in example.code})
)
def test_its_tests_pass(page: str, tmp_path: Path) -> None:
    written = [each for each in of("python") if each.page == page and "def test_" in each.code]
    for number, example in enumerate(written):
        (tmp_path / f"test_{number}.py").write_text(example.code, "utf-8")
    options = ["-q", *UNUSED, "--strict-markers", "-k", "not trio"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "example",
    [example for example in of("python") if "def test_" not in example.code],
    ids=lambda example: example.page,
)
def test_a_script_runs(example: Example, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", example.code], check=True, cwd=tmp_path)


@pytest.fixture
def served() -> Iterator[FakeEvery8d]:
    """One that has an SMS, a booking and a request already, and reports to itself."""
    with FakeEvery8d() as fake:
        fake.update_account("demo", report_url=f"{fake.url}/healthz")
        key = fake.gateway.platform.open_session("demo", "demo")
        fake.gateway.platform.send_sms(key, "", "hello 483920", "0912345678", "")
        fake.gateway.platform.send_sms(
            key, "", "your code is 246810", "0912345678", "20980101000000"
        )
        call(fake.url, "getCredit", sessionKey=key)
        yield fake


@pytest.mark.parametrize("page", [page for page, scripts in CURL.items() if scripts])
def test_its_curls_are_answered(page: str, served: FakeEvery8d) -> None:
    """From top to bottom, as somebody would who follows the page."""
    require("jq")
    script = "".join(CURL[page]).replace(SERVED, served.url)
    done = subprocess.run(
        [
            require("bash"),
            "-euo",
            "pipefail",
            "-c",
            f'curl() {{ "{require("curl")}" -sS --fail "$@"; }}\n{script}',
        ],
        env={key: value for key, value in os.environ.items() if "proxy" not in key.lower()},
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout
    assert all(request.status < 400 for request in served.requests)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_is_right(
    page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(line, comments=True)
    while re.match(r"[A-Z_0-9]+=", words[0]):
        variable, _, value = words.pop(0).partition("=")
        assert variable in (*VARIABLES, "FAKE_EVERY8D_URL")
        monkeypatch.setenv(variable, value)
    match words:
        case ["fake-every8d", *arguments]:
            monkeypatch.chdir(tmp_path)
            is_accepted(arguments)
        case ["python3", *_]:
            assert page in ("README.md", "README.zh-TW.md")  # test_readme.py, and CI, which runs it
        case ["pytest"]:
            uses_the_fake_elsewhere(tmp_path, monkeypatch)
        case ["pip", "install", "--no-deps", what]:
            is_ours(what)
        case ["pip", "wheel", *rest]:
            assert rest == ["--no-deps", "--wheel-dir", "dist", "."]  # .ci/packages runs it
        case ["pip", "install", what] | ["uv", "add", "--dev", what] | ["uvx", what]:
            is_ours(what)
        case ["docker", "build", *rest]:
            assert rest == ["-t", "fake-every8d", "."]
        case ["docker", "network", "create", _]:
            pass
        case ["docker", "tag", "fake-every8d", "$IMAGE"] | ["docker", "push", "$IMAGE"]:
            pass
        case ["docker", "run", *arguments]:
            is_for_the_image(arguments, line)
        case _:
            pytest.fail(f"nothing here knows how to try this: {line}")


def uses_the_fake_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pytest with `FAKE_EVERY8D_URL`, which says where the fake is."""
    with FakeEvery8d() as fake:
        url = os.environ["FAKE_EVERY8D_URL"].replace(SERVED, fake.url)
        monkeypatch.setenv("FAKE_EVERY8D_URL", url)
        code = f"def test_it(every8d):\n    assert every8d.url == {fake.url!r}\n"
        (folder / "test_it.py").write_text(code, "utf-8")
        command = [sys.executable, "-m", "pytest", *UNUSED]
        subprocess.run(command, check=True, cwd=folder, timeout=DEADLINE)


def is_accepted(arguments: list[str]) -> None:
    """Options of `fake-every8d`, in a folder that has the files that they name."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path("cert.pem")
    certificate.private_key_pem.write_to_path("key.pem")
    Path("accounts.toml").write_bytes((ROOT / "fixtures" / "accounts.toml").read_bytes())
    if arguments[:1] == ["compare"]:
        Path("result.json").touch()
        cli.compare.make_context("compare", arguments[1:])
        return
    if arguments[:1] in (["health"], ["ca"]):
        cli.cli.commands[arguments[0]].make_context(arguments[0], arguments[1:])
        return
    if arguments[:1] in (["serve"], ["check"]):
        arguments = arguments[1:]
    done = CliRunner().invoke(cli.cli, ["check", *arguments])
    assert done.exit_code == 0, done.output


def is_ours(what: str) -> None:
    """The argument of an installer: the wheel, or a requirement with known extras."""
    if what == "dist/fake_every8d-*.whl":
        return
    requirement = Requirement(what)
    assert requirement.name == PROJECT["name"]
    assert requirement.extras <= PROJECT["optional-dependencies"].keys()
    assert requirement.url in (None, REPOSITORY)


def is_for_the_image(arguments: list[str], text: str) -> None:
    image = next(word for word in arguments if word in ("fake-every8d", "$IMAGE"))
    is_accepted_by_the_image(text)
    assert arguments[arguments.index(image) + 1 :] == []


def is_accepted_by_the_image(text: str) -> None:
    """Its port, its settings, and the files that are mounted over its own."""
    for file in re.findall(r":(/[^:\s]+\.toml)", text):
        assert f" {file}\n" in DOCKERFILE
    assert set(re.findall(r"\b8021\b", text)) == {"8021"}
    assert "EXPOSE 8021" in DOCKERFILE
    assert set(re.findall(r"FAKE_EVERY8D_[A-Z_]+", text)) <= VARIABLES


@pytest.mark.parametrize("example", of("yaml"), ids=lambda example: example.page)
def test_a_pipeline_asks_for_what_the_image_has(example: Example) -> None:
    assert yaml.safe_load(example.code)
    is_accepted_by_the_image(example.code)


def commands(pipeline: dict[str, Any]) -> str:
    """The commands that the jobs of GitHub or GitLab run if nothing fails, one a line."""
    found: list[str] = []
    for job in pipeline.get("jobs", pipeline).values():
        found += [
            each["run"] for each in job.get("steps", ()) if "run" in each and "if" not in each
        ]
        found += [*job.get("before_script", ()), *job.get("script", ())]
    return "\n".join(found)


@pytest.mark.parametrize(
    "example",
    [each for each in of("yaml") if "pip install" in each.code],
    ids=lambda example: example.page,
)
def test_a_pipeline_without_an_image_serves(example: Example, tmp_path: Path) -> None:
    """All but the installation, and with a request in the place of `make test`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    lines = commands(yaml.safe_load(example.code)).splitlines()
    (installation,) = [line for line in lines if line.startswith("pip ")]
    is_ours(shlex.split(installation)[-1])
    assert lines.pop() == "make test"
    lines.remove(installation)
    (url,) = re.findall(r'SMS_URL: "(\S+)"', example.code)
    curl = f'"{require("curl")}" -sSf --noproxy "*" "{url.replace("8021", port)}?WSDL"'
    done = subprocess.run(
        [require("bash"), "-euc", "\n".join(["trap 'kill $!' EXIT", *lines, curl])],
        cwd=tmp_path,
        env=os.environ
        | {
            "FAKE_EVERY8D_PORT": port,
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "fake-every8d.log").read_text("utf-8")
    assert "<wsdl:definitions" in done.stdout


@pytest.mark.parametrize("example", of("powershell"), ids=lambda example: example.page)
def test_powershell_says_what_the_shell_says(example: Example) -> None:
    """But for the ends of lines and the paths that are a POSIX shell's."""
    assert example.code in [
        each.code.replace("python3", "py")
        .replace(" &&", ";")
        .replace(".venv/bin/", ".venv\\Scripts\\")
        for each in of("sh")
        if each.page == example.page
    ]


@pytest.mark.parametrize("example", of("toml"), ids=lambda example: example.page)
def test_a_settings_file_is_accepted(example: Example, tmp_path: Path) -> None:
    if "tool" in tomllib.loads(example.code):
        (tmp_path / "pyproject.toml").write_text(example.code, "utf-8")
        (tmp_path / "accounts.toml").write_bytes((ROOT / "fixtures/accounts.toml").read_bytes())
        (tmp_path / "test_it.py").write_text("def test_it(every8d):\n    every8d.account", "utf-8")
        command = ["pytest", *UNUSED, "--strict-config"]
    else:
        (tmp_path / "accounts.toml").write_text(example.code, "utf-8")
        command = ["fake_every8d", "check", "accounts.toml"]
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=tmp_path)
