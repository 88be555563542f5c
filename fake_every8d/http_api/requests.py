"""A request of the HTTP API, and checks of any text in it (clauses H2, H3)."""

from dataclasses import dataclass

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.charsets import is_url_encoded
from fake_every8d.gateway.messages import NOT_XML

_TEXTS = ("msg", "sb", "param", "name")


@dataclass(slots=True)
class HttpRequest:
    """The parts of an HTTP request that the API reads. Headers are unchanged."""

    query: bytes = b""
    content_type: str = ""
    authorization: str = ""
    body: bytes = b""
    content_encoding: str = ""


def carried(text: str, name: str, advice: Advice) -> str:
    """A text with the characters that an SMS cannot carry replaced; advises if it looks wrong.

    `name` is its parameter's, or its place in JSON, such as `RecipientDataList[0].Param`.
    """
    if "%" in text and is_url_encoded(text) and name.rpartition(".")[2].lower() in _TEXTS:
        advice.add(AdviceKind.STILL_ENCODED, name=name, text=text)
    # No such character is printable, and nearly all texts are: that check is far quicker.
    if text.isprintable() or NOT_XML.search(text) is None:
        return text
    advice.add(AdviceKind.NO_CHARACTER, name=name)
    return NOT_XML.sub("\ufffd", text)
