"""Reading the bodies of requests, and no more of them than one can stand."""

from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


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


def _too_long(limit: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"The request is too long: {limit} bytes are read.")
