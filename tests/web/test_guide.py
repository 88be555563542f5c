"""The text at `/fake/`: its curls work as they are printed, and it is guarded as the rest is."""

import subprocess

import pytest
import urllib3

from fake_every8d import Account, FakeEvery8d, Settings
from tests.clients.tools import require
from tests.web.serving import DEADLINE


def read(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, timeout=DEADLINE)


def curls(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    curl ")]


def test_its_curls_work_as_printed() -> None:
    with FakeEvery8d() as fake:
        response = read(f"{fake.url}/fake/")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        printed = curls(response.data.decode())
        assert len(printed) == 7
        curl = f"'{require('curl')}' -sS --fail --noproxy '*'"
        for line in printed:
            done = subprocess.run(
                ["bash", "-c", line.replace("curl", curl, 1)],
                capture_output=True,
                encoding="utf-8",
                timeout=DEADLINE,
            )
            assert (done.returncode, done.stderr) == (0, ""), line
            if "/fake/messages?" in line:
                assert '"code": "483920"' in done.stdout
            if "/fake/failures" in line:
                assert [failure.status for failure in fake.failures] == [503]
        assert fake.messages == []  # the last one is a reset


def test_it_names_every_place() -> None:
    with FakeEvery8d() as fake:
        text = read(f"{fake.url}/fake/").data.decode()
        for place in (fake.soap_url, fake.wsdl_url, fake.http_url, f"{fake.url}/fake/openapi.json"):
            assert place in text
        assert "Accounts: demo (1000 points); demo's password is demo\n" in text


def test_it_gives_the_public_url() -> None:
    with FakeEvery8d(public_url="https://sms.example.com/") as fake:
        text = read(f"{fake.url}/fake/").data.decode()
        assert all(" https://sms.example.com/" in line.replace("'", "") for line in curls(text))
        assert fake.url not in text


@pytest.mark.parametrize("account", [Account("shop", "s3cret"), Account("demo", "s3cret")])
def test_it_shows_no_password_but_demos_own(account: Account) -> None:
    with FakeEvery8d(Settings(accounts=(account,))) as fake:
        text = read(f"{fake.url}/fake/").data.decode()
        assert "s3cret" not in text
        assert f"Accounts: {account.user_id} (1000 points)\n" in text
        assert "-d UID=USER_ID -d PWD=PASSWORD" in text


def test_it_is_found_without_the_slash() -> None:
    with FakeEvery8d() as fake:
        response = read(f"{fake.url}/fake")
        assert (response.status, response.headers["Location"]) == (308, "/fake/")


def test_it_is_guarded() -> None:
    with FakeEvery8d(api_token="t0ken") as fake:
        assert read(f"{fake.url}/fake/").status == 401
        assert read(f"{fake.url}/fake/", Authorization="Bearer t0ken").status == 200
        assert read(f"{fake.url}/fake/", Host="evil.example").status == 403


def test_only_get_and_head_are_taken() -> None:
    with FakeEvery8d() as fake:
        assert urllib3.request("POST", f"{fake.url}/fake/", timeout=DEADLINE).status == 405
