"""A health check. Imports little, so that a container can run it as a script.

`python -IS health.py` asks the server at port `FAKE_EVERY8D_PORT`, or 8021, of this machine. Its
exit code is 0 if the server is healthy, and 1 if not.
"""

import os
import socket
import sys

_TIMEOUT = 5  # seconds


def problem(host: str, port: int) -> str | None:
    """The reason why the server at this address is not healthy, or None if it is."""
    try:
        # By HTTP, which its ports speak with TLS, too (W11).
        with socket.create_connection((host, port), _TIMEOUT) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            with connection.makefile("rb") as response:
                status = response.readline(1000).split(maxsplit=2)[1:2]
    except (OSError, ValueError) as error:  # ValueError for an invalid name
        return reason(error)
    if status == [b"200"]:
        return None
    return f"HTTP {status[0].decode('latin-1')}" if status else "no HTTP response"


def reason(error: Exception) -> str:
    """An error's text, without Python's and OpenSSL's internals."""
    text, _, _ = (getattr(error, "strerror", None) or str(error)).partition(" (")
    return text


if __name__ == "__main__":
    if found := problem("127.0.0.1", int(os.environ.get("FAKE_EVERY8D_PORT", "8021"))):
        sys.exit(f"not healthy: {found}")
