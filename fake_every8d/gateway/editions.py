"""Editions: the platform's documents, where they contradict each other (E1)."""

import enum


class Edition(enum.StrEnum):
    """A document's year. Later ones compare as greater."""

    OF_2016 = "2016"
    """The SOAP document, and the HTTP document of 2017-11."""
    OF_2021 = "2021"
    """HTTP API 2.1.5, 2021-10-22."""
    OF_2025 = "2025"
    """HTTP API 2.2, 2025-11-14."""
