"""Accounts, logins, lockout, sessions, tokens: who is calling (clauses A, H6, H7)."""

import re
import secrets
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.clock import Clock, taipei_day
from fake_every8d.gateway.errors import (
    ACCOUNT_LOCKED,
    ENDED_BY_RESET,
    NO_CREDENTIALS,
    NO_SESSION,
    NO_SUCH_ACCOUNT,
    WRONG_PASSWORD,
    Conflict,
    InvalidInput,
    NotFound,
    PlatformError,
    changed_by,
)
from fake_every8d.gateway.outbox import ATTEMPTS

ReportMethod = Literal["GET", "POST"]
"""The method of status reports (R6)."""

ReportCharset = Literal["utf-8", "big5"]
"""The encoding of status reports (R7)."""

MOST_POINTS = 10**12
"""The most points of an account: up to here, a JSON number with two decimals is exact."""

MOST_ATTEMPTS = 100
"""The most attempts of an account for a report (R8)."""

FAILED_LOGINS_ALLOWED = 10
"""The most failed logins in a row; one more locks the account (A3)."""

_MOST_SESSIONS = 10_000
# Labels of at most 63 characters, as in the DNS; some networks allow an underscore.
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.|$))+")
_NOT_IN_URL = re.compile(r"[\s\x00-\x20\x7f-\x9f\\]")
_TOKEN_LIFE = 8 * 3_600_000_000  # µs
_MOST_TOKENS = 10_000


class Login(NamedTuple):
    """A user ID and its password, given with the call itself (H6)."""

    user_id: str
    password: str


class Token(NamedTuple):
    """A token from ConnectionHandler, in a call's Authorization header (H6, H7)."""

    text: str


Caller = str | Login | Token
"""The identification of a caller; a `str` is the key of a session."""


@changed_by("every8d.update_account(user_id, credit=…)")
@dataclass(frozen=True)
class Account:
    """An account (帳號): its settings and its state.

    A value: the gateway puts a new one in its place whenever something changes.
    Raises `InvalidInput` for a setting that makes no sense.
    """

    user_id: str
    """The login name (登入帳號, `userID`)."""
    password: str
    """The password (密碼, `password`)."""
    credit: Decimal = Decimal(1000)
    """Points left (餘額): 0 to 10¹², two decimals at most."""
    international: bool = False
    """True if it may send abroad (國際簡訊發送設定). Clause S4."""
    interactive: bool = False
    """True if it has interactive channels (互動簡訊), which an EventID needs. Clause H8."""
    test_mode: bool = False
    """True if it accepts everything, and charges and delivers nothing (測試模式). Clause S8."""
    report_url: str | None = None
    """The URL for status reports and replies (回報接收介面位址), http or https. Clause R1."""
    report_method: ReportMethod = "GET"
    """`GET`, or `POST` of a form. Clause R6."""
    report_charset: ReportCharset = "utf-8"
    """`utf-8`, or `big5`, which is code page 950. Clause R7."""
    report_attempts: int = ATTEMPTS
    """The number of attempts at a report in all: 1 to 100. Clause R8."""
    failed_logins: int = 0
    """The failed logins in a row since the last success. More than 10 lock it. Clause A3."""

    def __post_init__(self) -> None:
        for name in ("user_id", "password"):
            if not isinstance(value := getattr(self, name), str):
                raise InvalidInput(f"{name} must be text, not {type(value).__name__}", field=name)
        if not self.user_id:
            raise InvalidInput("user_id must not be empty", field="user_id")
        object.__setattr__(self, "credit", points(self.credit, "credit"))
        for name in ("international", "interactive", "test_mode"):
            if not isinstance(value := getattr(self, name), bool):
                raise InvalidInput(f"{name} must be true or false, not {value!r}", field=name)
        if type(self.failed_logins) is not int or self.failed_logins < 0:
            raise InvalidInput(
                f"failed_logins must be 0 or more, not {self.failed_logins!r}",
                field="failed_logins",
            )
        if self.report_url is not None:
            if not isinstance(self.report_url, str):
                raise InvalidInput(
                    f"report_url must be a URL, not {type(self.report_url).__name__}",
                    field="report_url",
                )
            _check_url(self.report_url)
        _check_choice("report_method", self.report_method, get_args(ReportMethod))
        _check_choice("report_charset", self.report_charset, get_args(ReportCharset))
        attempts = self.report_attempts
        if type(attempts) is not int or not 1 <= attempts <= MOST_ATTEMPTS:
            raise InvalidInput(
                f"report_attempts must be 1 to {MOST_ATTEMPTS}, not {attempts!r}",
                field="report_attempts",
            )

    @property
    def locked(self) -> bool:
        """True if failed logins have locked the account (帳號已封鎖)."""
        return self.failed_logins > FAILED_LOGINS_ALLOWED


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidInput(f"{name} must be {' or '.join(choices)}, not {value!r}", field=name)


@lru_cache  # an account is checked with every change, and its URL hardly ever changes
def _check_url(url: str) -> None:
    """Raise `InvalidInput` if a URL cannot be called."""
    if not str(url).lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"report_url must begin with http:// or https://, not {url!r}", field="report_url"
        )
    if reason := _uncallable(url):
        raise InvalidInput(
            f"report_url must be a URL such as http://127.0.0.1:3000/sms/report, not {url!r}: "
            f"{reason}",
            field="report_url",
        )


def _uncallable(url: str) -> str | None:
    """The reason why a URL cannot be called, or None if it can."""
    if bad := _NOT_IN_URL.search(url):
        return f"{bad[0]!r} must be percent-encoded in a URL"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return str(error)
    if not host:
        return "it names no host"
    if not parts.netloc.rpartition("@")[2].startswith("[") and not _HOST.fullmatch(host):
        return f"{host!r} is not the name or address of a host"
    return "port 0 cannot be called" if port == 0 else None


def points(value: Any, name: str) -> Decimal:
    """A number of points, exactly. Raises `InvalidInput` with the field `name`."""
    # Via str, so that 0.1 is a tenth of a point and not the float next to it.
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        sensible = 0 <= number <= MOST_POINTS and number == round(number, 2)
    except InvalidOperation:  # not a number at all, or of more digits than a Decimal rounds
        sensible = False
    if not sensible:
        raise InvalidInput(
            f"{name} must be 0 or more points with two decimals, {MOST_POINTS} at most, "
            f"not {value}",
            field=name,
        )
    return abs(number)  # for -0.0


class Accounts:
    """The accounts, their open sessions and their tokens. The gateway's lock guards them."""

    def __init__(self, configured: Iterable[Account], clock: Clock, changes: Changes) -> None:
        self._clock = clock
        self._changes = changes
        self._sessions: OrderedDict[str, str] = OrderedDict()  # user IDs; the last used last
        self._tokens: dict[str, tuple[str, int]] = {}  # user IDs and ends, oldest first
        self._ended: OrderedDict[str, None] = OrderedDict()  # ended by resets, the latest last
        self._end_all_sessions()
        self.reset(configured)

    def reset(self, configured: Iterable[Account], *, keep_sessions: bool = False) -> None:
        """Return to these accounts, with no session open and no token (X1).

        With `keep_sessions`, sessions and tokens of remaining accounts go on, as if they had been
        opened now.
        """
        self._initial = {account.user_id: account for account in configured}
        self._accounts = dict(self._initial)
        sessions, tokens = self._sessions, self._tokens
        self._sessions, self._tokens = OrderedDict(), {}
        self._day = taipei_day(self._clock.micros)
        if keep_sessions:
            until = self._clock.micros + _TOKEN_LIFE
            self._sessions.update((k, who) for k, who in sessions.items() if who in self._accounts)
            self._tokens = {
                text: (who, until) for text, (who, _) in tokens.items() if who in self._accounts
            }
        self._note_ended(
            key for key in (*sessions, *tokens) if key not in self._sessions | self._tokens
        )

    def _note_ended(self, keys: Iterable[str]) -> None:
        """Remember the sessions and tokens that a reset has ended, as many as can be open."""
        for key in keys:
            self._ended[key] = None
            if len(self._ended) > _MOST_SESSIONS:
                self._ended.popitem(last=False)

    def all(self) -> list[Account]:
        """All accounts as they are now, in the order in which they came."""
        return list(self._accounts.values())

    def tokens(self) -> list[str]:
        """The tokens, oldest first; some may have expired."""
        return list(self._tokens)

    def get(self, user_id: str) -> Account:
        """The account of a user ID. Raises `NotFound`."""
        try:
            return self._accounts[user_id]
        except KeyError:
            known = ", ".join(self._accounts) or "none"
            raise NotFound(
                f"there is no account {user_id!r}; there are: {known}",
                field="user_id",
                reason="unknown",
            ) from None

    def find(self, user_id: str) -> Account | None:
        """The account of a user ID, or None."""
        return self._accounts.get(user_id)

    def add(self, account: Account) -> None:
        """Add an account. Raises `Conflict` if its user ID is taken."""
        if account.user_id in self._accounts:
            raise Conflict(
                f"there is an account {account.user_id!r} already", field="user_id", reason="taken"
            )
        self._initial[account.user_id] = self._accounts[account.user_id] = account

    @property
    def initial(self) -> list[Account]:
        """The initial state of each account, for its own reset."""
        return [self._initial[user_id] for user_id in self._accounts]

    @property
    def sessions_and_tokens(self) -> tuple[list[tuple[str, str]], list[tuple[str, str, int]]]:
        """The sessions, the last used last, and the tokens, oldest first."""
        self._expire()
        return [*self._sessions.items()], [
            (text, user_id, until) for text, (user_id, until) in self._tokens.items()
        ]

    def restore(
        self,
        accounts: Iterable[Account],
        initial: Iterable[Account],
        sessions: Iterable[tuple[str, str]],
        tokens: Iterable[tuple[str, str, int]],
    ) -> None:
        """Restore what `all`, `initial` and `sessions_and_tokens` returned."""
        self._initial = {account.user_id: account for account in initial}
        self._accounts = {account.user_id: account for account in accounts}
        self._end_all_sessions()
        self._sessions.update(sessions)
        self._tokens = {text: (user_id, until) for text, user_id, until in tokens}

    def reset_one(self, user_id: str, *, keep_sessions: bool = False) -> Account:
        """Return to the account as configured or added, without a session. Raises `NotFound`."""
        self.get(user_id)
        if not keep_sessions:
            self._note_ended(self._end_sessions(user_id))
        self._accounts[user_id] = account = self._initial[user_id]
        return account

    def update(self, user_id: str, **changes: Any) -> Account:
        """Replace an account by one with `changes` to its fields."""
        account = replace(self.get(user_id), **changes)
        self.put(account)
        return account

    def charge(self, account: Account, points: int) -> Account:
        """Deduct the points of a send; the caller guarantees that the credit covers them (P8).

        The same as `update`, but without checking each field: it is the most frequent change.
        """
        charged = object.__new__(Account)
        fields = charged.__dict__
        fields.update(account.__dict__)
        fields["credit"] = account.credit - points
        self.put(charged)
        return charged

    def put(self, account: Account) -> None:
        """Replace the account of the same user ID."""
        self._accounts[account.user_id] = account
        self._changes.count()

    def refund(self, user_id: str, points: int) -> None:
        """Give points back (P6).

        Points are lost if the account was removed, and above `MOST_POINTS` (P8).
        """
        if account := self.find(user_id):
            self.update(user_id, credit=min(account.credit + points, Decimal(MOST_POINTS)))

    def remove(self, user_id: str) -> None:
        """Remove an account with its sessions and tokens. Raises `NotFound`."""
        self.get(user_id)
        del self._accounts[user_id]
        self._end_sessions(user_id)

    def _end_sessions(self, user_id: str) -> list[str]:
        """End an account's sessions and tokens, and return them."""
        sessions = [key for key, who in self._sessions.items() if who == user_id]
        tokens = [text for text, whose in self._tokens.items() if whose[0] == user_id]
        for key in sessions:
            del self._sessions[key]
        for text in tokens:
            del self._tokens[text]
        return sessions + tokens

    def log_in(self, user_id: str, password: str) -> Account:
        """The account, if the password is right; else raise `PlatformError` (A1–A3)."""
        account = self._accounts.get(user_id)
        if account is None:
            raise PlatformError(*NO_SUCH_ACCOUNT)
        if account.locked:
            raise PlatformError(*ACCOUNT_LOCKED)
        if password != account.password:
            account = self.update(user_id, failed_logins=account.failed_logins + 1)
            raise PlatformError(*(ACCOUNT_LOCKED if account.locked else WRONG_PASSWORD))
        return self.update(user_id, failed_logins=0) if account.failed_logins else account

    def open_session(self, user_id: str, password: str) -> str:
        """Open a session and return its key. Raises as `log_in` does.

        Above 10,000 sessions, the least recently used one ends.
        """
        self.log_in(user_id, password)
        self._expire()
        self._changes.count()
        key = uuid.uuid4().hex
        self._sessions[key] = user_id
        if len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return key

    def close_session(self, session_key: str) -> bool:
        """Close a session. Return False if it is unknown, expired or closed already (A5)."""
        self._expire()
        self._changes.count()
        return self._sessions.pop(session_key, None) is not None

    def open_token(self, login: Login) -> str:
        """Open a token and return it (H7). Raises as `authenticate` does."""
        account = self.authenticate(login)
        self._expire()
        if len(self._tokens) >= _MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        text = secrets.token_urlsafe(32)
        self._tokens[text] = account.user_id, self._clock.micros + _TOKEN_LIFE
        return text

    def close_token(self, token: Token) -> None:
        """Close a token. Raises `PlatformError` if it has ended already (H7)."""
        self.authenticate(token)
        del self._tokens[token.text]

    def authenticate(self, caller: Caller) -> Account:
        """The caller's account. Raises `PlatformError` if the caller is not logged in (A6, H6)."""
        if isinstance(caller, Login):
            if not caller.user_id or not caller.password:
                raise PlatformError(*NO_CREDENTIALS)
            return self.log_in(*caller)
        user_id = self.owner(caller)
        if user_id is None:
            key = caller.text if isinstance(caller, Token) else str(caller)
            raise PlatformError(*(ENDED_BY_RESET if key in self._ended else NO_SESSION))
        return self._accounts[user_id]

    def owner(self, caller: Caller) -> str | None:
        """The user ID of the caller, real or claimed; None if the session or token has ended."""
        if isinstance(caller, Login):
            return caller.user_id or None
        self._expire()
        if isinstance(caller, Token):
            return self._tokens.get(caller.text, (None,))[0]
        if caller in self._sessions:
            self._sessions.move_to_end(caller)
        return self._sessions.get(caller)

    def sessions(self, user_id: str) -> int:
        """The number of open sessions of an account."""
        self._expire()
        return sum(who == user_id for who in self._sessions.values())

    def _expire(self) -> None:
        # A session is good for the day on which it was opened (A4), so the sessions of earlier days
        # have all ended.
        now = self._clock.micros
        begins, ends = self._day
        if not begins <= now < ends:
            self._end_all_sessions()
        while self._tokens:
            oldest = next(iter(self._tokens))
            if self._tokens[oldest][1] > now:
                break
            del self._tokens[oldest]

    def _end_all_sessions(self) -> None:
        self._sessions.clear()
        self._day = taipei_day(self._clock.micros)
