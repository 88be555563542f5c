"""`fake-every8d compare`: what it prints, its exit codes, and that it gives nobody away."""

import base64
import html
import inspect
import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from fake_every8d import Account, FakeEvery8d, Settings, cli
from fake_every8d.compare import comparison as comparing
from fake_every8d.compare import exchange
from fake_every8d.compare.command import PASSWORD as VARIABLE
from fake_every8d.compare.comparison import Comparison, addresses
from fake_every8d.compare.judging import Verdict
from tests.compare.servers import Received, Response, Server, always, in_front_of, with_body

USER, PASSWORD = "rabbit", "carrot-7"
HTML = "<!DOCTYPE html><html><body>Welcome to the hotel</body></html>"


def runner() -> CliRunner:
    """A runner that keeps standard error apart, as click 8.1 has to be told."""
    told = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(**({"mix_stderr": False} if told else {}))


def run(url: str, *options: str, password: str = PASSWORD, user_id: str = USER) -> Result:
    arguments = ["compare", "--url", url, "--user-id", user_id, "--pause", "0", *options]
    return runner().invoke(cli.cli, arguments, env={VARIABLE: password})


@pytest.fixture
def fake() -> Iterator[FakeEvery8d]:
    with FakeEvery8d(Settings(accounts=(Account(USER, PASSWORD, 250),))) as fake:
        yield fake


def test_all_the_same_is_exit_code_0(fake: FakeEvery8d) -> None:
    done = run(fake.url)
    assert done.exit_code == 0
    assert done.stderr == ""
    first, *lines = done.stdout.splitlines()
    assert re.fullmatch(
        r"Compares 127\.0\.0\.1:\d+ with a fake of edition 2016: 1\d\d calls, about a minute\.",
        first,
    )
    assert lines[0].startswith("Nothing is sent, booked, erased or changed: no call has both a num")
    assert "W2              same            SOAP: WSDL" in lines
    assert re.fullmatch(r"1\d\d same, 0 different, 0 not comparable\.", lines[-1])


def test_e1_differences_between_editions_suggest_the_edition(fake: FakeEvery8d) -> None:
    done = run(fake.url, "--edition", "2025")
    assert done.exit_code == 1
    text = done.stdout
    assert (
        "H6 E1           different       HTTP: wrong password\n"
        "                the text differs; bytes 20 e5 af 86 there, e5 af 86 e7 here\n"
        "                platform  200 text/plain; charset=utf-8  -101, 密碼錯誤。\n"
        "                fake      200 text/plain; charset=utf-8  -101,密碼錯誤\n"
    ) in text
    assert "the platform may follow another one, so try --edition." in text.splitlines()[-1]


def test_the_pause_is_between_the_calls_of_the_platform(
    fake: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(comparing.time, "sleep", pauses.append)
    done = run(fake.url, "--pause", "2.5")
    assert done.exit_code == 0
    assert "calls, about 7 minutes." in done.stdout
    assert {*pauses} == {2.5}
    assert len(pauses) == len(fake.requests) - 1


def test_the_process_ends_with_that_code_and_asks_for_the_password(fake: FakeEvery8d) -> None:
    command = [sys.executable, "-m", "fake_every8d", "compare", "--user-id", USER, "--pause=0"]
    done = subprocess.run(
        [*command, "--http-url", fake.http_url, "--edition=2021"],
        input="carrot-7\n",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={key: value for key, value in os.environ.items() if key != VARIABLE},
    )
    assert done.returncode == 1, done.stderr
    assert "Password:" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


@contextmanager
def hangs() -> Iterator[str]:
    with Server(lambda _, out: server.released.wait()) as server:
        yield server.url


@contextmanager
def is_slow() -> Iterator[str]:
    def dribble(_: Received, out: IO[bytes]) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.released.wait(0.01):
            out.write(b"x")

    with Server(dribble) as server:
        yield server.url


@contextmanager
def nobody_listens() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def says_nothing_of_tls() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def there_is_no_such_host() -> Iterator[str]:
    yield "http://nothing.invalid"


@contextmanager
def is_no_tls() -> Iterator[str]:
    with always(Response(200, "text/plain", b"")) as server:
        yield server.url.replace("http:", "https:")


@contextmanager
def has_a_certificate_of_its_own() -> Iterator[str]:
    with FakeEvery8d(tls=True) as fake:
        yield fake.url


@contextmanager
def writes(answer: bytes) -> Iterator[str]:
    with Server(lambda _, out: out.write(answer)) as server:
        yield server.url


@contextmanager
def responds(status: int, content_type: str, body: str, headers: str = "") -> Iterator[str]:
    with always(Response(status, content_type, body.encode(), headers)) as server:
        yield server.url


@contextmanager
def knows(**account: Any) -> Iterator[str]:
    account = {"user_id": USER, "password": PASSWORD} | account
    with FakeEvery8d(Settings(accounts=(Account(**account),))) as fake:
        yield fake.url


REASONS: list[tuple[Callable[[], Any], str]] = [
    (hangs, "accepted the call, but did not answer within 0.5 s: it hangs"),
    (is_slow, "began to answer, but was not done after 0.5 s: it is too slow"),
    (nobody_listens, "refuses connections: nothing listens there"),
    (there_is_no_such_host, "nothing.invalid: there is no host of that name, or no network"),
    (says_nothing_of_tls, "accepted the connection, but no TLS came within 0.5 s: it hangs"),
    (is_no_tls, "does not speak TLS: is the URL http://?"),
    (has_a_certificate_of_its_own, "its certificate is not trusted"),
    (lambda: writes(b""), "closed the connection without an answer"),
    (lambda: writes(b"220 smtp.example.com\r\n"), "does not answer in HTTP"),
    (
        lambda: writes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
        "closed the connection in the middle of its answer",
    ),
    (
        lambda: writes(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (exchange.LONGEST_ANSWER + 1)),
        "answers with more than 4 MiB: this is not the platform",
    ),
    (
        lambda: responds(302, "text/html", "", "Location: https://login.example.com/?a=b\r\n"),
        "it redirects to https://login.example.com",
    ),
    (
        lambda: responds(403, "text/html", "Request blocked. Your address is 203.0.113.9"),
        "something in front of the platform answers 403: the call is blocked, as CDNs block hosts",
    ),
    (lambda: responds(407, "text/html", ""), "answers 407: a proxy asks for a login"),
    (lambda: responds(429, "text/html", ""), "there are too many calls: give a longer --pause"),
    (lambda: responds(503, "text/html", ""), "answers 503: it is down"),
    (lambda: responds(500, "text/html", ""), ": it answers 500"),
    (
        lambda: responds(200, "text/html", HTML),
        "it answers with an HTML page: it is a captive portal of this network, or another kind",
    ),
    (
        lambda: responds(200, "text/plain", "hello"),
        "the answer is not a WSDL, so this is not EVERY8D",
    ),
    (
        lambda: responds(404, "text/html", ""),
        "there is no SOAP API at this path: the answer is 404",
    ),
    (lambda: knows(password="other"), "the platform says that the password is wrong; it was tried"),
    (lambda: knows(user_id="other"), "the platform knows no account of this user ID"),
    (lambda: knows(failed_logins=11), "the platform says that the account is locked"),
]


@pytest.mark.parametrize(("platform", "reason"), REASONS, ids=[reason for _, reason in REASONS])
def test_failed_comparison_is_exit_code_2_with_the_reason(
    platform: Callable[[], Any], reason: str
) -> None:
    with platform() as url:
        done = run(url, "--timeout", "0.5")
    assert done.exit_code == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert "203.0.113.9" not in done.output


def test_each_reason_is_another() -> None:
    assert len({reason for _, reason in REASONS}) == len(REASONS) > 20


def test_no_password_is_sent_to_who_is_not_the_platform() -> None:
    with always(Response(200, "text/html", HTML.encode())) as server:
        assert run(server.url).exit_code == 2
    assert len(server.received) == 2
    for request in server.received:
        assert USER not in request.target
        assert request.body == b""


def test_a3_a_password_that_is_wrong_is_tried_once() -> None:
    with FakeEvery8d(Settings(accounts=(Account(USER, "other"),))) as fake:
        assert run(fake.url).exit_code == 2
        assert fake.account.failed_logins == 1


def test_a_platform_that_goes_away_on_the_way_is_exit_code_2(fake: FakeEvery8d) -> None:
    def change(request: Received, response: Response) -> Response:
        return Response(403, "text/html", b"") if len(server.received) > 50 else response

    with in_front_of(fake, change) as server:
        done = run(server.url)
    assert done.exit_code == 2
    assert "3 calls in a row had no answer: something in front of the platform answers 403" in (
        done.stderr
    )


def test_tls_with_a_certificate_that_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeEvery8d(Settings(accounts=(Account(USER, PASSWORD),)), tls=True) as fake:
        monkeypatch.setenv("SSL_CERT_FILE", str(fake.ca_file))
        only = Comparison(addresses(None, fake.soap_url), USER, PASSWORD, edition="2016", pause=0)
        assert next(iter(only.findings())).verdict is Verdict.SAME


def test_apis_at_paths_of_their_own(fake: FakeEvery8d) -> None:
    """Dedicated platforms have one segment before the APIs' paths (H1)."""
    done = runner().invoke(
        cli.cli,
        ["compare", "--http-url", f"{fake.url}/prepaid/API21/HTTP", "--user-id", USER, "--pause=0"],
        env={VARIABLE: PASSWORD},
    )
    assert done.exit_code == 0
    assert "SOAP: " not in done.stdout
    done = runner().invoke(
        cli.cli,
        ["compare", "--soap-url", fake.soap_url, "--user-id", USER, "--pause=0"],
        env={VARIABLE: PASSWORD},
    )
    assert done.exit_code == 0
    assert "HTTP: " not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Missing option '--url': the platform, such as https://new.e8d.tw"),
        (["--url", "http://127.0.0.1"], "Missing option '--user-id': the user ID of an account"),
        (["--url", "new.e8d.tw", "--user-id", "x"], "must be like https://new.e8d.tw, without us"),
        (
            ["--url", "http://a:b@c", "--user-id", "x"],
            "must be like https://new.e8d.tw, without us",
        ),
        (["--url", "http://a", "--user-id", "x\0"], "has characters that XML does not allow"),
        (["--url", "http://a", "--user-id", "x", "--pause", "-1"], "--pause"),
        (["--password", "x"], "No such option"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], complaint: str) -> None:
    done = runner().invoke(cli.cli, ["compare", *arguments], env={VARIABLE: "secret"})
    assert done.exit_code == 2
    assert complaint in done.stderr


def test_the_password_goes_unencrypted_by_http() -> None:
    for url, told in {
        "http://192.0.2.1": True, "https://192.0.2.1": False, "http://127.0.0.1": False,
    }.items():  # fmt: skip
        comparison = Comparison(addresses(url), USER, PASSWORD, edition="2016")
        assert ("unencrypted" in comparison.announcement) is told


def test_check_knows_its_variables() -> None:
    def check(**environment: str) -> Result:
        return runner().invoke(cli.cli, ["check"], env=environment)

    assert check(**{VARIABLE: "x"}, FAKE_EVERY8D_COMPARE_URL="https://new.e8d.tw").exit_code == 0
    wrong = check(FAKE_EVERY8D_COMPARE_PASWORD="x")
    assert wrong.exit_code == 2
    assert f"did you mean {VARIABLE}?" in wrong.stderr


def test_no_password_is_told() -> None:
    done = run("http://127.0.0.1:1", password="")
    assert done.exit_code == 2
    assert f"no password was given: set {VARIABLE}" in done.stderr


# --- what is kept, and read again


def test_the_result_is_kept_and_says_what_it_means_for_each_clause(
    fake: FakeEvery8d, tmp_path: Path
) -> None:
    def change(request: Received, response: Response) -> Response:
        if "ConnectionHandler" in request.target:
            return Response(403, "text/html", b"")
        if b"closeConnection" in request.body:
            return with_body(response, response.body.replace(b">-1<", b">0<"))
        return response

    kept = tmp_path / "result.json"
    with in_front_of(fake, change) as server:
        # One call after another of it is blocked, and others are in between.
        monkeypatched = pytest.MonkeyPatch()
        with monkeypatched.context() as patch:
            patch.setattr(comparing, "_UNANSWERED_IN_A_ROW", 100)
            assert run(server.url, "--json", str(kept)).exit_code == 1
    host = server.url.removeprefix("http://")
    result = json.loads(kept.read_text("utf-8"))
    assert (result["host"], result["edition"]) == (host, "2016")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", result["date"])
    done = runner().invoke(cli.cli, ["compare", "--read", str(kept)])
    assert done.exit_code == 0
    lines = {line.partition(":")[0]: line for line in done.stdout.splitlines()}
    on = f"on {result['date']} at {host}, edition 2016"
    assert lines["W1"] == f"W1: confirmed by 1 of 1 probes, {on}"
    assert lines["A5"] == (
        f"A5: refuted by 2 of 4 probes, {on}: SOAP, close no session: the code is 0 there, and -1 "
        "here; bytes 30 3c 2f 63 there, 2d 31 3c 2f here; SOAP, close it again: the code is 0 "
        "there, and -1 here; bytes 30 3c 2f 63 there, 2d 31 3c 2f here"
    )
    assert re.match(r"H7: confirmed by \d of 12 probes|H7: not comparable: something", lines["H7"])
    assert [*lines] == sorted(lines, key=lambda name: ("WANPSDRTEHX".index(name[0]), int(name[1:])))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON"),
        ("[]", "is not a result of compare --json"),
        ('{"host": "x"}', "'date' is missing"),
        ('{"host": 1}', "host must be text"),
        (
            '{"host":"x","date":"x","edition":"x","version":"x","findings":[{"clauses":["w"]}]}',
            "findings[1]: clauses must be a list of names such as W3",
        ),
        (
            '{"host":"x","date":"x","edition":"x","version":"x",'
            '"findings":[{"clauses":["W1"],"verdict":"maybe"}]}',
            "findings[1]: verdict must be one of same, different, not comparable",
        ),
    ],
)
def test_invalid_result_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    kept = tmp_path / "result.json"
    kept.write_text(text, "utf-8")
    done = runner().invoke(cli.cli, ["compare", "--read", str(kept)])
    assert done.exit_code == 2
    assert complaint in done.stderr


# --- secrets


ODD_USER, ODD_PASSWORD = "兔子 &Co/<0912>", "密碼+\"'\\%20ok=😀"
CREDIT = "73519.25"


def spellings(secret: str) -> dict[str, str]:
    """The ways in which a platform may write a text that must not be shown."""
    utf8 = secret.encode()
    ways = {
        secret,
        secret.upper(),
        quote(secret),
        quote(secret, safe="").lower(),
        quote(quote(secret, safe=""), safe=""),
        quote(secret.replace(" ", "+"), safe="+"),
        "".join(f"%{byte:02X}" for byte in utf8),
        html.escape(secret),
        html.escape(html.escape(secret)),
        "".join(f"&#{ord(character)};" for character in secret),
        "".join(f"&#x{ord(character):X};" for character in secret),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        secret.encode("unicode_escape").decode(),
        repr(utf8)[2:-1],
        utf8.hex(),
        utf8.hex(" ").upper(),
        utf8.decode("latin-1"),
        "".join(
            f"%u{unit:04x}" for unit in struct.unpack(f">{len(utf16(secret)) // 2}H", utf16(secret))
        ),
    }
    # Of Base64 the ends depend on what stands before and after.
    return {way: way for way in ways} | {
        encoded: encoded[4:-4]
        for encoded in (
            base64.b64encode(utf8).decode(),
            base64.b64encode(b"x:" + utf8 + b":").decode(),
            base64.urlsafe_b64encode(b"x" + utf8).decode(),
        )
    }


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


def blabbing(secrets: set[str], keys: set[str]) -> Callable[[Received, Response], Response]:
    """A server whose answer has every secret in every spelling, whatever was asked."""

    def change(request: Received, response: Response) -> Response:
        if response.status != 200 or request.method == "HEAD" or "SMS.asmx?" in request.target:
            return response
        told = " | ".join([*keys, *sorted(way for each in secrets for way in spellings(each))])
        echo = " ".join((request.body.decode("latin-1"), request.target))
        # Late enough that the first bytes are still those of the platform.
        body = response.body + f" {told} {echo} your address is 203.0.113.9".encode()
        return with_body(response, body)

    return change


def test_no_secret_is_in_any_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(ODD_USER, ODD_PASSWORD, Decimal(CREDIT))
    kept = tmp_path / "result.json"
    # However much of an answer is shown.
    monkeypatch.setattr("fake_every8d.compare.judging._AROUND", 100_000)
    with FakeEvery8d(Settings(accounts=(account,))) as fake:
        keys: set[str] = set()
        told: set[str] = set()

        def change(request: Received, response: Response) -> Response:
            text = response.body.decode("utf-8", "replace")
            keys.update(re.findall(r"SESSION_KEY&gt;(\w+)", text))
            keys.update(re.findall(r'"Msg":"([\w-]{20,})"', text))
            if text == CREDIT and request.method == "POST":
                told.add(CREDIT)
                return response  # or the password would be taken for a wrong one
            return blabbing({ODD_USER, ODD_PASSWORD, *told}, keys)(request, response)

        with in_front_of(fake, change) as server:
            done = run(server.url, "--json", str(kept), user_id=ODD_USER, password=ODD_PASSWORD)
        assert done.exit_code == 1, done.output
    assert " different" in done.stdout
    assert len(keys) > 10
    everything = done.output + done.stderr + kept.read_text("utf-8")
    read = runner().invoke(cli.cli, ["compare", "--read", str(kept)])
    everything += read.output
    for name, secret in {"user": ODD_USER, "password": ODD_PASSWORD, "credit": CREDIT}.items():
        for spelling in spellings(secret).values():
            assert spelling.lower() not in everything.lower(), (name, spelling)
    for key in keys:
        assert key not in everything
    assert "203.0.113.9" not in everything
    assert "{user ID}" in everything
    assert "{password}" in everything


def test_no_secret_is_in_an_error_of_our_own(
    fake: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"cannot judge {PASSWORD} of {USER}")

    monkeypatch.setattr(comparing, "judge", fail)
    done = run(fake.url)
    assert done.exit_code == 2
    assert "which is a bug in fake-every8d: ValueError in test_command.py, line " in done.stderr
    assert PASSWORD not in done.output
    assert USER not in done.output


def test_an_interrupt_closes_what_was_opened(
    fake: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparing, "judge", interrupt)
    done = run(fake.url)
    assert done.exit_code == 2
    assert "interrupted; all sessions and tokens have been closed" in done.stderr
