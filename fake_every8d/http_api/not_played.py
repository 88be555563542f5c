"""The parts of EVERY8D that the fake does not have, by the paths that clients call (H1)."""

import re

_PATHS = {
    "MMS": r"/API21/HTTP/(?:MMS/.*|s(?:end|ned)MMS\.ashx)",  # one client's typo
    "AccountHandler": r"/API21/HTTP/AccountHandler\.ashx",
    "LinePNPSend": r"/API21/HTTP/LinePNPSend\.ashx",
    "SOAP API 2.0": "/API20/.*",
    "JSON API 3.0": "/[^/]+/(?:getoken|sendsms|sendparam_sms|getdrstatus|cancelbooking)",
}
_PATTERNS = {re.compile(path, re.IGNORECASE | re.DOTALL): name for name, path in _PATHS.items()}


def not_played(path: str) -> str | None:
    """The error for a path of a part of EVERY8D that the fake does not have; else None.

    A client that parses the text as a result finds a negative code, and no comma (production
    F23, F24).
    """
    for pattern, name in _PATTERNS.items():
        if pattern.fullmatch(path):
            return f"-404 EVERY8D's {name} is not part of this fake."
    return None
