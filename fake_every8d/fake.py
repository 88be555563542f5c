"""`FakeEvery8d`: the fake, for tests."""

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from fake_every8d.assertions import Assertions
from fake_every8d.calls import HTTP_PATH, SOAP_PATH
from fake_every8d.control import summary
from fake_every8d.control.failures import Failure, FailureKind, FailureOperation, FailureSettings
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.gateway import (
    Account,
    BatchSummary,
    Clock,
    Email,
    Gateway,
    Message,
    NotFound,
    Outcome,
    Report,
    ReportState,
    Settings,
    Status,
)
from fake_every8d.gateway.accounts import ReportCharset, ReportMethod
from fake_every8d.gateway.errors import names_its_attributes
from fake_every8d.outgoing.in_process import InProcess, ReportReceiver
from fake_every8d.outgoing.reports import Reporter
from fake_every8d.web.http.tls import Certificate, Tls, certificate

if TYPE_CHECKING:
    from fake_every8d.web.http.server import Server


class AccountSettings(TypedDict, total=False):
    """The settings of an `Account`, besides its user ID and password."""

    credit: Decimal | float
    international: bool
    interactive: bool
    test_mode: bool
    report_url: str | None
    report_method: ReportMethod
    report_charset: ReportCharset
    report_attempts: int


class AccountChanges(AccountSettings, total=False):
    """The changes to an `Account`: all fields except `user_id`, and two shorthands.

    `top_up` adds points to the credit. `locked` locks the account, as 11 failed logins do,
    or unlocks it.
    """

    password: str
    failed_logins: int
    top_up: Decimal | float
    locked: bool


@names_its_attributes
class FakeEvery8d(Assertions):
    """An EVERY8D of your own, served on this machine.

        with FakeEvery8d() as fake:
            client = zeep.Client(fake.wsdl_url)

    Several can run at once, each on a free port unless you choose one. The objects that it returns
    (messages, reports, accounts) are frozen. Phone numbers may be given in any form:
    `0912345678`, `+886912345678`. With `tls` it serves HTTPS too: `True` is `Tls()`, whose
    certificate is made by a CA for clients to trust, in `ca_file` (this needs the extra `tls`).
    The JSON API and the page ask for `api_token`. `log` is called after every request, except
    for successful reads of the JSON API and the page; from any thread, so it must not block.
    `set_up` is called with the fake now and after each reset, to set outcomes and failures.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        public_url: str | None = None,
        smtp_url: str | None = None,
        api_token: str | None = None,
        tls: bool | Tls = False,
        log: Callable[[RecordedRequest], None] | None = None,
        set_up: "Callable[[FakeEvery8d], None] | None" = None,
    ) -> None:
        # Here, because `connect` needs neither this nor its libraries.
        try:
            from fake_every8d.web.app import Application
        except ImportError as error:  # a library is missing, or too old
            raise ImportError(
                f"{error}; to run a fake in this process, install fake-every8d with its "
                "dependencies, or use one that runs elsewhere: FakeEvery8d.connect(url), or for "
                "the pytest fixture FAKE_EVERY8D_URL in the environment"
            ) from error

        mail = None
        if smtp_url:
            from fake_every8d.outgoing.mail import Mailer  # here, because few need its imports

            mail = Mailer(smtp_url)
        self._reporter = Reporter()
        self.gateway = Gateway(settings, report=self._reporter, mail=mail)
        """The platform behind it, for everything that this class does not offer."""
        self._application = Application(
            self.gateway,
            host=host,
            public_url=public_url,
            api_token=api_token,
            log=log,
            set_up=partial(set_up, self) if set_up else None,
        )
        self._world = self._application.world
        self._journal = self._world.journal
        self._host = host
        self._port = port
        self._tls = Tls() if tls is True else tls or None
        self._certificate: Certificate | None = None
        self._files = ExitStack()
        self._server: Server | None = None
        self._stopped = False
        self._process = os.getpid()
        self._world.set_up()

    @staticmethod
    def connect(url: str, *, token: str | None = None) -> "FakeEvery8d":
        """A fake that runs elsewhere: in another environment, in a container, on another machine.

            every8d = FakeEvery8d.connect("http://127.0.0.1:8021")

        It has everything that a fake in this process has, except for `gateway` and `reports_to`.
        `token` is its API token, which may stand in the URL, too: `http://token@127.0.0.1:8021`.
        Only the standard library is needed here. Raises `ConnectionError` if nothing is there,
        something else is, or a fake of another version; `PermissionError` if the token is not
        right; and `InvalidInput` for what is no URL.
        """
        from fake_every8d.remote import RemoteFake

        return RemoteFake(url, token)

    def __repr__(self) -> str:
        return f"<FakeEvery8d{f' at {self._server.url}' if self._server else ', not running'}>"

    def start(self) -> Self:
        """Start serving, where a `with` block does not fit; do nothing if it is running already.

            fake = FakeEvery8d(port=8021).start()

        Raises `OSError` if the port is taken, `RuntimeError` if it was stopped, and
        `InvalidInput` if `tls` is wrong.
        """
        if self._stopped:
            raise RuntimeError("FakeEvery8d was stopped, for good: make a new one")
        if self._server is None:
            from fake_every8d.web.http.server import Server

            with ExitStack() as files:
                tls_port = None
                if self._tls:
                    self._certificate = files.enter_context(certificate(self._tls, self._host))
                    tls_port = self._tls.port
                    if self._certificate.ca:
                        self._application.ca = self._certificate.ca.read_bytes()
                self._server = Server(
                    self._application,
                    self._host,
                    self._port,
                    self._certificate,
                    tls_port=tls_port,
                )
                self._files = files.pop_all()
        return self

    def stop(self) -> None:
        """Stop serving, and cancel everything scheduled; for good.

            fake.stop()

        Does nothing in a fork of the process that it runs in.
        """
        # A fork has no threads, and would wait for them for ever.
        if os.getpid() != self._process:
            return
        self._stopped = True
        self._world.failures.clear()  # delayed calls go on first
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._files.close()
        self.gateway.close()
        self._reporter.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The server's URL, https if `tls` is on; without a slash at the end.

            assert every8d.url.startswith("http://127.0.0.1:")

        Raises `RuntimeError` if it is not running.
        """
        return self._running.url

    @property
    def plain_url(self) -> str:
        """The same URL by http, whether `tls` is on or not (W11).

            assert every8d.plain_url.startswith("http://127.0.0.1:")

        Raises `RuntimeError` if it is not running.
        """
        return self._running.plain_url

    @property
    def _running(self) -> "Server":
        if self._server is None:
            raise RuntimeError("FakeEvery8d is not running: use it in a `with`, or call start()")
        return self._server

    @property
    def ca_file(self) -> Path:
        """The CA for clients to trust, a PEM file, while `FakeEvery8d(tls=True)` is running.

            requests.get(fake.wsdl_url, verify=fake.ca_file)

        With `Tls(dir=…)` it is the same at each start, and stays.
        """
        if self._server is None or self._certificate is None or self._certificate.ca is None:
            raise RuntimeError("there is a CA only while FakeEvery8d(tls=True) is running")
        return self._certificate.ca

    @property
    def soap_url(self) -> str:
        """The SOAP endpoint: give it to your application in place of production's address.

        app.config["EVERY8D_URL"] = every8d.soap_url
        """
        return self.url + SOAP_PATH

    @property
    def http_url(self) -> str:
        """The base URL of the HTTP API's operations, with a slash at the end.

        requests.get(every8d.http_url + "getCredit.ashx", {"UID": "demo", "PWD": "demo"})
        """
        return self.url + HTTP_PATH

    @property
    def wsdl_url(self) -> str:
        """The WSDL's URL, for clients that read one.

        service = zeep.Client(every8d.wsdl_url).service
        """
        return f"{self.soap_url}?WSDL"

    @property
    def clock(self) -> Clock:
        """The fake's own time: `now`, `advance`, `travel_to`, `freeze`, `resume`.

            every8d.clock.freeze()  # it stands still, but can be moved
            tomorrow = every8d.clock.now + timedelta(days=1)
            every8d.clock.travel_to(tomorrow)
            every8d.clock.advance(minutes=5)
            every8d.clock.resume()

        It starts at the real time, whatever freezegun or time-machine have done to Python's
        clocks. Moving it waits for the receivers' responses to status reports. If the receiver
        runs on the test's own event loop, move the clock with

            await every8d.clock.advance_async(minutes=5)
        """
        return self.gateway.clock

    @property
    def account(self) -> Account:
        """The first account, as it is now: `demo` / `demo` by default.

            assert every8d.account.credit == 1000

        Raises `NotFound` if all have been removed.
        """
        if not (accounts := self.accounts):
            raise NotFound(
                "there is no account: all have been removed", field="user_id", reason="unknown"
            )
        return accounts[0]

    def account_of(self, user_id: str) -> Account:
        """An account, as it is now.

            assert not every8d.account_of("demo").locked

        Raises `NotFound`.
        """
        return self.gateway.account(user_id)

    @property
    def accounts(self) -> list[Account]:
        """All accounts, as they are now.

        assert [account.user_id for account in every8d.accounts] == ["demo"]
        """
        return self.gateway.accounts()

    def add_account(
        self, user_id: str, password: str, **settings: Unpack[AccountSettings]
    ) -> Account:
        """Add an account, until the next reset.

            every8d.add_account("shop", "s3cret", credit=20, international=True)

        The names and defaults are those of `Account`. Raises `InvalidInput` if the user ID is taken
        or a value makes no sense.
        """
        account = Account(user_id, password, **settings)  # type: ignore[arg-type]  # any number
        self._add_account(account)
        return account

    def _add_account(self, account: Account) -> None:
        self.gateway.add_account(account)

    def update_account(self, user_id: str, /, **changes: Unpack[AccountChanges]) -> Account:
        """Change an account; returns it as it is now.

            every8d.update_account("demo", credit=2)
            every8d.update_account("demo", top_up=100)
            every8d.update_account("demo", report_url=app.url + "/sms/report")
            every8d.update_account("demo", locked=False)

        The names are those of `AccountChanges`. Raises `NotFound` or `InvalidInput`.
        """
        return self.gateway.update_account(user_id, **changes)

    def remove_account(self, user_id: str) -> None:
        """Remove an account until the next reset; its sessions end with it.

            every8d.add_account("shop", "s3cret")
            every8d.remove_account("shop")

        Its messages and bookings go on. Raises `NotFound`.
        """
        self.gateway.remove_account(user_id)

    def reset_account(self, user_id: str) -> Account:
        """Return one account to its initial state; the others are untouched.

            every8d.reset_account("demo")

        Credit and settings are as they were; sessions, tokens and a lockout end. Its messages,
        bookings, reports and e-mails are gone, and nothing more comes of them; so are its
        requests, and failures limited to it. Clock and outcomes stay. Raises `NotFound`.
        """
        return self._world.reset_account(user_id)

    @property
    def messages(self) -> list[Message]:
        """Every message, oldest first: bookings and refused ones too (see `status`).

        assert [sms.status for sms in every8d.messages] == [Status.DELIVERED]
        """
        return self.gateway.messages()

    def send(
        self,
        text: str,
        to: str,
        *,
        user_id: str | None = None,
        subject: str = "",
        send_time: datetime | None = None,
    ) -> list[Message]:
        """Send a text without an application: a call of sendSMS, but by no API.

            (booked,) = every8d.send("再見", to="0933444555", send_time=datetime(2099, 12, 31))

        `to` is one number, or several separated by commas. The account is `user_id`'s, or the
        first; a `send_time` without a time zone is Taipei's. Returns the messages, refused ones
        too. Raises `PlatformError` for the errors of the call, and `NotFound`.
        """
        return self.gateway.send(text, to, user_id=user_id, subject=subject, send_time=send_time)

    @property
    def sent(self) -> list[Message]:
        """The messages that went out, oldest first: neither refused, booked nor cancelled.

            assert [sms.phone for sms in every8d.sent] == ["0912345678"]

        An account in test mode sends nothing (S8).
        """
        return [message for message in self.messages if message.sent_at is not None]

    def messages_to(self, number: str) -> list[Message]:
        """The messages to a number, oldest first.

        assert [sms.code for sms in every8d.messages_to("0912345678")] == ["483920"]
        """
        return self.gateway.messages(to=number)

    @property
    def batches(self) -> list[BatchSummary]:
        """The batches that calls have sent, oldest first, each with its messages counted by status.

        assert every8d.batches[0].statuses == {Status.DELIVERED: 1}
        """
        return self.gateway.batches()

    def set_status(self, message: Message | int, status: Status | int | str) -> Message:
        """Set the status of a message, given itself or by its ID; return it with that status.

            booked = every8d.wait_for_message(to="0922333444")
            every8d.set_status(booked, Status.CANCELLED)

        A sent message can reach every status of an outcome, and a booking 303. Raises `NotFound`,
        or `Conflict` if it cannot reach that status.
        """
        message_id = message if isinstance(message, int) else message.id
        return self.gateway.set_status(message_id, Status.parse(status))

    def set_outcome(
        self, to: str, status: Status | int | str, after: float | timedelta | None = None
    ) -> Outcome:
        """Let messages to a number end in `status` from now on, `after` seconds after being sent.

            every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER, after=5)

        `status` is 100 to 107, a refusal (-1 to -8, 301, 500; its points are given back), or 0 to
        stay at "sent" for ever. `after`, in seconds or as a `timedelta`, is in the fake's time.
        Raises `InvalidInput`.
        """
        if isinstance(after, timedelta):
            after = after.total_seconds()
        return self.gateway.set_outcome(to, Status.parse(status), after)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes that were set, by number.

        assert every8d.outcomes == []
        """
        return self.gateway.outcomes()

    def clear_outcomes(self, to: str | None = None) -> None:
        """Forget the outcome of a number, or all outcomes.

            every8d.clear_outcomes("0912345678")

        Raises `NotFound` if it is not a phone number.
        """
        self.gateway.clear_outcomes(to)

    def clear_messages(self) -> None:
        """Forget the messages that are finished, with their reports and e-mails (X2).

            every8d.clear_messages()

        A batch for which a booking, a delivery or a report is still to come stays whole.
        """
        self.gateway.clear_messages()

    def reply(self, message_or_number: Message | str, text: str) -> Message:
        """Reply to a message, or to the newest one to a number, from its phone.

            every8d.reply("0912345678", "好的")

        It appears in the delivery log and is reported with STATUS 999. Returns the message
        with its reply. Raises `NotFound` or `InvalidInput` if no message reached the phone.
        """
        return self.gateway.reply(message_or_number, text)

    @property
    def settings(self) -> Settings:
        """The current settings.

        assert every8d.settings.edition == "2016"
        """
        return self.gateway.settings

    def update_settings(self, **changes: Any) -> Settings:
        """Change the edition, or `pad_mobile`, until the next reset; returns the settings.

            every8d.update_settings(edition="2025")

        Raises `InvalidInput` for another setting, or a value that makes no sense.
        """
        return self.gateway.update_settings(**changes)

    def add_failure(
        self, operation: FailureOperation, kind: FailureKind, **settings: Unpack[FailureSettings]
    ) -> Failure:
        """Make the next call of an operation, or of any (`"*"`), fail.

            every8d.add_failure("sendSMS", kind="http_error", status=503)
            every8d.add_failure("*", kind="delay", seconds=2, times=None)
            every8d.add_failure("sendSMS", kind="disconnect", effect="after")  # sent and charged

        The kinds and their settings are those of `Failure`. The failure that is returned goes on
        counting how often it happened. Raises `InvalidInput`.
        """
        return self._world.failures.add(operation, kind, **settings)

    @contextmanager
    def outage(
        self,
        operation: FailureOperation = "*",
        kind: FailureKind = "http_error",
        **settings: Unpack[FailureSettings],
    ) -> Iterator[Failure]:
        """Make all calls fail within a block: with HTTP 503, unless told otherwise.

            with every8d.outage() as outage:
                every8d.send("it goes by no API", to="0912345678")
            assert outage.happened == 0

        The parameters are those of `add_failure`. The failure ends with the block.
        """
        settings.setdefault("times", None)
        failure = self.add_failure(operation, kind, **settings)
        try:
            yield failure
        finally:
            with suppress(NotFound):  # a reset has removed it
                self.remove_failure(failure)

    @property
    def failures(self) -> list[Failure]:
        """The failures that are still to happen, oldest first.

        assert every8d.failures == []  # all of them have happened
        """
        return self._world.failures.all()

    def clear_failures(self) -> None:
        """Remove all failures; delayed calls go on at once.

        every8d.clear_failures()
        """
        self._world.failures.clear()

    def remove_failure(self, failure: Failure | int) -> None:
        """Remove a failure that is still to happen; it may be given by its ID.

            outage = every8d.add_failure("*", kind="http_error", times=None)
            every8d.remove_failure(outage)

        Raises `NotFound`.
        """
        self._world.failures.remove(failure if isinstance(failure, int) else failure.id)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last requests to it, oldest first, with their responses and advice.

        assert every8d.requests[-1].operation == "sendSMS"
        assert not every8d.requests[-1].advice
        """
        return self._world.journal.all()

    def clear_requests(self) -> None:
        """Forget the requests so far; nothing else changes.

        every8d.clear_requests()
        """
        self._world.journal.clear()

    @property
    def reports(self) -> list[Report]:
        """Every status report, oldest first, each with its attempts so far.

        assert [attempt.status_code for attempt in every8d.reports[0].attempts] == [200]
        """
        return self.gateway.reports()

    @property
    def emails(self) -> list[Email]:
        """Every copy by e-mail, oldest first.

        assert [email.to for email in every8d.emails] == ["wang@example.com"]
        """
        return self.gateway.emails()

    def reports_to(
        self, receiver: ReportReceiver, url: str | None = None, *, user_id: str | None = None
    ) -> None:
        """Let an application of this process have the status reports, without a server (R9).

            every8d.reports_to(app, "/sms/report")  # of Flask, Django, FastAPI: WSGI or ASGI
            every8d.reports_to(received.append)  # a function of the `Report`

        It is called as over HTTP, with retries and all, until the next reset. `url` is where it
        listens, a path or a whole URL; without it, the accounts keep their own. It has the
        reports and replies of the account `user_id`, or of all; one that is added later needs a
        `report_url`. A function may be asynchronous; it returns a status, a response that has a
        `status_code`, or nothing for 200.

        An ASGI application runs on the event loop of the test that calls this, or else on one of
        its own; its lifespan is left to the test's client. Raises `NotFound`, and `InvalidInput`
        for what is no receiver or no URL.
        """
        self.gateway.reports_to(InProcess(receiver), url, user_id)

    def reset(
        self,
        *,
        settings: Settings | None = None,
        now: datetime | None = None,
        keep_sessions: bool | None = None,
    ) -> None:
        """Return to the initial state: accounts and clock as set up, nothing sent or recorded.

            every8d.reset()
            every8d.reset(now=datetime(2026, 1, 31, 23, 55))  # in Taipei
            every8d.reset(keep_sessions=True)

        With `settings`, these are the initial state from now on. With `now`, the clock starts then,
        until the next reset. With `keep_sessions`, session keys and tokens stay good; by default
        that is as in the settings. The fixture resets before and after each test. Raises
        `InvalidInput` for a time that makes no sense.
        """
        self._world.reset(settings=settings, now=now, keep_sessions=keep_sessions)

    def snapshot(self) -> dict[str, Any]:
        """The state of everything except recorded requests, for `restore`, here or elsewhere.

            world = every8d.snapshot()

        It is JSON, so it can be kept in a file; it contains passwords.
        """
        return self._world.snapshot()

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Return to a snapshot, the clock too.

            world = every8d.snapshot()
            every8d.restore(world)

        Everything under way ends; reports under way in the snapshot go out again. Raises `Conflict`
        for another version's snapshot, and `InvalidInput` for anything else; then nothing changes.
        """
        self._world.restore(snapshot)

    def summary(self) -> str:
        """The last requests, messages and reports as text, for people to read.

        print(every8d.summary())
        """
        return summary.text(self.requests, self.messages, self.reports, self.gateway.edition)

    # For its assertions

    def _check(self, user_id: str | None) -> None:
        __tracebackhide__ = True
        if user_id is not None:
            self._world.check_account(user_id)

    def _find_messages(
        self, *, to: str | None, text: str | None, user_id: str | None, after: int | None
    ) -> list[Message]:
        return self.gateway.messages(to=to, text=text, user_id=user_id, after=after)

    def _find_reports(
        self, *, to: str | None, user_id: str | None, status: Status | None, state: ReportState
    ) -> list[Report]:
        return self.gateway.reports(to=to, user_id=user_id, status=status, state=state)

    def _wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float,
        *,
        to: str | None,
        user_id: str | None,
        topic: Hashable,
    ) -> None:
        self.gateway.wait_for(condition, timeout, to=to, user_id=user_id, topic=topic)
