"""The XML inside the strings: SMS, SMS_LOG and REPS."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.gateway import DeliveryLog, Message, PlatformError, Recipient, Reply
from fake_every8d.soap.xml_reader import Node, XmlError, XmlReader

_CONNECTED = 0, "取得連線成功。"
_LOG_FOUND = 0, "發送狀態查詢成功"
_MOBILE_WIDTH = 20  # characters; production was seen padding MOBILE to it (D7)


class RepsError(ValueError):
    """The platform cannot read the content XML; the text says where and why."""


def escape(text: str) -> str:
    """Text for an element's content, escaped as .NET's XmlWriter does."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A reader turns a bare carriage return into a line feed.
    return text.replace("\r", "&#xD;")


def connection(session_key: str) -> str:
    """The SMS document of a getConnection that succeeded (A1)."""
    return _connection(*_CONNECTED, session_key)


def connection_refused(error: PlatformError) -> str:
    """The SMS document of a getConnection that failed (A1)."""
    return _connection(error.code, error.description, "")


def _connection(code: int, description: str, session_key: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<SMS><GET_CONNECTION><CODE>{code}</CODE><SESSION_KEY>{session_key}</SESSION_KEY>"
        f"<DESCRIPTION>{description}</DESCRIPTION></GET_CONNECTION></SMS>"
    )


def delivery_log(log: DeliveryLog, *, pad_mobile: bool) -> str:
    """The SMS_LOG of a page of a batch (D4); `pad_mobile` as in D7."""
    width = _MOBILE_WIDTH if pad_mobile else 0
    messages = "".join([_message(message, width) for message in log.messages])
    return _delivery_log(*_LOG_FOUND, log.count, messages)


def delivery_log_refused(error: PlatformError) -> str:
    """The SMS_LOG of a getDeliveryStatus that failed (A6)."""
    return _delivery_log(error.code, error.description, 0, "")


def _delivery_log(code: int, description: str, count: int, messages: str) -> str:
    status = (
        f'<GET_DELIVERY_STATUS COUNT="{count}">{messages}</GET_DELIVERY_STATUS>'
        if messages
        else f'<GET_DELIVERY_STATUS COUNT="{count}"/>'
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<SMS_LOG><CODE>{code}</CODE><DESCRIPTION>{description}</DESCRIPTION>{status}</SMS_LOG>"
    )


def _message(message: Message, width: int) -> str:
    return (
        f"<SMS><NAME>{escape(message.name)}</NAME>"
        f"<MOBILE>{escape(message.to).ljust(width)}</MOBILE>"
        f"<SENT_TIME>{_time(message.due_at)}</SENT_TIME><COST>{message.cost:.2f}</COST>"
        f"<STATUS>{message.status.value}</STATUS>{_replies(message.replies)}</SMS>"
    )


def _replies(replies: Iterable[Reply]) -> str:
    return "".join(
        f"<REPLY_SMS><REPLY_TIME>{_time(reply.at)}</REPLY_TIME>"
        f"<MESSAGE>{_cdata(reply.text)}</MESSAGE></REPLY_SMS>"
        for reply in replies
    )


def _cdata(text: str) -> str:
    # "]]>" would end the section early, so split it between two sections.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


@lru_cache(maxsize=128)  # a page has a thousand of them, and most are the same
def _time(moment: datetime) -> str:
    return f"{moment:%Y/%m/%d %H:%M:%S}"


def recipients(content_xml: str, advice: Advice) -> list[Recipient]:
    """The USERs of a REPS document (S6). Raises `RepsError`.

    A text is everything between a USER's tags, blanks included, as CDATA or escaped. Tags in it
    are left out, with advice. A missing attribute is the empty string.
    """
    try:
        # These are characters already, so the declared encoding does not matter.
        reader = XmlReader(content_xml.encode("utf-8", "surrogatepass"))
        return [*_users(reader, advice)]
    except XmlError as error:
        raise RepsError(str(error)) from None


def _users(reader: XmlReader, advice: Advice) -> Iterator[Recipient]:
    reader.move_to_content()
    if reader.name != "REPS":
        found = f"{{{reader.name}" if "}" in reader.name else reader.name
        raise RepsError(f"it begins with <{found}>, where <REPS> was expected")
    if reader.node is Node.START:
        reader.read()
        while not reader.at_end:
            if reader.name == "USER":
                yield _recipient(reader, advice)
            else:
                reader.skip()
    while reader.node is not Node.NONE:
        reader.read()


def _recipient(reader: XmlReader, advice: Advice) -> Recipient:
    get = reader.attributes.get
    text = reader.text
    if reader.node is Node.START:  # so it contains more than one text
        depth = reader.depth
        reader.read()
        while reader.depth >= depth:
            if reader.at_element:
                number = get("MOBILE", "")
                advice.add(AdviceKind.MARKUP, number=number, element=reader.name)
            text += reader.text
            reader.read()
    reader.read()
    return Recipient(
        mobile=get("MOBILE", ""),
        text=text,
        name=get("NAME", ""),
        email=get("EMAIL", ""),
        send_time=get("SENDTIME", ""),
        record_number=get("MR", ""),
    )
