"""The character sets that .NET has, and signs that a text is not what it is read as (W7, H3)."""

import re

# Python's codecs, each with the names for which .NET's `Encoding.GetEncoding` returns the same.
_NAMES = {
    "utf-8": "utf-8 unicode-1-1-utf-8 unicode-2-0-utf-8 x-unicode-1-1-utf-8 x-unicode-2-0-utf-8",
    "utf-7": "utf-7 csunicode11utf7 unicode-1-1-utf-7 unicode-2-0-utf-7 x-unicode-1-1-utf-7 "
    "x-unicode-2-0-utf-7",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2",
    "utf-16-be": "utf-16be unicodefffe",
    "utf-32-le": "utf-32 utf-32le",
    "utf-32-be": "utf-32be",
    "ascii": "us-ascii ascii us ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 "
    "iso646-us iso_646.irv:1991",
    "cp950": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "gbk": "gb2312 gb2312-80 gb231280 gb_2312-80 gbk chinese cn-gb csgb2312 csgb231280 "
    "csiso58gb231280 iso-ir-58",
    "gb18030": "gb18030",
    "gb2312": "euc-cn x-euc-cn",
    "hz": "hz-gb-2312",
    "cp932": "shift_jis shift-jis sjis x-sjis x-ms-cp932 ms_kanji csshiftjis cswindows31j",
    "euc_jp": "euc-jp x-euc-jp x-euc cseucpkdfmtjapanese "
    "extended_unix_code_packed_format_for_japanese iso-2022-jpeuc",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ks-c-5601 ks-c5601 ksc5601 ksc_5601 "
    "korean csksc56011987 iso-ir-149",
    "euc_kr": "euc-kr cseuckr iso-2022-kr-8 iso-2022-kr-8bit",
    "iso2022_kr": "iso-2022-kr csiso2022kr iso-2022-kr-7 iso-2022-kr-7bit",
    "johab": "johab",
    "iso8859_1": "iso-8859-1 iso8859-1 iso_8859-1 iso_8859-1:1987 iso-ir-100 latin1 l1 cp819 "
    "ibm819 csisolatin1",
    "iso8859_2": "iso-8859-2 iso8859-2 iso_8859-2 iso_8859-2:1987 iso-ir-101 latin2 l2 csisolatin2",
    "iso8859_3": "iso-8859-3 iso_8859-3 iso_8859-3:1988 iso-ir-109 latin3 l3 csisolatin3",
    "iso8859_4": "iso-8859-4 iso_8859-4 iso_8859-4:1988 iso-ir-110 latin4 l4 csisolatin4",
    "iso8859_5": "iso-8859-5 iso_8859-5 iso_8859-5:1988 iso-ir-144 cyrillic csisolatincyrillic",
    "iso8859_6": "iso-8859-6 iso_8859-6 iso_8859-6:1987 iso-ir-127 arabic ecma-114 "
    "csisolatinarabic",
    "iso8859_7": "iso-8859-7 iso_8859-7 iso_8859-7:1987 iso-ir-126 greek greek8 ecma-118 elot_928 "
    "csisolatingreek",
    "iso8859_8": "iso-8859-8 iso_8859-8 iso_8859-8:1988 iso-8859-8-i visual iso-ir-138 "
    "hebrew logical csisolatinhebrew",
    "iso8859_9": "iso-8859-9 iso_8859-9 iso_8859-9:1989 iso-ir-148 latin5 l5 csisolatin5",
    "iso8859_13": "iso-8859-13",
    "iso8859_15": "iso-8859-15 iso_8859-15 latin9 l9 csisolatin9",
    "cp1250": "windows-1250 x-cp1250",
    "cp1251": "windows-1251 x-cp1251",
    "cp1252": "windows-1252 x-ansi",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257",
    "cp1258": "windows-1258",
    "cp874": "windows-874 dos-874 iso-8859-11 tis-620",
    "koi8_r": "koi8-r koi8r koi koi8 cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "cp437": "ibm437 437 cp437 cspc8codepage437",
    "cp720": "dos-720",
    "cp737": "ibm737",
    "cp775": "ibm775",
    "cp850": "ibm850 cp850",
    "cp852": "ibm852 cp852",
    "cp855": "ibm855 cp855",
    "cp857": "ibm857 cp857",
    "cp858": "ibm00858 ccsid00858 cp00858 cp858 pc-multilingual-850+euro",
    "cp860": "ibm860 cp860",
    "cp861": "ibm861 cp861",
    "cp862": "dos-862 cp862 ibm862",
    "cp863": "ibm863 cp863",
    "cp864": "ibm864 cp864",
    "cp865": "ibm865 cp865",
    "cp866": "cp866 ibm866",
    "cp869": "ibm869 cp869",
    "cp037": "ibm037 cp037 csibm037 ebcdic-cp-ca ebcdic-cp-nl ebcdic-cp-us ebcdic-cp-wt",
    "cp500": "ibm500 cp500 csibm500 ebcdic-cp-be ebcdic-cp-ch",
    "cp875": "cp875",
    "cp1026": "ibm1026 cp1026 csibm1026",
    "cp1140": "ibm01140 ccsid01140 cp01140 ebcdic-us-37+euro",
    "mac_roman": "macintosh",
    "mac_cyrillic": "x-mac-cyrillic",
    "mac_greek": "x-mac-greek",
    "mac_iceland": "x-mac-icelandic",
    "mac_latin2": "x-mac-ce",
    "mac_turkish": "x-mac-turkish",
}  # fmt: skip

CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}
"""Python's codec for each name, in lower case, for which .NET has an encoding."""

_FAR_CHARACTER = re.compile("[\u0800-\U0010ffff]")
_STILL_ENCODED = re.compile(r"(?:[\w.~*!'()+|-]|(%[0-9a-f]{2}))+", re.ASCII | re.IGNORECASE)


def is_utf_8(raw: bytes) -> bool:
    """Whether bytes are UTF-8 beyond doubt: two bytes may be so by chance, three hardly are."""
    try:
        return not raw.isascii() and _FAR_CHARACTER.search(raw.decode()) is not None
    except UnicodeDecodeError:
        return False


def is_url_encoded(text: str) -> bool:
    """Whether a text looks as if it had been URL-encoded, and is still."""
    encoded = _STILL_ENCODED.fullmatch(text) if "%" in text else None
    return encoded is not None and encoded[1] is not None
