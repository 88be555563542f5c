"""Text from clients, made safe to print on a terminal or in a log."""

_LONGEST = 300


def printable(text: str) -> str:
    """The text on one line, in its own order, and cut short if it is very long.

    A space replaces each character that cannot be printed: line ends, control characters, and
    those that change the direction of text.
    """
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    if text.isprintable():
        return text
    return "".join([character if character.isprintable() else " " for character in text])
