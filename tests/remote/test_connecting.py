"""`FakeEvery8d.connect`: where it finds a fake, and what it says where there is none."""

import asyncio
import http.client
import http.server
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests

from fake_every8d import Conflict, FakeEvery8d, InvalidInput, NotFound, PlatformError
from tests.fakes import PHONE
from tests.receiver import Hang, Receiver


@pytest.fixture
def here() -> Iterator[FakeEvery8d]:
    """The fake itself."""
    with FakeEvery8d() as fake:
        yield fake


@contextmanager
def served(body: bytes, content_type: str, status: int = 200) -> Iterator[str]:
    """The URL of a server that always gives this response."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("end", ["", "/"])
def test_its_addresses_are_those_that_were_given(here: FakeEvery8d, end: str) -> None:
    with FakeEvery8d.connect(here.url + end) as every8d:
        assert isinstance(every8d, FakeEvery8d)
        assert every8d.start() is every8d
        assert every8d.url == every8d.plain_url == here.url
        assert every8d.wsdl_url == here.wsdl_url
        assert repr(every8d) == f"<FakeEvery8d at {here.url}, elsewhere>"
    assert here.accounts  # it goes on


@pytest.mark.parametrize("place", ["argument", "user", "password"])
def test_a_token_stands_in_the_url_or_beside_it(place: str) -> None:
    with FakeEvery8d(api_token="s/3@t") as fake:
        written = {"user": "s%2F3%40t@", "password": "any:s%2F3%40t@"}.get(place, "")
        url = fake.url.replace("//", f"//{written}")
        token = "s/3@t" if place == "argument" else None
        every8d = FakeEvery8d.connect(url, token=token)
        assert every8d.messages == []
        assert every8d.url == fake.url  # for applications, which have no need to know it
        for wrong in (fake.url, fake.url.replace("//", "//x@")):
            with pytest.raises(PermissionError, match=r"takes its API token: .*token=…") as error:
                FakeEvery8d.connect(wrong)
            assert fake.url in str(error.value)


def test_nothing_is_there(here: FakeEvery8d) -> None:
    url = here.url
    every8d = FakeEvery8d.connect(url)
    here.stop()
    for use in (lambda: every8d.messages, lambda: FakeEvery8d.connect(url)):
        with pytest.raises(ConnectionError, match=f"^there is no fake-every8d at {url}: .*refused"):
            use()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "what"),
    [
        (b"<html>Welcome", "text/html", 200, "HTTP 200, text/html"),
        (b"<html>Not found", "text/html", 404, "HTTP 404, text/html"),
        (b'{"detail": "Not Found"}', "application/json", 404, "HTTP 404, application/json"),
        (b'["a list"]', "application/json", 200, "HTTP 200, application/json"),
        (b'{"info": {"title": "Petstore", "version": "1.0.0"}}', "application/json", 200, "HTTP"),
    ],
)
def test_something_else_is_there(body: bytes, content_type: str, status: int, what: str) -> None:
    with served(body, content_type, status) as url:
        complaint = f"^there is no fake-every8d at {url}, or one of another version: .*{what}"
        with pytest.raises(ConnectionError, match=complaint):
            FakeEvery8d.connect(url)


def test_another_version_is_there() -> None:
    with (
        served(
            b'{"info": {"title": "fake-every8d", "version": "0.9.1"}}', "application/json"
        ) as url,
        pytest.raises(ConnectionError, match=r"version 0\.9\.1, and here is fake-every8d 1\.0\.0"),
    ):
        FakeEvery8d.connect(url)


@pytest.mark.parametrize("url", ["127.0.0.1:8021", "ftp://x", "http://", "http://x:99999", "", "x"])
def test_no_url(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"^url must be like http://127\.0\.0\.1:8021, not '"):
        FakeEvery8d.connect(url)


def test_a_secret_in_a_url_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as error:
        FakeEvery8d.connect("http://s3cret@x:99999")
    assert "s3cret" not in str(error.value)


def test_tls_is_trusted_by_a_ca_that_can_be_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeEvery8d(tls=True) as fake:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(ConnectionError, match="SSL_CERT_FILE"):
            FakeEvery8d.connect(fake.url)
        every8d = FakeEvery8d.connect(fake.plain_url)
        assert every8d.ca_file.read_bytes() == fake.ca_file.read_bytes()
        ssl.create_default_context(cafile=every8d.ca_file)
        monkeypatch.setenv("SSL_CERT_FILE", str(every8d.ca_file))
        by_tls = FakeEvery8d.connect(fake.url)
        assert (by_tls.url, by_tls.plain_url) == (fake.url, fake.plain_url)
        assert by_tls.send("hi", PHONE) == fake.messages
        kept = every8d.ca_file
        every8d.stop()
        assert not kept.exists()


def test_there_is_a_ca_only_with_tls(here: FakeEvery8d) -> None:
    with pytest.raises(RuntimeError, match=f"the fake at {here.url} has no CA"):
        _ = FakeEvery8d.connect(here.url).ca_file


def test_only_the_gateway_is_not_to_be_had(here: FakeEvery8d) -> None:
    every8d = FakeEvery8d.connect(here.url)
    with pytest.raises(
        NotImplementedError, match=r"^gateway is not available for a fake elsewhere"
    ):
        _ = every8d.gateway
    with pytest.raises(AttributeError, match="has no attribute 'mesages'"):
        _ = every8d.mesages  # type: ignore[attr-defined]


ERRORS: list[tuple[Callable[[FakeEvery8d], object], type[Exception]]] = [
    (lambda fake: fake.account_of("nobody"), NotFound),
    (lambda fake: fake.add_account("demo", "x"), Conflict),
    (lambda fake: fake.add_account("x", "x", credit=-1), InvalidInput),
    (lambda fake: fake.update_account("nobody", credit=1), NotFound),
    (lambda fake: fake.update_account("demo", credits=1), InvalidInput),  # type: ignore[call-arg]
    (lambda fake: fake.update_account("demo", credit=object()), InvalidInput),  # type: ignore[typeddict-item]
    (lambda fake: fake.remove_account("nobody"), NotFound),
    (lambda fake: fake.reset_account("nobody"), NotFound),
    (lambda fake: fake.messages_to("no number"), NotFound),
    (lambda fake: fake.send("", to=PHONE), PlatformError),
    (lambda fake: fake.send("hi", to=PHONE, user_id="nobody"), NotFound),
    (lambda fake: fake.set_status(7, 100), NotFound),
    (lambda fake: fake.set_status(7, "nonsense"), InvalidInput),
    (lambda fake: fake.set_outcome(PHONE, 300), InvalidInput),
    (lambda fake: fake.set_outcome("no number", 103), InvalidInput),
    (lambda fake: fake.set_outcome(PHONE, 103, after=-1), InvalidInput),
    (lambda fake: fake.reply(PHONE, "hi"), NotFound),
    (lambda fake: fake.add_failure("sendSMSes", "garbage"), InvalidInput),  # type: ignore[arg-type]
    (lambda fake: fake.add_failure("sendSMS", "delay"), InvalidInput),
    (lambda fake: fake.remove_failure(7), NotFound),
    (lambda fake: fake.update_settings(edition="1999"), InvalidInput),
    (lambda fake: fake.restore({"version": "0.1", "digest": "x"}), Conflict),
    (lambda fake: fake.restore({}), InvalidInput),
    (lambda fake: fake.clock.advance(-1), Conflict),
    (lambda fake: fake.clock.advance("x"), InvalidInput),  # type: ignore[arg-type]
    (lambda fake: fake.clock.advance(nonsense=1), InvalidInput),
    (lambda fake: fake.clock.travel_to(fake.clock.now - timedelta(days=1)), Conflict),
    (lambda fake: fake.clock.travel_to("tomorrow"), InvalidInput),  # type: ignore[arg-type]
    (lambda fake: fake.wait_for_message(user_id="nobody"), NotFound),
    (lambda fake: fake.wait_for_request("sendSMSes"), InvalidInput),
    (lambda fake: fake.wait_for_message(timeout=0.01), AssertionError),
    (lambda fake: fake.assert_sent(), AssertionError),
]


@pytest.mark.parametrize(
    ("use", "error"), ERRORS, ids=[str(number) for number in range(len(ERRORS))]
)
def test_x4_errors_are_those_of_a_fake_here(
    here: FakeEvery8d, use: Callable[[FakeEvery8d], object], error: type[Exception]
) -> None:
    raised = []
    for fake in (here, FakeEvery8d.connect(here.url)):
        with pytest.raises(error) as caught:
            use(fake)
        raised.append(caught.value)
    ours, theirs = raised
    assert type(ours) is type(theirs)
    assert str(theirs)
    if isinstance(ours, PlatformError):
        assert ours.args == theirs.args


def test_an_error_names_field_and_reason(here: FakeEvery8d) -> None:
    with pytest.raises(Conflict) as caught:
        FakeEvery8d.connect(here.url).add_account("demo", "x")
    assert (caught.value.field, caught.value.reason) == ("user_id", "taken")


def test_without_an_account_there_is_no_first(here: FakeEvery8d) -> None:
    every8d = FakeEvery8d.connect(here.url)
    every8d.remove_account("demo")
    for use in (lambda: every8d.account, lambda: every8d.send("hi", PHONE)):
        with pytest.raises(NotFound) as refusal:
            use()
        assert (refusal.value.field, refusal.value.reason) == ("user_id", "unknown")


def test_a_wait_ends_as_soon_as_something_comes(here: FakeEvery8d) -> None:
    every8d = FakeEvery8d.connect(here.url)
    sending = threading.Timer(0.1, lambda: here.send("驗證碼 483920", PHONE))
    sending.start()
    assert every8d.wait_for_message(to=PHONE, timeout=30).code == "483920"
    sending.join()
    calling = threading.Timer(0.1, lambda: requests.get(here.url + "/nothing", timeout=30))
    calling.start()
    assert every8d.wait_for_request(timeout=30).path == "/nothing"
    calling.join()


def test_a_wait_asks_only_when_something_has_changed(
    here: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    every8d = FakeEvery8d.connect(here.url)
    asked = 0
    connect = http.client.HTTPConnection.connect

    def counted(connection: http.client.HTTPConnection) -> None:
        nonlocal asked
        asked += 1
        connect(connection)

    monkeypatch.setattr(http.client.HTTPConnection, "connect", counted)
    with pytest.raises(AssertionError, match=r"no message within 0\.3 s"):
        every8d.wait_for_message(timeout=0.3)
    # Twice whether it is there, the state before, the wait, and what the error shows.
    assert asked <= 8


def test_a_clock_that_is_moved_on_an_event_loop_says_what_to_do(
    here: FakeEvery8d, receiver: Receiver
) -> None:
    hang = Hang()
    receiver.respond = lambda request: hang
    here.update_account("demo", report_url=receiver.url)
    every8d = FakeEvery8d.connect(here.url)
    here.send("hi", PHONE)

    async def test() -> None:
        with pytest.raises(Conflict, match="advance_async"):
            every8d.clock.advance(minutes=1)
        hang.release()
        await every8d.clock.advance_async(minutes=1)
        assert (await every8d.wait_for_report_async(to=PHONE)).attempts
        with pytest.raises(Conflict, match="_async"):
            every8d.wait_for_message(to="0922333444")

    asyncio.run(test())


ABSENT = ("click", "httptools", "legacy_cgi", "lxml", "six", "spyne", "werkzeug")

ALONE = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from fake_every8d import FakeEvery8d

every8d = FakeEvery8d.connect(sys.argv[1])
every8d.send("驗證碼 483920", to="0912345678")
print(every8d.wait_for_message().code, every8d.requests, every8d.summary())
every8d.reset()
try:
    FakeEvery8d()
except ImportError as error:
    print(error)
"""


def test_it_takes_nothing_but_the_standard_library(here: FakeEvery8d) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, here.url], capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.stderr == ""
    assert "483920" in done.stdout
    assert "No module named 'werkzeug'" in done.stdout
    assert "FakeEvery8d.connect" in done.stdout


def test_all_dependencies_are_absent_there() -> None:
    from importlib.metadata import requires

    names = {
        re.match(r"[\w-]+", each)[0].replace("-", "_")  # type: ignore[index]
        for each in requires("fake-every8d") or ()
        if "extra ==" not in each
    }
    assert names == {*ABSENT}
