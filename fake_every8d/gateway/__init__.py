"""The SMS platform itself. Standard library only: no HTTP, no XML, no SOAP.

`Platform` serves those who call its APIs; `Gateway` contains it, and is for tests and tools.
Locks are taken in this order, each while those before it may be held:
1. the gateway's `Lock`, re-entrant: accounts, store, clock, outboxes, failures on demand; whoever
   waits for something gives it up whole, and nobody waits for the network while holding it;
2. the journal's, an outbox lane's and that of those who wait (`Changes`), for a few steps each.
Without a lock: `Clock.micros`, `Lock.epoch`, `Platform.edition`, which are one value each.
"""

from fake_every8d.gateway.accounts import Account, Caller, Login, Token
from fake_every8d.gateway.clock import TAIPEI, Clock
from fake_every8d.gateway.delivery import Outcome
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import Conflict, InvalidInput, NotFound, PlatformError
from fake_every8d.gateway.gateway import Gateway, Phone, Phones
from fake_every8d.gateway.messages import BatchSummary, Message, Recipient, Reply, Status
from fake_every8d.gateway.outbox import Attempt, ReportState
from fake_every8d.gateway.platform import DeliveryLog, Erased, Platform, Replies
from fake_every8d.gateway.reports import Email, Report
from fake_every8d.gateway.sending import FilteredReceipt, Receipt, SentBefore
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
    "Platform",
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
