"""The names that the gateway has for others, which import them from the package."""

from fake_every8d.gateway.accounts import Account, Caller, Login, Token
from fake_every8d.gateway.clock import TAIPEI, Clock
from fake_every8d.gateway.delivery import Outcome
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.emails import Email
from fake_every8d.gateway.errors import Conflict, InvalidInput, NotFound, PlatformError
from fake_every8d.gateway.gateway import Gateway
from fake_every8d.gateway.messages import BatchSummary, Message, Recipient, Reply, Status
from fake_every8d.gateway.outbox import Attempt, ReportState
from fake_every8d.gateway.reports import Report
from fake_every8d.gateway.results import (
    DeliveryLog,
    Erased,
    FilteredReceipt,
    Receipt,
    Replies,
    SentBefore,
)
from fake_every8d.gateway.search import Phone, Phones
from fake_every8d.gateway.settings import Settings

__all__ = [
    "TAIPEI",
    "Account",
    "Attempt",
    "BatchSummary",
    "Caller",
    "Clock",
    "Conflict",
    "DeliveryLog",
    "Edition",
    "Email",
    "Erased",
    "FilteredReceipt",
    "Gateway",
    "InvalidInput",
    "Login",
    "Message",
    "NotFound",
    "Outcome",
    "Phone",
    "Phones",
    "PlatformError",
    "Receipt",
    "Recipient",
    "Replies",
    "Reply",
    "Report",
    "SentBefore",
    "Settings",
    "ReportState",
    "Status",
    "Token",
]
