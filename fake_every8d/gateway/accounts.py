"""Accounts, logins, lockout, sessions (clauses A)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from fake_every8d.gateway.clock import Clock, taipei_day
from fake_every8d.gateway.errors import (
    ACCOUNT_LOCKED,
    NO_SESSION,
    NO_SUCH_ACCOUNT,
    WRONG_PASSWORD,
    Conflict,
    InvalidInput,
    NotFound,
    PlatformError,
)

_FAILED_LOGINS_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class Account:
    """An account (帳號): how it is set up, and how it stands.

    A value: the gateway puts a new one in its place whenever something changes.
    Raises `InvalidInput` for a setting that makes no sense.
    """

    user_id: str
    """The login name (登入帳號, `userID`)."""
    password: str
    credit: Decimal = Decimal(1000)
    """Points left (餘額): never negative, two decimals at most."""
    international: bool = False
    """May it send abroad (國際簡訊發送設定)? Clause S4."""
    test_mode: bool = False
    """Accepts everything, charges nothing, delivers nothing (測試模式). Clause S8."""
    report_url: str | None = None
    """Where status reports and replies go (回報接收介面位址), http or https. Clause R1."""
    failed_logins: int = 0
    """In a row, since the last success. More than 10 lock the account. Clause A3."""

    def __post_init__(self) -> None:
        if not self.user_id:
            raise InvalidInput("user_id must not be empty")
        object.__setattr__(self, "credit", _points(self.credit))
        url = self.report_url
        if url is not None and not str(url).startswith(("http://", "https://")):
            raise InvalidInput(f"report_url must begin with http:// or https://, not {url!r}")

    @property
    def locked(self) -> bool:
        """Whether failed logins have locked the account (帳號已封鎖)."""
        return self.failed_logins > _FAILED_LOGINS_ALLOWED


def _points(value: Any) -> Decimal:
    # By way of str, so that 0.1 is a tenth of a point and not the float next to it.
    try:
        credit = value if isinstance(value, Decimal) else Decimal(str(value))
        sensible = credit.is_finite() and credit >= 0 and credit == round(credit, 2)
    except InvalidOperation:  # not a number at all, or of more digits than a Decimal rounds
        sensible = False
    if not sensible:
        raise InvalidInput(f"credit must be 0 or more points with two decimals, not {value}")
    return credit


class Accounts:
    """The accounts and their open sessions. The gateway's lock guards it."""

    def __init__(self, configured: Iterable[Account], clock: Clock) -> None:
        self._configured = {account.user_id: account for account in configured}
        self._clock = clock
        self._sessions: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the accounts as configured, with no session open (X1)."""
        self._accounts = dict(self._configured)
        self._end_all_sessions()

    def all(self) -> list[Account]:
        return list(self._accounts.values())

    def get(self, user_id: str) -> Account:
        """Raises `NotFound` if there is no such account."""
        try:
            return self._accounts[user_id]
        except KeyError:
            known = ", ".join(self._accounts) or "none"
            raise NotFound(f"there is no account {user_id!r}; there are: {known}") from None

    def add(self, account: Account) -> None:
        """Raises `Conflict` if its user ID is taken."""
        if account.user_id in self._accounts:
            raise Conflict(f"there is an account {account.user_id!r} already")
        self._accounts[account.user_id] = account

    def update(self, user_id: str, **changes: Any) -> Account:
        """Put the account with `changes` to its fields in the old one's place."""
        self._accounts[user_id] = account = replace(self.get(user_id), **changes)
        return account

    def charge(self, account: Account, credit: Decimal) -> None:
        """Leave an account with `credit` points, which are known to make sense.

        Does what `update` would, without checking each field again: nothing changes so often.
        """
        charged = object.__new__(Account)
        for name in Account.__slots__:
            object.__setattr__(charged, name, getattr(account, name))
        object.__setattr__(charged, "credit", credit)
        self._accounts[account.user_id] = charged

    def remove(self, user_id: str) -> None:
        """Its sessions end with it. Raises `NotFound`."""
        self.get(user_id)
        del self._accounts[user_id]
        self._sessions = {key: who for key, who in self._sessions.items() if who != user_id}

    def open_session(self, user_id: str, password: str) -> str:
        """A new session key for a right password, else the platform's error (A1–A3)."""
        account = self._accounts.get(user_id)
        if account is None:
            raise PlatformError(*NO_SUCH_ACCOUNT)
        if account.locked:
            raise PlatformError(*ACCOUNT_LOCKED)
        if password != account.password:
            account = self.update(user_id, failed_logins=account.failed_logins + 1)
            raise PlatformError(*(ACCOUNT_LOCKED if account.locked else WRONG_PASSWORD))
        if account.failed_logins:
            self.update(user_id, failed_logins=0)
        self._expire()
        key = uuid.uuid4().hex
        self._sessions[key] = user_id
        return key

    def close_session(self, session_key: str) -> bool:
        """False for a key that is unknown, expired or closed already (A5)."""
        self._expire()
        return self._sessions.pop(session_key, None) is not None

    def of_session(self, session_key: str) -> Account:
        """Whose session it is. Raises the platform's error for a dead one (A6)."""
        user_id = self.owner(session_key)
        if user_id is None:
            raise PlatformError(*NO_SESSION)
        return self._accounts[user_id]

    def owner(self, session_key: str) -> str | None:
        """Whose session it is, or None for a dead one."""
        self._expire()
        return self._sessions.get(session_key)

    def sessions(self, user_id: str) -> int:
        """How many sessions the account has open."""
        self._expire()
        return sum(who == user_id for who in self._sessions.values())

    def _expire(self) -> None:
        # A session is good for the day on which it was opened (A4), so those of
        # another day than today's are dead all at once.
        if taipei_day(self._clock.micros) != self._day:
            self._end_all_sessions()

    def _end_all_sessions(self) -> None:
        self._sessions.clear()
        self._day = taipei_day(self._clock.micros)
