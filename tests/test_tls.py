"""HTTPS, served both ways: whom a certificate is for, who made it, and who is kept waiting."""

import errno
import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer

from fake_every8d import FakeEvery8d, InvalidInput, Tls
from fake_every8d.web.app import Application
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.server import Server
from fake_every8d.web.http.tls import certificate, check, kept_ca
from tests.suite import UNUSED
from tests.test_cli import run
from tests.web.serving import DEADLINE, ENDPOINT, Served, call, log_in


@dataclass
class Endpoint:
    """The URL that is served, and the CA to trust."""

    url: str
    ca_file: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def get(self, path: str, url: str | None = None) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(ca_certs=str(self.ca_file), retries=False) as pool:
            return pool.request("GET", (url or self.url) + path, timeout=DEADLINE)

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


def test_client_that_does_not_trust_the_ca_is_not_served(endpoint: Endpoint) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        endpoint.handshake(ssl.create_default_context(), "localhost")
    assert endpoint.get("/healthz").status == 200


def test_tls_1_2_is_spoken_too(endpoint: Endpoint, context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert endpoint.handshake(context, "localhost") == "TLSv1.2"


def test_a_client_that_stalls_in_the_handshake_stalls_nobody_else(endpoint: Endpoint) -> None:
    with socket.create_connection(endpoint.address, DEADLINE):
        assert endpoint.get("/healthz").status == 200


def test_w11_one_port_speaks_http_too(endpoint: Endpoint) -> None:
    plain = endpoint.url.replace("https:", "http:")
    for url in (plain, endpoint.url, plain):
        wsdl = endpoint.get(f"{ENDPOINT}?WSDL", url=url).data.decode()
        assert wsdl.count(f'location="{url}{ENDPOINT}"') == 2


def test_w11_by_http_and_by_https_it_is_one_platform() -> None:
    """As the client of production's F22: sent by http, asked by https."""
    with FakeEvery8d(tls=True) as fake:
        assert fake.plain_url == fake.url.replace("https:", "http:")
        session = log_in(fake.plain_url, "demo", "demo")
        sent = call(
            fake.plain_url, "sendSMS", sessionKey=session, content="hi", mobile="0912345678"
        )
        batch = re.search(rb"<sendSMSResult>999.00,1,1.0,0,([^<]+)<", sent.data)
        assert batch, sent.data
        query = {"UID": "demo", "PWD": "demo", "BID": batch[1].decode()}
        with urllib3.PoolManager(ca_certs=str(fake.ca_file)) as pool:
            url = f"{fake.url}/API21/HTTP/getDeliveryStatus.ashx"
            asked = pool.request("GET", url, fields=query, timeout=DEADLINE)
        assert asked.data.startswith(b"1\r\n")


def test_w11_a_second_port_is_the_same_platform() -> None:
    with FakeEvery8d(tls=Tls(port=0)) as fake:
        endpoint = Endpoint(fake.url, fake.ca_file)
        assert urlsplit(fake.url).port != urlsplit(fake.plain_url).port
        urls = [
            f"{scheme}://{urlsplit(url).netloc}"
            for scheme in ("http", "https")
            for url in (fake.url, fake.plain_url)
        ]
        for url in urls:
            # Without a Host, the address is the port's own.
            assert endpoint.get("/healthz", url=url).status == 200
            wsdl = endpoint.get(f"{ENDPOINT}?WSDL", url=url).data.decode()
            assert wsdl.count(f'location="{url}{ENDPOINT}"') == 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(endpoint.address, DEADLINE)


def test_w11_the_second_port_may_be_the_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with FakeEvery8d(port=port, tls=Tls(port=port)) as fake:
        assert fake.url == f"https://127.0.0.1:{port}"


def test_a_second_port_that_is_taken_leaves_the_first_one_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        fake = FakeEvery8d(port=port, tls=Tls(port=taken.getsockname()[1]))
        with pytest.raises(OSError) as refused:  # noqa: PT011
            fake.start()
        assert refused.value.errno == errno.EADDRINUSE
        fake.stop()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_both_ports_are_named_if_one_cannot_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--tls", "--port=0", f"--tls-port={port}")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 ports 0 and {port}: " in done.stderr


@pytest.mark.parametrize(
    ("first", "limits"),
    [
        (b"", Limits(idle_seconds=0.2)),
        (b"\x16\x03\x01\x02\x00\x01", Limits(handshake_seconds=0.2)),
        (b"G", Limits(head_seconds=0.2)),
    ],
    ids=["nothing", "half a handshake", "half a request"],
)
def test_w11_idle_client_is_disconnected(first: bytes, limits: Limits) -> None:
    with certificate(Tls(), "127.0.0.1") as made:
        server = Server(Application(FakeEvery8d().gateway), certificate=made, limits=limits)
        with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as connection:
            connection.sendall(first)
            with suppress(ConnectionResetError):
                received = b"".join(iter(lambda: connection.recv(1000), b""))
                assert b" 408 " in received if first == b"G" else not received
        server.close()


def test_it_stops_at_once_though_a_client_has_sent_nothing() -> None:
    with FakeEvery8d(tls=True) as fake:
        address = Endpoint(fake.url, fake.ca_file).address
        with socket.create_connection(address, DEADLINE) as connection:
            assert Endpoint(fake.url, fake.ca_file).get("/healthz").status == 200
            fake.stop()
            assert connection.recv(1) == b""


def test_the_log_begins_with_both_addresses(tmp_path: Path) -> None:
    with Served(tmp_path, "--tls", "--tls-port=0") as served:
        secure, plain = urlsplit(served.url), served.wait_for(r"by http +(http://\S+)/")[1]
        assert secure.scheme == "https"
        assert secure.port != urlsplit(plain).port
        assert log_in(plain, "demo", "demo")


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


def test_w11_the_ca_is_served_to_anybody() -> None:
    with FakeEvery8d(tls=True, api_token="s3cret") as fake:
        for url in (fake.plain_url, fake.url):
            headers = {"Host": "api.e8d.tw"}
            with urllib3.PoolManager(ca_certs=str(fake.ca_file)) as pool:
                response = pool.request("GET", f"{url}/fake/ca.pem", headers=headers)
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/x-pem-file"
            assert response.data == fake.ca_file.read_bytes()
        assert urllib3.request("GET", f"{fake.plain_url}/fake/state").status == 401


def test_w11_sentence_says_that_there_is_no_ca() -> None:
    with FakeEvery8d() as fake:
        response = urllib3.request("GET", f"{fake.url}/fake/ca.pem")
    assert response.status == 404
    assert response.data.startswith(b"There is no CA here")


PRODUCTION = [
    "api.every8d.com", "oms.every8d.com", "biz2.every8d.com", "biz3.every8d.com.tw",
    "api.e8d.tw", "oms.e8d.tw", "new.e8d.tw", "biz3.e8d.tw",
]  # fmt: skip
"""The hosts in published code (production F20)."""


def test_a_certificate_for_production() -> None:
    with FakeEvery8d(tls=Tls(names=["production", "sms.test"])) as fake:
        endpoint = Endpoint(fake.url, fake.ca_file)
        context = ssl.create_default_context(cafile=fake.ca_file)
        for name in (*PRODUCTION, "sms.test", "localhost"):
            assert endpoint.handshake(context, name) == "TLSv1.3"


@pytest.mark.parametrize("options", [{}, {"names": ["production"]}])
def test_the_certificate_is_one_that_apple_accepts(options: Any) -> None:
    """No more than 825 days, and now among them."""
    with certificate(Tls(**options), "127.0.0.1") as made:
        shown = x509.load_pem_x509_certificate(made.chain.read_bytes())
    now = datetime.now(UTC)
    assert shown.not_valid_before_utc < now - timedelta(days=365)
    assert now + timedelta(days=365) < shown.not_valid_after_utc
    assert shown.not_valid_after_utc - shown.not_valid_before_utc < timedelta(days=825)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"names": "sms.test"}, "names must be a list of names, not 'sms.test'"),
        ({"cert": "cert.pem"}, "cert and key go together"),
        ({"key": "key.pem"}, "cert and key go together"),
        ({"cert": "cert.pem", "key": "key.pem", "dir": "ca"}, "names and dir are for a certif"),
    ],
)
def test_contradictory_options_are_refused(options: Any, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        Tls(**options)


def test_a_second_start_needs_no_new_trust(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "ca"
    tls = Tls(dir=directory)
    with FakeEvery8d(tls=tls) as fake:
        assert fake.ca_file == directory / "ca.pem"
        trusting = ssl.create_default_context(cafile=fake.ca_file)
        kept = fake.ca_file.read_bytes()
    for options in ([], ["--tls-name=api.e8d.tw"]):
        with Served(tmp_path, "--tls", f"--tls-dir={directory}", *options) as served:
            endpoint = Endpoint(served.url, directory / "ca.pem")
            assert endpoint.handshake(trusting, "localhost") == "TLSv1.3"
    assert (directory / "ca.pem").read_bytes() == kept
    assert sorted(os.listdir(directory)) == ["ca-key.pem", "ca.pem"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    directory = tmp_path / "ca"
    kept_ca(directory)
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == {"ca-key.pem": 0o600, "ca.pem": 0o644}
    assert directory.stat().st_mode & 0o022 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "ca"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(InvalidInput, match=r"can be written by others, .*: chmod go-w"):
        kept_ca(directory)
    assert not [*directory.iterdir()]
    for command in ("serve", "check", "ca"):
        done = run(command, "--tls", f"--tls-dir={directory}", "--port=0")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"fake-every8d: --tls: dir {directory} can be written by")
        assert done.stderr.count("\n") == 1


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "getuid") or os.getuid() != 0,
    reason="only root can give a directory away",
)
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "ca"
    directory.mkdir(0o755)
    os.chown(directory, 1000, 1000)
    with pytest.raises(InvalidInput, match="belongs to somebody else"):
        kept_ca(directory)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "ca"
    with pytest.raises(InvalidInput, match=f"dir {re.escape(str(directory))}: "):
        kept_ca(directory)
    done = run("--tls", f"--tls-dir={directory}", "--port=0")
    assert done.returncode == 2
    assert done.stderr.startswith(f"fake-every8d: --tls: dir {directory}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    kept_ca(tmp_path / "ca")
    (tmp_path / "ca" / "ca-key.pem").chmod(0o640)
    with pytest.raises(InvalidInput, match=r"can be read by others, .*: chmod 600 "):
        kept_ca(tmp_path / "ca")


def expired_ca() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2001, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2002, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return pem + made.public_bytes(Encoding.PEM)


def of_another_key() -> bytes:
    one, other = trustme.CA(), trustme.CA()
    return one.private_key_pem.bytes() + other.cert_pem.bytes()


def of_no_ca() -> bytes:
    issued = trustme.CA().issue_cert("sms.test")
    return issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a CA and its key, in PEM: delete it and ca.pem beside it"),
        (b"-----BEGIN CERTIFICATE-----\n", "is not a CA and its key"),
        (trustme.CA().cert_pem.bytes(), "is not a CA and its key"),
        (of_another_key(), "is not a CA and its key"),
        (of_no_ca(), "is not a CA and its key"),
        (expired_ca(), "has expired, on Jan  1 00:00:00 2002 GMT: delete it and ca.pem"),
    ],
    ids=["empty", "cut off", "no key", "another's key", "no CA", "expired"],
)
def test_invalid_ca_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    """A new one in its place would be one that nobody trusts."""
    key_file = tmp_path / "ca-key.pem"
    key_file.write_bytes(content)
    key_file.chmod(0o600)
    with pytest.raises(InvalidInput, match=complaint):
        kept_ca(tmp_path)
    with pytest.raises(InvalidInput, match=complaint):
        check(Tls(dir=tmp_path), "127.0.0.1")
    assert key_file.read_bytes() == content


def test_a_ca_file_that_is_gone_or_another_is_put_right(tmp_path: Path) -> None:
    ca_file = kept_ca(tmp_path)
    kept = ca_file.read_bytes()
    ca_file.write_bytes(b"another")
    assert kept_ca(tmp_path).read_bytes() == kept
    ca_file.unlink()
    assert kept_ca(tmp_path).read_bytes() == kept


def test_starts_at_the_same_time_get_the_same_ca(tmp_path: Path) -> None:
    directory = tmp_path / "ca"
    code = (
        "import sys; from pathlib import Path; from fake_every8d.web.http.tls import *\n"
        "import trustme, fake_every8d; print('ready', flush=True); sys.stdin.readline()\n"
        f"with certificate(Tls(dir={str(directory)!r}), 'localhost') as made:\n"
        "    print(made.ca.read_text() + made.chain.read_text())"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go\n")
        start.stdin.flush()
    shown = [start.communicate(timeout=DEADLINE)[0] for start in starts]
    end = "-----END CERTIFICATE-----\n"
    assert {pem.partition(end)[0] + end for pem in shown} == {(directory / "ca.pem").read_text()}
    authority = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
    for pem in shown:
        issued = x509.load_pem_x509_certificate(pem.partition(end)[2].encode())
        issued.verify_directly_issued_by(authority)
    assert sorted(os.listdir(directory)) == ["ca-key.pem", "ca.pem"]


def test_check_makes_no_ca(tmp_path: Path) -> None:
    done = run("check", "--tls", f"--tls-dir={tmp_path}/ca")
    assert done.returncode == 0
    assert not (tmp_path / "ca").exists()


def test_ca_prints_that_of_a_directory_before_it_is_first_served(tmp_path: Path) -> None:
    directory = tmp_path / "ca"
    for done in (
        run("ca", str(directory)),
        run("ca", "--tls-dir", str(directory)),
        run("ca", FAKE_EVERY8D_TLS_DIR=str(directory)),
    ):
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (directory / "ca.pem").read_text()


def test_ca_prints_that_of_a_server() -> None:
    with FakeEvery8d(tls=True, api_token="s3cret") as fake:
        kept, port = fake.ca_file.read_text(), str(urlsplit(fake.url).port)
        for done in (
            run("ca", fake.url),
            run("ca", f"{fake.plain_url}/"),
            run("ca", "--port", port),
            run("ca", FAKE_EVERY8D_PORT=port, HTTP_PROXY="http://127.0.0.1:9"),
        ):
            assert (done.returncode, done.stderr, done.stdout) == (0, "", kept)


def test_ca_of_nobody_is_exit_code_1(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/fake/ca.pem").respond_with_data("hello")
    with FakeEvery8d() as plain, socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        taken.close()
        for url, complaint in (
            (plain.url, ": There is no CA here: use serve --tls, or Tls in Python.\n"),
            (closed, ": Connection refused\n"),
            (httpserver.url_for(""), " is not a fake-every8d: its /fake/ca.pem is not a CA\n"),
        ):
            done = run("ca", url)
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr == f"fake-every8d: {url}{complaint}"


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
        (["--tls-dir=ca"], "are for the certificate that --tls makes: give --tls"),
        (["--tls-dir=ca", "--tls-cert={cert}", "--tls-key={key}"], "--tls, and no --tls-cert"),
        (["--tls-port=8443"], "--tls-port is a second port for --tls: give --tls"),
        (["--tls", "--tls-port=65536"], "'--tls-port': 65536 is not in the range"),
        (["--tls", "--tls-name=production", "--tls-name=a_b"], "cannot have one of localhost, "),
        (["--tls", "--tls-name=production", "--tls-name=a_b"], ", 127.0.0.1, ::1, a_b: "),
        (["--tls", "--tls-dir={cert}"], "cert.pem' is a file"),
    ],
)
def test_impossible_options_are_told_in_one_line(
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
        "fake-every8d: --tls: making a certificate needs trustme: pip install 'fake-every8d[tls]'\n"
    )


@pytest.mark.parametrize("tls", ["True", "Tls(dir='kept', names=['production'], port=0)"])
def test_the_fixture_speaks_https_where_every8d_tls_says_so(tmp_path: Path, tls: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom fake_every8d import Tls\n"
        f"@pytest.fixture(scope='session')\ndef every8d_tls(): return {tls}\n"
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
