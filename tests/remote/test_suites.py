"""Suites of users with `FAKE_EVERY8D_URL`: their fake runs in another process, this one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_every8d import Account, FakeEvery8d, Settings
from tests.remote.test_connecting import ABSENT
from tests.suite import UNUSED, run

pytest_plugins = ["pytester"]

URL = "FAKE_EVERY8D_URL"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEvery8d]:
    """The fake that a suite finds in the environment."""
    with FakeEvery8d() as fake:
        monkeypatch.setenv(URL, fake.url)
        yield fake


# A clinic that sends codes, reminders and campaigns, and takes status reports and replies.
CLINIC = '''
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest


class Clinic:
    """The application: it knows EVERY8D by its URLs alone."""

    def __init__(self, http_url, client):
        self.http_url, self.soap = http_url, client
        self.reports = []
        clinic = self

        class Receiver(BaseHTTPRequestHandler):
            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
                clinic.reports.append({name: values[0] for name, values in query.items()})
                self.send_response(clinic.answers.pop(0) if clinic.answers else 200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.answers = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.report_url = f"http://127.0.0.1:{self.server.server_port}/report"
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.01])
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def call(self, operation, **parameters):
        query = urlencode({"UID": "demo", "PWD": "demo", **parameters})
        with urlopen(f"{self.http_url}{operation}.ashx?{query}", timeout=30) as response:
            return response.read().decode()

    def send_code(self, phone):
        return self.call("sendSMS", MSG="您的驗證碼是 483920，5 分鐘內有效", DEST=phone)

    def book(self, phone, at):
        return self.call("sendSMS", MSG="提醒您明天看診", DEST=phone, ST=f"{at:%Y%m%d%H%M%S}")

    def credit(self):
        return float(self.call("getCredit"))


@pytest.fixture
def clinic(every8d, client):
    clinic = Clinic(every8d.http_url, client)
    yield clinic
    clinic.close()
'''

SUITE = """
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.error import HTTPError

import pytest

from fake_every8d import Conflict, FakeEvery8d, InvalidInput, NotFound, Status

PHONE = "0912345678"


def test_code(every8d, clinic):
    clinic.send_code(PHONE)
    sms = every8d.wait_for_message(to=PHONE, containing="驗證碼")
    assert (sms.code, sms.phone, sms.pieces, sms.cost) == ("483920", PHONE, 1, 1)
    every8d.assert_sent(to=PHONE, matching=r"\\d{6}", count=1)


def test_soap_and_http_are_one(every8d, clinic):
    clinic.soap.send("一")
    clinic.send_code(PHONE)
    assert [request.operation for request in every8d.requests] == [
        "getConnection", "sendSMS", "sendSMS"
    ]
    assert every8d.wait_for_request("sendSMS", count=2).user_id == "demo"
    assert len(every8d.wait_for_messages(2)) == 2


def test_each_test_starts_afresh(every8d, clinic):
    assert every8d.messages == every8d.requests == every8d.failures == every8d.outcomes == []
    assert every8d.account.credit == 1000 == clinic.credit()


@pytest.mark.every8d(credit=1.5)
def test_runs_dry(every8d, clinic):
    clinic.send_code(PHONE)
    clinic.send_code(PHONE)
    assert [sms.status for sms in every8d.messages] == [Status.SENT, Status.NO_CREDIT]
    assert every8d.account.credit == Decimal("0.5")
    assert len(every8d.sent) == 1


@pytest.mark.every8d(edition="2025")
def test_edition(every8d):
    assert every8d.settings.edition == "2025"
    assert every8d.send("hi", "0212345678")[0].status is Status.INVALID_NUMBER_2025


def test_booking(every8d, clinic):
    every8d.clock.freeze()
    clinic.book(PHONE, every8d.clock.now + timedelta(days=1))
    (booked,) = every8d.messages
    assert booked.status is Status.BOOKED
    every8d.clock.advance(days=1, seconds=5)
    assert every8d.messages_to(PHONE)[0].status is Status.DELIVERED
    with pytest.raises(Conflict):
        every8d.clock.travel_to(booked.accepted_at)


def test_report_and_reply(every8d, clinic):
    clinic.answers = [500]
    every8d.update_account("demo", report_url=clinic.report_url)
    every8d.set_outcome(PHONE, Status.NO_SUCH_NUMBER, after=5)
    clinic.send_code(PHONE)
    every8d.clock.advance(10)
    waiting = every8d.wait_for_report(PHONE, state="waiting", attempts=1)
    assert waiting.attempts[0].status_code == 500
    every8d.clock.advance(minutes=2)
    report = every8d.wait_for_report(PHONE, "NO_SUCH_NUMBER")
    assert [attempt.status_code for attempt in report.attempts] == [500, 200]
    assert [each["STATUS"] for each in clinic.reports] == ["103", "103"]


def test_reply(every8d, clinic):
    every8d.update_account("demo", report_url=clinic.report_url)
    clinic.send_code(PHONE)
    every8d.clock.advance(minutes=1)
    assert every8d.reply(PHONE, "好的").replies[0].text == "好的"
    every8d.wait_for_report(status=Status.REPLY)
    assert [each["SM"] for each in clinic.reports] == ["", "好的"]


def test_outage(every8d, clinic):
    failure = every8d.add_failure("sendSMS", kind="http_error", status=503)
    with pytest.raises(HTTPError, match="503") as refused:
        clinic.send_code(PHONE)
    refused.value.close()
    every8d.assert_nothing_sent()
    assert failure.status == 503
    assert every8d.failures == []
    clinic.send_code(PHONE)
    assert every8d.requests[0].failure == "http_error"


def test_accounts(every8d):
    every8d.add_account("shop", "s3cret", credit=20)
    every8d.send("hi", PHONE, user_id="shop")
    assert every8d.account_of("shop").credit == 19
    assert [account.password for account in every8d.accounts] == ["demo", "s3cret"]
    every8d.remove_account("shop")
    with pytest.raises(NotFound):
        every8d.account_of("shop")
    with pytest.raises(InvalidInput):
        every8d.update_account("demo", credit=-1)


def test_snapshot(every8d, clinic):
    clinic.send_code(PHONE)
    world = every8d.snapshot()
    every8d.reset()
    every8d.restore(world)
    assert every8d.messages[0].code == "483920"


@pytest.mark.every8d(strict=True)
def test_strict(every8d, clinic):
    clinic.send_code(PHONE)


def test_it_is_a_fake(every8d, every8d_server):
    assert every8d is every8d_server
    assert isinstance(every8d, FakeEvery8d)
    assert "messages" in every8d.summary()
"""


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_a_suite_passes_with_a_fake_here_and_elsewhere(
    pytester: pytest.Pytester, request: pytest.FixtureRequest, elsewhere: bool
) -> None:
    fake = request.getfixturevalue("here") if elsewhere else None
    result = run(pytester, SUITE, "-v", conftest=CLINIC)
    result.assert_outcomes(passed=13)
    if fake:
        assert fake.messages == fake.requests == []  # reset after the last


def test_it_takes_neither_the_fakes_dependencies_nor_their_versions(
    pytester: pytest.Pytester, here: FakeEvery8d
) -> None:
    pytester.makepyfile(
        absent=f"""
        import sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {ABSENT}:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        sys.meta_path.insert(0, Absent())
        """
    )
    result = run(pytester, SUITE, "-p", "absent", conftest=CLINIC)
    result.assert_outcomes(passed=13)


def test_missing_dependencies_are_named(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        absent="""
        import sys
        sys.modules["werkzeug"] = None
        """
    )
    result = run(pytester, "def test_it(every8d): ...", "-p", "absent")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*; to run a fake in this process, *FAKE_EVERY8D_URL in the environment"]
    )


def test_a_strict_test_fails_with_what_it_left(
    pytester: pytest.Pytester, here: FakeEvery8d
) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(strict=True)
        def test_it(every8d):
            every8d.add_failure("getCredit", kind="garbage")
        """,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["failure 1 *garbage on getCredit* never *"])
    assert here.failures == []


def test_a_marker_that_makes_no_sense(pytester: pytest.Pytester, here: FakeEvery8d) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(credits=3)
        def test_it(every8d): ...
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['@pytest.mark.every8d: "credits" is unknown*did you mean credit?'])


def test_a_failed_test_shows_what_reached_the_fake(
    pytester: pytest.Pytester, here: FakeEvery8d
) -> None:
    result = run(
        pytester,
        """
        def test_it(every8d, client):
            client.send("驗證碼 483920")
            every8d.wait_for_message(to="0922333444", timeout=0.01)
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *no message to 0922333444 within 0.01 s; there are:", "*- EVERY8D -*", "2 requests:"]
    )
    result.stdout.no_fnmatch_line("*remote/fake.py*")


def test_a_fake_that_has_gone_is_said_so(pytester: pytest.Pytester, here: FakeEvery8d) -> None:
    url = here.url
    here.stop()
    result = run(pytester, "def test_it(every8d): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"FAKE_EVERY8D_URL: there is no fake-every8d at {url}: *refused*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_fake_that_goes_in_the_middle_ends_no_session(
    pytester: pytest.Pytester, here: FakeEvery8d
) -> None:
    """A failed test's section is asked of the fake."""
    result = run(
        pytester,
        """
        import urllib.request

        def test_it(every8d):
            every8d._client.url = "http://127.0.0.1:1"  # as if it had gone
            every8d._client._port = 1
            assert every8d.messages == []

        def test_another():
            pass
        """,
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*- EVERY8D -*", "there is no fake-every8d at http://127.0.0.1:1: *"]
    )


def test_workers_need_a_fake_each(pytester: pytest.Pytester, here: FakeEvery8d) -> None:
    result = run(pytester, "def test_it(every8d): ...", "-n2")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["FAKE_EVERY8D_URL has 1 URL, but pytest-xdist runs 2 workers, and each needs a fake of *"]
    )
    run(pytester, "def test_it(every8d): ...", "-n1").assert_outcomes(passed=1)


def test_each_worker_has_its_own(
    pytester: pytest.Pytester, here: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeEvery8d(api_token="s3cret") as other:
        second = other.url.replace("//", "//s3cret@")
        monkeypatch.setenv(URL, f"{here.url}, {second}")
        result = run(
            pytester,
            """
            import pytest

            @pytest.mark.parametrize("number", range(20))
            def test_it(every8d, worker_id, number):
                every8d.send(worker_id, "0912345678")
                every8d.clock.advance(minutes=1)
                assert [sms.text for sms in every8d.messages] == [worker_id]
                with open(f"{worker_id}.txt", "w") as file:
                    file.write(every8d.url)
            """,
            "-n2",
        )
        result.assert_outcomes(passed=20)
        used = [(pytester.path / f"gw{number}.txt").read_text() for number in (0, 1)]
        assert used == [here.url, other.url]


OURS = ["test_assertions.py", "test_fake.py", "test_fake_messages.py", "test_guesses.py"]
NOT_ELSEWHERE = [
    "forgets_it_all",  # takes the gateway
    "make_no_sense",  # the sentence is the JSON API's
    "without_a_server",  # which only a fake here can do
]


def test_the_tests_of_a_fake_here_pass_with_one_elsewhere(here: FakeEvery8d) -> None:
    """The plugins may do anything with the fixture."""
    options = ["-q", *UNUSED, "-k", " and ".join(f"not {name}" for name in NOT_ELSEWHERE)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *[f"tests/{name}" for name in OURS]],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


def test_x4_settings_are_set_up_from_here(pytester: pytest.Pytester, here: FakeEvery8d) -> None:
    """Accounts, edition and pad_mobile, if the suite says so; they hold for its tests."""
    conftest = """
    import pytest
    from fake_every8d import Account, Settings

    @pytest.fixture(scope="session")
    def every8d_settings():
        return Settings((Account("a", "b"), Account("c", "d")), edition="2021", pad_mobile=True)
    """
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_it(every8d, time):
            assert [account.user_id for account in every8d.accounts] == ["a", "c"]
            assert (every8d.settings.edition, every8d.settings.pad_mobile) == ("2021", True)
            every8d.update_settings(edition="2025")
            every8d.remove_account("a")
        """,
        conftest=conftest,
    )
    result.assert_outcomes(passed=2)


def test_setting_that_cannot_be_set_up_from_here_is_an_error(
    pytester: pytest.Pytester, here: FakeEvery8d
) -> None:
    conftest = """
    import pytest
    from fake_every8d import Settings

    @pytest.fixture(scope="session")
    def every8d_settings():
        return Settings(delivery_seconds=0)
    """
    result = run(pytester, "def test_it(every8d): ...", conftest=conftest)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["FAKE_EVERY8D_URL: delivery_seconds of the fake at * is 1, not 0, and cannot be changed *"]
    )


def test_suite_without_settings_uses_those_of_the_fake(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings((Account("shop", "s3cret"),), delivery_seconds=0)
    with FakeEvery8d(settings) as fake:
        monkeypatch.setenv(URL, fake.url)
        result = run(
            pytester,
            """
            def test_it(every8d):
                assert every8d.account.user_id == "shop"
                assert every8d.settings.delivery_seconds == 0
            """,
        )
        result.assert_outcomes(passed=1)
