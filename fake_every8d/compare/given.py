"""The values in probes' requests: an account, and names and IDs that nobody has."""

import secrets
from dataclasses import dataclass, field

_LETTERS = "abcdef"


@dataclass(slots=True)
class Given:
    """An account of the platform, and a run's invented values.

    Invented values have no digits, so that no part of them is a number. The IDs are GUIDs of
    version f, which no generator makes, so nothing has one of them.
    """

    user_id: str
    password: str
    nobody: str = field(default_factory=lambda: f"nobody-{_letters(16)}")
    """A user ID that nobody has."""
    wrong_password: str = field(default_factory=lambda: f"wrong-{_letters(16)}")
    no_batch: str = field(
        default_factory=lambda: (
            f"{_letters(8)}-{_letters(4)}-f{_letters(3)}-f{_letters(3)}-{_letters(12)}"
        )
    )
    """The ID of a batch that cannot exist."""
    no_key: str = field(default_factory=lambda: f"{_letters(12)}f{_letters(3)}f{_letters(15)}")
    """The key of a session, or a token, that cannot exist."""
    keys: list[str] = field(default_factory=list)
    """The keys of the opened sessions, oldest first."""
    tokens: list[str] = field(default_factory=list)
    """The opened tokens, oldest first."""

    @property
    def key(self) -> str:
        """The key of the session that was opened last."""
        return self.keys[-1]

    @property
    def token(self) -> str:
        """The token that was opened last."""
        return self.tokens[-1]

    @property
    def is_ascii(self) -> bool:
        """True if the account's user ID and password are the same bytes in every charset."""
        return self.user_id.isascii() and self.password.isascii()

    def for_the_fake(self) -> "Given":
        """The same values, without sessions and tokens."""
        return Given(
            self.user_id,
            self.password,
            self.nobody,
            self.wrong_password,
            self.no_batch,
            self.no_key,
        )


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
