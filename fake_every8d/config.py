"""The accounts file: TOML to accounts and settings, with errors that say what is wrong where.

Clauses A, S4, S8, R1.
"""

import tomllib
from collections.abc import Collection, Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fake_every8d.gateway import Account, InvalidInput, Settings

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


class ConfigError(ValueError):
    """The accounts file cannot be used. One line: file, table, key, and what is wrong."""


def load_accounts(path: str | Path) -> tuple[Account, ...]:
    """The accounts of a TOML file, one for each table `[[account]]`, in order.

    Keys are the fields of `Account`; `user_id` and `password` are required. Raises
    `ConfigError`.
    """
    accounts, _ = load(path)
    return accounts


def load(
    path: str | Path, known: Mapping[str, ValueKind] | None = None
) -> tuple[tuple[Account, ...], dict[str, Any]]:
    """The accounts of a TOML file, as `load_accounts` returns them, and its `[settings]`.

    Unless `known` is None, each setting must be in it and have a value of its kind; whether
    the value makes sense is not checked here. A file with settings only has the default
    accounts. Raises `ConfigError`.
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
        if settings is not None and not document:
            return Settings().accounts, settings
        return _accounts(document), settings or {}
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


def _accounts(document: dict[str, Any]) -> tuple[Account, ...]:
    for key in document:
        if key != "account":
            raise ConfigError(_unknown(key, ["account", "settings"]))
    tables = document.get("account", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError("account: must be tables, each begun with [[account]]")
    if not tables:
        raise ConfigError("there is no account in it; begin each with [[account]]")
    accounts: dict[str, Account] = {}
    for number, table in enumerate(tables, 1):
        try:
            account = _account(table)
            if account.user_id in accounts:
                raise ConfigError("user_id: there is an account of that name above it")
        except (ConfigError, InvalidInput) as error:
            name = f" ({table['user_id']})" if "user_id" in table else ""
            raise ConfigError(f"account {number}{name}: {error}") from error
        accounts[account.user_id] = account
    return tuple(accounts.values())


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
