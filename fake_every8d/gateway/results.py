"""What the platform's operations answer."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from fake_every8d.gateway.messages import Message


class Receipt(NamedTuple):
    """What a send is answered (S1, S2)."""

    credit: Decimal
    """Points left after it."""
    sent: int
    """Recipients accepted, bookings included (SENDED)."""
    cost: Decimal
    """Points charged for it."""
    unsent: int
    """Recipients that the credit did not cover (UNSEND)."""
    batch_id: str
    advice: tuple[str, ...]
    """What happened that people do not expect, a sentence each."""


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """A page of a batch's delivery log (D4)."""

    count: int
    """Records of the whole batch."""
    messages: list[Message]
    """Those of the page, in the order sent; 1000 at most."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a batch's bookings has cancelled and given back (D6)."""

    records: int
    points: Decimal
