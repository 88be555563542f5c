"""EVERY8D's SOAP API 2.1, over a `Gateway`."""

from fake_every8d.soap.endpoint import SoapCall, SoapEndpoint

__all__ = ["SoapCall", "SoapEndpoint"]
