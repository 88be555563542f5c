"""Copies by e-mail (clause S7)."""

from dataclasses import dataclass
from typing import ClassVar

from fake_every8d.gateway.outbox import Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Outgoing):
    """The copy of an SMS that goes to its recipient's e-mail address, free of charge.

    Kept always; handed to an SMTP server when one is configured, and delivered once
    that has answered 250.
    """

    SUCCESS: ClassVar[int] = 250

    to: str
    """The address, as the sender gave it."""
    subject: str
    """The batch's subject (簡訊主旨)."""
    content: str
