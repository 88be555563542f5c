"""The pytest plugin, in suites of its users: each runs in a process of its own."""

import socket

import pytest

from tests.suite import UNUSED, run

pytest_plugins = ["pytester"]


def test_a_test_names_the_fixture_and_is_done(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        def test_it(every8d, client):
            client.send("驗證碼 483920")
            assert every8d.wait_for_message(to="0912345678").code == "483920"
        """,
    )
    result.assert_outcomes(passed=1)


def test_each_test_gets_it_clean_and_all_the_same_one(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        urls = set()

        @pytest.mark.parametrize("time", [1, 2, 3])
        def test_it(every8d, client, time):
            assert every8d.messages == every8d.requests == every8d.failures == []
            assert [account.user_id for account in every8d.accounts] == ["demo"]
            assert every8d.account.credit == 1000
            client.send("hello")
            every8d.clock.advance(days=time)
            every8d.add_account("shop", "shop")
            every8d.add_failure("*", kind="garbage", times=None)
            urls.add(every8d.url)

        def test_they_shared_a_server():
            assert len(urls) == 1
        """,
    )
    result.assert_outcomes(passed=4)


def test_booking_of_one_test_is_not_reported_in_the_next(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        from datetime import timedelta

        def test_one(every8d, client):
            every8d.update_account("demo", report_url="http://127.0.0.1:1/never")
            client.send("hello", at=f"{every8d.clock.now + timedelta(hours=1):%Y%m%d%H%M%S}")
            assert len(every8d.messages) == 1

        def test_two(every8d):
            every8d.clock.advance(days=2)
            assert every8d.reports == every8d.messages == []
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_marker_sets_up_the_tests_account_and_the_closest_wins(
    pytester: pytest.Pytester,
) -> None:
    result = run(
        pytester,
        """
        import pytest

        pytestmark = pytest.mark.every8d(credit=5, international=True)

        @pytest.mark.every8d(credit=2.5, password="s3cret", report_url="https://example.com/r")
        def test_function(every8d):
            account = every8d.account
            assert (str(account.credit), account.international) == ("2.5", True)
            assert (account.password, account.report_url) == ("s3cret", "https://example.com/r")

        @pytest.mark.every8d(report_method="POST", report_charset="big5", report_attempts=3)
        def test_reports(every8d):
            account = every8d.account
            assert (account.report_method, account.report_charset) == ("POST", "big5")
            assert account.report_attempts == 3

        @pytest.mark.every8d(test_mode=True)
        class TestClass:
            def test_method(self, every8d):
                assert (every8d.account.credit, every8d.account.test_mode) == (5, True)
        """,
        "--strict-markers",
    )
    result.assert_outcomes(passed=3)


def test_e1_the_marker_sets_the_edition_for_its_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(edition="2025", credit=3)
        def test_one(every8d):
            assert (every8d.settings.edition, every8d.account.credit) == ("2025", 3)

        def test_two(every8d):
            assert (every8d.settings.edition, every8d.account.credit) == ("2016", 1000)
        """,
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            "edition='1999'",
            "@pytest.mark.every8d: edition must be *",
        ),
        ("3", "@pytest.mark.every8d takes names, such as credit=3"),
        (
            "credits=3",
            "@pytest.mark.every8d: an account has no credits; did you mean credit[?]",
        ),
        (
            "points=3",
            "@pytest.mark.every8d: an account has no points; it has *",
        ),
        (
            "delivery_seconds=0",
            "@pytest.mark.every8d: delivery_seconds is a setting of the fake, * Settings(*",
        ),
        ("user_id='shop'", "@pytest.mark.every8d: an account's user_id cannot be changed"),
        (
            "credit=-1",
            "@pytest.mark.every8d: credit must be *",
        ),
        (
            "report_url=5",
            "@pytest.mark.every8d: report_url must be a URL, not int",
        ),
    ],
)
def test_a_wrong_marker_is_a_line_that_says_what_is_right(
    pytester: pytest.Pytester, arguments: str, complaint: str
) -> None:
    result = run(
        pytester,
        f"""
        import pytest

        @pytest.mark.every8d({arguments})
        def test_it(every8d):
            pass
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([complaint])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


ACCOUNTS = """
[[account]]
user_id = "shop"
password = "s3cret"
credit = 12.5

[[account]]
user_id = "other"
password = "s3cret"
"""

SHOP_IS_FIRST = """
def test_it(every8d, client):
    assert [account.user_id for account in every8d.accounts] == ["shop", "other"]
    client.send("hello", user_id="shop", password="s3cret")
    assert str(every8d.account.credit) == "11.5"
"""


def test_the_ini_file_names_the_accounts_from_where_it_is(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nevery8d_accounts = fixtures/accounts of ours.toml")
    folder = pytester.mkdir("fixtures")
    folder.joinpath("accounts of ours.toml").write_text(ACCOUNTS, "utf-8")
    ini, elsewhere = str(pytester.path / "tox.ini"), pytester.mkdir("elsewhere")
    run(pytester, SHOP_IS_FIRST, "-c", ini).assert_outcomes(passed=1)
    run(pytester, SHOP_IS_FIRST, "-c", ini, f"--rootdir={elsewhere}").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "every8d_accounts: *accounts.toml: cannot be read: No such file or directory"),
        ("[[account]", "every8d_accounts: *accounts.toml: is not TOML: *"),
        (
            '[[account]]\nuser_id = "shop"\npasword = "x"',
            'every8d_accounts: *accounts.toml: account 1 (shop): "pasword" is unknown here; '
            "did you mean password?[?]",
        ),
    ],
)
def test_an_accounts_file_that_does_not_serve_is_named_in_a_line(
    pytester: pytest.Pytester, content: str | None, complaint: str
) -> None:
    pytester.makeini("[pytest]\nevery8d_accounts = accounts.toml")
    if content is not None:
        pytester.path.joinpath("accounts.toml").write_text(content, "utf-8")
    result = run(pytester, "def test_it(every8d): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([complaint.removesuffix("[?]")])
    result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


def test_a_suite_that_does_not_use_the_fixture_needs_no_accounts_file(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\nevery8d_accounts = missing.toml")
    run(pytester, "def test_it(): pass").assert_outcomes(passed=1)


def test_fixtures_to_override(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        def test_it(application, every8d):
            application.send("hello", user_id="shop", password="s3cret")
            assert every8d.account.credit == 6
            every8d.clock.advance(seconds=29)
            assert every8d.messages[0].status == 0
            every8d.clock.advance(seconds=1)
            assert every8d.messages[0].status == 100

        def test_session_fixtures_keep_their_address(application, every8d):
            assert every8d.messages == []
            application.send("hello", user_id="shop", password="s3cret")
            assert len(every8d.messages) == 1
        """,
        conftest="""
        from dataclasses import replace
        from fake_every8d import Account

        @pytest.fixture(scope="session")
        def every8d_accounts():
            return (Account("shop", "s3cret", credit=7),)

        @pytest.fixture(scope="session")
        def every8d_settings(every8d_settings):
            return replace(every8d_settings, delivery_seconds=30)

        @pytest.fixture(scope="session")
        def application(every8d_server):
            return Client(every8d_server.soap_url)
        """,
    )
    result.assert_outcomes(passed=2)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody listens on."""
    for port in range(21_000, 30_000, count):
        try:
            for offset in range(count):
                socket.create_server(("127.0.0.1", port + offset)).close()
        except OSError:
            continue
        return port
    raise AssertionError("there are no free ports")


def test_the_port_can_be_chosen_and_each_worker_takes_the_next(pytester: pytest.Pytester) -> None:
    port = free_ports(2)
    source = f"""
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_it(every8d, worker_id, time):
            number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw"))
            assert every8d.url == f"http://127.0.0.1:{{{port} + number}}"
        """
    run(pytester, source, f"--every8d-port={port}").assert_outcomes(passed=2)
    run(pytester, source, f"--every8d-port={port}", "-n", "2").assert_outcomes(passed=2)


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_port_that_it_cannot_have_is_named_in_a_line(
    pytester: pytest.Pytester, port: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if port == "taken" else port
        result = run(pytester, "def test_it(every8d): pass", f"--every8d-port={port}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"--every8d-port: cannot listen on port {port}: *"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


def test_two_workers_have_a_fake_each(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.parametrize("time", range(8))
        def test_it(every8d, client, time):
            client.send(f"number {time}")
            assert [sms.text for sms in every8d.messages] == [f"number {time}"]
        """,
        "-n",
        "2",
    )
    result.assert_outcomes(passed=8)


def test_it_can_be_left_out(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(every8d): pass", "-p", "no:fake_every8d")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'every8d' not found"])


def test_it_says_what_it_offers(pytester: pytest.Pytester) -> None:
    options = pytester.runpytest_subprocess(*UNUSED, "--help").stdout
    options.fnmatch_lines(["*--every8d-port=PORT*", "*every8d_accounts (string)*"])
    markers = pytester.runpytest_subprocess(*UNUSED, "--markers").stdout
    markers.fnmatch_lines(["@pytest.mark.every8d(credit=*"])
    fixtures = pytester.runpytest_subprocess(*UNUSED, "--fixtures").stdout
    fixtures.fnmatch_lines_random(  # as pytest sorts them, by their line numbers as text
        [
            "every8d -- *",
            "    A fresh EVERY8D: *",
            "every8d_accounts [[]session scope[]] -- *",
            "every8d_settings [[]session scope[]] -- *",
            "every8d_tls [[]session scope[]] -- *",
            "every8d_server [[]session scope[]] -- *",
        ]
    )


def test_nothing_heavy_is_imported_before_it_is_used(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other plugins import such things themselves.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = run(
        pytester,
        """
        import sys
        from urllib.request import urlopen

        HEAVY = ("spyne", "lxml", "werkzeug", "urllib3", "httptools", "click", "fake_every8d.")

        def loaded():
            return {
                name for name in sys.modules
                if (name + ".").startswith(HEAVY) and name.count(".") < 2
            } - {"fake_every8d", "fake_every8d.pytest_plugin"}

        def test_before():
            assert "fake_every8d.pytest_plugin" in sys.modules
            assert not loaded()

        def test_after(every8d):
            assert {"werkzeug", "fake_every8d.gateway"} <= loaded()
            assert not {"spyne", "lxml"} & loaded()
            urlopen(every8d.wsdl_url).close()
            assert {"spyne", "lxml"} <= loaded()
        """,
        "-p",
        "fake_every8d.pytest_plugin",
    )
    result.assert_outcomes(passed=2)


# A failed test's report


FAILING = """
    import pytest

    @pytest.fixture
    def application(client):
        client.send("驗證碼 483920，十分鐘內有效。", mobile="0912345678,0212345678")
        return client

    @pytest.fixture
    def broken_application(application):
        raise RuntimeError("the application does not start")

    @pytest.mark.every8d(report_url="http://127.0.0.1:1/sms/report")
    def test_failing(every8d, application):
        every8d.clock.advance(seconds=1)
        every8d.add_failure("getCredit", kind="result", result="-99, 壞了")
        application.call("getCredit")
        assert 0

    def test_passing(every8d, application):
        pass

    def test_without():
        assert 0
    """


def test_a_failed_test_shows_what_reached_the_fake(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING)
    result.assert_outcomes(passed=1, failed=2)
    assert result.stdout.str().count("- EVERY8D -") == 1
    result.stdout.fnmatch_lines(
        [
            "*- EVERY8D -*",
            "3 requests:",
            "  ??:??:??  getConnection  demo  0",
            "  ??:??:??  sendSMS  demo  999.00,1,1.0,0,????????-????-????-????-????????????",
            "            advice: Refused with status -3, no number that SMS can go to: 0212345678*",
            "  ??:??:??  getCredit  -  -99, 壞了  (failure: result)",
            "2 messages:",
            "  ??:??:??  to +886912345678  100 發送成功: '驗證碼 483920，十分鐘內有效。'",
            "  ??:??:??  to 0212345678  -3 無效門號: '驗證碼 483920，十分鐘內有效。'",
            "2 reports:",
            "  ??:??:??  +886912345678  STATUS=100 to http://127.0.0.1:1/sms/report: *",
            "  ??:??:??  0212345678  STATUS=-3 to http://127.0.0.1:1/sms/report: *",
        ],
        consecutive=True,
    )


def test_e1_h17_it_shows_calls_of_the_http_api_and_an_editions_words(
    pytester: pytest.Pytester,
) -> None:
    suite = """
    import urllib.parse
    import urllib.request
    import pytest

    @pytest.mark.every8d(edition="2025")
    def test_failing(every8d):
        every8d.set_outcome("0912345678", 105)
        form = {"UID": "demo", "PWD": "hunter2", "MSG": "hello", "DEST": "0912345678"}
        for password in ("hunter2", "demo"):
            body = urllib.parse.urlencode(form | {"PWD": password}).encode()
            urllib.request.urlopen(every8d.http_url + "sendSMS.ashx", body, timeout=30).close()
        every8d.clock.advance(1)
        assert 0
    """
    result = run(pytester, suite)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- EVERY8D -*",
            "2 requests:",
            "  ??:??:??  sendSMS  demo  -101,密碼錯誤",
            "  ??:??:??  sendSMS  demo  999.00,1,1,0,????????-????-????-????-????????????",
            "1 message:",
            "  ??:??:??  to +886912345678  105 電信業者關鍵字阻擋: 'hello'",
            "0 reports",
        ],
        consecutive=True,
    )


def test_failed_set_up_shows_the_messages_too(pytester: pytest.Pytester) -> None:
    result = run(
        pytester, FAILING + "\n    def test_set_up(broken_application): pass", "-k", "test_set_up"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*- EVERY8D -*", "2 requests:", "2 messages:", "0 reports"])


def test_the_section_comes_through_from_a_worker(pytester: pytest.Pytester) -> None:
    result = run(pytester, FAILING, "-n", "1")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*- EVERY8D -*", "*to +886912345678  100 發送成功: '驗證碼 *"])


def test_a_terminal_that_cannot_show_chinese_is_no_reason_to_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = run(pytester, FAILING)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*- EVERY8D -*", "*to +886912345678  100 \\u767c*483920*"])


def test_port_with_workers_of_any_name(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist each has a port of its own, from the one given on."""
    port = free_ports(2)
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(every8d, number):
            assert int(every8d.url.rpartition(":")[2]) in ({port}, {port + 1})
        """
    )
    result = pytester.runpytest_subprocess(
        "-pno:anyio",
        f"--every8d-port={port}",
        "--tx=popen//id=left",
        "--tx=popen//id=right",
        "--dist=load",
        timeout=60,
    )
    result.assert_outcomes(passed=4)
