"""EVERY8D's HTTP API 2.1: forms and JSON in; lines, TAB, JSON and XML out (clauses H)."""

from fake_every8d.http_api.endpoint import HttpEndpoint
from fake_every8d.http_api.not_played import not_played
from fake_every8d.http_api.requests import HttpRequest

__all__ = ["HttpEndpoint", "HttpRequest", "not_played"]
