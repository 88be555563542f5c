"""Reading a request's body, up to a limit."""

from typing import TYPE_CHECKING

from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def read_body(environ: "WSGIEnvironment", limit: int) -> bytes:
    """The request's body. Raises `RequestEntityTooLarge` for more bytes than `limit`."""
    if int(environ.get("CONTENT_LENGTH") or 0) <= limit:
        body: bytes = environ["wsgi.input"].read()  # which ends where the body does
        if len(body) <= limit:
            return body
    raise RequestEntityTooLarge(f"The request is too long: {limit} bytes are read.")
