"""A local stand-in for EVERY8D, Taiwan's business SMS platform, for tests and development."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_every8d.fake import FakeEvery8d
    from fake_every8d.gateway import (
        TAIPEI,
        Account,
        Attempt,
        Clock,
        Email,
        InvalidInput,
        Message,
        NotFound,
        Outcome,
        Reply,
        Report,
        ReportState,
        Settings,
        Status,
    )

__all__ = [
    "TAIPEI",
    "Account",
    "Attempt",
    "Clock",
    "Email",
    "FakeEvery8d",
    "InvalidInput",
    "Message",
    "NotFound",
    "Outcome",
    "Reply",
    "Report",
    "Settings",
    "ReportState",
    "Status",
]


def __getattr__(name: str) -> Any:
    # Not before they are asked for: pytest imports every plugin that is installed, and
    # with it this package, in suites too that make no use of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "fake_every8d.fake" if name == "FakeEvery8d" else "fake_every8d.gateway"
    return getattr(import_module(module), name)
