"""Limits on a request's body: the rest of a longer one is not read (W9)."""

from typing import TYPE_CHECKING

from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LONGEST = 10 * 1024 * 1024
"""The longest body of a request to the platform, in bytes."""

LONGEST_JSON = 1024 * 1024
"""The longest body of a request to the JSON API, in bytes."""

LONGEST_SNAPSHOT = 128 * 1024 * 1024
"""The longest snapshot, in bytes; it may have 100,000 messages."""

CUT_AT = "fake_every8d.cut_at"
"""The key in a request's environment for the limit at which its body was cut."""

MORE_CAME = "fake_every8d.more_came"
"""The key in a request's environment that marks one longer than its Content-Length (H4)."""


def check(environ: "WSGIEnvironment") -> None:
    """Raise `RequestEntityTooLarge` if the body was cut."""
    if CUT_AT in environ:
        raise RequestEntityTooLarge(f"The body is too long: the limit is {environ[CUT_AT]} bytes.")
