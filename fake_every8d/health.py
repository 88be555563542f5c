"""Is a server well? Imports little, so that a container's health check may run it as a script.

`python -IS health.py` asks the server at port `FAKE_EVERY8D_PORT`, or 8021, of this machine. Its
exit code is 0 if it is well, and 1 if not.
"""

import os
import socket
import sys

_TIMEOUT = 5  # seconds

_REQUEST = b"GET /healthz HTTP/1.0\r\n\r\n"


def problem(host: str, port: int) -> str | None:
    """Why the server at this address is not well, or None if it is; by HTTP, or else by HTTPS."""
    problems = []
    for ask in (_by_http, _by_https):
        try:
            status = ask(host, port).split(maxsplit=2)[1:2]
        except OSError as error:
            problems.append(reason(error))
        else:
            if status == [b"200"]:
                return None
            problems.append(f"HTTP {status[0].decode('latin-1')}" if status else "no HTTP response")
    return problems[0]


def reason(error: Exception) -> str:
    """What went wrong, without what Python and OpenSSL say of themselves."""
    text, _, _ = (getattr(error, "strerror", None) or str(error)).partition(" (")
    return text


def _by_http(host: str, port: int) -> bytes:
    with socket.create_connection((host, port), _TIMEOUT) as connection:
        return _first_line(connection)


def _by_https(host: str, port: int) -> bytes:
    import ssl

    # The certificate is not checked: nothing secret is sent, and nothing received is trusted.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), _TIMEOUT) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        return _first_line(secured)


def _first_line(connection: socket.socket) -> bytes:
    connection.sendall(_REQUEST)
    with connection.makefile("rb") as response:
        return response.readline(1000)


if __name__ == "__main__":
    if found := problem("127.0.0.1", int(os.environ.get("FAKE_EVERY8D_PORT", "8021"))):
        sys.exit(f"not well: {found}")
