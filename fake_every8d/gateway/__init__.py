"""The SMS platform itself. Standard library only: no HTTP, no XML, no SOAP."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_every8d.gateway.names import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Not before one is asked for: the command line needs nothing but the settings.
    if name.islower() and name != "__all__":  # a module, which Python then looks for
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.names"), name)
