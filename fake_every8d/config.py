"""Reading the accounts file: TOML to accounts, settings, outcomes and failures.

Errors say what is wrong, and where. Clauses A, S4, S8, R1.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fake_every8d.control.failures import FAILURE, checked
from fake_every8d.control.forms import ACCOUNT, OUTCOME, Form, unknown
from fake_every8d.control.readable import printable
from fake_every8d.gateway import Account, InvalidInput, Settings
from fake_every8d.gateway.delivery import Outcomes

if TYPE_CHECKING:
    from fake_every8d.fake import FakeEvery8d

Thing = TypeVar("Thing")

_TABLES = ("account", "outcome", "failure")


class ConfigError(ValueError):
    """The accounts file cannot be used. One line: file, table, key, and what is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, 2_000))


@dataclass(frozen=True, slots=True)
class Config:
    """The contents of an accounts file."""

    accounts: tuple[Account, ...]
    settings: Mapping[str, Any]
    outcomes: tuple[Mapping[str, Any], ...] = ()
    """The keys of each table `[[outcome]]`, as for `POST /fake/outcomes`."""
    failures: tuple[Mapping[str, Any], ...] = ()
    """The keys of each table `[[failure]]`, as for `add_failure`."""

    def set_up(self, fake: "FakeEvery8d") -> None:
        """Set the outcomes, and add the failures."""
        for outcome in self.outcomes:
            fake.gateway.set_outcome(**outcome)
        for failure in self.failures:
            fake.add_failure(**failure)


def load(path: str | Path, known: Form | None = None) -> Config:
    """The contents of a TOML file; a file without any account has the default ones.

    Its settings are read by the form `known`, if that is given. Raises `ConfigError`.
    """
    try:
        document = _parse(Path(path))
        settings = document.pop("settings", None)
        if not isinstance(settings, dict | None):
            raise ConfigError("settings: must be a table, begun with [settings]")
        if known is not None:
            try:
                settings = settings and known.read(settings)
            except InvalidInput as error:
                raise ConfigError(f"settings: {error}") from error
        for key in document:
            if key not in _TABLES:
                raise ConfigError(unknown(key, [*_TABLES, "settings"]))
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
    except RecursionError as error:
        raise ConfigError("is nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}") from error
    except (ArithmeticError, ValueError) as error:
        raise ConfigError("has a number that is too large") from error


def _each(
    document: dict[str, Any], name: str, key: str, read: Callable[[dict[str, Any]], Thing]
) -> tuple[Thing, ...]:
    """The result of `read` for each table `[[name]]`; an error shows the table's `key`."""
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{name}: must be tables, each begun with [[{name}]]")
    things = []
    for number, table in enumerate(tables, 1):
        try:
            things.append(read(table))
        except (ConfigError, InvalidInput) as error:
            named = table.get(key)
            called = f" ({printable(named)})" if isinstance(named, str) else ""
            raise ConfigError(f"{name} {number}{called}: {error}") from error
    return tuple(things)


def _accounts(document: dict[str, Any]) -> tuple[Account, ...]:
    accounts: dict[str, Account] = {}

    def read(table: dict[str, Any]) -> None:
        account = Account(**ACCOUNT.read(table))
        if account.user_id in accounts:
            raise ConfigError("user_id is taken by an account above it")
        accounts[account.user_id] = account

    _each(document, "account", "user_id", read)
    if not accounts:
        raise ConfigError("has no account; begin each with [[account]]")
    return tuple(accounts.values())


def _outcome(table: dict[str, Any]) -> dict[str, Any]:
    values = OUTCOME.read(table)
    Outcomes(0).set(**values)  # checks it
    return values


def _failure(table: dict[str, Any]) -> dict[str, Any]:
    values = FAILURE.read(table)
    checked(**values)
    return values
