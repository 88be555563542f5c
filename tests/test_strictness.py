"""Strict tests: what fails one when it ends, chosen in the ini file or by its marker."""

import pytest

from tests.suite import INI, run

pytest_plugins = ["pytester"]

SUITE = """
    import pytest

    def test_failures(every8d, client):
        every8d.add_failure("getCredit", "delay", seconds=0.01, times=2)
        every8d.add_failure("sendSMS", "http_error", to="0922333444")
        client.call("getCredit")

    def test_advice(every8d, client):
        client.send("hello", mobile="0212345678")

    def test_calls(every8d, client):
        client.soap_url += ".php"
        with pytest.raises(OSError) as refused:
            client.call("getCredit")
        refused.value.close()

    def test_nothing_wrong(every8d, client):
        every8d.add_failure("getCredit", "result", result="5.00")
        client.call("getCredit")
        client.send("hello")
    """

NEVER = "failure 2 (http_error on sendSMS) never triggered: *"
REFUSED = "sendSMS: Refused with status -3, no number that SMS can go to: 0212345678*"
NOT_THERE = "POST /API21/SOAP/SMS.asmx.php does not exist, or cannot be read: HTTP 404"


@pytest.mark.parametrize(
    ("ini", "complaints"),
    [
        ("", []),
        ("failures", [NEVER]),
        ("advice", [REFUSED]),
        ("calls", [NOT_THERE]),
        ("calls failures", [NEVER, NOT_THERE]),
        ("all", [NEVER, REFUSED, NOT_THERE]),
    ],
)
def test_the_ini_file_chooses(pytester: pytest.Pytester, ini: str, complaints: list[str]) -> None:
    pytester.makeini(f"{INI}\nevery8d_strict = {ini}\n")
    result = run(pytester, SUITE)
    result.assert_outcomes(passed=4, errors=len(complaints))
    if complaints:
        result.stdout.fnmatch_lines(complaints)
        result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


@pytest.mark.parametrize(
    ("strict", "errors"),
    [("True", 3), ("False", 0), ("'advice'", 1), ("['advice', 'calls']", 2), ("'all'", 3)],
)
def test_a_marker_chooses_for_its_tests(
    pytester: pytest.Pytester, strict: str, errors: int
) -> None:
    pytester.makeini(f"{INI}\nevery8d_strict = failures\n")
    result = run(pytester, f"{SUITE}\n    pytestmark = pytest.mark.every8d(strict={strict})\n")
    result.assert_outcomes(passed=4, errors=errors)


def test_a_test_that_has_failed_is_left_alone(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(strict=True)
        def test_it(every8d):
            every8d.add_failure("*", "garbage")
            assert 0
        """,
    )
    result.assert_outcomes(failed=1)


def test_malformed_http_counts_as_an_unreadable_call(
    pytester: pytest.Pytester,
) -> None:
    """A blank in a URL, as PHP's file_get_contents sends it."""
    result = run(
        pytester,
        """
        import socket
        from urllib.parse import urlsplit

        import pytest

        @pytest.mark.every8d(strict="calls")
        def test_it(every8d):
            url = urlsplit(every8d.url)
            with socket.create_connection((url.hostname, url.port), 30) as connection:
                connection.sendall(b"GET /API21/HTTP/sendSMS.ashx?MSG=a b HTTP/1.0\\r\\n\\r\\n")
                assert b" 400 " in connection.makefile("rb").readline()
        """,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["GET /API21/HTTP/sendSMS.ashx does not exist, or cannot be read: HTTP 400"]
    )


@pytest.mark.parametrize("strict", ["'faults'", "5", "['advice', 'x']"])
def test_unknown_strictness_is_an_error(pytester: pytest.Pytester, strict: str) -> None:
    result = run(
        pytester,
        f"""
        import pytest

        @pytest.mark.every8d(strict={strict})
        def test_it(every8d): pass
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["@pytest.mark.every8d: strict takes failures, advice, calls, or all of them (all, True);*"]
    )


def test_a_marker_is_an_error_only_where_it_does_nothing(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.every8d(credit=3)
        def test_without(): pass

        @pytest.mark.every8d(credit=3)
        def test_later(request):
            assert request.getfixturevalue("every8d").account.credit == 3

        @pytest.mark.every8d(credit=3)
        class TestClass:
            def test_not_every_one_needs_it(self): pass

        @pytest.mark.every8d(credit=3)
        @pytest.mark.skip
        def test_skipped(): pass
        """,
    )
    result.assert_outcomes(passed=2, failed=1, skipped=1)


def test_a_failure_in_the_accounts_file_is_not_the_tests_own(pytester: pytest.Pytester) -> None:
    """It is there in every test, and need not happen in each; what a test adds must."""
    pytester.makefile(".toml", every8d='[[failure]]\noperation = "getCredit"\nkind = "garbage"\n')
    pytester.makeini(f"{INI}\nevery8d_accounts = every8d.toml\nevery8d_strict = failures\n")
    result = run(
        pytester,
        """
        def test_one(every8d):
            assert [failure.kind for failure in every8d.failures] == ["garbage"]

        def test_two(every8d):
            every8d.add_failure("sendSMS", "http_error")
        """,
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["failure * (http_error on sendSMS) never triggered*"])


def test_advice_because_of_which_nothing_is_lost_fails_no_test(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        from urllib.request import urlopen

        import pytest

        @pytest.mark.every8d(strict=True)
        def test_it(every8d):
            url = every8d.http_url + "getDeliveryStatus.ashx?UID=demo&PWD=demo&BID=x&PNO=y"
            with urlopen(url):
                pass
            (request,) = every8d.requests
            assert "PNO must be the number of a page" in request.advice[0]
            assert request.serious_advice == ()
        """,
    )
    result.assert_outcomes(passed=1)


def test_skipped_and_expected_failures_are_left_alone(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        pytestmark = pytest.mark.every8d(strict=True)

        def test_skipped(every8d):
            every8d.add_failure("sendSMS", "garbage")
            pytest.skip("no reason")

        @pytest.mark.xfail(strict=True)
        def test_expected_to_fail(every8d):
            every8d.add_failure("sendSMS", "garbage")
            assert False
        """,
    )
    result.assert_outcomes(skipped=1, xfailed=1)
