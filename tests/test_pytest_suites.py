"""The pytest plugin in suites of many kinds: asynchronous, frozen in time, forking."""

import pytest

from tests.suite import run

pytest_plugins = ["pytester"]


def test_unittest_style(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import unittest
        import pytest

        class TestSms(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def use_every8d(self, every8d, client):
                self.every8d = every8d
                self.client = client

            def setUp(self):
                self.client.send("hello")

            def test_it(self):
                self.assertEqual(self.every8d.wait_for_message().text, "hello")
                self.assertEqual(len(self.every8d.messages), 1)

            @pytest.mark.every8d(credit=1)
            def test_marked(self):
                self.assertEqual(self.every8d.account.credit, 0)

            def test_failing(self):
                self.fail("on purpose")
        """,
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*- EVERY8D -*", "2 requests:", "1 message:", "0 reports"])


def test_asynchronous_tests(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import asyncio
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        async def test_it(every8d, client):
            reports = []

            async def report(reader, writer):
                reports.append(await reader.readline())
                writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
                await writer.drain()
                writer.close()

            # The application that takes the reports runs on the test's own event loop.
            async with await asyncio.start_server(report, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                every8d.update_account("demo", report_url=f"http://127.0.0.1:{port}/r")
                sending = asyncio.create_task(asyncio.to_thread(client.send, "hello"))
                sms = await asyncio.to_thread(every8d.wait_for_message)
                await sending
                await asyncio.to_thread(every8d.clock.advance, seconds=1)
            assert sms.text == "hello"
            assert b"&STATUS=100&" in reports[0]
            assert every8d.reports[0].attempts[0].status_code == 200
        """,
        "-p",
        "anyio",
    )
    result.assert_outcomes(passed=1)


FROZEN = """
    import time
    from dataclasses import replace
    from datetime import datetime, timedelta

    import pytest

    @pytest.fixture(scope="session")
    def every8d_settings(every8d_settings):
        return replace(every8d_settings, delivery_seconds=0.1)

    def check(every8d, client):
        # It has the real time, and that passes: a message is delivered by itself,
        # a report tried, a wait ends.
        real = datetime.fromtimestamp(time.clock_gettime(time.CLOCK_MONOTONIC) + STARTED, UTC)
        assert abs(every8d.clock.now - real) < timedelta(seconds=30)
        every8d.update_account("demo", report_url=every8d.url + "/healthz")
        client.send("hello")
        assert every8d.wait_for_report(to="0912345678", status=100, timeout=30)
        (sms,) = every8d.messages
        assert sms.finished_at - sms.sent_at == timedelta(seconds=0.1)
        with pytest.raises(AssertionError, match="no message containing 'bye' within 0.05 s"):
            every8d.wait_for_message(containing="bye", timeout=0.05)
        tomorrow = every8d.clock.now + timedelta(days=1)
        client.send("later", at=f"{tomorrow:%Y%m%d%H%M%S}")
        every8d.clock.advance(days=1, seconds=1)
        assert [sms.status for sms in every8d.messages] == [100, 100]
        assert [report.state.value for report in every8d.reports] == ["delivered"] * 2
    """

FREEZERS = {
    "freezegun": "import freezegun\nfreeze = freezegun.freeze_time('2012-01-14')",
    "freezegun, each look at the clock a minute": (
        "import freezegun\nfreeze = freezegun.freeze_time('2012-01-14', auto_tick_seconds=60)"
    ),
    "time-machine": "import time_machine\nfreeze = time_machine.travel(1326499200, tick=False)",
}

STARTED = """
import time
from datetime import UTC
STARTED = time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
"""


@pytest.mark.parametrize("freezer", FREEZERS)
def test_frozen_time_neither_stalls_nor_confuses_it(
    pytester: pytest.Pytester, freezer: str
) -> None:
    result = run(
        pytester,
        FROZEN
        + """
    def test_before(every8d, client):
        check(every8d, client)

    def test_inside(every8d, client):
        with freeze:
            assert time.strftime("%Y") == "2012"
            check(every8d, client)

    def test_across(every8d, client):
        with freeze:
            client.send("hello")
        assert every8d.wait_for_message().accepted_at.year > 2012
        every8d.reset()
        check(every8d, client)
    """,
        header=STARTED + FREEZERS[freezer],
    )
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("freezer", FREEZERS)
def test_time_frozen_before_the_first_use_does_no_harm(
    pytester: pytest.Pytester, freezer: str
) -> None:
    result = run(
        pytester,
        FROZEN
        + """
    @pytest.fixture(autouse=True, scope="session")
    def frozen():
        assert not [name for name in sys.modules if name.startswith("fake_every8d.gateway")]
        with freeze:
            yield

    def test_inside(every8d, client):
        assert time.strftime("%Y") == "2012"
        check(every8d, client)
    """,
        header="import sys" + STARTED + FREEZERS[freezer],
    )
    result.assert_outcomes(passed=1)


def test_tests_that_fork(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import multiprocessing
        import os

        from fake_every8d import FakeEvery8d

        def test_a_child_that_calls_it(every8d, client):
            child = multiprocessing.get_context("fork").Process(target=client.send, args=["hello"])
            child.start()
            assert every8d.wait_for_message().text == "hello"
            child.join()
            assert child.exitcode == 0

        def test_a_child_that_stops_it(client):
            with FakeEvery8d() as fake:
                child = os.fork()
                if not child:
                    fake.stop()
                    os._exit(7)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
                client.soap_url = fake.soap_url
                client.send("hello")
                assert len(fake.messages) == 1

        def test_it_is_still_there(every8d, client):
            client.send("hello")
            assert len(every8d.messages) == 1
        """,
    )
    result.assert_outcomes(passed=3)


def test_tests_that_each_run_in_a_fork(pytester: pytest.Pytester) -> None:
    """As pytest-forked and other plugins do: the whole of a test, in a child of its own."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.parametrize("time", range(3))
        def test_it(every8d, client, time):
            client.send("hello")
            assert len(every8d.messages) == 1
        """,
        conftest="""
        import os
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            child = os.fork()
            if not child:
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                os._exit(sum(report.failed for report in reports))
            failed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            item.ihook.pytest_runtest_logreport(
                report=pytest.TestReport(
                    item.nodeid, item.location, {}, "failed" if failed else "passed", "", "call"
                )
            )
            return True
        """,
    )
    result.assert_outcomes(passed=3)


def test_tests_that_are_run_again(pytester: pytest.Pytester) -> None:
    """As pytest-rerunfailures and others do."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(credit=3)
        def test_it(every8d, client):
            client.send("hello")
            assert [sms.id for sms in every8d.messages] == [1]
            assert every8d.account.credit == 2
        """,
        conftest="""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(3):
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
    )
    result.assert_outcomes(passed=3)


def test_settings_hold_for_the_tests_that_see_them(pytester: pytest.Pytester) -> None:
    """In any order of the files; the fake, and its address, are the same throughout."""
    pytester.makepyfile(
        test_a="""
        def test_default(every8d):
            assert every8d.account.user_id == "demo"
            assert every8d.settings.delivery_seconds == 1
        """,
        test_b="""
        import pytest
        from fake_every8d import Account, Settings

        @pytest.fixture(scope="session")
        def every8d_settings():
            return Settings(accounts=(Account("shop", "s3cret"),), delivery_seconds=7)

        def test_own(every8d):
            assert every8d.account.user_id == "shop"
            assert every8d.settings.delivery_seconds == 7
            every8d.reset()
            assert every8d.account.user_id == "shop"
        """,
        test_c="""
        import pytest
        from fake_every8d import Account

        @pytest.fixture(scope="session")
        def every8d_accounts():
            return (Account("clinic", "s3cret", credit=3),)

        def test_own_accounts(every8d):
            assert [account.user_id for account in every8d.accounts] == ["clinic"]
        """,
    )
    for order in (["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]):
        files = [f"test_{name}.py" for name in order]
        result = pytester.runpytest_subprocess("-pno:anyio", *files, timeout=60)
        result.assert_outcomes(passed=3)


def test_accounts_overridden_without_settings_are_an_error(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        import pytest
        from fake_every8d import Settings

        @pytest.fixture(scope="session")
        def every8d_settings(every8d_accounts):
            return Settings(accounts=every8d_accounts, delivery_seconds=0)
        """
    )
    pytester.makepyfile(
        test_a="def test_default(every8d): assert every8d.settings.delivery_seconds == 0",
        test_b="""
        import pytest
        from fake_every8d import Account

        @pytest.fixture(scope="session")
        def every8d_accounts():
            return (Account("clinic", "s3cret"),)

        def test_own(every8d): pass
        """,
    )
    result = pytester.runpytest_subprocess("-pno:anyio", timeout=60)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["every8d_accounts is overridden here, but every8d_settings was*"])


def test_tls_that_a_file_overrides_is_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_a="def test_default(every8d): pass",
        test_b="""
        import pytest

        @pytest.fixture(scope="session")
        def every8d_tls():
            return True

        def test_own(every8d): pass
        """,
    )
    result = pytester.runpytest_subprocess("-pno:anyio", timeout=60)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["every8d_tls is overridden here, but one fake serves*"])


@pytest.mark.parametrize(
    ("ini", "marker", "kept"),
    [("", "", False), ("every8d_keep_sessions = true", "", True), ("", "keep_sessions=True", True)],
)
def test_x3_session_key_of_the_test_before(
    pytester: pytest.Pytester, ini: str, marker: str, kept: bool
) -> None:
    """As an application has it that logs in once a day."""
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(
        f"""
        import pytest

        keys = []

        def test_first(every8d):
            keys.append(every8d.gateway.platform.open_session("demo", "demo"))

        @pytest.mark.every8d({marker})
        def test_second(every8d):
            assert every8d.gateway.platform.credit(keys[0]) == 1000
        """
    )
    result = pytester.runpytest_subprocess("-pno:anyio", timeout=60)
    result.assert_outcomes(**({"passed": 2} if kept else {"passed": 1, "failed": 1}))


def test_t4_marker_says_when(pytester: pytest.Pytester) -> None:
    """With the application frozen at the same time, a booking for tomorrow is one here."""
    result = run(
        pytester,
        """
        from datetime import datetime, timedelta
        import pytest, freezegun

        NOW = datetime(2024, 5, 6, 7, 8)  # Taipei's, in the marker

        @pytest.mark.every8d(now=NOW)
        def test_booked(every8d):
            tomorrow = NOW + timedelta(days=1)
            (message,) = every8d.send("later", to="0912345678", send_time=tomorrow)
            assert message.status == 300
            assert message.booked_for.replace(tzinfo=None) == tomorrow

        def test_real_time_again(every8d):
            assert every8d.clock.now.year > 2025
        """,
    )
    result.assert_outcomes(passed=2)
