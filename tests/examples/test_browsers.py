"""The recipes for browser tests: a page texts a code, which the test reads from the JSON API."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect, sync_playwright

from fake_every8d import FakeEvery8d
from tests.clients.tools import require, unavailable
from tests.waiting import wait_for
from tests.web.api import Api
from tests.web.serving import DEADLINE

RECIPES = Path(__file__).with_name("browser")


def chromium_program() -> str:
    return shutil.which("chromium-headless-shell") or require("chromium")


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def answers(port: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(port))) == 0


def run(command: list[str], folder: Path, **variables: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
        timeout=4 * DEADLINE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_playwright_test(tmp_path: Path) -> None:
    node, npm = require("node"), require("npm")
    chromium = chromium_program()
    project = shutil.copytree(RECIPES, tmp_path / "browser")
    installation = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        timeout=4 * DEADLINE,
    )
    if installation.returncode:
        unavailable(f"npm ci failed: {installation.stderr}")
    port = free_port()
    with FakeEvery8d() as fake:
        run(
            [node, "node_modules/@playwright/test/cli.js", "test", "--workers=1"],
            project,
            CHROMIUM=chromium,
            FAKE_EVERY8D_URL=fake.url,
            PORT=port,
            SMS_URL=fake.http_url,
        )
        assert [request.status for request in fake.requests] == [503]  # the last test's


def test_playwright_for_python(every8d: FakeEvery8d) -> None:
    """A wait blocks, though Playwright's event loop runs in this thread: nothing here can await."""
    node, chromium = require("node"), chromium_program()
    port = free_port()
    app = subprocess.Popen(
        [node, "app.mjs"],
        cwd=RECIPES,
        env=os.environ | {"PORT": port, "SMS_URL": every8d.http_url},
    )
    try:
        wait_for(lambda: answers(port))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.get_by_label("phone").fill("0912345678")
            page.get_by_role("button").click(no_wait_after=True)
            sms = every8d.wait_for_message(to="0912345678", timeout=DEADLINE)
            every8d.clock.advance(seconds=1)
            assert sms.code
            page.get_by_label("code").fill(sms.code)
            page.get_by_role("button").click()
            expect(page.get_by_text("Welcome")).to_be_visible()
            with pytest.raises(AssertionError, match="no message to 0922333444"):
                every8d.wait_for_message(to="0922333444", timeout=0.01)
            browser.close()
    finally:
        app.kill()
        app.wait()


def test_cypress() -> None:
    """Its program cannot be had from npm: the file is JavaScript, and what it asks for is there."""
    recipe = RECIPES / "signup.cy.js"
    run([require("node"), "--check", recipe.name], RECIPES)
    text = recipe.read_text("utf-8")
    (path,) = re.findall(r"url: `\$\{FAKE\}/(\S+)`", text)
    (query,) = re.findall(r"qs: \{(.*)\}", text)
    values = re.findall(r'(\w+): "?(\w+)"?', query)
    (member,) = re.findall(r'its\("body\.(\w+)"\)', text)
    with FakeEvery8d() as fake:
        fake.send("驗證碼 483920", to="0912345678")
        assert Api(fake.url).get(f"{path}?{urlencode(values)}")[member] == "483920"
