"""The output after ten mistakes of a user: all that pytest shows of each."""

import re

import pytest

from tests.suite import run

pytest_plugins = ["pytester"]

MISTAKES = """
    import pytest

    def test_1_another_number(every8d, client):
        client.send("驗證碼 483920", mobile="0912345678,0212345678")
        every8d.wait_for_message(to="0922333444", containing="驗證碼", timeout=0.01)

    def test_2_too_few(every8d, client):
        client.send("驗證碼 483920")
        every8d.wait_for_messages(2, to="0912-345-678", timeout=0.01)

    def test_3_nothing_at_all(every8d):
        every8d.assert_sent(to="0912345678")

    def test_4_one_too_many(every8d, client):
        client.send("hello")
        client.send("hello again")
        every8d.assert_sent(to="0912345678", count=1)

    def test_5_not_to_him(every8d, client):
        client.send("hello")
        every8d.assert_nothing_sent(to="0912345678")

    @pytest.mark.every8d(report_url="http://127.0.0.1:1/r")
    def test_6_no_report(every8d, client):
        every8d.clock.freeze()
        client.send("hello")
        every8d.clock.advance(1)
        every8d.reply("0912345678", "好的")
        every8d.wait_for_report(to="0912345678", status=999, timeout=0.01)

    def test_7_another_operation(every8d, client):
        client.call("getCredit")
        every8d.wait_for_request("sendSMS", user_id="demo", timeout=0.01)

    @pytest.mark.every8d(credits=3)
    def test_8_a_misspelt_marker(every8d):
        pass

    @pytest.mark.every8d(credit=3)
    def test_9_a_marker_without_the_fixture():
        pass

    @pytest.mark.every8d(strict=True)
    def test_10_a_failure_that_never_happened(every8d, client):
        every8d.add_failure("eraseBooking", "disconnect")
        client.send("hello", mobile="0212345678")
    """

SHOWN = """
1 AssertionError: no message to 0922333444 containing '驗證碼' within 0.01 s; there are:
1   hh:mm:ss  to +886912345678  0 已發送: '驗證碼 483920'
1   hh:mm:ss  to 0212345678  -3 無效門號: '驗證碼 483920'
2 AssertionError: 1 of 2 messages to 0912-345-678 within 0.01 s; there are:
2   hh:mm:ss  to +886912345678  0 已發送: '驗證碼 483920'
3 AssertionError: no message was sent to 0912345678; there are none
4 AssertionError: 2 messages were sent to 0912345678, not 1; there are:
4   hh:mm:ss  to +886912345678  0 已發送: 'hello'
4   hh:mm:ss  to +886912345678  0 已發送: 'hello again'
5 AssertionError: 1 message was sent to 0912345678; there are:
5   hh:mm:ss  to +886912345678  0 已發送: 'hello'
6 AssertionError: no report about 0912345678 of status 999 was delivered within 0.01 s; there are:
6   hh:mm:ss  +886912345678  STATUS=100 to http://127.0.0.1:1/r: 127.0.0.1:1 refused the \
connection (waiting)
6   hh:mm:ss  +886912345678  STATUS=999 '好的' to http://127.0.0.1:1/r: waits for report 1 of the \
message (waiting)
7 AssertionError: no request for sendSMS of account 'demo' within 0.01 s; there are:
7   hh:mm:ss  getCredit  -  -301, Session 資料不存在，請重新登入。
8 @pytest.mark.every8d: an account has no credits; did you mean credit?
9 @pytest.mark.every8d does nothing here: the test does not use every8d
10 failure 1 (disconnect on eraseBooking) never triggered: no matching call was made
10 sendSMS: Refused with status -3, no number that SMS can go to: 0212345678. A Taiwan mobile is \
0912345678 or +886912345678, another country's +14155550100.
"""


def test_ten_mistakes(pytester: pytest.Pytester) -> None:
    """Each is its sentence, at the test's own line, and none of our frames."""
    result = run(pytester, MISTAKES, "-p", "no:xdist", "--show-capture=no", "-rN")
    result.assert_outcomes(passed=1, failed=8, errors=2)
    shown = []
    number = None
    for line in result.outlines:
        if title := re.fullmatch(r"_+ (?:ERROR at \w+ of )?test_(\d+)_\w+ _+", line):
            number = title[1]
        elif line.startswith("==="):
            number = None
        elif number and (number in ("8", "9", "10") or line.startswith("E  ")):
            text = line.removeprefix("E" + 7 * " ") if line.startswith("E") else line
            shown.append(f"{number} {re.sub('[0-9]+:[0-9]+:[0-9]+', 'hh:mm:ss', text)}")
    shown = [line.rstrip() for line in shown if line.split(" ", 1)[1].strip()]
    wanted = SHOWN.replace("\\\n", "").strip().splitlines()
    assert sorted(shown) == sorted(wanted)
    result.stdout.no_fnmatch_line("*fake_every8d/*.py:*")
    places = [line for line in result.outlines if re.fullmatch(r"\S+\.py:\d+: \w+", line)]
    assert len(places) == 7  # one each for those that fail in the test's own code


WRONG_ARGUMENTS = """
every8d.set_outcome("12", 103)
InvalidInput: '12' is not a number that SMS can go to, such as 0912345678 or +14155550100
every8d.set_outcome("0912345678", 103, after="5")
InvalidInput: after_seconds must be 0 or more, 1e+09 at most, not '5'
every8d.messages_to(912345678)
InvalidInput: a number is text, such as "0912345678", not 912345678
every8d.add_failure("sendSMS", "garbag")
InvalidInput: kind must be one of result, soap_fault, http_error, delay, disconnect, truncate, \
garbage, not "garbag"; did you mean garbage?
every8d.add_account("shop", "p", credit="many")
InvalidInput: credit must be 0 or more points with two decimals, 1000000000000 at most, not many
every8d.update_account("demo", credits=1)
InvalidInput: an account has no credits; did you mean credit?
every8d.account_of("shop")
NotFound: there is no account 'shop'; there are: demo
every8d.clock.advance("5")
InvalidInput: advance takes seconds, a timedelta, or what datetime.timedelta takes, such as \
minutes=5: unsupported type for timedelta seconds component: str
every8d.gateway.platform.open_session("demo", "x")
PlatformError: -101, 取得連線失敗，密碼錯誤。
"""


def test_wrong_arguments(pytester: pytest.Pytester) -> None:
    """Each shows the user's line and the sentence, and none of our frames."""
    lines = WRONG_ARGUMENTS.strip().splitlines()
    suite = "".join(
        f"\ndef test_{number}(every8d):\n    {line}\n" for number, line in enumerate(lines[::2])
    )
    result = run(pytester, suite, "-p", "no:xdist", "--show-capture=no", "-rN")
    result.assert_outcomes(failed=len(lines) // 2)
    shown = [line for line in result.outlines if line.startswith(("E  ", ">  "))]
    assert [
        re.sub(r"^(E|>) +(fake_every8d\.gateway\.errors\.)?", "", line) for line in shown
    ] == lines
    result.stdout.no_fnmatch_line("*fake_every8d/*.py:*")


def test_unexplained_error_shows_all_frames(pytester: pytest.Pytester) -> None:
    """An error that is not the user's is to be found."""
    result = run(pytester, "def test_it(every8d): every8d.gateway.wait_for(None, 0)")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*gateway.py:*: TypeError"])
