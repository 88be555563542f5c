"""`RemoteFake`: a fake that runs elsewhere, for tests."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, Self, Unpack

from fake_every8d.control.failures import Failure, FailureKind, FailureOperation, FailureSettings
from fake_every8d.control.forms import ACCOUNT
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.fake import AccountChanges, FakeEvery8d
from fake_every8d.gateway import (
    Account,
    BatchSummary,
    Clock,
    Conflict,
    Email,
    Message,
    Outcome,
    PlatformError,
    Report,
    ReportState,
    Settings,
    Status,
)
from fake_every8d.gateway.errors import no_attribute
from fake_every8d.real_time import monotonic
from fake_every8d.remote import values
from fake_every8d.remote.client import Client
from fake_every8d.remote.clock import RemoteClock


class RemoteFake(FakeEvery8d):
    """A fake that runs elsewhere, controlled over its JSON API; see `FakeEvery8d.connect` (X4).

    Its methods take, do and raise the same as those of `FakeEvery8d`; in addition, each raises
    `ConnectionError` if the fake has gone.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        # Not that of `FakeEvery8d`, which sets up a platform and a server.
        self._client = Client(url, token)
        self._client.check()
        self._clock = RemoteClock(self._client)
        self._ca_dir: Path | None = None
        self._settings: Settings | None = None

    def __repr__(self) -> str:
        return f"<FakeEvery8d at {self.url}, elsewhere>"

    def __getattr__(self, name: str) -> NoReturn:
        if name == "gateway":
            raise NotImplementedError(
                f"{name} is not available for a fake elsewhere ({self.url}), only for one in this "
                "process: FakeEvery8d()"
            )
        raise no_attribute(self, name)

    def start(self) -> Self:
        """Do nothing, since it is running."""
        return self

    def stop(self) -> None:
        """Remove the file of `ca_file`, if it was asked for; the fake goes on."""
        if self._ca_dir is not None:
            shutil.rmtree(self._ca_dir, ignore_errors=True)
            self._ca_dir = None

    @property
    def url(self) -> str:
        return self._client.url

    @property
    def plain_url(self) -> str:
        return "http://" + self.url.partition("://")[2]

    @property
    def ca_file(self) -> Path:
        if self._ca_dir is None:
            try:
                authority = self._client.text("ca.pem")
            except ConnectionError as error:
                raise RuntimeError(f"the fake at {self.url} has no CA: {error}") from None
            self._ca_dir = Path(tempfile.mkdtemp(prefix="fake-every8d-"))
            weakref.finalize(self, shutil.rmtree, self._ca_dir, ignore_errors=True)
            (self._ca_dir / "ca.pem").write_text(authority, "ascii")
        return self._ca_dir / "ca.pem"

    @property
    def clock(self) -> Clock:
        return self._clock

    # Accounts

    def account_of(self, user_id: str) -> Account:
        return values.account(self._client.get("accounts", user_id, full=True))

    @property
    def accounts(self) -> list[Account]:
        told = self._client.get("accounts", full=True)
        return [values.account(each) for each in told["accounts"]]

    def _add_account(self, account: Account) -> None:
        body = {name: getattr(account, name) for name in ACCOUNT.keys}
        self._client.send("POST", "accounts", body=body)

    def update_account(self, user_id: str, /, **changes: Unpack[AccountChanges]) -> Account:
        self._client.send("PATCH", "accounts", user_id, body=changes)
        return self.account_of(user_id)

    def remove_account(self, user_id: str) -> None:
        self._client.delete("accounts", user_id)

    def reset_account(self, user_id: str) -> Account:
        self._client.send("POST", "reset", body={"user_id": user_id})
        return self.account_of(user_id)

    # Messages

    @property
    def messages(self) -> list[Message]:
        return self._listed_messages()

    def messages_to(self, number: str) -> list[Message]:
        return self._listed_messages(to=number)

    def send(
        self,
        text: str,
        to: str,
        *,
        user_id: str | None = None,
        subject: str = "",
        send_time: datetime | None = None,
    ) -> list[Message]:
        asked: dict[str, Any] = {"text": text, "to": to, "subject": subject}
        if user_id is not None:
            asked["user_id"] = user_id
        if send_time is not None:
            asked["send_time"] = send_time.isoformat()
        try:
            sent = self._client.send("POST", "messages", body=asked)
        except Conflict as error:
            if error.reason != "refused":
                raise
            code, _, description = str(error).partition(",")
            raise PlatformError(int(code), description.strip()) from None
        return [values.message(each) for each in sent["messages"]]

    @property
    def batches(self) -> list[BatchSummary]:
        return [values.batch(each) for each in self._client.all("batches", id="first_message_id")]

    def set_status(self, message: Message | int, status: Status | int | str) -> Message:
        message_id = message if isinstance(message, int) else message.id
        return values.message(
            self._client.send(
                "POST", "messages", message_id, "status", body={"status": Status.parse(status)}
            )
        )

    def set_outcome(
        self, to: str, status: Status | int | str, after: float | timedelta | None = None
    ) -> Outcome:
        if isinstance(after, timedelta):
            after = after.total_seconds()
        return values.outcome(
            self._client.send(
                "POST",
                "outcomes",
                body={"to": to, "status": Status.parse(status), "after_seconds": after},
            )
        )

    @property
    def outcomes(self) -> list[Outcome]:
        return [values.outcome(each) for each in self._client.get("outcomes")["outcomes"]]

    def clear_outcomes(self, to: str | None = None) -> None:
        self._client.delete("outcomes", to=to)

    def clear_messages(self) -> None:
        self._client.delete("messages")

    def reply(self, message_or_number: Message | str, text: str) -> Message:
        if isinstance(message_or_number, Message):
            path: tuple[str | int, ...] = ("messages", message_or_number.id, "replies")
            body = {"text": text}
        else:
            path, body = ("replies",), {"to": message_or_number, "text": text}
        return values.message(self._client.send("POST", *path, body=body))

    # Requests and reports

    @property
    def requests(self) -> list[RecordedRequest]:
        return [values.RemoteRequest(each) for each in self._client.all("requests", full=True)]

    def clear_requests(self) -> None:
        self._client.delete("requests")

    @property
    def reports(self) -> list[Report]:
        return [values.report(each) for each in self._client.all("reports")]

    def reports_to(
        self, receiver: object, url: str | None = None, *, user_id: str | None = None
    ) -> NoReturn:
        raise NotImplementedError(
            f"reports_to is not available for a fake elsewhere ({self.url}): it cannot call what "
            "is in this process. Serve the application at a URL that it reaches, and name that: "
            'update_account("demo", report_url=…)'
        )

    @property
    def emails(self) -> list[Email]:
        return [values.email(each) for each in self._client.all("emails")]

    def summary(self) -> str:
        return self._client.text("summary").removesuffix("\n")

    # Failures on demand

    def add_failure(
        self, operation: FailureOperation, kind: FailureKind, **settings: Unpack[FailureSettings]
    ) -> Failure:
        body = {"operation": operation, "kind": kind, **settings}
        return values.RemoteFailure(self._client, self._client.send("POST", "failures", body=body))

    @property
    def failures(self) -> list[Failure]:
        told = self._client.get("failures")["failures"]
        return [values.RemoteFailure(self._client, each) for each in told]

    def clear_failures(self) -> None:
        self._client.delete("failures")

    def remove_failure(self, failure: Failure | int) -> None:
        self._client.delete("failures", failure if isinstance(failure, int) else failure.id)

    # The fake as a whole

    @property
    def settings(self) -> Settings:
        return values.settings(self._client.get("settings", full=True))

    def update_settings(self, **changes: Any) -> Settings:
        self._client.send("PATCH", "settings", body=changes)
        return self.settings

    def reset(
        self,
        *,
        settings: Settings | None = None,
        now: datetime | None = None,
        keep_sessions: bool | None = None,
    ) -> None:
        wanted = self._settings = settings or self._settings
        if wanted is not None:
            now = now or wanted.now
            keep_sessions = wanted.keep_sessions if keep_sessions is None else keep_sessions
        start = {"now": now, "keep_sessions": keep_sessions}
        given = {name: value for name, value in start.items() if value is not None}
        self._client.send("POST", "reset", body=given)
        if wanted is not None:
            self._change_to(wanted)

    def _change_to(self, wanted: Settings) -> None:
        """Change, of the settings, what can be changed until the next reset."""
        there = self.settings
        for name in ("delivery_seconds", "report_retry_seconds", "max_messages"):
            if getattr(there, name) != getattr(wanted, name):
                raise NotImplementedError(
                    f"{name} of the fake at {self.url} is {getattr(there, name)}, not "
                    f"{getattr(wanted, name)}, and cannot be changed from here: start it with "
                    f"--{name.replace('_', '-')} {getattr(wanted, name)}"
                )
        if (there.edition, there.pad_mobile) != (wanted.edition, wanted.pad_mobile):
            self.update_settings(edition=wanted.edition, pad_mobile=wanted.pad_mobile)
        if there.accounts != wanted.accounts:
            for account in there.accounts:
                self.remove_account(account.user_id)
            for account in wanted.accounts:
                self._add_account(account)

    def snapshot(self) -> dict[str, Any]:
        return self._client.get("snapshot")

    def restore(self, snapshot: dict[str, Any]) -> None:
        self._client.send("PUT", "snapshot", body=snapshot)

    # For its assertions

    def _check(self, user_id: str | None) -> None:
        if user_id is not None:
            self._client.get("batches", user_id=user_id, limit=1)

    def _listed_messages(self, **wanted: Any) -> list[Message]:
        return [values.message(each) for each in self._client.all("messages", **wanted)]

    def _find_messages(
        self, *, to: str | None, text: str | None, user_id: str | None, after: int | None
    ) -> list[Message]:
        found = self._listed_messages(to=to, text=text, user_id=user_id)
        return [message for message in found if after is None or message.id > after]

    def _find_reports(
        self, *, to: str | None, user_id: str | None, status: Status | None, state: ReportState
    ) -> list[Report]:
        code = None if status is None else status.value
        found = self._client.all("reports", to=to, user_id=user_id, status=code, state=state.value)
        return [values.report(each) for each in found]

    def _wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float,
        *,
        to: str | None,
        user_id: str | None,
        topic: Hashable,
    ) -> None:
        deadline = monotonic() + timeout
        etag = self._client.etag()  # before each look, so that no change is missed
        while not condition() and (left := deadline - monotonic()) > 0:
            etag = self._client.await_another(etag, left)
