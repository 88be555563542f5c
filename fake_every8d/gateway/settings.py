"""The settings of a gateway."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from fake_every8d.gateway.accounts import Account
from fake_every8d.gateway.clock import LONGEST_WAIT, checked_moment
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import InvalidInput, changed_by


@changed_by("Settings(…) or every8d.update_settings(edition=…)")
@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a gateway. Raises `InvalidInput` for values that make no sense."""

    accounts: tuple[Account, ...] = (Account("demo", "demo"),)
    edition: Edition | str = Edition.OF_2016
    """The edition: which of the platform's documents to follow where they disagree (E1)."""
    delivery_seconds: float = 1
    """The time from sent to delivered, in the fake's seconds (D2)."""
    report_retry_seconds: float = 60
    """The time between two attempts at a status report, in the fake's seconds (R2)."""
    max_messages: int = 100_000
    """The number of messages above which the oldest finished batches are forgotten."""
    pad_mobile: bool = False
    """Pad MOBILE in the delivery log to 20 characters (D7)."""
    now: datetime | None = None
    """The time at which the clock starts, and starts again after each reset; None for the real
    time (T4). A datetime without a time zone is Taipei's."""
    keep_sessions: bool = False
    """True if sessions and tokens outlive a reset (X3)."""

    def __post_init__(self) -> None:
        for user_id, times in Counter(account.user_id for account in self.accounts).items():
            if times > 1:
                raise InvalidInput(
                    f"accounts must have user IDs of their own: {user_id!r} is there twice",
                    field="accounts",
                    reason="repeated",
                )
        if self.edition not in [*Edition]:
            editions = ", ".join(map(repr, map(str, Edition)))
            raise InvalidInput(
                f"edition must be one of {editions}, not {self.edition!r}", field="edition"
            )
        object.__setattr__(self, "edition", Edition(self.edition))
        for name in ("delivery_seconds", "report_retry_seconds"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= LONGEST_WAIT:
                raise InvalidInput(
                    f"{name} must be 0 or more, {LONGEST_WAIT:g} at most, not {value!r}",
                    field=name,
                )
        if not isinstance(self.max_messages, int) or self.max_messages < 1:
            raise InvalidInput(
                f"max_messages must be 1 or more, not {self.max_messages!r}", field="max_messages"
            )
        for name in ("pad_mobile", "keep_sessions"):
            if not isinstance(value := getattr(self, name), bool):
                raise InvalidInput(f"{name} must be true or false, not {value!r}", field=name)
        if self.now is not None:
            object.__setattr__(self, "now", checked_moment(self.now, "now"))
