"""Reading the bodies of requests, and no more of them than one can stand."""

from contextlib import suppress
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# So much of a body that nobody wants is read all the same: a client that is still
# sending when its connection is closed reports a reset, and not the answer.
_DRAINED = 256 * 1024 * 1024


def read_body(environ: "WSGIEnvironment", limit: int) -> bytes:
    """The request's body. Raises `RequestEntityTooLarge` for more bytes than `limit`."""
    expected = get_content_length(environ)
    if expected is not None and expected > limit:
        raise _too_long(limit)
    if expected is not None:
        body: bytes = environ["wsgi.input"].read(expected)
        if len(body) < expected:
            raise ClientDisconnected
        return body
    # The stream ends at its limit without a word, so that one byte more tells.
    body = get_input_stream(environ, max_content_length=limit + 1).read()
    if len(body) > limit:
        raise _too_long(limit)
    return body


def drain(environ: "WSGIEnvironment") -> None:
    """Read what is left of the body, unless the server does that by itself."""
    # A caller that expects "100 Continue" has the refusal and sends nothing more.
    if environ.get("wsgi.input_terminated") and "HTTP_EXPECT" not in environ:
        left = _DRAINED
        with suppress(OSError):
            while left > 0 and (chunk := environ["wsgi.input"].read(65_536)):
                left -= len(chunk)


def _too_long(limit: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"The request is too long: {limit} bytes are read.")
