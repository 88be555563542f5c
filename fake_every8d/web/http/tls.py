"""Certificates: the user's own, or one made by a CA that is new or kept in a directory."""

import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from fake_every8d.gateway import real_time
from fake_every8d.gateway.errors import InvalidInput

PRODUCTION = "production"
"""The name that stands for `PRODUCTION_HOSTS`."""

PRODUCTION_HOSTS = (
    "api.every8d.com",
    "oms.every8d.com",
    "biz2.every8d.com",
    "biz3.every8d.com.tw",
    "api.e8d.tw",
    "oms.e8d.tw",
    "new.e8d.tw",
    "biz3.e8d.tw",
)
"""EVERY8D's own hosts, as far as published clients name them."""

CA_FILE, KEY_FILE = "ca.pem", "ca-key.pem"
"""What is in the directory of a CA: its certificate; its key, and the certificate once more."""

_VALID = timedelta(days=400)
"""Before and after now. Apple's systems trust no certificate for longer than 825 days in all,
and the clock of a client may have been moved."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How HTTPS is served: what `--tls-name`, `--tls-dir` and so on say on the command line.

        FakeEvery8d(tls=Tls(dir=".every8d-ca", names=["production"]))
        FakeEvery8d(tls=Tls(cert="cert.pem", key="key.pem"))

    Raises `InvalidInput` for what does not go together.
    """

    names: Sequence[str] = ()
    """Host names and IP addresses that the certificate is for, besides localhost and this
    machine's name; `production` stands for EVERY8D's own hosts."""
    dir: str | os.PathLike[str] | None = None
    """Where the CA is kept, and made if there is none; else each start makes a new one."""
    port: int | None = None
    """A second port; 0 takes any free one."""
    cert: str | os.PathLike[str] | None = None
    """A certificate of your own, in PEM."""
    key: str | os.PathLike[str] | None = None
    """Its key, in PEM, not encrypted."""

    def __post_init__(self) -> None:
        if isinstance(self.names, str):
            raise InvalidInput(f"tls: names must be a list of names, not {self.names!r}")
        if (self.cert is None) != (self.key is None):
            raise InvalidInput("tls: cert and key go together: give both, or neither")
        if self.cert is not None and (self.names or self.dir is not None):
            raise InvalidInput(
                "tls: names and dir are for a certificate that is made, not for cert"
            )


@contextmanager
def certificate(tls: Tls, host: str) -> Iterator[Certificate]:
    """The certificate to serve with at `host`; what is made of files is deleted afterwards.

    Raises `InvalidInput` for a name that no certificate can have, for files that are no
    certificate and its key, and for a directory that cannot be used; and `ImportError` without
    the extra `tls`.
    """
    if tls.cert is not None and tls.key is not None:
        own = Certificate(Path(tls.cert), Path(tls.key))
        try:
            own.context()
        except OSError as error:
            raise InvalidInput(
                f"tls: cert {own.chain} with key {own.key}: {_reason(error)}; they must be a "
                "certificate and its key, not encrypted, in PEM"
            ) from error
        yield own
        return
    given = [
        each for name in tls.names for each in (PRODUCTION_HOSTS if name == PRODUCTION else (name,))
    ]
    names = [*dict.fromkeys(["localhost", "127.0.0.1", "::1", host, *given])]
    with _issued(names, None if tls.dir is None else kept_ca(Path(tls.dir))) as made:
        yield made


def check(tls: Tls, host: str) -> None:
    """Raise what `certificate` raises, and make no CA."""
    kept = False
    if tls.dir is not None:
        directory = Path(tls.dir)
        try:
            if directory.exists():
                _check_directory(directory)
            kept = (directory / KEY_FILE).exists()
        except OSError as error:
            raise _unusable(directory, error) from error
    with certificate(tls if kept else replace(tls, dir=None), host):
        pass


def kept_ca(directory: Path) -> Path:
    """The file of the CA that is kept in a directory, where one is made if there is none.

    Several processes may do so at once: they get the same. Raises `InvalidInput` if others can
    write to the directory or read the key, and if the CA is none or has expired.
    """
    try:
        # Others may read the CA, but on Windows the key has no other protection.
        mode = 0o700 if sys.platform == "win32" else 0o755
        directory.mkdir(mode, parents=True, exist_ok=True)
        _check_directory(directory)
        key_file, ca_file = directory / KEY_FILE, directory / CA_FILE
        if not key_file.exists():
            made = _trustme().CA(organization_name="fake-every8d")
            # Not a rename, which would replace the one that another process made meanwhile.
            new = _new_file(directory, made.private_key_pem.bytes() + made.cert_pem.bytes())
            try:
                with suppress(FileExistsError):
                    os.link(new, key_file)
            finally:
                new.unlink()
        pem = _checked_ca(key_file)
        if not ca_file.exists() or ca_file.read_bytes() != pem:
            new = _new_file(directory, pem)
            new.chmod(0o644)
            new.replace(ca_file)
    except OSError as error:
        raise _unusable(directory, error) from error
    return ca_file


def _check_directory(directory: Path) -> None:
    """Refuse one whose CA could be somebody else's, whom clients would then trust."""
    found = directory.stat()
    if sys.platform == "win32":  # where a mode says nothing of who may write
        return
    if found.st_uid not in (0, os.getuid()):
        raise InvalidInput(
            f"tls: dir {directory} belongs to somebody else, who could put a CA there for your "
            "clients to trust: name one of your own"
        )
    if found.st_mode & 0o022:
        raise InvalidInput(
            f"tls: dir {directory} can be written by others, who could put a CA there for your "
            f"clients to trust: chmod go-w {directory}"
        )


def _checked_ca(key_file: Path) -> bytes:
    """The certificate of a CA that is kept, in PEM."""
    if sys.platform != "win32" and key_file.stat().st_mode & 0o077:
        raise InvalidInput(
            f"tls: {key_file} can be read by others, who could pass for any site to whoever "
            f"trusts this CA: chmod 600 {key_file}"
        )
    again = f"delete it and {CA_FILE} beside it, and have the clients trust the new one"
    try:
        Certificate(key_file, key_file).context()
        trusting = ssl.create_default_context(cafile=key_file)
        (shown,) = trusting.get_ca_certs()
    except (ssl.SSLError, ValueError):
        raise InvalidInput(f"tls: {key_file} is no CA and its key, in PEM: {again}") from None
    expires = str(shown["notAfter"])
    if ssl.cert_time_to_seconds(expires) <= real_time.wall_ns() / 1e9:
        raise InvalidInput(f"tls: the CA in {key_file} has expired, on {expires}: {again}")
    (der,) = trusting.get_ca_certs(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(der).encode()


@contextmanager
def _issued(names: Sequence[str], ca_file: Path | None) -> Iterator[Certificate]:
    """A certificate for `names` by the CA that is kept beside `ca_file`, or else by a new one."""
    trustme = _trustme()
    if ca_file is None:
        authority = trustme.CA(organization_name="fake-every8d")
    else:
        kept = ca_file.with_name(KEY_FILE).read_bytes()
        authority = trustme.CA.from_pem(kept, kept)
    now = datetime.fromtimestamp(real_time.wall_ns() / 1e9, UTC)
    valid = {"not_before": now - _VALID, "not_after": now + _VALID}
    try:
        try:
            issued = authority.issue_cert(*names, socket.gethostname(), **valid)
        except ValueError:  # it may be this machine's name: an underscore is enough
            issued = authority.issue_cert(*names, **valid)
    except ValueError as error:
        told = ", ".join(name for name in names if name not in PRODUCTION_HOSTS)
        raise InvalidInput(f"tls: no certificate can be for one of {told}: {error}") from error
    # In memory, the key never reaches a disk, and it works on a read-only system too.
    in_memory = sys.platform == "linux" and os.access(_IN_MEMORY, os.W_OK)
    directory = _IN_MEMORY if in_memory else None
    with tempfile.TemporaryDirectory(prefix="fake-every8d-", dir=directory) as folder:
        chain, key, ca = (Path(folder, name) for name in ("chain.pem", "key.pem", CA_FILE))
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        if ca_file is None:
            authority.cert_pem.write_to_path(str(ca))
        yield Certificate(chain, key, ca_file or ca)


def _new_file(directory: Path, content: bytes) -> Path:
    """A file under a name of its own, which its owner alone can read, safe on the disk."""
    handle, name = tempfile.mkstemp(dir=directory, prefix=".new-")
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    return Path(name)


def _trustme() -> ModuleType:
    try:
        import trustme
    except ImportError:
        raise ImportError(
            "to make a certificate takes trustme: pip install 'fake-every8d[tls]'"
        ) from None
    return trustme


def _unusable(directory: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"tls: dir {directory}: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" (")[0]
