"""HTTPS, served both ways: whom a certificate is for, who made it, and who is kept waiting."""

import http.client
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
import urllib3
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from fake_every8d import FakeEvery8d
from tests.suite import UNUSED
from tests.test_cli import run
from tests.web.serving import DEADLINE, ENDPOINT, Served


@dataclass
class Endpoint:
    """What is served, and the CA to trust."""

    url: str
    ca_file: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def get(self, path: str, ca_file: Path | None = None) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(ca_certs=str(ca_file or self.ca_file), retries=False) as pool:
            return pool.request("GET", self.url + path, timeout=DEADLINE)

    def handshake(self, context: ssl.SSLContext, name: str) -> str | None:
        """The version of TLS that is agreed on with a client that expects `name`."""
        with (
            socket.create_connection(self.address, DEADLINE) as connection,
            context.wrap_socket(connection, server_hostname=name) as secured,
        ):
            return secured.version()


@pytest.fixture(params=["thread", "serve"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Endpoint]:
    if request.param == "thread":
        with FakeEvery8d(tls=True) as fake:
            yield Endpoint(fake.url, fake.ca_file)
    else:
        ca_file = tmp_path / "ca.pem"
        with Served(tmp_path, "--tls", f"--tls-ca-file={ca_file}") as served:
            yield Endpoint(served.url, ca_file)


@pytest.fixture
def context(endpoint: Endpoint) -> ssl.SSLContext:
    """A client that trusts the CA and nobody else, and is as strict as Python is."""
    return ssl.create_default_context(cafile=endpoint.ca_file)


def test_w2_it_says_https_and_so_does_the_wsdl(endpoint: Endpoint) -> None:
    assert endpoint.url.startswith("https://127.0.0.1:")
    wsdl = endpoint.get(f"{ENDPOINT}?WSDL").data.decode()
    assert wsdl.count(f'location="{endpoint.url}{ENDPOINT}"') == 2


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", socket.gethostname()])
def test_the_certificate_is_for_every_name_of_this_machine(
    endpoint: Endpoint, context: ssl.SSLContext, name: str
) -> None:
    assert endpoint.handshake(context, name) == "TLSv1.3"


def test_it_is_for_no_other_name(endpoint: Endpoint, context: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        endpoint.handshake(context, "sms.example.com")


def test_who_does_not_trust_the_ca_is_not_served(endpoint: Endpoint) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        endpoint.handshake(ssl.create_default_context(), "localhost")
    assert endpoint.get("/healthz").status == 200


def test_tls_1_2_is_spoken_too(endpoint: Endpoint, context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert endpoint.handshake(context, "localhost") == "TLSv1.2"


def test_a_client_that_stalls_in_the_handshake_stalls_nobody_else(endpoint: Endpoint) -> None:
    with socket.create_connection(endpoint.address, DEADLINE):
        assert endpoint.get("/healthz").status == 200


def test_a_client_without_tls_is_hung_up_on_without_a_word(
    endpoint: Endpoint, capfd: pytest.CaptureFixture[str]
) -> None:
    connection = http.client.HTTPConnection(*endpoint.address, timeout=DEADLINE)
    connection.request("GET", "/healthz")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    connection.close()
    assert endpoint.get("/healthz").status == 200
    assert capfd.readouterr() == ("", "")


def test_a_disconnect_on_demand_breaks_off_tls_too() -> None:
    with FakeEvery8d(tls=True) as fake:
        fake.add_failure("*", kind="disconnect")
        context = ssl.create_default_context(cafile=fake.ca_file)
        address = urlsplit(fake.url)
        connection = http.client.HTTPSConnection(address.netloc, timeout=DEADLINE, context=context)
        envelope = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            '<getCredit xmlns="http://tempuri.org/"/></s:Body></s:Envelope>'
        )
        connection.request("POST", ENDPOINT, envelope, {"Content-Type": "text/xml"})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
            connection.getresponse()
        connection.close()


def test_the_ca_is_there_while_it_is_served_and_no_longer() -> None:
    fake = FakeEvery8d(tls=True)
    with pytest.raises(RuntimeError, match="running"):
        _ = fake.ca_file
    with fake:
        ca_file = fake.ca_file
        assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert not ca_file.parent.exists()
    with FakeEvery8d() as plain, pytest.raises(RuntimeError, match="tls=True"):
        _ = plain.ca_file


def test_a_name_of_ones_own(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    options = ("--tls", "--tls-name=sms.test", "--tls-name", "10.1.2.3", "--tls-ca-file")
    with Served(tmp_path, *options, str(ca_file)) as served:
        endpoint = Endpoint(served.url, ca_file)
        context = ssl.create_default_context(cafile=ca_file)
        for name in ("sms.test", "10.1.2.3", "localhost"):
            assert endpoint.handshake(context, name) == "TLSv1.3"


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A CA, a certificate for sms.test by it, and that one's key."""
    authority = trustme.CA()
    issued = authority.issue_cert("sms.test")
    paths = tmp_path / "own-ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.cert_pem.write_to_path(str(paths[0]))
    issued.cert_chain_pems[0].write_to_path(str(paths[1]))
    issued.private_key_pem.write_to_path(str(paths[2]))
    return paths


def test_a_certificate_of_ones_own(tmp_path: Path, own: tuple[Path, Path, Path]) -> None:
    authority, certificate, key = own
    with Served(
        tmp_path,
        f"--tls-cert={certificate}",
        FAKE_EVERY8D_TLS_KEY=str(key),
    ) as served:
        endpoint = Endpoint(served.url, authority)
        context = ssl.create_default_context(cafile=authority)
        assert endpoint.handshake(context, "sms.test") == "TLSv1.3"


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--tls-cert={cert}"], "--tls-cert and --tls-key go together"),
        (["--tls-key={key}"], "--tls-cert and --tls-key go together"),
        (["--tls-cert={key}", "--tls-key={key}"], "they must be a certificate and its key"),
        (["--tls-cert={cert}", "--tls-key={other}"], "they must be a certificate and its key"),
        (["--tls-cert={cert}", "--tls-key={encrypted}"], "not encrypted"),
        (["--tls-cert={cert}", "--tls-key=/nowhere"], "'--tls-key': File '/nowhere' does not"),
        (["--tls-name=sms.test"], "are for the certificate that --tls makes: give --tls"),
        (["--tls-ca-file=ca.pem"], "are for the certificate that --tls makes: give --tls"),
        (["--tls", "--tls-name=a_b"], "no certificate can be for one of 127.0.0.1, a_b"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    tmp_path: Path,
    own: tuple[Path, Path, Path],
    command: str,
    options: list[str],
    complaint: str,
) -> None:
    _, certificate, key = own
    other, encrypted = tmp_path / "other.pem", tmp_path / "encrypted.pem"
    trustme.CA().issue_cert("sms.test").private_key_pem.write_to_path(str(other))
    encrypted.write_bytes(
        load_pem_private_key(key.read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    paths = {"cert": certificate, "key": key, "other": other, "encrypted": encrypted}
    done = run(command, *(option.format(**paths) for option in options))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("fake-every8d: ")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_ca_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = run("--tls", f"--tls-ca-file={tmp_path}/nowhere/ca.pem", "--port=0")
    assert done.returncode == 2
    assert done.stderr == (
        f"fake-every8d: --tls-ca-file {tmp_path}/nowhere/ca.pem: No such file or directory\n"
    )


def test_without_the_extra_one_line_names_it() -> None:
    code = (
        "import sys; sys.modules['trustme'] = None; sys.argv[1:] = ['--tls']; "
        "from fake_every8d.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == (
        "fake-every8d: --tls: to make a certificate takes trustme: "
        "pip install 'fake-every8d[tls]'\n"
    )


def test_the_fixture_speaks_https_where_every8d_tls_says_so(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef every8d_tls(): return True\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import urllib3\n"
        "def test_it(every8d):\n"
        "    with urllib3.PoolManager(ca_certs=str(every8d.ca_file)) as pool:\n"
        "        assert pool.request('GET', every8d.wsdl_url, timeout=30).status == 200\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *UNUSED, tmp_path],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
