"""Certificates: the user's own, or one made for as long as it is needed."""

import os
import socket
import ssl
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_IN_MEMORY = "/dev/shm"  # a file system in memory, on Linux only


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, in PEM files."""

    chain: Path
    """The certificate, and those that lead from it to its CA."""
    key: Path
    ca: Path | None = None
    """The CA for clients to trust; None for a certificate of the user's own."""

    def context(self) -> ssl.SSLContext:
        """A server's context. Raises `OSError` if the files are no certificate and its key."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # Without one, OpenSSL would ask for an encrypted key's password on the terminal.
        context.load_cert_chain(self.chain, self.key, password="")
        return context


@contextmanager
def made_certificate(names: Iterable[str] = ()) -> Iterator[Certificate]:
    """A certificate made by a new CA; the files are deleted afterwards.

    It is for localhost, this machine's name and `names`: host names and IP addresses.
    Raises `ValueError` for a name that no certificate can have, and `ImportError`
    without the extra `tls`.
    """
    try:
        import trustme
    except ImportError:
        raise ImportError(
            "to make a certificate takes trustme: pip install 'fake-every8d[tls]'"
        ) from None
    authority = trustme.CA(organization_name="fake-every8d")
    names = ["localhost", "127.0.0.1", "::1", *names]
    try:
        issued = authority.issue_cert(*names, socket.gethostname())
    except ValueError:  # it may be this machine's name: an underscore is enough
        issued = authority.issue_cert(*names)
    # In memory, the key never reaches a disk, and it works on a read-only system too.
    in_memory = sys.platform == "linux" and os.access(_IN_MEMORY, os.W_OK)
    directory = _IN_MEMORY if in_memory else None
    with TemporaryDirectory(prefix="fake-every8d-", dir=directory) as folder:
        made = Certificate(*(Path(folder, name) for name in ("chain.pem", "key.pem", "ca.pem")))
        made.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        made.key.write_bytes(issued.private_key_pem.bytes())
        authority.cert_pem.write_to_path(str(made.ca))
        yield made
