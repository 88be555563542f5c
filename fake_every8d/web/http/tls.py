"""Certificates: the user's own, or one issued by a CA, which is new or kept in a directory."""

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

from fake_every8d import real_time
from fake_every8d.gateway.errors import InvalidInput

PRODUCTION = "production"
"""The name that means all `PRODUCTION_HOSTS`."""

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
"""EVERY8D's own hosts that published clients name."""

CA_FILE, KEY_FILE = "ca.pem", "ca-key.pem"
"""The files in the directory of a CA: its certificate; and its key, with the certificate again."""

_VALID = timedelta(days=400)
"""The validity before and after now. Apple's systems trust certificates for at most 825 days in
all, and a client's clock may have been moved."""

_IN_MEMORY = "/dev/shm"  # a file system in memory, on Linux only


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, in PEM files."""

    chain: Path
    """The certificate, with the certificates from it to its CA."""
    key: Path
    ca: Path | None = None
    """The CA for clients to trust; None for a certificate of the user's own."""

    def context(self) -> ssl.SSLContext:
        """A server's context. Raises `OSError` if the files are not a certificate and its key."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # Without a password, OpenSSL would ask for an encrypted key's on the terminal.
        context.load_cert_chain(self.chain, self.key, password="")
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The settings of HTTPS, like `--tls-name`, `--tls-dir` and so on of the command line.

        FakeEvery8d(tls=Tls(dir=".every8d-ca", names=["production"]))
        FakeEvery8d(tls=Tls(cert="cert.pem", key="key.pem"))

    Raises `InvalidInput` for settings that exclude each other.
    """

    names: Sequence[str] = ()
    """Host names and IP addresses of the certificate, besides localhost and this machine's name;
    `production` means all of EVERY8D's own hosts."""
    dir: str | os.PathLike[str] | None = None
    """The directory of the CA, which is made if there is none; None for a new CA at each start."""
    port: int | None = None
    """A second port; 0 takes any free one."""
    cert: str | os.PathLike[str] | None = None
    """A certificate of your own, in PEM."""
    key: str | os.PathLike[str] | None = None
    """The key, in PEM, not encrypted."""

    def __post_init__(self) -> None:
        if isinstance(self.names, str):
            raise InvalidInput(f"tls: names must be a list of names, not {self.names!r}")
        if (self.cert is None) != (self.key is None):
            raise InvalidInput("tls: cert and key go together: give both, or neither")
        if self.cert is not None and (self.names or self.dir is not None):
            raise InvalidInput(
                "tls: names and dir are for a certificate that is issued, not for cert"
            )


@contextmanager
def certificate(tls: Tls, host: str) -> Iterator[Certificate]:
    """The certificate to serve with at `host`; its temporary files are deleted afterwards.

    Raises `InvalidInput` if a name cannot be in a certificate, if the files are not a certificate
    and its key, or if the directory cannot be used; and `ImportError` without the extra `tls`.
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
    """Raise the errors of `certificate`, without making a CA."""
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
    """The file of the CA in a directory, which is made if there is none.

    Several processes may do so at once: they get the same. Raises `InvalidInput` if others can
    write to the directory or read the key, and if the CA is invalid or has expired.
    """
    try:
        # Others may read the CA, but on Windows the key has no other protection.
        mode = 0o700 if sys.platform == "win32" else 0o755
        directory.mkdir(mode, parents=True, exist_ok=True)
        _check_directory(directory)
        key_file, ca_file = directory / KEY_FILE, directory / CA_FILE
        if not key_file.exists():
            made = _trustme().CA(organization_name="fake-every8d")
            # Not a rename, which would replace another process's CA.
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
    """Refuse a directory where somebody else could put a CA that clients would then trust."""
    found = directory.stat()
    if sys.platform == "win32":  # where a mode does not say who may write
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
    """The certificate of a kept CA, in PEM."""
    if sys.platform != "win32" and key_file.stat().st_mode & 0o077:
        raise InvalidInput(
            f"tls: {key_file} can be read by others, who could impersonate any site to clients "
            f"that trust this CA: chmod 600 {key_file}"
        )
    again = f"delete it and {CA_FILE} beside it, and have the clients trust the new one"
    try:
        Certificate(key_file, key_file).context()
        trusting = ssl.create_default_context(cafile=key_file)
        (shown,) = trusting.get_ca_certs()
    except (ssl.SSLError, ValueError):
        raise InvalidInput(f"tls: {key_file} is not a CA and its key, in PEM: {again}") from None
    expires = str(shown["notAfter"])
    if ssl.cert_time_to_seconds(expires) <= real_time.wall_ns() / 1e9:
        raise InvalidInput(f"tls: the CA in {key_file} has expired, on {expires}: {again}")
    (der,) = trusting.get_ca_certs(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(der).encode()


@contextmanager
def _issued(names: Sequence[str], ca_file: Path | None) -> Iterator[Certificate]:
    """A certificate for `names`, issued by the CA beside `ca_file`, or else by a new one."""
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
        except ValueError:  # perhaps because of this machine's name, which may have an underscore
            issued = authority.issue_cert(*names, **valid)
    except ValueError as error:
        told = ", ".join(name for name in names if name not in PRODUCTION_HOSTS)
        raise InvalidInput(f"tls: a certificate cannot have one of {told}: {error}") from error
    # In memory, the key never reaches a disk; and it works on a read-only system, too.
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
    """A new file that only its owner can read, flushed to the disk."""
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
            "making a certificate needs trustme: pip install 'fake-every8d[tls]'"
        ) from None
    return trustme


def _unusable(directory: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"tls: dir {directory}: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" (")[0]
