"""The accounts file: TOML to accounts, settings, outcomes and failures.

Errors say what is wrong where. Clauses A, S4, S8, R1.
"""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fake_every8d.gateway import Account, InvalidInput, Settings
from fake_every8d.gateway.delivery import Outcomes
from fake_every8d.web.faults import checked
from fake_every8d.web.forms import FAULT, OUTCOME, Form

if TYPE_CHECKING:
    from fake_every8d.fake import FakeEvery8d

Thing = TypeVar("Thing")

ValueKind = tuple[tuple[type, ...], str]
"""The types that a key's value may have, and what an error says they should be."""

_ACCOUNT: dict[str, ValueKind] = {
    "user_id": ((str,), 'text in quotes, such as "demo"'),
    "password": ((str,), "text in quotes"),
    "credit": ((int, Decimal), "points, such as 1000 or 12.5"),
    "international": ((bool,), "true or false"),
    "test_mode": ((bool,), "true or false"),
    "report_url": ((str,), 'a URL in quotes, such as "http://127.0.0.1:3000/sms/report"'),
}
_REQUIRED = ("user_id", "password")
_TABLES = ("account", "outcome", "failure")


class ConfigError(ValueError):
    """The accounts file cannot be used. One line: file, table, key, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Config:
    """What is in an accounts file."""

    accounts: tuple[Account, ...]
    settings: Mapping[str, Any]
    outcomes: tuple[Mapping[str, Any], ...] = ()
    """For each table `[[outcome]]`, what `POST /fake/outcomes` takes."""
    failures: tuple[Mapping[str, Any], ...] = ()
    """For each table `[[failure]]`, what `add_fault` takes."""

    def set_up(self, fake: "FakeEvery8d") -> None:
        """Set the outcomes, and add the failures."""
        for outcome in self.outcomes:
            fake.gateway.set_outcome(**outcome)
        for failure in self.failures:
            fake.add_fault(**failure)


def load_accounts(path: str | Path) -> tuple[Account, ...]:
    """The accounts of a TOML file, one for each table `[[account]]`, in order.

    Keys are the fields of `Account`; `user_id` and `password` are required. Raises
    `ConfigError`.
    """
    return load(path).accounts


def load(path: str | Path, known: Mapping[str, ValueKind] | None = None) -> Config:
    """What is in a TOML file; a file without any account has the default ones.

    Unless `known` is None, each setting must be in it and have a value of its kind; whether
    the value makes sense is not checked here. Raises `ConfigError`.
    """
    try:
        document = _parse(Path(path))
        settings = document.pop("settings", None)
        if not isinstance(settings, dict | None):
            raise ConfigError("settings: must be a table, begun with [settings]")
        if known is not None:
            try:
                _check(settings or {}, known)
            except ConfigError as error:
                raise ConfigError(f"settings: {error}") from error
        for key in document:
            if key not in _TABLES:
                raise ConfigError(_unknown(key, [*_TABLES, "settings"]))
        outcomes = _each(document, "outcome", "to", _outcome)
        failures = _each(document, "failure", "operation", _failure)
        if (settings is not None or outcomes or failures) and "account" not in document:
            accounts = Settings().accounts
        else:
            accounts = _accounts(document)
        return Config(accounts, settings or {}, outcomes, failures)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error.__cause__


def _parse(path: Path) -> dict[str, Any]:
    try:
        # utf-8-sig, for editors that write a byte order mark. Points are read as decimals,
        # because the float 0.1 is not exactly 0.1.
        return tomllib.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 text, at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}") from error


def _each(
    document: dict[str, Any], name: str, key: str, read: Callable[[dict[str, Any]], Thing]
) -> tuple[Thing, ...]:
    """What is read from each table of a name; an error shows what it has for `key`."""
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{name}: must be tables, each begun with [[{name}]]")
    things = []
    for number, table in enumerate(tables, 1):
        try:
            things.append(read(table))
        except (ConfigError, InvalidInput) as error:
            called = f" ({table[key]})" if key in table else ""
            raise ConfigError(f"{name} {number}{called}: {error}") from error
    return tuple(things)


def _accounts(document: dict[str, Any]) -> tuple[Account, ...]:
    accounts: dict[str, Account] = {}

    def read(table: dict[str, Any]) -> None:
        account = _account(table)
        if account.user_id in accounts:
            raise ConfigError("user_id: there is an account of that name above it")
        accounts[account.user_id] = account

    _each(document, "account", "user_id", read)
    if not accounts:
        raise ConfigError("there is no account in it; begin each with [[account]]")
    return tuple(accounts.values())


def _outcome(table: dict[str, Any]) -> dict[str, Any]:
    values = _read(table, OUTCOME)
    Outcomes(0).set(**values)  # which checks it
    return values


def _failure(table: dict[str, Any]) -> dict[str, Any]:
    values = _read(table, FAULT)
    checked(**values)
    return values


def _read(table: dict[str, Any], form: Form) -> dict[str, Any]:
    for key in table:
        if key not in form.keys:
            raise ConfigError(_unknown(key, form.keys))
    return form.read(table)


def _account(table: dict[str, Any]) -> Account:
    _check(table, _ACCOUNT)
    for key in _REQUIRED:
        if key not in table:
            raise ConfigError(f"{key}: is missing; it must be {_ACCOUNT[key][1]}")
    return Account(**table)


def _check(table: dict[str, Any], known: Mapping[str, ValueKind]) -> None:
    for key, value in table.items():
        if key not in known:
            raise ConfigError(_unknown(key, known))
        types, right = known[key]
        if type(value) not in types:  # not isinstance, for which True is an int
            raise ConfigError(f"{key}: must be {right}, not {_written(value)}")


def _unknown(key: str, known: Collection[str]) -> str:
    close = get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return f"{key}: unknown key; {hint}"


def _written(value: Any) -> str:
    """A value, about as it is written in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | str | Decimal):
        return f'"{value}"' if isinstance(value, str) else str(value)
    return "a table" if isinstance(value, dict) else "a list or a date"
