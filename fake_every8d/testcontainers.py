"""The image as a container for testcontainers-python; takes the extra `testcontainers`."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy
except ImportError as error:
    raise ImportError(
        "Every8dContainer takes testcontainers: pip install 'fake-every8d[testcontainers]'"
    ) from error

PORT = 8021
"""The port that the server listens on inside the container."""

_ACCOUNTS = "/etc/fake-every8d/accounts.toml"


class Every8dContainer(DockerContainer):
    """A `fake-every8d` in a container of its own, ready when `start` returns.

        with Every8dContainer("registry.example.com/fake-every8d:1", delivery_seconds=0) as every8d:
            requests.get(f"{every8d.url}/fake/messages?to=0912345678&wait_seconds=5")

    `accounts` is a TOML file on this machine, mounted over the image's own. Settings are the
    options of `fake-every8d serve`, by name. Other containers in its network reach it by its
    network alias, at port 8021. Other arguments of `DockerContainer` go into
    `container_options`.
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

    @property
    def url(self) -> str:
        """Its URL from this machine, without a slash at the end; the JSON API is at `/fake`."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

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
