"""Fixtures of the control plane: those of the HTTP edge, by which it is reached."""

from tests.web.conftest import any_url, gateway, records, served, url

__all__ = ["any_url", "gateway", "records", "served", "url"]
