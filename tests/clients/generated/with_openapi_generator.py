"""A program with the client that openapi-generator's `python` makes of the description."""

import json
import os
from collections.abc import Callable

from openapi_client import (
    AccountsApi,
    ApiClient,
    ApiException,
    Configuration,
    ErrorResponse,
    FailureKind,
    FailureOperation,
    FailuresApi,
    FakeApi,
    MessagesApi,
    NewAccount,
    NewFailure,
    NewOutcome,
    OutcomeStatus,
    Status,
)


def show(*seen: object) -> None:
    print(json.dumps(seen))


def refused(call: Callable[[], object]) -> tuple[int, ErrorResponse]:
    try:
        call()
    except ApiException as error:
        return error.status, error.data
    raise AssertionError("it was not refused")


client = ApiClient(Configuration(host=os.environ["FAKE"], access_token=os.environ["TOKEN"]))
accounts, failures, messages = AccountsApi(client), FailuresApi(client), MessagesApi(client)
shop = NewAccount(user_id="shop", password="s3cret", credit=12.5)
account = accounts.add_account(shop)
show(account.user_id, account.credit, account.report_url)

found = messages.list_messages(to="0912345678", status=Status.SENT, count=1, wait_seconds=5)
(message,) = found.messages
show(message.code, message.status, message.cost, message.booked_for, message.sent_at.timestamp())

busy = NewFailure(operation=FailureOperation.ANY, kind=FailureKind.HTTP_ERROR, times=None)
failure = failures.add_failure(busy)
show(failure.operation, failure.kind, failure.status, failure.times)

ending = NewOutcome(to="0987654321", status=OutcomeStatus.NO_SUCH_NUMBER)
outcome = messages.set_outcome(ending)
show(outcome.to, outcome.status, outcome.after_seconds)

status, missing = refused(lambda: messages.get_message(999))
show(status, missing.error.code, missing.error.reason)

status, twice = refused(lambda: accounts.add_account(shop))
show(status, twice.error.code, twice.error.reason)

senseless = NewFailure(
    operation=FailureOperation.GET_CREDIT, kind=FailureKind.DISCONNECT, to="0912345678"
)
status, wrong = refused(lambda: failures.add_failure(senseless))
show(status, wrong.error.code, wrong.error.var_field)

FakeApi(client).reset()
