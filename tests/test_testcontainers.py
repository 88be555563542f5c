"""`Every8dContainer`, with testcontainers itself, against an engine that runs no containers.

Where there is a Docker engine and the image `fake-every8d`, the last test runs that. Everywhere,
`Engine` speaks as much of Docker's API as it takes to start a container, and runs the command
that the image would run as a process.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from testcontainers.core.config import ConnectionMode, testcontainers_config

from fake_every8d.testcontainers import Every8dContainer
from tests.waiting import wait_for


class Engine(ThreadingHTTPServer):
    """As much of a Docker engine as `docker create` and `docker start` need."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.created: dict[str, Any] = {}
        """The body with which the container was created, in Docker's own words."""
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def run(self) -> None:
        """Run what the image's ENTRYPOINT would, with what the container was given."""
        environment = dict(pair.split("=", 1) for pair in self.created.get("Env", []))
        for bind in self.created["HostConfig"].get("Binds", []):
            host, inside, _ = bind.split(":")
            assert inside == "/etc/fake-every8d/accounts.toml"
            environment["FAKE_EVERY8D_ACCOUNTS"] = host
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fake_every8d", "--port", "0"],
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = next(line for line in self.process.stdout if "://" in line)
        found = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
        assert found
        self.port = int(found[1])

    def remove(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=30)
            self.process = None


class _Api(BaseHTTPRequestHandler):
    server: Engine

    def _respond(self, status: int, response: object) -> None:
        body = json.dumps(response).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            self._respond(200, {"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "25"})
        else:
            ports = {"8021/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(self.server.port)}]}
            state = {"Status": "running", "Running": True}
            shown = {"Id": "c0ffee", "State": state, "NetworkSettings": {"Ports": ports}}
            self._respond(200, shown | {"Config": {}, "HostConfig": {}, "Name": "/every8d"})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/containers/create" in self.path:
            self.server.created = json.loads(sent)
            self._respond(201, {"Id": "c0ffee", "Warnings": []})
        else:
            assert "/start" in self.path, self.path
            self.server.run()
            self._respond(204, None)

    def do_DELETE(self) -> None:
        self.server.remove()
        self._respond(204, None)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    with Engine() as engine:
        thread = threading.Thread(target=engine.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{engine.server_port}")
        monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
        monkeypatch.setattr(testcontainers_config, "tc_host_override", "127.0.0.1")
        mode = ConnectionMode.docker_host  # and no guess at where this very process runs
        monkeypatch.setattr(testcontainers_config, "connection_mode_override", mode)
        yield engine
        engine.remove()
        engine.shutdown()
        thread.join()


def test_it_is_ready_when_it_has_started_and_tells_where_it_is(engine: Engine) -> None:
    with Every8dContainer() as every8d:
        assert requests.get(f"{every8d.url}/healthz", timeout=30).status_code == 200
        assert every8d.url == f"http://127.0.0.1:{engine.port}"
        assert every8d.soap_url == f"{every8d.url}/API21/SOAP/SMS.asmx"
        assert "<wsdl:definitions" in requests.get(every8d.wsdl_url, timeout=30).text
        assert every8d.http_url == f"{every8d.url}/API21/HTTP/"
        assert engine.created["Image"] == "fake-every8d"
        assert engine.created["ExposedPorts"] == {"8021/tcp": {}}
    wait_for(lambda: engine.process is None)


@pytest.mark.parametrize("by", ["setting", "file"])
def test_its_url_is_https_where_tls_is_on(engine: Engine, tmp_path: Path, by: str) -> None:
    accounts = tmp_path / "ours.toml"
    accounts.write_text(f"[settings]\ntls = {str(by == 'file').lower()}\n", "utf-8")
    settings = {"tls": True, "tls_name": "sms.test api.e8d.tw"} if by == "setting" else {}
    with Every8dContainer(accounts=accounts, **settings) as every8d:
        assert every8d.url == f"https://127.0.0.1:{engine.port}"
        assert every8d.soap_url.startswith(f"{every8d.url}/")
        assert every8d.plain_url == f"http://127.0.0.1:{engine.port}"
        ca_file = tmp_path / "ca.pem"
        pem = requests.get(f"{every8d.plain_url}/fake/ca.pem", timeout=30).content
        ca_file.write_bytes(pem)
        assert requests.get(every8d.wsdl_url, verify=str(ca_file), timeout=30).status_code == 200


def test_accounts_and_settings_get_there(engine: Engine, tmp_path: Path) -> None:
    accounts = tmp_path / "ours.toml"
    accounts.write_text('[[account]]\nuser_id = "shop"\npassword = "s3cret"\n', "utf-8")
    with Every8dContainer(
        "registry.example.com/fake-every8d:1", accounts=accounts, delivery_seconds=0.5
    ) as every8d:
        shown = requests.get(f"{every8d.url}/fake/accounts", timeout=30).json()["accounts"]
        assert [account["user_id"] for account in shown] == ["shop"]
        assert engine.created["Image"] == "registry.example.com/fake-every8d:1"
        assert engine.created["Env"] == ["FAKE_EVERY8D_DELIVERY_SECONDS=0.5"]


def test_with_the_image_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = shutil.which("docker")
    command = [str(docker), "image", "inspect", "fake-every8d"]
    if docker is None or subprocess.run(command, capture_output=True, timeout=30).returncode:
        pytest.skip("there is no Docker engine here, or no image fake-every8d in it")
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    with Every8dContainer() as every8d:
        assert requests.get(f"{every8d.url}/healthz", timeout=30).status_code == 200


def test_without_the_extra_the_error_names_it() -> None:
    code = "import sys; sys.modules['testcontainers'] = None; import fake_every8d.testcontainers"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: Every8dContainer needs testcontainers: "
        "pip install 'fake-every8d[testcontainers]'"
    )
