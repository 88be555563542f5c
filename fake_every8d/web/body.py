"""How long a request's body may be: the rest of a longer one is not read (W9)."""

from typing import TYPE_CHECKING

from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LONGEST = 10 * 1024 * 1024
"""The longest body of a request to the platform, in bytes."""

LONGEST_JSON = 1024 * 1024
"""The same for the JSON API."""

LONGEST_SNAPSHOT = 128 * 1024 * 1024
"""The same for a snapshot, which may have 100,000 messages in it."""

CUT_AT = "fake_every8d.cut_at"
"""Key in the environment of a request whose body is longer than this, and was cut."""

MORE_CAME = "fake_every8d.more_came"
"""Key in the environment of a request that was followed by bytes of no request: more of its body
came than its Content-Length says (H4)."""


def check(environ: "WSGIEnvironment") -> None:
    """Raises `RequestEntityTooLarge` if the body was cut."""
    if CUT_AT in environ:
        raise RequestEntityTooLarge(f"The request is too long: {environ[CUT_AT]} bytes are read.")
