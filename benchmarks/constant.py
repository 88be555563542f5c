"""What answers the same to everything: an application, and pytest-httpserver as a process."""

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from pytest_httpserver import HTTPServer

from benchmarks.posting import constant_response


def five_bytes(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """A WSGI application."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def httpserver(port: int = 0) -> HTTPServer:
    """pytest-httpserver as its fixture makes it, not started yet; without a log, its best."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = HTTPServer(port=port)
    server.expect_request("/").respond_with_data(
        constant_response(), content_type="text/xml; charset=utf-8"
    )
    return server


if __name__ == "__main__":
    with httpserver(int(sys.argv[1])):
        threading.Event().wait()
