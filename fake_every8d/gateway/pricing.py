"""Points (clauses P): the cost of a message by its length."""

from bisect import bisect_left

LONGEST = 333
"""The longest SMS in UTF-16 code units; longer content is split into several (P2)."""

INTERNATIONAL_FACTOR = 3
"""The factor on the cost of a number that is not billed as +886 (P3)."""

_INTERNATIONAL_PIECE = 70
_REPLY_LINK = 17  # characters that an EventID's link adds (H8)
_TIERS = (0, 70, 134, 201, 268, LONGEST)  # the longest content for 0, 1, 2, 3, 4, 5 points


def length(content: str, *, reply_link: bool = False) -> int:
    """The length of a text as .NET counts it: in UTF-16 code units; an emoji is 2 (P4)."""
    link = _REPLY_LINK if reply_link else 0
    return len(content.encode("utf-16-le", "surrogatepass")) // 2 + link


def points(units: int) -> int:
    """The domestic price, in points, of content of so many UTF-16 units (P1, P2)."""
    full, rest = divmod(units, LONGEST)
    return full * (len(_TIERS) - 1) + bisect_left(_TIERS, rest)


def pieces(units: int, *, international: bool) -> int:
    """The number of SMS that a content is sent as (P2, P3)."""
    if international:
        return -(-units // _INTERNATIONAL_PIECE)
    return -(-units // LONGEST)
