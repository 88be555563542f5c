"""A local stand-in for EVERY8D, Taiwan's business SMS platform, for tests and development."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_every8d.advice import AdviceKind, AdviceText
    from fake_every8d.control.failures import (
        Failure,
        FailureEffect,
        FailureKind,
        FailureOperation,
        FailureSettings,
    )
    from fake_every8d.control.journal import RecordedRequest
    from fake_every8d.fake import AccountChanges, AccountSettings, FakeEvery8d
    from fake_every8d.gateway import (
        TAIPEI,
        Account,
        Attempt,
        BatchSummary,
        Clock,
        Conflict,
        Edition,
        Email,
        InvalidInput,
        Message,
        NotFound,
        Outcome,
        PlatformError,
        Reply,
        Report,
        ReportState,
        Settings,
        Status,
    )
    from fake_every8d.web.http.tls import Tls

__all__ = [
    "Account",
    "AccountChanges",
    "AccountSettings",
    "AdviceKind",
    "AdviceText",
    "Attempt",
    "BatchSummary",
    "Clock",
    "Conflict",
    "Edition",
    "Email",
    "Failure",
    "FailureEffect",
    "FailureKind",
    "FailureOperation",
    "FailureSettings",
    "FakeEvery8d",
    "InvalidInput",
    "Message",
    "NotFound",
    "Outcome",
    "PlatformError",
    "RecordedRequest",
    "Reply",
    "Report",
    "ReportState",
    "Settings",
    "Status",
    "TAIPEI",
    "Tls",
]

_ELSEWHERE = {
    "AccountChanges": "fake",
    "AccountSettings": "fake",
    "AdviceKind": "advice",
    "AdviceText": "advice",
    "FakeEvery8d": "fake",
    "Failure": "control.failures",
    "FailureEffect": "control.failures",
    "FailureKind": "control.failures",
    "FailureOperation": "control.failures",
    "FailureSettings": "control.failures",
    "RecordedRequest": "control.journal",
    "Tls": "web.http.tls",
}
"""The modules of the names that are not in `gateway`."""


def __getattr__(name: str) -> Any:
    # Lazy: pytest imports every installed plugin, and so this package, even in suites that do
    # not use it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'gateway')}"), name)
