"""Finding the one-time code and the links in an SMS."""

import re

_LONGEST_TEXT = 2_000  # characters: no code comes later, and it bounds the search

# Full-width digits, letters and signs stand for the usual ones, except for the comma, which
# ends a clause in Chinese but stands inside a number such as 1,234.
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide) != "，"}
_HALF_WIDTH[ord("\u3000")] = ord(" ")


# Patterns as text, which `re` compiles at their first use: that takes 5 ms, which importing this
# must not.


def _any(*patterns: str) -> str:
    return f"(?i:{'|'.join(patterns)})"


_LINK = r"(?:https?://|www\.|(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,10}/)[!#-;=?-_a-z~]{0,2000}"

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_NEVER_A_CODE = _any(
    _LINK,
    r"[\w.+-]{1,64}@[\w.-]{1,255}",
    # Dates and times of day
    r"(?<!\d)\d{2,4}[/.-]\d{1,2}[/.-]\d{1,4}(?![\d/.-])",
    r"(?<!\d)\d{1,2}/\d{1,2}(?!\d)",
    r"(?<!\d)\d{2,4} ?年",
    r"(?<!\d)\d{1,2} ?月(?: ?\d{1,2})?",
    r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)",
    rf"(?<![a-z]){_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?!\d)",
    rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?(?!\d)",
    # Phone numbers
    r"\+\d[\d ()-]{6,18}\d",
    r"(?<!\d)\(?0\d{1,3}\)?[ -]?\d{3,4}[ -]?\d{3,4}(?:[ -]?\d{2,3})?(?:#\d+)?(?!\d)",
    # Masked cards and phones
    r"(?<![A-Za-z0-9])\d{2,8}[ -]?[*•xX]{2,}(?:[ -]?[*•xX]{2,})*[ -]?\d{0,8}",
    r"[*•]{3,}[ -]?\d{1,8}",
    # A code, but none to type in
    r"(?:zip|post|postal|area|country|promo|discount) ?code(?:[\s:#]|is)*[a-z]{0,9}[0-9]+",
    # Quantities, which would pass for the second half of a code in front of them
    r"(?<![\d-])\d{1,3} ?(?:[分秒時天日週次人名件張份折%]|小時|個月|min|sec|hour|hr|day|week)",
)
_SOMETHING_ELSE = _any(
    # Amounts
    r"(?:NT\$?|NTD|TWD|US\$?|USD|HK\$?|RMB|JPY|[$¥€£]|[台臺]幣|金額|消費)[ :]*\d[\d,]*",
    r"(?<![\d,])\d[\d,]* ?(?:[元圓塊萬千點筆人名件步秒%]|分鐘|小時|公里"
    r"|(?:dollar|NTD|TWD|USD|point|pts|second|step|km|MB|GB)[a-z]*)",
    r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)",
    r"(?<!\d)\d+\.\d+",
    # The number of an order, a card, a phone …
    r"[x]{3,}[ -]?\d+",
    r"(?:訂單|包裹|貨件|物流|編號|號碼|代號|序號|[單票案卡帳店房桌車]號|識別碼|[末後尾][四五45]?[碼號]|統編|會員"
    r"|分機|電話|手機|專線|客服|[撥洽]打?|傳真|航班|車次|郵遞區號"
    r"|(?<![a-z])(?:order|ref|reference|invoice|tracking|parcel|account|acct|card|ending|flight"
    r"|room|ticket|booking|call|dial|tel|phone|ext)(?![a-z]))"
    r"(?:[\s:#.「]|[是為在]|編號|號碼|no(?![a-z])|number|is|in|with)*[a-z]{0,3}-?\d(?:[ -]?\d)*",
)

_NAME = (
    r"(?:(?:驗證|驗証|验证|認證|认证|確認|确认|簡訊|短信|安全|授權|動態)[代號号]?[碼码]|密[碼码]"
    r"|(?<![A-Za-z])(?i:code|passcode|password|OTP|PIN)(?![A-Za-z]))"
)
_DIGITS = (
    r"(?<![A-Za-z0-9_-])(?<![0-9] )(?:[A-Z]{1,3}-)?"
    r"(?:[0-9]{4,8}|[0-9]{2,4}[ -][0-9]{2,4}|[0-9]{2}(?: [0-9]{2}){2,3}|[0-9](?: [0-9]){3,7})"
    r"(?![ -]?[0-9])(?![A-Za-z_])"
)
_HYPHENATED = (
    r"(?<![A-Za-z0-9-])(?=[0-9-]{0,9}[A-Za-z])(?=[A-Za-z-]{0,9}[0-9])"
    r"[A-Za-z0-9]{2,8}-[A-Za-z0-9]{2,8}(?![A-Za-z0-9-])"
)
_MIXED = (
    r"(?<![A-Za-z0-9])(?=[A-Za-z]{1,7}[0-9]|[0-9]{1,7}[A-Za-z])[A-Za-z0-9]{4,8}(?!-?[A-Za-z0-9])"
)
_LETTERS = r"(?<![A-Za-z0-9])[A-Z]{4,8}(?!-?[A-Za-z0-9])"
_OPENING = r"""[\s=「『（(\[【"'“<]"""
_IS = r"(?:[:是為为]|(?<![A-Za-z])is(?![A-Za-z]))"

_CODE = rf"{_DIGITS}|{_HYPHENATED}|{_MIXED}"
_DIRECTLY_NAMED = (
    rf"{_NAME}(?:[碼码]|{_OPENING}|{_IS})*(?P<after>{_CODE})"
    rf"|(?P<before>{_CODE})[」』）)\]】\"'”>]?\s*(?:is (?:your|the)|[是為为][您你本])"
    rf"|{_NAME}{_OPENING}*{_IS}{_OPENING}*(?P<letters>{_LETTERS})"
)
_LINKS = rf"(?<![A-Za-z0-9@.-])(?i:{_LINK})"
_DATE = r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?"


def code_in(text: str) -> str | None:
    """The one-time code in an SMS, without blanks or a hyphen between its digits.

    It is what the text calls a code (驗證碼, 認證碼, 密碼, OTP, code, PIN …), else the number of 4
    to 8 digits nearest to such a word, else the first one. Dates, amounts, phone numbers, and
    the numbers of orders and cards are no codes.
    """
    text = _blanked(_NEVER_A_CODE, text[:_LONGEST_TEXT].translate(_HALF_WIDTH))
    if named := re.search(_DIRECTLY_NAMED, text):
        return _joined(named["after"] or named["before"] or named["letters"])
    text = _blanked(_SOMETHING_ELSE, text)
    found = [match for match in re.finditer(_DIGITS, text) if not re.fullmatch(_DATE, match[0])]
    if not found:
        return None
    names = [*re.finditer(_NAME, text)]
    nearest = min(
        found,
        key=lambda match: min((_distance(match, name) for name in names), default=match.start()),
    )
    return _joined(nearest[0])


def links_in(text: str) -> tuple[str, ...]:
    """The links in an SMS, as written: `https://…`, `www.…`, and `example.com/…`."""
    return tuple([_unpunctuated(match[0]) for match in re.finditer(_LINKS, text)])


def _unpunctuated(link: str) -> str:
    """The link without the punctuation that ends the sentence around it."""
    link = link.rstrip(".,;:!?']")
    while link.endswith(")") and link.count("(") < link.count(")"):
        link = link[:-1].rstrip(".,;:!?']")
    return link


def _blanked(pattern: str, text: str) -> str:
    """The text with line ends in place of matches: distances stay, and no digits are joined."""
    return re.sub(pattern, lambda match: "\n" * len(match[0]), text)


def _distance(one: re.Match[str], other: re.Match[str]) -> int:
    return max(one.start() - other.end(), other.start() - one.end())


def _joined(code: str) -> str:
    """The code without separators: `48-3920` is 483920; the hyphen of `G-483920` stays."""
    if any(character.isalpha() for character in code):
        return code.replace(" ", "")
    return code.replace(" ", "").replace("-", "")
