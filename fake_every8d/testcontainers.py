"""The image as a container for testcontainers-python; needs the extra `testcontainers`."""

import ssl
from collections.abc import Mapping
from os import PathLike
from typing import Any, Self

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy
except ImportError as error:
    raise ImportError(
        "Every8dContainer needs testcontainers: pip install 'fake-every8d[testcontainers]'"
    ) from error

PORT = 8021
"""The port that the server listens on inside the container."""

_TIMEOUT = 10  # seconds

_ACCOUNTS = "/etc/fake-every8d/accounts.toml"


class Every8dContainer(DockerContainer):
    """A `fake-every8d` in its own container, ready when `start` returns.

        with Every8dContainer("registry.example.com/fake-every8d:1", delivery_seconds=0) as every8d:
            requests.get(f"{every8d.url}/fake/messages?to=0912345678&wait_seconds=5")

    `accounts` is a TOML file on this machine, mounted over the image's own. Settings are the
    options of `fake-every8d serve`, by name; several names in one text, separated by spaces.
    Other containers in its network reach it by its network alias, at port 8021. Other arguments
    of `DockerContainer` go into `container_options`.
    """

    def __init__(
        self,
        image: str = "fake-every8d",
        *,
        accounts: str | PathLike[str] | None = None,
        container_options: Mapping[str, Any] | None = None,
        **settings: str | float | bool,
    ) -> None:
        super().__init__(image, **(container_options or {}))
        self.with_exposed_ports(PORT)
        if accounts is not None:
            self.with_volume_mapping(accounts, _ACCOUNTS)
        for name, value in settings.items():
            self.with_env(f"FAKE_EVERY8D_{name.upper()}", str(value))
        self.waiting_for(HttpWaitStrategy(PORT, "/healthz"))
        self._scheme = "http"

    def start(self) -> Self:
        """Start it, and return when it is ready."""
        super().start()
        try:
            # Asked of the server, since TLS may be on by a setting, the environment or the accounts
            # file.
            ssl.get_server_certificate(self._address, timeout=_TIMEOUT)
        except ssl.SSLError:
            self._scheme = "http"
        else:
            self._scheme = "https"
        return self

    @property
    def _address(self) -> tuple[str, int]:
        return self.get_container_host_ip(), int(self.get_exposed_port(PORT))

    @property
    def url(self) -> str:
        """The URL from this machine, by https if TLS is on; without a slash at the end."""
        host, port = self._address
        return f"{self._scheme}://{host}:{port}"

    @property
    def plain_url(self) -> str:
        """The same URL by http, whether TLS is on or not (W11); the CA is at `/fake/ca.pem`."""
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def soap_url(self) -> str:
        """The SOAP endpoint."""
        return f"{self.url}/API21/SOAP/SMS.asmx"

    @property
    def wsdl_url(self) -> str:
        """The WSDL."""
        return f"{self.soap_url}?WSDL"

    @property
    def http_url(self) -> str:
        """The HTTP API; the name of an operation follows, such as `sendSMS.ashx`."""
        return f"{self.url}/API21/HTTP/"
