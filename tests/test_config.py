"""The accounts file."""

import json
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_every8d import FakeEvery8d
from fake_every8d.config import Config, ConfigError, load
from fake_every8d.control.failures import FAILURE
from fake_every8d.control.forms import ACCOUNT, OUTCOME, TEXT, WHOLE_NUMBER, Form
from fake_every8d.gateway import Account

FIXTURE = Path(__file__).parent.parent / "fixtures" / "accounts.toml"


Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "accounts.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def load_accounts(path: Path) -> tuple[Account, ...]:
    return load(path).accounts


def test_the_example_file_loads() -> None:
    assert load_accounts(FIXTURE) == (
        Account("demo", "demo", credit=Decimal(1000)),
        Account("poor", "poor", credit=Decimal("1.5")),
        Account("abroad", "abroad", international=True),
        Account("trial", "trial", test_mode=True),
        Account("reported", "reported", report_url="http://127.0.0.1:3000/sms/report"),
    )


def test_the_example_shows_each_setting_with_its_default() -> None:
    assert load_accounts(FIXTURE)[0] == Account("demo", "demo")


def test_account_keys_match_its_form() -> None:
    assert {*ACCOUNT.keys, "failed_logins"} == {field.name for field in fields(Account)}


def test_credit_is_read_as_the_decimal_that_is_written(write: Write) -> None:
    path = write('[[account]]\nuser_id = "a"\npassword = "b"\ncredit = 0.10\n')
    assert load_accounts(path)[0].credit == Decimal("0.10")


def test_text_is_utf8_with_or_without_a_byte_order_mark(write: Write) -> None:
    content = '[[account]]\nuser_id = "王小明"\npassword = "密碼"\n'.encode()
    for prefix in (b"", b"\xef\xbb\xbf"):
        assert load_accounts(write(prefix + content)) == (Account("王小明", "密碼"),)


def test_settings_are_a_table_of_their_own(write: Write) -> None:
    path = write('[settings]\nport = 9000\n[[account]]\nuser_id = "a"\npassword = "b"\n')
    account = Account("a", "b")
    assert load(path, Form({"port": WHOLE_NUMBER})) == Config((account,), {"port": 9000})
    assert load_accounts(path) == (account,)


def test_a_file_of_settings_only_has_the_account_demo(write: Write) -> None:
    assert load_accounts(write("[settings]\n")) == (Account("demo", "demo"),)


def test_outcomes_and_failures_are_tables(write: Write) -> None:
    """Clause D3 and failures on demand."""
    path = write(
        '[[outcome]]\nto = "0912-345-678"\nstatus = 103\nafter_seconds = 2.5\n'
        '[[failure]]\noperation = "sendSMS"\nkind = "http_error"\nstatus = 500\n'
        '[[failure]]\noperation = "*"\nkind = "delay"\nseconds = 0.5\nevery = 1\n'
    )
    config = load(path)
    assert config.accounts == (Account("demo", "demo"),)
    with FakeEvery8d(set_up=config.set_up) as fake:
        for _ in range(2):
            (outcome,) = fake.outcomes
            assert (outcome.to, outcome.status, outcome.after_seconds) == (
                "+886912345678",
                103,
                2.5,
            )
            server_error, slow = fake.failures
            assert (server_error.operation, server_error.status) == ("sendSMS", 500)
            assert (server_error.times, server_error.seconds) == (1, 0)
            assert (slow.kind, slow.seconds, slow.times) == ("delay", 0.5, None)
            fake.clear_failures()
            fake.clear_outcomes()
            assert (fake.failures, fake.outcomes) == ([], [])
            fake.reset()  # they hold again


DEMO = '[[account]]\nuser_id = "demo"\npassword = "demo"\n'


def test_r6_r7_r8_settings_of_reports(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    chosen = 'report_method = "POST"\nreport_charset = "big5"\nreport_attempts = 3\n'
    path.write_text(DEMO + chosen, "utf-8")
    assert load(path).accounts == (
        Account("demo", "demo", report_method="POST", report_charset="big5", report_attempts=3),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (DEMO + "credits = 5", 'account 1 (demo): "credits" is unknown'),
        (DEMO + 'credit = "1000"', "account 1 (demo): credit must be"),
        (DEMO + "credit = true", "account 1 (demo): credit must be"),
        (DEMO + "international = 1", "account 1 (demo): international must be"),
        (DEMO + "[account.report_url]\nx = 1", "account 1 (demo): report_url must be"),
        (DEMO + 'report_method = "PUT"', "account 1 (demo): report_method must be"),
        (DEMO + 'report_charset = "gbk"', "account 1 (demo): report_charset must be"),
        (DEMO + "report_attempts = 0", "account 1 (demo): report_attempts must be"),
        ('[[account]]\npassword = "x"', "account 1: user_id is missing"),
        (DEMO + '[[account]]\nuser_id = "b"', "account 2 (b): password is missing"),
        ('[[account]]\nuser_id = ""\npassword = ""', "account 1 (): user_id must not"),
        (DEMO + DEMO, "account 2 (demo): user_id is taken by an account above it"),
        ("", "has no account; begin each with [[account]]"),
        ("account = []", "has no account;"),
        ("[settings]\naccount = []", 'settings: "account" is unknown'),
        ("[[settings]]", "settings: must be a table, begun with [settings]"),
        ("settings = 1", "settings: must be a table,"),
        ("[settings]\nprot = 1", 'settings: "prot" is unknown'),
        ('[settings]\nport = "1"', "settings: port must be"),
        ("[settings]\n[[accounts]]", '"accounts" is unknown here; did you mean account?'),
        ('[[outcome]]\nto = "0212345678"\nstatus = 103', "outcome 1 (0212345678): '0212345678' is"),
        ('[[outcome]]\nto = "0912345678"\nstatus = 99', "outcome 1 (0912345678): status must be"),
        ('[[outcome]]\nto = "0912345678"', "outcome 1 (0912345678): status is missing"),
        (
            '[[outcome]]\nto = "0912345678"\nstatus = 0\nafter_second = 5',
            'outcome 1 (0912345678): "after_second" is unknown',
        ),
        (
            '[[outcome]]\nto = "0912345678"\nstatus = 0\nafter_seconds = 2026-11-24',
            "outcome 1 (0912345678): after_seconds must be",
        ),
        ("[outcome]", "outcome: must be tables, each begun with [[outcome]]"),
        (
            '[[failure]]\noperation = "sendSMS"\nkind = "delay"',
            "failure 1 (sendSMS): seconds is missing",
        ),
        (
            '[[failure]]\noperation = "*"\nkind = "http_error"\nstatus = 200',
            "failure 1 (*): status must be",
        ),
        (
            '[[failure]]\nkind = "garbage"\noperation = "*"\n[[failure]]\nkind = "garbage"',
            "failure 2: operation is missing",
        ),
        ("[[outage]]", '"outage" is unknown here; known: account, outcome, failure, settings'),
        ("[account]", "account: must be tables,"),
    ],
)
def test_error_names_file_table_and_key(write: Write, content: str, message: str) -> None:
    """The sentences about single values are in tests/control/test_forms.py."""
    path = write(content)
    with pytest.raises(ConfigError) as caught:
        load(path, Form({"port": WHOLE_NUMBER}))
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("credit = -1", "credit"),
        ("credit = 1.234", "credit"),
        ("credit = inf", "credit"),
        ("credit = nan", "credit"),
        ('report_url = "localhost:3000"', "report_url"),
        ('report_url = "ftp://localhost/"', "report_url"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused_with_its_place(
    write: Write, line: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=rf"accounts\.toml: account 1 \(demo\): {key} must"):
        load_accounts(write(DEMO + line))


TEXTS = ["", "x", "\0", "\u202e\x1b\n", "x" * 100_000, "http://[#", "smtp://[#", "12", "a..b"]
NUMBERS = [
    "0", "-0.0", "1.005", "inf", "-nan", "1e9999", "1e99999999999999999999", "9" * 20,
    "9" * 4_301, f"0x{'f' * 5_000}", "2026-11-24", "08:00:00", "true",
]  # fmt: skip
# Each as TOML.
values = st.recursive(
    st.sampled_from([*NUMBERS, *map(json.dumps, TEXTS)]),
    lambda each: st.lists(each, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=3,
)
TABLES = {
    "[[account]]": [*ACCOUNT.keys, "x" * 100_000, "1"],
    "[[outcome]]": [*OUTCOME.keys, ""],
    "[[failure]]": [*FAILURE.keys],
    "[settings]": ["port", "host", "public_url", "smtp_url", "delivery_seconds", "edition"],
}
tables = st.sampled_from([*TABLES]).flatmap(
    lambda table: st.dictionaries(st.sampled_from(TABLES[table]), values, max_size=5).map(
        lambda keys: "\n".join(
            [table, *[f"{json.dumps(key)} = {value}" for key, value in keys.items()]]
        )
    )
)
VALID = {
    "[[account]]": '\nuser_id = "a"\npassword = "b"',
    "[[outcome]]": '\nto = "0912345678"\nstatus = 100',
    "[[failure]]": '\noperation = "*"\nkind = "garbage"',
    "[settings]": "",
}


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(tables, max_size=3), st.booleans())
def test_any_file_is_read_or_refused_in_a_sentence(
    write: Write, parts: list[str], valid: bool
) -> None:
    if valid:  # but for what is changed
        parts = [
            part
            + "".join(
                line
                for line in VALID[part.partition("\n")[0]].splitlines(keepends=True)
                if line.partition(" ")[0].strip() not in part
            )
            for part in parts
        ]
    path = write("\n".join(parts))
    refusal = ""
    accounts: tuple[Account, ...] = ()
    try:
        accounts = load(path, Form(dict.fromkeys(TABLES["[settings]"], TEXT))).accounts
    except ConfigError as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert len(refusal) <= 2_000
    assert all("-" not in f"{account.credit:f}" for account in accounts)


@pytest.mark.parametrize("content", ["a = " + "[" * 20_000, "a = 1e99999999999999999999"])
def test_file_that_no_parser_takes_is_refused(write: Write, content: str) -> None:
    with pytest.raises(ConfigError, match=r"is nested too deeply|has a number that is too"):
        load(write(content))


def test_credit_below_zero_by_its_sign_alone_is_zero(write: Write) -> None:
    (account,) = load_accounts(write(DEMO + "credit = -0.0"))
    assert f"{account.credit:f}" == "0.0"
    assert f"{Account('a', 'b', Decimal('-0.00')).credit:f}" == "0.00"


def test_invalid_toml_is_refused_with_its_line(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"is not TOML: .*line 2"):
        load_accounts(write("[[account]]\nuser_id = demo\n"))


def test_invalid_utf8_is_refused(write: Write) -> None:
    with pytest.raises(ConfigError, match="is not UTF-8 text, at byte 2"):
        load_accounts(write(b"# \xa4\xa4"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load_accounts(tmp_path / "nowhere.toml")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: (Is a directory|Permission denied)"):
        load_accounts(tmp_path)
