"""Advice: warnings that production does something unexpected with a call (W15).

Each kind has a code, an English sentence, and named values. The page shows it in the reader's
language, from code and values; everything else shows the sentence.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

_MOST_OF_A_KIND = 3  # pieces of advice of one kind
_LONGEST_VALUE = 200  # characters of a value from the client
_LONGEST_SENTENCE = 500  # characters of a sentence


class AdviceKind(Enum):
    """Every kind of advice: its sentence, with the names of its values, and whether it is serious.

    It is serious if production loses or misbills something: a message, a part of one, points.
    """

    def __init__(self, sentence: str, is_serious: bool = True) -> None:
        self.sentence = sentence
        self.is_serious = is_serious

    @property
    def code(self) -> str:
        """The code, such as `long_content`, which stays when the sentence is reworded."""
        return self.name.lower()

    # Either API, any operation

    MORE_ALIKE = "… and {n} more like this one.", False
    MORE_CAME = (
        "More bytes came than Content-Length says: the rest was not read, so a text may have lost "
        "its end. Count bytes, not characters: a Chinese character has three."
    )

    # What is sent

    INVALID_NUMBER = (
        "Refused with status {status}, no number that SMS can go to: {numbers}. A Taiwan mobile is "
        "0912345678 or +886912345678, another country's +14155550100."
    )
    NO_CONTENT = "Refused with status {status}, because there is no content for it: {numbers}."
    BAD_TIME = (
        "Refused with status {status}, because the send time is not YYYYMMDDhhmmss, or is more "
        "than 24 hours past: {times}."
    )
    ABROAD_IS_OFF = (
        "Refused with status {status}, because the account may not send abroad "
        "(國際簡訊發送設定): {numbers}."
    )
    NO_CREDIT = (
        "Refused with status {status}, because the credit does not cover its points: {numbers}."
    )
    NOT_AS_886 = (
        "In sendParamSMS a domestic number that is not written +886… is billed at three times the "
        "price; write {numbers} as +886…."
    )
    LONG_CONTENT = (
        "Content of over 333 characters goes out, and is billed, as several SMS: {lengths} "
        "characters."
    )
    LONG_NAME = "A NAME is cut to 50 characters: {names}."
    NO_ADDRESS = "No copy goes to an EMAIL that is not one address: {addresses}."
    REPEATED = (
        "The same text went to {number} within the last 24 hours, and is sent and billed again: "
        "sendSMS4FilterMessage leaves such numbers out."
    )
    NOT_OF_EDITION = (
        "A message is at status {status}, or will reach it, which the document of edition "
        "{edition} does not have."
    )

    # The HTTP API

    LATER_EDITION = (
        "{what} was introduced in edition 2025; the fake follows edition {edition} but accepts it.",
        False,
    )
    SINCE_2022 = (  # production F19
        "{what} was introduced after edition 2021, by May 2022; the fake follows edition {edition} "
        "but accepts it.",
        False,
    )
    MR_IN_SEND_SMS = (
        "No edition has MR among the parameters of sendSMS: it is taken as the record number.",
        False,
    )
    STATUS_REPORT_URL = (
        "StatusReportURL is ignored since 2017: reports go to the URL that the account is set up "
        "with."
    )
    ENDED_BY_RESET = (
        "A reset has ended this session or token; production has no resets, and its sessions last "
        "until midnight. Log in again after a reset, or keep sessions: every8d_keep_sessions in "
        "the ini file, keep_sessions=True of reset and of the marker, --keep-sessions of the "
        "command.",
        False,
    )
    NO_CHANNEL = (
        "An EventID needs an account with interactive channels (interactive = true here): nothing "
        "was sent."
    )
    NO_BATCH = "BID {batch_id} is no batch of this account.", False
    NO_PAGE = (
        "PNO must be the number of a page, 1 or more; with {page_no} nothing is found.",
        False,
    )
    NO_BOOKING = (
        "Nothing was erased: BID {batch_id} is no batch of this account that has bookings.",
        False,
    )
    NO_REPLY = "BID {batch_id} is no batch of this account that was replied to.", False
    NO_FORMAT = "RESPFORMAT must be one of {formats}; with {format} it is taken as 0, TAB.", False
    FEW_VALUES = (
        "Param must have five values, four | between them; {param} has {n}: the others are empty.",
        False,
    )
    MANY_VALUES = "Only the first five values of Param count; {param} has {n}."
    UNREADABLE = "Production returns -99 and does nothing when it cannot read the request: {why}."
    LONG_BODY = (
        "A body of more than 4 MiB is over ASP.NET's default limit: production may refuse it."
    )
    COMPRESSED = (
        "The body is read as it came, although its Content-Encoding is {encoding}: ASP.NET "
        "decompresses no request. Send it as it is."
    )
    NO_FORM = (
        "The body is not read, because its Content-Type is {type}: send "
        "application/x-www-form-urlencoded or multipart/form-data."
    )
    BROKEN_MULTIPART = "The multipart/form-data cannot be read: {why}."
    FILE = "{name} is a file of the form, and no field: it is not read."
    PLUS = (  # a refused number has its own advice
        "A + that is not encoded as %2B arrives as a blank, as in DEST here: 886… is taken "
        "as +886…, and the number of another country is refused.",
        False,
    )
    MANY_FIELDS = "Only the first 1000 fields of a form are read."
    LONG_QUERY = (
        "A query of more than 2,048 characters, some 220 Chinese ones, is over ASP.NET's default "
        "limit: production may refuse it. Send a form."
    )
    NO_NAME = (
        "After {name} comes a field without a name, which is ignored: an & within a text must be "
        "encoded as %26, or the text ends there."
    )
    LOST = (
        "Text is lost: {name} is read as {charset}, but its bytes are not. Unreadable bytes become "
        "{instead}, and are sent and billed like that."
    )
    IS_UTF_8 = (
        "Text is lost: {name} is read as {charset}, as the Content-Type says, but its bytes are "
        "UTF-8. It is sent and billed as it was read."
    )
    NO_CHARACTER = (
        "{name} has characters that no SMS can carry, such as U+0000: they became U+FFFD."
    )
    STILL_ENCODED = (
        "{name} is still URL-encoded after it was read, and goes out like that: encode it once, "
        "and in JSON not at all. It is {text}."
    )

    # The SOAP API

    LONG_REQUEST = (
        "This request has {bytes} bytes. ASP.NET reads {limit} by default, and production's limit "
        "is not known: send fewer recipients at once."
    )
    MEDIA_TYPE = (
        "Production refuses the Content-Type {type}: send text/xml with SOAP 1.1, "
        "application/soap+xml with SOAP 1.2."
    )
    SOAP_11_AS_12 = (
        "Production refuses a SOAP 1.1 envelope sent as application/soap+xml: send text/xml."
    )
    NO_XML = "Production cannot read this request as XML: {why}."
    NESTED = (
        "Production reads the element in {name} instead, and takes every parameter after it for "
        "null: escape the text."
    )
    XSI_TYPE = (
        "Production takes {name} for text, and sends it as it stands, although its xsi:type is "
        "{type}: use xsd:string, and do not encode it."
    )
    NO_NAMESPACE = (
        "Production takes {name} for null, because it is not in the namespace http://tempuri.org/: "
        'declare xmlns="http://tempuri.org/" on the operation, or qualify the parameters.'
    )
    OPERATION_NAMESPACE = (
        "Production takes every parameter for null, because {name} is not in the namespace "
        "http://tempuri.org/ to the letter, the slash at its end included."
    )
    TWO_OPERATIONS = (
        "Production calls {action} with every parameter null, because the action header names it "
        "while the body holds {name}: let both name the operation."
    )
    BYTES_LOST = (
        "Text is lost: the request is read as {charset}, but its bytes from number {place} on are "
        "not. Production puts U+FFFD in their place, and sends and bills that."
    )
    REQUEST_IS_UTF_8 = (
        "Text is lost: the request is read as {charset}, as it says, but its bytes are UTF-8. "
        "Production sends and bills the result."
    )
    ASCII = (
        "Text is lost: a request with charset={charset} is read as ASCII. {n} bytes of it become "
        'question marks, which are sent and billed as such: send "text/xml; charset=utf-8".'
    )
    NO_CHARSET = (
        "Text is lost: a request with no charset is read as ASCII. {n} bytes of it become "
        'question marks, which are sent and billed as such: send "text/xml; charset=utf-8".'
    )
    UNKNOWN_CHARSET = (
        "Text is lost: a request with charset={charset}, which is none of .NET's names for a "
        "charset that the fake reads, is read as ASCII. {n} bytes of it become question marks, "
        'which are sent and billed as such: send "text/xml; charset=utf-8".'
    )
    MARKUP = (
        "Text is lost: the content for {number} has the element <{element}> in it, of which only "
        "the text is sent. Escape the content, or put it into CDATA."
    )
    URL_ENCODED = (
        "{name} is URL-encoded, and goes out like that: in SOAP, text is not URL-encoded. It is "
        "{text}."
    )
    ESCAPED_TWICE = "{name} goes out with {found} in it: it was escaped once too often."
    CONTENT_XML = "Production returns -99 and sends nothing when it cannot read contentXML: {why}."
    NO_CALLIN_LOG = (
        "Production has getFreePhoneCallinLog, and nobody has published what it returns: the fake "
        'returns -99. With a failure of the kind "result", it returns what you need.',
        False,
    )


class AdviceText(str):
    """A piece of advice: its English sentence, which also knows its code and values."""

    __slots__ = ("kind", "values")

    kind: AdviceKind
    """The kind, with the sentence before its values are filled in."""
    values: Mapping[str, str]
    """The values by their names in the sentence, such as `number`; long ones are cut short."""

    def __new__(cls, kind: AdviceKind, values: Mapping[str, object]) -> "AdviceText":
        short = {name: _cut(str(value), _LONGEST_VALUE) for name, value in values.items()}
        shown = {name: value or "(none)" for name, value in short.items()}
        self = super().__new__(cls, _cut(kind.sentence.format_map(shown), _LONGEST_SENTENCE))
        self.kind = kind
        self.values = short
        return self

    @property
    def code(self) -> str:
        """The code of its kind, such as `long_content`."""
        return self.kind.code


class Advice:
    """The advice for a call's sender, of bounded size.

    It keeps the first three of each kind, and the number of the others.
    """

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: dict[AdviceKind, tuple[list[AdviceText], int]] = {}

    def add(self, kind: AdviceKind, text: AdviceText | None = None, /, **values: object) -> None:
        """Add advice of a kind: with the values that its sentence names, or as a ready `text`."""
        given, times = self._kinds.get(kind, ([], 0))
        if times < _MOST_OF_A_KIND:
            given.append(text or AdviceText(kind, values))
        self._kinds[kind] = given, times + 1

    def extend(self, texts: Iterable[AdviceText]) -> None:
        """Add advice that was given already, such as that of a `Receipt`."""
        for text in texts:
            self.add(text.kind, text)

    def __bool__(self) -> bool:
        """True if there is any."""
        return bool(self._kinds)

    def __iter__(self) -> Iterator[AdviceText]:
        """All of it, grouped by kind."""
        return self._texts(self._kinds)

    @property
    def serious_advice(self) -> Iterator[AdviceText]:
        """The part of it that says that something is lost or misbilled."""
        return self._texts(kind for kind in self._kinds if kind.is_serious)

    def _texts(self, kinds: Iterable[AdviceKind]) -> Iterator[AdviceText]:
        for kind in kinds:
            given, times = self._kinds[kind]
            yield from given
            if times > _MOST_OF_A_KIND:
                yield AdviceText(AdviceKind.MORE_ALIKE, {"n": f"{times - _MOST_OF_A_KIND:,}"})


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
