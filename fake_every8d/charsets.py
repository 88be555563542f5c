""".NET's character sets, and signs that a text was decoded wrongly (W7, H3)."""

import re

# Python's codecs, each with the names for which .NET's `Encoding.GetEncoding` returns the same.
# .NET has some sixty more, and nobody is known to write SMS in them.
_NAMES = {
    "utf-8": "utf-8 unicode-1-1-utf-8 unicode-2-0-utf-8 x-unicode-1-1-utf-8 x-unicode-2-0-utf-8",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2",
    "utf-16-be": "utf-16be unicodefffe",
    "ascii": "us-ascii ascii us ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 "
    "iso646-us iso_646.irv:1991",
    "cp950": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "gbk": "gb2312 gb2312-80 gb231280 gb_2312-80 gbk chinese cn-gb csgb2312 csgb231280 "
    "csiso58gb231280 iso-ir-58",
    "gb18030": "gb18030",
    "iso8859_1": "iso-8859-1 iso8859-1 iso_8859-1 iso_8859-1:1987 iso-ir-100 latin1 l1 cp819 "
    "ibm819 csisolatin1",
    "cp1252": "windows-1252 x-ansi",
}

CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}
"""Python's codec by the charset's name in lower case (W7)."""

_THREE_BYTES = re.compile(rb"[\xe0-\xf4]")  # the first of a sequence of three or four in UTF-8
_STILL_ENCODED = re.compile(r"(?:[\w.~*!'()+|-]|(%[0-9a-f]{2}))+", re.ASCII | re.IGNORECASE)


def is_utf_8(raw: bytes) -> bool:
    """True if bytes are surely UTF-8: a sequence of three bytes or more is hardly by chance."""
    if _THREE_BYTES.search(raw) is None:
        return False
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_url_encoded(text: str) -> bool:
    """True if a text looks URL-encoded."""
    encoded = _STILL_ENCODED.fullmatch(text) if "%" in text else None
    return encoded is not None and encoded[1] is not None
