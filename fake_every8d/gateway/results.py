"""What the platform's operations return."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from fake_every8d.gateway.messages import Message, Reply


class Receipt(NamedTuple):
    """What a send returns (S1, S2)."""

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

    def line(self, *, cost_decimals: int) -> str:
        """CREDIT,SENDED,COST,UNSEND,BATCH_ID, as both APIs have it (S1, P5, H9)."""
        return (
            f"{self.credit:.2f},{self.sent},{self.cost:.{cost_decimals}f},{self.unsent},"
            f"{self.batch_id}"
        )


class SentBefore(NamedTuple):
    """A recipient who was sent the same text within the last 24 hours (H11)."""

    mobile: str
    """As the caller gave it now."""
    batch_id: str
    """In which batch, the latest if there are several."""


@dataclass(frozen=True, slots=True)
class FilteredReceipt:
    """What a send returns that leaves such recipients out (H11)."""

    receipt: Receipt | None
    """None if nobody was left, or nothing was to be sent."""
    left_out: tuple[SentBefore, ...]


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """A page of a batch's delivery log (D4)."""

    count: int
    """Records of the whole batch."""
    messages: list[Message]
    """Those of the page, in the order sent; 1000 at most."""


@dataclass(frozen=True, slots=True)
class Replies:
    """A page of the replies to a batch, in the order in which they came (H15)."""

    count: int
    """Replies to the whole batch."""
    replies: list[tuple[Message, Reply]]
    """Those of the page, each with the message that it is to."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a batch's bookings has cancelled and given back (D6)."""

    records: int
    points: Decimal
