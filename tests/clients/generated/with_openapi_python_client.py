"""A program with the client that openapi-python-client makes of the description."""

import json
import os

from fake_every8d_client import AuthenticatedClient
from fake_every8d_client.api.accounts import add_account
from fake_every8d_client.api.failures import add_failure
from fake_every8d_client.api.fake import reset
from fake_every8d_client.api.messages import get_message, list_messages, set_outcome
from fake_every8d_client.models import (
    Account,
    ErrorResponse,
    Failure,
    FailureKind,
    FailureOperation,
    Messages,
    NewAccount,
    NewFailure,
    NewOutcome,
    Outcome,
    OutcomeStatus,
    Status,
)


def show(*seen: object) -> None:
    print(json.dumps(seen))


client = AuthenticatedClient(base_url=os.environ["FAKE"], token=os.environ["TOKEN"])
shop = NewAccount(user_id="shop", password="s3cret", credit=12.5)
account = add_account.sync(client=client, body=shop)
assert isinstance(account, Account)
show(account.user_id, account.credit, account.report_url)

found = list_messages.sync(
    client=client, to="0912345678", status=Status.SENT, count=1, wait_seconds=5
)
assert isinstance(found, Messages)
(message,) = found.messages
assert message.sent_at is not None
show(message.code, message.status, message.cost, message.booked_for, message.sent_at.timestamp())

busy = NewFailure(operation=FailureOperation.ANY, kind=FailureKind.HTTP_ERROR, times=None)
failure = add_failure.sync(client=client, body=busy)
assert isinstance(failure, Failure)
show(failure.operation, failure.kind, failure.status, failure.times)

ending = NewOutcome(to="0987654321", status=OutcomeStatus.NO_SUCH_NUMBER)
outcome = set_outcome.sync(client=client, body=ending)
assert isinstance(outcome, Outcome)
show(outcome.to, outcome.status, outcome.after_seconds)

missing = get_message.sync_detailed(client=client, message_id=999)
assert isinstance(missing.parsed, ErrorResponse)
show(missing.status_code, missing.parsed.error.code, missing.parsed.error.reason)

twice = add_account.sync_detailed(client=client, body=shop)
assert isinstance(twice.parsed, ErrorResponse)
show(twice.status_code, twice.parsed.error.code, twice.parsed.error.reason)

senseless = NewFailure(
    operation=FailureOperation.GET_CREDIT, kind=FailureKind.DISCONNECT, to="0912345678"
)
wrong = add_failure.sync_detailed(client=client, body=senseless)
assert isinstance(wrong.parsed, ErrorResponse)
show(wrong.status_code, wrong.parsed.error.code, wrong.parsed.error.field)

assert reset.sync_detailed(client=client).status_code == 204
