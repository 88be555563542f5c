"""Copies by e-mail, to a real SMTP server: clause S7. It is 2040-03-01 12:00:00 in Taipei."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTPUTF8
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from fake_every8d.gateway import TAIPEI, Account, Gateway, Recipient, ReportState
from fake_every8d.outgoing.mail import Mailer
from tests.gateway.calls import PHONE, login, send_param, sent, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, refused_url

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
ROGER = Recipient("+886912345678", "驗證碼 4711\n.\n請勿外流 😀", "Roger", "roger@example.com")


class Mailbox:
    """A handler of an SMTP server: it responds to `DATA` in turn, and keeps the accepted mail."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 Taken"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = BytesParser(EmailMessage, policy=SMTPUTF8).parsebytes(envelope.content)
            self.messages.append(parsed)
            self.recipients.append(envelope.rcpt_tos)
        return answer


class Server(Controller):
    def _trigger_server(self) -> None:
        # The port that the system has picked is known only now.
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def smtp_server(mailbox: object) -> Iterator[str]:
    """The URL of an SMTP server on a free port."""
    server = Server(mailbox, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True)
    server.start()
    try:
        yield f"smtp://127.0.0.1:{server.port}"
    finally:
        server.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mailing(new_gateway: NewGateway, mailbox: Mailbox) -> Iterator[Gateway]:
    """A gateway that hands its copies to an SMTP server."""
    with smtp_server(mailbox) as url:
        yield new_gateway(mail=Mailer(url))


def all_are(gateway: Gateway, *states: ReportState) -> bool:
    return gateway.wait_for(
        lambda: [email.state for email in gateway.emails()] == list(states), DEADLINE
    )


def is_tried(gateway: Gateway, times: int) -> bool:
    """Wait until the only copy has been tried so often; whether it has been."""
    return gateway.wait_for(lambda: len(gateway.emails()[0].attempts) == times, DEADLINE)


def test_s7_a_copy_is_kept_when_the_message_is_sent(gateway: Gateway) -> None:
    receipt = send_param(gateway, ROGER, Recipient("+886922333444", "no copy"), subject="今日特價")
    (email,) = gateway.emails()
    (message, _) = sent(gateway, receipt)
    assert (email.to, email.subject, email.text) == (
        "roger@example.com", "今日特價", ROGER.text,
    )  # fmt: skip
    assert (email.message_id, email.user_id, email.at) == (message.id, "demo", NOON)
    assert (email.state, email.attempts) == (ReportState.KEPT, ())
    assert message.email == "roger@example.com"


def test_s7_a_copy_is_free(gateway: Gateway) -> None:
    assert send_param(gateway, ROGER).cost == 1


def test_s7_a_bookings_copy_goes_when_it_goes_out(gateway: Gateway) -> None:
    send_param(gateway, ROGER, send_time="20400301130000")
    erased = send_param(gateway, ROGER, send_time="20400301130000")
    gateway.platform.erase_booking(login(gateway), erased.batch_id)
    assert gateway.emails() == []
    gateway.clock.advance(hours=3)
    assert [email.at for email in gateway.emails()] == [NOON + timedelta(hours=1)]


def test_s7_unsent_message_is_not_copied(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=0))  # type: ignore[arg-type]
    refused = [
        ROGER,  # no credit
        ROGER._replace(mobile="12"),
        ROGER._replace(mobile="+14155550100"),
        ROGER._replace(send_time="never"),
    ]
    assert statuses(gateway, send_param(gateway, *refused)) == [301, -3, 500, -4]
    gateway.update_account("demo", test_mode=True)
    send_param(gateway, ROGER)
    gateway.clock.advance(days=1)
    assert gateway.emails() == []


def test_s7_a_copy_is_handed_to_the_smtp_server(mailing: Gateway, mailbox: Mailbox) -> None:
    send_param(mailing, ROGER, subject="今日 特價\r\nBcc: everybody@example.com")
    assert all_are(mailing, ReportState.DELIVERED)
    (message,) = mailbox.messages
    assert mailbox.recipients == [["roger@example.com"]]
    assert message["To"] == "roger@example.com"
    assert message["Subject"] == "今日 特價 Bcc: everybody@example.com"
    assert message["Bcc"] is None
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == ROGER.text
    (attempt,) = mailing.emails()[0].attempts
    assert (attempt.number, attempt.at, attempt.status_code, attempt.error) == (1, NOON, 250, None)


@pytest.mark.parametrize("answer", ["451 Later", "550 Never", "552 Too much"])
def test_s7_a_refused_copy_is_tried_again(mailing: Gateway, mailbox: Mailbox, answer: str) -> None:
    mailbox.answers = [answer, answer]
    send_param(mailing, ROGER)
    for tries in (1, 2):
        assert is_tried(mailing, tries)
        mailing.clock.advance(seconds=60)
    assert all_are(mailing, ReportState.DELIVERED)
    (email,) = mailing.emails()
    assert [(attempt.status_code, attempt.at) for attempt in email.attempts] == [
        (int(answer[:3]), NOON),
        (int(answer[:3]), NOON + timedelta(minutes=1)),
        (250, NOON + timedelta(minutes=2)),
    ]
    assert len(mailbox.messages) == 1


def test_s7_an_address_that_the_server_does_not_know(new_gateway: NewGateway) -> None:
    class Nobody(Mailbox):
        async def handle_RCPT(
            self, server: SMTP, session: Session, envelope: Envelope, address: str, options: object
        ) -> str:
            return "550 Nobody of that name"

    with smtp_server(Nobody()) as url:
        gateway = new_gateway(mail=Mailer(url))
        send_param(gateway, ROGER)
        assert is_tried(gateway, 1)
    assert gateway.emails()[0].attempts[0].status_code == 550


@pytest.mark.parametrize(
    "address",
    [
        "not an address", "<not>", "@", "roger@", "@example.com", "a@b@c",
        "roger@example.com, wang@example.com", "roger@example.com;wang@example.com",
        "Roger <roger@example.com>", "a@b\r\nRCPT TO:<c@d>", "a@\ud800",
    ],
)  # fmt: skip
def test_s7_invalid_address_gets_no_copy(mailing: Gateway, mailbox: Mailbox, address: str) -> None:
    """It is kept, and advice says so; whoever comes after it has theirs."""
    receipt = send_param(mailing, ROGER._replace(email=address), ROGER)
    assert mailing.wait_for(lambda: mailing.emails()[1].state is ReportState.DELIVERED, DEADLINE)
    kept = mailing.emails()[0]
    assert (kept.to, kept.state, kept.attempts) == (address, ReportState.KEPT, ())
    assert receipt.advice == (f"No copy goes to an EMAIL that is not one address: {address}.",)
    assert mailbox.recipients == [["roger@example.com"]]
    mailing.clock.advance(seconds=1)
    assert statuses(mailing, receipt) == [100, 100]


@pytest.mark.parametrize("email", ["", " ", "\t \u3000"])
def test_s7_a_blank_email_is_none(gateway: Gateway, email: str) -> None:
    receipt = send_param(gateway, ROGER._replace(email=email))
    assert receipt.advice == ()
    assert gateway.emails() == []


@pytest.mark.parametrize("email", [" roger@example.com\t", "王@例子.台灣", "o'neill+a=b@x"])
def test_s7_an_address_need_not_be_plain(mailing: Gateway, mailbox: Mailbox, email: str) -> None:
    receipt = send_param(mailing, ROGER._replace(email=email))
    assert receipt.advice == ()
    assert all_are(mailing, ReportState.DELIVERED)
    assert mailbox.recipients == [[email.strip()]]


@pytest.fixture
def dead_server() -> Iterator[Callable[..., int]]:
    with refused_url() as url:
        yield Mailer(f"smtp://127.0.0.1:{urlsplit(url).port}")


def test_s7_a_dead_smtp_server_loses_nothing_and_delays_nobody(
    new_gateway: NewGateway, dead_server: Mailer
) -> None:
    gateway = new_gateway(mail=dead_server)
    receipt = send_param(gateway, *[ROGER] * 5)
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [100] * 5
    assert gateway.wait_for(lambda: all(email.attempts for email in gateway.emails()), DEADLINE)
    for email in gateway.emails():
        assert (email.text, email.state) == (ROGER.text, ReportState.WAITING)
        assert email.attempts[0].status_code is None
        assert "refused" in str(email.attempts[0].error)


def test_s7_after_eleven_attempts_it_is_given_up(
    new_gateway: NewGateway, dead_server: Mailer
) -> None:
    gateway = new_gateway(mail=dead_server)
    send_param(gateway, ROGER)
    for tries in range(1, 12):
        assert is_tried(gateway, tries)
        gateway.clock.advance(minutes=1)
    gateway.clock.advance(days=1)
    (email,) = gateway.emails()
    assert (email.state, len(email.attempts)) == (ReportState.GIVEN_UP, 11)


def test_s7_report_does_not_wait_for_the_copy(new_gateway: NewGateway, mailbox: Mailbox) -> None:
    """The clock moves on while the SMTP server has not responded yet."""
    with smtp_server(mailbox) as url:
        deliver = Mailer(url)
        gateway = new_gateway(mail=deliver)
        receipt = send_param(gateway, ROGER, Recipient(PHONE, "a", send_time="20400301130000"))
        gateway.clock.advance(hours=2)
        assert statuses(gateway, receipt) == [100, 100]
        assert all_are(gateway, ReportState.DELIVERED)
